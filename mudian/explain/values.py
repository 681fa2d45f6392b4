"""The values that the verdicts on a subject rest on which somebody should look at, and the packs they come from."""

from __future__ import annotations

from collections.abc import Iterable

from mudian.explain.rulebook import Rulebook
from mudian.explain.subject import Subject
from mudian.explain.words import enumerate_words, pick, say, style, texts, value_text

_USER, _RECALLED, _SEED = "user", "recalled", "seed"


def source_lines(subject: Subject, book: Rulebook) -> list[str]:
    """Values set or confirmed by the user, those of the seed documents, packs, ended documents and unused rules.

    Parameters
    ----------
    subject
        The subject with its findings.
    book
        The rules.
    """
    lang = book.lang
    keys = value_keys(subject, book)
    lines = []
    for status, name in ((_USER, "user_values"), (_RECALLED, "confirmed_values"), (_SEED, "seed_values")):
        listed = [_value(k, book) for k in keys if book.values[k]["status"] == status]
        if listed:
            lines.append(say(name, lang, list=say("semicolon", lang).join(listed)))
    ended = book.record.get("ended", ())
    lines += [say("ended", lang, document=e["document"], until=e["until"]) for e in ended]
    packs = [pick(p["title"], lang) for p in book.record.get("packs", ())]
    lines.append(say("packs", lang, list=say("semicolon", lang).join(packs)) if packs else say("no_packs", lang))
    return [*lines, *_unused(subject, book)]


def value_keys(subject: Subject, book: Rulebook) -> list[str]:
    """Keys of the values that the rules judged on a subject read; of rules without conditions, those of their name."""
    keys: dict[str, None] = {}
    for rule in dict.fromkeys(subject.findings["rule_id"].astype("str")):
        entry = book.source(rule).entry
        conditions = [c for part in ("gate", "exempt", "conditions") for c in entry.get(part, ())]
        keys |= dict.fromkeys(str(c[k]) for c in conditions for k in ("threshold", "times") if c.get(k))
        keys |= dict.fromkeys([str(entry["at_least"])] if entry.get("at_least") else [])
        keys |= dict.fromkeys(map(str, entry.get("values", ())))
        if entry.get("family") and not conditions:
            start = rule.partition(".")[0] + "."
            keys |= dict.fromkeys(k for k in book.values if k.startswith(start))
    return [k for k in keys if k in book.values]


def _value(key: str, book: Rulebook) -> str:
    value = book.values[key]
    text = value_text(value["value"], value["unit"], book.lang, column=book.compared_with(key))
    return say("value_of", book.lang, name=pick(value, book.lang), value=text)


def _unused(subject: Subject, book: Rulebook) -> list[str]:
    """Rules on such subjects that the day of the run does not let be used."""
    lang = book.lang
    rules = [u for u in book.record.get("unused", ()) if u["subject"] == subject.kind]
    if not rules:
        return []
    shown: Iterable[str] = [
        say("unused_one", lang, title=pick(u, lang), reason=pick(texts()["reasons"][u["reason"]], lang))
        for u in rules[: style("unused")]
    ]
    more = "" if len(rules) <= style("unused") else f" {say('and_more', lang, count=len(rules))}"
    return [say("unused", lang, list=enumerate_words(shown, lang) + more)]

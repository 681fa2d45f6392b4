"""What a verdict rests on: every rule examined, its comparisons with the numbers, its clause and its outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from mudian.explain.formulas import formula
from mudian.explain.rulebook import Rulebook, Source
from mudian.explain.sentences import comparison_texts, outcome_codes, outcome_texts
from mudian.explain.stability import combine, families_of
from mudian.explain.subject import Subject
from mudian.explain.words import decimal, enumerate_words, pick, say, style


@dataclass
class Judged:
    """A rule as it was judged on one subject.

    Attributes
    ----------
    outcome
        1 true, 0 false, −1 unknown.
    said
        Its outcome in words.
    comparison
        Its comparison in words; empty for rules of several parts.
    value, limit
        The numbers that were compared; NaN where there are none.
    parts
        Its parts, judged likewise.
    """

    source: Source
    outcome: int
    said: str
    comparison: str
    value: float
    limit: float
    clause: str = ""
    parts: list[Judged] = field(default_factory=list)


def rules_of(
    findings: pd.DataFrame, book: Rulebook, *, tables: Mapping[str, pd.DataFrame] | None = None
) -> list[Judged]:
    """The rules behind the findings of one subject, in their order, each with its parts.

    Parameters
    ----------
    findings
        Findings of one subject.
    book
        The rules.
    tables
        The tables of the subjects, for words and days.
    """
    compared, said = comparison_texts(findings, book, tables=tables), outcome_texts(findings, book)
    codes, clauses = outcome_codes(findings).tolist(), findings["clause"].astype("str").tolist()
    values, limits = (findings[c].to_numpy(float).tolist() for c in ("value", "threshold"))
    rules = findings["rule_id"].astype("str").tolist()
    every = [
        Judged(book.source(r), c, s, t, v, limit, where)
        for r, c, s, t, v, limit, where in zip(rules, codes, said, compared, values, limits, clauses, strict=True)
    ]
    made = {one.source.rule: one for one in every if not one.source.part}
    for part in (one for one in every if one.source.part and one.source.rule in made):
        made[part.source.rule].parts.append(part)
    return list(made.values())


def ground_lines(subject: Subject, book: Rulebook) -> list[str]:
    """Every rule that was examined, by kind of verdict.

    Parameters
    ----------
    subject
        The subject with its findings.
    book
        The rules.
    """
    judged = rules_of(subject.findings, book, tables={subject.kind: subject.table()})
    lines: list[str] = []
    for family in families_of(subject.findings, book):
        own = [j for j in judged if j.source.family == family]
        if own:
            lines.append(say("family_heading", book.lang, family=book.family(family)))
        for number, one in enumerate(own, start=1):
            lines += _rule_lines(one, number, subject, book)
    return lines


def _rule_lines(judged: Judged, number: int, subject: Subject, book: Rulebook) -> list[str]:
    lang, entry = book.lang, judged.source.entry
    lines = [say("rule", lang, number=number, title=book.title(judged.source), outcome=judged.said)]
    lines += [say("detail", lang, text=t) for t in (formula(judged, subject, book), judged.comparison) if t]
    if judged.parts:
        lines += [say("detail", lang, text=text) for text in _how(entry, book)]
        for n, part in enumerate(judged.parts, start=1):
            lines.append(_part_line(n, part, book) + _points(part, subject, book))
            how = formula(part, subject, book)
            lines += [say("detail", lang, text=say("detail", lang, text=how))] if how else []
    for name, which in (("within", "gate"), ("exempt_list", "exempt" if _exempted(judged, book) else "")):
        words = dict.fromkeys(book.condition(c) for c in entry.get(which, ()))
        lines += [say(name, lang, list=enumerate_words(words, lang))] if words else []
    if judged.outcome == 1 and entry.get("label"):
        lines.append(say("detail", lang, text=say("class", lang, label=pick(entry["label"], lang))))
    if entry.get("role") == "review":
        lines.append(say("detail", lang, text=say("review", lang)))
    wordings = [w for w in _wordings(entry, book) if w]
    if wordings:
        lines.append(say("wording", lang, wording=enumerate_words(dict.fromkeys(wordings), lang)))
    return [*lines, say("ground", lang, clause=book.ground(judged.source, judged.clause))]


def _part_line(number: int, part: Judged, book: Rulebook) -> str:
    lang, source = book.lang, part.source
    lead = "" if source.condition else book.title(source)
    text = part.comparison or ("" if lead else book.condition(source.condition or {}))
    lead = "" if lead and text.startswith(lead) else lead
    if lead and not text:
        return say("part", lang, number=number, text=say("led", lang, lead=lead, comparison=part.said))
    joined = say("led", lang, lead=lead, comparison=text) if lead else text
    return say("part", lang, number=number, text=f"{joined}{say('comma', lang)}{part.said}")


def _points(part: Judged, subject: Subject, book: Rulebook) -> str:
    """The points that an indicator of a grading method gave, where the table of enterprises has them."""
    points = subject.cell(f"item_{part.source.entry.get('column', '')}")
    if points is None or pd.isna(points):
        return ""
    return say("points", book.lang, points=decimal(float(points), style("decimals")))


def _how(entry: Mapping[str, Any], book: Rulebook) -> list[str]:
    """How the parts of a rule are combined."""
    how = entry.get("combine")
    if how == "at_least":
        count = book.values.get(str(entry.get("at_least")))
        if count is None:
            return [say("combine_at_least_open", book.lang)]
        return [say("combine_at_least", book.lang, count=count["value"])]
    return [say(f"combine_{how}", book.lang)] if how and len(entry.get("conditions", ())) > 1 else []


def _exempted(judged: Judged, book: Rulebook) -> bool:
    """Whether the comparisons hold and the rule does not, because of an exemption."""
    entry = judged.source.entry
    if judged.outcome != 0 or not entry.get("exempt"):
        return False
    if not judged.parts:
        return True
    return combine(entry, [p.outcome for p in judged.parts], book.values) == 1


def _wordings(entry: Mapping[str, Any], book: Rulebook) -> list[str]:
    """Soft words of the source (左右, 原则上) at the values that a rule reads."""
    keys = [c.get("threshold") for c in entry.get("conditions", ())]
    return [str(book.values[k].get("wording", "")) for k in keys if k in book.values]

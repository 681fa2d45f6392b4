"""``mudian policies list | show | check | diff``: what packs there are, what they say on a day, and what changed."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from pathlib import Path

from mudian.errors import PackError, UsageError
from mudian.explain.packlist import (
    STATUSES,
    aligned,
    cite,
    column_of,
    computed,
    counts,
    days_of,
    entry_text,
    place_of,
    tell,
    word_of,
)
from mudian.explain.words import enumerate_words, pick, texts, value_text
from mudian.packs.catalog import bundled, find_pack, load_packs
from mudian.packs.compare import compare
from mudian.packs.policy import Policy
from mudian.packs.reader import SECTIONS, Pack, examine_pack
from mudian.packs.references import outer_faults
from parcels.catalog import Lang

_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")
NATIONAL = "national"


def list_policies(*, as_of: dt.date, lang: Lang) -> str:
    """The bundled packs as a table: place, topic, documents and days, values by status, rules, coverage.

    Parameters
    ----------
    as_of
        The day to which it speaks.
    lang
        Language.
    """
    heads = [*(tell(n, lang) for n in ("id", "place", "topic", "documents", "from", "until"))]
    heads += [word_of("status", s, lang) for s in (*STATUSES, "parameter")]
    heads += [tell(n, lang) for n in ("rules", "methods", "coverage")]
    packs = [find_pack(name) for name in bundled()]
    rows = [
        [
            p.id, place_of(p, lang), _topics(p, lang), len(p.documents),
            *days_of(p.documents.values(), lang), *counts(p).values(), len(p.rules), len(p.methods), computed(p),
        ]
        for p in packs
    ]  # fmt: skip
    return "\n".join([tell("packs_known", lang, count=len(packs), as_of=as_of), "", *aligned(heads, rows)])


def show_policy(name: str, *, as_of: dt.date, lang: Lang, folder: Path | None = None) -> str:
    """One pack: its documents, values in force on a day with their history, rules, methods, offices and coverage.

    Parameters
    ----------
    name
        Id of a bundled pack, or the path of one's own.
    as_of
        The day.
    lang
        Language.
    folder
        What a relative path is relative to.

    Raises
    ------
    PackError
        When there is no such pack, or it is wrong.
    """
    pack = find_pack(name, folder=folder)
    policy = Policy(as_of, (pack,))
    parts = {
        "documents": _documents(pack, lang),
        "values": _values(pack, policy, lang),
        "tables": _tables(pack, lang),
        "rules": _rules(pack, policy, lang),
        "methods": _entries(pack, "methods", lang),
        "incentives": _entries(pack, "incentives", lang),
        "offices": _offices(pack, lang),
        "coverage": _coverage(pack, lang),
    }
    lines = [f"{pack.id}  {pack.title(lang)}", f"{place_of(pack, lang)} · {_topics(pack, lang)}"]
    for part, found in parts.items():
        if found:
            lines += ["", f"{tell(part, lang)} ({len(getattr(pack, part))})", *found]
    return "\n".join(lines)


def _topics(pack: Pack, lang: Lang) -> str:
    return enumerate_words((word_of("topics", t, lang) for t in pack.heads), lang)


def _documents(pack: Pack, lang: Lang) -> list[str]:
    heads = [tell(n, lang) for n in ("document", "title", "from", "until", "status", "source")]
    rows = [
        [
            d.name, d.title, d.in_force or tell("masked", lang), d.until or "",
            word_of("status", d.status, lang), d.source,
        ]
        for d in pack.documents.values()
    ]  # fmt: skip
    return aligned(heads, rows) if rows else []


def _values(pack: Pack, policy: Policy, lang: Lang) -> list[str]:
    heads = [tell("key", lang), tell("name", lang), tell("value", lang, as_of=policy.as_of)]
    heads += [tell("clause", lang), tell("status", lang)]
    rows, below = [], []
    for key, value in pack.values.items():
        found, reason = policy.find(key), policy.lacking(key)
        if found is not None:
            text = value_text(_listed(found.value), value.unit, lang, column=column_of(pack, key))
            status = word_of("status", found.status, lang)
            rows.append([key, pick_words(value, lang), text, found.cite, status])
        else:
            said = _why_not(policy, key, str(reason), lang)
            rows.append([key, pick_words(value, lang), said, "", "" if value.history else tell("parameter", lang)])
        below.append(_history(pack, key, lang) if len(value.history) > 1 or (found is None and value.history) else [])
    if not rows:
        return []
    first, *lines = aligned(heads, rows)
    return [first, *(text for line, more in zip(lines, below, strict=True) for text in (line, *more))]


def _why_not(policy: Policy, key: str, reason: str, lang: Lang) -> str:
    name = policy.name_lacking(key).partition(":")[2]
    if name != key:
        return tell("masked_value", lang, key=name)
    return tell("unavailable", lang, reason=pick(texts()["reasons"][reason], lang))


def _listed(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def pick_words(thing: object, lang: Lang) -> str:
    """The name of an entry of a pack."""
    return str(getattr(thing, lang, ""))


def _history(pack: Pack, key: str, lang: Lang) -> list[str]:
    """The history of a value, newest first."""
    value = pack.values[key]
    return [
        tell(
            "since", lang, day=e.since, value=entry_text(pack, key, e, lang), clause=cite(pack, e.document, e.clause),
            status=word_of("status", e.status, lang),
        )
        for e in reversed(value.history)
    ]  # fmt: skip


def _tables(pack: Pack, lang: Lang) -> list[str]:
    heads = [tell(n, lang) for n in ("key", "name", "rows", "edition", "from", "clause")]
    rows = [
        [k, pick_words(t, lang), len(t.rows), t.edition, t.since, cite(pack, t.document, t.clause)]
        for k, t in pack.tables.items()
    ]
    return aligned(heads, rows) if rows else []


def _rules(pack: Pack, policy: Policy, lang: Lang) -> list[str]:
    heads = [tell(n, lang) for n in ("key", "family", "subject", "name", "clause")]
    heads.append(tell("on_day", lang, as_of=policy.as_of))
    unused = {u.key: u.reason for u in policy.unused()}
    rows = [
        [
            key, pick(texts()["families"][r.family], lang), word_of("subjects", r.subject, lang), r.title(lang),
            cite(pack, r.document, r.clause),
            pick(texts()["reasons"][unused[key]], lang) if key in unused else tell("in_force", lang),
        ]
        for key, r in pack.rules.items()
    ]  # fmt: skip
    return aligned(heads, rows) if rows else []


def _entries(pack: Pack, section: str, lang: Lang) -> list[str]:
    heads = [tell(n, lang) for n in ("key", "name", "clause")]
    entries = getattr(pack, section)
    rows = [[k, pick_words(e, lang), cite(pack, e.document, e.clause)] for k, e in entries.items()]
    return aligned(heads, rows) if rows else []


def _offices(pack: Pack, lang: Lang) -> list[str]:
    heads = [tell(n, lang) for n in ("field", "name", "clause")]
    rows = [[k, pick_words(o, lang), cite(pack, o.document, o.clause)] for k, o in pack.offices.items()]
    return aligned(heads, rows) if rows else []


def _coverage(pack: Pack, lang: Lang) -> list[str]:
    heads = [tell(n, lang) for n in ("state", "item", "by")]
    rows = [
        [word_of("states", c.state, lang), c.item, ", ".join(c.by) if c.state == "computed" else pick_words(c, lang)]
        for c in pack.coverage
    ]
    return aligned(heads, rows) if rows else []


def check_policy(path: str | Path, *, lang: Lang) -> tuple[list[PackError], str]:
    """Check a pack and tell all its faults.

    Parameters
    ----------
    path
        Path of a pack, or the id of a bundled one.
    lang
        Language.

    Returns
    -------
    list of PackError, str
        The faults, each with file and line; and what the pack holds where it has none. Values of bundled packs that it
        names are no faults: it must be used together with these, and the text says so.
    """
    own = Path(path)
    pack, faults = examine_pack(bundled()[str(path)] if not own.exists() and str(path) in bundled() else own)
    if pack is None:
        return faults, tell("check_faults", lang, path=path, count=len(faults))
    others = [find_pack(name) for name in bundled() if name != pack.id]
    faults = [*faults, *outer_faults(pack, others)]
    if faults:
        return faults, tell("check_faults", lang, path=path, count=len(faults))
    sizes = {section: len(getattr(pack, section)) for section in SECTIONS}
    done = sum(c.state == "computed" for c in pack.coverage)
    lines = [tell("check_ok", lang, id=pack.id, **sizes, computed=done, coverage=len(pack.coverage))]
    return [], "\n".join([*lines, *_leans(pack, others, lang), *_recalled(pack, lang)])


def _leans(pack: Pack, others: Sequence[Pack], lang: Lang) -> list[str]:
    """Which other packs a pack needs beside it, and for which values and tables."""
    entries = [e for section in ("rules", "methods", "incentives") for e in getattr(pack, section).values()]
    read = [k for e in entries for k in e.value_keys()]
    read += [c.table for r in pack.rules.values() for c in r.all_conditions() if c.table]
    foreign = sorted({k for k in read if k not in pack.values and k not in pack.tables})
    holders = sorted({p.id for p in others for k in foreign if k in p.values or k in p.tables})
    return (
        [tell("check_leans", lang, packs=enumerate_words(holders, lang), keys=enumerate_words(foreign, lang))]
        if foreign
        else []
    )


def _recalled(pack: Pack, lang: Lang) -> list[str]:
    keys = [k for k, v in pack.values.items() if v.history and v.history[-1].status == "recalled"]
    return [tell("check_recalled", lang, count=len(keys), keys=enumerate_words(keys, lang))] if keys else []


def diff_policies(
    first: str,
    second: str,
    *,
    packs: Sequence[str] = (),
    as_of: dt.date,
    lang: Lang,
    folder: Path | None = None,
) -> str:
    """What changed between two days, or between two packs on one day.

    Parameters
    ----------
    first, second
        Two days (``2020-12-31``), or two packs by id or path.
    packs
        For days: the packs, by default ``national``. For packs: those that both refine.
    as_of
        For packs: the day.
    lang
        Language.
    folder
        What relative paths are relative to.

    Raises
    ------
    UsageError
        When one is a day and the other is not.
    PackError
        When a pack is unknown or wrong.
    """
    days = [_day(first), _day(second)]
    if (days[0] is None) != (days[1] is None):
        raise UsageError("policies-two", detail=f"{first} · {second}")
    if days[0] is not None and days[1] is not None:
        chosen = tuple(load_packs(tuple(packs) or (NATIONAL,), folder=folder))
        before, after = Policy(days[0], chosen), Policy(days[1], chosen)
        said = ", ".join(p.id for p in chosen)
    else:
        before, after = (Policy(as_of, tuple(load_packs([*packs, name], folder=folder))) for name in (first, second))
        said = as_of.isoformat()
    head = tell("diff_head", lang, first=first, second=second, packs=said)
    return "\n".join([head, "", *_changes(before, after, lang)])


def _day(text: str) -> dt.date | None:
    if not _DAY.match(text):
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise UsageError("policies-two", detail=f"{text}: {error}") from None


def _names(policy: Policy, lang: Lang) -> dict[str, str]:
    sections = ("values", "tables", "rules", "methods", "incentives")
    return {k: pick_words(e, lang) for p in policy.packs for s in sections for k, e in getattr(p, s).items()}


def _changes(before: Policy, after: Policy, lang: Lang) -> list[str]:
    changed, names = compare(before, after), _names(before, lang) | _names(after, lang)
    if changed.empty:
        return [tell("diff_none", lang)]
    heads = [tell(n, lang) for n in ("kind", "key", "name", "before", "after", "cite_before", "cite_after")]
    rows = []
    for row in changed.astype("object").to_dict("records"):
        kind, key = str(row["kind"]), str(row["key"])
        sides = [_side(p, kind, key, str(row[c]), lang) for p, c in ((before, "before"), (after, "after"))]
        cites = [row["cite_before"], row["cite_after"]]
        rows.append([word_of("kinds", kind, lang), key, names.get(key, ""), *sides, *cites])
    return aligned(heads, rows)


def _side(policy: Policy, kind: str, key: str, text: str, lang: Lang) -> str:
    """One side of a change; what does not apply by its reason."""
    if text.startswith("<") and text.endswith(">"):
        return tell("unavailable", lang, reason=pick(texts()["reasons"][text.strip("<>")], lang))
    found = policy.find(key) if kind == "value" else None
    if found is not None:
        pack = next(p for p in reversed(policy.packs) if p.id == found.pack)
        return value_text(_listed(found.value), found.unit, lang, column=column_of(pack, key))
    return text if kind == "table" else tell("in_force", lang)

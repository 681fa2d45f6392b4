"""Statements about a ranking, checked against its table under every reading of their words.

"后100位" may mean the last hundred, or after rank 100, and whether rank 100 itself is meant is not always clear. A zone
or a figure that the table lacks leaves a number between two bounds: a statement inside them is open, others are wrong.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mudian.errors import UsageError
from mudian.measure import PER_MU
from mudian.ranking.reading import MEASURED
from mudian.ranking.shapes import PRINTED
from mudian.ranking.words import label, say, texts
from mudian.rules.ranks import COUNTS, after_rank, first_n, last_n
from mudian.schemas import schema
from mudian.tables import read_table
from parcels.canonical import Source, canonicalise
from parcels.catalog import Lang
from parcels.ledger import Ledger
from parcels.units import M2_PER_MU, find, fold

COLUMNS: dict[str, str] = {
    "check": "str", "text": "str", "metric": "str", "year": "float64", "reading": "str", "outcome": "boolean",
    "found": "float64", "found_max": "float64", "expected": "float64", "zones": "str", "note": "str",
}  # fmt: skip
BEHIND, FIRST = ("last_n", "after_rank", "from_rank"), ("first_n",)
_DIMENSIONS = {**dict.fromkeys(MEASURED, "money"), "area_mu": "area", "remaining_mu": "area",
               **dict.fromkeys(PER_MU, "money_per_area")}  # fmt: skip


@dataclass(frozen=True)
class Claim:
    """One statement.

    Attributes
    ----------
    text
        The words of the statement, for people.
    metric
        The column that it speaks of.
    kind
        ``count`` (so many zones are among the first or the last), ``all`` (every zone is), ``sum`` (of a column) or
        ``ratio`` (of the whole, a ratio of sums).
    expected
        The number stated; none for ``all``.
    side, n, of
        ``first`` or ``behind``, the rank, and how many zones are ranked.
    reading
        One of ``first_n``, ``last_n``, ``after_rank``, ``from_rank``; all that fit the side where none is stated.
    rows
        How many zones the statement speaks of.
    year
        Its year; the last one of the table by default.
    tolerance
        Half of the last digit stated, by default.
    """

    text: str
    metric: str
    kind: str
    expected: float | None = None
    side: str = "behind"
    n: float | None = None
    of: float | None = None
    reading: str | None = None
    rows: float | None = None
    year: float | None = None
    tolerance: float = 0.0

    @property
    def readings(self) -> tuple[str, ...]:
        """The readings under which it is checked; the last n only where the number of zones ranked is known."""
        if self.reading:
            return (self.reading,)
        ways = BEHIND if self.side == "behind" else FIRST
        return tuple(w for w in ways if w != "last_n" or self.of is not None)


def read_claims(file: str | Path, *, ledger: Ledger) -> list[Claim]:
    """Read statements from a table or a TOML file with ``[[claims]]``.

    Raises
    ------
    UsageError
        When a statement is not understood.
    """
    path = Path(file)
    if path.suffix.lower() == ".toml":
        try:
            raw = tomllib.loads(path.read_text(encoding="utf-8")).get("claims", [])
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError("ranking-option", option="--claims", value=path, expected=str(error)) from error
        return make_claims(raw)
    fields = schema("claim")
    read = read_table(path, ledger=ledger, score=lambda header: len(fields.match(header).matches))
    named = canonicalise(read.frame, fields, source=Source(read.source, read.rows), ledger=ledger)
    known = named.frame[[f.column for f in fields if f.column in named.frame]].astype(object)
    return make_claims(known.where(known.notna(), None).to_dict("records"))


def make_claims(entries: Iterable[Mapping[Any, object]]) -> list[Claim]:
    """Statements out of plain mappings with the keys of :class:`Claim` and ``unit``.

    Raises
    ------
    UsageError
        When a key, a word or a number is not understood.

    Examples
    --------
    >>> make_claims([{"text": "合计36.73平方公里", "metric": "剩余面积", "kind": "sum", "expected": 36.73,
    ...               "unit": "平方公里"}])[0].metric
    'remaining_mu'
    """
    return [_claim(number, {k: v for k, v in e.items() if v is not None}) for number, e in enumerate(entries, start=1)]


def _claim(number: int, entry: dict[str, object]) -> Claim:
    allowed = [f.name for f in schema("claim")]
    for key in entry:
        if key not in allowed:
            raise _wrong(number, key, entry[key], ", ".join(allowed))
    metric = _metric(number, entry.get("metric"))
    kind = _word(number, "kind", entry.get("kind"))
    side = _word(number, "side", entry.get("side", "behind"))
    reading = _word(number, "reading", entry["reading"]) if entry.get("reading") else None
    numbers = {k: _number(number, k, entry[k])[0] for k in ("n", "of", "rows", "year", "tolerance") if k in entry}
    stated, step = _number(number, "expected", entry["expected"]) if "expected" in entry else (None, 0.0)
    if kind in ("count", "all") and "n" not in numbers:
        raise _wrong(number, "n", None, "1, 2, 3 …")
    if kind != "all" and stated is None:
        raise _wrong(number, "expected", None, "1, 2, 3 …")
    factor = _factor(number, metric, entry.get("unit"))
    if stated is not None and kind in ("sum", "ratio"):
        stated, step = stated * factor, step * factor
    tolerance = numbers.pop("tolerance", step if kind in ("sum", "ratio") else 0.0)
    return Claim(
        str(entry.get("text", "")), metric, kind, stated, side, reading=reading, tolerance=tolerance, **numbers
    )


def _wrong(number: int, field: str, value: object, expected: str) -> UsageError:
    return UsageError("ranking-claim", number=number, name=field, value=repr(value), expected=expected)


def _metric(number: int, value: object) -> str:
    """The column that a statement names, by its name or by what it is called."""
    columns = [*MEASURED, *PER_MU, *(f"{PRINTED}{n}" for n in PER_MU), *(f"rank_{n}" for n in PER_MU), *COUNTS]
    wanted = fold(str(value))
    named = next((c for c in columns if wanted in (c, fold(label(c, "zh")), fold(label(c, "en")))), None)
    match = schema("ranking").match([str(value)]).matches
    if named is None and match:
        named = next(iter(match.values())).field.column.replace("_m2", "_mu")
    if named is None or named not in columns:
        raise _wrong(number, "metric", value, ", ".join(columns))
    return named


def _word(number: int, field: str, value: object) -> str:
    spelled: dict[str, str] = {fold(s): name for name, ways in texts()["spellings"][field].items() for s in ways}
    found = spelled.get(fold(str(value)))
    if found is None:
        raise _wrong(number, field, value, ", ".join(dict.fromkeys(spelled.values())))
    return found


def _number(number: int, field: str, value: object) -> tuple[float, float]:
    """A number and half of its last digit."""
    try:
        exact = Decimal(str(value).replace(",", "").replace("，", "").strip())
    except InvalidOperation:
        raise _wrong(number, field, value, "1, 2, 3 …") from None
    if not exact.is_finite():
        raise _wrong(number, field, value, "1, 2, 3 …")
    return float(exact), 0.5 * 10.0 ** int(exact.as_tuple().exponent)


def _factor(number: int, metric: str, unit: object) -> float:
    dimension = _DIMENSIONS.get(metric)
    if unit is None or dimension is None:
        return 1.0
    found = find(str(unit), dimension)
    if found is None:
        raise _wrong(number, "unit", unit, dimension)
    return float(found.factor) / (M2_PER_MU if dimension == "area" else 1.0)


def check_claims(claims: Iterable[Claim], zones: pd.DataFrame, totals: pd.DataFrame, *, lang: Lang) -> pd.DataFrame:
    """The outcome of every statement under every reading.

    Parameters
    ----------
    claims
        The statements.
    zones, totals
        The ranked table, and its totals by year.
    lang
        Language of the notes.

    Returns
    -------
    DataFrame
        One row per statement and reading, and one more where the table has another number of zones than stated:
        ``found`` and ``found_max`` (what the number is, or between what it lies), ``zones`` (which are counted, or
        the exceptions), ``outcome`` (True, False, missing).
    """
    rows: list[dict[str, object]] = []
    for claim in claims:
        year = claim.year if claim.year is not None else zones["year"].max()
        part = zones[zones["year"] == year] if pd.notna(year) else zones[zones["year"].isna()]
        rows += _rows_stated(claim, part, year, lang)
        if claim.kind in ("sum", "ratio"):
            rows.append(_of_total(claim, part, totals, year, lang))
        else:
            rows += [_of_ranks(claim, way, part, year, lang) for way in claim.readings]
    return as_findings(rows)


def as_findings(rows: list[dict[str, object]]) -> pd.DataFrame:
    """Rows as a table of checks with all its columns."""
    blank: dict[str, object] = dict.fromkeys(COLUMNS, None) | dict.fromkeys(
        (c for c, kind in COLUMNS.items() if kind == "str"), ""
    )
    return pd.DataFrame([blank | r for r in rows], columns=list(COLUMNS)).astype(COLUMNS)


def _start(claim: Claim, year: float) -> dict[str, object]:
    return {"check": "claim", "text": claim.text, "metric": claim.metric, "year": year, "expected": claim.expected}


def _rows_stated(claim: Claim, part: pd.DataFrame, year: float, lang: Lang) -> list[dict[str, object]]:
    if claim.rows is None or claim.rows == len(part):
        return []
    note = say("missing_rows", lang, stated=int(claim.rows), found=len(part))
    row = _start(claim, year) | {"check": "rows", "metric": "", "expected": claim.rows, "found": len(part)}
    return [row | {"outcome": False, "note": note}]


def _of_total(claim: Claim, part: pd.DataFrame, totals: pd.DataFrame, year: float, lang: Lang) -> dict[str, object]:
    row = totals[totals["year"].eq(year) if pd.notna(year) else totals["year"].isna()]
    if claim.metric not in row or row.empty:
        return _start(claim, year) | {"note": say("items_missing", lang, items=label(claim.metric, lang))}
    found, known = float(row[claim.metric].iloc[0]), int(row[f"{claim.metric}_known"].iloc[0])
    whole = known == len(part) and np.isfinite(found)
    outcome = abs(found - float(claim.expected or 0)) <= claim.tolerance + 1e-9 * abs(found) if whole else None
    note = "" if whole else say("of", lang, count=len(part), known=known)
    return _start(claim, year) | {"found": found, "found_max": found, "outcome": outcome, "note": note}


def _flags(claim: Claim, way: str, ranks: pd.Series) -> pd.Series:
    n = float(claim.n or 0)
    if way == "last_n":
        return last_n(ranks, n, count=float("nan") if claim.of is None else claim.of)
    if way == "from_rank":
        return ~first_n(ranks, n - 1)
    return after_rank(ranks, n) if way == "after_rank" else first_n(ranks, n)


def _of_ranks(claim: Claim, way: str, part: pd.DataFrame, year: float, lang: Lang) -> dict[str, object]:
    ranks = part[claim.metric] if claim.metric in part else pd.Series(np.nan, part.index)
    flags = _flags(claim, way, pd.to_numeric(ranks, errors="coerce").astype(float))
    absent = max(float(claim.rows or 0) - len(part), 0.0)
    least, most = float(flags.fillna(False).sum()), float(flags.fillna(True).sum()) + absent
    row = _start(claim, year) | {"reading": _reading(claim, way, lang), "found": least, "found_max": most}
    names = part["zone_name"]
    if claim.kind == "all":
        failing = names[(~flags).fillna(False)]
        outcome = False if len(failing) else (True if most == least else None)
        but = say("exceptions", lang, zones="、".join(failing)) if len(failing) else ""
        return row | {"outcome": outcome, "zones": "、".join(failing), "note": _verdict(outcome, lang, but)}
    inside = least <= float(claim.expected or 0) <= most
    outcome = False if not inside else (True if least == most else None)
    counted = "、".join(names[flags.fillna(False)])
    return row | {"outcome": outcome, "zones": counted, "note": _verdict(outcome, lang)}


def _reading(claim: Claim, way: str, lang: Lang) -> str:
    n, of = int(claim.n or 0), claim.of
    known = {} if of is None else {"of": int(of), "first": int(of) - n + 1}
    return say(way, lang, section="readings", **({"n": n, "of": "?", "first": "?"} | known))


def _verdict(outcome: bool | None, lang: Lang, more: str = "") -> str:
    word = say({True: "fits", False: "fails", None: "possible"}[outcome], lang)
    return f"{word}（{more}）" if more and lang == "zh" else f"{word} ({more})" if more else word

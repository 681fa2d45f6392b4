"""Published figures beside those of a zone: mean and maximum of its province, and national means.

The figures stand in the policy packs with document, clause and day; they are shown whether or not the project chose the
pack, because they are no targets. One of a province stands beside zones of that province; where the place of a zone is
unknown it is a reference, and beside zones of other provinces it does not stand.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mudian.evaluation import Evaluation
from mudian.packs.catalog import find_pack
from mudian.packs.reader import Pack
from mudian.zone_stats.definitions import city, definitions
from mudian.zone_stats.figures import Zoned
from parcels.catalog import Lang
from parcels.units import find

_CADASTRAL = r"^(\d{6})\d{6}[A-Z]{2}\d+$"  # division, district, block, then the kind of right
_KINDS = ("mean", "max", "national")
_PER_LAND = "money_per_area"


@dataclass(frozen=True)
class Benchmark:
    """A published figure: its kind, value, the measures it stands beside, for which zones, and what it rests on."""

    kind: str
    value: float
    unit: str
    measures: tuple[str, ...]
    codes: tuple[str, ...]
    levels: tuple[str, ...]
    cite: str
    since: dt.date


def with_benchmarks(rows: pd.DataFrame, evaluation: Evaluation, z: Zoned, lang: Lang) -> pd.DataFrame:
    """The rows with the published figures that stand beside them, each with its source.

    ``benchmark_fit`` says of the figures of a province whether they are of the zone's own (``yes``), or a reference for
    a zone whose place or level is unknown (``unknown``).
    """
    day = dt.date.fromisoformat(str(evaluation.manifest["project"]["as_of"])[:10])
    places, levels = _places(evaluation, z), _levels(z)
    made = {f"benchmark_{k}": np.full(len(rows), np.nan) for k in _KINDS}
    sources = {f"benchmark_{k}_source": np.full(len(rows), "", dtype=object) for k in _KINDS}
    fits = np.full(len(rows), "", dtype=object)
    for one in benchmarks(day, lang):
        verdict = rows["zone_id"].map({i: _fits(one, places.get(i), levels.get(i)) for i in places}).fillna("no")
        hit = (rows["measure"].isin(one.measures) & (verdict != "no")).to_numpy(bool)
        for unit in rows.loc[hit, "unit"].unique():
            own = hit & (rows["unit"] == unit).to_numpy(bool)
            made[f"benchmark_{one.kind}"][own] = _converted(one.value, one.unit, str(unit))
            sources[f"benchmark_{one.kind}_source"][own] = one.cite
        if one.codes:
            fits[hit] = verdict.to_numpy(dtype=object)[hit]
    return rows.assign(**made, **sources, benchmark_fit=fits)


def _converted(value: float, unit: str, wanted: str) -> float:
    """A figure in another unit of money per land; figures without a unit stay.

    Examples
    --------
    The national mean tax of industrial land, 15 mu to the hectare:

    >>> round(_converted(30.0, "万元/公顷", "万元/亩"), 2)
    2.0
    """
    here, there = find(unit, _PER_LAND), find(wanted, _PER_LAND)
    return value * float(here.factor / there.factor) if here and there else value


def benchmarks(day: dt.date, lang: Lang) -> Iterator[Benchmark]:
    """The published figures that were known on a day, the oldest first.

    Parameters
    ----------
    day
        The day of the run.
    lang
        Language of the remarks.

    Examples
    --------
    >>> import datetime as dt
    >>> kinds = {b.kind for b in benchmarks(dt.date(2025, 12, 31), "zh")}
    >>> sorted(kinds)
    ['max', 'mean', 'national']
    """
    known = definitions()
    found = [b for e in known["benchmarks"] if (b := _value(e, day, lang)) is not None]
    found += [b for e in known["tables"] for b in _rows_of(e, known["rows"], day, lang)]
    yield from sorted(found, key=lambda b: b.since)


def _value(entry: Mapping[str, Any], day: dt.date, lang: Lang) -> Benchmark | None:
    pack = find_pack(entry["pack"])
    value = pack.values[entry["value"]]
    usable = [e for e in value.history if e.since <= day and not e.abolished]
    if not usable:
        return None
    last = usable[-1]
    cite = _cite(pack, last.document, last.clause, last.source, last.since, entry, lang)
    number = float(str(last.value))
    return _benchmark(entry, number, value.unit, entry["measures"], cite, last.since)


def _rows_of(entry: Mapping[str, Any], known: Mapping[str, Any], day: dt.date, lang: Lang) -> Iterator[Benchmark]:
    pack = find_pack(entry["pack"])
    table = pack.tables[entry["table"]]
    if table.since > day:
        return
    cite = _cite(pack, table.document, table.clause, table.source, table.since, entry, lang)
    for key, value, *_ in table.rows:
        row = known.get(str(key))
        if row is not None:
            yield _benchmark(entry, float(value), row["unit"], row["measures"], cite, table.since)


def _benchmark(
    entry: Mapping[str, Any], value: float, unit: str, measures: Sequence[str], cite: str, since: dt.date
) -> Benchmark:
    return Benchmark(
        entry["kind"], value, unit, tuple(measures), tuple(entry.get("codes", ())), tuple(entry.get("levels", ())),
        cite, since,
    )  # fmt: skip


def _cite(
    pack: Pack, document: str, clause: str, source: str, since: dt.date, entry: Mapping[str, Any], lang: Lang
) -> str:
    """Document, clause, day, place in the source, and what the figure is of."""
    named, caveat = f"{pack.documents[document].name} {clause}".strip(), entry["caveat"][lang]
    places = [source] if entry.get("undated") else [since.isoformat(), source]
    if lang == "zh":
        return f"{named}（{'；'.join(places)}）；{caveat}"
    return f"{named} ({'; '.join(places)}); {caveat}"


def _fits(one: Benchmark, place: frozenset[str] | None, level: str | None) -> str:
    """Whether a figure is of the place and level of a zone: ``yes``, ``no`` or ``unknown``."""
    if not one.codes:
        return "yes"
    if not place:
        return "unknown"
    inside = [p.startswith(one.codes) for p in place]
    if not all(inside):
        return "no"
    if one.levels and level is not None and not any(word in level for word in one.levels):
        return "no"
    return "unknown" if one.levels and level is None else "yes"


def _places(evaluation: Evaluation, z: Zoned) -> dict[str, frozenset[str]]:
    """The division codes of the parcels of every zone, and of all of them."""
    codes = z.land["parcel_id"].astype("str").str.extract(_CADASTRAL, expand=False)
    pairs = pd.DataFrame({"zone": z.key, "code": codes.to_numpy(dtype=object)}).dropna().drop_duplicates()
    each = pairs.groupby("zone")["code"].agg(frozenset)
    ids = z.zones["zone_id"].astype("str")
    made = {zone_id: each.get(i, frozenset()) for i, zone_id in enumerate(ids)}
    return made | {city(): frozenset(pairs["code"])}


def _levels(z: Zoned) -> dict[str, str | None]:
    """The level of every zone; all together have one where every zone has one that fits."""
    if "zone_level" not in z.zones:
        return {}
    known = z.zones["zone_level"].astype("str")
    made: dict[str, str | None] = {
        str(i): None if pd.isna(v) else str(v) for i, v in zip(z.zones["zone_id"], known, strict=True)
    }
    return made | {city(): None if known.isna().any() or not len(known) else "、".join(sorted(set(known)))}

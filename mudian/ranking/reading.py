"""Reading a table of zones: any workbook, text or web page, any layout, canonical columns and units."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from mudian.errors import InputError, UsageError
from mudian.measure import PER_MU
from mudian.ranking.shapes import PRINTED, Cells, printed_ranks, tidy
from mudian.ranking.spelling import spell_zones
from mudian.ranking.words import say, texts
from mudian.rules.ranks import COUNTS
from mudian.schemas import schema
from mudian.tables import read_table
from parcels.canonical import Canonical, Source, canonicalise
from parcels.fields import Schema
from parcels.ledger import Ledger
from parcels.units import M2_PER_MU, choices, fold
from parcels.values.parse import to_number

MEASURED = ("tax_wan", "fixed_investment_wan", "revenue_wan", "value_added_wan", "area_mu", "remaining_mu")
RANKS = COUNTS  # the ranks that a table may print, and their counts
_WAN = re.compile(r"_wan(?:_?yuan)?(?:_per_mu)?$", re.IGNORECASE)


@dataclass(frozen=True)
class TableOptions:
    """How a table is to be read, as far as it does not say so itself.

    Attributes
    ----------
    sheet, encoding, header_row
        As for :func:`mudian.tables.read_table`.
    fields
        Canonical column → column of the table.
    units
        Canonical column → its unit.
    wide
        The figure that a table with a column per zone holds.
    """

    sheet: str | int | None = None
    encoding: str | None = None
    header_row: int | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    wide: str = "rank"


@dataclass(frozen=True)
class Zones:
    """A table of zones as the ranking works on it.

    Attributes
    ----------
    frame
        A row per zone and year: ``zone_name`` in its one spelling, ``year`` (missing where none is said), amounts in
        万元, land in 亩, figures per mu in 万元/亩, ranks as printed, the user's own columns.
    summary
        Rows of means and totals that the table has among its zones.
    source, place
        Name of the table, and the division code of its place where it is known.
    """

    frame: pd.DataFrame
    summary: pd.DataFrame
    source: str
    place: str | None


def read_zones(
    table: str | Path | pd.DataFrame,
    *,
    options: TableOptions,
    place: str | None,
    items: Schema | None = None,
    ledger: Ledger,
) -> Zones:
    """Read a table of zones.

    Parameters
    ----------
    table
        A file, or a frame whose columns have the headers of one.
    options
        What the table does not say itself.
    place
        Division code whose spellings of zones apply; inferred by default.
    items
        Fields of the items of an evaluation, where they are wanted.
    ledger
        Where every guess and every row left out is written.

    Raises
    ------
    InputError
        When there are no zones, nothing to rank, or several rows of one zone and year.
    UsageError
        When a unit is not stated.
    """
    fields = schema("ranking") + items if items else schema("ranking")
    read, hint, printed = _cells(table, options, fields, ledger)
    shaped = tidy(read, fields, wide=options.wide, ledger=ledger)
    given = _names(shaped, fields, options, ledger)
    named = _canonical(shaped, fields, given, options, hint, ledger)
    own = [m.column for m in named.matches.values() if m.column in named.frame and m.column != m.field.column]
    frame = _in_mu(named.frame.drop(columns=own)).assign(source_row=shaped.rows)
    kept, summary = _zones_only(frame, shaped.source, ledger)
    summary = pd.concat([summary, _printed_total(printed, fields, given, options, hint, ledger)], ignore_index=True)
    _refuse_nothing(kept, items, shaped.source)
    _tell_no_land(kept, shaped.source, ledger)
    spelled, found = spell_zones(
        kept["zone_name"], place=place, rows=kept["source_row"], source=shaped.source, ledger=ledger
    )
    kept = _whole_ranks(kept.assign(zone_name=spelled), shaped.source, ledger)
    return Zones(_once(kept, shaped.source, ledger), summary, shaped.source, found)


def _cells(
    table: str | Path | pd.DataFrame, options: TableOptions, fields: Schema, ledger: Ledger
) -> tuple[Cells, str | None, Cells | None]:
    """The table, the unit of its money, and its line of totals, where it has a single one."""
    if isinstance(table, pd.DataFrame):
        frame = table.reset_index(drop=True).set_axis([str(c) for c in table.columns], axis=1)
        return Cells(frame, np.arange(1, len(frame) + 1, dtype=np.int64), "DataFrame"), None, None
    read = read_table(
        table, sheet=options.sheet, encoding=options.encoding, header_row=options.header_row, ledger=ledger,
        score=lambda header: len(fields.match(list(dict.fromkeys(header))).matches),
    )  # fmt: skip
    known = fields.match([str(c) for c in read.frame.columns], given=options.fields).matches
    # The geometry of a stored layer is bytes.
    shapes = [c for c in read.frame if read.frame[c].map(lambda v: isinstance(v, bytes)).any()]
    read.frame = read.frame.drop(columns=shapes)
    printed = None
    if len(read.totals) == 1 and "zone_name" in known:
        total = read.totals.assign(**{known["zone_name"].column: say("total", "zh")}).reset_index(drop=True)
        printed = Cells(total, read.totals.index.to_numpy(np.int64), read.source)
    return Cells(read.frame, read.rows, read.source), read.unit_hint, printed


def _printed_total(
    printed: Cells | None, fields: Schema, given: Mapping[str, str], options: TableOptions, hint: str | None,
    ledger: Ledger,
) -> pd.DataFrame:  # fmt: skip
    """The line of totals in canonical columns; how it was read is in the ledger already."""
    if printed is None:
        return pd.DataFrame()
    aside = Ledger(lang=ledger.lang)
    shaped = tidy(printed, fields, wide=options.wide, ledger=aside)
    return _in_mu(_canonical(shaped, fields, given, options, hint, aside).frame).assign(source_row=shaped.rows)


def _names(cells: Cells, fields: Schema, options: TableOptions, ledger: Ledger) -> dict[str, str]:
    """Canonical name → column, for what the user states and for what the place of a column says."""
    columns = [str(c) for c in cells.frame.columns]
    guessed = printed_ranks(columns, fields) | _own_base(columns)
    given = {k: v for k, v in guessed.items() if k not in options.fields} | dict(options.fields)
    if "zone_name" in given or "zone_name" in fields.match(columns, given=given).matches:
        return given
    texts_ = [c for c in columns if c not in given.values() and _is_text(cells.frame[c])]
    if not texts_:
        raise InputError("ranking-no-zones", file=cells.source, columns=", ".join(columns))
    ledger.add("ranking-zone-column", stage="read", source=cells.source, field=texts_[0], column=texts_[0])
    return given | {"zone_name": texts_[0]}


def _own_base(columns: list[str]) -> dict[str, str]:
    """The land that the figures of a run are over, where the table is one of its own results."""
    words = {fold(w) for w in texts()["shapes"]["base_words"]}
    found = next((c for c in columns if fold(c) in words), None)
    return {} if found is None else {"land": found}


def _is_text(cells: pd.Series) -> bool:
    return bool(cells.notna().any() and to_number(cells).values.isna().all())


def _canonical(
    cells: Cells, fields: Schema, given: Mapping[str, str], options: TableOptions, hint: str | None, ledger: Ledger
) -> Canonical:
    taken = fields.match([str(c) for c in cells.frame.columns], given=given).matches
    said = {n: m for n, m in taken.items() if m.field.dimension.startswith("money") and _WAN.search(m.column)}
    units = {n: choices(m.field.dimension)[_WAN_PLACE[m.field.dimension]] for n, m in said.items()}
    named = canonicalise(
        cells.frame, fields, source=Source(cells.source, cells.rows), ledger=ledger, given=given,
        units=units | dict(options.units), default_units={"money": hint} if hint else {}, reserved=("source_row",),
    )  # fmt: skip
    if named.unresolved:
        first = next(iter(named.unresolved.values())).field
        raise UsageError(
            "ranking-unit",
            file=cells.source,
            columns=" / ".join(m.column for m in named.unresolved.values()),
            example=f"--unit {first.name}={choices(first.dimension)[0]}",
        )
    return named


_WAN_PLACE = {d: [fold(c) for c in choices(d)].index(u) for d, u in (("money", "万元"), ("money_per_area", "万元/亩"))}


def _in_mu(frame: pd.DataFrame) -> pd.DataFrame:
    made = {
        name: frame[source].astype(float) / M2_PER_MU
        for name, source in (("area_mu", "area_m2"), ("remaining_mu", "remaining_m2"))
        if source in frame
    }
    return frame.drop(columns=[c for c in ("area_m2", "remaining_m2") if c in frame]).assign(**made)


def _zones_only(frame: pd.DataFrame, source: str, ledger: Ledger) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of zones, and those of means and totals."""
    names = frame["zone_name"]
    nameless = names.isna().to_numpy(bool)
    ledger.add("ranking-no-name", stage="read", source=source, row=frame["source_row"][nameless])
    pattern = texts()["shapes"]["summary_rows"]
    summary = names.map(lambda n: bool(re.match(pattern, fold(str(n)))), na_action="ignore")
    of_all = (summary.eq(True) & ~nameless).to_numpy(bool)
    ledger.add(
        "ranking-summary-row", stage="read", source=source, row=frame["source_row"][of_all], before=names[of_all]
    )
    kept = frame[~(nameless | of_all)].reset_index(drop=True)
    years = kept["year"].astype(float) if "year" in kept else pd.Series(np.nan, kept.index)
    return kept.assign(year=years), frame[of_all].reset_index(drop=True)


def _refuse_nothing(frame: pd.DataFrame, items: Schema | None, source: str) -> None:
    wanted = [*MEASURED, *PER_MU, *RANKS, *(f"{PRINTED}{n}" for n in PER_MU), *(f.column for f in items or ())]
    if len(frame) and any(c in frame and frame[c].notna().any() for c in wanted):
        return
    known = [f.zh for f in schema("ranking")]
    raise InputError("ranking-nothing", file=source, known="、".join(known))


def _tell_no_land(frame: pd.DataFrame, source: str, ledger: Ledger) -> None:
    """Say so where money is given and neither land nor a figure per mu, with the columns that may be the land."""
    if "area_mu" in frame or not any(m in frame for m in PER_MU.values()) or any(n in frame for n in PER_MU):
        return
    own = [str(c) for c in frame if c not in {f.column for f in schema("ranking")} | {*MEASURED, "source_row"}]
    columns = "、".join(c for c in own if to_number(frame[c]).values.notna().any()) or say("none", ledger.lang)
    ledger.add("ranking-land-unknown", stage="read", source=source, field="area_mu", columns=columns)


def _whole_ranks(frame: pd.DataFrame, source: str, ledger: Ledger) -> pd.DataFrame:
    """Ranks that are positive whole numbers; others are missing."""
    made: dict[str, pd.Series] = {}
    for column in (c for c in (*RANKS, *(f"{PRINTED}{n}" for n in PER_MU)) if c in frame):
        values = pd.to_numeric(frame[column], errors="coerce").astype(float)
        odd = (values.notna() & ((values < 1) | (values % 1 != 0))).to_numpy(bool)
        ledger.add(
            "ranking-rank-not-whole", stage="read", source=source, row=frame["source_row"][odd],
            id=frame["zone_name"][odd], field=column, before=values[odd],
        )  # fmt: skip
        made[column] = values.mask(odd)
    return frame.assign(**made)


def _once(frame: pd.DataFrame, source: str, ledger: Ledger) -> pd.DataFrame:
    """One row per zone and year: equal rows count once, others of one zone are refused."""
    key = ["zone_name", "year"]
    figures = [c for c in _canonical_columns(frame) if c not in key]
    copies = frame.duplicated([*key, *figures]).to_numpy(bool)
    ledger.add(
        "ranking-same-row", stage="read", source=source, row=frame["source_row"][copies],
        id=frame["zone_name"][copies],
    )  # fmt: skip
    kept = frame[~copies]
    twice = kept.duplicated(key, keep=False)
    if twice.any():
        rows = sorted(kept["source_row"][twice].astype(int))
        zones = "、".join(sorted(kept["zone_name"][twice].unique()))
        raise InputError("ranking-twice", file=source, zones=zones, rows=", ".join(map(str, rows)))
    return kept.sort_values(["year", "zone_name"], kind="stable").reset_index(drop=True)


def _canonical_columns(frame: pd.DataFrame) -> list[str]:
    known = {f.column for f in schema("ranking")} | {*MEASURED}
    return [str(c) for c in frame if c in known or str(c).startswith("item_")]

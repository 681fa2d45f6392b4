"""The layouts in which rankings of zones are printed, and one of them out of all: a row per zone and year.

Understood are a row per zone, with or without a column of years; a row per year with a column per zone; a row per
zone with columns by year (``2020年排名``, ``2021年排名``); and a row per figure with a column per zone. A column called
排名 alone belongs to the figure on its left.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.errors import InputError
from mudian.measure import PER_MU
from mudian.ranking.words import say, texts
from parcels.fields import Schema
from parcels.ledger import Ledger
from parcels.units import fold
from parcels.values.parse import to_number

_WHOLE = r"(?:(?:0?1\s*[-—–~～至]\s*12\s*月份?|全年)[_\s]*)?"  # of a year, said in words
_YEAR_FIRST = re.compile(rf"((?:19|20)\d\d)\s*年?度?[_\s]*{_WHOLE}(.*)")
_YEAR_LAST = re.compile(r"(.*?)[_\s]*[(（]?((?:19|20)\d\d)\s*年?度?[)）]?")
_YEAR_INSIDE = re.compile(rf"(.+?)[_\s]+((?:19|20)\d\d)\s*年度?[_\s]*{_WHOLE}([(（][^()（）]*[)）])")
PRINTED = "printed_rank_"


@dataclass(frozen=True)
class Cells:
    """A table as read: its cells, the line of each record, and its name."""

    frame: pd.DataFrame
    rows: NDArray[np.int64]
    source: str


def tidy(cells: Cells, schema: Schema, *, wide: str, ledger: Ledger) -> Cells:
    """The table with a row per zone, or per zone and year.

    Parameters
    ----------
    cells
        The table as read.
    schema
        The fields of rankings.
    wide
        The figure that a table with a column per zone holds.
    ledger
        Where the layout is written.
    """
    known = schema.match(list(cells.frame.columns)).matches
    if "zone_name" in known and _is_unit(known["zone_name"].column):  # 单位 is a zone, or the unit of a figure
        turned = _turned(cells, schema, ledger)
        if "zone_name" in turned.frame:
            return turned
    if "zone_name" not in known and "year" not in known:
        return _turned(cells, schema, ledger)
    if "zone_name" not in known and _has_zone_columns(cells, known["year"].column, schema):
        return _zones_down(cells, known["year"].column, wide, ledger)
    return _years_down(cells, "year" in known, ledger)


def _report(cells: Cells, shape: str, ledger: Ledger) -> None:
    ledger.add("ranking-shape", stage="read", source=cells.source, shape=say(shape, ledger.lang, section="shape_names"))


def _turned(cells: Cells, schema: Schema, ledger: Ledger) -> Cells:
    """A table whose first column names figures, with zones as columns, the other way round; else as it is."""
    frame = _units_in_names(cells.frame)
    if frame.shape[1] < 2:
        return cells
    names = ["".join(str(n).split()) for n in frame.iloc[:, 0].dropna()]
    known = schema.match(list(dict.fromkeys(names))).matches
    if not names or len(known) * 2 <= len(set(names)) or len(names) != len(frame) or len(set(names)) < len(names):
        return _years_down(cells, False, ledger)
    _report(cells, "item_rows", ledger)
    kept = [c for c in frame.columns[1:] if _names_zone(str(c))]
    body = frame[kept].T.set_axis(names, axis=1)
    made = body.reset_index(drop=True).assign(zone_name=kept)
    return replace(cells, frame=made, rows=np.full(len(made), cells.rows.min(initial=0), np.int64))


def _is_unit(column: str) -> bool:
    return "".join(column.split()).casefold() in texts()["shapes"]["unit_words"]


def _units_in_names(frame: pd.DataFrame) -> pd.DataFrame:
    """A column of units put behind the names of the figures in the first column."""
    units = [c for c in frame.columns[1:] if _is_unit(str(c))]
    if len(units) != 1:
        return frame
    first, unit = frame.iloc[:, 0], frame[units[0]]
    both = first.notna() & unit.notna()
    named = first.astype("object").mask(both, first.astype("str") + "（" + unit.astype("str") + "）")
    return frame.assign(**{str(frame.columns[0]): named}).drop(columns=units)


def _names_zone(column: str) -> bool:
    return not any(part in fold(column) for part in texts()["shapes"]["no_zone_parts"])


def _has_zone_columns(cells: Cells, year: str, schema: Schema) -> bool:
    """Whether all columns beside the years are numbers, and none but ranks of the whole is a known figure."""
    others = [c for c in cells.frame.columns if c != year]
    figures = schema.match([c for c in others if _names_zone(c)]).matches
    numbers = [bool(to_number(cells.frame[c]).values.notna().any()) for c in others]
    return not figures and len(others) > 0 and all(numbers)


def _zones_down(cells: Cells, year: str, wide: str, ledger: Ledger) -> Cells:
    frame = cells.frame
    zones = [c for c in frame.columns if c != year and _names_zone(c)]
    left = [c for c in frame.columns if c != year and c not in zones]
    ledger.add("ranking-column-no-zone", stage="read", source=cells.source, field=left, before=left)
    _report(cells, "zone_columns", ledger)
    long = frame[[year, *zones]].assign(_row=cells.rows).melt(id_vars=[year, "_row"], var_name="zone_name")
    if wide == "rank":
        _refuse_no_ranks(long["value"], cells.source)
    made = long.rename(columns={year: "year", "value": wide})
    return replace(cells, frame=made.drop(columns="_row"), rows=made["_row"].to_numpy(np.int64))


def _refuse_no_ranks(cells: pd.Series, source: str) -> None:
    numbers = to_number(cells).values
    odd = numbers.notna() & ((numbers < 1) | (numbers % 1 != 0))
    if odd.any():
        raise InputError("ranking-wide", file=source, value=repr(cells[odd].iloc[0]))


def _years_down(cells: Cells, has_year: bool, ledger: Ledger) -> Cells:
    """Columns by year below each other; a table without such columns as it is."""
    frame = cells.frame
    found = {c: _year_of(str(c)) for c in frame.columns}
    dated = {c: y for c, y in found.items() if y is not None}
    years = sorted({year for year, _ in dated.values()})
    if has_year or not years:
        return cells
    if len(years) == 1:
        ledger.add("ranking-year-of-header", stage="read", source=cells.source, year=years[0])
    else:
        _report(cells, "year_columns", ledger)
    shared = [c for c in frame.columns if c not in dated]
    parts = [
        frame[[*shared, *(c for c, (y, _) in dated.items() if y == year)]]
        .rename(columns={c: name for c, (y, name) in dated.items() if y == year})
        .assign(year=year)
        for year in years
    ]
    return replace(cells, frame=pd.concat(parts, ignore_index=True), rows=np.tile(cells.rows, len(years)))


def _year_of(column: str) -> tuple[int, str] | None:
    """The year that a header begins or ends with, and the rest; a year alone is the header of ranks.

    Before the unit, too: of ``税收_2022年（万元）``, two lines of a header in one, the rest is ``税收（万元）``.
    """
    first = _YEAR_FIRST.fullmatch(column.strip())
    if first:
        return int(first[1]), first[2] or "rank"
    inside = _YEAR_INSIDE.fullmatch(column.strip())
    if inside:
        return int(inside[2]), f"{inside[1]}{inside[3]}"
    last = _YEAR_LAST.fullmatch(column.strip())
    return (int(last[2]), last[1]) if last else None


def printed_ranks(columns: list[str], schema: Schema) -> dict[str, str]:
    """Which columns called 排名 belong to which figure: to that of their group, else to that on their left.

    Examples
    --------
    >>> from mudian.schemas import schema
    >>> printed_ranks(["开发区名称", "亩均税收 (万元/亩)", "排名", "投资强度", "排名_2"], schema("ranking"))
    {'printed_rank_tax_per_mu': '排名', 'printed_rank_investment_per_mu': '排名_2'}
    """
    words = "|".join(texts()["shapes"]["rank_words"])
    pattern = re.compile(rf"(?:(.+)_)?(?:{words})(?:_\d+)?", re.IGNORECASE)
    found: dict[str, str] = {}
    for i, column in enumerate(columns):
        match = pattern.fullmatch(column.strip())
        if match is None:
            continue
        owner = match[1] or (columns[i - 1] if i else "")
        figures = [name for name in PER_MU if name in schema.match([owner]).matches] if owner else []
        if figures and f"{PRINTED}{figures[0]}" not in found:
            found[f"{PRINTED}{figures[0]}"] = column
    return found

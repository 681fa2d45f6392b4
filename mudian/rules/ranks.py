"""Ranks of development zones (综合发展水平排名): places gained and lost, runs of years, first and last n.

Rank 1 is best; progress (进位) is last year's rank minus this year's, so that positive is better. Places of two years
are compared only where the number of ranked zones and the list of items are the same; else the shares of the ranking
are. A year that the table does not have is unknown: a run of years that reaches it has a least and a greatest length.
Zones are joined by their names through a table of spellings, never by a count or by order.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.measure import ratio
from mudian.rules.logic import all_of, compare, constant
from parcels.units import fold

AFTER_RANK, LAST_N = "after_rank", "last_n"
COUNTS = {"rank": "zone_count", "city_rank": "city_count", "land_rank": "land_count", "national_rank": "national_count"}
# Longer than any run of years; finite, because comparisons are relative.
ENDLESS = float(np.iinfo(np.int32).max)


@cache
def _aliases() -> dict[str, dict[str, str]]:
    text = (files("mudian") / "data" / "zone_aliases.toml").read_text(encoding="utf-8")
    return {
        place: {fold(name): first for first, names in zones.items() for name in (first, *names)}
        for place, zones in tomllib.loads(text).items()
    }


def known_zones() -> dict[str, frozenset[str]]:
    """The spellings of zones that are known, folded, by the division code of their place."""
    return {place: frozenset(table) for place, table in _aliases().items()}


def canonical_zones(names: pd.Series, *, places: Iterable[str] = ()) -> pd.Series:
    """One spelling for every zone: no blanks inside, and the first name of the table of spellings.

    Parameters
    ----------
    names
        Names of zones as printed.
    places
        Division codes whose spellings apply: 市经开区 is another zone in every city.

    Examples
    --------
    >>> canonical_zones(pd.Series(["嘉明经济 开发区", "市高新区"]), places=["3715"]).tolist()
    ['嘉明经开区', '聊城高新区']
    """
    spelled: dict[str, str] = {}
    for place, table in _aliases().items():
        if any(code.startswith(place) or place.startswith(code) for code in places):
            spelled |= table
    return names.map({n: spelled.get(fold(n), "".join(n.split())) for n in names.dropna().unique()}).astype("str")


def long_ranks(table: pd.DataFrame, *, year: str, drop: Sequence[str] = (), rank: str = "rank") -> pd.DataFrame:
    """One row per zone and year out of a table with one column per zone.

    Parameters
    ----------
    table
        A row per year, a column per zone.
    year
        The column of years.
    drop
        Columns that are no zones, such as the rank of the city.
    rank
        What the column of ranks is called in the result.
    """
    long = table.drop(columns=list(drop)).melt(id_vars=year, var_name="zone_name", value_name=rank)
    return long.rename(columns={year: "year"})[["zone_name", "year", rank]]


def rank_in_group(table: pd.DataFrame, *, by: Sequence[str] = ("year",), rank: str = "rank") -> pd.DataFrame:
    """The order of zones inside a group (a city) by another rank, from the front and from the end.

    Ties share the place on both sides. As long as the rank of one zone of a group is missing, no place in it is known.

    Parameters
    ----------
    table
        A row per zone and year with ``rank``.
    by
        Columns that make the group.

    Returns
    -------
    DataFrame
        The table with ``city_rank``, ``city_rank_from_last`` and ``city_count``.
    """
    keys = [table[c] for c in by]
    groups = table.groupby(list(by), dropna=False)[rank]
    whole = ~table[rank].isna().groupby(keys, dropna=False).transform("any")
    return table.assign(
        city_rank=groups.rank(method="min").where(whole),
        city_rank_from_last=groups.rank(method="min", ascending=False).where(whole),
        city_count=groups.transform("size").astype(float),
    )


def first_n(rank: pd.Series, n: float) -> pd.Series:
    """Whether a rank is among the first n (前n名)."""
    return compare(rank, "<=", n)


def last_n(rank: pd.Series, n: float, *, count: float | pd.Series) -> pd.Series:
    """Whether a rank is among the last n (后n名) of ``count`` zones."""
    return compare(rank, ">", count - n)


def after_rank(rank: pd.Series, n: float) -> pd.Series:
    """Whether a rank lies after the nth (n名以后)."""
    return compare(rank, ">", n)


def behind(rank: pd.Series, n: float, *, count: float | pd.Series, reading: str | None = None) -> pd.Series:
    """Whether a zone is "后n位", which texts use for the last n and for "after rank n".

    Parameters
    ----------
    rank, n, count
        Ranks, the number of the text, and how many zones are ranked.
    reading
        ``last_n`` or ``after_rank``; without it the outcome is known only where both agree.

    Examples
    --------
    >>> behind(pd.Series([150, 101, 5]), 100, count=160).tolist()
    [True, True, False]
    >>> behind(pd.Series([90]), 100, count=160).tolist()
    [<NA>]
    """
    if reading not in (None, AFTER_RANK, LAST_N):
        raise ValueError(f"reading: {AFTER_RANK} or {LAST_N}, not {reading!r}")
    last, after = last_n(rank, n, count=count), after_rank(rank, n)
    if reading is None:
        return last.where((last == after).fillna(False))
    return last if reading == LAST_N else after


def rank_progress(table: pd.DataFrame, *, rank: str = "rank", places: Iterable[str] = ()) -> pd.DataFrame:
    """Places gained and lost by every zone in every year, and for how many years running.

    Parameters
    ----------
    table
        A row per zone and year: ``zone_name``, ``year``, the rank, and where known the number of ranked zones
        (``zone_count``; ``city_count`` for ``city_rank`` and so on) and the list of items (``items``, any name of it).
    rank
        The column of ranks, which also names the results.
    places
        Division codes whose spellings of zones apply.

    Returns
    -------
    DataFrame
        The table with, for ``rank``: ``previous_rank``, ``rank_comparable`` (unknown where the table does not say),
        ``rank_progress`` (places; missing where the years are not comparable), ``rank_share``,
        ``rank_share_progress``, ``rank_progressed``, ``rank_regressed``, ``rank_from_last`` (1 = last),
        ``rank_progress_years`` and ``rank_regress_years`` with ``…_max`` (least and greatest length of the run).

    Examples
    --------
    >>> table = pd.DataFrame({"zone_name": ["高唐"] * 3, "year": [2019, 2020, 2021], "rank": [152, 144, 123]})
    >>> rank_progress(table)[["rank_progress", "rank_progress_years"]].values.tolist()
    [[nan, 0.0], [8.0, 1.0], [21.0, 2.0]]
    """
    count = COUNTS.get(rank, f"{rank}_count")
    zones, years = canonical_zones(table["zone_name"], places=places), _years(table["year"])
    now = pd.DataFrame({"rank": pd.to_numeric(table[rank]).astype(float)}, table.index)
    now["count"] = pd.to_numeric(table[count]).astype(float) if count in table else np.nan
    now["items"] = table["items"].astype("str") if "items" in table else pd.Series(None, table.index, dtype="str")
    now["share"] = ratio(now["rank"], now["count"])
    before = _year_before(now, zones, years)
    comparable = _comparable(
        now, before, [c for c, source in (("count", count), ("items", "items")) if source in table]
    )
    same = comparable.fillna(True)
    places_gained = (before["rank"] - now["rank"]).where(same)
    share_gained = before["share"] - now["share"]
    gained = places_gained.where(same, share_gained)
    up, down = compare(gained, ">", 0), compare(gained, "<", 0)
    made: dict[str, pd.Series] = {
        f"previous_{rank}": before["rank"],
        f"{rank}_comparable": comparable,
        f"{rank}_progress": places_gained,
        f"{rank}_share": now["share"],
        f"{rank}_share_progress": share_gained,
        f"{rank}_progressed": up,
        f"{rank}_regressed": down,
    }
    if f"{rank}_from_last" not in table:
        made[f"{rank}_from_last"] = now["count"] - now["rank"] + 1
    for name, flag in (("progress", up), ("regress", down)):
        made[f"{rank}_{name}_years"], made[f"{rank}_{name}_years_max"] = consecutive(flag, zones, years)
    return table.assign(**made)


def input_of(metric: str, frame: pd.DataFrame) -> str:
    """The column that somebody must supply so that a derived one is known.

    Examples
    --------
    >>> input_of("rank_progress", pd.DataFrame({"rank": [1]})), input_of("city_rank_from_last", pd.DataFrame())
    ('previous_rank', 'city_rank')
    """
    for rank, count in COUNTS.items():
        if metric.startswith(f"{rank}_"):
            if rank not in frame:
                return rank
            return count if metric in (f"{rank}_from_last", f"{rank}_share") else f"previous_{rank}"
    return metric


def _years(values: pd.Series) -> pd.Series:
    return pd.to_numeric(values, errors="coerce").astype(float)


def _year_before(now: pd.DataFrame, zones: pd.Series, years: pd.Series) -> pd.DataFrame:
    """The row of the same zone one year earlier; missing where there is none or more than one."""
    key = pd.MultiIndex.from_arrays([zones, years])
    once = ~key.duplicated(keep=False) & years.notna().to_numpy() & zones.notna().to_numpy()
    wanted = pd.MultiIndex.from_arrays([zones, years - 1])
    return now.set_axis(key)[once].reindex(wanted).set_axis(now.index)


def _comparable(now: pd.DataFrame, before: pd.DataFrame, columns: list[str]) -> pd.Series:
    known = [
        (now[c] == before[c]).astype("boolean").where(now[c].notna() & before[c].notna()) for c in columns
    ]  # fmt: skip
    return all_of(known) if known else constant(None, now.index)


def consecutive(flag: pd.Series, zones: pd.Series, years: pd.Series) -> tuple[pd.Series, pd.Series]:
    """For how many years running, up to each row, a flag holds: the least and the greatest number.

    Parameters
    ----------
    flag
        True, False or missing per row.
    zones, years
        Whose flag it is, and of which year; a year that a zone has no row for is unknown.

    Returns
    -------
    Series, Series
        They differ where the run reaches a year that is unknown or before the table.

    Examples
    --------
    >>> flag = pd.Series([None, True, True, False], dtype="boolean")
    >>> least, greatest = consecutive(flag, pd.Series(["a"] * 4), pd.Series([2019.0, 2020.0, 2021.0, 2022.0]))
    >>> least.tolist(), greatest.tolist()[3]
    ([0.0, 1.0, 2.0, 0.0], 0.0)
    """
    row, _ = pd.factorize(zones)
    column, calendar = pd.factorize(years, sort=True)
    placed = (row >= 0) & (column >= 0)
    state = _state_matrix(flag, row, column, placed)
    least, greatest = np.zeros(state.shape), np.full(state.shape, ENDLESS)
    for n in range(state.shape[1]):
        follows = n > 0 and calendar[n] - calendar[n - 1] == 1
        before = (least[:, n - 1], greatest[:, n - 1]) if follows else (0.0, ENDLESS)
        least[:, n] = np.where(state[:, n] == 1, before[0] + 1, 0.0)
        greatest[:, n] = np.where(state[:, n] == 0, 0.0, np.minimum(before[1] + 1, ENDLESS))
    low, high = np.zeros(len(flag)), np.full(len(flag), ENDLESS)
    low[placed], high[placed] = least[row[placed], column[placed]], greatest[row[placed], column[placed]]
    return pd.Series(low, flag.index), pd.Series(high, flag.index)


def _state_matrix(
    flag: pd.Series, row: NDArray[np.intp], column: NDArray[np.intp], placed: NDArray[np.bool_]
) -> NDArray[np.int8]:
    """1, 0 or -1 (unknown) per zone and year; two rows of one zone and year that differ are unknown."""
    shape = (row.max(initial=-1) + 1, column.max(initial=-1) + 1)
    yes, no = np.zeros(shape, bool), np.zeros(shape, bool)
    cells = flag.astype("boolean")
    for found, mask in ((yes, cells.fillna(False)), (no, ~cells.fillna(True))):
        hit = placed & mask.to_numpy(bool)
        found[row[hit], column[hit]] = True
    return np.where(yes & ~no, 1, np.where(no & ~yes, 0, -1)).astype(np.int8)

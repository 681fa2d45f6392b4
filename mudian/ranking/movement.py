"""Movement of ranks between years: places gained, runs of years, and whether the years may be compared."""

from __future__ import annotations

import pandas as pd

from mudian.rules.ranks import COUNTS, rank_in_group, rank_progress

_KEPT = ("zone_name", "year", "zone_level", "rank", "zone_count", "items", "city_rank", "city_count",
         "city_rank_from_last", "national_rank", "national_count", "land_rank", "land_count")  # fmt: skip


def movement(
    frame: pd.DataFrame, *, zone_count: float | None = None, whole_city: bool = False
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The ranks of a table with their movement, and the table as rewards read it.

    Parameters
    ----------
    frame
        A row per zone and year.
    zone_count
        How many zones are ranked in every year, where the table does not say it.
    whole_city
        The table has all zones of one city: their order in it is worked out of ``rank``.

    Returns
    -------
    DataFrame, DataFrame
        Movement of every rank (see :func:`~mudian.rules.ranks.rank_progress`), sorted by year and zone; empty where
        no rank has a year. And the input with counts and places in the city.
    """
    base = frame
    if zone_count is not None and "rank" in base:
        given = base["zone_count"] if "zone_count" in base else pd.Series(float("nan"), base.index)
        base = base.assign(zone_count=given.astype(float).fillna(zone_count))
    if whole_city and "rank" in base and "city_rank" not in base:
        base = rank_in_group(base, by=["year"])
    moved = base[[c for c in _KEPT if c in base]]
    known = [r for r in COUNTS if r in frame]
    if not known or base["year"].isna().all():
        return moved.iloc[:0], base
    for rank in known:
        moved = rank_progress(moved, rank=rank)
    order = ["year", *(["rank"] if "rank" in moved else []), "zone_name"]
    return moved.sort_values(order, kind="stable").reset_index(drop=True), base

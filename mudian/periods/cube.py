"""Figures of enterprises over periods, and their sums over parcels and zones.

Land is that of the evaluated period: an enterprise's figure of another period is split over the parcels that it holds
now, so that a figure per mu moves with the money alone and never with land that was registered meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.periods.parts import measures_of
from mudian.periods.reading import Series
from mudian.periods.spans import Period

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Positions = NDArray[np.int64]


@dataclass(frozen=True)
class Cube:
    """Figures of enterprises by period.

    Attributes
    ----------
    ids
        The enterprises: those of the evaluated period in their order, then the others.
    periods
        All periods, in order.
    values
        Measure → enterprises × periods; missing where there is no figure.
    summed
        Where the row of a period was made of its parts.
    founded
        For every enterprise the first month in which it existed (months since the year 0); missing where unknown.
    """

    ids: pd.Index
    periods: tuple[Period, ...]
    values: Mapping[str, Floats]
    summed: Mask
    founded: Floats

    def at(self, measure: str, period: Period) -> Floats:
        """The figures of a period; missing everywhere where it is not known."""
        if period not in self.periods:
            return np.full(len(self.ids), np.nan)
        return np.asarray(self.values[measure][:, self.periods.index(period)])

    def not_yet(self, period: Period) -> Mask:
        """Which enterprises were founded after a period: they have no figure of it because they did not exist."""
        return np.asarray(self.founded >= period.end)


@dataclass(frozen=True)
class Level:
    """What figures are summed over: enterprises themselves, parcels or zones.

    Attributes
    ----------
    ids
        Keys of the subjects.
    enterprise, subject, weight
        Position of an enterprise, position of the subject that a part of its figure goes to, and that part.
    land_mu
        Land that figures per mu are divided by.
    """

    name: str
    ids: pd.Index
    enterprise: Positions
    subject: Positions
    weight: Floats
    land_mu: Floats

    def total(self, values: Floats, where: Mask | None = None) -> Floats:
        """The sums of figures over the subjects; missing where no figure is known."""
        parts = values[self.enterprise] * self.weight
        known = ~np.isnan(parts) if where is None else ~np.isnan(parts) & where[self.enterprise]
        sums = np.bincount(self.subject[known], weights=parts[known], minlength=len(self.ids))
        return np.where(self.any(known), sums, np.nan)

    def any(self, mask: Mask) -> Mask:
        """Which subjects have some part in a mask over parts."""
        return np.bincount(self.subject[mask], minlength=len(self.ids)) > 0


def make_cube(series: Series, ids: pd.Series) -> Cube:
    """The figures of all periods.

    Parameters
    ----------
    series
        Rows of all periods.
    ids
        The enterprises of the evaluated period, in their order.
    """
    rows = series.rows
    others = pd.Index(rows["enterprise_id"].unique()).difference(pd.Index(ids), sort=True)
    index = pd.Index(ids).append(others)
    spans = {text: Period.of(text) for text in rows["period"].unique()}
    periods = tuple(sorted(spans.values()))
    place = {text: periods.index(p) for text, p in spans.items()}
    at = index.get_indexer(pd.Index(rows["enterprise_id"])), rows["period"].map(place).to_numpy(np.int64)
    values = {}
    for measure in measures_of(rows):
        table = np.full((len(index), len(periods)), np.nan)
        table[at] = rows[measure].to_numpy(float)
        values[measure] = table
    summed = np.zeros((len(index), len(periods)), bool)
    summed[at] = rows["basis"] == "summed"
    return Cube(index, periods, values, summed, _founded(rows, index))


def _founded(rows: pd.DataFrame, index: pd.Index) -> Floats:
    """The month in which every enterprise was founded; where rows differ the earliest."""
    if "founded_on" not in rows:
        return np.full(len(index), np.nan)
    days = pd.to_datetime(rows["founded_on"], errors="coerce")
    first = days.groupby(rows["enterprise_id"]).min().reindex(index)
    return np.asarray((first.dt.year * 12 + first.dt.month - 1).to_numpy(float))


def make_levels(
    cube: Cube, enterprises: pd.DataFrame, links: pd.DataFrame, parcels: pd.DataFrame, zones: pd.DataFrame
) -> Sequence[Level]:
    """Enterprises, parcels and zones as the evaluated period links them.

    Parameters
    ----------
    cube
        Figures; its first enterprises are those of ``enterprises``.
    enterprises, parcels, zones
        The measured tables.
    links
        Allocated links with ``enterprise``, ``parcel`` and ``weight``.
    """
    size = len(cube.ids)
    land = np.full(size, np.nan)
    land[: len(enterprises)] = enterprises["land_mu"].to_numpy(float)
    own = np.arange(size)
    used = links[(links["enterprise"] >= 0) & (links["weight"] > 0)]
    enterprise, parcel = used["enterprise"].to_numpy(np.int64), used["parcel"].to_numpy(np.int64)
    weight = used["weight"].to_numpy(float)
    zone = pd.Index(zones["zone_id"]).get_indexer(pd.Index(parcels["zone_id"]))[parcel]
    inside = zone >= 0
    return (
        Level("enterprise", cube.ids, own, own, np.ones(size), land),
        Level("parcel", pd.Index(parcels["parcel_id"]), enterprise, parcel, weight, parcels["area_mu"].to_numpy(float)),
        Level(
            "zone", pd.Index(zones["zone_id"]), enterprise[inside], zone[inside].astype(np.int64), weight[inside],
            zones["base_mu"].to_numpy(float),
        ),
    )  # fmt: skip

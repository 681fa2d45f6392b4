"""From enterprises to parcels: what the holders of a parcel have in common.

A verdict or a value comes to a parcel only where all its holders of the table agree. Where they differ, where one of
them is unknown and where there is no holder it is missing; the majority never decides.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.measure import PER_MU
from mudian.packs.policy import Active
from mudian.rules.clock import days

BoolArray = NDArray[np.bool_]
# Days of which an empty cell says that it has not happened.
EVENTS = ("stopped_since", "actual_completion")


@dataclass(frozen=True)
class Holders:
    """Who uses which parcel: positions of parcels and of enterprises of the table, each pair once."""

    parcel: NDArray[np.int64]
    enterprise: NDArray[np.int64]
    size: int

    @classmethod
    def of(cls, links: pd.DataFrame, size: int) -> Holders:
        """The enterprises of the table that hold land.

        Parameters
        ----------
        links
            Allocated links: ``parcel`` and ``enterprise`` positions (-1: not in the table) and ``area_m2`` held.
        size
            Number of parcels.
        """
        pairs = links.loc[(links["area_m2"] > 0) & (links["enterprise"] >= 0), ["parcel", "enterprise"]]
        pairs = pairs.drop_duplicates()
        return cls(pairs["parcel"].to_numpy(np.int64), pairs["enterprise"].to_numpy(np.int64), size)

    @property
    def total(self) -> NDArray[np.int64]:
        """How many holders each parcel has."""
        return np.bincount(self.parcel, minlength=self.size)

    def count(self, mask: BoolArray) -> NDArray[np.int64]:
        """How many holders of each parcel are in a mask over enterprises."""
        return np.bincount(self.parcel[mask[self.enterprise]], minlength=self.size)

    def hand_down(self, masks: Mapping[str, BoolArray], where: BoolArray) -> dict[str, BoolArray]:
        """Named masks over enterprises as masks over parcels: where some holder is in them."""
        return {name: where & (self.count(mask) > 0) for name, mask in masks.items()}

    def inherit(self, outcome: pd.Series) -> pd.Series:
        """The outcome that the holders of each parcel have in common.

        Parameters
        ----------
        outcome
            True, False or missing per enterprise.

        Returns
        -------
        Series
            One per parcel, by position: True or False where all holders have it, else missing.

        Examples
        --------
        >>> holders = Holders(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 2]), 3)
        >>> holders.inherit(pd.Series([True, True, False], dtype="boolean")).tolist()
        [True, <NA>, <NA>]
        """
        total, low = self.total, self.count(yes(outcome))
        none_low = self.count(yes(~outcome)) == total
        result = pd.Series(pd.array(low == total, dtype="boolean"))
        return result.mask((total == 0) | ~((low == total) | none_low))

    def agreed(self, cells: pd.Series) -> tuple[pd.Series, BoolArray]:
        """The value that all holders of each parcel have, by position, and where they have different ones.

        Missing where they differ, where one of them has none, and where there is no holder.
        """
        codes, values = pd.factorize(cells)
        mine = codes[self.enterprise].astype(np.int64)
        low = np.full(self.size, len(values), np.int64)
        high = np.full(self.size, -1, np.int64)
        np.minimum.at(low, self.parcel, mine)
        np.maximum.at(high, self.parcel, mine)
        taken = pd.Series(values).array.take(np.where(low == high, high, -1), allow_fill=True)
        return pd.Series(taken), (low >= 0) & (low < high)


def yes(outcome: pd.Series) -> BoolArray:
    """Where an outcome is True; unknown is not."""
    return np.asarray(outcome.fillna(False).to_numpy(bool))


def columns_of(rules: Iterable[Active]) -> list[str]:
    """The columns that rules read, each once."""
    return list(dict.fromkeys(c for a in rules for condition in a.rule.all_conditions() for c in condition.columns()))


def parcel_frame(
    parcels: pd.DataFrame, enterprises: pd.DataFrame, holders: Holders, rules: Sequence[Active], as_of: dt.date
) -> tuple[pd.DataFrame, dict[str, BoolArray]]:
    """The parcels as rules on parcels read them.

    A figure per mu of which a part is unknown is missing; a stop or completion after the day of the run is none yet,
    and a stop after which works were resumed is none; what only the enterprise table has comes from the holders where
    they agree.

    Parameters
    ----------
    parcels, enterprises
        Measured parcels and enterprises; not changed.
    holders
        Who uses which parcel.
    rules
        Rules on parcels.
    as_of
        The day of the run.

    Returns
    -------
    DataFrame, dict
        The parcels, and for every column that came from holders where these have different values.
    """
    needed = columns_of(rules)
    made: dict[str, pd.Series] = {}
    differ: dict[str, BoolArray] = {}
    for column in needed:
        partial = f"{PER_MU.get(column, column)}_incomplete"
        if column in parcels and partial in parcels:
            made[column] = parcels[column].mask(parcels[partial].to_numpy(bool))
        elif column not in parcels and column in enterprises:
            values, differ[column] = holders.agreed(enterprises[column])
            made[column] = values.set_axis(parcels.index)
    today = np.datetime64(as_of, "D")
    for column in (c for c in EVENTS if c in needed and c in parcels):
        over = days(parcels[column]) > today
        if column == "stopped_since" and "resumed_on" in parcels:
            resumed = days(parcels["resumed_on"])
            over |= (resumed >= days(parcels[column])) & (resumed <= today)
        made[column] = parcels[column].mask(over)
    return parcels.assign(**made), differ

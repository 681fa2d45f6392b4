"""Which sums may be shown: enough enterprises behind them, and none that makes up most of one.

A sum over few enterprises, or one that is nearly all of a single one, tells that enterprise's figure; so does a sum of
nothing but zeros. Caveat of the theme: sums of two runs may be subtracted from each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True)
class Holders:
    """The enterprises behind the money of every parcel.

    Attributes
    ----------
    parcel
        Position of the parcel of every link.
    enterprise
        Number of its enterprise.
    amounts
        What it adds to each column of money; missing where it is not known.
    parcels
        How many parcels there are.
    """

    parcel: NDArray[np.int64]
    enterprise: NDArray[np.int64]
    amounts: pd.DataFrame
    parcels: int

    @classmethod
    def of(cls, parcels: pd.DataFrame, links: pd.DataFrame, money: list[str], *, without: str | None = None) -> Holders:
        """The holders by the links of a run; ``without`` is the enterprise that looks on and knows its own figures."""
        kept = links if without is None else links[(links["enterprise_id"] != without).to_numpy(bool)]
        places = pd.Series(np.arange(len(parcels)), index=parcels["source_row"].to_numpy())
        position = kept["parcel_row"].map(places)
        known = position.notna().to_numpy()
        codes, _ = pd.factorize(kept["enterprise_id"][known])
        amounts = kept.reindex(columns=money)[known].astype("float64").reset_index(drop=True)
        return cls(position[known].to_numpy(np.int64), codes.astype(np.int64), amounts, len(parcels))

    def safe(
        self, groups: NDArray[np.int64], size: int, *, least: int, most: float
    ) -> tuple[NDArray[np.bool_], pd.DataFrame]:
        """Which groups of parcels may be shown at all, and which of their money.

        Parameters
        ----------
        groups
            Number of the group of every parcel; −1 for none.
        size
            How many groups there are.
        least, most
            The least number of enterprises and parcels, and the largest share.
        """
        land = np.bincount(groups[groups >= 0], minlength=size) >= least
        mine = groups[self.parcel]
        inside = mine >= 0
        pairs = pd.DataFrame({"group": mine[inside], "enterprise": self.enterprise[inside]})
        table = pd.concat([pairs, self.amounts[inside].reset_index(drop=True)], axis=1)
        sums = table.groupby(["group", "enterprise"], sort=True).sum(min_count=1)
        many = _counts(sums, size) >= least
        money = pd.DataFrame(
            {str(c): _amount_safe(sums[c], size, least=least, most=most) for c in self.amounts}, index=range(size)
        )
        return land & many, money


def _counts(sums: pd.DataFrame, size: int) -> NDArray[np.int64]:
    return np.bincount(sums.index.get_level_values("group"), minlength=size)


def _amount_safe(sums: pd.Series, size: int, *, least: int, most: float) -> NDArray[np.bool_]:
    """Whether the sum of one amount may be shown, group by group; one that nobody knows may."""
    known = sums.dropna().abs()
    place = known.index.get_level_values("group").to_numpy(np.int64)
    values = known.to_numpy(float)
    total = np.bincount(place, weights=values, minlength=size)
    largest = np.zeros(size)
    np.maximum.at(largest, place, values)
    givers = np.bincount(place[values > 0], minlength=size)
    nobody = np.bincount(place, minlength=size) == 0
    return np.asarray(nobody | ((givers >= least) & (largest <= most * total)), dtype=bool)

"""Conservation: for every column of money and area, input = allocated + unallocated, to 1e-9 relative.

The account is drawn up in every run from the tables themselves, printed and written to the manifest; a run whose
account does not balance fails and writes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.allocate import columns_of
from mudian.errors import CheckError

TOLERANCE = 1e-9


@dataclass(frozen=True)
class Account:
    """The account of one column.

    Attributes
    ----------
    column
        Name of the column, with its unit.
    input
        What was read.
    allocated
        What stands on land (money) or is held by somebody (area).
    unallocated
        What does not, by reason.
    """

    column: str
    input: float
    allocated: float
    unallocated: dict[str, float]

    @property
    def difference(self) -> float:
        """Input minus allocated minus unallocated."""
        return math.fsum([self.input, -self.allocated, *(-v for v in self.unallocated.values())])

    @property
    def relative(self) -> float:
        """The difference relative to the largest figure of the account."""
        scale = max(abs(self.input), abs(self.allocated), *(abs(v) for v in self.unallocated.values()), 0.0)
        return abs(self.difference) / scale if scale else 0.0

    def as_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return {
            "input": self.input,
            "allocated": self.allocated,
            "unallocated": self.unallocated,
            "difference": self.difference,
            "relative": self.relative,
            "holds": self.relative <= TOLERANCE,
        }


def draw_up(
    links: pd.DataFrame,
    enterprises: pd.DataFrame,
    area: pd.Series,
    *,
    without_land: NDArray[np.bool_],
    set_aside: Mapping[str, Mapping[str, float]] | None = None,
) -> list[Account]:
    """The accounts of all money columns and of the parcel area.

    Parameters
    ----------
    links
        Allocated links.
    enterprises
        Enterprises with their money.
    area
        Area of every parcel in m².
    without_land
        Mask of enterprises that hold no land.
    set_aside
        Money of rows that were not counted, by reason and column.
    """
    aside = set_aside or {}
    accounts = []
    for column in columns_of(enterprises):
        extra = {reason: sums.get(column, 0.0) for reason, sums in aside.items()}
        total = math.fsum([_sum(enterprises[column]), *extra.values()])
        lost = {"enterprise_without_land": _sum(enterprises[column][without_land]), **extra}
        accounts.append(Account(column, total, _sum(links[column]), lost))
    whole, held = _sum(area), _sum(links["area_m2"])
    free = area.fillna(0.0).to_numpy(float) - _held(links, len(area))
    accounts.append(Account("area_m2", whole, held, {"land_without_enterprise": math.fsum(free)}))
    return accounts


def check(accounts: list[Account]) -> None:
    """Fail when an account does not balance.

    Raises
    ------
    CheckError
        Naming the column and its figures.
    """
    for account in accounts:
        if account.relative > TOLERANCE:
            raise CheckError(
                "conservation",
                field=account.column,
                column=account.column,
                input=account.input,
                allocated=account.allocated,
                unallocated=math.fsum(account.unallocated.values()),
                difference=account.difference,
                tolerance=TOLERANCE,
            )


def _sum(values: pd.Series) -> float:
    return math.fsum(v for v in values.to_numpy(float) if not math.isnan(v))


def _held(links: pd.DataFrame, size: int) -> NDArray[np.float64]:
    held = links["area_m2"].to_numpy(float)
    return np.bincount(links["parcel"].to_numpy(np.int64), weights=held, minlength=size).astype(np.float64)

"""Parcels that may be put together: areas, gains, owners, who lies beside whom, and what a choice is worth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from parcels.geometry.contiguity import components

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]
Objective = Literal["gain", "owners"]
Worth = tuple[float, float, float]
SAME = 1e-9
DIGITS = 9


@dataclass(frozen=True)
class Rows:
    """Several numbers for each parcel, one behind the other."""

    start: Positions
    values: Positions

    @classmethod
    def of(cls, size: int, row: Positions, value: Positions) -> Rows:
        """From pairs, each once; the numbers of a parcel in order."""
        pairs = np.unique(np.column_stack([row, value]), axis=0) if len(row) else np.empty((0, 2), np.int64)
        return cls(np.concatenate([[0], np.cumsum(np.bincount(pairs[:, 0], minlength=size))]), pairs[:, 1])

    @cached_property
    def lists(self) -> list[list[int]]:
        """The same as plain lists."""
        cells, ends = self.values.tolist(), self.start.tolist()
        return [cells[a:b] for a, b in pairwise(ends)]

    def parcels(self) -> Positions:
        """The parcel of every number."""
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))


@dataclass(frozen=True)
class Land:
    """What can be chosen from, and what is sought.

    Attributes
    ----------
    area, gain
        Of every parcel.
    owners, near
        Owners of every parcel, and the parcels adjacent to it.
    label
        Group of adjacent parcels; -1 for a parcel that takes no part.
    ordered
        Parcels that take part, by group.
    least
        Least area of a site.
    objective
        What counts first.
    """

    area: Floats
    gain: Floats
    owners: Rows
    near: Rows
    label: Positions
    ordered: Positions
    least: float
    objective: Objective

    def beside(self, parcel: int) -> list[int]:
        """The parcels adjacent to one."""
        return self.near.lists[parcel]

    def owners_of(self, parcel: int) -> list[int]:
        """The owners of one parcel."""
        return self.owners.lists[parcel]

    def owner_count(self, members: Iterable[int]) -> int:
        """Different owners of some parcels."""
        return len({who for m in members for who in self.owners.lists[m]})

    def worth(self, members: frozenset[int]) -> Worth:
        """What is compared, higher is better: gain per mu or few owners, then the other, then little land."""
        at = np.array(sorted(members), dtype=np.int64)
        area, gain = np.array([self.area[at].sum()]), np.array([self.gain[at].sum()])
        one, two, three = self.order(area, gain, np.array([self.owner_count(at)]))
        return float(one[0]), float(two[0]), float(three[0])

    def order(self, area: Floats, gain: Floats, owners: NDArray[np.int64]) -> tuple[Floats, Floats, Floats]:
        """The same of sums."""
        per_mu, few, little = np.round(gain / area, DIGITS), -owners.astype(np.float64), -np.round(area, DIGITS)
        return (per_mu, few, little) if self.objective == "gain" else (few, per_mu, little)

    def enough(self, area: Floats | float) -> NDArray[np.bool_]:
        """Whether an area is large enough."""
        return np.asarray(area >= self.least * (1 - SAME))

    def no_better(self, most: tuple[float, float], worth: Worth) -> bool:
        """Whether what is worth so much at most is not better, but for rounding."""
        slack = [2 * (abs(v) * SAME + SAME) for v in most]
        return most[0] <= worth[0] - slack[0] or (most[0] <= worth[0] + slack[0] and most[1] <= worth[1] + slack[1])

    def groups(self) -> pd.DataFrame:
        """The groups with enough land: ``start`` in ``ordered``, ``parcels``, and what no site of them exceeds.

        ``first`` and ``second`` come from the best parcels and parts of them, contiguous or not.
        """
        at, label = self.ordered, self.label[self.ordered]
        if not len(at):
            return pd.DataFrame()
        start = np.flatnonzero(np.diff(label, prepend=-1))
        size = np.diff(np.append(start, len(at)))
        large = self.enough(np.add.reduceat(self.area[at], start))
        group = np.repeat(np.arange(len(start)), size)
        per_mu = _richest(self.area[at], self.gain[at], group, start, self.least)
        few = -self._fewest(at, group, len(start)).astype(np.float64)
        first, second = (per_mu, few) if self.objective == "gain" else (few, per_mu)
        table = pd.DataFrame({"start": start, "parcels": size, "first": first, "second": second})
        return table[large].reset_index(drop=True)

    def _fewest(self, at: Positions, group: Positions, count: int) -> Positions:
        """For each group the owners that are needed at least for enough land, those with the most land first."""
        which = np.full(len(self.area), -1, dtype=np.int64)
        which[at] = group
        parcel = self.owners.parcels()
        inside = which[parcel] >= 0
        parcel, owner = parcel[inside], self.owners.values[inside]
        pairs = pd.DataFrame({"group": which[parcel], "owner": owner, "mu": self.area[parcel]})
        held = pairs.groupby(["group", "owner"], sort=True)["mu"].sum().reset_index()
        held = held.sort_values(["group", "mu"], ascending=[True, False], kind="stable")
        lacking = ~self.enough(held.groupby("group")["mu"].cumsum().to_numpy(float))
        return np.bincount(held["group"].to_numpy()[lacking], minlength=count) + 1


def _richest(area: Floats, gain: Floats, group: Positions, start: Positions, least: float) -> Floats:
    """For each group the highest gain per mu of so much land, taken from its best parcels; a little above it."""
    level = gain / area
    order = np.lexsort((-level, group))
    area, level = area[order], level[order]
    before = pd.Series(area).groupby(group).cumsum().to_numpy() - area
    used = np.clip(least - before, 0.0, area)
    taken = np.add.reduceat(used, start)
    rich = np.add.reduceat(used * level, start) / np.where(taken > 0, taken, 1.0)
    per_mu = np.where(taken > 0, rich, level[start])
    return np.asarray(per_mu + np.abs(per_mu) * SAME + SAME)


def land_of(
    area: Floats, gain: Floats, owner: Positions, first: NDArray[np.intp], second: NDArray[np.intp], *, least: float,
    objective: Objective, shared: tuple[Positions, Positions] | None = None,
) -> Land:  # fmt: skip
    """Parcels with a known gain, and which of them are adjacent."""
    size = len(area)
    known = ~np.isnan(gain) & (area > 0)
    inside = known[first] & known[second] & (first != second)
    one, other = first[inside].astype(np.int64), second[inside].astype(np.int64)
    near = Rows.of(size, np.concatenate([one, other]), np.concatenate([other, one]))
    whose, more = shared if shared is not None else (np.empty(0, np.int64), np.empty(0, np.int64))
    owners = Rows.of(size, np.concatenate([np.arange(size), whose]), np.concatenate([owner.astype(np.int64), more]))
    label = np.where(known, components(size, one, other), -1)
    at = np.flatnonzero(known)
    ordered = at[np.lexsort((at, label[at]))]
    return Land(area, gain, owners, near, label, ordered, float(least), objective)

"""Assembling (拼合): the best contiguous site of at least so many mu.

In a group of few parcels every contiguous choice is looked at, and the best is the best. In a larger one the search
starts from several parcels, grows while land is lacking, and then exchanges single parcels while that helps; what it
finds is contiguous and large enough, but not proven to be the best, and it says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mudian.screening.words import choices
from parcels.geometry.contiguity import components

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]
Objective = Literal["gain", "owners"]
_SAME = 1e-9


@dataclass(frozen=True)
class Assembled:
    """A site that can be assembled.

    Attributes
    ----------
    members
        Positions of its parcels, in order.
    area_mu, gain_wan
        Sums.
    owners
        Number of different owners.
    exact
        Whether every contiguous choice of its group was looked at, and of every other group.
    """

    members: tuple[int, ...]
    area_mu: float
    gain_wan: float
    owners: int
    exact: bool


@dataclass(frozen=True)
class _Land:
    """The nodes of the search."""

    area: Floats
    gain: Floats
    owner: Positions
    beside: tuple[frozenset[int], ...]
    least: float
    objective: Objective

    def worth(self, members: frozenset[int]) -> tuple[float, float, float]:
        """What is compared, higher is better: gain per mu, or few owners and then gain per mu; then little land."""
        at = sorted(members)
        area, gain = float(self.area[at].sum()), float(self.gain[at].sum())
        per_mu = round(gain / area, 9)
        if self.objective == "owners":
            return (-float(len(np.unique(self.owner[at]))), per_mu, -round(area, 6))
        return (per_mu, -float(len(np.unique(self.owner[at]))), -round(area, 6))

    def enough(self, members: frozenset[int]) -> bool:
        return float(self.area[sorted(members)].sum()) >= self.least * (1 - _SAME)

    def around(self, members: frozenset[int]) -> frozenset[int]:
        return frozenset().union(*(self.beside[m] for m in members)) - members

    def whole(self, members: frozenset[int]) -> bool:
        """Whether the members are contiguous."""
        if not members:
            return False
        seen = {min(members)}
        wave = set(seen)
        while wave:
            wave = {n for m in wave for n in self.beside[m] if n in members} - seen
            seen |= wave
        return len(seen) == len(members)


def best_site(
    area_mu: Floats,
    gain_wan: Floats,
    owner: Positions,
    first: NDArray[np.intp],
    second: NDArray[np.intp],
    *,
    at_least_mu: float,
    objective: Objective = "gain",
) -> Assembled | None:
    """The best contiguous site of at least so many mu.

    Parameters
    ----------
    area_mu, gain_wan
        Of every parcel; one whose gain is missing takes no part.
    owner
        A number for each owner, alike for the same owner.
    first, second
        Pairs of adjacent parcels.
    at_least_mu
        Least area.
    objective
        ``gain``: the highest gain per mu. ``owners``: the fewest owners, and among those the highest gain per mu.

    Returns
    -------
    Assembled or None
        None where no contiguous choice is large enough.

    Examples
    --------
    >>> area, gain = np.array([10.0, 10.0, 10.0]), np.array([50.0, 10.0, 40.0])
    >>> found = best_site(area, gain, np.array([0, 1, 1]), np.array([0, 1]), np.array([1, 2]), at_least_mu=20)
    >>> found.members, found.gain_wan, found.exact
    ((0, 1), 60.0, True)
    """
    known = ~np.isnan(gain_wan) & (area_mu > 0)
    inside = known[first] & known[second]
    first, second = first[inside], second[inside]
    label = components(len(area_mu), first, second)
    total = np.bincount(label[known], weights=area_mu[known], minlength=len(area_mu))
    beside: list[set[int]] = [set() for _ in range(len(area_mu))]
    for a, b in zip(first.tolist(), second.tolist(), strict=True):
        beside[a].add(b)
        beside[b].add(a)
    land = _Land(
        area_mu, gain_wan, owner.astype(np.int64), tuple(frozenset(b) for b in beside), at_least_mu, objective
    )  # fmt: skip
    found: list[frozenset[int]] = []
    exact = True
    for group in np.flatnonzero(total >= at_least_mu * (1 - _SAME)):
        members = np.flatnonzero(known & (label == group))
        small = len(members) <= choices()["limits"]["exact_parcels"]
        exact &= small
        best = _every(land, members) if small else _search(land, members)
        if best:
            found.append(best)
    if not found:
        return None
    best = max(found, key=lambda m: (land.worth(m), tuple(-i for i in sorted(m))))
    at = sorted(best)
    owners = len(np.unique(land.owner[at]))
    return Assembled(tuple(at), float(area_mu[at].sum()), float(gain_wan[at].sum()), owners, exact)


def _every(land: _Land, members: Positions) -> frozenset[int] | None:
    """The best of all contiguous choices: sets as bits of whole numbers, all tested at the same time."""
    size = len(members)
    place = {int(m): i for i, m in enumerate(members)}
    masks = np.arange(1, 1 << size, dtype=np.int64)
    area = np.zeros(len(masks))
    for i, m in enumerate(members):
        area += np.where(masks >> i & 1, land.area[m], 0.0)
    masks = masks[area >= land.least * (1 - _SAME)]
    reach = masks & -masks
    links = [sum(1 << place[n] for n in land.beside[int(m)] if n in place) for m in members]
    for _ in range(size):
        grown = reach.copy()
        for i, link in enumerate(links):
            grown |= np.where(reach >> i & 1, link, 0)
        grown &= masks
        if np.array_equal(grown, reach):
            break
        reach = grown
    masks = masks[reach == masks]
    if not len(masks):
        return None
    chosen = _best_mask(land, members, masks)
    return frozenset(int(m) for i, m in enumerate(members) if chosen >> i & 1)


def _best_mask(land: _Land, members: Positions, masks: NDArray[np.int64]) -> int:
    """The best of some contiguous choices, by the same order as :meth:`_Land.worth`."""
    area, gain = np.zeros(len(masks)), np.zeros(len(masks))
    owners = np.zeros(len(masks))
    for i, m in enumerate(members):
        inside = (masks >> i & 1).astype(bool)
        area, gain = area + np.where(inside, land.area[m], 0.0), gain + np.where(inside, land.gain[m], 0.0)
    for who in np.unique(land.owner[members]):
        bits = sum(1 << i for i, m in enumerate(members) if land.owner[m] == who)
        owners += (masks & bits) != 0
    per_mu = np.round(gain / area, 9)
    keys = (per_mu, -owners) if land.objective == "gain" else (-owners, per_mu)
    order = np.lexsort((masks, np.round(area, 6), -keys[1], -keys[0]))
    return int(masks[order[0]])


def _search(land: _Land, members: Positions) -> frozenset[int] | None:
    """The best site that growing and exchanging finds."""
    limits = choices()["limits"]
    level = land.gain[members] / land.area[members]
    starts = members[np.lexsort((members, -level))][: limits["seeds"]]
    best: frozenset[int] | None = None
    for start in starts.tolist():
        grown = _grow(land, int(start))
        if grown is None:
            continue
        better = _improve(land, grown, limits["rounds"])
        if best is None or land.worth(better) > land.worth(best):
            best = better
    return best


def _grow(land: _Land, start: int) -> frozenset[int] | None:
    """Add the neighbour that leaves the most worth until the land is enough."""
    site = frozenset([start])
    while not land.enough(site):
        around = land.around(site)
        if not around:
            return None
        site = site | {max(sorted(around), key=lambda n: land.worth(site | {n}))}
    return site


def _improve(land: _Land, site: frozenset[int], rounds: int) -> frozenset[int]:
    """Take away, add or exchange single parcels while the site becomes better and stays large enough."""
    for _ in range(rounds):
        around = land.around(site)
        tries = [site | {n} for n in around]
        tries += [site - {m} for m in site]
        tries += [(site - {m}) | {n} for m in site for n in around]
        good = [t for t in tries if t and land.enough(t) and land.worth(t) > land.worth(site)]
        good.sort(key=land.worth, reverse=True)
        better = next((t for t in good if land.whole(t)), None)
        if better is None:
            return site
        site = better
    return site

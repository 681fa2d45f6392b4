"""Assembling (拼合): the best contiguous site of at least so many mu.

In a group of few parcels every contiguous choice is looked at, and the best is the best. In a larger one the search
starts from several parcels, grows while land is lacking, and then exchanges single parcels while that helps; what it
finds is contiguous and large enough, but not proven to be the best, and it says so. Groups are taken in the order of
what they could yield at most, and left alone once that is less than what was found.
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
Worth = tuple[float, float, float]
_SAME = 1e-9
_DIGITS = 9


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
        Whether it is proven that no contiguous choice is better.
    """

    members: tuple[int, ...]
    area_mu: float
    gain_wan: float
    owners: int
    exact: bool


@dataclass(frozen=True)
class Land:
    """Parcels, who owns them and which are adjacent, and what is sought."""

    area: Floats
    gain: Floats
    owner: Positions
    beside: tuple[frozenset[int], ...]
    least: float
    objective: Objective

    def worth(self, members: frozenset[int]) -> Worth:
        """What is compared, higher is better: gain per mu or few owners, then the other, then little land."""
        at = np.array(sorted(members), dtype=np.int64)
        area, gain = float(self.area[at].sum()), float(self.gain[at].sum())
        return self.order(area, gain, len(np.unique(self.owner[at])))

    def order(self, area: float, gain: float, owners: int) -> Worth:
        """The same of sums."""
        per_mu, few = round(gain / area, _DIGITS), -float(owners)
        return (
            (per_mu, few, -round(area, _DIGITS)) if self.objective == "gain" else (few, per_mu, -round(area, _DIGITS))
        )

    def enough(self, area: Floats | float) -> NDArray[np.bool_]:
        """Whether an area is large enough."""
        return np.asarray(area >= self.least * (1 - _SAME))

    def around(self, members: frozenset[int]) -> Positions:
        """The parcels adjacent to some, in order."""
        near = frozenset().union(*(self.beside[m] for m in members)) - members
        return np.array(sorted(near), dtype=np.int64)

    def whole(self, members: frozenset[int]) -> bool:
        """Whether the members are contiguous."""
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
    >>> area, gain = np.array([10.0, 10.0, 10.0]), np.array([50.0, 10.0, 4.0])
    >>> found = best_site(area, gain, np.array([0, 1, 1]), np.array([0, 1]), np.array([1, 2]), at_least_mu=20)
    >>> found.members, found.gain_wan, found.exact
    ((0, 1), 60.0, True)
    """
    known = ~np.isnan(gain_wan) & (area_mu > 0)
    inside = known[first] & known[second]
    first, second = first[inside].astype(np.int64), second[inside].astype(np.int64)
    land = Land(area_mu, gain_wan, owner.astype(np.int64), _beside(len(area_mu), first, second), at_least_mu, objective)
    groups = _groups(land, known, components(len(area_mu), first, second))
    limits, searched, exact = choices()["limits"], 0, True
    best: tuple[Worth, frozenset[int]] | None = None
    for most, members in groups:
        if best is not None and most < best[0][:2]:
            break
        if len(members) <= limits["exact_parcels"]:
            found = every_choice(land, members)
        else:
            exact, searched = False, searched + 1
            found = search(land, members, limits["seeds"], limits["rounds"]) if searched <= limits["groups"] else None
        if found and (best is None or land.worth(found) > best[0]):
            best = land.worth(found), found
    if best is None:
        return None
    at = np.array(sorted(best[1]), dtype=np.int64)
    owners = len(np.unique(land.owner[at]))
    return Assembled(tuple(at.tolist()), float(area_mu[at].sum()), float(gain_wan[at].sum()), owners, exact)


def _beside(size: int, first: Positions, second: Positions) -> tuple[frozenset[int], ...]:
    beside: list[set[int]] = [set() for _ in range(size)]
    for a, b in zip(first.tolist(), second.tolist(), strict=True):
        beside[a].add(b)
        beside[b].add(a)
    return tuple(frozenset(b) for b in beside)


def _groups(
    land: Land, known: NDArray[np.bool_], label: NDArray[np.int64]
) -> list[tuple[tuple[float, float], Positions]]:
    """The groups with enough land, and the most that a site of each could be worth; the most promising first."""
    at = np.flatnonzero(known)
    at = at[np.lexsort((at, label[at]))]
    cuts = np.flatnonzero(np.diff(label[at])) + 1
    parts = [p for p in np.split(at, cuts) if len(p) and land.enough(float(land.area[p].sum()))]
    found = [(_bound(land, p), p) for p in parts]
    return sorted(found, key=lambda f: (-f[0][0], -f[0][1], int(f[1][0])))


def _bound(land: Land, members: Positions) -> tuple[float, float]:
    """The worth that no site of a group exceeds: the best parcels and parts of them, contiguous or not."""
    area, level = land.area[members], land.gain[members] / land.area[members]
    order = np.argsort(-level, kind="stable")
    before = np.cumsum(area[order]) - area[order]
    used = np.clip(land.least - before, 0.0, area[order])
    per_mu = float((used * level[order]).sum() / used.sum()) if used.sum() > 0 else float(level.max())
    per_mu += abs(per_mu) * _SAME + 10.0**-_DIGITS
    _, place = np.unique(land.owner[members], return_inverse=True)
    owned = np.sort(np.bincount(place, weights=area))[::-1].cumsum()
    owners = int(np.flatnonzero(land.enough(owned))[0]) + 1
    return (per_mu, -float(owners)) if land.objective == "gain" else (-float(owners), per_mu)


def every_choice(land: Land, members: Positions) -> frozenset[int] | None:
    """The best of all contiguous choices: sets as bits of whole numbers, all tested at the same time."""
    size = len(members)
    place = {int(m): i for i, m in enumerate(members)}
    masks = np.arange(1, 1 << size, dtype=np.int64)
    area = np.zeros(len(masks))
    for i, m in enumerate(members):
        area += np.where(masks >> i & 1, land.area[m], 0.0)
    masks = masks[land.enough(area)]
    reach = masks & -masks
    links = [sum(1 << place[n] for n in land.beside[int(m)]) for m in members]
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


def _best_mask(land: Land, members: Positions, masks: NDArray[np.int64]) -> int:
    """The best of some contiguous choices, by the same order as :meth:`Land.worth`."""
    area, gain, owners = (np.zeros(len(masks)) for _ in range(3))
    for i, m in enumerate(members):
        inside = (masks >> i & 1).astype(bool)
        area, gain = area + np.where(inside, land.area[m], 0.0), gain + np.where(inside, land.gain[m], 0.0)
    for who in np.unique(land.owner[members]):
        bits = sum(1 << i for i, m in enumerate(members) if land.owner[m] == who)
        owners += (masks & bits) != 0
    per_mu = np.round(gain / area, _DIGITS)
    keys = (per_mu, -owners) if land.objective == "gain" else (-owners, per_mu)
    order = np.lexsort((masks, np.round(area, _DIGITS), -keys[1], -keys[0]))
    return int(masks[order[0]])


def search(land: Land, members: Positions, seeds: int, rounds: int) -> frozenset[int] | None:
    """The best site that growing and exchanging finds."""
    level = land.gain[members] / land.area[members]
    starts = members[np.lexsort((members, -level))][:seeds]
    best: frozenset[int] | None = None
    for start in starts.tolist():
        grown = _grow(land, int(start))
        if grown is not None:
            better = _improve(land, grown, rounds)
            best = better if best is None or land.worth(better) > land.worth(best) else best
    return best


def _grow(land: Land, start: int) -> frozenset[int] | None:
    """Add the neighbour that leaves the most worth until the land is enough."""
    site = frozenset([start])
    none = np.array([-1], dtype=np.int64)
    while not land.enough(float(land.area[sorted(site)].sum())):
        around = land.around(site)
        if not len(around):
            return None
        _, _, tried = _exchanges(land, site, none, around)
        site = site | {int(around[tried[0]])}
    return site


def _improve(land: Land, site: frozenset[int], rounds: int) -> frozenset[int]:
    """Take away, add or exchange single parcels while the site becomes better and stays large enough."""
    for _ in range(rounds):
        gone = np.append(np.array(sorted(site), dtype=np.int64), -1)
        come = np.append(land.around(site), -1)
        worth, area, order = _exchanges(land, site, gone, come)
        now = land.worth(site)
        better = None
        for k in order.tolist():
            if tuple(worth[k]) <= now:
                break
            if land.enough(float(area[k])):
                out, new = int(gone[k // len(come)]), int(come[k % len(come)])
                moved = (site - {out}) | ({new} if new >= 0 else set())
                if moved and land.whole(moved) and land.worth(moved) > now:
                    better = moved
                    break
        if better is None:
            return site
        site = better
    return site


def _exchanges(
    land: Land, site: frozenset[int], gone: Positions, come: Positions
) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """Worth and area of the site for each parcel that goes (rows) and comes (columns), -1 for none; best first."""
    at = np.array(sorted(site), dtype=np.int64)
    names, counts = np.unique(land.owner[at], return_counts=True)

    def part(values: Floats, which: Positions) -> Floats:
        return np.where(which >= 0, values[which], 0.0)

    def held(which: Positions) -> NDArray[np.int64]:
        place = np.minimum(np.searchsorted(names, land.owner[which]), len(names) - 1)
        return np.where((names[place] == land.owner[which]) & (which >= 0), counts[place], 0)

    area = land.area[at].sum() - part(land.area, gone)[:, None] + part(land.area, come)[None, :]
    gain = land.gain[at].sum() - part(land.gain, gone)[:, None] + part(land.gain, come)[None, :]
    leaves = (held(gone) == 1)[:, None] & ~((land.owner[gone][:, None] == land.owner[come][None, :]) & (come >= 0))
    owners = len(names) - leaves + ((held(come) == 0) & (come >= 0))[None, :]
    with np.errstate(invalid="ignore", divide="ignore"):
        per_mu = np.round(np.where(area > 0, gain / area, -np.inf), _DIGITS).ravel()
    few, flat = -owners.astype(float).ravel(), area.ravel()
    keys = (per_mu, few) if land.objective == "gain" else (few, per_mu)
    worth = np.column_stack([*keys, -np.round(flat, _DIGITS)])
    return worth, flat, np.lexsort((-worth[:, 2], -worth[:, 1], -worth[:, 0]))

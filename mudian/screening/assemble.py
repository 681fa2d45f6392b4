"""Assembling (拼合): the best contiguous site of at least so many mu.

First a search over all groups of adjacent parcels gives a good site. Then every group of few parcels that could yield
more is looked at choice by choice. What is promised: the site is contiguous and large enough; nothing that lies in a
group of few parcels is better; no parcel that comes, goes or is exchanged for another makes it better; and no
contiguous choice at all is worth more than ``bound``. Where that proves the site to be the best, ``exact`` says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.screening.contiguous import SAME, Floats, Land, Objective, Positions, Worth, land_of
from mudian.screening.seeking import seek
from mudian.screening.words import choices

__all__ = ["Assembled", "Objective", "best_site"]

_CHUNK = 64


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
    bound
        What no contiguous choice exceeds: the highest gain per mu, or for ``owners`` the fewest owners.
    """

    members: tuple[int, ...]
    area_mu: float
    gain_wan: float
    owners: int
    exact: bool
    bound: float


def best_site(
    area_mu: Floats,
    gain_wan: Floats,
    owner: Positions,
    first: NDArray[np.intp],
    second: NDArray[np.intp],
    *,
    at_least_mu: float,
    objective: Objective = "gain",
    shared: tuple[Positions, Positions] | None = None,
) -> Assembled | None:
    """The best contiguous site of at least so many mu.

    Parameters
    ----------
    area_mu, gain_wan
        Of every parcel; one whose gain is missing takes no part. Among equals their order decides.
    owner
        A number for each owner, alike for the same owner.
    first, second
        Pairs of adjacent parcels.
    at_least_mu
        Least area.
    objective
        ``gain``: the highest gain per mu. ``owners``: the fewest owners, and among those the highest gain per mu.
    shared
        Parcels and further owners of them, where a parcel has several.

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
    land = land_of(area_mu, gain_wan, owner, first, second, least=at_least_mu, objective=objective, shared=shared)
    groups = land.groups()
    if not len(groups):
        return None
    limits = choices()["limits"]
    effort = {"grown_parcels": limits["grown"], "improved": limits["improved"], "rounds": limits["rounds"]}
    best = seek(land, groups, starts=limits["seeds"], **effort)
    small = (groups["parcels"] <= limits["exact_parcels"]).to_numpy(bool)
    for most, members in _opened(land, groups[small]):
        if best is not None and most < land.worth(best)[:2]:
            break
        found = every_choice(land, members, land.worth(best) if best else None)
        best = found or best
    return None if best is None else _assembled(land, best, groups[~small])


def _opened(land: Land, groups: pd.DataFrame) -> Iterator[tuple[tuple[float, float], Positions]]:
    """Groups with the most that a site of each could be worth; the most promising first."""
    order = np.lexsort((groups.index.to_numpy(), -groups["second"].to_numpy(), -groups["first"].to_numpy()))
    ends = zip(*(groups[c].to_numpy()[order].tolist() for c in ("first", "second", "start", "parcels")), strict=True)
    for one, other, start, size in ends:
        yield (one, other), land.ordered[start : start + size]


def _assembled(land: Land, best: frozenset[int], large: pd.DataFrame) -> Assembled:
    """The figures of the best site, and what the groups that were not looked at choice by choice may still hide."""
    at = np.array(sorted(best), dtype=np.int64)
    worth = land.worth(best)
    most = max([worth[0], *large["first"].tolist()])
    rivals = [(a, b) for a, b in zip(large["first"].tolist(), large["second"].tolist(), strict=True) if a >= worth[0]]
    exact = all(land.no_better(r, worth) for r in rivals)
    bound = worth[0] if exact else most
    area, gain = float(land.area[at].sum()), float(land.gain[at].sum())
    bound = bound if land.objective == "gain" else -bound
    return Assembled(tuple(at.tolist()), area, gain, land.owner_count(at), exact, float(bound))


def every_choice(land: Land, members: Positions, floor: Worth | None = None) -> frozenset[int] | None:
    """The best of all contiguous choices that is better than a floor: sets as bits of whole numbers.

    Sums of all sets come from those without their last parcel. Sets are then tested for contiguity from the best down,
    and the first that passes is the best.
    """
    area, gain = (_sums(values[members]) for values in (land.area, land.gain))
    masks = np.flatnonzero(land.enough(area))
    masks = masks[masks > 0]
    area, gain = area[masks], gain[masks]
    if floor is not None and land.objective == "gain" and len(masks):
        rich = gain / area >= floor[0] - abs(floor[0]) * SAME - SAME
        masks, area, gain = masks[rich], area[rich], gain[rich]
    if not len(masks):
        return None
    worth = land.order(area, gain, _owner_counts(land, members, masks))
    kept = _better(worth, floor) if floor is not None else np.ones(len(masks), dtype=bool)
    masks = masks[kept]
    order = np.lexsort((masks, *(-w[kept] for w in worth[::-1])))
    reach = _links(land, members)
    start, size = 0, _CHUNK
    while start < len(order):
        part = masks[order[start : start + size]]
        found = np.flatnonzero(_contiguous(part, reach))
        if len(found):
            chosen = int(part[found[0]])
            return frozenset(int(m) for i, m in enumerate(members) if chosen >> i & 1)
        start, size = start + size, size * 2
    return None


def _sums(values: Floats) -> Floats:
    """The sum of every set of values, by its number."""
    sums = np.zeros(1)
    for value in values.tolist():
        sums = np.concatenate([sums, sums + value])
    return sums


def _owner_counts(land: Land, members: Positions, masks: NDArray[np.intp]) -> NDArray[np.int64]:
    """Different owners of every set."""
    bits: dict[int, int] = {}
    for i, m in enumerate(members.tolist()):
        for who in land.owners_of(m):
            bits[who] = bits.get(who, 0) | 1 << i
    counts = np.zeros(len(masks), dtype=np.int64)
    for own in bits.values():
        counts += (masks & own) != 0
    return counts


def _better(worth: tuple[Floats, Floats, Floats], floor: Worth) -> NDArray[np.bool_]:
    one, two, three = worth
    last = (two > floor[1]) | ((two == floor[1]) & (three > floor[2]))
    return np.asarray((one > floor[0]) | ((one == floor[0]) & last))


def _links(land: Land, members: Positions) -> NDArray[np.int64]:
    """For every set the parcels adjacent to one of it, as bits."""
    place = {int(m): i for i, m in enumerate(members)}
    reach = np.zeros(1, dtype=np.int64)
    for m in members.tolist():
        link = sum(1 << place[n] for n in land.beside(m) if n in place)
        reach = np.concatenate([reach, reach | link])
    return reach


def _contiguous(masks: NDArray[np.intp], reach: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which sets hang together: from their first parcel everything is reached."""
    seen = masks & -masks
    while True:
        grown = (seen | reach[seen]) & masks
        if np.array_equal(grown, seen):
            return np.asarray(seen == masks)
        seen = grown

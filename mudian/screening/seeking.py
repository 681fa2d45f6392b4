"""Seeking (寻找地块): a good contiguous site of enough land by growing from many parcels and exchanging single ones.

Nothing found here is proven to be the best. A site that is handed back is contiguous and large enough, and no parcel
that comes, goes or takes the place of another makes it better (unless the limit of rounds was reached).
"""

from __future__ import annotations

from heapq import heappop, heappush

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from mudian.screening.contiguous import Floats, Land, Positions, Rows
from parcels.geometry.contiguity import components

Site = frozenset[int]
_HOPS, _FEW = 2, 10


def seek(
    land: Land, groups: pd.DataFrame, *, starts: int, grown_parcels: int, improved: int, rounds: int
) -> Site | None:
    """The best site that growing and exchanging finds.

    Parameters
    ----------
    land
        What can be chosen from.
    groups
        From :meth:`Land.groups`.
    starts
        From so many parcels sites are grown at most.
    grown_parcels
        About so many parcels are in the sites that are grown.
    improved
        So many parcels are in the sites that are improved, the best sites first.
    rounds
        Improvements of one site at most.
    """
    start, size = groups["start"].to_numpy(), groups["parcels"].to_numpy()
    inside = np.repeat(start - np.concatenate([[0], np.cumsum(size)[:-1]]), size) + np.arange(size.sum())
    members = np.sort(land.ordered[inside])
    piece = _pieces(land)
    grown: dict[Site, None] = {}
    levels = _levels(land)
    # Large sites take long to grow, so there are fewer of them.
    usual = float(np.median(land.area[members]))
    starts = int(np.clip(grown_parcels * usual / max(land.least, usual), _FEW, starts))
    seeds = _seeds(members, [piece, *levels] if land.objective == "owners" else levels, starts)
    for level in levels[:2]:
        for seed in seeds.tolist():
            site = _grow(land, seed, piece, level)
            if site is not None:
                grown[site] = None
    if not grown:
        return None
    ranked = sorted(((land.worth(s), s) for s in grown), key=lambda w: (*(-v for v in w[0]), sorted(w[1])))
    best, worth = ranked[0][1], ranked[0][0]
    effort = np.cumsum([len(site) for _, site in ranked])
    for _, site in ranked[: 1 + int(np.searchsorted(effort, improved))]:
        better = improve(land, site, rounds)
        if land.worth(better) > worth:
            best, worth = better, land.worth(better)
    return best


def _pieces(land: Land) -> Floats:
    """For each parcel the land of its first owner that hangs together with it."""
    size = len(land.area)
    one, other = land.near.parcels(), land.near.values
    who = land.owners.values[land.owners.start[:-1]]
    same = who[one] == who[other]
    label = components(size, one[same], other[same])
    mu = np.bincount(label, weights=np.where(land.label >= 0, land.area, 0.0), minlength=size)
    return np.asarray(mu[label], dtype=np.float64)


def _levels(land: Land) -> list[Floats]:
    """Gain per mu of every parcel: its own, and with its surroundings nearer and farther."""
    size = len(land.area)
    near = csr_array((np.ones(len(land.near.values)), land.near.values, land.near.start), shape=(size, size))
    here = land.label >= 0
    gain, area = np.where(here, land.gain, 0.0), np.where(here, land.area, 0.0)
    found = []
    for hop in range(_HOPS + 1):
        if hop:
            gain, area = gain + near @ gain, area + near @ area
        found.append(gain / np.where(area > 0, area, 1.0))
    return found


def _seeds(members: Positions, scores: list[Floats], starts: int) -> Positions:
    """The most promising parcels by each score; all of them where they are few."""
    if len(members) <= starts:
        return members
    each = starts // len(scores)
    return np.unique(np.concatenate([members[np.lexsort((members, -score[members]))][:each] for score in scores]))


def _grow(land: Land, start: int, piece: Floats, level: Floats) -> Site | None:
    """Add the best neighbour until the land is enough: the most gain per mu, or first those of owners already met."""
    by_owner = land.objective == "owners"
    enough = float(land.least * (1 - 1e-9))
    site, met, area = {start}, set(land.owners_of(start)), float(land.area[start])
    waiting: dict[int, list[int]] = {}
    queue: list[tuple[float, float, int]] = []
    seen = {start}

    def wait(parcel: int) -> None:
        if not by_owner:
            heappush(queue, (-float(level[parcel]), 0.0, parcel))
            return
        new = [who for who in land.owners_of(parcel) if who not in met]
        # A new owner comes after all that are met, one with much land before one with little.
        heappush(queue, (-float(piece[parcel]) if new else -np.inf, -float(level[parcel]), parcel))
        for who in new:
            waiting.setdefault(who, []).append(parcel)

    at = start
    while area < enough:
        for parcel in land.beside(at):
            if parcel not in seen:
                seen.add(parcel)
                wait(parcel)
        while queue and queue[0][2] in site:
            heappop(queue)
        if not queue:
            return None
        at = heappop(queue)[2]
        site.add(at)
        area += float(land.area[at])
        for who in (w for w in land.owners_of(at) if w not in met) if by_owner else ():
            met.add(who)
            for parcel in waiting.pop(who, ()):
                if parcel not in site:
                    wait(parcel)
    return frozenset(site)


def improve(land: Land, site: Site, rounds: int) -> Site:
    """Take away, add or exchange single parcels while the site becomes better and stays large enough."""
    for _ in range(rounds):
        moved = _step(land, site)
        if moved is None:
            return site
        site = moved
    return site


def _step(land: Land, site: Site) -> Site | None:
    """The best contiguous site that differs by one parcel or exchanges one for another; None if none is better."""
    at = np.array(sorted(site), dtype=np.int64)
    around = np.array(sorted({n for m in site for n in land.beside(m)} - site), dtype=np.int64)
    area = _table(land.area, at, around)
    gain = _table(land.gain, at, around)
    fits = land.enough(area) & (area > 0)
    fits[-1, -1] = False
    now = land.worth(site)
    out, come = np.nonzero(fits)
    one, two, three = land.order(area[fits], gain[fits], _owners(land, at, around)[fits])
    last = (two > now[1]) | ((two == now[1]) & (three > now[2]))
    better = np.flatnonzero((one > now[0]) | ((one == now[0]) & last))
    ways = _Ways(land, at)
    for k in better[np.lexsort((come[better], out[better], -three[better], -two[better], -one[better]))].tolist():
        new = int(around[come[k]]) if come[k] < len(around) else None
        if ways.whole(int(out[k]), new):
            gone = {int(at[out[k]])} if out[k] < len(at) else set()
            moved = site - gone | ({new} if new is not None else set())
            if land.worth(moved) > now:
                return moved
    return None


def _table(values: Floats, at: Positions, around: Positions) -> Floats:
    """The sum of a site for each parcel that goes (rows) and comes (columns), last of both for none."""
    total = values[at].sum()
    return np.asarray(total - np.append(values[at], 0.0)[:, None] + np.append(values[around], 0.0)[None, :])


def _owners(land: Land, at: Positions, around: Positions) -> NDArray[np.int64]:
    """The owners of a site for each parcel that goes (rows) and comes (columns)."""
    row, who = _of(land.owners, at)
    other, new = _of(land.owners, around)
    names, code = np.unique(np.concatenate([who, new]), return_inverse=True)
    mine, theirs = code[: len(who)], code[len(who) :]
    count = np.bincount(mine, minlength=len(names))
    last, fresh = count[mine] == 1, count[theirs] == 0
    leaves = np.bincount(row[last], minlength=len(at) + 1)
    enters = np.bincount(other[fresh], minlength=len(around) + 1)
    # An owner whose last parcel goes stays when one of the same owner comes.
    gone = csr_array((np.ones(last.sum(), np.int64), (row[last], mine[last])), shape=(len(at) + 1, len(names)))
    same = csr_array((np.ones(len(other), np.int64), (theirs, other)), shape=(len(names), len(around) + 1))
    return np.asarray((count > 0).sum() - leaves[:, None] + enters[None, :] + (gone @ same).toarray())


def _of(rows: Rows, at: Positions) -> tuple[Positions, Positions]:
    """The numbers of some parcels, with the place of each parcel."""
    size = rows.start[at + 1] - rows.start[at]
    place = np.repeat(np.arange(len(at)), size)
    inside = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
    return place, rows.values[rows.start[at][place] + inside]


class _Ways:
    """Whether a site hangs together without one of its parcels and with a new one."""

    def __init__(self, land: Land, at: Positions) -> None:
        place = {m: i for i, m in enumerate(at.tolist())}
        self._land, self._place, self._size = land, place, len(at)
        ends = [(i, place[n]) for m, i in place.items() for n in land.beside(m) if n in place]
        self._one, self._other = np.array(ends, dtype=np.int64).reshape(-1, 2).T
        self._parts: dict[int, Positions] = {}

    def whole(self, gone: int, come: int | None) -> bool:
        """Whether it does; ``gone`` is a place in the site, its size for none."""
        if gone == self._size:
            return True
        label = self._without(gone)
        parts = set(label.tolist()) - {-1}
        if come is None:
            return len(parts) == 1
        met = {int(label[self._place[n]]) for n in self._land.beside(come) if n in self._place} - {-1}
        return met == parts

    def _without(self, gone: int) -> Positions:
        """The part of every parcel when one is gone, whose own is -1."""
        if gone not in self._parts:
            kept = (self._one != gone) & (self._other != gone)
            label = components(self._size, self._one[kept], self._other[kept])
            label[gone] = -1
            self._parts[gone] = label
        return self._parts[gone]

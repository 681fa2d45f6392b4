"""From scores to grades by shares of the rank (按比例分档), without the order of rows deciding anything.

With rank r of N enterprises, a grade whose cumulative share is q % takes those with r / N ≤ q %. Counted in enterprises
this rounds the first grades down ("not above 20 %") and the last one up ("not below 5 %"). N counts those with a score
and, where the method says so, those of classes outside the ranking; an enterprise whose score is unknown is not in N.
The first grades are counted from the top, the last one from the bottom of the ranked list. Scores within 1e-9 of each
other are equal; equal scores share the better rank and always one grade.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mudian.rules.grading.lookup import Lookup
from mudian.rules.grading.method import Edge

Codes = NDArray[np.int64]
_SAME = 1e-9
UNKNOWN = -1


@dataclass(frozen=True)
class Ranks:
    """Places in a descending ranking; equal scores share ``first`` and ``last``."""

    first: Codes
    last: Codes


@dataclass(frozen=True)
class Edges:
    """Where the grades end.

    Attributes
    ----------
    shares
        Cumulative share at which each grade but the last ends, of one; None where it is not known.
    cuts
        Place after which each grade but the last ends; None where it is not known.
    lacking
        For every edge, what must be given to know it.
    rounded_up
        Whether the last grade has less than one whole enterprise by its share.
    """

    shares: tuple[Fraction | None, ...]
    cuts: tuple[int | None, ...]
    lacking: tuple[tuple[str, ...], ...]
    rounded_up: bool = False


def places(scores: NDArray[np.float64]) -> Ranks:
    """Places by score, 1 for the highest.

    Parameters
    ----------
    scores
        Scores without missing ones.

    Examples
    --------
    >>> ranks = places(np.array([70.0, 90.0, 70.0, 50.0]))
    >>> ranks.first.tolist(), ranks.last.tolist()
    ([2, 1, 2, 4], [3, 1, 3, 4])
    """
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    step = np.abs(np.diff(ordered)) > _SAME * np.maximum(np.abs(ordered[1:]), np.abs(ordered[:-1]))
    start = np.flatnonzero(np.concatenate([[True], step])) if len(scores) else np.zeros(0, np.int64)
    size = np.diff(np.append(start, len(scores)))
    first, last = np.empty(len(scores), np.int64), np.empty(len(scores), np.int64)
    first[order] = np.repeat(start + 1, size)
    last[order] = np.repeat(start + size, size)
    return Ranks(first, last)


def edges(lookup: Lookup, *, ranked: int, population: int) -> Edges:
    """Where the grades of a method end in a list.

    Parameters
    ----------
    lookup
        The method and its shares.
    ranked
        How many are in the ranking.
    population
        How many the shares are taken of.
    """
    bands = lookup.method.bands
    shares: list[Fraction | None] = []
    cuts: list[int | None] = []
    lacking: list[tuple[str, ...]] = []
    for band, following in pairwise(bands):
        if following.last is None:
            share, names = lookup.share(band.upto)
            cut = None if share is None else _count(share * population, band.edge)
        else:
            share, names = lookup.share(following.last)
            cut = None if share is None else population - math.ceil(share * population)
            share = None if share is None else 1 - share
        shares, cuts, lacking = [*shares, share], [*cuts, cut], [*lacking, names]
    last_share = shares[-1]
    rounded = last_share is not None and 0 < (1 - last_share) * population < 1
    return Edges(tuple(shares), _from_both_ends(cuts, ranked, population), tuple(lacking), rounded)


def _count(exact: Fraction, edge: Edge) -> int:
    if edge == "half_up":
        return math.floor(exact + Fraction(1, 2))
    if edge == "below":
        return math.ceil(exact) - 1
    return math.ceil(exact) if edge == "up" else math.floor(exact)


def _from_both_ends(cuts: Sequence[int | None], ranked: int, population: int) -> tuple[int | None, ...]:
    """The last grade is counted from the bottom of the ranking; the others end before it at the latest."""
    bottom = cuts[-1]
    last = ranked if bottom is None else max(ranked - (population - bottom), 0)
    upper = [None if c is None else min(c, last) for c in cuts[:-1]]
    return (*upper, None if bottom is None else last)


def classes(ranks: Ranks, cuts: Sequence[int | None], *, up: Sequence[bool]) -> Codes:
    """The grade of every place: 0 for the first, -1 where an unknown edge leaves it open.

    Parameters
    ----------
    ranks
        Places.
    cuts
        Place after which each grade but the last ends; None for unknown.
    up
        For each edge, whether equal scores across it all go to the better side.

    Examples
    --------
    >>> ranks = places(np.array([9.0, 8.0, 8.0, 5.0]))
    >>> classes(ranks, [2], up=[False]).tolist(), classes(ranks, [2], up=[True]).tolist()
    ([0, 1, 1, 1], [0, 0, 0, 1])
    """
    size = len(ranks.first)
    low, high = _bounds(cuts, size)
    best, worst = _classes(ranks, high, up), _classes(ranks, low, up)
    return np.where(best == worst, best, UNKNOWN)


def _bounds(cuts: Sequence[int | None], size: int) -> tuple[list[int], list[int]]:
    """The least and the greatest that unknown edges may be, between their known neighbours."""
    low, high, least = [], [], 0
    for n, cut in enumerate(cuts):
        least = least if cut is None else cut
        low.append(least)
        high.append(next((c for c in cuts[n:] if c is not None), size))
    return low, high


def _classes(ranks: Ranks, cuts: Sequence[int], up: Sequence[bool]) -> Codes:
    result = np.full(len(ranks.first), len(cuts), np.int64)
    for code in range(len(cuts) - 1, -1, -1):
        # Edges that coincide are one: that of the last grade, else that of the first, says where its ties go.
        side = up[-1] if cuts[code] == cuts[-1] else up[0] if cuts[code] == cuts[0] else up[code]
        place = ranks.first if side else ranks.last
        result = np.where(place <= cuts[code], code, result)
    return result


def tied(ranks: Ranks, cuts: Sequence[int | None]) -> NDArray[np.bool_]:
    """Whose equals stand on both sides of an edge."""
    crossing = [(ranks.first <= c) & (c < ranks.last) for c in cuts if c is not None]
    return np.asarray(np.any(crossing, axis=0)) if crossing else np.zeros(len(ranks.first), bool)

"""Common borders (共用边界): which figures share one, and how much of a boundary runs along roads.

Borders closer than the tolerance are common; a corner alone does not count. A long boundary meets many neighbours, each
along a small part of it: it is cut into short stretches, and a border that both figures have vertex by vertex is found
without any geometry. Neither changes what is found.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

Geometries = NDArray[np.object_]
Floats = NDArray[np.float64]
Positions = NDArray[np.intp]

_STRETCH = 16  # segments of a boundary that are looked at together
_CORNER = 10  # tolerances of common border that a corner alone may seem to have


@dataclass(frozen=True)
class _Segments:
    """The straight parts of all boundaries: both ends (x, y, x, y), their figure, and the stretch they belong to."""

    ends: Floats
    owner: Positions
    stretch: Positions


def touching(geoms: Geometries, others: Geometries | None, tolerance: float) -> list[tuple[int, ...]]:
    """Positions of the others that have a border in common with each figure.

    Parameters
    ----------
    geoms
        Polygons in a plane in metres.
    others
        Polygons in the same plane; ``geoms`` itself for neighbours among themselves.
    tolerance
        Borders closer than this (in metres) are common; ten times as much of them is needed.

    Examples
    --------
    >>> row = shapely.box([0, 10, 20], 0, [10, 20, 30], [10, 10, 5])
    >>> touching(row, row, 0.05)
    [(1,), (0, 2), (1,)]
    """
    if others is None:
        return [()] * len(geoms)
    enough = _CORNER * tolerance
    segments = _segments(geoms)
    lines, owner = _stretches(segments)
    second, stretch = shapely.STRtree(lines).query(others, predicate="dwithin", distance=tolerance)
    first = owner[stretch]
    own = (first == second) if others is geoms else np.zeros(len(first), dtype=bool)
    first, second, stretch = first[~own], second[~own], stretch[~own]
    pairs, pair = np.unique(first * max(len(others), 1) + second, return_inverse=True)
    first_of, second_of = np.divmod(pairs, max(len(others), 1))
    shared = _same_border(segments, others, pairs, np.unique(second)) > enough
    open_ = ~shared[pair]
    length = shapely.length(_near(lines, stretch[open_], others, second[open_], tolerance))
    shared |= np.bincount(pair[open_], weights=length, minlength=len(pairs)) > enough
    cuts = np.searchsorted(first_of[shared], np.arange(1, len(geoms)))
    return [tuple(group.tolist()) for group in np.split(second_of[shared], cuts)][: len(geoms)]


def frontage(geoms: Geometries, roads: Geometries, tolerance: float) -> Floats:
    """Length of each boundary along roads in metres, counted once where roads meet.

    Parameters
    ----------
    geoms
        Polygons in a plane in metres.
    roads
        Areas or lines in the same plane.
    tolerance
        Borders closer than this (in metres) run along the road.
    """
    lines, owner = _stretches(_segments(geoms))
    road, stretch = shapely.STRtree(lines).query(roads, predicate="dwithin", distance=tolerance)
    parts = _near(lines, stretch, roads, road, tolerance)
    order = np.argsort(stretch, kind="stable")
    found, starts, counts = np.unique(stretch[order], return_index=True, return_counts=True)
    length = shapely.length(parts[order[starts]])
    for several in np.flatnonzero(counts > 1):
        group = order[starts[several] : starts[several] + counts[several]]
        length[several] = shapely.length(shapely.union_all(parts[group]))
    return np.bincount(owner[found], weights=length, minlength=len(geoms)).astype(float)


def matched(geoms: Geometries, first: Positions, second: Positions) -> Floats:
    """For each pair of figures the length of border that both have vertex by vertex.

    At most what they have in common: a border that runs on past a vertex of the other figure is not counted.

    Parameters
    ----------
    geoms
        Polygons in a plane in metres.
    first, second
        Pairs, each once, with first < second.

    Examples
    --------
    >>> row = shapely.box([0, 10, 20], 0, [10, 20, 30], [10, 10, 5])
    >>> matched(row, np.array([0, 1]), np.array([1, 2])).tolist()
    [10.0, 0.0]
    """
    segments = _segments(geoms)
    ends = _undirected(segments.ends)
    key = _hash(ends)
    order = np.argsort(key, kind="stable")
    ends, owner, key = ends[order], segments.owner[order], key[order]
    pairs = first * max(len(geoms), 1) + second
    known = np.argsort(pairs, kind="stable")
    length = np.zeros(len(pairs))
    step, same = 1, np.flatnonzero(key[1:] == key[:-1])
    # Where figures overlap, more than two may have a segment: the next but one is compared as well, and so on.
    while len(same) and len(pairs):
        equal = same[(ends[same] == ends[same + step]).all(axis=1)]
        low, high = (f(owner[equal], owner[equal + step]) for f in (np.minimum, np.maximum))
        wanted = low * max(len(geoms), 1) + high
        place = known[np.minimum(np.searchsorted(pairs, wanted, sorter=known), len(pairs) - 1)]
        there = pairs[place] == wanted
        at = ends[equal[there]]
        np.add.at(length, place[there], np.hypot(at[:, 2] - at[:, 0], at[:, 3] - at[:, 1]))
        step += 1
        same = same[same + step < len(key)]
        same = same[key[same] == key[same + step]]
    return length


def _near(lines: Geometries, line: Positions, others: Geometries, other: Positions, tolerance: float) -> Geometries:
    """For each pair the part of the line that is within the tolerance of the other figure."""
    met, place = np.unique(other, return_inverse=True)
    reach = shapely.buffer(others[met], tolerance, quad_segs=1)
    return np.asarray(shapely.intersection(lines[line], reach[place]), dtype=object)


def _segments(geoms: Geometries) -> _Segments:
    rings, owner = shapely.get_parts(shapely.boundary(geoms), return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    start = np.flatnonzero(ring[1:] == ring[:-1])
    count = np.bincount(ring[start], minlength=len(rings))
    place = np.arange(len(start)) - np.repeat(np.cumsum(count) - count, count)
    stretch = np.cumsum(place % _STRETCH == 0) - 1
    return _Segments(np.hstack([xy[start], xy[start + 1]]), owner[ring[start]], stretch)


def _stretches(segments: _Segments) -> tuple[Geometries, Positions]:
    """The boundaries cut into lines of a few segments, and the figure that each belongs to."""
    if not len(segments.stretch):
        return np.empty(0, dtype=object), np.empty(0, dtype=np.intp)
    first = np.flatnonzero(np.diff(segments.stretch, prepend=-1))
    last = np.flatnonzero(np.diff(segments.stretch, append=segments.stretch[-1] + 1))
    xy = np.insert(segments.ends[:, :2], last + 1, segments.ends[last, 2:], axis=0)
    line = np.insert(segments.stretch, last + 1, segments.stretch[last])
    return np.asarray(shapely.linestrings(xy, indices=line), dtype=object), segments.owner[first]


def _same_border(segments: _Segments, others: Geometries, pairs: Positions, met: Positions) -> Floats:
    """For each pair the length of border that both have vertex by vertex; at most what they have in common."""
    theirs = _segments(others[met])
    own, their = _undirected(segments.ends), _undirected(theirs.ends)
    length = np.zeros(len(pairs))
    if not len(own) or not len(their):
        return length
    key, wanted = _hash(own), _hash(their)
    order = np.argsort(key, kind="stable")
    at = order[np.minimum(np.searchsorted(key[order], wanted), len(key) - 1)]
    same = np.flatnonzero((own[at] == their).all(axis=1))
    pair = segments.owner[at[same]] * max(len(others), 1) + met[theirs.owner[same]]
    place = np.minimum(np.searchsorted(pairs, pair), len(pairs) - 1)
    known = pairs[place] == pair
    ends = own[at[same[known]]]
    np.add.at(length, place[known], np.hypot(ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1]))
    return length


def _undirected(ends: Floats) -> Floats:
    """Segments with their lesser end first."""
    turn = (ends[:, 0] > ends[:, 2]) | ((ends[:, 0] == ends[:, 2]) & (ends[:, 1] > ends[:, 3]))
    return np.where(turn[:, None], ends[:, [2, 3, 0, 1]], ends)


def _hash(ends: Floats) -> NDArray[np.uint64]:
    """A number for each segment; equal segments have equal numbers, and what is found is compared once more."""
    mixed = np.zeros(len(ends), dtype=np.uint64)
    for column in ends.T:
        mixed = mixed * np.uint64(31) + pd.util.hash_array(np.ascontiguousarray(column))
    return mixed

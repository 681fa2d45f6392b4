"""Contiguity (连片): which figures lie beside each other, and which groups they form.

Caveat: a gap up to the tolerance is bridged, so two figures on both sides of a lane narrower than it count as one. A
corner alone is no border. What runs along a barrier (a road) is no border either, however narrow the road is.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from parcels.geometry.borders import matched
from parcels.geometry.robust import overlay

Geometries = NDArray[np.object_]
Floats = NDArray[np.float64]
Positions = NDArray[np.intp]

_TOUCH = 0.05  # metres between borders that are common all the same
_SHARE = 1e-9  # of an area that rounding may change
_TIE = 1e-6  # metres of border that rounding may take away


def adjacent(
    geoms: Geometries,
    *,
    gap: float,
    min_border: float,
    barriers: Geometries | None = None,
    groups: NDArray[np.int64] | None = None,
) -> pd.DataFrame:
    """Pairs of figures that share a border, or face each other over a gap.

    Parameters
    ----------
    geoms
        Polygons in a plane in metres; missing and empty ones have no neighbours.
    gap
        Gaps up to this (in metres) are bridged.
    min_border
        Least length (in metres) over which two figures face each other.
    barriers
        Lines or areas; a stretch of border closer to one than ``gap`` does not count.
    groups
        Only figures of one group are neighbours.

    Returns
    -------
    DataFrame
        ``first``, ``second`` (positions, first < second), ``border_m`` and ``gap_m``, in order. The border is at most
        the true length; exact where figures touch along the same vertices.

    Examples
    --------
    >>> row = shapely.box([0, 100, 200.5, 300], [0, 0, 0, 100], [100, 200, 300, 400], [100, 100, 100, 200])
    >>> adjacent(row, gap=1.0, min_border=10.0)[["first", "second"]].to_numpy().tolist()
    [[0, 1], [1, 2]]
    """
    there = np.flatnonzero(~(shapely.is_missing(geoms) | shapely.is_empty(geoms)))
    land, gap = geoms[there], max(gap, _TOUCH)
    first, second = _in_reach(land, gap, None if groups is None else groups[there])
    near = None if barriers is None else _near(land, barriers, gap)
    border, apart = matched(land, first, second), np.zeros(len(first))
    if near is not None:
        border[~(shapely.is_missing(near[first]) & shapely.is_missing(near[second]))] = 0.0
    # A border that both have vertex by vertex, far from any barrier, is known. Where a figure has little boundary in
    # the rectangle round the other there can be none. What is left needs geometry.
    open_, lines = np.flatnonzero(border < min_border - _TIE), _lines(land)
    border[open_] = 0.0
    for one, other in ((first, second), (second, first)):
        open_ = open_[_within_reach(land, lines, one[open_], other[open_], gap) >= min_border - _TIE]
    apart[open_] = shapely.distance(land[first[open_]], land[second[open_]])
    open_ = open_[apart[open_] <= gap]
    border[open_] = _common(land, first[open_], second[open_], apart[open_], gap, near)
    kept = border >= min_border - _TIE
    return _pairs(there[first[kept]], there[second[kept]], border[kept], apart[kept])


def across(
    geoms: Geometries,
    roads: Geometries,
    *,
    gap: float,
    min_border: float,
    widest: float,
    groups: NDArray[np.int64] | None = None,
) -> pd.DataFrame:
    """Pairs of figures that face each other with nothing but a road between.

    Parameters
    ----------
    geoms
        Polygons in a plane in metres; missing and empty ones have no neighbours.
    roads
        Areas or lines in the same plane. Where roads are areas, the shortest way from one figure to the other runs in
        them, but for stretches up to ``gap``; where they are lines, it crosses one.
    gap, min_border, groups
        As in :func:`adjacent`.
    widest
        Greatest distance (in metres) over a road.

    Returns
    -------
    DataFrame
        As :func:`adjacent` gives it.

    Examples
    --------
    >>> blocks = shapely.box([0, 120, 300], 0, [100, 220, 400], 100)
    >>> street = np.array([shapely.LineString([(110, -50), (110, 150)])])
    >>> across(blocks, street, gap=1.0, min_border=10.0, widest=40.0)[["first", "second", "gap_m"]].to_numpy().tolist()
    [[0.0, 1.0, 20.0]]
    """
    there = np.flatnonzero(~(shapely.is_missing(geoms) | shapely.is_empty(geoms)))
    solid = roads[~(shapely.is_missing(roads) | shapely.is_empty(roads))]
    land, gap = geoms[there], max(gap, _TOUCH)
    first, second = _in_reach(land, widest, None if groups is None else groups[there])
    way = shapely.shortest_line(land[first], land[second])
    apart = shapely.length(way)
    open_ = np.flatnonzero((apart > gap) & (apart <= widest))
    open_ = open_[_by_road(way[open_], solid, gap)]
    first, second, apart = first[open_], second[open_], apart[open_]
    border = _common(land, first, second, apart, apart + gap, None)
    kept = border >= min_border - _TIE
    return _pairs(there[first[kept]], there[second[kept]], border[kept], apart[kept])


def _in_reach(land: Geometries, gap: float, groups: NDArray[np.int64] | None) -> tuple[Positions, Positions]:
    """Pairs of figures of one group whose rectangles are no farther apart than the gap, each once."""
    wide = shapely.box(*(shapely.bounds(land) + np.array([-gap, -gap, gap, gap])).T)
    first, second = shapely.STRtree(land).query(wide)
    once = first < second
    if groups is not None:
        once &= groups[first] == groups[second]
    return first[once], second[once]


def _common(
    land: Geometries, first: Positions, second: Positions, apart: Floats, gap: float | Floats, near: Geometries | None
) -> Floats:
    """Length over which figures face each other; no more than either has in reach of the other."""
    # Beyond both ends of a common border the reach bends round the corners by this much.
    excess = 2 * np.sqrt(np.maximum(gap**2 - apart**2, 0.0))
    one, other = (_facing(land, *ends, gap, near) for ends in ((first, second), (second, first)))
    return np.asarray(np.minimum(one, other) - excess, dtype=np.float64)


def _pairs(first: Positions, second: Positions, border: Floats, apart: Floats) -> pd.DataFrame:
    found = pd.DataFrame({"first": first, "second": second, "border_m": border, "gap_m": apart})
    return found.sort_values(["first", "second"], ignore_index=True)


def _by_road(way: Geometries, roads: Geometries, gap: float) -> NDArray[np.bool_]:
    """Which straight ways run in a road or across the line of one."""
    place, road = shapely.STRtree(roads).query(way, predicate="intersects")
    met = shapely.get_dimensions(roads[road]) < 2
    found = np.bincount(place[met], minlength=len(way)) > 0
    place, road = place[~met], road[~met]
    left = way.copy()
    order = np.argsort(place, kind="stable")
    which, start = np.unique(place[order], return_index=True)
    for at, part in zip(which.tolist(), np.split(order, start[1:]) if len(which) else [], strict=True):
        left[at] = overlay(shapely.difference, way[at], shapely.union_all(roads[road[part]]))
    inside = np.zeros(len(way), dtype=bool)
    inside[which] = shapely.length(left[which]) <= 2 * gap
    return np.asarray(found | inside)


def components(size: int, first: Positions, second: Positions) -> NDArray[np.int64]:
    """Connected groups of a graph.

    Parameters
    ----------
    size
        Number of nodes.
    first, second
        Edges.

    Returns
    -------
    ndarray
        For each node the least node of its group.

    Examples
    --------
    >>> components(5, np.array([3, 1]), np.array([4, 3])).tolist()
    [0, 1, 2, 1, 1]
    """
    label = np.arange(size, dtype=np.int64)
    while True:
        a, b = label[first], label[second]
        open_ = a != b
        if not open_.any():
            return label
        low, high = np.minimum(a, b)[open_], np.maximum(a, b)[open_]
        np.minimum.at(label, high, low)
        while not np.array_equal(jumped := label[label], label):
            label = jumped


def united(geoms: Geometries, groups: NDArray[np.int64], *, gap: float = 0.0) -> Geometries:
    """One figure for each group 0, 1, 2 …; gaps up to ``gap`` inside a group are closed.

    Parameters
    ----------
    geoms
        Polygons in a plane in metres.
    groups
        Group of every figure.
    gap
        Width (in metres) that is closed; the outline outside of gaps stays as it is.
    """
    if not len(groups):
        return np.empty(0, dtype=object)
    order = np.argsort(groups, kind="stable")
    parts = np.split(order, np.searchsorted(groups[order], np.arange(1, int(groups.max()) + 1)))
    whole = np.array([_coverage(geoms[part]) for part in parts], dtype=object)
    # Along common vertices figures are joined fast; that went well if no land was lost and nothing is counted twice.
    area = np.bincount(groups, weights=np.nan_to_num(shapely.area(geoms)), minlength=len(parts))
    bad = ~shapely.is_valid(whole) | ~np.isclose(shapely.area(whole), area, rtol=_SHARE, atol=0.0)
    for place in np.flatnonzero(bad):
        whole[place] = shapely.union_all(geoms[parts[place]])
    return closed(whole, gap) if gap > 0 else whole


def closed(geoms: Geometries, gap: float) -> Geometries:
    """Figures of several parts with the gaps up to so many metres between them filled; the outline stays as it is."""
    made = geoms.copy()
    several = shapely.get_num_geometries(geoms) > 1
    wide = shapely.buffer(geoms[several], gap, join_style="mitre")
    made[several] = overlay(shapely.union, geoms[several], shapely.buffer(wide, -gap, join_style="mitre"))
    return made


def _coverage(parts: Geometries) -> shapely.Geometry | None:
    """Several figures as one, if they do not overlap and share their vertices; something else or nothing if not."""
    try:
        return shapely.coverage_union_all(parts)
    except shapely.errors.GEOSException:
        return None


def _lines(land: Geometries) -> tuple[Floats, Floats, Positions]:
    """Both ends of all straight parts of boundaries, figure by figure, and how many each figure has."""
    xy, figure = shapely.get_coordinates(land, return_index=True)
    size = shapely.get_num_coordinates(shapely.get_rings(shapely.get_parts(land)))
    ring = np.repeat(np.arange(len(size)), size)
    start = np.flatnonzero(ring[1:] == ring[:-1])
    return xy[start], xy[start + 1], np.bincount(figure[start], minlength=len(land))


def _within_reach(
    land: Geometries, lines: tuple[Floats, Floats, Positions], one: Positions, other: Positions, gap: float
) -> Floats:
    """Length of the boundary of one figure in the rectangle round the other, widened by the gap."""
    start, end, count = lines
    size = count[one]
    pair = np.repeat(np.arange(len(one)), size)
    at = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size - (np.cumsum(count) - count)[one], size)
    box = shapely.bounds(land)[other] + np.array([-gap, -gap, gap, gap])
    length = np.hypot(*(end[at] - start[at]).T) * _inside(start[at], end[at], box[pair])
    return np.asarray(np.bincount(pair, weights=length, minlength=len(one)), dtype=np.float64)


def _inside(one: Floats, other: Floats, box: Floats) -> Floats:
    """The share of each straight line that lies in its rectangle."""
    low, high = np.zeros(len(one)), np.ones(len(one))
    for axis in (0, 1):
        run = other[:, axis] - one[:, axis]
        flat = run == 0
        step = np.where(flat, 1.0, run)
        ends = np.stack([(box[:, axis] - one[:, axis]) / step, (box[:, axis + 2] - one[:, axis]) / step])
        outside = flat & ((one[:, axis] < box[:, axis]) | (one[:, axis] > box[:, axis + 2]))
        low = np.maximum(low, np.where(flat, np.where(outside, 1.0, 0.0), ends.min(axis=0)))
        high = np.minimum(high, np.where(flat, np.where(outside, 0.0, 1.0), ends.max(axis=0)))
    return np.asarray(np.maximum(high - low, 0.0))


def _facing(land: Geometries, one: Positions, other: Positions, gap: float | Floats, near: Geometries | None) -> Floats:
    """Length of the boundary of one figure that is within reach of the other and along no barrier."""
    if isinstance(gap, np.ndarray):
        reach = shapely.buffer(land[other], gap, quad_segs=4)
    else:
        met, place = np.unique(other, return_inverse=True)
        reach = shapely.buffer(land[met], gap, quad_segs=4)[place]
    contact = overlay(shapely.intersection, shapely.boundary(land[one]), reach)
    if near is not None:
        open_ = ~shapely.is_missing(near[one])
        contact[open_] = overlay(shapely.difference, contact[open_], near[one[open_]])
    return np.asarray(shapely.length(contact), dtype=np.float64)


def _near(land: Geometries, barriers: Geometries, gap: float) -> Geometries:
    """For each figure the surroundings of the barriers near it; missing where there are none."""
    solid = barriers[~(shapely.is_missing(barriers) | shapely.is_empty(barriers))]
    figure, barrier = shapely.STRtree(solid).query(land, predicate="dwithin", distance=2 * gap)
    found = np.full(len(land), None, dtype=object)
    if len(figure):
        window = shapely.buffer(shapely.envelope(land[figure]), 4 * gap, join_style="mitre")
        parts = shapely.buffer(shapely.intersection(solid[barrier], window), gap, quad_segs=4)
        order = np.argsort(figure, kind="stable")
        which, starts = np.unique(figure[order], return_index=True)
        for place, part in zip(which, np.split(order, starts[1:]), strict=True):
            found[place] = shapely.union_all(parts[part])
    return found

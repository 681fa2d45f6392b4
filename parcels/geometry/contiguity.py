"""Contiguity (连片): which figures lie beside each other, and which groups they form.

Caveat: a gap up to the tolerance is bridged, so two figures on both sides of a lane narrower than it count as one. A
corner alone is no border. What runs along a barrier (a road) is no border either, however narrow the road is.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

Geometries = NDArray[np.object_]
Floats = NDArray[np.float64]
Positions = NDArray[np.intp]

_TOUCH = 0.05  # metres between borders that are common all the same
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
        ``first``, ``second`` (positions, first < second), ``border_m`` and ``gap_m``, in order. A border of touching
        figures is exact; over a gap it is at most the true facing length.

    Examples
    --------
    >>> row = shapely.box([0, 100, 200.5, 300], [0, 0, 0, 100], [100, 200, 300, 400], [100, 100, 100, 200])
    >>> adjacent(row, gap=1.0, min_border=10.0)[["first", "second"]].to_numpy().tolist()
    [[0, 1], [1, 2]]
    """
    there = np.flatnonzero(~(shapely.is_missing(geoms) | shapely.is_empty(geoms)))
    land, gap = geoms[there], max(gap, _TOUCH)
    first, second = shapely.STRtree(land).query(land, predicate="dwithin", distance=gap)
    once = first < second
    if groups is not None:
        once &= groups[there][first] == groups[there][second]
    first, second = first[once], second[once]
    apart = shapely.distance(land[first], land[second])
    # Beyond both ends of a common border the reach bends round the corners by this much.
    excess = 2 * np.sqrt(np.maximum(gap**2 - apart**2, 0.0))
    near = None if barriers is None else _near(land, barriers, gap)
    border = _facing(land, first, second, gap, near) - excess
    long = np.flatnonzero(border >= min_border - _TIE)
    first, second, border, apart = first[long], second[long], border[long], apart[long]
    border = np.minimum(border, _facing(land, second, first, gap, near) - excess[long])
    kept = border >= min_border - _TIE
    columns = {"first": there[first], "second": there[second], "border_m": border, "gap_m": apart}
    found = pd.DataFrame({name: cells[kept] for name, cells in columns.items()})
    return found.sort_values(["first", "second"], ignore_index=True)


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
    order = np.argsort(groups, kind="stable")
    cuts = np.searchsorted(groups[order], np.arange(1, int(groups.max(initial=-1)) + 1))
    made = [shapely.union_all(geoms[part]) for part in np.split(order, cuts)] if len(groups) else []
    whole = np.array(made, dtype=object)
    several = shapely.get_num_geometries(whole) > 1
    if gap > 0 and several.any():
        closed = shapely.buffer(shapely.buffer(whole[several], gap, join_style="mitre"), -gap, join_style="mitre")
        whole[several] = shapely.union(whole[several], closed)
    return whole


def _facing(land: Geometries, one: Positions, other: Positions, gap: float, near: Geometries | None) -> Floats:
    """Length of the boundary of one figure that is within reach of the other and along no barrier."""
    met, place = np.unique(other, return_inverse=True)
    reach = shapely.buffer(land[met], gap, quad_segs=4)
    contact = shapely.intersection(shapely.boundary(land[one]), reach[place])
    if near is not None:
        open_ = ~shapely.is_missing(near[one])
        contact[open_] = shapely.difference(contact[open_], near[one[open_]])
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

"""Pieces of remaining land (剩余地块): how large, how wide, along which road, beside which neighbour.

Caveat: the width (最大内切圆直径) is that of the widest place, not of the narrowest: a lane that opens into a yard has
the width of the yard. It is found within twice the tolerance, and a hundred times closer where the minimum is near.
Touching means a common border; a corner alone does not count.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

Geometries = NDArray[np.object_]
Floats = NDArray[np.float64]
Positions = NDArray[np.intp]
Areas = Callable[[Geometries], Floats]

_FINER = 0.01  # of the tolerance, where the width is near the minimum
_CORNER = 10  # tolerances of common border that a corner alone may seem to have


def pieces(
    left: Geometries,
    *,
    area: Areas,
    min_area_m2: float | None = None,
    min_width_m: float | None = None,
    neighbours: Geometries | None = None,
    roads: Geometries | None = None,
    tolerance_m: float = 0.05,
) -> pd.DataFrame:
    """Part what is left of the zones into pieces, and tell usable ones from fragments.

    Parameters
    ----------
    left
        What is left of each zone, in a plane in metres; missing and empty figures have no pieces.
    area
        Measures an array of figures in square metres.
    min_area_m2, min_width_m
        Below either, a piece is a fragment; ``None`` is not tested.
    neighbours
        Parcels that a piece may be merged with.
    roads
        Areas or centre lines along which frontage is measured.
    tolerance_m
        Borders closer than this are common; a width is at most twice this too small.

    Returns
    -------
    pandas.DataFrame
        ``zone`` (position in ``left``), ``geometry``, ``area_m2``, ``width_m`` (diameter of the largest inscribed
        circle), ``shape_index`` (perimeter over that of the circle of the same plane area), ``frontage_m`` (NaN
        without roads), ``touching`` (number of neighbours), ``neighbours`` (positions of touching parcels),
        ``pieces`` (positions of touching pieces) and ``class``: ``usable``, ``fragment``, missing if nothing is tested.

    Examples
    --------
    >>> field, strip = shapely.box(0, 0, 100, 50), shapely.box(200, 0, 300, 4)
    >>> found = pieces(np.array([shapely.union(field, strip)]), area=shapely.area, min_width_m=20)
    >>> found["width_m"].round(1).tolist(), found["class"].tolist()
    ([50.0, 4.0], ['usable', 'fragment'])
    """
    geoms, zone = shapely.get_parts(left, return_index=True)
    there = shapely.area(geoms) > 0
    geoms, zone = geoms[there], zone[there]
    area_m2 = area(geoms)
    width = _widths(geoms, min_width_m, tolerance_m)
    parcels = _touching(geoms, neighbours, tolerance_m)
    others = _touching(geoms, geoms, tolerance_m)
    found = {
        "zone": zone.astype(np.int64),
        "geometry": geoms,
        "area_m2": area_m2,
        "width_m": width,
        "shape_index": shapely.length(geoms) / (2 * np.sqrt(np.pi * shapely.area(geoms))),
        "frontage_m": np.full(len(geoms), np.nan) if roads is None else _frontage(geoms, roads, tolerance_m),
        "touching": np.array([len(a) + len(b) for a, b in zip(parcels, others, strict=True)], dtype=np.int64),
        "neighbours": pd.Series(parcels, dtype=object),
        "pieces": pd.Series(others, dtype=object),
        "class": _classes(area_m2, width, min_area_m2, min_width_m, tolerance_m),
    }
    return pd.DataFrame(found)


def _classes(
    area_m2: Floats, width: Floats, min_area_m2: float | None, min_width_m: float | None, tolerance: float
) -> pd.Series:
    """Usable or fragment; a width that cannot be told from the minimum reaches it."""
    if min_area_m2 is None and min_width_m is None:
        return pd.Series(pd.NA, index=range(len(width)), dtype="str")
    small = np.zeros(len(width), dtype=bool)
    if min_area_m2 is not None:
        small |= area_m2 < min_area_m2
    if min_width_m is not None:
        small |= width < min_width_m - 2 * tolerance * _FINER
    return pd.Series(np.where(small, "fragment", "usable"), dtype="str")


# ------------------------------------------------------------------------------------------------------- width


def _widths(geoms: Geometries, minimum: float | None, tolerance: float) -> Floats:
    """Diameters of the largest inscribed circles, sought more closely where a minimum is near."""
    width = _diameter(geoms, tolerance)
    if minimum is not None:
        near = (width < minimum) & (width >= minimum - 2 * tolerance)
        width[near] = _diameter(geoms[near], tolerance * _FINER)
    return width


def _diameter(geoms: Geometries, tolerance: float) -> Floats:
    return np.asarray(2 * shapely.length(shapely.maximum_inscribed_circle(geoms, tolerance=tolerance)), dtype=float)


# ----------------------------------------------------------------------------------------------------- borders


def _common(geoms: Geometries, others: Geometries, tolerance: float) -> tuple[Positions, Positions, Geometries]:
    """Pairs that are close, and the part of the first one's boundary that is within the tolerance of the second."""
    first, second = shapely.STRtree(others).query(geoms, predicate="dwithin", distance=tolerance)
    border, reach = shapely.boundary(geoms), shapely.buffer(others[np.unique(second)], tolerance, quad_segs=1)
    return first, second, shapely.intersection(border[first], reach[np.searchsorted(np.unique(second), second)])


def _frontage(geoms: Geometries, roads: Geometries, tolerance: float) -> Floats:
    """Length of the boundary along roads, counted once where roads meet."""
    first, _, lines = _common(geoms, roads, tolerance)
    length = np.zeros(len(geoms))
    order = np.argsort(first, kind="stable")
    owners, starts = np.unique(first[order], return_index=True)
    groups = np.split(lines[order], starts[1:]) if len(owners) else []
    length[owners] = [shapely.length(shapely.union_all(group)) for group in groups]
    return length


def _touching(geoms: Geometries, others: Geometries | None, tolerance: float) -> list[tuple[int, ...]]:
    """Positions of the others that have a border in common with each figure."""
    if others is None:
        return [()] * len(geoms)
    first, second, lines = _common(geoms, others, tolerance)
    shared = shapely.length(lines) > _CORNER * tolerance
    if others is geoms:
        shared &= first != second
    first, second = first[shared], second[shared]
    order = np.lexsort((second, first))
    cuts = np.searchsorted(first[order], np.arange(1, len(geoms)))
    return [tuple(group.tolist()) for group in np.split(second[order], cuts)][: len(geoms)]

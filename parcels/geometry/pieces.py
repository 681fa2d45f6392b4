"""Pieces of remaining land (剩余地块): how large, how wide, along which road, beside which neighbour.

With a least width, corridors are cut off where they become narrow, and are pieces of their own. The width
(最大内切圆直径) is that of the widest place. It is found within twice the tolerance, and 100 times closer near the
minimum. Touching means a common border; a corner alone does not count.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from parcels.geometry.borders import frontage, touching
from parcels.geometry.corridors import cut_corridors

Geometries = NDArray[np.object_]
Floats = NDArray[np.float64]
Areas = Callable[[Geometries], Floats]

_FINER = 0.01  # of the tolerance, where the width is near the minimum
_GROUP = 64  # pieces whose circles are sought together


def pieces(
    left: Geometries,
    *,
    area: Areas,
    min_area_m2: float | None = None,
    min_width_m: float | None = None,
    neighbours: Geometries | None = None,
    roads: Geometries | None = None,
    tolerance_m: float = 0.05,
    threads: int = 1,
) -> pd.DataFrame:
    """Part what is left of the zones into pieces, and tell usable ones from fragments.

    Parameters
    ----------
    left
        What is left of each zone, in a plane in metres; missing and empty figures have no pieces.
    area
        Measures an array of figures in square metres.
    min_area_m2, min_width_m
        Below either, a piece is a fragment; ``None`` is not tested. What is narrower than the width is cut off first.
    neighbours
        Parcels that a piece may be merged with.
    roads
        Areas or centre lines along which frontage is measured.
    tolerance_m
        Borders closer than this are common; a width is at most twice this too small.
    threads
        How many widths are sought at the same time; the result is the same to the last bit.

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
    if min_width_m:
        geoms, figure = cut_corridors(geoms, min_width_m)
        zone = zone[figure]
    area_m2 = area(geoms)
    width = _widths(geoms, min_width_m, tolerance_m, threads)
    parcels = touching(geoms, neighbours, tolerance_m)
    others = touching(geoms, geoms, tolerance_m)
    found = {
        "zone": zone.astype(np.int64),
        "geometry": geoms,
        "area_m2": area_m2,
        "width_m": width,
        "shape_index": shapely.length(geoms) / (2 * np.sqrt(np.pi * shapely.area(geoms))),
        "frontage_m": np.full(len(geoms), np.nan) if roads is None else frontage(geoms, roads, tolerance_m),
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


def _widths(geoms: Geometries, minimum: float | None, tolerance: float, threads: int) -> Floats:
    """Diameters of the largest inscribed circles, sought more closely where a minimum is near."""
    width = _diameter(geoms, tolerance, threads)
    if minimum is not None:
        near = (width < minimum) & (width >= minimum - 2 * tolerance)
        width[near] = _diameter(geoms[near], tolerance * _FINER, threads)
    return width


def _diameter(geoms: Geometries, tolerance: float, threads: int) -> Floats:
    def some(begin: int) -> Floats:
        circles = shapely.maximum_inscribed_circle(geoms[begin : begin + _GROUP], tolerance=tolerance)
        return np.asarray(2 * shapely.length(circles), dtype=float)

    with ThreadPoolExecutor(threads) as pool:
        return np.concatenate([np.zeros(0), *pool.map(some, range(0, len(geoms), _GROUP))])

"""Land that lies under several figures (重叠): what earlier ones cover already, so that sums count it once."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from parcels.geometry.robust import overlay

Geometries = NDArray[np.object_]
Floats = NDArray[np.float64]
Positions = NDArray[np.intp]

_SHARE = 1e-6  # of a figure; less is a matter of rounding


def covered_shares(geoms: Geometries, first: Positions, second: Positions) -> tuple[Floats, Positions]:
    """How much of each figure earlier figures cover.

    Parameters
    ----------
    geoms
        Polygons in a plane; the earlier one keeps land that two have.
    first, second
        Pairs of figures that may overlap, with first < second.

    Returns
    -------
    ndarray, ndarray
        The share of every figure that earlier ones cover, 0 for most; and the earlier one that covers the most of it,
        -1 for none.

    Examples
    --------
    >>> land = shapely.box([0, 5, 0], 0, [10, 15, 10], 10)
    >>> share, by = covered_shares(land, np.array([0, 0, 1]), np.array([1, 2, 2]))
    >>> share.tolist(), by.tolist()
    ([0.0, 0.5, 1.0], [-1, 0, 0])
    """
    share, by = np.zeros(len(geoms)), np.full(len(geoms), -1, dtype=np.intp)
    open_ = ~shapely.touches(geoms[first], geoms[second])
    first, second = first[open_], second[open_]
    common = np.asarray(overlay(shapely.intersection, geoms[first], geoms[second]), dtype=object)
    area = shapely.area(common)
    large = area > _SHARE * shapely.area(geoms[second])
    first, second, common, area = first[large], second[large], common[large], area[large]
    order = np.lexsort((first, -area, second))
    first, second, common = first[order], second[order], common[order]
    which, start = np.unique(second, return_index=True)
    by[which] = first[start]
    ends = [*start.tolist()[1:], len(second)][: len(start)]
    taken = [_area(common[a:b]) for a, b in zip(start.tolist(), ends, strict=True)]
    share[which] = np.clip(np.array(taken) / shapely.area(geoms[which]), 0.0, 1.0)
    return share, by


def _area(parts: Geometries) -> float:
    """Area of figures together; lines among them, where figures also touch, are nothing."""
    if len(parts) == 1:
        return float(shapely.area(parts[0]))
    single = shapely.get_parts(shapely.get_parts(parts))
    return float(shapely.area(shapely.union_all(single[shapely.get_dimensions(single) == 2])))

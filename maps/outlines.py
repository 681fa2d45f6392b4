"""Polygons as few compound paths: many thousands are drawn in a handful of strokes.

Shells run one way and holes the other, so that a hole stays open and overlapping polygons are both filled under the
nonzero rule. A path holds some hundred polygons, because the rasteriser has a limit.
"""

from __future__ import annotations

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from numpy.typing import NDArray

_CHUNK = 400
Geometries = NDArray[np.object_]


def polygons(geometries: Geometries) -> tuple[Geometries, NDArray[np.intp]]:
    """The single polygons in geometries of any kind, and the number of the geometry that each comes from."""
    parts, rows = shapely.get_parts(np.asarray(geometries, dtype=object), return_index=True)
    nested = shapely.get_type_id(parts) == shapely.GeometryType.MULTIPOLYGON
    if nested.any() or (shapely.get_type_id(parts) == shapely.GeometryType.GEOMETRYCOLLECTION).any():
        parts, inner = shapely.get_parts(parts, return_index=True)
        rows = rows[inner]
    kept = (shapely.get_type_id(parts) == shapely.GeometryType.POLYGON) & ~shapely.is_empty(parts)
    return parts[kept], rows[kept]


def within(box: NDArray[np.float64], bounds: tuple[float, float, float, float]) -> NDArray[np.bool_]:
    """Which bounding boxes, one a row, meet the bounds."""
    with np.errstate(invalid="ignore"):
        met = (box[:, 0] <= bounds[2]) & (box[:, 2] >= bounds[0]) & (box[:, 1] <= bounds[3]) & (box[:, 3] >= bounds[1])
    return np.asarray(met, dtype=bool)


def compound(parts: Geometries) -> Path:
    """One path of polygons with their holes."""
    rings = shapely.get_rings(shapely.orient_polygons(parts))
    xy, owner = shapely.get_coordinates(rings, return_index=True)
    ends = np.cumsum(np.bincount(owner, minlength=len(rings)))
    codes = np.full(len(xy), Path.LINETO, dtype=np.uint8)
    codes[np.r_[0, ends[:-1]]] = Path.MOVETO
    codes[ends - 1] = Path.CLOSEPOLY
    return Path(xy, codes)


def draw(axes: Axes, geometries: Geometries, **style: object) -> int:
    """Draw the polygons of geometries in one style; returns how many there were."""
    parts, _ = polygons(geometries)
    for start in range(0, len(parts), _CHUNK):
        axes.add_artist(PathPatch(compound(parts[start : start + _CHUNK]), **style))  # limits are fixed
    return len(parts)

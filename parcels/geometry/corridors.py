"""Corridors (窄条): parts of an area that are too narrow to be used, cut off where they become narrow.

A field with a lane that leads to it is one figure, and its widest place is the field. Counted by that width, the lane
would be land for a factory. Here a place belongs to the wide part when a square of the least width, turned along the
borders, fits there; the rest is narrow. Wide and narrow parts make up the figure, none of it twice.
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from parcels.geometry.robust import overlay

Geometries = NDArray[np.object_]
Positions = NDArray[np.intp]

_EXACTLY = 1e-6  # a strip of exactly the least width is wide enough
_NOTHING = 1e-4  # square metres that rounding may leave between two parts; they are dropped
_MITRE = 2.0  # how far a corner may reach beyond the width when a figure is widened again


def cut_corridors(geoms: Geometries, width: float) -> tuple[Geometries, Positions]:
    """Cut figures into parts that are wide enough and parts that are not.

    A figure is narrowed by half the width from every side, widened again by as much, and cut with itself: what comes
    back is wide (morphological opening with square corners). A leftover smaller than the square of the width is a
    corner of the wide part beside it and stays with it.

    Parameters
    ----------
    geoms
        Valid polygons in a plane in metres.
    width
        The least width in metres, more than 0.

    Returns
    -------
    tuple
        The parts, and the position of the figure that each is from; a figure that is wide or narrow throughout comes
        back as it was.

    Examples
    --------
    >>> field = shapely.union(shapely.box(0, 0, 100, 100), shapely.box(100, 40, 300, 50))
    >>> parts, owner = cut_corridors(np.array([field], dtype=object), 20)
    >>> np.round(sorted(shapely.area(parts)), 2).tolist(), owner.tolist()
    ([2000.0, 10000.0], [0, 0])
    """
    half = width / 2 * (1 - _EXACTLY)
    core = shapely.buffer(geoms, -half, join_style="mitre", mitre_limit=_MITRE)
    some = np.flatnonzero(~shapely.is_empty(core))
    again = shapely.buffer(core[some], half, join_style="mitre", mitre_limit=_MITRE)
    left, owner = shapely.get_parts(overlay(shapely.difference, geoms[some], again), return_index=True)
    narrow = (shapely.area(left) >= width**2 * (1 - _EXACTLY)) & (shapely.get_dimensions(left) == 2)
    left, owner = left[narrow], some[owner[narrow]]
    cut = np.unique(owner)
    wide, wide_owner = _without(geoms, cut, left, owner)
    whole = np.setdiff1d(np.arange(len(geoms)), cut)
    parts = np.concatenate([geoms[whole], wide, left])
    owners = np.concatenate([whole, wide_owner, owner])
    order = np.argsort(owners, kind="stable")
    return parts[order], owners[order]


def _without(geoms: Geometries, cut: Positions, left: Geometries, owner: Positions) -> tuple[Geometries, Positions]:
    """What remains of the figures that something is cut from, part by part."""
    if not len(cut):
        return np.empty(0, dtype=object), np.empty(0, dtype=np.intp)
    taken = shapely.multipolygons(left, indices=np.searchsorted(cut, owner))
    parts, at = shapely.get_parts(overlay(shapely.difference, geoms[cut], taken), return_index=True)
    solid = shapely.area(parts) > _NOTHING
    return parts[solid], cut[at[solid]]

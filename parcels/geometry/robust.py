"""Overlays that end: where one fails, that one alone is done again with repaired figures, and last on a fine grid.

Buffers with sharp corners are now and then invalid themselves; rounding makes nearly coincident edges cross.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import shapely

GRID_M = 1e-4


def overlay(work: Callable[..., Any], one: Any, other: Any, *, grid: float = GRID_M) -> Any:
    """An overlay of figures with figures.

    Parameters
    ----------
    work
        ``shapely.difference``, ``intersection``, ``union`` or ``symmetric_difference``.
    one, other
        Figures in metres, single or in arrays that fit together.
    grid
        Cells in metres of the last try, finer than any survey.

    Returns
    -------
    geometry or ndarray
        As ``work`` gives it.

    Examples
    --------
    >>> boxes = shapely.box([0, 5], 0, [4, 9], 4)
    >>> shapely.area(overlay(shapely.difference, boxes, shapely.box(2, 0, 6, 4))).tolist()
    [8.0, 12.0]
    """
    try:
        return work(one, other)
    except shapely.errors.GEOSException:
        if np.ndim(one) == np.ndim(other) == 0:
            return _again(work, one, other, grid)
    first, second = np.broadcast_arrays(np.asarray(one, dtype=object), np.asarray(other, dtype=object))
    if len(first) == 1:
        return _again(work, first, second, grid)
    half = len(first) // 2
    parts = [overlay(work, first[s], second[s], grid=grid) for s in (slice(half), slice(half, None))]
    return np.concatenate(parts)


def _again(work: Callable[..., Any], one: Any, other: Any, grid: float) -> Any:
    valid = [shapely.make_valid(g, method="structure", keep_collapsed=False) for g in (one, other)]
    try:
        return work(*valid)
    except shapely.errors.GEOSException:
        return work(*valid, grid_size=grid)

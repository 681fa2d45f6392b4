"""Lattices of square or hexagonal cells, snapped to multiples of their size so that two runs have the same cells."""

from __future__ import annotations

from typing import Literal

import numpy as np
import shapely
from numpy.typing import NDArray

from maps.errors import MapError

Cell = Literal["hex", "square"]
Geometries = NDArray[np.object_]
MOST_CELLS = 4_000_000


def lattice(bounds: tuple[float, float, float, float], size: float, cell: Cell = "hex") -> Geometries:
    """Cells that cover a box.

    Parameters
    ----------
    bounds
        West, south, east and north in metres.
    size
        Side of a square, or distance between the centres of neighbouring hexagons, in metres.
    cell
        ``"hex"`` (a corner up) or ``"square"``.

    Raises
    ------
    MapError
        ``map-heat-size`` for a size that is not positive, or so small that there would be millions of cells.

    Examples
    --------
    >>> [round(a) for a in shapely.area(lattice((1, 1, 9, 9), 10, "square"))]
    [100]
    """
    west, south, east, north = bounds
    if cell not in ("hex", "square"):
        raise MapError("map-heat-kind", kind=cell, known="hex, square, kernel")
    cells = (east - west) * (north - south) / size**2 if 0 < size < np.inf else np.inf
    if not cells <= MOST_CELLS:
        raise MapError("map-heat-size", size=size, most=MOST_CELLS)
    return _squares(bounds, size) if cell == "square" else _hexagons(bounds, size)


def _squares(bounds: tuple[float, float, float, float], size: float) -> Geometries:
    left, low, right, top = _range(bounds, size, size)
    column, row = np.meshgrid(np.arange(left, right + 1), np.arange(low, top + 1))
    x, y = column.ravel() * size, row.ravel() * size
    return np.asarray(shapely.box(x, y, x + size, y + size))


def _hexagons(bounds: tuple[float, float, float, float], width: float) -> Geometries:
    side = width / np.sqrt(3)
    left, low, right, top = _range(bounds, width, 1.5 * side)
    column, row = np.meshgrid(np.arange(left - 1, right + 2), np.arange(low - 1, top + 2))
    # Corners are numbered in half widths and half sides, so that neighbours share them to the last bit.
    across = 2 * column.ravel()[:, None] + (row.ravel() % 2)[:, None] + np.array([1, 0, -1, -1, 0, 1])
    along = 3 * row.ravel()[:, None] + np.array([1, 2, 1, -1, -2, -1])
    return np.asarray(shapely.polygons(np.stack([across * (width / 2), along * (side / 2)], axis=-1)))


def _range(bounds: tuple[float, float, float, float], width: float, height: float) -> tuple[int, int, int, int]:
    west, south, east, north = bounds
    last = [np.ceil(end / step) - 1 for end, step in ((east, width), (north, height))]
    first = [np.floor(start / step) for start, step in ((west, width), (south, height))]
    return int(first[0]), int(first[1]), int(max(last[0], first[0])), int(max(last[1], first[1]))

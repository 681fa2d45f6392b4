"""Slope of a grid of heights, by the methods of Horn (1981) and of Zevenbergen and Thorne (1987).

The ground size of a cell is measured on the ellipsoid row by row, so that a grid in degrees or in Web Mercator has the
slope of the land and not of its map. A cell without one of its eight neighbours (at the rim of the grid, or beside a
cell without data) has no slope: it is unknown, never flat.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer

Floats = NDArray[np.floating]
Method = Literal["horn", "zevenbergen-thorne"]


def cell_size(transform: Affine, rows: NDArray[np.int64], column: float, crs: CRS) -> tuple[Floats, Floats]:
    """Ground width and height of cells, in metres, per row.

    Parameters
    ----------
    transform
        Of a grid whose rows run east and west.
    rows
        Row numbers.
    column
        The column at which they are measured.
    crs
        Of the grid; degrees, a plane, or Web Mercator.
    """
    x, y = transform.c + transform.a * np.full(len(rows), column + 0.5), transform.f + transform.e * (rows + 0.5)
    half_x, half_y = abs(transform.a) / 2, abs(transform.e) / 2
    geodetic = Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
    geod = crs.get_geod() or Geod(ellps="GRS80")

    def length(x0: Floats, y0: Floats, x1: Floats, y1: Floats) -> Floats:
        a, b = geodetic.transform(x0, y0), geodetic.transform(x1, y1)
        return np.asarray(geod.inv(*a, *b)[2])

    return length(x - half_x, y, x + half_x, y), length(x, y - half_y, x, y + half_y)


def slope_squared(heights: Floats, width: Floats, height: Floats, *, method: Method = "horn") -> Floats:
    """The squared tangent of the slope of the inner cells of a block of heights.

    Parameters
    ----------
    heights
        Metres, with one more row and column on every side than the result; NaN where there are no data.
    width, height
        Ground size in metres of the cells of each inner row.
    method
        ``"horn"``: third-order differences weighted 1, 2, 1; ``"zevenbergen-thorne"``: the two neighbours alone.

    Returns
    -------
    numpy.ndarray
        tan² of the slope; NaN where the cell or a neighbour that the method needs is missing.

    Examples
    --------
    A plane that rises 1 m per cell of 2 m to the east has the tangent 0.5:

    >>> plane = np.tile(np.arange(4.0), (3, 1))
    >>> slope_squared(plane, np.array([2.0]), np.array([2.0]))
    array([[0.25, 0.25]])
    """
    if method == "horn":
        down = heights[:-2] + 2 * heights[1:-1] + heights[2:]
        across = heights[:, :-2] + 2 * heights[:, 1:-1] + heights[:, 2:]
        east, north, span = down[:, 2:] - down[:, :-2], across[2:] - across[:-2], 8
    else:
        east, north, span = heights[1:-1, 2:] - heights[1:-1, :-2], heights[2:, 1:-1] - heights[:-2, 1:-1], 2
    kind = heights.dtype.type
    east *= (1 / (span * width)).astype(kind)[:, None]
    north *= (1 / (span * height)).astype(kind)[:, None]
    east *= east
    north *= north
    east += north
    east[np.isnan(heights[1:-1, 1:-1])] = np.nan
    return east

"""Outline the cells of a mask: polygons whose borders are the sides of the cells, all rings traced at once.

A corner of an outline is a corner of the grid around which one or three of the four cells are set, or two that touch
there alone; the last counts twice. In a row of the grid the corners pair up from the left, each pair is a horizontal
side; in a column they pair up from the top, each pair is a vertical side. Following one after the other is a
permutation of the horizontal sides whose cycles are the rings. Cells that touch at a corner alone are not connected,
and no ring meets a corner twice, so the polygons are valid.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray

Ints = NDArray[np.intp]


def outlines(mask: NDArray[np.bool_], transform: Affine) -> NDArray[np.object_]:
    """Polygons of the cells that are set, one for each set of cells connected by their sides.

    Parameters
    ----------
    mask
        Rows from north to south.
    transform
        From columns and rows to coordinates; without rotation.

    Returns
    -------
    numpy.ndarray
        Valid polygons, sorted by their first side from the top and the left; shells run anticlockwise.

    Examples
    --------
    Two cells that touch at a corner alone are two polygons:

    >>> made = outlines(np.array([[True, False], [False, True]]), Affine(1, 0, 0, 0, -1, 2))
    >>> [polygon.wkt for polygon in made]
    ['POLYGON ((1 2, 0 2, 0 1, 1 1, 1 2))', 'POLYGON ((2 1, 1 1, 1 0, 2 0, 2 1))']
    """
    if not mask.any():
        return np.empty(0, dtype=object)
    row, col, down, after, west = _traced(mask)
    low, steps = _cycles(after)
    roots, ring, count = np.unique(low, return_inverse=True, return_counts=True)
    hole = ~west[roots]
    order = np.lexsort((roots, hole, _shells(mask, row, col, down, ring, roots, hole)))  # by polygon, its shell first
    ends = np.cumsum(2 * count[order] + 1)
    first = np.empty(len(roots), dtype=np.intp)
    first[order] = ends - (2 * count[order] + 1)
    at = first[ring] + 2 * ((count[ring] - steps) % count[ring])
    corner = np.empty(ends[-1], dtype=np.intp)
    side = 2 * np.arange(len(after))
    corner[at], corner[at + 1] = side + west, side + ~west
    corner[first + 2 * count] = corner[first]
    points = np.stack([transform.c + transform.a * col[corner], transform.f + transform.e * row[corner]], axis=1)
    offsets = (np.concatenate([[0], ends]), np.append(np.flatnonzero(~hole[order]), len(roots)))
    made: Any = shapely.from_ragged_array(shapely.GeometryType.POLYGON, points, offsets)
    return np.asarray(made, dtype=object)


def _traced(mask: NDArray[np.bool_]) -> tuple[Ints, Ints, Ints, Ints, NDArray[np.bool_]]:
    """Rows and columns of the corners, and what ``_sides`` says of them when no ring meets a corner twice."""
    row, col, falling, rising = _corners(mask)
    down, after, west = _sides(mask, row, col, rising)
    both = np.flatnonzero(falling | rising)
    if len(both):
        low, _ = _cycles(after)
        twice = both[low[both >> 1] == low[(both + 1) >> 1]]
        rising[twice] ^= True  # The ring falls into two when its sides there are exchanged.
        down, after, west = _sides(mask, row, col, rising)
    return row, col, down, after, west


def _corners(mask: NDArray[np.bool_]) -> tuple[Ints, Ints, NDArray[np.bool_], NDArray[np.bool_]]:
    """Row and column of the corners, row by row, and the first of each two at which cells touch by the corner alone.

    ``falling``: the cells lie at the upper left and the lower right; ``rising``: at the lower left and the upper right.
    """
    wide = np.pad(mask, 1)
    cut = wide[:, :-1] ^ wide[:, 1:]  # a vertical side between two cells of a row
    found = np.flatnonzero((cut[:-1] ^ cut[1:]) | (cut[:-1] & cut[1:] & (wide[:-1, :-1] ^ wide[1:, :-1])))
    row, col = np.divmod(found, mask.shape[1] + 1)
    left, right, low_left = wide[row, col], wide[row, col + 1], wide[row + 1, col]
    touch = (left != right) & (left != low_left) & (left == wide[row + 1, col + 1])
    again = np.where(touch, 2, 1)
    begin = np.cumsum(again) - again
    falling, rising = np.zeros((2, int(again.sum())), dtype=bool)
    falling[begin[touch & left]] = True
    rising[begin[touch & right]] = True
    return np.repeat(row, again), np.repeat(col, again), falling, rising


def _sides(
    mask: NDArray[np.bool_], row: Ints, col: Ints, exchanged: NDArray[np.bool_]
) -> tuple[Ints, Ints, NDArray[np.bool_]]:
    """Corners column by column, the horizontal side that follows each one, and whether it runs west, its cells below.

    Of two corners at one place the first ends the side from the left. In the column it also ends the side from above,
    unless it is ``exchanged``.
    """
    turn = np.arange(len(row))
    first = np.flatnonzero(exchanged)
    turn[first], turn[first + 1] = first + 1, first
    small = col.astype(np.uint16) if mask.shape[1] < 2**16 else col
    down = turn[np.argsort(small, kind="stable")]
    mate = np.empty(len(row), dtype=np.intp)
    mate[down[0::2]], mate[down[1::2]] = down[1::2], down[0::2]
    above, left = row[0::2] - 1, col[0::2]
    west = (above < 0) | ~mask[above, np.minimum(left, mask.shape[1] - 1)]
    end = 2 * np.arange(len(west)) + ~west
    return down, mate[end] >> 1, west


def _cycles(after: Ints) -> tuple[Ints, Ints]:
    """The least member of the cycle of each element, and how many steps lead from the element to it."""
    low, jump = np.arange(len(after)), after
    while True:
        less = np.minimum(low, low[jump])
        if np.array_equal(less, low):
            break
        low, jump = less, jump[jump]
    root = low == np.arange(len(after))
    steps, jump = (~root).astype(np.intp), np.where(root, low, after)
    while (more := steps[jump]).any():
        steps, jump = steps + more, jump[jump]
    return low, steps


def _shells(
    mask: NDArray[np.bool_], row: Ints, col: Ints, down: Ints, ring: Ints, roots: Ints, hole: NDArray[np.bool_]
) -> Ints:
    """The ring that is the shell of each ring.

    The first side of a hole has a cell above it. The left end of the run of that cell is a side of a ring of the same
    polygon that begins higher up: its shell, or a hole of which the same is asked.
    """
    owner = np.arange(len(roots))
    holes = np.flatnonzero(hole)
    if not len(holes):
        return owner
    corner = 2 * roots[holes]
    width, height = mask.shape[1], mask.shape[0] + 1
    starts = mask.copy()
    starts[:, 1:] &= ~mask[:, :-1]
    begins = np.flatnonzero(starts)
    cell = (row[corner] - 1) * width + col[corner]
    above, left = np.divmod(begins[np.searchsorted(begins, cell, "right") - 1], width)
    top = down[0::2]
    side = np.searchsorted(col[top] * height + row[top], left * height + above, "right") - 1
    owner[holes] = ring[top[side] >> 1]
    while not np.array_equal(owner, owner[owner]):
        owner = owner[owner]
    return owner

"""Outlines of cells: cases drawn by hand, and the same polygons as GDAL makes."""

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp
from rasterio.features import shapes

from parcels.raster.outline import outlines

PLAIN = Affine(1, 0, 0, 0, -1, 0)


def cells(*rows):
    return np.array([[c == "#" for c in row] for row in rows])


def by_gdal(mask, transform=PLAIN):
    found = shapes(mask.view(np.uint8), mask=mask, transform=transform)
    return np.array([shapely.geometry.shape(shape) for shape, _ in found], dtype=object)


def canonical(polygons):
    return sorted(shapely.to_wkb(shapely.normalize(polygons)).tolist())


@given(mask=hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=16)))
@settings(max_examples=400, deadline=None)
def test_the_same_polygons_as_gdal(mask):
    made = outlines(mask, PLAIN)
    assert canonical(made) == canonical(by_gdal(mask))
    assert shapely.is_valid(made).all()
    assert shapely.is_ccw(shapely.get_exterior_ring(made)).all()


@pytest.mark.parametrize("part", [0.05, 0.4, 0.6, 0.95])
def test_noise_with_many_holes_and_touching_corners(part):
    mask = np.random.default_rng(5).random((200, 300)) < part
    grid = Affine(30.25, 0, 39_500_000.5, 0, -20.5, 4_000_000.25)
    made = outlines(mask, grid)
    assert canonical(made) == canonical(by_gdal(mask, grid))
    assert shapely.is_valid(made).all()
    assert shapely.area(made).sum() == mask.sum() * 30.25 * 20.5


def test_nothing_and_everything():
    assert len(outlines(np.zeros((3, 4), dtype=bool), PLAIN)) == 0
    (made,) = outlines(np.ones((3, 4), dtype=bool), PLAIN)
    assert made.wkt == "POLYGON ((4 0, 0 0, 0 -3, 4 -3, 4 0))"


@pytest.mark.parametrize(
    ("rows", "holes"),
    [
        # A ring closed at a corner alone encloses its yard: a shell and a hole that touch.
        (("###", "# #", "## "), [1]),
        # Two yards that touch at a corner are two holes.
        (("####", "# ##", "## #", "####"), [2]),
        # A ring in a ring: the inner one is a polygon of its own.
        (("#####", "#   #", "# # #", "#   #", "#####"), [1, 0]),
        # The yard of the inner ring belongs to the inner ring.
        (("#######", "#     #", "# ### #", "# # # #", "# ### #", "#     #", "#######"), [1, 1]),
        # A hole below a hole finds the shell past it.
        (("#####", "## ##", "#####", "## ##", "#####"), [2]),
        # A chessboard: cells that touch at corners alone.
        (("# #", " # ", "# #"), [0, 0, 0, 0, 0]),
    ],
)
def test_holes(rows, holes):
    mask = cells(*rows)
    made = outlines(mask, PLAIN)
    assert shapely.get_num_interior_rings(made).tolist() == holes
    assert shapely.is_valid(made).all()
    assert shapely.area(made).sum() == mask.sum()
    assert canonical(made) == canonical(by_gdal(mask))


def test_a_spiral_is_one_long_ring():
    mask = np.zeros((201, 201), dtype=bool)
    row = col = 0
    turn, reach = ((0, 1), (1, 0), (0, -1), (-1, 0)), 200
    mask[0, 0] = True
    for leg in range(190):
        length = reach - 2 * max(0, (leg - 1) // 2)
        for _ in range(length):
            row, col = row + turn[leg % 4][0], col + turn[leg % 4][1]
            mask[row, col] = True
    (made,) = outlines(mask, PLAIN)
    assert made.area == mask.sum()
    assert len(made.interiors) == 0
    assert len(made.exterior.coords) > 350


def test_more_columns_than_sixteen_bits_count():
    mask = np.zeros((2, 70_000), dtype=bool)
    mask[0, ::2] = True
    mask[1, 65_530:65_545] = True
    assert canonical(outlines(mask, PLAIN)) == canonical(by_gdal(mask))

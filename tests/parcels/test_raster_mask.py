"""Masks of cells: the polygons are the union of the cells, whatever the pattern, the strips and the kind of raster."""

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from rasterio.enums import ColorInterp

import parcels.raster.mask as module
from parcels.errors import FormatError
from parcels.raster.blocks import HIGHEST, LOWEST
from parcels.raster.mask import class_mask, slope_mask

X, Y, W, H = 39_500_000, 4_000_000, 3, 2
GRID = Affine(W, 0, X, 0, -H, Y)


def write(path, values, **more):
    values = np.asarray(values)
    profile = {"width": values.shape[1], "height": values.shape[0], "count": 1, "dtype": values.dtype}
    with rasterio.open(path, "w", driver="GTiff", **({"transform": GRID, "crs": "EPSG:4527"} | profile | more)) as out:
        out.write(values, 1)
    return path


def boxes(cells):
    row, col = np.nonzero(cells)
    return shapely.box(X + W * col, Y - H * (row + 1), X + W * (col + 1), Y - H * row)


patterns = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=14))


@given(cells=patterns, strip=st.integers(1, 6), rows=st.integers(1, 6))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_polygons_are_the_union_of_the_cells(tmp_path, cells, strip, rows):
    path = write(tmp_path / "m.tif", cells.astype("u1"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "ROWS", strip)  # seams after every few rows
        mask = class_mask(path, classes=[1], rows=rows)
    whole = shapely.union_all(boxes(cells))
    assert shapely.is_valid(mask.geoms).all()
    assert mask.cells == cells.sum()
    # No land twice (the areas add up) and none lost or gained (the union is the same); corners are whole numbers.
    assert shapely.area(mask.geoms).sum() == cells.sum() * W * H
    assert shapely.area(shapely.symmetric_difference(shapely.union_all(mask.geoms), whole)) == 0
    assert 0 <= mask.error_m2 <= cells.sum() * W * H * (1 + 1e-3) / 2  # ground area, not that of the plane


@given(cells=patterns, x=st.floats(-5, 45), y=st.floats(-5, 30), size=st.floats(0.1, 30))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_within_keeps_all_cells_of_the_zone(tmp_path, cells, x, y, size):
    zone = shapely.box(X + x, Y - y - size, X + x + size, Y - y)
    path = write(tmp_path / "m.tif", cells.astype("u1"))
    mask = class_mask(path, classes=[1], within=zone, within_crs="EPSG:4527")
    expected = shapely.area(shapely.intersection(boxes(cells), zone)).sum()
    assert shapely.area(shapely.intersection(mask.geoms, zone)).sum() == pytest.approx(expected, abs=1e-6)
    rows, cols = cells.shape
    grid = shapely.box(X, Y - H * rows, X + W * cols, Y)
    assert mask.outside == pytest.approx(1 - shapely.area(shapely.intersection(zone, grid)) / size**2, abs=1e-6)


def test_palettes_hold_classes(tmp_path):
    path = write(tmp_path / "p.tif", np.array([[11, 42], [42, 255]], dtype="u1"), photometric="palette", nodata=255)
    with rasterio.open(path, "r+") as data:
        data.write_colormap(1, {11: (0, 0, 255, 255), 42: (0, 99, 0, 255)})
    with rasterio.open(path) as data:
        assert data.colorinterp == (ColorInterp.palette,)
    mask = class_mask(path, classes=[42])
    assert (mask.cells, mask.unknown_cells) == (2, 1)


@pytest.mark.parametrize("kind", ["u1", "i2", "u2", "i4", "f4", "f8"])
def test_nodata_is_known_in_every_type(tmp_path, kind):
    path = write(tmp_path / "n.tif", np.array([[1, 2, 3], [99, 1, 1]], dtype=kind), nodata=99.0)
    mask = class_mask(path, classes=[1, 99])
    assert (mask.cells, mask.unknown_cells) == (3, 1)


@pytest.mark.parametrize("lowest", [-3.4028234663852886e38, -32768.0])
def test_nodata_of_floats(tmp_path, lowest):
    heights = np.zeros((5, 5), dtype="f4")
    heights[2, 2] = lowest
    mask = slope_mask(write(tmp_path / "f.tif", heights, nodata=lowest), over=25)
    assert (mask.cells, mask.unknown_cells, mask.voids) == (0, 25, 0)


def test_cells_outside_the_mask_band_are_unknown(tmp_path):
    path = write(tmp_path / "m.tif", np.ones((3, 4), dtype="u1"))
    with rasterio.open(path, "r+") as data:
        data.write_mask(np.array([[True] * 4, [True, False, True, True], [True] * 4]))
    mask = class_mask(path, classes=[1])
    assert (mask.cells, mask.unknown_cells) == (11, 1)
    assert mask.unknown("EPSG:4527").geometry[0].equals(boxes(np.eye(3, 4, dtype=bool) & (np.arange(4) == 1))[0])


@pytest.mark.parametrize(
    ("value", "voids"), [(-32768, 1), (-9999, 1), (9999, 1), (LOWEST, 0), (HIGHEST, 0), (-440, 0), (0, 0)]
)
def test_heights_that_no_land_has_are_unknown(tmp_path, value, voids):
    heights = np.full((7, 7), value if not voids else 20, dtype="f4")
    heights[3, 3] = value
    mask = slope_mask(write(tmp_path / "v.tif", heights), over=25)
    assert (mask.cells, mask.voids, mask.unknown_cells) == (0, voids, 24 + 9 * voids)


def test_voids_at_the_seam_of_windows_are_counted_once(tmp_path):
    heights = np.full((40, 5), 20, dtype="i2")
    heights[6:9, 2] = -9999
    path = write(tmp_path / "v.tif", heights)
    for rows in (1, 7, 8, 512):
        mask = slope_mask(path, over=25, rows=rows)
        assert (mask.voids, mask.unknown_cells) == (3, 2 * (40 + 5) - 4 + 15)


def test_voids_are_judged_after_scale_and_offset(tmp_path):
    path = write(tmp_path / "s.tif", np.full((5, 5), 20_000, dtype="i2"))  # decimetres: 2000 m
    assert slope_mask(path, over=25).voids == 25
    with rasterio.open(path, "r+") as data:
        data.scales = (0.1,)
    assert slope_mask(path, over=25).voids == 0


def test_rows_from_south_to_north_are_refused_with_what_to_do(tmp_path):
    path = write(tmp_path / "s.tif", np.zeros((4, 4), dtype="u1"), transform=Affine(3, 0, X, 0, 2, Y))
    with pytest.raises(FormatError, match="gdalwarp") as caught:
        class_mask(path, classes=[1])
    assert caught.value.code == "raster-turned"

"""Slope of grids of heights: planes and the published example worked by hand, three CRS of one surface."""

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from pyproj import CRS, Transformer

from parcels.errors import CrsError, FormatError
from parcels.raster.mask import class_mask, slope_mask
from parcels.raster.slope import cell_size, slope_squared


def write(path, values, *, cell=(2, 2), crs="EPSG:4527", corner=(39_500_000, 4_000_000), **more):
    transform = more.pop("transform", Affine(cell[0], 0, corner[0], 0, -cell[1], corner[1]))
    values = np.asarray(values)
    profile = {"width": values.shape[1], "height": values.shape[0], "count": 1, "dtype": values.dtype, "crs": crs}
    with rasterio.open(path, "w", driver="GTiff", transform=transform, **profile, **more) as out:
        out.write(values, 1)
    return path


def test_published_example_of_horn():  # the manual cuts the tangent to 3.80032
    heights = np.array([[50.0, 45, 50], [30, 30, 30], [8, 10, 10]])
    slope = slope_squared(heights, np.array([5.0]), np.array([5.0]))
    assert np.degrees(np.arctan(np.sqrt(slope[0, 0]))) == pytest.approx(75.25762, abs=5e-5)


@pytest.mark.parametrize("method", ["horn", "zevenbergen-thorne"])
def test_plane_with_cells_that_are_not_square(method):
    row, col = np.mgrid[0:5, 0:6].astype(float)
    tan2 = slope_squared(3 * col + 4 * row, np.full(3, 10.0), np.full(3, 20.0), method=method)
    assert tan2 == pytest.approx(np.full((3, 4), 0.3**2 + 0.2**2))


@pytest.mark.parametrize("method", ["horn", "zevenbergen-thorne"])
def test_cone(method):
    row, col = np.mgrid[-50:51, -50:51].astype(float)
    tan = np.sqrt(slope_squared(0.5 * np.hypot(row, col), np.full(99, 1.0), np.full(99, 1.0), method=method))
    far = np.hypot(row, col)[1:-1, 1:-1] > 20
    assert np.abs(tan[far] - 0.5).max() < 1e-3


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857", "EPSG:32650"])
def test_one_surface_in_three_crs(crs):
    to = Transformer.from_crs("EPSG:32650", crs, always_xy=True)
    x, y = to.transform(500_000, 4_000_000)
    x1, y1 = to.transform(500_030, 4_000_030)
    grid = Affine(x1 - x, 0, x, 0, y - y1, y)
    rows, cols = np.mgrid[0:40, 0:40]
    plane = Transformer.from_crs(crs, "EPSG:32650", always_xy=True)
    east, north = plane.transform(*(grid @ (cols + 0.5, rows + 0.5)))
    heights = 0.4 * (east - 500_000) + 0.3 * (north - 4_000_000)
    sizes = cell_size(grid, np.arange(1, 39), 20, CRS(crs))
    assert np.abs(np.sqrt(slope_squared(heights, *sizes)) - 0.5).max() < 1e-3


def test_no_data_and_rim_are_unknown_and_never_flat(tmp_path):
    heights = np.tile(np.arange(7, dtype=np.int16) * 2, (7, 1))
    heights[3, 3] = -9999
    mask = slope_mask(write(tmp_path / "d.tif", heights, nodata=-9999), over=40)
    assert (mask.seen, mask.unknown_cells, mask.cells) == (49, 24 + 9, 16)
    assert shapely.area(mask.geoms).sum() == 16 * 4
    assert mask.unknown("EPSG:4527").area.sum() == 33 * 4
    assert mask.polygons("EPSG:4490").is_valid.all()


def test_window_heights_give_the_same(tmp_path):
    heights = np.random.default_rng(3).normal(0, 2, (1100, 60)).astype("f4")
    path = write(tmp_path / "d.tif", heights)
    one, seven, full = (slope_mask(path, over=30, rows=n) for n in (1, 7, 512))
    for other in (one, seven):
        assert shapely.to_wkb(other.geoms).tolist() == shapely.to_wkb(full.geoms).tolist()
        assert (other.cells, other.error_m2) == (full.cells, full.error_m2)
    assert shapely.area(full.geoms).sum() == pytest.approx(full.cells * 4)


def test_scale_of_the_band_is_applied(tmp_path):
    path = write(tmp_path / "d.tif", np.tile(np.arange(5, dtype=np.int16) * 20, (5, 1)))
    with rasterio.open(path, "r+") as data:
        data.scales = (0.1,)
    assert slope_mask(path, over=46).cells == 0
    assert slope_mask(path, over=44).cells == 9


def test_classes_within_a_box(tmp_path):
    land = np.array([[1, 1, 2, 2, 2, 0], [1, 1, 2, 2, 2, 2], [3, 3, 3, 3, 3, 3]], dtype=np.uint8)
    path = write(tmp_path / "c.tif", land, nodata=0)
    whole = class_mask(path, classes=[1, 3])
    assert (whole.cells, whole.unknown_cells, shapely.area(whole.geoms).sum()) == (10, 1, 40)
    box = shapely.box(39_500_000.5, 3_999_998.5, 39_500_001.5, 3_999_999.5)
    assert class_mask(path, classes=[2], within=box, within_crs="EPSG:4527").seen == 4
    away = shapely.box(39_600_000, 3_900_000, 39_600_001, 3_900_001)
    assert class_mask(path, classes=[2], within=away, within_crs="EPSG:4527").seen == 0


def test_what_is_refused(tmp_path):
    z = np.zeros((4, 4), dtype="f4")
    (tmp_path / "t.tif").write_text("no raster")
    for path, kind, code in (
        (tmp_path / "t.tif", FormatError, "raster-not-open"),
        (write(tmp_path / "n.tif", z, crs=None), CrsError, "raster-no-crs"),
        (write(tmp_path / "s.tif", z, transform=Affine(2, 0, 0, 0, 2, 0)), FormatError, "raster-turned"),
        (write(tmp_path / "r.tif", z, transform=Affine(2, 1, 0, 1, -2, 0)), FormatError, "raster-turned"),
    ):
        with pytest.raises(kind) as caught:
            slope_mask(path, over=25)
        assert caught.value.code == code


def test_only_cells_at_the_zones_count(tmp_path):
    path = write(tmp_path / "c.tif", np.ones((1100, 40), dtype=np.uint8))
    # A diagonal strip: its box is the whole grid, and it crosses the seams of the strips of 512 rows.
    x, y = 39_500_000, 4_000_000
    zone = shapely.LineString([(x + 5, y - 5), (x + 75, y - 2195)]).buffer(3)
    mask = class_mask(path, classes=[1], within=zone, within_crs="EPSG:4527")
    kept = shapely.union_all(mask.geoms)
    assert kept.covers(zone)
    assert shapely.area(mask.geoms).sum() == mask.cells * 4
    assert mask.seen == mask.cells < 1100 * 40 / 3
    assert kept.difference(zone.buffer(2 * 2 * 2**0.5 + 1e-6)).area == 0  # a touched cell and its neighbour
    assert mask.outside == 0


def test_share_beyond_the_grid(tmp_path):
    path = write(tmp_path / "c.tif", np.ones((10, 10), dtype=np.uint8))
    half = shapely.box(39_500_010, 3_999_985, 39_500_030, 3_999_995)
    mask = class_mask(path, classes=[1], within=half, within_crs="EPSG:4527")
    assert mask.outside == pytest.approx(0.5)
    away = shapely.box(39_600_000, 3_900_000, 39_600_001, 3_900_001)
    assert class_mask(path, classes=[1], within=away, within_crs="EPSG:4527").outside == 1


def test_of_several_bands_one_must_be_chosen(tmp_path):
    path = tmp_path / "b.tif"
    profile = {"width": 3, "height": 3, "count": 2, "dtype": "uint8", "crs": "EPSG:4527"}
    with rasterio.open(
        path, "w", driver="GTiff", transform=Affine(2, 0, 39_500_000, 0, -2, 4_000_000), **profile
    ) as out:
        out.write(np.array([np.full((3, 3), 1), np.full((3, 3), 7)], dtype="u1"))
    assert (class_mask(path, classes=[7], band=2).cells, class_mask(path, classes=[7], band=1).cells) == (9, 0)
    for band in (None, 0, 3):
        with pytest.raises(FormatError) as caught:
            class_mask(path, classes=[7], band=band)
        assert caught.value.code == "raster-bands"

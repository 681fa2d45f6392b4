"""Real rasters of Zion (Utah): SRTM heights in degrees and NLCD land cover with cells that are not square.

The slope is worked out again cell by cell on a UTM grid, the land cover by the exact share of every cell in the park.
"""

import math
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from pyproj import CRS, Transformer
from rasterio.features import rasterize
from rasterio.warp import Resampling, reproject
from rasterio.windows import Window

from parcels.raster.mask import class_mask, slope_mask
from parcels.raster.slope import cell_size, slope_squared

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "rasters"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the rasters of Zion are not here")
UTM = "EPSG:32612"


def horn(z, width, height):
    """Degrees of every inner cell, term by term as Horn (1981) writes them."""
    found = np.zeros((len(z) - 2, len(z[0]) - 2))
    for i in range(1, len(z) - 1):
        for j in range(1, len(z[0]) - 1):
            a, b, c = z[i - 1][j - 1 : j + 2]
            d, _, f = z[i][j - 1 : j + 2]
            g, h, k = z[i + 1][j - 1 : j + 2]
            east = ((c + 2 * f + k) - (a + 2 * d + g)) / (8 * width)
            north = ((g + 2 * h + k) - (a + 2 * b + c)) / (8 * height)
            found[i - 1, j - 1] = math.degrees(math.atan(math.hypot(east, north)))
    return found


def test_slope_in_degrees_agrees_with_a_utm_grid():
    size, count = 80, 50
    with rasterio.open(DATA / "srtm.tif") as data:
        window = Window(150, 150, size, size)
        heights, t = data.read(1, window=window).astype(float), data.transform @ Affine.translation(150, 150)
    sizes = cell_size(t, np.arange(1, size - 1), size / 2, CRS("EPSG:4326"))
    ours = np.degrees(np.arctan(np.sqrt(slope_squared(heights.copy(), *sizes))))

    # UTM cells of the size of 3" at this latitude, about the same middle. Nearest neighbours keep the heights as they
    # are: where the nine cells are the same, only the size of the cells differs (the scale of UTM here is within 1e-4
    # of 1, and a cell of one size stands for rows whose width changes by 1e-3).
    x, y = Transformer.from_crs("EPSG:4326", UTM, always_xy=True).transform(*(t @ (size / 2, size / 2)))
    wide, high = 73.83, 92.49
    grid = Affine(wide, 0, x - count / 2 * wide, 0, -high, y + count / 2 * high)
    warped = np.full((count, count), np.nan)
    frames = {"src_transform": t, "src_crs": "EPSG:4326", "dst_transform": grid, "dst_crs": UTM}
    reproject(heights, warped, resampling=Resampling.nearest, **frames)
    other = horn(warped.tolist(), wide, high)

    col, row = np.meshgrid(np.arange(1, count - 1) + 0.5, np.arange(1, count - 1) + 0.5)
    lon, lat = Transformer.from_crs(UTM, "EPSG:4326", always_xy=True).transform(*(grid @ (col, row)))
    at_col, at_row = np.floor(~t @ (lon, lat)).astype(int)
    gap = ours[at_row - 1, at_col - 1] - other
    # The meridian is turned against the grid by 1.3°, so some cells meet a step between two columns or rows.
    assert np.median(np.abs(gap)) < 0.002
    assert (np.abs(gap) < 0.01).mean() > 0.6
    assert abs(gap.mean()) < 0.1
    steep = [(s > 25).mean() for s in (ours[at_row - 1, at_col - 1], other)]
    assert steep[0] == pytest.approx(steep[1], abs=0.003)


def test_steep_cells_are_those_of_a_count_with_utm_lengths():
    row, col = np.mgrid[0:457, 0:465]
    with rasterio.open(DATA / "srtm.tif") as data:
        z, t = data.read(1).astype(float), data.transform
    to = Transformer.from_crs("EPSG:4326", UTM, always_xy=True)
    # Ground lengths by another way: distances between cell centres in UTM, over its scale k = 0.9996 (1 + dE²/2R²).
    e, n = to.transform(*(t @ (col + 0.5, row + 0.5)))
    scale = 0.9996 * (1 + ((e - 5e5) / 0.9996) ** 2 / (2 * 6.371e6**2))
    wide = np.hypot(e[1:-1, 2:] - e[1:-1, :-2], n[1:-1, 2:] - n[1:-1, :-2]) / 2 / scale[1:-1, 1:-1]
    high = np.hypot(e[2:, 1:-1] - e[:-2, 1:-1], n[2:, 1:-1] - n[:-2, 1:-1]) / 2 / scale[1:-1, 1:-1]
    a, b, c, d = z[:-2, :-2], z[:-2, 1:-1], z[:-2, 2:], z[1:-1, :-2]
    f, g, h, k = z[1:-1, 2:], z[2:, :-2], z[2:, 1:-1], z[2:, 2:]
    east = ((c + 2 * f + k) - (a + 2 * d + g)) / (8 * wide)
    north = ((g + 2 * h + k) - (a + 2 * b + c)) / (8 * high)
    tangent, limit = np.hypot(east, north), math.tan(math.radians(25))
    mask = slope_mask(DATA / "srtm.tif", over=25)
    doubtful = int((np.abs(tangent / limit - 1) < 1e-4).sum())
    assert abs(mask.cells - int((tangent > limit).sum())) <= doubtful
    assert doubtful < 20
    # Beside the rim there is no slope: it is unknown, not flat.
    assert (mask.unknown_cells, mask.seen) == (2 * (457 + 465) - 4, 457 * 465)
    # The area of the polygons in UTM, over its scale, is the ground area of the cells.
    hit = tangent > limit
    ground = mask.polygons(CRS(UTM)).area.sum()
    assert ground == pytest.approx((wide * high * scale[1:-1, 1:-1] ** 2)[hit].sum(), rel=1e-3)


@pytest.mark.parametrize("classes", [[42], [41, 42, 43], [21, 22, 23]])
def test_land_cover_inside_the_park(classes):  # a paletted raster
    park = gpd.read_file(DATA / "zion.gpkg")
    (shape,) = park.geometry
    with rasterio.open(DATA / "nlcd2011.tif") as data:
        values, t = data.read(1), data.transform
        assert data.colorinterp[0].name == "palette"
    share = rasterize([shape], out_shape=values.shape, transform=t).astype(float)
    row, col = np.nonzero(rasterize([shape.boundary], out_shape=values.shape, transform=t, all_touched=True))
    cells = shapely.box(t.c + col * t.a, t.f + (row + 1) * t.e, t.c + (col + 1) * t.a, t.f + row * t.e)
    share[row, col] = shapely.area(shapely.intersection(cells, shape)) / (t.a * -t.e)
    expected = np.bincount(values.ravel(), weights=share.ravel(), minlength=256)[classes].sum() * t.a * -t.e

    mask = class_mask(DATA / "nlcd2011.tif", classes=classes, within=shape, within_crs=park.crs)
    found = shapely.area(shapely.intersection(mask.polygons(park.crs).geometry.values, shape)).sum()
    assert expected > 0
    assert found == pytest.approx(expected, rel=1e-9)
    assert abs(found - expected) < mask.error_m2
    assert (mask.outside, mask.unknown_cells, mask.voids) == (0, 0, 0)
    assert 0 < mask.seen < values.size


def test_share_of_the_park_that_a_part_of_the_raster_covers(tmp_path):
    park = gpd.read_file(DATA / "zion.gpkg")
    (shape,) = park.geometry
    with rasterio.open(DATA / "nlcd2011.tif") as data:
        window = Window(0, 0, 500, data.height)
        profile = data.profile | {"width": 500}
        with rasterio.open(tmp_path / "west.tif", "w", **profile) as out:
            out.write(data.read(1, window=window), 1)
        east = data.transform.c + 500 * data.transform.a
    left = shapely.clip_by_rect(shape, east, -1e9, 1e9, 1e9)
    mask = class_mask(tmp_path / "west.tif", classes=[42], within=shape, within_crs=park.crs)
    assert mask.outside == pytest.approx(shapely.area(left) / shape.area, rel=1e-9)

"""How long the slope mask of a DEM takes beside reading it, and how much memory it needs.

Usage: ``python benchmarks/slope_speed.py [--size 20000] [--over 25] [--file DEM.tif] [--zones]``

Reading, the mask alone (which cells are steeper) and the mask with its polygons each run in a process of their own, so
that nothing is cached by GDAL between them and each has its own peak memory. With ``--zones`` the mask is also made as
a run makes it: within nine round zones that lie all over the grid and cover a tenth of it. Ratios are of processor
time, which a busy machine does not spoil.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import rasterio
import shapely
from affine import Affine
from pyproj import CRS
from rasterio.windows import Window

from parcels.raster.mask import ROWS, slope_mask
from parcels.raster.slope import cell_size, slope_squared


def make_dem(file: Path, size: int) -> None:
    """Hills with noise, float32, tiled and deflated."""
    rng, x = np.random.default_rng(1), np.linspace(0, 60, size, dtype="f4")
    options = {"tiled": True, "blockxsize": 512, "blockysize": 512, "compress": "deflate", "predictor": 3}
    transform = Affine(10, 0, 39_400_000, 0, -10, 4_200_000)
    with rasterio.open(
        file, "w", driver="GTiff", width=size, height=size, count=1, dtype="float32", crs="EPSG:4527",
        transform=transform, **options,
    ) as raster:  # fmt: skip
        for row in range(0, size, 1000):
            y = x[row : row + 1000]
            hills = np.sin(y)[:, None] * np.cos(0.7 * x)[None] + 0.4 * np.sin(3.3 * x)[None] * np.cos(2.9 * y)[:, None]
            block = 0.11 * size + 0.075 * size * hills + rng.normal(0, 0.1, hills.shape)
            raster.write(block.astype("f4"), 1, window=Window(0, row, size, len(y)))


def read(file: Path, _over: float) -> int:
    """Read the grid strip by strip."""
    with rasterio.open(file) as raster:
        for row in range(0, raster.height, ROWS):
            raster.read(1, window=Window(0, row, raster.width, min(ROWS, raster.height - row)))
    return 0


def mask_alone(file: Path, over: float) -> int:
    """Count the cells that are steeper, without drawing them."""
    limit, found = np.tan(np.radians(over)) ** 2, 0
    with rasterio.open(file) as raster:
        for row in range(1, raster.height - 1, ROWS):
            height = min(ROWS, raster.height - 1 - row)
            block = raster.read(1, window=Window(0, row - 1, raster.width, height + 2))
            rows = np.arange(row, row + height)
            width, tall = cell_size(raster.transform, rows, raster.width / 2, CRS.from_user_input(raster.crs))
            for part in range(0, height, 16):  # few rows at once stay in the cache of the processor
                end = min(part + 16, height)
                squared = slope_squared(block[part : end + 2], width[part:end], tall[part:end])
                found += int((squared > limit).sum())
    return found


def with_polygons(file: Path, over: float) -> int:
    """The mask of the whole grid."""
    return slope_mask(file, over=over).cells


def in_zones(file: Path, over: float) -> int:
    """The mask within zones, as a run uses it."""
    with rasterio.open(file) as raster:
        west, south, east, north = raster.bounds
        crs = raster.crs.to_wkt()
    radius = np.sqrt((east - west) * (north - south) / (10 * 9 * np.pi))
    x, y = np.meshgrid(np.linspace(west, east, 7)[1::2], np.linspace(south, north, 7)[1::2])
    zones = shapely.union_all(shapely.buffer(shapely.points(x, y), radius))
    return slope_mask(file, over=over, within=zones, within_crs=crs).cells


def timed(job: object, file: Path, over: float, answer: object) -> None:
    start, busy, found = time.perf_counter(), time.process_time(), None
    try:
        found = job(file, over)  # type: ignore[operator]
    finally:
        took = time.perf_counter() - start, time.process_time() - busy
        answer.put((*took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, found))  # type: ignore[attr-defined]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=10_000)
    parser.add_argument("--over", type=float, default=25.0)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--zones", action="store_true")
    options = parser.parse_args()
    jobs = {"read": read, "mask alone": mask_alone, "mask with polygons": with_polygons}
    if options.zones:
        jobs["mask in zones"] = in_zones
    with tempfile.TemporaryDirectory() as folder:
        file = options.file or Path(folder) / "dem.tif"
        context, first = multiprocessing.get_context("spawn"), 0.0
        if not file.exists():  # in a process of its own: a child inherits the peak of its parent
            maker = context.Process(target=make_dem, args=(file, options.size))
            maker.start()
            maker.join()
        for name, job in jobs.items():
            answer = context.Queue()
            process = context.Process(target=timed, args=(job, file, options.over, answer))
            process.start()
            took, busy, peak, found = answer.get()
            process.join()
            first = first or busy
            times = f"{took:7.2f} s  processor {busy:7.2f} s  {busy / first:5.2f} x"
            print(f"{name:20} {times}  peak {peak:.2f} GB  {found or 0:,} cells")


if __name__ == "__main__":
    main()

"""Open a raster and refuse what cannot be measured: several bands, no CRS, rotated or south-up grids."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import rasterio
from pyproj import CRS
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader

from parcels.crs.identity import horizontal
from parcels.errors import CrsError, FormatError


@contextmanager
def opened(path: Path) -> Iterator[tuple[DatasetReader, CRS]]:
    """A raster of one band, north-up, with its horizontal CRS.

    Raises
    ------
    FormatError
        When it cannot be opened or read, has several bands, or is not north-up.
    CrsError
        When it has no CRS.
    """
    try:
        with rasterio.open(path) as dataset:
            yield dataset, _checked(dataset, path)
    except (RasterioError, OSError) as error:
        raise FormatError("raster-not-open", file=path, detail=str(error)) from error


def _checked(dataset: DatasetReader, path: Path) -> CRS:
    if dataset.count != 1:
        raise FormatError("raster-bands", file=path, count=dataset.count)
    if not dataset.crs:
        raise CrsError("raster-no-crs", file=path)
    t = dataset.transform
    if t.b or t.d or t.a <= 0 or t.e >= 0:
        raise FormatError("raster-turned", file=path, transform=tuple(t)[:6])
    return horizontal(CRS.from_wkt(dataset.crs.to_wkt()))

"""Open a raster and refuse what cannot be measured: no band chosen of several, no CRS, rotated or south-up grids."""

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
def opened(path: Path, band: int | None = None) -> Iterator[tuple[DatasetReader, CRS]]:
    """A raster, north-up, with its horizontal CRS; of several bands one must be chosen, counted from 1.

    Raises
    ------
    FormatError
        When it cannot be opened or read, has several bands and ``band`` names none of them, or is not north-up.
    CrsError
        When it has no CRS.
    """
    try:
        with rasterio.open(path) as dataset:
            yield dataset, _checked(dataset, path, band)
    except (RasterioError, OSError) as error:
        raise FormatError("raster-not-open", file=path, detail=str(error)) from error


def _checked(dataset: DatasetReader, path: Path, band: int | None) -> CRS:
    if (band is None and dataset.count != 1) or (band is not None and not 1 <= band <= dataset.count):
        raise FormatError("raster-bands", file=path, count=dataset.count, bands=_bands(dataset))
    if not dataset.crs:
        raise CrsError("raster-no-crs", file=path)
    t = dataset.transform
    if t.b or t.d or t.a <= 0 or t.e >= 0:
        raise FormatError("raster-turned", file=path, transform=tuple(t)[:6])
    return horizontal(CRS.from_wkt(dataset.crs.to_wkt()))


def _bands(dataset: DatasetReader) -> str:
    """The bands with their numbers, descriptions and types."""
    named = zip(dataset.indexes, dataset.descriptions, dataset.dtypes, strict=True)
    return ", ".join(f"{number}: {text or kind}" for number, text, kind in named)

"""Heat maps as files: GeoTIFF with values, GeoTIFF with classes in colour, and a picture for the page.

The classes are those of a theme: the same limits and colours as in page, sheet and QGIS style. The file of values comes
with a style for QGIS beside it; the file of classes opens coloured anywhere.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from rasterio.errors import NotGeoreferencedWarning
from rasterio.features import rasterize
from rasterio.io import MemoryFile
from rasterio.warp import Resampling, calculate_default_transform, reproject

from maps.classes import NO_DATA, Floats
from maps.heat_cells import HeatCells
from maps.heat_surface import HeatSurface
from maps.images import ImageLayer
from maps.qgis import raster_style
from maps.themes import Theme, band_labels_of, classify_values

NO_VALUE = -9999.0
NO_CLASS = 255
_CELL_PIXELS = 16  # pixels across a cell in files and pictures


@dataclass(frozen=True)
class Grid:
    """Values of a heat map on pixels."""

    values: Floats
    transform: Affine
    crs: Any
    tags: Mapping[str, str]


def on_grid(heat: HeatCells | HeatSurface) -> Grid:
    """A heat map as pixels; cells are drawn with 16 pixels across."""
    if isinstance(heat, HeatSurface):
        return Grid(heat.values, heat.transform, heat.crs, heat.tags)
    pixel = heat.size / _CELL_PIXELS
    west, south, east, north = heat.frame.total_bounds
    left, top = np.floor(west / pixel), np.ceil(north / pixel)
    shape = (int(top - np.floor(south / pixel)), int(np.ceil(east / pixel) - left))
    transform = Affine(pixel, 0, left * pixel, 0, -pixel, top * pixel)
    known = heat.frame[heat.frame["value"].notna() & heat.frame.geometry.notna()]
    drawn = list(zip(known.geometry, known["value"], strict=True))
    values = np.full(shape, np.nan)
    if drawn:
        values = rasterize(drawn, out_shape=shape, transform=transform, fill=np.nan, dtype="float64")
    return Grid(values, transform, heat.frame.crs, heat.tags | {"cell": heat.cell, "cell_m": f"{heat.size:g}"})


def write_geotiff(heat: HeatCells | HeatSurface, path: str | os.PathLike[str], *, theme: Theme,
                  tags: Mapping[str, str] | None = None) -> list[Path]:  # fmt: skip
    """Write a heat map as GeoTIFF: ``path`` with values, ``…_classes.tif`` with classes, ``….qml`` with the style.

    Parameters
    ----------
    heat
        The heat map.
    path
        File of the values, ending in ``.tif``: float32, −9999 for no data, with CRS, unit and tags.
    theme
        A ratio or number theme: limits, colours and unit.
    tags
        Further tags, such as period and source.

    Returns
    -------
    list of Path
        The files written, each in one step.

    Raises
    ------
    OSError
        When a file cannot be written.
    """
    target = Path(path)
    grid = on_grid(heat)
    known = dict(grid.tags) | dict(tags or {}) | {"title": theme.title, "unit": theme.unit}
    codes = classify_values(grid.values, theme)
    labels, colours = band_labels_of(theme)
    values = np.where(np.isfinite(grid.values), grid.values, NO_VALUE).astype(np.float32)
    with _opened(target, grid, "float32", NO_VALUE) as file:
        file.write(values, 1)
        file.set_band_description(1, theme.title)
        file.set_band_unit(1, theme.unit)
        file.update_tags(**known)
    classes = target.with_name(f"{target.stem}_classes.tif")
    with _opened(classes, grid, "uint8", NO_CLASS) as file:
        file.write(np.where(codes == NO_DATA, NO_CLASS, codes).astype(np.uint8), 1)
        file.write_colormap(1, {i: (*_rgb(colour), 255) for i, colour in enumerate(colours)})
        file.set_band_description(1, theme.title)
        file.update_tags(**known, **{f"class_{i}": label for i, label in enumerate(labels)})
    style = target.with_suffix(".qml")
    part = style.with_name(f".{style.name}.part")
    part.write_text(raster_style(theme, labels, colours), encoding="utf-8")
    part.replace(style)
    return [target, classes, style]


def picture(
    heat: HeatCells | HeatSurface, theme: Theme, *, title: str | None = None, shown: bool = False
) -> ImageLayer:
    """A heat map as a picture for :func:`maps.interactive`, in the classes of a theme.

    Parameters
    ----------
    heat
        The heat map.
    theme
        A ratio or number theme.
    title
        Name in the list of layers; default: that of the theme.
    shown
        Whether it is on at first.
    """
    grid = on_grid(heat)
    codes = classify_values(grid.values, theme)
    labels, colours = band_labels_of(theme)
    classes = np.where(codes == NO_DATA, NO_CLASS, codes).astype(np.uint8)
    g, (rows, columns) = grid.transform, classes.shape
    bounds = (g.c, g.f + rows * g.e, g.c + columns * g.a, g.f)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)  # of affine, inside rasterio
        transform, width, height = calculate_default_transform(
            CRS(grid.crs).to_wkt(), "EPSG:3857", columns, rows, *bounds
        )
    side = max(transform.a, -transform.e)
    transform = Affine(side, 0, transform.c, 0, -side, transform.f)
    warped = np.full((height, width), NO_CLASS, dtype=np.uint8)
    reproject(
        classes, warped, src_transform=grid.transform, src_crs=CRS(grid.crs).to_wkt(), dst_transform=transform,
        dst_crs="EPSG:3857", src_nodata=NO_CLASS, dst_nodata=NO_CLASS, resampling=Resampling.nearest,
    )  # fmt: skip
    edges = (transform.c, transform.f - side * height, transform.c + side * width, transform.f)
    degrees = Transformer.from_crs(3857, 4326, always_xy=True)
    (west, east), (south, north) = degrees.transform([edges[0], edges[2]], [edges[1], edges[3]])
    legend = list(zip(colours, labels, strict=True))
    name = theme.title if title is None else title
    return ImageLayer(_png(warped, colours), (west, south, east, north), name, legend=legend, shown=shown)


def _png(classes: NDArray[np.uint8], colours: list[str]) -> bytes:
    table = np.zeros((256, 4), dtype=np.uint8)
    for code, colour in enumerate(colours):
        table[code] = (*_rgb(colour), 255)
    bands = np.moveaxis(table[classes], 2, 0)
    with MemoryFile() as memory, warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)  # a PNG never is
        with memory.open(driver="PNG", width=bands.shape[2], height=bands.shape[1], count=4, dtype="uint8") as file:
            file.write(bands)
        return bytes(memory.read())


@contextmanager
def _opened(path: Path, grid: Grid, dtype: str, nodata: float) -> Iterator[Any]:
    """A GeoTIFF that takes its place when it is complete.

    It is made in memory: of a full disk libtiff would speak in lines of its own on the terminal.
    """
    height, width = grid.values.shape
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff", width=width, height=height, count=1, dtype=dtype, crs=CRS(grid.crs).to_wkt(),
            transform=grid.transform, nodata=nodata, compress="deflate", tiled=True, blockxsize=256, blockysize=256,
        ) as file:  # fmt: skip
            yield file
        content = bytes(memory.read())
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}.", suffix=".part.tif", dir=path.parent)
    os.close(handle)
    try:
        Path(name).write_bytes(content)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _rgb(colour: str) -> tuple[int, int, int]:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return red, green, blue

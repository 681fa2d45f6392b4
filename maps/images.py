"""Pictures on the map: surfaces that are ready as PNG, and georeferenced images warped to the web map.

A picture lies within corners in degrees but is drawn in EPSG:3857, so its pixels must be squares of that projection.
"""

from __future__ import annotations

import base64
import math
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from pyproj import Transformer
from rasterio.errors import RasterioError
from rasterio.io import MemoryFile
from rasterio.warp import Resampling, calculate_default_transform, reproject

from maps.classes import check_colour
from maps.errors import MapError
from maps.pack import Head

Bounds = tuple[float, float, float, float]

MAX_BYTES = 10_000_000
_MAX_SIDE = 4096
_MERCATOR_LAT = 85.06
_KINDS = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


@dataclass(frozen=True)
class ImageLayer:
    """A picture over the map, such as a heat surface.

    Parameters
    ----------
    png
        Bytes of a PNG (or JPEG) whose pixels are squares in EPSG:3857.
    bounds
        West, south, east, north in degrees, the outer edges of the picture.
    title
        Name in the list of layers.
    legend
        Colours (six hexadecimal digits) and labels.
    opacity
        From above 0 to 1.
    shown
        Whether the layer is on at first.

    Raises
    ------
    MapError
        When the bytes are no picture, are too many, or the bounds or the opacity are impossible.

    Examples
    --------
    >>> ImageLayer(b"GIF89a", (117, 36, 117.1, 36.1), "热力面")
    Traceback (most recent call last):
    ...
    maps.errors.MapError: 问题: 图片“热力面”不能上图：不是 PNG 或 JPEG
    应为: 不超过 10 MB 的 PNG 或 JPEG；边界为（西、南、东、北）经纬度；不透明度大于 0、不超过 1
    办法: 请核对图片及其边界
    """

    png: bytes
    bounds: Bounds
    title: str
    legend: Sequence[tuple[str, str]] | None = None
    opacity: float = 0.7
    shown: bool = False

    def __post_init__(self) -> None:
        mime(self.png, self.title)
        check_bounds(self.bounds, self.title)
        if not 0 < self.opacity <= 1:
            raise _wrong(self.title, f"不透明度为 {self.opacity}", f"its opacity is {self.opacity}")
        for colour, _ in self.legend or ():
            check_colour(colour)


def mime(data: bytes, title: str) -> str:
    """Kind of a picture by its first bytes."""
    found = next((kind for start, kind in _KINDS.items() if data.startswith(start)), None)
    if found is None:
        raise _wrong(title, "不是 PNG 或 JPEG", "it is neither PNG nor JPEG")
    if len(data) > MAX_BYTES:
        size = len(data) / 1e6
        raise _wrong(title, f"大小为 {size:.1f} MB", f"its size is {size:.1f} MB")
    return found


def check_bounds(bounds: Bounds, title: str) -> None:
    """Refuse corners that are no box of degrees."""
    west, south, east, north = bounds
    finite = all(math.isfinite(value) for value in bounds)
    if not (finite and -180 <= west < east <= 180 and -_MERCATOR_LAT <= south < north <= _MERCATOR_LAT):
        raise _wrong(title, f"边界 {tuple(bounds)} 无效", f"the bounds {tuple(bounds)} are not valid")


def store_images(images: Sequence[ImageLayer], blobs: dict[str, str]) -> list[Head]:
    """Put the pictures among the blobs of the page and return what the page needs to show them."""
    heads: list[Head] = []
    for image in images:
        heads.append(
            {
                "title": image.title,
                "mime": mime(image.png, image.title),
                "image": store_picture(image.png, blobs),
                "bounds": [float(value) for value in image.bounds],
                "opacity": float(image.opacity),
                "shown": image.shown,
                "legend": [{"colour": colour, "label": label} for colour, label in image.legend or ()],
            }
        )
    return heads


def store_picture(data: bytes, blobs: dict[str, str]) -> str:
    """Keep the bytes of a picture in base64; returns its name."""
    name = f"picture{len(blobs)}"
    blobs[name] = base64.b64encode(data).decode("ascii")
    return name


@dataclass(frozen=True)
class Warped:
    """A picture in EPSG:3857, its bounds in degrees, and by how much its sides were reduced (1: not at all)."""

    data: bytes
    bounds: Bounds
    factor: float


def warp_image(path: str | os.PathLike[str], *, max_bytes: int = MAX_BYTES) -> Warped:
    """Warp a georeferenced image to the web map, as JPEG, or as PNG where parts are transparent.

    Parameters
    ----------
    path
        GeoTIFF, or JPEG or PNG with a world file and a ``.prj``, in a CRS that PROJ knows.
    max_bytes
        Limit of the result; a larger image is reduced until it fits.

    Returns
    -------
    Warped
        Picture, bounds in degrees, and the reduction.

    Raises
    ------
    MapError
        When the file cannot be read, has no CRS, or is not of one or three bands of 8 bits (with or without alpha).
    """
    name = Path(path).name
    try:
        # The warper of rasterio multiplies transforms in a way of which their library disapproves.
        with rasterio.open(path) as source, warnings.catch_warnings():
            warnings.simplefilter("ignore", PendingDeprecationWarning)
            return _warp(source, name, max_bytes)
    except RasterioError as error:
        raise MapError("map-image-file", name=name, detail_zh=str(error), detail_en=str(error)) from error


def _warp(source: rasterio.DatasetReader, name: str, max_bytes: int) -> Warped:
    if source.crs is None:
        raise MapError("map-image-file", name=name, detail_zh="没有坐标系", detail_en="it has no CRS")
    if source.dtypes[0] != "uint8" or source.count > 4:
        what = f"{source.count} × {source.dtypes[0]}"
        raise MapError("map-image-file", name=name, detail_zh=f"波段为 {what}", detail_en=f"its bands are {what}")
    _, width, height = calculate_default_transform(source.crs, "EPSG:3857", source.width, source.height, *source.bounds)
    factor = max(1.0, width / _MAX_SIDE, height / _MAX_SIDE)
    while True:
        pixels, bounds = _warped_pixels(source, factor)
        data = _encode(pixels)
        if len(data) <= max_bytes:
            return Warped(data, bounds, factor)
        factor *= max(1.2, math.sqrt(len(data) / max_bytes))


def _warped_pixels(source: rasterio.DatasetReader, factor: float) -> tuple[np.ndarray, Bounds]:
    """Red, green, blue and alpha in EPSG:3857, and the bounds in degrees."""
    transform, width, height = calculate_default_transform(
        source.crs, "EPSG:3857", source.width, source.height, *source.bounds
    )
    left, top = transform.c, transform.f
    right, bottom = left + transform.a * width, top + transform.e * height
    columns, rows = max(1, round(width / factor)), max(1, round(height / factor))
    target = Affine((right - left) / columns, 0.0, left, 0.0, (bottom - top) / rows, top)
    out = np.zeros((4, rows, columns), dtype="uint8")
    bands = (1, 2, 3) if source.count >= 3 else (1, 1, 1)
    how = Resampling.average if factor > 1 else Resampling.bilinear
    for i, band in enumerate(bands):
        reproject(rasterio.band(source, band), out[i], dst_transform=target, dst_crs="EPSG:3857", resampling=how)
    reproject(
        source.dataset_mask(),
        out[3],
        src_transform=source.transform,
        src_crs=source.crs,
        dst_transform=target,
        dst_crs="EPSG:3857",
        resampling=Resampling.nearest,
    )
    to_degrees = Transformer.from_crs("EPSG:3857", "EPSG:4326", always_xy=True)
    west, south = to_degrees.transform(left, bottom)
    east, north = to_degrees.transform(right, top)
    return out, (west, south, east, north)


def _encode(pixels: np.ndarray) -> bytes:
    opaque = bool((pixels[3] == 255).all())
    driver, bands = ("JPEG", pixels[:3]) if opaque else ("PNG", pixels)
    count, height, width = bands.shape
    # A picture in a page needs no place of its own, so the missing one is no reason for a warning.
    place = Affine(1.0, 0.0, 0.0, 0.0, -1.0, float(height))
    with MemoryFile() as memory:
        with memory.open(
            driver=driver, width=width, height=height, count=count, dtype="uint8", transform=place
        ) as file:
            file.write(bands)
        return bytes(memory.read())


def _wrong(title: str, detail_zh: str, detail_en: str) -> MapError:
    return MapError("map-image", title=title, detail_zh=detail_zh, detail_en=detail_en)

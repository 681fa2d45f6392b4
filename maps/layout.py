"""Where things stand on a sheet: paper, boxes in millimetres, round scales and the CRS that is drawn in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import pyproj
from pyproj.exceptions import ProjError

from maps.errors import MapError

Size = Literal["A3", "A4"]
Orientation = Literal["landscape", "portrait"]
PAPER_MM: dict[str, tuple[float, float]] = {"A3": (420.0, 297.0), "A4": (297.0, 210.0)}
_ROUND = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.5)
_LEAST_SCALE = 500
_GK3_FIRST, _GK3_LAST, _GK3_MERIDIAN = 4534, 4554, 75
_UTM_NORTH, _UTM_SOUTH = 32600, 32700  # EPSG code of zone 0
_CONFORMAL_WEB = "Mercator"


@dataclass(frozen=True)
class Box:
    """A rectangle on the paper in mm from its lower left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Layout:
    """Paper, the box of the map, the columns of the panel and the factor of all text sizes."""

    width: float
    height: float
    map: Box
    columns: tuple[Box, ...]
    text: float


def layout(size: Size, orientation: Orientation) -> Layout:
    """The boxes of a sheet: panel at the right of a landscape sheet, below the map of a portrait one."""
    if size not in PAPER_MM:
        raise MapError("map-sheet-option", name="size", value=size, known=", ".join(PAPER_MM))
    if orientation not in ("landscape", "portrait"):
        raise MapError("map-sheet-option", name="orientation", value=orientation, known="landscape, portrait")
    long, short = PAPER_MM[size]
    k = 1.0 if size == "A3" else 0.72
    left, bottom, top, gap = 18 * k, 20 * k, 36 * k, 12 * k
    if orientation == "landscape":
        panel = 86 * k
        box = Box(left, bottom, long - left - gap - panel - 10 * k, short - bottom - top)
        return Layout(long, short, box, (Box(long - panel - 10 * k, bottom, panel, box.height),), k)
    panel, across = 112 * k, short - 2 * left
    box = Box(left, bottom + panel, across, long - bottom - top - panel)
    each = (across - 2 * gap) / 3
    columns = tuple(Box(left + i * (each + gap), bottom - 6 * k, each, panel - 8 * k) for i in range(3))
    return Layout(short, long, box, columns, k)


def round_scale(width_m: float, height_m: float, box: Box) -> int:
    """The largest round scale at which an extent fits a box.

    Examples
    --------
    >>> round_scale(1990, 500, Box(0, 0, 200, 100))
    10000
    """
    need = max(width_m / box.width, height_m / box.height) * 1000
    if need <= _LEAST_SCALE:
        return _LEAST_SCALE
    power: float = 10 ** math.floor(math.log10(need) + 1e-12)
    return next(round(s * power) for s in (*_ROUND, 10.0) if s * power >= need * (1 - 1e-12))


def drawing_crs(frame: gpd.GeoDataFrame) -> pyproj.CRS:
    """The CRS of a sheet: the frame's own if it is projected in metres, else the CGCS2000 3-degree zone of its centre,
    or outside China the UTM zone.

    Web Mercator is projected in metres that are no metres on the ground, and is therefore not kept.
    """
    if frame.crs is None:
        raise MapError("map-crs-missing", name="frame")
    own = pyproj.CRS(frame.crs)
    method = own.coordinate_operation.method_name if own.coordinate_operation else ""
    metric = all(axis.unit_name.lower() in ("metre", "meter") for axis in own.axis_info)
    if own.is_projected and metric and not (_CONFORMAL_WEB in method and "Transverse" not in method):
        return own
    try:
        west, south, east, north = frame.geometry.to_crs(4490).total_bounds
    except ProjError as error:
        raise MapError("map-sheet-crs", crs=own.name, detail=error) from error
    lon, lat = (west + east) / 2, (south + north) / 2
    in_china = _GK3_MERIDIAN - 1.5 <= lon <= _GK3_MERIDIAN + 3 * (_GK3_LAST - _GK3_FIRST) + 1.5 and lat > 0
    if in_china or not (abs(lon) <= 180 and -80 <= lat <= 84):
        return gauss_kruger(lon, own.name)
    return pyproj.CRS((_UTM_NORTH if lat >= 0 else _UTM_SOUTH) + min(int((lon + 180) // 6) + 1, 60))


def gauss_kruger(lon: float, name: str = "") -> pyproj.CRS:
    """The CGCS2000 3-degree Gauss-Kruger CRS of a longitude, without zone number in the eastings.

    Examples
    --------
    >>> gauss_kruger(117.2).to_epsg()
    4548
    """
    code: int = _GK3_FIRST + round((lon - _GK3_MERIDIAN) / 3) if math.isfinite(lon) else 0
    if not _GK3_FIRST <= code <= _GK3_LAST:
        raise MapError("map-sheet-crs", crs=name, detail=f"{lon:.4f}°")
    return pyproj.CRS(code)


def meridian(crs: pyproj.CRS) -> float | None:
    """Central meridian of a CRS in degrees, where it has one."""
    if crs.coordinate_operation is None:
        return None
    names = ("Longitude of natural origin", "Longitude of false origin")
    return next((float(p.value) for p in crs.coordinate_operation.params if p.name in names), None)

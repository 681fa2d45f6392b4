"""Which coordinate is which, and in which zone: what the numbers of a 界址点 TXT and its header say together.

Eastings with the zone number in front (39512345.678) tell the zone; without it only the header can. Zones
13 to 23 are 6 degrees wide, 25 to 45 are 3 degrees wide. Nothing in the numbers tells the datum.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from parcels.boundary_txt.lines import Document
from parcels.crs.parameters import datum_family, gauss_kruger_epsg

MILLION = 1_000_000
ZONES = {6: range(13, 24), 3: range(25, 46)}
_NORTH_PREFIXED = (0.3e6, 6.0e6)
_NORTH_PLAIN = (1.9e6, 6.0e6)
_EAST_PREFIXED = (13.0e6, 46.0e6)
_EAST_PLAIN = (0.1e6, 0.9e6)
_LATITUDE, _LONGITUDE = (3.0, 54.0), (73.0, 136.0)
_DATUMS = (
    ("cgcs2000", re.compile(r"2000|CGCS", re.IGNORECASE)),
    ("xian80", re.compile(r"80|西安|XI.?AN", re.IGNORECASE)),
    ("beijing54", re.compile(r"54|北京|BEIJING", re.IGNORECASE)),
)
_GAUSS = re.compile(r"高斯|克吕格|克里格|GAUSS|GK|TRANSVERSE", re.IGNORECASE)
_METRE = ("", "米", "M", "METER", "METRE", "METERS")
_WORD_DIGITS = {"三": 3, "六": 6}

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Remark = tuple[str, str, object, object]


@dataclass
class Plane:
    """How the coordinates of each parcel are to be read.

    Attributes
    ----------
    swapped
        Easting (or longitude) stands first.
    known
        The magnitudes settle the order; where not, northing is taken to stand first, as the format says.
    degrees
        Latitude and longitude.
    has_points
        The parcel has points at all.
    zones
        Zone numbers found in the eastings.
    plain
        Some parcel has eastings without zone number.
    """

    swapped: Mask
    known: Mask
    degrees: Mask
    has_points: Mask
    zones: set[int]
    plain: bool

    def xy(self, doc: Document) -> Floats:
        """Points as (east, north), shape (n, 2)."""
        swapped = self.swapped[doc.parcel]
        east = np.where(swapped, doc.first, doc.second)
        north = np.where(swapped, doc.second, doc.first)
        return np.column_stack([east, north])


def _extent(values: Floats, parcel: NDArray[np.int64], count: int) -> tuple[Floats, Floats]:
    low, high = np.full(count, np.nan), np.full(count, np.nan)
    if len(values):
        owners, starts = np.unique(parcel, return_index=True)
        low[owners] = np.minimum.reduceat(values, starts)
        high[owners] = np.maximum.reduceat(values, starts)
    return low, high


def _within(extent: tuple[Floats, Floats], limits: tuple[float, float]) -> Mask:
    return np.asarray((extent[0] >= limits[0]) & (extent[1] < limits[1]))


def find_plane(doc: Document) -> Plane:
    """Axis order, degrees and zones of every parcel by the magnitude of its coordinates."""
    count = len(doc.parcels)
    a, b = _extent(doc.first, doc.parcel, count), _extent(doc.second, doc.parcel, count)

    def projected(north: tuple[Floats, Floats], east: tuple[Floats, Floats]) -> Mask:
        prefixed = _within(north, _NORTH_PREFIXED) & _within(east, _EAST_PREFIXED)
        return prefixed | (_within(north, _NORTH_PLAIN) & _within(east, _EAST_PLAIN))

    degrees_ab = _within(a, _LATITUDE) & _within(b, _LONGITUDE)
    degrees_ba = _within(b, _LATITUDE) & _within(a, _LONGITUDE)
    usual, swapped = projected(a, b) | degrees_ab, projected(b, a) | degrees_ba
    degrees = degrees_ab | degrees_ba
    flat = (usual | swapped) & ~degrees
    low = np.where(swapped, a[0], b[0])[flat] // MILLION
    high = np.where(swapped, a[1], b[1])[flat] // MILLION
    zones = {int(z) for z in np.concatenate([low, high]) if z > 0}
    return Plane(swapped & ~usual, usual | swapped, degrees, ~np.isnan(a[0]), zones, bool((low == 0).any()))


def _value(header: dict[str, str], *keys: str) -> str:
    found = (v for k, v in header.items() if re.sub(r"\s+", "", k) in keys)
    return next(found, "").strip()


def _digits(text: str) -> int | None:
    match = re.search(r"\d+", text)
    if match:
        return int(match[0])
    return next((n for word, n in _WORD_DIGITS.items() if word in text), None)


def header_datum(header: dict[str, str]) -> str | None:
    """The datum the header names: ``cgcs2000``, ``xian80``, ``beijing54`` or None.

    Examples
    --------
    >>> header_datum({"坐标系": "1980西安坐标系"})
    'xian80'
    """
    text = _value(header, "坐标系", "坐标系统", "坐标系名称")
    return next((name for name, pattern in _DATUMS if pattern.search(text)), None)


def _width_of(zone: int | None) -> int | None:
    return next((width for width, zones in ZONES.items() if zone in zones), None)


def crs_of_header(header: dict[str, str], plane: Plane) -> tuple[str | None, list[Remark]]:
    """The CRS that header and coordinates settle together, and what there is to say about it.

    Parameters
    ----------
    header
        Keys and values of [属性描述].
    plane
        What the coordinates say.

    Returns
    -------
    text
        ``"EPSG:4527"`` (zone in the easting), ``"EPSG:4548"`` (zone from the header), the Xi'an 80 or
        Beijing 54 codes where the header names these, None where datum or zone is not known.
    remarks
        Ledger code, header key, value in the header, value taken.
    """
    datum = header_datum(header)
    remarks = list(_odd_entries(header, plane))
    if not plane.known[plane.has_points].all() or any(code == "txt-projection-other" for code, *_ in remarks):
        return None, remarks
    if plane.degrees.any():
        mixed = not plane.degrees[plane.has_points].all()
        family = None if mixed or datum is None else datum_family(datum)
        return (f"EPSG:{family.geographic}" if family else None), remarks + _mixed(plane, mixed)
    if len(plane.zones) > 1 or (plane.zones and plane.plain):
        return None, remarks + _mixed(plane, True)
    zone = next(iter(plane.zones), None)
    if zone is not None:
        width = _width_of(zone)
        remarks += _conflicts(header, zone, width)
    else:
        zone, width, said = _header_zone(header)
        remarks += said
    if datum is None or zone is None or width is None or not plane.has_points.any():
        return None, remarks
    lon0 = 3 * zone if width == 3 else 6 * zone - 3
    epsg = gauss_kruger_epsg(datum, width=width, lon0=lon0, prefix=bool(plane.zones))
    return (f"EPSG:{epsg}" if epsg else None), remarks


def _mixed(plane: Plane, mixed: bool) -> list[Remark]:
    parts = [str(z) for z in sorted(plane.zones)] + ["-"] * plane.plain + ["°"] * bool(plane.degrees.any())
    return [("txt-zones-mixed", "带号", ", ".join(parts), None)] if mixed else []


def _odd_entries(header: dict[str, str], plane: Plane) -> Iterator[Remark]:
    projection = _value(header, "投影类型", "投影")
    if projection and not _GAUSS.search(projection) and not plane.degrees.any():
        yield ("txt-projection-other", "投影类型", projection, None)
    unit = _value(header, "计量单位", "单位")
    if unit.upper() not in _METRE and not plane.degrees.any():
        yield ("txt-unit-other", "计量单位", unit, "米")


def _conflicts(header: dict[str, str], zone: int, width: int | None) -> list[Remark]:
    found: list[Remark] = []
    said_zone = _digits(_value(header, "带号"))
    if said_zone is not None and said_zone != zone:
        found.append(("txt-zone-conflict", "带号", said_zone, zone))
    said_width = _digits(_value(header, "几度分带", "分带"))
    if said_width is not None and width is not None and said_width != width:
        found.append(("txt-zone-conflict", "几度分带", said_width, width))
    return found


def _header_zone(header: dict[str, str]) -> tuple[int | None, int | None, list[Remark]]:
    """Zone and width from the header alone; a zone number that its width does not have is not believed."""
    text = _value(header, "带号")
    zone, said = _digits(text), _digits(_value(header, "几度分带", "分带"))
    meridian = _digits(_value(header, "中央子午线", "中央经线"))
    if zone is None and meridian is not None and said in ZONES:
        zone, rest = divmod(meridian if said == 3 else meridian + 3, said)
        zone = zone if rest == 0 else None
    width = _width_of(zone)
    if zone is None or width is None or said not in (None, width):
        return None, None, [("txt-zone-implausible", "带号", text, None)] if text else []
    return zone, width, []

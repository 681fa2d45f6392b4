"""What coordinates alone tell about their CRS: zone number, axis order, degrees; never the datum.

Eastings of eight digits name their zone (13-23 of 6 degrees, 25-45 of 3 degrees); six digits do not. Xi'an
1980, Beijing 1954 and CGCS2000 give the same numbers, so every code named here is on the datum that the
caller says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np
import pyproj
from numpy.typing import NDArray

from parcels.catalog import Lang
from parcels.crs.identity import note
from parcels.crs.parameters import gauss_kruger_crs, gauss_kruger_epsg

NumberKind = Literal["degrees", "gauss_kruger", "mixed_zones", "web_mercator", "local", "unknown"]
Bounds = Sequence[float] | NDArray[np.float64]

STRIP_M = {3: 168_000.0, 6: 335_000.0}
"""Half width in metres of a zone where it is widest in China (1.5 and 3 degrees at 3 degrees north)."""

_DEGREES = (73.0, 3.0, 136.0, 54.0)
_NORTHING = (380_000.0, 5_960_000.0)  # 3.4°N to 53.8°N
_NORTHING_NO_ZONE = (1_900_000.0, 5_960_000.0)  # the mainland and Hainan
_EASTING_NO_ZONE = (165_000.0, 835_000.0)
_MERCATOR = (8_100_000.0, 330_000.0, 15_200_000.0, 7_200_000.0)
_ZONES_LIKE_MERCATOR = (13, 14, 15)


@dataclass(frozen=True)
class Candidate:
    """A code that the numbers allow."""

    epsg: int
    name: str
    lon0: float
    width: int

    def __str__(self) -> str:
        return f"{self.lon0:g}°E EPSG:{self.epsg}"


@dataclass(frozen=True)
class Inference:
    """What the numbers say.

    Attributes
    ----------
    kind
        ``"degrees"``, ``"gauss_kruger"``, ``"mixed_zones"``, ``"web_mercator"``, ``"local"`` (numbers of no
        national system) or ``"unknown"`` (no usable numbers).
    zone, width, lon0, prefix
        Of a Gauss-Kruger zone; zone, width and lon0 are None when the easting carries no zone number.
    zones
        All zone numbers met, for ``"mixed_zones"``.
    swapped
        The first column is the northing or the latitude.
    off_m
        Largest distance from the central meridian in metres, as seen on the plane.
    outside_strip
        That distance is more than the strip of the zone allows.
    maybe_mercator
        The same numbers also fit Web Mercator of eastern China.
    candidates
        Codes on the datum asked for.
    reasons
        Sentences in the language asked for.
    """

    kind: NumberKind
    zone: int | None = None
    width: int | None = None
    lon0: float | None = None
    prefix: bool | None = None
    zones: tuple[int, ...] = ()
    swapped: bool = False
    off_m: float | None = None
    outside_strip: bool = False
    maybe_mercator: bool = False
    candidates: tuple[Candidate, ...] = ()
    reasons: tuple[str, ...] = ()


def zone_meridian(zone: int) -> tuple[int, float]:
    """Width and central meridian of a zone number: 13-23 are 6-degree zones, 25-45 are 3-degree zones."""
    return (6, 6.0 * zone - 3) if zone <= 23 else (3, 3.0 * zone)


def _is_zone(zone: int) -> bool:
    return 13 <= zone <= 23 or 25 <= zone <= 45


@lru_cache(maxsize=64)
def candidate(datum: str, width: int, lon0: float, prefix: bool) -> Candidate | None:
    """The code of one zone on a datum, None where EPSG has none."""
    epsg = gauss_kruger_epsg(datum, width=width, lon0=lon0, prefix=prefix)
    if epsg is None:
        return None
    crs = gauss_kruger_crs(datum, width=width, lon0=lon0, prefix=prefix)
    return Candidate(epsg, crs.name, lon0, width)


def zoneless_candidates(datum: str, width: int) -> tuple[Candidate, ...]:
    """All codes of a width without zone number: 21 of 3 degrees, 11 of 6 degrees."""
    found = (candidate(datum, width, float(lon0), False) for lon0 in range(75, 136, width))
    return tuple(code for code in found if code is not None)


def infer(bounds: Bounds, *, datum: str = "cgcs2000", lang: Lang = "zh") -> Inference:
    """Say what the bounds of a layer tell about its CRS.

    Parameters
    ----------
    bounds
        minx, miny, maxx, maxy as they stand in the file.
    datum
        Datum of the candidates; the numbers themselves cannot tell.
    lang
        Language of the reasons.

    Returns
    -------
    Inference

    Examples
    --------
    >>> infer((39512345, 4012345, 39513000, 4013000)).candidates[0].epsg
    4527
    """
    minx, miny, maxx, maxy = (float(value) for value in bounds)
    if not np.isfinite([minx, miny, maxx, maxy]).all():
        return Inference("unknown", reasons=(note("no-numbers", lang),))
    shown = note("bounds", lang, minx=f"{minx:.10g}", maxx=f"{maxx:.10g}", miny=f"{miny:.10g}", maxy=f"{maxy:.10g}")
    for swapped, box in ((False, (minx, miny, maxx, maxy)), (True, (miny, minx, maxy, maxx))):
        found = _one_order(box, datum, lang)
        if found is not None:
            turned = (note("swapped", lang),) if swapped else ()
            return replace(found, swapped=swapped, reasons=(shown, *turned, *found.reasons))
    if _inside((minx, miny, maxx, maxy), _MERCATOR):
        return Inference("web_mercator", reasons=(shown, note("web-mercator", lang)))
    return Inference("local", reasons=(shown, note("local-numbers", lang)))


def from_coordinates(xy: NDArray[np.float64], *, datum: str = "cgcs2000", lang: Lang = "zh") -> list[Inference]:
    """Say it for each zone met, so that layers of several zones can be split.

    Parameters
    ----------
    xy
        Coordinates of the layer or one point per feature, shape (n, 2).
    datum, lang
        As in :func:`infer`.

    Returns
    -------
    list of Inference
        One per group of points that share axis order and zone number (or have none); the largest group first.
        More than one means mixed content.
    """
    points = np.asarray(xy, dtype=np.float64)
    points = points[np.isfinite(points).all(axis=1)]
    keys = groups(points)
    values, counts = np.unique(keys, return_counts=True)
    found = []
    for key in values[np.argsort(-counts, kind="stable")]:
        part = points[keys == key]
        found.append(infer([*part.min(axis=0), *part.max(axis=0)], datum=datum, lang=lang))
    return found


def groups(xy: NDArray[np.float64]) -> NDArray[np.int64]:
    """A number per point: its zone, negative when the axes are swapped, 0 when it carries no zone number."""
    east, north = xy[:, 0], xy[:, 1]
    return np.where(_zoned(east, north), _million(east), np.where(_zoned(north, east), -_million(north), 0))


def _million(easting: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.floor(np.clip(easting, 0, 99e6) / 1e6).astype(np.int64)


def _zoned(easting: NDArray[np.float64], northing: NDArray[np.float64]) -> NDArray[np.bool_]:
    zone = _million(easting)
    number = ((zone >= 13) & (zone <= 23)) | ((zone >= 25) & (zone <= 45))
    return number & (northing >= _NORTHING[0]) & (northing <= _NORTHING[1])


def _inside(box: tuple[float, ...], limits: tuple[float, ...]) -> bool:
    return box[0] >= limits[0] and box[1] >= limits[1] and box[2] <= limits[2] and box[3] <= limits[3]


def _one_order(box: tuple[float, ...], datum: str, lang: Lang) -> Inference | None:
    """The verdict if x is east and y is north, None if that cannot be."""
    west, south, east, north = box
    if _inside(box, _DEGREES):
        return Inference("degrees", reasons=(note("degrees", lang),))
    first, last = int(west // 1e6), int(east // 1e6)
    if _is_zone(first) and _is_zone(last) and south >= _NORTHING[0] and north <= _NORTHING[1]:
        if first != last:
            zones = (first, last)
            reason = note("mixed", lang, zones=", ".join(map(str, zones)))
            return Inference("mixed_zones", zones=zones, prefix=True, reasons=(reason,))
        return _zone(box, first, datum, lang)
    if _inside(box, (_EASTING_NO_ZONE[0], _NORTHING_NO_ZONE[0], _EASTING_NO_ZONE[1], _NORTHING_NO_ZONE[1])):
        codes = zoneless_candidates(datum, 3) + zoneless_candidates(datum, 6)
        off = max(abs(west - 5e5), abs(east - 5e5))
        return Inference("gauss_kruger", prefix=False, off_m=off, candidates=codes, reasons=(note("no-zone", lang),))
    return None


def _zone(box: tuple[float, ...], zone: int, datum: str, lang: Lang) -> Inference | None:
    west, _, east, _ = box
    width, lon0 = zone_meridian(zone)
    middle = zone * 1e6 + 5e5
    off = max(abs(west - middle), abs(east - middle))
    outside = off > STRIP_M[width]
    mercator = zone in _ZONES_LIKE_MERCATOR and _inside(box, _MERCATOR)
    if outside and mercator:
        return None  # left to Web Mercator
    reasons = [note("zone", lang, zone=zone, width=width, lon0=f"{lon0:g}")]
    if outside:
        reasons.append(note("outside", lang, km=f"{off / 1e3:.0f}", limit=f"{STRIP_M[width] / 1e3:.0f}"))
    if mercator:
        reasons.append(note("maybe-mercator", lang))
    code = candidate(datum, width, lon0, True)
    return Inference(
        "gauss_kruger",
        zone=zone,
        width=width,
        lon0=lon0,
        prefix=True,
        zones=(zone,),
        off_m=off,
        outside_strip=outside,
        maybe_mercator=mercator,
        candidates=(code,) if code else (),
        reasons=tuple(reasons),
    )


def inferred_crs(found: Inference, *, datum: str = "cgcs2000") -> pyproj.CRS | None:
    """The CRS of a zone that the easting names, None where it names none."""
    if found.kind != "gauss_kruger" or found.width is None or found.lon0 is None:
        return None
    return gauss_kruger_crs(datum, width=found.width, lon0=found.lon0, prefix=True)

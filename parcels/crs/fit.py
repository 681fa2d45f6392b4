"""Whether a stated CRS can hold the numbers of a layer: axis order, zone number, strip, area of use.

A ``.prj`` with the zone number over coordinates without it, and the reverse, are common; with the same
central meridian there is only one way to read them, so the twin code is taken and reported. Anything else
that does not fit is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyproj

from parcels.crs.identity import Identity, identify, note
from parcels.crs.infer import STRIP_M, Inference
from parcels.crs.parameters import gauss_kruger_crs
from parcels.errors import CrsError
from parcels.ledger import Ledger

Box = tuple[float, float, float, float]

_CHINA: Box = (70.0, 2.0, 138.0, 56.0)
_NORTHING = (0.0, 6_000_000.0)
_AREA_MARGIN = 1.0  # degrees


@dataclass(frozen=True)
class Case:
    """The numbers of one layer, what they say, and where to write."""

    box: Box
    found: Inference
    source: str
    ledger: Ledger

    def say(self, code: str, *, before: object = None, after: object = None, **params: object) -> None:
        """Write a ledger row about this layer."""
        self.ledger.add(code, stage="read", source=self.source, field="crs", before=before, after=after, **params)

    def shown(self) -> dict[str, str]:
        """The bounds as text for messages."""
        return dict(zip(("minx", "miny", "maxx", "maxy"), (f"{value:.10g}" for value in self.box), strict=True))

    def ordered(self, swap: bool) -> Box:
        """The bounds with x = east."""
        west, south, east, north = self.box
        return (south, west, north, east) if swap else self.box

    def centre(self, swap: bool) -> tuple[float, float]:
        """Middle of the bounds with x = east."""
        west, south, east, north = self.ordered(swap)
        return (west + east) / 2, (south + north) / 2

    def easting(self) -> float:
        """A typical easting, for messages."""
        return self.centre(self.found.swapped)[0]

    def mixed(self) -> CrsError:
        """The refusal of several zones in one layer."""
        zones = ", ".join(map(str, self.found.zones))
        return CrsError("crs-mixed-zones", file=self.source, zones=zones)

    def misfit(self, identity: Identity, expected: str) -> CrsError:
        """The refusal of a CRS that cannot hold the numbers."""
        west, south, east, north = self.box
        small = max(abs(west), abs(east)) <= 180 and max(abs(south), abs(north)) <= 180
        numbers = note("degrees", self.ledger.lang) if small else "; ".join(self.found.reasons[1:])
        return CrsError(
            "crs-does-not-fit",
            file=self.source,
            declared=identity.label,
            expected=expected,
            numbers=numbers,
            **self.shown(),
        )

    def check_strip(self, identity: Identity) -> None:
        """Warn when the layer lies further from the central meridian than the zone reaches."""
        if self.found.off_m is None or identity.width is None or identity.lon0 is None:
            return
        six = identity.width == 6 or (not identity.prefix and (identity.lon0 - 75) % 6 == 0)
        limit, off = STRIP_M[6 if six else 3], self.found.off_m
        if off > limit:
            self.say(
                "crs-outside-strip",
                after=identity.label,
                lon0=f"{identity.lon0:g}",
                km=f"{off / 1e3:.0f}",
                width=identity.width,
                limit=f"{limit / 1e3:.0f}",
            )


def fit(case: Case, identity: Identity) -> tuple[Identity, bool]:
    """The CRS that holds the numbers, and whether their axes must be swapped for it.

    Raises
    ------
    CrsError
        The stated CRS cannot hold the numbers and no twin can, or there are several zones.
    """
    if case.found.kind == "unknown":
        return identity, False
    if identity.kind == "geographic":
        return identity, _fit_degrees(case, identity)
    if identity.kind == "gauss_kruger":
        return _fit_zone(case, identity)
    return identity, _fit_other(case, identity)


def _fit_degrees(case: Case, identity: Identity) -> bool:
    if case.found.kind == "degrees":
        return case.found.swapped
    for swap in (False, True):
        west, south, east, north = case.ordered(swap)
        if west >= -180.5 and east <= 360 and south >= -90 and north <= 90:
            _check_area(case, identity, case.ordered(swap))
            return swap
    raise case.misfit(identity, "-180 … 180, -90 … 90")


def _fit_zone(case: Case, identity: Identity) -> tuple[Identity, bool]:
    found = case.found
    if found.kind == "mixed_zones":
        raise case.mixed()
    middle = 5e5 + (identity.zone or 0) * 1e6 * bool(identity.prefix)
    expected = f"x {middle - STRIP_M[identity.width or 3]:.0f} … {middle + STRIP_M[identity.width or 3]:.0f}"
    if found.kind != "gauss_kruger":
        return identity, _within_strip(case, identity, middle, expected)
    if found.prefix and found.zone != identity.zone and found.lon0 != identity.lon0:
        raise case.misfit(identity, expected)
    if found.prefix == identity.prefix and (not found.prefix or found.zone == identity.zone):
        used = identity
    else:
        used = _twin(case, identity)
    case.check_strip(used)
    return used, found.swapped


def _within_strip(case: Case, identity: Identity, middle: float, expected: str) -> bool:
    """Axis order for numbers that no rule knows (the South China Sea without zone number)."""
    for swap in (False, True):
        west, south, east, north = case.ordered(swap)
        inside = max(abs(west - middle), abs(east - middle)) <= STRIP_M[6]
        if inside and _NORTHING[0] <= south and north <= _NORTHING[1]:
            return swap
    raise case.misfit(identity, expected)


def _twin(case: Case, identity: Identity) -> Identity:
    """The same central meridian with or without the zone number, as the eastings have it."""
    found = case.found
    width, lon0 = found.width or identity.width or 3, identity.lon0 or 0.0
    crs = gauss_kruger_crs(identity.datum, width=width, lon0=lon0, prefix=bool(found.prefix))
    used = identify(crs, lang=case.ledger.lang)
    case.say(
        "crs-prefix-mismatch",
        before=identity.label,
        after=used.label,
        easting=f"{case.easting():.0f}",
        declared=identity.label,
        used=used.label,
    )
    return used


def _fit_other(case: Case, identity: Identity) -> bool:
    """Axis order for any other projection: the one whose longitudes and latitudes lie where it is used."""
    boxes = [_lonlat(identity.crs, case.ordered(swap)) for swap in (False, True)]
    for swap, box in enumerate(boxes):
        if box is not None and _in_area(identity, box):
            return bool(swap)
    if boxes[0] is None or (identity.kind == "projected" and max(map(abs, case.box)) <= 180):
        raise case.misfit(identity, identity.crs.name)
    _check_area(case, identity, boxes[0])
    return False


def _lonlat(crs: pyproj.CRS, box: Box) -> Box | None:
    """Bounds in degrees; None where the projection cannot hold the corners."""
    base = crs.geodetic_crs
    if base is None:
        return None
    transformer = pyproj.Transformer.from_crs(crs, base, always_xy=True)
    x, y = np.array(box)[[0, 2, 0, 2]], np.array(box)[[1, 1, 3, 3]]
    lon, lat = transformer.transform(x, y)
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
        return None
    back = transformer.transform(lon, lat, direction="INVERSE")
    size = max(1.0, *(abs(value) for value in box))
    if not np.allclose(np.array(back), np.array([x, y]), rtol=0, atol=1e-6 * size):
        return None
    return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())


def _in_area(identity: Identity, box: Box) -> bool:
    area = identity.crs.area_of_use
    if area is not None:
        west, south, east, north = area.west, area.south, area.east, area.north
        if west > east:  # over the date line
            return True
    elif identity.kind == "local" or identity.datum in ("cgcs2000", "xian80", "beijing54"):
        west, south, east, north = _CHINA
    else:
        return True
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return west - _AREA_MARGIN <= x <= east + _AREA_MARGIN and south - _AREA_MARGIN <= y <= north + _AREA_MARGIN


def _check_area(case: Case, identity: Identity, box: Box) -> None:
    if not _in_area(identity, box):
        lon, lat = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        case.say("crs-outside-area", lon=f"{lon:.4f}", lat=f"{lat:.4f}", name=identity.label)

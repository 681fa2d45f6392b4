"""The parameters of a CRS: reading a definition, its projection, its datum, and the national zones as a
table.

Code ranges and ellipsoids stand in ``data/gauss_kruger.csv``. Names are used for one thing only: to tell
datums apart that share an ellipsoid (CGCS2000 and NAD83; Beijing 1954 and Pulkovo 1942).
"""

from __future__ import annotations

import csv
import math
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

import pyproj
from pyproj.crs import Datum as ProjDatum  # type: ignore[attr-defined]
from pyproj.exceptions import CRSError as ProjCrsError
from pyproj.exceptions import ProjError

from parcels.errors import CrsError

Datum = Literal["cgcs2000", "xian80", "beijing54", "wgs84", "other", "unknown"]

LENGTH_TOL = 1e-3  # metres
ANGLE_TOL = 1e-7  # degrees, about one centimetre
SCALE_TOL = 1e-9
RF_TOL = 5e-7  # CGCS2000 and WGS 84 differ by 1.46e-6


@dataclass(frozen=True)
class Family:
    """One row of codes: a datum, a zone width, with or without the zone number in the easting."""

    datum: Datum
    name: str
    geographic: int
    semi_major: float
    inverse_flattening: float
    width: int | None
    prefix: bool
    first: int
    last: int
    twin: bool

    def epsg(self, lon0: float) -> int | None:
        """The code whose central meridian is ``lon0`` degrees, None when the row has no such zone."""
        if self.width is None:
            return None
        step = round((lon0 - 75) / self.width)
        on_zone = abs(75 + step * self.width - lon0) <= ANGLE_TOL
        return self.first + step if on_zone and 0 <= step <= self.last - self.first else None


@dataclass(frozen=True)
class Mercator:
    """The parameters of a Transverse Mercator projection, in degrees and metres."""

    lon0: float
    lat0: float
    scale: float
    false_easting: float
    false_northing: float

    @property
    def is_gauss(self) -> bool:
        """Scale 1, origin on the equator, no false northing, as all national zones have it."""
        return (
            abs(self.scale - 1) <= SCALE_TOL and abs(self.lat0) <= ANGLE_TOL and abs(self.false_northing) <= LENGTH_TOL
        )

    def __str__(self) -> str:
        return (
            f"lon0={self.lon0:.10g} lat0={self.lat0:.10g} k={self.scale:.10g} "
            f"FE={self.false_easting:.12g} FN={self.false_northing:.12g}"
        )


@lru_cache(maxsize=1)
def families() -> tuple[Family, ...]:
    """All rows of ``data/gauss_kruger.csv``: the code ranges and the ellipsoids of the datums."""
    text = (files("parcels") / "data" / "gauss_kruger.csv").read_text(encoding="utf-8")
    return tuple(
        Family(
            datum=row["datum"],  # type: ignore[arg-type]
            name=row["name"],
            geographic=int(row["geographic_epsg"]),
            semi_major=float(row["semi_major_m"]),
            inverse_flattening=float(row["inverse_flattening"]),
            width=int(row["width"]) if row["width"] else None,
            prefix=row["prefix"] == "true",
            first=int(row["first_epsg"] or 0),
            last=int(row["last_epsg"] or -1),
            twin=row["twin"] == "true",
        )
        for row in csv.DictReader(text.splitlines())
    )


@lru_cache(maxsize=1)
def zone_by_epsg() -> dict[int, tuple[Family, float]]:
    """Row and central meridian of every national code."""
    return {
        code: (family, 75.0 + (code - family.first) * family.width)
        for family in families()
        if family.width is not None
        for code in range(family.first, family.last + 1)
    }


def datum_family(datum: str) -> Family | None:
    """The first row of a datum: its ellipsoid and its geographic code."""
    return next((family for family in families() if family.datum == datum), None)


def zone_number(*, width: int, lon0: float) -> int:
    """The number of the zone with central meridian ``lon0``: lon0/3, or (lon0+3)/6 for 6-degree zones."""
    return round(lon0 / 3) if width == 3 else round((lon0 + 3) / 6)


def gauss_kruger_epsg(datum: str, *, width: int, lon0: float, prefix: bool) -> int | None:
    """EPSG code of a national zone: first code of the row + (lon0 - 75) / width.

    Parameters
    ----------
    datum
        ``"cgcs2000"``, ``"xian80"`` or ``"beijing54"``.
    width
        3 or 6 degrees.
    lon0
        Central meridian in degrees east.
    prefix
        Whether the easting starts with the zone number.

    Returns
    -------
    int or None
        None where EPSG has no such zone.

    Examples
    --------
    >>> gauss_kruger_epsg("cgcs2000", width=3, lon0=117, prefix=True)
    4527
    """
    rows = (f for f in families() if f.datum == datum and f.width == width and f.prefix == prefix and not f.twin)
    return next((family.epsg(lon0) for family in rows), None)


def gauss_kruger_crs(datum: str, *, width: int, lon0: float, prefix: bool) -> pyproj.CRS:
    """The CRS of a national zone; a PROJ definition where the datum (WGS 84) has no such EPSG codes."""
    epsg = gauss_kruger_epsg(datum, width=width, lon0=lon0, prefix=prefix)
    if epsg is not None:
        return pyproj.CRS.from_epsg(epsg)
    easting = 500_000 + (zone_number(width=width, lon0=lon0) * 1_000_000 if prefix else 0)
    return pyproj.CRS.from_proj4(f"+proj=tmerc +lon_0={lon0:g} +x_0={easting} +datum=WGS84 +units=m +type=crs")


def parse(text: str | pyproj.CRS) -> pyproj.CRS:
    """A CRS from WKT, ``EPSG:n``, ``n``, PROJ string, PROJJSON or an exact official name.

    Raises
    ------
    CrsError
        ``crs-empty`` for blank text, ``crs-unreadable`` when nothing can be made of it.
    """
    if isinstance(text, pyproj.CRS):
        return text
    clean = text.replace("\x00", "").strip().lstrip("\ufeff").strip()
    if not clean:
        raise CrsError("crs-empty")
    try:
        found = pyproj.CRS.from_user_input(int(clean) if clean.isdigit() else clean)
    except ProjCrsError as problem:
        raise CrsError("crs-unreadable", text=_short(clean)) from problem
    definition = any(mark in clean for mark in ("[", "(", "{", "+proj", ":")) or clean.isdigit()
    if not definition and found.name.casefold() != clean.casefold():
        raise CrsError("crs-unreadable", text=_short(clean))  # a name that PROJ only guessed at
    if found.is_projected and not _usable(found):
        raise CrsError("crs-unreadable", text=_short(clean))  # a projection that lacks a parameter
    return found


def _usable(crs: pyproj.CRS) -> bool:
    """Whether coordinates can be computed with a projected CRS."""
    try:
        pyproj.Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
    except ProjError:
        return False
    return True


def _short(text: str, size: int = 80) -> str:
    return repr(text if len(text) <= size else text[:size] + "…")


def horizontal(crs: pyproj.CRS) -> pyproj.CRS:
    """The horizontal part: without height system, attached datum shift and third dimension."""
    if crs.is_compound:
        return horizontal(crs.sub_crs_list[0])
    if crs.is_bound and crs.source_crs is not None:
        return horizontal(crs.source_crs)
    return crs.to_2d() if len(crs.axis_info) == 3 and not crs.is_geocentric else crs


def _degrees(parameter: Any) -> float:
    if "degree" in str(parameter.unit_name).lower():
        return float(parameter.value)
    return math.degrees(float(parameter.value) * float(parameter.unit_conversion_factor))


_NEEDED = {
    "longitude of natural origin",
    "latitude of natural origin",
    "scale factor at natural origin",
    "false easting",
    "false northing",
}


def mercator_of(crs: pyproj.CRS) -> Mercator | None:
    """Parameters of a Transverse Mercator CRS in metres with east and north axes, None for anything else."""
    operation = crs.coordinate_operation if crs.is_projected else None
    if operation is None or operation.method_name not in (
        "Transverse Mercator",
        "Gauss-Kruger",
        "Gauss Kruger",
    ):
        return None
    if any(axis.direction not in ("east", "north") or axis.unit_conversion_factor != 1 for axis in crs.axis_info):
        return None
    if crs.prime_meridian is not None and crs.prime_meridian.longitude != 0:
        return None
    by_name = {parameter.name.lower(): parameter for parameter in operation.params}
    metres = {name: float(p.value) * float(p.unit_conversion_factor) for name, p in by_name.items() if "false" in name}
    if not set(by_name) >= _NEEDED:
        return None
    return Mercator(
        lon0=_degrees(by_name["longitude of natural origin"]),
        lat0=_degrees(by_name["latitude of natural origin"]),
        scale=float(by_name["scale factor at natural origin"].value),
        false_easting=metres["false easting"],
        false_northing=metres["false northing"],
    )


_WORDS: dict[Datum, re.Pattern[str]] = {
    "cgcs2000": re.compile(r"cgcs|china ?2000|china geodetic|国家 ?2000|2000 ?国家|大地2000"),
    "xian80": re.compile(r"xi'? ?an ?(19)?80|西安|国家 ?80"),
    "beijing54": re.compile(r"^(d |gcs )?(beijing|peking) ?(19)?54|北京 ?(19)?54"),
    "wgs84": re.compile(r"wgs ?(19)?84|world geodetic"),
}


def plain_name(name: str) -> str:
    """Lower case, with one space for any run of blanks, underscores, slashes and hyphens."""
    return re.sub(r"[\s_/\-]+", " ", name).strip().lower()


def _named_datum(crs: pyproj.CRS) -> Datum | None:
    """The datum that the names of the datum or of the geographic CRS state; "other" for one known to EPSG."""
    geodetic = crs.geodetic_crs
    names = [crs.datum.name if crs.datum else "", geodetic.name if geodetic else ""]
    for datum, words in _WORDS.items():
        if any(words.search(plain_name(name)) for name in names):
            return datum
    try:
        ProjDatum.from_name(names[0])
    except ProjCrsError:
        return None
    return "other"


def datum_of(crs: pyproj.CRS) -> tuple[Datum, bool, bool]:
    """Datum by ellipsoid, whether it is assumed because no name states it, and whether a name contradicts."""
    if crs.ellipsoid is None:
        return "unknown", False, False
    a, rf = crs.ellipsoid.semi_major_metre, crs.ellipsoid.inverse_flattening
    named = _named_datum(crs)
    fits = (
        f.datum for f in families() if abs(f.semi_major - a) <= LENGTH_TOL and abs(f.inverse_flattening - rf) <= RF_TOL
    )
    by_ellipsoid = next(fits, None)
    if by_ellipsoid is None:
        return ("unknown", False, True) if named not in (None, "other") else ("other", False, False)
    if named is None:
        return by_ellipsoid, True, False
    if named == by_ellipsoid or {named, by_ellipsoid} == {"cgcs2000", "wgs84"}:
        return named, False, False  # the two ellipsoids differ by 0.1 mm
    return ("other", False, False) if named == "other" else ("unknown", False, True)


def _definition(crs: pyproj.CRS) -> tuple[tuple[object, ...], dict[str, tuple[float, float]]]:
    """What must be equal, and what must be close (with its tolerance), for two CRSs to be one plane."""
    ellipsoid, meridian = crs.ellipsoid, crs.prime_meridian
    close: dict[str, tuple[float, float]] = {
        "a": (ellipsoid.semi_major_metre, LENGTH_TOL) if ellipsoid else (0.0, 0.0),
        "rf": (ellipsoid.inverse_flattening, RF_TOL) if ellipsoid else (0.0, 0.0),
        "meridian": (meridian.longitude if meridian else 0.0, ANGLE_TOL),
        "unit": (crs.axis_info[0].unit_conversion_factor, 1e-12) if crs.axis_info else (1.0, 0.0),
    }
    operation = crs.coordinate_operation if crs.is_projected else None
    for p in operation.params if operation else ():
        if any(word in p.name.lower() for word in ("latitude", "longitude", "azimuth", "angle", "meridian")):
            close[p.name] = (_degrees(p), ANGLE_TOL)
        else:
            scale = "scale" in p.name.lower()
            close[p.name] = (
                float(p.value) * float(p.unit_conversion_factor),
                SCALE_TOL if scale else LENGTH_TOL,
            )
    return (crs.is_geographic, operation.method_name if operation else None), close


def same_definition(a: pyproj.CRS, b: pyproj.CRS) -> bool:
    """Equal method, ellipsoid, meridian, unit and parameters within tolerance; datum and names are not
    compared."""
    exact_a, close_a = _definition(a)
    exact_b, close_b = _definition(b)
    if exact_a != exact_b or close_a.keys() != close_b.keys():
        return False
    return all(abs(value - close_b[name][0]) <= tol for name, (value, tol) in close_a.items())

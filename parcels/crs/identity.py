"""Which coordinate reference system is this: by its parameters, never by its name.

Chinese cadastral data come in Gauss-Kruger zones of 3 or 6 degrees on CGCS2000, Xi'an 1980 or Beijing 1954.
Delivered ``.prj`` files carry official names over the parameters of local city grids, and national
parameters under made-up names; so only ellipsoid, central meridian, false easting and northing, scale and
latitude of origin decide. A name decides nothing but the choice between codes with equal parameters
(EPSG:4509 and 4548 are the same plane). EPSG axis order (north, east) is kept in the ``CRS`` objects;
coordinates here are always x = east, y = north.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import pyproj

from parcels.catalog import CATALOG, Lang
from parcels.crs.parameters import (
    LENGTH_TOL,
    Datum,
    Mercator,
    datum_family,
    datum_of,
    families,
    gauss_kruger_crs,
    gauss_kruger_epsg,
    horizontal,
    mercator_of,
    parse,
    plain_name,
    same_definition,
    zone_by_epsg,
    zone_number,
)

__all__ = [
    "OLD_DATUMS",
    "Datum",
    "Identity",
    "Kind",
    "datum_family",
    "gauss_kruger_crs",
    "gauss_kruger_epsg",
    "horizontal",
    "identify",
    "mercator_of",
    "note",
    "same_plane",
    "zone_number",
]

Kind = Literal["geographic", "gauss_kruger", "projected", "local"]

OLD_DATUMS = ("xian80", "beijing54")


@dataclass(frozen=True)
class Identity:
    """What a CRS is, and what that rests on.

    Attributes
    ----------
    crs
        The CRS to use: the EPSG one where a code was found, else the original; always horizontal.
    epsg
        EPSG code, None for local grids and unknown systems.
    kind
        ``"geographic"``, ``"gauss_kruger"`` (a national zone), ``"projected"`` (any other known projection)
        or ``"local"`` (a grid of a town, or no georeference at all).
    datum
        ``"cgcs2000"``, ``"xian80"``, ``"beijing54"``, ``"wgs84"``, ``"other"`` or ``"unknown"``.
    width, lon0, zone, prefix
        Zone width in degrees, central meridian in degrees, zone number, and whether the easting carries it.
    official_name
        The name is one of a national zone.
    name_lies
        The name says another system than the parameters do.
    evidence
        Sentences in the language asked for.
    datum_assumed
        The ellipsoid fits, but the datum has no name that says which one it is.
    name
        The name as it was given.
    named_epsg
        The code that the name claims.
    """

    crs: pyproj.CRS
    epsg: int | None
    kind: Kind
    datum: Datum
    width: int | None = None
    lon0: float | None = None
    zone: int | None = None
    prefix: bool | None = None
    official_name: bool = False
    name_lies: bool = False
    evidence: tuple[str, ...] = ()
    datum_assumed: bool = False
    name: str = ""
    named_epsg: int | None = None

    @property
    def label(self) -> str:
        """How to show it: ``EPSG:4527 CGCS2000 / 3-degree Gauss-Kruger zone 39``."""
        return f"EPSG:{self.epsg} {self.crs.name}" if self.epsg else self.crs.name


def note(code: str, lang: Lang, **params: object) -> str:
    """A sentence of the message catalogue, for evidence lists."""
    return CATALOG.ledger[f"crs-note-{code}"].render(lang, **params)


_OFFICIAL = re.compile(r"(cgcs2000|xian 1980|beijing 1954) (3 degree )?(?:gauss kruger|gk)(?: zone| cm)? (\d+)(e|n)?")


def _claimed_epsg(name: str) -> int | None:
    """The code of the national zone that an official EPSG or Esri name stands for."""
    found = _OFFICIAL.fullmatch(plain_name(name))
    if not found:
        return None
    datum, three, number, ending = found.groups()
    width = 3 if three else 6
    lon0 = float(number) if ending == "e" else float(number) * width - (0 if three else 3)
    rows = (
        f
        for f in families()
        if f.name.lower() == datum and f.width == width and f.prefix == (ending is None) and f.twin == (ending == "n")
    )
    return next((family.epsg(lon0) for family in rows), None)


def _zone_codes(datum: Datum, mercator: Mercator) -> list[int]:
    """All codes whose parameters are these; more than one where 3- and 6-degree zones share a plane."""
    if not mercator.is_gauss:
        return []
    found = []
    for family in families():
        code = family.epsg(mercator.lon0) if family.datum == datum else None
        if code is None or family.width is None:
            continue
        zone = zone_number(width=family.width, lon0=mercator.lon0) if family.prefix else 0
        if abs(mercator.false_easting - zone * 1e6 - 5e5) <= LENGTH_TOL:
            found.append((family.twin, family.width, code))
    return [code for _, _, code in sorted(found)]


def identify(text_or_crs: str | pyproj.CRS, *, lang: Lang = "zh") -> Identity:
    """Say what a CRS is, by ellipsoid, central meridian, false easting, scale and origin.

    Parameters
    ----------
    text_or_crs
        Text of a ``.prj``, any definition that PROJ reads, or a CRS.
    lang
        Language of the evidence.

    Returns
    -------
    Identity
        ``crs`` is the EPSG CRS when the parameters are those of a code, else the original.

    Raises
    ------
    CrsError
        The text is blank or cannot be read.

    Examples
    --------
    >>> identify("EPSG:4527").zone
    39
    """
    return _identify(text_or_crs if isinstance(text_or_crs, pyproj.CRS) else text_or_crs.strip(), lang)


@lru_cache(maxsize=256)
def _identify(text_or_crs: str | pyproj.CRS, lang: Lang) -> Identity:
    whole = parse(text_or_crs)
    crs = horizontal(whole)
    notes = [note("name", lang, name=whole.name)]
    if whole.is_bound or (whole.is_compound and whole.sub_crs_list[0].is_bound):
        notes.append(note("towgs84", lang))
    if whole.is_compound:
        notes.append(note("vertical", lang))
    if not (crs.is_geographic or crs.is_projected):
        notes.append(note("no-georeference", lang, type=crs.type_name))
        return Identity(crs, None, "local", "unknown", evidence=tuple(notes), name=whole.name)
    datum, assumed, contradicted = datum_of(crs)
    notes += _datum_notes(crs, datum, assumed, contradicted, lang)
    common: dict[str, Any] = {"name": whole.name, "datum_assumed": assumed}
    if crs.is_geographic:
        return _geographic(crs, datum, contradicted, notes, common)
    mercator = mercator_of(crs)
    if mercator is None:
        return _projected(crs, datum, contradicted, notes, common)
    notes.append(note("parameters", lang, parameters=mercator))
    return _transverse(crs, datum, mercator, contradicted, notes, common, lang)


def _datum_notes(crs: pyproj.CRS, datum: Datum, assumed: bool, contradicted: bool, lang: Lang) -> list[str]:
    if crs.ellipsoid is None:
        return []
    code = "datum-contradicted" if contradicted else "datum-assumed" if assumed else "ellipsoid"
    return [
        note(
            code,
            lang,
            a=f"{crs.ellipsoid.semi_major_metre:.10g}",
            rf=f"{crs.ellipsoid.inverse_flattening:.12g}",
            datum=datum,
            name=crs.datum.name if crs.datum else "",
        )
    ]


def _geographic(
    crs: pyproj.CRS, datum: Datum, contradicted: bool, notes: list[str], common: dict[str, Any]
) -> Identity:
    family = datum_family(datum)
    greenwich = crs.prime_meridian is None or crs.prime_meridian.longitude == 0
    degrees = all("degree" in axis.unit_name.lower() for axis in crs.axis_info)
    if family is not None and greenwich and degrees:
        epsg: int | None = family.geographic
    else:
        epsg = _verified_epsg(crs)
    used = pyproj.CRS.from_epsg(epsg) if epsg else crs
    return Identity(used, epsg, "geographic", datum, name_lies=contradicted, evidence=tuple(notes), **common)


def _projected(crs: pyproj.CRS, datum: Datum, contradicted: bool, notes: list[str], common: dict[str, Any]) -> Identity:
    epsg = None if contradicted else _verified_epsg(crs)
    claim = _claimed_epsg(crs.name)
    lies = contradicted or claim is not None
    used = pyproj.CRS.from_epsg(epsg) if epsg else _renamed(crs, "custom grid") if lies else crs
    return Identity(
        used,
        epsg,
        "projected",
        datum,
        official_name=claim is not None,
        name_lies=lies,
        named_epsg=claim,
        evidence=tuple(notes),
        **common,
    )


def _transverse(
    crs: pyproj.CRS,
    datum: Datum,
    mercator: Mercator,
    contradicted: bool,
    notes: list[str],
    common: dict[str, Any],
    lang: Lang,
) -> Identity:
    claim = _claimed_epsg(crs.name)
    codes = _zone_codes(datum, mercator)
    common |= {"official_name": claim is not None, "named_epsg": claim}
    if codes:
        epsg = claim if claim in codes else codes[0]
        notes.append(note("by-parameters", lang, epsg=epsg))
        if claim is not None and claim not in codes:
            notes.append(note("name-lies", lang, claimed=claim))
        return _national(epsg, claim is not None and claim not in codes, notes, common)
    if datum in ("wgs84", "unknown") and (shape := _zone_shape(mercator)):
        width, prefix = shape
        return Identity(
            crs if not contradicted else _renamed(crs, f"Gauss-Kruger, {mercator}"),
            None,
            "gauss_kruger",
            datum,
            width=width,
            lon0=mercator.lon0,
            zone=zone_number(width=width, lon0=mercator.lon0),
            prefix=prefix,
            name_lies=contradicted or claim is not None,
            evidence=tuple(notes),
            **common,
        )
    foreign = claim is None and not contradicted and datum in ("wgs84", "other")
    epsg_other = _verified_epsg(crs) if foreign else None  # all Chinese codes are in the table
    if epsg_other or (claim is None and datum in ("wgs84", "other")):
        used = pyproj.CRS.from_epsg(epsg_other) if epsg_other else crs
        return Identity(used, epsg_other, "projected", datum, lon0=mercator.lon0, evidence=tuple(notes), **common)
    notes.append(note("local-grid", lang) if claim is None else note("not-believed", lang, claimed=claim))
    used = crs if claim is None else _renamed(crs, f"local grid, {mercator}")
    lies = claim is not None or contradicted
    return Identity(used, None, "local", datum, lon0=mercator.lon0, name_lies=lies, evidence=tuple(notes), **common)


def _national(epsg: int, lies: bool, notes: list[str], common: dict[str, Any]) -> Identity:
    family, lon0 = zone_by_epsg()[epsg]
    width = family.width or 3
    return Identity(
        pyproj.CRS.from_epsg(epsg),
        epsg,
        "gauss_kruger",
        family.datum,
        width=width,
        lon0=lon0,
        zone=zone_number(width=width, lon0=lon0),
        prefix=family.prefix,
        name_lies=lies,
        evidence=tuple(notes),
        **common,
    )


def _zone_shape(mercator: Mercator) -> tuple[int, bool] | None:
    """Width and prefix of a national zone on a datum without codes of its own."""
    for code in _zone_codes("cgcs2000", mercator):
        family, _ = zone_by_epsg()[code]
        return family.width or 3, family.prefix
    return None


def _renamed(crs: pyproj.CRS, name: str) -> pyproj.CRS:
    """The same CRS under a name that claims nothing, so that no writer looks the false name up."""
    definition = crs.to_json_dict()
    definition.pop("id", None)
    return pyproj.CRS.from_json_dict({**definition, "name": name})


def _verified_epsg(crs: pyproj.CRS) -> int | None:
    """The code that PROJ finds with good confidence, if its parameters are those of ``crs``."""
    for confidence in (100, 70):
        epsg = crs.to_epsg(min_confidence=confidence)
        if epsg is not None and same_definition(crs, pyproj.CRS.from_epsg(epsg)):
            return int(epsg)
    return None


def same_plane(a: pyproj.CRS, b: pyproj.CRS) -> bool:
    """Whether coordinates mean the same in both: equal datum and parameters, whatever the names and axis
    order.

    ``CRS.from_wkt(prj) == CRS.from_epsg(4527)`` is False even for the standard Esri text; this is True.

    Examples
    --------
    >>> same_plane(pyproj.CRS.from_epsg(4509), pyproj.CRS.from_epsg(4548))
    True
    """
    if a == b:
        return True
    one, two = identify(a), identify(b)
    if one.epsg is not None and one.epsg == two.epsg:
        return True
    if one.datum != two.datum or one.crs.ellipsoid is None:
        return False
    if one.datum in ("other", "unknown") and one.crs.datum != two.crs.datum:
        return False
    return same_definition(one.crs, two.crs)

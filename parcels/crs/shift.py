"""From Xi'an 1980 or Beijing 1954 to CGCS2000, with parameters that the user gives; never without.

The parameters differ from place to place and are kept by the survey authority. PROJ knows none for China:
what it offers between these datums only changes the ellipsoid. The sign convention of the rotations changes
the result by more than 100 m, so it must be stated.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from pyproj.exceptions import ProjError

from parcels.crs.identity import Identity
from parcels.crs.parameters import Mercator, datum_family, gauss_kruger_epsg, mercator_of
from parcels.errors import CrsError

LIMIT_M = 1_000.0
"""A shift between the Chinese datums is far below this; more means wrong units, signs or zone prefix."""

_HELMERT = ("dx", "dy", "dz", "rx", "ry", "rz", "scale_ppm")
_CONVENTIONS = ("position_vector", "coordinate_frame")
_PLANE = ("dx", "dy", "rotation", "scale")
_METRES_PER_DEGREE = 111_000.0


@dataclass(frozen=True)
class Shift:
    """A PROJ pipeline over x = east, y = north (or longitude, latitude in degrees), and the CRS it leads
    to."""

    pipeline: str
    target: pyproj.CRS

    def move(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Coordinates after the pipeline, shape (n, 2)."""
        moved = pyproj.Transformer.from_pipeline(self.pipeline).transform(xy[:, 0], xy[:, 1])
        return np.column_stack(moved).astype(np.float64, copy=False)

    def apply(self, geometries: NDArray[np.object_]) -> NDArray[np.object_]:
        """Geometries after the pipeline; heights are dropped."""
        return shapely.transform(geometries, self.move)


def twin(identity: Identity) -> pyproj.CRS:
    """The CGCS2000 CRS with the same zone, prefix and central meridian.

    Raises
    ------
    CrsError
        The projection is not Transverse Mercator.
    """
    if identity.kind == "geographic":
        return pyproj.CRS.from_epsg(4490)
    if identity.kind == "gauss_kruger" and identity.width and identity.lon0 is not None:
        epsg = gauss_kruger_epsg("cgcs2000", width=identity.width, lon0=identity.lon0, prefix=bool(identity.prefix))
        if epsg is not None:
            return pyproj.CRS.from_epsg(epsg)
    return pyproj.CRS.from_proj4(f"{_projection(_mercator(identity), 'cgcs2000')} +units=m +type=crs")


def make_shift(identity: Identity, given: object) -> Shift:
    """The transformation to CGCS2000 that the user's parameters describe.

    Parameters
    ----------
    identity
        CRS of the coordinates.
    given
        A PROJ pipeline over the layer's own coordinates (east, north), leading to the same zone on CGCS2000;
        or a mapping with seven parameters (``dx, dy, dz`` in m, ``rx, ry, rz`` in arc-seconds,
        ``scale_ppm``, ``convention``), with three (``dx, dy, dz, convention``), or with four in the plane:
        E' = dx + scale·(E cos r - N sin r), N' = dy + scale·(E sin r + N cos r), ``dx`` east and ``dy``
        north in m, ``rotation`` r in arc-seconds, counter-clockwise positive, ``scale`` a factor; E as in
        the layer where ``prefix`` is true, without its zone number where it is false.

    Raises
    ------
    CrsError
        Something is missing, unknown or not a number, or the pipeline cannot be read.
    """
    if isinstance(given, Mapping):
        parameters = {str(key): value for key, value in given.items()}
        plane = "rotation" in parameters or "scale" in parameters
        text = _plane_pipeline(identity, parameters) if plane else _helmert_pipeline(identity, parameters)
    else:
        text = str(given).strip()
    try:
        pyproj.Transformer.from_pipeline(text)
    except ProjError as problem:
        raise CrsError("crs-shift-keys", problem=f"{text[:80]!r}") from problem
    return Shift(text, twin(identity))


def check_shift(shift: Shift, centre: tuple[float, float], *, file: str) -> float:
    """Metres by which the centre of the layer moves.

    Raises
    ------
    CrsError
        More than ``LIMIT_M``, or nowhere.
    """
    before = np.array([centre], dtype=np.float64)
    east, north = (shift.move(before) - before)[0]
    if shift.target.is_geographic:
        east *= _METRES_PER_DEGREE * math.cos(math.radians(centre[1]))
        north *= _METRES_PER_DEGREE
    moved = math.hypot(east, north)
    if not moved <= LIMIT_M:
        raise CrsError("crs-shift-result", file=file, metres=f"{moved:.0f}", limit=f"{LIMIT_M:.0f}")
    return moved


def _mercator(identity: Identity) -> Mercator:
    found = mercator_of(identity.crs)
    if found is None:
        raise CrsError("crs-shift-keys", problem=identity.crs.name)
    return found


def _ellipsoid(datum: str) -> str:
    family = datum_family(datum)
    return f"+a={family.semi_major!r} +rf={family.inverse_flattening!r}" if family else "+ellps=GRS80"


def _projection(mercator: Mercator, datum: str) -> str:
    return (
        f"+proj=tmerc +lat_0={mercator.lat0!r} +lon_0={mercator.lon0!r} +k={mercator.scale!r} "
        f"+x_0={mercator.false_easting!r} +y_0={mercator.false_northing!r} {_ellipsoid(datum)}"
    )


def _numbers(given: dict[str, object], names: tuple[str, ...]) -> dict[str, float]:
    missing = [name for name in names if name not in given]
    if missing:
        raise CrsError("crs-shift-keys", problem=f"- {', '.join(missing)}")
    values = {}
    for name in names:
        value = given[name]
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise CrsError("crs-shift-keys", problem=f"{name} = {value!r}")
        values[name] = float(value)
    return values


def _refuse_unknown(given: dict[str, object], known: tuple[str, ...]) -> None:
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise CrsError("crs-shift-keys", problem=", ".join(unknown) + " ?")


def _helmert_pipeline(identity: Identity, given: dict[str, object]) -> str:
    _refuse_unknown(given, (*_HELMERT, "convention"))
    convention = given.get("convention")
    if convention not in _CONVENTIONS:
        raise CrsError("crs-shift-keys", problem=f"convention = {convention!r}")
    three = not any(name in given for name in _HELMERT[3:])
    values = _numbers(given, _HELMERT[:3] if three else _HELMERT)
    names = dict(zip(_HELMERT, ("x", "y", "z", "rx", "ry", "rz", "s"), strict=True))
    helmert = " ".join(f"+{names[name]}={value!r}" for name, value in values.items())
    turn = "" if three else f" +convention={convention}"
    if identity.kind == "geographic":
        start, end = "+proj=unitconvert +xy_in=deg +xy_out=rad", "+proj=unitconvert +xy_in=rad +xy_out=deg"
    else:
        mercator = _mercator(identity)
        start, end = f"+inv {_projection(mercator, identity.datum)}", _projection(mercator, "cgcs2000")
    return (
        f"+proj=pipeline +step {start} +step +proj=cart {_ellipsoid(identity.datum)} "
        f"+step +proj=helmert {helmert}{turn} +step +inv +proj=cart {_ellipsoid('cgcs2000')} +step {end}"
    )


def _plane_pipeline(identity: Identity, given: dict[str, object]) -> str:
    _refuse_unknown(given, (*_PLANE, "prefix"))
    if identity.kind == "geographic":
        raise CrsError("crs-shift-keys", problem=identity.label)
    values = _numbers(given, _PLANE)
    if identity.prefix and not isinstance(given.get("prefix"), bool):
        raise CrsError("crs-shift-keys", problem=f"prefix = {given.get('prefix')!r}")
    angle = math.radians(values["rotation"] / 3600)
    cos, sin = values["scale"] * math.cos(angle), values["scale"] * math.sin(angle)
    million = (identity.zone or 0) * 1e6 if identity.prefix and not given["prefix"] else 0.0
    east, north = values["dx"] + million * (1 - cos), values["dy"] - million * sin
    return f"+proj=affine +xoff={east!r} +yoff={north!r} +s11={cos!r} +s12={-sin!r} +s21={sin!r} +s22={cos!r}"

"""The CRS of a layer, decided from what the user says, what the file says, and what the numbers allow.

In this order: a CRS the user states; the file's own text, by its parameters; the zone number in the easting,
with CGCS2000 assumed and said so. What cannot be settled is refused with the candidates. A datum is never
inferred from coordinates, and Xi'an 1980 or Beijing 1954 are never turned into CGCS2000 without parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import numpy as np
import pyproj
from numpy.typing import NDArray

from parcels.crs.fit import Case, fit
from parcels.crs.identity import OLD_DATUMS, Identity, identify, note, same_plane
from parcels.crs.infer import Bounds, infer, inferred_crs, zoneless_candidates
from parcels.crs.parameters import datum_family, gauss_kruger_crs, mercator_of, zone_by_epsg, zone_number
from parcels.crs.shift import Shift, check_shift, make_shift
from parcels.errors import CrsError
from parcels.ledger import Ledger

__all__ = ["Resolved", "resolve", "same_plane", "to_crs"]

Origin = Literal["declared", "file", "default", "numbers"]
_EQUAL_DATUMS = {"cgcs2000", "wgs84"}


@dataclass(frozen=True)
class Resolved:
    """The decision for a layer.

    Attributes
    ----------
    crs
        CRS of the coordinates once the axes are swapped and the pipeline is applied.
    swap_axes
        First exchange x and y.
    pipeline
        Then apply this PROJ pipeline (:meth:`apply`), None where there is nothing to transform.
    identity
        What the CRS of the coordinates as delivered is.
    origin
        Who said so: ``"declared"``, ``"file"``, ``"default"`` of the format, or ``"numbers"``.
    """

    crs: pyproj.CRS
    swap_axes: bool
    pipeline: str | None
    identity: Identity
    origin: Origin

    def apply(self, geometries: NDArray[np.object_]) -> NDArray[np.object_]:
        """Geometries after the pipeline; the axes must already be in order."""
        return geometries if self.pipeline is None else Shift(self.pipeline, self.crs).apply(geometries)


def resolve(
    bounds: Bounds,
    *,
    crs_text: str | None,
    crs_origin: str | None,
    declared: object = None,
    datum: str | None = None,
    datum_shift: object = None,
    source: str,
    ledger: Ledger,
) -> Resolved:
    """Decide the CRS of a layer, or refuse with the reason and the way out.

    Parameters
    ----------
    bounds
        minx, miny, maxx, maxy of the coordinates as delivered; NaN for a layer without coordinates.
    crs_text
        WKT of the ``.prj`` or of the format, None when the file says nothing.
    crs_origin
        ``"prj"``, ``"format"``, ``"header"``, or ``"default"`` where only the format prescribes it (GeoJSON).
    declared
        CRS stated by the user: EPSG code, WKT, PROJ string or CRS. It wins over the file.
    datum
        ``"cgcs2000"``, ``"xian80"``, ``"beijing54"`` or ``"wgs84"``, where the file does not say it.
    datum_shift
        For Xi'an 1980 and Beijing 1954: ``"ignore"`` (stay there), a PROJ pipeline, or a mapping of
        parameters (:func:`parcels.crs.shift.make_shift`).
    source
        Name of the layer, for messages.
    ledger
        Where the decision, assumptions and contradictions are written.

    Raises
    ------
    CrsError
        Zone or datum unknown, local grid without parameters, several zones, a CRS that cannot hold the
        numbers, or an old datum without transformation.
    """
    if datum is not None and (datum in ("other", "unknown") or datum_family(datum) is None):
        raise CrsError("crs-datum-unknown", file=source, datum=repr(datum))
    box = (float(bounds[0]), float(bounds[1]), float(bounds[2]), float(bounds[3]))
    case = Case(box, infer(box, datum=datum or "cgcs2000", lang=ledger.lang), source, ledger)
    stated = _stated(case, declared, crs_text, crs_origin, datum)
    if stated is None:
        identity, origin = _from_numbers(case, datum), "numbers"
        swap = case.found.swapped
    else:
        (identity, swap), origin = fit(case, stated[0]), stated[1]
    if swap:
        shown = [f"{value:.10g}" for value in box[:2]]
        case.say("crs-axes-swapped", before=f"x {shown[0]}, y {shown[1]}", after=f"x {shown[1]}, y {shown[0]}")
    shift = _shift(case, identity, datum_shift, swap)
    final = shift.target if shift else identity.crs
    _decide(case, identity, final, origin, declared, datum, shift)
    return Resolved(final, swap, shift.pipeline if shift else None, identity, origin)  # type: ignore[arg-type]


def _decide(
    case: Case,
    identity: Identity,
    final: pyproj.CRS,
    origin: str,
    declared: object,
    datum: str | None,
    shift: Shift | None,
) -> None:
    lang = case.ledger.lang
    if origin == "declared":
        evidence = [note("declared", lang, value=declared)]
    elif origin == "numbers":
        evidence = [note("from-numbers", lang)]
        if datum is None:
            evidence.append(note("assumed-cgcs2000", lang))
    else:
        evidence = [note("from-file", lang, origin=origin)]
    evidence += [*identity.evidence, *case.found.reasons]
    if shift:
        evidence.append(note("shift", lang, pipeline=shift.pipeline))
    elif identity.datum in OLD_DATUMS:
        evidence.append(note("shift-ignored", lang, datum=identity.datum))
    case.ledger.decide("crs", identify(final).label, source=case.source, evidence=evidence)


# ------------------------------------------------------------------------------------------ stated by someone


def _stated(
    case: Case, declared: object, crs_text: str | None, crs_origin: str | None, datum: str | None
) -> tuple[Identity, Origin] | None:
    """The CRS that the user or the file states, None where nobody does."""
    found = _from_text(case, crs_text)
    if declared is not None and str(declared).strip():
        identity = _declared(case, declared, datum)
        if found and crs_origin != "default" and not same_plane(identity.crs, found.crs):
            labels = {"declared": identity.label, "found": found.label}
            case.say("crs-declared-over-file", before=found.label, after=identity.label, **labels)
        return identity, "declared"
    if found is None:
        return None
    if crs_origin != "default":
        return _believed(case, found, datum), "file"
    if found.kind == "geographic" and max(map(abs, case.box)) > 360:
        case.say("crs-default-not-believed", before=found.label, name=found.label)
        return None
    identity = found if datum is None else _on_datum(case, found, datum)
    case.say("crs-default-used", after=identity.label, name=identity.label)
    return identity, "default"


def _from_text(case: Case, text: str | None) -> Identity | None:
    if text is None or not text.replace("\x00", "").strip():
        return None
    try:
        found = identify(text, lang=case.ledger.lang)
    except CrsError:
        case.say("crs-text-unreadable", before=text[:200], text=repr(text[:80]))
        return None
    if not (found.crs.is_geographic or found.crs.is_projected):
        case.say("crs-text-local", before=found.name, name=repr(found.name))
        return None
    return found


def _declared(case: Case, declared: object, datum: str | None) -> Identity:
    given = declared if isinstance(declared, pyproj.CRS) else str(declared)
    try:
        identity = identify(given, lang=case.ledger.lang)
    except CrsError as problem:
        raise CrsError(problem.code, file=case.source, **problem.params) from problem
    if not (identity.crs.is_geographic or identity.crs.is_projected):
        raise CrsError("crs-unreadable", file=case.source, text=repr(str(declared)[:80]))
    if identity.datum == "unknown":
        raise CrsError("crs-datum-contradictory", file=case.source, name=repr(identity.name))
    if datum is not None and identity.datum != datum and {identity.datum, datum} != _EQUAL_DATUMS:
        raise CrsError("crs-datum-conflict", file=case.source, name=identity.label, datum=datum)
    return identity


def _believed(case: Case, found: Identity, datum: str | None) -> Identity:
    """The file's CRS, with what is odd about it said."""
    mercator, named = mercator_of(found.crs), zone_by_epsg().get(found.named_epsg or 0)
    if mercator and named and found.kind == "local" and found.name_lies:
        family, meridian = named
        zone = zone_number(width=family.width or 3, lon0=meridian)
        if family.prefix and mercator.is_gauss and abs(mercator.false_easting - zone * 1e6 - 5e5) < 1:
            code = f"EPSG:{found.named_epsg}"
            lon0 = f"{mercator.lon0:g}"
            raise CrsError("crs-contradictory", file=case.source, name=repr(found.name), claimed=code, lon0=lon0)
    if found.datum == "unknown" and datum is None:
        raise CrsError("crs-datum-contradictory", file=case.source, name=repr(found.name))
    if found.name_lies and found.datum != "unknown":
        case.say("crs-name-lies", before=found.name, after=found.label, name=repr(found.name), used=found.label)
    if found.kind == "local":
        case.say("crs-local-grid", after=str(mercator), parameters=str(mercator))
    if found.datum_assumed and datum is None:
        case.say("crs-datum-assumed", after=found.label, datum=found.datum)
    return found if datum is None else _on_datum(case, found, datum)


def _on_datum(case: Case, found: Identity, datum: str) -> Identity:
    """The same zone on the datum that the user states."""
    if found.datum == datum or {found.datum, datum} == _EQUAL_DATUMS:
        return found
    family = datum_family(datum)
    if found.kind == "geographic" and family is not None:
        crs = pyproj.CRS.from_epsg(family.geographic)
    elif found.kind == "gauss_kruger" and found.width and found.lon0 is not None:
        crs = gauss_kruger_crs(datum, width=found.width, lon0=found.lon0, prefix=bool(found.prefix))
    else:
        raise CrsError("crs-datum-conflict", file=case.source, name=found.label, datum=datum)
    if found.datum != "unknown" and not found.datum_assumed:
        case.say("crs-datum-over-file", before=found.datum, after=datum, declared=datum, found=found.datum)
    return identify(crs, lang=case.ledger.lang)


# ----------------------------------------------------------------------------------------- from numbers alone


def _from_numbers(case: Case, datum: str | None) -> Identity:
    found = case.found
    crs = inferred_crs(found, datum=datum or "cgcs2000")
    family = datum_family(datum) if datum else None
    if crs is not None and (not found.maybe_mercator or found.swapped):
        identity = identify(crs, lang=case.ledger.lang)
        code = "crs-inferred" if datum is None else "crs-inferred-zone"
        extra = {} if datum is None else {"datum": datum}
        case.say(code, before=f"{found.zone}", after=identity.label, name=identity.label, **extra)
        case.check_strip(identity)
        return identity
    if found.kind == "degrees" and family is not None:
        identity = identify(pyproj.CRS.from_epsg(family.geographic), lang=case.ledger.lang)
        case.say("crs-datum-stated", after=identity.label, name=identity.label, datum=str(datum))
        return identity
    raise _refusal(case, datum or "cgcs2000")


def _refusal(case: Case, datum: str) -> CrsError:
    found = case.found
    if found.kind == "mixed_zones":
        return case.mixed()
    if found.kind == "degrees":
        return CrsError("crs-degrees-datum", file=case.source)
    if found.kind == "unknown":
        return CrsError("crs-no-coordinates", file=case.source)
    if found.kind == "web_mercator" or found.maybe_mercator:
        other = "".join(f" / {code}" for code in found.candidates)
        return CrsError("crs-web-mercator", file=case.source, other=other, **case.shown())
    if found.kind == "gauss_kruger":
        listed = datum if zoneless_candidates(datum, 3) else "cgcs2000"
        three, six = (", ".join(map(str, zoneless_candidates(listed, width))) for width in (3, 6))
        easting = f"{case.easting():.0f}"
        return CrsError("crs-zone-unknown", file=case.source, easting=easting, three=three, six=six)
    abroad = bool((np.abs(np.array(case.box) / [180, 90, 180, 90]) <= 1).all())
    return CrsError("crs-maybe-degrees" if abroad else "crs-local", file=case.source, **case.shown())


# ------------------------------------------------------------------------------------------------------ datum


def _shift(case: Case, identity: Identity, given: object, swap: bool) -> Shift | None:
    """The transformation to CGCS2000, None where the datum stays; refused where it would be silent."""
    if identity.datum not in OLD_DATUMS:
        if given is not None and given != "ignore":
            case.say("crs-shift-unused", datum=identity.datum)
        return None
    if given is None:
        raise CrsError(
            "crs-datum-shift", file=case.source, datum=identity.datum, name=identity.label, target="CGCS2000"
        )
    if given == "ignore":
        case.say("crs-shift-ignored", before=identity.label, after=identity.label, datum=identity.datum)
        return None
    try:
        shift = make_shift(identity, given)
    except CrsError as problem:
        raise CrsError(problem.code, file=case.source, **problem.params) from problem
    target = identify(shift.target).label
    if np.isfinite(case.box).all():
        moved = f"{check_shift(shift, case.centre(swap), file=case.source):.3f}"
        names = {"source_name": identity.label, "target_name": target, "metres": moved}
        case.say("crs-shifted", before=identity.label, after=target, **names)
    return shift


# ----------------------------------------------------------------------------------------------- reprojecting


def to_crs(frame: gpd.GeoDataFrame, crs: object, *, ledger: Ledger, source: str) -> gpd.GeoDataFrame:
    """The frame in another CRS; nothing happens to coordinates that already lie in the same plane.

    CGCS2000 and WGS 84 are taken as equal. Between either and Xi'an 1980 or Beijing 1954 it refuses: what
    PROJ would do there is no datum shift.

    Parameters
    ----------
    frame
        Any frame with a CRS; it is not changed.
    crs
        Target: EPSG code, text or CRS.
    ledger
        Where a reprojection is recorded as a decision.
    source
        Name of the layer, for messages.

    Raises
    ------
    CrsError
        No CRS, an old datum on one side, or coordinates that the target cannot hold.
    """
    if frame.crs is None:
        raise CrsError("crs-missing", file=source)
    here = identify(frame.crs, lang=ledger.lang)
    there = identify(crs if isinstance(crs, pyproj.CRS) else str(crs), lang=ledger.lang)
    if same_plane(here.crs, there.crs):
        return frame.set_crs(there.crs, allow_override=True)
    old = here.datum if here.datum in OLD_DATUMS else there.datum
    if here.datum != there.datum and old in OLD_DATUMS:
        raise CrsError("crs-datum-shift", file=source, datum=old, name=here.label, target=there.label)
    moved = frame.to_crs(there.crs)
    was, now = (np.isfinite(f.geometry.bounds.to_numpy()).all(axis=1) for f in (frame, moved))
    if (was & ~now).any():
        count = int((was & ~now).sum())
        raise CrsError("crs-not-finite", file=source, before=here.label, after=there.label, count=count)
    evidence = [note("reprojected", ledger.lang, before=here.label, after=there.label)]
    if {here.datum, there.datum} == _EQUAL_DATUMS:
        evidence.append(note("equal-datums", ledger.lang))
    ledger.decide("reprojection", there.label, source=source, evidence=evidence)
    return moved

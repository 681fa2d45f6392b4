"""Parcel geometry made valid, with every change of area on record.

Caveat: a repair is a guess about what the surveyor meant. ``buffer(0)`` is never used (it halves a bow-tie); the
structure method of GEOS is, and where its answer is not the only one the ledger asks a person to decide. "Area
before" is what the rings add up to as drawn, whatever their direction; for a bow-tie that is the difference of its
two loops.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from parcels.catalog import CATALOG
from parcels.crs.identity import horizontal
from parcels.geometry.area import ellipsoidal_m2, planar_m2
from parcels.geometry.rings import readings, tangled
from parcels.ledger import Ledger

Geometries = NDArray[np.object_]
Positions = NDArray[np.intp]
_TINY = 1e-300
_MISSING, _POLYGON, _MULTIPOINT, _MULTIPOLYGON, _COLLECTION = -1, 3, 4, 6, 7


def measure_m2(geoms: Geometries, crs: CRS | None) -> NDArray[np.float64]:
    """Area in m²: planar in projected coordinates or without a CRS, ellipsoidal in geographic ones.

    Parameters
    ----------
    geoms
        Polygons or other geometries (which count 0); missing gives NaN.
    crs
        Their CRS; None means plane metres.

    Returns
    -------
    numpy.ndarray
        One area per geometry; in the plane a hole larger than its shell gives a negative area, as in GEOS.
    """
    if crs is None:
        return np.asarray(shapely.area(geoms), dtype=np.float64)
    return ellipsoidal_m2(geoms, crs) if horizontal(crs).is_geographic else planar_m2(geoms, crs)


def raw_area(geoms: Geometries, *, crs: CRS | None = None) -> NDArray[np.float64]:
    """Area of geometries as they are drawn, valid or not, whatever the direction of their rings.

    Each part counts with the absolute value of (shell − holes); nothing is repaired first.

    Parameters
    ----------
    geoms
        Array of geometries; missing gives NaN.
    crs
        Their CRS; None means plane metres.

    Returns
    -------
    numpy.ndarray
        Areas in m².

    Examples
    --------
    >>> raw_area(np.array([shapely.box(0, 0, 10, 10).reverse()])).tolist()
    [100.0]
    """
    parts, owner = shapely.get_parts(geoms, return_index=True)
    total = np.bincount(owner, weights=np.abs(measure_m2(parts, crs)), minlength=len(geoms)).astype(np.float64)
    total[shapely.is_missing(geoms)] = np.nan
    return total


@dataclass
class _Layer:
    """The geometries under repair and how to speak about them."""

    geoms: Geometries
    rows: NDArray[np.int64]
    ids: NDArray[np.object_] | None
    source: str
    ledger: Ledger
    crs: CRS | None

    def note(
        self,
        code: str,
        at: Positions,
        *,
        field: object = "geometry",
        before: object = None,
        after: object = None,
        **params: Any,
    ) -> None:
        """One ledger row per position."""
        ids = None if self.ids is None else self.ids[at]
        place: dict[str, Any] = {"stage": "geometry", "source": self.source, "row": self.rows[at], "id": ids}
        self.ledger.add(code, **place, field=field, before=before, after=after, **params)

    def count(self, code: str, number: int) -> None:
        """One ledger row for the layer, when there is anything to count."""
        if number:
            self.ledger.add(code, stage="geometry", source=self.source, field="geometry", count=number)


def repair(
    frame: gpd.GeoDataFrame,
    *,
    rows: NDArray[np.int64],
    ids: pd.Series | None = None,
    source: str,
    ledger: Ledger,
    accept: float = 1e-6,
    told: NDArray[np.bool_] | None = None,
    lines: bool = False,
) -> gpd.GeoDataFrame:
    """Make every parcel a valid plane polygon or say why it has none; rows and index stay as they are.

    Geometry that is missing, empty, not finite, not a polygon, or that collapses in repair becomes None with an
    ``error`` in the ledger. Invalid polygons go through ``make_valid(method="structure")``; areas before and after
    stand in the ledger, as ``info`` when they agree to ``accept`` and as ``warning`` otherwise. Where rings
    contradict each other, an ``error`` lists the possible areas.

    Parameters
    ----------
    frame
        Parcels, any CRS (areas are m²: planar, or ellipsoidal for geographic coordinates); not changed.
    rows
        Record numbers in the source, one per row.
    ids
        Parcel codes for the ledger, one per row.
    source
        Name of the source for the ledger.
    ledger
        Where repairs and refusals are written.
    accept
        Relative change of area that counts as none.
    told
        Records without geometry of which the ledger already says why; they are not reported again.
    lines
        Leave lines as they are, in the plane, instead of refusing them.

    Returns
    -------
    geopandas.GeoDataFrame
        A copy with repaired geometry, outer rings counter-clockwise.

    Examples
    --------
    >>> bow_tie = gpd.GeoDataFrame(geometry=[shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])])
    >>> ledger = Ledger(lang="en")
    >>> repair(bow_tie, rows=np.array([1]), source="a.shp", ledger=ledger).area.tolist()
    [50.0]
    >>> ledger.frame()["code"].tolist()[0]
    'geometry-repaired-area'
    """
    geoms = np.array(frame.geometry.array, dtype=object)
    keys = None if ids is None else ids.to_numpy(dtype=object)
    known = np.zeros(len(geoms), dtype=bool) if told is None else told
    apart = _lines(geoms) if lines else np.zeros(len(geoms), dtype=bool)
    solid = ~apart
    layer = _Layer(
        geoms[solid], np.asarray(rows)[solid], None if keys is None else keys[solid], source, ledger, frame.crs
    )
    _refuse_missing(layer, known[solid])
    _force_plane(layer)
    _keep_polygons(layer)
    _refuse_not_finite(layer)
    _repair_invalid(layer, accept=accept)
    _orient(layer)
    parts = shapely.get_num_geometries(layer.geoms)
    layer.count("geometry-multipart", int(((shapely.get_type_id(layer.geoms) == _MULTIPOLYGON) & (parts > 1)).sum()))
    geoms[solid], geoms[apart] = layer.geoms, shapely.force_2d(geoms[apart])
    out = frame.copy()
    out[frame.geometry.name] = gpd.GeoSeries(geoms, index=frame.index, crs=frame.crs)
    return out


def _lines(geoms: Geometries) -> NDArray[np.bool_]:
    """Lines with a length and finite coordinates."""
    found: NDArray[np.bool_] = np.asarray(shapely.get_dimensions(geoms) == 1)
    found[found] = np.isfinite(shapely.length(geoms[found])) & (shapely.length(geoms[found]) > 0)
    return found


def _refuse_missing(layer: _Layer, told: NDArray[np.bool_]) -> None:
    layer.note("geometry-null", np.flatnonzero(shapely.is_missing(layer.geoms) & ~told))
    empty = np.flatnonzero(shapely.is_empty(layer.geoms))
    layer.note("geometry-empty", empty, before=_kinds(layer.geoms[empty]))
    layer.geoms[empty] = None


def _force_plane(layer: _Layer) -> None:
    high = np.flatnonzero(shapely.has_z(layer.geoms) | shapely.has_m(layer.geoms))
    layer.geoms[high] = shapely.force_2d(layer.geoms[high])
    layer.count("geometry-z-dropped", len(high))


def _keep_polygons(layer: _Layer) -> None:
    """Collections keep their polygons; what has none loses its geometry."""
    mixed = np.flatnonzero(shapely.get_type_id(layer.geoms) == _COLLECTION)
    polygons = _polygons_of(layer.geoms[mixed])
    found = ~shapely.is_missing(polygons)
    at, after = mixed[found], polygons[found]
    layer.note("geometry-collection", at, before=_kinds(layer.geoms[at]), after=_kinds(after))
    layer.geoms[at] = after
    flat = np.flatnonzero(~np.isin(shapely.get_type_id(layer.geoms), (_POLYGON, _MULTIPOLYGON, _MISSING)))
    layer.note("geometry-not-areal", flat, before=_kinds(layer.geoms[flat]))
    layer.geoms[flat] = None


def _kinds(geoms: Geometries) -> list[str]:
    return [geom.geom_type for geom in geoms]


def _polygons_of(collections: Geometries) -> Geometries:
    """The polygons inside collections, however deep, as one geometry each; None where there are none."""
    parts, owner = collections, np.arange(len(collections))
    while len(parts) and (shapely.get_type_id(parts) >= _MULTIPOINT).any():
        parts, index = shapely.get_parts(parts, return_index=True)
        owner = owner[index]
    areal = (shapely.get_type_id(parts) == _POLYGON) & ~shapely.is_empty(parts)
    out = np.full(len(collections), None, dtype=object)
    if areal.any():
        shapely.multipolygons(parts[areal], indices=owner[areal], out=out)
    return _single(out)


def _single(geoms: Geometries) -> Geometries:
    """Multi-polygons of one part as plain polygons."""
    one = np.flatnonzero((shapely.get_type_id(geoms) == _MULTIPOLYGON) & (shapely.get_num_geometries(geoms) == 1))
    geoms[one] = shapely.get_geometry(geoms[one], 0)
    return geoms


def _refuse_not_finite(layer: _Layer) -> None:
    """A NaN or infinite coordinate always shows in the shoelace sum, which is far cheaper than all coordinates."""
    bad = np.flatnonzero(~np.isfinite(shapely.area(layer.geoms)) & ~shapely.is_missing(layer.geoms))
    layer.note("geometry-not-finite", bad)
    layer.geoms[bad] = None


def _structure(geoms: Geometries) -> Geometries:
    """Valid polygons by the structure method; None where GEOS fails."""
    try:
        fixed = np.asarray(shapely.make_valid(geoms, method="structure", keep_collapsed=False), dtype=object)
    except shapely.errors.GEOSException:
        if len(geoms) == 1:
            return np.array([None], dtype=object)
        return np.concatenate([_structure(geoms[k : k + 1]) for k in range(len(geoms))])
    fixed = _single(np.asarray(shapely.remove_repeated_points(fixed), dtype=object))
    fixed[~shapely.is_valid(fixed)] = None
    return fixed


def _exchanged(raw: Geometries, fixed: Geometries, *, crs: CRS | None, accept: float) -> Geometries:
    """Polygons whose shell and hole changed places: the structure method leaves nothing of them.

    The lines themselves are taken where they enclose the area that is drawn.
    """
    lost = np.flatnonzero(shapely.is_empty(fixed) & ~shapely.is_missing(fixed))
    lines = _single(np.asarray(shapely.make_valid(raw[lost]), dtype=object))
    drawn, enclosed = raw_area(raw[lost], crs=crs), raw_area(lines, crs=crs)
    same = (drawn > 0) & (np.abs(enclosed - drawn) <= accept * drawn) & shapely.is_valid(lines)
    result = fixed.copy()
    result[lost[same]] = lines[same]
    return result


def _repair_invalid(layer: _Layer, *, accept: float) -> None:
    at = np.flatnonzero(~shapely.is_valid(layer.geoms) & ~shapely.is_missing(layer.geoms))
    hopeless = tangled(layer.geoms[at])
    layer.note("geometry-tangled", at[hopeless], before=raw_area(layer.geoms[at[hopeless]], crs=layer.crs))
    layer.geoms[at[hopeless]] = None
    at = at[~hopeless]
    if len(at) == 0:
        return
    raw = layer.geoms[at]
    reasons = pd.Series(shapely.is_valid_reason(raw)).str.extract(r"^(?P<kind>[^\[]*)(?P<place>\[.*\])?$").fillna("")
    fixed = _structure(raw)
    fixed = _exchanged(raw, fixed, crs=layer.crs, accept=accept)
    failed = shapely.is_missing(fixed)
    gone = shapely.is_empty(fixed)
    before, after = raw_area(raw, crs=layer.crs), raw_area(fixed, crs=layer.crs)
    kept = ~failed & ~gone
    same = np.abs(after - before) <= accept * before
    for code, mask in (
        ("geometry-unrepairable", failed),
        ("geometry-collapsed", gone),
        ("geometry-repaired", kept & same),
        ("geometry-repaired-area", kept & ~same),
    ):
        _note_by_reason(layer, code, at, mask, reasons, before, np.where(kept, after, np.nan))
    _note_ambiguous(layer, at, raw, fixed, before, accept=accept)
    fixed[gone] = None
    layer.geoms[at] = fixed


def _note_by_reason(
    layer: _Layer,
    code: str,
    at: Positions,
    mask: NDArray[np.bool_],
    reasons: pd.DataFrame,
    before: NDArray[np.float64],
    after: NDArray[np.float64],
) -> None:
    for kind, group in reasons[mask].groupby("kind", sort=True):
        k = group.index.to_numpy()
        places = ("geometry" + group["place"]).tolist()
        reason = reason_text(str(kind), layer.ledger)
        layer.note(code, at[k], field=places, before=before[k], after=after[k], reason=reason)


def reason_text(kind: str, ledger: Ledger) -> str:
    """The reason that GEOS gives, in the language of the run; its own words where the catalogue has none."""
    text = CATALOG.ledger.get("geometry-reason-" + kind.strip().lower().replace(" ", "-"))
    return text.render(ledger.lang) if text else kind


def _note_ambiguous(
    layer: _Layer, at: Positions, raw: Geometries, fixed: Geometries, before: NDArray[np.float64], *, accept: float
) -> None:
    """Name the possible areas where they differ by more than ``accept`` and the rounding of the coordinates.

    The linework reading alone does not count against two agreeing ones (it fills holes that run along the shell),
    unless nothing at all is left without it.
    """
    answers = readings(raw, fixed, measure=lambda geoms: measure_m2(geoms, layer.crs))
    grain = 4 * np.spacing(np.abs(shapely.bounds(raw)).max(axis=1)) * shapely.length(raw)
    square = measure_m2(shapely.envelope(raw), layer.crs) / np.maximum(shapely.area(shapely.envelope(raw)), _TINY)
    limit = accept * answers.max(axis=1) + grain * square
    counted = answers.drop(columns="linework").mask(answers["structure"] == 0, answers["linework"], axis=0)
    counted["structure"] = answers["structure"]
    open_question = counted["even_odd"].isna() & answers["structure"].notna()
    k = np.flatnonzero((counted.max(axis=1) - counted.min(axis=1) > limit) | open_question)
    layer.note("geometry-ambiguous", at[k], before=before[k], after=_answer_texts(answers.iloc[k]))


def _answer_texts(answers: pd.DataFrame) -> list[str]:
    """``name=area`` for every reading that could be worked out."""
    return [
        "; ".join(f"{name}={area:.2f}" for name, area in zip(answers.columns, line, strict=True) if area == area)
        for line in answers.to_numpy().tolist()
    ]


def _orient(layer: _Layer) -> None:
    oriented = np.asarray(shapely.orient_polygons(layer.geoms), dtype=object)
    turned = np.flatnonzero(~shapely.equals_identical(layer.geoms, oriented) & ~shapely.is_missing(oriented))
    layer.geoms[turned] = oriented[turned]
    layer.count("geometry-reoriented", len(turned))

"""Read a cadastral layer as bureaus send it: the importer from bytes to measured, canonical parcels.

open → decide the CRS → name the columns → repair the geometry → measure → check the codes. Every guess, repair and
refusal is a ledger row or a decision; every record of the source comes out as a row.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from parcels.canonical import Canonical, Source, canonicalise, report_unknown_unit
from parcels.catalog import CATALOG
from parcels.codes.tidy import check_and_tidy
from parcels.crs.resolve import Resolved, resolve
from parcels.errors import FormatError, GeometryError
from parcels.fields import Schema, cadastral
from parcels.geometry.area import area_m2, ellipsoidal_m2
from parcels.geometry.repair import repair as repair_geometry
from parcels.layer import RawLayer
from parcels.ledger import Ledger
from parcels.readers.open import is_database, open_layer
from parcels.registered import add_registered, report_difference

RESERVED = ("area_m2", "planar_m2", "source_row")

# Ledger codes with which a reader says why a record has no geometry.
_TOLD = (
    "shapefile-null-shape", "shapefile-shape-lost", "shapefile-record-damaged", "shapefile-dbf-long",
    "vector-geometry-unreadable", "vector-topojson-broken", "txt-no-geometry",
)  # fmt: skip
_SAME_AREA = 1e-12


class ParcelWarning(UserWarning):
    """Something in the delivery was repaired, guessed or refused and no ledger was given to write it to."""


@dataclass(frozen=True)
class Wanted:
    """How the columns of a layer are to be understood; see :func:`read`.

    ``unique`` is False for tables in which a parcel code may well stand on several lines.
    """

    schema: Schema
    fields: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    default_units: Mapping[str, str] = field(default_factory=dict)
    reserved: tuple[str, ...] = ()
    unique: bool = True


def read(
    path: str | Path,
    *,
    layer: str | None = None,
    encoding: str | None = None,
    crs: object = None,
    datum: str | None = None,
    datum_shift: object = None,
    fields: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    default_units: Mapping[str, str] | None = None,
    schema: Schema | None = None,
    reserved: Iterable[str] = (),
    lines: bool = False,
    ledger: Ledger | None = None,
) -> gpd.GeoDataFrame:
    """Read a polygon layer with right text, a known CRS, canonical columns, valid geometry and its area.

    Parameters
    ----------
    path
        Any vector file, zip, folder, 界址点 TXT or ``postgresql://`` URL.
    layer
        Layer (or file inside an archive or folder) where there are several.
    encoding
        Text encoding; by default found from the bytes.
    crs
        CRS of the coordinates where the file does not say it, or says it wrongly.
    datum
        ``"cgcs2000"`` or ``"wgs84"`` for coordinates in degrees without a .prj.
    datum_shift
        For Xi'an 80 and Beijing 54: ``"ignore"``, a PROJ pipeline, or transformation parameters.
    fields
        Canonical name → source column where detection does not do.
    units
        Canonical name → unit of its source column.
    default_units
        Dimension → unit for headers that say none, e.g. ``{"area": "平方米"}``.
    schema
        Fields to look for; the cadastral ones by default.
    reserved
        Further names of result columns that own columns must not occupy.
    lines
        Keep lines, too (roads, railways, power lines), and take a layer that has nothing else; their area is 0.
    ledger
        Where to write; without one a warning with the counts is issued.

    Returns
    -------
    GeoDataFrame
        Canonical columns, the source's own columns, ``area_m2`` (ellipsoidal, m²), ``planar_m2`` (m², in the source
        plane; missing for degrees), ``source_row`` and ``geometry``, one row per record of the source.

    Raises
    ------
    InputError
        When the file, its text, its CRS or a named field cannot be understood without guessing.
    """
    book = Ledger() if ledger is None else ledger
    raw = open_layer(path, ledger=book, layer=layer, encoding=encoding)
    _need_polygons(raw, raw.source if is_database(path) else path, lines=lines)
    located, resolved = _locate(raw, crs, datum, datum_shift, book)
    wanted = Wanted(schema or cadastral(), fields or {}, units or {}, default_units or {}, tuple(reserved))
    frame = interpret(raw, located, resolved.crs, wanted=wanted, ledger=book, lines=lines)[0]
    if not frame.geometry.notna().any():
        reasons = book.frame().query("stage == 'geometry' and severity == 'error'")["message"].value_counts()
        text = "; ".join(f"{message} ×{n}" for message, n in reasons.head(3).items())
        raise GeometryError("read-no-usable-polygons", file=raw.source, rows=len(frame), reasons=text)
    if ledger is None:
        _warn(book)
    return frame


def interpret(
    raw: RawLayer, located: gpd.GeoDataFrame, crs: CRS | None, *, wanted: Wanted, ledger: Ledger, lines: bool = False
) -> tuple[gpd.GeoDataFrame, Canonical]:
    """Name, repair, measure and check the records of a layer whose CRS is settled.

    Parameters
    ----------
    raw
        The layer as opened.
    located
        Its frame with the axes in order and on the datum of ``crs``.
    crs
        CRS of the coordinates; None where it is not known, which leaves the areas missing.
    wanted
        What the columns are to be taken for.
    ledger
        Where every guess and repair is written.
    lines
        Keep lines beside polygons.

    Returns
    -------
    tuple
        The parcels, and what is known of their columns.
    """
    where = Source(raw.source, raw.rows)
    named = canonicalise(
        pd.DataFrame(located.drop(columns="geometry")),
        wanted.schema,
        source=where,
        ledger=ledger,
        given=wanted.fields,
        units=wanted.units,
        default_units=wanted.default_units,
        reserved=(*RESERVED, *wanted.reserved),
    )
    frame = gpd.GeoDataFrame(named.frame.assign(source_row=raw.rows), geometry=located.geometry, crs=crs)
    ids = frame["parcel_id"] if "parcel_id" in frame else None
    told = _told(raw, ledger)
    frame = repair_geometry(frame, rows=raw.rows, ids=ids, source=raw.source, ledger=ledger, told=told, lines=lines)
    frame = _measure(frame, crs)
    if crs is not None:
        _record_area(np.asarray(located.geometry.values), frame, raw.source, ledger)
    for name, match in named.unresolved.items():
        if name == "registered":
            frame = add_registered(frame, match=match, cells=located[match.column], source=where, ledger=ledger)
        else:
            report_unknown_unit(match, source=where, ledger=ledger)
    report_difference(frame, ids=ids, source=where, ledger=ledger)
    return _check_codes(frame, wanted.schema, where, ledger), named


def _need_polygons(raw: RawLayer, path: str | Path, *, lines: bool) -> None:
    """Refuse a layer without rows or without a single polygon (or line) before anything else is asked of it."""
    if len(raw.frame) == 0:
        raise FormatError("read-empty", file=path, layer=raw.layer)
    shapes = np.asarray(raw.frame.geometry.values)
    if not bool((shapely.get_dimensions(shapes) >= (1 if lines else 2)).any()):
        kinds = raw.frame.geometry.geom_type.fillna("null").value_counts()
        text = ", ".join(f"{kind} {n}" for kind, n in kinds.items())
        raise GeometryError("read-no-polygons", file=path, layer=raw.layer, rows=len(raw.frame), kinds=text)


def _locate(
    raw: RawLayer, crs: object, datum: str | None, datum_shift: object, ledger: Ledger
) -> tuple[gpd.GeoDataFrame, Resolved]:
    bounds = tuple(float(v) for v in raw.frame.geometry.total_bounds)
    resolved = resolve(
        bounds,
        crs_text=raw.crs_text,
        crs_origin=raw.crs_origin,
        declared=crs,
        datum=datum,
        datum_shift=datum_shift,
        source=raw.source,
        ledger=ledger,
    )
    return in_place(raw.frame, resolved), resolved


def in_place(frame: gpd.GeoDataFrame, resolved: Resolved) -> gpd.GeoDataFrame:
    """The frame with its axes in order and on the datum that was decided."""
    shapes = np.asarray(frame.geometry.values)
    if resolved.swap_axes:
        shapes = shapely.transform(shapes, lambda xy: xy[:, ::-1])
    shapes = resolved.apply(shapes)
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index))


def _told(raw: RawLayer, ledger: Ledger) -> NDArray[np.bool_]:
    """Records of which the reader has already said why they have no geometry."""
    rows = ledger.frame()
    told = rows.loc[rows["code"].isin(_TOLD) & (rows["source"] == raw.source), "row"].dropna()
    return np.isin(raw.rows, told.to_numpy(dtype=np.int64))


def _measure(frame: gpd.GeoDataFrame, crs: CRS | None) -> gpd.GeoDataFrame:
    unknown = pd.Series(np.nan, index=frame.index)
    if crs is None:
        return frame.assign(area_m2=unknown, planar_m2=unknown)
    planar = area_m2(frame, basis="planar") if crs.is_projected else unknown
    return frame.assign(area_m2=area_m2(frame, basis="ellipsoidal"), planar_m2=planar)


def _record_area(drawn: NDArray[np.object_], frame: gpd.GeoDataFrame, source: str, ledger: Ledger) -> None:
    """Record the total area as drawn and after repair, so that a run can be compared with the delivery."""
    kept = np.asarray(frame.geometry.values)
    after = frame["area_m2"].to_numpy()
    flat = shapely.area(drawn)
    changed = ~(np.abs(flat - shapely.area(kept)) <= _SAME_AREA * flat) & ~shapely.is_missing(drawn)
    before = float(np.nansum(after[~changed])) + _drawn_m2(drawn[changed], frame.crs)
    total = float(np.nansum(after))
    figures = {"before_repair_m2": before, "after_repair_m2": total}
    text = CATALOG.ledger["area-note-total"].render(
        ledger.lang, before=f"{before:,.2f}", after=f"{total:,.2f}", count=int(changed.sum())
    )
    ledger.decide("area", figures, source=source, evidence=[text])


def _drawn_m2(shapes: NDArray[np.object_], crs: CRS) -> float:
    """Ellipsoidal area of figures as they are drawn, whatever the direction of their rings."""
    parts = shapely.get_parts(shapes)
    return float(np.nansum(np.abs(ellipsoidal_m2(parts, crs)))) if len(parts) else 0.0


def _check_codes(frame: gpd.GeoDataFrame, schema: Schema, where: Source, ledger: Ledger) -> gpd.GeoDataFrame:
    columns = {f.check: f.column for f in schema if f.check and f.column in frame}
    return frame.assign(**check_and_tidy(frame, columns=columns, rows=where.rows, source=where.name, ledger=ledger))


def _warn(ledger: Ledger) -> None:
    table = ledger.frame()
    counts = table.loc[table["severity"] != "info", "code"].value_counts()
    if len(counts):
        text = ", ".join(f"{code} {n}" for code, n in counts.items())
        warnings.warn(f"parcels.read: {text}; pass ledger=Ledger() to see every row", ParcelWarning, stacklevel=3)

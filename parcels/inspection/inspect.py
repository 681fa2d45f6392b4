"""What is in a file: format, layers, encoding, CRS with its evidence, columns and what they are taken for, geometry.

Looking never refuses what reading would refuse: the reason is shown in its place. A layer is looked at by reading it
in earnest with a ledger of its own, so that what is shown here is what a run would write.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from parcels.canonical import Source
from parcels.catalog import Lang
from parcels.crs.infer import infer
from parcels.crs.parameters import gauss_kruger_crs
from parcels.crs.resolve import Resolved, resolve
from parcels.errors import InputError
from parcels.fields import Matching, Schema, cadastral
from parcels.geometry.repair import reason_text
from parcels.importer import Wanted, in_place, interpret
from parcels.inspection.columns import (
    SHOWN_ROWS,
    ColumnReport,
    LedgerLine,
    best_schema,
    check_table,
    column_reports,
    ledger_lines,
)
from parcels.inspection.render import render
from parcels.layer import RawLayer
from parcels.ledger import Ledger
from parcels.readers.archive import Member
from parcels.readers.formats import Format, detect
from parcels.readers.open import by_real_name, datasets, inner_layers, is_database, open_layer, open_member
from parcels.units import M2_PER_MU

_CGCS2000 = 4490

# Ledger rows that the table of columns already shows.
_IN_COLUMNS = ("field-mapped", "field-unit")
_GEOMETRY_NOTES = ("driver", "shape_type", "geometry_type", "layers", "records", "shapes")
_OWN_PLACE = ("fields", "aliases", "deleted", "ldid", "cpg", *_GEOMETRY_NOTES)


@dataclass
class LayerReport:
    """What one layer holds."""

    name: str
    rows: int | None = None
    deleted: int = 0
    encoding: str | None = None
    encoding_confidence: float | None = None
    encoding_evidence: list[str] = field(default_factory=list)
    crs: str | None = None
    crs_evidence: list[str] = field(default_factory=list)
    crs_problem: str | None = None
    table: str | None = None
    columns: list[ColumnReport] = field(default_factory=list)
    geometry: dict[str, int] = field(default_factory=dict)
    invalid: int = 0
    invalid_rows: list[tuple[int, str]] = field(default_factory=list)
    null: int = 0
    null_rows: list[int] = field(default_factory=list)
    bounds: list[float] = field(default_factory=list)
    area_m2: float | None = None
    area_mu: float | None = None
    area_assumed: str | None = None
    codes: list[LedgerLine] = field(default_factory=list)
    codes_checked: list[str] = field(default_factory=list)
    ledger: list[LedgerLine] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    problem: str | None = None


@dataclass
class Inspection:
    """What a file holds, layer by layer; prints itself and turns into plain values."""

    path: str
    kind: str
    evidence: str
    layers: list[LayerReport]

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON; ``mapping`` of a layer is canonical name → source column."""
        plain = asdict(self)
        for report, layer in zip(plain["layers"], self.layers, strict=True):
            report["mapping"] = {c.canonical: c.name for c in layer.columns if c.canonical}
        return plain

    def to_json(self) -> str:
        """The same as JSON text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=1, default=str)

    def render(self, lang: Lang = "zh") -> str:
        """A text for people."""
        return render(self, lang)

    def __str__(self) -> str:
        return self.render("zh")


def inspect(
    path: str | Path,
    *,
    schema: Schema | None = None,
    schemas: Mapping[str, Schema] | None = None,
    default_units: Mapping[str, Mapping[str, str]] | None = None,
    layer: str | None = None,
    encoding: str | None = None,
    lang: Lang = "zh",
) -> Inspection:
    """Look into a file without changing it, or refusing anything that can be looked at.

    Parameters
    ----------
    path
        Any file, folder, archive or address that :func:`parcels.read` takes, or a ``.dbf`` alone.
    schema
        Fields to look for; the cadastral ones by default.
    schemas
        Several schemas by the kind of table they describe; each layer is understood by the one that knows most of
        its columns.
    default_units
        Kind of table → dimension → unit for headers that state none.
    layer
        Only this layer of a database.
    encoding
        Text encoding, where detection is to be overruled.
    lang
        Language of the texts that the report carries.

    Returns
    -------
    Inspection
        One report per layer; one of several layers that cannot be read carries its problem.

    Raises
    ------
    InputError
        When the file is missing, of a kind that cannot be read, or not one of its layers can be.
    """
    view = _View(dict(schemas or {"": schema or cadastral()}), dict(default_units or {}), encoding, lang)
    if is_database(path):
        ledger = Ledger(lang=lang)
        raw = open_layer(path, ledger=ledger, layer=layer, encoding=encoding)
        return Inspection(raw.source, "postgis", "", [view.report(raw.layer or raw.source, raw, ledger)])
    path = Path(path)
    fmt = detect(path)
    common = Ledger(lang=lang)
    with datasets(path, ledger=common, source=path.name) as members:
        reports = [r for member in members for r in _reports(member, path, view)]
    told = ledger_lines(common.frame())
    if told:
        reports.append(LayerReport(path.name, ledger=told))
    return Inspection(str(path), fmt.kind, _evidence(fmt), reports)


def _evidence(fmt: Format) -> str:
    return fmt.evidence if fmt.kind != "folder" else ""


def _reports(member: Member, path: Path, view: _View) -> list[LayerReport]:
    """The layers of one dataset; the problem of the only layer of a file is raised, that of one of several shown."""
    alone = not member.name
    shown = path.name if alone else f"{path.name}/{member.name}"
    reports: list[LayerReport] = []
    with by_real_name(member, shown):
        names: list[str | None] = [*_inner(member)] or [None]
    for inner in names:
        title = "/".join(part for part in (member.name, inner) if part) or path.name
        ledger = Ledger(lang=view.lang)
        try:
            with by_real_name(member, shown):
                raw = open_member(member, ledger=ledger, layer=inner, encoding=view.encoding, source=shown)
            reports.append(view.report(title, raw, ledger))
        except InputError as problem:
            if alone and len(names) == 1:
                raise
            reports.append(LayerReport(title, problem=problem.render(view.lang)))
    return reports


def _inner(member: Member) -> list[str]:
    """Names of the layers of a dataset; of one among several that cannot be opened none: reading it says why."""
    try:
        return inner_layers(member)
    except InputError:
        if not member.name:
            raise
        return []


@dataclass(frozen=True)
class _View:
    """How layers are to be looked at."""

    schemas: dict[str, Schema]
    default_units: dict[str, Mapping[str, str]]
    encoding: str | None
    lang: Lang

    def best(self, columns: list[str]) -> tuple[str, Schema, Matching]:
        """The schema that suits the columns best."""
        kind = best_schema(self.schemas, columns)
        return kind, self.schemas[kind], self.schemas[kind].match(columns)

    def report(self, name: str, raw: RawLayer, ledger: Ledger) -> LayerReport:
        """The report of one layer."""
        report = LayerReport(name, rows=len(raw.frame), encoding=raw.encoding)
        report.deleted = int(str(raw.notes.get("deleted", 0)))
        table = pd.DataFrame(raw.frame.drop(columns="geometry"))
        kind, schema, matching = self.best([str(c) for c in table.columns])
        report.table = kind if kind and matching.matches else None
        before = len(ledger.decisions)
        resolved = _geometry(report, raw, ledger)
        wanted = Wanted(schema, default_units=self.default_units.get(kind, {}))
        _read_in_earnest(report, raw, resolved, wanted, ledger)
        report.columns = column_reports(table, matching, ledger, lang=self.lang, notes=raw.notes)
        _tell_encoding(report, raw, ledger, upto=before)
        add_ledger(report, ledger)
        report.codes_checked = [m.column for m in matching.matches.values() if m.field.check]
        report.notes = _notes(raw)
        return report


def _notes(raw: RawLayer) -> dict[str, str]:
    """Facts that stand nowhere else."""
    shown = {k: v for k, v in raw.notes.items() if k not in _OWN_PLACE and v not in (None, "", [], {}, ())}
    return {k: str(v) for k, v in shown.items()}


def _read_in_earnest(
    report: LayerReport, raw: RawLayer, resolved: Resolved | None, wanted: Wanted, ledger: Ledger
) -> None:
    """Do with the layer what reading does, for the sake of the ledger and the area."""
    shapes = np.asarray(raw.frame.geometry.values)
    if not bool((shapely.get_dimensions(shapes) == 2).any()):
        check_table(pd.DataFrame(raw.frame.drop(columns="geometry")), Source(raw.source, raw.rows), wanted, ledger)
        return
    located, crs = (in_place(raw.frame, resolved), resolved.crs) if resolved else _assumed(report, raw)
    frame, _ = interpret(raw, located, crs, wanted=wanted, ledger=ledger)
    if crs is not None:
        report.area_m2 = float(frame["area_m2"].sum())
        report.area_mu = report.area_m2 / M2_PER_MU


def _assumed(report: LayerReport, raw: RawLayer) -> tuple[gpd.GeoDataFrame, CRS | None]:
    """A CRS that is good enough for areas where the true one is not known, and is named in the report.

    The area of zone-less coordinates does not depend on the central meridian; that of degrees hardly on the datum.
    """
    bounds, found = report.bounds, infer(report.bounds)
    if found.kind == "gauss_kruger" and found.zone is None:
        crs = gauss_kruger_crs("cgcs2000", width=3, lon0=117, prefix=False)
    elif found.kind == "degrees" or bool((np.abs(np.array(bounds) / [180, 90, 180, 90]) <= 1).all()):
        crs = CRS.from_epsg(_CGCS2000)
    else:
        return raw.frame, None
    report.area_assumed = crs.name
    shapes = np.asarray(raw.frame.geometry.values)
    if found.swapped:
        shapes = shapely.transform(shapes, lambda xy: xy[:, ::-1])
    return raw.frame.set_geometry(gpd.GeoSeries(shapes, index=raw.frame.index)), crs


def _geometry(report: LayerReport, raw: RawLayer, ledger: Ledger) -> Resolved | None:
    """Types, faults, bounds and CRS; the CRS where it could be settled."""
    shapes = np.asarray(raw.frame.geometry.values)
    if not len(shapes) or (shapely.is_missing(shapes).all() and not raw.notes.get("shape_type")):
        return None
    present = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    report.null, report.null_rows = int((~present).sum()), raw.rows[~present][:SHOWN_ROWS].tolist()
    if not present.any():
        return None
    kinds = raw.frame.geometry[present].geom_type.value_counts()
    report.geometry = {str(k): int(n) for k, n in kinds.items()}
    _invalid(report, shapes, present, raw.rows, ledger)
    report.bounds = [float(v) for v in shapely.total_bounds(shapes)]
    return _crs(report, raw, ledger)


def _invalid(
    report: LayerReport,
    shapes: NDArray[np.object_],
    present: NDArray[np.bool_],
    rows: NDArray[np.int64],
    ledger: Ledger,
) -> None:
    with np.errstate(invalid="ignore"):
        wrong = np.flatnonzero(present & ~shapely.is_valid(shapes))
    report.invalid = len(wrong)
    first = wrong[:SHOWN_ROWS]
    reasons = [str(r).partition("[")[0].strip() for r in shapely.is_valid_reason(shapes[first])]
    shown = [reason_text(reason, ledger) for reason in reasons]
    report.invalid_rows = list(zip(rows[first].tolist(), shown, strict=True))


def _crs(report: LayerReport, raw: RawLayer, ledger: Ledger) -> Resolved | None:
    try:
        resolved = resolve(
            (report.bounds[0], report.bounds[1], report.bounds[2], report.bounds[3]),
            crs_text=raw.crs_text,
            crs_origin=raw.crs_origin,
            source=raw.source,
            ledger=ledger,
        )
    except InputError as problem:
        report.crs_problem = problem.render(ledger.lang)
        return None
    decision = next(d for d in reversed(ledger.decisions) if d.topic == "crs")
    report.crs, report.crs_evidence = str(decision.value), list(decision.evidence)
    return resolved


def _tell_encoding(report: LayerReport, raw: RawLayer, ledger: Ledger, *, upto: int) -> None:
    found = next((d for d in ledger.decisions[:upto] if d.topic == "encoding"), None)
    if found is not None:
        report.encoding = report.encoding or str(found.value)
        report.encoding_confidence, report.encoding_evidence = found.confidence, list(found.evidence)


def add_ledger(report: LayerReport, ledger: Ledger) -> None:
    """Put the rows of a ledger into a report, those of the code checks apart."""
    frame = ledger.frame()
    frame = frame[~frame["code"].isin(_IN_COLUMNS)]
    codes = frame["code"].str.startswith(("codes-", "landuse-"))
    report.codes, report.ledger = ledger_lines(frame[codes]), ledger_lines(frame[~codes])

"""Look into any input: layers by ``parcels.inspect``, tables and rasters here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from mudian.inputs import BUILDING_UNITS, check_raster
from mudian.schemas import recognised, schema
from mudian.tables import Table, read_table
from parcels.canonical import Source
from parcels.catalog import Lang
from parcels.errors import InputError
from parcels.importer import Wanted
from parcels.inspection.columns import best_schema, check_table, column_reports
from parcels.inspection.inspect import Inspection, LayerReport, add_ledger, inspect
from parcels.ledger import Ledger
from parcels.readers.formats import LAYER_KINDS, RASTER_KINDS, TABLE_KINDS, detect, walk
from parcels.readers.open import is_database

_LAYERS = ("parcel", "zone", "building")
_TABLES = ("enterprise", "holding")
_SHAPEFILE_TABLE = ".dbf"
_OTHER = "archive-other-file"


def inspect_file(path: str, *, encoding: str | None = None, lang: Lang = "zh") -> Inspection:
    """Look into a layer, a table, a raster, or a folder of these.

    Parameters
    ----------
    path
        A file, folder or ``postgresql://`` URL.
    encoding
        Text encoding, where detection is to be overruled.
    lang
        Language of the texts shown.

    Raises
    ------
    InputError
        When the file is missing or nothing in it can be read.
    """
    if is_database(path):
        return _layers(path, encoding, lang)
    file = Path(path)
    fmt = detect(file)
    if fmt.kind == "folder":
        return _folder(file, encoding, lang)
    if fmt.kind in RASTER_KINDS or fmt.kind in TABLE_KINDS - {"dbf"}:
        return Inspection(path, fmt.kind, fmt.evidence, [_other(file, fmt.kind, file.name, encoding, lang)])
    return _layers(path, encoding, lang)


def _layers(path: str | Path, encoding: str | None, lang: Lang) -> Inspection:
    kinds = _LAYERS + _TABLES if str(path).lower().endswith(_SHAPEFILE_TABLE) else _LAYERS
    schemas = {kind: schema(kind) for kind in kinds}
    units = {"building": BUILDING_UNITS}
    return inspect(path, schemas=schemas, default_units=units, encoding=encoding, lang=lang)


def _folder(folder: Path, encoding: str | None, lang: Lang) -> Inspection:
    """The layers of a folder and, after them, its tables and rasters."""
    files = [f for f in walk(folder) if f.is_file()]
    kinds = {f: _kind(f) for f in files}
    layers = bool(set(kinds.values()) & (LAYER_KINDS | {"zip"})) or any(f.is_dir() for f in walk(folder))
    others = [f for f, kind in kinds.items() if kind in RASTER_KINDS or kind in TABLE_KINDS - {"dbf"}]
    if layers or not others:
        found = _layers(folder, encoding, lang)
    else:
        found = Inspection(str(folder), "folder", "", [])
    names = {file.relative_to(folder).as_posix() for file in others}
    for layer in found.layers:
        layer.ledger = [line for line in layer.ledger if not (line.code == _OTHER and line.before in names)]
    found.layers = [layer for layer in found.layers if layer.rows is not None or layer.problem or layer.ledger]
    for file in others:
        name = file.relative_to(folder).as_posix()
        try:
            found.layers.append(_other(file, kinds[file], name, encoding, lang))
        except InputError as problem:
            found.layers.append(LayerReport(name, problem=problem.render(lang)))
    return found


def _kind(file: Path) -> str:
    try:
        return detect(file).kind
    except InputError:
        return ""


def _other(file: Path, kind: str, name: str, encoding: str | None, lang: Lang) -> LayerReport:
    readers: dict[bool, Callable[[], LayerReport]] = {
        True: lambda: _raster(file, name),
        False: lambda: _table(file, name, encoding, lang),
    }
    return readers[kind in RASTER_KINDS]()


def _raster(file: Path, name: str) -> LayerReport:
    facts = check_raster(file, ledger=Ledger())
    crs = facts.pop("crs")
    bounds: Any = facts.pop("bounds")
    return LayerReport(
        name, crs=str(crs) if crs else None, bounds=[float(v) for v in bounds],
        notes={k: str(v) for k, v in facts.items()},
    )  # fmt: skip


def _table(file: Path, name: str, encoding: str | None, lang: Lang) -> LayerReport:
    ledger = Ledger(lang=lang)
    score = recognised("enterprise")
    table = read_table(file, encoding=encoding, ledger=ledger, score=score)
    found = next((d for d in ledger.decisions if d.topic == "encoding"), None)
    kind = best_schema({k: schema(k) for k in (*_TABLES, *_LAYERS)}, [str(c) for c in table.frame.columns])
    defaults = {"persons": "人"} | ({"money": table.unit_hint} if table.unit_hint else {})
    report = LayerReport(f"{name} / {table.sheet}" if table.sheet else name, rows=len(table.frame), table=kind)
    if found is not None:
        report.encoding, report.encoding_confidence = str(found.value), found.confidence
        report.encoding_evidence = list(found.evidence)
    columns = schema(kind)
    wanted = Wanted(columns, default_units=defaults, unique=kind != "holding")
    check_table(table.frame, Source(table.source, table.rows), wanted, ledger)
    matching = columns.match([str(c) for c in table.frame.columns])
    report.columns = column_reports(table.frame, matching, ledger, lang=lang)
    report.codes_checked = [m.column for m in matching.matches.values() if m.field.check]
    add_ledger(report, ledger)
    report.notes = _notes(table)
    return report


def _notes(table: Table) -> dict[str, str]:
    lines = table.notes.get("header_lines")
    facts = {
        "title": table.title,
        "money_unit": table.unit_hint,
        "header": "-".join(map(str, dict.fromkeys(lines))) if isinstance(lines, tuple) else None,
        "separator": table.notes.get("separator"),
    }
    return {name: str(value) for name, value in facts.items() if value}

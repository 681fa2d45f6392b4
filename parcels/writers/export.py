"""Writing parcels: GeoPackage by default, and the formats that older programs ask for.

Caveat: a shapefile holds 10-byte names, 254-byte texts in GBK, no times of day, and does not tell missing from empty
text. Use it only where ArcMap or CASS demand it; the field dictionary beside it says what the short names mean.
A file is built beside its target and moved into place, so a failed write leaves the old one.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyogrio
import shapely

from parcels.boundary_txt.writer import write_txt
from parcels.errors import FieldError, FormatError, GeometryError, OutputError, Problem
from parcels.ledger import Ledger
from parcels.writers.shapefile import SIDECARS, field_dictionary, shapefile_frame

DIALECTS = {
    "gpkg": (".gpkg",),
    "parquet": (".parquet", ".geoparquet"),
    "geojson": (".geojson", ".json"),
    "gdb": (".gdb",),
    "shp": (".shp",),
    "txt": (".txt",),
}
_POLYGONS = frozenset({"Polygon", "MultiPolygon"})
_FAILURES = (OSError, RuntimeError, ValueError, TypeError, pa.ArrowException)


class WriteWarning(UserWarning):
    """Something could not be written as it stands, and no ledger was given to say so."""


@dataclass(frozen=True)
class _Job:
    """What is written where: the target as people name it, and the file built beside it."""

    target: Path
    staged: Path
    layer: str
    ledger: Ledger

    def note(self, code: str, **params: Any) -> None:
        """One ledger row about the file."""
        self.ledger.add(code, stage="write", source=self.target.name, **params)


def write(
    frame: gpd.GeoDataFrame,
    path: str | Path,
    *,
    layer: str | None = None,
    overwrite: bool = True,
    dialect: str | None = None,
    ledger: Ledger | None = None,
) -> Path:
    """Write parcels to a GeoPackage, GeoParquet, GeoJSON, file geodatabase, shapefile or 界址点 TXT.

    GeoPackages and geodatabases keep their other layers. Shapefiles are written in GBK with LDID 0x4D and no .cpg,
    with field names of at most 10 bytes and a field dictionary ``<name>_字段对照.csv`` beside them. The index is not
    written.

    Parameters
    ----------
    frame
        Parcels, any CRS (kept as it is; none is warned about); not changed.
    path
        Target; its folder must exist. The extension decides the format.
    layer
        Layer name in a GeoPackage or geodatabase; by default the name of the file.
    overwrite
        Whether an existing file or layer may be replaced.
    dialect
        ``gpkg``, ``parquet``, ``geojson``, ``gdb``, ``shp`` or ``txt`` where the extension does not say it.
    ledger
        Where losses are written; without one a ``WriteWarning`` names them.

    Returns
    -------
    pathlib.Path
        The target.

    Raises
    ------
    FormatError
        The extension or dialect is unknown.
    OutputError
        The target cannot be written; what was there is unchanged.
    GeometryError, FieldError
        There is no geometry column, or column names repeat.
    """
    target = Path(path)
    kind = _dialect(target, dialect)
    _check_frame(frame, target)
    _check_target(target, kind, layer or target.stem, overwrite)
    book = Ledger() if ledger is None else ledger
    before = len(book)
    with _staging(target) as folder, _driver_notes(target, book):
        job = _Job(target, folder / target.name, layer or target.stem, book)
        _check_crs(frame, kind, job)
        _WRITERS[kind](frame, job)
        _move(folder, target, kind)
    if ledger is None and book.count("warning") + book.count("error"):
        rows = book.frame().iloc[before:]
        texts = rows.loc[rows["severity"] != "info", "message"].value_counts()
        warnings.warn("; ".join(f"{text} ×{n}" for text, n in texts.items()), WriteWarning, stacklevel=2)
    return target


def _dialect(target: Path, dialect: str | None) -> str:
    known = ", ".join(suffix for suffixes in DIALECTS.values() for suffix in suffixes)
    if dialect is not None:
        if dialect not in DIALECTS:
            raise FormatError("write-format", file=target, suffix=dialect, known=", ".join(DIALECTS))
        return dialect
    for name, suffixes in DIALECTS.items():
        if target.suffix.lower() in suffixes:
            return name
    raise FormatError("write-format", file=target, suffix=target.suffix or target.name, known=known)


def _check_frame(frame: gpd.GeoDataFrame, target: Path) -> None:
    if not isinstance(frame, gpd.GeoDataFrame) or frame.active_geometry_name is None:
        raise GeometryError("write-no-geometry", file=target)
    names = pd.Index(map(str, frame.columns))
    if names.has_duplicates:
        raise FieldError("write-duplicate-columns", file=target, columns=", ".join(names[names.duplicated()].unique()))


def _check_target(target: Path, kind: str, layer: str, overwrite: bool) -> None:
    if not target.parent.is_dir():
        raise OutputError("write-no-folder", file=target, folder=target.parent)
    if not target.exists():
        return
    if target.is_dir() and (kind != "gdb" or not _is_geodatabase(target)):
        raise OutputError("write-in-the-way", file=target, thing="文件夹 (folder)", kind=kind)
    if kind == "gdb" and not target.is_dir():
        raise OutputError("write-in-the-way", file=target, thing="文件 (file)", kind=kind)
    if not overwrite and (kind not in ("gpkg", "gdb") or layer in _layers(target)):
        raise OutputError("write-exists", file=target, layer=layer if kind in ("gpkg", "gdb") else None)


def _is_geodatabase(folder: Path) -> bool:
    return not any(folder.iterdir()) or any(folder.glob("*.gdbtable"))


def _layers(target: Path) -> set[str]:
    """Layer names of an existing file; none when it cannot be opened."""
    try:
        return {str(name) for name, _ in pyogrio.list_layers(target)}
    except pyogrio.errors.DataSourceError:
        return set()


@contextmanager
def _staging(target: Path) -> Iterator[Path]:
    """A folder beside the target to build in; failures become one kind of error."""
    folder: Path | None = None
    try:
        folder = Path(tempfile.mkdtemp(prefix=".writing-", dir=target.parent))
        yield folder
    except Problem:
        raise
    except _FAILURES as problem:
        raise OutputError("write-failed", file=target, reason=str(problem)) from problem
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _driver_notes(target: Path, ledger: Ledger) -> Iterator[None]:
    """Remarks of the drivers go to the ledger."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for text in dict.fromkeys(str(entry.message) for entry in caught):
        ledger.add("write-driver-note", stage="write", source=target.name, reason=text)


def _check_crs(frame: gpd.GeoDataFrame, kind: str, job: _Job) -> None:
    if frame.crs is None:
        job.note("write-crs-missing")
    elif kind == "geojson" and not frame.crs.equals("EPSG:4326", ignore_axis_order=True):
        job.note("write-geojson-crs", crs=frame.crs.name)


def _move(folder: Path, target: Path, kind: str) -> None:
    """Put what was built in place of the old; when that fails half way the old comes back."""
    built = sorted(folder.iterdir())
    if kind not in ("shp", "gdb"):
        for file in built:
            os.replace(file, target.parent / file.name)
        return
    stale = {target.with_suffix(s) for s in SIDECARS} if kind == "shp" else {target}
    old = Path(tempfile.mkdtemp(dir=folder))
    kept: list[Path] = []
    try:
        for file in sorted(stale | {target.parent / file.name for file in built}):
            if file.exists():
                os.replace(file, old / file.name)
                kept.append(file)
        for file in built:
            os.replace(file, target.parent / file.name)
    except OSError:
        for file in kept:
            if not file.is_dir():
                os.replace(old / file.name, file)
        raise


def _write_parquet(frame: gpd.GeoDataFrame, job: _Job) -> None:
    _plain(frame, job, ogr=False).to_parquet(job.staged, index=False)


def _write_geojson(frame: gpd.GeoDataFrame, job: _Job) -> None:
    _ogr(_distinct(_plain(frame, job), job), job, driver="GeoJSON")


def _write_gpkg(frame: gpd.GeoDataFrame, job: _Job) -> None:
    if _layers(job.target):
        shutil.copyfile(job.target, job.staged)
    plain = _distinct(_plain(frame, job), job)
    options = _free_names(plain, FID="fid", GEOMETRY_NAME="geom")
    _ogr(plain, job, driver="GPKG", layer=job.layer, layer_options=options)


def _write_gdb(frame: gpd.GeoDataFrame, job: _Job) -> None:
    if _layers(job.target):
        shutil.copytree(job.target, job.staged)
    plain = _old_arcgis(_distinct(_plain(frame, job), job), job)
    options = _free_names(plain, FID="OBJECTID", GEOMETRY_NAME="SHAPE")
    _ogr(plain, job, driver="OpenFileGDB", layer=job.layer, layer_options=options)


def _write_shp(frame: gpd.GeoDataFrame, job: _Job) -> None:
    plain, names = shapefile_frame(_plain(frame, job), source=job.target.name, ledger=job.ledger)
    _ogr(plain, job, driver="ESRI Shapefile", encoding="LDID/77")
    field_dictionary(names, job.staged.with_name(f"{job.target.stem}_字段对照.csv"))


def _write_txt(frame: gpd.GeoDataFrame, job: _Job) -> None:
    def have(name: str) -> str | None:
        return name if name in frame else None

    try:
        write_txt(
            frame,
            job.staged,
            id_column="parcel_id",
            name_column=have("owner"),
            use_column=have("land_use"),
            area_m2=have("area_m2"),
            ledger=job.ledger,
        )
    except Problem as problem:
        problem.place["file"] = job.target
        raise


_WRITERS: dict[str, Callable[[gpd.GeoDataFrame, _Job], None]] = {
    "gpkg": _write_gpkg,
    "parquet": _write_parquet,
    "geojson": _write_geojson,
    "gdb": _write_gdb,
    "shp": _write_shp,
    "txt": _write_txt,
}


def _ogr(frame: gpd.GeoDataFrame, job: _Job, *, driver: str, **options: Any) -> None:
    kinds = set(frame.geom_type.dropna())
    flat = not shapely.has_z(frame.geometry.array).any()
    if kinds <= _POLYGONS and flat and driver != "GeoJSON":
        options |= (
            {"geometry_type": "Polygon"}
            if driver == "ESRI Shapefile"
            else {"geometry_type": "MultiPolygon", "promote_to_multi": True}
        )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="'crs' was not provided")  # said in the ledger already
        pyogrio.write_dataframe(frame, job.staged, driver=driver, use_arrow=True, **options)


def _free_names(frame: gpd.GeoDataFrame, **wanted: str) -> dict[str, str]:
    """Names for the key and the geometry that no column has."""
    taken = {str(name).casefold() for name in frame.columns}
    out = {}
    for option, name in wanted.items():
        free, number = name, 0
        while free.casefold() in taken:
            number += 1
            free = f"{name}_{number}"
        out[option] = free
    return out


def _distinct(frame: gpd.GeoDataFrame, job: _Job) -> gpd.GeoDataFrame:
    """Columns whose names differ only in upper and lower case get a number: databases take them for one."""
    taken: set[str] = set()
    names: dict[str, str] = {}
    for name in frame.columns:
        free, number = name, 0
        while free.casefold() in taken:
            number += 1
            free = f"{name}_{number}"
        taken.add(free.casefold())
        if free != name:
            names[name] = free
    job.note("write-name", field=list(names), before=list(names), after=list(names.values()))
    return frame.rename(columns=names)


def _plain(frame: gpd.GeoDataFrame, job: _Job, *, ogr: bool = True) -> gpd.GeoDataFrame:
    """The frame with columns that the drivers can hold: one type per column, names as text."""
    out = frame.rename(columns=str).reset_index(drop=True)
    for name in out.columns:
        if name == out.active_geometry_name:
            continue
        column = out[name]
        if isinstance(column, gpd.GeoSeries):
            plain: pd.Series = column.to_wkt() if ogr else column
        else:
            plain = _one_type(column, categories=not ogr)
        if plain is not column:
            out[name] = plain
            if plain.dtype == "str" and not isinstance(column.dtype, pd.CategoricalDtype):
                job.note("write-as-text", field=name)
    return out


def _old_arcgis(frame: gpd.GeoDataFrame, job: _Job) -> gpd.GeoDataFrame:
    """Geodatabases before ArcGIS Pro 3.2 know no 64-bit integers and no plain dates."""
    out = frame.copy()
    for name in out.columns.drop(out.active_geometry_name):
        column = out[name]
        if column.dtype.kind in "iu":
            top = int(column.abs().max()) if column.notna().any() else 0
            if top >= 2**53:
                job.note("write-as-text", field=name)
                out[name] = _as_text(column)
            else:
                out[name] = column.astype("Int32" if top < 2**31 else "Float64")
        elif column.dtype == object and pd.api.types.infer_dtype(column, skipna=True) == "date":
            out[name] = pd.to_datetime(column)
    return out


_HELD = frozenset({"string", "empty", "date", "datetime", "datetime64", "boolean", "integer", "floating", "bytes"})


def _one_type(column: pd.Series, *, categories: bool) -> pd.Series:
    """A column of one type: mixed numbers as numbers, other mixtures and rare types as text."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        if categories:
            return column
        words = column.cat.categories.dtype.kind == "O"
        return column.astype("str") if words else column.astype("object").infer_objects()
    if column.dtype == object:
        found = pd.api.types.infer_dtype(column, skipna=True)
        if found in _HELD:
            return column
        if found in ("mixed-integer-float", "decimal"):
            return pd.to_numeric(column.astype("object")).astype("Float64")
        return _as_text(column)
    if column.dtype.kind in "cm" or isinstance(column.dtype, pd.PeriodDtype | pd.IntervalDtype):
        return _as_text(column)
    return column


def _as_text(column: pd.Series) -> pd.Series:
    return column.astype("object").map(str, na_action="ignore").astype("str")

"""One layer through GDAL, with nothing lost on the way: whole numbers stay whole, dates stay as written.

pyogrio turns whole numbers with gaps into floats and stops at a date that does not exist; both are mended
here. Caveat: GDAL options are global to the process, so two threads must not read with different ones.
"""

from __future__ import annotations

import json
import re
import sqlite3
import warnings
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyogrio
import shapely
from numpy.typing import NDArray

from parcels.errors import FormatError
from parcels.ledger import Ledger
from parcels.readers.written import date_text, whole_numbers

ARC_STEP_DEGREES = "0.1"
EXACT_FLOAT = 2**53
SQLITE_KINDS = frozenset({"geopackage", "sqlite"})
_DATES = frozenset({"OFTDate", "OFTDateTime", "OFTTime"})
_ADVICE = re.compile(r";? ?It might help to specify the correct driver.*$", re.DOTALL)
T = TypeVar("T")


@dataclass
class Table:
    """One layer as GDAL gives it, columns mended."""

    columns: dict[str, pd.Series]
    fids: NDArray[np.int64]
    wkb: NDArray[np.object_] | None
    crs: str | None
    geometry_type: str | None
    types: dict[str, str]
    notes: dict[str, object] = field(default_factory=dict)


@contextmanager
def gdal_options(**options: str | None) -> Iterator[None]:
    """GDAL configuration options that hold inside the context and are as before afterwards.

    Examples
    --------
    >>> before = pyogrio.get_gdal_config_option("OGR_ARC_STEPSIZE")
    >>> with gdal_options(OGR_ARC_STEPSIZE="0.1"):
    ...     pyogrio.get_gdal_config_option("OGR_ARC_STEPSIZE")
    '0.1'
    >>> pyogrio.get_gdal_config_option("OGR_ARC_STEPSIZE") == before
    True
    """
    before = {name: pyogrio.get_gdal_config_option(name) for name in options}
    pyogrio.set_gdal_config_options(options)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(before)


def quiet(job: Callable[[], T], *, ledger: Ledger, source: str, kind: str) -> T:
    """Run a GDAL job: its warnings become ledger rows, its failures a ``FormatError``.

    Raises
    ------
    FormatError
        ``vector-unreadable`` with the reason GDAL gives.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = job()
        except (RuntimeError, pa.ArrowException, OSError) as error:
            reason = _ADVICE.sub("", str(error)).strip() or type(error).__name__
            raise FormatError("vector-unreadable", file=source, reason=reason, kind=kind) from error
    for text in dict.fromkeys(str(w.message) for w in caught):
        ledger.add("vector-driver", stage="read", source=source, text=text)
    return result


def pull(
    path: Path,
    *,
    kind: str,
    layer: str | None,
    encoding: str | None,
    ledger: Ledger,
    source: str,
    options: dict[str, str] | None = None,
) -> Table:
    """Read one layer with all its records.

    Parameters
    ----------
    path
        What GDAL opens.
    encoding
        What to try for text that is not UTF-8; GB18030 when None.
    options
        Open options of the GDAL driver.
    """
    how: dict[str, Any] = {"layer": layer, **(options or {})}
    info = quiet(lambda: _info(path, how), ledger=ledger, source=source, kind=kind)
    dates = _dates_from_sqlite(path, info) if kind in SQLITE_KINDS else None
    if dates is not None:
        how["columns"] = [f for f in info["fields"].tolist() if f not in dates.columns]
    meta, fids, wkb, data = quiet(lambda: _read(path, how), ledger=ledger, source=source, kind=kind)
    typed = zip(meta["fields"].tolist(), meta["ogr_types"], meta["ogr_subtypes"], data, strict=True)
    columns = {name: _column(values, kind_, sub) for name, kind_, sub, values in typed}
    _restore_large(columns, path, how, ledger=ledger, source=source, kind=kind)
    if dates is not None:
        columns |= {name: dates[name].reindex(fids).reset_index(drop=True) for name in dates.columns}
    if "encoding" in how:
        columns = _redecoded(columns, encoding or "gb18030", ledger=ledger, source=source)
        info["fields"] = np.array([_text(f, encoding or "gb18030")[0] for f in info["fields"]], dtype=object)
    columns = {name: columns[name] for name in info["fields"].tolist()}
    types = dict(zip(columns, info["ogr_types"], strict=True))
    return Table(columns, fids, wkb, meta["crs"], meta["geometry_type"], types, {"driver": info["driver"]})


def _info(path: Path, how: dict[str, Any]) -> dict[str, Any]:
    """What the layer says of itself; text that is not UTF-8 is then read byte by byte."""
    try:
        found: dict[str, Any] = pyogrio.read_info(path, **how)
    except UnicodeDecodeError:
        how["encoding"] = "ISO-8859-1"
        found = pyogrio.read_info(path, **how)
    return found


def _read(path: Path, how: dict[str, Any]) -> Any:
    def once() -> Any:
        return pyogrio.raw.read(path, force_2d=True, return_fids=True, datetime_as_string=True, **how)

    try:
        return once()
    except UnicodeDecodeError:
        how["encoding"] = "ISO-8859-1"
    try:
        return once()
    except ValueError as error:
        raise RuntimeError(str(error)) from error


def _column(values: NDArray[Any], kind: str, subtype: str) -> pd.Series:
    """One field as text, number, yes/no or date text; missing stays missing."""
    if kind in ("OFTInteger", "OFTInteger64"):
        if subtype == "OFSTBoolean":
            return pd.Series(pd.array(_flags(values), dtype="boolean"))
        series = pd.Series(values)
        large = values.dtype.kind == "f" and bool((np.abs(values[~np.isnan(values)]) >= EXACT_FLOAT).any())
        return series.astype("Int64") if values.dtype.kind == "f" and not large else series
    if kind in _DATES:
        return date_text(pd.Series(values, dtype="object"))
    if kind == "OFTString":
        return pd.Series(values, dtype="str")
    if values.dtype == object:
        return pd.Series([_plain(v) for v in values], dtype="str")
    return pd.Series(values)


def _flags(values: NDArray[Any]) -> list[bool | None]:
    return [None if v is None or v != v else bool(v) for v in values.tolist()]


def _plain(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bytes):
        return value.hex()
    items = value.tolist() if isinstance(value, np.ndarray) else value
    return json.dumps(items, ensure_ascii=False, default=str)


def _restore_large(
    columns: dict[str, pd.Series],
    path: Path,
    how: dict[str, Any],
    *,
    ledger: Ledger,
    source: str,
    kind: str,
) -> None:
    """Whole numbers with gaps that a float cannot hold (19-digit codes) are read again as whole numbers."""
    lossy = [n for n, c in columns.items() if c.dtype.kind == "f" and (c.abs() >= EXACT_FLOAT).any()]
    if not lossy:
        return

    def again() -> pa.Table:
        wanted = {**how, "columns": lossy}
        return pyogrio.read_arrow(path, read_geometry=False, **wanted)[1]

    exact = quiet(again, ledger=ledger, source=source, kind=kind)
    for name in lossy:
        if pa.types.is_integer(exact.schema.field(name).type) and len(exact) == len(columns[name]):
            columns[name] = whole_numbers(exact.column(name))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _dates_from_sqlite(path: Path, info: dict[str, Any]) -> pd.DataFrame | None:
    """Date columns of a SQLite layer as they are written, impossible days too; None where there are none."""
    named = zip(info["fields"].tolist(), info["ogr_types"], strict=True)
    names = [name for name, kind in named if kind in _DATES]
    if not names or not info.get("fid_column"):
        return None
    wanted = ", ".join(_quoted(n) for n in (info["fid_column"], *names))
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            rows = connection.execute(f"SELECT {wanted} FROM {_quoted(info['layer_name'])}").fetchall()
    except sqlite3.Error:
        return None
    fids = [row[0] for row in rows]
    days = {n: pd.Series([r[i] for r in rows], index=fids, dtype="object") for i, n in enumerate(names, 1)}
    return pd.DataFrame({n: date_text(c.map(str, na_action="ignore")) for n, c in days.items()}, index=fids)


def _text(value: str, other: str) -> tuple[str, str]:
    """A text read byte by byte, decoded, and how: ``utf-8``, the other, or ``latin-1`` as a last way."""
    raw = value.encode("latin-1")
    for codec in ("utf-8", other):
        try:
            return raw.decode(codec), codec
        except UnicodeDecodeError:
            continue
    return value, "latin-1"


def _redecoded(columns: dict[str, pd.Series], other: str, *, ledger: Ledger, source: str) -> dict[str, pd.Series]:
    result: dict[str, pd.Series] = {}
    for raw_name, column in columns.items():
        name = _text(raw_name, other)[0]
        result[name] = column
        if column.dtype != "str":
            continue
        known = {v: _text(v, other) for v in column.dropna().unique()}
        result[name] = column.map(lambda v, known=known: known[v][0], na_action="ignore").astype("str")
        how = column.map(lambda v, known=known: known[v][1], na_action="ignore")
        for codec, code in ((other, "vector-text-other-encoding"), ("latin-1", "vector-text-undecodable")):
            rows = np.flatnonzero((how == codec).to_numpy(dtype=bool, na_value=False))
            after = result[name].iloc[rows].tolist()
            ledger.add(code, stage="read", source=source, row=rows + 1, field=name, after=after, encoding=codec)
    return result


def geometries(
    wkb: NDArray[np.object_] | Sequence[bytes | None],
    *,
    rows: NDArray[np.int64],
    ledger: Ledger,
    source: str,
) -> NDArray[np.object_]:
    """Shapely geometries of WKB; what cannot be read as it stands is completed or missing, in the ledger."""
    raw = np.asarray(wkb, dtype=object)
    found: NDArray[np.object_] = np.asarray(shapely.from_wkb(raw, on_invalid="ignore"), dtype=object)
    given = np.array([v is not None for v in raw], dtype=bool)
    lost = np.flatnonzero(given & shapely.is_missing(found))
    if not lost.size:
        return found
    fixed = np.array([_fixed(bytes(raw[i])) for i in lost], dtype=object)
    found[lost] = fixed
    gone = np.array([f is None for f in fixed], dtype=bool)
    ledger.add("vector-geometry-fixed", stage="read", source=source, row=rows[lost[~gone]])
    kinds = [f"WKB type {int.from_bytes(bytes(raw[i])[1:5], 'little')}" for i in lost[gone]]
    ledger.add("vector-geometry-unreadable", stage="read", source=source, row=rows[lost[gone]], before=kinds)
    return found


def _fixed(raw: bytes) -> Any:
    try:
        return shapely.from_wkb(raw, on_invalid="fix")
    except (shapely.errors.GEOSException, ValueError):
        return None


def aliases(path: Path, kind: str, layer: str) -> dict[str, str]:
    """Chinese titles of the columns, as geodatabases and GeoPackages keep them beside the names."""
    try:
        if kind == "filegdb":
            return _gdb_aliases(path, layer)
        return _gpkg_aliases(path, layer) if kind == "geopackage" else {}
    except (RuntimeError, sqlite3.Error, ElementTree.ParseError):
        return {}


def _gdb_aliases(path: Path, layer: str) -> dict[str, str]:
    answer = pyogrio.raw.read(path, sql=f"GetLayerDefinition {layer}", read_geometry=False)[3]
    if not answer or not len(answer[0]):
        return {}
    root = ElementTree.fromstring(str(answer[0][0]))
    pairs = ((e.findtext("Name"), e.findtext("AliasName")) for e in root.iter("GPFieldInfoEx"))
    return {name: alias for name, alias in pairs if name and alias and alias != name}


def _gpkg_aliases(path: Path, layer: str) -> dict[str, str]:
    query = "SELECT column_name, coalesce(title, name) FROM gpkg_data_columns WHERE table_name = ?"
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        rows = connection.execute(query, (layer,)).fetchall()
    return {str(name): str(alias) for name, alias in rows if alias and alias != name}

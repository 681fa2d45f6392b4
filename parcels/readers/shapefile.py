"""Shapefiles: geometry by GDAL, attributes from the bytes of the ``.dbf``.

Caveat: GDAL never sees the ``.dbf``, because it would choose the encoding, fail as a whole on one bad date
and leave out records in silence. Rings are put in order by containment, not by their direction, since
reversed rings are common.
"""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from numpy.typing import NDArray

from parcels.errors import FormatError
from parcels.layer import RawLayer
from parcels.ledger import Ledger
from parcels.readers.dbf import DbfTable, read_dbf, sibling
from parcels.readers.shp_index import SHAPE_TYPES, ShpIndex, read_index
from parcels.text.encoding import decode_bytes

_OPTIONS = {"OGR_ORGANIZE_POLYGONS": "DEFAULT", "OGR_GEOMETRY_ACCEPT_UNCLOSED_RING": "YES"}
_EXPECTED_WARNINGS = ("Measured (M) geometry types are not supported", "Non closed ring detected")


@contextmanager
def gdal_options(options: Mapping[str, str]) -> Iterator[None]:
    """Set GDAL configuration options for the length of a block; they are global to the process.

    Examples
    --------
    >>> with gdal_options({"OGR_ORGANIZE_POLYGONS": "DEFAULT"}):
    ...     pyogrio.get_gdal_config_option("OGR_ORGANIZE_POLYGONS")
    'DEFAULT'
    """
    before = {name: pyogrio.get_gdal_config_option(name) for name in options}
    pyogrio.set_gdal_config_options(dict(options))
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(before)


def _link(source: Path, target: Path) -> None:
    """Symbolic link, or a copy where links are not allowed."""
    try:
        target.symlink_to(source.resolve())
    except OSError:
        shutil.copyfile(source, target)


def _stage(shp: Path, shx: Path | None, index: ShpIndex, folder: Path) -> Path:
    """Put only ``.shp`` and ``.shx`` into ``folder``, sound ones as links."""
    if not index.as_is or shx is None:
        return index.write_clean(shp, folder)
    target = folder / "layer.shp"
    _link(shp, target)
    _link(shx, target.with_suffix(".shx"))
    return target


def _read_wkb(path: Path, shown: Path) -> tuple[NDArray[np.int64], NDArray[np.object_], list[str]]:
    """Record numbers (from 0), WKB and messages of GDAL."""
    with warnings.catch_warnings(record=True) as caught, gdal_options(_OPTIONS):
        warnings.simplefilter("always")
        try:
            _, fids, wkb, _ = pyogrio.raw.read(path, columns=[], force_2d=True, return_fids=True)
        except pyogrio.errors.DataSourceError as problem:
            raise FormatError("shapefile-unreadable", file=shown, reason=str(problem)) from problem
    told = dict.fromkeys(str(entry.message) for entry in caught)
    return np.asarray(fids, dtype=np.int64), wkb, [m for m in told if not m.startswith(_EXPECTED_WARNINGS)]


def _closed(wkb: NDArray[np.object_], shapes: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Close the open rings of polygons that could not be built, in place; True where that gave an area."""
    lost = np.flatnonzero(shapely.is_missing(shapes) & np.array([raw is not None for raw in wkb], dtype=bool))
    fixed = shapely.from_wkb(wkb[lost], on_invalid="fix")
    useful = shapely.area(fixed) > 0
    shapes[lost[useful]] = fixed[useful]
    closed = np.zeros(len(shapes), dtype=bool)
    closed[lost[useful]] = True
    return closed


def _geometry(
    shp: Path, index: ShpIndex, shx: Path | None, *, source: str, ledger: Ledger
) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """One shape or None per record, and which ones had an open ring."""
    total = len(index.offsets)
    if not total:
        return np.empty(0, dtype=object), np.zeros(0, dtype=bool)
    with tempfile.TemporaryDirectory(prefix="shp-", ignore_cleanup_errors=True) as folder:
        fids, wkb, messages = _read_wkb(_stage(shp, shx, index, Path(folder)), shp)
    for message in messages:
        ledger.add("shapefile-gdal", stage="read", source=source, before=message)
    raw = np.full(total, None, dtype=object)
    raw[fids] = wkb
    with np.errstate(invalid="ignore"):  # NaN coordinates are for the geometry report
        shapes = shapely.from_wkb(raw, on_invalid="ignore")
        return shapes, _closed(raw, shapes)


def _report_shapes(
    index: ShpIndex,
    shapes: NDArray[np.object_],
    closed: NDArray[np.bool_],
    kept: NDArray[np.int64],
    *,
    source: str,
    ledger: Ledger,
) -> None:
    """Ledger rows for null shapes, lost shapes and closed rings of the records that are kept."""
    numbers = kept[kept <= len(shapes)]
    at = numbers - 1
    missing, null = shapely.is_missing(shapes[at]), index.types[at] == 0
    lost = missing & ~null & ~index.damaged[at]
    for code, rows in (
        ("shapefile-null-shape", numbers[missing & null]),
        ("shapefile-shape-lost", numbers[lost]),
        ("shapefile-ring-closed", numbers[closed[at]]),
    ):
        kinds = [SHAPE_TYPES.get(int(t), str(t)) for t in index.types[rows - 1]]
        ledger.add(code, stage="read", source=source, row=rows, before=kinds)
    if index.has_z:
        name = SHAPE_TYPES.get(index.shape_type, str(index.shape_type))
        ledger.add("shapefile-z-dropped", stage="read", source=source, type=name)


def _attributes(
    path: Path, encoding: str | None, shapes: int, *, source: str, ledger: Ledger
) -> tuple[DbfTable | None, NDArray[np.int64], pd.DataFrame]:
    """The table, the record numbers to keep and their attributes."""
    dbf = sibling(path, ".dbf")
    if dbf is None:
        ledger.add("shapefile-no-dbf", stage="read", source=source)
        rows = np.arange(1, shapes + 1, dtype=np.int64)
        return None, rows, pd.DataFrame(index=pd.RangeIndex(shapes))
    table = read_dbf(dbf, encoding=encoding, source=source, ledger=ledger)
    total = max(shapes, table.size)
    rows = np.setdiff1d(np.arange(1, total + 1, dtype=np.int64), table.deleted)
    if table.size < shapes:
        ledger.add("shapefile-dbf-short", stage="read", source=source, row=np.arange(table.size + 1, shapes + 1))
    ledger.add("shapefile-dbf-long", stage="read", source=source, row=rows[rows > shapes])
    frame = table.frame
    if len(rows) != len(table.rows):
        frame = frame.set_axis(table.rows).reindex(rows).reset_index(drop=True)
    return table, rows, frame


def _without_clash(frame: pd.DataFrame, *, source: str, ledger: Ledger) -> pd.DataFrame:
    """A field named ``geometry`` gets a number, since that name is taken."""
    if "geometry" not in frame.columns:
        return frame
    number = next(n for n in range(1, len(frame.columns) + 2) if f"geometry_{n}" not in frame.columns)
    name = f"geometry_{number}"
    ledger.add("dbf-name-repeated", stage="read", source=source, field=name, before="geometry", after=name)
    return frame.rename(columns={"geometry": name})


def _crs_text(path: Path) -> str | None:
    prj = sibling(path, ".prj")
    text = decode_bytes(prj.read_bytes())[0].strip(" \r\n\t\0\ufeff") if prj else ""
    return text or None


def _notes(index: ShpIndex, table: DbfTable | None) -> dict[str, object]:
    notes: dict[str, object] = {
        "driver": "ESRI Shapefile",
        "shape_type": SHAPE_TYPES.get(index.shape_type, str(index.shape_type)),
        "shapes": len(index.offsets),
    }
    if table is not None:
        notes |= {
            "records": table.size,
            "deleted": len(table.deleted),
            "ldid": f"0x{table.ldid:02X}",
            "cpg": table.cpg,
            "fields": table.fields,
        }
    return notes


def read_shapefile(
    path: str | Path, *, ledger: Ledger, encoding: str | None = None, source: str | None = None
) -> RawLayer:
    """Read a shapefile: all shapes, null ones included, beside the attributes of the same record.

    Missing or damaged ``.shx`` files are replaced in memory of a temporary folder; nothing is written beside
    the user's files. Third coordinates and measures are left out. The longer one of ``.shp`` and ``.dbf``
    decides how many records come out.

    Parameters
    ----------
    path
        The ``.shp`` file; ``.shx``, ``.dbf``, ``.prj`` and ``.cpg`` are looked for beside it in any case.
    ledger
        Receives the decision on the encoding and a row for all that is repaired, unreadable or left out.
    encoding
        Encoding of the attributes, to use instead of judging the bytes.
    source
        Name of the file for people; the file name when left out.

    Returns
    -------
    Attributes and geometry with the record numbers; ``crs_text`` is the text of the ``.prj``.

    Raises
    ------
    FormatError
        There is no such file, it is empty, no shapefile, or damaged beyond reading.
    EncodingError
        ``encoding`` names no encoding.
    """
    path = Path(path)
    shown = source or path.name
    if not path.is_file():
        raise FormatError("shapefile-missing", file=path)
    shx = sibling(path, ".shx")
    index = read_index(path, shx, source=shown, ledger=ledger)
    shapes, closed = _geometry(path, index, shx, source=shown, ledger=ledger)
    table, rows, frame = _attributes(path, encoding, len(shapes), source=shown, ledger=ledger)
    _report_shapes(index, shapes, closed, rows, source=shown, ledger=ledger)
    every = np.full(max(len(shapes), int(rows.max(initial=0))), None, dtype=object)
    every[: len(shapes)] = shapes
    geometry = gpd.GeoSeries(gpd.array.GeometryArray(every[rows - 1]), index=frame.index)
    attributes = _without_clash(frame, source=shown, ledger=ledger)
    crs_text = _crs_text(path)
    return RawLayer(
        frame=gpd.GeoDataFrame(attributes, geometry=geometry),
        rows=rows,
        source=shown,
        crs_text=crs_text,
        crs_origin="prj" if crs_text else None,
        encoding=table.encoding if table else None,
        notes=_notes(index, table),
    )

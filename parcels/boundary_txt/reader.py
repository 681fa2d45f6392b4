"""Read 界址点坐标 TXT (勘测定界, 报部备案, 报盘): boundary points of parcels as text, in any of its dialects.

Northing stands first by the format and easting first in several programs: magnitude decides, parcel by
parcel. The header is often wrong; where header and coordinates disagree the coordinates win and the ledger
says so. The datum cannot be seen in coordinates and comes from the header alone. Row numbers are line
numbers of the file.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from parcels.boundary_txt.lines import Document, parse_lines
from parcels.boundary_txt.plane import Plane, crs_of_header, find_plane
from parcels.boundary_txt.rings import RingReport, build
from parcels.errors import FormatError, InputError
from parcels.layer import RawLayer
from parcels.ledger import Ledger
from parcels.text.encoding import decode_bytes
from parcels.units import find as find_unit

COLUMNS = (
    "地块编号",
    "地块名称",
    "地块面积",
    "面积单位",
    "图幅号",
    "地块用途",
    "地类编码",
    "图形属性",
    "界址点数",
)
AREA_UNITS = {"公顷": 10_000.0, "亩": 2000 / 3, "平方米": 1.0}
_FIT = 0.5
_AREA = re.compile(r"([\d.]+)([^\d.].*)?")


def read_txt(path: str | Path, *, encoding: str | None = None, ledger: Ledger, source: str | None = None) -> RawLayer:
    """Read a 界址点坐标 TXT with every parcel in it.

    Parameters
    ----------
    path
        The file.
    encoding
        Its encoding; by default found from the bytes (byte order mark, UTF-16, UTF-8, GB18030).
    ledger
        Where every repair, guess and line that was not understood is written.
    source
        Name of the source for people; the file name by default.

    Returns
    -------
    RawLayer
        One row per parcel with the columns 地块编号, 地块名称, 地块面积 (number as written), 面积单位,
        图幅号, 地块用途, 地类编码, 图形属性, 界址点数 and what else a row holds; x is easting (or
        longitude). ``rows`` are line numbers. ``crs_text`` is an EPSG code where header and coordinates
        settle it.

    Raises
    ------
    InputError
        When the file cannot be opened.
    FormatError
        When it holds no parcel and no boundary point.
    """
    where = source or Path(path).name
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise InputError("txt-cannot-open", file=path, reason=error.strerror or str(error)) from error
    text, sniff = decode_bytes(data, declared=encoding, ledger=ledger, source=where)
    doc = parse_lines(text)
    if not doc.parcels:
        raise FormatError("txt-no-parcels", file=path)
    return _layer(doc, _Book(doc, where, ledger), sniff.encoding)


@dataclass
class _Book:
    """Ledger rows for parcels of one file: line number and 地块编号 are filled in."""

    doc: Document
    source: str
    ledger: Ledger

    def parcels(self, code: str, at: NDArray[np.int64] | list[int], **cells: object) -> None:
        """One row for each parcel position in ``at``."""
        rows = [self.doc.parcels[i] for i in at]
        lines = [r.line for r in rows]
        ids = [r.fields.get("地块编号") for r in rows]
        self.ledger.add(code, stage="read", source=self.source, row=lines, id=ids, **cells)

    def lines(self, code: str, lines: list[tuple[int, str]]) -> None:
        """One row for each (line number, text)."""
        numbers, texts = [n for n, _ in lines], [t for _, t in lines]
        self.ledger.add(code, stage="read", source=self.source, row=numbers, before=texts)

    def header(self, code: str, key: str, before: object, after: object = None) -> None:
        """One row about an entry of the header."""
        self.ledger.add(code, stage="read", source=self.source, field=key, before=before, after=after)


def _layer(doc: Document, book: _Book, encoding: str) -> RawLayer:
    plane = find_plane(doc)
    kinds = np.array([row.kind for row in doc.parcels], dtype="U1")
    geometry, report = build(doc.parcel, doc.ring, plane.xy(doc), doc.name, kinds, degrees=plane.degrees)
    crs_text, remarks = crs_of_header(doc.header, plane)
    for remark in remarks:
        book.header(*remark)
    _report_lines(doc, book)
    _report_plane(plane, book)
    _report_rings(report, geometry, kinds, book)
    frame = gpd.GeoDataFrame(_attributes(doc, geometry, plane, book), geometry=geometry)
    return RawLayer(
        frame=frame,
        rows=np.array([row.line for row in doc.parcels], dtype=np.int64),
        source=book.source,
        crs_text=crs_text,
        crs_origin="header" if crs_text else None,
        encoding=encoding,
        notes=_notes(doc, plane),
    )


def _notes(doc: Document, plane: Plane) -> dict[str, object]:
    return {
        "driver": "界址点坐标TXT",
        "header": dict(doc.header),
        "sections": {name: dict(pairs) for name, pairs in doc.sections.items()},
        "points": len(doc.line),
        "zones": sorted(plane.zones),
        "rows": "line numbers",
    }


def _report_lines(doc: Document, book: _Book) -> None:
    book.lines("txt-line-unknown", doc.unknown)
    book.lines("txt-key-repeated", doc.repeated)
    book.parcels("txt-points-without-parcel", [i for i, r in enumerate(doc.parcels) if not r.text])
    unsaid = [i for i, r in enumerate(doc.parcels) if r.kind_missing and r.text]
    book.parcels("txt-kind-missing", unsaid, before=[doc.parcels[i].text for i in unsaid])
    guessed = [i for i, r in enumerate(doc.parcels) if r.guessed]
    named = [doc.parcels[i].fields for i in guessed]
    book.parcels(
        "txt-columns-guessed",
        guessed,
        before=[doc.parcels[i].text for i in guessed],
        after=[f"{f.get('地块编号', '')} / {f.get('地块名称', '')}" for f in named],
    )
    parameters = doc.header.get("转换参数", "")
    if re.search(r"[1-9]", parameters):
        book.header("txt-parameters", "转换参数", parameters)


def _report_plane(plane: Plane, book: _Book) -> None:
    book.parcels("txt-axes-swapped", np.flatnonzero(plane.swapped & plane.known))
    book.parcels("txt-axes-unknown", np.flatnonzero(~plane.known & plane.has_points))


def _report_rings(report: RingReport, geometry: NDArray[np.object_], kinds: NDArray[np.str_], book: _Book) -> None:
    for code, found in (
        ("txt-closing-near", report.closed_near),
        ("txt-closing-far", report.closed_far),
        ("txt-ring-collapsed", report.collapsed),
    ):
        figures = [round(figure, 4) for _, figure in found]
        book.parcels(code, [i for i, _ in found], before=figures)
    book.parcels("txt-ring-split", [i for i, _ in report.split])
    empty = shapely.is_missing(geometry)
    book.parcels("txt-no-geometry", np.flatnonzero(empty))
    other = np.flatnonzero((kinds != "面") & ~empty)
    book.parcels("txt-not-area", other, before=kinds[other].tolist())


def _attributes(
    doc: Document, geometry: NDArray[np.object_], plane: Plane, book: _Book
) -> dict[str, pd.Series | NDArray[np.float64]]:
    names = list(dict.fromkeys(key for row in doc.parcels for key in row.fields))
    extra = [n for n in names if n not in COLUMNS]
    table: dict[str, pd.Series | NDArray[np.float64]] = {}
    area, unit = _areas(doc, geometry, plane, book)
    for name in (*COLUMNS, *extra):
        cells = [row.fields.get(name) for row in doc.parcels]
        table[name] = pd.Series(cells, dtype="str")
    table["地块面积"] = area
    table["面积单位"] = pd.Series(unit, dtype="str")
    table["图形属性"] = pd.Series([row.kind for row in doc.parcels], dtype="str")
    table["界址点数"] = _counts(doc, book)
    return table


def _counts(doc: Document, book: _Book) -> pd.Series:
    """Declared numbers of points; the closing points of the rings may or may not be counted in."""
    texts = [unicodedata.normalize("NFKC", row.fields.get("界址点数", "")) for row in doc.parcels]
    counts = pd.Series([int(t) if t.isdecimal() else None for t in texts], dtype="Int64")
    unread = [i for i, t in enumerate(texts) if t and not t.isdecimal()]
    book.parcels("txt-count-unreadable", unread, before=[texts[i] for i in unread])
    found = np.bincount(doc.parcel, minlength=len(doc.parcels))
    numbers, ring = np.unique(doc.ring, return_inverse=True)
    pairs = np.unique(doc.parcel * max(len(numbers), 1) + ring)
    rings = np.bincount(pairs // max(len(numbers), 1), minlength=len(doc.parcels))
    given = counts.to_numpy(dtype=float, na_value=np.nan)
    wrong = np.flatnonzero(~np.isnan(given) & (given != found) & (given != found - rings) & (found > 0))
    book.parcels("txt-count-wrong", wrong, before=given[wrong].tolist(), after=found[wrong].tolist())
    return counts


def _areas(
    doc: Document, geometry: NDArray[np.object_], plane: Plane, book: _Book
) -> tuple[NDArray[np.float64], list[str | None]]:
    """Area figures as written and their units, stated or by comparison with the geometry."""
    texts = [unicodedata.normalize("NFKC", row.fields.get("地块面积", "")).replace(" ", "") for row in doc.parcels]
    parsed = [_area(t) for t in texts]
    unread = [i for i, p in enumerate(parsed) if p is None and texts[i]]
    book.parcels("txt-area-unreadable", unread, before=[texts[i] for i in unread])
    value = np.array([np.nan if p is None else p[0] for p in parsed], dtype=np.float64)
    unit = [None if p is None else p[1] for p in parsed]
    measured = np.where(plane.degrees, np.nan, shapely.area(geometry))
    open_ = np.array([u is None for u in unit]) & (value > 0)
    inferred = _infer(value, measured, texts)
    for i in np.flatnonzero(open_):
        unit[i] = inferred[i]
    unknown = [int(i) for i in np.flatnonzero(open_) if unit[i] is None]
    book.parcels("txt-area-unit-unknown", unknown, before=value[unknown].tolist())
    unusual = [int(i) for i in np.flatnonzero(open_) if unit[i] not in (None, "公顷")]
    book.parcels("txt-area-unit-inferred", unusual, before=value[unusual].tolist(), after=[unit[i] for i in unusual])
    return value, unit


def _area(text: str) -> tuple[float, str | None] | None:
    match = _AREA.fullmatch(text)
    if match is None or match[1].count(".") > 1 or match[1] == ".":
        return None
    if match[2] is None:
        return float(match[1]), None
    stated = find_unit(match[2], "area")
    if stated is None:
        return None
    same = (name for name, factor in AREA_UNITS.items() if abs(float(stated.factor) / factor - 1) < 1e-9)
    return float(match[1]), next(same, match[2])


def _infer(value: NDArray[np.float64], measured: NDArray[np.float64], texts: list[str]) -> NDArray[np.object_]:
    """The unit in which the figure comes nearest to the geometry, None where it fits none of them."""
    factors = np.array(list(AREA_UNITS.values()))
    digits = np.array([len(t.partition(".")[2]) for t in texts])
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = value[:, None] * factors / measured[:, None]
        nearest = np.argmin(np.nan_to_num(np.abs(np.log(ratio)), nan=np.inf), axis=1)
    best = ratio[np.arange(len(value)), nearest]
    rounding = 0.5 * 10.0**-digits * factors[nearest] / np.where(measured > 0, measured, np.nan)
    fits = np.abs(best - 1) <= _FIT + np.nan_to_num(rounding)
    names = np.array(list(AREA_UNITS), dtype=object)[nearest]
    names[~fits] = None
    return np.asarray(names)

"""Write 界址点坐标 TXT in the strictest common form, the one every receiving program reads.

Ten header keys in order, hectares with four decimals, northing before easting, the zone number in the
easting, three decimals, point numbers running on through the rings, each ring closed with the name of its
first point, shells clockwise from the north-west corner. Coordinates are rounded to the millimetre.
"""

from __future__ import annotations

import datetime
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray

from parcels.crs.identity import Identity, identify
from parcels.errors import CrsError, FieldError, GeometryError, OutputError
from parcels.ledger import Ledger

M2_PER_HECTARE = 10_000.0
_UNSAFE = str.maketrans({",": "，", "@": "＠", "\r": " ", "\n": " ", "\t": " "})

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Geometries = NDArray[np.object_]


@dataclass(frozen=True)
class _Points:
    """All rows of boundary points in the order of the file, closing rows included."""

    part: Ints
    ring: Ints
    number: Ints
    east: Floats
    north: Floats


def write_txt(
    frame: gpd.GeoDataFrame,
    path: str | Path,
    *,
    id_column: str,
    name_column: str | None = None,
    use_column: str | None = None,
    code_column: str | None = None,
    sheet_column: str | None = None,
    area_m2: str | ArrayLike | None = None,
    producer: str = "",
    date: datetime.date | str | None = None,
    encoding: str = "gb18030",
    ledger: Ledger | None = None,
) -> Path:
    """Write parcels as 界址点坐标 TXT, whole or not at all.

    A parcel of several parts becomes one parcel row per part with ``_1``, ``_2`` … behind its number; its
    area is shared out by the planar area of the parts. Eastings always carry the zone number.

    Parameters
    ----------
    frame
        Parcels in a CGCS2000 Gauss-Kruger zone of 3 or 6 degrees.
    path
        File to write; an existing one is replaced at the end.
    id_column, name_column, use_column, code_column, sheet_column
        Columns with 地块编号, 地块名称, 地块用途, 地类编码 and 图幅号.
    area_m2
        Areas in m², as a column name or one figure per row; by default the planar area.
    producer
        数据产生单位.
    date
        数据产生日期; today by default.
    encoding
        ``"gb18030"`` (GBK for all but rare characters), ``"gbk"``, ``"utf-8"`` or ``"utf-8-sig"``.
    ledger
        Where parts, changed texts and missing numbers are written.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    CrsError
        When the CRS is unknown or no CGCS2000 Gauss-Kruger zone.
    GeometryError
        When there is no parcel, or one that is no area.
    FieldError
        When a column does not exist.
    OutputError
        When the file cannot be written or the encoding cannot hold the text.
    """
    target = Path(path)
    identity = _gauss_kruger(frame, target)
    columns = (id_column, name_column, sheet_column, use_column, code_column)
    areas = _areas(frame, area_m2, target)
    texts = [_texts(frame, column, target) for column in columns]
    _only_areas(frame, texts[0], target)
    book = Ledger() if ledger is None else ledger
    _report_texts(frame, columns, texts, target, book)
    parts, owner = _parts(frame.geometry, texts[0], target, book)
    points = _points(parts, _offset(identity))
    rows = _parcel_rows(parts, owner, texts, areas)
    _save(target, [*_header(identity, producer, date), *_body(rows, points)], encoding)
    return target


def _gauss_kruger(frame: gpd.GeoDataFrame, path: Path) -> Identity:
    if frame.crs is None:
        raise CrsError("txt-write-crs-missing", file=path)
    found = identify(frame.crs)
    usable = found.datum == "cgcs2000" and found.kind == "gauss_kruger" and found.zone is not None
    if not usable or found.width not in (3, 6):
        raise CrsError("txt-write-crs-wrong", file=path, crs=found.label)
    return found


def _offset(identity: Identity) -> float:
    """Metres to add to the easting so that it starts with the zone number."""
    return 0.0 if identity.prefix else 1e6 * float(identity.zone or 0)


def _column(frame: gpd.GeoDataFrame, column: str, path: Path) -> pd.Series:
    if column not in frame.columns:
        raise FieldError("txt-write-column", file=path, column=column, columns=", ".join(map(str, frame.columns)))
    series: pd.Series = frame[column]
    return series


def _texts(frame: gpd.GeoDataFrame, column: str | None, path: Path) -> list[str]:
    if column is None:
        return [""] * len(frame)
    return ["" if missing else str(v).strip() for v, missing in _cells(_column(frame, column, path))]


def _cells(series: pd.Series) -> Iterator[tuple[object, bool]]:
    return zip(series.tolist(), series.isna().tolist(), strict=True)


def _areas(frame: gpd.GeoDataFrame, area_m2: str | ArrayLike | None, path: Path) -> Floats:
    if area_m2 is None:
        return np.asarray(frame.geometry.area, dtype=np.float64)
    values = _column(frame, area_m2, path) if isinstance(area_m2, str) else area_m2
    return np.asarray(pd.Series(np.asarray(values)).astype("Float64").to_numpy(dtype=float, na_value=np.nan))


def _only_areas(frame: gpd.GeoDataFrame, ids: Sequence[str], path: Path) -> None:
    if len(frame) == 0:
        raise GeometryError("txt-write-empty", file=path)
    shapes = np.asarray(frame.geometry)
    areal = np.isin(shapely.get_type_id(shapes), [3, 6]) & ~shapely.is_empty(shapes)
    wrong = np.flatnonzero(~areal)
    if len(wrong):
        first = int(wrong[0])
        raise GeometryError(
            "txt-write-not-area", file=path, row=first + 1, count=len(wrong), first=ids[first] or first + 1
        )


def _report_texts(
    frame: gpd.GeoDataFrame, columns: Sequence[str | None], texts: list[list[str]], path: Path, ledger: Ledger
) -> None:
    ids = texts[0]
    unnamed = [i + 1 for i, text in enumerate(ids) if not text]
    ledger.add("txt-write-no-id", stage="write", source=path.name, row=unnamed)
    for column, own in zip(columns, texts, strict=True):
        changed = [i for i, text in enumerate(own) if text.translate(_UNSAFE) != text]
        ledger.add(
            "txt-write-text-changed",
            stage="write",
            source=path.name,
            row=[i + 1 for i in changed],
            id=[ids[i] for i in changed],
            field=column,
            before=[own[i] for i in changed],
            after=[own[i].translate(_UNSAFE) for i in changed],
        )


def _parts(geometry: gpd.GeoSeries, ids: list[str], path: Path, ledger: Ledger) -> tuple[Geometries, Ints]:
    """Single polygons, shells clockwise and holes counter-clockwise, and the row of each."""
    shapes = shapely.force_2d(np.asarray(geometry))
    parts, owner = shapely.get_parts(shapes, return_index=True)
    keep = ~shapely.is_empty(parts)
    parts, owner = parts[keep], owner[keep]
    count = np.bincount(owner, minlength=len(shapes))
    split = np.flatnonzero(count > 1)
    named = [ids[i] for i in split]
    ledger.add("txt-write-parts", stage="write", source=path.name, row=split + 1, id=named, after=count[split])
    return np.asarray(shapely.orient_polygons(parts, exterior_cw=True)), np.asarray(owner, dtype=np.int64)


def _parcel_rows(parts: Geometries, owner: Ints, texts: list[list[str]], areas: Floats) -> Iterator[str]:
    """The parcel row of each part behind its number of points."""
    planar = np.asarray(shapely.area(parts))
    total = np.bincount(owner, weights=planar, minlength=len(areas))[owner]
    count = np.bincount(owner, minlength=len(areas))[owner]
    share = np.where(total > 0, planar / np.where(total > 0, total, 1.0), 1.0 / count)
    hectares = areas[owner] * share / M2_PER_HECTARE
    order = np.arange(len(owner)) - np.searchsorted(owner, owner) + 1
    ids, names, sheets, uses, codes = ([text.translate(_UNSAFE) for text in column] for column in texts)
    for row, n, several, area in zip(
        owner.tolist(), order.tolist(), (count > 1).tolist(), hectares.tolist(), strict=True
    ):
        label = f"{ids[row]}_{n}" if several else ids[row]
        figure = "" if area != area else f"{area:.4f}"
        yield f"{figure},{label},{names[row]},面,{sheets[row]},{uses[row]},{codes[row]},@"


def _points(parts: Geometries, offset: float) -> _Points:
    """Rounded to the millimetre, repeated points out, each ring from its north-west corner and closed."""
    rings, part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    xy = np.round(xy + np.array([offset, 0.0]), 3)
    xy, ring = _without_repeats(xy, ring)
    order = _from_north_west(xy, ring)
    xy, ring = xy[order], ring[order]
    first = np.searchsorted(ring, np.arange(len(rings)))
    last = np.searchsorted(ring, np.arange(len(rings)), side="right")
    number = np.arange(len(ring)) - first[np.searchsorted(part, part)][ring] + 1
    within = np.arange(len(part)) - np.searchsorted(part, part) + 1
    xy, ring, number = (np.insert(v, last, v[first], axis=0) for v in (xy, ring, number))
    return _Points(np.asarray(part)[ring], within[ring], number, xy[:, 0], xy[:, 1])


def _without_repeats(xy: Floats, ring: Ints) -> tuple[Floats, Ints]:
    """Rings without closing point and without points equal to the one before; a first point always stays."""
    starts = np.concatenate([[True], ring[1:] != ring[:-1]])
    keep = starts | np.concatenate([[True], (xy[1:] != xy[:-1]).any(axis=1)])
    xy, ring = xy[keep], ring[keep]
    first = np.searchsorted(ring, ring)
    last = np.concatenate([ring[1:] != ring[:-1], [True]])
    closing = last & (xy == xy[first]).all(axis=1) & (np.arange(len(ring)) > first)
    return xy[~closing], ring[~closing]


def _from_north_west(xy: Floats, ring: Ints) -> Ints:
    """Order of the points that turns each ring so that it starts nearest the north-west corner of its box."""
    first = np.flatnonzero(np.concatenate([[True], ring[1:] != ring[:-1]]))
    size = np.diff(np.append(first, len(ring)))
    west = np.repeat(np.minimum.reduceat(xy[:, 0], first), size)
    north = np.repeat(np.maximum.reduceat(xy[:, 1], first), size)
    distance = np.hypot(xy[:, 0] - west, north - xy[:, 1])
    nearest = np.lexsort((-xy[:, 1], distance, ring))[first]
    place = (np.arange(len(ring)) - np.repeat(nearest, size)) % np.repeat(size, size)
    return np.lexsort((place, ring))


def _header(identity: Identity, producer: str, date: datetime.date | str | None) -> list[str]:
    day = datetime.date.today() if date is None else date
    text = f"{day.year}-{day.month}-{day.day}" if isinstance(day, datetime.date) else day
    return [
        "[属性描述]",
        "格式版本号=1.01版本",
        f"数据产生单位={' '.join(producer.split())}",
        f"数据产生日期={text}",
        "坐标系=2000国家大地坐标系",
        f"几度分带={identity.width}",
        "投影类型=高斯克吕格",
        "计量单位=米",
        f"带号={identity.zone}",
        "精度=0.001",
        "转换参数=,,,,,,",
        "[地块坐标]",
    ]


def _body(rows: Iterator[str], points: _Points) -> Iterator[str]:
    columns = (points.number, points.ring, points.north, points.east)
    values = zip(*(column.tolist() for column in columns), strict=True)
    lines = [f"J{number},{ring},{north:.3f},{east:.3f}" for number, ring, north, east in values]
    ends = np.flatnonzero(np.append(points.part[1:] != points.part[:-1], True)) + 1
    start = 0
    for row, end in zip(rows, ends.tolist(), strict=True):
        yield f"{end - start},{row}"
        yield from lines[start:end]
        start = end


def _save(path: Path, lines: list[str], encoding: str) -> None:
    try:
        data = ("\r\n".join(lines) + "\r\n").encode(encoding)
    except UnicodeEncodeError as error:
        text = error.object[error.start : error.end]
        raise OutputError("txt-write-encoding", file=path, encoding=encoding, text=text) from error
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise OutputError("txt-write-failed", file=path, reason=error.strerror or str(error)) from error

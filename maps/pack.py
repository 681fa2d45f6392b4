"""Geometry and columns as small byte strings that a page can carry and decode quickly.

Coordinates are whole numbers of web-Mercator pixels at zoom level 19 (x to the east, y to the south, as in
tile addresses). One unit is 0.2986 m in EPSG:3857, which is 0.21 to 0.28 m on the ground in China; it is a
drawing unit only and no area is ever computed from it. Rings are stored as differences between vertices,
without the closing vertex. Bytes of equal weight stand together ("shuffled"), which lets gzip find their
likeness.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from itertools import count

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from maps.errors import MapError

ZOOM = 19
_HALF = 20037508.342789244
UNIT = 2 * _HALF / 2 ** (ZOOM + 8)
_SEPARATOR = "\x1e"
_MISSING_TEXT = "\x01"
_NUL = "\x00"  # ends a text for some hash tables
_MISSING_INT = -(2**31)
_TEXT_LEVEL, _NUMBER_LEVEL = 6, 3  # of gzip; higher ones make numbers hardly smaller, but take twice as long
_BLOCK = 100_000  # polygons quantised at a time
_FAR = 2.0**28  # units; the map is half as wide
_POLYGON, _MULTIPOLYGON, _COLLECTION = 3, 6, 7

Ints = NDArray[np.int64]
Units = NDArray[np.int32]
Head = dict[str, object]


@dataclass
class Store:
    """The byte strings of one page, each compressed under a short name."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)

    def add(self, data: bytes, level: int = _TEXT_LEVEL) -> str:
        """Compress and keep one byte string; returns its name."""
        name = f"b{next(self._numbers)}"
        self.blobs[name] = gzip.compress(data, level, mtime=0)
        return name

    def add_numbers(self, values: NDArray[np.generic], dtype: str) -> Head:
        """Keep an array with its bytes shuffled; returns what the page needs to decode it."""
        array = np.ascontiguousarray(values, dtype=np.dtype(dtype).newbyteorder("<"))
        planes = array.view(np.uint8).reshape(len(array), array.itemsize).T
        return {"blob": self.add(planes.tobytes(), _NUMBER_LEVEL), "type": dtype}

    def twin(self, head: Head, heads: list[Head]) -> int | None:
        """Number of an earlier head with the same content; the bytes of ``head`` are then dropped."""
        for number, other in enumerate(heads):
            if self._content(other) == self._content(head):
                for name in ("blob", "levels"):
                    self.blobs.pop(str(head.get(name)), None)
                return number
        return None

    def _content(self, head: Head) -> Head:
        return {k: self.blobs[str(v)] if k in ("blob", "levels") else v for k, v in head.items()}

    def text(self) -> dict[str, str]:
        """All byte strings in base64."""
        return {name: base64.b64encode(data).decode("ascii") for name, data in self.blobs.items()}


@dataclass(frozen=True)
class Rings:
    """Quantised rings: vertices in units, the ring of each vertex run and the row of each ring."""

    x: Units
    y: Units
    vertices: Ints
    rings: Ints

    @property
    def count(self) -> int:
        """Number of drawn rows."""
        return len(self.rings)


@dataclass(frozen=True)
class Shapes:
    """Drawable polygons of a frame.

    ``order`` holds the positions of the frame's rows as the page has them: drawn rows first, near ones
    together (Hilbert order), then the ``undrawn`` rows without a polygon.
    """

    rings: Rings
    order: Ints
    undrawn: int


def pack_shapes(geometry: gpd.GeoSeries, *, name: str = "") -> Shapes:
    """Quantise the polygons of a column of geometry.

    Parameters
    ----------
    geometry
        Polygons, multipolygons or collections that hold some, in any CRS. Null, empty and other geometry is
        not drawn, nor is geometry off the map of web Mercator, such as the poles.
    name
        Name of the layer, for the error text.

    Returns
    -------
    Shapes
        Rings in drawing order, with the order of rows.

    Raises
    ------
    MapError
        ``map-crs-missing`` when the column has no CRS, ``map-crs-unusable`` when it cannot be transformed.
    """
    if geometry.crs is None:
        raise MapError("map-crs-missing", name=name)
    polygons, owner = _polygons(np.asarray(geometry.array, dtype=object))
    rows, place = _near_order(polygons, owner)
    by_place = np.argsort(place, kind="stable")
    polygons, place = polygons[by_place], place[by_place]
    blocks = [slice(start, start + _BLOCK) for start in range(0, max(len(polygons), 1), _BLOCK)]
    outlines = _joined_outlines([_quantise(geometry.crs, polygons[block], place[block]) for block in blocks])
    drawn = np.setdiff1d(place, outlines.broken)
    rings = _whole_rings(outlines, drawn)
    order = rows[drawn]
    undrawn = np.setdiff1d(np.arange(len(geometry)), order)
    return Shapes(rings, np.concatenate([order, undrawn]), len(undrawn))


def store_shapes(store: Store, shapes: Shapes) -> Head:
    """Put the rings into the store and return the head that the page needs to decode them."""
    rings = shapes.rings
    start = np.cumsum(rings.vertices) - rings.vertices
    first_x, first_y = rings.x[start], rings.y[start]
    dx, dy = (np.diff(values, prepend=np.int32(0)) for values in (rings.x, rings.y))
    dx[start] = dy[start] = 0
    return {
        "rows": rings.count,
        "rings": store.add_numbers(rings.rings, "u4"),
        "vertices": store.add_numbers(rings.vertices, "u4"),
        "firstX": _store_differences(store, np.diff(first_x, prepend=np.int32(0))),
        "firstY": _store_differences(store, np.diff(first_y, prepend=np.int32(0))),
        "stepX": _store_differences(store, dx),
        "stepY": _store_differences(store, dy),
    }


def store_codes(store: Store, codes: NDArray[np.int16]) -> Head:
    """Class codes as single bytes; 255 stands for no data."""
    return store.add_numbers(np.where(codes < 0, 255, codes), "u1")


def store_measure(store: Store, values: NDArray[np.float64]) -> Head:
    """A number that is only summed for drawing: whole hundredths or the like where exact, else float32."""
    for digits in range(5):
        scaled = np.rint(values * 10**digits)
        fits = np.isfinite(values) & (np.abs(scaled) < 2**31 - 1)
        if np.array_equal(fits, np.isfinite(values)) and np.allclose(
            (scaled / 10**digits)[fits], values[fits], rtol=1e-12, atol=0
        ):
            return _store_decimal(store, values, digits)
    return {"kind": "number", "digits": None, **store.add_numbers(values, "f4")}


def store_column(
    store: Store,
    series: pd.Series,
    *,
    digits: int | None = None,
    words: Mapping[bool, str] | None = None,
    searchable: bool = False,
) -> Head:
    """A column to be shown: numbers rounded to what is shown, all else as text, missing kept apart.

    Parameters
    ----------
    store
        Where the bytes go.
    series
        Column in the order of the page.
    digits
        Decimals of numbers; default 0 for whole numbers, 2 for others.
    words
        Words for true and false.
    searchable
        Keep every value as text, numbers too.

    Returns
    -------
    dict
        Head with ``kind`` ``"number"``, ``"levels"`` (few different texts) or ``"text"``.
    """
    if pd.api.types.infer_dtype(series, skipna=True) == "boolean":
        series = series.astype(object).map(dict(words or {True: "True", False: "False"}))
    elif pd.api.types.is_numeric_dtype(series) and not searchable and not _exceeds_float(series):
        shown = digits if digits is not None else 0 if pd.api.types.is_integer_dtype(series) else 2
        return _store_decimal(store, series.to_numpy(dtype=np.float64, na_value=np.nan), shown)
    elif pd.api.types.is_float_dtype(series):
        series = series.astype(object).map("{:.15g}".format, na_action="ignore")
    elif pd.api.types.is_datetime64_any_dtype(series):
        known = series.dropna()
        series = series.dt.strftime("%Y-%m-%d" if (known == known.dt.normalize()).all() else "%Y-%m-%d %H:%M")
    return _store_text(store, series, searchable)


def _store_text(store: Store, series: pd.Series, searchable: bool) -> Head:
    """Texts as UTF-8, or as codes of few levels; a null is not an empty text."""
    missing = np.asarray(series.isna())
    texts = np.array(_plain([str(value) for value in series.tolist()]), dtype=object)
    texts[missing] = _MISSING_TEXT
    codes, levels = pd.factorize(texts)
    if not searchable and len(levels) <= min(max(16, len(texts) // 8), 2**16 - 1):
        return {"kind": "levels", "levels": store.add(_joined(levels)), **store.add_numbers(codes, "u2")}
    return {"kind": "text", "blob": store.add(_joined(texts))}


def _exceeds_float(series: pd.Series) -> bool:
    """Whole numbers with more digits than a double keeps, such as long codes, are shown as they are."""
    return bool(pd.api.types.is_integer_dtype(series) and (series.abs() > 2**53).any())


def _plain(texts: list[str]) -> list[str]:
    """The texts without the control characters that have a meaning here."""
    whole = "".join(texts)
    if not any(mark in whole for mark in (_SEPARATOR, _MISSING_TEXT, _NUL)):
        return texts
    blank = str.maketrans(dict.fromkeys((_SEPARATOR, _MISSING_TEXT, _NUL), " "))
    return [text.translate(blank) for text in texts]


def _joined(texts: NDArray[np.object_]) -> bytes:
    return _SEPARATOR.join(texts).encode("utf-8", errors="replace")


def _store_decimal(store: Store, values: NDArray[np.float64], digits: int) -> Head:
    scaled = np.rint(values * 10.0**digits)
    known = np.isfinite(values)
    if (np.abs(scaled[known]) >= 2**31 - 1).any():
        exact = np.where(known, np.round(values, digits), np.nan)
        return {"kind": "number", "digits": digits, "scale": 1, **store.add_numbers(exact, "f8")}
    whole = np.where(known, scaled, _MISSING_INT)
    return {"kind": "number", "digits": digits, "scale": 10**digits, **store.add_numbers(whole, "i4")}


def _store_differences(store: Store, values: Units) -> Head:
    folded = ((values << 1) ^ (values >> 31)).view(np.uint32)
    return store.add_numbers(folded, "u2" if folded.max(initial=0) < 2**16 else "u4")


def _polygons(geometry: NDArray[np.object_]) -> tuple[NDArray[np.object_], Ints]:
    owner = np.arange(len(geometry))
    for _ in range(8):
        nested = np.isin(shapely.get_type_id(geometry), (_MULTIPOLYGON, _COLLECTION))
        if not nested.any():
            break
        parts, index = shapely.get_parts(geometry[nested], return_index=True)
        owner = np.concatenate([owner[~nested], owner[nested][index]])
        geometry = np.concatenate([geometry[~nested], parts])
    keep = (shapely.get_type_id(geometry) == _POLYGON) & ~shapely.is_empty(geometry)
    by_row = np.argsort(owner[keep], kind="stable")
    return geometry[keep][by_row], owner[keep][by_row]


def to_units(crs: CRS, xy: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinates of any CRS in drawing units, not yet rounded."""
    try:
        x, y = Transformer.from_crs(crs, 3857, always_xy=True).transform(xy[:, 0], xy[:, 1])
    except ProjError as error:
        raise MapError("map-crs-unusable", crs=crs.name, detail=str(error)) from error
    return (np.asarray(x) + _HALF) / UNIT, (_HALF - np.asarray(y)) / UNIT


def _near_order(polygons: NDArray[np.object_], owner: Ints) -> tuple[Ints, Ints]:
    """Rows in Hilbert order of the middle of their bounds, and the place in it of each polygon's row."""
    if len(polygons) == 0:
        return owner, owner
    rows, start = np.unique(owner, return_index=True)
    bounds = np.nan_to_num(shapely.bounds(polygons), posinf=0, neginf=0)
    middle = np.minimum.reduceat(bounds[:, :2], start) / 2 + np.maximum.reduceat(bounds[:, 2:], start) / 2
    distance = gpd.GeoSeries(shapely.points(middle)).hilbert_distance().to_numpy()
    near = np.argsort(distance, kind="stable")
    place_of_row = np.empty(len(rows), dtype=np.int64)
    place_of_row[near] = np.arange(len(rows))
    return rows[near], np.repeat(place_of_row, np.diff(start, append=len(owner)))


@dataclass(frozen=True)
class _Outlines:
    """Quantised rings, the place of the row of each ring, and the places of rows that cannot be drawn."""

    x: Units
    y: Units
    vertices: Ints
    place: Ints
    broken: Ints


def _quantise(crs: CRS, polygons: NDArray[np.object_], place: Ints) -> _Outlines:
    """Rings in whole units, without closing and repeated vertices."""
    with np.errstate(invalid="ignore"):  # coordinates that are not finite are found below
        oriented = shapely.orient_polygons(polygons)
    rings, of_polygon = shapely.get_rings(oriented, return_index=True)
    xy, of_ring = shapely.get_coordinates(rings, return_index=True)
    x, y = to_units(crs, xy)
    bad = ~((np.abs(x) < _FAR) & (np.abs(y) < _FAR))
    x[bad] = y[bad] = 0
    qx, qy = np.rint(x).astype(np.int32), np.rint(y).astype(np.int32)
    new_ring = np.diff(of_ring, prepend=-1) != 0
    closing = np.roll(new_ring, -1)
    repeated = (np.diff(qx, prepend=np.int32(0)) == 0) & (np.diff(qy, prepend=np.int32(0)) == 0)
    keep = new_ring | ~(closing | repeated)
    starts = np.flatnonzero(new_ring)
    vertices = np.add.reduceat(keep.astype(np.int64), starts) if len(starts) else starts
    of_row = place[of_polygon]
    return _Outlines(qx[keep], qy[keep], vertices, of_row, np.unique(of_row[of_ring[bad]]))


def _joined_outlines(parts: list[_Outlines]) -> _Outlines:
    names = [item.name for item in fields(_Outlines)]
    return _Outlines(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _whole_rings(outlines: _Outlines, drawn: Ints) -> Rings:
    """The rings of the rows that can be drawn; ``drawn`` holds their places."""
    x, y, vertices, place = outlines.x, outlines.y, outlines.vertices, outlines.place
    if len(outlines.broken):
        whole = ~np.isin(place, outlines.broken)
        of_whole = np.repeat(whole, vertices)
        x, y, vertices, place = x[of_whole], y[of_whole], vertices[whole], place[whole]
    return Rings(x, y, vertices, np.bincount(np.searchsorted(drawn, place), minlength=len(drawn)))

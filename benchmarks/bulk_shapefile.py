"""Write large polygon shapefiles as NumPy bytes, piece by piece, without a loop over records.

A file is opened once, takes any number of pieces (each a batch of polygons with their table rows) and gets
its headers when it is closed. Layout: ESRI Shapefile Technical Description (1998); dBASE III table file.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CGCS2000_ZONE_39 = (
    'PROJCS["CGCS2000_3_Degree_GK_Zone_39",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",'
    'DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],'
    'UNIT["Degree",0.0174532925199433]],PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",39500000.0],'
    'PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",117.0],PARAMETER["Scale_Factor",1.0],'
    'PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
)


@dataclass(frozen=True)
class Rings:
    """Polygons as flat arrays: points, points per ring, rings per polygon (shell first, clockwise)."""

    xy: Floats
    ring_sizes: Ints
    ring_counts: Ints

    def ring_starts(self) -> Ints:
        """Index in ``xy`` where each ring begins."""
        return np.cumsum(self.ring_sizes) - self.ring_sizes

    def first_rings(self) -> Ints:
        """Index of each polygon's shell among the rings."""
        return np.cumsum(self.ring_counts) - self.ring_counts

    def areas(self) -> Floats:
        """Planar area in the unit of ``xy`` squared, holes taken off (clockwise rings count as positive)."""
        starts = self.ring_starts()
        local = self.xy - np.repeat(self.xy[starts], self.ring_sizes, axis=0)
        x, y = local[:, 0], local[:, 1]
        cross = np.append(y[:-1] * x[1:] - x[:-1] * y[1:], 0.0)
        cross[starts + self.ring_sizes - 1] = 0.0
        return np.add.reduceat(np.add.reduceat(cross, starts) / 2, self.first_rings())


def digits(values: NDArray[np.integer], width: int) -> Bytes:
    """Zero-padded decimal digits of non-negative integers as ASCII, shape (n, width)."""
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    return (np.asarray(values, np.int64)[:, None] // powers % 10 + 48).astype(np.uint8)


def decimals(values: Floats, width: int, places: int) -> Bytes:
    """Right-aligned fixed-point numbers (not negative) as a dBASE N field, shape (n, width)."""
    scaled = np.round(np.asarray(values) * 10**places).astype(np.int64)
    whole = digits(scaled // 10**places, width - places - 1)
    leading = (np.cumsum(whole != 48, axis=1) == 0) & (np.arange(whole.shape[1]) < whole.shape[1] - 1)
    whole[leading] = 32
    point = np.full((len(whole), 1), ord("."), np.uint8)
    return np.hstack([whole, point, digits(scaled % 10**places, places)])


def chosen(texts: list[str], which: NDArray[np.integer], width: int, *, encoding: str = "gbk") -> Bytes:
    """One of a few texts per row as a blank-padded C field, shape (n, width)."""
    table = b"".join(text.encode(encoding).ljust(width) for text in texts)
    cells: Bytes = np.frombuffer(table, np.uint8).reshape(len(texts), width)[which]
    return cells


class BulkShapefile:
    """A polygon shapefile in the making; use it in a ``with`` block.

    Parameters
    ----------
    path
        Path of the .shp; .shx, .dbf and .prj are written beside it, no .cpg, language id 0.
    fields
        Name, dBASE type letter, width and decimals per column; names are GBK, at most 10 bytes.
    """

    def __init__(self, path: Path, fields: list[tuple[str, str, int, int]]) -> None:
        self._fields = fields
        self._files = [path.with_suffix(suffix).open("wb") for suffix in (".shp", ".shx", ".dbf")]
        self._size, self._count = 100, 0
        self._box = np.array([np.inf, np.inf, -np.inf, -np.inf])
        path.with_suffix(".prj").write_bytes(CGCS2000_ZONE_39.encode("ascii"))

    def __enter__(self) -> Self:
        for file, size in zip(self._files, (100, 100, 33 + 32 * len(self._fields)), strict=True):
            file.write(bytes(size))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shp, shx, dbf = self._files
        if kind is None:
            dbf.write(b"\x1a")
            for file, size in ((shp, self._size), (shx, 100 + 8 * self._count)):
                file.seek(0)
                file.write(struct.pack(">7i", 9994, 0, 0, 0, 0, 0, size // 2))
                file.write(struct.pack("<2i8d", 1000, 5, *self._box, 0.0, 0.0, 0.0, 0.0))
            dbf.seek(0)
            dbf.write(self._table_head())
        for file in self._files:
            file.close()

    def add(self, rings: Rings, columns: list[Bytes]) -> None:
        """Append polygons and their rows; one byte array (n, width) per field."""
        shp, shx, dbf = self._files
        records, lengths = self._records(rings)
        offsets = self._size + np.cumsum(lengths) - lengths
        shp.write(records.tobytes())
        shx.write((np.column_stack([offsets, lengths - 8]) // 2).astype(">i4").tobytes())
        mark = np.full((len(lengths), 1), 32, np.uint8)
        dbf.write(np.hstack([mark, *columns]).tobytes())
        self._size += int(lengths.sum())
        self._count += len(lengths)
        low, high = rings.xy.min(axis=0), rings.xy.max(axis=0)
        self._box = np.r_[np.minimum(self._box[:2], low), np.maximum(self._box[2:], high)]

    def _table_head(self) -> bytes:
        row = 1 + sum(width for _, _, width, _ in self._fields)
        size = 33 + 32 * len(self._fields)
        head = struct.pack("<4BIHH", 3, 126, 1, 15, self._count, size, row) + bytes(20)
        for name, kind, width, places in self._fields:
            head += name.encode("gbk")[:10].ljust(11, b"\0") + kind.encode() + bytes(4)
            head += bytes([width, places]) + bytes(14)
        return head + b"\r"

    def _records(self, rings: Rings) -> tuple[NDArray[np.uint32], Ints]:
        """All records as 32-bit words, and the byte length of each with its head."""
        first, count = rings.first_rings(), rings.ring_counts
        starts = rings.ring_starts()
        points = np.add.reduceat(rings.ring_sizes, first)
        lengths = 52 + 4 * count + 16 * points
        at = (np.cumsum(lengths) - lengths) // 4
        words = np.empty(int(lengths.sum()) // 4, "<u4")
        number = self._count + 1 + np.arange(len(count))
        for place, values, kind in (
            (0, number, ">i4"),
            (1, (lengths - 8) // 2, ">i4"),
            (2, np.full(len(count), 5), "<i4"),
            (11, count, "<i4"),
            (12, points, "<i4"),
        ):
            words[at + place] = values.astype(kind).view("<u4")
        low = np.minimum.reduceat(rings.xy, starts[first])
        high = np.maximum.reduceat(rings.xy, starts[first])
        box = np.hstack([low, high]).astype("<f8").view("<u4")
        words[at[:, None] + 3 + np.arange(8)] = box
        inner = np.arange(len(rings.ring_sizes)) - np.repeat(first, count)
        words[np.repeat(at, count) + 13 + inner] = (starts - np.repeat(starts[first], count)).astype("<u4")
        order = np.arange(len(rings.xy)) - np.repeat(starts[first], points)
        target = np.repeat(at + 13 + count, points) + 4 * order
        words[target[:, None] + np.arange(4)] = np.ascontiguousarray(rings.xy, "<f8").view("<u4")
        return words, lengths

"""Byte-level writer of small shapefiles and tables, for tests that need the very bytes a bureau sends.

GDAL puts in order what it writes; the files wanted here are the disorderly ones. Standard library only.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

Ring = Sequence[tuple[float, float]]
Field = tuple[bytes, str, int, int]

SQUARE: list[Ring] = [[(0.0, 0.0), (0.0, 100.0), (100.0, 100.0), (100.0, 0.0), (0.0, 0.0)]]


def square(x: float, y: float, size: float) -> Ring:
    """A closed ring in clockwise order, as the format asks for outer rings."""
    return [(x, y), (x, y + size), (x + size, y + size), (x + size, y), (x, y)]


def _shape(rings: Sequence[Ring] | None, shape_type: int, z: float, m: float | None) -> bytes:
    if rings is None:
        return struct.pack("<i", 0)
    points = [point for ring in rings for point in ring]
    if shape_type in (1, 11, 21):
        extra = {1: b"", 11: struct.pack("<2d", z, m or 0.0), 21: struct.pack("<d", m or 0.0)}[shape_type]
        return struct.pack("<i2d", shape_type, *points[0]) + extra
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    starts = [sum(len(r) for r in rings[:i]) for i in range(len(rings))]
    out = struct.pack("<i4d2i", shape_type, min(xs), min(ys), max(xs), max(ys), len(rings), len(points))
    out += struct.pack(f"<{len(starts)}i", *starts) + b"".join(struct.pack("<2d", *p) for p in points)
    if shape_type in (13, 15):
        out += struct.pack(f"<{2 + len(points)}d", z, z, *([z] * len(points)))
    if m is not None:
        out += struct.pack(f"<{2 + len(points)}d", m, m, *([m] * len(points)))
    return out


def write_dbf(
    path: str | Path,
    fields: Sequence[Field],
    rows: Sequence[Sequence[bytes]],
    *,
    ldid: int = 0,
    deleted: Sequence[int] = (),
    version: int = 3,
) -> Path:
    """Write a table; ``fields`` are (name, type, width, decimals), ``deleted`` counts records from 1."""
    target = Path(path).with_suffix(".dbf")
    target.parent.mkdir(parents=True, exist_ok=True)
    length = 1 + sum(width for _, _, width, _ in fields)
    out = struct.pack("<4BIHH", version, 124, 1, 1, len(rows), 32 + 32 * len(fields) + 1, length)
    out += b"\0" * 17 + bytes([ldid]) + b"\0\0"
    for name, kind, width, decimals in fields:
        out += name[:11].ljust(11, b"\0") + kind.encode() + b"\0" * 4 + bytes([width, decimals]) + b"\0" * 14
    out += b"\r"
    for number, row in enumerate(rows, start=1):
        out += b"*" if number in deleted else b" "
        for (_, kind, width, _), value in zip(fields, row, strict=True):
            cut = value[:width]
            out += cut.rjust(width) if kind in "NF" else cut.ljust(width)
    target.write_bytes(out + b"\x1a")
    return target


def write_shapes(
    path: str | Path,
    shapes: Sequence[Sequence[Ring] | None],
    *,
    shape_type: int = 5,
    z: float = 0.0,
    m: float | None = None,
) -> Path:
    """Write ``.shp`` and ``.shx``; None is a null shape."""
    target = Path(path).with_suffix(".shp")
    target.parent.mkdir(parents=True, exist_ok=True)
    points = [p for rings in shapes if rings for ring in rings for p in ring] or [(0.0, 0.0)]
    xs, ys = [p[0] for p in points], [p[1] for p in points]

    def header(size: int) -> bytes:
        box = (min(xs), min(ys), max(xs), max(ys), 0.0, 0.0, 0.0, 0.0)
        return struct.pack(">7i", 9994, 0, 0, 0, 0, 0, size // 2) + struct.pack("<2i8d", 1000, shape_type, *box)

    shp, shx = b"", b""
    for number, rings in enumerate(shapes, start=1):
        content = _shape(rings, shape_type, z, m)
        shx += struct.pack(">2i", (100 + len(shp)) // 2, len(content) // 2)
        shp += struct.pack(">2i", number, len(content) // 2) + content
    target.write_bytes(header(100 + len(shp)) + shp)
    target.with_suffix(".shx").write_bytes(header(100 + len(shx)) + shx)
    return target


def write_shapefile(
    path: str | Path,
    shapes: Sequence[Sequence[Ring] | None],
    fields: Sequence[Field],
    rows: Sequence[Sequence[bytes]],
    *,
    ldid: int = 0,
    cpg: str | None = None,
    prj: str | bytes | None = None,
    shape_type: int = 5,
    z: float = 0.0,
    m: float | None = None,
    deleted: Sequence[int] = (),
) -> Path:
    """Write a shapefile byte by byte and return the path of its ``.shp``.

    Parameters
    ----------
    path
        Target; the suffix does not matter.
    shapes
        Per record its rings (closed or not, in any direction) or None for a null shape.
    fields
        Per field its raw name, type letter, width and decimals.
    rows
        Per record its raw values, cut and padded to the widths.
    ldid
        Language driver byte.
    cpg, prj
        Content of these files; None writes none.
    shape_type
        1, 11, 21 points; 3, 13, 23 lines; 5, 15, 25 polygons.
    z, m
        Third coordinate and measure of all points.
    deleted
        Record numbers (from 1) marked as deleted in the table.
    """
    target = write_shapes(path, shapes, shape_type=shape_type, z=z, m=m)
    write_dbf(target, fields, rows, ldid=ldid, deleted=deleted)
    for suffix, content in ((".cpg", cpg), (".prj", prj)):
        if content is not None:
            raw = content if isinstance(content, bytes) else content.encode("ascii")
            target.with_suffix(suffix).write_bytes(raw)
    return target

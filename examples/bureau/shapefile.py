"""Write the bytes of a polygon shapefile one record at a time, broken ones included.

GDAL tidies what it writes: ring order, encodings, lengths. A delivery with faults has to be written by hand.
Layout: ESRI Shapefile Technical Description (1998); dBASE III table file.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import shapely

Ring = list[tuple[float, float]]
Rings = list[Ring]

CGCS2000_ZONE_39 = (
    'PROJCS["CGCS2000_3_Degree_GK_Zone_39",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",'
    'DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],'
    'UNIT["Degree",0.0174532925199433]],PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",39500000.0],'
    'PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",117.0],PARAMETER["Scale_Factor",1.0],'
    'PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
)


@dataclass(frozen=True)
class Field:
    """One column of the .dbf; a name longer than 10 bytes is cut, as dBASE demands."""

    name: str
    kind: str
    width: int
    decimals: int = 0


def rings_of(shape: shapely.Polygon | shapely.MultiPolygon) -> Rings:
    """Rings of a polygon in the order of the specification: shells clockwise, holes counter-clockwise."""
    rings: Rings = []
    for part in shapely.get_parts(shapely.orient_polygons(shape, exterior_cw=True)):
        rings += [[(float(x), float(y)) for x, y in ring.coords] for ring in (part.exterior, *part.interiors)]
    return rings


def write_shapefile(
    path: Path,
    shapes: Sequence[Rings | None],
    fields: Sequence[Field],
    rows: Sequence[Sequence[object]],
    *,
    encoding: str = "gbk",
    language_id: int = 0,
    code_page: str | None = None,
    deleted: Collection[int] = (),
) -> None:
    """Write .shp, .shx, .dbf and .prj (and .cpg when ``code_page`` is given).

    Parameters
    ----------
    path
        Path of the .shp.
    shapes
        Rings per record, written exactly as given; None is a null shape.
    rows
        Values per record, in the order of ``fields``; None is blank.
    deleted
        Record indices (from 0) that carry the deletion mark.
    """
    shp, shx = _geometry_bytes(shapes)
    path.write_bytes(shp)
    path.with_suffix(".shx").write_bytes(shx)
    path.with_suffix(".dbf").write_bytes(_table_bytes(fields, rows, encoding, language_id, deleted))
    path.with_suffix(".prj").write_bytes(CGCS2000_ZONE_39.encode("ascii"))
    if code_page is not None:
        path.with_suffix(".cpg").write_bytes(code_page.encode("ascii"))


def _bounds(points: Sequence[tuple[float, float]]) -> tuple[float, float, float, float]:
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return min(xs), min(ys), max(xs), max(ys)


def _record(rings: Rings | None) -> bytes:
    if rings is None:
        return struct.pack("<i", 0)
    points = [point for ring in rings for point in ring]
    starts, at = [], 0
    for ring in rings:
        starts.append(at)
        at += len(ring)
    head = struct.pack("<i4d2i", 5, *_bounds(points), len(rings), len(points))
    body = struct.pack(f"<{2 * len(points)}d", *(value for point in points for value in point))
    return head + struct.pack(f"<{len(starts)}i", *starts) + body


def _geometry_bytes(shapes: Sequence[Rings | None]) -> tuple[bytes, bytes]:
    box = _bounds([point for rings in shapes if rings for ring in rings for point in ring])
    records = [_record(rings) for rings in shapes]
    shp, shx, offset = b"", b"", 100
    for number, record in enumerate(records, start=1):
        shp += struct.pack(">2i", number, len(record) // 2) + record
        shx += struct.pack(">2i", offset // 2, len(record) // 2)
        offset += 8 + len(record)

    def header(size: int) -> bytes:
        start = struct.pack(">7i", 9994, 0, 0, 0, 0, 0, size // 2)
        return start + struct.pack("<2i8d", 1000, 5, *box, 0.0, 0.0, 0.0, 0.0)

    return header(100 + len(shp)) + shp, header(100 + len(shx)) + shx


def _cell(value: object, field: Field, encoding: str) -> bytes:
    if value is None:
        return b" " * field.width
    if field.kind == "N":
        return f"{value:.{field.decimals}f}".encode("ascii").rjust(field.width)
    return str(value).encode(encoding)[: field.width].ljust(field.width)


def _table_bytes(
    fields: Sequence[Field],
    rows: Sequence[Sequence[object]],
    encoding: str,
    language_id: int,
    deleted: Collection[int],
) -> bytes:
    head_size, row_size = 33 + 32 * len(fields), 1 + sum(field.width for field in fields)
    table = struct.pack("<4BIHH", 3, 126, 1, 15, len(rows), head_size, row_size)
    table += bytes(17) + bytes([language_id]) + bytes(2)
    for field in fields:
        name = field.name.encode(encoding)[:10].ljust(11, b"\0")
        table += name + field.kind.encode() + bytes(4) + bytes([field.width, field.decimals]) + bytes(14)
    table += b"\r"
    for index, row in enumerate(rows):
        table += b"*" if index in deleted else b" "
        table += b"".join(_cell(v, f, encoding) for v, f in zip(row, fields, strict=True))
    return table + b"\x1a"

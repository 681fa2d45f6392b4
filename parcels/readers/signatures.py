"""What the first bytes of a file say: signatures of binary formats and what lies inside containers.

Caveat: a signature names the container. Whether a SQLite file is a GeoPackage, a zip a workbook or an
OLE file an old Excel sheet is asked inside it; whether the content is whole is for the reader to find
out.
"""

from __future__ import annotations

import re
import sqlite3
import struct
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from parcels.readers.zipdir import LARGEST_ENTRY, directory_size

Finding = tuple[str, str]
MAX_LISTED = 100_000
_SHAPE = b"\x00\x00\x27\x0a"
_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (4, b"Standard Jet DB", "mdb"),
    (4, b"Standard ACE DB", "mdb"),
    (0, b"WMAP", "mapgis"),
    (0, b"MAPPROJ", "mapgis"),
    (0, b"AutoCAD Binary DXF", "dxf-binary"),
    (0, b"Rar!\x1a\x07", "rar"),
    (0, b"7z\xbc\xaf\x27\x1c", "7z"),
    (0, b"\x1f\x8b", "gz"),
    (0, b"BZh", "gz"),
    (0, b"\xfd7zXZ\x00", "gz"),
    (257, b"ustar", "gz"),
    (0, b"%PDF", "pdf"),
    (0, b"II*\x00", "raster"),
    (0, b"MM\x00*", "raster"),
    (0, b"II+\x00", "raster"),
    (0, b"MM\x00+", "raster"),
    (0, b"EHFA_HEADER_TAG", "raster"),
    (0, b"\x89HDF\r\n\x1a\n", "raster"),
    (0, b"\x00\x00\x00\x0cjP  ", "raster"),
    (0, b"\x89PNG", "image"),
    (0, b"\xff\xd8\xff", "image"),
    (0, b"GIF8", "image"),
    (0, b"ARROW1", "arrow"),
    (0, b"MZ", "program"),
)
_DWG = re.compile(rb"(AC10\d\d|AC1\.\d\d?|AC2\.\d\d)")
_DBF_VERSIONS = frozenset(b"\x02\x03\x04\x05\x30\x31\x32\x43\x63\x83\x8b\x8e\xcb\xf5\xfb")


def binary_kind(path: Path, head: bytes) -> Finding | None:
    """Kind and evidence of a binary file, None when no signature fits."""
    for offset, magic, kind in _MAGIC:
        if head[offset : offset + len(magic)] == magic:
            return kind, f"bytes {offset}: {magic!r}"
    if found := _DWG.match(head):
        return "dwg", f"bytes 0: {found.group().decode()}"
    if head[:3] == b"fgb" and head[4:7] == b"fgb":
        return "flatgeobuf", "bytes 0: fgb"
    if head[:4] == _SHAPE and len(head) >= 100:
        return _shape_kind(path, head)
    if head[:4] == b"PAR1":
        return _parquet_kind(path)
    if head[:16] == b"SQLite format 3\x00":
        return _sqlite_kind(path, head)
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"):
        return _zip_kind(path)
    if head[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        return _ole_kind(path, head)
    return ("dbf", f"dBase header, version 0x{head[0]:02X}") if _is_dbf(path, head) else None


def _shape_kind(path: Path, head: bytes) -> Finding:
    """A .shp and its index start alike; the first index entry always points at byte 100 (50 words)."""
    size = path.stat().st_size
    first = struct.unpack_from(">i", head, 100)[0] if len(head) >= 104 else None
    index = path.suffix.lower() == ".shx" if first is None else first == 50 and (size - 100) % 8 == 0
    if index:
        return "shapefile-part", "shapefile index (.shx)"
    return "shapefile", f"file code 9994, shape type {struct.unpack_from('<i', head, 32)[0]}"


def _parquet_kind(path: Path) -> Finding:
    try:
        metadata = pq.read_schema(path).metadata or {}
    except (pa.ArrowException, OSError) as error:
        return "parquet-damaged", f"PAR1, {error}"
    if b"geo" in metadata:
        return "geoparquet", "PAR1 with geo metadata"
    return "parquet", "PAR1 without geo metadata"


def sqlite_tables(path: Path) -> set[str] | None:
    """Names of the tables of a SQLite file in lower case, None when it cannot be opened."""
    uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    try:
        connection = sqlite3.connect(uri, uri=True)
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        try:
            rows = connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')").fetchall()
        finally:
            connection.close()
    except (sqlite3.Error, UnicodeDecodeError):
        return None
    return {str(name).lower() for (name,) in rows}


def _sqlite_kind(path: Path, head: bytes) -> Finding:
    application = head[68:72]
    tables = sqlite_tables(path)
    if tables is None:
        return "sqlite-damaged", f"SQLite format 3, application id {application!r}"
    if "gpkg_contents" in tables:
        return "geopackage", f"SQLite with gpkg_contents, application id {application!r}"
    if "smregister" in tables:
        return "udb", "SQLite with SmRegister (UDBX)"
    if {"tiles", "metadata"} <= tables:
        return "tiles", "SQLite with tiles (MBTiles)"
    return "sqlite", f"SQLite, {len(tables)} tables"


def _zip_names(path: Path) -> list[str] | None:
    if directory_size(path) > MAX_LISTED * LARGEST_ENTRY:
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            return [name.lower() for name in archive.namelist()]
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, struct.error, OSError):
        return None


def _zip_kind(path: Path) -> Finding:
    names = _zip_names(path)
    if names is None:
        return ("xlsx", "PK, directory unreadable") if path.suffix.lower() == ".xlsx" else ("zip", "PK, damaged")
    known = set(names)
    if "xl/workbook.xml" in known:
        return "xlsx", "zip with xl/workbook.xml"
    if "xl/workbook.bin" in known:
        return "spreadsheet", "zip with xl/workbook.bin"
    if "word/document.xml" in known or "ppt/presentation.xml" in known:
        return "document", "zip with an Office document"
    if {"mimetype", "content.xml"} <= known:
        return ("ods", "OpenDocument") if path.suffix.lower() == ".ods" else ("document", "OpenDocument")
    if "doc.kml" in known or (path.suffix.lower() == ".kmz" and any(n.endswith(".kml") for n in names)):
        return "kmz", "zip with doc.kml"
    if path.suffix.lower() in (".qgz", ".aprx", ".ppkx", ".mapx"):
        return "map-project", "zip with a map project"
    return "zip", f"zip, {len(names)} members"


def _ole_kind(path: Path, head: bytes) -> Finding:
    """Old Office files keep their stream names in UTF-16 in the directory sector."""
    shift, sector = struct.unpack_from("<H", head, 30)[0], struct.unpack_from("<I", head, 48)[0]
    with path.open("rb") as file:
        file.seek((sector + 1) << shift if shift in (9, 12) and sector < 0xFFFFFFF0 else 512)
        names = file.read(8192)
    streams = {"EncryptedPackage": "encrypted", "Workbook": "xls", "Book": "xls", "WordDocument": "document"}
    for stream, kind in streams.items():
        if stream.encode("utf-16-le") + b"\x00\x00" in names:
            return kind, f"OLE2 with {stream}"
    return ("xls" if path.suffix.lower() in (".xls", ".et") else "document"), "OLE2"


def _is_dbf(path: Path, head: bytes) -> bool:
    if len(head) < 33 or head[0] not in _DBF_VERSIONS:
        return False
    start, width = struct.unpack_from("<HH", head, 8)
    plausible = 33 <= start <= path.stat().st_size and width >= 1 and head[2] <= 12 and head[3] <= 31
    return plausible and (path.suffix.lower() == ".dbf" or (head[2] >= 1 and (start - 1) % 32 in (0, 8)))

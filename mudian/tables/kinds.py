"""What kind of table file the bytes are, whatever the name says.

Caveat of the theme: in deliveries an ``.xls`` is often a web page and an ``.xlsx`` a CSV file renamed by
hand, so only the first bytes count; the name merely earns a remark in the ledger.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

from mudian.tables.xlsx import ARCHIVE_ERRORS
from parcels.errors import FormatError, InputError
from parcels.readers.formats import nearest_name

_WRITABLE = bytes(set(range(256)) - set(range(9)) - set(range(14, 32)))
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LOCKED = "EncryptedPackage".encode("utf-16-le")
_SUFFIXES = {
    "workbook": {".xlsx", ".xlsm", ".xlsb", ".ods", ".et", ".xltx"},
    "xls": {".xls", ".et", ".xlt"},
    "text": {".csv", ".tsv", ".txt", ".tab"},
    "html": {".htm", ".html"},
    "parquet": {".parquet", ".geoparquet", ".pq"},
    "dbf": {".dbf"},
}
_NAMES = {
    "workbook": "xlsx/ods",
    "xls": "xls",
    "text": "CSV",
    "html": "HTML",
    "parquet": "Parquet",
    "dbf": "DBF",
}
_SAVE_AS = "请在 Excel 或 WPS 中打开，另存为 xlsx / open it in Excel or WPS and save it as xlsx"
_STRANGERS: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "PDF", "请索取原始的 Excel 或 CSV 文件 / ask for the original Excel or CSV file"),
    (b"version https://git-lfs", "Git LFS pointer", "请先运行 git lfs pull / run git lfs pull first"),
    (b"\x89PNG", "PNG", "请索取原始的 Excel 或 CSV 文件 / ask for the original Excel or CSV file"),
    (b"\xff\xd8\xff", "JPEG", "请索取原始的 Excel 或 CSV 文件 / ask for the original Excel or CSV file"),
    (b"Rar!", "RAR", "请先解压 / unpack it first"),
    (b"7z\xbc\xaf", "7z", "请先解压 / unpack it first"),
    (b"\x1f\x8b", "gzip", "请先解压 / unpack it first"),
    (b"SQLite format 3", "SQLite/GeoPackage", "请导出为 xlsx 或 CSV / export it as xlsx or CSV"),
    (b"\x00\x00\x27\x0a", "Shapefile", "图层请写在 parcels 或 zones 的 path / layers belong under parcels or zones"),
    (b"\x00\x01\x00\x00Standard", "Access (.mdb/.accdb)", "请导出为 xlsx 或 CSV / export it as xlsx or CSV"),
    (b"\x09\x08", "Excel 2–4 (BIFF)", _SAVE_AS),
    (b"\x09\x04", "Excel 2–4 (BIFF)", _SAVE_AS),
    (b"\x09\x02", "Excel 2–4 (BIFF)", _SAVE_AS),
)


def table_kind(path: Path) -> str:
    """The kind of a file by its bytes: ``workbook``, ``xls``, ``html``, ``text``, ``parquet`` or ``dbf``.

    Raises
    ------
    InputError
        When there is no such file, it is empty or cannot be opened.
    FormatError
        When the bytes are of a kind that holds no table, or the workbook is locked.
    """
    head = _head(path)
    if head.startswith(b"PK\x03\x04") or head.startswith(b"PK\x05\x06"):
        return _archive_kind(path)
    if head.startswith(_OLE):
        if _LOCKED in path.read_bytes():
            raise FormatError("tables-locked", file=path)
        return "xls"
    if head.startswith(b"PAR1"):
        return "parquet"
    for magic, kind, advice in _STRANGERS:
        if head.startswith(magic):
            raise FormatError("tables-not-a-table", file=path, kind=kind, advice=advice)
    if path.suffix.lower() == ".dbf":
        return "dbf"
    return _text_kind(path, head)


def other_name(path: Path, kind: str) -> tuple[str, str] | None:
    """What the name says and what the content is; None where they agree or the name is silent."""
    suffix = path.suffix.lower()
    said = {name for name, suffixes in _SUFFIXES.items() if suffix in suffixes}
    return (suffix, _NAMES[kind]) if said and kind not in said else None


def _head(path: Path) -> bytes:
    try:
        if not path.exists():
            raise InputError("tables-no-file", file=path, nearest=_nearest(path))
        if path.is_dir():
            raise InputError("tables-folder", file=path, nearest=_nearest(path / path.name))
        if not path.is_file():  # opening a pipe would wait for ever
            raise FormatError("file-not-regular", file=path)
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise InputError("tables-unreadable", file=path, reason=error.strerror or str(error)) from error
    if not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n"):
        raise InputError("tables-empty", file=path)
    return head


def _nearest(path: Path) -> str:
    """The table beside a path whose name is most like it."""
    known = tuple(suffix for suffixes in _SUFFIXES.values() for suffix in suffixes)
    folder = path.parent
    names = sorted(p.name for p in folder.iterdir() if p.name.lower().endswith(known)) if folder.is_dir() else []
    return nearest_name(path.name, names) or "、".join(names[:12]) or "—"


def _archive_kind(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (*ARCHIVE_ERRORS, ValueError) as error:
        raise FormatError("tables-broken-workbook", file=path, reason=str(error)) from error
    if names & {"xl/workbook.xml", "xl/workbook.bin", "content.xml"} or any(n.endswith("workbook.xml") for n in names):
        return "workbook"
    advice = "请先解压，写明其中的表格文件 / unpack it and name the table file inside"
    raise FormatError("tables-not-a-table", file=path, kind="zip", advice=advice)


def _text_kind(path: Path, head: bytes) -> str:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff")) or head[1::2].count(0) * 3 > len(head) / 2
    if wide or head[::2].count(0) * 3 > len(head) / 2:
        start = head.replace(b"\0", b"").lstrip(b"\xff\xfe").lstrip()
    elif len(head.translate(None, _WRITABLE)) > len(head) / 50:
        raise FormatError("tables-not-a-table", file=path, kind="binary data", advice=_SAVE_AS)
    lower = start[:2048].lower()
    if start.startswith(b"<"):
        if b"urn:schemas-microsoft-com:office:spreadsheet" in lower:
            raise FormatError("tables-not-a-table", file=path, kind="XML Spreadsheet 2003", advice=_SAVE_AS)
        if any(tag in lower for tag in (b"<html", b"<table", b"<!doctype html", b"<meta", b"<body", b"<tr")):
            return "html"
    return "text"

"""What the values of an ``.xlsx`` sheet do not tell: error marks, and formulas saved without their result.

Caveat of the theme: the reader of cell values gives an empty cell for ``#DIV/0!`` and for a formula that
was never calculated. Both are losses that somebody must hear of, so the sheet's own XML is looked through
for them (ECMA-376 part 1, 18.3.1.4: cell ``c`` with type ``t``, formula ``f`` and value ``v``).
"""

from __future__ import annotations

import posixpath
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from parcels.errors import FormatError

_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
ARCHIVE_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
)
_MAX_BYTES = 2 * 1024**3
_MAX_CELLS = 150_000_000
_ERROR = re.compile(
    rb'<(?:\w+:)?c\b(?=[^>]*\st="e")[^>]*\sr="([A-Z]{1,3})(\d+)"[^>]*>(?:(?!</(?:\w+:)?c>).)*?'
    rb"<(?:\w+:)?v>([^<]*)</(?:\w+:)?v>",
    re.DOTALL,
)
_BARE_FORMULA = re.compile(
    rb'<(?:\w+:)?c\b[^>]*\sr="([A-Z]{1,3})(\d+)"[^>]*>\s*<(?:\w+:)?f\b[^>]*(?:/>|>[^<]*</(?:\w+:)?f>)\s*'
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_ODS_ERROR = re.compile(rb'<table:table-cell(?=[^>]*office:string-value="")[^>]*calcext:value-type="error"')
_FAR = re.compile(rb'<(?:\w+:)?c\b[^>]*\sr="([A-Z]{3})(\d+)"[^>/]*>\s*<')


@dataclass
class Besides:
    """Cells that need a word: row and column from 0; ``unplaced`` error marks whose cell is not known."""

    errors: list[tuple[int, int, str]] = field(default_factory=list)
    formulas: list[tuple[int, int]] = field(default_factory=list)
    unplaced: int = 0


def column_number(letters: str) -> int:
    """The position from 0 of a column named by letters.

    Examples
    --------
    >>> column_number("A"), column_number("AB")
    (0, 27)
    """
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def check_archive(path: Path) -> None:
    """Refuse a workbook archive that is broken or unpacks to more than 2 GiB."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except (*ARCHIVE_ERRORS, ValueError) as error:
        raise FormatError("tables-broken-workbook", file=path, reason=str(error)) from error
    if size > _MAX_BYTES:
        raise FormatError("tables-too-big", file=path, size=size // 1024**2)


def look_into_sheet(path: Path, name: str) -> Besides:
    """Find error marks and formulas without result in the sheet called ``name``.

    Raises
    ------
    FormatError
        When a single cell far from the table would make the sheet unreadably large.
    """
    with zipfile.ZipFile(path) as archive:
        part = _part_of(archive, name)
        if part is None:
            content = archive.read("content.xml") if "content.xml" in archive.namelist() else b""
            return Besides(unplaced=len(_ODS_ERROR.findall(content)))
        xml = archive.read(part)
    far = _FAR.search(xml)
    if far and (column_number(far[1].decode()) + 1) * _last_line(xml) > _MAX_CELLS:
        raise FormatError("tables-far-cell", file=path, layer=name, cell=(far[1] + far[2]).decode())
    found = Besides()
    if b't="e"' in xml:
        found.errors = [(*_place(m[1], m[2]), m[3].decode("utf-8", "replace")) for m in _ERROR.finditer(xml)]
    if b"<f" in xml or b":f" in xml:
        found.formulas = [_place(m[1], m[2]) for m in _BARE_FORMULA.finditer(xml)]
    return found


def _place(letters: bytes, line: bytes) -> tuple[int, int]:
    return int(line) - 1, column_number(letters.decode())


def _last_line(xml: bytes) -> int:
    lines = re.findall(rb'<(?:\w+:)?row\b[^>]*\sr="(\d+)"', xml[-200_000:])
    return int(lines[-1]) if lines else 1_048_576


def _part_of(archive: zipfile.ZipFile, name: str) -> str | None:
    """The archive member that holds a sheet, by the relations of the workbook."""
    try:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    except (KeyError, ElementTree.ParseError):
        return None
    targets = {relation.get("Id"): relation.get("Target", "") for relation in relations}
    for element in book.iter():
        if element.tag.endswith("}sheet") and element.get("name") == name:
            target = targets.get(element.get(_RELATION))
            member = posixpath.normpath(posixpath.join("/xl", target)).lstrip("/") if target else ""
            return member if member in archive.namelist() else None
    return None

"""What the values of an ``.xls`` sheet do not tell: error marks, and sizes that no sheet can have.

Caveat of the theme: only what is needed for that is read: the stream out of the compound file ([MS-CFB]
2.2–2.6) and some of its records ([MS-XLS] 2.4: BOOLERR, FORMULA, DIMENSIONS, SST). Anything unexpected ends
the search, for the values themselves come from elsewhere.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_END = 0xFFFFFFFA
_MARKS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
_BOF, _EOF, _BOUNDSHEET, _FORMULA, _BOOLERR = 0x0809, 0x000A, 0x0085, 0x0006, 0x0205
_DIMENSIONS, _SST = 0x0200, 0x00FC


def plausible(data: bytes) -> bool:
    """Whether the sizes that the records state can be true; others would make the reader ask for all memory.

    Parameters
    ----------
    data
        The whole ``.xls`` file.
    """
    try:
        stream, at = _workbook_stream(data), 0
        while at + 4 <= len(stream):
            kind, size = struct.unpack_from("<HH", stream, at)
            if kind == _DIMENSIONS and size == 14:
                top, bottom, left, right = struct.unpack_from("<IIHH", stream, at + 4)
                if not (top <= bottom <= 65536 and left <= right <= 256):
                    return False
            if kind == _SST and struct.unpack_from("<I", stream, at + 8)[0] > len(stream):
                return False
            at += 4 + size
    except (struct.error, IndexError, KeyError):
        pass
    return True


def error_cells(data: bytes, sheet: int) -> list[tuple[int, int, str]]:
    """Row and column from 0 and the mark of every error cell in the sheet at position ``sheet``.

    Parameters
    ----------
    data
        The whole ``.xls`` file.
    sheet
        Position of the sheet among all sheets of the workbook, from 0.
    """
    try:
        stream = _workbook_stream(data)
        offsets = [struct.unpack_from("<I", body)[0] for kind, body in _records(stream, 0) if kind == _BOUNDSHEET]
        return [found for kind, body in _records(stream, offsets[sheet]) if (found := _error(kind, body))]
    except (struct.error, IndexError, KeyError):
        return []


def _error(kind: int, body: bytes) -> tuple[int, int, str] | None:
    if kind == _BOOLERR and body[7] == 1:
        code = body[6]
    elif kind == _FORMULA and body[6] == 2 and body[12:14] == b"\xff\xff":
        code = body[8]
    else:
        return None
    row, column = struct.unpack_from("<HH", body)
    return row, column, _MARKS.get(code, "#VALUE!")


def _records(stream: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """The records of one substream; those of charts embedded in it are passed over."""
    depth = 0
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        depth += (kind == _BOF) - (kind == _EOF)
        if depth == 1:
            yield kind, stream[at + 4 : at + 4 + size]
        if depth <= 0:
            return
        at += 4 + size


def _workbook_stream(data: bytes) -> bytes:
    """The stream called Workbook (or Book) of a compound file."""
    size = {9: 512, 12: 4096}[struct.unpack_from("<H", data, 30)[0]]
    sectors = [data[i : i + size] for i in range(size, len(data), size)]
    first_directory, _, cutoff, first_mini = struct.unpack_from("<4I", data, 48)
    fat = _fat(data, sectors, size)
    directory = b"".join(sectors[s] for s in _chain(fat, first_directory))
    entries = {}
    for at in range(0, len(directory), 128):
        length, kind = struct.unpack_from("<HB", directory, at + 64)
        name = directory[at : at + max(length - 2, 0)].decode("utf-16-le", "replace")
        entries["" if kind == 5 else name.casefold()] = struct.unpack_from("<II", directory, at + 116)
    start, length = entries["workbook"] if "workbook" in entries else entries["book"]
    if length >= cutoff:
        return b"".join(sectors[s] for s in _chain(fat, start))[:length]
    small = b"".join(sectors[s] for s in _chain(fat, entries[""][0]))
    minifat = [n for s in _chain(fat, first_mini) for n in struct.unpack(f"<{size // 4}I", sectors[s])]
    return b"".join(small[s * 64 : s * 64 + 64] for s in _chain(minifat, start))[:length]


def _fat(data: bytes, sectors: list[bytes], size: int) -> list[int]:
    """The allocation table, listed in the header and, for large files, in a chain of further sectors."""
    places = list(struct.unpack_from("<109I", data, 76))
    following = struct.unpack_from("<I", data, 68)[0]
    for _ in sectors:
        if following >= _END:
            break
        *more, following = struct.unpack(f"<{size // 4}I", sectors[following])
        places += more
    return [n for s in places if s < _END for n in struct.unpack(f"<{size // 4}I", sectors[s])]


def _chain(table: list[int], start: int) -> Iterator[int]:
    """Sectors of one chain; a chain that runs in a circle ends after as many sectors as there are."""
    for _ in table:
        if start >= _END:
            return
        yield start
        start = table[start]

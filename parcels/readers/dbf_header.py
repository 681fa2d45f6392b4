"""The header of a ``.dbf`` file: fields, record length, record count, and what of it is true.

Caveat: the header is believed only as far as the size of the file allows; every contradiction is a ledger row
or a ``FormatError``, since a wrong record length shifts every value of every record.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from parcels.errors import FormatError
from parcels.ledger import Ledger

_KNOWN_VERSIONS = frozenset((0x03, 0x30, 0x31, 0x32, 0x43, 0x63, 0x83, 0x8B, 0x8E, 0xCB, 0xF5, 0xFB))
_OTHER_LAYOUTS = frozenset((0x02, 0x04, 0x8C))
_TYPES = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0@+")
_EOF = 0x1A


@dataclass(frozen=True)
class FieldSpec:
    """One field descriptor: raw name, type letter, byte offset in the record, width and decimals."""

    raw_name: bytes
    type: str
    offset: int
    width: int
    decimals: int


@dataclass(frozen=True)
class Header:
    """What the header says, corrected by the size of the file.

    ``records`` views the complete records as a ``(n, record_length)`` array of bytes.
    """

    version: int
    ldid: int
    fields: tuple[FieldSpec, ...]
    records: NDArray[np.uint8]


def _descriptors(head: bytes, start: int) -> tuple[FieldSpec, ...]:
    fields, offset, at = [], 1, 32
    while at + 32 <= start and head[at] != 0x0D:
        part = head[at : at + 32]
        # For text the two bytes of width and decimals are one number in files of Clipper and FoxPro.
        wide = part[11:12] in b"Cc" and part[17] and part[16] + 256 * part[17] <= 0x7FFF
        width = part[16] + 256 * part[17] if wide else part[16]
        fields.append(
            FieldSpec(part[:11].partition(b"\0")[0], chr(part[11]).upper(), offset, width, 0 if wide else part[17])
        )
        offset += width
        at += 32
    return tuple(fields)


def _narrow(fields: tuple[FieldSpec, ...]) -> tuple[FieldSpec, ...]:
    """The same fields when the decimals byte of text fields means nothing."""
    result, offset = [], 1
    for spec in fields:
        width = spec.width & 0xFF if spec.type == "C" else spec.width
        result.append(FieldSpec(spec.raw_name, spec.type, offset, width, spec.decimals))
        offset += width
    return tuple(result)


def _row_length(fields: tuple[FieldSpec, ...]) -> int:
    return 1 + sum(spec.width for spec in fields)


def _open(path: Path) -> NDArray[np.uint8]:
    try:
        data = np.memmap(path, dtype=np.uint8, mode="r") if path.stat().st_size else np.empty(0, np.uint8)
    except (OSError, ValueError) as problem:
        raise FormatError("dbf-unreadable", file=path, reason=str(problem)) from problem
    if not len(data):
        raise FormatError("dbf-empty", file=path)
    return data


def _check_start(data: NDArray[np.uint8], path: Path) -> None:
    if len(data) < 33:
        raise FormatError("dbf-not-dbf", file=path)
    version = int(data[0])
    fits = int(data[1]) <= 200 and int(data[2]) <= 12 and int(data[3]) <= 31
    if version in _OTHER_LAYOUTS and fits:
        raise FormatError("dbf-version", file=path, version=f"0x{version:02X}")
    if version not in _KNOWN_VERSIONS and not fits:
        raise FormatError("dbf-not-dbf", file=path)


def _fields_of(data: NDArray[np.uint8], start: int, length: int, path: Path) -> tuple[FieldSpec, ...]:
    fields = _descriptors(bytes(data[:start]), start)
    if _row_length(fields) != length:
        fields = _narrow(fields)
    if not fields or any(spec.type not in _TYPES for spec in fields):
        raise FormatError("dbf-header", file=path, reason="field descriptors")
    return fields


def _record_length(
    data: NDArray[np.uint8], start: int, length: int, needed: int, *, source: str, ledger: Ledger
) -> int:
    """The record length to use: the larger of header and fields, unless the header cannot be right."""
    if length == needed:
        return length
    if length < needed or not set(data[start::length][:50].tolist()) <= {0x20, 0x2A, _EOF}:
        chosen = needed
    else:
        chosen = length
    ledger.add("dbf-record-length", stage="read", source=source, before=length, after=chosen, needed=needed)
    return chosen


def _well_formed(data: NDArray[np.uint8], start: int, length: int, first: int, last: int) -> bool:
    flags = data[start + first * length : start + last * length : length]
    return bool(np.isin(flags, (0x20, 0x2A)).all())


def _count(data: NDArray[np.uint8], start: int, length: int, told: int, *, source: str, ledger: Ledger) -> int:
    """How many complete records to read."""
    held, rest = divmod(len(data) - start, length)
    if held < told:
        ledger.add("dbf-truncated", stage="read", source=source, before=told, after=held, told=told, held=held)
        left = bytes(data[start + held * length :]).rstrip(bytes([_EOF]))
        if rest and left.strip(b" \0"):
            ledger.add("dbf-record-cut", stage="read", source=source, row=held + 1, before=left.hex(" "))
        return held
    end = start + told * length
    if held > told and int(data[end]) != _EOF and _well_formed(data, start, length, told, held):
        ledger.add("dbf-more-records", stage="read", source=source, before=told, after=held, told=told, held=held)
        return held
    surplus = bytes(data[end : end + 4096]).strip(bytes([_EOF]) + b"\0 \r\n")
    if surplus:
        shown = surplus[:64].hex(" ")
        ledger.add("dbf-trailing", stage="read", source=source, before=shown, size=len(data) - end)
    return told


def read_header(path: Path, *, source: str, ledger: Ledger) -> Header:
    """Read and check the header of a ``.dbf`` file.

    Raises
    ------
    FormatError
        The file is empty, is no DBF, has another layout (dBASE II, dBASE 7) or a header that cannot be read.
    """
    data = _open(path)
    _check_start(data, path)
    told = int(data[4:8].view("<u4")[0])
    start = int.from_bytes(bytes(data[8:10]), "little")
    length = int.from_bytes(bytes(data[10:12]), "little")
    if start < 33 or start > len(data):
        raise FormatError("dbf-header", file=path, reason=f"header length {start}, file size {len(data)}")
    if int(data[0]) not in _KNOWN_VERSIONS:
        ledger.add("dbf-version-odd", stage="read", source=source, version=f"0x{int(data[0]):02X}")
    fields = _fields_of(data, start, length, path)
    length = _record_length(data, start, length, _row_length(fields), source=source, ledger=ledger)
    count = _count(data, start, length, told, source=source, ledger=ledger)
    records = np.asarray(data[start : start + count * length]).reshape(count, length)
    return Header(int(data[0]), int(data[29]), fields, records)

"""Where the records of a ``.shp`` file lie, and which of them can be read.

Caveat: a ``.shx`` index is believed only where the records it points at are there; otherwise the ``.shp`` is
walked from its start, and what lies behind a record of impossible length cannot be found again.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from parcels.errors import FormatError
from parcels.ledger import Ledger

_HEADER = 100
_CODE = 9994
SHAPE_TYPES = {
    0: "Null", 1: "Point", 3: "PolyLine", 5: "Polygon", 8: "MultiPoint", 11: "PointZ", 13: "PolyLineZ",
    15: "PolygonZ", 18: "MultiPointZ", 21: "PointM", 23: "PolyLineM", 25: "PolygonM", 28: "MultiPointM",
    31: "MultiPatch",
}  # fmt: skip
_POINTS = {1: 20, 11: 28, 21: 20}
_MULTIPOINTS = (8, 18, 28)
_PARTS = (3, 5, 13, 15, 23, 25, 31)
_WITH_Z = (13, 15, 18, 31)


@dataclass(frozen=True)
class ShpIndex:
    """Records of a ``.shp`` file.

    Attributes
    ----------
    shape_type
        Shape type of the header.
    offsets, lengths
        Byte offset of each record header and content length in bytes.
    types
        Shape type of each record; -1 where it cannot be read.
    damaged
        True for records whose content does not fit.
    as_is
        The ``.shp`` and ``.shx`` can be handed to a reader as they are.
    has_z
        The shapes have a third coordinate or a measure.
    """

    shape_type: int
    offsets: NDArray[np.int64]
    lengths: NDArray[np.int64]
    types: NDArray[np.int64]
    damaged: NDArray[np.bool_]
    as_is: bool

    @property
    def has_z(self) -> bool:
        """Whether the shapes have a third coordinate or a measure."""
        return self.shape_type > 10

    def shx_bytes(self, header: bytes, offsets: NDArray[np.int64], lengths: NDArray[np.int64]) -> bytes:
        """Content of a ``.shx`` for these records, with the type and box of the ``.shp`` header."""
        entries = np.column_stack([offsets // 2, lengths // 2]).astype(">i4").tobytes()
        return header[:24] + struct.pack(">i", (_HEADER + len(entries)) // 2) + header[28:_HEADER] + entries

    def write_clean(self, shp: Path, folder: Path) -> Path:
        """Write a copy into ``folder`` in which damaged records are null shapes; returns the new ``.shp``."""
        body = shp.read_bytes()
        end = len(body) + len(body) % 2
        extra = b"\0" * (len(body) % 2) + struct.pack(">iii", 0, 2, 0)
        header = body[:24] + struct.pack(">i", (end + 12) // 2) + body[28:_HEADER]
        target = folder / "layer.shp"
        target.write_bytes(header + body[_HEADER:] + extra)
        offsets, lengths = np.where(self.damaged, end, self.offsets), np.where(self.damaged, 4, self.lengths)
        target.with_suffix(".shx").write_bytes(self.shx_bytes(header, offsets, lengths))
        return target


def _open(path: Path) -> NDArray[np.uint8]:
    try:
        data = np.memmap(path, dtype=np.uint8, mode="r") if path.stat().st_size else np.empty(0, np.uint8)
    except (OSError, ValueError) as problem:
        raise FormatError("shapefile-unreadable", file=path, reason=str(problem)) from problem
    if not len(data):
        raise FormatError("shapefile-empty", file=path)
    if len(data) < _HEADER or int.from_bytes(bytes(data[:4]), "big") != _CODE:
        raise FormatError("shapefile-not-shp", file=path)
    return data


def _int32(data: NDArray[np.uint8], at: NDArray[np.int64], layout: str = "<i4") -> NDArray[np.int64]:
    """Integers at byte offsets that need not be aligned; 0 where they would lie outside."""
    inside = (at >= 0) & (at + 4 <= len(data))
    safe = np.where(inside, at, 0)
    values = np.ascontiguousarray(data[safe[:, None] + np.arange(4)]).view(layout)[:, 0].astype(np.int64)
    return np.where(inside, values, 0)


def _from_shx(path: Path, data: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Offsets and content lengths by the index file; None when it does not fit the ``.shp``."""
    try:
        raw = path.read_bytes()
    except OSError:
        return None
    if len(raw) < _HEADER or int.from_bytes(raw[:4], "big") != _CODE:
        return None
    if int.from_bytes(raw[24:28], "big") * 2 != len(raw):
        return None
    entries = np.frombuffer(raw[_HEADER : len(raw) - (len(raw) - _HEADER) % 8], ">i4").astype(np.int64).reshape(-1, 2)
    offsets, lengths = entries[:, 0] * 2, entries[:, 1] * 2
    inside = (offsets >= _HEADER) & (lengths >= 4) & (offsets + 8 + lengths <= len(data))
    same = inside & (_int32(data, offsets + 4, ">i4") * 2 == lengths)
    cut = int.from_bytes(bytes(data[24:28]), "big") * 2 > len(data)
    expected = int(inside.sum()) if cut else len(offsets)
    if len(offsets) and same.sum() < max(1.0, 0.9 * expected):
        return None
    if not len(offsets) and len(data) > _HEADER + 8:
        return None
    return offsets, lengths


def _walk(data: NDArray[np.uint8], *, source: str, ledger: Ledger) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Offsets and content lengths by walking the records from the first to the last."""
    body = bytes(data)
    offsets: list[int] = []
    lengths: list[int] = []
    at = _HEADER
    while at + 12 <= len(body):
        number, words = struct.unpack_from(">ii", body, at)
        kind = struct.unpack_from("<i", body, at + 8)[0]
        if words < 2 or kind not in SHAPE_TYPES or (number != len(offsets) + 1 and not 0 <= number <= len(body)):
            break
        offsets.append(at)
        lengths.append(2 * words)
        at += 8 + 2 * words
    left = len(body) - at
    if left > 0:
        row = len(offsets) + 1
        ledger.add("shapefile-lost-bytes", stage="read", source=source, row=row, size=left, offset=at)
    return np.array(offsets, dtype=np.int64), np.array(lengths, dtype=np.int64)


def _part_starts_wrong(
    data: NDArray[np.uint8], content: NDArray[np.int64], parts: NDArray[np.int64], points: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """True where the parts of a record do not begin at 0 and rise within its points."""
    owner = np.repeat(np.arange(len(parts)), parts)
    nth = np.arange(len(owner)) - np.repeat(np.cumsum(parts) - parts, parts)
    starts = _int32(data, content[owner] + 44 + 4 * nth)
    before = np.r_[-1, starts[:-1]] if len(starts) else starts
    wrong = np.where(nth == 0, starts != 0, starts < before) | (starts >= points[owner])
    return np.bincount(owner, weights=wrong, minlength=len(parts)) > 0


def _damaged(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], lengths: NDArray[np.int64], types: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """True where type, counts and length of a record contradict each other or the file."""
    content = offsets + 8
    bad = (lengths < 4) | (content + lengths > len(data)) | (offsets < _HEADER)
    bad |= ~np.isin(types, list(SHAPE_TYPES))
    for kind, size in _POINTS.items():
        bad |= (types == kind) & (lengths < size)
    several = np.isin(types, _MULTIPOINTS) & ~bad
    count = _int32(data, content + 36)
    bad |= several & ((lengths < 40) | (count < 0) | (40 + count * np.where(types == 18, 24, 16) > lengths))
    parted = np.isin(types, _PARTS) & ~bad
    parts, points = _int32(data, content + 36), _int32(data, content + 40)
    need = 44 + parts * np.where(types == 31, 8, 4) + points * np.where(np.isin(types, _WITH_Z), 24, 16)
    bad |= parted & ((lengths < 44) | (parts < 0) | (points < 0) | (need > lengths))
    check = np.flatnonzero(parted & ~bad & (parts > 0))
    bad[check] |= _part_starts_wrong(data, content[check], parts[check], points[check])
    return np.asarray(bad)


def read_index(shp: Path, shx: Path | None, *, source: str, ledger: Ledger) -> ShpIndex:
    """Locate and check the records of a ``.shp``.

    Raises
    ------
    FormatError
        The file is empty, cannot be opened or is no ``.shp``.
    """
    data = _open(shp)
    found = _from_shx(shx, data) if shx else None
    if found is None:
        code = "shapefile-shx-wrong" if shx else "shapefile-shx-missing"
        ledger.add(code, stage="read", source=source)
    offsets, lengths = found or _walk(data, source=source, ledger=ledger)
    readable = (offsets >= _HEADER) & (offsets + 12 <= len(data))
    types = np.where(readable, _int32(data, offsets + 8), -1)
    damaged = _damaged(data, offsets, lengths, types)
    told = int.from_bytes(bytes(data[24:28]), "big") * 2
    if told != len(data):
        code = "shapefile-truncated" if told > len(data) else "shapefile-longer"
        ledger.add(code, stage="read", source=source, before=told, after=len(data), told=told, size=len(data))
    ledger.add(
        "shapefile-record-damaged", stage="read", source=source, row=np.flatnonzero(damaged) + 1,
        before=[f"type {t}, {n} B" for t, n in zip(types[damaged], lengths[damaged], strict=True)],
    )  # fmt: skip
    as_is = found is not None and told == len(data) and not damaged.any()
    shape_type = int.from_bytes(bytes(data[32:36]), "little", signed=True)
    return ShpIndex(shape_type, offsets, lengths, types, damaged, as_is)

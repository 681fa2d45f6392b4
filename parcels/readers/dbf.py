"""Tables in ``.dbf`` files, read from their bytes.

Caveat: a ``.dbf`` does not say reliably which encoding its text is in, and its dates, numbers and record
counts are often not what the header promises; nothing here trusts them, and what is repaired, guessed or left
out is in the ledger. Memo texts (``.dbt``, ``.fpt``) are not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.extensions import ExtensionArray

from parcels.ledger import Ledger
from parcels.readers.dbf_columns import Column, fixed_binary, raw_text, typed
from parcels.readers.dbf_header import FieldSpec, Header, read_header
from parcels.text.decoding import decode_distinct
from parcels.text.encoding import (
    MAX_SAMPLES,
    Sniff,
    canonical_encoding,
    declared_encoding,
    decode_bytes,
    decode_values,
    report_sniff,
    sniff,
)

_DELETED = 0x2A
_FOXPRO_VERSIONS = frozenset((0x30, 0x31, 0x32))


@dataclass
class DbfTable:
    """A table as it stands in the file.

    Attributes
    ----------
    frame
        All records that are not marked as deleted, under decoded and unique field names; RangeIndex.
    rows
        Record numbers, first record = 1, one per row of ``frame``.
    deleted
        Record numbers of the records marked as deleted.
    encoding
        Encoding the text was decoded with.
    ldid
        Language driver byte of the header.
    cpg
        Content of the ``.cpg`` file, None without one.
    fields
        Per field its name, type, width and decimals, as declared.
    """

    frame: pd.DataFrame
    rows: NDArray[np.int64]
    deleted: NDArray[np.int64]
    encoding: str
    ldid: int
    cpg: str | None
    fields: list[dict[str, object]] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Number of records in the file, deleted ones included."""
        return len(self.rows) + len(self.deleted)


def sibling(path: Path, suffix: str) -> Path | None:
    """File beside ``path`` with the same stem and ``suffix``, in whatever case, or None.

    Parameters
    ----------
    path
        Any file of the set, e.g. the ``.shp``.
    suffix
        Wanted suffix in lower case, e.g. ``".dbf"``.
    """
    for candidate in (path.with_suffix(suffix), path.with_suffix(suffix.upper())):
        if candidate.is_file():
            return candidate
    try:
        entries = sorted(path.parent.iterdir())
    except OSError:
        return None
    same = [e for e in entries if e.suffix.lower() == suffix and e.stem.lower() == path.stem.lower() and e.is_file()]
    return min(same, key=lambda e: e.stem != path.stem, default=None)


def _cells(header: Header, spec: FieldSpec) -> NDArray[np.uint8]:
    return header.records[:, spec.offset : spec.offset + spec.width]


def _samples(header: Header) -> Iterator[bytes]:
    """Field names, and evenly spread text values that hold non-ASCII bytes."""
    yield from (spec.raw_name for spec in header.fields)
    for spec in header.fields:
        if spec.type != "C" or not spec.width or not len(header.records):
            continue
        cells = _cells(header, spec)
        foreign = np.flatnonzero(cells.max(axis=1) >= 0x80)
        if len(foreign):
            spread = foreign[np.linspace(0, len(foreign) - 1, min(len(foreign), MAX_SAMPLES // 4)).astype(int)]
            yield from fixed_binary(cells[spread]).unique().to_pylist()


def _encoding_of(
    header: Header, cpg: str | None, asked: str | None, *, source: str, ledger: Ledger
) -> tuple[str, bool]:
    """Encoding to use, and whether the user gave it."""
    if asked is not None:
        chosen = canonical_encoding(asked)
        ledger.decide("encoding", chosen, source=source, evidence=[f"asked for: {asked}"], confidence=1.0)
        return chosen, True
    found: Sniff = sniff(_samples(header), declared=declared_encoding(cpg, header.ldid))
    told = (f".cpg {cpg!r}" if cpg is not None else "no .cpg", f"LDID 0x{header.ldid:02X}")
    report_sniff(Sniff(**{**found.__dict__, "evidence": (*found.evidence, *told)}), source=source, ledger=ledger)
    return found.encoding, False


def _names(header: Header, encoding: str, *, forced: bool, source: str, ledger: Ledger) -> list[str]:
    """Decoded, unique field names; cut characters dropped, repeated names numbered."""
    raw = [spec.raw_name.rstrip(b" ") for spec in header.fields]
    texts, odd = decode_distinct(raw, encoding, forced=forced)
    for i, found in odd.items():
        if found.kind != "double":
            ledger.add(
                f"dbf-name-{found.kind}", stage="read", source=source, field=texts[i],
                before=raw[i].hex(" "), after=texts[i], detail=found.detail,
            )  # fmt: skip
    names: list[str] = []
    for i, text in enumerate(texts):
        name = text.strip() or f"field_{i + 1}"
        unique, number = name, 0
        while unique in names or (number and unique in texts):
            number += 1
            unique = f"{name}_{number}"
        if unique != text.strip():
            ledger.add(
                "dbf-name-repeated" if text.strip() else "dbf-name-empty",
                stage="read", source=source, field=unique, before=text.strip(), after=unique,
            )  # fmt: skip
        names.append(unique)
    return names


def _report_deleted(header: Header, numbers: NDArray[np.int64], encoding: str, *, source: str, ledger: Ledger) -> None:
    """One ledger row per deleted record, with its values."""
    if not len(numbers):
        return
    marked = header.records[numbers - 1]
    parts = []
    for spec in header.fields:
        cells = marked[:, spec.offset : spec.offset + spec.width]
        if spec.type == "C":
            values = [bytes(row).partition(b"\0")[0].strip() for row in cells]
            parts.append([v.decode(encoding, "replace") for v in values])
        else:
            parts.append(raw_text(cells).to_pylist())
    summary = [" | ".join(v for v in values if v) for values in zip(*parts, strict=True)]
    ledger.add("dbf-deleted", stage="read", source=source, row=numbers, before=summary)


def _flags(header: Header, *, source: str, ledger: Ledger) -> NDArray[np.bool_]:
    """True for records marked as deleted."""
    flags = header.records[:, 0] if len(header.records) else np.empty(0, np.uint8)
    odd = np.flatnonzero(~np.isin(flags, (0x20, 0x00, _DELETED)))
    if len(odd):
        shown = f"0x{int(flags[odd[0]]):02X}"
        ledger.add("dbf-flag", stage="read", source=source, row=int(odd[0]) + 1, before=shown, count=len(odd))
    return np.asarray(flags == _DELETED)


def read_dbf(
    path: str | Path,
    *,
    ledger: Ledger,
    encoding: str | None = None,
    source: str | None = None,
    repair_double: bool = False,
) -> DbfTable:
    """Read a ``.dbf`` table.

    Text is decoded by what its bytes are (see `parcels.text.encoding.sniff`); number fields become ``Int64`` or
    ``float64``, or stay text where digits or leading zeros would be lost; dates become ``datetime64``,
    logical fields ``boolean``. Blank is missing.

    Parameters
    ----------
    path
        The ``.dbf`` file; a ``.cpg`` beside it is a hint.
    ledger
        Receives the decision on the encoding and a row for all that is repaired, unreadable or left out.
    encoding
        Encoding to use instead of judging the bytes.
    source
        Name of the file for people; the file name when left out.
    repair_double
        Repair text that was encoded twice instead of only naming the repair.

    Returns
    -------
    The records that are not deleted, with their record numbers.

    Raises
    ------
    FormatError
        The file is empty, no DBF, or damaged beyond reading.
    EncodingError
        ``encoding`` names no encoding.
    """
    path = Path(path)
    shown = source or path.name
    header = read_header(path, source=shown, ledger=ledger)
    cpg_path = sibling(path, ".cpg")
    cpg = decode_bytes(cpg_path.read_bytes()[:1024])[0].strip() if cpg_path else None
    chosen, forced = _encoding_of(header, cpg, encoding, source=shown, ledger=ledger)
    names = _names(header, chosen, forced=forced, source=shown, ledger=ledger)
    gone = _flags(header, source=shown, ledger=ledger)
    live, dead = np.flatnonzero(~gone) + 1, np.flatnonzero(gone) + 1
    _report_deleted(header, dead, chosen, source=shown, ledger=ledger)
    columns: dict[str, ExtensionArray] = {}
    for spec, name in zip(header.fields, names, strict=True):
        cells = _cells(header, spec)
        cells = cells[~gone] if len(dead) else cells
        if spec.type == "C" and spec.width:
            columns[name] = decode_values(
                fixed_binary(cells), encoding=chosen, rows=live, field=name, source=shown, ledger=ledger,
                forced=forced, repair_double=repair_double,
            )  # fmt: skip
        else:
            column = Column(spec, name, live, shown, ledger)
            columns[name] = typed(column, cells, foxpro=header.version in _FOXPRO_VERSIONS)
    frame = pd.DataFrame(columns, index=pd.RangeIndex(len(live)))
    described: list[dict[str, object]] = [
        {"name": name, "type": spec.type, "width": spec.width, "decimals": spec.decimals}
        for spec, name in zip(header.fields, names, strict=True)
    ]
    return DbfTable(frame, live, dead, chosen, header.ldid, cpg, described)

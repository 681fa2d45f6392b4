"""Typed columns from the fixed-width bytes of a ``.dbf`` table.

Caveat: the type in the header is a promise, not a fact. Codes stand in number fields and numbers with decimal
commas, so a column becomes a number only where no digit is lost by it, and raw text that cannot be read
stands in the ledger.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pandas.api.extensions import ExtensionArray

from parcels.ledger import Ledger
from parcels.readers.dbf_header import FieldSpec

_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eEdD][+-]?[0-9]+)?$"
_INTEGER = r"^[+-]?[0-9]+$"
_LEADING_ZERO = r"^[+-]?0[0-9]+(\.0*)?$"
_LONG_INTEGER = r"^[+-]?0*[1-9][0-9]{15,}(\.0*)?$"
_COMMA = r"^[+-]?[0-9]*,[0-9]+$"
_THOUSANDS = r"^[+-]?[1-9][0-9]{0,2},[0-9]{3}$"
_DATE = r"^[0-9]{8}$"
_LENIENT_DATE = r"^[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}$"
_NO_VALUE = -1e38
_MAX_INT_DIGITS = 18
_MAX_FLOAT_DIGITS = 15
_JULIAN_EPOCH = 2440588


@dataclass(frozen=True)
class Column:
    """Where a column stands, for its ledger rows."""

    spec: FieldSpec
    name: str
    rows: NDArray[np.int64]
    source: str
    ledger: Ledger

    def note(self, code: str, where: NDArray[np.bool_], before: pa.Array, after: object = None) -> None:
        """One ledger row per marked record, with the raw text."""
        if where.any():
            chosen = before.filter(pa.array(where)).to_pylist()
            self.ledger.add(
                code,
                stage="read",
                source=self.source,
                row=self.rows[where],
                field=self.name,
                before=chosen,
                after=after,
            )


def fixed_binary(cells: NDArray[np.uint8]) -> pa.Array:
    """View the ``(n, width)`` bytes of one field as an Arrow array of fixed-size binary values."""
    count, width = cells.shape
    flat = np.ascontiguousarray(cells)
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), count, [None, pa.py_buffer(flat)])


def raw_text(cells: NDArray[np.uint8]) -> pa.Array:
    """Trimmed text of a field that holds ASCII by its type; other bytes are shown as Latin-1."""
    count, width = cells.shape
    if width == 0:
        return pa.array([""] * count, pa.string())
    clean = np.where(cells == 0, np.uint8(0x20), cells)
    if count and int(clean.max()) >= 0x80:
        return pa.array([v.decode("latin-1").strip() for v in fixed_binary(clean).to_pylist()], pa.string())
    return pc.utf8_trim_whitespace(fixed_binary(clean).cast(pa.binary()).cast(pa.string()))


def _matches(text: pa.Array, pattern: str) -> NDArray[np.bool_]:
    found = pc.match_substring_regex(text, pattern)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=bool)


def text_array(values: pa.Array) -> ExtensionArray:
    """The ``str`` array of pandas over an Arrow array of large strings."""
    result: ExtensionArray = pd.array(values, dtype="str")
    return result


def _as_text(text: pa.Array) -> ExtensionArray:
    shown = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
    return text_array(shown.cast(pa.large_string()))


def _decimal_commas(column: Column, text: pa.Array) -> pa.Array:
    """Decimal commas as points; ``1,234`` in a field without decimals could be either and stays unread."""
    comma = _matches(text, _COMMA)
    if column.spec.decimals == 0:
        comma &= ~_matches(text, _THOUSANDS)
    if not comma.any():
        return text
    fixed = pc.replace_substring(text, ",", ".")
    column.note("dbf-decimal-comma", comma, text, fixed.filter(pa.array(comma)).to_pylist())
    return pc.if_else(pa.array(comma), fixed, text)


def _floats(column: Column, text: pa.Array, good: NDArray[np.bool_]) -> ExtensionArray:
    shown = pc.replace_substring_regex(pc.utf8_ltrim(text, characters="+"), "[dD]", "e")
    numbers = pc.if_else(pa.array(good), shown, pa.scalar(None, pa.string())).cast(pa.float64())
    values = np.array(numbers.to_numpy(zero_copy_only=False), dtype=np.float64)
    endless = np.isposinf(values)
    column.note("dbf-number-bad", endless, text)
    empty = values < _NO_VALUE
    column.note("dbf-number-null", empty, text)
    values[endless | empty] = np.nan
    return pd.array(values, dtype="float64")


def _integers(text: pa.Array, good: NDArray[np.bool_]) -> ExtensionArray:
    plain = pc.if_else(pa.array(good), pc.utf8_ltrim(text, characters="+"), "0").cast(pa.int64())
    return pd.arrays.IntegerArray(plain.to_numpy(zero_copy_only=False).copy(), ~good)


def numbers(column: Column, cells: NDArray[np.uint8]) -> ExtensionArray:
    """N and F fields: ``Int64``, ``float64``, or text where a number would lose digits."""
    raw = raw_text(cells)
    text = _decimal_commas(column, raw)
    filled = ~_matches(text, "^$")
    good = _matches(text, _NUMBER)
    digits = pc.utf8_length(pc.utf8_ltrim(text, characters="+-0")).to_numpy(zero_copy_only=False)
    integer = _matches(text, _INTEGER)
    whole = column.spec.decimals == 0 and bool(integer[good].all())
    most = _MAX_INT_DIGITS if column.spec.type == "N" else _MAX_FLOAT_DIGITS
    limit = integer & (digits > most) if whole else _matches(text, _LONG_INTEGER)
    coded = _matches(text, _LEADING_ZERO) if column.spec.decimals == 0 else np.zeros(len(raw), bool)
    for found, reason in ((limit, "digits"), (coded, "zero")):
        if found.any():
            column.ledger.add(
                f"dbf-number-as-text-{reason}",
                stage="read",
                source=column.source,
                field=column.name,
                before=raw[int(np.argmax(found))].as_py(),
                count=int(found.sum()),
            )
    column.note("dbf-number-bad", filled & ~good, raw)
    if limit.any() or coded.any():
        return _as_text(pc.if_else(pa.array(good), raw, ""))
    return _integers(text, good) if whole else _floats(column, text, good)


def _parse_dates(text: pa.Array, pattern: str, layout: str) -> tuple[pd.Series[pd.Timestamp], NDArray[np.bool_]]:
    chosen = _matches(text, pattern)
    shown = pc.if_else(pa.array(chosen), text, pa.scalar(None, pa.string())).to_pandas()
    dates = pd.to_datetime(shown, format=layout, errors="coerce")
    return dates.astype("datetime64[s]"), chosen


def dates(column: Column, cells: NDArray[np.uint8]) -> ExtensionArray:
    """D fields from their raw bytes; blank and zeros are missing, what is no calendar day is noted."""
    table = fixed_binary(cells).dictionary_encode()
    distinct = np.frombuffer(b"".join(table.dictionary.to_pylist()), np.uint8).reshape(-1, cells.shape[1])
    text = raw_text(distinct)
    days, _ = _parse_dates(text, _DATE, "%Y%m%d")
    even = pc.replace_substring_regex(text, "[/.]", "-")
    loose, lenient = _parse_dates(even, _LENIENT_DATE.replace("/.", ""), "%Y-%m-%d")
    days = days.where(~lenient, loose)
    blank = _matches(text, "^0*$")
    read = days.notna().to_numpy()
    which = table.indices.to_numpy(zero_copy_only=False)
    full = text.take(table.indices)
    values = days.to_numpy()[which]
    column.note("dbf-date-bad", (~read & ~blank)[which], full)
    understood = (read & lenient)[which]
    column.note("dbf-date-lenient", understood, full, np.datetime_as_string(values[understood], unit="D").tolist())
    result: ExtensionArray = pd.array(values, dtype="datetime64[s]")
    return result


def logicals(column: Column, cells: NDArray[np.uint8]) -> ExtensionArray:
    """L fields as nullable booleans; ``?`` and blank are unknown."""
    text = raw_text(cells)
    yes, no = _matches(text, "^[TtYy1]$"), _matches(text, "^[FfNn0]$")
    unknown = _matches(text, r"^\??$")
    column.note("dbf-logical-bad", ~(yes | no | unknown), text)
    return pd.arrays.BooleanArray(yes, ~(yes | no))


def memos(column: Column, cells: NDArray[np.uint8]) -> ExtensionArray:
    """Memo fields: their text stands in another file, so the block number is kept as text."""
    binary = cells.shape[1] == 4
    text = (
        pa.array([str(v) if v else "" for v in cells.copy().view("<u4")[:, 0].tolist()]) if binary else raw_text(cells)
    )
    column.ledger.add("dbf-memo", stage="read", source=column.source, field=column.name, type=column.spec.type)
    return _as_text(text)


def unknown(column: Column, cells: NDArray[np.uint8]) -> ExtensionArray:
    """Fields of a type that is not understood: the bytes in hexadecimal."""
    column.ledger.add("dbf-type-unknown", stage="read", source=column.source, field=column.name, type=column.spec.type)
    shown = [v.hex(" ") if v.strip(b" \0") else "" for v in fixed_binary(cells).to_pylist()]
    return _as_text(pa.array(shown, pa.string()))


def _binary(layout: str) -> Callable[[Column, NDArray[np.uint8]], ExtensionArray]:
    def read(column: Column, cells: NDArray[np.uint8]) -> ExtensionArray:
        values = np.ascontiguousarray(cells).view(layout)[:, 0]
        if layout == "<i4":
            return pd.array(values, dtype="Int64")
        return pd.array(values.astype("float64") / (10_000 if layout == "<i8" else 1), dtype="float64")

    return read


def _stamps(column: Column, cells: NDArray[np.uint8]) -> ExtensionArray:
    """FoxPro T fields: Julian day number and milliseconds of the day."""
    parts = np.ascontiguousarray(cells).view("<i4").astype("int64")
    milliseconds = (parts[:, 0] - _JULIAN_EPOCH) * 86_400_000 + parts[:, 1]
    values = milliseconds.astype("datetime64[ms]")
    values[parts[:, 0] == 0] = np.datetime64("NaT")
    result: ExtensionArray = pd.array(values, dtype="datetime64[ms]")
    return result


_FOXPRO: dict[tuple[str, int], Callable[[Column, NDArray[np.uint8]], ExtensionArray]] = {
    ("I", 4): _binary("<i4"),
    ("B", 8): _binary("<f8"),
    ("Y", 8): _binary("<i8"),
    ("T", 8): _stamps,
}
_BY_TYPE = {"N": numbers, "F": numbers, "D": dates, "L": logicals, "M": memos, "G": memos, "P": memos}


def typed(column: Column, cells: NDArray[np.uint8], *, foxpro: bool) -> ExtensionArray:
    """Values of any field but text, by its type.

    Parameters
    ----------
    column
        Field and rows.
    cells
        Bytes of the field, one row per record.
    foxpro
        The file is of Visual FoxPro, which has binary number fields.
    """
    kind = column.spec.type
    found = _FOXPRO.get((kind, column.spec.width)) if foxpro else None
    reader = found or _BY_TYPE.get(kind, memos if kind == "B" and not foxpro else unknown)
    if not cells.shape[1]:
        return pd.array([None] * len(cells), dtype="str")
    return reader(column, cells)

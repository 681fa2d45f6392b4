"""Columns of typed tables as a person would write them, without loss of digits.

Caveat: a table of mixed numbers and text is text; whether a number is a code is decided later, by its column.
"""

from __future__ import annotations

import datetime as dt
import decimal
import json
import re
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from parcels.ledger import Ledger

_LONGEST = 2**63
_MIDNIGHT = re.compile(r"T00:00:00(?:\.0+)?(?:Z|\+00:00)?$")


def written(values: pd.Series) -> pd.Series:
    """A column as written: numbers without loss of digits, days as ISO text, structures as JSON text."""
    if values.dtype.kind in "mM" or isinstance(values.dtype, pd.DatetimeTZDtype):
        return date_text(values.map(lambda v: v.isoformat(), na_action="ignore"))
    if isinstance(values.dtype, pd.CategoricalDtype):
        return written(values.astype(values.cat.categories.dtype))
    if values.dtype != object:
        return values
    filled = values[values.notna()]
    kinds = set(map(type, filled))
    if kinds == {int} and all(abs(v) < _LONGEST for v in filled):
        return values.astype("Int64") if len(filled) < len(values) else values.astype("int64")
    if kinds and kinds <= {decimal.Decimal, int}:
        return _exact(values)
    if kinds == {bool}:
        return values.astype("boolean")
    if kinds and kinds <= {float, int}:
        return values.astype("float64")
    return values.map(_value, na_action="ignore").astype("str")


def _exact(values: pd.Series) -> pd.Series:
    """Decimals as whole numbers where they are, else as floats, as text where a float would lose digits."""
    numbers = [None if pd.isna(v) else decimal.Decimal(v) for v in values]
    given = [n for n in numbers if n is not None and n.is_finite()]
    if all(n == n.to_integral_value() and abs(n) < _LONGEST for n in given) and len(given) == values.notna().sum():
        whole = [None if n is None else int(n) for n in numbers]
        series = pd.Series(pd.array(whole, dtype="Int64"), index=values.index)
        return series if series.hasnans else series.astype("int64")
    if any(len(n.as_tuple().digits) > 15 and n == n.to_integral_value() for n in given):
        return values.map(str, na_action="ignore").astype("str")
    return pd.Series([np.nan if n is None else float(n) for n in numbers], index=values.index)


def _value(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, np.ndarray):
        value = value.tolist()
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict | list) else str(value)


def whole_numbers(column: pa.ChunkedArray) -> pd.Series:
    """An Arrow column of whole numbers with its gaps, every digit kept."""
    numbers = column.cast(pa.int64()).to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
    return pd.Series(numbers.array)


def unique_names(columns: dict[str, pd.Series], size: int, *, ledger: Ledger, source: str) -> pd.DataFrame:
    """Columns side by side; an attribute called ``geometry`` gives way to the geometry itself."""
    frame = pd.DataFrame(columns, index=pd.RangeIndex(size))
    if "geometry" not in frame:
        return frame
    number = next(n for n in range(2, size + len(columns) + 3) if f"geometry_{n}" not in frame)
    ledger.add("vector-field-renamed", stage="read", source=source, before="geometry", after=f"geometry_{number}")
    return frame.rename(columns={"geometry": f"geometry_{number}"})


def date_text(values: pd.Series) -> pd.Series:
    """Dates as ISO text; a column of midnights is a column of days."""
    text = values.astype("str")
    filled = text.dropna()
    if len(filled) and filled.str.contains(_MIDNIGHT).all():
        text = text.str.replace(_MIDNIGHT, "", regex=True)
    return text

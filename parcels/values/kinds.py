"""What kinds of cells a column holds: text, numbers, flags, dates, nothing.

Caveat of the theme: in a column of mixed cells ``True``, ``1`` and ``1.0`` are equal for Python but not for a
reader of tables, so cells are sorted by their type before any value is compared.
"""

from __future__ import annotations

import datetime as dt
import decimal
import numbers
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Kinds:
    """The cells of one column as objects, and one mask per kind; the masks do not overlap.

    ``raw`` holds the cells, ``text`` … ``other`` say of which kind each one is; empty cells are in no mask.
    """

    raw: NDArray[np.object_]
    text: BoolArray
    integer: BoolArray
    number: BoolArray
    flag: BoolArray
    stamp: BoolArray
    other: BoolArray

    def texts(self) -> NDArray[np.object_]:
        """The text cells."""
        return self.raw[self.text]

    def floats(self, mask: BoolArray) -> NDArray[np.float64]:
        """The cells of ``mask``, which must be numbers, as float64."""
        try:
            return self.raw[mask].astype(np.float64)
        except OverflowError:
            return np.array([_float(value) for value in self.raw[mask]], dtype=np.float64)

    def number_texts(self) -> NDArray[np.object_]:
        """The number cells in plain decimal writing, integers without a point."""
        values = self.floats(self.number | self.integer)
        inverse, distinct = pd.factorize(values, use_na_sentinel=False)
        texts = [str(int(v)) if np.isfinite(v) and v.is_integer() else repr(v) for v in distinct.tolist()]
        return np.array(texts, dtype=object)[inverse] if texts else np.empty(0, dtype=object)

    def stamps(self) -> NDArray[np.datetime64]:
        """The date and datetime cells to the second, without time zone; NaT where out of range."""
        cells = pd.Series([_naive(v) for v in self.raw[self.stamp]], dtype=object)
        return cells.to_numpy().astype("datetime64[s]")


def _float(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except OverflowError:
        return np.inf


def _naive(value: object) -> object:
    if isinstance(value, pd.Timestamp):
        return value.tz_localize(None).to_datetime64()
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None)
    return value


def _kind(kind: type) -> str:
    if issubclass(kind, str):
        return "text"
    if issubclass(kind, bool | np.bool_):
        return "flag"
    if issubclass(kind, numbers.Integral):
        return "integer"
    if issubclass(kind, numbers.Real | decimal.Decimal):
        return "number"
    return "stamp" if issubclass(kind, dt.date | np.datetime64) else "other"


def split_kinds(series: pd.Series) -> Kinds:
    """Sort the cells of a column by kind.

    Parameters
    ----------
    series
        A column of any dtype; it is not changed.

    Returns
    -------
    Kinds
        Cells and masks in the order of the column.

    Examples
    --------
    >>> kinds = split_kinds(pd.Series(["a", 1, 1.5, True, None], dtype=object))
    >>> kinds.text.tolist(), kinds.flag.tolist()
    ([True, False, False, False, False], [False, False, False, True, False])
    """
    raw = series.to_numpy(dtype=object)
    filled = ~np.asarray(series.isna(), dtype=bool)
    names = ("text", "integer", "number", "flag", "stamp", "other")
    types = list(map(type, raw))
    number_of = {kind: names.index(_kind(kind)) for kind in set(types)}
    numbered = np.fromiter((number_of[kind] for kind in types), dtype=np.int8, count=len(types))
    return Kinds(raw, *(filled & (numbered == i) for i in range(len(names))))

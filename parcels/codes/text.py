"""Codes as text: what spreadsheets and input methods did to them, undone as far as nothing is lost.

Full-width characters, blanks, hyphens and lower case carry no meaning in a code and are removed. Digits
that a program already threw away (``3.70902E+18``) cannot be brought back; such cells keep their damaged
form.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FLOAT_FORM = r"\d(?:\.\d+)?E\+?\d{1,2}|\d{16,}\.0*"
EXACT_FLOAT = 2.0**53
_NOISE = re.compile(r"[\s\-_'\"‘’“”–—―−\u200b\ufeff]+")
_BLANKS = re.compile(r"[\s\u200b\ufeff]+")
NATIONAL_LENGTH = 19
_POINT_ZERO = re.compile(r"(\d{1,15})\.0+")


def _number(value: float) -> str:
    if isinstance(value, int):
        return str(value)
    number = float(value)
    if number.is_integer() and abs(number) < EXACT_FLOAT:
        return str(int(number))
    return format(number, ".15G")


def _cell(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return None
    return _number(value) if isinstance(value, int | float) else str(value)


def _clean(text: str, noise: re.Pattern[str]) -> str | None:
    bare = noise.sub("", unicodedata.normalize("NFKC", text)).upper()
    whole = _POINT_ZERO.fullmatch(bare)
    return (whole[1] if whole else bare) or None


def normalise_code(series: pd.Series) -> pd.Series:
    """Codes as upper-case half-width text without blanks, hyphens and quotes.

    Parameters
    ----------
    series
        Codes of any dtype; numbers become digits where that is exact, else their damaged form with an
        exponent.

    Returns
    -------
    Series
        Text with the same index and name; empty cells are missing.

    Examples
    --------
    >>> normalise_code(pd.Series(["３７０９０２ 001001gb00001", "12345678-9", 601.0])).tolist()
    ['370902001001GB00001', '123456789', '601']
    """
    text = _as_text(series)
    odd = (text.notna() & ~text.str.fullmatch("[0-9A-Z]+").fillna(False)).to_numpy(dtype=bool)
    return _cleaned(text, odd, _NOISE)


def _as_text(series: pd.Series) -> pd.Series:
    if isinstance(series.dtype, pd.StringDtype):
        return series.astype("str")
    cells = [_cell(v) for v in series.tolist()]
    return pd.Series(cells, index=series.index, name=series.name, dtype="str")


def _cleaned(text: pd.Series, odd: NDArray[np.bool_], noise: re.Pattern[str]) -> pd.Series:
    """The text with its odd cells put in order, each distinct one once."""
    if not odd.any():
        return text
    cells = text[odd]
    fixed = {cell: _clean(str(cell), noise) for cell in cells.unique()}
    values = text.to_numpy(dtype=object, copy=True)
    values[odd] = [fixed[cell] for cell in cells.tolist()]
    return pd.Series(values, index=text.index, name=text.name, dtype="str")


def comparable_code(series: pd.Series) -> pd.Series:
    """Codes in the form in which two of them are the same: half-width, upper-case, without blanks.

    Hyphens stay, for in local numberings they separate block and lot: ``7-18`` is not ``71-8``. In a code of
    nineteen places or more (宗地代码, 不动产单元号) they are mere grouping and go.

    Parameters
    ----------
    series
        Codes of any dtype.

    Returns
    -------
    Series
        Text with the same index and name; empty cells are missing.

    Examples
    --------
    >>> comparable_code(pd.Series(["7-18", "71-8", "ａ１ ", "370902-001001-gb00001"])).tolist()
    ['7-18', '71-8', 'A1', '370902001001GB00001']
    """
    code = normalise_code(series)
    text = _as_text(series)
    short = (text.notna() & (code.str.len().fillna(0) < NATIONAL_LENGTH)).to_numpy(dtype=bool)
    odd = short & ~(text == code).to_numpy(dtype=bool)
    return _cleaned(text.where(odd, code), odd, _BLANKS)


@cache
def table(name: str) -> tuple[dict[str, str], ...]:
    """The rows of a code table of the package (``data/<name>.csv``), every cell as text."""
    text = (files("parcels") / "data" / f"{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def dictionary(field: str) -> dict[str, str]:
    """Codes and names of one field of the cadastral database, e.g. ``QLXZ`` 权利性质.

    Dictionaries differ between systems; a code that is not listed is unknown, not wrong.

    Examples
    --------
    >>> dictionary("QLXZ")["102"]
    '出让'
    """
    return {row["code"]: row["name"] for row in table("cadastral_dictionaries") if row["field"] == field}

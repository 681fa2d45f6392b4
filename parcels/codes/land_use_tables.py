"""The lists of land-use codes, and codes as they stand in tables brought into their form.

Every row of the lists carries its evidence. Whether a code is industrial land, and whether construction
land, is a column of the list, never a rule on digits.
"""

from __future__ import annotations

import re
from functools import cache

import pandas as pd

from parcels.codes.text import normalise_code, table

SANDIAO = "三调"
NATIONAL = "GB/T 21010-2017"
SEA_AND_LAND = "用地用海"
CITY = "GB 50137"
OLD = "2007"
SYSTEMS = (NATIONAL, SANDIAO, SEA_AND_LAND, CITY, OLD)

SEVERAL = re.compile(r"[,，;；、/|]+|\s+")
_LEADING_CODE = re.compile(r"\s*([0-9A-Za-z０-９Ａ-Ｚ]{1,8})(?=\D*[\u4e00-\u9fff])")


@cache
def _table() -> pd.DataFrame:
    now = pd.DataFrame(table("land_use_codes"), dtype="str")
    old = pd.DataFrame(table("land_use_2007"), dtype="str").rename(columns={"code_2007": "code"})
    both = pd.concat([now, old.assign(system=OLD)], ignore_index=True)
    columns = ["system", "code", "name", "class", "industrial", "code_sandiao", "code_gbt21010"]
    return both[columns].fillna("")


@cache
def codes_of(system: str) -> pd.DataFrame:
    """The rows of one system, by code; shared, not to be changed."""
    rows = _table()
    return rows[rows["system"] == system].set_index("code")


@cache
def _four_digits() -> frozenset[str]:
    return frozenset(c for s in (NATIONAL, SANDIAO, SEA_AND_LAND) for c in codes_of(s).index if len(c) == 4)


def _main_text(value: str) -> str:
    """The first of several codes, and the code alone where a name stands behind it."""
    first = next((part for part in SEVERAL.split(value.strip()) if part), "")
    lead = _LEADING_CODE.match(first)
    return lead[1] if lead else first


def _main(series: pd.Series) -> pd.Series:
    """The main code of each cell, normalised, not yet padded."""
    if pd.api.types.is_numeric_dtype(series):
        return normalise_code(series)
    forms = {value: _main_text(value) if isinstance(value, str) else value for value in series.dropna().unique()}
    return normalise_code(series.map(forms))


def _zeros_lost(codes: set[str], numeric: bool) -> bool:
    """Whether a spreadsheet or a number column swallowed leading zeros."""
    digits = {c for c in codes if c.isdigit()}
    if numeric:
        return True
    if any(c.startswith("0") for c in digits):
        return False
    old = set(codes_of(OLD).index)
    return any(len(c) == 5 or (len(c) == 3 and c not in old and "0" + c in _four_digits()) for c in digits)


def _pad_one(code: str, *, lost: bool, old: bool) -> str:
    if not code.isdigit():
        return code
    size = len(code)
    if size == 1:
        return code.zfill(2)
    if old:
        return code.zfill(3)
    if size in (3, 5) and (lost or _only_with_zero(code)):
        return "0" + code
    return code


def _only_with_zero(code: str) -> bool:
    """Whether a code of three digits is none of 2007 and makes sense only with a zero before it."""
    return len(code) == 3 and code not in codes_of(OLD).index and "0" + code in _four_digits()


def _pad(codes: pd.Series, *, numeric: bool, system: str | None = None) -> pd.Series:
    values = set(codes.dropna())
    lost = _zeros_lost(values, numeric)
    old = set(codes_of(OLD).index)
    digits = {c for c in values if c.isdigit()}
    short = bool(digits) and all(len(c) <= 3 and c.zfill(3) in old for c in digits)
    two = any(len(c) == 2 and c > "24" for c in digits)
    is_old = short and (two or system == OLD)
    return codes.map({c: _pad_one(c, lost=lost, old=is_old) for c in values}).astype("str")


def plain_codes(series: pd.Series, system: str | None = None) -> pd.Series:
    """The main code of each cell as text, normalised and with its leading zeros back.

    Zeros are taken as lost in a column of numbers, in text of which no code starts with a zero while some make sense
    only with one, and in a single code that makes sense only with one (601). Three digits that stand in the list of
    2007 stay three digits.

    Parameters
    ----------
    series
        Land-use codes as they stand.
    system
        Their system where it is known.

    Examples
    --------
    >>> plain_codes(pd.Series(["601", "1001", "0701 城镇住宅用地"])).tolist()
    ['0601', '1001', '0701']
    >>> plain_codes(pd.Series([601, 1001])).tolist()
    ['0601', '1001']
    """
    raw = series.dropna()
    numeric = pd.api.types.is_numeric_dtype(series) or (
        len(raw) > 0 and all(not isinstance(v, str) or re.fullmatch(r"\d+\.0+", v.strip()) for v in raw)
    )
    return _pad(_main(series), numeric=numeric, system=system)

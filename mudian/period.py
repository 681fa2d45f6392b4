"""Periods (所属期) as tables write them: 2025, 2025H1, 2025Q3, 2025-06."""

from __future__ import annotations

import re
import unicodedata

import pandas as pd

_NUMERALS = {"一": "1", "二": "2", "三": "3", "四": "4", "1": "1", "2": "2", "3": "3", "4": "4"}
_PATTERNS = (
    (re.compile(r"^(\d{4})(\.0)?年?(度|全年)?$"), lambda m: m[1]),
    (re.compile(r"^(\d{4})年?[-_]?(?:H|h)([12])$"), lambda m: f"{m[1]}H{m[2]}"),
    (re.compile(r"^(\d{4})年?度?(上|下)半年$"), lambda m: f"{m[1]}H{1 if m[2] == '上' else 2}"),
    (re.compile(r"^(\d{4})年?[-_]?[Qq]([1-4])$"), lambda m: f"{m[1]}Q{m[2]}"),
    (re.compile(r"^(\d{4})年?度?第?([一二三四1-4])季度?$"), lambda m: f"{m[1]}Q{_NUMERALS[m[2]]}"),
    (re.compile(r"^(\d{4})[-/.年]?(\d{1,2})月?$"), lambda m: f"{m[1]}-{int(m[2]):02d}"),
)


def normalise_period(text: str) -> str | None:
    """The canonical form of a period, or None when it is none.

    Examples
    --------
    >>> [normalise_period(t) for t in ("2025年", "2025年上半年", "2025年第三季度", "202506", "去年")]
    ['2025', '2025H1', '2025Q3', '2025-06', None]
    """
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
    for pattern, form in _PATTERNS:
        match = pattern.match(plain)
        if match:
            return form(match)
    return None


def normalise_periods(cells: pd.Series) -> pd.Series:
    """The canonical period of every cell; missing where a cell names none."""
    known = {text: normalise_period(str(text)) for text in cells.dropna().unique()}
    return cells.map(known).astype("str")

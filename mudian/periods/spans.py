"""Periods (所属期) as tables write them: years, halves, quarters, months and other runs of whole months.

Two periods can be compared only when they have the same number of months. A single day says a month only when it is
the first of one, which is what spreadsheets make of ``2024-03``; another day is no period, because nobody can tell
whether 2024-12-31 means the year, the quarter or the month. ``2024.1`` is none, either: it may have been 2024.10.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

YEAR = 12
_HALF, _QUARTER = 6, 3
_NUMERALS = {"一": 1, "二": 2, "三": 3, "四": 4}
_Y = r"((?:19|20)\d{2})"
_M = r"(0?[1-9]|1[0-2])"
_MM = r"(0[1-9]|1[0-2])"
_TO = r"(?:-|~|—+|–|至|到)"
# Days of Excel that are years of this calendar: 1990-01-01 to 2099-12-31.
_SERIALS = range(32874, 73051)
_DAY_ZERO = dt.date(1899, 12, 30)


@dataclass(frozen=True, order=True)
class Period:
    """A run of whole months.

    Attributes
    ----------
    start
        The first month, counted from the year 0.
    months
        How many months it has.

    Examples
    --------
    >>> half = Period.of("2024年1-6月")
    >>> str(half), half.months, str(half.year_before()), half.last_day.isoformat()
    ('2024H1', 6, '2023H1', '2024-06-30')
    """

    start: int
    months: int

    @classmethod
    def of(cls, text: str) -> Period:
        """The period that a text names.

        Raises
        ------
        ValueError
            When it names none.
        """
        found = read_period(text)
        if found is None:
            raise ValueError(text)
        return found

    @property
    def end(self) -> int:
        """The month after the last."""
        return self.start + self.months

    @property
    def year(self) -> int:
        """The year of the first month."""
        return self.start // YEAR

    @property
    def is_year(self) -> bool:
        """Whether it is a calendar year."""
        return self.months == YEAR and self.start % YEAR == 0

    @property
    def last_day(self) -> dt.date:
        """The last day of it."""
        return dt.date(self.end // YEAR, self.end % YEAR + 1, 1) - dt.timedelta(days=1)

    def whole_year(self) -> Period:
        """The calendar year of its first month."""
        return Period(self.year * YEAR, YEAR)

    def year_before(self) -> Period:
        """The same months a year earlier (同期)."""
        return Period(self.start - YEAR, self.months)

    def before(self) -> Period:
        """The months just before it, as many as it has (上期)."""
        return Period(self.start - self.months, self.months)

    def covers(self, other: Period) -> bool:
        """Whether another period lies within it."""
        return self.start <= other.start and other.end <= self.end

    def __str__(self) -> str:
        year, month = divmod(self.start, YEAR)
        if self.months == YEAR and month == 0:
            return str(year)
        if self.months == _HALF and month % _HALF == 0:
            return f"{year}H{month // _HALF + 1}"
        if self.months == _QUARTER and month % _QUARTER == 0:
            return f"{year}Q{month // _QUARTER + 1}"
        first = f"{year}-{month + 1:02d}"
        last_year, last = divmod(self.end - 1, YEAR)
        return first if self.months == 1 else f"{first}/{last_year}-{last + 1:02d}"


def _months(year: str, first: int, count: int) -> Period:
    return Period(int(year) * YEAR + first - 1, count)


def _run(year: str, first: str, last_year: str, last: str) -> Period | None:
    start, end = int(year) * YEAR + int(first) - 1, int(last_year) * YEAR + int(last)
    return Period(start, end - start) if end > start else None


def _part(year: str, number: str, size: int) -> Period:
    place = _NUMERALS[number] if number in _NUMERALS else int(number)
    return _months(year, (place - 1) * size + 1, size)


def _days(year: str, month: str, day: str, last_year: str, last_month: str, last_day: str) -> Period | None:
    """From the first day of a month to the last of one."""
    found = _run(year, month, last_year, last_month)
    ends = found is not None and int(day) == 1 and found.last_day.day == int(last_day)
    return found if ends else None


def _serial(text: str) -> Period | None:
    if int(text) not in _SERIALS:
        return None
    day = _DAY_ZERO + dt.timedelta(days=int(text))
    return _months(str(day.year), day.month, 1) if day.day == 1 else None


_DAY = rf"{_Y}[-/.年]?{_M}[-/.月]?(0?[1-9]|[12]\d|3[01])日?"
_FORMS: tuple[tuple[str, Callable[..., Period | None]], ...] = (
    (rf"{_Y}(?:\.0)?(?:年度?|全年|年全年)?", lambda y: _months(y, 1, YEAR)),
    (rf"{_Y}年?[-_]?[Hh]([12])", lambda y, n: _part(y, n, _HALF)),
    (rf"{_Y}年?度?上半年(?:度)?", lambda y: _part(y, "1", _HALF)),
    (rf"{_Y}年?度?下半年(?:度)?", lambda y: _part(y, "2", _HALF)),
    (rf"{_Y}年?[-_]?[Qq]([1-4])", lambda y, n: _part(y, n, _QUARTER)),
    (rf"{_Y}年?度?第?([一二三四1-4])季度?", lambda y, n: _part(y, n, _QUARTER)),
    (rf"{_Y}年?度?前([二三2-3])个?季度", lambda y, n: _months(y, 1, _part(y, n, _QUARTER).end % YEAR)),
    (rf"{_Y}(?:[-/年]{_M}|\.{_MM}|{_MM})月?份?", lambda y, *m: _months(y, int(next(filter(None, m))), 1)),
    (rf"{_Y}\.([2-9])", lambda y, m: _months(y, int(m), 1)),
    (rf"{_Y}年{_M}月?{_TO}{_M}月(?:份|累计)?", lambda y, a, b: _run(y, a, y, b)),
    (rf"{_Y}[-/.年]?{_M}月?(?:{_TO}|/){_Y}[-/.年]?{_M}月?", _run),
    (rf"{_DAY}{_TO}{_DAY}", _days),
    (rf"{_Y}[-/.年]{_M}[-/.月]0?1日?(?:[T]?00:00(?::00)?)?", lambda y, m: _months(y, int(m), 1)),
    (r"(\d{5})(?:\.0)?", _serial),
)
_PATTERNS = tuple((re.compile(pattern), make) for pattern, make in _FORMS)


def read_period(text: str) -> Period | None:
    """The period that a text names, or None when it names none.

    Examples
    --------
    >>> [str(read_period(t)) for t in ("2024年前三季度", "2024-01-01至2024-12-31", "2024-03-01", "2024-12-31")]
    ['2024-01/2024-09', '2024', '2024-03', 'None']
    """
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", str(text)))
    for pattern, make in _PATTERNS:
        match = pattern.fullmatch(plain)
        if match:
            return make(*match.groups())
    return None


def normalise_period(text: str) -> str | None:
    """The canonical form of a period, or None when it is none.

    Examples
    --------
    >>> [normalise_period(t) for t in ("2025年", "2025年上半年", "2025年第三季度", "202506", "去年")]
    ['2025', '2025H1', '2025Q3', '2025-06', None]
    """
    found = read_period(text)
    return None if found is None else str(found)


def normalise_periods(cells: pd.Series) -> pd.Series:
    """The canonical period of every cell; missing where a cell names none."""
    known = {text: normalise_period(str(text)) for text in cells.dropna().unique()}
    return cells.map(known).astype("str")


def latest(periods: list[Period], as_of: dt.date) -> Period | None:
    """The period that ends last on a day or before it; of several the longest.

    Examples
    --------
    >>> found = [Period.of(t) for t in ("2024", "2025", "2024Q4", "2023")]
    >>> str(latest(found, dt.date(2025, 6, 30)))
    '2024'
    """
    over = [p for p in periods if p.last_day <= as_of]
    return max(over, key=lambda p: (p.end, p.months), default=None)

"""Many numbers written as people read them, each pair of a value and its limit told apart.

Rounding never moves a value to the other side of its limit: 2.999 against 3 is written 2.999. Elapsed years are written
in whole years and months of the calendar, by the day that they were counted from.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mudian.explain.words import decimal, say, singular, style, trimmed
from mudian.rules.clock import add_years, years_between
from parcels.catalog import Lang

Floats = NDArray[np.float64]
Words = NDArray[np.object_]
_SAME = 1e-9


def side(value: Floats, limit: Floats) -> NDArray[np.int8]:
    """−1 below the limit, 1 above, 0 where both are the same number or one is missing."""
    known = np.isfinite(value) & np.isfinite(limit)
    left, right = np.where(known, value, 0.0), np.where(known, limit, 0.0)
    same = np.abs(left - right) <= _SAME * np.maximum(np.abs(left), np.abs(right))
    return np.where(same, 0, np.sign(left - right)).astype(np.int8)


def satisfied(value: Floats, operator: str, limit: Floats) -> NDArray[np.bool_]:
    """Whether the numbers themselves satisfy a comparison."""
    where = side(value, limit)
    found: NDArray[np.bool_] = {
        "<": where < 0, "<=": where <= 0, ">": where > 0, ">=": where >= 0, "==": where == 0, "!=": where != 0,
    }[operator]  # fmt: skip
    return found


def spelled(value: Floats, limit: Floats, *, digits: int, whole: bool) -> Words:
    """Values with so many decimals, and more where rounding would move them across their limit.

    Parameters
    ----------
    value, limit
        Numbers; a missing limit leaves the usual decimals.
    digits
        Usual decimals.
    whole
        Whether whole numbers are written without decimals.

    Examples
    --------
    >>> list(spelled(np.array([2.5, 2.999, 3.0]), np.array([3.0, 3.0, 3.0]), digits=2, whole=False))
    ['2.50', '2.999', '3.00']
    """
    places = np.full(len(value), digits)
    if whole:
        places[value == np.round(value)] = 0
    true = side(value, limit)
    for more in range(digits, style("most_decimals")):
        crossing = (places == more) & (true != 0) & (side(np.round(value, more), limit) != true)
        places[crossing] += 1
    return _each(value, places, decimal)


def limits(limit: Floats, *, digits: int) -> Words:
    """Limits as they were set: without rounding where they have few decimals, else with so many, no zeros at the end.

    Examples
    --------
    >>> list(limits(np.array([24.097, 3.0, 17 / 6]), digits=2))
    ['24.097', '3', '2.83']
    """
    few = style("exact_decimals")
    exact = np.abs(limit - np.round(limit, few)) <= _SAME * np.maximum(np.abs(limit), 1)
    return _each(limit, np.where(exact, few, digits), lambda v, p: trimmed(decimal(v, p)))


def _each(value: Floats, places: NDArray[np.int64], write: Callable[[float, int], str]) -> Words:
    """Write every number once."""
    keys, codes = np.unique(np.column_stack([value, places]), axis=0, return_inverse=True)
    texts = np.array([write(v, int(p)) for v, p in keys.tolist()] + [""], dtype=object)
    found: Words = texts[codes.reshape(-1)]
    return found


def elapsed(years: Floats, as_of: str, lang: Lang) -> Words:
    """Elapsed years until a day as years and months; empty where they do not end on that day.

    Parameters
    ----------
    years
        As :func:`mudian.rules.clock.years_between` counts them.
    as_of
        The day, as ISO text.
    """
    unique, codes = np.unique(years, return_inverse=True)
    day = dt.date.fromisoformat(as_of)
    texts = np.array([*_spans(unique, np.datetime64(day, "D"), lang), ""], dtype=object)
    found: Words = texts[codes.reshape(-1)]
    return found


def _spans(years: Floats, end: np.datetime64, lang: Lang) -> list[str]:
    start = started(years, end)
    known = ~np.isnat(start)
    first = np.where(known, start, end)
    months = (end.astype("datetime64[M]") - first.astype("datetime64[M]")).astype(np.int64)
    months = months - (_add_months(first, months) > end)
    days = (end - first).astype(np.int64)
    triples = zip(known.tolist(), months.tolist(), days.tolist(), strict=True)
    return [_span(m, d, lang) if k else "" for k, m, d in triples]


def _span(months: int, days: int, lang: Lang) -> str:
    years, rest = divmod(months, style("months"))
    word = "years_months" if years and rest else "years_only" if years else "months_only" if rest else "days_only"
    return singular(say(word, lang, years=years, months=rest, days=days), lang)


def started(years: Floats, end: np.datetime64) -> NDArray[np.datetime64]:
    """The day from which elapsed years were counted; NaT where no day gives them."""
    found = np.full(len(years), np.datetime64("NaT", "D"))
    given = np.isfinite(years) & (years >= 0)
    whole = np.floor(np.where(given, years, 0.0) + _SAME).astype(np.int64)
    part = np.where(given, years, 0.0) - whole
    today = np.array([end])
    for length in {(end - add_years(today, -1)[0]).astype(int), (add_years(today, 1)[0] - end).astype(int)}:
        days = np.round(part * length).astype(np.int64)
        for start in (add_years(end - days, -whole), add_years(end - days, -whole) + 1):  # 28 or 29 February
            fits = given & (np.abs(years_between(start, end) - np.where(given, years, 0.0)) <= _SAME)
            found = np.where(np.isnat(found) & fits, start, found)
    return found


def _add_months(start: NDArray[np.datetime64], months: NDArray[np.int64]) -> NDArray[np.datetime64]:
    """The day so many months later, or the last day of a month that is too short."""
    month = start.astype("datetime64[M]")
    day = (start - month.astype("datetime64[D]")).astype(np.int64)
    target = month + months
    last = ((target + 1).astype("datetime64[D]") - target.astype("datetime64[D]")).astype(np.int64) - 1
    moved: NDArray[np.datetime64] = target.astype("datetime64[D]") + np.minimum(day, last)
    return moved

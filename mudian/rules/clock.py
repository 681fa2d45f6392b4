"""Calendar time: whole years between days, as contracts and statutes count them.

A year is full on the anniversary. Where the anniversary does not exist (29 February), the month has ended on its last
day and the year is full on that day.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_MONTHS = 12

Days = NDArray[np.datetime64]


def days(values: pd.Series) -> Days:
    """A column of dates as days; missing is NaT."""
    return pd.to_datetime(values).to_numpy().astype("datetime64[D]")


def add_years(start: Days, years: NDArray[np.int64] | int) -> Days:
    """The day so many whole years later.

    Examples
    --------
    >>> add_years(np.array(["2020-02-29"], "datetime64[D]"), 1)
    array(['2021-02-28'], dtype='datetime64[D]')
    """
    month = start.astype("datetime64[M]")
    day = (start - month.astype("datetime64[D]")).astype(np.int64)
    target = month + np.asarray(years) * _MONTHS
    last = ((target + 1).astype("datetime64[D]") - target.astype("datetime64[D]")).astype(np.int64) - 1
    moved = target.astype("datetime64[D]") + np.minimum(day, last)
    return np.where(np.isnat(start), np.datetime64("NaT", "D"), moved)


def years_between(start: Days, end: np.datetime64) -> NDArray[np.float64]:
    """Elapsed years from each day to one day: whole years by anniversaries, and the part of the running one.

    Examples
    --------
    >>> years_between(np.array(["2024-12-31", "2025-01-01"], "datetime64[D]"), np.datetime64("2025-12-31")).round(4)
    array([1.    , 0.9973])
    """
    missing = np.isnat(start)
    known = np.where(missing, end, start)
    whole = end.astype("datetime64[Y]").astype(np.int64) - known.astype("datetime64[Y]").astype(np.int64)
    whole = whole - (add_years(known, whole) > end)
    last, following = add_years(known, whole), add_years(known, whole + 1)
    part = (end - last).astype(np.int64) / (following - last).astype(np.int64)
    return np.where(missing, np.nan, whole + part)

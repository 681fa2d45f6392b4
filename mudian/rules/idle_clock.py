"""The clock of idle land (闲置土地): from which day the years are counted, and whether they are full.

A year is full on the anniversary (对应日); 29 February has its anniversary on 28 February of a common year, because a
month that lacks the day ends the period on its last day. A start of work agreed anew (补充协议) moves the clock only
where the policy says so; as long as that is not confirmed, both dates are read and a parcel is decided only where they
agree.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.packs.policy import Policy
from mudian.rules.clock import Days, add_years, days, years_between
from mudian.rules.logic import compare, constant

Mask = NDArray[np.bool_]
SUPPLEMENT = "idle.supplement_restarts"
DEFAULT_START = "idle.default_start_years"
_TINY = 1e-9


def dates(frame: pd.DataFrame, column: str) -> Days:
    """A column as days; NaT everywhere where the frame does not have it."""
    return days(frame[column]) if column in frame else np.full(len(frame), np.datetime64("NaT", "D"))


def numbers(frame: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """A column as numbers; NaN everywhere where the frame does not have it."""
    if column not in frame:
        return np.full(len(frame), np.nan)
    values: NDArray[np.float64] = frame[column].to_numpy(float, na_value=np.nan)
    return values


def add_span(start: Days, years: float) -> Days:
    """The first day on which so many years, whole or not, have passed.

    Parameters
    ----------
    start
        First days.
    years
        Length of the period in years; a part of a year is counted in days of the year that runs.

    Examples
    --------
    >>> add_span(np.array(["2022-03-15", "2024-02-29"], "datetime64[D]"), 1).tolist()
    [datetime.date(2023, 3, 15), datetime.date(2025, 2, 28)]
    >>> add_span(np.array(["2023-01-01"], "datetime64[D]"), 0.5).tolist()
    [datetime.date(2023, 7, 3)]
    """
    whole = math.floor(years)
    first = add_years(start, whole)
    part = years - whole
    if part < _TINY:
        return first
    running = (add_years(start, whole + 1) - first).astype(np.int64)
    rest = np.where(np.isnat(start), 0, np.ceil(part * running - _TINY)).astype("timedelta64[D]")
    moved: Days = first + rest
    return moved


def years_since(start: Days, as_of: np.datetime64, where: Mask | None = None) -> NDArray[np.float64]:
    """Elapsed years from each day to one day; NaN without a day or outside of ``where``."""
    wanted = ~np.isnat(start) if where is None else ~np.isnat(start) & where
    if wanted.all():
        return years_between(start, as_of)
    elapsed = np.full(len(start), np.nan)
    elapsed[wanted] = years_between(start[wanted], as_of)
    return elapsed


def is_full(elapsed: NDArray[np.float64], years: float | None, operator: str, index: pd.Index) -> pd.Series:
    """Whether a number of years is full (满几年); unknown without a day or without the number.

    Parameters
    ----------
    operator
        ``>=`` where the anniversary counts, ``>`` where it does not.
    """
    return constant(None, index) if years is None else compare(pd.Series(elapsed, index), operator, years)


def agreed(first: pd.Series, second: pd.Series) -> pd.Series:
    """What two readings say where they say the same; unknown elsewhere."""
    return first.where((first == second).fillna(False).astype(bool))


def anniversary_operator(policy: Policy) -> str:
    """The comparison that reads 满…年: the anniversary counts unless the policy says that it does not."""
    found = policy.find("idle.anniversary_inclusive")
    return ">" if found is not None and found.value is False else ">="


@dataclass(frozen=True)
class Start:
    """From which day the clock of every parcel runs.

    Attributes
    ----------
    earlier, later
        The day, twice the same where it is certain. ``earlier`` is NaT where one reading has no day.
    missing
        What would make it certain, by name.
    """

    earlier: Days
    later: Days
    missing: dict[str, Mask] = field(default_factory=dict)

    @property
    def certain(self) -> bool:
        """Whether there is only one reading for every parcel."""
        return self.earlier is self.later


def find_start(parcels: pd.DataFrame, policy: Policy) -> Start:
    """From which day the clock of every parcel runs (动工开发日期).

    Parameters
    ----------
    parcels
        With ``agreed_start``, ``supplement_start`` and ``handover_date`` where they are known.
    policy
        Whether a supplement restarts the clock, and how long after the hand-over it starts where nothing is agreed.

    Returns
    -------
    Start
        国土资源部令第53号 第二条、第二十二条.
    """
    first, missing = _agreed_or_default(parcels, policy)
    supplement = dates(parcels, "supplement_start")
    given = ~np.isnat(supplement)
    if not given.any():
        return Start(first, first, missing)
    other = np.where(given, supplement, first)
    restarts = policy.find(SUPPLEMENT)
    if restarts is not None:
        start = other if restarts.value is True else first
        return Start(start, start, missing)
    differs = given & ~(first == supplement)
    return Start(np.minimum(first, other), np.fmax(first, other), missing | {policy.name_lacking(SUPPLEMENT): differs})


def _agreed_or_default(parcels: pd.DataFrame, policy: Policy) -> tuple[Days, dict[str, Mask]]:
    """The agreed start, or what stands for it; and the names of what is missing where there is none."""
    start = dates(parcels, "agreed_start")
    without = np.isnat(start)
    if not without.any():
        return start, {}
    handover = dates(parcels, "handover_date")
    handed = ~np.isnat(handover)
    years = policy.number(DEFAULT_START)
    if years is None:
        return start, {"agreed_start": without, policy.name_lacking(DEFAULT_START): without & handed}
    start = np.where(without, add_span(handover, years), start)
    without = without & ~handed
    return start, {"agreed_start": without, "handover_date": without}

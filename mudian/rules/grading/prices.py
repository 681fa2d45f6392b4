"""Differential prices by grade (差别化电价、气价): surcharges that grow with the years in the last grade.

A surcharge follows from the grades of several years, so a year without a grade matters: by default what depends on it
is unknown. The surcharge is what the notice lets be levied per unit, not a bill.

Values of a measure, by the name it begins with (``shandong.power``):

``.ladder``
    Surcharge of the first, second, … consecutive year; the last step holds for all further years unless
    ``.open_ended`` is false.
``.grade``
    The grade it falls on.
``.stacking``
    With another penalty tariff: ``max`` (only the highest) or ``sum``.
``.not_evaluated``
    What a year without a grade does to the count: ``unknown``, ``restart`` or ``continue``; unknown where unset.
``.part_grade``, ``.part``
    Another grade, and the part of the surcharge that falls on it (C- in 南京).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.errors import PackError
from mudian.packs.policy import InForce, Policy
from parcels.errors import InputError

Counts = NDArray[np.int64]
Mask = NDArray[np.bool_]
Texts = NDArray[np.object_]
_STACKING = ("max", "sum")
_GAPS = ("unknown", "restart", "continue")


@dataclass(frozen=True)
class Surcharge:
    """Surcharges of a measure.

    Attributes
    ----------
    amount
        Per enterprise and year; missing where unknown.
    least, most
        The consecutive years in the grade, at least and at most.
    unit, clause
        Unit, and document and clause of the ladder.
    missing
        What an unknown amount lacks.
    """

    amount: pd.DataFrame
    least: pd.DataFrame
    most: pd.DataFrame
    unit: str
    clause: str
    missing: pd.DataFrame


def power_surcharge(
    grades_by_year: pd.DataFrame,
    policy: Policy,
    *,
    penalty: pd.DataFrame | None = None,
    measure: str = "shandong.power",
) -> pd.DataFrame:
    """Surcharge on electricity by the years in the last grade (鲁发改价格〔2022〕56号).

    Parameters
    ----------
    grades_by_year
        One row per enterprise, one column per year, with the grade; missing where it was not evaluated.
    policy
        Where the ladder comes from.
    penalty
        Other penalty tariffs (差别电价, 惩罚性电价, 阶梯电价) of the same enterprises and years, 元/kWh; 0 for none.
    measure
        Beginning of the keys of the measure.

    Returns
    -------
    DataFrame
        元/kWh per enterprise and year; 0 where none is due, missing where unknown.

    Examples
    --------
    >>> import datetime as dt
    >>> from mudian.packs.policy import policies
    >>> policy = policies(["shandong-2019"], as_of=dt.date(2024, 12, 31))
    >>> grades = pd.DataFrame({2020: ["D"], 2021: ["D"], 2022: ["C"], 2023: ["D"]}, index=["甲"])
    >>> power_surcharge(grades, policy).loc["甲"].tolist()
    [0.05, 0.1, 0.0, 0.05]
    """
    return surcharge(grades_by_year, policy, measure=measure, penalty=penalty).amount


def surcharge(
    grades_by_year: pd.DataFrame, policy: Policy, *, measure: str, penalty: pd.DataFrame | None = None
) -> Surcharge:
    """Surcharges of any measure by the years in a grade, with what they rest on.

    Parameters
    ----------
    grades_by_year
        One row per enterprise, one column per year; a year that is left out counts as not evaluated.
    policy
        Where the values of the measure come from.
    measure
        Beginning of the keys of the measure, e.g. ``shandong.power``, ``qingdao.gas``.
    penalty
        Other penalty tariffs of the same enterprises and years.

    Raises
    ------
    PackError
        When a column is no year, or a value of the measure cannot be used.
    """
    grades = _every_year(grades_by_year)
    found, lacking = policy.require(f"{measure}.ladder", f"{measure}.grade")
    if lacking:
        return _unknown(grades_by_year, found.get(f"{measure}.ladder"), ";".join(lacking))
    ladder, grade = found[f"{measure}.ladder"], str(found[f"{measure}.grade"].value)
    known, hit = grades.notna().to_numpy(bool), (grades == grade).fillna(False).to_numpy(bool)
    least, most = years_in_a_row(hit, known, _word(policy, f"{measure}.not_evaluated", _GAPS))
    amount = _by_ladder(least, most, _steps(ladder), _open_ended(policy, measure))
    amount = _part(amount, grades, ladder, policy, measure)
    missing = np.where(np.isnan(amount), _open_years(grades, hit, f"parameter:{ladder.key}"), "")
    own = pd.DataFrame(amount, grades.index, grades.columns)
    if penalty is not None:
        own, missing = _stacked(own, missing, penalty, policy, measure)
    tables = (own, *(pd.DataFrame(t, own.index, own.columns) for t in (least, most, missing)))
    amount_of, low, high, lacks = (
        t[[_year(c) for c in grades_by_year]].set_axis(grades_by_year.columns, axis=1) for t in tables
    )
    return Surcharge(amount_of, low, high, ladder.unit, ladder.cite, lacks)


def _every_year(table: pd.DataFrame) -> pd.DataFrame:
    """The table with its years in order, those left out as not evaluated."""
    years = [_year(c) for c in table.columns]
    if len(set(years)) < len(years):
        raise InputError("grade-years", value=", ".join(map(str, years)))
    whole = table.set_axis(pd.Index(years), axis=1)
    return whole.reindex(columns=range(min(years), max(years) + 1)) if years else whole


def _year(column: object) -> int:
    text = str(column).strip()
    if not text.isdecimal():
        raise InputError("grade-years", field=column, value=repr(column))
    return int(text)


def years_in_a_row(hit: Mask, known: Mask, gap: str = _GAPS[0]) -> tuple[Counts, Counts]:
    """Consecutive years in the grade up to each year: at least, and at most.

    Parameters
    ----------
    hit, known
        Subjects × years: where the grade is the one that counts, and where there is a grade.
    gap
        What a year without a grade does: ``unknown``, ``restart`` or ``continue``.
    """
    least, most = np.zeros(hit.shape, np.int64), np.zeros(hit.shape, np.int64)
    low = high = np.zeros(len(hit), np.int64)
    for n in range(hit.shape[1]):
        yes, open_ = hit[:, n], ~known[:, n]
        on_low = np.where(yes, low + 1, 0)
        on_high = np.where(yes, high + 1, 0)
        if gap == "continue":
            on_low, on_high = np.where(open_, low, on_low), np.where(open_, high, on_high)
        elif gap == "unknown":
            on_high = np.where(open_, high + 1, on_high)
        low, high = on_low, on_high
        least[:, n], most[:, n] = low, high
        if gap == "continue":
            least[:, n], most[:, n] = np.where(open_, 0, low), np.where(open_, 1, high)
    return least, most


def _steps(ladder: InForce) -> NDArray[np.float64]:
    steps = np.array(ladder.numbers)
    if not len(steps) or (np.diff(steps) < 0).any() or (steps < 0).any():
        raise PackError("grade-ladder", name=ladder.key, value=repr(ladder.value))
    return steps


def _by_ladder(least: Counts, most: Counts, steps: NDArray[np.float64], open_ended: bool) -> NDArray[np.float64]:
    table = np.concatenate([[0.0], steps, [steps[-1] if open_ended else np.nan]])
    low, high = (table[np.minimum(c, len(table) - 1)] for c in (least, most))
    return np.where(low == high, low, np.nan)


def _open_ended(policy: Policy, measure: str) -> bool:
    found = policy.find(f"{measure}.open_ended")
    return found is None or bool(found.value)


def _part(
    amount: NDArray[np.float64], grades: pd.DataFrame, ladder: InForce, policy: Policy, measure: str
) -> NDArray[np.float64]:
    """A part of the surcharge for another grade; of a ladder of several steps it is not said which one."""
    grade, part = policy.find(f"{measure}.part_grade"), policy.find(f"{measure}.part")
    if grade is None or part is None:
        return amount
    steps = _steps(ladder)
    base = steps[0] if len(steps) == 1 else np.nan
    return np.where((grades == str(grade.value)).fillna(False), base * part.number, amount)


def _word(policy: Policy, key: str, allowed: tuple[str, ...]) -> str:
    found = policy.find(key)
    if found is None:
        return allowed[0]
    if found.value not in allowed:
        raise PackError("grade-choice", name=key, value=repr(found.value), allowed=" / ".join(allowed))
    return str(found.value)


def _stacked(
    own: pd.DataFrame, missing: Texts, penalty: pd.DataFrame, policy: Policy, measure: str
) -> tuple[pd.DataFrame, Texts]:
    other = _every_year(penalty).reindex(columns=own.columns).astype(float)
    other = other if other.index.equals(own.index) else other.reindex(own.index)
    joined = np.add if _word(policy, f"{measure}.stacking", _STACKING) == "sum" else np.maximum
    amount = joined(own.to_numpy(float), other.to_numpy(float))
    names = np.array([f"penalty_{y}" for y in own.columns], object)
    lacking = np.where(other.isna(), np.where(missing == "", names, missing + ";" + names), missing)
    return pd.DataFrame(amount, own.index, own.columns), lacking


def _open_years(grades: pd.DataFrame, hit: Mask, otherwise: str) -> Texts:
    """The years without a grade on which the count up to each year depends; without any, what else is lacking."""
    names = np.full(grades.shape, otherwise, object)
    running = np.full(len(grades), "", object)
    for n, year in enumerate(grades.columns):
        open_ = grades[year].isna().to_numpy(bool)
        running = np.where(open_, running + f"grade_{year};", np.where(hit[:, n], running, ""))
        names[:, n] = [text.rstrip(";") or otherwise for text in running]
    return names


def _unknown(asked: pd.DataFrame, ladder: InForce | None, names: str) -> Surcharge:
    nothing = pd.DataFrame(np.nan, asked.index, asked.columns)
    count = pd.DataFrame(0, asked.index, asked.columns)
    missing = pd.DataFrame(names, asked.index, asked.columns)
    return Surcharge(nothing, count, count, ladder.unit if ladder else "", ladder.cite if ladder else "", missing)

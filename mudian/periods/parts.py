"""Longer periods from shorter ones: four quarters are a year, two quarters a half.

What is of a whole period (taxes, sales) adds up, and only where every part is there; what is counted at a day (staff)
is that of the last part. Overlapping parts are never added.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.periods.spans import Period
from mudian.schemas import MONEY, QUANTITIES

Kind = Literal["flow", "stock", "ask"]
Investment = Literal["cumulative", "of_period"]
_KEY = "enterprise_id"


@cache
def data() -> dict[str, Any]:
    """What is known about measures and grades over time."""
    return tomllib.loads((files("mudian") / "data" / "periods.toml").read_text(encoding="utf-8"))


def kinds(investment: Investment | None = None) -> dict[str, Kind]:
    """How every measure behaves; ``investment`` says what the user's figures of investment are."""
    said: dict[str | None, Kind] = {"cumulative": "stock", "of_period": "flow", None: "ask"}
    return {name: said[investment] if kind == "ask" else kind for name, kind in data()["kinds"].items()}


def measures_of(frame: pd.DataFrame) -> list[str]:
    """The measures that a table has."""
    return [c for c in (*MONEY, *QUANTITIES) if c in frame]


def roll_up(rows: pd.DataFrame, target: Period, *, investment: Investment | None = None) -> pd.DataFrame:
    """The rows of a period that parts of it make up, for enterprises that have all of them.

    Parameters
    ----------
    rows
        One row per enterprise and ``period`` (canonical text); not changed.
    target
        The longer period.
    investment
        Whether figures of investment are cumulative or of their period; missing in the result where nobody says.

    Returns
    -------
    DataFrame
        One row per enterprise, like its last part, with flows added and ``basis`` = ``summed``. Where several sets of
        parts make up the period, the one with the longest parts counts.

    Examples
    --------
    >>> rows = pd.DataFrame({"enterprise_id": ["甲", "甲", "乙"], "period": ["2024Q1", "2024Q2", "2024Q1"],
    ...     "tax_wan": [3.0, 4.0, 5.0], "employees": [80.0, 90.0, 10.0]})
    >>> roll_up(rows, Period.of("2024H1"))[["enterprise_id", "tax_wan", "employees"]].values.tolist()
    [['甲', 7.0, 90.0]]
    """
    parts = _parts(rows, target)
    chosen = _tiles(parts, target)
    lengths = sorted(parts["_months"].unique(), reverse=True) if len(parts) else []
    found = [parts[parts[_KEY].isin(chosen)]]
    for length in lengths:
        rest = parts[(parts["_months"] == length) & ~parts[_KEY].isin(chosen)]
        more = _tiles(rest, target)
        found.append(rest[rest[_KEY].isin(more)])
        chosen = chosen.union(more)
    return _added(pd.concat(found), target, kinds(investment))


def spans_of(periods: pd.Series) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First month and number of months of every canonical period."""
    known = {text: Period.of(text) for text in periods.unique()}
    start = periods.map({t: p.start for t, p in known.items()}).to_numpy(np.int64)
    return start, periods.map({t: p.months for t, p in known.items()}).to_numpy(np.int64)


def _parts(rows: pd.DataFrame, target: Period) -> pd.DataFrame:
    """The rows of periods within a longer one, in order of enterprise and time."""
    start, months = spans_of(rows["period"])
    inside = (start >= target.start) & (start + months <= target.end) & (months < target.months)
    parts = rows[inside].assign(_start=start[inside], _months=months[inside])
    return parts.sort_values([_KEY, "_start", "_months"], kind="stable")


def _tiles(parts: pd.DataFrame, target: Period) -> pd.Index:
    """The enterprises whose parts, all of them together, make up a period without overlap."""
    if parts.empty:
        return pd.Index([], dtype="str")
    by_id = parts.groupby(_KEY, sort=False)
    before = (parts["_start"] + parts["_months"]).groupby(parts[_KEY], sort=False).shift()
    overlap = (parts["_start"] < before).groupby(parts[_KEY], sort=False).any()
    whole: pd.Series = (by_id["_months"].sum() == target.months) & ~overlap
    found: pd.Index = whole.index[whole.to_numpy(bool)]
    return found


def _added(parts: pd.DataFrame, target: Period, kind: dict[str, Kind]) -> pd.DataFrame:
    by_id = parts.sort_values([_KEY, "_start"], kind="stable").groupby(_KEY, sort=False)
    last = by_id.tail(1).set_index(_KEY, drop=False)
    made: dict[str, Any] = {"period": str(target), "basis": "summed"}
    for column in measures_of(parts):
        if kind[column] == "flow":
            made[column] = by_id[column].sum(min_count=1).where(by_id[column].count() == by_id.size())
        elif kind[column] == "ask":
            made[column] = np.nan
    return last.assign(**made).drop(columns=["_start", "_months"]).reset_index(drop=True)

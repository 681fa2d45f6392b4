"""Averages that a rule compares with: of an industry, a zone or the whole county, as ratios of sums.

The average of a group is the sum of numerators over the sum of denominators of those members for which both are known,
the subject itself included. It is never the mean of ratios.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.errors import PackError
from mudian.measure import INDICATORS, PER_MU

LAND = ("land_mu", "area_mu", "base_mu")
# The column that a group is known by; the whole county has none.
GROUP_KEYS = {"industry": "industry_code", "zone": "zone_id"}
_OTHERS = "{column}@{metric}@{group}"


def group_average(frame: pd.DataFrame, metric: str, group: str) -> tuple[pd.Series, tuple[str, ...]]:
    """The average of a metric over the group of every row.

    Parameters
    ----------
    frame
        Subjects with the columns that the metric is a ratio of.
    metric
        ``tax_per_mu`` or another indicator that is a ratio of sums.
    group
        ``industry`` (first two digits of ``industry_code``), ``zone`` (``zone_id``) or ``county`` (all rows).

    Returns
    -------
    Series, tuple of str
        The average per row, and the columns that it needs and the frame lacks.
    """
    above, below = _ratio_of(frame, metric)
    key = GROUP_KEYS.get(group)
    lacking = tuple(c for c in (above, below, *([key] if key else [])) if c not in frame)
    if lacking:
        return pd.Series(np.nan, frame.index), lacking
    own = _own(frame, above, below)
    held = [_OTHERS.format(column=c, metric=metric, group=group) for c in (above, below)]
    if all(name in frame for name in held):
        totals = own.fillna(0.0) + frame[held].to_numpy()
        totals = totals.where(totals[below] > 0)
    else:
        totals = _totals(frame, own, group)
    return totals[above] / totals[below].where(totals[below] > 0), ()


def hold_others(frame: pd.DataFrame, averages: Iterable[tuple[str, str]]) -> pd.DataFrame:
    """Keep what the other members of every group add to its average, so that rows can be judged one by one.

    A frame made so may be cut to some of its rows, or the figures of a row changed: the average of the row is then
    its own figures together with those that the others had.

    Parameters
    ----------
    frame
        All subjects; not changed.
    averages
        Pairs of metric and group, as in :func:`group_average`.

    Returns
    -------
    DataFrame
        With two columns more per average that the frame has the columns for.
    """
    made: dict[str, pd.Series] = {}
    for metric, group in averages:
        above, below = _ratio_of(frame, metric)
        key = GROUP_KEYS.get(group)
        if not {above, below, *([key] if key else [])} <= set(frame.columns):
            continue
        own = _own(frame, above, below)
        others = _totals(frame, own, group) - own.fillna(0.0)
        made |= {_OTHERS.format(column=c, metric=metric, group=group): others[c] for c in (above, below)}
    return frame.assign(**made)


def _own(frame: pd.DataFrame, above: str, below: str) -> pd.DataFrame:
    """Numerator and denominator where both are known."""
    return frame[[above, below]].where(frame[above].notna() & (frame[below] > 0))


def _totals(frame: pd.DataFrame, own: pd.DataFrame, group: str) -> pd.DataFrame:
    """The sums over the group of every row; missing where nobody in it has a figure or the group is unknown."""
    key = GROUP_KEYS.get(group)
    if key is None:
        return pd.DataFrame({c: own[c].sum(min_count=1) for c in own.columns}, index=frame.index)
    names = division(frame[key]) if group == "industry" else frame[key]
    position, spelled = pd.factorize(names)
    return pd.DataFrame({c: _sum(own[c], position, len(spelled)) for c in own.columns}, index=frame.index)


def _sum(cells: pd.Series, position: NDArray[np.intp], size: int) -> NDArray[np.float64]:
    """The sum over the group of every row, -1 for none; missing where nobody in it has a figure."""
    values = cells.to_numpy(float, na_value=np.nan)
    known = (position >= 0) & ~np.isnan(values)
    total = np.bincount(position[known], weights=values[known], minlength=size)
    counted = np.bincount(position[known], minlength=size) > 0
    # One missing sum behind the last group serves the rows that are in none.
    return np.append(np.where(counted, total, np.nan), np.nan)[position]


def _ratio_of(frame: pd.DataFrame, metric: str) -> tuple[str, str]:
    if metric in PER_MU:
        return PER_MU[metric], next((c for c in LAND if c in frame), LAND[0])
    if metric in INDICATORS:
        return INDICATORS[metric]
    raise PackError("pack-table-ratio", name=metric, known=", ".join([*PER_MU, *INDICATORS]))


def division(codes: pd.Series) -> pd.Series:
    """The division (大类) of GB/T 4754 codes: two digits, without the letter of the section."""
    codes = codes.astype("str")
    position, spelled = pd.factorize(codes)
    found = pd.Series(spelled, dtype="str").str.extract(r"^[A-Za-z]?(\d{2})", expand=False)
    return pd.Series(found.array.take(position, allow_fill=True), codes.index, name=codes.name)

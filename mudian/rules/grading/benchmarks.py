"""Benchmarks (基准值): what an indicator is held against.

A fixed benchmark is a value of the policy. A mean or a maximum is taken over the enterprises evaluated; the mean of an
intensity is the ratio of sums, never the mean of ratios, unless the method says so. Sums are exact, so that the order
of rows changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mudian.errors import PackError
from mudian.rules.grading.lookup import Floats, Lookup, Mask, column, parts_of
from mudian.rules.grading.method import Indicator


@dataclass(frozen=True)
class Reference:
    """One number per row, and what is lacking where there is none."""

    value: Floats
    lacking: tuple[str, ...] = ()


def benchmark(
    indicator: Indicator,
    metric: str,
    values: Floats,
    frame: pd.DataFrame,
    lookup: Lookup,
    *,
    listed: Mask,
    codes: Floats,
) -> Reference:
    """The benchmark of an indicator for every enterprise.

    Parameters
    ----------
    indicator, metric
        Indicator of the method, and its column.
    values
        Its values, in the unit of the benchmark.
    frame
        The enterprises, for the sums behind a mean.
    lookup
        Where the numbers come from.
    listed
        Who is evaluated: means and maxima are taken over them.
    codes
        Group of every enterprise within which they are taken.

    Raises
    ------
    PackError
        When a benchmark is not positive.
    """
    times, lacking = lookup.number(indicator.times)
    if indicator.rule == "fixed":
        fixed, absent = lookup.number(indicator.benchmark)
        found = Reference(np.full(len(values), np.nan if fixed is None else fixed), absent)
    elif indicator.rule == "max":
        found = Reference(per_group(values, listed, codes, np.max))
    else:
        found = _mean(indicator, metric, values, frame, lookup, listed, codes)
    factor = np.nan if times is None and indicator.times else times if times is not None else 1.0
    value = found.value * factor
    if (value <= 0).any():
        raise PackError("grade-benchmark", field=metric, value=float(np.nanmin(value)))
    return Reference(value, (*found.lacking, *lacking))


def extremes(values: Floats, listed: Mask, codes: Floats) -> tuple[Floats, Floats]:
    """Minimum and maximum over the enterprises evaluated, for every row."""
    return per_group(values, listed, codes, np.min), per_group(values, listed, codes, np.max)


def mean_of(values: Floats, listed: Mask, codes: Floats) -> Floats:
    """The mean over the enterprises evaluated that have a value, for every row."""
    return per_group(values, listed, codes, exact_mean)


def exact_mean(values: Floats) -> float:
    """A mean that does not depend on the order of its values."""
    return math.fsum(values) / len(values)


def per_group(values: Floats, listed: Mask, codes: Floats, of: Callable[[Floats], float]) -> Floats:
    """A number of each group's known values, for every row of the group; missing where none is known."""
    result = np.full(len(values), np.nan)
    known = listed & ~np.isnan(values)
    for code in np.unique(codes[~np.isnan(codes)]):
        inside = codes == code
        pool = values[inside & known]
        if len(pool):
            result[inside] = of(pool)
    return result


def _mean(
    indicator: Indicator,
    metric: str,
    values: Floats,
    frame: pd.DataFrame,
    lookup: Lookup,
    listed: Mask,
    codes: Floats,
) -> Reference:
    parts = parts_of(frame, metric)
    if indicator.mean == "of_values" or parts is None:
        return Reference(mean_of(values, listed, codes))
    absent = tuple(p for p in parts if p not in frame)
    if absent:
        return Reference(np.full(len(values), np.nan), absent)
    factor, _ = lookup.number(indicator.factor)
    above, below = column(frame, parts[0]), column(frame, parts[1])
    both = listed & ~np.isnan(above) & (below > 0)
    sums = [per_group(p, both, codes, math.fsum) for p in (above, below)]
    return Reference(sums[0] / sums[1] * (1.0 if factor is None else factor))

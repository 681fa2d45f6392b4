"""Points of an indicator (指标得分), as formulas over arrays.

An indicator that is missing gives missing points here: what a missing one gets is the policy's to say, not the
formula's. A benchmark that is zero or negative is an error, because a score divided by it means nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mudian.errors import PackError

Floats = NDArray[np.float64]


def ratio(value: ArrayLike, benchmark: ArrayLike, weight: float) -> Floats:
    """Value over benchmark, times the weight (rules-evaluation 1.5, 黄岩, 淮安, 开化).

    Parameters
    ----------
    value, benchmark
        Indicator and what it is held against, in the same unit.
    weight
        Points at the benchmark.

    Raises
    ------
    PackError
        When a benchmark is not positive.

    Examples
    --------
    >>> ratio([12.0, None], 24.0, 30.0).tolist()
    [15.0, nan]
    """
    below = _positive(benchmark)
    return np.asarray(np.asarray(value, float) / below * weight)


def minmax(value: ArrayLike, low: ArrayLike, high: ArrayLike, weight: float, *, base: float, span: float) -> Floats:
    """Place between minimum and maximum: weight × (base + span × place) / 100 (旌德).

    Parameters
    ----------
    value, low, high
        Indicator, and its minimum and maximum over the enterprises evaluated.
    weight
        Most points.
    base, span
        Points of a hundred at the minimum, and from there to the maximum.

    Returns
    -------
    ndarray
        Missing where minimum and maximum are equal.

    Examples
    --------
    >>> minmax([0.0, 12.0, 40.0], 0.0, 40.0, 30.0, base=20.0, span=80.0).tolist()
    [6.0, 13.2, 30.0]
    """
    least, width = np.asarray(low, float), np.asarray(high, float) - np.asarray(low, float)
    width = np.where(width == 0, np.nan, width)
    place = (np.asarray(value, float) - least) / width
    return np.asarray(weight * (base + span * place) / 100)


def inverse_mean(value: ArrayLike, mean: ArrayLike, weight: float) -> Floats:
    """Less is better: (2 − value / mean) × weight / 2, and nothing from twice the mean on.

    Raises
    ------
    PackError
        When a mean is not positive.

    Examples
    --------
    >>> inverse_mean([0.0, 10.0, 20.0, 30.0], 10.0, 4.0).tolist()
    [4.0, 2.0, 0.0, 0.0]
    """
    points = (2 - np.asarray(value, float) / _positive(mean)) * weight / 2
    return np.asarray(np.maximum(points, 0.0))


def bounded(points: ArrayLike, *, cap: float | None = None, floor: float | None = None) -> Floats:
    """Points cut off first at the cap, then at the floor; missing stays missing.

    Parameters
    ----------
    points
        Points of an item.
    cap, floor
        Most and least points.
    """
    result = np.asarray(points, float)
    result = result if cap is None else np.minimum(result, cap)
    return result if floor is None else np.maximum(result, floor)


def scores(
    values: ArrayLike,
    benchmarks: Sequence[float],
    weights: Sequence[float],
    *,
    cap: float | None = None,
    floor: float | None = None,
) -> Floats:
    """Scores of enterprises by the ratio kernel: every item is capped, then floored, then all are added.

    Parameters
    ----------
    values
        One row per enterprise, one column per indicator.
    benchmarks, weights
        One per indicator.
    cap
        Most points of an item as a multiple of its weight.
    floor
        Least points of an item.

    Returns
    -------
    ndarray
        One score per enterprise; missing where an indicator is missing.

    Raises
    ------
    PackError
        When a benchmark is not positive.

    Examples
    --------
    >>> scores([[24.0, 100.0], [36.0, 50.0]], [24.0, 100.0], [60.0, 40.0]).tolist()
    [100.0, 110.0]
    """
    table = np.atleast_2d(np.asarray(values, float))
    items = [
        bounded(ratio(column, benchmark, weight), cap=None if cap is None else cap * weight, floor=floor)
        for column, benchmark, weight in zip(table.T, benchmarks, weights, strict=True)
    ]
    return np.asarray(np.sum(items, axis=0))


def _positive(benchmark: ArrayLike) -> Floats:
    array = np.asarray(benchmark, float)
    if bool((array <= 0).any()):
        raise PackError("grade-benchmark", value=float(np.nanmin(array)))
    return array

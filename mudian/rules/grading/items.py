"""Items of a score (指标得分): indicator, benchmark, points, and what becomes of an indicator that is missing.

Order: kernel, cap, floor, then the policy for missing indicators, then the sum. By default a missing indicator makes
the score unknown; it is never zero, best or worst unless the method says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from mudian.rules.grading import kernels
from mudian.rules.grading.benchmarks import Reference, benchmark, extremes, mean_of
from mudian.rules.grading.lookup import Floats, Lookup, Mask, Masks, column, everywhere, united
from mudian.rules.grading.method import Indicator, Kernel
from parcels.errors import InputError


@dataclass(frozen=True)
class Item:
    """One indicator of every enterprise.

    Attributes
    ----------
    value, reference
        Indicator and what it is held against (for ``minmax`` the maximum, for ``rank_only`` nothing).
    points
        After cap, floor and the policy for missing ones; missing where unknown or left out.
    left_out
        Where the item does not count and the others are rescaled.
    """

    indicator: Indicator
    metric: str
    value: Floats
    reference: Floats
    weight: float
    points: Floats
    left_out: Mask
    missing: Masks = field(default_factory=dict)
    reasons: Masks = field(default_factory=dict)


@dataclass(frozen=True)
class _Points:
    points: Floats
    reference: Floats
    lacking: tuple[str, ...] = ()


def score_item(indicator: Indicator, frame: pd.DataFrame, lookup: Lookup, *, listed: Mask, codes: Floats) -> Item:
    """Points of one indicator for every enterprise.

    Parameters
    ----------
    indicator
        Indicator of the method.
    frame
        Enterprises.
    lookup
        Where the numbers come from.
    listed, codes
        Who is evaluated, and in which group means, minima and maxima are taken.

    Raises
    ------
    InputError
        When the indicator is missing and the method does not allow that.
    """
    metric, unnamed = _metric(indicator, lookup)
    factor, no_factor = lookup.number(indicator.factor)
    value = column(frame, metric) * _number(factor, indicator.factor)
    weight, no_weight = lookup.number(indicator.weight)
    heavy = np.nan if weight is None else weight
    raw = _kernel(indicator, metric, value, heavy, frame, lookup, listed, codes)
    nowhere = np.zeros(len(frame), bool)
    points, reasons, no_limit = _bounded(indicator, raw.points, heavy, lookup)
    lacking = (*unnamed, *no_factor, *no_weight, *raw.lacking, *no_limit)
    if lacking:
        missing = everywhere(lacking, len(frame)) | ({} if unnamed or no_factor else {metric: np.isnan(value)})
        return Item(indicator, metric, value, raw.reference, heavy, np.full(len(frame), np.nan), nowhere, missing)
    item = Item(indicator, metric, value, raw.reference, heavy, points, nowhere, {}, reasons)
    return _filled(item, listed, codes)


def total(items: Sequence[Item]) -> Floats:
    """Sum of the items; where some are left out, the others count for all of the weight."""
    points = np.array([np.where(i.left_out, 0.0, i.points) for i in items])
    weights = np.array([i.weight for i in items])
    counted = np.sum([np.where(i.left_out, 0.0, i.weight) for i in items], axis=0)
    summed = points.sum(axis=0)
    if not any(i.left_out.any() for i in items):
        return np.asarray(summed)
    whole = np.where(counted > 0, counted, np.nan)
    return np.asarray(np.where(counted == weights.sum(), summed, summed * weights.sum() / whole))


def _metric(indicator: Indicator, lookup: Lookup) -> tuple[str, tuple[str, ...]]:
    if indicator.metric_by is None:
        return indicator.metric, ()
    found, lacking = lookup.find(indicator.metric_by)
    return ("" if found is None else str(found.value)), lacking


def _number(found: float | None, key: str | None) -> float:
    if key is None:
        return 1.0
    return np.nan if found is None else found


def _kernel(
    indicator: Indicator,
    metric: str,
    value: Floats,
    weight: float,
    frame: pd.DataFrame,
    lookup: Lookup,
    listed: Mask,
    codes: Floats,
) -> _Points:
    kernel: Kernel = lookup.method.kernel_of(indicator)
    if kernel == "rank_only":
        return _Points(value, np.full(len(value), np.nan))
    if kernel == "minmax":
        return _minmax(indicator, value, weight, lookup, listed, codes)
    held = benchmark(indicator, metric, value, frame, lookup, listed=listed, codes=codes)
    made = kernels.inverse_mean if kernel == "inverse_mean" else kernels.ratio
    return _Points(made(value, held.value, weight), held.value, _benchmark_lacking(held, metric, value, listed))


def _benchmark_lacking(held: Reference, metric: str, value: Floats, listed: Mask) -> tuple[str, ...]:
    """A benchmark that nobody's data give is named after the indicator."""
    nobody = bool(np.isnan(held.value[listed]).all()) and bool(listed.any()) and not np.isnan(value[listed]).all()
    return held.lacking or ((f"benchmark:{metric}",) if nobody else ())


def _minmax(indicator: Indicator, value: Floats, weight: float, lookup: Lookup, listed: Mask, codes: Floats) -> _Points:
    base, no_base = lookup.number(lookup.method.base)
    span, no_span = lookup.number(lookup.method.span)
    low, high = extremes(value, listed, codes)
    if base is None or span is None:
        return _Points(np.full(len(value), np.nan), high, (*no_base, *no_span))
    if indicator.direction == "lower":
        points = kernels.minmax(-value, -high, -low, weight, base=base, span=span)
    else:
        points = kernels.minmax(value, low, high, weight, base=base, span=span)
    same = (low == high) & ~np.isnan(value)
    if not same.any():
        return _Points(points, high)
    choice = lookup.choice("equal")
    if choice is None:
        key = lookup.method.by.get("equal", "equal")
        return _Points(points, high, (lookup.policy.name_lacking(key),))
    return _Points(np.where(same, weight * (base + span * (choice == "full")) / 100, points), high)


def _bounded(
    indicator: Indicator, points: Floats, weight: float, lookup: Lookup
) -> tuple[Floats, Masks, tuple[str, ...]]:
    cap, no_cap = lookup.number(indicator.cap or lookup.method.cap)
    floor, no_floor = lookup.number(indicator.floor or lookup.method.floor)
    most = None if cap is None else cap * weight
    cut = kernels.bounded(points, cap=most, floor=floor)
    reasons = {} if most is None else {"capped": points > most}
    reasons |= {} if floor is None else {"floored": points < floor}
    return cut, reasons, (*no_cap, *no_floor)


def _filled(item: Item, listed: Mask, codes: Floats) -> Item:
    """The item with what the policy gives to enterprises that lack the indicator."""
    gone = np.isnan(item.value)
    how = item.indicator.missing
    none = np.zeros(len(gone), bool)
    points, left_out, reasons, missing = item.points, none, dict(item.reasons), {}
    if how == "error" and (gone & listed).any():
        raise InputError(
            "grade-indicator-missing", field=item.metric, metric=item.metric, count=int((gone & listed).sum())
        )
    if how == "zero":
        points, reasons = np.where(gone, 0.0, points), reasons | {"zero": gone}
    elif how == "mean_score":
        points = np.where(gone, mean_of(item.points, listed, codes), points)
        reasons["mean-score"] = gone & ~np.isnan(points)
    elif how == "exclude_and_rescale":
        left_out, reasons = gone, reasons | {"rescaled": gone}
    open_ = np.isnan(points) & ~left_out
    if open_.any():
        missing = united({item.metric: open_})
    return Item(
        item.indicator, item.metric, item.value, item.reference, item.weight, points, left_out, missing, reasons
    )

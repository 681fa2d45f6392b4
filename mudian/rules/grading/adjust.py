"""What comes after the sum and after the quota: points added or taken off, veto (一票否决) and protection.

An unknown veto or protection makes the grade unknown only where it would change it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.rules.grading.lookup import Floats, Lookup, Mask, Masks, column, everywhere, united
from mudian.rules.grading.method import Adjustment

Codes = NDArray[np.int64]
UNKNOWN = -1


@dataclass(frozen=True)
class Limits:
    """How veto and protection act, on codes of grades (0 is the best).

    Attributes
    ----------
    veto, protection
        Code of their grade; None where the method has none.
    force
        Whether a veto gives its grade, instead of limiting to it.
    veto_first
        Whether a veto takes protection away; else protection takes the veto's effect away below its grade.
    """

    veto: int | None
    protection: int | None
    force: bool
    veto_first: bool


def points(frame: pd.DataFrame, lookup: Lookup) -> tuple[Floats, Masks]:
    """Points added (and taken off, negative) per enterprise, and what is lacking.

    Parameters
    ----------
    frame
        Enterprises.
    lookup
        The method and its numbers.
    """
    total = np.zeros(len(frame))
    missing: Masks = {}
    for adjustment in lookup.method.adjustments:
        given, lacking = _points(adjustment, frame, lookup)
        total = total + (given if adjustment.sign == "+" else -given)
        missing = united(missing, lacking)
    return total, missing


def _points(adjustment: Adjustment, frame: pd.DataFrame, lookup: Lookup) -> tuple[Floats, Masks]:
    cells = column(frame, adjustment.column)
    if adjustment.missing == "zero":
        if adjustment.column not in frame:
            lookup.left_out.add(adjustment.column)
        cells = np.where(np.isnan(cells), 0.0, cells)
    given, no_steps = _steps(adjustment, cells, lookup)
    most, no_most = lookup.number(adjustment.most)
    lacking = (*no_steps, *no_most)
    missing = united({adjustment.column: np.isnan(cells)}, everywhere(lacking, len(cells)))
    return (given if most is None else np.minimum(given, most)), missing


def _steps(adjustment: Adjustment, cells: Floats, lookup: Lookup) -> tuple[Floats, tuple[str, ...]]:
    if adjustment.first is None:
        return cells, ()
    first, no_first = lookup.number(adjustment.first)
    further, no_further = lookup.number(adjustment.further)
    if first is None or further is None:
        return np.full(len(cells), np.nan), (*no_first, *no_further)
    return np.where(cells >= 1, first + further * (cells - 1), np.where(np.isnan(cells), np.nan, 0.0)), ()


def limits(lookup: Lookup) -> Limits:
    """Veto and protection of a method as codes of its grades."""
    method = lookup.method
    return Limits(
        method.grades.index(method.veto.grade) if method.veto else None,
        method.grades.index(method.protection.grade) if method.protection else None,
        (lookup.choice("veto_effect") or (method.veto.effect if method.veto else None)) == "force",
        lookup.choice("precedence") == "veto",
    )


def apply(codes: Codes, rules: Limits, *, veto: pd.Series, protected: pd.Series) -> Codes:
    """Grades after veto and protection; unknown where an unknown one would matter.

    Parameters
    ----------
    codes
        Grades by rank, 0 the best; negative for unknown.
    rules
        How veto and protection act.
    veto, protected
        True, False or missing per enterprise.

    Returns
    -------
    ndarray
        Codes of grades; -1 for unknown.
    """
    least, most = np.full(len(codes), np.iinfo(np.int64).max), np.full(len(codes), UNKNOWN)
    for v, p in product((False, True), repeat=2):
        possible = _may_be(veto, v) & _may_be(protected, p)
        grade = _limited(codes, rules, v, p)
        least = np.where(possible, np.minimum(least, grade), least)
        most = np.where(possible, np.maximum(most, grade), most)
    return np.where((codes >= 0) & (least == most), most, UNKNOWN)


def _may_be(flag: pd.Series, value: bool) -> Mask:
    return np.asarray(flag.isna() | (flag.fillna(value) == value), bool)


def _limited(codes: Codes, rules: Limits, veto: bool, protected: bool) -> Codes:
    def vetoed(grades: Codes) -> Codes:
        if not veto or rules.veto is None:
            return grades
        return np.full(len(grades), rules.veto) if rules.force else np.maximum(grades, rules.veto)

    def kept(grades: Codes) -> Codes:
        return np.minimum(grades, rules.protection) if protected and rules.protection is not None else grades

    if rules.veto_first:
        return vetoed(codes) if veto else kept(codes)
    return kept(vetoed(codes))

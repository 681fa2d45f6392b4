"""Three-valued logic over columns: True, False or missing (unknown), and the names of what is missing.

A comparison with something missing is unknown, never False. Two numbers within 1e-9 of each other, relative to the
larger, are equal, so that exactly one third is not "less than one third" because of the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.findings import findings, join

_SAME = 1e-9
# So many yes-or-no marks are kept in one number.
_BITS = np.iinfo(np.int32).bits


def constant(value: bool | None, index: pd.Index) -> pd.Series:
    """The same outcome for every row."""
    return pd.Series(pd.NA if value is None else value, index, dtype="boolean")


def all_of(outcomes: Sequence[pd.Series]) -> pd.Series:
    """True where all are True, False where one is False, else unknown (Kleene)."""
    result = outcomes[0]
    for outcome in outcomes[1:]:
        result = result & outcome
    return result


def any_of(outcomes: Sequence[pd.Series]) -> pd.Series:
    """True where one is True, False where all are False, else unknown (Kleene)."""
    result = outcomes[0]
    for outcome in outcomes[1:]:
        result = result | outcome
    return result


def at_least(outcomes: Sequence[pd.Series], count: int) -> pd.Series:
    """True where so many are True, False where so many can no longer be, else unknown."""
    yes = sum(o.fillna(False).to_numpy(bool).astype(np.int64) for o in outcomes)
    open_ = sum(o.isna().to_numpy().astype(np.int64) for o in outcomes)
    result = pd.Series(pd.array(np.asarray(yes >= count), dtype="boolean"), outcomes[0].index)
    return result.mask((np.asarray(yes) < count) & (np.asarray(yes + open_) >= count))


def compare(value: pd.Series, operator: str, threshold: float | pd.Series) -> pd.Series:
    """Compare numbers; unknown where either side is missing.

    Parameters
    ----------
    value
        Numbers.
    operator
        ``<``, ``<=``, ``>``, ``>=``, ``==`` or ``!=``.
    threshold
        One number, or one per row.

    Examples
    --------
    >>> compare(pd.Series([1 / 3, 0.3, None]), "<", 1 / 3).tolist()
    [False, True, <NA>]
    """
    left = value.to_numpy(float, na_value=np.nan)
    right = threshold.to_numpy(float, na_value=np.nan) if isinstance(threshold, pd.Series) else float(threshold)
    with np.errstate(invalid="ignore"):
        same = (left == right) | (np.abs(left - right) <= _SAME * np.maximum(np.abs(left), np.abs(right)))
    outcome = {
        "<": (left < right) & ~same,
        "<=": (left < right) | same,
        ">": (left > right) & ~same,
        ">=": (left > right) | same,
        "==": same,
        "!=": ~same,
    }[operator]
    known = ~(np.isnan(left) | np.isnan(right))
    return pd.Series(pd.array(outcome, dtype="boolean"), value.index).where(known)


def name_missing(masks: Mapping[str, NDArray[np.bool_]], index: pd.Index) -> pd.Series:
    """The names whose mask is set, joined by ``;``, per row.

    Parameters
    ----------
    masks
        Where each name is missing.
    index
        Index of the result.

    Returns
    -------
    Series
        Category; empty text where nothing is missing.
    """
    texts, codes = [""], np.zeros(len(index), np.int64)
    named = [(name, hit) for name, hit in masks.items() if hit.any()]
    for start in range(0, len(named), _BITS):
        block = named[start : start + _BITS]
        for _, hit in block:
            codes = codes * 2 + hit
        codes, found = pd.factorize(codes)
        texts = [_spell(int(f), block, texts) for f in found]
    return _coded(codes, texts, index)


def _spell(code: int, block: Sequence[tuple[str, NDArray[np.bool_]]], before: Sequence[str]) -> str:
    """The text of a row: what it had before, and the names whose bits are set, in their order."""
    last = len(block) - 1
    have = [before[code >> len(block)]] if before[code >> len(block)] else []
    return ";".join([*have, *(name for n, (name, _) in enumerate(block) if code >> (last - n) & 1)])


def _coded(codes: NDArray[np.integer[Any]], texts: list[str], index: pd.Index) -> pd.Series:
    categories = pd.Index(texts, dtype="str")
    return pd.Series(pd.Categorical.from_codes(codes, categories), index)


def join_missing(parts: Sequence[tuple[NDArray[np.bool_], pd.Series]], index: pd.Index) -> pd.Series:
    """Names of several parts together, each where its mask is set, without repeats.

    Names come in the order of the parts and, inside one, by the alphabet, so that the order of rows says nothing.
    """
    masks: dict[str, NDArray[np.bool_]] = {}
    for where, names in parts:
        if not where.any():
            continue
        categorical = names.astype("category")
        codes = categorical.cat.codes.to_numpy()
        for text in sorted(map(str, categorical.cat.categories)):
            hit = where & (codes == categorical.cat.categories.get_loc(text))
            for name in (n for n in text.split(";") if n):
                masks[name] = masks[name] | hit if name in masks else hit
    return name_missing(masks, index)


@dataclass(frozen=True)
class Judged:
    """What one rule says of every subject.

    Attributes
    ----------
    outcome
        True, False or missing (unknown).
    value, threshold
        The two sides of the comparison; NaN where there is none.
    missing
        Names of the fields that an unknown outcome lacks, joined by ``;``.
    applies
        Whether the rule applies to the subject at all; unknown counts as applying.
    parts
        The comparisons that the rule combines, where there are several.
    """

    rule_id: str
    outcome: pd.Series
    value: pd.Series
    operator: str
    threshold: float | pd.Series
    unit: str
    clause: str
    missing: pd.Series
    applies: pd.Series
    parts: tuple[Judged, ...] = ()

    def findings(self, subject_type: str, ids: pd.Series) -> pd.DataFrame:
        """Rows of the findings table, for the subjects to which the rule applies; parts follow the whole."""
        keys = ids.astype("category")
        return join([_rows(judged, subject_type, keys) for judged in (self, *self.parts)])


def _rows(judged: Judged, subject_type: str, ids: pd.Series) -> pd.DataFrame:
    applies = judged.applies.to_numpy(bool)
    every = bool(applies.all())

    def pick(column: pd.Series) -> pd.Series:
        return column if every else column[applies]

    threshold = judged.threshold
    return findings(
        subject_type,
        pick(ids),
        rule_id=judged.rule_id,
        outcome=pick(judged.outcome),
        value=pick(judged.value),
        operator=judged.operator,
        threshold=pick(threshold) if isinstance(threshold, pd.Series) else threshold,
        unit=judged.unit,
        clause=judged.clause,
        missing=pick(judged.missing),
    )

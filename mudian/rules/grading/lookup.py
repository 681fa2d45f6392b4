"""What a method reads: numbers and words of the policy, and columns of the enterprises. What is lacking is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.errors import PackError
from mudian.measure import INDICATORS, PER_MU, ratio
from mudian.packs.policy import InForce, Policy
from mudian.rules.grading.method import CHOICES, Method
from mudian.rules.groups import LAND

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Masks = dict[str, Mask]
_PERCENT = "%"


@dataclass(frozen=True)
class Lookup:
    """The values of one method on the day of the policy.

    Attributes
    ----------
    left_out
        Optional values that are unset, and columns that are not given and count for nothing by the method.
    """

    policy: Policy
    method: Method
    left_out: set[str] = field(default_factory=set)

    def find(self, key: str | None) -> tuple[InForce | None, tuple[str, ...]]:
        """A value, and how it is named where it is lacking; an optional one is then left out without being named."""
        if key is None:
            return None, ()
        found = self.policy.find(key)
        if found is not None:
            return found, ()
        if key in self.method.optional:
            self.left_out.add(key)
            return None, ()
        return None, (self.policy.name_lacking(key),)

    def number(self, key: str | None) -> tuple[float | None, tuple[str, ...]]:
        """The number of a value; None where there is none."""
        found, lacking = self.find(key)
        return (None if found is None else found.number), lacking

    def share(self, key: str | None) -> tuple[Fraction | None, tuple[str, ...]]:
        """A share as an exact fraction of one, so that 29 % of 100 is 29 and not 28."""
        found, lacking = self.find(key)
        if found is None:
            return None, lacking
        exact = Fraction(str(found.value))
        return (exact / 100 if found.unit == _PERCENT else exact), ()

    def choice(self, name: str) -> object:
        """A choice of the method, or what the value that overrides it says.

        Raises
        ------
        PackError
            When the value is no word that the choice may have.
        """
        key = self.method.by.get(name)
        found = self.policy.find(key) if key else None
        if found is None:
            return getattr(self.method, name, None)
        allowed = CHOICES[name]
        if not any(found.value is a or found.value == a for a in allowed):
            raise PackError("grade-choice", name=key, value=repr(found.value), allowed=" / ".join(map(str, allowed)))
        return found.value


def column(frame: pd.DataFrame, name: str) -> Floats:
    """A column as numbers, infinite ones as missing; derived from its parts where the frame has only those."""
    cells = _cells(frame, name)
    if cells is None:
        return np.full(len(frame), np.nan)
    numbers = pd.to_numeric(cells).to_numpy(float, na_value=np.nan)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _cells(frame: pd.DataFrame, name: str) -> pd.Series | None:
    if name in frame:
        return frame[name]
    parts = parts_of(frame, name)
    if parts is None or not set(parts) <= set(frame):
        return None
    return ratio(frame[parts[0]], frame[parts[1]])


def parts_of(frame: pd.DataFrame, name: str) -> tuple[str, str] | None:
    """The two columns that an indicator is a ratio of; None where it is none."""
    if name in PER_MU:
        return PER_MU[name], next((c for c in LAND if c in frame), LAND[0])
    return INDICATORS.get(name)


def everywhere(names: tuple[str, ...], size: int) -> Masks:
    """Masks that are set for every row."""
    return dict.fromkeys(names, np.ones(size, bool))


def united(*parts: Mapping[str, Mask]) -> Masks:
    """Masks of the same name joined."""
    result: Masks = {}
    for part in parts:
        for name, mask in part.items():
            result[name] = result[name] | mask if name in result else mask
    return result


def in_order(names: pd.Series) -> pd.Series:
    """Names joined by ``;`` in alphabetical order, so that the order of rows does not show in them."""
    texts = [";".join(sorted(set(str(t).split(";")))) for t in names.cat.categories]
    codes, uniques = pd.factorize(np.array(texts, object))
    held = names.cat.codes.to_numpy()
    return pd.Series(
        pd.Categorical.from_codes(np.where(held < 0, held, codes[held]), pd.Index(uniques, dtype="str")), names.index
    )

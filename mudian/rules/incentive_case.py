"""What an incentive reads: columns, values, comparisons and readings, and the names of what is missing.

Three-valued like every rule. A number that is only known to lie between two bounds (``<metric>`` and ``<metric>_max``)
decides a comparison where both bounds decide it alike; a document that can be read in two ways decides where all
readings agree.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.packs.policy import InForce, Policy
from mudian.rules.incentive_model import Incentive, Test
from mudian.rules.logic import all_of, any_of, compare, constant
from mudian.rules.ranks import input_of

_WORDS = ("in", "is")


@dataclass
class Case:
    """One incentive on one frame.

    Attributes
    ----------
    missing
        Rows where a name is missing, whether or not the outcome needs it.
    readings
        The readings that were used, ``key=value``; ``?`` where none is chosen.
    """

    incentive: Incentive
    frame: pd.DataFrame
    policy: Policy
    missing: dict[str, NDArray[np.bool_]] = field(default_factory=dict)
    readings: dict[str, str] = field(default_factory=dict)

    @property
    def index(self) -> pd.Index:
        """Index of the frame."""
        return self.frame.index

    def note(self, name: str, where: NDArray[np.bool_] | bool = True) -> None:
        """Remember that a name is missing in some rows."""
        mask = np.broadcast_to(np.asarray(where, bool), len(self.frame))
        self.missing[name] = self.missing.get(name, np.zeros(len(self.frame), bool)) | mask

    def find(self, key: str) -> InForce | None:
        """The value of a key; a missing one is noted for every row."""
        found = self.policy.find(key)
        if found is None:
            self.note(self.policy.name_lacking(key))
        return found

    def number(self, key: str) -> float:
        """The number of a key; NaN where there is none."""
        found = self.find(key)
        return found.number if found else np.nan

    def number_by_year(self, key: str) -> pd.Series:
        """The number of a key on the last day of the year of every row."""
        years = pd.to_numeric(self.cells("year"), errors="coerce")
        made = pd.Series(np.nan, self.index)
        for year in years.dropna().unique():
            day = dt.date(int(year), 12, 31)
            found = replace(self.policy, as_of=day).find(key)
            rows = (years == year).to_numpy(bool)
            made[rows] = found.number if found else np.nan
            if found is None:
                self.note(f"{self.policy.name_lacking(key)}@{int(year)}", rows)
        return made

    def cells(self, name: str) -> pd.Series:
        """A column as it is; missing cells are noted under the name of what must be supplied."""
        cells = self.frame[name] if name in self.frame else pd.Series(np.nan, self.index)
        self.note(input_of(name, self.frame), cells.isna().to_numpy())
        return cells

    def amounts(self, name: str) -> pd.Series:
        """A column as numbers."""
        return pd.to_numeric(self.cells(name), errors="coerce").astype(float)

    def test(self, test: Test) -> pd.Series:
        """One comparison: True, False or missing per row."""
        if test.operator in _WORDS:
            return self._words(test)
        value = self.amounts(test.metric)
        if test.operator == "between":
            found = self.find(str(test.threshold))
            low, high = found.numbers if found else (np.nan, np.nan)
            return compare(value, ">=", low) & compare(value, "<=", high)
        right = self.amounts(test.column) if test.column else self.number(str(test.threshold))
        outcome = compare(value, test.operator, right)
        greatest = f"{test.metric}_max"
        if greatest not in self.frame:
            return outcome
        same = outcome == compare(self.frame[greatest], test.operator, right)
        self.note(input_of(test.metric, self.frame), ~same.fillna(True).to_numpy(bool))
        return outcome.where(same.fillna(False))

    def _words(self, test: Test) -> pd.Series:
        cells = self.cells(test.metric)
        if test.operator == "is":
            return cells.astype("boolean") == bool(test.expect)
        found = self.find(str(test.threshold))
        if found is None:
            return constant(None, self.index)
        return cells.isin([str(w) for w in found.items]).astype("boolean").where(cells.notna())

    def combine(self, outcomes: list[pd.Series], how: str, key: str | None = None) -> pd.Series:
        """Join outcomes by all or any, or as the value of ``key`` says."""
        if len(outcomes) == 1:
            return outcomes[0]
        ways = {"all": all_of(outcomes), "any": any_of(outcomes)}
        return self.agreed(key, ways) if key else ways[how]

    def agreed(self, key: str, ways: Mapping[str, pd.Series]) -> pd.Series:
        """The result under the chosen reading; without one, where all readings agree.

        A value that names none of the readings counts as none.
        """
        found = self.policy.find(key)
        chosen = str(found.value) if found else "?"
        self.readings[key] = chosen
        if chosen in ways:
            return ways[chosen]
        first, *others = ways.values()
        same = np.ones(len(self.frame), bool)
        for other in others:
            alike = (first == other).fillna(False).to_numpy(bool)
            same &= alike | (first.isna() & other.isna()).to_numpy()
        self.note(self.policy.name_lacking(key), ~same)
        return first.where(same)

    def gate(self) -> pd.Series:
        """Whether the incentive applies to each row."""
        tests = [self.test(t) for t in self.incentive.gate]
        if self.incentive.zone_levels:
            level = self.cells("zone_level")
            tests.append(level.isin(self.incentive.zone_levels).astype("boolean").where(level.notna()))
        return all_of(tests) if tests else constant(True, self.index)


def outcomes_of(case: Case, tests: Iterable[Test]) -> list[pd.Series]:
    """The outcomes of several comparisons."""
    return [case.test(t) for t in tests]

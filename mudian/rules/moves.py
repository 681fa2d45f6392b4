"""Moves: one threshold or one input changed a little, and which rules answer otherwise then.

Only one thing moves at a time. An input moves for one subject alone: averages of groups keep what the other members
had. Only the two ends of a move are tried: a verdict that is monotone in what moves cannot flip in between and be back
at the end. How far things move is a setting of the program (``sensitivity.toml``), no law.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.measure import INDICATORS, PER_MU, ratio
from mudian.packs.model import Condition
from mudian.packs.policy import Active, Policy
from mudian.rules.conditions import HIGH, LOW, has_key, judge, judge_condition
from mudian.rules.groups import LAND, hold_others
from mudian.rules.logic import Judged

Kind = Literal["threshold", "input"]
Rebuild = Callable[[pd.DataFrame], pd.DataFrame]
Codes = NDArray[np.int8]
BoolArray = NDArray[np.bool_]
UNKNOWN = -1


@dataclass(frozen=True)
class Move:
    """One threshold or input, and by which factor it moves."""

    kind: Kind
    name: str
    factor: float

    @property
    def label(self) -> str:
        """How the move is named, both directions alike: ``huzhou.land ±10 %``."""
        return f"{self.name} ±{step(self.kind) * 100:g} %"

    def policy(self, policy: Policy) -> Policy:
        """The policy with the threshold moved."""
        return policy.with_factor(self.factor, [self.name]) if self.kind == "threshold" else policy

    def frame(self, frame: pd.DataFrame, rebuild: Rebuild) -> pd.DataFrame:
        """The subjects with the input moved, and what follows from it."""
        return rebuild(frame.assign(**{self.name: frame[self.name] * self.factor})) if self.kind == "input" else frame


@lru_cache(maxsize=1)
def settings() -> dict[str, Any]:
    """The settings of sensitivity."""
    return tomllib.loads((files("mudian") / "data" / "sensitivity.toml").read_text(encoding="utf-8"))


def step(kind: Kind) -> float:
    """How far a threshold or an input is moved, as a share."""
    return float(settings()["borderline"][kind])


def moves(kind: Kind, names: Iterable[str]) -> Iterator[Move]:
    """Each name moved down and up."""
    for name in names:
        yield Move(kind, name, 1 - step(kind))
        yield Move(kind, name, 1 + step(kind))


def threshold_names(rules: Iterable[Active], policy: Policy) -> list[str]:
    """What can be moved among the thresholds of rules.

    Keys of numeric values, and conditions (``<rule>/<number>``) whose comparator is a contract, an average, a table or
    an end of a range. How many of several conditions must hold is a count and does not move.
    """
    names: dict[str, None] = {}
    for active in rules:
        for condition in active.rule.all_conditions():
            names |= dict.fromkeys(k for k in condition.value_keys() if _movable(k, policy))
        for number, condition in enumerate(active.rule.conditions, start=1):
            place = f"{active.id}/{number}"
            if condition.operator == "between":
                names |= {f"{place}{LOW}": None, f"{place}{HIGH}": None}
            elif _keyless(condition):
                names[place] = None
    return list(names)


def _keyless(condition: Condition) -> bool:
    return condition.against in ("column", "industry", "zone", "county", "table") and not has_key(condition)


def _movable(key: str, policy: Policy) -> bool:
    plain, moved = policy.find(key), policy.with_factor(1 + step("threshold"), [key]).find(key)
    return plain is not None and moved is not None and plain.value != moved.value


def input_names(rules: Iterable[Active], frame: pd.DataFrame) -> list[str]:
    """The numeric columns that rules rest on; a ratio rests on its two parts where the frame has them."""
    names: dict[str, None] = {}
    for active in rules:
        for condition in active.rule.all_conditions():
            read = [c for c in (condition.metric, condition.column) if c]
            names |= dict.fromkeys(part for column in read for part in _parts(column, frame))
    return [n for n in names if n in frame and _is_number(frame[n])]


def _is_number(cells: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(cells.dtype) and not pd.api.types.is_bool_dtype(cells.dtype)


def _parts(column: str, frame: pd.DataFrame) -> tuple[str, ...]:
    parts = ratios_of(frame).get(column)
    return parts if parts and set(parts) <= set(frame.columns) else (column,)


def ratios_of(frame: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """The ratios that a measured frame may have, with their two parts."""
    land = next((c for c in LAND if c in frame), LAND[0])
    return {**{name: (money, land) for name, money in PER_MU.items()}, **INDICATORS}


def rebuild_ratios(frame: pd.DataFrame) -> pd.DataFrame:
    """The ratios of a measured frame from their parts again, where it has both; what was missing stays missing."""
    made = {
        name: ratio(frame[above], frame[below]).where(frame[name].notna())
        for name, (above, below) in ratios_of(frame).items()
        if {name, above, below} <= set(frame.columns)
    }
    return frame.assign(**made)


def hold_averages(rules: Iterable[Active], frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with what the other members of each group add to the averages that rules compare with."""
    groups = ("industry", "zone", "county")
    conditions = [c for a in rules for c in a.rule.all_conditions()]
    return hold_others(frame, dict.fromkeys((c.metric, c.against) for c in conditions if c.against in groups))


def codes(outcome: pd.Series) -> Codes:
    """Outcomes as numbers: 1 True, 0 False, -1 unknown."""
    return np.asarray(outcome.to_numpy(dtype=np.int8, na_value=UNKNOWN))


@dataclass(frozen=True)
class Scan:
    """Rules on one kind of subject, judged once, to be asked what changes under a move.

    Attributes
    ----------
    frame
        The subjects; averages of groups are held, so that rows count one by one.
    outcomes
        The outcome of each rule.
    near
        Subjects of which some figure is so near to a limit that a move can turn the comparison: only these are judged
        again.
    """

    rules: tuple[Active, ...]
    frame: pd.DataFrame
    policy: Policy
    rebuild: Rebuild
    outcomes: Mapping[str, pd.Series]
    near: BoolArray

    @classmethod
    def of(
        cls, rules: Sequence[Active], frame: pd.DataFrame, policy: Policy, *, rebuild: Rebuild = rebuild_ratios
    ) -> Scan:
        """Judge rules over subjects."""
        held = hold_averages(rules, frame)
        near = np.zeros(len(frame), bool)
        for condition in dict.fromkeys(c for a in rules for c in a.rule.all_conditions()):
            near |= near_limit(judge_condition(condition, held, policy, rule_id="", clause=""))
        return cls(tuple(rules), held, policy, rebuild, {a.id: judge(a, held, policy).outcome for a in rules}, near)

    def after(self, move: Move) -> dict[str, pd.Series]:
        """The outcomes of the rules that answer otherwise for some subject under a move."""
        asked = [a for a in self.rules if self._reads(a, move)]
        if not asked or not self.near.any():
            return {}
        frame, policy = move.frame(self._close, self.rebuild), move.policy(self.policy)
        found = {a.id: judge(a, frame, policy).outcome for a in asked}
        return {key: self._whole(key, o) for key, o in found.items() if (codes(o) != codes(self._before(key))).any()}

    def rows(self, after: Mapping[str, pd.Series]) -> BoolArray:
        """Where some rule answers otherwise."""
        rows = np.zeros(len(self.frame), bool)
        for key, outcome in after.items():
            rows |= codes(outcome) != codes(self.outcomes[key])
        return rows

    @cached_property
    def _close(self) -> pd.DataFrame:
        return self.frame[self.near]

    def _before(self, key: str) -> pd.Series:
        return self.outcomes[key][self.near]

    def _whole(self, key: str, near: pd.Series) -> pd.Series:
        values = self.outcomes[key].array.copy()
        values[self.near] = near.array
        return pd.Series(values, self.frame.index)

    def _reads(self, active: Active, move: Move) -> bool:
        if move.kind == "threshold":
            return move.name in active.rule.value_keys() or move.name.startswith(f"{active.id}/")
        if self.rebuild is not rebuild_ratios:
            return True
        return move.name in input_names([active], self.frame)


def near_limit(judged: Judged) -> BoolArray:
    """Where the two sides of a comparison are so near that a move of a threshold or an input can turn it."""
    value = judged.value.to_numpy(float)
    limit = judged.threshold.to_numpy(float) if isinstance(judged.threshold, pd.Series) else judged.threshold
    size = np.maximum(np.abs(value), np.abs(limit))
    # Either side may be a quotient whose parts move, hence the quotient of both ends.
    reach = np.maximum(step("threshold"), (1 + step("input")) / (1 - step("input")) - 1)
    return np.asarray(np.abs(value - limit) <= reach * (1 + reach) * size)

"""What an incentive (奖惩) of a policy pack may say: rewards, penalties, sharing of income, waivers and price floors.

An incentive names columns of the subject's frame and keys of values; it holds no number itself. Where a document can be
read in two ways, the incentive names the value that chooses the reading (``…_by``); as long as nobody sets that value,
the outcome is known only where all readings agree.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator

Kind = Literal["ladder", "step", "run_length", "brackets", "share", "floor", "weighted"]
Nature = Literal["reward", "penalty", "sharing", "waiver", "price", "score", "mark"]
Combine = Literal["all", "any"]
Operator = Literal["<", "<=", ">", ">=", "==", "!=", "between", "in", "is"]


class _Strict(BaseModel):
    """A frozen model that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Test(_Strict):
    """One comparison of a column with the value of a key, with another column, or with true/false.

    A column ``<metric>_max`` beside ``metric`` makes the two the least and the most that the number can be.
    """

    __test__ = False  # not a test case of pytest

    metric: str
    operator: Operator
    threshold: str | None = None
    column: str | None = None
    expect: bool | None = None

    @model_validator(mode="after")
    def _complete(self) -> Test:
        given = [self.threshold is not None, self.column is not None, self.expect is not None]
        if sum(given) != 1 or (self.operator == "is") != (self.expect is not None):
            raise ValueError("one of threshold, column, expect; operator = 'is' goes with expect")
        return self


class Rung(_Strict):
    """A rung of a ladder: what must hold, and what it gives; without ``amount`` the source states none."""

    zh: str
    en: str
    conditions: tuple[Test, ...]
    combine: Combine = "all"
    combine_by: str | None = None
    amount: str | None = None


class Stage(_Strict):
    """What follows after so many consecutive years."""

    zh: str
    en: str
    years: str


class Bracket(_Strict):
    """A part of the growth, up to a percentage of the base, and the subject's percentage of that part."""

    share: str
    upto: str | None = None


class Part(_Strict):
    """A column and the key of its weight (%)."""

    metric: str
    weight: str


class Term(_Strict):
    """One of the lower limits of a price, as a column, with the key of a percentage where only a part counts."""

    metric: str
    times: str | None = None


class Band(_Strict):
    """A grade and the key of how many subjects get it."""

    zh: str
    en: str
    count: str


_NEEDS: dict[str, tuple[str, ...]] = {
    "ladder": ("rungs",),
    "step": ("metric", "step", "cap"),
    "run_length": ("flags", "stages"),
    "brackets": ("metric", "base", "brackets"),
    "share": ("metric", "share"),
    "floor": ("terms",),
    "weighted": ("parts",),
}
_SHAPE = ("rungs", "stacking_by", "metric", "base", "step", "cap", "flags", "combine_by", "mixing_by", "stages",
          "brackets", "share", "by_year", "share_of_other", "terms", "parts", "bands")  # fmt: skip
_OPTIONAL: dict[str, tuple[str, ...]] = {
    "ladder": ("stacking_by",),
    "run_length": ("combine_by", "mixing_by"),
    "share": ("base", "by_year", "share_of_other", "cap"),
    "floor": ("metric",),
    "weighted": ("bands",),
}


class Incentive(_Strict):
    """``[incentives."id"]`` of a pack.

    Attributes
    ----------
    kind
        ``ladder`` (rungs), ``step`` (so much a place, up to a limit), ``run_length`` (consecutive years),
        ``brackets`` (growth shared by parts), ``share`` (a percentage of an amount or of its growth), ``floor``
        (the highest of several lower limits of a price), ``weighted`` (a score, and grades by counts).
    subject
        Whose frame it is judged on.
    unit
        Unit of the amount (万元, 亩, 分, 元/m2); empty where there is none.
    zones, zone_levels
        The zones and the levels of zones it was made for; empty for all.
    reported
        Reported of another place, whose zones the source does not name: judged only where that is asked for.
    gate
        All must hold, else the incentive does not apply; unknown stays unknown.
    stacking_by, combine_by, mixing_by
        Keys of readings: ``highest``/``sum`` of rungs; ``all``/``any`` of flags; the years of a run may rest on
        ``either`` flag or on the ``same`` one.
    by_year
        The percentage is that of the row's own year.
    share_of_other
        The percentage is the part of the other side.
    """

    kind: Kind
    nature: Nature
    zh: str
    en: str
    document: str
    clause: str
    subject: Literal["zone", "parcel", "project"] = "zone"
    unit: str = ""
    zones: tuple[str, ...] = ()
    zone_levels: tuple[str, ...] = ()
    reported: bool = False
    gate: tuple[Test, ...] = ()
    rungs: tuple[Rung, ...] = ()
    stacking_by: str | None = None
    metric: str | None = None
    base: str | None = None
    step: str | None = None
    cap: str | None = None
    flags: tuple[Test, ...] = ()
    combine: Combine = "any"
    combine_by: str | None = None
    mixing_by: str | None = None
    stages: tuple[Stage, ...] = ()
    brackets: tuple[Bracket, ...] = ()
    share: str | None = None
    by_year: bool = False
    share_of_other: bool = False
    terms: tuple[Term, ...] = ()
    parts: tuple[Part, ...] = ()
    bands: tuple[Band, ...] = ()

    @model_validator(mode="after")
    def _complete(self) -> Incentive:
        needed = _NEEDS[self.kind]
        lacking = [name for name in needed if not getattr(self, name)]
        if lacking:
            raise ValueError(f"kind = {self.kind!r}: {', '.join(lacking)}")
        allowed = {*needed, *_OPTIONAL.get(self.kind, ())}
        strange = [name for name in _SHAPE if getattr(self, name) and name not in allowed]
        if strange:
            raise ValueError(f"kind = {self.kind!r}: not {', '.join(strange)}")
        return self

    def tests(self) -> tuple[Test, ...]:
        """All comparisons."""
        return (*self.gate, *self.flags, *(t for r in self.rungs for t in r.conditions))

    def value_keys(self) -> tuple[str, ...]:
        """The values that the incentive reads."""
        keys: Iterable[str | None] = (
            *(t.threshold for t in self.tests()),
            *(k for r in self.rungs for k in (r.combine_by, r.amount)),
            *(s.years for s in self.stages),
            *(k for b in self.brackets for k in (b.upto, b.share)),
            *(p.weight for p in self.parts),
            *(t.times for t in self.terms),
            *(b.count for b in self.bands),
            self.stacking_by, self.combine_by, self.mixing_by, self.step, self.cap, self.share,
        )  # fmt: skip
        return tuple(dict.fromkeys(k for k in keys if k))

    def columns(self) -> tuple[str, ...]:
        """The columns of the subject that the incentive reads."""
        named: Iterable[str | None] = (
            *(c for t in self.tests() for c in (t.metric, t.column)),
            *(p.metric for p in self.parts),
            *(t.metric for t in self.terms),
            self.metric,
            self.base,
        )
        return tuple(dict.fromkeys(c for c in named if c))

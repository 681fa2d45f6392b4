"""What stands in a policy pack (政策包): documents, values by day, tables, rules and the coverage of the document.

Every number is one entry with its history, unit, document, clause, place in the source and status. Keys that are not
known here are refused, so that a misspelt key never becomes a rule that silently does nothing. Soft words of a source
(左右, 原则上) stay in ``wording``; the comparison itself is always explicit.
"""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from mudian.rules.grading.method import Method
from mudian.rules.incentive_model import Incentive

Scalar = bool | int | float | dt.date | str
Status = Literal["seen", "seed", "recalled"]
Subject = Literal["parcel", "enterprise", "zone", "project"]
Family = Literal["idle", "inefficient", "standard_land", "conform", "admission", "entry", "target"]
Topic = Literal[
    "idle-land", "project-indicators", "intensity", "zones", "evaluation", "low-efficiency", "standard-land",
    "incentives", "developable",
]  # fmt: skip
Operator = Literal[
    "<", "<=", ">", ">=", "==", "!=", "in", "not_in", "contains_all", "is", "between", "starts_with_any", "present"
]  # fmt: skip
Against = Literal["constant", "column", "industry", "zone", "county", "table", "as_of", "years_ago"]


class Strict(BaseModel):
    """A frozen model that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False, populate_by_name=True)


class Words(Strict):
    """A text in both languages."""

    zh: str
    en: str

    def say(self, lang: str) -> str:
        """The text in one language."""
        return self.zh if lang == "zh" else self.en


class Place(Words):
    """Where a pack applies; ``codes`` are beginnings of division codes (行政区划代码), none for the whole country."""

    codes: tuple[str, ...] = ()


class Applies(Strict):
    """To which subjects a pack or a rule applies; empty means to all."""

    zone_levels: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    scale: Literal["above", "below"] | None = None


class Head(Applies):
    """``[pack]``: what the pack is and where it applies."""

    id: str
    title: Words
    topic: Topic
    place: Place | None = None


class Document(Strict):
    """A document (文件) that entries rest on, with the days on which it may be used."""

    title: str
    number: str = ""
    issued: dt.date | None = None
    in_force: dt.date | None = None
    until: dt.date | None = None
    after_end: Literal["refuse", "warn"] = "warn"
    status: Status
    source: str
    year_masked: bool = False

    @model_validator(mode="after")
    def _dated(self) -> Document:
        if (self.in_force is None) != self.year_masked:
            raise ValueError("in_force, or year_masked = true")
        if self.until and self.in_force and self.until < self.in_force:
            raise ValueError("until before in_force")
        return self

    @property
    def name(self) -> str:
        """The number of the document, or its title where it has none."""
        return self.number or f"《{self.title}》"


class Entry(Strict):
    """One value from one day on."""

    since: dt.date = Field(alias="from")
    value: Scalar | tuple[Scalar, ...] | None = None
    abolished: bool = False
    document: str
    clause: str
    status: Status
    source: str = ""
    quote: str = ""
    wording: str = ""

    @model_validator(mode="after")
    def _whole(self) -> Entry:
        if (self.value is None) != self.abolished:
            raise ValueError("value, or abolished = true")
        if not (self.source or self.quote):
            raise ValueError("source or quote")
        return self


class Value(Words):
    """A number, word or list of a policy with its history by day; no history makes it a parameter of the user."""

    unit: str
    checked_on: dt.date
    history: tuple[Entry, ...]

    @model_validator(mode="after")
    def _ordered(self) -> Value:
        days = [e.since for e in self.history]
        if any(a >= b for a, b in pairwise(days)):
            raise ValueError("history from old to new, each day once")
        return self


class Table(Words):
    """Many numbers of one kind, keyed by a text (an industry code); each row has its own status."""

    unit: str
    key: str
    edition: str = ""
    document: str
    clause: str
    source: str
    checked_on: dt.date
    since: dt.date = Field(alias="from")
    rows: tuple[tuple[str, float, str, Status], ...]

    @model_validator(mode="after")
    def _once(self) -> Table:
        keys = [r[0] for r in self.rows]
        if len(set(keys)) < len(keys):
            raise ValueError("each key once")
        return self


class Condition(Strict):
    """One comparison of a rule."""

    metric: str
    operator: Operator
    threshold: str | None = None
    expect: bool | None = None
    against: Against = "constant"
    column: str | None = None
    table: str | None = None
    key: str | None = None
    times: str | None = None
    zh: str = ""
    en: str = ""

    @model_validator(mode="after")
    def _complete(self) -> Condition:
        needs = {
            "constant": self.threshold if self.operator not in ("is", "present") else True,
            "years_ago": self.threshold,
            "column": self.column,
            "table": self.table and self.key,
        }
        if not needs.get(self.against, True):
            raise ValueError(f"against = {self.against!r}: what it is compared with")
        if (self.operator == "is") != (self.expect is not None):
            raise ValueError("operator = 'is' goes with expect = true or false")
        return self

    def value_keys(self) -> tuple[str, ...]:
        """The values that the comparison reads."""
        return tuple(k for k in (self.threshold, self.times) if k)

    def columns(self) -> tuple[str, ...]:
        """The columns of the subject that the comparison reads."""
        return tuple(c for c in (self.metric, self.column, self.key) if c)


class Rule(Applies):
    """A rule: conditions on one subject and how they are combined."""

    family: Family
    subject: Subject
    zh: str
    en: str
    document: str
    clause: str
    combine: Literal["all", "any", "at_least"] = "all"
    at_least: str | None = None
    label: Words | None = None
    stage: Literal["start", "completion", "transfer", "target"] | None = None
    mandatory: bool = True
    role: Literal["decisive", "review"] = "decisive"
    gate: tuple[Condition, ...] = ()
    exempt: tuple[Condition, ...] = ()
    conditions: tuple[Condition, ...] = ()

    @model_validator(mode="after")
    def _complete(self) -> Rule:
        if not self.conditions and self.family != "idle":
            raise ValueError("conditions")
        if (self.combine == "at_least") != (self.at_least is not None):
            raise ValueError("combine = 'at_least' goes with at_least")
        return self

    def title(self, lang: str) -> str:
        """The name of the rule in one language."""
        return self.zh if lang == "zh" else self.en

    def all_conditions(self) -> tuple[Condition, ...]:
        """Gate, exemptions and conditions together."""
        return (*self.gate, *self.exempt, *self.conditions)

    def value_keys(self) -> tuple[str, ...]:
        """The values that the rule reads."""
        own = (self.at_least,) if self.at_least else ()
        return (*own, *(k for c in self.all_conditions() for k in c.value_keys()))


class Office(Words):
    """The office (责任单位) that has a field."""

    document: str
    clause: str


class Covered(Strict):
    """What becomes of one rule of the document: computed by which entries, or why not."""

    item: str
    source: str
    state: Literal["computed", "not-computable", "needs-data"]
    by: tuple[str, ...] = ()
    zh: str = ""
    en: str = ""

    @model_validator(mode="after")
    def _said(self) -> Covered:
        if self.state == "computed" and not self.by:
            raise ValueError("computed: by which entries")
        if self.state != "computed" and not (self.zh and self.en):
            raise ValueError("the reason, in zh and en")
        return self


class PackFile(Strict):
    """One file of a pack."""

    pack: Head
    documents: dict[str, Document] = {}
    values: dict[str, Value] = {}
    tables: dict[str, Table] = {}
    rules: dict[str, Rule] = {}
    methods: dict[str, Method] = {}
    incentives: dict[str, Incentive] = {}
    offices: dict[str, Office] = {}
    coverage: tuple[Covered, ...] = ()

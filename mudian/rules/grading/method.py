"""A grading method (评价办法) as a policy pack writes it: ``[methods."id"]``.

A method holds words and keys, never numbers: every number is the value of a key, with its own history and clause. What
a published text leaves open (ties, T inside the population, effect of a veto) is a choice with the default stated here;
``by`` names the value through which a user may choose otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, model_validator

Kernel = Literal["ratio", "ratio_capped", "minmax", "inverse_mean", "rank_only"]
Missing = Literal["unknown", "zero", "mean_score", "exclude_and_rescale", "error"]
Rule = Literal["fixed", "mean", "max"]
Side = Literal["up", "down"]
Edge = Literal["down", "below", "up", "half_up"]
Equal = Literal["full", "floor"]
Effect = Literal["not_better", "force"]
Precedence = Literal["veto", "protection"]
# The choices that a value may override, with the words that it may have.
CHOICES: dict[str, tuple[object, ...]] = {
    "ties_first": get_args(Side),
    "ties_middle": get_args(Side),
    "ties_last": get_args(Side),
    "precedence": get_args(Precedence),
    "veto_effect": get_args(Effect),
    "exempt_counts": (True, False),
    "equal": get_args(Equal),
}


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Check(_Strict):
    """One comparison of a column of the enterprise, as in the rules of a pack.

    ``present`` on a column that the frame does not have is unknown; an empty cell of a column that it has is "no".

    Attributes
    ----------
    absent
        What it means that the frame has no such column: ``unknown``, or ``no`` (for lists that a county may keep).
    """

    metric: str
    operator: Literal[
        "<", "<=", ">", ">=", "==", "!=", "in", "not_in", "contains_all", "is", "between", "starts_with_any", "present"
    ]
    threshold: str | None = None
    expect: bool | None = None
    against: Literal["constant", "column", "as_of", "years_ago"] = "constant"
    column: str | None = None
    absent: Literal["unknown", "no"] = "unknown"
    zh: str = ""
    en: str = ""

    @model_validator(mode="after")
    def _complete(self) -> Check:
        if (self.operator == "is") != (self.expect is not None):
            raise ValueError("operator = 'is' goes with expect = true or false")
        if (self.against == "column") != (self.column is not None):
            raise ValueError("against = 'column' goes with column")
        alone = self.operator in ("is", "present") or self.against in ("column", "as_of")
        if alone == (self.threshold is not None):
            raise ValueError("threshold: what it is compared with")
        return self


class Exempt(_Strict):
    """A class outside the ranking (T 类, 不定等级): any of the comparisons puts an enterprise there.

    Attributes
    ----------
    counts
        Whether its members count in the population of which the quotas are taken.
    treat_as
        The grade whose measures apply to its members; empty for none.
    """

    grade: str
    zh: str
    en: str
    any: tuple[Check, ...]
    counts: bool = False
    treat_as: str = ""


class Group(_Strict):
    """A group that is ranked by itself: divisions (大类) of GB/T 4754, or all the rest."""

    id: str
    zh: str
    en: str
    divisions: str | None = None
    rest: bool = False

    @model_validator(mode="after")
    def _one(self) -> Group:
        if self.rest == (self.divisions is not None):
            raise ValueError("divisions, or rest = true")
        return self


class Indicator(_Strict):
    """An indicator (指标) and how it gives points.

    Attributes
    ----------
    metric, metric_by
        The column; or the key of a value that names it.
    weight
        Points at the benchmark (for ``minmax``: the most points).
    benchmark, rule, times
        ``fixed``: the value; ``mean`` and ``max``: of the enterprises evaluated; multiplied by ``times``.
    mean
        How a mean is taken: over the sums (万元 over 亩), or over the values of the enterprises.
    factor
        What the column is multiplied by to have the unit of the benchmark.
    missing
        What an enterprise without the indicator gets. ``unknown``: no score and no grade; ``mean_score``: the mean
        item score of the others; ``exclude_and_rescale``: the item is left out and the others count for all.
    cap, floor
        Most points as a multiple of the weight; least points. Those of the method where not given.
    direction
        ``lower`` is better: for ``minmax`` and ``rank_only``.
    """

    metric: str = ""
    metric_by: str | None = None
    zh: str
    en: str
    unit: str = ""
    weight: str | None = None
    kernel: Kernel | None = None
    benchmark: str | None = None
    rule: Rule = "fixed"
    times: str | None = None
    mean: Literal["ratio_of_sums", "of_values"] = "ratio_of_sums"
    factor: str | None = None
    missing: Missing = "unknown"
    cap: str | None = None
    floor: str | None = None
    direction: Literal["higher", "lower"] = "higher"

    @model_validator(mode="after")
    def _named(self) -> Indicator:
        if bool(self.metric) == bool(self.metric_by):
            raise ValueError("metric, or metric_by")
        return self


class Adjustment(_Strict):
    """Points added or taken off after the sum (加分, 扣分), from a column of points or of a number of cases.

    Attributes
    ----------
    first, further
        Points for the first case and for each further one; without them the column holds points.
    most
        Limit of the points.
    missing
        Of an empty cell or a missing column: ``zero`` (no entry means no points) or ``unknown``.
    """

    column: str
    sign: Literal["+", "-"]
    zh: str
    en: str
    first: str | None = None
    further: str | None = None
    most: str | None = None
    missing: Literal["unknown", "zero"] = "unknown"

    @model_validator(mode="after")
    def _both(self) -> Adjustment:
        if (self.first is None) != (self.further is None):
            raise ValueError("first goes with further")
        return self


class Band(_Strict):
    """A grade and its share of the rank.

    Attributes
    ----------
    upto
        Cumulative share of the descending rank.
    last
        Share counted from the bottom; only of the last grade.
    edge
        How ``upto`` becomes a number of enterprises: ``down`` (share at most, the limit included), ``below`` (the
        limit excluded), ``up`` or ``half_up``. ``last`` is rounded up ("not below").
    """

    grade: str
    zh: str
    en: str
    upto: str | None = None
    last: str | None = None
    edge: Edge = "down"


class Veto(_Strict):
    """Veto (一票否决): no grade better than ``grade``, or that grade itself (``force``)."""

    zh: str
    en: str
    any: tuple[Check, ...]
    grade: str
    effect: Effect = "not_better"


class Protection(_Strict):
    """Protection: no grade worse than ``grade``."""

    zh: str
    en: str
    any: tuple[Check, ...]
    grade: str


class Method(_Strict):
    """``[methods."id"]``: who is graded, by which points, into which grades.

    Attributes
    ----------
    scale
        ``above`` or ``below`` (规上, 规下); none for both.
    population, population_any
        All of, and at least one of, these must hold, else the method does not apply.
    exempt
        Classes outside the ranking, in order; the first that holds counts.
    groups, group_column
        Groups ranked by themselves; a column of the user that names the group goes first.
    kernel
        How an indicator gives points; see ``kernels``.
    base, span
        Of ``minmax``: points of a hundred at the minimum, and from there to the maximum.
    equal
        Of ``minmax`` where all are equal: ``full`` or ``floor`` points; unknown without a choice.
    over
        Whose mean, minimum and maximum count: those of the whole method, or of the group.
    ties_first, ties_middle, ties_last
        What becomes of enterprises with one score on both sides of the edge below the first grade, of an edge between,
        of the edge above the last grade: all to the better side (``up``) or all to the worse (``down``). By default a
        tie stays out of the first grade (a quota is a limit) and out of the last one (a sanction is not drawn by lot).
    precedence
        Which counts where veto and protection meet.
    optional
        Keys that may be unset: their step (cap, floor, limit) is then left out.
    by
        Choices that a value overrides where it is set.
    """

    zh: str
    en: str
    document: str
    clause: str = ""
    scale: Literal["above", "below"] | None = None
    population: tuple[Check, ...] = ()
    population_any: tuple[Check, ...] = ()
    exempt: tuple[Exempt, ...] = ()
    groups: tuple[Group, ...] = ()
    group_column: str | None = None
    kernel: Kernel
    base: str | None = None
    span: str | None = None
    equal: Equal | None = None
    over: Literal["method", "group"] = "method"
    indicators: tuple[Indicator, ...]
    cap: str | None = None
    floor: str | None = None
    adjustments: tuple[Adjustment, ...] = ()
    bands: tuple[Band, ...]
    ties_first: Side = "down"
    ties_middle: Side = "up"
    ties_last: Side = "up"
    veto: Veto | None = None
    protection: Protection | None = None
    precedence: Precedence = "veto"
    optional: tuple[str, ...] = ()
    by: dict[str, str] = {}

    @model_validator(mode="after")
    def _whole(self) -> Method:
        _check_indicators(self)
        _check_bands(self)
        if unknown := sorted(set(self.by) - set(CHOICES)):
            raise ValueError(f"by: {', '.join(unknown)} is none of {', '.join(CHOICES)}")
        if stray := sorted(set(self.optional) - set(self.value_keys())):
            raise ValueError(f"optional: {', '.join(stray)} is used nowhere in the method")
        return self

    @property
    def grades(self) -> tuple[str, ...]:
        """The grades, best first."""
        return tuple(b.grade for b in self.bands)

    def title(self, lang: str) -> str:
        """The name of the method in one language."""
        return self.zh if lang == "zh" else self.en

    def kernel_of(self, indicator: Indicator) -> Kernel:
        """The kernel of an indicator: its own, or that of the method."""
        return indicator.kernel or self.kernel

    def checks(self) -> tuple[Check, ...]:
        """Every comparison of the method."""
        limits = [x for x in (self.veto, self.protection) if x is not None]
        nested = [c for part in (*self.exempt, *limits) for c in part.any]
        return (*self.population, *self.population_any, *nested)

    def value_keys(self) -> tuple[str, ...]:
        """The values that the method reads."""
        return tuple(dict.fromkeys(k for k in self._keys() if k))

    def _keys(self) -> Iterator[str | None]:
        yield from (self.base, self.span, self.cap, self.floor, *self.by.values())
        yield from (c.threshold for c in self.checks())
        yield from (g.divisions for g in self.groups)
        yield from (k for b in self.bands for k in (b.upto, b.last))
        yield from (k for a in self.adjustments for k in (a.first, a.further, a.most))
        for i in self.indicators:
            yield from (i.metric_by, i.weight, i.benchmark, i.times, i.factor, i.cap, i.floor)


def _check_indicators(method: Method) -> None:
    names = [i.metric or i.metric_by for i in method.indicators]
    if not names or len(set(names)) < len(names):
        raise ValueError("indicators: at least one, each once")
    if "rank_only" in (method.kernel, *(i.kernel for i in method.indicators)) and (
        method.kernel != "rank_only" or len(names) > 1 or method.indicators[0].kernel
    ):
        raise ValueError("kernel = 'rank_only': one indicator")
    if method.adjustments and method.indicators[0].direction == "lower" and method.kernel == "rank_only":
        raise ValueError("adjustments: not where the lower is better")
    for indicator in method.indicators:
        _check_kernel(method, indicator, method.kernel_of(indicator))


def _check_kernel(method: Method, indicator: Indicator, kernel: Kernel) -> None:
    name = indicator.metric or indicator.metric_by
    if kernel == "rank_only":
        if indicator.missing not in ("unknown", "error"):
            raise ValueError(f"{name}: missing = 'unknown' or 'error' where the rank alone counts")
        return
    if indicator.weight is None:
        raise ValueError(f"{name}: weight")
    if kernel == "minmax" and not (method.base and method.span):
        raise ValueError("kernel = 'minmax': base and span")
    if kernel != "minmax" and indicator.direction == "lower":
        raise ValueError(f"{name}: direction = 'lower' goes with 'minmax' and 'rank_only'")
    if kernel != "minmax" and (indicator.benchmark is None) == (indicator.rule == "fixed"):
        raise ValueError(f"{name}: benchmark, or rule = 'mean' or 'max'")
    if kernel == "ratio_capped" and not (indicator.cap or method.cap):
        raise ValueError(f"{name}: kernel = 'ratio_capped' needs cap")


def _check_bands(method: Method) -> None:
    *upper, bottom = method.bands
    if not upper or len(set(method.grades)) < len(method.grades):
        raise ValueError("bands: at least two grades, each once")
    if bottom.upto or any(b.last for b in upper):
        raise ValueError("bands: the last grade has no upto, and only it may have last")
    open_ = [b.grade for b in upper if b.upto is None]
    if open_ != ([upper[-1].grade] if bottom.last else []):
        raise ValueError("bands: upto for every grade, without the last one or, where that has last, the last two")
    named = [x.grade for x in (method.veto, method.protection) if x] + [e.treat_as for e in method.exempt if e.treat_as]
    if stray := sorted(set(named) - set(method.grades)):
        raise ValueError(f"{', '.join(stray)} is none of the grades of bands")

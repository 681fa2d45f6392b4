"""The kinds of incentives: ladder, step, run of years, sharing by parts, share, price floor and weighted score.

Amounts are what the document promises if it is applied, not what was paid. Where a better rung is unknown, what is
certain is said and the amount is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.rules.incentive_case import Case, outcomes_of
from mudian.rules.incentive_model import Band, Incentive, Rung, Stage
from mudian.rules.logic import any_of, compare
from mudian.rules.ranks import consecutive, input_of

_PERCENT = 100.0


@dataclass(frozen=True)
class Result:
    """What an incentive says: outcome, the words of the rung, the amount, and the part of the other side."""

    outcome: pd.Series
    words: pd.Series
    amount: pd.Series
    rest: pd.Series


def _result(
    case: Case, outcome: pd.Series, *, words: pd.Series | None = None, amount: pd.Series | None = None,
    rest: pd.Series | None = None,
) -> Result:  # fmt: skip
    nothing = pd.Series(np.nan, case.index)
    none = pd.Series(-1, case.index)
    return Result(
        outcome,
        none if words is None else words,
        nothing if amount is None else amount,
        nothing if rest is None else rest,
    )


def _first(outcomes: list[pd.Series], index: pd.Index) -> pd.Series:
    """The number of the first outcome that is True; -1 where none is."""
    hits = np.array([o.fillna(False).to_numpy(bool) for o in outcomes])
    return pd.Series(np.where(hits.any(axis=0), hits.argmax(axis=0), -1), index)


def ladder(case: Case) -> Result:
    """Rungs from the best to the least; the amount of the highest reached one, or their sum."""
    incentive = case.incentive
    rungs = [_rung(case, r) for r in incentive.rungs]
    stated = [case.number(r.amount) if r.amount else np.nan for r in incentive.rungs]
    words = _first(rungs, case.index)
    if not any(r.amount for r in incentive.rungs):
        return _result(case, any_of(rungs), words=words)
    ways = {"highest": _bounded(rungs, stated, np.max), "sum": _bounded(rungs, stated, np.sum)}
    amount = case.agreed(incentive.stacking_by, ways) if incentive.stacking_by else ways["highest"]
    return _result(case, any_of(rungs), words=words, amount=amount)


def _rung(case: Case, rung: Rung) -> pd.Series:
    return case.combine(outcomes_of(case, rung.conditions), rung.combine, rung.combine_by)


def _bounded(rungs: list[pd.Series], stated: list[float], join: Callable[..., NDArray[np.float64]]) -> pd.Series:
    """The amount where the unknown rungs cannot change it; NaN also where a reached rung states no amount."""
    amounts = np.array(stated)[:, None]
    sure = np.array([r.fillna(False).to_numpy(bool) for r in rungs])
    possible = np.array([r.fillna(True).to_numpy(bool) for r in rungs])
    least = join(np.where(sure, amounts, 0.0), axis=0)
    greatest = join(np.where(possible, amounts, 0.0), axis=0)
    return pd.Series(np.where(least == greatest, least, np.nan), rungs[0].index)


def step(case: Case) -> Result:
    """So much for every place gained, up to a limit."""
    places = case.amounts(str(case.incentive.metric))
    each, most = case.number(str(case.incentive.step)), case.number(str(case.incentive.cap))
    return _result(case, compare(places, ">", 0), amount=_capped(places.clip(lower=0) * each, most))


def _capped(amount: pd.Series, most: float) -> pd.Series:
    """An amount up to a limit; missing where the limit is."""
    return amount.clip(upper=most) if np.isfinite(most) else amount * np.nan


def run_length(case: Case) -> Result:
    """What follows after so many consecutive years; the last stage that is reached gives the words."""
    incentive = case.incentive
    flags = outcomes_of(case, incentive.flags)
    run = _run(case, flags)
    stages = sorted(incentive.stages, key=lambda s: -case.number(s.years))
    reached = [_reached(case, s, run) for s in stages]
    _name_open_runs(case, flags, run, np.any([r.isna().to_numpy() for r in reached], axis=0))
    order = np.array([incentive.stages.index(s) for s in stages])
    first = _first(reached, case.index).to_numpy()
    return _result(case, any_of(reached), words=pd.Series(np.where(first < 0, -1, order[first]), case.index))


def _name_open_runs(case: Case, flags: list[pd.Series], run: _Run, open_: NDArray[np.bool_]) -> None:
    """Where years are lacking: the inputs of flags that are missing in some year of the zone, else earlier years."""
    zones = case.cells("zone")
    years_lack = open_ & run.unsure
    earlier = years_lack.copy()
    for test, flag in zip(case.incentive.flags, flags, strict=True):
        lacks = flag.isna().groupby(zones, dropna=False).transform("any").to_numpy(bool)
        case.note(input_of(test.metric, case.frame), years_lack & lacks)
        earlier &= ~lacks
    case.note("year", earlier)


@dataclass(frozen=True)
class _Run:
    """The least and the greatest length of a run over the readings that are left, and where years are lacking."""

    least: pd.Series
    greatest: pd.Series
    unsure: NDArray[np.bool_]


def _run(case: Case, flags: list[pd.Series]) -> _Run:
    incentive, zones = case.incentive, case.cells("zone")
    years = pd.to_numeric(case.cells("year"), errors="coerce").astype(float)
    joined = case.combine(flags, incentive.combine, incentive.combine_by)
    either = _span(*consecutive(joined, zones, years))
    if not incentive.mixing_by:
        return either
    found = case.policy.find(incentive.mixing_by)
    chosen = str(found.value) if found else "?"
    case.readings[incentive.mixing_by] = chosen
    each = [consecutive(f, zones, years) for f in flags]
    same = _span(_largest([e[0] for e in each]), _largest([e[1] for e in each]))
    if chosen in ("either", "same"):
        return either if chosen == "either" else same
    case.note(case.policy.name_lacking(incentive.mixing_by), (either.least != same.least).to_numpy())
    return _Run(same.least, either.greatest, either.unsure | same.unsure)


def _span(least: pd.Series, greatest: pd.Series) -> _Run:
    return _Run(least, greatest, (least != greatest).to_numpy())


def _largest(runs: list[pd.Series]) -> pd.Series:
    return pd.Series(np.max([r.to_numpy() for r in runs], axis=0), runs[0].index)


def _reached(case: Case, stage: Stage, run: _Run) -> pd.Series:
    needed = case.number(stage.years)
    low, high = compare(run.least, ">=", needed), compare(run.greatest, ">=", needed)
    return low.where(low == high)


def brackets(case: Case) -> Result:
    """Growth over the base shared by parts: each part of the growth has its own percentage for the subject."""
    incentive = case.incentive
    base = case.amounts(str(incentive.base))
    base = base.where(base > 0)
    growth = (case.amounts(str(incentive.metric)) - base).clip(lower=0)
    own, lower = growth * 0.0, base * 0.0
    for part in incentive.brackets:
        upper = base * case.number(part.upto) / _PERCENT if part.upto else growth.clip(lower=lower)
        own += (growth.clip(upper=upper) - lower).clip(lower=0) * case.number(part.share) / _PERCENT
        lower = upper
    return _result(case, compare(growth, ">", 0), amount=own, rest=growth - own)


def share(case: Case) -> Result:
    """A percentage of an amount, or of its growth over a base; never less than 0, up to a limit where there is one."""
    incentive = case.incentive
    whole = case.amounts(str(incentive.metric))
    if incentive.base:
        whole = whole - case.amounts(incentive.base)
    whole = whole.clip(lower=0)
    key = str(incentive.share)
    percent = case.number_by_year(key) if incentive.by_year else pd.Series(case.number(key), case.index)
    amount = whole * percent / _PERCENT
    if incentive.share_of_other:
        amount = whole - amount
    if incentive.cap:
        amount = _capped(amount, case.number(incentive.cap))
    return _result(case, compare(whole, ">", 0), amount=amount, rest=whole - amount)


def floor(case: Case) -> Result:
    """The highest of several lower limits of a price; missing as long as one of them is."""
    limits = [
        case.amounts(t.metric) * (case.number(t.times) / _PERCENT if t.times else 1.0) for t in case.incentive.terms
    ]
    lowest = pd.Series(np.max([v.to_numpy() for v in limits], axis=0), case.index)
    if case.incentive.metric:
        return _result(case, compare(case.amounts(case.incentive.metric), ">=", lowest), amount=lowest)
    return _result(case, lowest.notna().astype("boolean").where(lowest.notna()), amount=lowest)


def weighted(case: Case) -> Result:
    """The weighted sum of scores, and the grade by how many zones each grade has, the best first."""
    parts = [case.amounts(p.metric) * case.number(p.weight) / _PERCENT for p in case.incentive.parts]
    score = pd.Series(np.sum([p.to_numpy() for p in parts], axis=0), case.index)
    known = score.notna().astype("boolean").where(score.notna())
    if not case.incentive.bands:
        return _result(case, known, amount=score)
    return _result(case, known, amount=score, words=_bands(case, score, case.incentive.bands))


def _bands(case: Case, score: pd.Series, bands: tuple[Band, ...]) -> pd.Series:
    """The band of every score inside its year; -1 while a score of the year is missing or a tie lies on an edge."""
    years = case.cells("year")
    whole = ~score.isna().groupby(years, dropna=False).transform("any")
    edges = np.cumsum([case.number(b.count) for b in bands])
    groups = score.groupby(years, dropna=False)
    best = groups.rank(method="min", ascending=False).fillna(0).to_numpy()
    worst = groups.rank(method="max", ascending=False).fillna(0).to_numpy()
    band, other = np.searchsorted(edges, best), np.searchsorted(edges, worst)
    sure = whole.to_numpy() & (band == other) & (band < len(bands)) & np.isfinite(edges).all()
    return pd.Series(np.where(sure, band, -1), case.index)


KINDS: dict[str, Callable[[Case], Result]] = {
    "ladder": ladder,
    "step": step,
    "run_length": run_length,
    "brackets": brackets,
    "share": share,
    "floor": floor,
    "weighted": weighted,
}


def words_of(incentive: Incentive) -> tuple[Rung | Stage | Band, ...]:
    """What the numbers of :attr:`Result.words` stand for."""
    return incentive.rungs or incentive.stages or incentive.bands

"""The limbs of idle land (闲置土地的认定情形), each with its clock and its comparisons.

L1 未动工: a year past the agreed start and not started; this *is* idle land. L2 动工后中止: started, less than a third
built or less than a quarter invested, and stopped for a year; this *may* be found idle. Both shares are strict (不足):
exactly at the limit is not below. A local pack may add a limb on investment without a stop, and one on completion.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.packs.policy import Active, Policy
from mudian.rules.idle_clock import (
    Mask,
    Start,
    agreed,
    anniversary_operator,
    dates,
    find_start,
    is_full,
    years_since,
)
from mudian.rules.idle_progress import Progress, find_progress, share
from mudian.rules.idle_scope import Scope, find_scope
from mudian.rules.logic import Judged, all_of, any_of, compare, constant, name_missing

START_YEARS, TAKEBACK_YEARS = "idle.start_years", "idle.takeback_years"
STOP_YEARS, DEVELOPED, INVESTED = "idle.stop_years", "idle.stop_developed", "idle.stop_invested"
LOCAL_YEARS, LOCAL_INVESTED = "idle.local_limb.years", "idle.local_limb.invested"
COMPLETION_YEARS, COMPLETION_NOT_FOR = "idle.completion_limb.years", "idle.completion_limb.not_for"
NOT_STARTED, STOPPED, LOCAL_LIMB = "idle.not_started", "idle.stopped", "idle.local_limb"
_YEARS, _RATIO = "年", "ratio"


class Limb(NamedTuple):
    """What one rule says, and where which name is missing, in an order that does not depend on that of the rows."""

    judged: Judged
    lacking: dict[str, Mask]


@dataclass(frozen=True)
class Case:
    """Everything that the limbs read: parcels, policy and what was found of scope, work and clock.

    Attributes
    ----------
    elapsed, elapsed_longer
        Years since the start of the clock; two readings where its day is not certain.
    """

    parcels: pd.DataFrame
    policy: Policy
    rules: Mapping[str, Active]
    as_of: np.datetime64
    operator: str
    scope: Scope
    progress: Progress
    start: Start
    elapsed: NDArray[np.float64]
    elapsed_longer: NDArray[np.float64]

    @property
    def index(self) -> pd.Index:
        """Index of the parcels."""
        return self.parcels.index

    @property
    def concerned(self) -> Mask:
        """Parcels that are not certainly out of scope."""
        return self.scope.inside.fillna(True).to_numpy(bool)

    @property
    def working(self) -> Mask:
        """Parcels in scope, or not certainly out of it, on which work has started and is not completed."""
        begun: Mask = self.progress.begun.fillna(False).to_numpy(bool)
        return self.concerned & begun & ~self.progress.completed

    def past_start(self, key: str) -> pd.Series:
        """Whether the years of a key are full since the start, where both readings of the day say the same."""
        years = self.policy.number(key)
        shorter = is_full(self.elapsed, years, self.operator, self.index)
        if self.start.certain:
            return shorter
        return agreed(shorter, is_full(self.elapsed_longer, years, self.operator, self.index))

    def lacking(self, key: str) -> dict[str, Mask]:
        """The name of a value that the policy does not give, for every parcel."""
        if self.policy.find(key) is not None:
            return {}
        return {self.policy.name_lacking(key): np.ones(len(self.index), dtype=bool)}

    def years_names(self, key: str) -> dict[str, Mask]:
        """What would decide whether the years of a key are full since the start, by name."""
        return self.start.missing | self.lacking(key)

    def judged(
        self,
        rule: str,
        outcome: pd.Series,
        value: NDArray[np.float64],
        comparison: tuple[str, float | pd.Series, str],
        missing: Mapping[str, Mask],
        applies: Mask,
    ) -> Limb:
        """What one rule says; names of what is missing stay only where the outcome is unknown."""
        open_ = outcome.isna().to_numpy() & applies
        lacking = {name: mask & open_ for name, mask in missing.items()}
        names = name_missing(lacking, self.index)
        operator, threshold, unit = comparison
        clause = self.rules[rule].clause if rule in self.rules else ""
        concerned = pd.Series(pd.array(applies, dtype="boolean"), self.index)
        numbers = pd.Series(value, self.index)
        return Limb(Judged(rule, outcome, numbers, operator, threshold, unit, clause, names, concerned), lacking)


def look(parcels: pd.DataFrame, policy: Policy) -> Case:
    """Find scope, work and clock of every parcel."""
    as_of = np.datetime64(policy.as_of, "D")
    scope, progress, start = find_scope(parcels, policy), find_progress(parcels, as_of), find_start(parcels, policy)
    rules = {a.id: a for a in policy.rules("idle", "parcel")}
    running = scope.inside.fillna(True).to_numpy(bool) & ~progress.completed
    if LOCAL_LIMB not in rules:  # then the clock matters to land without a start only
        running &= ~progress.begun.fillna(False).to_numpy(bool)
    elapsed = years_since(start.later, as_of, running)
    longer = elapsed if start.certain else years_since(start.earlier, as_of, running)
    operator = anniversary_operator(policy)
    return Case(parcels, policy, rules, as_of, operator, scope, progress, start, elapsed, longer)


def judge_not_started(case: Case) -> Limb:
    """L1: not started a year after the agreed start (国土资源部令第53号 第二条第一款).

    Returns
    -------
    Limb
        Value: years since the agreed start, none where work has started. Where it is not known whether work has
        started, or whether the land is supplied, the outcome is unknown even if the year is not full: then it cannot
        be said which the land is, not due, or under work, or without a holder.
    """
    begun = case.progress.begun
    full = case.past_start(START_YEARS)
    waiting = ~begun.fillna(False).to_numpy(bool)
    outcome = (~begun & full & case.scope.inside).mask(begun.isna() | (waiting & case.scope.inside.isna()))
    undecided = waiting & full.isna().to_numpy()
    missing = case.scope.missing | {"actual_start": begun.isna().to_numpy()}
    missing |= {name: mask & undecided for name, mask in case.years_names(START_YEARS).items()}
    limit = case.policy.number(START_YEARS)
    value = np.where(waiting, case.elapsed, np.nan)
    comparison = (case.operator, np.nan if limit is None else limit, _YEARS)
    return case.judged(NOT_STARTED, outcome, value, comparison, missing, case.concerned)


def judge_stopped(case: Case) -> Limb | None:
    """L2: started, then stopped for a year with too little built or invested (国土资源部令第53号 第二条第二款).

    Returns
    -------
    Limb or None
        None where the policy does not count such land as idle. It reaches land on which work is known to have started
        and not to be completed. Value: years since the stop. The shares are parts of their own, for land on which work
        has stopped; where one share is missing the other one decides if it can.
    """
    enabled = case.policy.find("idle.stop_enabled")
    if STOPPED not in case.rules or (enabled is not None and enabled.value is False):
        return None
    progress = case.progress
    stopped = case.working & (~np.isnat(progress.stop) | progress.stop_unknown)
    elapsed = years_since(progress.stop, case.as_of, case.working)
    years = case.policy.number(STOP_YEARS)
    full = is_full(elapsed, years, case.operator, case.index)
    full = full.mask(np.isnat(progress.stop), False).mask(progress.stop_unknown)
    parts = tuple(
        judge_share(case, rule, columns, key, stopped)
        for rule, columns, key in (
            ("idle.stopped.developed", ("developed_m2", "should_develop_m2"), DEVELOPED),
            ("idle.stopped.invested", ("invested_wan", "total_investment_wan"), INVESTED),
        )
    )
    link = case.policy.find("idle.stop_link")
    below = (all_of if link is not None and link.value == "all" else any_of)([p.judged.outcome for p in parts])
    outcome = all_of([progress.begun, full, below, case.scope.inside])
    missing = case.scope.missing | {"stopped_since": progress.stop_unknown}
    missing |= {n: m & full.isna().to_numpy() for n, m in case.lacking(STOP_YEARS).items()}
    missing = _with_parts(missing, below.isna().to_numpy(), parts)
    comparison = (case.operator, np.nan if years is None else years, _YEARS)
    whole = case.judged(STOPPED, outcome, elapsed, comparison, missing, case.working)
    return _whole(whole, parts)


def judge_share(case: Case, rule: str, columns: tuple[str, str], key: str, applies: Mask) -> Limb:
    """Whether a share lies below its limit, strictly."""
    value, missing = share(case.parcels, *columns)
    limit = case.policy.number(key)
    outcome = constant(None, case.index) if limit is None else compare(pd.Series(value, case.index), "<", limit)
    comparison = ("<", np.nan if limit is None else limit, _RATIO)
    return case.judged(rule, outcome, value, comparison, missing | case.lacking(key), applies)


def _with_parts(missing: Mapping[str, Mask], open_: Mask, parts: Iterable[Limb]) -> dict[str, Mask]:
    """Add the names that the parts lack, where their combination is open."""
    lacking = [{name: mask & open_ for name, mask in part.lacking.items()} for part in parts]
    return together([missing, *lacking])


def together(found: Iterable[Mapping[str, Mask]]) -> dict[str, Mask]:
    """Where each name is missing in one of several."""
    every: dict[str, Mask] = {}
    for masks in found:
        for name, mask in masks.items():
            every[name] = every[name] | mask if name in every else mask
    return every


def _whole(limb: Limb, parts: Iterable[Limb]) -> Limb:
    """A limb with its parts."""
    return limb._replace(judged=replace(limb.judged, parts=tuple(p.judged for p in parts)))


def judge_local_limb(case: Case) -> Limb | None:
    """A limb of a local pack: so many years after the agreed start less than a share is invested, stop or no stop.

    Returns
    -------
    Limb or None
        None where no pack has such a limb. Value: years since the agreed start. It reaches land under work; land not
        started is idle by the first limb long before.
    """
    if LOCAL_LIMB not in case.rules:
        return None
    full = case.past_start(LOCAL_YEARS)
    part = judge_share(
        case, "idle.local_limb.invested", ("invested_wan", "total_investment_wan"), LOCAL_INVESTED, case.working
    )
    outcome = all_of([case.progress.begun, full, part.judged.outcome, case.scope.inside])
    undecided = full.isna().to_numpy()
    missing = case.scope.missing | {n: mask & undecided for n, mask in case.years_names(LOCAL_YEARS).items()}
    missing = _with_parts(missing, part.judged.outcome.isna().to_numpy(), (part,))
    limit = case.policy.number(LOCAL_YEARS)
    comparison = (case.operator, np.nan if limit is None else limit, _YEARS)
    return _whole(case.judged(LOCAL_LIMB, outcome, case.elapsed, comparison, missing, case.working), (part,))


def judge_completion_limb(case: Case) -> Limb | None:
    """A rule of a local pack: granted land still unfinished so long after the agreed completion pays a yearly fee.

    Returns
    -------
    Limb or None
        None where no pack has such a rule. Value: years since the agreed completion of unfinished land. It does not
        make land idle, and the amount is not computed.
    """
    if "idle.completion_limb" not in case.rules:
        return None
    due = dates(case.parcels, "agreed_completion")
    applies = case.concerned & ~supplied_by(case.parcels, case.policy, COMPLETION_NOT_FOR)
    elapsed = years_since(due, case.as_of, applies & ~case.progress.completed)
    years = case.policy.number(COMPLETION_YEARS)
    full = is_full(elapsed, years, case.operator, case.index)
    known = "actual_completion" in case.parcels
    open_ = pd.Series(pd.array(~case.progress.completed, dtype="boolean"), case.index)
    unfinished = open_ if known else constant(None, case.index)
    missing = case.scope.missing | {"agreed_completion": np.isnat(due)}
    missing |= {"actual_completion": np.full(len(due), not known)} | case.lacking(COMPLETION_YEARS)
    outcome = all_of([full, unfinished, case.scope.inside])
    comparison = (case.operator, np.nan if years is None else years, _YEARS)
    return case.judged("idle.completion_limb", outcome, elapsed, comparison, missing, applies)


def supplied_by(parcels: pd.DataFrame, policy: Policy, key: str) -> Mask:
    """Parcels whose mode of supply (供地方式) contains one of the words of a value."""
    found = policy.find(key)
    if found is None or "supply_mode" not in parcels:
        return np.zeros(len(parcels), dtype=bool)
    codes, modes = pd.factorize(parcels["supply_mode"])
    hit = np.array([*(any(str(w) in str(m) for w in found.items) for m in modes), False])
    named: Mask = hit[codes]
    return named

"""Borderline list: subjects whose verdict changes if one threshold moves by ±10 % or one input by ±1 %.

A subject is borderline when some single threshold, or some single input of the subject, moved to either end of its
step, changes a verdict: True, False and unknown are three answers, a status is one of many. Verdicts of rules are
monotone in each threshold and input, so the two ends suffice; a verdict that would change only in between is not
listed. Days and words do not move. Land that becomes idle under a move is borderline in its idle status.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.packs.policy import Active, Policy
from mudian.rules.holders import Holders, parcel_frame
from mudian.rules.inefficient import closed_land, final, gather, handed_down, settle
from mudian.rules.logic import Judged, name_missing
from mudian.rules.moves import (
    UNKNOWN,
    Codes,
    Rebuild,
    Scan,
    codes,
    input_names,
    moves,
    near_limit,
    rebuild_ratios,
    threshold_names,
)

BoolArray = NDArray[np.bool_]
Verdicts = Mapping[str, pd.Series]
JudgeRows = Callable[[pd.DataFrame, Policy], Verdicts]


@dataclass(frozen=True)
class Borderline:
    """Which verdicts of which subjects a small move changes.

    Attributes
    ----------
    index
        Index of the subjects.
    verdicts
        Names of the verdicts that were tried.
    masks
        Where a move changes a verdict, by the name of the verdict and the label of the move.
    """

    index: pd.Index
    verdicts: tuple[str, ...]
    masks: Mapping[tuple[str, str], BoolArray]

    def flags(self) -> pd.DataFrame:
        """One column per verdict: whether some move changes it."""
        made = {v: _any([m for (of, _), m in self.masks.items() if of == v], len(self.index)) for v in self.verdicts}
        return pd.DataFrame({v: pd.array(m, dtype="boolean") for v, m in made.items()}, index=self.index)

    def reasons(self) -> pd.DataFrame:
        """One column per verdict: the moves that change it, joined by ``;``."""
        own = {v: {label: m for (of, label), m in self.masks.items() if of == v} for v in self.verdicts}
        return pd.DataFrame({v: name_missing(m, self.index) for v, m in own.items()}, index=self.index)

    def table(self) -> pd.DataFrame:
        """``borderline`` and ``borderline_by`` (``verdict: move``, joined by ``;``)."""
        named = {f"{verdict}: {label}": mask for (verdict, label), mask in self.masks.items()}
        flag = pd.array(_any(list(named.values()), len(self.index)), dtype="boolean")
        columns = {"borderline": flag, "borderline_by": name_missing(named, self.index).array}
        return pd.DataFrame(columns, index=self.index)


def _any(masks: Sequence[BoolArray], size: int) -> BoolArray:
    return np.asarray(np.logical_or.reduce([np.zeros(size, bool), *masks]))


def join_borderline(parts: Iterable[Borderline]) -> Borderline:
    """Several verdicts on the same subjects together."""
    masks: dict[tuple[str, str], BoolArray] = {}
    verdicts: dict[str, None] = {}
    index = pd.Index([])
    for part in parts:
        index = part.index
        verdicts |= dict.fromkeys(part.verdicts)
        for key, mask in part.masks.items():
            masks[key] = masks[key] | mask if key in masks else mask
    return Borderline(index, tuple(verdicts), masks)


def borderline(
    judge_rows: JudgeRows,
    frame: pd.DataFrame,
    policy: Policy,
    *,
    rules: Sequence[Active] = (),
    keys: Sequence[str] = (),
    inputs: Sequence[str] | None = None,
    rebuild: Rebuild = rebuild_ratios,
    near: BoolArray | None = None,
) -> Borderline:
    """Find the subjects whose verdicts a small move changes.

    Parameters
    ----------
    judge_rows
        Gives the verdicts of subjects, by name, under the index of the subjects. It is called with some of the rows:
        the verdict of a row must rest on that row alone (averages of groups are held for ``rules``).
    frame
        The subjects; not changed.
    policy
        Where the thresholds come from.
    rules
        The rules of packs that the verdicts rest on. Only rows where one of them answers otherwise are judged again.
    keys
        Keys of further thresholds that the verdicts rest on outside of ``rules``.
    inputs
        Numeric columns that are moved; by default those that ``rules`` rest on.
    rebuild
        Computes what follows from the inputs; by default the figures per mu and other ratios.
    near
        Rows worth judging for ``keys`` and for inputs outside of ``rules`` (see :func:`near_limits`); by default all.

    Returns
    -------
    Borderline

    Examples
    --------
    >>> import datetime as dt
    >>> from mudian.packs.policy import policies
    >>> from mudian.rules.conditions import judge
    >>> policy = policies(["taian-2021"], as_of=dt.date(2025, 12, 31))
    >>> rules = [r for r in policy.rules("admission") if r.id == "taian.separate_land"]
    >>> projects = pd.DataFrame({"total_investment_wan": [5040.0, 9000.0], "area_mu": [20.0, 20.0]})
    >>> found = borderline(lambda f, p: {"own_land": judge(rules[0], f, p).outcome}, projects, policy, rules=rules)
    >>> found.table()["borderline_by"].tolist()
    ['own_land: taian.separate_land.investment ±10 %;own_land: total_investment_wan ±1 %', '']
    """
    scan = Scan.of(rules, frame, policy, rebuild=rebuild)
    base = judge_rows(scan.frame, policy)
    own, read = threshold_names(rules, policy), input_names(rules, frame)
    tried = [*moves("threshold", dict.fromkeys([*own, *keys])), *moves("input", read if inputs is None else inputs)]
    masks: dict[tuple[str, str], BoolArray] = {}
    everything = np.ones(len(frame), bool) if near is None else near
    for move in tried:
        covered = move.name not in keys and move.name in (*own, *read)
        rows = scan.rows(scan.after(move)) if covered else everything
        if not rows.any():
            continue
        after = judge_rows(move.frame(scan.frame[rows], rebuild), move.policy(policy))
        for verdict, outcome in base.items():
            _note(masks, (verdict, move.label), rows, _differ(outcome[rows], after[verdict]))
    return Borderline(frame.index, tuple(base), masks)


def near_limits(judged: Iterable[Judged], index: pd.Index) -> BoolArray:
    """Rows where some comparison is so near to its limit that a move can turn it.

    Parameters
    ----------
    judged
        Rules as judged, with their parts; together they must hold every comparison that the verdict rests on.
    index
        Index of the subjects.
    """
    near = np.zeros(len(index), bool)
    for one in (p for j in judged for p in (j, *j.parts)):
        near |= near_limit(one)
    return near


def borderline_inefficient(
    parcels: pd.DataFrame,
    enterprises: pd.DataFrame,
    links: pd.DataFrame,
    policy: Policy,
    *,
    idle_status: pd.Series | None = None,
) -> Borderline:
    """Find the parcels whose verdict on low-efficiency (低效用地) a small move changes.

    A threshold moves for all enterprises and parcels at once; an input moves for one enterprise, or one parcel, alone.

    Parameters
    ----------
    parcels, enterprises, links, policy, idle_status
        As for :func:`mudian.rules.inefficient.judge_inefficient`.

    Returns
    -------
    Borderline
        One verdict, ``inefficient``. Inputs of enterprises and of parcels are named alike.
    """
    case = _Case.of(parcels, enterprises, links, policy, idle_status)
    masks: dict[tuple[str, str], BoolArray] = {}
    every = np.ones(len(parcels), bool)
    rules = [*case.firms.rules, *case.own.rules]
    for move in moves("threshold", threshold_names(rules, policy)):
        firms, own = case.firms.after(move), case.own.after(move)
        if firms or own:
            _note(masks, ("inefficient", move.label), every, case.flips(firms, own))
    for move in moves("input", input_names(case.own.rules, case.own.frame)):
        own = case.own.after(move)
        if own:
            _note(masks, ("inefficient", move.label), every, case.flips({}, own))
    for move in moves("input", input_names(case.firms.rules, case.firms.frame)):
        firms = case.firms.after(move)
        if firms:
            _note(masks, ("inefficient", move.label), every, case.flips_of_one(firms))
    return Borderline(parcels.index, ("inefficient",), masks)


@dataclass(frozen=True)
class _Case:
    """Low-efficiency as its rules gave it, to be put together again with some outcomes replaced."""

    firms: Scan
    own: Scan
    holders: Holders
    closed: BoolArray

    @classmethod
    def of(
        cls,
        parcels: pd.DataFrame,
        enterprises: pd.DataFrame,
        links: pd.DataFrame,
        policy: Policy,
        idle_status: pd.Series | None,
    ) -> _Case:
        holders = Holders.of(links, len(parcels))
        rules = policy.rules("inefficient", "parcel")
        frame, _ = parcel_frame(parcels, enterprises, holders, rules, policy.as_of)
        idle, unsupplied = closed_land(parcels, idle_status)
        firms = Scan.of(policy.rules("inefficient", "enterprise"), enterprises, policy)
        return cls(firms, Scan.of(rules, frame, policy), holders, idle | unsupplied)

    def flips(self, firms: Verdicts, own: Verdicts) -> BoolArray:
        """Parcels whose verdict is another with these outcomes of rules."""
        return np.asarray((self.verdict(firms, own) != self.base) & ~self.closed)

    @cached_property
    def base(self) -> Codes:
        """The verdict as it is."""
        return self.verdict({}, {})

    def verdict(self, firms: Verdicts, own: Verdicts) -> Codes:
        """The verdict on every parcel, some outcomes of rules replaced."""
        handed, decisive = self._firms(firms)
        index = self.own.frame.index
        inherited = self.holders.inherit(handed).set_axis(index) if self.firms.rules else None
        return self._parcels(own, inherited, decisive)

    def flips_of_one(self, firms: Verdicts) -> BoolArray:
        """Parcels whose verdict is another when one holder alone has these outcomes and the others stay."""
        before, decisive = self._firms({})
        old, new = codes(before), codes(self._firms(firms)[0])
        holders = self.holders
        moved = (old != new)[holders.enterprise]
        parcel, firm = holders.parcel[moved], holders.enterprise[moved]
        total = holders.total[parcel]
        counts = {c: holders.count(old == c)[parcel] - (old[firm] == c) + (new[firm] == c) for c in (0, 1)}
        one = np.where(counts[1] == total, 1, np.where(counts[0] == total, 0, UNKNOWN))
        flipped = np.zeros(holders.size, bool)
        for code in (UNKNOWN, 0, 1):  # each answer a holder may bring, given to all parcels at once
            brought = pd.Series(code == 1, self.own.frame.index, dtype="boolean")
            brought = brought.mask(np.full(holders.size, code == UNKNOWN))
            other = self._parcels({}, brought, decisive)
            here = parcel[one == code]
            flipped[here] |= other[here] != self.base[here]
        return flipped & ~self.closed

    def _firms(self, replaced: Verdicts) -> tuple[pd.Series, bool]:
        """The verdict on enterprises as parcels inherit it, and whether there is a deciding rule."""
        deciding, review = _gathered(self.firms, replaced)
        return handed_down(deciding, review, self.firms.frame.index), deciding is not None

    def _parcels(self, replaced: Verdicts, inherited: pd.Series | None, decisive: bool) -> Codes:
        deciding, review = _gathered(self.own, replaced)
        some = deciding is not None or decisive
        low = settle(deciding, inherited, self.holders.total > 0) if some else None
        return codes(final(low, review, self.own.frame.index))


def _gathered(scan: Scan, replaced: Verdicts) -> tuple[pd.Series | None, BoolArray]:
    outcomes = {**scan.outcomes, **replaced}
    return gather([(a, outcomes[a.id]) for a in scan.rules], scan.frame.index)


def _differ(before: pd.Series, after: pd.Series) -> BoolArray:
    """Where two verdicts are not the same; unknown is the same as unknown."""
    if pd.api.types.is_bool_dtype(before.dtype):
        return np.asarray(codes(before.astype("boolean")) != codes(after.astype("boolean")))
    first, second = before.astype("str").fillna(""), after.astype("str").fillna("")
    return np.asarray(first.to_numpy() != second.to_numpy())


def _note(masks: dict[tuple[str, str], BoolArray], key: tuple[str, str], rows: BoolArray, changed: BoolArray) -> None:
    if not changed.any():
        return
    mask = masks.setdefault(key, np.zeros(len(rows), bool))
    mask[rows] |= changed

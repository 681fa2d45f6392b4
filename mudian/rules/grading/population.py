"""Who is graded by which method, who stands outside the ranking, and in which group an enterprise is ranked.

An enterprise is graded by the last of the chosen packs that has a method for it. What cannot be known (a missing scale,
a missing industry) leaves the enterprise out of the ranking and is named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.errors import PackError
from mudian.packs.model import Condition
from mudian.packs.policy import Policy
from mudian.packs.reader import Pack
from mudian.rules.conditions import judge_condition
from mudian.rules.grading.lookup import Lookup, Mask
from mudian.rules.grading.method import Check
from mudian.rules.groups import division
from mudian.rules.logic import all_of, any_of, constant, join_missing, name_missing

NONE = -1


@dataclass(frozen=True)
class Holds:
    """Whether something holds for every enterprise: True, False or missing, with the names of what is missing."""

    outcome: pd.Series
    missing: pd.Series

    def where_unknown(self) -> tuple[Mask, pd.Series]:
        """Mask and names, as :func:`mudian.rules.logic.join_missing` takes them."""
        return self.outcome.isna().to_numpy(bool), self.missing


@dataclass(frozen=True)
class Members:
    """The method of every enterprise.

    Attributes
    ----------
    code
        Place of its method in ``names``; -1 for none.
    names
        Ids of the methods.
    open
        Where it is not known which method applies, or whether one does.
    missing
        Names of what is missing there.
    """

    code: NDArray[np.int64]
    names: tuple[str, ...]
    open: Mask
    missing: pd.Series


def members(frame: pd.DataFrame, policy: Policy, methods: Mapping[str, tuple[Pack | None, Lookup]]) -> Members:
    """Find the method of every enterprise.

    Parameters
    ----------
    frame
        Enterprises.
    policy
        The packs in their order.
    methods
        The methods to choose from, with their packs and values; those of later packs go first.

    Raises
    ------
    PackError
        When two methods of one pack apply to one enterprise.
    """
    size, names = len(frame), tuple(methods)
    holds = [inside(frame, lookup, pack, name) for name, (pack, lookup) in methods.items()]
    order = {pack.id: n for n, pack in enumerate(policy.packs)}
    rank = [order.get(pack.id, NONE) if pack else NONE for pack, _ in methods.values()]
    code, open_ = np.full(size, NONE, np.int64), np.zeros(size, bool)
    unnamed = []
    for level in sorted(set(rank), reverse=True):
        of_pack = [n for n, r in enumerate(rank) if r == level]
        sure = np.array([holds[n].outcome.fillna(False).to_numpy(bool) for n in of_pack])
        free = (code == NONE) & ~open_
        _refuse_two(sure & free, [names[n] for n in of_pack])
        code = np.where(free & sure.any(axis=0), np.array(of_pack)[sure.argmax(axis=0)], code)
        maybe = [holds[n].outcome.isna().to_numpy(bool) for n in of_pack]
        now = free & (code == NONE) & np.any(maybe, axis=0)
        unnamed += [(now & m, holds[n].missing) for n, m in zip(of_pack, maybe, strict=True)]
        open_ = open_ | now
    return Members(code, names, open_, join_missing(unnamed, frame.index))


def _refuse_two(sure: Mask, names: list[str]) -> None:
    several = sure.sum(axis=0) > 1
    if several.any():
        touched = [n for n, row in zip(names, sure, strict=True) if (row & several).any()]
        raise PackError("grade-methods-overlap", count=int(several.sum()), names=", ".join(touched))


def inside(frame: pd.DataFrame, lookup: Lookup, pack: Pack | None, name: str) -> Holds:
    """Whether a method applies to every enterprise."""
    method = lookup.method
    parts = [check(frame, lookup, c) for c in method.population]
    parts += [_scale(frame, str(s)) for s in {method.scale, _head(pack, name, "scale")} if s]
    industries = _head(pack, name, "industries")
    parts += [_industries(frame, industries)] if industries else []
    levels = _head(pack, name, "zone_levels")
    parts += [_levels(frame, levels)] if levels else []
    if method.population_any:
        parts.append(any_check(frame, lookup, method.population_any))
    if not parts:
        return Holds(constant(True, frame.index), name_missing({}, frame.index))
    outcome = all_of([p.outcome for p in parts])
    return Holds(outcome, _names(outcome, parts))


def any_check(frame: pd.DataFrame, lookup: Lookup, checks: Sequence[Check]) -> Holds:
    """Whether one of several comparisons holds."""
    parts = [check(frame, lookup, c) for c in checks]
    outcome = any_of([p.outcome for p in parts])
    return Holds(outcome, _names(outcome, parts))


def check(frame: pd.DataFrame, lookup: Lookup, one: Check) -> Holds:
    """Whether one comparison holds."""
    if one.absent == "no" and one.metric not in frame:
        lookup.left_out.add(one.metric)
        return Holds(constant(False, frame.index), name_missing({}, frame.index))
    if one.operator == "present":
        return _present(frame, one.metric)
    condition = Condition(**one.model_dump(exclude={"absent"}))
    judged = judge_condition(condition, frame, lookup.policy, rule_id="", clause="")
    return Holds(judged.outcome, judged.missing)


def _present(frame: pd.DataFrame, name: str) -> Holds:
    if name not in frame:
        return Holds(constant(None, frame.index), name_missing({name: np.ones(len(frame), bool)}, frame.index))
    cells = frame[name]
    filled = cells.notna() & (cells.astype("str").str.strip() != "")
    return Holds(filled.fillna(False).astype("boolean"), name_missing({}, frame.index))


def _scale(frame: pd.DataFrame, scale: str) -> Holds:
    known = frame["above_scale"].astype("boolean") if "above_scale" in frame else constant(None, frame.index)
    return _known("above_scale", known == (scale == "above"))


def _head(pack: Pack | None, name: str, limit: str) -> object:
    return getattr(pack.head_of("methods", name), limit) if pack and ("methods", name) in pack.topics else None


def _industries(frame: pd.DataFrame, wanted: object) -> Holds:
    codes = _texts(frame, "industry_code")
    words = tuple(str(w) for w in wanted)  # type: ignore[attr-defined]
    hit = codes.str.startswith(words) | division(codes).isin(words)
    return _known("industry_code", hit.astype("boolean").where(codes.notna()))


def _levels(frame: pd.DataFrame, wanted: object) -> Holds:
    level = _texts(frame, "zone_level")
    return _known("zone_level", level.isin(list(wanted)).astype("boolean").where(level.notna()))  # type: ignore[call-overload]


def _known(name: str, outcome: pd.Series) -> Holds:
    return Holds(outcome, name_missing({name: outcome.isna().to_numpy(bool)}, outcome.index))


def _texts(frame: pd.DataFrame, name: str) -> pd.Series:
    return frame[name].astype("str") if name in frame else pd.Series(None, frame.index, dtype="str")


def _names(outcome: pd.Series, parts: Sequence[Holds]) -> pd.Series:
    open_ = outcome.isna().to_numpy(bool)
    return join_missing([(open_ & p.outcome.isna().to_numpy(bool), p.missing) for p in parts], outcome.index)


@dataclass(frozen=True)
class Outside:
    """Classes outside the ranking.

    Attributes
    ----------
    code
        Place of the class in the method's ``exempt``; -1 for none.
    open
        Where it is not known whether an enterprise belongs to one, with the names of what is missing.
    """

    code: NDArray[np.int64]
    open: Mask
    missing: pd.Series


def outside(frame: pd.DataFrame, lookup: Lookup) -> Outside:
    """The class outside the ranking that every enterprise belongs to; the first that holds counts."""
    code, open_ = np.full(len(frame), NONE, np.int64), np.zeros(len(frame), bool)
    unnamed = []
    for n, exempt in enumerate(lookup.method.exempt):
        found = any_check(frame, lookup, exempt.any)
        free = (code == NONE) & ~open_
        code = np.where(free & found.outcome.fillna(False).to_numpy(bool), n, code)
        maybe, names = found.where_unknown()
        open_ = open_ | (free & maybe)
        unnamed.append((free & maybe, names))
    return Outside(code, open_, join_missing(unnamed, frame.index))


@dataclass(frozen=True)
class Groups:
    """The group of every enterprise: its place in ``names``, NaN where unknown."""

    code: NDArray[np.float64]
    names: tuple[str, ...]
    missing: pd.Series

    def rows(self, where: Mask) -> list[NDArray[np.int64]]:
        """The rows of every group for which ``where`` holds."""
        kept = np.flatnonzero(where & ~np.isnan(self.code))
        order = kept[np.argsort(self.code[kept], kind="stable")]
        ends = np.searchsorted(self.code[order], np.arange(len(self.names) + 1))
        return [order[a:b] for a, b in pairwise(ends)]


def groups(frame: pd.DataFrame, lookup: Lookup) -> Groups:
    """The group in which every enterprise is ranked.

    Parameters
    ----------
    frame
        Enterprises.
    lookup
        The method and its lists of divisions.
    """
    method = lookup.method
    if method.group_column and method.group_column in frame:
        codes, own = pd.factorize(frame[method.group_column], sort=True)
        code = np.where(codes < 0, np.nan, codes.astype(float))
        return _groups(code, tuple(map(str, own)), {method.group_column}, frame)
    if not method.groups:
        return _groups(np.zeros(len(frame)), ("",), set(), frame)
    names = tuple(g.id for g in method.groups)
    listed = [lookup.find(g.divisions) for g in method.groups]
    lacking = {name for _, absent in listed for name in absent}
    if lacking:
        return _groups(np.full(len(frame), np.nan), names, lacking, frame)
    code_of = {str(d): n for n, (value, _) in enumerate(listed) if value for d in value.items}
    divisions = division(_texts(frame, "industry_code"))
    rest = next((float(n) for n, g in enumerate(method.groups) if g.rest), np.nan)
    placed = divisions.map(code_of).astype(float)
    code = np.asarray(placed.where(placed.notna() | divisions.isna(), rest), float)
    return _groups(code, names, {"industry_code"}, frame)


def _groups(code: NDArray[np.float64], names: tuple[str, ...], lacking: set[str], frame: pd.DataFrame) -> Groups:
    masks = dict.fromkeys(sorted(lacking), np.isnan(code))
    return Groups(code, names, name_missing(masks, frame.index))

"""One method over the enterprises it applies to: items, sum, rank, quota, veto; the order in which a score becomes a
grade stands in :func:`run_method` from top to bottom.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.rules.grading import adjust, quotas
from mudian.rules.grading.gap import next_grade
from mudian.rules.grading.items import Item, score_item, total
from mudian.rules.grading.lookup import Floats, Lookup, Mask, Masks
from mudian.rules.grading.population import NONE, Groups, Holds, Outside, any_check, groups, outside
from mudian.rules.logic import constant, join_missing, name_missing

Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Ranking:
    """Ranks and grades by rank alone, of every group.

    Attributes
    ----------
    first, population
        Place and number of which the share is taken; 0 where not ranked.
    code
        Grade by rank, 0 the best; -1 where not ranked or unknown.
    limit
        Cumulative share (of one) at which that grade ends.
    open
        Where an unknown edge leaves the grade open, with what must be given.
    quotas
        One row per group: ``group``, ``population``, ``ranked`` and the place after which each grade ends.
    """

    first: Codes
    population: Codes
    code: Codes
    limit: Floats
    tied: Mask
    rounded_up: Mask
    open: Mask
    lacking: tuple[str, ...]
    quotas: list[dict[str, Any]]


@dataclass(frozen=True)
class Run:
    """What one method says of the enterprises it applies to; rows as in the frame it was given."""

    lookup: Lookup
    items: tuple[Item, ...]
    adjusted: Floats
    score: Floats
    outside: Outside
    groups: Groups
    ranking: Ranking
    veto: Holds
    protected: Holds
    code: Codes
    gap: Floats
    target: Codes
    reasons: pd.Series
    missing: pd.Series


def run_method(frame: pd.DataFrame, lookup: Lookup) -> Run:
    """Grade enterprises by one method.

    Parameters
    ----------
    frame
        Enterprises that the method applies to, RangeIndex.
    lookup
        The method and its values.
    """
    away, group = outside(frame, lookup), groups(frame, lookup)
    listed = (away.code == NONE) & ~away.open
    codes = group.code if lookup.method.over == "group" else np.zeros(len(frame))
    items = tuple(score_item(i, frame, lookup, listed=listed, codes=codes) for i in lookup.method.indicators)
    adjusted, unknown_points = adjust.points(frame, lookup)
    score = total(items) + adjusted
    upward = -score if lookup.method.indicators[0].direction == "lower" and _rank_only(lookup) else score
    ranking = _rank(upward, listed & ~np.isnan(group.code), away, group, lookup)
    veto, protected = (_holds(frame, lookup, part) for part in (lookup.method.veto, lookup.method.protection))
    code = adjust.apply(ranking.code, adjust.limits(lookup), veto=veto.outcome, protected=protected.outcome)
    gap, target = _gaps(upward, ranking, code, group)
    reasons = _reasons(items, adjusted, away, ranking, veto, protected, code)
    missing = _missing(items, unknown_points, score, away, group, ranking, (veto, protected), code)
    return Run(
        lookup, items, adjusted, score, away, group, ranking, veto, protected, code, gap, target, reasons, missing
    )


def _rank_only(lookup: Lookup) -> bool:
    return lookup.method.kernel == "rank_only"


def _holds(frame: pd.DataFrame, lookup: Lookup, part: Any) -> Holds:
    if part is None:
        return Holds(constant(False, frame.index), name_missing({}, frame.index))
    return any_check(frame, lookup, part.any)


def _rank(score: Floats, listed: Mask, away: Outside, group: Groups, lookup: Lookup) -> Ranking:
    size = len(score)
    first, population, code = np.zeros(size, np.int64), np.zeros(size, np.int64), np.full(size, NONE, np.int64)
    limit, tied, rounded = np.full(size, np.nan), np.zeros(size, bool), np.zeros(size, bool)
    ranked, counted = listed & ~np.isnan(score), _counted(away, lookup)
    lacking: dict[str, None] = {}
    rows = []
    for name, here, others in zip(group.names, group.rows(ranked), group.rows(counted), strict=True):
        of = len(here) + len(others)
        edge = quotas.edges(lookup, ranked=len(here), population=of)
        ranks = quotas.places(score[here])
        first[here], population[here] = ranks.first, of
        code[here] = quotas.classes(ranks, edge.cuts, up=_up(lookup, len(edge.cuts)))
        ends = np.array([np.nan if s is None else float(s) for s in (*edge.shares, 1)])
        limit[here] = np.where(code[here] >= 0, ends[code[here]], np.nan)
        tied[here] = quotas.tied(ranks, edge.cuts)
        rounded[here] = edge.rounded_up & (code[here] == len(edge.cuts))
        lacking |= dict.fromkeys(key for keys in edge.lacking for key in keys)
        rows.append({"group": name, "population": of, "ranked": len(here), "cuts": edge.cuts})
    open_ = ranked & (code == NONE)
    return Ranking(first, population, code, limit, tied, rounded, open_, tuple(lacking), rows)


def _counted(away: Outside, lookup: Lookup) -> Mask:
    """Who stands outside the ranking and still counts in the population."""
    chosen = lookup.choice("exempt_counts")
    counts = [e.counts if chosen is None else bool(chosen) for e in lookup.method.exempt]
    return np.array([*counts, False])[away.code]


def _up(lookup: Lookup, edges: int) -> list[bool]:
    """To which side ties go at every edge; a single edge is the one above the last grade."""
    sides = [lookup.choice("ties_middle") == "up"] * edges
    sides[0] = lookup.choice("ties_first") == "up"
    sides[-1] = lookup.choice("ties_last") == "up"
    return sides


def _gaps(score: Floats, ranking: Ranking, code: Codes, group: Groups) -> tuple[Floats, Codes]:
    gap, target = np.full(len(score), np.nan), np.full(len(score), NONE, np.int64)
    for here in group.rows(ranking.first > 0):
        gap[here], target[here] = next_grade(score[here], ranking.code[here], code[here])
    return gap, target


def _reasons(
    items: Sequence[Item],
    adjusted: Floats,
    away: Outside,
    ranking: Ranking,
    veto: Holds,
    protected: Holds,
    code: Codes,
) -> pd.Series:
    """Codes of what else shaped the grade, joined by ``;`` (texts: ``grade-<code>`` of the message catalogue)."""
    by_rank = ranking.code
    masks: Masks = {"exempt": away.code != NONE}
    for item in items:
        for name, mask in item.reasons.items():
            masks[name] = masks[name] | mask if name in masks else mask
    masks["adjusted"] = (adjusted != 0) & ~np.isnan(adjusted)
    masks["tie"] = ranking.tied
    masks["rounded-up"] = ranking.rounded_up
    known = (by_rank >= 0) & (code >= 0)
    masks["veto"] = veto.outcome.fillna(False).to_numpy(bool) & known
    masks["protected"] = protected.outcome.fillna(False).to_numpy(bool) & known & (code < by_rank)
    return name_missing(masks, veto.missing.index)


def _missing(
    items: Sequence[Item],
    unknown_points: Masks,
    score: Floats,
    away: Outside,
    group: Groups,
    ranking: Ranking,
    limits: Sequence[Holds],
    code: Codes,
) -> pd.Series:
    """Names of what an unknown grade lacks."""
    index = away.missing.index
    open_ = (code == NONE) & (away.code == NONE)
    nothing = np.isnan(score) & np.all([i.left_out for i in items], axis=0)
    masks: Masks = {}
    for part in (*(i.missing for i in items), unknown_points, {i.metric: nothing for i in items}):
        for name, mask in part.items():
            masks[name] = masks[name] | mask if name in masks else mask
    masks |= {name: ranking.open for name in ranking.lacking if name not in masks}
    names = name_missing({n: m & open_ for n, m in masks.items()}, index)
    undecided = open_ & (ranking.code >= 0)
    parts = [(away.open & open_, away.missing), (np.isnan(group.code) & open_, group.missing), (open_, names)]
    parts += [(undecided & h.outcome.isna().to_numpy(bool), h.missing) for h in limits]
    return join_missing(parts, index)

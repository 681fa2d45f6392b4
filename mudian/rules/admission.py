"""Admission of projects (准入): may a project enter, and is it given land of its own or a standard factory (标准厂房).

Limits are read as their sources write them: "低于 5000 万元" fails below 5000 and passes at 5000. A rule of a pack is a
requirement; one that has a label says what a project is when the rule holds (禁止供地), and excludes it, or puts it
before a person where its role is ``review`` (从严把关). Planned figures are promises: that they are kept is the matter
of :mod:`mudian.rules.standard_land`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from mudian.findings import join
from mudian.packs.policy import Active, Policy
from mudian.rules.logic import Judged, any_of, constant, join_missing, name_missing
from mudian.rules.requirements import (
    Checklist,
    Mask,
    combine,
    name_sources,
    open_items,
    require,
    with_edition,
    with_ratios,
)
from parcels.units import M2_PER_MU

OWN_LAND, FACTORY, ADMITTED, NOT_ADMITTED, UNKNOWN = (
    "own_land", "standard_factory", "admitted", "not_admitted", "unknown",
)  # fmt: skip


@dataclass(frozen=True)
class Admission:
    """What the policy says of proposed projects.

    Attributes
    ----------
    table
        Per project ``entry`` (all conditions of entry hold), ``separate_land`` (land of its own; missing where no rule
        says so or something is unknown), ``admission`` (``own_land``, ``standard_factory``, ``admitted`` where no rule
        on land applies, ``not_admitted``, ``unknown``; missing without any rule), ``review`` (a person decides),
        ``open_items``, ``review_items`` and ``missing``.
    judged
        Every rule as it was judged.
    """

    table: pd.DataFrame
    judged: tuple[Judged, ...]

    def findings(self, ids: pd.Series) -> pd.DataFrame:
        """Rows of the findings table; ``ids`` are the keys of the projects."""
        keys = ids.astype("category")
        return join([j.findings("project", keys) for j in self.judged])


def admit(projects: pd.DataFrame, policy: Policy) -> Admission:
    """Judge proposed projects by the admission and entry rules of a policy.

    Parameters
    ----------
    projects
        One row per project: ``total_investment_wan``, ``fixed_investment_wan``, ``tax_wan``, ``output_wan`` (万元),
        ``area_mu`` or ``area_m2``, ``industry_code``, ``zone_level``, ``park_class``, ``sector`` … as far as the rules
        ask for them. Not changed.
    policy
        Packs held against a day.

    Returns
    -------
    Admission

    Examples
    --------
    >>> import datetime as dt
    >>> from mudian.packs.policy import policies
    >>> policy = policies(["taian-2021"], as_of=dt.date(2025, 12, 31))
    >>> projects = pd.DataFrame({"total_investment_wan": [5000.0, 4999.0, None], "area_mu": [15.0, 200.0, 20.0]})
    >>> admit(projects, policy).table["admission"].tolist()
    ['own_land', 'standard_factory', 'unknown']
    """
    frame, sources = _prepare(projects, policy)
    rules = [*policy.rules("admission", "project"), *policy.rules("entry", "project")]
    judged = [(a, name_sources(require(a, frame, policy), sources)) for a in rules]
    decisive = [(a, j) for a, j in judged if a.rule.role == "decisive"]
    review = [j for a, j in judged if a.rule.role == "review"]
    entry = [_requirement(a, j) for a, j in decisive if a.rule.family == "entry" or a.rule.label]
    land = [j for a, j in decisive if a.rule.family == "admission" and not a.rule.label]
    may_enter, has_entry, lacks_entry = combine(entry, frame.index)
    separate, has_land, lacks_land = combine(land, frame.index)
    words = _words(may_enter, has_entry, separate, has_land)
    unknown = (words == UNKNOWN).to_numpy(bool)
    table = {
        "entry": may_enter,
        "separate_land": separate,
        "admission": words,
        "review": any_of([j.outcome.mask(~j.applies, False) for j in review])
        if review
        else constant(False, frame.index),
        "open_items": open_items([*entry, *land], frame.index),
        "review_items": name_missing({j.rule_id: _holds(j) for j in review}, frame.index),
        "missing": join_missing([(unknown, lacks_entry), (unknown, lacks_land), *_open_reviews(review)], frame.index),
    }
    return Admission(pd.DataFrame(table, index=frame.index), tuple(j for _, j in judged))


def control_indicators(
    frame: pd.DataFrame, policy: Policy, *, subject: Literal["parcel", "project"] = "parcel"
) -> Checklist:
    """Hold land or projects against the control indicators of industrial projects (工业项目建设用地控制指标).

    Parameters
    ----------
    frame
        Parcels or projects with ``plot_ratio``, ``building_coefficient`` (or ``…_pct``), ``office_land_pct``,
        ``green_pct`` and ``industry_code``; its edition stands in ``industry_code_edition`` or is the parameter of that
        name. A code of another edition than that of a table is not looked up in it. Not changed.
    policy
        With the pack ``national`` or one of a province.
    subject
        Whose rules.

    Returns
    -------
    Checklist
    """
    made, sources = _prepare(frame, policy)
    rules = policy.rules("entry", subject)
    judged = [name_sources(require(a, made, policy), sources) for a in rules]
    decisive = [_requirement(a, j) for a, j in zip(rules, judged, strict=True) if a.rule.role == "decisive"]
    outcome, applies, missing = combine(decisive, made.index)
    return Checklist(
        outcome=outcome,
        applies=applies,
        open_items=open_items(decisive, made.index),
        missing=missing,
        judged=tuple(judged),
        rows=np.ones(len(made), bool),
    )


def _requirement(active: Active, judged: Judged) -> Judged:
    """An exclusion is met where it does not hold."""
    return replace(judged, outcome=~judged.outcome) if active.rule.label else judged


def _any_holds(review: list[Judged], index: pd.Index) -> pd.Series:
    return any_of([constant(False, index), *(j.outcome.mask(~j.applies, False) for j in review)])


def _holds(judged: Judged) -> Mask:
    return (judged.outcome.fillna(False) & judged.applies).to_numpy(bool)


def _open_reviews(review: list[Judged]) -> list[tuple[Mask, pd.Series]]:
    return [((j.outcome.isna() & j.applies).to_numpy(bool), j.missing) for j in review]


def _words(entry: pd.Series, has_entry: pd.Series, land: pd.Series, has_land: pd.Series) -> pd.Series:
    """What becomes of a project; without a condition of entry nothing stands against it."""
    enters = entry.mask(~has_entry, True)
    choices = [
        ((~has_entry & ~has_land), None),
        (~enters, NOT_ADMITTED),
        (enters & ~has_land, ADMITTED),
        (enters & land, OWN_LAND),
        (enters & ~land, FACTORY),
    ]
    masks = [mask.fillna(False).to_numpy(bool) for mask, _ in choices]
    found = np.select(masks, [np.array(word, object) for _, word in choices], default=np.array(UNKNOWN, object))
    return pd.Series(pd.Categorical(found, [OWN_LAND, FACTORY, ADMITTED, NOT_ADMITTED, UNKNOWN]), entry.index)


def _prepare(projects: pd.DataFrame, policy: Policy) -> tuple[pd.DataFrame, dict[str, dict[str, Mask]]]:
    """The columns that rules compare: land in mu, figures per mu, and the edition of the industry codes."""
    geometry = [c for c in projects if projects[c].dtype == "geometry"]
    frame = pd.DataFrame(projects.drop(columns=geometry))
    area = "area_mu"
    if "area_mu" not in frame and "area_m2" in frame:
        frame, area = frame.assign(area_mu=frame["area_m2"] / M2_PER_MU), "area_m2"
    frame, why = with_ratios(frame)
    sources = {name: {area if s == "area_mu" else s: m for s, m in masks.items()} for name, masks in why.items()}
    sources["area_mu"] = {area: frame["area_mu"].isna().to_numpy() if "area_mu" in frame else np.ones(len(frame), bool)}
    frame, named = with_edition(frame, policy)
    return frame, sources | named

"""Low-efficiency land (低效用地): criteria of the policy packs, judged on enterprises and on parcels.

There is no national number: which criteria count is a choice of packs, and every verdict is a suspicion. Criteria on an
enterprise look at all the land it uses, leased land included, and come to a parcel through its holders: where holders
differ, the parcel is unknown. Idle land (闲置土地) is never merely inefficient, and land without a user is neither. A
rule that leaves the decision to a person never makes land inefficient; where it is met, the verdict waits for it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd

from mudian.packs.policy import Active, Policy
from mudian.rules.conditions import judge
from mudian.rules.holders import BoolArray, Holders, columns_of, parcel_frame, yes
from mudian.rules.logic import Judged, any_of, constant, join_missing, name_missing
from parcels.catalog import Lang

Masks = dict[str, BoolArray]
HOLDERS_DIFFER, NO_ENTERPRISE, NO_CRITERIA, REVIEW = "holders_differ", "enterprise", "criteria", "review:"
COLUMNS = ("inefficient", "inefficient_class", "inefficient_review", "inefficient_missing")
IDLE_STATUS, SUPPLY_STATUS = "idle_status", "supply_status"


@dataclass(frozen=True)
class Inefficient:
    """What was found about low-efficiency.

    Attributes
    ----------
    parcels, enterprises
        Under the index of the input: ``inefficient`` (True, False or missing), ``inefficient_class`` (names of the
        criteria that are met, joined by ``;``), ``inefficient_review`` (criteria met that a person decides) and
        ``inefficient_missing`` (what an unknown verdict lacks).
    judged
        The rules as judged, by subject type, for the findings table.
    left_out
        Rules for a person that were not judged because no column of theirs was given.
    """

    parcels: pd.DataFrame
    enterprises: pd.DataFrame
    judged: dict[str, list[Judged]]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Decided:
    """The rules of one kind of subject, judged and put together.

    Attributes
    ----------
    deciding
        Whether a deciding rule is met; None where there is no such rule.
    review
        Where a rule is met that a person decides.
    missing
        What an open outcome lacks.
    labels, reviews
        Where each deciding rule, and each rule for a person, is met, by its name.
    """

    deciding: pd.Series | None
    review: BoolArray
    missing: pd.Series
    labels: Masks
    reviews: Masks
    rules: tuple[tuple[Active, Judged], ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def outcome(self) -> pd.Series:
        """The verdict."""
        return final(self.deciding, self.review, self.missing.index)

    def frame(self) -> pd.DataFrame:
        """The verdict as columns."""
        outcome, index = self.outcome, self.missing.index
        low, every = yes(outcome), np.ones(len(index), bool)
        without = name_missing({NO_CRITERIA: every if self.deciding is None else ~every}, index)
        columns = (
            outcome,
            name_missing({name: mask & low for name, mask in self.labels.items()}, index),
            name_missing(self.reviews, index),
            join_missing([(every, self.missing), (every, without)], index),
        )
        return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)), index=index)


def judge_inefficient(
    parcels: pd.DataFrame,
    enterprises: pd.DataFrame,
    links: pd.DataFrame,
    policy: Policy,
    *,
    idle_status: pd.Series | None = None,
    lang: Lang = "zh",
) -> Inefficient:
    """Judge which land is low-efficiency land (低效用地).

    Parameters
    ----------
    parcels
        Measured parcels (:func:`mudian.measure.measure_parcels`), with the columns that parcel rules read; what they
        lack and the enterprise table has is taken from the holders where they agree.
    enterprises
        Measured enterprises (:func:`mudian.measure.measure_enterprises`): ``land_mu`` is the land really used in 亩,
        ``tax_per_mu`` 万元/亩.
    links
        Allocated links: ``parcel`` and ``enterprise`` positions (-1: not in the table) and ``area_m2`` held.
    policy
        Where the criteria come from.
    idle_status
        Idle status of every parcel, under the index of the parcels; without it idle land is not set apart.
    lang
        Language of the names in ``inefficient_class`` and ``inefficient_review``.

    Returns
    -------
    Inefficient
        A parcel is inefficient when a deciding rule is met, on itself or on all its holders; unknown when one may still
        be met, or when a person decides. Idle land and land that is not supplied is False, with a finding that says so.

    Notes
    -----
    The criteria are local. That idle land comes first is rules-land 2.2, on 《闲置土地处置办法》 第二条.

    Examples
    --------
    >>> import datetime as dt
    >>> from mudian.packs.policy import policies
    >>> policy = policies(["huzhou-2021"], as_of=dt.date(2025, 12, 31))
    >>> firms = pd.DataFrame({"above_scale": [True, False], "land_mu": [20.0, 9.0], "tax_per_mu": [5.9, 3.0]})
    >>> links = pd.DataFrame({"parcel": [0, 1], "enterprise": [0, 1], "area_m2": [1.0, 1.0]})
    >>> found = judge_inefficient(pd.DataFrame(index=["a", "b", "c"]), firms, links, policy)
    >>> found.parcels["inefficient"].tolist(), found.parcels["inefficient_missing"].tolist()
    ([True, False, <NA>], ['', '', 'enterprise'])
    """
    holders = Holders.of(links, len(parcels))
    firms = decide(policy.rules("inefficient", "enterprise"), enterprises, policy, lang=lang)
    rules = policy.rules("inefficient", "parcel")
    frame, differ = parcel_frame(parcels, enterprises, holders, rules, policy.as_of)
    own = decide(rules, frame, policy, lang=lang, differ=differ)
    inherited = _inherited(firms, holders, parcels.index)
    verdict = _together(own, firms, inherited, holders)
    judged = {
        "enterprise": [j for _, j in firms.rules],
        "parcel": [*(j for _, j in own.rules), *([inherited] if inherited else [])],
    }
    idle, unsupplied = closed_land(parcels, idle_status)
    judged["parcel"] += _precedence(verdict.outcome, idle, unsupplied, idle_status)
    verdict = _close(verdict, idle | unsupplied)
    return Inefficient(verdict.frame(), firms.frame(), judged, (*firms.left_out, *own.left_out))


def decide(
    rules: Sequence[Active],
    frame: pd.DataFrame,
    policy: Policy,
    *,
    lang: Lang = "zh",
    differ: Masks | None = None,
) -> Decided:
    """Judge rules on one kind of subject and put them together.

    Parameters
    ----------
    rules
        Rules of the family ``inefficient``. Those for a person are left out where no column of theirs was given.
    frame
        The subjects.
    policy
        Where the values come from.
    lang
        Language of the names of the rules.
    differ
        Columns that were taken from several holders, and where these differ.

    Returns
    -------
    Decided
    """
    judged = [
        (a, _name_differing(a, judge(a, frame, policy), differ or {}))
        for a in rules
        if a.rule.role == "decisive" or set(columns_of([a])) & set(frame.columns)
    ]
    deciding = [(a, j) for a, j in judged if a.rule.role == "decisive"]
    reviews = [(a, j) for a, j in judged if a.rule.role == "review"]
    low, review = gather([(a, j.outcome) for a, j in judged], frame.index)
    open_ = final(low, review, frame.index).isna().to_numpy()
    lacks = [(open_ & j.outcome.isna().to_numpy(), j.missing) for _, j in deciding]
    waits = name_missing({f"{REVIEW}{a.id}": yes(j.outcome) for a, j in reviews}, frame.index)
    missing = join_missing([*lacks, (open_, waits)], frame.index)
    asked = {a.id for a, _ in judged}
    left = tuple(a.id for a in rules if a.id not in asked)
    return Decided(low, review, missing, _by_name(deciding, lang), _by_name(reviews, lang), tuple(judged), left)


def gather(outcomes: Iterable[tuple[Active, pd.Series]], index: pd.Index) -> tuple[pd.Series | None, BoolArray]:
    """Whether a deciding rule is met (None without such a rule), and where a rule for a person is."""
    deciding = [o for a, o in outcomes if a.rule.role == "decisive"]
    reviews = [yes(o) for a, o in outcomes if a.rule.role == "review"]
    return any_of(deciding) if deciding else None, np.logical_or.reduce([np.zeros(len(index), bool), *reviews])


def handed_down(deciding: pd.Series | None, review: BoolArray, index: pd.Index) -> pd.Series:
    """The verdict on an enterprise as it comes to its parcels: rules for a person alone leave it open, or not met."""
    return final(constant(False, index) if deciding is None else deciding, review, index)


def final(deciding: pd.Series | None, review: BoolArray, index: pd.Index) -> pd.Series:
    """The verdict: met where a deciding rule is; where a person decides, or where there is no rule, unknown."""
    if deciding is None:
        return constant(None, index)
    return deciding.mask(review & ~yes(deciding)) if review.any() else deciding


def settle(own: pd.Series | None, inherited: pd.Series | None, held: BoolArray) -> pd.Series | None:
    """Whether a deciding rule is met on a parcel: its own rules, and those on its holders where it has any."""
    if own is None or inherited is None:
        return own if inherited is None else inherited
    return own | inherited.where(held, False)


def closed_land(parcels: pd.DataFrame, idle_status: pd.Series | None) -> tuple[BoolArray, BoolArray]:
    """Which parcels are idle land, and which are not supplied: neither is low-efficiency land."""
    nowhere = pd.Series("", parcels.index)
    supply = parcels[SUPPLY_STATUS] if SUPPLY_STATUS in parcels else nowhere
    unsupplied = supply.isin(_states("unsupplied")).to_numpy()
    idle = (nowhere if idle_status is None else idle_status).isin(_states("idle")).to_numpy()
    return idle & ~unsupplied, unsupplied


def own_text(rule_id: str) -> dict[str, str]:
    """What a rule says that stands in no pack: ``zh``, ``en``, and ``clause`` or ``unit`` where it has them."""
    return dict(_texts()["rules"][rule_id])


def _states(kind: str) -> list[str]:
    return list(_texts()["states"][kind])


@lru_cache(maxsize=1)
def _texts() -> dict[str, Any]:
    return tomllib.loads((files("mudian") / "data" / "inefficient.toml").read_text(encoding="utf-8"))


def _by_name(judged: Iterable[tuple[Active, Judged]], lang: Lang) -> Masks:
    """Where each rule is met, by its label or title; rules of one label together."""
    masks: Masks = {}
    for active, one in judged:
        name = active.rule.label.say(lang) if active.rule.label else active.rule.title(lang)
        masks[name] = masks[name] | yes(one.outcome) if name in masks else yes(one.outcome)
    return masks


def _name_differing(active: Active, judged: Judged, differ: Masks) -> Judged:
    """Add to what is missing that holders differ, where a column of the rule was taken from holders who do."""
    hits = [differ[c] for c in columns_of([active]) if c in differ]
    if not hits:
        return judged
    open_ = judged.outcome.isna().to_numpy()
    index = judged.outcome.index
    said = name_missing({HOLDERS_DIFFER: np.logical_or.reduce(hits)}, index)
    return replace(judged, missing=join_missing([(open_, judged.missing), (open_, said)], index))


def _inherited(firms: Decided, holders: Holders, index: pd.Index) -> Judged | None:
    """The verdict that each parcel has from its holders, as a finding: how many of how many are low."""
    if not firms.rules:
        return None
    verdict = handed_down(firms.deciding, firms.review, firms.missing.index)
    total, low = holders.total, holders.count(yes(verdict))
    outcome = holders.inherit(verdict).set_axis(index)
    open_ = outcome.isna().to_numpy() & (total > 0)
    differ = open_ & (low > 0) & (holders.count(yes(~verdict)) > 0)
    masks = {HOLDERS_DIFFER: differ} | holders.hand_down(_names(firms.missing), open_ & ~differ)
    return Judged(
        "inefficient.holders",
        outcome,
        pd.Series(low.astype(float), index),
        "==",
        pd.Series(total.astype(float), index),
        own_text("inefficient.holders")["unit"],
        "；".join(dict.fromkeys(a.clause for a, _ in firms.rules)),
        name_missing(masks, index),
        pd.Series(pd.array(total > 0, dtype="boolean"), index),
    )


def _names(missing: pd.Series) -> Masks:
    """Where each single name stands in a column of joined names."""
    masks: Masks = {}
    codes = missing.cat.codes.to_numpy()
    for code, text in enumerate(missing.cat.categories):
        for name in str(text).split(";") if text else ():
            masks[name] = masks[name] | (codes == code) if name in masks else codes == code
    return masks


def _together(own: Decided, firms: Decided, inherited: Judged | None, holders: Holders) -> Decided:
    """The verdict on parcels: their own rules, and those on their holders where they have any."""
    index, held = own.missing.index, holders.total > 0
    some = own.deciding is not None or firms.deciding is not None
    deciding = settle(own.deciding, inherited.outcome if inherited else None, held) if some else None
    open_ = final(deciding, own.review, index).isna().to_numpy()
    alone = firms.deciding is not None and own.deciding is None
    said = name_missing({NO_ENTERPRISE: open_ & ~held if alone else np.zeros(len(index), bool)}, index)
    parts = [(open_ & own.outcome.isna().to_numpy(), own.missing), (open_, said)]
    if inherited:
        parts.insert(1, (open_ & held & inherited.outcome.isna().to_numpy(), inherited.missing))
    low = yes(inherited.outcome) if inherited else ~held
    return replace(
        own,
        deciding=deciding,
        missing=join_missing(parts, index),
        labels=_united(own.labels, holders.hand_down(firms.labels, low)),
        reviews=_united(own.reviews, holders.hand_down(firms.reviews, held)),
    )


def _united(first: Masks, second: Masks) -> Masks:
    return first | {name: mask | first[name] if name in first else mask for name, mask in second.items()}


def _precedence(
    outcome: pd.Series, idle: BoolArray, unsupplied: BoolArray, idle_status: pd.Series | None
) -> list[Judged]:
    """Findings on land of another class; what is inefficient may still be idle where the idle status is unknown."""
    if idle_status is None:
        return [_ruled("precedence.not_supplied", unsupplied, np.zeros(len(idle), bool), outcome.index)]
    unknown = idle_status.isna() | idle_status.isin(_states("idle_unknown"))
    open_ = unknown.to_numpy() & ~unsupplied & yes(outcome)
    return [
        _ruled("precedence.idle_first", idle, open_, outcome.index),
        _ruled("precedence.not_supplied", unsupplied, np.zeros(len(idle), bool), outcome.index),
    ]


def _ruled(rule_id: str, hit: BoolArray, open_: BoolArray, index: pd.Index) -> Judged:
    nothing = pd.Series(np.nan, index)
    outcome = pd.Series(pd.array(hit, dtype="boolean"), index).mask(open_)
    missing = name_missing({IDLE_STATUS: open_}, index)
    applies = pd.Series(pd.array(hit | open_, dtype="boolean"), index)
    return Judged(rule_id, outcome, nothing, "", np.nan, "", own_text(rule_id)["clause"], missing, applies)


def _close(verdict: Decided, closed: BoolArray) -> Decided:
    """Land of another class is not low-efficiency land, whatever the rules say."""
    if not closed.any():
        return verdict
    index = verdict.missing.index
    outcome = verdict.outcome.mask(closed, False)
    return replace(
        verdict,
        deciding=outcome,
        review=verdict.review & ~closed,
        missing=join_missing([(~closed, verdict.missing)], index),
        reviews={name: mask & ~closed for name, mask in verdict.reviews.items()},
    )

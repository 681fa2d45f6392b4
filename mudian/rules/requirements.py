"""Rules as requirements: a list of items of which every one that applies must hold.

A requirement whose gate (or limit, such as a zone level) does not hold does not apply. While it is unknown whether it
applies, it is met if its conditions are, and unknown otherwise: a project that misses the limit of one class of parks
has not failed as long as nobody says that it lies in such a park.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.findings import join
from mudian.measure import INDICATORS, PER_MU, ratio
from mudian.packs.model import Condition
from mudian.packs.policy import Active, Policy
from mudian.rules.conditions import judge
from mudian.rules.logic import Judged, all_of, constant, join_missing, name_missing

Mask = NDArray[np.bool_]
# Why a derived column is missing: by its name, what is lacking and in which rows.
Sources = Mapping[str, Mapping[str, Mask]]
_ALWAYS = "always"
EDITION = "industry_code_edition"
_PERCENT = {"building_coefficient_pct": "building_coefficient", "rd_ratio_pct": "rd_ratio"}
# Ratios that are derived where a table does not have them: numerator and denominator.
_PAIRS = {
    **{name: (money, "area_mu") for name, money in PER_MU.items()},
    "output_per_mu": ("output_wan", "area_mu"),
    **INDICATORS,
}
RATIO_INPUTS = {*_PAIRS, *(c for pair in _PAIRS.values() for c in pair), *_PERCENT, *_PERCENT.values()}
_YEAR = r"((?:19|20)\d{2})\D*$"
_STANDARD = "GB/T 4754-"


@dataclass(frozen=True)
class Checklist:
    """The items of a list for the subjects that it is for, and what follows for each subject.

    Attributes
    ----------
    outcome
        True, False or missing; missing also where the list is not for the subject (``applies``).
    applies
        Whether the list is for the subject; missing where that is unknown.
    open_items
        Ids of the items that apply and are not True, joined by ``;``.
    missing
        Names of what an unknown outcome lacks, joined by ``;``.
    judged
        The items, for the rows of ``rows`` only.
    rows
        The subjects that the list is for, or may be for.
    """

    outcome: pd.Series
    applies: pd.Series
    open_items: pd.Series
    missing: pd.Series
    judged: tuple[Judged, ...]
    rows: Mask

    def findings(self, subject_type: str, ids: pd.Series) -> pd.DataFrame:
        """Rows of the findings table; ``ids`` are the keys of all subjects."""
        keys = ids[self.rows]
        return join([j.findings(subject_type, keys) for j in self.judged])


def require(active: Active, frame: pd.DataFrame, policy: Policy) -> Judged:
    """Judge one rule as a requirement.

    Parameters
    ----------
    active
        A rule in force.
    frame
        Subjects with the columns that the rule reads; not changed.
    policy
        Where the values come from.

    Returns
    -------
    Judged
        ``applies`` is False and ``outcome`` missing where a gate does not hold or an exemption does.
    """
    bare = active.rule.model_copy(
        update={"gate": (), "exempt": (), "conditions": _named(active.rule.conditions, frame)}
    )
    held = judge(replace(active, rule=bare, applies=()), frame, policy)
    gate = _gate(active, frame, policy)
    if gate is None:
        return held
    known, met = gate.outcome.notna(), held.outcome.fillna(False)
    outcome = held.outcome.where((gate.outcome.fillna(False) | (~known & met)).to_numpy(bool))
    applies = gate.outcome.fillna(True)
    open_ = (outcome.isna() & applies).to_numpy(bool)
    parts = [(open_ & s.outcome.isna().to_numpy(), s.missing) for s in (held, gate)]
    own = tuple(replace(p, applies=applies) for p in held.parts)
    return replace(held, outcome=outcome, missing=join_missing(parts, frame.index), applies=applies, parts=own)


def _gate(active: Active, frame: pd.DataFrame, policy: Policy) -> Judged | None:
    """Whether a rule applies; None where it has neither gate nor exemption nor limit."""
    rule = active.rule
    limited = any(a.zone_levels or a.industries or a.scale for a in active.applies)
    if not (rule.gate or rule.exempt or limited):
        return None
    always = Condition(metric=_ALWAYS, operator="present")
    alone = {
        "gate": _named(rule.gate, frame),
        "exempt": _named(rule.exempt, frame),
        "conditions": (always,),
        "combine": "all",
        "at_least": None,
    }
    return judge(replace(active, rule=rule.model_copy(update=alone)), frame.assign(**{_ALWAYS: True}), policy)


def _named(conditions: Sequence[Condition], frame: pd.DataFrame) -> tuple[Condition, ...]:
    """Conditions where a column that the table does not have is unknown, also where its presence is asked for."""
    unknown = {"operator": "is", "expect": True}
    return tuple(
        c.model_copy(update=unknown) if c.operator == "present" and c.metric not in frame else c for c in conditions
    )


def combine(judged: Sequence[Judged], index: pd.Index) -> tuple[pd.Series, pd.Series, pd.Series]:
    """All requirements together.

    Parameters
    ----------
    judged
        Requirements.
    index
        Index of the subjects.

    Returns
    -------
    Series, Series, Series
        Outcome (missing where no requirement applies), whether any applies, and the names of what is missing.
    """
    nothing = constant(None, index), constant(False, index), name_missing({}, index)
    if not judged:
        return nothing
    applies = [j.applies.astype("boolean") for j in judged]
    outcome = all_of([j.outcome.mask(~a, True) for j, a in zip(judged, applies, strict=True)])
    any_ = pd.Series(np.logical_or.reduce([a.to_numpy(bool) for a in applies]), index, dtype="boolean")
    open_ = outcome.isna().to_numpy()
    lacking = [
        (open_ & j.outcome.isna().to_numpy() & a.to_numpy(bool), j.missing)
        for j, a in zip(judged, applies, strict=True)
    ]
    return outcome.where(any_), any_, join_missing(lacking, index)


def open_items(judged: Sequence[Judged], index: pd.Index) -> pd.Series:
    """Ids of the requirements that apply and are not known to hold, joined by ``;``, per subject."""
    masks = {j.rule_id: (j.applies & ~j.outcome.fillna(False)).to_numpy(bool) for j in judged}
    return name_missing(masks, index)


def name_sources(judged: Judged, sources: Sources) -> Judged:
    """Say what is missing by the names that a table has, not by those of columns derived from it."""
    parts = tuple(name_sources(p, sources) for p in judged.parts)
    names = judged.missing.astype("category")
    if not any(set(str(t).split(";")) & set(sources) for t in names.cat.categories):
        return replace(judged, parts=parts)
    codes = names.cat.codes.to_numpy()
    masks: dict[str, Mask] = {}
    for code, text in enumerate(names.cat.categories):
        for name in (n for n in str(text).split(";") if n):
            for source, hit in _causes(name, codes == code, sources):
                masks[source] = masks[source] | hit if source in masks else hit
    return replace(judged, parts=parts, missing=name_missing(masks, judged.missing.index))


def _causes(name: str, rows: Mask, sources: Sources) -> list[tuple[str, Mask]]:
    causes = [(source, rows & mask) for source, mask in sources.get(name, {}).items()]
    rest = rows & ~np.logical_or.reduce([m for _, m in causes]) if causes else rows
    return [*causes, (name, rest)] if rest.any() or not causes else causes


def with_ratios(frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, dict[str, Mask]]]:
    """A frame with the figures per mu and the other indicators that it does not have and that can be derived.

    Parameters
    ----------
    frame
        Subjects with money columns and ``area_mu``; not changed.

    Returns
    -------
    DataFrame, dict
        The frame with the ratios, and why each is missing.

    Examples
    --------
    >>> made, why = with_ratios(pd.DataFrame({"fixed_investment_wan": [2570.0, None], "area_mu": [102.76, 10.0]}))
    >>> made["investment_per_mu"].round(3).tolist(), why["investment_per_mu"]["fixed_investment_wan"].tolist()
    ([25.01, nan], [False, True])
    """
    made: dict[str, pd.Series] = {}
    why: dict[str, dict[str, Mask]] = {}
    for name, (above, below) in _PAIRS.items():
        if name not in frame and above in frame:
            denominator = frame[below] if below in frame else pd.Series(np.nan, frame.index)
            made[name] = ratio(frame[above], denominator)
            why[name] = {above: frame[above].isna().to_numpy(), below: ~(denominator > 0).fillna(False).to_numpy(bool)}
    whole = frame.assign(**made)
    for name, share in _PERCENT.items():
        if name not in whole and share in whole:
            made[name] = whole[share] * 100
            why[name] = why.get(share) or {share: whole[share].isna().to_numpy()}
    return frame.assign(**made), why


def with_edition(frame: pd.DataFrame, policy: Policy) -> tuple[pd.DataFrame, dict[str, dict[str, Mask]]]:
    """A frame with the edition of its industry codes, as the standard is cited.

    Parameters
    ----------
    frame
        Subjects, perhaps with ``industry_code_edition``; not changed.
    policy
        Whose parameter ``industry_code_edition`` serves where the table does not say it.

    Returns
    -------
    DataFrame, dict
        The frame, and why the edition is missing.
    """
    cells = frame[EDITION].astype("str") if EDITION in frame else pd.Series(None, frame.index, dtype="str")
    found = policy.find(EDITION)
    if found is not None:
        cells = cells.fillna(str(found.value))
    year = cells.str.extract(_YEAR, expand=False)
    named = (_STANDARD + year).where(year.notna(), cells)
    return frame.assign(**{EDITION: named}), {EDITION: {f"parameter:{EDITION}": cells.isna().to_numpy()}}

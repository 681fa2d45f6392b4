"""Standard land (标准地): may a parcel be supplied as one, and does a project keep what it has committed itself to.

Checklist A is for parcels to be supplied, checklist B for projects under commitment by stage (开工, 竣工, 转让, 达产).
Two cautions. A date of starting or completing that is blank once its day has passed means "not done": that is False,
not unknown; a table without the column is unknown. A figure that is not there is unknown, never zero. An indicator
counts where the parcel has a commitment for it; those that the policy requires must have one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from mudian.packs.model import Condition
from mudian.packs.policy import Active, Policy
from mudian.rules.clock import Days, days
from mudian.rules.logic import Judged, join_missing, name_missing
from mudian.rules.overlay import lacking_layers
from mudian.rules.requirements import (
    RATIO_INPUTS,
    Checklist,
    Mask,
    Sources,
    combine,
    name_sources,
    open_items,
    require,
    with_edition,
    with_ratios,
)
from mudian.rules.words import LISTS, canonical_beginnings, canonical_lists, canonical_words, indicator_column

STAGES = ("start", "completion", "transfer", "target")
TO_SUPPLY = ("unsupplied", "approved_unsupplied")
REQUIRED = "standard_land.required_indicators"
OUTPUT = "standard_land.output_metric"
_COMMITTED = "committed_"
# Columns that are read beside those that the rules name.
_FURTHER = ("supplement_start", "supply_date", "industry_code", "zone_level", "above_scale")
# Deadlines that a policy counts from another day: column, column it counts from, key of the number, months or years.
_DEADLINES: tuple[tuple[str, str, str, Literal["M", "Y"]], ...] = (
    ("agreed_start", "handover_date", "standard_land.start_months", "M"),
    ("agreed_completion", "handover_date", "standard_land.completion_months", "M"),
    ("agreed_target", "actual_completion", "standard_land.target_months", "M"),
    ("transfer_locked_until", "title_certificate_date", "standard_land.transfer_lock_years", "Y"),
)


@dataclass(frozen=True)
class Conformity(Checklist):
    """Checklist B, with the open items of each stage.

    Attributes
    ----------
    stages
        Columns ``start``, ``completion``, ``transfer`` and ``target``: ids of the items that are due and not True.
    """

    stages: pd.DataFrame


def standard_land_eligible(parcels: pd.DataFrame, policy: Policy, *, overlaps: pd.DataFrame | None = None) -> Checklist:
    """Checklist A: may a parcel to be supplied be supplied as standard land (rules-evaluation 2.2).

    Parameters
    ----------
    parcels
        Parcels with ``supply_status`` and the columns of the checklist (``utilities``, ``regional_assessments`` …;
        lists joined by ``;`` or ``、``). ``supply_date`` is the day of the run where it is blank. Not changed.
    policy
        With a pack of the family ``standard_land``, such as ``standard-land-base`` and one of a province.
    overlaps
        Land on the control lines from :func:`mudian.rules.overlay.overlay`, unless the parcels have it already.

    Returns
    -------
    Checklist
        ``outcome`` is True where all mandatory items hold, False where one does not, missing else and for parcels
        that are already supplied (``applies`` False). Items that are not mandatory are listed where they fail.

    Examples
    --------
    >>> import datetime as dt
    >>> from mudian.packs.policy import policies
    >>> policy = policies(["standard-land-base", "gansu-standard-land-2022"], as_of=dt.date(2025, 12, 31))
    >>> land = pd.DataFrame({"supply_status": ["unsupplied", "supplied"], "utilities": ["水、电", "三通一平"]})
    >>> made = standard_land_eligible(land, policy)
    >>> made.outcome.tolist(), made.applies.tolist()
    ([False, <NA>], [True, False])
    """
    added = {} if overlaps is None else {str(c): overlaps[c].to_numpy() for c in overlaps}
    whole = parcels.assign(**added)
    status = whole["supply_status"] if "supply_status" in whole else pd.Series(None, whole.index, dtype="str")
    applies = status.isin(TO_SUPPLY).astype("boolean").where(status.notna())
    rows = applies.fillna(True).to_numpy(bool)
    rules = policy.rules("standard_land", "parcel")
    policy = _spelled(policy, rules)
    frame, sources = _for_supply(_columns(whole, rules)[rows], policy)
    sources = {**sources, **lacking_layers(whole, rows)}
    judged = [_item(_each_indicator(a, whole, policy), frame, policy, sources) for a in rules]
    outcome, _, missing = combine(_decisive(rules, judged), frame.index)
    unsure = applies[rows].isna().to_numpy()
    outcome, missing = _lacks(outcome, missing, "supply_status", unsure)
    return Checklist(
        outcome=_spread(outcome, rows, whole.index),
        applies=applies & bool(rules),
        open_items=_spread(open_items(_listed(rules, judged), frame.index), rows, whole.index),
        missing=_spread(missing, rows, whole.index),
        judged=tuple(judged),
        rows=rows,
    )


def standard_land_conform(parcels: pd.DataFrame, policy: Policy) -> Conformity:
    """Checklist B: does a project keep its commitment, stage by stage (rules-evaluation 2.3).

    Parameters
    ----------
    parcels
        Supplied parcels with ``committed_…`` columns, agreed and actual dates and the measured figures. The agreed
        start of a supplement comes before that of the contract; a day that is not agreed is counted from the
        hand-over, the completion or the title certificate where the policy says how long. Not changed.
    policy
        With a pack of the family ``conform``.

    Returns
    -------
    Conformity
        ``outcome`` is False where an item that is due does not hold, True where all that are due hold, missing else:
        where something is unknown (``missing`` says what), where nothing is due yet, and where the parcel has no
        commitment at all (``applies`` False).

    Examples
    --------
    >>> import datetime as dt
    >>> from mudian.packs.policy import policies
    >>> policy = policies(["standard-land-base"], as_of=dt.date(2025, 12, 31))
    >>> agreed = pd.Timestamp(2024, 6, 30)
    >>> land = pd.DataFrame({"committed_tax_per_mu": [20.0], "agreed_start": [agreed], "actual_start": [pd.NaT]})
    >>> made = standard_land_conform(land, policy)
    >>> made.outcome.tolist(), made.stages["start"].tolist()
    ([False], ['conform.start'])
    """
    rows = _under_commitment(parcels)
    rules = policy.rules("conform", "parcel")
    frame, sources = _for_conformity(_columns(parcels, rules)[rows], policy)
    needed = _required_columns(policy)
    rules = [_ungated(a, needed) for a in rules if _is_committed(a, frame, needed)]
    judged = [_item(a, frame, policy, sources) for a in rules]
    outcome, _, missing = combine(_decisive(rules, judged), frame.index)
    if needed is None:  # which indicators the contract must hold is not known: nobody can say that all are kept
        kept = outcome.fillna(False).to_numpy(bool)
        outcome, missing = _lacks(outcome, missing, policy.name_lacking(REQUIRED), kept)
    index = parcels.index
    listed = list(zip(rules, _listed(rules, judged), strict=True))
    by_stage = {s: [j for a, j in listed if a.rule.stage == s] for s in STAGES}
    stages = {s: _spread(open_items(items, frame.index), rows, index) for s, items in by_stage.items()}
    return Conformity(
        outcome=_spread(outcome, rows, index),
        applies=pd.Series(rows & bool(rules), index, dtype="boolean"),
        open_items=_spread(open_items(_listed(rules, judged), frame.index), rows, index),
        missing=_spread(missing, rows, index),
        judged=tuple(judged),
        rows=rows,
        stages=pd.DataFrame(stages, index=index),
    )


def _item(active: Active, frame: pd.DataFrame, policy: Policy, sources: Sources) -> Judged:
    return name_sources(require(active, frame, policy), sources)


def _decisive(rules: list[Active], judged: list[Judged]) -> list[Judged]:
    pairs = zip(rules, judged, strict=True)
    return [j for a, j in pairs if a.rule.mandatory and a.rule.role == "decisive"]


def _listed(rules: list[Active], judged: list[Judged]) -> list[Judged]:
    """Items as they are listed when open: one that is not mandatory only where it is known to fail."""
    pairs = zip(rules, judged, strict=True)
    return [
        j if a.rule.mandatory and a.rule.role == "decisive" else replace(j, outcome=j.outcome.fillna(True))
        for a, j in pairs
    ]


def _lacks(outcome: pd.Series, missing: pd.Series, name: str, where: Mask) -> tuple[pd.Series, pd.Series]:
    """Make outcomes unknown for want of a name."""
    every = np.ones(len(outcome), bool)
    named = name_missing({name: where}, outcome.index)
    return outcome.mask(where), join_missing([(every, missing), (every, named)], outcome.index)


def _columns(frame: pd.DataFrame, rules: list[Active]) -> pd.DataFrame:
    """The columns that the checklists read, without the others of a wide table."""
    conditions = [c for a in rules for c in a.rule.all_conditions()]
    read = {name for c in conditions for name in c.columns()} | {f"{c.key}_edition" for c in conditions if c.key}
    read |= {name for row in _DEADLINES for name in row[:2]} | RATIO_INPUTS | set(_FURTHER)
    kept = [c for c in frame if c in read or str(c).startswith(_COMMITTED)]
    return pd.DataFrame({c: frame[c] for c in kept}, index=frame.index)


def _spread(values: pd.Series, rows: Mask, index: pd.Index) -> pd.Series:
    """A column of some rows as a column of all; the others get nothing, which is the empty text among texts."""
    at = np.full(len(index), -1)
    at[rows] = np.arange(int(rows.sum()))
    if values.dtype != "category":
        return pd.Series(values.array.take(at, allow_fill=True), index)
    codes, texts = values.cat.codes.to_numpy(), list(values.cat.categories)
    texts = texts if "" in texts else [*texts, ""]
    spread = np.append(codes, texts.index(""))[at]
    return pd.Series(pd.Categorical.from_codes(spread, pd.Index(texts, dtype="str")), index)


# ---- checklist A -----------------------------------------------------------------------------------------------------


def _for_supply(frame: pd.DataFrame, policy: Policy) -> tuple[pd.DataFrame, Sources]:
    """The columns of checklist A in the words of the packs."""
    made: dict[str, Any] = {c: canonical_lists(frame[c], c) for c in LISTS if c in frame}
    made.setdefault("control_indicators", pd.Series("", frame.index, dtype="str"))
    made |= {c: canonical_beginnings(frame[c], c) for c in ("planned_use", "ownership") if c in frame}
    blank = pd.Series(pd.NaT, frame.index)
    planned = pd.to_datetime(frame["supply_date"] if "supply_date" in frame else blank)
    made["supply_date"] = planned.fillna(pd.Timestamp(policy.as_of))
    return with_edition(frame.assign(**made), policy)


def _each_indicator(active: Active, parcels: pd.DataFrame, policy: Policy) -> Active:
    """A rule on the list of control indicators as one on the columns that hold their numbers.

    Where the table has no such list, an indicator is fixed when its ``committed_…`` column is filled.
    """
    if "control_indicators" in parcels:
        return active
    made: list[Condition] = []
    for c in active.rule.conditions:
        found = policy.find(c.threshold) if c.metric == "control_indicators" and c.threshold else None
        items = () if found is None else found.items
        one_each = [Condition(metric=indicator_column(str(w)), operator="present", zh=str(w), en=c.en) for w in items]
        made += one_each or [c]
    return replace(active, rule=active.rule.model_copy(update={"conditions": tuple(made)}))


def _spelled(policy: Policy, rules: list[Active]) -> Policy:
    """The policy with lists that the user set in the words of the packs."""
    lists = {c.threshold: c.metric for a in rules for c in a.rule.conditions if c.metric in LISTS and c.threshold}
    lists |= {REQUIRED: "control_indicators"}
    given = {
        key: tuple(w for item in found.items for w in canonical_words(str(item), metric))
        for key, metric in lists.items()
        if key in policy.parameters and (found := policy.find(key)) is not None
    }
    return replace(policy, parameters={**policy.parameters, **given})


# ---- checklist B -----------------------------------------------------------------------------------------------------


def _for_conformity(frame: pd.DataFrame, policy: Policy) -> tuple[pd.DataFrame, Sources]:
    """The columns of checklist B: ratios, the basis of output, and days that the policy counts from others."""
    frame, sources = with_ratios(frame)
    basis = policy.find(OUTPUT)
    if "output_per_mu" not in frame and basis is not None and basis.value in frame:
        frame = frame.assign(output_per_mu=frame[str(basis.value)])
    elif "output_per_mu" not in frame and basis is None and "revenue_per_mu" in frame:
        sources["output_per_mu"] = {policy.name_lacking(OUTPUT): np.ones(len(frame), bool)}
    if "supplement_start" in frame:
        agreed = frame["agreed_start"] if "agreed_start" in frame else pd.Series(pd.NaT, frame.index)
        frame = frame.assign(agreed_start=pd.to_datetime(frame["supplement_start"]).fillna(pd.to_datetime(agreed)))
    for column, since, key, unit in _DEADLINES:
        found = policy.find(key)
        if found is not None:
            frame = frame.assign(**{column: _deadline(frame, column, since, int(found.number), unit, policy)})
            sources[column] = {since: frame[column].isna().to_numpy()}
    return frame, sources


def _deadline(
    frame: pd.DataFrame, column: str, since: str, number: int, unit: Literal["M", "Y"], policy: Policy
) -> pd.Series:
    """An agreed day, or where there is none the day so many months or years after another."""
    first = _days(frame, since)
    made = _later(first, number, unit)
    if column == "agreed_target" and since in frame:
        # Not completed: the review is not due. A day that is not before the day of the run says so.
        made = np.where(np.isnat(first), np.datetime64(policy.as_of, "D"), made)
    agreed = _days(frame, column)
    return pd.Series(np.where(np.isnat(agreed), made, agreed).astype("datetime64[s]"), frame.index)


def _days(frame: pd.DataFrame, column: str) -> Days:
    return days(frame[column]) if column in frame else np.full(len(frame), np.datetime64("NaT", "D"))


def _later(start: Days, number: int, unit: Literal["M", "Y"]) -> Days:
    """The day so many months or years later; the last day of the month where that day does not exist."""
    month = start.astype("datetime64[M]")
    day = (start - month.astype("datetime64[D]")).astype(np.int64)
    target = month + np.timedelta64(number, unit).astype("timedelta64[M]")
    first = target.astype("datetime64[D]")
    last = ((target + 1).astype("datetime64[D]") - first).astype(np.int64) - 1
    return np.where(np.isnat(start), np.datetime64("NaT", "D"), first + np.minimum(day, last))


def _required_columns(policy: Policy) -> set[str] | None:
    """Columns of the indicators that a contract must hold; None where the policy leaves that to the user."""
    if not any(REQUIRED in p.values for p in policy.packs):
        return set()
    found = _spelled(policy, []).find(REQUIRED)
    return None if found is None else {indicator_column(str(w)) for w in found.items}


def _under_commitment(parcels: pd.DataFrame) -> Mask:
    """Parcels with a commitment; the control indicators of land that is still to be supplied are none."""
    status = parcels["supply_status"] if "supply_status" in parcels else pd.Series(None, parcels.index, dtype="str")
    committed = [c for c in parcels if str(c).startswith(_COMMITTED)]
    some = np.logical_or.reduce([parcels[c].notna().to_numpy() for c in committed]) if committed else False
    return np.asarray(some & ~status.isin(TO_SUPPLY).to_numpy(bool))


def _is_committed(active: Active, frame: pd.DataFrame, needed: set[str] | None) -> bool:
    """Whether a rule on an indicator matters: the table has the commitment, or the policy requires it."""
    read = {c for one in active.rule.all_conditions() for c in one.columns() if c.startswith(_COMMITTED)}
    return read <= {*frame.columns, *(needed or ())}


def _ungated(active: Active, needed: set[str] | None) -> Active:
    """A rule without the gate that asks whether a required commitment is there: without it nobody can judge."""
    kept = tuple(c for c in active.rule.gate if not (c.operator == "present" and c.metric in (needed or ())))
    return replace(active, rule=active.rule.model_copy(update={"gate": kept}))

"""Generic rules of policy packs, judged over whole columns.

A rule compares columns of its subject with values of the policy and combines the comparisons. A column that the frame
does not have, a cell that is empty and a value that the policy does not give make the comparison unknown, and are
named. An exemption that holds makes the outcome False; a gate that does not hold takes the subject out of the rule.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.packs.model import Applies, Condition
from mudian.packs.policy import Active, InForce, Policy
from mudian.rules.clock import Days, days, years_between
from mudian.rules.groups import GROUP_KEYS, division, group_average
from mudian.rules.logic import Judged, all_of, any_of, at_least, compare, constant, join_missing, name_missing
from parcels.values import to_boolean

ORDER = ("<", "<=", ">", ">=", "==", "!=")
# How the two ends of a range are named behind the name of their condition.
LOW, HIGH = ":low", ":high"


@dataclass(frozen=True)
class _Side:
    """The comparator of a condition: one number or one per row, and where it is missing for which reason."""

    value: float | pd.Series
    missing: dict[str, NDArray[np.bool_]]
    unit: str = ""


def judge(active: Active, frame: pd.DataFrame, policy: Policy) -> Judged:
    """Judge one rule over all subjects of a frame.

    Parameters
    ----------
    active
        A rule in force, from :meth:`Policy.rules`.
    frame
        Subjects with the columns that the rule reads; any index; not changed.
    policy
        Where the values come from.

    Returns
    -------
    Judged
        With one part per comparison when the rule combines several.

    Examples
    --------
    >>> import datetime as dt
    >>> from mudian.packs.policy import policies
    >>> policy = policies(["taian-2021"], as_of=dt.date(2025, 12, 31))
    >>> rule = next(r for r in policy.rules("admission") if r.id == "taian.separate_land")
    >>> projects = pd.DataFrame({"total_investment_wan": [5000.0, 4999.0, 8000.0], "area_mu": [15.0, 200.0, None]})
    >>> judged = judge(rule, projects, policy)
    >>> judged.outcome.tolist(), judged.missing.tolist()
    ([True, False, <NA>], ['', '', 'area_mu'])
    """
    rule = active.rule
    parts = tuple(
        judge_condition(c, frame, policy, rule_id=f"{active.id}/{n}", clause=active.clause)
        for n, c in enumerate(rule.conditions, start=1)
    )
    gates = [judge_condition(c, frame, policy, rule_id="", clause="") for c in rule.gate]
    gates += [g for limits in active.applies for g in _limits(limits, frame)]
    exempt = [judge_condition(c, frame, policy, rule_id="", clause="") for c in rule.exempt]
    outcome, missing_count = _combine(rule.combine, parts, policy, rule.at_least)
    if gates:
        outcome = outcome & all_of([g.outcome for g in gates])
    if exempt:
        outcome = outcome & ~any_of([e.outcome for e in exempt])
    open_ = outcome.isna().to_numpy()
    named = [(open_ & p.outcome.isna().to_numpy(), p.missing) for p in (*parts, *gates, *exempt)]
    missing = join_missing([*named, *[(open_, m) for m in missing_count]], frame.index)
    applies = all_of([g.outcome for g in gates]).fillna(True) if gates else constant(True, frame.index)
    if len(parts) == 1:
        one = parts[0]
        return Judged(
            active.id, outcome, one.value, one.operator, one.threshold, one.unit, active.clause, missing, applies
        )
    nothing = pd.Series(np.nan, frame.index)
    own = tuple(_limited(p, applies) for p in parts)
    return Judged(active.id, outcome, nothing, rule.combine, np.nan, "", active.clause, missing, applies, own)


def _limited(part: Judged, applies: pd.Series) -> Judged:
    return replace(part, applies=applies)


def _combine(
    how: str, parts: tuple[Judged, ...], policy: Policy, count_key: str | None
) -> tuple[pd.Series, list[pd.Series]]:
    outcomes = [p.outcome for p in parts]
    if how == "all":
        return all_of(outcomes), []
    if how == "any":
        return any_of(outcomes), []
    count = policy.number(str(count_key))
    if count is None:
        index = outcomes[0].index
        lack = name_missing({policy.name_lacking(str(count_key)): np.ones(len(index), bool)}, index)
        return constant(None, index), [lack]
    return at_least(outcomes, int(count)), []


def judge_condition(condition: Condition, frame: pd.DataFrame, policy: Policy, *, rule_id: str, clause: str) -> Judged:
    """Judge one comparison over all subjects of a frame.

    Returns
    -------
    Judged
        ``value`` is the number that was compared; NaN for words.
    """
    index = frame.index
    metric = condition.metric
    cells = frame[metric] if metric in frame else pd.Series(np.nan, index)
    masks = {metric: cells.isna().to_numpy()}
    if condition.operator == "present":
        # An empty cell says that there is none; a column that was never given says nothing.
        outcome = cells.notna().astype("boolean") if metric in frame else constant(None, index)
        return _judged(rule_id, outcome, _numbers(cells), condition, np.nan, "", clause, masks, index)
    if condition.operator == "is":
        flags = _flags(cells)
        outcome, masks = flags == bool(condition.expect), {metric: flags.isna().to_numpy()}
        expected = float(bool(condition.expect))
        return _judged(rule_id, outcome, _numbers(cells), condition, expected, "", clause, masks, index)
    if condition.against == "as_of" or _is_date(cells, condition, frame):
        return _judge_date(condition, cells, frame, policy, rule_id, clause, masks)
    if condition.operator in ORDER:
        side = _side(condition, frame, policy, rule_id)
        value = _elapsed(cells, policy) if condition.against == "years_ago" else _numbers(cells)
        outcome, masks = compare(value, condition.operator, side.value), {metric: value.isna().to_numpy()}
        for name, mask in side.missing.items():
            masks[name] = masks[name] | mask if name in masks else mask
        return _judged(rule_id, outcome, value, condition, side.value, side.unit, clause, masks, index)
    return _judge_words(condition, cells, policy, rule_id, clause, masks)


def _judged(
    rule_id: str,
    outcome: pd.Series,
    value: pd.Series,
    condition: Condition,
    threshold: float | pd.Series,
    unit: str,
    clause: str,
    masks: dict[str, NDArray[np.bool_]],
    index: pd.Index,
) -> Judged:
    open_ = outcome.isna().to_numpy()
    missing = name_missing({n: m & open_ for n, m in masks.items()}, index)
    return Judged(rule_id, outcome, value, condition.operator, threshold, unit, clause, missing, constant(True, index))


def _numbers(cells: pd.Series) -> pd.Series:
    """Cells as numbers where they are numbers or booleans; NaN for words and days."""
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return pd.Series(cells.to_numpy(float, na_value=np.nan), cells.index)
    return pd.Series(np.nan, cells.index)


def _flags(cells: pd.Series) -> pd.Series:
    """Cells as yes or no; words as the cadastral readers understand them, unknown where they are neither."""
    known = pd.api.types.is_bool_dtype(cells.dtype) or cells.isna().all()
    return cells.astype("boolean") if known else to_boolean(cells).values


def _elapsed(cells: pd.Series, policy: Policy) -> pd.Series:
    position, each = pd.factorize(days(cells), use_na_sentinel=False)  # few days, many rows
    elapsed = years_between(np.asarray(each).astype("datetime64[D]"), np.datetime64(policy.as_of, "D"))
    return pd.Series(elapsed[position], cells.index)


def _is_date(cells: pd.Series, condition: Condition, frame: pd.DataFrame) -> bool:
    other = frame[condition.column] if condition.against == "column" and condition.column in frame else cells
    return condition.against == "column" and (
        pd.api.types.is_datetime64_any_dtype(cells.dtype) or pd.api.types.is_datetime64_any_dtype(other.dtype)
    )


def _judge_date(
    condition: Condition,
    cells: pd.Series,
    frame: pd.DataFrame,
    policy: Policy,
    rule_id: str,
    clause: str,
    masks: dict[str, NDArray[np.bool_]],
) -> Judged:
    """Compare days with another column or with the day of the run; the finding shows days of difference and 0."""
    left = days(cells)
    right: Days = np.full(len(frame), np.datetime64(policy.as_of, "D"))
    if condition.against == "column":
        column = str(condition.column)
        other = frame[column] if column in frame else pd.Series(pd.NaT, frame.index)
        masks = masks | {column: other.isna().to_numpy()}
        right = days(other)
    gap = (left - right).astype("timedelta64[D]")
    value = pd.Series(np.where(np.isnat(gap), np.nan, gap.astype(float)), frame.index)
    outcome = compare(value, condition.operator, 0.0)
    return _judged(rule_id, outcome, value, condition, 0.0, "天", clause, masks, frame.index)


def _side(condition: Condition, frame: pd.DataFrame, policy: Policy, rule_id: str) -> _Side:
    factor, lacking = _moved(condition, policy, rule_id), {}
    every = np.ones(len(frame), bool)
    if condition.times:
        found = policy.find(condition.times)
        factor = found.number if found else np.nan  # its own key is moved by the policy
        lacking = {} if found else {policy.name_lacking(condition.times): every}
    side = _comparator(condition, frame, policy)
    return _Side(side.value * factor, side.missing | lacking, side.unit)


def has_key(condition: Condition) -> bool:
    """Whether the comparator is moved by a key of the policy: a threshold, or a factor on an average or column."""
    return bool(condition.times) or condition.against in ("constant", "years_ago")


def _moved(condition: Condition, policy: Policy, rule_id: str) -> float:
    """By how much a comparator without a key (average, table, contract) is moved: it is named by its condition."""
    if has_key(condition) or policy.factor == 1.0:
        return 1.0
    return policy.factor if policy.scaled is None or rule_id in policy.scaled else 1.0


def _comparator(condition: Condition, frame: pd.DataFrame, policy: Policy) -> _Side:
    every = np.ones(len(frame), bool)
    if condition.against in ("constant", "years_ago"):
        found = policy.find(str(condition.threshold))
        if found is None:
            return _Side(np.nan, {policy.name_lacking(str(condition.threshold)): every})
        return _Side(found.number, {}, found.unit)
    if condition.against == "column":
        column = str(condition.column)
        other = _numbers(frame[column]) if column in frame else pd.Series(np.nan, frame.index)
        if condition.times:  # a share of nothing is missing, as any ratio is
            other = other.where(other > 0)
        return _Side(other, {column: other.isna().to_numpy()})
    if condition.against == "table":
        return _from_table(condition, frame, policy)
    mean, lacking = group_average(frame, condition.metric, condition.against)
    masks = dict.fromkeys(lacking, every)
    if not lacking:
        masks = _without_average(condition, frame, mean.isna())
    return _Side(mean, masks)


def _without_average(condition: Condition, frame: pd.DataFrame, lacks: pd.Series) -> dict[str, NDArray[np.bool_]]:
    """Where there is no average: because the group of the row is unknown, or because nobody in it has a figure."""
    group = GROUP_KEYS.get(condition.against)
    if group is None:
        return {condition.metric: lacks.to_numpy()}
    nameless = lacks & frame[group].isna()
    return {group: nameless.to_numpy(), condition.metric: (lacks & ~nameless).to_numpy()}


def _from_table(condition: Condition, frame: pd.DataFrame, policy: Policy) -> _Side:
    every = np.ones(len(frame), bool)
    table = policy.table(str(condition.table))
    if table is None:
        return _Side(np.nan, {f"parameter:{condition.table}": every})
    key = str(condition.key)
    if key not in frame:
        return _Side(np.nan, {key: every})
    masks: dict[str, NDArray[np.bool_]] = {}
    limits = {r[0]: r[1] for r in table.rows}
    short = all(len(k) == 2 and k.isdigit() for k in limits)
    codes = division(frame[key]) if short else frame[key]
    found = codes.map(limits).astype(float)
    if table.edition:
        column = f"{key}_edition"
        edition = frame[column] if column in frame else pd.Series(None, frame.index, dtype="str")
        other = (edition != table.edition).fillna(True).to_numpy(bool)
        found = found.mask(other)
        masks[column] = other
    masks[key] = found.isna().to_numpy() & ~masks.get(f"{key}_edition", ~every)
    return _Side(found, masks, table.unit)


def _judge_words(
    condition: Condition,
    cells: pd.Series,
    policy: Policy,
    rule_id: str,
    clause: str,
    masks: dict[str, NDArray[np.bool_]],
) -> Judged:
    """Compare words with a list, or a number with a range."""
    found = policy.find(str(condition.threshold))
    if found is None:
        lack = {policy.name_lacking(str(condition.threshold)): np.ones(len(cells), bool)}
        nothing = pd.Series(np.nan, cells.index)
        return _judged(
            rule_id, constant(None, cells.index), nothing, condition, np.nan, "", clause, masks | lack, cells.index
        )
    if condition.operator == "between":
        value = _numbers(cells)
        low, high = _range(found, policy, rule_id)
        masks = {condition.metric: value.isna().to_numpy()}
        outcome = compare(value, ">=", low) & compare(value, "<=", high)
        limit = pd.Series(np.where((value - low).abs() < (value - high).abs(), low, high), cells.index)
        return _judged(rule_id, outcome, value, condition, limit, found.unit, clause, masks, cells.index)
    outcome = _words(cells, condition.operator, found)
    return _judged(rule_id, outcome, _numbers(cells), condition, np.nan, found.unit, clause, masks, cells.index)


def _range(found: InForce, policy: Policy, rule_id: str) -> tuple[float, float]:
    """Both ends of a range; each is a threshold of its own, named by its condition, when thresholds are moved."""
    low, high = found.numbers
    ends = ((low, f"{rule_id}{LOW}"), (high, f"{rule_id}{HIGH}"))
    moved = [v * policy.factor if policy.scaled is None or name in policy.scaled else v for v, name in ends]
    return moved[0], moved[1]


def _words(cells: pd.Series, operator: str, found: InForce) -> pd.Series:
    texts = cells.astype("str")
    words = [str(w) for w in found.items]
    known = cells.notna()
    if operator in ("in", "not_in"):
        hit = texts.isin(words)
        outcome = hit if operator == "in" else ~hit
    elif operator == "contains_all":
        unique = {t: all(w in _listed(t) for w in words) for t in texts[known].unique()}
        outcome = texts.map(unique)
    elif operator == "starts_with_any":
        # A code of GB/T 4754 may carry the letter of its section before the digits that a list names.
        bare = texts.str.replace(r"^[A-Za-z](?=\d)", "", regex=True)
        outcome = texts.str.startswith(tuple(words)) | bare.str.startswith(tuple(words))
    else:
        outcome = (texts == words[0]) if operator == "==" else (texts != words[0])
    return outcome.astype("boolean").where(known)


def _listed(text: str) -> set[str]:
    for mark in "；、，,":
        text = text.replace(mark, ";")
    return {part.strip() for part in text.split(";") if part.strip()}


def _limits(limits: Applies, frame: pd.DataFrame) -> list[Judged]:
    """The limits of a pack or rule as gates: zone level, industry and scale of the subject."""
    made: list[tuple[str, pd.Series]] = []
    if limits.zone_levels:
        level = _column(frame, "zone_level")
        made.append(("zone_level", level.isin(limits.zone_levels).astype("boolean").where(level.notna())))
    if limits.industries:
        codes = _column(frame, "industry_code")
        inside = codes.str.startswith(limits.industries)
        divisions = tuple(i for i in limits.industries if i.isdigit())
        if divisions:
            inside = inside | division(codes).str.startswith(divisions)
        known = codes.notna()
        if len(divisions) < len(limits.industries):  # a code without its letter does not say its section
            known &= inside | codes.str.match("[A-Za-z]")
        made.append(("industry_code", inside.astype("boolean").where(known)))
    if limits.scale:
        above = frame["above_scale"] if "above_scale" in frame else constant(None, frame.index)
        made.append(("above_scale", _flags(above) == (limits.scale == "above")))
    nothing = pd.Series(np.nan, frame.index)
    return [
        Judged(
            "", outcome, nothing, "", np.nan, "", "", name_missing({name: outcome.isna().to_numpy()}, frame.index),
            constant(True, frame.index),
        )
        for name, outcome in made
    ]  # fmt: skip


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    return frame[name].astype("str") if name in frame else pd.Series(None, frame.index, dtype="str")

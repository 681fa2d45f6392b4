"""Every generic rule of every bundled pack: what it reads it needs, and what is missing is named.

For each column that a rule reads, all other comparisons are set so that they leave the decision to it; then the column
is taken away, and the outcome must be unknown and name it. Over many random subjects, a column that is taken away never
turns one answer into the other: the outcome stays, or becomes unknown and names the column.
"""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from mudian.packs.catalog import bundled, find_pack
from mudian.packs.policy import Policy, policies
from mudian.rules.conditions import judge, judge_condition
from mudian.rules.groups import GROUP_KEYS
from mudian.rules.moves import ratios_of
from mudian.schemas import schema

DAYS = {f.column for table in ("parcel", "enterprise") for f in schema(table) if f.kind == "date"}
GROUPS = ("industry", "zone", "county")
AVERAGE, WEIGHT, YEAR = 100.0, 1e9, 365.25


RULES = [
    pytest.param(name, key, id=f"{name}:{key}")
    for name in bundled()
    for key, rule in find_pack(name).rules.items()
    if rule.conditions
]


def policy_of(name: str, day: dt.date = dt.date(2027, 1, 1)) -> Policy:
    """The pack on a day, or on the last on which all of it may be used, everything set and confirmed."""
    names = [name] if name == "national" else ["national", name]
    packs = [find_pack(n) for n in names]
    documents = [d for p in packs for d in p.documents.values()]
    as_of = min([day, *(d.until for d in documents if d.until and d.after_end == "refuse")])
    undated = [p.id for p in packs if any(d.year_masked for d in p.documents.values())]
    masked = {f"{pack}.in_force": dt.date(2015, 1, 1) for pack in undated}
    values = {k: v for p in packs for k, v in p.values.items()}
    unset = {k: 2 for k, v in values.items() if not v.history}
    recalled = [k for k, v in values.items() if any(e.status == "recalled" for e in v.history)]
    recalled += [k for p in packs for k in p.tables]
    return policies(names, as_of=as_of, parameters=masked | unset, confirmed=recalled)


def last_day(name: str, key: str) -> dt.date:
    """The day before the first value of a rule is abolished."""
    pack = find_pack(name)
    history = [e for k in pack.rules[key].value_keys() if k in pack.values for e in pack.values[k].history]
    return min(e.since for e in history if e.abolished) - dt.timedelta(days=1)


class Case:
    """A rule with values worth trying for every column that it reads."""

    def __init__(self, active, policy):
        self.active, self.rule, self.policy = active, active.rule, policy
        self.values: dict[str, list[object]] = {}
        self.averaged: dict[str, str] = {}
        asked = self.rule.all_conditions()
        self.days = DAYS | {c.metric for c in asked if c.against in ("as_of", "years_ago")}
        self.days |= {c.column for c in asked if c.against == "column" and c.metric in self.days}
        for condition in asked:
            self._try(condition)
        for limits in active.applies:
            self._limits(limits)
        for column, values in self.values.items():
            self.values[column] = list(dict.fromkeys(v for v in values if v is not None)) + [None] * (None in values)

    def offer(self, column, *values):
        self.values.setdefault(column, []).extend(values)

    def _number(self, key):
        return self.policy.find(key).number if key else 1.0

    def _try(self, c):
        day = pd.Timestamp(self.policy.as_of)
        if c.operator == "is":
            return self.offer(c.metric, True, False)
        if c.operator == "present":
            own = [x for x in self.rule.all_conditions() if c.metric in x.columns() and x.operator != "present"]
            plain = day - pd.Timedelta(days=1) if c.metric in self.days else "有"
            return self.offer(c.metric, None, *([] if own else [plain]))
        if c.against == "as_of":
            return self.offer(c.metric, day - pd.Timedelta(days=9), day + pd.Timedelta(days=9))
        if c.against == "years_ago":
            away = pd.Timedelta(days=int(self._number(c.threshold) * YEAR))
            return self.offer(c.metric, day - away - pd.Timedelta(days=60), day - away + pd.Timedelta(days=60))
        if c.against == "column" and c.metric in self.days:
            self.offer(c.column, day, day - pd.Timedelta(days=30))
            return self.offer(c.metric, *(day - pd.Timedelta(days=n) for n in (40, 9, -9)))
        if c.operator in ("<", "<=", ">", ">=", "==", "!="):
            return self._try_number(c)
        found = self.policy.find(c.threshold)
        if c.operator == "between":
            low, high = found.numbers
            return self.offer(c.metric, low - 1, (low + high) / 2, high + 1)
        words = [str(w) for w in found.items]
        tried = {"contains_all": [";".join(words), "别的"], "starts_with_any": [f"{words[0]}1", "别的"]}
        return self.offer(c.metric, *tried.get(c.operator, [words[0], "别的"]))

    def _try_number(self, c):
        around = self._number(c.times)
        if c.against == "constant":
            around *= self._number(c.threshold)
        elif c.against == "column":
            self.offer(c.column, AVERAGE)
            around *= AVERAGE
        elif c.against == "table":
            table = self.policy.table(c.table)
            around *= table.rows[0][1]
            self.offer(c.key, table.rows[0][0])
            if table.edition:
                self.offer(f"{c.key}_edition", table.edition)
        else:
            self.averaged[c.metric] = c.against
            around *= AVERAGE
            if c.against in GROUP_KEYS:
                self.offer(GROUP_KEYS[c.against], "13")
            self.offer("land_mu", 1.0)
            self.offer(ratios_of(pd.DataFrame({"land_mu": []}))[c.metric][0], AVERAGE)
        step = max(abs(around), 1.0) / 2
        self.offer(c.metric, around - step, around, around + step)

    def _limits(self, limits):
        if limits.zone_levels:
            self.offer("zone_level", limits.zone_levels[0], "别的")
        if limits.industries:
            self.offer("industry_code", limits.industries[0], "Z99")
        if limits.scale:
            self.offer("above_scale", True, False)

    def frame(self, rows):
        """Subjects, with members of each group behind them so heavy that the average is theirs."""
        size = len(rows)
        if self.averaged:
            codes = set(self.values.get("industry_code", [None]))
            rows = [*rows, *({"industry_code": c, "land_mu": WEIGHT, "zone_id": "13"} for c in codes)]
        made = {c: typed([row.get(c) for row in rows], self.values[c]) for c in self.values}
        frame = pd.DataFrame(made)
        for metric in self.averaged:
            money = ratios_of(frame)[metric][0]
            frame.loc[size:, money] = AVERAGE * WEIGHT
            if "zone_id" in frame:
                frame.loc[size:, "zone_id"] = "13"
        return frame

    def judge(self, frame, size):
        judged = judge(self.active, frame, self.policy)
        return [None if pd.isna(v) else bool(v) for v in judged.outcome[:size]], judged.missing.tolist()[:size]

    def readers(self, column):
        """Which gates, exemptions and conditions read a column, and whether the limits of the rule do."""

        def reads(c):
            more = [f"{c.key}_edition"] if c.key else []
            if c.against in GROUPS:
                more = ["land_mu", ratios_of(pd.DataFrame({"land_mu": []}))[c.metric][0], GROUP_KEYS.get(c.against)]
            return column in (*c.columns(), *more)

        return {kind: [reads(c) for c in getattr(self.rule, kind)] for kind in ("gate", "exempt", "conditions")}

    def neutral(self, column):
        """A subject on which everything that does not read the column leaves the decision to it."""
        reads = self.readers(column)
        main = reads["conditions"]
        wanted = {"all": [True] * len(main), "any": [not any(main)] * len(main)}
        if self.rule.combine == "at_least":
            count = int(self.policy.number(self.rule.at_least))
            open_ = [n for n, r in enumerate(main) if not r]
            keep = set(open_[: count - 1] if any(main) else open_)
            wanted["at_least"] = [n in keep for n in range(len(main))]
        targets = [(c, True) for c, r in zip(self.rule.gate, reads["gate"], strict=True) if not r]
        targets += [(c, False) for c, r in zip(self.rule.exempt, reads["exempt"], strict=True) if not r]
        aims = zip(self.rule.conditions, main, wanted[self.rule.combine], strict=True)
        targets += [(c, aim) for c, r, aim in aims if not r]
        return self._descend(targets)

    def _descend(self, targets):
        start = {c: values[0] for c, values in self.values.items()}
        for limits in self.active.applies:
            start |= {"zone_level": limits.zone_levels[0]} if limits.zone_levels else {}
            start |= {"industry_code": limits.industries[0]} if limits.industries else {}
            start |= {"above_scale": limits.scale == "above"} if limits.scale else {}
        for _ in range(3):
            for column, values in self.values.items():
                tried = [start | {column: v} for v in dict.fromkeys([start[column], *values])]
                frame = self.frame(tried)
                wrong = np.zeros(len(tried), int)
                for condition, aim in targets:
                    outcome = judge_condition(condition, frame, self.policy, rule_id="", clause="").outcome
                    wrong += (outcome[: len(tried)].fillna(not aim) != aim).to_numpy(int)
                start = tried[int(wrong.argmin())]
        return start


def typed(values, tried):
    kinds = {type(v) for v in tried if v is not None}
    if kinds <= {bool}:
        return pd.array(values, dtype="boolean")
    if kinds <= {str}:
        return pd.array(values, dtype="str")
    if kinds <= {pd.Timestamp}:
        return pd.Series(values, dtype="datetime64[s]").array
    return pd.array([np.nan if v is None else float(v) for v in values], dtype="float64")


@pytest.fixture(scope="module")
def policy_by_name():
    return {}


def case_of(name, key, cache):
    """The rule on a day on which it is in force."""
    if name not in cache:
        cache[name] = policy_of(name)
    policy = cache[name]
    if key not in [a.id for a in policy.rules()]:
        policy = policy_of(name, last_day(name, key))
    return Case(next(a for a in policy.rules() if a.id == key), policy)


@pytest.mark.parametrize(("name", "key"), RULES)
def test_what_a_rule_reads_it_needs(name, key, policy_by_name):
    case = case_of(name, key, policy_by_name)
    for column in case.values:
        subject = case.neutral(column)
        frame = case.frame([subject])
        gone, missing = case.judge(frame.drop(columns=column), 1)
        assert gone == [None], f"{column} taken away from {subject}"
        assert column in missing[0].split(";")
        if any(c.operator == "present" and c.metric == column for c in case.rule.all_conditions()):
            continue  # an empty cell is an answer there
        if column in ratios_of(frame) or column not in {m for pair in ratios_of(frame).values() for m in pair}:
            blank = frame.copy()
            blank.loc[0, column] = None
            gone, missing = case.judge(blank, 1)
            assert gone == [None], f"{column} emptied in {subject}"
            assert column in missing[0].split(";")


@pytest.mark.parametrize(("name", "key"), RULES)
def test_a_missing_column_never_turns_an_answer(name, key, policy_by_name):
    case = case_of(name, key, policy_by_name)
    random = np.random.default_rng(1)
    tried = {c: [*values, *values, None] for c, values in case.values.items()}
    subjects = [{c: v[random.integers(len(v))] for c, v in tried.items()} for _ in range(200)]
    frame = case.frame(subjects)
    before, missing = case.judge(frame, len(subjects))
    assert all(m for outcome, m in zip(before, missing, strict=True) if outcome is None)
    assert not any(m for outcome, m in zip(before, missing, strict=True) if outcome is not None)
    for column in case.values:
        after, named = case.judge(frame.drop(columns=column), len(subjects))
        for was, now, names in zip(before, after, named, strict=True):
            assert now in (was, None)
            assert now is not None or was is None or column in names.split(";")


@pytest.mark.parametrize(("name", "key"), RULES)
def test_both_answers_can_be_had(name, key, policy_by_name):
    case = case_of(name, key, policy_by_name)
    random = np.random.default_rng(2)
    subjects = [{c: v[random.integers(len(v))] for c, v in case.values.items()} for _ in range(2000)]
    subjects += [case.neutral(column) | {column: v} for column, values in case.values.items() for v in values]
    outcomes, _ = case.judge(case.frame(subjects), len(subjects))
    assert {True, False} <= set(outcomes)


@pytest.mark.parametrize(("name", "key"), RULES)
def test_a_value_that_is_not_given_is_named(name, key, policy_by_name):
    case = case_of(name, key, policy_by_name)
    policy = case.policy
    for value in case.rule.value_keys():
        entries = next(p.values[value].history for p in reversed(policy.packs) if value in p.values)
        recalled = any(e.status == "recalled" for e in entries)
        if entries and not recalled:
            continue
        bare = Policy(
            policy.as_of,
            policy.packs,
            {k: v for k, v in policy.parameters.items() if k != value},
            policy.confirmed - {value},
        )
        subjects = [case.neutral(column) for column in case.values]
        judged = judge(case.active, case.frame(subjects), bare)
        said = {n for text in judged.missing for n in text.split(";")}
        assert bare.name_lacking(value) in said

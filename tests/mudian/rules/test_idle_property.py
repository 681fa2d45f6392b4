"""Idle land against a plain reading of the rules, row by row, and what must hold for any table."""

import datetime as dt
import random
import time
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mudian.packs.policy import policies
from mudian.rules.idle import judge_idle

AS_OF = dt.date(2024, 2, 29)
DATES = (
    "agreed_start", "supplement_start", "handover_date", "actual_start", "actual_completion", "stopped_since",
    "resumed_on",
)  # fmt: skip
NUMBERS = ("developed_m2", "should_develop_m2", "invested_wan", "total_investment_wan", "land_price_wan")
# Days around every anniversary that counts, leap days, and days after the day of the run.
DAYS = [
    dt.date(2024, 3, 1), dt.date(2024, 2, 29), dt.date(2024, 2, 28), dt.date(2023, 3, 1), dt.date(2023, 2, 28),
    dt.date(2023, 2, 27), dt.date(2022, 3, 1), dt.date(2022, 2, 28), dt.date(2022, 2, 27), dt.date(2021, 3, 1),
    dt.date(2021, 2, 28), dt.date(2020, 2, 29), dt.date(2020, 3, 1), dt.date(2015, 7, 1),
]  # fmt: skip
day = st.one_of(st.none(), st.sampled_from(DAYS), st.dates(dt.date(2014, 1, 1), dt.date(2026, 1, 1)))
amount = st.one_of(st.none(), st.sampled_from([0.0, 1.0, 2.0, 3.0, 4.0, 9.0, 12.0, -1.0]))
row = st.fixed_dictionaries(
    {
        "supply_status": st.sampled_from(["supplied"] * 6 + ["unsupplied", "approved_unsupplied"]),
        "idle_cause": st.sampled_from([None, "资金不足", "政府原因", "台风", "看不清"]),
        **dict.fromkeys(DATES, day),
        **dict.fromkeys(NUMBERS, amount),
    }
)
rows = st.lists(row, min_size=1, max_size=12)
POLICY = policies(["national"], as_of=AS_OF)
CONFIRMED = policies(
    ["national"], as_of=AS_OF, confirmed=["idle.default_start_years", "idle.supplement_restarts"]
)  # fmt: skip
HAINAN = policies(["national", "hainan-2013"], as_of=AS_OF)
POLICIES = {"national": POLICY, "confirmed": CONFIRMED, "hainan": HAINAN}  # drawn by name: a failure prints it


def table(made):
    frame = pd.DataFrame(made, columns=["supply_status", "idle_cause", *DATES, *NUMBERS])
    dates = {name: pd.to_datetime(frame[name]) for name in DATES}
    return frame.astype(dict.fromkeys(NUMBERS, float)).assign(**dates)


def later(start, years):
    try:
        return start.replace(year=start.year + years)
    except ValueError:  # 29 February of a common year
        return start.replace(year=start.year + years, day=28)


def past(value):
    return value if value is not None and value <= AS_OF else None


def below(part, whole, limit):
    """Three-valued, exact."""
    if part is None or part < 0 or whole is None or whole <= 0:
        return None
    return Fraction(part) / Fraction(whole) < limit


def plain(r):
    """The status of one row with art. 22 and restarting supplements confirmed, by the plain words of the rules."""
    if r["supply_status"] != "supplied" or past(r["actual_completion"]):
        return "not_idle"
    stop, resumed = past(r["stopped_since"]), past(r["resumed_on"])
    if not past(r["actual_start"]):
        if stop or resumed or (r["developed_m2"] or 0) > 0:
            return "unknown"
        start = r["supplement_start"] or r["agreed_start"] or (r["handover_date"] and later(r["handover_date"], 1))
        if start is None:
            return "unknown"
        if later(start, 2) <= AS_OF:
            return "idle_2y"
        return "idle_1y" if later(start, 1) <= AS_OF else "not_due"
    if stop is None or (resumed is not None and resumed >= stop):
        return "not_idle"
    shares = [
        below(r["developed_m2"], r["should_develop_m2"], Fraction(1, 3)),
        below(r["invested_wan"], r["total_investment_wan"], Fraction(1, 4)),
    ]
    little = True if True in shares else None if None in shares else False
    full = None if stop < r["actual_start"] else later(stop, 1) <= AS_OF
    if full is False or little is False:
        return "not_idle"
    return "idle_stopped" if full and little else "unknown"


@settings(max_examples=150, deadline=None)
@given(rows)
def test_the_columns_say_what_the_plain_rules_say_row_by_row(made):
    found = judge_idle(table(made), CONFIRMED).frame["idle_status"].tolist()
    assert found == [plain(r) for r in made]


@settings(max_examples=150, deadline=None)
@given(rows, st.integers(0, 999), st.sampled_from(list(POLICIES)))
def test_row_order_and_company_never_change_a_verdict(made, seed, policy):
    frame = table(made)
    order = list(range(len(frame)))
    random.Random(seed).shuffle(order)
    whole = judge_idle(frame, POLICIES[policy])
    mixed = judge_idle(frame.iloc[order], POLICIES[policy])
    pd.testing.assert_frame_equal(mixed.frame.sort_index(), whole.frame)
    assert mixed.missing.astype("str").sort_index().tolist() == whole.missing.astype("str").tolist()
    alone = judge_idle(frame.iloc[[0]], POLICIES[policy])
    pd.testing.assert_frame_equal(alone.frame, whole.frame.iloc[[0]])


@settings(max_examples=80, deadline=None)
@given(
    rows,
    st.sampled_from(["actual_start", "agreed_start", "stopped_since", *NUMBERS[:-1]]),
    st.sampled_from(["national", "hainan"]),
)
def test_without_a_field_a_known_status_stays_or_becomes_unknown_and_names_the_field(made, field, policy):
    frame = table(made)
    before, after = judge_idle(frame, POLICIES[policy]), judge_idle(frame.drop(columns=field), POLICIES[policy])
    was, now = before.frame["idle_status"], after.frame["idle_status"]
    changed = (was != "unknown") & (now != was)
    assert (now[changed] == "unknown").all()
    assert all(field in text.split(";") for text in after.missing[changed])
    lacking = after.findings(frame.index.to_series().astype("str")).query("outcome.isna()")
    named = set(lacking["subject_id"][[field in m.split(";") for m in lacking["missing"]]].astype("str"))
    assert set(frame.index[changed].astype("str")) <= named


@settings(max_examples=60, deadline=None)
@given(rows, st.sampled_from(["idle_cause", "land_price_wan"]))
def test_without_cause_or_price_no_measure_and_no_amount_is_made_up(made, field):
    frame = table(made)
    before, after = judge_idle(frame, POLICY), judge_idle(frame.drop(columns=field), POLICY)
    column = {"idle_cause": "idle_measure", "land_price_wan": "idle_fee_wan"}[field]
    pd.testing.assert_series_equal(before.frame["idle_status"], after.frame["idle_status"])
    was, now = before.frame[column], after.frame[column]
    changed = was.notna() & ~(was == now).fillna(False).astype(bool)
    assert now[changed].isna().all()
    assert all(field in text.split(";") for text in after.missing[changed])


@settings(max_examples=60, deadline=None)
@given(rows, st.sampled_from(list(POLICIES)))
def test_what_holds_for_every_verdict(made, policy):
    frame = table(made)
    found = judge_idle(frame, POLICIES[policy])
    status, measure, fee = (found.frame[c] for c in ("idle_status", "idle_measure", "idle_fee_wan"))
    assert (found.missing.astype("str")[status == "unknown"] != "").all()
    assert measure[status == "unknown"].isna().all()
    assert (measure[status.isin(["not_idle", "not_due"])] == "none").all()
    assert measure[status == "idle_stopped"].dropna().isin(["consult"]).all()
    assert (status[measure == "fee"] == "idle_1y").all()
    assert (status[measure == "takeback"] == "idle_2y").all()
    assert (measure[fee.notna()] == "fee").all()
    assert (found.frame["idle_cause_class"].notna() == status.str.startswith("idle_")).all()
    assert (frame["supply_status"][status.str.startswith("idle_")] == "supplied").all()
    assert (found.frame["days_overdue"].dropna() > 0).all()
    findings = found.findings(frame.index.to_series().astype("str"))
    assert (findings["outcome"].isna() == (findings["missing"].astype("str") != "")).all()
    assert not findings.duplicated(["subject_id", "rule_id"]).any()


@settings(max_examples=100, deadline=None)
@given(rows)
def test_recalled_values_only_ever_turn_unknown_into_something(made):
    frame = table(made)
    before, after = (judge_idle(frame, p).frame["idle_status"] for p in (POLICY, CONFIRMED))
    known = before != "unknown"
    assert (before[known] == after[known]).all()


@pytest.mark.slow
def test_a_million_parcels_are_judged_in_seconds():
    made = [dict(zip(["supply_status", "idle_cause", *DATES, *NUMBERS], r, strict=True)) for r in _varied(5000)]
    frame = pd.concat([table(made)] * 200, ignore_index=True)
    start = time.perf_counter()
    found = judge_idle(frame, CONFIRMED)
    assert time.perf_counter() - start < 10
    assert found.frame["idle_status"].iloc[:5000].tolist() == [plain(r) for r in made]


def _varied(count):
    made = random.Random(7)
    for _ in range(count):
        dates = [made.choice([None, *DAYS]) for _ in DATES]
        numbers = [made.choice([None, 1.0, 3.0, 4.0, 12.0]) for _ in NUMBERS]
        yield ["supplied", made.choice([None, "资金不足"]), *dates, *numbers]

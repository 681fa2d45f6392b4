"""Idle land: verdicts worked out by hand from the wording of the rules, and the idle table of the made-up zone."""

import datetime as dt
import re
from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd
import pytest

from mudian.inputs import read_parcels
from mudian.packs.catalog import find_pack
from mudian.packs.policy import policies
from mudian.project import load_project
from mudian.rules.idle import STATUSES, judge_idle
from mudian.rules.idle_causes import CLASSES, cause_codes, find_class
from mudian.rules.idle_clock import add_span
from parcels.ledger import Ledger

DATES = (
    "agreed_start", "supplement_start", "handover_date", "actual_start", "actual_completion", "stopped_since",
    "resumed_on", "agreed_completion",
)  # fmt: skip
# A parcel that is idle for one year by the fault of its owner on 2022-03-01, with all that can be asked for.
LATE = {"agreed_start": "2021-03-01", "actual_start": None, "land_price_wan": 1000.0, "idle_cause": "资金不足"}
# A parcel on which work stopped: started 2020-06-01, stopped for two years on 2024-01-01.
STOPPED = {
    "agreed_start": "2020-03-01", "actual_start": "2020-06-01", "stopped_since": "2022-01-01", "developed_m2": 2000.0,
    "should_develop_m2": 10_000.0, "invested_wan": 6000.0, "total_investment_wan": 10_000.0,
}  # fmt: skip


def policy(day, packs=("national",), confirmed=(), **parameters):
    return policies(packs, as_of=dt.date.fromisoformat(day), confirmed=confirmed, parameters=parameters)


def parcels(*rows):
    """Parcels as a reader gives them: a column is there when one of the rows names it."""
    frame = pd.DataFrame(list(rows))
    return frame.assign(**{name: pd.to_datetime(frame[name]) for name in DATES if name in frame})


def verdict(row, day, **options):
    return judge_idle(parcels(row), policy(day, **options))


def status(row, day, **options):
    return verdict(row, day, **options).frame["idle_status"].iloc[0]


def measure(row, day, **options):
    found = verdict(row, day, **options).frame["idle_measure"].iloc[0]
    return None if pd.isna(found) else found


def missing(row, day, **options):
    return verdict(row, day, **options).missing.iloc[0]


def finding(row, day, rule, **options):
    found = verdict(row, day, **options).findings(pd.Series(["P1"]))
    rows = found[found["rule_id"] == rule]
    assert len(rows) <= 1
    return rows.iloc[0] if len(rows) else None


# ---- L1: the clock ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2021-03-01", "not_due"),
        ("2022-02-28", "not_due"),
        ("2022-03-01", "idle_1y"),
        ("2023-02-28", "idle_1y"),
        ("2023-03-01", "idle_2y"),
        ("2025-12-31", "idle_2y"),
    ],
)
def test_one_year_and_two_years_are_full_on_the_anniversary(day, expected):
    assert status(LATE, day) == expected


@pytest.mark.parametrize(
    ("start", "day", "expected"),
    [
        ("2020-02-29", "2021-02-27", "not_due"),
        ("2020-02-29", "2021-02-28", "idle_1y"),  # no 29 February in 2021: the month's last day is the anniversary
        ("2020-02-29", "2022-02-27", "idle_1y"),
        ("2020-02-29", "2022-02-28", "idle_2y"),
        ("2023-02-28", "2024-02-27", "not_due"),
        ("2023-02-28", "2024-02-28", "idle_1y"),
        ("2022-02-28", "2024-02-28", "idle_2y"),
        ("2023-03-01", "2024-02-29", "not_due"),
        ("2023-03-01", "2024-03-01", "idle_1y"),
    ],
)
def test_leap_days(start, day, expected):
    assert status(LATE | {"agreed_start": start}, day) == expected


def test_without_the_anniversary_a_year_is_full_a_day_later():
    exclusive = {"idle.anniversary_inclusive": False}
    assert status(LATE, "2022-03-01", **exclusive) == "not_due"
    assert status(LATE, "2022-03-02", **exclusive) == "idle_1y"
    assert finding(LATE, "2022-03-02", "idle.not_started", **exclusive)["operator"] == ">"


def test_a_part_of_a_year_is_counted_in_days():
    """0.9 of the 365 days from 2021-03-01 are 328.5: the 329th day after it is 2022-01-24."""
    shorter = policy("2022-01-23").with_factor(0.9), policy("2022-01-24").with_factor(0.9)
    found = [judge_idle(parcels(LATE), p).frame["idle_status"].iloc[0] for p in shorter]
    assert found == ["not_due", "idle_1y"]


def test_a_start_in_the_future_is_not_due_and_not_overdue():
    found = verdict(LATE | {"agreed_start": "2026-04-20"}, "2025-12-31")
    assert found.frame["idle_status"].iloc[0] == "not_due"
    assert found.frame["days_overdue"].isna().all()


def test_days_overdue_count_from_the_agreed_start():
    frame = verdict(LATE, "2022-03-01").frame
    assert frame["days_overdue"].tolist() == [365]
    assert verdict(LATE, "2021-03-31").frame["days_overdue"].tolist() == [30]
    assert verdict(LATE | {"actual_start": "2021-06-01"}, "2022-03-01").frame["days_overdue"].isna().all()


def test_started_fourteen_months_late_is_no_longer_idle():
    late = LATE | {"actual_start": "2022-05-01", "stopped_since": None}
    assert status(late, "2022-04-30") == "idle_1y"
    assert status(late, "2022-05-01") == "not_idle"
    assert status(late, "2025-12-31") == "not_idle"


def test_what_lies_after_the_day_is_ignored():
    later = {"actual_start": "2022-06-01", "actual_completion": "2024-01-01", "stopped_since": "2023-01-01"}
    assert status(LATE | later, "2022-03-01") == "idle_1y"


def test_a_finding_shows_years_against_the_limit():
    found = finding(LATE, "2022-03-01", "idle.not_started")
    assert (found["outcome"], found["value"], found["operator"], found["threshold"]) == (True, 1.0, ">=", 1.0)
    assert found["unit"] == "年"
    assert found["clause"] == "国土资源部令第53号 第二条第一款"
    half = finding(LATE, "2021-08-31", "idle.not_started")  # 183 of 365 days
    assert half["outcome"] is np.False_ or half["outcome"] == False  # noqa: E712
    assert half["value"] == pytest.approx(183 / 365)


def test_of_started_land_the_clock_is_not_shown():
    found = finding(LATE | {"actual_start": "2021-06-01"}, "2025-12-31", "idle.not_started")
    assert not found["outcome"]
    assert pd.isna(found["value"])


# ---- the start of the clock ------------------------------------------------------------------------------------------

HANDED = {"agreed_start": None, "handover_date": "2022-03-15", "actual_start": None}
ARTICLE_22 = "idle.default_start_years"


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2023-03-15", "not_due"),
        ("2024-03-14", "not_due"),
        ("2024-03-15", "idle_1y"),
        ("2025-03-14", "idle_1y"),
        ("2025-03-15", "idle_2y"),
    ],
)
def test_hand_over_plus_one_year_plus_one(day, expected):
    assert status(HANDED, day, confirmed=[ARTICLE_22]) == expected


def test_what_is_recalled_is_not_used_unless_confirmed():
    assert status(HANDED, "2025-12-31") == "unknown"
    assert missing(HANDED, "2025-12-31") == f"agreed_start;confirm:{ARTICLE_22}"
    assert status(HANDED, "2025-12-31", **{ARTICLE_22: 1}) == "idle_2y"


def test_a_hand_over_on_a_leap_day():
    leap = HANDED | {"handover_date": "2020-02-29"}  # start 2021-02-28, full 2022-02-28
    assert status(leap, "2022-02-27", confirmed=[ARTICLE_22]) == "not_due"
    assert status(leap, "2022-02-28", confirmed=[ARTICLE_22]) == "idle_1y"


def test_without_any_day_both_are_named():
    nothing = HANDED | {"handover_date": None}
    assert missing(nothing, "2025-12-31", confirmed=[ARTICLE_22]) == "agreed_start;handover_date"
    assert missing(nothing, "2025-12-31") == "agreed_start"


def test_an_agreed_start_comes_before_the_hand_over():
    both = HANDED | {"agreed_start": "2024-06-01"}
    assert status(both, "2025-06-01", confirmed=[ARTICLE_22]) == "idle_1y"


SUPPLEMENT = LATE | {"supplement_start": "2022-01-01"}
RESTARTS = "idle.supplement_restarts"


def test_a_supplement_restarts_the_clock_once_confirmed():
    assert status(SUPPLEMENT, "2022-12-31", confirmed=[RESTARTS]) == "not_due"
    assert status(SUPPLEMENT, "2023-01-01", confirmed=[RESTARTS]) == "idle_1y"
    assert status(SUPPLEMENT, "2023-03-01", **{RESTARTS: False}) == "idle_2y"


def test_an_unconfirmed_supplement_matters_only_where_the_dates_disagree():
    assert status(SUPPLEMENT, "2022-02-28") == "not_due"  # both under a year
    assert status(SUPPLEMENT, "2022-03-01") == "unknown"  # one year or two months
    assert missing(SUPPLEMENT, "2022-03-01") == f"confirm:{RESTARTS}"
    assert status(SUPPLEMENT, "2023-01-01") == "idle_1y"  # both between one and two years
    assert status(SUPPLEMENT, "2023-03-01") == "unknown"  # two years or fourteen months
    found = verdict(SUPPLEMENT, "2023-03-01")
    assert found.missing.iloc[0] == f"confirm:{RESTARTS}"
    assert found.frame["idle_measure"].isna().all()
    assert status(SUPPLEMENT, "2024-01-01") == "idle_2y"


def test_an_unconfirmed_supplement_shows_the_shorter_of_both_clocks():
    assert finding(SUPPLEMENT, "2023-01-01", "idle.not_started")["value"] == 1.0
    assert verdict(SUPPLEMENT, "2023-01-01").frame["days_overdue"].tolist() == [365]


def test_only_a_supplement_and_no_agreed_start():
    only = SUPPLEMENT | {"agreed_start": None}
    assert status(only, "2023-01-01", confirmed=[RESTARTS]) == "idle_1y"
    assert missing(only, "2023-01-01") == f"agreed_start;confirm:{RESTARTS}"


def test_add_span_agrees_with_the_calendar():
    start = np.array(["2020-02-29", "2021-03-01", "NaT"], "datetime64[D]")
    assert add_span(start, 1).astype(str).tolist() == ["2021-02-28", "2022-03-01", "NaT"]
    assert add_span(start, 0.9).astype(str).tolist() == ["2021-01-23", "2022-01-24", "NaT"]  # 329 days


# ---- L1: has work started? -------------------------------------------------------------------------------------------


def test_without_the_column_of_starts_nothing_is_known():
    row = {k: v for k, v in LATE.items() if k != "actual_start"}
    for day in ("2021-06-01", "2022-03-01"):
        assert status(row, day) == "unknown"
        assert missing(row, day) == "actual_start"
        assert finding(row, day, "idle.not_started")["missing"] == "actual_start"


@pytest.mark.parametrize(
    "sign",
    [
        {"developed_m2": 5.0},
        {"floor_area_m2": 800.0},
        {"stopped_since": "2021-12-01"},
        {"resumed_on": "2021-12-01"},
    ],
)
def test_a_blank_start_that_other_fields_contradict_is_unknown(sign):
    assert status(LATE | sign, "2022-03-01") == "unknown"
    assert missing(LATE | sign, "2022-03-01") == "actual_start"


def test_money_spent_and_zero_areas_are_no_contradiction():
    spent = {"invested_wan": 500.0, "developed_m2": 0.0, "floor_area_m2": None}
    assert status(LATE | spent, "2022-03-01") == "idle_1y"


def test_completed_land_is_not_idle_whatever_else_is_missing():
    done = {"agreed_start": None, "actual_start": None, "actual_completion": "2022-03-01"}
    assert status(done, "2022-03-01") == "not_idle"
    assert missing(done, "2022-03-01") == ""
    assert status({"actual_completion": "2022-03-01"}, "2022-03-01") == "not_idle"
    assert status(STOPPED | {"actual_completion": "2023-01-01"}, "2024-01-01") == "not_idle"


# ---- L2: stopped -----------------------------------------------------------------------------------------------------


def test_stopped_with_too_little_built_is_idle():
    assert status(STOPPED, "2022-12-31") == "not_idle"
    assert status(STOPPED, "2023-01-01") == "idle_stopped"


def test_exactly_a_third_and_exactly_a_quarter_are_not_below():
    exact = STOPPED | {"developed_m2": 4000.0, "should_develop_m2": 12_000.0, "invested_wan": 2000.0,
                       "total_investment_wan": 8000.0}  # fmt: skip
    assert status(exact, "2024-01-01") == "not_idle"
    assert status(exact | {"developed_m2": 3999.0}, "2024-01-01") == "idle_stopped"
    assert status(exact | {"invested_wan": 1999.0}, "2024-01-01") == "idle_stopped"


@pytest.mark.parametrize("whole", [3.0, 30_000.03, 12_345.678, 1e9 / 7])
def test_a_third_of_any_area_is_not_below_a_third(whole):
    thirds = STOPPED | {"developed_m2": whole / 3, "should_develop_m2": whole}
    assert status(thirds, "2024-01-01") == "not_idle"


def test_a_little_under_a_third_with_much_invested_and_twelve_months_is_idle():
    little = STOPPED | {"developed_m2": 3330.0, "stopped_since": "2023-01-01"}  # 33.3 %, 60 %
    assert status(little, "2023-12-31") == "not_idle"
    assert status(little, "2024-01-01") == "idle_stopped"


def test_the_measure_of_stopped_land_is_never_a_fee_nor_taking_back():
    row = STOPPED | {"idle_cause": "资金不足", "land_price_wan": 1000.0}
    found = verdict(row, "2025-12-31").frame.iloc[0]
    assert (found["idle_status"], found["idle_cause_class"], found["idle_measure"]) == (
        "idle_stopped", "enterprise", "consult",
    )  # fmt: skip
    assert pd.isna(found["idle_fee_wan"])
    assert finding(row, "2025-12-31", "idle.fee") is None
    assert finding(row, "2025-12-31", "idle.takeback") is None
    assert finding(row, "2025-12-31", "idle.consult")["clause"] == "国土资源部令第53号 第十二条"


def test_below_a_third_but_still_under_construction_is_not_idle():
    assert status(STOPPED | {"stopped_since": None}, "2024-01-01") == "not_idle"


@pytest.mark.parametrize(
    ("resumed", "expected"),
    [
        (None, "idle_stopped"),
        ("2021-12-31", "idle_stopped"),  # before the stop
        ("2022-01-01", "not_idle"),
        ("2023-06-01", "not_idle"),
        ("2024-01-01", "not_idle"),
        ("2024-01-02", "idle_stopped"),  # after the day of the run
    ],
)
def test_a_stop_ends_when_work_is_resumed(resumed, expected):
    assert status(STOPPED | {"resumed_on": resumed}, "2024-01-01") == expected


def test_one_share_decides_where_it_is_below():
    without = {"invested_wan": None, "total_investment_wan": None}
    assert status(STOPPED | without, "2024-01-01") == "idle_stopped"
    found = verdict(STOPPED | without, "2024-01-01").findings(pd.Series(["P1"])).set_index("rule_id")
    assert found.loc["idle.stopped", "missing"] == ""
    assert found.loc["idle.stopped.invested", "missing"] == "invested_wan;total_investment_wan"
    assert pd.isna(found.loc["idle.stopped.invested", "outcome"])


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"invested_wan": None}, "invested_wan"),
        ({"total_investment_wan": None}, "total_investment_wan"),
        ({"total_investment_wan": 0.0}, "total_investment_wan"),
        ({"invested_wan": -1.0}, "invested_wan"),
        ({"invested_wan": None, "should_develop_m2": None}, "should_develop_m2;invested_wan"),
    ],
)
def test_one_share_that_is_not_below_does_not_decide(change, names):
    row = STOPPED | {"developed_m2": 5000.0} | change
    assert status(row, "2024-01-01") == "unknown"
    assert missing(row, "2024-01-01") == names


def test_the_shares_do_not_matter_before_the_year_is_full():
    bare = {k: v for k, v in STOPPED.items() if k in ("agreed_start", "actual_start", "stopped_since")}
    assert status(bare, "2022-12-31") == "not_idle"
    assert status(bare, "2023-01-01") == "unknown"
    assert missing(bare, "2023-01-01") == "developed_m2;should_develop_m2;invested_wan;total_investment_wan"


def test_without_the_column_of_stops_started_land_is_unknown():
    row = {k: v for k, v in STOPPED.items() if k != "stopped_since"}
    assert status(row, "2024-01-01") == "unknown"
    assert missing(row, "2024-01-01") == "stopped_since"
    above = row | {"developed_m2": 5000.0}
    assert status(above, "2024-01-01") == "not_idle"  # neither share is below: a stop could not make it idle


def test_a_stop_before_the_start_is_not_believed():
    odd = STOPPED | {"stopped_since": "2020-01-01"}
    assert status(odd, "2024-01-01") == "unknown"
    assert missing(odd, "2024-01-01") == "stopped_since"


def test_findings_of_a_stop_show_the_numbers():
    found = verdict(STOPPED, "2024-01-01").findings(pd.Series(["P1"])).set_index("rule_id")
    assert found.loc["idle.stopped", ["value", "threshold", "unit"]].tolist() == [2.0, 1.0, "年"]
    assert found.loc["idle.stopped.developed", "value"] == 0.2
    assert found.loc["idle.stopped.developed", "threshold"] == pytest.approx(1 / 3, rel=1e-15)
    assert found.loc["idle.stopped.developed", "outcome"]
    assert found.loc["idle.stopped.invested", ["value", "threshold"]].tolist() == [0.6, 0.25]
    assert not found.loc["idle.stopped.invested", "outcome"]
    assert set(found.loc[["idle.stopped", "idle.stopped.invested"], "operator"]) == {">=", "<"}


def test_the_link_of_the_shares_and_the_limb_itself_are_for_the_policy():
    assert status(STOPPED, "2024-01-01", **{"idle.stop_link": "all"}) == "not_idle"
    both = STOPPED | {"invested_wan": 1000.0}
    assert status(both, "2024-01-01", **{"idle.stop_link": "all"}) == "idle_stopped"
    assert status(STOPPED, "2024-01-01", **{"idle.stop_enabled": False}) == "not_idle"


# ---- scope -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("supply", ["unsupplied", "approved_unsupplied", "未供", "批而未供"])
def test_land_without_a_holder_is_never_idle(supply):
    found = verdict(LATE | {"supply_status": supply}, "2025-12-31")
    assert found.frame["idle_status"].tolist() == ["not_idle"]
    assert found.frame["idle_measure"].tolist() == ["none"]
    assert found.findings(pd.Series(["P1"])).empty


def test_an_unknown_supply_status_leaves_the_verdict_open():
    odd = LATE | {"supply_status": "不详"}
    for day in ("2021-06-01", "2022-03-01"):
        assert status(odd, day) == "unknown"
        assert missing(odd, day) == "supply_status"
        assert finding(odd, day, "idle.not_started")["missing"] == "supply_status"
    assert status(odd | {"actual_start": "2021-06-01", "stopped_since": None}, "2025-12-31") == "not_idle"


STATE_CODE, COLLECTIVE_CODE, DISPUTED_CODE = (f"370902001001{f}00001" for f in ("GB", "JB", "ZB"))


@pytest.mark.parametrize(
    ("owner", "expected", "decision"),
    [
        ({"ownership": "集体土地"}, "not_idle", "collective_out_of_scope"),
        ({"ownership": "201"}, "not_idle", "collective_out_of_scope"),
        ({"ownership": "国有建设用地"}, "idle_1y", None),
        ({"ownership": "102"}, "idle_1y", None),
        ({"ownership": "出让"}, "idle_1y", "ownership_assumed"),
        ({}, "idle_1y", "ownership_assumed"),
        ({"parcel_id": STATE_CODE}, "idle_1y", "ownership_from_code"),
        ({"parcel_id": COLLECTIVE_CODE}, "not_idle", "collective_out_of_scope"),
        ({"parcel_id": COLLECTIVE_CODE, "ownership": "出让"}, "not_idle", "collective_out_of_scope"),
        ({"parcel_id": COLLECTIVE_CODE, "ownership": "国有"}, "idle_1y", None),
        ({"parcel_id": STATE_CODE, "ownership": "集体"}, "not_idle", "collective_out_of_scope"),
        ({"parcel_id": "A-17"}, "idle_1y", "ownership_assumed"),
    ],
)
def test_only_state_owned_land_is_in_scope(owner, expected, decision):
    found = verdict(LATE | owner, "2022-03-01")
    assert found.frame["idle_status"].tolist() == [expected]
    assert found.decisions.get(decision, 1) == 1
    if expected == "not_idle":
        assert found.findings(pd.Series(["P1"])).empty


def test_collective_land_is_taken_in_by_reference_once_confirmed():
    row = LATE | {"ownership": "集体"}
    assert status(row, "2022-03-01", confirmed=["idle.collective_by_reference"]) == "idle_1y"


def test_disputed_land_is_unknown():
    row = LATE | {"parcel_id": DISPUTED_CODE}
    assert status(row, "2022-03-01") == "unknown"
    assert missing(row, "2022-03-01") == "ownership"


# ---- causes, measures, fee -------------------------------------------------------------------------------------------


def test_one_to_two_years_by_the_enterprise_bring_a_fee():
    found = verdict(LATE, "2022-03-01").frame.iloc[0]
    assert found["idle_measure"] == "fee"
    assert found["idle_fee_wan"] == 200.0  # 20 % of 1000
    fee = finding(LATE, "2022-03-01", "idle.fee")
    assert (fee["outcome"], fee["value"], fee["operator"], fee["threshold"]) == (True, 200.0, "<=", 200.0)
    assert fee["clause"] == "《城市房地产管理法》（2019年修正） 第二十六条"


def test_two_years_by_the_enterprise_bring_taking_back_and_no_fee():
    found = verdict(LATE, "2023-03-01").frame.iloc[0]
    assert found["idle_measure"] == "takeback"
    assert pd.isna(found["idle_fee_wan"])
    taken = finding(LATE, "2023-03-01", "idle.takeback")
    assert (taken["outcome"], taken["value"], taken["threshold"]) == (True, 2.0, 2.0)
    assert finding(LATE, "2022-03-01", "idle.takeback")["outcome"] == False  # noqa: E712


@pytest.mark.parametrize(
    "cause", ["政府原因：未按约定交付净地", "GOV_PLAN", "规划调整", "信访", "不可抗力", "文物保护"]
)
@pytest.mark.parametrize(("day", "expected"), [("2022-03-01", "idle_1y"), ("2023-03-01", "idle_2y")])
def test_government_and_force_majeure_stay_idle_but_are_consulted(cause, day, expected):
    row = LATE | {"idle_cause": cause}
    found = verdict(row, day).frame.iloc[0]
    assert found["idle_status"] == expected
    assert found["idle_measure"] == "consult"
    assert pd.isna(found["idle_fee_wan"])
    assert finding(row, day, "idle.consult")["outcome"]
    assert not finding(row, day, "idle.takeback")["outcome"]


@pytest.mark.parametrize("cause", [None, "", "其他", "原因待查", "规划调整、资金不足", "非企业原因"])
def test_without_a_clear_cause_land_is_reported_and_not_fined(cause):
    for day, rule in (("2022-03-01", "idle.fee"), ("2023-03-01", "idle.takeback")):
        row = LATE | {"idle_cause": cause}
        found = verdict(row, day)
        assert found.frame["idle_cause_class"].tolist() == ["unknown"]
        assert found.frame["idle_measure"].isna().all()
        assert found.frame["idle_fee_wan"].isna().all()
        assert found.missing.iloc[0] == "idle_cause"
        judged = finding(row, day, rule)
        assert pd.isna(judged["outcome"])
        assert judged["missing"] == "idle_cause"


def test_preliminary_work_is_excused_by_law():
    assert measure(LATE | {"idle_cause": "动工开发必需的前期工作"}, "2023-03-01") == "none"


def test_a_seizure_counts_as_the_user_says():
    row = LATE | {"idle_cause": "被法院查封"}
    assert measure(row, "2022-03-01") is None
    assert missing(row, "2022-03-01") == "parameter:idle.seizure_class"
    assert measure(row, "2022-03-01", **{"idle.seizure_class": "gov"}) == "consult"
    assert measure(row, "2022-03-01", **{"idle.seizure_class": "enterprise"}) == "fee"
    assert measure(row, "2022-03-01", **{"idle.seizure_class": "so so"}) is None


@pytest.mark.parametrize("price", [None, 0.0, -5.0])
def test_no_price_no_amount(price):
    row = LATE | {"land_price_wan": price}
    found = verdict(row, "2022-03-01")
    assert found.frame["idle_measure"].tolist() == ["fee"]
    assert found.frame["idle_fee_wan"].isna().all()
    assert found.missing.iloc[0] == "land_price_wan"
    assert finding(row, "2022-03-01", "idle.fee")["missing"] == "land_price_wan"


def test_the_fee_of_leased_land_is_no_share_of_a_price():
    found = verdict(LATE | {"supply_mode": "租赁"}, "2022-03-01").frame
    assert found["idle_measure"].tolist() == ["fee"]
    assert found["idle_fee_wan"].isna().all()


def test_cause_and_measure_of_land_that_is_not_idle():
    found = verdict(LATE, "2021-06-01").frame.iloc[0]
    assert pd.isna(found["idle_cause_class"])
    assert found["idle_measure"] == "none"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("政府原因", "gov"),
        ("非政府原因", "unknown"),
        ("非政府原因，企业资金不足", "enterprise"),
        ("不属于政府原因", "unknown"),
        ("企业规划调整", "enterprise"),
        ("规划调整", "gov"),
        ("　企 业 原 因 ", "enterprise"),
        ("资金链断裂，法院查封", "unknown"),
        ("gov_delivery", "gov"),
        ("ENTERPRISE", "enterprise"),
        ("台风", "force_majeure"),
        ("司法查封", "seizure"),
    ],
)
def test_causes_as_tables_write_them(text, expected):
    assert find_class(text) == expected


def test_every_code_is_read_by_its_name_and_each_spelling_once():
    spelled = [s for entry in cause_codes().values() for s in entry["spellings"]]
    assert len(set(spelled)) == len(spelled)
    for code, entry in cause_codes().items():
        assert entry["class"] in (*CLASSES, "seizure", "none")
        if code != "NEGATED":
            assert find_class(code) == entry["class"]


# ---- packs -----------------------------------------------------------------------------------------------------------

HAINAN = {"packs": ("national", "hainan-2013")}
BUSY = {"agreed_start": "2020-03-01", "actual_start": "2020-06-01", "stopped_since": None,
        "invested_wan": 2499.0, "total_investment_wan": 10_000.0}  # fmt: skip


def test_hainan_counts_too_little_invested_after_two_years_without_a_stop():
    assert status(BUSY, "2022-03-01") == "not_idle"  # the limb is the province's
    assert status(BUSY, "2022-02-28", **HAINAN) == "not_idle"
    assert status(BUSY, "2022-03-01", **HAINAN) == "idle_stopped"
    assert status(BUSY | {"invested_wan": 2500.0}, "2022-03-01", **HAINAN) == "not_idle"
    found = verdict(BUSY, "2022-03-01", **HAINAN).findings(pd.Series(["P1"])).set_index("rule_id")
    assert found.loc["idle.local_limb", ["value", "threshold"]].tolist() == [2.0, 2.0]
    assert found.loc["idle.local_limb.invested", "value"] == 0.2499
    assert found.loc["idle.local_limb", "clause"] == "海南省人民政府令第247号 第二条第（二）项"


def test_the_measure_of_the_local_limb_was_not_seen():
    assert measure(BUSY, "2022-03-01", **HAINAN) is None
    assert missing(BUSY, "2022-03-01", **HAINAN) == "parameter:idle.measure.local_limb"
    assert measure(BUSY, "2022-03-01", **HAINAN, **{"idle.measure.local_limb": "consult"}) == "consult"
    stopped = BUSY | {"stopped_since": "2021-01-01"}
    assert measure(stopped, "2022-03-01", **HAINAN) == "consult"  # the stop alone makes it idle


def test_the_local_limb_needs_its_fields():
    row = BUSY | {"invested_wan": None}
    assert status(row, "2022-02-28", **HAINAN) == "not_idle"
    assert missing(row, "2022-03-01", **HAINAN) == "invested_wan"
    assert missing(BUSY | {"agreed_start": None}, "2022-03-01", **HAINAN) == "agreed_start"


def test_unfinished_a_year_after_the_agreed_completion():
    row = BUSY | {"invested_wan": 9000.0, "agreed_completion": "2022-06-01", "actual_completion": None}
    rule = "idle.completion_limb"
    assert finding(row, "2023-06-01", rule) is None  # the province's only
    assert not finding(row, "2023-05-31", rule, **HAINAN)["outcome"]
    assert finding(row, "2023-06-01", rule, **HAINAN)["outcome"]
    assert status(row, "2023-06-01", **HAINAN) == "not_idle"
    assert not finding(row | {"actual_completion": "2023-06-01"}, "2023-06-01", rule, **HAINAN)["outcome"]
    assert finding(row | {"supply_mode": "划拨"}, "2023-06-01", rule, **HAINAN) is None
    bare = {k: v for k, v in row.items() if k != "actual_completion"}
    assert finding(bare, "2023-06-01", rule, **HAINAN)["missing"] == "actual_completion"
    without = finding(row | {"agreed_completion": None}, "2023-06-01", rule, **HAINAN)
    assert without["missing"] == "agreed_completion"
    assert finding(row, "2021-06-09", rule, **HAINAN) is None  # before the law


def test_before_the_order_nothing_is_said():
    found = verdict(LATE | {"agreed_start": "2010-03-01"}, "2012-06-30")
    assert found.frame["idle_status"].tolist() == ["unknown"]
    assert found.frame.drop(columns="idle_status").isna().all(axis=None)
    assert found.missing.tolist() == ["parameter:idle.start_years"]
    assert found.findings(pd.Series(["P1"])).empty


def test_before_the_law_was_seen_one_year_and_two_cannot_be_told_apart():
    old = LATE | {"agreed_start": "2012-01-01"}
    assert status(old, "2012-12-31") == "not_due"
    assert status(old, "2019-12-31") == "unknown"
    assert missing(old, "2019-12-31") == "parameter:idle.takeback_years"
    assert finding(old, "2019-12-31", "idle.not_started")["outcome"]


def test_every_limb_is_covered_and_every_rule_has_words():
    for name in ("national", "hainan-2013"):
        pack = find_pack(name)
        rules = {k: r for k, r in pack.rules.items() if r.family == "idle"}
        assert rules
        assert all(r.zh and r.en and r.clause for r in rules.values())
        covered = {b for c in pack.coverage for b in c.by}
        assert {f"rules.{k}" for k in rules} <= covered
        assert {f"values.{k}" for k in pack.values if k.startswith("idle.")} <= covered


def test_recalled_entries_are_marked():
    pack = find_pack("national")
    recalled = {k for k, v in pack.values.items() if k.startswith("idle.") and v.history and
                v.history[-1].status == "recalled"}  # fmt: skip
    assert recalled == {ARTICLE_22, RESTARTS, "idle.collective_by_reference"}


# ---- frames ----------------------------------------------------------------------------------------------------------


def test_the_result_has_the_index_of_the_parcels_and_leaves_them_alone():
    frame = parcels(LATE, STOPPED).set_axis(["b", "a"])
    before = frame.copy(deep=True)
    found = judge_idle(frame, policy("2024-01-01"))
    pd.testing.assert_frame_equal(frame, before)
    assert found.frame.index.tolist() == ["b", "a"]
    assert {n: str(t) for n, t in found.frame.dtypes.items()} == {
        "idle_status": "str", "idle_cause_class": "str", "idle_measure": "str", "idle_fee_wan": "float64",
        "days_overdue": "Int64",
    }  # fmt: skip
    assert found.frame["idle_status"].isin(STATUSES).all()


def test_an_empty_frame():
    found = judge_idle(parcels(LATE).iloc[:0], policy("2024-01-01"))
    assert found.frame.empty
    assert found.findings(pd.Series([], dtype="str")).empty


def test_a_repeated_index():
    frame = parcels(LATE, STOPPED, LATE | {"agreed_start": "2023-12-31"}).set_axis([0, 0, 0])
    assert judge_idle(frame, policy("2024-01-01")).frame["idle_status"].tolist() == [
        "idle_2y", "idle_stopped", "not_due",
    ]  # fmt: skip


# ---- the made-up zone ------------------------------------------------------------------------------------------------

EXAMPLE = files("mudian") / "datasets" / "example_zone"


@cache
def example():
    return read_parcels(load_project(EXAMPLE / "示例.toml"), ledger=Ledger())


def idle_table():
    text = (EXAMPLE / "README.md").read_text(encoding="utf-8").split("## 闲置情形")[1].split("\n## ")[0]
    return re.findall(r"^\| (\d+) \| `(\w+)` \| `(\w+)` \|", text, re.M)


@pytest.mark.parametrize(("row", "code", "expected"), idle_table())
def test_the_idle_table_of_the_made_up_zone(row, code, expected):
    found = judge_idle(example(), policy("2025-12-31", confirmed=[ARTICLE_22]))
    here = example()["source_row"] == int(row)
    assert example()["parcel_id"][here].tolist() == [code]
    assert found.frame["idle_status"][here].tolist() == [expected]


def test_the_made_up_zone_by_hand():
    """Row 86: owner's fault, two years. Row 129: government. Row 170 rests on art. 22, which must be confirmed."""
    assert len(idle_table()) == 12
    found = judge_idle(example(), policy("2025-12-31"))
    rows = found.frame.set_index(example()["source_row"])
    assert rows.loc[86, ["idle_cause_class", "idle_measure"]].tolist() == ["enterprise", "takeback"]
    assert rows.loc[129, ["idle_cause_class", "idle_measure"]].tolist() == ["gov", "consult"]
    assert rows.loc[32, "days_overdue"] == 365
    assert rows.loc[51, "days_overdue"] == 364
    assert rows.loc[170, "idle_status"] == "unknown"
    assert rows.loc[[190, 208], "idle_measure"].tolist() == ["consult", "consult"]
    idle = rows["idle_status"].str.startswith("idle")
    assert set(rows.index[idle]) == {5, 32, 86, 111, 129, 190, 208}
    assert (rows["idle_status"][example()["supply_status"].to_numpy() != "supplied"] == "not_idle").all()

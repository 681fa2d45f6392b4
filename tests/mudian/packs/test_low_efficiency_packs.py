"""The criteria of low-efficiency that were seen (东阳, 湖州, 扬州, 闽侯), at and around each of their limits."""

import datetime as dt

import pandas as pd
import pytest

from mudian.packs.catalog import find_pack
from mudian.packs.policy import policies
from mudian.rules.conditions import judge

AS_OF = dt.date(2026, 1, 1)
PACKS = ("dongyang-2017", "huzhou-2021", "yangzhou-2025", "minhou-2018", "national")


def outcome(pack, rule_id, frame, *, as_of=AS_OF, parameters=None):
    policy = policies([pack], as_of=as_of, parameters=parameters or {})
    active = next(r for r in policy.rules("inefficient") if r.id == rule_id)
    judged = judge(active, frame, policy)
    return [None if pd.isna(v) else bool(v) for v in judged.outcome], judged.missing.tolist()


def flags(*values):
    return pd.array(values, dtype="boolean")


def days(*values):
    return pd.Series(values, dtype="datetime64[s]")


@pytest.mark.parametrize(
    ("key", "value", "pack"),
    [
        ("dongyang.tax_low", 5, "dongyang-2017"),
        ("dongyang.priority_land", 3, "dongyang-2017"),
        ("dongyang.priority_share", 0.5, "dongyang-2017"),
        ("huzhou.tax_above_scale", 6, "huzhou-2021"),
        ("huzhou.tax_below_scale", 3, "huzhou-2021"),
        ("huzhou.land", 10, "huzhou-2021"),
        ("yangzhou.grade_low", "D", "yangzhou-2025"),
        ("yangzhou.grade_review", "C", "yangzhou-2025"),
        ("minhou.unfinished.developed_share", "1/3", "minhou-2018"),
        ("minhou.unfinished.invested_share", 0.25, "minhou-2018"),
        ("minhou.unfinished.stopped_years", 1, "minhou-2018"),
        ("minhou.output.untaxed_years", 2, "minhou-2018"),
    ],
)
def test_every_number_of_the_criteria(key, value, pack):
    found = policies([pack], as_of=AS_OF).find(key)
    assert found.value == value
    assert found.status == "seen"
    assert found.source.startswith("rules-land 2.3 [S1")


@pytest.mark.parametrize(
    ("pack", "last_day_without"),
    [
        ("dongyang-2017", dt.date(2017, 12, 30)),
        ("huzhou-2021", dt.date(2021, 9, 21)),
        ("yangzhou-2025", dt.date(2025, 12, 30)),
        ("minhou-2018", dt.date(2018, 9, 6)),
    ],
)
def test_no_criterion_before_its_day(pack, last_day_without):
    assert policies([pack], as_of=last_day_without).rules("inefficient") == []
    assert policies([pack], as_of=last_day_without + dt.timedelta(days=1)).rules("inefficient")


def dongyang():
    """Industry 13: tax 4 + 5 + 9 + 102 on 4 x 1 mu = 30 per mu, half of it 15; industry 27: one enterprise alone."""
    tax = [4.0, 5.0, 15.0, 96.0, 5.0, None]
    return pd.DataFrame(
        {
            "tax_wan": tax,
            "land_mu": [1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
            "tax_per_mu": tax,
            "industry_code": ["13", "1311", "C13", "13", "27", "13"],
        }
    )


def test_dongyang_below_five_or_below_the_industry():
    # Average of 13: (4 + 5 + 15 + 96) / 4 = 30; the enterprise of 27 is its own average, and exactly 5 is not below 5.
    assert outcome("dongyang-2017", "dongyang.low", dongyang()) == (
        [True, True, True, False, False, None],
        ["", "", "", "", "", "tax_per_mu"],
    )


def test_dongyang_below_five_is_low_whatever_the_industry():
    frame = dongyang().assign(industry_code=None)
    assert outcome("dongyang-2017", "dongyang.low", frame) == (
        [True, None, None, None, None, None],
        ["", *["industry_code"] * 4, "tax_per_mu;industry_code"],
    )


def test_dongyang_priority_by_land():
    frame = pd.DataFrame({"land_mu": [3.0, 2.999, 3.0, 3.0, None], "tax_per_mu": [4.99, 4.99, 5.0, None, 1.0]})
    assert outcome("dongyang-2017", "dongyang.priority_land", frame)[0] == [True, False, False, None, None]


def test_dongyang_priority_below_half_of_the_industry():
    # Half of the average of 13 is exactly 15: 15 is not below it; 4 is below 5 and so another case; 5 is "not below 5".
    assert outcome("dongyang-2017", "dongyang.priority_industry", dongyang())[0] == [
        False, True, False, False, False, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("above", "tax", "land", "low"),
    [
        (True, 5.99, 50.0, {"huzhou.above_scale"}),
        (True, 6.0, 50.0, set()),
        (True, 2.0, 5.0, {"huzhou.above_scale"}),
        (False, 2.99, 9.99, {"huzhou.below_scale"}),
        (False, 3.0, 9.99, set()),
        (False, 3.0, 10.0, {"huzhou.land"}),
        (False, 1.0, 10.0, {"huzhou.below_scale", "huzhou.land"}),
    ],
)
def test_huzhou_three_lows(above, tax, land, low):
    frame = pd.DataFrame({"above_scale": flags(above), "tax_per_mu": [tax], "land_mu": [land]})
    rules = ("huzhou.above_scale", "huzhou.below_scale", "huzhou.land")
    assert {r for r in rules if outcome("huzhou-2021", r, frame)[0] == [True]} == low


def test_huzhou_without_a_scale_is_open_only_where_it_matters():
    frame = pd.DataFrame({"above_scale": flags(None, None), "tax_per_mu": [5.0, 7.0], "land_mu": [1.0, 1.0]})
    assert outcome("huzhou-2021", "huzhou.above_scale", frame) == ([None, False], ["above_scale", ""])


def test_yangzhou_two_years_running():
    frame = pd.DataFrame({"grade": ["D", "D", "C", "C", "D"], "previous_grade": ["D", "C", "C", "D", None]})
    assert outcome("yangzhou-2025", "yangzhou.grade_low", frame) == (
        [True, False, False, False, None],
        ["", "", "", "", "previous_grade"],
    )
    assert outcome("yangzhou-2025", "yangzhou.grade_review", frame)[0] == [False, False, True, False, False]
    rules = {r.id: r.rule.role for r in policies(["yangzhou-2025"], as_of=AS_OF).rules()}
    assert rules == {"yangzhou.grade_low": "decisive", "yangzhou.grade_review": "review"}


def site(**changed):
    made = {
        "stopped_since": days("2024-01-01"),
        "actual_completion": days(None),
        "stop_approved": flags(False),
        "developed_m2": [5000.0],
        "should_develop_m2": [9000.0],
        "invested_wan": [60.0],
        "total_investment_wan": [100.0],
    }
    return pd.DataFrame(made | changed)


@pytest.mark.parametrize(
    ("changed", "result", "missing"),
    [
        ({}, True, ""),
        ({"developed_m2": [3000.0]}, False, ""),  # exactly a third is not more than a third
        ({"developed_m2": [3001.0]}, True, ""),
        ({"invested_wan": [25.0]}, False, ""),  # exactly 25 %
        ({"stopped_since": days("2025-01-01")}, True, ""),  # a year to the day
        ({"stopped_since": days("2025-01-02")}, False, ""),
        ({"stopped_since": days(None)}, False, ""),  # never stopped
        ({"actual_completion": days("2025-06-01")}, False, ""),
        ({"stop_approved": flags(True)}, False, ""),
        ({"stop_approved": flags(None)}, None, "stop_approved"),
        ({"stop_approved": flags(None), "invested_wan": [20.0]}, False, ""),
        ({"should_develop_m2": [None]}, None, "should_develop_m2"),
        ({"total_investment_wan": [0.0]}, None, "total_investment_wan"),
    ],
)
def test_minhou_unfinished_land(changed, result, missing):
    assert outcome("minhou-2018", "minhou.unfinished", site(**changed)) == ([result], [missing])


def test_minhou_unfinished_and_national_stopped_land_leave_no_gap_but_equality():
    # Stopped two years: above both limits it is unfinished, below one it is idle (L2), at the limits neither.
    frame = site().loc[[0, 0, 0]].reset_index(drop=True)
    frame["developed_m2"], frame["invested_wan"] = [2999.0, 3000.0, 3001.0], [60.0, 60.0, 60.0]
    assert outcome("minhou-2018", "minhou.unfinished", frame)[0] == [False, False, True]


def built(**changed):
    made = {"actual_completion": days("2015-01-01"), "operating_status": ["停产"], "status_since": days("2024-01-01")}
    return pd.DataFrame(made | changed)


def test_minhou_whether_two_years_govern_the_stopped_state_is_asked():
    assert outcome("minhou-2018", "minhou.output.stopped", built()) == (
        [None],
        ["parameter:minhou.output.stopped_years"],
    )
    running = built(operating_status=["正常生产"])
    assert outcome("minhou-2018", "minhou.output.stopped", running) == ([False], [""])


@pytest.mark.parametrize(
    ("years", "since", "result"), [(2, "2024-01-01", True), (2, "2024-01-02", False), (0, "2025-12-31", True)]
)
def test_minhou_stopped_enterprises(years, since, result):
    frame = built(status_since=days(since))
    given = {"minhou.output.stopped_years": years}
    for state in ("停产", "半停产", "未投产"):
        one = frame.assign(operating_status=state)
        assert outcome("minhou-2018", "minhou.output.stopped", one, parameters=given)[0] == [result]
    unbuilt = frame.assign(actual_completion=days(None))
    assert outcome("minhou-2018", "minhou.output.stopped", unbuilt, parameters=given)[0] == [False]


def test_minhou_without_tax_and_below_the_agreed_tax():
    frame = built().loc[[0] * 4].reset_index(drop=True)
    frame["untaxed_years"] = [1.0, 2.0, 3.0, None]
    assert outcome("minhou-2018", "minhou.output.untaxed", frame) == (
        [False, True, True, None],
        ["", "", "", "untaxed_years"],
    )
    frame["tax_per_mu"], frame["committed_tax_per_mu"] = [9.99, 10.0, 5.0, None], [10.0, 10.0, None, 10.0]
    assert outcome("minhou-2018", "minhou.output.below_agreed", frame) == (
        [True, False, None, None],
        ["", "", "committed_tax_per_mu", "tax_per_mu"],
    )


def test_minhou_qualitative_types_are_for_a_person():
    frame = pd.DataFrame(
        {
            "mainly_let_out": flags(True, True, False),
            "tenant_taxed_locally": flags(False, True, None),
            "potential_remains": flags(True, False, None),
        }
    )
    assert outcome("minhou-2018", "minhou.good_faith", frame)[0] == [True, False, False]
    assert outcome("minhou-2018", "minhou.intensity", frame)[0] == [True, False, None]
    roles = {r.id: r.rule.role for r in policies(["minhou-2018"], as_of=AS_OF).rules()}
    assert [r for r, role in roles.items() if role == "review"] == ["minhou.intensity", "minhou.good_faith"]


def test_the_national_layer_is_qualitative():
    frame = pd.DataFrame(
        {
            "construction_land_in_survey": flags(True, True, False),
            "rights_clear": flags(True, True, True),
            "scattered": flags(False, None, True),
            "extensive": flags(True, False, True),
            "wrong_use": flags(False, False, True),
            "dilapidated": flags(False, False, True),
        }
    )
    assert outcome("national", "low.qualitative", frame)[0] == [True, None, False]


CRITERIA = {  # the thirteen rows of criteria that were seen, and the rule that covers each
    "dongyang-2017": ["dongyang.low", "dongyang.low", "dongyang.priority_land", "dongyang.priority_industry"],
    "huzhou-2021": ["huzhou.above_scale", "huzhou.below_scale", "huzhou.land"],
    "yangzhou-2025": ["yangzhou.grade_low", "yangzhou.grade_review"],
    "minhou-2018": [
        "minhou.unfinished", "minhou.output.stopped", "minhou.output.untaxed", "minhou.output.below_agreed",
        "minhou.good_faith", "minhou.intensity",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("name", "rules"), CRITERIA.items())
def test_every_criterion_is_computed_by_a_rule_of_its_pack(name, rules):
    pack = find_pack(name)
    by = {b for row in pack.coverage if row.state == "computed" for b in row.by}
    assert {f"rules.{r}" for r in rules} <= by
    assert set(pack.rules) == set(rules)
    assert {f"values.{k}" for k, v in pack.values.items() if v.history} - by <= {"values.yangzhou.grade_low"}


ELSEWHERE = [
    "DB3501/T 002-2021", "617号", "宝山", "350万元", "300万元/亩", "25万元/亩", "270万元", "260万元", "20万元/亩",
    "220万元", "140万元", "240万元", "200万元", "160万元", "100万元", "1.5", "1.2", "高标准厂房", "苏北", "11万元",
    "23万元", "265万元", "M0", "M1", "M2、M3", "特殊工艺", "18万元", "40万元", "三门县", "30万元", "贵阳市：", "70%",
    "济南市", "文成县",
]  # fmt: skip


def test_admission_values_targets_and_mentions_are_listed_and_never_applied():
    rows = [row for row in find_pack("national").coverage if row.state == "not-computable"]
    for word in ELSEWHERE:
        assert any(word in row.item for row in rows), word
    assert all(row.zh and row.en and not row.by for row in rows)


@pytest.mark.parametrize("name", PACKS)
def test_what_a_pack_needs_beyond_the_canonical_columns_is_said(name):
    from mudian.schemas import schema

    known = {f.column for table in ("parcel", "enterprise") for f in schema(table)}
    made = {"tax_per_mu", "land_mu", "grade"}
    pack = find_pack(name)
    asked = {
        column
        for rule in pack.rules.values()
        if rule.family == "inefficient"
        for condition in rule.all_conditions()
        for column in condition.columns()
    }
    said = " ".join(row.zh for row in pack.coverage)
    assert [c for c in sorted(asked - known - made) if c not in said] == []

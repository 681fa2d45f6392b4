"""Findings in words: the relation of the numbers, units, days, words and what is missing."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from smallpack import document, entry, rule, value, write_pack

from mudian.explain.record import policy_record
from mudian.explain.sentences import finding_texts
from mudian.findings import findings, join
from mudian.packs.policy import policies
from mudian.rules.conditions import judge

DAY = dt.date(2025, 12, 31)
TABLE = (
    '[tables.far]\nzh = "容积率控制值"\nen = "plot ratios"\nunit = "ratio"\nkey = "industry_code"\ndocument = "d1"\n'
    'clause = "附表"\nsource = "reference 1"\nchecked_on = 2026-01-01\nfrom = 2020-01-01\n'
    'rows = [\n  ["13", 1.25, "农副食品加工业", "seen"],\n]\n'
)
VALUES = (
    document("d1", "一号"),
    TABLE,
    value("v.tax", entry(3)),
    value("v.third", entry('"1/3"'), unit="ratio"),
    value("v.quarter", entry(0.25), unit="ratio"),
    value("v.year", entry(1), unit="年"),
    value("v.modes", entry('["出让", "租赁"]'), unit=""),
    value("v.range", entry("[0.3, 0.6]"), unit="ratio"),
    value("v.half", entry(0.5), unit="ratio"),
    value("v.open"),
    value("v.recalled", entry(3, status="recalled")),
)


def say(tmp_path, condition, cells, *, lang="zh", more="", outcome_of=None):
    """The sentences about one rule of one condition over a small table."""
    name = write_pack(tmp_path, "small", *VALUES, rule("r", condition, zh="规则", en="rule", more=more))
    policy = policies([name], as_of=DAY)
    frame = pd.DataFrame(cells)
    frame.insert(0, "parcel_id", pd.array([f"P{n}" for n in range(len(frame))], dtype="str"))
    judged = judge(policy.rules()[0], frame, policy)
    made = judged.findings("parcel", frame["parcel_id"])
    texts = finding_texts(made, policy_record(policy), lang, tables={"parcel": frame})
    assert texts.index.equals(made.index)
    return [t.removeprefix("规则：").removesuffix("（一号 第二条）").removesuffix(" (一号 第二条)") for t in texts]


LESS = 'metric = "tax_per_mu", operator = "<", threshold = "v.tax"'


def test_numbers_with_units(tmp_path):
    assert say(tmp_path, LESS, {"tax_per_mu": [2.5, 4.0, None, 0.0, -1.0]}) == [
        "亩均税收 2.50 万元/亩 ＜ 3 万元/亩，成立",
        "亩均税收 4.00 万元/亩 ≥ 3 万元/亩，不成立",
        "无法判断（缺：亩均税收）",
        "亩均税收 0.00 万元/亩 ＜ 3 万元/亩，成立",
        "亩均税收 -1.00 万元/亩 ＜ 3 万元/亩，成立",
    ]


def test_a_value_is_never_rounded_to_its_limit(tmp_path):
    assert say(tmp_path, LESS, {"tax_per_mu": [2.999, 2.99999, 3.0, 3.0001]}) == [
        "亩均税收 2.999 万元/亩 ＜ 3 万元/亩，成立",
        "亩均税收 2.99999 万元/亩 ＜ 3 万元/亩，成立",
        "亩均税收 3.00 万元/亩 ＝ 3 万元/亩，不成立",
        "亩均税收 3.0001 万元/亩 ≥ 3 万元/亩，不成立",
    ]


def test_shares_are_per_cent_and_fractions_stay_fractions(tmp_path):
    third = 'metric = "developed_share", operator = "<", threshold = "v.third"'
    assert say(tmp_path, third, {"developed_share": [1 / 3, 0.2, 0.3334]}) == [
        "developed_share 33.3% ＝ 1/3，不成立",
        "developed_share 20.0% ＜ 1/3，成立",
        "developed_share 33.34% ≥ 1/3，不成立",
    ]
    quarter = 'metric = "invested_share", operator = "<", threshold = "v.quarter", zh = "已投资额占比", en = "invested"'
    assert say(tmp_path, quarter, {"invested_share": [0.25, 0.1]}) == [
        "已投资额占比 25.0% ＝ 25%，不成立",
        "已投资额占比 10.0% ＜ 25%，成立",
    ]


def test_a_plot_ratio_is_no_percentage(tmp_path):
    ratio = 'metric = "plot_ratio", operator = ">=", against = "table", table = "far", key = "industry_code"'
    cells = {"plot_ratio": [1.25, 1.249], "industry_code": ["1311", "C13"]}
    assert say(tmp_path, ratio, cells) == [
        "容积率 1.25 ≥ “容积率控制值”所列 1.25，成立",
        "容积率 1.249 ＜ “容积率控制值”所列 1.25，不成立",
    ]


@pytest.mark.parametrize(
    ("start", "span", "symbol", "outcome"),
    [
        ("2021-03-01", "4 年 9 个月", "≥", "成立"),
        ("2024-12-31", "1 年", "≥", "成立"),
        ("2025-01-01", "11 个月", "＜", "不成立"),
        ("2024-02-29", "1 年 10 个月", "≥", "成立"),
        ("2025-12-01", "30 天", "＜", "不成立"),
        ("2025-12-31", "0 天", "＜", "不成立"),
    ],
)
def test_elapsed_time_by_the_calendar(tmp_path, start, span, symbol, outcome):
    years = 'metric = "agreed_start", operator = ">=", against = "years_ago", threshold = "v.year"'
    assert say(tmp_path, years, {"agreed_start": pd.to_datetime([start])}) == [
        f"约定开工日期 {start}，至 2025-12-31 满 {span}，{symbol} 1 年，{outcome}"
    ]


def test_elapsed_time_in_english(tmp_path):
    years = 'metric = "agreed_start", operator = ">=", against = "years_ago", threshold = "v.year"'
    assert say(tmp_path, years, {"agreed_start": pd.to_datetime(["2024-11-30"])}, lang="en") == [
        "rule: Agreed start 2024-11-30, by 2025-12-31 1 year 1 month, ≥ 1 year, holds"
    ]


def test_days_of_two_columns_and_of_the_run(tmp_path):
    cells = {
        "actual_start": pd.to_datetime(["2021-05-01", "2021-02-27", "2021-03-01", None]),
        "agreed_start": pd.to_datetime(["2021-03-01"] * 4),
    }
    late = 'metric = "actual_start", operator = ">", against = "column", column = "agreed_start"'
    assert say(tmp_path, late, cells) == [
        "实际开工日期 2021-05-01 晚于约定开工日期 2021-03-01，相差 61 天，成立",
        "实际开工日期 2021-02-27 早于约定开工日期 2021-03-01，相差 2 天，不成立",
        "实际开工日期 2021-03-01 与约定开工日期 2021-03-01同日，不成立",
        "无法判断（缺：实际开工日期）",
    ]
    past = 'metric = "agreed_start", operator = "<", against = "as_of"'
    assert say(tmp_path, past, cells)[0] == "约定开工日期 2021-03-01 早于评价日期 2025-12-31，相差 1,766 天，成立"


@pytest.mark.parametrize(
    ("operator", "first", "second"),
    [
        ("in", "供地方式“出让”属于“出让、租赁”，成立", "供地方式“划拨”不属于“出让、租赁”，不成立"),
        ("not_in", "供地方式“出让”属于“出让、租赁”，不成立", "供地方式“划拨”不属于“出让、租赁”，成立"),
        ("starts_with_any", "供地方式“出让”以“出让、租赁”之一开头，成立", "供地方式“划拨”不以“出让、租赁”开头，不成立"),
        (
            "contains_all",
            "供地方式“出让”未全部包含“出让、租赁”，不成立",
            "供地方式“划拨”未全部包含“出让、租赁”，不成立",
        ),
    ],
)
def test_words(tmp_path, operator, first, second):
    condition = f'metric = "supply_mode", operator = "{operator}", threshold = "v.modes"'
    cells = {"supply_mode": pd.array(["出让", "划拨", None], dtype="str")}
    assert say(tmp_path, condition, cells) == [first, second, "无法判断（缺：供地方式）"]


def test_yes_no_and_present(tmp_path):
    cells = {"above_scale": pd.array([True, False, None], dtype="boolean"), "contract_no": ["A1", None, None]}
    no = 'metric = "above_scale", operator = "is", expect = false'
    assert say(tmp_path, no, cells) == ["是否规上：是，不成立", "是否规上：否，成立", "无法判断（缺：是否规上）"]
    given = 'metric = "contract_no", operator = "present"'
    assert say(tmp_path, given, cells)[:2] == ["出让合同号：有，成立", "出让合同号：无，不成立"]


def test_between(tmp_path):
    condition = 'metric = "building_coefficient", operator = "between", threshold = "v.range"'
    assert say(tmp_path, condition, {"building_coefficient": [0.25, 0.3, 0.6, 0.6001]}) == [
        "建筑系数 25.0%，不在 30% 至 60% 之间，不成立",
        "建筑系数 30.0%，在 30% 至 60% 之间，成立",
        "建筑系数 60.0%，在 30% 至 60% 之间，成立",
        "建筑系数 60.01%，不在 30% 至 60% 之间，不成立",
    ]


def test_averages_and_shares_of_them(tmp_path):
    cells = {
        "tax_per_mu": [2.0, 4.0],
        "tax_wan": [20.0, 80.0],
        "area_mu": [10.0, 20.0],
        "industry_code": ["1311", "1312"],
    }
    plain = 'metric = "tax_per_mu", operator = "<", against = "industry"'
    assert say(tmp_path, plain, cells) == [
        "亩均税收 2.00 万元/亩 ＜ 同行业平均 3.33 万元/亩，成立",
        "亩均税收 4.00 万元/亩 ≥ 同行业平均 3.33 万元/亩，不成立",
    ]
    half = 'metric = "tax_per_mu", operator = "<", against = "county", times = "v.half"'
    assert say(tmp_path, half, cells)[0] == "亩均税收 2.00 万元/亩 ≥ 全域平均的 50%（1.67 万元/亩），不成立"
    promised = (
        'metric = "tax_per_mu", operator = ">=", against = "column", column = "committed_tax_per_mu", times = "v.half"'
    )
    cells = {"tax_per_mu": [2.0], "committed_tax_per_mu": [5.0]}
    assert say(tmp_path, promised, cells) == ["亩均税收 2.00 万元/亩 ＜ 承诺亩均税收的 50%（2.5 万元/亩），不成立"]


def test_words_of_a_condition_lead_the_numbers(tmp_path):
    led = LESS + ', zh = "低于下限", en = "below the limit"'
    assert say(tmp_path, led, {"tax_per_mu": [2.5]}) == ["低于下限：亩均税收 2.50 万元/亩 ＜ 3 万元/亩，成立"]


def test_an_exemption_does_not_turn_the_numbers_round(tmp_path):
    cells = {"tax_per_mu": [2.5, 4.0], "above_scale": pd.array([True, True], dtype="boolean")}
    more = 'exempt = [\n  { metric = "above_scale", operator = "is", expect = true },\n]'
    assert say(tmp_path, LESS, cells, more=more) == [
        "亩均税收 2.50 万元/亩 ＜ 3 万元/亩，但属豁免情形，不成立",
        "亩均税收 4.00 万元/亩 ≥ 3 万元/亩，不成立",
    ]


def test_parameters_and_unconfirmed_values_are_named(tmp_path):
    open_ = 'metric = "tax_per_mu", operator = "<", threshold = "v.open"'
    assert say(tmp_path, open_, {"tax_per_mu": [2.5]}) == ["无法判断（缺：参数“亩均税收下限”（v.open））"]
    recalled = 'metric = "tax_per_mu", operator = "<", threshold = "v.recalled"'
    assert say(tmp_path, recalled, {"tax_per_mu": [2.5]}) == [
        "无法判断（缺：待用户核对确认的数值“亩均税收下限”（v.recalled））"
    ]


def test_english(tmp_path):
    assert say(tmp_path, LESS, {"tax_per_mu": [2.5, None]}, lang="en") == [
        "rule: Tax per mu 2.50 × 10k yuan/mu < 3 × 10k yuan/mu, holds",
        "rule: unknown (lacking: Tax per mu)",
    ]


def test_parts_follow_their_rule(tmp_path):
    name = write_pack(
        tmp_path, "small", *VALUES, rule("r", LESS, LESS.replace("<", ">="), zh="规则", more='combine = "any"')
    )
    policy = policies([name], as_of=DAY)
    frame = pd.DataFrame({"parcel_id": ["P"], "tax_per_mu": [2.5]})
    made = judge(policy.rules()[0], frame, policy).findings("parcel", frame["parcel_id"])
    assert finding_texts(made, policy_record(policy), "zh").tolist() == [
        "规则：成立（一号 第二条）",
        "规则（1）：亩均税收 2.50 万元/亩 ＜ 3 万元/亩，成立（一号 第二条）",
        "规则（2）：亩均税收 2.50 万元/亩 ＜ 3 万元/亩，不成立（一号 第二条）",
    ]


def one(rule_id, outcome, value, operator, threshold, unit, missing="", clause="条款"):
    made = pd.Series([outcome], dtype="boolean")
    return findings(
        "parcel", pd.Series(["P"]), rule_id=rule_id, outcome=made, value=pd.Series([value], dtype=float),
        operator=operator, threshold=threshold, unit=unit, clause=clause, missing=missing,
    )  # fmt: skip


def test_a_rule_that_no_record_knows_keeps_its_id():
    made = join([one("x.y", True, 5.0, ">", 2.0, "亩"), one("x.z", None, np.nan, "", np.nan, "", missing="owner")])
    assert finding_texts(made, {}, "zh").tolist() == [
        "x.y：5.00 亩 ＞ 2 亩，成立（条款）",
        "x.z：无法判断（缺：权利人）（条款）",
    ]
    assert finding_texts(made.iloc[[1]], [], "en").to_dict() == {1: "x.z: unknown (lacking: Owner) (条款)"}


def test_a_finding_without_a_clause_says_so():
    assert finding_texts(one("x.y", True, 5.0, ">", 2.0, "亩", clause=""), {}, "zh").tolist() == [
        "x.y：5.00 亩 ＞ 2 亩，成立（未写明条款）"
    ]


def test_no_findings():
    texts = finding_texts(one("x", True, 1.0, ">", 0.0, "").head(0), {}, "zh")
    assert texts.empty
    assert texts.dtype == "str"


def test_idle_land_shows_the_day_its_clock_runs_from():
    years = 4 + 305 / 365  # from 2021-03-01: four anniversaries and 305 of the 365 days until the fifth
    record = {
        "as_of": "2025-12-31",
        "values": [{"key": "idle.start_years", "zh": "", "en": "", "value": 1, "unit": "年"}],
    }
    assert (
        finding_texts(one("idle.not_started", True, years, ">=", 1.0, "年"), record, "zh").tolist()
        == ["动工开发日期 2021-03-01，至 2025-12-31 满 4 年 9 个月，≥ 1 年，成立（条款）"]
        or "2021-03-01，至 2025-12-31 满 4 年 9 个月，≥ 1 年，成立"
        in finding_texts(one("idle.not_started", True, years, ">=", 1.0, "年"), record, "zh").iloc[0]
    )


def test_what_the_stages_judge_beside_the_packs_has_its_words():
    made = join(
        [
            one("inefficient.holders", False, 1.0, "==", 3.0, "家"),
            one("precedence.idle_first", True, np.nan, "", np.nan, ""),
        ]
    )
    first, second = finding_texts(made, {}, "zh")
    assert "低效企业 1 家 ≠ 用地企业共 3 家，不成立" in first
    assert second.startswith("闲置先于低效")


def test_the_findings_are_not_changed(tmp_path):
    made = one("x.y", True, 5.0, ">", 2.0, "亩")
    before = made.copy(deep=True)
    finding_texts(made, {}, "zh")
    pd.testing.assert_frame_equal(made, before)

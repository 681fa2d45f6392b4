"""The judgement sheet: what an officer reads aloud, from a run made by hand."""

import json

import pandas as pd
import pytest
from smallrun import small_run, without_policies

from mudian.errors import UsageError
from mudian.explain.cards import card_lines
from mudian.explain.document import explain
from mudian.explain.stability import combine
from mudian.findings import findings, join


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return small_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def sheet(run):
    return explain(run, "P1")


def section(sheet, title):
    return next(list(s.lines) for s in sheet.sections if s.title == title)


def test_it_is_a_suspicion_for_an_authority(sheet):
    assert sheet.title == "判定书（疑似闲置土地、低效用地，供主管部门核定）"
    assert sheet.lines()[-1] == "本判定书由程序根据所供资料自动生成，所列均为疑似情形，认定以主管部门为准。"
    assert sheet.head == "项目：示例；所属期：2025；评价日期：2025-12-31"


def test_facts_have_units_and_the_area_its_basis(sheet):
    facts = section(sheet, "宗地")
    for line in (
        "宗地代码：P1", "开发区名称：城东园", "权利人：甲公司", "面积：30.00 亩（口径：椭球面积）",
        "登记面积：15,000.00 平方米", "约定开工日期：2021-03-01", "文物保护单位：否",
        "税收：75.00 万元（部分用地企业没有该项数字，不完整）", "已动工开发面积占比：33.3%",
    ):  # fmt: skip
        assert line in facts
    assert not any("补充约定" in line for line in facts), "what is not there is not shown"


def test_verdicts_and_how_many_rules_stand_behind_them(sheet):
    assert section(sheet, "结论") == [
        "闲置情况：疑似闲置：超过约定动工日期满两年未动工",
        "对应的处置方式：无偿收回国有建设用地使用权",
        "闲置土地：核对规则 1 条，成立 1 条，不成立 0 条，无法判断 0 条",
        "低效情况：疑似低效用地",
        "低效用地：核对规则 2 条，成立 2 条，不成立 0 条，无法判断 0 条",
        "标准地出让条件：核对规则 1 条，满足 0 条，不满足 0 条，无法判断 1 条",
    ]


def test_grounds_go_from_numbers_over_the_formula_to_the_clause(sheet):
    assert section(sheet, "依据与计算") == [
        "【闲置土地】",
        "（1）超过约定动工日期满一年——成立",
        "　约定开工日期 2021-03-01，至 2025-12-31 满 4 年 9 个月，≥ 1 年",
        "　依据：试政发〔2020〕1号 第三条",
        "【低效用地】",
        "（1）亩均税收低——成立",
        "　亩均税收 ＝ 税收 75.00 万元 ÷ 面积 30.00 亩 ＝ 2.50 万元/亩",
        "　亩均税收 2.50 万元/亩 ＜ 3 万元/亩",
        "　对应类型：低贡献",
        "　依据：试政发〔2020〕1号 第二条",
        "（2）动工后投入不足——成立",
        "　以下任一项成立即成立",
        "　1）已动工开发面积占比 33.3% ＝ 1/3，不成立",
        "　2）已投资额占比 10.0% ＜ 25%，成立",
        "　依据：试政发〔2020〕1号 第四条",
        "【标准地出让条件】",
        "（1）容积率达到下限——无法判断（缺：参数“容积率下限”（site.ratio））",
        "　依据：试政发〔2020〕1号 第五条",
    ]


def test_an_exemption_is_told_with_its_grounds(run):
    grounds = section(explain(run, "P2"), "依据与计算")
    start = grounds.index("（1）亩均税收低——不成立")
    assert grounds[start + 1 : start + 5] == [
        "　亩均税收 ＝ 税收 44.98 万元 ÷ 面积 15.00 亩 ＝ 2.999 万元/亩",
        "　亩均税收 2.999 万元/亩 ＜ 3 万元/亩，但属豁免情形",
        "　豁免情形：文物保护单位",
        "　依据：试政发〔2020〕1号 第二条",
    ]


def test_where_a_rule_applies_is_told(run):
    record = json.loads(json.dumps(run.manifest["policies"]))
    gate = {"metric": "area_mu", "operator": ">=", "threshold": "limit.tax", "against": "constant"}
    words = {"metric": "industrial", "operator": "is", "expect": True, "against": "constant", "zh": "工业用地"}
    next(r for r in record["rules"] if r["id"] == "low.tax")["gate"] = [words, words, gate]
    gated = type(run)(**run.tables(), manifest=run.manifest | {"policies": record})
    assert "　适用范围：工业用地、面积 ≥ 3 万元/亩" in section(explain(gated, "P1"), "依据与计算")


def test_what_only_says_which_class_comes_first_is_not_counted(run):
    quiet = findings(
        "parcel", pd.Series(["P1"]), rule_id="precedence.idle_first", outcome=pd.Series([True], dtype="boolean"),
        value=pd.Series([None], dtype=float), operator="", threshold=float("nan"), unit="", clause="第二条",
    )  # fmt: skip
    other = type(run)(**{**run.tables(), "findings": join([run.findings, quiet])}, manifest=run.manifest)
    sheet = explain(other, "P1")
    assert "低效用地：核对规则 2 条，成立 2 条，不成立 0 条，无法判断 0 条" in section(sheet, "结论")
    assert "（3）闲置先于低效：构成闲置的宗地不再只算低效——成立" in section(sheet, "依据与计算")
    assert card_lines(other).equals(card_lines(run))


def test_ranks_have_no_unit(run):
    zones = run.zones.assign(rank_tax_per_mu=[2.0])
    other = type(run)(**{**run.tables(), "zones": zones}, manifest=run.manifest)
    assert "亩均税收排名：第 2 位" in section(explain(other, "Z1"), "开发区")


def test_what_is_missing_and_who_has_it(run):
    sheet = explain(run, "P3")
    assert sheet.title == "判定书（疑似情形核查，供主管部门核定）"
    lines = section(sheet, "缺少的资料")
    assert "亩均税收（可向税务局查取，依据 试政发〔2020〕1号 附件）；缺此项无法判断：低效用地" in lines
    assert "约定开工日期（政策包没有指明责任单位）；缺此项无法判断：闲置土地" in lines
    assert "参数“容积率下限”（site.ratio）（须在项目文件中写明）；缺此项无法判断：标准地出让条件" in lines
    assert "低效情况：无法判断" in section(sheet, "结论")
    assert "（1）亩均税收低——无法判断（缺：亩均税收、文物保护单位）" in section(sheet, "依据与计算")


def test_how_firm_the_verdicts_are(sheet, run):
    assert section(sheet, "稳定性") == [
        "该对象在临界清单上：标准或数值略有变动，结论就会改变。",
        "　亩均税收下限变动 ±10% 时，“低效情况”的结论会改变",
        "　税收变动 ±1% 时，“低效情况”的结论会改变",
        "改用登记面积（22.50 亩）：亩均税收由 2.50 万元/亩 变为 3.33 万元/亩，“亩均税收低”由成立变为不成立",
        "改用平面面积，上述结论不变（行业、片区、全域平均值按原面积口径计）。",
    ]
    # An exemption decides whatever the area is, and the registered area of P2 is its own.
    assert section(explain(run, "P2"), "稳定性")[0] == "该对象不在临界清单上。"


def test_links_and_allocation_behind_the_figures(sheet, run):
    lines = section(sheet, "数字的来源")
    assert lines[:4] == [
        "用地企业（挂接 2 条）：",
        "　甲公司：租赁，用地 30.00 亩，占宗地 100.0%，分摊税收 75.00 万元（占该企业 100.0%）；挂接方式：用地关系表",
        "　E9（不在企业表中）：自有，用地 — 亩；挂接方式：权利人信用代码",
        "企业的税收、投资等按用地面积分摊到所用土地。",
    ]
    assert "没有挂接到任何企业。" in section(explain(run, "P2"), "数字的来源")


def test_an_enterprise_by_its_name(tmp_path):
    run = small_run(tmp_path, confirmed=["limit.firm"])
    sheet = explain(run, "甲公司")
    assert (sheet.kind, sheet.id) == ("enterprise", "E1")
    assert "　亩均税收 ＝ 税收 75.00 万元 ÷ 用地面积 30.00 亩 ＝ 2.50 万元/亩" in section(sheet, "依据与计算")
    assert "等级：D" in section(sheet, "结论")
    sources = section(sheet, "数字的来源")
    assert "凭记忆收录、由用户核对确认的数值：企业亩均税收下限 8 万元/亩" in sources
    assert any(line.startswith("　P1：租赁，用地 30.00 亩") for line in sources)


def test_values_that_the_user_set_are_named(tmp_path):
    run = small_run(tmp_path, parameters={"site.ratio": 1.0})
    sheet = explain(run, "P1")
    assert "项目文件写明的数值：容积率下限 1" in section(sheet, "数字的来源")
    assert "　容积率 0.80 ＜ 1" in section(sheet, "依据与计算")


def test_a_zone_by_its_name(run):
    sheet = explain(run, "城东园")
    assert (sheet.kind, sheet.id) == ("zone", "Z1")
    assert "亩均指标的分母：全部宗地" in section(sheet, "开发区")
    assert section(sheet, "结论") == ["本次运行没有对该对象作出判定。"]


def test_english(run):
    lines = explain(run, "P1", lang="en").lines()
    for line in (
        "Judgement sheet (suspected idle land, low-efficiency land, for the competent authority to decide)",
        "Area: 30.00 mu (ellipsoidal)",
        "   Agreed start 2021-03-01, by 2025-12-31 4 years 9 months, ≥ 1 year",
        "   Tax per mu = Tax 75.00 × 10k yuan ÷ Area 30.00 mu = 2.50 × 10k yuan/mu",
        "   2) invested 10.0% < 25%, holds",
        "   Ground: 试政发〔2020〕1号 第三条",
    ):
        assert line in lines


def test_text_is_plain_and_says_what_the_data_say(run):
    text = explain(run, "P2").text()
    assert "权利人：<b>乙公司</b>" in text  # whoever makes a page of it escapes it
    assert str(explain(run, "P2")) == text
    assert "nan" not in text.lower()
    assert "<NA>" not in text
    assert "None" not in text


def test_without_packs_there_are_facts_and_no_verdicts(run):
    sheet = explain(without_policies(run), "P1")
    assert "本次运行没有选用政策包。" in section(sheet, "数字的来源")
    assert "宗地代码：P1" in section(sheet, "宗地")


def test_unused_rules_and_ended_documents_are_named(run):
    record = run.manifest["policies"] | {
        "unused": [{"key": "x", "pack": "small", "family": "idle", "subject": "parcel", "zh": "新规则", "en": "new",
                    "reason": "not-yet", "since": "2026-01-01"}],
        "ended": [{"pack": "small", "document": "旧文", "title": "旧文", "until": "2024-12-31"}],
    }  # fmt: skip
    run.manifest["policies"], before = record, run.manifest["policies"]
    lines = section(explain(run, "P1"), "数字的来源")
    run.manifest["policies"] = before
    assert "旧文 已于 2024-12-31 到期，政策包规定仍可参照，请核对" in lines
    assert "评价日期当天没有使用的规则：新规则（尚未施行）" in lines


class TestWhoIsMeant:
    def test_an_unknown_one_is_refused_with_the_nearest(self, run):
        with pytest.raises(UsageError, match="成果中没有 P9") as caught:
            explain(run, "P9")
        assert caught.value.params["nearest"] in ("P1", "P2", "P3")
        assert caught.value.exit_code == 2

    def test_a_key_of_two_kinds_is_refused_until_the_kind_is_said(self, run, monkeypatch):
        zones = run.zones.assign(zone_id=pd.array(["P1"], dtype="str"))
        both = type(run)(**{**run.tables(), "zones": zones}, manifest=run.manifest)
        with pytest.raises(UsageError, match="P1 不止一个：宗地 P1；开发区 P1"):
            explain(both, "P1")
        assert explain(both, "P1", kind="zone").kind == "zone"
        assert explain(both, "P1", kind="parcel").kind == "parcel"

    def test_a_key_goes_before_a_name(self, run):
        enterprises = run.enterprises.assign(name=pd.array(["P1", "乙公司"], dtype="str"))
        other = type(run)(**{**run.tables(), "enterprises": enterprises}, manifest=run.manifest)
        assert explain(other, "P1").kind == "parcel"

    def test_two_enterprises_of_one_name_are_told_apart_by_their_keys(self, run):
        enterprises = run.enterprises.assign(name=pd.array(["丙公司", "丙公司"], dtype="str"))
        other = type(run)(**{**run.tables(), "enterprises": enterprises}, manifest=run.manifest)
        with pytest.raises(UsageError, match="丙公司 不止一个：企业 E1；企业 E2"):
            explain(other, "丙公司")

    def test_two_rows_of_one_key_are_said(self, run):
        parcels = run.parcels.assign(parcel_id=pd.array(["P1", "P1", "P3"], dtype="str"))
        other = type(run)(**{**run.tables(), "parcels": parcels}, manifest=run.manifest)
        assert section(explain(other, "P1"), "宗地")[0] == "同一编号有 2 条记录，以下为第一条"

    def test_one_of_whom_there_are_findings_only(self, run):
        found = run.findings.copy()
        found["subject_type"] = "project"
        other = type(run)(**{**run.tables(), "findings": found}, manifest=run.manifest)
        assert explain(other, "P2", kind="project").kind == "project"


def test_the_run_is_not_changed(run):
    before = {n: t.copy(deep=True) for n, t in run.tables().items()}
    explain(run, "P1")
    for name, table in run.tables().items():
        pd.testing.assert_frame_equal(pd.DataFrame(table), pd.DataFrame(before[name]))


ALL, ANY, TWO, OPEN = (
    {"combine": "all"},
    {"combine": "any"},
    {"combine": "at_least", "at_least": "n"},
    {"combine": "at_least"},
)


@pytest.mark.parametrize(
    ("how", "parts", "expected"),
    [
        (ALL, [1, 1], 1), (ALL, [1, 0], 0), (ALL, [1, -1], -1), (ALL, [0, -1], 0),
        (ANY, [0, 1], 1), (ANY, [0, 0], 0), (ANY, [0, -1], -1), (ANY, [1, -1], 1),
        (TWO, [1, 1, 0], 1), (TWO, [1, 0, 0], 0), (TWO, [1, -1, 0], -1), (OPEN, [1, 1], None),
    ],
)  # fmt: skip
def test_combining_parts_is_that_of_the_rules(how, parts, expected):
    assert combine(how, parts, {"n": {"value": 2}}) == expected

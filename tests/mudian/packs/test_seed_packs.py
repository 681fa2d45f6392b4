"""The packs of the seed documents: every rule stands in them, and the numbers decide as the texts say."""

import datetime as dt

import pandas as pd
import pytest

import mudian as md
from mudian.packs.catalog import find_pack, load_packs
from mudian.packs.policy import policies
from mudian.rules.conditions import judge

DAY = dt.date(2025, 12, 31)
PACKS = (
    "taian-2021",
    "jinan-2017",
    "jinan-2022",
    "liaocheng-2022",
    "lianyungang-2022",
    "wuhan",
    "qianxi",
    "guiyang",
    "zunyi",
    "fuzhou",
    "quanzhou",
    "fujian-hightech",
)
MASKED = ("wuhan", "qianxi", "guiyang", "zunyi", "fuzhou", "quanzhou", "fujian-hightech")

# Rules on land, investment, plot ratio and factories: pack, line of the seed, words, what becomes of it.
LAND = [
    ("taian-2021", "000:31", "5000", "computed"),
    ("taian-2021", "000:31", "亩产效益评价", "not-computable"),
    ("jinan-2017", "001:5", "容积率达到1.0", "computed"),
    ("jinan-2017", "001:5", "闲置、低效", "not-computable"),
    ("liaocheng-2022", "002:82", "6%的面积", "computed"),
    ("liaocheng-2022", "002:968", "6.47", "computed"),
    ("liaocheng-2022", "002:982", "50.71", "computed"),
    ("liaocheng-2022", "002:1178", "剩余面积", "computed"),
    ("liaocheng-2022", "002:1708", "标准地供应", "not-computable"),
    ("wuhan", "003:87", "零增地技改", "computed"),
    ("wuhan", "003:87", "M0", "not-computable"),
    ("qianxi", "003:169", "70%", "computed"),
    ("qianxi", "003:213", "300万元/亩", "computed"),
    ("qianxi", "003:197", "合同", "computed"),
    ("qianxi", "003:213", "长期停产", "needs-data"),
    ("guiyang", "003:255", "70%", "computed"),
    ("guiyang", "003:277", "500、300", "computed"),
    ("guiyang", "003:279", "80%", "computed"),
    ("guiyang", "003:297", "60000亩", "needs-data"),
    ("guiyang", "003:299", "标准地", "computed"),
    ("zunyi", "003:329", "70%", "computed"),
    ("zunyi", "003:325", "500、300", "computed"),
    ("zunyi", "003:325", "90%", "computed"),
    ("zunyi", "003:339", "两年一评价", "computed"),
    ("zunyi", "003:339", "土地价款", "computed"),
    ("zunyi", "003:337", "合同", "computed"),
    ("fuzhou", "003:363", "30万元/亩", "computed"),
    ("fuzhou", "003:461", "末5名", "computed"),
    ("fuzhou", "003:457", "30年", "computed"),
    ("fuzhou", "003:449", "加层", "computed"),
    ("fuzhou", "003:453", "617", "not-computable"),
    ("fuzhou", "003:487", "申请设立", "computed"),
    ("quanzhou", "003:559", "100亩", "computed"),
    ("quanzhou", "003:563", "弹性出让年期", "computed"),
    ("quanzhou", "003:563", "弹性出让价格", "computed"),
    ("quanzhou", "003:567", "70%", "computed"),
    ("quanzhou", "003:559", "两高一低", "needs-data"),
    ("fujian-hightech", "003:721", "3.0", "computed"),
    ("lianyungang-2022", "004:56", "五项指标", "computed"),
    ("lianyungang-2022", "004:94", "准入", "computed"),
    ("lianyungang-2022", "004:104", "标准地", "computed"),
]
# Rules on ranks, rewards and penalties.
RANKING = [
    ("jinan-2017", "001:5", "连续2年", "computed"),
    ("jinan-2017", "001:5", "连续3年", "computed"),
    ("jinan-2022", "002:723", "30名", "computed"),
    ("jinan-2022", "002:729", "20名", "computed"),
    ("jinan-2022", "002:735", "10名", "computed"),
    ("jinan-2022", "002:741", "后10位", "computed"),
    ("jinan-2022", "002:749", "黄牌", "computed"),
    ("liaocheng-2022", "002:767", "德州", "not-computable"),
    ("liaocheng-2022", "002:810", "加2分", "not-computable"),
    ("liaocheng-2022", "002:643", "临沂高新区", "computed"),
    ("liaocheng-2022", "002:648", "枣庄高新区", "computed"),
    ("liaocheng-2022", "002:655", "济北", "computed"),
    ("liaocheng-2022", "002:958", "前50名", "computed"),
    ("liaocheng-2022", "002:1382", "20亿元", "computed"),
    ("taian-2021", "000:49", "绩效考核", "not-computable"),
    ("qianxi", "003:227", "返还", "computed"),
    ("guiyang", "003:309", "奖励", "not-computable"),
    ("zunyi", "003:355", "撤销建制", "not-computable"),
    ("fuzhou", "003:481", "第4至第6名", "computed"),
    ("fuzhou", "003:481", "后5名", "computed"),
    ("fuzhou", "003:481", "连续两年", "computed"),
    ("fuzhou", "003:439", "共建园区", "needs-data"),
    ("fujian-hightech", "003:731", "每晋升1位", "computed"),
    ("fujian-hightech", "003:681", "科技城", "needs-data"),
    ("lianyungang-2022", "004:34", "至少进1位", "computed"),
    ("lianyungang-2022", "004:122", "约谈", "computed"),
    ("lianyungang-2022", "004:122", "薪酬", "not-computable"),
]


def policy(*packs, as_of=DAY, **parameters):
    days = {f"{p}.in_force": dt.date(2022, 1, 1) for p in packs if p in MASKED}
    return policies(packs, as_of=as_of, parameters=days | {k.replace("__", "."): v for k, v in parameters.items()})


def outcomes(pack, rule_id, frame, **options):
    chosen = policy(pack, **options)
    rule = next(r for r in chosen.rules() if r.id == rule_id)
    return judge(rule, pd.DataFrame(frame), chosen)


# ---- whole and complete -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PACKS)
def test_every_pack_loads_and_names_nothing_that_is_not_there(name):
    pack = load_packs([name])[0]
    assert pack.coverage
    assert all(d.status == "seed" or name == "taian-2021" for d in pack.documents.values())


def test_all_of_them_can_be_used_together():
    assert len(policy(*PACKS).packs) == len(PACKS)


@pytest.mark.parametrize(("pack", "line", "words", "state"), [*LAND, *RANKING], ids=lambda v: str(v))
def test_every_rule_of_the_documents_is_covered(pack, line, words, state):
    rows = [r for r in find_pack(pack).coverage if words in r.item and line in r.source]
    assert [r.state for r in rows] == [state]
    assert rows[0].by or (rows[0].zh and rows[0].en)


def test_the_list_is_that_of_the_reference():
    assert (len(LAND), len(RANKING)) == (41, 27)


@pytest.mark.parametrize("name", PACKS)
def test_every_number_says_where_it_stands(name):
    pack = find_pack(name)
    entries = [(key, entry) for key, value in pack.values.items() for entry in value.history]
    assert all(entry.source.startswith(("seed ", "rules-evaluation", "shandong_2005")) for _, entry in entries)
    assert not [key for key, entry in entries if entry.status == "recalled"]


@pytest.mark.parametrize("name", PACKS)
def test_every_rule_and_incentive_is_in_the_coverage(name):
    pack = find_pack(name)
    named = {by for row in pack.coverage for by in row.by}
    made = {f"rules.{k}" for k in pack.rules} | {f"incentives.{k}" for k in pack.incentives}
    assert made <= named


@pytest.mark.parametrize("name", MASKED)
def test_masked_years_must_be_given(name):
    pack = find_pack(name)
    assert all(d.year_masked and d.in_force is None for d in pack.documents.values())
    without = policies([name], as_of=DAY)
    set_keys = [k for k, v in pack.values.items() if v.history]
    assert all(without.find(k) is None for k in set_keys)
    assert {without.name_lacking(k) for k in set_keys} <= {f"parameter:{name}.in_force"}
    assert all(policy(name).find(k) is not None for k in set_keys)
    assert all(
        policies([name], as_of=DAY, parameters={f"{name}.in_force": dt.date(2026, 1, 1)}).find(k) is None
        for k in set_keys
    )


# ---- admission --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("investment", "mu", "own"),
    [
        (5000, 15, True),
        (4999, 200, False),
        (8000, 14.9, False),
        (4999.99, 15, False),
        (5000, None, pd.NA),
        (4999, None, False),
    ],
)
def test_taian_gives_land_of_its_own_from_5000_and_15(investment, mu, own):
    frame = {"total_investment_wan": [float(investment)], "area_mu": pd.Series([mu], dtype=float)}
    judged = outcomes("taian-2021", "taian.separate_land", frame)
    assert judged.outcome.tolist() == [own]
    assert judged.missing.tolist() == ["area_mu" if own is pd.NA else ""]
    assert judged.clause == "泰政办发明电〔2021〕7号 二（一）"


def test_taian_rule_is_not_used_before_its_day():
    assert not policy("taian-2021", as_of=dt.date(2021, 7, 13)).rules("admission")
    assert policy("taian-2021", as_of=dt.date(2021, 7, 14)).rules("admission")


@pytest.mark.parametrize(("mu", "strict"), [(99.9, False), (100.0, True), (250.0, True)])
def test_quanzhou_controls_projects_from_100_mu(mu, strict):
    assert outcomes("quanzhou", "quanzhou.strict_control", {"area_mu": [mu]}).outcome.tolist() == [strict]


def test_quanzhou_excludes_industries_once_they_are_listed():
    frame = {"industry_code": ["2511", "3110", "3911"]}
    unset = outcomes("quanzhou", "quanzhou.excluded", frame)
    assert unset.outcome.isna().all()
    assert set(unset.missing) == {"parameter:quanzhou.excluded_industries"}
    listed = outcomes("quanzhou", "quanzhou.excluded", frame, quanzhou__excluded_industries=["25", "311"])
    assert listed.outcome.tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("pack", "rule", "years", "good"),
    [
        ("quanzhou", "quanzhou.flexible_term", 20, True),
        ("quanzhou", "quanzhou.flexible_term", 25, False),
        ("fuzhou", "fuzhou.flexible_term", 30, True),
        ("fuzhou", "fuzhou.flexible_term", 31, False),
    ],
)
def test_flexible_terms(pack, rule, years, good):
    judged = outcomes(pack, rule, {"flexible_term": [True, False], "term_years": [years, years]})
    assert judged.outcome.tolist()[0] == good
    assert judged.applies.tolist() == [True, False]


# ---- targets of zones -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pack", "rule", "column", "least"),
    [
        ("jinan-2017", "jinan2017.plot_ratio", "plot_ratio", 1.0),
        ("qianxi", "qianxi.industrial_share", "industrial_share_pct", 70.0),
        ("qianxi", "qianxi.investment_per_mu", "industrial_investment_per_mu", 300.0),
        ("qianxi", "qianxi.output_per_mu", "industrial_output_per_mu", 300.0),
        ("guiyang", "guiyang.industrial_share", "industrial_share_pct", 70.0),
        ("guiyang", "guiyang.factory_use", "factory_use_pct", 80.0),
        ("zunyi", "zunyi.industrial_share", "industrial_share_pct", 70.0),
        ("zunyi", "zunyi.factory_use", "factory_use_pct", 90.0),
        ("fuzhou", "fuzhou.industrial_tax_per_mu", "industrial_tax_per_mu", 30.0),
        ("liaocheng-2022", "liaocheng2022.tax_per_mu", "tax_per_mu", 6.47),
        ("liaocheng-2022", "liaocheng2022.investment_per_mu", "investment_per_mu", 50.71),
        ("lianyungang-2022", "lianyungang.progress", "rank_progress", 1.0),
    ],
)
def test_targets_are_inclusive_and_unknown_without_the_figure(pack, rule, column, least):
    frame = pd.DataFrame({"zone_name": "某经开区", column: [least, least - 0.01, None]})
    judged = outcomes(pack, rule, frame)
    assert judged.outcome.tolist() == [True, False, pd.NA]
    assert judged.missing.tolist() == ["", "", column]
    without = outcomes(pack, rule, frame.drop(columns=column))
    assert without.outcome.isna().all()


@pytest.mark.parametrize("pack", ["guiyang", "zunyi"])
def test_output_intensity_depends_on_the_level_of_the_zone(pack):
    frame = {"zone_level": ["国家级", "省级", None], "industrial_output_per_mu": [400.0, 400.0, 200.0]}
    national = outcomes(pack, f"{pack}.output_per_mu.national", frame)
    provincial = outcomes(pack, f"{pack}.output_per_mu.provincial", frame)
    assert national.applies.tolist()[:2] == [True, False]
    assert provincial.applies.tolist()[:2] == [False, True]
    assert (national.outcome.tolist()[0], provincial.outcome.tolist()[1]) == (False, True)
    assert provincial.outcome.tolist()[2] is not True


def test_jinan_does_not_mean_its_high_tech_zone():
    judged = outcomes(
        "jinan-2017", "jinan2017.plot_ratio", {"zone_name": ["济南高新区", "济北经开区"], "plot_ratio": [0.5, 0.5]}
    )
    assert judged.applies.tolist() == [False, True]


def test_zunyi_evaluates_every_two_years():
    days = pd.to_datetime(["2024-01-01", "2023-12-31", "2023-12-30", None])
    judged = outcomes("zunyi", "zunyi.evaluation", {"low_efficiency_evaluated_on": days})
    assert judged.outcome.tolist() == [True, True, False, pd.NA]


def test_contracts_and_control_indicators_must_be_complete():
    contract = outcomes(
        "qianxi", "qianxi.contract", {"contract_indicators": ["投资强度;产值;税收;就业", "投资强度、税收", None]}
    )
    assert contract.outcome.tolist() == [True, False, pd.NA]
    frame = {
        "regional_assessments": ["压覆重要矿产;地质灾害危险性;规划环评;区域能评", "规划环评"],
        "control_indicators": ["投资强度;亩均税收;容积率"] * 2,
    }
    assert outcomes("guiyang", "guiyang.standard_land", frame).outcome.tolist() == [True, False]


def test_lianyungang_deadlines_do_not_count_before_they_are_over():
    five = "单位用地税收;单位能耗销售收入;单位污染物排放销售收入;研发经费投入强度;全员劳动生产率"
    frame = {"evaluation_indicators": [five, "单位用地税收"]}
    assert outcomes("lianyungang-2022", "lianyungang.evaluation", frame).outcome.tolist() == [True, False]
    before = {a.id for a in policy("lianyungang-2022", as_of=dt.date(2022, 12, 30)).rules("target")}
    assert "lianyungang.evaluation" not in before
    assert "lianyungang.access" in before


def test_a_new_provincial_zone_of_fuzhou_must_be_above_the_mean_that_the_user_gives():
    frame = {"applies_for_provincial_level": [True, True, False], "industrial_tax_per_mu": [20.0, 20.1, 5.0]}
    assert outcomes("fuzhou", "fuzhou.new_zone", frame).missing.tolist()[0] == "parameter:fuzhou.province_mean"
    judged = outcomes("fuzhou", "fuzhou.new_zone", frame, fuzhou__province_mean=20)
    assert judged.outcome.tolist()[:2] == [False, True]
    assert not judged.applies.tolist()[2]


# ---- figures of the slides --------------------------------------------------------------------------------


def test_remaining_area_of_liaocheng_makes_55095_mu():
    table = policy("liaocheng-2022").table("liaocheng2022_remaining_km2")
    km2 = {row[0]: row[1] for row in table.rows}
    assert len(km2) == 10
    assert sum(km2.values()) == pytest.approx(36.73)
    assert sum(km2.values()) * 1500 == pytest.approx(55_095)
    assert km2["东阿经济开发区"] * 1500 == pytest.approx(450)
    assert km2["市高新区"] * 1500 == pytest.approx(10_830)


def test_share_of_tax_over_share_of_land():
    shares = {row[0]: row[1] for row in policy("liaocheng-2022").table("liaocheng2022_shares").rows}
    assert shares["tax"] / shares["area"] == pytest.approx(11.33, abs=0.01)


def test_least_investment_of_2005_is_gone_since_2019():
    keys = ["national", "provincial_qingdao_yantai_weihai", "provincial_taian", "provincial_liaocheng"]
    numbers = [
        policy("taian-2021", as_of=dt.date(2018, 1, 1)).number(f"shandong2005.investment_minimum.{k}") for k in keys
    ]
    assert numbers == [240, 200, 160, 100]
    after = policy("taian-2021", as_of=dt.date(2019, 2, 27))
    assert after.find("shandong2005.investment_minimum.provincial_taian") is None
    assert after.lacking("shandong2005.investment_minimum.provincial_taian") == "abolished"


def test_thirteen_items_of_shandong_with_their_bodies_and_no_weights():
    chosen = policy("taian-2021")
    items = [chosen.find(f"shandong2021.item.{n:02d}").items for n in range(1, 14)]
    assert [i[0] for i in items].count("创新驱动") == 5
    assert items[0] == ("亩均税收", "亩均税收", "市财政局", "市财政局")
    assert items[9] == ("创新驱动", "发明专利拥有量", "市科技局", "市市场监管局")
    assert all(chosen.lacking(f"shandong2021.weight.{n:02d}") == "unset" for n in range(1, 14))
    assert find_pack("taian-2021").offices["tax_wan"].zh.startswith("市财政局")


# ---- ratio of sums ----------------------------------------------------------------------------------------


def test_lishui_is_a_ratio_of_sums_and_not_a_mean_of_ratios():
    # Published: ten county ratios, 573 564 万元 and 30 341 亩 in all. The land of the counties is not; it is spread
    # evenly and shifted from the first to the last until both totals come out.
    ratios = pd.Series([46.38, 36.91, 22.97, 21.41, 21.36, 16.75, 12.15, 11.78, 10.06, 9.81])
    land = pd.Series(30_341 / 10, ratios.index)
    shift = ((ratios * land).sum() - 573_564) / (ratios.iloc[0] - ratios.iloc[-1])
    land.iloc[0], land.iloc[-1] = land.iloc[0] - shift, land.iloc[-1] + shift
    parcels = pd.DataFrame({"zone_id": "丽水", "area_mu": land, "tax_wan": ratios * land})
    zones = pd.DataFrame({"zone_id": ["丽水"], "area_m2": [30_341 * 2000 / 3]})
    measured = md.measure_zones(zones, parcels).iloc[0]
    assert measured["tax_wan"] == pytest.approx(573_564)
    assert measured["tax_per_mu"] == pytest.approx(18.9039, abs=5e-5)
    assert ratios.mean() == pytest.approx(20.958)

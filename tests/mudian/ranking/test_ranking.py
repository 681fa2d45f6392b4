"""Ranking of zones from Python: layouts, units, spellings, ties, groups, missing figures, totals; worked by hand."""

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mudian as md
from mudian.errors import InputError, UsageError
from mudian.ranking.checks import disagreements
from mudian.ranking.reading import TableOptions
from mudian.ranking.spelling import infer_place
from tests.mudian.ranking.liaocheng import RANKS, write

DAY = dt.date(2022, 12, 31)


def codes(ranking):
    return set(ranking.ledger.frame()["code"])


def by_zone(ranking, column):
    return ranking.zones.set_index("zone_name")[column]


# ---- units ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "table",
    [
        {"开发区名称": ["甲", "乙"], "税收（万元）": [30_000, 10_000], "用地面积（亩）": [3000, 600]},
        {"园区": ["甲", "乙"], "税收（亿元）": [3, 1], "用地面积（公顷）": [200, 40]},
        {"zone": ["甲", "乙"], "税收（元）": ["300,000,000", "1e8"], "面积（平方公里）": [2, 0.4]},
        {"片区名称": ["甲", "乙"], "税收": ["3亿元", "10000万元"], "面积（m2）": [2_000_000, 400_000]},
        {"名称": ["甲", "乙"], "亩均税收（万元/公顷）": [150, 250]},
        {"名称": ["甲", "乙"], "tax_wan": [30_000, 10_000], "area_mu": [3000, 600]},
    ],
    ids=["wan-mu", "yi-ha", "yuan-km2", "cells-m2", "ready", "canonical"],
)
def test_any_unit_gives_the_same_figures(table):
    found = md.rank_zones(pd.DataFrame(table))
    assert by_zone(found, "tax_per_mu").to_dict() == pytest.approx({"甲": 10.0, "乙": 10_000 / 600})
    assert by_zone(found, "rank_tax_per_mu").to_dict() == {"乙": 1, "甲": 2}


def test_a_figure_without_unit_is_refused_until_it_is_stated():
    table = pd.DataFrame({"名称": ["甲", "乙"], "亩均税收": [3, 2]})
    with pytest.raises(UsageError, match="--unit tax_per_mu=万元/亩"):
        md.rank_zones(table)
    found = md.rank_zones(table, options=TableOptions(units={"tax_per_mu": "元/平方米"}))
    assert by_zone(found, "tax_per_mu")["甲"] == pytest.approx(3 * 2000 / 3 / 10_000)


def test_money_and_land_win_over_a_ready_figure_that_differs():
    table = pd.DataFrame({"名称": ["甲", "乙"], "tax_wan": [100, 57.123], "area_mu": [10, 10],
                          "亩均税收（万元/亩）": [9, 5.71]})  # fmt: skip
    found = md.rank_zones(table)
    assert by_zone(found, "tax_per_mu")["甲"] == 10
    rows = found.ledger.frame().query("code == 'ranking-ratio-differs'")
    assert rows["id"].tolist() == ["甲"]  # 5.71 is 5.7123 in two decimals


# ---- layouts -------------------------------------------------------------------------------------------------------


def test_a_column_per_zone_and_a_row_per_zone_give_the_same(tmp_path):
    wide = write("seed002_ranks.csv", tmp_path)
    frame = pd.read_csv(wide)
    long = frame.drop(columns="全市综合排名").melt("年份", var_name="开发区名称", value_name="全省排名")
    columns = long.pivot_table(index="开发区名称", columns="年份", values="全省排名").reset_index()
    by_year = columns.set_axis(["开发区名称", *(f"{y}年排名" for y in (2019, 2020, 2021))], axis=1)
    bare = columns.set_axis(["开发区名称", "2019", "2020", "2021"], axis=1)
    first = md.rank_zones(wide).movement
    for other in (long, by_year, bare):
        pd.testing.assert_frame_equal(md.rank_zones(other).movement, first)
    assert len(first) == 30


def test_a_row_per_figure_as_the_slide_prints_it(tmp_path):
    source = tmp_path / "a.txt"
    source.write_text(
        "\t市经开区\t嘉明经济 开发区\t东阿经济 开发区\n剩余 面积\t6.14平 方公里\t6.6平方 公里\t0.3平方 公里\n",
        encoding="utf-8",
    )
    found = md.rank_zones(source)
    assert by_zone(found, "remaining_mu").to_dict() == pytest.approx(
        {"东阿经开区": 450, "嘉明经开区": 9900, "聊城经开区": 9210}
    )


def test_columns_called_rank_belong_to_the_figure_on_their_left(tmp_path):
    source = tmp_path / "a.csv"
    source.write_text(
        "开发区名称,亩均税收 (万元/亩),排名,投资强度 (万元/亩),排名\n甲,5.24,101,32.83,100\n乙,6.01,90,14.59,153\n"
    )
    found = md.rank_zones(source)
    assert by_zone(found, "printed_rank_tax_per_mu").to_dict() == {"甲": 101, "乙": 90}
    assert by_zone(found, "printed_rank_investment_per_mu").to_dict() == {"甲": 100, "乙": 153}


def test_a_workbook_with_title_merged_headers_and_total_line(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    page = book.active
    for row in (
        ["2021年开发区亩均效益情况表"], ["单位：万元"], ["开发区", "亩均税收", None, "用地面积（亩）"],
        [None, "税收", "亩均税收（万元/亩）", None], ["甲", 300, 3, 100], ["乙", 100, 2, 50], ["合计", 400, 2.5, 150],
    ):  # fmt: skip
        page.append(row)
    page.merge_cells("A1:D1")
    page.merge_cells("A3:A4")
    page.merge_cells("B3:C3")
    page.merge_cells("D3:D4")
    book.save(tmp_path / "a.xlsx")
    found = md.rank_zones(tmp_path / "a.xlsx")
    assert by_zone(found, "tax_wan").to_dict() == {"甲": 300, "乙": 100}
    assert found.totals.loc[0, "tax_per_mu"] == pytest.approx(400 / 150)


def test_a_web_page(tmp_path):
    source = tmp_path / "a.html"
    source.write_text("<table><tr><th>园区</th><th>亩均税收（万元/亩）</th></tr><tr><td>甲</td><td>3</td></tr>"
                      "<tr><td>乙</td><td>4</td></tr></table>", encoding="utf-8")  # fmt: skip
    assert md.rank_zones(source).zones["zone_name"].tolist() == ["乙", "甲"]


def test_a_wide_table_of_no_ranks_is_refused_or_named():
    table = pd.DataFrame({"年份": [2020, 2021], "甲": [3.5, 4.0], "乙": [2.5, 5.0]})
    with pytest.raises(InputError, match="--wide"):
        md.rank_zones(table)
    how = TableOptions(wide="tax_per_mu", units={"tax_per_mu": "万元/亩"})
    found = md.rank_zones(table, options=how).zones
    assert found["rank_tax_per_mu"].tolist() == [1, 2, 1, 2]
    assert found["zone_name"].tolist() == ["甲", "乙", "乙", "甲"]


def test_a_table_without_zones_or_figures_is_refused():
    with pytest.raises(InputError, match="开发区名称"):
        md.rank_zones(pd.DataFrame({"亩均税收（万元/亩）": [1, 2]}))
    with pytest.raises(InputError, match="没有可排名的内容"):
        md.rank_zones(pd.DataFrame({"园区": ["甲", "乙"], "备注": ["a", "b"]}))


# ---- spellings -----------------------------------------------------------------------------------------------------


def test_the_place_is_inferred_only_where_the_names_say_it():
    assert infer_place(pd.Series(["茌平经开区", "市经开区"])) == "3715"
    assert infer_place(pd.Series(["市经开区", "市高新区"])) is None
    assert infer_place(pd.Series(["茌平经开区", "甲开发区", "乙开发区"])) is None  # a table of several cities
    table = pd.DataFrame({"园区": ["市经开区"], "排名": [3]})
    open_ = md.rank_zones(table)
    assert open_.zones["zone_name"].tolist() == ["市经开区"]
    assert "ranking-place-unknown" in codes(open_)
    stated = md.rank_zones(table, place="371502")
    assert stated.zones["zone_name"].tolist() == ["聊城经开区"]
    assert "ranking-place-unknown" not in codes(stated)


SPELLINGS = {
    "聊城高新区": ["聊城高新区", "市高新区", "市 高新区", "聊城高新技术产业开发区"],
    "嘉明经开区": ["嘉明经开区", "嘉明经济开发区", "嘉明经济 开发区", " 嘉明经开区 "],
    "茌平经开区": ["茌平经开区", "在平经开区", "茌平经济 开发区", "茌平 经开区"],
    "聊城经开区": ["聊城经开区", "市经开区", "聊城经济技术开发区"],
    "鲁西经开区": ["鲁西经开区", "鲁西经济开发区"],
}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_order_and_spelling_never_change_a_result(data):
    ranks = pd.read_csv(__import__("io").StringIO(RANKS)).drop(columns="全市综合排名")
    known = ranks.melt("年份", var_name="开发区名称", value_name="排名")
    known["开发区名称"] = known["开发区名称"].replace({"市经开区": "聊城经开区", "市高新区": "聊城高新区"})
    names = [data.draw(st.sampled_from(SPELLINGS.get(n, [n])), label=n) for n in known["开发区名称"]]
    order = data.draw(st.permutations(range(len(known))))
    mixed = known.assign(开发区名称=names).iloc[order]
    words = {"place": "3715", "zone_count": 160, "whole_city": True}
    first, other = md.rank_zones(known, **words), md.rank_zones(mixed, **words)
    pd.testing.assert_frame_equal(first.zones.drop(columns="source_row"), other.zones.drop(columns="source_row"))
    pd.testing.assert_frame_equal(first.movement, other.movement)
    pd.testing.assert_frame_equal(
        first.reward(["jinan-2022"], as_of=DAY).incentives, other.reward(["jinan-2022"], as_of=DAY).incentives
    )


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.1, 1e6), st.floats(0.1, 1e4)), min_size=2, max_size=8),
    st.randoms(use_true_random=False),
)
def test_totals_do_not_depend_on_the_order_of_rows(rows, random):
    table = pd.DataFrame(rows, columns=["tax_wan", "area_mu"]).assign(zone=[f"区{i}" for i in range(len(rows))])
    mixed = table.iloc[random.sample(range(len(rows)), len(rows))]
    a, b = md.rank_zones(table), md.rank_zones(mixed)
    pd.testing.assert_frame_equal(a.totals, b.totals, check_exact=True)
    assert a.zones["zone_name"].tolist() == b.zones["zone_name"].tolist()
    ratios = [t / m for t, m in rows]
    assert min(ratios) * (1 - 1e-9) <= a.totals.loc[0, "tax_per_mu"] <= max(ratios) * (1 + 1e-9)


# ---- ties, groups, missing ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ties", "expected"),
    [("min", [1, 2, 2, 4]), ("max", [1, 3, 3, 4]), ("dense", [1, 2, 2, 3]), ("average", [1, 2.5, 2.5, 4])],
)
def test_ties_share_the_place(ties, expected):
    table = pd.DataFrame({"zone": list("abcd"), "tax_wan": [9, 0.3, 3, 1], "area_mu": [1, 0.1, 1, 1]})
    found = md.rank_zones(table, ties=ties)  # 0.3 / 0.1 is not 3 in floating point
    assert by_zone(found, "rank_tax_per_mu")[list("abcd")].tolist() == expected


def test_ranks_inside_groups_and_years():
    table = pd.DataFrame({"zone": list("abcd") * 2, "级别": ["国家级", "省级"] * 4, "年度": [2020] * 4 + [2021] * 4,
                          "亩均税收（万元/亩）": [4, 3, 2, 1, 1, 2, 3, 4]})  # fmt: skip
    found = md.rank_zones(table, group="zone_level").zones.set_index(["year", "zone_name"])["rank_tax_per_mu"]
    assert found[2020].to_dict() == {"a": 1, "b": 1, "c": 2, "d": 2}
    assert found[2021].to_dict() == {"c": 1, "d": 1, "a": 2, "b": 2}


def test_no_figure_no_rank_and_the_reason_is_said():
    table = pd.DataFrame({"zone": list("abcd"), "tax_wan": [10, None, 30, 0], "area_mu": [5, 5, None, 10]})
    found = md.rank_zones(table)
    assert by_zone(found, "rank_tax_per_mu").fillna(-1).to_dict() == {"a": 1, "d": 2, "b": -1, "c": -1}
    assert by_zone(found, "missing").to_dict() == {"a": "", "b": "tax_wan", "c": "area_mu", "d": ""}
    total = found.totals.iloc[0]
    assert total["tax_per_mu"] == pytest.approx(10 / 15)  # a and d alone have both; zero tax is a figure
    assert (total["tax_per_mu_known"], total["tax_wan_known"], total["zone_count"]) == (2, 3, 4)


def test_land_of_nothing_is_no_denominator():
    found = md.rank_zones(pd.DataFrame({"zone": list("ab"), "tax_wan": [10, 10], "area_mu": [0, 5]}))
    assert math.isnan(by_zone(found, "tax_per_mu")["a"])
    assert found.totals.loc[0, "tax_per_mu"] == 2
    assert "ranking-area-not-positive" in codes(found)


def test_a_total_of_ready_ratios_is_unknown_without_land_and_weighted_with_it():
    ready = pd.DataFrame({"zone": list("ab"), "亩均税收（万元/亩）": [1, 9]})
    total = md.rank_zones(ready).totals.iloc[0]
    assert math.isnan(total["tax_per_mu"])
    assert total["tax_per_mu_basis"] == "unknown"
    weighted = md.rank_zones(ready.assign(area_mu=[900, 100])).totals.iloc[0]
    assert weighted["tax_per_mu"] == pytest.approx((900 + 900) / 1000)


def test_totals_given_count_instead_of_the_sums():
    table = pd.DataFrame({"zone": list("ab"), "tax_wan": [10, 90], "area_mu": [10, 10]})
    both = md.rank_zones(table, total={"tax_wan": 120, "area_mu": 30}).totals.iloc[0]
    assert (both["tax_per_mu"], both["tax_per_mu_basis"]) == (4, "given")
    one = md.rank_zones(table, total={"tax_wan": 120})
    assert one.totals.loc[0, "tax_per_mu"] == 6  # over the land of all zones
    row = one.findings.query("metric == 'tax_wan'").iloc[0]
    assert (row["found"], row["expected"], bool(row["outcome"])) == (100, 120, False)
    lacking = md.rank_zones(table.assign(area_mu=[10, None]), total={"tax_wan": 120}).totals.iloc[0]
    assert math.isnan(lacking["tax_per_mu"])


def test_a_row_of_means_in_the_table_is_no_zone_and_is_checked():
    table = pd.DataFrame({"zone": ["a", "b", "全市平均"], "tax_wan": [10, 90, None], "area_mu": [10, 10, None],
                          "亩均税收（万元/亩）": [1, 9, 5.2]})  # fmt: skip
    found = md.rank_zones(table)
    assert found.zones["zone_name"].tolist() == ["b", "a"]
    row = found.findings.query("check == 'stated'").iloc[0]
    assert (row["found"], row["expected"], bool(row["outcome"])) == (5.0, 5.2, False)


def test_rows_of_one_zone_and_year_are_one_or_refused():
    table = pd.DataFrame({"zone": ["嘉明经开区", "嘉明经济开发区", "茌平经开区"], "排名": [7, 7, 8], "年度": 2021})
    found = md.rank_zones(table)
    assert found.zones["zone_name"].tolist() == ["嘉明经开区", "茌平经开区"]
    assert "ranking-same-row" in codes(found)
    with pytest.raises(InputError, match="嘉明经开区") as error:
        md.rank_zones(table.assign(排名=[7, 6, 8]))
    assert error.value.params["rows"] == "1, 2"


def test_ranks_that_are_none_are_missing():
    found = md.rank_zones(pd.DataFrame({"zone": list("abc"), "排名": [1, 0, 2.5]}))
    assert by_zone(found, "rank").fillna(-1).to_dict() == {"a": 1, "b": -1, "c": -1}
    assert "ranking-rank-not-whole" in codes(found)


# ---- movement and rewards --------------------------------------------------------------------------------------------


def test_years_of_another_number_of_zones_are_compared_by_shares():
    table = pd.DataFrame({"zone": "甲", "年度": [2020, 2021], "排名": [80, 81], "参评家数": [100, 160]})
    found = md.rank_zones(table)
    row = found.movement.iloc[1]
    assert np.isnan(row["rank_progress"])
    assert row["rank_share_progress"] == pytest.approx(0.8 - 81 / 160)
    check = found.findings.query("check == 'movement'").iloc[0]
    assert not check["outcome"]


def test_the_order_in_the_city_needs_all_of_its_zones(tmp_path):
    source = write("seed002_ranks.csv", tmp_path)
    found = md.rank_zones(source, whole_city=True).zones.query("year == 2021").set_index("zone_name")
    assert found["city_rank"].to_dict()["阳谷经开区"] == 1
    assert found["city_rank_from_last"].to_dict()["聊城经开区"] == 1
    assert "city_rank" not in md.rank_zones(source).zones


def test_fuzhou_fujian_and_dezhou():
    table = pd.DataFrame(
        {"zone": list("abcdefg"), "年度": 2022, "全市排名": range(1, 8), "全市参评数": 7, "开发区级别": "国家级",
         "全国排名": [55, 120, 90, 70, 60, 50, 40], "市考核得分": 90, "省考核得分": [80, 70, 60, 50, 40, 30, 20]}
    )  # fmt: skip
    before = table.assign(年度=2021, 全国排名=[60, 130, 90, 60, 60, 50, 40])
    ranking = md.rank_zones(pd.concat([before, table]))
    masked = {f"{p}.in_force": dt.date(2020, 1, 1) for p in ("fuzhou", "fujian-hightech")}
    found = ranking.reward(
        ["fuzhou", "fujian-hightech", "liaocheng-2022"], as_of=DAY, parameters=masked, everywhere=True
    ).incentives.query("year == 2022")  # fmt: skip
    of = {name: part.set_index("zone") for name, part in found.groupby("incentive", observed=True)}
    city = of["fuzhou.award"]["amount_wan"]
    assert city[["d", "e", "f"]].tolist() == [50, 50, 50]  # fourth to sixth: the city's award
    assert city[["a", "b", "c"]].isna().all()  # first three: the province's, whose amount is not stated
    assert city["g"] == 0
    assert of["fujian.award.first"].loc["a", "amount_wan"] == 300  # 5 places x 100, at most 300
    assert of["fujian.award.other"].loc["b", "amount_wan"] == 150  # 10 places x 50, at most 150
    assert of["dezhou2021.score"].loc["a", "amount"] == pytest.approx(0.3 * 90 + 0.7 * 80)


def test_the_rules_of_another_place_are_said_to_be_an_illustration():
    table = pd.DataFrame(
        {"zone": ["茌平经开区", "鲁西经开区"] * 2, "年度": [2020] * 2 + [2021] * 2, "排名": [116, 100, 106, 89]}
    )
    found = md.rank_zones(table).reward(["jinan-2022"], as_of=DAY).findings.query("check == 'place'")
    assert found["text"].tolist() == ["jinan-2022"]
    assert "仅作演示" in found["note"].iloc[0]
    own = md.rank_zones(table).reward(["liaocheng-2022"], as_of=DAY).findings
    assert "place" not in set(own["check"])


# ---- printed ranks ---------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(0, 100), min_size=2, max_size=12))
def test_ranks_worked_out_of_figures_always_agree_with_them(values):
    figures = pd.Series(values)
    assert disagreements(figures.rank(ascending=False, method="min"), figures)[0] == 0


def test_a_printed_rank_out_of_order_names_its_zones():
    table = pd.DataFrame({"zone": list("abc"), "亩均税收（万元/亩）": [9, 5, 7], "亩均税收排名": [1, 2, 3]})
    row = md.rank_zones(table).findings.query("check == 'order'").iloc[0]
    assert not row["outcome"]
    assert row["zones"] == "c、b"  # in the order of the figures

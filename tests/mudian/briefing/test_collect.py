"""The figures of the report, added up by hand, and what it says where there is none."""

from dataclasses import replace

import pandas as pd
import pytest
from briefing_case import case, shuffled

from mudian.briefing.collect import collect
from mudian.briefing.model import NOT, Grid, Lines, Picture, plain, spelled


def lines(page):
    return [line for s in page.sections for b in s.blocks if isinstance(b, Lines) for line in b.lines]


def row(grid, name):
    return next(r for r in grid.rows if r[0] == name)


@pytest.fixture(scope="module")
def report():
    return collect(case())


def test_the_zones_stand_by_rank_and_those_without_a_rank_last(report):
    assert [p.zone_id for p in report.zones] == ["Z1", "Z2"]
    assert [p.title for p in report.zones] == ["东区（Z1）", "西区（Z2）"]


def test_the_city_is_a_ratio_of_sums_over_the_zones_that_are_known(report):
    # tax: only Z1 has one, 120 wan / 60 mu = 2.00 (not 120 / 160, which would make the unknown tax of Z2 a zero);
    # investment: (1500 + 4000) / (60 + 100) = 34.375, not the mean of 25 and 40
    rows = {r[0]: r for r in report.overview.grids()["output"].rows}
    assert rows["合计"] == ("合计", 6, 160.0, 120.0, 2.0, NOT, 5500.0, 34.375, NOT)
    assert rows["西区"] == ("西区", 2, 100.0, None, None, None, 4000.0, 40.0, 1)
    assert rows["开发区外"][:4] == ("开发区外", 1, NOT, 7.0)
    assert "税收：1 个开发区不详，合计不含它们的面积。" in lines(report.overview)


def test_missing_is_not_zero(report):
    figures = {r[0]: r for r in report.zones[1].grids()["figures"].rows}
    assert figures["税收"][1] is None
    assert spelled(figures["税收"][1], "zh") == "不详"
    assert figures["亩均税收"][1:5] == (None, "万元/亩", None, "税收 不详 万元 ÷ 全部宗地 100.00 亩")
    assert figures["容积率"][1] is None
    assert report.zones[1].grids()["verdicts"].rows[0][1:3] == (0, 0.0)


def test_every_figure_names_its_unit_and_denominator(report):
    figures = {r[0]: r for r in report.zones[0].grids()["figures"].rows}
    assert figures["亩均税收"] == ("亩均税收", 2.0, "万元/亩", "1/1", "税收 120.00 万元 ÷ 全部宗地 60.00 亩")
    assert figures["投资强度"][3] == "2/2"
    assert figures["税收"][4] == "分摊到本区宗地；有税收数据的宗地 30.00 亩"
    assert all(r[2] for r in report.zones[0].grids()["figures"].rows)


def test_verdicts_are_counted_by_state(report):
    # Z1: P1 no (10 mu), P2 idle_2y (20), P3 idle_stopped (30), P4 unknown, its area unknown, too
    grid = report.zones[0].grids()["verdicts"]
    assert row(grid, "疑似闲置")[1:] == (2, 50.0, 1, 10.0, 1, None, NOT)
    assert row(grid, "其中：未动工满两年")[1:3] == (1, 20.0)
    assert row(grid, "其中：未动工满一年")[1:3] == (0, 0.0)
    # eligible: P3 lacks a field (unknown), the others are not concerned
    assert row(grid, "可作标准地供应")[1:] == (0, 0.0, 0, 0.0, 1, 30.0, 3)
    # all zones: P1 to P6, without the parcel outside
    whole = report.overview.grids()["verdicts"]
    assert row(whole, "疑似闲置")[1:] == (2, 50.0, 3, 110.0, 1, None, NOT)
    assert row(whole, "疑似低效")[1:] == (0, 0.0, 4, 100.0, 2, 60.0, NOT)


def test_unknown_verdicts_say_what_they_lack(report):
    said = lines(report.zones[0])
    assert "“疑似闲置”无法判断的，所缺资料：约定开工日期（1 宗）、交地日期（1 宗）。" in said
    assert "“可作标准地供应”无法判断的，所缺资料：净地（1 宗）。" in said
    assert "有 1 宗宗地面积不详，未计入面积合计。" in said


def test_grades_are_counted_by_enterprise_parcel_and_land(report):
    # E1 (A) has land in both zones and counts in each, and once in the city; P5 carries several grades
    assert row(report.zones[0].grids()["grades"], "A")[1:] == (1, 1, 10.0)
    assert row(report.zones[0].grids()["grades"], "B")[1:] == (1, 1, 20.0)
    assert row(report.zones[1].grids()["grades"], "A")[1:] == (1, 0, 0.0)
    assert row(report.zones[1].grids()["grades"], "多家企业等级不同")[1:] == (NOT, 1, 40.0)
    assert row(report.overview.grids()["grades"], "A")[1:] == (1, 1, 10.0)


def test_the_steps_add_up_and_a_layer_not_given_is_not_zero(report):
    rows = report.zones[0].grids()["steps"].rows
    assert [r[4] for r in rows] == [70.0, 20.0, 15.0, None, 15.0, 12.0]
    assert [r[3] for r in rows[1:4]] == [50.0, 5.0, None]
    assert rows[3][-1] == "未提供该图层，未扣除"
    assert "水面：说明" in lines(report.zones[0])


def test_lists_are_largest_first_and_say_what_is_left_out():
    page = collect(case(rows=1)).zones[0]
    grid = page.grids()["idle_list"]
    assert [r[0] for r in grid.rows] == ["P3"]
    assert grid.note == "另有 1 宗，见工作簿“闲置”表"
    # P3 is to pay a fee whose size is unknown; the clock of a stopped one is not that of a start
    assert spelled(grid.rows[0][6], "zh") == "不详"
    assert grid.rows[0][4] is NOT


def test_a_fee_that_is_not_due_does_not_apply(report):
    grid = report.zones[0].grids()["idle_list"]
    assert [r[0] for r in grid.rows] == ["P3", "P2"]
    assert grid.rows[1][4:] == (800, "无偿收回", NOT)


def test_a_zone_without_idle_land_says_so(report):
    assert "疑似闲置宗地：没有。" in lines(report.zones[1])
    assert "疑似低效宗地：没有判定为是的；无法判断的 1 宗。" in lines(report.zones[1])


def test_clauses_and_missing_data_are_named(report):
    assert report.zones[0].grids()["clauses"].rows == (("闲置土地", "甲办法 第二条"),)
    assert "clauses" not in report.zones[1].grids()
    assert [r[1:4] for r in report.overview.grids()["questions"].rows] == [("约定开工日期", "宗地", 1)]


def test_conservation_is_told(report):
    assert "税收（万元）：输入 150.00 = 已分摊 127.00 + 未分摊 23.00（重复行 23.00）。" in lines(report.overview)


def test_changes_are_told_zone_by_zone():
    now = case()
    gone = now.zones.assign(tax_per_mu=[1.5, 9.0], rank_tax_per_mu=pd.array([2, 1], dtype="Int64"))
    before = gone.assign(zone_id=["Z1", "Z9"], zone_name=["东区", "老区"])
    was = {"project": now.manifest["project"] | {"period": "2024"}}
    page = collect(now, earlier=replace(now, zones=before, manifest=now.manifest | was)).overview
    rows = {r[1]: r for r in page.grids()["changes"].rows}
    # 2.0 now, 1.5 before
    assert rows["亩均税收（万元/亩）"] == ("东区", "亩均税收（万元/亩）", 1.5, 2.0, 0.5)
    assert rows["亩均税收排名"][2:] == (2, 1, -1)
    assert {"本期新增：西区。", "本期没有：老区。"} <= set(lines(page))


def test_without_an_earlier_run_nothing_is_compared(report):
    assert "没有给出上期成果，不作比较。" in lines(report.overview)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_row_order_does_not_matter(seed, report):
    other = collect(shuffled(case(), seed))
    assert [p.grids() for p in other.pages()] == [p.grids() for p in report.pages()]
    assert [lines(p) for p in other.pages()] == [lines(p) for p in report.pages()]


def test_one_zone_and_no_zone():
    run = case()
    one = collect(replace(run, zones=run.zones.iloc[[1]]))
    assert [p.zone_id for p in one.zones] == ["Z2"]
    assert one.overview.grids()["output"].rows[1][3:5] == (None, None)
    none = collect(replace(run, zones=run.zones.iloc[:0]))
    assert none.zones == ()
    assert "没有开发区。" in lines(none.overview)


def test_a_run_without_verdicts_taxes_and_deductions_has_a_report():
    run = case()
    bare = run.parcels[["parcel_id", "source_row", "zone_id", "area_mu", "geometry"]]
    zones = run.zones[["zone_id", "zone_name", "area_mu", "parcel_count", "parcel_mu", "base_mu", "geometry"]]
    page = collect(replace(run, parcels=bare, zones=zones, deductions=pd.DataFrame())).zones[0]
    figures = {r[0]: r[1] for r in page.grids()["figures"].rows}
    assert figures["税收"] is figures["亩均税收"] is figures["剩余可开发·净"] is None
    assert not [b for s in page.sections for b in s.blocks if isinstance(b, Picture)]
    assert "本次运行没有计算剩余可开发面积。" in lines(page)


def test_english(report):
    english = collect(case("en"))
    assert english.overview.title == "City overview"
    shapes = [[(g.key, len(g.rows)) for g in p.grids().values()] for p in english.pages()]
    assert shapes == [[(g.key, len(g.rows)) for g in p.grids().values()] for p in report.pages()]
    figures = {r[0]: r for r in english.zones[0].grids()["figures"].rows}
    assert figures["Tax per mu"][2:] == ("10k yuan/mu", "1/1", "tax 120.00 (10k yuan) over all parcels, 60.00 mu")


def test_maps_are_those_of_the_project():
    pages = collect(case(maps=["inefficient", "supply_status"])).zones
    # supply_status is not known of any parcel
    kinds = [b.theme for s in pages[0].sections for b in s.blocks if isinstance(b, Picture) and b.kind == "map"]
    assert kinds == ["inefficient"]
    assert not any(b.kind == "map" for s in collect(case(maps=[])).zones[0].sections for b in s.blocks
                   if isinstance(b, Picture))  # fmt: skip


def test_spelling():
    assert [spelled(v, "zh") for v in (0, 0.0, -0.0, -0.001, 1234567, None, NOT)] == [
        "0", "0.00", "0.00", "0.00", "1,234,567", "不详", "—",
    ]  # fmt: skip
    assert plain("a\x00\ufffe\ud800\nb") == "a � b"
    assert isinstance(collect(case()).overview.sections[0].blocks[0], Grid)

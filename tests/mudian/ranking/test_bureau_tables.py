"""Tables of zones as bureaus fill them: printed totals, years below a merged header, columns of units; by hand."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import mudian as md

HEADER = ["序号", "开发区名称", "税收（万元）", "用地面积（亩）"]


def book(folder: Path, rows: list[list[object]], *merges: str) -> Path:
    """A workbook of one sheet."""
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    for cells in merges:
        made.active.merge_cells(cells)
    made.save(folder / "a.xlsx")
    return folder / "a.xlsx"


def stated(ranking: md.Ranking) -> dict[str, tuple[float, float, object]]:
    rows = ranking.findings.query("check == 'stated'")
    return {m: (f, e, o) for m, f, e, o in rows[["metric", "found", "expected", "outcome"]].itertuples(index=False)}


@pytest.mark.parametrize("first", [("合计", None), (None, "合 计")])
def test_a_printed_total_is_held_against_the_sum(tmp_path, first):
    """100 + 200 万元 are 300, and the table prints 310; the land of 10 + 10 亩 is right."""
    rows = [HEADER, [1, "甲经开区", 100, 10], [2, "乙经开区", 200, 10], [*first, 310, 20]]
    found = md.rank_zones(book(tmp_path, [["2023年情况表"], *rows, ["注：税收为入库数。"]], "A1:D1"))
    assert found.zones["zone_name"].tolist() == ["乙经开区", "甲经开区"]
    assert stated(found)["tax_wan"] == (300, 310, False)
    assert stated(found)["area_mu"] == (20, 20, True)
    assert "相差 10" in found.text()
    assert found.totals.loc[0, "tax_per_mu"] == 15  # 300 / 20: the printed sum changes nothing


def test_a_total_over_zones_that_are_not_all_known_is_open(tmp_path):
    """乙 has no tax: that the others make 100 does not say whether 310 is right."""
    found = md.rank_zones(book(tmp_path, [HEADER, [1, "甲", 100, 10], [2, "乙", "—", 10], ["合计", None, 310, 20]]))
    assert stated(found)["tax_wan"][:2] == (100, 310)
    assert pd.isna(stated(found)["tax_wan"][2])


def test_a_total_that_rounding_may_explain_is_open():
    """33 333 + 33 333 + 33 333 are 99 999, one less than the 100 000 printed, which is less than 1 in 1000."""
    table = pd.DataFrame({"zone": ["a", "b", "c", "合计"], "tax_wan": [33_333] * 3 + [100_000]})
    assert pd.isna(stated(md.rank_zones(table))["tax_wan"][2])


def test_subtotals_are_held_against_nothing(tmp_path):
    rows = [HEADER, [1, "甲", 100, 10], ["小计", None, 100, 10], [2, "乙", 200, 10], ["小计", None, 200, 10]]
    assert stated(md.rank_zones(book(tmp_path, rows))) == {}


def test_whole_numbers_of_the_user_stand_beside_the_total(tmp_path):
    """A column of whole numbers has no missing cell of its own for the line of the total."""
    table = pd.DataFrame(
        {"zone": ["a", "b"], "tax_wan": [1, 3], "area_mu": [1, 1], "序号": [1, 2], "规上": [True, False]}
    )
    found = md.rank_zones(table)
    assert "合计" in found.text()
    found.save(tmp_path / "a.xlsx")
    assert len(pd.read_excel(tmp_path / "a.xlsx", engine="openpyxl")) == 3


def test_years_in_the_second_line_of_the_header(tmp_path):
    rows = [["开发区", "税收", None, "用地面积（亩）"], [None, "2022年（万元）", "2023年（万元）", None],
            ["甲", 100, 110, 10], ["乙", 200, 190, 10]]  # fmt: skip
    found = md.rank_zones(book(tmp_path, rows, "A1:A2", "B1:C1", "D1:D2")).zones.set_index(["zone_name", "year"])
    assert found["tax_per_mu"].to_dict() == {("甲", 2022): 10, ("乙", 2022): 20, ("甲", 2023): 11, ("乙", 2023): 19}


def test_a_whole_year_in_words_and_a_part_of_one():
    whole = md.rank_zones(pd.DataFrame({"zone": ["a"], "2023年1-12月税收(万元)": [30], "用地面积（亩）": [10]}))
    assert whole.zones[["year", "tax_per_mu"]].to_numpy().tolist() == [[2023, 3]]
    part = md.rank_zones(pd.DataFrame({"zone": ["a"], "2023年1-9月税收(万元)": [30], "亩均税收（万元/亩）": [2]}))
    assert "tax_wan" not in part.zones  # nine months are no year


def test_a_row_per_figure_with_its_unit_in_a_column():
    """1000 万元 over 100 亩 are 10, 2000 over 150 are 13.33."""
    table = pd.DataFrame(
        {"指标": ["税收收入", "用地面积"], "单位": ["万元", "亩"], "甲": [1000, 100], "乙": [2000, 150]}
    )
    found = md.rank_zones(table).zones
    assert found["zone_name"].tolist() == ["乙", "甲"]
    assert found["tax_per_mu"].round(2).tolist() == [13.33, 10]


def test_单位_as_the_name_of_zones_stays_one():
    table = pd.DataFrame({"单位": ["甲", "乙"], "税收（万元）": [10, 20], "用地面积（亩）": [10, 10]})
    assert md.rank_zones(table).zones["zone_name"].tolist() == ["乙", "甲"]


@pytest.mark.parametrize(("lang", "word"), [("zh", "面积"), ("en", "Area")])
def test_money_without_land_says_that_land_is_missing(lang, word):
    found = md.rank_zones(pd.DataFrame({"zone": ["a"], "税收（万元）": [10], "工业用地(公顷)": [3]}), lang=lang)
    assert found.zones["missing"].tolist() == ["area_mu"]
    assert "工业用地(公顷)" in found.text()
    assert word in found.text()


def test_sheets_that_were_not_read_are_told_on_the_screen(tmp_path):
    made = openpyxl.Workbook()
    for name, tax in (("2022年", 10), ("2023年", 20)):
        page = made.create_sheet(name)
        for row in (HEADER, [1, "甲", tax, 10]):
            page.append(row)
    made.save(tmp_path / "a.xlsx")
    assert "2023年 (" in md.rank_zones(tmp_path / "a.xlsx").text()


def test_the_results_of_a_run_are_ranked_over_their_own_base(tmp_path):
    """The zone is 100 mu large, its parcels 50: the run says 500 / 50 = 10, and so does its ranking."""
    table = pd.DataFrame({"zone_name": ["a"], "area_mu": [100.0], "base_mu": [50.0], "tax_wan": [500.0],
                          "tax_per_mu": [10.0], "geometry": [b"\x01\x03"]})  # fmt: skip
    table.to_parquet(tmp_path / "zones.parquet")
    found = md.rank_zones(tmp_path / "zones.parquet")
    assert found.zones["tax_per_mu"].tolist() == pytest.approx([10])
    assert "geometry" not in found.zones
    assert "ranking-ratio-differs" not in set(found.ledger.frame()["code"])

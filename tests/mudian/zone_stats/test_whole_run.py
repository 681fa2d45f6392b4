"""Statistics with every run: in the table, in the workbook, on the judgement sheet, in both languages."""

import openpyxl
import pandas as pd
import pytest
from statrun import run
from tinyproject import write_project

import mudian as md
from mudian.explain.rulebook import Rulebook
from mudian.explain.subject import find_subject
from mudian.workbook import write_workbook
from mudian.zone_stats.definitions import COLUMNS, NUMBERS, definitions, measures
from mudian.zone_stats.display import shown_statistics
from mudian.zone_stats.lines import statistic_lines


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    evaluation = md.evaluate(write_project(folder))
    evaluation.save(folder / "成果", formats=("parquet", "xlsx"))
    return evaluation, folder / "成果"


def test_a_run_writes_them_and_they_come_back(made):
    evaluation, folder = made
    assert list(evaluation.zone_stats.columns) == list(COLUMNS)
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "zone_stats.parquet"), evaluation.zone_stats)
    pd.testing.assert_frame_equal(md.load(folder).zone_stats, evaluation.zone_stats)
    pd.testing.assert_frame_equal(md.zone_statistics(md.load(folder)), evaluation.zone_stats)


def test_tiny_run_by_hand(made):
    """Six parcels of a hectare (15 mu but for the scale of the map), three in each zone; P1 to P3 pay 150 in all.

    P4 pays a known zero; who is on P5 and P6 nobody knows. Nobody says what the land is used for.
    """
    table = made[0].zone_stats.set_index(["zone_id", "measure"])
    value = table["value"]
    mu = made[0].parcels.groupby("zone_id")["area_mu"].sum()
    assert value["Z1", "tax_per_mu_parcel"] == pytest.approx(150 / mu["Z1"])
    assert value["Z2", "tax_per_mu_parcel"] == 0
    assert value["*", "tax_per_mu_parcel"] == pytest.approx(150 / mu.sum())
    assert table["missing"]["Z1", "tax_per_mu_industrial"] == "land_use_code"
    assert table["missing"]["Z1", "zone_investment_per_mu_parcel"] == "fixed_investment_wan"
    assert table["missing"]["Z1", "approved_unsupplied_rate_pct"] == "supply_status"
    assert table["missing"]["Z1", "idle_count"] == "policies"
    assert table["missing"]["Z1", "leading_3_share_pct"] == "industry_code"


def test_every_figure_names_its_source(made):
    table = made[0].zone_stats
    assert (table["source"] != "").all()
    first = table.set_index(["zone_id", "measure"])["source"]
    assert first["Z1", "tax_per_mu_parcel"] == "宗地.shp、企业.csv、用地.csv"
    assert first["Z1", "approved_unsupplied_rate_pct"] == "rules-land 4.1 [S29]; 片区.shp、宗地.shp"


def test_unknown_and_known_are_told_apart_in_every_row(made):
    table = made[0].zone_stats
    known = table["value"].notna() | (table["measure"] == "td_type")
    assert (table.loc[known, "missing"] == "").all()
    assert (table.loc[table["status"] == "unknown", "missing"] != "").all()
    assert not table.loc[table["status"] == "unknown", "value"].notna().any()


def test_the_workbook_has_a_sheet_of_them(made):
    sheet = openpyxl.load_workbook(made[1] / "report.xlsx")["开发区统计"]
    rows = list(sheet.iter_rows(values_only=True))
    heads = list(rows[0])
    first = dict(zip(heads, rows[1], strict=True))
    assert first["开发区名称"] == "开发区合计"
    assert first["指标"] == "亩均税收（按全部宗地）"
    assert first["单位"] == "万元/亩"
    assert first["分子内容"] == "税收（万元）"
    assert first["全省平均"] == 6.47
    assert first["全省平均的出处"].startswith("《深化改革攻坚")
    assert len(rows) == len(made[0].zone_stats) + 1


def test_english_output_of_a_chinese_run(made, tmp_path):
    write_workbook(made[0].spoken("en"), tmp_path / "report.xlsx")
    rows = list(openpyxl.load_workbook(tmp_path / "report.xlsx")["Zone statistics"].iter_rows(values_only=True))
    assert rows[1][1] == "All zones"
    assert "tax per mu of all parcels" in rows[1]
    assert "10k yuan/mu" in rows[1]
    part, own = rows[0].index("Part"), ("Potentials", "Supply and remaining land")  # the run keeps their notes
    text = [c for r in rows if r[part] not in own for c in r if isinstance(c, str) and not c.startswith("《")]
    text = [c for c in text if ".shp" not in c]  # names of files
    assert not [c for c in text if any("\u4e00" <= x <= "\u9fff" for x in c)]


def test_the_judgement_sheet_of_a_zone_tells_them(made):
    sheet = md.explain(made[0], "Z1")
    lines = next(s.lines for s in sheet.sections if s.title == "开发区统计")
    assert lines[0].startswith("亩均税收（按全部宗地）：3.3")
    assert "税收 150.00 ÷ 宗地面积 4" in lines[0]
    assert "全省平均 6.47 万元/亩" in lines[0]
    assert any(line.startswith("亩均税收（按工业仓储用地）：未知，缺") for line in lines)
    assert any(line.startswith("全省平均的出处：") for line in lines)
    assert not [s for s in md.explain(made[0], "370902001001GB00001").sections if s.title == "开发区统计"]


def test_whole_numbers_and_shares_on_the_sheet():
    evaluation = run()
    evaluation = type(evaluation)(**{**vars(evaluation), "zone_stats": md.zone_statistics(evaluation)})
    subject = find_subject(evaluation, "S", kind="zone", lang="zh")
    lines = statistic_lines(evaluation, subject, Rulebook(evaluation.manifest["policies"], "zh"))
    assert "A级企业占比：50.00%（A级企业数 1 ÷ 有等级的企业数 2）" in lines
    assert "最大主导产业占工业营业收入" not in "".join(lines)


def test_words_exist_in_both_languages_and_keys_are_distinct():
    known = definitions()
    names = [m.name for m in measures()]
    assert len(set(names)) == len(names)
    labels = {lang: [m.words[lang] for m in measures()] for lang in ("zh", "en")}
    assert all(len(set(texts)) == len(texts) for texts in labels.values())
    for section in ("groups", "status", "units", "notes", "figures", "divisions", "missing"):
        assert all({"zh", "en"} <= set(entry) for entry in known[section].values()), section
    assert set(NUMBERS) < set(COLUMNS)


def test_nothing_is_shown_where_a_run_has_none():
    assert not len(shown_statistics(run()).columns)

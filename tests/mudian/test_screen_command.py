"""``mudian screen`` and ``mudian.screen``: a finished run screened anew; figures worked by hand.

The small run has four plots of 15 mu (100 m × 100 m) in a row in zone Z1, and a zone Z2 with 6.00 per mu:

    A 15 mu, tax 15 (1.00 per mu), grade D      A and B touch along 100 m
    B 15 mu, tax 30 (2.00 per mu), grade D      between B and C lies a road of 0.5 m, a gap that would be bridged
    C 15 mu, tax 45 (3.00 per mu), grade C
    D 15 mu, tax 210 (14.00 per mu), grade A    no candidate

Z1 as a whole: 300 / 60 = 5.00 per mu, so the gains are (5-1)·15 = 60, (5-2)·15 = 45 and (5-3)·15 = 30. A with B is a
site of 30 mu with a gain of 105, which makes the zone (300+105)/60 = 6.75 per mu and first instead of second; with C
across the road it is 45 mu with 135, and (300+135)/60 = 7.25.
"""

import json
import re
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from xml.etree import ElementTree

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely
from examplerun import example_results

import maps
import mudian as md
from mudian.cli import main
from mudian.errors import UsageError
from mudian.evaluation import Evaluation
from mudian.mapping import map_page
from mudian.screening.mapped import candidate_texts, classed_sites, site_theme
from mudian.screening.words import choices, column_title

LEFT = {"A": 0.0, "B": 100.0, "C": 200.5, "D": 400.0}


def small_run(*, lang="zh", owner="甲公司"):
    """The run of the head of this file."""
    plots = [shapely.box(500_000 + x, 4_000_000, 500_100 + x, 4_000_100) for x in LEFT.values()]
    ids = pd.array(list(LEFT), dtype="str")
    parcels = gpd.GeoDataFrame(
        {
            "parcel_id": ids,
            "source_row": [1, 2, 3, 4],
            "zone_id": pd.array(["Z1"] * 4, dtype="str"),
            "owner": pd.array([owner, "乙公司", "丙公司", "丁公司"], dtype="str"),
            "area_mu": 15.0,
            "supply_status": pd.array(["supplied"] * 4, dtype="str"),
            "tax_wan": [15.0, 30.0, 45.0, 210.0],
            "tax_wan_incomplete": False,
        },
        geometry=plots,
        crs=4548,
    )
    firms = pd.DataFrame(
        {
            "enterprise_id": pd.array(["E1", "E2", "E3", "E4"], dtype="str"),
            "name": pd.array([owner, "乙公司", "丙公司", "丁公司"], dtype="str"),
            "grade": pd.array(["D", "D", "C", "A"], dtype="str"),
        }
    )
    zones = gpd.GeoDataFrame(
        {
            "zone_id": pd.array(["Z1", "Z2"], dtype="str"),
            "zone_name": pd.array(["东区", "西区"], dtype="str"),
            "tax_wan": [300.0, 600.0],
            "base_mu": [60.0, 100.0],
            "tax_per_mu": [5.0, 6.0],
            "developable_mu": [40.0, 0.0],
        },
        geometry=[shapely.box(499_900, 3_999_900, 500_600, 4_000_200), shapely.box(0, 0, 1, 1)],
        crs=4548,
    )
    links = pd.DataFrame(
        {
            "parcel_row": [1, 2, 3, 4],
            "parcel_id": ids,
            "enterprise_id": firms["enterprise_id"],
            "relation": "own",
            "area_m2": 10_000.0,
        }
    )
    pieces = gpd.GeoDataFrame(
        {
            "piece_id": pd.array(["Z1-01", "Z1-02"], dtype="str"),
            "zone_id": pd.array(["Z1", "Z1"], dtype="str"),
            "class": pd.array(["usable", "fragment"], dtype="str"),
            "area_mu": [40.0, 50.0],
        },
        geometry=[shapely.box(500_500, 4_000_000, 500_510, 4_000_010)] * 2,
        crs=4548,
    )
    road = gpd.GeoDataFrame(geometry=[shapely.box(500_200, 3_999_000, 500_200.5, 4_001_000)], crs=4548)
    manifest = {
        "project": {"name": "小区", "as_of": "2025-12-31", "period": "2025", "lang": lang, "policies": []},
        "parameters": {"zone_area_base": "parcel"},
        "policies": [],
        "screening": {"kinds": {"道路": "road"}},
    }
    empty = pd.DataFrame()
    return Evaluation(
        parcels=parcels, enterprises=firms, zones=zones, links=links, candidates=empty, findings=empty, ledger=empty,
        manifest=manifest, developable=pieces, layers={"道路": road},
    )  # fmt: skip


def test_gains_and_the_site_by_hand():
    found = md.screen(small_run(), scenario="zone_mean")
    gains = found.parcels.set_index("parcel_id")["gain_zone_mean_wan"].to_dict()
    assert gains == {"A": 60.0, "B": 45.0, "C": 30.0}
    assert found.sites["parcel_ids"].tolist() == ["A；B"]
    site = found.sites.iloc[0]
    assert (site["area_mu"], site["gain_zone_mean_wan"], site["front_zone_mean"]) == (30.0, 105.0, 1)
    assert (site["zone_tax_per_mu"], site["zone_tax_per_mu_zone_mean"]) == (5.0, 6.75)
    assert (site["zone_rank"], site["zone_rank_zone_mean"], site["zone_developable_mu"]) == (2, 1, 40.0)


def test_roads_part_sites_unless_they_may_be_crossed():
    assert md.screen(small_run()).assemble(40).empty
    crossed = md.screen(small_run(), cross_roads=True, at_least_mu=40)
    assert crossed.sites["parcel_ids"].tolist() == crossed.best["parcel_ids"].tolist() == ["A；B；C"]
    assert crossed.best["gain_wan"].tolist() == [135.0]
    assert crossed.best["gain_per_mu"].tolist() == [3.0]
    assert crossed.sites["zone_tax_per_mu_zone_mean"].tolist() == [7.25]


def test_a_lost_road_layer_is_told():
    """Loaded without its layers a run has no barriers: that must not go unsaid."""
    run = small_run()
    lost = replace(run, layers={}, manifest=run.manifest | {"layers": {"道路": "道路"}})
    assert any("道路" in note and "未能作为障碍" in note for note in md.screen(lost).notes)
    assert not any("未能作为障碍" in note for note in md.screen(run).notes)


def test_an_own_benchmark_comes_first():
    """(10-1)·15 = 135, (10-2)·15 = 120, (10-3)·15 = 105."""
    found = md.screen(small_run(), scenario="own", benchmark_tax_per_mu=10)
    assert found.scenario == "own"
    assert found.parcels.set_index("parcel_id")["gain_own_wan"].to_dict() == {"A": 135.0, "B": 120.0, "C": 105.0}


def test_grades_and_the_least_site_can_be_changed():
    assert set(md.screen(small_run(), grades=["D"]).parcels["parcel_id"]) == {"A", "B"}
    assert md.screen(small_run(), min_site_mu=31).sites.empty
    assert len(md.screen(small_run(), min_site_mu=15).sites) == 2


def test_a_wanted_project_and_land():
    """28 mu fit on the site (2 left over) and on the piece of 40 (12); 35 only on the piece; no fragment is offered."""
    found = md.screen(small_run(), mu=28)
    assert found.matches[["target", "fits", "left_over_mu"]].values.tolist() == [
        ["Z1-S001", True, 2.0],
        ["Z1-01", True, 12.0],
    ]
    found = md.screen(small_run(), mu=35)
    assert found.matches[["target", "fits", "why_not"]].values.tolist() == [
        ["Z1-01", True, ""],
        ["Z1-S001", False, "small"],
    ]


def test_the_text_tells_reasons_and_figures():
    text = md.screen(small_run(), at_least_mu=30, mu=35).text()
    for said in (
        "候选宗地 3 宗，45.00 亩；另有 0 宗无法判断",
        "企业甲公司的评价等级为D（表中所列等级）",
        "现状 1.00 万元/亩；区平均 5.00 → 增量 60.00 万元",
        "企业等级低 2 宗 30.0 亩",
        "开发区亩均税收 5.00 → 6.75，名次 2 → 1（区平均）；剩余可开发 40.00 亩不变",
        "Z1  30.00 亩  区平均 105.00 万元  权利人 2  已证明最佳",
        "剩余地块  Z1-01  Z1  40.00 亩  能落地，余 5.00 亩",
        "成片地块  Z1-S001  Z1  30.00 亩  不能落地：面积不足",
    ):
        assert said in text, said
    assert text.index("A  甲公司") < text.index("B  乙公司") < text.index("C  丙公司")


def test_the_same_in_english():
    text = md.screen(small_run(), at_least_mu=30, lang="en").text(top=1)
    assert "3 candidate parcels, 45.00 mu; 0 more cannot be decided" in text
    assert "enterprise graded D: 甲公司 (grade as given)" in text
    assert "zone tax per mu 5.00 → 6.75, rank 2 → 1 (zone mean)" in text
    assert "… 2 more" in text


def test_a_notebook_shows_it_and_nothing_of_it_runs():
    shown = md.screen(small_run(owner="<script>alert(1)</script>"), at_least_mu=30)._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert shown.count("<table") == 3
    assert ">60.00<" in shown


def test_what_makes_no_sense_is_wrong_use():
    for wrong in ({"mu": 0}, {"at_least_mu": float("nan")}, {"industry": "C36"}, {"scenario": "best"},
                  {"scenario": "own"}, {"min_site_mu": -1}, {"grades": ["Z"]}):  # fmt: skip
        with pytest.raises(UsageError):
            md.screen(small_run(), **wrong)


def test_without_low_grades_nothing_is_listed():
    """No test holds and none is open: the list is empty, and everything can still be shown."""
    found = md.screen(small_run(), grades=[], at_least_mu=1, mu=35)
    assert found.parcels.empty
    assert found.sites.empty
    assert "没有可拼合的地块" in found.text()
    assert found.matches["target"].tolist() == ["Z1-01"]


def test_every_column_of_the_sheets_has_a_name_in_both_languages():
    tables = md.screen(small_run(), at_least_mu=30, mu=35).tables()
    assert set(tables) == {"screening", "sites", "best_site", "wanted", "screening_notes"}
    for table in tables.values():
        for lang in ("zh", "en"):
            titles = [column_title(str(c), lang) for c in table]
            assert not set(titles) & set(map(str, table))
            assert len(set(titles)) == len(titles)


@pytest.fixture(scope="module")
def folder():
    """The example with its results."""
    return example_results()


@pytest.fixture(scope="module")
def run(folder):
    return md.load(folder, layers=True)


def test_screened_anew_a_run_is_what_it_was(run, folder):
    found = md.screen(folder)
    pd.testing.assert_frame_equal(found.parcels, run.screening)
    kept = pd.DataFrame(run.sites).sort_values("site_id").reset_index(drop=True)
    pd.testing.assert_frame_equal(pd.DataFrame(found.sites).sort_values("site_id").reset_index(drop=True), kept)
    assert json.loads(json.dumps(found.screening.notes)) == run.manifest["screening"]


def test_the_command_prints_and_writes(run, folder, tmp_path, capsys):
    """The candidates of the CSV are counted here from verdicts, grades and states alone."""
    assert main(["screen", str(folder), "--top", "2"]) == 0
    printed = capsys.readouterr().out
    low = run.enterprises[run.enterprises["grade"].isin(["C", "D"])]["enterprise_id"]
    stopped = run.enterprises["operating_status"].fillna("").str.contains("停产") & ~run.enterprises[
        "operating_status"
    ].fillna("").str.contains("半停产")
    poor = set(low) | set(run.enterprises["enterprise_id"][stopped])
    rows = set(run.links["parcel_row"][run.links["enterprise_id"].isin(poor)])
    own = run.parcels
    hit = own["source_row"].isin(rows) & (own["supply_status"] == "supplied")
    hit |= own["idle_status"].isin(["idle_1y", "idle_2y", "idle_stopped"]) | own["inefficient"].fillna(False)
    assert f"候选宗地 {hit.sum()} 宗，{own['area_mu'][hit].sum():,.2f} 亩" in printed
    target = tmp_path / "筛选.csv"
    assert main(["screen", str(folder), "--benchmark", "30", "--out", str(target)]) == 0
    assert capsys.readouterr().out.strip() == str(target)
    table = pd.read_csv(target, encoding="utf-8-sig")
    assert set(table["parcel_id"][table["list"] == "candidate"]) == set(own["parcel_id"][hit])
    known = table.dropna(subset="tax_now_wan")
    assert ((30 * known["area_mu"] - known["tax_now_wan"]) - known["gain_own_wan"]).abs().max() < 1e-6
    assert table["gain_own_wan"].notna().equals(table["tax_now_wan"].notna())


def test_the_workbook_of_the_command(folder, tmp_path):
    target = tmp_path / "list.xlsx"
    assert main(["--lang", "en", "screen", str(folder), "--at-least", "60", "--mu", "40", "--out", str(target)]) == 0
    book = openpyxl.load_workbook(target)
    assert book.sheetnames == ["Redevelopment", "Sites", "Best site", "Wanted project", "Screening notes"]
    assert book["Redevelopment"]["A1"].value == "Parcel code"
    assert book["Best site"]["F2"].value >= 1
    assert list(tmp_path.iterdir()) == [target]


def test_the_report_has_the_sheets(run, folder):
    book = openpyxl.load_workbook(folder / "report.xlsx")
    assert {"腾笼换鸟", "成片地块", "筛选口径"} <= set(book.sheetnames)
    sheet = book["成片地块"]
    heads = [c.value for c in sheet[1]]
    assert len(heads) == len(set(heads))
    table = pd.DataFrame(list(sheet.iter_rows(min_row=2, values_only=True)), columns=heads)
    sites = pd.DataFrame(run.sites).set_index("site_id").loc[table["成片地块编号"]]
    assert len(table) == len(run.sites)
    assert table["预期增量·区平均（万元）"].tolist() == pytest.approx(sites["gain_zone_mean_wan"].tolist(), nan_ok=True)
    fronts = sites["front_top_quartile"].astype("Float64").fillna(0).tolist()
    assert table["帕累托层·前四分之一"].fillna(0).tolist() == fronts
    for site, reasons in zip(table["成片地块编号"], table["入列原因"], strict=True):
        inside = run.screening[run.screening["site_id"] == site]
        low = inside["reasons"].str.contains("low_grade").sum()
        assert (f"企业等级低 {low} 宗" in reasons) == (low > 0), site
    marked = [str(a.sqref) for a in sheet.conditional_formatting]
    assert len(marked) == sum(h.startswith("帕累托层") for h in heads)


def test_the_layer_of_sites_is_styled_and_its_rules_count_what_pandas_counts(run, folder):
    with closing(sqlite3.connect(folder / "evaluation.gpkg")) as base:
        ((name, qml),) = base.execute("SELECT styleName, styleQML FROM layer_styles WHERE f_table_name = 'sites'")
        root, left = ElementTree.fromstring(qml.partition("\n")[2]), len(run.sites)
        counts = {}
        for rule in root.iterfind("renderer-v2/rules/rule"):
            test = rule.get("filter")
            if test != "ELSE":
                counts[rule.get("label")] = base.execute(f"SELECT count(*) FROM sites WHERE {test}").fetchone()[0]
                left -= counts[rule.get("label")]
    gain, front = run.sites["gain_zone_mean_wan"], run.sites["front_zone_mean"].eq(1).fillna(False)
    assert name == "成片地块"
    assert counts == {
        "帕累托第1层": front.sum(),
        "其他有增量": ((gain > 0) & ~front).sum(),
        "无增量": (gain <= 0).sum(),
    }
    assert left == gain.isna().sum()
    assert root.get("labelsEnabled") == "1"
    assert root.find("labeling/settings/text-style").get("fieldName") == "site_id"


def test_the_page_has_a_layer_of_sites_with_cards(run):
    html = map_page(run).html
    data = json.loads(re.search(r'id="page-data">(.*?)</script>', html, re.DOTALL)[1])
    layers = {o["title"]: o for o in data["overlays"] if o["title"].startswith("成片地块")}
    counts = classed_sites(run.sites, "zone_mean")["site_class"].value_counts().to_dict()
    words = choices()["site_classes"]
    assert {t: len(o["labels"]) for t, o in layers.items()} == {
        f"成片地块 · {words[c]['zh']}": counts[c] for c in words if c in counts
    }
    for layer in layers.values():
        lines = [line["label"] for line in layer["card"]]
        assert {"入列原因", "预期增量·区平均（万元）", "腾退难易度（0难–1易）", "所含宗地"} <= set(lines)
        assert len(layer["columns"]) == len(lines)
        assert not layer["shown"]


def test_the_card_of_a_parcel_tells_why_it_is_on_the_list():
    """D is no candidate and its card says nothing; C has no site."""
    found = md.screen(small_run(), scenario="zone_mean")
    run = replace(small_run(), screening=found.parcels, sites=found.sites)
    run = replace(run, manifest=run.manifest | {"screening": found.screening.notes})
    made = candidate_texts(run, "zh")
    assert made[0].startswith("企业等级低；增量：区平均 60.00 万元")
    assert made[0].endswith("；帕累托第1层；Z1-S001")
    assert "Z1-S" not in made[2]
    assert "增量：区平均 30.00 万元" in made[2]
    assert pd.isna(made[3])


def test_packs_that_changed_or_are_gone_are_told(folder, tmp_path):
    """Elsewhere the example's own pack is not beside the results: the floor of the run stays, admission is unknown."""
    moved = shutil.copytree(folder, tmp_path / "成果")
    found, before = md.screen(moved, mu=40), md.screen(folder, mu=40)
    assert any("政策包读不到" in note for note in found.notes)
    assert not any("政策包读不到" in note for note in before.notes)
    columns = ["parcel_id", "benchmark_standard_floor", "gain_standard_floor_wan", "floor_missing"]
    pd.testing.assert_frame_equal(found.parcels[columns], before.parcels[columns])
    assert found.wanted["admission"].tolist() == ["unknown"]
    pack = (folder.parent / "示例政策.toml").read_text("utf-8")
    (tmp_path / "示例政策.toml").write_text(pack, "utf-8")
    assert not any("政策包读不到" in note for note in md.screen(moved).notes)
    assert "value = 4," in pack
    (tmp_path / "示例政策.toml").write_text(pack.replace("value = 4,", "value = 5,"), "utf-8")
    assert any("政策包读不到" in note for note in md.screen(moved).notes)


@pytest.mark.parametrize(
    "words",
    [
        ["--at-least", "0"],
        ["--at-least", "x"],
        ["--industry", "C36"],
        ["--scenario", "own"],
        ["--project", "plot_ratio"],
        ["--mu", "5", "--project", "plot_ratio"],
        ["--out", "list.pdf"],
        ["--top", "0"],
    ],
)
def test_wrong_use_is_one_block(folder, words, capsys):
    assert main(["screen", str(folder), *words]) == 2
    error = capsys.readouterr().err
    assert error.startswith("问题: ")
    assert "Traceback" not in error


def test_no_run_is_wrong_use(tmp_path, capsys):
    assert main(["screen", str(tmp_path)]) == 2
    assert str(tmp_path) in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_told(folder, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["screen", str(folder), "--out", str(tmp_path / "file" / "a.xlsx")]) == 3
    assert capsys.readouterr().err.startswith("问题: ")


def test_the_classes_of_the_map_hold_every_site_once(run):
    done = maps.classify(classed_sites(run.sites, "top_quartile"), site_theme("zh"), area="area_mu")
    assert sum(row.count for row in done.legend) + done.no_data.count == len(run.sites)

"""The 13 items of Shandong: found by their names, ranked one by one, scored only with weights and a way of scoring."""

import pandas as pd
import pytest

import mudian as md
from mudian.errors import UsageError
from mudian.ranking.items import item_list

NAMES = [i.zh for i in item_list("shandong2021").items]
EQUAL = {f"{n:02d}": 1.0 for n in range(1, 14)}


def table(**changes):
    columns = {"园区": ["甲", "乙", "丙"], "亩均税收（万元/亩）": [4.0, 2, 1], "投资强度（万元/亩）": [4.0, 2, 1]}
    columns |= {n: [4.0, 2, 1] for n in NAMES[2:]}
    return pd.DataFrame(columns | changes)


def test_the_items_are_those_of_the_annex():
    assert len(NAMES) == 13
    assert NAMES[0] == "亩均税收"
    assert NAMES[-1].startswith("“十强”产业")
    assert item_list("shandong2021").source == "seed 000:56-68"
    with pytest.raises(UsageError, match="shandong2021"):
        item_list("shandong1999")


def test_without_weights_there_are_ranks_and_no_score():
    found = md.rank_zones(table(产业集聚度=[1.0, None, 3]), items="shandong2021").score({})
    zones = found.items.set_index("zone_name")
    assert zones["rank_item_12"].fillna(-1).to_dict() == {"丙": 1, "甲": 2, "乙": -1}
    assert zones["score"].isna().all()
    assert zones["score_missing"].iloc[0].count("parameter:shandong2021.weight.") == 13
    assert "shandong2021.weight.07" in found.findings.query("check == 'score'")["note"].str.cat()


@pytest.mark.parametrize(
    ("kernel", "points"),
    [("ratio_to_best", [13, 6.5, 3.25]), ("minmax", [13, 13 / 3, 0]), ("rank", [13, 26 / 3, 13 / 3])],
)
def test_points_of_every_way_of_scoring(kernel, points):
    found = md.rank_zones(table(), items="shandong2021").score(EQUAL, kernel=kernel).items.set_index("zone_name")
    assert found.loc[["甲", "乙", "丙"], "score"].tolist() == pytest.approx(points)
    assert found.loc[["甲", "乙", "丙"], "rank_score"].tolist() == [1, 2, 3]


@pytest.mark.parametrize(("missing", "score"), [("unknown", None), ("zero", 12.0), ("reweigh", 13.0)])
def test_what_a_missing_item_gives_is_a_choice(missing, score):
    ranking = md.rank_zones(table(进出口总额=[None, 2.0, 1]), items="shandong2021")
    found = ranking.score(EQUAL, kernel="ratio_to_best", missing=missing).items.set_index("zone_name").loc["甲"]
    assert found["score_missing"] == "item_05"
    assert (None if pd.isna(found["score"]) else pytest.approx(found["score"])) == score


def test_a_weight_by_name_key_or_number_and_one_that_is_none():
    ranking = md.rank_zones(table(), items="shandong2021")
    given = {"亩均税收": 1.0, "shandong2021.weight.02": 1.0, "3": 1.0} | {f"{n:02d}": 1.0 for n in range(4, 14)}
    assert ranking.score(given, kernel="rank").items["score"].notna().all()
    with pytest.raises(UsageError, match="14"):
        ranking.score({"14": 1.0})
    with pytest.raises(UsageError, match="--items"):
        md.rank_zones(table()).score(EQUAL)


def test_a_best_value_that_is_no_benchmark_gives_no_points():
    ranking = md.rank_zones(table(进出口总额增长率=[-1.0, -2, -3]), items="shandong2021")
    found = ranking.score(EQUAL, kernel="ratio_to_best")
    assert found.items["score"].isna().all()
    assert "进出口总额增长率" in found.findings.query("check == 'score'")["note"].str.cat()


def test_weights_from_a_file_through_the_command_line(tmp_path):
    from mudian.cli import main

    table().to_csv(tmp_path / "a.csv", index=False)
    lines = [f'"shandong2021.weight.{n:02d}" = 1' for n in range(1, 14)]
    (tmp_path / "w.toml").write_text("\n".join(lines), encoding="utf-8")
    out = tmp_path / "o.xlsx"
    words = ["rank", str(tmp_path / "a.csv"), "--items", "shandong2021", "--weights", str(tmp_path / "w.toml")]
    assert main([*words, "--kernel", "ratio_to_best", "--out", str(out)]) == 0
    shown = pd.read_excel(out, sheet_name="指标排名", engine="openpyxl").set_index("开发区名称")
    assert shown["综合得分"].to_dict() == pytest.approx({"甲": 13, "乙": 6.5, "丙": 3.25})
    assert "产业集聚度排名" in shown

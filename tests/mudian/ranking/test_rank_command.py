"""``mudian rank`` on the printed tables: every number of them that can be worked out by hand."""

import openpyxl
import pandas as pd
import pytest

import mudian as md
from mudian.cli import main
from tests.mudian.ranking.liaocheng import PROGRESS, SHARED, TABLES, files, write

NAMES = ["transcribed", *(["shared"] if SHARED.is_dir() else [])]


@pytest.fixture(params=NAMES)
def table(request, tmp_path):
    """A printed table by name: as transcribed here, and as the shared file has it."""
    return lambda name: files(name, tmp_path)[NAMES.index(request.param)]


def workbook(path):
    book = openpyxl.load_workbook(path)
    return {s.title: [list(r) for r in s.iter_rows(values_only=True)] for s in book}


def sheet(path, title):
    head, *rows = workbook(path)[title]
    return pd.DataFrame(rows, columns=head)


def rank(table, out, *words):
    assert main(["rank", str(table), "--out", str(out), *words]) == 0
    return out


def test_every_zone_moves_as_published(table, tmp_path):
    out = rank(table("seed002_ranks.csv"), tmp_path / "o.xlsx", "--zone-count", "160")
    moved = sheet(out, "位次变化").pivot_table(index="开发区名称", columns="年度", values="进位（+）退位（-）")
    assert {z: (int(a), int(b)) for z, a, b in zip(moved.index, moved[2020], moved[2021], strict=True)} == PROGRESS


def test_one_zone_in_the_first_50_and_five_after_rank_100(table, tmp_path):
    claims = tmp_path / "claims.csv"
    claims.write_text(
        "说法,指标,类型,范围,名次,年度,说法中的数,读法\n"
        "前50名的仅有1家,综合排名,count,前,50,2021,1,\n"
        "100名后的有5家,综合排名,count,后,100,2021,5,after_rank\n",
        encoding="utf-8",
    )
    out = rank(table("seed002_ranks.csv"), tmp_path / "o.xlsx", "--claims", str(claims))
    found = sheet(out, "核对").query("核对内容 == '说法'")
    assert found["是否成立"].tolist() == ["是", "是"]
    assert found["开发区"].tolist()[0] == "阳谷经开区"
    assert set(found["开发区"].tolist()[1].split("、")) == {
        "茌平经开区", "东阿经开区", "高唐经开区", "聊城经开区", "聊城高新区"
    }  # fmt: skip


def test_rewards_of_jinan_and_the_interview_of_lianyungang(table, tmp_path):
    out = rank(
        table("seed002_ranks.csv"), tmp_path / "o.xlsx", "--policies", "jinan-2022", "lianyungang-2022",
        "--as-of", "2022-12-31", "--zone-count", "160",
    )  # fmt: skip
    found = sheet(out, "奖惩").query("年度 == 2021")
    award = found[found["条目"] == "jinan2022.award"].set_index("开发区名称")["金额（万元）"]
    assert award[award > 0].to_dict() == {"高唐经开区": 100, "鲁西经开区": 50, "茌平经开区": 50}
    assert len(award) == 10
    assert (award.drop(["高唐经开区", "鲁西经开区", "茌平经开区"]) == 0).all()
    interview = found[found["条目"] == "lianyungang.interview"].set_index("开发区名称")["是否成立"]
    assert interview[interview != "否"].to_dict() == {"聊城经开区": "是"}
    assert set(sheet(out, "核对").query("核对内容 == '适用地方'")["说法"]) == {"jinan-2022", "lianyungang-2022"}


def test_the_interview_of_jinan_is_open_until_its_reading_is_chosen(table, tmp_path):
    words = ["--policies", "jinan-2022", "--as-of", "2022-12-31", "--zone-count", "160", "--whole-city"]
    source = table("seed002_ranks.csv")

    def outcomes(out):
        found = sheet(out, "奖惩").query("条目 == 'jinan2022.interview' and 年度 == 2021")
        return found.set_index("开发区名称")["是否成立"]

    open_ = outcomes(rank(source, tmp_path / "a.xlsx", *words))
    assert set(open_.index[open_ == "不能确定"]) == {
        "东阿经开区",
        "聊城经开区",
    }  # last two of the city, not of the province
    either = outcomes(rank(source, tmp_path / "b.xlsx", *words, "--parameter", "jinan2022.interview.reading=any"))
    assert set(either.index[either == "是"]) == {"东阿经开区", "聊城经开区"}
    both = outcomes(rank(source, tmp_path / "c.xlsx", *words, "--parameter", "jinan2022.interview.reading=all"))
    assert (both == "否").all()


def test_seven_of_ten_fit_only_one_reading_of_the_last_100(table, tmp_path):
    claims = tmp_path / "说法.toml"
    claims.write_text(
        """
        [[claims]]
        text = "10家开发区中7个开发区亩均税收位于全省开发区后100位"
        metric = "亩均税收全省排名"
        kind = "count"
        side = "后"
        n = 100
        of = 160
        rows = 10
        expected = 7
        [[claims]]
        text = "亩均投资强度均处于全省100位以后"
        metric = "投资强度全省排名"
        kind = "均"
        n = 100
        """,
        encoding="utf-8",
    )
    out = rank(table("seed002_intensity.csv"), tmp_path / "o.xlsx", "--claims", str(claims))
    found = sheet(out, "核对")
    rows = found[found["核对内容"] == "开发区数"].iloc[0]
    assert (rows["表中得数"], rows["说法中的数"], rows["是否成立"]) == (9, 10, "否")
    seven = found[found["说法"].astype(str).str.startswith("10家") & (found["核对内容"] == "说法")].set_index("读法")
    last, after, upon = seven.index
    assert (last, after) == ("最后100名（名次 > 160 - 100，即 ≥ 61）", "第100名以后（名次 > 100）")
    assert seven.loc[last, ["表中得数", "至多", "是否成立"]].tolist() == [8, 9, "否"]
    assert seven.loc[after, ["表中得数", "至多", "是否成立"]].tolist() == [6, 7, "不能确定"]
    assert "茌平经开区" not in seven.loc[last, "开发区"]
    every = found[found["说法"] == "亩均投资强度均处于全省100位以后"].set_index("读法")["是否成立"]
    assert every[after] == "否"
    assert every[upon] == "是"
    exceptions = found[(found["说法"] == "亩均投资强度均处于全省100位以后") & (found["是否成立"] == "否")]["开发区"]
    assert exceptions.tolist() == ["阳谷经开区"]


def test_printed_ranks_agree_with_the_figures(table, tmp_path):
    found = sheet(rank(table("seed002_intensity.csv"), tmp_path / "o.xlsx"), "核对").query("核对内容 == '次序'")
    assert found["是否成立"].tolist() == ["是", "是"]
    assert found["表中得数"].tolist() == [9, 9]


def test_the_canonical_table_has_figures_and_ranks(table, tmp_path):
    made = pd.read_csv(rank(table("seed002_intensity.csv"), tmp_path / "o.csv")).set_index("zone_name")
    assert made.loc["茌平经开区", ["tax_per_mu", "investment_per_mu", "rank_tax_per_mu"]].tolist() == [26.3, 31.23, 1]
    assert made["rank_tax_per_mu"].tolist() == list(range(1, 10))
    assert made.loc["阳谷经开区", "rank_investment_per_mu"] == 1
    assert made["printed_rank_tax_per_mu"].is_monotonic_increasing


def test_remaining_area_adds_up(table, tmp_path):
    found = sheet(rank(table("seed002_remaining_area.csv"), tmp_path / "o.xlsx"), "排名").set_index("开发区名称")
    area = found["剩余面积（亩）"]
    assert area["东阿经开区"] == pytest.approx(450)
    assert area["聊城高新区"] == pytest.approx(10_830)
    assert area["合计"] == pytest.approx(55_095)


def test_lishui_is_a_ratio_of_sums_and_never_a_mean_of_ratios(table, tmp_path, capsys):
    source = table("lishui_2019_counties.csv")
    words = ["--field", "zone_name=area"]
    totals = [w for t in ("tax_wan=573,564", "value_added_wan=2,236,605", "area_mu=30341") for w in ("--total", t)]
    with_totals = rank(source, tmp_path / "a.xlsx", *words, *totals)
    row = sheet(with_totals, "排名").set_index("开发区名称").loc["合计"]
    assert row["亩均税收（万元/亩）"] == pytest.approx(18.9039, abs=5e-5)
    assert row["亩均增加值（万元/亩）"] == pytest.approx(73.7156, abs=5e-5)
    alone = rank(source, tmp_path / "b.xlsx", *words)
    assert sheet(alone, "排名").set_index("开发区名称").loc["合计", "亩均税收（万元/亩）"] is None or pd.isna(
        sheet(alone, "排名").set_index("开发区名称").loc["合计", "亩均税收（万元/亩）"]
    )
    assert "比值的平均不是总体的比值" in sheet(alone, "核对")["说明"].str.cat()
    capsys.readouterr()
    assert main(["rank", str(source), *words]) == 0
    shown = capsys.readouterr().out
    for path in (with_totals, alone):
        shown += str(workbook(path))
    assert "20.95" not in shown
    assert "20.96" not in shown
    assert "209.58" not in shown


def test_the_screen_in_both_languages(tmp_path, capsys):
    source = write("seed002_intensity.csv", tmp_path)
    assert main(["rank", str(source)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "排名"
    assert lines[2].split()[:3] == ["茌平经开区", "26.30", "31.23"]
    assert main(["--lang", "en", "rank", str(source)]) == 0
    assert "Tax per mu (10k yuan/mu)" in capsys.readouterr().out


def test_a_name_that_looks_like_a_formula_stays_a_name(tmp_path):
    source = tmp_path / "a.csv"
    source.write_text("园区,亩均税收(万元/亩)\n=1+1,3\n@甲,2\n", encoding="utf-8")
    book = openpyxl.load_workbook(rank(source, tmp_path / "o.xlsx"))
    cell = book["排名"]["A2"]
    assert (cell.value, cell.data_type) in (("=1+1", "s"), ("=1+1", "inlineStr"))
    assert "'=1+1" in rank(source, tmp_path / "o.csv").read_text("utf-8-sig")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--ties", "worst"], 2, "worst"),
        (["--out", "o.docx"], 2, "o.docx"),
        (["--field", "zone_name"], 2, "zone_name"),
        (["--total", "tax_wan=many"], 2, "many"),
        (["--total", "gdp=1"], 2, "gdp"),
        (["--weights", "w.toml"], 2, "--items"),
        (["--items", "nowhere"], 2, "shandong2021"),
        (["--group", "级"], 2, "--group"),
        (["--policies", "nowhere-1999"], 2, "nowhere-1999"),
        (["--as-of", "yesterday"], 2, "yesterday"),
        (["--claims", "none.csv"], 3, "none.csv"),
    ],
)
def test_wrong_use_is_said_in_one_block(tmp_path, capsys, monkeypatch, words, code, said):
    monkeypatch.chdir(tmp_path)
    source = write("seed002_intensity.csv", tmp_path)
    assert main(["rank", str(source), *words]) == code
    assert said in capsys.readouterr().err
    assert not [p for p in tmp_path.iterdir() if p.suffix in (".docx", ".xlsx")]


def test_the_same_from_python():
    table = pd.DataFrame({"zone": ["甲", "乙"], "tax_wan": [10.0, 90.0], "area_mu": [10.0, 10.0]})
    ranking = md.rank_zones(table)
    assert isinstance(ranking, md.Ranking)
    assert ranking.totals.loc[0, "tax_per_mu"] == 5.0  # (10 + 90) / 20
    assert ranking.zones["zone_name"].tolist() == ["乙", "甲"]


def test_all_transcribed_tables_are_those_shared(tmp_path):
    for name in TABLES:
        mine, *shared = files(name, tmp_path)
        for other in shared:
            a, b = (pd.read_csv(f, comment="#") for f in (mine, other))
            pd.testing.assert_frame_equal(a, b[list(a.columns)])

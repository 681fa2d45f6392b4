"""Whole runs with several periods."""

import pandas as pd
import pytest
from tinyproject import E1, E2, E3, E4, write_project

import mudian as md
from mudian.errors import ProjectError
from mudian.project import load_project

HEAD = "统一社会信用代码,企业名称,所属期,税收（万元）,评价等级\n"
ROWS = (
    f"{E1},甲公司,2025年,120,D", f"{E2},乙公司,2025年,60,D", f"{E3},丙公司,2025年,10,D", f"{E4},丁公司,2025年,5,B",
    f"{E1},甲公司,2024年,100,D", f"{E2},乙公司,2024年,0,", f"{E3},丙公司,2024年,-5,C",
    f"{E1},甲公司,2023,80,D", f"{E2},乙公司,2023,50,D", f"{E3},丙公司,去年,50,D",
)  # fmt: skip


def project(folder, rows=ROWS, *, head=HEAD, period="2025", more="", packs=("yangzhou-2025", "shandong-2019")):
    file = write_project(folder)
    (folder / "企业.csv").write_text(head + "\n".join(rows) + "\n", "utf-8")
    line = f'period = "{period}"\n' if period else ""
    packs = ", ".join(f'"{p}"' for p in packs)
    text = file.read_text("utf-8").replace('period = "2025"\n', f"{line}policies = [{packs}]\n")
    file.write_text(text + more, "utf-8")
    return file


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Grades are stated by the enterprise table, as no pack has a method."""
    folder = tmp_path_factory.mktemp("periods")
    return md.evaluate(project(folder, packs=("yangzhou-2025",)))


def test_two_years_of_d_running_are_low_efficiency_land(run):
    """甲: D in 2024 and 2025, yes. 乙: 2024 unknown, so unknown although 2023 was D. 丙: C in 2024, no. 丁: B, no."""
    found = run.findings[run.findings["rule_id"] == "yangzhou.grade_low"].set_index("subject_id")["outcome"]
    assert bool(found[E1])
    assert pd.isna(found[E2])
    assert not found[E3]
    own = run.enterprises.set_index("enterprise_id")
    assert own.loc[[E1, E3], "previous_grade"].tolist() == ["D", "C"]
    assert own.loc[[E1, E3], "previous_grade_source"].tolist() == ["stated", "stated"]
    assert pd.isna(own.loc[E2, "previous_grade"])


def test_another_area_basis_leaves_the_grade_of_the_year_before_alone(run):
    """No area stands in the rule, so no verdict on two years running rests on the basis."""
    assert run.parcels["area_basis_flips"].fillna("").eq("").all()
    assert run.parcels["inefficient"].fillna(False).sum() == 2  # the two parcels of 甲


def test_years_in_a_row_of_the_run(run):
    own = run.enterprises.set_index("enterprise_id")
    assert own["grade_years"].tolist() == [3, 1, 1, 1]
    assert own.loc[E3, "grade_years_max"] == 1
    assert pd.isna(own.loc[E1, "grade_years_max"])


def test_zones_grow_by_the_ratio_of_sums(run):
    """Z1 is 甲 and 乙: 100 + 0 → 120 + 60, +80 %; the mean of the two rates would not even exist."""
    own = run.growth[(run.growth["id"] == "Z1") & (run.growth["period"] == "2025")].set_index("measure")
    assert own.loc["tax_wan", ["base", "value", "growth"]].tolist() == pytest.approx([100.0, 180.0, 0.8])
    assert own.loc["tax_per_mu", "growth"] == pytest.approx(0.8)


def test_the_judgement_sheet_tells_growth_and_grades(run):
    """甲: 100 → 120, +20.0 %; 乙: base zero; D since 2023, since 2025 after an unknown year."""
    text = str(md.explain(run, E1))
    assert "税收：2025 为 120.00 万元，2024 为 100.00 万元，增长 20.0%" in text
    assert "评价等级：2023 起 D（企业表填报）" in text
    assert "处于现等级至少连续 3 年" in text
    other = str(md.explain(run, E2))
    assert "不计算增长率（基期为零，无增长率）" in other
    assert "2024 起不详、2025 起 D（企业表填报）" in other
    assert "up 80.0%" in str(md.explain(run, "Z1", lang="en"))


def test_unreadable_periods_stand_in_the_ledger(run):
    rows = run.ledger[run.ledger["code"] == "period-unreadable"]
    assert rows[["row", "before"]].to_numpy().tolist() == [[11, "去年"]]


def test_money_of_other_periods_is_accounted_for(run):
    """120 + 60 + 10 + 5 = 195 are evaluated, 100 + 0 − 5 + 80 + 50 + 50 = 275 are not; 丁 has no land."""
    account = run.manifest["conservation"]["tax_wan"]
    assert account["input"] == pytest.approx(470.0)
    assert account["unallocated"] == {"enterprise_without_land": 5.0, "period": 275.0}


def test_what_is_saved_is_loaded(run, tmp_path):
    run.save(tmp_path / "out", formats=("parquet", "xlsx"))
    again = md.load(tmp_path / "out")
    pd.testing.assert_frame_equal(again.growth, run.growth, check_categorical=False)
    assert again.history.shape == run.history.shape
    sheets = pd.ExcelFile(tmp_path / "out" / "report.xlsx", engine="calamine").sheet_names
    assert {"历年变化", "等级变化"} <= set(sheets)


def test_the_order_of_rows_does_not_matter(run, tmp_path):
    again = md.evaluate(project(tmp_path, ROWS[::-1], packs=("yangzhou-2025",)))
    keys = ["level", "id", "scope", "measure", "period", "base_period"]
    left, right = (g.astype("object").sort_values(keys, ignore_index=True) for g in (run.growth, again.growth))
    pd.testing.assert_frame_equal(left, right)
    columns = ["previous_grade", "grade_years", "inefficient"]
    both = [e.enterprises.set_index("enterprise_id").sort_index() for e in (run, again)]
    for column in (c for c in columns if c in both[0]):
        pd.testing.assert_series_equal(both[0][column], both[1][column])


def test_one_period_alone_changes_nothing(tmp_path):
    result = md.evaluate(project(tmp_path, ROWS[:4]))
    assert not len(result.history.columns)
    assert not len(result.growth.columns)
    assert "grade_years" not in result.enterprises


def test_the_ladder_in_a_run(tmp_path):
    """甲 three years: 0.15. 乙 with 2024 missing: due, the amount unknown. 丙 C, then D: 0.05. 丁 B: none."""
    rows = [*ROWS[:9], f"{E3},丙公司,2023,50,D"]
    result = md.evaluate(project(tmp_path, rows))
    due = result.surcharges.set_index("enterprise_id")
    assert due.loc[[E1, E3, E4], "amount"].tolist() == [0.15, 0.05, 0.0]
    assert due["due"].tolist() == [True, True, True, False]
    assert pd.isna(due.loc[E2, "amount"])
    text = str(md.explain(result, E1))
    assert "应加价" in text


def test_the_latest_period_is_taken_and_said(tmp_path):
    """On 2025-12-31 the year 2025 is over; on the day before it is not, and 2024 is taken."""
    file = project(tmp_path, period="")
    result = md.evaluate(file)
    assert result.manifest["project"]["period"] == "2025"
    assert result.ledger["code"].eq("period-latest").sum() == 1
    file.write_text(file.read_text("utf-8").replace("2025-12-31", "2025-12-30"), "utf-8")
    assert md.evaluate(file).manifest["project"]["period"] == "2024"


def test_without_any_period_the_project_must_say_one(tmp_path):
    file = project(tmp_path, [f"{E1},甲公司,120"], head="统一社会信用代码,企业名称,税收（万元）\n", period="")
    with pytest.raises(ProjectError) as error:
        md.evaluate(file)
    assert 'period = "2025"' in error.value.render("zh")


def test_quarters_make_up_the_evaluated_half(tmp_path):
    """甲: 30 + 40 = 70. 乙 has the first quarter only and is not counted; its 9 stand aside."""
    rows = [f"{E1},甲公司,2025年一季度,30,", f"{E1},甲公司,2025年二季度,40,", f"{E2},乙公司,2025Q1,9,"]
    result = md.evaluate(project(tmp_path, rows, period="2025H1"))
    assert result.enterprises[["enterprise_id", "tax_wan"]].to_numpy().tolist() == [[E1, 70.0]]
    assert result.manifest["conservation"]["tax_wan"]["unallocated"]["period"] == pytest.approx(9.0)
    codes = set(result.ledger["code"])
    assert {"period-summed", "period-part-year"} <= codes


def test_flows_are_brought_to_a_year_only_on_request(tmp_path):
    """30 in three months are 120 in twelve; the history keeps the 30."""
    rows = [f"{E1},甲公司,2025Q1,30,", f"{E1},甲公司,2024Q1,20,"]
    plain = md.evaluate(project(tmp_path / "a", rows, period="2025Q1"))
    assert plain.enterprises["tax_wan"].tolist() == [30.0]
    asked = md.evaluate(project(tmp_path / "b", rows, period="2025Q1", more="[periods]\nannualise = true\n"))
    assert asked.enterprises["tax_wan"].tolist() == [120.0]
    assert "period-annualised" in set(asked.ledger["code"])
    own = asked.growth[(asked.growth["id"] == E1) & (asked.growth["measure"] == "tax_wan")].iloc[0]
    assert (own["value"], own["base"], own["growth"]) == pytest.approx((30.0, 20.0, 0.5))


def test_tables_of_other_years_and_a_table_of_grades(tmp_path):
    """2024 comes from a file without a period column, in 元; the grades from a table with a column per year."""
    more = '[[periods.enterprises]]\npath = "企业2024.csv"\nperiod = "2024"\n[periods.grades]\npath = "等级.csv"\n'
    file = project(tmp_path, ROWS[:4], more=more, packs=("yangzhou-2025",))
    (tmp_path / "企业2024.csv").write_text(f"统一社会信用代码,企业名称,税收（元）\n{E1},甲公司,1000000\n", "utf-8")
    (tmp_path / "等级.csv").write_text(
        f"统一社会信用代码,2022年评价等级,2023年评价等级,2024年评价等级\n{E1},C类,D类,D类\n{E2},D,D,未评价\n", "utf-8"
    )
    result = md.evaluate(file)
    own = result.growth[(result.growth["id"] == E1) & (result.growth["measure"] == "tax_wan")].iloc[0]
    assert own["growth"] == pytest.approx(0.2)
    firms = result.enterprises.set_index("enterprise_id")
    assert firms.loc[E1, ["previous_grade", "previous_grade_source"]].tolist() == ["D", "given"]
    assert (firms.loc[E1, "grade_years"], firms.loc[E1, "grade_years_max"]) == (3, 3)
    assert pd.isna(firms.loc[E2, "previous_grade"])
    assert firms.loc[E2, "grade_years"] == 1
    assert {"periods:1", "periods:grades"} <= set(result.manifest["inputs"])


def test_the_same_period_in_two_tables(tmp_path):
    more = '[[periods.enterprises]]\npath = "企业2024.csv"\nperiod = "2024"\n'
    file = project(tmp_path, more=more)
    (tmp_path / "企业2024.csv").write_text(f"统一社会信用代码,企业名称,税收（万元）\n{E1},甲公司,99\n", "utf-8")
    result = md.evaluate(file)
    own = result.ledger[result.ledger["code"] == "period-given-twice"]
    assert own[["id", "field", "before", "after"]].to_numpy().tolist() == [[E1, "tax_wan", "99", "100"]]
    told = result.history[(result.history["id"] == E1) & (result.history["period"] == "2024")].set_index("measure")
    assert told.loc["tax_wan", "value"] == 100.0


def test_later_periods_are_not_history(tmp_path):
    """2024 is evaluated: rows of 2025 are neither its history nor a reason for growth."""
    result = md.evaluate(project(tmp_path, ROWS[:9], period="2024"))
    assert set(result.history["period"]) == {"2023", "2024"}
    assert set(result.growth["period"]) == {"2024"}
    assert (result.ledger["code"] == "period-later").sum() == 4


def test_grades_of_parts_of_a_year_and_of_unreadable_years_do_not_count(tmp_path):
    more = '[periods.grades]\npath = "等级.csv"\n'
    file = project(tmp_path, ROWS[:4], more=more, packs=("yangzhou-2025",))
    (tmp_path / "等级.csv").write_text(
        f"统一社会信用代码,年度,等级\n{E1},2024H2,D\n{E1},去年,D\n{E2},2024年,D类\n", "utf-8"
    )
    result = md.evaluate(file)
    firms = result.enterprises.set_index("enterprise_id")
    assert firms["previous_grade"].fillna("?").tolist() == ["?", "D", "?", "?"]
    assert firms.loc[[E1, E2], "grade_years"].tolist() == [1, 2]
    assert not len(result.growth)
    codes = result.ledger["code"].value_counts()
    assert (codes["period-grade-part"], codes["period-unreadable"]) == (1, 1)


def test_nothing_over_by_the_day_of_the_evaluation(tmp_path):
    with pytest.raises(ProjectError) as error:
        md.evaluate(project(tmp_path, [f"{E1},甲公司,2030,1,D"], period=""))
    assert "2030" in error.value.render("zh")


def test_unknown_keys_of_the_section_are_refused_with_the_nearest(tmp_path):
    file = project(tmp_path, more='[[periods.enterprises]]\npaht = "x.csv"\n')
    with pytest.raises(ProjectError) as error:
        load_project(file)
    assert "path" in error.value.render("zh")

"""The lists of questions go out, are filled in and come back as corrections."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from tinyproject import E1, E2, E3, E4, P1, P5, PARCELS, write_project

import mudian as md
from mudian.cli import main
from mudian.corrections import corrections_table, read_corrections
from mudian.errors import ProjectError
from mudian.issue_lists.rows import issue_rows
from mudian.issue_lists.words import settings
from mudian.project import load_project
from parcels.ledger import Ledger

POLICIES = 'period = "2025"\npolicies = ["national"]\n'


def project_of(folder: Path, *, corrections: str = "", formats: str = '"parquet", "xlsx"') -> Path:
    """The tiny project judged by the national rules; every parcel lacks its dates."""
    path = write_project(folder)
    text = path.read_text("utf-8").replace('period = "2025"\n', POLICIES)
    text = text.replace('formats = ["parquet"]', f"formats = [{formats}]")
    path.write_text(text + (f"[corrections]\npath = {corrections}\n" if corrections else ""), "utf-8")
    return path


def run(project: Path) -> md.Evaluation:
    assert main(["run", str(project)]) == 0
    return md.load(project.parent / "成果")


def listed(file: Path) -> pd.DataFrame:
    return pd.read_excel(file, dtype="str", engine="calamine")


def cells(sheet: object) -> dict[str, int]:
    return {c.value: i for i, c in enumerate(next(sheet.iter_rows(max_row=1)))}


def answer(file: Path, code: str, field: str, value: object, **more: object) -> None:
    """Fill in the corrected value of one row of a list, as a person would."""
    book = openpyxl.load_workbook(file)
    sheet = book["问题清单"]
    places = cells(sheet)
    row = next(
        r for r in sheet.iter_rows(min_row=2) if (r[places["编号"]].value, r[places["字段代码"]].value) == (code, field)
    )
    row[places["更正值"]].value = value
    for name, content in {"更正依据": "合同", "填表人": "王某", **more}.items():
        row[places[name]].value = content
    book.save(file)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run without corrections."""
    project = project_of(tmp_path_factory.mktemp("问题"))
    run(project)
    return project.parent


def test_a_row_says_who_is_asked_for_what_and_why(first: Path) -> None:
    rows = issue_rows(md.load(first / "成果"))
    # Every supplied parcel lacks its agreed start; nothing of it is in the source, so six rows.
    start = rows[rows["field"] == "agreed_start"]
    assert sorted(start["id"]) == sorted(PARCELS)
    one = start[start["id"] == P5].iloc[0]
    assert (one["table"], one["name"], one["label"], one["value"]) == ("宗地", "戊公司", "约定开工日期", "")
    assert (one["how"], one["problem"], one["verdicts"]) == ("填更正值", "缺失", "闲置土地")
    assert "国土资源部令第53号" in one["clause"]
    # 丁公司 has no tax (a dash in the table): the enterprise is asked, with the warning of the ledger.
    tax = rows[(rows["field"] == "tax_wan") & (rows["id"] == E4)].iloc[0]
    assert (tax["table"], tax["name"], tax["unit"]) == ("企业", "丁公司", "万元")
    assert "缺失" in tax["problem"]


def test_each_office_has_a_workbook_with_only_the_answers_unlocked(first: Path) -> None:
    record = json.loads((first / "成果" / "manifest.json").read_text("utf-8"))["issue_lists"]
    files = sorted(p.name for p in (first / "成果" / "issues").iterdir())
    assert files == sorted(e["file"] for e in record)
    rows = issue_rows(md.load(first / "成果"))
    assert {e["office"]: e["rows"] for e in record} == rows["office"].value_counts().to_dict()
    for file in files:
        sheet = openpyxl.load_workbook(first / "成果" / "issues" / file)["问题清单"]
        places = cells(sheet)
        assert sheet.protection.sheet
        assert sheet.freeze_panes == "E2"
        for row in sheet.iter_rows(min_row=2):
            open_ = {name for name, i in places.items() if not row[i].protection.locked}
            fill = row[places["办理方式"]].value == "填更正值"
            assert open_ == ({"更正值", "更正依据", "填表人"} if fill else set())


def test_days_and_choices_are_checked_where_they_are_typed(first: Path) -> None:
    found = {}
    for file in (first / "成果" / "issues").iterdir():
        sheet = openpyxl.load_workbook(file)["问题清单"]
        place = cells(sheet)["字段代码"]
        for rule in sheet.data_validations.dataValidation:
            area = next(iter(rule.sqref.ranges))
            names = {sheet.cell(r, place + 1).value for r in range(area.min_row, area.max_row + 1)}
            assert len(names) == 1
            found[names.pop()] = rule.type
    assert found["agreed_start"] == "date"
    assert found["tax_wan"] == "decimal"


def test_two_cells_edited_in_a_list_change_the_next_run(tmp_path: Path) -> None:
    project = project_of(tmp_path, corrections='["回收.xlsx", "企业.csv.xlsx"]')
    plain = project_of(tmp_path / "先")
    run(plain)
    lists = {p.name: p for p in (plain.parent / "成果" / "issues").iterdir()}
    holding = {name: listed(p) for name, p in lists.items()}
    of = {f: n for n, t in holding.items() for f in t["字段代码"]}
    (tmp_path / "回收.xlsx").write_bytes(lists[of["agreed_start"]].read_bytes())
    (tmp_path / "企业.csv.xlsx").write_bytes(lists[of["tax_wan"]].read_bytes())
    answer(tmp_path / "回收.xlsx", P1, "agreed_start", pd.Timestamp("2020-01-31").to_pydatetime())
    answer(tmp_path / "企业.csv.xlsx", E4, "tax_wan", 12.5)
    done = run(project)
    starts = done.parcels.set_index("parcel_id")["agreed_start"]
    assert starts[P1] == pd.Timestamp("2020-01-31")
    assert starts.drop(P1).isna().all()
    taxes = done.enterprises.set_index("enterprise_id")["tax_wan"]
    assert taxes.to_dict() == {E1: 100.0, E2: 50.0, E3: 0.0, E4: 12.5}
    table = done.corrections
    assert table["applied"].tolist() == [True, True]
    assert table["filled_by"].tolist() == ["王某", "王某"]
    assert not ((issue_rows(done)["id"] == E4) & (issue_rows(done)["field"] == "tax_wan")).any()
    sheet = openpyxl.load_workbook(tmp_path / "成果" / "report.xlsx")["更正情况"]
    assert [sheet.cell(r, cells(sheet)["已采用"] + 1).value for r in (2, 3)] == ["是", "是"]


def test_a_source_that_changed_in_between_is_not_overwritten(tmp_path: Path) -> None:
    project = project_of(tmp_path, corrections='"回收"')
    (tmp_path / "回收").mkdir()
    plain = project_of(tmp_path / "先")
    run(plain)
    for file in (plain.parent / "成果" / "issues").iterdir():
        (tmp_path / "回收" / file.name).write_bytes(file.read_bytes())
        names = listed(file)
        if ((names["编号"] == E4) & (names["字段代码"] == "tax_wan")).any():
            answer(tmp_path / "回收" / file.name, E4, "tax_wan", 12.5)
        if (names["字段代码"] == "agreed_start").any():
            answer(tmp_path / "回收" / file.name, P1, "agreed_start", "2020年1月31日")
    # Meanwhile the tax bureau sends a table with 丁公司's tax, in another order of rows.
    head, *lines = (tmp_path / "企业.csv").read_text("utf-8").splitlines()
    lines = [line.replace("丁公司,—", "丁公司,7") for line in reversed(lines)]
    (tmp_path / "企业.csv").write_text("\n".join([head, *lines, ""]), "utf-8")
    done = run(project)
    assert done.enterprises.set_index("enterprise_id").loc[E4, "tax_wan"] == 7.0
    table = done.corrections.set_index("field")
    assert table["applied"].to_dict() == {"agreed_start": True, "tax_wan": False}
    assert table.loc["tax_wan", "code"] == "correction-old-value"
    assert table.loc["tax_wan", "found_value"] == "7"
    assert done.parcels.set_index("parcel_id").loc[P1, "agreed_start"] == pd.Timestamp("2020-01-31")


def test_the_report_itself_can_come_back(tmp_path: Path, first: Path) -> None:
    project = project_of(tmp_path, corrections='"改过的报告.xlsx"')
    (tmp_path / "改过的报告.xlsx").write_bytes((first / "成果" / "report.xlsx").read_bytes())
    answer(tmp_path / "改过的报告.xlsx", E4, "tax_wan", "1,234.5")
    done = run(project)
    assert done.enterprises.set_index("enterprise_id").loc[E4, "tax_wan"] == 1234.5


def test_a_list_saved_as_gbk_csv_is_read(tmp_path: Path, first: Path) -> None:
    record = pd.concat(listed(p) for p in sorted((first / "成果" / "issues").iterdir()))
    hit = (record["编号"] == E4) & (record["字段代码"] == "tax_wan")
    record.loc[hit, ["更正值", "填表人"]] = ["1,234.50", "王某"]
    text = io.StringIO()
    record.to_csv(text, index=False, quoting=csv.QUOTE_MINIMAL)
    (tmp_path / "清单.csv").write_bytes(text.getvalue().encode("gbk"))
    ledger = Ledger()
    made = read_corrections(tmp_path / "清单.csv", ledger=ledger)
    assert len(made.frame) == 1
    assert made.frame.loc[0, ["table", "id", "field", "new_value"]].tolist() == [
        "enterprises", E4, "tax_wan", "1,234.50",
    ]  # fmt: skip
    assert ledger.count(code="correction-blank") == 1


def written(path: Path, *rows: tuple[object, ...], head: str = "数据表,编号,字段,现值,更正值,更正依据,填表人") -> Path:
    path.write_text("\n".join([head, *(",".join(map(str, r)) for r in rows), ""]), "utf-8")
    return path


def enterprises() -> pd.DataFrame:
    return pd.DataFrame(
        {"enterprise_id": ["a", "b", "c", "c"], "tax_wan": [1.5, None, 2.0, 3.0], "name": ["甲", "乙", "丙", "丙"]}
    )


def applied(path: Path, frame: pd.DataFrame | None = None) -> tuple[pd.DataFrame, dict[str, str]]:
    ledger = Ledger()
    made = read_corrections(path, ledger=ledger)
    after = made.apply(enterprises() if frame is None else frame, table="enterprises", ledger=ledger)
    table = corrections_table(made, ledger.frame())
    return after, dict(zip(table["id"] + " " + table["field"], table["code"], strict=True))


def test_fields_may_be_named_as_people_call_them(tmp_path: Path) -> None:
    path = written(
        tmp_path / "a.csv", ("企业", "b", "实缴税金", "", "7", "", ""), ("企业", "a", "名称", "甲", "甲某", "", "")
    )
    after, codes = applied(path)
    assert after["tax_wan"].tolist()[1] == 7.0
    assert codes["b tax_wan"] == "correction-applied"


def test_values_that_contradict_each_other_are_not_applied_in_any_order(tmp_path: Path) -> None:
    rows = [("企业", "b", "tax_wan", "", "7", "", ""), ("企业", "b", "tax_wan", "", "8", "", "")]
    for order in (rows, rows[::-1]):
        after, codes = applied(written(tmp_path / "a.csv", *order))
        assert pd.isna(after["tax_wan"].iloc[1])
        assert codes == {"b tax_wan": "correction-conflict"}


def test_an_amount_of_several_rows_is_left_to_the_source(tmp_path: Path) -> None:
    after, codes = applied(written(tmp_path / "a.csv", ("企业", "c", "tax_wan", "2", "9", "", "")))
    assert after["tax_wan"].tolist()[2:] == [2.0, 3.0]
    assert codes == {"c tax_wan": "correction-several"}


def test_the_word_takes_a_value_away_and_an_empty_cell_says_nothing(tmp_path: Path) -> None:
    path = written(
        tmp_path / "a.csv", ("企业", "a", "tax_wan", "1.5", "删除", "", ""), ("企业", "a", "name", "甲", "", "", "")
    )
    after, codes = applied(path)
    assert pd.isna(after["tax_wan"].iloc[0])
    assert after["name"].iloc[0] == "甲"
    assert codes == {"a tax_wan": "correction-applied"}


def test_a_source_that_already_has_the_value_is_said_so(tmp_path: Path) -> None:
    _, codes = applied(written(tmp_path / "a.csv", ("企业", "a", "tax_wan", "", "1.50", "", "")))
    assert codes == {"a tax_wan": "correction-already"}


def test_a_field_that_the_source_lacks_gets_its_column(tmp_path: Path) -> None:
    after, codes = applied(written(tmp_path / "a.csv", ("企业", "a", "above_scale", "", "是", "", "")))
    assert after["above_scale"].iloc[0]
    assert after["above_scale"].isna().tolist() == [False, True, True, True]
    assert codes == {"a above_scale": "correction-applied"}


def test_rows_that_are_settled_elsewhere_are_said_to_be(tmp_path: Path) -> None:
    head = "办理方式,数据表,编号,字段代码,现值,更正值"
    path = written(tmp_path / "a.csv", ("改原表", "企业", "a", "tax_wan", "1.5", "3"), head=head)
    after, codes = applied(path)
    assert after["tax_wan"].iloc[0] == 1.5
    assert codes == {"a tax_wan": "correction-elsewhere"}


def test_corrections_of_another_period_do_not_count(tmp_path: Path) -> None:
    """Two periods of one enterprise: the value of the other period stays, although it is missing, too."""
    project = project_of(tmp_path, corrections='"更正.csv"')
    (tmp_path / "企业.csv").write_text(
        f"统一社会信用代码,企业名称,年度,税收（万元）\n{E1},甲公司,2024,\n{E1},甲公司,2025,\n", "utf-8"
    )
    written(tmp_path / "更正.csv", ("企业", E1, "tax_wan", "", "100", "", ""))
    done = run(project)
    assert done.enterprises["tax_wan"].tolist() == [100.0]
    assert done.manifest["conservation"]["tax_wan"]["input"] == 100.0


def test_a_list_filled_in_among_the_results_is_kept(tmp_path: Path) -> None:
    project = project_of(tmp_path)
    run(project)
    files = sorted((tmp_path / "成果" / "issues").iterdir())
    file = next(p for p in files if "agreed_start" in set(listed(p)["字段代码"]))
    answer(file, P1, "agreed_start", "2020-01-31")
    bytes_ = file.read_bytes()
    run(project)
    assert file.read_bytes() == bytes_
    assert file.with_name(f"{file.stem}_2.xlsx").is_file()
    run(project)
    assert file.read_bytes() == bytes_
    assert len(list(file.parent.glob(f"{file.stem}*"))) == 2


def test_the_workbook_among_the_results_is_refused(tmp_path: Path) -> None:
    project = project_of(tmp_path, corrections='"成果/report.xlsx"')
    run(project_of(tmp_path))
    project_of(tmp_path, corrections='"成果/report.xlsx"')
    with pytest.raises(ProjectError) as error:
        md.evaluate(load_project(project))
    assert error.value.code == "correction-in-results"


def test_a_name_that_begins_like_a_formula_is_text(tmp_path: Path) -> None:
    project = project_of(tmp_path)
    risky = ["=1+1", "+1", "-1", "@x", "\tx"]
    lines = [f'{E1},"{risky[0]}",,1', f'{E2},"{risky[1]}",,1', f'{E3},"{risky[2]}",,1', f'{E4},"{risky[3]}",—,20']
    (tmp_path / "企业.csv").write_text(
        "\n".join(["统一社会信用代码,企业名称,税收（万元）,营业收入（万元）", *lines, ""]), "utf-8"
    )
    run(project)
    seen = set()
    for file in [*(tmp_path / "成果" / "issues").iterdir(), tmp_path / "成果" / "report.xlsx"]:
        for sheet in openpyxl.load_workbook(file):
            for row in sheet.iter_rows():
                for cell in row:
                    assert cell.data_type != "f"
                    seen.add(cell.value)
    assert set(risky[:4]) <= seen


def test_an_english_list_comes_back_too(tmp_path: Path, first: Path) -> None:
    """The columns, tables and ways of an English list are known as well as the Chinese ones."""
    rows = issue_rows(md.load(first / "成果"), lang="en")
    hit = (rows["id"] == E4) & (rows["field"] == "tax_wan")
    assert rows[hit][["how", "table", "unit"]].to_numpy().tolist() == [["fill in", "Enterprises", "10k yuan"]]
    names = {c: n["en"] for c, n in settings()["columns"].items()}
    filled = rows.assign(new_value=rows["new_value"].mask(hit, "8")).rename(columns=names)
    filled.to_csv(tmp_path / "a.csv", index=False)
    made = read_corrections(tmp_path / "a.csv", ledger=Ledger())
    assert made.frame[["table", "id", "field", "new_value"]].to_numpy().tolist() == [
        ["enterprises", E4, "tax_wan", "8"]
    ]


def test_long_lists_are_cut_and_say_so(first: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six parcels lack each date; with room for four the last row counts the other two."""
    run = md.load(first / "成果")
    monkeypatch.setitem(settings(), "most_per_field", 4)
    start = issue_rows(md.Evaluation(**{**vars(run), "findings": run.findings.copy()}))
    start = start[start["field"] == "agreed_start"]
    assert sorted(start["id"]) == ["", *sorted(PARCELS)[:4]]
    assert "另有 2 条" in start.set_index("id").loc["", "problem"]
    monkeypatch.setitem(settings(), "most_per_office", 3)
    rows = issue_rows(md.Evaluation(**{**vars(run), "findings": run.findings.copy()}))
    assert rows["office"].value_counts().max() == 4
    assert rows["problem"].iloc[-1].startswith("本表只列前 3 行")

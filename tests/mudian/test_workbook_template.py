"""A form of the user is filled in at its marks and keeps its look."""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
from pathlib import Path

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font, PatternFill
from tinyproject import E1, P1, write_project

import mudian as md
from mudian.cli import main
from mudian.errors import UsageError
from mudian.workbook_template import fill_template
from parcels.errors import FormatError


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> md.Evaluation:
    """Z1 has 45 mu with 150 万元, Z2 45 mu with 0; 甲公司 is E1 with 100 万元 on 30 mu."""
    folder = tmp_path_factory.mktemp("模板")
    project = write_project(folder)
    text = (folder / "企业.csv").read_text("utf-8").replace("甲公司", "=甲公司")
    (folder / "企业.csv").write_text(text, "utf-8")
    return md.evaluate(project)


def form(path: Path, **cells: object) -> Path:
    """A workbook with a look of its own and some cells."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "报表"
    for place, value in cells.items():
        sheet[place] = value
        sheet[place].font = Font(name="楷体", size=14, bold=True)
        sheet[place].fill = PatternFill("solid", fgColor="FFEEDD")
    sheet.column_dimensions["A"].width = 33
    sheet.merge_cells("F1:H1")
    sheet.print_title_rows = "1:1"
    book.save(path)
    return path


def test_columns_go_downwards_and_single_values_stay_where_they_are(results: md.Evaluation, tmp_path: Path) -> None:
    cells = {
        "A1": "{{project.name}} {{project.period}} 年报",
        "A3": "开发区",
        "B3": "税收",
        "A4": "{{zones.zone_id}}",
        "B4": "{{ zones.tax_wan }}",
        "A8": "合计",
        "B8": "{{zones.tax_wan[*]}}",
        "C8": "{{zones.tax_per_mu[*]}}",
        "D8": "{{zones.tax_per_mu[Z1]}}",
        "E8": "{{zones.tax_wan[Z1]}}万元",
        "A10": f"{{{{enterprises.name[{E1}]}}}}",
        "A11": f"{{{{parcels.owner[{P1}]}}}}",
        "A12": "{{project.as_of}}",
    }
    template = form(tmp_path / "报表.xlsx", **cells)
    before = template.read_bytes()
    done = openpyxl.load_workbook(fill_template(results, template, tmp_path / "成表.xlsx"))["报表"]
    assert template.read_bytes() == before
    assert done["A1"].value == "小区 2025 年报"
    assert [done[c].value for c in ("A4", "A5", "A6")] == ["Z1", "Z2", None]
    assert [done[c].value for c in ("B4", "B5", "B6")] == [150, 0, None]
    assert done["B8"].value == 150
    # 150 over 90 mu of the two zones together; 150 over 45 mu; areas are ellipsoidal, so nearly.
    assert done["C8"].value == pytest.approx(150 / 90, rel=1e-3)
    assert done["D8"].value == pytest.approx(150 / 45, rel=1e-3)
    assert done["E8"].value == "150.00万元"
    assert (done["A10"].value, done["A10"].data_type) == ("=甲公司", "s")
    assert done["A11"].value == "甲公司"
    assert done["A12"].value == str(dt.date(2025, 12, 31))


def test_the_look_of_the_form_stays(results: md.Evaluation, tmp_path: Path) -> None:
    template = form(tmp_path / "a.xlsx", A4="{{zones.zone_id}}", B5="旁边")
    done = openpyxl.load_workbook(fill_template(results, template, tmp_path / "b.xlsx"))["报表"]
    for place in ("A4", "A5"):  # the row below takes the look of the marked cell
        assert (done[place].font.name, done[place].font.size, done[place].fill.fgColor.rgb) == ("楷体", 14, "00FFEEDD")
    assert done["B5"].value == "旁边"
    assert done.column_dimensions["A"].width == 33
    assert [str(r) for r in done.merged_cells.ranges] == ["F1:H1"]
    assert done.print_title_rows == "$1:$1"


@pytest.mark.parametrize(
    ("mark", "near"),
    [
        ("{{zone.tax_wan}}", "zones"),
        ("{{zones.tax_wann}}", "zones.tax_wan"),
        ("{{zones.tax_wan[Z3]}}", "zones[Z"),
        ("{{project.names}}", "project.name"),
        ("{{zones.zone_name[*]}}", "zones."),
        ("合计 {{zones.tax_wan[*]}", "{{zones.tax_wan}}"),
    ],
)
def test_a_mark_that_means_nothing_is_refused(results: md.Evaluation, tmp_path: Path, mark: str, near: str) -> None:
    with pytest.raises(UsageError) as error:
        fill_template(results, form(tmp_path / "a.xlsx", C7=mark), tmp_path / "b.xlsx")
    said = error.value.render("zh")
    assert error.value.code == "template-unknown"
    assert "C7" in said
    assert near in said
    assert not (tmp_path / "b.xlsx").exists()


def test_nothing_below_a_mark_is_written_over(results: md.Evaluation, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as error:
        fill_template(results, form(tmp_path / "a.xlsx", A4="{{zones.zone_id}}", A5="合计"), tmp_path / "b.xlsx")
    assert error.value.code == "template-no-room"
    assert "A5" in error.value.render("zh")


def test_a_form_that_is_no_workbook_is_refused_before_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = write_project(tmp_path)
    project.write_text(project.read_text("utf-8") + '[workbook]\ntemplate = "表.xlsx"\n', "utf-8")
    (tmp_path / "表.xlsx").write_bytes(b"PK\x03\x04 nothing")
    assert main(["run", str(project)]) == 3
    assert "模板" in capsys.readouterr().err
    assert not (tmp_path / "成果").exists()
    with pytest.raises(FormatError):
        fill_template(None, tmp_path / "none.xlsx", tmp_path / "b.xlsx")  # type: ignore[arg-type]


def test_a_run_fills_the_form_and_prints_on_the_paper_asked_for(tmp_path: Path) -> None:
    project = write_project(tmp_path)
    text = project.read_text("utf-8").replace('["parquet"]', '["xlsx"]')
    project.write_text(text + '[workbook]\npaper = "A4"\ntemplate = "表.xlsx"\n', "utf-8")
    form(tmp_path / "表.xlsx", A4="{{zones.zone_id}}")
    assert main(["run", str(project)]) == 0
    done = openpyxl.load_workbook(tmp_path / "成果" / "filled" / "表.xlsx")
    assert [done["报表"][c].value for c in ("A4", "A5")] == ["Z1", "Z2"]
    sheet = openpyxl.load_workbook(tmp_path / "成果" / "report.xlsx")["宗地"]
    assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (9, "landscape")
    assert sheet.print_title_rows == "$1:$1"
    assert "&P" in sheet.oddFooter.right.text
    assert sheet.sheet_properties.pageSetUpPr.fitToPage


def test_what_a_redacted_run_does_not_hold_stays_empty(results: md.Evaluation, tmp_path: Path) -> None:
    hidden = md.redact(results, level="public")
    template = form(
        tmp_path / "a.xlsx", A4="{{zones.tax_wan}}", B4="{{zones.industrial_mu}}", C4="{{zones.tax_wan[*]}}"
    )
    done = openpyxl.load_workbook(fill_template(hidden, template, tmp_path / "b.xlsx"))["报表"]
    assert [done[c].value for c in ("A4", "A5", "B4", "B5", "C4")] == [None] * 5


def test_a_text_in_two_looks_keeps_them(results: md.Evaluation, tmp_path: Path) -> None:
    red = InlineFont(b=True, color="FFFF0000")
    file = form(
        tmp_path / "a.xlsx",
        A1=CellRichText("注：", TextBlock(red, "不得外传")),
        A2=CellRichText("全区 ", TextBlock(red, "{{zones.tax_wan[*]}}"), " 万元"),
        A3=CellRichText("{{zones.tax", TextBlock(red, "_wan[*]}}")),
    )
    sheet = openpyxl.load_workbook(fill_template(results, file, tmp_path / "b.xlsx"), rich_text=True)["报表"]
    first, second = sheet["A1"].value, sheet["A2"].value
    assert (first[1].text, first[1].font.b, first[1].font.color.rgb) == ("不得外传", True, "FFFF0000")
    assert (str(second), second[1].font.b) == ("全区 150.00 万元", True)
    assert sheet["A3"].value == 150


def test_marks_as_people_type_them(results: md.Evaluation, tmp_path: Path) -> None:
    # Z1 has 150 万元, Z2 0; the braces of a Chinese keyboard, blanks, and a count within a text.
    file = form(
        tmp_path / "a.xlsx",
        A1="{{ zones . tax_wan [ Z1 ] }}",
        B1="｛｛zones.tax_wan[*]｝｝",
        C1="共{{zones.parcel_count[*]}}宗",
        D1="{{enterprises.tax_wan[=甲公司]}}",
    )
    sheet = openpyxl.load_workbook(fill_template(results, file, tmp_path / "b.xlsx"))["报表"]
    count = int(results.zones["parcel_count"].sum())
    assert [sheet[c].value for c in ("A1", "B1", "C1", "D1")] == [150, 150, f"共{count}宗", 100]


def test_texts_that_no_cell_can_hold_are_made_to_fit(results: md.Evaluation, tmp_path: Path) -> None:
    odd = dataclasses.replace(results, manifest=copy.deepcopy(results.manifest))
    odd.manifest["project"]["name"] = "=甲\x01\x0b\uffff" + "长" * 40_000
    file = form(
        tmp_path / "a.xlsx",
        A1="{{project.name}}",
        A2=CellRichText("名", TextBlock(InlineFont(b=True), "{{project.name}}")),
    )
    sheet = openpyxl.load_workbook(fill_template(odd, file, tmp_path / "b.xlsx"))["报表"]
    assert sheet["A1"].value == "=甲" + "长" * 32_764 + "…"  # 32 767 characters are the most that a cell holds
    assert sheet["A1"].data_type == "s"
    assert sheet["A2"].value.startswith("名=甲长")

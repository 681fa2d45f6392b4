"""Tables as bureaus send them: real workbooks and text files written here, read back cell by cell."""

import csv
import datetime as dt
import io
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
import xlwt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mudian.tables import Table, read_table
from parcels.errors import EncodingError, FormatError, InputError
from parcels.ledger import Ledger
from parcels.values.parse import to_number

SHARED = Path(__file__).parents[2].parent / "shared" / "data"


def read(path: Path, **options: object) -> tuple[Table, pd.DataFrame, Ledger]:
    ledger = Ledger(lang="en")
    table = read_table(path, ledger=ledger, **options)
    return table, ledger.frame(), ledger


def codes(frame: pd.DataFrame) -> list[str]:
    return frame["code"].tolist()


def rows_of(frame: pd.DataFrame, code: str) -> list[int]:
    return frame.loc[frame["code"] == code, "row"].tolist()


def cells(table: Table) -> list[list[object]]:
    frame = table.frame.astype(object)
    return frame.where(frame.notna(), None).to_numpy().tolist()


def workbook(path: Path, sheets: dict[str, list[list[object]]], merges: dict[str, list[str]] | None = None) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        for place in (merges or {}).get(name, []):
            sheet.merge_cells(place)
    book.save(path)
    return path


def text_file(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


BUREAU = [
    ["某开发区2025年企业税收情况表"],
    ["填报单位：某市经发局", None, None, None, None, "单位：万元"],
    ["序号", "企业名称", "实缴税金", None, "用地", "批准日期"],
    [None, None, "2024年", "2025年", "面积（亩）", None],
    [1, "甲公司", 100, "1,234.5", 20.5, dt.date(2020, 6, 3)],
    [2, "乙公司", "—", 0, 10, "2021年1月2日"],
    [3, "丙公司", 7.25, None, 3, None],
    ["合计", None, 107.25, 1234.5, 33.5, None],
    ["注：税收按入库数。"],
    ["填表人：张三", None, None, "审核人：李四"],
]
BUREAU_MERGES = ["A1:F1", "A3:A4", "B3:B4", "C3:D3", "F3:F4", "A8:B8", "A9:F9"]


def test_bureau_workbook(tmp_path):
    path = workbook(tmp_path / "企业.xlsx", {"Sheet1": BUREAU}, {"Sheet1": BUREAU_MERGES})
    table, frame, ledger = read(path)
    assert table.frame.columns.tolist() == [
        "序号", "企业名称", "实缴税金_2024年", "实缴税金_2025年", "用地_面积（亩）", "批准日期",
    ]  # fmt: skip
    assert table.header[2] == ("实缴税金", "2024年")
    assert cells(table) == [
        [1, "甲公司", 100, "1,234.5", 20.5, dt.date(2020, 6, 3)],
        [2, "乙公司", "—", 0, 10, "2021年1月2日"],
        [3, "丙公司", 7.25, None, 3, None],
    ]
    assert table.rows.tolist() == [5, 6, 7]
    assert (table.unit_hint, table.title, table.sheet) == ("万元", "某开发区2025年企业税收情况表", "Sheet1")
    assert table.frame.index.equals(pd.RangeIndex(3))
    assert rows_of(frame, "tables-above-header") == [1, 2]
    assert rows_of(frame, "tables-total") == [8]
    assert frame.loc[frame["code"] == "tables-total", "before"].tolist() == ["合计 | 107.25 | 1234.5 | 33.5"]
    assert rows_of(frame, "tables-note") == [9, 10]
    assert [d.value for d in ledger.decisions if d.topic == "header"] == ["3-4"]


def test_the_same_in_xls(tmp_path):
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("表一")
    day = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    spans = {(0, 0): (0, 5), (2, 0): (3, 0), (2, 1): (3, 1), (2, 2): (2, 3), (2, 5): (3, 5), (7, 0): (7, 1)}
    for r, row in enumerate(BUREAU):
        for c, value in enumerate(row):
            style = day if isinstance(value, dt.date) else xlwt.Style.default_style
            if (r, c) in spans:
                bottom, right = spans[(r, c)]
                sheet.write_merge(r, bottom, c, right, value)
            elif value is not None:
                sheet.write(r, c, value, style)
    book.save(str(tmp_path / "企业.xls"))
    table, frame, _ = read(tmp_path / "企业.xls")
    assert table.frame.columns.tolist()[2:5] == ["实缴税金_2024年", "实缴税金_2025年", "用地_面积（亩）"]
    assert cells(table)[0] == [1, "甲公司", 100, "1,234.5", 20.5, dt.date(2020, 6, 3)]
    assert table.rows.tolist() == [5, 6, 7]
    assert rows_of(frame, "tables-total") == [8]
    assert "tables-other-format" not in codes(frame)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_the_same_in_text(tmp_path, encoding, separator, line_end):
    lines = [
        ["某开发区企业税收情况表", "", "", "", ""],
        ["", "", "", "单位：万元", ""],
        ["企业名称", "税收", "", "用地面积（亩）", "地址"],
        ["", "2024年", "2025年", "", ""],
        ["甲公司", '"1,234.5"', "0", "20.5", '"一街; 2号|东"'],
        ["乙公司", "—", "", "10", "二街\u30003号"],
        ["小计", "1234.5", "0", "30.5", ""],
    ]
    text = line_end.join(separator.join(line) for line in lines) + line_end
    table, frame, _ = read(text_file(tmp_path / "企业.csv", text, encoding))
    assert table.frame.columns.tolist() == [
        "企业名称",
        "税收_2024年",
        "税收_2025年",
        "用地面积（亩）",
        "地址",
    ]
    assert cells(table) == [
        ["甲公司", "1,234.5", "0", "20.5", "一街; 2号|东"],
        ["乙公司", "—", None, "10", "二街\u30003号"],
    ]
    assert table.rows.tolist() == [5, 6]
    assert table.unit_hint == "万元"
    assert rows_of(frame, "tables-total") == [7]


def test_encoding_given_by_the_user_is_used_where_it_fits(tmp_path):
    path = text_file(tmp_path / "a.csv", "名称,税收\n甲,1\n", "gbk")
    assert read(path, encoding="GBK")[0].frame.columns.tolist() == ["名称", "税收"]
    table, frame, _ = read(path, encoding="utf-8")
    assert table.frame.columns.tolist() == ["名称", "税收"]
    assert "encoding-mismatch" in codes(frame)
    with pytest.raises(EncodingError):
        read(path, encoding="no-such-encoding")


def test_one_row_header_in_the_first_line(tmp_path):
    path = workbook(tmp_path / "a.xlsx", {"a": [["名称", "级别"], ["甲区", "省级"], ["乙区", "国家级"]]})
    table, frame, _ = read(path)
    assert table.frame.columns.tolist() == ["名称", "级别"]
    assert cells(table) == [["甲区", "省级"], ["乙区", "国家级"]]
    assert table.rows.tolist() == [2, 3]
    assert len(frame) == 0
    assert (table.unit_hint, table.title) == (None, None)


def test_table_away_from_the_corner(tmp_path):
    rows = [[], [], [None, None, "编号", "税收"], [None, None, "007", 1.5], [], [None, None, "008", 2]]
    table, frame, _ = read(workbook(tmp_path / "a.xlsx", {"a": rows}))
    assert cells(table) == [["007", 1.5], ["008", 2]]
    assert table.rows.tolist() == [4, 6]
    assert rows_of(frame, "tables-empty-rows") == [5]
    assert "1 empty rows" in frame["message"][0]


def test_three_levels_units_row_and_column_numbers(tmp_path):
    rows = [
        ["企业", "用地", None, None, "税收"],
        [None, "已供", None, "未供", None],
        [None, "工业", "商业", None, None],
        [None, "亩", "亩", "亩", "万元"],
        ["甲", "1", "2", "3", "4"],
        ["某厂", 10, 20, 30, 40],
        ["某店", 1, 2, 3, 4],
    ]
    merges = ["A1:A3", "B1:D1", "B2:C2", "D2:D3", "E1:E3"]
    table, frame, _ = read(workbook(tmp_path / "a.xlsx", {"a": rows}, {"a": merges}))
    assert table.frame.columns.tolist() == [
        "企业", "用地_已供_工业_亩", "用地_已供_商业_亩", "用地_未供_亩", "税收_万元",
    ]  # fmt: skip
    assert table.rows.tolist() == [6, 7]
    assert rows_of(frame, "tables-column-numbers") == [5]


def test_first_record_of_text_is_no_second_header_line(tmp_path):
    text = "地块编号,用途,备注,权利人\nA1,工业,,甲公司\nA2,商业,续建,乙公司\n"
    table = read(text_file(tmp_path / "a.csv", text))[0]
    assert table.frame.columns.tolist() == ["地块编号", "用途", "备注", "权利人"]
    assert table.rows.tolist() == [2, 3]


def test_years_and_notes_in_the_header(tmp_path):
    rows = [["企业", 2023, 2024.0, "税收\n（万元）"], ["甲", 1, 2, 3], ["乙", 4, 5, 6]]
    assert read(workbook(tmp_path / "a.xlsx", {"a": rows}))[0].frame.columns.tolist() == [
        "企业", "2023", "2024", "税收（万元）",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "unit"),
    [
        ("单位：万元", "万元"),
        ("（单位:亿元）", "亿元"),
        ("金额单位：人民币万元", "万元"),
        ("计量单位：万元、亩", "万元"),
        ("单位：亩、元", "元"),
        ("单位：亩", None),
        ("填报单位：万元镇政府", None),
        ("单位：千佛山街道办", None),
    ],
)
def test_unit_lines(tmp_path, line, unit):
    rows = [["企业税收表"], [None, None, line], ["企业", "税收", "用地"], ["甲", 1, 2], ["乙", 3, 4]]
    table = read(workbook(tmp_path / "a.xlsx", {"a": rows}))[0]
    assert table.unit_hint == unit
    assert table.frame.columns.tolist() == ["企业", "税收", "用地"]


def test_unit_at_the_end_of_the_title(tmp_path):
    rows = [["2025年企业税收表（万元）"], ["企业", "税收"], ["甲", 1], ["乙", 3]]
    assert read(workbook(tmp_path / "a.xlsx", {"a": rows}))[0].unit_hint == "万元"


def test_printed_pages(tmp_path):
    page = [["某表", None, None], ["企业", "税收", "用地"]]
    rows = [*page, ["甲", 1, 2], ["乙", 3, 4], ["第 1 页"], *page, ["丙", 5, 6], ["总  计", 9, 12]]
    table, frame, _ = read(workbook(tmp_path / "a.xlsx", {"a": rows}))
    assert table.frame["企业"].tolist() == ["甲", "乙", "丙"]
    assert table.rows.tolist() == [3, 4, 8]
    assert rows_of(frame, "tables-header-repeated") == [6, 7]
    assert rows_of(frame, "tables-note") == [5]
    assert rows_of(frame, "tables-total") == [9]


def test_every_line_is_a_record_or_in_the_ledger(tmp_path):
    table, frame, _ = read(workbook(tmp_path / "a.xlsx", {"a": BUREAU}, {"a": BUREAU_MERGES}))
    said = set(frame["row"].dropna().astype(int)) | set(table.rows.tolist()) | {3, 4}
    assert said == set(range(1, len(BUREAU) + 1))


def test_names_that_only_look_like_totals_stay(tmp_path):
    names = [
        "合计算盘公司",
        "总计科技有限公司",
        "某会计师事务所",
        "注册登记中心",
        "审核通过公司",
        "备注册公司",
    ]
    rows = [["企业", "税收"], *([name, 1] for name in names)]
    assert read(workbook(tmp_path / "a.xlsx", {"a": rows}))[0].frame["企业"].tolist() == names


def test_merged_records(tmp_path):
    rows = [
        ["编号", "企业", "宗地", "税收（万元）", "年份"],
        [1001, "甲", "A1", 300, 2025],
        [None, None, "A2", None, None],
        [None, None, "A3", None, None],
        [1002, "乙", "B1", 5, 2025],
        [None, None, None, None, 2025],
    ]
    merges = ["A2:A4", "B2:B4", "D2:D4", "E2:E4"]
    table, frame, _ = read(workbook(tmp_path / "a.xlsx", {"a": rows}, {"a": merges}))
    assert cells(table) == [
        [1001, "甲", "A1", 300, 2025],
        [1001, "甲", "A2", None, 2025],
        [1001, "甲", "A3", None, 2025],
        [1002, "乙", "B1", 5, 2025],
        [None, None, None, None, 2025],
    ]
    assert to_number(table.frame["税收（万元）"]).values.sum() == 305
    filled = frame[frame["code"] == "tables-merged-filled"]
    assert filled["field"].tolist() == ["编号", "企业", "年份"]
    assert frame.loc[frame["code"] == "tables-merged-amount", ["row", "field", "before"]].to_numpy().tolist() == [
        [2, "税收（万元）", "300"]
    ]


def test_error_marks_and_formulas_without_results(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    for row in [
        ["企业", "税收", "比率", "和"],
        ["甲", 1, None, "=B2+1"],
        ["乙", 2, 3, "=B3+1"],
        ["丙", 3, 4, 5],
    ]:
        sheet.append(row)
    sheet["C2"] = "#DIV/0!"
    assert sheet["C2"].data_type == "e"
    book.save(tmp_path / "a.xlsx")
    table, frame, _ = read(tmp_path / "a.xlsx")
    assert table.frame["比率"].tolist() == ["#DIV/0!", 3, 4]
    assert to_number(table.frame["比率"]).codes.tolist() == ["value-excel-error", "", ""]
    assert table.frame["和"].isna().tolist() == [True, True, False]
    said = frame[frame["code"] == "tables-formula-no-value"]
    assert said[["row", "field", "severity"]].to_numpy().tolist() == [[2, "和", "error"]]
    assert "2 formula cells (such as D2)" in said["message"].iloc[0]


@pytest.mark.parametrize("count", [3, 3000], ids=["small stream", "large stream"])
def test_error_marks_in_xls(tmp_path, count):
    book = xlwt.Workbook()
    book.add_sheet("封面").write(0, 0, "说明")
    sheet = book.add_sheet("企业")
    sheet.write(0, 0, "企业")
    sheet.write(0, 1, "比率")
    for i in range(1, count):
        sheet.write(i, 0, f"甲{i}")
        sheet.write(i, 1, i * 1.5)
    for i, mark in enumerate(["#DIV/0!", "#REF!", "#N/A!", "#NAME?"]):
        sheet.write(count + i, 0, "乙")
        sheet.row(count + i).set_cell_error(1, mark)
    book.save(str(tmp_path / "a.xls"))
    table = read(tmp_path / "a.xls", sheet="企业")[0]
    assert table.frame["比率"].tolist()[-5:] == [(count - 1) * 1.5, "#DIV/0!", "#REF!", "#N/A", "#NAME?"]


def ods(path: Path, rows: list[str]) -> Path:
    spaces = (
        " ".join(
            f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
        )
        + ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
    )
    lines = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    content = (
        f'<office:document-content {spaces}><office:body><office:spreadsheet><table:table table:name="表">'
        f"{lines}</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    entry = f'<m:file-entry m:full-path="/" m:media-type="{kind}"/>'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", kind)
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", f'<m:manifest xmlns:m="{manifest}">{entry}</m:manifest>')
    return path


def test_ods(tmp_path):
    def text(value: str, attributes: str = "") -> str:
        return f'<table:table-cell {attributes} office:value-type="string">{paragraph(value)}</table:table-cell>'

    def paragraph(value: object) -> str:
        return f"<text:p>{value}</text:p>"

    wide, covered = 'table:number-columns-spanned="2"', "<table:covered-table-cell/>"
    number = '<table:table-cell office:value-type="float" office:value="1.5"/>'
    day = '<table:table-cell office:value-type="date" office:date-value="2024-06-03"/>'
    mark = text("#DIV/0!", 'office:string-value="" calcext:value-type="error"')
    rows = [
        text("企业税收表", 'table:number-columns-spanned="4"') + covered * 3,
        text("企业") + text("税收", wide) + covered + text("日期"),
        covered + text("2024年") + text("2025年") + covered,
        text("甲") + number * 2 + day,
        text("乙") + number + mark + day,
    ]
    table, frame, _ = read(ods(tmp_path / "a.ods", rows))
    assert table.frame.columns.tolist() == ["企业", "税收_2024年", "税收_2025年", "日期"]
    assert cells(table)[0] == ["甲", 1.5, 1.5, dt.date(2024, 6, 3)]
    assert table.rows.tolist() == [4, 5]
    assert table.frame["税收_2025年"].isna().tolist() == [False, True]
    assert "1 cells" in frame.loc[frame["code"] == "tables-error-marks", "message"].iloc[0]


def test_formulas_with_saved_results_are_values(tmp_path):
    """A workbook as Excel saves it: the formula and its result."""
    path = workbook(tmp_path / "a.xlsx", {"a": [["企业", "税收"], ["甲", 1], ["乙", "=B2*2"]]})
    replace_in_archive(
        path,
        "xl/worksheets/sheet1.xml",
        [(b"<f>B2*2</f><v />", b"<f>B2*2</f><v>2</v>"), (b"<f>B2*2</f><v></v>", b"<f>B2*2</f><v>2</v>")],
    )
    table, frame, _ = read(path)
    assert table.frame["税收"].tolist() == [1, 2]
    assert len(frame) == 0


def replace_in_archive(path: Path, member: str, changes: list[tuple[bytes, bytes]]) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for old, new in changes:
        parts[member] = parts[member].replace(old, new)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


def test_columns_without_name_and_with_the_same_name(tmp_path):
    rows = [["企业", "税收", None, "税收", None], ["甲", 1, "x", 2, None], ["乙", 3, "y", 4, None]]
    table, frame, _ = read(workbook(tmp_path / "a.xlsx", {"a": rows}))
    assert table.frame.columns.tolist() == ["企业", "税收", "列C", "税收_2"]
    assert sorted(codes(frame)) == ["tables-duplicate-header", "tables-unnamed-column"]


def test_empty_column_with_a_header_stays(tmp_path):
    table = read(workbook(tmp_path / "a.xlsx", {"a": [["企业", "税收", "备注"], ["甲", 1, None], ["乙", 2, None]]}))[0]
    assert table.frame.columns.tolist() == ["企业", "税收", "备注"]
    assert table.frame["备注"].isna().all()


SHEETS = {
    "说明": [["本表由各乡镇填报", "请勿改动格式"], ["联系人", "张三"]],
    "空表": [],
    "企业": [["企业名称", "税收"], ["甲", 1], ["乙", 2]],
}


def test_sheet_by_name_and_number(tmp_path):
    path = workbook(tmp_path / "a.xlsx", SHEETS)
    assert read(path, sheet="企业")[0].sheet == "企业"
    assert read(path, sheet=3)[0].sheet == "企业"
    assert read(path, sheet="1")[0].sheet == "说明"
    for wrong in ("没有", 0, 4, ""):
        with pytest.raises(InputError, match="说明、空表、企业"):
            read(path, sheet=wrong)
    with pytest.raises(InputError):
        read(path, sheet="空表")


def test_sheet_by_score(tmp_path):
    path = workbook(tmp_path / "a.xlsx", SHEETS)
    table, frame, ledger = read(path, score=lambda names: sum(name in ("企业名称", "税收") for name in names))
    assert table.sheet == "企业"
    decision = next(d for d in ledger.decisions if d.topic == "sheet")
    assert decision.value == "企业"
    assert any(text.startswith("说明") for text in decision.evidence)
    assert "说明" in frame.loc[frame["code"] == "tables-sheet-chosen", "message"].iloc[0]


def test_the_only_sheet_with_content_needs_no_word(tmp_path):
    path = workbook(tmp_path / "a.xlsx", {"空表": [], "企业": SHEETS["企业"]})
    table, frame, _ = read(path)
    assert table.sheet == "企业"
    assert len(frame) == 0


def test_header_row_settles_doubt(tmp_path):
    rows = [["甲", "乙"], ["丙", "丁"], ["名称", "级别"], ["某区", "省级"]]
    path = workbook(tmp_path / "a.xlsx", {"a": rows})
    table, frame, _ = read(path, header_row=3)
    assert table.frame.columns.tolist() == ["名称", "级别"]
    assert table.rows.tolist() == [4]
    assert rows_of(frame, "tables-above-header") == [1, 2]
    for wrong in (0, -1, 5, 5000):
        with pytest.raises(InputError, match=f"header_row = {wrong}"):
            read(path, header_row=wrong)


def test_header_row_far_down(tmp_path):
    rows = [[f"说明{i}", None] for i in range(120)] + [["企业", "税收"], ["甲", 1]]
    table, frame, _ = read(workbook(tmp_path / "a.xlsx", {"a": rows}), header_row=121)
    assert cells(table) == [["甲", 1]]
    assert rows_of(frame, "tables-above-header") == list(range(1, 121))


def test_csv_called_xlsx(tmp_path):
    table, frame, _ = read(text_file(tmp_path / "企业.xlsx", "企业,税收\n甲,1\n", "gbk"))
    assert cells(table) == [["甲", "1"]]
    assert codes(frame) == ["tables-other-format"]


def test_web_page_called_xls(tmp_path):
    page = """<html><head><meta charset="gbk"></head><body><table><tr><td>菜单</td></tr></table>
    <table border=1><tr><th colspan=3>企业税收表（单位：万元）</th></tr>
    <tr><th rowspan=2>企业</th><th colspan=2>税收</th></tr><tr><th>2024年</th><th>2025年</th></tr>
    <tr><td>甲&amp;乙<td>1,200<td>&nbsp;</tr><tr><td>丙</td><td>3</td><td>4</td></tr></table></body></html>"""
    table, frame, _ = read(text_file(tmp_path / "企业.xls", page, "gbk"))
    assert table.frame.columns.tolist() == ["企业", "税收_2024年", "税收_2025年"]
    assert cells(table) == [["甲&乙", "1,200", None], ["丙", "3", "4"]]
    assert table.unit_hint == "万元"
    assert "tables-other-format" in codes(frame)


def test_workbook_called_csv(tmp_path):
    path = workbook(tmp_path / "a.xlsx", {"a": SHEETS["企业"]}).rename(tmp_path / "a.csv")
    table, frame, _ = read(path)
    assert table.frame["税收"].tolist() == [1, 2]
    assert codes(frame) == ["tables-other-format"]


def test_parquet(tmp_path):
    pd.DataFrame({"企业": ["甲", "乙"], "税收": [1.5, None]}, index=[5, 9]).to_parquet(tmp_path / "a.parquet")
    table = read(tmp_path / "a.parquet")[0]
    assert table.frame["税收"].tolist()[0] == 1.5
    assert table.rows.tolist() == [1, 2]


def test_dbf(tmp_path):
    """A dBASE III file written byte by byte: one text field of 10 bytes, two records, GBK."""
    field = "企业".encode("gbk").ljust(11, b"\0") + b"C" + bytes(4) + bytes([10, 0]) + bytes(14)
    header = b"\x03\x7d\x01\x01" + (2).to_bytes(4, "little") + (65).to_bytes(2, "little") + (11).to_bytes(2, "little")
    records = b"".join(b" " + name.encode("gbk").ljust(10) for name in ("甲公司", "乙公司"))
    (tmp_path / "a.dbf").write_bytes(header + bytes(20) + field + b"\r" + records + b"\x1a")
    table = read(tmp_path / "a.dbf")[0]
    assert cells(table) == [["甲公司"], ["乙公司"]]
    assert table.frame.columns.tolist() == ["企业"]
    assert table.rows.tolist() == [1, 2]


CELLS = [
    "",
    "",
    "甲公司",
    "乙",
    "合计",
    "注：某",
    "1",
    "2.5",
    "—",
    "税收",
    "单位：万元",
    "2024年",
    "亩",
    "2024-06-03",
    "a\nb",
]


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.sampled_from(CELLS), min_size=3, max_size=5), min_size=1, max_size=9))
def test_no_line_vanishes(tmp_path, rows):
    """Every line with content is a record, stands in the ledger, or is the header that was decided on."""
    path = tmp_path / "a.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    filled = {i for i, row in enumerate(rows, start=1) if any(row)}
    try:
        table, frame, _ = read(path)
    except InputError as error:
        if error.code not in ("tables-empty", "tables-no-header"):
            raise
        return
    first, last = table.notes["header_lines"]
    listed = frame["code"].isin(["tables-above-header", "tables-total", "tables-note", "tables-header-repeated"])
    said = set(frame.loc[listed | (frame["code"] == "tables-column-numbers"), "row"])
    records = set(table.rows.tolist())
    header = set(range(first, last + 1))
    assert filled <= said | records | header
    assert not records & (said | header)
    for line, values in zip(table.rows.tolist(), cells(table), strict=True):
        assert sorted(v for v in values if v) == sorted(v for v in rows[line - 1] if v)


def zip_bytes(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
BROKEN = {
    "empty.xlsx": (b"", "tables-empty"),
    "blank.csv": (b"\xef\xbb\xbf \r\n\r\n", "tables-empty"),
    "cut.xlsx": (b"PK\x03\x04" + bytes(50), "tables-broken-workbook"),
    "locked.xlsx": (OLE + "EncryptedPackage".encode("utf-16-le") + bytes(900), "tables-locked"),
    "cut.xls": (OLE, "tables-broken-workbook"),
    "a.zip": (zip_bytes(**{"a.shp": b"x"}), "tables-not-a-table"),
    "hollow.xlsx": (zip_bytes(**{"xl/workbook.xml": b"<workbook/>"}), "tables-broken-workbook"),
    "a.pdf": (b"%PDF-1.7 ...", "tables-not-a-table"),
    "pointer.csv": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "tables-not-a-table"),
    "noise.csv": (bytes(range(256)) * 20, "tables-not-a-table"),
    "cut.parquet": (b"PAR1" + bytes(30), "tables-broken-file"),
    "numbers.csv": (b"1,2\n3,4\n5,6\n", "tables-no-header"),
    "open.csv": (
        '企业,税收,地址,备注\n甲,1,"一街,x\n乙,2,二街,y\n丙,3,三街,z\n'.encode(),
        "tables-open-quote",
    ),
    "page.xls": (b"<html><body>please log in</body></html>", "tables-empty"),
    "old.xls": (b"\x09\x08\x10\x00\x00\x06\x05\x00" + bytes(100), "tables-not-a-table"),
    "x.xml": (
        b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>',
        "tables-not-a-table",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_are_refused_in_words(tmp_path, name):
    data, code = BROKEN[name]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError) as caught:
        read(tmp_path / name)
    assert caught.value.code == code
    for lang in ("zh", "en"):
        text = caught.value.render(lang)
        assert name in text
        assert text.count("\n") == 3


@pytest.mark.parametrize("suffix", ["xlsx", "xls"])
def test_damaged_workbooks_never_crash(tmp_path, suffix):
    """Every byte of the file in turn is spoilt, in steps: an answer or an error in words, nothing else."""
    rows = [["企业", "税收"], ["甲", 1], ["乙", 2]]
    path = tmp_path / f"a.{suffix}"
    if suffix == "xlsx":
        workbook(path, {"a": rows})
    else:
        book = xlwt.Workbook()
        sheet = book.add_sheet("a")
        for r, c in np.ndindex(3, 2):
            sheet.write(r, c, rows[r][c])
        book.save(str(path))
    whole = path.read_bytes()
    refused = 0
    for at in range(0, len(whole), len(whole) // 120):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        try:
            read(path)
        except InputError as error:
            refused += error.render("zh").count("\n") == 3
    assert refused > 0


def test_absent_file_and_folder(tmp_path):
    with pytest.raises(InputError) as caught:
        read(tmp_path / "没有.xlsx")
    assert caught.value.code == "tables-no-file"
    with pytest.raises(InputError) as caught:
        read(tmp_path)
    assert caught.value.code == "tables-folder"


def test_empty_workbook_and_header_without_records(tmp_path):
    with pytest.raises(InputError) as caught:
        read(workbook(tmp_path / "a.xlsx", {"a": [], "b": []}))
    assert caught.value.code == "tables-empty"
    table, frame, _ = read(workbook(tmp_path / "b.xlsx", {"a": [["企业", "税收"]]}))
    assert table.frame.shape == (0, 2)
    assert len(table.rows) == 0
    assert codes(frame) == ["tables-no-records"]


def test_cell_far_outside_is_refused(tmp_path):
    path = workbook(tmp_path / "a.xlsx", {"a": [["企业", "税收"], ["甲", 1]]})
    book = openpyxl.load_workbook(path)
    book.active["XFD60000"] = "x"
    book.save(path)
    with pytest.raises(FormatError) as caught:
        read(path)
    assert (caught.value.code, caught.value.params["cell"]) == ("tables-far-cell", "XFD60000")


def test_rows_of_uneven_length(tmp_path):
    text = "企业,税收,地址\n甲,1,一街\n乙,1,234,二街\n丙,5\n丁,6,三街\n"
    table, frame, _ = read(text_file(tmp_path / "a.csv", text))
    assert table.frame["企业"].tolist() == ["甲", "乙", "丙", "丁"]
    assert table.frame["列D"].tolist()[1] == "二街"
    assert rows_of(frame, "tables-long-rows") == [3]
    assert rows_of(frame, "tables-short-rows") == [4]


def test_line_breaks_inside_cells_keep_rows_right(tmp_path):
    text = '企业,备注,税收\n甲,"第一行\n第二行\n第三行",1\n乙,"a ""b"" c",2\n'
    table = read(text_file(tmp_path / "a.csv", text))[0]
    assert cells(table) == [["甲", "第一行\n第二行\n第三行", "1"], ["乙", 'a "b" c', "2"]]
    assert table.rows.tolist() == [2, 3]


def test_line_break_in_the_header_and_codes_below(tmp_path):
    text = '"企业\n名称",代码,"税收\n（万元）",日期\n甲,007,1.50,2024-06-03\n'
    table = read(text_file(tmp_path / "a.csv", text))[0]
    assert table.frame.columns.tolist() == ["企业名称", "代码", "税收（万元）", "日期"]
    assert cells(table) == [["甲", "007", "1.50", "2024-06-03"]]


def test_old_mac_line_ends(tmp_path):
    table = read(text_file(tmp_path / "a.csv", "企业,代码\r甲,007\r乙,008\r"))[0]
    assert cells(table) == [["甲", "007"], ["乙", "008"]]


def test_commas_and_line_breaks_inside_one_cell_are_no_open_quote(tmp_path):
    text = '企业,税收,地址,备注\n甲,1,"a, b, c\nd, e, f, g, h",x\n乙,2,b,"p,q,r,s\nt,u,v,w"\n'
    table = read(text_file(tmp_path / "a.csv", text))[0]
    assert table.frame["地址"].tolist() == ["a, b, c\nd, e, f, g, h", "b"]


def test_excel_separator_line(tmp_path):
    assert cells(read(text_file(tmp_path / "a.csv", "sep=;\n企业;税收\n甲;1,5\n"))[0]) == [["甲", "1,5"]]


def test_text_of_numbers_stays_text(tmp_path):
    text = "编号,代码,税收\n007,913709001234567890,1e3\n008,913709001234567891,NA\n"
    table = read(text_file(tmp_path / "a.csv", text))[0]
    assert cells(table) == [["007", "913709001234567890", "1e3"], ["008", "913709001234567891", "NA"]]


def test_single_column(tmp_path):
    assert cells(read(text_file(tmp_path / "a.csv", "宗地代码\n001\n002\n"))[0]) == [["001"], ["002"]]


def test_file_is_not_changed_and_reading_twice_gives_the_same(tmp_path):
    path = workbook(tmp_path / "a.xlsx", {"a": BUREAU}, {"a": BUREAU_MERGES})
    before = path.read_bytes()
    first, second = read(path), read(path)
    assert path.read_bytes() == before
    pd.testing.assert_frame_equal(first[0].frame, second[0].frame)
    pd.testing.assert_frame_equal(first[1], second[1])


def test_cambridge_taxes():
    path = SHARED / "cambridge_ma_fy2013" / "TaxFY13.csv"
    if not path.exists():
        pytest.skip("no shared data")
    table, frame, _ = read(path)
    value = to_number(table.frame["TotalAppraisedParcelValue"])
    assert len(table.frame) == 27_424
    assert value.values.sum() == 35_777_280_764
    assert int(value.values.isna().sum()) == 1
    assert not value.bad.any()
    assert table.rows[0] == 2
    assert (np.diff(table.rows) == 1).all()
    assert len(frame) == 0

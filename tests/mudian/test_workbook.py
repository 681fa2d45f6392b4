"""The workbook: nothing in it can run, missing is empty, zero is 0, and no record is left out."""

import datetime as dt
import re
import xml.etree.ElementTree as tree
import zipfile

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import mudian.workbook
from mudian.conserve import Account
from mudian.evaluation import Evaluation
from mudian.workbook import header, write_workbook
from mudian.workbook_rows import CELL_TEXT, Body, kind_of, letters, rows, shorten
from parcels.ledger import COLUMNS, Ledger

WICKED = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "<b>&amp;",
    "_x0041_",
    "甲\x0b乙",
    "字" * 40_000,
    "  空白 ",
]


def evaluation(*, lang="zh", names=WICKED, ledger=None):
    n = len(names)
    enterprises = pd.DataFrame(
        {
            "enterprise_id": pd.Series([f"E{i:02d}" for i in range(n)], dtype="str"),
            "name": pd.Series(names, dtype="str"),
            "tax_wan": [0.0, np.nan, -12.5, *np.linspace(1, 2, n - 3)],
            "employees": [0.0, np.nan, 7.0, *range(n - 3)],
            "revenue_wan": np.nan,
            "above_scale": pd.array([True, False, pd.NA] + [True] * (n - 3), dtype="boolean"),
            "founded_on": pd.to_datetime(["2001-02-03", None, "1899-05-06"] + ["2020-02-29"] * (n - 3)),
            "纳税额": pd.Series(["1,0"] * n, dtype="str"),
            "备注": pd.Series([None, "/", "—"] + [None] * (n - 3), dtype="str"),
            "source_row": range(2, n + 2),
        }
    )
    square = shapely.box(39_500_000, 4_000_000, 39_500_100, 4_000_100)
    parcels = gpd.GeoDataFrame(
        {
            "parcel_id": pd.Series(["007", "=A1"], dtype="str"),
            "supply_status": pd.Series(["supplied", "unsupplied"], dtype="str"),
            "zone_id": pd.Series(["Z1", None], dtype="str"),
            "area_mu": [15.0, 14.0],
            "area_m2": [10_000.0, 9_333.3],
            "zone_share": [1.0, np.nan],
            "tax_wan": [30.0, np.nan],
            "tax_wan_incomplete": [False, False],
            "tax_per_mu": [2.0, np.nan],
            "source_row": [1, 2],
        },
        geometry=[square, None],
        crs=4527,
    )
    zones = gpd.GeoDataFrame(
        {
            "zone_id": ["Z1"],
            "zone_name": ["甲区"],
            "parcel_count": [1],
            "parcel_mu": [15.0],
            "base_mu": [15.0],
            "tax_wan": [30.0],
            "tax_per_mu": [2.0],
            "rank_tax_per_mu": pd.array([1], dtype="Int64"),
        },
        geometry=[square],
        crs=4527,
    )
    links = pd.DataFrame(
        {
            "parcel_id": ["007"],
            "enterprise_id": ["E00"],
            "parcel_row": [1],
            "method": ["holdings"],
            "relation": ["lease"],
            "area_m2": [10_000.0],
            "share": [1.0],
        }
    )
    book = ledger or Ledger(lang=lang)
    accounts = [Account("tax_wan", 40.0, 30.0, {"enterprise_without_land": 10.0})]
    manifest = {
        "project": {"name": "=甲区 2025", "period": "2025", "as_of": "2025-12-31", "lang": lang},
        "inputs": {"enterprises": [{"file": "企业.csv", "bytes": 123, "sha256": "ab"}]},
        "decisions": [
            {
                "topic": "field",
                "value": "tax_wan = 纳税额",
                "source": "企业.csv",
                "evidence": ["alias"],
                "confidence": None,
            }
        ],
        "parameters": {
            "area_basis": "ellipsoidal",
            "zone_area_base": "parcel",
            "allocation": "area",
            "crs": "EPSG:4527",
        },
        "rows": {"parcels": {"in": 2, "out": 2}, "enterprises": {"in": n, "out": n}, "findings": {"out": 0}},
        "conservation": {a.column: a.as_dict() for a in accounts},
        "ledger": {s: book.count(s) for s in ("error", "warning", "info")},
    }
    empty = pd.DataFrame({c: pd.Series(dtype="str") for c in ("parcel_id", "owner", "enterprise_id", "name")})
    return Evaluation(
        parcels=parcels,
        enterprises=enterprises,
        zones=zones,
        links=links,
        candidates=empty,
        findings=pd.DataFrame(),
        ledger=book.frame(),
        manifest=manifest,
    )


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    target = tmp_path_factory.mktemp("book") / "report.xlsx"
    write_workbook(evaluation(), target)
    return target


@pytest.fixture(scope="module")
def book(path):
    return openpyxl.load_workbook(path)


def table(sheet):
    values = list(sheet.iter_rows(values_only=True))
    return pd.DataFrame(values[1:], columns=values[0], dtype=object)


def test_no_cell_of_any_sheet_is_a_formula(path, book):
    assert not [c.coordinate for s in book for row in s.iter_rows() for c in row if c.data_type == "f"]
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        sheets = [archive.read(n) for n in archive.namelist() if n.startswith("xl/worksheets/sheet")]
        assert len(sheets) == len(book.sheetnames)
        assert not [s for s in sheets if b"<f>" in s or b"<f " in s]


def test_names_that_look_like_formulas_stay_names(book):
    names = table(book["企业"])["企业名称"]
    assert names[:5].tolist() == WICKED[:5]
    assert names[5] == "<b>&amp;"
    assert names[9] == "  空白 "
    assert book["总览"]["A1"].value == "=甲区 2025"
    assert table(book["宗地"])["宗地代码"].tolist() == ["007", "=A1"]


def test_control_characters_and_what_looks_like_their_code(path, book):
    # ECMA-376 22.9.2.19 (ST_Xstring): _xHHHH_ stands for a character, _x005F_ for the underscore itself.
    names = table(book["企业"])["企业名称"]
    assert names[6] == "_x005F_x0041_"
    assert names[7] == "甲_x000B_乙"


def test_very_long_text_is_cut_at_the_limit_of_a_cell_and_says_so(book):
    long = table(book["企业"])["企业名称"][8]
    assert len(long) == 32_767
    assert long.endswith("（共 40000 字，全文见 parquet）")


def test_missing_is_an_empty_cell_and_zero_is_zero(book):
    tax = table(book["企业"])["税收（万元）"]
    assert tax[0] == 0
    assert tax[1] is None
    assert tax[2] == -12.5
    assert table(book["宗地"])["亩均税收（万元/亩）"].tolist() == [2, None]


def test_dates_have_no_time_integers_no_decimals_yes_and_no_are_words(book):
    sheet = book["企业"]
    shown = table(sheet)
    assert shown["成立日期"][0] == dt.datetime(2001, 2, 3)
    assert shown["成立日期"][1] is None
    assert shown["成立日期"][2] == "1899-05-06"
    cell = {c.value: c.column for c in sheet[1]}
    assert sheet.cell(2, cell["成立日期"]).number_format == "yyyy-mm-dd"
    assert sheet.cell(2, cell["职工人数（人）"]).number_format == "#,##0"
    assert sheet.cell(2, cell["税收（万元）"]).number_format == "#,##0.00"
    assert sheet.cell(2, cell["企业名称"]).number_format == "@"
    assert shown["是否规上"].tolist()[:3] == ["是", "否", None]


def test_codes_are_words_and_links_name_the_enterprise(book):
    links = table(book["挂接"])
    assert links.loc[0, ["挂接方式", "用地关系"]].tolist() == ["用地关系表", "承租"]
    assert links.loc[0, "企业名称"] == "=1+1"
    assert links.loc[0, "用地面积（平方米）"] == 10_000
    assert table(book["宗地"])["供地状态"].tolist() == ["已供", "未供"]


def test_headers_are_frozen_and_filtered_and_carry_their_unit(book):
    assert book.sheetnames == [
        "总览", "全市概览", "开发区单页", "开发区", "企业", "宗地", "挂接", "台账", "专题分级", "来源",
    ]  # fmt: skip
    frozen = {"开发区": "C2", "企业": "C2", "宗地": "B2", "挂接": "D2", "台账": "B2"}
    for name, cell in frozen.items():
        sheet = book[name]
        assert sheet.freeze_panes == cell
        last = f"{openpyxl.utils.get_column_letter(sheet.max_column)}{max(sheet.max_row, 1)}"
        assert sheet.auto_filter.ref == f"A1:{last}"
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.print_title_rows == "$1:$1"
        assert None not in [c.value for c in sheet[1]]
        assert len({c.value for c in sheet[1]}) == sheet.max_column
    assert header("land_price_wan", "zh", sheet="parcels") == "土地价款（万元）"
    assert header("land_price_wan", "en", sheet="parcels") == "Land price (10k yuan)"
    assert header("energy_tce_incomplete", "zh", sheet="parcels") == "综合能耗 不完整"
    assert header("rank_tax_per_mu", "zh", sheet="zones") == "亩均税收排名"
    assert header("我的列_wan", "zh", sheet="parcels") == "我的列_wan"


def test_empty_and_repeated_columns_are_left_out_and_the_empty_ones_named(book):
    heads = [c.value for c in book["企业"][1]]
    assert "备注" in heads
    assert "纳税额" not in heads
    assert "营业收入（万元）" not in heads
    texts = [[c.value for c in row] for row in book["来源"].iter_rows()]
    assert ["全空未列的列", "营业收入（万元）", "企业"] in [row[:3] for row in texts]


def test_the_overview_proves_conservation_on_one_page(book):
    sheet = book["总览"]
    cells = {c.value: c for row in sheet.iter_rows() for c in row if c.value is not None}
    line = [c.value for c in sheet[cells["守恒检查"].row + 2]]
    assert line[:6] == ["税收（万元）", 40, 30, 10, 0, "是"]
    zone = [c.value for c in sheet[cells["开发区合计"].row]]
    assert zone[:6] == ["开发区合计", 1, 15, 15, 30, 2]
    outside = [c.value for c in sheet[cells["开发区外的宗地"].row]]
    assert outside[:3] == ["开发区外的宗地", 1, 14]
    assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight or 1) == (1, 1)  # absent means 1
    assert sheet.page_setup.paperSize == 9
    assert sheet.sheet_properties.pageSetUpPr.fitToPage


def test_errors_come_first_in_the_ledger_and_are_counted_on_the_overview(tmp_path):
    ledger = Ledger(lang="zh")
    ledger.add("parcel-no-enterprise", stage="allocate", row=[1, 2], id=["a", "b"])
    ledger.add("holding-no-parcel", stage="link", row=[3], before=["=x"])
    write_workbook(evaluation(ledger=ledger), tmp_path / "r.xlsx")
    book = openpyxl.load_workbook(tmp_path / "r.xlsx")
    shown = table(book["台账"])
    assert shown["级别"].tolist() == ["错误", "说明", "说明"]
    assert shown["原值"].tolist() == ["=x", None, None]
    assert {"行", "环节", "代码"} <= set(shown.columns)
    assert len(COLUMNS) >= len(shown.columns)
    counts = [[c.value for c in row] for row in book["总览"].iter_rows()]
    assert [row[3:6] for row in counts if row[3] == "错误"] == [["错误", 1, "用地关系中的宗地不存在，未计入"]]


def test_english_headers(tmp_path):
    write_workbook(evaluation(lang="en"), tmp_path / "r.xlsx")
    book = openpyxl.load_workbook(tmp_path / "r.xlsx")
    assert book.sheetnames[:4] == ["Overview", "City overview", "Zone pages", "Zones"]
    assert "Tax (10k yuan)" in [c.value for c in book["Enterprises"][1]]


def test_a_table_longer_than_a_sheet_goes_on_in_a_second_one(tmp_path, monkeypatch):
    monkeypatch.setattr(mudian.workbook, "RECORDS", 4)
    write_workbook(evaluation(), tmp_path / "r.xlsx")
    book = openpyxl.load_workbook(tmp_path / "r.xlsx")
    parts = [table(book[name]) for name in ("企业", "企业 (2)", "企业 (3)")]
    assert [len(p) for p in parts] == [4, 4, 2]
    ids = pd.concat(parts)["统一社会信用代码"].tolist()
    assert ids == [f"E{i:02d}" for i in range(len(WICKED))]


def test_integers_that_a_spreadsheet_would_round_are_text():
    assert kind_of(pd.Series([370902001002001])) == "integer"
    assert kind_of(pd.Series([1_000_000_000_000_001])) == "text"
    assert kind_of(pd.Series([-(2**63)])) == "text"
    assert kind_of(pd.Series([pd.NA], dtype="Int64")) == "integer"
    assert kind_of(pd.Series(pd.to_datetime(["2020-01-01 08:30"]))) == "datetime"


def test_infinity_stands_as_text():
    body = Body(pd.DataFrame({"a": [np.inf, -np.inf, np.nan, 1.5]}), ["number"], "")
    cells = "".join(rows(body, [1]))
    assert cells.count("<v>") == 1
    assert "∞" in cells
    assert "-∞" in cells


def test_column_names_are_those_of_spreadsheets():
    assert [letters(i) for i in range(0, 16_384, 500)] == [
        openpyxl.utils.get_column_letter(i + 1) for i in range(0, 16_384, 500)
    ]


def test_characters_outside_the_first_plane_count_twice():
    # Excel counts UTF-16 units.
    cut = shorten("𠀀" * 20_000, "…{count}")
    assert len(cut.encode("utf-16-le")) // 2 <= CELL_TEXT
    assert cut.endswith("…20000")
    assert shorten("𠀀" * 16_000, "…") == "𠀀" * 16_000


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=30), min_size=1, max_size=8))
def test_any_text_comes_back_as_it_was(texts):
    body = Body(pd.DataFrame({"a": pd.Series(texts, dtype="str")}), ["text"], "")
    root = tree.fromstring(f"<s>{''.join(rows(body, [1]))}</s>")
    shown = [t.text or "" for t in root.iter("t")]
    assert [decoded(t) for t in shown] == texts


def decoded(text):
    """Undo the coding of ST_Xstring, from left to right."""
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda m: chr(int(m[1], 16)), text)

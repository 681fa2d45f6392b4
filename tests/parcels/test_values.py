"""Values as clerks write them; expectations are read off the text by a person, not by the program."""

import datetime as dt
import decimal
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcels.ledger import Ledger
from parcels.values.parse import Parsed, report, to_boolean, to_date, to_id, to_number, to_text


def column(*cells: object) -> pd.Series:
    return pd.Series(list(cells), index=[f"r{i}" for i in range(len(cells))], dtype=object, name="列")


def one(parse, cell: object) -> tuple[object, str]:
    """The value of a single cell (None when missing) and its state in one word."""
    parsed: Parsed = parse(column(cell))
    value = parsed.values.iloc[0]
    states = [n for n in ("missing", "bad", "changed") if getattr(parsed, n)[0]]
    assert len(states) < 2
    assert (parsed.codes[0] != "") == bool(parsed.bad[0])
    return (None if pd.isna(value) else value), (parsed.codes[0] or (states[0] if states else "plain"))


MARKS = [
    "—",
    "——",
    "-",
    "--",
    "－",
    "/",
    "//",
    "\\",
    "无",
    "暂无",
    "N/A",
    "#N/A",
    "n/a",
    "null",
    "NULL",
    "空",
    " ",
    "　",
    "<空>",
]


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("parse", [to_number, to_date, to_text, to_boolean])
def test_marks_are_missing_and_not_bad(parse, mark):
    assert one(parse, mark) == (None, "missing")


@pytest.mark.parametrize("mark", [m for m in MARKS if m != "--"])
def test_marks_are_missing_in_ids_too(mark):
    assert one(to_id, mark) == (None, "missing")


@pytest.mark.parametrize(
    ("cell", "text", "state"),
    [("--", "--", "plain"), ("---", "---", "plain"), (" --- ", "---", "changed"), ("--R", "--R", "plain"),
     ("A--1", "A--1", "plain"), ("007 ", "007", "changed"), (370902.0, "370902", "changed")],
)  # fmt: skip
def test_runs_of_hyphens_are_ids(cell, text, state):
    assert one(to_id, cell) == (text, state)


@pytest.mark.parametrize("parse", [to_number, to_date, to_text, to_boolean])
def test_runs_of_hyphens_are_marks_elsewhere(parse):
    assert one(parse, "---") == (None, "missing")


def test_damaged_ids_are_bad():
    assert one(to_id, 9.13709e17) == (None, "value-float-damage")


@pytest.mark.parametrize("parse", [to_number, to_date, to_text, to_boolean])
@pytest.mark.parametrize("empty", [None, math.nan, pd.NA, pd.NaT, ""])
def test_empty_is_neither_mark_nor_bad(parse, empty):
    assert one(parse, empty) == (None, "plain")


@pytest.mark.parametrize(
    ("cell", "value", "state"),
    [
        ("0", 0.0, "plain"),
        (0, 0.0, "plain"),
        ("0.00", 0.0, "plain"),
        ("1234.5", 1234.5, "plain"),
        (" 12 ", 12.0, "plain"),
        ("+5", 5.0, "plain"),
        ("-5", -5.0, "plain"),
        (".5", 0.5, "plain"),
        ("1.2E+03", 1200.0, "plain"),
        (decimal.Decimal("1.25"), 1.25, "plain"),
        (np.int32(7), 7.0, "plain"),
        (np.float32(0.5), 0.5, "plain"),
        ("1,234.50", 1234.5, "changed"),
        ("-1,234,567", -1234567.0, "changed"),
        ("１，２３４", 1234.0, "changed"),
        ("１２．５", 12.5, "changed"),
        ("1 234", 1234.0, "changed"),
        ("1\u00a0234\u00a0567.8", 1234567.8, "changed"),
        ("(123)", -123.0, "changed"),
        ("（1,234.5）", -1234.5, "changed"),
        ("−5", -5.0, "changed"),
        ("¥1,200", 1200.0, "changed"),
        ("'123", 123.0, "changed"),
        ('="12"', 12.0, "changed"),
    ],
)
def test_numbers(cell, value, state):
    assert one(to_number, cell) == (value, state)


@pytest.mark.parametrize(
    ("cell", "value", "unit"),
    [
        ("12.5亩", 12.5, "亩"),
        ("3 万元", 3.0, "万元"),
        ("20（万元）", 20.0, "万元"),
        ("1,234.5㎡", 1234.5, "m2"),
        ("1200 m²", 1200.0, "m2"),
        ("12.5%", 12.5, "%"),
        ("１２．５％", 12.5, "%"),
        ("120人", 120.0, "人"),
        ("50年", 50.0, "年"),
        ("5.5 kWh", 5.5, "kwh"),
        ("2亿元", 2.0, "亿元"),
        ("￥30", 30.0, "元"),
    ],
)
def test_units_behind_numbers_are_kept_apart(cell, value, unit):
    parsed = to_number(column(cell, 7))
    assert parsed.values.tolist() == [value, 7.0]
    assert parsed.units.iloc[0] == unit
    assert pd.isna(parsed.units.iloc[1])
    assert parsed.changed.tolist() == [True, False]


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("≥1.2", "value-number-bound"),
        (">=1.2", "value-number-bound"),
        ("＜3", "value-number-bound"),
        ("1.0-2.0", "value-number-bound"),
        ("1.0～2.0", "value-number-bound"),
        ("1.0–2.0", "value-number-bound"),
        ("不低于1.2", "value-number-bound"),
        ("约30", "value-number-bound"),
        ("12以上", "value-number-bound"),
        ("#DIV/0!", "value-excel-error"),
        ("#REF!", "value-excel-error"),
        ("#VALUE!", "value-excel-error"),
        ("####", "value-excel-error"),
        ("inf", "value-bad-number"),
        ("-Infinity", "value-bad-number"),
        ("nan", "value-bad-number"),
        ("1e999", "value-bad-number"),
        (math.inf, "value-bad-number"),
        ("9" * 400, "value-bad-number"),
        (10**400, "value-bad-number"),
        (True, "value-bad-number"),
        (False, "value-bad-number"),
        (dt.date(2024, 6, 3), "value-bad-number"),
        ("2024-06-03", "value-bad-number"),
        ("1,5", "value-bad-number"),
        ("1,234,56", "value-bad-number"),
        ("1.234,56", "value-bad-number"),
        ("1 2", "value-bad-number"),
        ("10²", "value-bad-number"),
        ("0x10", "value-bad-number"),
        ("1_000", "value-bad-number"),
        ("12号楼", "value-bad-number"),
        ("三百", "value-bad-number"),
        ("٣", "value-bad-number"),
    ],
)
def test_no_number(cell, code):
    assert one(to_number, cell) == (None, code)


def test_equal_cells_of_different_type_are_told_apart():
    parsed = to_number(column(True, 1, 1.0, "1"))
    assert parsed.bad.tolist() == [True, False, False, False]
    assert parsed.values.iloc[1:].tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("series", "values"),
    [
        (pd.Series([1, 2], dtype="int16"), [1.0, 2.0]),
        (pd.Series([1, None], dtype="Int64"), [1.0, None]),
        (pd.Series([0.5, None], dtype="Float32"), [0.5, None]),
        (pd.Series(["1", "x1"], dtype="category"), [1.0, None]),
        (pd.Series(["1,000", None], dtype="str"), [1000.0, None]),
        (pd.Series([True, None], dtype="boolean"), [None, None]),
        (pd.Series([], dtype=object), []),
    ],
)
def test_every_dtype_is_taken(series, values):
    before = series.copy(deep=True)
    parsed = to_number(series)
    assert [None if pd.isna(v) else v for v in parsed.values] == values
    assert parsed.values.dtype == np.float64
    pd.testing.assert_series_equal(series, before)


@pytest.mark.parametrize(
    ("cell", "state"),
    [
        ("2024-06-03", "plain"),
        ("2024/6/3", "plain"),
        ("2024.6.3", "plain"),
        ("20240603", "plain"),
        (20240603, "plain"),
        (20240603.0, "plain"),
        ("2024-06-03 00:00:00", "plain"),
        ("2024/6/3 0:00", "plain"),
        ("2024-06-03T00:00:00.000Z", "plain"),
        (dt.date(2024, 6, 3), "plain"),
        (dt.datetime(2024, 6, 3), "plain"),
        (np.datetime64("2024-06-03"), "plain"),
        (pd.Timestamp("2024-06-03", tz="Asia/Shanghai"), "plain"),
        ("2024年6月3日", "changed"),
        ("2024年06月03号", "changed"),
        ("2024 年 6 月 3 日", "changed"),
        ("二〇二四年六月三日", "changed"),
        ("２０２４-０６-０３", "changed"),
        (45446, "changed"),
        (45446.0, "changed"),
        ("45446", "changed"),
    ],
)
def test_one_day_in_many_writings(cell, state):
    assert one(to_date, cell) == (pd.Timestamp(2024, 6, 3), state)


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("二〇二〇年十月二十日", "2020-10-20"),
        ("二○一九年十二月三十一日", "2019-12-31"),
        ("2024-02-29", "2024-02-29"),
        ("2024/6/3 下午 3:05", "2024-06-03 15:05"),
        (45446.5, "2024-06-03 12:00"),
        ("19500101", "1950-01-01"),
        ("2100-12-31", "2100-12-31"),
        (20000, "1954-10-03"),
    ],
)
def test_other_days(cell, day):
    assert one(to_date, cell)[0] == pd.Timestamp(day)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("20240231", "value-bad-date"),
        ("2023-02-29", "value-bad-date"),
        ("2024-13-01", "value-bad-date"),
        ("1949-12-31", "value-bad-date"),
        ("2101-01-01", "value-bad-date"),
        (dt.date(1900, 1, 1), "value-bad-date"),
        (dt.datetime(9999, 12, 31), "value-bad-date"),
        ("24-6-3", "value-bad-date"),
        ("11/21/1979 0:00:00", "value-bad-date"),
        ("2024-06/03", "value-bad-date"),
        ("2024-06-03 25:00", "value-bad-date"),
        ("********", "value-bad-date"),
        (19999, "value-bad-date"),
        (80001, "value-bad-date"),
        (79999, "value-bad-date"),
        (dt.time(1, 2), "value-bad-date"),
        (True, "value-bad-date"),
        ("2024年6月", "value-date-no-day"),
        ("2024-06", "value-date-no-day"),
        ("202406", "value-date-no-day"),
        ("2024.6", "value-date-no-day"),
        (2024.6, "value-date-no-day"),
        ("2024", "value-date-no-day"),
        (2024, "value-date-no-day"),
        ("2024年", "value-date-no-day"),
        ("#REF!", "value-excel-error"),
    ],
)
def test_no_date(cell, code):
    assert one(to_date, cell) == (None, code)


@pytest.mark.parametrize("cell", ["00000000", "0", 0, "0000-00-00", "0000-00-00 00:00:00"])
def test_zero_dates_are_missing(cell):
    assert one(to_date, cell) == (None, "missing")


def test_dates_have_one_dtype():
    assert to_date(column("2024-06-03", None)).values.dtype == "datetime64[s]"
    assert to_date(pd.Series([], dtype=object)).values.dtype == "datetime64[s]"
    stamps = pd.Series(pd.to_datetime(["2024-06-03", None]).as_unit("ns"))
    assert to_date(stamps).values.tolist() == [pd.Timestamp(2024, 6, 3), pd.NaT]


@pytest.mark.parametrize(
    ("cell", "text", "state"),
    [
        ("370902001001GB00001", "370902001001GB00001", "plain"),
        ("370902001001GB00001 ", "370902001001GB00001", "changed"),
        ("\t91370900MA3C12345X", "91370900MA3C12345X", "changed"),
        ("　甲 公司\u200b", "甲 公司", "changed"),
        ("007", "007", "plain"),
        ("无锡", "无锡", "plain"),
        ("3E10", "3E10", "plain"),
        ("1.0", "1.0", "plain"),
        (370902.0, "370902", "changed"),
        (370902, "370902", "changed"),
        (-3.0, "-3", "changed"),
        (12.5, "12.5", "changed"),
        (2.0**53 - 1, "9007199254740991", "changed"),
        (2**60 + 1, "1152921504606846977", "changed"),
        ("370902001.0", "370902001", "changed"),
        ('="007"', "007", "changed"),
        ("'0123", "0123", "changed"),
        (True, "TRUE", "changed"),
        (dt.date(2024, 6, 3), "2024-06-03", "changed"),
        (dt.datetime(2024, 6, 3, 1, 30), "2024-06-03 01:30:00", "changed"),
    ],
)
def test_texts(cell, text, state):
    assert one(to_text, cell) == (text, state)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        (9.13709e17, "value-float-damage"),
        (2.0**53, "value-float-damage"),
        ("9.13709E+17", "value-float-damage"),
        ("9.1370E17", "value-float-damage"),
        ("9E+17", "value-float-damage"),
        ("913709001234567000.0", "value-float-damage"),
        ("#REF!", "value-excel-error"),
        (math.inf, "value-bad-text"),
        ([1], "value-bad-text"),
    ],
)
def test_damaged_texts(cell, code):
    assert one(to_text, cell) == (None, code)


def test_texts_have_the_str_dtype():
    assert to_text(column("a", None, 1)).values.dtype == "str"


@pytest.mark.parametrize("cell", ["是", "有", "√", "TRUE", "true", "Y", "1", 1, 1.0, True, np.True_])
def test_yes(cell):
    assert one(to_boolean, cell) == (True, "plain")


@pytest.mark.parametrize("cell", ["否", "×", "FALSE", "n", "0", 0, 0.0, False])
def test_no(cell):
    assert one(to_boolean, cell) == (False, "plain")


@pytest.mark.parametrize("cell", ["也许", 2, -1, dt.date(2024, 1, 1), "是否"])
def test_neither_yes_nor_no(cell):
    assert one(to_boolean, cell) == (None, "value-bad-boolean")


def test_wu_is_no_only_beside_you():
    assert to_boolean(column("有", "无")).values.tolist() == [True, False]
    assert to_boolean(column("是", "无")).values.tolist() == [True, pd.NA]


@given(st.lists(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12), st.dates())))
def test_any_cell_is_understood_marked_or_reported(cells):
    series = pd.Series(cells, index=np.arange(len(cells)) * 3 + 5, dtype=object)
    for parse in (to_number, to_date, to_text, to_id, to_boolean):
        parsed = parse(series)
        assert parsed.values.index.equals(series.index)
        gone = parsed.values.isna().to_numpy() & series.notna().to_numpy() & (series != "").to_numpy()
        assert (gone == (parsed.missing | parsed.bad)).all()
        assert not (parsed.missing & parsed.bad).any()
        assert not (parsed.changed & (parsed.missing | parsed.bad)).any()


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_written_numbers_come_back(number):
    assert to_number(column(repr(number), number)).values.tolist() == [number, number]


@given(st.integers(min_value=-(10**15), max_value=10**15))
def test_thousands_separators_do_not_change_a_number(number):
    assert to_number(column(f"{number:,}", f"{number:,}.25")).values.tolist() == [
        float(number),
        float(f"{number}.25"),
    ]


@given(st.dates(dt.date(1950, 1, 1), dt.date(2100, 12, 31)))
def test_every_day_comes_back_from_every_writing(day):
    writings = [
        day.isoformat(), f"{day:%Y%m%d}", f"{day.year}.{day.month}.{day.day}",
        f"{day.year}年{day.month}月{day.day}日", day,
    ]  # fmt: skip
    assert set(to_date(column(*writings)).values) == {pd.Timestamp(day)}


def reported(parse, *cells: object) -> pd.DataFrame:
    ledger, series = Ledger(lang="en"), column(*cells)
    rows = np.arange(len(cells)) + 11
    ids = np.array([f"id{i}" for i in range(len(cells))], dtype=object)
    report(parse(series), field="税收", original=series, rows=rows, ids=ids, source="企业.xlsx", ledger=ledger)
    return ledger.frame()


def test_bad_cells_stand_in_the_ledger_one_by_one():
    frame = reported(to_number, "1", "≥2", "x", "y", "#REF!")
    assert frame[["code", "row", "id", "before"]].to_numpy().tolist() == [
        ["value-bad-number", 13, "id2", "x"],
        ["value-bad-number", 14, "id3", "y"],
        ["value-excel-error", 15, "id4", "#REF!"],
        ["value-number-bound", 12, "id1", "≥2"],
    ]
    assert set(frame["severity"]) == {"error"}
    assert set(frame["field"]) == {"税收"}
    assert set(frame["source"]) == {"企业.xlsx"}


def test_marks_and_repairs_stand_in_one_row_each():
    frame = reported(to_number, "—", "—", "/", 5, "1,234", "2 万元", None)
    assert frame["code"].tolist() == ["value-missing-marks", "value-repaired"]
    assert "3 cells" in frame["message"][0]
    assert "— ×2" in frame["message"][0]
    assert "2 cells" in frame["message"][1]
    assert "line 15" in frame["message"][1]
    assert (frame["before"][1], frame["after"][1]) == ("1,234", "1234")


def test_nothing_to_say_about_a_clean_column():
    assert len(reported(to_number, 1, "2", None)) == 0
    assert len(reported(to_date, "2024-06-03", dt.date(2024, 6, 3))) == 0


def test_repaired_dates_are_shown_as_days():
    frame = reported(to_date, 45446)
    assert frame["before"].tolist() == ["45446"]
    assert frame["after"].tolist() == ["2024-06-03"]

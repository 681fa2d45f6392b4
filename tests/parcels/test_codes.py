"""Codes of land and owners: published numbers that must pass, faults that must be named."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcels.catalog import CATALOG
from parcels.codes.check import (
    check_credit_code,
    check_organisation_code,
    check_parcel_code,
    check_unit_code,
    dictionary,
    normalise_code,
    report_codes,
)
from parcels.ledger import Ledger

# Published credit codes of companies and public bodies.
PUBLISHED = [
    "91110000600037341L",
    "91350100M000100Y43",
    "9144030071526726XG",
    "914403001922038216",
    "91110000802100433B",
    "91330100799655058B",
    "911000001000013428",
    "91100000100003962T",
    "91310000631295002H",
]
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def verdict(check, *values):
    return check(pd.Series(values, dtype=object)).tolist()


def one(check, value):
    (result,) = verdict(check, value)
    return result


def check_character(first17):
    """The rule of GB 32100-2015 worked by hand, with the weights as printed there."""
    weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28]
    total = sum(ALPHABET.index(c) * w for c, w in zip(first17, weights, strict=True))
    return ALPHABET[(31 - total % 31) % 31]


# ---------------------------------------------------------------------- normalising


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("370902001001GB00001", "370902001001GB00001"),
        ("３７０９０２００１００１ＧＢ００００１", "370902001001GB00001"),
        (" 370902 001-001\tgb00001 ", "370902001001GB00001"),
        ("'0601", "0601"),
        ("370902－001001", "370902001001"),
        ("601.0", "601"),
        (601, "601"),
        (601.0, "601"),
        (370902001001001, "370902001001001"),
        (3.70902001001e18, "3.70902001001E+18"),
        ("9.1370902e+17", "9.1370902E+17"),
        ("913709020000000000.0", "913709020000000000.0"),
        ("", None),
        ("  ", None),
        ("—", None),
        (None, None),
        (np.nan, None),
        (pd.NA, None),
    ],
)
def test_normalise(raw, clean):
    result = normalise_code(pd.Series([raw], dtype=object, name="代码"))
    assert (None if result.isna()[0] else result[0]) == clean
    assert result.name == "代码"


def test_normalise_number_columns_keeps_index():
    series = pd.Series([601.0, np.nan], index=["a", "b"])
    result = normalise_code(series)
    assert result["a"] == "601"
    assert pd.isna(result["b"])
    assert normalise_code(pd.Series([701, None], dtype="Int64")).tolist()[0] == "701"
    assert series.dtype == float


# ---------------------------------------------------------------------- parcel and unit


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("370902001001GB00001", "ok"),
        ("370902 001001 GB00001", "ok"),
        ("370902001001gb00001", "ok"),
        ("370902001001JC00012", "ok"),
        ("370902001001ZW00001", "ok"),
        ("370902001001GB0001", "length"),
        ("370902001001GB000011", "length"),
        ("3709020010010000001", "old_number"),
        ("370902001001", "old_number"),
        ("370902001001GI00001", "feature"),
        ("370902001001KB00001", "feature"),
        ("370902001001GB0000A", "pattern"),
        ("37090200100AGB00001", "pattern"),
        ("370902001001GB0000#", "alphabet"),
        ("990902001001GB00001", "province"),
        ("3.70902001001E+18", "float_damage"),
        (3.709020010010000e18, "float_damage"),
    ],
)
def test_parcel_code(code, expected):
    assert one(check_parcel_code, code) == expected


def test_missing_stays_missing_and_the_index_stays():
    series = pd.Series([None, "", "370902001001GB00001"], index=[7, 3, 5])
    for check in (check_parcel_code, check_unit_code, check_credit_code, check_organisation_code):
        result = check(series)
        assert result.isna().tolist() == [True, True, False]
        assert result.index.tolist() == [7, 3, 5]
    assert check_parcel_code(pd.Series([], dtype=object)).empty


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("370902001001GB00001W00000000", "ok"),
        ("370902001001GB00001F00010001", "ok"),
        ("370902001001GB00001W00000001", "no_building"),
        ("370902001001GB00001F0001001", "length"),
        ("370902001001GB00001K00010001", "feature"),
        ("370902001001GB00001F0001000A", "pattern"),
        ("610821104200GB00039W00000000", "ok"),
        ("370902001001000000100000000", "old_number"),
    ],
)
def test_unit_code(code, expected):
    assert one(check_unit_code, code) == expected


def test_unit_code_against_parcel_code():
    unit = pd.Series(["370902001001GB00001W00000000"] * 3)
    parcel = pd.Series(["370902001001gb00001 ", "370902001001GB00002", None])
    assert check_unit_code(unit, parcel).tolist() == ["ok", "parcel_mismatch", "ok"]


# ---------------------------------------------------------------------- credit codes


@pytest.mark.parametrize("code", PUBLISHED)
def test_published_credit_codes_pass(code):
    assert one(check_credit_code, code) == "ok"
    assert one(check_credit_code, code.lower()) == "ok"
    assert check_character(code[:17]) == code[17]


@pytest.mark.parametrize("code", PUBLISHED[:6])
def test_organisation_part_of_published_codes_passes(code):
    assert one(check_organisation_code, code[8:17]) == "ok"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("91110000600037341X", "check_digit"),
        ("9144030071526726X6", "check_digit"),
        ("9111000060003734IL", "alphabet"),
        ("9111000O600037341L", "alphabet"),
        ("91A10000600037341L", "pattern"),
        ("91110000600037341", "length"),
        ("370900228001234", "registration_number"),
        ("60003734-1", "organisation_code"),
        ("600037342", "check_digit"),
        ("9.1370902E+17", "float_damage"),
        (9.1370902e17, "float_damage"),
        ("11010519491231002X", "resident_id"),
        ("110105194912310021", "check_digit"),
        ("９１１１００００６０００３７３４１Ｌ", "ok"),
    ],
)
def test_credit_code(code, expected):
    assert one(check_credit_code, code) == expected


def test_unknown_province_is_named_when_the_check_character_fits():
    first = "919900006000373419"[:17]
    assert one(check_credit_code, first + check_character(first)) == "province"


def test_every_single_substitution_and_neighbour_swap_is_found():
    base = PUBLISHED[0]
    wrong = [base[:i] + c + base[i + 1 :] for i in range(18) for c in ALPHABET if c != base[i]]
    swapped = [base[:i] + base[i + 1] + base[i] + base[i + 2 :] for i in range(17) if base[i] != base[i + 1]]
    assert "ok" not in verdict(check_credit_code, *wrong, *swapped)


DIGITS = "0123456789"


@given(
    st.lists(
        st.tuples(
            st.text(ALPHABET, min_size=2, max_size=2),
            st.sampled_from(["370902", "110000", "440300"]),
            st.text(ALPHABET, min_size=9, max_size=9),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_codes_with_the_right_character_pass(parts):
    codes = ["".join(p) for p in parts]
    assert verdict(check_credit_code, *(c + check_character(c) for c in codes)) == ["ok"] * len(codes)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("600037341", "ok"),
        ("71526726-X", "ok"),
        ("71526726-1", "check_digit"),
        ("7152672", "length"),
        ("71526726Y", "alphabet"),
    ],
)
def test_organisation_code(code, expected):
    assert one(check_organisation_code, code) == expected


# ---------------------------------------------------------------------- the report


def table():
    return pd.DataFrame(
        {
            "宗地": ["370902001001GB00001", "370902001001GB00001", "3709020010010000001", None],
            "单元": ["370902001001GB00001W00000000", "370902001001GB00009W00000000", None, None],
            "信用代码": ["91110000600037341L", "91110000600037341X", "11010519491231002X", "9.1370902E+17"],
        },
        index=[10, 11, 12, 13],
    )


def report(frame, **columns):
    ledger = Ledger(lang="zh")
    result = report_codes(frame, columns=columns, rows=np.arange(1, len(frame) + 1), source="宗地.shp", ledger=ledger)
    return result, ledger.frame()


def test_report_names_every_fault_with_row_and_raw_code():
    result, rows = report(table(), parcel="宗地", unit="单元", credit="信用代码")
    got = rows[["code", "row", "field", "before"]].to_numpy().tolist()
    assert got == [
        ["codes-parcel-old-number", 3, "宗地", "3709020010010000001"],
        ["codes-unit-parcel-mismatch", 2, "单元", "370902001001GB00009W00000000"],
        ["codes-credit-check-digit", 2, "信用代码", "91110000600037341X"],
        ["codes-credit-float-damage", 4, "信用代码", "9.1370902E+17"],
        ["codes-credit-resident-id", 3, "信用代码", "110105********002X"],
        ["codes-parcel-duplicate", 1, "宗地", "370902001001GB00001"],
        ["codes-parcel-duplicate", 2, "宗地", "370902001001GB00001"],
    ]
    assert set(rows["severity"]) == {"warning"}
    assert set(rows["source"]) == {"宗地.shp"}
    assert rows["id"].tolist()[2] == "370902001001GB00001"
    assert result["parcel"].index.tolist() == [10, 11, 12, 13]


def test_a_column_with_another_numbering_gets_one_row():
    frame = pd.DataFrame({"parcel_id": [f"{k}-{k}" for k in range(100, 130)]})
    _, rows = report(frame, parcel="parcel_id")
    assert rows["code"].tolist() == ["codes-parcel-other-numbering"]
    assert "30 个值中有 30 个" in rows["message"][0]
    assert rows["before"].tolist() == ["100-100 / 101-101 / 102-102"]
    _, rows = report(frame.iloc[:5], parcel="parcel_id")
    assert rows["code"].tolist() == ["codes-parcel-length"] * 5


def test_the_few_national_codes_among_a_local_numbering_are_still_checked():
    codes = [f"A{k:05d}" for k in range(30)] + ["370902001001GB00001", "990902001001GB00001"]
    _, rows = report(pd.DataFrame({"parcel_id": codes}), parcel="parcel_id")
    assert rows[["code", "row"]].to_numpy().tolist() == [
        ["codes-parcel-other-numbering", pd.NA],
        ["codes-parcel-province", 32],
    ]
    assert "32 个值中有 30 个" in rows["message"][0]


def test_faults_of_a_national_table_are_listed_one_by_one():
    codes = [f"370902001001GB{k:05d}" for k in range(30)] + ["A1", "A2"]
    _, rows = report(pd.DataFrame({"parcel_id": codes}), parcel="parcel_id")
    assert rows[["code", "row"]].to_numpy().tolist() == [["codes-parcel-length", 31], ["codes-parcel-length", 32]]


def test_damaged_numbers_are_listed_even_when_all_are_damaged():
    _, rows = report(pd.DataFrame({"parcel_id": ["3.70902E+18"] * 25}), parcel="parcel_id")
    assert rows["code"].value_counts().to_dict() == {
        "codes-parcel-float-damage": 25,
        "codes-parcel-duplicate": 25,
    }


def test_hyphens_tell_local_numbers_apart():
    frame = pd.DataFrame({"parcel_id": ["7-18", "71-8", "a-1", "Ａ-1 ", "---", "---", "--R", None]})
    _, rows = report(frame, parcel="parcel_id")
    twice = rows[rows["code"] == "codes-parcel-duplicate"]
    assert twice[["row", "before"]].to_numpy().tolist() == [[3, "a-1"], [4, "Ａ-1 "], [5, "---"], [6, "---"]]


def test_hyphens_that_only_group_a_national_code_do_not():
    frame = pd.DataFrame({"parcel_id": ["370902001001GB00001", "370902-001-001-GB00001"]})
    _, rows = report(frame, parcel="parcel_id")
    assert rows["code"].tolist() == ["codes-parcel-duplicate"] * 2


def test_land_use_column_is_judged_in_its_system():
    frame = pd.DataFrame({"dlbm": ["0601", "0508", "9999"], "land_use": ["工业用地", "物流仓储用地", "?"]})
    _, rows = report(frame, land_use="dlbm")
    assert rows[["code", "row", "before"]].to_numpy().tolist() == [["landuse-unknown", 3, "9999"]]


def test_every_verdict_has_a_text():
    reasons = {
        "parcel": "float_damage old_number length alphabet pattern feature province",
        "unit": "float_damage old_number length alphabet pattern feature no_building province parcel_mismatch",
        "credit": "float_damage registration_number organisation_code resident_id check_digit length "
        "alphabet pattern province",
        "organisation": "float_damage length alphabet check_digit",
    }
    wanted = {f"codes-{k}-{r.replace('_', '-')}" for k, text in reasons.items() for r in text.split()}
    assert wanted <= set(CATALOG.ledger)


def test_dictionaries():
    assert dictionary("QLLX")["3"] == "国有建设用地使用权"
    assert dictionary("MJDW") == {"1": "平方米", "2": "亩", "3": "公顷"}
    assert dictionary("ZDTZM2")["B"].startswith("建设用地使用权宗地")
    assert len(dictionary("XZQ2")) == 35
    assert dictionary("没有") == {}

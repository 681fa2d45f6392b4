"""Land-use codes: the same digits mean different things, and what cannot be told stays unknown."""

import csv
from importlib.resources import files

import numpy as np
import pandas as pd
import pytest

from parcels.codes.land_use import describe, detect_system, is_industrial, normalise_land_use, report_land_use
from parcels.ledger import Ledger

NATIONAL, SURVEY, PLAN, CITY, OLD = "GB/T 21010-2017", "三调", "用地用海", "GB 50137", "2007"


def plain(series):
    return [None if pd.isna(v) else v for v in series]


@pytest.mark.parametrize(
    ("codes", "names", "table", "system"),
    [
        (["0601", "05H1"], None, None, SURVEY),
        (["0601", "0508"], None, None, SURVEY),
        (["1104A", "0101"], None, None, SURVEY),
        (["0601", "0604"], None, None, NATIONAL),
        (["100101", "1101"], None, None, PLAN),
        (["1401", "0703"], None, None, PLAN),
        (["M1", "W2", "G1"], None, None, CITY),
        (["061", "063"], None, None, OLD),
        (["0601"], ["工业用地"], None, NATIONAL),
        (["0601"], ["农村道路"], None, PLAN),
        (["1001"], ["铁路用地"], None, NATIONAL),
        (["1001"], ["工业用地"], None, PLAN),
        (["0601", "1001"], None, "YDYHFLDM", PLAN),
        (["0601", "1001"], None, "DLTB", SURVEY),
        (["0601", "0701"], None, "ZDJBXX.YT", NATIONAL),
        (["0601"], None, None, None),
        (["0601", "1001"], None, "地块", None),
        (["9999", "8888"], None, None, None),
        (["甲", "乙"], None, None, None),
        ([], None, None, None),
        ([None, None], None, None, None),
    ],
)
def test_detect_system(codes, names, table, system):
    series = pd.Series(codes, dtype=object)
    given = None if names is None else pd.Series(names, dtype=object)
    assert detect_system(series, given, table).system == system


def test_names_outweigh_a_single_stray_code():
    codes = pd.Series(["0601"] * 99 + ["0704"])
    names = pd.Series(["工业用地"] * 99 + [None], dtype=object)
    guess = detect_system(codes, names)
    assert guess.system == NATIONAL
    assert any("99/100" in text for text in guess.evidence)
    assert 0 < guess.confidence <= 1


def test_names_cut_by_a_narrow_field_still_count():
    assert detect_system(pd.Series(["051", "061"]), pd.Series(["批发零售用", "工业用地"])).system == OLD
    assert detect_system(pd.Series(["0702"]), pd.Series(["城镇社区服"])).system == PLAN
    assert detect_system(pd.Series(["0702"]), pd.Series(["农村宅"])).system == NATIONAL
    assert detect_system(pd.Series(["0702"]), pd.Series(["农"])).system is None


def test_zeros_lost_in_numbers_are_put_back():
    assert detect_system(pd.Series([601, 604, 1201])).system == NATIONAL
    assert detect_system(pd.Series([601.0, np.nan]), pd.Series(["农村道路", None], dtype=object)).system == PLAN
    assert detect_system(pd.Series(["601", "1001", "604"])).system == NATIONAL
    assert detect_system(pd.Series([61, 62, 71, 101])).system == OLD


@pytest.mark.parametrize(
    ("codes", "system", "expected"),
    [
        ([601, 1001], NATIONAL, ["0601", "1001"]),
        (["601", "0701"], NATIONAL, ["0601", "0701"]),
        (["601", "701"], NATIONAL, ["0601", "0701"]),
        ([601.0, np.nan], SURVEY, ["0601", None]),
        (["05h1", "０６０１"], SURVEY, ["05H1", "0601"]),
        ([60101, 100101], PLAN, ["060101", "100101"]),
        (["061", "063", "104", "204"], OLD, ["0601", "0508", "1006", "204"]),
        ([61, 63], OLD, ["0601", "0508"]),
        (["021", "0601", "063"], NATIONAL, ["0201", "0601", "0604"]),
        (["0601,0701", "0602；0604", "0601 0701", "0604、0601"], NATIONAL, ["0601", "0602", "0601", "0604"]),
        (["0601工业用地", "0701 城镇住宅用地"], NATIONAL, ["0601", "0701"]),
        (["M1/W1", "m2"], CITY, ["M1", "M2"]),
        (["0601"], None, ["0601"]),
    ],
)
def test_normalise(codes, system, expected):
    assert plain(normalise_land_use(pd.Series(codes), system)) == expected


def test_normalise_writes_choices_and_translations():
    ledger = Ledger()
    series = pd.Series(["0601,0701", "063", "0604", "0701 城镇住宅用地"], index=[4, 5, 6, 7], name="用途")
    result = normalise_land_use(series, NATIONAL, rows=np.array([11, 12, 13, 14]), source="a.shp", ledger=ledger)
    assert result.tolist() == ["0601", "0604", "0604", "0701"]
    assert result.index.tolist() == [4, 5, 6, 7]
    assert ledger.frame()[["code", "row", "field", "before", "after"]].to_numpy().tolist() == [
        ["landuse-several", 11, "用途", "0601,0701", "0601"],
        ["landuse-2007-translated", 12, "用途", "063", "0604"],
    ]


@pytest.mark.parametrize(
    ("system", "industrial", "other"),
    [
        (NATIONAL, ["0601", "0602", "0603", "0604", "06"], ["0501", "0701", "1001", "0101"]),
        (SURVEY, ["0601", "0602", "0508", "06"], ["05H1", "0603", "0701", "1101", "09"]),
        (
            PLAN,
            ["1001", "100101", "1002", "1101", "110103", "1102", "10", "11"],
            ["0601", "0602", "0901", "1403"],
        ),
        (CITY, ["M", "M1", "M3", "W", "W1", "M11", "H5"], ["R2", "B1", "G1", "E2"]),
        (OLD, ["061", "062", "063"], ["051", "071", "101"]),
    ],
)
def test_industrial(system, industrial, other):
    flags = is_industrial(pd.Series(industrial + other), system)
    assert flags.dtype == "boolean"
    expected = [True] * len(industrial) + [False] * len(other)
    assert plain(flags) == expected


def test_unknown_stays_unknown():
    codes = pd.Series(["0604", "9999", None, "05"])
    assert plain(is_industrial(codes, SURVEY)) == [None, None, None, None]
    assert plain(is_industrial(codes, None)) == [None] * 4
    assert plain(is_industrial(pd.Series(["16", "H11"]), PLAN)) == [None, None]
    assert plain(is_industrial(pd.Series(["060101"]), NATIONAL)) == [None]
    assert describe(codes, None).isna().all().all()


def test_describe():
    codes = pd.Series(["0601", "1006", "1202", "1101", "10", None], index=list("abcdef"))
    table = describe(codes, NATIONAL)
    assert table.columns.tolist() == ["name", "class", "is_industrial", "is_construction"]
    assert table.index.tolist() == list("abcdef")
    assert plain(table["name"]) == ["工业用地", "农村道路", "设施农用地", "河流水面", "交通运输用地", None]
    assert plain(table["class"]) == ["建设用地", "农用地", "农用地", "未利用地", None, None]
    assert plain(table["is_construction"]) == [True, False, False, False, None, None]


def test_construction_in_the_other_systems():
    assert plain(describe(pd.Series(["0601", "1001", "1801", "1401"]), PLAN)["is_construction"]) == [
        None,
        True,
        False,
        True,
    ]
    assert plain(describe(pd.Series(["M1", "E2"]), CITY)["is_construction"]) == [True, False]
    assert plain(describe(pd.Series(["201", "011", "104"]), OLD)["is_construction"]) == [True, False, False]
    assert plain(describe(pd.Series([61]), OLD)["name"]) == ["工业用地"]


def test_same_digits_other_meaning():
    code = pd.Series(["0601"])
    assert [describe(code, s)["name"][0] for s in (NATIONAL, SURVEY, PLAN)] == [
        "工业用地",
        "工业用地",
        "农村道路",
    ]


def test_report_decides_and_lists_what_does_not_fit():
    ledger = Ledger()
    codes = pd.Series(["0601", "0604", "9999", None], name="DLBM")
    guess = report_land_use(codes, None, rows=np.arange(1, 5), source="a.shp", ledger=ledger)
    assert guess.system == NATIONAL
    assert ledger.decisions[0].topic == "land-use-system"
    assert ledger.decisions[0].value == NATIONAL
    assert ledger.frame()[["code", "row", "before"]].to_numpy().tolist() == [["landuse-unknown", 3, "9999"]]


def test_report_says_when_the_system_is_unknown():
    ledger = Ledger()
    codes = pd.Series(["0601", "1001"], name="用途")
    assert report_land_use(codes, None, rows=np.arange(2), source="a", ledger=ledger).system is None
    assert ledger.frame()["code"].tolist() == ["landuse-system-unknown"]
    empty = Ledger()
    report_land_use(pd.Series([None], dtype=object), None, rows=np.arange(1), source="a", ledger=empty)
    assert len(empty) == 0
    assert empty.decisions == []


def test_old_codes_are_known_after_translation():
    ledger = Ledger()
    codes = pd.Series(["061", "204", "088"], name="DLBM")
    guess = report_land_use(codes, None, rows=np.arange(3), source="a", ledger=ledger)
    assert guess.system == OLD
    assert set(ledger.frame()["code"]) == {"landuse-2007-translated"}


# ---------------------------------------------------------------------- the tables themselves


def rows(name):
    with (files("parcels") / "data" / name).open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_code_table_is_complete_and_sourced():
    table = rows("land_use_codes.csv")
    count = pd.Series([r["system"] for r in table]).value_counts()
    assert count[NATIONAL] == 12 + 73
    assert count[PLAN] == 175
    keys = [(r["system"], r["code"]) for r in table]
    assert len(set(keys)) == len(keys)
    assert all(r["evidence"] and r["name"] and r["industrial_basis"] for r in table)
    assert {r["industrial"] for r in table} == {"yes", "no", ""}
    for system in (NATIONAL, SURVEY, PLAN, CITY):
        own = {c for s, c in keys if s == system}
        parents = {r["parent"] for r in table if r["system"] == system} - {""}
        assert parents <= own


def test_2007_table_points_at_codes_that_exist():
    survey = {r["code"] for r in rows("land_use_codes.csv") if r["system"] == SURVEY}
    national = {r["code"]: r["name"] for r in rows("land_use_codes.csv") if r["system"] == NATIONAL}
    old = rows("land_use_2007.csv")
    assert {r["code_sandiao"] for r in old} - {""} <= survey
    assert all(national[r["code_gbt21010"]] == r["name"] for r in old if r["code_gbt21010"])
    assert all(r["evidence"] for r in old)
    assert len(old) == 57 + 5

"""Tables written byte by byte by ``rawshp``; expected values stand beside the bytes they are written as."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rawshp import Field, write_dbf

from parcels.errors import EncodingError, FormatError
from parcels.ledger import Ledger
from parcels.readers.dbf import DbfTable, read_dbf, sibling

DATA = Path(__file__).parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="shared data not present")


def read(path: Path, fields: list[Field], rows: list[list[bytes]], **options: object) -> tuple[DbfTable, pd.DataFrame]:
    target = write_dbf(path / "t.dbf", fields, rows, **options)  # type: ignore[arg-type]
    ledger = Ledger(lang="en")
    return read_dbf(target, ledger=ledger, source="t.dbf"), ledger.frame()


def noted(table: pd.DataFrame) -> list[tuple[str, int | None, str]]:
    rows = [None if pd.isna(r) else int(r) for r in table["row"]]
    return list(zip(table["code"], rows, table["before"], strict=True))


def test_text_is_stripped_at_the_end_only_and_blank_is_missing(tmp_path: Path) -> None:
    got, ledger = read(tmp_path, [(b"A", "C", 6, 0)], [[b" a b"], [b""], [b"c\0\0\0\0\0"], [b"\0" * 6]])
    assert got.frame["A"].tolist()[0] == " a b"
    assert got.frame["A"].tolist()[2] == "c"
    assert got.frame["A"].isna().tolist() == [False, True, False, True]
    assert got.frame["A"].dtype == "str"
    assert got.rows.tolist() == [1, 2, 3, 4]
    assert got.rows.dtype == np.int64
    assert len(ledger) == 0


def test_whole_numbers(tmp_path: Path) -> None:
    rows = [[b"370902000000000123", b"-7"], [b"999999999999999999", b"0"], [b"", b""]]
    got, ledger = read(tmp_path, [(b"BSM", "N", 18, 0), (b"F", "F", 9, 0)], rows)
    assert got.frame["BSM"].dtype == "Int64"
    assert got.frame["BSM"].tolist() == [370902000000000123, 999999999999999999, pd.NA]
    assert got.frame["F"].tolist() == [-7, 0, pd.NA]
    assert len(ledger) == 0


def test_decimals_are_floats_and_zero_is_not_missing(tmp_path: Path) -> None:
    rows = [[b"6666.67"], [b"0.00"], [b""], [b"1.23456789012e+004"], [b".5"], [b"+5."], [b"1D2"]]
    got, _ = read(tmp_path, [(b"ZDMJ", "F", 19, 11)], rows)
    values = got.frame["ZDMJ"].tolist()
    assert np.isnan(values[2])
    assert values[:2] + values[3:] == [6666.67, 0.0, 12345.6789012, 0.5, 5.0, 100.0]


def test_codes_in_number_fields_stay_text(tmp_path: Path) -> None:
    fields: list[Field] = [(b"DLBM", "N", 4, 0), (b"ZDDM", "N", 19, 0), (b"F", "F", 19, 2)]
    rows = [[b"0601", b"3709020010010000001", b"1234567890123456"], [b"101", b"9999999999999999999", b"1.50"]]
    got, ledger = read(tmp_path, fields, rows)
    assert got.frame["DLBM"].tolist() == ["0601", "101"]
    assert got.frame["ZDDM"].tolist() == ["3709020010010000001", "9999999999999999999"]
    assert got.frame["F"].tolist() == ["1234567890123456", "1.50"]
    assert sorted(set(ledger["code"])) == ["dbf-number-as-text-digits", "dbf-number-as-text-zero"]
    assert ledger["severity"].tolist() == ["info"] * 3


def test_stars_and_words_in_number_fields_are_missing_and_noted(tmp_path: Path) -> None:
    rows = [[b"12345.67"], [b"********"], [b"n/a"], [b"nan"], [b"1e999"], [b""]]
    got, ledger = read(tmp_path, [(b"MJ", "N", 8, 2)], rows)
    assert got.frame["MJ"].isna().tolist() == [False, True, True, True, True, True]
    assert sorted(noted(ledger), key=lambda r: r[1] or 0) == [
        ("dbf-number-bad", 2, "********"),
        ("dbf-number-bad", 3, "n/a"),
        ("dbf-number-bad", 4, "nan"),
        ("dbf-number-bad", 5, "1e999"),
    ]


def test_decimal_comma_is_read_and_an_ambiguous_comma_is_not(tmp_path: Path) -> None:
    rows = [[b"12,5", b"1,234"], [b"1,5", b"12,5"]]
    got, ledger = read(tmp_path, [(b"A", "N", 6, 2), (b"B", "N", 6, 0)], rows)
    assert got.frame["A"].tolist() == [12.5, 1.5]
    assert np.isnan(got.frame["B"][0])
    assert got.frame["B"][1] == 12.5
    assert noted(ledger[ledger["field"] == "B"]) == [
        ("dbf-decimal-comma", 2, "12,5"),
        ("dbf-number-bad", 1, "1,234"),
    ]


def test_null_mark_of_the_software_is_missing(tmp_path: Path) -> None:
    got, ledger = read(tmp_path, [(b"A", "F", 24, 15)], [[b"-1.797693134862316e+308"], [b"-1.5e+10"]])
    assert np.isnan(got.frame["A"][0])
    assert got.frame["A"][1] == -1.5e10
    assert noted(ledger) == [("dbf-number-null", 1, "-1.797693134862316e+308")]


def test_dates(tmp_path: Path) -> None:
    raw = [
        b"20240630",
        b"00000000",
        b"",
        b"\0" * 8,
        b"2024-6-3",
        b"20240231",
        b"18991230",
        b"********",
        b"2024/7/9",
    ]
    got, ledger = read(tmp_path, [(b"RQ", "D", 8, 0)], [[value] for value in raw])
    days = got.frame["RQ"].dt.strftime("%Y-%m-%d")
    assert days.dropna().to_dict() == {0: "2024-06-30", 4: "2024-06-03", 6: "1899-12-30", 8: "2024-07-09"}
    assert got.frame["RQ"].dtype.kind == "M"
    assert noted(ledger) == [
        ("dbf-date-bad", 6, "20240231"),
        ("dbf-date-bad", 8, "********"),
        ("dbf-date-lenient", 5, "2024-6-3"),
        ("dbf-date-lenient", 9, "2024/7/9"),
    ]


def test_logical_fields(tmp_path: Path) -> None:
    got, ledger = read(tmp_path, [(b"L", "L", 1, 0)], [[b"T"], [b"n"], [b"?"], [b""], [b"Z"]])
    assert got.frame["L"].dtype == "boolean"
    assert got.frame["L"].tolist() == [True, False, pd.NA, pd.NA, pd.NA]
    assert noted(ledger) == [("dbf-logical-bad", 5, "Z")]


def test_memo_and_unknown_types_are_named(tmp_path: Path) -> None:
    got, ledger = read(tmp_path, [(b"M", "M", 10, 0), (b"Q", "Q", 3, 0)], [[b"         7", b"abc"]], version=0x83)
    assert got.frame.iloc[0].tolist() == ["7", "61 62 63"]
    assert ledger["code"].tolist() == ["dbf-memo", "dbf-type-unknown"]


def test_foxpro_binary_fields(tmp_path: Path) -> None:
    fields: list[Field] = [(b"I", "I", 4, 0), (b"B", "B", 8, 2), (b"Y", "Y", 8, 4), (b"T", "T", 8, 0)]
    # Julian day 2460477 is 2024-06-15 by the usual formula (2440588 = 1970-01-01, 19889 days later).
    row = [
        struct.pack("<i", -5),
        struct.pack("<d", 1.5),
        struct.pack("<q", 123400),
        struct.pack("<2i", 2460477, 3_600_000),
    ]
    got, _ = read(tmp_path, fields, [row], version=0x30)
    assert got.frame["I"].tolist() == [-5]
    assert got.frame["B"].tolist() == [1.5]
    assert got.frame["Y"].tolist() == [12.34]
    assert got.frame["T"].tolist() == [pd.Timestamp("2024-06-15 01:00")]


def test_deleted_records_are_left_out_and_noted_with_their_content(tmp_path: Path) -> None:
    rows = [["甲".encode("gbk"), b"1"], ["乙".encode("gbk"), b"2"], ["丙".encode("gbk"), b"3"]]
    got, ledger = read(tmp_path, [(b"QLR", "C", 4, 0), (b"N", "N", 2, 0)], rows, deleted=[2], ldid=0x4D)
    assert got.frame["QLR"].tolist() == ["甲", "丙"]
    assert (got.rows.tolist(), got.deleted.tolist(), got.size) == ([1, 3], [2], 3)
    assert noted(ledger) == [("dbf-deleted", 2, "乙 | 2")]
    assert got.frame.index.tolist() == [0, 1]


def test_ledger_rows_count_deleted_records_too(tmp_path: Path) -> None:
    rows = [
        [b"1.0"],
        [b"2.0"],
        [b"***"],
    ]
    _, ledger = read(tmp_path, [(b"N", "N", 3, 1)], rows, deleted=[1])
    assert ("dbf-number-bad", 3, "***") in noted(ledger)


@pytest.mark.parametrize(
    ("name", "codec", "width", "expected"),
    [
        ("宗地代码", "utf-8", 10, "宗地代"),
        ("宗地代码", "utf-8", 11, "宗地代"),
        ("批准面积亩", "utf-8", 10, "批准面"),
        ("宗地代码", "gbk", 10, "宗地代码"),
        ("不动产单元号码", "gbk", 10, "不动产单元"),
        ("不动产单元号码", "gbk", 11, "不动产单元"),
    ],
)
def test_cut_field_names(tmp_path: Path, name: str, codec: str, width: int, expected: str) -> None:
    raw = name.encode(codec)[:width]
    fields: list[Field] = [(raw, "C", 20, 0), (b"ZL", "C", 40, 0)]
    rows = [["值".encode(codec), "泰安高新区龙潭路".encode(codec)]]
    got, ledger = read(tmp_path, fields, rows)
    assert got.frame.columns.tolist() == [expected, "ZL"]
    assert got.frame.iloc[0].tolist() == ["值", "泰安高新区龙潭路"]
    assert ledger["code"].tolist() == ([] if raw == expected.encode(codec) else ["dbf-name-cut"])


def test_names_that_become_equal_are_numbered(tmp_path: Path) -> None:
    names = [n.encode()[:10] for n in ("不动产单元号", "不动产权证号", "权利人")]
    fields: list[Field] = [
        (names[0], "C", 9, 0),
        (names[1], "C", 9, 0),
        (names[2], "C", 9, 0),
        (b"", "C", 1, 0),
    ]
    got, ledger = read(tmp_path, fields, [[b"a", b"b", b"c", b"d"]])
    assert got.frame.columns.tolist() == ["不动产", "不动产_1", "权利人", "field_4"]
    assert set(ledger["code"]) == {"dbf-name-cut", "dbf-name-repeated", "dbf-name-empty"}
    assert [f["name"] for f in got.fields] == got.frame.columns.tolist()


def test_field_name_in_another_encoding_and_a_broken_one(tmp_path: Path) -> None:
    fields: list[Field] = [("权利人".encode(), "C", 30, 0), (b"A\xff\xff", "C", 30, 0)]
    rows = [["泰安高新区有限公司".encode("gbk"), "山东省泰安市".encode("gbk")]]
    got, ledger = read(tmp_path, fields, rows)
    assert got.frame.iloc[0].tolist() == ["泰安高新区有限公司", "山东省泰安市"]
    assert got.frame.columns[0] == "权利人"
    assert got.frame.columns[1].startswith("A\ufffd")
    assert sorted(ledger["code"]) == ["dbf-name-bad", "dbf-name-mixed"]


def test_numbering_avoids_names_in_use(tmp_path: Path) -> None:
    fields: list[Field] = [(b"A", "C", 1, 0), (b"A", "C", 1, 0), (b"A_1", "C", 1, 0)]
    got, _ = read(tmp_path, fields, [[b"x", b"y", b"z"]])
    assert got.frame.iloc[0].to_dict() == {"A": "x", "A_2": "y", "A_1": "z"}


def test_non_ascii_rows_late_in_the_file_are_seen(tmp_path: Path) -> None:
    rows = [[b"x"]] * 3000 + [["泰安高新区".encode("gbk")]]
    got, ledger = read(tmp_path, [(b"A", "C", 12, 0)], rows)
    assert got.frame["A"].iloc[-1] == "泰安高新区"
    assert got.encoding == "gb18030"
    assert len(ledger) == 0


def test_encoding_of_the_user_is_used(tmp_path: Path) -> None:
    path = write_dbf(tmp_path / "t.dbf", [(b"A", "C", 10, 0)], [[b"\xd1and\xfa"]])
    ledger = Ledger()
    assert read_dbf(path, ledger=ledger, encoding="latin-1").frame["A"].tolist() == ["Ñandú"]
    assert ledger.decisions[0].confidence == 1.0
    with pytest.raises(EncodingError):
        read_dbf(path, ledger=Ledger(), encoding="nonsense")


def test_wrong_cpg_is_contradicted(tmp_path: Path) -> None:
    path = write_dbf(tmp_path / "T.DBF", [("权利人".encode("gbk"), "C", 20, 0)], [["泰安市".encode("gbk")]])
    path.rename(tmp_path / "T.DBF")
    (tmp_path / "T.CPG").write_text("UTF-8\r\n")
    ledger = Ledger(lang="en")
    got = read_dbf(tmp_path / "T.DBF", ledger=ledger)
    assert got.frame.iloc[0].to_dict() == {"权利人": "泰安市"}
    assert (got.cpg, got.encoding) == ("UTF-8", "gb18030")
    assert ledger.frame()["code"].tolist() == ["encoding-mismatch"]
    assert any("UTF-8" in text for text in ledger.decisions[0].evidence)


def damage(path: Path, at: int, new: bytes) -> None:
    raw = bytearray(path.read_bytes())
    raw[at : at + len(new)] = new
    path.write_bytes(raw)


@pytest.fixture
def three(tmp_path: Path) -> Path:
    """Three records of 6 bytes behind a header of 65 bytes."""
    return write_dbf(tmp_path / "t.dbf", [(b"A", "C", 5, 0)], [[b"one"], [b"two"], [b"three"]])


def test_truncated_file(three: Path) -> None:
    three.write_bytes(three.read_bytes()[: 65 + 6 + 4])
    ledger = Ledger()
    assert read_dbf(three, ledger=ledger).frame["A"].tolist() == ["one"]
    assert noted(ledger.frame())[0][0] == "dbf-truncated"
    assert noted(ledger.frame())[1] == ("dbf-record-cut", 2, b" two".hex(" "))


def test_header_with_too_few_records(three: Path) -> None:
    damage(three, 4, struct.pack("<I", 1))
    ledger = Ledger()
    assert read_dbf(three, ledger=ledger).frame["A"].tolist() == ["one", "two", "three"]
    assert ledger.frame()["code"].tolist() == ["dbf-more-records"]


def test_bytes_behind_the_end_mark_are_not_records(three: Path) -> None:
    damage(three, 4, struct.pack("<I", 2))
    damage(three, 65 + 12, b"\x1a")
    ledger = Ledger()
    assert read_dbf(three, ledger=ledger).frame["A"].tolist() == ["one", "two"]
    assert ledger.frame()["code"].tolist() == ["dbf-trailing"]


def test_record_length_zero_in_the_header(three: Path) -> None:
    damage(three, 10, struct.pack("<H", 0))
    ledger = Ledger()
    assert read_dbf(three, ledger=ledger).frame["A"].tolist() == ["one", "two", "three"]
    assert ledger.frame()["code"].tolist() == ["dbf-record-length"]


def test_longer_records_than_fields(tmp_path: Path) -> None:
    path = write_dbf(tmp_path / "t.dbf", [(b"A", "C", 5, 0), (b"B", "C", 2, 0)], [[b"one", b"x"], [b"two", b"y"]])
    raw = path.read_bytes()
    path.write_bytes(raw[:64] + b"\r" + b"\0" * 31 + raw[96:])  # the second descriptor is gone
    ledger = Ledger()
    assert read_dbf(path, ledger=ledger).frame.to_dict("list") == {"A": ["one", "two"]}
    assert ledger.frame()["code"].tolist() == ["dbf-record-length"]


def test_strange_deletion_mark_is_kept_and_noted(three: Path) -> None:
    damage(three, 65 + 6, b"#")
    ledger = Ledger()
    assert read_dbf(three, ledger=ledger).frame["A"].tolist() == ["one", "two", "three"]
    assert noted(ledger.frame()) == [("dbf-flag", 2, "0x23")]


def test_unusual_version_byte(three: Path) -> None:
    damage(three, 0, b"\x00")
    ledger = Ledger()
    assert len(read_dbf(three, ledger=ledger).frame) == 3
    assert ledger.frame()["code"].tolist() == ["dbf-version-odd"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "dbf-empty"),
        (b"\x03", "dbf-not-dbf"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "dbf-not-dbf"),
        (b"\x04" + bytes([124, 1, 1]) + b"\0" * 80, "dbf-version"),
        (struct.pack("<4BIHH", 3, 124, 1, 1, 1, 9000, 6) + b"\0" * 100, "dbf-header"),
        (struct.pack("<4BIHH", 3, 124, 1, 1, 1, 65, 6) + b"\0" * 20 + b"\r" + b"\0" * 60, "dbf-header"),
        (struct.pack("<4BIHH", 3, 124, 1, 1, 1, 65, 6) + b"\x01" * 80, "dbf-header"),
    ],
)
def test_hopeless_files_are_refused_in_words(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "t.dbf"
    path.write_bytes(content)
    with pytest.raises(FormatError) as caught:
        read_dbf(path, ledger=Ledger())
    assert caught.value.code == code
    for lang in ("zh", "en"):
        assert all(caught.value.part(p, lang) for p in ("what", "where", "expected", "todo"))


def test_missing_file_and_directory_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.dbf", tmp_path):
        with pytest.raises(FormatError) as caught:
            read_dbf(path, ledger=Ledger())
        assert caught.value.code == "dbf-unreadable"


def test_no_records_and_empty_widths(tmp_path: Path) -> None:
    fields: list[Field] = [
        (b"C", "C", 5, 0), (b"N", "N", 5, 1), (b"D", "D", 8, 0), (b"L", "L", 1, 0), (b"M", "M", 10, 0),
        (b"X", "X", 2, 0),
    ]  # fmt: skip
    got, _ = read(tmp_path, fields, [])
    assert got.frame.columns.tolist() == ["C", "N", "D", "L", "M", "X"]
    assert len(got.frame) == 0
    got, _ = read(tmp_path, [(b"C", "C", 0, 0), (b"N", "N", 0, 0), (b"A", "C", 1, 0)], [[b"", b"", b"x"]])
    assert got.frame.iloc[0].isna().tolist() == [True, True, False]


@pytest.mark.parametrize("size", range(0, 90, 7))
def test_every_cut_of_a_file_is_read_or_refused(three: Path, size: int) -> None:
    three.write_bytes(three.read_bytes()[:size])
    ledger = Ledger()
    try:
        got = read_dbf(three, ledger=ledger)
    except FormatError:
        assert size < 65
    else:
        assert len(got.frame) == (size - 65) // 6
        assert len(got.frame) == 3 or ledger.count("error") >= 1


def test_siblings_in_any_case(tmp_path: Path) -> None:
    for name in ("a.shp", "A.Dbf", "ab.dbf"):
        (tmp_path / name).write_bytes(b"")
    found = sibling(tmp_path / "a.shp", ".dbf")
    assert found is not None
    assert found.name == "A.Dbf"
    assert sibling(tmp_path / "a.shp", ".prj") is None


@needs_data
@pytest.mark.parametrize(
    ("name", "encoding", "field", "expected"),
    [
        ("encodings/file_cp936.dbf", "gb18030", "TEST", ["测试中文"]),
        ("encodings/mapshaper/chinese.dbf", "gb18030", "NAME", ["简体"]),
        ("encodings/mapshaper/gbk.dbf", "gb18030", "NAME", ["简体国语"]),
        ("encodings/mapshaper/utf8.dbf", "utf-8", "NAME", ["国语國語"]),
        ("encodings/mapshaper/big5.dbf", "big5", "NAME", ["國語"]),
        ("encodings/mapshaper/eucjp.dbf", "euc-jp", "NAME", ["ひたちなか市", "西蒲原郡弥彦村"]),
        ("shapes/pyshp/latin1.dbf", "cp1252", "Name", ["Ñandú"]),
    ],
)
def test_known_texts_of_real_files(name: str, encoding: str, field: str, expected: list[str]) -> None:
    path = DATA / name
    got = read_dbf(path, ledger=Ledger())
    assert got.encoding == encoding
    assert got.frame[field].tolist() == expected
    assert all(text.encode(encoding) in path.read_bytes() for text in expected)


@needs_data
def test_guesses_on_real_files_are_flagged() -> None:
    for name in ("encodings/mapshaper/eucjp.dbf", "shapes/pyshp/latin1.dbf"):
        ledger = Ledger()
        read_dbf(DATA / name, ledger=ledger)
        assert ledger.count(code="encoding-low-confidence") == 1


@needs_data
def test_real_decimal_commas_and_duplicate_names() -> None:
    ledger = Ledger()
    got = read_dbf(DATA / "encodings/mapshaper/comma_separated.dbf", ledger=ledger)
    assert got.frame["AUGSTUMS"].tolist() == [68.5, 66.3, 65.5, 64.3, 64.3, 68.5, 67.8]
    assert ledger.count(code="dbf-decimal-comma") == 7
    ledger = Ledger()
    got = read_dbf(DATA / "encodings/mapshaper/duplicate_fields.dbf", ledger=ledger)
    assert got.frame.columns.is_unique
    assert {"unemployed", "unemployed_1", "not_in_lab", "not_in_lab_1"} <= set(got.frame.columns)
    assert np.isnan(got.frame["rate"][0])
    assert ledger.count(code="dbf-name-repeated") == 2
    assert ledger.count(code="dbf-number-bad") == 4

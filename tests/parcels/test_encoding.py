"""Expected texts stand here as text and are encoded by the codecs of Python; only the decoding is ours."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcels.errors import EncodingError
from parcels.ledger import Ledger
from parcels.text.encoding import (
    MAX_SAMPLE_BYTES,
    canonical_encoding,
    declared_encoding,
    decode_bytes,
    decode_values,
    sniff,
)

TEXT_GBK = "泰安高新区龙潭路1号镕"  # 镕 is in GBK, not in GB 2312
TEXT = TEXT_GBK + "㧑"  # 㧑 has only a four-byte form in GB 18030
NAMES = ["宗地码", "权利人"]
CPGS = (
    None, "UTF-8", "utf8", "65001", "GBK", "GB2312", "GB18030", "936", "CP936", "OEM", "ANSI 936",
    "ISO-8859-1", "1252", "",
)  # fmt: skip
LDIDS = (0x00, 0x4D, 0x57, 0x03)
PHRASES = [
    "泰安市岱岳区", "工业用地", "城镇住宅用地", "有限公司", "山东省", "高新技术产业开发区", "机械制造",
    "一般农用地",
]  # fmt: skip


@pytest.mark.parametrize(("cpg", "ldid"), list(itertools.product(CPGS, LDIDS)))
@pytest.mark.parametrize(
    ("codec", "text"), [("gbk", TEXT_GBK), ("gb18030", TEXT), ("utf-8", TEXT), ("utf-8", TEXT_GBK)]
)
def test_bytes_decide_whatever_is_declared(codec: str, text: str, cpg: str | None, ldid: int) -> None:
    found = sniff([t.encode(codec) for t in [*NAMES, text]], declared=declared_encoding(cpg, ldid))
    assert found.encoding == ("utf-8" if codec == "utf-8" else "gb18030")
    assert found.confidence >= 0.5
    assert (found.n_samples, found.n_bad, found.n_cut) == (3, 0, 0)


@pytest.mark.parametrize(
    ("cpg", "ldid", "expected"),
    [
        ("GBK", 0, "gb18030"),
        ("gb2312\r\n", 0, "gb18030"),
        ("Big-5", 0, "big5"),
        ("88591", 0, "latin-1"),
        ("ISO-8859-1", 0x4D, "latin-1"),
        ("1250", 0, "cp1250"),
        ("OEM", 0x4D, "gb18030"),
        ("", 0x7A, "gb18030"),
        (None, 0x4F, "big5"),
        (None, 0x57, "cp1252"),
        (None, 0, None),
        ("no such thing", 0, None),
        ("hex", 0, None),
    ],
)
def test_declarations(cpg: str | None, ldid: int, expected: str | None) -> None:
    assert declared_encoding(cpg, ldid) == expected


def test_unknown_encoding_of_the_user_is_an_error() -> None:
    with pytest.raises(EncodingError) as caught:
        canonical_encoding("klingon")
    assert "klingon" in str(caught.value)
    assert canonical_encoding("GB2312") == "gb18030"


@pytest.mark.parametrize(
    ("text", "codec", "declared"),
    [
        ("國語中文地號", "big5", "Big5"),
        ("Ñandú", "latin-1", "ISO-8859-1"),
        ("Санкт-Петербург", "cp1251", "1251"),
        ("ひたちなか市", "euc-jp", "EUC-JP"),
    ],
)
def test_declared_other_encodings_are_honoured(text: str, codec: str, declared: str) -> None:
    found = sniff([text.encode(codec)], declared=declared)
    assert text.encode(codec).decode(found.encoding) == text
    assert found.confidence >= 0.5


@pytest.mark.parametrize("declared", ["Big5", "1251", "EUC-KR", "Shift_JIS"])
def test_chinese_bytes_beat_a_foreign_declaration(declared: str) -> None:
    found = sniff([p.encode("gbk") for p in PHRASES], declared=declared)
    assert found.encoding == "gb18030"
    assert found.declared is not None


def test_undeclared_latin_is_a_guess_and_says_so() -> None:
    found = sniff([b"\xd1and\xfa"])
    assert b"\xd1and\xfa".decode(found.encoding) == "Ñandú"
    assert found.confidence < 0.5


def test_bytes_that_nothing_explains_have_no_confidence() -> None:
    found = sniff([bytes(range(0x80, 0xFF)), b"\xff\xfe\xfd"])
    assert found.confidence <= 0.2
    assert found.n_bad == 2


def test_one_common_character_that_is_valid_in_both() -> None:
    # 鲁 is C2 B3 in GBK, which UTF-8 reads as superscript three.
    assert "鲁".encode("gbk").decode("utf-8") == "³"
    assert sniff(["鲁".encode("gbk")]).encoding == "gb18030"


def test_ascii_takes_the_declared_superset() -> None:
    assert sniff([b"abc"]).encoding == "utf-8"
    assert sniff([b"abc"], declared="GBK").encoding == "gb18030"
    assert sniff([]).n_samples == 0


def test_file_of_double_encoded_text_is_utf8_not_gbk() -> None:
    values = [t.encode("gbk").decode("latin-1").encode("utf-8") for t in ("泰安", "岱岳区")]
    assert sniff(values).encoding == "utf-8"


def test_mixed_rows_are_read_each_in_its_own_encoding() -> None:
    ledger = Ledger(lang="en")
    values = [PHRASES[0].encode("gbk"), PHRASES[1].encode("utf-8"), b"ASCII", b"", PHRASES[1].encode("utf-8")]
    rows = np.array([11, 12, 13, 14, 15])
    texts = decode_values(values, encoding="gb18030", ledger=ledger, rows=rows, field="ZL", source="a.dbf")
    assert texts.tolist()[:3] == [PHRASES[0], PHRASES[1], "ASCII"]
    assert texts.isna().tolist() == [False, False, False, True, False]
    table = ledger.frame()
    assert table["code"].tolist() == ["encoding-mixed"] * 2
    assert table["row"].tolist() == [12, 15]
    assert bytes.fromhex(table["before"][0]).decode("utf-8") == PHRASES[1] == table["after"][0]


@pytest.mark.parametrize("phrase", PHRASES)
@pytest.mark.parametrize(("main", "other"), [("gb18030", "utf-8"), ("utf-8", "gb18030")])
def test_every_phrase_is_found_in_the_other_encoding(phrase: str, main: str, other: str) -> None:
    ledger = Ledger()
    assert decode_values([phrase.encode(other)], encoding=main, ledger=ledger).tolist() == [phrase]
    assert ledger.count(code="encoding-mixed") == 1


@pytest.mark.parametrize(("codec", "width"), [("gbk", 253), ("utf-8", 253), ("utf-8", 254)])
def test_cut_character_at_the_end_is_dropped_and_noted(codec: str, width: int) -> None:
    text = "泰安高新区" * 30
    size = len("泰".encode(codec))
    ledger = Ledger()
    encoding = sniff([text.encode(codec)[:width]]).encoding
    got = decode_values([text.encode(codec)[:width]], encoding=encoding, ledger=ledger)
    assert got.tolist() == [text[: width // size]]
    assert ledger.frame()["code"].tolist() == ["encoding-cut"]


def test_undecodable_bytes_stay_visible_as_an_error() -> None:
    ledger = Ledger()
    got = decode_values([b"AB\xff\xffCD", "正常".encode("gbk")], encoding="gb18030", ledger=ledger)
    assert got[0].startswith("AB\ufffd")
    assert got[0].endswith("CD")
    table = ledger.frame()
    assert (table["code"][0], table["severity"][0], table["before"][0]) == (
        "encoding-bad",
        "error",
        "41 42 ff ff 43 44",
    )


DOUBLE = [
    ("泰安", "泰安".encode("gbk").decode("latin-1")),
    ("泰安", "泰安".encode().decode("latin-1")),
    ("泰安市区", "泰安市区".encode().decode("gbk")),
]


@pytest.mark.parametrize(("right", "wrong"), DOUBLE)
def test_double_encoded_text_is_named_and_repaired_only_on_request(right: str, wrong: str) -> None:
    ledger = Ledger()
    assert decode_values([wrong.encode()], encoding="utf-8", ledger=ledger).tolist() == [wrong]
    assert ledger.frame()["code"].tolist() == ["encoding-double"]
    ledger = Ledger()
    repaired = decode_values([wrong.encode()], encoding="utf-8", ledger=ledger, repair_double=True)
    assert repaired.tolist() == [right]
    row = ledger.frame().iloc[0]
    assert (row["code"], row["before"], row["after"]) == ("encoding-double-repaired", wrong, right)


def test_double_encoding_that_lost_bytes_is_not_repaired() -> None:
    wrong = "泰安市".encode().decode("gbk", "replace")
    assert "\ufffd" in wrong
    ledger = Ledger()
    got = decode_values([wrong.encode()], encoding="utf-8", ledger=ledger, repair_double=True)
    assert got.tolist() == [wrong]
    assert ledger.frame()["code"].tolist() == ["encoding-double"]


@pytest.mark.parametrize("text", ["Ñandú", "café", "25°", "①号地块", "龘靐齉", "100㎡", "の", "A－1"])
def test_unusual_but_sound_text_is_left_alone(text: str) -> None:
    ledger = Ledger()
    assert decode_values([text.encode()], encoding="utf-8", ledger=ledger, repair_double=True).tolist() == [text]
    assert len(ledger) == 0


def test_bytes_behind_a_nul_are_not_text() -> None:
    ledger = Ledger()
    assert decode_values([b"abc\0\0xyz ", b"abc\0\0   "], encoding="utf-8", ledger=ledger).tolist() == [
        "abc",
        "abc",
    ]
    assert ledger.frame()["row"].tolist() == [1]


def test_encoding_of_the_user_is_kept_where_it_decodes() -> None:
    ledger = Ledger()
    value = "泰安".encode()  # six bytes, also valid GBK
    forced = decode_values([value], encoding="gb18030", ledger=ledger, forced=True)
    assert forced.tolist() == [value.decode("gb18030")]


@given(st.lists(st.lists(st.sampled_from(PHRASES), min_size=1, max_size=3).map("".join), min_size=1, max_size=20))
def test_what_is_encoded_comes_back(texts: list[str]) -> None:
    for codec in ("gb18030", "utf-8"):
        raw = [t.encode(codec) for t in texts]
        ledger = Ledger()
        found = sniff(raw)
        assert decode_values(raw, encoding=found.encoding, ledger=ledger).tolist() == texts
        assert len(ledger) == 0


@given(st.lists(st.binary(max_size=12), max_size=8), st.sampled_from(["utf-8", "gb18030", "big5", "cp1252"]))
def test_no_bytes_crash_the_decoder(values: list[bytes], encoding: str) -> None:
    ledger = Ledger()
    assert len(decode_values(values, encoding=encoding, ledger=ledger)) == len(values)
    assert 0 <= sniff(values).confidence <= 1


CSV = "宗地代码,权利人\r\n370902001001GB00001,泰安高新区有限公司\r\n"


@pytest.mark.parametrize(
    ("codec", "mark", "expected"),
    [
        ("utf-8", b"", "utf-8"),
        ("utf-8", b"\xef\xbb\xbf", "utf-8"),
        ("gbk", b"", "gb18030"),
        ("utf-16-le", b"\xff\xfe", "utf-16-le"),
        ("utf-16-be", b"\xfe\xff", "utf-16-be"),
        ("utf-16-le", b"", "utf-16-le"),
        ("utf-16-be", b"", "utf-16-be"),
        ("utf-32-le", b"\xff\xfe\0\0", "utf-32-le"),
    ],
)
def test_whole_files(codec: str, mark: bytes, expected: str) -> None:
    ledger = Ledger()
    text, found = decode_bytes(mark + CSV.encode(codec), ledger=ledger, source="a.csv")
    assert (text, found.encoding) == (CSV, expected)
    assert len(ledger) == 0
    assert ledger.decisions[0].value == expected


def test_line_of_a_file_in_another_encoding() -> None:
    ledger = Ledger()
    body = "宗地代码,坐落\n".encode("gbk") + "1,泰安市泰山区\n".encode() + "2,泰安市岱岳区\n".encode("gbk")
    text, found = decode_bytes(body, ledger=ledger, source="a.csv")
    assert text == "宗地代码,坐落\n1,泰安市泰山区\n2,泰安市岱岳区\n"
    assert found.encoding == "gb18030"
    assert ledger.frame()["row"].tolist() == [2]


def test_empty_file() -> None:
    assert decode_bytes(b"")[0] == ""


def test_contradicted_declaration_is_a_ledger_row() -> None:
    ledger = Ledger(lang="en")
    decode_bytes(CSV.encode("gbk"), declared="utf-8", ledger=ledger, source="a.csv")
    assert ledger.frame()["code"].tolist() == ["encoding-mismatch"]
    assert "gb18030" in ledger.frame()["message"][0]


def test_the_sample_of_a_long_file_is_bounded_and_an_odd_line_outside_it_is_still_found() -> None:
    lines = [f"{k},泰安市岱岳区第{k}号".encode("gbk") for k in range(40_000)]
    lines[12_345] = "12345,泰安市泰山区财源街道".encode()
    ledger = Ledger()
    text, found = decode_bytes(b"\n".join(lines), ledger=ledger, source="a.csv")
    assert found.encoding == "gb18030"
    assert found.n_samples * 28 < 2 * MAX_SAMPLE_BYTES
    assert text.split("\n")[12_345] == "12345,泰安市泰山区财源街道"
    assert ledger.frame()[["code", "row"]].to_numpy().tolist() == [["encoding-mixed", 12_346]]


def test_ascii_lines_do_not_dilute_the_evidence() -> None:
    lines = [b"1,2,3"] * 50_000 + ["4,宗地,权利人".encode("gbk")]
    text, found = decode_bytes(b"\n".join(lines), declared="utf-8")
    assert (found.encoding, found.n_samples) == ("gb18030", 1)
    assert text.endswith("\n4,宗地,权利人")


@pytest.mark.parametrize("codec", ["cp1252", "utf-8"])
def test_accented_letters_are_no_oddity(codec: str) -> None:
    ledger = Ledger()
    body = "nom\nSociété Générale\nÅngström & Söhne\n".encode(codec)
    assert decode_bytes(body, declared=codec, ledger=ledger, source="a.csv")[0].splitlines()[1] == "Société Générale"
    assert len(ledger) == 0

"""Zip deliveries: real names, whole layers, nothing outside the folder, no bombs."""

import io
import struct
import zipfile
import zlib
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from parcels.errors import FormatError
from parcels.ledger import Ledger
from parcels.readers.archive import unpacked
from parcels.readers.formats import TABLE_KINDS
from parcels.readers.zipdir import names_encoding

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
SHP = struct.pack(">i", 9994) + b"\0" * 20 + struct.pack(">i", 50) + struct.pack("<ii", 1000, 5) + b"\0" * 64
DBF = (
    struct.pack("<BBBBIHH", 3, 124, 6, 30, 0, 65, 21) + b"\0" * 20 + b"A" + b"\0" * 10 + b"C" + b"\0" * 4 + bytes([20])
)
DBF += b"\0" * 15 + b"\r"


class RawInfo(zipfile.ZipInfo):
    """A member whose name is written as given bytes, with or without the UTF-8 flag."""

    raw = b""
    utf8 = False

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        return self.raw, (self.flag_bits | 0x800) if self.utf8 else (self.flag_bits & ~0x800)


def write(
    path: Path,
    members: list[tuple[bytes, bytes]],
    *,
    utf8: bool = False,
    extra: dict[bytes, bytes] | None = None,
) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (raw, content) in enumerate(members):
            info = RawInfo(f"member{number}")
            info.compress_type = zipfile.ZIP_DEFLATED
            info.raw, info.utf8 = raw, utf8
            info.extra = (extra or {}).get(raw, b"")
            archive.writestr(info, content)
    return path


def layer(stem: str, codec: str = "gbk") -> list[tuple[bytes, bytes]]:
    parts = {".shp": SHP, ".shx": SHP, ".dbf": DBF, ".prj": b"PROJCS[]", ".cpg": b"GBK"}
    return [((stem + suffix).encode(codec), content) for suffix, content in parts.items()]


def names(path: Path, **options: object) -> tuple[list[str], Ledger]:
    ledger = Ledger(lang="en")
    with unpacked(path, ledger=ledger, **options) as members:  # type: ignore[arg-type]
        for member in members:
            assert member.path.exists()
            assert member.path.name.isascii()
        return [m.name for m in members], ledger


def codes(ledger: Ledger) -> dict[str, list[str]]:
    frame = ledger.frame()
    return {str(c): part["before"].tolist() for c, part in frame.groupby("code")}


@pytest.mark.parametrize(("codec", "flag"), [("gbk", False), ("utf-8", False), ("utf-8", True), ("gb18030", False)])
def test_chinese_names(tmp_path: Path, codec: str, flag: bool) -> None:
    stem = "交付\\高新区宗地" if codec == "gb18030" else "交付/高新区宗地"
    archive = write(tmp_path / "a.zip", layer(stem, codec), utf8=flag)
    found, ledger = names(archive)
    assert found == ["交付/高新区宗地.shp"]
    assert len(ledger) == 0


def test_second_byte_of_a_character_may_be_a_backslash(tmp_path: Path) -> None:
    raw = "乗.shp".encode("gbk")
    assert raw[1:2] == b"\\"
    assert names(write(tmp_path / "a.zip", [(raw, SHP)]))[0] == ["乗.shp"]


def test_unicode_path_extra_field(tmp_path: Path) -> None:
    raw, name = b"ZONGDI~1.SHP", "宗地.shp"
    good = b"\x01" + struct.pack("<I", zlib.crc32(raw)) + name.encode()
    stale = b"\x01" + struct.pack("<I", 12345) + "别的.shp".encode()
    for body, expected in ((good, "宗地.shp"), (stale, "ZONGDI~1.SHP")):
        extra = {raw: struct.pack("<HH", 0x7075, len(body)) + body}
        assert names(write(tmp_path / "a.zip", [(raw, SHP)], extra=extra))[0] == [expected]


@pytest.mark.parametrize(
    ("texts", "codec", "expected"),
    [
        (["宗地.shp"], "gbk", "gb18030"),
        (["宗地.shp"], "utf-8", "utf-8"),
        (["隆.shp"], "gbk", "gb18030"),
        (["陇.shp", "企业名单.xlsx"], "gbk", "gb18030"),
        (["FLÄ.shp"], "cp437", "cp437"),
        (["parcels.shp"], "ascii", "ascii"),
    ],
)
def test_encoding_of_names(texts: list[str], codec: str, expected: str) -> None:
    assert names_encoding([t.encode(codec) for t in texts]) == expected


@given(st.lists(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=2, max_size=8), min_size=1))
@settings(max_examples=60, deadline=None)
def test_utf8_names_of_common_characters_survive(texts: list[str]) -> None:
    assert names_encoding([t.encode("utf-8") for t in texts]) == "utf-8"


def test_companions_stay_together(tmp_path: Path) -> None:
    members = [*layer("甲/宗地"), *layer("乙/宗地"), ("甲/宗地.shp.xml".encode("gbk"), b"<metadata/>")]
    ledger = Ledger()
    with unpacked(write(tmp_path / "a.zip", members), ledger=ledger) as found:
        assert [m.name for m in found] == ["甲/宗地.shp", "乙/宗地.shp"]
        for member in found:
            for suffix, content in ((".shp", SHP), (".dbf", DBF), (".cpg", b"GBK"), (".prj", b"PROJCS[]")):
                assert member.path.with_suffix(suffix).read_bytes() == content
        paths = [m.path for m in found]
    assert not any(p.exists() for p in paths)
    assert len(ledger) == 0


def test_suffixes_in_capitals_and_case_only_twins(tmp_path: Path) -> None:
    mixed = write(tmp_path / "a.zip", [(b"ZD.SHP", SHP), (b"zd.dbf", DBF)])
    with unpacked(mixed, ledger=Ledger()) as found:
        assert [m.name for m in found] == ["ZD.SHP"]
        assert found[0].path.with_suffix(".dbf").exists()
    twins = write(tmp_path / "b.zip", [(b"ZD.shp", SHP), (b"ZD.dbf", DBF), (b"zd.shp", SHP), (b"zd.dbf", b"")])
    with unpacked(twins, ledger=Ledger()) as found:
        assert [m.name for m in found] == ["ZD.shp", "zd.shp"]
        assert [m.path.with_suffix(".dbf").stat().st_size for m in found] == [len(DBF), 0]


def test_same_name_twice(tmp_path: Path) -> None:
    found, ledger = names(write(tmp_path / "a.zip", [(b"a.shp", SHP), (b"a.shp", SHP + b"\0" * 8)]))
    assert found == ["a.shp"]
    assert codes(ledger) == {"archive-twice": ["a.shp"]}


def test_junk_documents_and_tables_are_named(tmp_path: Path) -> None:
    members = [
        *layer("宗地", "utf-8"),
        (b"__MACOSX/._a.shp", b"x"),
        (b"x/Thumbs.db", b"x"),
        ("报告.pdf".encode(), b"%PDF"),
        ("企业.csv".encode(), b"a,b\n1,2\n"),
        ("底图.dwg".encode(), b"AC1027" + b"\0" * 50),
    ]
    found, ledger = names(write(tmp_path / "a.zip", members, utf8=True))
    assert found == ["宗地.shp"]
    assert codes(ledger) == {
        "archive-junk": ["__MACOSX/._a.shp", "x/Thumbs.db"],
        "archive-other-file": ["报告.pdf", "企业.csv"],
        "archive-unreadable-layer": ["底图.dwg"],
    }
    assert "DXF" in str(ledger.frame().query("code == 'archive-unreadable-layer'")["message"].iat[0])
    assert names(tmp_path / "a.zip", kinds=TABLE_KINDS)[0] == ["企业.csv"]


@pytest.mark.parametrize(
    "name",
    [
        "../evil.shp",
        "a/../../evil.shp",
        "/evil.shp",
        "C:/evil.shp",
        "c:evil.shp",
        "..\\evil.shp",
        "\\evil.shp",
    ],
)
def test_nothing_is_written_outside(tmp_path: Path, name: str) -> None:
    (tmp_path / "in").mkdir()
    archive = write(tmp_path / "in" / "a.zip", [(name.encode(), SHP), (b"ok.shp", SHP)])
    found, ledger = names(archive)
    assert found == ["ok.shp"]
    assert codes(ledger) == {"archive-unsafe-name": [name.replace("\\", "/")]}
    assert ledger.count("error") == 1
    assert [p.name for p in tmp_path.rglob("*.shp")] == []


def test_links_are_not_followed(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as z:
        link = zipfile.ZipInfo("link.shp")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        z.writestr(link, "/etc/passwd")
        z.writestr("ok.shp", SHP)
    found, ledger = names(archive)
    assert found == ["ok.shp"]
    assert codes(ledger) == {"archive-link": ["link.shp"]}


def nested(*contents: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents:
            archive.writestr(name, content)
    return buffer.getvalue()


def test_one_level_of_nesting(tmp_path: Path) -> None:
    deep = nested(("深.shp", SHP))
    inner = nested(("里/宗地.shp", SHP), ("里/宗地.dbf", DBF), ("深.zip", deep))
    archive = write(tmp_path / "a.zip", [("外.zip".encode("gbk"), inner), (b"a.shp", SHP)])
    found, ledger = names(archive)
    assert sorted(found) == ["a.shp", "外.zip/里/宗地.shp"]
    assert codes(ledger) == {"archive-nested-deep": ["外.zip/深.zip"]}


def test_geodatabase_stays_a_folder(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"ZDDM": ["0601"]}, geometry=[box(0, 0, 10, 10)], crs=4527)
    pyogrio.write_dataframe(frame, tmp_path / "t.gdb", layer="宗地", driver="OpenFileGDB")
    files = [(p.name, p.read_bytes()) for p in sorted((tmp_path / "t.gdb").iterdir())]
    for folder, name in (("成果/高新区.gdb/", "成果/高新区.gdb"), ("", "delivery.gdb"), ("库/", "库")):
        archive = write(tmp_path / "delivery.zip", [((folder + n).encode("gbk"), c) for n, c in files])
        with unpacked(archive, ledger=Ledger()) as found:
            assert [(m.name, m.format.kind) for m in found] == [(name, "filegdb")]
            assert pyogrio.read_dataframe(found[0].path)["ZDDM"].tolist() == ["0601"]


def test_kmz(tmp_path: Path) -> None:
    archive = write(tmp_path / "a.kmz", [(b"doc.kml", b"<kml></kml>"), (b"files/a.png", b"\x89PNG")])
    with unpacked(archive, ledger=Ledger()) as found:
        assert [(m.name, m.format.kind) for m in found] == [("doc.kml", "kml")]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"max_bytes": 1000}, "archive-too-large"),
        ({"max_members": 2}, "archive-too-many"),
        ({}, "archive-ratio"),
    ],
)
def test_bombs(tmp_path: Path, options: dict[str, int], code: str) -> None:
    big = b"\0" * (70 * 1024**2 if not options else 2000)
    archive = write(tmp_path / "a.zip", [(b"a.shp", SHP), (b"a.dbf", big), (b"a.prj", b"x")])
    with pytest.raises(FormatError) as caught, unpacked(archive, ledger=Ledger(), **options):  # type: ignore[arg-type]
        pass
    assert caught.value.code == code


def test_bomb_inside_an_archive_counts_in(tmp_path: Path) -> None:
    inner = nested(("b.shp", SHP + b"\0" * 5000))
    archive = write(tmp_path / "a.zip", [(b"b.zip", inner), (b"a.shp", SHP)])
    assert names(archive, max_bytes=6000)[0]
    with pytest.raises(FormatError) as caught, unpacked(archive, ledger=Ledger(), max_bytes=5200):
        pass
    assert caught.value.code == "archive-too-large"


def test_directory_of_absurd_size_is_not_read(tmp_path: Path) -> None:
    archive = write(tmp_path / "a.zip", [(b"a.shp", SHP)])
    raw = bytearray(archive.read_bytes())
    end = raw.rfind(b"PK\x05\x06")
    raw[end + 12 : end + 16] = struct.pack("<I", 2_000_000_000)
    archive.write_bytes(raw)
    with pytest.raises(FormatError) as caught, unpacked(archive, ledger=Ledger()):
        pass
    assert caught.value.code == "archive-too-many"


def test_encrypted(tmp_path: Path) -> None:
    archive = write(tmp_path / "a.zip", [("宗地.shp".encode("gbk"), SHP)])
    raw = bytearray(archive.read_bytes())
    raw[6] |= 1
    raw[raw.find(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(raw)
    with pytest.raises(FormatError, match=r"宗地\.shp 有密码") as caught, unpacked(archive, ledger=Ledger()):
        pass
    assert caught.value.code == "archive-encrypted"


def damaged(raw: bytearray, how: str) -> bytes:
    if how == "byte":
        raw[40] ^= 0xFF
    elif how == "method":
        raw[8] = raw[raw.find(b"PK\x01\x02") + 10] = 97
    elif how == "crc":
        at = raw.find(b"PK\x01\x02") + 16
        raw[at] ^= 0xFF
    else:
        del raw[len(raw) * 2 // 3 :]
    return bytes(raw)


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ("byte", "archive-member-damaged"),
        ("crc", "archive-member-damaged"),
        ("method", "archive-method"),
        ("cut", "archive-damaged"),
    ],
)
def test_damage(tmp_path: Path, how: str, code: str) -> None:
    archive = write(tmp_path / "a.zip", [(b"a.shp", SHP + bytes(range(256)) * 4)])
    archive.write_bytes(damaged(bytearray(archive.read_bytes()), how))
    with pytest.raises(FormatError) as caught, unpacked(archive, ledger=Ledger()):
        pass
    assert caught.value.code == code


def test_names_that_are_not_what_they_declare(tmp_path: Path) -> None:
    archive = write(tmp_path / "a.zip", [("宗地.shp".encode("gbk"), SHP)], utf8=True)
    with pytest.raises(FormatError) as caught, unpacked(archive, ledger=Ledger()):
        pass
    assert caught.value.code == "archive-names"


def test_without_a_layer(tmp_path: Path) -> None:
    archive = write(tmp_path / "a.zip", [("说明.txt".encode("gbk"), "请看".encode()), (b"x.csv", b"a,b\n1,2\n")])
    with pytest.raises(FormatError, match=r"说明\.txt、x\.csv") as caught, unpacked(archive, ledger=Ledger()):
        pass
    assert caught.value.code == "archive-no-layer"
    only = write(tmp_path / "b.zip", [(b"a.mdb", b"\x00\x01\x00\x00Standard Jet DB\x00" + b"\0" * 99)])
    with pytest.raises(FormatError, match="转出至地理数据库") as caught, unpacked(only, ledger=Ledger()):
        pass
    assert caught.value.code == "formats-mdb"


def test_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    monkeypatch.setattr("shutil.disk_usage", lambda path: shutil._ntuple_diskusage(100, 90, 10))
    archive = write(tmp_path / "a.zip", [(b"a.shp", SHP)])
    with pytest.raises(FormatError) as caught, unpacked(archive, ledger=Ledger()):
        pass
    assert caught.value.code == "archive-no-space"
    assert caught.value.params["free"] == 10


def test_folder_is_used_where_it_lies(tmp_path: Path) -> None:
    (tmp_path / "甲").mkdir()
    for raw, content in layer("甲/宗地", "utf-8"):
        (tmp_path / raw.decode()).write_bytes(content)
    write(tmp_path / "乙.zip", layer("宗地"))
    (tmp_path / "坏.zip").write_bytes(b"PK\x03\x04 cut")
    (tmp_path / "Thumbs.db").write_bytes(b"x")
    found, ledger = [], Ledger()
    with unpacked(tmp_path, ledger=ledger) as members:
        found = [(m.name, m.path.is_relative_to(tmp_path)) for m in members]
    assert found == [("乙.zip/宗地.shp", False), ("甲/宗地.shp", True)]
    assert codes(ledger) == {"archive-inner-refused": ["坏.zip"]}
    assert len(list((tmp_path / "甲").iterdir())) == 5


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 10_000), st.integers(0, 255))
def test_broken_bytes_never_crash(tmp_path_factory: pytest.TempPathFactory, tail: bytes, at: int, value: int) -> None:
    archive = tmp_path_factory.mktemp("z") / "a.zip"
    raw = bytearray(write(archive, layer("宗地")).read_bytes())
    raw[at % len(raw)] = value
    archive.write_bytes(bytes(raw) + tail)
    problem = None
    try:
        with unpacked(archive, ledger=Ledger()) as members:
            assert members
    except FormatError as error:
        problem = error
    assert problem is None or problem.render("zh").startswith("问题: ")


@pytest.mark.skipif(not SHARED.is_dir(), reason="shared data not here")
def test_real_archives() -> None:
    folder = SHARED / "shapes" / "pyshp"
    assert names(folder / "REL.zip")[0] == ["REL/releaseArea20090407.shp"]
    assert names(folder / "blockgroups.zip")[0] == ["blockgroups.shp"]
    assert names(folder / "blockgroups_multishapefile.zip")[0] == ["blockgroups.shp", "blockgroups2.shp"]
    with unpacked(folder / "blockgroups.zip", ledger=Ledger()) as members:
        for suffix in (".shp", ".shx", ".dbf"):
            inside = members[0].path.with_suffix(suffix).read_bytes()
            assert inside == (folder / f"blockgroups{suffix}").read_bytes()
    with (
        pytest.raises(FormatError, match=r"dummyfile\.txt"),
        unpacked(folder / "empty_zipfile.zip", ledger=Ledger()),
    ):
        pass

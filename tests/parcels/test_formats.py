"""Files are recognised by their bytes; what cannot be read is answered with the way out."""

import os
import sqlite3
import struct
import zipfile
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import pytest
from shapely.geometry import box

from parcels.catalog import CATALOG
from parcels.errors import FormatError
from parcels.readers.formats import READABLE_KINDS, detect, nearest_name, refuse, require_file

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
GEOJSON = '{"type": "FeatureCollection", "features": []}'
TXT = "[属性描述]\n坐标系=2000国家大地坐标系\n[地块坐标]\n4,1.0,1,地块,面,,,,@\nJ1,1,4012345.1,39512345.1\n"
J_ROWS = "".join(f"J{i},1,40123{i}5.12,395123{i}5.34\n" for i in range(1, 6))
CSV = "宗地代码,面积\n0601,1\n0602,2\n"
LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 22 + struct.pack("<H", 9) + b"\0" * 16 + struct.pack("<I", 0)


def ole(stream: str) -> bytes:
    return (OLE + b"\0" * 512)[:512] + b"R\0" * 64 + (stream + "\0").encode("utf-16-le").ljust(128, b"\0")


def shp(first: bytes = b"") -> bytes:
    return (
        struct.pack(">i", 9994) + b"\0" * 20 + struct.pack(">i", 50) + struct.pack("<ii", 1000, 5) + b"\0" * 64 + first
    )


def dbf() -> bytes:
    header = struct.pack("<BBBBIHH", 3, 124, 6, 30, 1, 65, 21) + b"\0" * 20
    return header + b"ZDDM".ljust(11, b"\0") + b"C" + b"\0" * 4 + bytes([20]) + b"\0" * 15 + b"\r" + b" " + b"x" * 20


SAMPLES: list[tuple[str, str | bytes, str]] = [
    ("a.json", GEOJSON, "geojson"),
    ("a.json", '{"features":[{"type":"Feature","geometry":null}],"type":"FeatureCollection"}', "geojson"),
    ("a.txt", "\ufeff" + GEOJSON, "geojson"),
    ("a.json", '{"type":"Topology","objects":{},"arcs":[]}', "topojson"),
    ("a.geojson", '{"arcs":[],"objects":{"a":{"type":"GeometryCollection"}},"type":"Topology"}', "topojson"),
    ("a.json", '{"geometryType":"esriGeometryPolygon","features":[]}', "esrijson"),
    ("a.json", '{"code": 401, "msg": "未登录"}', "json"),
    ("a.kml", '<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"></kml>', "kml"),
    ("a.xml", '<?xml version="1.0"?><ogr:FeatureCollection xmlns:gml="http://www.opengis.net/gml"/>', "gml"),
    ("a.xls", "<html><table><tr><td>1</td></tr></table></html>", "html"),
    (
        "a.xls",
        '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>',
        "spreadsheet",
    ),
    ("a.xml", "<?xml version='1.0'?><metadata/>", "xml"),
    ("a.txt", TXT, "txt"),
    ("a.txt", TXT.encode("gbk"), "txt"),
    ("a.txt", TXT.encode("utf-16"), "txt"),
    ("a.txt", TXT.encode("utf-16-le"), "txt"),
    ("a.txt", TXT.replace("[", "【").replace("]", "】"), "txt"),
    ("a", J_ROWS, "txt"),
    ("a.txt", "5,0.7,1,一号,面,,,,@\n1,1,35.123456,117.123456\n2,1,35.1,117.2\n", "txt"),
    ("a.txt", CSV, "csv"),
    ("a.txt", CSV.encode("gbk"), "csv"),
    ("a.csv", "只有一列\n1\n", "csv"),
    ("a.csv", "点号,X,Y\n" + J_ROWS, "csv"),
    ("a.txt", "编号\tX\tY\n1\t2.5\t3.5\n", "csv"),
    ("a.txt", "1,2,3\n4,5,6\n7,8,9\n", "csv"),
    ("README", "这是说明。\n请看附件。\n", "text"),
    ("a.txt", LFS, "lfs-pointer"),
    ("a.shp", LFS, "lfs-pointer"),
    ("a.gpkg", "/annex/objects/SHA256E-s12--ab.gpkg\n", "lfs-pointer"),
    ("a.vct", "DataMark:LANDUSE-VCT\nVersion:2.0\n", "vct"),
    ("a.txt", "HeadBegin\r\nDatamark:CNSDTF-VCT\r\n", "vct"),
    ("a.dxf", "  0\r\nSECTION\r\n  2\r\nHEADER\r\n", "dxf"),
    ("a.txt", "999\nnote\n0\nSECTION\n2\nENTITIES\n", "dxf"),
    ("a.dxf", b"AutoCAD Binary DXF\r\n\x1a\x00", "dxf-binary"),
    ("a.dwg", b"AC1027" + b"\0" * 200, "dwg"),
    ("a.dxf", b"AC1015" + b"\0" * 200, "dwg"),
    ("a.mdb", b"\x00\x01\x00\x00Standard Jet DB\x00" + b"\0" * 200, "mdb"),
    ("a.accdb", b"\x00\x01\x00\x00Standard ACE DB\x00" + b"\0" * 200, "mdb"),
    ("a.wp", b"WMAP`D24" + b"\0" * 100, "mapgis"),
    ("a.shp", b"WMAP`D22" + b"\0" * 100, "mapgis"),
    ("a.udb", bytes(range(200)), "udb"),
    ("a.rar", b"Rar!\x1a\x07\x00", "rar"),
    ("a.zip", b"7z\xbc\xaf\x27\x1c" + b"\0" * 30, "7z"),
    ("a.tar.gz", b"\x1f\x8b\x08\x00" + b"\0" * 30, "gz"),
    ("a.pdf", b"%PDF-1.7\n", "pdf"),
    ("a.xls", ole("Workbook"), "xls"),
    ("a.doc", ole("WordDocument"), "document"),
    ("a.xls", ole("WordDocument"), "document"),
    ("a.xlsx", ole("EncryptedPackage"), "encrypted"),
    ("a.tif", b"II*\x00" + b"\0" * 20, "raster"),
    ("a.asc", "ncols 4\nnrows 4\nxllcorner 0\n", "raster"),
    ("a.png", b"\x89PNG\r\n\x1a\n", "image"),
    ("a.exe", b"MZ\x90\x00" + b"\0" * 50, "program"),
    ("a.fgb", b"fgb\x03fgb\x01" + b"\0" * 20, "flatgeobuf"),
    ("a.shp", shp(), "shapefile"),
    ("a.bin", shp(struct.pack(">ii", 1, 10) + b"\0" * 20), "shapefile"),
    ("a.bin", shp(struct.pack(">ii", 50, 10)), "shapefile-part"),
    ("a.shx", shp(), "shapefile-part"),
    ("a.prj", 'PROJCS["CGCS2000_3_Degree_GK_Zone_39"]', "shapefile-part"),
    ("a.txt", 'PROJCS["CGCS2000_3_Degree_GK_Zone_39"]', "shapefile-part"),
    ("a.cpg", "GBK", "shapefile-part"),
    ("a.cpg", "", "shapefile-part"),
    ("a.shp.xml", "<metadata/>", "shapefile-part"),
    ("a.dbf", dbf(), "dbf"),
    ("table", dbf(), "dbf"),
    ("a.shp", "", "empty"),
    ("a.txt", " \r\n\r\n", "empty"),
    ("a.dat", bytes(range(256)) * 4, "unknown"),
]


@pytest.mark.parametrize(
    ("name", "content", "kind"), SAMPLES, ids=[f"{k}-{n}-{i}" for i, (n, _, k) in enumerate(SAMPLES)]
)
def test_kind_by_bytes(tmp_path: Path, name: str, content: str | bytes, kind: str) -> None:
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    found = detect(file)
    assert found.kind == kind
    assert found.readable == (kind in READABLE_KINDS)
    assert found.evidence


@pytest.mark.parametrize("kind", sorted({k for _, _, k in SAMPLES} - READABLE_KINDS - {"unknown", "empty"}))
def test_every_unreadable_kind_has_its_own_answer(tmp_path: Path, kind: str) -> None:
    name, content, _ = next(s for s in SAMPLES if s[2] == kind)
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    with pytest.raises(FormatError) as caught:
        refuse(file, detect(file))
    assert caught.value.code == f"formats-{kind}"
    for lang in ("zh", "en"):
        text = caught.value.render(lang)
        assert name in text
        assert "{" not in text


@pytest.mark.parametrize(
    ("kind", "zh", "en"),
    [
        ("mdb", "转出至地理数据库", "To Geodatabase"),
        ("dwg", "AutoCAD 2010 DXF", "AutoCAD 2010 DXF"),
        ("vct", ".gdb", ".gdb"),
        ("mapgis", "输出 Shape 文件", "Shape file"),
        ("udb", "导出数据集", "Export Dataset"),
        ("lfs-pointer", "git lfs pull", "git lfs pull"),
        ("rar", ".zip", ".zip"),
        ("html", "另存为 .xlsx", "save as .xlsx"),
    ],
)
def test_the_answer_names_the_export_path(tmp_path: Path, kind: str, zh: str, en: str) -> None:
    name, content, _ = next(s for s in SAMPLES if s[2] == kind)
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    with pytest.raises(FormatError) as caught:
        refuse(file, detect(file))
    assert zh in caught.value.part("todo", "zh")
    assert en in caught.value.part("todo", "en")


def test_unknown_bytes_are_shown(tmp_path: Path) -> None:
    (tmp_path / "a.dat").write_bytes(b"\x01\x02\xff\xfe\x00\x00\x00\x09" * 40)
    with pytest.raises(FormatError, match="01 02 ff fe") as caught:
        refuse(tmp_path / "a.dat", detect(tmp_path / "a.dat"))
    assert caught.value.code == "formats-unknown"


def test_containers_are_looked_into(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"ZDDM": ["0601"]}, geometry=[box(0, 0, 1, 1)], crs=4527)
    pyogrio.write_dataframe(frame, tmp_path / "a.gpkg", layer="宗地")
    (tmp_path / "a.gpkg").rename(tmp_path / "gpkg.dat")
    frame.to_parquet(tmp_path / "geo")
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "plain")
    pyogrio.write_dataframe(frame, tmp_path / "库.gdb", layer="宗地", driver="OpenFileGDB")
    openpyxl.Workbook().save(tmp_path / "book.zip")
    for name, tables in (("udbx", "SmRegister"), ("sqlite", "宗地"), ("mbtiles", "tiles")):
        connection = sqlite3.connect(tmp_path / name)
        connection.execute(f'CREATE TABLE "{tables}" (a)')
        connection.execute("CREATE TABLE metadata (a)")
        connection.commit()
        connection.close()
    with zipfile.ZipFile(tmp_path / "place", "w") as archive:
        archive.writestr("doc.kml", "<kml/>")
    with zipfile.ZipFile(tmp_path / "plain.kmz", "w") as archive:
        archive.writestr("宗地.shp", shp())
    kinds = {p.name: detect(p).kind for p in tmp_path.iterdir()}
    assert kinds == {
        "gpkg.dat": "geopackage",
        "geo": "geoparquet",
        "plain": "parquet",
        "库.gdb": "filegdb",
        "book.zip": "xlsx",
        "udbx": "udb",
        "sqlite": "sqlite",
        "mbtiles": "tiles",
        "place": "kmz",
        "plain.kmz": "zip",
    }


def test_damaged_containers(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1" + b"\0" * 100)
    (tmp_path / "a.gpkg").write_bytes(b"SQLite format 3\x00" + b"\xff" * 300)
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04" + b"\0" * 50)
    assert detect(tmp_path / "a.parquet").kind == "parquet-damaged"
    assert detect(tmp_path / "a.gpkg").kind == "sqlite-damaged"
    assert detect(tmp_path / "a.zip").kind == "zip"


def test_gdb_in_other_shapes(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"a": ["1"]}, geometry=[box(0, 0, 1, 1)], crs=4527)
    pyogrio.write_dataframe(frame, tmp_path / "a.gdb", layer="t", driver="OpenFileGDB")
    part = tmp_path / "a.gdb" / "a00000001.gdbtable"
    assert detect(part).kind == "gdb-part"
    with pytest.raises(FormatError, match=r"文件夹 a\.gdb 本身"):
        refuse(part, detect(part))
    (tmp_path / "a.gdb").rename(tmp_path / "库")
    with pytest.raises(FormatError, match=r"改名为 库\.gdb"):
        refuse(tmp_path / "库", detect(tmp_path / "库"))
    (tmp_path / "空.gdb").mkdir()
    with pytest.raises(FormatError, match=r"a00000001\.gdbtable"):
        refuse(tmp_path / "空.gdb", detect(tmp_path / "空.gdb"))


def test_side_file_points_at_the_shapefile(tmp_path: Path) -> None:
    (tmp_path / "宗地.SHP").write_bytes(shp())
    for name in ("宗地.prj", "宗地.cpg", "宗地.shx", "宗地.shp.xml"):
        (tmp_path / name).write_bytes(b"x")
        with pytest.raises(FormatError) as caught:
            refuse(tmp_path / name, detect(tmp_path / name))
        assert caught.value.params["shp"] == "宗地.SHP"
        assert "宗地.SHP" in caught.value.part("todo")


def test_folders(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="没有可读的图层"):
        refuse(tmp_path, detect(tmp_path))
    (tmp_path / "说明.txt").write_text("请看附件。", encoding="utf-8")
    (tmp_path / "坏链").symlink_to(tmp_path / "没有")
    assert not detect(tmp_path).readable
    (tmp_path / "里").mkdir()
    (tmp_path / "里" / "宗地.shp").write_bytes(shp())
    (tmp_path / "里" / "宗地.dbf").write_bytes(dbf())
    (tmp_path / "里" / "循环").symlink_to(tmp_path)
    found = detect(tmp_path)
    assert (found.kind, found.readable, found.evidence) == ("folder", True, "1: 里/宗地.shp")
    (tmp_path / "二.shp").write_bytes(shp())
    assert detect(tmp_path).evidence == "2: 二.shp、里/宗地.shp"


def test_missing_file_names_the_nearest(tmp_path: Path) -> None:
    for name in ("宗地2025.shp", "宗地2025.dbf", "企业.xlsx"):
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(FormatError) as caught:
        detect(tmp_path / "宗地2O25.shp")
    assert caught.value.code == "file-missing"
    assert caught.value.params["nearest"] == "宗地2025.shp"
    assert "宗地2025.shp" in str(caught.value)
    with pytest.raises(FormatError) as caught:
        detect(tmp_path / "企業资料" / "企业.xlsx")
    assert "企业.xlsx" in str(caught.value.params["listing"])


def test_nearest_name_ignores_case_and_width() -> None:
    assert nearest_name("ＺＤ.SHP", ["zd.shp", "other.shp"]) == "zd.shp"
    assert nearest_name("宗地.shp", ["宗地.gpkg"]) == "宗地.gpkg"
    assert nearest_name("宗地", ["abc.xlsx"]) == ""


def test_file_problems(tmp_path: Path) -> None:
    (tmp_path / "空.csv").touch()
    os.mkfifo(tmp_path / "pipe")
    codes = {tmp_path / "空.csv": "file-empty", tmp_path: "file-is-folder", tmp_path / "x": "file-missing"}
    codes[tmp_path / "pipe"] = "file-not-regular"
    for path, code in codes.items():
        with pytest.raises(FormatError) as caught:
            require_file(path)
        assert caught.value.code == code
        assert caught.value.exit_code == 3
    with pytest.raises(FormatError) as caught:
        detect(tmp_path / "pipe")
    assert caught.value.code == "file-not-regular"
    with pytest.raises(FormatError) as caught:
        refuse(tmp_path / "空.csv", detect(tmp_path / "空.csv"))
    assert caught.value.code == "file-empty"
    (tmp_path / "a.csv").write_text(CSV, encoding="utf-8")
    assert require_file(tmp_path / "a.csv") == tmp_path / "a.csv"


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.csv"
    file.write_text(CSV, encoding="utf-8")

    def closed(self: Path, *args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", closed)
    for job in (detect, require_file):
        with pytest.raises(FormatError) as caught:
            job(file)
        assert caught.value.code == "file-no-permission"


def test_too_long_or_impossible_paths() -> None:
    for path in ("宗" * 3000, "a\0b.shp"):
        with pytest.raises(FormatError) as caught:
            detect(path)
        assert caught.value.code == "file-missing"


def test_addresses() -> None:
    database = detect("postgresql://clerk:geheim@db/land")
    assert (database.kind, database.readable) == ("postgis", True)
    assert "geheim" not in database.evidence
    page = detect("https://example.org/宗地.zip")
    with pytest.raises(FormatError, match="先下载"):
        refuse("https://example.org/宗地.zip", page)


def test_own_texts_are_complete() -> None:
    own = {c: t for c, t in CATALOG.error.items() if c.startswith(("formats-", "file-", "archive-", "vector-"))}
    assert len(own) > 50
    for code, text in own.items():
        for words in (text.zh, text.en):
            assert set(words) == {"what", "expected", "todo"}, code
            assert all(words.values()), code


@pytest.mark.skipif(not SHARED.is_dir(), reason="shared data not here")
def test_real_files() -> None:
    expected = {
        "cambridge_ma_fy2013/ASSESSING_ParcelsFY2013.topojson": "topojson",
        "cambridge_ma_fy2013/CDD_ZoningDistricts.geojson": "geojson",
        "cambridge_ma_fy2013/TaxFY13.csv": "csv",
        "cambridge_ma_fy2013/LICENSE.md": "text",
        "encodings/file_cp936.dbf": "dbf",
        "encodings/file_cp936.shx": "shapefile-part",
        "rasters/srtm.tif": "raster",
        "rasters/zion.gpkg": "geopackage",
        "shapes/multipatch.shp": "shapefile",
        "shapes/pyshp/REL.zip": "zip",
    }
    assert {name: detect(SHARED / name).kind for name in expected} == expected

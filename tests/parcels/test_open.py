"""Which reader a delivery gets, and which layer of several is meant."""

from __future__ import annotations

import sqlite3
import zipfile
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from rawshp import SQUARE, write_dbf, write_shapefile

from parcels.errors import FormatError
from parcels.ledger import Ledger
from parcels.readers.archive import Member
from parcels.readers.formats import detect
from parcels.readers.open import datasets, inner_layers, is_database, open_layer, open_member

FIELDS = [(b"ZDDM", "C", 10, 0)]


def shp(path: Path, code: bytes = b"A1") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_shapefile(path, [SQUARE], FIELDS, [(code,)])


def gpkg(path: Path, *layers: str) -> Path:
    for layer in layers:
        gpd.GeoDataFrame({"ZDDM": [layer]}, geometry=[shapely.box(0, 0, 1, 1)], crs=4490).to_file(path, layer=layer)
    return path


def pack(path: Path, folder: Path, *, below: str = "") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(p for p in folder.rglob("*") if p.is_file()):
            archive.write(file, below + file.relative_to(folder).as_posix())
    return path


def opened(path, **options):
    return open_layer(path, ledger=Ledger(), **options)


def code_of(path, **options) -> str:
    with pytest.raises(FormatError) as caught:
        opened(path, **options)
    return caught.value.code


def test_a_single_layer_needs_no_name_wherever_it_lies(tmp_path):
    shp(tmp_path / "a" / "深" / "更深" / "宗地.shp")
    raw = opened(tmp_path / "a")
    assert raw.frame["ZDDM"].tolist() == ["A1"]
    assert raw.source == "a/深/更深/宗地.shp"
    archive = pack(tmp_path / "交付.zip", tmp_path / "a")
    assert opened(archive).source == "交付.zip/深/更深/宗地.shp"


def test_zip_in_a_folder_and_zip_in_a_zip(tmp_path):
    shp(tmp_path / "x" / "宗地.shp")
    (tmp_path / "y").mkdir()
    inner = pack(tmp_path / "y" / "内.zip", tmp_path / "x")
    assert opened(tmp_path / "y").frame["ZDDM"].tolist() == ["A1"]
    with zipfile.ZipFile(tmp_path / "外.zip", "w") as archive:
        archive.write(inner, "内.zip")
    assert opened(tmp_path / "外.zip").source == "外.zip/内.zip/宗地.shp"


def test_one_of_several_by_path_file_name_or_stem(tmp_path):
    shp(tmp_path / "d" / "一" / "宗地.shp", b"one")
    shp(tmp_path / "d" / "二" / "宗地.shp", b"two")
    shp(tmp_path / "d" / "红线.shp", b"red")
    assert code_of(tmp_path / "d") == "open-several-layers"
    assert opened(tmp_path / "d", layer="红线").frame["ZDDM"].tolist() == ["red"]
    assert opened(tmp_path / "d", layer="红线.shp").frame["ZDDM"].tolist() == ["red"]
    assert opened(tmp_path / "d", layer="二/宗地.shp").frame["ZDDM"].tolist() == ["two"]
    assert code_of(tmp_path / "d", layer="宗地") == "open-layer-twice"
    assert code_of(tmp_path / "d", layer="农田") == "open-no-such-layer"


def test_layers_inside_a_geopackage_inside_a_delivery(tmp_path):
    folder = tmp_path / "d"
    folder.mkdir()
    gpkg(folder / "库.gpkg", "宗地", "片区")
    shp(folder / "红线.shp", b"red")
    for path in (folder, pack(tmp_path / "d.zip", folder)):
        assert opened(path, layer="片区").frame["ZDDM"].tolist() == ["片区"]
        assert opened(path, layer="库.gpkg/宗地").frame["ZDDM"].tolist() == ["宗地"]
        assert code_of(path, layer="库") == "vector-several-layers"
    (folder / "红线.shp").unlink()
    assert opened(folder, layer="宗地").frame["ZDDM"].tolist() == ["宗地"]


def test_a_table_alone_is_opened_without_geometry(tmp_path):
    raw = opened(write_dbf(tmp_path / "表.dbf", FIELDS, [(b"A1",), (b"A2",)], deleted=[1]))
    assert raw.frame["ZDDM"].tolist() == ["A2"]
    assert raw.rows.tolist() == [2]
    assert raw.frame.geometry.isna().all()
    assert raw.notes["deleted"] == 1


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("表.csv", b"a,b\n1,2\n3,4\n", "open-not-a-layer"),
        ("说明.txt", "今天天气很好\n".encode(), "formats-text"),
        ("空.shp", b"", "file-empty"),
        ("图.dwg", b"AC1032" + b"\0" * 60, "formats-dwg"),
        ("库.mdb", b"\0\1\0\0Standard Jet DB\0" + b"\0" * 60, "formats-mdb"),
        ("坏.zip", b"PK\3\4" + b"\0" * 30, "archive-damaged"),
        ("怪.bin", b"\x01\x02\x03\xff\xfe\x00\x80" * 20, "formats-unknown"),
    ],
)
def test_what_is_no_layer_is_refused_with_a_way_out(tmp_path, name, content, code):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FormatError) as caught:
        opened(path)
    assert caught.value.code == code
    assert caught.value.exit_code == 3
    assert all(caught.value.part(part) for part in ("what", "where", "expected", "todo"))


def test_folders_without_a_layer(tmp_path):
    (tmp_path / "空").mkdir()
    assert code_of(tmp_path / "空") == "formats-folder"
    (tmp_path / "空" / "表.csv").write_text("a,b\n1,2\n")
    assert code_of(tmp_path / "空") == "formats-folder"


def test_a_file_is_its_own_only_dataset(tmp_path):
    path = shp(tmp_path / "宗地.shp")
    with datasets(path, ledger=Ledger(), source="宗地.shp") as members:
        assert [(m.path, m.name, m.format.kind) for m in members] == [(path, "", "shapefile")]


def test_inner_layers_of_formats_that_have_them(tmp_path):
    path = gpkg(tmp_path / "库.gpkg", "宗地", "片区")
    assert inner_layers(Member(path, "", detect(path))) == ["宗地", "片区"]
    path = shp(tmp_path / "宗地.shp")
    assert inner_layers(Member(path, "", detect(path))) == []


def test_open_member_names_the_source_as_told(tmp_path):
    path = shp(tmp_path / "00001.shp")
    raw = open_member(Member(path, "", detect(path)), ledger=Ledger(), source="交付.zip/宗地.shp")
    assert raw.source == "交付.zip/宗地.shp"


def test_a_geopackage_with_damaged_names_does_not_crash(tmp_path):
    path = tmp_path / "a.gpkg"
    connection = sqlite3.connect(path)
    connection.execute("create table abcdefgh (x text)")
    connection.commit()
    connection.close()
    path.write_bytes(path.read_bytes().replace(b"abcdefgh", b"\xd5\xffcdefgh"))
    assert detect(path).kind in ("sqlite", "sqlite-damaged")


def test_addresses_of_databases():
    assert is_database("postgresql://db/land")
    assert is_database("postgres://db/land")
    assert not is_database("宗地.shp")
    assert not is_database(Path("postgresql") / "宗地.shp")

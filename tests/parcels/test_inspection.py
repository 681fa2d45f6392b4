"""What a look into a file says, on files whose content is known byte by byte."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from pyproj import CRS
from rawshp import square, write_dbf, write_shapefile

from parcels.errors import FormatError, InputError
from parcels.fields import Field, Schema, cadastral
from parcels.inspection.columns import best_schema
from parcels.inspection.inspect import inspect
from parcels.inspection.render import WIDTH, columns_of, cut, pad, plain, wrap

X, Y = 39_500_000.0, 4_000_000.0
PRJ = CRS.from_epsg(4527).to_wkt("WKT1_ESRI")
FIELDS = [
    (b"ZDDM", "C", 22, 0),
    ("权利人".encode("gbk"), "C", 20, 0),
    (b"ZDMJ", "N", 12, 2),
    (b"RQ", "D", 8, 0),
    (b"KONG", "C", 4, 0),
]
BOW_TIE = [(X, Y + 500), (X + 30, Y + 530), (X + 30, Y + 500), (X, Y + 510), (X, Y + 500)]


def delivery(folder: Path, name: str = "宗地.shp", **options) -> Path:
    """Four records: sound, bow-tie, null shape, deleted."""
    shapes = [[square(X, Y, 100)], [BOW_TIE], None, [square(X + 900, Y, 100)]]
    owner = "泰安镕泽公司".encode("gbk")
    rows = [
        (b"370902001001GB00001", owner, b"10000.00", b"20240603", b""),
        (b"370902001001GB0002", owner, b"375.00", b"20240231", b""),
        (b"370902001001GB00003", owner, b"15.00", b"", b""),
        (b"370902001001GB00004", owner, b"10000.00", b"", b""),
    ]
    return write_shapefile(folder / name, shapes, FIELDS, rows, **({"prj": PRJ, "deleted": [4]} | options))


@pytest.fixture
def layer(tmp_path):
    return inspect(delivery(tmp_path)).layers[0]


def test_facts_of_a_shapefile(layer):
    assert (layer.rows, layer.deleted) == (3, 1)
    assert layer.encoding == "gb18030"
    assert layer.encoding_confidence >= 0.9
    assert "no .cpg" in layer.encoding_evidence
    assert layer.crs.startswith("EPSG:4527")
    assert layer.geometry == {"Polygon": 2}
    assert (layer.null, layer.null_rows) == (1, [3])
    assert (layer.invalid, layer.invalid_rows) == (1, [(2, "自相交")])
    assert layer.bounds == [X, Y, X + 100, Y + 530]
    assert layer.area_m2 == pytest.approx(10_375.0, rel=1e-8)
    assert layer.area_mu == pytest.approx(10_375.0 * 3 / 2000, rel=1e-8)


def test_columns_with_types_first_values_and_meaning(layer):
    told = {c.name: c for c in layer.columns}
    assert list(told) == ["ZDDM", "权利人", "ZDMJ", "RQ", "KONG"]
    assert (told["ZDDM"].type, told["ZDDM"].declared, told["ZDDM"].filled) == ("text", "C22", 3)
    assert told["ZDDM"].examples == ["370902001001GB00001", "370902001001GB0002", "370902001001GB00003"]
    assert (told["ZDDM"].canonical, told["ZDDM"].title, told["ZDDM"].method) == ("parcel_id", "宗地代码", "alias")
    assert told["权利人"].examples == ["泰安镕泽公司"]
    assert (told["ZDMJ"].type, told["ZDMJ"].declared) == ("number", "N12.2")
    assert told["ZDMJ"].unit == "平方米"
    assert (told["RQ"].type, told["RQ"].filled, told["RQ"].examples) == ("date", 1, ["2024-06-03"])
    assert (told["KONG"].type, told["KONG"].filled, told["KONG"].canonical) == ("empty", 0, None)


def test_findings_are_summed_up_with_texts_rows_and_examples(layer):
    codes = {line.code: line for line in layer.codes}
    assert codes["codes-parcel-length"].rows == [2]
    assert codes["codes-parcel-length"].before == "370902001001GB0002"
    assert "19 位" in codes["codes-parcel-length"].message
    book = {line.code: line for line in layer.ledger}
    assert (book["shapefile-null-shape"].severity, book["shapefile-null-shape"].rows) == ("error", [3])
    assert book["dbf-date-bad"].before == "20240231"
    assert "field-mapped" not in book
    assert [line.severity for line in layer.ledger] == sorted(
        (line.severity for line in layer.ledger), key=["error", "warning", "info"].index
    )


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_text_holds_every_fact_and_fits_the_page(tmp_path, lang):
    text = inspect(delivery(tmp_path), lang=lang).render(lang)
    wanted = {
        "zh": ["行数", "有值", "识别为", "自相交", "代码检查", "没有 .cpg"],
        "en": ["Rows", "Taken as", "no .cpg"],
    }
    for word in [*wanted[lang], "EPSG:4527", "370902001001GB0002", "parcel_id", "泰安镕泽公司", "20240231", "C22"]:
        assert word in text
    assert all(columns_of(line) <= WIDTH for line in text.splitlines()[1:])
    assert all(line == line.rstrip() for line in text.splitlines())


def test_json_is_the_same_in_plain_values(tmp_path):
    report = inspect(delivery(tmp_path))
    back = json.loads(report.to_json())
    assert back["kind"] == "shapefile"
    assert back["layers"][0]["columns"][0]["canonical"] == "parcel_id"
    assert back["layers"][0]["rows"] == 3


def test_looking_leaves_everything_as_it_was(tmp_path):
    delivery(tmp_path)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    inspect(tmp_path / "宗地.shp")
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


# ------------------------------------------------------------------------------ what reading would refuse is shown


def test_a_crs_that_cannot_be_settled_is_explained_and_the_area_still_shown(tmp_path):
    shapes = [[square(500_000.0, 4_000_000.0, 100)]]
    path = write_shapefile(tmp_path / "a.shp", shapes, [(b"ZDMJ", "N", 9, 2)], [(b"15.00",)])
    layer = inspect(path).layers[0]
    assert layer.crs is None
    assert "4548" in layer.crs_problem
    assert layer.area_m2 == pytest.approx(10_000.0, rel=1e-6)
    assert layer.area_assumed
    assert {c.name: c.unit for c in layer.columns} == {"ZDMJ": "亩"}
    assert layer.area_assumed in inspect(path).render("zh")


def test_old_datum_and_degrees_without_datum(tmp_path):
    prj = CRS.from_epsg(2363).to_wkt("WKT1_ESRI")
    layer = inspect(delivery(tmp_path, prj=prj)).layers[0]
    assert "datum_shift" in layer.crs_problem
    shapes = [[square(117.0, 36.0, 0.001)]]
    path = write_shapefile(tmp_path / "b.shp", shapes, [(b"ZDDM", "C", 9, 0)], [(b"a",)])
    layer = inspect(path).layers[0]
    assert "EPSG:4490" in layer.crs_problem
    assert layer.area_m2 == pytest.approx(110.951 * 90.164, rel=1e-4)


def test_local_grids_have_no_area(tmp_path):
    path = write_shapefile(tmp_path / "a.shp", [[square(12_345.0, 54_321.0, 9)]], [(b"A", "C", 1, 0)], [(b"x",)])
    layer = inspect(path).layers[0]
    assert layer.crs_problem
    assert layer.area_m2 is None


def test_points_and_tables_can_be_looked_at(tmp_path):
    points = [[[(X, Y)]], [[(X + 1, Y)]]]
    path = write_shapefile(
        tmp_path / "p.shp", points, [(b"ZDDM", "C", 9, 0)], [(b"a",), (b"a",)], shape_type=1, prj=PRJ
    )
    layer = inspect(path).layers[0]
    assert layer.geometry == {"Point": 2}
    assert layer.area_m2 is None
    assert "geometry-not-areal" not in {line.code for line in layer.ledger}
    assert {"codes-parcel-duplicate"} <= {line.code for line in layer.codes}
    table = inspect(write_dbf(tmp_path / "t.dbf", [(b"ZDDM", "C", 9, 0)], [(b"0001",)])).layers[0]
    assert (table.rows, table.null, table.geometry, table.crs_problem) == (1, 0, {}, None)
    assert table.columns[0].examples == ["0001"]


def test_an_empty_layer_has_no_rows(tmp_path):
    layer = inspect(write_shapefile(tmp_path / "leer.shp", [], [(b"ZDDM", "C", 9, 0)], [], prj=PRJ)).layers[0]
    assert layer.rows == 0
    assert [c.type for c in layer.columns] == ["empty"]


def test_what_cannot_be_read_at_all_is_an_error(tmp_path):
    (tmp_path / "说明.txt").write_text("今天天气很好", encoding="utf-8")
    with pytest.raises(FormatError):
        inspect(tmp_path / "说明.txt")
    delivery(tmp_path, "坏.shp").with_suffix(".dbf").write_bytes(b"\3" + b"\xff" * 50)
    with pytest.raises(InputError):
        inspect(tmp_path / "坏.shp")


def test_every_layer_of_a_delivery_and_the_problem_of_a_broken_one(tmp_path):
    folder = tmp_path / "d"
    delivery(folder)
    delivery(folder, "坏.shp").with_suffix(".dbf").write_bytes(b"\3" + b"\xff" * 50)
    frame = gpd.GeoDataFrame({"ZDDM": ["a"]}, geometry=[shapely.box(117, 36, 117.01, 36.01)], crs=4490)
    frame.to_file(folder / "库.gpkg", layer="宗地")
    frame.to_file(folder / "库.gpkg", layer="片区")
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as archive:
        for file in folder.iterdir():
            archive.write(file, f"数据/{file.name}")
    for path, front in ((folder, ""), (tmp_path / "d.zip", "数据/")):
        report = inspect(path)
        found = {r.name: r for r in report.layers}
        assert {f"{front}宗地.shp", f"{front}坏.shp", f"{front}库.gpkg/宗地", f"{front}库.gpkg/片区"} <= set(found)
        assert found[f"{front}坏.shp"].problem
        assert "/tmp" not in found[f"{front}坏.shp"].problem or path == folder
        assert found[f"{front}宗地.shp"].rows == 3
        assert found[f"{front}坏.shp"].problem.splitlines()[0] in report.render("zh")


# ------------------------------------------------------------------------------------------------- schemas and words


def test_the_schema_with_the_key_wins():
    zones = Schema(
        [Field("zone_id", "zone_id", "id", "片区", "Zone", ("KFQDM",)), Field("n", "n", "text", "名", "N", ("名称",))]
    )
    floors = Schema([Field("floors", "floors", "number", "层数", "Floors", ("层数",))])
    schemas = {"parcel": cadastral(), "zone": zones, "building": floors}
    assert best_schema(schemas, ["ZDDM", "QLR", "名称"]) == "parcel"
    assert best_schema(schemas, ["KFQDM", "名称"]) == "zone"
    assert best_schema(schemas, ["层数", "QLR"]) == "building"
    assert best_schema(schemas, ["a", "b"]) == "building"


def test_chosen_kind_stands_in_the_report(tmp_path):
    schemas = {"parcel": cadastral(), "zone": Schema([])}
    assert inspect(delivery(tmp_path), schemas=schemas).layers[0].table == "parcel"


def test_widths_are_counted_as_a_terminal_shows_them():
    assert columns_of("宗地 A") == 6
    assert pad("宗", 4) == "宗  "
    assert cut("国有建设用地", 7) == "国有建…"
    assert columns_of(cut("国有建设用地", 6)) <= 6
    assert cut("短", 2) == "短"
    assert wrap("登记面积，registered area", 10) == ["登记面积，", "registered", "area"]
    assert wrap("", 10) == [""]
    assert all(columns_of(line) <= 12 for line in wrap("x" * 50, 10))
    assert "".join(wrap("x" * 50, 10)) == "x" * 50


def test_cells_cannot_move_the_cursor():
    assert plain("a\x1b[31mb\nc\u202ed") == "a [31mb c d"

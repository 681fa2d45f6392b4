"""`mudian inspect` on anything: a useful answer or a clear error, never a crash, and no row lost.

What is expected of the shared files was read from their bytes by the small readers below or by hand.
"""

from __future__ import annotations

import csv
import json
import shutil
import struct
from pathlib import Path

import pandas as pd
import pytest

from mudian.cli import main
from mudian.datasets import example_files
from mudian.inspecting import inspect_file
from parcels.errors import InputError
from parcels.inspection.render import WIDTH, columns_of

DATA = Path(__file__).parents[2].parent / "shared" / "data"
FILES = sorted(p for p in DATA.rglob("*") if p.is_file()) if DATA.is_dir() else []
FOLDERS = [DATA, *sorted(p for p in DATA.rglob("*") if p.is_dir())] if DATA.is_dir() else []
EXAMPLE = Path(str(example_files()))

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="no shared data")

NO_DATA_OF_ITS_OWN = {".shx", ".cpg", ".prj", ".sbn", ".sbx", ".md", ""}
REFUSED = {"empty_zipfile.zip"}


def short(path: Path) -> str:
    return path.relative_to(DATA).as_posix()


def shapes_in(shp: Path) -> int:
    """Records of a .shp, counted header by header (ESRI white paper, 1998)."""
    raw, at, count = shp.read_bytes(), 100, 0
    while at + 8 <= len(raw):
        at += 8 + 2 * struct.unpack(">i", raw[at + 4 : at + 8])[0]
        count += 1
    return count


def records_in(dbf: Path) -> tuple[int, int]:
    """Records of a .dbf that are alive and deleted, by their flags."""
    raw = dbf.read_bytes()
    count, start, width = struct.unpack("<IHH", raw[4:12])
    flags = [raw[start + i * width : start + i * width + 1] for i in range(count)]
    return flags.count(b" "), flags.count(b"*")


# -------------------------------------------------------------------------------------------------- the shared files


@needs_data
@pytest.mark.parametrize("path", FILES, ids=short)
def test_every_file_gives_an_answer_or_a_clear_error(path, capsys):
    exit_code = main(["inspect", str(path)])
    said = capsys.readouterr()
    if path.suffix in NO_DATA_OF_ITS_OWN or path.name in REFUSED:
        assert exit_code == 3
        assert said.out == ""
        for label in ("问题", "位置", "应为", "办法"):
            assert f"{label}: " in said.err
        assert path.name in said.err
        return
    assert (exit_code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert lines[0] == str(path)
    assert len(lines) > 4
    assert all(columns_of(line) <= WIDTH for line in lines[1:])


@needs_data
@pytest.mark.parametrize("path", [p for p in FILES if p.suffix == ".shp"], ids=short)
def test_rows_of_every_shapefile(path):
    layer = inspect_file(str(path)).layers[0]
    assert layer.rows == shapes_in(path)
    assert sum(layer.geometry.values()) + layer.null == layer.rows


@needs_data
@pytest.mark.parametrize("path", [p for p in FILES if p.suffix == ".dbf"], ids=short)
def test_rows_of_every_table(path):
    layer = inspect_file(str(path)).layers[0]
    assert (layer.rows, layer.deleted) == records_in(path)
    assert layer.geometry == {}


@needs_data
@pytest.mark.parametrize(
    ("name", "encoding", "column", "values"),
    [
        ("encodings/file_cp936.dbf", "gb18030", "TEST", ["测试中文"]),
        ("encodings/mapshaper/big5.dbf", "big5", "NAME", ["國語"]),
        ("encodings/mapshaper/chinese.dbf", "gb18030", "NAME", ["简体"]),
        ("encodings/mapshaper/gbk.dbf", "gb18030", "NAME", None),
        ("encodings/mapshaper/utf8.dbf", "utf-8", "NAME", None),
        ("encodings/mapshaper/eucjp.dbf", "euc-jp", "NAME", ["ひたちなか市", "西蒲原郡弥彦村"]),
        ("shapes/pyshp/latin1.dbf", "cp1252", "Name", ["Ñandú"]),
    ],
)
def test_texts_in_many_encodings(name, encoding, column, values):
    layer = inspect_file(str(DATA / name)).layers[0]
    found = next(c for c in layer.columns if c.name == column)
    assert layer.encoding == encoding
    assert layer.encoding_evidence
    wanted = values or [text_of(DATA / name, encoding)]
    assert found.examples == wanted


def text_of(dbf: Path, codec: str) -> str:
    """The only value of a table with one record and one field."""
    raw = dbf.read_bytes()
    start = struct.unpack("<H", raw[8:10])[0]
    return raw[start + 1 :].rstrip(b"\x1a").decode(codec).strip()


@needs_data
@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("shapes/line.shp", {"MultiLineString": 1}),
        ("shapes/multi_polygon.shp", {"MultiPolygon": 1}),
        ("shapes/multipoint.shp", {"MultiPoint": 1}),
        ("shapes/point.shp", {"Point": 1}),
        ("shapes/pointz.shp", {"Point": 2}),
        ("shapes/polygon_hole.shp", {"Polygon": 1}),
        ("shapes/polygonm.shp", {"Polygon": 1}),
        ("shapes/polygonz.shp", {"Polygon": 1}),
        ("shapes/multipatch.shp", {}),
        ("shapes/pyshp/corrupt_too_long.shp", {"LineString": 10}),
    ],
)
def test_kinds_of_geometry(name, kinds):
    assert inspect_file(str(DATA / name)).layers[0].geometry == kinds


@needs_data
def test_oddities_are_said():
    told = {line.code for line in inspect_file(str(DATA / "shapes" / "polygon.shp")).layers[0].ledger}
    assert {"shapefile-ring-closed", "shapefile-shx-missing", "shapefile-no-dbf"} <= told
    layer = inspect_file(str(DATA / "encodings" / "mapshaper" / "duplicate_fields.dbf")).layers[0]
    names = [c.name for c in layer.columns]
    assert len(names) == len(set(names)) == 12
    assert "dbf-name-repeated" in {line.code for line in layer.ledger}
    layer = inspect_file(str(DATA / "encodings" / "mapshaper" / "comma_separated.dbf")).layers[0]
    assert layer.columns[0].examples[0] == "68.5"


@needs_data
def test_zips_with_a_folder_with_two_layers_and_without_any():
    (layer,) = inspect_file(str(DATA / "shapes/pyshp/REL.zip")).layers
    assert (layer.name, layer.rows, layer.geometry) == ("REL/releaseArea20090407.shp", 1, {"Polygon": 1})
    assert "Austria Lambert" in layer.crs
    layers = inspect_file(str(DATA / "shapes/pyshp/blockgroups_multishapefile.zip")).layers
    assert [(r.name, r.rows) for r in layers] == [("blockgroups.shp", 663), ("blockgroups2.shp", 663)]
    with pytest.raises(InputError):
        inspect_file(str(DATA / "shapes/pyshp/empty_zipfile.zip"))


@needs_data
def test_rasters_and_the_park():
    nlcd = inspect_file(str(DATA / "rasters" / "nlcd2011.tif")).layers[0]
    assert (nlcd.notes["width"], nlcd.notes["height"], nlcd.rows) == ("1073", "1359", None)
    assert inspect_file(str(DATA / "rasters" / "srtm.tif")).layers[0].crs == "EPSG:4326"
    park = inspect_file(str(DATA / "rasters" / "zion.gpkg")).layers[0]
    assert (park.rows, park.geometry) == (1, {"Polygon": 1})
    assert {c.name: c.examples for c in park.columns}["PARKNAME"] == ["Zion"]
    assert any(line.code == "crs-local-grid" for line in park.ledger)


@needs_data
def test_cambridge_layers_and_table():
    folder = DATA / "cambridge_ma_fy2013"
    districts = inspect_file(str(folder / "ASSESSING_CommercialDistrictsFY2014.geojson")).layers[0]
    features = json.loads((folder / "ASSESSING_CommercialDistrictsFY2014.geojson").read_text("utf-8"))["features"]
    assert districts.rows == len(features) == 11
    assert districts.crs.startswith("EPSG:4326")
    topology = json.loads((folder / "ASSESSING_ParcelsFY2013.topojson").read_text("utf-8"))
    members = next(iter(topology["objects"].values()))["geometries"]
    parcels = inspect_file(str(folder / "ASSESSING_ParcelsFY2013.topojson")).layers[0]
    assert parcels.rows == len(members) == 13_159
    assert parcels.invalid == 24
    assert parcels.crs is None
    assert 'crs = "EPSG:4326"' in parcels.crs_problem
    assert parcels.area_m2 == pytest.approx(14_233_895.41, rel=1e-6)
    with (folder / "TaxFY13.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    tax = inspect_file(str(folder / "TaxFY13.csv")).layers[0]
    assert tax.rows == len(rows) == 27_424
    filled = {c.name: c.filled for c in tax.columns}
    assert filled["ML"] == sum(bool(r["ML"].strip()) for r in rows) == 27_419
    assert [c.name for c in tax.columns] == list(rows[0])


@needs_data
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: p.name)
def test_folders_show_everything_that_is_in_them(folder):
    report = inspect_file(str(folder))
    names = [layer.name for layer in report.layers]
    data = {".shp", ".gpkg", ".geojson", ".topojson", ".csv", ".tif"}
    for file in folder.rglob("*"):
        if file.suffix in data:
            assert any(n.startswith(file.relative_to(folder).as_posix()) for n in names), file.name
    assert all(layer.rows is not None or layer.problem or layer.ledger or layer.notes for layer in report.layers)


# ------------------------------------------------------------------------------------------------ the bundled example


def example(name: str):
    return inspect_file(str(EXAMPLE / name)).layers[0]


def test_example_parcels():
    layer = example("宗地.shp")
    assert (layer.rows, layer.deleted, layer.table) == (320, 1, "parcel")
    assert (layer.encoding, layer.null_rows) == ("gb18030", [321])
    assert [row for row, _ in layer.invalid_rows] == [10, 18, 52]
    assert layer.crs.startswith("EPSG:4527")
    found = {line.code: line.rows for line in layer.codes}
    assert found["codes-parcel-length"] == [57]
    assert found["codes-credit-check-digit"] == [93]
    assert found["codes-parcel-duplicate"] == [40, 44]
    meaning = {c.name: c.canonical for c in layer.columns}
    assert (meaning["不动产单元"], meaning["成交价款万"], meaning["BZ"]) == ("unit_id", "land_price_wan", None)


def test_example_tables():
    book = example("企业亩均情况.xlsx")
    assert (book.rows, book.table) == (181, "enterprise")
    assert {c.name: c.unit for c in book.columns}["税收_实缴税收"] == "万元"
    assert any(line.code == "value-float-damage" and line.rows == [9] for line in book.ledger)
    leases = example("租赁关系.csv")
    assert (leases.rows, leases.table, leases.encoding) == (57, "holding", "gb18030")
    assert "codes-parcel-duplicate" not in {line.code for line in leases.codes}


@pytest.mark.parametrize(
    ("name", "table", "rows"),
    [
        ("开发区.gpkg", "zone", 2),
        ("建筑.shp", "building", None),
        ("永农.shp", None, None),
        ("生态红线.geojson", None, 1),
    ],
)
def test_other_layers_of_the_example(name, table, rows):
    layer = example(name)
    assert layer.table == table or table is None
    assert rows is None or layer.rows == rows
    assert layer.crs


def test_example_folder_holds_all_its_files():
    names = {layer.name.split(" / ")[0].split("/")[0] for layer in inspect_file(str(EXAMPLE)).layers}
    assert {f.name for f in EXAMPLE.iterdir() if f.suffix in (".shp", ".gpkg", ".xlsx", ".csv", ".tif")} <= names


# ---------------------------------------------------------------------------------------------------- the command line


def test_one_bad_file_does_not_hide_the_others(tmp_path, capsys):
    assert main(["inspect", str(tmp_path / "没有.shp"), str(EXAMPLE / "开发区.gpkg")]) == 3
    said = capsys.readouterr()
    assert "没有.shp" in said.err
    assert "zone_id" in said.out


def test_json_and_english(capsys):
    assert main(["inspect", "--json", str(EXAMPLE / "开发区.gpkg")]) == 0
    assert json.loads(capsys.readouterr().out)["layers"][0]["rows"] == 2
    assert main(["--lang", "en", "inspect", str(EXAMPLE / "开发区.gpkg")]) == 0
    assert "Taken as" in capsys.readouterr().out


def test_a_folder_of_tables_only(tmp_path):
    shutil.copyfile(EXAMPLE / "租赁关系.csv", tmp_path / "租赁.csv")
    (tmp_path / "坏.xlsx").write_bytes(b"PK\3\4 xl/workbook.xml" + b"\0" * 50)
    report = inspect_file(str(tmp_path))
    assert "租赁.csv" in [layer.name for layer in report.layers]
    assert report.layers[-1].rows == 57


def test_a_parquet_table(tmp_path):
    pd.DataFrame({"企业名称": ["甲", "乙"], "税收（万元）": [1.5, None]}).to_parquet(tmp_path / "企业.parquet")
    layer = inspect_file(str(tmp_path / "企业.parquet")).layers[0]
    assert (layer.rows, layer.table) == (2, "enterprise")
    assert {c.name: (c.filled, c.unit) for c in layer.columns}["税收（万元）"] == (1, "万元")

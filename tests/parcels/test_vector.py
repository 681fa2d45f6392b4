"""Vector layers come out whole: every record, every digit, dates as written, and the file's own word on its CRS."""

import json
import sqlite3
import struct
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiPolygon, Point, box

from parcels.errors import EncodingError, FormatError
from parcels.layer import RawLayer
from parcels.ledger import Ledger
from parcels.readers import topojson
from parcels.readers.postgis import GeometryTable, choose, public_address, written
from parcels.readers.vector import gdal_options, list_layers, read_postgis, read_vector

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
BIG = 3709020010010000019
A, B = box(39512345, 4012345, 39512445, 4012445), box(39512545, 4012345, 39512645, 4012445)


def save(frame: gpd.GeoDataFrame, path: Path, **options: Any) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pyogrio.write_dataframe(frame, path, **options)
    return path


def sample() -> gpd.GeoDataFrame:
    columns = {
        "宗地代码": ["0370902001001GB00001", "0601", None],
        "BSM": pd.array([BIG, None, 3], dtype="Int64"),
        "年份": pd.array([2024, None, 0], dtype="Int32"),
        "闲置": pd.array([True, None, False], dtype="boolean"),
        "面积": [10000.0, np.nan, 0.5],
        "交地": pd.to_datetime(pd.Series(["2024-06-30", None, "2023-12-31"])),
    }
    return gpd.GeoDataFrame(columns, geometry=[A, None, B], crs=4527)


def read(path: Path, **options: Any) -> tuple[RawLayer, Ledger]:
    ledger = Ledger(lang="en")
    raw = read_vector(path, ledger=ledger, **options)
    assert raw.frame.crs is None
    assert isinstance(raw.frame.index, pd.RangeIndex)
    assert len(raw.rows) == len(raw.frame)
    return raw, ledger


def values(column: pd.Series) -> list[Any]:
    return [None if pd.isna(v) else v for v in column.tolist()]


def codes(ledger: Ledger) -> list[str]:
    return sorted(set(ledger.frame()["code"]))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.gpkg", {"layer": "宗地"}),
        ("a.gdb", {"layer": "宗地", "driver": "OpenFileGDB", "TARGET_ARCGIS_VERSION": "ARCGIS_PRO_3_2_OR_LATER"}),
        ("a.fgb", {"SPATIAL_INDEX": "NO"}),
        ("a.sqlite", {"driver": "SQLite", "layer": "宗地", "LAUNDER": "NO"}),
        ("a.geojson", {}),
    ],
)
def test_every_digit_and_every_gap(tmp_path: Path, name: str, options: dict[str, Any]) -> None:
    raw, _ = read(save(sample(), tmp_path / name, **options))
    frame = raw.frame
    assert values(frame["宗地代码"]) == ["0370902001001GB00001", "0601", None]
    assert values(frame["BSM"]) == [BIG, None, 3]
    assert values(frame["年份"]) == [2024, None, 0]
    flags = [1, None, 0] if name == "a.gdb" else [True, None, False]
    assert values(frame["闲置"]) == flags
    assert values(frame["面积"]) == [10000.0, None, 0.5]
    assert [None if d is None else d[:10].replace("/", "-") for d in values(frame["交地"])] == [
        "2024-06-30",
        None,
        "2023-12-31",
    ]
    assert raw.crs_origin == "format"
    assert raw.crs_text == "EPSG:4527"
    assert frame.geometry.isna().tolist() == [False, True, False]
    assert frame.geometry.area.iloc[[0, 2]].tolist() == [10000.0, 10000.0]
    assert raw.rows.tolist() == [1, 2, 3]
    assert [i.name for i in list_layers(tmp_path / name)] == [raw.layer]


def test_record_numbers_are_those_of_the_file(tmp_path: Path) -> None:
    path = save(sample(), tmp_path / "a.gpkg", layer="t")
    edit(path, "DELETE FROM t WHERE fid = 2")
    raw, _ = read(path)
    assert raw.rows.tolist() == [1, 3]
    assert values(raw.frame["交地"]) == ["2024-06-30", "2023-12-31"]


def edit(path: Path, *statements: str, parameters: tuple[object, ...] = ()) -> None:
    connection = sqlite3.connect(path)
    for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f'DROP TRIGGER "{trigger}"')
    for statement in statements:
        connection.execute(statement, parameters if "?" in statement else ())
    connection.commit()
    connection.close()


def test_impossible_dates_stay_as_written(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"n": ["a", "b", "c", "d"]}, geometry=[A] * 4, crs=4527)
    path = save(frame, tmp_path / "a.gpkg", layer="t")
    edit(
        path,
        'ALTER TABLE t ADD COLUMN "交 地" DATE',
        "UPDATE t SET \"交 地\" = '20240231' WHERE fid = 1",
        "UPDATE t SET \"交 地\" = '2024-02-31' WHERE fid = 2",
        "UPDATE t SET \"交 地\" = '2024-06-30' WHERE fid = 4",
    )
    raw, _ = read(path)
    assert raw.frame.columns.tolist() == ["n", "交 地", "geometry"]
    assert values(raw.frame["交 地"]) == ["20240231", "2024-02-31", None, "2024-06-30"]


def test_text_in_another_encoding(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"QLR": ["某公司", "乙", "丙"]}, geometry=[A] * 3, crs=4527)
    path = save(frame, tmp_path / "a.gpkg", layer="t")
    edit(
        path,
        "UPDATE t SET QLR = CAST(X'CCA9B0B2' AS TEXT) WHERE fid = 2",
        "UPDATE t SET QLR = CAST(X'FF81' AS TEXT) WHERE fid = 3",
    )
    raw, ledger = read(path)
    assert raw.frame["QLR"].tolist()[:2] == ["某公司", "泰安"]
    told = ledger.frame().query("code.str.startswith('vector-text')")
    assert told[["code", "row", "field"]].values.tolist() == [
        ["vector-text-other-encoding", 2, "QLR"],
        ["vector-text-undecodable", 3, "QLR"],
    ]


def test_layer_choice(tmp_path: Path) -> None:
    path = save(sample()[["宗地代码", "geometry"]], tmp_path / "a.gpkg", layer="宗地ZDJBXX")
    points = gpd.GeoDataFrame({"a": [1]}, geometry=[Point(39512345, 4012345)], crs=4527)
    save(points, path, layer="界址点", append=True)
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE layer_styles (id INTEGER PRIMARY KEY, name TEXT)")
        connection.execute("CREATE TABLE 权利人 (id INTEGER PRIMARY KEY, name TEXT)")
        for table in ("layer_styles", "权利人"):
            connection.execute(
                "INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES (?, 'attributes', ?)",
                (table, table),
            )
    connection.close()
    infos = {i.name: (i.geometry_type, i.features) for i in list_layers(path)}
    assert infos == {"宗地ZDJBXX": ("Polygon", 3), "界址点": ("Point", 1), "权利人": (None, 0)}
    raw, ledger = read(path)
    assert raw.layer == "宗地ZDJBXX"
    assert codes(ledger) == ["vector-layer-chosen"]
    assert "界址点" in ledger.frame()["message"].iat[0]
    assert read(path, layer="界址点")[0].frame.geom_type.tolist() == ["Point"]
    assert read(path, layer="宗地zdjbxx")[0].layer == "宗地ZDJBXX"
    with pytest.raises(FormatError) as caught:
        read(path, layer="宗地ZDJBX")
    assert (caught.value.code, caught.value.params["nearest"]) == ("vector-no-such-layer", "宗地ZDJBXX")
    with pytest.raises(FormatError) as caught:
        read(path, layer="权利人")
    assert caught.value.code == "vector-no-layer"
    save(sample()[["geometry"]].assign(a=1), path, layer="建筑", append=True)
    with pytest.raises(FormatError, match="宗地ZDJBXX / 建筑") as caught:
        read(path)
    assert caught.value.code == "vector-several-layers"


def test_layer_of_undeclared_type_is_looked_into(tmp_path: Path) -> None:
    mixed = gpd.GeoDataFrame({"a": [1, 2]}, geometry=[Point(1, 2), A], crs=4527)
    lines = gpd.GeoDataFrame({"a": [1, 2]}, geometry=[Point(1, 2), LineString([(0, 0), (1, 1)])], crs=4527)
    path = save(mixed, tmp_path / "a.gpkg", layer="面", geometry_type="Unknown")
    save(lines, path, layer="线", geometry_type="Unknown", append=True)
    raw, _ = read(path)
    assert raw.layer == "面"
    assert raw.frame.geom_type.tolist() == ["Point", "Polygon"]


def curve(srid: int, radius: float) -> bytes:
    """A full circle as a CURVEPOLYGON of one CIRCULARSTRING, in the blob of a GeoPackage."""
    points = [(-radius, 0.0), (0.0, radius), (radius, 0.0), (0.0, -radius), (-radius, 0.0)]
    ring = struct.pack("<BII", 1, 8, 5) + b"".join(struct.pack("<2d", *p) for p in points)
    return b"GP" + bytes([0, 1]) + struct.pack("<i", srid) + struct.pack("<BII", 1, 10, 1) + ring


def test_arcs_keep_their_area_and_options_are_restored(tmp_path: Path) -> None:
    path = save(gpd.GeoDataFrame({"a": ["1"]}, geometry=[A], crs=4548), tmp_path / "a.gpkg", layer="t")
    edit(path, "UPDATE t SET geom = ?", parameters=(curve(4548, 100.0),))
    edit(path, "UPDATE gpkg_geometry_columns SET geometry_type_name = 'CURVEPOLYGON'")
    before = pyogrio.get_gdal_config_option("OGR_ARC_STEPSIZE")
    raw, _ = read(path)
    assert raw.frame.area.iat[0] == pytest.approx(np.pi * 1e4, rel=1e-6)
    assert pyogrio.get_gdal_config_option("OGR_ARC_STEPSIZE") == before
    with pytest.raises(ZeroDivisionError), gdal_options(OGR_ARC_STEPSIZE="7"):
        raise ZeroDivisionError
    assert pyogrio.get_gdal_config_option("OGR_ARC_STEPSIZE") == before


def test_heights_go_and_broken_rings_are_reported(tmp_path: Path) -> None:
    path = save(gpd.GeoDataFrame({"a": ["1", "2", "3"]}, geometry=[A, A, A], crs=4548), tmp_path / "a.gpkg", layer="t")
    head = b"GP" + bytes([0, 1]) + struct.pack("<i", 4548)
    ring = [(0.0, 0.0, 7.0), (0.0, 10.0, 7.0), (10.0, 10.0, 7.0), (10.0, 0.0, 7.0)]
    opened = struct.pack("<BIII", 1, 1003, 1, 4) + b"".join(struct.pack("<3d", *p) for p in ring)
    edit(path, "UPDATE t SET geom = ? WHERE fid = 2", parameters=(head + opened,))
    raw, ledger = read(path)
    assert not shapely.has_z(np.array(raw.frame.geometry.array)).any()
    assert raw.frame.area.tolist() == [10000.0, 100.0, 10000.0]
    assert ledger.frame()[["code", "row"]].values.tolist() == [["vector-geometry-fixed", 2]]


def test_geodatabase_tables_and_aliases(tmp_path: Path) -> None:
    path = save(sample()[["宗地代码", "geometry"]], tmp_path / "库.gdb", layer="ZD", driver="OpenFileGDB")
    table = pd.DataFrame({"名": ["x"]})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pyogrio.write_dataframe(table, path, layer="QLR", driver="OpenFileGDB", append=True)
    assert {i.name: i.geometry_type for i in list_layers(path)} == {"ZD": "MultiPolygon", "QLR": None}
    raw, _ = read(path)
    assert (raw.layer, len(raw.frame), raw.notes["aliases"]) == ("ZD", 3, {})


def test_titles_of_geopackage_columns(tmp_path: Path) -> None:
    path = save(gpd.GeoDataFrame({"ZDDM": ["1"]}, geometry=[A], crs=4527), tmp_path / "a.gpkg", layer="t")
    edit(
        path,
        "CREATE TABLE gpkg_data_columns (table_name TEXT, column_name TEXT, name TEXT, title TEXT, description TEXT,"
        " mime_type TEXT, constraint_name TEXT)",
        "INSERT INTO gpkg_data_columns (table_name, column_name, name, title) VALUES ('t', 'ZDDM', 'ZDDM', '宗地代码')",
    )
    assert read(path)[0].notes["aliases"] == {"ZDDM": "宗地代码"}


def test_attribute_called_geometry(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"geometry": ["方", "圆"], "g": [A, B]}, geometry="g", crs=4527)
    raw, ledger = read(save(frame, tmp_path / "a.gpkg", layer="t"))
    assert raw.frame["geometry_2"].tolist() == ["方", "圆"]
    assert raw.frame.geometry.name == "geometry"
    assert codes(ledger) == ["vector-field-renamed"]


# --- GeoJSON -----------------------------------------------------------------------------------------------------


def feature(geometry: dict[str, Any] | None, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": geometry, **more}


def geojson(path: Path, features: list[dict[str, Any]], *, encoding: str = "utf-8", **more: Any) -> Path:
    text = json.dumps({"type": "FeatureCollection", **more, "features": features}, ensure_ascii=False)
    path.write_bytes(text.encode(encoding))
    return path


def square(x: float, y: float, side: float) -> dict[str, Any]:
    ring = [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
    return {"type": "Polygon", "coordinates": [ring]}


@pytest.mark.parametrize(
    ("x", "crs", "expected"),
    [
        (117.1, None, ("EPSG:4326", "default")),
        (39512345.0, None, (None, None)),
        (512345.0, None, (None, None)),
        (39512345.0, "urn:ogc:def:crs:EPSG::4527", ("EPSG:4527", "format")),
        (117.1, "urn:ogc:def:crs:EPSG::4490", ("EPSG:4490", "format")),
        (117.1, "urn:ogc:def:crs:OGC:1.3:CRS84", ("format", "format")),
    ],
)
def test_crs_of_geojson(tmp_path: Path, x: float, crs: str | None, expected: tuple[str | None, str | None]) -> None:
    member = {"crs": {"type": "name", "properties": {"name": crs}}} if crs else {}
    raw, ledger = read(geojson(tmp_path / "a.json", [feature(square(x, 36.2, 0.01), {"a": 1})], **member))
    assert raw.crs_origin == expected[1]
    if expected[0] == "format":
        assert raw.crs_text is not None
        assert "84" in raw.crs_text or "4326" in raw.crs_text
    else:
        assert raw.crs_text == expected[0]
    told = {None: ["vector-crs-default"] if x < 180 else ["vector-not-degrees"]}.get(crs, [])
    assert codes(ledger) == told


def test_crs_null_says_unknown(tmp_path: Path) -> None:
    raw, _ = read(geojson(tmp_path / "a.json", [feature(square(512345, 4012345, 10), {})], crs=None))
    assert (raw.crs_text, raw.crs_origin) == (None, None)


def test_geojson_values_are_not_improved(tmp_path: Path) -> None:
    features = [
        feature(square(117, 36, 0.01), {"DLBM": "0601", "date": "2024-02-31", "n": BIG, "mix": 1, "list": [1, 2]}),
        feature(None, {"DLBM": "0602", "date": "2024-06-30", "n": None, "mix": "二", "list": None}),
        feature({"type": "Polygon", "coordinates": []}, {"DLBM": None}),
        feature({"type": "Point", "coordinates": [117, 36, 50]}, {"DLBM": "0603"}),
    ]
    raw, _ = read(geojson(tmp_path / "a.json", features))
    assert values(raw.frame["DLBM"]) == ["0601", "0602", None, "0603"]
    assert values(raw.frame["date"]) == ["2024-02-31", "2024-06-30", None, None]
    assert values(raw.frame["n"]) == [BIG, None, None, None]
    assert values(raw.frame["mix"]) == ["1", "二", None, None]
    assert json.loads(raw.frame["list"].iat[0]) == [1, 2]
    assert raw.frame.geometry.isna().tolist() == [False, True, False, False]
    assert raw.frame.geometry.is_empty.tolist() == [False, False, True, False]
    assert raw.frame.geometry.iat[3].wkt == "POINT (117 36)"


def test_ids_of_features(tmp_path: Path) -> None:
    number = [feature(square(117, 36, 0.01), {"a": 1}, id=i) for i in (10002, 7, 131)]
    assert read(geojson(tmp_path / "a.json", number))[0].frame["id"].tolist() == [10002, 7, 131]
    text = [feature(square(117, 36, 0.01), {"a": 1}, id=i) for i in ("007", "x")]
    assert read(geojson(tmp_path / "b.json", text))[0].frame["id"].tolist() == ["007", "x"]
    none = [feature(square(117, 36, 0.01), {"a": 1}) for _ in range(3)]
    raw, _ = read(geojson(tmp_path / "c.json", none))
    assert raw.frame.columns.tolist() == ["a", "geometry"]
    assert raw.rows.tolist() == [1, 2, 3]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("kind", ["geojson", "topojson"])
def test_json_in_other_encodings(tmp_path: Path, encoding: str, kind: str) -> None:
    names = {"权利人": "乗用车公司", "地址": "泰安高新区"}  # 乗 holds a backslash in GBK
    path = tmp_path / "a.json"
    if kind == "geojson":
        geojson(path, [feature(square(117, 36, 0.01), names)], encoding=encoding)
    else:
        path.write_bytes(
            json.dumps(topology([{"type": "Polygon", "arcs": [[0]], "properties": names}]), ensure_ascii=False).encode(
                encoding
            )
        )
    raw, ledger = read(path)
    assert raw.frame[list(names)].iloc[0].tolist() == list(names.values())
    other = encoding not in ("utf-8", "utf-8-sig")
    assert ledger.count(code="vector-json-not-utf8") == other


def test_json_in_no_encoding(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(
        b'{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"a":"\xff\xff"},"geometry":null}]}'
    )
    with pytest.raises(EncodingError) as caught:
        read(path)
    assert caught.value.code == "vector-json-encoding"


def test_empty_collection(tmp_path: Path) -> None:
    raw, ledger = read(geojson(tmp_path / "a.json", []))
    assert len(raw.frame) == 0
    assert "vector-empty" in codes(ledger)


def test_esri_json(tmp_path: Path) -> None:
    ring = [[512345, 4012345], [512345, 4012445], [512445, 4012445], [512445, 4012345], [512345, 4012345]]
    content = {
        "geometryType": "esriGeometryPolygon",
        "spatialReference": {"wkid": 4548},
        "fields": [{"name": "ZDDM", "type": "esriFieldTypeString", "length": 20}],
        "features": [{"attributes": {"ZDDM": "0601"}, "geometry": {"rings": [ring]}}],
    }
    (tmp_path / "a.json").write_text(json.dumps(content), encoding="utf-8")
    raw, _ = read(tmp_path / "a.json")
    assert (raw.frame["ZDDM"].tolist(), raw.frame.area.tolist()) == (["0601"], [10000.0])
    assert (raw.crs_text, raw.crs_origin) == ("EPSG:4548", "format")


# --- TopoJSON ----------------------------------------------------------------------------------------------------

# Unit square corners on a grid of step 10, origin (1000, 2000): arc 0 is the square 0..4, arc 1 a hole 1..2,
# arcs 2 and 3 are the halves of the square 10..12 cut along its diagonal, as deltas.
QUANTIZED = [
    [[0, 0], [4, 0], [0, 4], [-4, 0], [0, -4]],
    [[1, 1], [0, 1], [1, 0], [0, -1], [-1, 0]],
    [[10, 10], [2, 0], [0, 2]],
    [[10, 10], [0, 2], [2, 0]],
    [[12, 12], [0, 0]],
]
TRANSFORM = {"scale": [10, 10], "translate": [1000, 2000]}


def topology(
    geometries: list[dict[str, Any]], *, arcs: Any = QUANTIZED, transform: Any = TRANSFORM, **more: Any
) -> dict[str, Any]:
    objects = {"宗地": {"type": "GeometryCollection", "geometries": geometries}}
    head = {"transform": transform} if transform else {}
    return {"type": "Topology", **head, **more, "objects": objects, "arcs": arcs}


def decode(content: dict[str, Any], layer: str = "宗地") -> tuple[gpd.GeoDataFrame, Ledger]:
    ledger = Ledger()
    parsed = topojson.parse(json.dumps(content), source="a.json")
    return topojson.to_frame(parsed, layer, ledger=ledger, source="a.json"), ledger


def test_topojson_by_hand() -> None:
    members: list[dict[str, Any]] = [
        {"type": "Polygon", "arcs": [[0], [1]]},
        {"type": "Polygon", "arcs": [[2, ~3]]},
        {"type": "MultiPolygon", "arcs": [[[0], [1]], [[3, ~2]]]},
        {"type": None},
        {"type": "Point", "coordinates": [3, 4]},
        {"type": "LineString", "arcs": [2]},
        {"type": "MultiPoint", "coordinates": [[0, 0], [1, 1]]},
        {"type": "GeometryCollection", "geometries": [{"type": "Polygon", "arcs": [[0]]}]},
        {"type": "Polygon", "arcs": []},
    ]
    frame, ledger = decode(topology(members))
    shapes = frame.geometry
    assert shapes.geom_type.fillna("null").tolist() == [
        "Polygon", "Polygon", "MultiPolygon", "null", "Point",
        "LineString", "MultiPoint", "GeometryCollection", "Polygon",
    ]  # fmt: skip
    assert shapes.area.fillna(-1).tolist() == [1500.0, 400.0, 1900.0, -1, 0, 0, 0, 1600.0, 0]
    outer = [(1000, 2000), (1040, 2000), (1040, 2040), (1000, 2040), (1000, 2000)]
    assert list(shapes.iat[0].exterior.coords) == outer
    assert len(shapes.iat[1].exterior.coords) == 5
    assert (shapes.iat[4].wkt, shapes.iat[8].is_empty) == ("POINT (1030 2040)", True)
    assert len(ledger) == 0


def test_topojson_without_grid_and_with_heights() -> None:
    arcs = [[[0.5, 0, 9], [4.5, 0, 9], [4.5, 4, 9], [0.5, 4, 9], [0.5, 0, 9]]]
    frame, _ = decode(topology([{"type": "Polygon", "arcs": [[0]]}], arcs=arcs, transform=None))
    assert frame.geometry.iat[0].equals(box(0.5, 0, 4.5, 4))
    assert not frame.geometry.iat[0].has_z


def test_topojson_attributes() -> None:
    properties = [{"码": "0601", "n": 1, "m": 1, "geometry": "x"}, {"码": None, "m": "二", "b": True}, {}]
    members = [
        {"type": "Polygon", "arcs": [[0]], "id": i, "properties": p} for i, p in zip((5, 7, 9), properties, strict=True)
    ]
    frame, _ = decode(topology(members))
    assert frame.columns.tolist() == ["id", "码", "n", "m", "geometry_2", "b", "geometry"]
    assert frame["id"].tolist() == [5, 7, 9]
    assert values(frame["n"]) == [1, None, None]
    assert str(frame["n"].dtype) == "Int64"
    assert values(frame["m"]) == ["1", "二", None]
    assert values(frame["b"]) == [None, True, None]


def test_topojson_with_faults_keeps_every_row() -> None:
    members = [
        {"type": "Polygon", "arcs": [[0]]},
        {"type": "Polygon", "arcs": [[99]]},
        {"type": "Polygon", "arcs": [["x"]]},
        {"type": "Polygon", "arcs": [[4]]},
        {"type": "MultiPolygon", "arcs": [[[0]], [[4]]]},
        {"type": "Polygon", "arcs": [[0], [4]]},
        {"type": "Circle"},
        "nonsense",
    ]
    frame, ledger = decode(topology(members))  # type: ignore[arg-type]
    assert len(frame) == 8
    assert frame.geometry.isna().tolist() == [False, True, True, False, False, False, True, True]
    assert frame.geometry.area.fillna(-1).tolist() == [1600, -1, -1, 0, 1600, 1600, -1, -1]
    told = ledger.frame().groupby("code")["row"].apply(list).to_dict()
    assert told == {
        "vector-topojson-broken": [2, 3, 7],
        "vector-topojson-left-out": [5, 6],
        "vector-topojson-ring": [4],
    }


@pytest.mark.parametrize(
    "text",
    [
        "{",
        '{"type": "Topology"}',
        '{"type": "Topology", "objects": {}, "arcs": 3}',
        '{"type":"Topology","objects":[1],"arcs":[]}',
    ],
)
def test_topojson_that_is_none(tmp_path: Path, text: str) -> None:
    with pytest.raises(FormatError) as caught:
        topojson.parse(text, source="a")
    assert caught.value.code == "vector-topojson"


def test_topojson_layers_and_crs(tmp_path: Path) -> None:
    content = topology([{"type": "Polygon", "arcs": [[0]]}, {"type": "Point", "coordinates": [0, 0]}])
    content["objects"]["点"] = {"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [0, 0]}]}
    path = tmp_path / "a.topojson"
    path.write_text(json.dumps(content), encoding="utf-8")
    assert [(i.name, i.features) for i in list_layers(path)] == [("宗地", 2), ("点", 1)]
    raw, _ = read(path)
    assert (raw.layer, raw.crs_text, raw.crs_origin, raw.rows.tolist()) == ("宗地", None, None, [1, 2])
    assert read(path, layer="点")[0].frame.geom_type.tolist() == ["Point"]
    content["crs"] = {"type": "name", "properties": {"name": "EPSG:4527"}}
    path.write_text(json.dumps(content), encoding="utf-8")
    raw, _ = read(path)
    assert (raw.crs_text, raw.crs_origin) == ("EPSG:4527", "format")


@given(
    st.lists(
        st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=3, max_size=9, unique=True),
        min_size=1,
        max_size=6,
    )
)
@settings(max_examples=50, deadline=None)
def test_topojson_gives_back_what_was_cut_into_arcs(figures: list[list[tuple[int, int]]]) -> None:
    arcs, members = [], []
    for points in figures:
        ring = [*points, points[0]]
        middle = len(ring) // 2
        first, second = ring[: middle + 1], ring[middle:][::-1]
        members.append({"type": "Polygon", "arcs": [[len(arcs), ~(len(arcs) + 1)]]})
        arcs += [[list(p) for p in part] for part in (first, second)]
    frame, _ = decode(topology(members, arcs=arcs, transform=None))
    for shape, points in zip(frame.geometry, figures, strict=True):
        assert list(shape.exterior.coords) == [*points, points[0]]
    steps = [np.diff(np.array(a), axis=0, prepend=np.zeros((1, 2), int)).tolist() for a in arcs]
    again, _ = decode(topology(members, arcs=steps, transform={"scale": [1, 1], "translate": [0, 0]}))
    assert shapely.equals_exact(again.geometry.to_numpy(), frame.geometry.to_numpy()).all()


@pytest.mark.skipif(not SHARED.is_dir(), reason="shared data not here")
def test_real_topojson_against_another_reader() -> None:
    path = SHARED / "cambridge_ma_fy2013" / "ASSESSING_ParcelsFY2013.topojson"
    raw, ledger = read(path)
    other = pyogrio.read_dataframe(path)
    ours, theirs = raw.frame.geometry.to_numpy(), other.geometry.to_numpy()
    assert len(raw.frame) == 13159
    assert shapely.equals_exact(ours, theirs, tolerance=1e-12).all()
    assert (~shapely.is_valid(ours)).sum() == 24
    assert raw.frame.set_crs(4326).to_crs(26986).area.sum() == pytest.approx(14_233_018.92, abs=0.01)
    assert (raw.frame["ML"].isna().sum(), raw.frame["ML"].nunique()) == (6, 13077)
    assert (raw.frame["ML"].fillna("") == other["ML"].fillna("")).all()
    assert str(raw.frame["FCODE"].dtype) == "Int64"
    assert raw.frame["EditDate"].dropna().str.fullmatch(r"\d{4}-\d\d-\d\d").all()
    assert ledger.frame()["code"].tolist() == ["vector-topojson-left-out"]
    assert (raw.crs_text, raw.crs_origin) == (None, None)


@pytest.mark.skipif(not SHARED.is_dir(), reason="shared data not here")
def test_real_geojson_and_geopackage() -> None:
    zoning, _ = read(SHARED / "cambridge_ma_fy2013" / "CDD_ZoningDistricts.geojson")
    assert (len(zoning.frame), zoning.crs_origin) == (261, "default")
    districts, _ = read(SHARED / "cambridge_ma_fy2013" / "ASSESSING_CommercialDistrictsFY2014.geojson")
    assert len(districts.frame) == 11
    assert districts.frame["DIST_NAME"].duplicated().sum() == 1
    park, _ = read(SHARED / "rasters" / "zion.gpkg")
    assert park.crs_origin == "format"
    assert park.crs_text is not None
    assert "UTM Zone 12" in park.crs_text


# --- the other formats -------------------------------------------------------------------------------------------


def test_geoparquet(tmp_path: Path) -> None:
    frame = sample().assign(整=pd.array([BIG, None, 1], dtype="Int64"), 类=pd.Categorical(["a", None, "b"]))
    frame.to_parquet(tmp_path / "交付")
    raw, ledger = read(tmp_path / "交付")
    assert values(raw.frame["整"]) == [BIG, None, 1]
    assert values(raw.frame["类"]) == ["a", None, "b"]
    assert [None if d is None else d[:10] for d in values(raw.frame["交地"])] == ["2024-06-30", None, "2023-12-31"]
    assert raw.crs_origin == "format"
    assert raw.crs_text is not None
    assert 'ID["EPSG",4527]' in raw.crs_text
    assert len(ledger) == 0
    frame.set_crs(None, allow_override=True).to_parquet(tmp_path / "b.parquet")
    assert (read(tmp_path / "b.parquet")[0].crs_text, read(tmp_path / "b.parquet")[0].crs_origin) == (None, None)
    with pytest.raises(FormatError, match="交付"):
        read(tmp_path / "交付", layer="别的")


def test_geoparquet_integers_of_other_writers(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    sample().to_parquet(tmp_path / "a.parquet")
    table = pq.read_table(tmp_path / "a.parquet")
    metadata = {k: v for k, v in table.schema.metadata.items() if k != b"pandas"}
    geo = json.loads(metadata[b"geo"])
    del geo["columns"]["geometry"]["crs"]
    pq.write_table(table.replace_schema_metadata({b"geo": json.dumps(geo)}), tmp_path / "b.parquet")
    raw, _ = read(tmp_path / "b.parquet")
    assert values(raw.frame["BSM"]) == [BIG, None, 3]
    assert raw.crs_origin == "default"


def test_kml_and_kmz(tmp_path: Path) -> None:
    text = """<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>
    <Placemark><name>一号地</name><ExtendedData><Data name="DLBM"><value>0601</value></Data></ExtendedData>
    <Polygon><outerBoundaryIs><LinearRing><coordinates>117,36,5 117.01,36,5 117.01,36.01,5 117,36,5</coordinates>
    </LinearRing></outerBoundaryIs></Polygon></Placemark>
    <Placemark><name>没有图形</name></Placemark></Document></kml>"""
    (tmp_path / "a.kml").write_text(text, encoding="utf-8")
    import zipfile

    with zipfile.ZipFile(tmp_path / "a.kmz", "w") as archive:
        archive.writestr("doc.kml", text)
    for name in ("a.kml", "a.kmz"):
        raw, _ = read(tmp_path / name)
        assert raw.frame["Name"].tolist() == ["一号地", "没有图形"]
        assert values(raw.frame["DLBM"]) == ["0601", None]
        assert "tessellate" not in raw.frame
        assert (raw.crs_text, raw.crs_origin) == ("EPSG:4326", "default")
        assert raw.frame.geometry.isna().tolist() == [False, True]
        assert raw.frame.area.iat[0] == pytest.approx(0.00005)
        assert list_layers(tmp_path / name)[0].features == 2


def test_gml_keeps_leading_zeros_and_leaves_no_file(tmp_path: Path) -> None:
    save(gpd.GeoDataFrame({"DLBM": ["0601", "0602"]}, geometry=[A, B], crs=4527), tmp_path / "a.gml", driver="GML")
    (tmp_path / "a.xsd").unlink()
    raw, _ = read(tmp_path / "a.gml")
    assert raw.frame["DLBM"].tolist() == ["0601", "0602"]
    assert raw.frame.area.tolist() == [10000.0, 10000.0]
    assert [p.name for p in tmp_path.iterdir()] == ["a.gml"]


def test_mapinfo(tmp_path: Path) -> None:
    save(gpd.GeoDataFrame({"ZDDM": ["0601"]}, geometry=[A], crs=4527), tmp_path / "a.mif", driver="MapInfo File")
    raw, _ = read(tmp_path / "a.mif")
    assert raw.frame["ZDDM"].tolist() == ["0601"]


def dxf(page: str, encoding: str, version: str = "AC1015") -> bytes:
    square_ = "10 500000.0 20 4000000.0 10 500100.0 20 4000000.0 10 500100.0 20 4000100.0 10 500000.0 20 4000100.0"
    parts = f"0 SECTION 2 HEADER 9 $ACADVER 1 {version} 9 $DWGCODEPAGE 3 {page} 0 ENDSEC 0 SECTION 2 ENTITIES"
    parts += f" 0 LWPOLYLINE 5 100 8 宗地线 90 4 70 1 {square_}"
    parts += " 0 LWPOLYLINE 5 101 8 道路 90 2 70 0 10 500000.0 20 4000000.0 10 500200.0 20 4000000.0"
    parts += " 0 TEXT 5 102 8 注记 10 500050.0 20 4000050.0 40 2.5 1 泰安高新区 0 ENDSEC 0 EOF"
    return ("\r\n".join(parts.split(" ")) + "\r\n").encode(encoding)


@pytest.mark.parametrize(
    ("page", "encoding", "version", "mismatch"),
    [
        ("ANSI_936", "gbk", "AC1015", False),
        ("ANSI_1252", "gbk", "AC1015", True),
        ("GBK", "gb18030", "AC1015", False),
        ("ANSI_936", "utf-8", "AC1015", True),
        ("ANSI_936", "utf-8", "AC1024", False),
        ("ANSI_936", "gbk", "AC1024", True),
    ],
)
def test_dxf(tmp_path: Path, page: str, encoding: str, version: str, mismatch: bool) -> None:
    (tmp_path / "a.dxf").write_bytes(dxf(page, encoding, version))
    raw, ledger = read(tmp_path / "a.dxf")
    assert raw.frame["Layer"].tolist() == ["宗地线"]
    assert raw.frame.geom_type.tolist() == ["Polygon"]
    assert raw.frame.area.tolist() == [10000.0]
    assert raw.rows.tolist() == [1]
    assert (raw.crs_text, raw.crs_origin) == (None, None)
    others = ledger.frame().query("code == 'vector-dxf-not-area'")
    assert others[["row", "id", "field"]].values.tolist() == [[2, "101", "道路"], [3, "102", "注记"]]
    assert values(others["before"]) == [None, "泰安高新区"]
    assert ledger.count(code="vector-dxf-encoding") == mismatch


def test_dxf_without_areas(tmp_path: Path) -> None:
    (tmp_path / "a.dxf").write_bytes(dxf("ANSI_936", "gbk").replace(b"70\r\n1\r\n", b"70\r\n0\r\n"))
    with pytest.raises(FormatError) as caught:
        read(tmp_path / "a.dxf")
    assert caught.value.code == "vector-dxf-no-area"
    assert caught.value.params["entities"] == 3


# --- faults ------------------------------------------------------------------------------------------------------


def cut(path: Path) -> None:
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) // 2])


@pytest.mark.parametrize("name", ["a.geojson", "a.gpkg", "a.fgb", "a.parquet", "a.gml"])
def test_cut_files(tmp_path: Path, name: str) -> None:
    frame = gpd.GeoDataFrame({"a": [str(i) for i in range(300)]}, geometry=[A] * 300, crs=4527)
    if name == "a.parquet":
        frame.to_parquet(tmp_path / name)
    else:
        save(frame, tmp_path / name, **({"driver": "GML"} if name == "a.gml" else {}))
    cut(tmp_path / name)
    problem, whole = None, False
    try:
        raw, ledger = read(tmp_path / name)
        whole = len(raw.frame) == 300 or ledger.count("warning") > 0
    except FormatError as error:
        problem = error
    if problem is None:
        assert whole
    else:
        assert problem.code in ("vector-unreadable", "formats-parquet-damaged", "formats-sqlite-damaged")
        assert "DRIVER" not in problem.render("en")


def test_damaged_geodatabase(tmp_path: Path) -> None:
    path = save(sample()[["宗地代码", "geometry"]], tmp_path / "a.gdb", layer="t", driver="OpenFileGDB")
    for part in path.glob("*.gdbtable"):
        part.write_bytes(b"\0" * 40)
    with pytest.raises(FormatError) as caught:
        read(path)
    assert caught.value.code == "vector-unreadable"


def test_kinds_that_belong_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(FormatError) as caught:
        read(tmp_path / "a.csv")
    assert caught.value.code == "vector-not-a-layer"
    (tmp_path / "a.dwg").write_bytes(b"AC1027" + b"\0" * 90)
    with pytest.raises(FormatError) as caught:
        list_layers(tmp_path / "a.dwg")
    assert caught.value.code == "formats-dwg"


# --- PostGIS -----------------------------------------------------------------------------------------------------


def test_address_without_secrets() -> None:
    shown = {public_address(u) for u in ("postgresql://u:p@h:5/d?password=p", "postgresql+psycopg://u:p@x@h:5/d")}
    assert shown == {"postgresql://h:5/d"}
    for url in ("postgresql://u:ge?heim@h/d", "postgresql://h/d?user=u&password=ge@heim", "postgresql://u:ge/heim@h/d"):
        assert "heim" not in public_address(url)
        assert "ge" not in public_address(url).removeprefix("postgresql")


def test_choice_of_tables() -> None:
    tables = [
        GeometryTable("public", "parcels", "geom", 4527, "MULTIPOLYGON"),
        GeometryTable("public", "wells", "geom", 4527, "POINT"),
        GeometryTable("旧", "wells", "geom", 4527, "POINT"),
    ]
    assert choose(tables, None, address="a").name == "public.parcels"
    assert choose(tables, "旧.wells", address="a").schema == "旧"
    for wanted in ("wells", "public.parcel"):
        with pytest.raises(FormatError, match=r"public\.parcels / public\.wells / 旧\.wells") as caught:
            choose(tables, wanted, address="a")
        assert caught.value.code == "postgis-layer"


def test_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib

    real: Callable[..., Any] = importlib.import_module

    def without(name: str, *args: Any) -> Any:
        if name.startswith("sqlalchemy"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *args)

    monkeypatch.setattr(importlib, "import_module", without)
    with pytest.raises(FormatError, match=r"mudian\[postgis\]") as caught:
        read_postgis("postgresql://clerk:geheim@h/d", layer=None, ledger=Ledger())
    assert "geheim" not in str(caught.value)


def test_columns_as_written() -> None:
    import datetime as dt
    from decimal import Decimal

    series = {
        "code": pd.Series([Decimal(BIG), None], dtype=object),
        "area": pd.Series([Decimal("12.50"), Decimal("3")], dtype=object),
        "long": pd.Series([Decimal("12345678901234567890123"), None], dtype=object),
        "day": pd.Series([dt.date(2024, 6, 30), None], dtype=object),
        "json": pd.Series([{"a": [1]}, None], dtype=object),
        "time": pd.Series(pd.to_datetime(["2024-06-30 01:02:03", None])),
        "days": pd.Series(pd.to_datetime(["2024-06-30", None])),
    }
    found = {name: values(written(column)) for name, column in series.items()}
    assert found == {
        "code": [BIG, None],
        "area": [12.5, 3.0],
        "long": ["12345678901234567890123", None],
        "day": ["2024-06-30", None],
        "json": ['{"a": [1]}', None],
        "time": ["2024-06-30T01:02:03", None],
        "days": ["2024-06-30", None],
    }


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A SQLite file with the catalogue tables of PostGIS, behind a ``postgresql://`` address."""
    sqlalchemy = pytest.importorskip("sqlalchemy")
    from parcels.readers import postgis

    path = tmp_path / "db.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute(
            "CREATE TABLE geometry_columns (f_table_schema, f_table_name, f_geometry_column, srid, type)"
        )
        connection.execute("CREATE TABLE spatial_ref_sys (srid, auth_name, auth_srid, srtext)")
        connection.execute("INSERT INTO spatial_ref_sys VALUES (4527, 'EPSG', 4527, '')")
        connection.execute('CREATE TABLE "宗 地:表" (id INTEGER PRIMARY KEY, "权利人" TEXT, geom BLOB)')
        connection.execute("INSERT INTO geometry_columns VALUES ('main', '宗 地:表', 'geom', 4527, 'MULTIPOLYGON')")
        three = shapely.force_3d(MultiPolygon([A]), 5.0)
        rows = [(2, "乙", None), (1, "甲", shapely.to_wkb(three))]
        connection.executemany('INSERT INTO "宗 地:表" VALUES (?, ?, ?)', rows)
    connection.close()
    make = sqlalchemy.create_engine
    monkeypatch.setattr(sqlalchemy, "create_engine", lambda url, **options: make(f"sqlite:///{path}"))
    monkeypatch.setattr(postgis, "_with_driver", lambda url: url)
    return path


def test_table_through_the_catalogue(database: Path) -> None:
    ledger = Ledger()
    raw = read_postgis("postgresql://clerk:geheim@h:5432/land", layer="main.宗 地:表", ledger=ledger)
    assert raw.frame["权利人"].tolist() == ["甲", "乙"]
    assert raw.frame.geometry.iat[0].equals(MultiPolygon([A]))
    assert not raw.frame.geometry.iat[0].has_z
    assert raw.frame.geometry.isna().tolist() == [False, True]
    assert (raw.crs_text, raw.crs_origin, raw.layer) == ("EPSG:4527", "format", "main.宗 地:表")
    assert raw.source == "postgresql://h:5432/land/main.宗 地:表"
    assert raw.frame.crs is None


def test_numbers_of_the_database_keep_their_digits(database: Path) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute('ALTER TABLE "宗 地:表" ADD COLUMN bsm INTEGER')
        connection.execute(f'UPDATE "宗 地:表" SET bsm = {BIG} WHERE id = 2')
    connection.close()
    raw = read_postgis("postgresql://h/d", layer=None, ledger=Ledger())
    assert values(raw.frame["bsm"]) == [None, BIG]


@pytest.mark.parametrize("password", ["ge@heim", "ge:heim@x"])
def test_password_that_needs_escaping(database: Path, password: str) -> None:
    with pytest.raises(FormatError) as caught:
        read_postgis(f"postgresql://clerk:{password}@h:5/d", layer=None, ledger=Ledger())
    assert caught.value.code == "postgis-address"
    assert "heim" not in caught.value.render("zh").replace("%3A", "")


def test_table_with_a_hostile_name(database: Path) -> None:
    with pytest.raises(FormatError) as caught:
        read_postgis("postgresql://u:geheim@h/d", layer='main."; DROP TABLE x; --', ledger=Ledger())
    assert caught.value.code == "postgis-layer"
    with sqlite3.connect(database) as connection:
        connection.execute("DROP TABLE geometry_columns")
    connection.close()
    with pytest.raises(FormatError) as caught:
        read_postgis("postgresql://u:geheim@h/d", layer=None, ledger=Ledger())
    assert caught.value.code == "postgis-not-postgis"
    assert "geheim" not in caught.value.render("en")

"""Reading end to end, from the very bytes a bureau sends to measured parcels.

Squares of 100 m on the central meridian have 10 000 m² in the plane and on the ellipsoid alike (1.4e-10); other
expectations are worked out beside the test.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
import warnings
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from pyproj import CRS
from rawshp import square, write_dbf, write_shapefile

from parcels.errors import CrsError, FieldError, FormatError, GeometryError
from parcels.importer import ParcelWarning, read
from parcels.ledger import Ledger

X, Y = 39_500_000.0, 4_000_000.0
SIDE = 100.0
PRJ = CRS.from_epsg(4527).to_wkt("WKT1_ESRI")
ID = (b"ZDDM", "C", 19, 0)
CODES = [f"370902001001GB{k:05d}".encode() for k in range(1, 8)]
DATA = Path(__file__).parents[2].parent / "shared" / "data"


def squares(count: int, *, x: float = X, y: float = Y, side: float = SIDE) -> list[list[list[tuple[float, float]]]]:
    """Squares in a row, 10 m apart."""
    return [[square(x + k * (side + 10), y, side)] for k in range(count)]


def shp(folder: Path, shapes=None, fields=(ID,), rows=None, name: str = "宗地.shp", **options) -> Path:
    shapes = squares(2) if shapes is None else shapes
    rows = [(code,) for code in CODES[: len(shapes)]] if rows is None else rows
    return write_shapefile(folder / name, shapes, fields, rows, **({"prj": PRJ} | options))


def load(path: Path | str, **options) -> tuple[gpd.GeoDataFrame, Ledger]:
    ledger = Ledger(lang="en")
    return read(path, ledger=ledger, **options), ledger


def rows_of(ledger: Ledger, code: str) -> list[int]:
    frame = ledger.frame()
    return frame.loc[frame["code"] == code, "row"].dropna().tolist()


def codes_of(ledger: Ledger) -> set[str]:
    return set(ledger.frame()["code"])


def refused(error: type, code: str, path: Path | str, **options):
    with pytest.raises(error) as caught:
        load(path, **options)
    assert caught.value.code == code
    for lang in ("zh", "en"):
        assert all(caught.value.part(part, lang) for part in ("what", "where", "expected", "todo"))
    return caught.value


# ------------------------------------------------------------------------------------------------ text and columns


def test_gbk_without_cpg_and_names_of_ten_bytes(tmp_path):
    unit = "不动产单元号".encode("gbk")[:10]
    fields = [ID, (unit, "C", 28, 0), ("权利人".encode("gbk"), "C", 20, 0), (b"BZ", "C", 8, 0)]
    values = [(c, c + b"W00000000", "泰安镕泽公司".encode("gbk"), b"0007") for c in CODES[:2]]
    frame, ledger = load(shp(tmp_path, fields=fields, rows=values))
    assert frame["unit_id"].tolist() == [c.decode() + "W00000000" for c in CODES[:2]]
    assert frame["owner"].tolist() == ["泰安镕泽公司"] * 2
    assert {"ZDDM", "不动产单元", "权利人", "BZ"} <= set(frame.columns)
    assert frame["BZ"].tolist() == ["0007"] * 2
    assert [d.value for d in ledger.decisions if d.topic == "encoding"] == ["gb18030"]


def test_result_of_a_clean_delivery(tmp_path):
    frame, ledger = load(shp(tmp_path))
    assert isinstance(frame.index, pd.RangeIndex)
    assert frame.columns.tolist() == ["parcel_id", "ZDDM", "source_row", "geometry", "area_m2", "planar_m2"]
    assert frame["source_row"].tolist() == [1, 2]
    assert frame["area_m2"].to_numpy() == pytest.approx([10_000.0] * 2, rel=1e-8)
    assert frame["planar_m2"].tolist() == pytest.approx([10_000.0] * 2, rel=1e-12)
    assert frame.crs.to_epsg() == 4527
    assert frame.geometry.is_valid.all()
    assert frame.geometry.exterior.is_ccw.all()
    assert ledger.count("error") == ledger.count("warning") == 0


def test_codes_are_text_and_other_columns_keep_their_types(tmp_path):
    fields = [
        ID,
        (b"DLBM", "C", 5, 0),
        (b"CS", "N", 4, 0),
        (b"RJL2", "N", 8, 2),
        (b"RQ", "D", 8, 0),
        (b"SF", "L", 1, 0),
    ]
    values = [(CODES[0], b"0601", b"12", b"1.50", b"20240603", b"T"), (CODES[1], b"08H1", b"", b"", b"", b"")]
    frame, _ = load(shp(tmp_path, fields=fields, rows=values))
    assert frame["land_use_code"].tolist() == ["0601", "08H1"]
    for name in ("parcel_id", "land_use_code", "ZDDM", "DLBM"):
        assert frame[name].dtype == "str"
    assert frame["CS"].dtype == "Int64"
    assert frame["RJL2"].dtype == np.float64
    assert frame["RQ"].dtype.kind == "M"
    assert frame["SF"].dtype == "boolean"
    assert frame["area_m2"].dtype == np.float64
    assert frame["source_row"].dtype == np.int64


def test_own_columns_named_like_results_are_kept_under_another_name(tmp_path):
    fields = [ID, (b"area_m2", "N", 10, 2), (b"source_row", "N", 5, 0), (b"zone_id", "C", 4, 0)]
    values = [(c, b"1.25", b"77", b"A") for c in CODES[:2]]
    frame, ledger = load(shp(tmp_path, fields=fields, rows=values), reserved=["zone_id"])
    assert frame["area_m2_原"].tolist() == [1.25, 1.25]
    assert frame["area_m2"].round(3).tolist() == [10_000.0] * 2
    assert frame["source_row_原"].tolist() == [77, 77]
    assert frame["zone_id_原"].tolist() == ["A", "A"]
    assert "zone_id" not in frame
    renamed = ledger.frame().query("code == 'field-renamed'")
    assert renamed["field"].tolist() == ["area_m2", "source_row", "zone_id"]


def test_a_result_can_be_read_again_without_losing_columns(tmp_path):
    first, _ = load(shp(tmp_path))
    again = tmp_path / "again.gpkg"
    first.assign(area_m2_原=1.0).to_file(again)
    second, _ = load(again)
    assert second.columns.is_unique
    assert {"area_m2_原", "area_m2_原2", "planar_m2_原", "source_row_原"} <= set(second.columns)
    assert second["area_m2_原"].tolist() == [1.0, 1.0]
    assert second["area_m2_原2"].to_numpy() == pytest.approx(first["area_m2"].to_numpy())
    assert second["parcel_id"].tolist() == first["parcel_id"].tolist()


def test_fields_of_the_user_win_and_wrong_ones_are_refused(tmp_path):
    path = shp(tmp_path, fields=[ID, (b"LH", "C", 8, 0)], rows=[(CODES[0], b"A-1"), (CODES[1], b"A-2")])
    frame, ledger = load(path, fields={"parcel_id": "LH"})
    assert frame["parcel_id"].tolist() == ["A-1", "A-2"]
    assert frame["ZDDM"].tolist() == [c.decode() for c in CODES[:2]]
    assert "field-rival" in codes_of(ledger)
    error = refused(FieldError, "field-missing", path, fields={"parcel_id": "LHH"})
    assert "LH" in error.render("zh")
    error = refused_field(path, fields={"parcel_ID": "LH"})
    assert "parcel_id" in error.part("todo")


def refused_field(path, **options):
    with pytest.raises(FieldError) as caught:
        load(path, **options)
    return caught.value


def test_unknown_units_and_fields_under_units_are_refused(tmp_path):
    path = shp(tmp_path, fields=[ID, (b"ZDMJ", "N", 10, 2)], rows=[(c, b"15") for c in CODES[:2]])
    assert refused_field(path, units={"registered": "垧"}).code == "unit-unknown"
    assert refused_field(path, units={"registred": "亩"}).code == "field-unknown"


def test_duplicate_codes_are_reported_and_kept(tmp_path):
    values = [(CODES[0],), (CODES[1],), (CODES[0].lower(),)]
    frame, ledger = load(shp(tmp_path, squares(3), rows=values))
    assert len(frame) == 3
    assert rows_of(ledger, "codes-parcel-duplicate") == [1, 3]


def test_runs_of_hyphens_are_ids_and_a_single_one_is_not(tmp_path):
    values = [(b"---",), (b"---",), (b"-",), (b"7-18",), (b"71-8",)]
    frame, ledger = load(shp(tmp_path, squares(5), rows=values))
    assert frame["parcel_id"].isna().tolist() == [False, False, True, False, False]
    assert frame["parcel_id"][0] == "---"
    assert rows_of(ledger, "codes-parcel-duplicate") == [1, 2]


# ------------------------------------------------------------------------------------------------------------- CRS


def test_xian80_is_refused_until_the_user_says_what_to_do(tmp_path):
    path = shp(tmp_path, prj=CRS.from_epsg(2363).to_wkt("WKT1_ESRI"))
    refused(CrsError, "crs-datum-shift", path)
    frame, ledger = load(path, datum_shift="ignore")
    assert frame.crs.to_epsg() == 2363
    assert "crs-shift-ignored" in codes_of(ledger)
    assert frame.total_bounds[0] == X


def test_seven_parameters_move_the_parcels(tmp_path):
    """The expectation goes the long way round: geocentric coordinates, shifted by hand."""
    path = shp(tmp_path, prj=CRS.from_epsg(2363).to_wkt("WKT1_ESRI"))
    shift = {"dx": -20.0, "dy": 35.0, "dz": 12.0, "rx": 0, "ry": 0, "rz": 0, "scale_ppm": 0}
    frame, ledger = load(path, datum_shift=shift | {"convention": "position_vector"})
    assert frame.crs.to_epsg() == 4527
    assert "crs-shifted" in codes_of(ledger)
    there = pyproj.Proj("+proj=tmerc +lon_0=117 +k=1 +x_0=39500000 +a=6378137 +rf=298.257222101")
    here = pyproj.Proj("+proj=tmerc +lon_0=117 +k=1 +x_0=39500000 +a=6378140 +rf=298.257")
    lon, lat = here(X, Y, inverse=True)
    a, f = 6378140.0, 1 / 298.257
    e2 = f * (2 - f)
    n = a / np.sqrt(1 - e2 * np.sin(np.radians(lat)) ** 2)
    x = n * np.cos(np.radians(lat)) * np.cos(np.radians(lon)) - 20
    y = n * np.cos(np.radians(lat)) * np.sin(np.radians(lon)) + 35
    z = n * (1 - e2) * np.sin(np.radians(lat)) + 12
    a2, f2 = 6378137.0, 1 / 298.257222101
    e22, p = f2 * (2 - f2), np.hypot(x, y)
    phi = np.arctan2(z, p * (1 - e22))
    for _ in range(20):
        n2 = a2 / np.sqrt(1 - e22 * np.sin(phi) ** 2)
        phi = np.arctan2(z + e22 * n2 * np.sin(phi), p)
    east, north = there(np.degrees(np.arctan2(y, x)), np.degrees(phi))
    assert frame.geometry[0].bounds[:2] == pytest.approx((east, north), abs=1e-4)


def test_missing_prj_with_zone_number(tmp_path):
    frame, ledger = load(shp(tmp_path, prj=None))
    assert frame.crs.to_epsg() == 4527
    assert "crs-inferred" in codes_of(ledger)


def test_missing_prj_without_zone_number_names_the_candidates(tmp_path):
    path = shp(tmp_path, squares(2, x=512_345.0), prj=None)
    error = refused(CrsError, "crs-zone-unknown", path)
    assert all(str(code) in error.render("zh") for code in range(4534, 4555))
    frame, _ = load(path, crs="EPSG:4548")
    assert frame["area_m2"].round(0).tolist() == pytest.approx([10_000.0] * 2, abs=1)


def test_degrees_without_prj_need_a_datum(tmp_path):
    path = shp(tmp_path, squares(2, x=117.0, y=36.0, side=0.001), prj=None)
    refused(CrsError, "crs-degrees-datum", path)
    frame, _ = load(path, datum="cgcs2000")
    assert frame.crs.to_epsg() == 4490
    assert frame["planar_m2"].isna().all()
    # 0.001° by 0.001° at 36.0005°N: 110.951 m of meridian times 90.164 m of parallel, by the radii of the ellipsoid
    assert frame["area_m2"].to_numpy() == pytest.approx([110.951 * 90.164] * 2, rel=1e-4)


def test_swapped_axes_are_put_in_order(tmp_path):
    shapes = [[[(y, x) for x, y in ring] for ring in rings] for rings in squares(2)]
    frame, ledger = load(shp(tmp_path, shapes))
    assert tuple(frame.total_bounds[:2]) == (X, Y)
    assert "crs-axes-swapped" in codes_of(ledger)
    assert frame["area_m2"].to_numpy() == pytest.approx([10_000.0] * 2, rel=1e-8)


# -------------------------------------------------------------------------------------------------------- geometry


@pytest.mark.parametrize(("shape_type", "z", "m"), [(15, 55.0, None), (15, 55.0, 1.0), (25, 0.0, 3.0)])
def test_heights_and_measures_are_left_out(tmp_path, shape_type, z, m):
    frame, ledger = load(shp(tmp_path, shape_type=shape_type, z=z, m=m))
    assert not frame.geometry.has_z.any()
    assert frame["area_m2"].to_numpy() == pytest.approx([10_000.0] * 2, rel=1e-8)
    assert "shapefile-z-dropped" in codes_of(ledger)


def test_a_null_shape_stays_a_row_and_is_reported_once(tmp_path):
    frame, ledger = load(shp(tmp_path, [squares(1)[0], None]))
    assert frame["parcel_id"].tolist() == [c.decode() for c in CODES[:2]]
    assert frame["area_m2"].isna().tolist() == [False, True]
    table = ledger.frame()
    assert table.loc[table["row"] == 2, "code"].tolist() == ["shapefile-null-shape"]
    assert ledger.count("error") == 1


def test_missing_geometry_of_other_formats_is_reported_once(tmp_path):
    path = tmp_path / "a.gpkg"
    gpd.GeoDataFrame({"ZDDM": ["a", "b"]}, geometry=[shapely.box(X, Y, X + 9, Y + 9), None], crs=4527).to_file(path)
    frame, ledger = load(path)
    assert frame.geometry.isna().tolist() == [False, True]
    assert rows_of(ledger, "geometry-null") == [2]


BOW_TIE = [(0, 0), (30, 30), (30, 0), (0, 10), (0, 0)]
# The sides cross at (7.5, 7.5): triangles of 30 × 22.5 / 2 = 337.5 and 10 × 7.5 / 2 = 37.5. As drawn they count against
# each other (300), after repair they add up (375).


def test_a_bow_tie_is_repaired_with_its_areas_in_ledger_and_manifest(tmp_path):
    shapes = [squares(1)[0], [[(X + 500 + x, Y + y) for x, y in BOW_TIE]]]
    frame, ledger = load(shp(tmp_path, shapes))
    assert frame["area_m2"].to_numpy() == pytest.approx([10_000.0, 375.0], rel=1e-8)
    row = ledger.frame().query("code == 'geometry-repaired-area'").iloc[0]
    assert (row["row"], row["id"]) == (2, CODES[1].decode())
    assert (float(row["before"]), float(row["after"])) == pytest.approx((300.0, 375.0), rel=1e-6)
    total = next(d.value for d in ledger.decisions if d.topic == "area")
    assert total["before_repair_m2"] == pytest.approx(10_300.0, rel=1e-8)
    assert total["after_repair_m2"] == pytest.approx(10_375.0, rel=1e-8)


def test_area_before_repair_does_not_depend_on_the_direction_of_rings(tmp_path):
    hole = square(X + 20, Y + 20, 10)
    outer = square(X, Y, SIDE)
    for k, rings in enumerate(([outer, hole[::-1]], [outer[::-1], hole], [outer[::-1], hole[::-1]], [outer, hole])):
        _, ledger = load(shp(tmp_path, [rings], name=f"{k}.shp"))
        total = next(d.value for d in ledger.decisions if d.topic == "area")
        assert total["before_repair_m2"] == pytest.approx(9_900.0, rel=1e-8)


def test_points_and_empty_layers_are_refused_before_the_crs_is_asked_for(tmp_path):
    points = [[[(1.0 + k, 2.0)]] for k in range(2)]
    error = refused(GeometryError, "read-no-polygons", shp(tmp_path, points, shape_type=1, prj=None))
    assert "Point 2" in error.render("en")
    refused(FormatError, "read-empty", shp(tmp_path, [], name="leer.shp"))
    lone = write_dbf(tmp_path / "nur.dbf", [ID], [(CODES[0],)])
    refused(GeometryError, "read-no-polygons", lone)


def test_a_layer_whose_polygons_are_all_useless_is_refused_with_the_reason(tmp_path):
    flat = [[(X, Y), (X + 50, Y), (X + 100, Y), (X, Y)]]
    error = refused(GeometryError, "read-no-usable-polygons", shp(tmp_path, [flat, flat]))
    assert "2 rows" in error.render("en")


# ------------------------------------------------------------------------------------------------- registered area


def with_area(folder: Path, header: str, values: list[str], *, unit: list[str] | None = None, **options) -> Path:
    fields = [ID, (header.encode("gbk"), "C", 12, 0)] + ([(b"MJDW", "C", 4, 0)] if unit else [])
    units = unit or [""] * len(values)
    rows = [(c, v.encode("gbk"), u.encode("gbk"))[: len(fields)] for c, v, u in zip(CODES, values, units, strict=False)]
    return shp(folder, squares(len(values)), fields=fields, rows=rows, **options)


@pytest.mark.parametrize(
    ("values", "unit"), [(["10000", "9990"], "平方米"), (["15", "14.99"], "亩"), (["1", "0.999"], "公顷")]
)
def test_unit_of_the_registered_area_from_the_figures(tmp_path, values, unit):
    """10 000 m² are 15 mu and 1 ha."""
    frame, ledger = load(with_area(tmp_path, "ZDMJ", values))
    assert frame["registered_m2"].to_numpy() == pytest.approx([10_000.0, 9_990.0], rel=1e-3)
    row = ledger.frame().query("code == 'area-unit-by-ratio'").iloc[0]
    assert unit in row["message"]
    assert frame["ZDMJ"].tolist() == values


def test_unit_of_the_registered_area_in_the_header_and_from_the_user(tmp_path):
    frame, _ = load(with_area(tmp_path, "面积_亩", ["15", "30"]))
    assert frame["registered_m2"].tolist() == pytest.approx([10_000.0, 20_000.0])
    frame, _ = load(with_area(tmp_path, "ZDMJ", ["15", "30"], name="b.shp"), units={"registered": "公顷"})
    assert frame["registered_m2"].tolist() == [150_000.0, 300_000.0]
    frame, _ = load(with_area(tmp_path, "ZDMJ", ["15", "30"], name="c.shp"), default_units={"area": "亩"})
    assert frame["registered_m2"].tolist() == pytest.approx([10_000.0, 20_000.0])


def test_unit_written_behind_every_figure(tmp_path):
    frame, ledger = load(with_area(tmp_path, "ZDMJ", ["15亩", "1公顷", "—"]))
    assert frame["registered_m2"].tolist()[:2] == pytest.approx([10_000.0, 10_000.0])
    assert np.isnan(frame["registered_m2"][2])
    assert "field-unit-unknown" not in codes_of(ledger)


def test_unit_row_by_row(tmp_path):
    units = ["1", "2", "公顷", "", "斗"]
    path = with_area(tmp_path, "ZDMJ", ["10000", "15", "1", "10000", "7"], unit=units)
    frame, ledger = load(path)
    assert frame["registered_m2"].tolist()[:3] == pytest.approx([10_000.0] * 3)
    assert frame["registered_m2"].isna().tolist() == [False, False, False, True, True]
    assert sorted(rows_of(ledger, "area-unit-row-unknown")) == [4, 5]
    lost = ledger.frame().query("code == 'area-unit-row-unknown'").sort_values("row")
    assert lost["before"].tolist() == ["10000", "7"]
    assert lost["id"].tolist() == [c.decode() for c in CODES[3:5]]


def test_a_unit_that_cannot_be_told_leaves_the_area_out_and_says_so(tmp_path):
    frame, ledger = load(with_area(tmp_path, "ZDMJ", ["3", "977", "12345"]))
    assert "registered_m2" not in frame
    assert frame["ZDMJ"].tolist() == ["3", "977", "12345"]
    row = ledger.frame().query("code == 'field-unit-unknown'").iloc[0]
    assert (row["severity"], row["field"]) == ("error", "ZDMJ")


def test_registered_areas_that_differ_are_listed_and_a_slip_of_the_unit_is_named(tmp_path):
    values = ["10000", "10000", "15", "10090", "10300"]
    frame, ledger = load(with_area(tmp_path, "ZDMJ", values), units={"registered": "平方米"})
    assert frame["registered_m2"].tolist() == [float(v) for v in values]
    slip = ledger.frame().query("code == 'area-differs-unit'")
    assert slip["row"].tolist() == [3]
    assert "0.0015" in slip["message"].iloc[0]
    assert rows_of(ledger, "area-differs") == [5]


# ---------------------------------------------------------------------------------------- formats, rows in = rows out


def example() -> gpd.GeoDataFrame:
    shapes = [shapely.box(X + k * 110, Y, X + k * 110 + 100, Y + 100) for k in range(4)]
    shapes.append(
        shapely.MultiPolygon([shapely.box(X, Y + 500, X + 60, Y + 600), shapely.box(X + 80, Y + 500, X + 120, Y + 600)])
    )
    return gpd.GeoDataFrame(
        {"ZDDM": [c.decode() for c in CODES[:5]], "ZDMJ_M2": [10_000.0] * 5}, geometry=shapes, crs=4527
    )


def topojson(folder: Path) -> Path:
    degrees = example().to_crs(4490)
    arcs, members = [], []
    for k, shape in enumerate(degrees.geometry):
        numbers = []
        for part in shapely.get_parts(shape):
            arcs.append([list(p) for p in part.exterior.coords])
            numbers.append([[len(arcs) - 1]])
        kind = "Polygon" if len(numbers) == 1 else "MultiPolygon"
        entry = {"type": kind, "arcs": numbers[0] if kind == "Polygon" else numbers}
        members.append(entry | {"properties": {"ZDDM": degrees["ZDDM"][k]}})
    body = {
        "type": "Topology",
        "objects": {"宗地": {"type": "GeometryCollection", "geometries": members}},
        "arcs": arcs,
    }
    (folder / "宗地.topojson").write_text(json.dumps(body, ensure_ascii=False), encoding="utf-8")
    return folder / "宗地.topojson"


def txt(folder: Path) -> Path:
    lines = ["[属性描述]", "坐标系=2000国家大地坐标系", "几度分带=3", "带号=39", "计量单位=米", "[地块坐标]"]
    for k, shape in enumerate(example().geometry):
        rings = [part.exterior.coords for part in shapely.get_parts(shape)]
        count = sum(len(r) for r in rings)
        lines.append(f"{count},1.0000,{CODES[k].decode()},地块{k},面,,,,@")
        lines += [f"J{i},{n},{y:.3f},{x:.3f}" for n, ring in enumerate(rings, 1) for i, (x, y) in enumerate(ring, 1)]
    (folder / "界址点.txt").write_bytes("\r\n".join(lines).encode("gbk"))
    return folder / "界址点.txt"


def zipped(folder: Path) -> Path:
    example().to_file(folder / "inner.shp", encoding="LDID/77")
    with zipfile.ZipFile(folder / "交付.zip", "w") as archive:
        for file in folder.glob("inner.*"):
            archive.write(file, f"数据/宗地{file.suffix}")
    return folder / "交付.zip"


def in_folder(folder: Path) -> Path:
    (folder / "交付" / "一期").mkdir(parents=True)
    example().to_file(folder / "交付" / "一期" / "宗地.gpkg")
    (folder / "交付" / "说明.docx").write_bytes(b"PK\3\4")
    return folder / "交付"


def written(name: str, **options):
    def write(folder: Path) -> Path:
        path = folder / name
        example().to_file(path, **options)
        return path

    return write


def parquet(folder: Path) -> Path:
    example().to_parquet(folder / "宗地.parquet")
    return folder / "宗地.parquet"


def geojson_with_crs(folder: Path) -> Path:
    body = json.loads(example().to_json())
    body["crs"] = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4527"}}
    (folder / "宗地.geojson").write_text(json.dumps(body), encoding="utf-8")
    return folder / "宗地.geojson"


MAKERS = {
    "shp": written("宗地.shp", encoding="UTF-8"),
    "gpkg": written("宗地.gpkg"),
    "gdb": written("宗地.gdb", driver="OpenFileGDB", promote_to_multi=True),
    "fgb": written("宗地.fgb"),
    "gml": written("宗地.gml", driver="GML"),
    "geojson": geojson_with_crs,
    "parquet": parquet,
    "topojson": topojson,
    "txt": txt,
    "zip": zipped,
    "folder": in_folder,
}


@pytest.mark.filterwarnings("ignore:.*crs.*:UserWarning")
@pytest.mark.parametrize("kind", MAKERS)
def test_rows_in_are_rows_out_in_every_format_and_nothing_is_touched(tmp_path, kind):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the writers of the test files have to say
        path = MAKERS[kind](tmp_path)
    before = fingerprint(tmp_path)
    frame, _ = load(path, **({"crs": "EPSG:4490"} if kind == "topojson" else {}))
    assert fingerprint(tmp_path) == before
    ids = [c.decode() for c in CODES[:5]]
    order = frame.set_index("parcel_id") if kind != "fgb" else frame.set_index("parcel_id").loc[ids]
    assert order.index.tolist() == ids
    assert order["area_m2"].to_numpy() == pytest.approx([10_000.0] * 5, rel=1e-5)
    assert len(frame) == 5
    assert frame["source_row"].is_unique
    assert frame.crs is not None


def fingerprint(folder: Path) -> dict[str, str]:
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() if p.is_file() else "folder"
        for p in folder.rglob("*")
    }


def test_several_layers_must_be_named(tmp_path):
    path = tmp_path / "库.gpkg"
    example().to_file(path, layer="宗地")
    example().iloc[:2].to_file(path, layer="宗地_旧")
    error = refused(FormatError, "vector-several-layers", path)
    assert "宗地_旧" in error.render()
    assert len(load(path, layer="宗地_旧")[0]) == 2
    assert refused(FormatError, "vector-no-such-layer", path, layer="宗地新").part("todo")


def test_a_named_layer_is_found_in_archives_and_folders(tmp_path):
    delivery = tmp_path / "交付"
    delivery.mkdir()
    shp(delivery, squares(3), name="红线.shp")
    example().to_file(delivery / "库.gpkg", layer="宗地")
    error = refused(FormatError, "open-several-layers", delivery)
    assert "红线.shp" in error.render()
    archive = shutil.make_archive(str(tmp_path / "交付"), "zip", delivery)
    for path in (delivery, Path(archive)):
        assert len(load(path, layer="红线.shp")[0]) == 3
        assert len(load(path, layer="红线")[0]) == 3
        assert len(load(path, layer="宗地")[0]) == 5
        assert refused(FormatError, "open-no-such-layer", path, layer="宗第").part("todo")


def test_errors_about_a_zip_name_what_the_sender_sent(tmp_path):
    (tmp_path / "坏.shp").write_bytes(b"\0\0\x27\x0a" + b"\0" * 20)
    with zipfile.ZipFile(tmp_path / "交付.zip", "w") as archive:
        archive.write(tmp_path / "坏.shp", "数据/坏.shp")
    with pytest.raises(FormatError) as caught:
        load(tmp_path / "交付.zip")
    assert "交付.zip" in caught.value.render()
    assert "mudian-" not in caught.value.render()


# ---------------------------------------------------------------------------------------------------------- around it


def test_a_warning_with_counts_when_no_ledger_is_given(tmp_path):
    path = shp(tmp_path, prj=None)
    with pytest.warns(ParcelWarning, match="crs-inferred 1") as caught:
        frame = read(path)
    assert caught[0].filename == __file__
    assert len(frame) == 2


def test_no_warning_for_a_clean_delivery_or_with_a_ledger(tmp_path):
    assert len(read(shp(tmp_path))) == 2
    assert len(read(shp(tmp_path, prj=None, name="b.shp"), ledger=Ledger())) == 2


@pytest.mark.skipif(importlib.util.find_spec("sqlalchemy") is not None, reason="the extra is installed")
@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_database_without_the_extra_is_explained_without_the_password(scheme):
    with pytest.raises(FormatError) as caught:
        read(f"{scheme}://clerk:geheim7@db.example/land", ledger=Ledger())
    text = caught.value.render("zh") + caught.value.render("en") + str(caught.value)
    assert "geheim7" not in text
    assert "postgis" in text


@pytest.mark.parametrize("name", ["没有.shp", "没有/宗地.shp"])
def test_a_path_that_is_not_there(tmp_path, name):
    assert refused(FormatError, "file-missing", tmp_path / name).exit_code == 3


@pytest.mark.skipif(not DATA.is_dir(), reason="no shared data")
def test_cambridge_total_area_and_rows():
    """Figures found with other tools: 13 159 rows, ellipsoidal 14 233 895.41 m² as drawn."""
    path = DATA / "cambridge_ma_fy2013" / "ASSESSING_ParcelsFY2013.topojson"
    frame, ledger = load(path, crs="EPSG:4326", fields={"parcel_id": "ML"})
    assert len(frame) == 13_159
    # 6 records have no id and 3 the mark "-"; of 13 077 different texts that mark is one.
    assert frame["parcel_id"].isna().sum() == 9
    assert frame["parcel_id"].nunique() == 13_076
    assert (frame["parcel_id"] == "---").sum() == 59
    total = next(d.value for d in ledger.decisions if d.topic == "area")
    assert total["before_repair_m2"] == pytest.approx(14_233_895.41, rel=1e-6)
    assert len(ledger.frame().query("code == 'codes-parcel-other-numbering'")) == 1

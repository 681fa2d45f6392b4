"""界址点坐标 TXT: every dialect of the format read to figures known by hand.

The outer ring is a square of 100 m, the hole a square of 20 m inside it: 10 000, 9 600 or 10 400 m².
"""

import re

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from parcels.boundary_txt.lines import parse_lines
from parcels.boundary_txt.reader import read_txt
from parcels.errors import FormatError, InputError
from parcels.ledger import Ledger

X0, Y0 = 4012345.0, 39512345.0
OUTER = [(X0, Y0), (X0 + 100, Y0), (X0 + 100, Y0 + 100), (X0, Y0 + 100)]
HOLE = [(X0 + 40, Y0 + 40), (X0 + 40, Y0 + 60), (X0 + 60, Y0 + 60), (X0 + 60, Y0 + 40)]
HEADER = {
    "格式版本号": "1.01版本",
    "数据产生单位": "某市自然资源和规划局",
    "数据产生日期": "2025-6-15",
    "坐标系": "2000国家大地坐标系",
    "几度分带": "3",
    "投影类型": "高斯克吕格",
    "计量单位": "米",
    "带号": "39",
    "精度": "0.001",
    "转换参数": ",,,,,,",
}
ROW = "5,1.0000,DK-001,地块1,面,H50G002051,工业用地,0601,@"


def header(**changes):
    pairs = HEADER | changes
    return ["[属性描述]", *(f"{k}={v}" for k, v in pairs.items()), "[地块坐标]"]


def ring(points, number=1, *, start=1, closed=True, prefix="J", close_name=None):
    named = [(f"{prefix}{k}", p) for k, p in enumerate(points, start)]
    if closed:
        named.append((f"{prefix}{start if close_name is None else close_name}", points[0]))
    return [f"{name},{number},{x:.3f},{y:.3f}" for name, (x, y) in named]


def moved(points, dx=0.0, dy=0.0):
    return [(x + dx, y + dy) for x, y in points]


@pytest.fixture
def read(tmp_path):
    def run(lines, *, encoding="gbk", newline="\r\n", **options):
        path = tmp_path / "地块.txt"
        path.write_bytes((newline.join(lines) + newline).encode(encoding))
        ledger = Ledger(lang="en")
        return read_txt(path, ledger=ledger, **options), ledger

    return run


def codes(ledger):
    return ledger.frame()["code"].tolist()


def only(layer):
    assert len(layer.frame) == 1
    return layer.frame.iloc[0]


# ---------------------------------------------------------------------- the official shape


def test_standard_file(read):
    layer, ledger = read([*header(), ROW, *ring(OUTER)])
    row = only(layer)
    assert row.geometry.area == 10_000.0
    assert row.geometry.bounds == (Y0, X0, Y0 + 100, X0 + 100)
    expected = {
        "地块编号": "DK-001",
        "地块名称": "地块1",
        "地块面积": 1.0,
        "面积单位": "公顷",
        "图幅号": "H50G002051",
        "地块用途": "工业用地",
        "地类编码": "0601",
        "图形属性": "面",
        "界址点数": 5,
    }
    assert row.drop("geometry").to_dict() == expected
    assert (layer.crs_text, layer.crs_origin, layer.encoding) == ("EPSG:4527", "header", "gb18030")
    assert layer.frame.crs is None
    assert layer.rows.tolist() == [13]
    assert layer.source == "地块.txt"
    assert layer.notes["header"]["数据产生单位"] == "某市自然资源和规划局"
    assert len(ledger) == 0


@pytest.mark.parametrize(
    ("encoding", "newline", "named"),
    [
        ("utf-8-sig", "\r\n", "utf-8"),
        ("utf-8", "\n", "utf-8"),
        ("utf-16", "\r\n", "utf-16"),
        ("gb18030", "\r", "gb18030"),
    ],
)
def test_bytes(read, encoding, newline, named):
    layer, ledger = read([*header(), ROW, *ring(OUTER)], encoding=encoding, newline=newline)
    assert only(layer)["地块名称"] == "地块1"
    assert only(layer).geometry.area == 10_000.0
    assert str(layer.encoding).startswith(named)
    assert layer.crs_text == "EPSG:4527"
    assert len(ledger) == 0


@pytest.mark.parametrize(
    ("points", "count"),
    [
        (ring(OUTER, closed=False), 4),
        (ring(OUTER, prefix=""), 5),
        (ring(OUTER, close_name=5), 5),
        (["{" + ring(OUTER)[0], *ring(OUTER)[1:-1], ring(OUTER)[-1] + "}"], 5),
        (["{", *ring(OUTER), "}"], 5),
        ([line.replace(",", ", ") for line in ring(OUTER)], 4),
        ([line.replace(",", "，") for line in ring(OUTER)], 5),
        ([re.sub(r",\d,", ",", line, count=1) for line in ring(OUTER)], 5),
        ([line + "," for line in ring(OUTER)], 5),
        (["", *ring(OUTER)[:2], "   ", *ring(OUTER)[2:]], 5),
    ],
    ids=[
        "open",
        "no_J",
        "numbered_on",
        "braces",
        "braces_alone",
        "blanks",
        "wide_commas",
        "no_ring",
        "trailing_comma",
        "blank_lines",
    ],
)
def test_point_rows(read, points, count):
    layer, ledger = read([*header(), ROW.replace("5,", f"{count},", 1), *points])
    assert only(layer).geometry.area == 10_000.0
    assert only(layer)["界址点数"] == count
    assert codes(ledger) == []


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("5,1.0000,,地块1,面,,,@", {"地块编号": None, "地块名称": "地块1"}),
        ("5,1.0000,DK-001,地块1,面,,工业用地,地上,@", {"地类编码": None, "权利设定方式": "地上"}),
        (
            "5,1.0000,DK-001,地块1,面,,工业用地,0601,新增,旱地,9,8,备注,@",
            {
                "地类编码": "0601",
                "附加1": "新增",
                "附加2": "旱地",
                "附加3": "9",
                "附加4": "8",
                "附加5": "备注",
            },
        ),
        ("5，1.0000，DK-001，地块１，面，，工业用地，0601，＠", {"地块编号": "DK-001", "地块名称": "地块１"}),
        (
            "5,1.0000,DK-001,东区，西侧,面,,工业用地,0601,@",
            {"地块名称": "东区，西侧", "地块用途": "工业用地"},
        ),
        (" 5 , 1.0000 , DK-001 , 地块1 , 面 , , , ,@", {"地块编号": "DK-001", "地块用途": None}),
        ("5,1.0000,0012,地块1,面,,工业用地,0601", {"地块编号": "0012", "地类编码": "0601"}),
    ],
    ids=["short", "location", "extra_columns", "wide", "wide_comma_in_name", "blanks", "no_at"],
)
def test_parcel_rows(read, row, expected):
    layer, ledger = read([*header(), row, *ring(OUTER)])
    got = only(layer)
    assert got.geometry.area == 10_000.0
    shown = {key: (None if got[key] != got[key] else got[key]) for key in expected}
    assert shown == expected
    assert codes(ledger) == []


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            "5,1.0000,370902001,泰山区,DK-001,地块1,面,,工业用地,0601,@",
            {"地块编号": "DK-001", "地块名称": "地块1", "乡镇代码": "370902001", "行政区名称": "泰山区"},
        ),
        ("5,1.0000,DK-001,地块1,东侧,面,,工业用地,0601,@", {"地块编号": "DK-001", "地块名称": "地块1,东侧"}),
    ],
)
def test_other_columns_are_told_apart_and_reported(read, row, expected):
    layer, ledger = read([*header(), row, *ring(OUTER)])
    got = only(layer)
    assert {key: got[key] for key in expected} == expected
    assert (got["地块用途"], got["地类编码"]) == ("工业用地", "0601")
    assert codes(ledger) == ["txt-columns-guessed"]
    assert ledger.frame()["before"].tolist() == [row]


def test_row_without_kind_is_read_as_area_and_reported(read):
    layer, ledger = read([*header(), "5,1.0000,DK-001,地块1,@", *ring(OUTER)])
    assert only(layer).geometry.area == 10_000.0
    assert only(layer)["地块名称"] == "地块1"
    assert codes(ledger) == ["txt-kind-missing"]


# ---------------------------------------------------------------------- rings and parts


@pytest.mark.parametrize("start", [5, 1])
@pytest.mark.parametrize("order", ["shell_first", "hole_first"])
def test_hole_by_containment(read, start, order):
    numbers = (1, 2) if order == "shell_first" else (2, 1)
    points = ring(OUTER, numbers[0]) + ring(HOLE, numbers[1], start=start)
    layer, ledger = read([*header(), ROW.replace("5,1.0000", "10,0.9600"), *points])
    shape = only(layer).geometry
    assert shape.geom_type == "Polygon"
    assert (shape.area, len(shape.interiors)) == (9_600.0, 1)
    assert len(ledger) == 0


def test_rings_with_interleaved_rows(read):
    pairs = zip(ring(OUTER), ring(HOLE, 2, start=5), strict=True)
    layer, _ = read([*header(), ROW.replace("5,", "10,", 1), *(line for pair in pairs for line in pair)])
    assert only(layer).geometry.area == 9_600.0


def test_second_ring_outside_is_a_part(read):
    points = ring(OUTER) + ring(moved(HOLE, 500), 2, start=5)
    layer, _ = read([*header(), ROW.replace("5,", "10,", 1), *points])
    shape = only(layer).geometry
    assert (shape.geom_type, shape.area) == ("MultiPolygon", 10_400.0)


def test_island_in_a_hole(read):
    island = [(X0 + 45, Y0 + 45), (X0 + 45, Y0 + 55), (X0 + 55, Y0 + 55), (X0 + 55, Y0 + 45)]
    points = ring(island, 1) + ring(OUTER, 2) + ring(HOLE, 3)
    layer, _ = read([*header(), ROW.replace("5,", "15,", 1), *points])
    shape = only(layer).geometry
    assert shape.area == 9_700.0
    assert sorted(part.area for part in shape.geoms) == [100.0, 9_600.0]
    assert shape.is_valid


def test_hole_that_touches_the_shell(read):
    touching = [(X0, Y0), (X0 + 20, Y0 + 10), (X0 + 10, Y0 + 20)]
    layer, _ = read([*header(), ROW.replace("5,", "9,", 1), *ring(OUTER), *ring(touching, 2)])
    shape = only(layer).geometry
    assert shape.area == pytest.approx(10_000 - 150)
    assert len(shape.interiors) == 1


def test_neighbouring_parts_with_a_common_edge(read):
    layer, _ = read([*header(), ROW.replace("5,", "10,", 1), *ring(OUTER), *ring(moved(OUTER, 100), 2)])
    shape = only(layer).geometry
    assert len(shape.geoms) == 2
    assert shape.area == 20_000.0


@pytest.mark.parametrize("number", ["1,", ""])
def test_rings_under_one_number_are_split_where_they_close(read, number):
    points = [re.sub(r"^(J\d+),\d,", rf"\1,{number}", r) for r in ring(OUTER) + ring(HOLE, start=5)]
    layer, ledger = read([*header(), ROW.replace("5,", "10,", 1), *points])
    assert only(layer).geometry.area == 9_600.0
    assert codes(ledger) == ["txt-ring-split"]


def test_closing_point_written_twice_is_no_second_ring(read):
    layer, ledger = read([*header(), ROW.replace("5,", "6,", 1), *ring(OUTER), ring(OUTER)[0]])
    assert only(layer).geometry.area == 10_000.0
    assert codes(ledger) == []


def test_closing_point_a_few_centimetres_off(read):
    layer, ledger = read([*header(), ROW, *ring(OUTER, closed=False), "J1,1,4012344.980,39512345.010"])
    assert only(layer).geometry.area == 10_000.0
    row = ledger.frame().iloc[0]
    assert (row["code"], row["id"], row["before"]) == ("txt-closing-near", "DK-001", "0.0224")


def test_closing_point_far_off_is_kept(read):
    layer, ledger = read([*header(), ROW, *ring(OUTER, closed=False), f"J1,1,{X0},{Y0 + 10}"])
    assert len(only(layer).geometry.exterior.coords) == 6
    assert codes(ledger) == ["txt-closing-far"]
    assert ledger.frame()["severity"].tolist() == ["error"]


def test_short_edge_with_a_name_of_its_own_is_kept(read):
    layer, ledger = read([*header(), ROW, *ring(OUTER, closed=False), f"J5,1,{X0 + 0.08},{Y0}"])
    assert len(only(layer).geometry.exterior.coords) == 6
    assert codes(ledger) == []


@pytest.mark.parametrize(
    "points", [ring(HOLE[:2], 2), ring([HOLE[0]], 2), ring([HOLE[0], HOLE[1], HOLE[0], HOLE[1]], 2)]
)
def test_collapsed_ring_is_reported(read, points):
    layer, ledger = read([*header(), ROW.replace("5,", f"{5 + len(points)},", 1), *ring(OUTER), *points])
    assert only(layer).geometry.area == 10_000.0
    assert codes(ledger) == ["txt-ring-collapsed"]
    assert ledger.frame()["before"].tolist() == [str(len(points))]


def test_parcel_whose_only_ring_collapsed_keeps_its_row(read):
    layer, ledger = read([*header(), ROW, *ring(OUTER[:2]), ROW.replace("DK-001", "DK-002"), *ring(OUTER)])
    assert layer.frame["地块编号"].tolist() == ["DK-001", "DK-002"]
    assert layer.frame.geometry.isna().tolist() == [True, False]
    found = ["txt-ring-collapsed", "txt-no-geometry", "txt-area-unit-unknown", "txt-count-wrong"]
    assert codes(ledger) == found
    assert set(ledger.frame()["id"]) == {"DK-001"}


# ---------------------------------------------------------------------- lines and points


def test_line(read):
    layer, ledger = read([*header(), "4,,1,管线1,线,,,,@", *ring(OUTER, closed=False)])
    shape = only(layer).geometry
    assert (shape.geom_type, shape.length) == ("LineString", 300.0)
    assert codes(ledger) == ["txt-not-area"]


def test_points_and_several_lines(read):
    lines = ring(OUTER[:2], 1, closed=False) + ring(HOLE[:2], 2, closed=False)
    layer, _ = read(
        [
            *header(),
            "1,,1,桩,点,,,,@",
            "K1,1,4012345,39512345",
            "2,,2,桩,点,,,,@",
            *ring(OUTER[:2], closed=False),
            "4,,3,线,线,,,,@",
            *lines,
        ]
    )
    kinds = ["Point", "MultiPoint", "MultiLineString"]
    assert layer.frame.geom_type.tolist() == kinds
    assert layer.frame.geometry.iloc[0].coords[0] == (Y0, X0)


# ---------------------------------------------------------------------- axes, zones, datum


def test_easting_first(read):
    rows = [re.sub(r"(,1,)(.*),(.*)", r"\g<1>\3,\2", r) for r in ring(OUTER)]
    assert rows[0] == "J1,1,39512345.000,4012345.000"
    layer, ledger = read([*header(), ROW, *rows])
    assert only(layer).geometry.bounds == (Y0, X0, Y0 + 100, X0 + 100)
    assert layer.crs_text == "EPSG:4527"
    assert codes(ledger) == ["txt-axes-swapped"]


def test_axis_order_is_decided_parcel_by_parcel(read):
    swapped = [re.sub(r"(,1,)(.*),(.*)", r"\g<1>\3,\2", r) for r in ring(moved(OUTER, 500))]
    layer, ledger = read([*header(), ROW, *ring(OUTER), ROW.replace("001", "002"), *swapped])
    assert layer.frame.geometry.bounds["miny"].tolist() == [X0, X0 + 500]
    assert ledger.frame()["id"].tolist() == ["DK-002"]


def test_no_zone_in_the_easting(read):
    layer, ledger = read([*header(), ROW, *ring(moved(OUTER, dy=-39e6))])
    assert only(layer).geometry.bounds[0] == 512345.0
    assert layer.crs_text == "EPSG:4548"
    assert codes(ledger) == []


def test_no_zone_in_the_easting_and_easting_first(read):
    rows = [re.sub(r"(,1,)(.*),(.*)", r"\g<1>\3,\2", r) for r in ring(moved(OUTER, dy=-39e6))]
    layer, ledger = read([*header(), ROW, *rows])
    assert only(layer).geometry.bounds[0] == 512345.0
    assert codes(ledger) == ["txt-axes-swapped"]


@pytest.mark.parametrize(
    ("system", "dy", "changes", "epsg"),
    [
        ("CGCS2000", 0, {}, "EPSG:4527"),
        ("80国家大地坐标系", 0, {}, "EPSG:2363"),
        ("1980西安坐标系", -39e6, {}, "EPSG:2384"),
        ("1954年北京坐标系", 0, {}, "EPSG:2415"),
        ("2000国家大地坐标系", -19e6, {"几度分带": "6", "带号": "20"}, "EPSG:4498"),
        ("2000国家大地坐标系", -39e6, {"几度分带": "6度带", "带号": "20"}, "EPSG:4509"),
        ("2000国家大地坐标系", -39e6, {"几度分带": "三度带"}, "EPSG:4548"),
        ("2000国家大地坐标系", -39e6, {"带号": "", "中央子午线": "117"}, "EPSG:4548"),
        ("", 0, {}, None),
        ("地方坐标系", 0, {}, None),
    ],
)
def test_crs_of_header_and_coordinates(read, system, dy, changes, epsg):
    layer, ledger = read([*header(坐标系=system, **changes), ROW, *ring(moved(OUTER, dy=dy))])
    assert layer.crs_text == epsg
    assert layer.crs_origin == ("header" if epsg else None)
    assert codes(ledger) == []


@pytest.mark.parametrize(
    ("changes", "field", "before", "after"),
    [
        ({"带号": "40"}, "带号", "40", "39"),
        ({"几度分带": "6"}, "几度分带", "6", "3"),
        ({"带号": "3"}, "带号", "3", "39"),
    ],
)
def test_coordinates_win_over_the_header(read, changes, field, before, after):
    layer, ledger = read([*header(**changes), ROW, *ring(OUTER)])
    assert layer.crs_text == "EPSG:4527"
    row = ledger.frame().iloc[0]
    assert (row["code"], row["field"], row["before"], row["after"]) == (
        "txt-zone-conflict",
        field,
        before,
        after,
    )


@pytest.mark.parametrize("changes", [{"带号": "3"}, {"几度分带": "6"}])
def test_header_zone_that_contradicts_its_width_is_not_used(read, changes):
    layer, ledger = read([*header(**changes), ROW, *ring(moved(OUTER, dy=-39e6))])
    assert layer.crs_text is None
    assert codes(ledger) == ["txt-zone-implausible"]


def test_two_zones_in_one_file(read):
    layer, ledger = read([*header(), ROW, *ring(OUTER), ROW, *ring(moved(OUTER, dy=1e6))])
    assert layer.crs_text is None
    assert codes(ledger) == ["txt-zones-mixed"]
    assert ledger.frame()["before"].tolist() == ["39, 40"]


def test_zone_and_no_zone_in_one_file(read):
    layer, ledger = read([*header(), ROW, *ring(OUTER), ROW, *ring(moved(OUTER, dy=-39e6))])
    assert layer.crs_text is None
    assert codes(ledger) == ["txt-zones-mixed"]


def test_degrees(read):
    corners = [(36.2401, 117.1370), (36.2410, 117.1370), (36.2410, 117.1381), (36.2401, 117.1381)]
    rows = [f"J{k},1,{lat},{lon}" for k, (lat, lon) in enumerate([*corners, corners[0]], 1)]
    layer, ledger = read(["[地块坐标]", "5,1,1,地块1,面,,,,@", *rows])
    assert only(layer).geometry.bounds == (117.1370, 36.2401, 117.1381, 36.2410)
    assert layer.crs_text is None
    assert only(layer)["面积单位"] != "公顷"
    assert codes(ledger) == ["txt-area-unit-unknown"]
    named, _ = read([*header(计量单位="度"), "5,1公顷,1,地块1,面,,,,@", *rows])
    assert named.crs_text == "EPSG:4490"
    assert only(named)["面积单位"] == "公顷"


def test_local_coordinates_are_read_as_the_format_says(read):
    local = [(1000.0, 20.0), (1100.0, 20.0), (1100.0, 120.0), (1000.0, 120.0)]
    layer, ledger = read([*header(), ROW, *ring(local)])
    assert only(layer).geometry.bounds == (20.0, 1000.0, 120.0, 1100.0)
    assert layer.crs_text is None
    assert codes(ledger) == ["txt-axes-unknown"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"转换参数": "1.5,0,0,0,0,0,0"}, "txt-parameters"),
        ({"投影类型": "墨卡托"}, "txt-projection-other"),
        ({"计量单位": "千米"}, "txt-unit-other"),
    ],
)
def test_odd_header_entries(read, changes, code):
    _, ledger = read([*header(**changes), ROW, *ring(OUTER)])
    assert codes(ledger) == [code]


def test_zero_parameters_are_no_parameters(read):
    _, ledger = read([*header(转换参数="0,0,0,0,0,0,0.000"), ROW, *ring(OUTER)])
    assert codes(ledger) == []


# ---------------------------------------------------------------------- headings, sections


@pytest.mark.parametrize("brackets", ["【】", "［］", "[ ]"])
def test_headings(read, brackets):
    left, *inner, right = brackets
    pad = "".join(inner)
    lines = [line.replace("[", left + pad).replace("]", pad + right) for line in header()]
    layer, ledger = read([*[line.replace("=", "＝") for line in lines], ROW, *ring(OUTER)])
    assert layer.crs_text == "EPSG:4527"
    assert codes(ledger) == []


def test_other_sections_before(read):
    project = ["[项目信息]", "项目名称=测试项目", "备注=a=b"]
    layer, ledger = read([*project, *header(), ROW, *ring(OUTER)])
    assert layer.notes["sections"] == {"项目信息": {"项目名称": "测试项目", "备注": "a=b"}}
    assert layer.crs_text == "EPSG:4527"
    assert codes(ledger) == []


def test_short_header_and_no_header(read):
    short = [line for line in header() if not line.startswith(("格式", "数据"))]
    layer, _ = read([*short, "5,,1,,面,,,,@", *ring(OUTER)])
    assert layer.crs_text == "EPSG:4527"
    layer, _ = read(["[地块坐标]", "5,,1,,面,,,,@", *ring(OUTER)])
    assert layer.crs_text is None
    assert only(layer).geometry.area == 10_000.0
    assert np.isnan(only(layer)["地块面积"])


def test_repeated_key_keeps_the_first_and_is_reported(read):
    layer, ledger = read([*header()[:-1], "带号=40", "[地块坐标]", ROW, *ring(OUTER)])
    assert layer.notes["header"]["带号"] == "39"
    assert ledger.frame()[["code", "row", "before"]].to_numpy().tolist() == [["txt-key-repeated", 12, "带号=40"]]


# ---------------------------------------------------------------------- several parcels, counts


def test_identical_rows_are_two_parcels(read):
    row = "5,1,1,地块,面,,,,@"
    layer, _ = read([*header(), row, *ring(OUTER), row, *ring(moved(OUTER, 500))])
    assert layer.frame["地块编号"].tolist() == ["1", "1"]
    assert layer.frame.geometry.bounds["miny"].tolist() == [X0, X0 + 500]
    assert layer.rows.tolist() == [13, 19]


@pytest.mark.parametrize(("declared", "wrong"), [(5, False), (4, False), (7, True), (41, True), (555, True)])
def test_declared_number_of_points(read, declared, wrong):
    layer, ledger = read([*header(), ROW.replace("5,", f"{declared},", 1), *ring(OUTER)])
    assert only(layer).geometry.area == 10_000.0
    assert codes(ledger) == ["txt-count-wrong"] * wrong
    if wrong:
        assert ledger.frame()[["before", "after", "row"]].to_numpy().tolist() == [[str(declared), "5", 13]]


def test_unreadable_count(read):
    layer, ledger = read([*header(), ROW.replace("5,", "五,", 1), *ring(OUTER)])
    assert layer.frame["界址点数"].isna().all()
    assert codes(ledger) == ["txt-count-unreadable"]


def test_points_without_parcel_row(read):
    layer, ledger = read([*header(), *ring(OUTER), ROW.replace("001", "002"), *ring(moved(OUTER, 500))])
    assert layer.frame.geometry.area.tolist() == [10_000.0, 10_000.0]
    assert layer.frame["地块编号"].isna().tolist() == [True, False]
    assert codes(ledger) == ["txt-points-without-parcel"]


def test_parcel_without_points_stays(read):
    layer, ledger = read([*header(), ROW, ROW.replace("001", "002"), *ring(OUTER)])
    assert layer.frame["地块编号"].tolist() == ["DK-001", "DK-002"]
    assert codes(ledger) == ["txt-no-geometry", "txt-area-unit-unknown"]
    assert set(ledger.frame()["id"]) == {"DK-001"}


def test_line_that_fits_nothing(read):
    layer, ledger = read([*header(), ROW, *ring(OUTER)[:2], "J3,1,四零一二,39512445", *ring(OUTER)[2:], "完"])
    assert only(layer).geometry.area == 10_000.0
    rows = ledger.frame()[["code", "row", "before"]].to_numpy().tolist()
    assert rows == [["txt-line-unknown", 16, "J3,1,四零一二,39512445"], ["txt-line-unknown", 20, "完"]]


# ---------------------------------------------------------------------- area and its unit


@pytest.mark.parametrize(
    ("text", "value", "unit", "code"),
    [
        ("1.0000", 1.0, "公顷", []),
        ("1.0000公顷", 1.0, "公顷", []),
        ("１.０", 1.0, "公顷", []),
        ("10000.00", 10_000.0, "平方米", ["txt-area-unit-inferred"]),
        ("15", 15.0, "亩", ["txt-area-unit-inferred"]),
        ("15亩", 15.0, "亩", []),
        ("10000㎡", 10_000.0, "平方米", []),
        ("1.2", 1.2, "公顷", []),
        ("77", 77.0, None, ["txt-area-unit-unknown"]),
        ("0", 0.0, None, []),
        ("", None, None, []),
        ("约一公顷", None, None, ["txt-area-unreadable"]),
        ("1.2.3", None, None, ["txt-area-unreadable"]),
    ],
)
def test_area_and_unit(read, text, value, unit, code):
    layer, ledger = read([*header(), ROW.replace("1.0000", text), *ring(OUTER)])
    row = only(layer)
    assert (None if np.isnan(row["地块面积"]) else row["地块面积"]) == value
    assert (row["面积单位"] if isinstance(row["面积单位"], str) else None) == unit
    assert codes(ledger) == code


def test_unit_of_a_small_parcel_with_a_rounded_figure(read):
    small = [(X0, Y0), (X0 + 1, Y0), (X0 + 1, Y0 + 0.6), (X0, Y0 + 0.6)]
    layer, _ = read([*header(), ROW.replace("1.0000", "0.0001"), *ring(small)])
    assert only(layer)["面积单位"] == "公顷"


# ---------------------------------------------------------------------- files that are none


@pytest.mark.parametrize("lines", [["说明文字"], ["[属性描述]", "带号=39", "[地块坐标]"], [""]])
def test_no_parcels(read, lines):
    with pytest.raises(FormatError) as caught:
        read(lines)
    assert caught.value.code == "txt-no-parcels"
    assert "地块.txt" in caught.value.render("zh")


def test_missing_file_and_folder(tmp_path):
    for path in (tmp_path / "无.txt", tmp_path):
        with pytest.raises(InputError) as caught:
            read_txt(path, ledger=Ledger())
        assert caught.value.code == "txt-cannot-open"


# ---------------------------------------------------------------------- nothing is lost


@given(st.lists(st.text(alphabet="J1,=[]@面.{} \t，a", max_size=12), max_size=8))
def test_every_line_is_somewhere(extra):
    text = "\n".join(["[地块坐标]", ROW, *ring(OUTER), *extra])
    doc = parse_lines(text)
    kept = {int(n) for n in doc.line} | {n for n, _ in doc.unknown} | {n for n, _ in doc.repeated}
    kept |= {row.line for row in doc.parcels}
    for number, line in enumerate(text.split("\n"), 1):
        bare = line.strip(" \t{}")
        heading = bare.startswith("[") and bare.endswith("]")
        entry = "=" in bare
        assert number in kept or not bare or heading or entry


def test_many_parcels_at_once(read):
    count = 500
    lines = header()
    for k in range(count):
        lines += [
            ROW.replace("DK-001", f"P{k:03d}"),
            *ring(moved(OUTER, 200 * k)),
            *ring(moved(HOLE, 200 * k), 2),
        ]
    layer, _ = read(lines)
    assert layer.frame["地块编号"].tolist() == [f"P{k:03d}" for k in range(count)]
    assert np.allclose(shapely.area(layer.frame.geometry.values), 9_600.0, rtol=0, atol=1e-6)
    assert layer.frame.geometry.bounds["miny"].tolist() == [X0 + 200 * k for k in range(count)]

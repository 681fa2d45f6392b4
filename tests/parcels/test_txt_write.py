"""The writer of 界址点坐标 TXT: the file byte by byte, what is refused, and reading back to a millimetre."""

import datetime
import os
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from parcels.boundary_txt.reader import read_txt
from parcels.boundary_txt.writer import write_txt
from parcels.errors import CrsError, FieldError, GeometryError, OutputError
from parcels.ledger import Ledger

EAST, NORTH = 39512345.0, 4012345.0
SQUARE = [(0, 0), (100, 0), (100, 100), (0, 100)]
INNER = [(40, 40), (60, 40), (60, 60), (40, 60)]


def shape(shell, holes=(), *, east=EAST, north=NORTH):
    def place(ring):
        return [(east + x, north + y) for x, y in ring]

    return shapely.Polygon(place(shell), [place(h) for h in holes])


def frame(*shapes, crs="EPSG:4527", **columns):
    ids = [f"DK-{k:03d}" for k in range(1, len(shapes) + 1)]
    return gpd.GeoDataFrame({"code": ids, **columns}, geometry=list(shapes), crs=crs)


def write(parcels, tmp_path, **options):
    path = tmp_path / "报盘.txt"
    options = {"id_column": "code", "date": datetime.date(2025, 6, 5), **options}
    assert write_txt(parcels, path, **options) == path
    return path


def read_back(path):
    return read_txt(path, ledger=Ledger())


def test_the_whole_file(tmp_path):
    parcels = frame(shape(SQUARE, [INNER]), name=["甲,乙地块"], use=["工业用地"], dlbm=["0601"], sheet=["H50G002051"])
    path = write(
        parcels,
        tmp_path,
        name_column="name",
        use_column="use",
        code_column="dlbm",
        sheet_column="sheet",
        producer="某市自然资源和规划局",
    )
    expected = """[属性描述]
格式版本号=1.01版本
数据产生单位=某市自然资源和规划局
数据产生日期=2025-6-5
坐标系=2000国家大地坐标系
几度分带=3
投影类型=高斯克吕格
计量单位=米
带号=39
精度=0.001
转换参数=,,,,,,
[地块坐标]
10,0.9600,DK-001,甲，乙地块,面,H50G002051,工业用地,0601,@
J1,1,4012445.000,39512345.000
J2,1,4012445.000,39512445.000
J3,1,4012345.000,39512445.000
J4,1,4012345.000,39512345.000
J1,1,4012445.000,39512345.000
J5,2,4012405.000,39512385.000
J6,2,4012385.000,39512385.000
J7,2,4012385.000,39512405.000
J8,2,4012405.000,39512405.000
J5,2,4012405.000,39512385.000
"""
    assert path.read_bytes() == expected.replace("\n", "\r\n").encode("gbk")


def test_the_whole_file_comes_back(tmp_path):
    parcels = frame(shape(SQUARE, [INNER]), name=["甲,乙地块"])
    layer = read_back(write(parcels, tmp_path, name_column="name", area_m2=[9_599.9]))
    row = layer.frame.iloc[0]
    assert (row["地块编号"], row["地块名称"], row["地块面积"], row["面积单位"]) == (
        "DK-001",
        "甲，乙地块",
        0.96,
        "公顷",
    )
    assert layer.crs_text == "EPSG:4527"
    assert row.geometry.equals(parcels.geometry[0])


@pytest.mark.parametrize(
    ("epsg", "east", "width", "zone", "written"),
    [
        (4527, 39512345.0, 3, 39, 4527),
        (4548, 512345.0, 3, 39, 4527),
        (4498, 20512345.0, 6, 20, 4498),
        (4509, 512345.0, 6, 20, 4498),
        (4533, 45512345.0, 3, 45, 4533),
        (4502, 512345.0, 6, 13, 4491),
    ],
)
def test_zone_is_written_into_the_easting(tmp_path, epsg, east, width, zone, written):
    path = write(frame(shape(SQUARE, east=east), crs=f"EPSG:{epsg}"), tmp_path)
    lines = path.read_text(encoding="gbk").splitlines()
    assert f"几度分带={width}" in lines
    assert f"带号={zone}" in lines
    assert lines[13] == f"J1,1,4012445.000,{zone}512345.000"
    assert read_back(path).crs_text == f"EPSG:{written}"


def test_start_and_direction_do_not_depend_on_the_input(tmp_path):
    first = write(frame(shape(SQUARE, [INNER])), tmp_path).read_bytes()
    turned = shape([SQUARE[2], SQUARE[1], SQUARE[0], SQUARE[3]], [INNER[::-1]])
    assert write(frame(turned), tmp_path).read_bytes() == first


def test_parts_become_parcel_rows(tmp_path):
    far = shapely.transform(shape(INNER), lambda xy: xy + 500)
    parcels = frame(shapely.MultiPolygon([shape(SQUARE), far]), shape(INNER), name=["两块", "一块"])
    ledger = Ledger()
    path = write(parcels, tmp_path, name_column="name", area_m2=[20_800.0, 400.0], ledger=ledger)
    layer = read_back(path)
    assert layer.frame["地块编号"].tolist() == ["DK-001_1", "DK-001_2", "DK-002"]
    assert layer.frame["地块名称"].tolist() == ["两块", "两块", "一块"]
    assert layer.frame["地块面积"].tolist() == [2.0, 0.08, 0.04]
    assert ledger.frame()[["code", "id", "after"]].to_numpy().tolist() == [["txt-write-parts", "DK-001", "2"]]


def test_area_as_column_array_or_planar(tmp_path):
    parcels = frame(shape(SQUARE), area=[9_876.54])

    def figure(**options):
        return write(parcels, tmp_path, **options).read_text(encoding="gbk").splitlines()[12].split(",")[1]

    assert figure() == "1.0000"
    assert figure(area_m2="area") == "0.9877"
    assert figure(area_m2=np.array([12_345.0])) == "1.2345"
    assert figure(area_m2=pd.Series([pd.NA], dtype="Float64")) == ""


def test_text_that_would_break_the_format(tmp_path):
    parcels = frame(shape(SQUARE), shape(INNER), name=["甲\n乙@丙", None], code=["A,1", None])
    ledger = Ledger()
    layer = read_back(write(parcels, tmp_path, name_column="name", ledger=ledger))
    assert layer.frame["地块名称"].iloc[0] == "甲 乙＠丙"
    assert layer.frame["地块编号"].iloc[0] == "A，1"
    assert layer.frame[["地块编号", "地块名称"]].iloc[1].isna().all()
    assert sorted(ledger.frame()["code"]) == ["txt-write-no-id"] + ["txt-write-text-changed"] * 2


def test_rare_characters_and_encodings(tmp_path):
    parcels = frame(shape(SQUARE), name=["㧑𠮷"])
    for encoding in ("gb18030", "utf-8", "utf-8-sig"):
        path = write(parcels, tmp_path, name_column="name", encoding=encoding)
        assert read_back(path).frame["地块名称"].tolist() == ["㧑𠮷"]
    before = path.read_bytes()
    with pytest.raises(OutputError) as caught:
        write(parcels, tmp_path, name_column="name", encoding="gbk")
    assert (caught.value.code, caught.value.params["encoding"]) == ("txt-write-encoding", "gbk")
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("crs", "code"),
    [
        (None, "txt-write-crs-missing"),
        ("EPSG:4490", "txt-write-crs-wrong"),
        ("EPSG:4326", "txt-write-crs-wrong"),
        ("EPSG:2363", "txt-write-crs-wrong"),
        ("EPSG:2415", "txt-write-crs-wrong"),
        ("EPSG:32650", "txt-write-crs-wrong"),
        ("EPSG:3857", "txt-write-crs-wrong"),
    ],
)
def test_refused_crs(tmp_path, crs, code):
    with pytest.raises(CrsError) as caught:
        write(frame(shape(SQUARE), crs=crs), tmp_path)
    assert caught.value.code == code
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "bad", [shapely.Point(EAST, NORTH), shapely.LineString([(0, 0), (1, 1)]), None, shapely.Polygon()]
)
def test_refused_geometry(tmp_path, bad):
    with pytest.raises(GeometryError) as caught:
        write(frame(shape(SQUARE), bad), tmp_path)
    assert (caught.value.code, caught.value.params["first"]) == ("txt-write-not-area", "DK-002")
    assert not list(tmp_path.iterdir())


def test_nothing_to_write_and_unknown_column(tmp_path):
    with pytest.raises(GeometryError):
        write(frame(shape(SQUARE)).iloc[:0], tmp_path)
    with pytest.raises(FieldError) as caught:
        write(frame(shape(SQUARE)), tmp_path, name_column="名称")
    assert caught.value.params["column"] == "名称"


def test_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = write(frame(shape(SQUARE)), tmp_path)
    before = path.read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError) as caught:
        write(frame(shape(INNER)), tmp_path)
    assert caught.value.code == "txt-write-failed"
    assert "No space left" in caught.value.render("en")
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_missing_folder(tmp_path):
    with pytest.raises(OutputError):
        write_txt(frame(shape(SQUARE)), tmp_path / "无" / "a.txt", id_column="code")


def test_date_is_today_by_default(tmp_path):
    today = datetime.date.today()
    text = write(frame(shape(SQUARE)), tmp_path, date=None).read_text(encoding="gbk")
    assert f"数据产生日期={today.year}-{today.month}-{today.day}" in text
    assert "数据产生日期=2024年" in write(frame(shape(SQUARE)), tmp_path, date="2024年").read_text(encoding="gbk")


def test_input_is_not_changed(tmp_path):
    parcels = frame(shape(SQUARE), index_is=["kept"]).set_index("index_is")
    copy = parcels.copy()
    write(parcels, tmp_path)
    pd.testing.assert_frame_equal(pd.DataFrame(parcels), pd.DataFrame(copy))


def test_height_is_left_out(tmp_path):
    high = shapely.force_3d(shape(SQUARE), 55.0)
    assert write(frame(high), tmp_path).read_bytes() == write(frame(shape(SQUARE)), tmp_path).read_bytes()


@st.composite
def parcels_with_holes(draw):
    """A star-shaped shell around a point, with or without a star-shaped hole well inside it."""
    count = draw(st.integers(3, 12))
    radii = draw(st.lists(st.floats(20.0, 400.0), min_size=count, max_size=count))
    turn = draw(st.floats(0.0, 6.28))
    angles = turn + np.arange(count) * 2 * np.pi / count
    shell = np.column_stack([radii * np.cos(angles), radii * np.sin(angles)])
    holes = []
    if draw(st.booleans()):
        holes = [shell * draw(st.floats(0.05, 0.4))]
    if draw(st.booleans()):
        shell = shell[::-1]
    return shape(shell.tolist(), [h.tolist() for h in holes])


@settings(max_examples=60, deadline=None)
@given(st.lists(parcels_with_holes(), min_size=1, max_size=4))
def test_what_is_written_is_read_back_to_a_millimetre(tmp_path_factory, shapes):
    folder = Path(tmp_path_factory.mktemp("txt"))
    path = write(frame(*shapes), folder)
    ledger = Ledger()
    layer = read_txt(path, ledger=ledger)
    assert len(ledger) == 0
    assert layer.frame["地块编号"].tolist() == [f"DK-{k:03d}" for k in range(1, len(shapes) + 1)]
    for before, after in zip(shapes, layer.frame.geometry, strict=True):
        assert len(after.interiors) == len(before.interiors)
        assert shapely.hausdorff_distance(before.boundary, after.boundary) <= 0.001
        assert after.area == pytest.approx(before.area, abs=0.001 * before.length)

"""The print sheet: measured on the paper, and read back from the PDF."""

import shutil
import subprocess

import geopandas as gpd
import matplotlib as mpl
import numpy as np
import pyproj
import pytest
import shapely
from PIL import Image
from pypdf import PdfReader

import maps
from maps import fonts as fonts_module
from maps.fonts import Fonts
from maps.layout import drawing_crs, gauss_kruger
from maps.outlines import compound

THEME = maps.Theme("亩均税收", "number", "v", unit="万元/亩", breaks=[1, 3])


def frame(**more):
    squares = [shapely.box(5e5 + 400 * i, 4e6, 5e5 + 400 * i + 300, 4e6 + 300) for i in range(4)]
    return gpd.GeoDataFrame(
        {"v": [0.5, 1.0, 3.0, np.nan], "mu": [1.0, 2.0, 4.0, 8.0], **more}, geometry=squares, crs=4548
    )


@pytest.mark.parametrize(("size", "way", "mm"), [("A3", "landscape", (420, 297)), ("A4", "portrait", (210, 297))])
def test_the_page_has_its_size(tmp_path, size, way, mm):
    made = maps.sheet(frame(), theme=THEME, title="图", size=size, orientation=way)
    box = PdfReader(made.save(tmp_path / "a.pdf")).pages[0].mediabox
    assert [float(box.width) * 25.4 / 72, float(box.height) * 25.4 / 72] == pytest.approx(mm, abs=0.02)


def test_a_metre_has_its_length_on_the_paper():
    made = maps.sheet(frame(), theme=THEME, title="图", scale=10000)
    axes = next(a for a in made.figure.axes if a.get_label() == "map")
    (x0, y0), (x1, y1) = axes.transData.transform([(5e5, 4e6), (501000, 4001000)]) / made.figure.dpi * 25.4
    assert (x1 - x0, y1 - y0) == pytest.approx((100, 100), abs=1e-6)  # 1 km at 1:10000
    paper = next(a for a in made.figure.axes if a.get_label() == "paper")
    at = [line.get_xdata()[0] for line in paper.lines if line.get_gid() == "grid-x"]
    assert np.diff(at) == pytest.approx([50] * (len(at) - 1))  # lines every 500 m


def test_the_legend_is_that_of_classify():
    data = frame()
    made = maps.sheet(data, theme=THEME, title="图", area="mu")
    assert made.classified.legend == maps.classify(data, THEME, area="mu").legend
    assert [(r.count, r.area) for r in made.classified.legend] == [(1, 1.0), (1, 2.0), (1, 4.0)]
    assert (made.classified.no_data.count, made.classified.no_data.area) == (1, 8.0)


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs pdftotext of poppler")
def test_text_can_be_found_and_is_never_markup(tmp_path):
    made = maps.sheet(frame(), theme=THEME, title="$x^2$ <b>堃喆</b>", notes=["私用区 \ue000"])
    made.save(tmp_path / "a.pdf")
    done = subprocess.run(
        ["pdftotext", "-layout", tmp_path / "a.pdf", "-"], capture_output=True, check=True, timeout=60
    )
    said = done.stdout.decode("utf-8")
    for words in ("$x^2$", "<b>堃喆</b>", "图例", "审图号", "坐标北", "〓", "U+E000"):
        assert words in said


def test_no_chinese_font_is_an_error_only_for_chinese(monkeypatch):
    monkeypatch.setattr(fonts_module, "_installed", list)
    fonts = Fonts(chinese=[])
    assert fonts.clean("tax per mu") == "tax per mu"
    with pytest.raises(maps.MapError, match="fonts-noto-cjk"):
        fonts.clean("亩均")


def test_degrees_go_to_the_zone_of_the_centre():
    made = maps.sheet(frame().to_crs(4490), theme=THEME, title="图")
    assert made.crs.to_epsg() == 4548
    assert [gauss_kruger(lon).to_epsg() for lon in (75, 117, 135)] == [4534, 4548, 4554]
    web = maps.sheet(frame().to_crs(3857), theme=THEME, title="图")
    assert web.crs.to_epsg() == 4548


@pytest.mark.parametrize(
    ("lon", "lat", "code"), [(-71.1, 42.37, 32619), (151.2, -33.9, 32756), (179.9, 1, 32660), (-179.9, 1, 32601)]
)
def test_degrees_outside_china_go_to_the_utm_zone_of_the_centre(lon, lat, code):
    # UTM zones are 6 degrees wide, zone 1 begins at 180 W: -71.1 lies in zone 19 (-72 to -66), 151.2 in 56.
    there = gpd.GeoDataFrame({"a": [1.0]}, geometry=[shapely.box(lon, lat, lon + 0.001, lat + 0.001)], crs=4326)
    assert drawing_crs(there).to_epsg() == code


def test_metres_are_metres_however_they_are_spelled():
    wkt = pyproj.CRS(4548).to_wkt("WKT1_ESRI")
    there = gpd.GeoDataFrame({"a": [1.0]}, geometry=[shapely.box(500000, 4e6, 500100, 4000100)], crs=wkt)
    assert drawing_crs(there) == there.crs


def test_holes_stay_open_and_overlaps_are_filled():
    ring = shapely.box(0, 0, 9, 9).difference(shapely.box(3, 3, 6, 6))
    path = compound(np.array([ring, shapely.box(8, 0, 12, 9)], dtype=object))
    assert path.codes.tolist().count(mpl.path.Path.MOVETO) == 3
    x, y = path.vertices.T
    rings = np.split(np.arange(len(x)), np.flatnonzero(path.codes == mpl.path.Path.MOVETO)[1:])
    areas = [float(np.sum(x[r][:-1] * y[r][1:] - x[r][1:] * y[r][:-1]) / 2) for r in rings]
    assert areas[0] * areas[1] < 0 < areas[0] * areas[2]
    assert np.abs(areas) == pytest.approx([81, 9, 36])


def test_the_same_sheet_gives_the_same_bytes_and_leaves_no_state(tmp_path):
    before = dict(mpl.rcParams)
    files = [maps.sheet(frame(), theme=THEME, title="图").save(tmp_path / n) for n in ("a.pdf", "b.pdf")]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert dict(mpl.rcParams) == before


def test_what_cannot_be_drawn_says_so():
    with pytest.raises(maps.MapError) as caught:
        maps.sheet(frame(), theme=THEME, title="图", scale=500)
    assert caught.value.code == "map-sheet-scale"
    with pytest.raises(maps.MapError) as caught:
        maps.sheet(frame().iloc[:0], theme=THEME, title="图")
    assert caught.value.code == "map-sheet-empty"


def test_an_atlas_has_all_pages(tmp_path):
    made = [maps.sheet(frame(), theme=THEME, title=f"图{i}") for i in range(2)]
    read = PdfReader(maps.atlas(made, tmp_path / "a.pdf", title="图集"))
    assert len(read.pages) == 2
    assert read.metadata.title == "图集"


# Furniture


def texts(made, name="paper"):
    return [t.get_text() for a in made.figure.axes if a.get_label() == name for t in a.texts]


def test_a_part_has_a_small_map_of_the_whole_and_the_whole_has_none():
    part = maps.sheet(frame(), theme=THEME, title="图", subject=[True, False, False, False])
    insets = [a for a in part.figure.axes if a.get_label() == "inset"]
    assert len(insets) == 1
    red = insets[0].artists[-1] if insets[0].artists else insets[0].patches[-1]
    assert red.get_bbox().bounds[2:] == pytest.approx([part.view.bounds[2] - part.view.bounds[0],
                                                       part.view.bounds[3] - part.view.bounds[1]])  # fmt: skip
    assert not [a for a in maps.sheet(frame(), theme=THEME, title="图").figure.axes if a.get_label() == "inset"]


def test_names_stand_inside_their_polygons_and_never_on_each_other():
    zones = gpd.GeoDataFrame(
        {"n": ["东区", "西区", "小", None]},
        geometry=[
            shapely.box(5e5, 4e6, 500700, 4000300),
            shapely.box(500800, 4e6, 501500, 4000300),
            shapely.box(500345, 4000145, 500355, 4000155),  # under the name of the first
            shapely.box(501500, 4e6, 501510, 4000010),
        ],
        crs=4548,
    )
    made = maps.sheet(frame(), theme=THEME, title="图", overlays=[maps.Overlay(zones, "片区", label="n")])
    paper = next(a for a in made.figure.axes if a.get_label() == "paper")
    named = {t.get_text(): t.get_position() for t in paper.texts if t.get_text() in ("东区", "西区", "小")}
    assert named.keys() == {"东区", "西区"}
    for name, row in (("东区", 0), ("西区", 1)):
        west, south, east, north = zones.geometry.iloc[row].bounds
        (x0, y0), (x1, y1) = made.view.paper(west, south), made.view.paper(east, north)
        x, y = named[name]
        assert x0 <= x <= x1
        assert y0 <= y <= y1


def test_a_picture_has_the_size_of_the_paper(tmp_path):
    made = maps.sheet(frame(), theme=THEME, title="图", size="A4")
    with Image.open(made.save(tmp_path / "a.png", dpi=100)) as picture:
        assert picture.size == pytest.approx((297 / 25.4 * 100, 210 / 25.4 * 100), abs=1)
        assert len(picture.convert("RGB").resize((60, 40)).getcolors(2400)) > 20


def test_the_graticule_says_where_the_sheet_lies():
    """The frame has ticks of longitude and latitude; the square lies at 117 E and 36.1 N."""
    ground = gpd.GeoDataFrame({"v": [1.0]}, geometry=[shapely.box(117.0, 36.1, 117.05, 36.14)], crs=4490)
    made = maps.sheet(ground, theme=THEME, title="图")
    said = [t for t in texts(made) if "°" in t]
    assert any(t.startswith("117°") for t in said), said
    assert any(t.startswith("36°") for t in said), said


def test_idle_land_is_hatched():
    idle = maps.Theme("闲置", "class", column="idle", classes=[True, False], hatched=[True])
    made = maps.sheet(frame(idle=[True, False, False, True]), theme=idle, title="图")
    canvas = next(a for a in made.figure.axes if a.get_label() == "map")
    hatched = [p for p in [*canvas.artists, *canvas.patches] if p.get_hatch()]
    assert len(hatched) == 1
    assert len(hatched[0].get_path().to_polygons()) == 2

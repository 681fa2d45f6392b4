"""Lines and points become areas that both the page and the sheet can draw."""

import geopandas as gpd
import matplotlib.colors
import numpy as np
import pytest
import shapely

import maps
from maps.strips import as_areas
from tests.maps.test_interactive import TAX, make_frame, make_page, page_data, settle

ROAD = shapely.LineString([(500000, 4006110), (501200, 4006110)])
PIPES = shapely.MultiLineString([[(500110, 4005990), (500110, 4006700)], [(500230, 4005990), (500230, 4006700)]])
WELL = shapely.Point(500590, 4006110)


def layer(*shapes, crs=4548):
    return gpd.GeoDataFrame({"name": [f"{i}" for i in range(len(shapes))]}, geometry=list(shapes), crs=4548).to_crs(crs)


@pytest.mark.parametrize("crs", [4548, 4490, 3857])
def test_a_strip_is_two_metres_wide_on_the_ground(crs):
    areas = as_areas(layer(ROAD, PIPES, crs=crs), name="路").to_crs(4548).area
    # UTM and Gauss-Kruger differ in scale by 4e-4 along the central meridian
    assert areas.tolist() == pytest.approx([1200 * 2, 2 * 710 * 2], rel=1e-3)


def test_polygons_stay_the_same_objects_and_missing_stays_missing():
    box = shapely.box(5e5, 4e6, 500100, 4000100)
    frame = layer(box, ROAD, None, shapely.LineString())
    found = as_areas(frame, name="路")
    assert found.iloc[0] is frame.geometry.iloc[0]
    assert found.iloc[2] is None
    assert found.iloc[3].is_empty
    assert list(found.index) == list(frame.index)


def test_a_point_is_a_disc():
    assert as_areas(layer(WELL), name="井").area.iloc[0] == pytest.approx(np.pi, rel=0.01)


def test_lines_without_a_crs_are_refused():
    with pytest.raises(maps.MapError, match="路"):
        as_areas(gpd.GeoDataFrame(geometry=[ROAD]), name="路")


@pytest.mark.browser
def test_the_page_draws_a_road(visit):
    page = make_page(make_frame(), overlays=[maps.Overlay(layer(ROAD, PIPES), "道路", colour="#ff00ff")], table=None)
    assert not [note for note in page_data(page)["notes"] if "道路" in note]
    tab = visit(page)
    settle(tab)
    # The magenta of the road on some canvas of the map.
    seen = tab.evaluate(
        """() => [...document.querySelectorAll('#map canvas')].some(c => {
            const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
            for (let i = 0; i < d.length; i += 4)
                if (d[i] > 200 && d[i + 1] < 90 && d[i + 2] > 200 && d[i + 3] > 100) return true;
            return false; })"""
    )
    assert seen


def test_the_sheet_draws_a_road_and_names_it():
    made = maps.sheet(
        make_frame(), theme=TAX, title="图", overlays=[maps.Overlay(layer(ROAD), "道路", colour="#ff00ff")]
    )
    canvas = next(a for a in made.figure.axes if a.get_label() == "map")
    edges = [matplotlib.colors.to_hex(p.get_edgecolor()) for p in canvas.artists + canvas.patches]
    assert "#ff00ff" in edges
    paper = next(a for a in made.figure.axes if a.get_label() == "paper")
    assert "道路" in [t.get_text() for t in paper.texts]

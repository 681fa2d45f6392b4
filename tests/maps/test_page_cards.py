"""Cards of overlays in a real browser: below the card of the row under them, or a card of their own."""

import geopandas as gpd
import pytest
import shapely

from maps import CardField, MapError, Overlay
from tests.maps.test_interactive import HOSTILE, make_frame, make_page, page_data, place, until


def sites(frame, **columns):
    """Two sites: parcels 11 and 12 of the grid, and a place where no parcel lies."""
    pair = frame.geometry.iloc[[11, 12]].union_all()
    given = {"site": ["S1", HOSTILE[0]], "gain": [1234.5, None], "kind": ["a", "b"], "why": ["甲\n乙", HOSTILE[0]]}
    return gpd.GeoDataFrame(given | columns, geometry=[pair, shapely.box(499900, 4005700, 500100, 4005800)], crs=4548)


CARD = [
    CardField("gain", "增量", "万元", 1),
    CardField("kind", "种类", words={"a": "甲种"}),
    CardField("why", "理由", prose=True),
]


def page(frame, **changes):
    layer = Overlay(sites(frame), "地块", label="site", fill=True, card=CARD, **changes)
    return make_page(frame, overlays=[layer], table=None, group=None, charts=())


def rows(tab):
    return [cell.text_content() for cell in tab.locator("#card td").all()]


@pytest.mark.browser
def test_a_click_shows_the_card_of_the_row_and_of_the_site_over_it(visit):
    frame = make_frame()
    tab = visit(page(frame))
    tab.mouse.click(*place(tab, frame, 11))
    until(tab, "() => document.querySelector('#card h4.feature')")
    assert tab.locator("#card h3").text_content() == frame["name"][11]
    assert tab.locator("#card h4.feature").text_content() == "地块 S1"
    assert rows(tab)[-4:] == ["增量", "1,234.5 万元", "种类", "甲种"]
    assert tab.locator("#card .prose").last.locator("p").all_text_contents() == ["甲", "乙"]
    tab.mouse.click(*place(tab, frame, 13))
    until(tab, "name => document.querySelector('#card h3').textContent === name", arg=frame["name"][13])
    assert tab.locator("#card h4.feature").count() == 0


@pytest.mark.browser
def test_a_site_without_a_row_has_a_card_of_its_own_and_it_closes(visit):
    tab = visit(page(make_frame()))
    tab.evaluate("Maps.app.openFeature(0, Maps.app.data.overlays[0].labels.findIndex(text => text !== 'S1'))")
    until(tab, "() => !document.getElementById('card').hidden")
    assert tab.locator("#card h3").text_content() == f"地块 {HOSTILE[0]}"
    assert rows(tab) == ["增量", "—", "种类", "b"]
    tab.locator("#card button").click()
    assert tab.locator("#card").is_hidden()


@pytest.mark.browser
def test_a_layer_that_is_off_says_nothing(visit):
    frame = make_frame()
    tab = visit(page(frame, shown=False))
    tab.mouse.click(*place(tab, frame, 11))
    until(tab, "() => !document.getElementById('card').hidden")
    assert tab.locator("#card h4.feature").count() == 0


def test_only_the_columns_of_the_card_are_in_the_page():
    frame = make_frame()
    layer = Overlay(sites(frame, secret=["内部甲", "内部乙"]), "地块", card=CARD)
    made = make_page(frame, overlays=[layer], table=None, group=None, charts=())
    (head,) = page_data(made)["overlays"]
    assert [line["label"] for line in head["card"]] == ["增量", "种类", "理由"]
    assert len(head["columns"]) == 3
    assert "card" not in page_data(make_page(frame))["overlays"][0]


def test_a_column_that_is_not_there_is_refused():
    frame = make_frame()
    layer = Overlay(sites(frame), "地块", card=[CardField("nothing")])
    with pytest.raises(MapError):
        make_page(frame, overlays=[layer], table=None, group=None, charts=())

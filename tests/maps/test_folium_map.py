"""The folium map: no request, no value that runs, colours of the theme."""

import sys

import geopandas as gpd
import pandas as pd
import pytest

from maps import CardField, MapError, Theme, folium_map
from tests.maps.test_interactive import HOSTILE, TAX, make_frame

pytest.importorskip("folium", reason="folium is optional: pip install mudian[notebook]")


def test_no_address_is_left_in_the_page():
    text = folium_map(make_frame(), TAX, label="name").get_root().render()
    head = text.split("</head>")[0]
    assert "cdn" not in head
    assert 'src="http' not in text
    assert 'href="http' not in text


def test_colours_stand_in_the_features_and_nulls_are_words():
    frame = make_frame()
    before = frame.copy(deep=True)
    result = folium_map(frame, TAX, label="name", card=[CardField("tax", "税收", "万元", 1)])
    features = next(child for child in result._children.values() if hasattr(child, "data")).data["features"]
    assert len(features) == 58
    colours = {feature["properties"]["style"]["fillColor"] for feature in features}
    assert len(colours) == 5  # zero, 1 – 3, 3 – 6, from 6 on, no data; no parcel lies below 1
    assert features[6]["properties"]["v1"] == "—"
    assert features[33]["properties"]["v1"] == f"{frame.tax[33]:,.1f} 万元"
    pd.testing.assert_frame_equal(pd.DataFrame(frame), pd.DataFrame(before))


def test_what_cannot_be_drawn_is_refused(monkeypatch):
    frame = make_frame()
    large = gpd.GeoDataFrame(pd.concat([frame] * 334, ignore_index=True), crs=frame.crs)
    with pytest.raises(MapError, match="interactive") as caught:
        folium_map(large, TAX, label="name")
    assert caught.value.code == "map-folium-large"
    with pytest.raises(MapError) as caught:
        folium_map(frame.set_crs(None, allow_override=True), TAX, label="name")
    assert caught.value.code == "map-crs-missing"
    monkeypatch.setitem(sys.modules, "folium", None)
    with pytest.raises(MapError, match="notebook"):
        folium_map(frame, TAX, label="name")


@pytest.mark.browser
def test_hostile_names_are_inert(visit):
    frame = make_frame()
    texts = [*HOSTILE, "{{ 7*7 }}{% raw %}"]
    for i, text in enumerate(texts):
        frame.loc[i, "name"] = text
        frame.loc[i, "owner"] = text
    theme = Theme(
        HOSTILE[0],
        "class",
        column="owner",
        classes=sorted(frame.owner.unique()),
        unit=HOSTILE[1],
        colours=["#336699"] * frame.owner.nunique(),
    )
    result = folium_map(frame, theme, label="name", card=[CardField("owner", HOSTILE[2], HOSTILE[0])], name=HOSTILE[1])
    tab = visit(None, html=result.get_root().render())
    tab.wait_for_selector(".leaflet-interactive, canvas")
    name = result.get_name()
    for i, text in enumerate(texts):
        tab.evaluate(
            """([name, i]) => window[name].eachLayer(group => {
            if (!group.getLayers || !group.getPopup || !group.getPopup()) return;
            const part = group.getLayers()[i], at = {latlng: part.getBounds().getCenter()};
            for (const kind of ['mouseover', 'click']) part.fire(kind, at, true); })""",
            [name, i],
        )
        shown = tab.locator(".leaflet-popup-content").first.text_content()
        assert text in shown
    assert HOSTILE[4] in tab.locator(".map-legend").text_content()
    assert "{{ 7*7 }}" in tab.locator(".map-legend").text_content()
    assert tab.locator(".leaflet-container img, .map-legend img").count() == 0

"""Groups: which ones there are, their names, and their places in table and figures."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from maps import MapError, Overlay
from maps.groups import NO_GROUP, store_groups
from maps.pack import Store
from tests.maps.test_filters import read_back

WORDS = {"yes": "是", "no": "否"}


def zones():
    boxes = [shapely.box(k, 36, k + 0.1, 36.1) for k in (117, 118, 119)]
    return gpd.GeoDataFrame({"id": ["E", "W", "空"], "name": ["东区", None, "空区"]}, geometry=boxes, crs=4490)


def codes_of(store, head):
    return read_back(store, head["codes"] | {"scale": 1}).astype(int).tolist()


def test_groups_come_from_table_overlay_and_rows():
    rows = pd.Series(["W", None, "E", "别处", "W"], name="zone_id")
    table = pd.DataFrame({"v": [1.0, 2.0]}, index=pd.Index(["W", "E"], name="id"))
    store = Store()
    overlays = [Overlay(zones()[["geometry"]], "红线"), Overlay(zones(), "开发区", label="name", key="id")]
    head = store_groups(store, rows, overlays, table, None, WORDS)
    assert head["keys"] == ["W", "E", "空", "别处"]
    assert head["names"] == ["W", "东区", "空区", "别处"]
    assert codes_of(store, head) == [0, NO_GROUP, 1, 3, 0]
    assert head["tableRows"] == [0, 1, -1, -1]
    assert (head["overlay"], head["figures"]) == (1, None)


def test_without_overlay_and_table_the_rows_alone_make_the_groups():
    store = Store()
    head = store_groups(store, pd.Series([3, 1, 3], name="z"), [], None, None, WORDS)
    assert (head["keys"], head["names"], head["overlay"]) == (["1", "3"], ["1", "3"], None)
    assert codes_of(store, head) == [1, 0, 1]


def test_a_table_is_linked_by_the_name_of_the_group_column():
    rows = pd.Series(["a", "b"], name="z")
    head = store_groups(Store(), rows, [], pd.DataFrame({"z": ["b", "a"], "v": [1, 2]}), None, WORDS)
    assert (head["keys"], head["tableRows"]) == (["b", "a"], [0, 1])
    assert store_groups(Store(), rows, [], pd.DataFrame({"v": [1]}), None, WORDS)["tableRows"] == [-1, -1]


def test_figures_are_found_by_their_index_and_missing_stays_missing():
    figures = pd.DataFrame({"面积": [1.5, np.nan], "是否": [True, False]}, index=["b", "x"])
    head = store_groups(Store(), pd.Series(["a", "b"], name="z"), [], None, figures, WORDS)["figures"]
    assert head["rows"] == [-1, 0]
    assert [column["cells"] for column in head["columns"]] == [[1.5, None], ["是", "否"]]


def test_other_codes_in_the_rows_and_names_on_the_map_are_refused():
    with pytest.raises(MapError) as caught:
        store_groups(
            Store(), pd.Series(["01", "02"], name="z"), [Overlay(zones(), "开发区", key="id")], None, None, WORDS
        )
    assert caught.value.code == "map-group-key"
    assert "'01', '02'" in str(caught.value)
    assert "'E', 'W', '空'" in str(caught.value)
    head = store_groups(Store(), pd.Series([None], name="z"), [Overlay(zones(), "开发区", key="id")], None, None, WORDS)
    assert head["keys"] == ["E", "W", "空"]


def test_more_groups_than_a_page_can_tell_apart_are_refused():
    with pytest.raises(MapError) as caught:
        store_groups(Store(), pd.Series(np.arange(NO_GROUP), name="code"), [], None, None, WORDS)
    assert caught.value.code == "map-group-many"
    assert "code" in str(caught.value)

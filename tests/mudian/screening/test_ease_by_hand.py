"""Ease: every item worked by hand, weights, and what missing data do."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from screenrun import land, links, run, square

from mudian.screening import screen
from mudian.screening.ease import ITEMS, owner_counts, rate, score_items, shape_index
from mudian.settings import ScreeningSettings

PLAIN = ScreeningSettings()
KNOWN = {
    "owners": 2.0, "tenants": 3.0, "building_coefficient": 0.4, "plot_ratio": 1.0, "mortgaged": True, "seized": False,
    "shape_index": 1.25, "frontage_m": 30.0, "plane_m2": 3600.0, "area_mu": 12.0,
}  # fmt: skip
# 1/2; 1/(1+3); 1−0.4; 1/(1+1); mortgaged 0; not seized 1; 1/1.25; 30 of a side of 60; 12 of 30 mu.
SCORES = {
    "owners": 0.5, "tenants": 0.25, "buildings": 0.6, "floors": 0.5, "mortgaged": 0.0, "seized": 1.0, "shape": 0.8,
    "access": 0.5, "area": 0.4,
}  # fmt: skip


FLAGS = {"mortgaged", "seized"}


def items(*rows):
    table = pd.DataFrame([KNOWN | row for row in rows])
    return table.astype({"mortgaged": "boolean", "seized": "boolean"} | dict.fromkeys(set(KNOWN) - FLAGS, "float64"))


@pytest.mark.parametrize("name", ITEMS)
def test_score_of_every_item(name):
    assert score_items(items({}), PLAIN)[name].item() == pytest.approx(SCORES[name])


@pytest.mark.parametrize(
    ("change", "name", "score"),
    [
        ({"owners": 1.0}, "owners", 1.0),
        ({"tenants": 0.0}, "tenants", 1.0),
        ({"building_coefficient": 1.3}, "buildings", 0.0),  # overlapping outlines; never below 0
        ({"plot_ratio": 0.0}, "floors", 1.0),
        ({"mortgaged": False}, "mortgaged", 1.0),
        ({"seized": True}, "seized", 0.0),
        ({"mortgaged": None}, "mortgaged", None),
        ({"frontage_m": 500.0}, "access", 1.0),  # never above 1
        ({"frontage_m": 0.0}, "access", 0.0),
        ({"frontage_m": np.nan}, "access", None),
        ({"area_mu": 45.0}, "area", 1.0),
        ({"owners": np.nan}, "owners", None),
    ],
)
def test_ends_of_the_scores_and_missing_items(change, name, score):
    found = score_items(items(change), PLAIN)[name].item()
    assert np.isnan(found) if score is None else found == pytest.approx(score)


def test_ease_is_the_mean_of_the_scores():
    """0.5 + 0.25 + 0.6 + 0.5 + 0 + 1 + 0.8 + 0.5 + 0.4 = 4.55 over nine items."""
    found = rate(items({}), PLAIN)
    assert found.frame["ease"].item() == pytest.approx(4.55 / 9)
    assert found.weights == pytest.approx(dict.fromkeys(ITEMS, 1 / 9))
    assert found.left_out == ()


def test_weights_of_the_user():
    """Owners 3 and buildings 1: (3·0.5 + 1·0.6) / 4 = 0.525; nothing else counts."""
    found = rate(items({}), ScreeningSettings(weights={"owners": 3, "buildings": 1}))
    assert found.frame["ease"].item() == pytest.approx(0.525)
    assert found.weights == pytest.approx({"owners": 0.75, "buildings": 0.25})


def test_a_missing_item_is_neither_easy_nor_hard_but_an_interval():
    """Owners and tenants of equal weight. Known: 0.5 and 0.25. Second row without tenants: 0.5; 0.25 to 0.75."""
    settings = ScreeningSettings(weights={"owners": 1, "tenants": 1})
    found = rate(items({}, {"tenants": np.nan}), settings).frame
    assert found["ease"].tolist() == pytest.approx([0.375, 0.5])
    assert found["ease_low"].tolist() == pytest.approx([0.375, 0.25])
    assert found["ease_high"].tolist() == pytest.approx([0.375, 0.75])
    assert found["ease_missing"].tolist() == ["", "tenants"]


def test_an_item_that_nobody_has_is_left_out_and_named():
    found = rate(items({"mortgaged": None}, {"mortgaged": None}), PLAIN)
    assert found.left_out == ("mortgaged",)
    assert found.frame["ease_low"].tolist() == found.frame["ease_high"].tolist()
    assert found.frame["ease"].tolist() == pytest.approx([4.55 / 8] * 2)


def test_nothing_known_at_all_gives_no_ease():
    settings = ScreeningSettings(weights={"mortgaged": 1})
    found = rate(items({"mortgaged": None}), settings).frame
    assert found[["ease", "ease_low", "ease_high"]].isna().all(axis=None)


@given(st.lists(st.dictionaries(st.sampled_from(sorted(KNOWN)), st.none(), max_size=9), min_size=1, max_size=6))
def test_ease_lies_in_its_interval_whatever_is_missing(gaps):
    table = items(*gaps)
    found = rate(table, PLAIN).frame.dropna(subset="ease")
    assert (found["ease_low"] <= found["ease"] + 1e-12).all()
    assert (found["ease"] <= found["ease_high"] + 1e-12).all()
    assert found["ease_low"].ge(-1e-12).all()
    assert found["ease_high"].le(1 + 1e-12).all()


@pytest.mark.parametrize(
    ("owner", "count"),
    [
        ("甲公司", 1), ("甲公司、乙公司", 2), ("甲公司，乙公司；丙公司", 3), ("甲公司、甲公司", 1), ("甲公司、", 1),
        ("甲,乙", 2), ("ABC Co., Ltd.", 1), ("ABC Co.,Ltd", 1), ("ABC Co., Ltd., XYZ Inc.", 2), ("", None),
        ("、", None), (None, None),
    ],
)  # fmt: skip
def test_owners_are_counted_once_each(owner, count):
    found = owner_counts(pd.Series([owner], dtype="str")).item()
    assert np.isnan(found) if count is None else found == count


def test_shape_index_of_a_strip():
    """A rectangle of 10 by 40: 100 / (2·√(400π)) = 1.4105; the circle has 1."""
    assert shape_index(np.array([shapely.box(0, 0, 10, 40)])).item() == pytest.approx(1.4105, abs=1e-4)
    assert shape_index(np.array([shapely.Point(0, 0).buffer(10, quad_segs=200)])).item() == pytest.approx(1.0, abs=1e-4)


def test_frontage_owners_and_tenants_of_a_run():
    """A road along the southern side of P1 alone: its whole side counts, but for a metre or two round the corners.

    P1 has two owners and two tenants; P2 is idle and nobody is linked to it: no tenant; of P3 nobody knows.
    """
    side = square(0).bounds[2]
    road = gpd.GeoDataFrame(geometry=[shapely.box(0, -20, side, 0)], crs="EPSG:4527")
    parcels = land(
        owner=["甲、乙", "丙", "丁"], inefficient=[True] * 3, idle_status=["not_idle", "idle_1y", "not_idle"],
        geometry=[square(0), square(1), square(2)],
    )  # fmt: skip
    held = links(("P1", "E1", "lease"), ("P1", "E2", "lease"), ("P1", "E3"))
    evaluation = run(parcels, held=held, layers={"路": road}, kinds={"路": "frontage"})
    found = screen(evaluation, settings=ScreeningSettings(scenarios=("zone_mean",))).parcels.set_index("parcel_id")
    assert found["frontage_m"].round(6).tolist() == pytest.approx(
        found.index.map({"P1": side, "P2": 0.0, "P3": 0.0}).tolist(), abs=2.01
    )
    assert found.loc[["P1", "P2", "P3"], "owners"].tolist() == [2, 1, 1]
    assert found.loc["P1", "tenants"] == 2
    assert found.loc["P2", "tenants"] == 0
    assert np.isnan(found.loc["P3", "tenants"])

"""The named measures of remaining land, worked out on squares."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import box

from mudian.packs.policy import Policy, policies
from mudian.rules.left_measures import left_measures

X, Y = 39_500_000.0, 4_000_000.0


def square(x: float, y: float, w: float, h: float):
    return box(X + x, Y + y, X + x + w, Y + y + h)


@pytest.fixture(scope="module")
def policy() -> Policy:
    return policies(["national"], as_of=dt.date(2025, 12, 31))


ZONES = gpd.GeoDataFrame({"zone_id": ["Z"]}, geometry=[square(0, 0, 300, 100)], crs=4527)
PARCELS = gpd.GeoDataFrame(
    {
        "parcel_id": ["a", "b"],
        "zone_id": ["Z", "Z"],
        "supply_status": ["supplied", "approved_unsupplied"],
        "area_mu": [15.0, 7.5],
        "actual_completion": [pd.NaT, pd.NaT],
    },
    geometry=[square(0, 0, 100, 100), square(100, 0, 50, 100)],
    crs=4527,
)
LEFT = np.array([square(100, 0, 200, 50)], dtype=object)  # after supplied land and a constraint on the upper half


def table(policy: Policy, **more: object) -> pd.DataFrame:
    return left_measures(ZONES, PARCELS, left=LEFT, policy=policy, **more).set_index("measure")


def test_without_a_plan_the_figure_has_a_name_of_its_own(policy: Policy) -> None:
    made = table(policy)
    assert made.loc["R4_without_plan", "area_mu"] == pytest.approx(15.0, rel=1e-7)
    assert made.loc["R4_without_plan", "area_ha"] == pytest.approx(1.0, rel=1e-7)
    for name in ("R3", "R4"):
        assert np.isnan(made.loc[name, "area_mu"])
        assert made.loc[name, "missing"] == "layer:planned"
    assert made.loc["R1", "missing"] == "td_construction;td_supply"
    assert np.isnan(made.loc["R5", "area_mu"])
    assert made.loc["R5", "missing"] == "definition"


def test_planned_land_is_filtered_before_it_is_united(policy: Policy) -> None:
    planned = gpd.GeoDataFrame(
        {"planned_code": ["1001", "01", None]},
        geometry=[square(0, 0, 250, 100), square(250, 0, 50, 100), square(250, 0, 50, 50)],
        crs=4527,
    )
    evidence = gpd.GeoDataFrame(geometry=[square(200, 0, 25, 100)], crs=4527)
    made = table(policy, planned=planned, evidence=evidence)
    # 250 x 100 planned, less 100 x 100 supplied, less 25 x 100 of evidence.
    assert made.loc["R3", "area_mu"] == pytest.approx(12_500 * 3 / 2000, rel=1e-7)
    # What is left of the zone (100..300 x 0..50) inside planned land (0..250).
    assert made.loc["R4", "area_mu"] == pytest.approx(7_500 * 3 / 2000, rel=1e-7)
    assert "R4_without_plan" not in made.index


def test_codes_give_r1_and_r2(policy: Policy) -> None:
    codes = gpd.GeoDataFrame(
        {
            "zone_id": ["Z"] * 3,
            "supply_status": ["supplied"] * 3,
            "area_mu": [15.0] * 3,
            "area_m2": [10_000.0] * 3,
            "td_construction": ["A2", "B21", "C1"],
            "td_supply": ["D21", "E21", "F"],
        },
        geometry=[square(100 * i, 0, 100, 100) for i in range(3)],
        crs=4527,
    )
    made = left_measures(ZONES, codes, left=LEFT, policy=policy).set_index("measure")
    # The zone has 30 000 m²: R1 = zone - C - A - B21 = 0; R2 = zone - D - F = 10 000 m².
    assert made.loc["R1", "area_mu"] == pytest.approx(0.0, abs=1e-3)
    assert made.loc["R2", "area_mu"] == pytest.approx(15.0, rel=1e-6)


def test_land_beside_what_remains_is_told_apart(policy: Policy) -> None:
    made = table(policy)
    assert made.loc["approved_unsupplied", "area_mu"] == 7.5
    assert made.loc["supplied_not_built", "area_mu"] == 15.0

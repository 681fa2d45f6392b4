"""Numbers of parcels with a verdict in the table of zones: nothing decided is no zero."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
from shapely import box

from mudian.briefing.counts import states
from mudian.targets import zone_figures


def figures(idle, inefficient, standard):
    """Two zones: three parcels of 10 mu in A, none in B."""
    parcels = gpd.GeoDataFrame(
        {"zone_id": ["A"] * 3, "area_mu": [10.0] * 3, "area_m2": [6667.0] * 3}, geometry=[box(0, 0, 1, 1)] * 3
    )
    zones = gpd.GeoDataFrame({"zone_id": ["A", "B"], "supplied_mu": [30.0, 0.0]}, geometry=[box(0, 0, 1, 1)] * 2)
    verdicts = pd.DataFrame(
        {"idle_status": idle, "inefficient": pd.array(inefficient, dtype="boolean"),
         "standard_land_eligible": pd.array(standard, dtype="boolean")}
    )  # fmt: skip
    return zone_figures(zones, parcels, verdicts).set_index("zone_id")


def test_where_nothing_was_decided_the_number_is_unknown():
    found = figures(["unknown"] * 3, [None] * 3, [None] * 3)
    columns = [f"{a}_{b}" for a in ("idle", "inefficient", "standard_land") for b in ("count", "mu")]
    assert found.loc["A", [*columns, "idle_rate_pct"]].isna().all()
    assert found.loc["B", columns].eq(0).all()  # no parcels, and so none with a verdict


def test_what_was_decided_is_counted():
    found = figures(["unknown", "idle_1y", "not_idle"], [False, None, None], [None, None, True]).loc["A"]
    assert found[["idle_count", "inefficient_count", "standard_land_count"]].tolist() == [1, 0, 1]
    assert found[["idle_mu", "inefficient_mu", "standard_land_mu"]].tolist() == [10, 0, 10]
    assert round(found["idle_rate_pct"], 2) == 33.33  # 10 of 30 mu


def test_no_parcel_is_said_to_be_clear_of_the_limits_where_nothing_was_judged():
    bare = pd.DataFrame({"idle_status": ["unknown"] * 2, "inefficient": pd.array([None] * 2, dtype="boolean"),
                         "borderline": [False] * 2, "area_mu": [1.0, 2.0]})  # fmt: skip
    assert states(bare, "borderline").tolist() == ["open", "open"]
    assert states(bare.assign(idle_status=["not_idle", "unknown"]), "borderline").tolist() == ["no", "no"]

"""A run made by hand: two zones of very different size, six parcels, five enterprises.

North (省级, 1200 mu) has parcels of 600, 300 and 100 mu; South (国家级, 30 mu) has 10, 5 and 5 mu.

==  =====  ========  =====================  ========  =======  =======  ========  ============
id  mu     industry  supply                 tax       invest   revenue  floor     done
==  =====  ========  =====================  ========  =======  =======  ========  ============
P1  600    yes       supplied               1200      60 000   90 000   600 mu    2020
P2  300    yes       supplied               unknown   unknown  unknown  150 mu    not
P3  100    public    approved, unsupplied   unknown   unknown  unknown  unknown   not
P4  10     yes       supplied               500       2 000    4 000    30 mu     2021
P5  5      no        supplied               50        unknown  1 000    5 mu      2022
P6  5      yes       unsupplied             unknown   unknown  unknown  unknown   not
==  =====  ========  =====================  ========  =======  =======  ========  ============
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from mudian.evaluation import Evaluation
from mudian.explain.record import policy_record
from mudian.measure import measure_zones
from mudian.packs.policy import policies
from mudian.targets import judge_zones

MU = 2000 / 3
DAY = dt.date(2025, 12, 31)
CODE = "370902001001GB0000{}"
NAN = np.nan


def boolean(*values: object) -> Any:
    return pd.array([pd.NA if v is None else v for v in values], dtype="boolean")


def parcels() -> gpd.GeoDataFrame:
    mu = [600.0, 300.0, 100.0, 10.0, 5.0, 5.0]
    floor = [600.0, 150.0, NAN, 30.0, 5.0, NAN]
    supply = ["supplied", "supplied", "approved_unsupplied", "supplied", "supplied", "unsupplied"]
    return gpd.GeoDataFrame({
        "parcel_id": [CODE.format(i) for i in range(1, 7)],
        "source_row": [11, 12, 13, 14, 15, 16],
        "zone_id": ["N", "N", "N", "S", "S", "S"],
        "area_mu": mu,
        "area_m2": [m * MU for m in mu],
        "supply_status": supply,
        "industrial": boolean(True, True, False, True, False, True),
        "public_land": boolean(False, False, True, False, False, False),
        "tax_wan": [1200.0, NAN, NAN, 500.0, 50.0, NAN],
        "fixed_investment_wan": [60_000.0, NAN, NAN, 2000.0, NAN, NAN],
        "revenue_wan": [90_000.0, NAN, NAN, 4000.0, 1000.0, NAN],
        "total_investment_wan": [NAN, 30_000.0, NAN, 2500.0, NAN, NAN],
        "floor_area_m2": [f * MU for f in floor],
        "plot_ratio": [f / m for f, m in zip(floor, mu, strict=True)],
        "actual_completion": pd.to_datetime(["2020-01-01", None, None, "2021-01-01", "2022-01-01", None]),
        "idle_status": ["not_idle", "idle_1y", "not_idle", "unknown", "not_idle", "not_idle"],
        "idle_missing": [None, None, None, "agreed_start;idle_cause", None, None],
        "inefficient": boolean(False, False, False, None, True, False),
        "inefficient_missing": [None, None, None, "tax_wan", None, None],
        "standard_land_eligible": boolean(None, None, True, None, None, None),
        "standard_land_eligible_missing": ["", "", "", "", "", "layer:permanent_basic_farmland"],
        "standard_land_conform": boolean(None, False, None, True, None, None),
        "standard_land_conform_missing": ["", "", "", "", "", ""],
        "geometry": [shapely.box(i, 0, i + 1, 1) for i in range(6)],
    }, geometry="geometry", crs="EPSG:4527")  # fmt: skip


def zones(**more: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({
        "zone_id": ["N", "S"],
        "zone_name": ["北区", "南区"],
        "zone_level": ["省级", "国家级"],
        "area_m2": [1200 * MU, 30 * MU],
        "developable_mu": [200.0, 10.0],
        "developable_usable_mu": [180.0, 6.0],
        **more,
        "geometry": [shapely.box(0, 0, 3, 1), shapely.box(3, 0, 6, 1)],
    }, geometry="geometry", crs="EPSG:4527")  # fmt: skip


def enterprises() -> pd.DataFrame:
    return pd.DataFrame({
        "enterprise_id": ["E1", "E2", "E3", "E4", "E5"],
        "industry_code": ["C36", "3610", "C39", "C26", "G59"],
        "grade": ["A", "B", "A", None, "C"],
    })  # fmt: skip


def links() -> pd.DataFrame:
    """E1 has land in both zones; E2 and E3 stand on P1, E4 on P4, E5 (storage) on P5; nobody knows who is on P2."""
    rows = [
        (11, "E1", 200, 30_000.0), (11, "E2", 100, 20_000.0), (11, "E3", 300, 40_000.0),
        (14, "E1", 4, 1000.0), (14, "E4", 6, 3000.0), (15, "E5", 5, 1000.0), (12, None, 300, NAN),
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["parcel_row", "enterprise_id", "mu", "revenue_wan"])
    return frame.assign(area_m2=frame["mu"] * MU, parcel_id="").drop(columns="mu")


def run(
    packs: tuple[str, ...] = ("national", "standard-land-base"),
    *,
    land: gpd.GeoDataFrame | None = None,
    of: gpd.GeoDataFrame | None = None,
    firms: pd.DataFrame | None = None,
    held: pd.DataFrame | None = None,
    base: str = "parcel",
    lang: str = "zh",
    as_of: dt.date = DAY,
    decisions: tuple[dict[str, Any], ...] = (),
    **parameters: Any,
) -> Evaluation:
    land = parcels() if land is None else land
    policy = policies(packs, as_of=as_of, parameters=parameters)
    measured = measure_zones(zones() if of is None else of, land, base=base)
    judged, found = judge_zones(measured, land, policy, land)
    manifest = {
        "project": {"name": "试", "as_of": as_of.isoformat(), "lang": lang},
        "parameters": {"zone_area_base": base},
        "policies": policy_record(policy),
        "decisions": list(decisions),
    }
    nothing = pd.DataFrame()
    return Evaluation(
        land, enterprises() if firms is None else firms, judged, links() if held is None else held, nothing, found,
        nothing, manifest,
    )  # fmt: skip

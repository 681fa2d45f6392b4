"""A run made by hand for the report: two zones, seven parcels, three enterprises; every figure can be added up."""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from mudian.evaluation import Evaluation
from mudian.findings import findings
from parcels.ledger import COLUMNS

sys.path.insert(0, str(Path(__file__).parents[1]))  # so that these tests run alone, too
write_project = import_module("tinyproject").write_project

X, Y = 39_500_000, 4_000_000
NAMES = ("甲公司", "乙公司", "丙公司", "丁公司", "戊公司", "己公司", "庚公司")
WICKED = ("<script>alert(1)</script>", "=1+1", "a\x00b", "甲\x0b乙&\ufffe", "'\"]]>", "{name}%s", "字" * 40_000)


def parcels(names: tuple[str, ...] = NAMES) -> gpd.GeoDataFrame:
    """Z1 has P1 to P4 (10, 20, 30 mu and one of unknown area), Z2 has P5 and P6 (40, 60 mu), P7 (5 mu) is outside."""
    shapes = [shapely.box(X + 100 * i, Y, X + 100 * i + 90, Y + 90) for i in range(7)]
    return gpd.GeoDataFrame(
        {
            "parcel_id": pd.array([f"P{i}" for i in range(1, 8)], dtype="str"),
            "owner": pd.array(list(names), dtype="str"),
            "source_row": range(1, 8),
            "zone_id": pd.array(["Z1", "Z1", "Z1", "Z1", "Z2", "Z2", None], dtype="str"),
            "area_mu": [10.0, 20.0, 30.0, np.nan, 40.0, 60.0, 5.0],
            "tax_wan": [100.0, 20.0, np.nan, np.nan, np.nan, np.nan, 7.0],
            "tax_per_mu": [10.0, 1.0, np.nan, np.nan, np.nan, np.nan, 1.4],
            "fixed_investment_wan": [1000.0, 500.0, np.nan, np.nan, 4000.0, np.nan, np.nan],
            "investment_per_mu": [100.0, 25.0, np.nan, np.nan, 100.0, np.nan, np.nan],
            "idle_status": pd.array(
                ["not_idle", "idle_2y", "idle_stopped", "unknown", "not_idle", "not_due", "idle_1y"], dtype="str"
            ),
            "idle_measure": pd.array(["none", "takeback", "fee", None, "none", "none", None], dtype="str"),
            "idle_fee_wan": np.full(7, np.nan),
            "days_overdue": pd.array([None, 800, None, None, None, None, 400], dtype="Int64"),
            "idle_missing": pd.array(["", "", "", "agreed_start;handover_date", "", "", ""], dtype="str"),
            "inefficient": pd.array([False, False, False, None, False, None, True], dtype="boolean"),
            "inefficient_missing": pd.array(["", "", "", "tax_per_mu", "", "tax_per_mu", ""], dtype="str"),
            "standard_land_eligible": pd.array([None] * 6 + [True], dtype="boolean"),
            "standard_land_eligible_missing": pd.array(["", "", "net_land", "", "", "", ""], dtype="str"),
            "grade": pd.array(["A", "B", None, None, "several", None, None], dtype="str"),
        },
        geometry=shapes,
        crs=4527,
    )


def zones() -> gpd.GeoDataFrame:
    """Z1: 120 wan over 60 mu = 2 wan/mu. Z2 has 100 mu and no tax."""
    shapes = [shapely.box(X - 10, Y - 10, X + 395, Y + 100), shapely.box(X + 395, Y - 10, X + 595, Y + 100)]
    return gpd.GeoDataFrame(
        {
            "zone_id": pd.array(["Z1", "Z2"], dtype="str"),
            "zone_name": pd.array(["东区", "西区"], dtype="str"),
            "area_mu": [70.0, 110.0],
            "parcel_count": [4, 2],
            "parcel_mu": [60.0, 100.0],
            "base_mu": [60.0, 100.0],
            "supplied_mu": [60.0, 100.0],
            "covered_mu": [30.0, 0.0],
            "tax_wan": [120.0, np.nan],
            "tax_per_mu": [2.0, np.nan],
            "rank_tax_per_mu": pd.array([1, None], dtype="Int64"),
            "fixed_investment_wan": [1500.0, 4000.0],
            "investment_per_mu": [25.0, 40.0],
            "rank_investment_per_mu": pd.array([2, 1], dtype="Int64"),
            "idle_count": [2, 0],
            "idle_mu": [50.0, 0.0],
            "inefficient_count": [0, 0],
            "inefficient_mu": [0.0, 0.0],
            "developable_mu": [15.0, 110.0],
            "developable_usable_mu": [12.0, 110.0],
        },
        geometry=shapes,
        crs=4527,
    )


def deductions() -> pd.DataFrame:
    """70 − 50 − 5 = 15 in Z1; nothing taken in Z2; the boundary is not given."""
    layers = (("已供应土地", "hard", True), ("水面", "soft", True), ("边界以外", "hard", False))
    figures = {"Z1": ((55.0, 50.0, 20.0), (8.0, 5.0, 15.0)), "Z2": ((0.0, 0.0, 110.0), (0.0, 0.0, 110.0))}
    rows = []
    for zone, steps in figures.items():
        for n, (name, role, given) in enumerate(layers, start=1):
            gross, net, left = steps[n - 1] if given else (np.nan, np.nan, np.nan)
            rows.append((zone, n, name, "water", role, given, gross, net, left, "说明" if n == 2 else ""))
    names = ["zone_id", "order", "layer", "kind", "role", "supplied", "gross_mu", "net_mu", "remaining_mu", "note"]
    return pd.DataFrame(rows, columns=names)


def manifest(lang: str = "zh", **report: object) -> dict[str, Any]:
    """Parameters, inputs and accounts."""
    return {
        "project": {"name": "示例", "period": "2025", "as_of": "2025-12-31", "lang": lang},
        "parameters": {"area_basis": "ellipsoidal", "zone_area_base": "parcel", "report": report, "crs": "EPSG:4527",
                       "allocation": "area"},
        "inputs": {"parcels": [{"file": "宗地.shp", "bytes": 1, "sha256": "ab"}]},
        "conservation": {
            "tax_wan": {"input": 150.0, "allocated": 127.0, "unallocated": {"copy": 23.0}, "difference": 0.0,
                        "relative": 0.0, "holds": True}
        },
        "decisions": [], "rows": {}, "ledger": {"error": 0, "warning": 0, "info": 0}, "policies": {},
    }  # fmt: skip


def case(lang: str = "zh", *, names: tuple[str, ...] = NAMES, **report: object) -> Evaluation:
    """The run. E1 (A) has P1 and P5, E2 (B) has P2, E3 (not graded) has P7."""
    enterprises = pd.DataFrame(
        {
            "enterprise_id": pd.array(["E1", "E2", "E3"], dtype="str"),
            "name": pd.array(["一", "二", "三"], dtype="str"),
            "grade": pd.array(["A", "B", None], dtype="str"),
        }
    )
    links = pd.DataFrame(
        {"parcel_id": ["P1", "P5", "P2", "P7"], "parcel_row": [1, 5, 2, 7], "enterprise_id": ["E1", "E1", "E2", "E3"]}
    )
    outcome = pd.Series([True, None], dtype="boolean")
    found = findings(
        "parcel", pd.Series(["P2", "P4"]), rule_id="idle.not_started", outcome=outcome,
        value=pd.Series([2.0, None]), operator=">=", threshold=1.0, unit="year", clause="甲办法 第二条",
        missing=pd.Series(["", "agreed_start"]),
    )  # fmt: skip
    empty = pd.DataFrame({c: pd.Series(dtype="str") for c in COLUMNS})
    return Evaluation(
        parcels=parcels(names), enterprises=enterprises, zones=zones(), links=links, candidates=pd.DataFrame(),
        findings=found, ledger=empty, manifest=manifest(lang, **report), deductions=deductions(),
    )  # fmt: skip


def shuffled(run: Evaluation, seed: int) -> Evaluation:
    """The same run with its rows in another order."""
    mixed = {
        name: getattr(run, name).sample(frac=1, random_state=seed).reset_index(drop=True)
        for name in ("parcels", "zones", "links", "enterprises", "findings", "deductions")
    }
    return replace(run, **mixed)

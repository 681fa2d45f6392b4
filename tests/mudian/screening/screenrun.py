"""A run made by hand for the screening: squares of 10 mu and who uses them, as short as a test can say it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from mudian.evaluation import Evaluation
from mudian.explain.record import policy_record
from mudian.findings import join
from mudian.packs.policy import policies

DAY = dt.date(2025, 12, 31)
SIDE = float(np.sqrt(20_000 / 3))  # of ten mu


def square(column: float, row: float = 0.0) -> shapely.Polygon:
    """A square of ten mu; whole numbers make squares that touch."""
    return shapely.box(column * SIDE, row * SIDE, (column + 1) * SIDE, (row + 1) * SIDE)


def land(**columns: Any) -> gpd.GeoDataFrame:
    """Supplied parcels of ten mu in one row and one zone, neither idle nor of low efficiency; columns change that."""
    size = len(next(iter(columns.values())))
    plain: dict[str, Any] = {
        "parcel_id": [f"P{i + 1}" for i in range(size)],
        "owner": [f"甲{i + 1}" for i in range(size)],
        "zone_id": ["Z"] * size,
        "area_mu": [10.0] * size,
        "supply_status": ["supplied"] * size,
        "idle_status": ["not_idle"] * size,
        "idle_missing": [""] * size,
        "inefficient": [False] * size,
        "inefficient_missing": [""] * size,
        "tax_wan": [np.nan] * size,
        "tax_wan_incomplete": [False] * size,
        "geometry": [square(i) for i in range(size)],
    } | columns
    frame = gpd.GeoDataFrame(plain, geometry="geometry", crs="EPSG:4527")
    kinds = {"inefficient": "boolean", "parcel_id": "str", "owner": "str", "zone_id": "str", "supply_status": "str"}
    kinds |= {"idle_status": "str", "idle_missing": "str", "inefficient_missing": "str"}
    return frame.astype(kinds).assign(source_row=np.arange(1, size + 1))


def zones(tax_per_mu: float = 5.0, **columns: Any) -> gpd.GeoDataFrame:
    """The zone Z with 100 mu of parcels."""
    plain: dict[str, Any] = {"zone_id": ["Z"], "tax_wan": [tax_per_mu * 100], "base_mu": [100.0]} | columns
    frame = pd.DataFrame(plain)
    frame = frame.assign(tax_per_mu=frame["tax_wan"] / frame["base_mu"])
    return gpd.GeoDataFrame(frame, geometry=[square(0)] * len(frame), crs="EPSG:4527")


def firms(*rows: dict[str, Any]) -> pd.DataFrame:
    """Enterprises, a row each."""
    return pd.DataFrame(list(rows) or {"enterprise_id": pd.Series(dtype="str")})


def links(*pairs: tuple[str, str] | tuple[str, str, str]) -> pd.DataFrame:
    """Parcel, enterprise and, where it is not own land, the relation."""
    rows = [(int(p[0][1:]), p[1], p[2] if len(p) > 2 else "own") for p in pairs]
    frame = pd.DataFrame(rows, columns=["parcel_row", "enterprise_id", "relation"])
    return frame.assign(area_m2=1000.0).astype({"relation": "str", "enterprise_id": "str"})


def run(
    parcels: gpd.GeoDataFrame,
    *,
    of: gpd.GeoDataFrame | None = None,
    table: pd.DataFrame | None = None,
    held: pd.DataFrame | None = None,
    packs: tuple[str, ...] = ("national", "taian-2021"),
    layers: dict[str, gpd.GeoDataFrame] | None = None,
    kinds: dict[str, str] | None = None,
    lang: str = "zh",
    **more: Any,
) -> Evaluation:
    """An evaluation with these tables."""
    manifest = {
        "project": {"name": "试", "as_of": DAY.isoformat(), "lang": lang},
        "parameters": {"zone_area_base": "parcel"},
        "policies": policy_record(policies(packs, as_of=DAY)),
        "screening": {"kinds": kinds or {}},
    }
    return Evaluation(
        parcels, firms() if table is None else table, zones() if of is None else of,
        links() if held is None else held, pd.DataFrame(), join([]), pd.DataFrame(), manifest,
        layers=layers or {}, **more,
    )  # fmt: skip

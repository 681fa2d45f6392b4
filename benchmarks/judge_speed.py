"""How long judging takes: parcels with every column that the rules on idle land read, all packs that are named.

Usage: ``python benchmarks/judge_speed.py [N] [PACK,PACK…]`` (1 000 000 parcels, ``national,taian-2021``)
"""

from __future__ import annotations

import argparse
import datetime as dt
import resource
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

import mudian as md


def parcels(count: int, seed: int = 1) -> gpd.GeoDataFrame:
    """Parcels with days, shares and figures drawn at random."""
    rng = np.random.default_rng(seed)

    def days(first: str, span: int, missing: float) -> pd.Series:
        drawn = np.datetime64(first) + rng.integers(0, span, count).astype("timedelta64[D]")
        return pd.Series(np.where(rng.random(count) < missing, np.datetime64("NaT"), drawn)).astype("datetime64[s]")

    codes = np.char.add("3709020010", np.char.zfill(np.arange(count).astype(str), 9))
    columns = {
        "parcel_id": pd.Series(codes, dtype="str"),
        "supply_status": pd.Series(rng.choice(["supplied", "approved_unsupplied"], count, p=[0.9, 0.1]), dtype="str"),
        "area_mu": rng.uniform(5, 80, count),
        "agreed_start": days("2018-01-01", 2900, 0.2),
        "handover_date": days("2017-06-01", 2900, 0.1),
        "actual_start": days("2018-06-01", 2900, 0.3),
        "actual_completion": days("2019-06-01", 2900, 0.5),
        "stopped_since": days("2021-01-01", 1500, 0.9),
        "developed_m2": rng.uniform(0, 1e4, count),
        "should_develop_m2": 1e4,
        "invested_wan": rng.uniform(0, 1000, count),
        "total_investment_wan": 1000.0,
        "land_price_wan": 500.0,
        "idle_cause": pd.Series(rng.choice(["资金不足", "政府未交地", None], count), dtype="str"),
        "tax_per_mu": rng.uniform(0, 20, count),
        "investment_per_mu": rng.uniform(0, 500, count),
        "zone_id": "1",
    }
    return gpd.GeoDataFrame(columns, geometry=np.full(count, shapely.box(0, 0, 1, 1)), crs=4527)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=1_000_000)
    parser.add_argument("packs", nargs="?", default="national,taian-2021")
    options = parser.parse_args()
    land = parcels(options.count)
    policy = md.policies(options.packs.split(","), as_of=dt.date(2025, 12, 31))
    links = pd.DataFrame({"parcel": np.arange(0), "enterprise": np.arange(0), "area_m2": np.zeros(0)})
    firms = pd.DataFrame({"enterprise_id": pd.Series(dtype="str"), "tax_per_mu": np.zeros(0), "land_mu": np.zeros(0)})
    zone = {"zone_id": ["1"], "supplied_mu": [1.0], "parcel_mu": [1.0], "industrial_mu": [1.0]}
    zones = gpd.GeoDataFrame(zone, geometry=[shapely.box(0, 0, 1, 1)], crs=4527)
    start = time.perf_counter()
    md.judge_idle(land, policy)
    print(f"idle land alone: {time.perf_counter() - start:.2f} s")
    start = time.perf_counter()
    found = md.judge_all(md.Measured(land, firms, zones, links), policy).findings
    print(f"all verdicts with borderline: {time.perf_counter() - start:.2f} s, {len(found):,} findings")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "findings.parquet"
        found.to_parquet(file)
        written = file.stat().st_size / len(found)
    memory = found.memory_usage(deep=True).sum() / len(found)
    print(f"bytes per finding: {memory:.1f} in memory (keys counted), {written:.1f} written")
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


if __name__ == "__main__":
    main()

"""Seconds of the parts of the screening that grow with the number of candidates, and of the whole.

Usage: ``python benchmarks/screen_speed.py [N …]`` (10 000 and 100 000 candidates)

The candidates are a made-up town: blocks of adjacent plots between streets, so that every plot has up to eight
neighbours and sites of many sizes arise. Gains and ease are drawn at random; half of the gains are negative. For the
whole screening every plot is a candidate by the grade of its enterprise, texts included. Seconds are those of a clock
on the wall and, after the stroke, of the processor.
"""

from __future__ import annotations

import argparse
import datetime as dt
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from mudian.evaluation import Evaluation
from mudian.explain.record import policy_record
from mudian.findings import join
from mudian.packs.policy import policies
from mudian.screening import screen
from mudian.screening.assemble import best_site
from mudian.screening.pareto import pareto_fronts
from mudian.screening.sites import group_sites, site_table
from mudian.settings import ScreeningSettings
from parcels.geometry.contiguity import adjacent
from parcels.units import M2_PER_MU

Result = TypeVar("Result")
SIDE, STREET, ROW = 80.0, 20.0, 10


def town(count: int, seed: int = 1) -> tuple[np.ndarray, pd.DataFrame, pd.DataFrame]:
    """Plots in blocks of ten by ten, of which some are no candidates, with their figures."""
    random = np.random.default_rng(seed)
    wide = int(np.ceil(np.sqrt(count / 0.6)))
    cells = np.sort(random.choice(wide * wide, count, replace=False))
    x, y = cells % wide, cells // wide
    left, low = x * SIDE + x // ROW * STREET, y * SIDE + y // ROW * STREET
    land = shapely.box(left, low, left + SIDE, low + SIDE)
    mu = np.full(count, SIDE**2 / M2_PER_MU)
    ids = pd.Series(np.arange(count).astype(str), dtype="str")
    table = pd.DataFrame({"parcel_id": ids, "zone_id": "Z", "owner": ids, "area_mu": mu})
    table["gain_zone_mean_wan"] = random.normal(0, 100, count)
    items = pd.DataFrame(
        {
            "owners": 1.0, "tenants": random.integers(0, 4, count).astype(float),
            "building_coefficient": random.random(count), "plot_ratio": random.random(count) * 2,
            "mortgaged": pd.array([pd.NA] * count, dtype="boolean"),
            "seized": pd.array([pd.NA] * count, dtype="boolean"), "shape_index": 1.13, "frontage_m": np.nan,
            "plane_m2": SIDE**2, "area_mu": mu,
        }
    )  # fmt: skip
    return land, table, items


def main() -> None:
    """Time each part for every size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=[10_000, 100_000])
    settings = ScreeningSettings(scenarios=("zone_mean",))
    for count in parser.parse_args().sizes:
        land, table, items = town(count)
        print(f"{count:,} candidates")
        pairs = timed("neighbours", partial(adjacent, land, gap=1.0, min_border=10.0))
        first, second = pairs["first"].to_numpy(np.intp), pairs["second"].to_numpy(np.intp)
        label = timed("grouping", partial(group_sites, table, first, second, settings))
        found = timed("figures of sites", partial(site_table, table, items, label, land, settings))
        gain, mu = table["gain_zone_mean_wan"], table["area_mu"].to_numpy(float)
        ease = pd.Series(np.random.default_rng(2).random(count))
        fronts = timed("Pareto fronts", partial(pareto_fronts, gain.where(gain > 0), ease))
        for least, objective in ((30, "gain"), (200, "gain"), (200, "owners"), (1000, "gain")):
            seek = partial(best_site, mu, gain.to_numpy(float), np.arange(count) // 3, first, second)
            best = timed(f"best of {least} mu, {objective}", partial(seek, at_least_mu=least, objective=objective))
            print(
                f"    {'none' if best is None else f'{best.area_mu:.0f} mu, {best.gain_wan / best.area_mu:.3f} a mu'}"
            )
        print(f"  {len(pairs):,} pairs, {len(found):,} sites, {fronts.max()} fronts")
        whole = timed("whole screening", partial(screen, evaluation(land, table)))
        timed("best of 200 mu in it", partial(whole.best, 200))


def evaluation(land: np.ndarray, table: pd.DataFrame) -> Evaluation:
    """A run in which every plot has an enterprise of grade D that pays some tax."""
    count, as_of = len(land), dt.date(2025, 12, 31)
    ids = table["parcel_id"]
    parcels = gpd.GeoDataFrame(
        table[["parcel_id", "zone_id", "owner", "area_mu"]].assign(
            source_row=np.arange(count), supply_status="supplied", tax_wan_incomplete=False,
            tax_wan=50 - table["gain_zone_mean_wan"], plot_ratio=0.5, building_coefficient=0.3,
        ),
        geometry=land, crs="EPSG:4527",
    )  # fmt: skip
    firms = pd.DataFrame({"enterprise_id": ids, "name": ids, "grade": "D", "grade_missing": "", "score": 40.0})
    links = pd.DataFrame({"parcel_row": np.arange(count), "enterprise_id": ids, "relation": "own", "area_m2": 1.0})
    zones = gpd.GeoDataFrame(
        {"zone_id": ["Z"], "tax_wan": [50.0 * count], "base_mu": [table["area_mu"].sum()]}, geometry=land[:1], crs=4527
    )
    manifest = {
        "project": {"as_of": as_of.isoformat(), "lang": "zh"},
        "policies": policy_record(policies(("national",), as_of=as_of)),
    }
    zones = zones.assign(tax_per_mu=zones["tax_wan"] / zones["base_mu"])
    nothing = pd.DataFrame()
    return Evaluation(parcels, firms, zones, links, nothing, join([]), nothing, manifest)


def timed(name: str, work: Callable[[], Result]) -> Result:
    """Do something and say how long it took."""
    start, used = time.perf_counter(), time.process_time()
    result = work()
    print(f"  {name:<24}{time.perf_counter() - start:8.2f} s /{time.process_time() - used:8.2f} s")
    return result


if __name__ == "__main__":
    main()

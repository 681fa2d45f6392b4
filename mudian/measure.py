"""Intensity (亩均): money per mu of parcels, enterprises and zones.

A ratio with a missing or zero denominator is missing, never 0 and never infinite. A zone's ratio is the ratio of sums,
never the mean of ratios. Where some holders of a parcel have no figure, the sum covers the others and the column
``<money>_incomplete`` says so.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.allocate import columns_of
from parcels.codes.land_use import is_industrial
from parcels.units import M2_PER_MU

PER_MU = {
    "tax_per_mu": "tax_wan",
    "investment_per_mu": "fixed_investment_wan",
    "revenue_per_mu": "revenue_wan",
    "value_added_per_mu": "value_added_wan",
}
# Indicators of an enterprise beside those per mu, each the ratio of two columns.
INDICATORS = {
    "tax_per_tce": ("tax_wan", "energy_tce"),
    "value_added_per_tce": ("value_added_wan", "energy_tce"),
    "revenue_per_tce": ("revenue_wan", "energy_tce"),
    "tax_per_kwh": ("tax_wan", "electricity_kwh"),
    "value_added_per_t": ("value_added_wan", "emission_t"),
    "revenue_per_t": ("revenue_wan", "emission_t"),
    "productivity_wan": ("value_added_wan", "employees"),
    "rd_ratio": ("rd_expense_wan", "revenue_wan"),
}


def ratio(numerator: pd.Series, denominator: pd.Series) -> pd.Series:
    """Element-wise quotient; missing where either is missing or the denominator is zero or negative."""
    return numerator / denominator.where(denominator > 0)


def _per_mu(frame: pd.DataFrame, mu: pd.Series) -> dict[str, pd.Series]:
    return {name: ratio(frame[money], mu) for name, money in PER_MU.items() if money in frame}


def _group(values: pd.Series, key: NDArray[np.int64], size: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Sums per group (missing where no value is known) and whether some value of the group is missing."""
    known = values.notna().to_numpy()
    total = np.bincount(key[known], weights=values.to_numpy(float)[known], minlength=size)
    count = np.bincount(key[known], minlength=size)
    lacking = np.bincount(key[~known], minlength=size) > 0
    return np.where(count > 0, total, np.nan), lacking


def measure_parcels(parcels: gpd.GeoDataFrame, links: pd.DataFrame, enterprises: pd.DataFrame) -> gpd.GeoDataFrame:
    """Give every parcel its money, its holders and its intensity.

    Parameters
    ----------
    parcels
        Parcels with ``area_mu``; not changed.
    links
        Allocated links.
    enterprises
        Enterprises, for the names of their columns.

    Returns
    -------
    GeoDataFrame
        With ``enterprise_count``, ``held_mu``, the money columns (万元) with ``…_incomplete``, and the figures per mu
        (万元/亩).
    """
    size, active = len(parcels), links[links["area_m2"] > 0]
    listed = active[active["enterprise"] >= 0]
    key = listed["parcel"].to_numpy(np.int64)
    distinct = listed.drop_duplicates(["parcel", "enterprise"])["parcel"].to_numpy(np.int64)
    held = np.bincount(active["parcel"].to_numpy(np.int64), weights=active["area_m2"], minlength=size)
    made: dict[str, object] = {
        "enterprise_count": np.bincount(distinct, minlength=size),
        "held_mu": held / M2_PER_MU,
    }
    for column in columns_of(enterprises):
        made[column], made[f"{column}_incomplete"] = _group(listed[column], key, size)
    result = parcels.assign(**made)
    return result.assign(**_per_mu(result, result["area_mu"]), **_building(result))


def _building(parcels: gpd.GeoDataFrame) -> dict[str, pd.Series]:
    columns = {"plot_ratio": "floor_area_m2", "building_coefficient": "footprint_m2"}
    area = parcels["area_mu"] * M2_PER_MU
    return {name: ratio(parcels[c], area) for name, c in columns.items() if c in parcels}


def measure_enterprises(enterprises: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """Give every enterprise its land and its intensity.

    Returns
    -------
    DataFrame
        With ``parcel_count``, ``land_mu`` (missing without land), the figures per mu, and where the inputs exist
        ``tax_per_tce``, ``value_added_per_tce``, ``revenue_per_tce``, ``tax_per_kwh``, ``value_added_per_t``,
        ``revenue_per_t`` (万元 per unit), ``productivity_wan`` (value added per person) and ``rd_ratio`` (R&D expense
        over revenue).
    """
    size, active = len(enterprises), links[(links["enterprise"] >= 0) & (links["area_m2"] > 0)]
    key = active["enterprise"].to_numpy(np.int64)
    land = np.bincount(key, weights=active["area_m2"], minlength=size) / M2_PER_MU
    mu = pd.Series(np.where(land > 0, land, np.nan), enterprises.index)
    result = enterprises.assign(parcel_count=np.bincount(key, minlength=size), land_mu=mu)
    made = {n: ratio(result[a], result[b]) for n, (a, b) in INDICATORS.items() if a in result and b in result}
    return result.assign(**_per_mu(result, mu), **made)


def measure_zones(zones: gpd.GeoDataFrame, parcels: gpd.GeoDataFrame, *, base: str = "parcel") -> gpd.GeoDataFrame:
    """Give every zone its sums, its intensity and its ranks.

    Parameters
    ----------
    zones
        Zones with ``zone_id`` and ``area_m2``; not changed.
    parcels
        Measured parcels with ``zone_id``.
    base
        What the per-mu figures are divided by: ``parcel``, ``industrial``, ``built_up``, ``supplied``, ``zone`` land.

    Returns
    -------
    GeoDataFrame
        With ``area_mu``, ``parcel_count``, ``parcel_mu``, ``industrial_mu``, ``supplied_mu``, ``covered_mu`` (land with
        a known tax), ``built_up_mu`` (land whose completion is recorded), the money columns, ``base_mu``, the figures
        per mu and their ranks (1 = highest; ties share a rank).
    """
    size = len(zones)
    position = pd.Index(zones["zone_id"]).get_indexer(pd.Index(parcels["zone_id"]))
    inside = position >= 0
    key = position[inside].astype(np.int64)
    land = parcels[inside]
    made: dict[str, object] = {
        "area_mu": zones["area_m2"].to_numpy(float) / M2_PER_MU,
        "parcel_count": np.bincount(key, minlength=size),
    }
    for name, mask in _land_kinds(land).items():
        made[name] = _sum_land(land["area_mu"], mask, key, size)
    for column in columns_of(land):
        made[column] = _group(land[column], key, size)[0]
    result = zones.assign(**made)
    base_mu = result["area_mu" if base == "zone" else f"{base}_mu"]
    result = result.assign(base_mu=base_mu, **_per_mu(result, base_mu))
    return result.assign(**{f"rank_{n}": rank(result[n]) for n in PER_MU if n in result})


def ratio_of_zones(zones: pd.DataFrame, money: str) -> float:
    """Money per mu of several zones together: a ratio of sums over the zones whose money and base are known.

    Examples
    --------
    >>> ratio_of_zones(pd.DataFrame({"tax_wan": [10.0, None, 2.0], "base_mu": [4.0, 100.0, 2.0]}), "tax_wan")
    2.0
    """
    known = zones[zones[money].notna() & (zones["base_mu"] > 0)]
    return float(known[money].sum() / known["base_mu"].sum()) if len(known) else float("nan")


def _land_kinds(land: gpd.GeoDataFrame) -> dict[str, pd.Series]:
    """Which parcels count as land of each kind; missing where the parcel does not say."""
    unknown = pd.Series(pd.NA, land.index, dtype="boolean")
    everything = pd.Series(True, land.index, dtype="boolean")
    status = land["supply_status"] if "supply_status" in land else pd.Series("supplied", land.index)
    return {
        "parcel_mu": everything,
        "supplied_mu": (status == "supplied").astype("boolean"),
        "industrial_mu": land["industrial"] if "industrial" in land else unknown,
        "built_up_mu": land["actual_completion"].notna().astype("boolean") if "actual_completion" in land else unknown,
        "covered_mu": land["tax_wan"].notna().astype("boolean") if "tax_wan" in land else unknown,
    }


def _sum_land(mu: pd.Series, mask: pd.Series, key: NDArray[np.int64], size: int) -> NDArray[np.float64]:
    """Land of one kind per zone; missing where no parcel of the zone says whether it is of that kind."""
    says = mask.notna().to_numpy()
    counts = np.bincount(key[says], minlength=size)
    land = np.where(mask.fillna(False).to_numpy(bool), mu.fillna(0.0).to_numpy(float), 0.0)
    empty = np.bincount(key, minlength=size) == 0
    return np.where((counts > 0) | empty, np.bincount(key, weights=land, minlength=size), np.nan)


def rank(values: pd.Series) -> pd.Series:
    """Competition rank, 1 for the highest; ties share the better rank; missing has no rank."""
    return values.rank(method="min", ascending=False).astype("Int64")


def industrial(parcels: gpd.GeoDataFrame, system: str | None) -> pd.Series:
    """Whether the land use of each parcel is industrial or storage; unknown without a code or a system."""
    if "land_use_code" not in parcels:
        return pd.Series(pd.NA, parcels.index, dtype="boolean")
    return is_industrial(parcels["land_use_code"], system)


def public(parcels: gpd.GeoDataFrame, system: str | None) -> pd.Series:
    """Whether the land of each parcel is infrastructure or serves the public; unknown without a code or a system."""
    known = _public_codes().get(system or "")
    if "land_use_code" not in parcels or known is None:
        return pd.Series(pd.NA, parcels.index, dtype="boolean")
    codes = parcels["land_use_code"].astype("str")
    serves: pd.Series = codes.str.startswith(known).astype("boolean").where(codes.notna())
    return serves


@cache
def _public_codes() -> dict[str, tuple[str, ...]]:
    raw = tomllib.loads((files("mudian") / "data" / "public_land.toml").read_text(encoding="utf-8"))
    return {system: tuple(entry["codes"]) for system, entry in raw.items()}

"""Figures of a zone that targets of policy are about, and how the zone stands to them.

Every figure is a ratio of sums over the parcels of the zone. Figures that need a table of their own (ranks, factories,
contracts) are not made up: their targets are unknown and name what is missing.
"""

from __future__ import annotations

from collections.abc import Callable

import geopandas as gpd
import pandas as pd

from mudian.findings import join
from mudian.measure import ratio
from mudian.packs.policy import Policy
from mudian.rules.conditions import judge

_PERCENT = 100
_IDLE = ("idle_1y", "idle_2y", "idle_stopped")


def judge_zones(
    zones: gpd.GeoDataFrame, parcels: gpd.GeoDataFrame, policy: Policy, verdicts: pd.DataFrame | None = None
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Hold zones against the targets of the packs.

    Parameters
    ----------
    zones
        Measured zones.
    parcels
        Measured parcels, for plot ratio and the share of idle land.
    policy
        Where targets come from.
    verdicts
        ``idle_status``, ``inefficient`` and ``standard_land_eligible`` of the parcels.

    Returns
    -------
    GeoDataFrame, DataFrame
        The zones with the figures that targets read, and the findings.
    """
    frame = zone_figures(zones, parcels, verdicts)
    judged = [judge(active, frame, policy) for active in policy.rules("target", "zone")]
    return frame, join([j.findings("zone", frame["zone_id"]) for j in judged])


def zone_figures(
    zones: gpd.GeoDataFrame, parcels: gpd.GeoDataFrame, verdicts: pd.DataFrame | None = None
) -> gpd.GeoDataFrame:
    """Figures of a zone that targets of policy are about, each a ratio of sums.

    Returns
    -------
    GeoDataFrame
        With ``industrial_share_pct`` (industrial land over parcel land without infrastructure and public
        services), ``industrial_tax_per_mu`` and its like
        (money of industrial parcels over industrial land), ``plot_ratio`` (floor area over the land of the parcels
        whose floor area is known), ``factory_use_pct`` (used over all floor area of standard factories, where the zones
        say it), ``idle_mu``, ``idle_count`` and ``idle_rate_pct`` (idle over supplied land).
    """
    key = parcels["zone_id"]

    def total(values: pd.Series) -> pd.Series:
        return values.groupby(key).sum(min_count=1).reindex(zones["zone_id"]).set_axis(zones.index)

    made = _industrial(parcels, total) | _built(parcels, total) | _factories(zones)
    if verdicts is not None:
        made |= _flagged(parcels, verdicts, total)
        made["idle_rate_pct"] = ratio(made["idle_mu"], zones["supplied_mu"]) * _PERCENT
    return zones.assign(**made)


Total = Callable[[pd.Series], pd.Series]
_MONEY = {"tax": "tax_wan", "investment": "fixed_investment_wan", "output": "revenue_wan"}


def _industrial(parcels: gpd.GeoDataFrame, total: Total) -> dict[str, pd.Series]:
    """Money of industrial parcels over industrial land, and the share of that land."""
    if "industrial" not in parcels:
        return {}
    plant = parcels["industrial"].fillna(False).astype(bool)
    land = total(parcels["area_mu"].where(plant))
    made = {
        f"industrial_{name}_per_mu": ratio(total(parcels[money].where(plant)), land)
        for name, money in _MONEY.items()
        if money in parcels
    }
    return made | {"industrial_share_pct": _industrial_share(parcels, total)}


def _flagged(parcels: gpd.GeoDataFrame, verdicts: pd.DataFrame, total: Total) -> dict[str, pd.Series]:
    """Number and land of the parcels with each verdict; unknown ones are in none of them.

    Where nothing was decided, because no pack asks or every parcel lacks what is asked, the number is not known.
    """
    flags = {
        "idle": verdicts["idle_status"].isin(_IDLE),
        "inefficient": verdicts["inefficient"].fillna(False).astype(bool),
        "standard_land": verdicts["standard_land_eligible"].fillna(False).astype(bool),
    }
    decided = {
        "idle": verdicts["idle_status"].ne("unknown").fillna(False).astype(bool),
        "inefficient": verdicts["inefficient"].notna(),
        # Most parcels are none to be supplied and have no verdict: a zone may well have none with one.
        "standard_land": pd.Series(bool(verdicts["standard_land_eligible"].notna().any()), parcels.index),
    }
    made: dict[str, pd.Series] = {}
    for name, flag in flags.items():
        open_ = total(decided[name].astype("int64")).eq(0).fillna(False).astype(bool)  # not of zones without parcels
        count = total(flag.astype("int64")).fillna(0)
        made[f"{name}_count"] = count.mask(open_).astype("Int64" if open_.any() else "int64")
        made[f"{name}_mu"] = total(parcels["area_mu"].where(flag, 0.0)).fillna(0.0).mask(open_)
    return made


def _built(parcels: gpd.GeoDataFrame, total: Total) -> dict[str, pd.Series]:
    """Floor area over the land of those parcels whose floor area is known."""
    if "plot_ratio" not in parcels or "floor_area_m2" not in parcels:
        return {}
    land = parcels["floor_area_m2"] / parcels["plot_ratio"].where(parcels["plot_ratio"] > 0)
    land = land.fillna(parcels["area_m2"].where(parcels["plot_ratio"] == 0))
    return {"plot_ratio": ratio(total(parcels["floor_area_m2"].where(land.notna())), total(land))}


def _factories(zones: gpd.GeoDataFrame) -> dict[str, pd.Series]:
    """Use of standard factories from two columns of the zones; a column that states it already stays."""
    if "factory_use_pct" in zones or not {"factory_m2", "factory_used_m2"} <= set(zones):
        return {}
    return {"factory_use_pct": ratio(zones["factory_used_m2"], zones["factory_m2"]) * _PERCENT}


def _industrial_share(parcels: gpd.GeoDataFrame, total: Total) -> pd.Series:
    """Industrial over all parcel land without infrastructure and public services; unknown where a use is unknown."""
    mu = parcels["area_mu"]
    public = parcels["public_land"] if "public_land" in parcels else pd.Series(pd.NA, parcels.index, dtype="boolean")
    told = parcels["industrial"].notna() & public.notna()
    whole = total(mu.where(told & ~public.fillna(True)))
    unsure = total(mu.where(~told)).fillna(0) > 0
    share = ratio(total(mu.where(told & parcels["industrial"].fillna(False), 0.0)), whole) * _PERCENT
    return share.mask(unsure)

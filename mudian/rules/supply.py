"""Land supplied per year, and for how many years the land that is left lasts (尚可供地年数).

Supply of a year is the land of the supplied parcels whose contract was signed in it, inside the zone. Where a supplied
parcel has no contract date, the supply of no year is known: what is dated is only a lower bound of it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mudian.measure import ratio
from mudian.packs.policy import Policy
from mudian.rules.logic import name_missing

_SUPPLIED = "supplied"
_M2_PER_HA = 1e4


def supply_span(policy: Policy) -> range:
    """The full years before the day of the run that mean supply is taken over; empty where their number is unknown.

    A year is full on its 31 December.
    """
    found = policy.find("td1029.supply_years")
    last = policy.as_of.year if (policy.as_of.month, policy.as_of.day) == (12, 31) else policy.as_of.year - 1
    return range(last - int(found.number) + 1, last + 1) if found else range(0)


def supply_years(
    expansion_ha: pd.Series, supplied: pd.DataFrame, policy: Policy, *, by: str = "zone_id"
) -> pd.DataFrame:
    """For how many years the land that can still be supplied lasts (尚可供地年数).

    Parameters
    ----------
    expansion_ha
        Land still suppliable (ha), by zone.
    supplied
        Land supplied by zone and year: ``by``, ``year``, ``supplied_ha``; a year with a missing row or number is
        unknown.
    policy
        How many years the mean is taken over; they end with the last full year before the day of the run.

    Returns
    -------
    DataFrame
        By zone: ``mean_supply_ha``, ``supply_years`` (missing, not infinite, where nothing was supplied) and
        ``missing``: the years that are lacking.
    """
    wanted = supply_span(policy)
    if not len(wanted):
        nothing = pd.Series(np.nan, expansion_ha.index)
        lack = name_missing({policy.name_lacking("td1029.supply_years"): np.ones(len(nothing), bool)}, nothing.index)
        return pd.DataFrame({"mean_supply_ha": nothing, "supply_years": nothing, "missing": lack})
    sums = supplied.groupby([by, "year"])["supplied_ha"].sum(skipna=False)
    columns = {y: sums[sums.index.get_level_values("year") == y].droplevel("year") for y in wanted}
    yearly = pd.DataFrame({y: column.reindex(expansion_ha.index) for y, column in columns.items()})
    mean = yearly.mean(axis=1, skipna=False)
    lacking = name_missing({f"supplied_ha@{y}": yearly[y].isna().to_numpy() for y in wanted}, expansion_ha.index)
    return pd.DataFrame({"mean_supply_ha": mean, "supply_years": ratio(expansion_ha, mean), "missing": lacking})


def supply_by_year(parcels: pd.DataFrame, zone_ids: pd.Series, policy: Policy) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Land supplied per zone in each of the years that mean supply is taken over.

    Parameters
    ----------
    parcels
        Parcels with ``zone_id``, ``supply_status``, ``area_m2`` and, where there are any, ``contract_date``,
        ``zone_share`` and ``zone_split`` (the shares of a parcel over several zones).
    zone_ids
        The zones.
    policy
        For the number of years.

    Returns
    -------
    DataFrame, DataFrame
        ``zone_id``, ``year``, ``supplied_ha`` (missing where the zone has supplied parcels without a contract date, or
        parcels that may be supplied), 0 where nothing was supplied; and by zone the numbers of these parcels,
        ``undated`` and ``unsure``.
    """
    years = supply_span(policy)
    land = _shared(parcels)
    status = land["supply_status"] if "supply_status" in land else pd.Series(pd.NA, land.index, dtype="str")
    date = land["contract_date"] if "contract_date" in land else pd.Series(pd.NaT, land.index, dtype="datetime64[s]")
    year = pd.to_datetime(date).dt.year
    supplied = (status == _SUPPLIED).fillna(False).to_numpy(bool)
    undated = supplied & year.isna().to_numpy()
    unsure = status.isna().to_numpy() & (year.isna() | year.isin(years)).to_numpy(bool)
    unmeasured = supplied & year.isin(years).to_numpy(bool) & land["area_m2"].isna().to_numpy()
    zone = land["zone_id"]
    counts = pd.DataFrame({"undated": undated, "unsure": unsure, "unmeasured": unmeasured}).groupby(zone.array).sum()
    counts = counts.reindex(zone_ids.astype("str").array, fill_value=0)
    dated = supplied & year.isin(years).to_numpy(bool)
    sums = (land["area_m2"] / _M2_PER_HA).where(dated, 0.0).groupby([zone, year]).sum()
    every = pd.MultiIndex.from_product([counts.index, years], names=["zone_id", "year"])
    known = (counts == 0).all(axis=1).reindex(every, level="zone_id").to_numpy(bool)
    return sums.reindex(every, fill_value=0.0).where(known).rename("supplied_ha").reset_index(), counts


def _shared(parcels: pd.DataFrame) -> pd.DataFrame:
    """The parcels with the part of their land that lies in a zone; a parcel over several zones has a row for each."""
    columns = [c for c in ("zone_id", "supply_status", "contract_date", "area_m2") if c in parcels]
    land = pd.DataFrame(parcels[columns]).reset_index(drop=True)
    if "zone_share" not in parcels:
        return land
    land["area_m2"] = land["area_m2"] * parcels["zone_share"].to_numpy(float)
    if "zone_split" not in parcels or not parcels["zone_split"].notna().any():
        return land
    over = parcels["zone_split"].notna().to_numpy()
    several = pd.DataFrame(parcels.loc[over, columns]).reset_index(drop=True)
    parts = parcels.loc[over, "zone_split"].reset_index(drop=True).astype("str").str.split(";").explode()
    named = parts.str.rsplit(":", n=1, expand=True)
    several = several.loc[parts.index].assign(zone_id=named[0].array, share=named[1].astype(float).array)
    several["area_m2"] = several["area_m2"] * several.pop("share")
    return pd.concat([land[~over], several], ignore_index=True)

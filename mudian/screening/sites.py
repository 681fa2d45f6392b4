"""Sites (成片): adjacent candidates of one zone joined into pieces of land that are worth taking in hand.

Caveat: a site's area is the sum of its parcels on the area basis of the run, less what two of them have in common
(``overlap_mu``). Its gain covers the parcels whose gain is
known, and ``gain_<scenario>_wan_incomplete`` says when some are not.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.measure import rank, ratio
from mudian.screening.ease import owner_names, rate, shape_index
from mudian.screening.words import limit
from mudian.settings import ScreeningSettings
from parcels.geometry.borders import frontage
from parcels.geometry.contiguity import closed, components, united

Geometries = NDArray[np.object_]
_NEAR_M = 1.0


def group_sites(
    table: pd.DataFrame, first: NDArray[np.intp], second: NDArray[np.intp], settings: ScreeningSettings
) -> NDArray[np.int64]:
    """The site of every row: 0, 1, 2 … by falling area in each zone, -1 where none is large enough.

    Parameters
    ----------
    table
        Candidates with ``zone_id``, ``area_mu`` and ``parcel_id``.
    first, second
        Pairs of adjacent rows, of one zone.
    settings
        Least area of a site.
    """
    label = components(len(table), first, second)
    groups = pd.DataFrame(
        {
            "label": label,
            "zone": table["zone_id"].astype("str").to_numpy(),
            "mu": table["area_mu"].to_numpy(float),
            "id": table["parcel_id"].astype("str").to_numpy(),
        }
    )
    size = groups.groupby("label", sort=True).agg(zone=("zone", "first"), mu=("mu", "sum"), id=("id", "min"))
    large = size[(size["mu"] >= limit("min_site_mu", settings) * (1 - 1e-9)).to_numpy(bool)]
    order = large.sort_values(["zone", "mu", "id"], ascending=[True, False, True], kind="stable")
    number = pd.Series(np.arange(len(order)), order.index)
    return number.reindex(label).fillna(-1).to_numpy(np.int64)


def site_table(
    table: pd.DataFrame,
    items: pd.DataFrame,
    sites: NDArray[np.int64],
    land: Geometries,
    settings: ScreeningSettings,
    *,
    roads: Geometries | None = None,
    left_out: tuple[str, ...] | None = None,
) -> pd.DataFrame:
    """The figures of every site.

    Parameters
    ----------
    table
        Candidates with ``zone_id``, ``parcel_id``, ``owner``, ``area_mu`` and ``gain_<scenario>_wan``.
    items
        What the ease of the candidates rests on.
    sites
        Site of every row, -1 for none.
    land
        Figures of the candidates in a plane in metres.
    settings
        Scenarios and weights.
    roads
        Roads in the same plane.
    left_out
        Items of the ease that no parcel of the run has; by default those that no site has.

    Returns
    -------
    DataFrame
        One row a site, with ``geometry`` in the plane.
    """
    inside = np.flatnonzero(sites >= 0)
    own, group = table.iloc[inside].reset_index(drop=True), sites[inside]
    count = int(group.max(initial=-1)) + 1
    shapes = united(land[inside], group)
    by_site = own.groupby(group, sort=True)
    zone = by_site["zone_id"].first().astype("str").to_numpy(dtype=object)
    number = pd.Series(zone).groupby(zone).cumcount().to_numpy() + 1 if count else np.empty(0, int)
    names = [f"{z}-S{n:03d}" for z, n in zip(zone, number, strict=True)]
    made: dict[str, object] = {
        "site_id": pd.array(names, dtype="str"),
        "zone_id": pd.array(zone, dtype="str"),
        "area_mu": by_site["area_mu"].sum().to_numpy(float),
        "overlap_mu": by_site["overlap_mu"].sum().to_numpy(float) if "overlap_mu" in own else np.zeros(count),
        "parcel_count": np.bincount(group, minlength=count),
        "parcel_ids": pd.array(by_site["parcel_id"].agg(_list).to_numpy(dtype=object), dtype="str"),
    }
    merged = _merged(own, items.iloc[inside].reset_index(drop=True), group, count, shapes)
    whole = closed(shapes, limit("gap_m", settings))
    if roads is not None:
        merged = merged.assign(frontage_m=frontage(whole, roads, _NEAR_M) if count else np.empty(0))
    merged = merged.assign(shape_index=shape_index(whole))
    made |= {
        c: merged[c].array for c in ("owners", "tenants", "building_coefficient", "plot_ratio", "mortgaged", "seized")
    }
    made |= {c: merged[c].array for c in ("shape_index", "frontage_m") if merged[c].notna().any()}
    for name in settings.shown:
        made |= _gain(own, group, count, name)
    eased = rate(merged, settings, left_out=left_out)
    made |= {str(c): eased.frame[c].array for c in eased.frame}
    return pd.DataFrame(made | {"geometry": shapes})


def _list(ids: pd.Series) -> str:
    return "；".join(sorted(map(str, ids)))


def _gain(own: pd.DataFrame, group: NDArray[np.int64], count: int, name: str) -> Mapping[str, object]:
    """The sum of what is known, whether something is not, and its rank among positive ones."""
    column = f"gain_{name}_wan"
    values = own[column].to_numpy(float)
    known = ~np.isnan(values)
    sums = np.bincount(group, weights=np.where(known, values, 0.0), minlength=count)
    seen = np.bincount(group[known], minlength=count)
    total = pd.Series(np.where(seen > 0, sums, np.nan))
    return {
        column: total.array,
        f"{column}_incomplete": seen < np.bincount(group, minlength=count),
        f"rank_gain_{name}": rank(total.where(total > 0)).array,
    }


def _merged(
    own: pd.DataFrame, items: pd.DataFrame, group: NDArray[np.int64], count: int, shapes: Geometries
) -> pd.DataFrame:
    """The items of the ease for whole sites: owners counted once, coefficients as ratios of sums."""
    weight = items["area_mu"]

    def total(values: pd.Series) -> pd.Series:
        """A sum that is missing where a part is."""
        sums = np.bincount(group, weights=values.fillna(0.0).to_numpy(float), minlength=count)
        lacks = np.bincount(group, weights=values.isna().to_numpy(float), minlength=count)
        return pd.Series(np.where(lacks > 0, np.nan, sums))

    def burden(flags: pd.Series) -> pd.Series:
        """True where one parcel is burdened, False where none is, else missing."""
        flags = flags.astype("boolean")
        yes = np.bincount(group, weights=flags.fillna(False).to_numpy(float), minlength=count) > 0
        open_ = np.bincount(group, weights=flags.isna().to_numpy(float), minlength=count) > 0
        return pd.Series(yes, dtype="boolean").mask(open_ & ~yes)

    area = total(weight)
    return pd.DataFrame(
        {
            "owners": _owners(own, items, group, count),
            "tenants": total(items["tenants"]),
            "building_coefficient": ratio(total(items["building_coefficient"] * weight), area),
            "plot_ratio": ratio(total(items["plot_ratio"] * weight), area),
            "mortgaged": burden(items["mortgaged"]),
            "seized": burden(items["seized"]),
            "shape_index": np.nan,
            "frontage_m": np.nan,
            "plane_m2": total(items["plane_m2"]),
            "area_mu": area,
        }
    )


def _owners(own: pd.DataFrame, items: pd.DataFrame, group: NDArray[np.int64], count: int) -> pd.Series:
    """Different owners of each site; missing where the owner of a parcel is not known."""
    if "owner" not in own:
        return pd.Series(np.nan, range(count))
    names = owner_names(own["owner"].reset_index(drop=True))
    pairs = pd.DataFrame({"site": group[names.index.to_numpy(np.intp)], "owner": names.to_numpy()}).drop_duplicates()
    found = np.bincount(pairs["site"].to_numpy(np.int64), minlength=count).astype(float)
    lacks = np.bincount(group, weights=items["owners"].isna().to_numpy(float), minlength=count) > 0
    return pd.Series(np.where(lacks, np.nan, found))

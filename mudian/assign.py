"""Parcels to zones by largest overlap.

A touching zone never counts, a parcel over two zones is counted once, and the shares of a split parcel are kept.
Areas are compared in the plane of the parcels: inside one parcel the scale hardly changes, so shares are exact to 1e-4.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from parcels.ledger import Ledger

_NOT_LAND = 1e-9  # share of a parcel below which an overlap is rounding, not land


@dataclass(frozen=True)
class Overlaps:
    """Which parcel lies in which zone, and with what share of its area."""

    parcel: NDArray[np.int64]
    zone: NDArray[np.int64]
    share: NDArray[np.float64]


def overlaps(parcels: gpd.GeoSeries, zones: gpd.GeoSeries) -> Overlaps:
    """Every pair of a parcel and a zone that share land.

    Parameters
    ----------
    parcels, zones
        Valid polygons in the same CRS; missing geometry overlaps nothing.

    Returns
    -------
    Overlaps
        Positions and the share of the parcel's area, pairs sorted by parcel and zone.
    """
    land = np.asarray(parcels.values)
    areas = np.asarray(zones.values)
    z, p = shapely.STRtree(land).query(areas)
    shapely.prepare(areas)
    inside = shapely.contains_properly(areas[z], land[p])
    share = np.ones(len(p))
    rest = np.flatnonzero(~inside)
    rest_area = shapely.area(shapely.intersection(land[p[rest]], areas[z[rest]]))
    with np.errstate(divide="ignore", invalid="ignore"):
        share[rest] = rest_area / shapely.area(land[p[rest]])
    kept = np.flatnonzero(share > _NOT_LAND)
    order = kept[np.lexsort((z[kept], p[kept]))]
    return Overlaps(p[order].astype(np.int64), z[order].astype(np.int64), np.minimum(share[order], 1.0))


def assign_zones(
    parcels: gpd.GeoDataFrame, zones: gpd.GeoDataFrame, *, source: str = "", ledger: Ledger
) -> gpd.GeoDataFrame:
    """Give every parcel the zone it shares most land with.

    Parameters
    ----------
    parcels
        Parcels with ``parcel_id``; not changed.
    zones
        Zones with ``zone_id`` in the same CRS.
    source, ledger
        Name of the parcel layer and where to write.

    Returns
    -------
    GeoDataFrame
        With ``zone_id`` (missing outside every zone), ``zone_share`` (share of the parcel inside that zone) and
        ``zone_split`` (``zone:share`` of every zone, for parcels over several), same index.
    """
    pairs = overlaps(parcels.geometry, zones.geometry)
    ids = zones["zone_id"].to_numpy(dtype=object)
    best = np.lexsort((pairs.zone, -pairs.share, pairs.parcel))
    first = best[np.r_[True, np.diff(pairs.parcel[best]) != 0]] if len(best) else best
    zone = np.full(len(parcels), None, dtype=object)
    share = np.full(len(parcels), np.nan)
    zone[pairs.parcel[first]] = ids[pairs.zone[first]]
    share[pairs.parcel[first]] = pairs.share[first]
    split = _splits(pairs, ids, len(parcels))
    result = parcels.assign(
        zone_id=pd.array(zone, dtype="str"), zone_share=share, zone_split=pd.array(split, dtype="str")
    )
    _report(result, zones, source, ledger)
    return result


def _splits(pairs: Overlaps, ids: NDArray[np.object_], size: int) -> NDArray[np.object_]:
    split = np.full(size, None, dtype=object)
    several = np.isin(pairs.parcel, np.flatnonzero(np.bincount(pairs.parcel, minlength=size) > 1))
    if not several.any():
        return split
    table = pd.DataFrame({"parcel": pairs.parcel, "zone": ids[pairs.zone], "share": pairs.share})[several]
    text = table["zone"].astype(str) + ":" + table["share"].map("{:.6f}".format)
    joined = text.groupby(table["parcel"]).agg(";".join)
    split[joined.index.to_numpy()] = joined.to_numpy()
    return split


def _report(parcels: gpd.GeoDataFrame, zones: gpd.GeoDataFrame, source: str, ledger: Ledger) -> None:
    rows = parcels["source_row"] if "source_row" in parcels else pd.Series(range(1, len(parcels) + 1), parcels.index)
    split, none = np.asarray(parcels["zone_split"].notna()), np.asarray(parcels["zone_id"].isna())
    ledger.add(
        "zone-split",
        stage="assign",
        source=source,
        row=rows[split],
        id=parcels["parcel_id"][split],
        field="zone_id",
        before=parcels["zone_split"][split],
        after=parcels["zone_id"][split],
    )
    ledger.add(
        "zone-none",
        stage="assign",
        source=source,
        row=rows[none],
        id=parcels["parcel_id"][none],
        field="zone_id",
    )
    geometry = np.asarray(zones.geometry.values)
    a, b = shapely.STRtree(geometry).query(geometry, predicate="intersects")
    a, b = a[a < b], b[a < b]
    shared = shapely.area(shapely.intersection(geometry[a], geometry[b]))
    names = zones["zone_id"].astype(str).to_numpy()
    for i in np.flatnonzero(shared > 1.0):
        ledger.add(
            "zone-overlap",
            stage="assign",
            zones=f"{names[a[i]]} / {names[b[i]]}",
            mu=f"{shared[i] * 3 / 2000:.2f}",
        )

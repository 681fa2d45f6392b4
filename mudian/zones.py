"""Development zones (开发区): reading them, and one zone out of several polygons of one name."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from parcels.geometry.area import area_m2
from parcels.ledger import Ledger


def prepare_zones(frame: gpd.GeoDataFrame, *, source: str, ledger: Ledger) -> gpd.GeoDataFrame:
    """Give every zone a key and join polygons of one zone.

    Polygons with the same ``zone_id`` are one zone; without ids, polygons with the same name are.

    Parameters
    ----------
    frame
        Zones as read, with ``source_row``; not changed.
    source, ledger
        Name of the layer and where to write.

    Returns
    -------
    GeoDataFrame
        One row per zone, RangeIndex, with ``zone_id``, ``zone_name``, ``area_m2`` (ellipsoidal).
    """
    rows = frame["source_row"].astype(str)
    key = frame["zone_id"] if "zone_id" in frame else frame.get("zone_name")
    if key is None:
        ledger.add("key-row-number", stage="read", source=source, field="zone_id", canonical="zone_id")
        key = rows
    elif key.isna().any():
        empty = np.asarray(key.isna())
        ledger.add(
            "key-missing",
            stage="read",
            source=source,
            row=frame["source_row"][empty],
            field="zone_id",
            after=rows[empty],
            canonical="zone_id",
        )
        key = key.fillna(rows)
    name = frame["zone_name"].fillna(key) if "zone_name" in frame else key
    zones = frame.assign(zone_id=key, zone_name=name)
    zones = _join(zones, source, ledger)
    _report_names(zones, source, ledger)
    return zones.assign(area_m2=area_m2(zones, basis="ellipsoidal")).reset_index(drop=True)


def _join(zones: gpd.GeoDataFrame, source: str, ledger: Ledger) -> gpd.GeoDataFrame:
    repeated = np.asarray(zones["zone_id"].duplicated(keep=False))
    if not repeated.any():
        return zones
    many = zones[repeated]
    ledger.add(
        "zone-joined",
        stage="read",
        source=source,
        row=many["source_row"],
        id=many["zone_id"],
        field="zone_id",
        before=many["zone_name"],
    )
    groups = many.groupby("zone_id", sort=False)
    joined = pd.DataFrame(groups.first()).reset_index()
    shapes = {key: shapely.union_all(part.geometry.values) for key, part in groups}
    joined = gpd.GeoDataFrame(joined, geometry=[shapes[k] for k in joined["zone_id"]], crs=zones.crs)
    if "approved_m2" in many:
        joined["approved_m2"] = groups["approved_m2"].sum(min_count=1).to_numpy()
    whole = pd.concat([zones[~repeated], joined[list(zones.columns)]])
    return whole.sort_values("source_row", kind="stable")


def _report_names(zones: gpd.GeoDataFrame, source: str, ledger: Ledger) -> None:
    twice = np.asarray(zones["zone_name"].duplicated(keep=False))
    ledger.add(
        "zone-name-twice",
        stage="read",
        source=source,
        row=zones["source_row"][twice],
        id=zones["zone_id"][twice],
        field="zone_name",
        before=zones["zone_name"][twice],
    )

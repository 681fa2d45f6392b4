"""Buildings (建筑) to plot ratio and building coefficient: floor area and footprint per parcel.

A building over several parcels counts for each with the share of its footprint that stands there. A storey above the
height named in ``data/buildings.toml`` counts double in the plot ratio.
"""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files

import geopandas as gpd
import numpy as np
import pandas as pd

from mudian.assign import overlaps
from parcels.ledger import Ledger


@lru_cache(maxsize=1)
def _double_above_m() -> float:
    raw = tomllib.loads((files("mudian") / "data" / "buildings.toml").read_text(encoding="utf-8"))
    return float(raw["double_storey"]["value"])


def floor_area(buildings: gpd.GeoDataFrame, *, ledger: Ledger, source: str = "") -> pd.Series:
    """The floor area that counts for the plot ratio of every building, in m².

    Parameters
    ----------
    buildings
        With ``area_m2`` (footprint) and, where known, ``floor_area_m2``, ``floors``, ``storey_m`` (height of a
        storey) and ``height_m`` (of the building).
    ledger, source
        Where to write, and the name of the layer.

    Returns
    -------
    Series
        Stated floor area, else footprint × storeys; doubled where the storeys, by their stated height or on the mean
        of the building, are higher than the limit; missing where neither floor area nor storeys are known.
    """
    stated = buildings.get("floor_area_m2", pd.Series(np.nan, buildings.index))
    floors = buildings.get("floors", pd.Series(np.nan, buildings.index))
    height = buildings.get("height_m", pd.Series(np.nan, buildings.index))
    counted = stated.fillna(buildings["area_m2"] * floors)
    storey = buildings.get("storey_m", height / floors.where(floors > 0)).fillna(height / floors.where(floors > 0))
    high = np.asarray(storey > _double_above_m())
    lacking = np.asarray(counted.isna())
    for code, mask in (("building-high-storey", high), ("building-no-floors", lacking)):
        ledger.add(code, stage="measure", source=source, row=buildings["source_row"][mask], before=storey[mask])
    factor = np.where(high, 2.0, 1.0)
    return pd.Series(counted.to_numpy(float) * factor, index=buildings.index)


def add_buildings(
    parcels: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, *, source: str = "", ledger: Ledger
) -> gpd.GeoDataFrame:
    """Give every parcel the floor area and footprint of its buildings, where the parcel does not state them.

    Parameters
    ----------
    parcels
        Parcels; not changed.
    buildings
        Buildings in the same CRS with ``area_m2``.
    source, ledger
        Name of the building layer and where to write.

    Returns
    -------
    GeoDataFrame
        With ``floor_area_m2`` and ``footprint_m2`` (m²); 0 on a parcel without buildings, missing where a building
        of the parcel has no known floor area.
    """
    pairs = overlaps(buildings.geometry, parcels.geometry)
    floor = floor_area(buildings, ledger=ledger, source=source).to_numpy(float)
    footprint = buildings["area_m2"].to_numpy(float)
    size = len(parcels)
    unknown = np.bincount(pairs.zone, weights=np.isnan(floor)[pairs.parcel], minlength=size) > 0
    floors = np.bincount(pairs.zone, weights=np.nan_to_num(floor)[pairs.parcel] * pairs.share, minlength=size)
    prints = np.bincount(pairs.zone, weights=footprint[pairs.parcel] * pairs.share, minlength=size)
    outside = np.setdiff1d(np.arange(len(buildings)), pairs.parcel)
    ledger.add("building-outside", stage="measure", source=source, row=buildings["source_row"].iloc[outside])
    made = {"floor_area_m2": np.where(unknown, np.nan, floors), "footprint_m2": prints}
    series = {name: pd.Series(values, parcels.index) for name, values in made.items()}
    return parcels.assign(**{n: parcels[n].fillna(v) if n in parcels else v for n, v in series.items()})

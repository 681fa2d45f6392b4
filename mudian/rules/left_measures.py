"""The named measures of remaining land (R1–R5): each only where its inputs exist, and never one under another's name.

R1 and R2 need the codes of the intensity evaluation (TD/T 1029) on the parcels, R3 and R4 a layer of planned
construction land. R5 (待建地) has no definition that was seen. Without a plan, zone less supplied land less constraints
is called R4_without_plan.
"""

from __future__ import annotations

import tomllib
from functools import cache, partial
from importlib.resources import files
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from mudian.packs.policy import Policy
from mudian.rules.intensity_areas import td1029_areas
from parcels.catalog import Lang
from parcels.geometry.area import ellipsoidal_m2
from parcels.geometry.deduct import Layer, deduct
from parcels.units import M2_PER_MU

Geometries = NDArray[np.object_]
_M2_PER_HA, _M2_PER_KM2 = 1e4, 1e6
_CODE = "planned_code"
_TD = ("td_construction", "td_supply")


@cache
def descriptions() -> dict[str, Any]:
    """What the measures are, and the codes of planned construction land."""
    return tomllib.loads((files("mudian") / "data" / "left_measures.toml").read_text(encoding="utf-8"))


def left_measures(
    zones: gpd.GeoDataFrame,
    parcels: gpd.GeoDataFrame,
    *,
    left: Geometries,
    planned: gpd.GeoDataFrame | None = None,
    evidence: gpd.GeoDataFrame | None = None,
    policy: Policy,
    lang: Lang = "zh",
) -> pd.DataFrame:
    """The measures of every zone.

    Parameters
    ----------
    zones, parcels
        In one CRS in metres; parcels with ``zone_id``, ``supply_status``, ``area_mu`` and, for R1 and R2, the codes
        ``td_construction`` and ``td_supply``.
    left
        What is left of every zone after supplied land and all constraints.
    planned
        Planned construction land; rows with another ``planned_code`` (用地用海) are left out, where it has codes.
    evidence
        Land with evidence (举证), taken from R3.
    policy
        For the codes of the intensity evaluation.
    lang
        Language of the notes.

    Returns
    -------
    DataFrame
        ``zone_id``, ``measure``, ``area_mu``, ``area_ha``, ``area_km2``, ``note`` and ``missing``.

    Examples
    --------
    Liaocheng's high-tech zone has 7.22 km² left, which are 10 830 mu (rules-evaluation 5.5):

    >>> convert(np.array([7.22e6]))["area_mu"].round(6).tolist()
    [10830.0]
    """
    area = partial(ellipsoidal_m2, crs=zones.crs)
    made: dict[str, tuple[NDArray[np.float64], str]] = _by_codes(zones, parcels, policy)
    if planned is None:
        nothing = np.full(len(zones), np.nan)
        made |= {"R3": (nothing, "layer:planned"), "R4": (nothing, "layer:planned")}
        made["R4_without_plan"] = (area(left), "")
    else:
        plan = _planned(planned)
        made["R3"] = (_plan_left(zones, parcels, plan, evidence, area), "")
        inside = shapely.intersection(left, shapely.union_all(plan))
        made["R4"] = (area(inside), "")
    made["R5"] = (np.full(len(zones), np.nan), "definition")
    made |= _apart(zones, parcels)
    return pd.concat([_rows(zones, name, m2, lack, lang) for name, (m2, lack) in made.items()], ignore_index=True)


def convert(m2: NDArray[np.float64]) -> pd.DataFrame:
    """Square metres in mu, hectares and square kilometres."""
    return pd.DataFrame({"area_mu": m2 / M2_PER_MU, "area_ha": m2 / _M2_PER_HA, "area_km2": m2 / _M2_PER_KM2})


def _rows(zones: gpd.GeoDataFrame, name: str, m2: NDArray[np.float64], missing: str, lang: Lang) -> pd.DataFrame:
    words = descriptions()["measures"][name]
    front = pd.DataFrame({"zone_id": zones["zone_id"].astype("str").array, "measure": name})
    back = pd.DataFrame({"note": [words[lang]] * len(zones), "missing": missing})
    return pd.concat([front, convert(np.asarray(m2, dtype=float)), back], axis=1)


def _by_codes(
    zones: gpd.GeoDataFrame, parcels: gpd.GeoDataFrame, policy: Policy
) -> dict[str, tuple[NDArray[np.float64], str]]:
    """R1 and R2 from the codes of the intensity evaluation."""
    lacking = [c for c in _TD if c not in parcels]
    nothing = np.full(len(zones), np.nan)
    if lacking:
        return {"R1": (nothing, ";".join(lacking)), "R2": (nothing, ";".join(lacking))}
    sums = td1029_areas(parcels, policy).set_index("zone_id").reindex(zones["zone_id"])

    def of(code: str) -> NDArray[np.float64]:
        held = sums[code] if code in sums else pd.Series(np.nan, sums.index)
        return np.asarray(held.to_numpy(float))

    whole = ellipsoidal_m2(np.asarray(zones.geometry.values), zones.crs)
    return {"R1": (whole - of("C") - of("A") - of("B21"), ""), "R2": (whole - of("D") - of("F"), "")}


def _planned(planned: gpd.GeoDataFrame) -> Geometries:
    """Planned construction land, filtered by its code before it is united."""
    if _CODE in planned:
        codes = planned[_CODE].astype("str")
        planned = planned[codes.str.startswith(tuple(descriptions()["planned_codes"])).fillna(False).to_numpy(bool)]
    return np.asarray(planned.geometry.values)


def _plan_left(
    zones: gpd.GeoDataFrame, parcels: gpd.GeoDataFrame, plan: Geometries, evidence: gpd.GeoDataFrame | None, area: Any
) -> NDArray[np.float64]:
    """Planned land of every zone less supplied land and evidence."""
    whole = shapely.intersection(np.asarray(zones.geometry.values), shapely.union_all(plan))
    supplied = np.asarray(parcels.geometry.values)[(parcels["supply_status"] == "supplied").to_numpy(bool)]
    layers = [Layer(supplied)] + ([] if evidence is None else [Layer(np.asarray(evidence.geometry.values))])
    polygons = np.array([shapely.MultiPolygon(_areal(g)) for g in whole], dtype=object)
    remaining: NDArray[np.float64] = deduct(polygons, layers, area=area).remaining_m2[:, -1]
    return remaining


def _areal(figure: shapely.Geometry) -> list[shapely.Polygon]:
    parts = shapely.get_parts(shapely.get_parts(figure))
    return [p for p in parts if p.geom_type == "Polygon" and not p.is_empty]


def _apart(zones: gpd.GeoDataFrame, parcels: gpd.GeoDataFrame) -> dict[str, tuple[NDArray[np.float64], str]]:
    """Land that people look for beside what remains: approved and not supplied, supplied and not completed."""
    masks = {"approved_unsupplied": parcels["supply_status"] == "approved_unsupplied"}
    if "actual_completion" in parcels:
        masks["supplied_not_built"] = (parcels["supply_status"] == "supplied") & parcels["actual_completion"].isna()
    made = {}
    for name, mask in masks.items():
        land = (parcels["area_mu"].where(mask, 0.0) * M2_PER_MU).groupby(parcels["zone_id"]).sum()
        made[name] = (land.reindex(zones["zone_id"]).fillna(0.0).to_numpy(float), "")
    if "actual_completion" not in parcels:
        made["supplied_not_built"] = (np.full(len(zones), np.nan), "actual_completion")
    return made

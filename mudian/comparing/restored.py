"""The measured tables of a finished run, as they were before they were judged, so that they can be judged again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.evaluation import Evaluation
from mudian.explain.record import as_record
from mudian.judge import Measured
from mudian.rules.overlay import OVERLAYS

# Columns that judging adds and rules may read from elsewhere; the other verdict columns are written over.
_JUDGED = {"parcels": ("grade",), "zones": ("developable_mu", "developable_usable_mu", "approved_unsupplied_mu")}


def restore(run: Evaluation) -> Measured:
    """The tables of a run as they were measured.

    Parameters
    ----------
    run
        Results of a run, in memory or loaded.
    """
    links = run.links.assign(
        parcel=_parcel_positions(run.parcels, run.links),
        enterprise=pd.Index(run.enterprises["enterprise_id"]).get_indexer(pd.Index(run.links["enterprise_id"])),
    )
    parcels = run.parcels.drop(columns=[c for c in _JUDGED["parcels"] if c in run.parcels])
    zones = run.zones.drop(columns=[c for c in _JUDGED["zones"] if c in run.zones])
    return Measured(_with_overlays(parcels, run), run.enterprises, zones, links)


def layers_of(run: Evaluation) -> dict[str, gpd.GeoDataFrame]:
    """The constraint layers of the overlay items that are at hand, by kind."""
    if "kind" not in run.deductions:
        return {}
    kinds = run.deductions.drop_duplicates("layer").set_index("layer")["kind"]
    found: dict[str, list[gpd.GeoDataFrame]] = {}
    for name, layer in run.layers.items():
        if kinds.get(name) in OVERLAYS.values():
            found.setdefault(str(kinds[name]), []).append(layer[["geometry"]])
    return {k: gpd.GeoDataFrame(pd.concat(v, ignore_index=True)).to_crs(run.parcels.crs) for k, v in found.items()}


def _parcel_positions(parcels: pd.DataFrame, links: pd.DataFrame) -> NDArray[np.int64]:
    """The row of the parcels that each link is of, by code and record number together."""
    keys = [f.astype({"parcel_id": "str", row: "str"}) for f, row in ((parcels, "source_row"), (links, "parcel_row"))]
    here = pd.Index(keys[0]["parcel_id"].fillna("") + "\0" + keys[0]["source_row"])
    wanted = pd.Index(keys[1]["parcel_id"].fillna("") + "\0" + keys[1]["parcel_row"])
    first = pd.Series(np.arange(len(here)), here).groupby(level=0).first()
    return first.reindex(wanted).to_numpy(np.int64, na_value=-1)


def _with_overlays(parcels: gpd.GeoDataFrame, run: Evaluation) -> gpd.GeoDataFrame:
    """Parcels with their land on control lines: a run keeps it in its findings, for the parcels that it asked for."""
    if layers_of(run):
        return parcels
    made: dict[str, Any] = {}
    for rule in as_record(run.manifest.get("policies")).get("rules", ()):
        for number, condition in enumerate(rule["conditions"], start=1):
            if condition.get("metric") in OVERLAYS and condition["metric"] not in parcels:
                made[condition["metric"]] = _value_of(run.findings, rule, number, parcels["parcel_id"])
    return parcels.assign(**made)


def _value_of(findings: pd.DataFrame, rule: Mapping[str, Any], number: int, ids: pd.Series) -> pd.Series:
    name = rule["id"] if len(rule["conditions"]) == 1 else f"{rule['id']}/{number}"
    own = findings[(findings["rule_id"] == name).to_numpy(bool) & (findings["subject_type"] == "parcel").to_numpy(bool)]
    values = own.assign(subject_id=own["subject_id"].astype("str")).drop_duplicates("subject_id")
    return ids.astype("str").map(values.set_index("subject_id")["value"]).astype("float64")

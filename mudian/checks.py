"""Findings about the data themselves, made in every run whatever the policies are."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from mudian.findings import findings, join
from parcels.limits import limit


def area_findings(parcels: gpd.GeoDataFrame) -> pd.DataFrame:
    """Whether the registered area of every parcel agrees with its geometry.

    Parameters
    ----------
    parcels
        Parcels with ``parcel_id``, ``area_m2`` and, where the delivery has one, ``registered_m2``.

    Returns
    -------
    DataFrame
        Findings of the rule ``data.registered_area``: value is the relative difference; unknown without one of both.
    """
    most = limit("area_differs")
    registered = parcels["registered_m2"] if "registered_m2" in parcels else pd.Series(np.nan, parcels.index)
    value = (parcels["area_m2"] / registered.where(registered > 0) - 1).abs()
    known = value.notna()
    lacking = np.where(registered.isna(), "registered_m2", "")
    lacking = np.where(
        parcels["area_m2"].isna(), np.where(lacking == "", "geometry", "registered_m2;geometry"), lacking
    )
    return join(
        [
            findings(
                "parcel",
                parcels["parcel_id"],
                rule_id="data.registered_area",
                outcome=(value <= most).astype("boolean").where(known),
                value=value,
                operator="<=",
                threshold=most,
                unit="ratio",
                clause="parcels/data/checks.toml: area_differs",
                missing=pd.Series(np.where(known, "", lacking), parcels.index),
            )
        ]
    )

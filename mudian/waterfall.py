"""The waterfall of a zone: from its area over every deduction to what remains, as rows for a chart."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from mudian.developable import choices
from parcels.catalog import Lang

COLUMNS = ("zone_id", "zone_name", "step", "label", "kind", "begin_mu", "value_mu")


def waterfall(zones: gpd.GeoDataFrame, deductions: pd.DataFrame, *, lang: Lang = "zh") -> pd.DataFrame:
    """The bars of every zone.

    Parameters
    ----------
    zones
        Zones with ``zone_id``, ``zone_name``, ``area_mu``, ``developable_mu`` and ``developable_usable_mu`` (亩).
    deductions
        From :func:`mudian.developable.remaining_area`.
    lang
        Language of the labels.

    Returns
    -------
    DataFrame
        Per zone the whole (``total``), every layer (``hard`` or ``soft``; value missing where the layer is not given),
        what remains (``left``) and what of it is usable (``part``), each with the height at which its bar begins.
    """
    words = choices()["words"]
    parts = []
    for number in range(len(zones)):
        zone = zones.iloc[number]
        taken = deductions[(deductions["zone_id"] == zone["zone_id"]).to_numpy(bool)].sort_values("order")
        labels = [words["zone"][lang], *taken["layer"], words["remaining"][lang], words["usable"][lang]]
        kinds = ["total", *taken["role"], "left", "part"]
        values = [zone["area_mu"], *taken["net_mu"], zone["developable_mu"], zone["developable_usable_mu"]]
        bases = [0.0, *taken["remaining_mu"].fillna(0.0), 0.0, 0.0]
        table = {
            "zone_id": zone["zone_id"],
            "zone_name": zone["zone_name"],
            "step": np.arange(1, len(labels) + 1),
            "label": labels,
            "kind": kinds,
            "begin_mu": bases,
            "value_mu": np.asarray(values, dtype=float),
        }
        parts.append(pd.DataFrame(table, columns=list(COLUMNS)))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))

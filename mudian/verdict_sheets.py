"""The sheets of verdicts in the workbook: idle land, low efficiency, standard land, and the data that are missing.

A sheet lists what an official has to look at: what is suspected, and what cannot be decided for want of data. The text
of a row is that of the card on the map.
"""

from __future__ import annotations

import pandas as pd

from mudian.evaluation import Evaluation
from mudian.explain.cards import card_lines
from mudian.explain.missing import missing_data
from mudian.labels import column_label
from parcels.catalog import Lang

VERDICT_SHEETS = ("idle", "inefficient", "standard_land", "missing_data")
_BASE = ("parcel_id", "owner", "zone_id", "area_mu", "supply_status", "borderline")
_OWN = {
    "idle": ("idle_status", "idle_cause_class", "idle_measure", "idle_fee_wan", "days_overdue", "idle_missing"),
    "inefficient": (
        "tax_per_mu", "investment_per_mu", "inefficient", "inefficient_class", "inefficient_review",
        "inefficient_missing", "area_basis_flips",
    ),
    "standard_land": tuple(
        f"standard_land_{list_}{part}" for list_ in ("eligible", "conform") for part in ("", "_open", "_missing")
    ),
}  # fmt: skip
_SUSPECTED = ("idle_1y", "idle_2y", "idle_stopped", "unknown")


def verdict_tables(evaluation: Evaluation) -> dict[str, pd.DataFrame]:
    """The tables behind the sheets; empty where nothing was judged."""
    parcels = pd.DataFrame(evaluation.parcels)
    if not evaluation.manifest.get("policies") or "idle_status" not in parcels:
        return {}
    lang: Lang = evaluation.manifest["project"]["lang"]
    parcels = parcels.assign(verdict_text=one_line(card_lines(evaluation, lang=lang)))
    rows = {
        "idle": parcels["idle_status"].isin(_SUSPECTED),
        "inefficient": parcels["inefficient"].fillna(False) | (parcels["inefficient_missing"].fillna("") != ""),
        "standard_land": parcels["standard_land_eligible"].notna()
        | parcels["standard_land_conform"].notna()
        | (parcels["standard_land_eligible_missing"].fillna("") != "")
        | (parcels["standard_land_conform_missing"].fillna("") != ""),
    }
    tables = {
        name: parcels.loc[mask.to_numpy(bool), [c for c in (*_BASE, *_OWN[name], "verdict_text") if c in parcels]]
        for name, mask in rows.items()
    }
    tables["missing_data"] = missing_data(evaluation, evaluation.manifest["policies"], lang=lang)
    return {
        name: table.reset_index(drop=True).assign(**_labelled(table.reset_index(drop=True), lang))
        for name, table in tables.items()
    }


def one_line(texts: pd.Series) -> pd.Series:
    """The lines of a text one behind the other, for the cell of a table."""
    joined: pd.Series = texts.str.replace("\n", "；", regex=False)
    return joined


def _labelled(table: pd.DataFrame, lang: Lang) -> dict[str, pd.Series]:
    """Names of missing fields as people call them."""
    made = {}
    for column in (c for c in table if str(c).endswith("_missing")):
        texts = {t: _named(str(t), lang) for t in table[column].dropna().unique()}
        made[str(column)] = table[column].map(texts).astype("str")
    return made


def _named(names: str, lang: Lang) -> str:
    return "；".join(column_label(n, lang) for n in names.split(";") if n)

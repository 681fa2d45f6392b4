"""Rates, potentials and years of supply of the land-intensity evaluation (TD/T 1029), as the run found them.

The values of the zones are those of the table ``potentials``; all zones together are ratios of their sums.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mudian.evaluation import Evaluation
from mudian.explain.record import as_record
from mudian.potentials import descriptions
from mudian.zone_stats.definitions import PER_CENT, Measure, city
from mudian.zone_stats.figures import Figure, Floats, Zoned
from mudian.zone_stats.rows import GIVEN, UNKNOWN, measure_rows
from parcels.catalog import Lang
from parcels.units import M2_PER_MU, find

_HUNDRED = 100.0
_BASES = {"R3": "R3_ha", "E": "E_ha", "usable": "usable_ha"}
_YEARS = "supply_years_"
_PARCELS_M2, _M2_PER = "_m2@", "m2/"  # square metres of parcels over land, land in square metres over persons
Rows = list[pd.DataFrame]


def evaluation_rows(evaluation: Evaluation, z: Zoned, lang: Lang) -> Rows:
    """Rows of the evaluation of land intensity.

    Parameters
    ----------
    evaluation
        With ``potentials`` and ``left_measures``; without them there are no rows.
    z
        Its zones and parcels.
    lang
        Language of notes.
    """
    table = evaluation.potentials
    if not len(table.columns):
        return []
    made: Rows = []
    for measure in table.loc[table["section"].isin(("rate", "type", "potential", "supply")), "measure"].unique():
        own = table[(table["measure"] == measure).to_numpy(bool)].set_index("zone_id")
        own = own.reindex(z.zones["zone_id"].astype("str"))
        made.append(_rows(str(measure), own, table, evaluation, z, lang))
    return made


def _rows(
    name: str, own: pd.DataFrame, table: pd.DataFrame, evaluation: Evaluation, z: Zoned, lang: Lang
) -> pd.DataFrame:
    section, unit = str(own["section"].iloc[0]), str(own["unit"].iloc[0])
    words = _words(name, str(own["label"].iloc[0]), evaluation)
    clause = str(own["clause"].iloc[0])
    if section == "type":
        rows = _type(own, z, words, lang)
    elif section == "rate":
        rows = _rate(name, own, table, z, Measure(name, "rate", unit, "", "", words), lang)
    elif name.startswith(_YEARS):
        rows = _years(name, own, table, evaluation, z, Measure(name, "supply", unit, "", "", words), lang)
    else:
        group = "supply" if section == "supply" else "potential"
        rows = measure_rows(z, Measure(name, group, unit, name, "", words), {name: _figure(own)}, lang)
    told = own["note"].fillna("").to_numpy(dtype=object)
    notes = np.concatenate([np.array([""], dtype=object), told])
    rows = rows.assign(clause=clause, note=np.where(rows["note"] == "", notes, rows["note"]))
    return rows[rows["zone_id"] != city()] if section == "type" else rows


def _words(name: str, label: str, evaluation: Evaluation) -> dict[str, str]:
    """What a measure is called in both languages, as far as the run kept them."""
    entry = descriptions()["measures"].get(name)
    if entry is None:
        key = f"td1029.indicator.{name.removeprefix('td_')}"
        values = as_record(evaluation.manifest.get("policies")).get("values", ())
        entry = next((v for v in values if v["key"] == key), {"zh": label, "en": label})
    return {"zh": entry["zh"], "en": entry["en"]}


def _figure(own: pd.DataFrame) -> Figure:
    return Figure(own["value"].to_numpy(float), own["missing"].fillna("").to_numpy(dtype=object))


def _type(own: pd.DataFrame, z: Zoned, words: dict[str, str], lang: Lang) -> pd.DataFrame:
    """The type of the zone is a word; all zones together have none."""
    rows = measure_rows(z, Measure("td_type", "rate", "", "", "", words), {"": _figure(own)}, lang)
    known = own["note"].fillna("").ne("").to_numpy(bool)
    zones = np.where(known, GIVEN, UNKNOWN)
    missing = np.where(known, "", own["missing"].fillna("")).astype(object)
    return rows.assign(status=["", *zones], missing=["", *missing])


def _rate(name: str, own: pd.DataFrame, table: pd.DataFrame, z: Zoned, measure: Measure, lang: Lang) -> pd.DataFrame:
    """A rate with its denominator from the land of the classes, or from a figure of the zones."""
    above, _, below = str(own["formula"].iloc[0]).partition(" ÷ ")
    above, below = above.strip("()"), below.strip("()")
    scale = _HUNDRED if measure.unit == PER_CENT else 1.0
    denominator = _classes(below, table, z)
    denominator = np.where(np.isnan(own["value"].to_numpy(float)), np.nan, denominator)
    lack = own["missing"].fillna("").to_numpy(dtype=object)
    figures = {
        above: Figure(own["value"].to_numpy(float) * denominator / scale, lack),
        below: Figure(denominator, lack),
    }
    made = measure_rows(z, Measure(name, "rate", measure.unit, above, below, measure.words), figures, lang)
    value = np.concatenate([made["value"].to_numpy(float)[:1], own["value"].to_numpy(float)])
    known = ~np.isnan(value)
    numerator = made["numerator"] * _to_own_unit(above, measure.unit)
    return made.assign(value=value, numerator=numerator, status=np.where(known, GIVEN, made["status"]))


def _to_own_unit(above: str, unit: str) -> float:
    """What makes a quotient times hectares, or times persons, the numerator in its own unit."""
    hectare = find("公顷", "area")
    factor = float(hectare.factor) if hectare else np.nan
    if _PARCELS_M2 in above:
        return factor
    return 1 / factor if unit.startswith(_M2_PER) else 1.0


def _classes(formula: str, table: pd.DataFrame, z: Zoned) -> Floats:
    """Land (ha) of classes joined by ``+``; another word is a column of the zones."""
    total = np.zeros(len(z.zones))
    for term in formula.split("+"):
        rows = table[(table["measure"] == f"class_{term.strip()}").to_numpy(bool)].set_index("zone_id")
        if len(rows):
            part = rows["value"].reindex(z.zones["zone_id"].astype("str")).to_numpy(float)
        elif term.strip() in z.zones:
            part = z.zones[term.strip()].to_numpy(float, na_value=np.nan)
        else:
            part = np.full(len(z.zones), np.nan)
        total = total + part
    return total


def _years(
    name: str, own: pd.DataFrame, table: pd.DataFrame, evaluation: Evaluation, z: Zoned, measure: Measure, lang: Lang
) -> pd.DataFrame:
    """Land left over the mean yearly supply."""
    base = name.removeprefix(_YEARS)
    mean = table[(table["measure"] == "mean_supply_ha").to_numpy(bool)].set_index("zone_id")
    yearly = _figure(mean.reindex(z.zones["zone_id"].astype("str")))
    lack = own["missing"].fillna("").to_numpy(dtype=object)
    figures = {
        _BASES[base]: Figure(_left(base, table, evaluation, z), lack),
        "mean_supply_ha": yearly,
    }
    named = Measure(name, "supply", measure.unit, _BASES[base], "mean_supply_ha", measure.words)
    return measure_rows(z, named, figures, lang)


def _left(base: str, table: pd.DataFrame, evaluation: Evaluation, z: Zoned) -> Floats:
    """Land (ha) that years of supply are of."""
    ids = z.zones["zone_id"].astype("str")
    if base == "E":
        rows = table[(table["measure"] == "expansion_ha").to_numpy(bool)].set_index("zone_id")
        return rows["value"].reindex(ids).to_numpy(float)
    if base == "usable":
        hectare = find("公顷", "area")
        column = "developable_usable_mu"
        mu = z.zones[column].to_numpy(float, na_value=np.nan) if column in z.zones else np.full(len(ids), np.nan)
        return np.asarray(mu * M2_PER_MU / float(hectare.factor)) if hectare else mu * np.nan
    left = evaluation.left_measures
    if not len(left.columns):
        return np.full(len(ids), np.nan)
    own = left[(left["measure"] == base).to_numpy(bool)].set_index("zone_id")
    return own["area_ha"].reindex(ids).to_numpy(float)

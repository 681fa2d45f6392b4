"""What a run says of the land intensity of its zones: classes, rates and potentials of TD/T 1029, and years of supply.

Every measure stands in a row of its own with its unit, formula, clause and what it lacks. Classes, partitions, rates
and the type of a zone are listed only where parcels carry codes of the evaluation; potentials and years of supply
always. The four strength potentials overlap and are never added.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.findings import findings, join
from mudian.packs.policy import Policy
from mudian.rules.intensity import POTENTIALS, td1029_measures, td1029_zone_type
from mudian.rules.intensity_areas import COLUMNS, PARTITIONS, td1029_areas, td1029_partition
from mudian.rules.supply import supply_by_year, supply_span, supply_years
from parcels.catalog import Lang
from parcels.ledger import Ledger
from parcels.units import M2_PER_MU

_M2_PER_HA, _PERCENT = 1e4, 100.0
_COLUMNS = (
    "zone_id", "section", "measure", "label", "value", "unit", "area_mu", "formula", "clause", "missing", "note",
)  # fmt: skip
_ORDER = ("class", "partition", "rate", "type", "potential", "supply")
_IDLE = ("idle_1y", "idle_2y", "idle_stopped")
_NOT_IDLE = ("not_idle", "not_due")
_TAKEN, _MEASURES = "takeback", ("none", "fee", "consult", "takeback")
_VERDICTS = {"td_idle": "idle_status", "td_takeback": "idle_measure"}
_CLOSED = 1e-6  # relative, as the partitions are tested


@dataclass(frozen=True)
class Potentials:
    """What was found.

    Attributes
    ----------
    table
        ``zone_id``, ``section``, ``measure``, ``label``, ``value``, ``unit``, ``area_mu`` (areas only), ``formula``,
        ``clause``, ``missing`` and ``note``.
    zones
        Columns for the zones, under their index: ``supply_years`` and ``supply_years_of`` (the land it is of), and the
        type and potentials that are known of some zone.
    findings
        Whether the partitions close, where parcels are coded.
    """

    table: pd.DataFrame
    zones: pd.DataFrame
    findings: pd.DataFrame


@cache
def descriptions() -> dict[str, Any]:
    """Names, formulas and notes of the measures."""
    return tomllib.loads((files("mudian") / "data" / "potentials.toml").read_text(encoding="utf-8"))


def potentials(
    zones: gpd.GeoDataFrame,
    parcels: gpd.GeoDataFrame,
    policy: Policy,
    *,
    left_measures: pd.DataFrame | None = None,
    lang: Lang = "zh",
    ledger: Ledger | None = None,
) -> Potentials:
    """Measures of land intensity, potentials and years of supply of every zone.

    Parameters
    ----------
    zones
        Measured zones with ``zone_id`` and ``area_m2`` (ellipsoidal), with figures of the zone where there are any
        (``industrial_tax_wan``, ``residents`` …) and ``developable_usable_mu``.
    parcels
        Judged parcels with ``zone_id``, ``area_m2``, ``supply_status``, and where there are any ``contract_date`` and
        the codes ``td_construction``, ``td_supply``, ``td_hightech``, ``td_idle`` and ``td_takeback``. Without the last
        two the verdicts ``idle_status`` and ``idle_measure`` tell idle land and what is to be taken back.
    policy
        With the pack of TD/T 1029 and what the user set.
    left_measures
        The named measures of remaining land, for R3.
    lang
        Language of names and notes.
    ledger
        Where partitions that do not close are written.
    """
    coded = any(c in parcels and parcels[c].notna().any() for c in COLUMNS)
    land, judged = _marked(parcels)
    notes = {"management_idle_ha": _note("verdict", lang)} if "td_idle" in judged else {}
    rows = _measured(land, zones, policy, judged, coded)
    tables = [_areas(rows[rows["measure"].isin(POTENTIALS)], "potential")]
    found, kinds = pd.DataFrame(), None
    if coded:
        classes, partition, found = _classes(land, zones, policy, lang, ledger)
        kinds = _types(land, zones, policy, lang)
        rates = _units(rows[~rows["measure"].isin(POTENTIALS)], policy)
        tables += [classes, partition, rates.assign(section="rate"), kinds]
    expansion = rows[rows["measure"] == "expansion_ha"].set_index("zone_id")
    years = _supply(zones, land, policy, expansion, left_measures, lang)
    table = _worded(pd.concat([*tables, years], ignore_index=True), policy, notes, lang)
    return Potentials(_sorted(table, zones), _columns(table, zones, kinds), found)


def _note(name: str, lang: Lang, **values: object) -> str:
    text: str = descriptions()["notes"][name][lang]
    return text.format(**values)


def _marked(parcels: gpd.GeoDataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """The parcels with marks of idle land and of what is to be taken back, and which verdict stands for which mark."""
    land = pd.DataFrame(parcels.drop(columns="geometry", errors="ignore"))
    judged = {m: v for m, v in _VERDICTS.items() if m not in land and v in land}
    if "td_idle" in judged:
        idle = land["idle_status"].isin(_IDLE).astype("boolean")
        land["td_idle"] = idle.where(land["idle_status"].isin((*_IDLE, *_NOT_IDLE)))
    if "td_takeback" in judged:
        back = (land["idle_measure"] == _TAKEN).fillna(False).astype("boolean")
        land["td_takeback"] = back.where(land["idle_measure"].isin(_MEASURES))
    return land, judged


def _measured(
    land: pd.DataFrame, zones: gpd.GeoDataFrame, policy: Policy, judged: Mapping[str, str], coded: bool
) -> pd.DataFrame:
    """Rates and potentials of every zone; one without parcels lacks them. Without codes, potentials alone."""
    figures = pd.DataFrame(zones.drop(columns="geometry", errors="ignore"))
    rows = td1029_measures(land, policy, zones=figures)
    rows = rows if coded else rows[rows["measure"].isin(POTENTIALS)]
    every = pd.MultiIndex.from_product([rows["measure"].unique(), zones["zone_id"]], names=["measure", "zone_id"])
    whole = rows.set_index(["measure", "zone_id"]).reindex(every).reset_index()
    lacking = ~whole["zone_id"].isin(rows["zone_id"])
    for mark, verdict in judged.items():
        whole["missing"] = whole["missing"].str.replace(rf"\b{mark}\b", verdict, regex=True)
    return whole.assign(missing=whole["missing"].mask(lacking, "parcels").fillna(""))


def _areas(rows: pd.DataFrame, section: str) -> pd.DataFrame:
    """Rows in hectares, with their mu."""
    return rows.assign(section=section, unit="ha", area_mu=rows["value"] * _M2_PER_HA / M2_PER_MU)


def _units(rows: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """Rates with the unit and formula that the pack gives them."""
    units, formulas, clauses = {}, {}, {}
    for measure in rows["measure"].unique():
        found = policy.find(f"td1029.indicator.{str(measure).removeprefix('td_')}")
        if found is not None:
            above, below = (str(i) for i in found.items[:2])
            units[measure], clauses[measure] = found.unit, found.cite
            formulas[measure] = " ÷ ".join(f"({f})" if "+" in f else f for f in (above, below))
    named = rows["measure"]
    return rows.assign(unit=named.map(units), formula=named.map(formulas), clause=named.map(clauses))


def _classes(
    land: pd.DataFrame, zones: gpd.GeoDataFrame, policy: Policy, lang: Lang, ledger: Ledger | None
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Land of every class, the two partitions, and the findings on them."""
    areas = td1029_areas(land, policy).set_index("zone_id").reindex(zones["zone_id"])
    table = policy.table("td1029_codes")
    names = {str(r[0]): f"{r[0]} {r[2]}" for r in table.rows} if table else {}
    listed = [
        pd.DataFrame({"zone_id": zones["zone_id"].array, "measure": f"class_{c}", "label": n, "formula": c,
                      "value": areas[c].to_numpy(float) / _M2_PER_HA, "missing": _lack(areas[c], c, policy)})
        for c, n in names.items()
    ]  # fmt: skip
    classes = _areas(pd.concat(listed, ignore_index=True), "class") if listed else pd.DataFrame()
    if table is not None:
        classes = classes.assign(clause=f"{table.clause}")
    closed = td1029_partition(areas.reset_index(), policy, zone_m2=zones["area_m2"])
    rows = [_partition(closed, zones, name, policy) for name in PARTITIONS]
    found = [_finding(closed, zones, name, column, policy, ledger) for name, column in PARTITIONS.items()]
    return classes, pd.concat(rows, ignore_index=True), join(found)


def _lack(areas: pd.Series, code: str, policy: Policy) -> NDArray[np.object_]:
    """The column that a class is unknown for."""
    columns = {str(i): c for c in COLUMNS if (f := policy.find(f"td1029.column.{c}")) for i in f.items}
    return np.where(areas.isna(), columns.get(code[0], code), "").astype(object)


def _partition(closed: pd.DataFrame, zones: gpd.GeoDataFrame, name: str, policy: Policy) -> pd.DataFrame:
    gap = closed[f"{name}_gap_m2"]
    missing = np.where(gap.isna(), PARTITIONS[name], "")
    front = {"zone_id": zones["zone_id"].array, "section": "partition", "missing": missing}
    mu = pd.DataFrame(front | {"measure": f"{name}_gap", "value": gap / M2_PER_MU, "area_mu": gap / M2_PER_MU})
    share = pd.DataFrame(front | {"measure": f"{name}_gap_relative", "value": gap / closed["zone_m2"] * _PERCENT})
    return pd.concat([mu.assign(unit="mu"), share.assign(unit="%")], ignore_index=True)


def _finding(
    closed: pd.DataFrame, zones: gpd.GeoDataFrame, name: str, column: str, policy: Policy, ledger: Ledger | None
) -> pd.DataFrame:
    gap, outcome = closed[f"{name}_gap_m2"], closed[f"{name}_closes"]
    relative = (gap / closed["zone_m2"]).abs()
    off = (~outcome).fillna(False).to_numpy(bool)
    letters = policy.find(f"td1029.column.{column}")
    for i in np.flatnonzero(off) if ledger is not None and letters else ():
        ledger.add(  # type: ignore[union-attr]
            "zone-partition", stage="account", id=str(zones["zone_id"].iloc[i]), field=column,
            classes="+".join(map(str, letters.items)), mu=f"{gap.iloc[i] / M2_PER_MU:,.2f}",  # type: ignore[union-attr]
            share=f"{gap.iloc[i] / closed['zone_m2'].iloc[i] * _PERCENT:.4f}",
        )  # fmt: skip
    return findings(
        "zone", zones["zone_id"].reset_index(drop=True).astype("str"), rule_id=f"td1029.partition.{name}",
        outcome=outcome, value=relative, operator="<=", threshold=_CLOSED, unit="ratio",
        clause=letters.cite if letters else "", missing=pd.Series(np.where(outcome.isna(), column, "")),
    )  # fmt: skip


def _types(land: pd.DataFrame, zones: gpd.GeoDataFrame, policy: Policy, lang: Lang) -> pd.DataFrame:
    names = zones.drop_duplicates("zone_id").set_index("zone_id")["zone_name"] if "zone_name" in zones else None
    kinds = td1029_zone_type(land, policy, names=names).set_index("zone_id")["td_type"].reindex(zones["zone_id"])
    words = {k: w[lang] for k, w in descriptions()["types"].items()}
    rows = pd.DataFrame({"zone_id": zones["zone_id"].array, "measure": "td_type", "section": "type", "value": np.nan})
    lack = [policy.name_lacking(k) for k in ("td1029.type.industrial", "td1029.type.residential") if not policy.find(k)]
    missing = np.where(kinds.isna(), ";".join(lack) or "td_construction", "")
    return rows.assign(note=kinds.map(words).fillna("").array, missing=missing, kind=kinds.array)


def _supply(
    zones: gpd.GeoDataFrame,
    land: pd.DataFrame,
    policy: Policy,
    expansion: pd.DataFrame,
    measures: pd.DataFrame | None,
    lang: Lang,
) -> pd.DataFrame:
    """Mean yearly supply and, for each base, the years it lasts."""
    ids = zones["zone_id"].astype("str")
    supplied, counts = supply_by_year(land, ids, policy)
    bases = _bases(zones, ids, expansion, measures)
    span = supply_span(policy)
    years = f"{span[0]}–{span[-1]}" if len(span) else ""
    lacking = _lacking_supply(counts, policy)
    note = [_why(u, s, lang) for u, s in zip(counts["undated"], counts["unsure"], strict=True)]
    made: list[pd.DataFrame] = []
    for base, (land_ha, lack) in bases.items():
        found = supply_years(land_ha, supplied, policy)
        nothing = (found["mean_supply_ha"] == 0).to_numpy(bool)
        both = [";".join(filter(None, pair)) for pair in zip(lack, lacking, strict=True)]
        told = [_note("none", lang, years=years) if z else n for z, n in zip(nothing, note, strict=True)]
        if not made:
            mean = pd.DataFrame({"zone_id": ids.array, "measure": "mean_supply_ha", "missing": lacking, "note": note})
            made.append(_areas(mean.assign(value=found["mean_supply_ha"].array), "supply"))
        row = {"zone_id": ids.array, "measure": f"supply_years_{base}", "value": found["supply_years"].array}
        made.append(pd.DataFrame(row | {"missing": both, "note": told, "section": "supply", "unit": "year"}))
    return pd.concat(made, ignore_index=True)


Base = tuple[pd.Series, list[str]]


def _bases(
    zones: gpd.GeoDataFrame, ids: pd.Series, expansion: pd.DataFrame, measures: pd.DataFrame | None
) -> dict[str, Base]:
    """Land (ha) that years of supply may be of, and what it lacks, by zone."""
    nothing = pd.DataFrame({"value": np.nan, "missing": "R3"}, index=ids.array)
    r3 = nothing if measures is None else measures[measures["measure"] == "R3"].set_index("zone_id")
    r3 = r3.rename(columns={"area_ha": "value"}).reindex(ids.array)
    usable = zones["developable_usable_mu"] if "developable_usable_mu" in zones else pd.Series(np.nan, zones.index)
    net = pd.DataFrame({"value": usable.to_numpy(float) * M2_PER_MU / _M2_PER_HA}, index=ids.array)
    net["missing"] = np.where(net["value"].isna(), "developable_usable_mu", "")
    tables = {"R3": r3, "E": expansion.reindex(ids.array), "usable": net}
    return {k: (tables[k]["value"], tables[k]["missing"].fillna("").tolist()) for k in descriptions()["supply_bases"]}


def _lacking_supply(counts: pd.DataFrame, policy: Policy) -> list[str]:
    """What mean supply lacks, by zone."""
    if not len(supply_span(policy)):
        return [policy.name_lacking("td1029.supply_years")] * len(counts)
    columns = {"undated": "contract_date", "unsure": "supply_status", "unmeasured": "area_m2"}
    return [";".join(c for k, c in columns.items() if row[k]) for row in counts.to_dict("records")]


def _why(undated: int, unsure: int, lang: Lang) -> str:
    said = [_note(k, lang, count=n) for k, n in (("undated", undated), ("unsure", unsure)) if n]
    return ("；" if lang == "zh" else "; ").join(said)


def _worded(table: pd.DataFrame, policy: Policy, notes: Mapping[str, str], lang: Lang) -> pd.DataFrame:
    """The rows with names, formulas, clauses and notes."""
    span = supply_span(policy)
    years = f"{span[0]}–{span[-1]}" if len(span) else "?"
    texts: dict[str, dict[str, str]] = {"label": {}, "formula": {}, "clause": {}, "note": dict(notes)}
    for name, words in descriptions()["measures"].items():
        texts["label"][name] = words[lang]
        texts["formula"][name] = words["formula"][lang].format(years=years, count=len(span) or "?")
        texts["clause"][name] = _cite(policy, words["policy"])
        if "note" in words:
            texts["note"][name] = _note(words["note"], lang)
    for measure in table.loc[table["section"] == "rate", "measure"].unique():
        key = f"td1029.indicator.{str(measure).removeprefix('td_')}"
        value = next((p.values[key] for p in reversed(policy.packs) if key in p.values), None)
        texts["label"][str(measure)] = value.say(lang) if value else str(measure)
    for column, said in texts.items():
        given = table[column] if column in table else pd.Series(None, table.index, dtype="object")
        own = given.where(given.notna() & (given != ""))
        table = table.assign(**{column: own.fillna(table["measure"].map(said)).fillna("").astype("str")})
    return table


def _cite(policy: Policy, key: str) -> str:
    """Document and clause of a value; where it must still be confirmed, those that the pack names."""
    found = policy.find(key)
    pack = next((p for p in reversed(policy.packs) if key in p.values and p.values[key].history), None)
    if found is not None or pack is None:
        return found.cite if found else ""
    entry = pack.values[key].history[-1]
    return f"{pack.documents[entry.document].name} {entry.clause}"


def _sorted(table: pd.DataFrame, zones: gpd.GeoDataFrame) -> pd.DataFrame:
    """The rows by zone and section, in the order in which they were made."""
    place = pd.Series({str(z): i for i, z in enumerate(zones["zone_id"])})
    rank = pd.DataFrame({
        "zone": table["zone_id"].astype("str").map(place), "section": table["section"].map(_ORDER.index),
    })  # fmt: skip
    order = rank.sort_values(["zone", "section"], kind="stable").index
    made = table.loc[order, [*_COLUMNS]].reset_index(drop=True)
    texts = {c: made[c].fillna("").astype("str") for c in _COLUMNS if c not in ("value", "area_mu")}
    return made.assign(**texts, value=made["value"].astype(float), area_mu=made["area_mu"].astype(float))


def _columns(table: pd.DataFrame, zones: gpd.GeoDataFrame, kinds: pd.DataFrame | None) -> pd.DataFrame:
    """What the table of zones gets: years of supply of the first base that is known, type and potentials."""
    values = table.set_index("zone_id").groupby("measure")["value"]
    wide = pd.DataFrame({str(name): own.reindex(zones["zone_id"]) for name, own in values})
    years = pd.Series(np.nan, wide.index)
    of = pd.Series(None, wide.index, dtype="str")
    for base in descriptions()["supply_bases"]:
        fresh = years.isna() & wide[f"supply_years_{base}"].notna()
        years, of = years.mask(fresh, wide[f"supply_years_{base}"]), of.mask(fresh, base)
    made: dict[str, Any] = {"supply_years": years.array, "supply_years_of": of.array}
    if kinds is not None:
        made["td_type"] = pd.array(kinds["kind"].tolist(), dtype="str")
    made |= {n: wide[n].array for n in ("mean_supply_ha", *POTENTIALS) if n in wide and wide[n].notna().any()}
    return pd.DataFrame(made, index=zones.index)

"""The tables of the screening for people: columns in the order of reading, codes as words, reasons of whole sites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mudian.evaluation import Evaluation
from mudian.explain.rulebook import Rulebook
from mudian.labels import value_labels, word
from mudian.screening.words import choices, column_title, listing, named, say, value_words
from mudian.settings import ScreeningSettings
from parcels.catalog import Lang

if TYPE_CHECKING:
    from mudian.screening.shortlist import Shortlist

_OWN = ("parcel_id", "owner", "zone_id", "zone_name", "area_mu", "list", "reasons", "why", "lacking")
_NOW = ("tax_now_wan", "tax_now_per_mu", "tax_now_basis")
_EASE = ("ease", "ease_low", "ease_high", "ease_missing")
_ITEMS = (
    "owners", "tenants", "building_coefficient", "plot_ratio", "mortgaged", "seized", "shape_index", "frontage_m",
)  # fmt: skip
_SITE = ("site_id", "zone_id", "zone_name", "parcel_count", "area_mu", "reasons")
_EFFECT = ("zone_tax_per_mu", "zone_tax_per_mu_X", "zone_rank", "zone_rank_X", "zone_developable_mu")
_CODED = {"reasons": "tests", "ease_missing": "ease", "why_not": "match"}


def scenarios_of(notes: Mapping[str, Any]) -> tuple[str, ...]:
    """The scenarios of a screening, by its notes."""
    return ScreeningSettings(**notes.get("settings", {})).shown


def screening_tables(evaluation: Evaluation) -> dict[str, pd.DataFrame]:
    """The sheets of the screening of a run; empty where it has none."""
    notes = evaluation.manifest.get("screening", {})
    if not len(evaluation.screening) or "list" not in evaluation.screening:
        return {}
    lang: Lang = evaluation.manifest["project"]["lang"]
    zones, scenarios = pd.DataFrame(evaluation.zones), scenarios_of(notes)
    return {
        "screening": screening_sheet(
            evaluation.screening, zones, scenarios, lang, record=evaluation.manifest.get("policies")
        ),
        "sites": sites_sheet(evaluation.sites, evaluation.screening, zones, scenarios, lang),
        "site_matches": matches_sheet(evaluation.site_matches, zones, lang),
        "screening_notes": notes_sheet(notes.get("sentences", ())),
    }


def screening_sheet(
    parcels: pd.DataFrame, zones: pd.DataFrame, scenarios: Sequence[str], lang: Lang, *, record: object = None
) -> pd.DataFrame:
    """The listed parcels with words for codes.

    Parameters
    ----------
    parcels
        As in :attr:`mudian.screening.Screening.parcels`.
    zones
        With ``zone_id`` and ``zone_name``.
    scenarios, lang
        What was compared; language.
    record
        Policies of the manifest, for the names of what is missing.
    """
    each = ("benchmark_X", "gain_X_wan", "rank_gain_X", "front_X")
    order = [*_OWN, *_NOW, *_of(scenarios, each), "floor_clause", "floor_missing", *_EASE, *_ITEMS, "enterprises"]
    shown = _with_zone(parcels, zones)
    if "floor_missing" in shown:
        shown = shown.assign(floor_missing=missing_names(shown["floor_missing"], record, lang))
    return _worded(shown, [*order, "site_id"], lang)


def missing_names(codes: pd.Series, record: object, lang: Lang) -> pd.Series:
    """Names of what is missing, joined by ``;``, as people call them; missing where nothing is."""
    book = Rulebook(record, lang)
    texts = codes.astype("str").fillna("")
    return texts.map({t: book.field_names(t) or None for t in texts.unique()}).astype("str")


def sites_sheet(
    sites: pd.DataFrame, parcels: pd.DataFrame, zones: pd.DataFrame, scenarios: Sequence[str], lang: Lang
) -> pd.DataFrame:
    """The sites with the reasons of their parcels, scenarios side by side.

    Parameters
    ----------
    sites, parcels
        As in :class:`mudian.screening.Screening`.
    zones
        With ``zone_id`` and ``zone_name``.
    scenarios, lang
        What was compared; language.
    """
    each = ("gain_X_wan", "gain_X_wan_incomplete", "rank_gain_X", "front_X")
    effect = [c for name in _EFFECT for c in (_of(scenarios, (name,)) if "X" in name else [name])]
    order = [*_SITE, *_of(scenarios, each), *_EASE, *effect, *_ITEMS, "parcel_ids", "why"]
    plain = pd.DataFrame(sites.drop(columns="geometry", errors="ignore"))
    whole = [c for c in plain if str(c).endswith("_incomplete") and not plain[c].any()]
    words = site_words(sites, parcels, lang)
    shown = _worded(_with_zone(plain.drop(columns=whole), zones).assign(why=words["why"], reasons=""), order, lang)
    return shown.assign(reasons=words["reasons"].array)


def site_words(sites: pd.DataFrame, parcels: pd.DataFrame, lang: Lang) -> dict[str, pd.Series]:
    """For each site how many parcels are in it for which reason (``reasons``), and why each of them is (``why``).

    Examples
    --------
    >>> sites = pd.DataFrame({"site_id": ["Z-S001"]})
    >>> parcels = pd.DataFrame({"site_id": "Z-S001", "parcel_id": ["a", "b"], "area_mu": [10.0, 20.5],
    ...     "reasons": ["idle", "idle;stopped"], "why": ["甲", "乙"]})
    >>> made = site_words(sites, parcels, "zh")
    >>> made["reasons"][0], made["why"][0]
    ('疑似闲置 2 宗 30.5 亩、企业停产 1 宗 20.5 亩', 'a：甲；b：乙')
    """
    inside = parcels[parcels["site_id"].notna().to_numpy(bool)]
    colon, between = ("：", "；") if lang == "zh" else (": ", "; ")
    counted: dict[str, list[str]] = {}
    for name in choices()["tests"]:
        held = inside[("; " + inside["reasons"].str.replace(";", "; ") + ";").str.contains(f" {name};", regex=False)]
        sums = held.groupby("site_id", sort=True)["area_mu"].agg(["size", "sum"])
        for site, count, mu in zip(sums.index, sums["size"], sums["sum"], strict=True):
            reason = say("tests", name, lang)
            said = say("print", "reason_count", lang, reason=reason, count=int(count), area=f"{mu:,.1f}")
            counted.setdefault(str(site), []).append(said)
    lines = inside.sort_values("parcel_id", kind="stable")
    texts = (lines["parcel_id"].astype("str") + colon + lines["why"].astype("str").fillna("")).groupby(lines["site_id"])
    joined = texts.agg(between.join)
    ids = sites["site_id"].astype("str")
    return {
        "reasons": ids.map({s: listing(c, lang) for s, c in counted.items()}).astype("str"),
        "why": ids.map(joined).astype("str"),
    }


def matches_sheet(matches: pd.DataFrame, zones: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Projects against land with words for codes."""
    first = ["project_id", "name", "project_mu", "total_investment_wan", "admission", "place", "fits", "kind", "target"]
    order = [*first, "zone_id", "zone_name", "area_mu", "left_over_mu", "ease", "why_not"]
    return _worded(_with_zone(matches, zones), order, lang) if len(matches) else pd.DataFrame()


def best_sheet(best: pd.DataFrame, zones: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """The site that was assembled, with words for codes."""
    asked = ["least_mu", "objective", "scenario"]
    found = ["zone_id", "zone_name", "parcel_count", "area_mu", "owners", "gain_wan", "gain_per_mu", "exact"]
    named_ = best.assign(scenario=best["scenario"].map({s: say("scenarios", s, lang) for s in choices()["scenarios"]}))
    bounds = {f"bound_{o}": best["bound"].where(best["objective"] == o) for o in ("gain", "owners")}
    open_ = {name: values.mask(best["exact"].to_numpy(bool)) for name, values in bounds.items()}
    return _worded(_with_zone(named_.assign(**open_), zones), [*asked, *found, *open_, "parcel_ids"], lang)


def notes_sheet(sentences: Sequence[str]) -> pd.DataFrame:
    """How to read the figures, a sentence a row."""
    return pd.DataFrame({"message": pd.array(list(sentences), dtype="str")})


def site_class(sites: pd.DataFrame, scenario: str) -> pd.Series:
    """``front`` (in the first Pareto front), ``gain``, ``no_gain``, or missing where the gain is unknown.

    Examples
    --------
    >>> sites = pd.DataFrame({"gain_own_wan": [5.0, 3.0, -1.0, None], "front_own": [1, 2, None, None]})
    >>> site_class(sites, "own").fillna("-").tolist()
    ['front', 'gain', 'no_gain', '-']
    """
    gain = sites[f"gain_{scenario}_wan"].astype(float)
    front = sites[f"front_{scenario}"] if f"front_{scenario}" in sites else pd.Series(np.nan, sites.index)
    first = (front == 1).fillna(False).to_numpy(bool)
    found = np.select([first, (gain > 0).to_numpy(bool), gain.notna().to_numpy(bool)], ["front", "gain", "no_gain"], "")
    return pd.Series(found, sites.index).replace("", None).astype("str")


def titles(table: pd.DataFrame, lang: Lang) -> list[str]:
    """The headers of a table."""
    return [column_title(str(c), lang) for c in table]


def _of(scenarios: Sequence[str], columns: Sequence[str]) -> list[str]:
    """Columns of every scenario: each column for all scenarios before the next one."""
    return [c.replace("X", s) for c in columns for s in scenarios]


def _with_zone(table: pd.DataFrame, zones: pd.DataFrame) -> pd.DataFrame:
    if "zone_name" not in zones:
        return table
    names = zones.drop_duplicates("zone_id").set_index("zone_id")["zone_name"]
    return table.assign(zone_name=table["zone_id"].map(names).astype("str"))


def _worded(table: pd.DataFrame, order: Sequence[str], lang: Lang) -> pd.DataFrame:
    """The columns that a table has, in an order, with codes and yes/no as words."""
    made: dict[str, pd.Series] = {}
    for column in (c for c in order if c in table):
        values, known = table[column], value_words(column, lang)
        if column in _CODED:
            shown = named(values, _CODED[column], lang)
        elif column == "fits":
            shown = values.astype("object").map({True: known["true"], False: known["false"]}).fillna(known["unknown"])
        elif pd.api.types.is_bool_dtype(values.dtype):
            words = {True: known.get("true", word("true", lang)), False: known.get("false", word("false", lang))}
            shown = values.astype("object").map(words)
        else:
            known = known or value_labels(column, lang)
            shown = values.astype("str").map(known) if known else values
            shown = shown.replace("", None) if pd.api.types.is_string_dtype(shown.dtype) else shown
        made[column] = shown.astype("str") if shown.dtype == object else shown
    return pd.DataFrame(made, index=table.index).reset_index(drop=True)


def shortlist_tables(found: Shortlist) -> dict[str, pd.DataFrame]:
    """The sheets of a shortlist, by their names; empty ones are left out."""
    lang, zones = found.lang, pd.DataFrame(found.evaluation.zones)
    scenarios = scenarios_of(found.screening.notes)
    record = found.evaluation.manifest.get("policies")
    best = None if found.best is None else pd.DataFrame(found.best.drop(columns="geometry"))
    tables = {
        "screening": screening_sheet(found.parcels, zones, scenarios, lang, record=record),
        "sites": sites_sheet(found.sites, found.parcels, zones, scenarios, lang),
        "best_site": pd.DataFrame() if best is None else best_sheet(best, zones, lang),
        "wanted" if found.wanted is not None else "site_matches": matches_sheet(found.matches, zones, lang),
        "screening_notes": notes_sheet(found.notes),
    }
    return {name: table for name, table in tables.items() if len(table)}

"""The map page of a run: which columns are drawn, in which classes, with which card."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

import maps
from mudian.evaluation import Evaluation
from mudian.explain.cards import card_lines
from mudian.labels import column_label, value_labels, word
from mudian.waterfall import waterfall
from parcels.catalog import Lang

CARD = (
    "parcel_id", "owner", "zone_name", "land_use", "supply_status", "area_mu", "registered_m2", "enterprise_names",
    "tax_wan", "tax_per_mu", "fixed_investment_wan", "investment_per_mu", "revenue_per_mu", "plot_ratio",
    "verdict_text",
)  # fmt: skip
# The table that bureaus show in meetings: zone, tax per mu and its rank, investment per mu and its rank.
RANKING = {
    "zone_name": "zone_name",
    "tax_per_mu": "short_tax",
    "rank_tax_per_mu": "short_rank",
    "investment_per_mu": "short_investment",
    "rank_investment_per_mu": "short_rank",
}


def map_page(evaluation: Evaluation) -> maps.Page:
    """The interactive page of a run: one file without network."""
    project = evaluation.manifest["project"]
    lang: Lang = project["lang"]
    frame = _frame(evaluation)
    return maps.interactive(
        frame,
        themes=_themes(frame, lang),
        label="parcel_id",
        area="area_mu",
        search=[c for c in ("parcel_id", "owner", "enterprise_names") if c in frame],
        card=[_card(c, frame, lang) for c in CARD if c in frame],
        overlays=_overlays(evaluation, lang),
        table=_ranking(evaluation, lang),
        charts=_charts(evaluation, lang),
        title=f"{project['name']} {word('title_map', lang)}",
        notes=_notes(evaluation, lang),
        lang=lang,
    )


def _frame(evaluation: Evaluation) -> gpd.GeoDataFrame:
    parcels, links = evaluation.parcels, evaluation.links
    names = evaluation.zones.set_index("zone_id")["zone_name"]
    frame = parcels.assign(zone_name=parcels["zone_id"].map(names))
    if evaluation.manifest.get("policies"):
        frame = frame.assign(verdict_text=card_lines(evaluation))
    if "name" not in evaluation.enterprises or not len(links):
        return frame
    known = evaluation.enterprises.drop_duplicates("enterprise_id").set_index("enterprise_id")["name"]
    listed = pd.DataFrame({"row": links["parcel_row"], "name": links["enterprise_id"].map(known)}).dropna()
    listed = listed.drop_duplicates()
    several = listed["row"].duplicated(keep=False)
    joined = listed[several].groupby("row")["name"].agg("、".join)
    names_of = pd.concat([listed[~several].set_index("row")["name"], joined])
    return frame.assign(enterprise_names=frame["source_row"].map(names_of).astype("str"))


def _themes(frame: pd.DataFrame, lang: Lang) -> list[maps.Theme]:
    specs = (("tax_per_mu", "tax_wan", "YlGnBu5"), ("investment_per_mu", "fixed_investment_wan", "Oranges5"))
    themes = []
    for column, money, palette in specs:
        if column in frame:
            themes.append(
                maps.Theme(
                    column_label(column, lang),
                    "ratio",
                    column,
                    breaks=_breaks(frame[column]),
                    palette=palette,
                    numerator=money,
                    denominator="area_mu",
                    zero_class=bool((frame[column] == 0).any()),
                )
            )
    return [*themes, _supply_theme(frame, lang)]


def _supply_theme(frame: gpd.GeoDataFrame, lang: Lang) -> maps.Theme:
    """The supply status, which every parcel has; drawn even where there is no money."""
    names = value_labels("supply_status", lang)
    return maps.Theme(
        column_label("supply_status", lang),
        "class",
        "supply_status",
        classes=list(names),
        labels=list(names.values()),
        colours=["#2c7fb8", "#fdae61", "#d9ef8b"],
    )


def _breaks(values: pd.Series) -> list[float]:
    known = values[values > 0]
    if not len(known):
        return [1.0]
    return sorted({float(f"{b:.2f}") if b >= 1 else float(f"{b:.2g}") for b in maps.quantile_breaks(known, 5)})


def _card(column: str, frame: pd.DataFrame, lang: Lang) -> maps.CardField:
    number = pd.api.types.is_float_dtype(frame[column].dtype)
    label = word(column, lang) if column == "enterprise_names" else column_label(column, lang)
    return maps.CardField(column, label=label, digits=2 if number else None, words=value_labels(column, lang) or None)


def _overlays(evaluation: Evaluation, lang: Lang) -> list[maps.Overlay]:
    title = _heading("zone_name", lang)
    zones = evaluation.zones[["zone_name", "geometry"]].rename(columns={"zone_name": title})
    found = [maps.Overlay(zones, title, label=title, key=title, colour="#333333")]
    for name, layer in evaluation.layers.items():
        found.append(maps.Overlay(layer[["geometry"]], name, colour="#7a9a3a", hatch=True))
    return [*found, *_remaining(evaluation, lang)]


def _remaining(evaluation: Evaluation, lang: Lang) -> list[maps.Overlay]:
    """The remaining pieces, usable ones and fragments apart."""
    pieces = evaluation.developable
    if not len(pieces):
        return []
    colours = {"usable": "#1a9850", "fragment": "#b8860b"}
    names = value_labels("class", lang)
    made = []
    for kind, colour in colours.items():
        part = pieces[(pieces["class"] == kind).to_numpy(bool)]
        if len(part):
            made.append(maps.Overlay(part[["geometry"]], f"{word('developable', lang)} · {names[kind]}", colour=colour))
    return made


def _charts(evaluation: Evaluation, lang: Lang) -> list[maps.Waterfall]:
    if not len(evaluation.deductions):
        return []
    bars = waterfall(evaluation.zones, evaluation.deductions, lang=lang)
    unit = word("mu", lang)
    return [
        maps.Waterfall(str(part["zone_name"].iloc[0]), part["label"].tolist(), part["value_mu"].tolist(),
                       part["kind"].tolist(), unit)
        for _, part in bars.groupby("zone_id", sort=False)
    ]  # fmt: skip


def _ranking(evaluation: Evaluation, lang: Lang) -> pd.DataFrame:
    shown = [c for c in RANKING if c in evaluation.zones]
    zones = pd.DataFrame(evaluation.zones)[shown]
    if "tax_per_mu" in zones:
        zones = zones.sort_values("tax_per_mu", ascending=False, kind="stable", na_position="last")
    zones.columns = [_heading(c, lang) for c in shown]
    return zones


def _heading(column: str, lang: Lang) -> str:
    """A short heading; ranks carry the name of what they rank, so that headings differ."""
    text = word(RANKING[column], lang)
    return (
        f"{text} · {word('short_tax' if 'tax' in column else 'short_investment', lang)}" if "rank" in column else text
    )


def _notes(evaluation: Evaluation, lang: Lang) -> list[str]:
    manifest = evaluation.manifest
    project, parameters = manifest["project"], manifest["parameters"]
    facts = {
        "period": project["period"],
        "as_of": project["as_of"],
        "crs": parameters["crs"],
        "area_basis": word(parameters["area_basis"], lang),
        "zone_area_base": word(parameters["zone_area_base"], lang),
    }
    return [
        *(f"{word(k, lang)}：{v}" if lang == "zh" else f"{word(k, lang)}: {v}" for k, v in facts.items()),
        word("mean_note", lang),
    ]

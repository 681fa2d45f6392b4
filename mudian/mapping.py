"""The map page of a run: which columns are drawn, in which classes, with which card."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

import maps
from mudian.evaluation import Evaluation
from mudian.explain.cards import card_lines
from mudian.heat import heat_pictures
from mudian.labels import column_label, value_labels, word
from mudian.redaction.rules import notes as redaction_notes
from mudian.screening.mapped import candidate_texts, site_overlays
from mudian.themes import run_themes, settings_of, themed
from mudian.waterfall import waterfall
from parcels.catalog import Lang

CARD = (
    "parcel_id", "owner", "zone_name", "land_use", "supply_status", "area_mu", "registered_m2", "enterprise_names",
    "tax_wan", "tax_per_mu", "fixed_investment_wan", "investment_per_mu", "revenue_per_mu", "plot_ratio",
    "verdict_text", "screening_text",
)  # fmt: skip
PROSE = ("verdict_text", "screening_text")
# The table that bureaus show in meetings: zone, tax per mu and its rank, investment per mu and its rank.
RANKING = {
    "zone_name": "zone_name",
    "tax_per_mu": "short_tax",
    "rank_tax_per_mu": "short_rank",
    "investment_per_mu": "short_investment",
    "rank_investment_per_mu": "short_rank",
}
# Key figures of the zone panel.
FIGURES = (
    "tax_per_mu", "rank_tax_per_mu", "investment_per_mu", "rank_investment_per_mu", "revenue_per_mu", "plot_ratio",
    "parcel_count", "parcel_mu", "industrial_mu", "tax_wan", "fixed_investment_wan", "idle_count", "idle_mu",
    "inefficient_count", "inefficient_mu", "standard_land_count", "developable_mu", "developable_usable_mu",
    "supply_years",
)  # fmt: skip
# Colours of what lies over the parcels, the same in page, sheet and GeoPackage.
ZONE, CONSTRAINT, STEP = "#333333", "#7a9a3a", "#1a9850"
PIECES = {"usable": "#1a9850", "fragment": "#b8860b"}


def map_page(evaluation: Evaluation) -> maps.Page:
    """The interactive page of a run: one file without network."""
    project = evaluation.manifest["project"]
    lang: Lang = project["lang"]
    frame = map_frame(evaluation)
    themes = run_themes(frame, lang=lang, settings=settings_of(evaluation.manifest))
    return maps.interactive(
        frame,
        themes=list(themes.values()),
        label="parcel_id",
        area="area_mu",
        search=[c for c in ("parcel_id", "owner", "enterprise_names") if c in frame],
        card=[_card(c, frame, lang) for c in CARD if c in frame],
        overlays=_overlays(evaluation, lang),
        images=heat_pictures(evaluation),
        steps=_steps(evaluation, lang),
        table=_ranking(evaluation, lang),
        charts=_charts(evaluation, lang),
        group="zone_id",
        figures=_figures(evaluation, lang),
        title=f"{project['name']} {word('title_map', lang)}",
        notes=_notes(evaluation, lang),
        lang=lang,
    )


def map_frame(evaluation: Evaluation, *, cards: bool = True) -> gpd.GeoDataFrame:
    """The parcels of a run with what maps show besides: names of zone and enterprises and, for cards, verdicts in
    words.
    """
    parcels, links = evaluation.parcels, evaluation.links
    names = evaluation.zones.set_index("zone_id")["zone_name"]
    frame = themed(parcels.assign(zone_name=parcels["zone_id"].map(names)))
    if cards and evaluation.manifest.get("policies"):
        frame = frame.assign(verdict_text=card_lines(evaluation))
    if cards and len(evaluation.screening):
        frame = frame.assign(screening_text=candidate_texts(evaluation, evaluation.manifest["project"]["lang"]))
    if "name" not in evaluation.enterprises or not len(links):
        return frame
    known = evaluation.enterprises.drop_duplicates("enterprise_id").set_index("enterprise_id")["name"]
    listed = pd.DataFrame({"row": links["parcel_row"], "name": links["enterprise_id"].map(known)}).dropna()
    listed = listed.drop_duplicates()
    several = listed["row"].duplicated(keep=False)
    joined = listed[several].groupby("row")["name"].agg("、".join)
    names_of = pd.concat([listed[~several].set_index("row")["name"], joined])
    return frame.assign(enterprise_names=frame["source_row"].map(names_of).astype("str"))


def _card(column: str, frame: pd.DataFrame, lang: Lang) -> maps.CardField:
    number = pd.api.types.is_float_dtype(frame[column].dtype)
    label = word(column, lang) if column == "enterprise_names" else column_label(column, lang)
    words = value_labels(column, lang) or None
    return maps.CardField(column, label, digits=2 if number else None, words=words, prose=column in PROSE)


def _overlays(evaluation: Evaluation, lang: Lang) -> list[maps.Overlay]:
    zones = evaluation.zones[["zone_id", "zone_name", "geometry"]]
    found = [maps.Overlay(zones, _heading("zone_name", lang), label="zone_name", key="zone_id", colour=ZONE)]
    for name, layer in evaluation.layers.items():
        found.append(maps.Overlay(layer[["geometry"]], name, colour=CONSTRAINT, hatch=True))
    return [*found, *_remaining(evaluation, lang), *site_overlays(evaluation, lang)]


def _remaining(evaluation: Evaluation, lang: Lang) -> list[maps.Overlay]:
    """The remaining pieces, usable ones and fragments apart."""
    pieces = evaluation.developable
    if not len(pieces):
        return []
    names = value_labels("class", lang)
    made = []
    for kind, colour in PIECES.items():
        part = pieces[(pieces["class"] == kind).to_numpy(bool)]
        if len(part):
            title = f"{word('developable', lang)} · {names[kind]}"
            made.append(maps.Overlay(part[["geometry"]], title, colour=colour, fill=True, shown=False))
    return made


def piece_theme(lang: Lang) -> maps.Theme:
    """Usable pieces and fragments."""
    names = value_labels("class", lang)
    labels = [names[kind] for kind in PIECES]
    title = word("developable", lang)
    return maps.Theme(title, "class", "class", classes=list(PIECES), labels=labels, colours=list(PIECES.values()))


def _charts(evaluation: Evaluation, lang: Lang) -> list[maps.Waterfall]:
    if not len(evaluation.deductions):
        return []
    bars = waterfall(evaluation.zones, evaluation.deductions, lang=lang)
    unit = word("mu", lang)
    return [
        maps.Waterfall(str(part["zone_name"].iloc[0]), part["label"].tolist(), part["value_mu"].tolist(),
                       part["kind"].tolist(), unit, key=str(zone))
        for zone, part in bars.groupby("zone_id", sort=False)
    ]  # fmt: skip


def _ranking(evaluation: Evaluation, lang: Lang) -> pd.DataFrame:
    shown = [c for c in RANKING if c in evaluation.zones]
    zones = pd.DataFrame(evaluation.zones).set_index("zone_id")[shown]
    if "tax_per_mu" in zones:
        zones = zones.sort_values("tax_per_mu", ascending=False, kind="stable", na_position="last")
    zones.columns = [_heading(c, lang) for c in shown]
    return zones


def _figures(evaluation: Evaluation, lang: Lang) -> pd.DataFrame:
    """Key figures of each zone."""
    zones = pd.DataFrame(evaluation.zones).set_index("zone_id")
    shown = [c for c in FIGURES if c in zones and zones[c].notna().any()]
    return zones[shown].rename(columns={c: column_label(c, lang) for c in shown})


def _steps(evaluation: Evaluation, lang: Lang) -> maps.Steps | None:
    """What is left after every step of the deduction."""
    steps = evaluation.steps
    if not len(steps):
        return None
    names = steps.drop_duplicates("order").sort_values("order")["after"].tolist()
    numbered = dict(zip(names, (f"{n}. {name}" for n, name in enumerate(names, start=1)), strict=True))
    return maps.Steps(
        steps.assign(after=steps["after"].map(numbered)),
        word("steps_left", lang),
        step="after",
        value="remaining_mu",
        key="zone_id",
        order=list(numbered.values()),
        colour=STEP,
    )


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
        *redaction_notes(manifest, lang),
    ]

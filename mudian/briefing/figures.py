"""The key figures of a zone, each with its unit and with what it is of what."""

from __future__ import annotations

from string import Formatter

import pandas as pd

from mudian.briefing.material import Material, cell
from mudian.briefing.model import NOT, Column, Grid, Value, spelled
from mudian.briefing.words import name_and_unit, say, texts
from mudian.labels import column_label, word

#: Figures in their order. Those of the first line stand in every report, missing or not; the others where a run has
#: them.
ALWAYS = (
    "area_mu", "parcel_count", "parcel_mu", "tax_wan", "tax_per_mu", "fixed_investment_wan", "investment_per_mu",
    "plot_ratio", "developable_mu", "developable_usable_mu",
)  # fmt: skip
ORDER = (
    "area_mu", "parcel_count", "parcel_mu", "supplied_mu", "industrial_mu", "tax_wan", "tax_per_mu",
    "fixed_investment_wan", "investment_per_mu", "revenue_wan", "revenue_per_mu", "value_added_wan",
    "value_added_per_mu", "industrial_tax_per_mu", "industrial_investment_per_mu", "plot_ratio", "industrial_share_pct",
    "idle_rate_pct", "developable_mu", "developable_usable_mu", "approved_unsupplied_mu", "supply_years",
)  # fmt: skip


def figure_table(zone: pd.Series, material: Material, title: str) -> Grid:
    """The table of key figures.

    Parameters
    ----------
    zone
        A row of the zones.
    material
        The run.
    title
        What the table is called.
    """
    lang = material.lang
    rows: list[tuple[Value, ...]] = []
    for column in (c for c in ORDER if c in ALWAYS or c in material.zones):
        name, unit = name_and_unit(column, lang)
        name = say("zone_area", lang) if column == "area_mu" else name
        rows.append((name, cell(zone.get(column)), unit, _rank(column, zone, material), basis(column, zone, material)))
    heads = (
        Column(say("item", lang), "text", 20), Column(say("value", lang), "number", 14),
        Column(say("unit", lang), "text", 9), Column(say("rank", lang), "text", 6),
        Column(say("basis", lang), "prose", 53),
    )  # fmt: skip
    return Grid("figures", title, heads, tuple(rows))


def _rank(column: str, zone: pd.Series, material: Material) -> Value:
    """Rank of a figure among the zones that have it; what is not ranked has none."""
    name = f"rank_{column}"
    if name not in material.zones:
        return NOT
    place = cell(zone[name])
    if place is None:
        return None
    return say("of", material.lang, rank=place, count=int(material.zones[name].notna().sum()))


def basis(column: str, zone: pd.Series, material: Material) -> str:
    """What a figure is of what, with the numbers."""
    lang = material.lang
    template: str = texts()["basis"][column][lang]
    parameters = material.manifest["parameters"]
    made = {
        "base": word(str(parameters["zone_area_base"]), lang),
        "area_basis": word(str(parameters["area_basis"]), lang),
    }
    for name in (n for _, n, _, _ in Formatter().parse(template) if n and n not in made):
        value = cell(zone.get(name))
        if name == "supply_years_of":
            made[name] = _supply_of(value, material)
        else:
            made[name] = spelled(value, lang)
    return template.format(**made)


def _supply_of(value: Value, material: Material) -> str:
    """What the years of supply are of."""
    labels = {"usable": "developable_usable_mu"}
    name = str(value)
    return column_label(labels[name], material.lang) if name in labels else spelled(value, material.lang)

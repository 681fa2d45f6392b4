"""The overview: the zones beside each other, their sums as ratios of sums, changes, and what is still open."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from mudian.briefing.changes import change_blocks
from mudian.briefing.counts import OPEN_COUNTS, grade_table, lacking_lines, tally, verdict_table
from mudian.briefing.grounds import ground_blocks
from mudian.briefing.material import Material, cell, joined
from mudian.briefing.model import NOT, Block, Column, Grid, Lines, Page, Value, plain, spelled
from mudian.briefing.words import name_and_unit, say
from mudian.briefing.zone_page import facts, sections
from mudian.evaluation import Evaluation
from mudian.explain.missing import missing_data
from mudian.labels import column_label, sheet_label, value_labels, word
from mudian.measure import PER_MU, ratio_of_zones
from parcels.catalog import Lang

_OUTPUT = (
    "zone_name", "parcel_count", "base_mu", "tax_wan", "tax_per_mu", "rank_tax_per_mu", "fixed_investment_wan",
    "investment_per_mu", "rank_investment_per_mu",
)  # fmt: skip
_ALWAYS = ("base_mu", "tax_wan", "tax_per_mu", "fixed_investment_wan", "investment_per_mu")
_LAND = (
    "zone_name", "area_mu", "idle_count", "idle_mu", "idle_open", "inefficient_count", "inefficient_mu", "low_open",
    "developable_mu", "developable_usable_mu",
)  # fmt: skip
_QUESTIONS = ("office", "label", "subject_type", "count", "verdicts")
_MONEY = ("tax_wan", "fixed_investment_wan")


def city_page(evaluation: Evaluation, material: Material, *, earlier: Evaluation | None = None) -> Page:
    """The overview of a run.

    Parameters
    ----------
    evaluation
        The results.
    material
        The same, prepared.
    earlier
        Results of an earlier run, for the changes.
    """
    lang = material.lang
    inside = material.parcels[material.parcels["zone_id"].notna().to_numpy(bool)]
    verdicts = verdict_table(tally(inside), material, say("verdicts", lang))
    firms = material.enterprises.drop_duplicates("enterprise_id")
    grades = grade_table(firms, inside, material, say("grades", lang))
    parts: dict[str, Iterable[Block]] = {
        "output": (_zones("output", _OUTPUT, material), _gaps(material)) if len(material.zones) else (_no_zones(lang),),
        "land": (_zones("land", _LAND, material),) if len(material.zones) else (),
        "verdicts": (verdicts, lacking_lines(inside, material)) if verdicts else (),
        "grades": (grades,) if grades else (Lines((say("grade_none", lang),)),),
        "changes": change_blocks(evaluation, earlier, material),
        "questions": _questions(evaluation, material),
        "account": (Lines(_account(material)),),
        "grounds": ground_blocks(None, material),
    }
    return Page(None, say("overview", lang), facts(material), sections(parts, material))


def _no_zones(lang: Lang) -> Lines:
    return Lines((say("no_zones", lang),))


def _zones(key: str, columns: tuple[str, ...], material: Material) -> Grid:
    """One row a zone by rank, all of them together, and what lies outside."""
    lang, zones = material.lang, material.zones
    shown = [c for c in columns if c in zones or c in _ALWAYS]
    rows: list[tuple[Value, ...]] = []
    for place in material.order():
        zone = zones.iloc[place]
        named = {"zone_name": material.zone_name(place)}
        rows.append(tuple(named[c] if c in named else cell(zone.get(c)) for c in shown))
    strong = frozenset({len(rows)})
    rows.append(tuple(_together(c, zones, lang) for c in shown))
    outside = material.parcels[material.parcels["zone_id"].isna().to_numpy(bool)]
    if len(outside):
        rows.append(tuple(_beyond(c, outside, lang) for c in shown))
    heads = tuple(_head(c, lang) for c in shown)
    note = word("mean_note", lang) if key == "output" else ""
    return Grid(key, say(key, lang), heads, tuple(rows), note, strong)


def _head(column: str, lang: Lang) -> Column:
    if column == "zone_name":
        return Column(say("zone", lang), "text", 22)
    if column in OPEN_COUNTS:
        return Column(say(column, lang))
    return Column(column_label(column, lang), width=8 if column.startswith("rank_") else 12)


def _together(column: str, zones: pd.DataFrame, lang: Lang) -> Value:
    """All zones as one: sums of what is known, ratios of sums, no rank."""
    if column == "zone_name":
        return say("all", lang)
    if column.startswith("rank_"):
        return NOT
    if column in PER_MU:
        return cell(ratio_of_zones(zones, PER_MU[column])) if PER_MU[column] in zones else None
    return cell(zones[column].sum(min_count=1)) if column in zones else None


def _beyond(column: str, outside: pd.DataFrame, lang: Lang) -> Value:
    """Parcels in no zone: their number, land and money."""
    made: dict[str, Value] = {
        "zone_name": say("outside", lang), "parcel_count": len(outside),
        "base_mu": NOT, "area_mu": cell(outside["area_mu"].sum(min_count=1)),
    }  # fmt: skip
    made |= {c: cell(outside[c].sum(min_count=1)) if c in outside else None for c in _MONEY}
    return made.get(column, NOT)


def _gaps(material: Material) -> Lines:
    """Figures that are unknown for some zones."""
    lang, made = material.lang, []
    for column in ("tax_wan", "fixed_investment_wan"):
        unknown = len(material.zones) if column not in material.zones else int(material.zones[column].isna().sum())
        if unknown:
            name = name_and_unit(column, lang)[0]
            made.append(say("unknown_zones", lang, figure=name, count=f"{unknown:,}"))
    return Lines(tuple(made), quiet=True)


def _questions(evaluation: Evaluation, material: Material) -> tuple[Block, ...]:
    """Missing data by the office that has them, what most verdicts wait for first inside an office."""
    lang, most = material.lang, material.settings.rows * 2
    found = evaluation.findings
    table = missing_data(found, material.manifest.get("policies"), lang=lang) if len(found) else found
    if not len(table):
        return (Lines((say("no_questions", lang),)),)
    subjects = value_labels("subject_type", lang)
    shown = table.head(most)[list(_QUESTIONS)]
    shown = shown.assign(subject_type=shown["subject_type"].map(subjects).fillna(shown["subject_type"]))
    rows = tuple(tuple(cell(record[c]) for c in _QUESTIONS) for record in shown.to_dict("records"))
    rest = len(table) - len(rows)
    note = say("more_rows", lang, count=f"{rest:,}", sheet=sheet_label("missing_data", lang)) if rest else ""
    widths = {"office": 17, "label": 34, "verdicts": 22, "subject_type": 8, "count": 8}
    columns = tuple(
        Column(
            say("question", lang) if c == "label" else column_label(c, lang),
            "number" if c == "count" else "prose" if c == "label" else "text",
            widths[c],
        )
        for c in _QUESTIONS
    )
    return (Grid("questions", say("questions", lang), columns, rows, note),)


def _account(material: Material) -> tuple[str, ...]:
    """What came in and where it went, for tax and investment."""
    lang, made = material.lang, []
    for column, account in material.manifest["conservation"].items():
        if column not in _MONEY:
            continue
        rest = account["unallocated"]
        reasons = [
            say("reason", lang, name=word("other_period" if r == "period" else r, lang), value=spelled(float(v), lang))
            for r, v in rest.items()
        ]
        told = {k: spelled(float(account[k]), lang) for k in ("input", "allocated")}
        total = spelled(float(np.sum(list(rest.values()))), lang)
        named = plain(column_label(column, lang))
        listed = joined(reasons, lang) if reasons else say("none", lang).rstrip("。.")
        made.append(say("conserved", lang, column=named, rest=total, reasons=listed, **told))
    return tuple(made)

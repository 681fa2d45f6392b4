"""The remaining developable land of a zone: the steps as a table, and the chart of them."""

from __future__ import annotations

import pandas as pd

from mudian.briefing.material import Material, cell
from mudian.briefing.model import NOT, Block, Column, Grid, Lines, Picture, Value, spelled
from mudian.briefing.words import say
from mudian.developable import choices
from mudian.labels import column_label, value_labels


def left_blocks(place: int, material: Material, title: str) -> tuple[Block, ...]:
    """Table and chart of the deduction of a zone, or that the run has none.

    Parameters
    ----------
    place
        Number of the zone in the table of zones.
    material
        The run.
    title
        What the table is called.
    """
    lang, zone = material.lang, material.zones.iloc[place]
    steps = material.of("deductions", str(zone["zone_id"])) if len(material.tables["deductions"]) else None
    if steps is None or not len(steps):
        return (Lines((say("left_none", lang),)),)
    name = material.zone_name(place)
    told = {
        "whole": spelled(cell(zone["area_mu"]), lang), "left": spelled(cell(zone["developable_mu"]), lang),
        "usable": spelled(cell(zone["developable_usable_mu"]), lang),
    }  # fmt: skip
    chart = Picture(
        "left_chart", f"{name} {say('left_chart', lang)}", say("left_alt", lang, zone=name, **told), "waterfall", place
    )
    ordered = steps.sort_values("order", kind="stable")
    return (step_table(zone, ordered, material, title), _notes(ordered, material), chart)


def _notes(steps: pd.DataFrame, material: Material) -> Lines:
    """What is to be said of the layers that were given."""
    told = [(cell(s["layer"]), cell(s["note"])) for s in steps.to_dict("records") if bool(s["supplied"])]
    return Lines(
        tuple(say("step_note", material.lang, layer=layer, note=note) for layer, note in told if note), quiet=True
    )


def step_table(zone: pd.Series, steps: pd.DataFrame, material: Material, title: str) -> Grid:
    """From the area of the zone over each deduction to what remains; a layer not given is not a zero."""
    lang = material.lang
    words, roles = choices()["words"], value_labels("role", lang)
    rows: list[tuple[Value, ...]] = [(words["zone"][lang], NOT, NOT, NOT, cell(zone["area_mu"]), "")]
    for step in steps.to_dict("records"):
        given = bool(step["supplied"])
        note = "" if given else say("not_given", lang)
        areas = [cell(step[c]) for c in ("gross_mu", "net_mu", "remaining_mu")]
        rows.append((str(cell(step["layer"])), roles.get(step["role"], step["role"]), *areas, note))
    rows.append((words["remaining"][lang], NOT, NOT, NOT, cell(zone["developable_mu"]), ""))
    rows.append((words["usable"][lang], NOT, NOT, NOT, cell(zone["developable_usable_mu"]), ""))
    heads = (
        Column(say("step", lang), "text", 22), Column(say("step_role", lang), "text", 8),
        *(Column(column_label(c, lang), "number", 14) for c in ("gross_mu", "net_mu", "remaining_mu")),
        Column(column_label("note", lang), "prose", 20),
    )  # fmt: skip
    return Grid("steps", title, heads, tuple(rows), strong=frozenset({0, len(rows) - 2, len(rows) - 1}))

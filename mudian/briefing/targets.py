"""Figures of a zone beside the targets of the policy packs and beside benchmarks, from the statistics of the run."""

from __future__ import annotations

import re

import pandas as pd

from mudian.briefing.material import Material, cell
from mudian.briefing.model import NOT, Block, Column, Grid, Kind, Value, plain
from mudian.briefing.words import say, texts
from mudian.labels import sheet_label

#: Columns of the statistics that stand in the table, under which word, as what, how wide.
_COLUMNS: dict[str, tuple[str, Kind, int]] = {
    "label": ("item", "text", 32),
    "value": ("value", "number", 12),
    "unit": ("unit", "text", 9),
    "target": ("target", "number", 10),
    "gap": ("gap", "number", 10),
    "benchmark_mean": ("mean", "number", 10),
    "benchmark_max": ("highest", "number", 10),
    "benchmark_national": ("national", "number", 10),
    "status": ("status", "text", 11),
}
_BESIDE = ("target", "benchmark_mean", "benchmark_max", "benchmark_national")
_SOURCES = ("clause", "benchmark_mean_source", "benchmark_max_source", "benchmark_national_source")
_TITLE, _LONGEST = re.compile("《[^》]*》"), 60
_BASES = ("parcel", "industrial", "built_up", "supplied", "zone")
_SEVERAL = ("tax_per_mu_", "zone_investment_per_mu_", "revenue_per_mu_", "value_added_per_mu_")


def target_blocks(zone_id: str, material: Material) -> tuple[Block, ...]:
    """The figures of a zone that have a target or a benchmark; nothing where the run has no statistics.

    Of the figures per mu only those over the land that the project divides by.

    Parameters
    ----------
    zone_id
        The zone.
    material
        The run.
    """
    lang, table = material.lang, material.tables["zone_stats"]
    if not {"zone_id", *_COLUMNS} <= set(table.columns):
        return ()
    own = material.of("zone_stats", zone_id)
    beside = own[list(_BESIDE)].notna().any(axis=1) & ~_other_base(own["measure"], material)
    own = own[beside.to_numpy(bool)]
    if not len(own):
        return ()
    ratio = texts()["units"]["plot_ratio"][lang]
    own = own.assign(unit=own["unit"].fillna(ratio))
    rows = tuple(tuple(_value(c, r) for c in _COLUMNS) for r in own.to_dict("records"))
    columns = tuple(Column(say(head, lang), kind, width) for head, kind, width in _COLUMNS.values())
    sources = list(dict.fromkeys(_document(str(s)) for c in _SOURCES if c in own for s in own[c].dropna() if s))
    note = say("target_note", lang, sources=say("semicolon", lang).join(sources), sheet=sheet_label("zone_stats", lang))
    return (Grid("targets", say("targets", lang), columns, rows, note),)


def _document(source: str) -> str:
    """The document of a source; the sheet of statistics has the place in it.

    Examples
    --------
    >>> _document("《某统计》 表1（2025-04-30）；全国平均")
    '《某统计》'
    """
    title = _TITLE.match(source)
    return title[0] if title else plain(source, _LONGEST)


def _value(column: str, record: dict[object, object]) -> Value:
    """A target or benchmark that there is not is none; a gap to one is unknown where the figure is."""
    found = cell(record[column])
    if found is not None or column in ("value", "status", "label", "unit"):
        return found
    return None if column == "gap" and cell(record["target"]) is not None else NOT


def _other_base(measures: pd.Series, material: Material) -> pd.Series:
    """Figures per mu over other land than that of the project."""
    base = str(material.manifest["parameters"]["zone_area_base"])
    others = tuple(f"{start}{b}" for start in _SEVERAL for b in _BASES if b != base)
    return measures.isin(others)

"""Statistics of a zone on its judgement sheet, line by line: value, what is over what, and what stands beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from mudian.evaluation import Evaluation
from mudian.explain.rulebook import Rulebook
from mudian.explain.subject import Subject
from mudian.explain.words import decimal, style, with_unit
from mudian.labels import column_label
from mudian.zone_stats.definitions import PER_CENT, definitions, figure_title, say
from mudian.zone_stats.display import made_for, missing_words
from mudian.zone_stats.rows import NOT_APPLICABLE
from parcels.catalog import Lang

_BESIDE = ("benchmark_mean", "benchmark_max", "benchmark_national")
_GRADES, _COUNT = "grade_", "_count"


def statistic_lines(evaluation: Evaluation, subject: Subject, book: Rulebook) -> list[str]:
    """What the statistics say of a zone; nothing for other subjects.

    Parameters
    ----------
    evaluation
        The results of a run.
    subject
        The subject.
    book
        For the language, and the names of what is missing.
    """
    if subject.kind != "zone" or not len(evaluation.zone_stats.columns):
        return []
    table = made_for(evaluation, book.lang)
    own = table[(table["zone_id"] == subject.id).to_numpy(bool)]
    base = str(evaluation.manifest.get("parameters", {}).get("zone_area_base", "parcel"))
    told = definitions()["told"]
    names = list(dict.fromkeys(m.format(base=base) for m in told["measures"]))
    grades = [m for m in own["measure"] if m.startswith(_GRADES) and m.endswith(told["grades"]) and "_land_" not in m]
    rows = own.drop_duplicates("measure").set_index("measure").reindex([*names, *grades]).dropna(subset="label")
    rows = rows[(rows["status"] != NOT_APPLICABLE).to_numpy(bool)]
    named = own.drop_duplicates("measure").set_index("measure")["label"].to_dict()
    return [*(_line(row, book, named) for row in rows.to_dict("records")), *_sources(rows, book.lang)]


def _sources(rows: pd.DataFrame, lang: Lang) -> list[str]:
    """Where the published figures are from, each source once."""
    shown = [
        (column_label(kind, lang), source)
        for kind in _BESIDE
        for source in rows.loc[rows["value"].notna() & rows[kind].notna(), f"{kind}_source"].unique()
    ]
    lines = [say_told("source", lang, title=title, source=source) for title, source in shown]
    reference = (rows["benchmark_fit"] == "unknown").any()
    return [*lines, say("notes", "place_unknown", lang)] if reference and lines else lines


def _line(row: Mapping[Any, Any], book: Rulebook, named: Mapping[Any, Any]) -> str:
    lang = book.lang
    if pd.isna(row["value"]):
        return say_told("open", lang, label=row["label"], missing=missing_words(str(row["missing"]), book))
    unit, parts = str(row["unit"]), [row["note"]] if row["note"] else []
    if not pd.isna(row["denominator"]):
        parts.insert(0, say_told("over", lang, **_sides(row, named, lang)))
    for kind in _BESIDE:
        if not pd.isna(row[kind]):
            published = _united(row[kind], unit, lang)
            parts.append(say_told("beside", lang, title=column_label(kind, lang), value=published))
    between = "；" if lang == "zh" else "; "
    value = _united(row["value"], unit, lang)
    return say_told("line", lang, label=row["label"], value=value, parts=between.join(parts))


def _sides(row: Mapping[Any, Any], named: Mapping[Any, Any], lang: Lang) -> dict[str, str]:
    """What is over what, with the numbers."""
    made: dict[str, str] = {}
    for place, side in (("above", "numerator"), ("below", "denominator")):
        name = str(row[f"{side}_name"])
        made[place] = figure_title(name, lang, named)
        made[side] = _number(row[side], whole=name.endswith(_COUNT))
    return made


def _number(value: float, *, whole: bool = False) -> str:
    return decimal(float(value), 0 if whole else style("decimals"))


def _united(value: float, unit: str, lang: Lang) -> str:
    """A value with its unit; per cent follows without a blank."""
    return f"{_number(value)}%" if unit == PER_CENT else with_unit(_number(value), say("units", unit, lang))


def say_told(name: str, lang: Lang, /, **values: object) -> str:
    """A sentence of the sheet."""
    text: str = definitions()["told"][name][lang]
    return text.format(**values)

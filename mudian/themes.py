"""The themes of a run: what a parcel is coloured by, the same in page, sheet, GeoPackage and workbook.

A theme fixes its breaks, classes, labels and colours once; every product applies it with :func:`maps.classify`, so that
a value that lies on a break cannot stand in two classes. Where a verdict is unknown a parcel has no data; it is never
painted as a value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd

import maps
from mudian.labels import column_label, value_labels, word
from mudian.settings import MapSettings
from parcels.catalog import Lang

PerMu = Literal["tax_per_mu", "investment_per_mu"]
MONEY: dict[PerMu, tuple[str, str]] = {
    "tax_per_mu": ("tax_wan", "YlGnBu5"),
    "investment_per_mu": ("fixed_investment_wan", "Oranges5"),
}
SEVERAL = "several"
_GRADES = {"A": "#0072b2", "B": "#56b4e9", "C": "#f0e442", "D": "#d55e00"}
_OTHER_GRADES = ("#009e73", "#e69f00", "#cc79a7", "#666666")
_SEVERAL_COLOUR = "#b8a9d0"
_IDLE = {
    "not_idle": "#dce9d5",
    "not_due": "#a6bddb",
    "idle_1y": "#fdae61",
    "idle_2y": "#d7301f",
    "idle_stopped": "#7f3b08",
}
YES_NO = {
    "inefficient": {"yes": "#d55e00", "no": "#dbe7f0"},
    "standard_land_eligible": {"yes": "#009e73", "no": "#e69f00", "not_concerned": "#eef1f5"},
    "standard_land_conform": {"yes": "#009e73", "no": "#d55e00", "not_concerned": "#eef1f5"},
}
_SUPPLY = {"supplied": "#2c7fb8", "approved_unsupplied": "#fdae61", "unsupplied": "#d9ef8b"}


def land_grades(parcels: pd.DataFrame, enterprises: pd.DataFrame, links: pd.DataFrame) -> pd.Series:
    """The grade of the enterprises on each parcel.

    Parameters
    ----------
    parcels
        With ``source_row``.
    enterprises
        With ``enterprise_id`` and ``grade``.
    links
        With ``parcel_row`` and ``enterprise_id``.

    Returns
    -------
    Series
        Text, under the index of the parcels: the grade that all graded enterprises of the parcel share,
        ``several`` where they differ, missing where none has a grade.
    """
    if "grade" not in enterprises or not len(links):
        return pd.Series(pd.NA, index=parcels.index, dtype="str")
    known = enterprises.dropna(subset="grade").drop_duplicates("enterprise_id").set_index("enterprise_id")["grade"]
    pairs = pd.DataFrame({"row": links["parcel_row"], "grade": links["enterprise_id"].map(known)}).dropna()
    pairs = pairs.drop_duplicates()
    found = pairs["grade"].mask(pairs["row"].duplicated(keep=False), SEVERAL)
    by_row = found.groupby(pairs["row"]).first()
    return parcels["source_row"].map(by_row).astype("str").set_axis(parcels.index)


def run_themes(frame: pd.DataFrame, *, lang: Lang = "zh", settings: MapSettings | None = None) -> dict[str, maps.Theme]:
    """The themes that a frame of parcels can carry, by the column that they show.

    Parameters
    ----------
    frame
        The parcels of a run. Themes whose column is missing, or is missing in every row, are left out.
    lang
        Language of titles and labels.
    settings
        ``[maps]`` of the project: breaks, or how they are found.

    Returns
    -------
    dict
        In the order of the page: per-mu figures, grade, idle land, low efficiency, standard land, supply.
    """
    own = settings or MapSettings()
    themes: dict[str, maps.Theme] = {c: _money(c, frame, lang, own) for c in MONEY if _present(frame, c)}
    if _present(frame, "grade"):
        themes["grade"] = _grade(frame, lang)
    if "idle_status" in frame:
        themes["idle_status"] = _idle(lang)
    undecided = word("undecided", lang)
    for column, colours in YES_NO.items():
        if _present(frame, column):
            themes[column] = _classes(column, colours, lang, no_data=undecided)
    if "supply_status" in frame:
        themes["supply_status"] = _classes("supply_status", _SUPPLY, lang)
    if not themes and "tax_per_mu" in frame:  # a map of land without any figure is still a map
        themes["tax_per_mu"] = _money("tax_per_mu", frame, lang, own)
    return themes


def themed(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with verdicts as the themes want them.

    An unknown idle status is missing. Yes and no become ``yes`` and ``no``; where a verdict is missing although nothing
    is missing for it, the question does not concern the parcel (``not_concerned``).
    """
    made = {c: _answers(frame, c) for c in YES_NO if c in frame}
    if "idle_status" in frame:
        made["idle_status"] = frame["idle_status"].where(frame["idle_status"] != "unknown")
    return frame.assign(**made)


def _answers(frame: pd.DataFrame, column: str) -> pd.Series:
    answers = frame[column].astype("object").map({True: "yes", False: "no"}).astype("str")
    lacking = f"{column}_missing"
    if "not_concerned" not in YES_NO[column] or lacking not in frame:
        return answers
    concerned = frame[column].notna() | frame[lacking].fillna("").ne("")
    return answers.where(concerned, "not_concerned")


def settings_of(manifest: Mapping[str, object]) -> MapSettings:
    """``[maps]`` of the project that made a run."""
    parameters = manifest.get("parameters")
    found = parameters.get("maps") if isinstance(parameters, Mapping) else None
    return MapSettings(**found) if isinstance(found, Mapping) else MapSettings()


def _present(frame: pd.DataFrame, column: str) -> bool:
    return column in frame and bool(frame[column].notna().any())


def _money(column: PerMu, frame: pd.DataFrame, lang: Lang, settings: MapSettings) -> maps.Theme:
    numerator, palette = MONEY[column]
    title, _, rest = column_label(column, lang).partition("（" if lang == "zh" else " (")
    return maps.Theme(
        title,
        "ratio",
        column,
        unit=rest.rstrip("）)"),
        breaks=_breaks(frame[column], settings.breaks.get(column), settings),
        palette=palette,
        numerator=numerator,
        denominator="area_mu",
        zero_class=bool((frame[column] == 0).any()),
    )


def _breaks(values: pd.Series, given: Sequence[float] | None, settings: MapSettings) -> list[float]:
    """Bands of the project, else quantiles or natural breaks of the values above zero, rounded to be read."""
    if given is not None:
        return list(given)
    known = values[np.isfinite(values) & (values > 0)]
    if not len(known):
        return [1.0]
    find = maps.natural_breaks if settings.classes == "natural" else maps.quantile_breaks
    return sorted({float(f"{b:.2f}") if b >= 1 else float(f"{b:.2g}") for b in find(known, settings.count)})


def _grade(frame: pd.DataFrame, lang: Lang) -> maps.Theme:
    present = sorted(set(frame["grade"].dropna()) - {SEVERAL})
    classes = [*_GRADES, *(g for g in present if g not in _GRADES)]
    colours = [*_GRADES.values(), *(_OTHER_GRADES[i % len(_OTHER_GRADES)] for i in range(len(classes) - len(_GRADES)))]
    return maps.Theme(
        column_label("grade", lang),
        "class",
        "grade",
        classes=[*classes, SEVERAL],
        labels=[*classes, value_labels("grade", lang)[SEVERAL]],
        colours=[*colours, _SEVERAL_COLOUR],
        no_data=word("not_graded", lang),
    )


def _idle(lang: Lang) -> maps.Theme:
    hatched = [c for c in _IDLE if c.startswith("idle")]
    return _classes("idle_status", _IDLE, lang, hatched=hatched, no_data=word("undecided", lang))


def _classes(
    column: str, colours: Mapping[str, str], lang: Lang, *, hatched: Sequence[str] = (), no_data: str | None = None
) -> maps.Theme:
    names = value_labels(f"theme_{column}", lang) or value_labels(column, lang)
    return maps.Theme(
        column_label(column, lang),
        "class",
        column,
        classes=list(colours),
        labels=[names[c] for c in colours],
        colours=list(colours.values()),
        hatched=hatched,
        no_data=no_data or word("no_data", lang),
    )

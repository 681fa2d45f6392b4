"""Print sheets of a run: for each zone one page a theme, one PDF a zone and one of all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

import maps
from mudian.evaluation import Evaluation
from mudian.labels import column_label, word
from mudian.mapping import ZONE, map_frame
from mudian.project import SheetSettings
from mudian.themes import run_themes, settings_of
from parcels.catalog import Lang

ATLAS = "atlas"
FIGURES = (
    "tax_per_mu", "rank_tax_per_mu", "investment_per_mu", "rank_investment_per_mu", "parcel_count", "parcel_mu",
    "idle_count", "idle_mu", "inefficient_count", "inefficient_mu", "developable_mu", "developable_usable_mu",
)  # fmt: skip
_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_LONGEST = 80


def write_sheets(
    evaluation: Evaluation, folder: Path, *, themes: Mapping[str, maps.Theme] | None = None
) -> tuple[list[Path], list[tuple[str, str]]]:
    """Write ``<zone>.pdf`` for every zone and ``atlas.pdf`` with all pages into a folder.

    Parameters
    ----------
    evaluation
        The results of a run.
    folder
        Where the PDFs go; created when missing.
    themes
        Themes by column; default: all of the run.

    Returns
    -------
    tuple
        The files, and the pages left out (zone and theme) because no parcel of the zone has a value of the theme.
    """
    lang: Lang = evaluation.manifest["project"]["lang"]
    frame = map_frame(evaluation, cards=False)
    chosen = dict(themes) if themes is not None else run_themes(
        frame, lang=lang, settings=settings_of(evaluation.manifest)
    )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    zones, imprint = evaluation.zones, _imprint(evaluation, lang)
    names = file_names(zones["zone_id"].astype("str").tolist())
    files: list[Path] = []
    left_out: list[tuple[str, str]] = []
    pages: list[maps.Sheet] = []
    for place, name in enumerate(names):
        zone = zones.iloc[place]
        shown, empty = _split(frame, zone, chosen)
        left_out += [(str(zone["zone_id"]), theme.title) for theme in empty]
        made = list(_pages(evaluation, frame, zone, shown, imprint, lang))
        if made:
            title = str(zone["zone_name"])
            files.append(maps.atlas(made, folder / f"{name}.pdf", title=title, imprint=imprint))
            pages += made
    if pages:
        title = str(evaluation.manifest["project"]["name"])
        files.append(maps.atlas(pages, folder / f"{ATLAS}.pdf", title=title, imprint=imprint))
    return files, left_out


def file_names(names: list[str]) -> list[str]:
    """Names that every system can store, different even where case does not count.

    Examples
    --------
    >>> file_names(["a/b", "A_B", "con", "", "atlas"])
    ['a_b', 'A_B_2', '_con', '_', 'atlas_2']
    """
    taken, found = {ATLAS}, []
    for name in names:
        safe = _UNSAFE.sub("_", name).strip(" .")[:_LONGEST].rstrip(" .") or "_"
        safe = f"_{safe}" if _RESERVED.fullmatch(safe) else safe
        new, number = safe, 2
        while new.lower() in taken:
            new, number = f"{safe}_{number}", number + 1
        taken.add(new.lower())
        found.append(new)
    return found


def sheet_settings(manifest: Mapping[str, Any]) -> SheetSettings:
    """``[sheets]`` of the project that made a run."""
    found = manifest.get("parameters", {}).get("sheets")
    return SheetSettings(**found) if isinstance(found, Mapping) else SheetSettings()


def _split(
    frame: pd.DataFrame, zone: pd.Series, themes: Mapping[str, maps.Theme]
) -> tuple[list[maps.Theme], list[maps.Theme]]:
    """Themes with a value in the zone, and those without."""
    inside = frame[(frame["zone_id"] == zone["zone_id"]).fillna(False).to_numpy(bool)]
    shown = [t for column, t in themes.items() if bool(inside[column].notna().any())]
    return shown, [t for t in themes.values() if t not in shown]


def _pages(
    evaluation: Evaluation, frame: gpd.GeoDataFrame, zone: pd.Series, themes: list[maps.Theme], imprint: maps.Imprint,
    lang: Lang,
) -> Iterator[maps.Sheet]:  # fmt: skip
    settings, project = sheet_settings(evaluation.manifest), evaluation.manifest["project"]
    subject = (frame["zone_id"] == zone["zone_id"]).fillna(False).to_numpy(bool)
    label = word("zone_name", lang)
    outlines = evaluation.zones[["zone_name", "geometry"]]
    extent = zone["geometry"]
    for theme in themes:
        yield maps.sheet(
            frame, theme=theme, title=f"{zone['zone_name']} {theme.title}", area="area_mu", subject=subject,
            subtitle=f"{project['name']} · {word('period', lang)} {project['period']}",
            extent=extent if extent is not None and not extent.is_empty else None,
            overlays=[maps.Overlay(outlines, label, label="zone_name", colour=ZONE)],
            size=settings.size, orientation=settings.orientation, statistics=_figures(evaluation.zones, zone, lang),
            notes=_notes(evaluation, lang), imprint=imprint, wording=maps.wording(lang), lang=lang,
        )  # fmt: skip


def _figures(zones: pd.DataFrame, zone: pd.Series, lang: Lang) -> list[tuple[str, str]]:
    """Figures of a zone with names; what is missing says so and is never zero."""
    found = []
    for column in (c for c in FIGURES if c in zones):
        value = zone[column]
        whole = column.endswith("_count") or column.startswith("rank")
        text = word("no_data", lang) if pd.isna(value) else f"{value:,.0f}" if whole else f"{value:,.2f}"
        if column.startswith("rank") and not pd.isna(value):
            text = f"{text} / {int(zones[column].notna().sum())}"
        found.append((column_label(column, lang), text))
    return found


def _notes(evaluation: Evaluation, lang: Lang) -> list[str]:
    project, parameters = evaluation.manifest["project"], evaluation.manifest["parameters"]
    colon = "：" if lang == "zh" else ": "
    facts = {
        "as_of": project["as_of"],
        "zone_area_base": word(parameters["zone_area_base"], lang),
        "area_basis": word(parameters["area_basis"], lang),
    }
    return [*(f"{word(k, lang)}{colon}{v}" for k, v in facts.items()), word("mean_note", lang)]


def _imprint(evaluation: Evaluation, lang: Lang) -> maps.Imprint:
    own = sheet_settings(evaluation.manifest)
    return maps.Imprint(own.source, own.author, own.approval, str(evaluation.manifest["project"]["as_of"]))

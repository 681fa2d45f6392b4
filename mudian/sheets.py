"""Print sheets of a run: for each zone one page a theme, one PDF a zone and one of all."""

from __future__ import annotations

import multiprocessing
import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import maps
from mudian.evaluation import Evaluation
from mudian.labels import column_label, word
from mudian.mapping import CONSTRAINT, ZONE, map_frame, piece_theme
from mudian.redaction.rules import notes as redaction_notes
from mudian.settings import SheetSettings
from mudian.themes import run_themes, settings_of
from mudian.waterfall import waterfall
from parcels.catalog import Lang

ATLAS = "atlas"
FIGURES = (
    "tax_per_mu", "rank_tax_per_mu", "investment_per_mu", "rank_investment_per_mu", "parcel_count", "parcel_mu",
    "idle_count", "idle_mu", "inefficient_count", "inefficient_mu", "developable_mu", "developable_usable_mu",
)  # fmt: skip
_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_LONGEST = 80


@dataclass(frozen=True)
class _Book:
    """What the pages of a run need, made once; it can go to another process."""

    lang: Lang
    project: Mapping[str, Any]
    settings: SheetSettings
    imprint: maps.Imprint
    notes: list[str]
    zones: pd.DataFrame
    themes: list[maps.Theme]
    parcels: maps.Ground
    outlines: maps.Layer
    pieces: maps.Ground | None
    constraints: list[maps.Layer]
    deductions: pd.DataFrame
    bars: pd.DataFrame


def write_sheets(
    evaluation: Evaluation, folder: Path, *, themes: Mapping[str, maps.Theme] | None = None, workers: int = 1
) -> tuple[list[Path], list[tuple[str, str]]]:
    """Write ``<zone>.pdf`` for every zone and ``atlas.pdf`` with all pages into a folder; each page is drawn once.

    Parameters
    ----------
    evaluation
        The results of a run. With its constraint layers (``mudian.load(…, layers=True)``) they are hatched on the page
        of the remaining land.
    folder
        Where the PDFs go; created when missing.
    themes
        Themes by column; default: all of the run.
    workers
        Processes that draw zones at the same time. More than one asks for a script that is guarded by
        ``if __name__ == "__main__"``.

    Returns
    -------
    tuple
        The files, and the pages left out (zone and theme) because nothing of the zone can be drawn or has a value.
    """
    folder.mkdir(parents=True, exist_ok=True)
    book = _book(evaluation, themes)
    names = file_names(evaluation.zones["zone_id"].astype("str").tolist())
    targets = [folder / f"{name}.pdf" for name in names]
    left_out: list[tuple[str, str]] = []
    parts: list[tuple[str, Path]] = []
    for place, empty in enumerate(_written(book, targets, workers)):
        zone = book.zones.iloc[place]
        left_out += [(str(zone["zone_id"]), title) for title in empty]
        if targets[place].exists():
            parts.append((_name(zone), targets[place]))
    files = [file for _, file in parts]
    if parts:
        title = str(book.project["name"])
        files.append(maps.bind(parts, folder / f"{ATLAS}.pdf", title=title, imprint=book.imprint))
    return files, left_out


def _book(evaluation: Evaluation, themes: Mapping[str, maps.Theme] | None) -> _Book:
    manifest, zones = evaluation.manifest, evaluation.zones
    lang: Lang = manifest["project"]["lang"]
    frame = map_frame(evaluation, cards=False)
    chosen = themes if themes is not None else run_themes(frame, lang=lang, settings=settings_of(manifest))
    parcels = maps.ground(frame)
    outlines = maps.Overlay(zones[["zone_name", "geometry"]], word("zone_name", lang), label="zone_name", colour=ZONE)
    deducted = bool(len(evaluation.deductions))
    layers = [maps.Overlay(layer[["geometry"]], name, colour=CONSTRAINT, hatch=True)
              for name, layer in evaluation.layers.items()]  # fmt: skip
    return _Book(
        lang, manifest["project"], sheet_settings(manifest), _imprint(evaluation, lang), _notes(evaluation, lang),
        zones, list(chosen.values()), parcels, parcels.layer(outlines),
        maps.ground(evaluation.developable) if deducted and len(evaluation.developable) else None,
        [parcels.layer(layer) for layer in layers] if deducted else [], evaluation.deductions,
        waterfall(zones, evaluation.deductions, lang=lang) if deducted else pd.DataFrame(),
    )  # fmt: skip


def _written(book: _Book, targets: list[Path], workers: int) -> Iterator[list[str]]:
    """Write the file of each zone; yields the titles of the pages left out, zone by zone."""
    if workers < 2 or len(targets) < 2:
        yield from (_write_zone(book, place, target) for place, target in enumerate(targets))
        return
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawn, initializer=_take, initargs=(book,)) as pool:
        yield from pool.map(_write_one, range(len(targets)), targets)


_TAKEN: list[_Book] = []


def _take(book: _Book) -> None:
    _TAKEN[:] = [book]


def _write_one(place: int, target: Path) -> list[str]:
    return _write_zone(_TAKEN[0], place, target)


def _write_zone(book: _Book, place: int, target: Path) -> list[str]:
    pages, empty = _pages(book, place)
    target.unlink(missing_ok=True)
    if pages:
        maps.atlas(_drawn(pages), target, title=_name(book.zones.iloc[place]), imprint=book.imprint)
    return empty


def _drawn(pages: list[Callable[[], maps.Sheet]]) -> Iterator[maps.Sheet]:
    """One sheet at a time, which gives back its memory when it has been written."""
    for page in pages:
        made = page()
        yield made
        made.close()


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


def _pages(book: _Book, place: int) -> tuple[list[Callable[[], maps.Sheet]], list[str]]:
    """What draws each page of a zone, and the titles of the pages that would be empty."""
    zone = book.zones.iloc[place]
    bounded = zone["geometry"] is not None and not zone["geometry"].is_empty
    mine = _of(book.parcels, zone)
    visible = bounded or bool(np.isfinite(book.parcels.boxes[mine]).any())
    pages: list[Callable[[], maps.Sheet]] = []
    empty: list[str] = []
    for theme in book.themes:
        if visible and bool(book.parcels.frame.loc[mine, str(theme.column)].notna().any()):
            figures = _figures(book.zones, zone, book.lang)
            pages.append(partial(_page, book, zone, book.parcels, theme, mine, figures, [book.outlines]))
        else:
            empty.append(theme.title)
    if book.pieces is not None:
        theme, own = piece_theme(book.lang), _of(book.pieces, zone)
        if own.any():
            over = [book.outlines, *book.constraints]
            pages.append(partial(_page, book, zone, book.pieces, theme, own, _remaining(book, zone), over))
        else:
            empty.append(theme.title)
    return pages, empty


def _of(base: maps.Ground, zone: pd.Series) -> NDArray[np.bool_]:
    return np.asarray((base.frame["zone_id"] == zone["zone_id"]).fillna(False), dtype=bool)


def _name(zone: pd.Series) -> str:
    return str(zone["zone_id"] if pd.isna(zone["zone_name"]) else zone["zone_name"])


def _page(
    book: _Book, zone: pd.Series, base: maps.Ground, theme: maps.Theme, subject: NDArray[np.bool_],
    figures: list[tuple[str, str]], overlays: list[maps.Layer],
) -> maps.Sheet:  # fmt: skip
    extent, lang = zone["geometry"], book.lang
    return maps.sheet(
        base, theme=theme, title=f"{_name(zone)} {theme.title}", area="area_mu", subject=subject,
        subtitle=f"{book.project['name']} · {word('period', lang)} {book.project['period']}",
        extent=extent if extent is not None and not extent.is_empty else None, overlays=overlays,
        size=book.settings.size, orientation=book.settings.orientation, statistics=figures,
        notes=book.notes, imprint=book.imprint, wording=maps.wording(lang), lang=lang,
    )  # fmt: skip


def _remaining(book: _Book, zone: pd.Series) -> list[tuple[str, str]]:
    """From the area of the zone over each deduction to what remains: net, and for deductions the gross besides."""
    gross = book.deductions[(book.deductions["zone_id"] == zone["zone_id"]).to_numpy(bool)].sort_values("order")
    bars = book.bars[(book.bars["zone_id"] == zone["zone_id"]).to_numpy(bool)]
    none = word("no_data", book.lang)
    covered: list[float | None] = [None, *gross["gross_mu"], None, None]
    found = [(f"{column_label('net_mu', book.lang)} / {column_label('gross_mu', book.lang)}", "")]
    for label, value, whole in zip(bars["label"], bars["value_mu"], covered, strict=True):
        net = none if pd.isna(value) else f"{value:,.2f}"
        besides = "" if whole is None or pd.isna(whole) else f" / {whole:,.2f}"
        found.append((str(label), net + besides))
    return found


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
    said = redaction_notes(evaluation.manifest, lang)
    return [*(f"{word(k, lang)}{colon}{v}" for k, v in facts.items()), word("mean_note", lang), *said]


def _imprint(evaluation: Evaluation, lang: Lang) -> maps.Imprint:
    own = sheet_settings(evaluation.manifest)
    return maps.Imprint(own.source, own.author, own.approval, str(evaluation.manifest["project"]["as_of"]))

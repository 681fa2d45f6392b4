"""Heat maps of a run (热力图): tax and investment per mu on hexagons and smoothed, in the classes of the map."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely

import maps
from maps.heat_cells import HeatCells, heat_cells, spread
from maps.heat_files import picture, write_geotiff
from maps.heat_surface import HeatSurface, heat_surface, pixels
from maps.heatmap import default_size
from mudian.evaluation import Evaluation
from mudian.labels import word
from mudian.once import once
from mudian.settings import HeatSettings
from mudian.themes import MONEY, run_themes, settings_of
from parcels.catalog import Lang

_FINER = 8  # pixels of the surface across one cell


@dataclass(frozen=True)
class RunHeat:
    """One heat map of a run: the column it is of, its kind (``hex`` or ``kernel``), result and classes."""

    column: str
    kind: str
    result: HeatCells | HeatSurface
    theme: maps.Theme
    title: str


def run_heat(evaluation: Evaluation) -> list[RunHeat]:
    """The heat maps of a run, on parcels that have both money and area; worked out once for all its products.

    Parameters
    ----------
    evaluation
        A run whose parcels have ``tax_wan`` or ``fixed_investment_wan``.
    """
    made = once(evaluation.parcels, "heat", lambda: list(_heat(evaluation)))
    lang: Lang = evaluation.manifest["project"]["lang"]
    themes = run_themes(evaluation.parcels, lang=lang, settings=settings_of(evaluation.manifest))
    return [
        RunHeat(column, kind, result, themes[column], f"{themes[column].title} · {word(f'heat_{kind}', lang)}")
        for column, kind, result in made
    ]


def _heat(evaluation: Evaluation) -> Iterator[tuple[str, str, HeatCells | HeatSurface]]:
    parcels = evaluation.parcels
    columns = {c: money for c, (money, _) in MONEY.items() if c in parcels and parcels[c].notna().any()}
    if not columns or not (parcels.geometry.area > 0).any():
        return
    cell, pixel, bandwidth = sizes(evaluation)
    whole = shapely.union_all(np.asarray(evaluation.zones.geometry.values))
    cells, grid = spread(parcels, size=cell), pixels(parcels, pixel=pixel, bandwidth=bandwidth)
    for column, money in columns.items():
        parts: dict[str, Any] = {"numerator": money, "denominator": "area_mu", "within": whole}
        yield column, "hex", heat_cells(parcels, size=cell, shared=cells, **parts)
        yield column, "kernel", heat_surface(parcels, pixel=pixel, bandwidth=bandwidth, shared=grid, **parts)


def sizes(evaluation: Evaluation) -> tuple[float, float, float]:
    """Cell, pixel and bandwidth in metres: those of the project, else from the extent of the parcels."""
    settings = HeatSettings(**evaluation.manifest["parameters"].get("heat", {}))
    cell = settings.cell_m or default_size(evaluation.parcels)
    return cell, settings.pixel_m or cell / _FINER, settings.bandwidth_m or cell


def heat_pictures(evaluation: Evaluation) -> list[maps.ImageLayer]:
    """The heat maps as pictures for the page."""
    return [picture(heat.result, heat.theme, title=heat.title) for heat in run_heat(evaluation)]


def write_heat(evaluation: Evaluation, folder: Path) -> list[Path]:
    """Write the heat maps of a run as GeoTIFF into a folder, which is made.

    Parameters
    ----------
    evaluation
        The run.
    folder
        For ``{column}_{kind}.tif`` with values, ``…_classes.tif`` with colours and ``….qml`` for QGIS.
    """
    folder.mkdir(parents=True, exist_ok=True)
    project = evaluation.manifest["project"]
    tags = {"period": str(project["period"]), "as_of": str(project["as_of"]), "project": str(project["name"])}
    written: list[Path] = []
    for heat in run_heat(evaluation):
        written += write_geotiff(heat.result, folder / f"{heat.column}_{heat.kind}.tif", theme=heat.theme, tags=tags)
    return written

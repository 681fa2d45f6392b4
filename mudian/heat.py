"""Heat maps of a run (热力图): tax and investment per mu on hexagons and smoothed, in the classes of the map."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely

import maps
from maps.heat_cells import HeatCells, heat_cells
from maps.heat_files import picture, write_geotiff
from maps.heat_surface import HeatSurface, heat_surface
from maps.heatmap import default_size
from mudian.evaluation import Evaluation
from mudian.labels import word
from mudian.project import HeatSettings
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


def run_heat(evaluation: Evaluation) -> Iterator[RunHeat]:
    """The heat maps of a run, on parcels that have both money and area.

    Parameters
    ----------
    evaluation
        A run whose parcels have ``tax_wan`` or ``fixed_investment_wan``.
    """
    lang: Lang = evaluation.manifest["project"]["lang"]
    parcels = evaluation.parcels
    themes = run_themes(parcels, lang=lang, settings=settings_of(evaluation.manifest))
    cell, pixel, bandwidth = sizes(evaluation)
    whole = shapely.union_all(np.asarray(evaluation.zones.geometry.values))
    for column, (money, _) in MONEY.items():
        if column not in themes:
            continue
        theme, basis = themes[column], {"numerator": money, "denominator": "area_mu"}
        cells = heat_cells(parcels, **basis, size=cell, within=whole)
        yield RunHeat(column, "hex", cells, theme, _title(theme, "heat_hex", lang))
        surface = heat_surface(parcels, **basis, pixel=pixel, bandwidth=bandwidth, within=whole)
        yield RunHeat(column, "kernel", surface, theme, _title(theme, "heat_kernel", lang))


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


def _title(theme: maps.Theme, kind: str, lang: Lang) -> str:
    return f"{theme.title} · {word(kind, lang)}"

"""QGIS styles inside the GeoPackage: layers open classified as on the page.

QGIS finds them in the table ``layer_styles``. Each theme is a style of the layer ``parcels``; the first one is shown.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import maps
from maps.qgis import plain_style, theme_style
from mudian.evaluation import Evaluation
from mudian.labels import column_label, word
from mudian.mapping import CONSTRAINT, STEP, ZONE, map_frame, piece_theme
from mudian.screening.mapped import classed_sites, site_filters, site_theme
from mudian.screening.shown import scenarios_of
from mudian.themes import YES_NO, run_themes, settings_of
from parcels.catalog import Lang

_TABLE = """CREATE TABLE layer_styles (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
    f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
    useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), update_time DATETIME)"""
_LISTED = """INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id)
    VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?, 0)"""
_ROW = "INSERT INTO layer_styles VALUES (NULL, '', '', ?, ?, ?, ?, '', ?, '', '', NULL, ?)"


@dataclass(frozen=True)
class Style:
    """A style of one layer; ``default`` when the layer opens with it."""

    layer: str
    name: str
    qml: str
    default: bool


def write_styles(evaluation: Evaluation, path: Path, *, constraints: Mapping[str, str]) -> None:
    """Put the styles of a run into its GeoPackage.

    Parameters
    ----------
    evaluation
        The run whose layers the file holds.
    path
        A GeoPackage.
    constraints
        Names of the constraint layers in the file, by the names that the project gives them.
    """
    stamp = f"{evaluation.manifest['project']['as_of']}T00:00:00.000Z"
    with closing(sqlite3.connect(path)) as base, base:
        columns = dict(base.execute("SELECT table_name, column_name FROM gpkg_geometry_columns"))
        base.execute(_TABLE)
        base.execute(_LISTED, (stamp,))
        for style in run_styles(evaluation, constraints):
            if style.layer in columns:
                place = (style.layer, columns[style.layer], style.name, style.qml, style.default, stamp)
                base.execute(_ROW, place)


def run_styles(evaluation: Evaluation, constraints: Mapping[str, str]) -> Iterator[Style]:
    """The styles of all layers of a run."""
    lang: Lang = evaluation.manifest["project"]["lang"]
    frame = map_frame(evaluation, cards=False)
    themes = run_themes(frame, lang=lang, settings=settings_of(evaluation.manifest))
    wording = maps.wording(lang)
    for number, (column, theme) in enumerate(themes.items()):
        done = maps.classify(frame, theme, area="area_mu", wording=wording)
        filters = _answers(column) if column in YES_NO else None
        yield Style("parcels", theme.title, theme_style(theme, done, filters=filters), number == 0)
    yield Style("zones", column_label("zone_name", lang), plain_style(ZONE, label="zone_name"), True)
    for name, layer in constraints.items():
        lines = bool((evaluation.layers[name].geom_type.str.contains("Line")).all())
        yield Style(layer, layer, plain_style(CONSTRAINT, hatch=True, width=0.2, lines=lines), True)
    if len(evaluation.developable):
        pieces = piece_theme(lang)
        done = maps.classify(evaluation.developable, pieces, area="area_mu", wording=wording)
        yield Style("developable", word("developable", lang), theme_style(pieces, done), True)
    if len(evaluation.sites):
        scenario = scenarios_of(evaluation.manifest["screening"])[0]
        classes = site_theme(lang)
        done = maps.classify(classed_sites(evaluation.sites, scenario), classes, area="area_mu", wording=wording)
        filters = site_filters(scenario)
        yield Style("sites", classes.title, theme_style(classes, done, filters=filters, label="site_id"), True)
    if len(evaluation.steps):
        yield Style("steps", word("developable", lang), plain_style(STEP, fill=True, width=0.1), True)


def _answers(column: str) -> dict[object, str]:
    """Verdicts stand in the layer as true, false and null; a question that does not concern a parcel is null too."""
    tests: dict[object, str] = {"yes": f'"{column}" = true', "no": f'"{column}" = false'}
    if "not_concerned" in YES_NO[column]:
        tests["not_concerned"] = f"\"{column}\" IS NULL AND coalesce(\"{column}_missing\", '') = ''"
    return tests

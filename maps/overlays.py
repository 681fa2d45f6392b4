"""Layers over the map, and the ranking table whose rows lead to their polygons.

Overlays are drawn and never counted: nothing on the page adds up their areas.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from maps import pack
from maps.cards import CardField, worded
from maps.classes import check_colour
from maps.errors import MapError
from maps.pack import Head
from maps.strips import as_areas
from maps.themes import existing


@dataclass(frozen=True)
class Overlay:
    """Shapes over the map that are no subjects of the theme: zones, constraints.

    Parameters
    ----------
    data
        Polygons in any CRS; lines and points are drawn as strips of two metres.
    title
        Name in the list of layers.
    colour
        Six hexadecimal digits.
    label
        Column written on the map at each polygon.
    key
        Column that occurs in the ranking table too, as a column or as its index: a click on a row of the
        table goes to the polygon with the same value. The ``group`` of a page holds the same values.
    fill, hatch
        Fill the polygons, or hatch them; otherwise only outlines are drawn.
    shown
        Whether the layer is on at first.
    card
        Lines that a click on a polygon shows, below those of the row under it. Only these columns are in the page.
    """

    data: gpd.GeoDataFrame
    title: str
    colour: str = "#444444"
    label: str | None = None
    key: str | None = None
    fill: bool = False
    hatch: bool = False
    shown: bool = True
    card: Sequence[CardField] = ()

    def __post_init__(self) -> None:
        check_colour(self.colour)


@dataclass(frozen=True)
class Layers:
    """Heads of the overlays and of the table, and the number of features of each overlay that cannot be
    drawn."""

    overlays: list[Head]
    table: Head | None
    undrawn: list[int]


def store_layers(
    store: pack.Store, overlays: Sequence[Overlay], table: pd.DataFrame | None, words: Mapping[str, str]
) -> Layers:
    """Pack the overlays, and link the rows of the table to their polygons.

    Parameters
    ----------
    store
        Where the bytes go.
    overlays
        In drawing order.
    table
        Ranking table, or None.
    words
        Fixed words of the page.

    Returns
    -------
    Layers
        What the page needs.

    Raises
    ------
    MapError
        When an overlay has no CRS, lacks a column, or its key is not in the table.
    """
    areas = [as_areas(overlay.data, name=overlay.title) for overlay in overlays]
    shapes = [pack.pack_shapes(area, name=overlay.title) for area, overlay in zip(areas, overlays, strict=True)]
    heads = [_head(store, overlay, packed, words) for overlay, packed in zip(overlays, shapes, strict=True)]
    undrawn = [packed.undrawn for packed in shapes]
    if table is None:
        return Layers(heads, None, undrawn)
    links: list[list[int] | None] = [None] * len(table)
    for number, (overlay, packed) in enumerate(zip(overlays, shapes, strict=True)):
        if overlay.key is not None:
            rows = _rows_by_key(overlay, packed)
            found = [rows.get(str(key)) for key in table_keys(table, overlay)]
            links = [old or (None if row is None else [number, row]) for old, row in zip(links, found, strict=True)]
    return Layers(heads, _table(table, links, words), undrawn)


def _head(store: pack.Store, overlay: Overlay, shapes: pack.Shapes, words: Mapping[str, str]) -> Head:
    head: Head = {
        "title": overlay.title,
        "colour": overlay.colour,
        "fill": overlay.fill,
        "hatch": overlay.hatch,
        "shown": overlay.shown,
        "shapes": pack.store_shapes(store, shapes),
    }
    if overlay.key is not None:
        keys = existing(overlay.data, overlay.key, overlay.title).iloc[shapes.order[: shapes.rings.count]]
        head["keys"] = [None if pd.isna(key) else str(key) for key in keys]
    if overlay.label is not None:
        drawn = shapes.order[: shapes.rings.count]
        texts = existing(overlay.data, overlay.label, overlay.title).iloc[drawn]
        inside = shapely.point_on_surface(np.asarray(overlay.data.geometry.array, dtype=object)[drawn])
        x, y = pack.to_units(overlay.data.crs, shapely.get_coordinates(inside))
        head["labels"] = ["" if pd.isna(text) else str(text) for text in texts]
        head["points"] = np.stack([x, y], axis=1).tolist()
    return head | (_card(store, overlay, shapes, words) if overlay.card else {})


def _card(store: pack.Store, overlay: Overlay, shapes: pack.Shapes, words: Mapping[str, str]) -> Head:
    """The lines of the card, and their columns in the order of the polygons."""
    drawn = shapes.order[: shapes.rings.count]
    yes_no = {True: words["yes"], False: words["no"]}
    columns = []
    for line in overlay.card:
        series = worded(existing(overlay.data, line.column, overlay.title).iloc[drawn].reset_index(drop=True), line)
        columns.append(pack.store_column(store, series, digits=line.digits, words=yes_no))
    lines = [
        {"label": line.label or line.column, "unit": line.unit, "column": i, "prose": line.prose}
        for i, line in enumerate(overlay.card)
    ]
    return {"card": lines, "columns": columns}


def _rows_by_key(overlay: Overlay, shapes: pack.Shapes) -> dict[str, int]:
    drawn = existing(overlay.data, str(overlay.key), overlay.title).iloc[shapes.order[: shapes.rings.count]]
    return {str(key): row for row, key in enumerate(drawn) if not pd.isna(key)}


def table_keys(table: pd.DataFrame, overlay: Overlay) -> Sequence[object]:
    """The key of every row of the table, from its index or a column."""
    if table.index.name == overlay.key:
        return list(table.index)
    if overlay.key in table.columns:
        return list(table[overlay.key])
    raise MapError("map-table-key", title=overlay.title, key=overlay.key)


def _table(table: pd.DataFrame, links: list[list[int] | None], words: Mapping[str, str]) -> Head:
    return {"columns": table_columns(table, words), "links": links}


def table_columns(table: pd.DataFrame, words: Mapping[str, str]) -> list[Head]:
    """The columns of a table with their cells as the page shows them."""
    return [_table_column(table.iloc[:, i], words) for i in range(table.shape[1])]


def _table_column(series: pd.Series, words: Mapping[str, str]) -> Head:
    digits: int | None = None
    if pd.api.types.is_bool_dtype(series):
        series = series.astype(object).map({True: words["yes"], False: words["no"]})
    elif pd.api.types.is_numeric_dtype(series):
        digits = 0 if pd.api.types.is_integer_dtype(series) else 2
    return {"title": str(series.name), "digits": digits, "cells": [_cell(value, digits) for value in series]}


def _cell(value: object, digits: int | None) -> object:
    if pd.isna(value):  # type: ignore[call-overload]
        return None
    if digits is None:
        return str(value)
    number = float(value)  # type: ignore[arg-type]
    return number if math.isfinite(number) else None

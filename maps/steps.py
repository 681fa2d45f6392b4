"""Deduction step by step: what is left after each step, as polygons and in mu."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from maps import pack
from maps.classes import check_colour
from maps.errors import MapError
from maps.pack import Head
from maps.themes import existing, numeric


@dataclass(frozen=True)
class Steps:
    """What is left after each step of a deduction, to be walked through on the map.

    Parameters
    ----------
    data
        One row for each step and zone (or each step), with the polygons that are left, in any CRS. A zone in which
        nothing is left has a row without a polygon and the value 0.
    title
        Heading of the control.
    step
        Column with the name of the step.
    value
        Column with what is left in mu. A step in which a value is missing has no sum.
    key
        Column with the zone, with the values of the ``group`` of the page; the control then follows the zone panel.
    order
        Names of the steps in order; default: as they first occur.
    colour
        Six hexadecimal digits.
    shown
        Whether the first step is on the map at first.
    """

    data: gpd.GeoDataFrame
    title: str
    step: str
    value: str
    key: str | None = None
    order: Sequence[str] | None = None
    colour: str = "#1a9850"
    shown: bool = False

    def __post_init__(self) -> None:
        check_colour(self.colour)


def store_steps(store: pack.Store, steps: Steps) -> Head:
    """Pack the polygons of each step and sum what is left, for all zones and for each.

    Parameters
    ----------
    store
        Where the bytes go.
    steps
        What is left after each step.

    Returns
    -------
    dict
        What the page needs.

    Raises
    ------
    MapError
        When a column is missing, a step has no name, or the names are not those of ``order``.
    """
    names = existing(steps.data, steps.step, steps.title)
    known = [str(name) for name in names.dropna().unique()]
    order = known if steps.order is None else list(steps.order)
    if bool(names.isna().any()) or not order or set(order) != set(known) or len(set(order)) < len(order):
        raise MapError("map-steps", title=steps.title, given=order, known=known)
    values = pd.Series(numeric(steps.data, steps.value, steps.title))
    keys = None if steps.key is None else existing(steps.data, steps.key, steps.title).reset_index(drop=True)
    text = names.astype(str).to_numpy()
    listed = []
    for name in order:
        rows = np.flatnonzero(text == name)
        shapes = pack.pack_shapes(steps.data.geometry.iloc[rows], name=steps.title)
        own = values.iloc[rows]
        zones = {} if keys is None else dict(_sums(own, keys.iloc[rows]))
        listed.append(
            {
                "label": name,
                "all": _sum(own),
                "zones": [[key, value] for key, value in zones.items()],
                "shapes": pack.store_shapes(store, shapes),
            }
        )
    return {
        "title": steps.title,
        "colour": steps.colour,
        "fill": True,
        "hatch": False,
        "shown": steps.shown,
        "list": listed,
    }


def _sum(values: pd.Series) -> float | None:
    total = float(values.sum(skipna=False))
    return total if np.isfinite(total) else None


def _sums(values: pd.Series, keys: pd.Series) -> Mapping[str, float | None]:
    named = values[keys.notna()].groupby(keys[keys.notna()].astype(str), sort=False)
    return {str(key): _sum(part) for key, part in named}

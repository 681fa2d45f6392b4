"""Strips (防护带) beside roads, railways and power lines, as wide as the packs say for the class of each feature.

The law counts from the edge of the land (公路用地外缘, 线路外侧, 导线边线), while data are mostly centre lines: with
``edge = "centre"`` half the width of the land is added, and a feature without one is unknown. A class that is not
understood is unknown, too. What is unknown is named and never widened by zero in silence.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from mudian.errors import PackError, ProjectError
from mudian.packs.policy import Policy
from mudian.rules.logic import name_missing

Floats = NDArray[np.float64]
QUAD_SEGS = 16
_VOLTAGE = "voltage"
_POWER = "powerline"
_KILOVOLT = re.compile(r"(\d+(?:\.\d+)?)")


@dataclass(frozen=True)
class Buffered:
    """Features with their strips.

    Attributes
    ----------
    geoms
        Polygons in the order of the layer; as they were where the strip is unknown.
    distance_m
        Width of the strip from the figure; NaN where unknown.
    unknown
        Where it is unknown, and in ``missing`` what it lacks.
    clause
        Documents and clauses that the widths rest on, joined by ``；``.
    """

    geoms: NDArray[np.object_]
    distance_m: Floats
    unknown: NDArray[np.bool_]
    missing: pd.Series
    clause: str


def buffered(
    layer: gpd.GeoDataFrame,
    kind: str,
    policy: Policy,
    *,
    class_column: str | None = None,
    edge: Literal["land", "centre"] = "land",
    half_width_m: float | str | None = None,
    buffer_m: float | None = None,
) -> Buffered:
    """Widen the features of a layer.

    Parameters
    ----------
    layer
        Lines or polygons in a CRS in metres.
    kind
        ``road``, ``railway`` or ``powerline``; any for ``buffer_m``.
    policy
        Where the widths come from.
    class_column
        Column with the class: grade of road, setting and speed of railway, voltage.
    edge
        Whether the figures are the land, or its centre lines.
    half_width_m
        For centre lines: half the width of the land in metres, or the column that has it.
    buffer_m
        A width that the user gives; class and policy are not asked then.

    Raises
    ------
    ProjectError
        When the layer is in degrees.
    PackError
        When there are no statutory strips for the kind.

    Examples
    --------
    >>> import datetime as dt
    >>> from mudian.packs.policy import policies
    >>> roads = gpd.GeoDataFrame({"等级": ["国道", "小路"]}, geometry=gpd.GeoSeries.from_wkt(
    ...     ["LINESTRING (0 0, 100 0)", "LINESTRING (0 50, 100 50)"]), crs=4527)
    >>> policy = policies(["national"], as_of=dt.date(2025, 12, 31))
    >>> made = buffered(roads, "road", policy, class_column="等级", edge="centre", half_width_m=6)
    >>> made.distance_m.tolist(), made.missing.tolist()
    ([26.0, nan], ['', '等级'])
    """
    if layer.crs is not None and not layer.crs.is_projected:
        raise ProjectError("buffer-degrees", crs=layer.crs.to_string())
    masks: dict[str, NDArray[np.bool_]] = {}
    if buffer_m is not None and class_column is None:
        width, clause = np.full(len(layer), float(buffer_m)), ""
    else:
        width, masks, clause = _statutory(layer, kind, policy, str(class_column))
    half, lacking = _half(layer, edge, half_width_m)
    distance = width + half
    masks |= lacking
    unknown = np.isnan(distance)
    geoms = np.asarray(layer.geometry.values)
    wide = shapely.buffer(geoms, np.where(unknown, 0.0, distance), quad_segs=QUAD_SEGS)
    missing = name_missing({name: mask & unknown for name, mask in masks.items()}, layer.index)
    return Buffered(np.where(unknown, geoms, wide), distance, unknown, missing, clause)


def _half(layer: gpd.GeoDataFrame, edge: str, given: float | str | None) -> tuple[Floats, dict[str, NDArray[np.bool_]]]:
    """Half widths of the land; zero where the figures are the land itself."""
    size = len(layer)
    if edge == "land":
        return np.zeros(size), {}
    if isinstance(given, str):
        numbers = pd.to_numeric(layer[given], errors="coerce") if given in layer else pd.Series(np.nan, layer.index)
        half = np.asarray(numbers.to_numpy(float))
        return half, {given: np.isnan(half)}
    one: Floats = np.full(size, np.nan if given is None else float(given))
    return one, {"half_width_m": np.isnan(one)}


def _statutory(
    layer: gpd.GeoDataFrame, kind: str, policy: Policy, column: str
) -> tuple[Floats, dict[str, NDArray[np.bool_]], str]:
    known = feature_classes()
    if kind not in known or kind == _VOLTAGE:
        raise PackError("buffer-kind", kind=kind)
    size = len(layer)
    if column not in layer:
        return np.full(size, np.nan), {column: np.ones(size, bool)}, ""
    texts = layer[column].astype("str")
    keys = texts.map({t: _key(str(t), kind) for t in texts.dropna().unique()})
    found = {k: policy.find(k) for k in keys.dropna().unique()}
    width = keys.map({k: v.number for k, v in found.items() if v is not None}).astype(float).to_numpy()
    masks = {column: keys.isna().to_numpy()}
    for key, value in found.items():
        if value is None:
            masks[policy.name_lacking(str(key))] = (keys == key).to_numpy(bool)
    return width, masks, "；".join(sorted({v.cite for v in found.values() if v is not None}))


def _key(text: str, kind: str) -> str | None:
    """The value that gives the strip of a class, None where the class is not understood."""
    lower = text.lower()
    for key, words in feature_classes()[kind].items():
        if any(re.search(re.escape(w).replace(r"\*", ".*"), lower) for w in words):
            return str(key)
    number = _KILOVOLT.search(text)
    if kind != _POWER or number is None:
        return None
    ranges = feature_classes()[_VOLTAGE]
    return next((str(k) for k, (low, high) in ranges.items() if low <= float(number[1]) <= high), None)


@cache
def feature_classes() -> dict[str, dict[str, Any]]:
    """Words of classes by kind, and ranges of voltage."""
    return tomllib.loads((files("mudian") / "data" / "feature_classes.toml").read_text(encoding="utf-8"))

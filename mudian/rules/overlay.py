"""Parcels on control lines (三区三线): land of each parcel on 永久基本农田 and 生态保护红线 and outside 城镇开发边界.

A layer that was not given is missing, never zero: "0 亩" means that the layer was there and the parcel lies off it.
Polygons of one layer that overlap each other count once, touching does not count, and a strip narrower than the
tolerance of ``data/overlay.toml`` is a line drawn twice. The share of a parcel is taken in the plane of the layer
(exact to 1e-4 inside one parcel) and multiplied by the area of the parcel on the basis that the run uses.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from parcels.geometry.area import area_m2
from parcels.units import M2_PER_MU

Shapes = NDArray[np.object_]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FARMLAND, REDLINE, BOUNDARY = "permanent_basic_farmland", "ecological_redline", "urban_boundary"
# Which kind of layer each column comes from; of the boundary the land outside counts.
OVERLAYS = {
    "permanent_basic_farmland_mu": FARMLAND,
    "ecological_redline_mu": REDLINE,
    "outside_urban_boundary_mu": BOUNDARY,
}


@cache
def _limits() -> dict[str, dict[str, float]]:
    return tomllib.loads((files("mudian") / "data" / "overlay.toml").read_text(encoding="utf-8"))


def overlay(parcels: gpd.GeoDataFrame, layers: Mapping[str, gpd.GeoDataFrame | None]) -> pd.DataFrame:
    """Land of every parcel on the wrong side of the control lines.

    Parameters
    ----------
    parcels
        Valid polygons; ``area_mu`` (亩) is used where it is there, else the ellipsoidal area. Not changed.
    layers
        Polygons by kind, in the CRS of the parcels: ``permanent_basic_farmland``, ``ecological_redline``,
        ``urban_boundary``. None, or no entry, for a layer that was not given.

    Returns
    -------
    DataFrame
        ``permanent_basic_farmland_mu``, ``ecological_redline_mu`` and ``outside_urban_boundary_mu`` (亩), same index;
        missing for a layer that was not given and for parcels without geometry.

    Raises
    ------
    ValueError
        When a layer is in another CRS than the parcels, or its kind is unknown.

    Examples
    --------
    >>> from shapely import box
    >>> parcels = gpd.GeoDataFrame(geometry=[box(0, 0, 200, 100)], crs=4527)
    >>> farmland = gpd.GeoDataFrame(geometry=[box(0, 0, 20, 100), box(10, 0, 50, 100)], crs=4527)
    >>> overlay(parcels.assign(area_mu=30.0), {"permanent_basic_farmland": farmland}).round(6).values.tolist()
    [[7.5, nan, nan]]
    """
    _check(parcels, layers)
    land = np.asarray(parcels.geometry.values)
    mu = _area_mu(parcels)
    made: dict[str, Floats] = {}
    for column, kind in OVERLAYS.items():
        layer = layers.get(kind)
        made[column] = np.full(len(parcels), np.nan)
        if layer is not None:
            made[column] = _share(land, mu, np.asarray(layer.geometry.values), outside=kind == BOUNDARY) * mu
    return pd.DataFrame(made, index=parcels.index)


def lacking_layers(parcels: pd.DataFrame, rows: Mask | None = None) -> dict[str, dict[str, Mask]]:
    """Why figures of :func:`overlay` are missing: by column, the name of what is lacking and where.

    Parameters
    ----------
    parcels
        Parcels with the columns of :func:`overlay`.
    rows
        The rows that are asked for; all of them by default.

    Returns
    -------
    dict
        ``layer:<kind>`` where a whole layer was not given, ``geometry`` where the parcel has none.
    """
    asked = np.ones(len(parcels), bool) if rows is None else rows
    drawn = asked
    if isinstance(parcels, gpd.GeoDataFrame):
        drawn = asked & parcels.geometry.notna().to_numpy()
    found: dict[str, dict[str, Mask]] = {}
    for column, kind in OVERLAYS.items():
        absent = parcels[column].isna().to_numpy() if column in parcels else asked
        given = column in parcels and not (absent & drawn).any()
        found[column] = {"geometry": ~drawn[asked]} if given else {f"layer:{kind}": absent[asked]}
    return found


def _check(parcels: gpd.GeoDataFrame, layers: Mapping[str, gpd.GeoDataFrame | None]) -> None:
    for kind, layer in layers.items():
        if kind not in OVERLAYS.values():
            raise ValueError(f"layer {kind!r}: expected one of {', '.join(OVERLAYS.values())}")
        if layer is not None and layer.crs != parcels.crs:
            names = [c.to_string() if c else "none" for c in (layer.crs, parcels.crs)]
            raise ValueError(
                f"layer {kind!r} is in {names[0]}, the parcels are in {names[1]}: bring it to their CRS first"
            )


def _area_mu(parcels: gpd.GeoDataFrame) -> Floats:
    if "area_mu" in parcels:
        return np.asarray(parcels["area_mu"].to_numpy(float, na_value=np.nan))
    return np.asarray(area_m2(parcels, basis="ellipsoidal").to_numpy(float) / M2_PER_MU)


def _share(land: Shapes, mu: Floats, layer: Shapes, *, outside: bool) -> Floats:
    """Share of each parcel that is covered by a layer (or not covered); strips below the tolerance are none."""
    whole = shapely.area(land)
    share, crossing = _covered(land, layer)
    wrong = shapely.difference(land[crossing.parcel], crossing.shape) if outside else crossing.shape
    parts, index = shapely.get_parts(wrong, return_index=True)
    of = crossing.parcel[index]
    area, length = shapely.area(parts), shapely.length(parts)
    with np.errstate(divide="ignore", invalid="ignore"):
        metres = np.sqrt(mu[of] * M2_PER_MU / whole[of])  # of a unit of the plane: 1, or a degree
        solid = (area + area) / length * metres >= _limits()["sliver"]["width_m"]
        share = 1.0 - share if outside else share
        share[crossing.parcel] = 0.0
        share = share + np.bincount(of[solid], weights=area[solid], minlength=len(land)) / whole
    return np.where(shapely.is_missing(land) | ~(whole > 0), np.nan, np.minimum(share, 1.0))


class _Crossing:
    """Parcels that a layer covers in part, and the part that it covers."""

    def __init__(self, parcel: NDArray[np.int64], shape: Shapes) -> None:
        self.parcel = parcel
        self.shape = shape


def _covered(land: Shapes, layer: Shapes) -> tuple[Floats, _Crossing]:
    """1 for parcels inside one polygon of the layer, 0 for those apart from it, and those in between."""
    share = np.zeros(len(land))
    pieces = _cut(_valid(layer[~shapely.is_missing(layer)]))
    shapely.prepare(pieces)
    piece, parcel = shapely.STRtree(land).query(pieces, predicate="intersects")
    inside = shapely.covers(pieces[piece], land[parcel])
    share[parcel[inside]] = 1.0
    open_ = np.flatnonzero(share[parcel] == 0)
    order = open_[np.argsort(parcel[open_], kind="stable")]
    piece, parcel = piece[order], parcel[order]
    parts, index = shapely.get_parts(shapely.intersection(_valid(land[parcel]), pieces[piece]), return_index=True)
    solid = shapely.area(parts) > 0
    return share, _Crossing(*_joined(parcel[index[solid]].astype(np.int64), parts[solid]))


def _joined(parcel: NDArray[np.int64], parts: Shapes) -> tuple[NDArray[np.int64], Shapes]:
    """One shape per parcel: its parts united, so that polygons of a layer that overlap count once."""
    found, first, count = np.unique(parcel, return_index=True, return_counts=True)
    shapes = parts[first]
    # Parcels with about as many parts are united together, as rows of a table filled up with nothing.
    for size in np.unique(np.ceil(np.log2(count[count > 1]))):
        rows = np.flatnonzero((count > 1) & (np.ceil(np.log2(np.maximum(count, 1))) == size))
        width = int(count[rows].max())
        at = first[rows, None] + np.arange(width)
        there = np.arange(width) < count[rows, None]
        table = parts[np.where(there, at, 0)]
        table[~there] = None
        shapes[rows] = shapely.union_all(table, axis=1)
    return found, shapes


def _valid(shapes: Shapes) -> Shapes:
    """Polygons that cross themselves are repaired, so that no overlay fails on them."""
    bad = ~(shapely.is_valid(shapes) | shapely.is_missing(shapes))
    if not bad.any():
        return shapes
    repaired = shapes.copy()
    repaired[bad] = shapely.make_valid(shapes[bad], method="structure", keep_collapsed=False)
    return repaired


def _cut(shapes: Shapes) -> Shapes:
    """Polygons with many vertices as pieces with few: halved across their longer side until they are small."""
    limits = _limits()["pieces"]
    done: list[Shapes] = []
    for _ in range(int(limits["rounds"])):
        big = shapely.get_num_coordinates(shapes) > limits["vertices"]
        done.append(shapes[~big])
        shapes = _halves(shapes[big])
    return np.concatenate([*done, shapes])


def _halves(shapes: Shapes) -> Shapes:
    xmin, ymin, xmax, ymax = shapely.bounds(shapes).T
    wide = xmax - xmin > ymax - ymin
    x, y = np.where(wide, (xmin + xmax) / 2, xmax), np.where(wide, ymax, (ymin + ymax) / 2)
    low = shapely.box(xmin, ymin, x, y)
    high = shapely.box(np.where(wide, x, xmin), np.where(wide, ymin, y), xmax, ymax)
    both = shapely.intersection(np.concatenate([shapes, shapes]), np.concatenate([low, high]))
    parts = shapely.get_parts(both)
    return parts[shapely.area(parts) > 0]

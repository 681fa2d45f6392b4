"""Squares instead of boundaries: parcels are summed in squares, split as long as every part may be shown.

A zone begins as one group of parcels. It is split into quarters of a fixed lattice while each quarter that holds
parcels may be shown by itself, down to the smallest side. So no group has to be hidden, and none can be found by
subtracting the others from the zone. All corners are multiples of the side; none is a corner of a parcel.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from mudian.redaction.groups import Holders

_DEGREE_M = 111_320.0
_MOST = 20_000  # squares that cover a zone


def side(frame: gpd.GeoDataFrame, cell_m: float) -> float:
    """The side of the smallest square in the units of a frame: metres, or degrees of about as many."""
    if frame.crs is None or frame.crs.is_projected:
        return float(cell_m)
    return float(f"{cell_m / _DEGREE_M:.1g}")


def lattice(parcels: gpd.GeoDataFrame, zone: NDArray[np.int64], cell: float) -> NDArray[np.int64]:
    """Column and row of the square of every parcel; one without a shape goes with the first of its zone."""
    shapes = np.asarray(parcels.geometry.values)
    inner = shapely.point_on_surface(shapes)
    xy = np.column_stack([shapely.get_x(inner), shapely.get_y(inner)])
    found = pd.DataFrame(np.floor(xy / cell), columns=["x", "y"]).assign(zone=zone)
    first = found.sort_values(["zone", "y", "x"]).dropna().drop_duplicates("zone").set_index("zone")
    nowhere = found["x"].isna()
    for axis in ("x", "y"):
        found[axis] = found[axis].mask(nowhere, found["zone"].map(first[axis])).fillna(0)
    return found[["x", "y"]].to_numpy(np.int64)


def split(
    place: NDArray[np.int64],
    zone: NDArray[np.int64],
    holders: Holders,
    *,
    shown: NDArray[np.bool_],
    money: pd.DataFrame,
    least: int,
    most: float,
) -> NDArray[np.int64]:
    """The group of every parcel, −1 in zones that are not shown.

    Parameters
    ----------
    place
        Square of every parcel.
    zone
        Number of its zone.
    holders
        Who stands behind its money.
    shown, money
        Which zones, and which money of each, are shown.
    least, most
        The limits of :meth:`Holders.safe`.
    """
    spread = place.max(axis=0) - place.min(axis=0) if len(place) else np.zeros(2, np.int64)
    groups = np.where(shown[zone], zone, -1)
    open_ = groups >= 0
    for level in range(int(spread.max()).bit_length() + 1, -1, -1):
        if not open_.any():
            break
        keys = pd.MultiIndex.from_arrays([groups, place[:, 0] >> level, place[:, 1] >> level])
        children, labels = pd.factorize(keys)
        children = np.where(open_, children, -1).astype(np.int64)
        size = len(labels)
        land, amounts = holders.safe(children, size, least=least, most=most)
        of_zone = np.zeros(size, np.int64)
        of_zone[children[open_]] = zone[open_]
        needed = money.to_numpy(bool)[of_zone]
        good = land & (amounts.to_numpy(bool) | ~needed).all(axis=1)
        torn = np.zeros(int(groups.max(initial=-1)) + 1, bool)
        torn[groups[open_ & ~good[children]]] = True
        parted = open_ & ~torn[groups]
        base = int(groups.max(initial=-1)) + 1
        groups = np.where(parted, base + children, groups)
        open_ = parted
        groups = _renumbered(groups)
    return groups


def _renumbered(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    known = groups >= 0
    found = groups.copy()
    found[known] = np.unique(groups[known], return_inverse=True)[1]
    return found


def in_order(groups: NDArray[np.int64], place: NDArray[np.int64], zone: NDArray[np.int64]) -> NDArray[np.int64]:
    """The groups numbered by zone, row and column of their first square, whatever the order of the parcels."""
    table = pd.DataFrame({"group": groups, "zone": zone, "y": place[:, 1], "x": place[:, 0]})
    first = table[groups >= 0].sort_values(["zone", "y", "x"]).drop_duplicates("group")
    number = pd.Series(np.arange(len(first)), index=first["group"].to_numpy())
    return table["group"].map(number).fillna(-1).to_numpy(np.int64)


def shapes(groups: NDArray[np.int64], place: NDArray[np.int64], size: int, cell: float) -> NDArray[np.object_]:
    """The shape of every group: its squares that hold parcels."""
    table = pd.DataFrame({"group": groups, "x": place[:, 0], "y": place[:, 1]})
    table = table[groups >= 0].drop_duplicates().sort_values(["group", "y", "x"])
    boxes = _boxes(table["x"].to_numpy(), table["y"].to_numpy(), cell)
    found = np.empty(size, dtype=object)
    for number, index in pd.Series(np.arange(len(table))).groupby(table["group"].to_numpy()):
        found[int(str(number))] = shapely.union_all(boxes[index.to_numpy()])
    return found


def covering(outline: BaseGeometry | None, place: NDArray[np.int64], cell: float) -> BaseGeometry | None:
    """A zone as squares: those whose centre lies in it, and those that hold its parcels."""
    held = np.unique(place, axis=0)
    boxes = [_boxes(held[:, 0], held[:, 1], cell)] if len(place) else []
    if outline is not None and not outline.is_empty:
        low_x, low_y, high_x, high_y = outline.bounds
        wide = cell
        while (high_x - low_x) / wide * (high_y - low_y) / wide > _MOST:
            wide *= 2
        columns, rows = np.meshgrid(
            np.arange(np.floor(low_x / wide), np.ceil(high_x / wide)),
            np.arange(np.floor(low_y / wide), np.ceil(high_y / wide)),
        )
        x, y = columns.ravel(), rows.ravel()
        inside = shapely.contains_xy(outline, (x + 0.5) * wide, (y + 0.5) * wide)
        boxes.append(_boxes(x[inside], y[inside], wide))
    found = shapely.union_all(np.concatenate(boxes)) if boxes else None
    return None if found is None or found.is_empty else found


def _boxes(x: NDArray[np.generic], y: NDArray[np.generic], cell: float) -> NDArray[np.object_]:
    return np.asarray(shapely.box(x * cell, y * cell, (x + 1) * cell, (y + 1) * cell))  # type: ignore[operator]

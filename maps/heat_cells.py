"""Heat cells: an intensity on a lattice, as the ratio of sums, weighted exactly by area.

A parcel that lies over several cells gives each of them the share of its numerator and denominator that its area there
has. A parcel without a known numerator or denominator gives neither; a known zero counts. Ratios are never averaged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from maps.classes import Floats
from maps.errors import MapError
from maps.lattice import Cell, Geometries, lattice
from maps.themes import numeric

Positions = NDArray[np.intp]


@dataclass(frozen=True)
class HeatCells:
    """An intensity by cell.

    Attributes
    ----------
    frame
        One row per cell that some parcel reaches, in a projected CRS: ``numerator`` and ``denominator`` (sums over
        parcels that have both), ``value`` (their ratio, missing where nothing is known), ``land_m2`` (plane area of all
        parcels there), ``coverage`` (share of it with data), ``parcels`` (number of parcels that reach it).
    size
        As asked for, in metres.
    cell
        Kind of cell.
    """

    frame: gpd.GeoDataFrame
    size: float
    cell: Cell

    @property
    def columns(self) -> dict[str, str]:
        """The columns of a ratio theme on the frame: ``maps.Theme(title, "ratio", breaks=…, **cells.columns)``."""
        return {"column": "value", "numerator": "numerator", "denominator": "denominator"}


def heat_cells(
    frame: gpd.GeoDataFrame, *, numerator: str, denominator: str, size: float, cell: Cell = "hex", within: Any = None
) -> HeatCells:
    """Sum an intensity over cells.

    Parameters
    ----------
    frame
        Polygons; in degrees or in web Mercator they are moved to the UTM zone of their middle first.
    numerator, denominator
        Numeric columns, for example tax and mu.
    size
        Size of a cell in metres, see :func:`maps.lattice.lattice`.
    cell
        ``"hex"`` or ``"square"``.
    within
        Draw the cells only inside this geometry (in the CRS of the frame); the sums do not change.

    Returns
    -------
    HeatCells
        The sums over all cells are the sums over the parcels with data.

    Raises
    ------
    MapError
        For a frame without CRS or polygons, a column that is missing or not numeric, or an impossible size.

    Examples
    --------
    >>> land = gpd.GeoDataFrame({"tax": [30.0, 10.0], "mu": [3.0, 1.0]}, crs=4527,
    ...     geometry=[shapely.box(0, 0, 300, 100), shapely.box(0, 100, 100, 200)])
    >>> cells = heat_cells(land, numerator="tax", denominator="mu", size=200, cell="square")
    >>> cells.frame[["numerator", "denominator", "value"]].round(6).values.tolist()
    [[30.0, 3.0, 10.0], [10.0, 1.0, 10.0]]
    """
    geoms, crs, within = in_metres(frame, within)
    above, below = numeric(frame, numerator, "heat"), numeric(frame, denominator, "heat")
    known = np.isfinite(above) & np.isfinite(below) & (below > 0)
    usable = ~shapely.is_missing(geoms) & (shapely.area(geoms) > 0)
    if not usable.any():
        raise MapError("map-heat-empty")
    cells = lattice(tuple(shapely.total_bounds(geoms[usable])), size, cell)
    at, parcel, share = shares(cells, geoms, usable)
    area = shapely.area(geoms)
    sums = {
        "numerator": _sum(at, share, np.where(known, above, 0.0)[parcel], len(cells)),
        "denominator": _sum(at, share, np.where(known, below, 0.0)[parcel], len(cells)),
        "land_m2": _sum(at, share, area[parcel], len(cells)),
    }
    with_data = _sum(at, share, np.where(known, area, 0.0)[parcel], len(cells))
    made = pd.DataFrame(sums)
    made["value"] = np.divide(
        sums["numerator"], sums["denominator"], out=np.full(len(cells), np.nan), where=sums["denominator"] > 0
    )
    made["coverage"] = np.divide(with_data, sums["land_m2"], out=np.zeros(len(cells)), where=sums["land_m2"] > 0)
    made["parcels"] = np.bincount(at, minlength=len(cells))
    reached = made["parcels"].to_numpy() > 0
    drawn = cells[reached] if within is None else shapely.intersection(cells[reached], within)
    found = gpd.GeoDataFrame(made[reached].reset_index(drop=True), geometry=drawn, crs=crs)
    return HeatCells(found, size, cell)


def shares(cells: Geometries, geoms: Geometries, usable: NDArray[np.bool_]) -> tuple[Positions, Positions, Floats]:
    """Which cell has which share of the area of which figure; the shares of a figure add up to 1.

    A figure that lies in one cell alone needs no geometry.
    """
    rows = np.flatnonzero(usable)
    figures = geoms[rows]
    bad = ~shapely.is_valid(figures)
    if bad.any():
        figures = figures.copy()
        figures[bad] = shapely.make_valid(figures[bad], method="structure", keep_collapsed=False)
    figure, at = shapely.STRtree(cells).query(figures, predicate="intersects")
    alone = np.bincount(figure, minlength=len(rows))[figure] == 1
    part = np.ones(len(figure))
    cut = ~alone
    part[cut] = shapely.area(shapely.intersection(figures[figure[cut]], cells[at[cut]]))
    real = part > 0
    figure, at, part = figure[real], at[real], part[real]
    whole = np.bincount(figure, weights=part, minlength=len(rows))
    return at, rows[figure], part / whole[figure]


def in_metres(frame: gpd.GeoDataFrame, within: Any) -> tuple[Geometries, Any, Any]:
    """The figures, their CRS and the limit in a plane in metres that keeps areas nearly true."""
    if frame.crs is None:
        raise MapError("map-crs-missing", name="heat")
    geometry = frame.geometry
    if frame.crs.is_projected and frame.crs.to_epsg() != 3857 and frame.crs.axis_info[0].unit_name == "metre":
        return np.asarray(geometry.values), frame.crs, within
    crs = frame.estimate_utm_crs()
    limit = None if within is None else gpd.GeoSeries([within], crs=frame.crs).to_crs(crs).iloc[0]
    return np.asarray(geometry.to_crs(crs).values), crs, limit


def _sum(at: Positions, share: Floats, values: Floats, size: int) -> Floats:
    sums: Floats = np.bincount(at, weights=share * values, minlength=size).astype(np.float64)
    return sums

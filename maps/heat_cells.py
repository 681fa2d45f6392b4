"""Heat cells: an intensity on a lattice, as the ratio of sums, weighted exactly by area.

A parcel that lies over several cells gives each of them the share of its numerator and denominator that its area there
has. A parcel without a known numerator or denominator gives neither; a known zero counts. Ratios are never averaged.
"""

from __future__ import annotations

from dataclasses import dataclass, field
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
    tags
        What the parts are.
    """

    frame: gpd.GeoDataFrame
    size: float
    cell: Cell
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> dict[str, str]:
        """The columns of a ratio theme on the frame: ``maps.Theme(title, "ratio", breaks=…, **cells.columns)``."""
        return {"column": "value", "numerator": "numerator", "denominator": "denominator"}


@dataclass(frozen=True)
class Spread:
    """Which cell of a lattice has which share of the area of which parcel; one spread serves several columns.

    Attributes
    ----------
    cells
        The lattice.
    at, parcel, share
        Cell, parcel (position in the frame) and share of it, which add up to 1 for every parcel with an area.
    area
        Plane area of the parcels in square metres, 0 where there is none.
    crs, size, cell
        Plane, size in metres and kind of the cells.
    """

    cells: Geometries
    at: Positions
    parcel: Positions
    share: Floats
    area: Floats
    crs: Any
    size: float
    cell: Cell

    def sums(self, values: Floats) -> Floats:
        """Values of the parcels summed over the cells; those of parcels without area are in none."""
        weights = self.share * values[self.parcel]
        return np.asarray(np.bincount(self.at, weights=weights, minlength=len(self.cells)), dtype=np.float64)


def spread(frame: gpd.GeoDataFrame, *, size: float, cell: Cell = "hex", margin: float = 0.0) -> Spread:
    """Share the parcels of a frame out over the cells of a lattice, exactly by area.

    Parameters
    ----------
    frame
        Polygons; in degrees or in a Mercator projection they are moved to the UTM zone of their middle first.
    size, cell
        See :func:`maps.lattice.lattice`.
    margin
        How far the lattice goes beyond the parcels, in metres.

    Raises
    ------
    MapError
        For a frame without CRS or polygons, or an impossible size.
    """
    geoms, crs = in_metres(frame)
    bad = ~(shapely.is_valid(geoms) | shapely.is_missing(geoms))
    if bad.any():
        geoms = geoms.copy()
        geoms[bad] = shapely.make_valid(geoms[bad], method="structure", keep_collapsed=False)
    area = np.nan_to_num(shapely.area(geoms))
    rows = np.flatnonzero(area > 0)
    if not len(rows):
        raise MapError("map-heat-empty")
    reach = shapely.total_bounds(geoms[rows]) + np.array([-1, -1, 1, 1]) * margin
    cells = lattice(tuple(reach.tolist()), size, cell)
    figure, at, part = _parts(cells, geoms[rows])
    whole = np.bincount(figure, weights=part, minlength=len(rows))
    return Spread(cells, at, rows[figure], part / whole[figure], area, crs, size, cell)


def heat_cells(
    frame: gpd.GeoDataFrame,
    *,
    numerator: str,
    denominator: str,
    size: float,
    cell: Cell = "hex",
    within: Any = None,
    shared: Spread | None = None,
) -> HeatCells:
    """Sum an intensity over cells.

    Parameters
    ----------
    frame
        Polygons in any CRS.
    numerator, denominator
        Numeric columns, for example tax and mu. A parcel that lacks one of them, or whose denominator is not above
        zero, counts in neither.
    size
        Size of a cell in metres, see :func:`maps.lattice.lattice`.
    cell
        ``"hex"`` or ``"square"``.
    within
        Draw the cells only inside this geometry (in the CRS of the frame); the sums do not change. A cell outside it
        has no shape.
    shared
        The spread of this frame over the same cells, where it is known already.

    Returns
    -------
    HeatCells
        The sums over all cells are the sums over the parcels with data and an area.

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
    known, above, below = parts_known(frame, numerator, denominator)
    over = shared or spread(frame, size=size, cell=cell)
    sums = {
        "numerator": over.sums(np.where(known, above, 0.0)),
        "denominator": over.sums(np.where(known, below, 0.0)),
        "land_m2": over.sums(over.area),
    }
    made = pd.DataFrame(sums)
    made["value"] = _quotient(sums["numerator"], sums["denominator"], np.nan)
    made["coverage"] = _quotient(over.sums(np.where(known, over.area, 0.0)), sums["land_m2"], 0.0)
    made["parcels"] = np.bincount(over.at, minlength=len(over.cells))
    reached = made["parcels"].to_numpy() > 0
    shapes = over.cells[reached]
    if within is not None:
        shapes = _inside(shapes, gpd.GeoSeries([within], crs=frame.crs).to_crs(over.crs).iloc[0])
    found = gpd.GeoDataFrame(made[reached].reset_index(drop=True), geometry=gpd.GeoSeries(shapes, crs=over.crs))
    return HeatCells(found, over.size, over.cell, {"numerator": numerator, "denominator": denominator})


def parts_known(frame: gpd.GeoDataFrame, numerator: str, denominator: str) -> tuple[NDArray[np.bool_], Floats, Floats]:
    """Which rows have both parts of a ratio, and the parts."""
    above, below = numeric(frame, numerator, "heat"), numeric(frame, denominator, "heat")
    return np.isfinite(above) & np.isfinite(below) & (below > 0), above, below


def in_metres(frame: gpd.GeoDataFrame) -> tuple[Geometries, Any]:
    """The figures and their CRS in a plane in metres that keeps areas nearly true."""
    if frame.crs is None:
        raise MapError("map-crs-missing", name="heat")
    crs = frame.crs
    if crs.is_projected and not _is_mercator(crs) and crs.axis_info[0].unit_name == "metre":
        return np.asarray(frame.geometry.values), crs
    target = frame.estimate_utm_crs()
    return np.asarray(frame.geometry.to_crs(target).values), target


def _is_mercator(crs: Any) -> bool:
    operation = crs.coordinate_operation
    name = operation.method_name if operation is not None else ""
    return "Mercator" in name and "Transverse" not in name


def _parts(cells: Geometries, figures: Geometries) -> tuple[Positions, Positions, Floats]:
    """Figure, cell and area of their common part; a figure that lies in one cell alone needs no geometry."""
    figure, at = shapely.STRtree(cells).query(figures, predicate="intersects")
    cut = np.bincount(figure, minlength=len(figures))[figure] > 1
    part = np.ones(len(figure))
    part[cut] = shapely.area(shapely.intersection(figures[figure[cut]], cells[at[cut]]))
    real = part > 0
    return figure[real], at[real], part[real]


def _inside(shapes: Geometries, limit: Any) -> Geometries:
    """The parts of the cells inside a limit, as polygons; None where there is none."""
    cut = shapely.intersection(shapes, limit)
    mixed = (shapely.get_dimensions(cut) < 2) | (shapely.get_type_id(cut) == shapely.GeometryType.GEOMETRYCOLLECTION)
    cut[shapely.is_empty(cut)] = None
    for row in np.flatnonzero(mixed & ~shapely.is_missing(cut)):
        solid = [part for part in shapely.get_parts(cut[row]) if part.geom_type == "Polygon"]
        cut[row] = shapely.MultiPolygon(solid) if solid else None
    return np.asarray(cut)


def _quotient(above: Floats, below: Floats, otherwise: float) -> Floats:
    return np.asarray(np.divide(above, below, out=np.full(len(above), otherwise), where=below > 0))

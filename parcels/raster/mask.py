"""Cells of a raster that meet a condition, as polygons: read window by window, so it may be larger than memory.

The polygons follow the edges of the cells exactly. What is inexact is the raster itself: a border lies somewhere inside
the cells along it, so the area is uncertain by half of each cell of the mask that its outline passes. Heights are
metres; scale and offset of the band are applied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from rasterio.features import rasterize
from rasterio.io import DatasetReader
from rasterio.windows import Window

from parcels.raster.blocks import Bools, heights, values
from parcels.raster.open import opened
from parcels.raster.outline import outlines
from parcels.raster.slope import Method, cell_size, slope_squared

ROWS = 512
_AT_ONCE = 16  # rows of which the slope is worked out at once, so that its steps stay in the cache of the processor
_ROUNDING = 1e-9  # share of a geometry below which a difference is rounding, not land
_LONGEST = 32  # cells between two corners when a mask is brought into another CRS
Geometries = NDArray[np.object_]
Judge = Callable[[DatasetReader, Window], tuple[Bools, Bools, Bools]]


@dataclass(frozen=True)
class Mask:
    """Cells that meet a condition.

    Attributes
    ----------
    geoms, unknown_geoms
        Polygons, in the CRS of the raster, of cells that meet it and of cells of which it is unknown.
    cells, unknown_cells, seen
        How many cells meet it, of how many it is unknown, and how many were looked at.
    cell_m
        Ground width and height in metres of the cell in the middle of what was looked at.
    error_m2
        Half of the ground area of the cells along the outline; cells at seams of strips count too.
    outside
        Share of ``within``, measured in the CRS of the raster, that lies beyond the grid; nothing is known there.
    voids
        How many of the unknown cells have a value that no land has and that is not declared missing; see ``heights``.
    crs
        Of the raster.
    """

    geoms: Geometries
    unknown_geoms: Geometries
    cells: int
    unknown_cells: int
    seen: int
    cell_m: tuple[float, float]
    error_m2: float
    outside: float
    voids: int
    transform: Affine
    crs: CRS

    def polygons(self, crs: CRS) -> gpd.GeoDataFrame:
        """The cells that meet the condition in ``crs``; ``attrs["repaired"]`` counts polygons made valid."""
        return self._frame(self.geoms, crs)

    def unknown(self, crs: CRS) -> gpd.GeoDataFrame:
        """The cells of which the condition is unknown (no data, or at the rim), in ``crs``."""
        return self._frame(self.unknown_geoms, crs)

    def _frame(self, geoms: Geometries, crs: CRS) -> gpd.GeoDataFrame:
        target = CRS.from_user_input(crs)
        moved = geoms
        if target != self.crs and len(geoms):
            change = Transformer.from_crs(self.crs, target, always_xy=True)
            dense = shapely.segmentize(geoms, _LONGEST * max(self.transform.a, -self.transform.e))
            moved = np.asarray(shapely.transform(dense, change.transform, interleaved=False))  # type: ignore[arg-type]
        bad = ~shapely.is_valid(moved) if len(moved) else np.zeros(0, dtype=bool)
        if bad.any():
            moved = moved.copy()
            moved[bad] = shapely.make_valid(moved[bad], method="structure", keep_collapsed=False)
        frame = gpd.GeoDataFrame(geometry=gpd.GeoSeries(moved, crs=target))
        frame.attrs["repaired"] = int(bad.sum())
        return frame


def slope_mask(
    path: Path,
    *,
    over: float,
    method: Method = "horn",
    within: Any = None,
    within_crs: Any = None,
    band: int | None = None,
    rows: int = ROWS,
) -> Mask:
    """Cells steeper than ``over`` degrees.

    Parameters
    ----------
    path
        Heights in metres; those that no land has, below -500 or above 9000, count as missing.
    over
        Degrees.
    method
        See ``slope_squared``.
    within, within_crs
        Only cells that this geometry touches count, and their neighbours; only the box around it is read.
    band
        Counted from 1; needed when the file has several.
    rows
        Rows of a window, at most 512; the result does not depend on it.

    Raises
    ------
    FormatError, CrsError
        As ``opened``.
    """
    limit = float(np.tan(np.radians(over)) ** 2)
    with opened(path, band) as (dataset, crs):

        def judge(data: DatasetReader, window: Window) -> tuple[Bools, Bools, Bools]:
            block, voids = heights(data, window, band or 1)
            at = np.arange(window.row_off, window.row_off + window.height)
            steep, unknown = np.empty((2, *voids.shape), dtype=bool)
            sizes = cell_size(data.transform, at, data.width / 2, crs)
            for row in range(0, len(at), _AT_ONCE):
                part = slice(row, row + _AT_ONCE)
                width, height = (size[part] for size in sizes)
                squared = slope_squared(block[row : row + len(width) + 2], width, height, method=method)
                steep[part], unknown[part] = squared > limit, np.isnan(squared)
            return steep, unknown, voids

        return _mask(dataset, judge, crs, _area(dataset, crs, within, within_crs), rows)


def class_mask(
    path: Path,
    *,
    classes: Sequence[int],
    within: Any = None,
    within_crs: Any = None,
    band: int | None = None,
    rows: int = ROWS,
) -> Mask:
    """Cells whose value is one of ``classes``; parameters and errors as in ``slope_mask``."""
    wanted = np.asarray(list(classes))
    with opened(path, band) as (dataset, crs):

        def judge(data: DatasetReader, window: Window) -> tuple[Bools, Bools, Bools]:
            block, lost = values(data, window, band or 1)
            return np.isin(block, wanted) & ~lost, lost, np.zeros_like(lost)

        return _mask(dataset, judge, crs, _area(dataset, crs, within, within_crs), rows)


def _area(dataset: DatasetReader, crs: CRS, within: Any, within_crs: Any) -> Any:
    """``within`` in the CRS of the raster, with corners close enough to follow its borders there."""
    if within is None or shapely.is_empty(within):
        return within
    change = Transformer.from_crs(CRS.from_user_input(within_crs), crs, always_xy=True)
    west, south, east, north = shapely.bounds(within)
    dense = shapely.segmentize(within, max(east - west, north - south) / 256)
    return shapely.transform(dense, change.transform, interleaved=False)  # type: ignore[arg-type]


def _near(within: Any, transform: Affine, shape: tuple[int, int]) -> Bools:
    """The cells that a geometry touches, and their eight neighbours."""
    if within is None:
        return np.ones(shape, dtype=bool)
    # One row more above and below, so that neighbours across the seam of two strips are found.
    wider = transform @ Affine.translation(0, -1)
    size = (shape[0] + 2, shape[1])
    near = rasterize([within], out_shape=size, transform=wider, all_touched=True, dtype="uint8").view(bool)
    near = near[:-2] | near[1:-1] | near[2:]
    wide = near.copy()
    wide[:, 1:] |= near[:, :-1]
    wide[:, :-1] |= near[:, 1:]
    return np.asarray(wide)


def _beyond(dataset: DatasetReader, within: Any) -> float:
    """Share of a geometry that lies beyond the grid."""
    if within is None or shapely.is_empty(within):
        return 0.0
    if not np.isfinite(shapely.bounds(within)).all():  # where the CRS of the raster has no coordinates for it
        return 1.0
    whole = shapely.make_valid(within)
    if not shapely.area(whole):
        return 0.0
    share = 1 - shapely.area(shapely.intersection(whole, shapely.box(*dataset.bounds))) / shapely.area(whole)
    return float(share) if share > _ROUNDING else 0.0


def _box(dataset: DatasetReader, within: Any) -> Window:
    """The cells around a geometry, with one cell more on every side, inside the raster; it may be empty."""
    if within is None:
        return Window(0, 0, dataset.width, dataset.height)
    west, south, east, north = shapely.bounds(within)
    if not np.isfinite((west, south, east, north)).all():
        return Window(0, 0, 0, 0)
    t = dataset.transform
    col, row = np.floor(((west - t.c) / t.a, (north - t.f) / t.e)) - 1
    end = np.ceil(((east - t.c) / t.a, (south - t.f) / t.e)) + 1
    left, right = np.clip((col, end[0]), 0, dataset.width).astype(int).tolist()
    top, low = np.clip((row, end[1]), 0, dataset.height).astype(int).tolist()
    return Window(left, top, right - left, low - top)


def _strips(box: Window, rows: int) -> Iterator[Window]:
    """Windows of a box, as many rows at a time."""
    for row in range(box.row_off, box.row_off + box.height if box.width else box.row_off, rows):
        yield Window(box.col_off, row, box.width, min(rows, box.row_off + box.height - row))


def _mask(dataset: DatasetReader, judge: Judge, crs: CRS, within: Any, rows: int) -> Mask:
    """Judge windows of ``rows`` rows, outline strips of a fixed height; cells away from ``within`` do not count."""
    box = _box(dataset, within)
    found, unknown = [np.empty(0, dtype=object)], [np.empty(0, dtype=object)]
    cells = lost = seen = voids = 0
    error = 0.0
    for strip in _strips(box, ROWS):
        judged = [judge(dataset, window) for window in _strips(strip, rows)]
        hit, open_, void = (np.concatenate(part) for part in zip(*judged, strict=True))
        t = dataset.transform
        transform = Affine(t.a, 0, t.c + t.a * strip.col_off, 0, t.e, t.f + t.e * strip.row_off)
        near = _near(within, transform, hit.shape)
        rim = _along_outline(hit) & near
        hit, open_ = hit & near, open_ & near
        cells, lost, seen = cells + int(hit.sum()), lost + int(open_.sum()), seen + int(near.sum())
        voids += int((void & near).sum())
        found.append(outlines(hit, transform))
        unknown.append(outlines(open_, transform))
        at = np.arange(strip.row_off, strip.row_off + strip.height)
        width, height = cell_size(dataset.transform, at, dataset.width / 2, crs)
        error += float((rim.sum(axis=1) * width * height).sum()) / 2
    middle = np.array([box.row_off + box.height // 2])
    wide, high = cell_size(dataset.transform, middle, dataset.width / 2, crs)
    size = (float(wide[0]), float(high[0]))
    geoms, open_geoms = np.concatenate(found), np.concatenate(unknown)
    outside = _beyond(dataset, within)
    return Mask(geoms, open_geoms, cells, lost, seen, size, error, outside, voids, dataset.transform, crs)


def _along_outline(hit: Bools) -> Bools:
    """The cells of the mask with a side on its outline."""
    inner = np.zeros_like(hit)
    inner[1:-1, 1:-1] = hit[1:-1, 1:-1] & hit[:-2, 1:-1] & hit[2:, 1:-1] & hit[1:-1, :-2] & hit[1:-1, 2:]
    return np.asarray(hit & ~inner)

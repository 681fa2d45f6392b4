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
from rasterio.features import shapes
from rasterio.io import DatasetReader
from rasterio.windows import Window

from parcels.raster.open import opened
from parcels.raster.slope import Method, cell_size, slope_squared

ROWS = 512
_LONGEST = 32  # cells between two corners when a mask is brought into another CRS
Bools = NDArray[np.bool_]
Geometries = NDArray[np.object_]
Judge = Callable[[DatasetReader, Window], tuple[Bools, Bools]]


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
    path: Path, *, over: float, method: Method = "horn", within: Any = None, within_crs: Any = None, rows: int = ROWS
) -> Mask:
    """Cells steeper than ``over`` degrees.

    Parameters
    ----------
    path
        Heights in metres.
    over
        Degrees.
    method
        See ``slope_squared``.
    within, within_crs
        Only the box of cells around this geometry is read, with a margin of one cell.
    rows
        Rows of a window, at most 512; the result does not depend on it.

    Raises
    ------
    FormatError, CrsError
        As ``opened``.
    """
    limit = float(np.tan(np.radians(over)) ** 2)
    with opened(path) as (dataset, crs):

        def judge(data: DatasetReader, window: Window) -> tuple[Bools, Bools]:
            heights = _heights(data, window)
            at = np.arange(window.row_off, window.row_off + window.height)
            squared = slope_squared(heights, *cell_size(data.transform, at, data.width / 2, crs), method=method)
            return squared > limit, np.isnan(squared)

        return _mask(dataset, judge, crs, _box(dataset, crs, within, within_crs), rows)


def class_mask(
    path: Path, *, classes: Sequence[int], within: Any = None, within_crs: Any = None, rows: int = ROWS
) -> Mask:
    """Cells whose value is one of ``classes``; parameters and errors as in ``slope_mask``."""
    wanted = np.asarray(list(classes))
    with opened(path) as (dataset, crs):

        def judge(data: DatasetReader, window: Window) -> tuple[Bools, Bools]:
            block = data.read(1, window=window)
            lost = _missing(block, data.nodata)
            return np.isin(block, wanted) & ~lost, lost

        return _mask(dataset, judge, crs, _box(dataset, crs, within, within_crs), rows)


def _missing(block: NDArray[Any], nodata: float | None) -> Bools:
    lost = np.isnan(block) if block.dtype.kind == "f" else np.zeros(block.shape, dtype=bool)
    return lost if nodata is None or np.isnan(nodata) else lost | (block == nodata)


def _heights(dataset: DatasetReader, window: Window) -> NDArray[np.floating]:
    """Heights of a window and one cell around it; NaN where there are none."""
    top, left = max(window.row_off - 1, 0), max(window.col_off - 1, 0)
    end_row = min(window.row_off + window.height + 1, dataset.height)
    end_col = min(window.col_off + window.width + 1, dataset.width)
    block = dataset.read(1, window=Window(left, top, end_col - left, end_row - top))
    kind = np.float64 if dataset.dtypes[0] in ("float64", "int32", "uint32", "int64", "uint64") else np.float32
    whole = np.full((window.height + 2, window.width + 2), np.nan, dtype=kind)
    row, col = top - window.row_off + 1, left - window.col_off + 1
    inner = whole[row : row + block.shape[0], col : col + block.shape[1]]
    inner[...] = block
    if dataset.nodata is not None and not np.isnan(dataset.nodata):
        inner[block == dataset.nodata] = np.nan
    if dataset.scales[0] != 1 or dataset.offsets[0] != 0:
        whole *= dataset.scales[0]
        whole += dataset.offsets[0]
    return whole


def _box(dataset: DatasetReader, crs: CRS, within: Any, within_crs: Any) -> Window:
    """The cells around a geometry, with one cell more on every side, inside the raster; it may be empty."""
    if within is None:
        return Window(0, 0, dataset.width, dataset.height)
    if shapely.is_empty(within):
        return Window(0, 0, 0, 0)
    change = Transformer.from_crs(CRS.from_user_input(within_crs), crs, always_xy=True)
    west, south, east, north = change.transform_bounds(*shapely.bounds(within))
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


def _mask(dataset: DatasetReader, judge: Judge, crs: CRS, box: Window, rows: int) -> Mask:
    """Judge windows of ``rows`` rows, outline strips of a fixed height."""
    found, unknown = [np.empty(0, dtype=object)], [np.empty(0, dtype=object)]
    cells = lost = seen = 0
    error = 0.0
    for strip in _strips(box, ROWS):
        judged = [judge(dataset, window) for window in _strips(strip, rows)]
        hit, open_ = (np.concatenate(part) for part in zip(*judged, strict=True))
        t = dataset.transform
        transform = Affine(t.a, 0, t.c + t.a * strip.col_off, 0, t.e, t.f + t.e * strip.row_off)
        cells, lost, seen = cells + int(hit.sum()), lost + int(open_.sum()), seen + hit.size
        found.append(_outlines(hit, transform))
        unknown.append(_outlines(open_, transform))
        at = np.arange(strip.row_off, strip.row_off + strip.height)
        width, height = cell_size(dataset.transform, at, dataset.width / 2, crs)
        error += float((_along_outline(hit) * width * height).sum()) / 2
    middle = np.array([box.row_off + box.height // 2])
    wide, high = cell_size(dataset.transform, middle, dataset.width / 2, crs)
    size = (float(wide[0]), float(high[0]))
    return Mask(np.concatenate(found), np.concatenate(unknown), cells, lost, seen, size, error, dataset.transform, crs)


def _along_outline(hit: Bools) -> NDArray[np.int64]:
    """Per row, the cells of the mask with a side on its outline."""
    inner = np.zeros_like(hit)
    inner[1:-1, 1:-1] = hit[1:-1, 1:-1] & hit[:-2, 1:-1] & hit[2:, 1:-1] & hit[1:-1, :-2] & hit[1:-1, 2:]
    return np.asarray((hit & ~inner).sum(axis=1), dtype=np.int64)


def _outlines(mask: Bools, transform: Affine) -> Geometries:
    if not mask.any():
        return np.empty(0, dtype=object)
    made = [shapely.geometry.shape(s) for s, _ in shapes(mask.view(np.uint8), mask=mask, transform=transform)]
    return np.array(made, dtype=object)

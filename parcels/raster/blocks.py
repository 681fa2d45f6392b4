"""Read a block of a raster together with what is missing in it, so that no placeholder is ever taken for a value.

Missing is what the file declares (nodata value, mask band, NaN), and among heights also what no land has: voids filled
with -32768, -9999 or 32767 often come without a declaration. They are counted apart, so that they can be told.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.enums import MaskFlags
from rasterio.io import DatasetReader
from rasterio.windows import Window

Bools = NDArray[np.bool_]

# Metres. The lowest land, the shore of the Dead Sea, lies near -440 and sinks by one a year; the highest peak at 8849.
LOWEST, HIGHEST = -500.0, 9000.0


def values(dataset: DatasetReader, window: Window, band: int) -> tuple[NDArray[Any], Bools]:
    """The values of a window and which of them the file declares missing.

    Parameters
    ----------
    dataset
        An open raster.
    window
        Inside the raster.
    band
        Counted from 1.

    Returns
    -------
    tuple
        The values as stored, and True where there is none: the nodata value, outside the mask band, or NaN.
    """
    block = dataset.read(band, window=window)
    lost = _equal(block, dataset.nodatavals[band - 1])
    if block.dtype.kind == "f":
        lost |= np.isnan(block)
    flags = dataset.mask_flag_enums[band - 1]
    if MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags:
        lost |= dataset.read_masks(band, window=window) == 0
    return block, lost


def _equal(block: NDArray[Any], value: float | None) -> Bools:
    """Where a block has the nodata value; one that its type cannot hold stands nowhere."""
    if value is None or np.isnan(value):
        return np.zeros(block.shape, dtype=bool)
    if block.dtype.kind in "iu":
        kind = np.iinfo(block.dtype)
        if not kind.min <= value <= kind.max or value != int(value):
            return np.zeros(block.shape, dtype=bool)
        return np.asarray(block == block.dtype.type(int(value)))
    return np.asarray(block == value)


def heights(dataset: DatasetReader, window: Window, band: int) -> tuple[NDArray[np.floating], Bools]:
    """Heights of a window and one cell around it, and the undeclared voids of the window.

    Parameters
    ----------
    dataset
        An open raster of heights in metres; scale and offset of the band are applied.
    window
        Inside the raster.
    band
        Counted from 1.

    Returns
    -------
    tuple
        Heights with one more row and column on every side than the window, NaN where there are none; and, for the
        window alone, True where a value below ``LOWEST`` or above ``HIGHEST`` is not declared missing.
    """
    top, left = max(window.row_off - 1, 0), max(window.col_off - 1, 0)
    end_row = min(window.row_off + window.height + 1, dataset.height)
    end_col = min(window.col_off + window.width + 1, dataset.width)
    block, lost = values(dataset, Window(left, top, end_col - left, end_row - top), band)
    kind = np.float64 if dataset.dtypes[band - 1] in ("float64", "int32", "uint32", "int64", "uint64") else np.float32
    whole = np.full((window.height + 2, window.width + 2), np.nan, dtype=kind)
    row, col = top - window.row_off + 1, left - window.col_off + 1
    inner = whole[row : row + block.shape[0], col : col + block.shape[1]]
    inner[...] = block
    inner[lost] = np.nan
    if dataset.scales[band - 1] != 1 or dataset.offsets[band - 1] != 0:
        whole *= dataset.scales[band - 1]
        whole += dataset.offsets[band - 1]
    voids = (whole < LOWEST) | (whole > HIGHEST)
    if voids.any():
        whole[voids] = np.nan
    return whole, voids[1:-1, 1:-1]

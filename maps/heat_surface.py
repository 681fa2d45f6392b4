"""A kernel surface of an intensity: numerator and denominator are smoothed apart and divided last.

Smoothing the ratio itself would give a small parcel the weight of a large one. The sums of both parts are those of the
parcels, because they are shared out over the pixels by exact area and the margin is as wide as the kernel.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import geometry_mask

from maps.classes import Floats
from maps.errors import MapError
from maps.heat_cells import Spread, parts_known, spread
from maps.lattice import MOST_CELLS

TRUNCATE = 4.0  # bandwidths after which the kernel is cut off
LEAST_COVER = 0.02  # of a pixel's area, smoothed; below it there is no land to speak of


@dataclass(frozen=True)
class HeatSurface:
    """A smooth intensity on a grid.

    Attributes
    ----------
    values
        Ratio by pixel, NaN where there is no land with data, or outside the limit.
    numerator, denominator
        The smoothed parts, sums per pixel.
    transform, crs
        Where the pixels are; north is up.
    pixel, bandwidth
        In metres.
    tags
        What a reader of the file must know.
    """

    values: Floats
    numerator: Floats
    denominator: Floats
    transform: Affine
    crs: Any
    pixel: float
    bandwidth: float
    tags: dict[str, str] = field(default_factory=dict)


def heat_surface(
    frame: gpd.GeoDataFrame,
    *,
    numerator: str,
    denominator: str,
    pixel: float,
    bandwidth: float,
    within: Any = None,
    shared: Spread | None = None,
) -> HeatSurface:
    """Smooth an intensity over its surroundings.

    Parameters
    ----------
    frame
        Polygons, as in :func:`maps.heat_cells.heat_cells`.
    numerator, denominator
        Numeric columns; a parcel that lacks one of them counts in neither.
    pixel
        Side of a pixel in metres.
    bandwidth
        Standard deviation of the Gaussian kernel in metres; it is cut off after four of them.
    within
        Leave out pixels whose centre lies outside this geometry (in the CRS of the frame).
    shared
        The spread of this frame over the pixels with the margin of the kernel (:func:`pixels`), where it is known.

    Returns
    -------
    HeatSurface

    Raises
    ------
    MapError
        As :func:`maps.heat_cells.heat_cells`, and ``map-heat-size`` for a bandwidth that is not positive.

    Examples
    --------
    >>> land = gpd.GeoDataFrame({"tax": [50.0], "mu": [10.0]}, geometry=[shapely.box(0, 0, 100, 100)], crs=4527)
    >>> made = heat_surface(land, numerator="tax", denominator="mu", pixel=20, bandwidth=40)
    >>> round(float(np.nanmin(made.values)), 6), round(float(made.numerator.sum()), 3)
    (5.0, 50.0)
    """
    from scipy.ndimage import gaussian_filter  # takes half a second to load

    known, above, below = parts_known(frame, numerator, denominator)
    over = shared or pixels(frame, pixel=pixel, bandwidth=bandwidth)
    left, low, right, top = np.rint(shapely.total_bounds(over.cells) / pixel).astype(int)
    shape = (int(top - low), int(right - left))

    def smooth(values: Floats) -> Floats:
        flat = over.sums(np.where(known, values, 0.0)).reshape(shape)
        found = gaussian_filter(flat, bandwidth / pixel, mode="constant", truncate=TRUNCATE)
        return np.asarray(found[::-1])

    parts = smooth(above), smooth(below)
    cover = smooth(over.area) / pixel**2
    transform = Affine(pixel, 0, left * pixel, 0, -pixel, top * pixel)
    there = cover >= LEAST_COVER
    if within is not None:
        limit = gpd.GeoSeries([within], crs=frame.crs).to_crs(over.crs).iloc[0]
        there &= _inside(limit, shape, transform)
    values = np.divide(parts[0], parts[1], out=np.full(shape, np.nan), where=there & (parts[1] > 0))
    tags = {"numerator": numerator, "denominator": denominator, "bandwidth_m": f"{bandwidth:g}",
            "kernel": f"Gaussian, cut off at {TRUNCATE:g} bandwidths", "least_cover": f"{LEAST_COVER:g}"}  # fmt: skip
    return HeatSurface(values, parts[0], parts[1], transform, over.crs, pixel, bandwidth, tags)


def pixels(frame: gpd.GeoDataFrame, *, pixel: float, bandwidth: float) -> Spread:
    """Share a frame out over pixels, with a margin as wide as the kernel.

    Raises
    ------
    MapError
        ``map-heat-size`` for a pixel or bandwidth that is not positive and finite.
    """
    for size in (pixel, bandwidth):
        if not 0 < size < np.inf:
            raise MapError("map-heat-size", size=size, most=MOST_CELLS)
    margin = (np.ceil(TRUNCATE * bandwidth / pixel) + 1) * pixel
    return spread(frame, size=pixel, cell="square", margin=float(margin))


def _inside(within: Any, shape: tuple[int, int], transform: Affine) -> NDArray[np.bool_]:
    return np.asarray(geometry_mask([within], out_shape=shape, transform=transform, invert=True))

"""The front door of heat maps: one verb on any frame."""

from __future__ import annotations

import base64
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import shapely

from maps.classes import quantile_breaks
from maps.heat_cells import HeatCells, heat_cells, in_metres
from maps.heat_files import picture, write_geotiff
from maps.heat_surface import HeatSurface, heat_surface
from maps.images import ImageLayer
from maps.themes import Theme

Method = Literal["hex", "square", "kernel"]
_ACROSS = 40  # cells across the longer side where no size is given
_FINER = 8  # pixels of a kernel surface across one cell


@dataclass(frozen=True)
class Heat:
    """A heat map of an intensity with its classes.

    Attributes
    ----------
    result
        Cells or surface.
    theme
        Limits and colours.
    """

    result: HeatCells | HeatSurface
    theme: Theme

    def save(self, path: str | os.PathLike[str], *, tags: Mapping[str, str] | None = None) -> list[Path]:
        """Write values, classes and QGIS style; see :func:`maps.heat_files.write_geotiff`."""
        return write_geotiff(self.result, path, theme=self.theme, tags=tags)

    def picture(self, title: str | None = None, *, shown: bool = False) -> ImageLayer:
        """The heat map as a picture for the page."""
        return picture(self.result, self.theme, title=title, shown=shown)

    def _repr_html_(self) -> str:
        data = base64.b64encode(self.picture().png).decode("ascii")
        return f'<img src="data:image/png;base64,{data}" style="max-width:100%;max-height:480px">'


def heat(
    frame: gpd.GeoDataFrame,
    *,
    numerator: str,
    denominator: str,
    title: str,
    unit: str = "",
    method: Method = "hex",
    size: float | None = None,
    bandwidth: float | None = None,
    breaks: Sequence[float] | None = None,
    palette: str = "YlGnBu5",
    within: Any = None,
) -> Heat:
    """Draw the intensity of a frame as hexagons, squares or a smooth surface.

    Parameters
    ----------
    frame
        Polygons with the two columns, in any CRS.
    numerator, denominator
        Columns of the ratio, for example tax and mu. Sums are divided, ratios never averaged.
    title, unit
        For legends and files.
    method
        ``"hex"``, ``"square"`` or ``"kernel"``.
    size
        Cell (or pixel of the surface) in metres; default: a round number, about a fortieth of the longer side, an
        eighth of that for pixels.
    bandwidth
        Of the kernel in metres; default: eight pixels.
    breaks
        Class limits; default: quintiles of the cells.
    palette
        Name in :data:`maps.PALETTES`.
    within
        Leave out what lies outside this geometry (in the CRS of the frame).

    Returns
    -------
    Heat
        ``.save(path)`` writes GeoTIFF, ``.picture()`` is for the page, ``.result.frame`` (cells) for any map.

    Raises
    ------
    MapError
        See :func:`maps.heat_cells.heat_cells`.

    Examples
    --------
    >>> import shapely
    >>> land = gpd.GeoDataFrame({"tax": [50.0], "mu": [10.0]}, geometry=[shapely.box(0, 0, 100, 100)], crs=4527)
    >>> made = heat(land, numerator="tax", denominator="mu", title="亩均税收", breaks=[1, 5])
    >>> round(float(made.result.frame["numerator"].sum()), 9)
    50.0
    """
    step = default_size(frame) / (_FINER if method == "kernel" else 1) if size is None else size
    made: HeatCells | HeatSurface
    if method == "kernel":
        wide = _FINER * step if bandwidth is None else bandwidth
        made = heat_surface(
            frame, numerator=numerator, denominator=denominator, pixel=step, bandwidth=wide, within=within
        )
        values = made.values
    else:
        made = heat_cells(frame, numerator=numerator, denominator=denominator, size=step, cell=method, within=within)
        values = made.frame["value"].to_numpy(dtype=np.float64)
    limits = list(breaks) if breaks is not None else quantile_breaks(values.ravel(), 5, skip_zero=True)
    theme = Theme(title, "ratio", "value", unit=unit, breaks=limits, palette=palette, numerator="numerator",
                  denominator="denominator", zero_class=bool((values == 0).any()))  # fmt: skip
    return Heat(made, theme)


def default_size(frame: gpd.GeoDataFrame) -> float:
    """A round size of cells in metres, about a fortieth of the longer side of the frame."""
    geoms, _ = in_metres(frame)
    west, south, east, north = np.nan_to_num(shapely.total_bounds(geoms))
    wanted = float(max(east - west, north - south, 1.0)) / _ACROSS
    tens = 10.0 ** math.floor(math.log10(wanted))
    return next(step * tens for step in (1.0, 2.0, 2.5, 5.0, 10.0) if step * tens >= wanted)

"""What sheets of one frame have in common, made once: projected shapes, their bounds, classes and the small map.

A sheet made from a :class:`Ground` draws only what meets its view, so that many sheets of a large frame are quick.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from maps.classes import Wording
from maps.layout import drawing_crs
from maps.outlines import Geometries, draw
from maps.overlays import Overlay
from maps.strips import as_areas
from maps.themes import Classified, Theme, classify, numeric, totals

_FEW = 2000
_LONG_SIDE = 900
OVERVIEW = "#c9d3dc"
Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class Layer:
    """An overlay in the CRS of a ground."""

    overlay: Overlay
    shapes: Geometries
    boxes: NDArray[np.float64]


@dataclass(frozen=True)
class Ground:
    """A frame made ready for many sheets.

    Attributes
    ----------
    frame
        As given.
    crs
        What the sheets are drawn in.
    shapes, boxes
        Geometries in that CRS, and their bounding boxes.
    bounds
        West, south, east and north of all, in metres; NaN where nothing can be drawn.
    """

    frame: gpd.GeoDataFrame
    crs: pyproj.CRS
    shapes: Geometries
    boxes: NDArray[np.float64]
    bounds: Bounds
    _classes: dict[tuple[str, str | None, Wording | None], Classified] = field(default_factory=dict, repr=False)
    _pictures: dict[str, NDArray[np.uint8]] = field(default_factory=dict, repr=False)

    @property
    def reprojected(self) -> bool:
        """Whether the frame had another CRS than the sheets."""
        return not pyproj.CRS(self.frame.crs).equals(self.crs, ignore_axis_order=True)

    def classified(
        self, theme: Theme, subject: NDArray[np.bool_], *, area: str | None, wording: Wording | None
    ) -> Classified:
        """A theme applied to the whole frame once, its legend counted for the subject alone.

        Returns
        -------
        Classified
            Codes of all rows; colours and classes are those of the whole frame.
        """
        key = (repr(theme), area, wording)
        if key not in self._classes:
            self._classes[key] = classify(self.frame, theme, area=area, wording=wording)
        whole = self._classes[key]
        sizes = None if area is None else numeric(self.frame, area, "area")[subject]
        counts, areas = totals(whole.codes[subject], len(whole.legend), sizes)
        rows = [replace(row, count=counts[i], area=areas[i]) for i, row in enumerate(whole.legend)]
        none = replace(whole.no_data, count=counts[-1], area=areas[-1])
        return Classified(whole.codes, whole.values, tuple(rows), none)

    def layer(self, overlay: Overlay) -> Layer:
        """An overlay ready for the sheets of this ground."""
        shapes = np.asarray(as_areas(overlay.data, name=overlay.title).to_crs(self.crs).array, dtype=object)
        return Layer(overlay, shapes, shapely.bounds(shapes))

    @property
    def many(self) -> bool:
        """Whether the small map is a picture, because so many shapes would make every sheet large."""
        return len(self.shapes) > _FEW

    def overview(self) -> NDArray[np.uint8]:
        """A picture of all shapes that fills :attr:`bounds`, for the small map of where a sheet lies."""
        if "overview" not in self._pictures:
            self._pictures["overview"] = _picture(self.shapes, self.bounds)
        return self._pictures["overview"]


def ground(frame: gpd.GeoDataFrame) -> Ground:
    """Make a frame ready for many sheets.

    Parameters
    ----------
    frame
        Polygons. A projected CRS in metres is kept; from degrees the sheets go to the CGCS2000 3-degree
        Gauss-Kruger zone of the centre.

    Raises
    ------
    MapError
        For a frame without CRS, or in degrees outside 75 to 135 E.

    Examples
    --------
    >>> box = gpd.GeoDataFrame(geometry=[shapely.box(117.0, 36.0, 117.01, 36.01)], crs=4490)
    >>> ground(box).crs.to_epsg(), ground(box).reprojected
    (4548, True)
    """
    crs = drawing_crs(frame)
    shapes = np.asarray(frame.geometry.to_crs(crs).array, dtype=object)
    west, south, east, north = shapely.total_bounds(shapes) if len(shapes) else [np.nan] * 4
    return Ground(frame, crs, shapes, shapely.bounds(shapes), (float(west), float(south), float(east), float(north)))


def _picture(shapes: Geometries, bounds: Bounds) -> NDArray[np.uint8]:
    west, south, east, north = bounds
    wide, high = max(east - west, 1e-6), max(north - south, 1e-6)
    cell = max(wide, high) / _LONG_SIDE
    columns, rows = max(round(wide / cell), 1), max(round(high / cell), 1)
    figure = Figure(figsize=(columns / 100, rows / 100), dpi=100, facecolor="white")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(west, west + wide), ylim=(south, south + high))
    axes.axis("off")
    draw(axes, shapely.simplify(shapes, cell / 2), facecolor=OVERVIEW, edgecolor=OVERVIEW, linewidth=0.3)
    canvas.draw()  # type: ignore[no-untyped-call]
    picture: NDArray[np.uint8] = np.asarray(canvas.buffer_rgba())[..., :3].copy()  # type: ignore[no-untyped-call]
    figure.clear()
    return picture

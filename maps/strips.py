"""Lines and points as narrow areas: a road or a pipeline of a layer is drawn like the polygons beside it."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from maps.errors import MapError

HALF_WIDTH_M = 1.0


def as_areas(frame: gpd.GeoDataFrame, *, name: str, half_width: float = HALF_WIDTH_M) -> gpd.GeoSeries:
    """The shapes of a layer, its lines and points widened to areas that can be drawn.

    Parameters
    ----------
    frame
        Geometries of any kind in any CRS.
    name
        Of the layer, for the message when there is no CRS.
    half_width
        Metres on either side of a line.

    Returns
    -------
    geopandas.GeoSeries
        In the CRS of the frame; polygons are the same objects as before.

    Raises
    ------
    MapError
        For a frame without CRS.

    Examples
    --------
    >>> road = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (100, 0)])], crs=4548)
    >>> float(as_areas(road, name="road").area.iloc[0])
    200.0
    """
    shapes = np.asarray(frame.geometry.array, dtype=object)
    thin = np.asarray(shapely.get_dimensions(shapes)) < 2
    thin &= ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    if not thin.any():
        return frame.geometry
    if frame.crs is None:
        raise MapError("map-crs-missing", name=name)
    lines = gpd.GeoSeries(shapes[thin], crs=frame.crs)
    metric = frame.crs.is_projected and frame.crs.axis_info[0].unit_name == "metre" and frame.crs.to_epsg() != 3857
    plane = lines if metric else lines.to_crs(lines.estimate_utm_crs())
    wide = plane.buffer(half_width, cap_style="flat", join_style="mitre")
    dots = plane.geom_type.isin(["Point", "MultiPoint"]).to_numpy()
    wide[dots] = plane[dots].buffer(half_width)
    found = shapes.copy()
    found[thin] = np.asarray(wide.to_crs(frame.crs).array, dtype=object)
    return gpd.GeoSeries(found, index=frame.index, crs=frame.crs)

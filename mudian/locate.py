"""Where enterprises are: longitude and latitude of a table as points in the CRS of the parcels."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from parcels.gcj import bd09_to_wgs84, gcj02_to_wgs84
from parcels.ledger import Ledger


def enterprise_points(
    enterprises: pd.DataFrame, crs: pyproj.CRS, *, datum: str | None, ledger: Ledger
) -> gpd.GeoSeries | None:
    """The points of enterprises that have longitude and latitude.

    Parameters
    ----------
    enterprises
        With ``lon`` and ``lat`` in degrees, where known.
    crs
        CRS of the parcels.
    datum
        ``cgcs2000``, ``wgs84``, ``gcj02`` or ``bd09``. Without it the points are not used, because a wrong guess
        moves them by half a kilometre.
    ledger
        Where to write.
    """
    if "lon" not in enterprises or "lat" not in enterprises or not enterprises["lon"].notna().any():
        return None
    if datum is None:
        ledger.add("link-point-datum", stage="link", field="lon")
        return None
    lon, lat = enterprises["lon"].to_numpy(float), enterprises["lat"].to_numpy(float)
    shift = {"gcj02": gcj02_to_wgs84, "bd09": bd09_to_wgs84}.get(datum)
    if shift is not None:
        lon, lat = shift(lon, lat)
    x, y = pyproj.Transformer.from_crs("EPSG:4490", crs, always_xy=True).transform(lon, lat)
    known = np.isfinite(x) & np.isfinite(y)
    points = np.full(len(enterprises), None, dtype=object)
    points[known] = shapely.points(x[known], y[known])
    return gpd.GeoSeries(points, index=enterprises.index, crs=crs)

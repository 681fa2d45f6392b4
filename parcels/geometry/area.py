"""Areas of parcels: ellipsoidal (the default), planar and registered; 1 mu = 2000/3 m² exactly.

The three differ and none replaces another. The *planar* area of a Gauss-Kruger plane is larger than the
ellipsoidal one, up to 6e-4 at the edge of a 3-degree zone and 2.4e-3 at the edge of a 6-degree zone. The
*registered* area stands in the title. The *ellipsoidal* area here is that of the figure whose edges are
straight in the plane (or straight in longitude and latitude) of the layer's own CRS, on the ellipsoid of
CGCS2000; layers left in Xi'an 1980, Beijing 1954 or another datum use the ellipsoid of that datum.

The national land survey cuts edges longer than 70 m in the source plane and then takes the cylindrical
equal-area figure of the vertices. That is ``method="survey"``. It leaves the pieces themselves bent by a
tenth of a millimetre: nothing for squares and strips, where opposite edges cancel, up to some 1e-6 for
triangles of one mu. The default counts that bend too, so that it is within 1e-8 of the limit of ever finer
cutting, whatever the shape.
"""

from __future__ import annotations

from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray

from parcels.crs.identity import Identity, identify
from parcels.crs.parameters import datum_family, horizontal, mercator_of
from parcels.errors import CrsError, FieldError
from parcels.geometry.ellipsoid import CUT_M, Ellipsoid, Floats, long_way, scale_squared, short_way

__all__ = [
    "CUT_M",
    "M2_PER_MU",
    "Basis",
    "Method",
    "area_m2",
    "area_mu",
    "ellipsoidal_m2",
    "planar_m2",
    "scale_squared",
]

Basis = Literal["ellipsoidal", "planar", "registered"]
Method = Literal["auto", "exact", "survey"]

M2_PER_MU = 2000 / 3
"""One mu in square metres: 15 mu are one hectare."""


def _ellipsoid_for(identity: Identity) -> Ellipsoid:
    ellipsoid, cgcs2000 = identity.crs.ellipsoid, datum_family("cgcs2000")
    if identity.datum in ("cgcs2000", "wgs84") and cgcs2000 is not None:
        return Ellipsoid(cgcs2000.semi_major, cgcs2000.inverse_flattening)
    if ellipsoid is None:
        raise CrsError("area-no-ellipsoid", name=identity.crs.name)
    return Ellipsoid(ellipsoid.semi_major_metre, ellipsoid.inverse_flattening)


# ----------------------------------------------------------------------------------------------------- public


def ellipsoidal_m2(geometries: NDArray[np.object_], crs: pyproj.CRS, *, method: Method = "auto") -> Floats:
    """Area on the ellipsoid of figures whose edges are straight in the source plane.

    On a Gauss-Kruger plane, which is conformal, small figures take the short way: planar area divided by the
    squared point scale at their centroid. Large figures and all other CRSs take the long way: edges cut at
    70 m, pieces bent as they are, on the cylindrical equal-area plane (a·λ, a·q(φ)/2), q the authalic
    function.

    Parameters
    ----------
    geometries
        Array of shapely geometries. Holes, several parts and any ring direction are right; Z is ignored;
        points and lines have area 0.
    crs
        Their CRS, x = east or longitude.
    method
        ``"auto"``; ``"exact"``, the long way for all; ``"survey"``, the figure of the cut vertices alone, as
        the national survey computes it (edges up to 70 m straight on the cylindrical plane).

    Returns
    -------
    numpy.ndarray
        Square metres, float64; NaN where the geometry is missing or has invalid coordinates, 0 where it is
        empty.

    Raises
    ------
    CrsError
        The CRS has no ellipsoid.

    Notes
    -----
    Formula of the national survey (椭球面积): trapezoids between edge and meridian with the series A…E in e²,
    which equals the shoelace on the cylindrical equal-area plane within 1.2e-10.

    Examples
    --------
    >>> square = shapely.box(39_500_000, 4_000_000, 39_500_100, 4_000_100)
    >>> ellipsoidal_m2(np.array([square]), pyproj.CRS.from_epsg(4527)).round(4)
    array([10000.])
    """
    figures = np.asarray(geometries, dtype=object)
    identity = identify(crs)
    plane = horizontal(crs)
    ellipsoid = _ellipsoid_for(identity)
    areas = np.full(len(figures), np.nan)
    mercator = mercator_of(plane) if method == "auto" else None
    open_ = ~shapely.is_missing(figures)
    if mercator is not None and mercator.is_gauss:
        areas, sure = short_way(figures, mercator.false_easting, ellipsoid)
        open_ &= ~sure
    if open_.any():
        areas[open_] = long_way(figures[open_], plane, ellipsoid, bent=method != "survey")
    return areas


def planar_m2(geometries: NDArray[np.object_], crs: pyproj.CRS) -> Floats:
    """Area in the plane of the CRS, in square metres whatever its unit; NaN where the geometry is missing.

    Raises
    ------
    CrsError
        The coordinates are degrees.
    """
    plane = horizontal(crs)
    if plane.is_geographic:
        raise CrsError("area-planar-degrees", name=plane.name)
    unit = plane.axis_info[0].unit_conversion_factor if plane.axis_info else 1.0
    areas: Floats = shapely.area(np.asarray(geometries, dtype=object))
    return areas * unit**2


def area_m2(frame: gpd.GeoDataFrame, *, basis: Basis = "ellipsoidal", registered: str = "registered_m2") -> pd.Series:
    """Area of each row in square metres.

    Parameters
    ----------
    frame
        Parcels with a CRS (for ``"registered"`` only the column is needed).
    basis
        ``"ellipsoidal"``, ``"planar"`` (in the plane of the frame's CRS) or ``"registered"``.
    registered
        Column with the registered area in square metres.

    Returns
    -------
    pandas.Series
        float64 with the index of ``frame``; missing stays missing.

    Raises
    ------
    CrsError
        The frame has no CRS, or one in which that area does not exist.
    FieldError
        The registered column is absent or not numeric.
    """
    if basis == "registered":
        return _registered(frame, registered)
    if basis not in ("ellipsoidal", "planar"):
        raise ValueError(f"basis {basis!r}: expected 'ellipsoidal', 'planar' or 'registered'")
    if frame.crs is None:
        raise CrsError("crs-missing")
    figures = frame.geometry.to_numpy()
    values = ellipsoidal_m2(figures, frame.crs) if basis == "ellipsoidal" else planar_m2(figures, frame.crs)
    return pd.Series(values, index=frame.index, name="area_m2")


def area_mu(frame: gpd.GeoDataFrame, *, basis: Basis = "ellipsoidal", registered: str = "registered_m2") -> pd.Series:
    """Area of each row in mu (1 mu = 2000/3 m²); see :func:`area_m2`.

    Examples
    --------
    >>> frame = gpd.GeoDataFrame({"registered_m2": [2000.0]}, geometry=[None], crs=4527)
    >>> area_mu(frame, basis="registered").tolist()
    [3.0]
    """
    return (area_m2(frame, basis=basis, registered=registered) / M2_PER_MU).rename("area_mu")


def _registered(frame: gpd.GeoDataFrame, column: str) -> pd.Series:
    if column not in frame.columns or not pd.api.types.is_numeric_dtype(frame[column]):
        raise FieldError("area-column", field=column, column=column)
    return pd.Series(frame[column].astype("Float64").to_numpy("float64", na_value=np.nan), frame.index, name="area_m2")

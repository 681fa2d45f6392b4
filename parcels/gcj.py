"""Chinese map datums: GCJ-02 and BD-09 coordinates back to WGS 84.

Geocoded points of Chinese map services are 500 to 1400 m off (GCJ-02 of Gaode and Tencent, BD-09 of Baidu) and must be
shifted before they are compared with cadastral parcels. The forward formula is the published one of the services'
public converters; its inverse is iterated until it is exact to nanometres.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

_A = 6378245.0
_E2 = 0.00669342162296594323
_X_PI = np.pi * 3000.0 / 180.0

_CHINA = (72.004, 0.8293, 137.8347, 55.8271)
_STEPS = 12

Degrees = NDArray[np.float64]
Shift = Callable[[Degrees, Degrees], tuple[Degrees, Degrees]]


def _wave(x: Degrees, *, weights: tuple[tuple[float, float], ...]) -> Degrees:
    return np.asarray(sum(w * np.sin(x * k * np.pi) for w, k in weights) * 2.0 / 3.0)


def _offset(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    x, y = lon - 105.0, lat - 35.0
    common = _wave(x, weights=((20.0, 6.0), (20.0, 2.0)))
    root = np.sqrt(np.abs(x))
    d_lat = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + common
    d_lat += _wave(y, weights=((20.0, 1.0), (40.0, 1 / 3), (160.0, 1 / 12), (320.0, 1 / 30)))
    d_lon = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + common
    d_lon += _wave(x, weights=((20.0, 1.0), (40.0, 1 / 3), (150.0, 1 / 12), (300.0, 1 / 30)))
    phi = np.radians(lat)
    m = 1.0 - _E2 * np.sin(phi) ** 2
    d_lat = np.degrees(d_lat * m * np.sqrt(m) / (_A * (1.0 - _E2)))
    d_lon = np.degrees(d_lon * np.sqrt(m) / (_A * np.cos(phi)))
    return d_lon, d_lat


def _inside(lon: Degrees, lat: Degrees) -> NDArray[np.bool_]:
    """Where the services shift at all: the rectangle of their public converters."""
    west, south, east, north = _CHINA
    return np.asarray((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north))


def wgs84_to_gcj02(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """WGS 84 degrees to GCJ-02 degrees; points outside China stay as they are, as the services leave them.

    Examples
    --------
    >>> lon, lat = wgs84_to_gcj02(np.array([116.404]), np.array([39.915]))
    >>> lon.round(8).tolist(), lat.round(8).tolist()
    ([116.4102445], [39.91640428])
    """
    x, y = np.array(lon, dtype=np.float64), np.array(lat, dtype=np.float64)
    inside = _inside(x, y)
    d_lon, d_lat = _offset(x[inside], y[inside])
    x[inside] += d_lon
    y[inside] += d_lat
    return x, y


def gcj02_to_wgs84(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """GCJ-02 degrees to WGS 84 degrees, by iteration; points outside China stay as they are.

    Examples
    --------
    >>> lon, lat = gcj02_to_wgs84(*wgs84_to_gcj02(np.array([117.1]), np.array([36.2])))
    >>> bool(abs(lon[0] - 117.1) < 1e-12 and abs(lat[0] - 36.2) < 1e-12)
    True
    """
    return _inverse(wgs84_to_gcj02, lon, lat)


def gcj02_to_bd09(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """GCJ-02 degrees to BD-09 degrees, the second shift that Baidu adds."""
    x, y = np.array(lon, dtype=np.float64), np.array(lat, dtype=np.float64)
    inside = _inside(x, y)
    here_x, here_y = x[inside], y[inside]
    z = np.hypot(here_x, here_y) + 0.00002 * np.sin(here_y * _X_PI)
    theta = np.arctan2(here_y, here_x) + 0.000003 * np.cos(here_x * _X_PI)
    x[inside], y[inside] = z * np.cos(theta) + 0.0065, z * np.sin(theta) + 0.006
    return x, y


def bd09_to_wgs84(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """BD-09 degrees to WGS 84 degrees, by iteration.

    The inverse that the services' converters publish is off by up to 0.2 m; this one is exact.

    Examples
    --------
    >>> lon, lat = bd09_to_wgs84(*gcj02_to_bd09(*wgs84_to_gcj02(np.array([117.1]), np.array([36.2]))))
    >>> bool(abs(lon[0] - 117.1) < 1e-12 and abs(lat[0] - 36.2) < 1e-12)
    True
    """
    return gcj02_to_wgs84(*_inverse(gcj02_to_bd09, lon, lat))


def _inverse(shift: Shift, lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """The point that a shift moves to (lon, lat): the shift changes slowly, so each step gains two digits or more."""
    x, y = np.array(lon, dtype=np.float64), np.array(lat, dtype=np.float64)
    inside = _inside(x, y)
    wanted_x, wanted_y = x[inside], y[inside]
    here_x, here_y = wanted_x, wanted_y
    for _ in range(_STEPS):
        there_x, there_y = shift(here_x, here_y)
        here_x, here_y = here_x - (there_x - wanted_x), here_y - (there_y - wanted_y)
    x[inside], y[inside] = here_x, here_y
    return x, y

"""Map datums of Chinese services: samples published with their converters, and an inverse that returns."""

import math

import numpy as np
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcels.gcj import bd09_to_wgs84, gcj02_to_bd09, gcj02_to_wgs84, wgs84_to_gcj02

GEOD = pyproj.Geod(ellps="WGS84")
TAIAN = (117.08, 36.19)


def one(shift, lon, lat):
    x, y = shift(np.array([lon]), np.array([lat]))
    return float(x[0]), float(y[0])


def to_baidu(lon, lat):
    return one(gcj02_to_bd09, *one(wgs84_to_gcj02, lon, lat))


# Printed with the public converters of the formula (longitude, latitude before and after).
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((116.404, 39.915), (116.41024449916938, 39.91640428150164)),
        ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),
    ],
)
def test_published_samples_of_gcj02(before, after):
    assert one(wgs84_to_gcj02, *before) == pytest.approx(after, abs=1e-9)


def test_published_sample_of_bd09():
    assert one(gcj02_to_bd09, 116.404, 39.915) == pytest.approx((116.41036949371029, 39.92133699351021), abs=1e-9)


def test_formula_worked_out_term_by_term():
    """The published sums written out for one point, with plain Python numbers."""
    lon, lat = 118.3, 35.1
    x, y, pi = lon - 105, lat - 35, math.pi
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    north += (20 * math.sin(6 * x * pi) + 20 * math.sin(2 * x * pi)) * 2 / 3
    north += (20 * math.sin(y * pi) + 40 * math.sin(y / 3 * pi)) * 2 / 3
    north += (160 * math.sin(y / 12 * pi) + 320 * math.sin(y * pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    east += (20 * math.sin(6 * x * pi) + 20 * math.sin(2 * x * pi)) * 2 / 3
    east += (20 * math.sin(x * pi) + 40 * math.sin(x / 3 * pi)) * 2 / 3
    east += (150 * math.sin(x / 12 * pi) + 300 * math.sin(x / 30 * pi)) * 2 / 3
    phi = lat / 180 * pi
    m = 1 - 0.00669342162296594323 * math.sin(phi) ** 2
    d_lat = north * 180 / ((6378245 * (1 - 0.00669342162296594323)) / (m * math.sqrt(m)) * pi)
    d_lon = east * 180 / (6378245 / math.sqrt(m) * math.cos(phi) * pi)
    assert one(wgs84_to_gcj02, lon, lat) == pytest.approx((lon + d_lon, lat + d_lat), abs=1e-12)


def test_how_far_points_of_map_services_lie_off_in_taian():
    gcj, baidu = one(wgs84_to_gcj02, *TAIAN), to_baidu(*TAIAN)
    assert GEOD.inv(*TAIAN, *gcj)[2] == pytest.approx(546, abs=10)
    assert GEOD.inv(*TAIAN, *baidu)[2] == pytest.approx(1336, abs=25)


@given(st.floats(74, 135), st.floats(4, 53))
def test_the_way_back_returns(lon, lat):
    assert one(gcj02_to_wgs84, *one(wgs84_to_gcj02, lon, lat)) == pytest.approx((lon, lat), abs=1e-9)
    assert one(bd09_to_wgs84, *to_baidu(lon, lat)) == pytest.approx((lon, lat), abs=1e-9)


@pytest.mark.parametrize("place", [(2.35, 48.85), (-71.1, 42.4), (0.0, 90.0), (117.0, math.nan), (math.inf, 36.0)])
def test_places_outside_china_are_left_alone(place):
    for shift in (wgs84_to_gcj02, gcj02_to_wgs84, bd09_to_wgs84):
        assert one(shift, *place) == pytest.approx(place, nan_ok=True)


def test_input_is_not_changed():
    lon, lat = np.array([117.0, 118.0]), np.array([36.0, 37.0])
    for shift in (wgs84_to_gcj02, gcj02_to_wgs84, gcj02_to_bd09, bd09_to_wgs84):
        shift(lon, lat)
    assert lon.tolist() == [117.0, 118.0]
    assert lat.tolist() == [36.0, 37.0]

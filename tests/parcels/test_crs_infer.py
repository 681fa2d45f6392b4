"""What coordinates alone tell: zone, axis order, degrees; and what they cannot."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from parcels.crs.infer import from_coordinates, infer, inferred_crs

ZONES = [(3, zone) for zone in range(25, 46)] + [(6, zone) for zone in range(13, 24)]


def meridian(width, zone):
    return 3 * zone if width == 3 else 6 * zone - 3


def forward(lon0, easting):
    text = f"+proj=tmerc +lon_0={lon0} +k=1 +x_0={easting} +ellps=GRS80"
    return Transformer.from_crs("EPSG:4490", text, always_xy=True)


@pytest.mark.parametrize(("width", "zone"), ZONES)
def test_points_of_every_zone_in_both_orders(width, zone):
    lon0 = meridian(width, zone)
    rng = np.random.default_rng(zone)
    lon = lon0 + rng.uniform(-width / 2, width / 2, 40)
    lat = rng.uniform(18.2, 53.5, 40)
    inside = (lon >= 73.5) & (lon <= 135.1)
    assert inside.any()
    for prefix in (True, False):
        project = forward(lon0, 500000 + zone * 1_000_000 * prefix)
        for x, y in zip(*project.transform(lon[inside], lat[inside]), strict=True):
            for swapped, box in ((False, (x, y, x + 100, y + 100)), (True, (y, x, y + 100, x + 100))):
                found = infer(box)
                assert (found.kind, found.swapped, found.prefix) == ("gauss_kruger", swapped, prefix)
                assert not found.outside_strip
                if prefix:
                    assert (found.zone, found.width, found.lon0) == (zone, width, lon0)
                    assert found.candidates[0].lon0 == lon0
                else:
                    assert found.zone is None
                    assert len(found.candidates) == 21 + 11


def test_the_usual_easting_is_zone_39():
    found = infer((39512345, 4012345, 39513000, 4013000))
    assert (found.zone, found.width, found.lon0, found.prefix) == (39, 3, 117.0, True)
    assert [code.epsg for code in found.candidates] == [4527]
    assert inferred_crs(found).to_epsg() == 4527
    assert inferred_crs(found, datum="xian80").to_epsg() == 2363
    assert inferred_crs(found, datum="beijing54").to_epsg() == 2415
    assert infer((20512345, 4012345, 20513000, 4013000)).candidates[0].epsg == 4498


def test_no_zone_number_names_all_candidates():
    found = infer((512345, 4012345, 513000, 4013000), lang="en")
    codes = [code.epsg for code in found.candidates]
    assert codes == list(range(4534, 4555)) + list(range(4502, 4513))
    assert str(found.candidates[14]) == "117°E EPSG:4548"
    assert inferred_crs(found) is None
    assert any("21 candidates" in reason for reason in found.reasons)


@pytest.mark.parametrize(("box", "swapped"), [((117.1, 36.1, 117.2, 36.2), False), ((36.1, 117.1, 36.2, 117.2), True)])
def test_degrees(box, swapped):
    found = infer(box, lang="en")
    assert (found.kind, found.swapped) == ("degrees", swapped)
    assert any("cannot be told apart" in reason for reason in found.reasons)


def test_outside_the_strip():
    found = infer((39812345, 4012345, 39813000, 4013000), lang="en")
    assert found.zone == 39
    assert found.outside_strip
    assert found.off_m == 313000
    assert any("313 km" in reason for reason in found.reasons)


def test_two_zones_in_one_layer():
    found = infer((38999000, 4e6, 40001000, 4.1e6), lang="en")
    assert found.kind == "mixed_zones"
    assert found.zones == (38, 40)


def test_web_mercator_and_the_far_west():
    assert infer((12980000, 4318000, 12990000, 4319000)).kind == "web_mercator"
    far_west = infer((13512345, 4318000, 13513000, 4319000), lang="en")
    assert (far_west.kind, far_west.zone, far_west.maybe_mercator) == ("gauss_kruger", 13, True)
    assert infer((13036000, 4318000, 13037000, 4319000)).kind == "web_mercator"  # 464 km off the meridian of zone 13


@pytest.mark.parametrize(
    "box",
    [
        (12345, 54321, 13000, 55000),
        (24500000, 4e6, 24500100, 4.1e6),
        (46500000, 4e6, 46500100, 4.1e6),
        (39512345, 9e6, 39513000, 9.1e6),
        (512345000, 4012345000, 512346000, 4012346000),
        (0, 0, 39512345, 4012345),
    ],
)
def test_anything_else_is_local(box):
    assert infer(box).kind == "local"


@pytest.mark.parametrize("box", [(math.nan,) * 4, (math.inf, 0, 1, 1), (0, 0, math.inf, 1)])
def test_no_numbers(box):
    assert infer(box).kind == "unknown"


def test_groups_of_one_layer():
    xy = np.array(
        [[39512345.0, 4012345.0]] * 5
        + [[40412345.0, 4012345.0]] * 3
        + [[4012345.0, 39512345.0]] * 2
        + [[512345.0, 4012345.0], [math.nan, 1.0]]
    )
    found = from_coordinates(xy)
    assert [(f.kind, f.zone, f.swapped, f.prefix) for f in found] == [
        ("gauss_kruger", 39, False, True),
        ("gauss_kruger", 40, False, True),
        ("gauss_kruger", 39, True, True),
        ("gauss_kruger", None, False, False),
    ]
    assert from_coordinates(np.empty((0, 2))) == []


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=4, max_size=4))
def test_any_numbers_get_a_verdict(values):
    west, east = sorted(values[:2])
    south, north = sorted(values[2:])
    found = infer((west, south, east, north))
    assert found.reasons
    if found.kind == "gauss_kruger" and found.prefix:
        low = south if found.swapped else west
        assert low // 1e6 == found.zone

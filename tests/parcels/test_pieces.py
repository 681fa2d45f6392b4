"""Pieces of what is left. Widths, lengths and neighbours are worked out by hand."""

import numpy as np
import pytest
import shapely
import shapely.affinity
from shapely import LineString, MultiPolygon, Polygon, box

from parcels.geometry.pieces import pieces


def array(*geoms):
    made = np.empty(len(geoms), dtype=object)
    made[:] = geoms
    return made


def cut(*left, **options):
    return pieces(array(*left), area=shapely.area, **options)


def test_parts_know_their_zone_and_missing_ones_have_none():
    found = cut(None, MultiPolygon([box(0, 0, 10, 10), box(20, 0, 30, 30)]), Polygon(), box(50, 0, 60, 10))
    assert found["zone"].tolist() == [1, 1, 3]
    assert found["area_m2"].tolist() == [100, 300, 100]
    assert found["class"].isna().all()
    assert found["frontage_m"].isna().all()
    assert found["touching"].tolist() == [0, 0, 0]


def test_nothing_left():
    found = cut(None, Polygon(), min_area_m2=1, min_width_m=1, neighbours=array(box(0, 0, 1, 1)), roads=array())
    assert len(found) == 0
    assert {"zone", "geometry", "width_m", "frontage_m", "touching", "class"} <= set(found.columns)


def test_width_of_a_rectangle_and_of_an_l():
    # In an L with arms of 10, the largest circle lies in the elbow. It touches both outer sides, so its centre is
    # (r, r), and the inner corner (10, 10): sqrt(2) (10 - r) = r, r = 10 sqrt(2) / (1 + sqrt(2)) = 5.857864.
    shape = Polygon([(0, 0), (40, 0), (40, 10), (10, 10), (10, 40), (0, 40)])
    found = cut(box(0, 0, 100, 30), shape)
    assert found["width_m"][0] == pytest.approx(30, abs=0.1)
    assert found["width_m"][1] == pytest.approx(2 * 5.857864, abs=0.1)
    fine = cut(shape, tolerance_m=1e-4)
    assert fine["width_m"][0] == pytest.approx(2 * 5.857864, abs=2e-4)


def test_shape_index():
    found = cut(box(0, 0, 10, 10), box(0, 0, 100, 1), shapely.Point(0, 0).buffer(10, quad_segs=200))
    # Square: 4 / (2 sqrt(pi)); strip: 202 / (2 sqrt(100 pi)).
    assert found["shape_index"].tolist() == pytest.approx([1.128379, 5.698315, 1], abs=1e-5)


@pytest.mark.parametrize(
    ("options", "classes"),
    [
        ({}, [None, None, None]),
        ({"min_area_m2": 500}, ["usable", "usable", "fragment"]),
        ({"min_width_m": 20}, ["usable", "fragment", "usable"]),
        ({"min_area_m2": 500, "min_width_m": 20}, ["usable", "fragment", "fragment"]),
        ({"min_area_m2": 400, "min_width_m": 5}, ["usable", "usable", "usable"]),
    ],
)
def test_a_strip_or_a_small_piece_is_a_fragment(options, classes):
    # A field of 5 000 m2, a strip of 5 m by 200 m, and a yard of 400 m2 that is exactly 20 m wide.
    found = cut(box(0, 0, 100, 50), box(0, 100, 200, 105), box(500, 0, 520, 20), **options)
    assert [
        None if c is None else str(c) for c in found["class"].astype(object).where(found["class"].notna(), None)
    ] == classes


def test_width_exactly_the_minimum_reaches_it_and_a_centimetre_less_does_not():
    turned = shapely.affinity.rotate(box(0, 0, 73, 20), 37)
    found = cut(turned, box(0, 0, 73, 19.99), min_width_m=20)
    assert found["class"].tolist() == ["usable", "fragment"]


def test_frontage_counts_the_border_along_roads_once():
    field = box(0, 0, 100, 50)
    beside, under, crossing = box(0, -10, 100, 0), box(100, -10, 110, 60), box(20, -10, 30, 0)
    found = cut(field, box(500, 0, 510, 10), roads=array(beside, under, crossing, None))
    assert found["frontage_m"].tolist() == pytest.approx([150 + 2 * 0.05, 0])
    # A line as road; here too the frontage reaches a tolerance further at both ends.
    line = cut(field, roads=array(LineString([(-20, 0), (200, 0)])))
    assert line["frontage_m"].tolist() == pytest.approx([100 + 2 * 0.05])


def test_touching_needs_a_common_border():
    left = MultiPolygon([box(0, 0, 10, 10), box(0, 20, 10, 30)])
    parcels = array(box(10, 0, 20, 10), box(10, 10, 20, 19), box(0, 10, 10, 20), None, box(100, 0, 110, 10))
    found = cut(left, box(-10, 0, 0, 10), neighbours=parcels)
    # The second parcel meets the first piece in a corner only; the piece of the other zone has a side in common.
    assert found["neighbours"].tolist() == [(0, 2), (2,), ()]
    assert found["pieces"].tolist() == [(2,), (), (0,)]
    assert found["touching"].tolist() == [3, 1, 1]


def test_input_is_not_changed():
    left, roads = array(box(0, 0, 10, 10)), array(box(0, -5, 10, 0))
    pieces(left, area=shapely.area, roads=roads, neighbours=roads)
    assert not shapely.is_prepared(left).any()
    assert not shapely.is_prepared(roads).any()


def test_threads_change_nothing():
    rng = np.random.default_rng(5)
    left = array(*[shapely.Point(*rng.random(2) * 1000).buffer(r, quad_segs=3) for r in rng.uniform(1, 30, 200)])
    one, two = cut(*left, min_width_m=20), cut(*left, min_width_m=20, threads=2)
    assert one.drop(columns="geometry").equals(two.drop(columns="geometry"))

"""Parcels on control lines: exact areas, nothing twice, touching is nothing, a layer not given is missing."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, box

from mudian.rules.overlay import BOUNDARY, FARMLAND, OVERLAYS, REDLINE, lacking_layers, overlay

# A square of 100 m by 100 m is 15 mu, of 20 m by 100 m 3 mu.
MU = 15.0


def layer(*shapes, crs=4527):
    return gpd.GeoDataFrame(geometry=list(shapes), crs=crs)


def land(*shapes, crs=4527):
    frame = layer(*shapes, crs=crs)
    return frame.assign(area_mu=[np.nan if s is None else s.area * 3 / 2000 for s in shapes])


def on(parcels, kind, *shapes):
    column = next(c for c, k in OVERLAYS.items() if k == kind)
    return overlay(parcels, {kind: layer(*shapes)})[column].round(9).tolist()


SQUARE = box(0, 0, 100, 100)


@pytest.mark.parametrize(
    ("shapes", "mu"),
    [
        ((), 0.0),
        ((box(-50, -50, 150, 150),), 15.0),
        ((SQUARE,), 15.0),
        ((box(-50, 0, 20, 100),), 3.0),
        ((box(-50, 0, 0, 100),), 0.0),  # touches along an edge
        ((box(100, 100, 200, 200),), 0.0),  # touches in a corner
        ((box(0, 0, 20, 100), box(10, 0, 40, 100)), 6.0),  # the 10 m that overlap count once
        ((box(0, 0, 20, 100), box(0, 0, 20, 100), box(0, 0, 20, 100)), 3.0),
        ((box(0, 0, 60, 100), box(60, 0, 100, 100)), 15.0),  # together they cover all of it
        ((MultiPolygon([box(0, 0, 20, 100), box(80, 0, 120, 100)]),), 6.0),
        ((Polygon(SQUARE.exterior, [box(20, 20, 80, 80).exterior]),), 9.6),  # a hole of 60 m by 60 m: 15 - 5.4
        ((None, box(0, 0, 20, 100)), 3.0),
        ((Polygon(),), 0.0),
        ((shapely.LineString([(0, 50), (100, 50)]),), 0.0),
        ((Polygon([(0, 0), (100, 100), (100, 0), (0, 100)]),), 7.5),  # a bow tie: two triangles of half the square
    ],
)
def test_land_on_farmland(shapes, mu):
    assert on(land(SQUARE), FARMLAND, *shapes) == [mu]
    assert on(land(SQUARE), BOUNDARY, *shapes) == [pytest.approx(MU - mu)]


def test_parcels_with_holes_and_of_several_parts():
    ring = Polygon(SQUARE.exterior, [box(20, 20, 80, 80).exterior])
    parts = MultiPolygon([box(0, 0, 20, 100), box(40, 0, 60, 100)])
    parcels = land(ring, parts)
    # On the lower half: of the ring 5000 - 60 x 30 m2, of each strip half.
    assert on(parcels, REDLINE, box(-10, -10, 110, 50)) == [4.8, 3.0]
    assert on(parcels, REDLINE, box(20, 20, 80, 80)) == [0.0, 1.8]


def test_only_what_lies_outside_the_boundary_counts():
    parcels = land(SQUARE, box(200, 0, 300, 100), box(90, 0, 110, 100), None)
    made = overlay(parcels, {BOUNDARY: layer(box(-10, -10, 100, 110))})
    assert made["outside_urban_boundary_mu"].round(9).tolist()[:3] == [0.0, 15.0, 1.5]
    assert made["outside_urban_boundary_mu"].isna().tolist() == [False, False, False, True]


def test_a_layer_that_was_not_given_is_missing_and_named():
    parcels = land(SQUARE, None)
    made = overlay(parcels, {FARMLAND: layer(), REDLINE: None})
    assert list(made) == list(OVERLAYS)
    assert made["permanent_basic_farmland_mu"].fillna(-1).tolist() == [0.0, -1.0]
    assert made[["ecological_redline_mu", "outside_urban_boundary_mu"]].isna().all(axis=None)
    why = lacking_layers(parcels.assign(**made))
    assert {c: {n: m.tolist() for n, m in names.items()} for c, names in why.items()} == {
        "permanent_basic_farmland_mu": {"geometry": [False, True]},
        "ecological_redline_mu": {"layer:ecological_redline": [True, True]},
        "outside_urban_boundary_mu": {"layer:urban_boundary": [True, True]},
    }
    plain = pd.DataFrame({"parcel_id": ["a"]})
    assert lacking_layers(plain)["ecological_redline_mu"]["layer:ecological_redline"].tolist() == [True]


def test_lines_drawn_twice_are_no_overlap_but_a_strip_is():
    # 4 cm and 6 cm along one side of 100 m; the tolerance is 5 cm.
    assert on(land(SQUARE), FARMLAND, box(-50, 0, 0.04, 100)) == [0.0]
    assert on(land(SQUARE), FARMLAND, box(-50, 0, 0.06, 100)) == [0.009]
    # A sliver beside real overlap does not hide it, nor is it added.
    assert on(land(SQUARE), FARMLAND, box(-50, 0, 0.04, 100), box(80, 0, 150, 100)) == [3.0]
    assert on(land(SQUARE), BOUNDARY, box(0, 0.03, 100, 100)) == [0.0]


def test_shares_are_of_the_area_that_the_run_uses():
    parcels = land(SQUARE).assign(area_mu=15.3)  # as registered
    assert on(parcels, FARMLAND, box(0, 0, 50, 100)) == [7.65]
    degrees = layer(box(117.0, 36.0, 117.001, 36.001), crs=4490)
    made = overlay(degrees, {FARMLAND: layer(box(117.0, 36.0, 117.0005, 36.001), crs=4490)})
    # 0.001 degrees are some 90.16 m by 110.98 m at 36 degrees north: half of 10005.6 m2, or 7.504 mu.
    assert made["permanent_basic_farmland_mu"].tolist() == pytest.approx([7.504], rel=1e-3)


def test_another_crs_or_kind_is_refused():
    with pytest.raises(ValueError, match=r"EPSG:4528.*EPSG:4527"):
        overlay(land(SQUARE), {FARMLAND: layer(SQUARE, crs=4528)})
    with pytest.raises(ValueError, match="permanent_basic_farmland"):
        overlay(land(SQUARE), {"farmland": layer(SQUARE)})


def test_index_is_kept_and_input_unchanged():
    parcels = land(SQUARE, box(200, 0, 300, 100)).set_index(np.array([7, 3]))
    before = parcels.copy()
    made = overlay(parcels, {FARMLAND: layer(box(0, 0, 20, 100))})
    assert made["permanent_basic_farmland_mu"].round(9).to_dict() == {7: 3.0, 3: 0.0}
    pd.testing.assert_frame_equal(pd.DataFrame(parcels), pd.DataFrame(before))
    assert overlay(parcels.iloc[:0], {FARMLAND: layer(SQUARE)}).empty


def circle(radius, vertices):
    angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    return Polygon(np.c_[radius * np.cos(angle), radius * np.sin(angle)])


def test_polygons_of_many_vertices_are_cut_without_loss():
    round_ = circle(1000, 5000)
    x, y = np.meshgrid(np.arange(-1100, 1100, 100), np.arange(-1100, 1100, 100))
    parcels = land(*shapely.box(x.ravel(), y.ravel(), x.ravel() + 95, y.ravel() + 95))
    expected = shapely.area(shapely.intersection(np.asarray(parcels.geometry), round_)) * 3 / 2000
    made = overlay(parcels, {REDLINE: layer(round_), BOUNDARY: layer(round_)})
    np.testing.assert_allclose(made["ecological_redline_mu"], expected, atol=1e-9)
    np.testing.assert_allclose(made["outside_urban_boundary_mu"], parcels["area_mu"] - expected, atol=1e-5)


whole = st.integers(0, 30)
rectangle = st.tuples(whole, whole, st.integers(1, 20), st.integers(1, 20)).map(
    lambda r: box(r[0], r[1], r[0] + r[2], r[1] + r[3])
)


@settings(max_examples=60, deadline=None)
@given(st.lists(rectangle, min_size=1, max_size=6), st.lists(rectangle, max_size=6))
def test_overlaps_of_overlapping_rectangles_are_those_of_their_union(parcels, shapes):
    made = overlay(land(*parcels), {FARMLAND: layer(*shapes), BOUNDARY: layer(*shapes)})
    union = shapely.union_all(shapes)
    expected = [p.intersection(union).area * 3 / 2000 for p in parcels]
    np.testing.assert_allclose(made["permanent_basic_farmland_mu"], expected, atol=1e-9)
    outside = [p.difference(union).area * 3 / 2000 for p in parcels]
    np.testing.assert_allclose(made["outside_urban_boundary_mu"], outside, atol=1e-9)

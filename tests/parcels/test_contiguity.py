"""Contiguity: borders worked by hand, roads between, gaps, corners, and groups against a plain search."""

from itertools import combinations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from parcels.geometry.borders import matched
from parcels.geometry.contiguity import across, adjacent, components, united


def pairs(land, **options):
    return adjacent(np.asarray(land), **{"gap": 1.0, "min_border": 10.0} | options)


def test_border_of_touching_squares_is_exact_and_a_corner_is_none():
    land = shapely.box([0, 100, 100], [0, 0, 100], [100, 200, 200], [100, 60, 200])
    found = pairs(land)
    assert found[["first", "second"]].to_numpy().tolist() == [[0, 1]]
    assert found["border_m"].tolist() == pytest.approx([60.0], abs=0.1)


@pytest.mark.parametrize(("apart", "joined"), [(0.0, True), (0.9, True), (1.1, False)])
def test_gaps_up_to_the_tolerance_are_bridged(apart, joined):
    land = shapely.box([0, 100 + apart], 0, [100, 200], 100)
    assert (len(pairs(land)) == 1) is joined


def test_a_short_border_does_not_count():
    land = shapely.box([0, 100], [0, 91], [100, 200], [100, 200])  # nine metres in common
    assert not len(pairs(land))
    assert len(pairs(land, min_border=8.5)) == 1


def test_a_road_along_the_border_parts_and_one_that_ends_there_does_not():
    land = shapely.box([0, 100], 0, [100, 200], 100)
    along = np.array([shapely.LineString([(100, -50), (100, 150)])])
    across = np.array([shapely.LineString([(0, 50), (200, 50)])])
    assert not len(pairs(land, barriers=along))
    assert len(pairs(land, barriers=across)) == 1


def test_groups_and_missing_figures_have_no_neighbours_outside():
    land = np.append(shapely.box([0, 100], 0, [100, 200], 100), None)
    assert not len(pairs(land, groups=np.array([0, 1, 1])))
    assert len(pairs(land, groups=np.array([0, 0, 0]))) == 1


def test_united_closes_gaps_only_when_asked():
    land = shapely.box([0, 100.5], 0, [100, 200], 100)
    apart, closed = (united(land, np.array([0, 0]), gap=g)[0] for g in (0.0, 1.0))
    assert shapely.get_num_geometries(apart) == 2
    assert shapely.get_num_geometries(closed) == 1
    assert closed.area == pytest.approx(20_000, rel=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=20))
def test_components_are_those_of_a_plain_search(size, edges):
    edges = [(a % size, b % size) for a, b in edges]
    found = components(size, np.array([a for a, _ in edges], np.intp), np.array([b for _, b in edges], np.intp))
    for start in range(size):
        seen, open_ = {start}, [start]
        while open_:
            at = open_.pop()
            new = {b for a, b in edges if a == at} | {a for a, b in edges if b == at}
            open_ += new - seen
            seen |= new
        assert found[start] == min(seen)


def plain_border(one, other, gap):
    """Length over which two figures face each other, by buffers alone."""
    excess = 2 * np.sqrt(max(gap**2 - shapely.distance(one, other) ** 2, 0.0))
    reach = [
        shapely.boundary(a).intersection(b.buffer(gap, quad_segs=4)).length for a, b in ((one, other), (other, one))
    ]
    return min(reach) - excess


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 6), st.integers(0, 6), st.integers(1, 3), st.integers(1, 3), st.sampled_from([0, 0.4, 3])
        ),
        min_size=2,
        max_size=8,
    )
)
def test_neighbours_are_those_that_buffers_find(boxes):
    """Rectangles of 20 m steps, some overlapping, with common vertices or without, some moved by 0.4 or 3 m."""
    land = np.array([shapely.box(20 * x + d, 20 * y, 20 * (x + w) + d, 20 * (y + h)) for x, y, w, h, d in boxes])
    found = {(a, b) for a, b in pairs(land)[["first", "second"]].to_numpy().tolist()}
    for a, b in combinations(range(len(land)), 2):
        if land[a].distance(land[b]) > 1.0:
            assert (a, b) not in found
        elif land[a].intersection(land[b]).area == 0:
            border = plain_border(land[a], land[b], 1.0)
            # Within two centimetres of the limit both answers are right.
            assert ((a, b) in found) == (border >= 10.0) or abs(border - 10.0) < 0.02


def test_border_of_figures_with_the_same_vertices_is_their_length():
    """Three segments of 30, 50 and 20 m, the last not shared: the second figure's vertex is elsewhere."""
    one = shapely.Polygon([(0, 0), (100, 0), (100, 30), (100, 80), (100, 100), (0, 100)])
    other = shapely.Polygon([(100, 0), (200, 0), (200, 90), (100, 90), (100, 80), (100, 30)])
    assert matched(np.array([one, other]), np.array([0]), np.array([1])).tolist() == [80.0]
    assert pairs([one, other])["border_m"].tolist() == [80.0]


def test_a_segment_of_three_overlapping_figures_counts_for_each_pair():
    land = shapely.box(0, 0, [10, 10, 10], 10)
    found = matched(np.asarray(land), np.array([0, 0, 1]), np.array([1, 2, 2]))
    assert found.tolist() == [40.0, 40.0, 40.0]


STREET = np.array([shapely.box(-50, 100, 350, 120)])


def facing(land, roads, **options):
    found = across(np.asarray(land), roads, **{"gap": 1.0, "min_border": 10.0, "widest": 40.0} | options)
    return found[["first", "second"]].to_numpy().tolist()


@pytest.mark.parametrize("roads", [STREET, np.array([shapely.LineString([(-50, 110), (350, 110)])])])
def test_figures_that_face_each_other_over_a_road(roads):
    """Two rows of two; the diagonal ones do not face each other, and those of one row touch or lie far apart."""
    land = shapely.box([0, 100, 0, 130], [0, 0, 120, 120], [100, 200, 100, 230], [100, 100, 220, 220])
    assert facing(land, roads) == [[0, 2], [1, 3]]
    assert facing(land, roads, widest=19.0) == []
    assert facing(land, roads, groups=np.array([0, 0, 0, 1])) == [[0, 2]]


def test_what_lies_between_must_be_road():
    land = shapely.box([0, 0], [0, 120], [100, 100], [100, 220])
    assert facing(land, np.array([shapely.box(-50, 100, 150, 112)])) == []  # eight metres of something else
    assert facing(land, np.array([shapely.box(-50, 100, 150, 119.5)])) == [[0, 1]]
    assert facing(land, np.array([shapely.box(-50, 100, 150, 110), shapely.box(-50, 110, 150, 120)])) == [[0, 1]]
    assert facing(land, np.empty(0, dtype=object)) == []


def test_united_figures_that_overlap_or_lack_common_vertices():
    """100·100 + 100·100 − 20·100; and a square beside two halves whose corner is no vertex of it."""
    overlap = united(shapely.box([0, 80], 0, [100, 180], 100), np.array([0, 0]))[0]
    assert overlap.area == pytest.approx(18_000)
    halves = united(shapely.box([0, 100, 100], [0, 0, 50], [100, 200, 200], [100, 50, 100]), np.zeros(3, int))[0]
    assert halves.area == pytest.approx(20_000)
    assert shapely.get_num_geometries(halves) == 1
    twice = united(shapely.box([0, 0], 0, 100, 100), np.array([0, 0]))[0]
    assert twice.area == pytest.approx(10_000)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(1, 3), st.integers(1, 3), st.integers(0, 2)),
        min_size=1,
        max_size=10,
    )
)
def test_united_is_the_plain_union(boxes):
    land = np.array([shapely.box(x, y, x + w, y + h) for x, y, w, h, _ in boxes])
    _, group = np.unique([b[4] for b in boxes], return_inverse=True)
    found = united(land, group.astype(np.int64))
    for place, figure in enumerate(found):
        assert figure.symmetric_difference(shapely.union_all(land[group == place])).area == pytest.approx(0, abs=1e-9)


def test_an_overlay_that_fails_is_done_on_a_fine_grid(monkeypatch):
    """Two squares with a gap of half a metre; the library refuses the first attempt at joining them."""
    plain = shapely.union

    def union(one, other, **options):
        if "grid_size" not in options:
            raise shapely.errors.GEOSException("TopologyException")
        return plain(one, other, **options)

    monkeypatch.setattr(shapely, "union", union)
    found = united(shapely.box([0, 100.5], 0, [100, 200], 100), np.array([0, 0]), gap=1.0)[0]
    assert found.area == pytest.approx(20_000, rel=1e-6)

"""Contiguity: borders worked by hand, roads between, gaps, corners, and groups against a plain search."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from parcels.geometry.contiguity import adjacent, components, united


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

"""Common borders, against the plain way: every boundary cut by every neighbour widened by the tolerance."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Polygon, box

from parcels.geometry.borders import frontage, touching

TOLERANCE = 0.05


def array(*geoms):
    made = np.empty(len(geoms), dtype=object)
    made[:] = geoms
    return made


def plain(geoms, others):
    """For each figure the others of which it has more than ten tolerances of border within one tolerance."""
    reach = [None if o is None else shapely.buffer(o, TOLERANCE, quad_segs=1) for o in others]
    return [
        tuple(
            j
            for j, r in enumerate(reach)
            if r is not None
            and not (others is geoms and i == j)
            and shapely.intersection(shapely.boundary(g), r).length > 10 * TOLERANCE
        )
        for i, g in enumerate(geoms)
    ]


cells = st.sets(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=14)


@settings(max_examples=150, deadline=None)
@given(cells, cells, st.sampled_from([0.0, 0.03, 0.2, 4.0]), st.sampled_from([1.0, 0.4, 0.06]))
def test_random_blocks_touch_as_the_plain_way_says(one: set, two: set, shift: float, size: float) -> None:
    """Blocks of cells, the second set moved by less than the tolerance, by more, and by part of a cell."""
    left = shapely.get_parts(shapely.union_all([box(10 * x, 10 * y, 10 * x + 10, 10 * y + 10) for x, y in one]))
    lots = array(*[box(10 * x + shift, 10 * y, 10 * x + shift + 10 * size, 10 * y + 10) for x, y in two])
    assert touching(left, lots, TOLERANCE) == plain(left, lots)
    assert touching(lots, lots, TOLERANCE) == plain(lots, lots)


def test_a_long_boundary_with_many_neighbours_and_holes() -> None:
    """A field of 1 000 lots around it and one in each of its holes, all with the same vertices."""
    ring = [(x, 0.0) for x in range(0, 501)] + [(500 - x, 7.0) for x in range(0, 501)]
    holes = [box(10 * i + 2, 2, 10 * i + 4, 4) for i in range(50)]
    field = Polygon(ring, [h.exterior.coords[:] for h in holes])
    below = [box(i, -3, i + 1, 0) for i in range(500)]
    above = [box(i, 7, i + 1, 9) for i in range(500)]
    lots = array(*below, *above, *holes, box(600, 0, 601, 7), box(500, 7, 501, 9))
    assert touching(array(field), lots, TOLERANCE) == [tuple(range(1050))]
    assert touching(array(field), lots, TOLERANCE) == plain(array(field), lots)


def test_nothing_to_compare() -> None:
    assert touching(array(), array(box(0, 0, 1, 1)), TOLERANCE) == []
    assert touching(array(box(0, 0, 1, 1)), array(), TOLERANCE) == [()]
    assert touching(array(box(0, 0, 1, 1)), array(None, Polygon()), TOLERANCE) == [()]
    assert touching(array(box(0, 0, 1, 1)), None, TOLERANCE) == [()]
    assert frontage(array(), array(box(0, 0, 1, 1)), TOLERANCE).tolist() == []
    assert frontage(array(box(0, 0, 1, 1)), array(), TOLERANCE).tolist() == [0.0]


@settings(max_examples=60, deadline=None)
@given(cells, st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(1, 6)), min_size=1, max_size=5))
def test_frontage_is_the_boundary_within_reach_of_all_roads(one: set, lines: list) -> None:
    left = shapely.get_parts(shapely.union_all([box(10 * x, 10 * y, 10 * x + 10, 10 * y + 10) for x, y in one]))
    roads = array(*[LineString([(10 * x, 10 * y), (10 * (x + n), 10 * y)]) for x, y, n in lines])
    reach = shapely.union_all(shapely.buffer(roads, TOLERANCE, quad_segs=1))
    expected = shapely.length(shapely.intersection(shapely.boundary(left), reach))
    assert frontage(left, roads, TOLERANCE).tolist() == pytest.approx(expected.tolist(), abs=1e-6)

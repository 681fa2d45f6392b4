"""Overlays that fail in floating point come back from a grid, and only those."""

import numpy as np
import pytest
import shapely

from parcels.geometry.robust import overlay

BOXES = shapely.box(np.arange(5.0), 0, np.arange(5.0) + 1, 1)


def failing(bad, seen):
    """A difference that fails for some figures unless a grid is given."""

    def work(one, other, grid_size=None):
        one = np.atleast_1d(one)
        if grid_size is None and any(shapely.bounds(g)[0] in bad for g in one):
            raise shapely.errors.GEOSException("TopologyException: side location conflict")
        seen.extend((shapely.bounds(g)[0], grid_size) for g in one)
        return shapely.difference(one, other, grid_size=grid_size)

    return work


@pytest.mark.parametrize("bad", [{0.0}, {4.0}, {1.0, 3.0}, {0.0, 1.0, 2.0, 3.0, 4.0}])
def test_only_what_fails_goes_to_the_grid(bad):
    seen = []
    found = overlay(failing(bad, seen), BOXES, shapely.box(-1, 0, 9, 0.25))
    assert shapely.area(found).tolist() == pytest.approx([0.75] * 5)
    assert shapely.bounds(found)[:, 0].tolist() == [0, 1, 2, 3, 4]
    assert {x for x, grid in seen if grid is not None} == bad


def test_what_does_not_fail_is_exact():
    third = shapely.box(0, 0, 1 / 3, 1)
    assert overlay(shapely.intersection, third, shapely.box(0, 0, 1, 1)).bounds[2] == 1 / 3


def test_what_fails_on_the_grid_too_is_told():
    with pytest.raises(shapely.errors.GEOSException):
        overlay(failing_always, BOXES[:1], BOXES[:1])


def failing_always(one, other, grid_size=None):
    raise shapely.errors.GEOSException("never")


def test_a_figure_that_crosses_itself_is_repaired():
    """A 10 by 10 square without a corner of 1 by 1 (99) and a strip of 2 by 1 beyond it, in one ring: 101 of 400."""
    ring = [(0, 0), (10, 0), (10, 9), (9, 9), (9, 11), (11, 11), (11, 10), (0, 10)]
    crossing = shapely.Polygon(ring)
    assert not crossing.is_valid

    def strict(one, other, grid_size=None):
        if not (np.all(shapely.is_valid(one)) and np.all(shapely.is_valid(other))):
            raise shapely.errors.GEOSException("TopologyException: Ring edge missing")
        return shapely.difference(one, other, grid_size=grid_size)

    plain = shapely.Polygon([(0, 0), (20, 0), (20, 20), (0, 20)])
    left = overlay(strict, np.array([plain, plain], dtype=object), np.array([crossing, BOXES[0]], dtype=object))
    assert left[0].is_valid
    assert left[1].area == 399
    assert left[0].area == pytest.approx(299)

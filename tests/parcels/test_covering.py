"""Land under several figures against plain set operations."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from parcels.geometry.covering import covered_shares

BOX = st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(1, 3), st.integers(1, 3))


def box(values):
    x, y, width, height = values
    return shapely.box(x, y, x + width, y + height)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(BOX, BOX), min_size=1, max_size=6))
def test_shares_are_those_of_the_union_of_earlier_figures(figures):
    """Each figure is made of two boxes, so that some overlap, touch and have holes in common at the same time."""
    land = np.array([box(a).union(box(b)) for a, b in figures], dtype=object)
    second, first = np.tril_indices(len(land), -1)
    share, by = covered_shares(land, first, second)
    for place, figure in enumerate(land):
        earlier = [figure.intersection(e).area for e in land[:place]]
        taken = figure.intersection(shapely.union_all(land[:place])).area if place else 0.0
        assert share[place] == pytest.approx(taken / figure.area)
        assert by[place] == (-1 if taken == 0 else earlier.index(max(earlier)))


def test_what_lies_apart_or_touches_covers_nothing():
    land = shapely.box([0, 10, 30], 0, [10, 20, 40], 10)
    share, by = covered_shares(land, np.array([0, 0, 1]), np.array([1, 2, 2]))
    assert share.tolist() == [0.0, 0.0, 0.0]
    assert by.tolist() == [-1, -1, -1]
    assert covered_shares(land, np.empty(0, np.intp), np.empty(0, np.intp))[0].tolist() == [0.0, 0.0, 0.0]

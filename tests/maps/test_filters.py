"""What the filter compares: numbers that survive the page bit for bit, and stops for the sliders."""

import base64
import gzip
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maps.filters import is_quotient, slider_stops, store_exact
from maps.pack import Store

floats = st.floats(allow_infinity=False, width=64)
decimals = st.decimals(min_value=-20000, max_value=20000, places=3).map(float)


def read_back(store, head):
    """The column as the page reads it: planes put together again, missing apart, divided by the scale."""
    planes = np.frombuffer(gzip.decompress(base64.b64decode(store.text()[head["blob"]])), dtype=np.uint8)
    kind = np.dtype(head["type"]).newbyteorder("<")
    raw = planes.reshape(kind.itemsize, -1).T.copy().view(kind).ravel()
    values = raw / head["scale"]
    return np.where(raw == -(2**31), np.nan, values) if head["type"] == "i4" else values


@given(st.lists(floats, min_size=1))
def test_any_number_comes_back_bit_for_bit(numbers):
    values = np.array(numbers)
    store = Store()
    np.testing.assert_array_equal(read_back(store, store_exact(store, values)), values)


@given(st.lists(decimals, min_size=1))
def test_decimals_come_back_bit_for_bit_in_four_bytes(numbers):
    store = Store()
    head = store_exact(store, np.array([*numbers, np.nan]))
    assert head["type"] == "i4"
    np.testing.assert_array_equal(read_back(store, head), [*numbers, np.nan])


def test_one_bit_beside_the_decimal_is_kept():
    beside = np.nextafter(0.3, 1)
    store = Store()
    head = store_exact(store, np.array([0.3, beside]))
    assert head["type"] == "f8"
    assert read_back(store, head).tolist() == [0.3, beside]


def test_quotients_are_told_from_rounded_ones():
    above, below = np.array([1.0, 2.0, 3.0, np.nan, 0.0]), np.array([3.0, 0.0, np.nan, 5.0, -1.0])
    exact = np.array([1 / 3, np.nan, np.nan, np.nan, np.nan])
    assert is_quotient(exact, above, below)
    assert not is_quotient(np.round(exact, 2), above, below)
    assert not is_quotient(np.where(np.isnan(exact), 0.0, exact), above, below)


@given(st.lists(st.floats(-1e6, 1e6), max_size=200), st.integers(0, 3))
def test_stops_increase_and_hold_the_class_limits_above_the_least_value(numbers, digits):
    stops = slider_stops(np.array([*numbers, np.nan]), [1.0, 3.0], digits)
    assert all(low < high for low, high in pairwise(stops))
    least = min(numbers, default=-np.inf)
    assert {limit for limit in (1.0, 3.0) if limit > least} <= set(stops)


def test_half_of_the_stops_lie_below_the_median():
    values = np.random.default_rng(7).lognormal(1, 1, 5000)
    stops = np.array(slider_stops(values, [], 4))
    assert (stops < np.median(values)).mean() == pytest.approx(0.5, abs=0.02)

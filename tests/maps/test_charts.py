"""Waterfalls: where bars begin, what is missing, and what is refused."""

import math

import pytest

from maps import MapError, Waterfall


def test_bars_begin_where_the_one_before_ended():
    kinds = ["total", "hard", "soft", "left", "part"]
    steps = Waterfall("区", ["总", "已供", "水面", "余", "可用"], [100, 60, 15, 25, 20], kinds)
    assert [(b["start"], b["size"]) for b in steps.bars()] == [(0, 100), (40, 60), (25, 15), (0, 25), (0, 20)]


def test_a_missing_step_is_not_zero_and_moves_nothing():
    steps = Waterfall("区", ["总", "红线", "水面"], [100, math.nan, 15], ["total", "hard", "hard"])
    bars = steps.bars()
    assert bars[1]["size"] is None
    assert (bars[2]["start"], bars[2]["size"]) == (85, 15)


@pytest.mark.parametrize(
    ("labels", "values", "kinds"), [(["a"], [1, 2], ["total"]), (["a"], [1], ["sum"]), (["a", "b"], [1, 2], ["total"])]
)
def test_what_does_not_fit_is_refused(labels, values, kinds):
    with pytest.raises(MapError, match="瀑布图"):
        Waterfall("区", labels, values, kinds).bars()

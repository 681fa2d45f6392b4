"""Classes are left-closed, zero is a value, missing is a class of its own."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maps import PALETTES, MapError, Theme, bands, classify, quantile_breaks
from maps.classes import NO_DATA, band_labels, ramp
from maps.errors import _texts

NUMBERS = st.one_of(st.floats(allow_nan=True, allow_infinity=True), st.integers(-50, 50).map(float))
BREAKS = st.lists(st.integers(-20, 20).map(float), unique=True, max_size=6).map(sorted)


def test_a_value_on_a_break_belongs_to_the_class_above():
    # "不低于 3 万元/亩" includes 3; right-closed classes would give 0 0 1 1 1.
    assert bands([1, 1, 2, 3, 3], [1, 3]).tolist() == [1, 1, 1, 2, 2]


def test_one_unit_in_the_last_place_below_a_break_is_below():
    assert bands([np.nextafter(3.0, 0), 3.0, np.nextafter(3.0, 9)], [3]).tolist() == [0, 1, 1]


def test_missing_and_infinite_have_no_class_and_zero_has_one():
    values = pd.Series([0, None, 5], dtype="Float64")
    assert bands(values, [1]).tolist() == [0, NO_DATA, 1]
    assert bands([np.inf, -np.inf, np.nan], [1]).tolist() == [NO_DATA] * 3


def test_zero_class_stands_below_negative_values_too():
    assert bands([-1, 0, -0.0, 0.5, 1], [1], zero_class=True).tolist() == [1, 0, 0, 1, 2]


@given(st.lists(NUMBERS), BREAKS)
def test_code_is_the_number_of_breaks_not_above_the_value(values, breaks):
    expected = [sum(v >= b for b in breaks) if np.isfinite(v) else NO_DATA for v in values]
    assert bands(values, breaks).tolist() == expected


@pytest.mark.parametrize("breaks", [[3, 1], [1, 1], [1, float("nan")], [float("inf")]])
def test_breaks_that_do_not_increase_are_refused(breaks):
    with pytest.raises(MapError) as caught:
        bands([1.0], breaks)
    assert caught.value.code == "map-breaks"


def test_quantile_breaks_by_hand():
    # Eight values, quartiles by linear interpolation: positions 1.75, 3.5, 5.25 of the sorted list.
    assert quantile_breaks([8, 7, 6, 5, 4, 3, 2, 1], 4) == [2.75, 4.5, 6.25]


def test_quantile_breaks_never_split_ties_nor_leave_the_lowest_class_empty():
    assert quantile_breaks([0] * 12 + [5, 9], 4) == []
    assert quantile_breaks([0] * 12 + [5, 7, 9], 2, skip_zero=True) == [7.0]
    assert quantile_breaks([np.nan, np.inf], 3) == []


@given(st.lists(st.integers(0, 9).map(float), min_size=1, max_size=60), st.integers(1, 6))
def test_quantile_classes_are_increasing_and_none_at_either_end_is_empty(values, k):
    breaks = quantile_breaks(values, k)
    assert breaks == sorted(set(breaks))
    assert len(breaks) < k
    counts = np.bincount(bands(values, breaks), minlength=len(breaks) + 1)
    assert counts[0] > 0
    assert counts[-1] > 0


def test_palettes_are_colours_and_ramps_keep_their_ends():
    for name, colours in PALETTES.items():
        assert ramp(name, len(colours)) == list(colours)
    assert ramp("YlGnBu5", 9)[::2] == list(PALETTES["YlGnBu5"])
    assert len(ramp("Oranges5", 1)) == 1
    with pytest.raises(MapError):
        ramp("qualitative8", 9)
    with pytest.raises(MapError):
        ramp("rainbow", 3)


def test_band_labels_say_which_class_holds_the_zero_that_is_not_zero():
    assert band_labels([-1, 1], zero_class=True) == ["0", "< -1", "-1 – 1（不为 0）", "≥ 1"]
    assert band_labels([0.05, 12000]) == ["< 0.05", "0.05 – 12,000", "≥ 12,000"]


FRAME = pd.DataFrame(
    {
        "tax": [0.0, 10.0, 30.0, np.nan, 5.0],
        "mu": [10.0, 10.0, 10.0, 10.0, 0.0],
        "grade": ["B", "A", None, "A", "C"],
        "idle": pd.array([True, False, None, True, False], dtype="boolean"),
    },
    index=[7, 7, 3, 1, 0],
)


def test_ratio_without_denominator_is_no_data_not_zero_and_not_infinite():
    theme = Theme("亩均税收", "ratio", numerator="tax", denominator="mu", breaks=[1, 3], zero_class=True)
    done = classify(FRAME, theme, area="mu")
    assert done.codes.tolist() == [0, 2, 3, NO_DATA, NO_DATA]
    assert [(row.count, row.area) for row in done.legend] == [(1, 10), (0, 0), (1, 10), (1, 10)]
    assert (done.no_data.count, done.no_data.area) == (2, 10)


def test_counts_and_areas_of_the_legend_add_up_with_missing_areas():
    frame = FRAME.assign(area=[1.0, np.nan, 2.0, np.inf, 4.0])
    done = classify(frame, Theme("税", "number", column="tax", breaks=[10]), area="area")
    assert [row.count for row in done.legend] == [2, 2]
    assert [row.area for row in done.legend] == [5.0, 2.0]
    assert done.no_data.area == 0.0


def test_classes_keep_the_order_given_and_missing_is_apart():
    theme = Theme("等级", "class", column="grade", classes=["A", "B", "C", "D"], palette="grade4")
    done = classify(FRAME, theme)
    assert done.codes.tolist() == [1, 0, NO_DATA, 0, 2]
    assert [row.count for row in done.legend] == [2, 1, 1, 0]
    assert done.legend[0].area is None
    assert done.no_data.count == 1


def test_three_valued_booleans_are_two_classes_and_unknown():
    theme = Theme("闲置", "class", column="idle", classes=[True, False], hatched=[True])
    done = classify(FRAME, theme)
    assert done.codes.tolist() == [0, 1, NO_DATA, 0, 1]
    assert [row.label for row in done.legend] == ["是", "否"]
    assert [row.hatched for row in done.legend] == [True, False]


def test_the_frame_is_not_changed():
    before = FRAME.copy(deep=True)
    classify(FRAME, Theme("等级", "class", column="grade"), area="mu")
    pd.testing.assert_frame_equal(FRAME, before)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: Theme("t", "ratio", column="tax"), "map-theme"),
        (lambda: Theme("t", "number"), "map-theme"),
        (lambda: Theme("t", "pie", column="tax"), "map-theme"),
        (lambda: Theme("t", "class", column="grade", classes=["A", "A"]), "map-theme"),
        (lambda: Theme("t", "number", column="tax", colours=["red"]), "map-colour"),
        (lambda: Theme("t", "number", column="tax", colours=["#ffffff;"]), "map-colour"),
        (lambda: classify(FRAME, Theme("t", "number", column="税")), "map-column-missing"),
        (lambda: classify(FRAME, Theme("t", "number", column="grade")), "map-not-numeric"),
        (lambda: classify(FRAME, Theme("t", "number", column="idle")), "map-not-numeric"),
        (
            lambda: classify(FRAME, Theme("t", "class", column="grade", classes=["A", "B"])),
            "map-class-unknown",
        ),
        (lambda: classify(FRAME, Theme("t", "number", column="tax", labels=["x", "y"])), "map-class-count"),
        (lambda: classify(FRAME, Theme("t", "class", column="tax", palette="x")), "map-palette"),
        (
            lambda: classify(pd.DataFrame([[1, 2]], columns=["a", "a"]), Theme("t", "number", column="a")),
            "map-column-twice",
        ),
    ],
)
def test_wrong_use_is_explained_in_both_languages(make, code):
    with pytest.raises(MapError) as caught:
        make()
    assert caught.value.code == code
    for lang in ("zh", "en"):
        text = caught.value.render(lang)
        assert len(text.splitlines()) == 3
        assert "{" not in text.replace("{'", "")


def test_every_error_text_has_the_same_parts_in_both_languages():
    for code, languages in _texts().items():
        assert code.startswith("map-")
        assert set(languages["zh"]) == set(languages["en"]) == {"what", "expected", "todo"}


def test_an_unlisted_class_is_named():
    with pytest.raises(MapError, match="'C'"):
        classify(gpd.GeoDataFrame(FRAME), Theme("等级", "class", column="grade", classes=["A", "B"]))

import numpy as np
import pytest
from gradingpack import acceptance

from mudian.errors import PackError
from mudian.rules.grading.kernels import bounded, inverse_mean, minmax, ratio, scores

WEIGHTS = [30, 20, 20, 10, 10, 10]
OF_2022 = [24.097, 136.16, 2.694, 4929.81, 18.14, 0.0302]
OF_2021 = [26.01, 132.27, 2.54, 4861.08, 17.45, 0.0305]
VALUES = acceptance().drop(columns="above_scale").to_numpy()


@pytest.mark.parametrize(
    ("benchmarks", "limits", "expected"),
    [
        (OF_2022, {}, [100.0000, 91.2097, 188.2736, 16.7775]),
        (OF_2022, {"floor": 0.0}, [100.0000, 91.2097, 188.2736, 19.2674]),
        (OF_2022, {"cap": 1.5, "floor": 0.0}, [100.0000, 91.2097, 134.8478, 19.2674]),
    ],
)
def test_scores_of_the_acceptance_enterprises(benchmarks, limits, expected):
    assert scores(VALUES, benchmarks, WEIGHTS, **limits) == pytest.approx(expected, abs=5e-5)


def test_scores_by_the_benchmarks_of_2021():
    assert scores(VALUES[1], OF_2021, WEIGHTS) == pytest.approx([91.9895], abs=5e-5)


def test_a_missing_indicator_gives_no_score():
    assert np.isnan(scores([[24.0, np.nan]], [24.0, 1.0], [50, 50])).all()


@pytest.mark.parametrize("bad", [0.0, -3.0])
def test_benchmark_that_is_not_positive_is_refused(bad):
    for kernel in (ratio, inverse_mean):
        with pytest.raises(PackError, match="不是正数") as caught:
            kernel([1.0], bad, 10)
        assert str(bad) in caught.value.render("en")


def test_minmax_of_jingde():
    points = minmax([12.0, 0.0, 40.0, np.nan], 0.0, 40.0, 30, base=20, span=80)
    assert points == pytest.approx([13.2, 6.0, 30.0, np.nan], nan_ok=True)


def test_minmax_of_equal_values_says_nothing():
    assert np.isnan(minmax([7.0], 7.0, 7.0, 30, base=20, span=80)).all()


def test_inverse_mean_gives_all_at_zero_half_at_the_mean_and_nothing_from_twice_the_mean():
    points = inverse_mean([0.0, 3.0, 6.0, 9.0, 1.5, np.nan], 3.0, 4)
    assert points == pytest.approx([4.0, 2.0, 0.0, 0.0, 3.0, np.nan], nan_ok=True)


def test_cap_goes_before_floor():
    assert bounded([-5.0, 3.0, 9.0, np.nan], cap=4.0, floor=0.0) == pytest.approx([0, 3, 4, np.nan], nan_ok=True)
    assert bounded([1.0], cap=4.0, floor=6.0) == [6.0]

import numpy as np
import pandas as pd
import pytest
from gradingpack import RANK, TWO, one_policy

from mudian.rules.grading.gap import next_grade
from mudian.rules.grading.grade import grade


def test_points_lacking_to_the_last_of_the_next_better_grade(tmp_path):
    # Ten enterprises with 100, 90, … 10 points: A are two, B to the sixth, C to the ninth, D the last.
    frame = pd.DataFrame({"x": np.arange(10, 0, -1) * 1.0, "y": np.arange(10, 0, -1) * 0.5})
    result = grade(frame, one_policy(tmp_path, TWO)).frame
    assert result["grade"].tolist() == list("AABBBBCCCD")
    assert result["next_grade_gap"].tolist() == pytest.approx(
        [np.nan] * 2 + [10, 20, 30, 40, 10, 20, 30, 10], nan_ok=True
    )
    assert result["next_grade"].isna().tolist() == [True] * 2 + [False] * 8
    assert result["next_grade"].tolist()[2:] == list("AAAABBBC")


def test_in_the_unit_of_the_indicator_where_the_rank_alone_counts(tmp_path):
    frame = pd.DataFrame({"x": [30.0, 20.0, 12.0, 11.0, 10.0]})
    result = grade(frame, one_policy(tmp_path, RANK)).frame
    assert result["grade"].tolist() == list("ABBCD")
    assert result["next_grade_gap"].tolist()[1:] == [10.0, 18.0, 1.0, 1.0]


def test_a_grade_that_nobody_reached_is_passed_over():
    gap, target = next_grade(np.array([9.0, 5.0]), np.array([0, 3]), np.array([0, 3]))
    assert gap[1] == 4.0
    assert target.tolist() == [-1, 0]


def test_no_gap_to_a_grade_that_is_unknown():
    by_rank = np.array([0, -1, -1, 3])
    gap, target = next_grade(np.array([9.0, 8.0, 7.0, 1.0]), by_rank, by_rank)
    assert np.isnan(gap).all()
    assert (target == -1).all()


def test_after_a_veto_the_points_suffice():
    gap, target = next_grade(np.array([9.0, 8.0, 7.0]), np.array([0, 1, 2]), np.array([2, 1, 2]))
    assert gap[0] == 0.0
    assert gap[2] == 1.0
    assert target.tolist() == [1, 0, 1]

import numpy as np
import pandas as pd
import pytest
from gradingpack import BANDS, METHOD, RANK, TWO, one_policy

from mudian.rules.grading.grade import grade
from parcels.errors import InputError

# Item scores of x: 60, 120, missing; of y: 40, 40, 40.
FRAME = pd.DataFrame({"x": [10.0, 20.0, None], "y": [5.0, 5.0, 5.0]})


def with_missing(how, more=""):
    return TWO.replace('en = "x"', f'en = "x", missing = "{how}"{more}')


@pytest.mark.parametrize(
    ("how", "score", "reason"),
    [
        ("zero", 40.0, "zero"),
        ("mean_score", 90.0 + 40.0, "mean-score"),
        ("exclude_and_rescale", 40.0 * 100 / 40, "rescaled"),
        ("unknown", None, ""),
    ],
)
def test_what_a_missing_indicator_gets(how, score, reason, tmp_path):
    result = grade(FRAME, one_policy(tmp_path, with_missing(how))).frame
    assert result["score"].tolist()[:2] == [100.0, 160.0]
    assert result["score"][2] == pytest.approx(score) if score else np.isnan(result["score"][2])
    assert not any(r in text for text in result["reasons"][:2] for r in ("zero", "mean", "rescaled"))
    assert reason in result["reasons"][2]
    assert result["missing"].tolist() == ["", "", "" if score else "x"]


def test_a_missing_indicator_may_be_refused(tmp_path):
    with pytest.raises(InputError, match="1 家企业缺少指标 x"):
        grade(FRAME, one_policy(tmp_path, with_missing("error")))


def test_the_mean_score_is_after_the_cap(tmp_path):
    result = grade(FRAME, one_policy(tmp_path, with_missing("mean_score", ', cap = "cap"'), cap=1.5)).frame
    assert result["item_x"].tolist() == [60.0, 90.0, 75.0]
    assert result["reasons"][1] == "capped"


def test_nothing_left_to_rescale(tmp_path):
    method = with_missing("exclude_and_rescale").replace('en = "y"', 'en = "y", missing = "exclude_and_rescale"')
    frame = pd.DataFrame({"x": [10.0, None], "y": [5.0, None]})
    result = grade(frame, one_policy(tmp_path, method)).frame
    assert np.isnan(result["score"][1])
    assert result["missing"][1] == "x;y"


def test_infinite_is_missing(tmp_path):
    result = grade(FRAME.assign(x=[10.0, np.inf, -np.inf]), one_policy(tmp_path)).frame
    assert result["missing"].tolist() == ["", "x", "x"]


def test_a_missing_column_and_a_missing_weight_are_named(tmp_path):
    result = grade(FRAME.drop(columns="x"), one_policy(tmp_path)).frame
    assert set(result["missing"]) == {"x"}
    values = {"w1": None, "w2": 40, "b1": 10, "b2": None, "a": 20, "b": 60, "c": 95}
    result = grade(FRAME, one_policy(tmp_path, values=values)).frame
    assert result["missing"][0] == "parameter:b2;parameter:w1"
    assert set(result["missing"][2].split(";")) == {"parameter:w1", "x", "parameter:b2"}


def test_a_metric_that_the_user_chooses(tmp_path):
    method = TWO.replace('metric = "x"', 'metric_by = "which"')
    result = grade(FRAME.rename(columns={"x": "z"}), one_policy(tmp_path, method, which="z")).frame
    assert result["item_z"].tolist()[:2] == [60.0, 120.0]
    result = grade(FRAME, one_policy(tmp_path, method, which=None)).frame
    assert set(result["missing"]) == {"parameter:which"}


MINMAX = f"""{METHOD}kernel = "minmax"
base = "base"
span = "span"
by = {{ equal = "equal" }}
indicators = [{{ metric = "x", zh = "甲", en = "x", weight = "w1" }}]
{BANDS}"""


def test_minmax_over_the_enterprises_evaluated(tmp_path):
    frame = pd.DataFrame({"x": [0.0, 12.0, 40.0, None]})
    policy = one_policy(tmp_path, MINMAX, base=20, span=80, equal=None)
    assert grade(frame, policy).frame["score"].tolist()[:3] == pytest.approx([12.0, 26.4, 60.0])


def test_lower_is_better_by_minmax(tmp_path):
    method = MINMAX.replace('en = "x"', 'en = "x", direction = "lower"')
    policy = one_policy(tmp_path, method, base=20, span=80, equal=None)
    assert grade(pd.DataFrame({"x": [0.0, 40.0]}), policy).frame["score"].tolist() == [60.0, 12.0]


@pytest.mark.parametrize(("choice", "score"), [("full", 60.0), ("floor", 12.0), (None, None)])
def test_minmax_where_all_are_equal(choice, score, tmp_path):
    policy = one_policy(tmp_path, MINMAX, base=20, span=80, equal=choice)
    result = grade(pd.DataFrame({"x": [3.0, 3.0]}), policy).frame
    assert result["score"].tolist() == [score] * 2 if score else result["score"].isna().all()
    assert set(result["missing"]) == ({""} if score else {"parameter:equal"})


def test_rank_by_one_indicator_lower_first(tmp_path):
    method = RANK.replace('en = "x"', 'en = "x", direction = "lower"')
    result = grade(pd.DataFrame({"x": [3.0, 1.0, 2.0, None, 5.0, 4.0]}), one_policy(tmp_path, method)).frame
    assert result["rank"].tolist()[:3] == [3, 1, 2]
    assert result["grade"].tolist()[:3] == ["B", "A", "B"]
    assert result["next_grade_gap"].tolist()[:3] == pytest.approx([2.0, np.nan, 1.0], nan_ok=True)
    assert (result["score_unit"] == "万元/亩").all()

import numpy as np
import pandas as pd
import pytest
from gradingpack import BANDS, METHOD, one_policy

from mudian.errors import PackError
from mudian.rules.grading.benchmarks import exact_mean
from mudian.rules.grading.grade import grade


def method(rest, kernel="ratio", more=""):
    head = f'{METHOD}kernel = "{kernel}"\n{more}'
    return head + f'indicators = [{{ metric = "tax_per_mu", zh = "税", en = "tax", weight = "w1", {rest} }}]\n' + BANDS


# 10 万元 on 1 亩 and 10 万元 on 9 亩: the mean is 20 / 10 = 2, never (10 + 1.11) / 2 = 5.56.
FRAME = pd.DataFrame({"tax_wan": [10.0, 10.0], "land_mu": [1.0, 9.0]})


def test_a_mean_is_the_ratio_of_sums(tmp_path):
    result = grade(FRAME, one_policy(tmp_path, method('rule = "mean"')))
    assert result.frame["score"].tolist() == pytest.approx([60 * 10 / 2, 60 * (10 / 9) / 2])


def test_a_mean_of_values_where_the_method_says_so(tmp_path):
    result = grade(FRAME, one_policy(tmp_path, method('rule = "mean", mean = "of_values"')))
    mean = (10 + 10 / 9) / 2
    assert result.frame["score"].tolist() == pytest.approx([600 / mean, 60 * (10 / 9) / mean])


def test_times_the_mean(tmp_path):
    result = grade(FRAME, one_policy(tmp_path, method('rule = "mean", times = "two"'), two=2))
    assert result.frame["score"][0] == pytest.approx(60 * 10 / 4)


def test_the_maximum(tmp_path):
    result = grade(FRAME, one_policy(tmp_path, method('rule = "max"')))
    assert result.frame["score"].tolist() == pytest.approx([60.0, 60 / 9])


def test_a_mean_without_its_sums_names_them(tmp_path):
    policy = one_policy(tmp_path, method('rule = "mean"'))
    result = grade(pd.DataFrame({"tax_per_mu": [3.0, 4.0]}), policy).frame
    assert result["score"].isna().all()
    assert set(result["missing"]) == {"land_mu;tax_wan"}


def test_a_mean_in_the_unit_of_the_benchmark(tmp_path):
    policy = one_policy(tmp_path, method('rule = "mean", factor = "f"'), f=10000)
    assert grade(FRAME, policy).frame["score"].tolist() == pytest.approx([300.0, 60 * (10 / 9) / 2])


def test_means_within_the_group(tmp_path):
    groups = 'group_column = "g"\nover = "group"\n'
    frame = pd.DataFrame({"tax_wan": [4.0, 8.0, 30.0], "land_mu": [1.0, 1.0, 1.0], "g": ["甲", "甲", "乙"]})
    result = grade(frame, one_policy(tmp_path, method('rule = "mean"', more=groups)))
    assert result.frame["score"].tolist() == pytest.approx([40.0, 80.0, 60.0])


@pytest.mark.parametrize("rest", ['benchmark = "b1"', 'rule = "mean"'])
def test_a_benchmark_that_is_not_positive_names_its_indicator(rest, tmp_path):
    policy = one_policy(tmp_path, method(rest), values={"w1": 60, "b1": 0, "b2": 1, "a": 20, "b": 60, "c": 95})
    frame = FRAME.assign(tax_wan=[-10.0, 10.0])
    with pytest.raises(PackError, match="不是正数") as caught:
        grade(frame, policy)
    assert "tax_per_mu" in caught.value.render("en")


def test_inverse_mean_of_a_column_that_is_no_ratio(tmp_path):
    text = method('rule = "mean"', kernel="inverse_mean").replace("tax_per_mu", "cod")
    result = grade(pd.DataFrame({"cod": [0.0, 2.0, 4.0]}), one_policy(tmp_path, text))
    assert result.frame["score"].tolist() == pytest.approx([60.0, 30.0, 0.0])


def test_a_mean_does_not_depend_on_the_order():
    values = np.array([1e16, 1.0, -1e16, 0.1, 0.2])
    assert exact_mean(values) == exact_mean(values[::-1]) == exact_mean(np.sort(values))

import numpy as np
import pandas as pd
import pytest
from gradingpack import RANK, TWO, one_policy

from mudian.rules.grading.adjust import Limits, apply
from mudian.rules.grading.grade import grade

CAP = Limits(veto=2, protection=2, force=False, veto_first=True)


def after(code, rules, veto, protected):
    flags = [pd.Series([f], dtype="boolean") for f in (veto, protected)]
    return int(apply(np.array([code]), rules, veto=flags[0], protected=flags[1])[0])


@pytest.mark.parametrize(
    ("code", "veto", "protected", "expected"),
    [
        (0, True, False, 2),  # not A or B: at best C
        (1, True, False, 2),
        (2, True, False, 2),
        (3, True, False, 3),  # not automatically D, and D stays
        (3, False, True, 2),  # protected from D
        (3, True, True, 3),  # except when a veto applies
        (0, True, True, 2),
        (0, False, True, 0),
        (3, False, False, 3),
        (-1, False, False, -1),
        (0, None, False, -1),  # would matter
        (2, None, False, 2),  # would not
        (3, None, False, 3),
        (3, False, None, -1),
        (1, False, None, 1),
        (3, True, None, 3),
        (3, None, True, -1),
    ],
)
def test_veto_goes_before_protection(code, veto, protected, expected):
    assert after(code, CAP, veto, protected) == expected


def test_protection_before_veto():
    rules = Limits(veto=3, protection=2, force=True, veto_first=False)
    assert after(0, rules, True, True) == 2
    assert after(0, rules, True, False) == 3


def test_a_veto_may_force_its_grade():
    rules = Limits(veto=3, protection=None, force=True, veto_first=True)
    assert [after(c, rules, True, False) for c in range(4)] == [3, 3, 3, 3]


POINTS = """adjustments = [
  { column = "plus", sign = "+", zh = "加", en = "plus", missing = "zero", most = "most" },
  { column = "lets", sign = "-", zh = "租", en = "lets", first = "first", further = "further" },
]
"""


def test_points_are_added_and_taken_off_after_the_sum(tmp_path):
    policy = one_policy(tmp_path, TWO + POINTS, most=8, first=10, further=5)
    frame = pd.DataFrame({"x": 10.0, "y": 5.0, "plus": [3.0, 20.0, None, 0.0], "lets": [0, 1, 3, None]})
    result = grade(frame, policy)
    assert result.frame["adjusted"].tolist()[:3] == [3.0, 8.0 - 10.0, -20.0]
    assert result.frame["score"].tolist()[:3] == [103.0, 98.0, 80.0]
    assert np.isnan(result.frame["score"][3])
    assert result.frame["missing"][3] == "lets"
    assert "adjusted" in result.frame["reasons"][0]


def test_a_column_that_counts_for_nothing_by_the_method_is_said(tmp_path):
    policy = one_policy(tmp_path, TWO + POINTS, most=8, first=10, further=5)
    result = grade(pd.DataFrame({"x": [10.0], "y": [5.0], "lets": [0]}), policy)
    assert result.frame["score"].tolist() == [100.0]
    assert result.left_out == ("plus",)


VETO = """veto = { zh = "否决", en = "veto", grade = "C", any = [{ metric = "vetoes", operator = "present" }] }
[methods.m.protection]
zh = "保护"
en = "protection"
grade = "C"
any = [{ metric = "young", operator = "is", expect = true }]
"""


def test_vetoes_and_protection_in_a_frame(tmp_path):
    frame = pd.DataFrame(
        {"x": np.arange(20.0)[::-1], "vetoes": [None] * 20, "young": pd.array([False] * 20, "boolean")}
    )
    frame["vetoes"] = frame["vetoes"].astype("str")
    frame.loc[0, "vetoes"] = "安全事故"
    frame.loc[1, "vetoes"] = " "
    frame.loc[19, "young"] = True
    result = grade(frame, one_policy(tmp_path, RANK + VETO)).frame
    assert result["grade"].tolist()[:4] == ["C", "A", "A", "A"]
    assert result["grade_by_rank"][0] == "A"
    assert (result["grade_by_rank"][19], result["grade"][19]) == ("D", "C")
    assert result["reasons"].tolist()[0] == "veto"
    assert "protected" in result["reasons"][19]
    assert result["next_grade_gap"][0] == 0.0  # points suffice for B; the veto stands in the way


def test_an_unknown_veto_leaves_open_only_what_it_would_change(tmp_path):
    frame = pd.DataFrame({"x": np.arange(20.0)[::-1], "young": False})
    result = grade(frame, one_policy(tmp_path, RANK + VETO)).frame
    assert result["grade"].isna().tolist() == [True] * 12 + [False] * 8
    assert set(result["missing"][:12]) == {"vetoes"}
    assert set(result["missing"][12:]) == {""}


def test_the_effect_of_a_veto_is_a_choice(tmp_path):
    method = RANK + 'by = { veto_effect = "effect" }\n' + VETO
    frame = pd.DataFrame({"x": np.arange(20.0)[::-1], "young": False, "vetoes": ["事故", *[None] * 19]})
    forced = one_policy(
        tmp_path,
        method.replace('grade = "C", any = [{ metric = "vetoes"', 'grade = "D", any = [{ metric = "vetoes"'),
        effect="force",
    )
    assert grade(frame, forced).frame["grade"][0] == "D"

import pandas as pd
import pytest
from gradingpack import DAY, RANK, TWO, one_policy, write_pack

from mudian.errors import PackError
from mudian.packs.policy import policies
from mudian.rules.grading.grade import grade

FRAME = pd.DataFrame({"x": [4.0, 3.0, 2.0, 1.0], "above_scale": pd.array([True, False, None, True], "boolean")})
SCALES = {"up": RANK + 'scale = "above"\n', "low": RANK + 'scale = "below"\n'}


def both(folder, methods=SCALES, **more):
    return policies([write_pack(folder, methods=methods, **more)], as_of=DAY)


def test_every_scale_is_ranked_by_itself(tmp_path):
    result = grade(FRAME, both(tmp_path)).frame
    assert result["method"].tolist()[:2] == ["up", "low"]
    assert result["method"].isna().tolist() == [False, False, True, False]
    assert result["rank"].tolist()[0:2] == [1, 1]
    assert result["missing"].tolist() == ["", "", "above_scale", ""]
    assert result["grade"].isna()[2]


def test_an_unknown_scale_is_found_and_named(tmp_path):
    found = grade(FRAME, both(tmp_path)).findings(pd.Series(["a", "b", "c", "d"]))
    row = found[found["subject_id"] == "c"]
    assert row["outcome"].isna().all()
    assert row["missing"].tolist() == ["above_scale"]


def test_outside_every_method_there_is_no_finding(tmp_path):
    result = grade(FRAME, both(tmp_path, {"up": SCALES["up"]}))
    assert result.frame["reasons"].tolist()[1] == "outside"
    assert "b" not in set(result.findings(pd.Series(["a", "b", "c", "d"]))["subject_id"])
    assert result.frame["missing"][1] == ""


def test_two_methods_of_one_pack_for_one_enterprise_are_refused(tmp_path):
    with pytest.raises(PackError, match="多个评价办法") as caught:
        grade(FRAME, both(tmp_path, {"up": SCALES["up"], "all": RANK}))
    assert "up, all" in caught.value.render("en")
    assert grade(FRAME, both(tmp_path, {"up": SCALES["up"], "all": RANK}), method="all").frame["rank"].notna().all()


def test_the_last_pack_with_methods_grades(tmp_path):
    province = write_pack(tmp_path, name="province", methods={"p": RANK})
    county = write_pack(tmp_path, name="county", methods=SCALES)
    policy = policies([province, county], as_of=DAY)
    assert set(grade(FRAME, policy).frame["method"].dropna()) == {"up", "low"}
    both_named = grade(FRAME, policy, method=["p", "up"]).frame["method"]
    assert both_named.tolist()[:2] == ["up", "p"]
    assert both_named.isna()[2]  # whether the county's method applies is not known


def test_a_method_that_is_not_there_is_named(tmp_path):
    with pytest.raises(PackError, match="没有评价办法 upp") as caught:
        grade(FRAME, both(tmp_path), method="upp")
    assert "up, low" in caught.value.render("en")


def test_without_methods_nobody_is_graded(tmp_path):
    policy = policies([write_pack(tmp_path, methods=SCALES)], as_of=DAY.replace(year=2019))
    result = grade(FRAME, policy)
    assert result.frame["grade"].isna().all()
    assert len(result.quotas) == 0
    assert len(result.findings(pd.Series(list("abcd")))) == 0


def test_limits_of_the_pack_hold_for_its_methods(tmp_path):
    policy = both(tmp_path, {"m": RANK}, limits='scale = "above"\nindustries = ["C"]\n')
    frame = FRAME.assign(industry_code=["C3411", "C13", "C13", None])
    result = grade(frame, policy).frame
    assert result["method"].tolist()[0] == "m"
    assert result["method"].isna().tolist() == [False, True, True, True]
    assert result["missing"].tolist() == ["", "", "above_scale", "industry_code"]


EXEMPT = """[[methods.m.exempt]]
grade = "T"
zh = "不宜评价"
en = "not suitable"
counts = true
treat_as = "B"
any = [
  { metric = "industry_code", operator = "starts_with_any", threshold = "suppliers" },
  { metric = "listed", operator = "is", expect = true, absent = "no" },
]
"""


def test_a_class_outside_the_ranking(tmp_path):
    policy = one_policy(tmp_path, RANK + EXEMPT, suppliers=["D", "44"])
    frame = pd.DataFrame({"x": range(10, 0, -1), "industry_code": ["D4411", "4411", *["C34"] * 7, None]})
    result = grade(frame, policy)
    assert result.frame["grade"].tolist()[:3] == ["T", "T", "A"]
    assert result.frame["treated_as"].tolist()[:3] == ["B", "B", "A"]
    assert result.frame["rank"].isna().tolist() == [True, True, *[False] * 7, True]
    assert (result.frame["missing"][9], result.frame["reasons"][0]) == ("industry_code", "exempt")
    assert result.left_out == ("listed",)
    quota = result.quotas.iloc[0]
    assert (quota["population"], quota["ranked"], quota["unscored"], quota["T"]) == (9, 7, 1, 2)


def test_whether_such_classes_count_is_a_choice(tmp_path):
    method = RANK + 'by = { exempt_counts = "t" }\n' + EXEMPT
    frame = pd.DataFrame({"x": range(10, 0, -1), "industry_code": ["D44", *["C34"] * 9]})
    found = {
        t: grade(frame, one_policy(tmp_path, method, suppliers=["D"], t=t)).quotas["population"][0]
        for t in (True, False)
    }
    assert found == {True: 10, False: 9}
    with pytest.raises(PackError, match="不能用"):
        grade(frame, one_policy(tmp_path, method, suppliers=["D"], t="maybe"))


GROUPS = """group_column = "own_group"
groups = [
  { id = "metal", zh = "金属", en = "metal", divisions = "metal" },
  { id = "rest", zh = "其他", en = "others", rest = true },
]
"""


def test_industry_groups_are_ranked_by_themselves(tmp_path):
    policy = one_policy(tmp_path, RANK + GROUPS, metal=["33", "31"])
    frame = pd.DataFrame({"x": [5.0, 4.0, 3.0, 2.0, 1.0], "industry_code": ["C3311", "31", "C1713", None, "A01"]})
    result = grade(frame, policy)
    assert result.frame["group"].tolist()[:3] == ["metal", "metal", "rest"]
    assert result.frame["rank"].tolist()[:3] == [1, 2, 1]
    assert (result.frame["missing"][3], result.frame["rank"][4]) == ("industry_code", 2)
    assert result.quotas["population"].tolist() == [2, 2]


def test_a_column_of_groups_goes_first(tmp_path):
    policy = one_policy(tmp_path, RANK + GROUPS, metal=None)
    frame = pd.DataFrame({"x": [2.0, 1.0, 3.0], "own_group": ["甲", "乙", None]})
    result = grade(frame, policy).frame
    assert result["group"].tolist()[:2] == ["甲", "乙"]
    assert result["missing"][2] == "own_group"


def test_divisions_that_are_not_given_are_named(tmp_path):
    policy = one_policy(tmp_path, RANK + GROUPS, metal=None)
    result = grade(pd.DataFrame({"x": [2.0], "industry_code": ["C33"]}), policy).frame
    assert result["missing"].tolist() == ["parameter:metal"]


def test_methods_of_one_s_own_in_a_notebook(tmp_path):
    policy = one_policy(tmp_path, TWO)
    own = policy.methods()["m"][1].model_copy(update={"ties_first": "up"})
    frame = pd.DataFrame({"x": [1.0] * 5, "y": [1.0] * 5})
    assert set(grade(frame, policy, method={"m": own}).frame["grade"]) == {"A"}
    assert set(grade(frame, policy).frame["grade"]) == {"B"}

"""Statements about a ranking: bounds, readings, units and tolerances, worked by hand."""

import pandas as pd
import pytest

import mudian as md
from mudian.errors import UsageError
from mudian.ranking.claims import make_claims

TABLE = pd.DataFrame(
    {"zone": list("abcd"), "年度": 2021, "排名": [10, 100, 150, None], "tax_wan": [10, 20, 30, 40], "area_mu": 10,
     "剩余面积（平方公里）": [1, 2, 3, 0.5]}
)  # fmt: skip


def check(**claim):
    found = md.rank_zones(TABLE).check([{"text": "…", **claim}]).findings
    return found[found["check"].isin(["claim", "rows"])].reset_index(drop=True)


def outcome(row):
    return None if pd.isna(row["outcome"]) else bool(row["outcome"])


@pytest.mark.parametrize(("reading", "least", "most"), [("last_n", 2, 3), ("after_rank", 1, 2), ("from_rank", 2, 3)])
def test_a_zone_without_a_rank_leaves_a_count_between_bounds(reading, least, most):
    for expected in range(5):
        row = check(metric="rank", kind="count", n=100, of=160, expected=expected, reading=reading).iloc[0]
        assert (row["found"], row["found_max"]) == (least, most)
        assert outcome(row) is (None if least <= expected <= most else False)


def test_all_readings_are_tried_and_the_last_n_only_with_the_number_of_zones():
    assert len(check(metric="rank", kind="count", n=100, of=160, expected=2)) == 3
    assert len(check(metric="rank", kind="count", n=100, expected=2)) == 2
    assert len(check(metric="综合排名", kind="个数", side="前", n=50, expected=1)) == 1


def test_all_fails_by_one_exception_and_is_open_with_a_missing_rank():
    failing = check(metric="rank", kind="all", side="first", n=100).iloc[0]
    assert outcome(failing) is False
    assert failing["zones"] == "c"
    assert outcome(check(metric="rank", kind="all", side="first", n=150).iloc[0]) is None


@pytest.mark.parametrize(
    ("expected", "unit", "holds"),
    [("6.5", "平方公里", True), ("6.4", "平方公里", False), (9750, "亩", True), (9751, "亩", False),
     ("650", "公顷", True), ("7", "平方公里", True)],  # half of the last digit stated
)  # fmt: skip
def test_sums_in_any_unit_to_the_digit_stated(expected, unit, holds):
    assert outcome(check(metric="剩余面积", kind="sum", expected=expected, unit=unit).iloc[0]) is holds


def test_a_ratio_of_the_whole_is_one_of_sums():
    assert outcome(check(metric="亩均税收", kind="ratio", expected=2.5, unit="万元/亩").iloc[0]) is True
    assert outcome(check(metric="tax_per_mu", kind="ratio", expected="37.5", unit="万元/公顷").iloc[0]) is True
    assert outcome(check(metric="tax_per_mu", kind="ratio", expected=2.6).iloc[0]) is False


def test_another_number_of_zones_is_said():
    found = check(metric="rank", kind="count", n=100, expected=3, rows=5, reading="after_rank")
    assert found["check"].tolist() == ["rows", "claim"]
    assert found.loc[0, ["found", "expected"]].tolist() == [4, 5]
    assert found.loc[1, ["found", "found_max"]].tolist() == [1, 3]
    assert outcome(found.iloc[1]) is None


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ({"metric": "天气", "kind": "sum", "expected": 1}, "天气"),
        ({"metric": "rank", "kind": "guess", "expected": 1}, "guess"),
        ({"metric": "rank", "kind": "count", "expected": 1}, "“n”"),
        ({"metric": "rank", "kind": "count", "n": 10}, "expected"),
        ({"metric": "rank", "kind": "count", "n": "ten", "expected": 1}, "ten"),
        ({"metric": "rank", "kind": "count", "n": 10, "expected": 1, "reading": "maybe"}, "maybe"),
        ({"metric": "tax_wan", "kind": "sum", "expected": 1, "unit": "亩"}, "亩"),
        ({"metric": "rank", "kind": "all", "n": 1, "colour": "red"}, "colour"),
    ],
)
def test_a_statement_that_is_not_understood_is_refused(claim, said):
    with pytest.raises(UsageError, match=said):
        make_claims([claim])

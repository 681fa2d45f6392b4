"""Generic rules of packs: every kind of comparison, gates, exemptions, and what is named when something is missing."""

import datetime as dt
import textwrap

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mudian.packs.policy import policies
from mudian.rules.conditions import judge
from mudian.rules.groups import division, group_average, hold_others

AS_OF = dt.date(2025, 12, 31)
HEAD = """
[pack]
id = "own"
title = { zh = "试", en = "test" }
topic = "zones"
{pack}
[documents.d]
title = "试"
number = "试〔2020〕1号"
in_force = 2020-01-01
status = "seen"
source = "test"
"""
VALUE = """
[values."{key}"]
zh = "试"
en = "test"
unit = "{unit}"
checked_on = 2026-01-01
history = [ {{ from = 2020-01-01, value = {value}, document = "d", clause = "一", status = "seen", source = "test" }} ]
"""
UNSET = """
[values."{key}"]
zh = "试"
en = "test"
unit = "年"
checked_on = 2026-01-01
history = []
"""


@pytest.fixture
def rule(tmp_path):
    """A rule from the body of its table, judged over a frame."""

    def make(body, frame, *, values=None, unset=(), pack="", more="", parameters=None):
        text = HEAD.replace("{pack}", pack)
        text += "".join(VALUE.format(key=k, value=v, unit="") for k, v in (values or {}).items())
        text += "".join(UNSET.format(key=k) for k in unset) + more
        text += (
            '[rules.r]\nfamily = "admission"\nsubject = "project"\nzh = "试"\nen = "test"\ndocument = "d"\n'
            'clause = "一"\n' + textwrap.dedent(body)
        )
        path = tmp_path / "own.toml"
        path.write_text(text, "utf-8")
        policy = policies([str(path)], as_of=AS_OF, parameters=parameters or {})
        before = frame.copy(deep=True)
        judged = judge(policy.rules()[0], frame, policy)
        pd.testing.assert_frame_equal(frame, before)
        assert judged.outcome.index.equals(frame.index)
        assert judged.outcome.dtype == "boolean"
        return judged

    return make


def listed(outcome):
    return [None if pd.isna(v) else bool(v) for v in outcome]


def one(operator, metric="x", **extra):
    pairs = {"metric": metric, "operator": operator} | extra
    words = ", ".join(f"{k} = {str(v).lower() if isinstance(v, bool) else repr(v)}" for k, v in pairs.items())
    return f"conditions = [ {{ {words} }} ]\n".replace("'", '"')


def test_a_fraction_written_as_text_is_exact(rule):
    frame = pd.DataFrame({"x": [1 / 3, 0.33, None]}, index=[3, 1, 2])
    judged = rule(one("<", threshold="k"), frame, values={"k": '"1/3"'})
    assert listed(judged.outcome) == [False, True, None]
    assert judged.missing.tolist() == ["", "", "x"]
    assert judged.clause == "试〔2020〕1号 一"


def test_a_column_that_is_not_there_is_named_for_all(rule):
    judged = rule(one("<", threshold="k"), pd.DataFrame({"y": [1, 2]}), values={"k": 1})
    assert listed(judged.outcome) == [None, None]
    assert judged.missing.tolist() == ["x", "x"]


def test_words_where_a_number_is_asked_for_are_missing_and_named(rule):
    judged = rule(one("<", threshold="k"), pd.DataFrame({"x": pd.Series(["5", "多"], dtype="str")}), values={"k": 1})
    assert listed(judged.outcome) == [None, None]
    assert judged.missing.tolist() == ["x", "x"]


def test_a_parameter_that_is_not_set_is_named(rule):
    frame = pd.DataFrame({"x": [1.0, None]})
    judged = rule(one("<", threshold="k"), frame, unset=["k"])
    assert [set(m.split(";")) for m in judged.missing] == [{"parameter:k"}, {"x", "parameter:k"}]
    assert listed(rule(one("<", threshold="k"), frame, unset=["k"], parameters={"k": 2}).outcome) == [True, None]


def test_present_says_no_of_an_empty_cell_and_nothing_of_a_column_never_given(rule):
    dates = pd.Series(["2020-01-01", None], dtype="datetime64[s]")
    assert listed(rule(one("present"), pd.DataFrame({"x": dates})).outcome) == [True, False]
    judged = rule(one("present"), pd.DataFrame({"y": dates}))
    assert listed(judged.outcome) == [None, None]
    assert judged.missing.tolist() == ["x", "x"]


@pytest.mark.parametrize(
    "cells",
    [
        pd.Series([True, False, None], dtype="boolean"),
        pd.Series(["是", "否", None], dtype="str"),
        pd.Series([1.0, 0.0, None]),
        pd.Series(["是", "no", "不详"], dtype="object"),
    ],
)
def test_yes_and_no_however_they_are_written(rule, cells):
    judged = rule(one("is", expect=False), pd.DataFrame({"x": cells}))
    assert listed(judged.outcome) == [False, True, None]
    assert judged.missing.tolist() == ["", "", "x"]


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("in", [True, False, False, None]),
        ("not_in", [False, True, True, None]),
        ("starts_with_any", [True, True, False, None]),
    ],
)
def test_words(rule, operator, expected):
    cells = pd.Series(["停产", "停产整顿", "正常", None], dtype="str")
    judged = rule(one(operator, threshold="k"), pd.DataFrame({"x": cells}), values={"k": '["停产", "半停产"]'})
    assert listed(judged.outcome) == expected
    assert judged.missing.tolist()[-1] == "x"


def test_contains_all_takes_any_of_the_marks_that_separate(rule):
    cells = pd.Series(["水;电；气", "电、水", "水", None], dtype="str")
    judged = rule(one("contains_all", threshold="k"), pd.DataFrame({"x": cells}), values={"k": '["水", "电"]'})
    assert listed(judged.outcome) == [True, True, False, None]


def test_between_holds_both_ends(rule):
    frame = pd.DataFrame({"x": [0.9, 1.0, 1.5, 2.0, 2.1, None]})
    judged = rule(one("between", threshold="k"), frame, values={"k": "[1.0, 2.0]"})
    assert listed(judged.outcome) == [False, True, True, True, False, None]
    assert judged.threshold.tolist()[:2] == [1.0, 1.0]
    assert judged.threshold.tolist()[3:5] == [2.0, 2.0]
    assert judged.missing.tolist()[-1] == "x"


def test_a_share_of_another_column(rule):
    frame = pd.DataFrame({"x": [1000.0, 1001.0, 5.0, 1.0, None], "y": [3000.0, 3000.0, None, 0.0, 3.0]})
    body = one(">", against="column", column="y", times="k")
    judged = rule(body, frame, values={"k": '"1/3"'})
    # Exactly a third is not more than a third; a share of nothing is missing, as any ratio is.
    assert listed(judged.outcome) == [False, True, None, None, None]
    assert judged.missing.tolist() == ["", "", "y", "y", "x"]
    assert judged.threshold.tolist()[0] == pytest.approx(1000.0)


def test_another_column_as_it_is_may_be_zero(rule):
    judged = rule(one("<", against="column", column="y"), pd.DataFrame({"x": [1.0, -1.0], "y": [0.0, 0.0]}))
    assert listed(judged.outcome) == [False, True]


def test_days_against_days_and_against_the_day_of_the_run(rule):
    days = pd.to_datetime(pd.Series(["2025-12-30", "2025-12-31", "2026-01-01", None])).astype("datetime64[s]")
    frame = pd.DataFrame({"x": days, "y": pd.Timestamp("2025-12-31")})
    assert listed(rule(one("<", against="as_of"), frame).outcome) == [True, False, False, None]
    judged = rule(one("<=", against="column", column="y"), frame)
    assert listed(judged.outcome) == [True, True, False, None]
    assert judged.missing.tolist() == ["", "", "", "x"]
    assert rule(one("<=", against="column", column="z"), frame).missing.tolist()[:1] == ["z"]


def test_years_ago_is_reached_on_the_anniversary(rule):
    days = pd.Series(["2024-12-31", "2025-01-01", "2023-12-31", None]).astype("datetime64[s]")
    judged = rule(one(">=", against="years_ago", threshold="k"), pd.DataFrame({"x": days}), values={"k": 1})
    assert listed(judged.outcome) == [True, False, True, None]
    assert judged.value.tolist()[0] == 1.0
    assert judged.missing.tolist()[-1] == "x"


def test_the_average_of_an_industry_is_a_ratio_of_sums(rule):
    # Industry 13: (10 + 90) / (10 + 10) = 5; 27: (100 + 10) / (10 + 100) = 1, where the mean of ratios is 5.05.
    frame = pd.DataFrame(
        {
            "tax_per_mu": [1.0, 9.0, 10.0, 0.1, None, 3.0],
            "tax_wan": [10.0, 90.0, 100.0, 10.0, None, 3.0],
            "land_mu": [10.0, 10.0, 10.0, 100.0, 50.0, 1.0],
            "industry_code": ["1311", "C132", "27", "2710", "27", None],
        }
    )
    judged = rule(one("<", metric="tax_per_mu", against="industry"), frame)
    assert judged.threshold.round(12).tolist()[:5] == [5.0, 5.0, 1.0, 1.0, 1.0]
    assert listed(judged.outcome) == [True, False, False, True, None, None]
    assert judged.missing.tolist()[4:] == ["tax_per_mu", "industry_code"]
    lacking = rule(one("<", metric="tax_per_mu", against="industry"), frame.drop(columns=["land_mu", "industry_code"]))
    assert lacking.missing.tolist()[0] == "land_mu;industry_code"


def test_an_industry_without_any_figure_has_no_average(rule):
    frame = pd.DataFrame({"tax_per_mu": [2.0], "tax_wan": [None], "land_mu": [3.0], "industry_code": ["13"]})
    judged = rule(one("<", metric="tax_per_mu", against="industry"), frame.astype({"tax_wan": float}))
    assert listed(judged.outcome) == [None]
    assert judged.missing.tolist() == ["tax_per_mu"]


def test_zone_and_county_averages(rule):
    frame = pd.DataFrame(
        {"tax_per_mu": [1.0, 3.0, 8.0], "tax_wan": [1.0, 3.0, 8.0], "area_mu": 1.0, "zone_id": ["a", "a", "b"]}
    )
    assert rule(one("<", metric="tax_per_mu", against="zone"), frame).threshold.tolist() == [2.0, 2.0, 8.0]
    assert rule(one("<", metric="tax_per_mu", against="county"), frame).threshold.tolist() == [4.0, 4.0, 4.0]


def test_half_of_an_average(rule):
    frame = pd.DataFrame({"tax_per_mu": [1.0, 3.0], "tax_wan": [1.0, 3.0], "land_mu": [1.0, 1.0]})
    judged = rule(one("<", metric="tax_per_mu", against="county", times="k"), frame, values={"k": 0.5})
    assert listed(judged.outcome) == [False, False]  # exactly half is not below half
    assert judged.threshold.tolist() == [1.0, 1.0]


TABLE = """
[tables.t]
zh = "试"
en = "test"
unit = "ratio"
key = "industry_code"
{edition}
document = "d"
clause = "附件"
source = "test"
checked_on = 2026-01-01
from = 2020-01-01
rows = [ ["13", 1.0, "农副食品", "seen"], ["27", 0.7, "医药", "recalled"] ]
"""


def test_a_table_by_division(rule):
    frame = pd.DataFrame({"x": [1.0, 0.9, 5.0, 5.0], "industry_code": ["1311", "C13", "99", None]})
    body = one(">=", against="table", table="t", key="industry_code")
    judged = rule(body, frame, more=TABLE.format(edition=""))
    assert listed(judged.outcome) == [True, False, None, None]
    assert judged.missing.tolist() == ["", "", "industry_code", "industry_code"]


def test_a_table_of_another_edition_does_not_answer(rule):
    frame = pd.DataFrame(
        {"x": 1.0, "industry_code": "13", "industry_code_edition": ["GB/T 4754-2002", "GB/T 4754-2017", None]}
    )
    body = one(">=", against="table", table="t", key="industry_code")
    judged = rule(body, frame, more=TABLE.format(edition='edition = "GB/T 4754-2002"'))
    assert listed(judged.outcome) == [True, None, None]
    assert judged.missing.tolist() == ["", "industry_code_edition", "industry_code_edition"]
    bare = rule(body, frame.drop(columns="industry_code_edition"), more=TABLE.format(edition='edition = "x"'))
    assert bare.missing.tolist() == ["industry_code_edition"] * 3


def test_a_recalled_row_of_a_table_does_not_answer(rule):
    frame = pd.DataFrame({"x": [1.0], "industry_code": ["27"]})
    judged = rule(one(">=", against="table", table="t", key="industry_code"), frame, more=TABLE.format(edition=""))
    assert listed(judged.outcome) == [None]


TWO = """
combine = "{how}"
{extra}
conditions = [
  {{ metric = "x", operator = ">=", threshold = "k" }},
  {{ metric = "y", operator = ">=", threshold = "k" }},
  {{ metric = "z", operator = ">=", threshold = "k" }},
]
"""


@pytest.mark.parametrize(
    ("how", "expected", "missing"),
    [
        ("all", [True, False, None, False], ["", "", "y", ""]),
        ("any", [True, True, True, None], ["", "", "", "y"]),
        ("at_least", [True, False, None, False], ["", "", "y", ""]),
    ],
)
def test_ways_to_combine(rule, how, expected, missing):
    frame = pd.DataFrame({"x": [1, 1, 1, 0], "y": [1, 0, None, None], "z": [1, 0, 1, 0]})
    if how == "at_least":
        frame["z"] = [0, 0, 0, 0]
    extra = 'at_least = "n"' if how == "at_least" else ""
    judged = rule(TWO.format(how=how, extra=extra), frame, values={"k": 1, "n": 2})
    assert listed(judged.outcome) == expected
    assert judged.missing.tolist() == missing
    assert [p.rule_id for p in judged.parts] == ["r/1", "r/2", "r/3"]


def test_the_count_itself_may_be_lacking(rule):
    frame = pd.DataFrame({"x": [1], "y": [1], "z": [1]})
    judged = rule(TWO.format(how="at_least", extra='at_least = "n"'), frame, values={"k": 1}, unset=["n"])
    assert listed(judged.outcome) == [None]
    assert judged.missing.tolist() == ["parameter:n"]


GATED = """
gate = [ { metric = "above", operator = "is", expect = true } ]
exempt = [ { metric = "new", operator = "is", expect = true } ]
conditions = [ { metric = "x", operator = "<", threshold = "k" } ]
"""


def test_gates_take_out_and_exemptions_excuse(rule):
    frame = pd.DataFrame(
        {
            "above": pd.array([True, False, None, True, True, None], dtype="boolean"),
            "new": pd.array([False, False, False, True, None, None], dtype="boolean"),
            "x": [1.0, 1.0, 1.0, 1.0, 1.0, 9.0],
        }
    )
    judged = rule(GATED, frame, values={"k": 5})
    assert listed(judged.outcome) == [True, False, None, False, None, False]
    assert judged.applies.tolist() == [True, False, True, True, True, True]
    assert judged.missing.tolist() == ["", "", "above", "", "new", ""]
    rows = judged.findings("project", pd.Series(list("abcdef"), dtype="str"))
    assert rows["subject_id"].tolist() == ["a", "c", "d", "e", "f"]


def test_limits_of_a_pack_are_gates(rule):
    frame = pd.DataFrame(
        {
            "zone_level": ["省级", "国家级", None, "省级", "省级", "省级"],
            "industry_code": ["C1311", "C13", "C13", "13", "F51", None],
            "above_scale": pd.array([True] * 6, dtype="boolean"),
            "x": 1.0,
        }
    )
    pack = 'zone_levels = ["省级"]\nindustries = ["C"]\nscale = "above"'
    judged = rule(one("<", threshold="k"), frame, values={"k": 5}, pack=pack)
    # A code without the letter of its section does not say whether it is manufacturing.
    assert listed(judged.outcome) == [True, False, None, None, False, None]
    assert judged.missing.tolist() == ["", "", "zone_level", "industry_code", "", "industry_code"]
    by_number = rule(one("<", threshold="k"), frame, values={"k": 5}, pack='industries = ["13"]')
    assert listed(by_number.outcome) == [True, True, True, True, False, None]


def test_division():
    codes = pd.Series(["C1311", "27", "c4110", "x", None, "5"], index=list("abcdef"))
    found = division(codes)
    assert found.fillna("-").tolist() == ["13", "27", "41", "-", "-", "-"]
    assert found.index.tolist() == list("abcdef")


figures = st.one_of(st.none(), st.floats(0.1, 1000))


@given(st.lists(st.tuples(figures, figures, st.sampled_from(["13", "27", None])), min_size=1, max_size=12), st.data())
def test_averages_hold_when_rows_are_taken_one_by_one(rows, data):
    frame = pd.DataFrame(rows, columns=["tax_wan", "land_mu", "industry_code"])
    frame = frame.astype({"tax_wan": float, "land_mu": float, "industry_code": "str"})
    group = data.draw(st.sampled_from(["industry", "county"]))
    whole, _ = group_average(frame, "tax_per_mu", group)
    held = hold_others(frame, [("tax_per_mu", group)])
    row = data.draw(st.integers(0, len(frame) - 1))
    alone, _ = group_average(held.iloc[[row]], "tax_per_mu", group)
    np.testing.assert_allclose(alone.to_numpy(), whole.iloc[[row]].to_numpy(), rtol=1e-9)
    # The figure of one row moves: the average is that of the whole table with this one figure moved.
    moved = frame.copy()
    moved.loc[row, "tax_wan"] = frame["tax_wan"][row] * 1.5
    expected, _ = group_average(moved, "tax_per_mu", group)
    single, _ = group_average(held.assign(tax_wan=frame["tax_wan"] * 1.5).iloc[[row]], "tax_per_mu", group)
    np.testing.assert_allclose(single.to_numpy(), expected.iloc[[row]].to_numpy(), rtol=1e-9)


def test_moved_thresholds(rule, tmp_path):
    rule(one("<", metric="x", against="column", column="y"), pd.DataFrame({"x": [1.05], "y": [1.0]}))
    policy = policies([str(tmp_path / "own.toml")], as_of=AS_OF)
    frame = pd.DataFrame({"x": [1.05], "y": [1.0]})
    active = policy.rules()[0]
    assert listed(judge(active, frame, policy.with_factor(1.1, ["r/1"])).outcome) == [True]
    assert listed(judge(active, frame, policy.with_factor(1.1, ["other/1"])).outcome) == [False]
    assert listed(judge(active, frame, policy.with_factor(1.1)).outcome) == [True]

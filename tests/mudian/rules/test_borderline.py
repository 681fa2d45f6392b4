"""Borderline list: every move by hand, and the whole list against moving one thing at a time and judging all again."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mudian.packs.policy import policies
from mudian.rules.borderline import borderline, borderline_inefficient, join_borderline, near_limits
from mudian.rules.conditions import judge
from mudian.rules.idle import judge_idle
from mudian.rules.inefficient import judge_inefficient
from mudian.rules.moves import input_names, moves, rebuild_ratios, step, threshold_names

AS_OF = dt.date(2026, 1, 1)
HUZHOU = policies(["huzhou-2021"], as_of=AS_OF)
DONGYANG = policies(["dongyang-2017"], as_of=AS_OF)
MINHOU = policies(["minhou-2018"], as_of=AS_OF, parameters={"minhou.output.stopped_years": 2})


SHARE = "minhou.unfinished.developed_share"


def firms(tax, land, *, above=True, code="13"):
    table = pd.DataFrame({"tax_wan": tax, "land_mu": land, "above_scale": above, "industry_code": code})
    table["above_scale"] = table["above_scale"].astype("boolean")
    return rebuild_ratios(table.assign(tax_per_mu=table["tax_wan"] / table["land_mu"]))


def single(count):
    return pd.DataFrame({"parcel": range(count), "enterprise": range(count), "area_m2": 1.0})


def by(found):
    return [set(filter(None, text.split(";"))) for text in found.reasons()["inefficient"]]


def test_the_steps_are_settings_and_no_law():
    assert (step("threshold"), step("input")) == (0.1, 0.01)


def test_moves_of_huzhou_by_hand():
    # 规上 limit 6, moved to 5.4 and 6.6; an input moved by 1 % moves the tax per mu by about as much.
    table = firms([66.1, 65.9, 60.7, 60.5, 60.0, 59.5, 54.1, 53.9], 10.0)
    found = borderline_inefficient(pd.DataFrame(index=range(8)), table, single(8), HUZHOU)
    limit, tax, land = "huzhou.tax_above_scale ±10 %", "tax_wan ±1 %", "land_mu ±1 %"
    assert by(found) == [
        set(), {limit}, {limit}, {limit, tax, land}, {limit, tax, land}, {limit, tax, land}, {limit}, set(),
    ]  # fmt: skip
    table_ = found.table()
    assert table_["borderline"].tolist() == [False, True, True, True, True, True, True, False]
    assert table_["borderline_by"][1] == "inefficient: huzhou.tax_above_scale ±10 %"
    assert found.flags()["inefficient"].tolist() == table_["borderline"].tolist()


def test_land_that_decides_by_its_size():
    # Below scale, tax per mu 4: only the 10 mu count. 9.0 is reached by moving the limit, 9.95 by moving the land too.
    table = firms([44.4, 44.0, 39.8, 36.4, 36.0, 35.9], [11.1, 11.0, 9.95, 9.1, 9.0, 8.975], above=False)
    found = borderline_inefficient(pd.DataFrame(index=range(6)), table, single(6), HUZHOU)
    limit, land = "huzhou.land ±10 %", "land_mu ±1 %"
    # 11.0 is not below 11.0 and stays large; 9.0 is as large as the lowered limit.
    assert by(found) == [set(), set(), {limit, land}, {limit}, {limit}, set()]


def test_an_average_moves_as_a_threshold_and_only_by_the_own_figure_as_an_input():
    # Average of three: (10 + 10.05 + 20) / 3 = 13.35; alone in its industry an enterprise is its own average.
    table = firms([10.0, 13.30, 16.75, 8.0], 1.0, code=["13", "13", "13", "27"])
    average = (10.0 + 13.30 + 16.75) / 3
    assert average == pytest.approx(13.35)
    found = borderline_inefficient(pd.DataFrame(index=range(4)), table, single(4), DONGYANG)
    # 13.30: own tax +1 % gives 13.433 against (10 + 13.433 + 16.75) / 3 = 13.394: flips. 8.0 stays equal to itself,
    # whichever way its own figure moves, and flips when the average is held against it 10 % higher.
    assert by(found) == [
        set(),
        {"dongyang.low/2 ±10 %", "tax_wan ±1 %", "land_mu ±1 %"},
        set(),
        {"dongyang.low/2 ±10 %"},
    ]


def test_priority_alone_does_not_make_a_verdict_borderline():
    # Land of 3 mu with a tax of 1 per mu is low with and without the priority; its verdict stays.
    found = borderline_inefficient(pd.DataFrame(index=range(1)), firms([3.0], 3.0), single(1), DONGYANG)
    assert by(found) == [set()]


def test_one_holder_moves_alone_and_a_threshold_moves_for_all():
    table = firms([59.9, 59.9, 100.0], 10.0)
    links = pd.DataFrame({"parcel": [0, 0, 1, 1], "enterprise": [0, 1, 0, 2], "area_m2": 1.0})
    found = borderline_inefficient(pd.DataFrame(index=range(2)), table, links, HUZHOU)
    # Parcel 0: both low; one alone no longer low makes them differ. Parcel 1: they differ; with the first one not low
    # none is low.
    every = {"huzhou.tax_above_scale ±10 %", "tax_wan ±1 %", "land_mu ±1 %"}
    assert by(found) == [every, every]


def test_idle_and_unsupplied_land_is_not_borderline_in_its_efficiency():
    parcels = pd.DataFrame({"supply_status": ["supplied", "supplied", "unsupplied"]})
    idle = pd.Series(["not_idle", "idle_1y", "not_due"])
    found = borderline_inefficient(parcels, firms([60.0] * 3, 10.0), single(3), HUZHOU, idle_status=idle)
    assert found.table()["borderline"].tolist() == [True, False, False]


def site(**changed):
    made = {
        "actual_completion": pd.Series([None], dtype="datetime64[s]").array,
        "stopped_since": pd.Series(["2024-06-01"], dtype="datetime64[s]").array,
        "stop_approved": pd.array([False], dtype="boolean"),
        "developed_m2": [5000.0],
        "should_develop_m2": [9000.0],
        "invested_wan": [60.0],
        "total_investment_wan": [100.0],
    }
    return pd.DataFrame(made | changed)


@pytest.mark.parametrize(
    ("changed", "names"),
    [
        ({}, set()),
        ({"developed_m2": [3300.0]}, {f"{SHARE} ±10 %"}),
        ({"developed_m2": [3301.0]}, set()),
        ({"developed_m2": [2990.0]}, {f"{SHARE} ±10 %", "developed_m2 ±1 %", "should_develop_m2 ±1 %"}),
        ({"invested_wan": [24.0]}, {"minhou.unfinished.invested_share ±10 %"}),
        ({"stopped_since": pd.array(["2024-12-20"], dtype="datetime64[s]")}, {"minhou.unfinished.stopped_years ±10 %"}),
    ],
)
def test_rules_on_parcels_by_hand(changed, names):
    # 3300 / 9000 = 0.3667 is exactly 1.1 thirds: not more than that. Days do not move, but the years asked for do.
    empty = firms([], [])
    found = borderline_inefficient(site(**changed), empty, single(0), MINHOU)
    assert by(found) == [names]


def test_statuses_and_verdicts_of_code_are_tried_with_the_keys_given():
    policy = policies(["huzhou-2021"], as_of=AS_OF)

    def verdicts(frame, given_policy):
        limit = given_policy.number("huzhou.land")
        status = pd.Series(np.where(frame["size"] >= limit, "large", "small"), frame.index, dtype="str")
        return {"status": status.where(frame["size"].notna()), "large": (frame["size"] >= limit).astype("boolean")}

    frame = pd.DataFrame({"size": [8.0, 9.5, 10.5, None, 9.95]}, index=list("abcde"))
    found = borderline(verdicts, frame, policy, keys=["huzhou.land"], inputs=["size"])
    assert found.flags()["status"].tolist() == [False, True, True, False, True]
    assert found.reasons()["status"].tolist() == [
        "", "huzhou.land ±10 %", "huzhou.land ±10 %", "", "huzhou.land ±10 %;size ±1 %",
    ]  # fmt: skip
    assert found.table().index.tolist() == list("abcde")
    near = np.array([False, True, False, False, False])
    few = borderline(verdicts, frame, policy, keys=["huzhou.land"], near=near)
    assert few.flags()["large"].tolist() == near.tolist()


def test_idle_land_near_its_day_and_its_shares():
    policy = policies(["national"], as_of=dt.date(2025, 12, 31))
    empty = pd.Series([None] * 4, dtype="datetime64[s]")
    frame = pd.DataFrame(
        {
            "supply_status": "supplied",
            "ownership": "国有",
            "agreed_start": pd.Series(["2025-01-15", "2025-03-01", "2020-01-01", "2020-01-01"], dtype="datetime64[s]"),
            "actual_start": pd.Series([None, None, "2020-02-01", "2020-02-01"], dtype="datetime64[s]"),
            "stopped_since": pd.Series([None, None, "2023-01-01", "2023-01-01"], dtype="datetime64[s]"),
            "resumed_on": empty,
            "actual_completion": empty,
            "developed_m2": [0.0, 0.0, 3003.0, 3400.0],
            "should_develop_m2": 9000.0,
            "invested_wan": [0.0, 0.0, 90.0, 90.0],
            "total_investment_wan": 100.0,
        }
    )
    base = judge_idle(frame, policy)
    assert base.frame["idle_status"].tolist() == ["not_due", "not_due", "not_idle", "not_idle"]
    found = borderline(
        lambda f, p: {"idle_status": judge_idle(f, p).frame["idle_status"]},
        frame,
        policy,
        keys=["idle.start_years", "idle.stop_developed"],
        inputs=["developed_m2", "should_develop_m2"],
        near=near_limits(base.rules, frame.index),
    )
    # 350 days are 0.96 years, 305 days are 0.84; 3003 / 9000 is 0.1 % above a third, 3400 / 9000 is 13 % above it.
    assert found.reasons()["idle_status"].tolist() == [
        "idle.start_years ±10 %", "", "idle.stop_developed ±10 %;developed_m2 ±1 %;should_develop_m2 ±1 %", "",
    ]  # fmt: skip


def test_several_lists_together():
    frame = pd.DataFrame({"x": [1.0]})
    one = borderline(lambda f, p: {"a": f["x"] > 1}, frame, HUZHOU, inputs=["x"])
    two = borderline(lambda f, p: {"b": f["x"] > 5}, frame, HUZHOU, inputs=["x"])
    both = join_borderline([one, two])
    assert both.flags().columns.tolist() == ["a", "b"]
    assert both.table()["borderline_by"].tolist() == ["a: x ±1 %"]


def test_what_can_be_moved():
    rules = DONGYANG.rules("inefficient")
    assert threshold_names(rules, DONGYANG) == [
        "dongyang.tax_low", "dongyang.low/2", "dongyang.priority_land", "dongyang.priority_share",
    ]  # fmt: skip
    assert input_names(rules, firms([1.0], 1.0)) == ["tax_wan", "land_mu"]
    assert input_names(rules, firms([1.0], 1.0).drop(columns="tax_wan")) == ["tax_per_mu", "land_mu"]
    yangzhou = policies(["yangzhou-2025"], as_of=AS_OF)
    assert threshold_names(yangzhou.rules(), yangzhou) == []  # words do not move


def test_the_ends_of_a_range_move_apart(tmp_path):
    pack = tmp_path / "own.toml"
    pack.write_text(RANGE, "utf-8")
    policy = policies([str(pack)], as_of=AS_OF)
    rules = policy.rules()
    assert threshold_names(rules, policy) == ["r/1:low", "r/1:high"]
    frame = pd.DataFrame({"x": [8.9, 9.1, 10.5, 15.0, 19.0, 21.9, 22.1]})
    found = borderline(lambda f, p: {"v": judge(rules[0], f, p).outcome}, frame, policy, rules=rules, inputs=[])
    low, high = "r/1:low ±10 %", "r/1:high ±10 %"
    assert found.reasons()["v"].tolist() == ["", low, low, "", high, high, ""]


RANGE = """
[pack]
id = "own"
title = { zh = "试", en = "test" }
topic = "zones"
[documents.d]
title = "试"
in_force = 2020-01-01
status = "seen"
source = "test"
[values."range"]
zh = "试"
en = "test"
unit = ""
checked_on = 2026-01-01
history = [ { from = 2020-01-01, value = [10, 20], document = "d", clause = "一", status = "seen", source = "test" } ]
[rules.r]
family = "conform"
subject = "project"
zh = "试"
en = "test"
document = "d"
clause = "一"
conditions = [ { metric = "x", operator = "between", threshold = "range" } ]
"""


def test_near_limits_holds_every_row_that_can_turn():
    rules = HUZHOU.rules("inefficient")
    table = firms([40.0, 54.5, 60.0, 65.5, 70.0], 10.0)
    near = near_limits([judge(a, table, HUZHOU) for a in rules[:1]], table.index)
    assert near.tolist() == [False, True, True, True, False]


def brute(parcels, table, links, policy, idle):
    """One thing at a time, everything judged again."""

    def verdict(frame, given_policy):
        found = judge_inefficient(parcels, frame, links, given_policy, idle_status=idle).parcels["inefficient"]
        return found.to_numpy(dtype=np.int8, na_value=-1)

    base, flips = verdict(table, policy), {}
    for move in moves("threshold", threshold_names(policy.rules("inefficient"), policy)):
        flips.setdefault(move.label, np.zeros(len(parcels), bool))
        flips[move.label] |= verdict(table, move.policy(policy)) != base
    for column in ("tax_wan", "land_mu"):
        for move in moves("input", [column]):
            flips.setdefault(move.label, np.zeros(len(parcels), bool))
            for row in range(len(table)):
                moved = table.copy()
                moved.loc[row, column] = table.loc[row, column] * move.factor
                flips[move.label] |= verdict(rebuild_ratios(moved), policy) != base
    return {label: mask.tolist() for label, mask in flips.items() if mask.any()}


near_values = st.sampled_from([2.98, 3.0, 5.0, 5.4, 5.96, 6.0, 6.55, 9.0, 30.0])
rows = st.tuples(st.one_of(st.none(), near_values), st.sampled_from([9.95, 10.0, 2.9]), st.sampled_from([True, False]))


@settings(deadline=None, max_examples=40)
@given(
    st.lists(rows, min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 2), st.integers(-1, 3)), max_size=6, unique=True),
    st.sampled_from([HUZHOU, DONGYANG]),
    st.sampled_from([None, "idle_1y", "unknown"]),
)
def test_the_list_is_what_moving_one_thing_at_a_time_finds(enterprises, pairs, policy, idle_of_first):
    per_mu, land, above = (list(c) for c in zip(*enterprises, strict=True))
    # Others of the industry are rich and hold no land here, so that one enterprise hardly moves the average of another.
    table = firms([None if t is None else t * m for t, m in zip(per_mu, land, strict=True)], land, above=above)
    rich = firms([3e7], 1e6)
    table = pd.concat([table.astype(rich.dtypes.to_dict()), rich], ignore_index=True)
    pairs = [(p, e) for p, e in pairs if e < len(enterprises)]
    links = pd.DataFrame(pairs, columns=["parcel", "enterprise"], dtype="int64").assign(area_m2=1.0)
    parcels = pd.DataFrame(index=range(3))
    idle = None if idle_of_first is None else pd.Series([idle_of_first, "not_idle", "not_idle"])
    found = borderline_inefficient(parcels, table, links, policy, idle_status=idle)
    listed = {label: mask.tolist() for (_, label), mask in found.masks.items()}
    assert listed == brute(parcels, table, links, policy, idle)

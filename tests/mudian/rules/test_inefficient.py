"""Low-efficiency land: from enterprises to parcels, the precedence of idle land, and what is named when unknown."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mudian.packs.policy import policies
from mudian.rules.holders import Holders
from mudian.rules.inefficient import COLUMNS, judge_inefficient, own_text

AS_OF = dt.date(2026, 1, 1)
HUZHOU = policies(["huzhou-2021"], as_of=AS_OF)
YANGZHOU = policies(["yangzhou-2025"], as_of=AS_OF)
MINHOU = policies(["minhou-2018"], as_of=AS_OF, parameters={"minhou.output.stopped_years": 2})
LOW, FINE, OPEN = 0, 1, 2  # an enterprise that is low, one that is not, one without a tax


def firms():
    return pd.DataFrame(
        {
            "enterprise_id": ["low", "fine", "open"],
            "above_scale": pd.array([True, True, True], dtype="boolean"),
            "land_mu": [20.0, 20.0, 20.0],
            "tax_wan": [100.0, 200.0, None],
            "tax_per_mu": [5.0, 10.0, None],
        },
        index=[10, 20, 30],
    )


def held(*holders, area=100.0):
    """Links of parcel 0, 1, … with the given enterprises each."""
    pairs = [(p, e) for p, es in enumerate(holders) for e in es]
    frame = pd.DataFrame(pairs, columns=["parcel", "enterprise"]).astype("int64")
    return frame.assign(area_m2=area)


def land(size, **columns):
    return pd.DataFrame(columns, index=pd.Index([f"P{n}" for n in range(size)]))


def listed(outcome):
    return [None if pd.isna(v) else bool(v) for v in outcome]


@pytest.mark.parametrize(
    ("holders", "outcome", "missing"),
    [
        ((LOW,), True, ""),
        ((FINE,), False, ""),
        ((OPEN,), None, "tax_per_mu"),
        ((LOW, LOW), True, ""),  # twice the same enterprise is one holder
        ((LOW, FINE), None, "holders_differ"),
        ((LOW, OPEN), None, "tax_per_mu"),  # all known ones are low, one is not known
        ((FINE, OPEN), None, "tax_per_mu"),
        ((LOW, FINE, OPEN), None, "holders_differ"),  # whatever the third says, they differ
        ((LOW, -1), True, ""),  # a holder that is not in the table is not asked
        ((-1,), None, "enterprise"),
        ((), None, "enterprise"),
    ],
)
def test_a_parcel_has_what_its_holders_have_in_common(holders, outcome, missing):
    found = judge_inefficient(land(1), firms(), held(holders), HUZHOU)
    assert listed(found.parcels["inefficient"]) == [outcome]
    assert found.parcels["inefficient_missing"].tolist() == [missing]
    assert found.parcels["inefficient_class"].tolist() == ["规上低贡献" if outcome else ""]
    assert found.parcels.index.tolist() == ["P0"]
    assert tuple(found.parcels.columns) == COLUMNS == tuple(found.enterprises.columns)


def test_links_without_land_do_not_count():
    links = held((LOW, FINE)).assign(area_m2=[100.0, 0.0])
    assert listed(judge_inefficient(land(1), firms(), links, HUZHOU).parcels["inefficient"]) == [True]


def test_enterprises_keep_their_own_verdict():
    found = judge_inefficient(land(1), firms(), held((LOW,)), HUZHOU).enterprises
    assert listed(found["inefficient"]) == [True, False, None]
    assert found["inefficient_missing"].tolist() == ["", "", "tax_per_mu"]
    assert found.index.tolist() == [10, 20, 30]


def test_classes_of_several_rules_are_joined_in_either_language():
    small = firms().assign(above_scale=pd.array([False] * 3, dtype="boolean"), tax_per_mu=[1.0, 4.0, None])
    zh = judge_inefficient(land(2), small, held((0,), (1,)), HUZHOU).parcels
    assert zh["inefficient_class"].tolist() == ["规下低效益;用地低产出", "用地低产出"]
    en = judge_inefficient(land(1), small, held((0,)), HUZHOU, lang="en").parcels
    assert en["inefficient_class"].tolist() == ["below scale, low benefit;low output of land"]


def test_the_finding_on_holders_counts_them():
    found = judge_inefficient(land(3), firms(), held((LOW, FINE), (), (LOW,)), HUZHOU)
    judged = next(j for j in found.judged["parcel"] if j.rule_id == "inefficient.holders")
    rows = judged.findings("parcel", pd.Series(["a", "b", "c"], dtype="str"))
    assert rows["subject_id"].tolist() == ["a", "c"]
    assert rows["value"].tolist() == [1.0, 1.0]
    assert rows["threshold"].tolist() == [2.0, 1.0]
    assert rows["unit"].tolist() == ["家", "家"]
    assert rows["missing"].tolist() == ["holders_differ", ""]
    assert "三低" in rows["clause"][0]
    assert [j.rule_id for j in found.judged["enterprise"]] == [
        "huzhou.above_scale",
        "huzhou.below_scale",
        "huzhou.land",
    ]


@pytest.mark.parametrize("status", ["idle_1y", "idle_2y", "idle_stopped"])
def test_idle_land_is_never_merely_inefficient(status):
    idle = pd.Series([status, "not_idle", "not_due"], index=land(3).index)
    found = judge_inefficient(land(3), firms(), held((LOW,), (LOW,), (OPEN,)), HUZHOU, idle_status=idle)
    assert listed(found.parcels["inefficient"]) == [False, True, None]
    assert found.parcels["inefficient_class"].tolist() == ["", "规上低贡献", ""]
    judged = next(j for j in found.judged["parcel"] if j.rule_id == "precedence.idle_first")
    rows = judged.findings("parcel", pd.Series(["a", "b", "c"], dtype="str"))
    assert rows["subject_id"].tolist() == ["a"]
    assert listed(rows["outcome"]) == [True]
    assert rows["clause"].tolist() == ["国土资源部令第53号 第二条"]


def test_idle_land_is_false_even_where_the_criteria_are_unknown():
    idle = pd.Series(["idle_2y"], index=land(1).index)
    found = judge_inefficient(land(1), firms(), held((OPEN,)), HUZHOU, idle_status=idle).parcels
    assert listed(found["inefficient"]) == [False]
    assert found["inefficient_missing"].tolist() == [""]


def test_an_unknown_idle_status_leaves_the_verdict_and_is_found():
    idle = pd.Series(["unknown", None, "unknown"], index=land(3).index)
    found = judge_inefficient(land(3), firms(), held((LOW,), (LOW,), (FINE,)), HUZHOU, idle_status=idle)
    assert listed(found.parcels["inefficient"]) == [True, True, False]
    judged = next(j for j in found.judged["parcel"] if j.rule_id == "precedence.idle_first")
    rows = judged.findings("parcel", pd.Series(["a", "b", "c"], dtype="str"))
    assert rows["subject_id"].tolist() == ["a", "b"]
    assert listed(rows["outcome"]) == [None, None]
    assert rows["missing"].tolist() == ["idle_status", "idle_status"]


def test_land_that_is_not_supplied_is_neither():
    parcels = land(3, supply_status=["approved_unsupplied", "unsupplied", None])
    idle = pd.Series(["idle_1y", "unknown", "unknown"], index=parcels.index)
    found = judge_inefficient(parcels, firms(), held((LOW,), (), (LOW,)), HUZHOU, idle_status=idle)
    assert listed(found.parcels["inefficient"]) == [False, False, True]
    assert found.parcels["inefficient_missing"].tolist() == ["", "", ""]
    by_rule = {j.rule_id: j.applies.tolist() for j in found.judged["parcel"]}
    assert by_rule["precedence.not_supplied"] == [True, True, False]
    assert by_rule["precedence.idle_first"] == [False, False, True]


def test_words_of_rules_that_stand_in_no_pack_are_in_both_languages():
    for rule in ("precedence.idle_first", "precedence.not_supplied", "inefficient.holders"):
        assert own_text(rule)["zh"]
        assert own_text(rule)["en"]


def graded(*pairs):
    return pd.DataFrame(pairs, columns=["grade", "previous_grade"])


def test_what_a_person_decides_is_open_and_said():
    table = graded(("C", "C"), ("D", "D"), ("A", "B"), ("D", None))
    found = judge_inefficient(land(5), table, held((0,), (1,), (2,), (0, 2), (3,)), YANGZHOU)
    assert listed(found.enterprises["inefficient"]) == [None, True, False, None]
    assert listed(found.parcels["inefficient"]) == [None, True, False, None, None]
    assert found.parcels["inefficient_missing"].tolist() == [
        "review:yangzhou.grade_review", "", "", "review:yangzhou.grade_review", "previous_grade",
    ]  # fmt: skip
    assert found.parcels["inefficient_review"].tolist() == [
        "连续两年C类（待甄别）", "", "", "连续两年C类（待甄别）", "",
    ]  # fmt: skip


def works(**changed):
    made = {
        "actual_completion": pd.Series(["2015-01-01"], dtype="datetime64[s]").array,
        "tax_per_mu": [12.0],
        "tax_wan_incomplete": [False],
        "committed_tax_per_mu": [10.0],
        "stopped_since": pd.Series([None], dtype="datetime64[s]").array,
    }
    return pd.DataFrame(made | changed, index=["P0"])


def producing(*states, years=0.0):
    return pd.DataFrame(
        {
            "operating_status": list(states),
            "status_since": pd.Series(["2020-01-01"] * len(states), dtype="datetime64[s]"),
            "untaxed_years": years,
        }
    )


@pytest.mark.parametrize(
    ("states", "outcome", "missing"),
    [
        (("停产",), True, ""),
        (("正常生产",), False, ""),
        (("停产", "停产"), True, ""),
        (("停产", "正常生产"), None, "operating_status;holders_differ"),
        (("停产", None), None, "operating_status"),
        ((), None, "operating_status;status_since;untaxed_years"),
    ],
)
def test_rules_on_parcels_read_what_holders_agree_on(states, outcome, missing):
    table = producing(*states) if states else producing("正常生产")
    links = held(tuple(range(len(states))))
    found = judge_inefficient(works(), table, links, MINHOU).parcels
    assert listed(found["inefficient"]) == [outcome]
    assert found["inefficient_missing"].tolist() == [missing]


def test_a_tax_that_is_known_in_part_only_is_not_compared():
    parcels = works(tax_per_mu=[1.0], tax_wan_incomplete=[True])
    found = judge_inefficient(parcels, producing("正常生产"), held((0,)), MINHOU).parcels
    assert listed(found["inefficient"]) == [None]
    assert found["inefficient_missing"].tolist() == ["tax_per_mu"]


@pytest.mark.parametrize(
    ("resumed", "completed", "outcome"),
    [
        (None, None, True),
        ("2024-06-01", None, False),
        ("2023-06-01", None, True),  # resumed before this stop
        ("2026-06-01", None, True),  # not resumed yet
        (None, "2025-06-01", False),
        (None, "2026-06-01", True),  # not completed yet
    ],
)
def test_works_that_were_resumed_or_completed_are_not_stopped(resumed, completed, outcome):
    site = works(
        actual_completion=pd.Series([completed], dtype="datetime64[s]").array,
        stopped_since=pd.Series(["2024-01-01"], dtype="datetime64[s]").array,
        resumed_on=pd.Series([resumed], dtype="datetime64[s]").array,
        stop_approved=pd.array([False], dtype="boolean"),
        developed_m2=[5000.0],
        should_develop_m2=[9000.0],
        invested_wan=[60.0],
        total_investment_wan=[100.0],
    )
    found = judge_inefficient(site, producing("正常生产"), held((0,)), MINHOU)
    assert listed(found.parcels["inefficient"]) == [outcome]


def test_rules_for_a_person_are_left_out_without_their_columns():
    found = judge_inefficient(works(), producing("正常生产"), held((0,)), MINHOU)
    assert found.left_out == ("minhou.intensity", "minhou.good_faith")
    given_ = works(potential_remains=pd.array([True], dtype="boolean"))
    found = judge_inefficient(given_, producing("正常生产"), held((0,)), MINHOU)
    assert found.left_out == ("minhou.good_faith",)
    assert listed(found.parcels["inefficient"]) == [None]
    assert found.parcels["inefficient_missing"].tolist() == ["review:minhou.intensity"]


def test_own_rules_and_those_on_holders_count_together():
    table = pd.concat([firms().reset_index(drop=True), producing(*["正常生产"] * 3)], axis=1)
    sites = pd.concat([works()] * 4, ignore_index=True).assign(tax_per_mu=[12.0, 12.0, 9.0, 12.0])
    found = judge_inefficient(sites, table, held((LOW,), (FINE,), (FINE,), ()), both_kinds()).parcels
    # Low by its holder; neither; below the agreed tax; no holder: the criteria on enterprises do not concern it.
    assert listed(found["inefficient"]) == [True, False, True, None]
    assert found["inefficient_class"].tolist() == ["规上低贡献", "", "产出效率差土地", ""]
    assert found["inefficient_missing"].tolist()[3] == "operating_status;status_since;untaxed_years"


def test_without_criteria_everything_is_unknown_for_want_of_criteria():
    policy = policies(["taian-2021"], as_of=AS_OF)
    found = judge_inefficient(land(2), firms(), held((LOW,), ()), policy)
    assert listed(found.parcels["inefficient"]) == [None, None]
    assert found.parcels["inefficient_missing"].tolist() == ["criteria", "criteria"]
    assert found.enterprises["inefficient_missing"].tolist() == ["criteria"] * 3


def test_empty_tables():
    found = judge_inefficient(land(0), firms().iloc[:0], held(), HUZHOU)
    assert len(found.parcels) == len(found.enterprises) == 0
    found = judge_inefficient(land(2), firms().iloc[:0], held(), HUZHOU)
    assert found.parcels["inefficient_missing"].tolist() == ["enterprise", "enterprise"]


def test_inputs_are_left_as_they_are():
    parcels, table, links = works(supply_status=["supplied"]), producing("停产"), held((0,))
    before = [f.copy(deep=True) for f in (parcels, table, links)]
    judge_inefficient(parcels, table, links, MINHOU)
    for frame, copy in zip((parcels, table, links), before, strict=True):
        pd.testing.assert_frame_equal(frame, copy)


money = st.one_of(st.none(), st.sampled_from([0.0, 5.9, 6.0, 100.0]))
flag = st.sampled_from([True, False, None])


@given(
    st.lists(st.tuples(money, flag, st.sampled_from([1.0, 10.0])), min_size=1, max_size=5),
    st.lists(st.tuples(st.integers(0, 3), st.integers(-1, 4)), max_size=10),
    st.randoms(use_true_random=False),
)
def test_row_order_changes_nothing(rows, pairs, random):
    table = pd.DataFrame(rows, columns=["tax_wan", "above_scale", "land_mu"])
    table["above_scale"] = table["above_scale"].astype("boolean")
    table["tax_per_mu"] = table["tax_wan"].astype(float) / table["land_mu"]
    links = pd.DataFrame(
        [(p, e) for p, e in pairs if e < len(rows)], columns=["parcel", "enterprise"], dtype="int64"
    ).assign(area_m2=1.0)
    plain = judge_inefficient(land(4), table, links, HUZHOU).parcels
    order, parcels = list(range(len(rows))), list(range(4))
    random.shuffle(order)
    random.shuffle(parcels)
    place = {old: new for new, old in enumerate(order)} | {-1: -1}
    where = {old: new for new, old in enumerate(parcels)}
    shuffled = links.assign(
        parcel=links["parcel"].map(where), enterprise=links["enterprise"].map(place)
    ).astype({"parcel": "int64", "enterprise": "int64"}).sample(frac=1, random_state=0)  # fmt: skip
    other = judge_inefficient(land(4).iloc[parcels], table.iloc[order], shuffled, HUZHOU).parcels.loc[plain.index]
    for column in plain:
        assert plain[column].astype("object").fillna("?").map(parts).tolist() == (
            other[column].astype("object").fillna("?").map(parts).tolist()
        )


def parts(cell):
    return frozenset(cell.split(";")) if isinstance(cell, str) else cell


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), max_size=12), st.lists(flag, min_size=5, max_size=5))
def test_inheritance_is_what_all_ways_of_filling_the_unknown_agree_on(pairs, outcomes):
    links = pd.DataFrame(pairs, columns=["parcel", "enterprise"], dtype="int64").assign(area_m2=1.0)
    found = listed(Holders.of(links, 4).inherit(pd.Series(pd.array(outcomes, dtype="boolean"))))
    for parcel in range(4):
        mine = {outcomes[e] for p, e in pairs if p == parcel}
        assert found[parcel] == (mine.pop() if len(mine) == 1 else None)


def test_a_value_comes_from_holders_only_where_they_agree():
    holders = Holders(np.array([0, 0, 1, 1, 2]), np.array([0, 1, 1, 2, 3]), 4)
    values, differ = holders.agreed(pd.Series(["a", "a", "b", None], dtype="str"))
    assert values.fillna("-").tolist() == ["a", "-", "-", "-"]
    assert differ.tolist() == [False, True, False, False]


def both_kinds():
    """Criteria on enterprises and on parcels together (not of one place, only to have both)."""
    return policies(["huzhou-2021", "minhou-2018"], as_of=AS_OF, parameters={"minhou.output.stopped_years": 2})


def known_works(**changed):
    since = pd.Series(["2020-01-01"], dtype="datetime64[s]").array
    return works(operating_status=["正常生产"], status_since=since, untaxed_years=[0.0], **changed)


def test_criteria_on_enterprises_do_not_concern_land_without_one():
    found = judge_inefficient(known_works(), firms(), held(()), both_kinds()).parcels
    assert listed(found["inefficient"]) == [False]
    assert found["inefficient_missing"].tolist() == [""]


def test_a_parcel_low_by_itself_has_no_class_of_holders_who_differ():
    found = judge_inefficient(known_works(tax_per_mu=[1.0]), firms(), held((LOW, FINE)), both_kinds()).parcels
    assert listed(found["inefficient"]) == [True]
    assert found["inefficient_class"].tolist() == ["产出效率差土地"]
    assert found["inefficient_missing"].tolist() == [""]


def test_a_rule_for_a_person_does_not_hold_up_a_rule_that_decides():
    low = known_works(tax_per_mu=[1.0], potential_remains=pd.array([True], dtype="boolean"))
    found = judge_inefficient(low, firms(), held(()), MINHOU).parcels
    assert listed(found["inefficient"]) == [True]
    assert found["inefficient_review"].tolist() == ["集约程度低土地"]
    assert found["inefficient_missing"].tolist() == [""]

"""Why a parcel is on the list: every source of candidacy, with its figures and clause, and what open tests lack."""

from dataclasses import replace

import pandas as pd
import pytest
from screenrun import firms, land, links, run

from mudian.findings import findings, join
from mudian.screening import screen
from mudian.screening.reasons import firms_of, is_stopped, run_tests
from mudian.settings import ScreeningSettings

ONE = ScreeningSettings(scenarios=("zone_mean",))


def listed(parcels, settings=ONE, **more):
    """``list``, ``reasons``, ``why`` and ``lacking`` of every parcel that is on the list."""
    return screen(run(parcels, **more), settings=settings).parcels.set_index("parcel_id")


@pytest.mark.parametrize(
    ("columns", "word", "reason"),
    [
        ({"idle_status": ["idle_1y"]}, "candidate", "idle"),
        ({"idle_status": ["idle_2y"]}, "candidate", "idle"),
        ({"idle_status": ["idle_stopped"]}, "candidate", "idle"),
        ({"idle_status": ["not_due"]}, None, None),
        ({"idle_status": ["unknown"], "idle_missing": ["agreed_start"]}, "possible", ""),
        ({"inefficient": [True]}, "candidate", "inefficient"),
        ({"inefficient": [None], "inefficient_missing": ["tax_wan"]}, "possible", ""),
        ({"inefficient": [None]}, None, None),  # the rules do not concern it
        ({"term_end": [pd.Timestamp("2025-12-30")]}, "candidate", "expired"),
        ({"term_end": [pd.Timestamp("2025-12-31")]}, None, None),  # the last day still counts
        ({"term_end": [pd.Timestamp("2025-12-30")], "supply_status": ["unsupplied"]}, None, None),
        ({"idle_status": ["unknown"], "inefficient": [True]}, "candidate", "inefficient"),  # one that holds is enough
        ({"idle_status": ["idle_1y"], "inefficient": [True]}, "candidate", "idle;inefficient"),
    ],
)
def test_verdicts_and_terms(columns, word, reason):
    found = listed(land(**columns))
    if word is None:
        assert not len(found)
    else:
        assert found.loc["P1", ["list", "reasons"]].tolist() == [word, reason]


def test_a_term_is_open_only_where_land_has_one():
    """P1 has a term; of P2 it is not given; P3 was allocated and has none."""
    ends = [pd.Timestamp("2070-01-01"), None, None]
    found = listed(land(term_end=ends, supply_mode=["出让", "出让", "划拨"]))
    assert found.index.tolist() == ["P2"]
    assert found.loc["P2", "list"] == "possible"
    assert "土地使用期限届满无法判断" in found.loc["P2", "lacking"]


GRADES = firms(
    {"enterprise_id": "E1", "name": "乙公司", "grade": "D", "grade_missing": "", "score": 41.5},
    {"enterprise_id": "E2", "name": "丙公司", "grade": "A", "grade_missing": "", "score": 90.0},
    {"enterprise_id": "E3", "name": "丁公司", "grade": None, "grade_missing": "emission_t"},
    {"enterprise_id": "E4", "name": "戊公司", "grade": None, "grade_missing": ""},  # not graded by the method at all
)
USERS = links(
    ("P1", "E1"), ("P2", "E2"), ("P3", "E3"), ("P4", "E4"), ("P5", "E1"), ("P5", "E2"), ("P6", "E2"), ("P6", "E3"),
    ("P7", "E9"), ("P8", "E1"), ("P8", "E9"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("holders", "candidates", "possible"),
    [
        # any: P1, P5, P8 have a D; P3 and P6 hang on E3, P7 on an enterprise that the table does not have.
        ("any", ["P1", "P5", "P8"], ["P3", "P6", "P7"]),
        # all: P1 alone surely; P3 on E3, P7 and P8 on E9. P6 has an A and is out.
        ("all", ["P1"], ["P3", "P7", "P8"]),
    ],
)
def test_grades_of_any_and_of_all_enterprises(holders, candidates, possible):
    settings = ScreeningSettings(grades=("D",), holders=holders, scenarios=("zone_mean",))
    found = listed(land(tax_wan=[1.0] * 8), settings, table=GRADES, held=USERS)
    assert sorted(found.index[found["list"] == "candidate"]) == candidates
    assert sorted(found.index[found["list"] == "possible"]) == possible
    assert set(found.loc[candidates, "reasons"]) == {"low_grade"}


def test_which_grades_count_is_a_setting():
    table = firms({"enterprise_id": "E1", "grade": "C", "grade_missing": ""})
    for grades, count in ((("D",), 0), (("D", "C"), 1)):
        settings = ScreeningSettings(grades=grades, scenarios=("zone_mean",))
        assert len(listed(land(tax_wan=[1.0]), settings, table=table, held=links(("P1", "E1")))) == count


def test_low_grade_and_stop_are_no_matter_on_land_that_is_not_supplied():
    table = firms({"enterprise_id": "E1", "grade": "D", "grade_missing": "", "operating_status": "停产"})
    assert not len(listed(land(supply_status=["unsupplied"]), table=table, held=links(("P1", "E1"))))


@pytest.mark.parametrize(
    ("status", "stopped"),
    [
        ("停产", True), ("已停产", True), ("停 产", True), ("破产清算", True), ("注销", True), ("吊销，未注销", True),
        ("正常", False), ("未停产", False), ("没有停产", False), ("半停产", False), ("部分停产", False),
        ("停产后已复产", False), ("恢复生产", False), ("停产整顿", True), (None, False),
    ],
)  # fmt: skip
def test_what_counts_as_stopped(status, stopped):
    assert is_stopped(pd.Series([status], dtype="str")).item() is stopped


def test_stopped_enterprises_with_their_number_and_day():
    table = firms(
        {"enterprise_id": "E2", "name": "乙厂", "operating_status": "停产", "status_since": pd.Timestamp("2024-05-01")},
        {"enterprise_id": "E1", "name": "甲厂", "operating_status": "正常", "status_since": None},
    )
    found = listed(land(tax_wan=[1.0]), table=table, held=links(("P1", "E1"), ("P1", "E2")))
    assert found.loc["P1", ["list", "reasons"]].tolist() == ["candidate", "stopped"]
    assert found.loc["P1", "why"] == "用地企业2家中停产1家：乙厂 2024-05-01"
    assert found.loc["P1", "enterprises"] == 2


def test_unknown_status_is_possible_and_named():
    table = firms(
        {"enterprise_id": "E1", "operating_status": None}, {"enterprise_id": "E2", "operating_status": "正常"}
    )
    found = listed(land(tax_wan=[1.0, 1.0]), table=table, held=links(("P1", "E1"), ("P2", "E2")))
    assert found.index.tolist() == ["P1"]
    assert found.loc["P1", "list"] == "possible"
    assert found.loc["P1", "lacking"].startswith("企业停产无法判断，缺：")


def test_every_reason_has_its_own_sentence():
    table = firms({"enterprise_id": "E1", "name": "乙公司", "grade": "D", "grade_missing": "", "score": 41.5})
    parcels = land(tax_wan=[1.0], term_end=[pd.Timestamp("2024-06-30")])
    found = listed(parcels, table=table, held=links(("P1", "E1")))
    assert found.loc["P1", "reasons"] == "low_grade;expired"
    grade, term = found.loc["P1", "why"].split("；")
    assert grade == "企业乙公司（41.50 分）的评价等级为D（表中所列等级）"
    assert term == "土地使用期限至2024-06-30，截至2025-12-31已届满"


def test_a_verdict_is_told_with_value_threshold_and_clause():
    """The rule of Tai'an 2021 that holds stands in ``why`` with its clause; one that does not hold does not."""
    evaluation = run(land(inefficient=[True]))
    rule = next(r["id"] for r in evaluation.manifest["policies"]["rules"] if r["family"] == "inefficient")
    made = [
        findings(
            "parcel", pd.Series(["P1"], dtype="str"), rule_id=rule, outcome=pd.Series([holds]),
            value=pd.Series([value]), operator="<", threshold=4.0, unit="万元/亩", clause=clause,
        )
        for holds, value, clause in ((True, 2.0, "第六条"), (False, 9.0, "第七条"))
    ]  # fmt: skip
    text = screen(replace(evaluation, findings=join(made)), settings=ONE).parcels["why"].item()
    assert text.startswith("疑似低效：")
    assert "2.00 万元/亩 ＜ 4 万元/亩（第六条）" in text
    assert "第七条" not in text


def test_tests_without_data_are_not_made_and_are_named():
    evaluation = run(land(tax_wan=[1.0]))
    found = run_tests(evaluation, firms_of(evaluation), ONE)
    assert sorted(found.outcomes) == ["idle", "inefficient"]
    assert sorted(found.not_made) == ["expired", "low_grade", "stopped"]


def test_without_any_test_everything_is_open():
    evaluation = run(land(tax_wan=[1.0]), packs=())
    found = screen(evaluation, settings=ONE)
    assert found.parcels["list"].tolist() == ["possible"]
    assert not len(found.sites)


def test_links_without_an_enterprise_table():
    """A table of holdings names enterprises of which there is no table; they are there all the same."""
    found = listed(land(inefficient=[True]), held=links(("P1", "E1"), ("P1", "E2", "lease")))
    assert found.loc["P1", ["enterprises", "tenants"]].tolist() == [2, 1]

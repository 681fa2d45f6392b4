"""Lineage in a run: a parcel keeps its history through splits and mergers, and the clock of its start goes on."""

from __future__ import annotations

import pandas as pd
import pytest
from tworuns import E1, E2, P1, P2, P3, P4, ROW, credit_code, run

import mudian as md
from mudian.comparing.series import quotas_of
from mudian.comparing.shown import _own_hashes

NEW = "370902001001GB00009"
E3 = credit_code(3)
FORTY = {P3: (200, 260), NEW: (260, 300)}  # P3 cut at 60 m of 100


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    return run(tmp_path_factory.mktemp("a"))


def series(found, code):
    return found.parcels[found.parcels["after"] == code].iloc[0]


def test_a_split_parcel_keeps_its_history(before, tmp_path):
    """P3 has 15 mu and a tax of 50: 60 per cent of both are 9 mu and 30, and the tax per mu stays 50 / 15."""
    row = {P1: ROW[P1], P2: ROW[P2], **FORTY, P4: ROW[P4]}
    found = md.compare(before, run(tmp_path, row=row, held={P1: E1, P2: E1, P3: E2, NEW: E2}))
    assert found.lineage.query("kind == 'split'")["after"].tolist() == [P3, NEW]
    for code, mu, tax, share in ((P3, 9, 30, "60%"), (NEW, 6, 20, "40%")):
        one = series(found, code)
        assert one["before"] == f"{P3} ({share})"
        for side in ("before", "after"):
            assert one[f"area_mu_{side}"] == pytest.approx(mu, rel=1e-6)
            assert one[f"tax_wan_{side}"] == pytest.approx(tax, rel=1e-6)
            assert one[f"tax_per_mu_{side}"] == pytest.approx(50 / 15, rel=1e-6)
    assert len(found.verdicts) == 0


def test_the_verdict_of_a_part_is_held_against_that_of_the_whole(before, tmp_path):
    """P3 was not low (3.33). Its 9 mu keep 30 (3.33); its 6 mu go to a third enterprise with 12: 2 is below 3."""
    row = {P1: ROW[P1], P2: ROW[P2], **FORTY, P4: ROW[P4]}
    taxes = {E1: ("甲公司", 100), E2: ("乙公司", 30), E3: ("丙公司", 12)}
    found = md.compare(before, run(tmp_path, row=row, taxes=taxes, held={P1: E1, P2: E1, P3: E2, NEW: E3}))
    columns = ["before", "after", "lineage", "verdict_before", "verdict_after", "cause"]
    assert found.verdicts[columns].to_numpy().tolist() == [[P3, NEW, "split", "false", "true", "data"]]


def test_merged_parcels_add_up(before, tmp_path):
    """P2 (15 mu, half of E1's 100) and P3 (15 mu, 50) become one of 30 mu: 100 / 30."""
    row = {P1: ROW[P1], NEW: (100, 300), P4: ROW[P4]}
    one = series(md.compare(before, run(tmp_path, row=row, held={P1: E1, NEW: E2})), NEW)
    assert (one["kind"], one["before"]) == ("merged", f"{P2};{P3}")
    assert one["area_mu_before"] == pytest.approx(30, rel=1e-6)
    assert one["tax_wan_before"] == pytest.approx(100, rel=1e-6)
    assert one["tax_per_mu_before"] == pytest.approx(100 / 30, rel=1e-6)


def test_what_is_unknown_of_one_is_unknown_of_the_sum(before, tmp_path):
    """P4 has no enterprise, so that nobody knows a tax of P3 and P4 together."""
    row = {P1: ROW[P1], P2: ROW[P2], NEW: (200, 400)}
    one = series(md.compare(before, run(tmp_path, row=row, held={P1: E1, P2: E1, NEW: E2})), NEW)
    assert pd.isna(one["tax_wan_before"])
    assert pd.isna(one["tax_per_mu_before"])
    assert one["area_mu_before"] == pytest.approx(30, rel=1e-6)


def test_gone_and_new(before, tmp_path):
    row = {P1: ROW[P1], P2: ROW[P2], P3: ROW[P3], NEW: (900, 1000)}
    found = md.compare(before, run(tmp_path, row=row))
    assert series(found, NEW)["kind"] == "new"
    gone = found.parcels[found.parcels["kind"] == "gone"].iloc[0]
    assert gone["before"] == P4
    assert gone["area_mu_before"] == pytest.approx(15, rel=1e-6)
    assert pd.isna(gone["area_mu_after"])
    land = found.land.set_index("kind")
    assert land["before_m2"].sum() == pytest.approx(40_000, rel=1e-6)
    assert land["after_m2"].sum() == pytest.approx(40_000, rel=1e-6)


def test_the_clock_of_a_part_without_days_is_that_of_the_whole(tmp_path):
    """The agreed start of P3 is 2023-06-30. One part keeps it, for the other nobody wrote it down."""
    day = "2023-06-30"
    begun = {"实际动工日期": {P1: "2020-01-01"}}
    one = run(tmp_path / "a", more={"约定动工日期": {P3: day, P1: "2019-06-30"}} | begun)
    row = {P1: ROW[P1], P2: ROW[P2], **FORTY, P4: ROW[P4]}
    days = {"约定动工日期": {P3: day, P1: "2021-06-30"}} | begun
    two = run(tmp_path / "b", row=row, more=days, held={P1: E1, P2: E1, P3: E2, NEW: E2})
    found = md.compare(one, two)
    assert series(found, P3)["clock"] == "kept"
    assert series(found, NEW)["clock"] == "lost"
    assert series(found, NEW)["agreed_start_before"] == pd.Timestamp(day)
    assert series(found, P1)["clock"] == "later"


def test_grades_of_a_run_without_enterprises_are_not_zero():
    graded = pd.DataFrame({"grade": ["A", "A", None]})
    found = quotas_of({"before": graded, "after": graded.iloc[:0]}).set_index("grade")
    assert found["before"].to_dict() == {"A": 2, "unknown": 1}
    assert found["after"].isna().all()


def test_a_figure_that_one_run_alone_has_is_shown(before, tmp_path):
    """Without taxes in the later run the zone keeps its earlier 150 万元 beside an empty cell."""
    later = run(tmp_path, taxes={})
    found = md.compare(before, later)
    assert found.zones["tax_wan_before"].tolist() == [150]
    assert found.zones["tax_wan_after"].isna().all()
    assert "企业：2 个只有前一次有" in found.text()


def test_the_number_of_low_efficiency_parcels_stands_beside_that_of_the_undecided(before, tmp_path):
    """P4 has no enterprise, and so no tax to be held against the limit; without taxes no parcel has."""
    later = run(tmp_path, taxes={})
    zone = md.compare(before, later).zones.iloc[0]
    for side, evaluation in (("before", before), ("after", later)):
        assert zone[f"inefficient_undecided_count_{side}"] == evaluation.parcels["inefficient"].isna().sum()
    assert zone["inefficient_undecided_count_after"] == 4


def test_of_several_files_those_that_differ_are_shown():
    one, two = pd.Series(["aa bb cc", "dd", None]), pd.Series(["aa bx cc", "dd", "ee"])
    kinds = pd.Series(["file", "file", "file"])
    assert _own_hashes(one, two, kinds).fillna("").tolist() == ["bb", "dd", ""]
    assert _own_hashes(two, one, kinds).tolist() == ["bx", "dd", "ee"]

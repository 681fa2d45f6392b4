from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from gradingpack import TWO, acceptance, one_policy, packed, shares, write_pack
from hypothesis import given, settings
from hypothesis import strategies as st

from mudian.findings import COLUMNS
from mudian.packs.policy import policies
from mudian.rules.grading.grade import grade
from mudian.rules.grading.result import say
from parcels.catalog import CATALOG

BANDS = {**shares("huangyan.above"), **shares("huangyan.below")}


def test_input_is_not_changed_and_the_index_is_kept():
    frame = acceptance().set_axis([7, 7, "a", None], axis=0)
    copy = frame.copy()
    result = grade(frame, packed("huangyan-2022")).frame
    pd.testing.assert_frame_equal(frame, copy)
    assert result.index.equals(frame.index)


def test_findings_say_number_limit_clause_and_what_is_missing():
    frame = acceptance().assign(tax_per_mu=[24.097, None, 60.0, -2.0])
    found = grade(frame, packed("huangyan-2022", parameters=BANDS)).findings(pd.Series(frame.index))
    assert list(found.columns) == list(COLUMNS)
    tax = found[found["rule_id"] == "huangyan.above/tax_per_mu"].set_index("subject_id")
    assert tax["outcome"].tolist() == [True, pd.NA, True, False]
    assert tax["value"]["AT4"] == -2.0
    assert set(tax["threshold"]) == {24.097}
    assert tax["missing"].tolist() == ["", "tax_per_mu", "", ""]
    whole = found[found["rule_id"] == "huangyan.above"].set_index("subject_id")
    assert whole["outcome"].tolist() == [True, pd.NA, True, True]
    assert whole["value"].tolist() == pytest.approx([200 / 3, np.nan, 100 / 3, 100.0], nan_ok=True)
    assert whole["threshold"].tolist() == pytest.approx([95.0, np.nan, 60.0, 100.0], nan_ok=True)
    assert whole["unit"].tolist() == ["%"] * 4
    assert "黄岩" in whole["clause"].tolist()[0]
    score = found[found["rule_id"] == "huangyan.above/score"].set_index("subject_id")
    assert score["outcome"].tolist() == [False, False]
    assert score["threshold"].tolist() == pytest.approx([188.2736, 100.0], abs=5e-5)


def test_a_score_without_bands_has_a_rank_and_no_grade():
    result = grade(acceptance(), packed("huangyan-2022")).frame
    assert result["rank"].tolist() == [2, 3, 1, 4]
    assert result["grade"].isna().all()
    assert set(result["missing"]) == {";".join(f"parameter:huangyan.above.upto_{x}" for x in "abc")}


def test_an_intensity_is_taken_from_its_parts():
    frame = acceptance().drop(columns="tax_per_mu").assign(tax_wan=[241.0, 180, 600, -20], land_mu=[10.0, 10, 10, 0])
    result = grade(frame, packed("huangyan-2022", parameters=BANDS)).frame
    assert result["item_tax_per_mu"]["AT2"] == pytest.approx(30 * 18 / 24.097)
    assert result["missing"].tolist() == ["", "", "", "tax_per_mu"]  # land of 0: missing, never infinite


def test_quotas_are_told():
    frame = pd.concat([acceptance()] * 5, ignore_index=True)
    result = grade(frame, packed("huangyan-2022", parameters=BANDS))
    quota = result.quotas.iloc[0].to_dict()
    assert {k: quota[k] for k in ("population", "ranked", "unscored")} == {
        "population": 20,
        "ranked": 20,
        "unscored": 0,
    }
    # Four scores of five enterprises each; the edges are after 4, 12 and 19. The tie over the edge of A falls to B, the
    # tie over the edge of B stays in B, the tie over the edge of D stays out of D.
    assert [quota[g] for g in "ABCD"] == [0, 15, 5, 0]


def test_an_empty_frame():
    result = grade(acceptance().iloc[:0], packed("huangyan-2022", parameters=BANDS))
    assert len(result.frame) == 0
    assert len(result.findings(pd.Series([], dtype="str"))) == 0


CELLS = st.one_of(st.none(), st.integers(0, 6).map(float))
ROWS = st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=25)
HOW = ("unknown", "zero", "mean_score", "exclude_and_rescale")


@cache
def policy_of(how):
    with TemporaryDirectory() as folder:
        return one_policy(Path(folder), TWO.replace('en = "x"', f'en = "x", missing = "{how}"'))


def frame_of(rows):
    return pd.DataFrame(rows, columns=["x", "y"], dtype=float)


@settings(deadline=None)
@given(rows=ROWS, seed=st.integers(0, 2**16), how=st.sampled_from(HOW))
def test_the_order_of_rows_changes_nothing(rows, seed, how):
    frame = frame_of(rows)
    order = np.random.default_rng(seed).permutation(len(frame))
    one = grade(frame, policy_of(how)).frame
    other = grade(frame.loc[order], policy_of(how)).frame.loc[frame.index]
    pd.testing.assert_frame_equal(one, other, check_exact=True)


@settings(deadline=None)
@given(rows=ROWS, added=st.integers(1, 5))
def test_enterprises_without_an_indicator_change_nothing_for_others(rows, added):
    frame = frame_of(rows)
    more = pd.concat([frame, frame_of([(None, 9.0)] * added)], ignore_index=True)
    alone, among = grade(frame, policy_of("unknown")), grade(more, policy_of("unknown"))
    pd.testing.assert_frame_equal(alone.frame, among.frame.iloc[: len(frame)])
    assert among.frame["grade"].iloc[len(frame) :].isna().all()
    assert set(among.frame["missing"].iloc[len(frame) :]) == {"x"}


@settings(deadline=None)
@given(rows=ROWS)
def test_a_better_score_never_has_a_worse_grade_and_equal_ones_the_same(rows):
    result = grade(frame_of(rows), policy_of("unknown")).frame.dropna(subset="score")
    ordered = result.sort_values("score", ascending=False)
    codes = ordered["grade"].map({"A": 0, "B": 1, "C": 2, "D": 3}).to_numpy()
    assert (np.diff(codes) >= 0).all()
    assert ordered.groupby("score")["grade"].nunique().le(1).all()
    assert ordered.groupby("score")["rank"].nunique().le(1).all()
    assert (result["grade"] == "A").sum() <= len(result) // 5  # a quota is a limit, ties included


def test_a_frame_of_another_pack_does_not_carry_over(tmp_path):
    policy = policies([write_pack(tmp_path)], as_of=__import__("datetime").date(2025, 1, 1))
    result = grade(acceptance(), policy).frame
    assert result["score"].isna().all()
    assert set(result["missing"]) == {"x;y"}


def test_every_reason_has_its_words():
    codes = [c.removeprefix("grade-") for c in CATALOG.ledger if c.startswith("grade-")]
    assert {"outside", "exempt", "tie", "veto", "protected", "capped", "floored", "mean-score", "zero"} <= set(codes)
    for lang in ("zh", "en"):
        assert len(say(";".join(codes), lang).splitlines()) == len(codes)
    assert say("", "zh") == ""

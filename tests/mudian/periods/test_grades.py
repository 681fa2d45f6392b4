"""Grades of several years, years in a row, and what rests on them; the ladder is 0.05, 0.10, 0.15 元/kWh."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from mudian.packs.policy import policies
from mudian.periods.grades import ABSENT, by_year, computed_grades, settle, tidy_grade
from mudian.periods.looking_back import grade_changes
from mudian.periods.reading import Series
from mudian.periods.spans import Period
from mudian.periods.streaks import in_a_row, surcharge_findings, surcharges
from mudian.settings import PeriodSettings
from parcels.ledger import Ledger

SHANDONG = policies(["shandong-2019"], as_of=dt.date(2025, 12, 31))
COLUMNS = ["enterprise_id", "period", "grade", "source"]


def grades(*records):
    return pd.DataFrame(records, columns=COLUMNS, dtype="str")


def years(**columns):
    """Grades of one enterprise: ``y2023="D"``."""
    return pd.DataFrame({int(k[1:]): pd.Series([v], index=["甲"], dtype="str") for k, v in columns.items()})


def due(table, policy=SHANDONG):
    row = surcharges(table, policy).iloc[0]
    return row["years"], row["years_max"], row["due"], row["amount"], row["missing"]


def test_three_years_of_d_are_the_third_step_whatever_was_before():
    """鲁发改价格〔2022〕56号: three years and more +0.15. Years before 2023 are unknown and change nothing."""
    assert due(years(y2023="D", y2024="D", y2025="D"))[2:] == (True, 0.15, "")


def test_two_years_after_a_known_other_grade_are_the_second_step():
    assert due(years(y2023="C", y2024="D", y2025="D")) == (2, 2, True, 0.10, "")
    assert due(years(y2024="A", y2025="D")) == (1, 1, True, 0.05, "")


def test_without_the_year_before_the_step_is_unknown_and_the_surcharge_is_not():
    """D in 2024 and 2025: the second step, or the third if 2023 was D, too. Due in either case."""
    least, most, is_due, amount, missing = due(years(y2024="D", y2025="D"))
    assert (least, is_due) == (2, True)
    assert pd.isna(most)
    assert np.isnan(amount)
    assert "grade@2023" in missing.split(";")


def test_a_year_missing_in_between_is_not_bridged():
    """D, nothing, D: the first step if 2024 was not D, the third if it was."""
    least, _, is_due, amount, missing = due(years(y2022="C", y2023="D", y2024=None, y2025="D"))
    assert (least, is_due, missing) == (1, True, "grade@2024")
    assert np.isnan(amount)
    restart = policies(
        ["shandong-2019"], as_of=dt.date(2025, 12, 31), parameters={"shandong.power.not_evaluated": "restart"}
    )
    assert due(years(y2022="C", y2023="D", y2024=None, y2025="D"), restart)[3] == 0.05


def test_an_enterprise_that_did_not_exist_the_year_before_begins_at_the_first_step():
    assert due(years(y2024=ABSENT, y2025="D")) == (1, 1, True, 0.05, "")


def test_no_surcharge_outside_the_grade_and_none_known_without_a_grade():
    assert due(years(y2024="D", y2025="C")) == (0, 0, False, 0.0, "")
    _, _, is_due, amount, _ = due(years(y2024="D", y2025=None))
    assert pd.isna(is_due)
    assert np.isnan(amount)


def test_findings_say_whether_a_surcharge_is_due():
    found = surcharge_findings(surcharges(years(y2023="D", y2024="D", y2025="D"), SHANDONG))
    row = found.iloc[0]
    assert (row["rule_id"], row["outcome"], row["value"], row["unit"]) == (
        "shandong.power.ladder",
        True,
        0.15,
        "元/kWh",
    )
    assert "鲁发改价格〔2022〕56号" in row["clause"]


@pytest.mark.parametrize(
    ("row", "least", "most"),
    [
        ({"y2023": "C", "y2024": "D", "y2025": "D"}, 2, 2),
        ({"y2023": "D", "y2024": "D", "y2025": "D"}, 3, None),
        ({"y2022": "C", "y2023": "D", "y2024": None, "y2025": "D"}, 1, 3),
        ({"y2024": ABSENT, "y2025": "B"}, 1, 1),
        ({"y2024": "D", "y2025": None}, None, None),
    ],
)
def test_years_in_a_row(row, least, most):
    low, high = in_a_row(years(**row))
    assert [None if pd.isna(v) else v for v in (low.iloc[0], high.iloc[0])] == [least, most]


def test_what_is_given_counts_before_what_is_computed():
    ledger = Ledger()
    said = grades(("甲", "2024", "D", "given"), ("乙", "2024", "B", "given"))
    made = settle([said], grades(("甲", "2024", "C", "computed"), ("丙", "2024", "A", "computed")), ledger=ledger)
    assert sorted(made.to_numpy().tolist()) == [
        ["丙", "2024", "A", "computed"], ["乙", "2024", "B", "given"], ["甲", "2024", "D", "given"],
    ]  # fmt: skip
    row = ledger.frame().iloc[0]
    assert (row["code"], row["id"], row["before"], row["after"]) == ("period-grade-differs", "甲", "C", "D")


def test_two_statements_that_differ_cancel_each_other():
    ledger = Ledger()
    said = [
        grades(("甲", "2024", "D", "given")),
        grades(("甲", "2024", "C", "previous"), ("乙", "2024", "B", "stated")),
    ]
    made = settle(said, grades(), ledger=ledger).set_index("enterprise_id")
    assert pd.isna(made.loc["甲", "grade"])
    assert made.loc["甲", "source"] == "contradiction"
    assert made.loc["乙", "grade"] == "B"
    row = ledger.frame().iloc[0]
    assert (row["code"], row["before"]) == ("period-grade-contradiction", "C / D")
    again = settle(said[::-1], grades(), ledger=Ledger()).set_index("enterprise_id")
    pd.testing.assert_frame_equal(made, again)


def test_years_nobody_has_stand_as_missing_and_halves_do_not_count():
    """2024 is missing for 甲; the half of 2025 is no year; 乙 was founded in May 2024."""
    told = grades(("甲", "2023", "D", "given"), ("甲", "2025", "D", "given"), ("甲", "2025H1", "A", "given"))
    founded = np.array([np.nan, 2024 * 12 + 4.0])
    table = by_year(told, pd.Index(["甲", "乙"]), founded, Period.of("2025"))
    assert table.columns.tolist() == [2023, 2024, 2025]
    assert table.fillna("?").to_numpy().tolist() == [["D", "?", "D"], [ABSENT, "?", "?"]]


def test_only_changes_are_listed():
    """D, D, C, unknown, unknown, C: 2020, 2022, 2023 (unknown) and 2025."""
    table = years(y2020="D", y2021="D", y2022="C", y2023=None, y2024=None, y2025="C")
    told = grade_changes(table, grades(("甲", "2020", "D", "given"), ("甲", "2022", "C", "computed")))
    assert told["period"].tolist() == ["2020", "2022", "2023", "2025"]
    assert told["word"].fillna("?").tolist() == ["D", "C", "?", "C"]
    assert told["basis"].fillna("").tolist()[:2] == ["given", "computed"]


@pytest.mark.parametrize(
    ("text", "grade"),
    [("D类", "D"), ("d", "D"), ("A级", "A"), ("Ｃ－", "C-"), ("未评价", None), ("", None), ("一等", "一"), ("T", "T")],
)
def test_words_around_a_grade(text, grade):
    assert tidy_grade(text) == grade


def many(period, taxes):
    """Twenty small enterprises of 10 mu each, with their tax."""
    ids = [f"E{n:02d}" for n in range(1, 21)]
    return pd.DataFrame(
        {"enterprise_id": ids, "period": period, "tax_wan": taxes, "above_scale": False, "basis": "given"}
    )


def test_earlier_years_are_graded_by_the_method_of_the_run():
    """Shandong, below scale: the first 20 % of 20 are A (4), up to 75 % B (15), the last 5 % D (1), the rest C.

    In 2024 the tax of E01 … E20 was 1 … 20: E17–E20 A, E06–E16 B, E02–E05 C, E01 D. The year 2025 is not past.
    """
    policy = policies(["shandong-2019"], as_of=dt.date(2025, 12, 31), parameters={"shandong.upto_b": 75})
    rows = pd.concat([many("2024", range(1, 21)), many("2025", range(20, 0, -1))], ignore_index=True)
    found = Series(rows, Period.of("2025"), PeriodSettings())
    land = pd.DataFrame({"enterprise_id": rows["enterprise_id"].unique(), "land_mu": 10.0})
    ledger = Ledger()
    made = computed_grades(found, land, policy, ledger=ledger)
    assert set(made["period"]) == {"2024"}
    assert "".join(made.sort_values("enterprise_id")["grade"]) == "D" + "C" * 4 + "B" * 11 + "A" * 4
    assert set(made["source"]) == {"computed"}
    assert ledger.frame()["code"].tolist() == ["period-grade-computed"]


def test_an_enterprise_without_land_now_is_not_ranked_in_the_past():
    """Without E20 nineteen are ranked: 20 % of 19 are 3 (rounded down), so that E16 is no A and E17 is."""
    policy = policies(["shandong-2019"], as_of=dt.date(2025, 12, 31), parameters={"shandong.upto_b": 75})
    rows = many("2024", range(1, 21))
    found = Series(rows, Period.of("2025"), PeriodSettings())
    land = pd.DataFrame({"enterprise_id": rows["enterprise_id"], "land_mu": [10.0] * 19 + [np.nan]})
    made = computed_grades(found, land, policy, ledger=Ledger()).set_index("enterprise_id")["grade"]
    assert "E20" not in made
    assert made[["E16", "E17", "E19", "E01"]].tolist() == ["B", "A", "A", "D"]


def test_past_years_are_left_alone_where_the_user_says_so():
    found = Series(many("2024", range(1, 21)), Period.of("2025"), PeriodSettings(grade_past=False))
    land = pd.DataFrame({"enterprise_id": found.rows["enterprise_id"], "land_mu": 10.0})
    assert computed_grades(found, land, SHANDONG, ledger=Ledger()).empty

"""Longer periods from shorter ones, added by hand."""

import numpy as np
import pandas as pd
import pytest

from mudian.periods.parts import kinds, roll_up
from mudian.periods.reading import complete
from mudian.periods.spans import Period
from parcels.ledger import Ledger


def rows(*records, **more):
    table = pd.DataFrame(records, columns=["enterprise_id", "period", "tax_wan"])
    return table.assign(source_row=range(2, len(table) + 2), basis="given", **more)


def summed(table, target, **options):
    made = roll_up(table, Period.of(target), **options)
    return dict(zip(made["enterprise_id"], made["tax_wan"], strict=True))


def test_four_quarters_are_a_year_and_three_are_not():
    """1 + 2 + 3 + 4 = 10; 乙 lacks the third quarter and has no year, rather than one of 7."""
    table = rows(
        *(("甲", f"2024Q{n}", float(n)) for n in (1, 2, 3, 4)), *(("乙", f"2024Q{n}", float(n)) for n in (1, 2, 4))
    )
    assert summed(table, "2024") == {"甲": 10.0}
    assert summed(table.sample(frac=1, random_state=3), "2024") == {"甲": 10.0}


def test_a_half_and_two_quarters():
    assert summed(rows(("甲", "2024H1", 5.0), ("甲", "2024Q3", 2.0), ("甲", "2024Q4", 1.5)), "2024") == {"甲": 8.5}


def test_parts_that_overlap_are_not_added_twice():
    """Cumulative reports (1-3, 1-6, 1-9 months) do not make up a year; halves that stand beside quarters do, alone."""
    running = rows(("甲", "2024Q1", 1.0), ("甲", "2024H1", 2.0), ("甲", "2024-01/2024-09", 3.0))
    assert summed(running, "2024") == {}
    both = rows(("甲", "2024H1", 5.0), ("甲", "2024H2", 6.0), *(("甲", f"2024Q{n}", 1.0) for n in (1, 2, 3, 4)))
    assert summed(both, "2024") == {"甲": 11.0}


def test_a_part_without_a_figure_leaves_the_sum_unknown():
    made = roll_up(rows(("甲", "2024H1", 5.0), ("甲", "2024H2", np.nan)), Period.of("2024"))
    assert made["tax_wan"].isna().tolist() == [True]


def test_staff_is_that_of_the_last_part_and_investment_waits_for_the_user():
    """Staff 80, then 90: 90. Investment 100, then 130: 130 where cumulative, 230 where of each half."""
    table = rows(("甲", "2024H2", 1.0), ("甲", "2024H1", 1.0)).assign(
        employees=[90.0, 80.0], fixed_investment_wan=[130.0, 100.0]
    )
    year = Period.of("2024")
    assert roll_up(table, year)["employees"].tolist() == [90.0]
    assert roll_up(table, year)["fixed_investment_wan"].isna().all()
    assert roll_up(table, year, investment="cumulative")["fixed_investment_wan"].tolist() == [130.0]
    assert roll_up(table, year, investment="of_period")["fixed_investment_wan"].tolist() == [230.0]


def test_a_total_that_differs_from_its_parts_counts_and_is_said():
    """甲: 5 + 6 = 11 against 12 given; 乙: 1 + 2 = 3 as given."""
    ledger = Ledger()
    table = rows(
        ("甲", "2024", 12.0), ("甲", "2024H1", 5.0), ("甲", "2024H2", 6.0),
        ("乙", "2024", 3.0), ("乙", "2024H1", 1.0), ("乙", "2024H2", 2.0),
    )  # fmt: skip
    made = complete(table, Period.of("2024"), None, ledger=ledger)
    assert len(made) == len(table)
    said = ledger.frame()
    assert said[["code", "id", "before", "after"]].to_numpy().tolist() == [["period-parts-differ", "甲", "11", "12"]]


def test_the_base_of_a_half_is_made_of_quarters():
    ledger = Ledger()
    table = rows(("甲", "2025H1", 9.0), ("甲", "2024Q1", 3.0), ("甲", "2024Q2", 4.0))
    made = complete(table, Period.of("2025H1"), None, ledger=ledger)
    base = made[made["period"] == "2024H1"]
    assert base[["tax_wan", "basis"]].to_numpy().tolist() == [[7.0, "summed"]]


def test_every_measure_has_a_kind():
    from mudian.schemas import MONEY, QUANTITIES

    assert set(kinds()) == {*MONEY, *QUANTITIES}
    assert kinds("cumulative")["fixed_investment_wan"] == "stock"


@pytest.mark.parametrize("target", ["2024", "2024H1"])
def test_nothing_comes_of_nothing(target):
    assert roll_up(rows(("甲", "2023", 1.0)), Period.of(target)).empty

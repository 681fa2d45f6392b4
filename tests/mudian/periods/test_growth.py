"""Growth of enterprises, parcels and zones, every rate by hand."""

import numpy as np
import pandas as pd
import pytest

from mudian.periods.cube import make_cube, make_levels
from mudian.periods.growth import growth, history, pairs
from mudian.periods.parts import kinds
from mudian.periods.reading import Series, complete
from mudian.periods.spans import Period
from mudian.settings import PeriodSettings
from parcels.ledger import Ledger

# 甲 holds P1 (10 mu) and P2 (20 mu) of Z1, a third and two thirds; 乙 holds P3 (10 mu) of Z2, 丙 P4 (10 mu) of Z2.
NOW = ["甲", "乙", "丙"]
ENTERPRISES = pd.DataFrame({"enterprise_id": NOW, "land_mu": [30.0, 10.0, 10.0]})
LINKS = pd.DataFrame({"enterprise": [0, 0, 1, 2], "parcel": [0, 1, 2, 3], "weight": [1 / 3, 2 / 3, 1.0, 1.0]})
PARCELS = pd.DataFrame(
    {"parcel_id": ["P1", "P2", "P3", "P4"], "zone_id": ["Z1", "Z1", "Z2", "Z2"], "area_mu": [10.0, 20.0, 10.0, 10.0]}
)
ZONES = pd.DataFrame({"zone_id": ["Z1", "Z2"], "base_mu": [30.0, 40.0]})


def series(records, evaluated="2025", annualise=False, **more):
    table = pd.DataFrame(records, columns=["enterprise_id", "period", "tax_wan"]).assign(basis="given", **more)
    table["source_row"] = range(2, len(table) + 2)
    settings = PeriodSettings(annualise=annualise)
    whole = complete(table, Period.of(evaluated), None, ledger=Ledger())
    return Series(whole, Period.of(evaluated), settings)


def table_of(found, **options):
    cube = make_cube(found, ENTERPRISES["enterprise_id"])
    levels = make_levels(cube, ENTERPRISES, LINKS, PARCELS, ZONES)
    made = growth(
        cube, levels, pairs(cube, found.evaluated, found.periods), kind=kinds(),
        annualise=found.settings.annualise,
    )  # fmt: skip
    return made, history(cube, levels)


def rates(found, *, measure="tax_wan", period=None):
    made, _ = table_of(found)
    own = made[(made["measure"] == measure) & (made["period"] == (period or str(found.evaluated)))]
    keys = zip(own["id"], own["scope"], own["base_period"], strict=True)
    return dict(zip(keys, zip(own["growth"].tolist(), own["status"], strict=True), strict=True))


def test_growth_of_enterprise_parcel_and_zone():
    """甲 90 → 120: 33.3 %; its parcels take a third and two thirds of both. Z2: 10 + 30 → 20 + 30: 50 / 40 − 1."""
    found = series(
        [("甲", "2025", 120.0), ("乙", "2025", 20.0), ("丙", "2025", 30.0), ("甲", "2024", 90.0), ("乙", "2024", 10.0),
         ("丙", "2024", 30.0)]
    )  # fmt: skip
    made = rates(found)
    assert {k[0]: v[1] for k, v in made.items()} == dict.fromkeys([*NOW, "P1", "P2", "P3", "P4", "Z1", "Z2"], "known")
    by_id = {k[0]: v[0] for k, v in made.items()}
    assert by_id["甲"] == by_id["P1"] == pytest.approx(1 / 3)
    assert by_id["乙"] == pytest.approx(1.0)
    assert by_id["Z1"] == pytest.approx(1 / 3)
    # The ratio of sums, not the mean of 100 % and 0 %.
    assert by_id["Z2"] == pytest.approx(0.25)
    table, told = table_of(found)
    own = table[(table["id"] == "Z2") & (table["measure"] == "tax_per_mu")].iloc[0]
    assert (own["value"], own["base"], own["growth"]) == pytest.approx((1.25, 1.0, 0.25))
    past = told[(told["id"] == "P2") & (told["period"] == "2024") & (told["measure"] == "tax_wan")]
    assert past["value"].tolist() == pytest.approx([60.0])


def test_a_base_that_is_missing_zero_or_negative_has_no_rate():
    found = series(
        [("甲", "2025", 120.0), ("乙", "2025", 20.0), ("丙", "2025", 30.0), ("乙", "2024", 0.0), ("丙", "2024", -5.0)]
    )
    made = {k[0]: v for k, v in rates(found).items() if k[0] in NOW}
    assert [made[i][1] for i in NOW] == ["base_missing", "base_zero", "base_negative"]
    assert all(np.isnan(rate) for rate, _ in made.values())
    table, _ = table_of(found)
    own = table[(table["id"] == "甲") & (table["measure"] == "tax_wan")]
    assert own["missing"].tolist() == ["tax_wan@2024"]


def test_a_figure_that_turns_negative_fell_by_more_than_all():
    """From 10 to −5: −5 / 10 − 1 = −150 %. To zero: −100 %."""
    found = series([("甲", "2025", -5.0), ("甲", "2024", 10.0), ("乙", "2025", 0.0), ("乙", "2024", 10.0)])
    made = rates(found)
    assert made["甲", "all", "2024"] == (pytest.approx(-1.5), "known")
    assert made["乙", "all", "2024"] == (pytest.approx(-1.0), "known")


def test_a_half_is_not_compared_with_a_year():
    found = series([("甲", "2025H1", 60.0), ("甲", "2024", 100.0)], evaluated="2025H1")
    (rate, status) = rates(found)["甲", "all", "2024H1"]
    assert np.isnan(rate)
    assert status == "part_year"


def test_a_half_is_compared_with_half_a_year_where_the_user_asks():
    """60 in six months against 100 in twelve, which is 50 in six: +20 %."""
    found = series([("甲", "2025H1", 60.0), ("甲", "2024", 100.0)], evaluated="2025H1", annualise=True)
    assert rates(found)["甲", "all", "2024H1"] == (pytest.approx(0.2), "annualised")


def test_staff_is_never_brought_to_another_length():
    found = series([("甲", "2025H1", 60.0), ("甲", "2024", 100.0)], evaluated="2025H1", annualise=True)
    with_staff = Series(found.rows.assign(employees=[70.0, 80.0]), found.evaluated, found.settings)
    (rate, status) = rates(with_staff, measure="employees")["甲", "all", "2024H1"]
    assert np.isnan(rate)
    assert status == "part_year"


def test_a_quarter_is_compared_with_last_year_and_with_the_quarter_before():
    """Q2 of 2025: 12 against 10 in Q2 of 2024 (+20 %) and against 16 in Q1 of 2025 (−25 %)."""
    found = series([("甲", "2025Q2", 12.0), ("甲", "2025Q1", 16.0), ("甲", "2024Q2", 10.0)], evaluated="2025Q2")
    made = rates(found)
    assert made["甲", "all", "2024Q2"] == (pytest.approx(0.2), "known")
    assert made["甲", "all", "2025Q1"] == (pytest.approx(-0.25), "known")


def test_a_zone_whose_enterprises_differ_is_compared_over_those_that_are_in_both():
    """Z2: 乙 10 → 20, 丙 has 30 now and no figure of 2024. All together unknown; matched 20 / 10 − 1 = 100 %."""
    found = series([("乙", "2025", 20.0), ("丙", "2025", 30.0), ("乙", "2024", 10.0)])
    made = rates(found)
    assert np.isnan(made["Z2", "all", "2024"][0])
    assert made["Z2", "all", "2024"][1] == "coverage"
    assert made["Z2", "matched", "2024"] == (pytest.approx(1.0), "known")
    table, _ = table_of(found)
    own = table[(table["id"] == "Z2") & (table["measure"] == "tax_wan") & (table["scope"] == "all")].iloc[0]
    assert (own["value"], own["base"], own["missing"]) == (50.0, 10.0, "tax_wan@2024")
    assert set(table.loc[table["scope"] == "matched", "measure"]) == {"tax_wan"}


def test_an_enterprise_founded_since_is_growth_and_no_gap():
    """丙, founded in March 2025, could pay nothing in 2024: Z2 grew from 10 to 50; 丙 itself has no rate."""
    found = series(
        [("乙", "2025", 20.0), ("丙", "2025", 30.0), ("乙", "2024", 10.0)],
        founded_on=pd.to_datetime(["2010-01-01", "2025-03-01", "2010-01-01"]),
    )
    made = rates(found)
    assert made["Z2", "all", "2024"] == (pytest.approx(4.0), "known")
    assert made["丙", "all", "2024"][1] == "new"
    assert ("Z2", "matched", "2024") not in made


def test_an_enterprise_that_is_gone_stays_in_the_history_of_enterprises_only():
    found = series([("甲", "2025", 120.0), ("甲", "2024", 90.0), ("旧", "2024", 50.0)])
    made, told = table_of(found)
    gone = made[(made["id"] == "旧") & (made["measure"] == "tax_wan")]
    assert gone[["status", "missing"]].to_numpy().tolist() == [["value_missing", "tax_wan@2025"]]
    zone = told[(told["id"] == "Z1") & (told["period"] == "2024") & (told["measure"] == "tax_wan")]
    assert zone["value"].tolist() == pytest.approx([90.0])


def test_an_evaluated_period_without_any_base_is_said():
    """2023 is no base of 2025: a year between is missing, and nothing bridges it."""
    found = series([("甲", "2025", 120.0), ("甲", "2023", 100.0)])
    assert rates(found)["甲", "all", "2024"][1] == "base_missing"
    assert rates(series([("甲", "2025", 120.0)])) == {}


def test_the_order_of_rows_does_not_matter():
    records = [
        ("甲", "2025", 120.0),
        ("乙", "2025", 20.0),
        ("丙", "2025", 30.0),
        ("甲", "2024", 90.0),
        ("乙", "2024", 7.0),
    ]
    first, past = table_of(series(records))
    again, past_again = table_of(series(records[::-1]))
    pd.testing.assert_frame_equal(first, again)
    pd.testing.assert_frame_equal(past, past_again)

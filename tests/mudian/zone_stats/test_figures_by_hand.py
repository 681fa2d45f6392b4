"""Figures worked out by hand from the table in ``statrun``."""

import numpy as np
import pandas as pd
import pytest
import statrun
from statrun import boolean, parcels, run, zones

import mudian as md
from mudian.zone_stats import wide


@pytest.fixture(scope="module")
def table():
    return md.zone_statistics(run())


def cell(table, zone, measure, column="value"):
    rows = table[(table["zone_id"] == zone) & (table["measure"] == measure)]
    assert len(rows) == 1, measure
    return rows[column].iloc[0]


# North: tax 1200, South: 550. Land by base, in mu: parcels 1000 / 20, industrial 900 / 15, completed 600 / 15,
# supplied 900 / 15, zone 1200 / 30.
@pytest.mark.parametrize(
    ("base", "north", "south"),
    [("parcel", 1000, 20), ("industrial", 900, 15), ("built_up", 600, 15), ("supplied", 900, 15), ("zone", 1200, 30)],
)
def test_intensity_under_each_named_denominator(table, base, north, south):
    name = f"tax_per_mu_{base}"
    assert cell(table, "N", name) == pytest.approx(1200 / north)
    assert cell(table, "S", name) == pytest.approx(550 / south)
    assert cell(table, "N", name, "denominator") == pytest.approx(north)
    assert cell(table, "*", name) == pytest.approx(1750 / (north + south))


def test_all_zones_are_a_ratio_of_sums_and_no_mean_of_ratios(table):
    """1750 / 1020 = 1.716; the mean of 1.2 and 27.5 would be 14.35."""
    assert cell(table, "*", "tax_per_mu_parcel") == pytest.approx(1.7157, abs=1e-4)
    assert cell(table, "*", "tax_per_mu_parcel", "numerator") == 1750
    assert cell(table, "*", "tax_per_mu_parcel", "denominator") == pytest.approx(1020)


def test_the_base_of_the_run_is_the_same_as_in_the_table_of_zones():
    for base in ("parcel", "industrial", "built_up", "supplied", "zone"):
        made = run(base=base)
        own = made.zones.set_index("zone_id")["tax_per_mu"]
        table = md.zone_statistics(made)
        assert cell(table, "N", f"tax_per_mu_{base}") == pytest.approx(own["N"])
        assert cell(table, "S", f"tax_per_mu_{base}") == pytest.approx(own["S"])


def test_investment_of_zone_parcel_and_project_are_three_figures(table):
    """North: 60 000 over 1000, over the 600 mu that have a figure, and 30 000 over the 300 mu of P2's project."""
    assert cell(table, "N", "zone_investment_per_mu_parcel") == pytest.approx(60)
    assert cell(table, "N", "parcel_investment_per_mu") == pytest.approx(100)
    assert cell(table, "N", "project_investment_per_mu") == pytest.approx(100)
    # all zones: 62 000 / 1020, 62 000 / 610, 32 500 / 310
    assert cell(table, "*", "zone_investment_per_mu_parcel") == pytest.approx(62_000 / 1020)
    assert cell(table, "*", "parcel_investment_per_mu") == pytest.approx(62_000 / 610)
    assert cell(table, "*", "project_investment_per_mu") == pytest.approx(32_500 / 310)
    labels = table.loc[table["measure"].str.contains("investment_per_mu"), "label"]
    assert labels.nunique() == table["measure"].str.contains("investment_per_mu").sum() / 3


def test_money_of_industrial_parcels_alone(table):
    """South: P4 pays 500 and P6 nothing known, on 15 mu of industry; P5 is no industry."""
    assert cell(table, "S", "industrial_tax_per_mu") == pytest.approx(500 / 15)
    assert cell(table, "S", "industrial_output_per_mu") == pytest.approx(4000 / 15)
    assert cell(table, "S", "tax_per_mu_industrial") == pytest.approx(550 / 15)


def test_building_and_structure(table):
    """North: floor 750 over 900 mu; South: 35 over 15. Industry without public land: 900 of 900, 15 of 20."""
    assert cell(table, "N", "plot_ratio") == pytest.approx(750 / 900)
    assert cell(table, "*", "plot_ratio") == pytest.approx(785 / 915)
    assert cell(table, "S", "industrial_plot_ratio") == pytest.approx(3.0)
    assert cell(table, "N", "industrial_share_pct") == pytest.approx(100)
    assert cell(table, "S", "industrial_share_pct") == pytest.approx(75)
    assert cell(table, "*", "industrial_share_pct") == pytest.approx(915 / 920 * 100)
    assert cell(table, "S", "industrial_share_of_built_up_pct") == pytest.approx(10 / 15 * 100)
    assert cell(table, "N", "built_up_share_pct") == pytest.approx(600 / 900 * 100)


def test_figures_that_targets_read_are_those_of_the_zones(table):
    own = run().zones.set_index("zone_id")
    names = ["industrial_share_pct", "industrial_tax_per_mu", "industrial_output_per_mu", "plot_ratio", "idle_mu"]
    for name in [*names, "inefficient_mu", "standard_land_count", "idle_rate_pct"]:
        for zone in "NS":
            if zone == "N" or not name.startswith(("idle", "standard_land")):  # undecided in the South
                assert cell(table, zone, name) == pytest.approx(float(own.loc[zone, name])), name


def test_verdicts_are_counted_with_the_undecided_apart(table):
    """Idle: P2 in the North; P4 in the South could not be decided, so that 10 of its 20 mu are covered."""
    assert cell(table, "N", "idle_count") == 1
    assert cell(table, "N", "idle_mu") == pytest.approx(300)
    assert cell(table, "N", "idle_rate_pct") == pytest.approx(300 / 900 * 100)
    assert cell(table, "S", "idle_count") == 0
    assert cell(table, "S", "idle_undecided_count") == 1
    assert cell(table, "S", "idle_undecided_mu") == pytest.approx(10)
    assert cell(table, "S", "idle_count", "covered") == pytest.approx(0.5)
    assert cell(table, "*", "idle_count") == 1
    assert cell(table, "S", "inefficient_count") == 1
    assert cell(table, "S", "inefficient_undecided_count") == 1
    assert cell(table, "N", "standard_land_count") == 1
    assert cell(table, "N", "commitment_broken_mu") == pytest.approx(300)
    assert cell(table, "S", "commitment_kept_count") == 1


def test_a_zone_where_nothing_was_decided_is_unknown_and_names_what_is_missing(table):
    """South: P6 is the only parcel that the question concerns, and a layer is missing for it."""
    assert np.isnan(cell(table, "S", "standard_land_count"))
    assert cell(table, "S", "standard_land_count", "status") == "unknown"
    assert cell(table, "S", "standard_land_count", "missing") == "layer:permanent_basic_farmland"
    assert cell(table, "S", "standard_land_undecided_count") == 1
    # all zones together: the part of the South is not known
    assert np.isnan(cell(table, "*", "standard_land_count"))
    assert cell(table, "*", "standard_land_count", "missing") == "layer:permanent_basic_farmland"


def test_verdicts_that_no_pack_judged_are_unknown_and_never_zero():
    table = md.zone_statistics(run(("liaocheng-2022",)))
    for name in ("idle_count", "inefficient_mu", "standard_land_count", "commitment_broken_count", "idle_rate_pct"):
        assert np.isnan(cell(table, "N", name)), name
        assert cell(table, "N", name, "missing") == "policies"
        assert cell(table, "N", name, "status") == "unknown"


def test_approved_but_not_supplied(table):
    """North: 100 of 900 + 100; South: 0 of 15; together 100 of 1015."""
    assert cell(table, "N", "approved_unsupplied_rate_pct") == pytest.approx(10)
    assert cell(table, "S", "approved_unsupplied_rate_pct") == 0
    assert cell(table, "*", "approved_unsupplied_rate_pct") == pytest.approx(100 / 1015 * 100)


def test_supply_that_nobody_stated_gives_no_rate():
    decided = {"topic": "supply_status", "value": "supplied", "source": "宗地.shp", "evidence": ["no column"]}
    table = md.zone_statistics(run(decisions=(decided,)))
    assert np.isnan(cell(table, "N", "approved_unsupplied_rate_pct"))
    assert cell(table, "N", "approved_unsupplied_rate_pct", "missing") == "supply_status"


def test_grades_count_an_enterprise_in_every_zone_it_has_land_in_and_once_in_all(table):
    """North: E1 and E3 are A, E2 is B. South: E1 is A, E5 is C, E4 has no grade."""
    assert [cell(table, z, "grade_A_count") for z in "NS*"] == [2, 1, 2]
    assert [cell(table, z, "grade_C_count") for z in "NS*"] == [0, 1, 1]
    assert cell(table, "*", "enterprise_count") == 5
    assert cell(table, "S", "enterprise_count") == 3
    assert cell(table, "S", "graded_count") == 2
    assert cell(table, "S", "grade_A_share_pct") == pytest.approx(50)
    assert cell(table, "*", "grade_A_share_pct") == pytest.approx(2 / 4 * 100)
    # land: 4 of 9 mu in the South; 504 of 609 mu in all
    assert cell(table, "S", "grade_A_land_share_pct") == pytest.approx(4 / 9 * 100)
    assert cell(table, "*", "grade_A_land_share_pct") == pytest.approx(504 / 609 * 100)


def test_leading_industries(table):
    """Divisions: 36 has E1 and E2 (50 000 in the North, 1000 in the South), 39 has 40 000, 26 has 3000; G59 is storage.

    North: 36 leads with 50 / 90. South: 26 leads with 3 / 4. All: 51 / 94.
    """
    assert cell(table, "N", "leading_1_share_pct") == pytest.approx(50 / 90 * 100)
    assert cell(table, "S", "leading_1_share_pct") == pytest.approx(3 / 4 * 100)
    assert cell(table, "*", "leading_1_share_pct") == pytest.approx(51 / 94 * 100)
    assert cell(table, "*", "leading_3_share_pct") == pytest.approx(100)
    assert cell(table, "*", "leading_1_share_pct", "note") == "主导产业（占工业营业收入）：汽车制造业 54.3%"


def test_three_of_four_industries():
    """All zones: 36 has 51 000, 39 40 000, 13 now 2000 of E2's 20 000 … so the first three of four are counted."""
    firms = statrun.enterprises().assign(industry_code=["C36", "C13", "C39", "C26", "C17"])
    table = md.zone_statistics(run(firms=firms))
    # 36: 31 000, 13: 20 000, 39: 40 000, 26: 3000, 17: 1000; in all 95 000
    assert cell(table, "*", "leading_3_share_pct") == pytest.approx(91 / 95 * 100)
    assert cell(table, "*", "leading_1_share_pct") == pytest.approx(40 / 95 * 100)


def test_missing_industry_codes_and_revenue_are_named():
    firms = statrun.enterprises().assign(industry_code=pd.array([None] * 5, dtype="str"))
    table = md.zone_statistics(run(firms=firms))
    assert cell(table, "N", "leading_3_share_pct", "missing") == "industry_code"
    assert cell(table, "N", "leading_3_share_pct", "status") == "unknown"
    held = statrun.links().assign(revenue_wan=np.nan)
    table = md.zone_statistics(run(held=held))
    assert cell(table, "S", "leading_3_share_pct", "missing") == "revenue_wan"


def test_a_zone_without_industry_has_no_leading_one_and_lacks_nothing():
    """All enterprises of the South are storage (G59); those of the North stay as they are."""
    held = statrun.links()
    held = held[held["enterprise_id"].ne("E1").fillna(True) | (held["parcel_row"] == 11)]
    firms = statrun.enterprises().assign(industry_code=["C36", "C36", "C39", "G59", "G59"])
    table = md.zone_statistics(run(firms=firms, held=held))
    assert cell(table, "S", "leading_1_share_pct", "status") == "not_applicable"
    assert cell(table, "S", "leading_1_share_pct", "missing") == ""
    assert cell(table, "*", "leading_1_share_pct") == pytest.approx(50 / 90 * 100)


def test_a_zone_without_enterprises_is_unknown():
    held = statrun.links()
    table = md.zone_statistics(run(held=held[held["parcel_row"] == 11]))
    assert cell(table, "S", "leading_3_share_pct", "missing") == "enterprises"
    assert cell(table, "S", "enterprise_count") == 0
    assert cell(table, "S", "grade_A_count", "missing") == "grade"
    assert cell(table, "*", "leading_3_share_pct") == pytest.approx(100)
    assert "按两项都有数的1个开发区计算" in cell(table, "*", "leading_3_share_pct", "note")


def test_standard_factories_by_two_columns_and_as_stated():
    made = run(of=zones(factory_m2=[1000.0, 500.0], factory_used_m2=[900.0, 200.0]))
    table = md.zone_statistics(made)
    assert cell(table, "N", "factory_use_pct") == pytest.approx(90)
    assert cell(table, "*", "factory_use_pct") == pytest.approx(1100 / 1500 * 100)
    stated = md.zone_statistics(run(of=zones(factory_use_pct=[80.0, np.nan])))
    assert cell(stated, "N", "factory_use_pct") == 80
    assert cell(stated, "N", "factory_use_pct", "status") == "given"
    assert cell(stated, "S", "factory_use_pct", "status") == "unknown"
    assert np.isnan(cell(stated, "*", "factory_use_pct"))


@pytest.mark.parametrize(
    ("column", "measure", "named"),
    [
        ("tax_wan", "tax_per_mu_parcel", "tax_wan"),
        ("fixed_investment_wan", "parcel_investment_per_mu", "fixed_investment_wan"),
        ("floor_area_m2", "plot_ratio", "floor_area_m2"),
        ("actual_completion", "tax_per_mu_built_up", "actual_completion"),
        ("industrial", "tax_per_mu_industrial", "land_use_code"),
        ("industrial", "industrial_tax_per_mu", "land_use_code"),
        ("public_land", "industrial_share_pct", "land_use_code"),
        ("total_investment_wan", "project_investment_per_mu", "total_investment_wan"),
    ],
)
def test_a_column_that_is_not_there_makes_its_measures_unknown(column, measure, named):
    table = md.zone_statistics(run(land=parcels().drop(columns=column)))
    for zone in ("N", "S", "*"):
        assert np.isnan(cell(table, zone, measure))
        assert cell(table, zone, measure, "status") == "unknown"
        assert cell(table, zone, measure, "missing") == named


def test_zero_land_is_not_applicable_and_neither_zero_nor_unknown():
    """No parcel is completed: money over completed land is no figure, and nothing is missing."""
    land = parcels().assign(actual_completion=pd.NaT)
    table = md.zone_statistics(run(land=land))
    assert cell(table, "N", "built_up_mu") == 0
    assert np.isnan(cell(table, "N", "tax_per_mu_built_up"))
    assert cell(table, "N", "tax_per_mu_built_up", "status") == "not_applicable"
    assert cell(table, "N", "tax_per_mu_built_up", "missing") == ""


def test_a_zone_of_which_nothing_is_known_does_not_pull_the_others_down():
    """South has no tax: all zones together are 1200 over the 1000 mu of the North, and say so."""
    land = parcels()
    land.loc[land["zone_id"] == "S", "tax_wan"] = np.nan
    table = md.zone_statistics(run(land=land))
    assert cell(table, "*", "tax_per_mu_parcel") == pytest.approx(1.2)
    assert cell(table, "*", "tax_per_mu_parcel", "note") == "按两项都有数的1个开发区计算（共2个）"


def test_how_much_land_a_figure_covers(table):
    """Taxes are known of 600 of 1000 mu in the North, of 15 of 20 in the South."""
    assert cell(table, "N", "tax_per_mu_parcel", "covered") == pytest.approx(0.6)
    assert cell(table, "S", "tax_per_mu_parcel", "covered") == pytest.approx(0.75)
    assert cell(table, "*", "tax_per_mu_parcel", "covered") == pytest.approx(615 / 1020)


def test_one_row_a_zone(table):
    made = wide(table)
    assert made.index.tolist() == ["*", "N", "S"]
    assert made.loc["S", "grade_A_count"] == 1


def test_a_zone_without_parcels_is_unknown_but_its_land_is_known():
    land = parcels()
    table = md.zone_statistics(run(land=land[land["zone_id"] == "N"].copy()))
    assert cell(table, "S", "tax_per_mu_parcel", "missing") == "parcels"
    assert cell(table, "S", "parcel_count") == 0
    assert cell(table, "S", "area_mu") == pytest.approx(30)
    assert cell(table, "S", "idle_count", "missing") == "parcels"
    assert cell(table, "*", "tax_per_mu_parcel") == pytest.approx(1.2)


def test_undecided_use_makes_the_share_unknown():
    land = parcels().assign(industrial=boolean(True, None, False, True, False, True))
    table = md.zone_statistics(run(land=land))
    assert cell(table, "N", "industrial_share_pct", "status") == "unknown"
    assert cell(table, "N", "industrial_share_pct", "missing") == "land_use_code"
    assert cell(table, "S", "industrial_share_pct") == pytest.approx(75)
    assert cell(table, "N", "industrial_mu", "covered") == pytest.approx(0.7)

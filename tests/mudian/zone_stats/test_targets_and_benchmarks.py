"""Targets of the packs with the gap to each, and published figures beside those of the zone."""

import datetime as dt

import numpy as np
import pytest
from statrun import parcels, run, zones

import mudian as md
from mudian.zone_stats.beside import benchmarks

START = dt.date(2023, 1, 1)


def targets(made):
    table = md.zone_statistics(made)
    return table[table["group"] == "target"].set_index(["zone_id", "measure"])


def cell(table, zone, measure, column):
    return table.loc[(table["zone_id"] == zone) & (table["measure"] == measure), column].iloc[0]


def test_gaps_by_hand():
    """Qianxi: industry from 70 % of the land, 300 a mu invested and 300 put out.

    North: 900 of 900 mu, 60 000 / 900 and 90 000 / 900; South: 15 of 20 mu, 2000 / 15 and 4000 / 15.
    """
    found = targets(run(("qianxi",), **{"qianxi.in_force": START}))
    gap, status = found["gap"], found["status"]
    assert gap["N", "qianxi.industrial_share"] == pytest.approx(30)
    assert gap["S", "qianxi.industrial_share"] == pytest.approx(5)
    assert gap["N", "qianxi.investment_per_mu"] == pytest.approx(60_000 / 900 - 300)
    assert gap["S", "qianxi.output_per_mu"] == pytest.approx(4000 / 15 - 300)
    assert status["N", "qianxi.industrial_share"] == "yes"
    assert status["S", "qianxi.output_per_mu"] == "no"
    assert found["target"]["S", "qianxi.output_per_mu"] == 300
    assert found["operator"]["S", "qianxi.output_per_mu"] == ">="
    assert found["clause"]["S", "qianxi.output_per_mu"] == "《黔西市开发区高质量发展实施方案》 二（五）1"
    assert found["source"]["S", "qianxi.output_per_mu"] == "seed 003:213"
    assert found["note"]["N", "qianxi.industrial_share"] == "不少于…左右"
    assert found["label"]["N", "qianxi.industrial_share"] == "工业用地占比不少于约70%"


def test_a_target_tells_what_its_value_is_made_of():
    found = targets(run(("qianxi",), **{"qianxi.in_force": START}))
    row = found.loc[("S", "qianxi.output_per_mu")]
    assert (row["metric"], row["numerator"], row["denominator"]) == (
        "industrial_output_per_mu",
        4000,
        pytest.approx(15),
    )


def test_targets_for_a_level_are_held_against_zones_of_that_level_alone():
    """Guiyang: 500 a mu for national zones (the South), 300 for provincial ones (the North)."""
    found = targets(run(("guiyang",), **{"guiyang.in_force": START}))
    assert ("N", "guiyang.output_per_mu.provincial") in found.index
    assert ("N", "guiyang.output_per_mu.national") not in found.index
    assert found["gap"]["N", "guiyang.output_per_mu.provincial"] == pytest.approx(100 - 300)
    assert found["gap"]["S", "guiyang.output_per_mu.national"] == pytest.approx(4000 / 15 - 500)


def test_a_target_whose_field_is_missing_is_unknown_and_names_it():
    found = targets(run(("guiyang",), **{"guiyang.in_force": START}))
    row = found.loc[("N", "guiyang.factory_use")]
    assert (row["status"], row["missing"]) == ("unknown", "factory_use_pct")
    assert np.isnan(row["value"])
    assert np.isnan(row["gap"])


def test_use_of_standard_factories_is_judged_where_the_zones_say_it():
    """900 of 1000 m² is above Guiyang's 80 %, 200 of 500 m² is not."""
    of = zones(factory_m2=[1000.0, 500.0], factory_used_m2=[900.0, 200.0])
    found = targets(run(("guiyang",), of=of, **{"guiyang.in_force": START}))
    assert found["gap"]["N", "guiyang.factory_use"] == pytest.approx(10)
    assert found["gap"]["S", "guiyang.factory_use"] == pytest.approx(-40)
    assert found["status"]["S", "guiyang.factory_use"] == "no"


def test_the_parts_of_a_target_stand_below_the_whole():
    """Liaocheng asks for projects of two sizes; nobody counted them."""
    found = targets(run(("liaocheng-2022",)))
    whole = found.loc[("N", "liaocheng2022.projects")]
    assert (whole["status"], whole["metric"]) == ("unknown", "")
    part = found.loc[("N", "liaocheng2022.projects/1")]
    assert (part["metric"], part["target"]) == ("new_projects_2bn_count", 1)
    assert part["label"] == "其中：2022年引进20亿元以上项目的最少个数"
    assert part["note"] == "1-2个，按下限；由主管部门甄别"
    assert found["gap"]["N", "liaocheng2022.tax_per_mu"] == pytest.approx(1.2 - 6.47)


def test_all_zones_together_have_no_targets():
    assert "*" not in targets(run(("liaocheng-2022",))).index.get_level_values("zone_id")


def test_figures_of_the_province_stand_beside_its_zones_with_their_source():
    table = md.zone_statistics(run())
    for base in ("parcel", "supplied", "zone"):
        assert cell(table, "N", f"tax_per_mu_{base}", "benchmark_mean") == 6.47
        assert cell(table, "N", f"tax_per_mu_{base}", "benchmark_max") == 31.78
        assert cell(table, "N", f"zone_investment_per_mu_{base}", "benchmark_mean") == 50.71
    assert cell(table, "N", "tax_per_mu_parcel", "benchmark_fit") == "yes"
    assert "seed 002:976" in cell(table, "N", "tax_per_mu_parcel", "benchmark_mean_source")
    assert "seed 002:968-972" in cell(table, "N", "tax_per_mu_parcel", "benchmark_max_source")
    # what a zone invests is no measure of what a parcel or a project invests
    assert np.isnan(cell(table, "N", "parcel_investment_per_mu", "benchmark_mean"))
    assert np.isnan(cell(table, "N", "project_investment_per_mu", "benchmark_mean"))


def test_they_do_not_stand_beside_zones_of_another_province():
    land = parcels()
    land["parcel_id"] = land["parcel_id"].str.replace("370902", "520502")
    table = md.zone_statistics(run(land=land))
    assert np.isnan(cell(table, "N", "tax_per_mu_parcel", "benchmark_mean"))
    assert cell(table, "N", "tax_per_mu_parcel", "benchmark_mean_source") == ""
    assert cell(table, "N", "tax_per_mu_parcel", "benchmark_fit") == ""
    assert cell(table, "N", "plot_ratio", "benchmark_national") == 1.06


def test_a_zone_whose_place_or_level_is_unknown_has_them_as_a_reference():
    land = parcels()
    land["parcel_id"] = [f"x{i}" for i in range(6)]
    table = md.zone_statistics(run(land=land))
    assert cell(table, "N", "tax_per_mu_parcel", "benchmark_mean") == 6.47
    assert cell(table, "N", "tax_per_mu_parcel", "benchmark_fit") == "unknown"
    of = zones().drop(columns="zone_level")
    assert cell(md.zone_statistics(run(of=of)), "N", "tax_per_mu_parcel", "benchmark_fit") == "unknown"


def test_a_zone_below_the_province_has_no_figure_of_provincial_zones():
    table = md.zone_statistics(run(of=zones(zone_level=["县级", "省级"])))
    assert np.isnan(cell(table, "N", "tax_per_mu_parcel", "benchmark_mean"))
    assert cell(table, "S", "tax_per_mu_parcel", "benchmark_mean") == 6.47


def test_national_means_come_in_the_unit_of_the_measure():
    """678.99 and 8984.3 万元/公顷 are 45.27 and 598.95 万元/亩, as the reference has them."""
    table = md.zone_statistics(run())
    assert cell(table, "N", "industrial_tax_per_mu", "benchmark_national") == pytest.approx(45.27, abs=5e-3)
    assert cell(table, "N", "industrial_investment_per_mu", "benchmark_national") == pytest.approx(598.95, abs=5e-3)
    assert cell(table, "N", "tax_per_mu_built_up", "benchmark_national") == pytest.approx(36.00, abs=5e-3)


def test_a_newer_national_mean_replaces_an_older_one_from_its_day_on():
    """综合容积率: 0.98 in the bulletin without a year, 1.06 in that of 2024, reported in April 2025."""
    now = md.zone_statistics(run())
    before = md.zone_statistics(run(as_of=dt.date(2024, 12, 31)))
    assert cell(now, "N", "plot_ratio", "benchmark_national") == 1.06
    assert cell(before, "N", "plot_ratio", "benchmark_national") == 0.98
    assert np.isnan(cell(before, "N", "building_density_pct", "benchmark_national"))


def test_a_figure_is_not_shown_before_its_day():
    assert not [b for b in benchmarks(dt.date(2021, 12, 31), "zh") if b.kind == "max"]


def test_every_published_figure_has_a_source_and_measures_that_exist():
    known = set(md.zone_statistics(run())["measure"])
    for one in benchmarks(dt.date(2026, 1, 1), "en"):
        assert one.cite
        assert [m for m in one.measures if m in known or m.startswith("td_")] == list(one.measures)

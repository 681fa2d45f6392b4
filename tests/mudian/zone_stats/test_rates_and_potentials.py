"""Rates, potentials and years of supply of TD/T 1029 among the statistics, by hand."""

import datetime as dt
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from statrun import run

import mudian as md
from mudian.packs.policy import policies
from mudian.potentials import potentials

HA = 10_000.0
DAY = dt.date(2025, 12, 31)
# North: 100 ha, A 60 (A2 40), B21 20, B22 10, C 10; D 70, E 20, F 10. South: 10 ha, A2 5, B21 5; D 5, E 5.
LOTS = [
    ("N", 40, "A2", "D21", "supplied", "2021-03-01"),
    ("N", 20, "A1", "D21", "supplied", "2020-12-31"),
    ("N", 10, "B21", "D21", "supplied", "2025-12-31"),
    ("N", 10, "B21", "E21", "unsupplied", None),
    ("N", 10, "B22", "E22", "unsupplied", None),
    ("N", 10, "C1", "F", "unsupplied", None),
    ("S", 5, "A2", "D21", "supplied", "2023-01-01"),
    ("S", 5, "B21", "E21", "unsupplied", None),
]


@pytest.fixture(scope="module")
def table():
    frame = pd.DataFrame(LOTS, columns=["zone_id", "ha", "td_construction", "td_supply", "supply_status", "day"])
    land = gpd.GeoDataFrame(
        frame.assign(
            parcel_id=[f"L{i}" for i in range(len(frame))], source_row=range(len(frame)), area_m2=frame["ha"] * HA,
            area_mu=frame["ha"] * 15.0, contract_date=pd.to_datetime(frame["day"]),
            floor_area_m2=[60 * HA, 20 * HA, 0.0, 0.0, 0.0, 0.0, 2 * HA, 0.0], plot_ratio=1.0,
        ),
        geometry=[shapely.box(i, 0, i + 1, 1) for i in range(len(frame))],
    )  # fmt: skip
    nothing = {"idle_status": "not_idle", "inefficient": pd.NA, "standard_land_eligible": pd.NA}
    of = gpd.GeoDataFrame(
        {
            "zone_id": ["S", "N"],
            "zone_name": ["南", "北"],
            "area_m2": [10 * HA, 100 * HA],
            "residents": [100.0, 1000.0],
        },
        geometry=[shapely.box(0, 0, 1, 1)] * 2,
    )
    made = run(("national",), land=land.assign(**nothing), of=of, firms=pd.DataFrame({"enterprise_id": []}), held=None)
    found = potentials(made.zones, made.parcels, policies(["national"], as_of=DAY))
    return md.zone_statistics(replace(made, potentials=found.table))


def value(table, zone, measure, column="value"):
    return table.loc[(table["zone_id"] == zone) & (table["measure"] == measure), column].iloc[0]


@pytest.mark.parametrize(
    ("measure", "north", "south", "both"),
    [
        ("td_dev", 80 / 90, 10 / 10, 90 / 100),
        ("td_sup", 70 / 80, 5 / 10, 75 / 90),
        ("td_blt", 60 / 70, 5 / 5, 65 / 75),
        ("td_ind", 40 / 60, 5 / 5, 45 / 65),
    ],
)
def test_rates_of_all_zones_are_ratios_of_sums(table, measure, north, south, both):
    assert value(table, "N", measure) == pytest.approx(north * 100)
    assert value(table, "S", measure) == pytest.approx(south * 100)
    assert value(table, "*", measure) == pytest.approx(both * 100)
    assert value(table, "N", measure, "clause") == "TD/T 1029 评价指标"


def test_what_is_over_what(table):
    """Land supplied: D over A+B21, 70 over 80 ha. Plot ratio: 80 ha of floor over 60, 2 over 5, together 82 over 65."""
    assert value(table, "N", "td_sup", "denominator_name") == "A+B21"
    assert value(table, "N", "td_sup", "numerator") == pytest.approx(70)
    assert value(table, "N", "td_sup", "denominator") == pytest.approx(80)
    assert value(table, "*", "td_far") == pytest.approx(82 / 65)
    assert value(table, "*", "td_far", "numerator") == pytest.approx(82 * HA)  # m² of floor over 65 ha
    assert value(table, "*", "td_far", "denominator") == pytest.approx(65)
    assert value(table, "*", "td_pop") == pytest.approx(1100 / 65)


def test_national_means_stand_beside_the_rates(table):
    assert value(table, "N", "td_sup", "benchmark_national") == 92.68
    assert value(table, "N", "td_dev", "benchmark_national") == 91.9


def test_the_type_of_a_zone_is_a_word(table):
    """North: 40 of 60 ha industry, 20 of 60 ha housing (more than a quarter): neither type. South: industrial."""
    assert value(table, "N", "td_type", "note") == "其他"
    assert value(table, "S", "td_type", "note") == "工业主导型"
    assert "*" not in table.loc[table["measure"] == "td_type", "zone_id"].tolist()


def test_potentials_add_up_and_years_of_supply_do_not(table):
    """E: 20 and 5 ha. Supplied 2021–2025: 50 ha and 5 ha, 10 and 1 a year: 2 and 5 years; together 25 ÷ 11."""
    assert value(table, "*", "expansion_ha") == pytest.approx(25)
    assert value(table, "N", "mean_supply_ha") == pytest.approx(10)
    assert value(table, "N", "supply_years_E") == pytest.approx(2)
    assert value(table, "S", "supply_years_E") == pytest.approx(5)
    assert value(table, "*", "supply_years_E") == pytest.approx(25 / 11)


def test_what_is_recalled_and_not_confirmed_stays_unknown(table):
    assert np.isnan(value(table, "N", "structure_ha"))
    assert "confirm:td1029.potential.structure" in value(table, "*", "structure_ha", "missing")

"""Gain by scenario: benchmarks and gains worked by hand."""

import re

import numpy as np
import pandas as pd
import pytest
from screenrun import DAY, firms, land, links, run, zones

import mudian as md
from mudian.packs.policy import policies
from mudian.screening import screen
from mudian.screening.benchmarks import current_tax, pack_floor, top_quartiles
from mudian.screening.reasons import firms_of
from mudian.settings import ScreeningSettings

ALL = ScreeningSettings(scenarios=("zone_mean", "top_quartile", "own"), benchmark_tax_per_mu=8.0)
# Tax per mu 12, 5, 2, 0 (idle, nobody on it) and unknown (its enterprise has no figure); 10, 20, 10, 10 and 10 mu.
TOWN = {
    "area_mu": [10.0, 20.0, 10.0, 10.0, 10.0],
    "tax_wan": [120.0, 100.0, 20.0, np.nan, np.nan],
    "tax_wan_incomplete": [False, False, False, False, True],
    "idle_status": ["not_idle", "not_idle", "not_idle", "idle_1y", "not_idle"],
    "inefficient": [False, True, True, False, True],
}
WHO = links(("P1", "E1"), ("P2", "E2"), ("P3", "E3"), ("P5", "E5"))


def screened(settings=ALL, **more):
    found = screen(run(land(**TOWN), of=zones(4.0), held=WHO, **more), settings=settings).parcels
    return found.set_index("parcel_id")


def test_gain_is_benchmark_less_current_tax_times_area():
    """P1 is no candidate. Zone mean 4: P2 (4−5)·20 = −20, P3 (4−2)·10 = 20, P4 (4−0)·10 = 40.

    Top quartile: 50 mu have a known figure, a quarter is 12.5; P1 has 10 (20 %), with P2 30 (60 %), so the level is
    5: P2 0, P3 (5−2)·10 = 30, P4 50. Own figure 8: P2 (8−5)·20 = 60, P3 60, P4 80. P5 is unknown in all of them.
    """
    found = screened()
    assert sorted(found.index) == ["P2", "P3", "P4", "P5"]
    expected = {
        "gain_zone_mean_wan": [-20.0, 20.0, 40.0, np.nan],
        "gain_top_quartile_wan": [0.0, 30.0, 50.0, np.nan],
        "gain_own_wan": [60.0, 60.0, 80.0, np.nan],
    }
    for column, values in expected.items():
        np.testing.assert_allclose(found.loc[["P2", "P3", "P4", "P5"], column], values)


def test_what_is_known_and_on_what_it_rests():
    found = screened()
    assert found.loc["P4", ["tax_now_wan", "tax_now_per_mu", "tax_now_basis"]].tolist() == [0.0, 0.0, "idle_zero"]
    assert found.loc["P3", ["tax_now_wan", "tax_now_per_mu", "tax_now_basis"]].tolist() == [20.0, 2.0, "given"]
    assert found.loc["P5", ["tax_now_wan", "tax_now_per_mu", "tax_now_basis"]].isna().all()


def test_only_positive_gains_are_ranked_and_equal_ones_share_a_rank():
    found = screened().loc[["P2", "P3", "P4", "P5"]]
    assert found["rank_gain_zone_mean"].tolist() == [pd.NA, 2, 1, pd.NA]
    assert found["rank_gain_own"].tolist() == [2, 2, 1, pd.NA]
    assert found["front_zone_mean"].isna().tolist() == [True, False, False, True]


@pytest.mark.parametrize(
    ("columns", "links_", "tax"),
    [
        ({"idle_status": ["idle_2y"]}, links(), 0.0),
        ({"idle_status": ["idle_stopped"]}, links(("P1", "E1")), None),  # somebody uses it, so nothing is known
        ({"idle_status": ["not_idle"]}, links(), None),  # nobody is linked, but it is not idle
        ({"idle_status": ["unknown"]}, links(), None),
        ({"idle_status": ["idle_1y"], "supply_status": ["unsupplied"]}, links(), None),
        ({"tax_wan": [50.0], "tax_wan_incomplete": [True]}, links(("P1", "E1")), None),  # a part of it only
        ({"tax_wan": [0.0]}, links(("P1", "E1")), 0.0),  # a zero that was given
    ],
)
def test_missing_tax_is_zero_only_for_supplied_idle_land_without_enterprise(columns, links_, tax):
    evaluation = run(land(**{"area_mu": [10.0]} | columns), held=links_)
    found, _ = current_tax(evaluation.parcels, firms_of(evaluation))
    assert found.isna().item() if tax is None else found.item() == tax


def test_top_quartile_is_weighted_by_area_and_needs_four_parcels():
    """40 mu in all: a quarter is 10. The best has 9 mu (22.5 %), so the second decides: 20."""
    frame = pd.DataFrame({"zone_id": ["Z"] * 4, "area_mu": [9.0, 11.0, 10.0, 10.0]})
    tax = pd.Series([30.0 * 9, 20.0 * 11, 10.0 * 10, 0.0])
    assert top_quartiles(frame, tax) == {"Z": pytest.approx(20.0)}
    assert top_quartiles(frame.assign(area_mu=[10.0, 10.0, 10.0, 10.0]), pd.Series([300.0, 200.0, 100.0, 0.0])) == {
        "Z": pytest.approx(30.0)
    }
    assert top_quartiles(frame, tax.mask(tax == 0.0)) == {}


def test_a_zone_that_is_not_known_has_no_benchmark():
    found = screen(
        run(land(inefficient=[True, True], zone_id=["Z", None], tax_wan=[10.0, 10.0]), of=zones(4.0)),
        settings=ScreeningSettings(scenarios=("zone_mean",)),
    ).parcels.set_index("parcel_id")
    assert found.loc["P1", "gain_zone_mean_wan"] == pytest.approx(30.0)
    assert np.isnan(found.loc["P2", "gain_zone_mean_wan"])


def floors(packs, parcels, **zone):
    evaluation = run(parcels, of=zones(4.0, **zone))
    policy = policies(packs, as_of=DAY)
    return pack_floor(pd.DataFrame(parcels.drop(columns="geometry")), evaluation.zones, firms_of(evaluation), policy)


@pytest.mark.parametrize(
    ("park", "value", "clause"),
    [("国家级园区", 25.0, "国家级园区、四城区园区"), ("沿海省级园区", 20.0, "沿海及近城区省级园区")],
)
def test_floor_of_the_pack_by_class_of_the_park(park, value, clause):
    """Fuzhou 2024: 25 万元/亩 in national parks, 20 in coastal provincial ones."""
    found = floors(("fuzhou-access-2024",), land(inefficient=[True]), park_class=[park])
    assert found.value.item() == value
    assert clause in found.clause.item()
    assert found.missing.item() == ""


def test_floor_is_unknown_where_the_class_of_the_park_is_not_given():
    found = floors(("fuzhou-access-2024",), land(inefficient=[True]), park_class=[None])
    assert np.isnan(found.value.item())
    assert "park_class" in found.missing.item()


def test_without_a_rule_that_applies_the_own_commitment_is_the_floor():
    """Parcels that committed themselves to 15 and to nothing; no rule of the packs sets a floor for them."""
    found = floors(("standard-land-base",), land(inefficient=[True, True], committed_tax_per_mu=[15.0, np.nan]))
    assert found.value.tolist() == [15.0, pytest.approx(np.nan, nan_ok=True)]
    assert found.missing.tolist() == ["", "committed_tax_per_mu"]
    assert "亩均税收" in found.clause.iloc[0]


def test_gain_to_the_floor_is_unknown_without_a_floor():
    parcels = land(inefficient=[True, True], committed_tax_per_mu=[15.0, np.nan], tax_wan=[30.0, 30.0])
    found = screen(
        run(parcels, table=firms({"enterprise_id": "E1"}), held=links(("P1", "E1"), ("P2", "E1"))),
        settings=ScreeningSettings(scenarios=("standard_floor",)),
        policy=policies(("standard-land-base",), as_of=DAY),
    ).parcels.set_index("parcel_id")
    assert found.loc["P1", "gain_standard_floor_wan"] == pytest.approx(15 * 10 - 30)
    assert np.isnan(found.loc["P2", "gain_standard_floor_wan"])


def test_noise_of_a_measured_area_makes_no_fronts():
    """Four idle squares of 10 mu, the areas apart by a ten-millionth as on the ellipsoid: gain 4·10 = 40 of each.

    One front and one rank. A fifth with 10.1 mu gains 40.4 and is first; the others share the second rank.
    """
    areas = [10.0, 10.0 + 1e-6, 10.0 - 1e-6, 10.0 + 2e-6]
    idle = {"idle_status": ["idle_1y"] * 4, "area_mu": areas}
    found = screen(run(land(**idle), of=zones(4.0)), settings=ALL).parcels
    assert found["front_zone_mean"].tolist() == [1, 1, 1, 1]
    assert found["rank_gain_zone_mean"].tolist() == [1, 1, 1, 1]
    more = {"idle_status": ["idle_1y"] * 5, "area_mu": [*areas, 10.1]}
    found = screen(run(land(**more), of=zones(4.0)), settings=ALL).parcels.set_index("parcel_id")
    assert found.loc["P5", "rank_gain_zone_mean"] == 1
    assert found.loc[["P1", "P2", "P3", "P4"], "rank_gain_zone_mean"].tolist() == [2, 2, 2, 2]


def test_a_candidate_without_an_area_is_told_without_a_figure():
    """An empty outline measures nothing; the list says so in words."""
    made = run(land(idle_status=["idle_1y", "idle_1y"], area_mu=[10.0, np.nan]), of=zones(4.0, zone_name=["甲区"]))
    for lang, words in (("zh", "面积未知"), ("en", "area unknown")):
        told = md.screen(made, lang=lang).text()
        assert words in told
        assert not re.search(r"\bnan\b", told)

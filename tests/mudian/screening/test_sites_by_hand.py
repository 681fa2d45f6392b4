"""Contiguous sites (成片) worked by hand: a block of nine squares, gaps, roads, corners, minimum area, figures."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from screenrun import SIDE, land, links, run, square, zones

from mudian.errors import UsageError
from mudian.screening import screen
from mudian.settings import ScreeningSettings

EDGE = 3 * SIDE


def settings(**more):
    return ScreeningSettings(**{"scenarios": ("own",), "benchmark_tax_per_mu": 8.0, "min_site_mu": 20.0} | more)


def block(**columns):
    """Nine squares of ten mu, three by three, all of low efficiency: P1 P2 P3 in the southern row, and so on."""
    size = 9
    plain = {
        "inefficient": [True] * size, "geometry": [square(i % 3, i // 3) for i in range(size)],
        "tax_wan": [10.0] * size,
    }  # fmt: skip
    return land(**plain | columns)


def groups(parcels, own=None, **more):
    """The parcels of every site, as sets of numbers."""
    found = screen(run(parcels, **more), settings=own or settings())
    return sorted(sorted(int(p[1:]) for p in ids.split("；")) for ids in found.sites["parcel_ids"])


def test_a_block_of_nine_is_one_site_with_sums_of_its_parcels():
    """90 mu; gain (8·10 − 10) · 9 = 630; one square, so the shape is that of a square."""
    found = screen(run(block(), of=zones(5.0)), settings=settings())
    site = found.sites.iloc[0]
    assert len(found.sites) == 1
    assert site["area_mu"] == pytest.approx(90.0)
    assert site["parcel_count"] == 9
    assert site["gain_own_wan"] == pytest.approx(630.0)
    assert not site["gain_own_wan_incomplete"]
    assert site["shape_index"] == pytest.approx(4 / (2 * np.sqrt(np.pi)), rel=1e-6)
    assert site["geometry"].area == pytest.approx(90 * 2000 / 3)
    assert site["site_id"] == "Z-S001"
    assert set(found.parcels["site_id"]) == {"Z-S001"}
    # The zone has 500 of tax on 100 mu: with 630 more it is 11.3.
    assert site["zone_tax_per_mu_own"] == pytest.approx(11.3)


def test_corners_do_not_join():
    """The four corners and the middle of the block touch in points only."""
    diagonal = [0, 2, 4, 6, 8]
    parcels = block().iloc[diagonal].reset_index(drop=True)
    assert groups(parcels, settings(min_site_mu=5.0)) == [[1], [3], [5], [7], [9]]


@pytest.mark.parametrize(("gap", "joined"), [(0.9, True), (1.0, True), (1.1, False)])
def test_a_gap_up_to_the_tolerance_is_bridged(gap, joined):
    first, second = square(0), shapely.affinity.translate(square(1), gap)
    parcels = land(inefficient=[True, True], geometry=[first, second])
    assert groups(parcels) == ([[1, 2]] if joined else [])
    assert groups(parcels, settings(gap_m=2.0)) == [[1, 2]]


@pytest.mark.parametrize(("shift", "joined"), [(SIDE - 11, True), (SIDE - 9, False)])
def test_a_common_border_must_be_long_enough(shift, joined):
    """The second square is moved along the border until 11 or 9 metres are left; 10 are wanted."""
    parcels = land(inefficient=[True, True], geometry=[square(0), shapely.affinity.translate(square(1), 0, shift)])
    assert groups(parcels) == ([[1, 2]] if joined else [])


def road_between(width):
    """Two rows of three squares, a road as an area between them, and the layers of a run with it."""
    north = [shapely.affinity.translate(square(i, 1), 0, width) for i in range(3)]
    parcels = land(inefficient=[True] * 6, tax_wan=[10.0] * 6, geometry=[square(i) for i in range(3)] + north)
    road = shapely.box(-50, SIDE, EDGE + 50, SIDE + max(width, 0.01))
    layers = {"路": gpd.GeoDataFrame(geometry=[road], crs="EPSG:4527")}
    return parcels, {"layers": layers, "kinds": {"路": "road"}}


@pytest.mark.parametrize("width", [0.0, 0.8, 20.0])
def test_a_road_parts_unless_it_may_be_crossed(width):
    """Even a road that is narrower than the gap that is bridged."""
    parcels, road = road_between(width)
    assert groups(parcels, **road) == [[1, 2, 3], [4, 5, 6]]
    assert groups(parcels, settings(cross_roads=True), **road) == [[1, 2, 3, 4, 5, 6]]


def test_a_road_that_is_too_wide_is_not_crossed_and_a_wide_gap_is_no_road():
    parcels, road = road_between(90.0)
    assert groups(parcels, settings(cross_roads=True), **road) == [[1, 2, 3], [4, 5, 6]]
    parcels, road = road_between(20.0)
    elsewhere = {"路": gpd.GeoDataFrame(geometry=[shapely.box(0, -500, 10, -400)], crs="EPSG:4527")}
    own = settings(cross_roads=True)
    assert groups(parcels, own, **road | {"layers": elsewhere}) == [[1, 2, 3], [4, 5, 6]]


def test_the_centre_line_of_a_road_parts_and_can_be_crossed():
    parcels, road = road_between(20.0)
    line = shapely.LineString([(-50, SIDE + 10), (EDGE + 50, SIDE + 10)])
    road["layers"] = {"路": gpd.GeoDataFrame(geometry=[line], crs="EPSG:4527")}
    assert groups(parcels, **road) == [[1, 2, 3], [4, 5, 6]]
    assert groups(parcels, settings(cross_roads=True), **road) == [[1, 2, 3, 4, 5, 6]]


def test_a_layer_that_is_no_road_does_not_part():
    parcels, road = road_between(0.0)
    assert groups(parcels, **road | {"kinds": {"路": "water"}}) == [[1, 2, 3, 4, 5, 6]]


def test_zones_part_and_small_groups_are_no_sites():
    """Six squares in a row, the first two in zone A, the third in B, then nothing, and P5 and P6 in B again."""
    parcels = land(
        inefficient=[True, True, True, False, True, True], zone_id=["A", "A", "B", "B", "B", "B"], tax_wan=[1.0] * 6
    )
    of = zones(zone_id=["A", "B"], tax_wan=[100.0, 100.0], base_mu=[50.0, 50.0])
    assert groups(parcels, of=of) == [[1, 2], [5, 6]]
    assert groups(parcels, settings(min_site_mu=10.0), of=of) == [[1, 2], [3], [5, 6]]
    assert groups(parcels, settings(min_site_mu=20.5), of=of) == []


def test_parcels_that_cannot_be_decided_or_lie_in_no_zone_join_nothing():
    parcels = land(
        inefficient=[True, None, True, True], inefficient_missing=["", "tax_wan", "", ""], zone_id=["Z", "Z", "Z", None]
    )
    assert groups(parcels, settings(min_site_mu=5.0)) == [[1], [3]]


def test_gain_of_a_site_covers_what_is_known_and_says_so():
    """P1 20 of tax on 10 mu: gain 60; P2 unknown. The zone's new figure would be a guess and is missing."""
    parcels = land(inefficient=[True, True], tax_wan=[20.0, np.nan])
    site = screen(run(parcels), settings=settings()).sites.iloc[0]
    assert site["gain_own_wan"] == pytest.approx(60.0)
    assert site["gain_own_wan_incomplete"]
    assert np.isnan(site["zone_tax_per_mu_own"])


def test_ease_of_a_site_rests_on_owners_counted_once_and_on_ratios_of_sums():
    """Owners 甲 and 甲、乙: two. Coefficients 0.2 on 10 mu and 0.6 on 30 mu: (2 + 18) / 40 = 0.5.

    A mortgage on one parcel burdens the site. One parcel is seized and of the other nobody knows: seized.
    Plot ratio is known of one only: unknown.
    """
    parcels = land(
        inefficient=[True, True], owner=["甲", "甲、乙"], area_mu=[10.0, 30.0], building_coefficient=[0.2, 0.6],
        plot_ratio=[1.0, np.nan], mortgaged=pd.array([True, False], dtype="boolean"),
        seized=pd.array([None, True], dtype="boolean"),
    )  # fmt: skip
    held = links(("P1", "E1", "lease"), ("P2", "E2"), ("P2", "E3", "lease"))
    site = screen(run(parcels, held=held), settings=settings()).sites.iloc[0]
    assert site["owners"] == 2
    assert site["tenants"] == 2
    assert site["building_coefficient"] == pytest.approx(0.5)
    assert np.isnan(site["plot_ratio"])
    assert site["mortgaged"]
    assert site["seized"]
    assert site["ease_missing"] == "floors"


def test_best_site_of_enough_mu_by_hand():
    """A row of five squares with gains 70, 10, 60, 65 and 5, each of 10 mu.

    Two neighbours: 80, 70, 125, 70; P3 and P4 have the most. At least 30 mu: P1–P3 have 140 (4.67 a mu), P2–P4 135,
    P3–P5 130, but P1–P4 have 205 on 40 mu (5.125 a mu).
    """
    parcels = land(inefficient=[True] * 5, tax_wan=[10.0, 70.0, 20.0, 15.0, 75.0])
    found = screen(run(parcels), settings=settings())
    best = found.best(20).iloc[0]
    assert best["parcel_ids"] == "P3；P4"
    assert best["gain_wan"] == pytest.approx(125.0)
    assert best["gain_per_mu"] == pytest.approx(6.25)
    assert best["exact"]
    assert found.best(30).iloc[0][["parcel_ids", "gain_per_mu"]].tolist() == ["P1；P2；P3；P4", pytest.approx(5.125)]
    assert not len(found.best(51))


def test_best_site_of_few_owners_counts_joint_owners_apart():
    """P1 and P2 belong to 甲 and 甲、乙: two persons. P3 and P4 belong to 丙 and 丙: one, though their gain is less."""
    parcels = land(inefficient=[True] * 4, owner=["甲", "甲、乙", "丙", "丙"], tax_wan=[0.0, 0.0, 50.0, 50.0])
    found = screen(run(parcels), settings=settings())
    few, rich = found.best(20, objective="owners").iloc[0], found.best(20).iloc[0]
    assert (few["parcel_ids"], few["owners"]) == ("P3；P4", 1)
    assert (rich["parcel_ids"], rich["owners"]) == ("P1；P2", 2)


def test_land_that_is_registered_twice_counts_once():
    """P1 and P2 are the same square of 甲 and 乙, P3 lies beside it; each pays 10.

    20 mu of land: gain 8·20 − 30 = 130. The lower parcel comes along with the upper one, its owner and its tax too.
    """
    parcels = land(inefficient=[True] * 3, geometry=[square(0), square(0), square(1)], tax_wan=[10.0] * 3)
    found = screen(run(parcels), settings=settings())
    site = found.sites.iloc[0]
    assert site[["area_mu", "overlap_mu", "gain_own_wan"]].tolist() == pytest.approx([20.0, 10.0, 130.0])
    assert (site["parcel_count"], site["owners"]) == (3, 3)
    best = found.best(20).iloc[0]
    assert best[["area_mu", "gain_wan", "owners", "parcel_count"]].tolist() == pytest.approx([20.0, 130.0, 3, 3])
    assert best["parcel_ids"] == "P1；P2；P3"
    assert not len(found.best(21))


def test_an_overlap_counts_once_and_unknown_tax_below_makes_the_gain_unknown():
    """P2 is moved over half of P1: 15 mu, 8·15 − 20 = 100. A second parcel on P1 whose tax is unknown: unknown."""
    half = land(inefficient=[True] * 2, geometry=[square(0), square(0.5)], tax_wan=[10.0] * 2)
    found = screen(run(half), settings=settings(min_site_mu=15.0))
    site = found.sites.iloc[0]
    assert site[["area_mu", "overlap_mu", "gain_own_wan"]].tolist() == pytest.approx([15.0, 5.0, 100.0])
    assert not len(screen(run(half), settings=settings(min_site_mu=16.0)).sites)
    twice = land(inefficient=[True] * 2, geometry=[square(0), square(0)], tax_wan=[10.0, np.nan])
    found = screen(run(twice), settings=settings(min_site_mu=5.0))
    assert found.sites["gain_own_wan_incomplete"].tolist() == [True]
    assert not len(found.best(5))


@pytest.mark.parametrize("wrong", [{"scenario": "zone_mean"}, {"objective": "tax"}])
def test_a_scenario_that_was_not_screened_is_refused(wrong):
    found = screen(run(block()), settings=settings())
    with pytest.raises(UsageError):
        found.best(20, **wrong)

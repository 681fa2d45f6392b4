"""Allocation cases worked by hand: link → held area → allocation → figures per mu.

All parcels are rectangles of whole mu (1 mu = 2000/3 m²), so every figure can be checked on paper.
"""

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import box

from mudian.allocate import allocate, landless
from mudian.assign import assign_zones
from mudian.conserve import check, draw_up
from mudian.hold import held_area
from mudian.link import link
from mudian.measure import measure_enterprises, measure_parcels, measure_zones
from parcels.ledger import Ledger

MU = 2000 / 3
F, T1, T2, T3, X = "owner", "tenant1", "tenant2", "tenant3", "other"


def make_parcels(sizes_mu, *, owners=None, ids=None):
    """Parcels side by side, 100 m deep, of the given sizes in mu."""
    widths = np.array(sizes_mu) * MU / 100
    left = np.r_[0, np.cumsum(widths)[:-1]]
    ids = ids or [f"P{i + 1}" for i in range(len(sizes_mu))]
    frame = gpd.GeoDataFrame(
        {"parcel_id": ids, "area_mu": np.array(sizes_mu, float), "source_row": range(1, len(ids) + 1)},
        geometry=[box(x, 0, x + w, 100) for x, w in zip(left, widths, strict=True)],
        crs=4527,
    )
    return frame if owners is None else frame.assign(owner_id=owners)


def make_enterprises(**tax):
    return pd.DataFrame(
        {"enterprise_id": list(tax), "tax_wan": [np.nan if v is None else float(v) for v in tax.values()]}
    ).assign(source_row=range(2, len(tax) + 2))


def make_holdings(*rows):
    """(parcel, enterprise, relation, mu or None)"""
    frame = pd.DataFrame(rows, columns=["parcel_id", "enterprise_id", "relation", "mu"])
    return frame.assign(area_m2=frame.pop("mu").astype(float) * MU, source_row=range(2, len(rows) + 2))


def run(parcels, enterprises, holdings=None, **options):
    """The whole chain; checks conservation on the way."""
    ledger = Ledger(lang="en")
    area = parcels["area_mu"] * MU
    found = link(parcels, enterprises, holdings, area=area, ledger=ledger)
    held = held_area(found.frame, area, ids=parcels["parcel_id"], ledger=ledger)
    links = allocate(held, enterprises, ledger=ledger, **options)
    check(draw_up(links, enterprises, area, without_land=landless(links, enterprises)))
    return (
        links,
        measure_parcels(parcels, links, enterprises),
        measure_enterprises(enterprises, links),
        ledger,
    )


def tax_of(parcels):
    return dict(zip(parcels["parcel_id"], parcels["tax_wan"], strict=True))


def mu_of(enterprises):
    return dict(zip(enterprises["enterprise_id"], enterprises["land_mu"], strict=True))


def codes(ledger):
    return set(ledger.frame()["code"])


def test_one_enterprise_on_three_parcels_in_two_zones():
    # 10 + 20 + 30 mu, 120 of tax: 20, 40, 60. Zone A holds P1 and P2, zone B holds P3.
    parcels = make_parcels([10, 20, 30], owners=[F, F, F])
    zones = gpd.GeoDataFrame(
        {"zone_id": ["A", "B"], "zone_name": ["A", "B"], "area_m2": [30 * MU, 30 * MU]},
        geometry=[box(0, 0, 30 * MU / 100, 100), box(30 * MU / 100, 0, 60 * MU / 100, 100)],
        crs=4527,
    )
    parcels = assign_zones(parcels, zones, ledger=Ledger())
    _, measured, enterprises, _ = run(parcels, make_enterprises(owner=120))
    assert tax_of(measured) == pytest.approx({"P1": 20, "P2": 40, "P3": 60})
    assert enterprises["land_mu"].tolist() == pytest.approx([60])
    assert enterprises["tax_per_mu"].tolist() == pytest.approx([2.0])
    result = measure_zones(zones, measured)
    assert result["tax_wan"].tolist() == pytest.approx([60, 60])
    assert result["tax_per_mu"].tolist() == pytest.approx([2.0, 2.0])


def test_three_tenants_and_an_owner_on_one_parcel():
    # 100 mu, tenants 10, 20 and 30: the owner keeps 40. Every enterprise's tax falls on the parcel whole.
    holdings = make_holdings(("P1", T1, "lease", 10), ("P1", T2, "lease", 20), ("P1", T3, "lease", 30))
    enterprises = make_enterprises(owner=400, tenant1=100, tenant2=100, tenant3=90)
    _, parcels, result, _ = run(make_parcels([100], owners=[F]), enterprises, holdings)
    assert mu_of(result) == pytest.approx({F: 40, T1: 10, T2: 20, T3: 30})
    assert parcels["tax_wan"].tolist() == pytest.approx([690])
    assert parcels["tax_per_mu"].tolist() == pytest.approx([6.9])
    assert parcels["enterprise_count"].tolist() == [4]
    assert result["tax_per_mu"].tolist() == pytest.approx([10, 10, 5, 3])


def test_an_owner_who_states_the_whole_parcel_keeps_what_is_not_let():
    holdings = make_holdings(("P1", F, "own", 100), ("P1", T1, "lease", 30))
    links, _, result, ledger = run(make_parcels([100]), make_enterprises(owner=1, tenant1=1), holdings)
    assert mu_of(result) == pytest.approx({F: 70, T1: 30})
    assert "hold-let-out" in codes(ledger)
    assert links["area_m2"].sum() == pytest.approx(100 * MU)


def test_tenant_area_larger_than_the_parcel_is_reduced_and_said():
    holdings = make_holdings(("P1", T1, "lease", 90), ("P1", T2, "lease", 60))
    _, parcels, result, ledger = run(
        make_parcels([100], owners=[F]), make_enterprises(owner=5, tenant1=9, tenant2=6), holdings
    )
    assert mu_of(result)[T1] == pytest.approx(60)
    assert mu_of(result)[T2] == pytest.approx(40)
    assert math.isnan(mu_of(result)[F])
    assert parcels["held_mu"].tolist() == pytest.approx([100])
    assert parcels["tax_wan"].tolist() == pytest.approx([15])  # the owner's 5 have no land to stand on
    assert {"hold-over-parcel", "hold-let-out"} & codes(ledger)


def test_an_enterprise_without_land_is_unallocated():
    parcels, enterprises = make_parcels([10], owners=[F]), make_enterprises(owner=10, other=7)
    links, measured, result, _ = run(parcels, enterprises)
    assert measured["tax_wan"].tolist() == pytest.approx([10])
    without = landless(links, enterprises)
    assert without.tolist() == [False, True]
    account = draw_up(links, enterprises, parcels["area_mu"] * MU, without_land=without)[0]
    assert (account.input, account.allocated, account.unallocated) == (17, 10, {"enterprise_without_land": 7})
    assert math.isnan(mu_of(result)[X])
    assert result["tax_per_mu"].isna().tolist() == [False, True]


def test_a_parcel_without_enterprise_has_missing_not_zero_tax():
    parcels, enterprises = make_parcels([10, 30], owners=[F, "nobody"]), make_enterprises(owner=10)
    links, measured, _, _ = run(parcels, enterprises)
    assert measured["tax_wan"].isna().tolist() == [False, True]
    assert measured["held_mu"].tolist() == pytest.approx([10, 0])
    account = draw_up(links, enterprises, parcels["area_mu"] * MU, without_land=np.array([False]))[-1]
    assert account.unallocated["land_without_enterprise"] == pytest.approx(30 * MU)


def test_lease_in_and_let_out_at_once():
    # F owns P1 (40 mu), lets 10 of it to T1 and leases 20 of P2, which belongs to somebody not in the table.
    holdings = make_holdings(("P1", T1, "lease", 10), ("P2", F, "lease", 20))
    links, parcels, result, _ = run(
        make_parcels([40, 50], owners=[F, "stranger"]), make_enterprises(owner=100, tenant1=8), holdings
    )
    assert mu_of(result) == pytest.approx({F: 50, T1: 10})  # 30 own + 20 leased
    assert tax_of(parcels) == pytest.approx({"P1": 60 + 8, "P2": 40})
    assert parcels["held_mu"].tolist() == pytest.approx([40, 20])
    assert links["method"].tolist() == ["holdings", "holdings", "owner_id"]


def test_let_out_to_somebody_who_is_not_listed():
    holdings = make_holdings(("P1", F, "let", 15))
    _, parcels, result, _ = run(make_parcels([40], owners=[F]), make_enterprises(owner=50), holdings)
    assert mu_of(result) == pytest.approx({F: 25})
    assert parcels["held_mu"].tolist() == pytest.approx([25])


def test_a_lease_without_area_takes_the_parcel_from_its_owner():
    holdings = make_holdings(("P1", T1, "lease", None))
    _, _, result, _ = run(make_parcels([40], owners=[F]), make_enterprises(owner=5, tenant1=20), holdings)
    assert mu_of(result)[T1] == pytest.approx(40)
    assert math.isnan(mu_of(result)[F])


def test_a_tenant_who_is_not_in_the_table_still_uses_the_land():
    holdings = make_holdings(("P1", "unlisted", "lease", 30))
    links, parcels, result, ledger = run(make_parcels([40], owners=[F]), make_enterprises(owner=20), holdings)
    assert mu_of(result) == pytest.approx({F: 10})
    assert parcels["held_mu"].tolist() == pytest.approx([40])
    assert links.set_index("enterprise_id")["area_m2"]["unlisted"] == pytest.approx(30 * MU)
    assert parcels["enterprise_count"].tolist() == [1]
    assert "holding-no-enterprise" in codes(ledger)


def test_zero_missing_and_negative_tax_are_kept_apart():
    enterprises = make_enterprises(zero=0, gone=None, minus=-3)
    _, parcels, _, _ = run(make_parcels([10, 10, 10], owners=["zero", "gone", "minus"]), enterprises)
    assert parcels["tax_wan"].tolist()[0] == 0.0
    assert parcels["tax_wan"].isna().tolist() == [False, True, False]
    assert parcels["tax_per_mu"].tolist()[2] == pytest.approx(-0.3)
    assert parcels["tax_per_mu"].isna().tolist() == [False, True, False]


def test_a_sum_that_lacks_a_holder_says_so():
    holdings = make_holdings(("P1", T1, "own", 5), ("P1", T2, "own", 5))
    _, parcels, _, _ = run(make_parcels([10, 10]), make_enterprises(tenant1=8, tenant2=None), holdings)
    assert parcels["tax_wan"].tolist()[0] == pytest.approx(8)
    assert parcels["tax_wan_incomplete"].tolist() == [True, False]


def test_repeated_parcel_ids_do_not_multiply_money():
    parcels = make_parcels([10, 30], ids=["---", "---"])
    enterprises = make_enterprises(owner=80).assign(parcel_id="---")
    _, measured, result, _ = run(parcels, enterprises)
    assert measured["tax_wan"].tolist() == pytest.approx([20, 60])
    assert result["land_mu"].tolist() == pytest.approx([40])


def test_a_holding_of_a_repeated_parcel_id_is_divided():
    parcels = make_parcels([10, 30], ids=["R", "R"])
    links, _, result, _ = run(parcels, make_enterprises(owner=1), make_holdings(("R", F, "own", 20)))
    assert result["land_mu"].tolist() == pytest.approx([20])
    assert links["area_m2"].tolist() == pytest.approx([5 * MU, 15 * MU])


def test_missing_keys_never_match_each_other():
    parcels = make_parcels([10], owners=[None])
    enterprises = make_enterprises(owner=5).assign(parcel_id=pd.Series([None], dtype="str"))
    links, measured, _, _ = run(parcels, enterprises)
    assert len(links) == 0
    assert measured["tax_wan"].isna().all()


@pytest.mark.parametrize("text", ["P1;P3", "P1；P3", "P1、P3", "P1,P3", "P1，P3", " P1 ; P3 "])
def test_several_parcels_in_one_cell(text):
    enterprises = make_enterprises(owner=80).assign(parcel_id=text)
    _, measured, _, _ = run(make_parcels([10, 20, 30]), enterprises)
    assert measured["tax_wan"].fillna(-1).tolist() == pytest.approx([20, -1, 60])


def test_methods_in_order_and_recorded():
    parcels = make_parcels([10, 10, 10, 10], owners=[None, None, "byowner", None]).assign(
        owner=[None, None, None, "示例（山东）科技有限公司"]
    )
    enterprises = make_enterprises(byholding=1, bycell=1, byowner=1, byname=1, bypoint=1).assign(
        parcel_id=pd.Series(["P4", "P2", None, None, None], dtype="str"),
        name=["甲", "乙", "丙", "示例(山东) 科技有限公司", "戊"],
    )
    points = gpd.GeoSeries([None, None, None, None, parcels.geometry[0].centroid], crs=parcels.crs)
    found = link(
        parcels, enterprises, make_holdings(("P1", "byholding", "own", None)), points=points, ledger=Ledger()
    ).frame
    pairs = found.set_index("enterprise_id")["method"].to_dict()
    assert pairs == {
        "byholding": "holdings", "bycell": "parcel_id", "byowner": "owner_id", "byname": "owner_name",
        "bypoint": "point",
    }  # fmt: skip


def test_alike_names_are_candidates_not_links():
    parcels = make_parcels([10]).assign(owner=["泰安市示例机械有限公司"])
    enterprises = make_enterprises(one=1).assign(name=["山东省泰安市示例机械股份有限公司"])
    found = link(parcels, enterprises, ledger=Ledger())
    assert len(found.frame) == 0
    assert found.candidates["enterprise_id"].tolist() == ["one"]


def test_floor_area_as_basis():
    holdings = make_holdings(("P1", F, "own", 10), ("P2", F, "own", 10)).assign(floor_area_m2=[1000.0, 3000.0])
    _, parcels, _, _ = run(make_parcels([10, 10]), make_enterprises(owner=100), holdings, basis="floor_area")
    assert parcels["tax_wan"].tolist() == pytest.approx([25, 75])


def test_zone_figure_is_the_ratio_of_sums():
    # 100 mu with 100 and 10 mu with 100: ratio of sums 200/110, mean of ratios would be 5.5.
    parcels = make_parcels([100, 10], owners=["a", "b"]).assign(zone_id="Z")
    _, measured, _, _ = run(parcels, make_enterprises(a=100, b=100))
    zone = gpd.GeoDataFrame({"zone_id": ["Z"], "area_m2": [200 * MU]}, geometry=[box(0, 0, 1, 1)], crs=4527)
    assert measure_zones(zone, measured)["tax_per_mu"].tolist() == pytest.approx([200 / 110])
    assert measure_zones(zone, measured, base="zone")["tax_per_mu"].tolist() == pytest.approx([1.0])


def test_a_zone_without_parcels_has_no_figure():
    zone = gpd.GeoDataFrame({"zone_id": ["Z"], "area_m2": [MU]}, geometry=[box(0, 0, 1, 1)], crs=4527)
    _, measured, _, _ = run(make_parcels([10], owners=["a"]).assign(zone_id="other"), make_enterprises(a=1))
    result = measure_zones(zone, measured)
    assert result["parcel_mu"].tolist() == [0]
    assert result["tax_per_mu"].isna().all()
    assert result["rank_tax_per_mu"].isna().all()

"""Land-intensity evaluation: rates by hand, the chain of the national bulletin, types and potentials."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from mudian.packs.policy import policies
from mudian.rules.intensity import (
    supply_years,
    td1029_potentials,
    td1029_rates,
    td1029_score,
    td1029_zone_type,
)
from mudian.rules.intensity_areas import td1029_areas, td1029_partition

DAY = dt.date(2025, 12, 31)
HA = 10_000.0


def policy(confirmed=(), **parameters):
    given = {k.replace("__", "."): v for k, v in parameters.items()}
    return policies(["national"], as_of=DAY, parameters=given, confirmed=confirmed)


def zone(rows, name="Z1"):
    """Parcels of one zone from (hectares, construction, supply) and further columns."""
    frame = pd.DataFrame(rows, columns=["ha", "td_construction", "td_supply"])
    return frame.assign(zone_id=name, area_m2=frame["ha"] * HA)


# 100 ha: built 60 (housing 10, industry 40, roads 10), ready 20, not ready 5, rural 5, river 10.
# Supplied 70 (50 + 10 of the built, 10 of the ready), suppliable 20 (industry 10, rural land 5), not suppliable 10.
PARCELS = zone(
    [
        (40, "A2", "D21"),
        (10, "A1", "D21"),
        (10, "A31", "D1"),
        (10, "B21", "D21"),
        (10, "B21", "E21"),
        (5, "B22", "E22"),
        (5, "B11", "E22"),
        (10, "C1", "F"),
    ]
)


def test_classes_add_up_to_those_above_them():
    areas = td1029_areas(PARCELS, policy()).iloc[0]
    by_hand = {"A": 60, "A2": 40, "A3": 10, "A31": 10, "A32": 0, "B": 30, "B1": 5, "B2": 25, "B21": 20, "C": 10,
               "D": 70, "D1": 10, "D2": 60, "D22": 0, "E": 20, "E2": 20, "E21": 10, "E22": 10, "F": 10}  # fmt: skip
    assert {code: areas[code] / HA for code in by_hand} == by_hand
    assert areas["land_m2"] == 100 * HA


def test_both_partitions_close_on_the_zone():
    areas = td1029_areas(PARCELS, policy())
    closed = td1029_partition(areas, policy()).iloc[0]
    assert closed["construction_closes"]
    assert closed["supply_closes"]
    wider = td1029_partition(areas, policy(), zone_m2=pd.Series([101 * HA])).iloc[0]
    assert not wider["construction_closes"]
    assert wider["supply_gap_m2"] == pytest.approx(1 * HA)


def test_an_uncoded_parcel_leaves_the_partition_open():
    parcels = PARCELS.assign(td_supply=["D21", None, *PARCELS["td_supply"][2:]])
    areas = td1029_areas(parcels, policy())
    closed = td1029_partition(areas, policy()).iloc[0]
    assert closed["construction_closes"]
    assert closed["supply_closes"] is pd.NA
    assert areas["td_supply_uncoded_m2"].item() == 10 * HA


def test_rates_by_hand():
    rates = td1029_rates(PARCELS, policy()).iloc[0]
    assert rates["td_dev"] == pytest.approx(80 / 90 * 100)  # (A + B21) / (A + B)
    assert rates["td_sup"] == pytest.approx(70 / 80 * 100)  # D / (A + B21)
    assert rates["td_blt"] == pytest.approx(60 / 70 * 100)  # A / D
    assert rates["td_ind"] == pytest.approx(40 / 60 * 100)
    assert rates["td_built_share"] == pytest.approx(60 / 90 * 100)
    assert rates["td_chain"] == pytest.approx(rates["td_built_share"], rel=1e-12)


def test_the_chain_of_the_national_bulletin():
    # 89.46 %, 92.68 % and 92.77 % published; 76.92 % of the buildable land is built.
    buildable = 100.0
    ready = 89.46
    supplied = ready * 0.9268
    built = supplied * 0.9277
    parcels = zone(
        [
            (built, "A2", "D21"),
            (supplied - built, "B21", "D21"),
            (ready - supplied, "B21", "E21"),
            (buildable - ready, "B22", "E22"),
        ]
    )
    rates = td1029_rates(parcels, policy()).iloc[0]
    assert [round(rates[f"td_{n}"], 2) for n in ("dev", "sup", "blt")] == [89.46, 92.68, 92.77]
    assert round(rates["td_chain"] / 100, 4) == round(0.8946 * 0.9268 * 0.9277, 4) == 0.7692
    assert rates["td_built_share"] == pytest.approx(rates["td_chain"], rel=1e-12)


def test_a_rate_above_100_is_flagged_and_not_capped():
    parcels = zone([(50, "A2", "D21"), (10, "A2", "F"), (10, "B22", "D21")])
    rates = td1029_rates(parcels, policy()).iloc[0]
    assert rates["td_blt"] == pytest.approx(60 / 60 * 100)
    more = td1029_rates(zone([(50, "A2", "D21"), (10, "A2", "F")]), policy()).iloc[0]
    assert more["td_blt"] == pytest.approx(120)
    assert more["td_above_100"] == "blt"


def test_plot_ratio_and_money_per_hectare():
    parcels = PARCELS.assign(
        floor_area_m2=[600_000, 100_000, 0, 0, 0, 0, 0, 0], footprint_m2=[200_000, 40_000, 0, 0, 0, 0, 0, 0]
    )
    figures = pd.DataFrame(
        {
            "zone_id": ["Z1"],
            "industrial_investment_stock_wan": [359_372.0],
            "industrial_tax_wan": [27_159.6],
            "residents": [3000],
        }
    )
    rates = td1029_rates(parcels, policy(), zones=figures).iloc[0]
    assert rates["td_far"] == pytest.approx(700_000 / 600_000)
    assert rates["td_bd"] == pytest.approx(40.0)
    assert rates["td_ifar"] == pytest.approx(1.5)
    assert rates["td_ibc"] == pytest.approx(50.0)
    assert rates["td_fai"] == pytest.approx(8984.3)  # 万元/公顷 over 40 ha of industrial land
    assert rates["td_itax"] == pytest.approx(678.99)
    assert rates["td_pop"] == pytest.approx(50.0)


def test_a_parcel_without_floor_area_makes_the_plot_ratio_unknown():
    parcels = PARCELS.assign(floor_area_m2=[600_000, None, 0, 0, 0, 0, 0, 0])
    rates = td1029_rates(parcels, policy()).iloc[0]
    assert np.isnan(rates["td_far"])
    assert rates["td_ifar"] == pytest.approx(1.5)
    assert "floor_area_m2" in rates["td_missing"].split(";")


def test_recalled_formulas_wait_for_the_user():
    figures = pd.DataFrame({"zone_id": ["Z1"], "secondary_tertiary_tax_wan": [6000.0]})
    before = td1029_rates(PARCELS, policy(), zones=figures).iloc[0]
    assert np.isnan(before["td_ctax"])
    assert "confirm:td1029.indicator.ctax" in before["td_missing"].split(";")
    after = td1029_rates(PARCELS, policy(confirmed=["td1029.indicator.ctax"]), zones=figures).iloc[0]
    assert after["td_ctax"] == pytest.approx(100.0)


def test_marks_of_high_tech_and_idle_land():
    text = PARCELS.assign(td_hightech=["H1", None, "H2", *[None] * 5], td_idle=[None] * 3 + ["G"] + [None] * 4)
    rates = td1029_rates(text, policy()).iloc[0]
    assert rates["td_hti"] == pytest.approx(50 / 60 * 100)
    assert rates["td_idle"] == pytest.approx(10 / 70 * 100)
    flags = pd.array([False, False, False, True, None, False, False, False], dtype="boolean")
    assert np.isnan(td1029_rates(PARCELS.assign(td_idle=flags), policy()).iloc[0]["td_idle"])
    assert np.isnan(td1029_rates(PARCELS, policy()).iloc[0]["td_idle"])  # no column: unknown, not zero


def test_a_parcel_with_a_class_only_leaves_the_classes_below_open():
    areas = td1029_areas(zone([(10, "A", "D21"), (5, "B2", "E")]), policy()).iloc[0]
    assert areas["A"] == 10 * HA
    assert np.isnan(areas["A2"])
    assert areas["B1"] == 0
    assert np.isnan(areas["B21"])


@pytest.mark.parametrize(
    ("rows", "name", "kind"),
    [
        ([(31, "A2", "D21"), (24, "A1", "D21"), (45, "A4", "D21")], "甲开发区", "industrial"),
        ([(30, "A2", "D21"), (25, "A1", "D21"), (45, "A4", "D21")], "甲开发区", "mixed"),
        ([(31, "A2", "D21"), (25, "A1", "D21"), (44, "A4", "D21")], "甲开发区", "other"),
        ([(30, "A2", "D21"), (24, "A1", "D21"), (46, "A4", "D21")], "甲开发区", "other"),
        ([(10, "A2", "D21"), (40, "A1", "D21"), (50, "A4", "D21")], "甲综合保税区", "industrial"),
        ([(10, "A2", "D21"), (40, "A1", "D21"), (50, "A4", "D21")], "甲出口加工区", "industrial"),
    ],
)
def test_zone_type_with_the_bonded_name_first(rows, name, kind):
    names = pd.Series({"Z1": name})
    assert td1029_zone_type(zone(rows), policy(), names=names)["td_type"].item() == kind


def test_zone_type_is_unknown_without_codes():
    parcels = zone([(31, None, "D21"), (24, "A1", "D21")])
    assert td1029_zone_type(parcels, policy())["td_type"].isna().item()


def test_expansion_with_and_without_rural_land_and_management():
    parcels = PARCELS.assign(
        td_supply=["D21", "D22", "D1", "D21", "E21", "E22", "E22", "F"],
        td_idle=[None, "G", None, "G", *[None] * 4],
        td_takeback=pd.array([False, True, False, True, False, False, False, False], dtype="boolean"),
    )
    found = td1029_potentials(parcels, policy()).iloc[0]
    assert found["expansion_ha"] == 20
    assert found["expansion_industrial_ha"] == 10
    assert found["expansion_without_rural_ha"] == 15
    assert found["management_idle_ha"] == 20  # the two idle parcels of 10 ha
    assert found["management_expired_ha"] == 10
    assert found["management_ha"] == 20  # one of them has expired too: not counted twice


def test_structure_and_strength_need_confirmation_and_ideals():
    parcels = PARCELS.assign(floor_area_m2=[400_000, 0, 0, 0, 0, 0, 0, 0], footprint_m2=[120_000, 0, 0, 0, 0, 0, 0, 0])
    bare = td1029_potentials(parcels, policy()).iloc[0]
    assert np.isnan(bare["structure_ha"])
    assert "confirm:td1029.potential.structure" in bare["td_missing"].split(";")
    keys = [
        "td1029.potential.structure",
        "td1029.potential.strength",
        "td1029.potential.strength_land",
        "td1029.indicator.iout",
    ]
    figures = pd.DataFrame(
        {"zone_id": ["Z1"], "industrial_investment_stock_wan": [240_000.0], "industrial_revenue_wan": [400_000.0]}
    )
    chosen = policy(
        keys,
        td1029__ideal__ind=70,
        td1029__ideal__ifar=1.25,
        td1029__ideal__ibc=25,
        td1029__ideal__fai=8000,
        td1029__ideal__iout=8000,
    )
    found = td1029_potentials(parcels, chosen, zones=figures).iloc[0]
    assert found["structure_ha"] == pytest.approx(60 * 0.70 - 40)  # 2 ha
    assert found["strength_ifar_ha"] == pytest.approx(40 * 0.25 / 1.25)  # 8 ha
    assert found["strength_ibc_ha"] == 0  # 30 % is above the ideal of 25 %: not below 0
    assert found["strength_fai_ha"] == pytest.approx(40 * (8000 - 6000) / 8000)  # 10 ha
    assert found["strength_iout_ha"] == 0
    assert not [c for c in found.index if c.startswith("strength") and "total" in c]


def test_years_of_supply_are_missing_and_not_infinite():
    expansion = pd.Series({"Z1": 20.0, "Z2": 20.0, "Z3": 20.0})
    supplied = pd.DataFrame(
        {
            "zone_id": ["Z1"] * 5 + ["Z2"] * 5 + ["Z3"] * 4,
            "year": [2021, 2022, 2023, 2024, 2025] * 2 + [2021, 2022, 2023, 2024],
            "supplied_ha": [2.0, 4.0, 6.0, 4.0, 4.0] + [0.0] * 5 + [4.0] * 4,
        }
    )
    found = supply_years(expansion, supplied, policy())
    assert found.loc["Z1", "supply_years"] == pytest.approx(5.0)
    assert found["supply_years"].isna().tolist() == [False, True, True]
    assert found["missing"].tolist() == ["", "", "supplied_ha@2025"]


def test_score_needs_weights_ideals_and_confirmation():
    rates = td1029_rates(PARCELS, policy())
    assert td1029_score(rates, policy())["td_score"].isna().all()
    assert "confirm:td1029.score.most" in td1029_score(rates, policy())["missing"].item()
    chosen = policy(
        ["td1029.score.most"],
        td1029__weight__dev=60,
        td1029__weight__sup=40,
        td1029__ideal__dev=100,
        td1029__ideal__sup=70,
    )
    assert td1029_score(rates, chosen)["td_score"].item() == pytest.approx(60 * 0.8888888889 + 40)
    short = policy(["td1029.score.most"], td1029__weight__dev=60, td1029__ideal__dev=100)
    assert td1029_score(rates, short)["missing"].item() == "parameter:td1029.weight"


def test_two_zones_and_two_parts_of_a_zone_are_kept_apart():
    both = pd.concat([PARCELS, zone([(10, "A2", "D21")], "Z2")], ignore_index=True)
    assert td1029_rates(both, policy())["zone_id"].tolist() == ["Z1", "Z2"]
    parts = PARCELS.assign(td_region=["主区"] * 4 + ["发展方向区"] * 4)
    found = td1029_potentials(parts, policy(), by=["zone_id", "td_region"]).set_index("td_region")
    assert found["expansion_ha"].to_dict() == {"主区": 0.0, "发展方向区": 20.0}


def test_row_order_and_strangers_change_nothing():
    shuffled = PARCELS.iloc[::-1]
    columns = ["td_dev", "td_sup", "td_blt"]
    pd.testing.assert_frame_equal(td1029_rates(shuffled, policy())[columns], td1029_rates(PARCELS, policy())[columns])
    outside = pd.concat([PARCELS, PARCELS.assign(zone_id=None)], ignore_index=True)
    pd.testing.assert_frame_equal(td1029_rates(outside, policy())[columns], td1029_rates(PARCELS, policy())[columns])

"""Checklists A and B of standard land: worked by hand, three-valued, every needed field named when it is gone."""

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import box

from mudian.packs.policy import policies
from mudian.rules.overlay import overlay
from mudian.rules.standard_land import standard_land_conform, standard_land_eligible

DAY = dt.date(2025, 12, 31)
BASE = "standard-land-base"
SEVEN = "区域能评、规划环评、防洪影响评价、水土保持、水资源论证、压覆重要矿产、地质灾害危险性"
TEN = (
    "土地勘测定界；压覆矿产；地灾；节能评价；水土保持方案；文物考古；洪水影响评价；地震安评；"
    "气候可行性论证；环境影响评价"
)
NET = {
    "supply_status": "unsupplied",
    "ownership": "国有建设用地使用权",
    "title_clear": True,
    "planned_use": "二类工业用地",
    "inside_scope": True,
    "permanent_basic_farmland_mu": 0.0,
    "ecological_redline_mu": 0.0,
    "outside_urban_boundary_mu": 0.0,
    "acquisition_done": True,
    "net_land": True,
    "utilities": "三通一平",
    "regional_assessments": SEVEN,
    "assessments_valid_until": "2027-06-30",
    "admissible_industries": "17;29;33",
    "committed_investment_per_mu": 270.0,
    "committed_tax_per_mu": 33.2,
    "committed_plot_ratio": 2.0,
    "committed_value_added_per_tce": 4.1,
    "committed_value_added_per_t": 13848.4,
}
KINDS = {
    **dict.fromkeys(("title_clear", "inside_scope", "acquisition_done", "net_land", "environment_ok"), "boolean"),
    **dict.fromkeys(("reused_land", "contamination_ok"), "boolean"),
}


def table(*rows, base=NET):
    """Parcels, each the good one with some cells changed; a cell of None is blank."""
    frame = pd.DataFrame([{**base, **row} for row in rows])
    days = [c for c in frame if c.endswith(("_start", "_completion", "_date", "_until", "_on", "_target"))]
    frame = frame.astype({c: k for c, k in KINDS.items() if c in frame})
    numbers = [c for c in frame if c.startswith("committed_") and c != "committed_environment"]
    frame = frame.astype(dict.fromkeys(numbers, float))
    return frame.assign(**{c: pd.to_datetime(frame[c]) for c in days})


def policy_of(*names, as_of=DAY, **parameters):
    given = {key.replace("__", "."): value for key, value in parameters.items()}
    return policies([BASE, *names], as_of=as_of, parameters=given)


def zhejiang(**more):
    return policy_of("zhejiang-standard-land-2018", standard_land__required_utilities=["水", "电", "路"], **more)


def said(outcome):
    return ["—" if pd.isna(v) else bool(v) for v in outcome]


def judged(rows, policy, **options):
    made = standard_land_eligible(table(*rows), policy, **options)
    return list(zip(said(made.outcome), made.open_items, made.missing, strict=True))


@pytest.mark.parametrize(
    ("change", "outcome", "open_items", "missing"),
    [
        ({}, True, "", ""),
        ({"ownership": "集体建设用地"}, False, "standard_land.ownership", ""),
        ({"ownership": "102"}, "—", "standard_land.ownership", "ownership"),
        ({"title_clear": False}, False, "standard_land.ownership", ""),
        ({"title_clear": None}, "—", "standard_land.ownership", "title_clear"),
        ({"planned_use": "商业用地"}, False, "standard_land.planned_use", ""),
        ({"planned_use": "物流仓储用地"}, False, "standard_land.planned_use", ""),
        ({"planned_use": "0601"}, "—", "standard_land.planned_use", "planned_use"),
        ({"planned_use": "100102"}, True, "", ""),
        ({"permanent_basic_farmland_mu": 0.3}, False, "standard_land.farmland", ""),
        ({"net_land": False, "title_clear": None}, False, "standard_land.ownership;standard_land.net_land", ""),
        ({"utilities": "通水、通电"}, False, "standard_land.utilities", ""),
        ({"utilities": "供水；供电；道路；燃气"}, True, "", ""),
        ({"utilities": None}, "—", "standard_land.utilities", "utilities"),
        ({"regional_assessments": SEVEN.replace("水土保持、", "")}, False, "standard_land.assessments", ""),
        ({"regional_assessments": SEVEN + "、文物"}, True, "", ""),
        ({"assessments_valid_until": "2025-12-30"}, False, "standard_land.assessments", ""),
        ({"assessments_valid_until": "2025-12-31"}, True, "", ""),
        ({"assessments_valid_until": None}, "—", "standard_land.assessments", "assessments_valid_until"),
        ({"supply_date": "2027-07-01"}, False, "standard_land.assessments", ""),
        ({"supply_date": "2027-06-30"}, True, "", ""),
        ({"admissible_industries": None}, False, "standard_land.industry", ""),
        ({"committed_tax_per_mu": None}, False, "standard_land.indicators", ""),
        ({"committed_plot_ratio": None}, True, "", ""),  # Zhejiang does not require it
        ({"reused_land": True, "contamination_ok": False}, True, "standard_land.contamination", ""),
        ({"reused_land": True}, True, "", ""),  # optional: listed only when it is known to fail
        ({"reused_land": False}, True, "", ""),
    ],
)
def test_checklist_a_in_zhejiang(change, outcome, open_items, missing):
    change = {"reused_land": False, "contamination_ok": None, **change}
    assert judged([change], zhejiang()) == [(outcome, open_items, missing)]


def test_checklist_a_is_for_parcels_to_be_supplied():
    rows = [{"supply_status": s} for s in ("unsupplied", "approved_unsupplied", "supplied", None)]
    made = standard_land_eligible(table(*rows), zhejiang())
    assert said(made.outcome) == [True, True, "—", "—"]
    assert said(made.applies) == [True, True, False, "—"]
    assert made.missing.tolist() == ["", "", "", "supply_status"]
    ids = pd.Series(["a", "b", "c", "d"])
    assert set(made.findings("parcel", ids)["subject_id"]) == {"a", "b", "d"}
    without = standard_land_eligible(table({}).drop(columns="supply_status"), zhejiang())
    assert without.outcome.isna().all()
    assert without.missing.tolist() == ["supply_status"]


def test_a_zone_of_the_province_is_inside_the_scope_in_zhejiang_only():
    row = {"inside_scope": None, "zone_level": "省级"}
    assert judged([row], zhejiang())[0][0] is True
    elsewhere = policy_of(
        standard_land__required_utilities=["路"],
        standard_land__required_assessments=["环评"],
        standard_land__required_indicators=["容积率"],
    )
    assert judged([row], elsewhere) == [("—", "standard_land.scope", "inside_scope")]
    assert judged([{}], elsewhere) == [(True, "", "")]


def test_without_the_lists_of_a_province_the_parameters_are_named():
    assert judged([{}], policy_of()) == [
        (
            "—",
            "standard_land.utilities;standard_land.assessments;standard_land.indicators",
            "parameter:standard_land.required_utilities;parameter:standard_land.required_assessments;"
            "parameter:standard_land.required_indicators",
        )
    ]


def test_the_ten_assessments_of_henan_and_its_storage():
    policy = policy_of("henan-standard-land", standard_land__required_utilities=["三通一平"])
    good = {"regional_assessments": TEN, "committed_environment": "达标排放", "planned_use": "物流仓储用地"}
    nine = TEN.replace("文物考古；", "")
    rows = [good, {**good, "regional_assessments": nine}, {**good, "committed_environment": None}]
    assert [r[:2] for r in judged(rows, policy)] == [
        (True, ""),
        (False, "standard_land.assessments"),
        (False, "standard_land.indicators"),
    ]


def test_fujian_and_gansu_take_water_power_road_and_levelling():
    for name in ("fujian-standard-land-2022", "gansu-standard-land-2022"):
        policy = policy_of(name, standard_land__required_assessments=["规划环评"])
        rows = [{"utilities": u} for u in ("三通一平", "水、电、路、平整、排水", "水、电、路")]
        assert [r[0] for r in judged(rows, policy)] == [True, True, False]
    fujian = policy_of("fujian-standard-land-2022", standard_land__required_assessments=["规划环评"])
    assert judged([{"committed_plot_ratio": None}], fujian)[0][:2] == (False, "standard_land.indicators")


def test_a_list_of_indicators_serves_as_well_as_their_columns():
    policy = policy_of("gansu-standard-land-2022", standard_land__required_assessments=["规划环评"])
    columns = [c for c in NET if c.startswith("committed_")]
    frame = table({}).drop(columns=columns)
    made = standard_land_eligible(frame, policy)
    assert made.missing.tolist() == ["committed_investment_per_mu;committed_tax_per_mu"]
    lists = pd.DataFrame({"control_indicators": ["固定资产投资强度，亩均税收", "容积率", None]})
    made = standard_land_eligible(pd.concat([frame] * 3, ignore_index=True).assign(**lists), policy)
    assert said(made.outcome) == [True, False, "—"]
    assert made.missing.tolist() == ["", "", "control_indicators"]


def test_overlay_columns_name_the_layer():
    frame = table({}, {}, {}).drop(columns=[c for c in NET if c.endswith(("land_mu", "line_mu", "boundary_mu"))])
    shapes = [box(0, 0, 100, 100), box(200, 0, 300, 100), None]
    parcels = gpd.GeoDataFrame(frame.assign(area_mu=15.0), geometry=shapes, crs=4527)
    farmland = gpd.GeoDataFrame(geometry=[box(290, 0, 310, 100)], crs=4527)
    boundary = gpd.GeoDataFrame(geometry=[box(-10, -10, 400, 400)], crs=4527)
    overlaps = overlay(parcels, {"permanent_basic_farmland": farmland, "urban_boundary": boundary})
    made = standard_land_eligible(parcels, zhejiang(), overlaps=overlaps)
    assert said(made.outcome) == ["—", False, "—"]
    assert made.missing.tolist()[:2] == ["layer:ecological_redline", ""]
    assert set(made.missing[2].split(";")) == {"layer:ecological_redline", "geometry"}
    assert made.open_items[1] == "standard_land.farmland;standard_land.redline"


def needed(policy, family, frame):
    """Columns of a frame that a rule of the policy compares."""
    read = {c for a in policy.rules(family, "parcel") for one in a.rule.all_conditions() for c in one.columns()}
    return [c for c in frame if c in read or c.startswith("committed_")]


NAMES = {
    "permanent_basic_farmland_mu": "layer:permanent_basic_farmland",
    "ecological_redline_mu": "layer:ecological_redline",
    "outside_urban_boundary_mu": "layer:urban_boundary",
}


def test_removing_any_needed_field_of_checklist_a_makes_it_unknown_and_names_it():
    policy, frame = zhejiang(), table({"reused_land": False})
    assert standard_land_eligible(frame, policy).outcome.tolist() == [True]
    optional = {"reused_land", "contamination_ok", "committed_plot_ratio"}
    tried = 0
    for column in (c for c in needed(policy, "standard_land", frame) if c not in optional):
        made = standard_land_eligible(frame.drop(columns=column), policy)
        assert made.outcome.isna().all(), column
        assert NAMES.get(column, column) in made.missing[0].split(";")
        tried += 1
    assert tried == 17


def test_row_order_and_index_do_not_matter_and_the_input_stays():
    frame = table({}, {"net_land": False}, {"utilities": None}, {"supply_status": "supplied"})
    before = frame.copy()
    policy = zhejiang()
    made = standard_land_eligible(frame.set_axis([9, 4, 7, 1]), policy)
    turned = standard_land_eligible(frame.set_axis([9, 4, 7, 1]).iloc[::-1], policy)
    pd.testing.assert_series_equal(turned.outcome.iloc[::-1], made.outcome)
    assert made.outcome.index.tolist() == [9, 4, 7, 1]
    pd.testing.assert_frame_equal(frame, before)
    empty = standard_land_eligible(frame.iloc[:0], policy)
    assert len(empty.outcome) == len(empty.findings("parcel", pd.Series([], dtype="str"))) == 0


# ---- checklist B -----------------------------------------------------------------------------------------------------

KEPT = {
    "supply_status": "supplied",
    "handover_date": "2021-06-30",
    "agreed_start": "2021-12-31",
    "actual_start": "2021-11-01",
    "agreed_completion": "2023-06-30",
    "actual_completion": "2023-06-30",
    "agreed_target": "2025-06-30",
    "area_mu": 102.76,
    "fixed_investment_wan": 2570.0,
    "tax_wan": 2055.2,
    "plot_ratio": 1.2,
    "committed_investment_per_mu": 25.0,
    "committed_plot_ratio": 0.7,
    "committed_plot_ratio_max": 1.8,
    "committed_tax_per_mu": 20.0,
}
THREE = ["投资强度", "容积率", "亩均税收"]


def beihai(as_of=DAY, required=THREE):
    return policy_of(as_of=as_of, standard_land__required_indicators=required)


def conform(rows, policy=None):
    made = standard_land_conform(table(*rows, base=KEPT), policy or beihai())
    return list(zip(said(made.outcome), made.open_items, made.missing, strict=True))


@pytest.mark.parametrize(
    ("change", "outcome", "open_items", "missing"),
    [
        ({}, True, "", ""),  # 2570 / 102.76 = 25.009, 2055.2 / 102.76 = 20.0
        ({"fixed_investment_wan": 2568.9}, False, "conform.investment", ""),  # 24.999
        ({"fixed_investment_wan": None}, "—", "conform.investment", "fixed_investment_wan"),
        ({"area_mu": None}, "—", "conform.investment;conform.tax", "area_mu"),
        ({"tax_wan": 2055.1}, False, "conform.tax", ""),
        ({"plot_ratio": 0.7}, True, "", ""),
        ({"plot_ratio": 1.8}, True, "", ""),
        ({"plot_ratio": 0.69}, False, "conform.plot_ratio", ""),
        ({"plot_ratio": 1.81}, False, "conform.plot_ratio_max", ""),
        ({"plot_ratio": None}, "—", "conform.plot_ratio;conform.plot_ratio_max", "plot_ratio"),
        ({"plot_ratio": 2.5, "committed_plot_ratio_max": None}, True, "", ""),  # no upper limit was agreed
        ({"actual_start": "2021-12-31"}, True, "", ""),
        ({"actual_start": "2022-01-01"}, False, "conform.start", ""),
        ({"actual_start": None}, False, "conform.start", ""),  # the day has passed: not started
        ({"actual_start": "2022-01-01", "supplement_start": "2022-03-31"}, True, "", ""),
        ({"agreed_start": None}, "—", "conform.start", "agreed_start"),
        ({"actual_completion": "2023-07-01"}, False, "conform.completion", ""),
        ({"actual_completion": None, "plot_ratio": 0.1}, False, "conform.completion", ""),  # figures are not due
        ({"agreed_completion": None}, "—", "conform.completion", "agreed_completion"),
        ({"agreed_target": "2026-06-30", "tax_wan": 0.0}, True, "", ""),  # not due
        ({"agreed_target": "2025-12-31", "tax_wan": 0.0}, True, "", ""),  # the day itself is not over
        ({"agreed_target": "2025-12-30", "tax_wan": 0.0}, False, "conform.tax", ""),
        ({"agreed_target": None}, True, "", ""),  # the tax is above the commitment whenever the review is due
        ({"agreed_target": None, "tax_wan": 0.0}, "—", "conform.tax", "agreed_target"),
        ({"tax_wan": None}, "—", "conform.tax", "tax_wan"),
        ({"committed_tax_per_mu": None}, "—", "conform.tax", "committed_tax_per_mu"),
        ({"committed_investment_per_mu": None, "tax_wan": 0.0}, False, "conform.investment;conform.tax", ""),
    ],
)
def test_checklist_b_worked_by_hand(change, outcome, open_items, missing):
    assert conform([{"supplement_start": None, **change}]) == [(outcome, open_items, missing)]


def test_the_open_items_of_each_stage():
    row = {"actual_start": None, "plot_ratio": 0.5, "tax_wan": None}
    stages = standard_land_conform(table(row, {}, base=KEPT), beihai()).stages
    assert stages.iloc[0].to_dict() == {
        "start": "conform.start",
        "completion": "conform.plot_ratio",
        "transfer": "",
        "target": "conform.tax",
    }
    assert (stages.iloc[1] == "").all()


def test_without_commitment_or_before_supply_the_list_does_not_apply():
    none = {c: None for c in KEPT if c.startswith("committed_")}
    rows = [none, {"supply_status": "unsupplied"}, {"supply_status": None}]
    made = standard_land_conform(table(*rows, base=KEPT), beihai())
    assert made.applies.tolist() == [False, False, True]
    assert said(made.outcome) == ["—", "—", True]
    assert made.missing.tolist() == made.open_items.tolist() == ["", "", ""]
    bare = table({}, base=KEPT).drop(columns=list(none))
    assert standard_land_conform(bare, beihai()).applies.tolist() == [False]


def test_before_the_first_day_nothing_is_due():
    made = standard_land_conform(table({"actual_start": None}, base=KEPT), beihai(dt.date(2021, 12, 31)))
    assert made.outcome.isna().all()
    assert made.applies.tolist() == [True]
    assert made.missing.tolist() == made.open_items.tolist() == [""]
    late = standard_land_conform(table({"actual_start": None}, base=KEPT), beihai(dt.date(2022, 1, 1)))
    assert late.outcome.tolist() == [False]


def test_who_does_not_say_which_indicators_a_contract_must_hold_never_gets_a_yes():
    assert conform([{}, {"tax_wan": 0.0}], policy_of()) == [
        ("—", "", "parameter:standard_land.required_indicators"),
        (False, "conform.tax", ""),
    ]


@pytest.mark.parametrize(
    "column",
    [
        "agreed_start", "actual_start", "agreed_completion", "actual_completion", "plot_ratio", "agreed_target",
        "area_mu", "committed_investment_per_mu", "committed_plot_ratio", "committed_tax_per_mu",
    ],
)  # fmt: skip
def test_removing_any_needed_field_of_checklist_b_makes_it_unknown_and_names_it(column):
    # The day of the review only matters where the tax is short of the commitment.
    short = {"tax_wan": 0.0} if column == "agreed_target" else {}
    frame = table(short, base=KEPT).drop(columns=["handover_date", "committed_plot_ratio_max"])
    assert standard_land_conform(frame, beihai()).outcome.tolist() == [not short]
    made = standard_land_conform(frame.drop(columns=column), beihai())
    assert made.outcome.isna().all()
    assert column in made.missing[0].split(";")


def test_measured_figures_serve_as_well_as_sums():
    frame = table({}, base=KEPT).drop(columns=["area_mu", "fixed_investment_wan", "tax_wan"])
    made = standard_land_conform(frame.assign(investment_per_mu=25.0, tax_per_mu=19.9), beihai())
    assert made.open_items.tolist() == ["conform.tax"]
    made = standard_land_conform(frame.assign(investment_per_mu=25.0), beihai())
    assert made.missing.tolist() == ["tax_per_mu"]


def test_the_other_indicators_of_zhejiang_notices():
    figures = {
        "value_added_wan": 13090.0,
        "area_mu": 100.0,
        "employees": 770.0,
        "energy_tce": 3192.0,
        "emission_t": 0.945,
        "rd_expense_wan": 220.0,
        "revenue_wan": 10000.0,
        "building_coefficient": 0.5,
        "green_pct": 20.0,
        "office_land_pct": 7.0,
        "office_floor_pct": 15.0,
        "environment_ok": True,
        # DB060110: 130.9, 16.9, 4.1, 13848.4 and 2.2 %
        "committed_value_added_per_mu": 130.9,
        "committed_productivity_wan": 16.9,
        "committed_value_added_per_tce": 4.1,
        "committed_value_added_per_t": 13848.4,
        "committed_rd_ratio_pct": 2.2,
        "committed_building_coefficient_pct": 35.0,
        "committed_building_coefficient_max_pct": 65.0,
        "committed_green_max_pct": 20.0,
        "committed_office_land_max_pct": 7.0,
        "committed_office_floor_max_pct": 15.0,
        "committed_environment": "达标",
    }
    # 13090/100 = 130.9; /770 = 17.0; /3192 = 4.1009; /0.945 = 13851.9; 220/10000 = 2.2 %; 0.5 = 50 %
    base = {**KEPT, "committed_tax_per_mu": None, "committed_investment_per_mu": None, **figures}
    rows = [
        ({}, ""),
        ({"value_added_wan": 13089.0}, "conform.value_added"),
        ({"employees": 775.0}, "conform.productivity"),
        ({"energy_tce": 3193.0}, "conform.energy"),
        ({"emission_t": 0.946}, "conform.emission"),
        ({"rd_expense_wan": 219.0}, "conform.rd"),
        ({"building_coefficient": 0.35}, ""),
        ({"building_coefficient": 0.34}, "conform.building_coefficient"),
        ({"building_coefficient": 0.66}, "conform.building_coefficient_max"),
        ({"green_pct": 20.1}, "conform.green"),
        ({"office_land_pct": 7.1}, "conform.office_land"),
        ({"office_floor_pct": 15.1}, "conform.office_floor"),
        ({"environment_ok": False}, "conform.environment"),
    ]
    made = standard_land_conform(table(*(r for r, _ in rows), base=base), beihai(required=["容积率"]))
    assert made.open_items.tolist() == [o for _, o in rows]
    assert made.outcome.tolist() == [not o for _, o in rows]


def test_output_needs_its_meaning():
    frame = table({"committed_output_per_mu": 400.0, "revenue_wan": 41104.0}, base=KEPT)  # 400 per mu
    made = standard_land_conform(frame, beihai())
    assert made.missing.tolist() == ["parameter:standard_land.output_metric"]
    said = policy_of(standard_land__required_indicators=THREE, standard_land__output_metric="revenue_per_mu")
    assert standard_land_conform(frame, said).outcome.tolist() == [True]
    own = standard_land_conform(frame.assign(output_per_mu=399.0), beihai())
    assert own.open_items.tolist() == ["conform.output"]


def wenzhou(as_of):
    given = {"wenzhou-standard-land.in_force": dt.date(2020, 9, 30), "standard_land.required_indicators": ["投资强度"]}
    return policies([BASE, "wenzhou-standard-land"], as_of=as_of, parameters=given)


@pytest.mark.parametrize(
    ("as_of", "changes", "open_items"),
    [
        # Hand-over 2021-08-31: start within 6 months by 2022-02-28, completion within 24 months by 2023-08-31.
        ("2022-02-28", {"actual_start": None, "actual_completion": None}, ""),
        ("2022-03-01", {"actual_start": None, "actual_completion": None}, "conform.start"),
        ("2023-09-01", {"actual_start": "2022-02-28", "actual_completion": None}, "conform.completion"),
        ("2023-09-01", {"actual_start": "2022-03-01", "actual_completion": "2023-08-31"}, "conform.start"),
        ("2025-08-31", {"actual_start": "2022-02-28", "actual_completion": "2023-08-31", "tax_wan": 0.0}, ""),
        (
            "2025-09-01",
            {"actual_start": "2022-02-28", "actual_completion": "2023-08-31", "tax_wan": 0.0},
            "conform.tax",
        ),
        # A day of the contract comes before the counted one.
        ("2022-03-01", {"agreed_start": "2022-06-30", "actual_start": None, "actual_completion": None}, ""),
    ],
)
def test_days_counted_from_hand_over_and_completion(as_of, changes, open_items):
    blank = {"handover_date": "2021-08-31", "agreed_start": None, "agreed_completion": None, "agreed_target": None}
    made = standard_land_conform(table({**blank, **changes}, base=KEPT), wenzhou(dt.date.fromisoformat(as_of)))
    assert made.open_items.tolist() == [open_items]


def test_a_day_that_cannot_be_counted_names_what_it_is_counted_from():
    blank = {"handover_date": None, "agreed_start": None, "agreed_completion": None, "agreed_target": None}
    made = standard_land_conform(table(blank, base=KEPT), wenzhou(DAY))
    assert made.missing.tolist() == ["handover_date"]


@pytest.mark.parametrize(
    ("change", "outcome", "missing"),
    [
        ({}, True, ""),
        ({"transferred_on": "2025-06-29"}, False, ""),
        ({"transferred_on": "2025-06-30"}, True, ""),
        ({"let_on": "2021-01-01"}, False, ""),
        ({"transferred_on": "2025-07-01", "title_certificate_date": None}, "—", "title_certificate_date"),
        ({"let_on": "2026-01-01"}, True, ""),  # after the day of the run
    ],
)
def test_no_transfer_or_letting_for_five_years_in_wenling(change, outcome, missing):
    blank = {"transferred_on": None, "let_on": None, "title_certificate_date": "2020-06-30"}
    policy = policy_of("wenling-standard-land", standard_land__required_indicators=["容积率"])
    assert [r[::2] for r in conform([{**blank, **change}], policy)] == [(outcome, missing)]


def test_findings_are_compact_and_hold_the_numbers():
    made = standard_land_conform(table({}, {"committed_tax_per_mu": 21.0}, base=KEPT), beihai())
    found = made.findings("parcel", pd.Series(["a", "b"]))
    row = found[(found["rule_id"] == "conform.tax") & (found["subject_id"] == "b")].iloc[0]
    assert (row["value"], row["threshold"], row["operator"], row["outcome"]) == (pytest.approx(20.0), 21.0, ">=", False)
    assert "亩均税收" in row["clause"]
    assert np.isfinite(found["value"]).any()

"""Admission: own land or standard factory, entry limits at their borders, exclusions, control indicators by edition."""

import datetime as dt

import geopandas as gpd
import pandas as pd
import pytest
from shapely import box

from mudian.packs.policy import policies
from mudian.rules.admission import admit, control_indicators

DAY = dt.date(2025, 12, 31)


def policy_of(*names, as_of=DAY, confirmed=(), **parameters):
    given = {key.replace("__", "."): value for key, value in parameters.items()}
    return policies(names, as_of=as_of, parameters=given, confirmed=confirmed)


def said(outcome):
    return ["—" if pd.isna(v) else bool(v) for v in outcome]


def columns(rows, *names):
    return pd.DataFrame(rows, columns=list(names))


# ---- Tai'an: land of its own -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("investment", "mu", "word", "open_items", "missing"),
    [
        (5000.0, 15.0, "own_land", "", ""),
        (4999.0, 200.0, "standard_factory", "taian.separate_land", ""),
        (8000.0, 14.9, "standard_factory", "taian.separate_land", ""),
        (None, 20.0, "unknown", "taian.separate_land", "total_investment_wan"),
        (None, 14.0, "standard_factory", "taian.separate_land", ""),
        (5000.0, None, "unknown", "taian.separate_land", "area_mu"),
    ],
)
def test_tai_an_gives_land_from_5000_and_15(investment, mu, word, open_items, missing):
    projects = pd.DataFrame({"total_investment_wan": [investment], "area_mu": [mu]}, dtype=float)
    made = admit(projects, policy_of("taian-2021")).table.iloc[0]
    assert (made["admission"], made["open_items"], made["missing"]) == (word, open_items, missing)
    assert pd.isna(made["entry"])
    assert said([made["separate_land"]]) == [{"own_land": True, "standard_factory": False}.get(word, "—")]


def test_land_in_square_metres_serves_too_and_is_named():
    projects = pd.DataFrame({"total_investment_wan": [5000.0, 5000.0, 5000.0], "area_m2": [10000.0, 9999.0, None]})
    made = admit(projects, policy_of("taian-2021")).table
    assert made["admission"].tolist() == ["own_land", "standard_factory", "unknown"]
    assert made["missing"].tolist() == ["", "", "area_m2"]
    assert admit(projects[["total_investment_wan"]], policy_of("taian-2021")).table["missing"][0] == "area_mu"


def test_before_the_document_nobody_is_judged():
    projects = pd.DataFrame({"total_investment_wan": [1.0], "area_mu": [1.0]})
    made = admit(projects, policy_of("taian-2021", as_of=dt.date(2021, 7, 13)))
    assert made.table["admission"].isna().all()
    assert len(made.findings(pd.Series(["a"]))) == 0


def test_findings_say_both_comparisons():
    projects = pd.DataFrame({"total_investment_wan": [4999.0], "area_mu": [200.0]})
    found = admit(projects, policy_of("taian-2021")).findings(pd.Series(["p1"]))
    assert found["rule_id"].tolist() == ["taian.separate_land", "taian.separate_land/1", "taian.separate_land/2"]
    assert found["outcome"].tolist() == [False, False, True]
    assert found["threshold"].tolist()[1:] == [5000.0, 15.0]
    assert found["subject_type"].unique().tolist() == ["project"]


# ---- Quanzhou: review and exclusion ----------------------------------------------------------------------------------


def test_quanzhou_reviews_large_projects_and_excludes_listed_industries():
    given = {"quanzhou__in_force": dt.date(2020, 1, 1), "quanzhou__excluded_industries": ["26", "31"]}
    policy = policy_of("quanzhou", **given)
    projects = columns([(100.0, "1711"), (99.9, "1711"), (20.0, "2611"), (150.0, None)], "area_mu", "industry_code")
    made = admit(projects, policy).table
    assert said(made["review"]) == [True, False, False, True]
    assert made["review_items"].tolist() == ["quanzhou.strict_control", "", "", "quanzhou.strict_control"]
    assert made["admission"].tolist() == ["admitted", "admitted", "not_admitted", "unknown"]
    assert made["missing"].tolist() == ["", "", "", "industry_code"]
    assert made["open_items"].tolist() == ["", "", "quanzhou.excluded", "quanzhou.excluded"]


def test_without_the_list_of_excluded_industries_nobody_is_admitted_or_refused():
    policy = policy_of("quanzhou", quanzhou__in_force=dt.date(2020, 1, 1))
    made = admit(columns([(10.0, "1711")], "area_mu", "industry_code"), policy).table
    assert made["admission"].tolist() == ["unknown"]
    assert made["missing"].tolist() == ["parameter:quanzhou.excluded_industries"]


# ---- entry limits ----------------------------------------------------------------------------------------------------

FUZHOU = ("park_class", "sector", "investment_per_mu", "output_per_mu", "tax_per_mu")
NATIONAL, COAST, MOUNTAIN = "国家级园区、四城区园区", "沿海及近城区省级园区", "山区省级园区"


@pytest.mark.parametrize(
    ("row", "word", "missing"),
    [
        ((NATIONAL, "机械", 350.0, 300.0, 25.0), "admitted", ""),
        ((NATIONAL, "机械", 349.9, 300.0, 25.0), "not_admitted", ""),
        ((NATIONAL, "机械", 350.0, 299.9, 25.0), "not_admitted", ""),
        ((NATIONAL, "机械", 350.0, 300.0, 24.9), "not_admitted", ""),
        ((NATIONAL, "电子信息", 399.0, 600.0, 25.0), "not_admitted", ""),
        ((NATIONAL, "电子信息", 400.0, 600.0, 25.0), "admitted", ""),
        ((NATIONAL, None, 399.0, 600.0, 25.0), "unknown", "sector"),
        ((NATIONAL, None, 400.0, 600.0, 25.0), "admitted", ""),  # passes whatever its sector
        ((COAST, "食品", 270.0, 260.0, 20.0), "admitted", ""),
        ((COAST, "化纤", 270.0, 599.0, 20.0), "not_admitted", ""),
        ((COAST, "化纤", 270.0, 600.0, 20.0), "admitted", ""),
        ((COAST, "冶金（黑色金属）", 270.0, 749.0, 20.0), "not_admitted", ""),
        ((MOUNTAIN, "食品", 220.0, 140.0, 50.0), "unknown", "parameter:fuzhou2024.mountain.tax"),
        ((MOUNTAIN, "食品", 219.0, 140.0, 50.0), "not_admitted", ""),
        ((None, "食品", 100.0, 100.0, 1.0), "unknown", "park_class"),
        ((None, "食品", 219.0, 600.0, 50.0), "unknown", "park_class"),
        ((NATIONAL, "机械", None, 300.0, 25.0), "unknown", "investment_per_mu"),
    ],
)
def test_fuzhou_limits_by_class_and_sector(row, word, missing):
    made = admit(columns([row], *FUZHOU), policy_of("fuzhou-access-2024")).table.iloc[0]
    assert made["admission"] == word
    assert set(made["missing"].split(";")) >= set(missing.split(";"))
    assert (made["missing"] == "") == (missing == "")


def test_the_mountain_tax_may_be_given():
    policy = policy_of("fuzhou-access-2024", fuzhou2024__mountain__tax=8.0)
    rows = [(MOUNTAIN, "食品", 220.0, 140.0, tax) for tax in (8.0, 7.9)]
    assert admit(columns(rows, *FUZHOU), policy).table["admission"].tolist() == ["admitted", "not_admitted"]


def test_figures_per_mu_are_taken_from_sums():
    row = {"park_class": [COAST] * 4, "sector": ["食品"] * 4, "area_m2": [10000.0, 10000.0, None, 0.0]}
    money = {"fixed_investment_wan": [4050.0, 4049.0, 4050.0, 4050.0], "output_wan": 3900.0, "tax_wan": 300.0}
    made = admit(pd.DataFrame(row).assign(**money), policy_of("fuzhou-access-2024")).table  # 15 mu: 270, 260, 20
    assert made["admission"].tolist() == ["admitted", "not_admitted", "unknown", "unknown"]
    assert made["missing"].tolist()[2:] == ["area_m2", "area_m2"]


def test_longchang_by_sector():
    policy = policy_of("longchang-2022")
    names = ("sector", "investment_per_mu", "tax_per_mu", "output_per_mu", "rd_ratio_pct")
    rows = [
        ("玻璃制品制造", 150.0, 8.0, 250.0, None),  # no R&D limit for glass
        ("装备制造", 150.0, 8.0, 350.0, 2.0),
        ("装备制造", 150.0, 8.0, 349.0, 2.0),
        ("食品饮料", 150.0, 7.9, 300.0, 1.0),
        ("新材料", 150.0, 8.0, 250.0, 1.9),
        ("新材料", 150.0, 8.0, 250.0, None),
        ("家具", 1.0, 1.0, 1.0, None),
    ]
    made = admit(columns(rows, *names), policy).table
    words = ["admitted", "admitted", "not_admitted", "not_admitted", "not_admitted", "unknown"]
    assert made["admission"].tolist()[:-1] == words
    assert pd.isna(made["admission"].iloc[-1])  # other sectors have no limit: a person decides
    assert said(made["review"]) == [False] * 6 + [True]
    assert made["missing"][5] == "rd_ratio_pct"


def test_shandong_2005_by_level_and_city_until_2019():
    names = ("zone_level", "city", "investment_per_mu")
    rows = [
        ("国家级", "聊城市", 239.0),
        ("国家级", "聊城市", 240.0),
        ("省级", "青岛市", 199.0),
        ("省级", "泰安市", 160.0),
        ("省级", "聊城", 99.0),
        ("省级", "聊城", 100.0),
        ("省级", None, 200.0),
        ("省级", None, 150.0),
        (None, "聊城", 100.0),
    ]
    projects = columns(rows, *names)
    made = admit(projects, policy_of("shandong-2005", as_of=dt.date(2010, 1, 1))).table
    assert said(made["entry"]) == [False, True, False, True, False, True, True, "—", "—"]
    assert made["missing"].tolist()[6:] == ["", "city", "zone_level"]
    after = admit(projects, policy_of("shandong-2005", as_of=dt.date(2019, 2, 27))).table
    assert after["admission"].isna().all()


def test_jiangsu_plot_ratio_by_region():
    names = ("region", "plot_ratio", "high_standard_factory")
    rows = [
        ("苏南", 1.5, False),
        ("苏南", 1.49, False),
        ("苏中", 1.2, False),
        ("苏北", 0.99, False),
        ("苏北", 1.9, True),
    ]
    rows += [("苏北", 2.0, True), (None, 1.2, False), (None, 1.5, False)]
    made = admit(columns(rows, *names), policy_of("jiangsu-far-2021")).table
    assert said(made["entry"]) == [True, False, True, False, False, True, "—", True]


# ---- control indicators ----------------------------------------------------------------------------------------------

OLD = dt.date(2020, 12, 31)
PARCEL = {"plot_ratio": 0.8, "building_coefficient": 0.3, "office_land_pct": 7.0, "industry_code": "1711"}


def indicators(changes, *, as_of=OLD, confirmed=("national.green_maximum",), **parameters):
    frame = pd.DataFrame([{**PARCEL, "green_pct": 20.0, **c} for c in changes])
    return control_indicators(frame, policy_of("national", as_of=as_of, confirmed=confirmed, **parameters))


def test_control_indicators_at_their_borders():
    changes = [{}, {"plot_ratio": 0.79}, {"building_coefficient": 0.29}, {"office_land_pct": 7.1}, {"green_pct": 20.1}]
    made = indicators(changes, industry_code_edition="GB/T 4754-2002")
    assert said(made.outcome) == [True, False, False, False, False]
    names = ["plot_ratio", "building_coefficient", "office_land", "green"]
    assert made.open_items.tolist() == ["", *(f"national.parcel.{n}" for n in names)]


def test_a_recalled_limit_is_not_used_unless_confirmed():
    made = indicators([{}], confirmed=(), industry_code_edition="GB/T 4754-2002")
    assert made.missing.tolist() == ["confirm:national.green_maximum"]


@pytest.mark.parametrize(
    ("edition", "parameter", "outcome", "missing"),
    [
        ("GB/T 4754-2002", None, True, ""),
        ("2002", None, True, ""),
        ("GB/T4754—2002版", None, True, ""),
        ("GB/T 4754-2017", None, "—", "industry_code_edition"),
        ("GB/T 4754", None, "—", "industry_code_edition"),
        (None, None, "—", "parameter:industry_code_edition"),
        (None, "GB/T 4754-2002", True, ""),
        (None, "GB/T 4754-2017", "—", "industry_code_edition"),
        ("GB/T 4754-2017", "GB/T 4754-2002", "—", "industry_code_edition"),
    ],
)
def test_a_code_is_looked_up_only_in_the_table_of_its_edition(edition, parameter, outcome, missing):
    given = {"industry_code_edition": parameter} if parameter else {}
    made = indicators([{"industry_code_edition": edition}], **given)
    assert (said(made.outcome), made.missing.tolist()) == ([outcome], [missing])


def test_recalled_codes_of_the_table_need_confirming():
    # Code 39 is electrical machinery (0.7) in 2002 and electronics in 2017.
    row = {"industry_code": "3911", "plot_ratio": 0.7, "industry_code_edition": "GB/T 4754-2002"}
    assert indicators([row]).missing.tolist() == ["industry_code"]
    both = ("national.green_maximum", "national.plot_ratio_2008")
    assert said(indicators([row, {**row, "plot_ratio": 0.69}], confirmed=both).outcome) == [True, False]


def test_the_plot_ratios_of_2008_end_with_the_edition_of_2023():
    made = indicators([{}], as_of=dt.date(2023, 6, 25), industry_code_edition="GB/T 4754-2002")
    assert "national.parcel.plot_ratio" not in {j.rule_id for j in made.judged}
    assert "confirm:national.building_coefficient_minimum" in made.missing[0]


@pytest.mark.parametrize(
    ("column", "name"),
    [
        ("plot_ratio", "plot_ratio"),
        ("building_coefficient", "building_coefficient_pct"),
        ("office_land_pct", "office_land_pct"),
        ("green_pct", "green_pct"),
        ("industry_code", "industry_code"),
        ("industry_code_edition", "parameter:industry_code_edition"),
    ],
)
def test_removing_any_needed_indicator_makes_it_unknown_and_names_it(column, name):
    frame = pd.DataFrame([{**PARCEL, "green_pct": 20.0, "industry_code_edition": "GB/T 4754-2002"}])
    policy = policy_of("national", as_of=OLD, confirmed=["national.green_maximum"])
    assert said(control_indicators(frame, policy).outcome) == [True]
    made = control_indicators(frame.drop(columns=column), policy)
    assert (said(made.outcome), made.missing.tolist()) == (["—"], [name])


def test_projects_have_the_same_indicators_and_geometry_does_not_matter():
    policy = policy_of("national", as_of=OLD, confirmed=["national.green_maximum"])
    frame = pd.DataFrame([{**PARCEL, "green_pct": 20.0, "industry_code_edition": "2002"}])
    layer = gpd.GeoDataFrame(frame, geometry=[box(0, 0, 1, 1)], crs=4527)
    assert said(control_indicators(layer, policy, subject="project").outcome) == [True]
    assert admit(layer, policy).table["admission"].tolist() == ["admitted"]


def test_index_and_input_stay():
    projects = pd.DataFrame({"total_investment_wan": [5000.0, 1.0], "area_mu": [15.0, 1.0]}, index=[8, 2])
    before = projects.copy()
    made = admit(projects, policy_of("taian-2021")).table
    assert made["admission"].to_dict() == {8: "own_land", 2: "standard_factory"}
    pd.testing.assert_frame_equal(projects, before)
    empty = admit(projects.iloc[:0], policy_of("taian-2021", "fuzhou-access-2024"))
    assert empty.table.empty

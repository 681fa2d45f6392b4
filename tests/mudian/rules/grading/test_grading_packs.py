"""The published methods: what their texts and notices say, computed through the packs."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from gradingpack import acceptance, packed, shares

from mudian.packs.catalog import bundled, find_pack
from mudian.rules.grading.grade import grade

PACKS = [
    "huangyan-2022", "huaian-2024", "jingde-2022", "changle-2023", "jining-hightech-2023", "wenling-2022",
    "kaihua-2014", "shandong-2019", "qingdao-gas", "nanjing-2018", "anhui-a2",
]  # fmt: skip
OF_2022 = dt.date(2023, 12, 31)
OF_2021 = dt.date(2022, 12, 31)
CAP = {"parameters": {"huangyan.item_cap": 1.5}, "confirmed": ["huangyan.item_floor"]}


def scores(as_of=OF_2022, **more):
    return grade(acceptance(), packed("huangyan-2022", as_of=as_of, **more)).frame["score"]


def test_huangyan_acceptance():
    assert scores().tolist() == pytest.approx([100.0000, 91.2097, 188.2736, 16.7775], abs=5e-5)
    assert scores(as_of=OF_2021)["AT2"] == pytest.approx(91.9895, abs=5e-5)
    assert scores(confirmed=["huangyan.item_floor"])["AT4"] == pytest.approx(19.2674, abs=5e-5)
    assert scores(**CAP).tolist() == pytest.approx([100.0000, 91.2097, 134.8478, 19.2674], abs=5e-5)


def test_huangyan_says_which_steps_it_left_out():
    assert grade(acceptance(), packed("huangyan-2022")).left_out == ("huangyan.item_cap", "huangyan.item_floor")


def test_huangyan_before_its_notice_has_no_method():
    assert scores(as_of=dt.date(2022, 9, 19)).isna().all()


@pytest.mark.parametrize(("as_of", "expected"), [(OF_2022, 98.2785), (OF_2021, 87.5024)])
def test_huangyan_below_scale(as_of, expected):
    frame = pd.DataFrame({"above_scale": [False], "tax_per_mu": [8.0], "tax_per_kwh": [0.3]})
    policy = packed("huangyan-2022", as_of=as_of, parameters={"huangyan.below.tax_per_kwh.factor": 1})
    assert grade(frame, policy).frame["score"].tolist() == pytest.approx([expected], abs=5e-5)


def test_huangyan_below_scale_does_not_guess_a_unit():
    frame = pd.DataFrame({"above_scale": [False], "tax_per_mu": [8.0], "tax_per_kwh": [0.3]})
    result = grade(frame, packed("huangyan-2022")).frame
    assert result["score"].isna().all()
    assert "parameter:huangyan.below.tax_per_kwh.factor" in result["missing"][0]


def test_huangyan_missing_emission_gets_the_mean_score_of_all_above_scale():
    frame = acceptance().assign(value_added_per_t=[4929.81, 4929.81 * 2, None, None])
    result = grade(frame, packed("huangyan-2022", as_of=OF_2022)).frame
    assert result["item_value_added_per_t"].tolist() == pytest.approx([10.0, 20.0, 15.0, 15.0])
    assert result["reasons"].tolist() == ["", "", "mean-score", "mean-score"]


MEANS = {
    "huaian.tax_per_mu.mean": 12.0, "huaian.revenue_per_mu.mean": 200.0, "huaian.green.mean": 3.0,
    "huaian.green.metric": "tax_per_tce",
}  # fmt: skip
HUAIAN = pd.DataFrame(
    {
        "above_scale": [True, False, False, True, True, None],
        "land_mu": [1.0, 3.0, 2.9, 9.0, 9.0, 9.0],
        "tax_per_mu": 12.0, "revenue_per_mu": 200.0, "tax_per_tce": 3.0,
        "industry_code": ["C34", "C34", "C34", "D4610", "C34", "C34"],
        "production_start": pd.to_datetime(["2010-01-01"] * 4 + ["2024-01-01", "2010-01-01"]),
    }
)  # fmt: skip


def test_huaian_gives_fifty_to_the_average_enterprise():
    result = grade(HUAIAN, packed("huaian-2024", parameters=MEANS)).frame
    assert result["score"].dropna().unique() == pytest.approx([50.0])
    assert result["reasons"].tolist()[2] == "outside"  # below scale on less than 3 mu
    assert result["grade"].tolist()[3:5] == ["T", "T"]  # a water works; in production less than two years
    assert result["missing"].tolist()[5] == ""  # 9 mu are enough whatever its scale


def test_huaian_without_the_means_of_the_county_names_them():
    result = grade(HUAIAN, packed("huaian-2024")).frame
    assert "parameter:huaian.tax_per_mu.mean" in result["missing"][0]
    assert "parameter:huaian.green.metric" in result["missing"][0]


def test_jingde_between_a_fifth_and_all_of_the_weight():
    names = ("tax_per_mu", "revenue_per_mu", "tech_investment_per_mu", "productivity_wan", "revenue_per_t", "rd_ratio",
             "revenue_per_tce")  # fmt: skip
    weights = {f"jingde.{n}.weight": 30 for n in names}
    frame = pd.DataFrame({n: [0.0, 12.0, 40.0] for n in names}).assign(above_scale=True)
    result = grade(frame, packed("jingde-2022", parameters=weights)).frame
    assert result["item_tax_per_mu"].tolist() == pytest.approx([6.0, 13.2, 30.0])
    assert result["score"].tolist() == pytest.approx([42.0, 92.4, 210.0])


def ranked(size, **columns):
    return pd.DataFrame({"given_score": np.arange(size, 0, -1.0), "above_scale": True, **columns})


def counted(result, letters="ABCD"):
    return [int((result["grade"] == g).sum()) for g in letters]


CHANGLE = {"industry_code": "C34", "vetoes": None, "newly_founded": False, "promoted_last_year": False,
           "major_construction": False}  # fmt: skip


def test_changle_bands_veto_and_protection():
    frame = ranked(100, **CHANGLE)
    frame["vetoes"] = frame["vetoes"].astype("str")
    policy = packed("changle-2023")
    assert counted(grade(frame, policy).frame) == [20, 55, 20, 5]
    frame.loc[[0, 97, 98], "vetoes"] = "较大环境事故"
    frame.loc[[98, 99], "newly_founded"] = True
    result = grade(frame, policy).frame
    assert result["grade"].tolist()[0] == "C"
    assert result["grade"].tolist()[97:] == ["D", "D", "C"]  # protection, except when a veto applies
    assert result["grade"].tolist()[19:21] == ["A", "B"]


def test_changle_does_not_evaluate_utilities_and_small_plots():
    frame = ranked(4, **CHANGLE).assign(
        industry_code=["D45", "C34", "C34", "C34"],
        above_scale=[True, False, False, False],
        land_mu=[9.0, 3.0, 2.9, None],
    )
    result = grade(frame, packed("changle-2023")).frame
    assert result["grade"].tolist()[0] == "NE"
    assert result["rank"].isna().tolist() == [True, False, True, True]
    assert (result["reasons"][2], result["missing"][3]) == ("outside", "land_mu")


def test_jining_published_counts():
    policy = packed("jining-hightech-2023", parameters={"jining.above.upto_b": 60})
    above = ranked(275, not_evaluated=[False] * 265 + [True] * 10)
    result = grade(above, policy)
    found = counted(result.frame, "ADT")
    assert found == [55, 14, 10]
    assert result.quotas["population"].tolist() == [275]
    below = ranked(100, not_evaluated=False, land_mu=3.0).assign(above_scale=False)
    assert counted(grade(below, policy).frame) == [20, 40, 35, 5]


def test_jining_with_t_outside_would_give_53():
    policy = packed("jining-hightech-2023", parameters={"jining.t_counts": False})
    above = ranked(275, not_evaluated=[False] * 265 + [True] * 10)
    assert counted(grade(above, policy).frame, "A") == [53]


def test_jining_does_not_tell_b_from_c_above_scale():
    result = grade(ranked(275, not_evaluated=False), packed("jining-hightech-2023")).frame
    assert counted(result) == [55, 0, 0, 14]
    assert set(result["missing"][result["grade"].isna()]) == {"parameter:jining.above.upto_b"}


def test_wenling_ranks_inside_industry_groups():
    frame = pd.concat([ranked(100, industry_group=g, tenants_below_scale=0) for g in ("甲", "乙")], ignore_index=True)
    result = grade(frame, packed("wenling-2022"))
    assert counted(result.frame) == [40, 120, 30, 10]  # 20, 60, 15, 5 in each group
    below = grade(frame.assign(above_scale=False), packed("wenling-2022"))
    assert counted(below.frame) == [10, 140, 40, 10]  # 5, 70, 20, 5 in each
    assert below.quotas["population"].tolist() == [100, 100]


def test_wenling_divisions_are_recalled_and_must_be_confirmed():
    frame = ranked(3, industry_code=["C3311", "C3441", "C15"], tenants_below_scale=0)
    assert "confirm:wenling.group.metal" in grade(frame, packed("wenling-2022")).frame["missing"][0]
    keys = [f"wenling.group.{g}" for g in ("textile", "metal", "machinery", "electronics")]
    confirmed = grade(frame, packed("wenling-2022", confirmed=keys)).frame
    assert confirmed["group"].tolist() == ["metal", "machinery", "others"]


def test_wenling_takes_points_off_for_letting():
    frame = ranked(4, industry_group="甲", tenants_below_scale=[0, 1, 2, 3])
    assert grade(frame, packed("wenling-2022")).frame["adjusted"].tolist() == [0, 0, -5, -10]
    below = grade(frame.assign(above_scale=False), packed("wenling-2022"))
    assert below.frame["adjusted"].tolist() == [0, -10, -15, -20]


def test_kaihua_caps_an_item_at_one_and_a_half_weights():
    names = ("tax_fees_per_mu", "tax_fees_per_tce", "tax_fees_per_t", "revenue_per_mu")
    given = {f"kaihua.{n}.weight": 25 for n in names} | {f"kaihua.{n}.benchmark": 10.0 for n in names}
    frame = pd.DataFrame({n: [10.0, 30.0, -10.0] for n in names}).assign(above_scale=True)
    assert grade(frame, packed("kaihua-2014", parameters=given)).frame["score"].tolist() == [100.0, 150.0, -100.0]
    floored = grade(frame, packed("kaihua-2014", parameters=given, confirmed=["kaihua.item_floor"])).frame
    assert floored["score"].tolist() == [100.0, 150.0, 0.0]


def test_shandong_leaves_weights_to_the_county():
    frame = acceptance().rename(
        columns={"value_added_per_tce": "revenue_per_tce", "value_added_per_t": "revenue_per_t"}
    )
    result = grade(frame.assign(industry_code="C34"), packed("shandong-2019")).frame
    assert result["grade"].isna().all()
    assert "parameter:shandong.above.tax_per_mu.weight" in result["missing"].iloc[0]


def test_shandong_below_scale_by_tax_per_mu_and_the_tie_at_d():
    frame = pd.DataFrame({"tax_per_mu": [9.0] * 94 + [1.0] * 6, "above_scale": False})
    found = {}
    for ties in ("down", "up"):
        policy = packed("shandong-2019", parameters={"shandong.ties_last": ties, "shandong.upto_b": 60})
        found[ties] = counted(grade(frame, policy).frame)
    assert found == {"down": [0, 94, 0, 6], "up": [0, 94, 6, 0]}
    assert counted(grade(frame, packed("shandong-2019")).frame, "D") == [6]  # "not below 5 %", as the words say


def test_nanjing_has_a_warning_class():
    given = {"nanjing.upto_b": 60, "nanjing.upto_c": 85, "nanjing.upto_c_minus": 95}
    frame = ranked(100, land_mu=3.1)
    result = grade(frame, packed("nanjing-2018", parameters=given)).frame
    assert [int((result["grade"] == g).sum()) for g in ("A", "B", "C", "C-", "D")] == [20, 40, 25, 10, 5]
    assert counted(grade(frame, packed("nanjing-2018")).frame, "A") == [20]
    assert grade(frame.assign(land_mu=3.0), packed("nanjing-2018")).frame["reasons"].eq("outside").all()


NOBODY = {"industry_code": "C34", "tax_supported": False, "start_up": False, "major_construction": False}


def test_anhui_has_a_class_without_grade_that_is_treated_like_b():
    frame = ranked(101, **NOBODY)
    frame.loc[0, "start_up"] = True
    result = grade(frame, packed("anhui-a2")).frame
    assert (result["grade"][0], result["treated_as"][0]) == ("NG", "B")
    assert counted(result) == [25, 45, 25, 5]


def test_anhui_below_scale_by_land_or_leased_floor():
    frame = pd.DataFrame(
        {
            "above_scale": False, "in_zone": True, "tax_per_mu": [5.0, 4.0, 3.0, 2.0],
            "owned_mu": [5.0, 0.0, 0.0, 9.0], "leased_floor_m2": [0.0, 3000.0, 2999.0, 0.0],
            "founded_on": pd.to_datetime(["2021-12-31", "2010-01-01", "2010-01-01", "2022-01-01"]), **NOBODY,
        }
    )  # fmt: skip
    result = grade(frame, packed("anhui-a2")).frame
    assert result["rank"].isna().tolist() == [False, False, True, True]
    assert result["rank"].tolist()[:2] == [1, 2]


COMPLETE = {
    "huangyan-2022": (acceptance, {**shares("huangyan.above")}),
    "huaian-2024": (lambda: HUAIAN.iloc[[0, 1, 3, 4]].assign(tax_per_mu=[20.0, 12.0, 3.0, 4.0]), MEANS),
    "changle-2023": (lambda: ranked(20, **CHANGLE).astype({"vetoes": "str"}), {}),
    "jining-hightech-2023": (lambda: ranked(20, not_evaluated=False), {"jining.above.upto_b": 60}),
    "wenling-2022": (lambda: ranked(20, industry_group="甲", tenants_below_scale=0), {}),
    "anhui-a2": (lambda: ranked(20, **NOBODY), {}),
    "nanjing-2018": (
        lambda: ranked(20, land_mu=9.0).drop(columns="above_scale"),
        {"nanjing.upto_b": 60, "nanjing.upto_c": 85, "nanjing.upto_c_minus": 95},
    ),
}


@pytest.mark.parametrize("name", COMPLETE)
def test_without_a_field_the_grade_is_unknown_and_the_field_is_named(name):
    make, parameters = COMPLETE[name]
    frame, policy = make(), packed(name, parameters=parameters)
    whole = grade(frame, policy).frame
    assert whole["grade"].notna().all()
    for column in frame.columns:
        less = grade(frame.drop(columns=column), policy).frame
        unknown = less["grade"].isna()
        names = [set(text.split(";")) for text in less["missing"]]
        named = pd.Series([column in n or any(x.startswith("confirm:") for x in n) for n in names])
        assert unknown.any(), column
        assert named[unknown.to_numpy()].all(), column
        assert (less["missing"][~unknown] == "").all(), column


@pytest.mark.parametrize("name", PACKS)
def test_every_pack_loads_and_covers_its_place(name):
    pack = find_pack(name)
    assert name in bundled()
    assert pack.coverage
    assert {row.state for row in pack.coverage} <= {"computed", "not-computable", "needs-data"}
    mentioned = {by for row in pack.coverage for by in row.by}
    assert {f"methods.{m}" for m in pack.methods} - {"methods.shandong.above"} <= mentioned or name == "anhui-a2"

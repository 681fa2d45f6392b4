"""Rewards and penalties of the seed packs, worked by hand through the public interface."""

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mudian.packs.policy import policies
from mudian.rules.incentives import incentives
from tests.mudian.rules.test_ranks import liaocheng

DAY = dt.date(2022, 12, 31)


def policy(*packs, as_of=DAY, **parameters):
    return policies(packs, as_of=as_of, parameters={k.replace("__", "."): v for k, v in parameters.items()})


def masked(pack, day=dt.date(2022, 1, 1), **parameters):
    given_day = {f"{pack}.in_force": day}
    return policies([pack], as_of=DAY, parameters=given_day | {k.replace("__", "."): v for k, v in parameters.items()})


def of(found, name):
    return found[found["incentive"] == name].reset_index(drop=True)


def one(found, name):
    rows = of(found, name)
    assert len(rows) == 1
    return rows.iloc[0]


# ---- Jinan 2022 ladder, for illustration on Liaocheng ------------------------------------------------------


def test_jinan_ladder_of_2021_on_liaocheng():
    found = of(incentives(liaocheng(), policy("jinan-2022")), "jinan2022.award").query("year == 2021")
    amounts = dict(zip(found["zone"], found["amount_wan"], strict=True))
    assert amounts == {
        "高唐经开区": 100, "鲁西经开区": 50, "茌平经开区": 50, "嘉明经开区": 0, "临清经开区": 0, "东阿经开区": 0,
        "冠县经开区": 0, "阳谷经开区": 0, "市经开区": 0, "市高新区": 0,
    }  # fmt: skip
    assert set(found["missing"]) == {""}
    assert found.set_index("zone").loc["高唐经开区", "words"] == "前进20名以上且连续两年进位"
    assert "jinan2022.award.stacking=highest" in found["reading"].iloc[0]
    assert "rank_comparable=?" in found["reading"].iloc[0]


def test_awards_may_be_read_as_a_sum():
    found = of(incentives(liaocheng(), policy("jinan-2022", jinan2022__award__stacking="sum")), "jinan2022.award")
    assert found.query("year == 2021 and zone == '高唐经开区'")["amount_wan"].item() == 150


def test_an_unknown_better_rung_leaves_the_outcome_and_opens_the_amount():
    # 茌平 gained 20 places in 2020; whether 2019 was progress too is not in the table.
    found = of(incentives(liaocheng(), policy("jinan-2022")), "jinan2022.award")
    row = found.query("year == 2020 and zone == '茌平经开区'").iloc[0]
    assert row["outcome"]
    assert pd.isna(row["amount_wan"])
    assert row["missing"] == "previous_rank"
    assert found.query("year == 2019")["outcome"].isna().all()


@pytest.mark.parametrize(("places", "amount"), [(30, 300), (29, 50), (10, 50), (9, 0), (-1, 0)])
def test_jinan_rungs_are_inclusive(places, amount):
    # Regress the year before, so that the two-year rung is out.
    table = pd.DataFrame({"zone_name": "甲", "year": [2019, 2020, 2021], "rank": [90, 100, 100 - places]})
    row = of(incentives(table, policy("jinan-2022")), "jinan2022.award").query("year == 2021").iloc[0]
    assert row["amount_wan"] == amount


# ---- Jinan interview and cards: AND or OR ------------------------------------------------------------------


LAST = pd.DataFrame(
    {
        "zone_name": ["两者", "仅全省", "仅全市", "都不"],
        "year": 2021,
        "rank": [155, 152, 140, 20],
        "zone_count": 160,
        "city_rank": [10, 5, 9, 1],
        "city_count": 10,
    }
)


def test_interview_is_decided_only_where_both_readings_agree():
    found = of(incentives(LAST, policy("jinan-2022")), "jinan2022.interview").set_index("zone")
    assert found["outcome"].tolist() == [True, pd.NA, pd.NA, False]
    assert found.loc["仅全省", "missing"] == "parameter:jinan2022.interview.reading"
    assert found["missing"]["都不"] == ""


@pytest.mark.parametrize(
    ("reading", "outcomes"), [("all", [True, False, False, False]), ("any", [True, True, True, False])]
)
def test_interview_with_a_chosen_reading(reading, outcomes):
    found = incentives(LAST, policy("jinan-2022", jinan2022__interview__reading=reading))
    assert of(found, "jinan2022.interview")["outcome"].tolist() == outcomes
    assert f"jinan2022.interview.reading={reading}" in of(found, "jinan2022.interview")["reading"].iloc[0]


def test_yellow_card_in_the_first_year_and_orange_in_the_second():
    table = pd.DataFrame(
        {"zone_name": "甲", "year": [2019, 2020, 2021, 2022], "rank": [80, 155, 156, 90], "zone_count": 160,
         "city_rank": [3, 10, 9, 4], "city_count": 10}
    )  # fmt: skip
    found = of(incentives(table, policy("jinan-2022", jinan2022__interview__reading="all")), "jinan2022.cards")
    assert found["words"].tolist() == ["", "黄牌，通报警告", "橙牌，调整班子", ""]
    assert found["outcome"].tolist() == [False, True, True, False]


def test_words_in_english():
    table = pd.DataFrame({"zone_name": "a", "year": [2020, 2021], "rank": [131, 100]})
    row = of(incentives(table, policy("jinan-2022"), lang="en"), "jinan2022.award").iloc[1]
    assert row["words"] == "30 places or more"
    assert row["title"] == "award for places gained in the province"


# ---- Jinan 2017 --------------------------------------------------------------------------------------------


def jinan_2017(city_from_last, ranks, **parameters):
    years = range(2014, 2014 + len(ranks))
    table = pd.DataFrame(
        {"zone_name": "甲", "year": years, "rank": ranks, "city_rank": 1, "city_rank_from_last": city_from_last}
    )
    chosen = policy("jinan-2017", as_of=dt.date(2018, 6, 30), **parameters)
    return of(incentives(table, chosen), "jinan2017.lagging")


def test_two_years_criticism_and_three_years_merger():
    found = jinan_2017([9, 9, 1, 2, 2], [50, 40, 30, 20, 10])
    assert found["outcome"].tolist()[1:] == [False, False, True, True]
    assert found["words"].tolist()[3] == "通报批评"
    assert found["words"].tolist()[4].startswith("约谈")


def test_a_run_that_reaches_the_beginning_of_the_table_is_open():
    # 2014 has no previous year: whether its rank improved is unknown, and so is the run of 2015.
    found = jinan_2017([9, 1], [50, 40])
    assert found["outcome"].tolist()[1] is pd.NA
    assert "previous_rank" in found["missing"].tolist()[1]


def test_an_unchanged_rank_is_not_improved():
    found = jinan_2017([9, 9, 9], [50, 50, 50])
    assert found["outcome"].tolist()[2]


def test_years_of_different_cases_depend_on_the_reading():
    # 2015 among the city's last two, 2016 not improved in the province: either case once.
    cases = ([9, 2, 9], [50, 40, 41])
    assert jinan_2017(*cases)["outcome"].tolist()[2] is pd.NA
    assert "parameter:jinan2017.run.reading" in jinan_2017(*cases)["missing"].tolist()[2].split(";")
    assert jinan_2017(*cases, jinan2017__run__reading="either")["outcome"].tolist()[2]
    assert not jinan_2017(*cases, jinan2017__run__reading="same")["outcome"].tolist()[2]


# ---- Lianyungang -------------------------------------------------------------------------------------------


def test_interview_after_two_years_of_regress_only_for_the_city_etdz():
    found = of(incentives(liaocheng(), policy("lianyungang-2022")), "lianyungang.interview").query("year == 2021")
    assert found["zone"][found["outcome"].astype(bool)].tolist() == ["市经开区"]
    assert found["outcome"].notna().all()


def test_lasting_progress_needs_its_number_of_years():
    found = of(incentives(liaocheng(), policy("lianyungang-2022")), "lianyungang.praise")
    assert found["outcome"].isna().all()
    assert "parameter:lianyungang.praise.years" in found["missing"].iloc[-1]
    given_years = policy("lianyungang-2022", lianyungang__praise__years=2)
    praised = of(incentives(liaocheng(), given_years), "lianyungang.praise").query("year == 2021")
    assert praised["outcome"].sum() == 6


# ---- sharing of income -------------------------------------------------------------------------------------


def money(zone, **columns):
    return pd.DataFrame({"zone_name": zone, "year": [2022]} | {k: [v] for k, v in columns.items()})


def test_jibei_growth_of_18_on_100():
    found = incentives(money("济北经济开发区", previous_income_wan=100.0, income_wan=118.0), policy("liaocheng-2022"))
    row = one(found, "jibei2022.sharing")
    assert row["amount_wan"] == pytest.approx(12.4)  # 6 of the first 10, 6.4 of the next 8
    assert row["rest"] == pytest.approx(5.6)


@pytest.mark.parametrize(("income", "zone", "district"), [(90.0, 0, 0), (100.0, 0, 0), (105.0, 3, 2), (110.0, 6, 4)])
def test_jibei_below_and_at_the_edge(income, zone, district):
    row = one(
        incentives(money("济北经开区", previous_income_wan=100.0, income_wan=income), policy("liaocheng-2022")),
        "jibei2022.sharing",
    )
    assert (row["amount_wan"], row["rest"]) == (pytest.approx(zone), pytest.approx(district))
    assert row["outcome"] == (income > 100)


def test_jibei_without_a_base_is_unknown():
    row = one(incentives(money("济北经开区", income_wan=118.0), policy("liaocheng-2022")), "jibei2022.sharing")
    assert row["outcome"] is pd.NA
    assert row["missing"] == "previous_income_wan"


def test_linyi_gets_30_percent_of_growth_and_nothing_of_a_fall():
    table = money("临沂高新区", city_share_tax_wan=1500.0, previous_city_share_tax_wan=1000.0, land_income_wan=800.0)
    found = incentives(table, policy("liaocheng-2022"))
    assert one(found, "linyi2022.growth_return")["amount_wan"] == pytest.approx(150)
    assert one(found, "linyi2022.land_return")["amount_wan"] == pytest.approx(800)
    fall = table.assign(city_share_tax_wan=900.0)
    assert one(incentives(fall, policy("liaocheng-2022")), "linyi2022.growth_return")["amount_wan"] == 0


def test_zaozhuang_city_share_falls_by_year():
    table = pd.DataFrame(
        {
            "zone_name": "枣庄高新区",
            "year": [2020, 2021, 2022],
            "shared_tax_wan": 2000.0,
            "previous_shared_tax_wan": 1000.0,
        }
    )
    found = of(incentives(table, policy("liaocheng-2022")), "zaozhuang2021.sharing")
    assert found["rest"].tolist()[1:] == [pytest.approx(150), pytest.approx(100)]
    assert found["amount_wan"].tolist()[1:] == [pytest.approx(850), pytest.approx(900)]
    assert pd.isna(found["amount_wan"].iloc[0])
    assert found["missing"].iloc[0] == "parameter:zaozhuang2021.city_share@2020"


def test_incentives_of_named_zones_stay_with_them():
    table = money("高唐经开区", previous_income_wan=100.0, income_wan=118.0)
    assert "jibei2022.sharing" not in set(incentives(table, policy("liaocheng-2022"))["incentive"])
    tried = incentives(table, policy("liaocheng-2022"), everywhere=True)
    assert one(tried, "jibei2022.sharing")["amount_wan"] == pytest.approx(12.4)


def test_dezhou_score_is_30_city_and_70_province_and_grades_by_counts():
    zones = [f"区{n:02d}" for n in range(13)]
    table = pd.DataFrame(
        {"zone_name": zones, "year": 2021, "city_score": 100.0, "province_score": [90.0 - n for n in range(13)]}
    )
    assert "dezhou2021.score" not in set(incentives(table, policy("liaocheng-2022"))["incentive"])
    found = of(incentives(table, policy("liaocheng-2022"), everywhere=True), "dezhou2021.score")
    assert found["amount"].iloc[0] == pytest.approx(0.3 * 100 + 0.7 * 90)
    assert found["words"].tolist() == ["一等"] * 3 + ["二等"] * 4 + ["三等"] * 4 + ["四等"] * 2
    tied = table.assign(province_score=[90.0, 89, 88, 88, *range(80, 71, -1)])
    words = of(incentives(tied, policy("liaocheng-2022"), everywhere=True), "dezhou2021.score")["words"].tolist()
    assert words[:5] == ["一等", "一等", "", "", "二等"]  # a tie on the edge has no grade


# ---- Fujian ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "now", "name", "amount"),
    [
        (60, 55, "first", 300),  # 5 x 100, at most 300
        (60, 58, "first", 200),
        (110, 100, "first", 300),  # rank 100 is inside the first 100
        (120, 118, "other", 100),
        (140, 120, "other", 150),
        (55, 60, "first", 0),
    ],
)
def test_fujian_award_per_place(before, now, name, amount):
    table = pd.DataFrame(
        {"zone_name": "福州高新区", "year": [2020, 2021], "national_rank": [before, now], "zone_level": "国家级"}
    )
    found = incentives(table, masked("fujian-hightech")).query("year == 2021")
    row = found.iloc[0]
    assert row["incentive"] == f"fujian.award.{name}"
    assert len(found) == 1
    assert row["amount_wan"] == amount
    assert row["outcome"] == (now < before)


def test_fujian_award_is_for_national_zones():
    table = pd.DataFrame({"zone_name": "甲", "year": [2020, 2021], "national_rank": [60, 55], "zone_level": "省级"})
    assert incentives(table, masked("fujian-hightech")).empty


def test_a_masked_year_must_be_given():
    table = pd.DataFrame({"zone_name": "甲", "year": [2020, 2021], "national_rank": [60, 55], "zone_level": "国家级"})
    found = incentives(table, policy("fujian-hightech"))
    assert found["outcome"].isna().all()
    assert set(found["missing"]) == {"parameter:fujian-hightech.in_force"}


# ---- Fuzhou ------------------------------------------------------------------------------------------------


def fuzhou(**columns):
    size = max((len(v) for v in columns.values() if isinstance(v, list)), default=1)
    base = {"zone_name": [f"区{n}" for n in range(size)], "year": 2021}
    return incentives(pd.DataFrame(base | columns), masked("fuzhou"))


def test_fuzhou_first_and_last_five_by_land_intensity():
    found = fuzhou(
        land_rank=[5, 6, 36, 35, 40], land_count=40,
        established_on=pd.to_datetime(["2010-01-01", "2010-01-01", "2010-01-01", "2010-01-01", "2019-06-30"]),
    )  # fmt: skip
    first = of(found, "fuzhou.land_rank.first").set_index("zone")
    assert first["outcome"].to_dict() == {"区0": True, "区1": False, "区2": False, "区3": False}  # 区4 is too young
    assert first.loc["区0", "amount"] == 300
    assert first.loc["区0", "unit"] == "亩"
    assert pd.isna(first.loc["区0", "amount_wan"])
    last = of(found, "fuzhou.land_rank.last").set_index("zone")
    assert last["outcome"].to_dict() == {"区0": False, "区1": False, "区2": True, "区3": False}


def test_fuzhou_awards_the_fourth_to_sixth_of_the_city():
    found = of(fuzhou(city_rank=[3, 4, 6, 7], city_count=17), "fuzhou.award")
    assert found["outcome"].tolist() == [True, True, True, False]
    assert found["amount_wan"].tolist()[1:] == [50, 50, 0]
    assert pd.isna(found["amount_wan"].iloc[0])  # the province's award is not stated
    assert "省财政" in found["words"].iloc[0]


def test_fuzhou_warns_the_last_five_and_puts_out_the_last_of_two_years():
    table = pd.DataFrame(
        {"zone_name": ["甲", "甲", "甲", "乙", "乙", "乙"], "year": [2019, 2020, 2021] * 2,
         "rank": [50, 97, 97, 97, 96, 92], "zone_count": 97}
    )  # fmt: skip
    found = incentives(table, masked("fuzhou"))
    assert of(found, "fuzhou.exit")["outcome"].tolist() == [False, False, True, pd.NA, False, False]
    assert of(found, "fuzhou.warning")["outcome"].tolist() == [False, True, True, True, True, False]


# ---- parcels and projects ----------------------------------------------------------------------------------


def test_wuhan_waives_the_cap_only_where_everything_holds():
    flags = ["conforms_to_plan", "conforms_to_industry_policy", "conforms_to_standards", "meets_investment_intensity",
             "structure_safe", "use_unchanged"]  # fmt: skip
    table = pd.DataFrame(
        {"project_id": list("abcd"), "zero_land_upgrade": [True, True, True, False]} | dict.fromkeys(flags, True)
    )
    table.loc[1, "use_unchanged"] = False
    table["structure_safe"] = pd.array([True, True, None, True], dtype="boolean")
    found = incentives(table, masked("wuhan"), subject="project")
    assert found["outcome"].tolist() == [True, False, pd.NA]
    assert found["project_id"].tolist() == ["a", "b", "c"]
    assert found["missing"].tolist() == ["", "", "structure_safe"]


def test_quanzhou_price_floor_is_the_higher_of_two_and_70_percent_for_encouraged_projects():
    table = pd.DataFrame(
        {"parcel_id": ["a", "b", "c"], "flexible_term": [True, True, False],
         "encouraged_major_project": [False, False, True],
         "land_cost_yuan_m2": [300.0, 150.0, 200.0], "national_minimum_yuan_m2": [204.0, 204.0, 204.0],
         "land_price_yuan_m2": [290.0, 204.0, 143.0]}
    )  # fmt: skip
    found = incentives(table, masked("quanzhou"), subject="parcel")
    floor = of(found, "quanzhou.price_floor")
    assert floor["amount"].tolist() == [300, 204]
    assert floor["outcome"].tolist() == [False, True]
    assert one(found, "quanzhou.encouraged_floor")["amount"] == pytest.approx(142.8)
    assert one(found, "quanzhou.encouraged_floor")["outcome"]


def test_a_higher_plot_ratio_costs_no_land_price_in_zunyi_and_fuzhou():
    table = pd.DataFrame(
        {"parcel_id": ["a", "b", "c"], "plot_ratio": [1.5, 1.0, 1.6], "previous_plot_ratio": [1.0, 1.0, 1.0],
         "conforms_to_plan": True, "use_unchanged": [True, True, False]}
    )  # fmt: skip
    found = incentives(table, masked("zunyi"), subject="parcel")
    assert dict(zip(found["parcel_id"], found["outcome"], strict=True)) == {"a": True, "c": False}
    other = incentives(table, masked("fuzhou"), subject="parcel")
    assert other["outcome"].tolist() == [pd.NA, False]
    assert other["missing"].iloc[0] == "safe;environment_ok"


# ---- the table ---------------------------------------------------------------------------------------------


def test_every_row_says_its_clause():
    found = incentives(liaocheng(), policy("jinan-2022", "lianyungang-2022", "liaocheng-2022"))
    assert found["clause"].astype("str").str.len().min() > 0
    assert "连政发〔2022〕32号 三（二）" in set(found["clause"])


def test_nothing_to_judge_gives_an_empty_table_with_its_columns():
    empty = incentives(liaocheng().iloc[:0], policy("jinan-2022"))
    assert empty.empty
    assert {"zone", "year", "incentive", "outcome", "amount_wan", "clause", "reading"} <= set(empty.columns)


def test_aliases_join_years_inside_the_place_of_the_pack():
    table = pd.DataFrame({"zone_name": ["市高新区", "聊城高新区"], "year": [2020, 2021], "rank": [60, 50]})
    joined = of(incentives(table, policy("liaocheng-2022", "jinan-2022")), "jinan2022.award")
    assert joined["amount_wan"].tolist()[1] == 50
    apart = of(incentives(table, policy("jinan-2022")), "jinan2022.award")
    assert apart["outcome"].isna().all()


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(30)))
def test_row_order_changes_no_incentive(order):
    chosen = policy("jinan-2022", "lianyungang-2022")
    columns = ["zone", "year", "incentive", "outcome", "amount_wan", "words"]
    whole = incentives(liaocheng(), chosen)[columns].sort_values(["zone", "year", "incentive"]).reset_index(drop=True)
    again = incentives(liaocheng().iloc[list(order)], chosen)[columns]
    pd.testing.assert_frame_equal(again.sort_values(["zone", "year", "incentive"]).reset_index(drop=True), whole)


@pytest.mark.parametrize("column", ["rank", "zone_count", "city_rank", "city_count"])
def test_a_missing_column_makes_the_interview_unknown_and_is_named(column):
    chosen = policy("jinan-2022", jinan2022__interview__reading="all")
    found = of(incentives(LAST.drop(columns=column), chosen), "jinan2022.interview").set_index("zone")
    assert found.loc["两者", "outcome"] is pd.NA
    assert column in found.loc["两者", "missing"].split(";")

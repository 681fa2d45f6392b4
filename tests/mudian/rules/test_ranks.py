"""Ranks of zones: the published tables of Liaocheng, worked by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mudian.rules.ranks import (
    after_rank,
    behind,
    canonical_zones,
    consecutive,
    first_n,
    last_n,
    long_ranks,
    rank_in_group,
    rank_progress,
)

LIAOCHENG = pd.DataFrame(
    {
        "年份": [2019, 2020, 2021],
        "嘉明经开区": [73, 72, 81],
        "茌平经开区": [136, 116, 106],
        "临清经开区": [78, 68, 67],
        "东阿经开区": [113, 109, 126],
        "冠县经开区": [87, 81, 80],
        "阳谷经开区": [49, 43, 43],
        "鲁西经开区": [106, 100, 89],
        "高唐经开区": [152, 144, 123],
        "市经开区": [104, 112, 143],
        "市高新区": [116, 113, 104],
        "全市综合排名": [13, 12, 12],
    }
)
# Places gained 2019 to 2020 and 2020 to 2021, positive is better.
PROGRESS = {
    "嘉明经开区": (1, -9),
    "茌平经开区": (20, 10),
    "临清经开区": (10, 1),
    "东阿经开区": (4, -17),
    "冠县经开区": (6, 1),
    "阳谷经开区": (6, 0),
    "鲁西经开区": (6, 11),
    "高唐经开区": (8, 21),
    "市经开区": (-8, -31),
    "市高新区": (3, 9),
}
# Rank of tax per mu and of investment intensity in the province: nine rows, the city's ETDZ is missing.
TAX_RANKS = pd.Series([101, 90, 126, 150, 151, 110, 5, 138, 70])
INVESTMENT_RANKS = pd.Series([100, 153, 127, 117, 108, 123, 104, 158, 107])


def liaocheng():
    return long_ranks(LIAOCHENG, year="年份", drop=["全市综合排名"])


def test_every_zone_of_liaocheng_moves_as_published():
    moved = rank_progress(liaocheng())
    table = moved.pivot_table(index="zone_name", columns="year", values="rank_progress")
    assert {zone: tuple(row) for zone, row in zip(table.index, table[[2020, 2021]].to_numpy(), strict=True)} == PROGRESS
    assert moved.loc[moved["year"] == 2019, "rank_progress"].isna().all()


def test_one_zone_in_the_first_50_and_five_after_rank_100():
    ranks = liaocheng().query("year == 2021").set_index("zone_name")["rank"]
    first = first_n(ranks, 50)
    after = after_rank(ranks, 100)
    assert list(first.index[first]) == ["阳谷经开区"]
    assert set(after.index[after]) == {"茌平经开区", "东阿经开区", "高唐经开区", "市经开区", "市高新区"}


def test_behind_100_has_two_readings_and_is_open_between_them():
    assert behind(TAX_RANKS, 100, count=160, reading="last_n").sum() == 8
    assert behind(TAX_RANKS, 100, count=160, reading="after_rank").sum() == 6
    either = behind(TAX_RANKS, 100, count=160)
    assert either.tolist() == [True, pd.NA, True, True, True, True, False, True, pd.NA]
    with pytest.raises(ValueError, match="after_rank"):
        behind(TAX_RANKS, 100, count=160, reading="last")


def test_rank_exactly_100_is_not_after_rank_100():
    assert after_rank(INVESTMENT_RANKS, 100).sum() == 8
    assert last_n(pd.Series([150, 151]), 10, count=160).tolist() == [False, True]


def test_places_of_years_with_another_number_of_zones_are_not_compared():
    table = pd.DataFrame({"zone_name": "甲", "year": [2020, 2021], "rank": [80, 81], "zone_count": [100, 160]})
    moved = rank_progress(table).iloc[1]
    assert not moved["rank_comparable"]
    assert np.isnan(moved["rank_progress"])
    assert moved["rank_share_progress"] == pytest.approx(0.80 - 0.50625)
    assert moved["rank_progressed"]


def test_another_list_of_items_makes_years_not_comparable():
    table = pd.DataFrame(
        {"zone_name": "甲", "year": [2021, 2022], "rank": [80, 60], "items": ["13 of 2021", "13 of 2022"]}
    )
    moved = rank_progress(table).iloc[1]
    assert not moved["rank_comparable"]
    assert np.isnan(moved["rank_progress"])
    assert moved["rank_progressed"] is pd.NA  # no shares either


def test_comparable_years_are_said_to_be_so_and_unsaid_ones_stay_open():
    table = pd.DataFrame({"zone_name": "甲", "year": [2020, 2021], "rank": [80, 70], "zone_count": 160})
    assert rank_progress(table)["rank_comparable"].tolist() == [pd.NA, True]
    assert rank_progress(table.drop(columns="zone_count"))["rank_comparable"].isna().all()


def test_a_year_that_is_not_there_is_no_previous_year():
    table = pd.DataFrame({"zone_name": "甲", "year": [2019, 2021], "rank": [80, 70]})
    assert rank_progress(table)["rank_progress"].isna().all()


def test_two_rows_of_one_zone_and_year_give_no_previous_rank():
    table = pd.DataFrame({"zone_name": "甲", "year": [2020, 2020, 2021], "rank": [80, 90, 70]})
    assert rank_progress(table)["rank_progress"].isna().all()


def test_runs_of_years_have_a_least_and_a_greatest_length():
    flag = pd.Series([True, True, None, True, False], dtype="boolean")
    least, greatest = consecutive(flag, pd.Series(["甲"] * 5), pd.Series([2017.0, 2018, 2019, 2020, 2021]))
    assert least.tolist() == [1, 2, 0, 1, 0]
    assert greatest.iloc[4] == 0
    assert (greatest.iloc[:4] > 1000).all()  # the table begins, or a year is unknown
    gap, _ = consecutive(flag[[0, 1]], pd.Series(["甲"] * 2), pd.Series([2017.0, 2019]))
    assert gap.tolist() == [1, 1]


def test_two_years_of_progress_running_in_liaocheng():
    years = rank_progress(liaocheng()).query("year == 2021").set_index("zone_name")["rank_progress_years"]
    assert set(years.index[years >= 2]) == {
        "茌平经开区",
        "临清经开区",
        "冠县经开区",
        "鲁西经开区",
        "高唐经开区",
        "市高新区",
    }
    assert years["阳谷经开区"] == 0  # 43 and 43: no progress


def test_spellings_of_one_zone_are_joined_inside_their_place_only():
    names = pd.Series(["聊城高新区", "市高新区", "嘉明经济 开发区", "嘉明经开区", "在平经开区", None])
    joined = canonical_zones(names, places=["3715"])
    assert joined.tolist()[:5] == ["聊城高新区", "聊城高新区", "嘉明经开区", "嘉明经开区", "茌平经开区"]
    assert joined.isna().tolist()[5]
    assert canonical_zones(names, places=["3701"]).tolist()[1] == "市高新区"


def test_a_zone_that_changes_its_spelling_keeps_its_history():
    table = pd.DataFrame({"zone_name": ["市高新区", "聊城高新区"], "year": [2020, 2021], "rank": [113, 104]})
    assert rank_progress(table, places=["371500"])["rank_progress"].tolist()[1] == 9
    assert rank_progress(table)["rank_progress"].isna().all()


def test_ranks_of_a_city_from_both_ends_with_ties():
    table = pd.DataFrame({"zone_name": list("甲乙丙丁"), "year": 2021, "city": "济南", "rank": [20, 90, 150, 150]})
    placed = rank_in_group(table, by=["city", "year"])
    assert placed["city_rank"].tolist() == [1, 2, 3, 3]
    assert placed["city_rank_from_last"].tolist() == [4, 3, 1, 1]
    assert rank_progress(placed, rank="city_rank")["city_rank_from_last"].tolist() == [4, 3, 1, 1]
    unknown = rank_in_group(table.assign(rank=[20, 90, 150, None]), by=["city", "year"])
    assert unknown["city_rank"].isna().all()


def test_from_last_needs_the_number_of_zones():
    table = pd.DataFrame({"zone_name": ["甲", "乙"], "year": 2021, "rank": [151, 150], "zone_count": [160, None]})
    assert rank_progress(table)["rank_from_last"].tolist()[0] == 10
    assert rank_progress(table)["rank_from_last"].isna().tolist() == [False, True]


@given(st.permutations(range(30)))
def test_row_order_changes_no_movement(order):
    whole = rank_progress(liaocheng())
    shuffled = rank_progress(liaocheng().iloc[list(order)])
    pd.testing.assert_frame_equal(shuffled.sort_index(), whole)


def test_input_and_index_stay():
    table = liaocheng().set_index(pd.Index(range(100, 130)))
    before = table.copy()
    assert rank_progress(table).index.equals(table.index)
    pd.testing.assert_frame_equal(table, before)

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from gradingpack import packed

from mudian.errors import PackError
from mudian.rules.grading.prices import power_surcharge, surcharge
from parcels.errors import InputError

SHANDONG = packed("shandong-2019")
N = np.nan


def prices(grades, policy=SHANDONG, *, start=2020, penalty=None):
    years = range(start, start + len(grades))
    table = pd.DataFrame([grades], columns=years, index=["企业"], dtype="str")
    other = None if penalty is None else pd.DataFrame([penalty], columns=years, index=["企业"])
    return power_surcharge(table, policy, penalty=other).loc["企业"].tolist()


@pytest.mark.parametrize(
    ("grades", "expected"),
    [
        (["D", "D", "C", "D"], [0.05, 0.10, 0.0, 0.05]),
        (["D", "D", "D", "D", "D"], [0.05, 0.10, 0.15, 0.15, 0.15]),
        (["A", "B", "C", "T"], [0.0, 0.0, 0.0, 0.0]),
        (["D", None, "D"], [0.05, N, N]),  # the third year is the first or the third in a row
        (["D", None, "C", "D"], [0.05, N, 0.0, 0.05]),
        (["D", "D", "D", None, "D", "D", "D"], [0.05, 0.10, 0.15, N, N, N, 0.15]),
        ([None, "D"], [N, N]),
    ],
)
def test_the_ladder_of_shandong(grades, expected):
    assert prices(grades) == pytest.approx(expected, nan_ok=True)


def test_only_the_highest_of_two_surcharges():
    assert prices(["D", "D", "C", "D"], penalty=[0.08, 0.08, 0.0, N]) == pytest.approx(
        [0.08, 0.10, 0.0, N], nan_ok=True
    )


def test_or_the_sum_where_the_user_says_so():
    policy = packed("shandong-2019", parameters={"shandong.power.stacking": "sum"})
    assert prices(["D"], policy, penalty=[0.08]) == pytest.approx([0.13])


@pytest.mark.parametrize(("reading", "expected"), [("restart", [0.05, 0.0, 0.05]), ("continue", [0.05, N, 0.10])])
def test_a_year_without_a_grade_by_the_choice_of_the_user(reading, expected):
    policy = packed("shandong-2019", parameters={"shandong.power.not_evaluated": reading})
    assert prices(["D", None, "D"], policy) == pytest.approx(expected, nan_ok=True)


def test_a_choice_that_does_not_exist():
    policy = packed("shandong-2019", parameters={"shandong.power.not_evaluated": "guess"})
    with pytest.raises(PackError, match="guess"):
        prices(["D"], policy)


def test_the_order_of_columns_and_a_year_left_out():
    table = pd.DataFrame({"2023": ["D"], "2020": ["D"], "2021": ["D"]})
    found = surcharge(table, SHANDONG, measure="shandong.power")
    assert list(found.amount.columns) == ["2023", "2020", "2021"]
    assert found.amount.iloc[0].tolist() == pytest.approx([N, 0.05, 0.10], nan_ok=True)
    assert found.missing.iloc[0].tolist() == ["grade_2022", "", ""]
    assert found.least.iloc[0].tolist() == [1, 1, 2]
    assert found.most.iloc[0].tolist() == [4, 1, 2]
    assert (found.unit, found.clause) == ("元/kWh", "鲁发改价格〔2022〕56号 D类企业差别化电价")


def test_columns_that_are_no_years():
    for table in (pd.DataFrame({"去年": ["D"]}), pd.DataFrame([["D", "D"]], columns=["2020", 2020])):
        with pytest.raises(InputError, match="不是年度"):
            power_surcharge(table, SHANDONG)


def test_before_the_notice_there_is_no_ladder():
    found = surcharge(
        pd.DataFrame({2020: ["D"]}), packed("shandong-2019", as_of=dt.date(2021, 1, 1)), measure="shandong.power"
    )
    assert found.amount.isna().all().all()
    assert found.missing.iloc[0, 0] == "parameter:shandong.power.ladder;parameter:shandong.power.grade"


def test_gas_of_qingdao_knows_the_first_year_only():
    policy = packed("qingdao-gas", parameters={"qingdao-gas.in_force": dt.date(2022, 6, 1)})
    found = surcharge(pd.DataFrame({2022: ["D"], 2023: ["D"]}), policy, measure="qingdao.gas")
    assert found.amount.iloc[0].tolist() == pytest.approx([1.0, N], nan_ok=True)
    assert found.missing.iloc[0].tolist() == ["", "parameter:qingdao.gas.ladder"]


def test_the_warning_class_of_nanjing_pays_half():
    grades = pd.DataFrame({2018: ["D", "C-", "C"]})
    policy = packed("nanjing-2018", parameters={"nanjing.power.ladder": [0.1]})
    assert power_surcharge(grades, policy, measure="nanjing.power")[2018].tolist() == pytest.approx([0.1, 0.05, 0.0])
    unset = surcharge(grades, packed("nanjing-2018"), measure="nanjing.power")
    assert set(unset.missing[2018]) == {"parameter:nanjing.power.ladder"}


def test_half_of_a_ladder_of_several_steps_is_not_said():
    policy = packed("nanjing-2018", parameters={"nanjing.power.ladder": [0.1, 0.2]})
    found = power_surcharge(pd.DataFrame({2018: ["C-"], 2019: ["D"]}), policy, measure="nanjing.power")
    assert found.iloc[0].tolist() == pytest.approx([N, 0.1], nan_ok=True)


@pytest.mark.parametrize("ladder", [[0.1, 0.05], [-0.1]])
def test_a_ladder_that_cannot_be(ladder):
    policy = packed("nanjing-2018", parameters={"nanjing.power.ladder": ladder})
    with pytest.raises(PackError, match=r"nanjing\.power\.ladder"):
        power_surcharge(pd.DataFrame({2018: ["D"]}), policy, measure="nanjing.power")


def test_input_is_not_changed():
    table = pd.DataFrame({2021: ["D"], 2020: [None]}, index=["甲"])
    copy = table.copy()
    power_surcharge(table, SHANDONG)
    pd.testing.assert_frame_equal(table, copy)

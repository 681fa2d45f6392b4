"""Strips beside roads, railways and power lines, by the numbers of the statutes (rules-land 4.2)."""

from __future__ import annotations

import datetime as dt
import math

import geopandas as gpd
import pytest
from shapely import LineString, box

from mudian.errors import PackError, ProjectError
from mudian.packs.policy import Policy, policies
from mudian.rules.buffers import QUAD_SEGS, buffered


@pytest.fixture(scope="module")
def policy() -> Policy:
    return policies(["national"], as_of=dt.date(2025, 12, 31))


def lines(classes: list[str], crs: int = 4527, **more: list[float]) -> gpd.GeoDataFrame:
    shapes = [LineString([(0, 1000.0 * i), (100, 1000.0 * i)]) for i in range(len(classes))]
    return gpd.GeoDataFrame({"class": classes, **more}, geometry=shapes, crs=crs)


@pytest.mark.parametrize(
    ("kind", "text", "width"),
    [
        ("road", "G2京沪高速", 30),
        ("road", "国道", 20),
        ("road", "省道S103", 15),
        ("road", "县道", 10),
        ("road", "乡道", 5),
        ("railway", "城市市区高速铁路", 10),
        ("railway", "城市市区-其他铁路", 8),
        ("railway", "郊区高铁", 12),
        ("railway", "村镇居民居住区其他铁路", 12),
        ("railway", "其他地区高速铁路", 20),
        ("railway", "其他地区普速", 15),
        ("powerline", "10kV", 5),
        ("powerline", "35千伏", 10),
        ("powerline", "110kV", 10),
        ("powerline", "220千伏", 15),
        ("powerline", "500kV", 20),
        ("powerline", "地下电缆", 0.75),
    ],
)
def test_widths_are_those_of_the_statutes(policy: Policy, kind: str, text: str, width: float) -> None:
    made = buffered(lines([text]), kind, policy, class_column="class")
    assert made.distance_m.tolist() == [width]
    circle = QUAD_SEGS * 2 * math.sin(math.pi / (QUAD_SEGS * 2)) * width**2  # polygon in place of the round ends
    assert made.geoms[0].area == pytest.approx(200 * width + circle, rel=1e-9)
    assert made.clause.startswith("《")


@pytest.mark.parametrize(
    ("kind", "text"), [("road", "村路"), ("powerline", "20kV"), ("powerline", "750千伏"), ("railway", "高铁")]
)
def test_a_class_that_no_clause_names_is_unknown_and_left_as_it_is(policy: Policy, kind: str, text: str) -> None:
    layer = lines([text])
    made = buffered(layer, kind, policy, class_column="class")
    assert made.unknown.tolist() == [True]
    assert made.missing.tolist() == ["class"]
    assert made.geoms[0].equals(layer.geometry[0])


def test_centre_lines_need_half_the_width_of_the_land(policy: Policy) -> None:
    layer = lines(["国道", "国道"], half=[12.0, float("nan")])
    made = buffered(layer, "road", policy, class_column="class", edge="centre", half_width_m="half")
    assert made.distance_m[0] == 32
    assert made.missing.tolist() == ["", "half"]
    without = buffered(layer, "road", policy, class_column="class", edge="centre")
    assert without.missing.tolist() == ["half_width_m", "half_width_m"]


def test_a_width_of_the_user_asks_no_policy(policy: Policy) -> None:
    layer = gpd.GeoDataFrame(geometry=[box(0, 0, 10, 10)], crs=4527)
    made = buffered(layer, "water", policy, buffer_m=5)
    assert made.geoms[0].bounds == (-5, -5, 15, 15)


def test_before_the_statute_the_value_is_named() -> None:
    early = policies(["national"], as_of=dt.date(2005, 1, 1))
    made = buffered(lines(["国道"]), "road", early, class_column="class")
    assert made.missing.tolist() == ["parameter:strip.road.national"]


def test_degrees_and_kinds_without_strips_are_refused(policy: Policy) -> None:
    with pytest.raises(ProjectError, match="经纬度"):
        buffered(lines(["国道"], crs=4490), "road", policy, class_column="class")
    with pytest.raises(PackError, match="water"):
        buffered(lines(["国道"]), "water", policy, class_column="class")

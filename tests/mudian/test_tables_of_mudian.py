"""Enterprises, holdings, zones, periods and buildings: how rows become what the run works on."""

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import box

from mudian.buildings import add_buildings
from mudian.enterprises import prepare_enterprises, read_enterprises
from mudian.errors import ProjectError
from mudian.holdings import prepare_holdings, read_holdings
from mudian.periods.spans import normalise_period
from mudian.schemas import categorise
from mudian.settings import TableSettings
from mudian.zones import prepare_zones
from parcels.ledger import Ledger

DAY = dt.date(2025, 12, 31)


def rows_of(ledger):
    return ledger.frame().dropna(subset="row").groupby("code")["row"].apply(list).to_dict()


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("2025", "2025"), ("2025年", "2025"), ("2025年度", "2025"), ("2025.0", "2025"), ("２０２５", "2025"),
        ("2025上半年", "2025H1"), ("2025年下半年", "2025H2"), ("2025H1", "2025H1"), ("2025-h2", "2025H2"),
        ("2025年一季度", "2025Q1"), ("2025年第四季度", "2025Q4"), ("2025Q3", "2025Q3"), ("202506", "2025-06"),
        ("2025年6月", "2025-06"), ("2025-6", "2025-06"), ("2025/12", "2025-12"), ("去年", None), ("25", None),
    ],
)  # fmt: skip
def test_periods(text, period):
    assert normalise_period(text) == period


def enterprises(**columns):
    size = len(next(iter(columns.values())))
    return pd.DataFrame(columns).assign(source_row=range(2, size + 2))


def test_rows_of_other_periods_are_set_aside_with_their_money():
    ledger = Ledger()
    frame = enterprises(enterprise_id=["a", "a"], period=["2024年", "2025年"], tax_wan=[5.0, 7.0])
    made = prepare_enterprises(frame, period="2025", source="x", ledger=ledger)
    assert made.frame["tax_wan"].tolist() == [7.0]
    assert made.set_aside == {"period": {"tax_wan": 5.0}}
    assert rows_of(ledger) == {"enterprise-period-other": [2]}
    with pytest.raises(ProjectError) as error:
        prepare_enterprises(frame, period="2023", source="x", ledger=ledger)
    assert "2024年" in error.value.render("zh")


def test_copies_count_once_and_other_rows_of_one_enterprise_are_added():
    ledger = Ledger()
    frame = enterprises(
        enterprise_id=["a", "b", "a", "b"],
        tax_wan=[5.0, 1.0, 5.0, 2.0],
        parcel_id=["P1", "P2", "P1", "P3"],
        **{"序号": [1, 2, 3, 4]},
    )
    made = prepare_enterprises(frame, period="2025", source="x", ledger=ledger)
    assert dict(zip(made.frame["enterprise_id"], made.frame["tax_wan"], strict=True)) == {"a": 5.0, "b": 3.0}
    assert made.frame.set_index("enterprise_id")["parcel_id"]["b"] == "P2;P3"
    assert made.set_aside == {"copy": {"tax_wan": 5.0}}
    assert made.rows_read == 4
    found = rows_of(ledger)
    assert found["enterprise-copy"] == [4]
    assert found["enterprise-rows-joined"] == [3, 5]


def test_missing_ids_become_row_keys():
    ledger = Ledger()
    made = prepare_enterprises(
        enterprises(enterprise_id=["a", None], tax_wan=[1.0, 2.0]), period="2025", source="x", ledger=ledger
    )
    assert made.frame["enterprise_id"].tolist() == ["a", "#3"]
    made = prepare_enterprises(enterprises(tax_wan=[1.0]), period="2025", source="x", ledger=ledger)
    assert made.frame["enterprise_id"].tolist() == ["#2"]
    assert {"key-missing", "key-row-number"} <= set(ledger.frame()["code"])


def test_money_units_of_headers_hints_and_the_project(tmp_path):
    file = tmp_path / "企业.csv"
    file.write_text('信用代码,税收（元）,固定资产投资,用电量（万千瓦时）\nA1,"1,234,500",2,3\n', "utf-8")
    made = read_enterprises(file, TableSettings(path="x", money_unit="亿元"), period="2025", ledger=Ledger()).frame
    assert made["tax_wan"].tolist() == pytest.approx([123.45])  # its header says 元
    assert made["fixed_investment_wan"].tolist() == pytest.approx([20_000])  # the project says 亿元
    assert made["electricity_kwh"].tolist() == pytest.approx([30_000])
    with pytest.raises(ProjectError) as error:
        read_enterprises(file, TableSettings(path="x"), period="2025", ledger=Ledger())
    assert "固定资产投资" in error.value.render("zh")
    assert error.value.exit_code == 2


def test_holdings_in_force_relations_and_shares():
    ledger = Ledger()
    frame = pd.DataFrame(
        {
            "parcel_id": list("abcde"),
            "enterprise_id": list("vwxyz"),
            "relation": ["自有", "承租", None, "借用", "出租"],
            "share": [50.0, 100.0, 25.0, None, 130.0],
            "from": pd.to_datetime(["2020-01-01", "2026-01-01", None, None, None]),
            "to": pd.to_datetime([None, None, "2025-12-31", "2025-12-30", None]),
            "source_row": range(2, 7),
        }
    )
    made = prepare_holdings(frame, as_of=DAY, source="x", ledger=ledger)
    assert made["parcel_id"].tolist() == ["a", "c", "e"]  # b begins later, d has ended; c ends on the day itself
    assert made["relation"].tolist() == ["own", "own", "let"]
    found = rows_of(ledger)
    assert found["holding-not-in-force"] == [3, 5]
    assert found["holding-relation"] == [5]


def test_shares_in_per_cent():
    frame = pd.DataFrame({"parcel_id": ["a", "b"], "share": [40.0, 60.0], "source_row": [2, 3]})
    made = prepare_holdings(frame, as_of=DAY, source="x", ledger=Ledger())
    assert made["share"].tolist() == pytest.approx([0.4, 0.6])


def test_a_holdings_table_needs_parcels_and_enterprises(tmp_path):
    file = tmp_path / "h.csv"
    file.write_text("宗地代码,面积\nP1,5\n", "utf-8")
    with pytest.raises(ValueError, match="enterprise_id"):
        read_holdings(file, TableSettings(path="x"), as_of=DAY, ledger=Ledger())


def test_categories():
    found, odd = categorise(pd.Series(["已供", " 批而未供 ", "未供", "什么", None]), "supply_status")
    assert found.fillna("—").tolist() == ["supplied", "approved_unsupplied", "unsupplied", "—", "—"]
    assert odd.tolist() == [False, False, False, True, False]


def zone_layer(**columns):
    size = len(next(iter(columns.values())))
    shapes = [box(1000 * i, 0, 1000 * i + 1000, 1000) for i in range(size)]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=4527).assign(source_row=range(1, size + 1))


def test_polygons_of_one_zone_are_joined_and_equal_names_said():
    ledger = Ledger()
    made = prepare_zones(
        zone_layer(zone_id=["1", "2", "1", "3"], zone_name=["甲", "乙", "甲", "乙"], approved_m2=[1.0, 2.0, 3.0, 4.0]),
        source="x",
        ledger=ledger,
    )
    assert made["zone_id"].tolist() == ["1", "2", "3"]
    assert made["approved_m2"].tolist() == [4.0, 2.0, 4.0]
    assert made.geometry.area.tolist() == [2e6, 1e6, 1e6]
    assert rows_of(ledger) == {"zone-joined": [1, 3], "zone-name-twice": [2, 4]}


def test_zones_without_ids_are_joined_by_name_and_without_names_by_row():
    made = prepare_zones(zone_layer(zone_name=["甲", "乙", "甲"]), source="x", ledger=Ledger())
    assert made["zone_id"].tolist() == ["甲", "乙"]
    ledger = Ledger()
    made = prepare_zones(zone_layer(x=[1, 2]), source="x", ledger=ledger)
    assert made["zone_id"].tolist() == ["1", "2"]
    assert ledger.count(code="key-row-number") == 1


def test_buildings_to_floor_area_by_hand():
    parcels = gpd.GeoDataFrame(
        {"parcel_id": ["a", "b", "c"]}, geometry=[box(x, 0, x + 100, 100) for x in (0, 100, 200)], crs=4527
    )
    shapes = [
        box(10, 10, 30, 20),
        box(90, 40, 110, 50),
        box(50, 50, 60, 60),
        box(240, 10, 250, 20),
        box(500, 0, 510, 10),
    ]
    buildings = gpd.GeoDataFrame(
        {
            "floors": [3.0, 2.0, 1.0, np.nan, 1.0],
            "height_m": [9.0, 6.0, 8.1, 5.0, 5.0],
            "area_m2": [200.0, 200.0, 100.0, 100.0, 100.0],
            "source_row": range(1, 6),
        },
        geometry=shapes,
        crs=4527,
    )
    ledger = Ledger()
    made = add_buildings(parcels, buildings, ledger=ledger)
    # a: 200×3 + half of 200×2 + 100 doubled (8.1 m a storey); b: the other half; c: storeys unknown.
    assert made["floor_area_m2"].fillna(-1).tolist() == pytest.approx([600 + 200 + 200, 200, -1])
    assert made["footprint_m2"].tolist() == pytest.approx([200 + 100 + 100, 100, 100])
    assert rows_of(ledger) == {"building-high-storey": [3], "building-no-floors": [4], "building-outside": [5]}

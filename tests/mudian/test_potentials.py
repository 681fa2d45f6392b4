"""Potentials and years of supply of a run: zones worked out by hand, what is unknown, and a whole small run."""

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tinyproject import write_project

import mudian as md
from mudian.packs.policy import policies
from mudian.potentials import potentials
from mudian.rules.supply import supply_by_year, supply_years
from parcels.ledger import Ledger

HA = 10_000.0
# 100 ha: built 60 (industry 40), ready 20, other 10 (rural 5), river 10; supplied 70, suppliable 20, not suppliable 10.
LOTS = [
    (40, "A2", "D21", "supplied", "2021-03-01"),
    (10, "A1", "D21", "supplied", "2020-12-31"),  # the year before the span
    (10, "A31", "D22", "supplied", "2023-06-30"),
    (10, "B21", "D21", "supplied", "2025-12-31"),
    (10, "B21", "E21", "unsupplied", None),
    (5, "B22", "E22", "unsupplied", None),
    (5, "B11", "E22", "approved_unsupplied", None),
    (10, "C1", "F", "unsupplied", None),
]
IDEALS = {"td1029.ideal.ind": 70, "td1029.ideal.ifar": 1.25, "td1029.ideal.fai": 8000, "td1029.ideal.iout": 8000}
CONFIRMED = [f"td1029.{k}" for k in ("potential.structure", "potential.strength", "potential.strength_land")]


def policy(confirmed=(), day=dt.date(2025, 12, 31), **parameters):
    return policies(["national"], as_of=day, confirmed=confirmed, parameters=parameters)


def lots(rows=LOTS):
    frame = pd.DataFrame(rows, columns=["ha", "td_construction", "td_supply", "supply_status", "contract_date"])
    dates = pd.to_datetime(frame["contract_date"])
    return gpd.GeoDataFrame(frame.assign(area_m2=frame["ha"] * HA, zone_id="Z1", contract_date=dates))


def zone(area_ha=100.0, **figures):
    return gpd.GeoDataFrame({"zone_id": ["Z1"], "zone_name": ["甲开发区"], "area_m2": [area_ha * HA]} | figures)


def rows(found):
    return found.table.set_index("measure")


def test_classes_partition_rates_and_type_by_hand():
    found = rows(potentials(zone(), lots(), policy()))
    assert found.loc[["class_A", "class_A2", "class_B", "class_C", "class_D", "class_E"], "value"].tolist() == [
        60, 40, 30, 10, 70, 20,
    ]  # fmt: skip
    assert found.loc["class_A", "area_mu"] == pytest.approx(900)  # 60 ha at 15 mu
    assert found.loc[["construction_gap", "supply_gap"], "value"].tolist() == [0, 0]
    assert found.loc["td_dev", "value"] == pytest.approx(80 / 90 * 100)
    assert found.loc["td_dev", "formula"] == "(A+B21) ÷ (A+B)"
    assert found.loc["td_sup", "value"] == pytest.approx(70 / 80 * 100)
    assert found.loc["td_type", "note"] == "工业主导型"  # 40 of 60 ha, housing 10 of 60


def test_potentials_by_hand_and_strengths_apart():
    land = lots().assign(
        td_idle=[None, None, None, "G", None, None, None, None],
        td_takeback=pd.array([pd.NA] * 3 + [True] + [pd.NA] * 4, dtype="boolean"),
        floor_area_m2=[40 * HA, *[0.0] * 7],
    )
    figures = zone(industrial_investment_stock_wan=[240_000.0])
    found = potentials(figures, land, policy(CONFIRMED, **IDEALS))
    value, missing = rows(found)["value"], rows(found)["missing"]
    assert value["expansion_ha"] == 20
    assert value["expansion_industrial_ha"] == 10
    assert value["expansion_without_rural_ha"] == 15
    assert value["structure_ha"] == pytest.approx(60 * 0.7 - 40)
    assert value["strength_ifar_ha"] == pytest.approx(40 * (1.25 - 1) / 1.25)
    assert value["strength_fai_ha"] == pytest.approx(40 * (8000 - 6000) / 8000)
    assert value["management_idle_ha"] == 10
    assert value["management_expired_ha"] == 10
    assert value["management_ha"] == 20
    assert missing["strength_ibc_ha"] == "parameter:td1029.ideal.ibc;footprint_m2"
    assert np.isnan(value["strength_iout_ha"])
    assert missing["strength_iout_ha"] == "confirm:td1029.indicator.iout"
    assert found.zones["strength_ifar_ha"].tolist() == pytest.approx([8.0])
    assert not {"strength_ibc_ha", "strength_ha"} & set(found.zones)


def test_what_is_missing_is_named_for_each_measure_alone():
    found = rows(potentials(zone(), lots().drop(columns="td_construction"), policy()))
    assert found.loc["expansion_ha", ["value", "missing"]].tolist() == [20, ""]
    assert found.loc["expansion_without_rural_ha", "missing"] == "td_construction"
    assert found.loc["structure_ha", "missing"] == "confirm:td1029.potential.structure;parameter:td1029.ideal.ind"
    assert found.loc["construction_gap", "missing"] == "td_construction"
    none = rows(potentials(zone(), lots().drop(columns=["td_construction", "td_supply"]), policy()))
    assert set(none["section"]) == {"potential", "supply"}
    assert none.loc["expansion_ha", "missing"] == "td_supply"


def test_years_of_supply_by_hand():
    """2021 to 2025: 40 + 10 + 10 ha, 12 ha a year; E is 20 ha, usable land 36 ha = 540 mu."""
    found = potentials(zone(developable_usable_mu=[540.0]), lots(), policy())
    value = rows(found)["value"]
    assert value["mean_supply_ha"] == pytest.approx(12)
    assert value["supply_years_E"] == pytest.approx(20 / 12)
    assert value["supply_years_usable"] == pytest.approx(3)
    assert found.zones[["supply_years", "supply_years_of"]].iloc[0].tolist() == [pytest.approx(20 / 12), "E"]
    r3 = pd.DataFrame({"zone_id": ["Z1"], "measure": ["R3"], "area_ha": [24.0], "missing": [""]})
    planned = potentials(zone(), lots(), policy(), left_measures=r3)
    assert planned.zones[["supply_years", "supply_years_of"]].iloc[0].tolist() == [pytest.approx(2.0), "R3"]


def test_the_span_ends_with_the_last_full_year():
    """On 30 December 2025 the years are 2020 to 2024: 10 + 40 + 10 ha."""
    found = rows(potentials(zone(), lots(), policy(day=dt.date(2025, 12, 30))))
    assert found.loc["mean_supply_ha", "value"] == pytest.approx(12)
    assert "2020–2024" in found.loc["mean_supply_ha", "formula"]


def test_a_supplied_parcel_without_contract_date_makes_supply_unknown():
    land = lots()
    land.loc[1, "contract_date"] = pd.NaT
    found = rows(potentials(zone(), land, policy(), lang="en"))
    assert np.isnan(found.loc["mean_supply_ha", "value"])
    assert found.loc["supply_years_E", "missing"] == "contract_date"
    assert found.loc["supply_years_E", "note"] == "supplied parcels without a contract date: 1; mean supply is unknown"
    unsure = lots()
    unsure.loc[2, "supply_status"] = None  # signed in 2023, perhaps supplied
    assert rows(potentials(zone(), unsure, policy())).loc["mean_supply_ha", "missing"] == "supply_status"
    unsure = lots()
    unsure.loc[1, "supply_status"] = None  # signed before the span: it does not matter
    assert rows(potentials(zone(), unsure, policy())).loc["mean_supply_ha", "value"] == pytest.approx(12)


def test_no_supply_is_not_infinity():
    land = lots()
    land["contract_date"] = land["contract_date"].mask(land["supply_status"] == "supplied", pd.Timestamp("2019-01-01"))
    found = rows(potentials(zone(), land, policy()))
    assert found.loc["mean_supply_ha", "value"] == 0
    assert np.isnan(found.loc["supply_years_E", "value"])
    assert found.loc["supply_years_E", ["missing", "note"]].tolist() == ["", "2021–2025年没有供地"]


def test_land_over_two_zones_counts_in_each():
    land = lots([(10, "A2", "D21", "supplied", "2022-01-01")]).assign(zone_share=0.6, zone_split="Z1:0.600000;Z2:0.4")
    supplied, counts = supply_by_year(land, pd.Series(["Z1", "Z2", "Z3"]), policy())
    sums = supplied.groupby("zone_id")["supplied_ha"].sum()
    assert sums.round(9).to_dict() == {"Z1": 6.0, "Z2": 4.0, "Z3": 0.0}
    assert int(counts.to_numpy().sum()) == 0


def test_a_year_with_an_unknown_part_is_unknown():
    supplied = pd.DataFrame({"zone_id": "Z1", "year": [*range(2021, 2026), 2025], "supplied_ha": [1.0] * 5 + [None]})
    found = supply_years(pd.Series({"Z1": 10.0}), supplied, policy())
    assert found["supply_years"].isna().all()
    assert found["missing"].tolist() == ["supplied_ha@2025"]


def test_a_partition_that_is_off_is_a_finding_and_a_warning():
    ledger = Ledger(lang="en")
    found = potentials(zone(102.0), lots(), policy(), ledger=ledger, lang="en")
    value = rows(found)["value"]
    assert value["construction_gap"] == pytest.approx(30)  # 2 ha
    assert value["construction_gap_relative"] == pytest.approx(2 / 102 * 100)
    said = found.findings.set_index("rule_id")
    assert said["outcome"].tolist() == [False, False]
    assert said.loc["td1029.partition.supply", "value"] == pytest.approx(2 / 102)
    warned = ledger.frame()
    assert warned["code"].tolist() == ["zone-partition"] * 2
    assert "A+B+C" in warned["message"].iloc[0]
    assert "30.00 mu (1.9608 %)" in warned["message"].iloc[0]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(0.01, 500), st.sampled_from(["A1", "A2", "A31", "B11", "B21", "B22", "C1", "C3"]),
            st.sampled_from(["D1", "D21", "D22", "E1", "E21", "E22", "F"]),
        ),
        min_size=1, max_size=20,
    )
)  # fmt: skip
def test_coded_parcels_always_make_up_their_zone(drawn):
    land = lots([(*row, "unsupplied", None) for row in drawn])
    whole = sum(row[0] for row in drawn)
    found = potentials(zone(whole), land, policy())
    value = rows(found)["value"]
    assert found.findings["outcome"].all()
    for letters in ("ABC", "DEF"):
        assert sum(value[f"class_{c}"] for c in letters) == pytest.approx(whole)
    assert value["expansion_without_rural_ha"] <= value["expansion_ha"] + 1e-9


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    file = write_project(folder)
    text = file.read_text("utf-8").replace('period = "2025"', 'period = "2025"\npolicies = ["national"]')
    text = text.replace('formats = ["parquet"]', 'formats = ["parquet", "xlsx"]')
    file.write_text(text, "utf-8")
    frame = gpd.read_file(folder / "宗地.shp", encoding="gbk").set_crs(4527, allow_override=True)
    coded = frame.assign(
        DLDM=["A2", "A2", "B21", "A2", "B21", "C1"], GYDM=["D21", "D21", "E21", "D21", "D21", "F"],
        GDZT=["已供", "已供", "未供", "已供", "已供", "未供"],
        HTQDRQ=["2021-05-01", "2024-05-01", None, "2010-05-01", None, None],
    )  # fmt: skip
    coded.to_file(folder / "宗地.shp", encoding="gbk", engine="pyogrio")
    evaluation = md.evaluate(file)
    return evaluation, md.load(evaluation.save(folder / "成果", formats=("parquet", "xlsx"))), folder


def test_a_whole_run_has_the_table(run):
    """Z1 holds three squares of 1 ha, two of them supplied in the span: 0.4 ha a year; Z2 has one without a date."""
    evaluation, again, _ = run
    table = evaluation.potentials.set_index(["zone_id", "measure"])
    assert table.loc[("Z1", "class_A2"), "value"] == pytest.approx(2, rel=2e-3)
    assert table.loc[("Z1", "mean_supply_ha"), "value"] == pytest.approx(0.4, rel=2e-3)
    assert table.loc[("Z1", "supply_years_E"), "value"] == pytest.approx(2.5)
    assert table.loc[("Z2", "supply_years_E"), "missing"] == "contract_date"
    assert table.loc[("Z1", "construction_gap"), "value"] > 0  # the zone is larger than its parcels
    assert (evaluation.ledger["code"] == "zone-partition").sum() == 4
    zones = evaluation.zones.set_index("zone_id")
    assert zones.loc["Z1", "supply_years_of"] == "E"
    assert zones.loc["Z1", "td_type"] == "industrial"
    pd.testing.assert_frame_equal(again.potentials, evaluation.potentials)
    findings = evaluation.findings[evaluation.findings["subject_type"] == "zone"]
    assert {"td1029.partition.construction", "td1029.partition.supply"} <= set(findings["rule_id"])


def test_the_sheet_of_a_zone_tells_them(run):
    text = md.explain(run[1], "Z1", kind="zone").text()
    assert "尚可供地年数（按扩展潜力E）：2.50 年（E ÷ 年均供地面积；TD/T 1029 潜力测算）" in text
    assert "Potentials and years of supply" in md.explain(run[1], "Z2", kind="zone", lang="en").text()


def test_the_workbook_has_the_sheet(run):
    sheet = pd.read_excel(run[2] / "成果" / "report.xlsx", sheet_name="潜力与供地年数", engine="openpyxl")
    assert {"指标", "数值", "单位", "折合亩", "公式", "依据", "缺"} <= set(sheet)
    mean = sheet[sheet["指标"] == "年均供地面积"].iloc[0]
    assert mean["单位"] == "公顷"

"""Registered areas: the unit from the figures, row by row, or not at all; and which differences are shown."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcels import limits
from parcels.canonical import Source
from parcels.fields import Match, cadastral
from parcels.ledger import Ledger
from parcels.registered import add_registered, report_difference, unit_by_ratio

MATCH = Match(cadastral().fields["registered"], "ZDMJ", "alias")
MU = 2000 / 3


def frame_of(areas, **columns):
    return gpd.GeoDataFrame({"area_m2": areas, **columns}, geometry=[None] * len(areas))


def add(frame, cells):
    ledger = Ledger(lang="en")
    source = Source("宗地.shp", np.arange(1, len(frame) + 1))
    cells = pd.Series(cells, index=frame.index, dtype=object)
    return add_registered(frame, match=MATCH, cells=cells, source=source, ledger=ledger), ledger


@pytest.mark.parametrize(("factor", "name"), [(1.0, "m2"), (MU, "mu"), (10_000.0, "ha"), (1e6, "km2")])
def test_unit_that_most_parcels_fit(factor, name):
    computed = pd.Series([10_000.0, 20_000.0, 35_000.0, 9_000.0])
    registered = computed / factor * [1.0, 1.03, 0.97, 3.0]
    unit, share = unit_by_ratio(registered, computed)
    assert unit.name == name
    assert share == 0.75


def test_no_unit_where_too_few_fit_or_nothing_can_be_compared():
    computed = pd.Series([10_000.0, 20_000.0, 30_000.0])
    assert unit_by_ratio(pd.Series([1.0, 77.0, 5000.0]), computed) == (None, pytest.approx(1 / 3))
    assert unit_by_ratio(pd.Series([0.0, -1.0, np.nan]), computed) == (None, 0.0)
    assert unit_by_ratio(pd.Series([1.0, 1.0, 1.0]), computed * np.nan) == (None, 0.0)


@given(st.lists(st.floats(100, 1e6), min_size=3, max_size=20))
def test_figures_in_mu_come_back_in_square_metres(areas):
    frame = frame_of(areas)
    result, _ = add(frame, [a / MU for a in areas])
    assert result["registered_m2"].to_numpy() == pytest.approx(areas)
    assert "registered_m2" not in frame


def test_unit_column_with_codes_names_blanks_and_nonsense():
    frame = frame_of([1e4] * 6, area_unit=pd.Series(["1", "02", "公顷", None, "斗", "亩"], dtype="str"))
    result, ledger = add(frame, ["10000", "15", "1", "7", "8", None])
    assert result["registered_m2"].tolist()[:3] == pytest.approx([1e4, 1e4, 1e4])
    assert result["registered_m2"].isna().tolist() == [False, False, False, True, True, True]
    lost = ledger.frame().query("code == 'area-unit-row-unknown'").sort_values("row")
    assert lost[["row", "before"]].to_numpy().tolist() == [[4, "7"], [5, "8"]]
    assert "斗" in lost["message"].iloc[1]


def test_an_empty_unit_column_leaves_the_figures_to_decide():
    frame = frame_of([1e4, 2e4], area_unit=pd.Series([None, None], dtype="str"))
    result, ledger = add(frame, [15, 30])
    assert result["registered_m2"].tolist() == pytest.approx([1e4, 2e4])
    assert ledger.frame()["code"].tolist() == ["area-unit-by-ratio"]


def differences(areas, registered):
    ledger = Ledger(lang="en")
    frame = frame_of(areas, registered_m2=registered)
    ids = pd.Series([f"p{k}" for k in range(len(areas))])
    report_difference(frame, ids=ids, source=Source("a", np.arange(1, len(areas) + 1)), ledger=ledger)
    return ledger.frame()


def test_only_differences_above_the_limit_are_shown():
    limit = limits.limit("area_differs")
    assert limit == 0.01
    table = differences([10_000.0 * (1 + limit * f) for f in (0.99, -0.99, 1.01, -1.01, 0)], [10_000.0] * 5)
    assert table["row"].tolist() == [3, 4]
    assert table["id"].tolist() == ["p2", "p3"]
    assert table["before"].tolist() == ["10000", "10000"]
    assert table["after"].tolist() == ["10101", "9899"]


@pytest.mark.parametrize(
    ("registered", "ratio"),
    [(15.0, "0.0015"), (1.0, "0.0001"), (1e4 / 15, "0.06667"), (1e4 * 15, "15"), (1e4 * MU, "666.7"), (1e8, "1e+04")],
)
def test_slips_of_the_unit_are_named(registered, ratio):
    """Registered over computed is 0.0015 for mu taken as m², 1e-4 for ha as m², 15 for mu taken as ha, and so on."""
    table = differences([1e4], [registered])
    assert table["code"].tolist() == ["area-differs-unit"]
    assert f"about {ratio}," in table["message"][0]


def test_missing_zero_and_negative_figures_are_no_difference():
    assert len(differences([1e4, 1e4, 1e4, np.nan], [np.nan, 0.0, -5.0, 100.0])) == 0

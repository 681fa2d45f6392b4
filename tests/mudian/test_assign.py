"""Parcels to zones: largest overlap, touching never counts, shares are kept."""

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

from mudian.assign import assign_zones, overlaps
from parcels.ledger import Ledger


def parcels(*boxes):
    return gpd.GeoDataFrame(
        {"parcel_id": [f"P{i}" for i in range(len(boxes))], "source_row": range(1, len(boxes) + 1)},
        geometry=[None if b is None else box(*b) for b in boxes],
        crs=4527,
    )


def zones(**boxes):
    return gpd.GeoDataFrame({"zone_id": list(boxes)}, geometry=[box(*b) for b in boxes.values()], crs=4527)


def test_inside_split_touching_outside_and_without_geometry():
    ledger = Ledger()
    made = assign_zones(
        parcels((0, 0, 10, 10), (15, 0, 25, 10), (40, 0, 50, 10), (100, 0, 110, 10), None),
        zones(A=(-5, -5, 18, 15), B=(18, -5, 40, 15)),
        ledger=ledger,
    )
    assert made["zone_id"].fillna("—").tolist() == ["A", "B", "—", "—", "—"]  # P2 only touches B at x = 40
    np.testing.assert_allclose(made["zone_share"].to_numpy()[:2], [1.0, 0.7])
    assert made["zone_share"].isna().tolist() == [False, False, True, True, True]
    assert made["zone_split"][1] == "A:0.300000;B:0.700000"
    assert made["zone_split"].isna().tolist() == [True, False, True, True, True]
    codes = ledger.frame().groupby("code")["row"].apply(list).to_dict()
    assert codes == {"zone-split": [2], "zone-none": [3, 4, 5]}


def test_a_tie_goes_to_the_first_zone_and_overlapping_zones_are_said():
    ledger = Ledger()
    made = assign_zones(parcels((0, 0, 10, 10)), zones(A=(-10, 0, 5, 10), B=(5, 0, 20, 10)), ledger=ledger)
    assert made["zone_id"].tolist() == ["A"]
    assert ledger.count(code="zone-overlap") == 0  # they only touch
    ledger = Ledger()
    assign_zones(parcels((0, 0, 10, 10)), zones(A=(-10, 0, 6, 10), B=(5, 0, 20, 10)), ledger=ledger)
    assert ledger.frame().query("code == 'zone-overlap'")["message"].str.contains("A / B").all()


def test_index_is_kept_and_input_unchanged():
    before = parcels((0, 0, 1, 1), (5, 5, 6, 6)).set_index(np.array([7, 3]))
    after = assign_zones(before, zones(A=(0, 0, 10, 10)), ledger=Ledger())
    assert after.index.tolist() == [7, 3]
    assert "zone_id" not in before


corner = st.integers(-50, 50)
rectangle = st.tuples(corner, corner, st.integers(1, 40), st.integers(1, 40))


@given(st.lists(rectangle, min_size=1, max_size=8), st.integers(-40, 40))
@settings(max_examples=100, deadline=None)
def test_shares_of_a_partition_add_up_to_one(rectangles, cut):
    land = parcels(*[(x, y, x + w, y + h) for x, y, w, h in rectangles])
    parts = zones(left=(-100, -100, cut, 100), right=(cut, -100, 100, 100))
    found = overlaps(land.geometry, parts.geometry)
    total = np.bincount(found.parcel, weights=found.share, minlength=len(land))
    np.testing.assert_allclose(total, 1.0, rtol=1e-9)
    expected = [max(0, min(x + w, cut) - x) / w for x, y, w, h in rectangles]
    left = np.zeros(len(land))
    left[found.parcel[found.zone == 0]] = found.share[found.zone == 0]
    np.testing.assert_allclose(left, expected, rtol=1e-9, atol=1e-12)


def test_empty_layers():
    made = assign_zones(parcels((0, 0, 1, 1)), zones(A=(5, 5, 6, 6)), ledger=Ledger())
    assert made["zone_id"].isna().all()
    assert len(overlaps(parcels().geometry, zones(A=(0, 0, 1, 1)).geometry).parcel) == 0


@pytest.mark.parametrize("share", [0.49, 0.51])
def test_the_larger_part_decides(share):
    made = assign_zones(
        parcels((0, 0, 100, 10)), zones(A=(0, 0, 100 * share, 10), B=(100 * share, 0, 100, 10)), ledger=Ledger()
    )
    assert made["zone_id"].tolist() == ["A" if share > 0.5 else "B"]

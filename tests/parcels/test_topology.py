"""Faults between parcels. Overlaps and gaps are worked out by hand from the coordinates."""

import time

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Point, Polygon, box

from parcels.geometry.topology import PARTNERS, report
from parcels.ledger import Ledger


def run(geoms, *, crs=4527, **options):
    frame = gpd.GeoDataFrame(geometry=list(geoms), crs=crs, index=[f"x{k}" for k in range(len(geoms))])
    ledger = Ledger(lang="en")
    ids = pd.Series([f"P{k}" for k in range(len(geoms))], index=frame.index)
    found = report(frame, rows=np.arange(11, 11 + len(geoms)), ids=ids, source="a.shp", ledger=ledger, **options)
    return found, ledger.frame()


def test_clean_pair_has_no_rows():
    found, table = run([box(0, 0, 10, 10), box(10, 0, 20, 10)])
    assert len(table) == 0
    assert found.clean.all()
    assert not found.in_conflict.any()
    assert (found.overlap_m2, found.double_counted_m2) == (0, 0)


def test_overlap_of_a_metre_names_both():
    found, table = run([box(0, 0, 11, 10), box(10, 0, 20, 10), box(20, 0, 30, 10)])
    pair = found.pairs.iloc[0]
    assert pair[["left", "left_id", "left_row"]].tolist() == [0, "P0", 11]
    assert pair[["right", "right_id", "right_row"]].tolist() == [1, "P1", 12]
    assert pair["overlap_m2"] == pytest.approx(10)
    assert pair["width_m"] == pytest.approx(2 * 10 / 22)
    assert table[["code", "severity", "row", "id", "before", "after"]].to_numpy().tolist() == [
        ["topology-overlap", "warning", 11, "P0", "P1 (#12)", "10"]
    ]
    assert found.in_conflict.tolist() == [True, True, False]
    assert found.clean.tolist() == [False, False, True]


def test_overlap_of_a_millimetre_is_within_tolerance_but_counted():
    found, table = run([box(0, 0, 10.001, 10), box(10, 0, 20, 10)])
    assert len(found.pairs) == 0
    assert not found.in_conflict.any()
    assert not found.clean.any()
    assert found.ignored_m2 == pytest.approx(0.01)
    assert found.double_counted_m2 == pytest.approx(0.01)
    assert table["code"].tolist() == ["topology-ignored"]
    strict, _ = run([box(0, 0, 10.001, 10), box(10, 0, 20, 10)], ignore_m2=0.001, ignore_width=0.0001)
    assert strict.pairs["relation"].tolist() == ["sliver"]


def test_long_narrow_overlap_is_within_tolerance_by_width():
    """5 mm along 1000 m: 5 m² but under 1 cm wide."""
    found, _ = run([box(0, 0, 10.005, 1000), box(10, 0, 20, 1000)])
    assert len(found.pairs) == 0
    assert found.ignored_m2 == pytest.approx(5)


def test_minor_overlap_is_only_informed():
    found, table = run([box(0, 0, 10.05, 10), box(10, 0, 20, 10)])
    assert found.pairs["relation"].tolist() == ["sliver"]
    assert table["severity"].tolist() == ["info"]
    assert found.in_conflict.all()


def test_t_junction_is_no_fault():
    found, table = run([box(0, 0, 10, 10), box(10, 0, 20, 5), box(10, 5, 20, 10)])
    assert len(table) == 0
    assert not found.in_conflict.any()
    assert not found.clean.any()


def test_duplicates_whatever_start_direction_or_nodes():
    again = [shapely.reverse(box(0, 0, 10, 10)), Polygon([(10, 10), (0, 10), (0, 5), (0, 0), (10, 0.00001)])]
    found, table = run([box(0, 0, 10, 10), *again, box(10, 0, 20, 10)])
    assert found.pairs[["left", "right"]].to_numpy().tolist() == [[0, 1], [0, 2]]
    assert set(found.pairs["relation"]) == {"duplicate"}
    assert found.double_counted_m2 == pytest.approx(200, abs=1e-3)
    assert table[["severity", "row", "before"]].to_numpy().tolist() == [
        ["error", 12, "P0 (#11)"],
        ["error", 13, "P0 (#11)"],
    ]


def test_contained():
    found, table = run([box(0, 0, 10, 10), box(2, 2, 4, 4), MultiPolygon([box(20, 0, 30, 10), box(5, 5, 6, 6)])])
    assert found.pairs["relation"].tolist() == ["contained", "sliver"]
    assert found.pairs["overlap_m2"].tolist() == [4, 1]
    assert table["code"].tolist() == ["topology-contained", "topology-overlap-minor"]


def test_parcel_over_a_clean_block_is_found_against_every_one():
    """Edges of the block all match each other, so matching edges alone would hide the middle parcels."""
    block = [box(10 * i, 10 * j, 10 * i + 10, 10 * j + 10) for i in range(5) for j in range(5)]
    found, _ = run([*block, box(-5, -5, 55, 55)])
    assert sorted(found.pairs["left"]) == list(range(25))
    assert found.overlap_m2 == pytest.approx(2500)
    assert found.in_conflict.all()


def test_layer_given_twice():
    block = [box(10 * i, 10 * j, 10 * i + 10, 10 * j + 10) for i in range(5) for j in range(5)]
    found, _ = run(block * 2)
    assert found.pairs["relation"].tolist() == ["duplicate"] * 25
    assert found.double_counted_m2 == pytest.approx(2500)


def test_three_on_each_other_count_the_common_part_twice():
    """Pairs 90 + 80 + 90; union 120 of 300 m²."""
    found, _ = run([box(0, 0, 10, 10), box(1, 0, 11, 10), box(2, 0, 12, 10)])
    assert found.overlap_m2 == pytest.approx(260)
    assert found.double_counted_m2 == pytest.approx(180)


def test_touching_lines_do_not_make_an_overlap_narrow():
    """The pair also shares 500 m of border; the overlap itself is 2 m by 2 m."""
    left = Polygon([(0, 0), (10, 0), (10, 500), (12, 500), (12, 502), (0, 502)])
    right = Polygon([(10, 0), (20, 0), (20, 510), (10, 510)])
    found, _ = run([left, right])
    assert found.pairs["overlap_m2"].tolist() == [4]
    assert found.pairs["width_m"].tolist() == [1]


def test_gap_only_when_sought():
    pair = [box(0, 0, 9.99, 10), box(10, 0, 20, 10)]
    assert len(run(pair)[1]) == 0
    found, table = run(pair, gap_width=0.02)
    assert found.gaps["area_m2"].tolist() == pytest.approx([0.1])
    assert found.gaps["width_m"].tolist() == pytest.approx([2 * 0.1 / 20.02])
    assert found.gaps[["left", "right"]].to_numpy().tolist() == [[0, 1]]
    assert table[["code", "row", "before"]].to_numpy().tolist() == [["topology-gap", 11, "P1 (#12)"]]
    assert found.clean.all()
    assert len(run(pair, gap_width=0.005)[0].gaps) == 0
    millimetre = run([box(0, 0, 9.999, 10), box(10, 0, 20, 10)], gap_width=0.01)[0].gaps
    assert millimetre["area_m2"].tolist() == pytest.approx([0.01])


def test_gap_filled_by_a_parcel_is_none():
    strip = [box(0, 0, 9.99, 10), box(10, 0, 20, 10), box(9.99, 0, 10, 10)]
    found, _ = run(strip, gap_width=0.02)
    assert len(found.gaps) == 0
    assert found.slivers["id"].tolist() == ["P2"]


def test_sliver_parcels():
    found, table = run([box(0, 0, 100, 0.4), box(0, 10, 0.9, 10.9), box(0, 20, 30, 50)])
    assert found.slivers["position"].tolist() == [0, 1]
    assert found.slivers["area_m2"].tolist() == pytest.approx([40, 0.81])
    assert table["code"].tolist() == ["topology-sliver"] * 2


def test_what_cannot_be_checked():
    bow_tie = Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    found, table = run([bow_tie, None, Polygon(), Point(1, 1), box(0, 0, 5, 5)])
    assert found.in_conflict.tolist() == [True, False, False, True, False]
    assert found.clean.tolist() == [False, False, False, False, True]
    assert table["row"].tolist() == [11, 14]


def test_degrees_are_measured_in_metres():
    """At 36° north 0.0001° is 9.0165 m by 11.098 m; the overlap is 0.00001° by 0.0001°."""
    pair = [box(117, 36, 117.00011, 36.0001), box(117.0001, 36, 117.0002, 36.0001)]
    found, _ = run(pair, crs=4490)
    assert found.overlap_m2 == pytest.approx(0.90165 * 11.098, rel=2e-3)
    assert found.pairs["width_m"].iloc[0] == pytest.approx(2 * 0.90165 * 11.098 / (2 * (0.90165 + 11.098)), rel=5e-3)
    gap = [box(117, 36, 117.0001, 36.0001), box(117.0001001, 36, 117.0002, 36.0001)]
    gaps = run(gap, crs=4490, gap_width=0.02)[0].gaps
    assert gaps["area_m2"].tolist() == pytest.approx([0.0090165 * 11.098], rel=2e-3)
    assert gaps.total_bounds[0] == pytest.approx(117.0001)


def test_thousand_equal_parcels_are_reported_by_group():
    found, table = run([box(0, 0, 10, 10)] * 1000)
    assert len(found.pairs) == 999
    assert found.double_counted_m2 == pytest.approx(99_900)
    assert table["code"].value_counts().to_dict() == {"topology-duplicate": 999}


def test_thousand_parcels_on_each_other_end_in_time():
    start = time.process_time()
    found, table = run([box(0, 0, 10 + k, 5000 - k) for k in range(1000)])
    assert time.process_time() - start < 30
    assert found.in_conflict.all()
    assert len(found.pairs) <= 1000 * PARTNERS
    crowded = table[table["code"] == "topology-crowded"]
    assert set(crowded["severity"]) == {"error"}
    assert set(crowded["after"]) == {"999"}


def test_nothing_to_check():
    for geoms in ([], [None], [None, Polygon()]):
        found, table = run(geoms, gap_width=0.1)
        assert len(found.pairs) == len(found.gaps) == len(found.slivers) == len(table) == 0
        assert found.double_counted_m2 == 0


def test_input_is_not_changed():
    frame = gpd.GeoDataFrame(geometry=[box(117, 36, 117.1, 36.1), box(117, 36, 117.2, 36.1)], crs=4490)
    before = frame.to_wkb()
    report(frame, rows=np.array([1, 2]), source="", ledger=Ledger())
    pd.testing.assert_frame_equal(frame.to_wkb(), before)


corner = st.integers(0, 12)
side = st.integers(1, 6)
boxes = st.lists(
    st.builds(lambda x, y, w, h: box(x, y, x + w, y + h), corner, corner, side, side), min_size=1, max_size=9
)


@settings(max_examples=150, deadline=None)
@given(boxes)
def test_agrees_with_every_pair_and_with_the_union(geoms):
    found, _ = run(geoms)
    array = np.array(geoms)
    left, right = np.triu_indices(len(array), 1)
    common = shapely.area(shapely.intersection(array[left], array[right]))
    conflict = np.zeros(len(array), dtype=bool)
    conflict[np.concatenate([left[common > 0.5], right[common > 0.5]])] = True
    assert found.in_conflict.tolist() == conflict.tolist()
    assert found.double_counted_m2 == pytest.approx(shapely.area(array).sum() - shapely.union_all(array).area)
    clean = array[found.clean]
    assert len(clean) == 0 or shapely.coverage_is_valid(clean)


def test_a_gap_is_found_when_only_one_of_its_sides_is_flagged() -> None:
    """A parcel with a node missing beside the gap: 0.3 m by 100 m between 0–100 and 100.3–200."""
    left = Polygon([(0, 0), (100, 0), (100, 100), (0, 100)])
    right = Polygon([(100.3, 0), (200, 0), (200, 100), (100.3, 100), (100.3, 60), (100.3, 20)])
    other = box(0, 100, 200, 150)
    found, _ = run([left, right, other], gap_width=0.5)
    assert found.gaps["area_m2"].sum() == pytest.approx(30.0)

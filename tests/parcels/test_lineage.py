"""Lineage of parcels on squares of 100 m drawn by hand; shares are told from the drawing."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import affinity, box

from parcels.errors import CrsError
from parcels.geometry.lineage import KINDS, lineage, lineage_account

X, Y = 39_500_000.0, 4_000_000.0


def frame(**shapes):
    """Parcels by code; a shape is (left, bottom, right, top) in metres from the corner, or a geometry, or None."""
    drawn = [affinity.translate(box(*s), X, Y) if isinstance(s, tuple) else s for s in shapes.values()]
    return gpd.GeoDataFrame({"parcel_id": list(shapes)}, geometry=drawn, crs=4527)


def told(found):
    """The rows as tuples, shares to four places."""
    columns = ["before", "after", "kind", "share_before", "share_after"]
    cells = found[columns].round(4).astype(object).where(found[columns].notna(), None)
    return [tuple(row) for row in cells.to_numpy(object)]


A, B = (0, 0, 100, 100), (100, 0, 200, 100)


def test_nothing_changed():
    both = frame(P1=A, P2=B)
    found = lineage(both, both)
    assert told(found) == [("P1", "P1", "same", 1.0, 1.0), ("P2", "P2", "same", 1.0, 1.0)]
    assert list(found["by"]) == ["both", "both"]


def test_a_code_spelled_differently_is_the_same_code():
    found = lineage(frame(**{"370902001001GB00001": A}), frame(**{"３７０９０２ 001001-gb00001": A}))
    assert list(found["kind"]) == ["same"]


def test_split_where_one_part_keeps_the_code():
    found = lineage(frame(P1=A), frame(P1=(0, 0, 60, 100), P9=(60, 0, 100, 100)))
    assert told(found) == [("P1", "P1", "split", 0.6, 1.0), ("P1", "P9", "split", 0.4, 1.0)]
    assert found["group"].nunique() == 1


def test_merger_with_a_new_code():
    found = lineage(frame(P1=A, P2=(100, 0, 150, 100)), frame(P9=(0, 0, 150, 100)))
    assert told(found) == [("P1", "P9", "merged", 1.0, 0.6667), ("P2", "P9", "merged", 1.0, 0.3333)]


def test_another_code_for_the_same_land():
    assert told(lineage(frame(P1=A), frame(P9=A))) == [("P1", "P9", "renamed", 1.0, 1.0)]


def test_surveyed_again():
    """The right border moves by 5 m: 95 of 100 m stay, and the whole of the new figure was there before."""
    assert told(lineage(frame(P1=A), frame(P1=(0, 0, 95, 100)))) == [("P1", "P1", "resurveyed", 0.95, 1.0)]


def test_half_a_metre_is_no_new_survey():
    """0.5 m of 100 m is 0.5 per cent, below the limit of one per cent."""
    assert told(lineage(frame(P1=A), frame(P1=(0, 0, 99.5, 100))))[0][2] == "same"


def test_a_border_moved_between_neighbours_is_no_split():
    """5 m of P1 went to P2: 5 per cent of either, below the tenth that counts."""
    found = lineage(frame(P1=A, P2=B), frame(P1=(0, 0, 95, 100), P2=(95, 0, 200, 100)))
    assert [(r[0], r[1], r[2]) for r in told(found)] == [("P1", "P1", "resurveyed"), ("P2", "P2", "resurveyed")]


def test_land_divided_anew():
    """Two halves left and right become two halves top and bottom: every new one has half of every old one."""
    found = lineage(frame(P1=A, P2=B), frame(P8=(0, 0, 200, 50), P9=(0, 50, 200, 100)))
    assert told(found) == [(o, n, "redistributed", 0.5, 0.5) for o in ("P1", "P2") for n in ("P8", "P9")]


def test_new_and_gone():
    found = lineage(frame(P1=A), frame(P2=(500, 0, 600, 100)))
    assert told(found) == [("P1", None, "gone", None, None), (None, "P2", "new", None, None)]


def test_codes_that_changed_places_follow_the_land():
    """The codes of two parcels were exchanged: each figure goes on under the other code."""
    found = lineage(frame(P1=A, P2=B), frame(P2=A, P1=B))
    assert told(found) == [("P1", "P2", "renamed", 1.0, 1.0), ("P2", "P1", "renamed", 1.0, 1.0)]


def test_a_code_whose_land_is_elsewhere_and_free():
    """Nobody else has the old land nor had the new: the code is all there is, and the share says 0."""
    assert told(lineage(frame(P1=A), frame(P1=(500, 0, 600, 100)))) == [("P1", "P1", "resurveyed", 0.0, 0.0)]


def test_without_a_figure_the_code_decides():
    found = lineage(frame(P1=None, P2=B), frame(P1=A, P2=B))
    assert told(found) == [("P1", "P1", "same", None, None), ("P2", "P2", "same", 1.0, 1.0)]
    assert list(found["by"]) == ["code", "both"]


def test_a_repeated_code_says_nothing():
    twice = gpd.GeoDataFrame({"parcel_id": ["P1", "P1"]}, geometry=frame(a=A, b=B).geometry.to_numpy(), crs=4527)
    found = lineage(twice, twice.iloc[::-1])
    assert list(found["kind"]) == ["same", "same"]
    assert list(found["by"]) == ["both", "both"]


def test_without_codes_the_land_decides():
    plain = frame(P1=A).drop(columns="parcel_id")
    assert list(lineage(plain, plain)["kind"]) == ["same"]
    wider = frame(P1=(0, 0, 110, 100)).drop(columns="parcel_id")
    assert list(lineage(plain, wider)["kind"]) == ["resurveyed"]
    assert list(lineage(plain, frame(P1=A))["kind"]) == ["renamed"]


def test_limits_can_be_given():
    five = frame(P1=(0, 0, 95, 100))
    assert list(lineage(frame(P1=A), five, same=0.06)["kind"]) == ["same"]
    moved = lineage(frame(P1=A, P2=B), frame(P1=(0, 0, 95, 100), P2=(95, 0, 200, 100)), part=0.04)
    assert set(moved["kind"]) == {"redistributed"}


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_changes_nothing(seed):
    before = frame(P1=A, P2=B, P3=(200, 0, 300, 100), P4=(0, 200, 100, 300))
    after = frame(P1=(0, 0, 60, 100), P7=(60, 0, 100, 100), P8=(100, 0, 300, 100), P5=(400, 0, 500, 100))
    plain = lineage(before, after).drop(columns=["before_row", "after_row"])
    mixed = lineage(before.sample(frac=1, random_state=seed), after.sample(frac=1, random_state=seed + 9))
    pd.testing.assert_frame_equal(plain, mixed.drop(columns=["before_row", "after_row"]))


@pytest.mark.parametrize("seed", range(3))
def test_parcels_without_codes_have_an_order_too(seed):
    """Four squares of one size and no code: only where they lie tells them apart."""
    before = frame(a=A, b=B, c=(200, 0, 300, 100), d=(0, 200, 100, 300)).drop(columns="parcel_id")
    after = frame(a=(0, 0, 50, 100), b=(50, 0, 100, 100), c=(100, 0, 300, 100)).drop(columns="parcel_id")
    columns = ["kind", "group", "share_before", "share_after"]
    mixed = lineage(before.sample(frac=1, random_state=seed), after.sample(frac=1, random_state=seed + 9))
    pd.testing.assert_frame_equal(lineage(before, after)[columns], mixed[columns])


def test_positions_lead_to_the_rows():
    before, after = frame(P1=A, P2=B), frame(P2=B, P9=(400, 0, 500, 100))
    found = lineage(before, after)
    rows = found[found["before_row"].notna()]
    assert list(before["parcel_id"].iloc[rows["before_row"].astype(int)]) == list(rows["before"])
    assert found["after_row"].dropna().astype(int).sort_values().tolist() == [0, 1]


def test_the_other_delivery_in_degrees():
    before = frame(P1=A)
    after = frame(P1=(0, 0, 60, 100), P9=(60, 0, 100, 100)).to_crs(4490)
    assert told(lineage(before, after)) == [("P1", "P1", "split", 0.6, 1.0), ("P1", "P9", "split", 0.4, 1.0)]


def test_both_deliveries_in_degrees():
    """Shares are quotients of areas in one plane, so that degrees do as well as metres."""
    before, after = frame(P1=A).to_crs(4490), frame(P1=(0, 0, 60, 100), P9=(60, 0, 100, 100)).to_crs(4490)
    assert told(lineage(before, after)) == [("P1", "P1", "split", 0.6, 1.0), ("P1", "P9", "split", 0.4, 1.0)]


def test_another_datum_is_refused():
    with pytest.raises(CrsError) as error:
        lineage(frame(P1=A), frame(P1=A).set_crs(2363, allow_override=True))
    assert error.value.code == "lineage-datum"


def test_without_crs_is_refused():
    with pytest.raises(CrsError):
        lineage(frame(P1=A), frame(P1=A).set_crs(None, allow_override=True))


def test_every_square_metre_is_in_one_kind():
    """1 ha each: P1 split, P2 and P3 merged, P4 gone, P5 new; the areas add up to those of the deliveries."""
    before = frame(P1=A, P2=B, P3=(200, 0, 300, 100), P4=(0, 200, 100, 300))
    after = frame(P1=(0, 0, 60, 100), P7=(60, 0, 100, 100), P8=(100, 0, 300, 100), P5=(400, 0, 500, 100))
    account = lineage_account(lineage(before, after)).set_index("kind")
    assert list(account.index) == ["split", "merged", "new", "gone"]
    assert account[["before", "after"]].to_numpy().tolist() == [[1, 2], [2, 1], [0, 1], [1, 0]]
    assert account["before_m2"].sum() == pytest.approx(40_000, rel=1e-6)
    assert account["after_m2"].sum() == pytest.approx(40_000, rel=1e-6)
    assert account["shared_m2"].to_numpy() == pytest.approx([10_000, 20_000, 0, 0], rel=1e-6)
    assert set(account.index) <= set(KINDS)


def test_empty_deliveries():
    one = frame(P1=A)
    assert list(lineage(one, one.head(0))["kind"]) == ["gone"]
    assert list(lineage(one.head(0), one)["kind"]) == ["new"]
    assert len(lineage(one.head(0), one.head(0))) == 0


def test_nothing_given_is_changed():
    before, after = frame(P1=A), frame(P1=A).to_crs(4490)
    copies = before.copy(), after.copy()
    lineage(before, after)
    assert before.equals(copies[0])
    assert after.equals(copies[1])


def test_a_grid_cut_at_random_keeps_all_shares():
    """Every parcel is cut at a random line: the shares are the position of the cut."""
    cuts = np.random.default_rng(1).uniform(20, 80, 25)
    olds = {f"P{i:02}": (100.0 * i, 0, 100.0 * i + 100, 100) for i in range(25)}
    news = {f"L{i:02}": (100.0 * i, 0, 100.0 * i + c, 100) for i, c in enumerate(cuts)}
    news |= {f"R{i:02}": (100.0 * i + c, 0, 100.0 * i + 100, 100) for i, c in enumerate(cuts)}
    found = lineage(frame(**olds), frame(**news))
    left = found[found["after"].str.startswith("L")].sort_values("before")
    assert left["share_before"].to_numpy() == pytest.approx(cuts / 100, abs=1e-9)
    assert (found["kind"] == "split").all()
    assert found.groupby("before")["share_before"].sum().to_numpy() == pytest.approx(1.0)

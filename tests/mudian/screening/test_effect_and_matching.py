"""What a site does to its zone, and which land a project fits on: worked by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mudian.screening.effect import effects
from mudian.screening.matching import match_projects, targets_of
from mudian.settings import ScreeningSettings

OWN = ScreeningSettings(scenarios=("own",), benchmark_tax_per_mu=8.0)


def zones(*rows):
    table = pd.DataFrame(rows, columns=["zone_id", "tax_wan", "base_mu", "developable_mu"])
    return table.assign(tax_per_mu=table["tax_wan"] / table["base_mu"].where(table["base_mu"] > 0))


# 10, 9, 9 and nothing known of D.
FOUR = zones(("A", 1000.0, 100.0, 50.0), ("B", 900.0, 100.0, 70.0), ("C", 450.0, 50.0, 0.0), ("D", np.nan, 80.0, 10.0))


def effect(zone, gain, *, incomplete=False, of=FOUR):
    sites = pd.DataFrame({"zone_id": [zone], "gain_own_wan": [gain], "gain_own_wan_incomplete": [incomplete]})
    return effects(sites, of, OWN).iloc[0]


@pytest.mark.parametrize(
    ("zone", "gain", "before", "rank", "after", "rank_after"),
    [
        ("B", 50.0, 9.0, 2, 9.5, 2),  # 950 / 100, still behind A
        ("B", 100.0, 9.0, 2, 10.0, 1),  # as much as A: both are first
        ("B", 200.0, 9.0, 2, 11.0, 1),
        ("C", 50.0, 9.0, 2, 10.0, 1),  # 500 / 50: half the land, twice the effect
        ("A", 500.0, 10.0, 1, 15.0, 1),
        ("A", -150.0, 10.0, 1, 8.5, 3),  # behind B and C; its own former figure is no rival
        ("A", -50.0, 10.0, 1, 9.5, 1),
        ("A", 0.0, 10.0, 1, 10.0, 1),
    ],
)
def test_zone_before_and_after(zone, gain, before, rank, after, rank_after):
    found = effect(zone, gain)
    assert found["zone_tax_per_mu"] == pytest.approx(before)
    assert found["zone_tax_per_mu_own"] == pytest.approx(after)
    assert (found["zone_rank"], found["zone_rank_own"]) == (rank, rank_after)


def test_remaining_land_is_that_of_before():
    assert effect("B", 50.0)["zone_developable_mu"] == 70.0


@pytest.mark.parametrize(("zone", "gain", "incomplete"), [("B", np.nan, False), ("B", 50.0, True), ("D", 50.0, False)])
def test_unknown_gain_or_tax_gives_no_figure_and_no_rank(zone, gain, incomplete):
    found = effect(zone, gain, incomplete=incomplete)
    assert pd.isna(found["zone_tax_per_mu_own"])
    assert pd.isna(found["zone_rank_own"])


def test_a_tie_is_not_decided_by_the_last_bit():
    """0.1 + 0.2 is a little more than 0.3 in binary figures; both zones are first."""
    of = zones(("A", 0.3, 1.0, 0.0), ("B", 0.1, 1.0, 0.0))
    assert effect("B", 0.2, of=of)["zone_rank_own"] == 1
    of = zones(("A", 0.1 + 0.2, 1.0, 0.0), ("B", 0.1, 1.0, 0.0))
    assert effect("B", 0.2 - 1e-17, of=of)["zone_rank_own"] == 1


SITES = pd.DataFrame(
    {"site_id": ["Z-S001", "Y-S001"], "zone_id": ["Z", "Y"], "area_mu": [60.0, 35.0], "ease": [0.5, 0.9]}
)
PIECES = pd.DataFrame(
    {
        "piece_id": ["Z-1", "Z-2", "Y-1"], "zone_id": ["Z", "Z", "Y"], "area_mu": [40.0, 200.0, 20.0],
        "class": ["usable", "fragment", "usable"],
    }
)  # fmt: skip
TARGETS = targets_of(SITES, PIECES)


def matched(**project):
    return match_projects(pd.DataFrame([{"project_id": "A"} | project]), TARGETS)


def test_sites_and_usable_pieces_are_targets_and_fragments_are_none():
    assert TARGETS["target"].tolist() == ["Z-S001", "Y-S001", "Z-1", "Y-1"]
    assert TARGETS["kind"].tolist() == ["site", "site", "piece", "piece"]


def test_the_least_land_left_over_comes_first():
    """35 mu wanted: Y-S001 leaves 0, Z-1 5, Z-S001 25; Y-1 lacks 15."""
    found = matched(area_mu=35.0)
    assert found["target"].tolist() == ["Y-S001", "Z-1", "Z-S001", "Y-1"]
    assert found["left_over_mu"].tolist() == pytest.approx([0.0, 5.0, 25.0, -15.0])
    assert found["fits"].tolist() == [True, True, True, False]
    assert found["place"].tolist() == [1, 2, 3, pd.NA]
    assert found["why_not"].tolist() == ["", "", "", "small"]


def test_a_project_that_names_a_zone_goes_nowhere_else():
    found = matched(area_mu=35.0, zone_id="Z").set_index("target")
    assert found.loc[["Z-1", "Z-S001"], "place"].tolist() == [1, 2]
    assert found.loc[["Y-S001", "Y-1"], "why_not"].tolist() == ["other_zone", "small;other_zone"]


@pytest.mark.parametrize(
    ("admission", "fits", "why"),
    [
        ("own_land", True, ""), ("admitted", True, ""), ("standard_factory", False, "factory"),
        ("not_admitted", False, "not_admitted"), ("unknown", None, "admission_unknown"), (None, True, ""),
    ],
)  # fmt: skip
def test_admission_decides_whether_it_gets_land_at_all(admission, fits, why):
    found = matched(area_mu=20.0, admission=admission).iloc[0]
    assert (found["fits"] is pd.NA) if fits is None else (found["fits"] == fits)
    assert found["why_not"] == why
    assert pd.isna(found["place"]) == (fits is not True)


def test_unknown_area_is_unknown_and_not_zero():
    found = matched(area_mu=np.nan)
    assert found["fits"].isna().all()
    assert set(found["why_not"]) == {"area_unknown"}
    assert found["place"].isna().all()


def test_what_is_certain_beats_what_is_unknown():
    """Not admitted is no, whatever the area is."""
    found = matched(area_mu=np.nan, admission="not_admitted")
    assert found["fits"].eq(False).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(1, 6))
def test_the_order_of_projects_and_targets_changes_no_match(seed, projects, targets):
    random = np.random.default_rng(seed)
    wanted = pd.DataFrame({"project_id": list("ABCDE")[:projects], "area_mu": random.integers(1, 6, projects) * 10.0})
    land = TARGETS.sample(targets, replace=True, random_state=seed).reset_index(drop=True)
    land = land.assign(target=[f"T{i}" for i in range(targets)], area_mu=random.integers(1, 6, targets) * 10.0)
    found = match_projects(wanted, land)
    other = match_projects(
        wanted.sample(frac=1, random_state=seed), land.sample(frac=1, random_state=seed + 1).reset_index(drop=True)
    )
    keys = ["project_id", "target"]
    pd.testing.assert_frame_equal(
        found.sort_values(keys).reset_index(drop=True), other.sort_values(keys).reset_index(drop=True)
    )

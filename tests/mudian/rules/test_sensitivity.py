"""Area-basis sensitivity: which verdicts another area would give."""

import datetime as dt

import pandas as pd
import pytest

from mudian.measure import measure_enterprises
from mudian.packs.policy import policies
from mudian.rules.inefficient import judge_inefficient
from mudian.rules.sensitivity import area_columns, basis_flips
from parcels.units import M2_PER_MU

HUZHOU = policies(["huzhou-2021"], as_of=dt.date(2026, 1, 1))


def test_the_bases_are_the_areas_of_a_run():
    assert area_columns() == {"ellipsoidal": "area_m2", "planar": "planar_m2", "registered": "registered_m2"}


def run(areas, tax):
    parcels = pd.DataFrame(areas, index=[f"P{n}" for n in range(len(tax))])
    table = pd.DataFrame({"tax_wan": tax, "above_scale": pd.array([True] * len(tax), dtype="boolean")})

    def rebuild(column):
        links = pd.DataFrame({"parcel": range(len(tax)), "enterprise": range(len(tax)), "area_m2": parcels[column]})
        return links, measure_enterprises(table, links)

    def judged(frames):
        links, enterprises = frames
        return {"inefficient": judge_inefficient(parcels, enterprises, links, HUZHOU).parcels["inefficient"]}

    return basis_flips(rebuild, judged, basis="ellipsoidal")


def test_flips_by_hand():
    ten = 10 * M2_PER_MU  # 10 mu, limit 6 万元/亩
    found = run(
        {
            "area_m2": [ten, ten, ten, ten],
            "planar_m2": [ten, ten * 1.01, ten, ten],
            "registered_m2": [ten * 0.9, ten, ten * 1.02, None],
        },
        [59.0, 60.0, 61.0, 59.0],
    )
    # 59 / 10 is low and 59 / 9 is not; 60 / 10 is not and 60 / 10.1 is; 61 / 10 is not and 61 / 10.2 is.
    assert found.flips.tolist() == ["registered: inefficient", "planar: inefficient", "registered: inefficient", ""]
    assert found.flips.index.tolist() == ["P0", "P1", "P2", "P3"]
    # Without a registered area there is no verdict on that basis: not a flip.
    assert found.counts == {
        "planar": {"inefficient": {"flips": 1, "undecided": 0}},
        "registered": {"inefficient": {"flips": 2, "undecided": 1}},
    }


def test_statuses_flip_between_decided_words_only():
    words = {
        "area_m2": pd.Series(["idle_1y", "unknown", "not_due", None], dtype="str"),
        "planar_m2": pd.Series(["idle_2y", "idle_1y", "not_due", None], dtype="str").astype("category"),
    }
    found = basis_flips(words.__getitem__, lambda w: {"idle_status": w}, basis="ellipsoidal", others=("planar",))
    assert found.flips.tolist() == ["planar: idle_status", "", "", ""]
    assert found.counts == {"planar": {"idle_status": {"flips": 1, "undecided": 1}}}


def test_the_verdicts_of_the_run_need_not_be_made_again():
    asked = []

    def rebuild(column):
        asked.append(column)
        return pd.Series([True], dtype="boolean")

    base = {"v": pd.Series([False], dtype="boolean")}
    found = basis_flips(rebuild, lambda frame: {"v": frame}, basis="registered", base=base)
    assert asked == ["area_m2", "planar_m2"]
    assert found.flips.tolist() == ["ellipsoidal: v;planar: v"]


def test_a_basis_that_is_none_is_refused():
    with pytest.raises(KeyError, match="geodetic"):
        basis_flips(lambda c: c, lambda f: {}, basis="geodetic")

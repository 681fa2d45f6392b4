"""Neither the order of rows nor of zones changes a figure."""

import numpy as np
import pandas as pd
import pytest
import statrun
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from statrun import run

import mudian as md


@pytest.fixture(scope="module")
def expected():
    return md.zone_statistics(run(("guiyang", "national"), **{"guiyang.in_force": statrun.DAY}))


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.permutations(range(6)), st.permutations(range(2)), st.permutations(range(5)), st.permutations(range(7))
)  # fmt: skip
def test_any_order_gives_the_same_table(expected, land, of, firms, held):
    made = run(
        ("guiyang", "national"), land=statrun.parcels().iloc[land], of=statrun.zones().iloc[of],
        firms=statrun.enterprises().iloc[firms], held=statrun.links().iloc[held], **{"guiyang.in_force": statrun.DAY},
    )  # fmt: skip
    pd.testing.assert_frame_equal(md.zone_statistics(made), expected, rtol=1e-12)


@settings(max_examples=8, deadline=None)
@given(
    st.lists(st.tuples(st.floats(1, 1e4), st.floats(0, 1e5)), min_size=2, max_size=6),
    st.lists(st.sampled_from("NS"), min_size=6, max_size=6),
)
def test_all_zones_lie_between_the_best_and_the_worst_and_are_the_ratio_of_sums(rows, zone):
    """Tax per mu of all zones is the sum of tax over the sum of land, however the parcels are dealt out."""
    land = statrun.parcels().iloc[: len(rows)].assign(
        area_mu=[r[0] for r in rows], area_m2=[r[0] * statrun.MU for r in rows], tax_wan=[r[1] for r in rows],
        zone_id=zone[: len(rows)],
    )  # fmt: skip
    table = md.zone_statistics(run(("liaocheng-2022",), land=land)).set_index(["measure", "zone_id"])["value"]
    own = table["tax_per_mu_parcel"]
    assert own["*"] == pytest.approx(sum(r[1] for r in rows) / sum(r[0] for r in rows))
    known = own[["N", "S"]].dropna()
    assert known.min() <= own["*"] * (1 + 1e-9)
    assert own["*"] <= known.max() * (1 + 1e-9) + 1e-9
    assert not np.isinf(table).any()

"""The order of rows changes nothing: not of parcels, links, enterprises or zones."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from screenrun import firms, land, links, run, square, zones

from mudian.screening import screen
from mudian.settings import ScreeningSettings

OWN = ScreeningSettings(benchmark_tax_per_mu=8.0, min_site_mu=15.0)


def town(seed):
    """Sixteen squares with many ties, two zones, some gaps, and enterprises of all kinds."""
    random = np.random.default_rng(seed)
    size = 16
    parcels = land(
        geometry=[square(i % 4, i // 4) for i in range(size)],
        zone_id=random.choice(["A", "B"], size, p=[0.8, 0.2]),
        owner=random.choice(["甲", "甲、乙", "丙", None], size),
        tax_wan=random.choice([0.0, 10.0, 20.0, np.nan], size),
        inefficient=random.choice([True, False, None], size, p=[0.6, 0.2, 0.2]),
        inefficient_missing=["tax_wan"] * size,
        idle_status=random.choice(["idle_1y", "not_idle", "unknown"], size),
        area_mu=random.choice([10.0, 10.1], size),
    )
    table = firms(
        {"enterprise_id": "E1", "name": "乙", "grade": "D", "grade_missing": "", "operating_status": "停产"},
        {"enterprise_id": "E2", "name": "甲", "grade": "D", "grade_missing": "", "operating_status": "停产"},
        {"enterprise_id": "E3", "name": "丙", "grade": None, "grade_missing": "score", "operating_status": None},
    )
    pairs = [(f"P{p}", f"E{e}", r) for p in range(1, size + 1) for e in (1, 2, 3, 4) for r in ("own", "lease")]
    held = links(*(pairs[k] for k in random.choice(len(pairs), 20, replace=False)))
    return parcels, table, held, zones(zone_id=["A", "B"], tax_wan=[300.0, 200.0], base_mu=[100.0, 50.0])


def shuffled(frame, seed):
    return frame.sample(frac=1, random_state=seed).reset_index(drop=True)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000))
def test_shuffled_rows_give_the_same_screening(seed):
    parcels, table, held, of = town(seed)
    found = screen(run(parcels, of=of, table=table, held=held), settings=OWN)
    order = np.random.default_rng(seed + 1).permutation(len(parcels))
    moved = parcels.iloc[order].reset_index(drop=True)
    moved = moved.assign(source_row=np.arange(1, len(moved) + 1))
    new = pd.Series(moved["source_row"].to_numpy(), order + 1)
    other = screen(
        run(
            moved, of=shuffled(of, seed), table=shuffled(table, seed),
            held=shuffled(held.assign(parcel_row=held["parcel_row"].map(new)), seed),
        ),
        settings=OWN,
    )  # fmt: skip
    pd.testing.assert_frame_equal(
        found.parcels.drop(columns="source_row"), other.parcels.drop(columns="source_row"), check_exact=True
    )
    pd.testing.assert_frame_equal(pd.DataFrame(found.sites), pd.DataFrame(other.sites), check_exact=True)
    for mu in (15.0, 30.0, 45.0):
        for objective in ("gain", "owners"):
            one, two = (f.best(mu, scenario="own", objective=objective) for f in (found, other))
            pd.testing.assert_frame_equal(pd.DataFrame(one), pd.DataFrame(two), check_exact=True)

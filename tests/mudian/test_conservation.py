"""Conservation holds for any holdings, and the check can fail."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_allocation_cases import MU, make_parcels

from mudian.allocate import allocate, landless
from mudian.conserve import Account, check, draw_up
from mudian.errors import CheckError
from mudian.hold import held_area
from mudian.link import link
from mudian.measure import measure_enterprises, measure_parcels
from parcels.ledger import Ledger

money = st.one_of(st.none(), st.floats(-1e6, 1e9, allow_nan=False, width=64))


@st.composite
def worlds(draw):
    """Random parcels (codes may repeat), enterprises and holdings (areas may be missing, zero or too large)."""
    n, m = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    sizes = draw(st.lists(st.floats(0.01, 5000), min_size=n, max_size=n))
    ids = draw(st.lists(st.sampled_from(["A", "B", "C", "D", "E", "F"]), min_size=n, max_size=n))
    owners = draw(st.lists(st.sampled_from([None, "e0", "e1", "e2", "stranger"]), min_size=n, max_size=n))
    taxes = draw(st.lists(money, min_size=m, max_size=m))
    cells = draw(st.lists(st.sampled_from([None, "A", "B;C", "A、F", "nowhere"]), min_size=m, max_size=m))
    rows = draw(
        st.lists(
            st.tuples(
                st.sampled_from(["A", "B", "C", "D", "nowhere"]),
                st.sampled_from(["e0", "e1", "e2", "unlisted"]),
                st.sampled_from(["own", "lease", "let"]),
                st.one_of(st.none(), st.floats(0, 1e7)),
            ),
            max_size=10,
        )
    )
    enterprises = pd.DataFrame(
        {
            "enterprise_id": [f"e{i}" for i in range(m)],
            "tax_wan": np.array([np.nan if t is None else t for t in taxes]),
            "parcel_id": pd.Series(cells, dtype="str"),
            "source_row": range(m),
        }
    )
    holdings = pd.DataFrame(rows, columns=["parcel_id", "enterprise_id", "relation", "area_m2"])
    holdings = holdings.astype({"area_m2": float}).assign(source_row=range(len(rows)))
    return make_parcels(sizes, owners=owners, ids=ids), enterprises, holdings


@given(worlds())
@settings(max_examples=150, deadline=None)
def test_money_and_area_are_conserved_for_random_holdings(world):
    parcels, enterprises, holdings = world
    ledger, area = Ledger(), parcels["area_mu"] * MU
    found = link(parcels, enterprises, holdings, area=area, ledger=ledger)
    links = allocate(held_area(found.frame, area, ids=parcels["parcel_id"], ledger=ledger), enterprises, ledger=ledger)
    check(draw_up(links, enterprises, area, without_land=landless(links, enterprises)))
    held = links.groupby("parcel")["area_m2"].sum()
    assert (held <= area[held.index] * (1 + 1e-9)).all()
    assert (links["area_m2"] >= 0).all()
    # The same money seen from the parcels and from the enterprises.
    on_land = measure_parcels(parcels, links, enterprises)["tax_wan"].sum()
    with_land = enterprises["tax_wan"][~landless(links, enterprises)].sum()
    assert on_land == pytest.approx(with_land, rel=1e-9, abs=1e-6)
    measured = measure_enterprises(enterprises, links)
    inside = links[(links["enterprise"] >= 0)]
    assert measured["land_mu"].sum() * MU == pytest.approx(inside["area_m2"].sum(), rel=1e-9)


def test_the_check_fails_when_something_is_lost():
    with pytest.raises(CheckError) as error:
        check([Account("tax_wan", 100.0, 99.0, {"enterprise_without_land": 0.5})])
    assert error.value.exit_code == 4
    assert "tax_wan" in error.value.render("en")
    check([Account("tax_wan", 100.0, 99.0, {"enterprise_without_land": 1.0})])


@given(worlds(), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_row_order_changes_nothing(world, random):
    parcels, enterprises, holdings = world

    def taxes(h, e):
        ledger, area = Ledger(), parcels["area_mu"] * MU
        found = link(parcels, e, h, area=area, ledger=ledger)
        links = allocate(held_area(found.frame, area, ids=parcels["parcel_id"], ledger=ledger), e, ledger=ledger)
        return measure_parcels(parcels, links, e)["tax_wan"].to_numpy()

    order = random.sample(range(len(holdings)), len(holdings))
    turned = holdings.iloc[order].reset_index(drop=True)
    back = enterprises.iloc[::-1].reset_index(drop=True)
    np.testing.assert_allclose(taxes(turned, back), taxes(holdings, enterprises), rtol=1e-9, atol=1e-6)

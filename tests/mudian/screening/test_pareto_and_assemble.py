"""Pareto fronts by their definition, and the best contiguous site against every choice."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mudian.screening.assemble import best_site
from mudian.screening.contiguous import land_of
from mudian.screening.pareto import pareto_fronts
from mudian.screening.seeking import seek


def beats(one, other):
    return one != other and all(a >= b for a, b in zip(one, other, strict=True))


def plain_fronts(points):
    left, front, found = set(range(len(points))), 0, [0] * len(points)
    while left:
        front += 1
        free = {i for i in left if not any(beats(points[j], points[i]) for j in left)}
        for i in free:
            found[i] = front
        left -= free
    return found


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=25))
def test_fronts_by_definition(points):
    gain, ease = (pd.Series([float(p[k]) for p in points], dtype=float) for k in (0, 1))
    assert pareto_fronts(gain, ease).tolist() == plain_fronts(points)


def test_fronts_keep_a_repeated_index_and_leave_out_what_is_missing():
    found = pareto_fronts(pd.Series([1.0, np.nan, 2.0], [7, 7, 8]), pd.Series([1.0, 1.0, 2.0], [7, 7, 8]))
    assert found.index.tolist() == [7, 7, 8]
    assert found.isna().tolist() == [False, True, False]
    assert found.dropna().tolist() == [2, 1]


GRID = [(a, b) for a in range(9) for b in range(a + 1, 9) if (b - a == 3) or (b - a == 1 and a // 3 == b // 3)]


def plain_best(area, gain, owner, least, objective):
    best = None
    for count in range(1, 10):
        for chosen in combinations(range(9), count):
            if area[list(chosen)].sum() < least or not joined(chosen):
                continue
            per_mu = round(gain[list(chosen)].sum() / area[list(chosen)].sum(), 9)
            few = -len(set(owner[list(chosen)].tolist()))
            key = (per_mu, few) if objective == "gain" else (few, per_mu)
            best = key if best is None or key > best else best
    return best


def joined(chosen):
    seen, open_ = {chosen[0]}, [chosen[0]]
    while open_:
        at = open_.pop()
        new = {b for a, b in GRID if a == at} | {a for a, b in GRID if b == at}
        open_ += [n for n in new & set(chosen) if n not in seen]
        seen |= new & set(chosen)
    return len(seen) == len(chosen)


@pytest.mark.parametrize("objective", ["gain", "owners"])
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_best_site_is_the_best_of_all_contiguous_choices(objective, seed):
    random = np.random.default_rng(seed)
    area, gain = random.integers(5, 20, 9).astype(float), random.integers(-50, 100, 9).astype(float)
    owner = random.integers(0, 4, 9)
    first, second = np.array(GRID).T
    found = best_site(area, gain, owner, first, second, at_least_mu=40, objective=objective)
    key = (round(found.gain_wan / found.area_mu, 9), -found.owners)
    assert found.exact
    assert joined(found.members)
    assert found.area_mu >= 40
    assert (key if objective == "gain" else key[::-1]) == plain_best(area, gain, owner, 40, objective)
    land = land_of(area, gain, owner, first, second, least=40.0, objective=objective)
    near = seek(land, land.groups(), starts=9, grown_parcels=1000, improved=9, rounds=60)
    assert joined(tuple(near))
    assert area[list(near)].sum() >= 40


def test_no_site_is_large_enough_and_unknown_gain_takes_no_part():
    area, nothing = np.array([10.0, 10.0]), np.array([0])
    assert best_site(area, np.array([1.0, 1.0]), np.arange(2), nothing, nothing + 1, at_least_mu=21) is None
    assert best_site(area, np.array([1.0, np.nan]), np.arange(2), nothing, nothing + 1, at_least_mu=11) is None

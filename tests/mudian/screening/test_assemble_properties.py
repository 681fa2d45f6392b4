"""What the search for a site promises, against every choice on small random graphs."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mudian.screening.assemble import best_site
from mudian.screening.contiguous import land_of
from mudian.screening.seeking import improve
from mudian.screening.words import choices

LEAST = 30.0


def graph(seed, size=8):
    """Parcels of 5–15 mu with gains (some unknown), owners (some joint), and random pairs that are adjacent."""
    random = np.random.default_rng(seed)
    area = random.integers(5, 16, size).astype(float)
    gain = np.where(random.random(size) < 0.1, np.nan, random.integers(-40, 100, size).astype(float))
    owner = random.integers(0, 4, size)
    joint = np.flatnonzero(random.random(size) < 0.3)
    shared = joint, random.integers(0, 4, len(joint))
    pairs = [p for p in combinations(range(size), 2) if random.random() < 0.3]
    first, second = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
    return area, gain, owner, first, second, shared


def neighbours(first, second):
    beside = {}
    for a, b in zip(first.tolist(), second.tolist(), strict=True):
        beside.setdefault(a, set()).add(b)
        beside.setdefault(b, set()).add(a)
    return beside


def whole(chosen, beside):
    seen, open_ = {chosen[0]}, [chosen[0]]
    while open_:
        new = (beside.get(open_.pop(), set()) & set(chosen)) - seen
        open_ += new
        seen |= new
    return len(seen) == len(chosen)


def people(chosen, owner, shared):
    return {int(owner[c]) for c in chosen} | {int(o) for p, o in zip(*shared, strict=True) if p in chosen}


def value(chosen, town, objective):
    area, gain, owner, _, _, shared = town
    per_mu = round(sum(gain[c] for c in chosen) / sum(area[c] for c in chosen), 9)
    few = -len(people(chosen, owner, shared))
    return (per_mu, few) if objective == "gain" else (few, per_mu)


def every(town):
    """Every contiguous choice of enough land with known gains."""
    area, gain, _, first, second, _ = town
    known, beside = np.flatnonzero(~np.isnan(gain)).tolist(), neighbours(first, second)
    for count in range(1, len(known) + 1):
        for chosen in combinations(known, count):
            if area[list(chosen)].sum() >= LEAST and whole(chosen, beside):
                yield chosen


def find(town, objective):
    area, gain, owner, first, second, shared = town
    return best_site(area, gain, owner, first, second, at_least_mu=LEAST, objective=objective, shared=shared)


@pytest.mark.parametrize("objective", ["gain", "owners"])
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_a_small_group_is_solved_exactly(objective, seed):
    town = graph(seed)
    plain = max((value(c, town, objective) for c in every(town)), default=None)
    found = find(town, objective)
    if plain is None:
        assert found is None
        return
    assert found.exact
    assert value(found.members, town, objective) == plain
    assert found.owners == len(people(found.members, town[2], town[5]))
    assert found.bound == pytest.approx(plain[0] if objective == "gain" else -plain[0])


@pytest.mark.parametrize("objective", ["gain", "owners"])
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_a_large_group_gives_a_site_a_bound_and_no_false_proof(objective, seed):
    """With groups of more than three parcels left to the search, as larger ones are."""
    town = graph(seed)
    plain = max((value(c, town, objective) for c in every(town)), default=None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(choices()["limits"], "exact_parcels", 3)
        found = find(town, objective)
    assert (found is None) == (plain is None)
    if found is None:
        return
    assert found.members in set(every(town))
    reached = value(found.members, town, objective)
    assert reached <= plain
    assert found.bound >= plain[0] - 1e-6 if objective == "gain" else found.bound <= -plain[0]
    if found.exact:
        assert reached[0] == pytest.approx(plain[0])


@pytest.mark.parametrize("objective", ["gain", "owners"])
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_no_single_parcel_makes_an_improved_site_better(objective, seed):
    """Everything that differs by one parcel, or by one that goes and one that comes, is worth no more."""
    town = graph(seed)
    area, gain, owner, first, second, shared = town
    valid = set(every(town))
    land = land_of(area, gain, owner, first, second, least=LEAST, objective=objective, shared=shared)
    for start in sorted(valid)[:3]:
        site = improve(land, frozenset(start), 1000)
        reached = value(tuple(sorted(site)), town, objective)
        assert tuple(sorted(site)) in valid
        assert reached >= value(start, town, objective)
        for other in valid:
            if len(site - set(other)) <= 1 and len(set(other) - site) <= 1:
                assert value(other, town, objective) <= reached


def test_search_in_one_large_group_finds_what_was_planted():
    """A field of 40 by 40 parcels of 10 mu that lose 1 each; five in the form of a cross gain 50 each. 50 mu wanted."""
    wide = 40
    gain = np.full(wide * wide, -1.0)
    cross = [820, 819, 821, 780, 860]
    gain[cross] = 50.0
    at = np.arange(wide * wide).reshape(wide, wide)
    first = np.concatenate([at[:, :-1].ravel(), at[:-1].ravel()])
    second = np.concatenate([at[:, 1:].ravel(), at[1:].ravel()])
    owner = np.arange(wide * wide)
    found = best_site(np.full(wide * wide, 10.0), gain, owner, first, second, at_least_mu=50)
    assert sorted(found.members) == sorted(cross)
    assert found.exact  # five parcels of 50 are also the most that any 50 mu could have
    more = best_site(np.full(wide * wide, 10.0), gain, owner, first, second, at_least_mu=70)
    # Seven parcels: the five and two more that lose one each: 248 on 70 mu.
    assert set(cross) < set(more.members)
    assert more.gain_wan == pytest.approx(248.0)


def test_a_group_that_exactly_reaches_the_least_area_counts():
    """0.1 + 0.2 mu is enough for 0.3 mu, whatever the last bit says."""
    found = best_site(
        np.array([0.1, 0.2]), np.array([1.0, 1.0]), np.arange(2), np.array([0]), np.array([1]), at_least_mu=0.3
    )
    assert found.members == (0, 1)

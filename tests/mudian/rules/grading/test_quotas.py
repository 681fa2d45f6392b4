from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from gradingpack import RANK, one_policy
from hypothesis import given
from hypothesis import strategies as st

from mudian.rules.grading.lookup import Lookup
from mudian.rules.grading.quotas import classes, edges, places, tied


def lookup_of(folder, method=RANK, **values):
    policy = one_policy(folder, method, **values)
    return Lookup(policy, policy.methods()["m"][1])


def counts(lookup, size, ranked=None):
    edge = edges(lookup, ranked=ranked or size, population=size)
    found = classes(places(np.arange(ranked or size, dtype=float)), edge.cuts, up=[False, True, True])
    return [Counter(found.tolist())[k] for k in range(4)]


def test_published_quotas(tmp_path):
    lookup = lookup_of(tmp_path)
    assert counts(lookup, 275)[0] == 55  # 20 % rounded down
    assert counts(lookup, 275)[3] == 14  # 5 % = 13.75, rounded up
    assert counts(lookup, 265)[0] == 53
    assert counts(lookup, 100) == [20, 40, 35, 5]


def test_classes_outside_the_ranking_count_from_the_top_and_from_the_bottom(tmp_path):
    found = counts(lookup_of(tmp_path), 275, ranked=265)
    assert (found[0], found[3], sum(found)) == (55, 14, 265)


def test_shares_are_exact(tmp_path):
    # 0.29 * 100 is 28.999999999999996 in binary, and 0.07 * 100 is 7.000000000000001
    assert counts(lookup_of(tmp_path, a=29), 100)[0] == 29
    assert counts(lookup_of(tmp_path, a=7, c=93), 100)[3] == 7
    assert edges(lookup_of(tmp_path, a=33.3), ranked=1000, population=1000).cuts[0] == 333


@pytest.mark.parametrize(("edge", "expected"), [("down", 20), ("below", 20), ("up", 21), ("half_up", 21)])
def test_how_a_share_becomes_a_number(edge, expected, tmp_path):
    method = RANK.replace('upto = "a"', f'upto = "a", edge = "{edge}"')
    assert counts(lookup_of(tmp_path, method), 104)[0] == expected  # 20.8


def test_a_limit_that_is_excluded(tmp_path):
    method = RANK.replace('upto = "a"', 'upto = "a", edge = "below"')
    assert counts(lookup_of(tmp_path, method), 100)[0] == 19


def test_the_last_grade_by_its_own_share(tmp_path):
    method = RANK.replace(', upto = "c"', "").replace('zh = "D", en = "D"', 'zh = "D", en = "D", last = "d"')
    lookup = lookup_of(tmp_path, method, d="1/20")
    assert counts(lookup, 275)[3] == 14
    assert edges(lookup, ranked=275, population=275).shares[-1] == Fraction(19, 20)


def test_less_than_one_enterprise_in_the_last_grade_is_said(tmp_path):
    lookup = lookup_of(tmp_path)
    assert edges(lookup, ranked=19, population=19).rounded_up
    assert not edges(lookup, ranked=20, population=20).rounded_up
    assert counts(lookup, 19)[3] == 1


def test_ties_go_to_one_side():
    ranks = places(np.array([9.0, 8.0, 8.0, 8.0, 1.0]))
    assert ranks.first.tolist() == [1, 2, 2, 2, 5]
    assert ranks.last.tolist() == [1, 4, 4, 4, 5]
    assert classes(ranks, [2, 4], up=[False, True]).tolist() == [0, 1, 1, 1, 2]
    assert classes(ranks, [2, 4], up=[True, True]).tolist() == [0, 0, 0, 0, 2]
    assert classes(ranks, [3], up=[False]).tolist() == [0, 1, 1, 1, 1]
    assert tied(ranks, [2, 4]).tolist() == [False, True, True, True, False]


def test_a_tie_over_several_edges_has_one_grade():
    ranks = places(np.array([5.0] * 10))
    assert set(classes(ranks, [2, 6, 9], up=[False, True, True])) == {1}
    assert set(classes(ranks, [2, 6, 9], up=[False, False, False])) == {3}
    assert set(classes(ranks, [2, 6, 9], up=[True, True, True])) == {0}


def test_an_unknown_edge_leaves_only_its_neighbours_open():
    ranks = places(np.arange(100.0)[::-1].copy())
    found = classes(ranks, [20, None, 95], up=[False, True, True])
    assert (found[:20] == 0).all()
    assert (found[95:] == 3).all()
    assert (found[20:95] == -1).all()


def test_scores_within_the_last_bit_are_equal():
    assert places(np.array([0.1 + 0.2, 0.3])).last.tolist() == [2, 2]
    assert places(np.array([0.3001, 0.3])).last.tolist() == [1, 2]


def test_nobody():
    assert places(np.zeros(0)).first.tolist() == []


@given(st.lists(st.integers(0, 8), min_size=1, max_size=30), st.randoms())
def test_places_and_classes_do_not_depend_on_the_order(scores, random):
    order = list(range(len(scores)))
    random.shuffle(order)
    array = np.array(scores, float)
    ranks, shuffled = places(array), places(array[order])
    assert ranks.first[order].tolist() == shuffled.first.tolist()
    assert ranks.first.tolist() == [1 + sum(o > s for o in scores) for s in scores]
    assert ranks.last.tolist() == [sum(o >= s for o in scores) for s in scores]
    cuts = [len(scores) // 5, len(scores) // 2, len(scores) - 1]
    found = classes(ranks, cuts, up=[False, True, True])
    assert found[order].tolist() == classes(shuffled, cuts, up=[False, True, True]).tolist()
    for better, worse in zip(np.argsort(-array)[:-1], np.argsort(-array)[1:], strict=True):
        assert found[better] <= found[worse]

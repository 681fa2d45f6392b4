"""Three-valued logic over columns: truth tables, equality, counting, and the names of what is missing."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mudian.rules.clock import add_years, days, years_between
from mudian.rules.logic import Judged, all_of, any_of, at_least, compare, constant, join_missing, name_missing

T, F, U = True, False, None


def column(*values):
    return pd.Series(pd.array(values, dtype="boolean"))


def listed(outcome):
    return [None if pd.isna(v) else bool(v) for v in outcome]


KLEENE = {  # a, b: and, or
    (T, T): (T, T), (T, F): (F, T), (T, U): (U, T),
    (F, T): (F, T), (F, F): (F, F), (F, U): (F, U),
    (U, T): (U, T), (U, F): (F, U), (U, U): (U, U),
}  # fmt: skip


@pytest.mark.parametrize(("pair", "result"), KLEENE.items())
def test_kleene_tables(pair, result):
    a, b = column(pair[0]), column(pair[1])
    assert (listed(all_of([a, b]))[0], listed(any_of([a, b]))[0]) == result


@pytest.mark.parametrize(
    ("outcomes", "count", "result"),
    [
        ((T, T, F), 2, T),
        ((T, F, F), 2, F),
        ((T, U, F), 2, U),
        ((T, T, U), 2, T),
        ((F, F, U), 2, F),
        ((U, U, U), 2, U),
        ((U, U, U), 4, F),
        ((F, F, F), 0, T),
        ((T, U, U), 3, U),
    ],
)
def test_at_least_decides_as_soon_as_it_can(outcomes, count, result):
    assert listed(at_least([column(o) for o in outcomes], count)) == [result]


@given(st.lists(st.sampled_from([T, F, U]), min_size=1, max_size=5), st.integers(0, 6))
def test_at_least_is_what_all_ways_of_filling_the_unknown_say(outcomes, count):
    filled = itertools.product(*[(o,) if o is not None else (True, False) for o in outcomes])
    answers = {sum(case) >= count for case in filled}
    expected = answers.pop() if len(answers) == 1 else None
    assert listed(at_least([column(o) for o in outcomes], count)) == [expected]


@pytest.mark.parametrize(
    ("operator", "below", "equal", "above"),
    [
        ("<", T, F, F),
        ("<=", T, T, F),
        (">", F, F, T),
        (">=", F, T, T),
        ("==", F, T, F),
        ("!=", T, F, T),
    ],
)
def test_comparisons(operator, below, equal, above):
    values = pd.Series([4.9, 5.0, 5.1, None])
    assert listed(compare(values, operator, 5.0)) == [below, equal, above, None]


def test_a_third_is_a_third_whichever_way_it_was_computed():
    # 3333.333… of 10000 and 0.1 + 0.2 differ from 1/3 and 0.3 in the last bit only.
    values = pd.Series([1 / 3, 0.1 + 0.2, (1000 / 3) / 1000])
    limits = pd.Series([1 - 2 / 3, 0.3, 1 / 3])
    assert listed(compare(values, "<", limits)) == [False] * 3
    assert listed(compare(values, ">", limits)) == [False] * 3
    assert listed(compare(values, "==", limits)) == [True] * 3


def test_equal_is_relative_so_small_numbers_stay_apart():
    assert listed(compare(pd.Series([1e-12, 0.0]), ">", 0.0)) == [True, False]
    assert listed(compare(pd.Series([1e9 + 0.5, 1e9 + 50]), "==", 1e9)) == [True, False]


def test_either_side_missing_is_unknown_and_infinity_does_no_harm():
    values, limits = pd.Series([1.0, None, None, np.inf]), pd.Series([None, 1.0, None, np.inf])
    assert listed(compare(values, "<", limits)) == [None, None, None, False]
    assert listed(compare(pd.Series([1.0]), "<", np.nan)) == [None]


def test_comparison_keeps_the_index():
    assert compare(pd.Series([1.0, 2.0], index=["b", "a"]), "<", 2.0).index.tolist() == ["b", "a"]


def test_names_of_what_is_missing():
    index = pd.Index([7, 8, 9])
    named = name_missing(
        {
            "tax_wan": np.array([True, False, False]),
            "land_mu": np.array([True, True, False]),
            "never": np.zeros(3, bool),
        },
        index,
    )
    assert named.tolist() == ["tax_wan;land_mu", "land_mu", ""]
    assert named.index.equals(index)
    assert name_missing({}, index).tolist() == ["", "", ""]
    assert name_missing({"x": np.zeros(0, bool)}, pd.Index([])).tolist() == []


@given(st.integers(1, 80), st.integers(0, 2**32))
def test_any_number_of_names(names, seed):
    hits = np.random.default_rng(seed).random((names, 4)) < 0.3
    said = name_missing({f"f{n}": hits[n] for n in range(names)}, pd.RangeIndex(4))
    expected = [";".join(f"f{n}" for n in range(names) if hits[n, row]) for row in range(4)]
    assert said.tolist() == expected


def test_names_are_joined_without_repeats():
    index = pd.RangeIndex(3)
    first = pd.Series(["a;b", "a", ""], dtype="str")
    second = pd.Series(["b", "c", "c"], dtype="str").astype("category")
    where = np.array([True, True, False])
    assert join_missing([(where, first), (where, second)], index).tolist() == ["a;b", "a;c", ""]


def test_constant():
    assert listed(constant(None, pd.RangeIndex(2))) == [None, None]
    assert listed(constant(False, pd.RangeIndex(1))) == [False]


def test_findings_leave_out_whom_the_rule_does_not_concern():
    judged = Judged(
        "r", column(T, F, U), pd.Series([6.0, 1.0, None]), ">=", 5.0, "亩", "第一条",
        pd.Series(["", "", "area_mu"], dtype="str").astype("category"), column(T, F, T),
    )  # fmt: skip
    rows = judged.findings("project", pd.Series(["a", "b", "c"], dtype="str"))
    assert rows["subject_id"].tolist() == ["a", "c"]
    assert rows["missing"].tolist() == ["", "area_mu"]
    assert rows["threshold"].tolist() == [5.0, 5.0]


@pytest.mark.parametrize(
    ("start", "end", "years"),
    [
        ("2021-03-01", "2022-02-28", 0),
        ("2021-03-01", "2022-03-01", 1),
        ("2021-03-01", "2023-02-28", 1),
        ("2020-02-29", "2021-02-28", 1),  # the month has ended
        ("2020-02-29", "2021-02-27", 0),
        ("2020-02-29", "2024-02-28", 3),
        ("2020-02-29", "2024-02-29", 4),
        ("2023-02-28", "2024-02-28", 1),
        ("2024-12-31", "2025-12-31", 1),
        ("2025-12-31", "2025-12-31", 0),
        ("2026-01-01", "2025-12-31", -1),  # not yet: a day short of nothing
    ],
)
def test_whole_years_are_counted_by_anniversaries(start, end, years):
    elapsed = years_between(days(pd.Series([start])), np.datetime64(end))
    assert int(np.floor(elapsed[0])) == years


def test_years_of_a_missing_day_are_missing():
    assert np.isnan(years_between(days(pd.Series([None], dtype="datetime64[s]")), np.datetime64("2025-01-01")))[0]


@given(st.dates(), st.integers(1, 60))
def test_a_year_is_full_on_the_day_that_is_so_many_years_later(start, years):
    if start.year + years > 2200 or start.year < 1700:
        return
    begun = np.array([start], "datetime64[D]")
    day = add_years(begun, years)[0]
    assert years_between(begun, day)[0] == years
    assert years_between(begun, day - np.timedelta64(1, "D"))[0] < years

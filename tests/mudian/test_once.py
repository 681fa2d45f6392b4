"""What is worked out once is worked out again for another owner, and is let go with its owner."""

import gc
import weakref

from mudian.once import once


class Owner:
    """A run."""


def test_once_for_an_owner_and_a_name():
    first, second, calls = Owner(), Owner(), []

    def make():
        calls.append(len(calls))
        return calls[-1]

    assert [once(first, "a", make), once(first, "a", make), once(second, "a", make), once(first, "b", make)] == [
        0,
        0,
        1,
        2,
    ]
    assert len(calls) == 3


def test_the_result_goes_with_its_owner():
    owner, made = Owner(), Owner()
    seen = weakref.ref(made)
    once(owner, "a", [made].pop)
    del made
    gc.collect()
    assert seen() is not None
    del owner
    gc.collect()
    assert seen() is None

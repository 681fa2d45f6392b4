"""What several products of one run need, worked out once and kept as long as the run is in use."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, TypeVar

Made = TypeVar("Made")

_KEPT: dict[tuple[int, str], Any] = {}


def once(owner: object, name: str, make: Callable[[], Made]) -> Made:
    """The result of a computation, made at the first call and kept while its owner lives.

    Parameters
    ----------
    owner
        The run or the table that the result is of; nobody may change it.
    name
        What is computed, with everything besides the owner that it depends on.
    make
        The computation.

    Examples
    --------
    >>> class Run: ...
    >>> run = Run()
    >>> once(run, "size", lambda: 3), once(run, "size", lambda: 4)
    (3, 3)
    """
    key = (id(owner), name)
    if key not in _KEPT:
        _KEPT[key] = make()
        weakref.finalize(owner, _KEPT.pop, key, None)
    found: Made = _KEPT[key]
    return found

"""The limits of the importer's own checks, from ``data/checks.toml``.

They are not official: they only decide what is put before a person.
"""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, float]]:
    return tomllib.loads((files("parcels") / "data" / "checks.toml").read_text(encoding="utf-8"))


def limit(check: str, key: str = "value") -> float:
    """A limit by the name of its check.

    Examples
    --------
    >>> limit("area_differs")
    0.01
    """
    return float(_table()[check][key])

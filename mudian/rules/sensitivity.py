"""Area-basis sensitivity: which verdicts would be others if areas were taken on another basis.

A parcel has up to three areas: as registered (登记面积), in the plane of its projection (平面面积) and on the ellipsoid
(椭球面积). Figures per mu rest on one of them; the same run on another gives the same verdict or it does not. A verdict
flips where both bases decide and differ; where only one of them decides it is counted apart, never as a flip.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.rules.logic import name_missing
from mudian.rules.moves import UNKNOWN as UNDECIDED
from mudian.rules.moves import codes, settings

Frames = TypeVar("Frames")
BoolArray = NDArray[np.bool_]
UNKNOWN = "unknown"


@dataclass(frozen=True)
class BasisFlips:
    """Verdicts that another area basis would give.

    Attributes
    ----------
    flips
        Per parcel the bases and verdicts that flip, as ``registered: inefficient`` joined by ``;``; empty where none.
    counts
        Per basis and verdict how many parcels flip, and how many are decided on one of the two bases only
        (``undecided``), for the manifest.
    """

    flips: pd.Series
    counts: dict[str, dict[str, dict[str, int]]]


def area_columns() -> dict[str, str]:
    """The column of a parcel's area in m² on each basis."""
    return dict(settings()["bases"])


def basis_flips(
    rebuild: Callable[[str], Frames],
    judge: Callable[[Frames], Mapping[str, pd.Series]],
    *,
    basis: str,
    others: tuple[str, ...] | None = None,
    base: Mapping[str, pd.Series] | None = None,
) -> BasisFlips:
    """Judge the same land on other area bases.

    Parameters
    ----------
    rebuild
        Makes the measured tables with areas from a column (see :func:`area_columns`): held areas, allocation and
        figures per mu follow from it.
    judge
        Gives verdicts on parcels from such tables, by name, under the index of the parcels.
    basis
        The basis of the run: ``ellipsoidal``, ``planar`` or ``registered``.
    others
        The bases to compare with; by default all others.
    base
        The verdicts of the run, where they are at hand already.

    Returns
    -------
    BasisFlips

    Raises
    ------
    KeyError
        When a basis is none of the three.

    Examples
    --------
    >>> areas = pd.DataFrame({"area_m2": [960.0, 960.0], "planar_m2": [960.0, 940.0], "registered_m2": [900.0, None]})
    >>> large = lambda area: {"large": (area > 950).astype("boolean").where(area.notna())}
    >>> found = basis_flips(lambda column: areas[column], large, basis="ellipsoidal")
    >>> found.flips.tolist(), found.counts["registered"]
    (['registered: large', 'planar: large'], {'large': {'flips': 1, 'undecided': 1}})
    """
    columns = area_columns()
    base = judge(rebuild(columns[basis])) if base is None else base
    index = next(iter(base.values())).index if base else pd.Index([])
    masks: dict[str, BoolArray] = {}
    counts: dict[str, dict[str, dict[str, int]]] = {}
    for other in [b for b in columns if b != basis] if others is None else others:
        verdicts = judge(rebuild(columns[other]))
        compared = {name: _compare(outcome, verdicts[name]) for name, outcome in base.items()}
        masks |= {f"{other}: {name}": flips for name, (flips, _) in compared.items()}
        counts[other] = {n: {"flips": int(f.sum()), "undecided": int(u.sum())} for n, (f, u) in compared.items()}
    return BasisFlips(name_missing(masks, index), counts)


def _compare(before: pd.Series, after: pd.Series) -> tuple[BoolArray, BoolArray]:
    """Where both decide and differ, and where one of them only decides."""
    (first, known), (second, then) = _read(before), _read(after)
    return known & then & (first != second), known != then


def _read(outcome: pd.Series) -> tuple[NDArray[Any], BoolArray]:
    """A verdict as an array, and where it is decided."""
    if pd.api.types.is_bool_dtype(outcome.dtype):
        answers = codes(outcome.astype("boolean"))
        return answers, np.asarray(answers != UNDECIDED)
    words = outcome.astype("str").fillna(UNKNOWN).to_numpy()
    return words, np.asarray(words != UNKNOWN)

"""Pareto fronts (帕累托层) of two figures that are both better when higher."""

from __future__ import annotations

from bisect import bisect_right

import numpy as np
import pandas as pd


def pareto_fronts(gain: pd.Series, ease: pd.Series) -> pd.Series:
    """The front of every row.

    One row beats another when it is at least as good in both figures and better in one. Front 1 is beaten by none;
    front 2 by rows of front 1 only, and so on. Equal rows share a front. Sorting decides the time: O(n log n).

    Parameters
    ----------
    gain, ease
        Figures; a row that lacks one of them has no front.

    Returns
    -------
    Series
        1, 2, 3 … or missing, under the index of ``gain``.

    Examples
    --------
    >>> pareto_fronts(pd.Series([5.0, 3.0, 3.0, 5.0, None]), pd.Series([0.2, 0.9, 0.1, 0.2, 0.5])).tolist()
    [1, 1, 2, 1, <NA>]
    """
    both = np.column_stack([gain.to_numpy(float, na_value=np.nan), ease.to_numpy(float, na_value=np.nan)])
    known = np.isfinite(both).all(axis=1)
    points, place = np.unique(both[known], axis=0, return_inverse=True)
    # From the highest gain down, the best ease of every front so far; it falls from front to front.
    tails: list[float] = []
    fronts = np.zeros(len(points), dtype=np.int64)
    for at, value in zip(range(len(points) - 1, -1, -1), (-points[::-1, 1]).tolist(), strict=True):
        front = bisect_right(tails, value)
        if front == len(tails):
            tails.append(value)
        else:
            tails[front] = value
        fronts[at] = front + 1
    made = pd.Series(pd.NA, gain.index, dtype="Int64")
    made.loc[known] = fronts[place.reshape(-1)]
    return made

"""What the filter of a page needs: values to compare exactly, and where its sliders may stand.

A value is compared as it stands in the frame, never as it is shown: 2.999 is shown as 3.00 and is below 3. Limits are
left-closed as the classes are: a value that equals the lower limit passes, one that equals the upper limit does not.
A row without a value passes no limit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from maps import pack
from maps.classes import Floats
from maps.pack import Head

STOPS = 80
_DIGITS = range(7)


def store_exact(store: pack.Store, values: Floats) -> Head:
    """A column of numbers that the page gets back bit for bit, in few bytes where the numbers have few decimals.

    Parameters
    ----------
    store
        Where the bytes go.
    values
        In the order of the page; NaN for missing.

    Returns
    -------
    dict
        Head of a ``number`` column.

    Examples
    --------
    >>> store_exact(pack.Store(), np.array([1.25, np.nan]))["type"]
    'i4'
    >>> store_exact(pack.Store(), np.array([1 / 3]))["type"]
    'f8'
    """
    known = np.isfinite(values)
    for digits in _DIGITS:
        whole = np.rint(values[known] * 10.0**digits)
        if (np.abs(whole) >= 2**31 - 1).any():
            break
        if np.array_equal(whole / 10.0**digits, values[known]):
            return pack.store_column(store, pd.Series(np.where(known, values, np.nan)), digits=digits)
    exact = np.where(known, values, np.nan)
    return {"kind": "number", "digits": None, "scale": 1, **store.add_numbers(exact, "f8")}


def is_quotient(values: Floats, above: Floats, below: Floats) -> bool:
    """Whether the values are exactly the quotients of the two columns, and missing just where these are not defined.

    The page then divides the two columns itself and needs no third one.

    Examples
    --------
    >>> is_quotient(np.array([0.5, np.nan]), np.array([1.0, 1.0]), np.array([2.0, 0.0]))
    True
    >>> is_quotient(np.array([0.51]), np.array([1.0]), np.array([2.0]))
    False
    """
    quotient = np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)
    quotient[~np.isfinite(quotient)] = np.nan
    return np.array_equal(quotient, np.where(np.isfinite(values), values, np.nan), equal_nan=True)


def slider_stops(values: Floats, breaks: Sequence[float], digits: int) -> list[float]:
    """Where a slider may stand: the class limits, and quantiles of the values rounded to what is shown.

    Between quantiles lie about equally many rows, so that the slider is useful where most values are small and a few
    are very large.

    Examples
    --------
    >>> slider_stops(np.array([0.0, 0.5, 2.0, np.nan]), [1.0], 1)[:3]
    [0.1, 0.2, 0.3]
    """
    known = values[np.isfinite(values)]
    if known.size == 0:
        return sorted(float(limit) for limit in breaks)
    inner = np.round(np.quantile(known, np.linspace(0, 1, STOPS)), digits)
    stops = {float(stop) for stop in [*inner, *breaks]} | ({0.0} if known.min() < 0 else set())
    return sorted(stop for stop in stops if stop > known.min() and math.isfinite(stop))

"""Natural breaks (自然间断点) as left-closed limits.

The groups are those of Fisher and Jenks, the least sum of squared deviations inside classes, as mapclassify finds
them. Its classes are closed on the right; the limit given here is the least value of the next group, so that
:func:`maps.bands` puts every value into the group that it was found in.
"""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import ArrayLike

from maps.classes import as_floats

MOST = 500  # values that are compared one by one; more are stood for by as many quantiles


def natural_breaks(values: ArrayLike, k: int, *, skip_zero: bool = False) -> list[float]:
    """Limits that cut the values into at most ``k`` natural classes.

    Parameters
    ----------
    values
        Numbers; missing ones are left aside.
    k
        Number of classes wanted, at least 1.
    skip_zero
        Leave zeros aside too, for data with many zeros that get a class of their own.

    Returns
    -------
    list of float
        At most ``k - 1`` limits, strictly increasing. Of more than 500 values the limits are found on 500
        quantiles of them, which is the same in every call.

    Examples
    --------
    >>> natural_breaks([1, 2, 2, 10, 11, 50], 3)
    [10.0, 50.0]
    """
    numbers = as_floats(values)
    numbers = np.sort(numbers[np.isfinite(numbers)])
    if skip_zero:
        numbers = numbers[numbers != 0]
    different = np.unique(numbers)
    if k < 2 or len(different) < 2:
        return []
    if len(different) <= k:
        return [float(v) for v in different[1:]]
    sample = numbers if len(numbers) <= MOST else np.quantile(numbers, np.linspace(0, 1, MOST), method="nearest")
    if len(np.unique(sample)) <= k:
        return [float(v) for v in np.unique(sample)[1:]]
    from mapclassify import FisherJenks  # takes a second to load, and few runs need it

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # mapclassify says that it would be faster with numba
        upper = np.asarray(FisherJenks(sample, k=k).bins, dtype=np.float64)[:-1]
    above = np.searchsorted(different, upper, side="right")
    return sorted({float(different[i]) for i in above if i < len(different)})

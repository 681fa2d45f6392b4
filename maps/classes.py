"""Classes of a value: breaks, codes, labels and colours.

Classes are left-closed: a value that equals a break belongs to the class above it, as policy texts have it
(不低于, ≥). A value that is missing or not finite has no class; zero is a value, never missing. Codes are
computed here once and shipped to every product, so that page, sheet and workbook cannot disagree about a
value that lies on a break.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from maps.errors import MapError

NO_DATA = -1
NO_DATA_COLOUR = "#ececec"
ZERO_COLOUR = "#9a9a9a"

#: Colour ramps from low to high. ``YlGnBu5`` is meant for tax, ``Oranges5`` for investment, ``grade4`` for
#: A to D (Okabe and Ito's colour-blind safe set), ``qualitative8`` for classes without an order.
PALETTES: dict[str, tuple[str, ...]] = {
    "YlGnBu5": ("#ffffcc", "#a1dab4", "#41b6c4", "#2c7fb8", "#253494"),
    "Oranges5": ("#feedde", "#fdbe85", "#fd8d3c", "#e6550d", "#a63603"),
    "YlGn5": ("#ffffcc", "#c2e699", "#78c679", "#31a354", "#006837"),
    "grade4": ("#0072b2", "#56b4e9", "#f0e442", "#d55e00"),
    "qualitative8": (
        "#0072b2",
        "#e69f00",
        "#009e73",
        "#cc79a7",
        "#56b4e9",
        "#d55e00",
        "#f0e442",
        "#666666",
    ),
}
_UNORDERED = ("grade4", "qualitative8")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")

Codes = NDArray[np.int16]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Wording:
    """The few words that labels of classes need in one language."""

    no_data: str = "无数据"
    zero: str = "0"
    not_zero: str = "（不为 0）"
    any_value: str = "有数值"
    yes: str = "是"
    no: str = "否"


def bands(values: ArrayLike, breaks: Sequence[float], *, zero_class: bool = False) -> Codes:
    """Class code of each value between left-closed limits.

    Code 0 is below the first break, code ``len(breaks)`` at or above the last one. With ``zero_class`` the
    value zero has code 0 and the others move up by one. Missing and infinite values have code ``NO_DATA``
    (-1).

    Parameters
    ----------
    values
        Numbers, any unit; missing is NaN or null.
    breaks
        Limits in the same unit, strictly increasing.

    Returns
    -------
    Codes
        int16, same length as ``values``.

    Raises
    ------
    MapError
        ``map-breaks`` when the limits are not finite or not increasing.

    Examples
    --------
    >>> bands([0, 1, 2.9, 3, float("nan")], [1, 3]).tolist()
    [0, 1, 1, 2, -1]
    >>> bands([0, 0.5, 1], [1], zero_class=True).tolist()
    [0, 1, 2]
    """
    check_breaks(breaks)
    numbers = as_floats(values)
    codes = np.digitize(numbers, np.asarray(breaks, dtype=np.float64)).astype(np.int16)
    if zero_class:
        codes = np.where(numbers == 0, 0, codes + 1).astype(np.int16)
    codes[~np.isfinite(numbers)] = NO_DATA
    return codes


def quantile_breaks(values: ArrayLike, k: int, *, skip_zero: bool = False) -> list[float]:
    """Limits that cut the values into ``k`` classes of about equal count.

    The limits are the i/k quantiles (linear interpolation) of the finite values. Ties are never split: a
    limit that repeats, or that would leave the lowest class empty, is left out, so fewer classes may come
    back.

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
        At most ``k - 1`` limits, strictly increasing.

    Examples
    --------
    >>> quantile_breaks([1, 2, 3, 4, 5, 6, 7, 8, 9], 2)
    [5.0]
    >>> quantile_breaks([0, 0, 0, 0, 8], 4)
    []
    """
    numbers = as_floats(values)
    numbers = numbers[np.isfinite(numbers)]
    if skip_zero:
        numbers = numbers[numbers != 0]
    if numbers.size == 0:
        return []
    limits = np.unique(np.quantile(numbers, np.arange(1, k) / k))
    return [float(limit) for limit in limits if limit > numbers.min()]


def ramp(palette: str, k: int) -> list[str]:
    """``k`` colours of a palette, low to high; ramps are interpolated, unordered palettes are cut.

    Examples
    --------
    >>> ramp("YlGnBu5", 3)
    ['#ffffcc', '#41b6c4', '#253494']
    """
    if palette not in PALETTES:
        raise MapError("map-palette", name=palette, known=", ".join(PALETTES))
    colours = PALETTES[palette]
    if palette in _UNORDERED or k == len(colours):
        if k > len(colours):
            raise MapError("map-class-many", title=palette, count=k, limit=len(colours))
        return list(colours[:k])
    rgb = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in colours], dtype=np.float64)
    at = np.linspace(0, len(colours) - 1, k) if k > 1 else np.array([(len(colours) - 1) / 2])
    mixed = np.stack([np.interp(at, np.arange(len(colours)), rgb[:, i]) for i in range(3)], axis=1)
    return ["#" + "".join(f"{round(part):02x}" for part in row) for row in mixed]


def band_labels(breaks: Sequence[float], *, zero_class: bool = False, wording: Wording | None = None) -> list[str]:
    """Texts of left-closed classes.

    Examples
    --------
    >>> band_labels([1, 3, 1200.5])
    ['< 1', '1 – 3', '3 – 1,200.5', '≥ 1,200.5']
    """
    words = wording or Wording()
    texts = [f"{b:,.6f}".rstrip("0").rstrip(".") for b in breaks]
    if not texts:
        return [words.zero, "≠ 0"] if zero_class else [words.any_value]
    between = [f"{low} – {high}" for low, high in pairwise(texts)]
    labels = [f"< {texts[0]}", *between, f"≥ {texts[-1]}"]
    if not zero_class:
        return labels
    at_zero = int(np.digitize(0.0, np.asarray(breaks, dtype=np.float64)))
    labels[at_zero] += words.not_zero
    return [words.zero, *labels]


def as_floats(values: ArrayLike) -> Floats:
    """Numbers as float64 with NaN for missing."""
    if isinstance(values, pd.Series):
        values = values.to_numpy(dtype=np.float64, na_value=np.nan)
    numbers: Floats = np.asarray(values, dtype=np.float64)
    return numbers


def check_breaks(breaks: Sequence[float]) -> None:
    """Refuse limits that are not finite or not strictly increasing."""
    limits = np.asarray(breaks, dtype=np.float64)
    if not np.isfinite(limits).all() or (np.diff(limits) <= 0).any():
        raise MapError("map-breaks", breaks=list(breaks))


def check_colour(colour: str) -> None:
    """Refuse anything but six hexadecimal digits."""
    if not _COLOUR.fullmatch(colour):
        raise MapError("map-colour", colour=colour)

"""Cards: the lines that a click opens, for a row of the frame and for a feature of an overlay alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class CardField:
    """One line of the card that a click opens.

    Parameters
    ----------
    column
        Column of the frame.
    label
        Name of the line; default: the column's name.
    unit
        Unit after the value.
    digits
        Decimals of a number; default 0 for whole numbers and 2 for others.
    words
        Texts to show in place of values, for example ``{"idle_1y": "满一年未动工"}``.
    prose
        Sentences, such as reasons: shown under the other lines across the whole card, and not exported.
    """

    column: str
    label: str | None = None
    unit: str = ""
    digits: int | None = None
    words: Mapping[str, str] | None = None
    prose: bool = False


def worded(series: pd.Series, line: CardField) -> pd.Series:
    """The values of a line with words in the place of codes.

    Examples
    --------
    >>> worded(pd.Series(["a", "b"]), CardField("x", words={"a": "alpha"})).tolist()
    ['alpha', 'b']
    """
    if line.words is None:
        return series
    values = series.astype(object)
    return values.map(dict(line.words)).where(values.isin(list(line.words)), values)

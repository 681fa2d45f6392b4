"""Themes: what gives a feature its colour, applied to a frame.

The legend counts every row of the frame once, drawable or not, and sums the areas it is given; rows without a
value are a class of their own, in no sum of numerators or denominators.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd

from maps.classes import (
    NO_DATA,
    NO_DATA_COLOUR,
    ZERO_COLOUR,
    Codes,
    Floats,
    Wording,
    band_labels,
    bands,
    check_breaks,
    check_colour,
    ramp,
)
from maps.errors import MapError

Kind = Literal["ratio", "number", "class"]
MAX_CLASSES = 60


@dataclass(frozen=True)
class Theme:
    """What gives a feature its colour.

    Parameters
    ----------
    title
        Name of the theme as people read it.
    kind
        ``"ratio"`` (a quotient such as tax per mu: where several features share a pixel, the pixel shows
        the sum of numerators over the sum of denominators), ``"number"`` or ``"class"``.
    column
        Column with the value or the class. A ratio may leave it out: then it is numerator / denominator,
        missing where the denominator is missing or not positive.
    unit
        Unit of the value, for people.
    breaks
        Class limits of a ratio or number, strictly increasing; classes are left-closed.
    classes
        Values of a class column in the order of the legend; default: the values that occur, sorted.
    labels, colours
        One for each class; default: texts made from the limits or values, and ``palette``.
    palette
        Name in :data:`maps.PALETTES` for colours that are not given; default: ``YlGnBu5``, for classes
        ``qualitative8``.
    numerator, denominator
        Columns of a ratio, both needed.
    zero_class
        Give the value zero a class of its own, below the others.
    hatched
        Values of a class column that are hatched as well as coloured.
    no_data
        Label of the features without a value; default: a fixed word of the language.
    digits
        Decimals shown.
    """

    title: str
    kind: Kind
    column: str | None = None
    unit: str = ""
    breaks: Sequence[float] = ()
    classes: Sequence[Hashable] = ()
    labels: Sequence[str] = ()
    colours: Sequence[str] = ()
    palette: str | None = None
    numerator: str | None = None
    denominator: str | None = None
    zero_class: bool = False
    hatched: Sequence[Hashable] = ()
    no_data: str | None = None
    digits: int = 2

    def __post_init__(self) -> None:
        if self.kind not in ("ratio", "number", "class"):
            raise self._wrong(f"kind {self.kind!r} 不存在", f"there is no kind {self.kind!r}")
        halves = (self.numerator is None, self.denominator is None)
        if self.kind == "ratio" and any(halves):
            raise self._wrong("ratio 缺 numerator 或 denominator", "ratio lacks numerator or denominator")
        if self.kind != "ratio" and self.column is None:
            raise self._wrong("缺 column", "column is missing")
        if len(set(self.classes)) != len(self.classes):
            raise self._wrong("classes 有重复", "classes holds a value twice")
        check_breaks(self.breaks)
        for colour in self.colours:
            check_colour(colour)

    def _wrong(self, zh: str, en: str) -> MapError:
        return MapError("map-theme", title=self.title, detail_zh=zh, detail_en=en)


@dataclass(frozen=True)
class LegendRow:
    """One class with what falls into it; ``area`` is the sum of the area column, None without one."""

    label: str
    colour: str
    hatched: bool
    count: int
    area: float | None


@dataclass(frozen=True)
class Classified:
    """A theme applied to a frame: one code per row (``NO_DATA`` for none), the values and the legend."""

    codes: Codes
    values: Floats | None
    legend: tuple[LegendRow, ...]
    no_data: LegendRow


@dataclass(frozen=True)
class Band:
    """One left-closed class of a ratio or number: ``low <= value < high``, None for no limit.

    ``zero`` is True for the class of zero alone, False where zero has a class of its own and is not in this one.
    """

    low: float | None
    high: float | None
    zero: bool | None = None


def theme_bands(theme: Theme) -> list[Band]:
    """The classes of a ratio or number from low to high, as they are counted.

    Examples
    --------
    >>> theme_bands(Theme("t", "number", "t", breaks=[1]))
    [Band(low=None, high=1.0, zero=None), Band(low=1.0, high=None, zero=None)]
    """
    edges = [None, *map(float, theme.breaks), None]
    apart = False if theme.zero_class else None
    found = [Band(low, high, apart) for low, high in pairwise(edges)]
    return [Band(None, None, True), *found] if theme.zero_class else found


@dataclass(frozen=True)
class _Scheme:
    codes: Codes
    labels: Sequence[str]
    values: Floats | None = None
    hatched: Sequence[bool] = field(default=())
    zero: bool = False


def classify(
    frame: pd.DataFrame, theme: Theme, *, area: str | None = None, wording: Wording | None = None
) -> Classified:
    """Apply a theme to a frame: codes, values and legend with counts and sums of area.

    Parameters
    ----------
    frame
        Any frame with the theme's columns.
    theme
        What gives the class.
    area
        Column with the area in mu that the legend sums; rows without area add nothing.
    wording
        Words for labels that the theme does not give.

    Returns
    -------
    Classified
        Codes in the order of the frame's rows.

    Raises
    ------
    MapError
        For a missing or non-numeric column, an unlisted class, or labels or colours of the wrong number.
    """
    words = wording or Wording()
    make = _class_scheme if theme.kind == "class" else _band_scheme
    scheme = make(frame, theme, words)
    labels = list(theme.labels) or list(scheme.labels)
    colours = list(theme.colours) or _default_colours(theme, scheme)
    for part_zh, part_en, given in (("标签", "labels", labels), ("颜色", "colours", colours)):
        if len(given) != len(scheme.labels):
            raise MapError(
                "map-class-count",
                title=theme.title,
                classes=len(scheme.labels),
                given=len(given),
                part_zh=part_zh,
                part_en=part_en,
            )
    counts, areas = totals(scheme.codes, len(labels), None if area is None else numeric(frame, area, "area"))
    hatched = scheme.hatched or [False] * len(labels)
    rows = [LegendRow(*row) for row in zip(labels, colours, hatched, counts[:-1], areas[:-1], strict=True)]
    none = LegendRow(theme.no_data or words.no_data, NO_DATA_COLOUR, True, counts[-1], areas[-1])
    return Classified(scheme.codes, scheme.values, tuple(rows), none)


def classify_values(values: Floats, theme: Theme) -> Codes:
    """Codes of an array of any shape by the limits of a ratio or number theme."""
    return bands(values.ravel(), theme.breaks, zero_class=theme.zero_class).reshape(values.shape)


def band_labels_of(theme: Theme, wording: Wording | None = None) -> tuple[list[str], list[str]]:
    """Labels and colours of the classes of a ratio or number theme, from low to high."""
    labels = list(theme.labels) or band_labels(theme.breaks, zero_class=theme.zero_class, wording=wording or Wording())
    scheme = _Scheme(np.empty(0, np.int16), labels, zero=theme.zero_class)
    return labels, list(theme.colours) or _default_colours(theme, scheme)


def numeric(frame: pd.DataFrame, column: str, use: str) -> Floats:
    """A column as float64 with NaN for missing; text is refused rather than guessed at."""
    series = existing(frame, column, use)
    if not pd.api.types.is_numeric_dtype(series) or pd.api.types.is_bool_dtype(series):
        raise MapError("map-not-numeric", column=column, dtype=series.dtype)
    return np.asarray(series.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)


def existing(frame: pd.DataFrame, column: str, use: str) -> pd.Series:
    """A column of the frame, or an error that lists the columns there are."""
    if column not in frame.columns:
        raise MapError("map-column-missing", column=column, use=use, known=", ".join(map(str, frame.columns)))
    series = frame[column]
    if not isinstance(series, pd.Series):
        raise MapError("map-column-twice", column=column, use=use)
    return series


def _band_scheme(frame: pd.DataFrame, theme: Theme, words: Wording) -> _Scheme:
    values = _values(frame, theme)
    codes = bands(values, theme.breaks, zero_class=theme.zero_class)
    labels = band_labels(theme.breaks, zero_class=theme.zero_class, wording=words)
    return _Scheme(codes, labels, values, zero=theme.zero_class)


def _values(frame: pd.DataFrame, theme: Theme) -> Floats:
    if theme.column is not None:
        return numeric(frame, theme.column, theme.title)
    above = numeric(frame, str(theme.numerator), theme.title)
    below = numeric(frame, str(theme.denominator), theme.title)
    ratio: Floats = np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)
    return ratio


def _class_scheme(frame: pd.DataFrame, theme: Theme, words: Wording) -> _Scheme:
    series = existing(frame, str(theme.column), theme.title)
    present = series.dropna().unique()
    classes = list(theme.classes) or sorted(present, key=str)
    if len(classes) > MAX_CLASSES:
        raise MapError("map-class-many", title=theme.title, count=len(classes), limit=MAX_CLASSES)
    codes = pd.Index(classes, dtype=object).get_indexer(pd.Index(series.astype(object))).astype(np.int16)
    known = np.asarray(series.notna())
    if (lost := known & (codes == NO_DATA)).any():
        unlisted = ", ".join(sorted({repr(v) for v in series[lost].unique()})[:10])
        listed = ", ".join(map(repr, classes))
        raise MapError("map-class-unknown", title=theme.title, column=theme.column, values=unlisted, known=listed)
    codes[~known] = NO_DATA
    names = {True: words.yes, False: words.no}
    labels = [names[bool(c)] if isinstance(c, (bool, np.bool_)) else str(c) for c in classes]
    return _Scheme(codes, labels, None, [c in theme.hatched for c in classes])


def _default_colours(theme: Theme, scheme: _Scheme) -> list[str]:
    palette = theme.palette or ("qualitative8" if theme.kind == "class" else "YlGnBu5")
    count = len(scheme.labels)
    return [ZERO_COLOUR, *ramp(palette, count - 1)] if scheme.zero else ramp(palette, count)


def totals(codes: Codes, k: int, area: Floats | None) -> tuple[list[int], list[float | None]]:
    """Count and sum of area of each of ``k`` classes and, last, of the rows without one."""
    slot = np.where(codes == NO_DATA, k, codes)
    counts: list[int] = np.bincount(slot, minlength=k + 1).tolist()
    if area is None:
        return counts, [None] * (k + 1)
    weights = np.where(np.isfinite(area), area, 0.0)
    sums: list[float | None] = np.bincount(slot, weights=weights, minlength=k + 1).tolist()
    return counts, sums

"""The interactive map: one file that opens by double-click, without a server and without a network.

The page carries every column that is named here for every row, and the shapes themselves. Name only what its
readers may see; columns that are not named are not in the file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields

import geopandas as gpd
import numpy as np
import pandas as pd

from maps import pack, page
from maps.charts import Waterfall
from maps.classes import Floats, Wording
from maps.errors import Lang, MapError
from maps.overlays import Overlay, store_layers
from maps.pack import Head
from maps.page import Page
from maps.themes import Theme, classify, existing, numeric


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
    """

    column: str
    label: str | None = None
    unit: str = ""
    digits: int | None = None
    words: Mapping[str, str] | None = None


@dataclass
class _Columns:
    """The columns that go into the page, each stored once, in the order of the page."""

    frame: pd.DataFrame
    order: pack.Ints
    store: pack.Store
    yes_no: Mapping[bool, str]
    heads: list[Head] = field(default_factory=list)
    known: dict[tuple[object, ...], int] = field(default_factory=dict)

    def text(self, column: str, use: str) -> int:
        """A column to be searched, as text whatever it is."""
        key = ("text", column)
        if key not in self.known:
            self._add(
                key,
                pack.store_column(self.store, self._series(column, use), words=self.yes_no, searchable=True),
            )
        return self.known[key]

    def shown(self, line: CardField) -> int:
        """A column to be shown, with the values replaced by words where there are some."""
        series = self._series(line.column, "card")
        if line.words is None and ("text", line.column) in self.known and not _is_number(series):
            return self.known["text", line.column]
        key = ("shown", line.column, line.digits, None if line.words is None else tuple(line.words.items()))
        if key not in self.known:
            if line.words is not None:
                values = series.astype(object)
                series = values.map(dict(line.words)).where(values.isin(list(line.words)), values)
            self._add(key, pack.store_column(self.store, series, digits=line.digits, words=self.yes_no))
        return self.known[key]

    def values(self, values: Floats, digits: int) -> int:
        """Values of a theme, given in the order of the frame."""
        series = pd.Series(values[self.order])
        return self._add(("values", len(self.known)), pack.store_column(self.store, series, digits=digits))

    def measure(self, values: Floats) -> int:
        """Numerator or denominator, given in the order of the frame."""
        return self._add(("measure", len(self.known)), pack.store_measure(self.store, values[self.order]))

    def _series(self, column: str, use: str) -> pd.Series:
        return existing(self.frame, column, use).iloc[self.order].reset_index(drop=True)

    def _add(self, key: tuple[object, ...], head: Head) -> int:
        twin = self.store.twin(head, self.heads)
        if twin is None:
            self.heads.append(head)
        self.known[key] = len(self.heads) - 1 if twin is None else twin
        return self.known[key]


def interactive(
    frame: gpd.GeoDataFrame,
    *,
    themes: Sequence[Theme],
    label: str,
    search: Sequence[str] = (),
    card: Sequence[CardField] = (),
    overlays: Sequence[Overlay] = (),
    table: pd.DataFrame | None = None,
    charts: Sequence[Waterfall] = (),
    area: str | None = None,
    title: str,
    notes: Sequence[str] = (),
    lang: Lang = "zh",
) -> Page:
    """Draw a frame as one self-contained page with themes, legend, search, cards and a ranking table.

    Parameters
    ----------
    frame
        Polygons in any CRS with the columns named below. Rows without a polygon can be searched and are
        counted on the page. The frame is not changed.
    themes
        What gives the colour; the first one is shown at first.
    label
        Column that names a row in tip, search and card.
    search
        Columns searched by any part of their text, besides ``label``.
    card
        Lines of the card that a click opens.
    overlays
        Zones, constraints and the like, drawn over the frame in this order.
    table
        Ranking table of the panel; see :attr:`Overlay.key`.
    charts
        Waterfalls of the panel, of which one is shown at a time.
    area
        Column with the area in mu, summed per class in the legend.
    title
        Title of page and panel.
    notes
        Sentences at the foot of the panel: sources, dates, area basis.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    Page
        ``Page.save(path)`` writes it, ``Page.html`` is its text; a notebook shows it in a frame.

    Raises
    ------
    MapError
        For a frame without CRS, a column that is missing or not numeric, or a theme that cannot be applied.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import box
    >>> frame = gpd.GeoDataFrame({"name": ["甲公司"], "tax": [6.0], "mu": [2.0]},
    ...     geometry=[box(117, 36, 117.001, 36.001)], crs=4490)
    >>> tax = Theme("亩均税收", "ratio", numerator="tax", denominator="mu", breaks=[1, 3], unit="万元/亩")
    >>> page = interactive(frame, themes=[tax], label="name", area="mu", title="示例")
    >>> "http://" in page.html.split("page-data")[0]
    False
    """
    words = read_words(lang)
    if not themes:
        raise MapError("map-no-theme")
    shapes = pack.pack_shapes(frame.geometry, name=title)
    store = pack.Store()
    columns = _Columns(frame, shapes.order, store, {True: words["yes"], False: words["no"]})
    layers = store_layers(store, overlays, table, words)
    undrawn = [(overlay.title, n) for overlay, n in zip(overlays, layers.undrawn, strict=True)]
    data = {
        "lang": lang,
        "words": words,
        "title": title,
        "rows": len(frame),
        "zoom": pack.ZOOM,
        "shapes": pack.store_shapes(store, shapes),
        "search": [columns.text(name, "search") for name in dict.fromkeys([label, *search])],
        "themes": [_theme(columns, theme, area, words) for theme in themes],
        "label": columns.text(label, "label"),
        "card": [_card_line(columns, line) for line in card],
        "columns": columns.heads,
        "overlays": layers.overlays,
        "table": layers.table,
        "charts": [chart.head() for chart in charts],
        "notes": [*map(str, notes), *_own_notes(frame, shapes.undrawn, area, undrawn, words)],
    }
    return page.build(title=title, words=words, data=data, blobs=store.text())


def read_words(lang: str) -> dict[str, str]:
    """The fixed words of the page in one language."""
    languages: dict[str, dict[str, str]] = tomllib.loads(page.asset("words.toml"))
    if lang not in languages:
        raise MapError("map-lang", lang=lang)
    return languages[lang]


def _theme(columns: _Columns, theme: Theme, area: str | None, words: Mapping[str, str]) -> Head:
    wording = Wording(**{item.name: words[item.name] for item in fields(Wording)})
    done = classify(columns.frame, theme, area=area, wording=wording)
    head: Head = {
        "title": theme.title,
        "unit": theme.unit,
        "kind": theme.kind,
        "codes": pack.store_codes(columns.store, done.codes[columns.order]),
        "legend": [asdict(row) for row in done.legend],
        "noData": asdict(done.no_data),
    }
    if done.values is not None:
        head["values"] = columns.values(done.values, theme.digits)
    if theme.kind == "ratio":
        head |= _sums(columns, theme)
    return head


def _sums(columns: _Columns, theme: Theme) -> Head:
    """Numerator and denominator; the page sums them over rows that have a value and both parts."""
    return {
        "numerator": columns.measure(numeric(columns.frame, str(theme.numerator), theme.title)),
        "denominator": columns.measure(numeric(columns.frame, str(theme.denominator), theme.title)),
        "breaks": [float(limit) for limit in theme.breaks],
        "zeroClass": theme.zero_class,
    }


def _card_line(columns: _Columns, line: CardField) -> Head:
    return {"label": line.label or line.column, "unit": line.unit, "column": columns.shown(line)}


def _own_notes(
    frame: gpd.GeoDataFrame,
    undrawn: int,
    area: str | None,
    overlays: Sequence[tuple[str, int]],
    words: Mapping[str, str],
) -> list[str]:
    lines = []
    if undrawn:
        lines.append(words["not_drawn"].format(n=undrawn))
    if area is not None and (lacking := int((~np.isfinite(numeric(frame, area, "area"))).sum())):
        lines.append(words["area_missing"].format(n=lacking))
    lines += [words["overlay_not_drawn"].format(title=title, n=n) for title, n in overlays if n]
    return lines


def _is_number(series: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(series) and not pd.api.types.is_bool_dtype(series)

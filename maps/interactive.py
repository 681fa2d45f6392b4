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
from maps.basemaps import Base, store_bases
from maps.cards import CardField, worded
from maps.charts import Waterfall
from maps.classes import Floats, Wording
from maps.errors import Lang, MapError
from maps.filters import is_quotient, slider_stops, store_exact
from maps.groups import store_groups
from maps.images import ImageLayer, store_images
from maps.overlays import Overlay, store_layers
from maps.pack import Head
from maps.page import Page
from maps.steps import Steps, store_steps
from maps.themes import Theme, classify, existing, numeric


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
            shown = worded(series, line)
            self._add(key, pack.store_column(self.store, shown, digits=line.digits, words=self.yes_no))
        return self.known[key]

    def values(self, values: Floats, digits: int) -> int:
        """Values of a theme, given in the order of the frame."""
        series = pd.Series(values[self.order])
        return self._add(("values", len(self.known)), pack.store_column(self.store, series, digits=digits))

    def exact(self, values: Floats) -> int:
        """Numbers to be compared and summed as they are, given in the order of the frame."""
        return self._add(("exact", len(self.known)), store_exact(self.store, values[self.order]))

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
    images: Sequence[ImageLayer] = (),
    bases: Sequence[Base] = (),
    steps: Steps | None = None,
    table: pd.DataFrame | None = None,
    charts: Sequence[Waterfall] = (),
    area: str | None = None,
    filters: Sequence[Theme] | None = None,
    group: str | None = None,
    figures: pd.DataFrame | None = None,
    title: str,
    notes: Sequence[str] = (),
    lang: Lang = "zh",
) -> Page:
    """Draw a frame as one self-contained page with themes, legend, filter, search, cards, ranking and zone panel.

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
    images
        Pictures such as heat surfaces, listed among the layers.
    bases
        Base maps to choose from; none is shown at first. Without one the page asks for nothing from the network.
    steps
        What is left after each step of a deduction.
    table
        Ranking table of the panel; see :attr:`Overlay.key`.
    charts
        Waterfalls of the panel, of which one is shown at a time.
    area
        Column with the area in mu, summed per class in the legend.
    filters
        Themes whose classes can be ticked to show only their rows; by default the class themes of the page. A theme
        with values has limits to be moved besides.
    group
        Column that names the zone of each row, with the values of the ``key`` of the first overlay that has one. The
        page then has a panel with the figures, classes and waterfall of each zone.
    figures
        Key figures of the zone panel, with the values of ``group`` as index; default: the row of ``table``.
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
    pictures: dict[str, str] = {}
    grounds = store_bases(bases, words, pictures)
    data = {
        "lang": lang,
        "words": words,
        "title": title,
        "rows": len(frame),
        "zoom": pack.ZOOM,
        "shapes": pack.store_shapes(store, shapes),
        "search": [columns.text(name, "search") for name in dict.fromkeys([label, *search])],
        "themes": [_theme(columns, theme, area, words, card) for theme in themes],
        "label": columns.text(label, "label"),
        "labelName": next((line.label or line.column for line in card if line.column == label), label),
        "area": None if area is None else columns.exact(numeric(frame, area, "area")),
        "filters": [_filter(columns, theme, themes, area, words) for theme in _filters(filters, themes)],
        "group": None if group is None else _groups(columns, group, overlays, table, figures, words),
        "card": [_card_line(columns, line) for line in card],
        "columns": columns.heads,
        "overlays": layers.overlays,
        "table": layers.table,
        "images": store_images(images, pictures),
        "bases": grounds.heads,
        "steps": None if steps is None else store_steps(store, steps),
        "charts": [chart.head() for chart in charts],
        "notes": [*map(str, notes), *_own_notes(frame, shapes.undrawn, area, undrawn, words)],
    }
    blobs = store.text() | pictures
    return page.build(title=title, words=words, data=data, blobs=blobs, hosts=grounds.hosts)


def read_words(lang: str) -> dict[str, str]:
    """The fixed words of the page in one language."""
    languages: dict[str, dict[str, str]] = tomllib.loads(page.asset("words.toml"))
    if lang not in languages:
        raise MapError("map-lang", lang=lang)
    return languages[lang]


def wording(lang: Lang = "zh") -> Wording:
    """The words for labels of classes, as the page has them.

    Examples
    --------
    >>> wording("en").no_data
    'No data'
    """
    words = read_words(lang)
    return Wording(**{item.name: words[item.name] for item in fields(Wording)})


def _theme(
    columns: _Columns, theme: Theme, area: str | None, words: Mapping[str, str], card: Sequence[CardField] = ()
) -> Head:
    own = Wording(**{item.name: words[item.name] for item in fields(Wording)})
    done = classify(columns.frame, theme, area=area, wording=own)
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
        head["stops"] = slider_stops(done.values, theme.breaks, theme.digits)
        head |= _sums(columns, theme, done.values, card) if theme.kind == "ratio" else {}
        if theme.kind != "ratio" or not head["quotient"]:
            head["exact"] = columns.exact(done.values)
    return head


def _sums(columns: _Columns, theme: Theme, values: Floats, card: Sequence[CardField]) -> Head:
    """Numerator and denominator; the page sums them over rows that have a value and both parts."""
    above = numeric(columns.frame, str(theme.numerator), theme.title)
    below = numeric(columns.frame, str(theme.denominator), theme.title)
    line = next((line for line in card if line.column == theme.numerator), CardField(str(theme.numerator)))
    return {
        "numerator": columns.exact(above),
        "denominator": columns.exact(below),
        "quotient": is_quotient(values, above, below),
        "sumLabel": line.label or line.column,
        "sumUnit": line.unit,
        "breaks": [float(limit) for limit in theme.breaks],
        "zeroClass": theme.zero_class,
    }


def _filters(filters: Sequence[Theme] | None, themes: Sequence[Theme]) -> Sequence[Theme]:
    return [theme for theme in themes if theme.kind == "class"] if filters is None else filters


def _filter(
    columns: _Columns, theme: Theme, themes: Sequence[Theme], area: str | None, words: Mapping[str, str]
) -> Head:
    """A theme of the page by its number, another one with its classes."""
    number = next((number for number, other in enumerate(themes) if other is theme), None)
    return {"spec": _theme(columns, theme, area, words)} if number is None else {"theme": number}


def _groups(
    columns: _Columns,
    group: str,
    overlays: Sequence[Overlay],
    table: pd.DataFrame | None,
    figures: pd.DataFrame | None,
    words: Mapping[str, str],
) -> Head:
    rows = existing(columns.frame, group, "group").iloc[columns.order]
    return store_groups(columns.store, rows, overlays, table, figures, words)


def _card_line(columns: _Columns, line: CardField) -> Head:
    head: Head = {"label": line.label or line.column, "unit": line.unit, "column": columns.shown(line)}
    return head | {"prose": line.prose}


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

"""Small pictures for documents: a theme with its legend beside it, and the bars of a waterfall, as PNG.

A map is drawn as on a print sheet (same classes, colours, round scale), without grid and frame of the paper. The same
input gives the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import geopandas as gpd
import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike
from shapely.geometry.base import BaseGeometry

from maps import blocks
from maps.bases import Ground, Layer, ground
from maps.charts import Waterfall
from maps.classes import Wording
from maps.errors import Lang
from maps.fonts import Fonts, wrap
from maps.furniture import text
from maps.interactive import wording as class_words
from maps.layout import Box, Layout
from maps.overlays import Overlay
from maps.paper import CONTEXT, draw_overlays, draw_parcels, sheet_words, view_of
from maps.printing import SETTINGS
from maps.themes import Theme

BAR_COLOURS = {"total": "#44546a", "hard": "#b5523b", "soft": "#d9a441", "left": "#2e8b57", "part": "#7fbf9a"}
_MM, _EDGE, _GAP, _TEXT = 25.4, 0.6, 3.0, 0.8
_PANEL = 0.34  # share of the width that the legend takes


def vignette(
    frame: gpd.GeoDataFrame | Ground,
    *,
    theme: Theme,
    title: str,
    subject: ArrayLike | None = None,
    extent: BaseGeometry | None = None,
    overlays: Sequence[Overlay | Layer] = (),
    area: str | None = None,
    width_mm: float = 160.0,
    height_mm: float = 80.0,
    dpi: int = 160,
    wording: Wording | None = None,
    lang: Lang = "zh",
) -> bytes:
    """Draw a theme as a small picture with its legend and scale at the right.

    Parameters
    ----------
    frame, theme, subject, extent, overlays, area, wording, lang
        As for :func:`maps.sheet`.
    title
        Named when nothing can be drawn; a document has its own caption.
    width_mm, height_mm, dpi
        Size in the document, at which the scale is true, and dots per inch.

    Returns
    -------
    bytes
        A PNG.

    Raises
    ------
    MapError
        For a frame without CRS or extent, or Chinese text without a Chinese font.

    Examples
    --------
    >>> from shapely import box
    >>> one = gpd.GeoDataFrame({"v": [3.0]}, geometry=[box(5e5, 4e6, 501000, 4000500)], crs=4548)
    >>> vignette(one, theme=Theme("value", "number", "v", breaks=[2]), title="one", lang="en")[:4]
    b'\\x89PNG'
    """
    words, fonts = sheet_words(lang), Fonts()
    base = frame if isinstance(frame, Ground) else ground(frame)
    plan = _layout(width_mm, height_mm)
    counted = np.ones(len(base.frame), dtype=bool) if subject is None else np.asarray(subject, dtype=bool)
    done = base.classified(theme, counted, area=area, wording=wording or class_words(lang))
    view = view_of(base, counted, extent, plan, None, title)
    layers = [o if isinstance(o, Layer) else base.layer(o) for o in overlays]
    with mpl.rc_context(SETTINGS):
        figure, box = _sized(plan.width, plan.height), plan.map
        place = (box.x / plan.width, box.y / plan.height, box.width / plan.width, box.height / plan.height)
        canvas = figure.add_axes(place, label="map")
        west, south, east, north = view.bounds
        canvas.set(xlim=(west, east), ylim=(south, north), xticks=[], yticks=[])
        paper = _paper(figure)  # above the map, for labels
        context = draw_parcels(canvas, view, base, counted, done)
        signs = draw_overlays(canvas, paper, view, layers, fonts, plan.text)
        if context:
            signs = [blocks.Sign(words["context"], CONTEXT, "#c4c4c4"), *signs]
        heading = f"{theme.title}（{theme.unit}）" if theme.unit else theme.title

        def make(k: float) -> list[blocks.Block]:
            pen = blocks.Pen(paper, fonts, words, plan.columns[0].width, k)
            rows = [*done.legend, done.no_data]
            return [blocks.legend(pen, fonts.clean(heading), rows, signs), blocks.scale(pen, view)]

        blocks.place(make, plan.columns, plan.text)
        return _png(figure, dpi)


def bars(steps: Waterfall, *, missing: str, width_mm: float = 160.0, height_mm: float = 62.0, dpi: int = 160) -> bytes:
    """Draw a waterfall as horizontal bars, one line a step, each with its size.

    Parameters
    ----------
    steps
        The bars.
    missing
        What is written where the size of a step is not known.
    width_mm, height_mm, dpi
        Size in the document and dots per inch.

    Returns
    -------
    bytes
        A PNG.

    Examples
    --------
    >>> bars(Waterfall("z", ["all", "left"], [3.0, 3.0], ["total", "left"]), missing="unknown")[1:4]
    b'PNG'
    """
    fonts, made = Fonts(), steps.bars()
    most = max([b["start"] + (b["size"] or 0.0) for b in made] + [0.0]) or 1.0
    left, right = 0.30 * width_mm, 0.86 * width_mm
    step = (height_mm - 2) / max(len(made), 1)
    size = min(8.0, step * 1.9)
    with mpl.rc_context(SETTINGS):
        figure = _sized(width_mm, height_mm)
        paper = _paper(figure)
        for n, bar in enumerate(made):
            y = height_mm - 1 - (n + 0.5) * step
            name = wrap(fonts.clean(str(bar["label"])), (left - 4) / (size * _MM / 72)) or [""]
            shown = name[0] if len(name) == 1 else name[0] + "…"
            text(paper, left - 2, y, shown, fonts, size, ha="right", va="center")
            start = left + (right - left) * bar["start"] / most
            if bar["size"] is None:
                text(paper, start + 1, y, missing, fonts, size, ha="left", va="center", color="#777777")
                continue
            long = (right - left) * bar["size"] / most
            face = BAR_COLOURS[bar["kind"]]
            paper.add_artist(Rectangle((start, y - 0.32 * step), long, 0.64 * step, fc=face, ec="none"))
            text(paper, start + long + 1, y, f"{bar['size']:,.2f}", fonts, size, ha="left", va="center")
        paper.plot([left, left], [1, height_mm - 1], color="#777777", lw=0.6)
        return _png(figure, dpi)


def _layout(wide: float, high: float) -> Layout:
    panel = wide * _PANEL
    box = Box(_EDGE, _EDGE, wide - panel - _GAP - 2 * _EDGE, high - 2 * _EDGE)
    column = Box(wide - panel - _EDGE, _EDGE, panel, high - 2 * _EDGE)
    return Layout(wide, high, box, (column,), _TEXT)


def _sized(wide: float, high: float) -> Figure:
    figure = Figure(figsize=(wide / _MM, high / _MM))
    FigureCanvasAgg(figure)
    return figure


def _paper(figure: Figure) -> Axes:
    """Axes over the whole figure whose units are millimetres."""
    wide, high = figure.get_size_inches() * _MM
    paper = figure.add_axes((0, 0, 1, 1), label="paper")
    paper.set(xlim=(0, wide), ylim=(0, high))
    paper.axis("off")
    return paper


def _png(figure: Figure, dpi: int) -> bytes:
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=dpi, metadata={"Software": None})
    figure.clear()
    return data.getvalue()

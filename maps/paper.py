"""Print sheets: a theme at an exact round scale with legend, grid, scale bar and notes, as PDF or PNG.

The classes are those of :func:`maps.classify`. The map box has its size in millimetres and shows exactly box times
scale, so that distances can be measured on the paper.
"""

from __future__ import annotations

import io
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import IO, Any

import geopandas as gpd
import matplotlib as mpl
import numpy as np
import pyproj
import shapely
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

from maps import blocks, furniture
from maps.bases import OVERVIEW, Ground, Layer, ground
from maps.classes import NO_DATA, Wording
from maps.errors import Lang, MapError
from maps.fonts import Fonts, shorten, width
from maps.interactive import wording as class_words
from maps.layout import Layout, Orientation, Size, layout, meridian, round_scale
from maps.outlines import draw, polygons, within
from maps.overlays import Overlay
from maps.printing import SETTINGS, Imprint, one_line, pdf_metadata, written
from maps.themes import Classified, Theme, existing, numeric

CONTEXT = "#f4f4f4"
#: Hatches of the overlays, in their order.
HATCHES = ("\\\\\\\\", "....", "----", "xxx", "||||", "ooo", "+++")
_MARGIN = 1.06
_MM = 25.4


@dataclass(frozen=True)
class Sheet:
    """A finished sheet: its figure, title, scale number, the view and the classes in it."""

    figure: Figure
    title: str
    scale: int
    view: furniture.View
    crs: pyproj.CRS
    classified: Classified
    imprint: Imprint

    def save(self, path: str | Path, *, dpi: int = 200) -> Path:
        """Write the sheet as ``.pdf`` or ``.png``, whole or not at all; the same sheet gives the same bytes."""
        target = Path(path)
        kind = target.suffix.lower().lstrip(".")
        if kind not in ("pdf", "png"):
            raise MapError("map-sheet-option", name="path", value=target.name, known=".pdf, .png")
        with written(target) as handle:
            self.write(handle, kind, dpi)
        return target

    def write(self, handle: IO[bytes], kind: str, dpi: int = 200) -> None:
        """Write the sheet to an open file."""
        about: dict[str, Any] = pdf_metadata(self.title, self.imprint) if kind == "pdf" else {"Software": None}
        about["Title"] = one_line(self.title)
        with mpl.rc_context(SETTINGS):
            self.figure.savefig(handle, format=kind, dpi=dpi, metadata=about)

    def close(self) -> None:
        """Give back the memory of the figure; the sheet cannot be written afterwards."""
        self.figure.clear()

    def _repr_png_(self) -> bytes:
        data = io.BytesIO()
        self.write(data, "png", 90)
        return data.getvalue()


@cache
def sheet_words(lang: Lang) -> dict[str, str]:
    """Fixed words of the sheet."""
    texts = tomllib.loads(files("maps").joinpath("assets", "sheet_words.toml").read_text(encoding="utf-8"))
    if lang not in texts:
        raise MapError("map-lang", lang=lang)
    found: dict[str, str] = texts[lang]
    return found


def sheet(
    frame: gpd.GeoDataFrame | Ground,
    *,
    theme: Theme,
    title: str,
    overlays: Sequence[Overlay | Layer] = (),
    area: str | None = None,
    subject: ArrayLike | None = None,
    extent: BaseGeometry | None = None,
    size: Size = "A3",
    orientation: Orientation = "landscape",
    scale: int | None = None,
    subtitle: str = "",
    statistics: Sequence[tuple[str, str]] = (),
    notes: Sequence[str] = (),
    imprint: Imprint | None = None,
    wording: Wording | None = None,
    lang: Lang = "zh",
) -> Sheet:
    """Draw a theme on paper at a round scale.

    Parameters
    ----------
    frame
        Polygons, or a :func:`maps.ground` of them when many sheets are made. A projected CRS in metres is
        kept; from degrees the sheet goes to the CGCS2000 3-degree Gauss-Kruger zone of the centre, and says so.
    theme, area
        What gives the class, and the column with the area in mu that the legend sums.
    title, subtitle
        Heading.
    overlays
        Outlines over the parcels, with labels; the first is the strongest. Those that are seen stand in the legend.
    subject
        True for the rows that are coloured and counted; the others are drawn light, as surroundings. Default: all.
    extent
        What must be on the map, in the CRS of the frame; default: the subject.
    size, orientation, scale
        Paper and scale number; default scale: the largest round one that fits.
    statistics, notes, imprint
        Box of figures, lines of notes, and the foot.
    wording, lang
        Words of the classes; language of the fixed words.

    Returns
    -------
    Sheet
        With ``save`` for PDF and PNG.

    Raises
    ------
    MapError
        For a frame without CRS or extent, a scale that does not fit, or Chinese text without a Chinese font.

    Examples
    --------
    >>> box = gpd.GeoDataFrame({"v": [3.0]}, geometry=[shapely.box(5e5, 4e6, 501000, 4000500)], crs=4548)
    >>> made = sheet(box, theme=Theme("value", "number", "v", breaks=[2]), title="one", lang="en")
    >>> made.scale, [row.count for row in made.classified.legend]
    (4000, [0, 1])
    """
    words, fonts, own = sheet_words(lang), Fonts(), imprint or Imprint()
    base = frame if isinstance(frame, Ground) else ground(frame)
    plan = layout(size, orientation)
    counted = np.ones(len(base.frame), dtype=bool) if subject is None else np.asarray(subject, dtype=bool)
    done = base.classified(theme, counted, area=area, wording=wording or class_words(lang))
    view = view_of(base, counted, extent, plan, scale, title)
    layers = [o if isinstance(o, Layer) else base.layer(o) for o in overlays]
    with mpl.rc_context(SETTINGS):
        figure, paper, canvas = _figure(plan, view)
        context = draw_parcels(canvas, view, base, counted, done)
        signs = draw_overlays(canvas, paper, view, layers, fonts, plan.text)
        step = furniture.grid(paper, view, fonts, plan.text)
        furniture.graticule(paper, view, base.crs, fonts, plan.text)
        _heading(paper, plan, fonts, title, subtitle)
        lines = [*_facts(base, step, own, words), *_gaps(base, counted, area, words), *map(fonts.clean, notes)]
        if context:
            signs = [blocks.Sign(words["context"], CONTEXT, "#c4c4c4"), *signs]
        _panel(figure, paper, plan, view, fonts, words, done, theme, statistics, lines, base, signs)
        _foot(paper, plan, fonts, words, own)
    return Sheet(figure, title, view.scale, view, base.crs, done, own)


def view_of(
    base: Ground, counted: NDArray[np.bool_], extent: BaseGeometry | None, plan: Layout, scale: int | None, title: str
) -> furniture.View:
    """What the map box shows: the extent or else the counted rows, at the scale given or a round one that fits."""
    if extent is None:
        wanted = base.shapes[counted]
    else:
        wanted = np.asarray(gpd.GeoSeries([extent], crs=base.frame.crs).to_crs(base.crs).array, object)
    west, south, east, north = shapely.total_bounds(wanted) if len(wanted) else [np.nan] * 4
    if not np.isfinite([west, south, east, north]).all():
        raise MapError("map-sheet-empty", title=title)
    least = round_scale(max(east - west, 1e-6), max(north - south, 1e-6), plan.map)
    roomy = round_scale(max(east - west, 1e-6) * _MARGIN, max(north - south, 1e-6) * _MARGIN, plan.map)
    if scale is not None and scale < least:
        raise MapError("map-sheet-scale", scale=scale, least=least)
    return furniture.View((west + east) / 2, (south + north) / 2, scale or roomy, plan.map)


def _figure(plan: Layout, view: furniture.View) -> tuple[Figure, Axes, Axes]:
    figure = Figure(figsize=(plan.width / _MM, plan.height / _MM))
    FigureCanvasAgg(figure)
    box, (west, south, east, north) = plan.map, view.bounds
    canvas = figure.add_axes(
        (box.x / plan.width, box.y / plan.height, box.width / plan.width, box.height / plan.height), label="map"
    )
    canvas.set(xlim=(west, east), ylim=(south, north), xticks=[], yticks=[])
    for spine in canvas.spines.values():
        spine.set_linewidth(1.2)
    paper = figure.add_axes((0, 0, 1, 1), label="paper")
    paper.set(xlim=(0, plan.width), ylim=(0, plan.height))
    paper.axis("off")
    edge = 6 * plan.text
    frame = (plan.width - 2 * edge, plan.height - 2 * edge)
    paper.add_artist(Rectangle((edge, edge), *frame, fill=False, lw=1.6 * plan.text))
    return figure, paper, canvas


def draw_parcels(
    canvas: Axes, view: furniture.View, base: Ground, counted: NDArray[np.bool_], done: Classified
) -> bool:
    """Draw what meets the view; returns whether parcels that are not counted are among it."""
    seen = np.flatnonzero(within(base.boxes, view.bounds))
    outside = seen[~counted[seen]]
    draw(canvas, base.shapes[outside], facecolor=CONTEXT, edgecolor="#c4c4c4", linewidth=0.25)
    mine = seen[counted[seen]]
    for code, row in [(NO_DATA, done.no_data), *enumerate(done.legend)]:
        hatch = "////" if row.hatched else None
        style = {"facecolor": row.colour, "edgecolor": "#555555", "linewidth": 0.3, "hatch": hatch}
        draw(canvas, base.shapes[mine[done.codes[mine] == code]], **style)
    return len(outside) > 0


def draw_overlays(
    canvas: Axes, paper: Axes, view: furniture.View, layers: Sequence[Layer], fonts: Fonts, k: float
) -> list[blocks.Sign]:
    """Draw the overlays, the first on top; returns the signs of those that are seen."""
    taken: list[tuple[float, float, float, float]] = []
    order = np.cumsum([layer.overlay.hatch for layer in layers]) - 1
    signs: list[blocks.Sign] = []
    for number, layer in reversed(list(enumerate(layers))):
        overlay, seen = layer.overlay, within(layer.boxes, view.bounds)
        hatch = HATCHES[order[number] % len(HATCHES)] if overlay.hatch else None
        line = 1.8 * k if number == 0 else 0.7
        red, green, blue = to_rgb(overlay.colour)
        edge = to_hex(((red + 1) / 2, (green + 1) / 2, (blue + 1) / 2)) if hatch else overlay.colour
        face = overlay.colour if overlay.fill else "none"
        draw(
            canvas, layer.shapes[seen], facecolor=face, edgecolor=edge, linewidth=line, hatch=hatch,
            alpha=0.45 if overlay.fill else None,
        )  # fmt: skip
        if seen.any():
            signs.insert(0, blocks.Sign(fonts.clean(overlay.title), face, edge, hatch, line))
        if overlay.label is not None and seen.any():
            names = existing(overlay.data, overlay.label, overlay.title).astype("object").to_numpy()[seen]
            _labels(paper, view, layer.shapes[seen], names, fonts, k, taken)
    return signs


def _labels(
    paper: Axes, view: furniture.View, shapes: NDArray[np.object_], names: NDArray[np.object_], fonts: Fonts, k: float,
    taken: list[tuple[float, float, float, float]],
) -> None:  # fmt: skip
    """Write names inside their polygons, large ones first; a name that would cover another is left out."""
    visible = shapely.intersection(shapely.make_valid(shapes), shapely.box(*view.bounds))
    for i in np.argsort(-shapely.area(visible), kind="stable"):
        name = names[i]
        if name is None or name != name or shapely.area(visible[i]) == 0:
            continue
        spot = shapely.point_on_surface(visible[i])
        line = shorten(fonts.clean(str(name)), 24)
        x, y = view.paper(spot.x, spot.y)
        half, high = width(line) * 11 * k * _MM / 144 + k, 3 * k
        x = min(max(x, view.box.x + half), view.box.x + view.box.width - half)
        if any(x - half < r and x + half > l and y - high < t and y + high > b for l, b, r, t in taken):  # noqa: E741
            continue
        taken.append((x - half, y - high, x + half, y + high))
        back = {"facecolor": "white", "alpha": 0.7, "edgecolor": "none", "pad": 1.2}
        furniture.text(paper, x, y, line, fonts, 11 * k, ha="center", va="center", bbox=back, zorder=6)


def _heading(paper: Axes, plan: Layout, fonts: Fonts, title: str, subtitle: str) -> None:
    k, middle = plan.text, plan.width / 2
    line = fonts.clean(title)
    size = min(24.0, (plan.width - 40 * k) / (max(width(line), 1) * k * _MM / 72))
    size = max(size, 9.0)
    line = shorten(line, (plan.width - 40 * k) / (size * k * _MM / 72))
    lower = shorten(fonts.clean(subtitle), (plan.width - 40 * k) / (10 * k * _MM / 72))
    rise = 16 if subtitle else 19
    furniture.text(paper, middle, plan.height - rise * k, line, fonts, size * k, ha="center", va="center", bold=True)
    furniture.text(paper, middle, plan.height - 25 * k, lower, fonts, 10 * k, ha="center", va="center")


def _facts(base: Ground, step: float, imprint: Imprint, words: dict[str, str]) -> list[str]:
    crs, middle = base.crs, meridian(base.crs)
    found = [words["crs"].format(name=imprint.crs_note or crs.name)]
    if middle is not None:
        found.append(words["meridian"].format(lon=f"{middle:g}°"))
    if base.reprojected:
        found.append(words["reprojected"].format(name=pyproj.CRS(base.frame.crs).name))
    far = f"{step / 1000:g} {words['kilometres']}" if step >= 1000 else f"{step:g} {words['metres']}"
    return [*found, words["grid"].format(step=far)]


def _gaps(base: Ground, counted: NDArray[np.bool_], area: str | None, words: dict[str, str]) -> list[str]:
    _, drawn = polygons(base.shapes[counted])
    found = {"not_drawn": int(counted.sum()) - len(np.unique(drawn))}
    if area is not None:
        found["area_missing"] = int((~np.isfinite(numeric(base.frame, area, "area")[counted])).sum())
    return [words[key].format(n=f"{n:,}") for key, n in found.items() if n]


def _panel(
    figure: Figure, paper: Axes, plan: Layout, view: furniture.View, fonts: Fonts, words: dict[str, str],
    done: Classified, theme: Theme, statistics: Sequence[tuple[str, str]], lines: Sequence[str], base: Ground,
    signs: Sequence[blocks.Sign],
) -> None:  # fmt: skip
    heading = f"{theme.title}（{theme.unit}）" if theme.unit else theme.title
    west, south, east, north = view.bounds
    around = base.bounds
    larger = around[0] < west or around[1] < south or around[2] > east or around[3] > north

    def make(k: float) -> list[blocks.Block]:
        pen = blocks.Pen(paper, fonts, words, plan.columns[0].width, k)
        made = [blocks.legend(pen, fonts.clean(heading), [*done.legend, done.no_data], signs)]
        if statistics:
            made.append(blocks.statistics(pen, statistics))
        made.append(blocks.scale(pen, view))
        if larger:
            made.append(blocks.Block(46 * k, partial(_inset, figure, plan, view, base, pen)))
        more = [words["replaced"].format(codes=fonts.missing())] if fonts.lost else []
        return [*made, blocks.paragraph(pen, [*lines, *more])]

    blocks.place(make, plan.columns, plan.text)


def _inset(
    figure: Figure, plan: Layout, view: furniture.View, base: Ground, pen: blocks.Pen, x: float, y: float
) -> None:
    """A small map of all parcels with the view as a red rectangle."""
    k, high = pen.k, 40 * pen.k
    pen.write(x, y, pen.words["inset"], 8, va="top")
    low = y - 5 * k - high
    axes = figure.add_axes(
        (x / plan.width, low / plan.height, pen.width / plan.width, high / plan.height), label="inset"
    )
    a, b = np.asarray(base.bounds), np.asarray(view.bounds)
    west, south = np.minimum(a[:2], b[:2])
    east, north = np.maximum(a[2:], b[2:])
    unit = 1.08 * max((east - west) / pen.width, (north - south) / high)
    middle = ((west + east) / 2, (south + north) / 2)
    if base.many:
        place = (a[0], a[2], a[1], a[3])
        axes.imshow(base.overview(), extent=place, origin="upper", interpolation="none", aspect="auto")
    else:
        draw(axes, shapely.simplify(base.shapes, unit * 0.3), facecolor=OVERVIEW, edgecolor="none")
    axes.set(xlim=(middle[0] - unit * pen.width / 2, middle[0] + unit * pen.width / 2), xticks=[], yticks=[])
    axes.set_ylim(middle[1] - unit * high / 2, middle[1] + unit * high / 2)
    axes.add_artist(Rectangle((b[0], b[1]), b[2] - b[0], b[3] - b[1], fill=False, ec="#cc0000", lw=1.0))


def _foot(paper: Axes, plan: Layout, fonts: Fonts, words: dict[str, str], own: Imprint) -> None:
    k = plan.text
    parts = [words["source"].format(source=own.source)] if own.source else []
    parts += [words["author"].format(author=own.author)] if own.author else []
    parts += [words["date"].format(date=own.date)] if own.date else []
    right = words["approval"].format(number=own.approval or words["no_approval"])
    room = (plan.width - 36 * k) / (8 * k * _MM / 72) - width(right) - 2
    left = shorten(fonts.clean("    ".join(parts)), room)
    furniture.text(paper, 18 * k, 9.2 * k, left, fonts, 8 * k, va="center")
    furniture.text(paper, plan.width - 18 * k, 9.2 * k, right, fonts, 8 * k, ha="right", va="center")

"""What stands around a map: kilometre grid, corner coordinates, scale bar, north arrow.

All is in millimetres on the paper; a grid line stands where its coordinate is, so that distances can be measured.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyproj
from matplotlib.axes import Axes
from matplotlib.patches import Polygon, Rectangle
from numpy.typing import NDArray

from maps.fonts import Fonts
from maps.layout import Box

GRID = "#4a6f94"
_STEPS = (1.0, 2.0, 5.0)
_PARTS = (1.0, 2.0, 2.5, 5.0)
#: Distances of meridians and parallels in seconds of arc.
_ARCS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 18000)


@dataclass(frozen=True)
class View:
    """What part of the plane the map shows: centre in metres and scale number, in a box on the paper."""

    x: float
    y: float
    scale: int
    box: Box

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north in metres."""
        half_x, half_y = self.box.width * self.scale / 2000, self.box.height * self.scale / 2000
        return self.x - half_x, self.y - half_y, self.x + half_x, self.y + half_y

    def paper(self, x: float, y: float) -> tuple[float, float]:
        """Place on the paper in mm of a place on the ground."""
        west, south, _, _ = self.bounds
        return self.box.x + (x - west) * 1000 / self.scale, self.box.y + (y - south) * 1000 / self.scale


def round_step(least: float) -> float:
    """The smallest of 1, 2, 5, 10, 20, … that is not below a number.

    Examples
    --------
    >>> round_step(310)
    500.0
    """
    power = 10 ** math.floor(math.log10(least) + 1e-12)
    return float(next(s * power for s in (*_STEPS, 10.0) if s * power >= least * (1 - 1e-12)))


def text(axes: Axes, x: float, y: float, words: str, fonts: Fonts, size: float, **options: object) -> None:
    """Write one line on the paper; nothing in it is markup."""
    bold = bool(options.pop("bold", False))
    line = fonts.clean(words)
    axes.text(x, y, line, fontproperties=fonts.style(line, size, bold=bold), parse_math=False, **options)  # type: ignore[arg-type]


def grid(paper: Axes, view: View, fonts: Fonts, k: float) -> float:
    """Draw the grid with its coordinates at the frame; returns the distance of its lines in metres."""
    west, south, east, north = view.bounds
    box, step = view.box, round_step(32 * k * view.scale / 1000)
    digits = min(3, max(0, math.ceil(3 - math.log10(step) - 1e-9)))
    for x in np.arange(math.ceil(west / step), math.floor(east / step) + 1) * step:
        at, _ = view.paper(float(x), south)
        paper.plot([at, at], [box.y, box.y + box.height], color=GRID, lw=0.3, alpha=0.6, zorder=3, gid="grid-x")
        for y, side in ((box.y - 1.2 * k, "top"), (box.y + box.height + 1.2 * k, "bottom")):
            text(paper, at, y, f"{x / 1000:.{digits}f}", fonts, 6.5 * k, ha="center", va=side, color=GRID)
    for y in np.arange(math.ceil(south / step), math.floor(north / step) + 1) * step:
        _, at = view.paper(west, float(y))
        paper.plot([box.x, box.x + box.width], [at, at], color=GRID, lw=0.3, alpha=0.6, zorder=3, gid="grid-y")
        for x, side in ((box.x - 1.2 * k, "right"), (box.x + box.width + 1.2 * k, "left")):
            words = f"{y / 1000:.{digits}f}"
            text(paper, x, at, words, fonts, 6.5 * k, ha=side, va="center", color=GRID, rotation=90)
    return step


def degrees(value: float, letters: str) -> str:
    """Degrees, minutes and seconds with the letter of the side.

    Examples
    --------
    >>> degrees(117.5, "EW"), degrees(-0.00001, "NS")
    ('117°30′00.0″E', '0°00′00.0″S')
    """
    tenths = round(abs(value) * 36000)
    whole, rest = divmod(tenths, 36000)
    minutes, seconds = divmod(rest, 600)
    return f"{whole}°{minutes:02d}′{seconds / 10:04.1f}″{letters[0] if value >= 0 else letters[1]}"


def graticule(paper: Axes, view: View, crs: pyproj.CRS, fonts: Fonts, k: float) -> None:
    """Write longitude and latitude (of the CRS's own datum) at the corners, and mark round ones along the frame."""
    geographic = crs.geodetic_crs
    if geographic is None:
        return
    west, south, east, north = view.bounds
    turn = pyproj.Transformer.from_crs(crs, geographic, always_xy=True)
    share, box = np.linspace(0, 1, 65), view.box
    for side in ("bottom", "top", "left", "right"):
        flat = side in ("bottom", "top")
        x = west + share * (east - west) if flat else np.full(65, west if side == "left" else east)
        y = np.full(65, south if side == "bottom" else north) if flat else south + share * (north - south)
        values = np.asarray(turn.transform(x, y)[0 if flat else 1])
        length = box.width if flat else box.height
        _edge(paper, box, side, values, share * length, fonts, k)


def _edge(
    paper: Axes, box: Box, side: str, values: NDArray[np.float64], along: NDArray[np.float64], fonts: Fonts, k: float
) -> None:
    """Ticks and degrees of one side of the frame: ``values`` in degrees at places in mm from its beginning."""
    flat, length = side in ("bottom", "top"), float(along[-1])
    letters = "EW" if flat else "NS"
    out = -1 if side in ("bottom", "left") else 1
    edge = {"bottom": box.y, "top": box.y + box.height, "left": box.x, "right": box.x + box.width}[side]
    rooms = 24 * k

    def write(place: float, words: str, ends: str) -> None:
        at = edge + out * 5 * k
        if flat:
            anchor = {"first": "left", "last": "right", "middle": "center"}[ends]
            text(paper, box.x + place, at, words, fonts, 6.5 * k, ha=anchor, va="top" if out < 0 else "bottom")
            return
        anchor = {"first": "bottom", "last": "top", "middle": "center"}[ends]
        text(
            paper, at, box.y + place, words, fonts, 6.5 * k, ha="right" if out < 0 else "left", va=anchor, rotation=90,
            gid="degrees",
        )  # fmt: skip

    write(0.0, degrees(float(values[0]), letters), "first")
    write(length, degrees(float(values[-1]), letters), "last")
    first, last = float(values.min()) * 3600, float(values.max()) * 3600
    step = next((s for s in _ARCS if s * length >= 40 * k * (last - first)), _ARCS[-1])
    marks = np.arange(math.ceil(first / step), math.floor(last / step) + 1) * step
    rising = values if values[0] <= values[-1] else -values
    for seconds in marks:
        place = float(np.interp(seconds / 3600 if rising is values else -seconds / 3600, rising, along))
        ends = [edge, edge - out * 2.5 * k]
        spot = [(box.x if flat else box.y) + place] * 2
        paper.plot(*((spot, ends) if flat else (ends, spot)), color="black", lw=0.6, zorder=5, gid=f"tick-{side}")
        if rooms < place < length - rooms:
            write(place, degrees(seconds / 3600, letters).replace(".0″", "″"), "middle")


def scale_bar(
    paper: Axes, x: float, y: float, room: float, scale: int, fonts: Fonts, words: Mapping[str, str], k: float
) -> None:
    """Draw four equal parts of a round length with their distances; ``y`` is the lower edge of the bar."""
    most = (room - 14 * k) * scale / 4000
    power = 10.0 ** math.floor(math.log10(most) + 1e-12)
    part = max(s * power for s in _PARTS if s * power <= most * (1 + 1e-12))
    kilometres = part * 4 >= 2000
    length = part * 1000 / scale
    for i in range(4):
        face = "black" if i % 2 == 0 else "white"
        paper.add_artist(Rectangle((x + i * length, y), length, 1.6 * k, fc=face, ec="black", lw=0.5, gid="bar"))
    unit = words["kilometres"] if kilometres else words["metres"]
    for i in range(5):
        number = f"{i * part / (1000 if kilometres else 1):g}"
        text(paper, x + i * length, y + 2.4 * k, number, fonts, 7 * k, ha="center", va="bottom")
    text(paper, x + 4 * length + 4 * k, y + 2.4 * k, unit, fonts, 7 * k, ha="left", va="bottom")


def north_arrow(paper: Axes, x: float, y: float, fonts: Fonts, words: Mapping[str, str], k: float) -> None:
    """Draw the arrow to grid north; ``x`` is its middle, ``y`` its foot."""
    tip, foot, wing = y + 12 * k, y + 3 * k, 3.6 * k
    for side, face in ((-1, "black"), (1, "white")):
        paper.add_artist(Polygon([(x, tip), (x + side * wing, y), (x, foot)], fc=face, ec="black", lw=0.5))
    text(paper, x, tip + 1 * k, words["north"], fonts, 8 * k, ha="center", va="bottom")

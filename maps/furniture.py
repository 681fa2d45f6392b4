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

from maps.fonts import Fonts
from maps.layout import Box

GRID = "#4a6f94"
_STEPS = (1.0, 2.0, 5.0)


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
    axes.text(x, y, fonts.clean(words), fontproperties=fonts.style(size, bold=bold), parse_math=False, **options)  # type: ignore[arg-type]


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


def corners(paper: Axes, view: View, crs: pyproj.CRS, fonts: Fonts, k: float) -> None:
    """Write longitude and latitude (CGCS2000 or the CRS's own datum) at the four corners."""
    geographic = crs.geodetic_crs
    if geographic is None:
        return
    west, south, east, north = view.bounds
    turn = pyproj.Transformer.from_crs(crs, geographic, always_xy=True)
    box = view.box
    for x, y, at, side in (
        (west, south, box.x, "left"), (east, south, box.x + box.width, "right"),
        (west, north, box.x, "left"), (east, north, box.x + box.width, "right"),
    ):  # fmt: skip
        lon, lat = turn.transform(x, y)
        words = f"{degrees(lon, 'EW')}  {degrees(lat, 'NS')}"
        below = y == south
        height = box.y - 5 * k if below else box.y + box.height + 5 * k
        text(paper, at, height, words, fonts, 6.5 * k, ha=side, va="top" if below else "bottom")


def scale_bar(
    paper: Axes, x: float, y: float, room: float, scale: int, fonts: Fonts, words: Mapping[str, str], k: float
) -> None:
    """Draw four equal parts of a round length with their distances; ``y`` is the lower edge of the bar."""
    part = round_step(1.0)
    while round_step(part * 1.5) * 4 * 1000 / scale <= room * 0.8:
        part = round_step(part * 1.5)
    kilometres = part * 4 >= 2000
    length = part * 1000 / scale
    for i in range(4):
        face = "black" if i % 2 == 0 else "white"
        paper.add_patch(Rectangle((x + i * length, y), length, 1.6 * k, fc=face, ec="black", lw=0.5, gid="bar"))
    unit = words["kilometres"] if kilometres else words["metres"]
    for i in range(5):
        number = f"{i * part / (1000 if kilometres else 1):g}"
        text(paper, x + i * length, y + 2.4 * k, number, fonts, 7 * k, ha="center", va="bottom")
    text(paper, x + 4 * length + 4 * k, y + 2.4 * k, unit, fonts, 7 * k, ha="left", va="bottom")


def north_arrow(paper: Axes, x: float, y: float, fonts: Fonts, words: Mapping[str, str], k: float) -> None:
    """Draw the arrow to grid north; ``x`` is its middle, ``y`` its foot."""
    tip, foot, wing = y + 12 * k, y + 3 * k, 3.6 * k
    for side, face in ((-1, "black"), (1, "white")):
        paper.add_patch(Polygon([(x, tip), (x + side * wing, y), (x, foot)], fc=face, ec="black", lw=0.5))
    text(paper, x, tip + 1 * k, words["north"], fonts, 8 * k, ha="center", va="bottom")

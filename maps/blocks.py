"""The panel of a sheet: blocks of text and signs that are set one below the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from maps.errors import MapError
from maps.fonts import Fonts, shorten, width, wrap
from maps.furniture import View, north_arrow, scale_bar, text
from maps.layout import Box
from maps.themes import LegendRow

_POINT_MM = 25.4 / 72
_LEAST = 0.35

Draw = Callable[[float, float], None]


@dataclass(frozen=True)
class Block:
    """A part of the panel: its height in mm, and what draws it from the left and the upper edge."""

    height: float
    draw: Draw


@dataclass(frozen=True)
class Pen:
    """What blocks are drawn with: the paper, fonts, words, width of the column and factor of sizes."""

    paper: Axes
    fonts: Fonts
    words: Mapping[str, str]
    width: float
    k: float

    def room(self, size: float, share: float = 1.0) -> float:
        """Width of a part of the column in parts of a text size."""
        return self.width * share / (size * self.k * _POINT_MM)

    def write(self, x: float, y: float, words: str, size: float, **options: object) -> None:
        """Write one line."""
        text(self.paper, x, y, words, self.fonts, size * self.k, **options)


def place(make: Callable[[float], Sequence[Block]], columns: Sequence[Box], k: float) -> None:
    """Set blocks into columns, smaller where they would not fit.

    Raises
    ------
    MapError
        ``map-sheet-full`` when they do not fit at the smallest size that can be read.
    """
    factor = 1.0
    while factor >= _LEAST:
        blocks = make(k * factor)
        slots = _slots(blocks, columns, 5 * k * factor)
        if slots is not None:
            for block, (x, y) in zip(blocks, slots, strict=True):
                block.draw(x, y)
            return
        factor *= 0.93
    need, room = sum(block.height for block in blocks), sum(column.height for column in columns)
    raise MapError("map-sheet-full", need=round(need), room=round(room))


def _slots(blocks: Sequence[Block], columns: Sequence[Box], gap: float) -> list[tuple[float, float]] | None:
    found, number, y = [], 0, columns[0].y + columns[0].height
    for block in blocks:
        if y - block.height < columns[number].y:
            number += 1
            if number == len(columns) or block.height > columns[number].height:
                return None
            y = columns[number].y + columns[number].height
        found.append((columns[number].x, y))
        y -= block.height + gap
    return found


@dataclass(frozen=True)
class Sign:
    """What stands on the map besides the classes, for the legend."""

    label: str
    face: str
    edge: str
    hatch: str | None = None
    line: float = 0.4


def legend(pen: Pen, title: str, rows: Sequence[LegendRow], signs: Sequence[Sign]) -> Block:
    """Classes with sign, name, count and area, their total, and the signs of what is not counted."""
    k, step = pen.k, 6.2 * pen.k
    areas = [row.area for row in rows if row.area is not None]
    head = wrap(title, pen.room(10))
    height = (7 + 4.6 * len(head) + 5) * k + step * (len(rows) + 1 + len(signs))

    def line(x: float, y: float, name: str, count: int | None, area: float | None) -> None:
        share = 0.47 if count is not None else 0.8
        pen.write(x + 13 * k, y, shorten(name, pen.room(8.5, share)), 8.5, va="center")
        if count is not None:
            pen.write(x + pen.width * 0.75, y, f"{count:,}", 8.5, ha="right", va="center")
        if area is not None:
            pen.write(x + pen.width, y, f"{area:,.1f}", 8.5, ha="right", va="center")

    def mark(x: float, y: float, sign: Sign) -> None:
        box = Rectangle((x, y - 2 * k), 10 * k, 4 * k, fc=sign.face, ec=sign.edge, lw=sign.line, hatch=sign.hatch)
        pen.paper.add_artist(box)

    def draw(x: float, y: float) -> None:
        pen.write(x, y, pen.words["legend"], 13, va="top", bold=True)
        y -= 7 * k
        for part in head:
            pen.write(x, y, part, 10, va="top")
            y -= 4.6 * k
        y -= 3 * k
        pen.write(x + pen.width * 0.75, y, pen.words["count"], 7.5, ha="right", va="center")
        if areas:
            pen.write(x + pen.width, y, pen.words["area"], 7.5, ha="right", va="center")
        for row in rows:
            y -= step
            mark(x, y, Sign(row.label, row.colour, "#555555", "////" if row.hatched else None))
            line(x, y, row.label, row.count, row.area)
        y -= step
        pen.paper.plot([x, x + pen.width], [y + step / 2] * 2, color="black", lw=0.4)
        line(x, y, pen.words["total"], sum(row.count for row in rows), sum(areas) if areas else None)
        for sign in signs:
            y -= step
            mark(x, y, sign)
            line(x, y, sign.label, None, None)

    return Block(height, draw)


def statistics(pen: Pen, figures: Sequence[tuple[str, str]]) -> Block:
    """A framed table of names and figures."""
    k, step, size = pen.k, 4.9 * pen.k, 8.0
    values = [pen.fonts.clean(value) for _, value in figures]
    rooms = [max(pen.room(size, 0.94) - width(value) - 1, pen.room(size, 0.3)) for value in values]
    names = [wrap(pen.fonts.clean(name), room) for (name, _), room in zip(figures, rooms, strict=True)]
    rows = list(zip(names, values, strict=True))
    height = 9 * k + step * sum(len(lines) for lines, _ in rows) + 2 * k

    def draw(x: float, y: float) -> None:
        top = y
        pen.write(x + 2 * k, y - 2 * k, pen.words["statistics"], 10, va="top", bold=True)
        y -= 9 * k
        for lines, value in rows:
            shown = shorten(value, pen.room(size, 0.64))
            pen.write(x + pen.width - 2 * k, y, shown, size, ha="right", va="top")
            for part in lines:
                pen.write(x + 2 * k, y, part, size, va="top")
                y -= step
        pen.paper.add_artist(Rectangle((x, top - height), pen.width, height, fill=False, ec="#555555", lw=0.6))

    return Block(height, draw)


def scale(pen: Pen, view: View) -> Block:
    """Scale as a number and a bar, with the north arrow at the right."""
    k = pen.k

    def draw(x: float, y: float) -> None:
        pen.write(x, y - 2 * k, pen.words["scale"].format(n=view.scale), 10, va="top")
        scale_bar(pen.paper, x + 2 * k, y - 18 * k, pen.width * 0.8, view.scale, pen.fonts, pen.words, k)
        north_arrow(pen.paper, x + pen.width - 8 * k, y - 18 * k, pen.fonts, pen.words, k)

    return Block(19 * k, draw)


def paragraph(pen: Pen, lines: Sequence[str], size: float = 7.0) -> Block:
    """Notes, wrapped."""
    step = 3.9 * pen.k
    wrapped = [part for line in lines for part in wrap(pen.fonts.clean(line), pen.room(size))]

    def draw(x: float, y: float) -> None:
        for number, part in enumerate(wrapped):
            pen.write(x, y - number * step, part, size, va="top")

    return Block(step * len(wrapped), draw)

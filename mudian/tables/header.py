"""Where the header of a sheet is: titles, unit lines, several levels, rows of units or column numbers.

Caveat of the theme: a header is found by what it looks like (labels over filled columns), so a table made
of text alone takes its first full row. ``header_row`` in the project file settles any doubt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mudian.tables.grid import Grid, cell_text
from parcels.units import find
from parcels.values.words import (
    BAD_DATE,
    BAD_NUMBER,
    NO_DAY,
    UNITS,
    date_word,
    half_width,
    is_mark,
    number_word,
)

_SEARCHED = 60
_LEVELS = 5
_YEAR = re.compile(r"(?:19|20)[0-9]{2}\s*年?度?")
_UNIT = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
_UNIT_LINE = re.compile(
    rf"单\s*位\s*:\s*(?:人民币)?\s*((?:{_UNIT})(?:\s*[、,/;和及]\s*(?:{_UNIT}))*)(?![\w])", re.IGNORECASE
)
_UNIT_BEHIND = re.compile(r"\(\s*((?:千|万|百万|亿)?元)\s*\)$")
_FACT = re.compile(r"(?!其中)[^:：]{1,12}[:：].*")
_ORDINALS = re.compile(r"[甲乙丙丁戊]|栏次|序号|行次")

Row = list[object]


@dataclass(frozen=True)
class Header:
    """The header of a sheet.

    Attributes
    ----------
    first, last
        Positions of its first and last row in the grid.
    body
        Position of the first row of the records.
    parts
        Labels of each column from the top level to the lowest; no labels for a column without header.
    title
        Text of the title line above the header, or None.
    units
        Units of a line like ``单位：万元`` above the header.
    """

    first: int
    last: int
    body: int
    parts: list[tuple[str, ...]]
    title: str | None = None
    units: list[str] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """Labels joined as ``上级_下级``, a part in brackets without ``_``; empty text without label."""
        return [_join(parts) for parts in self.parts]

    @property
    def money_unit(self) -> str | None:
        """The unit of money among the units above the header."""
        return next((unit for unit in self.units if find(unit, "money")), None)


def _join(parts: tuple[str, ...]) -> str:
    name = parts[0] if parts else ""
    for part in parts[1:]:
        name += part if part[:1] in "(（[【" else f"_{part}"
    return name


def is_label(value: object) -> bool:
    """Whether a cell can stand in a header: text that is no number, date or mark; or a year."""
    text = cell_text(value)
    if _YEAR.fullmatch(text):
        return True
    if not isinstance(value, str) or is_mark(text) or len(text) > 80:
        return False
    return number_word(text)[1] == BAD_NUMBER and date_word(text)[1] in (BAD_DATE, NO_DAY)


def find_header(grid: Grid, *, first_row: int | None = None) -> Header | None:
    """Find the header of a sheet, or take the one that starts at position ``first_row``.

    Returns
    -------
    Header or None
        None when no row looks like a header.
    """
    raw = grid.head((first_row or 0) + _SEARCHED)
    spread = _spread(raw, grid)
    first = _first_row(raw, spread) if first_row is None else first_row
    if first is None or first >= len(raw):
        return None
    last = _last_row(raw, grid, first)
    levels = _grouped([spread[i] for i in range(first, last + 1)])
    parts = [_parts(column) for column in zip(*levels, strict=True)]
    body = last + 1
    if body < len(raw) and _is_column_numbers(raw[body]):
        body += 1
    return Header(first, last, body, parts, _title(spread[:first]), _units(raw[:first]))


def _spread(raw: list[Row], grid: Grid) -> list[Row]:
    """Cells with the value of merged ranges in every cell of the range."""
    spread = [list(row) for row in raw]
    for top, left, bottom, right in grid.merges:
        if top < len(raw) and left < len(raw[top]):
            for row in spread[top : bottom + 1]:
                row[left : right + 1] = [raw[top][left]] * len(row[left : right + 1])
    return spread


def _filled(row: Row) -> list[object]:
    return [value for value in row if value is not None]


def _is_heading(row: Row, width: int) -> bool:
    """Whether a row stands above a table rather than in it: one text, a comment, or facts like ``填报单位：…``."""
    texts = [cell_text(value) for value in _filled(row)]
    if texts and texts[0].startswith("# "):
        return True
    facts = sum(_FACT.fullmatch(text) is not None for text in texts)
    return (len(texts) < 2 and width > 1) or facts * 2 >= len(texts) > 0


def _first_row(raw: list[Row], spread: list[Row]) -> int | None:
    best, best_cover = None, 0.0
    for i, row in enumerate(raw):
        labels = sum(map(is_label, _filled(row)))
        if not labels or labels < 0.8 * len(_filled(row)) or _is_heading(row, len(row)):
            continue
        cover = _cover(spread[i], raw[i + 1 :])
        if cover >= 0.5:
            return i
        if cover > best_cover:
            best, best_cover = i, cover
    return best


def _cover(labels: Row, below: list[Row]) -> float:
    """Share of the columns used below that have a label."""
    below = [row for row in below if len(_filled(row)) > 1 or len(row) == 1]
    if not below:
        return 1.0
    counts = [sum(value is not None for value in column) for column in zip(*below, strict=True)]
    used = [i for i, count in enumerate(counts) if count * 5 >= len(below)]
    return sum(labels[i] is not None for i in used) / max(len(used), 1)


def _last_row(raw: list[Row], grid: Grid, first: int) -> int:
    last = _merged_down(grid, first, first)
    while last + 1 < len(raw) and last + 1 - first < _LEVELS:
        following = raw[last + 1]
        if not (
            _is_units(following)
            or _is_under_groups(following, grid, last)
            or _is_second_level(raw, first, last, following)
        ):
            break
        last = _merged_down(grid, first, last + 1)
    return last


def _merged_down(grid: Grid, first: int, last: int) -> int:
    """The last row reached by merged ranges that start in the rows ``first`` to ``last``."""
    reached = [bottom for top, _, bottom, _ in grid.merges if first <= top <= last and bottom - first < _LEVELS]
    lowest = max([last, *reached])
    return lowest if lowest == last else _merged_down(grid, first, lowest)


def _is_units(row: Row) -> bool:
    texts = [half_width(cell_text(value)).strip("() []【】") for value in _filled(row)]
    return len(texts) > 0 and all(text.casefold() in UNITS for text in texts)


def _is_under_groups(row: Row, grid: Grid, last: int) -> bool:
    """Whether a row holds labels below labels merged over several columns, and nothing below the others."""
    groups = [range(left, right + 1) for _, left, bottom, right in grid.merges if bottom == last and right > left]
    inside = {c for group in groups for c in group}
    labels = all(map(is_label, _filled(row))) and all(c in inside for c, v in enumerate(row) if v is not None)
    return labels and any(sum(row[c] is not None for c in group if c < len(row)) > 1 for group in groups)


def _is_second_level(raw: list[Row], first: int, last: int, row: Row) -> bool:
    """The same without merged ranges: labels fill gaps of the row above and leave gaps below others."""
    if len(_filled(row)) < 2 or not all(map(is_label, _filled(row))) or last + 2 >= len(raw):
        return False
    above = [
        next((raw[i][c] for i in range(last, first - 1, -1) if raw[i][c] is not None), None) for c in range(len(row))
    ]
    gaps = [c for c, value in enumerate(row) if value is None and above[c] is not None]
    news = [c for c, value in enumerate(row) if value is not None and above[c] is None]
    below = raw[last + 2]
    return bool(gaps) and bool(news) and sum(below[c] is not None for c in gaps) * 5 >= 3 * len(gaps)


def _is_column_numbers(row: Row) -> bool:
    texts = [half_width(cell_text(value)).strip("()") for value in _filled(row)]
    numbers = [int(text) for text in texts if text.isascii() and text.isdigit()]
    rest = [text for text in texts if not (text.isascii() and text.isdigit())]
    consecutive = len(numbers) > 2 and numbers == list(range(1, len(numbers) + 1))
    return consecutive and all(_ORDINALS.fullmatch(text) for text in rest)


def _grouped(levels: list[Row]) -> list[Row]:
    """Carry group labels to the right over columns that only have a lower label."""
    for depth, level in enumerate(levels[:-1]):
        lower = levels[depth + 1]
        if _is_units(lower):
            continue
        for c in range(1, len(level)):
            if level[c] is None and lower[c] is not None and lower[c - 1] is not None and level[c - 1] is not None:
                same = all(levels[up][c] == levels[up][c - 1] for up in range(depth))
                level[c] = level[c - 1] if same and lower[c - 1] != level[c - 1] else None
    return levels


def _parts(column: tuple[object, ...]) -> tuple[str, ...]:
    texts = [text for text in map(cell_text, column) if text]
    return tuple(text for i, text in enumerate(texts) if i == 0 or text != texts[i - 1])


def _title(above: list[Row]) -> str | None:
    for row in above:
        texts = list(dict.fromkeys(cell_text(value) for value in _filled(row)))
        if texts and not _FACT.fullmatch(texts[0]):
            return texts[0]
    return None


def _units(above: list[Row]) -> list[str]:
    found: list[str] = []
    for row in above:
        for text in (half_width(cell_text(value)) for value in _filled(row)):
            match = _UNIT_LINE.search(text) or _UNIT_BEHIND.search(text)
            found += re.split(r"\s*[、,/;和及]\s*", match[1]) if match else []
    return list(dict.fromkeys(found))

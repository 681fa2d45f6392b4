"""Fonts of the print sheet: a Chinese font where the text needs one, and never a silent box.

A character that the first font lacks is taken from another installed one. One that no font has (a character of the
private use area, say) is printed as a geta mark 〓 and reported on the sheet.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from matplotlib import font_manager
from matplotlib.font_manager import FontProperties

from maps.errors import MapError
from maps.printing import one_line

#: Chinese fonts in order of preference; the Japanese face of Noto comes late, because it draws 直 骨 门 in another way.
CHINESE = (
    "Microsoft YaHei", "SimHei", "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN",
    "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "PingFang SC", "Hiragino Sans GB", "Heiti TC", "Songti SC",
    "FZHei-B01", "SimSun", "Noto Sans CJK JP", "Arial Unicode MS",
)  # fmt: skip
LATIN = "DejaVu Sans"
_FIRST_CHINESE = 0x2E80
_BOX = ("〓", "\u25a1")
_OPENING, _CLOSING = "（《“‘", "，。；：、）》”’％%°"


@cache
def _characters(family: str) -> frozenset[int]:
    found = font_manager.findfont(FontProperties(family=[family]), fallback_to_default=False)
    return frozenset(font_manager.get_font(found).get_charmap())


@cache
def _known() -> tuple[str, ...]:
    known = {entry.name for entry in font_manager.fontManager.ttflist}
    return tuple(family for family in CHINESE if family in known)


def _installed() -> list[str]:
    return list(_known())


@dataclass
class Fonts:
    """The fonts of one sheet, and the characters that none of them has."""

    chinese: list[str] = field(default_factory=_installed)
    lost: set[str] = field(default_factory=set)

    @property
    def families(self) -> list[str]:
        """Families in the order in which a character is looked for."""
        return [*self.chinese, LATIN]

    def clean(self, text: str) -> str:
        """The text on one line, with a mark for what cannot be printed.

        Raises
        ------
        MapError
            ``map-font-missing`` when the text holds Chinese and no Chinese font is installed.
        """
        line = one_line(text)
        gone = {c for c in set(line) if not c.isspace() and not any(ord(c) in _characters(f) for f in self.families)}
        if not gone:
            return line
        if not self.chinese and any(ord(c) >= _FIRST_CHINESE and unicodedata.category(c) != "Co" for c in gone):
            raise MapError("map-font-missing", text=line, known=", ".join(CHINESE))
        self.lost |= gone
        mark = _BOX[0] if self.chinese else _BOX[1]
        return "".join(mark if c in gone else c for c in line)

    def style(self, text: str, size: float, *, bold: bool = False) -> FontProperties:
        """Font of a text; the size is in points. The others are looked at only where the first lacks a character."""
        first = _characters(self.families[0])
        families = self.families[:1] if all(ord(c) in first for c in text) else self.families
        return FontProperties(family=families, size=size, weight="bold" if bold else "normal")

    def missing(self) -> str:
        """Code points that were replaced, for the note on the sheet."""
        return ", ".join(f"U+{ord(c):04X}" for c in sorted(self.lost))


def width(text: str) -> float:
    """Width of a text in parts of its size, a little more than it takes."""
    return sum(1.0 if unicodedata.east_asian_width(c) in "WFA" else 0.62 for c in text)


def wrap(text: str, room: float) -> list[str]:
    """Lines of a text that are no wider than ``room`` (in parts of the size).

    Examples
    --------
    >>> wrap("高新片区亩均税收", 5)
    ['高新片区亩', '均税收']
    """
    lines, line = [], ""
    for part in _parts(text):
        if line and width(line) + width(part.rstrip(" ")) > room:
            lines.append(line.rstrip(" "))
            line = ""
        for letter in part if width(part) > room else [part]:
            if line and width(line) + width(letter.rstrip(" ")) > room:
                lines.append(line)
                line = ""
            line += letter if line else letter.lstrip(" ")
    return [*lines, line.rstrip(" ")] if line.strip() else lines


def _parts(text: str) -> Iterator[str]:
    """Pieces of a text that stay on one line: a word or number with the space after it, or one Chinese character with
    the marks that belong to it.
    """
    part = ""
    for letter in text:
        if part and not (letter in _CLOSING or letter == " " or part[-1] in _OPENING or _joined(part[-1], letter)):
            yield part
            part = ""
        part += letter
    if part:
        yield part


def _joined(before: str, after: str) -> bool:
    if before == " ":
        return after.isdigit()  # a number stays with the word before it
    return ord(before) < _FIRST_CHINESE and ord(after) < _FIRST_CHINESE


def shorten(text: str, room: float) -> str:
    """The text, or its beginning with an ellipsis, no wider than ``room``."""
    if width(text) <= room:
        return text
    while text and width(text) + 1 > room:
        text = text[:-1]
    return text + "…"

"""The report as plain data: pages of sections of tables, sentences and pictures.

Every figure stands here once, as a number; the writers only spell it. Three things differ everywhere: zero is ``0``,
missing is ``None`` and is spelled 不详, and what does not apply is :data:`NOT` and is spelled —.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

from maps.printing import one_line
from mudian.briefing.words import say
from parcels.catalog import Lang


class Blank(Enum):
    """What stands where a question does not arise."""

    NOT = "—"


NOT = Blank.NOT
Value = str | int | float | Blank | None
Kind = Literal["text", "code", "number", "prose"]
_NO_XML = str.maketrans({"\ufffe": "\ufffd", "\uffff": "\ufffd"})


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    title
        Its header, with the unit.
    kind
        ``number`` stands to the right, ``code`` is text that is not broken, ``prose`` may run over several lines.
    width
        Its share of what numbers and codes leave of the page, in any unit.
    digits
        Decimals of its fractions; whole numbers have none.
    """

    title: str
    kind: Kind = "number"
    width: int = 10
    digits: int = 2


@dataclass(frozen=True)
class Grid:
    """A table: ``key`` names it for programs, ``title`` for people; a strong row is a sum."""

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    note: str = ""
    strong: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Picture:
    """A picture to be drawn: a map of a theme, or the steps of the remaining land of a zone."""

    key: str
    title: str
    alt: str
    kind: Literal["map", "waterfall"]
    zone: int
    theme: str = ""


@dataclass(frozen=True)
class Lines:
    """Sentences, each on its own line."""

    lines: tuple[str, ...]
    quiet: bool = False


Block = Grid | Picture | Lines


@dataclass(frozen=True)
class Section:
    """A part of a page."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Page:
    """The overview (``zone_id`` is None) or the sheet of a zone."""

    zone_id: str | None
    title: str
    facts: tuple[str, ...]
    sections: tuple[Section, ...]

    def grids(self) -> dict[str, Grid]:
        """The tables of the page by key."""
        return {b.key: b for s in self.sections for b in s.blocks if isinstance(b, Grid)}


@dataclass(frozen=True)
class Report:
    """The whole report of a run."""

    title: str
    subject: str
    as_of: str
    source: str
    lang: Lang
    overview: Page
    zones: tuple[Page, ...]

    def pages(self) -> tuple[Page, ...]:
        """The overview, then the zones by rank."""
        return (self.overview, *self.zones)


def spelled(value: Value, lang: Lang, digits: int = 2) -> str:
    """A value as people read it.

    Examples
    --------
    >>> [spelled(v, "zh") for v in (0, 1234.5, None, NOT, "甲")]
    ['0', '1,234.50', '不详', '—', '甲']
    """
    if value is None:
        return say("missing", lang)
    if isinstance(value, Blank):
        return str(value.value)
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, int):
        return f"{value:,}"
    text = f"{value:,.{digits}f}"
    return text.lstrip("-") if not any(c in text for c in "123456789") else text


def clean(text: object) -> str:
    """A text without characters that a document cannot hold; its spaces stay."""
    return one_line(str(text)).translate(_NO_XML)


def plain(text: object, most: int = 0) -> str:
    r"""A text on one line without characters that a document cannot hold, shortened where ``most`` is given.

    Examples
    --------
    >>> plain("甲\x00公司\n"), plain("甲乙丙丁", 3)
    ('甲 公司', '甲乙…')
    """
    line = " ".join(clean(text).split())
    return line if not most or len(line) <= most else line[: most - 1] + "…"

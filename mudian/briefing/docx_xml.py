"""Pieces of a Word document as XML: paragraphs, captions that number themselves, tables, fields.

All text is escaped here and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from lxml.etree import _Element

from mudian.briefing.model import Blank, Grid, clean, plain, spelled
from parcels.catalog import Lang

#: Styles of the document, by what they are for.
TITLE, SUBTITLE, PAGE, SECTION, BODY = "Title", "Subtitle", "Heading1", "Heading2", "Normal"
CAPTION, NOTE, CELL, HEAD, PICTURE, GAP = (
    "Caption", "MudianNote", "MudianCell", "MudianHead", "MudianPicture", "MudianGap",
)  # fmt: skip
_NAMESPACES = nsdecls("w")
_HEAD_FILL, _SUM_FILL, _FAINT = "DCE6F1", "F2F2F2", "7F7F7F"
_CHARACTER, _CAPITAL, _MARGIN = 108, 122, 130  # of a cell, in twentieths of a point
_HEAD_LINES, _LEAST, _LONGEST_WORD = 3.0, 4.0, 14
_LATIN = re.compile("[!-,.-~]+-?")  # a word may be broken behind a hyphen
_TOGETHER = 12  # rows of a table that is not torn over two pages


def run(text: str, *, bold: bool = False, colour: str = "") -> str:
    """A run of text."""
    look = ("<w:b/><w:bCs/>" if bold else "") + (f'<w:color w:val="{colour}"/>' if colour else "")
    properties = f"<w:rPr>{look}</w:rPr>" if look else ""
    return f'<w:r>{properties}<w:t xml:space="preserve">{escape(clean(text))}</w:t></w:r>'


def field(instruction: str, shown: str) -> str:
    """A field that Word works out, with what is shown until then."""
    return f"<w:fldSimple w:instr={quoteattr(f' {instruction} ')}>{run(shown)}</w:fldSimple>"


def paragraph(content: str, style: str, *, properties: str = "", ready: bool = False) -> _Element:
    """A paragraph; ``content`` is text, or with ``ready`` the XML of its runs."""
    return parse_xml(_paragraph(content if ready else run(content), style, properties, _NAMESPACES))


def _paragraph(runs: str, style: str, properties: str = "", namespaces: str = "") -> str:
    start = f"<w:p {namespaces}>" if namespaces else "<w:p>"
    return f'{start}<w:pPr><w:pStyle w:val="{style}"/>{properties}</w:pPr>{runs}</w:p>'


def caption(word: str, number: int, title: str, *, above: bool) -> _Element:
    """A caption with a number that Word keeps up to date; one above its table stays with it."""
    runs = run(f"{word} ") + field(f"SEQ {word} \\* ARABIC", str(number)) + run(f"\u2002{title}")
    return paragraph(runs, CAPTION, properties="<w:keepNext/>" if above else "", ready=True)


def table(grid: Grid, lang: Lang, width: int) -> _Element:
    """A table of the document: native, its header repeated on every page, no row torn.

    Parameters
    ----------
    grid
        The table.
    lang
        Language of what is missing.
    width
        Width in twentieths of a point.
    """
    widths = _widths(grid, lang, width)
    together = len(grid.rows) <= _TOGETHER
    heads = [
        _cell(c.title, w, HEAD, "center", fill=_HEAD_FILL, keep=True) for c, w in zip(grid.columns, widths, strict=True)
    ]
    head = _row(heads, header=True)
    rows = [head]
    for n, values in enumerate(grid.rows):
        strong = n in grid.strong
        keep = n + 1 < len(grid.rows) and (together or n == 0)
        cells = []
        for value, column, w in zip(values, grid.columns, widths, strict=True):
            faint = value is None or isinstance(value, Blank)
            side = "right" if column.kind == "number" else "left"
            cells.append(_cell(spelled(value, lang, column.digits), w, CELL, side, keep=keep, bold=strong,
                               fill=_SUM_FILL if strong else "", colour=_FAINT if faint else ""))  # fmt: skip
        rows.append(_row(cells))
    columns = "".join(f'<w:gridCol w:w="{w}"/>' for w in widths)
    properties = (
        f'<w:tblPr><w:tblStyle w:val="TableGrid"/><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:jc w:val="center"/>'
        '<w:tblLayout w:type="fixed"/><w:tblCellMar><w:left w:w="57" w:type="dxa"/><w:right w:w="57" w:type="dxa"/>'
        '</w:tblCellMar><w:tblLook w:val="0420" w:firstRow="1" w:lastRow="0" w:firstColumn="0" w:lastColumn="0" '
        f'w:noHBand="0" w:noVBand="1"/><w:tblCaption w:val={quoteattr(plain(grid.title))}/></w:tblPr>'
    )
    return parse_xml(f"<w:tbl {_NAMESPACES}>{properties}<w:tblGrid>{columns}</w:tblGrid>{''.join(rows)}</w:tbl>")


def _widths(grid: Grid, lang: Lang, width: int) -> list[int]:
    """Shares of the page, but numbers and codes get at least what they need; headers give way where all is tight."""
    columns = range(len(grid.columns))
    need = [max(_need(grid, n, lang), _head_need(grid, n)) for n in columns]
    if sum(need) > width:
        need = [_need(grid, n, lang) for n in columns]
    shares = [c.width for c in grid.columns]
    fixed: set[int] = set()
    made = [n * width / sum(need) for n in need]
    while len(fixed) < len(shares) and sum(need) < width:
        rest = width - sum(need[n] for n in fixed)
        whole = sum(shares[n] for n in columns if n not in fixed)
        made = [need[n] if n in fixed else rest * shares[n] / whole for n in columns]
        tight = {n for n in columns if made[n] < need[n]}
        if not tight:
            break
        fixed |= tight
    rounded = [int(w) for w in made]
    rounded[-1] += width - sum(rounded)
    return rounded


def _need(grid: Grid, n: int, lang: Lang) -> float:
    """What the values of a column take: numbers and codes whole, of words the longest."""
    column = grid.columns[n]
    values = [spelled(row[n], lang, column.digits) for row in grid.rows]
    if column.kind in ("text", "prose"):
        return (
            max(_LEAST * 2, 0 if column.kind == "prose" else max(map(_word, values), default=0)) * _CHARACTER + _MARGIN
        )
    long = max(map(len, values), default=0)
    return max(long * (_CAPITAL if column.kind == "code" else _CHARACTER), _LEAST * _CHARACTER) + _MARGIN


def _head_need(grid: Grid, n: int) -> float:
    """What a header takes that stands in a few lines."""
    title = grid.columns[n].title
    return max(_word(title), _display(title) / _HEAD_LINES) * _CHARACTER + _MARGIN


def _word(text: str) -> int:
    """Length of the longest word in Latin letters, which is not to be broken; of an endless one not all."""
    return min(max(map(len, _LATIN.findall(text)), default=0), _LONGEST_WORD)


def _display(text: str) -> int:
    """Width of a text in half-width characters."""
    return sum(2 if c > "\u2e7f" else 1 for c in text)


def _row(cells: Sequence[str], *, header: bool = False) -> str:
    mark = "<w:tblHeader/>" if header else ""
    return f"<w:tr><w:trPr><w:cantSplit/>{mark}</w:trPr>{''.join(cells)}</w:tr>"


def _cell(
    text: str, width: int, style: str, side: str, *, fill: str = "", keep: bool = False, bold: bool = False,
    colour: str = "",
) -> str:  # fmt: skip
    shade = f'<w:shd w:val="clear" w:color="auto" w:fill="{fill}"/>' if fill else ""
    properties = f'<w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{shade}<w:vAlign w:val="center"/></w:tcPr>'
    look = ("<w:keepNext/>" if keep else "") + f'<w:jc w:val="{side}"/>'
    return f"<w:tc>{properties}{_paragraph(run(text, bold=bold, colour=colour), style, look)}</w:tc>"

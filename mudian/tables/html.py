"""Tables in web pages, which many systems hand out under the name ``.xls``.

Caveat of the theme: only the largest table of the page is read; the page is never shown or run.
"""

from __future__ import annotations

from html.parser import HTMLParser

from mudian.tables.grid import Grid, Range, grid_of_rows

_MAX_SPAN = 2000


class _Tables(HTMLParser):
    """Collects the cells of all tables with their spans; a table inside a cell counts as its own table."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[tuple[str, int, int]]]] = []
        self._open: list[list[list[tuple[str, int, int]]]] = []
        self._cell: list[str] | None = None
        self._spans = (1, 1)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._end_cell()
            self._open.append([])
            self.tables.append(self._open[-1])
        elif tag == "tr" and self._open:
            self._end_cell()
            self._open[-1].append([])
        elif tag in ("td", "th") and self._open:
            self._end_cell()
            given = dict(attrs)
            self._spans = (_span(given.get("rowspan")), _span(given.get("colspan")))
            self._cell = []
        elif tag == "br" and self._cell is not None:
            self._cell.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._end_cell()
        if tag == "table" and self._open:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def _end_cell(self) -> None:
        if self._cell is not None and self._open:
            if not self._open[-1]:
                self._open[-1].append([])
            self._open[-1][-1].append(("".join(self._cell), *self._spans))
        self._cell = None


def _span(text: str | None) -> int:
    return min(max(int(text), 1), _MAX_SPAN) if text and text.strip().isdecimal() else 1


def html_grid(text: str) -> Grid | None:
    """The largest table of a page; None when the page has no table with cells."""
    parser = _Tables()
    parser.feed(text)
    parser.close()
    filled = [table for table in parser.tables if any(table)]
    return _grid(max(filled, key=lambda table: sum(map(len, table)))) if filled else None


def _grid(table: list[list[tuple[str, int, int]]]) -> Grid:
    taken: dict[tuple[int, int], bool] = {}
    rows: list[list[object]] = []
    merges: list[Range] = []
    for r, cells in enumerate(table):
        row: list[object] = []
        for text, down, across in cells:
            column = next(c for c in range(len(taken) + len(row) + 1) if (r, c) not in taken)
            row += [None] * (column - len(row)) + [text]
            bottom = min(r + down, len(table)) - 1
            taken |= {(i, j): True for i in range(r, bottom + 1) for j in range(column, column + across)}
            if down > 1 or across > 1:
                merges.append((r, column, bottom, column + across - 1))
        rows.append(row)
    width = max([len(row) for row in rows] + [right + 1 for *_, right in merges])
    rows = [row + [None] * (width - len(row)) for row in rows]
    return grid_of_rows(rows, merges=merges)

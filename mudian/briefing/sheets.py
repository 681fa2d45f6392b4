"""The report in the workbook: a sheet of the overview and a sheet with one page per zone, with the same numbers.

Numbers are numbers, so that they can be worked with; what is missing is the word for it and never an empty sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from xlsxwriter.worksheet import Worksheet

from mudian.briefing.collect import collect
from mudian.briefing.model import Blank, Column, Grid, Lines, Page, Report, Value, spelled
from mudian.briefing.words import say, texts
from mudian.evaluation import Evaluation
from mudian.labels import sheet_label
from mudian.workbook_rows import shorten

if TYPE_CHECKING:
    from mudian.workbook import Book

_A4 = 9
_WIDTHS = (22.0, 27.0, *(13.0 for _ in range(8)))
_LAST = len(_WIDTHS) - 1
_LINE, _GAP, _MOST_BREAKS, _MOST_LINES = 16.0, 8.0, 1023, 12
_GREY = "#7F7F7F"


def draw_report(book: Book, evaluation: Evaluation) -> None:
    """Add the sheets 全市概览 and 开发区单页.

    Parameters
    ----------
    book
        The workbook in the making.
    evaluation
        The results of a run; geometry is not needed.
    """
    report = collect(evaluation)
    pen = _Pen(book, report)
    overview = pen.sheet("city_overview")
    pen.page(overview, report.overview, 0)
    if report.zones:
        pages, row, breaks = pen.sheet("zone_pages"), 0, []
        for page in report.zones:
            breaks += [row] if row else []
            row = pen.page(pages, page, row)
        pages.set_h_pagebreaks(breaks[:_MOST_BREAKS])


class _Pen:
    """Writes pages below each other, tables counted as in the Word document."""

    def __init__(self, book: Book, report: Report) -> None:
        self.book, self.report, self.lang = book, report, report.lang
        self.tables = 0

    def sheet(self, name: str) -> Worksheet:
        sheet = self.book.sheet(sheet_label(name, self.lang))
        for column, width in enumerate(_WIDTHS):
            sheet.set_column(column, column, width)
        sheet.set_default_row(_LINE)
        sheet.set_paper(_A4)
        sheet.set_portrait()
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.5, right=0.5, top=0.5, bottom=0.5)
        sheet.set_footer("&L&A&R&P / &N")
        sheet.hide_gridlines(2)
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        return sheet

    def page(self, sheet: Worksheet, page: Page, row: int) -> int:
        """One page; gives the next free row."""
        self._text(sheet, row, page.title, bold=True, font_size=16)
        sheet.set_row(row, 26)
        facts = (self.report.title, *page.facts) if page.zone_id is not None else page.facts
        line = " · ".join(facts)
        self._wide(sheet, row + 1, 0, line, font_color="#595959", text_wrap=True, valign="top")
        self._height(sheet, row + 1, [(line, sum(_WIDTHS))])
        row += 2
        words = texts()["numerals"]
        shown = [s for s in page.sections if any(isinstance(b, Grid | Lines) for b in s.blocks)]  # no pictures
        for numeral, section in zip(words[self.lang], shown, strict=False):
            blocks = [b for b in section.blocks if isinstance(b, Grid | Lines)]
            heading = words["heading"][self.lang].format(numeral=numeral, title=section.title)
            self._text(sheet, row, heading, bold=True, font_size=12)
            sheet.set_row(row, 22)
            row += 1
            for block in blocks:
                row = self._grid(sheet, block, row) if isinstance(block, Grid) else self._lines(sheet, block, row)
        return row + 1

    def _text(self, sheet: Worksheet, row: int, text: str, **look: Any) -> None:
        sheet.write_string(row, 0, shorten(text, self._cut()), self.book.style(valign="vcenter", **look))

    def _cut(self) -> str:
        from mudian.workbook import text

        return text("cut", self.lang)

    def _lines(self, sheet: Worksheet, block: Lines, row: int) -> int:
        for line in block.lines:
            look = {"font_color": "#404040"} if block.quiet else {}
            self._wide(sheet, row, 0, line, text_wrap=True, valign="top", **look)
            self._height(sheet, row, [(line, sum(_WIDTHS))])
            row += 1
        return row

    def _wide(self, sheet: Worksheet, row: int, column: int, text: str, **look: Any) -> None:
        """A text over all columns from one to the last."""
        style = self.book.style(**look)
        if column < _LAST:
            sheet.merge_range(row, column, row, _LAST, "", style)
        sheet.write_string(row, column, shorten(text, self._cut()), style)

    def _height(self, sheet: Worksheet, row: int, texts: Sequence[tuple[str, float]]) -> None:
        """As many lines as the longest text takes in its width."""
        lines = max([-(-_display(t) // max(int(w) - 1, 1)) for t, w in texts], default=1)
        if lines > 1:
            sheet.set_row(row, min(lines, _MOST_LINES) * _LINE)

    def _grid(self, sheet: Worksheet, grid: Grid, row: int) -> int:
        self.tables += 1
        title = say("caption", self.lang, word=say("table", self.lang), number=self.tables, title=grid.title)
        self._text(sheet, row, title, bold=True)
        row += 1
        for c, column in enumerate(grid.columns):
            if _spreads(grid.columns, c):
                sheet.merge_range(row, c, row, _LAST, "", self.book.head())
            sheet.write_string(row, c, column.title, self.book.head())
        self._height(sheet, row, [(c.title, _room(grid.columns, n)) for n, c in enumerate(grid.columns)])
        for n, values in enumerate(grid.rows, start=1):
            self._row(sheet, row + n, values, grid.columns, strong=n - 1 in grid.strong)
        row += len(grid.rows) + 1
        if grid.note:
            self._text(sheet, row, say("note", self.lang, text=grid.note), font_color="#404040")
            row += 1
        sheet.set_row(row, _GAP)
        return row + 1

    def _row(
        self, sheet: Worksheet, row: int, values: Sequence[Value], columns: Sequence[Column], *, strong: bool
    ) -> None:
        look: dict[str, Any] = {"border": 1, "valign": "vcenter"}
        look |= {"bold": True, "bg_color": "#F2F2F2"} if strong else {}
        wrapped: list[tuple[str, float]] = []
        for c, (value, column) in enumerate(zip(values, columns, strict=True)):
            last = _spreads(columns, c)
            if isinstance(value, int | float):
                form = "#,##0" if isinstance(value, int) else f"#,##0.{'0' * column.digits}"
                sheet.write_number(row, c, value, self.book.style(form, **look))
                continue
            text = spelled(value, self.lang)
            grey = {"font_color": _GREY} if value is None or isinstance(value, Blank) else {}
            side = {"align": "right"} if column.kind == "number" else {"text_wrap": True, "indent": 1}
            if column.kind != "number":
                wrapped.append((text, _room(columns, c)))
            if last:
                self._wide(sheet, row, c, text, **look, **grey, **side)
            else:
                sheet.write_string(row, c, shorten(text, self._cut()), self.book.style(**look, **grey, **side))
        self._height(sheet, row, wrapped)


def _spreads(columns: Sequence[Column], c: int) -> bool:
    """Whether a column takes all that is left of the page: the last one, when it holds words."""
    return c == len(columns) - 1 and c < _LAST and columns[c].kind in ("prose", "text")


def _room(columns: Sequence[Column], c: int) -> float:
    """Width of a column of a table on the sheet."""
    return sum(_WIDTHS[c:]) if _spreads(columns, c) else _WIDTHS[min(c, _LAST)]


def _display(text: str) -> int:
    """Width of a text in half-width characters."""
    return sum(2 if c > "\u2e7f" else 1 for c in text)

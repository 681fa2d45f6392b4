"""Answers of a command as files: a workbook with a sheet a table, or one table as CSV; whole or not at all.

Text is always text, so that a name that begins with ``=`` does not run; a missing figure is an empty cell, never 0.
"""

from __future__ import annotations

import io
import math
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException
from xlsxwriter.format import Format

from mudian.errors import OutputError, UsageError
from mudian.explain.packlist import width
from mudian.workbook import text as book_word
from mudian.workbook_rows import Body, Kind, fill, kind_of
from parcels.catalog import Lang

_OPTIONS = {
    "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
}  # fmt: skip
_FONT = {"font_name": "微软雅黑", "font_size": 10}
_HEAD = {"bold": True, "bg_color": "#DCE6F1", "border": 1, "text_wrap": True, "valign": "vcenter", "align": "center"}
_FORMATS: dict[Kind, str] = {"text": "@", "integer": "0", "number": "#,##0.00", "date": "yyyy-mm-dd",
                             "datetime": "yyyy-mm-dd hh:mm"}  # fmt: skip
_LEAST, _MOST, _WIDEST = 9.0, 30.0, 50.0
_A3, _HEADER_HEIGHT, _PAGE_WIDTH = 8, 36, 240.0
_COUNTED = 4096  # cells that are looked at for the width of a column


@dataclass(frozen=True)
class AnswerSheet:
    """A table with the title of its sheet and the heads of its columns.

    Attributes
    ----------
    title, table, heads
        Name of the sheet; rows; one head a column.
    shares
        Columns that hold shares and are shown in per cent.
    wide
        Columns of long text, which is wrapped.
    frozen
        How many columns stay when the sheet is moved sideways.
    """

    title: str
    table: pd.DataFrame
    heads: list[str]
    shares: frozenset[str] = field(default_factory=frozenset)
    wide: frozenset[str] = field(default_factory=frozenset)
    frozen: int = 0


def save(path: Path, writers: Mapping[str, Callable[[Path], None]], *, refusal: str) -> Path:
    """Write a file by its ending, whole or not at all.

    Parameters
    ----------
    path
        The file; its folder is made.
    writers
        What writes a file of each ending, such as ``{".csv": …}``.
    refusal
        Code of the message for an ending that has no writer.

    Raises
    ------
    UsageError
        For another ending.
    OutputError
        When the file cannot be written; what was there before stays.
    """
    write = writers.get(path.suffix.lower())
    if write is None:
        raise UsageError(refusal, name=path.name)
    work = path.with_name(f".mudian-{os.getpid()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(work)
        os.replace(work, path)
    except (OSError, XlsxWriterException) as error:
        raise OutputError("output-failed", file=path, detail=str(error)) from error
    finally:
        work.unlink(missing_ok=True)
    return path


def write_book(sheets: Iterable[AnswerSheet], path: Path, *, lang: Lang) -> None:
    """Write tables as a workbook with frozen heads, filters and print settings."""
    skeleton, bodies = io.BytesIO(), {}
    with xlsxwriter.Workbook(skeleton, _OPTIONS) as book:
        head = book.add_format(_FONT | _HEAD)
        for number, sheet in enumerate(sheets, start=1):
            body = _lay_out(book, head, sheet, lang)
            if len(sheet.table):
                bodies[f"xl/worksheets/sheet{number}.xml"] = body
    fill(skeleton, path, bodies)


def _lay_out(book: xlsxwriter.Workbook, head: Format, sheet: AnswerSheet, lang: Lang) -> Body:
    page, table = book.add_worksheet(sheet.title), sheet.table
    kinds = [kind_of(table[c]) for c in table]
    columns = [str(c) for c in table]
    widths = [
        _column_width(table[c], title, str(c) in sheet.wide, kind)
        for c, title, kind in zip(table, sheet.heads, kinds, strict=True)
    ]
    for i, (column, kind) in enumerate(zip(columns, kinds, strict=True)):
        page.set_column(i, i, widths[i])
        page.write_string(0, i, sheet.heads[i], head)
        shown = "0.00%" if column in sheet.shares else _FORMATS[kind]
        look = {"valign": "top", "num_format": shown, "text_wrap": column in sheet.wide}
        page.write_blank(1, i, None, book.add_format(_FONT | look))
    page.set_row(0, _HEADER_HEIGHT)
    page.freeze_panes(1, sheet.frozen)
    page.autofilter(0, 0, len(table), len(kinds) - 1)
    page.set_landscape()
    page.set_paper(_A3)
    page.fit_to_pages(math.ceil(sum(widths) / _PAGE_WIDTH), 0)
    page.repeat_rows(0)
    page.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    page.set_footer("&L&F&C&A&R&P / &N")
    return Body(table, kinds, book_word("cut", lang))


def _column_width(values: pd.Series, title: str, wide: bool, kind: Kind) -> float:
    known = values.dropna().astype("str").drop_duplicates().head(_COUNTED) if kind == "text" else values.head(0)
    longest = max((width(t) for t in known), default=0) + 2.0 if kind == "text" else 11.0
    return max(_LEAST, min(longest, _WIDEST if wide else _MOST), min(width(title) / 2 + 4.0, 20.0))

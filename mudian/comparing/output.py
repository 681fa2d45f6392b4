"""A comparison written: workbook with its sheets, the changed verdicts as CSV, or a summary on the screen.

Text is always text, so that a name that begins with ``=`` does not run; a missing figure is an empty cell, never 0.
"""

from __future__ import annotations

import io
import math
import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException
from xlsxwriter.format import Format

from mudian.comparing.result import Comparison
from mudian.comparing.shown import SHEET_ROWS, heads, note_lines, tables, unchanged_line
from mudian.comparing.words import say
from mudian.errors import OutputError, UsageError
from mudian.explain.packlist import aligned, width
from mudian.workbook import text as book_word
from mudian.workbook_rows import Body, Kind, fill, kind_of
from mudian.writing import write_csv
from parcels.catalog import Lang

_OPTIONS = {
    "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
}  # fmt: skip
_FONT = {"font_name": "微软雅黑", "font_size": 10}
_HEAD = {"bold": True, "bg_color": "#DCE6F1", "border": 1, "text_wrap": True, "valign": "vcenter", "align": "center"}
_FORMATS: dict[Kind, str] = {"text": "@", "integer": "0", "number": "#,##0.00", "date": "yyyy-mm-dd",
                             "datetime": "yyyy-mm-dd hh:mm"}  # fmt: skip
_LEAST, _MOST, _WIDEST = 9.0, 30.0, 42.0
_WIDE = ("text", "note", "fields", "missing", "clause", "factors")
_FROZEN = ("before", "after")
_A3, _HEADER_HEIGHT, _PAGE_WIDTH = 8, 36, 240.0
_HASH = 12  # digits of a SHA-256 on the screen
_CUT = 60  # characters of a cell on the screen
_SHOWN = 20  # rows of a table on the screen
_SCREEN = {
    "summary": ("subject", "title", "cause", "factors", "count"),
    "inputs": ("sort", "input", "before", "after", "state"),
    "policies": ("key", "sort", "before", "after", "unit", "cite_after"),
    "lineage": ("before", "after", "kind", "by", "share_before", "share_after"),
    "verdicts": ("after", "name", "title", "verdict_before", "verdict_after", "factors", "fields"),
}


def save(found: Comparison, path: Path) -> Path:
    """Write a comparison as ``.xlsx`` or ``.csv``; see :meth:`Comparison.save`."""
    writers: dict[str, Callable[[Comparison, Path], None]] = {".xlsx": _workbook, ".csv": _csv}
    write = writers.get(path.suffix.lower())
    if write is None:
        raise UsageError("compare-out", name=path.name)
    work = path.with_name(f".mudian-{os.getpid()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(found, work)
        os.replace(work, path)
    except (OSError, XlsxWriterException) as error:
        raise OutputError("output-failed", file=path, detail=str(error)) from error
    finally:
        work.unlink(missing_ok=True)
    return path


def _csv(found: Comparison, path: Path) -> None:
    """The changed verdicts with their canonical names: a table that programs read back."""
    write_csv(found.verdicts, path)


def _workbook(found: Comparison, path: Path) -> None:
    skeleton, bodies = io.BytesIO(), {}
    with xlsxwriter.Workbook(skeleton, _OPTIONS) as book:
        head = book.add_format(_FONT | _HEAD)
        for number, (name, table) in enumerate(tables(found).items(), start=1):
            bodies[f"xl/worksheets/sheet{number}.xml"] = _lay_out(book, head, name, table.head(SHEET_ROWS), found.lang)
    fill(skeleton, path, bodies)


def _lay_out(book: xlsxwriter.Workbook, head: Format, name: str, table: pd.DataFrame, lang: Lang) -> Body:
    sheet = book.add_worksheet(say(name, lang, section="sheets"))
    kinds = [kind_of(table[c]) for c in table]
    titles = heads(table, lang)
    widths = [_column_width(table[c], t, str(c), k) for c, t, k in zip(table, titles, kinds, strict=True)]
    for i, (column, kind) in enumerate(zip(table.columns, kinds, strict=True)):
        sheet.set_column(i, i, widths[i])
        sheet.write_string(0, i, titles[i], head)
        shown = "0.00%" if str(column).startswith("share_") else _FORMATS[kind]
        look = {"text_wrap": True, "valign": "top"} if str(column).startswith(_WIDE) else {"valign": "top"}
        sheet.write_blank(1, i, None, book.add_format(_FONT | look | {"num_format": shown}))
    sheet.set_row(0, _HEADER_HEIGHT)
    frozen = max((i + 1 for i, c in enumerate(table.columns) if c in _FROZEN), default=0)
    sheet.freeze_panes(1, frozen if frozen <= len(_FROZEN) + 1 else 0)
    sheet.autofilter(0, 0, len(table), len(kinds) - 1)
    sheet.set_landscape()
    sheet.set_paper(_A3)
    sheet.fit_to_pages(math.ceil(sum(widths) / _PAGE_WIDTH), 0)
    sheet.repeat_rows(0)
    sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    sheet.set_footer("&L&F&C&A&R&P / &N")
    return Body(table, kinds, book_word("cut", lang))


def _column_width(values: pd.Series, title: str, column: str, kind: Kind) -> float:
    known = values.dropna().astype("str").drop_duplicates().head(_COUNTED) if kind == "text" else values.head(0)
    longest = max((width(t) for t in known), default=0) + 2.0 if kind == "text" else 11.0
    most = _WIDEST if column.startswith(_WIDE) else _MOST
    return max(_LEAST, min(longest, most), min(width(title) / 2 + 4.0, 20.0))


_COUNTED = 4096  # cells that are looked at for the width of a column


def text(found: Comparison) -> str:
    """The comparison for the screen: causes by verdict, what differs, then the first of the changed verdicts."""
    lang, shown = found.lang, tables(found)
    blocks = [say("title", lang, before=found.names[0], after=found.names[1])]
    if len(found.verdicts):
        blocks.append(
            "\n".join([*_table("summary", shown["summary"].query("count.notna()"), lang), unchanged_line(found)])
        )
    else:
        blocks.append("\n".join([say("nothing", lang), unchanged_line(found)]))
    notes = note_lines(found)
    blocks += ["\n".join(notes)] if notes else []
    if "inputs" in shown:
        short = {c: shown["inputs"][c].str.slice(0, _HASH) for c in ("before", "after") if c in shown["inputs"]}
        blocks.append("\n".join(_titled("inputs", shown["inputs"].assign(**short), lang)))
    else:
        blocks.append(say("same_inputs", lang))
    blocks += ["\n".join(_titled(n, shown[n], lang)) for n in ("policies", "lineage") if n in shown]
    if len(found.changes):
        subjects = found.changes[["subject", "after"]].drop_duplicates()
        blocks.append(say("cells", lang, count=len(found.changes), subjects=len(subjects)))
    blocks += ["\n".join(_titled("verdicts", shown["verdicts"], lang))] if "verdicts" in shown else []
    return "\n\n".join(blocks)


def _titled(name: str, table: pd.DataFrame, lang: Lang) -> list[str]:
    title = say(name, lang, section="sheets")
    if len(table) > _SHOWN:
        title = f"{title}{say('more', lang, shown=_SHOWN, count=len(table))}"
    return [title, *_table(name, table.head(_SHOWN), lang)]


def _table(name: str, table: pd.DataFrame, lang: Lang) -> list[str]:
    part = table[[c for c in _SCREEN[name] if c in table]]
    rows = [[_cell(v, str(c)) for c, v in zip(part.columns, row, strict=True)] for row in part.to_numpy(object)]
    return aligned(heads(part, lang), rows)


def _cell(value: object, column: str) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, float):
        return f"{value:.1%}" if column.startswith("share_") else f"{value:,.2f}"
    text = str(value)
    return text if len(text) <= _CUT else f"{text[:_CUT]}…"

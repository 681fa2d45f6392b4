"""A ranking written: workbook with its sheets, one CSV table, or a table on the screen.

Text is always text, so that a name that begins with ``=`` does not run; a missing figure is an empty cell, never 0.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException
from xlsxwriter.format import Format

from mudian.errors import OutputError, UsageError
from mudian.explain.packlist import aligned, width
from mudian.ranking.result import Ranking
from mudian.ranking.shown import heads, tables
from mudian.ranking.words import say
from mudian.workbook import text as book_word
from mudian.workbook_rows import Body, Kind, fill, kind_of
from mudian.writing import write_csv

_OPTIONS = {
    "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
}  # fmt: skip
_FONT = {"font_name": "微软雅黑", "font_size": 10}
_HEAD = {"bold": True, "bg_color": "#DCE6F1", "border": 1, "text_wrap": True, "valign": "vcenter", "align": "center"}
_FORMATS: dict[Kind, str] = {"text": "@", "integer": "0", "number": "#,##0.00", "date": "yyyy-mm-dd",
                             "datetime": "yyyy-mm-dd hh:mm"}  # fmt: skip
_SHARE = ("_share", "_share_progress")
_WIDE = {"reading", "note", "message", "before", "after", "zones", "text", "clause", "missing", "score_missing"}
_LEAST, _MOST, _WIDEST = 9.0, 30.0, 60.0
_A3, _HEADER_HEIGHT = 8, 36
_SCREEN = ("ranking", "movement", "incentives", "items", "findings")


def save(ranking: Ranking, path: Path) -> Path:
    """Write a ranking as ``.xlsx`` or ``.csv``; see :meth:`Ranking.save`."""
    writers: dict[str, Callable[[Ranking, Path], None]] = {".xlsx": _workbook, ".csv": _csv}
    write = writers.get(path.suffix.lower())
    if write is None:
        raise UsageError("ranking-out", name=path.name)
    work = path.with_name(f".mudian-{os.getpid()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(ranking, work)
        os.replace(work, path)
    except (OSError, XlsxWriterException) as error:
        raise OutputError("output-failed", file=path, detail=str(error)) from error
    finally:
        work.unlink(missing_ok=True)
    return path


def _csv(ranking: Ranking, path: Path) -> None:
    """The ranking with its canonical names, without the total: a table that programs read back."""
    write_csv(ranking.zones, path)


def _workbook(ranking: Ranking, path: Path) -> None:
    skeleton, bodies = io.BytesIO(), {}
    with xlsxwriter.Workbook(skeleton, _OPTIONS) as book:
        head = book.add_format(_FONT | _HEAD)
        for number, (name, table) in enumerate(tables(ranking).items(), start=1):
            body = _lay_out(book, head, name, table, ranking)
            if len(table):
                bodies[f"xl/worksheets/sheet{number}.xml"] = body
    fill(skeleton, path, bodies)


def _lay_out(book: xlsxwriter.Workbook, head: Format, name: str, table: pd.DataFrame, ranking: Ranking) -> Body:
    sheet = book.add_worksheet(say(name, ranking.lang, section="sheets"))
    kinds = [kind_of(table[c]) for c in table]
    titles = heads(table, ranking)
    for i, (column, kind) in enumerate(zip(table.columns, kinds, strict=True)):
        sheet.set_column(i, i, _column_width(table[column], titles[i], str(column), kind))
        sheet.write_string(0, i, titles[i], head)
        shown = "0.00%" if str(column).endswith(_SHARE) else _FORMATS[kind]
        look = {"indent": 1} if kind == "text" else {}
        sheet.write_blank(1, i, None, book.add_format(_FONT | look | {"num_format": shown}))
    sheet.set_row(0, _HEADER_HEIGHT)
    names = [i for i, c in enumerate(table.columns) if c in ("zone_name", "zone")]
    sheet.freeze_panes(1, names[0] + 1 if names and names[0] < 2 else 0)
    sheet.autofilter(0, 0, len(table), len(kinds) - 1)
    sheet.set_landscape()
    sheet.set_paper(_A3)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    sheet.set_footer("&L&F&C&A&R&P / &N")
    return Body(table, kinds, book_word("cut", ranking.lang))


def _column_width(values: pd.Series, title: str, column: str, kind: Kind) -> float:
    known = values.dropna().astype("str")
    longest = max((width(t) for t in known), default=0) + 2.0 if kind == "text" else 11.0
    most = _WIDEST if column in _WIDE else _MOST
    return max(_LEAST, min(longest, most), min(width(title) / 2 + 4.0, 20.0))


def text(ranking: Ranking) -> str:
    """The sheets of a ranking below each other, for the screen; of the sources only the warnings.

    Of several years only the last one is shown, and of rewards and penalties only what holds or is unknown.
    """
    found = tables(ranking)
    blocks = []
    for name in (n for n in _SCREEN if n in found):
        table = _short(found[name], name, ranking)
        rows = [[_cell(v, str(c)) for c, v in zip(table.columns, row, strict=True)] for row in table.to_numpy(object)]
        title = say(name, ranking.lang, section="sheets")
        if len(table) < len(found[name]):
            title = f"{title} {say('shortened', ranking.lang)}"
        blocks.append("\n".join([title, *aligned(heads(table, ranking), rows)]))
    warnings = ranking.ledger.frame().query("severity != 'info'")
    if len(warnings):
        said = [f"{m}（{w}）" if w else str(m) for m, w in zip(warnings["message"], _where(warnings), strict=True)]
        blocks.append("\n".join([say("sources", ranking.lang, section="sheets"), *dict.fromkeys(said)]))
    return "\n\n".join(blocks)


def _short(table: pd.DataFrame, name: str, ranking: Ranking) -> pd.DataFrame:
    if name == "findings" or "year" not in table:
        return table
    shown: pd.DataFrame = table[table["year"] == table["year"].max()]
    if name == "incentives":
        shown = shown[shown["outcome"] != say("no", ranking.lang)].drop(columns="clause")
    return shown


def _where(rows: pd.DataFrame) -> list[str]:
    shown = rows["id"].fillna(rows["before"]).fillna("")
    return [str(v) for v in shown]


def _cell(value: object, column: str) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, float):
        return f"{value:.2%}" if column.endswith(_SHARE) else f"{value:,.2f}"
    return str(value)

"""The sheet of waterfalls in the workbook: one small table and one chart per zone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from mudian.evaluation import Evaluation
from mudian.labels import column_label, sheet_label
from mudian.waterfall import waterfall

if TYPE_CHECKING:
    from mudian.workbook import Book

_COLOURS = {"total": "#44546A", "hard": "#B5523B", "soft": "#D9A441", "left": "#2E8B57", "part": "#7FBF9A"}
_COLUMNS = ("label", "begin_mu", "value_mu")
_GAP, _WIDE, _ROW_PIXELS, _CHART = 3, 620, 20, 320
_A3 = 8


def draw_waterfalls(book: Book, evaluation: Evaluation) -> None:
    """Add the sheet; nothing where the run has no deductions.

    Parameters
    ----------
    book
        The workbook in the making.
    evaluation
        The results.
    """
    if not len(evaluation.deductions):
        return
    bars = waterfall(evaluation.zones, evaluation.deductions, lang=book.lang)
    name = sheet_label("waterfall", book.lang)
    sheet = book.sheet(name)
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 2, 16)
    top = 0
    for _, part in bars.groupby("zone_id", sort=False):
        _draw_one(book, sheet, name, part, top)
        top += max(len(part) + _GAP, _CHART // _ROW_PIXELS + _GAP)
    sheet.set_landscape()
    sheet.set_paper(_A3)
    sheet.fit_to_pages(1, 0)


def _draw_one(book: Book, sheet: object, name: str, part: pd.DataFrame, top: int) -> None:
    """The table of a zone, and the chart beside it."""
    zone = str(part["zone_name"].iloc[0])
    write = sheet  # the worksheet of xlsxwriter
    for column, key in enumerate(_COLUMNS):
        title = zone if not column else column_label(key, book.lang)
        write.write_string(top, column, title, book.head())  # type: ignore[attr-defined]
    plain, number = book.style("@"), book.style("#,##0.00")
    for row, (label, base, value) in enumerate(part[list(_COLUMNS)].to_numpy(dtype=object), start=top + 1):
        write.write_string(row, 0, str(label), plain)  # type: ignore[attr-defined]
        write.write_number(row, 1, float(base), number)  # type: ignore[attr-defined]
        if not pd.isna(value):
            write.write_number(row, 2, float(value), number)  # type: ignore[attr-defined]
    write.insert_chart(top, 4, _chart(book, name, zone, part, top), {"object_position": 1})  # type: ignore[attr-defined]


def _chart(book: Book, name: str, zone: str, part: pd.DataFrame, top: int) -> object:
    first, last = top + 1, top + len(part)
    chart = book.book.add_chart({"type": "column", "subtype": "stacked"})
    labels = [name, first, 0, last, 0]
    chart.add_series({"categories": labels, "values": [name, first, 1, last, 1], "fill": {"none": True}})
    points = [{"fill": {"color": _COLOURS[kind]}} for kind in part["kind"]]
    chart.add_series(
        {
            "name": column_label("value_mu", book.lang),
            "categories": labels,
            "values": [name, first, 2, last, 2],
            "points": points,
            "gap": 40,
            "data_labels": {"value": True, "num_format": "#,##0"},
        }
    )
    chart.set_title({"name": zone, "name_font": {"size": 12}})
    chart.set_legend({"none": True})
    chart.set_y_axis({"num_format": "#,##0", "major_gridlines": {"visible": True, "line": {"color": "#DDDDDD"}}})
    chart.set_size({"width": _WIDE, "height": _CHART})
    return chart

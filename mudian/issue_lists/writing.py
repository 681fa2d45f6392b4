"""Writing the lists of questions: one workbook per office, with only the cells to fill in unlocked.

A list that somebody has filled in inside the folder of results is never overwritten: it keeps its name, and the new
list gets a number behind its own.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from mudian.evaluation import Evaluation
from mudian.input_files import sha256
from mudian.issue_lists.rows import SUBJECTS, issue_rows
from mudian.issue_lists.words import COLUMNS, OPEN, column_name, how, say, settings, spellings
from mudian.labels import value_labels
from mudian.schemas import schema
from mudian.sheets import file_names
from mudian.workbook_rows import shorten
from parcels.catalog import Lang
from parcels.fields import Field
from parcels.units import fold

FOLDER, RECORD = "issues", "issue_lists"
_OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_SHEET = {
    "sort": True, "autofilter": True, "format_columns": True, "format_rows": True, "select_locked_cells": True,
    "select_unlocked_cells": True,
}  # fmt: skip
_SHOWN = tuple(c for c in COLUMNS if c != "office")
_FREEZE, _A4, _HEADER_HEIGHT = 4, 9, 30
_WRAPPED = ("id", "name", "label", "value", "problem", "verdicts", "clause")
_LINE, _MOST_LINES, _GUIDE_LINE, _GUIDE_WIDTH = 15, 8, 18, 110  # points, lines, points, half-width characters
_FIRST_DAY = pd.Timestamp("1900-03-01")
_KINDS = {table: spec for table, _, spec, _ in SUBJECTS.values() if spec}


def write_issue_lists(evaluation: Evaluation, folder: Path, *, earlier: Path | None = None) -> list[dict[str, object]]:
    """Write ``<office>.xlsx`` for every office that has something to answer.

    Parameters
    ----------
    evaluation
        The results of a run.
    folder
        Where the lists go; created when there are some.
    earlier
        The results that are replaced; lists in them that somebody has changed are taken over as they are.

    Returns
    -------
    list
        ``file``, ``office``, ``rows`` and ``sha256`` of each list, for the manifest.
    """
    kept = _filled_in(earlier) if earlier is not None else []
    rows = issue_rows(evaluation)
    if kept or len(rows):
        folder.mkdir(parents=True, exist_ok=True)
    for file in kept:
        shutil.copy2(file, folder / file.name)
    offices = list(rows["office"].unique())
    taken = {file.stem.lower() for file in kept}
    record: list[dict[str, object]] = []
    for office, stem in zip(offices, file_names(offices), strict=True):
        path = folder / f"{_free(stem, taken)}.xlsx"
        part = rows[(rows["office"] == office).to_numpy(bool)].reset_index(drop=True)
        _write(part, path, office=str(office), project=evaluation.manifest["project"])
        record.append({"file": path.name, "office": str(office), "rows": len(part), "sha256": sha256(path)})
    return record


def _filled_in(results: Path) -> list[Path]:
    """Files among earlier lists that are not as they were written."""
    folder = results / FOLDER
    if not folder.is_dir():
        return []
    try:
        known = json.loads((results / "manifest.json").read_bytes()).get(RECORD, [])
    except (OSError, ValueError):
        known = []
    written = {entry["sha256"] for entry in known}
    return [f for f in sorted(folder.iterdir()) if f.is_file() and sha256(f) not in written]


def _free(stem: str, taken: set[str]) -> str:
    """A name that no file that is kept has."""
    name, number = stem, 2
    while name.lower() in taken:
        name, number = f"{stem}_{number}", number + 1
    taken.add(name.lower())
    return name


def _write(rows: pd.DataFrame, path: Path, *, office: str, project: dict[str, Any]) -> None:
    lang: Lang = project["lang"]
    with xlsxwriter.Workbook(path, _OPTIONS) as book:
        book.set_properties({"title": f"{project['name']} {say('list', lang)}", "subject": office})
        sheet = book.add_worksheet(say("list", lang))
        _fill(book, sheet, rows, lang)
        _print(sheet, len(rows))
        _guide(book, lang, title=str(project["name"]), office=office)


class _Styles:
    """The formats of a list."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        base = {"font_name": "微软雅黑", "font_size": 10, "border": 1, "border_color": "#BFBFBF", "valign": "top"}
        answer = base | {"locked": False, "bg_color": "#FFF9DB"}
        self.head = book.add_format(base | {"bold": True, "bg_color": "#DCE6F1", "text_wrap": True, "align": "center"})
        self.text = book.add_format(base | {"num_format": "@", "text_wrap": True})
        self.shut = book.add_format(base | {"num_format": "@", "bg_color": "#EDEDED"})
        self.answers: dict[str, Format] = {
            "text": book.add_format(answer | {"num_format": "@"}),
            "number": book.add_format(answer),
            "date": book.add_format(answer | {"num_format": "yyyy-mm-dd"}),
        }


def _fill(book: xlsxwriter.Workbook, sheet: Worksheet, rows: pd.DataFrame, lang: Lang) -> None:
    styles = _Styles(book)
    for c, column in enumerate(_SHOWN):
        sheet.set_column(c, c, settings()["widths"][column])
        sheet.write_string(0, c, column_name(column, lang), styles.head)
    fields = {pair: _field(*pair) for pair in set(zip(rows["table"], rows["field"], strict=True))}
    open_ = (rows["how"] == how("fill", lang)).to_numpy(bool)
    places = {column: c for c, column in enumerate(_SHOWN)}
    for r, lines in enumerate(_lines(rows), start=1):
        sheet.set_row(r, _LINE * lines)
    for r, record in enumerate(rows.to_dict("records"), start=1):
        for column, c in places.items():
            if column not in OPEN:
                sheet.write_string(r, c, shorten(str(record[column]), "…"), styles.text)
        field = fields[record["table"], record["field"]]
        kind = "text" if field is None or column_kind(field) == "list" else column_kind(field)
        for column in OPEN:
            answer = styles.answers[kind if column == "new_value" else "text"]
            sheet.write_blank(r, places[column], None, answer if open_[r - 1] else styles.shut)
    for first, last, pair in _runs(rows):
        field = fields[pair]
        if field is not None and open_[first]:
            rule = validation(field, rows["unit"].iloc[first], lang)
            sheet.data_validation(first + 1, places["new_value"], last + 1, places["new_value"], rule)
    sheet.set_row(0, _HEADER_HEIGHT)
    sheet.freeze_panes(1, _FREEZE)
    sheet.autofilter(0, 0, len(rows), len(_SHOWN) - 1)
    sheet.protect("", _SHEET)
    sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})


def _lines(rows: pd.DataFrame) -> list[int]:
    """How many lines the longest text of each row takes in its column; spreadsheets do not all find out themselves."""
    most = pd.Series(1, rows.index)
    for column in _WRAPPED:
        room = settings()["widths"][column] - 1
        lines = {t: max(1, math.ceil(width_of(str(t)) / room)) for t in rows[column].unique()}
        most = most.clip(lower=rows[column].map(lines))
    return [int(n) for n in most.clip(upper=_MOST_LINES)]


def width_of(text: str) -> int:
    """The width of a text in half-width characters.

    Examples
    --------
    >>> width_of("税收 tax")
    8
    """
    return sum(2 if c > "\u2e7f" else 1 for c in text)


def _runs(rows: pd.DataFrame) -> Iterator[tuple[int, int, tuple[str, str]]]:
    """First and last row of each run of rows of one field, with table and field."""
    keys = rows[["how", "table", "field"]]
    number = (keys != keys.shift()).any(axis=1).cumsum()
    for _, part in rows.groupby(number, sort=False):
        yield int(part.index[0]), int(part.index[-1]), (str(part["table"].iloc[0]), str(part["field"].iloc[0]))


def _field(table: str, column: str) -> Field | None:
    kind = _KINDS.get(spellings("tables").get(fold(table), table))
    return schema(kind).get(column) if kind else None


def column_kind(field: Field) -> str:
    """How a field is answered: ``number``, ``date``, ``list`` or ``text``."""
    if field.kind in ("number", "integer"):
        return "number"
    if field.kind == "date":
        return "date"
    return "list" if field.kind == "boolean" or field.column == "supply_status" else "text"


def validation(field: Field, unit: str, lang: Lang) -> dict[str, Any]:
    """The rule that a spreadsheet checks a corrected value by; it warns and never forbids.

    Parameters
    ----------
    field
        The field that is asked for.
    unit
        Its unit in words; empty for none.
    lang
        Language of the hint.
    """
    kind = column_kind(field)
    if kind == "number":
        hint = say("as_number", lang, unit=unit) if unit else say("as_plain_number", lang)
        rule: dict[str, Any] = {"validate": "decimal", "criteria": ">", "value": -1e15}
    elif kind == "date":
        hint = say("as_date", lang)
        rule = {"validate": "date", "criteria": ">=", "value": _FIRST_DAY.to_pydatetime()}
    elif kind == "list":
        hint = say("as_choice", lang)
        words = [say("yes", lang), say("no", lang)] if field.kind == "boolean" else None
        rule = {"validate": "list", "source": [*(words or value_labels(field.column, lang).values()), _erase(lang)]}
    else:
        return {"validate": "any", "input_title": field.title(lang)[:32], "input_message": say("as_text", lang)}
    return rule | {"input_title": field.title(lang)[:32], "input_message": hint, "error_type": "warning",
                   "error_title": field.title(lang)[:32], "error_message": hint}  # fmt: skip


def _erase(lang: Lang) -> str:
    return say("erase", lang)


def _print(sheet: Worksheet, size: int) -> None:
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.5)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.print_area(0, 0, size, _SHOWN.index("filled_by"))  # what follows is for the reader
    sheet.set_footer("&L&F&C&A&R&P / &N")


def _guide(book: xlsxwriter.Workbook, lang: Lang, *, title: str, office: str) -> None:
    sheet = book.add_worksheet(say("guide", lang))
    sheet.set_column(0, 0, _GUIDE_WIDTH)
    sheet.hide_gridlines(2)
    large = book.add_format({"font_name": "微软雅黑", "font_size": 14, "bold": True})
    plain = book.add_format({"font_name": "微软雅黑", "font_size": 11, "text_wrap": True, "valign": "top"})
    for r, line in enumerate(settings()["guide"][lang]):
        said = line.format(title=title, office=office)
        sheet.write_string(r, 0, said, plain if r else large)
        sheet.set_row(r, _GUIDE_LINE * max(1, math.ceil(width_of(said) / _GUIDE_WIDTH)))
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)

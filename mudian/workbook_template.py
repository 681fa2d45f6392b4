"""Filling a form of the user (``[workbook] template``): values go into marked cells, everything else stays.

A cell with ``{{zones.tax_wan}}`` is filled with that column, one record a row downwards, in the look of the marked cell
where the cells below have none of their own. ``{{zones.tax_wan[GX01]}}`` is the value of one record,
``{{zones.tax_wan[*]}}`` that of all of them: the sum, or the ratio of sums. ``{{project.name}}`` is a fact of the
project. Text is always text, missing is an empty cell.
"""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Callable, Iterator
from copy import copy
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.workbook import Workbook

from mudian.errors import UsageError
from mudian.evaluation import Evaluation
from mudian.labels import value_labels, word
from mudian.measure import PER_MU
from mudian.workbook_rows import shorten
from parcels.catalog import Lang
from parcels.errors import FormatError
from parcels.fields import nearest

FOLDER = "filled"
_MARK = re.compile(r"[{｛]{2}\s*(\w+)\s*[.．。]\s*(\w+)\s*(?:[\[［【]\s*([^\]］】]+?)\s*[\]］】])?\s*[}｝]{2}")
_HALF_MARK = re.compile(r"[{｛]{2}.*|.*[}｝]{2}")
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_KEYS = {"zones": "zone_id", "enterprises": "enterprise_id", "parcels": "parcel_id"}
_NAMES = {"zones": "zone_name", "enterprises": "name"}  # a name does as well, where one record has it
_FACTS = ("name", "period", "as_of")
_ALL = "*"
_SUMMED = ("_mu", "_wan", "_m2", "_count")
_BROKEN = (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError, TypeError, AttributeError)


def fill_template(evaluation: Evaluation, template: str | Path, target: str | Path) -> Path:
    """Fill a form with the results of a run.

    Parameters
    ----------
    evaluation
        The results.
    template
        The form, a workbook (xlsx) with marks; it is not changed.
    target
        Where the filled-in form goes.

    Returns
    -------
    Path
        The target.

    Raises
    ------
    FormatError
        When the form cannot be read.
    UsageError
        When a mark names nothing that the run has, or a column has no room below its mark.
    """
    book = open_template(Path(template))
    filler = _Filler(evaluation, Path(template))
    for sheet in book.worksheets:
        marked = [c for row in sheet.iter_rows() for c in row if _is_marked(c)]
        for cell in marked:
            filler.fill(cell)
    book.save(target)
    return Path(target)


def open_template(path: Path) -> Workbook:
    """Open a form; one that is no workbook is refused.

    Raises
    ------
    FormatError
        When it cannot be read.
    """
    try:
        return openpyxl.load_workbook(path, rich_text=True)
    except _BROKEN as error:
        raise FormatError("template-unreadable", file=path, detail=str(error) or type(error).__name__) from error


def _is_marked(cell: Any) -> bool:
    """Whether a cell holds a mark, or half of one (which is refused); formulas are none of our business."""
    if not isinstance(cell.value, str | CellRichText) or cell.data_type == "f":
        return False
    return _HALF_MARK.search(str(cell.value)) is not None


class _Filler:
    """The tables of a run, put into cells."""

    def __init__(self, evaluation: Evaluation, file: Path) -> None:
        self.file = file
        self.lang: Lang = evaluation.manifest["project"]["lang"]
        self.project: dict[str, Any] = evaluation.manifest["project"]
        self.redacted = bool(evaluation.manifest.get("redaction"))
        self.tables = {
            n: pd.DataFrame(t).drop(columns="geometry", errors="ignore") for n, t in evaluation.tables().items()
        }

    def fill(self, cell: Cell) -> None:
        """Fill one marked cell, and those below where its mark is of a whole column."""
        text = str(cell.value)
        marks = list(_MARK.finditer(text))
        half = _HALF_MARK.search(_MARK.sub("", text))
        if half:
            raise self._unknown(half[0].strip(), ["{{zones.tax_wan}}"], cell)
        whole = marks[0][0] == text.strip() if len(marks) == 1 else False
        table, column, key = marks[0].groups()
        if whole and key is None and table != "project":
            self._down(cell, list(self._column(table, column, cell)))
            return
        if whole:
            _put(cell, self._single(table, column, key, cell))
            return

        def filled(part: str) -> str:
            return _MARK.sub(lambda m: _spelled(self._single(m[1], m[2], m[3], cell)), part)

        rich = _rich(cell.value, filled) if isinstance(cell.value, CellRichText) else None
        if rich is None:
            _put(cell, filled(text))
        else:
            cell.value = rich

    def _down(self, cell: Cell, values: list[object]) -> None:
        sheet, row = cell.parent, cell.row
        for step in range(len(values)):
            place = sheet.cell(row + step, cell.column)
            if step and (isinstance(place, MergedCell) or place.value is not None):
                raise UsageError(
                    "template-no-room", file=self.file, layer=sheet.title, cell=place.coordinate, count=len(values),
                    mark=str(cell.value),
                )  # fmt: skip
            if step and not place.has_style:
                place._style = copy(cell._style)
        for step, value in enumerate(values):
            _put(sheet.cell(row + step, cell.column), value)
        if not values:
            _put(cell, None)

    def _single(self, table: str, column: str, key: str | None, cell: Cell) -> object:
        if table == "project":
            if column not in _FACTS:
                raise self._unknown(f"project.{column}", [f"project.{f}" for f in _FACTS], cell)
            return str(self.project[column])
        if key is None:
            raise self._unknown(f"{table}.{column}", [f"{table}.{column}[{_ALL}]"], cell)
        if key == _ALL:
            return self._total(table, column, cell)
        frame, of = self._table(table, cell), _KEYS.get(table, "")
        hit = _where(frame, of, key)
        if not len(hit):
            hit = _where(frame, _NAMES.get(table, ""), key)
        if len(hit) != 1:
            raise self._unknown(
                f"{table}[{key}]", [f"{table}[{k}]" for k in frame.get(of, pd.Series(dtype="str"))], cell
            )
        values = list(self._column(table, column, cell))
        return values[int(hit.index[0])]

    def _total(self, table: str, column: str, cell: Cell) -> object:
        """The sum of a column over all records, or the ratio of sums; missing where a part is hidden."""
        frame = self._table(table, cell)
        above = PER_MU.get(column)
        under = "base_mu" if table == "zones" else "land_mu" if table == "enterprises" else "area_mu"
        if above is not None and above in frame and under in frame:
            if self.redacted and frame[above].isna().any():
                return None
            known = frame[frame[above].notna() & (frame[under] > 0)]
            return float(known[above].sum() / known[under].sum()) if len(known) else None
        if not column.endswith(_SUMMED):
            known_sums = [f"{table}.{c}[{_ALL}]" for c in frame if str(c).endswith(_SUMMED) or c in PER_MU]
            raise self._unknown(f"{table}.{column}[{_ALL}]", known_sums, cell)
        values = pd.Series(list(self._column(table, column, cell)), dtype="float64")
        if self.redacted and values.isna().any():
            return None
        total = values.sum(min_count=1)
        return int(total) if column.endswith("_count") and values.notna().any() else total

    def _table(self, table: str, cell: Cell) -> pd.DataFrame:
        if table not in self.tables:
            raise self._unknown(table, self.tables, cell)
        return self.tables[table].reset_index(drop=True)

    def _column(self, table: str, column: str, cell: Cell) -> Iterator[object]:
        frame = self._table(table, cell)
        if column not in frame:
            if not self.redacted:
                raise self._unknown(f"{table}.{column}", [f"{table}.{c}" for c in frame], cell)
            yield from [None] * len(frame)
            return
        words = value_labels(column, self.lang)
        for value in frame[column].astype("object").tolist():
            yield self._plain(value, words)

    def _plain(self, value: object, words: dict[str, str]) -> object:
        """A value as it stands in a cell."""
        if value is None or pd.isna(value):  # type: ignore[call-overload]
            return None
        if isinstance(value, bool):
            return word("true" if value else "false", self.lang)
        if isinstance(value, pd.Timestamp):
            return value.to_pydatetime().date()
        return words.get(str(value), value) if isinstance(value, str) else value

    def _unknown(self, name: str, known: Any, cell: Cell) -> UsageError:
        close = nearest(name, [str(k) for k in known])
        return UsageError(
            "template-unknown", file=self.file, layer=cell.parent.title, cell=cell.coordinate, name=name, nearest=close
        )


def _where(frame: pd.DataFrame, column: str, key: str) -> pd.DataFrame:
    """The records that have this text in a column."""
    return frame[(frame[column].astype("str") == key).fillna(False)] if column in frame else frame.iloc[:0]


def _rich(text: CellRichText, filled: Callable[[str], str]) -> CellRichText | None:
    """A text in several looks with its marks filled in; None where a mark begins in one look and ends in another."""
    parts = [part if isinstance(part, str) else str(part.text) for part in text]
    if any(_HALF_MARK.search(_MARK.sub("", part)) for part in parts):
        return None
    made = CellRichText()
    for part, plain in zip(text, parts, strict=True):
        done = _fitting(filled(plain))
        made.append(done if isinstance(part, str) else TextBlock(part.font, done))
    return made


def _put(cell: Cell, value: object) -> None:
    """Write a value and leave the look of the cell; a text that begins with = stays a text."""
    if isinstance(value, str):
        cell.value = _fitting(value)
        cell.data_type = "s"
        return
    cell.value = value if value is None or isinstance(value, dt.date | int | float) else float(str(value))


def _fitting(text: str) -> str:
    """A text that a cell can hold: without control characters, not too long."""
    return shorten(_NO_XML.sub("", text), "…")


def _spelled(value: object) -> str:
    if value is None:
        return ""
    return f"{value:,.2f}" if isinstance(value, float) else str(value)

"""Tables in workbooks: xlsx, xlsm, xlsb, xls and ods, and which of their sheets is meant.

Caveat of the theme: a workbook shows what was last saved. Filters and hidden rows do not change what is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum
from python_calamine import SheetVisibleEnum as Visible

from mudian.tables.grid import Grid, grid_of_rows
from mudian.tables.header import find_header
from mudian.tables.xls import error_cells, plausible
from mudian.tables.xlsx import ARCHIVE_ERRORS, Besides, check_archive, look_into_sheet
from parcels.errors import FormatError, InputError
from parcels.ledger import Ledger

_HEAD = 80
Score = Callable[[list[str]], int]


@dataclass(frozen=True)
class _Sheet:
    """One sheet: its cell values, and what the file says besides."""

    name: str
    cells: CalamineSheet
    besides: Besides


@dataclass(frozen=True)
class _Book:
    book: CalamineWorkbook
    path: Path
    zipped: bool

    def sheet(self, name: str) -> _Sheet:
        """Open a sheet, after a look at its XML: one far cell would make the reader ask for all memory."""
        if self.zipped:
            besides = look_into_sheet(self.path, name)
        else:
            position = self.book.sheet_names.index(name)
            besides = Besides(errors=error_cells(self.path.read_bytes(), position))
        return _Sheet(name, self.book.get_sheet_by_name(name), besides)


@dataclass(frozen=True)
class _Candidate:
    """A sheet with content: how much its header looks like the table wanted."""

    sheet: _Sheet
    visible: bool
    columns: list[str]
    score: int

    @property
    def rank(self) -> tuple[int, bool, bool, int]:
        return (self.score, bool(self.columns), self.visible, self.sheet.cells.height)

    def __str__(self) -> str:
        return f"{self.sheet.name} ({self.score}/{len(self.columns)})"


def workbook_grid(
    path: Path, *, sheet: str | int | None, score: Score | None, zipped: bool, source: str, ledger: Ledger
) -> tuple[Grid, str]:
    """The cells of one sheet and its name.

    Parameters
    ----------
    path
        The workbook; ``zipped`` says that it is a zip archive (xlsx, xlsm, xlsb, ods).
    sheet
        Name of the sheet, or its number from 1; None lets the sheet be chosen.
    score
        How many of the column names given are known; decides between several sheets.
    source, ledger
        Name of the file and where the choice is written.

    Raises
    ------
    FormatError, InputError
        When the workbook is damaged, locked or empty, or the sheet is not in it.
    """
    if zipped:
        check_archive(path)
    elif not plausible(path.read_bytes()):
        raise FormatError("tables-broken-workbook", file=path, reason="DIMENSIONS, SST")
    with _in_words(path), CalamineWorkbook.from_path(path) as book:
        opened = _Book(book, path, zipped)
        if sheet is None:
            chosen = _choose(opened, score, source, ledger)
        else:
            chosen = opened.sheet(_wanted(book.sheet_names, sheet, path))
        if chosen.besides.unplaced:
            ledger.add("tables-error-marks", stage="read", source=source, count=chosen.besides.unplaced)
        return _grid(chosen), chosen.name


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    """Turn what the readers of archives and workbooks raise for damaged files into an error for people."""
    try:
        yield
    except PasswordError as error:
        raise FormatError("tables-locked", file=path) from error
    except (CalamineError, *ARCHIVE_ERRORS) as error:
        raise FormatError("tables-broken-workbook", file=path, reason=str(error)) from error
    except BaseException as error:
        # A panic of the compiled reader is no Exception, and its class cannot be imported.
        if type(error).__name__ != "PanicException":
            raise
        raise FormatError("tables-broken-workbook", file=path, reason=str(error)) from error


def _grid(found: _Sheet, *, rows: int | None = None) -> Grid:
    cells = found.cells.to_python(skip_empty_area=False, nrows=rows)
    for row, column, mark in found.besides.errors:
        if row < len(cells):
            cells[row] += [""] * (column + 1 - len(cells[row]))
            cells[row][column] = mark
    merges = [(top, left, bottom, right) for (top, left), (bottom, right) in found.cells.merged_cell_ranges or []]
    grid = grid_of_rows(cells, merges=merges)
    grid.formulas = found.besides.formulas
    return grid


def _wanted(names: list[str], sheet: str | int, path: Path) -> str:
    """The name of the sheet that was asked for by name or number."""
    wanted = str(sheet).strip()
    alike = [name for name in names if name.strip().casefold() == wanted.casefold()]
    if wanted in names or len(alike) == 1:
        return wanted if wanted in names else alike[0]
    if wanted.isascii() and wanted.isdigit() and 1 <= int(wanted) <= len(names):
        return names[int(wanted) - 1]
    raise InputError("tables-no-sheet", file=path, layer=sheet, sheet=sheet, names="、".join(names))


def _choose(opened: _Book, score: Score | None, source: str, ledger: Ledger) -> _Sheet:
    """The sheet whose header looks most like the table wanted."""
    found: list[_Candidate] = []
    for meta in opened.book.sheets_metadata:
        if meta.typ == SheetTypeEnum.WorkSheet:
            sheet = opened.sheet(meta.name)
            if sheet.cells.height:
                found.append(_candidate(sheet, meta.visible == Visible.Visible, score))
    if not found:
        raise InputError("tables-empty", file=opened.path)
    best = max(found, key=lambda candidate: candidate.rank)
    others = [str(candidate) for candidate in found if candidate is not best]
    if others:
        ledger.decide("sheet", best.sheet.name, source=source, evidence=[str(best), *others])
        ledger.add("tables-sheet-chosen", stage="read", source=source, name=best.sheet.name, others="、".join(others))
    return best.sheet


def _candidate(sheet: _Sheet, visible: bool, score: Score | None) -> _Candidate:
    header = find_header(_grid(sheet, rows=_HEAD))
    columns = [name for name in header.names if name] if header else []
    return _Candidate(sheet, visible, columns, score(columns) if score else len(columns))

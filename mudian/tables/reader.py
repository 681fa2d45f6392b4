"""Reading tables as bureaus send them: workbooks with merged headers, CSV in any encoding, pages called xls.

Caveat of the theme: this module says where the records are and what the columns are called. Numbers that
are text stay text; what a cell means is found by ``parcels.values.parse`` once a column has its place in the
schema. Every line that is left out stands in the ledger.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from mudian.tables.body import clean_body
from mudian.tables.grid import Grid, row_text
from mudian.tables.header import Header, find_header
from mudian.tables.html import html_grid
from mudian.tables.kinds import other_name, table_kind
from mudian.tables.text import SEPARATORS, text_grid
from mudian.tables.workbook import workbook_grid
from parcels.errors import FormatError, InputError
from parcels.ledger import Ledger
from parcels.readers.dbf import read_dbf
from parcels.text.encoding import canonical_encoding, decode_bytes

_PARQUET_ERRORS = (
    pa.ArrowException, OSError, ValueError, TypeError, KeyError, AttributeError, NotImplementedError,
)  # fmt: skip


@dataclass
class Table:
    """The records of one table, nothing interpreted yet.

    Attributes
    ----------
    frame
        Raw cells under unique column names, RangeIndex: numbers as numbers, dates as dates, text as text.
    rows
        Line of each record as a person sees it (workbook and CSV: first line of the sheet = 1; parquet and
        dbf: first record = 1).
    source, sheet
        Name of the file to show to people, and of the sheet where there are sheets.
    header
        Labels of each column from the top level of the header to the lowest.
    unit_hint
        Unit of money in a line like ``单位：万元`` above the header; None where there is none.
    title
        Text of the title line.
    notes
        Facts for ``inspect``: format, separator, encoding, header lines, all units of the unit line.
    totals
        Lines of totals, which are no records, under the same names and by their line numbers.
    """

    frame: pd.DataFrame
    rows: NDArray[np.int64]
    source: str
    sheet: str | None = None
    header: list[tuple[str, ...]] = field(default_factory=list)
    unit_hint: str | None = None
    title: str | None = None
    notes: dict[str, object] = field(default_factory=dict)
    totals: pd.DataFrame = field(default_factory=pd.DataFrame)


def read_table(
    path: str | Path,
    *,
    ledger: Ledger,
    sheet: str | int | None = None,
    encoding: str | None = None,
    header_row: int | None = None,
    source: str | None = None,
    score: Callable[[list[str]], int] | None = None,
) -> Table:
    """Read one table from a workbook, text file, web page, parquet or dbf file.

    Parameters
    ----------
    path
        The file; its kind is told by its bytes, not by its name.
    ledger
        Where every guess and every line left out is written.
    sheet
        Name of the sheet or its number from 1. By default the only sheet with content, else the one with
        the most known columns.
    encoding
        Encoding of a text file; by default found from the bytes.
    header_row
        Line on which the header starts, first line = 1; by default found.
    source
        Name to show to people; the file name by default.
    score
        How many of the column names given are known, for choosing between sheets.

    Returns
    -------
    Table
        The records; see there.

    Raises
    ------
    InputError, FormatError, EncodingError
        When the file is missing, empty, locked, damaged, of another kind, or has no header.
    """
    path = Path(path)
    kind = table_kind(path)
    name = source or path.name
    named = other_name(path, kind)
    if named:
        ledger.add("tables-other-format", stage="read", source=name, said=named[0], actual=named[1])
    if kind in ("parquet", "dbf"):
        return _stored_table(path, kind, encoding=encoding, name=name, ledger=ledger)
    chosen: str | None = None
    notes: dict[str, object] = {"format": kind}
    if kind in ("workbook", "xls"):
        grid, chosen = workbook_grid(
            path, sheet=sheet, score=score, zipped=kind == "workbook", source=name, ledger=ledger
        )
        notes["sheet"] = chosen
    else:
        text = _decoded(path, encoding, name, notes, ledger)
        grid = _text_cells(text, path, kind, name, notes, ledger)
    return _records(grid, path, chosen, header_row=header_row, name=name, notes=notes, ledger=ledger)


def _decoded(path: Path, encoding: str | None, name: str, notes: dict[str, object], ledger: Ledger) -> str:
    """The text of a file; an encoding that the user gave is used where all bytes fit it."""
    data = path.read_bytes()
    if encoding is not None:
        codec = canonical_encoding(encoding)
        try:
            text = data.decode("utf-8-sig" if codec == "utf-8" else codec)
        except (UnicodeDecodeError, LookupError):
            pass
        else:
            ledger.decide("encoding", codec, source=name, evidence=["given by the user"], confidence=1.0)
            notes["encoding"] = codec
            return text.removeprefix("\ufeff")
    text, found = decode_bytes(data, declared=encoding, ledger=ledger, source=name)
    notes["encoding"] = found.encoding
    return text.removeprefix("\ufeff")


def _text_cells(text: str, path: Path, kind: str, name: str, notes: dict[str, object], ledger: Ledger) -> Grid:
    if kind == "html":
        page = html_grid(text)
        if page is None:
            raise InputError("tables-empty", file=path)
        return page
    grid, separator = text_grid(text, source=name, ledger=ledger)
    notes["separator"] = SEPARATORS[separator]
    return grid


def _records(
    grid: Grid,
    path: Path,
    sheet: str | None,
    *,
    header_row: int | None,
    name: str,
    notes: dict[str, object],
    ledger: Ledger,
) -> Table:
    if not grid.filled().any():
        raise InputError("tables-empty", file=path, layer=sheet)
    header = _header(grid, path, sheet, header_row)
    _report_header(grid, header, name, ledger)
    frame, lines, totals = clean_body(grid, header, source=name, ledger=ledger)
    if not len(frame):
        ledger.add("tables-no-records", stage="read", source=name, row=header.last + 1)
    notes |= {"header_lines": (header.first + 1, header.last + 1), "units": header.units}
    parts = [part for part in header.parts if part]
    return Table(frame, lines, name, sheet, parts, header.money_unit, header.title, notes, totals)


def _header(grid: Grid, path: Path, sheet: str | None, header_row: int | None) -> Header:
    first = None if header_row is None else header_row - 1
    found = find_header(grid, first_row=first) if first is None or first >= 0 else None
    if found is not None and any(found.parts):
        return found
    if header_row is not None:
        raise InputError(
            "tables-header-row",
            file=path,
            layer=sheet,
            row=header_row,
            line=header_row,
            lines=len(grid.frame),
        )
    raise InputError("tables-no-header", file=path, layer=sheet)


def _report_header(grid: Grid, header: Header, name: str, ledger: Ledger) -> None:
    rows = [row_text(row) for row in grid.head(header.body)]
    above = [i for i in range(header.first) if rows[i]]
    ledger.add(
        "tables-above-header",
        stage="read",
        source=name,
        row=[i + 1 for i in above],
        before=[rows[i] for i in above],
    )
    if header.body > header.last + 1:
        ledger.add("tables-column-numbers", stage="read", source=name, row=header.body, before=rows[header.body - 1])
    lines = f"{header.first + 1}" if header.first == header.last else f"{header.first + 1}-{header.last + 1}"
    ledger.decide("header", lines, source=name, evidence=[name for name in header.names if name])


def _stored_table(path: Path, kind: str, *, encoding: str | None, name: str, ledger: Ledger) -> Table:
    """Parquet and dbf carry their own column names."""
    if kind == "dbf":
        stored = read_dbf(path, encoding=encoding, source=name, ledger=ledger)
        frame, rows = stored.frame, stored.rows
    else:
        try:
            frame = pd.read_parquet(path)
        except _PARQUET_ERRORS as error:
            raise FormatError("tables-broken-file", file=path, kind="Parquet", reason=str(error)) from error
        frame = frame if isinstance(frame.index, pd.RangeIndex) else frame.reset_index()
        rows = np.arange(1, len(frame) + 1, dtype=np.int64)
    frame = frame.reset_index(drop=True).set_axis(_unique(frame.columns, name, ledger), axis=1)
    if not len(frame):
        ledger.add("tables-no-records", stage="read", source=name)
    return Table(frame, rows, name, header=[(str(c),) for c in frame.columns], notes={"format": kind})


def _unique(columns: pd.Index, source: str, ledger: Ledger) -> list[str]:
    names: list[str] = []
    for position, column in enumerate(columns):
        label = "_".join(map(str, column)) if isinstance(column, tuple) else str(column)
        name, number = label, 2
        while name in names:
            name, number = f"{label}_{number}", number + 1
        if name != label:
            ledger.add(
                "tables-duplicate-header", stage="read", source=source, field=name, before=label, after=name,
                column=position + 1, name=name,
            )  # fmt: skip
        names.append(name)
    return names

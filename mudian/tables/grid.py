"""The cells of one sheet before anybody has said where its header is.

Caveat of the theme: positions inside a grid count from 0, lines shown to people count from 1 as the
spreadsheet program or the text editor shows them.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from parcels.values.words import BLANKS

Range = tuple[int, int, int, int]
"""Top, left, bottom and right of a merged range, positions in the grid, all inclusive."""


@dataclass
class Grid:
    """All cells of a sheet.

    Attributes
    ----------
    frame
        Cells under the column numbers 0, 1, …; blank cells are missing; RangeIndex.
    merges
        Merged ranges, only the top left cell of each holds the value.
    formulas
        Row and column of formula cells that were saved without their result.
    """

    frame: pd.DataFrame
    merges: list[Range] = field(default_factory=list)
    formulas: list[tuple[int, int]] = field(default_factory=list)

    def head(self, count: int) -> list[list[object]]:
        """The first rows as lists of Python values, None for blank cells."""
        top = self.frame.iloc[:count].astype(object)
        return top.where(top.notna(), None).to_numpy(dtype=object).tolist()

    def filled(self) -> NDArray[np.bool_]:
        """Which cells hold something, rows by columns."""
        return self.frame.notna().to_numpy(dtype=bool)


def grid_of_rows(rows: Sequence[Sequence[object]], *, merges: Iterable[Range] = ()) -> Grid:
    """A grid from rows of cells; short rows are filled up, blank text becomes missing."""
    width = max(map(len, rows), default=0)
    square = [row if len(row) == width else [*row, *([None] * (width - len(row)))] for row in rows]
    columns = {
        i: pd.Series([_cell(value) for value in column], dtype=object)
        for i, column in enumerate(zip(*square, strict=True))
    }
    return Grid(pd.DataFrame(columns, index=pd.RangeIndex(len(rows))), list(merges))


def _cell(value: object) -> object:
    return None if type(value) is str and not value.strip(BLANKS) else value


def cell_text(value: object) -> str:
    """One cell as the text a person would read: no ``.0`` behind integers, days without midnight, one line.

    Examples
    --------
    >>> [cell_text(v) for v in (2024.0, " 税收\\n（万元）", None)]
    ['2024', '税收（万元）', '']
    """
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, dt.datetime):
        return str(value).removesuffix(" 00:00:00")
    text = str(value).strip(BLANKS)
    return re.sub(r"(?<=[\x21-\x7e])\s*[\r\n]+\s*(?=[A-Za-z0-9])", " ", text).replace("\r", "").replace("\n", "")


def row_text(cells: Iterable[object]) -> str:
    """The filled cells of a row in one line, for the ledger."""
    return " | ".join(text for text in map(cell_text, cells) if text)


def column_letter(position: int) -> str:
    """The letters a spreadsheet shows above a column.

    Examples
    --------
    >>> column_letter(0), column_letter(27)
    ('A', 'AB')
    """
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(65 + rest) + letters
    return letters

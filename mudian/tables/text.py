"""Tables in text files: CSV and its kin, with any usual separator, quoted or not.

Caveat of the theme: lines are counted as a spreadsheet program counts its rows, so a cell with a line break
inside does not move the numbers of the rows below it. A quotation mark that is never closed would swallow
rows; such a file is refused with the line.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from itertools import zip_longest

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from mudian.tables.grid import Grid
from parcels.errors import FormatError
from parcels.ledger import Ledger
from parcels.values.words import BLANKS

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_SAMPLE = 60_000


def sniff_separator(text: str) -> str | None:
    """The separator that cuts the first lines into the most even rows; None for a single column.

    Examples
    --------
    >>> sniff_separator("开发区;税收,万元\\n甲;1,5\\n乙;2\\n")
    ';'
    """
    best, best_score = None, 0.0
    for separator in SEPARATORS:
        sizes = [len(row) for row in _sample_rows(text, separator) if any(cell.strip() for cell in row)]
        cut = Counter(size for size in sizes if size > 1)
        if not cut:
            continue
        width, count = max(cut.items(), key=lambda pair: (pair[1], pair[0]))
        score = count / len(sizes) + min(width, 50) / 1000
        if score > best_score:
            best, best_score = separator, score
    return best


def _sample_rows(text: str, separator: str) -> Iterator[list[str]]:
    sample = text[:_SAMPLE]
    if len(text) > _SAMPLE:
        sample = sample[: sample.rfind("\n") + 1] or sample
    try:
        yield from csv.reader(io.StringIO(sample, newline=""), delimiter=separator)
    except csv.Error:
        return


def text_grid(text: str, *, source: str, ledger: Ledger) -> tuple[Grid, str]:
    """The cells of a text table, all of them text, and the separator.

    Parameters
    ----------
    text
        The whole decoded file.
    source, ledger
        Name of the file, and where rows of uneven length are written.

    Raises
    ------
    FormatError
        When a quotation mark is not closed or the file cannot be cut into cells.
    """
    said = text[:6].lower().startswith("sep=") and text[4:5] in SEPARATORS
    separator = text[4] if said else sniff_separator(text) or ","
    body = text.partition("\n")[2] if said else text
    try:
        frame = _quick(body, separator)
    except (pa.ArrowInvalid, csv.Error):
        frame = _patient(body, separator, source, ledger)
    _refuse_open_quote(frame, separator, source, text)
    return Grid(_blank_to_missing(frame)), separator


def _quick(text: str, separator: str) -> pd.DataFrame:
    first = next(csv.reader(io.StringIO(text[:_SAMPLE], newline=""), delimiter=separator), [])
    names = [f"f{i}" for i in range(len(first))]
    table = pacsv.read_csv(
        io.BytesIO(text.encode("utf-8", "replace")),
        read_options=pacsv.ReadOptions(autogenerate_column_names=True),
        parse_options=pacsv.ParseOptions(delimiter=separator, newlines_in_values='"' in text, ignore_empty_lines=False),
        convert_options=pacsv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=True, null_values=[""]
        ),
    )
    if any(kind != pa.large_string() for kind in table.schema.types):
        raise pa.ArrowInvalid("the first row was cut in another way")
    frame: pd.DataFrame = table.to_pandas().astype("str")
    return frame.set_axis(pd.RangeIndex(frame.shape[1]), axis=1)


def _patient(text: str, separator: str, source: str, ledger: Ledger) -> pd.DataFrame:
    """Rows of any length: short ones are filled up, long ones make further columns."""
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as error:
        raise FormatError("tables-csv-broken", file=source, reason=str(error)) from error
    sizes = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
    if not (sizes > 1).any():
        return _frame(rows)
    usual = int(np.bincount(sizes[sizes > 1]).argmax())
    long = [i for i in np.flatnonzero(sizes > usual).tolist() if any(c.strip(BLANKS) for c in rows[i][usual:])]
    ledger.add(
        "tables-long-rows", stage="read", source=source, row=[i + 1 for i in long],
        before=[separator.join(rows[i]) for i in long], usual=usual,
    )  # fmt: skip
    short = np.flatnonzero((sizes > 1) & (sizes < usual))
    if len(short):
        ledger.add(
            "tables-short-rows",
            stage="read",
            source=source,
            row=int(short[0]) + 1,
            count=len(short),
            usual=usual,
        )
    return _frame(rows)


def _frame(rows: list[list[str]]) -> pd.DataFrame:
    columns = dict(enumerate(zip_longest(*rows)))
    return pd.DataFrame({c: pd.Series(cells, dtype="str") for c, cells in columns.items()})


def _refuse_open_quote(frame: pd.DataFrame, separator: str, source: str, text: str) -> None:
    """Refuse cells that hold whole rows of the table: the sign of a quotation mark that was not closed."""
    if '"' not in text or frame.shape[1] < 2:
        return
    odd = text.count('"') % 2 == 1
    for column in range(frame.shape[1]):
        cells = pa.array(frame[column], type=pa.large_string())
        breaks = pc.fill_null(pc.count_substring(cells, "\n"), 0).to_numpy(zero_copy_only=False)
        for row in np.flatnonzero(breaks > 0).tolist():
            inner = str(frame[column].iloc[row]).rstrip("\r\n").split("\n")[1:]
            rows = sum(line.count(separator) >= frame.shape[1] - 1 for line in inner)
            if rows * 2 > len(inner) and (rows > 1 or odd):
                raise FormatError("tables-open-quote", file=source, row=row + 1, lines=len(inner))


def _blank_to_missing(frame: pd.DataFrame) -> pd.DataFrame:
    columns = {}
    for column in frame.columns:
        cells = pa.array(frame[column], type=pa.large_string())
        blank = pc.fill_null(pc.equal(pc.utf8_trim(cells, characters=BLANKS), ""), False)
        mask = np.asarray(blank, dtype=bool)
        columns[column] = frame[column].mask(mask) if mask.any() else frame[column]
    return pd.DataFrame(columns, index=pd.RangeIndex(len(frame)))

"""The records below a header: other lines leave, merged cells are filled down, columns get their names.

Caveat of the theme: a total line, a signature line or a repeated page header read as a record would put
money on the map that nobody paid, and a record taken for one of them would vanish. So every line that is
left out stands in the ledger with its content.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mudian.tables.grid import Grid, cell_text, column_letter, row_text
from mudian.tables.header import Header
from parcels.ledger import Ledger
from parcels.values.words import CHANGED, PLAIN, number_word

BoolArray = NDArray[np.bool_]

_TOTAL = (
    r"^\S{0,10}(合\s*计|总\s*计|小\s*计|共\s*计)\s*([（(][^）)]*[）)])?\s*[:：]?$"
    r"|^(?i:(sub\s?|grand\s)?total|sum)\s*[:：]?$"
)
_NOTE = (
    r"^[（(]?\s*(注|备注|附注|说明|填表说明|填报说明|资料来源|数据来源|来源)\s*\d*\s*[）)]?\s*([:：]|$)"
    r"|^(填表|填报|制表|编制|审核|复核|审批|批准|签发|经办|单位负责|统计负责|负责|联系|报送)(人|单位|日期|时间|电话|部门)?(签字|签章|\s*[（(][^）)]*[）)])?\s*[:：]"
    r"|^(联系电话|电话|打印时间|打印日期|制表|盖章|（盖章）|\(盖章\))\s*([:：]|$)"
    r"|^第\s*\d+\s*页|^单\s*位\s*[:：]"
)
_KEY_HEADER = re.compile(
    r"编号|代码|编码|序号|行号|证号|号码|文号|电话|邮编|年份|年度|期|时间|日期|\b(?:id|code|no|year)\b|号$",
    re.I,
)


@dataclass
class _Lines:
    """What is known about the rows below the header; masks have one element per row."""

    filled: BoolArray
    first: NDArray[np.object_]
    second: NDArray[np.object_]

    @property
    def counts(self) -> NDArray[np.int64]:
        return np.asarray(self.filled.sum(axis=1), dtype=np.int64)


def _texts_at(frame: pd.DataFrame, at: NDArray[np.int64]) -> NDArray[np.object_]:
    """The text in column ``at[i]`` of each row; empty text where the cell is no text."""
    texts = np.full(len(frame), "", dtype=object)
    for column in np.unique(at):
        rows = at == column
        cells = frame[column].to_numpy(dtype=object)[rows]
        texts[rows] = [cell.strip() if isinstance(cell, str) else "" for cell in cells]
    return texts


def _look(frame: pd.DataFrame) -> _Lines:
    filled = frame.notna().to_numpy(dtype=bool)
    at = filled.argmax(axis=1) if filled.shape[1] else np.zeros(len(frame), dtype=np.int64)
    rest = filled.copy()
    if filled.size:
        rest[np.arange(len(frame)), at] = False
    if not filled.size:
        return _Lines(filled, np.empty(0, dtype=object), np.empty(0, dtype=object))
    return _Lines(filled, _texts_at(frame, at), _texts_at(frame, rest.argmax(axis=1)))


def _matches(texts: NDArray[np.object_], pattern: str) -> BoolArray:
    found = pc.match_substring_regex(pa.array(texts, type=pa.large_string()), pattern)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=bool)


def clean_body(
    grid: Grid, header: Header, *, source: str, ledger: Ledger
) -> tuple[pd.DataFrame, NDArray[np.int64], pd.DataFrame]:
    """The records of a sheet under their column names, and the lines they stand on.

    Parameters
    ----------
    grid, header
        The sheet and its header.
    source, ledger
        Name of the table, and where every line left out and every cell filled in is written.

    Returns
    -------
    frame, lines, totals
        Records with a RangeIndex; line numbers as a person sees them, first line of the sheet = 1; and the lines of
        totals that were left out, by their line numbers.
    """
    frame = grid.frame.iloc[header.body :].reset_index(drop=True)
    lines = np.arange(len(frame), dtype=np.int64) + header.body + 1
    seen = _look(frame)
    empty = seen.counts == 0
    repeated = _repeated(frame, seen, grid, header)
    total = ~repeated & (_matches(seen.first, _TOTAL) | _matches(seen.second, _TOTAL))
    note = ~(repeated | total) & _notes(seen, repeated | total | empty)
    for code, mask in (("tables-header-repeated", repeated), ("tables-total", total), ("tables-note", note)):
        at = np.flatnonzero(mask)
        contents = [row_text(frame.iloc[i]) for i in at.tolist()]
        ledger.add(code, stage="read", source=source, row=lines[at], before=contents)
    gaps = int(empty[: np.flatnonzero(~empty).max(initial=-1) + 1].sum())
    if gaps:
        ledger.add("tables-empty-rows", stage="read", source=source, row=lines[empty.argmax()], count=gaps)
    keep = ~(empty | repeated | total | note)
    names = _names(header, frame, keep, source, ledger)
    frame = _fill_down(frame, grid, header.body, keep, names, source, ledger)
    _report_formulas(grid, header.body, keep, names, source, ledger)
    records = frame.loc[keep, list(names)].reset_index(drop=True).infer_objects()
    titles = pd.Index(list(names.values()), dtype="str")
    totals = frame.loc[total, list(names)].set_axis(titles, axis=1).set_axis(lines[total], axis=0)
    return records.set_axis(titles, axis=1), lines[keep], totals


def _repeated(frame: pd.DataFrame, seen: _Lines, grid: Grid, header: Header) -> BoolArray:
    """Rows that say exactly what a row of the header, or above it, says (printed pages in sequence)."""
    repeated = np.zeros(len(frame), dtype=bool)
    for row in grid.head(header.body):
        known = [cell_text(value) for value in row]
        at = next((c for c, text in enumerate(known) if text), None)
        if at is None:
            continue
        same_size = seen.counts == sum(text != "" for text in known)
        candidates = np.flatnonzero(same_size & np.asarray(frame[at] == row[at], dtype=bool))
        for i in candidates.tolist():
            repeated[i] |= [cell_text(value) for value in frame.iloc[i]] == known
    return repeated


def _notes(seen: _Lines, other: BoolArray) -> BoolArray:
    """Lines of notes and signatures, and lone texts that follow them at the end."""
    width = seen.filled.shape[1]
    note = _matches(seen.first, _NOTE) & (seen.counts <= max(3, width // 2))
    lone = (seen.counts == 1) & (seen.first != "") & (width > 3)
    record = np.flatnonzero(~(note | other | lone))
    tail = np.arange(len(note)) > (record[-1] if len(record) else -1)
    after_note = np.cumsum(note & tail) > 0
    return np.asarray(note | (lone & tail & after_note & ~other), dtype=bool)


def _names(header: Header, frame: pd.DataFrame, keep: BoolArray, source: str, ledger: Ledger) -> dict[int, str]:
    """Names of the columns that have a header or a cell, unique."""
    used = frame.loc[keep].notna().any().to_numpy(dtype=bool)
    names: dict[int, str] = {}
    for c, label in enumerate(header.names):
        if not label and not used[c]:
            continue
        name = label or f"列{column_letter(c)}"
        taken, number = set(names.values()), 2
        while name in taken:
            name, number = f"{label}_{number}", number + 1
        code = "tables-unnamed-column" if not label else "tables-duplicate-header" if name != label else None
        if code:
            ledger.add(
                code, stage="read", source=source, row=header.last + 1, field=name, before=label or None,
                after=name, column=column_letter(c), name=name,
            )  # fmt: skip
        names[c] = name
    return names


def _is_key(name: str) -> bool:
    return _KEY_HEADER.search(name) is not None


def _fill_down(
    frame: pd.DataFrame,
    grid: Grid,
    body: int,
    keep: BoolArray,
    names: dict[int, str],
    source: str,
    ledger: Ledger,
) -> pd.DataFrame:
    """Give the value of a merged cell to all its rows; an amount stays on the first row only."""
    columns: dict[int, NDArray[np.object_]] = {}
    filled: dict[int, list[int]] = {}
    amounts: dict[int, list[int]] = {}
    for top, left, bottom, _ in grid.merges:
        below = [r for r in range(top - body + 1, min(bottom - body + 1, len(frame))) if r > 0 and keep[r]]
        if top < body or left not in names or not below or not keep[top - body]:
            continue
        cells = columns.setdefault(left, frame[left].to_numpy(dtype=object, copy=True))
        value = cells[top - body]
        if _is_amount(value) and not _is_key(names[left]):
            amounts.setdefault(left, []).append(top - body)
        elif value is not None:
            cells[below] = value
            filled.setdefault(left, []).extend(below)
    for c, rows in sorted(filled.items()):
        ledger.add(
            "tables-merged-filled", stage="read", source=source, row=rows[0] + body + 1, field=names[c],
            after=cell_text(columns[c][rows[0]]), count=len(rows),
        )  # fmt: skip
    for c, rows in sorted(amounts.items()):
        at = [row + body + 1 for row in rows]
        before = [cell_text(columns[c][row]) for row in rows]
        ledger.add("tables-merged-amount", stage="read", source=source, row=at, field=names[c], before=before)
    if not columns:
        return frame
    merged = {c: columns[c] if c in columns else frame[c] for c in range(frame.shape[1])}
    return pd.DataFrame(merged, index=frame.index)


def _is_amount(value: object) -> bool:
    if isinstance(value, str):
        return number_word(value)[1] in (PLAIN, CHANGED)
    return isinstance(value, int | float) and not isinstance(value, bool)


def _report_formulas(
    grid: Grid, body: int, keep: BoolArray, names: dict[int, str], source: str, ledger: Ledger
) -> None:
    """Say which columns hold formulas whose results were not saved."""
    rows: dict[int, list[int]] = {}
    for row, column in grid.formulas:
        if column in names and body <= row < body + len(keep) and keep[row - body]:
            rows.setdefault(column, []).append(row)
    for column, at in rows.items():
        ledger.add(
            "tables-formula-no-value", stage="read", source=source, row=min(at) + 1, field=names[column],
            count=len(at), cell=f"{column_letter(column)}{min(at) + 1}",
        )  # fmt: skip

"""Corrections as they come back: a table with canonical columns, or filled-in lists of questions.

A list is known by its column 更正值: there a row without a corrected value says nothing, and the word 删除 takes a
value away. In a table with the column ``new_value`` an empty cell takes it away, as ever. Lists may be workbooks or
CSV in any encoding, their columns in Chinese or English, their rows in any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from mudian.errors import ProjectError
from mudian.issue_lists.words import how, settings, spellings
from mudian.schemas import schema
from mudian.tables import read_table
from parcels.errors import FieldError, InputError
from parcels.fields import nearest
from parcels.ledger import Ledger
from parcels.units import fold

if TYPE_CHECKING:
    from mudian.corrections import Corrections

COLUMNS = ("table", "id", "field", "old_value", "new_value", "reason", "filled_by")
_NEEDED = COLUMNS[:5]
# Table name in the corrections → schema and key column.
TABLES = {
    "parcels": ("parcel", "parcel_id"),
    "enterprises": ("enterprise", "enterprise_id"),
    "holdings": ("holding", "parcel_id"),
    "zones": ("zone", "zone_id"),
}
ERASED = tuple(settings()["words"]["erase"].values())
_REPORT = "report.xlsx"
_SUFFIXES = (".xlsx", ".xlsm", ".xls", ".ods", ".csv", ".txt")


def read_corrections(path: object, *, results: Path | None = None, ledger: Ledger) -> Corrections:
    """Read a table of corrections, a filled-in list of questions, or several of them.

    Parameters
    ----------
    path
        A file, a folder of files, or a sequence of both.
    results
        The folder of results of the project, whose workbook a run overwrites.
    ledger
        Where what is left out is written.

    Raises
    ------
    FieldError
        When a column is missing, or a correction names a table that does not exist.
    ProjectError
        When a file is the workbook among the results, which a run overwrites.
    InputError
        When a file is missing or a folder holds none.
    """
    from mudian.corrections import Corrections

    given: Sequence[object] = path if isinstance(path, list | tuple) else [path]
    files = [file for one in given for file in correction_files(Path(str(one)))]
    for file in files:
        if results is not None and file.resolve() == (results / _REPORT).resolve():
            raise ProjectError("correction-in-results", file=file, name=file.name)
    names = _names(files)
    parts = [_read(file, name, ledger) for file, name in zip(files, names, strict=True)]
    frame = pd.concat(parts, ignore_index=True)
    return Corrections(frame, names[0] if len(names) == 1 else "")


def correction_files(path: Path) -> list[Path]:
    """The files behind a path of ``[corrections]``: the file itself, or all tables of a folder by name.

    Raises
    ------
    InputError
        When a folder holds no table.
    """
    if not path.is_dir():
        return [path]
    found = [p for p in path.iterdir() if p.suffix.lower() in _SUFFIXES and not p.name.startswith((".", "~$"))]
    if not found:
        raise InputError("correction-no-files", file=path)
    return sorted(found)


def _names(files: list[Path]) -> list[str]:
    """The names of files for people; with their folder where two are alike."""
    plain = [f.name for f in files]
    return [f.name if plain.count(f.name) == 1 else f"{f.parent.name}/{f.name}" for f in files]


def _read(path: Path, name: str, ledger: Ledger) -> pd.DataFrame:
    table = read_table(str(path), source=name, score=_score, ledger=ledger)
    known = {str(c): _key(str(c)) for c in table.frame}
    is_list = "更正值" in {fold(c) for c in known} or fold(settings()["columns"]["new_value"]["en"]) in map(fold, known)
    columns = {key: column for column, key in reversed(known.items()) if key}
    if "old_value" not in columns and "value" in columns:
        columns["old_value"] = columns["value"]
    if "field" not in columns and "label" in columns:
        columns["field"] = columns["label"]
    missing = [c for c in _NEEDED if c not in columns]
    if missing:
        raise FieldError("correction-columns", file=path, missing=", ".join(missing), columns=", ".join(COLUMNS))
    kept = [c for c in COLUMNS if c in columns]
    frame = table.frame[[columns[c] for c in kept]].set_axis(kept, axis=1).astype("str")
    frame = frame.assign(**{c: _stripped(frame[c]) for c in kept}, source_row=table.rows)
    frame = frame.reindex(columns=[*COLUMNS, "source_row"]).astype(dict.fromkeys(COLUMNS, "str")).assign(source=name)
    frame = frame.assign(table=frame["table"].map(_table, na_action="ignore").astype("str"))
    if is_list:
        ways = table.frame[columns["how"]].astype("str") if "how" in columns else None
        frame = _filled(frame, ways, ledger)
    return _named(frame, path)


def _stripped(cells: pd.Series) -> pd.Series:
    bare = cells.str.strip()
    return bare.mask(bare == "")


def _score(header: list[str]) -> int:
    return sum(_key(name) is not None for name in header)


def _key(name: str) -> str | None:
    return "old_value" if fold(name) == "old_value" else spellings("columns").get(fold(name))


def _table(name: str) -> str:
    return spellings("tables").get(fold(name), name)


def _filled(frame: pd.DataFrame, ways: pd.Series | None, ledger: Ledger) -> pd.DataFrame:
    """Rows of a list that somebody has filled in and that a correction can settle."""
    said = frame["new_value"].notna()
    blank = int((~said).sum())
    if blank:
        ledger.add("correction-blank", stage="correct", source=str(frame["source"].iloc[0]), count=blank)
    here = {fold(how("fill", lang)) for lang in ("zh", "en")}
    elsewhere = ~frame["table"].isin(TABLES)
    if ways is not None:
        elsewhere |= ~ways.map(fold, na_action="ignore").isin(here) & ways.notna()
    apart = frame[(said & elsewhere).to_numpy(bool)]
    if len(apart):
        ledger.add(
            "correction-elsewhere", stage="correct", source=str(frame["source"].iloc[0]), row=apart["source_row"],
            id=apart["id"], field=apart["field"], before=apart["old_value"], after=apart["new_value"],
        )  # fmt: skip
    return frame[(said & ~elsewhere).to_numpy(bool)]


def _named(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Tables that exist, and fields by their column where they are named as people call them."""
    odd = sorted(set(frame["table"].dropna()) - set(TABLES))
    if odd:
        raise FieldError(
            "correction-table", file=path, table=odd[0], tables=", ".join(TABLES), nearest=nearest(odd[0], TABLES)
        )
    fields = frame["field"].copy()
    for table, (kind, _) in TABLES.items():
        here = (frame["table"] == table).to_numpy(bool)
        names = {n: _field(str(n), kind) for n in fields[here].dropna().unique()}
        fields[here] = fields[here].map(names)
    return frame.assign(field=fields.astype("str")).reset_index(drop=True)


def _field(name: str, kind: str) -> str:
    """The column of a field, by its code, its name or its title; an unknown name stays."""
    columns = schema(kind)
    found = columns.get(name)
    if found is None:
        matches = columns.match([name]).matches
        titled = [f for f in columns if fold(name) in (fold(f.zh), fold(f.en))]
        found = next((m.field for m in matches.values()), titled[0] if titled else None)
    return found.column if found else name

"""The columns of a table and the rows of a ledger, summed up for a look into a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from parcels.canonical import Source, canonicalise, report_unknown_unit
from parcels.catalog import Lang
from parcels.codes.check import report_codes
from parcels.fields import Matching, Schema
from parcels.importer import Wanted
from parcels.ledger import Ledger

EXAMPLES = 3
SHOWN_ROWS = 8
_EXACT = 2.0**53
_KEYLESS = 2

_KINDS = {
    "string": "text", "integer": "integer", "floating": "number", "mixed-integer-float": "number",
    "decimal": "number", "datetime": "date", "date": "date", "boolean": "boolean",
}  # fmt: skip


@dataclass
class ColumnReport:
    """One column: its type, how much of it is filled, its first values, and what it is taken for."""

    name: str
    type: str
    declared: str | None
    filled: int
    examples: list[str]
    canonical: str | None = None
    title: str | None = None
    method: str | None = None
    unit: str | None = None
    alias: str | None = None


@dataclass
class LedgerLine:
    """All ledger rows of one code and one text: how many, where the first stand, and an example."""

    code: str
    severity: str
    count: int
    message: str
    rows: list[int]
    more_rows: bool
    fields: list[str]
    before: str | None = None
    after: str | None = None


def best_schema(schemas: Mapping[str, Schema], columns: list[str]) -> str:
    """The kind of table whose columns these are: most of them known, its key among them; of equal ones the first."""

    def suits(kind: str) -> int:
        matches = schemas[kind].match(columns).matches
        first = next(iter(schemas[kind]), None)
        keyless = first is not None and first.kind == "id" and first.name not in matches
        return len(matches) - (_KEYLESS if keyless else 0)

    return max(schemas, key=suits)


def check_table(frame: pd.DataFrame, source: Source, wanted: Wanted, ledger: Ledger) -> None:
    """Read the cells of a table in earnest and check its codes, for the sake of the ledger.

    Parameters
    ----------
    frame
        Columns as they stand in the file.
    source
        Name and record numbers.
    wanted
        Schema and units.
    ledger
        Where to write.
    """
    named = canonicalise(frame, wanted.schema, source=source, ledger=ledger, default_units=wanted.default_units)
    for match in named.unresolved.values():
        report_unknown_unit(match, source=source, ledger=ledger)
    checked = {f.check: f.column for f in wanted.schema if f.check and f.column in named.frame}
    report_codes(
        named.frame, columns=checked, rows=source.rows, source=source.name, ledger=ledger, unique=wanted.unique
    )


def column_reports(
    frame: pd.DataFrame, matching: Matching, ledger: Ledger, *, lang: Lang, notes: Mapping[str, object] | None = None
) -> list[ColumnReport]:
    """A report for every column of a table.

    Parameters
    ----------
    frame
        Columns as they stand in the file.
    matching
        What they are taken for.
    ledger
        Holds the decisions on units.
    lang
        Language of the names of fields.
    notes
        Declared types (``fields``) and titles (``aliases``) as the format keeps them.
    """
    facts = notes or {}
    taken = {m.column: m for m in matching.matches.values()}
    units = dict(str(d.value).split(": ", 1) for d in ledger.decisions if d.topic == "unit")
    declared = _declared_types(facts.get("fields"))
    aliases = facts.get("aliases")
    titles = aliases if isinstance(aliases, dict) else {}
    reports = []
    for name in map(str, frame.columns):
        cells, match = frame[name], taken.get(name)
        report = ColumnReport(name, _kind(cells), declared.get(name), int(cells.notna().sum()), _examples(cells))
        report.alias = titles.get(name)
        if match is not None:
            report.canonical, report.method = match.field.column, match.method
            report.title, report.unit = match.field.title(lang), units.get(match.field.column)
        reports.append(report)
    return reports


def _declared_types(fields: object) -> dict[str, str]:
    """Types of a .dbf as ``C19`` or ``N18.2``, of other formats by their names."""
    if isinstance(fields, dict):
        return {str(name): str(kind).removeprefix("OFT") for name, kind in fields.items()}
    if not isinstance(fields, list):
        return {}
    return {str(f["name"]): f"{f['type']}{f['width']}" + (f".{f['decimals']}" if f["decimals"] else "") for f in fields}


def _kind(cells: pd.Series) -> str:
    if not cells.notna().any():
        return "empty"
    if pd.api.types.is_bool_dtype(cells):
        return "boolean"
    if pd.api.types.is_integer_dtype(cells):
        return "integer"
    if pd.api.types.is_numeric_dtype(cells):
        return "number"
    if pd.api.types.is_datetime64_any_dtype(cells):
        return "date"
    inferred = pd.api.types.infer_dtype(cells, skipna=True)
    return _KINDS.get(inferred, "mixed")


def _examples(cells: pd.Series) -> list[str]:
    found: dict[str, None] = {}
    for value in cells.dropna().head(200).tolist():
        whole = isinstance(value, float) and value.is_integer() and abs(value) < _EXACT
        found.setdefault((str(int(value)) if whole else str(value)).removesuffix(" 00:00:00").strip())
        if len(found) == EXAMPLES:
            break
    return [text for text in found if text]


def ledger_lines(frame: pd.DataFrame) -> list[LedgerLine]:
    """The rows of a ledger, those of one code and one text together; errors first."""
    order = {"error": 0, "warning": 1, "info": 2}
    lines = []
    for (code, message), part in frame.groupby(["code", "message"], sort=False):
        before, after = part["before"].dropna(), part["after"].dropna()
        rows = np.unique(part["row"].dropna().to_numpy(dtype=np.int64))
        lines.append(
            LedgerLine(
                code=str(code),
                severity=str(part["severity"].iloc[0]),
                count=len(part),
                message=str(message),
                rows=[int(r) for r in rows[:SHOWN_ROWS]],
                more_rows=len(rows) > SHOWN_ROWS,
                fields=[str(f) for f in part["field"].dropna().unique()[:EXAMPLES]],
                before=None if before.empty else str(before.iloc[0]),
                after=None if after.empty else str(after.iloc[0]),
            )
        )
    return sorted(lines, key=lambda line: order[line.severity])

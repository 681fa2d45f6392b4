"""A comparison written: workbook with its sheets, the changed verdicts as CSV, or a summary on the screen.

Text is always text, so that a name that begins with ``=`` does not run; a missing figure is an empty cell, never 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from mudian import answer_files
from mudian.answer_files import AnswerSheet, write_book
from mudian.comparing.result import Comparison
from mudian.comparing.shown import SHEET_ROWS, heads, note_lines, one_sided_lines, tables, unchanged_line
from mudian.comparing.words import say
from mudian.explain.packlist import aligned
from mudian.writing import write_csv
from parcels.catalog import Lang

_WIDE = ("text", "note", "fields", "missing", "clause", "factors")
_FROZEN = ("before", "after")
_HASH = 12  # digits of a SHA-256 on the screen
_CUT = 60  # characters of a cell on the screen
_SHOWN = 20  # rows of a table on the screen
_SCREEN = {
    "summary": ("subject", "title", "cause", "factors", "count"),
    "inputs": ("sort", "input", "before", "after", "state"),
    "policies": ("key", "sort", "before", "after", "unit", "cite_after"),
    "lineage": ("before", "after", "kind", "by", "share_before", "share_after"),
    "verdicts": ("after", "name", "title", "verdict_before", "verdict_after", "factors", "fields"),
}


def save(found: Comparison, path: Path) -> Path:
    """Write a comparison as ``.xlsx`` or ``.csv``; see :meth:`Comparison.save`."""
    return answer_files.save(
        path,
        {
            ".xlsx": lambda file: write_book(_sheets(found), file, lang=found.lang),
            ".csv": lambda file: write_csv(found.verdicts, file),  # canonical names: programs read it back
        },
        refusal="compare-out",
    )


def _sheets(found: Comparison) -> Iterator[AnswerSheet]:
    for name, whole in tables(found).items():
        table = whole.head(SHEET_ROWS)
        columns = [str(c) for c in table]
        frozen = max((i + 1 for i, c in enumerate(columns) if c in _FROZEN), default=0)
        yield AnswerSheet(
            say(name, found.lang, section="sheets"),
            table,
            heads(table, found.lang),
            shares=frozenset(c for c in columns if c.startswith("share_")),
            wide=frozenset(c for c in columns if c.startswith(_WIDE)),
            frozen=frozen if frozen <= len(_FROZEN) + 1 else 0,
        )


def text(found: Comparison) -> str:
    """The comparison for the screen: causes by verdict, what differs, then the first of the changed verdicts."""
    lang, shown = found.lang, tables(found)
    blocks = [say("title", lang, before=found.names[0], after=found.names[1])]
    if len(found.verdicts):
        blocks.append(
            "\n".join([*_table("summary", shown["summary"].query("count.notna()"), lang), unchanged_line(found)])
        )
    else:
        blocks.append("\n".join([say("nothing", lang), unchanged_line(found)]))
    notes = [*one_sided_lines(found), *note_lines(found)]
    blocks += ["\n".join(notes)] if notes else []
    if "inputs" in shown:
        short = {c: shown["inputs"][c].str.slice(0, _HASH) for c in ("before", "after") if c in shown["inputs"]}
        blocks.append("\n".join(_titled("inputs", shown["inputs"].assign(**short), lang)))
    else:
        blocks.append(say("same_inputs", lang))
    blocks += ["\n".join(_titled(n, shown[n], lang)) for n in ("policies", "lineage") if n in shown]
    if len(found.changes):
        subjects = found.changes[["subject", "after"]].drop_duplicates()
        blocks.append(say("cells", lang, count=len(found.changes), subjects=len(subjects)))
    blocks += ["\n".join(_titled("verdicts", shown["verdicts"], lang))] if "verdicts" in shown else []
    return "\n\n".join(blocks)


def _titled(name: str, table: pd.DataFrame, lang: Lang) -> list[str]:
    title = say(name, lang, section="sheets")
    if len(table) > _SHOWN:
        title = f"{title}{say('more', lang, shown=_SHOWN, count=len(table))}"
    return [title, *_table(name, table.head(_SHOWN), lang)]


def _table(name: str, table: pd.DataFrame, lang: Lang) -> list[str]:
    part = table[[c for c in _SCREEN[name] if c in table]]
    rows = [[_cell(v, str(c)) for c, v in zip(part.columns, row, strict=True)] for row in part.to_numpy(object)]
    return aligned(heads(part, lang), rows)


def _cell(value: object, column: str) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, float):
        return f"{value:.1%}" if column.startswith("share_") else f"{value:,.2f}"
    text = str(value)
    return text if len(text) <= _CUT else f"{text[:_CUT]}…"

"""A ranking written: workbook with its sheets, one CSV table, or a table on the screen.

Text is always text, so that a name that begins with ``=`` does not run; a missing figure is an empty cell, never 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from mudian import answer_files
from mudian.answer_files import AnswerSheet, write_book
from mudian.explain.packlist import aligned
from mudian.ranking.result import Ranking
from mudian.ranking.shown import heads, tables
from mudian.ranking.words import say
from mudian.writing import write_csv

_SHARE = ("_share", "_share_progress")
_WIDE = {"reading", "note", "message", "before", "after", "zones", "text", "clause", "missing", "score_missing"}
_TOLD = ("tables-sheet-chosen",)
_SCREEN = ("ranking", "movement", "incentives", "items", "findings")


def save(ranking: Ranking, path: Path) -> Path:
    """Write a ranking as ``.xlsx`` or ``.csv``; see :meth:`Ranking.save`."""
    return answer_files.save(
        path,
        {
            ".xlsx": lambda file: write_book(_sheets(ranking), file, lang=ranking.lang),
            ".csv": lambda file: write_csv(ranking.zones, file),  # canonical names without the total: programs read it
        },
        refusal="ranking-out",
    )


def _sheets(ranking: Ranking) -> Iterator[AnswerSheet]:
    for name, table in tables(ranking).items():
        columns = [str(c) for c in table]
        names = [i for i, c in enumerate(columns) if c in ("zone_name", "zone")]
        yield AnswerSheet(
            say(name, ranking.lang, section="sheets"),
            table,
            heads(table, ranking),
            shares=frozenset(c for c in columns if c.endswith(_SHARE)),
            wide=frozenset(_WIDE),
            frozen=names[0] + 1 if names and names[0] < 2 else 0,
        )


def text(ranking: Ranking) -> str:
    """The sheets of a ranking below each other, for the screen; of the sources only the warnings.

    Of several years only the last one is shown, and of rewards and penalties only what holds or is unknown.
    """
    found = tables(ranking)
    blocks = []
    for name in (n for n in _SCREEN if n in found):
        table = _short(found[name], name, ranking)
        rows = [[_cell(v, str(c)) for c, v in zip(table.columns, row, strict=True)] for row in table.to_numpy(object)]
        title = say(name, ranking.lang, section="sheets")
        if len(table) < len(found[name]):
            title = f"{title} {say('shortened', ranking.lang)}"
        blocks.append("\n".join([title, *aligned(heads(table, ranking), rows)]))
    warnings = ranking.ledger.frame().query("severity != 'info' or code in @_TOLD")
    if len(warnings):
        said = [f"{m}（{w}）" if w else str(m) for m, w in zip(warnings["message"], _where(warnings), strict=True)]
        blocks.append("\n".join([say("sources", ranking.lang, section="sheets"), *dict.fromkeys(said)]))
    return "\n\n".join(blocks)


def _short(table: pd.DataFrame, name: str, ranking: Ranking) -> pd.DataFrame:
    if name == "findings" or "year" not in table:
        return table
    shown: pd.DataFrame = table[table["year"] == table["year"].max()]
    if name == "incentives":
        shown = shown[shown["outcome"] != say("no", ranking.lang)].drop(columns="clause")
    return shown


def _where(rows: pd.DataFrame) -> list[str]:
    shown = rows["id"].fillna(rows["before"]).fillna("")
    return [str(v) for v in shown]


def _cell(value: object, column: str) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, int) and column in ("found", "found_max", "expected"):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.2%}" if column.endswith(_SHARE) else f"{value:,.2f}"
    return str(value)

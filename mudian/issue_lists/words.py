"""The words and measures of the lists of questions."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from parcels.catalog import Lang
from parcels.units import fold

COLUMNS = (
    "office", "how", "table", "id", "name", "label", "unit", "value", "problem", "verdicts", "clause", "new_value",
    "reason", "filled_by", "source", "row", "field",
)  # fmt: skip
# What people fill in.
OPEN = ("new_value", "reason", "filled_by")


@cache
def settings() -> dict[str, Any]:
    """``data/issue_lists.toml``."""
    text = (files("mudian") / "data" / "issue_lists.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def column_name(column: str, lang: Lang) -> str:
    """The header of a column of the lists."""
    return str(settings()["columns"][column][lang])


def table_name(table: str, lang: Lang) -> str:
    """What a table is called on the lists."""
    return str(settings()["tables"][table][lang])


def say(word: str, lang: Lang, **params: object) -> str:
    """A word of the lists."""
    return str(settings()["words"][word][lang]).format(**params)


def how(kind: str, lang: Lang) -> str:
    """What is to be done with a row."""
    return str(settings()["how"][kind][lang])


@cache
def spellings(part: str) -> dict[str, str]:
    """Folded name in either language, or the key itself → key, of ``columns`` or ``tables``.

    Examples
    --------
    >>> spellings("tables")["宗地"], spellings("columns")["更正值"]
    ('parcels', 'new_value')
    """
    known = settings()[part]
    return {fold(text): key for key, names in known.items() for text in (key, *names.values())}

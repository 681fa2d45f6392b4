"""Words of standard-land tables (标准地) as the packs write them: utilities, assessments, indicators, uses, rights.

Tables write the same thing in many ways (供水, 通水, 三通一平). What is known is translated, what is not known stays as
it is written, and what cannot be told without more is missing, so that it never counts as "not there". The spellings
stand in ``data/standard_land_words.toml``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import pandas as pd

from parcels.units import fold

LISTS = ("utilities", "regional_assessments", "control_indicators")
_SPLIT = re.compile(r"[;；、，,+/（）()\s]+")
_UNCLEAR = "unclear"


@cache
def _words() -> dict[str, Any]:
    raw = (files("mudian") / "data" / "standard_land_words.toml").read_text(encoding="utf-8")
    return tomllib.loads(raw)


@cache
def _spellings(category: str) -> dict[str, tuple[str, ...]]:
    """Canonical words by folded spelling; a phrase may stand for several."""
    found = {fold(s): (word,) for word, spellings in _words()[category].items() for s in spellings}
    phrases: Mapping[str, list[str]] = _words().get(f"{category}_phrases", {})
    return found | {fold(phrase): tuple(words) for phrase, words in phrases.items()}


def canonical_words(text: str, category: str) -> list[str]:
    """The words of one list.

    Parameters
    ----------
    text
        Words joined by ``;`` ``、`` ``，`` or another mark.
    category
        ``utilities``, ``regional_assessments`` or ``control_indicators``.

    Examples
    --------
    >>> canonical_words("三通一平，天然气", "utilities")
    ['通水', '通电', '通路', '场地平整', '通气']
    """
    known = _spellings(category)
    words = [w for part in _SPLIT.split(text) if part for w in known.get(fold(part), (part,))]
    return list(dict.fromkeys(words))


def canonical_lists(cells: pd.Series, category: str) -> pd.Series:
    """Lists in the words of the packs, joined by ``;``; missing stays missing."""
    made = {text: ";".join(canonical_words(str(text), category)) for text in cells.dropna().unique()}
    return cells.map(made).astype("str")


def canonical_beginnings(cells: pd.Series, category: str) -> pd.Series:
    """Words by how they begin.

    Parameters
    ----------
    cells
        Planned uses or natures of rights, as words or codes.
    category
        ``planned_use`` (what is neither industry nor storage stays as it is) or ``ownership`` (what is neither
        state-owned nor collective is missing).

    Examples
    --------
    >>> canonical_beginnings(pd.Series(["二类工业用地", "100102", "商业", "0601"]), "planned_use").tolist()
    ['工业', '工业', '商业', nan]
    """
    table: Mapping[str, list[str]] = _words()[category]
    known = {text: _begins(str(text), table) for text in cells.dropna().unique()}
    return cells.map(known).astype("str")


def _begins(text: str, table: Mapping[str, list[str]]) -> str | None:
    folded = fold(text)
    word = next((w for w, begins in table.items() if any(folded.startswith(fold(b)) for b in begins)), None)
    if word is None and _UNCLEAR in table:
        return text
    return None if word == _UNCLEAR else word


def indicator_column(word: str) -> str:
    """The column that holds the number of a control indicator; one that is not known names its column itself.

    Examples
    --------
    >>> indicator_column("投资强度")
    'committed_investment_per_mu'
    """
    columns: Mapping[str, str] = _words()["control_indicators_columns"]
    return columns.get(word, word)

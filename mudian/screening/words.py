"""Words and technical limits of the screening."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.labels import column_label
from mudian.settings import ScreeningSettings
from parcels.catalog import Lang

SHEETS = ("screening", "sites", "best_site", "wanted", "site_matches", "screening_notes")
_BETWEEN: dict[Lang, str] = {"zh": "；", "en": "; "}
_LIST: dict[Lang, str] = {"zh": "、", "en": ", "}


@cache
def choices() -> dict[str, Any]:
    """Everything that stands in ``data/screening.toml``."""
    return tomllib.loads((files("mudian") / "data" / "screening.toml").read_text(encoding="utf-8"))


def say(section: str, name: str, lang: Lang, /, **values: object) -> str:
    """A text with its braces filled."""
    text: str = choices()[section][name][lang]
    return text.format(**values) if values else text


def column_title(column: str, lang: Lang) -> str:
    """The header of a column of the screening, with its unit.

    Examples
    --------
    >>> column_title("gain_zone_mean_wan", "zh"), column_title("ease", "en")
    ('预期增量·区平均（万元）', 'Ease (0 hard – 1 easy)')
    """
    known = choices()
    if column in known["columns"]:
        return say("columns", column, lang)
    found = _scenario_pattern().fullmatch(column)
    if found is None:
        return column_label(column, lang)
    scenario = next(g for g in found.groups() if g)
    template = column.replace(scenario, "X", 1)
    return say("scenario_columns", template, lang, scenario=say("scenarios", scenario, lang))


@cache
def _scenario_pattern() -> re.Pattern[str]:
    names = "|".join(choices()["scenarios"])
    return re.compile("|".join(t.replace("X", f"({names})") for t in choices()["scenario_columns"]))


def value_words(column: str, lang: Lang) -> dict[str, str]:
    """What the values of a column are called; empty where they speak for themselves."""
    return {value: words[lang] for value, words in choices()["values"].get(column, {}).items()}


def named(codes: pd.Series, section: str, lang: Lang) -> pd.Series:
    """Codes joined by ``;`` as words; missing where there are none.

    Examples
    --------
    >>> named(pd.Series(["idle;stopped", ""]), "tests", "zh").fillna("-").tolist()
    ['疑似闲置、企业停产', '-']
    """
    known = choices()[section]
    texts = codes.astype("str").fillna("")
    said = {t: listing([known[c][lang] for c in t.split(";") if c], lang) or None for t in texts.unique()}
    return texts.map(said).astype("str")


def limit(name: str, settings: ScreeningSettings) -> float:
    """A technical limit: as set in the project, else that of the program."""
    given = getattr(settings, name, None)
    return float(choices()["limits"][name] if given is None else given)


def listing(items: list[str], lang: Lang) -> str:
    """Several words as a list in a sentence."""
    return _LIST[lang].join(items)


def joined(rows: NDArray[np.intp], texts: pd.Series, size: int, lang: Lang, *, between: bool = True) -> pd.Series:
    """The texts of every row one behind the other, without repeats; missing where a row has none.

    Parameters
    ----------
    rows
        Row of each text.
    texts
        One for each entry of ``rows``.
    size
        Number of rows.
    lang
        Language of the separator.
    between
        A sentence each, or items of a list.
    """
    table = pd.DataFrame({"row": rows, "text": texts.to_numpy(dtype=object)}).dropna().drop_duplicates()
    separator = (_BETWEEN if between else _LIST)[lang]
    made: list[str | None] = [None] * size
    for row, text in zip(table["row"].tolist(), table["text"].tolist(), strict=True):
        before = made[row]
        made[row] = text if before is None else before + separator + text
    return pd.Series(made, dtype="str")

"""The words of a comparison: sheets, columns, causes and kinds, in both languages."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Any

from mudian.comparing.causes import EITHER, TOGETHER
from mudian.comparing.worlds import NOT_JUDGED
from mudian.explain.words import cell_text
from mudian.workbook import header
from parcels.catalog import Lang

_SIDES = ("before", "after")


@lru_cache(maxsize=1)
def texts() -> dict[str, Any]:
    """Everything that stands in ``data/comparing.toml``."""
    raw: dict[str, Any] = tomllib.loads((files("mudian") / "data" / "comparing.toml").read_text(encoding="utf-8"))
    return raw


def say(name: str, lang: Lang, /, *, section: str = "words", **params: object) -> str:
    """A word or sentence in a language.

    Examples
    --------
    >>> say("split", "zh", section="lineage"), say("nothing", "en")
    ('分割', 'no verdict changed')
    """
    template: str = texts()[section][name][lang]
    return template.format(**params) if params else template


def words_of(section: str, lang: Lang) -> dict[str, str]:
    """The words of a section by their codes."""
    return {code: pair[lang] for code, pair in texts()[section].items()}


def label(column: str, lang: Lang) -> str:
    """What a column is called; both sides of a figure carry their side.

    Examples
    --------
    >>> label("tax_per_mu_before", "zh"), label("clock", "en")
    ('亩均税收（万元/亩）（前）', 'Clock of the start')
    """
    known = texts()["columns"]
    if column in known:
        return str(known[column][lang])
    name, _, side = column.rpartition("_")
    if side in _SIDES:
        word = say(side, lang)
        return f"{label(name, lang)}（{word}）" if lang == "zh" else f"{label(name, lang)}, {word}"
    name, _, side = column.partition("_")
    if name in _SIDES and side in known:
        word = say(name, lang)
        return f"{known[side][lang]}（{word}）" if lang == "zh" else f"{known[side][lang]}, {word}"
    return header(column, lang, sheet="parcels")


def factor_words(factors: str, lang: Lang) -> str:
    """The least sets of changes in words.

    Examples
    --------
    >>> factor_words("data+policy", "zh"), factor_words("data|policy", "en")
    ('数据与政策（缺一不可）', 'data or policy (each alone)')
    """
    causes = words_of("causes", lang)
    sets = [say("together", lang).join(causes[f] for f in s.split(TOGETHER)) for s in factors.split(EITHER) if s]
    text = say("either", lang).join(sets)
    note = "either_note" if len(sets) > 1 else "together_note" if TOGETHER in factors else None
    return say(note, lang, text=text) if note else text


def verdict_words(value: object, verdict: str, lang: Lang) -> str:
    """A verdict in words.

    Examples
    --------
    >>> verdict_words("true", "inefficient", "zh"), verdict_words("not_judged", "grade", "en")
    ('疑似低效用地', 'not judged')
    """
    if value == NOT_JUDGED:
        return say(NOT_JUDGED, lang)
    plain = cell_text(value, verdict, lang)
    known = {"true": "yes", "false": "no", "unknown": "unknown"}
    return say(known[plain], lang, section="causes" if plain == "unknown" else "words") if plain in known else plain

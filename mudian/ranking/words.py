"""The words of the ranking: sheets, columns, sentences, and the spellings by which tables are understood."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Any

from mudian.labels import column_label
from mudian.schemas import schema
from parcels.catalog import Lang


@lru_cache(maxsize=1)
def texts() -> dict[str, Any]:
    """All words of the ranking."""
    raw: dict[str, Any] = tomllib.loads((files("mudian") / "data" / "ranking.toml").read_text(encoding="utf-8"))
    return raw


def say(name: str, lang: Lang, /, *, section: str = "words", **params: object) -> str:
    """A word or sentence in a language.

    Examples
    --------
    >>> say("total", "zh"), say("of", "en", count=10, known=9)
    ('合计', 'known for 9 of 10 zones')
    """
    template: str = texts()[section][name][lang]
    return template.format(**params) if params else template


def label(column: str, lang: Lang) -> str:
    """What a column is called, with its unit; a column of the user keeps its name.

    Examples
    --------
    >>> label("rank_progress", "zh"), label("tax_per_mu", "en")
    ('进位（+）退位（-）', 'Tax per mu (10k yuan/mu)')
    """
    own = texts()["columns"].get(column)
    if own:
        return str(own[lang])
    of = _OF_RANK.fullmatch(column)
    if of:
        name = say(of[2], lang, section="rankings")
        return f"{name}{'：' if lang == 'zh' else ': '}{label((of[1] or '') + 'rank' + (of[3] or ''), lang)}"
    shared = column_label(column, lang)
    field = schema("ranking").get(column)
    if shared != column or field is None:
        return shared
    unit = _UNITS.get(column.rpartition("_")[2])
    return field.title(lang) if unit is None else f"{field.title(lang)}{unit[lang == 'en']}"


_OF_RANK = re.compile(r"(?=previous_|\w+_rank_)(previous_)?(city|national|land)_rank(_\w+)?")
_UNITS = {"wan": ("（万元）", " (10k yuan)"), "m2": ("（平方米）", " (m²)")}

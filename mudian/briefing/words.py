"""The words of the report."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Any

from mudian.labels import column_label
from parcels.catalog import Lang


@lru_cache(maxsize=1)
def texts() -> dict[str, Any]:
    """All words of the report."""
    raw: dict[str, Any] = tomllib.loads((files("mudian") / "data" / "briefing.toml").read_text(encoding="utf-8"))
    return raw


def say(name: str, lang: Lang, /, *, section: str = "words", **params: object) -> str:
    """A word or sentence in a language.

    Examples
    --------
    >>> say("missing", "zh"), say("more_parcels", "en", count=3, sheet="Idle land")
    ('不详', '3 more: see the sheet “Idle land” of the workbook')
    """
    template: str = texts()[section][name][lang]
    return template.format(**params) if params else template


def name_and_unit(column: str, lang: Lang) -> tuple[str, str]:
    """The label of a column taken apart.

    Examples
    --------
    >>> name_and_unit("tax_per_mu", "zh"), name_and_unit("plot_ratio", "zh")
    (('亩均税收', '万元/亩'), ('容积率', '比值'))
    """
    name, _, rest = column_label(column, lang).partition("（" if lang == "zh" else " (")
    unit = texts()["units"].get(column)
    return name, unit[lang] if unit else rest.rstrip("）)")

"""The words of judgement sheets: sentences, labels with their units, and numbers as people read them.

All texts stand in ``data/explain.toml``. A number is never rounded to the limit that it is compared with: where both
would look the same, more decimals are shown.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Iterable
from fractions import Fraction
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import pandas as pd

from mudian.labels import column_label, value_labels, word
from parcels.catalog import Lang

_UNIT = re.compile(r"^(.*?)[（(]([^（）()]*)[）)]$")
_ONE = re.compile(r"(?<![\d.,])1 (\w+)")
_RANK = re.compile(r"^(grade_)?rank(_|$)(?!.*share)")
_SHARE = re.compile(r"_(share|ratio|rate|coefficient)$")


@lru_cache(maxsize=1)
def texts() -> dict[str, Any]:
    """Everything that stands in ``data/explain.toml``."""
    raw: dict[str, Any] = tomllib.loads((files("mudian") / "data" / "explain.toml").read_text(encoding="utf-8"))
    return raw


@cache
def own_texts(section: str) -> dict[str, Any]:
    """What the stages say that stands in no pack: their ``rules`` and what is ``lacking``, by name."""
    found: dict[str, Any] = {}
    for name in texts()["rule_files"]:
        raw = tomllib.loads((files("mudian") / "data" / name).read_text(encoding="utf-8"))
        found |= raw.get(section, {})
    own = texts()[section]
    return found | {key: found.get(key, {}) | entry for key, entry in own.items()}


def style(name: str) -> Any:
    """A setting of how much is shown and how."""
    return texts()["style"][name]


def say(name: str, lang: Lang, /, **params: object) -> str:
    """A sentence in one language with its braces filled."""
    template: str = texts()["words"][name][lang]
    return template.format(**params) if params else template


def pick(words: dict[str, str], lang: Lang) -> str:
    """The text of one language of a pair."""
    return words[lang]


def enumerate_words(items: Iterable[str], lang: Lang) -> str:
    """Several words as a list in a sentence."""
    return say("enumeration", lang).join(items)


def shortened(items: list[str], lang: Lang) -> str:
    """A list that names its first items and counts them all when there are many."""
    most = style("list_items")
    shown = enumerate_words(items[:most], lang)
    return shown if len(items) <= most else f"{shown} {say('and_more', lang, count=len(items))}"


def label(column: str, lang: Lang) -> str:
    """What a column is called in a sentence: its name without the unit."""
    found = texts()["verdicts"].get(column)
    if found:
        return pick(found, lang)
    text = column_label(column, lang)
    if text == column and column in _workbook()["words"]:
        text = _workbook()["words"][column][lang]
    match = _UNIT.match(text)
    return match[1].strip() if match else text


def unit_of(column: str, lang: Lang) -> str:
    """The unit of a column, as it stands after a number; empty for counts and words."""
    own = texts()["verdicts"].get(column, {})
    if "unit" in own:
        return pick(own["unit"], lang)
    match = _UNIT.match(column_label(column, lang))
    if match or column in texts()["verdicts"]:
        return match[2] if match else ""
    ends: dict[str, dict[str, str]] = _workbook()["units"]
    fitting = [end for end in ends if column.endswith(end)]
    return ends[max(fitting, key=len)][lang] if fitting else ""


@lru_cache(maxsize=1)
def _workbook() -> dict[str, Any]:
    """Units by the end of a column's name, and names of indicators, as the workbook has them."""
    return tomllib.loads((files("mudian") / "data" / "workbook.toml").read_text(encoding="utf-8"))


def unit_word(unit: str, lang: Lang) -> str:
    """A unit of a pack in one language."""
    found = texts()["units"].get(unit)
    return pick(found, lang) if found else unit


def is_percent(column: str, unit: str = "") -> bool:
    """Whether a ratio is read as per cent: a share is, a plot ratio is not."""
    if any(column.endswith(end) for end in style("plain_ratio")):
        return False
    return unit == "ratio" or bool(_SHARE.search(column))


def cell_text(value: Any, column: str, lang: Lang) -> str:
    """The value of a cell with its unit; an empty text where it is missing.

    Examples
    --------
    >>> cell_text(2.5, "tax_per_mu", "zh"), cell_text("idle_1y", "idle_status", "zh"), cell_text(None, "owner", "zh")
    ('2.50 万元/亩', '疑似闲置：超过约定动工日期满一年未动工', '')
    """
    if pd.isna(value):
        return ""
    boolean = pd.api.types.is_bool(value)
    spelled = str(value).lower() if boolean else str(value)
    known = texts()["verdicts"].get(column, {}).get("values", {})
    if spelled in known:
        return pick(known[spelled], lang)
    if boolean:
        return word(spelled, lang)
    if pd.api.types.is_number(value):
        return quantity(float(str(value)), column, lang)
    return (
        str(value.strftime("%Y-%m-%d"))
        if isinstance(value, dt.date)
        else value_labels(column, lang).get(value, spelled)
    )


def quantity(value: float, column: str, lang: Lang) -> str:
    """A number of a column with its unit."""
    if _RANK.match(column):
        return say("ranked", lang, rank=decimal(value, 0))
    if is_percent(column):
        return percent(value)
    unit = unit_of(column, lang)
    whole = value == int(value) and unit_of(column, "zh") in style("whole_units")
    return singular(with_unit(decimal(value, 0 if whole else style("decimals")), unit), lang)


def with_unit(number: str, unit: str) -> str:
    """A number and its unit with a blank between them, where there is a unit.

    Examples
    --------
    >>> with_unit("2.50", "万元/亩"), with_unit("2.50", "10k yuan/mu"), with_unit("3", "")
    ('2.50 万元/亩', '2.50 × 10k yuan/mu', '3')
    """
    between = " × " if unit[:1].isdigit() else " "
    return f"{number}{between}{unit}" if unit else number


def decimal(value: float, digits: int) -> str:
    """A number with thousands separators and so many decimals."""
    text = f"{value:,.{digits}f}"
    return text.removeprefix("-") if not text.strip("-0.,") else text


def percent(value: float, digits: int | None = None) -> str:
    """A share as per cent."""
    return f"{decimal(value * 100, style('percent_decimals') if digits is None else digits)}%"


def exact(value: object) -> str:
    """A number of a pack as it stands there: no decimals that it does not have, fractions as fractions."""
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, int | float):
        return trimmed(decimal(float(value), style("most_decimals")))
    return str(value)


def trimmed(text: str) -> str:
    """A decimal number without zeros at its end."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def value_text(value: object, unit: str, lang: Lang, *, column: str = "") -> str:
    """A value of a pack with its unit.

    Examples
    --------
    >>> value_text(0.25, "ratio", "zh", column="invested_share"), value_text("1/3", "ratio", "zh")
    ('25%', '1/3')
    >>> value_text(5000, "万元", "zh"), value_text(("出让", "租赁"), "", "zh")
    ('5,000 万元', '出让、租赁')
    """
    if isinstance(value, list | tuple):
        return shortened([value_text(v, unit, lang, column=column) for v in value], lang)
    if isinstance(value, bool):
        return word("true" if value else "false", lang)
    if isinstance(value, int | float):
        if unit == "ratio" and (not column or is_percent(column, unit)):
            return f"{trimmed(decimal(float(value) * 100, style('most_decimals')))}%"
        return _united(exact(value), unit, lang)
    fraction = isinstance(value, str) and "/" in value and _is_fraction(value)
    return _united(str(value), unit, lang) if fraction else str(value)


def _united(number: str, unit: str, lang: Lang) -> str:
    return f"{number}%" if unit == "%" else singular(with_unit(number, unit_word(unit, lang)), lang)


def singular(text: str, lang: Lang) -> str:
    """A text with the words after a single 1 in the singular.

    Examples
    --------
    >>> singular("1 years 11 months", "en"), singular("满 1 年", "zh")
    ('1 year 11 months', '满 1 年')
    """
    forms: dict[str, str] = style("singular")[lang]
    return _ONE.sub(lambda m: f"1 {forms.get(m[1], m[1])}", text) if forms else text


def _is_fraction(text: str) -> bool:
    try:
        Fraction(text)
    except (ValueError, ZeroDivisionError):
        return False
    return True

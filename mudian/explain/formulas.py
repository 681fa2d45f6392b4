"""How a number comes about: 亩均税收 ＝ 税收 ÷ 面积, shown only where the columns at hand really give it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mudian.explain.numbers import spelled
from mudian.explain.rulebook import Rulebook
from mudian.explain.subject import Subject
from mudian.explain.words import (
    decimal,
    is_percent,
    pick,
    quantity,
    say,
    style,
    texts,
    unit_of,
    unit_word,
    value_text,
    with_unit,
)

if TYPE_CHECKING:
    from mudian.explain.grounds import Judged

_SAME = 1e-9


def formula(judged: Judged, subject: Subject, book: Rulebook) -> str:
    """The formula of the number that a rule compares, filled with the figures of its subject.

    Parameters
    ----------
    judged
        The rule as it was judged.
    subject
        The subject.
    book
        The rules.

    Returns
    -------
    str
        Empty where there is no formula, or where the figures at hand do not give the number.
    """
    entry, condition = judged.source.entry, judged.source.condition
    if math.isnan(judged.value) or judged.outcome < 0:
        return ""
    if condition is None and "product" in entry:
        return _product(judged, entry, subject, book)
    if condition is None and "ratio" in entry:
        above, below = entry["ratio"]
        return _quotient(judged, pick(entry["metric"], book.lang), "", ([above], [below]), subject, book)
    metric = str(condition["metric"] if condition else entry.get("column", ""))
    known = texts()["formulas"].get(metric)
    return _quotient(judged, book.column(metric), metric, known, subject, book) if known else ""


def _quotient(judged: Judged, name: str, metric: str, sides: Any, subject: Subject, book: Rulebook) -> str:
    above = sides[0][0]
    a = _number(subject.cell(above))
    for below in sides[1]:
        b = _number(subject.cell(below))
        if a is not None and b and _same(a / b, judged.value):
            return say(
                "quotient", book.lang, name=name, above=book.column(above), a=quantity(a, above, book.lang),
                below=book.column(below), b=quantity(b, below, book.lang), value=_value(judged, metric, book),
            )  # fmt: skip
    return ""


def _value(judged: Judged, metric: str, book: Rulebook) -> str:
    """The number as its comparison shows it."""
    share = not metric or is_percent(metric)
    scale, digits = (100, style("percent_decimals")) if share else (1, style("decimals"))
    value, limit = np.array([judged.value * scale]), np.array([judged.limit * scale])
    text = str(spelled(value, limit, digits=digits, whole=False)[0])
    return f"{text}%" if share else with_unit(text, unit_of(metric, book.lang))


def _product(judged: Judged, entry: Any, subject: Subject, book: Rulebook) -> str:
    column, key = entry["product"]
    first, rate = _number(subject.cell(column)), book.values.get(key)
    if first is None or rate is None or not _same(first * float(rate["value"]), judged.value):
        return ""
    unit = unit_word("万元", book.lang)
    return say(
        "product", book.lang, name=pick(entry["metric"], book.lang), first=book.column(column),
        a=quantity(first, column, book.lang), b=value_text(rate["value"], rate["unit"], book.lang),
        value=with_unit(decimal(judged.value, style("decimals")), unit),
    )  # fmt: skip


def _number(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)


def _same(first: float, second: float) -> bool:
    return math.isclose(first, second, rel_tol=_SAME)

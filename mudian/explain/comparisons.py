"""Comparisons in words: a number, its relation to the limit and the limit, for many findings at once.

The relation is that of the numbers, not of the outcome: a rule that fails because of an exemption still shows that its
number lies below the limit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.explain.numbers import Floats, Words, elapsed, limits, satisfied, side, spelled, started
from mudian.explain.rulebook import Rulebook, Source
from mudian.explain.words import (
    exact,
    is_percent,
    pick,
    say,
    shortened,
    style,
    texts,
    unit_of,
    unit_word,
    value_text,
    with_unit,
)
from mudian.packs.references import number
from parcels.catalog import Lang

ORDER = ("<", "<=", ">", ">=", "==", "!=")
_WORDS = {
    "in": "in",
    "not_in": "in",
    "contains_all": "contains",
    "starts_with_any": "starts",
    "==": "equal",
    "!=": "equal",
}
_NEGATED = ("not_in", "!=")
_YEARS, _DAYS = "年", "天"

Cells = Callable[[str], Words | None]


@dataclass(frozen=True)
class Rows:
    """Findings of one rule or part of a rule, with one operator and unit.

    Attributes
    ----------
    value, threshold
        Numbers, NaN where there is none.
    outcome
        1 true, 0 false, −1 unknown.
    cells
        Gives the cells of a column of the subjects as text, where the tables are at hand.
    """

    source: Source
    operator: str
    unit: str
    value: Floats
    threshold: Floats
    outcome: NDArray[np.int8]
    cells: Cells

    def __len__(self) -> int:
        return len(self.value)


def compare_rows(rows: Rows, book: Rulebook) -> Words:
    """The comparison of every row in words; an empty text where there is nothing to compare."""
    condition = rows.source.condition
    if condition is None:
        known = _numbers(rows, book, None) if rows.operator in ORDER else _nothing(rows)
    else:
        known = _of_condition(rows, book, condition)
    if "without" in rows.source.entry:
        known[(known == "") & (rows.outcome == 0)] = pick(rows.source.entry["without"], book.lang)
    known[rows.outcome < 0] = ""
    lead = book.lead(condition) if condition else ""
    if condition and lead not in ("", book.title(rows.source), book.column(str(condition["metric"]))):
        known = _each(known, lambda text: say("led", book.lang, lead=lead, comparison=text))
    return known


def _of_condition(rows: Rows, book: Rulebook, condition: Mapping[str, Any]) -> Words:
    operator, against = str(condition["operator"]), condition.get("against", "constant")
    lang = book.lang
    name = book.column(str(condition["metric"]))
    if operator in ("is", "present"):
        yes = rows.outcome == 1 if operator == "present" else (rows.outcome == 1) == bool(condition.get("expect"))
        return _either(yes, say(f"{operator}_yes", lang, metric=name), say(f"{operator}_no", lang, metric=name))
    if against == "as_of" or (against == "column" and rows.unit == _DAYS and not rows.threshold.any()):
        return _days(rows, book, condition, name)
    if operator == "between":
        return _between(rows, book, condition, name)
    if operator in _WORDS and not (operator in ORDER and np.isfinite(rows.value).any()):
        return _words(rows, book, condition, name)
    return _numbers(rows, book, condition)


def _nothing(rows: Rows) -> Words:
    return np.full(len(rows), "", dtype=object)


def _each(found: Words, write: Callable[[str], str]) -> Words:
    """Every text that is not empty, rewritten."""
    return np.array([write(t) if t else "" for t in found], dtype=object)


def _either(choice: NDArray[np.bool_], yes: str, no: str) -> Words:
    made: Words = np.where(choice, np.array(yes, dtype=object), np.array(no, dtype=object))
    return made


def _numbers(rows: Rows, book: Rulebook, condition: Mapping[str, Any] | None) -> Words:
    """``metric value symbol limit``."""
    lang, known = book.lang, np.isfinite(rows.value) & np.isfinite(rows.threshold)
    found = _nothing(rows)
    if not known.any():
        return found
    value, limit = rows.value[known], rows.threshold[known]
    symbol = _symbols(value, rows.operator, limit, lang)
    metric = str(condition["metric"]) if condition else ""
    shown = _values(value, limit, metric, rows, book)
    other = _limits(limit, metric, rows, book, condition)
    name = book.column(metric) if metric else _own_name(rows.source, book)
    pairs = zip(shown, symbol, other, strict=True)
    since = condition is not None and condition.get("against") == "years_ago"
    if since or (condition is None and rows.unit == _YEARS):
        cells = _cell_texts(rows, metric, "elapsed_cell", lang)[known] if since else _start_days(value, book)
        template = texts()["words"]["elapsed"][lang]
        found[known] = [
            template.format(metric=name, cell=c, as_of=book.as_of, value=v, symbol=s, threshold=t).strip()
            for c, (v, s, t) in zip(cells, pairs, strict=True)
        ]
    else:
        template = texts()["words"]["compared"][lang]
        found[known] = [template.format(metric=name, value=v, symbol=s, threshold=t).strip() for v, s, t in pairs]
    return _exempted(found, rows, known, value, limit, lang)


def _start_days(years: Floats, book: Rulebook) -> Words:
    """The day from which elapsed years were counted, as a part of a sentence."""
    end = np.datetime64(book.as_of, "D") if book.as_of else np.datetime64("NaT", "D")
    days = started(years, end).astype("str")
    return np.array(["" if d == "NaT" else say("elapsed_cell", book.lang, cell=d) for d in days.tolist()], dtype=object)


def _exempted(found: Words, rows: Rows, known: NDArray[np.bool_], value: Floats, limit: Floats, lang: Lang) -> Words:
    """Say why a rule does not hold although its numbers do: an exemption, or what it asks beside them."""
    entry = rows.source.entry
    exempt = rows.source.single and entry.get("exempt")
    if not (exempt or "but" in entry):
        return found
    words = say("but_exempt", lang) if exempt else pick(entry["but"], lang)
    but = known.copy()
    but[known] = satisfied(value, rows.operator, limit) & (rows.outcome[known] == 0)
    found[but] = _each(found[but], lambda text: say("but", lang, comparison=text, but=words))
    return found


def _own_name(source: Source, book: Rulebook) -> str:
    """What the number of a rule without a condition is called."""
    return pick(source.entry["metric"], book.lang) if "metric" in source.entry else ""


def _symbols(value: Floats, operator: str, limit: Floats, lang: Lang) -> Words:
    """The operator where it holds, an equal sign where only equality is in its way, else its opposite."""
    signs = style("symbols")[lang]
    holds = satisfied(value, operator, limit)
    other = _either(side(value, limit) == 0, signs["=="], signs[style("opposite")[operator]])
    if operator in ("==", "!="):
        other = np.full(len(value), signs[style("opposite")[operator]], dtype=object)
    made: Words = np.where(holds, np.array(signs[operator], dtype=object), other)
    return made


def _values(value: Floats, limit: Floats, metric: str, rows: Rows, book: Rulebook) -> Words:
    if rows.unit == _YEARS and book.as_of:
        spans = elapsed(value, book.as_of, book.lang)
        plain = _spelled(value, limit, metric, rows, book)
        made: Words = np.where(spans == "", plain, spans)
        return made
    return _spelled(value, limit, metric, rows, book)


def _spelled(value: Floats, limit: Floats, metric: str, rows: Rows, book: Rulebook) -> Words:
    if is_percent(metric, rows.unit):
        numbers = spelled(value * 100, limit * 100, digits=style("percent_decimals"), whole=False)
        return _each(numbers, lambda n: f"{n}%")
    unit = _unit(metric, rows, book)
    whole = rows.unit in style("whole_units") and (bool(rows.unit) or not unit)
    numbers = spelled(value, limit, digits=style("decimals"), whole=whole)
    return _each(numbers, lambda n: f"{n}%" if unit == "%" else with_unit(n, unit))


def _unit(metric: str, rows: Rows, book: Rulebook) -> str:
    return unit_word(rows.unit, book.lang) if rows.unit else unit_of(metric, book.lang)


def _limits(limit: Floats, metric: str, rows: Rows, book: Rulebook, condition: Mapping[str, Any] | None) -> Words:
    """The limit with what it is: a number of the pack, an average, another column, a row of a table."""
    against = condition.get("against", "constant") if condition else "constant"
    key = rows.source.entry.get("value") if condition is None else condition.get("threshold")
    if key and against in ("constant", "years_ago") and not (condition or {}).get("times"):
        stated = _stated(str(key), limit, rows.unit, metric, book)
        if stated:
            return np.full(len(limit), stated, dtype=object)
    plain = _plain(limit, metric, rows, book)
    if condition is None and "limit" in rows.source.entry:
        name = pick(rows.source.entry["limit"], book.lang)
        return _each(plain, lambda t: say("of_column", book.lang, column=name, threshold=t))
    if condition is None or against in ("constant", "years_ago"):
        return plain
    factor = book.values.get(str(condition.get("times")))
    times = value_text(factor["value"], factor["unit"], book.lang) if factor else ""
    names = {
        "column": lambda: {"column": book.column(str(condition.get("column")))},
        "table": lambda: {"table": book.value_name(str(condition.get("table")))},
    }.get(against, dict)()
    start = {"column": "times_" if times else "of_", "table": "times_" if times else "of_"}
    word = f"{start[against]}{against}" if against in start else f"{'of_' if times else ''}average_{against}"
    return _each(plain, lambda t: say(word, book.lang, threshold=t, times=times, **names))


def _plain(limit: Floats, metric: str, rows: Rows, book: Rulebook) -> Words:
    """Limits as numbers, without decimals that they do not need."""
    if is_percent(metric, rows.unit):
        return _each(limits(limit * 100, digits=style("percent_decimals")), lambda n: f"{n}%")
    unit = _unit(metric, rows, book)
    return _each(limits(limit, digits=style("decimals")), lambda n: f"{n}%" if unit == "%" else with_unit(n, unit))


def _stated(key: str, limit: Floats, unit: str, metric: str, book: Rulebook) -> str:
    """The limit as the pack states it, if the findings were made with it."""
    value = book.values.get(key)
    if value is None:
        return ""
    text = value_text(value["value"], unit, book.lang, column=metric)
    number = _as_number(value["value"])
    return text if number is not None and not side(limit, np.full(len(limit), number)).any() else ""


def _as_number(value: object) -> float | None:
    found = number(value)
    return None if found is None else float(found)


def _days(rows: Rows, book: Rulebook, condition: Mapping[str, Any], name: str) -> Words:
    lang = book.lang
    if condition.get("against") == "as_of":
        other = say("as_of_day", lang, as_of=book.as_of)
        others = np.full(len(rows), other, dtype=object)
    else:
        column = str(condition["column"])
        others = _each(_cell_texts(rows, column, "day_cell", lang), lambda c: f"{book.column(column)}{c}".strip())
        others[others == ""] = book.column(column)
    cells = _cell_texts(rows, str(condition["metric"]), "day_cell", lang)
    words = {-1: "day_before", 0: "day_same", 1: "day_after"}
    made = [
        "" if np.isnan(v) else say(words[int(np.sign(v))], lang, metric=name, cell=c, other=o, days=exact(abs(v)))
        for v, c, o in zip(rows.value.tolist(), cells, others, strict=True)
    ]
    return np.array(made, dtype=object)


def _between(rows: Rows, book: Rulebook, condition: Mapping[str, Any], name: str) -> Words:
    value = book.values.get(str(condition.get("threshold")))
    ends = value["value"] if value else None
    if not isinstance(ends, list) or len(ends) != 2:
        return _nothing(rows)
    metric = str(condition["metric"])
    low, high = (value_text(e, rows.unit, book.lang, column=metric) for e in ends)
    both = say("range", book.lang, low=low, high=high)
    shown = _spelled(rows.value, rows.threshold, metric, rows, book)
    words = {1: "between_yes", 0: "between_no"}
    made = [
        say(words[o], book.lang, metric=name, value=v, list=both) if o in words else ""
        for v, o in zip(shown, rows.outcome.tolist(), strict=True)
    ]
    return np.array(made, dtype=object)


def _words(rows: Rows, book: Rulebook, condition: Mapping[str, Any], name: str) -> Words:
    """A word and the list that it is in or not."""
    value = book.values.get(str(condition.get("threshold")))
    if value is None:
        return _nothing(rows)
    lang, operator, metric = book.lang, str(condition["operator"]), str(condition["metric"])
    items = value["value"] if isinstance(value["value"], list) else [value["value"]]
    listed = shortened([value_text(i, value["unit"], lang, column=metric) for i in items], lang)
    held = (rows.outcome == 1) != (operator in _NEGATED)
    cells = _cell_texts(rows, metric, "cell", lang)
    yes, no = (texts()["words"][f"{_WORDS[operator]}_{end}"][lang] for end in ("yes", "no"))
    made = [
        (yes if h else no).format(metric=name, cell=c, list=listed).strip()
        for h, c in zip(held.tolist(), cells, strict=True)
    ]
    return np.array(made, dtype=object)


def _cell_texts(rows: Rows, column: str, word: str, lang: Lang) -> Words:
    """What stands in a column of the subjects, as a part of a sentence; empty where it is not at hand."""
    cells = rows.cells(column)
    return _nothing(rows) if cells is None else _each(cells, lambda c: say(word, lang, cell=c))


def no_cells(_column: str) -> Words | None:
    """The tables are not at hand."""
    return None


def cells_of(table: pd.DataFrame, key: str, ids: Words) -> Cells:
    """Cells of a table for given subjects, as text with days as they are written."""
    index = pd.Index(table[key].astype("str"))
    position = index.get_indexer(pd.Index(ids, dtype="str")) if index.is_unique else _first(index, ids)

    def cells(column: str) -> Words | None:
        if column not in table:
            return None
        series = table[column].iloc[np.maximum(position, 0)]
        if pd.api.types.is_datetime64_any_dtype(series.dtype):
            series = series.dt.strftime("%Y-%m-%d")
        found = series.astype("object").to_numpy()
        gone = pd.isna(found) | (position < 0)
        return np.array(["" if g else str(f) for f, g in zip(found, gone, strict=True)], dtype=object)

    return cells


def _first(index: pd.Index, ids: Words) -> NDArray[np.int64]:
    """Positions of ids in an index that has some of them several times: the first of each."""
    kept = ~index.duplicated()
    found = index[kept].get_indexer(pd.Index(ids, dtype="str"))
    positions: NDArray[np.int64] = np.append(np.flatnonzero(kept), -1)[found]
    return positions

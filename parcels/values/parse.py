"""Understanding single values: numbers, dates, text and yes/no as clerks write them.

Caveat of the theme: zero, missing and not understood are three different things. A mark for missing
(``—``, ``/``, ``无``) is missing; a cell that holds something else than what the column is for becomes
missing too, but is *bad* and stands in the ledger with what was written. Numbers come back as written:
``3 万元`` is 3 with the unit ``万元``, ``12.5%`` is 12.5 with ``%``; converting is the caller's business.

Work is done on whole columns; where Python must look at a text, it looks at each distinct text once.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from parcels.ledger import Ledger
from parcels.values.kinds import Kinds, split_kinds
from parcels.values.words import (
    BAD_BOOLEAN,
    BAD_DATE,
    BAD_NUMBER,
    BAD_TEXT,
    BLANKS,
    CHANGED,
    FLOAT_DAMAGE,
    MISSING,
    PLAIN,
    boolean_word,
    date_word,
    id_word,
    number_word,
    text_word,
)

BoolArray = NDArray[np.bool_]
_EXACT = 2.0**53
_PLAIN_NUMBER = r"^-?[0-9]{1,300}(\.[0-9]+)?$"
_GROUPED_NUMBER = r"^-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?$"
_ODD_TEXT = r"^[=#'’<(（]|^.{0,4}$|^[-‐‑‒–—―─━－ /\\]+$|^[0-9]+\.0+$|^[0-9](\.[0-9]+)?[eE]\+?[0-9]+$"


@dataclass(frozen=True)
class Parsed:
    """One column understood.

    Attributes
    ----------
    values
        The values under the index of the input: float64, datetime64[s], str or boolean.
    missing
        Cells that held a mark for missing (``—``, ``/``, ``无``, blanks …), not those that were truly empty.
    bad
        Cells that held something not understood; they are missing in ``values``.
    changed
        Cells understood only after a repair of how they were written.
    codes
        Ledger code of each bad cell, empty text elsewhere.
    units
        Units found behind numbers, per cell (text, missing where there was none); None except for numbers.
    """

    values: pd.Series
    missing: BoolArray
    bad: BoolArray
    changed: BoolArray
    codes: NDArray[np.object_]
    units: pd.Series | None = None


class _States:
    """States of all cells of a column while they are being worked out."""

    def __init__(self, size: int) -> None:
        self.state = np.full(size, PLAIN, dtype=object)

    def finish(self, values: pd.Series, units: pd.Series | None = None) -> Parsed:
        missing = self.state == MISSING
        changed = self.state == CHANGED
        bad = ~(missing | changed | (self.state == PLAIN))
        return Parsed(values, missing, bad, changed, np.where(bad, self.state, ""), units)


def _by_distinct(
    texts: NDArray[np.object_], parse: Callable[[str], tuple[object, str]]
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Results and states of ``parse``, called once for each distinct text."""
    inverse, distinct = pd.factorize(texts)
    results = [parse(text) for text in distinct.tolist()]
    values, states = np.empty(len(results), dtype=object), np.empty(len(results), dtype=object)
    for i, (value, state) in enumerate(results):
        values[i], states[i] = value, (state if distinct[i] != "" else PLAIN)
    return values[inverse], states[inverse]


def _simple_numbers(texts: NDArray[np.object_]) -> tuple[NDArray[np.float64], BoolArray]:
    """Numbers of texts made of digits, sign, point and thousands commas; and which of them had commas."""
    trimmed = pc.utf8_trim(pa.array(texts, type=pa.large_string()), characters=BLANKS)
    grouped = pc.match_substring_regex(trimmed, _GROUPED_NUMBER)
    simple = pc.or_(grouped, pc.match_substring_regex(trimmed, _PLAIN_NUMBER))
    digits = pc.if_else(grouped, pc.replace_substring(trimmed, ",", ""), trimmed)
    numbers = pc.cast(pc.if_else(simple, digits, pa.scalar(None, type=pa.large_string())), pa.float64())
    return np.array(numbers.to_numpy(zero_copy_only=False), dtype=np.float64), _mask(grouped)


def to_number(series: pd.Series) -> Parsed:
    """Numbers of a column, as written.

    Understood are thousands separators, full-width digits, accounting negatives ``(123)``, scientific
    notation, a leading ``¥`` and a known unit behind the number. Bounds (``≥1.2``), ranges, formula errors,
    infinities and booleans are bad.

    Parameters
    ----------
    series
        Text, numbers or a mixture of both, any index.

    Returns
    -------
    Parsed
        ``values`` float64; ``units`` the units found, for instance ``万元``, ``亩``, ``m2`` or ``%``.

    Examples
    --------
    >>> to_number(pd.Series(["1,234.50", "(123)", "—", "3 万元", "0"])).values.tolist()
    [1234.5, -123.0, nan, 3.0, 0.0]
    """
    kinds, states = split_kinds(series), _States(len(series))
    values = np.full(len(series), np.nan)
    units = np.full(len(series), None, dtype=object)
    numeric = kinds.number | kinds.integer
    values[numeric] = kinds.floats(numeric)
    states.state[numeric & ~np.isfinite(values)] = BAD_NUMBER
    states.state[kinds.flag | kinds.stamp | kinds.other] = BAD_NUMBER
    at = np.flatnonzero(kinds.text)
    texts = kinds.texts()
    values[at], grouped = _simple_numbers(texts)
    states.state[at[grouped]] = CHANGED
    odd = np.isnan(values[at])
    found, states.state[at[odd]] = _by_distinct(texts[odd], number_word)
    if odd.any():
        values[at[odd]] = [value for value, _ in found]
        units[at[odd]] = [unit for _, unit in found]
    values[~np.isfinite(values)] = np.nan
    result = pd.Series(values, index=series.index, name=series.name)
    return states.finish(result, pd.Series(units, index=series.index, name=series.name, dtype="str"))


def to_date(series: pd.Series) -> Parsed:
    """Dates of a column.

    Understood are date and datetime cells, ``2024-06-03``, ``2024/6/3``, ``2024.6.3``, ``20240603``,
    ``2024年6月3日``, the same in Chinese numerals, each with a time of day behind it, and serial day numbers
    of spreadsheets between 20 000 and 80 000 (day 1 is 1900-01-01). A month or year without a day, a day that
    does not exist and years outside 1950–2100 are bad; ``00000000`` is missing.

    Returns
    -------
    Parsed
        ``values`` datetime64[s].

    Examples
    --------
    >>> to_date(pd.Series(["2024年6月3日", 45446, "20240231"])).values.astype(str).tolist()
    ['2024-06-03', '2024-06-03', nan]
    """
    kinds, states = split_kinds(series), _States(len(series))
    values = np.full(len(series), np.datetime64("NaT"), dtype="datetime64[s]")
    states.state[kinds.flag | kinds.other] = BAD_DATE
    if kinds.stamp.any():
        values[kinds.stamp] = kinds.stamps()
        years = values.astype("datetime64[Y]").astype(np.int64) + 1970
        strange = kinds.stamp & ~((years >= 1950) & (years <= 2100))
        values[strange] = np.datetime64("NaT")
        states.state[strange] = BAD_DATE
    for mask, texts in ((kinds.text, kinds.texts()), (kinds.number | kinds.integer, kinds.number_texts())):
        found, states.state[mask] = _by_distinct(texts, date_word)
        values[mask] = found.astype("datetime64[s]")
    return states.finish(pd.Series(values, index=series.index, name=series.name))


def _number_text(value: object) -> tuple[str | None, str]:
    if isinstance(value, int | np.integer):
        return str(int(value)), CHANGED
    number = float(value)  # type: ignore[arg-type]
    if not np.isfinite(number):
        return None, BAD_TEXT
    if abs(number) >= _EXACT:
        return None, FLOAT_DAMAGE
    return (str(int(number)) if number.is_integer() else repr(number)), CHANGED


def _numbers_as_text(kinds: Kinds, values: NDArray[np.object_], state: NDArray[np.object_]) -> None:
    for mask in (kinds.integer, kinds.number):
        if mask.any():
            inverse, distinct = pd.factorize(kinds.raw[mask])
            results = [_number_text(value) for value in distinct.tolist()]
            values[mask] = np.array([text for text, _ in results], dtype=object)[inverse]
            state[mask] = np.array([mark for _, mark in results], dtype=object)[inverse]


def _stamp_texts(kinds: Kinds) -> NDArray[np.object_]:
    texts = np.datetime_as_string(kinds.stamps(), unit="s").astype(object)
    return np.array([text.removesuffix("T00:00:00").replace("T", " ") for text in texts], dtype=object)


def to_text(series: pd.Series) -> Parsed:
    """Text of a column, for identifiers and names.

    Blanks around the text go; leading zeros stay. Numbers that are integers become their digits without
    ``.0``. A float of 2**53 or more, and text like ``9.13709E+17``, has lost digits and is bad
    (``value-float-damage``).

    Returns
    -------
    Parsed
        ``values`` of dtype ``str``.

    Examples
    --------
    >>> to_text(pd.Series(["007 ", 370902.0, "/", 9.13709e17])).values.tolist()
    ['007', '370902', nan, nan]
    """
    return _texts(series, text_word)


def to_id(series: pd.Series) -> Parsed:
    """Text of a column of identifiers: as `to_text`, but a run of hyphens is an identifier.

    ``---`` in a column of codes is what somebody typed for several parcels; as text it is seen to repeat and is
    reported, as a mark for missing it would vanish. A single ``-``, ``—`` and ``/`` stay marks for missing.

    Returns
    -------
    Parsed
        ``values`` of dtype ``str``.

    Examples
    --------
    >>> to_id(pd.Series(["007 ", "---", "-", "/"])).values.tolist()
    ['007', '---', nan, nan]
    """
    return _texts(series, id_word)


def _texts(series: pd.Series, word: Callable[[str], tuple[object, str]]) -> Parsed:
    kinds, states = split_kinds(series), _States(len(series))
    values = np.full(len(series), None, dtype=object)
    _numbers_as_text(kinds, values, states.state)
    if kinds.flag.any():
        values[kinds.flag] = np.where(kinds.raw[kinds.flag].astype(bool), "TRUE", "FALSE")
    if kinds.stamp.any():
        values[kinds.stamp] = _stamp_texts(kinds)
    states.state[kinds.flag | kinds.stamp] = CHANGED
    states.state[kinds.other] = BAD_TEXT
    at, texts = np.flatnonzero(kinds.text), kinds.texts()
    written = pa.array(texts, type=pa.large_string())
    trimmed = pc.utf8_trim(written, characters=BLANKS)
    values[at] = trimmed.to_numpy(zero_copy_only=False)
    states.state[at[_mask(pc.not_equal(written, trimmed))]] = CHANGED
    strange = _mask(pc.match_substring_regex(trimmed, _ODD_TEXT))
    found, marks = _by_distinct(texts[strange], word)
    odd = at[strange]
    values[odd] = found
    states.state[odd] = np.where(marks == PLAIN, states.state[odd], marks)
    return states.finish(pd.Series(values, index=series.index, name=series.name, dtype="str"))


def _mask(array: object) -> BoolArray:
    return np.asarray(array, dtype=bool)


def to_boolean(series: pd.Series) -> Parsed:
    """Yes or no of a column; what says neither is unknown.

    ``无`` is a mark for missing, but means no in a column that also says ``有``.

    Returns
    -------
    Parsed
        ``values`` of dtype ``boolean`` (True, False or missing).

    Examples
    --------
    >>> to_boolean(pd.Series(["是", "否", 1, "—"])).values.tolist()
    [True, False, True, <NA>]
    """
    kinds, states = split_kinds(series), _States(len(series))
    values = np.full(len(series), None, dtype=object)
    values[kinds.flag] = kinds.raw[kinds.flag]
    numeric = kinds.number | kinds.integer
    floats = np.full(len(series), np.nan)
    floats[numeric] = kinds.floats(numeric)
    values[floats == 1], values[floats == 0] = True, False
    states.state[(numeric & (floats != 0) & (floats != 1)) | kinds.stamp | kinds.other] = BAD_BOOLEAN
    texts = kinds.texts()
    has = bool((texts == "有").any())
    values[kinds.text], states.state[kinds.text] = _by_distinct(texts, lambda text: boolean_word(text, has=has))
    return states.finish(pd.Series(values, index=series.index, name=series.name, dtype="boolean"))


def _example(values: pd.Series, at: int) -> object:
    value = values.iloc[at]
    if isinstance(value, dt.datetime):
        return re.sub(r" 00:00:00$", "", str(value))
    return value


def report(
    parsed: Parsed,
    *,
    field: str,
    original: pd.Series,
    rows: NDArray[np.int64],
    ids: pd.Series | NDArray[np.object_] | None = None,
    source: str,
    ledger: Ledger,
    stage: str = "read",
) -> None:
    """Write what happened to a column: a row per bad cell, one row for all marks, one for all repairs.

    Parameters
    ----------
    parsed
        What ``to_number``, ``to_date``, ``to_text`` or ``to_boolean`` made of ``original``.
    field, original, rows, ids
        Name, cells, line numbers and keys of the column; the last three of one length.
    source, ledger, stage
        Where the column comes from, and the ledger to write to.
    """
    keys = None if ids is None else np.asarray(ids, dtype=object)
    where = {"stage": stage, "source": source, "field": field}
    lines, cells = np.asarray(rows), original.astype(object)
    for code in sorted(set(parsed.codes[parsed.bad].tolist())):
        at = np.flatnonzero(parsed.codes == code)
        ledger.add(code, row=lines[at], id=None if keys is None else keys[at], before=cells.iloc[at], **where)
    if parsed.missing.any():
        texts = cells[parsed.missing].astype(str).str.strip()
        marks = "、".join(f"{m or '␠'} ×{n}" for m, n in texts.value_counts(sort=True).head(5).items())
        ledger.add("value-missing-marks", count=int(parsed.missing.sum()), marks=marks, **where)
    if parsed.changed.any():
        first = int(np.flatnonzero(parsed.changed)[0])
        ledger.add(
            "value-repaired",
            before=cells.iloc[first],
            after=_example(parsed.values, first),
            count=int(parsed.changed.sum()),
            line=int(lines[first]),
            **where,
        )

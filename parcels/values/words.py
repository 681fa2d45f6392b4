"""Understanding one written value: the words, marks and patterns found in the tables of Chinese bureaus.

Caveat of the theme: a text is understood only when the whole of it fits. ``1,5`` may be 1.5 or 15 and is
refused, ``≥1.2`` is a bound and not a number, ``2024年6月`` is a month and not a day.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import tomllib
from importlib.resources import files

PLAIN, CHANGED, MISSING = "", "changed", "missing"
BAD_NUMBER, BOUND, EXCEL_ERROR = "value-bad-number", "value-number-bound", "value-excel-error"
FOREIGN_UNIT = "value-foreign-unit"
BAD_DATE, NO_DAY = "value-bad-date", "value-date-no-day"
BAD_BOOLEAN, BAD_TEXT, FLOAT_DAMAGE = "value-bad-boolean", "value-bad-text", "value-float-damage"

BLANKS = " \t\r\n\v\f\u00a0\u3000\ufeff\u200b\u200c\u200d\u2060"


def _words(topic: str) -> frozenset[str]:
    table = tomllib.loads((files("parcels") / "data" / "value_words.toml").read_text(encoding="utf-8"))[topic]
    return frozenset(word for kind, words in table.items() if kind != "source" for word in words)


_MARKS, _YES, _NO, UNITS = _words("missing"), _words("yes"), _words("no"), _words("units")
_DASHES = re.compile(r"[-‐‑‒–—―─━ ]+|/+|\\+")
_EXCEL_ERROR = re.compile(r"#(?:DIV/0!|REF!|VALUE!|NAME\?|NUM!|NULL!|SPILL!|CALC!|#+|GETTING_DATA)", re.I)

_DECIMAL = r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+"
_NUMBER = re.compile(
    r"(?P<sign>[+-]?)\s*(?P<coin>¥?)\s*"
    rf"(?P<body>[0-9]{{1,3}}(?:(?:,[0-9]{{3}})+|(?: [0-9]{{3}})+)(?:\.[0-9]+)?|{_DECIMAL})"
    r"(?P<power>[eE][+-]?[0-9]+)?\s*(?P<unit>[^0-9\s].*)?"
)
_PLAIN_NUMBER = re.compile(rf"[+-]?(?:{_DECIMAL})(?:[eE][+-]?[0-9]+)?")
_BOUND = re.compile(
    r"(?:[<>≥≤≧≦⩾⩽]=?|不低于|不高于|不少于|不超过|不大于|不小于|大于|小于|高于|低于|至少|至多|超过?|约|近)\s*[+-]?[0-9.].*"
    r"|[+-]?[0-9.,]+\s*[^\s0-9-]{0,4}?\s*[-~∼〜–—至到]\s*[0-9.,]+\s*[^0-9-]{0,5}|[0-9.,]+\s*\S{0,4}(?:以上|以下|左右|以内|余)"
)


_WIDTHS = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    ord(sign): plain
    for sign, plain in {
        "\u3000": " ",
        "\u00a0": " ",
        "\u202f": " ",
        "￥": "¥",
        "㎡": "m2",
        "㎢": "km2",
        "−": "-",
    }.items()
}


def half_width(text: str) -> str:
    """Full-width forms as plain characters, ``㎡`` as ``m2``, all minus signs as ``-``, no blanks around.

    Only forms with one meaning are touched: ``10²`` stays, for it is not 102.

    Examples
    --------
    >>> half_width("１２，３４５㎡")
    '12,345m2'
    """
    return re.sub("(?<=[Mm])²", "2", text.translate(_WIDTHS)).strip(BLANKS)


def is_mark(text: str) -> bool:
    """Whether a text is a mark for missing, or blank.

    Examples
    --------
    >>> [is_mark(t) for t in ("——", "/", "暂无", " ", "0")]
    [True, True, True, True, False]
    """
    plain = half_width(text)
    return not plain or plain.casefold() in _MARKS or _DASHES.fullmatch(plain) is not None


def _unwrap(text: str) -> str:
    """Take away what keeps a spreadsheet from changing a code: ``="007"`` and ``'007``."""
    inner = re.fullmatch(r'="(.*)"', text)
    if inner:
        return inner[1]
    return text[1:] if re.match(r"['’][0-9A-Za-z]", text) else text


def number_word(text: str) -> tuple[tuple[float, str | None], str]:
    """The number and the unit of one text, and its state."""
    nothing = (math.nan, None)
    if is_mark(text):
        return nothing, MISSING
    written = text.strip(BLANKS)
    plain = half_width(_unwrap(written))
    if _EXCEL_ERROR.fullmatch(plain):
        return nothing, EXCEL_ERROR
    inner = re.fullmatch(r"\(\s*([^()+-][^()]*)\)(.*)", plain)
    found = _NUMBER.fullmatch((inner[1] + inner[2]).strip() if inner else plain)
    unit = _unit(found) if found else None
    if found is None or (found["unit"] and unit is None):
        return nothing, BOUND if _BOUND.fullmatch(plain) else BAD_NUMBER
    number = float(re.sub(r"[, ]", "", found["body"]) + (found["power"] or ""))
    if not math.isfinite(number):
        return nothing, BAD_NUMBER
    negative = (found["sign"] == "-") != (inner is not None)
    return (-number if negative else number, unit), PLAIN if _PLAIN_NUMBER.fullmatch(written) else CHANGED


def _unit(found: re.Match[str]) -> str | None:
    unit = re.sub(r"\s", "", found["unit"] or "")
    if unit.startswith("(") and unit.endswith(")"):
        unit = unit[1:-1]
    if unit.isascii():
        unit = unit.casefold()
    if not unit:
        return "元" if found["coin"] else None
    return unit if unit in UNITS or unit.casefold() in UNITS else None


_CLOCK = r"(?:[T\s]+(?:上午|下午|AM|PM)?\s*([0-9]{1,2}):([0-9]{1,2})(?::([0-9]{1,2})(?:\.[0-9]+)?)?Z?)?"
_DAYS = (
    re.compile(r"([0-9]{4})\s*([-/.])\s*([0-9]{1,2})\s*\2\s*([0-9]{1,2})" + _CLOCK),
    re.compile(r"([0-9]{4})()([0-9]{2})([0-9]{2})" + _CLOCK),
    re.compile(r"([0-9]{4})\s*(年)\s*([0-9]{1,2})\s*月\s*([0-9]{1,2})\s*[日号]?" + _CLOCK),
)
_SERIAL = re.compile(r"[2-7][0-9]{4}(?:\.[0-9]+)?|80000(?:\.0*)?")
_NO_DAY = re.compile(
    r"(?:19|20)[0-9]{2}(?:\s*年?度?|\s*[-/.年]\s*(?:0?[1-9]|1[0-2])\s*月?(?:份|[上中下]旬|底|初)?|(?:0[1-9]|1[0-2]))"
)
_NO_DATE = re.compile(r"0+|0000[-/.]0?0[-/.]0?0.*|(?:1899-12-30|1900[-/.]0?1[-/.]0?0)(?: 0?0:00(?::00)?)?")
_EPOCH = dt.datetime(1899, 12, 30)
_NUMERALS = str.maketrans("〇零○Ｏ一二三四五六七八九", "0000123456789")


def _numerals(text: str) -> str:
    """``二〇二四年十二月三十一日`` with digits."""

    def tens(found: re.Match[str]) -> str:
        head, tail = found[1].translate(_NUMERALS) or "1", found[2].translate(_NUMERALS) or "0"
        return head + tail

    digit = "一二三四五六七八九"
    return re.sub(rf"([{digit}]?)十([{digit}]?)", tens, text).translate(_NUMERALS)


def date_word(text: str) -> tuple[dt.datetime | None, str]:
    """The day (with time of day where written) of one text, and its state."""
    if is_mark(text):
        return None, MISSING
    written = text.strip(BLANKS)
    plain = half_width(_unwrap(written))
    if _NO_DATE.fullmatch(plain):
        return None, MISSING
    if _EXCEL_ERROR.fullmatch(plain):
        return None, EXCEL_ERROR
    if re.match(r"[〇零○一二][〇零○一二三四五六七八九]{3}年", plain):
        plain = _numerals(plain)
    if _SERIAL.fullmatch(plain):
        day = _EPOCH + dt.timedelta(seconds=round(float(plain) * 86400))
        return (day, CHANGED) if day.year <= 2100 else (None, BAD_DATE)
    found = next((m for m in (day.fullmatch(plain) for day in _DAYS) if m), None)
    if found is None:
        return None, NO_DAY if _NO_DAY.fullmatch(plain) else BAD_DATE
    day_found = _day(found, afternoon="下午" in plain or "PM" in plain)
    if day_found is None:
        return None, BAD_DATE
    return day_found, PLAIN if plain == written and found[2] != "年" else CHANGED


def _day(found: re.Match[str], *, afternoon: bool) -> dt.datetime | None:
    year, month, day = int(found[1]), int(found[3]), int(found[4])
    hour, minute, second = (int(part or 0) for part in found.groups()[4:])
    if not 1950 <= year <= 2100:
        return None
    try:
        return dt.datetime(year, month, day, hour + (12 if afternoon and hour < 12 else 0), minute, second)
    except ValueError:
        return None


def text_word(text: str) -> tuple[str | None, str]:
    """One text without blanks around it, and its state; codes that went through a number are recognised."""
    if is_mark(text):
        return None, MISSING
    plain = text.strip(BLANKS)
    if _EXCEL_ERROR.fullmatch(plain):
        return None, EXCEL_ERROR
    if re.fullmatch(r"[0-9](?:\.[0-9]+[eE]\+?|[eE]\+)[0-9]+", plain):
        return None, FLOAT_DAMAGE
    if re.fullmatch(r"[0-9]{6,}\.0+", plain):
        digits = plain.partition(".")[0]
        return (digits, CHANGED) if int(digits) < 2**53 else (None, FLOAT_DAMAGE)
    inner = _unwrap(plain)
    return inner, PLAIN if inner == plain else CHANGED


def id_word(text: str) -> tuple[str | None, str]:
    """One identifier: as `text_word`, but two or more hyphens are text and no mark for missing."""
    plain = text.strip(BLANKS)
    if re.fullmatch("--+", plain):
        return plain, PLAIN if plain == text else CHANGED
    return text_word(text)


def boolean_word(text: str, *, has: bool) -> tuple[bool | None, str]:
    """Yes, no or nothing of one text; ``has`` says that the column uses 有 against 无."""
    word = half_width(text).casefold()
    if word == "无" and has:
        return False, PLAIN
    if is_mark(text):
        return None, MISSING
    if _EXCEL_ERROR.fullmatch(word):
        return None, EXCEL_ERROR
    if word in _YES:
        return True, PLAIN
    return (False, PLAIN) if word in _NO else (None, BAD_BOOLEAN)

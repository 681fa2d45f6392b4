"""Units of measure: what a header or a cell calls them, and their exact factors.

The figures stand in ``data/units.toml``. 1 亩 is 2000/3 m² exactly; rounding it to 666.67 is off by 5e-6.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from importlib.resources import files

M2_PER_MU = 2000 / 3

# Units of one character that may stand at the end of a header.
_SINGLE = "亩元万"
_BRACKETS = re.compile(r"[(\[（【]([^()\[\]（）【】]*)[)\]）】]")


@dataclass(frozen=True)
class Unit:
    """A unit of one dimension with its factor to the base unit."""

    name: str
    dimension: str
    factor: Fraction
    spellings: tuple[str, ...]


def fold(text: str) -> str:
    """Half-width, lower-case, without blanks: the form in which names are compared."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).lower()


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, Unit]]:
    raw = tomllib.loads((files("parcels") / "data" / "units.toml").read_text(encoding="utf-8"))
    return {
        dimension: {
            name: Unit(name, dimension, Fraction(unit["factor"]), tuple(unit["names"]))
            for name, unit in entry["units"].items()
        }
        for dimension, entry in raw.items()
    }


def choices(dimension: str) -> list[str]:
    """The first spelling of every unit of a dimension, for messages."""
    return [unit.spellings[0] for unit in _table()[dimension].values()]


def find(text: str, dimension: str) -> Unit | None:
    """The unit of ``dimension`` that is written exactly so.

    Examples
    --------
    >>> find("平方公里", "area").factor
    Fraction(1000000, 1)
    >>> find("亩", "money") is None
    True
    """
    wanted = fold(text)
    for unit in _table().get(dimension, {}).values():
        if wanted == unit.name or wanted in map(fold, unit.spellings):
            return unit
    return None


@lru_cache(maxsize=1)
def _spellings() -> frozenset[str]:
    return frozenset(fold(s) for units in _table().values() for unit in units.values() for s in unit.spellings)


def is_unit(text: str) -> bool:
    """Whether a text is a unit of any dimension.

    Examples
    --------
    >>> is_unit("m2"), is_unit("occ")
    (True, False)
    """
    return fold(text) in _spellings()


def split_header(header: str) -> tuple[str, list[str]]:
    """A header without its bracketed parts, and those parts.

    Examples
    --------
    >>> split_header("实缴税金（万元）")
    ('实缴税金', ['万元'])
    """
    parts = [re.sub(r"^单位[:：]", "", p.strip()) for p in _BRACKETS.findall(header)]
    return _BRACKETS.sub("", header).strip(), [p for p in parts if p]


def unit_of_header(header: str, dimension: str) -> Unit | None:
    """The unit a header states: in brackets, after ``_`` or ``/`` or a comma, or as its last letters.

    Examples
    --------
    >>> unit_of_header("用地面积_亩", "area").name
    'mu'
    """
    bare, inside = split_header(header)
    candidates = [*reversed(inside), *re.split(r"[_,，:：]", bare)[:0:-1]]
    for text in candidates:
        unit = find(text, dimension)
        if unit:
            return unit
    folded = fold(bare)
    tails = [
        (fold(spelling), unit)
        for unit in _table()[dimension].values()
        for spelling in unit.spellings
        if len(fold(spelling)) > 1 or fold(spelling) in _SINGLE
    ]
    for spelling, unit in sorted(tails, key=lambda pair: -len(pair[0])):
        if folded.endswith(spelling) and folded != spelling and not spelling.isascii():
            return unit
    return None


@lru_cache(maxsize=1)
def _tails() -> tuple[str, ...]:
    return tuple(
        sorted((s for s in _spellings() if not s.isascii() and (len(s) > 1 or s in _SINGLE)), key=len, reverse=True)
    )


def without_unit(header: str) -> str:
    """A folded header without a unit written at its end.

    Examples
    --------
    >>> without_unit("成交价款万元")
    '成交价款'
    """
    return next((header[: -len(t)] for t in _tails() if header.endswith(t) and header not in _tails()), header)

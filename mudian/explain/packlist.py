"""Policy packs as lists of words: what stands in them, for the command line and for the reference page."""

from __future__ import annotations

import datetime as dt
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any

from mudian.explain.words import value_text
from mudian.packs.model import Document, Entry
from mudian.packs.reader import Pack
from parcels.catalog import Lang

STATUSES = ("seen", "seed", "recalled")
_WIDE = "WF"
_GAP = "  "


@lru_cache(maxsize=1)
def _texts() -> dict[str, dict[str, dict[str, str]]]:
    return tomllib.loads((files("mudian") / "data" / "policy_words.toml").read_text(encoding="utf-8"))


def tell(name: str, lang: Lang, /, **params: object) -> str:
    """A word or sentence of the commands about policies."""
    template = _texts()["words"][name][lang]
    return template.format(**params) if params else template


def word_of(section: str, name: str, lang: Lang) -> str:
    """The word for a status, topic, state, subject or kind."""
    return _texts()[section][name][lang]


def counts(pack: Pack) -> dict[str, int]:
    """How many values of a pack have which status, by their newest entry; those without history are parameters."""
    found = Counter(v.history[-1].status if v.history else "parameter" for v in pack.values.values())
    found.update(row[-1] for table in pack.tables.values() for row in table.rows)
    return {name: found[name] for name in (*STATUSES, "parameter")}


def computed(pack: Pack) -> str:
    """How many rules of the documents are computed, of how many."""
    return f"{sum(c.state == 'computed' for c in pack.coverage)}/{len(pack.coverage)}"


def place_of(pack: Pack, lang: Lang) -> str:
    """Where a pack applies."""
    places = [h.place for h in pack.heads.values() if h.place]
    return places[0].say(lang) if places else tell("country", lang)


def days_of(documents: Iterable[Document], lang: Lang) -> tuple[str, str]:
    """The first day on which a document may be used, and the last one where all of them end."""
    listed = list(documents)
    starts = [d.in_force for d in listed if d.in_force]
    ends = [d.until for d in listed if d.until]
    start = min(starts).isoformat() if starts else tell("masked", lang)
    return start, max(ends).isoformat() if listed and len(ends) == len(listed) else ""


def entry_text(pack: Pack, key: str, entry: Entry, lang: Lang) -> str:
    """One entry of the history of a value."""
    if entry.abolished:
        return tell("abolished", lang)
    given = entry.value
    plain = list(given) if isinstance(given, tuple) else given.isoformat() if isinstance(given, dt.date) else given
    return value_text(plain, pack.values[key].unit, lang, column=column_of(pack, key))


def column_of(pack: Pack, key: str) -> str:
    """The column that a value is compared with in the rules of its pack; else the key itself."""
    read = (c for r in pack.rules.values() for c in r.all_conditions() if c.threshold == key)
    return next((c.metric for c in read), key)


def cite(pack: Pack, document: str, clause: str) -> str:
    """Document and clause as they are cited."""
    return f"{pack.documents[document].name} {clause}".strip()


def width(text: str) -> int:
    """Columns that a text takes on a terminal: two for each Chinese character.

    Examples
    --------
    >>> width("亩"), width("mu"), width("20%（亩）")
    (2, 2, 9)
    """
    return sum(1 + (unicodedata.east_asian_width(c) in _WIDE) for c in text)


def aligned(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """A plain table whose columns stand below each other on a terminal.

    Examples
    --------
    >>> aligned(["名称", "n"], [["亩", 1], ["mu", 20]])
    ['名称  n', '亩    1', 'mu    20']
    """
    lines = [[" ".join(str(c).split()) for c in line] for line in (heads, *rows)]
    widths = [max(map(width, column)) for column in zip(*lines, strict=True)]
    return [_GAP.join(c + " " * (w - width(c)) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines]


def applies(limits: Mapping[str, Any]) -> str:
    """The limits of a rule or pack in short."""
    return "; ".join(f"{k} = {v}" for k, v in limits.items() if v)

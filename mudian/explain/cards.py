"""Verdicts on the card of a map: a few short lines per parcel, for all parcels at once.

A card names the rules of which an officer must hear (those that hold where that is bad news, those that do not where it
is), says once per kind of verdict what is unknown for lack of which data, and counts the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.evaluation import Evaluation
from mudian.explain.numbers import Words
from mudian.explain.rulebook import Rulebook
from mudian.explain.sentences import KEYS, comparison_texts, outcome_codes
from mudian.explain.words import say, singular, texts
from mudian.rules.logic import name_missing
from parcels.catalog import Lang

Mask = NDArray[np.bool_]
_LINE = "\n"


@dataclass(frozen=True)
class _Wholes:
    """The findings of whole rules on parcels, with the parcel of each and what is to be said of its rule."""

    findings: pd.DataFrame
    parcel: NDArray[np.int64]
    outcome: NDArray[np.int8]
    family: NDArray[np.int64]
    notable: Mask


def card_lines(evaluation: Evaluation, *, lang: Lang | None = None) -> pd.Series:
    """What the card of every parcel says of its verdicts.

    Parameters
    ----------
    evaluation
        The results of a run.
    lang
        Language; that of the project by default.

    Returns
    -------
    Series
        Text under the index of the parcels, one line per thing to say; empty where no rule was judged.
    """
    speech: Lang = lang or evaluation.manifest["project"]["lang"]
    book = Rulebook(evaluation.manifest.get("policies"), speech)
    parcels = evaluation.parcels
    ids = pd.Index(parcels[KEYS["parcel"]].astype("str"))
    lines = _Lines(len(parcels))
    found = evaluation.findings
    found = found[(found["subject_type"] == "parcel").to_numpy(bool)]
    if ids.has_duplicates:  # each of the records has its findings, and the card of all of them tells a thing once
        found = found.drop_duplicates()
    if len(found):
        rows = _rows(found, ids, book)
        _add_notable(lines, rows, found, book, pd.DataFrame(parcels))
        _add_unknown(lines, rows, book)
        _add_rest(lines, rows, book)
    return pd.Series(lines.text[_place(ids)], parcels.index, dtype="str")


def _place(ids: pd.Index) -> NDArray[np.int64]:
    """The first position of every id: parcels of one id share their findings."""
    codes, _ = pd.factorize(ids)
    first = np.flatnonzero(~ids.duplicated())
    positions: NDArray[np.int64] = first[codes]
    return positions


class _Lines:
    """Lines per parcel, put together a whole column at a time."""

    def __init__(self, size: int) -> None:
        self.text: Words = np.full(size, "", dtype=object)

    def add(self, parcel: NDArray[np.int64], line: Words) -> None:
        """Add a line to every parcel named; a parcel may be named several times."""
        round_of = pd.Series(parcel).groupby(parcel).cumcount().to_numpy() if len(parcel) else parcel
        for n in range(int(round_of.max(initial=-1)) + 1):
            now = round_of == n
            at = parcel[now]
            start = np.where(self.text[at] == "", "", _LINE).astype(object)
            self.text[at] = self.text[at] + start + line[now]


def _rows(found: pd.DataFrame, ids: pd.Index, book: Rulebook) -> _Wholes:
    """Findings of whole rules on known parcels."""
    rules = found["rule_id"].astype("category")
    sources = [book.source(str(r)) for r in rules.cat.categories]
    families = list(texts()["families"])
    family = np.array([families.index(s.family) for s in sources], dtype=np.int64)[rules.cat.codes.to_numpy()]
    told = [not s.part and not s.entry.get("quiet") for s in sources]
    whole = np.array(told, dtype=bool)[rules.cat.codes.to_numpy()]
    subjects = found["subject_id"].astype("category")
    unique = ids[~ids.duplicated()]
    positions = np.append(_place(ids)[~ids.duplicated()], -1)
    parcel = positions[unique.get_indexer(subjects.cat.categories.astype("str"))][subjects.cat.codes.to_numpy()]
    kept = whole & (parcel >= 0)
    outcome = outcome_codes(found)[kept]
    bad = np.array([int(texts()["families"][f]["notable"]) for f in families], dtype=np.int8)
    return _Wholes(found[kept], parcel[kept], outcome, family[kept], outcome == bad[family[kept]])


def _add_notable(lines: _Lines, rows: _Wholes, found: pd.DataFrame, book: Rulebook, parcels: pd.DataFrame) -> None:
    shown = rows.findings[rows.notable]
    if not len(shown):
        return
    tables = {"parcel": parcels}
    compared = comparison_texts(shown, book, tables=tables)
    compared = np.where(compared == "", _of_parts(shown, found, book, tables), compared)
    rules, clauses = shown["rule_id"].astype("category"), shown["clause"].astype("category")
    titles = np.array([book.title(book.source(str(r))) for r in rules.cat.categories], dtype=object)
    cited = np.array([str(c) for c in clauses.cat.categories], dtype=object)[clauses.cat.codes.to_numpy()]
    own = np.array([book.ground(book.source(str(r)), "") for r in rules.cat.categories], dtype=object)
    stated = np.where(cited == "", own[rules.cat.codes.to_numpy()], cited)
    with_numbers, bare, failed = (texts()["words"][w][book.lang] for w in ("card_line", "card_bare", "card_not"))
    made = [
        with_numbers.format(title=t, comparison=c, clause=s) if c else bare.format(title=t, clause=s)
        for t, c, s in zip(titles[rules.cat.codes.to_numpy()], compared, stated, strict=True)
    ]
    not_met = rows.outcome[rows.notable] == 0
    made = [failed.format(line=m) if n else m for m, n in zip(made, not_met.tolist(), strict=True)]
    lines.add(rows.parcel[rows.notable], np.array(made, dtype=object))


def _of_parts(shown: pd.DataFrame, found: pd.DataFrame, book: Rulebook, tables: dict[str, pd.DataFrame]) -> Words:
    """The comparisons of the parts that a rule of several parts rests on: those with its own outcome."""
    rules = found["rule_id"].astype("category")
    sources = [book.source(str(r)) for r in rules.cat.categories]
    whole_of = shown["rule_id"].astype("str")
    names = set(whole_of.unique())
    wanted = np.array([s.part > 0 and s.rule in names for s in sources], dtype=bool)
    parts = found[wanted[rules.cat.codes.to_numpy()]]
    if not len(parts):
        return np.full(len(shown), "", dtype=object)
    part_rules = parts["rule_id"].astype("category")
    part_names = pd.Index([book.source(str(r)).rule for r in part_rules.cat.categories])
    keys = pd.MultiIndex.from_arrays([shown["subject_id"].astype("str"), whole_of])
    own = pd.MultiIndex.from_arrays([parts["subject_id"].astype("str"), part_names[part_rules.cat.codes.to_numpy()]])
    first = ~keys.duplicated()
    at = np.append(np.flatnonzero(first), -1)[keys[first].get_indexer(own)]
    same = (at >= 0) & (outcome_codes(parts) == outcome_codes(shown)[np.maximum(at, 0)])
    compared = comparison_texts(parts[same], book, tables=tables)
    joined = _Lines(len(shown))
    said = compared != ""
    joined.add(at[same][said], compared[said])
    made: Words = np.array([t.replace(_LINE, say("semicolon", book.lang)) for t in joined.text], dtype=object)
    return made


def _add_unknown(lines: _Lines, rows: _Wholes, book: Rulebook) -> None:
    """One line per kind of verdict: how many rules are unknown, and what they lack together."""
    size = len(lines.text)
    for number, family in enumerate(texts()["families"]):
        open_ = (rows.outcome < 0) & (rows.family == number)
        if not open_.any():
            continue
        parcel, missing = rows.parcel[open_], rows.findings["missing"][open_].astype("category")
        count = np.bincount(parcel, minlength=size)
        lacking = _joined(parcel, missing, size)
        names = [book.field_names(str(m)) for m in lacking.cat.categories]
        codes = lacking.cat.codes.to_numpy()
        at = np.flatnonzero(count)
        pairs, inverse = np.unique(np.column_stack([codes[at], count[at]]), axis=0, return_inverse=True)
        title = book.family(family)
        said = [
            singular(say("card_unknown", book.lang, family=title, count=int(n), list=names[c]), book.lang)
            for c, n in pairs.tolist()
        ]
        lines.add(at, np.array(said, dtype=object)[inverse.reshape(-1)])


def _joined(parcel: NDArray[np.int64], missing: pd.Series, size: int) -> pd.Series:
    """What the unknown rules of every parcel lack together."""
    index = pd.RangeIndex(size)
    codes = missing.cat.codes.to_numpy()
    masks: dict[str, Mask] = {}
    for code, text in enumerate(missing.cat.categories):
        here = parcel[codes == code]
        for name in str(text).split(";") if text else ():
            masks.setdefault(name, np.zeros(size, dtype=bool))[here] = True
    return name_missing(masks, index)


def _add_rest(lines: _Lines, rows: _Wholes, book: Rulebook) -> None:
    rest = np.bincount(rows.parcel[(rows.outcome >= 0) & ~rows.notable], minlength=len(lines.text))
    at = np.flatnonzero(rest)
    unique, inverse = np.unique(rest[at], return_inverse=True)
    said = [singular(say("card_rest", book.lang, count=int(n)), book.lang) for n in unique.tolist()]
    if len(at):
        lines.add(at, np.array(said, dtype=object)[inverse])

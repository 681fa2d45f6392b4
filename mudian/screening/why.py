"""Why a parcel is on the list: verdict, figures and clause of every test that holds, and what open tests lack."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.evaluation import Evaluation
from mudian.explain.cards import card_lines
from mudian.explain.record import as_record
from mudian.explain.rulebook import Rulebook
from mudian.rules.clock import days
from mudian.screening.reasons import Firms, Tests
from mudian.screening.words import joined, listing, say
from parcels.catalog import Lang

Positions = NDArray[np.intp]
_VERDICTS = ("idle", "inefficient")


def why_texts(evaluation: Evaluation, tests: Tests, firms: Firms, rows: Positions, lang: Lang) -> pd.Series:
    """Why each of some parcels is on the list.

    Parameters
    ----------
    evaluation, tests, firms
        The run, and what was tested.
    rows
        Positions of the parcels.
    lang
        Language.

    Returns
    -------
    Series
        One text a parcel, in the order of ``rows``; missing where no test holds.
    """
    held = {n: o.fillna(False).to_numpy(bool)[rows] for n, o in tests.outcomes.items()}
    parts: list[pd.Series] = []
    for name in (n for n in _VERDICTS if n in held):
        parts.append(_verdict(evaluation, name, rows[held[name]], np.flatnonzero(held[name]), lang))
    if "low_grade" in held:
        parts.append(_grades(evaluation, firms, tests, rows, held["low_grade"], lang))
    if "expired" in held:
        parts.append(_expired(evaluation, rows, held["expired"], lang))
    if "stopped" in held:
        parts.append(_stopped(firms, tests, rows, held["stopped"], lang))
    every = pd.concat([p for p in parts if len(p)]) if any(len(p) for p in parts) else pd.Series(dtype="str")
    return joined(every.index.to_numpy(np.intp), every, len(rows), lang)


def lacking_texts(evaluation: Evaluation, tests: Tests, rows: Positions, lang: Lang) -> pd.Series:
    """What the open tests of some parcels lack, in the order of ``rows``; missing where all are decided."""
    book = Rulebook(evaluation.manifest.get("policies"), lang)
    parts: list[pd.Series] = []
    for name, outcome in tests.outcomes.items():
        open_ = np.flatnonzero(outcome.isna().to_numpy(bool)[rows])
        cells = tests.missing[name].astype("str").iloc[rows[open_]]
        said = {
            c: say("why", "unknown", lang, test=say("tests", name, lang), missing=book.field_names(c) or "—")
            for c in cells.unique()
        }
        parts.append(pd.Series(cells.map(said).to_numpy(dtype=object), open_))
    every = pd.concat(parts)
    return joined(every.index.to_numpy(np.intp), every, len(rows), lang)


def _verdict(evaluation: Evaluation, name: str, rows: Positions, place: Positions, lang: Lang) -> pd.Series:
    """The rules of a verdict that hold, with figures and clauses, as the card of the map tells them."""
    if not len(rows):
        return pd.Series(dtype="str")
    found = evaluation.findings
    book = Rulebook(evaluation.manifest.get("policies"), lang)
    rules = found["rule_id"].astype("category")
    own = np.array([book.source(str(r)).family == name for r in rules.cat.categories], dtype=bool)
    parcels = evaluation.parcels.iloc[rows]
    keep = own[rules.cat.codes.to_numpy()] & found["outcome"].fillna(False).to_numpy(bool)
    keep &= (found["subject_type"] == "parcel").to_numpy(bool)
    keep &= found["subject_id"].astype("str").isin(set(parcels["parcel_id"])).to_numpy(bool)
    lines = card_lines(replace(evaluation, parcels=parcels, findings=found[keep]), lang=lang)
    text = lines.str.replace("\n", "；" if lang == "zh" else "; ", regex=False).to_numpy(dtype=object)
    said = [say("why", name, lang, text=t) if t else say("tests", name, lang) for t in text]
    return pd.Series(said, place, dtype="str")


def _pairs(
    firms: Firms, rows: Positions, held: NDArray[np.bool_], hit: NDArray[np.bool_]
) -> tuple[Positions, Positions]:
    """Places in ``rows`` and enterprises that fail on them."""
    place = np.full(firms.holders.size, -1, dtype=np.intp)
    place[rows[held]] = np.flatnonzero(held)
    at, firm = place[firms.holders.parcel], firms.holders.enterprise
    wanted = (at >= 0) & hit[firm]
    return at[wanted], firm[wanted]


def _names(firms: Firms) -> pd.Series:
    table = firms.table
    ids = table["enterprise_id"].astype("str")
    return table["name"].astype("str").fillna(ids) if "name" in table else ids


def _grades(
    evaluation: Evaluation, firms: Firms, tests: Tests, rows: Positions, held: NDArray[np.bool_], lang: Lang
) -> pd.Series:
    at, firm = _pairs(firms, rows, held, tests.hits["low_grade"])
    methods = as_record(evaluation.manifest.get("policies")).get("methods", ())
    cites = {m["id"]: m["cite"] for m in methods}
    table, stated = firms.table, say("why", "stated", lang)
    method = table["grade_method"] if "grade_method" in table else pd.Series(None, table.index, dtype="str")
    clause = method.map(cites).astype("str").fillna(stated)
    key = table["grade"].astype("str").iloc[firm].to_numpy(dtype=object), clause.iloc[firm].to_numpy(dtype=object)
    names = _names(firms).iloc[firm].to_numpy(dtype=object)
    if "score" in table:
        score = table["score"].to_numpy(float)[firm]
        names[:] = [
            n if np.isnan(s) else say("why", "scored", lang, name=n, score=f"{s:.2f}")
            for n, s in zip(names, score, strict=True)
        ]
    pairs = pd.DataFrame({"at": at, "grade": key[0], "clause": key[1], "name": names})
    groups = _gathered(pairs, ["at", "grade", "clause"])
    said = [
        say("why", "low_grade", lang, names=listing(names, lang), grades=grade, clause=clause)
        for (_, grade, clause), names in groups
    ]
    return pd.Series(said, [place for (place, *_), _ in groups], dtype="str")


def _stopped(firms: Firms, tests: Tests, rows: Positions, held: NDArray[np.bool_], lang: Lang) -> pd.Series:
    at, firm = _pairs(firms, rows, held, tests.hits["stopped"])
    names = _names(firms).iloc[firm]
    if "status_since" in firms.table:
        since = pd.to_datetime(firms.table["status_since"]).dt.strftime("%Y-%m-%d").iloc[firm]
        names = names.where(since.isna(), names + " " + since)
    groups = _gathered(pd.DataFrame({"at": at, "name": names.to_numpy(dtype=object)}), ["at"])
    places = [place for (place,), _ in groups]
    total = firms.linked[rows[np.array(places, dtype=np.intp)]].tolist()
    said = [
        say("why", "stopped", lang, count=count, hit=len(listed), names=listing(listed, lang))
        for (_, listed), count in zip(groups, total, strict=True)
    ]
    return pd.Series(said, places, dtype="str")


def _gathered(table: pd.DataFrame, keys: list[str]) -> list[tuple[tuple[Any, ...], list[str]]]:
    """The names of every key in order; keys in order."""
    table = table.sort_values([*keys, "name"], kind="stable")
    start = np.flatnonzero(~table.duplicated(keys).to_numpy())
    heads = zip(*(table[k].iloc[start].tolist() for k in keys), strict=True)
    names, ends = table["name"].tolist(), [*start.tolist(), len(table)][1:]
    return [(head, names[a:b]) for head, a, b in zip(heads, start.tolist(), ends, strict=True)]


def _expired(evaluation: Evaluation, rows: Positions, held: NDArray[np.bool_], lang: Lang) -> pd.Series:
    end = days(evaluation.parcels["term_end"])[rows[held]]
    as_of = evaluation.manifest["project"]["as_of"]
    said = [say("why", "expired", lang, day=str(d), as_of=as_of) for d in end]
    return pd.Series(said, np.flatnonzero(held), dtype="str")

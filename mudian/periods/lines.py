"""Other periods on the judgement sheet of an enterprise, parcel or zone, line by line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from mudian.evaluation import Evaluation
from mudian.explain.rulebook import Rulebook
from mudian.explain.subject import Subject
from mudian.explain.words import enumerate_words, label, percent, quantity
from mudian.labels import value_labels
from mudian.periods.parts import data
from parcels.catalog import Lang


def period_lines(evaluation: Evaluation, subject: Subject, book: Rulebook) -> list[str]:
    """Growth of the evaluated period, and the changes of grade; nothing where a run has one period only.

    Parameters
    ----------
    evaluation
        The results of a run.
    subject
        The subject.
    book
        For the language.
    """
    if not len(evaluation.history.columns):
        return []
    lines = _growth(evaluation, subject, book.lang)
    told = [_say("land", book.lang)] if lines and subject.kind != "enterprise" else []
    return [*lines, *told, *_grades(evaluation, subject, book.lang)]


def _growth(evaluation: Evaluation, subject: Subject, lang: Lang) -> list[str]:
    if not len(evaluation.growth):
        return []
    table = evaluation.growth
    period = str(evaluation.manifest["project"]["period"])
    own = table[(table["level"] == subject.kind) & (table["id"] == subject.id) & (table["period"] == period)]
    places = {name: n for n, name in enumerate(data()["told"]["measures"])}
    own = own[own["measure"].isin(places)].assign(place=own["measure"].astype("str").map(places))
    rows = own.sort_values(["base_period", "place", "scope"], ascending=[False, True, True], kind="stable")
    return [_line(row, lang) for row in rows.to_dict("records")]


def _line(row: Mapping[Any, Any], lang: Lang) -> str:
    measure = str(row["measure"])
    facts = {
        "measure": label(measure, lang),
        "period": row["period"],
        "base_period": row["base_period"],
        **{side: _figure(row[side], measure, lang) for side in ("value", "base")},
    }
    if pd.isna(row["growth"]):
        line = _say("open", lang, **facts, why=value_labels("growth_status", lang).get(row["status"], row["status"]))
    else:
        line = _say("rise" if row["growth"] >= 0 else "fall", lang, **facts, rate=percent(abs(row["growth"])))
    line = _say("scaled", lang, line=line) if row["status"] == "annualised" else line
    return _say("matched", lang, line=line) if row["scope"] == "matched" else line


def _figure(value: float, measure: str, lang: Lang) -> str:
    return _say("unknown", lang) if pd.isna(value) else quantity(float(value), measure, lang)


def _grades(evaluation: Evaluation, subject: Subject, lang: Lang) -> list[str]:
    if subject.kind != "enterprise":
        return []
    table = evaluation.history
    own = table[(table["measure"] == "grade") & (table["id"] == subject.id)].sort_values("period", kind="stable")
    told = [
        _say("grade_open", lang, period=row["period"])
        if pd.isna(row["word"])
        else _say("grade", lang, period=row["period"], grade=row["word"], source=_source(row["basis"], lang))
        for row in own.to_dict("records")
    ]
    lines = [_say("grades", lang, list=enumerate_words(told, lang))] if told else []
    least, most = subject.cell("grade_years"), subject.cell("grade_years_max")
    if least is None or pd.isna(least):
        return lines
    known = most is not None and not pd.isna(most) and int(most) == int(least)
    return [*lines, _say("years_known" if known else "years", lang, years=int(least))]


def _source(name: object, lang: Lang) -> str:
    return value_labels("basis", lang).get(str(name), str(name))


def _say(name: str, lang: Lang, /, **values: object) -> str:
    text: str = data()["told"][name][lang]
    return text.format(**values)

"""The judgement sheet (判定书) of a parcel, enterprise or zone: numbers → formula → clause → verdict.

It rests on the results of a run alone: the tables, the findings and the record of the policies in the manifest. All it
states are suspicions prepared for an authority; what is unknown is said to be unknown, with what it lacks and who has
it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mudian.evaluation import Evaluation
from mudian.explain.facts import fact_lines, link_lines
from mudian.explain.grounds import ground_lines, rules_of
from mudian.explain.potential_lines import potential_lines
from mudian.explain.rulebook import Rulebook
from mudian.explain.sentences import outcome_codes
from mudian.explain.stability import families_of, stability_lines
from mudian.explain.subject import Kind, Subject, find_subject
from mudian.explain.values import source_lines
from mudian.explain.words import cell_text, enumerate_words, label, pick, say, singular, texts
from mudian.periods.lines import period_lines
from mudian.zone_stats.lines import statistic_lines
from parcels.catalog import Lang

_QUIET = ("none",)  # a measure that is none is not told


@dataclass(frozen=True)
class Section:
    """A part of a sheet: its heading and its lines."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Explanation:
    """A judgement sheet. Made by :func:`explain`.

    Attributes
    ----------
    kind, id
        Whom it is about.
    title, head
        Heading, and the project it was drawn up in.
    sections
        Its parts.
    note
        What such a sheet is and is not.
    lang
        Language.
    """

    kind: Kind
    id: str
    title: str
    head: str
    sections: tuple[Section, ...]
    note: str
    lang: Lang

    def lines(self) -> list[str]:
        """The sheet line by line, as plain text."""
        made = [self.title, self.head]
        numerals = say("numerals", self.lang)
        for numeral, section in zip(numerals, self.sections, strict=False):
            made += ["", say("section", self.lang, numeral=numeral, title=section.title), *section.lines]
        return [*made, "", self.note]

    def text(self) -> str:
        """The sheet as one text."""
        return "\n".join(self.lines())

    def __str__(self) -> str:
        return self.text()


def explain(evaluation: Evaluation, id: str, *, kind: Kind | None = None, lang: Lang | None = None) -> Explanation:
    """Draw up the judgement sheet (判定书) of a parcel, enterprise, zone or project.

    Parameters
    ----------
    evaluation
        The results of a run, from :func:`mudian.evaluate` or :func:`mudian.load`.
    id
        Its key; or the code of a parcel's unit, or the name of an enterprise or zone.
    kind
        ``parcel``, ``enterprise``, ``zone`` or ``project``, where a key means several things.
    lang
        Language; that of the project by default.

    Returns
    -------
    Explanation
        Plain text; whoever puts it into a page escapes it there.

    Raises
    ------
    UsageError
        When the results have no such subject, or several of that name.
    """
    project = evaluation.manifest["project"]
    speech: Lang = lang or project["lang"]
    book = Rulebook(evaluation.manifest.get("policies"), speech)
    subject = find_subject(evaluation, id, kind=kind, lang=speech)
    hidden = evaluation.manifest.get("redaction", {}).get("level") == "public"
    parts = {
        "subject": fact_lines(evaluation, subject, book),
        "verdict": [say("public_run", speech)] if hidden else verdict_lines(subject, book),
        "grounds": ground_lines(subject, book),
        "statistics": statistic_lines(evaluation, subject, book),
        "potentials": potential_lines(evaluation, subject, book),
        "periods": period_lines(evaluation, subject, book),
        "missing": _missing_lines(subject, book),
        "sensitivity": stability_lines(evaluation, subject, book),
        "sources": [] if hidden else [*link_lines(evaluation, subject, speech), *source_lines(subject, book)],
    }
    sections = [Section(_heading(name, subject, speech), tuple(lines)) for name, lines in parts.items() if lines]
    return Explanation(
        subject.kind, subject.id, _title(subject, speech), _head(project, speech), tuple(sections),
        say("disclaimer", speech), speech,
    )  # fmt: skip


def _heading(name: str, subject: Subject, lang: Lang) -> str:
    return say(f"kind_{subject.kind}", lang) if name == "subject" else say(f"{name}_section", lang)


def _head(project: Mapping[str, Any], lang: Lang) -> str:
    return say("project_line", lang, **{k: project.get(k, "") for k in ("name", "period", "as_of")})


def _title(subject: Subject, lang: Lang) -> str:
    """What is suspected, in the heading."""
    found = [
        pick(words["suspicion"], lang)
        for words in texts()["families"].values()
        if "suspicious" in words and _spelled(subject.cell(words["columns"][0])) in words["suspicious"]
    ]
    suspicion = say("suspected", lang, families=enumerate_words(found, lang)) if found else say("no_suspicion", lang)
    return say("title", lang, suspicion=suspicion)


def _spelled(value: Any) -> str:
    if value is None or pd.isna(value):
        return ""
    return str(value).lower() if pd.api.types.is_bool(value) else str(value)


def verdict_lines(subject: Subject, book: Rulebook) -> list[str]:
    """The verdicts of the tables, and how many rules of each kind hold, do not hold or are unknown."""
    lines: list[str] = []
    judged = families_of(subject.findings, book)
    for family, words in texts()["families"].items():
        lines += _columns(subject, words["columns"], family in judged, book)
        if family in judged:
            lines.append(_counts(subject, family, book))
    return lines or [say("no_verdict", book.lang)]


def _columns(subject: Subject, columns: list[str], judged: bool, book: Rulebook) -> list[str]:
    lines, lang = [], book.lang
    for n, column in enumerate(columns):
        value = subject.cell(column)
        text = cell_text(value, column, lang) if value is not None else ""
        text = pick(book.methods[text], lang) if text in book.methods else text
        unknown = texts()["verdicts"][column].get("values", {}).get("unknown")
        if not text and n == 0 and judged and unknown and column in subject.row.index:
            text = pick(unknown, lang)
        if text and str(value) not in _QUIET:
            listed = enumerate_words(text.split(";"), lang)  # several classes in one cell
            lines.append(say("verdict", lang, label=label(column, lang), value=listed))
    return lines


def _counts(subject: Subject, family: str, book: Rulebook) -> str:
    rules = [r for r in rules_of(subject.findings, book) if r.source.family == family]
    codes = [r.outcome for r in rules if not r.source.entry.get("quiet")]
    counts = {"yes": codes.count(1), "no": codes.count(0), "open": codes.count(-1), "total": len(codes)}
    outcomes = dict(zip(("yes_word", "no_word", "open_word"), book.family_outcomes(family), strict=True))
    return singular(say("counts", book.lang, family=book.family(family), **counts, **outcomes), book.lang)


def _missing_lines(subject: Subject, book: Rulebook) -> list[str]:
    """What unknown outcomes lack, who has it, and which verdicts wait for it."""
    open_ = subject.findings[outcome_codes(subject.findings) < 0]
    waiting: dict[str, dict[str, None]] = {}
    for missing, rule in zip(open_["missing"].astype("str"), open_["rule_id"].astype("str"), strict=True):
        for name in (n for n in missing.split(";") if n):
            waiting.setdefault(name, {})[book.family(book.source(rule).family)] = None
    lines = []
    for name, families in waiting.items():
        verdicts = enumerate_words(families, book.lang)
        lines.append(_missing_line(name, book) + say("missing_for", book.lang, verdicts=verdicts))
    return lines if lines or not len(subject.findings) else [say("missing_none", book.lang)]


def _missing_line(name: str, book: Rulebook) -> str:
    lang, named = book.lang, book.field_name(name)
    office, clause = book.office(name)
    if office == say("office_none", lang):
        return say("missing_line_open", lang, label=named)
    if office == say("office_user", lang):
        return say("missing_line_user", lang, label=named)
    if office == say("office_review", lang):
        return named
    stated = say("office_clause", lang, clause=clause) if clause else ""
    return say("missing_line", lang, label=named, office=office, clause=stated)

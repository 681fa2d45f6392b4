"""Whether a verdict stands firm: the borderline list, and what another area basis would make of it.

A parcel has up to three areas (ellipsoidal, planar, registered). Figures per mu, plot ratio and the area itself follow
the one that the run uses; averages of industries, zones and the county are taken as the run computed them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from mudian.evaluation import Evaluation
from mudian.explain.numbers import satisfied
from mudian.explain.rulebook import Rulebook, Source
from mudian.explain.sentences import outcome_codes
from mudian.explain.subject import Subject
from mudian.explain.words import decimal, enumerate_words, label, quantity, say, style, texts
from mudian.labels import word
from mudian.measure import PER_MU
from parcels.units import M2_PER_MU

_AREAS = {"ellipsoidal": "area_m2", "planar": "planar_m2", "registered": "registered_m2"}
_PER_AREA = (*PER_MU, "plot_ratio", "building_coefficient")
_AREA = "area_mu"
_FIXED = ("constant", "table")


def stability_lines(evaluation: Evaluation, subject: Subject, book: Rulebook) -> list[str]:
    """What is known of how firm the verdicts on a subject are.

    Parameters
    ----------
    evaluation
        The results of a run.
    subject
        The subject.
    book
        The rules.
    """
    lines = _borderline(subject, book)
    if subject.kind == "parcel":
        lines += _flips(subject, book)
    if subject.kind == "parcel" and len(subject.findings):
        lines += _other_areas(evaluation, subject, book)
    return lines


def _borderline(subject: Subject, book: Rulebook) -> list[str]:
    flag = subject.cell("borderline")
    if flag is None or pd.isna(flag):
        return []
    if not bool(flag):
        return [say("borderline_no", book.lang)]
    by = subject.cell("borderline_by")
    moves = [_move(m, book) for m in str(by).split(";")] if by is not None and pd.notna(by) and str(by) else []
    return [say("borderline_yes", book.lang), *moves]


def _flips(subject: Subject, book: Rulebook) -> list[str]:
    """The verdicts that the run found to be others on another area basis."""
    cell = subject.cell("area_basis_flips")
    found = str(cell).split(";") if cell is not None and pd.notna(cell) and str(cell) else []
    pairs = [text.partition(": ") for text in found]
    return [
        say("basis_flip", book.lang, basis=word(basis, book.lang), verdict=label(verdict, book.lang))
        for basis, _, verdict in pairs
    ]


def move_parts(text: str, book: Rulebook) -> dict[str, str]:
    """A move of the borderline list taken apart: which ``verdict``, what moves (``name``) by how much (``step``)."""
    verdict, _, rest = text.partition(": ")
    name, _, step = rest.rpartition(" ±")
    rule = book.source(name)
    known = book.value_name(name) if name in book.values else book.title(rule) if rule.entry else book.column(name)
    return {"verdict": label(verdict, book.lang), "name": known, "step": step.replace(" ", "")}


def _move(text: str, book: Rulebook) -> str:
    """A move of the borderline list in words."""
    return say("borderline_move", book.lang, **move_parts(text, book))


def _other_areas(evaluation: Evaluation, subject: Subject, book: Rulebook) -> list[str]:
    """What the other areas of a parcel would change."""
    used = str(evaluation.manifest.get("parameters", {}).get("area_basis", "ellipsoidal"))
    base = subject.cell(_AREA)
    others = {b: subject.cell(c) for b, c in _AREAS.items() if b != used}
    known = {b: float(a) for b, a in others.items() if a is not None and pd.notna(a) and float(a) > 0}
    if base is None or pd.isna(base) or not float(base) > 0 or not known:
        return [say("basis_none", book.lang)]
    lines, same = [], []
    for basis, area in known.items():
        changes = _changes(subject.findings, area / (float(base) * M2_PER_MU), book)
        said = {"basis": word(basis, book.lang), "area": decimal(area / M2_PER_MU, style("decimals"))}
        lines += [say("basis_change", book.lang, **said, **change) for change in changes]
        same += [] if changes else [word(basis, book.lang)]
    return [*lines, *([say("basis_same", book.lang, bases=enumerate_words(same, book.lang))] if same else [])]


def _changes(findings: pd.DataFrame, factor: float, book: Rulebook) -> list[dict[str, str]]:
    """The rules that would come out otherwise with an area so many times as large."""
    sources = [book.source(str(r)) for r in findings["rule_id"]]
    before = outcome_codes(findings)
    value = findings["value"].to_numpy(float)
    moved = np.array([_moved(s, v, factor) for s, v in zip(sources, value, strict=True)])
    after = before.copy()
    for n in np.flatnonzero((moved != value) & np.isfinite(moved) & (before >= 0)).tolist():
        limit = findings["threshold"].to_numpy(float)[[n]]
        after[n] = satisfied(moved[[n]], str(findings["operator"].iloc[n]), limit)[0]
        after[n] = before[n] if _exempted(sources[n], value[[n]], findings, n, before[n]) else after[n]
    made = []
    for n in np.flatnonzero(after != before).tolist():
        rule, whole = _whole(sources, n, before, after, book)
        if whole is not None:
            metric = str(sources[n].condition["metric"]) if sources[n].condition else ""  # type: ignore[index]
            figures = (quantity(float(v), metric, book.lang) for v in (value[n], moved[n]))
            made.append(
                dict(zip(("before", "after"), figures, strict=True))
                | {"metric": book.column(metric), "rule": book.title(rule)}
                | dict(zip(("from", "to"), (book.outcomes(rule)[1 - c] for c in whole), strict=True))
            )
    return made


def _exempted(source: Source, value: Any, findings: pd.DataFrame, n: int, before: int) -> bool:
    """Whether a single comparison holds and its rule does not: an exemption decides, whatever the area."""
    limit = findings["threshold"].to_numpy(float)[[n]]
    return source.single and bool(satisfied(value, str(findings["operator"].iloc[n]), limit)[0]) != bool(before)


def _moved(source: Source, value: float, factor: float) -> float:
    """A number as it would be with an area so many times as large."""
    condition = source.condition
    if condition is None or condition.get("against", "constant") not in _FIXED:
        return value
    metric = condition["metric"]
    return value / factor if metric in _PER_AREA else value * factor if metric == _AREA else value


def _whole(
    sources: list[Source], n: int, before: Any, after: Any, book: Rulebook
) -> tuple[Source, tuple[int, int]] | tuple[Source, None]:
    """The rule that a finding is of, and its outcome before and after; None where that stays."""
    own = sources[n]
    if not own.part:
        return own, (int(before[n]), int(after[n]))
    parts = [i for i, s in enumerate(sources) if s.rule == own.rule and s.part]
    wholes = [i for i, s in enumerate(sources) if s.rule == own.rule and not s.part]
    combined = combine(own.entry, [int(after[i]) for i in parts], book.values)
    was = int(before[wholes[0]]) if wholes else -1
    again = combine(own.entry, [int(before[i]) for i in parts], book.values)
    if not wholes or again != was or combined == was or combined is None:
        return own, None
    return sources[wholes[0]], (was, combined)


def combine(entry: Mapping[str, Any], parts: list[int], values: Mapping[str, Any]) -> int | None:
    """The outcome of a rule from those of its parts (Kleene); None where it cannot be told."""
    yes, open_ = parts.count(1), parts.count(-1)
    how = entry.get("combine", "all")
    if how == "any":
        count = 1
    elif how == "all":
        count = len(parts)
    else:
        stated = values.get(str(entry.get("at_least")))
        if stated is None:
            return None
        count = int(stated["value"])
    return 1 if yes >= count else (-1 if yes + open_ >= count else 0)


def families_of(findings: pd.DataFrame, book: Rulebook) -> list[str]:
    """The verdicts that findings belong to, in the order in which verdicts are told."""
    found = {book.source(str(r)).family for r in findings["rule_id"].unique()}
    return [f for f in texts()["families"] if f in found]

"""Findings in words: one sentence each, for workbooks, cards and judgement sheets alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.explain.comparisons import Cells, Rows, cells_of, compare_rows, no_cells
from mudian.explain.numbers import Words
from mudian.explain.rulebook import Rulebook, Source
from mudian.explain.words import say, texts
from parcels.catalog import Lang

KEYS = {"parcel": "parcel_id", "enterprise": "enterprise_id", "zone": "zone_id", "project": "project_id"}
_BY = ("subject_type", "rule_id", "operator", "unit", "clause")

Tables = Mapping[str, pd.DataFrame]
Positions = NDArray[np.int64]


def finding_texts(findings: pd.DataFrame, record: object, lang: Lang, *, tables: Tables | None = None) -> pd.Series:
    """One sentence per finding: rule, comparison, outcome, clause.

    Parameters
    ----------
    findings
        Findings as a run makes them; any index; not changed.
    record
        ``manifest["policies"]``, from :func:`mudian.explain.record.policy_record`.
    lang
        Language.
    tables
        Tables of the subjects by subject type (``parcel``, ``enterprise``, …), for the words and days that a
        comparison looks at.

    Returns
    -------
    Series
        Text under the index of the findings.

    Examples
    --------
    >>> from mudian.findings import findings
    >>> ids, value = pd.Series(["A", "B"]), pd.Series([0.02, None])
    >>> outcome = pd.Series([True, None], dtype="boolean")
    >>> made = findings("parcel", ids, rule_id="data.registered_area", outcome=outcome, value=value, operator="<=",
    ...                 threshold=0.1, unit="ratio", clause="标准", missing=pd.Series(["", "registered_m2"]))
    >>> print("\\n".join(finding_texts(made, {}, "zh")))
    登记面积与图形面积相符：登记面积与图形面积之差 2.0% ≤ 10%，相符（程序的技术限差，不是法定标准）
    登记面积与图形面积相符：无法核对（缺：登记面积）（程序的技术限差，不是法定标准）
    """
    book = Rulebook(record, lang)
    found = np.full(len(findings), "", dtype=object)
    outcomes = outcome_texts(findings, book)
    with_numbers, bare = (texts()["words"][name][lang] for name in ("sentence", "sentence_bare"))
    for at, source, rows, clause in grouped(findings, book, tables):
        title = title_of(source, book)
        compared = compare_rows(rows, book)
        stated = book.ground(source, clause)
        found[at] = [
            with_numbers.format(title=title, comparison=c, outcome=o, clause=stated)
            if c
            else bare.format(title=title, outcome=o, clause=stated)
            for c, o in zip(compared, outcomes[at], strict=True)
        ]
    return pd.Series(found, findings.index, dtype="str")


def comparison_texts(findings: pd.DataFrame, book: Rulebook, *, tables: Tables | None = None) -> Words:
    """The comparison of every finding alone; empty where there is nothing to compare."""
    found = np.full(len(findings), "", dtype=object)
    for at, _, rows, _ in grouped(findings, book, tables):
        found[at] = compare_rows(rows, book)
    return found


def title_of(source: Source, book: Rulebook) -> str:
    """The name of a finding: of its rule, and the number of the part where it is one of several."""
    title = book.title(source)
    return say("numbered", book.lang, title=title, number=source.part) if source.part and source.condition else title


def outcome_codes(findings: pd.DataFrame) -> NDArray[np.int8]:
    """1 true, 0 false, −1 unknown."""
    outcome = findings["outcome"].astype("boolean")
    return np.where(outcome.isna(), -1, outcome.fillna(False)).astype(np.int8)


def outcome_texts(findings: pd.DataFrame, book: Rulebook) -> Words:
    """What comes out, and of an unknown outcome what it lacks."""
    rules, missing = findings["rule_id"].astype("category"), findings["missing"].astype("category")
    words = np.array([book.outcomes(book.source(str(r))) for r in rules.cat.categories] or [("", "", "")], dtype=object)
    codes, of = outcome_codes(findings), rules.cat.codes.to_numpy()
    found: Words = np.where(codes == 1, words[of, 0], np.where(codes == 0, words[of, 1], words[of, 2]))
    names = np.array([*(book.field_names(str(m)) for m in missing.cat.categories), ""], dtype=object)
    lacking = names[missing.cat.codes.to_numpy()]
    named = (codes < 0) & (lacking != "")
    found[named] = [
        say("outcome_lacking", book.lang, outcome=o, list=n) for o, n in zip(found[named], lacking[named], strict=True)
    ]
    return found


def grouped(
    findings: pd.DataFrame, book: Rulebook, tables: Tables | None
) -> Iterator[tuple[Positions, Source, Rows, str]]:
    """Findings of one rule, operator, unit and clause together, with their positions."""
    if not len(findings):
        return
    columns = [findings[c].astype("category") for c in _BY]
    key = np.zeros(len(findings), dtype=np.int64)
    for column in columns:
        key = key * (len(column.cat.categories) + 1) + column.cat.codes.to_numpy()
    order = np.argsort(key, kind="stable")
    starts = np.flatnonzero(np.diff(key[order], prepend=key[order[0]] - 1))
    outcome = outcome_codes(findings)
    value, threshold = (findings[c].to_numpy(float, na_value=np.nan) for c in ("value", "threshold"))
    for at in np.split(order, starts[1:]):
        kind, rule, operator, unit, clause = (_text(c, at[0]) for c in columns)
        source = book.source(rule)
        cells = _cells(findings, at, kind, tables) if source.condition else no_cells
        yield at, source, Rows(source, operator, unit, value[at], threshold[at], outcome[at], cells), clause


def _text(column: pd.Series, position: int) -> str:
    code = column.cat.codes.iloc[position]
    return "" if code < 0 else str(column.cat.categories[code])


def _cells(findings: pd.DataFrame, at: Positions, kind: str, tables: Tables | None) -> Cells:
    table = (tables or {}).get(kind)
    if table is None or KEYS[kind] not in table:
        return no_cells
    known = table
    return lambda column: cells_of(known, KEYS[kind], findings["subject_id"].iloc[at].astype("str").to_numpy(object))(
        column
    )

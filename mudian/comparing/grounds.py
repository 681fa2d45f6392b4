"""What a changed verdict rests on: each comparison of its rules, with number, limit and clause of both runs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.comparing.matching import KEYS, TABLES
from mudian.comparing.worlds import TARGET, words
from mudian.evaluation import Evaluation
from mudian.explain.rulebook import GRADE, Rulebook
from mudian.explain.sentences import comparison_texts, outcome_texts, title_of
from mudian.explain.words import label, say
from parcels.catalog import Lang

Mask = NDArray[np.bool_]
# Families of rules behind each verdict.
_FAMILIES = {
    "idle_status": "idle", "idle_measure": "idle", "inefficient": "inefficient",
    "standard_land_eligible": "standard_land", "standard_land_conform": "conform", "grade": GRADE,
    "admission": "admission", "separate_land": "admission",
}  # fmt: skip
_SIDES = ("before", "after")
_TEXT = ("subject_type", "subject_id", "rule_id", "operator", "unit", "clause", "missing")
_SHOWN = ("outcome", "value", "operator", "threshold", "unit", "clause", "missing", "text")
COLUMNS = (
    "subject",
    "before",
    "after",
    "verdict",
    "rule_id",
    "rule",
    "holder",
    *(f"{c}_{s}" for c in _SHOWN for s in _SIDES),
)


def grounds_of(verdicts: pd.DataFrame, runs: tuple[Evaluation, Evaluation], *, lang: Lang) -> pd.DataFrame:
    """The comparisons that differ between the runs, of every changed verdict.

    Parameters
    ----------
    verdicts
        Changed verdicts with ``subject``, ``before``, ``after`` and ``verdict``.
    runs
        The two runs.
    lang
        Language of the sentences.

    Returns
    -------
    DataFrame
        A row per verdict and rule or part of a rule whose outcome, number, limit, clause or missing fields differ; a
        side is empty where its run did not look at the rule. ``holder`` is the enterprise where the rule is about a
        holder of the parcel; ``place`` is the row of the verdict.
    """
    if verdicts.empty:
        return pd.DataFrame(columns=[*COLUMNS, "place"])
    sides = [_findings(verdicts, run, side, lang) for run, side in zip(runs, _SIDES, strict=True)]
    keys = ["place", "rule_id", "holder"]
    both = sides[0].merge(sides[1], on=keys, how="outer", suffixes=("_before", "_after"))
    both = both.assign(rule=both["rule_after"].fillna(both["rule_before"]))
    both = both[_differ(both)].sort_values(keys, ignore_index=True)
    head = verdicts[["subject", "before", "after", "verdict"]].iloc[both["place"].to_numpy(np.int64)]
    return pd.concat([head.reset_index(drop=True), both], axis=1)[[*COLUMNS, "place"]]


def deciding(verdicts: pd.DataFrame, grounds: pd.DataFrame) -> pd.DataFrame:
    """The one comparison of each verdict that tells most: its outcome changed, and it has numbers.

    Returns
    -------
    DataFrame
        ``rule_id``, ``rule`` (its name) and both sides of outcome, value, operator, threshold, unit, clause, missing
        and the sentence, under the index of the verdicts; empty where the rules behind a verdict do not differ.
    """
    columns = ["rule_id", "rule", *(f"{c}_{s}" for c in _SHOWN for s in _SIDES)]
    known = {
        "turned": grounds["outcome_before"].ne(grounds["outcome_after"]),
        "numbers": grounds["value_before"].notna() | grounds["value_after"].notna(),
        "whole": ~grounds["rule_id"].str.contains("/", regex=False).fillna(False).astype(bool),
    }
    first_ones = {name: ~flag.astype(bool) for name, flag in known.items()}
    order = grounds.assign(**first_ones).sort_values(["place", *known, "rule_id", "holder"])
    first = order.drop_duplicates("place").set_index("place")[columns]
    return first.reindex(range(len(verdicts))).set_axis(verdicts.index)


def _findings(verdicts: pd.DataFrame, run: Evaluation, side: str, lang: Lang) -> pd.DataFrame:
    """Findings of the subjects and families that are asked for, with the row of their verdict."""
    book = Rulebook(run.manifest.get("policies"), lang)
    rules = run.findings["rule_id"].astype("str")
    families = {r: book.source(r).family for r in rules.unique()}
    asked = _asked(verdicts, run, side)
    wanted = run.findings["subject_id"].astype("str").isin(set(asked["subject_id"])).to_numpy(bool)
    own = run.findings[wanted].reset_index(drop=True)
    titles = {r: title_of(book.source(str(r)), book) for r in own["rule_id"].unique()}
    told = own.assign(
        text=_sentences(own, book, run),
        rule=own["rule_id"].astype("str").map(titles),
        family=[families[str(r)] for r in own["rule_id"]],
        outcome=words(own["outcome"].astype("boolean")),
    )
    told[list(_TEXT)] = told[list(_TEXT)].astype("str")
    joined = asked.merge(told, on=["subject_type", "subject_id", "family"])
    joined = joined[joined["only"].isna() | (joined["only"] == joined["rule_id"])]
    return joined.drop_duplicates(["place", "rule_id", "holder"])[["place", "rule_id", "rule", "holder", *_SHOWN]]


def _sentences(findings: pd.DataFrame, book: Rulebook, run: Evaluation) -> list[str]:
    """The comparison of each finding with its outcome, or the outcome alone."""
    compared, said = comparison_texts(findings, book, tables=_tables(run)), outcome_texts(findings, book)
    return [f"{c}{say('comma', book.lang)}{o}" if c else o for c, o in zip(compared, said, strict=True)]


def _asked(verdicts: pd.DataFrame, run: Evaluation, side: str) -> pd.DataFrame:
    """Whose findings are wanted for each verdict: the subject's, and of low-efficiency the holders' of the parcel."""
    asked = pd.DataFrame(
        {
            "subject_type": verdicts["subject"].to_numpy(object),
            "subject_id": verdicts[side].astype("str").to_numpy(object),
            "family": [_FAMILIES.get(v, TARGET) for v in verdicts["verdict"]],
            "only": [None if v in _FAMILIES else v for v in verdicts["verdict"]],
            "holder": "",
            "place": np.arange(len(verdicts)),
        }
    )
    held = run.links.loc[run.links["enterprise_id"].notna(), ["parcel_id", "enterprise_id"]].astype("str")
    held = held.drop_duplicates().rename(columns={"parcel_id": "subject_id"})
    low = asked[asked["family"] == "inefficient"].merge(held, on="subject_id")
    low = low.assign(subject_type="enterprise", subject_id=low["enterprise_id"], holder=low["enterprise_id"])
    return pd.concat([asked, low[asked.columns]], ignore_index=True)


def titles_of(verdicts: pd.Series, runs: tuple[Evaluation, Evaluation], *, lang: Lang) -> pd.Series:
    """What each verdict is called: its own name, and of targets of zones that of the rule."""
    books = [Rulebook(r.manifest.get("policies"), lang) for r in reversed(runs)]

    def title(name: str) -> str:
        if name in _FAMILIES:
            return label(name, lang)
        book = next((b for b in books if name in b.rules), books[0])
        return book.title(book.source(name))

    return verdicts.map({name: title(name) for name in verdicts.unique()}).astype("str")


def _tables(run: Evaluation) -> Mapping[str, pd.DataFrame]:
    return {k: getattr(run, t) for k, t in TABLES.items() if KEYS[k] in getattr(run, t)}


def _differ(both: pd.DataFrame) -> Mask:
    differs = np.zeros(len(both), dtype=bool)
    for column in ("outcome", "operator", "clause", "missing"):
        one, two = (both[f"{column}_{s}"].fillna("") for s in _SIDES)
        differs |= (one != two).to_numpy(bool)
    for column in ("value", "threshold"):
        a, b = (both[f"{column}_{s}"].to_numpy(float, na_value=np.nan) for s in _SIDES)
        differs |= ~np.isclose(a, b, rtol=1e-9, atol=0.0, equal_nan=True)
    return differs

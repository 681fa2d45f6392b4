"""The statistics as a person reads them: words instead of keys, in the language of the output."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from mudian.evaluation import Evaluation
from mudian.explain.rulebook import Rulebook
from mudian.explain.words import enumerate_words, style
from mudian.zone_stats.definitions import definitions, figure_word, say
from mudian.zone_stats.table import zone_statistics
from parcels.catalog import Lang

_SHOWN = (
    "zone_id", "zone_name", "group", "label", "value", "unit", "status", "operator", "target", "gap",
    "benchmark_mean", "benchmark_max", "benchmark_national", "numerator", "numerator_name", "denominator",
    "denominator_name", "covered", "missing", "note", "clause", "source", "benchmark_mean_source",
    "benchmark_max_source", "benchmark_national_source", "measure",
)  # fmt: skip


def shown_statistics(evaluation: Evaluation) -> pd.DataFrame:
    """The statistics of a run in words of the language of its outputs.

    Parameters
    ----------
    evaluation
        The results of a run; where it was made in another language, names and notes are made anew.

    Returns
    -------
    DataFrame
        The columns in the order in which they are shown; empty where the run has no statistics.
    """
    if not len(evaluation.zone_stats.columns):
        return pd.DataFrame()
    lang: Lang = evaluation.manifest["project"]["lang"]
    table = made_for(evaluation, lang)
    book = Rulebook(evaluation.manifest.get("policies"), lang)
    named = dict(zip(table["measure"], table["label"], strict=True))
    words = {
        "group": {g: say("groups", g, lang) for g in table["group"].unique()},
        "operator": {o: _operator(o, lang) for o in table["operator"].unique()},
        "status": {s: say("status", s, lang) for s in table["status"].unique()},
        "unit": {u: say("units", u, lang) for u in table["unit"].unique()},
        "numerator_name": {n: figure_word(n, lang, named) for n in table["numerator_name"].unique()},
        "denominator_name": {n: figure_word(n, lang, named) for n in table["denominator_name"].unique()},
        "missing": {m: missing_words(m, book) for m in table["missing"].unique()},
    }
    made = {c: table[c].map(own) for c, own in words.items()}
    noted = [_with_fit(n, f, lang) for n, f in zip(table["note"], table["benchmark_fit"], strict=True)]
    shown = table.assign(**made, note=noted)[list(_SHOWN)]
    blank = [c for c in _SHOWN if pd.api.types.is_string_dtype(shown[c].dtype)]
    return shown.assign(**{c: shown[c].where(shown[c] != "") for c in blank})


def _operator(operator: str, lang: Lang) -> str:
    """What a target asks for, in words or as a sign."""
    signs: Mapping[str, str] = style("symbols")[lang]
    return signs.get(operator) or say("operators", operator, lang)


def made_for(evaluation: Evaluation, lang: Lang) -> pd.DataFrame:
    """The statistics of a run in a language: as they are kept, or made anew."""
    table = evaluation.zone_stats
    return table if _made_in(table) == lang else zone_statistics(evaluation, lang=lang)


def _made_in(table: pd.DataFrame) -> str:
    """The language that a table was made in."""
    titles = {say("notes", "all_zones", lang): lang for lang in ("zh", "en")}
    return next((titles[n] for n in table["zone_name"].head(1) if n in titles), "")


def missing_words(missing: str, book: Rulebook) -> str:
    """The names of what is missing as a list."""
    own = definitions()["missing"]
    names = [own[n][book.lang] if n in own else book.field_name(n) for n in missing.split(";") if n]
    return enumerate_words(names, book.lang)


def _with_fit(note: str, fit: str, lang: Lang) -> str:
    """A note, and that figures of a province are a reference only."""
    if fit != "unknown":
        return note
    told = say("notes", "place_unknown", lang)
    return f"{note}；{told}" if note and lang == "zh" else f"{note}; {told}" if note else told

"""Potentials and years of supply of a zone, line by line: value, formula and clause, or what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from mudian.evaluation import Evaluation
from mudian.explain.rulebook import Rulebook
from mudian.explain.subject import Subject
from mudian.explain.words import decimal, enumerate_words, say, style

_TOLD = ("partition", "type", "potential", "supply")


def potential_lines(evaluation: Evaluation, subject: Subject, book: Rulebook) -> list[str]:
    """What the table of potentials says of a zone; nothing for other subjects.

    Parameters
    ----------
    evaluation
        The results of a run.
    subject
        The subject.
    book
        For the names of what is missing.
    """
    table = evaluation.potentials
    if subject.kind != "zone" or not len(table.columns):
        return []
    own = table[((table["zone_id"] == subject.id) & table["section"].isin(_TOLD)).to_numpy(bool)]
    return [_line(row, book) for row in own.to_dict("records")]


def _line(row: Mapping[Any, Any], book: Rulebook) -> str:
    lang = book.lang
    note = f"；{row['note']}" if lang == "zh" else f"; {row['note']}"
    if not row["note"]:
        note = ""
    if row["missing"]:
        named = enumerate_words([book.field_name(n) for n in str(row["missing"]).split(";")], lang)
        return say("potential_open", lang, label=row["label"], missing=named, note=note)
    if pd.isna(row["value"]):
        return say("potential_none", lang, label=row["label"], note=row["note"])
    value = f"{decimal(float(np.round(row['value'], style('decimals'))), style('decimals'))} {_unit(row, book)}"
    return say(
        "potential_line", lang, label=row["label"], value=value, formula=row["formula"], clause=row["clause"], note=note
    )


def _unit(row: Mapping[Any, Any], book: Rulebook) -> str:
    return say(f"unit_{row['unit']}", book.lang) if row["unit"] in ("ha", "mu", "year") else str(row["unit"])

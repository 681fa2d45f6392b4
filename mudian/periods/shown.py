"""What the workbook shows of several periods: growth of zones and enterprises, changes of grade, surcharges."""

from __future__ import annotations

import pandas as pd

from mudian.evaluation import Evaluation
from mudian.explain.rulebook import Rulebook
from mudian.labels import column_label
from parcels.catalog import Lang

SHEETS = ("growth", "grade_changes", "surcharges")
# Of enterprises the sheet has these measures only; the Parquet file has all of them, and the parcels.
_OF_ENTERPRISES = ("tax_wan", "revenue_wan")


def period_tables(evaluation: Evaluation, lang: Lang) -> dict[str, pd.DataFrame]:
    """The sheets on several periods; empty tables where a run has one only.

    Parameters
    ----------
    evaluation
        The results.
    lang
        Language of the names of measures.
    """
    found = {"growth": pd.DataFrame(), "grade_changes": pd.DataFrame(), "surcharges": evaluation.surcharges}
    if len(evaluation.growth):
        found["growth"] = _growth(evaluation, lang)
    if len(evaluation.history):
        changes = evaluation.history[evaluation.history["measure"] == "grade"]
        found["grade_changes"] = _named(changes, evaluation, "id")[["id", "name", "period", "word", "basis"]]
    if len(evaluation.surcharges):
        book = Rulebook(evaluation.manifest.get("policies"), lang)
        due = _named(evaluation.surcharges, evaluation, "enterprise_id")
        said = {text: book.field_names(text) for text in due["missing"].unique()}
        titles = {m: book.value_name(f"{m}.ladder") for m in due["measure"].unique()}
        found["surcharges"] = due.assign(missing=due["missing"].map(said), measure=due["measure"].map(titles))
    return found


def _growth(evaluation: Evaluation, lang: Lang) -> pd.DataFrame:
    table = evaluation.growth
    own = (table["level"] == "enterprise") & table["measure"].isin(_OF_ENTERPRISES)
    shown = table[(table["level"] == "zone") | own]
    shown = _named(shown, evaluation, "id")
    labels = {m: column_label(m, lang) for m in shown["measure"].unique()}
    places = {name: n for n, name in enumerate(shown["measure"].unique())}
    shown = shown.assign(label=shown["measure"].map(labels), place=shown["measure"].map(places))
    order = ["level", "id", "place", "period", "scope"]
    shown = shown.sort_values(order, ascending=[False, True, True, False, True], kind="stable")
    book = Rulebook(evaluation.manifest.get("policies"), lang)
    said = {text: book.field_names(text) for text in shown["missing"].unique()}
    shown = shown.assign(missing=shown["missing"].map(said))
    names = {"base": "base_value", "status": "growth_status", "scope": "growth_scope"}
    return shown.rename(columns=names).drop(columns=["measure", "place"]).reset_index(drop=True)


def _named(table: pd.DataFrame, evaluation: Evaluation, key: str) -> pd.DataFrame:
    """The table with the names of its enterprises and zones."""
    names: dict[str, str] = {}
    for frame, column, name in (
        (evaluation.enterprises, "enterprise_id", "name"),
        (evaluation.zones, "zone_id", "zone_name"),
    ):
        if name in frame:
            names |= dict(zip(frame[column], frame[name], strict=True))
    plain = {str(c): table[c].astype("str") for c in table if table[c].dtype == "category"}
    return table.assign(**plain, name=table[key].astype("str").map(names).astype("str"))

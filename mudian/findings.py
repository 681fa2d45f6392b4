"""Findings: what a rule says of a subject, with the number, the limit, the clause and what is missing.

Every verdict rests on rows of this table; a stage that judges writes here. An outcome is True, False or missing
(unknown), and an unknown one names the fields it lacks.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

COLUMNS: dict[str, str] = {
    "subject_type": "category",
    "subject_id": "category",
    "rule_id": "category",
    "outcome": "boolean",
    "value": "float64",
    "operator": "category",
    "threshold": "float64",
    "unit": "category",
    "clause": "category",
    "missing": "category",
}


def findings(
    subject_type: str,
    subject_id: pd.Series,
    *,
    rule_id: str,
    outcome: pd.Series,
    value: pd.Series,
    operator: str,
    threshold: float | pd.Series,
    unit: str,
    clause: str,
    missing: str | pd.Series = "",
) -> pd.DataFrame:
    """Findings of one rule over many subjects, one row each.

    Parameters
    ----------
    subject_type
        ``parcel``, ``enterprise``, ``zone`` or ``project``.
    subject_id
        Key of every subject; give a category where many rules judge the same subjects.
    rule_id
        Name of the rule.
    outcome
        True, False or missing per subject.
    value, operator, threshold, unit
        The comparison that was made.
    clause
        Document and clause it rests on.
    missing
        Names of the fields that were missing, joined by ``;``.
    """
    size = len(subject_id)
    table = {
        "subject_type": _same(subject_type, size),
        "subject_id": _categories(subject_id),
        "rule_id": _same(rule_id, size),
        "outcome": outcome.astype("boolean").array,
        "value": value.to_numpy(float, na_value=np.nan),
        "operator": _same(operator, size),
        "threshold": threshold.to_numpy(float, na_value=np.nan) if isinstance(threshold, pd.Series) else threshold,
        "unit": _same(unit, size),
        "clause": _same(clause, size),
        "missing": _categories(missing) if isinstance(missing, pd.Series) else _same(missing, size),
    }
    return pd.DataFrame(table, index=pd.RangeIndex(size))


def _same(text: str, size: int) -> pd.Categorical:
    return pd.Categorical.from_codes(np.zeros(size, np.int8), pd.Index([text], dtype="str"))


def _categories(texts: pd.Series) -> pd.Categorical:
    coded = texts if texts.dtype == "category" else texts.astype("category")
    array: pd.Categorical = coded.array
    return array


def join(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """One table of all findings; empty with the right columns when there are none."""
    filled = [t for t in tables if len(t)]
    if not filled:
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in COLUMNS.items()})
    columns = {name: _chain([t[name] for t in filled], kind) for name, kind in COLUMNS.items()}
    return pd.DataFrame(columns)


def _chain(parts: list[pd.Series], kind: str) -> object:
    """Columns one below the other; categories are united without looking at the rows again."""
    if kind != "category":
        return pd.concat(parts, ignore_index=True)
    first = parts[0].cat.categories
    if all(p.cat.categories is first for p in parts):
        codes = np.concatenate([p.cat.codes.to_numpy() for p in parts])
        return pd.Categorical.from_codes(codes, first)
    return union_categoricals(parts)

"""Findings: what a rule says of a subject, with the number, the limit, the clause and what is missing.

Every verdict rests on rows of this table; a stage that judges writes here. An outcome is True, False or missing
(unknown), and an unknown one names the fields it lacks.
"""

from __future__ import annotations

import pandas as pd

COLUMNS: dict[str, str] = {
    "subject_type": "category",
    "subject_id": "str",
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
        ``parcel``, ``enterprise`` or ``zone``.
    subject_id
        Key of every subject.
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
    table = {
        "subject_type": subject_type,
        "subject_id": subject_id,
        "rule_id": rule_id,
        "outcome": outcome,
        "value": value,
        "operator": operator,
        "threshold": threshold,
        "unit": unit,
        "clause": clause,
        "missing": missing,
    }
    return pd.DataFrame(table, index=subject_id.index).astype(COLUMNS).reset_index(drop=True)


def join(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """One table of all findings; empty with the right columns when there are none."""
    empty = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in COLUMNS.items()})
    return (
        pd.concat([t for t in tables if len(t)], ignore_index=True).astype(COLUMNS) if any(map(len, tables)) else empty
    )

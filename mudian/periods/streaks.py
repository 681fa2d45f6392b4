"""Years in a row (连续年数) in a grade, and the surcharges that grow with them.

A year without a grade breaks no row and continues none: how long the row is, is then known only between a least and a
greatest number. The same holds for the years before the first one that is known.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from mudian.findings import findings, join
from mudian.packs.policy import Policy
from mudian.periods.grades import ABSENT
from mudian.rules.grading.prices import Surcharge, surcharge, years_in_a_row

COLUMNS = (
    "enterprise_id", "measure", "period", "grade", "years", "years_max", "due", "amount", "unit", "clause", "missing",
)  # fmt: skip
_LADDER, _GRADE = ".ladder", ".grade"


def in_a_row(table: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """For how many years every enterprise has had its grade of the last year, at least and at most.

    Parameters
    ----------
    table
        Enterprises × years without gaps between the columns; missing where the grade is unknown.

    Returns
    -------
    (Series, Series)
        The greatest number is missing where years before the first one may belong to the row, and both are where the
        grade of the last year is unknown.

    Examples
    --------
    >>> table = pd.DataFrame({2022: ["C", None, "D"], 2023: ["D", None, None], 2024: ["D", "D", "D"]})
    >>> least, greatest = in_a_row(table)
    >>> least.tolist(), greatest.tolist()
    ([2, 1, 1], [2, <NA>, <NA>])
    """
    last = table.iloc[:, -1]
    same = table.eq(last, axis=0).fillna(False).to_numpy(bool)
    known = table.notna().to_numpy(bool)
    least, most = years_in_a_row(same, known)
    reaches = most[:, -1] == table.shape[1]
    index, there = table.index, (last.notna() & (last != ABSENT)).to_numpy(bool)
    low = pd.Series(pd.array(least[:, -1], dtype="Int64"), index).mask(~there)
    return low, pd.Series(pd.array(most[:, -1], dtype="Int64"), index).mask(~there | reaches)


def measures(policy: Policy) -> list[str]:
    """The beginnings of the keys of every measure with a ladder of years, in the packs of a policy."""
    keys = [k.removesuffix(_LADDER) for p in policy.packs for k in p.values if k.endswith(_LADDER)]
    having = {k for p in policy.packs for k in p.values}
    return [k for k in dict.fromkeys(keys) if f"{k}{_GRADE}" in having]


def surcharges(table: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """The surcharges of the last year by every measure of the packs.

    Parameters
    ----------
    table
        Enterprises × years with their grades.
    policy
        Where ladders come from.

    Returns
    -------
    DataFrame
        One row per enterprise and measure: the years in the grade at least and at most (missing where the row may
        reach back before the first known year), whether a surcharge is ``due``, and its amount, which is missing where
        it depends on a year whose grade is unknown (named in ``missing``).
    """
    parts = list(_each(table, policy))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))


def _each(table: pd.DataFrame, policy: Policy) -> Iterator[pd.DataFrame]:
    for measure in measures(policy):
        found = surcharge(_open_before(table, policy, measure), policy, measure=measure)
        ladder = policy.find(f"{measure}{_LADDER}")
        yield _rows(table, found, measure, bool(ladder and ladder.numbers[0] > 0))


def _rows(table: pd.DataFrame, found: Surcharge, measure: str, from_first: bool) -> pd.DataFrame:
    year = table.columns[-1]
    amount, years = found.amount[year].to_numpy(float), found.least[year].to_numpy()
    unsure = np.isnan(amount)
    due = pd.array(np.where(unsure, years > 0, amount > 0), dtype="boolean")
    due[unsure & ~((years > 0) & from_first)] = pd.NA
    longest = found.most[year].to_numpy()
    most = pd.array(longest, dtype="Int64")
    most[longest == found.most.shape[1]] = pd.NA
    grade = table[year].mask(table[year].eq(ABSENT).to_numpy(bool, na_value=False))
    lacks = found.missing[year].str.replace("grade_", "grade@")
    lacks = lacks.mask((table[year].isna() & (lacks != "")).to_numpy(bool), f"grade@{year}")
    texts = {"measure": "category", "grade": "str", "unit": "category", "clause": "category", "missing": "str"}
    return pd.DataFrame(
        {"enterprise_id": table.index.astype("str"), "measure": measure, "period": str(year),
         "grade": grade.to_numpy(object), "years": years, "years_max": most, "due": due,
         "amount": amount, "unit": found.unit, "clause": found.clause, "missing": lacks.to_numpy(object)}
    ).astype(texts)  # fmt: skip


def _open_before(table: pd.DataFrame, policy: Policy, measure: str) -> pd.DataFrame:
    """The table with the unknown years before it that the last step of a ladder reaches back to."""
    ladder = policy.find(f"{measure}{_LADDER}")
    before = len(ladder.items) - 1 if ladder else 0
    first = int(table.columns[0])
    return table.reindex(columns=[*range(first - before, first), *table.columns])


def surcharge_findings(rows: pd.DataFrame) -> pd.DataFrame:
    """The surcharges as findings: whether one is due; what an unknown amount lacks is named."""
    parts = []
    for measure, own in rows.groupby("measure", observed=True):
        parts.append(
            findings(
                "enterprise", own["enterprise_id"], rule_id=f"{measure}{_LADDER}", outcome=own["due"],
                value=own["amount"], operator=">", threshold=0.0, unit=str(own["unit"].iloc[0]),
                clause=str(own["clause"].iloc[0]),
                missing=own["missing"].fillna(""),
            )
        )  # fmt: skip
    return join(parts)

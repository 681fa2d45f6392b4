"""One row an enterprise: a key for every row, copies set aside, and rows that share a code joined."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.schemas import MONEY, QUANTITIES
from parcels.ledger import Ledger

ROW_KEY = "#"


def tidy_rows(
    rows: pd.DataFrame, *, source: str, ledger: Ledger, set_aside: dict[str, dict[str, float]]
) -> pd.DataFrame:
    """Rows of one period with a key each, copies left out (into ``set_aside``) and rows of one enterprise joined."""
    kept = rows.assign(enterprise_id=_keys(rows, source, ledger))
    return _join_rows(_drop_copies(kept, source, ledger, set_aside), source, ledger)


def sums(frame: pd.DataFrame) -> dict[str, float]:
    """Totals of the money and quantity columns that exist (missing cells leave the sum)."""
    return {c: float(frame[c].sum()) for c in (*MONEY, *QUANTITIES) if c in frame}


def _keys(frame: pd.DataFrame, source: str, ledger: Ledger) -> pd.Series:
    rows = ROW_KEY + frame["source_row"].astype(str)
    if "enterprise_id" not in frame:
        ledger.add("key-row-number", stage="read", source=source, field="enterprise_id", canonical="enterprise_id")
        return rows
    missing = np.asarray(frame["enterprise_id"].isna())
    if missing.any():
        ledger.add(
            "key-missing",
            stage="read",
            source=source,
            row=frame["source_row"][missing],
            field="enterprise_id",
            after=rows[missing],
            canonical="enterprise_id",
        )
    return frame["enterprise_id"].fillna(rows)


def _drop_copies(
    frame: pd.DataFrame, source: str, ledger: Ledger, set_aside: dict[str, dict[str, float]]
) -> pd.DataFrame:
    counters = [c for c in frame if c == "source_row" or _is_counter(frame[c])]
    copies = np.asarray(frame.drop(columns=counters).duplicated(keep="first"))
    if copies.any():
        dropped = frame[copies]
        before = set_aside.get("copy", {})
        set_aside["copy"] = {c: v + before.get(c, 0.0) for c, v in sums(dropped).items()}
        ledger.add(
            "enterprise-copy",
            stage="read",
            source=source,
            row=dropped["source_row"],
            id=dropped["enterprise_id"],
            before=dropped["tax_wan"] if "tax_wan" in dropped else None,
        )
    return frame[~copies]


def _all_of(ids: pd.Series) -> object:
    return ";".join(dict.fromkeys(ids.dropna())) or pd.NA


def _is_counter(column: pd.Series) -> bool:
    """Whether a column only numbers the rows (序号)."""
    head = pd.to_numeric(column.head(3), errors="coerce")
    if not (np.diff(head) == 1).all():
        return False
    numbers = pd.to_numeric(column, errors="coerce")
    return bool(numbers.notna().all() and (np.diff(numbers) == 1).all() and len(numbers) > 2)


def _join_rows(frame: pd.DataFrame, source: str, ledger: Ledger) -> pd.DataFrame:
    repeated: NDArray[np.bool_] = np.asarray(frame["enterprise_id"].duplicated(keep=False))
    if not repeated.any():
        return frame
    many = frame[repeated]
    ledger.add(
        "enterprise-rows-joined",
        stage="read",
        source=source,
        row=many["source_row"],
        id=many["enterprise_id"],
        field="enterprise_id",
        before=many["tax_wan"] if "tax_wan" in many else None,
    )
    groups = many.groupby("enterprise_id", sort=False)
    joined = groups.first()
    for column in (c for c in (*MONEY, *QUANTITIES) if c in many):
        joined[column] = groups[column].sum(min_count=1)
    if "parcel_id" in many:
        joined["parcel_id"] = groups["parcel_id"].agg(_all_of)
    whole = pd.concat([frame[~repeated], joined.reset_index()[frame.columns]])
    return whole.sort_values("source_row", kind="stable")

"""Allocation: an enterprise's money is split over the land it holds, in proportion to held area.

Zero, negative and missing money are three different things: zero and negative are split like any amount, missing stays
missing. What cannot be split (an enterprise that holds no land) is unallocated, never lost.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.labels import column_label
from mudian.schemas import MONEY, QUANTITIES
from parcels.ledger import Ledger

Basis = Literal["area", "floor_area"]


def allocate(links: pd.DataFrame, enterprises: pd.DataFrame, *, basis: Basis = "area", ledger: Ledger) -> pd.DataFrame:
    """Split the money of every enterprise over its links.

    Parameters
    ----------
    links
        Links with ``enterprise`` positions and ``area_m2`` held; not changed.
    enterprises
        Enterprises with money columns in 万元.
    basis
        ``"area"``: by held area; ``"floor_area"``: by floor area, for enterprises that state it on all their links.
    ledger
        Where to write.

    Returns
    -------
    DataFrame
        The links with ``weight`` (share of the enterprise's money) and one column per money column: allocated 万元,
        missing where the enterprise's figure is missing.
    """
    weight = _weights(links, len(enterprises), basis, enterprises, ledger)
    position = links["enterprise"].to_numpy(np.int64)
    # One missing figure behind the last enterprise serves the links whose enterprise is not in the table.
    money = {c: np.append(enterprises[c].to_numpy(float), np.nan)[position] * weight for c in columns_of(enterprises)}
    known = position >= 0
    result = links.assign(weight=np.where(known, weight, np.nan))
    return result.assign(**{c: np.where(known & (weight > 0), v, np.nan) for c, v in money.items()})


def columns_of(enterprises: pd.DataFrame) -> list[str]:
    """The columns of an enterprise table that are split over land."""
    return [c for c in (*MONEY, *QUANTITIES) if c in enterprises]


def landless(links: pd.DataFrame, enterprises: pd.DataFrame) -> NDArray[np.bool_]:
    """Which enterprises have no land that their money could go to."""
    known = links["enterprise"].to_numpy(np.int64) >= 0
    total = np.bincount(
        links["enterprise"].to_numpy(np.int64)[known],
        weights=links["weight"].to_numpy(float)[known],
        minlength=len(enterprises),
    )
    return np.asarray(total <= 0)


def _weights(
    links: pd.DataFrame, size: int, basis: Basis, enterprises: pd.DataFrame, ledger: Ledger
) -> NDArray[np.float64]:
    position = links["enterprise"].to_numpy(np.int64)
    held = links["area_m2"].to_numpy(float)
    if basis == "floor_area":
        held = _by_floor(links, held, size, enterprises, ledger)
    held = np.where(position >= 0, held, 0.0)
    total = np.bincount(np.maximum(position, 0), weights=held, minlength=max(size, 1))[np.maximum(position, 0)]
    return np.where(total > 0, held / np.where(total > 0, total, 1.0), 0.0)


def _by_floor(
    links: pd.DataFrame, held: NDArray[np.float64], size: int, enterprises: pd.DataFrame, ledger: Ledger
) -> NDArray[np.float64]:
    position = links["enterprise"].to_numpy(np.int64)
    floor = links["floor_area_m2"].to_numpy(float)
    lacking = (np.isnan(floor) | (floor <= 0)) & (position >= 0)
    affected = np.unique(position[lacking])
    ledger.add(
        "allocate-floor-missing",
        stage="allocate",
        id=enterprises["enterprise_id"].iloc[affected],
        field="floor_area_m2",
    )
    return np.where(np.isin(position, affected), held, floor)


def report_landless(enterprises: pd.DataFrame, without: NDArray[np.bool_], *, source: str, ledger: Ledger) -> None:
    """Write every enterprise without land to the ledger, with its tax."""
    lost = enterprises[without]
    ledger.add(
        "allocate-no-land",
        stage="allocate",
        source=source,
        row=lost["source_row"] if "source_row" in lost else None,
        id=lost["enterprise_id"],
        field="parcel_id",
        before=lost["tax_wan"] if "tax_wan" in lost else None,
    )


def report_money(enterprises: pd.DataFrame, *, source: str, ledger: Ledger) -> None:
    """Write missing and negative taxes to the ledger: the first is not zero, the second counts as it is."""
    if "tax_wan" not in enterprises:
        return
    rows = enterprises["source_row"] if "source_row" in enterprises else pd.Series(pd.NA, enterprises.index)
    tax = enterprises["tax_wan"]
    for code, mask in (("enterprise-money-missing", tax.isna()), ("enterprise-money-negative", tax < 0)):
        hit = np.asarray(mask)
        ledger.add(
            code,
            stage="allocate",
            source=source,
            row=rows[hit],
            id=enterprises["enterprise_id"][hit],
            field="tax_wan",
            before=tax[hit],
            canonical=column_label("tax_wan", ledger.lang),
        )

"""Enterprises (企业): one row per enterprise and period, with money in 万元.

Rows that share a code are one enterprise: their money is added and said. Rows that are equal in every cell are a
copying slip and count once; what is set aside stands in the ledger and in the conservation account.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.corrections import Corrections
from mudian.errors import ProjectError
from mudian.period import normalise_periods
from mudian.project import TableSettings
from mudian.schemas import MONEY, QUANTITIES, recognised, schema
from mudian.tables import Table, read_table
from parcels.canonical import Canonical, Source, canonicalise
from parcels.codes.tidy import check_and_tidy
from parcels.fields import Match
from parcels.ledger import Ledger

ROW_KEY = "#"
# Columns that the run adds; own columns of these names are kept under another name.
RESULT_COLUMNS = (
    "source_row", "parcel_count", "land_mu", "tax_per_mu", "investment_per_mu", "revenue_per_mu", "value_added_per_mu",
    "tax_per_tce", "value_added_per_tce", "revenue_per_tce", "tax_per_kwh", "value_added_per_t", "revenue_per_t",
    "productivity_wan", "rd_ratio", "score", "grade", "next_grade_gap", "grade_method", "grade_group", "grade_rank",
    "grade_rank_share", "next_grade", "grade_reasons", "grade_missing",
)  # fmt: skip


@dataclass(frozen=True)
class Enterprises:
    """Enterprises of one period.

    Attributes
    ----------
    frame
        One row per enterprise, RangeIndex; ``enterprise_id`` is unique and never missing.
    rows_read
        Records of the table before periods were chosen and rows joined.
    set_aside
        Money of rows that do not count, by reason and column (万元).
    """

    frame: pd.DataFrame
    rows_read: int
    set_aside: dict[str, dict[str, float]]


def read_enterprises(
    path: object,
    settings: TableSettings,
    *,
    period: str,
    corrections: Corrections | None = None,
    ledger: Ledger,
) -> Enterprises:
    """Read the enterprise table of a project for one period.

    Parameters
    ----------
    path
        The workbook or CSV file.
    settings
        ``[enterprises]`` of the project file.
    period
        The period of the project, e.g. ``"2025"``.
    corrections
        Corrections of the project, if it has some.
    ledger
        Where to write.

    Raises
    ------
    ProjectError
        When a column of money has no unit, or no row belongs to the period.
    """
    table = read_table(
        str(path),
        sheet=settings.sheet,
        encoding=settings.encoding,
        header_row=settings.header_row,
        score=recognised("enterprise"),
        ledger=ledger,
    )
    source = Source(table.source, table.rows)
    named = canonicalise(
        table.frame,
        schema("enterprise"),
        source=source,
        ledger=ledger,
        given=settings.fields,
        units=settings.units,
        default_units=unit_defaults(table, settings, ledger),
        reserved=RESULT_COLUMNS,
    )
    refuse_unknown_units(named, path)
    checked = {f.check: f.column for f in schema("enterprise") if f.check and f.column in named.frame}
    respelled = check_and_tidy(
        named.frame, columns=checked, rows=table.rows, source=table.source, ledger=ledger, unique=False
    )
    frame = named.frame.assign(source_row=table.rows, **respelled)
    if corrections is not None:
        frame = corrections.apply(frame, table="enterprises", ledger=ledger)
    return prepare_enterprises(frame, period=period, source=table.source, ledger=ledger)


def unit_defaults(table: Table, settings: TableSettings, ledger: Ledger) -> dict[str, str]:
    """The units of a table where its headers do not say them: its title's, or the user's."""
    defaults = {"persons": "人"}
    if table.unit_hint:
        defaults["money"] = table.unit_hint
    if settings.money_unit:
        if table.unit_hint and table.unit_hint != settings.money_unit:
            ledger.add(
                "enterprise-unit-conflict",
                stage="read",
                source=table.source,
                before=table.unit_hint,
                after=settings.money_unit,
                hint=table.unit_hint,
                unit=settings.money_unit,
            )
        defaults["money"] = settings.money_unit
    return defaults


def refuse_unknown_units(named: Canonical, path: object) -> None:
    """Refuse a table with columns whose unit nobody states."""
    money: list[Match] = [m for m in named.unresolved.values() if m.field.dimension == "money"]
    if money:
        raise ProjectError("project-money-unit", file=path, columns=" / ".join(m.column for m in money))
    if named.unresolved:
        first = next(iter(named.unresolved.values()))
        raise ProjectError(
            "project-unit",
            file=path,
            columns=" / ".join(m.column for m in named.unresolved.values()),
            example=f'{first.field.name} = "…"',
        )


def prepare_enterprises(frame: pd.DataFrame, *, period: str, source: str, ledger: Ledger) -> Enterprises:
    """Choose the rows of a period, give every row a key and join rows of one enterprise.

    Parameters
    ----------
    frame
        Canonical enterprise rows with ``source_row``; not changed.
    period
        Period that counts; rows of other periods are set aside.
    source, ledger
        Name of the table and where to write.
    """
    set_aside: dict[str, dict[str, float]] = {}
    kept = _of_period(frame, period, source, ledger, set_aside)
    kept = kept.assign(enterprise_id=_keys(kept, source, ledger))
    kept = _drop_copies(kept, source, ledger, set_aside)
    joined = _join_rows(kept, source, ledger).reset_index(drop=True)
    joined.attrs["source"] = source
    return Enterprises(joined, len(frame), set_aside)


def sums(frame: pd.DataFrame) -> dict[str, float]:
    """Totals of the money and quantity columns that exist (missing cells leave the sum)."""
    return {c: float(frame[c].sum()) for c in (*MONEY, *QUANTITIES) if c in frame}


def _of_period(
    frame: pd.DataFrame, period: str, source: str, ledger: Ledger, set_aside: dict[str, dict[str, float]]
) -> pd.DataFrame:
    if "period" not in frame or not frame["period"].notna().any():
        ledger.add("enterprise-period-none", stage="read", source=source, period=period)
        return frame
    periods = normalise_periods(frame["period"])
    inside = np.asarray(periods == period)
    if not inside.any():
        found = ", ".join(sorted(frame["period"].dropna().astype(str).unique())[:8])
        raise ProjectError("enterprise-period-absent", file=source, field="period", period=period, found=found)
    outside = frame[~inside]
    if len(outside):
        set_aside["period"] = sums(outside)
        ledger.add(
            "enterprise-period-other",
            stage="read",
            source=source,
            row=outside["source_row"],
            id=outside.get("enterprise_id"),
            field="period",
            before=outside["period"],
            period=period,
        )
    return frame[inside]


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
        set_aside["copy"] = sums(dropped)
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

"""Enterprises (企业): one row per enterprise and period, with money in 万元.

Rows that share a code are one enterprise: their money is added and said. Rows that are equal in every cell are a
copying slip and count once; what is set aside stands in the ledger and in the conservation account.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.corrections import Corrections
from mudian.enterprise_rows import sums, tidy_rows
from mudian.errors import ProjectError
from mudian.periods.parts import Investment, roll_up
from mudian.periods.spans import Period, latest, normalise_periods
from mudian.schemas import recognised, schema
from mudian.settings import LATEST, TableSettings
from mudian.tables import Table, read_table
from mudian.year_columns import columns_of_year
from parcels.canonical import Canonical, Source, canonicalise
from parcels.codes.tidy import check_and_tidy
from parcels.fields import Match
from parcels.ledger import Ledger

# Columns that the run adds; own columns of these names are kept under another name.
RESULT_COLUMNS = (
    "source_row", "parcel_count", "land_mu", "tax_per_mu", "investment_per_mu", "revenue_per_mu", "value_added_per_mu",
    "tax_per_tce", "value_added_per_tce", "revenue_per_tce", "tax_per_kwh", "value_added_per_t", "revenue_per_t",
    "productivity_wan", "rd_ratio", "score", "grade", "next_grade_gap", "grade_method", "grade_group", "grade_rank",
    "grade_rank_share", "next_grade", "grade_reasons", "grade_missing",
    "previous_grade_source", "grade_years", "grade_years_max",
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
    period
        The period of ``frame``.
    others
        Rows of other periods as they were read, with their canonical ``period``.
    summed
        Whether the period was made of its parts.
    """

    frame: pd.DataFrame
    rows_read: int
    set_aside: dict[str, dict[str, float]]
    period: str = ""
    others: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    summed: bool = False


def read_enterprises(
    path: object,
    settings: TableSettings,
    *,
    period: str,
    as_of: dt.date | None = None,
    investment: Investment | None = None,
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
        The period of the project, e.g. ``"2025"``; ``"latest"`` for the one of the table that was over last.
    as_of
        The day of the evaluation, for ``"latest"``.
    investment
        What figures of investment are, where periods are added.
    corrections
        Corrections of the project, if it has some.
    ledger
        Where to write.

    Raises
    ------
    ProjectError
        When a column of money has no unit, or no row belongs to the period.
    """
    year = int(period[:4]) if period[:4].isdigit() else as_of.year if as_of else None
    frame, source = read_rows(path, settings, year=year, ledger=ledger)
    if corrections is not None:
        frame = corrections.apply(frame, table="enterprises", ledger=ledger, among=_current(frame, period, as_of))
    return prepare_enterprises(frame, period=period, as_of=as_of, investment=investment, source=source, ledger=ledger)


def _current(frame: pd.DataFrame, period: str, as_of: dt.date | None) -> NDArray[np.bool_] | None:
    """The rows of the period that is evaluated; None where the table does not tell periods apart."""
    if "period" not in frame:
        return None
    periods = normalise_periods(frame["period"])
    if period == LATEST:
        period = str(latest([Period.of(p) for p in periods.dropna().unique()], as_of or dt.date.max))
    inside = np.asarray(periods == period, dtype=bool)
    return inside if inside.any() else None


def read_rows(
    path: object, settings: TableSettings, *, year: int | None = None, ledger: Ledger
) -> tuple[pd.DataFrame, str]:
    """All records of an enterprise table under their canonical names, and the name of the table.

    Of columns by year (2024年税收, 2025年税收) that of ``year`` is taken.
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
    fields, given = schema("enterprise"), dict(settings.fields)
    if year is not None:
        columns = [str(c) for c in table.frame.columns]
        given |= columns_of_year(columns, fields, given=given, year=year, source=table.source, ledger=ledger)
    named = canonicalise(
        table.frame,
        fields,
        source=source,
        ledger=ledger,
        given=given,
        units=settings.units,
        default_units=unit_defaults(table, settings, ledger),
        reserved=RESULT_COLUMNS,
    )
    refuse_unknown_units(named, path)
    checked = {f.check: f.column for f in schema("enterprise") if f.check and f.column in named.frame}
    respelled = check_and_tidy(
        named.frame, columns=checked, rows=table.rows, source=table.source, ledger=ledger, unique=False
    )
    return named.frame.assign(source_row=table.rows, **respelled), table.source


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


def prepare_enterprises(
    frame: pd.DataFrame,
    *,
    period: str,
    as_of: dt.date | None = None,
    investment: Investment | None = None,
    source: str,
    ledger: Ledger,
) -> Enterprises:
    """Choose the rows of a period, give every row a key and join rows of one enterprise.

    Where no row is of the period but shorter periods make it up, those are added.

    Parameters
    ----------
    frame
        Canonical enterprise rows with ``source_row``; not changed.
    period
        Period that counts, or ``"latest"``; rows of other periods are set aside.
    as_of
        The day of the evaluation, for ``"latest"``.
    investment
        Whether figures of investment are cumulative or of their period, where periods are added.
    source, ledger
        Name of the table and where to write.
    """
    if "period" not in frame or not frame["period"].notna().any():
        if period == LATEST:
            raise ProjectError("enterprise-period-unsaid", file=source, field="period")
        ledger.add("enterprise-period-none", stage="read", source=source, period=period)
        return _joined(frame, len(frame), {}, period, frame.iloc[:0], source, ledger)
    periods = read_periods(frame, source, ledger)
    period = _latest(periods, as_of, frame, source, ledger) if period == LATEST else period
    inside = np.asarray(periods == period)
    others = frame[~inside].assign(period=periods[~inside])
    if not inside.any():
        return _summed(frame, others, period, investment, source, ledger)
    set_aside = _other_periods(frame[~inside], periods[~inside], period, source, ledger)
    return _joined(frame[inside], len(frame), set_aside, period, others, source, ledger)


def _joined(
    rows: pd.DataFrame,
    rows_read: int,
    set_aside: dict[str, dict[str, float]],
    period: str,
    others: pd.DataFrame,
    source: str,
    ledger: Ledger,
) -> Enterprises:
    joined = tidy_rows(rows, source=source, ledger=ledger, set_aside=set_aside).reset_index(drop=True)
    joined.attrs["source"] = source
    return Enterprises(joined, rows_read, set_aside, period, others)


def read_periods(frame: pd.DataFrame, source: str, ledger: Ledger) -> pd.Series:
    """The canonical period of every row; what cannot be read stands in the ledger."""
    periods = normalise_periods(frame["period"])
    unread = np.asarray(periods.isna())
    ledger.add(
        "period-unreadable",
        stage="read",
        source=source,
        row=frame["source_row"][unread],
        id=frame["enterprise_id"][unread] if "enterprise_id" in frame else None,
        field="period",
        before=frame["period"][unread],
    )
    return periods


def _latest(periods: pd.Series, as_of: dt.date | None, frame: pd.DataFrame, source: str, ledger: Ledger) -> str:
    found = latest([Period.of(p) for p in periods.dropna().unique()], as_of or dt.date.max)
    if found is None:
        found_text = ", ".join(sorted(periods.dropna().unique())[:8])
        raise ProjectError("enterprise-period-running", file=source, field="period", as_of=as_of, found=found_text)
    ledger.decide("period", str(found), source=source, evidence=["latest"])
    ledger.add("period-latest", stage="read", source=source, field="period", after=str(found), period=str(found))
    return str(found)


def _absent(frame: pd.DataFrame, period: str, source: str) -> ProjectError:
    found = ", ".join(sorted(frame["period"].dropna().astype(str).unique())[:8])
    return ProjectError("enterprise-period-absent", file=source, field="period", period=period, found=found)


def _summed(
    frame: pd.DataFrame, parts: pd.DataFrame, period: str, investment: Investment | None, source: str, ledger: Ledger
) -> Enterprises:
    """The enterprises of a period that only its parts are given of."""
    set_aside: dict[str, dict[str, float]] = {}
    each = [
        tidy_rows(rows, source=source, ledger=ledger, set_aside=set_aside)
        for _, rows in parts[parts["period"].notna()].groupby("period", sort=True)
    ]
    made = roll_up(pd.concat(each), Period.of(period), investment=investment) if each else pd.DataFrame()
    if made.empty:
        raise _absent(frame, period, source)
    made = made.drop(columns="basis").sort_values("source_row", kind="stable").reset_index(drop=True)
    read, counted, copies = sums(frame), sums(made), set_aside.get("copy", {})
    set_aside["period"] = {c: read[c] - counted[c] - copies.get(c, 0.0) for c in read}
    ledger.add("period-summed", stage="read", source=source, field="period", after=period, period=period)
    made.attrs["source"] = source
    return Enterprises(made, len(frame), set_aside, period, parts, summed=True)


def _other_periods(
    outside: pd.DataFrame, periods: pd.Series, period: str, source: str, ledger: Ledger
) -> dict[str, dict[str, float]]:
    if outside.empty:
        return {}
    readable = np.asarray(periods.notna())
    ledger.add(
        "enterprise-period-other",
        stage="read",
        source=source,
        row=outside["source_row"][readable],
        id=outside["enterprise_id"][readable] if "enterprise_id" in outside else None,
        field="period",
        before=outside["period"][readable],
        period=period,
    )
    return {"period": sums(outside)}

"""The rows of all periods of a project: the evaluated one, the others of its table, and further tables.

One row per enterprise and period. Where two tables state the same enterprise and period, the enterprise table comes
before the others, and these in the order of the project file; figures that differ stand in the ledger.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from mudian.enterprise_rows import tidy_rows
from mudian.enterprises import Enterprises, read_periods, read_rows
from mudian.periods.parts import Investment, kinds, measures_of, roll_up
from mudian.periods.spans import YEAR, Period
from mudian.project import Project
from mudian.settings import PeriodSettings, PeriodTable
from parcels.ledger import Ledger

KEYS = ["enterprise_id", "period"]
_SAME = 1e-9  # relative difference of two figures that are one


@dataclass(frozen=True)
class Series:
    """Enterprises of several periods.

    Attributes
    ----------
    rows
        One row per enterprise and ``period`` with the columns of its table, ``basis`` (``given`` or ``summed``) and
        ``source``.
    evaluated
        The period that the run evaluates.
    settings
        ``[periods]`` of the project file.
    """

    rows: pd.DataFrame
    evaluated: Period
    settings: PeriodSettings

    @property
    def periods(self) -> list[Period]:
        """The periods that rows are given for, in order."""
        given = self.rows.loc[self.rows["basis"] == "given", "period"].unique()
        return sorted(Period.of(p) for p in given)


def read_series(project: Project, enterprises: Enterprises, *, ledger: Ledger) -> Series | None:
    """All periods that a project has enterprises of; None where there is only one and no grades of others.

    Parameters
    ----------
    project
        The project.
    enterprises
        The evaluated period, as the enterprise table gives it.
    ledger
        Where to write.
    """
    settings = project.periods
    tables = [_evaluated(enterprises), *_others(enterprises, ledger)]
    for table in settings.enterprises:
        tables += _further(project, table, ledger)
    if len(tables) == 1 and settings.grades is None:
        return None
    evaluated = Period.of(enterprises.period)
    rows = _not_later(_once(tables, ledger), evaluated, ledger)
    if settings.grades is None and (rows["period"] == str(evaluated)).all():
        return None
    return Series(complete(rows, evaluated, settings.investment, ledger=ledger), evaluated, settings)


def _not_later(rows: pd.DataFrame, evaluated: Period, ledger: Ledger) -> pd.DataFrame:
    """The rows of periods that are over when the evaluated one is."""
    ends = rows["period"].map({p: Period.of(p).end for p in rows["period"].unique()})
    later = np.asarray(ends > evaluated.end)
    ledger.add(
        "period-later", stage="read", row=rows["source_row"][later], id=rows["enterprise_id"][later], field="period",
        before=rows["period"][later], period=str(evaluated),
    )  # fmt: skip
    return rows[~later].reset_index(drop=True)


def _evaluated(enterprises: Enterprises) -> pd.DataFrame:
    frame = enterprises.frame
    basis = "summed" if enterprises.summed else "given"
    return frame.assign(period=enterprises.period, source=str(frame.attrs.get("source", "")), basis=basis)


def _others(enterprises: Enterprises, ledger: Ledger) -> list[pd.DataFrame]:
    source = str(enterprises.frame.attrs.get("source", ""))
    return _by_period(enterprises.others, source, ledger)


def _further(project: Project, table: PeriodTable, ledger: Ledger) -> list[pd.DataFrame]:
    """The periods of a table of its own; its cells count before the setting of the project file."""
    frame, source = read_rows(project.resolve(table.path), table, ledger=ledger)
    said = pd.Series(table.period, frame.index, dtype="str")
    if "period" in frame:
        # A blank cell takes the period of the setting; what is written and cannot be read stands in the ledger.
        found = read_periods(frame[frame["period"].notna()], source, ledger).reindex(frame.index)
        said = found.where(found.notna() | frame["period"].notna(), said)
    unsaid = np.asarray(said.isna()) if "period" not in frame else np.asarray(said.isna() & frame["period"].isna())
    ledger.add("period-unsaid", stage="read", source=source, row=frame["source_row"][unsaid], field="period")
    return _by_period(frame.assign(period=said), source, ledger)


def _by_period(frame: pd.DataFrame, source: str, ledger: Ledger) -> list[pd.DataFrame]:
    """Tidied rows of every period; rows without a code cannot be followed from one period to another."""
    if frame.empty:
        return []
    keyless = np.asarray(frame["enterprise_id"].isna()) if "enterprise_id" in frame else np.ones(len(frame), bool)
    ledger.add("period-no-key", stage="read", source=source, row=frame["source_row"][keyless], field="enterprise_id")
    kept = frame[~keyless & frame["period"].notna()]
    return [
        tidy_rows(rows, source=source, ledger=ledger, set_aside={}).assign(source=source, basis="given")
        for _, rows in kept.groupby("period", sort=True)
    ]


def _once(tables: Sequence[pd.DataFrame], ledger: Ledger) -> pd.DataFrame:
    """One row per enterprise and period: that of the first table that has it."""
    rows = pd.concat(tables, ignore_index=True)
    again = np.asarray(rows.duplicated(KEYS))
    if again.any():
        first = rows[~again].set_index(KEYS)
        later = rows[again]
        kept = first.loc[pd.MultiIndex.from_frame(later[KEYS])]
        for column in measures_of(rows):
            _say_different(later, kept[column], column, ledger)
    return rows[~again].reset_index(drop=True)


def _say_different(later: pd.DataFrame, kept: pd.Series, column: str, ledger: Ledger) -> None:
    here, there = kept.to_numpy(float), later[column].to_numpy(float)
    odd = ~_same(here, there) & ~(np.isnan(here) & np.isnan(there))
    ledger.add(
        "period-given-twice",
        stage="read",
        row=later["source_row"][odd],
        id=later["enterprise_id"][odd],
        field=column,
        before=there[odd],
        after=here[odd],
    )


def _same(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    scale = np.maximum(np.maximum(np.abs(left), np.abs(right)), _SAME)
    return np.asarray(np.abs(left - right) <= _SAME * scale)


def complete(rows: pd.DataFrame, evaluated: Period, investment: Investment | None, *, ledger: Ledger) -> pd.DataFrame:
    """The rows, and those of longer periods that their parts make up; totals that differ from their parts are said.

    Parameters
    ----------
    rows
        One row per enterprise and ``period``, ``basis`` = ``given``.
    evaluated
        The evaluated period.
    investment
        What the user's figures of investment are.
    ledger
        Where to write.
    """
    present = {Period.of(p) for p in rows["period"].unique()}
    wanted = present | {evaluated, *(p.year_before() for p in present)}
    wanted |= {p.whole_year() for p in present}
    made = []
    for target in sorted(p for p in wanted if any(p.covers(q) and p != q for q in present)):
        summed = roll_up(rows, target, investment=investment)
        given = rows[rows["period"] == str(target)]
        _say_overlaps(given, summed, investment, ledger)
        made.append(summed[~summed["enterprise_id"].isin(given["enterprise_id"])])
    if investment is None and "fixed_investment_wan" in rows and any(len(m) for m in made):
        ledger.add("period-investment-unsaid", stage="read", field="fixed_investment_wan")
    return pd.concat([rows, *(m for m in made if len(m))], ignore_index=True)


def _say_overlaps(given: pd.DataFrame, summed: pd.DataFrame, investment: Investment | None, ledger: Ledger) -> None:
    """A period that is given as a whole and in parts counts as it is given; where the sum differs, it is said."""
    both = summed[summed["enterprise_id"].isin(given["enterprise_id"])]
    if both.empty:
        return
    whole = given.set_index("enterprise_id").loc[both["enterprise_id"]]
    for column in (c for c in measures_of(both) if kinds(investment)[c] == "flow"):
        parts, total = both[column].to_numpy(float), whole[column].to_numpy(float)
        odd = ~_same(parts, total) & ~np.isnan(parts) & ~np.isnan(total)
        ledger.add(
            "period-parts-differ",
            stage="read",
            id=both["enterprise_id"][odd],
            row=whole["source_row"].to_numpy()[odd],
            field=column,
            before=parts[odd],
            after=total[odd],
            period=str(both["period"].iloc[0]),
        )


def annualised(enterprises: Enterprises, settings: PeriodSettings, *, ledger: Ledger) -> Enterprises:
    """The enterprises of the evaluated period; with ``annualise`` the flows of a part of a year as of twelve months.

    Without it the figures stay as they are, and the ledger says that limits for a year are held against them.
    """
    months = Period.of(enterprises.period).months if enterprises.period else YEAR
    if months == YEAR or enterprises.frame.empty:
        return enterprises
    source = str(enterprises.frame.attrs.get("source", ""))
    facts = {"period": enterprises.period, "months": months}
    if not settings.annualise:
        ledger.add("period-part-year", stage="read", source=source, field="period", **facts)
        return enterprises
    kind = kinds(settings.investment)
    flows = [c for c in measures_of(enterprises.frame) if kind[c] == "flow"]
    ledger.decide("annualised", f"12/{months}", source=source, evidence=flows)
    ledger.add("period-annualised", stage="read", source=source, field=";".join(flows), **facts)
    frame = enterprises.frame.assign(**{c: enterprises.frame[c] * (YEAR / months) for c in flows})
    return replace(enterprises, frame=frame)


def period_files(settings: PeriodSettings) -> dict[str, str]:
    """The paths of the tables of ``[periods]``, by the name that the manifest gives them."""
    named = {f"periods:{n}": table.path for n, table in enumerate(settings.enterprises, start=1)}
    return named | ({"periods:grades": settings.grades.path} if settings.grades else {})


def source_name(path: str) -> str:
    """The name of a table as the ledger gives it."""
    return Path(path).name

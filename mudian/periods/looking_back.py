"""What a run with several periods adds: the year before for the rules, then history, growth and surcharges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mudian.findings import join
from mudian.packs.policy import Policy
from mudian.periods.chunks import below
from mudian.periods.cube import Cube, make_cube, make_levels
from mudian.periods.grades import (
    ABSENT,
    COLUMNS,
    by_year,
    computed_grades,
    read_grades,
    settle,
    stated_grades,
)
from mudian.periods.growth import HISTORY, growth, history, pairs
from mudian.periods.parts import kinds
from mudian.periods.reading import Series
from mudian.periods.streaks import in_a_row, surcharge_findings, surcharges
from mudian.project import Project
from parcels.ledger import Ledger

_SOURCE = "previous_grade_source"


@dataclass(frozen=True)
class LookingBack:
    """The other periods of a run, ready for its rules.

    Attributes
    ----------
    series
        Rows of all periods.
    past, now
        Settled grades of the other periods, and what somebody states of the evaluated one.
    """

    series: Series
    past: pd.DataFrame
    now: pd.DataFrame


@dataclass(frozen=True)
class Found:
    """The tables of several periods: ``enterprises`` with their years in a row, the others as in the results."""

    enterprises: pd.DataFrame
    findings: pd.DataFrame
    tables: dict[str, pd.DataFrame]


def look_back(
    project: Project, series: Series | None, enterprises: pd.DataFrame, policy: Policy, *, ledger: Ledger
) -> LookingBack | None:
    """Settle the grades of the other periods.

    Parameters
    ----------
    project
        The project, for its table of grades.
    series
        Rows of all periods; None where there is only one.
    enterprises
        The measured enterprises of the evaluated period.
    policy
        For the methods by which earlier years are graded.
    ledger
        Where contradictions are written.
    """
    if series is None:
        return None
    said = [stated_grades(series)]
    if series.settings.grades is not None:
        said.append(read_grades(project, series.settings.grades, ledger=ledger))
    statements = pd.concat(said, ignore_index=True)
    now = statements["period"] == str(series.evaluated)
    computed = computed_grades(series, enterprises, policy, ledger=ledger)
    past = settle([statements[~now]], computed, ledger=ledger)
    return LookingBack(series, past, statements[now])


def with_year_before(enterprises: pd.DataFrame, back: LookingBack | None, *, ledger: Ledger) -> pd.DataFrame:
    """The enterprises with the grade of the year before, for rules on two years running.

    Only the very year before counts; where its grade is unknown, so is the verdict. ``previous_grade_source`` says
    where the grade comes from.
    """
    if back is None or not back.series.evaluated.is_year:
        return enterprises
    before = back.past[back.past["period"] == str(back.series.evaluated.year_before())].set_index("enterprise_id")
    if before.empty:
        return enterprises
    own = enterprises["enterprise_id"]
    found = own.map(before["grade"]).astype("str")
    source = own.map(before["source"]).astype("str")
    ledger.decide(
        "previous_grade",
        str(back.series.evaluated.year_before()),
        source="",
        evidence=[f"{name}: {count}" for name, count in source.value_counts().sort_index().items()],
    )
    return enterprises.assign(previous_grade=found, **{_SOURCE: source})


def same_year_before(enterprises: pd.DataFrame, judged: pd.DataFrame) -> pd.DataFrame:
    """The enterprises, measured on other areas, with the grade of the year before that the run went by."""
    return enterprises.assign(**{c: judged[c] for c in ("previous_grade", _SOURCE) if c in judged})


def looked_back(
    back: LookingBack | None,
    enterprises: pd.DataFrame,
    links: pd.DataFrame,
    parcels: pd.DataFrame,
    zones: pd.DataFrame,
    policy: Policy,
    *,
    ledger: Ledger,
) -> Found:
    """History, growth, years in a row and surcharges, after the evaluated period is judged.

    Parameters
    ----------
    back
        The other periods.
    enterprises
        The judged enterprises.
    links, parcels, zones
        Allocated links and the measured tables.
    policy
        For the ladders of surcharges.
    ledger
        Where contradictions are written.
    """
    if back is None:
        return Found(enterprises, join([]), {})
    series = back.series
    cube = make_cube(series, enterprises["enterprise_id"])
    _say_gone(series, enterprises, ledger)
    levels = make_levels(cube, enterprises, links, parcels, zones)
    compared = pairs(cube, series.evaluated, series.periods)
    settings = series.settings
    rates = growth(cube, levels, compared, kind=kinds(settings.investment), annualise=settings.annualise)
    grades = pd.concat([back.past, _now(back, enterprises, ledger)], ignore_index=True)
    years = _years(grades, cube, series)
    own = years.iloc[: len(enterprises)]
    due = surcharges(own, policy)
    told = below(history(cube, levels), grade_changes(years, grades))
    judged = enterprises
    if series.evaluated.is_year:
        least, most = in_a_row(own)
        judged = enterprises.assign(grade_years=least.array, grade_years_max=most.array)
    tables = {"history": told, "growth": rates} | ({"surcharges": due} if len(due) else {})
    return Found(judged, surcharge_findings(due), tables)


def _say_gone(series: Series, enterprises: pd.DataFrame, ledger: Ledger) -> None:
    """Enterprises of other periods that the evaluated one does not have: no parcel or zone takes their figures."""
    rows = series.rows[series.rows["basis"] == "given"]
    gone = rows[~rows["enterprise_id"].isin(enterprises["enterprise_id"])]
    ledger.add(
        "period-enterprise-gone",
        stage="measure",
        row=gone["source_row"],
        id=gone["enterprise_id"],
        field=[f"tax_wan@{p}" for p in gone["period"]],
        before=gone["tax_wan"] if "tax_wan" in gone else None,
    )


def _now(back: LookingBack, enterprises: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """The grades of the evaluated period; what somebody states counts before what the run computed."""
    known = enterprises["grade"].notna()
    computed = enterprises.loc[known, ["enterprise_id", "grade"]].assign(
        period=str(back.series.evaluated), source="computed"
    )
    return settle([back.now], computed[COLUMNS], ledger=ledger)


def _years(grades: pd.DataFrame, cube: Cube, series: Series) -> pd.DataFrame:
    """Grades by year up to the evaluated one, or to the last whole year before a part of one."""
    last = series.evaluated if series.evaluated.is_year else series.evaluated.whole_year().year_before()
    return by_year(grades, cube.ids, cube.founded, last)


def grade_changes(years: pd.DataFrame, grades: pd.DataFrame) -> pd.DataFrame:
    """Rows of the history for grades: the first that is known, and every year in which it is another one.

    A year without a grade after one with a grade is a change, too: its ``word`` is missing.

    Parameters
    ----------
    years
        Enterprises × years with their grades.
    grades
        ``enterprise_id``, ``period``, ``grade``, ``source``.

    Examples
    --------
    >>> years = pd.DataFrame({2022: ["D", None], 2023: ["D", "B"], 2024: ["C", None]}, index=["甲", "乙"])
    >>> said = pd.DataFrame(columns=["enterprise_id", "period", "grade", "source"])
    >>> grade_changes(years, said)[["id", "period", "word"]].fillna("?").values.tolist()
    [['甲', '2022', 'D'], ['甲', '2024', 'C'], ['乙', '2023', 'B'], ['乙', '2024', '?']]
    """
    cells = years.to_numpy(object)
    cells = np.where(years.isna().to_numpy() | (cells == ABSENT), "", cells)
    before = np.hstack([np.full((len(cells), 1), ""), cells[:, :-1]])
    row, column = np.nonzero(cells != before)
    told = pd.DataFrame(
        {"level": "enterprise", "id": years.index.astype("str")[row], "measure": "grade", "value": np.nan,
         "period": np.asarray([str(y) for y in years.columns], object)[column], "word": cells[row, column],
         "incomplete": False}
    )  # fmt: skip
    sources = grades.set_index(["enterprise_id", "period"])["source"]
    keys = pd.MultiIndex.from_arrays([told["id"], told["period"]])
    told["basis"] = sources.reindex(keys).to_numpy(object)
    told["word"] = told["word"].mask(told["word"] == "")
    return told[list(HISTORY)].astype({"word": "str", "basis": "str"})

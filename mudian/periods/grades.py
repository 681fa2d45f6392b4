"""Grades of several years: as given, as stated in the tables of the years, or computed by the methods of the packs.

What is given counts before what is computed; where both are there and differ, the ledger says so. Two statements that
differ cancel each other: the grade of that year is unknown. Years without a grade are never bridged.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
import pandas as pd

from mudian.measure import INDICATORS, PER_MU, ratio
from mudian.packs.policy import Policy
from mudian.periods.parts import data
from mudian.periods.reading import KEYS, Series
from mudian.periods.spans import Period, normalise_period, normalise_periods, read_period
from mudian.project import Project
from mudian.rules.grading.grade import grade
from mudian.schemas import recognised, schema
from mudian.settings import TableSettings
from mudian.tables import read_table
from parcels.canonical import Source, canonicalise
from parcels.codes.tidy import check_and_tidy
from parcels.errors import FieldError, InputError
from parcels.ledger import Ledger

COLUMNS = [*KEYS, "grade", "source"]
ABSENT = "-"  # stands for the grade of a year in which an enterprise did not exist


def tidy_grade(text: str) -> str | None:
    """A grade without the words around it; None where it says that there was no evaluation.

    Examples
    --------
    >>> [tidy_grade(t) for t in ("D类", "ａ", "C-", "未评价", "")]
    ['D', 'A', 'C-', None, None]
    """
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).upper()
    if not plain or plain in data()["grades"]["not_evaluated"]:
        return None
    for ending in data()["grades"]["endings"]:
        plain = plain.removesuffix(ending) or plain
    return plain


def tidy_grades(cells: pd.Series) -> pd.Series:
    """The grade of every cell."""
    known = {text: tidy_grade(str(text)) for text in cells.dropna().unique()}
    return cells.map(known).astype("str")


def read_grades(project: Project, settings: TableSettings, *, ledger: Ledger) -> pd.DataFrame:
    """Read a table of earlier grades: one row per enterprise and year, or one column per year.

    Returns
    -------
    DataFrame
        ``enterprise_id``, ``period``, ``grade``, ``source`` = ``given``.

    Raises
    ------
    FieldError
        When it has no enterprises, or neither years nor columns of years.
    """
    path = project.resolve(settings.path)
    table = read_table(
        str(path), sheet=settings.sheet, encoding=settings.encoding, header_row=settings.header_row,
        score=recognised("grade"), ledger=ledger,
    )  # fmt: skip
    by_year = {c: p for c in table.frame if (p := _year_of(str(c))) is not None}
    source = Source(table.source, table.rows)
    named = canonicalise(
        table.frame.drop(columns=list(by_year)),
        schema("grade"),
        source=source,
        ledger=ledger,
        given=settings.fields,
    ).frame
    needed = ["enterprise_id"] if by_year else ["enterprise_id", "period", "grade"]
    for name in (n for n in needed if n not in named):
        field = schema("grade").fields[name]
        raise FieldError(
            "field-needed", file=path, canonical=name, name=field.zh, aliases=" / ".join(field.aliases),
            columns=" / ".join(map(str, table.frame.columns)),
        )  # fmt: skip
    respelled = check_and_tidy(
        named, columns={"credit": "enterprise_id"}, rows=table.rows, source=table.source, ledger=ledger, unique=False
    )
    named = named.assign(source_row=table.rows, **respelled)
    if by_year and "period" not in named:
        named = _long(named[["enterprise_id", "source_row"]], table.frame[list(by_year)].rename(columns=by_year))
    return _given(named, table.source, ledger)


def _long(keys: pd.DataFrame, years: pd.DataFrame) -> pd.DataFrame:
    """A row per enterprise and year instead of a column per year."""
    parts = [keys.assign(period=str(year), grade=years[year].astype("str")) for year in years]
    return pd.concat(parts, ignore_index=True)


def _year_of(header: str) -> str | None:
    """The period that a header such as 2023年评价等级 is of."""
    plain = re.sub(r"[\s_（）()]", "", unicodedata.normalize("NFKC", header))
    for word in data()["grades"]["headers"]:
        plain = plain.removesuffix(word)
    return normalise_period(plain)


def _given(table: pd.DataFrame, source: str, ledger: Ledger) -> pd.DataFrame:
    periods = normalise_periods(table["period"])
    unread = np.asarray(periods.isna())
    ledger.add(
        "period-unreadable", stage="read", source=source, row=table["source_row"][unread], field="period",
        before=table["period"][unread],
    )  # fmt: skip
    parts = np.asarray(~unread & ~periods.map(_is_year, na_action="ignore").fillna(False).to_numpy(bool))
    ledger.add(
        "period-grade-part", stage="read", source=source, row=table["source_row"][parts], field="period",
        before=table["period"][parts],
    )  # fmt: skip
    made = table.assign(period=periods, grade=tidy_grades(table["grade"]), source="given")
    return made[made["enterprise_id"].notna() & ~unread & made["grade"].notna()][COLUMNS].reset_index(drop=True)


def _is_year(text: str) -> bool:
    return Period.of(text).is_year


def stated_grades(series: Series) -> pd.DataFrame:
    """Grades that the enterprise tables state: of their own period, and of the year before."""
    rows = series.rows[series.rows["basis"] == "given"]
    parts = [pd.DataFrame(columns=COLUMNS, dtype="str")]
    for column, source, shift in (("stated_grade", "stated", False), ("previous_grade", "previous", True)):
        if column not in rows:
            continue
        found = rows.assign(grade=tidy_grades(rows[column]), source=source)
        if shift:
            before = {p: _year_before(p) for p in found["period"].unique()}
            found = found.assign(period=found["period"].map(before))
        parts.append(found.loc[found["grade"].notna() & found["period"].notna(), COLUMNS])
    return pd.concat(parts, ignore_index=True).astype("str")


def _year_before(text: str) -> str | None:
    period = read_period(text)
    return str(period.year_before()) if period is not None and period.is_year else None


def computed_grades(series: Series, enterprises: pd.DataFrame, policy: Policy, *, ledger: Ledger) -> pd.DataFrame:
    """Grades of the earlier years by the methods of the run, where the figures of these years are there.

    The values in force on the day of the run and the land of the evaluated period are used; enterprises of that year
    that are not in the evaluated period have no land here and are not ranked.

    Parameters
    ----------
    series
        Rows of all periods.
    enterprises
        The measured enterprises of the evaluated period, for their land.
    policy
        Where the methods come from.
    ledger
        Where to write.
    """
    parts = [pd.DataFrame(columns=COLUMNS, dtype="str")]
    if not policy.methods() or not series.settings.grade_past:
        return parts[0]
    land = enterprises.set_index("enterprise_id")["land_mu"]
    for period in sorted({Period.of(p) for p in series.rows["period"].unique()}):
        if not period.is_year or period.start >= series.evaluated.start:
            continue
        rows = series.rows[series.rows["period"] == str(period)].reset_index(drop=True)
        parts.append(_graded(rows.assign(land_mu=rows["enterprise_id"].map(land)), period, policy, ledger))
    return pd.concat(parts, ignore_index=True).astype("str")


def _graded(rows: pd.DataFrame, period: Period, policy: Policy, ledger: Ledger) -> pd.DataFrame:
    """The grades of one earlier year; none where a method cannot be applied to its figures."""
    made = {name: ratio(rows[money], rows["land_mu"]) for name, money in PER_MU.items() if money in rows}
    made |= {n: ratio(rows[a], rows[b]) for n, (a, b) in INDICATORS.items() if a in rows and b in rows}
    try:
        found = grade(rows.assign(**made), policy).frame["grade"]
    except InputError as error:
        ledger.add("period-grade-failed", stage="judge", field="grade", detail=error.part("what", ledger.lang),
                   period=str(period))  # fmt: skip
        return pd.DataFrame(columns=COLUMNS, dtype="str")
    known = found.notna()
    ledger.add("period-grade-computed", stage="judge", field="grade", period=str(period), count=int(known.sum()),
               size=len(rows), landless=int(rows["land_mu"].isna().sum()))  # fmt: skip
    return rows.assign(period=str(period), grade=found.astype("str"), source="computed").loc[known, COLUMNS]


def settle(statements: Sequence[pd.DataFrame], computed: pd.DataFrame, *, ledger: Ledger) -> pd.DataFrame:
    """One grade per enterprise and period.

    Parameters
    ----------
    statements
        Grades that somebody gave or stated.
    computed
        Grades that the program computed.
    ledger
        Where contradictions are written.

    Returns
    -------
    DataFrame
        ``enterprise_id``, ``period``, ``grade`` and ``source`` (``given``, ``stated``, ``previous``, ``computed`` or
        ``contradiction``, whose grade is missing), sorted by enterprise and time.
    """
    said = pd.concat(statements, ignore_index=True)
    groups = said.groupby(KEYS)["grade"]
    several = groups.agg("min") != groups.agg("max")
    made = said.drop_duplicates(KEYS).set_index(KEYS).sort_index()
    if several.any():
        keys = several.index[several]
        texts = groups.agg(lambda g: " / ".join(sorted(set(g)))).loc[keys]
        made.loc[keys, ["grade", "source"]] = pd.NA, "contradiction"
        _say("period-grade-contradiction", keys, texts, None, ledger)
    mine = computed.set_index(KEYS)
    both = made.index.intersection(mine.index)
    differ = both[(made.loc[both, "grade"].notna() & (made.loc[both, "grade"] != mine.loc[both, "grade"])).to_numpy()]
    _say("period-grade-differs", differ, mine.loc[differ, "grade"], made.loc[differ, "grade"], ledger)
    whole = pd.concat([made, mine[~mine.index.isin(made.index)]]).reset_index()[COLUMNS]
    return whole.astype("str").sort_values(KEYS, kind="stable").reset_index(drop=True)


def _say(code: str, keys: pd.Index, before: pd.Series, after: pd.Series | None, ledger: Ledger) -> None:
    """A ledger row for every enterprise and period."""
    periods = list(keys.get_level_values("period"))
    fields = [f"grade@{p}" for p in periods]
    ids = list(keys.get_level_values("enterprise_id"))
    texts = (before.tolist(), None if after is None else after.tolist())
    if code == "period-grade-differs":
        ledger.add("period-grade-differs", stage="judge", id=ids, field=fields, before=texts[0], after=texts[1])
    else:
        ledger.add("period-grade-contradiction", stage="judge", id=ids, field=fields, before=texts[0])


def by_year(grades: pd.DataFrame, ids: pd.Index, founded: np.ndarray, last: Period) -> pd.DataFrame:
    """Grades as a table of enterprises and years, up to a year; years between that nobody has stand as missing ones.

    Years in which an enterprise did not exist have :data:`ABSENT`, which is known and no grade.
    """
    yearly = {p: Period.of(p) for p in grades["period"].unique()}
    years = {text: p.year for text, p in yearly.items() if p.is_year and p.start <= last.start}
    first = min([*years.values(), last.year])
    table = pd.DataFrame(index=ids, columns=range(first, last.year + 1), dtype="str")
    for text, year in years.items():
        table[year] = grades[grades["period"] == text].set_index("enterprise_id")["grade"].reindex(ids).to_numpy()
    for column in table.columns:
        absent = founded >= Period.of(str(column)).end
        table[column] = table[column].mask(absent & table[column].isna().to_numpy(), ABSENT)
    return table

"""Rewards and penalties (奖惩) of policy packs on a table of zones and years, or on parcels and projects.

An amount is what the document promises if it is applied as written; whether it was applied is not known here. A
document that can be read in two ways decides only where the readings agree, or as the project chooses; the readings
used stand in the result. Rewards that a document gives to named zones are not carried over to others unless asked.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from mudian.packs.policy import Policy
from mudian.packs.reader import Pack
from mudian.rules.clock import days, years_between
from mudian.rules.incentive_case import Case
from mudian.rules.incentive_kinds import KINDS, words_of
from mudian.rules.incentive_model import Incentive
from mudian.rules.logic import name_missing
from mudian.rules.ranks import COUNTS, canonical_zones, rank_progress
from parcels.catalog import Lang

Subject = Literal["zone", "parcel", "project"]
_WAN = "万元"
COLUMNS: dict[str, str] = {
    "incentive": "category",
    "nature": "category",
    "title": "category",
    "outcome": "boolean",
    "words": "category",
    "amount": "float64",
    "unit": "category",
    "amount_wan": "float64",
    "rest": "float64",
    "clause": "category",
    "reading": "category",
    "missing": "category",
}


def incentives(
    table: pd.DataFrame,
    policy: Policy,
    *,
    subject: Subject = "zone",
    everywhere: bool = False,
    lang: Lang = "zh",
) -> pd.DataFrame:
    """What the incentives of a policy say of every subject.

    Parameters
    ----------
    table
        For zones a row per ``zone_name`` and ``year`` with the ranks (``rank`` in the province, ``city_rank``,
        ``national_rank``, ``land_rank``; see :func:`~mudian.rules.ranks.rank_progress`), amounts (``…_wan``),
        ``zone_level`` and ``established_on`` as far as there are any. For parcels and projects their frame. Not
        changed.
    policy
        Packs held against a day; the values of that day count for all years of the table.
    subject
        Whose incentives.
    everywhere
        Try incentives of named zones and of other places on all zones, for illustration.
    lang
        Language of ``title`` and ``words``.

    Returns
    -------
    DataFrame
        One row per subject, year and incentive that applies: the key columns (``zone`` and ``year``, or
        ``parcel_id``), ``incentive``, ``nature``, ``title``, ``outcome`` (True, False, missing), ``words`` (what
        follows), ``amount`` with ``unit`` and ``amount_wan`` where the unit is 万元, ``rest`` (the part of the other
        side when something is shared), ``clause``, ``reading`` and ``missing`` (why an outcome or amount is unknown).

    Examples
    --------
    >>> import datetime as dt
    >>> from mudian.packs.policy import policies
    >>> policy = policies(["jinan-2022"], as_of=dt.date(2022, 12, 31))
    >>> table = pd.DataFrame({"zone_name": ["高唐"] * 3, "year": [2019, 2020, 2021], "rank": [152, 144, 123]})
    >>> found = incentives(table, policy)
    >>> found.loc[found["incentive"] == "jinan2022.award", ["year", "amount_wan"]].values.tolist()[-1]
    [2021.0, 100.0]
    """
    frame = _prepare(table, policy, subject)
    found = [
        _rows(name, entry, pack, frame, policy, everywhere, lang)
        for name, (pack, entry) in policy.incentives().items()
        if entry.subject == subject
    ]
    found += [
        _unset(name, entry, pack, frame, everywhere, lang)
        for pack in policy.packs
        for name, entry in pack.incentives.items()
        if entry.subject == subject and _lacks_day(entry, pack, policy)
    ]
    empty = frame[_keys(frame, subject)].iloc[:0].assign(**{c: pd.Series(dtype=t) for c, t in COLUMNS.items()})
    parts = [part[list(empty.columns)] for part in found if len(part)]
    return pd.concat(parts, ignore_index=True).astype(COLUMNS) if parts else empty.astype(COLUMNS)


def _keys(frame: pd.DataFrame, subject: Subject) -> list[str]:
    if subject == "zone":
        return ["zone", "year"]
    return [c for c in (f"{subject}_id", "parcel_id") if c in frame][:1]


def _prepare(table: pd.DataFrame, policy: Policy, subject: Subject) -> pd.DataFrame:
    """The table with the movements of its ranks and the age of its zones."""
    frame = table.reset_index(drop=True)
    if subject != "zone":
        return frame
    places = _places(policy)
    frame = frame.assign(zone=canonical_zones(frame["zone_name"], places=places))
    if "year" not in frame:
        frame = frame.assign(year=policy.as_of.year)
    for rank in (c for c in COUNTS if c in frame):
        frame = rank_progress(frame, rank=rank, places=places)
    if "established_on" in frame:
        frame = frame.assign(established_years=_age(frame))
    return frame


def _places(policy: Policy) -> list[str]:
    return [code for p in policy.packs for h in p.heads.values() if h.place for code in h.place.codes]


def _age(frame: pd.DataFrame) -> pd.Series:
    """Years since a zone was set up, on the last day of the row's year."""
    years = pd.to_numeric(frame["year"], errors="coerce")
    age = pd.Series(np.nan, frame.index)
    for year in years.dropna().unique():
        rows = (years == year).to_numpy(bool)
        age[rows] = years_between(days(frame["established_on"][rows]), np.datetime64(f"{int(year)}-12-31", "D"))
    return age


def _lacks_day(entry: Incentive, pack: Pack, policy: Policy) -> bool:
    return pack.documents[entry.document].year_masked and f"{pack.id}.in_force" not in policy.parameters


def _of_zones(entry: Incentive, frame: pd.DataFrame, everywhere: bool) -> pd.DataFrame:
    """The rows of the zones that an incentive was made for."""
    if entry.reported and not everywhere:
        return frame.iloc[:0]
    if everywhere or not entry.zones:
        return frame
    names = canonical_zones(pd.Series(list(entry.zones), dtype="str"))
    return frame[frame["zone"].isin(names)]


def _rows(
    name: str, entry: Incentive, pack: Pack, frame: pd.DataFrame, policy: Policy, everywhere: bool, lang: Lang
) -> pd.DataFrame:
    case = Case(entry, _of_zones(entry, frame, everywhere), policy)
    gate = case.gate()
    result = KINDS[entry.kind](case)
    outcome = gate & result.outcome
    known = (outcome.notna() & (result.amount.notna() if entry.unit else True)).to_numpy(bool)
    missing = name_missing({n: m & ~known for n, m in case.missing.items()}, case.index)
    made = _frame(name, entry, pack, case.frame, lang).assign(
        outcome=outcome,
        words=_words(entry, result.words.where(outcome.fillna(False), -1), lang),
        amount=result.amount.where(outcome.notna()),
        rest=result.rest.where(outcome.notna()),
        reading=_readings(case),
        missing=missing,
    )
    made = made.assign(amount_wan=made["amount"] if entry.unit == _WAN else np.nan)
    return made[gate.fillna(True).to_numpy(bool)]


def _unset(name: str, entry: Incentive, pack: Pack, frame: pd.DataFrame, everywhere: bool, lang: Lang) -> pd.DataFrame:
    """Rows of an incentive whose document has a masked year that the user has not given."""
    rows = _of_zones(entry, frame, everywhere)
    lacking = {f"parameter:{pack.id}.in_force": np.ones(len(rows), bool)}
    return _frame(name, entry, pack, rows, lang).assign(
        outcome=pd.Series(pd.NA, rows.index, dtype="boolean"),
        words="",
        amount=np.nan,
        rest=np.nan,
        amount_wan=np.nan,
        reading="",
        missing=name_missing(lacking, rows.index),
    )


def _frame(name: str, entry: Incentive, pack: Pack, rows: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    return rows[_keys(rows, entry.subject)].assign(
        incentive=name,
        nature=entry.nature,
        title=entry.zh if lang == "zh" else entry.en,
        unit=entry.unit,
        clause=f"{pack.documents[entry.document].name} {entry.clause}".strip(),
    )


def _words(entry: Incentive, numbers: pd.Series, lang: Lang) -> pd.Series:
    texts = {-1: "", **{n: w.zh if lang == "zh" else w.en for n, w in enumerate(words_of(entry))}}
    return numbers.map(texts).astype("str")


def _readings(case: Case) -> str:
    """The readings chosen, and that years are taken as comparable where the table does not say so."""
    texts = [f"{key}={chosen}" for key, chosen in case.readings.items()]
    for rank in COUNTS:
        column = f"{rank}_comparable"
        moves = [c for c in case.incentive.columns() if c.startswith((f"{rank}_progress", f"{rank}_regress"))]
        if moves and column in case.frame and case.frame[column].isna().all():
            texts.append(f"{column}=?")
    return ";".join(texts)

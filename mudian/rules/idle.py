"""Idle land (闲置土地): the verdict on every parcel, by 国土资源部令第53号 and what packs add to it.

What comes out is a suspicion (疑似闲置): only the authority identifies idle land. Land that is not started has a clock
and may bring a fee or taking back; land on which work stopped has another clock and two strict shares, and never brings
either of both. Missing data make the verdict unknown and are named; they never make land idle, and never clear it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.extensions import ExtensionArray

from mudian.findings import join
from mudian.packs.policy import Policy
from mudian.rules.idle_causes import CLASSES
from mudian.rules.idle_clock import Mask
from mudian.rules.idle_limbs import (
    DEVELOPED,
    INVESTED,
    LOCAL_INVESTED,
    LOCAL_YEARS,
    START_YEARS,
    STOP_YEARS,
    TAKEBACK_YEARS,
    Case,
    Limb,
    judge_completion_limb,
    judge_local_limb,
    judge_not_started,
    judge_stopped,
    look,
    together,
)
from mudian.rules.idle_measures import MEASURES, NONE, Found, Measures, find_measures
from mudian.rules.logic import Judged, any_of, name_missing

STATUSES = ("not_idle", "not_due", "idle_1y", "idle_2y", "idle_stopped", "unknown")
NOT_IDLE, NOT_DUE, ONE_YEAR, TWO_YEARS, STOPPED, UNKNOWN = range(len(STATUSES))
# Numeric thresholds and quantities on which a verdict turns, for borderline lists.
THRESHOLDS = (START_YEARS, TAKEBACK_YEARS, STOP_YEARS, DEVELOPED, INVESTED, LOCAL_YEARS, LOCAL_INVESTED)
QUANTITIES = ("developed_m2", "should_develop_m2", "invested_wan", "total_investment_wan")


@dataclass(frozen=True)
class IdleVerdict:
    """What the rules on idle land say of every parcel.

    Attributes
    ----------
    frame
        On the index of the parcels: ``idle_status`` (one of ``STATUSES``); ``idle_cause_class`` (``gov``,
        ``force_majeure``, ``enterprise``, ``prelim``, ``unknown``; missing where the land is not idle);
        ``idle_measure`` (``none``, ``fee``, ``takeback``, ``consult``; missing where it is not known);
        ``idle_fee_wan`` (upper limit of the fee; missing where none is due or the price is); ``days_overdue`` (days
        since the agreed start, of land whose work has not started; missing elsewhere and before that day. It counts
        from the agreed start, not from the day the land became idle; where two dates are possible, from the later).
    rules
        The rules that were judged, for the findings.
    missing
        What would decide an unknown status, a measure or an amount, by name, joined by ``;``.
    decisions
        How many supplied parcels counted as state-owned without saying so (``ownership_assumed``) or by their code
        (``ownership_from_code``), or were left out as collective land (``collective_out_of_scope``).
    """

    frame: pd.DataFrame
    rules: tuple[Judged, ...]
    missing: pd.Series
    decisions: dict[str, int]

    def findings(self, ids: pd.Series) -> pd.DataFrame:
        """The findings of all rules, by the ids of the parcels."""
        return join([rule.findings("parcel", ids) for rule in self.rules])


def judge_idle(parcels: pd.DataFrame, policy: Policy) -> IdleVerdict:
    """Judge which parcels are idle land, why, and what follows.

    Parameters
    ----------
    parcels
        One row per parcel, any index; not changed. Columns that are read where they are there: ``supply_status``,
        ``ownership``, ``parcel_id``, ``supply_mode``; the days ``agreed_start``, ``supplement_start``,
        ``handover_date``, ``actual_start``, ``actual_completion``, ``agreed_completion``, ``stopped_since``,
        ``resumed_on``; ``developed_m2``, ``should_develop_m2``, ``floor_area_m2`` (m²); ``invested_wan``,
        ``total_investment_wan``, ``land_price_wan`` (万元); ``idle_cause``.
    policy
        Packs on the day of the run, among them ``national``.

    Returns
    -------
    IdleVerdict
        国土资源部令第53号 第二条; 城市房地产管理法 第二十六条. Where no pack has the rules, every status is unknown.

    Examples
    --------
    >>> import datetime as dt
    >>> from mudian.packs.policy import policies
    >>> policy = policies(["national"], as_of=dt.date(2022, 3, 1))
    >>> starts = pd.to_datetime(["2021-03-01", "2021-03-02"])
    >>> parcels = pd.DataFrame({"agreed_start": starts, "actual_start": pd.NaT, "land_price_wan": 500})
    >>> parcels["idle_cause"] = "资金不足"
    >>> judge_idle(parcels, policy).frame[["idle_status", "idle_measure", "idle_fee_wan"]].values.tolist()
    [['idle_1y', 'fee', 100.0], ['not_due', 'none', nan]]
    """
    case = look(parcels, policy)
    if "idle.not_started" not in case.rules:
        return _without_law(case)
    started, stopped, local = judge_not_started(case), judge_stopped(case), judge_local_limb(case)
    limbs = [r for r in (stopped, local) if r is not None]
    status, open_years = _status(case, limbs)
    by_stop = np.zeros(len(status), dtype=bool) if stopped is None else _tri(stopped.judged.outcome) == 1
    found = Found(status == ONE_YEAR, status == TWO_YEARS, open_years, status == STOPPED, by_stop)
    measures = find_measures(case, found)
    rules = [r.judged for r in (started, *limbs, judge_completion_limb(case), *measures.rules) if r is not None]
    missing = _missing(case, status, [started, *limbs], found, measures)
    return IdleVerdict(_frame(case, status, measures), tuple(rules), missing, case.scope.decisions)


def _status(case: Case, limbs: list[Limb]) -> tuple[NDArray[np.int8], Mask]:
    """Positions in ``STATUSES``, and where land is idle but whether for one year or for two is not known."""
    progress = case.progress
    begun, inside = _tri(progress.begun), _tri(case.scope.inside)
    full, second = _tri(case.past_start(START_YEARS)), _tri(case.past_start(TAKEBACK_YEARS))
    status = np.full(len(begun), UNKNOWN, dtype=np.int8)
    status[(begun == 0) & (full == 0)] = NOT_DUE
    idle = (begun == 0) & (full == 1)
    status[idle & (second == 0)] = ONE_YEAR
    status[idle & (second == 1)] = TWO_YEARS
    later = _tri(any_of([limb.judged.outcome for limb in limbs])) if limbs else np.zeros(len(begun), np.int8)
    status[(begun == 1) & (later == 0)] = NOT_IDLE
    status[(begun == 1) & (later == 1)] = STOPPED
    status[progress.completed] = NOT_IDLE
    status[(inside < 0) & (status != NOT_IDLE)] = UNKNOWN
    status[inside == 0] = NOT_IDLE
    return status, idle & (second < 0) & (inside == 1)


def _tri(outcome: pd.Series) -> NDArray[np.int8]:
    """1 True, 0 False, -1 unknown."""
    values: NDArray[np.int8] = np.asarray(outcome.astype("Int8").fillna(-1), dtype=np.int8)
    return values


def _missing(case: Case, status: NDArray[np.int8], limbs: list[Limb], found: Found, measures: Measures) -> pd.Series:
    """What would decide unknown statuses, measures and amounts."""
    unknown = np.asarray(status == UNKNOWN)
    by_limb = [{name: mask & unknown for name, mask in limb.lacking.items()} for limb in limbs]
    by_years = {name: mask & found.open_years for name, mask in case.years_names(TAKEBACK_YEARS).items()}
    return name_missing(together([*by_limb, by_years, measures.missing]), case.index)


def _frame(case: Case, status: NDArray[np.int8], measures: Measures) -> pd.DataFrame:
    begun, later = _tri(case.progress.begun), case.start.later
    counted = (begun == 0) & (_tri(case.scope.inside) == 1) & (later < case.as_of)
    overdue = np.where(counted, (case.as_of - later).astype(np.int64), 0)
    measure = measures.measure.copy()
    measure[(status == NOT_IDLE) | (status == NOT_DUE)] = NONE
    columns = {
        "idle_status": _words(status, STATUSES),
        "idle_cause_class": _words(measures.cause, CLASSES),
        "idle_measure": _words(measure, MEASURES),
        "idle_fee_wan": measures.fee_wan,
        "days_overdue": pd.arrays.IntegerArray(overdue, ~counted),
    }
    return pd.DataFrame(columns, index=case.index)


def _words(positions: NDArray[np.int8], names: tuple[str, ...]) -> ExtensionArray:
    """The names at positions; missing at -1."""
    return pd.array(list(names), dtype="str").take(positions, allow_fill=True)


def _without_law(case: Case) -> IdleVerdict:
    """No pack has the rules, or none is in force on the day: nothing can be said."""
    size = len(case.index)
    nothing = np.full(size, -1, dtype=np.int8)
    none = Measures(nothing, nothing, np.full(size, np.nan), {}, ())
    frame = _frame(case, np.full(size, UNKNOWN, dtype=np.int8), none).assign(
        days_overdue=pd.Series(pd.NA, case.index, dtype="Int64")
    )
    name = case.policy.name_lacking(START_YEARS)
    missing = name_missing({name: np.ones(size, dtype=bool)}, case.index)
    return IdleVerdict(frame, (), missing, case.scope.decisions)

"""What follows from idle land (闲置土地的处置): fee, taking back or consultation, and the amount of the fee.

Fee and taking back attach to land that was not started, by the fault of the enterprise (城市房地产管理法 第二十六条);
never to land on which work stopped. The law names an upper limit (百分之二十以下), so the amount is one as well. Where
the cause is not known, nothing is said: such land is reported, not fined.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.packs.policy import Policy
from mudian.rules.idle_causes import ENTERPRISE, FORCE_MAJEURE, GOV, PRELIM, classify
from mudian.rules.idle_clock import Mask, numbers
from mudian.rules.idle_limbs import TAKEBACK_YEARS, Case, Limb, supplied_by

MEASURES = ("none", "fee", "takeback", "consult")
NONE, FEE, TAKEBACK, CONSULT = range(len(MEASURES))
FEE_RATE, FEE_NOT_FOR = "idle.fee_rate", "idle.fee_not_for"
ONE_YEAR, TWO_YEARS = "idle.measure.one_year", "idle.measure.two_years"
EXCUSED, PRELIMINARY = "idle.measure.excused", "idle.measure.prelim"
STOPPED, LOCAL = "idle.measure.stopped", "idle.measure.local_limb"


@dataclass(frozen=True)
class Found:
    """Which parcels are idle, by status.

    Attributes
    ----------
    open_years
        Idle because work has not started, but for one year or for two is not known.
    by_stop
        Where a stop makes land under work idle, and not only a limb of a local pack.
    """

    one_year: Mask
    two_years: Mask
    open_years: Mask
    stopped: Mask
    by_stop: Mask

    @property
    def not_started(self) -> Mask:
        """Idle for one or for two years because work has not started."""
        return self.one_year | self.two_years

    @property
    def idle(self) -> Mask:
        """Idle at all."""
        return self.not_started | self.stopped


@dataclass(frozen=True)
class Measures:
    """Cause, measure and fee of idle land; missing elsewhere and where they are not known.

    Attributes
    ----------
    cause, measure
        Positions in ``CLASSES`` and ``MEASURES``; -1 where there is none.
    missing
        What is missing to name the measure or the amount, by name.
    """

    cause: NDArray[np.int8]
    measure: NDArray[np.int8]
    fee_wan: NDArray[np.float64]
    missing: dict[str, Mask]
    rules: tuple[Limb, ...]


def find_measures(case: Case, found: Found) -> Measures:
    """What follows for every idle parcel.

    Parameters
    ----------
    case
        Parcels with ``idle_cause``, ``land_price_wan`` and ``supply_mode`` where they are known.
    found
        Which of them are idle.
    """
    cause, no_cause = classify(case.parcels, case.policy, found.idle)
    measure, missing = _measure(case, found, cause)
    missing |= {name: mask & found.not_started for name, mask in no_cause.items()}
    fee, no_fee = _fee(case, found.one_year & (measure == FEE))
    rules = (
        _judge_fee(case, found, measure, fee, missing | no_fee),
        _judge_takeback(case, found, measure, missing),
        _judge_consult(case, measure == CONSULT),
    )
    return Measures(cause, measure, fee, missing | no_fee, tuple(r for r in rules if r is not None))


def _measure(case: Case, found: Found, cause: NDArray[np.int8]) -> tuple[NDArray[np.int8], dict[str, Mask]]:
    """The measure by status and class of the cause, and the values that the policy does not give for it."""
    measure = np.full(len(cause), -1, dtype=np.int8)
    excused = (cause == GOV) | (cause == FORCE_MAJEURE)
    ways = {
        ONE_YEAR: found.one_year & (cause == ENTERPRISE),
        TWO_YEARS: found.two_years & (cause == ENTERPRISE),
        EXCUSED: found.not_started & excused,
        PRELIMINARY: found.not_started & (cause == PRELIM),
        STOPPED: found.stopped & found.by_stop,
        LOCAL: found.stopped & ~found.by_stop,
    }
    lacking: dict[str, Mask] = {}
    for key, where in ways.items():
        if not where.any():
            continue
        measure[where] = way = _way(case.policy, key)
        if way < 0:
            lacking[case.policy.name_lacking(key)] = where
    return measure, lacking


def _way(policy: Policy, key: str) -> int:
    value = policy.find(key)
    return MEASURES.index(value.value) if value is not None and value.value in MEASURES else -1


def _fee(case: Case, due: Mask) -> tuple[NDArray[np.float64], dict[str, Mask]]:
    """The fee at its upper limit where one is due, and what is missing there."""
    if not due.any():
        return np.full(len(due), np.nan), {}
    price = numbers(case.parcels, "land_price_wan")
    leased = due & supplied_by(case.parcels, case.policy, FEE_NOT_FOR)
    priced = due & ~leased & (price > 0)
    rate = case.policy.number(FEE_RATE)
    fee = np.where(priced, price * (np.nan if rate is None else rate), np.nan)
    missing = {"land_price_wan": due & ~leased & ~priced, f"parameter:{FEE_NOT_FOR}": leased}
    return fee, missing | {name: due & mask for name, mask in case.lacking(FEE_RATE).items()}


def _judge_fee(
    case: Case, found: Found, measure: NDArray[np.int8], fee: NDArray[np.float64], missing: Mapping[str, Mask]
) -> Limb | None:
    """Whether a fee is due, for land idle for one to two years; value and limit are the amount in 万元."""
    if "idle.fee" not in case.rules:
        return None
    due = found.one_year & (measure == FEE)
    outcome = _known(case, due, measure).mask(due & np.isnan(fee))
    comparison = ("<=", pd.Series(fee, case.index), "万元")
    return case.judged("idle.fee", outcome, fee, comparison, missing, found.one_year)


def _judge_takeback(case: Case, found: Found, measure: NDArray[np.int8], missing: Mapping[str, Mask]) -> Limb | None:
    """Whether land may be taken back, for land that was not started; the value is the years since the start."""
    if "idle.takeback" not in case.rules:
        return None
    outcome = _known(case, measure == TAKEBACK, measure).mask(found.one_year, False)
    limit = case.policy.number(TAKEBACK_YEARS)
    comparison = (case.operator, np.nan if limit is None else limit, "年")
    open_names = {n: m & found.open_years for n, m in case.years_names(TAKEBACK_YEARS).items()}
    applies = found.not_started | found.open_years
    return case.judged("idle.takeback", outcome, case.elapsed, comparison, {**missing, **open_names}, applies)


def _judge_consult(case: Case, consult: Mask) -> Limb | None:
    """The measure that both sides settle, where it is the one."""
    if "idle.consult" not in case.rules:
        return None
    nothing = np.full(len(consult), np.nan)
    outcome = pd.Series(pd.array(consult, dtype="boolean"), case.index)
    return case.judged("idle.consult", outcome, nothing, ("", np.nan, ""), {}, consult)


def _known(case: Case, outcome: Mask, measure: NDArray[np.int8]) -> pd.Series:
    """An outcome that is unknown where no measure is known."""
    return pd.Series(pd.arrays.BooleanArray(outcome, measure < 0), case.index)

"""How far work on land has come (开发进度): not started, started, stopped, completed, on the day of the run.

A column of starts whose cell is blank says that no start is on record; without the column nothing is known. A blank
start beside floor area, developed area or a stop is a contradiction and counts as unknown. Days after the day of the
run are ignored. Columns of completion and resumption that are not there say that nothing of the kind is on record.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.rules.clock import Days
from mudian.rules.idle_clock import Mask, dates, numbers
from mudian.rules.logic import constant

BUILT = ("developed_m2", "floor_area_m2")


@dataclass(frozen=True)
class Progress:
    """What is known of the work on every parcel.

    Attributes
    ----------
    begun
        Whether work has started or is completed; unknown where the table does not say or contradicts itself.
    completed
        Whether it is completed.
    stop
        Day of a stop that lasts; NaT where there is none on record.
    stop_unknown
        Where the table does not say whether work has stopped, or says that it stopped before it started.
    """

    begun: pd.Series
    completed: Mask
    stop: Days
    stop_unknown: Mask


def find_progress(parcels: pd.DataFrame, as_of: np.datetime64) -> Progress:
    """What is known of the work on every parcel on a day.

    Parameters
    ----------
    parcels
        With ``actual_start``, ``actual_completion``, ``stopped_since``, ``resumed_on``, ``developed_m2`` and
        ``floor_area_m2`` where they are known.
    as_of
        The day.
    """
    started = dates(parcels, "actual_start")
    on_record = started <= as_of
    completed = dates(parcels, "actual_completion") <= as_of
    stopped = dates(parcels, "stopped_since")
    stopped = np.where(stopped <= as_of, stopped, np.datetime64("NaT", "D"))
    resumed = dates(parcels, "resumed_on")
    resumed = np.where(resumed <= as_of, resumed, np.datetime64("NaT", "D"))
    signs = ~np.isnat(stopped) | ~np.isnat(resumed)
    stop = np.where(resumed >= stopped, np.datetime64("NaT", "D"), stopped)
    unknown = (stop < started) & on_record if "stopped_since" in parcels else np.ones(len(parcels), dtype=bool)
    return Progress(_begun(parcels, on_record, completed, signs), completed, stop, unknown)


def _begun(parcels: pd.DataFrame, on_record: Mask, completed: Mask, signs: Mask) -> pd.Series:
    if "actual_start" not in parcels:
        return constant(None, parcels.index).mask(completed, True)
    for column in BUILT:
        signs = signs | (numbers(parcels, column) > 0)
    begun = on_record | completed
    contradicted = signs & ~begun
    return pd.Series(pd.array(begun, dtype="boolean"), parcels.index).mask(contradicted)


def share(parcels: pd.DataFrame, part: str, whole: str) -> tuple[NDArray[np.float64], dict[str, Mask]]:
    """A part of a whole, and which of the two is missing.

    Parameters
    ----------
    part, whole
        Columns. A negative part, and a whole that is zero or negative, are missing.

    Examples
    --------
    >>> frame = pd.DataFrame({"invested_wan": [25.0, 0.0, 5.0], "total_investment_wan": [100.0, 100.0, 0.0]})
    >>> share(frame, "invested_wan", "total_investment_wan")[0].tolist()
    [0.25, 0.0, nan]
    """
    top, base = numbers(parcels, part), numbers(parcels, whole)
    no_top, no_base = ~(top >= 0), ~(base > 0)
    value = np.divide(top, base, out=np.full(len(parcels), np.nan), where=~(no_top | no_base))
    return value, {part: no_top, whole: no_base}

"""Growth from one period to another, of the same number of months: against the same months a year earlier (同比), and
for parts of a year also against the part before (环比).

A rate stands only on a positive base. A missing base is not zero, a base of zero or below has no rate, and a part of a
year is never held against a year. The sum over a parcel or zone has a rate only when the same enterprises stand on
both sides; where they do not, a second row compares those that do (``scope`` = ``matched``, 可比口径). An enterprise
founded after the base period is missing from it for a reason, and does not disturb the sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.measure import PER_MU
from mudian.periods.chunks import Chunks
from mudian.periods.cube import Cube, Floats, Level, Mask
from mudian.periods.parts import Kind
from mudian.periods.spans import Period
from mudian.schemas import MONEY

Codes = NDArray[np.int64]
COLUMNS = (
    "level", "id", "scope", "measure", "period", "base_period", "value", "base", "growth", "status", "missing",
)  # fmt: skip
HISTORY = ("level", "id", "period", "measure", "value", "word", "basis", "incomplete")
STATUS = (
    "known", "annualised", "value_missing", "base_missing", "base_zero", "base_negative", "part_year", "new",
    "coverage",
)  # fmt: skip
_LAND = len(STATUS)  # the place of land among what is lacking, behind the states
_CODE = {name: n for n, name in enumerate(STATUS)}
BASIS = ("given", "summed")
_PER_MU_OF = {money: name for name, money in PER_MU.items()}


@dataclass(frozen=True)
class Pair:
    """A period, its base, and what stands in for the base where that is not given."""

    period: Period
    base: Period
    instead: tuple[Period, ...] = ()


def pairs(cube: Cube, evaluated: Period, given: Sequence[Period]) -> list[Pair]:
    """Which periods are compared: every one with a base that is known, and the evaluated one in any case.

    Nothing is compared where there is one period only.
    """
    if len(cube.periods) == 1:
        return []
    found = []
    for period in sorted({*given, evaluated}):
        bases = [period.year_before()] if period.is_year else [period.year_before(), period.before()]
        for n, base in enumerate(bases):
            if base in cube.periods or (n == 0 and period == evaluated):
                found.append(Pair(period, base, _instead(cube, base)))
    return found


def _instead(cube: Cube, base: Period) -> tuple[Period, ...]:
    """Periods of another length that lie within a base or around it, the longest first."""
    near = [p for p in cube.periods if p.months != base.months and (p.covers(base) or base.covers(p))]
    return tuple(sorted(near, key=lambda p: (-p.months, p.start)))


def history(cube: Cube, levels: Sequence[Level]) -> pd.DataFrame:
    """The figures of every level and period, one a row; what is not known has no row.

    Returns
    -------
    DataFrame
        ``level``, ``id``, ``period``, ``measure``, ``value``, ``basis`` (``given``, or ``summed`` where some part was
        made of shorter periods) and ``incomplete`` (some enterprise has no figure).
    """
    found = Chunks(HISTORY)
    for level in levels:
        for period in cube.periods:
            for measure in _shown(cube, level):
                _figures(cube, level, period, measure, found)
    return found.frame()


def _shown(cube: Cube, level: Level) -> list[str]:
    """Parcels have their money only: a table of all their quantities would be longer than anyone reads."""
    return [m for m in cube.values if level.name != "parcel" or m in MONEY]


def _figures(cube: Cube, level: Level, period: Period, measure: str, found: Chunks) -> None:
    values = cube.at(measure, period)
    known, summed = ~np.isnan(values), cube.summed[:, cube.periods.index(period)]
    lacking = ~known & ~cube.not_yet(period)
    basis = level.any((summed & known)[level.enterprise]).astype(np.int64)
    incomplete = level.any(lacking[level.enterprise])
    for name, figures in _with_per_mu(measure, level.total(values), level).items():
        at = np.flatnonzero(~np.isnan(figures))
        found.add(
            level, at, words={"period": str(period), "measure": name}, coded={"basis": (basis[at], BASIS)},
            arrays={"value": figures[at], "incomplete": incomplete[at]},
        )  # fmt: skip


def _with_per_mu(measure: str, total: Floats, level: Level) -> dict[str, Floats]:
    if measure not in _PER_MU_OF:
        return {measure: total}
    mu = np.where(level.land_mu > 0, level.land_mu, np.nan)
    return {measure: total, _PER_MU_OF[measure]: total / mu}


def growth(
    cube: Cube, levels: Sequence[Level], compared: Sequence[Pair], *, kind: dict[str, Kind], annualise: bool = False
) -> pd.DataFrame:
    """Growth of every measure, level and pair of periods.

    Parameters
    ----------
    cube, levels
        Figures, and what they are summed over.
    compared
        Which periods are compared.
    kind
        How measures behave over time.
    annualise
        Where a base is given for another number of months only, bring flows to the months of the period and compare.

    Returns
    -------
    DataFrame
        ``level``, ``id``, ``scope`` (``all`` or ``matched``), ``measure``, ``period``, ``base_period``, ``value``,
        ``base``, ``growth`` (0.1 = 10 %), ``status`` (``known``, ``annualised``, ``value_missing``, ``base_missing``,
        ``base_zero``, ``base_negative``, ``part_year``, ``new``, ``coverage``) and ``missing``.
    """
    found = Chunks(COLUMNS)
    for pair in compared:
        for measure in cube.values:
            sides = _sides(cube, pair, measure, kind[measure] == "flow" and annualise)
            for level in levels:
                if measure in _shown(cube, level):
                    _compare(sides, level, pair, measure, found)
    return found.frame()


@dataclass(frozen=True)
class _Sides:
    """Both sides of a comparison, per enterprise."""

    value: Floats
    base: Floats
    scaled: Mask  # the base was brought to the months of the period
    other: Mask  # only a period of another length is given
    new: Mask  # founded after the base period


def _sides(cube: Cube, pair: Pair, measure: str, annualise: bool) -> _Sides:
    value, base = cube.at(measure, pair.period), cube.at(measure, pair.base).copy()
    other, scaled = np.zeros(len(base), bool), np.zeros(len(base), bool)
    for period in pair.instead:
        found = cube.at(measure, period)
        open_ = np.isnan(base) & ~np.isnan(found)
        other |= open_
        if annualise:
            base = np.where(open_, found * (pair.period.months / period.months), base)
            scaled |= open_
    return _Sides(value, base, scaled, other & ~scaled, cube.not_yet(pair.base) & np.isnan(base))


def _compare(sides: _Sides, level: Level, pair: Pair, measure: str, found: Chunks) -> None:
    at = level.enterprise
    value, base = level.total(sides.value), level.total(sides.base)
    now, then = ~np.isnan(sides.value[at]), ~np.isnan(sides.base[at])
    new = sides.new[at]
    without_base, without_value = level.any(now & ~then & ~new), level.any(then & ~now)
    coverage = (without_base | without_value) & level.any(now) & level.any(then)
    status = np.select(
        [np.isnan(value), coverage, np.isnan(base) & level.any(sides.other[at]), np.isnan(base) & level.any(new & now),
         np.isnan(base), base == 0, base < 0, level.any(sides.scaled[at])],
        [_CODE[s] for s in ("value_missing", "coverage", "part_year", "new", "base_missing", "base_zero",
                            "base_negative", "annualised")],
        _CODE["known"],
    )  # fmt: skip
    side = without_base.astype(np.int64) + 2 * without_value
    lacks = np.where(status == _CODE["coverage"], _LAND + side, status)
    _rows(level, pair, measure, "all", (value, base, status, lacks), found)
    if coverage.any() and level.name != "enterprise":
        both = ~np.isnan(sides.value) & ~np.isnan(sides.base)
        value, base = (np.where(coverage, level.total(v, both), np.nan) for v in (sides.value, sides.base))
        status = np.select(
            [base == 0, base < 0, level.any(sides.scaled[at])],
            [_CODE[s] for s in ("base_zero", "base_negative", "annualised")],
            _CODE["known"],
        )
        _rows(level, pair, measure, "matched", (value, base, status, status), found)


def _rows(
    level: Level, pair: Pair, measure: str, scope: str, sides: tuple[Floats, Floats, Codes, Codes], found: Chunks
) -> None:
    """Rows of a comparison, for the money and for the figure per mu; subjects without either side have none.

    Money of some enterprises over the land of all would be no figure per mu: matched rows have money only.
    """
    value, base, status, lacks = sides
    at = np.flatnonzero(~np.isnan(value) | ~np.isnan(base))
    rated = np.isin(status, [_CODE["known"], _CODE["annualised"]])
    rate = np.divide(value, base, out=np.full(len(value), np.nan), where=rated) - 1
    words = {"scope": scope, "period": str(pair.period), "base_period": str(pair.base)}
    mine_by, its_by = (_with_per_mu(measure, v, level) if scope == "all" else {measure: v} for v in (value, base))
    for (name, mine), its in zip(mine_by.items(), its_by.values(), strict=True):
        landless = np.isnan(mine) & np.isnan(its)
        state = np.where(landless, _CODE["value_missing"], status)
        names = np.where(landless, _LAND, lacks)
        found.add(
            level, at, words=words | {"measure": name},
            arrays={"value": mine[at], "base": its[at], "growth": np.where(landless, np.nan, rate)[at]},
            coded={"status": (state[at], STATUS), "missing": (names[at], _missing(measure, pair))},
        )  # fmt: skip


def _missing(measure: str, pair: Pair) -> list[str]:
    """What a rate of each state lacks; then land, and the base, the value or both of some enterprises."""
    now, then = f"{measure}@{pair.period}", f"{measure}@{pair.base}"
    names = {"value_missing": now, "base_missing": then, "part_year": then}
    return [*(names.get(s, "") for s in STATUS), "land_mu", then, now, f"{now};{then}"]

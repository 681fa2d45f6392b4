"""Grades (评价结果): one row per enterprise, and the findings they rest on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.findings import join
from mudian.rules.grading.lookup import Mask, in_order
from mudian.rules.grading.population import NONE, Members
from mudian.rules.grading.run import Run
from mudian.rules.logic import Judged, compare, join_missing, name_missing
from parcels.catalog import CATALOG, Lang

POINTS = "分"
_PERCENT = "%"
_ITEM = "item_"


@dataclass(frozen=True)
class Part:
    """A method's run, with the rows it was over and how its document is cited."""

    name: str
    rows: NDArray[np.int64]
    run: Run
    clause: str


@dataclass(frozen=True)
class _Sides:
    """The two sides of a comparison."""

    value: pd.Series
    operator: str
    threshold: pd.Series
    unit: str


@dataclass(frozen=True)
class Grades:
    """The grades of enterprises. Made by :func:`mudian.rules.grading.grade.grade`.

    Attributes
    ----------
    frame
        One row per enterprise, with its index: ``method``, ``group``, ``score`` and ``score_unit``, ``adjusted``
        (points added and taken off), ``item_<metric>`` (points of each indicator), ``rank``, ``rank_share``, ``grade``,
        ``grade_by_rank`` (before veto and protection), ``treated_as`` (the grade whose measures apply), ``next_grade``,
        ``next_grade_gap`` (points, or the unit of the indicator where the rank alone counts), ``reasons`` and
        ``missing``.
    quotas
        One row per method and group: ``population`` (N), ``ranked``, ``unscored`` and the number in every grade.
    judged
        The comparisons behind the grades.
    left_out
        Optional values that are unset and columns that are not given: their step was left out.
    """

    frame: pd.DataFrame
    quotas: pd.DataFrame
    judged: tuple[Judged, ...] = field(repr=False, default=())
    left_out: tuple[str, ...] = ()

    def findings(self, ids: pd.Series) -> pd.DataFrame:
        """Rows of the findings table.

        Parameters
        ----------
        ids
            Key of every enterprise, in the order of the frame.
        """
        keys = ids.astype("category")
        return join([j.findings("enterprise", keys) for j in self.judged])


def say(reasons: str, lang: Lang) -> str:
    """The reasons beside a grade in words.

    Parameters
    ----------
    reasons
        Codes joined by ``;``, as in the column ``reasons``.
    lang
        ``zh`` or ``en``.

    Examples
    --------
    >>> say("veto;tie", "en").splitlines()[0]
    'a veto limits the grade'
    """
    return "\n".join(CATALOG.ledger["grade-" + code].render(lang) for code in reasons.split(";") if code)


def assemble(index: pd.Index, members: Members, parts: Sequence[Part]) -> Grades:
    """Put the runs of all methods together in the order of the enterprises.

    Parameters
    ----------
    index
        Index of the enterprises.
    members
        The method of every enterprise.
    parts
        The runs.
    """
    frame = pd.DataFrame(_columns(len(index), members, parts), index=index)
    judged = [j for p in parts for j in _judged(p, index)]
    judged += [_undecided(members, index)] if members.open.any() else []
    left_out = sorted({name for p in parts for name in p.run.lookup.left_out})
    return Grades(frame, _quotas(parts), tuple(judged), tuple(left_out))


def _columns(size: int, members: Members, parts: Sequence[Part]) -> dict[str, object]:
    def numbers(of: Callable[[Run], NDArray[np.float64]]) -> NDArray[np.float64]:
        return _scatter(size, parts, of)

    def words(of: Callable[[Part], NDArray[np.object_]]) -> pd.Series:
        return _words(size, parts, of)

    rank = numbers(lambda r: np.where(r.ranking.first > 0, r.ranking.first, np.nan))
    return {
        "method": words(lambda p: np.full(len(p.rows), p.name, object)).array,
        "group": words(_groups).array,
        "score": numbers(lambda r: r.score),
        "score_unit": words(lambda p: np.full(len(p.rows), _unit(p.run), object)).array,
        "adjusted": numbers(lambda r: r.adjusted),
        **_items(size, parts),
        "rank": pd.Series(rank).astype("Int64").array,
        "rank_share": numbers(_share),
        "grade_by_rank": words(lambda p: _labels(p.run, p.run.ranking.code)).array,
        "grade": words(_grade).array,
        "treated_as": words(_treated).array,
        "next_grade": words(lambda p: _labels(p.run, p.run.target)).array,
        "next_grade_gap": numbers(lambda r: r.gap),
        "reasons": in_order(_reasons(size, members, parts)).astype("str").array,
        "missing": in_order(_missing(size, members, parts)).astype("str").array,
    }


def _scatter(size: int, parts: Sequence[Part], of: Callable[[Run], NDArray[np.float64]]) -> NDArray[np.float64]:
    result = np.full(size, np.nan)
    for part in parts:
        result[part.rows] = of(part.run)
    return result


def _words(size: int, parts: Sequence[Part], of: Callable[[Part], NDArray[np.object_]]) -> pd.Series:
    result = np.full(size, None, object)
    for part in parts:
        result[part.rows] = of(part)
    return pd.Series(result, dtype="str")


def _items(size: int, parts: Sequence[Part]) -> dict[str, NDArray[np.float64]]:
    result: dict[str, NDArray[np.float64]] = {}
    for part in parts:
        for item in part.run.items:
            if part.run.lookup.method.kernel != "rank_only":
                whole = result.setdefault(_ITEM + item.metric, np.full(size, np.nan))
                whole[part.rows] = item.points
    return result


def _share(run: Run) -> NDArray[np.float64]:
    first, of = run.ranking.first, run.ranking.population
    return np.where(first > 0, first / np.where(of > 0, of, 1), np.nan)


def _labels(run: Run, codes: NDArray[np.int64]) -> NDArray[np.object_]:
    return np.array([*run.lookup.method.grades, None], object)[codes]


def _grade(part: Part) -> NDArray[np.object_]:
    special = np.array([*(e.grade for e in part.run.lookup.method.exempt), None], object)[part.run.outside.code]
    return np.where(part.run.outside.code == NONE, _labels(part.run, part.run.code), special)


def _treated(part: Part) -> NDArray[np.object_]:
    exempt = part.run.lookup.method.exempt
    special = np.array([*(e.treat_as or None for e in exempt), None], object)[part.run.outside.code]
    return np.where(part.run.outside.code == NONE, _labels(part.run, part.run.code), special)


def _groups(part: Part) -> NDArray[np.object_]:
    names, code = part.run.groups.names, part.run.groups.code
    return np.array([*names, None], object)[np.where(np.isnan(code), NONE, code).astype(np.int64)]


def _unit(run: Run) -> str:
    return run.lookup.method.indicators[0].unit if run.lookup.method.kernel == "rank_only" else POINTS


def _spread(size: int, part: Part, names: pd.Series, index: pd.Index) -> tuple[Mask, pd.Series]:
    """Names of a part's rows as a column over all rows."""
    codes = np.full(size, NONE)
    codes[part.rows] = names.cat.codes.to_numpy()
    inside = np.zeros(size, bool)
    inside[part.rows] = True
    return inside, pd.Series(pd.Categorical.from_codes(codes, names.cat.categories), index)


def _reasons(size: int, members: Members, parts: Sequence[Part]) -> pd.Series:
    index = members.missing.index
    away = (members.code == NONE) & ~members.open
    own = [_spread(size, p, p.run.reasons, index) for p in parts]
    return join_missing([(away, name_missing({"outside": away}, index)), *own], index)


def _missing(size: int, members: Members, parts: Sequence[Part]) -> pd.Series:
    index = members.missing.index
    return join_missing(
        [(members.open, members.missing), *[_spread(size, p, p.run.missing, index) for p in parts]], index
    )


def _quotas(parts: Sequence[Part]) -> pd.DataFrame:
    rows = []
    for part in parts:
        run, labels = part.run, _grade(part)
        grades = (*run.lookup.method.grades, *(e.grade for e in run.lookup.method.exempt))
        everybody = run.groups.rows(np.ones(len(part.rows), bool))
        for quota, here in zip(run.ranking.quotas, everybody, strict=True):
            counts = {g: int((labels[here] == g).sum()) for g in grades}
            unscored = int(((run.outside.code[here] == NONE) & (run.ranking.first[here] == 0)).sum())
            head = {"method": part.name, "group": quota["group"], "population": quota["population"]}
            rows.append({**head, "ranked": quota["ranked"], "unscored": unscored, **counts})
    return pd.DataFrame(rows)


def _judged(part: Part, index: pd.Index) -> list[Judged]:
    """The comparisons of one method over all enterprises: share of the rank, score, indicators, limits."""
    run = part.run
    share = pd.Series(_share(run) * 100, dtype=float)
    graded = run.outside.code == NONE
    known = _flags(np.ones(len(part.rows), bool), run.code < 0)
    limit = pd.Series(run.ranking.limit * 100)
    made = [_one(part, "", known, _Sides(share, "<=", limit, _PERCENT), run.missing, graded)]
    reaches = run.score + np.where(_lower(run), -run.gap, run.gap)
    operator = "<=" if _lower(run) else ">="
    outcome = compare(pd.Series(run.score), operator, pd.Series(reaches))
    sides = _Sides(pd.Series(run.score), operator, pd.Series(reaches), _unit(run))
    made.append(_one(part, "/score", outcome, sides, None, ~np.isnan(run.gap)))
    made += [] if run.lookup.method.kernel == "rank_only" else [_item(part, n) for n in range(len(run.items))]
    made += _limits(part)
    return [_whole(j, part, index) for j in made]


def _lower(run: Run) -> bool:
    return run.lookup.method.kernel == "rank_only" and run.lookup.method.indicators[0].direction == "lower"


def _item(part: Part, number: int) -> Judged:
    item = part.run.items[number]
    kernel = part.run.lookup.method.kernel_of(item.indicator)
    operator = "<=" if kernel in ("minmax", "inverse_mean") else ">="
    value, reference = pd.Series(item.value), pd.Series(item.reference)
    outcome = compare(value, operator, reference)
    names = name_missing(item.missing or {item.metric: np.isnan(item.value)}, value.index)
    return _one(part, f"/{item.metric}", outcome, _Sides(value, operator, reference, item.indicator.unit), names)


def _limits(part: Part) -> list[Judged]:
    method, run = part.run.lookup.method, part.run
    nothing = pd.Series(np.full(len(part.rows), np.nan))
    sides = _Sides(nothing, "any", nothing, "")
    made = [
        _one(part, f"/{name}", held.outcome, sides, held.missing)
        for name, given, held in (("veto", method.veto, run.veto), ("protection", method.protection, run.protected))
        if given is not None
    ]
    for n, exempt in enumerate(method.exempt):
        inside = _flags(run.outside.code == n, run.outside.open)
        made.append(_one(part, f"/{exempt.grade}", inside, sides, run.outside.missing))
    return made


def _one(
    part: Part, suffix: str, outcome: pd.Series, sides: _Sides, missing: pd.Series | None, applies: Mask | None = None
) -> Judged:
    names = name_missing({}, outcome.index) if missing is None else missing
    names = in_order(join_missing([(outcome.isna().to_numpy(bool), names)], outcome.index))
    held = np.ones(len(part.rows), bool) if applies is None else applies
    return Judged(
        part.name + suffix, outcome, sides.value, sides.operator, sides.threshold, sides.unit, part.clause, names,
        _flags(held, np.zeros(len(part.rows), bool)),
    )  # fmt: skip


def _flags(value: Mask, unknown: Mask, index: pd.Index | None = None) -> pd.Series:
    return pd.Series(pd.arrays.BooleanArray(value.astype(bool), unknown.astype(bool)), index)


def _whole(judged: Judged, part: Part, index: pd.Index) -> Judged:
    """A comparison over a part's rows as one over all enterprises; it does not apply to the others."""
    size = len(index)

    def floats(column: float | pd.Series) -> pd.Series:
        result = np.full(size, np.nan)
        result[part.rows] = column
        return pd.Series(result, index)

    def flags(column: pd.Series, unknown: bool) -> pd.Series:
        value, open_ = np.zeros(size, bool), np.full(size, unknown)
        value[part.rows], open_[part.rows] = column.fillna(False).to_numpy(bool), column.isna().to_numpy(bool)
        return _flags(value, open_, index)

    _, missing = _spread(size, part, judged.missing, index)
    return Judged(
        judged.rule_id, flags(judged.outcome, True), floats(judged.value), judged.operator, floats(judged.threshold),
        judged.unit, judged.clause, missing, flags(judged.applies, False),
    )  # fmt: skip


def _undecided(members: Members, index: pd.Index) -> Judged:
    """Enterprises of which it is not known whether a method applies."""
    nothing = pd.Series(np.nan, index)
    everywhere, nowhere = np.ones(len(index), bool), np.zeros(len(index), bool)
    unknown, applies = _flags(nowhere, everywhere, index), _flags(members.open, nowhere, index)
    missing = pd.Series(in_order(members.missing).array, index)
    return Judged("grade", unknown, nothing, "", np.nan, "", "", missing, applies)

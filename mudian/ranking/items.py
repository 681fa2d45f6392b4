"""Evaluations of zones by items (指标体系): where they stand in a table, their ranks, and a score by given weights.

The weights and the way of scoring of the provincial evaluations are not printed in any text seen: both are given by the
user, and without them there are ranks item by item and no score. The items stand in policy packs.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from mudian.errors import UsageError
from mudian.measure import ratio as ratio_of
from mudian.packs.catalog import find_pack
from mudian.packs.policy import Policy
from mudian.ranking.figures import ranks, significant
from mudian.rules.grading.kernels import minmax, ratio
from mudian.rules.logic import name_missing
from parcels.fields import Field, Schema
from parcels.units import fold

Kernel = Literal["ratio_to_best", "minmax", "rank"]
MissingItems = Literal["unknown", "zero", "reweigh"]
_WHOLE = 100.0


@dataclass(frozen=True)
class Item:
    """One item: its number, names, the column it is found in, and the keys of the item and its weight in the pack."""

    number: str
    zh: str
    en: str
    column: str
    key: str
    weight: str
    group: str
    cite: str


@dataclass(frozen=True)
class ItemList:
    """The items of an evaluation."""

    id: str
    zh: str
    en: str
    source: str
    items: tuple[Item, ...]
    aliases: Mapping[str, tuple[str, ...]]

    def fields(self) -> Schema:
        """The items that are read from a table, as fields."""
        return Schema(
            Field(i.column, i.column, "number", i.zh, i.en, (i.zh, i.en, i.key, *self.aliases.get(i.number, ())))
            for i in self.items
            if i.column.startswith("item_")
        )


@cache
def _known() -> dict[str, dict[str, Any]]:
    return tomllib.loads((files("mudian") / "data" / "zone_indicators.toml").read_text(encoding="utf-8"))


def item_list(name: str) -> ItemList:
    """The items of an evaluation that is known.

    Raises
    ------
    UsageError
        When it is not.

    Examples
    --------
    >>> shandong = item_list("shandong2021")
    >>> len(shandong.items), shandong.items[11].zh, shandong.items[0].column
    (13, '产业集聚度', 'tax_per_mu')
    """
    raw = _known().get(name)
    if raw is None:
        raise UsageError("ranking-option", option="--items", value=name, expected=", ".join(_known()))
    policy = Policy(raw["as_of"], (find_pack(raw["pack"]),))
    made = [_item(key, raw, policy) for key in policy.packs[0].values if key.startswith(raw["items"])]
    aliases = {number: tuple(names) for number, names in raw["aliases"].items()}
    return ItemList(name, raw["zh"], raw["en"], raw["source"], tuple(made), aliases)


def _item(key: str, raw: Mapping[str, Any], policy: Policy) -> Item:
    number = key.removeprefix(raw["items"])
    value, found = policy.packs[0].values[key], policy.find(key)
    column = raw["figures"].get(number, f"item_{number}")
    group = str(found.items[0]) if found else ""
    return Item(
        number, value.zh, value.en, column, key, f"{raw['weights']}{number}", group, found.cite if found else ""
    )


def read_weights(file: str | Path) -> dict[str, float]:
    """Weights from a TOML file: a key of a pack, the number or the name of an item, and its weight.

    Raises
    ------
    UsageError
        When the file is no TOML or a weight is no number.
    """
    try:
        raw = tomllib.loads(Path(file).read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError("ranking-option", option="--weights", value=file, expected=str(error)) from error
    flat = _flat(raw)
    for key, value in flat.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value) or value < 0:
            raise UsageError("ranking-option", option="--weights", value=f"{key} = {value!r}", expected="0 …")
    return {k: float(v) for k, v in flat.items()}  # type: ignore[arg-type]


def _flat(table: Mapping[str, object], head: str = "") -> dict[str, object]:
    made: dict[str, object] = {}
    for key, value in table.items():
        name = f"{head}{key}"
        made |= _flat(value, f"{name}.") if isinstance(value, dict) else {name: value}
    return made


def weights_of(items: ItemList, given: Mapping[str, float]) -> dict[str, float]:
    """The weight of every item that has one, by its column.

    Raises
    ------
    UsageError
        When a weight names no item.
    """
    names = {fold(n): i for i in items.items for n in (i.weight, i.key, i.number, i.number.lstrip("0"), i.zh, i.en)}
    made: dict[str, float] = {}
    for key, value in given.items():
        item = names.get(fold(key))
        if item is None:
            raise UsageError(
                "ranking-option", option="--weights", value=key, expected=", ".join(i.weight for i in items.items)
            )
        made[item.column] = float(value)
    return made


def rank_items(zones: pd.DataFrame, items: ItemList) -> pd.DataFrame:
    """Every item of every zone with its rank inside the year.

    Returns
    -------
    DataFrame
        ``zone_name``, ``year``, the columns of the items and ``rank_<column>``; an item that the table does not have is
        empty.
    """
    columns = [i.column for i in items.items]
    made = {c: pd.to_numeric(zones[c], errors="coerce").astype(float) if c in zones else np.nan for c in columns}
    return ranks(zones[["zone_name", "year"]].assign(**made), columns)


def score(
    ranked: pd.DataFrame,
    items: ItemList,
    *,
    weights: Mapping[str, float],
    kernel: Kernel | None,
    missing: MissingItems = "unknown",
) -> tuple[pd.DataFrame, list[str]]:
    """The ranked items with ``score``, ``rank_score`` and ``score_missing``.

    Parameters
    ----------
    ranked
        From :func:`rank_items`.
    items
        The evaluation.
    weights
        Points of an item at its best, by column; every item needs one.
    kernel
        ``ratio_to_best`` (value over the best value), ``minmax`` (place between least and best value) or ``rank``
        (share of the zones that are not better). None: there is no score.
    missing
        What a zone without an item gets: no score (``unknown``), no points for it (``zero``), or the points of the
        others on the whole of the weights (``reweigh``).

    Returns
    -------
    DataFrame, list
        And the names of items that give no points because no value is above 0 or all are equal.
    """
    lacking = [i.weight for i in items.items if i.column not in weights]
    none = pd.Series(np.nan, ranked.index)
    if lacking or kernel is None:
        names = [*(f"parameter:{k}" for k in lacking), *(["kernel"] if kernel is None else [])]
        made = ranked.assign(score=none, rank_score=none.astype("Int64"), score_missing=";".join(names))
        return made, []
    points = pd.DataFrame({i.column: _points(ranked, i.column, weights[i.column], kernel) for i in items.items})
    flat = [i.zh for i in items.items if points[i.column].isna().all() and ranked[i.column].notna().any()]
    absent = name_missing({i.column: points[i.column].isna().to_numpy(bool) for i in items.items}, ranked.index)
    result = points.sum(axis=1, min_count=1)
    if missing == "unknown":
        result = result.where(points.notna().all(axis=1))
    elif missing == "reweigh":
        points_each = np.array([weights[i.column] for i in items.items])
        known = pd.Series(points.notna().to_numpy(float) @ points_each, ranked.index)
        result = ratio_of(result, known) * float(points_each.sum())
    scored = ranks(ranked.assign(score=result), ["score"])
    return scored.assign(score_missing=absent), flat


def _points(ranked: pd.DataFrame, column: str, weight: float, kernel: Kernel) -> pd.Series:
    year = ranked["year"].fillna(-1)
    parts = [_KERNELS[kernel](part[column], weight) for _, part in ranked.groupby(year)]
    joined: pd.Series = pd.concat(parts)
    return joined.reindex(ranked.index)


def _ratio_to_best(values: pd.Series, weight: float) -> pd.Series:
    best = values.max()
    if not best > 0:
        return values * np.nan
    return pd.Series(ratio(values, float(best), weight), values.index)


def _minmax(values: pd.Series, weight: float) -> pd.Series:
    return pd.Series(minmax(values, values.min(), values.max(), weight, base=0.0, span=_WHOLE), values.index)


def _by_rank(values: pd.Series, weight: float) -> pd.Series:
    """Weight times the share of the zones that are not better, the zone itself among them."""
    known = significant(values)
    return (known.notna().sum() - known.rank(method="min", ascending=False) + 1) / known.notna().sum() * weight


_KERNELS: dict[str, Callable[[pd.Series, float], pd.Series]] = {
    "ratio_to_best": _ratio_to_best,
    "minmax": _minmax,
    "rank": _by_rank,
}
KERNELS = tuple(_KERNELS)
MISSING: tuple[MissingItems, ...] = ("unknown", "zero", "reweigh")

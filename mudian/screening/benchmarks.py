"""Benchmarks (基准): what land of a zone could yield, by scenario.

A zone's mean is the ratio of sums of the run. The top quartile is weighted by area: a quarter of the land with a known
figure lies at or above it. A floor of the packs counts where a rule in force surely applies to the parcel; where it may
apply and the data do not say, the floor is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.measure import ratio
from mudian.packs.policy import Active, Policy
from mudian.rules.conditions import judge
from mudian.rules.logic import name_missing
from mudian.screening.reasons import Firms
from mudian.screening.words import choices
from mudian.settings import ScreeningSettings

Floats = NDArray[np.float64]
_FLOOR_OF = ("entry", "standard_land")
_OWN_OF = ("conform",)
_TAX = ("tax_per_mu", "committed_tax_per_mu")
_AT_LEAST = (">=", ">")


@dataclass(frozen=True)
class Floor:
    """The least tax per mu that the packs ask of each parcel.

    Attributes
    ----------
    value
        万元/亩, under the index of the parcels; missing where unknown.
    clause
        What it rests on.
    missing
        Why it is unknown, joined by ``;``.
    """

    value: pd.Series
    clause: pd.Series
    missing: pd.Series


def current_tax(parcels: pd.DataFrame, firms: Firms) -> tuple[pd.Series, pd.Series]:
    """The tax that each parcel pays now, and on what that rests.

    Known where all its enterprises have a figure; zero where a supplied parcel is suspected idle and no enterprise is
    linked to it; unknown otherwise.

    Returns
    -------
    Series, Series
        Tax (万元), and ``given``, ``idle_zero`` or missing.
    """
    states = choices()["states"]
    tax = parcels["tax_wan"].astype(float) if "tax_wan" in parcels else pd.Series(np.nan, parcels.index)
    if "tax_wan_incomplete" in parcels:
        tax = tax.mask(parcels["tax_wan_incomplete"].fillna(True).to_numpy(bool))
    supplied = pd.Series(True, parcels.index)
    if "supply_status" in parcels:
        supplied = (parcels["supply_status"] == states["supplied"]).fillna(False)
    idle = parcels["idle_status"].isin(states["idle"]) if "idle_status" in parcels else ~supplied
    empty = (supplied & idle).to_numpy(bool) & (firms.linked == 0) & tax.isna().to_numpy(bool)
    basis = pd.Series(pd.NA, parcels.index, dtype="str").mask(tax.notna().to_numpy(bool), "given")
    return tax.mask(empty, 0.0), basis.mask(empty, "idle_zero")


def benchmark_table(
    parcels: pd.DataFrame, zones: pd.DataFrame, tax: pd.Series, floor: Floor, settings: ScreeningSettings
) -> pd.DataFrame:
    """The benchmark of every parcel in every scenario.

    Parameters
    ----------
    parcels
        With ``zone_id``, ``area_mu`` and ``supply_status``.
    zones
        With ``zone_id`` and ``tax_per_mu``.
    tax
        Known tax (万元) of each parcel.
    floor
        From :func:`pack_floor` or :func:`no_floor`.
    settings
        Scenarios and the user's own figure.

    Returns
    -------
    DataFrame
        ``benchmark_<scenario>`` (万元/亩), under the index of the parcels; missing where unknown.
    """
    zone = parcels["zone_id"].astype("str")
    made: dict[str, pd.Series] = {}
    for name in settings.shown:
        if name == "own":
            made[name] = pd.Series(float(settings.benchmark_tax_per_mu or np.nan), parcels.index)
        elif name == "standard_floor":
            made[name] = floor.value
        else:
            by_zone = _means(zones) if name == "zone_mean" else top_quartiles(parcels, tax)
            made[name] = zone.map(by_zone).astype(float)
    return pd.DataFrame({f"benchmark_{n}": v for n, v in made.items()}, index=parcels.index)


def _means(zones: pd.DataFrame) -> Mapping[str, float]:
    """Tax per mu by zone."""
    if "tax_per_mu" not in zones:
        return {}
    known = zones.drop_duplicates("zone_id")
    return dict(zip(known["zone_id"].astype("str"), known["tax_per_mu"].astype(float), strict=True))


def top_quartiles(parcels: pd.DataFrame, tax: pd.Series) -> Mapping[str, float]:
    """For each zone the tax per mu at which its best parcels make up a quarter of the land with a known figure.

    Parameters
    ----------
    parcels
        With ``zone_id``, ``area_mu`` and, where known, ``supply_status``.
    tax
        Tax (万元); missing parcels do not count.

    Examples
    --------
    >>> land = pd.DataFrame({"zone_id": ["Z"] * 4, "area_mu": [10.0, 10.0, 10.0, 10.0]})
    >>> top_quartiles(land, pd.Series([400.0, 300.0, 200.0, 100.0]))
    {'Z': 40.0}
    """
    limits = choices()["limits"]
    level = ratio(tax, parcels["area_mu"])
    known = level.notna() & parcels["zone_id"].notna()
    if "supply_status" in parcels:
        known &= (parcels["supply_status"] == choices()["states"]["supplied"]).fillna(False)
    table = pd.DataFrame({"zone": parcels["zone_id"].astype("str"), "mu": parcels["area_mu"], "level": level})
    table = table[known.to_numpy(bool)].sort_values(["zone", "level"], ascending=[True, False], kind="stable")
    group = table.groupby("zone", sort=True)
    share = group["mu"].cumsum() / group["mu"].transform("sum")
    reached = table[(share >= limits["top_share"] * (1 - 1e-9)).to_numpy(bool)]
    found = reached.groupby("zone", sort=True)["level"].first()
    enough = group.size() >= limits["min_known_parcels"]
    return {str(z): float(v) for z, v in found[enough.reindex(found.index).to_numpy(bool)].items()}


def no_floor(index: pd.Index, why: str) -> Floor:
    """No floor is known, for one reason."""
    return Floor(
        pd.Series(np.nan, index), pd.Series("", index, dtype="str"), pd.Series(why, index, dtype="str")
    )  # fmt: skip


def pack_floor(parcels: pd.DataFrame, zones: pd.DataFrame, firms: Firms, policy: Policy) -> Floor:
    """The least tax per mu that rules of the packs in force ask of a project on each parcel.

    Parameters
    ----------
    parcels, zones, firms
        Where the columns come from that the rules read; what all enterprises of a parcel have in common counts for it.
    policy
        The packs on the day.

    Returns
    -------
    Floor
        Of several rules that apply, the highest; without any, the parcel's own commitment.
    """
    frame = _frame(parcels, zones, firms, policy)
    value, clause, unsure = _highest(_floors(policy, _FLOOR_OF), frame, policy)
    own, own_clause, _ = _highest(_floors(policy, _OWN_OF), frame, policy, gated=False)
    open_ = value.isna() & (unsure == "")
    value, clause = value.mask(open_, own), clause.mask(open_, own_clause)
    lacks = name_missing({"committed_tax_per_mu": value.isna().to_numpy(bool)}, parcels.index).astype("str")
    return Floor(value, clause, unsure.where(unsure != "", lacks))


def _floors(policy: Policy, families: tuple[str, ...]) -> list[Active]:
    """The rules that set a least tax per mu, each with that condition alone."""
    found = []
    for active in (a for a in policy.rules() if a.rule.family in families and a.rule.role == "decisive"):
        wanted = [c for c in active.rule.conditions if c.metric in _TAX and c.operator in _AT_LEAST]
        if wanted and active.rule.combine == "all":
            rule = active.rule.model_copy(update={"conditions": tuple(wanted[:1]), "combine": "all"})
            found.append(Active(active.id, rule, active.pack, active.applies))
    return found


def _highest(
    rules: list[Active], frame: pd.DataFrame, policy: Policy, *, gated: bool = True
) -> tuple[pd.Series, pd.Series, pd.Series]:
    """The highest floor of the rules that surely apply, its clause, and what is missing to know."""
    value = pd.Series(np.nan, frame.index)
    clause = pd.Series("", frame.index, dtype="str")
    lacks: dict[str, NDArray[np.bool_]] = {}
    for active in rules:
        metric = active.rule.conditions[0].metric
        met = frame.assign(**{metric: np.inf})  # what meets every floor tells whether and where the rule applies
        ready = active if gated else Active(
            active.id, active.rule.model_copy(update={"gate": (), "exempt": ()}), active.pack, ()
        )  # fmt: skip
        judged = judge(ready, met, policy)
        limit = judged.threshold
        limit = limit if isinstance(limit, pd.Series) else pd.Series(float(limit), frame.index)
        sure = judged.applies.fillna(False).to_numpy(bool) & judged.outcome.fillna(False).to_numpy(bool)
        better = sure & (value.isna() | (limit > value)).to_numpy(bool)
        value, clause = value.mask(better, limit), clause.mask(better, active.clause)
        for text in judged.missing.astype("str").unique():
            here = (judged.missing == text).to_numpy(bool) & judged.outcome.isna().to_numpy(bool)
            for name in (n for n in text.split(";") if n):
                lacks[name] = lacks[name] | here if name in lacks else here
    missing = name_missing(lacks, frame.index).astype("str")
    unknown = missing != ""
    return value.mask(unknown), clause.mask(unknown, ""), missing


def _frame(parcels: pd.DataFrame, zones: pd.DataFrame, firms: Firms, policy: Policy) -> pd.DataFrame:
    """The parcels with what the rules on floors read of zones and enterprises."""
    frame = pd.DataFrame(parcels.drop(columns="geometry", errors="ignore"))
    needed = {c for a in policy.rules() if a.rule.family in (*_FLOOR_OF, *_OWN_OF) for c in _columns(a)}
    by_zone = zones.drop_duplicates("zone_id").set_index("zone_id")
    made: dict[str, pd.Series] = {}
    for name in sorted(needed - set(frame.columns) - set(_TAX)):
        if name in by_zone:
            made[name] = frame["zone_id"].map(by_zone[name])
        elif name in firms.table:
            made[name] = firms.holders.agreed(firms.table[name])[0].set_axis(frame.index)
    return frame.assign(**made)


def _columns(active: Active) -> list[str]:
    limits = [name for a in active.applies if a.zone_levels for name in ("zone_level",)]
    return [*limits, *(c for condition in active.rule.all_conditions() for c in condition.columns())]

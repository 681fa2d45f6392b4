"""Land-intensity evaluation of zones (开发区土地集约利用评价, TD/T 1029): rates, types, potentials.

Formulas are data of the pack; those that are recalled are computed only once the user confirms them, and ideal values
and weights are the user's. A rate is a ratio of sums and may lie above 100 % (land supplied before it was ready, built
before it was supplied): it is flagged, not capped. The four strength potentials overlap and are never added.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.measure import ratio
from mudian.packs.policy import InForce, Policy
from mudian.rules.intensity_areas import Coded, code_parcels
from mudian.rules.logic import compare, name_missing
from mudian.rules.supply import supply_years
from parcels.units import find as find_unit

__all__ = [
    "supply_years", "td1029_measures", "td1029_potentials", "td1029_rates", "td1029_score", "td1029_zone_type",
]  # fmt: skip

INDICATORS = (
    "dev", "sup", "blt", "ind", "hti", "far", "bd", "ifar", "ibc", "fai", "iout", "itax", "ctax", "pop", "pcl", "idle",
    "htout",
)  # fmt: skip
POTENTIALS = (
    "expansion_ha", "expansion_industrial_ha", "expansion_without_rural_ha", "structure_ha", "strength_ifar_ha",
    "strength_ibc_ha", "strength_fai_ha", "strength_iout_ha", "management_idle_ha", "management_expired_ha",
    "management_ha",
)  # fmt: skip
# Columns that another of the measures made together with this one needs.
_OTHERS = {
    "expansion_ha": ("td_construction",),
    "expansion_industrial_ha": ("td_construction",),
    "management_idle_ha": ("td_supply",),
    "management_expired_ha": ("td_idle", "td_takeback"),
}
_PERCENT = 100.0


@dataclass
class _Zones:
    """The zones of coded parcels with their own figures, and what is missing of them."""

    coded: Coded
    policy: Policy
    figures: pd.DataFrame
    missing: dict[str, NDArray[np.bool_]] = field(default_factory=dict)

    def note(self, name: str, where: NDArray[np.bool_] | bool = True) -> None:
        mask = np.broadcast_to(np.asarray(where, bool), len(self.coded.zones))
        self.missing[name] = self.missing.get(name, np.zeros(len(mask), bool)) | mask

    def find(self, key: str) -> InForce | None:
        found = self.policy.find(key)
        if found is None:
            self.note(self.policy.name_lacking(key))
        return found

    def sum_of(self, formula: str) -> pd.Series:
        """Codes, columns of parcels and figures of zones joined by ``+``."""
        parts = [self._term(term.strip()) for term in formula.split("+")]
        return pd.Series(np.sum([p.to_numpy(float) for p in parts], axis=0), self.coded.zones.index)

    def _term(self, term: str) -> pd.Series:
        column, _, code = term.rpartition("@")
        if code in self.coded.codes:
            value = self.coded.column(column, code) if column else self.coded.land(code)
            lacking = value.isna().to_numpy()
            uncoded = self.coded.land(code).isna().to_numpy()
            self.note(self.coded.letters.get(code[0], code), uncoded)
            if column:
                self.note(column, lacking & ~uncoded)
            return value
        value = self.figures[term] if term in self.figures else pd.Series(np.nan, self.coded.zones.index)
        self.note(term, value.isna().to_numpy())
        return pd.to_numeric(value).astype(float)


def _zones(parcels: pd.DataFrame, policy: Policy, zones: pd.DataFrame | None, by: Sequence[str], area: str) -> _Zones:
    coded = code_parcels(parcels, policy, by=by, area=area)
    figures = coded.zones if zones is None else coded.zones.merge(pd.DataFrame(zones), on=list(by), how="left")
    return _Zones(coded, policy, figures)


def _scale(unit: str) -> float:
    """What a quotient over m² is multiplied by to come out in a unit."""
    if unit == "%":
        return _PERCENT
    hectare = find_unit("公顷", "area")
    return float(hectare.factor) if hectare and unit.endswith("/公顷") else 1.0


def td1029_rates(
    parcels: pd.DataFrame,
    policy: Policy,
    *,
    zones: pd.DataFrame | None = None,
    by: Sequence[str] = ("zone_id",),
    area: str = "area_m2",
) -> pd.DataFrame:
    """The indicators of the evaluation per zone.

    Parameters
    ----------
    parcels, by, area
        Coded parcels, see :func:`~mudian.rules.intensity_areas.code_parcels`; ``floor_area_m2`` and ``footprint_m2``
        for plot ratios and densities.
    policy
        With the pack of TD/T 1029.
    zones
        Figures of the zones by ``by``: ``industrial_investment_stock_wan`` (cumulative), ``industrial_tax_wan``,
        ``industrial_revenue_wan``, ``secondary_tertiary_tax_wan``, ``residents``, ``hightech_revenue_wan``.

    Returns
    -------
    DataFrame
        One row per zone: the key columns, ``td_dev`` … ``td_htout`` in their units, ``td_built_share`` (A/(A+B), %),
        ``td_chain`` (DEV × SUP × BLT, %; equal to it), ``td_above_100`` (rates above 100 %, by name) and
        ``td_missing``.
    """
    made, state = _rates(_zones(parcels, policy, zones, by, area))
    zone = state.coded.zones
    result = zone.assign(**{f"td_{name}": value for name, value in made.items()})
    built = ratio(state.sum_of("A"), state.sum_of("A+B")) * _PERCENT
    chain = result[["td_dev", "td_sup", "td_blt"]].prod(axis=1, skipna=False) / _PERCENT**2
    percent = [n for n in made if (v := policy.find(f"td1029.indicator.{n}")) and v.unit == "%"]
    above = {n: compare(made[n], ">", _PERCENT).fillna(False).to_numpy(bool) for n in percent}
    unknown = result[[f"td_{n}" for n in made]].isna().any(axis=1).to_numpy()
    missing = name_missing({n: m & unknown for n, m in state.missing.items()}, zone.index)
    return result.assign(
        td_built_share=built, td_chain=chain, td_above_100=name_missing(above, zone.index), td_missing=missing
    )


def _rates(state: _Zones) -> tuple[dict[str, pd.Series], _Zones]:
    return {name: _rate(state, name) for name in INDICATORS}, state


def _rate(state: _Zones, name: str) -> pd.Series:
    found = state.find(f"td1029.indicator.{name}")
    if found is None:
        return pd.Series(np.nan, state.coded.zones.index)
    above, below = (state.sum_of(str(formula)) for formula in found.items[:2])
    return ratio(above, below) * _scale(found.unit)


def td1029_measures(
    parcels: pd.DataFrame, policy: Policy, *, zones: pd.DataFrame | None = None, area: str = "area_m2"
) -> pd.DataFrame:
    """Rates and potentials one below the other, each with what it alone lacks.

    Parameters
    ----------
    parcels, policy, zones, area
        As in :func:`td1029_potentials`.

    Returns
    -------
    DataFrame
        ``zone_id``, ``measure`` (``td_dev`` …, ``expansion_ha`` …), ``value`` in the unit of the measure, and
        ``missing``: names joined by ``;`` where the value is unknown.
    """
    shared = _zones(parcels, policy, zones, ("zone_id",), area)

    def alone(make: Callable[[_Zones], dict[str, pd.Series]]) -> list[pd.DataFrame]:
        state = _Zones(shared.coded, policy, shared.figures)
        return [_listed(name, value, state) for name, value in make(state).items()]

    made = [t for n in INDICATORS for t in alone(lambda s, n=n: {f"td_{n}": _rate(s, n)})]  # type: ignore[misc]
    made += [*alone(_expansion), *alone(_structure)]
    made += [t for n in _strengths(policy) for t in alone(lambda s, n=n: _strength(s, [n]))]  # type: ignore[misc]
    made += alone(_management)
    result = pd.concat(made, ignore_index=True)
    hectares = result["measure"].isin(POTENTIALS)
    return result.assign(value=result["value"].mask(hectares, result["value"] / _scale("/公顷")))


def _listed(name: str, value: pd.Series, state: _Zones) -> pd.DataFrame:
    unknown = value.isna().to_numpy()
    ours = {n: m & unknown for n, m in state.missing.items() if n not in _OTHERS.get(name, ())}
    lack = name_missing(ours, value.index).astype("str")
    return pd.DataFrame({"zone_id": state.coded.zones["zone_id"], "measure": name, "value": value, "missing": lack})


def td1029_zone_type(
    parcels: pd.DataFrame,
    policy: Policy,
    *,
    names: pd.Series | None = None,
    by: Sequence[str] = ("zone_id",),
    area: str = "area_m2",
) -> pd.DataFrame:
    """The type of every zone: ``industrial`` (工业主导型), ``mixed`` (产城融合型) or ``other``.

    A bonded zone is industrial by its name, before any share is looked at.

    Parameters
    ----------
    parcels, policy, by, area
        As in :func:`td1029_rates`.
    names
        Names of the zones by their id (the first of ``by``).

    Returns
    -------
    DataFrame
        The key columns, ``td_type`` (missing = unknown), ``industrial_share_pct`` and ``residential_share_pct``
        (of built land).
    """
    state = _zones(parcels, policy, None, by, area)
    zone = state.coded.zones
    built = state.sum_of("A")
    industrial = ratio(state.sum_of("A2"), built) * _PERCENT
    residential = ratio(state.sum_of("A1"), built) * _PERCENT
    limit, housing = policy.number("td1029.type.industrial"), policy.number("td1029.type.residential")
    much = compare(industrial, ">", np.nan if limit is None else limit)
    homes = compare(residential, ">=", np.nan if housing is None else housing)
    bonded = _bonded(zone, by, names, policy)
    kind = pd.Series(None, zone.index, dtype="str")
    kind = kind.mask((much.notna() & homes.notna()).to_numpy(bool), "other")
    kind = kind.mask((~much & homes).fillna(False).to_numpy(bool), "mixed")
    kind = kind.mask((much & ~homes).fillna(False).to_numpy(bool) | bonded, "industrial")
    return zone.assign(td_type=kind, industrial_share_pct=industrial, residential_share_pct=residential)


def _bonded(zone: pd.DataFrame, by: Sequence[str], names: pd.Series | None, policy: Policy) -> NDArray[np.bool_]:
    found = policy.find("td1029.type.bonded")
    if names is None or found is None:
        return np.zeros(len(zone), bool)
    texts = zone[by[0]].map(names).astype("str").fillna("")
    hits = [texts.str.contains(str(w), regex=False).to_numpy(bool) for w in found.items]
    return np.asarray(np.logical_or.reduce(hits))


def td1029_potentials(
    parcels: pd.DataFrame,
    policy: Policy,
    *,
    zones: pd.DataFrame | None = None,
    by: Sequence[str] = ("zone_id",),
    area: str = "area_m2",
) -> pd.DataFrame:
    """The four potentials per zone, in hectares.

    Parameters
    ----------
    parcels, policy, zones, by, area
        As in :func:`td1029_rates`; ``td_takeback`` tells which idle parcels are to be taken back (应收回).

    Returns
    -------
    DataFrame
        The key columns; 扩展 ``expansion_ha``, ``expansion_industrial_ha``, ``expansion_without_rural_ha``; 结构
        ``structure_ha``; 强度 ``strength_ifar_ha``, ``strength_ibc_ha``, ``strength_fai_ha``, ``strength_iout_ha``
        (four numbers, not to be added); 管理 ``management_idle_ha``, ``management_expired_ha``, ``management_ha`` (land
        that is both counts once); and ``td_missing``.
    """
    state = _zones(parcels, policy, zones, by, area)
    made = {**_expansion(state), **_management(state), **_structure(state), **_strength(state, _strengths(policy))}
    hectare = _scale("/公顷")
    result = state.coded.zones.assign(**{name: value / hectare for name, value in made.items()})
    unknown = result[list(made)].isna().any(axis=1).to_numpy()
    missing = name_missing({n: m & unknown for n, m in state.missing.items()}, result.index)
    return result.assign(td_missing=missing)


def _expansion(state: _Zones) -> dict[str, pd.Series]:
    found = state.find("td1029.potential.expansion")
    names = ("expansion_ha", "expansion_industrial_ha", "expansion_without_rural_ha")
    if found is None:
        return dict.fromkeys(names, pd.Series(np.nan, state.coded.zones.index))
    whole, industrial, rural = (str(c) for c in found.items)
    free = state.coded.land(whole, without=rural)
    state.note(state.coded.letters.get(rural[0], rural), free.isna().to_numpy())
    return dict(zip(names, (state.sum_of(whole), state.sum_of(industrial), free), strict=True))


def _management(state: _Zones) -> dict[str, pd.Series]:
    found = state.find("td1029.potential.management")
    names = ("management_idle_ha", "management_expired_ha", "management_ha")
    if found is None:
        return dict.fromkeys(names, pd.Series(np.nan, state.coded.zones.index))
    coded = state.coded
    (idle, open_idle), (expired, open_expired) = (coded.under(str(c)) for c in found.items)
    land = coded.parcels
    back = land["td_takeback"] if "td_takeback" in land else pd.Series(pd.NA, land.index, dtype="boolean")
    back = back.astype("boolean")
    taken = idle & back.fillna(False).to_numpy(bool)
    open_taken = (open_idle & back.fillna(True).to_numpy(bool)) | (idle & back.isna().to_numpy())
    parts = (
        coded.total(coded.area, taken, open_taken),
        coded.total(coded.area, expired, open_expired),
        coded.total(coded.area, taken | expired, (open_taken & ~expired) | (open_expired & ~taken)),
    )
    state.note("td_idle", coded.total(coded.area, idle, open_idle & back.fillna(True).to_numpy(bool)).isna().to_numpy())
    state.note("td_takeback", coded.total(coded.area, idle, idle & back.isna().to_numpy()).isna().to_numpy())
    state.note("td_supply", parts[1].isna().to_numpy())
    return dict(zip(names, parts, strict=True))


def _short_of(state: _Zones, name: str) -> tuple[pd.Series, float]:
    """Ideal minus actual of an indicator, not below 0, and the ideal."""
    found = state.find(f"td1029.ideal.{name}")
    ideal = found.number if found else np.nan
    return (ideal - _rate(state, name)).clip(lower=0), ideal


def _structure(state: _Zones) -> dict[str, pd.Series]:
    found = state.find("td1029.potential.structure")
    if found is None:
        state.find("td1029.ideal.ind")
        return {"structure_ha": pd.Series(np.nan, state.coded.zones.index)}
    name, land = (str(i) for i in found.items)
    gap, _ = _short_of(state, name)
    return {"structure_ha": gap / _PERCENT * state.sum_of(land)}


def _strengths(policy: Policy) -> list[str]:
    """The indicators that have a strength potential; where that must be confirmed first, those that have a name."""
    found = policy.find("td1029.potential.strength")
    named = [p.removeprefix("strength_").removesuffix("_ha") for p in POTENTIALS if p.startswith("strength_")]
    return [str(i) for i in found.items] if found else named


def _strength(state: _Zones, names: Sequence[str]) -> dict[str, pd.Series]:
    found, land = state.find("td1029.potential.strength"), state.find("td1029.potential.strength_land")
    made = {}
    for name in names:
        gap, ideal = _short_of(state, name)
        whole = state.sum_of(str(land.value)) if found and land else gap * np.nan
        made[f"strength_{name}_ha"] = whole * gap / ideal
    return made


def td1029_score(rates: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """The score of intensity (集约度分值) with the user's weights and ideals.

    Each indicator counts with its weight times its degree, actual over ideal but not above the highest degree; that
    standardisation is recalled and must be confirmed (``td1029.score.most``). Only indicators of which more is better
    have a weight, and the weights must make 100 %.

    Parameters
    ----------
    rates
        Result of :func:`td1029_rates`.

    Returns
    -------
    DataFrame
        ``td_score`` (0 to 100) and ``missing``, on the index of ``rates``.
    """
    every = np.ones(len(rates), bool)
    masks: dict[str, NDArray[np.bool_]] = {}
    weights = {n: w for n in INDICATORS if (w := policy.number(f"td1029.weight.{n}")) is not None}
    most = policy.find("td1029.score.most")
    if most is None:
        masks[policy.name_lacking("td1029.score.most")] = every
    if not np.isclose(sum(weights.values()), _PERCENT):
        masks["parameter:td1029.weight"] = every
    score = pd.Series(0.0 if not masks and most else np.nan, rates.index)
    for name, weight in weights.items():
        ideal = policy.number(f"td1029.ideal.{name}")
        if ideal is None:
            masks[policy.name_lacking(f"td1029.ideal.{name}")] = every
        degree = rates[f"td_{name}"] / (np.nan if ideal is None else ideal)
        masks[f"td_{name}"] = rates[f"td_{name}"].isna().to_numpy()
        score = score + weight * degree.clip(lower=0, upper=most.number if most else np.nan)
    return pd.DataFrame({"td_score": score, "missing": name_missing(masks, rates.index)})

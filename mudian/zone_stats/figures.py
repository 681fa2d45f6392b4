"""Sums of a zone that its statistics are made of, each with what it lacks and how much land it covers.

A sum over parcels is known where some parcel of the zone has a figure; ``known_mu`` and ``of_mu`` say how much land
that is. A count of verdicts is known where some parcel was decided, or where the question concerns none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.evaluation import Evaluation
from mudian.explain.record import as_record
from mudian.zone_stats.definitions import definitions
from parcels.units import M2_PER_MU

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Texts = NDArray[np.object_]
MONEY = ("tax_wan", "fixed_investment_wan", "revenue_wan", "value_added_wan")
AT_INDUSTRY = "@industrial"
_OWN = ("area_mu", "parcel_count", "parcel_mu", "supplied_mu", "industrial_mu", "built_up_mu")
_LEFT = ("developable_mu", "developable_usable_mu", "factory_used_m2", "factory_m2")
_USE, _DONE = "land_use_code", "actual_completion"


@dataclass(frozen=True)
class Figure:
    """A figure of every zone.

    Attributes
    ----------
    value
        Missing where unknown.
    missing
        What an unknown one lacks, names joined by ``;``.
    known_mu, of_mu
        Land whose parcels say something, and all land that is asked; empty where that means nothing.
    city
        The figure of all zones together where it is not their sum.
    """

    value: Floats
    missing: Texts
    known_mu: Floats | None = None
    of_mu: Floats | None = None
    city: float | None = None


@dataclass
class Zoned:
    """Zones in the order of their keys, and the parcels inside them.

    Attributes
    ----------
    zones
        The zones, sorted by key.
    land
        Parcels inside a zone.
    key
        The row of ``zones`` that each of them belongs to.
    mu
        Their area.
    families
        Families of rules that the run judged by; None where the run has no record.
    assumed
        Whether nobody said which parcels are supplied.
    """

    zones: pd.DataFrame
    land: pd.DataFrame
    key: NDArray[np.int64]
    mu: Floats
    families: frozenset[str]
    assumed: bool
    count: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        self.count = np.bincount(self.key, minlength=len(self.zones))

    def add(self, values: Floats | Mask) -> Floats:
        """The sum of every zone."""
        return np.bincount(self.key, weights=values, minlength=len(self.zones)).astype(float)

    def column(self, name: str) -> Floats:
        """A column of the parcels as numbers; missing where there is none."""
        if name not in self.land:
            return np.full(len(self.land), np.nan)
        return self.land[name].to_numpy(float, na_value=np.nan)

    def flags(self, name: str) -> tuple[Mask, Mask]:
        """Which parcels say yes in a column, and which say nothing."""
        if name not in self.land:
            return np.zeros(len(self.land), bool), np.ones(len(self.land), bool)
        cells = self.land[name].astype("boolean")
        return cells.fillna(False).to_numpy(bool), cells.isna().to_numpy(bool)


def zoned(evaluation: Evaluation) -> Zoned:
    """The zones and parcels of a run, ready to be summed."""
    zones = pd.DataFrame(evaluation.zones.drop(columns="geometry", errors="ignore"))
    zones = zones.sort_values("zone_id", key=lambda c: c.astype("str"), kind="stable").reset_index(drop=True)
    position = pd.Index(zones["zone_id"]).get_indexer(pd.Index(evaluation.parcels["zone_id"]))
    inside = position >= 0
    land = pd.DataFrame(evaluation.parcels.drop(columns="geometry", errors="ignore"))[inside]
    rules = as_record(evaluation.manifest.get("policies")).get("rules", ())
    assumed = any(
        d.get("topic") == "supply_status" and list(d.get("evidence", ())) == ["no column"]
        for d in evaluation.manifest.get("decisions", ())
    )
    return Zoned(
        zones, land, position[inside].astype(np.int64), np.nan_to_num(land["area_mu"].to_numpy(float)),
        frozenset(str(r["family"]) for r in rules), assumed,
    )  # fmt: skip


def figures(z: Zoned) -> dict[str, Figure]:
    """All figures of the measures that every zone has, by name."""
    made = {name: own(z, name) for name in (*_OWN, *_LEFT)}
    made |= {name: over_parcels(z, name) for name in MONEY}
    plant, unsure = z.flags("industrial")
    for name in ("tax_wan", "fixed_investment_wan", "revenue_wan", "floor_area_m2"):
        made[f"{name}{AT_INDUSTRY}"] = over_parcels(z, name, plant, unsure)
    made["industrial_mu"] = _with_cover(z, made["industrial_mu"], unsure)
    return made | _buildings(z, plant, unsure) | _shares(z, plant, unsure) | _invested(z) | _supply(z) | verdicts(z)


def nothing(z: Zoned, field_name: str) -> Figure:
    """A figure that no zone has."""
    return Figure(np.full(len(z.zones), np.nan), np.full(len(z.zones), field_name, dtype=object))


def lacking(value: Floats, z: Zoned, name: str) -> Texts:
    """The name of what is missing where a value is: the field, or parcels where the zone has none."""
    named = np.where(z.count == 0, "parcels", name)
    return np.where(np.isnan(value), named, "").astype(object)


def own(z: Zoned, name: str) -> Figure:
    """A column of the zones."""
    if name not in z.zones:
        return nothing(z, name)
    value = z.zones[name].to_numpy(float, na_value=np.nan)
    field_name = {"industrial_mu": _USE, "built_up_mu": _DONE}.get(name, name)
    return Figure(value, np.where(np.isnan(value), field_name, "").astype(object))


def _with_cover(z: Zoned, figure: Figure, unsure: Mask) -> Figure:
    return Figure(figure.value, figure.missing, z.add(z.mu * ~unsure), z.add(z.mu))


def over_parcels(z: Zoned, name: str, inside: Mask | None = None, unsure: Mask | None = None) -> Figure:
    """A column of the parcels summed over those inside; what is not known of some parcels is not in the sum.

    Parameters
    ----------
    name
        Column of the parcels.
    inside, unsure
        Which parcels count, and of which that is unknown.
    """
    values, every = z.column(name), np.ones(len(z.land), bool)
    inside, unsure = every if inside is None else inside, ~every if unsure is None else unsure
    known = ~np.isnan(values) & inside
    total, some = z.add(np.where(known, np.nan_to_num(values), 0.0)), z.add(known) > 0
    none_inside = (z.add(inside | unsure) == 0) & (z.count > 0)
    value = np.where(some | none_inside, total, np.nan)
    field_name = name if name in z.land and inside.any() else (_USE if not inside.any() and unsure.any() else name)
    return Figure(value, lacking(value, z, field_name), z.add(z.mu * known), z.add(z.mu * (inside | unsure)))


def of_land(z: Zoned, inside: Mask, unsure: Mask, field_name: str, scale: float = 1.0) -> Figure:
    """Land of the parcels inside; unknown where no parcel of the zone says whether it is."""
    says = z.add(~unsure) > 0
    value = np.where(says | (z.count == 0), z.add(z.mu * inside) * scale, np.nan)
    return Figure(value, lacking(value, z, field_name), z.add(z.mu * ~unsure), z.add(z.mu))


def _buildings(z: Zoned, plant: Mask, unsure: Mask) -> dict[str, Figure]:
    """Floor area and footprint, and the land of the parcels that have one."""
    made: dict[str, Figure] = {"floor_area_m2": over_parcels(z, "floor_area_m2")}
    made["footprint_m2"] = over_parcels(z, "footprint_m2")
    for column, land in (("floor_area_m2", "floor_land_m2"), ("footprint_m2", "footprint_land_m2")):
        known = ~np.isnan(z.column(column))
        made[land] = of_land(z, known, np.full(len(known), column not in z.land), column, M2_PER_MU)
    known = ~np.isnan(z.column("floor_area_m2"))
    made[f"floor_land_m2{AT_INDUSTRY}"] = of_land(z, known & plant, unsure, _USE, M2_PER_MU)
    return made


def _shares(z: Zoned, plant: Mask, unsure: Mask) -> dict[str, Figure]:
    """Industrial land and all land without infrastructure and public services; unknown where a use is unknown."""
    public, untold = z.flags("public_land")
    untold = untold | unsure
    lost = z.add(z.mu * untold) > 0
    value = np.where(lost, np.nan, z.add(z.mu * ~public))
    told = np.where(lost, np.nan, z.add(z.mu * plant))
    done = z.land[_DONE].notna().to_numpy(bool) if _DONE in z.land else np.zeros(len(z.land), bool)
    no_dates = np.full(len(done), _DONE not in z.land)
    return {
        "industrial_net_mu": Figure(value, lacking(value, z, _USE)),
        "industrial_told_mu": Figure(told, lacking(told, z, _USE)),
        "industrial_built_mu": of_land(z, plant & done, unsure | no_dates, _USE if unsure.any() else _DONE),
    }


def _invested(z: Zoned) -> dict[str, Figure]:
    """Land with a known fixed investment, and projects with a known investment."""
    known = ~np.isnan(z.column("fixed_investment_wan"))
    column = "total_investment_wan"
    stated = ~np.isnan(z.column(column))
    return {
        "known_investment_mu": _of_known(z, known, "fixed_investment_wan"),
        "project_investment_wan": over_parcels(z, column),
        "project_mu": _of_known(z, stated, column),
    }


def _of_known(z: Zoned, known: Mask, column: str) -> Figure:
    value = np.where(z.add(known) > 0, z.add(z.mu * known), np.nan)
    return Figure(value, lacking(value, z, column), z.add(z.mu * known), z.add(z.mu))


def _supply(z: Zoned) -> dict[str, Figure]:
    """Land approved and not supplied, and all approved land; unknown where nobody says what is supplied."""
    column = "supply_status"
    if z.assumed or column not in z.land:
        return {name: nothing(z, column) for name in ("approved_unsupplied_parcels_mu", "approved_mu")}
    status, unsure = z.land[column], z.land[column].isna().to_numpy(bool)
    waiting = (status == "approved_unsupplied").fillna(False).to_numpy(bool)
    supplied = (status == "supplied").fillna(False).to_numpy(bool)
    return {
        "approved_unsupplied_parcels_mu": of_land(z, waiting, unsure, column),
        "approved_mu": of_land(z, waiting | supplied, unsure, column),
    }


def verdicts(z: Zoned) -> dict[str, Figure]:
    """Number and land of the parcels with each verdict, and of those that could not be decided."""
    made: dict[str, Figure] = {}
    for name, entry in definitions()["verdicts"].items():
        yes, decided, open_ = _answers(z, entry)
        judged = entry["family"] in z.families and entry["column"] in z.land
        known = (z.add(decided) > 0) | (z.add(open_) == 0)
        names = _names_of(z, entry["missing"], open_)
        lack = np.where(z.count == 0, "parcels", np.where(known, "", names)) if judged else "policies"
        for part, hit in (("", yes), ("_undecided", open_)):
            shown = judged & (z.count > 0) & (known | bool(part))
            for what, weight in (("count", hit.astype(float)), ("mu", z.mu * hit)):
                value = np.where(shown, z.add(weight), np.nan)
                missing = np.where(np.isnan(value), lack, "").astype(object)
                covers = (None, None) if part else (z.add(z.mu * decided), z.add(z.mu * (decided | open_)))
                made[f"{name}{part}_{what}"] = Figure(value, missing, *covers)
    return made


def _answers(z: Zoned, entry: Mapping[str, object]) -> tuple[Mask, Mask, Mask]:
    """Which parcels have a verdict, which were decided, and which could not be."""
    column, size = str(entry["column"]), len(z.land)
    if column not in z.land:
        return np.zeros(size, bool), np.zeros(size, bool), np.zeros(size, bool)
    if "yes" in entry:
        yes = z.land[column].isin(entry["yes"]).to_numpy(bool)  # type: ignore[arg-type]
        decided = yes | z.land[column].isin(entry["no"]).to_numpy(bool)  # type: ignore[arg-type]
        return yes, decided, ~decided
    yes, unknown = z.flags(column)
    yes = ~yes & ~unknown if entry.get("against") else yes
    lack = str(entry["missing"])
    named = z.land[lack].fillna("").ne("").to_numpy(bool) if lack in z.land else np.ones(size, bool)
    return yes, ~unknown, unknown & named


def _names_of(z: Zoned, column: str, open_: Mask) -> Texts:
    """What the undecided parcels of each zone lack."""
    found = np.full(len(z.zones), column.removesuffix("_missing"), dtype=object)
    if column not in z.land or not open_.any():
        return found
    pairs = pd.DataFrame({"zone": z.key[open_], "names": z.land[column].to_numpy()[open_]}).dropna().drop_duplicates()
    each = pairs.assign(names=pairs["names"].astype("str").str.split(";")).explode("names")
    each = each[each["names"] != ""].drop_duplicates().sort_values(["zone", "names"])
    joined = each.groupby("zone")["names"].agg(";".join)
    found[joined.index.to_numpy()] = joined.to_numpy()
    return found

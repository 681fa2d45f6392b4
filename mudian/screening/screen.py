"""The screening of a run: candidates with reasons, gain by scenario, ease, Pareto fronts, sites, effect, matching.

Nothing is decided here: a candidate is land that an officer should look at first. Parcels that cannot be decided for
want of data are listed apart (``possible``) and are in no rank, front or site.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from mudian.errors import UsageError
from mudian.evaluation import Evaluation
from mudian.measure import rank, ratio
from mudian.packs.policy import Policy
from mudian.screening.assemble import Objective
from mudian.screening.benchmarks import Floor, benchmark_table, current_tax, no_floor, pack_floor
from mudian.screening.candidates import Candidates, candidates_of
from mudian.screening.ease import Ease, item_table, rate
from mudian.screening.effect import effects
from mudian.screening.matching import match_projects, targets_of
from mudian.screening.notes import notes_of
from mudian.screening.pareto import pareto_fronts
from mudian.screening.plane import Plane, in_metres
from mudian.screening.reasons import CANDIDATE, Firms, Tests, firms_of, run_tests
from mudian.screening.sites import group_sites, site_table
from mudian.screening.why import lacking_texts, why_texts
from mudian.screening.words import choices
from mudian.settings import ScreeningSettings
from parcels.catalog import Lang

Geometries = NDArray[np.object_]
_OWN = ("parcel_id", "source_row", "zone_id", "owner", "area_mu", "idle_status", "inefficient", "grade")
_YUAN, _EASE = 4, 6  # decimals beyond which gains (of 10 000 yuan) and ease are noise of the measured area


@dataclass(frozen=True)
class Screening:
    """What was screened.

    Attributes
    ----------
    parcels
        One row a parcel that is a candidate or may be one: ``list`` (``candidate``, ``possible``), ``reasons``,
        ``why``, ``lacking``, ``tax_now_wan`` and ``tax_now_per_mu`` with ``tax_now_basis``, per scenario
        ``benchmark_…``, ``gain_…_wan``, ``rank_gain_…`` and ``front_…``, the items of the ease, ``ease``, ``ease_low``,
        ``ease_high``, ``ease_missing`` and ``site_id``.
    sites
        Contiguous sites with their figures, Pareto fronts among the sites and their effect on the zone, in the CRS of
        the parcels.
    matches
        Wanted projects against sites and remaining pieces; empty without projects.
    notes
        Settings, limits, counts and how to read the figures, for the manifest.
    """

    parcels: pd.DataFrame
    sites: gpd.GeoDataFrame
    matches: pd.DataFrame
    notes: dict[str, Any]
    work: Candidates = field(repr=False)

    def best(
        self, at_least_mu: float, *, scenario: str | None = None, objective: Objective = "gain"
    ) -> gpd.GeoDataFrame:
        """The best contiguous site of at least so many mu that can be assembled from the candidates of one zone.

        Parameters
        ----------
        at_least_mu
            Least area (亩).
        scenario
            Whose gain counts; the first one of the settings by default.
        objective
            ``gain``: the highest gain per mu; ``owners``: the fewest owners.

        Returns
        -------
        GeoDataFrame
            One row with ``parcel_ids``, ``area_mu``, ``gain_wan``, ``gain_per_mu``, ``owners``, ``exact`` (whether it
            is proven that no choice is better) and ``bound`` (no choice has more gain per mu, or for ``owners`` fewer
            owners); empty where there is none. Parcels whose gain is unknown take no part.

        Raises
        ------
        UsageError
            When the screening has no such scenario, or there is no such objective.
        """
        shown = self.work.settings.shown
        if scenario is not None and scenario not in shown:
            raise UsageError("screen-option", option="scenario", value=scenario, expected=", ".join(shown))
        if objective not in get_args(Objective):
            raise UsageError("screen-option", option="objective", value=objective, expected="gain, owners")
        return self.work.best(at_least_mu, scenario or shown[0], objective)


def screen(
    evaluation: Evaluation,
    *,
    settings: ScreeningSettings | None = None,
    policy: Policy | None = None,
    kinds: Mapping[str, str] | None = None,
    lang: Lang | None = None,
) -> Screening:
    """Screen the parcels of a run for redevelopment.

    Parameters
    ----------
    evaluation
        A run with verdicts; not changed.
    settings
        ``[screening]``; by default that of the run.
    policy
        The packs of the run, for the floor of standard land; by default the floor that the run found.
    kinds
        Kind of each constraint layer by its name; by default as the run recorded.
    lang
        Language of texts; that of the run by default.

    Returns
    -------
    Screening
    """
    own = settings or settings_of(evaluation.manifest)
    speech: Lang = lang or evaluation.manifest["project"]["lang"]
    named = dict(kinds if kinds is not None else evaluation.manifest.get("screening", {}).get("kinds", {}))
    firms = firms_of(evaluation)
    tests = run_tests(evaluation, firms, own)
    listed = tests.listed()
    parcels, plane = evaluation.parcels, in_metres(evaluation.parcels)
    rows = _ordered(parcels, np.flatnonzero(listed.notna().to_numpy(bool)))
    land = plane.forth(np.asarray(parcels.geometry.values, dtype=object)[rows])
    roads = _layers(evaluation, named, plane, (choices()["barriers"]["access"],))
    items = item_table(parcels, firms, rows, land, roads)
    eased = rate(items, own)
    floor = _floor(evaluation, firms, policy)
    table = _figures(evaluation, firms, rows, floor, own)
    table = _described(evaluation, tests, firms, rows, listed, table, speech)
    table = table.assign(**_shown_items(items), **{str(c): eased.frame[c] for c in eased.frame})
    table = _ranked(table, own)
    barriers = _layers(evaluation, named, plane, tuple(choices()["barriers"]["kinds"]))
    work = candidates_of(table, items, land, plane, own, barriers)
    sites, label = _sites(evaluation, work, eased, roads)
    table = table.assign(site_id=_site_names(table, sites, label))
    frames = _matches(evaluation, sites)
    made = notes_of(own, tests, eased, table, sites, floor, named, evaluation, speech)
    return Screening(_sorted(table, own), sites, frames, made, work)


def _ordered(parcels: gpd.GeoDataFrame, rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """Some rows by id and place, so that the order of rows decides nothing among equals."""
    bounds = shapely.bounds(np.asarray(parcels.geometry.values, dtype=object)[rows])
    return rows[np.lexsort((*bounds.T[::-1], parcels["parcel_id"].to_numpy(str)[rows]))]


def settings_of(manifest: Mapping[str, Any]) -> ScreeningSettings:
    """``[screening]`` of the project that made a run."""
    found = manifest.get("parameters", {}).get("screening")
    return ScreeningSettings(**found) if isinstance(found, Mapping) else ScreeningSettings()


def _floor(evaluation: Evaluation, firms: Firms, policy: Policy | None) -> Floor:
    """The floor of the packs, or what the run found of it."""
    parcels = pd.DataFrame(evaluation.parcels.drop(columns="geometry", errors="ignore"))
    if policy is not None:
        return pack_floor(parcels, pd.DataFrame(evaluation.zones), firms, policy)
    known = evaluation.screening
    if not {"benchmark_standard_floor", "floor_missing"} <= set(known.columns):
        return no_floor(parcels.index, "policies")
    known = known.drop_duplicates("source_row").set_index("source_row")
    value, clause = (parcels["source_row"].map(known[c]) for c in ("benchmark_standard_floor", "floor_clause"))
    lacks = parcels["source_row"].map(known["floor_missing"]).fillna("committed_tax_per_mu").astype("str")
    lacks = lacks.mask(value.notna().to_numpy(bool), "")
    return Floor(value.astype(float), clause.fillna("").astype("str"), lacks)


def _figures(
    evaluation: Evaluation, firms: Firms, rows: NDArray[np.intp], floor: Floor, settings: ScreeningSettings
) -> pd.DataFrame:
    """Tax, benchmarks and gains of the listed parcels."""
    parcels = pd.DataFrame(evaluation.parcels.drop(columns="geometry", errors="ignore"))
    tax, basis = current_tax(parcels, firms)
    marks = benchmark_table(parcels, pd.DataFrame(evaluation.zones), tax, floor, settings).iloc[rows]
    own = parcels[[c for c in _OWN if c in parcels]].iloc[rows]
    area, now = own["area_mu"].astype(float), tax.iloc[rows]
    made: dict[str, Any] = {"tax_now_wan": now, "tax_now_per_mu": ratio(now, area), "tax_now_basis": basis.iloc[rows]}
    for name in settings.shown:
        mark = marks[f"benchmark_{name}"]
        made |= {f"benchmark_{name}": mark, f"gain_{name}_wan": mark * area - now}
    if "standard_floor" in settings.shown:
        made["floor_clause"] = floor.clause.iloc[rows].astype("str")
        unknown = marks["benchmark_standard_floor"].isna().to_numpy(bool)
        made["floor_missing"] = floor.missing.iloc[rows].astype("str").where(unknown, "")
    return own.assign(**made).reset_index(drop=True)


def _described(
    evaluation: Evaluation, tests: Tests, firms: Firms, rows: NDArray[np.intp], listed: pd.Series, table: pd.DataFrame,
    lang: Lang,
) -> pd.DataFrame:  # fmt: skip
    return table.assign(
        list=listed.iloc[rows].array,
        reasons=tests.names().iloc[rows].array,
        why=why_texts(evaluation, tests, firms, rows, lang).array,
        lacking=lacking_texts(evaluation, tests, rows, lang).array,
        enterprises=firms.linked[rows],
    )


def _shown_items(items: pd.DataFrame) -> dict[str, pd.Series]:
    return {str(c): items[c] for c in items if c not in ("area_mu", "plane_m2")}


def _ranked(table: pd.DataFrame, settings: ScreeningSettings) -> pd.DataFrame:
    """Ranks and fronts of the candidates with a positive gain."""
    candidate = (table["list"] == CANDIDATE).to_numpy(bool)
    made: dict[str, pd.Series] = {}
    for name in settings.shown:
        gain = _positive(table[f"gain_{name}_wan"]).where(candidate)
        made |= {f"rank_gain_{name}": rank(gain.round(_YUAN)), f"front_{name}": _fronts(gain, table["ease"])}
    return table.assign(**made)


def _fronts(gain: pd.Series, ease: pd.Series) -> pd.Series:
    """Fronts in which parcels that differ by the noise of a measured area are equal."""
    return pareto_fronts(gain.round(_YUAN), ease.round(_EASE))


def _positive(gain: pd.Series) -> pd.Series:
    return gain.where((gain > 0).to_numpy(bool))


def _sites(
    evaluation: Evaluation, work: Candidates, eased: Ease, roads: Geometries | None
) -> tuple[gpd.GeoDataFrame, NDArray[np.int64]]:
    first, second = (work.pairs[c].to_numpy(np.intp) for c in ("first", "second"))
    label = group_sites(work.table, first, second, work.settings)
    label = np.where(work.table["zone_id"].isna().to_numpy(bool), -1, label)
    table = site_table(
        work.table, work.items, label, work.land, work.settings, roads=roads, left_out=eased.left_out
    )  # fmt: skip
    changes = effects(table, pd.DataFrame(evaluation.zones), work.settings)
    shape = work.plane.back(np.asarray(table["geometry"], dtype=object))
    fronts = {f"front_{n}": _fronts(_positive(table[f"gain_{n}_wan"]), table["ease"]) for n in work.settings.shown}
    plain = table.drop(columns="geometry").assign(**fronts, **{str(c): changes[c] for c in changes})
    return gpd.GeoDataFrame(plain, geometry=shape.values, crs=work.plane.target), label


def _site_names(table: pd.DataFrame, sites: pd.DataFrame, label: NDArray[np.int64]) -> pd.Series:
    names = np.array([*sites["site_id"], None], dtype=object)
    made = np.full(len(table), None, dtype=object)
    made[(table["list"] == CANDIDATE).to_numpy(bool)] = names[label]
    return pd.Series(made, table.index, dtype="str")


def _matches(evaluation: Evaluation, sites: gpd.GeoDataFrame) -> pd.DataFrame:
    if not len(evaluation.projects.columns):
        return pd.DataFrame()
    pieces = pd.DataFrame(evaluation.developable.drop(columns="geometry", errors="ignore"))
    return match_projects(evaluation.projects, targets_of(pd.DataFrame(sites.drop(columns="geometry")), pieces))


def _sorted(table: pd.DataFrame, settings: ScreeningSettings) -> pd.DataFrame:
    """Candidates first, by front and gain of the first scenario; then those that cannot be decided."""
    name = settings.shown[0]
    front = table[f"front_{name}"].astype("Float64").fillna(np.inf).to_numpy(float)
    gain = table[f"gain_{name}_wan"].fillna(-np.inf).to_numpy(float)
    possible = (table["list"] != CANDIDATE).to_numpy(bool)
    order = np.lexsort((table["parcel_id"].to_numpy(str), -gain, front, possible))
    first = [c for c in ("list", *_OWN, "reasons", "why", "lacking", "enterprises") if c in table]
    return table.iloc[order][[*first, *(c for c in table if c not in first)]].reset_index(drop=True)


def _layers(
    evaluation: Evaluation, kinds: Mapping[str, str], plane: Plane, wanted: tuple[str, ...]
) -> Geometries | None:
    """The figures of the layers of some kinds in the plane; None where no such layer is given."""
    found = [f for name, f in evaluation.layers.items() if kinds.get(name) in wanted and len(f)]
    if not found:
        return None
    return np.concatenate([plane.forth(np.asarray(f.geometry.values, dtype=object)) for f in found])

"""Judging: what the chosen policies say of every enterprise, parcel and zone.

Order matters: grades come first, because criteria of low-efficiency may rest on them; idle land comes before
low-efficiency, because idle land is never merely inefficient. Every verdict is a suspicion (疑似…) for the authority,
is True, False or unknown, and rests on findings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from mudian.findings import join
from mudian.packs.policy import IN_FORCE, Policy
from mudian.rules.borderline import Borderline, borderline, borderline_inefficient, join_borderline, near_limits
from mudian.rules.grading.grade import grade
from mudian.rules.grading.result import Grades
from mudian.rules.idle import QUANTITIES, THRESHOLDS, IdleVerdict, judge_idle
from mudian.rules.inefficient import Inefficient, judge_inefficient
from mudian.rules.logic import Judged
from mudian.rules.overlay import OVERLAYS, overlay
from mudian.rules.requirements import Checklist
from mudian.rules.sensitivity import BasisFlips, basis_flips
from mudian.rules.standard_land import standard_land_conform, standard_land_eligible
from mudian.targets import judge_zones
from parcels.catalog import Lang
from parcels.ledger import Ledger

Layers = Mapping[str, gpd.GeoDataFrame]
_CADASTRAL = r"\d{12}[A-Z]{2}\d+"  # a parcel code: division, district and block, then the kind of right
GRADED = ("score", "grade", "next_grade_gap")


@dataclass(frozen=True)
class Measured:
    """The measured tables that are judged; ``links`` are the allocated ones, with positions."""

    parcels: gpd.GeoDataFrame
    enterprises: pd.DataFrame
    zones: gpd.GeoDataFrame
    links: pd.DataFrame


@dataclass(frozen=True)
class Verdicts:
    """What was judged.

    Attributes
    ----------
    parcels, enterprises, zones
        The measured tables with the verdicts as columns.
    findings
        Every comparison that was made.
    quotas
        Population and number of every grade, per method and group.
    notes
        Facts about the judging for the manifest: borderline counts, flips by area basis, left-out rules.
    """

    parcels: gpd.GeoDataFrame
    enterprises: pd.DataFrame
    zones: gpd.GeoDataFrame
    findings: pd.DataFrame
    quotas: pd.DataFrame = field(default_factory=pd.DataFrame)
    notes: dict[str, object] = field(default_factory=dict)


def judge_all(
    measured: Measured,
    policy: Policy,
    *,
    layers: Layers | None = None,
    rebuild: Callable[[str], Measured] | None = None,
    basis: str = "ellipsoidal",
    stability: bool = True,
    lang: Lang = "zh",
    ledger: Ledger | None = None,
) -> Verdicts:
    """Judge enterprises, parcels and zones.

    Parameters
    ----------
    measured
        Measured tables; not changed.
    policy
        What the packs say on the day.
    layers
        Constraint layers by kind, in the CRS of the parcels, for the overlay items of standard land.
    rebuild
        Makes the measured tables with areas from another column, to see which verdicts rest on the area basis.
    basis
        The area basis of the run.
    stability
        Look for borderline verdicts, which takes longer than all the rest; without, nothing is said of them.
    lang
        Language of class names.
    ledger
        Where to write what was assumed and what the policies lack.

    Returns
    -------
    Verdicts
    """
    note_policy(policy, ledger)
    grades = _grades(measured.enterprises, policy)
    enterprises = _graded(measured.enterprises, grades)
    ready = Measured(_with_zone(measured.parcels, measured.zones), enterprises, measured.zones, measured.links)
    ready = Measured(_with_overlay(ready.parcels, layers or {}, policy), enterprises, ready.zones, ready.links)
    idle = judge_idle(ready.parcels, policy)
    low = _inefficient(ready, policy, idle, lang)
    eligible, conform = standard_land_eligible(ready.parcels, policy), standard_land_conform(ready.parcels, policy)
    verdicts = pd.DataFrame(
        {
            "idle_status": idle.frame["idle_status"],
            "inefficient": low.parcels["inefficient"],
            "standard_land_eligible": eligible.outcome,
        }
    )
    zones, targets = judge_zones(measured.zones, ready.parcels, policy, verdicts)
    keys = ready.parcels["parcel_id"].astype("category")
    findings = join(
        [
            *([grades.findings(enterprises["enterprise_id"])] if grades else []),
            *_of(low.judged["enterprise"], "enterprise", enterprises["enterprise_id"]),
            idle.findings(keys),
            *_of(low.judged["parcel"], "parcel", keys),
            eligible.findings("parcel", keys),
            conform.findings("parcel", keys),
            targets,
        ]
    )
    near = _borderline(ready, policy, idle) if stability else Borderline(ready.parcels.index, (), {})
    flips = _flips(policy, rebuild, basis, idle, low, conform)
    standard = {"standard_land_eligible": eligible, "standard_land_conform": conform}
    parcels = _with_verdicts(measured.parcels, idle, low, standard, near, flips)
    _note_ownership(idle, ready.parcels, ledger)
    notes: dict[str, object] = {
        "borderline": {v: int(f.sum()) for v, f in near.flags().items()},
        "area_basis": flips.counts if flips else {},
        "left_out": [*low.left_out, *(grades.left_out if grades else ())],
        "idle": idle.decisions,
    }
    return Verdicts(parcels, enterprises, zones, findings, grades.quotas if grades else pd.DataFrame(), notes)


def _of(judged: Iterable[Judged], subject: str, ids: pd.Series) -> list[pd.DataFrame]:
    keys = ids.astype("category")
    return [j.findings(subject, keys) for j in judged]


def _grades(enterprises: pd.DataFrame, policy: Policy) -> Grades | None:
    return grade(enterprises, policy) if policy.methods() and len(enterprises) else None


def _graded(enterprises: pd.DataFrame, grades: Grades | None) -> pd.DataFrame:
    """Enterprises with their grade: by the method of a pack, else as the table states it."""
    if grades is None:
        stated = enterprises["stated_grade"] if "stated_grade" in enterprises else None
        nothing = pd.Series(None, enterprises.index, dtype="str")
        missing = pd.Series(np.nan, enterprises.index)
        return enterprises.assign(score=missing, grade=nothing if stated is None else stated, next_grade_gap=missing)
    frame = grades.frame
    own = {c: frame[c] for c in GRADED}
    more = {
        "grade_method": frame["method"],
        "grade_group": frame["group"],
        "grade_rank": frame["rank"],
        "grade_rank_share": frame["rank_share"],
        "next_grade": frame["next_grade"],
        "grade_reasons": frame["reasons"],
        "grade_missing": frame["missing"],
    }
    items = {str(c): frame[c] for c in frame if str(c).startswith("item_")}
    return enterprises.assign(**own, **more, **items)


def _with_zone(parcels: gpd.GeoDataFrame, zones: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Parcels with the level of their zone, which rules may be limited to."""
    if "zone_level" not in zones or "zone_level" in parcels:
        return parcels
    return parcels.assign(zone_level=parcels["zone_id"].map(zones.set_index("zone_id")["zone_level"]).astype("str"))


def _with_overlay(parcels: gpd.GeoDataFrame, layers: Layers, policy: Policy) -> gpd.GeoDataFrame:
    """Parcels with their land on the wrong side of the control lines, where a rule asks for it."""
    if not policy.rules("standard_land"):
        return parcels
    over = overlay(parcels, {kind: layers.get(kind) for kind in OVERLAYS.values()})
    return parcels.assign(**{str(c): over[c] for c in over if c not in parcels})


def _inefficient(ready: Measured, policy: Policy, idle: IdleVerdict, lang: Lang) -> Inefficient:
    status = idle.frame["idle_status"]
    low = judge_inefficient(ready.parcels, ready.enterprises, ready.links, policy, idle_status=status, lang=lang)
    if policy.packs:
        return low
    nothing = low.parcels.assign(inefficient=pd.Series(pd.NA, low.parcels.index, dtype="boolean"))
    return Inefficient(nothing, low.enterprises, {"parcel": [], "enterprise": []})


def _with_verdicts(
    parcels: gpd.GeoDataFrame,
    idle: IdleVerdict,
    low: Inefficient,
    standard: Mapping[str, Checklist],
    near: Borderline,
    flips: BasisFlips | None,
) -> gpd.GeoDataFrame:
    made: dict[str, pd.Series] = {str(c): idle.frame[c] for c in idle.frame}
    made["idle_missing"] = idle.missing
    made |= {str(c): low.parcels[c] for c in low.parcels}
    for name, checklist in standard.items():
        made |= {name: checklist.outcome, f"{name}_open": checklist.open_items, f"{name}_missing": checklist.missing}
    table = near.table()
    made |= {"borderline": table["borderline"], "borderline_by": table["borderline_by"]}
    if flips is not None:
        made["area_basis_flips"] = flips.flips
    return parcels.assign(**{k: v.astype("str") if v.dtype == "category" else v for k, v in made.items()})


def _borderline(ready: Measured, policy: Policy, idle: IdleVerdict) -> Borderline:
    """The parcels whose verdict one small move changes."""
    status = idle.frame["idle_status"]

    def idle_again(rows: pd.DataFrame, moved: Policy) -> dict[str, pd.Series]:
        return {"idle_status": judge_idle(rows, moved).frame["idle_status"]}

    def standard_again(rows: pd.DataFrame, moved: Policy) -> dict[str, pd.Series]:
        return {
            "standard_land_eligible": standard_land_eligible(rows, moved).outcome,
            "standard_land_conform": standard_land_conform(rows, moved).outcome,
        }

    parcels = ready.parcels
    rules = [*policy.rules("standard_land", "parcel"), *policy.rules("conform", "parcel")]
    parts = [borderline_inefficient(parcels, ready.enterprises, ready.links, policy, idle_status=status)]
    if policy.rules("idle"):
        inputs = [c for c in QUANTITIES if c in parcels]
        near = near_limits(idle.rules, parcels.index)
        parts.append(borderline(idle_again, parcels, policy, keys=THRESHOLDS, inputs=inputs, near=near))
    if rules:
        parts.append(borderline(standard_again, parcels, policy, rules=rules))
    return join_borderline(parts)


def _flips(
    policy: Policy,
    rebuild: Callable[[str], Measured] | None,
    basis: str,
    idle: IdleVerdict,
    low: Inefficient,
    conform: Checklist,
) -> BasisFlips | None:
    """Which verdicts another area basis would change."""
    if rebuild is None or not (policy.rules("inefficient") or policy.rules("conform")):
        return None
    status = idle.frame["idle_status"]

    def verdicts(other: Measured) -> dict[str, pd.Series]:
        firms = _graded(other.enterprises, _grades(other.enterprises, policy))
        parcels = _with_zone(other.parcels, other.zones)
        again = judge_inefficient(parcels, firms, other.links, policy, idle_status=status)
        kept = standard_land_conform(parcels, policy).outcome
        return {"inefficient": again.parcels["inefficient"], "standard_land_conform": kept}

    base = {"inefficient": low.parcels["inefficient"], "standard_land_conform": conform.outcome}
    return basis_flips(rebuild, verdicts, basis=basis, base=base)


def note_policy(policy: Policy, ledger: Ledger | None) -> None:
    """Say in the ledger what the policies do not give, what has ended and what the user set."""
    if ledger is None:
        return
    if not policy.packs:
        ledger.add("policy-none", stage="judge", field="policies")
    for entry in policy.unused():
        if entry.reason == "unset":  # a document whose year is masked, and whose day nobody gave
            key = f"{entry.pack}.{IN_FORCE}"
            ledger.add("policy-value-lacking", stage="judge", source=entry.pack, id=entry.key, key=key)
            continue
        code = "policy-abolished" if entry.reason == "abolished" else "policy-not-yet"
        ledger.add(code, stage="judge", source=entry.pack, id=entry.key, rule=entry.key, as_of=policy.as_of)
    for pack, document in policy.ended():
        ledger.add(
            "policy-ended-used",
            stage="judge",
            source=pack.id,
            document=document.name,
            until=document.until,
            policy=pack.id,
        )
    for key, value in policy.parameters.items():
        ledger.add("policy-user-value", stage="judge", field="parameters", id=key, after=value, key=key)
    for key in sorted(policy.confirmed):
        ledger.add("policy-confirmed", stage="judge", field="confirmed", id=key, key=key)


def note_lacking(record: Mapping[str, Any], ledger: Ledger) -> None:
    """Say which values the verdicts asked for and nobody gave."""
    keys = [entry["key"] for entry in record.get("lacking", ())]
    for key in keys:
        ledger.add("policy-value-lacking", stage="judge", field="parameters", id=key, key=key)


def note_elsewhere(policy: Policy, parcels: pd.DataFrame, ledger: Ledger, *, lang: Lang) -> None:
    """Say which packs are for another place than the codes of the parcels."""
    codes = parcels["parcel_id"].astype("str")
    codes = codes[codes.str.fullmatch(_CADASTRAL)]
    for pack in policy.packs:
        for place in {h.place.zh: h.place for h in pack.heads.values() if h.place and h.place.codes}.values():
            away = int((~codes.str.startswith(place.codes)).sum())
            if away:
                ledger.add(
                    "policy-elsewhere", stage="judge", source=pack.id, policy=pack.id, place=place.say(lang), count=away
                )


def _note_ownership(idle: IdleVerdict, parcels: gpd.GeoDataFrame, ledger: Ledger | None) -> None:
    count = idle.decisions.get("ownership_assumed", 0)
    if ledger is not None and count:
        ledger.add("ownership-assumed", stage="judge", field="ownership", after=count)

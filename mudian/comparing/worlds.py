"""Verdicts as they would be: the data of one run under the policy and on the day of the other.

A *world* takes each factor (data, policy, day) from one of the two runs. The verdicts of the two runs themselves are
judged again, too: only what comes out as it did then can be explained.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.comparing.packs_of_run import RunPolicy
from mudian.comparing.restored import layers_of, restore
from mudian.evaluation import Evaluation
from mudian.judge import judge_all
from mudian.packs.policy import Policy
from mudian.rules.admission import admit

Words = NDArray[np.object_]
World = tuple[int, int, int]  # data, policy, day: 0 from the earlier run, 1 from the later one
UNKNOWN, NOT_JUDGED = "unknown", "not_judged"
VERDICTS = {
    "parcel": ("idle_status", "idle_measure", "inefficient", "standard_land_eligible", "standard_land_conform"),
    "enterprise": ("grade",),
    "zone": (),  # the targets of the packs, by rule
    "project": ("admission", "separate_land"),
}
TARGET = "target"


@dataclass(frozen=True)
class Judgement:
    """The verdicts of one run or world as words, by kind of subject: a column for each verdict, a row per subject."""

    tables: Mapping[str, pd.DataFrame]


def stored(run: Evaluation, targets: list[str]) -> Judgement:
    """The verdicts that a run wrote."""
    return Judgement(
        {
            "parcel": _columns(run.parcels, VERDICTS["parcel"]),
            "enterprise": _columns(run.enterprises, VERDICTS["enterprise"]),
            "zone": _targets(run.findings, run.zones, targets),
            "project": _columns(run.projects, VERDICTS["project"]),
        }
    )


def target_rules(runs: tuple[Evaluation, Evaluation]) -> list[str]:
    """Rules on zones that either run had in force."""
    records = [r.manifest.get("policies") for r in runs]
    rules = [rule for r in records if isinstance(r, Mapping) for rule in r.get("rules", ())]
    return sorted({r["id"] for r in rules if r["family"] == TARGET and r["subject"] == "zone"})


def judge_worlds(
    runs: tuple[Evaluation, Evaluation], policies: tuple[RunPolicy, RunPolicy], targets: list[str]
) -> dict[World, Judgement]:
    """All worlds that differ; what a policy refuses is left out.

    Parameters
    ----------
    runs, policies
        The earlier and the later run, and what they were judged by.
    targets
        Rules on zones whose outcome is a verdict.
    """
    measured = [restore(r) for r in runs]
    layers = [layers_of(r) for r in runs]
    choices = (0,) if policies[0].chooses_like(policies[1]) else (0, 1)
    days = (0,) if policies[0].as_of == policies[1].as_of else (0, 1)
    found: dict[World, Judgement] = {}
    for data, choice, day in product((0, 1), choices, days):
        policy = policies[choice].on(policies[day].as_of)
        if _refused(policy):
            continue
        made = judge_all(measured[data], policy, layers=layers[data], stability=False)
        found[data, choice, day] = Judgement(
            {
                "parcel": _columns(made.parcels, VERDICTS["parcel"]),
                "enterprise": _columns(made.enterprises, VERDICTS["enterprise"]),
                "zone": _targets(made.findings, made.zones, targets),
                "project": _admitted(runs[data].projects, policy),
            }
        )
    return _spread(found, choices, days)


def _spread(found: dict[World, Judgement], choices: tuple[int, ...], days: tuple[int, ...]) -> dict[World, Judgement]:
    """Worlds that differ in nothing share their judgement."""
    made: dict[World, Judgement] = {}
    for data, choice, day in product((0, 1), repeat=3):
        source = (data, choice if choice in choices else 0, day if day in days else 0)
        if source in found:
            made[data, choice, day] = found[source]
    return made


def _refused(policy: Policy) -> bool:
    """Whether a document of the policy must not be used after its end."""
    return any(document.after_end == "refuse" for _, document in policy.ended())


def _admitted(projects: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    known = "project_id" in projects
    return _columns(admit(projects, policy).table if known else projects, VERDICTS["project"])


def _columns(table: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    """Verdicts as words; a missing one is ``unknown``."""
    made = {n: words(table[n]) if n in table else np.full(len(table), NOT_JUDGED, dtype=object) for n in names}
    return pd.DataFrame(made, index=pd.RangeIndex(len(table)))


def words(values: pd.Series) -> Words:
    """Outcomes as ``true``, ``false`` and ``unknown``; classes and grades as they are."""
    if pd.api.types.is_bool_dtype(values.dtype):
        values = values.astype("boolean").map({True: "true", False: "false"})
    return values.astype("str").fillna(UNKNOWN).to_numpy(dtype=object)


def _targets(findings: pd.DataFrame, zones: pd.DataFrame, targets: list[str]) -> pd.DataFrame:
    own = findings[
        (findings["subject_type"] == "zone").to_numpy(bool) & findings["rule_id"].isin(targets).to_numpy(bool)
    ]
    made = {}
    for rule in targets:
        rows = own[(own["rule_id"] == rule).to_numpy(bool)]
        said = pd.Series(words(rows["outcome"]), rows["subject_id"].astype("str").to_numpy(dtype=object))
        said = said[~said.index.duplicated()]
        made[rule] = said.reindex(zones["zone_id"].astype("str")).fillna(NOT_JUDGED).to_numpy(dtype=object)
    return pd.DataFrame(made, index=pd.RangeIndex(len(zones)))

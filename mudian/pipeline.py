"""The main job: read → assign → link → allocate → measure → judge → account → screen → sum up, one line a stage.

Data move one way. Every stage is a function on plain tables that can be used alone in a notebook.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.allocate import allocate, landless, report_landless, report_money
from mudian.assign import assign_zones
from mudian.buildings import add_buildings
from mudian.checks import area_findings
from mudian.conserve import Account, check, draw_up
from mudian.constraints import constraint_layers
from mudian.corrections import corrections_table
from mudian.developable import Developable, remaining_area
from mudian.errors import PackError
from mudian.evaluation import Evaluation, as_stored
from mudian.explain.record import Record, policy_record
from mudian.findings import join
from mudian.hold import held_area
from mudian.inputs import Inputs, read_inputs
from mudian.judge import Measured, Verdicts, judge_all, note_elsewhere, note_lacking
from mudian.link import Links, link
from mudian.locate import enterprise_points
from mudian.manifest import make_manifest
from mudian.measure import industrial, measure_enterprises, measure_parcels, measure_zones, public
from mudian.packs.policy import Policy, policies
from mudian.periods.looking_back import look_back, looked_back, same_year_before, with_year_before
from mudian.potentials import potentials
from mudian.progress import Stages
from mudian.project import Project, load_project, of_period
from mudian.rules.admission import admit
from mudian.rules.left_measures import left_measures
from mudian.screening import screen
from mudian.themes import land_grades
from mudian.zone_stats import zone_statistics
from parcels.codes.land_use import detect_system, normalise_land_use
from parcels.ledger import Ledger, source_of
from parcels.units import M2_PER_MU


def evaluate(project: Project | str | Path, *, stages: Stages | None = None) -> Evaluation:
    """Run a project: from its files to measured parcels, enterprises and zones.

    Parameters
    ----------
    project
        A project, or the path of a project file.
    stages
        A stopwatch that shows and keeps the time of each stage.

    Returns
    -------
    Evaluation
        All tables, the ledger and the manifest. Nothing is written; see :meth:`Evaluation.save`.

    Raises
    ------
    ProjectError, InputError
        When the project or an input cannot be understood.
    CheckError
        When conservation fails.
    """
    project = project if isinstance(project, Project) else load_project(project)
    clock = stages or Stages()
    ledger = Ledger(lang=project.project.lang)
    policy = _policy(project)
    with clock.stage("read"):
        inputs = read_inputs(project, ledger=ledger)
        project = of_period(project, inputs.enterprises.period)
    with clock.stage("assign"):
        parcels = _assign(project, inputs, ledger)
    with clock.stage("link"):
        links = _link(project, inputs, parcels, ledger)
    with clock.stage("allocate"):
        allocated = _allocate(project, inputs, parcels, links, ledger)
    with clock.stage("measure"):
        parcels = _build(project, inputs, parcels, ledger)
        measured = measure_parcels(parcels, allocated, inputs.enterprises.frame)
        enterprises = measure_enterprises(inputs.enterprises.frame, allocated)
        zones = measure_zones(inputs.zones, measured, base=project.project.zone_area_base)
        back = look_back(project, inputs.series, enterprises, policy, ledger=ledger)
        enterprises = with_year_before(enterprises, back, ledger=ledger)
    with clock.stage("judge"):
        ready = Measured(measured, enterprises, zones, allocated)
        verdicts = _judge(project, inputs, parcels, links, ready, policy, ledger)
        proposals, admitted = _admit(inputs, policy)
        series = looked_back(back, verdicts.enterprises, allocated, measured, zones, policy, ledger=ledger)
        verdicts = replace(verdicts, enterprises=series.enterprises)
    with clock.stage("deduct"):
        left, measures = _remaining(project, inputs, verdicts.parcels, policy, ledger)
        zones = _with_columns(verdicts.zones, left.zones)
        potential = potentials(
            zones, verdicts.parcels, policy, left_measures=measures, lang=project.project.lang, ledger=ledger
        )
        zones = _with_columns(zones, potential.zones)
    with clock.stage("account"):
        record = _record(project, policy, parcels, ledger)
        accounts = _accounts(inputs, parcels, allocated, enterprises)
        found = join([area_findings(measured), verdicts.findings, potential.findings, series.findings, *admitted])
    linked = as_stored(_link_table(allocated, measured))
    tables: dict[str, Any] = {
        "parcels": as_stored(
            verdicts.parcels.assign(grade=land_grades(verdicts.parcels, verdicts.enterprises, linked))
        ),
        "enterprises": as_stored(verdicts.enterprises),
        "zones": as_stored(zones),
        "links": linked,
        "candidates": links.candidates,
        "findings": found,
        "deductions": left.deductions,
        "developable": left.pieces,
        "steps": left.steps,
        "left_measures": measures,
        "potentials": potential.table,
        **series.tables,
    }
    if inputs.corrections is not None and project.corrections is not None:
        tables["corrections"] = corrections_table(inputs.corrections, ledger.frame())
    if proposals is not None:
        tables["projects"] = as_stored(proposals)
    manifest = make_manifest(project, inputs, tables, accounts, ledger, clock)
    manifest |= {"policies": record, "verdicts": verdicts.notes, "developable": {"limits": left.limits}}
    done = Evaluation(**tables, ledger=ledger.frame(), manifest=manifest, layers=inputs.layers)
    with clock.stage("screen"):
        screened = _screen(project, done, policy)
    with clock.stage("zone_stats"):
        return replace(screened, zone_stats=zone_statistics(screened))


def _with_columns(zones: gpd.GeoDataFrame, more: pd.DataFrame) -> gpd.GeoDataFrame:
    return zones.assign(**{str(c): more[c] for c in more})


def _record(project: Project, policy: Policy, parcels: gpd.GeoDataFrame, ledger: Ledger) -> Record:
    """What the policy said; packs that lack something or are of elsewhere stand in the ledger."""
    record = policy_record(policy)
    note_lacking(record, ledger)
    note_elsewhere(policy, parcels, ledger, lang=project.project.lang)
    return record


def _accounts(
    inputs: Inputs, parcels: gpd.GeoDataFrame, allocated: pd.DataFrame, enterprises: pd.DataFrame
) -> list[Account]:
    """The accounts of money and land, which must hold."""
    accounts = draw_up(
        allocated,
        enterprises,
        parcels["area_mu"] * M2_PER_MU,
        without_land=landless(allocated, enterprises),
        set_aside=inputs.enterprises.set_aside,
    )
    check(accounts)
    return accounts


def _screen(project: Project, done: Evaluation, policy: Policy) -> Evaluation:
    """The results with what is worth redevelopment."""
    kinds = {c.name: c.kind for c in project.constraints}
    found = screen(done, settings=project.screening, policy=policy, kinds=kinds)
    return replace(
        done,
        screening=found.parcels,
        sites=found.sites,
        site_matches=found.matches,
        manifest=done.manifest | {"screening": found.notes},
    )


def _policy(project: Project) -> Policy:
    """What the packs of the project say on its day; a fault in their choice is a fault of the project file."""
    settings = project.project
    try:
        return policies(
            settings.policies,
            as_of=settings.as_of,
            parameters=project.parameters,
            confirmed=settings.confirmed,
            folder=project.folder,
        )
    except PackError as error:
        if error.place["file"] is None:
            error.place["file"] = project.file
        raise


def _judge(
    project: Project,
    inputs: Inputs,
    parcels: gpd.GeoDataFrame,
    links: Links,
    ready: Measured,
    policy: Policy,
    ledger: Ledger,
) -> Verdicts:
    return judge_all(
        ready,
        policy,
        layers=_by_kind(project, inputs),
        rebuild=lambda column: _measured_on(column, project, inputs, parcels, links, ready.enterprises),
        basis=project.parcels.area_basis,
        lang=project.project.lang,
        ledger=ledger,
    )


def _admit(inputs: Inputs, policy: Policy) -> tuple[pd.DataFrame | None, list[pd.DataFrame]]:
    """Proposed projects with what the rules on admission say of them."""
    if inputs.projects is None:
        return None, []
    found = admit(inputs.projects, policy)
    return inputs.projects.assign(**{str(c): found.table[c] for c in found.table}), [
        found.findings(inputs.projects["project_id"])
    ]


def _remaining(
    project: Project, inputs: Inputs, parcels: gpd.GeoDataFrame, policy: Policy, ledger: Ledger
) -> tuple[Developable, pd.DataFrame]:
    """What remains of each zone after supplied land and constraints, and the named measures of it."""
    layers = constraint_layers(project, inputs.layers, inputs.zones, policy, ledger=ledger)
    frontage = layers.apart.get("frontage")
    left = remaining_area(
        inputs.zones,
        parcels,
        layers.taken,
        settings=project.developable,
        clean=inputs.clean,
        roads=None if frontage is None else np.asarray(frontage.geometry.values),
        threads=os.cpu_count() or 1,
        lang=project.project.lang,
        ledger=ledger,
    )
    measures = left_measures(
        inputs.zones,
        parcels,
        left=_last_step(left),
        planned=layers.apart.get("planned"),
        evidence=layers.apart.get("evidence"),
        policy=policy,
        lang=project.project.lang,
    )
    return left, measures


def _last_step(left: Developable) -> NDArray[np.object_]:
    """What remains of every zone, in the order of the zones."""
    last = left.steps["order"] == left.steps["order"].max()
    return np.asarray(left.steps.geometry[last].values)


def _by_kind(project: Project, inputs: Inputs) -> dict[str, gpd.GeoDataFrame]:
    """The vector constraint layers by kind; layers of one kind together."""
    found: dict[str, list[gpd.GeoDataFrame]] = {}
    for constraint in project.constraints:
        if constraint.name in inputs.layers:
            found.setdefault(constraint.kind, []).append(inputs.layers[constraint.name][["geometry"]])
    return {kind: gpd.GeoDataFrame(pd.concat(layers, ignore_index=True)) for kind, layers in found.items()}


def _measured_on(
    column: str, project: Project, inputs: Inputs, parcels: gpd.GeoDataFrame, links: Links, judged: pd.DataFrame
) -> Measured:
    """The measured tables with areas from another column; nothing of it goes into the ledger."""
    aside = Ledger(lang=project.project.lang)
    area = parcels[column] if column in parcels else pd.Series(np.nan, parcels.index)
    moved = parcels.assign(area_mu=area / M2_PER_MU)
    allocated = _allocate(project, inputs, moved, links, aside)
    measured = measure_parcels(moved, allocated, inputs.enterprises.frame)
    enterprises = same_year_before(measure_enterprises(inputs.enterprises.frame, allocated), judged)
    zones = measure_zones(inputs.zones, measured, base=project.project.zone_area_base)
    return Measured(measured, enterprises, zones, allocated)


def _assign(project: Project, inputs: Inputs, ledger: Ledger) -> gpd.GeoDataFrame:
    parcels = assign_zones(inputs.parcels, inputs.zones, source=source_of(inputs.parcels), ledger=ledger)
    if "land_use_code" not in parcels:
        return parcels.assign(industrial=industrial(parcels, None), public_land=public(parcels, None))
    names = parcels["land_use"] if "land_use" in parcels else None
    guess = detect_system(parcels["land_use_code"], names)
    ledger.decide("land_use_system", guess.system, source=source_of(inputs.parcels), evidence=guess.evidence)
    parcels = parcels.assign(land_use_code=normalise_land_use(parcels["land_use_code"], guess.system))
    return parcels.assign(industrial=industrial(parcels, guess.system), public_land=public(parcels, guess.system))


def _link(project: Project, inputs: Inputs, parcels: gpd.GeoDataFrame, ledger: Ledger) -> Links:
    enterprises = inputs.enterprises.frame
    datum = project.enterprises.source_datum if project.enterprises else None
    points = enterprise_points(enterprises, parcels.crs, datum=datum, ledger=ledger)
    area = parcels["area_mu"] * M2_PER_MU
    return link(parcels, enterprises, inputs.holdings, points=points, area=area, ledger=ledger)


def _allocate(
    project: Project, inputs: Inputs, parcels: gpd.GeoDataFrame, links: Links, ledger: Ledger
) -> pd.DataFrame:
    enterprises = inputs.enterprises.frame
    source = Path(project.enterprises.path).name if project.enterprises else ""
    held = held_area(links.frame, parcels["area_mu"] * M2_PER_MU, ids=parcels["parcel_id"], ledger=ledger)
    allocated = allocate(held, enterprises, basis=project.project.allocation, ledger=ledger)
    report_money(enterprises, source=source, ledger=ledger)
    report_landless(enterprises, landless(allocated, enterprises), source=source, ledger=ledger)
    idle = np.setdiff1d(np.arange(len(parcels)), allocated["parcel"])
    rows = parcels["source_row"].iloc[idle]
    ledger.add(
        "parcel-no-enterprise",
        stage="allocate",
        source=source_of(parcels),
        row=rows,
        id=parcels["parcel_id"].iloc[idle],
        field="parcel_id",
    )
    return allocated


def _build(project: Project, inputs: Inputs, parcels: gpd.GeoDataFrame, ledger: Ledger) -> gpd.GeoDataFrame:
    if inputs.buildings is None or project.buildings is None:
        return parcels
    return add_buildings(parcels, inputs.buildings, source=Path(project.buildings.path).name, ledger=ledger)


def _link_table(links: pd.DataFrame, parcels: gpd.GeoDataFrame) -> pd.DataFrame:
    """The links with the keys of both sides, as they are written."""
    keys = parcels["parcel_id"].to_numpy(dtype=object)[links["parcel"]]
    rows = parcels["source_row"].to_numpy()[links["parcel"]]
    own = [c for c in links if c not in ("parcel", "enterprise", "stated_m2", "enterprise_id")]
    front = {
        "parcel_id": pd.array(keys, dtype="str"),
        "enterprise_id": links["enterprise_id"].array,
        "parcel_row": rows,
    }
    return pd.DataFrame(front, index=links.index).join(links[own]).reset_index(drop=True)

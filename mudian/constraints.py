"""Constraint layers (限制图层): from what the project names to polygons of land that cannot be developed.

A filter by land-use code comes first, then everything else. Vector layers are land, or lines and edges with a strip;
land outside the urban boundary is turned round; rasters become polygons of their cells. Each comes with what a reader
must know of its exactness.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from mudian.developable import Taken, choices
from mudian.errors import ProjectError
from mudian.land_codes import entries_of
from mudian.packs.policy import Policy
from mudian.project import Project
from mudian.rules.buffers import buffered
from mudian.settings import Constraint
from parcels.catalog import CATALOG, Lang
from parcels.geometry.deduct import Layer, covered_m2
from parcels.ledger import Ledger
from parcels.raster.blocks import HIGHEST, LOWEST
from parcels.raster.mask import Mask, class_mask, slope_mask

Geometries = NDArray[np.object_]
_POLYGONAL = (3, 6)


@dataclass(frozen=True)
class Constraints:
    """The layers of a project, sorted by what they are for.

    Attributes
    ----------
    taken
        What is taken away, in order.
    apart
        Layers by kind that take nothing away: ``planned``, ``evidence``, ``frontage``; several of one kind together.
    """

    taken: list[Taken]
    apart: dict[str, gpd.GeoDataFrame] = field(default_factory=dict)


def constraint_layers(
    project: Project,
    layers: Mapping[str, gpd.GeoDataFrame],
    zones: gpd.GeoDataFrame,
    policy: Policy,
    *,
    ledger: Ledger,
) -> Constraints:
    """Make the constraints of a project ready for deduction.

    Parameters
    ----------
    project
        For paths and settings.
    layers
        Vector layers as read and filtered, by name, in the CRS of the zones.
    zones
        The zones.
    policy
        For statutory strips.
    ledger
        Where to write.
    """
    taken: list[Taken] = []
    apart: dict[str, list[gpd.GeoDataFrame]] = {}
    for constraint in project.constraints:
        if constraint.raster is not None:
            taken.append(_raster(project, constraint, zones, ledger))
            continue
        layer = layers[constraint.name]
        if constraint.kind in choices()["kinds"]["apart"]:
            apart.setdefault(constraint.kind, []).append(layer)
        else:
            taken.append(_vector(constraint, layer, zones, policy, ledger))
    return Constraints(taken, {kind: _together(found) for kind, found in apart.items()})


def _together(layers: list[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Their figures; what their codes had to say has been used."""
    return gpd.GeoDataFrame(pd.concat([layer[["geometry"]] for layer in layers], ignore_index=True), crs=layers[0].crs)


def _vector(
    constraint: Constraint, layer: gpd.GeoDataFrame, zones: gpd.GeoDataFrame, policy: Policy, ledger: Ledger
) -> Taken:
    geoms = np.asarray(layer.geometry.values)
    notes = []
    if constraint.code_field is not None:
        codes = " ".join(entries_of(constraint)[0])
        notes.append(_say("constraint-code-note", ledger.lang, column=constraint.code_field, codes=codes))
    if constraint.buffer_m is not None or constraint.buffer_by is not None:
        geoms, strips = _strips(constraint, layer, policy, ledger)
        notes.append(strips)
    land = geoms[np.isin(shapely.get_type_id(geoms), _POLYGONAL)]
    thin = len(geoms) - len(land) - int(shapely.is_missing(geoms).sum())
    if thin:
        ledger.add("constraint-not-polygon", stage="deduct", source=constraint.name, after=thin, layer=constraint.name)
    if constraint.kind in choices()["kinds"]["outside"]:
        inside = shapely.union_all(land)
        land = shapely.difference(np.asarray(zones.geometry.values), inside)
    # Layers are repaired when they are read, and a strip or a difference of valid figures is valid.
    return Taken(constraint.name, constraint.kind, land, constraint.role, "；".join(notes), checked=True)


def _strips(constraint: Constraint, layer: gpd.GeoDataFrame, policy: Policy, ledger: Ledger) -> tuple[Geometries, str]:
    """The figures with their strips, and the sentence that says how wide; figures without a strip stay as they are."""
    made = buffered(
        layer,
        constraint.kind,
        policy,
        class_column=constraint.buffer_by,
        edge=constraint.edge,
        half_width_m=constraint.half_width_m,
        buffer_m=constraint.buffer_m,
    )
    unknown = np.asarray(made.unknown, dtype=bool)
    for text in dict.fromkeys(made.missing[unknown]):
        rows = layer["source_row"][unknown & (made.missing == text).to_numpy(bool)]
        ledger.add(
            "constraint-strip-unknown",
            stage="deduct",
            source=constraint.name,
            row=rows,
            layer=constraint.name,
            missing=text,
        )
    widths = sorted({f"{d:g}" for d in made.distance_m[~unknown]}, key=float)
    note = _say(
        "constraint-strip",
        ledger.lang,
        layer=constraint.name,
        distance="、".join(widths),
        clause=made.clause or "buffer_m",
    )
    if widths:
        ledger.add(
            "constraint-strip",
            stage="deduct",
            source=constraint.name,
            layer=constraint.name,
            distance="、".join(widths),
            clause=made.clause or "buffer_m",
        )
    return np.where(unknown, np.asarray(layer.geometry.values), made.geoms), note


def _raster(project: Project, constraint: Constraint, zones: gpd.GeoDataFrame, ledger: Ledger) -> Taken:
    if constraint.kind in (*choices()["kinds"]["apart"], *choices()["kinds"]["outside"]):
        place = {"file": project.file, "layer": constraint.name, "field": "constraints.raster"}
        raise ProjectError("constraint-raster-kind", **place, kind=constraint.kind)
    path = project.folder / str(constraint.raster)
    whole = shapely.union_all(np.asarray(zones.geometry.values))
    if constraint.slope_over is not None:
        mask = slope_mask(
            path,
            over=constraint.slope_over,
            method=constraint.slope_method,
            within=whole,
            within_crs=zones.crs,
            band=constraint.band,
        )
    else:
        mask = class_mask(
            path, classes=list(constraint.classes), within=whole, within_crs=zones.crs, band=constraint.band
        )
    blind = np.asarray(mask.unknown(zones.crs).geometry.values)
    lost = float(covered_m2(np.array([whole]), Layer(blind), area=shapely.area)[0]) if len(blind) else 0.0
    return Taken(
        constraint.name,
        constraint.kind,
        np.asarray(mask.polygons(zones.crs).geometry.values),
        constraint.role,
        _note_raster(mask, lost / shapely.area(whole) if lost else 0.0, constraint, ledger),
    )


def _note_raster(mask: Mask, unknown: float, constraint: Constraint, ledger: Ledger) -> str:
    """Write down what is inexact and what is unknown, a share of the zones; together they are the note."""
    facts: dict[str, dict[str, object]] = {}
    if mask.outside == 1:
        facts["raster-outside-all"] = {}
    else:
        facts["raster-error"] = {"cells": mask.cells, "error": f"{mask.error_m2:,.0f}"}
    if 0 < mask.outside < 1:
        facts["raster-outside"] = {"share": _percent(mask.outside)}
    if unknown:
        facts["raster-unknown"] = {"count": mask.unknown_cells, "share": _percent(unknown)}
    if mask.voids:
        facts["raster-voids"] = {"count": mask.voids, "lowest": f"{LOWEST:g}", "highest": f"{HIGHEST:g}"}
    for code, said in facts.items():
        ledger.add(code, stage="deduct", source=constraint.name, layer=constraint.name, **said)
    notes = (_say(code, ledger.lang, layer=constraint.name, **said) for code, said in facts.items())
    return ("；" if ledger.lang == "zh" else "; ").join(notes)


def _percent(share: float) -> str:
    """A share, never rounded to none or all."""
    if share < 0.001:
        return "<0.1%"
    return ">99.9%" if 0.999 < share < 1 - 1e-9 else f"{share:.1%}"


def _say(code: str, lang: Lang, **params: object) -> str:
    return CATALOG.ledger[code].render(lang, **params)

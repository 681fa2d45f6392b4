"""Constraint layers (限制图层): from what the project names to polygons of land that cannot be developed.

Vector layers are land, or lines and edges with a strip; land outside the urban boundary is turned round; rasters become
polygons of their cells. Each comes with what a reader must know of its exactness.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from mudian.developable import Taken, choices
from mudian.packs.policy import Policy
from mudian.project import Constraint, Project
from mudian.rules.buffers import buffered
from parcels.catalog import CATALOG, Lang
from parcels.ledger import Ledger
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
        Layers by kind that take nothing away: ``planned``, ``evidence``, ``frontage``.
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
        Vector layers as read, by name, in the CRS of the zones.
    zones
        The zones.
    policy
        For statutory strips.
    ledger
        Where to write.
    """
    taken, apart = [], {}
    for constraint in project.constraints:
        if constraint.kind in choices()["kinds"]["apart"]:
            apart[constraint.kind] = layers[constraint.name]
        elif constraint.raster is not None:
            taken.append(_raster(project, constraint, zones, ledger))
        else:
            taken.append(_vector(constraint, layers[constraint.name], zones, policy, ledger))
    return Constraints(taken, apart)


def _vector(
    constraint: Constraint, layer: gpd.GeoDataFrame, zones: gpd.GeoDataFrame, policy: Policy, ledger: Ledger
) -> Taken:
    geoms = np.asarray(layer.geometry.values)
    note = ""
    if constraint.buffer_m is not None or constraint.buffer_by is not None:
        geoms, note = _strips(constraint, layer, policy, ledger)
    land = geoms[np.isin(shapely.get_type_id(geoms), _POLYGONAL)]
    thin = len(geoms) - len(land) - int(shapely.is_missing(geoms).sum())
    if thin:
        ledger.add("constraint-not-polygon", stage="deduct", source=constraint.name, after=thin, layer=constraint.name)
    if constraint.kind in choices()["kinds"]["outside"]:
        inside = shapely.union_all(land)
        land = shapely.difference(np.asarray(zones.geometry.values), inside)
    return Taken(constraint.name, constraint.kind, land, constraint.role, note)


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
    path = project.folder / str(constraint.raster)
    whole = shapely.union_all(np.asarray(zones.geometry.values))
    if constraint.slope_over is not None:
        mask = slope_mask(
            path, over=constraint.slope_over, method=constraint.slope_method, within=whole, within_crs=zones.crs
        )
    else:
        mask = class_mask(path, classes=list(constraint.classes), within=whole, within_crs=zones.crs)
    return Taken(
        constraint.name,
        constraint.kind,
        np.asarray(mask.polygons(zones.crs).geometry.values),
        constraint.role,
        _note_raster(mask, constraint, ledger),
    )


def _note_raster(mask: Mask, constraint: Constraint, ledger: Ledger) -> str:
    facts = {"layer": constraint.name, "cells": mask.cells, "error": f"{mask.error_m2:,.0f}"}
    ledger.add("raster-error", stage="deduct", source=constraint.name, **facts)
    if mask.unknown_cells:
        ledger.add(
            "raster-unknown", stage="deduct", source=constraint.name, layer=constraint.name, count=mask.unknown_cells
        )
    return _say("raster-error", ledger.lang, **facts)


def _say(code: str, lang: Lang, **params: object) -> str:
    return CATALOG.ledger[code].render(lang, **params)

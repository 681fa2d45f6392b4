"""Features of a layer by their land-use code (地类编码): only those whose code is wanted make up the layer.

An entry stands for its code and all sub-codes; one with ``-`` before it takes them out again, wherever it stands. A
feature without a code, with one that no classification knows, or with one too coarse to tell (10 where 1006 is taken
out) does not count as part of the layer. It is counted and named; it never disappears in silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.errors import ProjectError
from mudian.project import Project
from mudian.settings import Constraint, code_sets
from parcels.codes.land_use import SYSTEMS
from parcels.codes.land_use_tables import codes_of, plain_codes
from parcels.fields import nearest
from parcels.ledger import Ledger
from parcels.units import M2_PER_MU

Mask = NDArray[np.bool_]
_PLANNED = "planned_code"
_SHOWN = 5  # codes that a message lists


@dataclass(frozen=True)
class Chosen:
    """Which features are wanted, and of which it cannot be said, as masks in the order of the codes.

    Attributes
    ----------
    wanted
        The code is wanted.
    missing
        There is no code.
    unknown
        No classification knows the code.
    coarse
        Some sub-codes of the code are wanted and others are not.
    """

    wanted: Mask
    missing: Mask
    unknown: Mask
    coarse: Mask


def choose(codes: pd.Series, entries: Sequence[str], *, system: str | None = None) -> Chosen:
    """Compare codes with the entries of a filter.

    Parameters
    ----------
    codes
        Codes as they stand; lost zeros are put back (601 is 0601), and of several in a cell the first counts.
    entries
        Codes with all their sub-codes; with ``-`` before them they are taken out.
    system
        Classification that the codes are of; without one, a code that any knows is known.

    Examples
    --------
    >>> found = choose(pd.Series(["0601", "1006", "10", "1003", "水", None]), ["05", "06", "10", "-1006"])
    >>> found.wanted.tolist()
    [True, False, False, True, False, False]
    >>> found.coarse.tolist(), found.unknown.tolist(), found.missing.tolist()[-1]
    ([False, False, True, False, False, False], [False, False, False, False, True, False], True)
    """
    plain = plain_codes(codes, system)
    into = tuple(e.upper() for e in entries if not e.startswith("-"))
    out = tuple(e[1:].upper() for e in entries if e.startswith("-"))

    def verdict(code: str) -> str:
        inside, outside = code.startswith(into), bool(out) and code.startswith(out)
        finer = out if inside and not outside else () if outside else into
        if any(e.startswith(code) and e != code for e in finer):
            return "coarse"
        if inside or outside:
            return "wanted" if inside and not outside else "other"
        return "other" if _known(code, system) else "unknown"

    told = plain.map({code: verdict(code) for code in plain.dropna().unique()}).astype("str")
    wanted, unknown, coarse = ((told == name).fillna(False).to_numpy(bool) for name in ("wanted", "unknown", "coarse"))
    return Chosen(wanted, plain.isna().to_numpy(bool), unknown, coarse)


@cache
def _known(code: str, system: str | None) -> bool:
    """Whether a classification has the code or one above it."""
    above = {code[:size] for size in range(2, len(code) + 1)}
    return any(above & set(codes_of(s).index) for s in (SYSTEMS if system is None else (system,)))


def by_code(layer: gpd.GeoDataFrame, constraint: Constraint, project: Project, ledger: Ledger) -> gpd.GeoDataFrame:
    """The features of a layer that the filter of its constraint wants; the layer itself where there is no filter.

    Parameters
    ----------
    layer
        As read, with its own columns.
    constraint
        With ``code_field`` and ``codes``.
    project
        For the place that an error names.
    ledger
        Where to write what was kept and of what it cannot be said.

    Raises
    ------
    ProjectError
        When the layer has no such column.
    """
    constraint = _with_filter(constraint, layer)
    field = constraint.code_field
    if field is None:
        return layer
    if field not in layer:
        columns = [str(c) for c in layer.columns if c != "geometry"]
        raise ProjectError(
            "constraint-code-field",
            file=project.file,
            layer=constraint.name,
            field="constraints.code_field",
            column=field,
            columns="、".join(columns),
            nearest=nearest(field, columns),
        )
    entries, system = entries_of(constraint)
    chosen = choose(layer[field], entries, system=system)
    kept = int(chosen.wanted.sum())
    ledger.add(
        "constraint-codes" if kept or not len(layer) else "constraint-codes-none",
        stage="deduct",
        source=constraint.name,
        field=field,
        before=len(layer),
        after=kept,
        count=len(layer),
        kept=kept,
        layer=constraint.name,
        column=field,
        codes=" ".join(entries),
    )
    _report_untold(layer, field, chosen, constraint.name, ledger)
    return gpd.GeoDataFrame(layer[chosen.wanted].reset_index(drop=True))


def _report_untold(layer: gpd.GeoDataFrame, field: str, chosen: Chosen, name: str, ledger: Ledger) -> None:
    """Count the features of which it cannot be said whether they are wanted."""
    for code, mask in (
        ("constraint-code-missing", chosen.missing),
        ("constraint-code-unknown", chosen.unknown),
        ("constraint-code-coarse", chosen.coarse),
    ):
        if not mask.any():
            continue
        said = layer[field][mask].dropna().astype(str).unique()
        ledger.add(
            code,
            stage="deduct",
            source=name,
            field=field,
            before=int(mask.sum()),
            after=0,
            count=int(mask.sum()),
            examples="、".join(said[:_SHOWN]) + ("…" if len(said) > _SHOWN else ""),
            area=_area(layer, mask),
            layer=name,
            column=field,
        )


def _with_filter(constraint: Constraint, layer: gpd.GeoDataFrame) -> Constraint:
    """A planned layer with the canonical column of codes is filtered, too."""
    if constraint.code_field is None and constraint.kind == "planned" and _PLANNED in layer:
        return constraint.model_copy(update={"code_field": _PLANNED, "codes": "construction_planned"})
    return constraint


def entries_of(constraint: Constraint) -> tuple[tuple[str, ...], str | None]:
    """The entries of a filter, and the classification where a named set has one."""
    if not isinstance(constraint.codes, str):
        return constraint.codes, None
    chosen = code_sets()[constraint.codes]
    return tuple(chosen["codes"]), str(chosen["system"])


def _area(layer: gpd.GeoDataFrame, mask: Mask) -> str:
    """Their area in mu as text; lines have none."""
    m2 = layer["area_m2"][mask].sum() if "area_m2" in layer else 0.0
    return f"{m2 / M2_PER_MU:,.2f}"

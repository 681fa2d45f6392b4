"""The manifest: what went in, what was decided, what came out, and proof that nothing was lost."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import pandas as pd
import pyogrio
import pyproj
import shapely

from mudian._version import __version__
from mudian.conserve import Account
from mudian.input_files import input_files, sha256
from mudian.inputs import Inputs
from mudian.progress import Stages, peak_memory_mb
from mudian.project import Project
from parcels.ledger import Ledger

_LIBRARIES = ("numpy", "pandas", "pyarrow", "geopandas", "shapely", "pyogrio", "pyproj", "rasterio")


def make_manifest(
    project: Project,
    inputs: Inputs,
    tables: Mapping[str, pd.DataFrame],
    accounts: list[Account],
    ledger: Ledger,
    clock: Stages,
) -> dict[str, Any]:
    """Draw up the manifest of a run as plain values.

    Returns
    -------
    dict
        ``project``, ``inputs``, ``decisions``, ``policies``, ``parameters``, ``rows``, ``conservation``, ``ledger``,
        ``versions``, ``timings``.
    """
    return {
        "project": project.project.model_dump(mode="json"),
        "inputs": _inputs(project),
        "decisions": [d.as_dict() for d in ledger.decisions],
        "policies": [],
        "parameters": _parameters(project, inputs),
        "rows": _rows(inputs, tables),
        "conservation": {a.column: a.as_dict() for a in accounts},
        "ledger": {s: ledger.count(s) for s in ("error", "warning", "info")},
        "versions": _versions(),
        "timings": {
            "seconds": dict(clock.seconds),
            "share": clock.shares(),
            "peak_memory_mb": peak_memory_mb(),
        },
    }


def _inputs(project: Project) -> dict[str, list[dict[str, object]]]:
    return {
        name: [
            {"file": f.relative_to(project.folder).as_posix() if f.is_relative_to(project.folder) else f.name,
             "bytes": f.stat().st_size, "sha256": sha256(f)}
            for f in files
        ]
        for name, files in input_files(project).items()
    }  # fmt: skip


def _parameters(project: Project, inputs: Inputs) -> dict[str, object]:
    settings = project.project
    crs = inputs.parcels.crs
    return {
        "area_basis": project.parcels.area_basis,
        "zone_area_base": settings.zone_area_base,
        "allocation": settings.allocation,
        "crs": crs.to_string() if crs else None,
        "m2_per_mu": "2000/3",
        "output": project.output.model_dump(mode="json"),
        "maps": project.maps.model_dump(mode="json"),
        "heat": project.heat.model_dump(mode="json"),
        "sheets": project.sheets.model_dump(mode="json"),
        "workbook": {"paper": project.workbook.paper},
        "report": project.report.model_dump(mode="json"),
        "screening": project.screening.model_dump(mode="json"),
        "periods": project.periods.model_dump(mode="json"),
    }


def _rows(inputs: Inputs, tables: Mapping[str, pd.DataFrame]) -> dict[str, dict[str, int]]:
    enterprises = inputs.enterprises
    return {
        "parcels": {"in": len(inputs.parcels), "out": len(tables["parcels"])},
        "enterprises": {
            "in": enterprises.rows_read,
            "out": len(tables["enterprises"]),
            "in_ledger": enterprises.rows_read - len(tables["enterprises"]),
        },
        "zones": {"out": len(tables["zones"])},
        "links": {"out": len(tables["links"])},
        "candidates": {"out": len(tables["candidates"])},
        "findings": {"out": len(tables["findings"])},
    }


def _versions() -> dict[str, str]:
    found = {"mudian": __version__, "python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    gdal = ".".join(map(str, pyogrio.__gdal_version__))
    return found | {"gdal": gdal, "geos": shapely.geos_version_string, "proj": pyproj.proj_version_str}

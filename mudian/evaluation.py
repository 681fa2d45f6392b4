"""The result of a run: its tables, its ledger and its manifest, in memory and on disk alike."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import geopandas as gpd
import pandas as pd
import pyogrio

from mudian.errors import UsageError
from parcels.catalog import Lang
from parcels.errors import FormatError

Table = TypeVar("Table", bound=pd.DataFrame)
SPATIAL = ("parcels", "zones", "developable", "steps", "sites")
TABLES = ("parcels", "enterprises", "zones", "links", "candidates", "findings", "ledger")
# Tables that a run has when its project asks for them.
OPTIONAL = (
    "deductions", "developable", "steps", "left_measures", "potentials", "projects", "screening", "sites",
    "site_matches", "zone_stats", "corrections", "history", "growth",
    "surcharges",
)  # fmt: skip


@dataclass(frozen=True)
class Evaluation:
    """Everything a run found.

    Attributes
    ----------
    parcels, zones
        GeoDataFrames in the CRS of the parcels.
    enterprises, links, candidates, findings, ledger
        Tables as described in the contract.
    manifest
        Inputs, decisions, parameters, row counts, conservation, versions and timings.
    deductions, developable, steps, left_measures
        What is taken from each zone in which order, the pieces that remain, the land left after every step, and the
        named measures of remaining land; empty where the run did not compute them.
    potentials
        Land intensity, potentials and years of supply of every zone, one measure a row.
    projects
        Proposed projects with their admission.
    screening, sites, site_matches
        Parcels to look at for redevelopment with reasons, gain and ease; the contiguous sites that they form; proposed
        projects against sites and remaining pieces.
    zone_stats
        Statistics of every zone and of all zones together, one figure a row; see :func:`mudian.zone_statistics`.
    corrections
        Corrections of the project and what became of each.
    history, growth, surcharges
        With several periods: their figures and the changes of grades, growth against earlier periods, and surcharges
        that grow with the years in a grade.
    layers
        Constraint layers as read, by name; on disk they stand in the GeoPackage only.
    """

    parcels: gpd.GeoDataFrame
    enterprises: pd.DataFrame
    zones: gpd.GeoDataFrame
    links: pd.DataFrame
    candidates: pd.DataFrame
    findings: pd.DataFrame
    ledger: pd.DataFrame
    manifest: dict[str, Any]
    deductions: pd.DataFrame = field(default_factory=pd.DataFrame)
    developable: gpd.GeoDataFrame = field(default_factory=gpd.GeoDataFrame)
    steps: gpd.GeoDataFrame = field(default_factory=gpd.GeoDataFrame, repr=False)
    left_measures: pd.DataFrame = field(default_factory=pd.DataFrame)
    potentials: pd.DataFrame = field(default_factory=pd.DataFrame)
    projects: pd.DataFrame = field(default_factory=pd.DataFrame)
    screening: pd.DataFrame = field(default_factory=pd.DataFrame)
    sites: gpd.GeoDataFrame = field(default_factory=gpd.GeoDataFrame)
    site_matches: pd.DataFrame = field(default_factory=pd.DataFrame)
    history: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    growth: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    surcharges: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    zone_stats: pd.DataFrame = field(default_factory=pd.DataFrame)
    corrections: pd.DataFrame = field(default_factory=pd.DataFrame)
    layers: dict[str, gpd.GeoDataFrame] = field(default_factory=dict, repr=False)

    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables by name, in the order in which they are written."""
        kept = {name: getattr(self, name) for name in TABLES}
        more = {name: getattr(self, name) for name in OPTIONAL}
        return kept | {name: table for name, table in more.items() if len(table.columns)}

    def save(self, folder: str | Path, *, formats: tuple[str, ...] = ("gpkg", "parquet", "xlsx", "html")) -> Path:
        """Write all results to a folder, which is replaced in one step.

        Parameters
        ----------
        folder
            The folder; earlier results in it are replaced, files of others are kept.
        formats
            Which files to write beside ``manifest.json``, ``ledger.parquet`` and ``ledger.csv``.
        """
        from mudian.writing import write_results

        return write_results(self, Path(folder), formats=formats)

    def spoken(self, lang: Lang | None) -> Evaluation:
        """The same results whose outputs speak a language; None leaves the project's."""
        project = self.manifest["project"]
        return self if lang is None else replace(self, manifest=self.manifest | {"project": project | {"lang": lang}})

    def __repr__(self) -> str:
        project = self.manifest["project"]
        return (
            f"<Evaluation {project['name']} ({project['period']}): {len(self.parcels)} parcels, "
            f"{len(self.enterprises)} enterprises, {len(self.zones)} zones, {len(self.ledger)} ledger rows>"
        )

    def _repr_html_(self) -> str:
        columns = ["zone_name", "parcel_count", "parcel_mu", "tax_wan", "tax_per_mu", "investment_per_mu"]
        zones = self.zones[[c for c in columns if c in self.zones]]
        counts = self.ledger["severity"].value_counts().to_dict()
        return f"<p>{html.escape(repr(self))} {html.escape(str(counts))}</p>{zones.to_html(index=False, escape=True)}"


def as_stored(table: Table) -> Table:
    """A table with the types it has after writing and reading: Parquet knows no time in whole seconds."""
    dates = [c for c in table if pd.api.types.is_datetime64_any_dtype(table[c].dtype)]
    seconds = [c for c in dates if table[c].dt.unit == "s"]
    for column in seconds:
        table = table.assign(**{str(column): table[column].dt.as_unit("ms")})
    return table


def load(folder: str | Path, *, layers: bool = False) -> Evaluation:
    """Read the results of a run back from its folder.

    Parameters
    ----------
    folder
        A folder written by ``mudian run`` or :meth:`Evaluation.save` with the format ``parquet``.
    layers
        Read the constraint layers, too, where the run wrote a GeoPackage; they may be large.

    Raises
    ------
    UsageError
        When the folder holds no results, or none that were written with ``parquet``.
    FormatError
        When a file in it is damaged.
    """
    folder = Path(folder)
    manifest = _read(folder / "manifest.json", lambda path: json.loads(path.read_text(encoding="utf-8")))
    missing = [f"{name}.parquet" for name in TABLES if not (folder / f"{name}.parquet").is_file()]
    if missing:
        formats = ", ".join(manifest.get("parameters", {}).get("output", {}).get("formats", ()))
        raise UsageError("run-incomplete", file=folder, names=" / ".join(missing), formats=formats)
    tables: dict[str, Any] = {
        name: _read(folder / f"{name}.parquet", gpd.read_parquet if name in SPATIAL else pd.read_parquet)
        for name in (*TABLES, *OPTIONAL)
        if name in TABLES or (folder / f"{name}.parquet").is_file()
    }
    return Evaluation(**tables, manifest=manifest, layers=_layers(folder, manifest) if layers else {})


def _layers(folder: Path, manifest: dict[str, Any]) -> dict[str, gpd.GeoDataFrame]:
    file = folder / "evaluation.gpkg"
    titles = manifest.get("layers", {}) if file.is_file() else {}
    return {name: _read(file, partial(gpd.read_file, layer=title)) for name, title in titles.items()}


def _read(path: Path, reader: Callable[[Path], Any]) -> Any:
    if not path.is_file():
        raise UsageError("run-missing", file=path.parent)
    try:
        return reader(path)
    except (OSError, ValueError, pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise FormatError("run-damaged", file=path, detail=str(error)) from error

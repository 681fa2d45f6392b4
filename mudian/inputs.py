"""Reading: every input of a project, each checked, named and put into the CRS of the parcels."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from numpy.typing import NDArray
from rasterio.errors import RasterioIOError

from mudian.corrections import Corrections, read_corrections, report_without_table
from mudian.enterprises import Enterprises, read_enterprises
from mudian.errors import ProjectError
from mudian.holdings import read_holdings
from mudian.land_codes import by_code
from mudian.measure import PER_MU
from mudian.periods.reading import Series, annualised, read_series
from mudian.project import Project
from mudian.proposals import read_proposals
from mudian.rules.intensity import POTENTIALS
from mudian.schemas import MONEY, QUANTITIES, categorise, schema
from mudian.settings import LATEST, Constraint, LayerSettings
from mudian.zones import prepare_zones
from parcels.crs.resolve import to_crs
from parcels.errors import FormatError
from parcels.fields import Schema
from parcels.geometry.area import area_m2
from parcels.geometry.topology import report as report_topology
from parcels.importer import read
from parcels.ledger import Ledger
from parcels.limits import limit
from parcels.readers.open import DATABASE
from parcels.units import M2_PER_MU

# Columns that the run adds to the parcels; own columns of these names are kept under another name.
RESULT_COLUMNS = (
    "zone_id", "zone_share", "zone_split", "area_mu", "enterprise_count", "held_mu", "plot_ratio",
    "building_coefficient", "idle_status", "idle_measure", "idle_fee_wan", "inefficient", "standard_land_eligible",
    "standard_land_conform", "borderline", "industrial", "public_land", "idle_cause_class", "idle_missing",
    "days_overdue", "grade", "inefficient_class", "inefficient_review", "inefficient_missing", "borderline_by",
    "area_basis_flips", *(f"standard_land_{a}_{b}" for a in ("eligible", "conform") for b in ("open", "missing")),
    *MONEY, *QUANTITIES, *PER_MU,
    *(f"{name}_incomplete" for name in (*MONEY, *QUANTITIES)),
)  # fmt: skip
# The same for zones.
ZONE_COLUMNS = (
    "area_mu", "parcel_count", "parcel_mu", "supplied_mu", "industrial_mu", "built_up_mu", "covered_mu", "base_mu",
    *(f"{a}_{b}" for a in ("idle", "inefficient", "standard_land") for b in ("count", "mu")), "idle_rate_pct",
    "industrial_share_pct", "developable_mu", "developable_usable_mu", "approved_unsupplied_mu", "supply_years",
    "supply_years_of", "mean_supply_ha", "td_type", *POTENTIALS,
    *(f"industrial_{a}_per_mu" for a in ("tax", "investment", "output")),
    *MONEY, *QUANTITIES, *PER_MU, *(f"rank_{name}" for name in PER_MU),
)  # fmt: skip


# Building surveys measure in metres; said in the ledger where a header does not.
BUILDING_UNITS = {"area": "平方米", "length": "米"}


@dataclass(frozen=True)
class Inputs:
    """What a run works on."""

    parcels: gpd.GeoDataFrame
    enterprises: Enterprises
    holdings: pd.DataFrame | None
    zones: gpd.GeoDataFrame
    layers: dict[str, gpd.GeoDataFrame] = field(default_factory=dict)
    buildings: gpd.GeoDataFrame | None = None
    projects: pd.DataFrame | None = None
    series: Series | None = None
    clean: NDArray[np.bool_] | None = None
    corrections: Corrections | None = None


def read_inputs(project: Project, *, ledger: Ledger) -> Inputs:
    """Read the tables and layers that a project names.

    Raises
    ------
    InputError
        When one of them cannot be read or understood.
    """
    corrections = _corrections(project, ledger)
    report_without_table(corrections, _tables(project), ledger)
    parcels = read_parcels(project, corrections=corrections, ledger=ledger)
    topology = report_topology(
        parcels,
        rows=parcels["source_row"].to_numpy(),
        ids=parcels["parcel_id"],
        source=_name(project.parcels),
        ledger=ledger,
        gap_width=limit("gap"),
    )
    enterprises = _enterprises(project, corrections, ledger)
    return Inputs(
        parcels=parcels,
        enterprises=annualised(enterprises, project.periods, ledger=ledger),
        holdings=_holdings(project, corrections, ledger),
        zones=_zones(project, parcels, corrections, ledger),
        layers={
            c.name: layer
            for c in project.constraints
            if (layer := _constraint(project, c, parcels, ledger)) is not None
        },
        buildings=_buildings(project, parcels, ledger),
        projects=_projects(project, ledger),
        series=read_series(project, enterprises, ledger=ledger),
        clean=topology.clean,
        corrections=corrections,
    )


def read_parcels(project: Project, *, corrections: Corrections | None = None, ledger: Ledger) -> gpd.GeoDataFrame:
    """Read the parcels of a project with a key, a supply status and their area on the chosen basis.

    Returns
    -------
    GeoDataFrame
        RangeIndex; ``parcel_id`` never missing (row numbers serve where a record has none), ``area_mu`` by
        ``area_basis``.
    """
    settings = project.parcels
    frame = _read_layer(project, settings, schema("parcel"), ledger, reserved=RESULT_COLUMNS)
    source = _name(settings)
    frame = frame.assign(parcel_id=_parcel_keys(frame, source, ledger))
    if corrections is not None:
        frame = corrections.apply(frame, table="parcels", ledger=ledger)
    frame = _supply(frame, source, ledger)
    if settings.area_basis == "planar" and not frame.crs.is_projected:
        raise ProjectError(
            "project-planar-degrees", file=project.file, field="parcels.area_basis", crs=frame.crs.to_string()
        )
    frame.attrs["source"] = source
    return frame.assign(area_mu=_area_mu(frame, settings.area_basis, source, ledger))


def _read_layer(
    project: Project,
    settings: LayerSettings,
    columns: Schema,
    ledger: Ledger,
    *,
    reserved: tuple[str, ...] = (),
    default_units: dict[str, str] | None = None,
    lines: bool = False,
) -> gpd.GeoDataFrame:
    return read(
        project.resolve(settings.path),
        layer=settings.layer,
        encoding=settings.encoding,
        crs=settings.crs,
        datum=settings.datum,
        datum_shift=settings.datum_shift,
        fields=settings.fields,
        units=settings.units,
        default_units=default_units,
        schema=columns,
        reserved=reserved,
        lines=lines,
        ledger=ledger,
    ).reset_index(drop=True)


def _name(settings: LayerSettings) -> str:
    return "postgresql" if settings.path.startswith(DATABASE) else Path(settings.path).name


def _parcel_keys(frame: gpd.GeoDataFrame, source: str, ledger: Ledger) -> pd.Series:
    rows: pd.Series = "#" + frame["source_row"].astype(str)
    if "parcel_id" not in frame:
        ledger.add("key-row-number", stage="read", source=source, field="parcel_id", canonical="parcel_id")
        return rows
    keys = frame["parcel_id"]
    missing = np.asarray(keys.isna())
    ledger.add(
        "key-missing",
        stage="read",
        source=source,
        row=frame["source_row"][missing],
        field="parcel_id",
        after=rows[missing],
        canonical="parcel_id",
    )
    return pd.Series(keys.fillna(rows), dtype="str")


def _supply(frame: gpd.GeoDataFrame, source: str, ledger: Ledger) -> gpd.GeoDataFrame:
    if "supply_status" not in frame:
        ledger.add("supply-status-assumed", stage="read", source=source, field="supply_status")
        ledger.decide("supply_status", "supplied", source=source, evidence=["no column"])
        return frame.assign(supply_status=pd.Series("supplied", frame.index, dtype="str"))
    status, odd = categorise(frame["supply_status"], "supply_status")
    ledger.add(
        "supply-status-odd",
        stage="read",
        source=source,
        row=frame["source_row"][odd],
        id=frame["parcel_id"][odd],
        field="supply_status",
        before=frame["supply_status"][odd],
    )
    return frame.assign(supply_status=status)


def _area_mu(frame: gpd.GeoDataFrame, basis: str, source: str, ledger: Ledger) -> pd.Series:
    computed: pd.Series = frame["planar_m2"] if basis == "planar" else frame["area_m2"]
    if basis != "registered":
        return computed / M2_PER_MU
    registered: pd.Series = frame["registered_m2"] if "registered_m2" in frame else pd.Series(np.nan, frame.index)
    without = np.asarray(registered.isna())
    ledger.add(
        "registered-used-without",
        stage="read",
        source=source,
        row=frame["source_row"][without],
        id=frame["parcel_id"][without],
        field="registered_m2",
        after=computed[without].round(2),
    )
    return registered.fillna(computed) / M2_PER_MU


def _corrections(project: Project, ledger: Ledger) -> Corrections:
    if project.corrections is None:
        return Corrections.none()
    paths = [Path(project.resolve(p)) for p in project.corrections.paths]
    return read_corrections(paths, results=project.output_dir, ledger=ledger)


def _tables(project: Project) -> set[str]:
    """The tables of a project that corrections may be of."""
    return {t for t in ("parcels", "enterprises", "holdings", "zones") if getattr(project, t) is not None}


def _enterprises(project: Project, corrections: Corrections, ledger: Ledger) -> Enterprises:
    settings = project.enterprises
    if settings is None:
        empty = pd.DataFrame({"enterprise_id": pd.Series(dtype="str"), "source_row": pd.Series(dtype="int64")})
        period = project.project.period
        return Enterprises(empty, 0, {}, str(project.project.as_of.year) if period == LATEST else period)
    return read_enterprises(
        project.resolve(settings.path),
        settings,
        period=project.project.period,
        as_of=project.project.as_of,
        investment=project.periods.investment,
        corrections=corrections,
        ledger=ledger,
    )


def _holdings(project: Project, corrections: Corrections, ledger: Ledger) -> pd.DataFrame | None:
    settings = project.holdings
    if settings is None:
        return None
    return read_holdings(
        project.resolve(settings.path), settings, as_of=project.project.as_of, corrections=corrections, ledger=ledger
    )


def _zones(project: Project, parcels: gpd.GeoDataFrame, corrections: Corrections, ledger: Ledger) -> gpd.GeoDataFrame:
    if project.zones is None:
        return _one_zone(project, parcels)
    frame = _read_layer(project, project.zones, schema("zone"), ledger, reserved=ZONE_COLUMNS)
    frame = corrections.apply(frame, table="zones", ledger=ledger)
    source = _name(project.zones)
    zones = prepare_zones(frame, source=source, ledger=ledger)
    return _beside(zones, parcels, source, ledger)


def _buildings(project: Project, parcels: gpd.GeoDataFrame, ledger: Ledger) -> gpd.GeoDataFrame | None:
    if project.buildings is None:
        return None
    frame = _read_layer(project, project.buildings, schema("building"), ledger, default_units=BUILDING_UNITS)
    return _beside(frame, parcels, _name(project.buildings), ledger)


def _projects(project: Project, ledger: Ledger) -> pd.DataFrame | None:
    if project.projects is None:
        return None
    return read_proposals(project.resolve(project.projects.path), project.projects, ledger=ledger)


def _beside(frame: gpd.GeoDataFrame, parcels: gpd.GeoDataFrame, source: str, ledger: Ledger) -> gpd.GeoDataFrame:
    """A layer in the CRS of the parcels; polygons that cross themselves there are repaired once more."""
    moved = to_crs(frame, parcels.crs, ledger=ledger, source=source)
    shapes = np.asarray(moved.geometry.values)
    crossed = ~(shapely.is_valid(shapes) | shapely.is_missing(shapes))
    if not crossed.any():
        return moved
    repaired = shapes.copy()
    repaired[crossed] = shapely.make_valid(shapes[crossed], method="structure", keep_collapsed=False)
    ledger.add(
        "layer-crossed-when-moved",
        stage="read",
        source=source,
        row=moved["source_row"][crossed],
        field="geometry",
        before=shapely.area(shapes[crossed]),
        after=shapely.area(repaired[crossed]),
    )
    return moved.set_geometry(gpd.GeoSeries(repaired, index=moved.index, crs=moved.crs))


def _one_zone(project: Project, parcels: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Without a zone layer all parcels together are the zone."""
    whole = parcels.geometry.dropna().union_all()
    zone = gpd.GeoDataFrame(
        {"zone_id": ["1"], "zone_name": [project.project.name], "source_row": [1]},
        geometry=[whole],
        crs=parcels.crs,
    )
    return zone.assign(area_m2=area_m2(zone, basis="ellipsoidal"))


def _constraint(
    project: Project, constraint: Constraint, parcels: gpd.GeoDataFrame, ledger: Ledger
) -> gpd.GeoDataFrame | None:
    if constraint.path is None:
        check_raster(project.folder / str(constraint.raster), ledger=ledger)
        return None
    settings = LayerSettings(
        path=constraint.path,
        layer=constraint.layer,
        encoding=constraint.encoding,
        crs=constraint.crs,
        datum=constraint.datum,
        datum_shift=constraint.datum_shift,
        fields=constraint.fields,
    )
    try:
        frame = _read_layer(project, settings, Schema([]), ledger, lines=True)
    except FormatError as error:
        if error.code != "read-empty":
            raise
        ledger.add("constraint-empty", stage="read", source=_name(settings), layer=constraint.name)
        return gpd.GeoDataFrame({"source_row": np.empty(0, np.int64)}, geometry=[], crs=parcels.crs)
    return by_code(_beside(frame, parcels, constraint.name, ledger), constraint, project, ledger)


def check_raster(path: Path, *, ledger: Ledger) -> dict[str, object]:
    """What a raster holds: size, CRS, resolution, nodata; recorded as a decision.

    Raises
    ------
    FormatError
        When it cannot be opened.
    """
    try:
        with rasterio.open(path) as raster:
            facts: dict[str, object] = {
                "driver": raster.driver,
                "width": raster.width,
                "height": raster.height,
                "bands": raster.count,
                "dtype": raster.dtypes[0],
                "crs": raster.crs.to_string() if raster.crs else None,
                "resolution": list(raster.res),
                "nodata": raster.nodata,
                "bounds": list(raster.bounds),
            }
    except (RasterioIOError, OSError) as error:
        raise FormatError("raster-unreadable", file=path, detail=str(error)) from error
    ledger.decide("raster", facts, source=path.name)
    return facts

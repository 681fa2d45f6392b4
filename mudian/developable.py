"""Remaining developable area (剩余可开发面积): what is left of each zone, exactly and in named steps.

Supplied land (已供应土地) goes first, then every constraint in the order of the project. What a layer takes beyond the
layers before it is its net figure; the net figures and what remains make up the zone. A layer that is not given is not
a layer that takes nothing: it is listed as not supplied, and what remains may be too large. Land approved and not
supplied (批而未供) stays in and is reported apart; idle land (闲置土地) is supplied, so it is out and noted there.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.resources import files
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from mudian.settings import DevelopableSettings
from parcels.catalog import Lang
from parcels.geometry.area import ellipsoidal_m2
from parcels.geometry.deduct import Areas, Deduction, Layer, covered_m2, deduct
from parcels.geometry.pieces import pieces
from parcels.ledger import Ledger
from parcels.units import M2_PER_MU

Geometries = NDArray[np.object_]
DEDUCTIONS = (
    "zone_id", "order", "layer", "kind", "role", "supplied", "gross_mu", "net_mu", "remaining_mu", "note",
)  # fmt: skip


@dataclass(frozen=True)
class Taken:
    """A layer of land that cannot be developed, in the CRS of the parcels.

    Attributes
    ----------
    name, kind, role
        As in the project; ``role`` is ``hard`` or ``soft``.
    geoms
        Valid polygons.
    note
        What a reader must know of its exactness.
    checked
        The polygons are known to be valid; they are not tested again.
    """

    name: str
    kind: str
    geoms: Geometries
    role: str = "hard"
    note: str = ""
    checked: bool = False


@dataclass(frozen=True)
class Developable:
    """What remains.

    Attributes
    ----------
    deductions
        Per zone and layer ``order``, ``layer``, ``kind``, ``role``, ``supplied``, ``gross_mu``, ``net_mu``,
        ``remaining_mu`` (亩) and ``note``.
    pieces
        The remaining pieces: ``zone_id``, ``piece_id``, ``area_mu``, ``width_m``, ``class``, ``shape_index``,
        ``touching``, ``touching_parcels`` and, with roads, ``frontage_m``.
    steps
        The land that is left after every step, by zone.
    zones
        Per zone ``developable_mu`` (毛), ``developable_usable_mu`` (净) and ``approved_unsupplied_mu`` (the part of 毛
        that is 批而未供; missing where the supply status is not known), under the index of the zones.
    """

    deductions: pd.DataFrame
    pieces: gpd.GeoDataFrame
    steps: gpd.GeoDataFrame
    zones: pd.DataFrame
    limits: dict[str, float | None] = field(default_factory=dict)


@cache
def choices() -> dict[str, Any]:
    """Technical limits, expected layers and words."""
    return tomllib.loads((files("mudian") / "data" / "developable.toml").read_text(encoding="utf-8"))


def remaining_area(
    zones: gpd.GeoDataFrame,
    parcels: gpd.GeoDataFrame,
    layers: Sequence[Taken],
    *,
    settings: DevelopableSettings | None = None,
    clean: NDArray[np.bool_] | None = None,
    roads: Geometries | None = None,
    threads: int = 1,
    lang: Lang = "zh",
    ledger: Ledger | None = None,
) -> Developable:
    """Take supplied land and constraints away from every zone.

    Parameters
    ----------
    zones
        Valid polygons with ``zone_id``.
    parcels
        Valid polygons in the CRS of the zones, with ``supply_status`` and ``parcel_id``; with ``idle_status`` the idle
        part of supplied land is noted.
    layers
        Constraints in the order in which they are taken away, in the CRS of the zones.
    settings
        Least area and width of a usable piece.
    clean
        Which parcels form a valid coverage, from the topology report; makes the same result faster.
    roads
        Roads whose frontage is measured.
    threads
        How many zones are worked on at the same time.
    lang
        Language of names.
    ledger
        Where to write.

    Returns
    -------
    Developable
        For every zone the net figures and what remains add up to its area on the ellipsoid.
    """
    account = Ledger(lang=lang) if ledger is None else ledger
    plane, back = _in_metres(zones)
    zone_geoms = plane(np.asarray(zones.geometry.values))
    land = plane(np.asarray(parcels.geometry.values))
    # What was valid in degrees need not be so in the plane.
    same = back.crs == zones.crs
    lots = _Lots(parcels, land, clean, checked=same and clean is not None)
    stack = [lots.of_status("supplied"), *(Layer(plane(t.geoms), checked=same and t.checked) for t in layers)]
    area = partial(ellipsoidal_m2, crs=back.crs)
    done = deduct(zone_geoms, stack, area=area, threads=threads)
    limits = _limits(settings or DevelopableSettings(), account)
    last = done.left[:, -1]
    found = pieces(
        last,
        area=area,
        min_area_m2=None if limits["min_area_mu"] is None else limits["min_area_mu"] * M2_PER_MU,
        min_width_m=limits["min_width_m"],
        neighbours=land,
        roads=None if roads is None else plane(roads),
        threads=threads,
    )
    table = _deductions(zones, layers, done, lang, account)
    approved = covered_m2(last, lots.of_status("approved_unsupplied"), area=area)
    if account.count(code="supply-status-assumed"):
        approved = np.full(len(zones), np.nan)
    return Developable(
        deductions=_with_idle(table, zone_geoms, lots, area, lang),
        pieces=_pieces(found, zones, parcels, back),
        steps=_steps(zones, layers, done, back, lang),
        zones=_totals(zones, done, found).assign(approved_unsupplied_mu=approved / M2_PER_MU),
        limits=limits,
    )


@dataclass(frozen=True)
class _Lots:
    """The parcels with their land in the plane."""

    table: gpd.GeoDataFrame
    land: Geometries
    clean: NDArray[np.bool_] | None
    checked: bool

    def those(self, mask: NDArray[np.bool_]) -> Layer:
        mask = mask & ~shapely.is_missing(self.land)
        return Layer(self.land[mask], None if self.clean is None else self.clean[mask], self.checked)

    def of_status(self, status: str) -> Layer:
        return self.those((self.table["supply_status"] == status).to_numpy(bool))

    def idle(self) -> Layer | None:
        """Supplied land found to be idle; None where that was not judged."""
        if "idle_status" not in self.table:
            return None
        idle = self.table["idle_status"].isin(choices()["idle"]["status"])
        return self.those((idle & (self.table["supply_status"] == "supplied")).to_numpy(bool))


def _with_idle(table: pd.DataFrame, zone_geoms: Geometries, lots: _Lots, area: Areas, lang: Lang) -> pd.DataFrame:
    """The table with a note on supplied land: how much of it is idle."""
    idle = lots.idle()
    if idle is None or not len(idle.geoms):
        return table
    mu = covered_m2(zone_geoms, idle, area=area) / M2_PER_MU
    notes = [choices()["idle"]["note"][lang].format(area=f"{a:,.2f}") if a > 0 else "" for a in mu]
    supplied = (table["order"] == 1).to_numpy(bool)
    note = table["note"].to_numpy(dtype=object).copy()
    note[supplied] = notes
    return table.assign(note=pd.array(note, dtype="str"))


class _Back:
    """The way back from the plane that was worked in."""

    def __init__(self, crs: Any, target: Any) -> None:
        self.crs, self.target = crs, target

    def __call__(self, geoms: Geometries) -> gpd.GeoSeries:
        made = gpd.GeoSeries(geoms, crs=self.crs)
        return made if self.crs == self.target else made.to_crs(self.target)


def _in_metres(zones: gpd.GeoDataFrame) -> tuple[Any, _Back]:
    """Into a plane in metres and back; a layer in degrees is worked on in a plane made for it."""
    crs = zones.crs
    if crs.is_projected:
        return (lambda geoms: geoms), _Back(crs, crs)
    metres = zones.estimate_utm_crs()

    def forth(geoms: Geometries) -> Geometries:
        return np.asarray(gpd.GeoSeries(geoms, crs=crs).to_crs(metres).values)

    return forth, _Back(metres, crs)


def _limits(settings: DevelopableSettings, ledger: Ledger) -> dict[str, float | None]:
    given = {"min_area_mu": settings.min_area_mu, "min_width_m": settings.min_width_m}
    own = choices()["limits"]
    if all(v is None for v in given.values()):
        area, width = own["min_area_mu"], own["min_width_m"]
        ledger.add("developable-limits", stage="deduct", field="developable", area=area, width=width)
        return {"min_area_mu": area, "min_width_m": width}
    return given


def _deductions(
    zones: gpd.GeoDataFrame, layers: Sequence[Taken], done: Deduction, lang: Lang, ledger: Ledger
) -> pd.DataFrame:
    words = choices()["words"]
    first = choices()["kinds"]["supplied"]
    names = [words[first][lang], *(t.name for t in layers)]
    kinds = [first, *(t.kind for t in layers)]
    absent = {k: w[lang] for k, w in choices()["expected"].items() if k not in kinds}
    for name in absent.values():
        ledger.add("developable-layer-none", stage="deduct", field="constraints", layer=name)
    size, count = len(zones), len(names)
    remaining = done.remaining_m2
    given = pd.DataFrame(
        {
            "zone_id": np.repeat(zones["zone_id"].to_numpy(dtype=object), count),
            "order": np.tile(np.arange(1, count + 1), size),
            "layer": np.tile(np.array(names, dtype=object), size),
            "kind": np.tile(np.array(kinds, dtype=object), size),
            "role": np.tile(np.array(["hard", *(t.role for t in layers)], dtype=object), size),
            "supplied": True,
            "gross_mu": done.gross_m2.ravel() / M2_PER_MU,
            "net_mu": done.net_m2.ravel() / M2_PER_MU,
            "remaining_mu": remaining.ravel() / M2_PER_MU,
            "note": np.tile(np.array(["", *(t.note for t in layers)], dtype=object), size),
        }
    )
    lacking = pd.DataFrame(
        {
            "zone_id": np.repeat(zones["zone_id"].to_numpy(dtype=object), len(absent)),
            "order": np.tile(np.arange(count + 1, count + 1 + len(absent)), size),
            "layer": np.tile(np.array(list(absent.values()), dtype=object), size),
            "kind": np.tile(np.array(list(absent), dtype=object), size),
            "role": "hard",
            "supplied": False,
            "gross_mu": np.nan,
            "net_mu": np.nan,
            "remaining_mu": np.nan,
            "note": "",
        }
    )
    whole = pd.concat([given, lacking] if len(lacking) else [given], ignore_index=True)
    kinds_of = {"zone_id": "str", "layer": "str", "kind": "str", "role": "str", "note": "str", "order": "int64"}
    position = whole["zone_id"].map({z: i for i, z in enumerate(zones["zone_id"])})
    order = np.lexsort((whole["order"].to_numpy(), position.to_numpy()))
    return whole.iloc[order].reset_index(drop=True).astype(kinds_of | {"supplied": "bool"})[list(DEDUCTIONS)]


def _pieces(found: pd.DataFrame, zones: gpd.GeoDataFrame, parcels: gpd.GeoDataFrame, back: _Back) -> gpd.GeoDataFrame:
    """The pieces with their keys, largest first in each zone."""
    table = found.sort_values(["zone", "area_m2"], ascending=[True, False], kind="stable").reset_index(drop=True)
    ids = zones["zone_id"].to_numpy(dtype=object)[table["zone"]]
    number = table.groupby("zone").cumcount() + 1
    keys = parcels["parcel_id"].to_numpy(dtype=object)
    made: dict[str, object] = {
        "zone_id": pd.array(ids, dtype="str"),
        "piece_id": pd.array([f"{z}-{n:03d}" for z, n in zip(ids, number, strict=True)], dtype="str"),
        "area_mu": table["area_m2"] / M2_PER_MU,
        "width_m": table["width_m"],
        "class": table["class"].astype("str"),
        "shape_index": table["shape_index"],
        "touching": table["touching"],
        "touching_parcels": pd.array(["；".join(map(str, keys[list(p)])) for p in table["neighbours"]], dtype="str"),
    }
    if "frontage_m" in table and table["frontage_m"].notna().any():
        made["frontage_m"] = table["frontage_m"]
    return gpd.GeoDataFrame(made, geometry=back(np.asarray(table["geometry"], dtype=object)).values, crs=zones.crs)


def _steps(
    zones: gpd.GeoDataFrame, layers: Sequence[Taken], done: Deduction, back: _Back, lang: Lang
) -> gpd.GeoDataFrame:
    first = choices()["kinds"]["supplied"]
    names = [choices()["words"][first][lang], *(t.name for t in layers)]
    size, count = len(zones), len(names)
    made: Mapping[str, object] = {
        "zone_id": pd.array(np.repeat(zones["zone_id"].to_numpy(dtype=object), count), dtype="str"),
        "order": np.tile(np.arange(1, count + 1), size),
        "after": pd.array(np.tile(np.array(names, dtype=object), size), dtype="str"),
        "remaining_mu": done.remaining_m2.ravel() / M2_PER_MU,
    }
    return gpd.GeoDataFrame(made, geometry=back(done.left.ravel()).values, crs=zones.crs)


def _totals(zones: gpd.GeoDataFrame, done: Deduction, found: pd.DataFrame) -> pd.DataFrame:
    usable = found[found["class"] == "usable"]
    net = np.bincount(usable["zone"].to_numpy(np.int64), weights=usable["area_m2"], minlength=len(zones))
    known = bool(found["class"].notna().any()) or not len(found)
    return pd.DataFrame(
        {
            "developable_mu": done.remaining_m2[:, -1] / M2_PER_MU,
            "developable_usable_mu": net / M2_PER_MU if known else np.nan,
        },
        index=zones.index,
    )

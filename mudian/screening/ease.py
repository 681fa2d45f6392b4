"""Ease (腾退难易度): how easily land could change hands, from 0 (hard) to 1 (easy).

Each item has a score; the ease is their weighted mean. An item that no parcel has is left out and named. One that a
single parcel lacks makes its ease an interval: it counts 0 in ``ease_low`` and 1 in ``ease_high``, while ``ease`` is
the mean of what is known, so that missing data never look like a hard case.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from mudian.rules.logic import name_missing
from mudian.screening.reasons import Firms
from mudian.screening.words import choices, limit
from mudian.settings import ScreeningSettings
from parcels.geometry.borders import frontage

Geometries = NDArray[np.object_]
ITEMS = ("owners", "tenants", "buildings", "floors", "mortgaged", "seized", "shape", "access", "area")
# Not the comma in "Co., Ltd".
_SEVERAL = r"[、;；，]|,(?!\s*(?:Ltd|Limited|Inc|LLC|LLP|Corp|L\.))"
_SEVERAL_RE = re.compile(_SEVERAL, re.IGNORECASE)
_NEAR_M = 1.0


@dataclass(frozen=True)
class Ease:
    """The ease of every row.

    Attributes
    ----------
    frame
        ``ease``, ``ease_low``, ``ease_high`` and ``ease_missing`` (names of items joined by ``;``).
    weights
        The weights that were used, adding up to 1.
    left_out
        Items that no row has.
    """

    frame: pd.DataFrame
    weights: Mapping[str, float]
    left_out: tuple[str, ...]


def item_table(
    parcels: gpd.GeoDataFrame, firms: Firms, rows: NDArray[np.intp], land: Geometries, roads: Geometries | None
) -> pd.DataFrame:
    """What the ease of some parcels rests on.

    Parameters
    ----------
    parcels, firms
        The parcels of the run and who uses them.
    rows
        Positions of the parcels wanted.
    land
        Their figures in a plane in metres.
    roads
        Roads in the same plane; without them frontage is not known.

    Returns
    -------
    DataFrame
        One row for each entry of ``rows``: ``owners``, ``tenants``, ``footprint_m2``, ``floor_m2``,
        ``building_coefficient``, ``plot_ratio``, ``mortgaged``, ``seized``, ``shape_index``, ``frontage_m``,
        ``plane_m2`` and ``area_mu``.
    """
    own = pd.DataFrame(parcels.iloc[rows].drop(columns="geometry")).reset_index(drop=True)

    def column(name: str, kind: Any) -> pd.Series:
        return own[name].astype(kind) if name in own else pd.Series(pd.NA, own.index, dtype=kind)

    owner = column("owner", "str")
    plane = shapely.area(land)
    coefficient, plot = column("building_coefficient", "Float64"), column("plot_ratio", "Float64")
    table = {
        "owners": owner_counts(owner).astype("Float64"),
        "tenants": pd.Series(firms.tenants[rows], dtype="Float64").mask(_nobody(firms, own, rows)),
        "building_coefficient": coefficient,
        "plot_ratio": plot,
        "mortgaged": column("mortgaged", "boolean"),
        "seized": column("seized", "boolean"),
        "shape_index": shape_index(land),
        "frontage_m": np.nan if roads is None else frontage(land, roads, _NEAR_M),
        "plane_m2": plane,
        "area_mu": column("area_mu", "float64"),
    }
    made = pd.DataFrame(table)
    numbers = [c for c in made if made[c].dtype == "Float64"]
    return made.astype(dict.fromkeys(numbers, "float64"))


def owner_names(owner: pd.Series) -> pd.Series:
    """Every owner of every parcel once: a name an entry, under the index of the parcels.

    Examples
    --------
    >>> owner_names(pd.Series(["甲公司、乙公司", "ABC Co., Ltd", " ", None])).tolist()
    ['甲公司', '乙公司', 'ABC Co., Ltd']
    """
    table = pd.DataFrame({"row": np.arange(len(owner)), "name": owner.astype("str").to_numpy()})
    several = table["name"].str.contains(_SEVERAL, regex=True, flags=re.IGNORECASE).fillna(False).to_numpy(bool)
    split = table[several].assign(name=table["name"][several].str.split(_SEVERAL_RE)).explode("name")
    every = pd.concat([table[~several], split]).dropna()
    every = every.assign(name=every["name"].astype("str").str.strip())
    every = every[(every["name"] != "").to_numpy(bool)].drop_duplicates().sort_values("row", kind="stable")
    return pd.Series(every["name"].to_numpy(dtype=object), owner.index[every["row"].to_numpy()], dtype="str")


def owner_counts(owner: pd.Series) -> pd.Series:
    """Different owners of every parcel; missing where none is named."""
    names = owner_names(owner.reset_index(drop=True))
    count = np.bincount(names.index.to_numpy(np.intp), minlength=len(owner)).astype(float)
    return pd.Series(np.where(count > 0, count, np.nan), owner.index)


def _nobody(firms: Firms, own: pd.DataFrame, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Parcels of which nobody says who uses them; idle land without a link has no tenant."""
    idle = own["idle_status"].isin(choices()["states"]["idle"]) if "idle_status" in own else pd.Series(False, own.index)
    return np.asarray((firms.linked[rows] == 0) & ~idle.to_numpy(bool))


def shape_index(land: Geometries) -> NDArray[np.float64]:
    """Perimeter over that of the circle of the same area: 1 for a circle, 1.13 for a square.

    Examples
    --------
    >>> shape_index(shapely.box([0, 0], [0, 0], [10, 40], [10, 10])).round(3).tolist()
    [1.128, 1.41]
    """
    area = shapely.area(land)
    return np.asarray(
        shapely.length(land) / np.where(area > 0, 2 * np.sqrt(np.pi * area), np.nan), dtype=np.float64
    )  # fmt: skip


def score_items(items: pd.DataFrame, settings: ScreeningSettings) -> pd.DataFrame:
    """The score (0–1) of every item; missing where it is not known.

    Parameters
    ----------
    items
        From :func:`item_table`, or the same for sites.
    settings
        For the least area of a site.
    """
    side = np.sqrt(items["plane_m2"].where(items["plane_m2"] > 0))
    scores = {
        "owners": 1 / items["owners"].where(items["owners"] > 0),
        "tenants": 1 / (1 + items["tenants"]),
        "buildings": 1 - items["building_coefficient"].clip(0, 1),
        "floors": 1 / (1 + items["plot_ratio"].clip(lower=0)),
        "mortgaged": _no(items["mortgaged"]),
        "seized": _no(items["seized"]),
        "shape": (1 / items["shape_index"]).clip(upper=1),
        "access": (items["frontage_m"] / side).clip(upper=1),
        "area": (items["area_mu"] / limit("min_site_mu", settings)).clip(0, 1),
    }
    return pd.DataFrame({n: scores[n].astype(float) for n in ITEMS}, index=items.index)


def rate(items: pd.DataFrame, settings: ScreeningSettings, *, left_out: tuple[str, ...] | None = None) -> Ease:
    """The ease of every row.

    Parameters
    ----------
    items
        From :func:`item_table`, or the same for sites.
    settings
        Weights (equal by default) and the least area of a site.
    left_out
        Items to leave out; by default those that no row has.

    Examples
    --------
    >>> items = pd.DataFrame({"owners": [1, 2], "tenants": [0, np.nan], "building_coefficient": [0.0, 0.5],
    ...     "plot_ratio": np.nan, "mortgaged": pd.NA, "seized": pd.NA, "shape_index": np.nan, "frontage_m": np.nan,
    ...     "plane_m2": 1.0, "area_mu": np.nan})
    >>> rate(items, ScreeningSettings()).frame[["ease", "ease_low", "ease_high"]].round(3).to_numpy().tolist()
    [[1.0, 1.0, 1.0], [0.5, 0.333, 0.667]]
    """
    scores = score_items(items, settings)
    weight = {n: settings.weights.get(n, 0.0 if settings.weights else 1.0) for n in ITEMS}  # type: ignore[call-overload]
    empty = tuple(n for n in ITEMS if weight[n] > 0 and not scores[n].notna().any()) if left_out is None else left_out
    used = [n for n in ITEMS if weight[n] > 0 and n not in empty]
    total = sum(weight[n] for n in used)
    shares = {n: weight[n] / total for n in used}
    given = np.array([shares[n] for n in used])
    values = scores[used].to_numpy(float).reshape(len(scores), len(used))
    known = ~np.isnan(values)
    low = np.where(known, values, 0.0) @ given
    seen = known @ given
    with np.errstate(invalid="ignore"):
        mean = np.where(seen > 0, low / seen, np.nan)
    lacking = {n: ~known[:, k] for k, n in enumerate(used)}
    nothing = np.full(len(scores), np.nan) if not used else None
    frame = pd.DataFrame(
        {
            "ease": mean,
            "ease_low": low if nothing is None else nothing,
            "ease_high": low + (1 - seen) if nothing is None else nothing,
            "ease_missing": name_missing(lacking, scores.index).astype("str"),
        },
        index=scores.index,
    )
    return Ease(frame, shares, empty)


def _no(flags: pd.Series) -> pd.Series:
    """1 where a burden is known to be absent, 0 where it is there."""
    return 1 - flags.astype("boolean").astype("Float64").astype("float64")

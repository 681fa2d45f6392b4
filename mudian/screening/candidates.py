"""The candidates as land that can be put together: what sites are made of.

Where parcels overlap (registered twice, layered rights), the land that both have counts once, for the first of them by
id; otherwise a site would have more land than there is. Taxes are those of all parcels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.screening.assemble import Assembled, Objective, best_site
from mudian.screening.ease import owner_names
from mudian.screening.plane import Plane
from mudian.screening.reasons import CANDIDATE
from mudian.screening.words import choices, limit
from mudian.settings import ScreeningSettings
from parcels.geometry.contiguity import across, adjacent, united
from parcels.geometry.covering import covered_shares

Geometries = NDArray[np.object_]
Positions = NDArray[np.int64]


@dataclass(frozen=True)
class Candidates:
    """The candidates with what sites are made of.

    Attributes
    ----------
    table
        Candidates; ``area_mu`` and gains without land that an earlier parcel has already (``overlap_mu``).
    items
        What their ease rests on, with the same areas.
    land
        Their figures in the plane.
    pairs
        Which of them are adjacent.
    under
        The parcel that has the same land as a whole, -1 for none.
    plane, settings
        The plane and ``[screening]``.
    """

    table: pd.DataFrame
    items: pd.DataFrame
    land: Geometries
    pairs: pd.DataFrame
    under: Positions
    plane: Plane
    settings: ScreeningSettings

    def best(self, at_least_mu: float, scenario: str, objective: Objective) -> gpd.GeoDataFrame:
        """The best site; see :meth:`mudian.screening.Screening.best`."""
        gain = self.table[f"gain_{scenario}_wan"].mask(self.table["zone_id"].isna()).to_numpy(float, copy=True)
        area = self.table["area_mu"].to_numpy(float, copy=True)
        owner, shared = _owners(self.table)
        # Who has a parcel in hand has in hand what is registered on the same land as well.
        below = np.flatnonzero(self.under >= 0)
        np.add.at(gain, self.under[below], gain[below])
        area[below] = np.nan
        for parcel, who in ((below, owner[below]), _of(shared, below)):
            shared = np.append(shared[0], self.under[parcel]), np.append(shared[1], who)
        first, second = (self.pairs[c].to_numpy(np.intp) for c in ("first", "second"))
        found = best_site(
            area, gain, owner, first, second, at_least_mu=at_least_mu, objective=objective, shared=shared
        )  # fmt: skip
        return self._row(found)

    def _row(self, found: Assembled | None) -> gpd.GeoDataFrame:
        members = np.array(found.members if found else (), dtype=np.int64)
        at = np.union1d(members, np.flatnonzero((self.under >= 0) & np.isin(self.under, members)))
        shape = united(self.land[at], np.zeros(len(at), np.int64))
        ids = "；".join(sorted(self.table["parcel_id"].iloc[at].astype("str")))
        some = [found] if found else []
        row = pd.DataFrame(
            {
                "zone_id": self.table["zone_id"].iloc[at[:1]].array,
                "parcel_ids": pd.array([ids for _ in some], dtype="str"),
                "parcel_count": [len(at) for _ in some],
                "area_mu": [f.area_mu for f in some],
                "gain_wan": [f.gain_wan for f in some],
                "gain_per_mu": [f.gain_wan / f.area_mu for f in some],
                "owners": [f.owners for f in some],
                "exact": [f.exact for f in some],
                "bound": [f.bound for f in some],
            }
        )
        return gpd.GeoDataFrame(row, geometry=self.plane.back(shape).values, crs=self.plane.target)


def candidates_of(
    table: pd.DataFrame, items: pd.DataFrame, land: Geometries, plane: Plane, settings: ScreeningSettings,
    barriers: Geometries | None,
) -> Candidates:  # fmt: skip
    """The candidates, and which of them are adjacent; over a road only where that is allowed.

    Parameters
    ----------
    table, items
        The listed parcels in an order of their own, and what their ease rests on.
    land
        Their figures in a plane in metres.
    plane, settings
        The plane and ``[screening]``.
    barriers
        Roads and other layers that a site must not cross, in the same plane.
    """
    at = np.flatnonzero((table["list"] == CANDIDATE).to_numpy(bool))
    own, figures = table.iloc[at].reset_index(drop=True), land[at]
    zone, _ = pd.factorize(own["zone_id"])
    inside = figures.copy()
    inside[(zone < 0) | ~(own["area_mu"] > 0).to_numpy(bool)] = None
    near: dict[str, Any] = {"gap": limit("gap_m", settings), "min_border": limit("min_border_m", settings)}
    near["groups"] = zone.astype(np.int64)
    if settings.cross_roads and barriers is not None:
        over = across(inside, barriers, widest=limit("road_m", settings), **near)
        pairs = pd.concat([adjacent(inside, **near), over], ignore_index=True)
    else:
        pairs = adjacent(inside, barriers=barriers, **near)
    touching = (pairs["gap_m"] == 0).to_numpy(bool)
    share, by = covered_shares(figures, *(pairs[c].to_numpy(np.intp)[touching] for c in ("first", "second")))
    items = items.iloc[at].reset_index(drop=True)
    items = items.assign(**{c: items[c] * (1 - share) for c in ("area_mu", "plane_m2")})
    under = np.where(share >= choices()["limits"]["same_land"], by, -1).astype(np.int64)
    # Of several one below the other the first has the land.
    while (deeper := (under >= 0) & (under[under] >= 0)).any():
        under[deeper] = under[under[deeper]]
    return Candidates(_once(own, share, settings), items, figures, pairs, under, plane, settings)


def _once(table: pd.DataFrame, share: NDArray[np.float64], settings: ScreeningSettings) -> pd.DataFrame:
    """Areas and gains without land that is counted already; what is paid on it stays."""
    lost = table["area_mu"] * share
    made = {"area_mu": table["area_mu"] - lost, "overlap_mu": lost}
    for name in settings.shown:
        made[f"gain_{name}_wan"] = table[f"gain_{name}_wan"] - (table[f"benchmark_{name}"] * lost).where(share > 0, 0.0)
    return table.assign(**made)


def _of(pairs: tuple[Positions, Positions], parcels: NDArray[np.intp]) -> tuple[Positions, Positions]:
    """The pairs of some parcels."""
    wanted = np.isin(pairs[0], parcels)
    return pairs[0][wanted], pairs[1][wanted]


def _owners(table: pd.DataFrame) -> tuple[Positions, tuple[Positions, Positions]]:
    """A number for the first owner of every parcel, and further owners; land of unknown owners has each its own."""
    size = len(table)
    names = owner_names(table["owner"].reset_index(drop=True)) if "owner" in table else pd.Series(dtype="str")
    code, known = pd.factorize(names, sort=True)
    row = names.index.to_numpy(np.int64)
    first = ~pd.Series(row).duplicated().to_numpy()
    owner = len(known) + np.arange(size)
    owner[row[first]] = code[first]
    return owner, (row[~first], code[~first].astype(np.int64))

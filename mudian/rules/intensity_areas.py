"""Land of a zone by the codes of the land-intensity evaluation (TD/T 1029), and whether its partitions close.

Every parcel has a code by construction (A built, B not built, C cannot be built) and one by supply (D supplied, E still
suppliable, F not suppliable); each partition adds up to the zone. A code counts for itself and for the classes above it
(D22 for D2 and D). High-tech land and idle land are marks: where their column is text, an empty cell means no mark;
where it is true/false, an empty cell is unknown. A class is known only where every parcel of the zone is coded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.packs.policy import Policy
from mudian.rules.logic import compare

COLUMNS = ("td_construction", "td_supply", "td_hightech", "td_idle")
MARKS = ("td_hightech", "td_idle")
PARTITIONS = {"construction": "td_construction", "supply": "td_supply"}
_SAME = 1e-6


@dataclass(frozen=True)
class Coded:
    """Parcels of zones with their codes, ready to be summed.

    Attributes
    ----------
    zones
        One row per zone (or zone and part of it), with the key columns.
    key
        The row of ``zones`` that each parcel belongs to; parcels without a zone are left out.
    letters
        The column that carries codes of a letter.
    """

    parcels: pd.DataFrame
    zones: pd.DataFrame
    key: NDArray[np.intp]
    area: NDArray[np.float64]
    codes: tuple[str, ...]
    letters: dict[str, str]

    def under(self, code: str) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which parcels have a code or one below it, and of which that is unknown: uncoded, or only coded above it."""
        column = self.letters.get(code[0], "")
        if column not in self.parcels:
            return np.zeros(len(self.parcels), bool), np.ones(len(self.parcels), bool)
        cells = self.parcels[column]
        if column in MARKS and pd.api.types.is_bool_dtype(cells.dtype):
            return cells.fillna(False).to_numpy(bool), cells.isna().to_numpy()
        texts = cells.astype("str").str.strip().str.upper()
        known = texts.isin(self.codes).to_numpy(bool)
        inside = texts.str.startswith(code).fillna(False).to_numpy(bool) & known
        above = texts.isin([code[:n] for n in range(1, len(code))]).to_numpy(bool)
        empty = (cells.isna() | (texts == "")).to_numpy(bool)
        return inside, above | (~known & ~(empty if column in MARKS else np.zeros(len(cells), bool)))

    def total(self, values: NDArray[np.float64], inside: NDArray[np.bool_], unknown: NDArray[np.bool_]) -> pd.Series:
        """Sum per zone over the parcels inside; missing where a value or a code that matters is."""
        size = len(self.zones)
        weights = np.where(inside, values, 0.0)
        open_ = unknown | (inside & np.isnan(values))
        sums = np.bincount(self.key, weights=np.nan_to_num(weights), minlength=size)
        lacking = np.bincount(self.key, weights=open_, minlength=size) > 0
        return pd.Series(np.where(lacking, np.nan, sums), self.zones.index)

    def land(self, code: str, *, without: str | None = None) -> pd.Series:
        """Land of a code per zone (m²), if asked without that of another code."""
        inside, unknown = self.under(code)
        if without:
            other, open_ = self.under(without)
            inside, unknown = inside & ~other, unknown | (inside & open_)
        return self.total(self.area, inside, unknown)

    def column(self, name: str, code: str) -> pd.Series:
        """A column of the parcels summed over the land of a code."""
        inside, unknown = self.under(code)
        cells = self.parcels[name] if name in self.parcels else pd.Series(np.nan, self.parcels.index)
        return self.total(pd.to_numeric(cells).to_numpy(float, na_value=np.nan), inside, unknown)


def code_parcels(
    parcels: pd.DataFrame, policy: Policy, *, by: Sequence[str] = ("zone_id",), area: str = "area_m2"
) -> Coded:
    """Make the codes of parcels ready to be summed.

    Parameters
    ----------
    parcels
        Parcels with ``by``, their area and as far as there are any ``td_construction`` (DLDM), ``td_supply`` (GYDM),
        ``td_hightech`` (GXDM) and ``td_idle`` (TDXZQK); not changed.
    policy
        With the pack of TD/T 1029.
    by
        What makes a zone; with a column for 主区 and 发展方向区 they are kept apart.
    area
        Column of the area in m².
    """
    inside = parcels[list(by)].notna().all(axis=1).to_numpy(bool)
    land = parcels[inside]
    groups = land.groupby(list(by), sort=True)
    zones = groups.size().reset_index()[list(by)]
    table = policy.table("td1029_codes")
    letters = {
        str(letter): column
        for column in COLUMNS
        if (found := policy.find(f"td1029.column.{column}"))
        for letter in found.items
    }
    return Coded(
        land, zones, groups.ngroup().to_numpy().astype(np.intp), land[area].to_numpy(float),
        tuple(r[0] for r in table.rows) if table else (), letters,
    )  # fmt: skip


def td1029_areas(
    parcels: pd.DataFrame, policy: Policy, *, by: Sequence[str] = ("zone_id",), area: str = "area_m2"
) -> pd.DataFrame:
    """Land of every class per zone.

    Parameters
    ----------
    parcels, policy, by, area
        As in :func:`code_parcels`.

    Returns
    -------
    DataFrame
        One row per zone: the key columns, one column per code (m²; missing where parcels of the zone are not coded),
        ``land_m2``, and ``td_construction_uncoded_m2`` and ``td_supply_uncoded_m2``.
    """
    coded = code_parcels(parcels, policy, by=by, area=area)
    every, none = np.ones(len(coded.parcels), bool), np.zeros(len(coded.parcels), bool)
    made: dict[str, pd.Series] = {code: coded.land(code) for code in coded.codes}
    made["land_m2"] = coded.total(coded.area, every, none)
    for column in PARTITIONS.values():
        letter = next((k for k, v in coded.letters.items() if v == column), "")
        unknown = coded.under(letter)[1] if letter else every
        made[f"{column}_uncoded_m2"] = coded.total(coded.area, unknown, none)
    return coded.zones.assign(**made)


def td1029_partition(
    areas: pd.DataFrame, policy: Policy, *, zone_m2: pd.Series | None = None, by: Sequence[str] = ("zone_id",)
) -> pd.DataFrame:
    """Whether the land by construction (A+B+C) and by supply (D+E+F) makes up the zone.

    Parameters
    ----------
    areas
        Result of :func:`td1029_areas`.
    policy
        With the pack of TD/T 1029.
    zone_m2
        Area of every zone, in the order of ``areas``; without it the land of its parcels.
    by
        What makes a zone.

    Returns
    -------
    DataFrame
        The key columns, ``zone_m2``, and for both partitions ``…_m2``, ``…_gap_m2`` (zone minus partition) and
        ``…_closes`` (missing where parcels are not coded).
    """
    whole = areas["land_m2"] if zone_m2 is None else pd.Series(zone_m2.to_numpy(float), areas.index)
    made: dict[str, pd.Series] = {"zone_m2": whole}
    for name, column in PARTITIONS.items():
        found = policy.find(f"td1029.column.{column}")
        parts = [areas[str(letter)] for letter in found.items] if found else [whole * np.nan]
        total = pd.Series(np.sum([p.to_numpy(float) for p in parts], axis=0), areas.index)
        gap = whole - total
        made |= {f"{name}_m2": total, f"{name}_gap_m2": gap, f"{name}_closes": compare(gap.abs(), "<=", whole * _SAME)}
    return areas[list(by)].assign(**made)

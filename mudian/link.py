"""Links between enterprises and parcels: who holds which land, each link with the method it rests on.

The methods in order: holdings table, ``parcel_id`` in the enterprise table (for enterprises without a holding), the
owner's code, the owner's name, a point in a parcel (for enterprises without any link). The register of owners adds
what the first two do not say. Names that are only alike are candidates for a person to confirm, never links.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from parcels.ledger import Ledger, source_of

METHODS = ("holdings", "parcel_id", "owner_id", "owner_name", "point")
_BLANKS = re.compile(r"\s+")
_SPLIT = re.compile(r"[;；、,，\s]+")
_PUNCTUATION = re.compile(r"[\s()（）\[\]【】·.。,，\-—_\"'“”]+")
_CORE = re.compile(r"^(?:.{2,3}省)?(?:.{2,3}市)?|(?:股份|有限|责任|集团|公司|厂|分公司)+$")


@dataclass(frozen=True)
class Links:
    """Links as positions in the two tables, and the pairs that a person should look at.

    Attributes
    ----------
    frame
        ``parcel`` and ``enterprise`` positions (enterprise −1: not in the table), ``enterprise_id``, ``method``,
        ``relation`` (own, lease, let), ``stated_m2``, ``floor_area_m2``; one row per pair and relation.
    candidates
        ``parcel_id``, ``owner``, ``enterprise_id``, ``name`` of alike names.
    """

    frame: pd.DataFrame
    candidates: pd.DataFrame


def link(
    parcels: gpd.GeoDataFrame,
    enterprises: pd.DataFrame,
    holdings: pd.DataFrame | None = None,
    *,
    points: gpd.GeoSeries | None = None,
    area: pd.Series | None = None,
    ledger: Ledger,
) -> Links:
    """Find the land of every enterprise.

    Parameters
    ----------
    parcels
        Parcels with ``parcel_id`` and, where known, ``owner_id`` and ``owner``; not changed.
    enterprises
        Enterprises with ``enterprise_id`` and, where known, ``name`` and ``parcel_id``.
    holdings
        Holdings in force, if there is a table of them.
    points
        Position of every enterprise in the CRS of the parcels, if it is known.
    area
        Area of every parcel in m², by which a holding of a repeated parcel code is divided; equal parts without.
    ledger
        Where to write.
    """
    size = pd.Series(1.0, parcels.index) if area is None else area
    parts = [
        _by_holdings(parcels, enterprises, holdings, np.asarray(size.fillna(0.0)), ledger),
        _by_parcel_id(parcels, enterprises, ledger),
        _by_owner_id(parcels, enterprises),
        _by_owner_name(parcels, enterprises, ledger),
    ]
    holders = set(parts[0]["enterprise"])
    ignored = parts[1]["enterprise"].isin(holders)
    _report_ignored(parts[1][ignored], parcels, enterprises, ledger)
    parts[1] = parts[1][~ignored]
    frame = _first_of_pair(parts)
    if points is not None:
        unlinked = np.setdiff1d(np.arange(len(enterprises)), frame["enterprise"])
        frame = pd.concat([frame, _by_point(parcels, points, unlinked)], ignore_index=True)
    frame["enterprise_id"] = _ids(frame, enterprises)
    return Links(frame, _candidates(parcels, enterprises, frame))


def _pairs(
    parcel: NDArray[np.int64], enterprise: NDArray[np.int64], method: str, relation: object = "own"
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "parcel": parcel,
            "enterprise": enterprise,
            "enterprise_id": pd.Series(pd.NA, range(len(parcel)), dtype="str"),
            "method": method,
            "relation": relation,
            "stated_m2": np.nan,
            "floor_area_m2": np.nan,
        }
    ).astype({"method": "str", "relation": "str"})


def _join(left: pd.Series, right: pd.Series) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions of equal keys in two columns; missing never equals missing."""
    a = pd.DataFrame({"key": left.to_numpy(dtype=object), "left": np.arange(len(left))}).dropna()
    b = pd.DataFrame({"key": right.to_numpy(dtype=object), "right": np.arange(len(right))}).dropna()
    both = a.merge(b, on="key", how="inner")
    return both["left"].to_numpy(np.int64), both["right"].to_numpy(np.int64)


def join_key(codes: pd.Series) -> pd.Series:
    """Codes in the form in which they are compared: half-width, upper-case, without blanks.

    Hyphens stay: in registers such as ``7-18`` and ``71-8`` they tell codes apart.
    """
    forms = {t: _BLANKS.sub("", unicodedata.normalize("NFKC", str(t))).upper() or None for t in codes.dropna().unique()}
    return codes.map(forms).astype("str")


def _code(frame: pd.DataFrame, column: str) -> pd.Series:
    return join_key(frame[column]) if column in frame else pd.Series(pd.NA, frame.index, dtype="str")


def _by_holdings(
    parcels: gpd.GeoDataFrame,
    enterprises: pd.DataFrame,
    holdings: pd.DataFrame | None,
    area: NDArray[np.float64],
    ledger: Ledger,
) -> pd.DataFrame:
    if holdings is None or not len(holdings):
        return _pairs(np.empty(0, np.int64), np.empty(0, np.int64), "holdings")
    held, parcel = _join(_code(holdings, "parcel_id"), _code(parcels, "parcel_id"))
    _report_missing(holdings, np.setdiff1d(np.arange(len(holdings)), held), "holding-no-parcel", "parcel_id", ledger)
    enterprise = _holder(holdings, enterprises)
    _report_missing(holdings, np.flatnonzero(enterprise < 0), "holding-no-enterprise", "enterprise_id", ledger)
    rows = holdings.iloc[held].reset_index(drop=True)
    part = _part_of_repeated(held, area[parcel], len(holdings))
    pairs = _pairs(parcel, enterprise[held], "holdings", rows["relation"].to_numpy())
    if "enterprise_id" in rows:
        pairs["enterprise_id"] = rows["enterprise_id"]
    stated = rows["area_m2"].to_numpy(float) * part if "area_m2" in rows else np.full(len(rows), np.nan)
    shared = rows["share"].to_numpy(float) * area[parcel] if "share" in rows else np.full(len(rows), np.nan)
    pairs["stated_m2"] = np.where(np.isnan(stated), shared, stated)
    if "floor_area_m2" in rows:
        pairs["floor_area_m2"] = rows["floor_area_m2"].to_numpy(float) * part
    return pairs


def _part_of_repeated(held: NDArray[np.int64], area: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Share of each parcel when one holding names a code that several parcels carry."""
    count = np.bincount(held, minlength=size)[held]
    total = np.bincount(held, weights=area, minlength=size)[held]
    return np.where(total > 0, area / np.where(total > 0, total, 1.0), 1.0 / count)


def _holder(holdings: pd.DataFrame, enterprises: pd.DataFrame) -> NDArray[np.int64]:
    index = pd.Index(_code(enterprises, "enterprise_id"))
    found = index.get_indexer(pd.Index(_code(holdings, "enterprise_id")))
    if "enterprise_name" in holdings and "name" in enterprises:
        names = pd.Index(normalise_name(enterprises["name"]))
        if names.is_unique:
            by_name = names.get_indexer(pd.Index(normalise_name(holdings["enterprise_name"])))
            blank = np.asarray(_code(holdings, "enterprise_id").isna() & holdings["enterprise_name"].notna())
            found = np.where(blank, by_name, found)
    return np.asarray(found, dtype=np.int64)


def _by_parcel_id(parcels: gpd.GeoDataFrame, enterprises: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    if "parcel_id" not in enterprises:
        return _pairs(np.empty(0, np.int64), np.empty(0, np.int64), "parcel_id")
    cells = enterprises["parcel_id"].reset_index(drop=True).dropna()
    listed = cells.map({text: _SPLIT.split(text.strip()) for text in cells.unique()}).explode()
    listed = listed[listed != ""]
    known, parcel = _join(join_key(listed.astype("str")), _code(parcels, "parcel_id"))
    enterprise = listed.index.to_numpy(np.int64)
    lost = np.setdiff1d(np.arange(len(listed)), known)
    ledger.add(
        "link-parcel-unknown",
        stage="link",
        source=source_of(enterprises),
        row=_rows(enterprises, enterprise[lost]),
        id=enterprises["enterprise_id"].iloc[enterprise[lost]],
        field="parcel_id",
        before=listed.iloc[lost],
    )
    pairs = _pairs(parcel, enterprise[known], "parcel_id").drop_duplicates(["parcel", "enterprise"])
    other = _owned_by_another(parcels, enterprises, pairs)
    return pairs.assign(relation=np.where(other, "lease", "own"))


def _owned_by_another(parcels: gpd.GeoDataFrame, enterprises: pd.DataFrame, pairs: pd.DataFrame) -> NDArray[np.bool_]:
    owner, holder = (
        _code(parcels, "owner_id").iloc[pairs["parcel"]],
        _code(enterprises, "enterprise_id").iloc[pairs["enterprise"]],
    )
    return np.asarray(owner.notna().to_numpy() & (owner.to_numpy(dtype=object) != holder.to_numpy(dtype=object)))


def _by_owner_id(parcels: gpd.GeoDataFrame, enterprises: pd.DataFrame) -> pd.DataFrame:
    return _pairs(*_join(_code(parcels, "owner_id"), _code(enterprises, "enterprise_id")), "owner_id")


def _by_owner_name(parcels: gpd.GeoDataFrame, enterprises: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    if "owner" not in parcels or "name" not in enterprises:
        return _pairs(np.empty(0, np.int64), np.empty(0, np.int64), "owner_name")
    names = normalise_name(enterprises["name"])
    shared = np.asarray(names.duplicated(keep=False) & names.notna())
    ledger.add(
        "link-name-shared",
        stage="link",
        source=source_of(enterprises),
        row=_rows(enterprises, np.flatnonzero(shared)),
        id=enterprises["enterprise_id"][shared],
        field="name",
        before=enterprises["name"][shared],
    )
    by_id = np.unique(_join(_code(parcels, "owner_id"), _code(enterprises, "enterprise_id"))[0])
    owners = normalise_name(parcels["owner"]).to_numpy(dtype=object)
    owners[by_id] = None
    pairs = _pairs(*_join(pd.Series(owners), names.mask(shared)), "owner_name")
    other = np.flatnonzero(_owned_by_another(parcels, enterprises, pairs))
    ledger.add(
        "link-name-other-code",
        stage="link",
        source=source_of(parcels),
        id=parcels["parcel_id"].iloc[pairs["parcel"].iloc[other]],
        field="owner_id",
        before=_code(parcels, "owner_id").iloc[pairs["parcel"].iloc[other]],
        after=enterprises["enterprise_id"].iloc[pairs["enterprise"].iloc[other]],
    )
    return pairs


def _by_point(parcels: gpd.GeoDataFrame, points: gpd.GeoSeries, wanted: NDArray[np.int64]) -> pd.DataFrame:
    at = np.asarray(points.values)[wanted]
    i, parcel = shapely.STRtree(np.asarray(parcels.geometry.values)).query(at, predicate="within")
    pairs = _pairs(parcel.astype(np.int64), wanted[i], "point")
    ordered: pd.DataFrame = pairs.sort_values(["enterprise", "parcel"])
    return ordered.drop_duplicates("enterprise")


def _first_of_pair(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Join the methods; a pair that an earlier method knows is not added again."""
    rank = np.repeat(np.arange(len(parts)), [len(p) for p in parts])
    frame = pd.concat(parts, ignore_index=True)
    known = frame["enterprise"] >= 0
    keys = [frame["parcel"], frame["enterprise"], frame["relation"] == "let"]
    first = pd.Series(rank).groupby(keys).transform("min").to_numpy()
    kept: pd.DataFrame = frame[(rank == first) | ~known]
    return kept.reset_index(drop=True)


def _ids(frame: pd.DataFrame, enterprises: pd.DataFrame) -> pd.Series:
    inside = frame["enterprise"].to_numpy() >= 0
    ids = frame["enterprise_id"].to_numpy(dtype=object)
    ids[inside] = enterprises["enterprise_id"].to_numpy(dtype=object)[frame["enterprise"].to_numpy()[inside]]
    return pd.Series(ids, frame.index, dtype="str")


def normalise_name(names: pd.Series) -> pd.Series:
    """Names in the form in which they are compared: half-width, upper-case, without brackets and blanks.

    Examples
    --------
    >>> normalise_name(pd.Series(["示例（山东） 科技有限公司", "示例(山东)科技有限公司"])).nunique()
    1
    """
    forms = {
        t: _PUNCTUATION.sub("", unicodedata.normalize("NFKC", str(t))).upper() or None for t in names.dropna().unique()
    }
    return names.map(forms).astype("str")


def _candidates(parcels: gpd.GeoDataFrame, enterprises: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    columns = ["parcel_id", "owner", "enterprise_id", "name"]
    if "owner" not in parcels or "name" not in enterprises:
        return pd.DataFrame({c: pd.Series(dtype="str") for c in columns})
    free_parcels = np.setdiff1d(np.arange(len(parcels)), links["parcel"])
    free = np.setdiff1d(np.arange(len(enterprises)), links["enterprise"])
    cores = [_cores(t) for t in (parcels["owner"].iloc[free_parcels], enterprises["name"].iloc[free])]
    p, e = _join(cores[0], cores[1])
    return pd.DataFrame(
        {
            "parcel_id": parcels["parcel_id"].to_numpy()[free_parcels[p]],
            "owner": parcels["owner"].to_numpy()[free_parcels[p]],
            "enterprise_id": enterprises["enterprise_id"].to_numpy()[free[e]],
            "name": enterprises["name"].to_numpy()[free[e]],
        }
    ).astype("str")


def _cores(names: pd.Series) -> pd.Series:
    plain = normalise_name(names)
    forms = {t: core if len(core := _CORE.sub("", t)) > 1 else None for t in plain.dropna().unique()}
    return plain.map(forms).astype("str")


def _rows(frame: pd.DataFrame, positions: NDArray[np.int64]) -> list[object]:
    return frame["source_row"].iloc[positions].tolist() if "source_row" in frame else [None] * len(positions)


def _report_missing(holdings: pd.DataFrame, lost: NDArray[np.int64], code: str, column: str, ledger: Ledger) -> None:
    shown = column if column in holdings else "enterprise_name"
    ledger.add(
        code,
        stage="link",
        source=source_of(holdings),
        row=_rows(holdings, lost),
        id=holdings["parcel_id"].iloc[lost],
        field=shown,
        before=holdings[shown].iloc[lost],
    )


def _report_ignored(pairs: pd.DataFrame, parcels: gpd.GeoDataFrame, enterprises: pd.DataFrame, ledger: Ledger) -> None:
    ledger.add(
        "link-holdings-first",
        stage="link",
        source=source_of(enterprises),
        row=_rows(enterprises, pairs["enterprise"].to_numpy(np.int64)),
        id=enterprises["enterprise_id"].iloc[pairs["enterprise"]],
        field="parcel_id",
        before=parcels["parcel_id"].iloc[pairs["parcel"]],
    )

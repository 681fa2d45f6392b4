"""Lineage (沿革) of parcels between two deliveries: which parcel goes on as which, by code and by land.

A code that stays is believed as far as the land agrees; land that stays is believed over codes. Figures that share land
form groups, and the numbers on both sides of a group say what happened: one and one is the same parcel, one and several
a split, several and one a merger. The limits are those of ``data/checks.toml``, ours and not official. Only two
dimensions are looked at: parcels that lie above each other are told apart by their codes alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from parcels.codes.text import normalise_code
from parcels.crs.identity import identify, same_plane
from parcels.errors import CrsError
from parcels.geometry.area import area_m2
from parcels.geometry.contiguity import components
from parcels.limits import limit

Geometries = NDArray[np.object_]
Floats = NDArray[np.float64]
Positions = NDArray[np.intp]
Mask = NDArray[np.bool_]

KINDS = ("same", "renamed", "resurveyed", "split", "merged", "redistributed", "new", "gone")
COLUMNS = (
    "before", "after", "kind", "by", "group", "share_before", "share_after", "shared_m2", "before_m2", "after_m2",
    "before_row", "after_row",
)  # fmt: skip
_NONE = -1
_SAME_DATUM = {"wgs84": "cgcs2000"}  # one to the other within a metre, and no shift is published


@dataclass(frozen=True)
class _Side:
    """One delivery: figures in the common plane, their area on the ellipsoid and in the plane, codes, unique codes."""

    geoms: Geometries
    area: Floats
    plane: Floats
    codes: NDArray[np.object_]
    unique: NDArray[np.object_]
    shown: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.geoms)


@dataclass(frozen=True)
class _Pairs:
    """Pairs of positions with the land they share, in the common plane."""

    first: Positions
    second: Positions
    shared: Floats

    def take(self, rows: Mask | Positions) -> _Pairs:
        return _Pairs(self.first[rows], self.second[rows], self.shared[rows])


def lineage(
    before: gpd.GeoDataFrame,
    after: gpd.GeoDataFrame,
    *,
    code: str = "parcel_id",
    same: float | None = None,
    part: float | None = None,
    renamed: float | None = None,
) -> pd.DataFrame:
    """Which parcel of the earlier delivery goes on as which parcel of the later one.

    Parameters
    ----------
    before, after
        Parcels with a CRS; not changed. The later ones are brought into the plane of the earlier ones. Figures that are
        missing are matched by code alone.
    code
        Column with the code; codes that differ in width, blanks, case or hyphens are the same. Codes that repeat say
        nothing, and the land alone decides.
    same
        Two figures are the same land when at most this share of either lies outside the other (default 0.01).
    part
        Overlaps below this share of the smaller figure do not count (default 0.1).
    renamed
        Least share of each figure in the other for a parcel to go on under another code (default 0.5).

    Returns
    -------
    DataFrame
        A row for each pair, and for each parcel without a partner: ``before``, ``after`` (codes), ``kind``, ``by``
        (``code``, ``land``, ``both``), ``group`` (number of the group), ``share_before`` and ``share_after`` (shared
        land over the land of each), ``shared_m2``, ``before_m2``, ``after_m2`` (ellipsoidal), ``before_row``,
        ``after_row`` (positions). Kinds: ``same``; ``renamed`` (another code, the same land); ``resurveyed`` (the same
        code or none, land or outline changed); ``split``; ``merged``; ``redistributed`` (several and several, or one
        and one whose land and code both changed); ``new``; ``gone``. Shares are missing where a figure is.

    Raises
    ------
    CrsError
        When a frame has no CRS, or the two are on different datums.

    Examples
    --------
    >>> from shapely import box
    >>> old = gpd.GeoDataFrame({"parcel_id": ["P1"]}, geometry=[box(0, 0, 100, 100)], crs=4527)
    >>> halves = [box(0, 0, 60, 100), box(60, 0, 100, 100)]
    >>> new = gpd.GeoDataFrame({"parcel_id": ["P1", "P2"]}, geometry=halves, crs=4527)
    >>> lineage(old, new)[["before", "after", "kind", "share_before"]].values.tolist()
    [['P1', 'P1', 'split', 0.6], ['P1', 'P2', 'split', 0.4]]
    """
    limits = tuple(
        limit(f"lineage_{name}") if given is None else given
        for name, given in (("same", same), ("part", part), ("renamed", renamed))
    )
    one, two = _sides(before, after, code)
    coded = _by_code(one, two)
    settled = _settled(one, two, coded, limits[0])
    pairs = _join(one, two, coded, settled, limits[1])
    return _frame(one, two, pairs, limits)


def lineage_account(found: pd.DataFrame) -> pd.DataFrame:
    """What became of the land: the area of each kind on both sides; every parcel is in one kind only.

    Parameters
    ----------
    found
        Result of :func:`lineage`.

    Returns
    -------
    DataFrame
        By kind: ``before`` and ``after`` (numbers of parcels), ``before_m2``, ``after_m2`` and ``shared_m2`` (land of
        the kind that both have). The sums of the areas are those of the two deliveries.

    Examples
    --------
    >>> from shapely import box
    >>> old = gpd.GeoDataFrame({"parcel_id": ["P1"]}, geometry=[box(0, 0, 100, 100)], crs=4527)
    >>> lineage_account(lineage(old, old.head(0)))[["kind", "before", "after"]].values.tolist()
    [['gone', 1, 0]]
    """
    rows = {}
    for side in ("before", "after"):
        own = found[found[f"{side}_row"].notna()].drop_duplicates(f"{side}_row")
        groups = own.groupby("kind")
        rows[side] = groups.size()
        rows[f"{side}_m2"] = groups[f"{side}_m2"].sum()
    rows["shared_m2"] = found.groupby("kind")["shared_m2"].sum()
    table = pd.DataFrame(rows).reindex([k for k in KINDS if (found["kind"] == k).any()]).fillna(0.0)
    counts = {side: table[side].astype("int64") for side in ("before", "after")}
    return table.assign(**counts).rename_axis("kind").reset_index()


# ---------------------------------------------------------------------------------------------------- sides


def _sides(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame, code: str) -> tuple[_Side, _Side]:
    if before.crs is None or after.crs is None:
        raise CrsError("crs-missing")
    moved = after.geometry
    if not same_plane(before.crs, after.crs):
        names = [identify(f.crs).datum for f in (before, after)]
        if _SAME_DATUM.get(names[0], names[0]) != _SAME_DATUM.get(names[1], names[1]):
            raise CrsError("lineage-datum", before=identify(before.crs).label, after=identify(after.crs).label)
        moved = moved.to_crs(before.crs)
    return _side(before, before.geometry, code), _side(after, moved, code)


def _side(frame: gpd.GeoDataFrame, shapes: gpd.GeoSeries, code: str) -> _Side:
    geoms = np.asarray(shapes.array, dtype=object).copy()
    broken = ~shapely.is_missing(geoms) & ~shapely.is_valid(geoms)
    geoms[broken] = shapely.make_valid(geoms[broken])
    geoms[shapely.is_missing(geoms) | shapely.is_empty(geoms)] = None
    has = code in frame
    shown = frame[code].astype("str") if has else pd.Series(pd.NA, frame.index, dtype="str")
    plain = (normalise_code(frame[code]) if has else shown).reset_index(drop=True)
    unique = plain.mask(plain.duplicated(keep=False))
    return _Side(
        geoms,
        area_m2(frame).to_numpy(float),
        np.asarray(shapely.area(geoms), dtype=np.float64),
        _objects(plain),
        _objects(unique),
        _objects(shown),
    )


def _objects(texts: pd.Series) -> NDArray[np.object_]:
    """Texts with None where they are missing."""
    return np.array([None if pd.isna(t) else t for t in texts], dtype=object)


# ---------------------------------------------------------------------------------------------------- pairs


def _by_code(one: _Side, two: _Side) -> _Pairs:
    """Pairs of one code; each parcel is in one at most."""
    own = np.flatnonzero(~pd.isna(one.unique))
    at = pd.Index(two.unique[~pd.isna(two.unique)])
    where = np.flatnonzero(~pd.isna(two.unique))
    found = at.get_indexer(pd.Index(one.unique[own])) if len(at) else np.full(len(own), _NONE)
    first, second = own[found >= 0], where[found[found >= 0]]
    return _Pairs(first, second, _shared(one, two, first, second))


def _shared(one: _Side, two: _Side, first: Positions, second: Positions) -> Floats:
    """Land that the figures of each pair share, in the plane; missing where a figure is."""
    a, b = one.geoms[first], two.geoms[second]
    shared = np.full(len(first), np.nan)
    equal = shapely.equals_identical(a, b) & ~shapely.is_missing(a)
    shared[equal] = one.plane[first[equal]]
    rest = ~equal & ~shapely.is_missing(a) & ~shapely.is_missing(b)
    shared[rest] = shapely.area(shapely.intersection(a[rest], b[rest]))
    return shared


def _shares(one: _Side, two: _Side, pairs: _Pairs) -> tuple[Floats, Floats]:
    with np.errstate(divide="ignore", invalid="ignore"):
        return pairs.shared / one.plane[pairs.first], pairs.shared / two.plane[pairs.second]


def _settled(one: _Side, two: _Side, coded: _Pairs, tolerance: float) -> Mask:
    """Pairs of one code and the same land, which nothing else can change."""
    a, b = _shares(one, two, coded)
    return (a >= 1 - tolerance) & (b >= 1 - tolerance)


def _join(one: _Side, two: _Side, coded: _Pairs, settled: Mask, part: float) -> _Pairs:
    """All pairs that count, in order: settled ones, overlaps of the others, and codes whose land says nothing."""
    first, second = _touching(one, two, coded.take(settled))
    shared = _shared(one, two, first, second)
    overlaps = _Pairs(first, second, shared)
    a, b = _shares(one, two, overlaps)
    overlaps = overlaps.take(np.maximum(a, b) >= part)
    rest = coded.take(~settled)
    known = np.isin(rest.first * len(two) + rest.second, overlaps.first * len(two) + overlaps.second)
    # A code whose land is elsewhere: the land decides, where there is any.
    alone = ~np.isin(rest.first, overlaps.first) & ~np.isin(rest.second, overlaps.second)
    parts = (coded.take(settled), overlaps, rest.take(~known & alone))
    joined = _Pairs(*(np.concatenate([getattr(p, n) for p in parts]) for n in ("first", "second", "shared")))
    return joined.take(np.lexsort((joined.second, joined.first)))


def _touching(one: _Side, two: _Side, settled: _Pairs) -> tuple[Positions, Positions]:
    """Figures that meet, of those that are not settled."""
    left = np.setdiff1d(np.flatnonzero(~shapely.is_missing(one.geoms)), settled.first)
    right = np.setdiff1d(np.flatnonzero(~shapely.is_missing(two.geoms)), settled.second)
    if not (len(left) and len(right)):
        return np.empty(0, np.intp), np.empty(0, np.intp)
    i, j = shapely.STRtree(two.geoms[right]).query(one.geoms[left], predicate="intersects")
    return left[i], right[j]


# ---------------------------------------------------------------------------------------------------- kinds


def _frame(one: _Side, two: _Side, pairs: _Pairs, limits: tuple[float, ...]) -> pd.DataFrame:
    size = len(one) + len(two)
    label = components(size, pairs.first, len(one) + pairs.second)
    lonely = np.setdiff1d(np.arange(size), np.concatenate([pairs.first, len(one) + pairs.second]))
    gone, new = lonely[lonely < len(one)], lonely[lonely >= len(one)] - len(one)
    nothing = np.full(len(gone) + len(new), np.nan)
    first = np.concatenate([pairs.first, gone, np.full(len(new), _NONE)]).astype(np.intp)
    second = np.concatenate([pairs.second, np.full(len(gone), _NONE), new]).astype(np.intp)
    every = _Pairs(first, second, np.concatenate([pairs.shared, nothing]))
    kinds = np.concatenate([_kinds(one, two, pairs, label, limits), ["gone"] * len(gone), ["new"] * len(new)])
    group = label[np.where(first >= 0, first, len(one) + second)]
    return _sorted(one, two, every, kinds, group)


def _kinds(one: _Side, two: _Side, pairs: _Pairs, label: NDArray[np.int64], limits: tuple[float, ...]) -> Geometries:
    """What happened in the group of each pair."""
    same, _, renamed = limits
    size = len(one) + len(two)
    sizes = [np.bincount(label[part], minlength=size) for part in (np.arange(len(one)), np.arange(len(one), size))]
    olds, news = (s[label[pairs.first]] for s in sizes)
    a, b = _shares(one, two, pairs)
    code = _same_code(one, two, pairs)
    uncoded = np.asarray(pd.isna(one.codes[pairs.first]) & pd.isna(two.codes[pairs.second]), dtype=bool)
    blind = np.isnan(pairs.shared)
    whole = (a >= 1 - same) & (b >= 1 - same)
    most = (a >= renamed) & (b >= renamed)
    single = (olds == 1) & (news == 1)
    cases = [
        (single & (code | uncoded) & (whole | blind), "same"),
        (single & (code | (uncoded & most)), "resurveyed"),
        (single & most, "renamed"),
        ((olds == 1) & (news > 1), "split"),
        ((olds > 1) & (news == 1), "merged"),
    ]
    return np.select([c for c, _ in cases], [np.array(n, dtype=object) for _, n in cases], "redistributed")


def _same_code(one: _Side, two: _Side, pairs: _Pairs) -> Mask:
    a, b = one.codes[pairs.first], two.codes[pairs.second]
    return np.asarray((a == b) & ~pd.isna(a), dtype=bool)


def _padded(side: _Side) -> _Side:
    """The side with nobody in its last place, where the position -1 leads."""
    nobody, nothing = np.array([None], dtype=object), [np.nan]
    words = (np.append(a, nobody) for a in (side.codes, side.unique, side.shown))
    return _Side(np.append(side.geoms, nobody), np.append(side.area, nothing), np.append(side.plane, nothing), *words)


def _corners(side: _Side, rows: Positions) -> Floats:
    """Where the figures lie, so that rows without a code of their own have an order, too."""
    found: Floats = shapely.bounds(side.geoms[rows])[:, :2]
    return found


def _sorted(one: _Side, two: _Side, pairs: _Pairs, kinds: Geometries, group: NDArray[np.int64]) -> pd.DataFrame:
    there = (pairs.first >= 0, pairs.second >= 0)
    one, two = _padded(one), _padded(two)
    both = there[0] & there[1]
    a, b = (np.where(both, s, np.nan) for s in _shares(one, two, pairs))
    code = both & _same_code(one, two, pairs)
    land = both & (pairs.shared > 0)
    by = np.select([code & land, code, land], ["both", "code", "land"], "")
    frame = pd.DataFrame(
        {
            "before": pd.array(one.shown[pairs.first], dtype="str"),
            "after": pd.array(two.shown[pairs.second], dtype="str"),
            "kind": pd.array(kinds, dtype="str"),
            "by": pd.array(by, dtype="str"),
            "group": group,
            "share_before": a,
            "share_after": b,
            "shared_m2": a * one.area[pairs.first],
            "before_m2": one.area[pairs.first],
            "after_m2": two.area[pairs.second],
            "before_row": pd.array(np.where(there[0], pairs.first, 0), dtype="Int64"),
            "after_row": pd.array(np.where(there[1], pairs.second, 0), dtype="Int64"),
        },
        columns=list(COLUMNS),
    )
    for side, mask in zip(("before", "after"), there, strict=True):
        frame[f"{side}_row"] = frame[f"{side}_row"].mask(~mask)
    corners = np.where(there[0][:, None], _corners(one, pairs.first), _corners(two, pairs.second))
    keys = frame.assign(_new=frame["before"].fillna(frame["after"]), _x=corners[:, 0], _y=corners[:, 1])
    by_keys = ["_new", "after", "_x", "_y", "before_m2", "after_m2", "shared_m2"]
    order = keys.sort_values(by_keys, kind="stable").index
    frame = frame.loc[order].reset_index(drop=True)
    return frame.assign(group=pd.factorize(frame["group"])[0])

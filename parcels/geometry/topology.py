"""What is wrong between parcels: duplicates, overlaps, slivers and gaps. Reported, never mended.

Caveat: a border that runs along two neighbours (a T-junction) is normal in cadastral layers and no fault. Overlaps
count land twice: sums over parcels are too large by ``double_counted_m2``. No border is ever moved, because cleaning
a coverage gives the overlap wholly to one neighbour.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from parcels.crs.identity import horizontal
from parcels.geometry.repair import measure_m2
from parcels.ledger import Ledger

Geometries = NDArray[np.object_]
Positions = NDArray[np.intp]
Floats = NDArray[np.float64]

PARTNERS = 32
"""At most this many overlaps are measured from one parcel, the largest first."""

_WHOLE = 1e-6  # share of an area that may be missing from a "whole" overlap
_REACH = 256  # extents that one parcel is tested against
_BUDGET = 2_000_000  # exact tests after which both limits fall to an eighth
_CHUNK, _LOT = 64, 200_000
_POLYGONAL = (3, 6)
_METRES_PER_DEGREE = 111_320.0
_INTERIORS_MEET = "2********"
_PAIR_COLUMNS = ("left", "right", "left_id", "right_id", "left_row", "right_row", "overlap_m2", "width_m", "relation")
_CODES = {
    "duplicate": "topology-duplicate",
    "contained": "topology-contained",
    "overlap": "topology-overlap",
    "sliver": "topology-overlap-minor",
}


@dataclass(frozen=True)
class TopologyReport:
    """What ``report`` found; positions count from 0 in the frame.

    Attributes
    ----------
    pairs
        ``left``, ``right`` (positions), ``left_id``, ``right_id``, ``left_row``, ``right_row``, ``overlap_m2``,
        ``width_m`` (mean width 2·area/perimeter) and ``relation``: ``duplicate``, ``contained``, ``overlap`` or
        ``sliver`` (a minor overlap). Of a group of equal parcels, each is paired with the first only.
    gaps
        Narrow gaps: ``geometry``, ``area_m2``, ``width_m``, ``left`` and ``right`` (positions of two neighbours).
    slivers
        Parcels that are slivers: ``position``, ``row``, ``id``, ``area_m2``, ``width_m``.
    in_conflict
        Per row, True where the parcel overlaps another beyond the tolerance, or could not be checked.
    clean
        Per row, True where every edge is free or matches its neighbour's exactly: these parcels together form a
        valid coverage (``shapely.coverage_union`` is safe). T-junctions are not clean, though no fault.
    overlap_m2
        Sum of ``pairs["overlap_m2"]``.
    double_counted_m2
        Sum of the parcel areas minus the area of their union, overlaps within the tolerance included.
    ignored_m2
        Sum of the overlaps within the tolerance.
    """

    pairs: pd.DataFrame
    gaps: gpd.GeoDataFrame
    slivers: pd.DataFrame
    in_conflict: NDArray[np.bool_]
    clean: NDArray[np.bool_]
    overlap_m2: float
    double_counted_m2: float
    ignored_m2: float


@dataclass(frozen=True)
class _Plane:
    """Geometries in plane metres, and how their areas are measured.

    Degrees are stretched by the lengths of a degree at the middle of the layer: exact enough for tolerances, while
    areas are measured on the ellipsoid after shrinking back.
    """

    geoms: Geometries
    factor: Floats
    crs: CRS | None

    def area(self, geoms: Geometries) -> Floats:
        """Areas in m² of figures in this plane."""
        if self.crs is None or not self.crs.is_geographic:
            return np.asarray(shapely.area(geoms), dtype=np.float64)
        return measure_m2(self.back(geoms), self.crs)

    def back(self, geoms: Geometries) -> Geometries:
        """Figures of this plane in the coordinates of the layer."""
        if (self.factor == 1).all():
            return geoms
        return np.asarray(shapely.transform(geoms, lambda xy: xy / self.factor), dtype=object)


@dataclass(frozen=True)
class _Who:
    """Row numbers and codes of the parcels, for the ledger."""

    rows: NDArray[np.int64]
    ids: NDArray[np.object_] | None
    source: str
    ledger: Ledger

    def note(self, code: str, at: Positions, *, field: object = "geometry", **params: Any) -> None:
        """One ledger row per position."""
        ids = None if self.ids is None else self.ids[at]
        self.ledger.add(code, stage="topology", source=self.source, row=self.rows[at], id=ids, field=field, **params)

    def label(self, at: Positions) -> list[str]:
        """``code (row n)`` for each position."""
        rows = [f"#{row}" for row in self.rows[at]]
        return rows if self.ids is None else [f"{key} ({row})" for key, row in zip(self.ids[at], rows, strict=True)]


def report(
    frame: gpd.GeoDataFrame,
    *,
    rows: NDArray[np.int64],
    ids: pd.Series | None = None,
    source: str,
    ledger: Ledger,
    snap: float = 1e-4,
    ignore_m2: float = 0.01,
    ignore_width: float = 0.01,
    minor_m2: float = 1.0,
    sliver_width: float = 1.0,
    gap_width: float = 0.0,
) -> TopologyReport:
    """Find parcels that overlap, repeat or enclose each other, parcels that are slivers, and narrow gaps.

    Pairs whose interiors meet are found through a tree of extents and the DE-9IM; only these are intersected.
    ``shapely.coverage_invalid_edges`` alone would not do: it passes edges that match a neighbour's although a third
    parcel lies over both. A parcel that meets very many others is measured against its largest partners only, with
    an ``error`` in the ledger. Defaults for the limits follow the 0.1 mm tolerance of the third land survey.

    Parameters
    ----------
    frame
        Valid polygons (see ``parcels.geometry.repair``), any CRS; degrees are measured on the ellipsoid. Not changed.
    rows, ids, source, ledger
        Record numbers, parcel codes, name of the source, and where the findings are written.
    snap
        Metres within which coordinates count as equal when duplicates are sought.
    ignore_m2, ignore_width
        Overlaps of at most this area (m²) or mean width (m) are within tolerance: counted, not listed.
    minor_m2
        Overlaps of at most this area are minor (``info``); parcels below it are slivers.
    sliver_width
        Parcels with a mean width 2·area/perimeter below this (m) are slivers.
    gap_width
        Gaps up to this width (m) are sought, down to ``ignore_width`` or a twentieth of this; 0 seeks none.

    Returns
    -------
    TopologyReport
        Pairs, gaps, slivers and per-row flags.

    Examples
    --------
    >>> pair = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 11, 10), shapely.box(10, 0, 20, 10)])
    >>> found = report(pair, rows=np.array([1, 2]), source="a.shp", ledger=Ledger())
    >>> found.pairs["relation"].tolist(), found.overlap_m2
    (['overlap'], 10.0)
    """
    plane = _plane(frame)
    who = _Who(np.asarray(rows), None if ids is None else ids.to_numpy(dtype=object), source, ledger)
    usable, broken = _usable(plane.geoms)
    who.note("topology-invalid", broken)
    edges = np.full(len(frame), None, dtype=object)
    edges[usable] = shapely.coverage_invalid_edges(plane.geoms[usable])
    first = _first_alike(plane.geoms, usable, snap)
    crowd, left, right = _candidates(plane.geoms, usable[first[usable] == usable])
    crowded = np.flatnonzero(crowd)
    who.note("topology-crowded", crowded, after=crowd[crowded], limit=PARTNERS)
    met = _overlaps(plane, left, right, first, snap)
    within = ~met["whole"] & ((met["overlap_m2"] <= ignore_m2) | (met["width_m"] <= ignore_width))
    ignored_m2 = _note_ignored(met[within], who, area=ignore_m2, width=ignore_width)
    pairs = _judged(met[~within], who, minor_m2)
    in_conflict, clean = np.zeros(len(frame), dtype=np.bool_), np.zeros(len(frame), dtype=np.bool_)
    in_conflict[np.concatenate([broken, crowded, pairs["left"], pairs["right"]]).astype(np.intp)] = True
    clean[usable] = shapely.is_empty(edges[usable]) & ~in_conflict[usable]
    clean[np.concatenate([met["left"], met["right"]]).astype(np.intp)] = False
    return TopologyReport(
        pairs=pairs,
        gaps=_gaps(plane, edges, usable, who, width=gap_width, least=min(ignore_width, gap_width / 20), snap=snap),
        slivers=_slivers(plane, usable, who, area=minor_m2, width=sliver_width),
        in_conflict=in_conflict,
        clean=clean,
        overlap_m2=float(pairs["overlap_m2"].sum()),
        double_counted_m2=_double_counted(plane, met),
        ignored_m2=ignored_m2,
    )


def _plane(frame: gpd.GeoDataFrame) -> _Plane:
    geoms = np.array(frame.geometry.array, dtype=object)
    crs = None if frame.crs is None else horizontal(frame.crs)
    factor = np.ones(2)
    if crs is not None and crs.is_geographic:
        _, south, _, north = frame.total_bounds
        middle = np.deg2rad(np.nan_to_num((south + north) / 2))
        factor = _METRES_PER_DEGREE * np.array([max(np.cos(middle), 0.01), 1.0])
    elif crs is not None and crs.axis_info:
        factor = np.full(2, crs.axis_info[0].unit_conversion_factor)
    if (factor != 1).any():
        geoms = np.asarray(shapely.transform(geoms, lambda xy: xy * factor), dtype=object)
    return _Plane(geoms, factor, crs)


def _usable(geoms: Geometries) -> tuple[Positions, Positions]:
    """Positions of valid polygons; positions of geometry that is there but cannot be checked."""
    there = ~shapely.is_missing(geoms) & ~shapely.is_empty(geoms)
    good = there & np.isin(shapely.get_type_id(geoms), _POLYGONAL) & shapely.is_valid(geoms)
    return np.flatnonzero(good), np.flatnonzero(there & ~good)


def _first_alike(geoms: Geometries, usable: Positions, snap: float) -> Positions:
    """For every position the first parcel of the same shape to ``snap``, whatever its start, direction or nodes."""
    first = np.arange(len(geoms))
    extents = pd.DataFrame(np.round(shapely.bounds(geoms[usable]) / snap))
    suspect = usable[extents.duplicated(keep=False).to_numpy()]
    grid = np.asarray(shapely.transform(geoms[suspect], lambda xy: np.round(xy / snap)), dtype=object)
    plain = np.asarray(shapely.simplify(grid, 0, preserve_topology=False), dtype=object)
    plain = np.where(shapely.is_empty(plain), grid, plain)
    group, _ = pd.factorize(shapely.to_wkb(shapely.normalize(plain)))
    _, index = np.unique(group, return_index=True)
    first[suspect] = suspect[index][group]
    return first


def _candidates(geoms: Geometries, pool: Positions) -> tuple[NDArray[np.int64], Positions, Positions]:
    """Pairs whose interiors meet, each once; and per position how many extents it meets where pairs were left out.

    Every pair is tested from the side that meets fewer extents, so that a zone outline among the parcels costs no
    more than they do.
    """
    some = geoms[pool]
    tree, box = shapely.STRtree(some), shapely.bounds(some)
    degree = np.zeros(len(pool), dtype=np.int64)
    for lot in range(0, len(pool), _CHUNK):
        degree += np.bincount(tree.query(some[lot : lot + _CHUNK])[1], minlength=len(pool))
    crowded, found, spent = np.zeros(len(pool), dtype=np.bool_), [np.empty((0, 2), dtype=np.intp)], 0
    for asking in _lots(degree):
        share = 1 if spent < _BUDGET + 16 * len(pool) else 8
        own = np.asarray(shapely.force_2d(some[asking]), dtype=object)  # copies: nobody else's are prepared
        shapely.prepare(own)
        k, j, size = _fewer(asking, tree.query(own), degree, box)
        near = _largest(k, size, _REACH // share)
        met = near[shapely.relate_pattern(own[k[near]], some[j[near]], _INTERIORS_MEET)]
        best = met[_largest(k[met], size[met], PARTNERS // share)]
        spent += len(near)
        left_out = np.concatenate([np.setdiff1d(np.arange(len(k)), near), np.setdiff1d(met, best)])
        crowded[asking[k[left_out]]] = crowded[j[left_out]] = True
        found.append(np.column_stack([asking[k[best]], j[best]]))
    pairs = pool[np.sort(np.concatenate(found), axis=1)]
    crowd = np.zeros(len(geoms), dtype=np.int64)
    crowd[pool] = np.where(crowded, degree - 1, 0)
    return crowd, pairs[:, 0], pairs[:, 1]


def _lots(degree: NDArray[np.int64]) -> Iterator[Positions]:
    """Positions in runs that together meet some 200 000 extents."""
    ends = np.flatnonzero(np.diff(np.cumsum(degree) // _LOT, append=-1)) + 1
    yield from (np.arange(start, end) for start, end in pairwise([0, *ends.tolist()]))


def _fewer(
    asking: Positions, hits: NDArray[np.intp], degree: NDArray[np.int64], box: Floats
) -> tuple[Positions, Positions, Floats]:
    """Of the extents met, those with a common area whose other side meets more; and that area."""
    k, j = hits
    i = asking[k]
    sides = np.minimum(box[i, 2:], box[j, 2:]) - np.maximum(box[i, :2], box[j, :2])
    mine = (degree[i] < degree[j]) | ((degree[i] == degree[j]) & (i < j))
    keep = mine & (sides > 0).all(axis=1)
    return k[keep], j[keep], sides[keep].prod(axis=1)


def _largest(owner: Positions, size: Floats, limit: int) -> Positions:
    """Positions of the ``limit`` largest entries of each owner."""
    order = np.lexsort((-size, owner))
    rank = pd.Series(owner[order]).groupby(owner[order]).cumcount().to_numpy()
    return order[rank < limit]


def _overlaps(plane: _Plane, left: Positions, right: Positions, first: Positions, snap: float) -> pd.DataFrame:
    """The common area of each pair, and of each repeated parcel with the first of its kind."""
    again = np.flatnonzero(first != np.arange(len(first)))
    left, right = np.concatenate([left, first[again]]), np.concatenate([right, again])
    piece = np.asarray(shapely.intersection(plane.geoms[left], plane.geoms[right]), dtype=object)
    piece[len(piece) - len(again) :] = plane.geoms[again]
    area, flat, length = plane.area(piece), np.asarray(shapely.area(piece)), _outline(piece)
    one, two = shapely.area(plane.geoms[left]), shapely.area(plane.geoms[right])
    whole_left, whole_right = (
        flat >= size - size * _WHOLE - np.minimum(snap * shapely.length(plane.geoms[at]), size / 100)
        for size, at in ((one, left), (two, right))
    )
    same = (whole_left & whole_right) | (np.arange(len(piece)) >= len(piece) - len(again))
    met = pd.DataFrame({"left": left, "right": right, "overlap_m2": area, "width_m": _ratio(2 * flat, length)})
    return met.assign(whole=whole_left | whole_right | same, same=same, piece=piece)


def _outline(pieces: Geometries) -> Floats:
    """Perimeter of the polygons in each piece; lines where borders merely touch do not count."""
    parts, owner = shapely.get_parts(pieces, return_index=True)
    length = np.where(shapely.get_dimensions(parts) == 2, shapely.length(parts), 0.0)
    return np.bincount(owner, weights=length, minlength=len(pieces)).astype(np.float64)


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.zeros(len(above)), where=below > 0)


def _judged(met: pd.DataFrame, who: _Who, minor_m2: float) -> pd.DataFrame:
    """Name the relation of each pair and write it to the ledger."""
    relation = np.select(
        [met["same"], met["whole"], met["overlap_m2"] <= minor_m2], ["duplicate", "contained", "sliver"], "overlap"
    )
    pairs = met[["left", "right", "overlap_m2", "width_m"]].assign(relation=relation)
    for side in ("left", "right"):
        at = pairs[side].to_numpy(dtype=np.intp)
        pairs[f"{side}_row"] = who.rows[at]
        pairs[f"{side}_id"] = None if who.ids is None else who.ids[at]
    pairs = pairs.sort_values(["left", "right"], ignore_index=True)[list(_PAIR_COLUMNS)]
    for name, code in _CODES.items():
        some = pairs[pairs["relation"] == name]
        one, two = (some[side].to_numpy(dtype=np.intp) for side in ("left", "right"))
        if name == "duplicate":
            one, two = two, one
        limit = {"limit": minor_m2} if name == "sliver" else {}
        who.note(code, one, before=who.label(two), after=some["overlap_m2"].to_numpy(), **limit)
    return pairs


def _note_ignored(met: pd.DataFrame, who: _Who, *, area: float, width: float) -> float:
    total = float(met["overlap_m2"].sum())
    if len(met):
        figures = {"count": len(met), "area": area, "width": width, "total": round(total, 4)}
        who.ledger.add("topology-ignored", stage="topology", source=who.source, field="geometry", **figures)
    return total


def _double_counted(plane: _Plane, met: pd.DataFrame) -> float:
    """Of each parcel, the area that earlier parcels cover too; summed, that is Σ areas − area of the union."""
    several = met["right"].duplicated(keep=False)
    groups = met[several].groupby("right")["piece"]
    covered = np.array([shapely.union_all(pieces.to_numpy()) for _, pieces in groups], dtype=object)
    return float(met.loc[~several, "overlap_m2"].sum() + plane.area(covered).sum())


def _slivers(plane: _Plane, usable: Positions, who: _Who, *, area: float, width: float) -> pd.DataFrame:
    geoms = plane.geoms[usable]
    size, mean = plane.area(geoms), _ratio(2 * shapely.area(geoms), shapely.length(geoms))
    thin = (size < area) | (mean < width)
    at = usable[thin]
    who.note("topology-sliver", at, after=size[thin], area=area, width=width)
    ids = None if who.ids is None else who.ids[at]
    return pd.DataFrame({"position": at, "row": who.rows[at], "id": ids, "area_m2": size[thin], "width_m": mean[thin]})


def _gaps(
    plane: _Plane, edges: Geometries, usable: Positions, who: _Who, *, width: float, least: float, snap: float
) -> gpd.GeoDataFrame:
    """What closing the parcels by half the width fills between at least two of them."""
    pieces, left, right = np.empty(0, dtype=object), np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp)
    if width > 0:
        wide = shapely.coverage_invalid_edges(plane.geoms[usable], gap_width=width)
        flagged = shapely.length(wide) > shapely.length(edges[usable]) + snap
        near = shapely.STRtree(plane.geoms[usable]).query(
            plane.geoms[usable[flagged]], predicate="dwithin", distance=width
        )  # the edge of only one side of a gap may be flagged
        pieces = _closed(plane.geoms, usable, usable[np.unique(near[1])], width=width, least=least)
        k, j = shapely.STRtree(plane.geoms[usable]).query(pieces, predicate="dwithin", distance=snap)
        sides = pd.Series(usable[j]).groupby(k).agg(["min", "max"])
        sides = sides[sides["min"] < sides["max"]]
        pieces, left, right = pieces[sides.index], sides["min"].to_numpy(), sides["max"].to_numpy()
    area = plane.area(pieces)
    spot = shapely.point_on_surface(plane.back(pieces))
    places = [f"geometry[{x:.10g} {y:.10g}]" for x, y in zip(shapely.get_x(spot), shapely.get_y(spot), strict=True)]
    who.note("topology-gap", left, field=places, before=who.label(right), after=area)
    mean = _ratio(2 * shapely.area(pieces), shapely.length(pieces))
    table = {"area_m2": area, "width_m": mean, "left": left, "right": right}
    return gpd.GeoDataFrame(table, geometry=plane.back(pieces), crs=plane.crs)


def _closed(geoms: Geometries, usable: Positions, beside: Positions, *, width: float, least: float) -> Geometries:
    """Pieces up to ``width`` wide between the parcels ``beside``, free of any other parcel."""
    solid = shapely.union_all(geoms[beside])
    grown = shapely.buffer(solid, width / 2, join_style="mitre")
    shut = shapely.buffer(grown, -width / 2, join_style="mitre")
    pieces = shapely.get_parts(shapely.difference(shut, solid))
    k, j = shapely.STRtree(geoms[usable]).query(pieces, predicate="intersects")
    for piece, others in pd.Series(usable[j]).groupby(k):
        pieces[piece] = shapely.difference(pieces[piece], shapely.union_all(geoms[others.to_numpy()]))
    pieces = shapely.get_parts(pieces)
    return pieces[_ratio(2 * shapely.area(pieces), shapely.length(pieces)) > least]

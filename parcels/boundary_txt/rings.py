"""Rings of boundary points to geometry: closing, nesting by containment, parts.

Ring numbers tell which points belong together, not what a ring is: one program numbers holes, another
parts, a third all rings of all parts. So a ring inside an odd number of larger rings of its parcel is a
hole (even-odd rule). Crossing rings are left as they are for the geometry check to report.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

CLOSING_M = 0.05
CLOSING_NAMED_M = 0.1
METRES_PER_DEGREE = 111_000.0

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
Geometries = NDArray[np.object_]


@dataclass
class RingReport:
    """What was found while building: lists of (parcel position, figure)."""

    closed_near: list[tuple[int, float]] = field(default_factory=list)
    closed_far: list[tuple[int, float]] = field(default_factory=list)
    collapsed: list[tuple[int, float]] = field(default_factory=list)
    split: list[tuple[int, float]] = field(default_factory=list)


@dataclass
class _Chains:
    """Points in chains (rings or lines): chain of each point, parcel of each chain."""

    xy: Floats
    name: NDArray[np.object_]
    chain: Ints
    parcel: Ints

    @property
    def first(self) -> Ints:
        return np.searchsorted(self.chain, np.arange(len(self.parcel)), side="left")

    @property
    def last(self) -> Ints:
        return np.searchsorted(self.chain, np.arange(len(self.parcel)), side="right") - 1

    def only(self, keep: Mask) -> _Chains:
        """The chains marked in ``keep``, renumbered."""
        points = keep[self.chain]
        renumbered = np.cumsum(keep) - 1
        return _Chains(self.xy[points], self.name[points], renumbered[self.chain[points]], self.parcel[keep])


def build(
    parcel: Ints,
    ring: Ints,
    xy: Floats,
    name: NDArray[np.object_],
    kinds: NDArray[np.str_],
    *,
    degrees: Mask,
) -> tuple[Geometries, RingReport]:
    """Geometry of every parcel from its points.

    Parameters
    ----------
    parcel
        Parcel position of each point, in file order.
    ring
        Ring number of each point.
    xy
        Coordinates of the points, shape (n, 2), easting or longitude first.
    name
        Point names.
    kinds
        面, 线 or 点 for each parcel.
    degrees
        Whether the coordinates of a parcel are degrees.

    Returns
    -------
    geometries
        One per parcel; None where no point is usable. Areas are Polygon or MultiPolygon.
    report
        Rings closed, split or left out.
    """
    geometries = np.full(len(kinds), None, dtype=object)
    report = RingReport()
    chains = _group(parcel, ring, xy, name)
    kind = kinds[chains.parcel] if len(chains.parcel) else np.array([], dtype="U1")
    areas = _split_early(chains.only(kind == "面"), report)
    _close(areas, degrees, report)
    _put_areas(geometries, areas, report)
    _put_lines(geometries, chains.only(kind == "线"), report)
    _put_points(geometries, chains.only(kind == "点"))
    return geometries, report


def _group(parcel: Ints, ring: Ints, xy: Floats, name: NDArray[np.object_]) -> _Chains:
    order = np.lexsort((np.arange(len(parcel)), ring, parcel))
    parcel, ring = parcel[order], ring[order]
    new = np.ones(len(parcel), dtype=bool)
    new[1:] = (parcel[1:] != parcel[:-1]) | (ring[1:] != ring[:-1])
    return _Chains(xy[order], name[order], np.cumsum(new) - 1, parcel[new])


def _split_early(chains: _Chains, report: RingReport) -> _Chains:
    """Cut a chain where it returns to its first point and goes on: several rings under one number."""
    if len(chains.parcel) == 0:
        return chains
    first, last = chains.first, chains.last
    back = (chains.xy == chains.xy[first[chains.chain]]).all(axis=1)
    inside = np.arange(len(chains.chain)) - first[chains.chain]
    early = back & (inside >= 3) & (np.arange(len(back)) < last[chains.chain])
    suspects = np.unique(chains.chain[early])
    cuts: list[int] = []
    for chain in suspects.tolist():
        cuts += _cuts(chains.xy, int(first[chain]), int(last[chain]))
    if not cuts:
        return chains
    report.split += [(int(p), 0.0) for p in np.unique(chains.parcel[chains.chain[cuts]])]
    extra = np.zeros(len(chains.chain), dtype=np.int64)
    extra[cuts] = 1
    new = np.concatenate([[True], (np.diff(chains.chain) > 0) | (extra[1:] > 0)])
    return _Chains(chains.xy, chains.name, np.cumsum(new) - 1, chains.parcel[chains.chain[new]])


def _cuts(xy: Floats, first: int, last: int) -> list[int]:
    """Positions at which a new ring starts inside the chain ``first`` … ``last``."""
    found, start = [], first
    for i in range(first, last):
        returned = i - start >= 3 and bool((xy[i] == xy[start]).all())
        if returned and (xy[i + 1 : last + 1] != xy[start]).any():
            found.append(i + 1)
            start = i + 1
    return found


def _close(chains: _Chains, degrees: Mask, report: RingReport) -> None:
    """Put the closing point on the first where the two are the same point written a few centimetres apart."""
    if len(chains.parcel) == 0:
        return
    first, last = chains.first, chains.last
    gap = np.hypot(*(chains.xy[last] - chains.xy[first]).T)
    gap = np.where(degrees[chains.parcel], gap * METRES_PER_DEGREE, gap)
    same_name = (chains.name[first] == chains.name[last]) & (chains.name[first] != "") & (last - first >= 3)
    near = (gap > 0) & (last - first >= 3) & ((gap <= CLOSING_M) | (same_name & (gap <= CLOSING_NAMED_M)))
    far = same_name & (gap > CLOSING_NAMED_M)
    chains.xy[last[near]] = chains.xy[first[near]]
    report.closed_near += _pairs(chains.parcel[near], gap[near])
    report.closed_far += _pairs(chains.parcel[far], gap[far])


def _pairs(parcels: Ints, figures: NDArray[Any]) -> list[tuple[int, float]]:
    return list(zip(parcels.tolist(), figures.tolist(), strict=True))


def _put_areas(geometries: Geometries, chains: _Chains, report: RingReport) -> None:
    sizes = np.bincount(chains.chain, minlength=len(chains.parcel))
    report.collapsed += _pairs(chains.parcel[sizes < 3], sizes[sizes < 3])
    chains = chains.only(sizes >= 3)
    if len(chains.parcel) == 0:
        return
    rings = np.asarray(shapely.linearrings(chains.xy, indices=chains.chain))
    faces = np.asarray(shapely.polygons(rings))
    size = np.asarray(shapely.area(faces))
    flat = size == 0
    report.collapsed += _pairs(chains.parcel[flat], (chains.last - chains.first + 1)[flat])
    rings, faces, size, parcel = rings[~flat], faces[~flat], size[~flat], chains.parcel[~flat]
    alone = np.bincount(parcel, minlength=len(geometries))[parcel] == 1
    geometries[parcel[alone]] = faces[alone]
    if not alone.all():
        _put_nested(geometries, rings[~alone], faces[~alone], size[~alone], parcel[~alone])


def _put_nested(geometries: Geometries, rings: Geometries, faces: Geometries, size: Floats, parcel: Ints) -> None:
    shell = _shell_of(faces, size, parcel)
    is_hole = shell != np.arange(len(rings))
    order = np.lexsort((np.arange(len(rings)), is_hole, shell))
    shells, part = np.unique(shell[order], return_inverse=True)
    parts = np.asarray(shapely.polygons(rings[order], indices=part))
    owner = parcel[shells]
    order = np.argsort(owner, kind="stable")
    owners, number, count = np.unique(owner[order], return_inverse=True, return_counts=True)
    whole = np.asarray(shapely.multipolygons(parts[order], indices=number))
    whole[count == 1] = shapely.get_geometry(whole[count == 1], 0)
    geometries[owners] = whole


def _shell_of(faces: Geometries, size: Floats, parcel: Ints) -> Ints:
    """For every ring the ring whose hole it is, or itself where it is a shell (even-odd rule)."""
    inner, outer = shapely.STRtree(faces).query(shapely.point_on_surface(faces), predicate="intersects")
    holds = (parcel[inner] == parcel[outer]) & (size[outer] > size[inner])
    inner, outer = inner[holds], outer[holds]
    depth = np.bincount(inner, minlength=len(faces))
    direct = (depth[inner] % 2 == 1) & (depth[outer] == depth[inner] - 1)
    inner, outer = inner[direct], outer[direct]
    order = np.lexsort((-size[outer], inner))
    shell = np.arange(len(faces))
    shell[inner[order]] = outer[order]  # the last written per ring is the smallest around it
    return shell


def _put_lines(geometries: Geometries, chains: _Chains, report: RingReport) -> None:
    sizes = np.bincount(chains.chain, minlength=len(chains.parcel))
    report.collapsed += _pairs(chains.parcel[sizes < 2], sizes[sizes < 2])
    chains = chains.only(sizes >= 2)
    if len(chains.parcel):
        lines = np.asarray(shapely.linestrings(chains.xy, indices=chains.chain))
        _put_parts(geometries, lines, chains.parcel, shapely.multilinestrings)


def _put_points(geometries: Geometries, chains: _Chains) -> None:
    if len(chains.parcel):
        _put_parts(
            geometries,
            np.asarray(shapely.points(chains.xy)),
            chains.parcel[chains.chain],
            shapely.multipoints,
        )


def _put_parts(geometries: Geometries, parts: Geometries, parcel: Ints, collect: Any) -> None:
    owners, number, count = np.unique(parcel, return_inverse=True, return_counts=True)
    whole = collect(parts, indices=number)
    whole[count == 1] = shapely.get_geometry(whole[count == 1], 0)
    geometries[owners] = whole

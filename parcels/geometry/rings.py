"""What the rings of an invalid polygon may mean: the areas that different readings of them give.

Caveat: only geometry speaks here. Which reading is right is a question of title, not of computation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

Geometries = NDArray[np.object_]
Measure = Callable[[Geometries], NDArray[np.float64]]
_CHUNK = 2_000_000
_LIMIT = 20_000_000
_LARGE, _CROSSINGS = 500, 50_000
_OWN_HITS = 3  # a segment meets itself and its two neighbours
_LINEWORK_FACES = 500  # make_valid by linework takes time with the square of the crossings


@dataclass(frozen=True)
class _Rings:
    """Rings of many polygons: each ring, the polygon it belongs to, and whether it is an outer ring."""

    ring: Geometries
    owner: NDArray[np.intp]
    shell: NDArray[np.bool_]

    def of(self, owners: NDArray[np.intp]) -> _Rings:
        """The rings of some polygons only, under the same owner numbers."""
        keep = np.isin(self.owner, owners)
        return _Rings(self.ring[keep], self.owner[keep], self.shell[keep])


def readings(raw: Geometries, fixed: Geometries, *, measure: Measure) -> pd.DataFrame:
    """Areas that an invalid polygon has under four readings of its rings.

    ``structure``: outer rings joined, then holes taken out (`fixed`). ``linework``: rebuilt from the lines by
    ``shapely.make_valid``. ``even_odd``: a place counts when an odd number of rings winds round it (rings drawn
    twice count once). ``as_drawn``: areas of outer rings minus areas of holes, wherever they lie.

    Parameters
    ----------
    raw
        Invalid polygons and multi-polygons with finite coordinates.
    fixed
        The same after the structure repair; None where it failed.
    measure
        Gives the area in m² of an array of geometries.

    Returns
    -------
    pandas.DataFrame
        One row per geometry, m²; NaN where a reading could not be worked out.

    Examples
    --------
    >>> nested = np.array([shapely.MultiPolygon([shapely.box(0, 0, 100, 100), shapely.box(40, 40, 60, 60)])])
    >>> whole = np.array([shapely.box(0, 0, 100, 100)])
    >>> readings(nested, whole, measure=shapely.area).iloc[0].to_dict()
    {'structure': 10000.0, 'linework': 9600.0, 'even_odd': 9600.0, 'as_drawn': 10400.0}
    """
    rings = _distinct_rings(raw)
    face, face_owner = _faces(rings, len(raw))
    linework = raw.copy()
    linework[np.bincount(face_owner, minlength=len(raw)) > _LINEWORK_FACES] = None
    return pd.DataFrame(
        {
            "structure": measure(fixed),
            "linework": measure(_each(shapely.make_valid, linework)),
            "even_odd": _even_odd(face, face_owner, rings, len(raw), measure),
            "as_drawn": _as_drawn(rings, len(raw), measure),
        }
    )


def _each(function: Callable[[Geometries], Geometries], geoms: Geometries) -> Geometries:
    """Apply a repair to an array; None for single members on which GEOS fails."""
    try:
        return np.asarray(function(geoms), dtype=object)
    except shapely.errors.GEOSException:
        if len(geoms) == 1:
            return np.array([None], dtype=object)
        return np.concatenate([_each(function, geoms[k : k + 1]) for k in range(len(geoms))])


def _distinct_rings(geoms: Geometries) -> _Rings:
    """All rings, without exact repeats among the outer rings or among the holes of one geometry."""
    parts, part_owner = shapely.get_parts(geoms, return_index=True)
    ring, ring_part = shapely.get_rings(parts, return_index=True)
    shell = np.diff(ring_part, prepend=-1) > 0
    owner = part_owner[ring_part]
    key = shapely.to_wkb(shapely.normalize(shapely.polygons(ring)))
    repeat = pd.DataFrame({"owner": owner, "shell": shell, "key": key}).duplicated().to_numpy()
    keep = ~repeat & ~shapely.is_empty(ring)
    return _Rings(ring[keep], owner[keep], shell[keep])


def _as_drawn(rings: _Rings, size: int, measure: Measure) -> NDArray[np.float64]:
    filled = _each(_fill, np.asarray(shapely.polygons(rings.ring), dtype=object))
    area = np.where(rings.shell, 1.0, -1.0) * np.abs(measure(filled))
    return np.abs(np.bincount(rings.owner, weights=area, minlength=size))


def _fill(geoms: Geometries) -> Geometries:
    return np.asarray(shapely.make_valid(geoms, method="structure", keep_collapsed=False), dtype=object)


def _faces(rings: _Rings, size: int) -> tuple[Geometries, NDArray[np.intp]]:
    """The pieces of plane that the rings of each geometry cut out, and whose they are."""
    lines = np.full(size, None, dtype=object)
    shapely.multilinestrings(rings.ring, indices=rings.owner, out=lines)
    noded = _each(lambda some: np.asarray(shapely.union_all(some[:, None], axis=1), dtype=object), lines)
    face, owner = shapely.get_parts(shapely.polygonize(noded[:, None]), return_index=True)
    return face, owner


def _even_odd(
    face: Geometries, face_owner: NDArray[np.intp], rings: _Rings, size: int, measure: Measure
) -> NDArray[np.float64]:
    points = np.bincount(rings.owner, weights=shapely.get_num_coordinates(rings.ring), minlength=size)
    cost = np.bincount(face_owner, minlength=size) * points
    total = np.where(cost > _LIMIT, np.nan, 0.0)
    for owners in _chunks(cost):
        mine = np.flatnonzero(np.isin(face_owner, owners))
        odd = mine[_odd_faces(face[mine], face_owner[mine], rings.of(owners))]
        total += np.bincount(face_owner[odd], weights=np.abs(measure(face[odd])), minlength=size)
    return total


def _chunks(cost: NDArray[Any]) -> Iterator[NDArray[np.intp]]:
    """Owner numbers in lots of about ``_CHUNK`` face-times-vertex tests, the hopeless ones left out."""
    able = np.flatnonzero((cost > 0) & (cost <= _LIMIT))
    lot = (np.cumsum(cost[able]) // _CHUNK).astype(np.intp)
    for _, members in pd.Series(able).groupby(lot):
        yield members.to_numpy()


def _odd_faces(face: Geometries, face_owner: NDArray[np.intp], rings: _Rings) -> NDArray[np.bool_]:
    """Which faces lie inside an odd number of rings, each ring's windings divided by their common factor."""
    pairs = pd.DataFrame({"owner": face_owner, "face": np.arange(len(face))}).merge(
        pd.DataFrame({"owner": rings.owner, "ring": np.arange(len(rings.ring))}), on="owner"
    )
    at, by = pairs["face"].to_numpy(), pairs["ring"].to_numpy()
    inside = shapely.point_on_surface(face)
    points = np.column_stack([shapely.get_x(inside), shapely.get_y(inside)])
    turns = _windings(points[at], rings.ring[by])
    grain = np.spacing(np.abs(shapely.bounds(face)).max(axis=1)) * shapely.length(face)
    turns[(shapely.area(face) <= 4 * grain)[at]] = 0
    factor = np.ones(len(rings.ring), dtype=np.int64)
    np.maximum.at(factor, by, pd.Series(turns).groupby(by).transform(np.gcd.reduce).to_numpy())
    crossings = np.bincount(at, weights=np.abs(turns) // factor[by], minlength=len(face))
    return np.asarray(crossings.astype(np.int64) % 2 == 1)


def _windings(points: NDArray[np.float64], rings: Geometries) -> NDArray[np.int64]:
    """How often each ring turns round its point (pairwise), by signed crossings of a ray to the right."""
    coords, owner = shapely.get_coordinates(rings, return_index=True)
    vertices = np.bincount(owner, minlength=len(rings))
    first = np.cumsum(vertices) - vertices
    start = np.delete(np.arange(len(coords)), first + vertices - 1)
    pair = owner[start]
    a, b = coords[start] - points[pair], coords[start + 1] - points[pair]
    side = a[:, 0] * b[:, 1] - b[:, 0] * a[:, 1]
    up = (a[:, 1] <= 0) & (b[:, 1] > 0) & (side > 0)
    down = (a[:, 1] > 0) & (b[:, 1] <= 0) & (side < 0)
    turns = np.bincount(pair, weights=up.astype(float) - down.astype(float), minlength=len(rings))
    return turns.astype(np.int64)


def tangled(geoms: Geometries) -> NDArray[np.bool_]:
    """Which polygons cross themselves so often that repairing them would take minutes.

    Judged from a sample of 256 segments of those with more than 500 vertices.

    Parameters
    ----------
    geoms
        Polygons or multi-polygons with finite coordinates.

    Returns
    -------
    numpy.ndarray
        True where more than some 50 000 crossings are to be expected.
    """
    out = np.zeros(len(geoms), dtype=np.bool_)
    for k in np.flatnonzero(shapely.get_num_coordinates(geoms) > _LARGE):
        rings, _ = shapely.get_rings(shapely.get_parts(geoms[k : k + 1]), return_index=True)
        coords, ring = shapely.get_coordinates(rings, return_index=True)
        start = np.flatnonzero(ring[:-1] == ring[1:])
        segments = np.asarray(shapely.linestrings(np.stack([coords[start], coords[start + 1]], axis=1)), dtype=object)
        sample = segments[:: max(1, len(segments) // 256)]
        hits = len(shapely.STRtree(segments).query(sample, predicate="intersects")[0]) / len(sample)
        out[k] = (hits - _OWN_HITS) * len(segments) / 2 > _CROSSINGS
    return out

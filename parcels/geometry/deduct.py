"""Exact deduction (扣除): what is left of a zone when layer after layer is taken away, no overlap taken twice.

Caveat: a layer is taken from what the layers before it left, so the net figure of a layer depends on the order, while
the gross figure and what is left in the end do not. Nothing is clamped at zero and no border is snapped to a grid. What
goes in must be valid: repair it first, so that the repair stands in the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from parcels.errors import GeometryError

Figure = Any  # one shapely geometry, or None
Geometries = NDArray[np.object_]
Floats = NDArray[np.float64]
Positions = NDArray[np.intp]
Areas = Callable[[Geometries], Floats]

_POLYGON, _MULTIPOLYGON = 3, 6
_NOTHING = shapely.Polygon()
_ROUNDING = 1e-9  # share of an area by which a union may exceed the sum of its figures


@dataclass(frozen=True)
class Layer:
    """Land that is taken away.

    Attributes
    ----------
    geoms
        Valid polygons in the CRS of the zones; missing and empty ones take nothing.
    clean
        Which of them together form a valid coverage (no overlaps, shared borders equal vertex by vertex), if that is
        known; those are united along their shared borders, which is much faster and gives the same land.
    checked
        The figures are known to be valid polygons, as after an import; they are not tested again.
    """

    geoms: Geometries
    clean: NDArray[np.bool_] | None = None
    checked: bool = False


@dataclass(frozen=True)
class Deduction:
    """What was taken and what is left, by zone (rows) and layer (columns).

    Attributes
    ----------
    zone_m2
        Area of every zone; NaN where the zone has no geometry, as are all its other figures.
    gross_m2
        Land of the zone that the layer covers (毛).
    net_m2
        Land that the layer covers and no layer before it (净).
    left
        What is left of the zone after each layer.
    """

    zone_m2: Floats
    gross_m2: Floats
    net_m2: Floats
    left: Geometries

    @property
    def remaining_m2(self) -> Floats:
        """Land that is left after each layer, in square metres."""
        return np.asarray(self.zone_m2[:, None] - np.cumsum(self.net_m2, axis=1))


def deduct(zones: Geometries, layers: Sequence[Layer], *, area: Areas, threads: int = 1) -> Deduction:
    """Take layers away from zones, one after the other.

    Parameters
    ----------
    zones
        Valid polygons; each is worked on by itself, also where zones overlap.
    layers
        In the order in which they are taken away.
    area
        Measures an array of figures in square metres.
    threads
        How many zones are worked on at the same time; the result is the same to the last bit.

    Returns
    -------
    Deduction
        ``net_m2`` summed over the layers and the last of ``remaining_m2`` are the area of the zone.

    Raises
    ------
    GeometryError
        A figure is invalid or no polygon, or ``clean`` does not fit its layer.

    Examples
    --------
    >>> zone = np.array([shapely.box(0, 0, 10, 10)])
    >>> water = Layer(np.array([shapely.box(0, 0, 10, 4)]))
    >>> farm = Layer(np.array([shapely.box(0, 2, 5, 6), shapely.box(0, 2, 5, 6)]))
    >>> done = deduct(zone, [water, farm], area=shapely.area)
    >>> done.gross_m2.tolist(), done.net_m2.tolist(), done.remaining_m2.tolist()
    ([[40.0, 20.0]], [[40.0, 10.0]], [[60.0, 50.0]])
    """
    _check(zones, layers)
    near = [_near(zones, layer) for layer in layers]

    def one(z: int) -> tuple[list[Figure], list[Figure]]:
        return _take(zones[z], [(layer, near[n][z]) for n, layer in enumerate(layers)])

    if threads > 1:
        with ThreadPoolExecutor(threads) as pool:
            done = list(pool.map(one, range(len(zones))))
    else:
        done = [one(z) for z in range(len(zones))]
    shape = (len(zones), len(layers))
    covered = _array([c for covers, _ in done for c in covers]).reshape(shape)[:, 1:]
    left = _array([g for _, rest in done for g in rest]).reshape(shape)
    zone_m2 = area(zones)
    left_m2 = area(left.ravel()).reshape(shape)
    net = np.column_stack([zone_m2, left_m2])[:, :-1] - left_m2
    # The first layer takes all that it covers.
    gross = np.column_stack([net[:, :1], area(covered.ravel()).reshape(covered.shape)])
    return Deduction(zone_m2, gross, net, left)


def covered_m2(figures: Geometries, layer: Layer, *, area: Areas) -> Floats:
    """Land of each figure that a layer covers, no overlap counted twice, in square metres.

    Parameters
    ----------
    figures
        Valid polygons, such as what a deduction left; NaN comes out where one is missing.
    layer
        Valid polygons; they are not tested.
    area
        Measures an array of figures in square metres.

    Examples
    --------
    >>> layer = Layer(shapely.box([0, 2], 0, [4, 6], 10))
    >>> covered_m2(np.array([shapely.box(0, 0, 10, 5), None]), layer, area=shapely.area).tolist()
    [30.0, nan]
    """
    near = _near(figures, layer)
    parts: list[Figure] = []
    for figure, close in zip(figures, near, strict=False):  # without figures there is one empty group
        met = close[shapely.intersects(figure, layer.geoms[close])]
        land = shapely.intersection(figure, _united(layer, met)) if len(met) else _NOTHING
        parts.append(None if figure is None else _polygonal(land))
    return area(_array(parts))


# ------------------------------------------------------------------------------------------------------ checks


def _check(zones: Geometries, layers: Sequence[Layer]) -> None:
    _check_areal(zones, "zones")
    for number, layer in enumerate(layers, start=1):
        if layer.clean is not None and len(layer.clean) != len(layer.geoms):
            raise GeometryError("deduct-clean-length", layer=number, given=len(layer.clean), count=len(layer.geoms))
        if not layer.checked:
            _check_areal(layer.geoms, f"layer {number}")


def _check_areal(geoms: Geometries, role: str) -> None:
    """Refuse what is no polygon or not valid; missing and empty figures pass."""
    there = ~(shapely.is_missing(geoms) | shapely.is_empty(geoms))
    odd = np.flatnonzero(there & ~np.isin(shapely.get_type_id(geoms), (_POLYGON, _MULTIPOLYGON)))
    if len(odd):
        kind = geoms[odd[0]].geom_type
        raise GeometryError("deduct-not-areal", role=role, count=len(odd), first=int(odd[0]), kind=kind)
    bad = np.flatnonzero(there & ~shapely.is_valid(geoms))
    if len(bad):
        reason = shapely.is_valid_reason(geoms[bad[0]])
        raise GeometryError("deduct-invalid", role=role, count=len(bad), first=int(bad[0]), reason=reason)


# ---------------------------------------------------------------------------------------------------- one zone


def _array(items: list[Figure]) -> Geometries:
    made = np.empty(len(items), dtype=object)
    made[:] = items
    return made


def _near(zones: Geometries, layer: Layer) -> list[Positions]:
    """Which figures of the layer may share land with each zone, by their extents."""
    pairs = shapely.STRtree(layer.geoms).query(zones)
    order = np.lexsort((pairs[1], pairs[0]))
    zone, figure = pairs[0][order], pairs[1][order]
    return np.split(figure, np.searchsorted(zone, np.arange(1, len(zones))))


def _take(zone: Figure, layers: list[tuple[Layer, Positions]]) -> tuple[list[Figure], list[Figure]]:
    """What each layer covers of one zone (not told for the first), and what is left after it."""
    if zone is None:
        return [None] * len(layers), [None] * len(layers)
    # A copy of its own: a prepared figure must not be shared by two threads.
    own = shapely.from_wkb(shapely.to_wkb(zone))
    shapely.prepare(own)
    left = zone
    covered: list[Figure] = []
    rest: list[Figure] = []
    for layer, near in layers:
        met = near[shapely.intersects(own, layer.geoms[near])]
        land = _united(layer, met) if len(met) else _NOTHING
        covered.append(_polygonal(shapely.intersection(zone, land)) if covered and len(met) else _NOTHING)
        left = _polygonal(shapely.difference(left, land)) if len(met) else left
        rest.append(left)
    return covered, rest


def _united(layer: Layer, met: Positions) -> Figure:
    """Figures of a layer as one without overlaps."""
    figures = layer.geoms[met]
    if layer.clean is None:
        return _union(figures)
    clean = layer.clean[met]
    tidy = _coverage(figures[clean])
    return _union(figures) if tidy is None else _join(shapely.get_parts(tidy), figures[~clean])


def _coverage(figures: Geometries) -> Figure | None:
    """Union along shared borders; None where the figures turn out not to form a coverage (after a change of CRS)."""
    try:
        joined = shapely.coverage_union_all(figures)
    except shapely.errors.GEOSException:
        return None
    return joined if shapely.is_valid(joined) else None


def _join(tidy: Geometries, others: Geometries) -> Figure:
    """Figures that lie apart or touch in points, and others, as one; only what the others meet is united."""
    meets = np.zeros(len(tidy), dtype=bool)
    meets[shapely.STRtree(tidy).query(others, predicate="intersects")[1]] = True
    mixed = _union(np.concatenate([tidy[meets], others]))
    return shapely.multipolygons(np.concatenate([tidy[~meets], shapely.get_parts(mixed)]))


def _union(figures: Geometries) -> Figure:
    """Union of valid figures through the fast way, and through the slow way where the fast one shows a fault."""
    if len(figures) < 2:
        return figures[0] if len(figures) else _NOTHING
    parts = shapely.get_parts(figures)
    parts = parts[~shapely.is_empty(parts)]
    joined = shapely.buffer(shapely.multipolygons(parts), 0.0)
    return joined if _plausible(joined, parts) else shapely.union_all(figures)


def _plausible(joined: Figure, parts: Geometries) -> bool:
    """Whether a union has a point of every figure inside and not more land than all of them."""
    inside = shapely.point_on_surface(parts)
    shapely.prepare(joined)
    whole = shapely.contains_xy(joined, shapely.get_x(inside), shapely.get_y(inside)).all()
    return bool(whole and shapely.area(joined) <= shapely.area(parts).sum() * (1 + _ROUNDING))


def _polygonal(figure: Figure) -> Figure:
    """Without the lines and points that are left where borders touch."""
    if figure.geom_type in ("Polygon", "MultiPolygon"):
        return figure
    parts = shapely.get_parts(shapely.get_parts(figure))
    return shapely.multipolygons(parts[(shapely.get_type_id(parts) == _POLYGON) & ~shapely.is_empty(parts)])

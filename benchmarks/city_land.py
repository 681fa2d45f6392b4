"""The ground of the made-up city: blocks of 5 x 5 parcels between streets, zones, and constraint layers.

Neighbours inside a block share every point of their common side. Coordinates are CGCS2000 / 3-degree
Gauss-Kruger zone 39 (EPSG:4527) in metres, rounded to 0.1 mm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from bulk_shapefile import Floats, Ints, Rings
from numpy.typing import NDArray

SIDE, STREET, PER_BLOCK, EXTRA = 100.0, 30.0, 25, 7
PITCH = 5 * SIDE + STREET
CENTRE = np.array([39_508_000.0, 4_010_000.0])
INVALID_SHARE, OVERLAP_SHARE, HOLE_SHARE = 0.0066, 0.005, 0.01
LOOP = 3.0


@dataclass(frozen=True)
class City:
    """Size and place of the city: parcels, blocks per side, south-west corner, length of a side in metres."""

    parcels: int

    @property
    def blocks_per_side(self) -> int:
        """Blocks along one side of the square."""
        return int(np.ceil(np.sqrt(self.parcels / PER_BLOCK)))

    @property
    def extent(self) -> float:
        """Length of the square's side in metres."""
        return self.blocks_per_side * PITCH

    @property
    def corner(self) -> Floats:
        """South-west corner."""
        return CENTRE - self.extent / 2


def _side(rng: np.random.Generator, a: Floats, b: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Up to seven points between two corners, moved off the line by at most 4 m, and which of them exist."""
    count = rng.integers(0, EXTRA + 1, a.shape[:-1])
    slot = np.arange(EXTRA)
    along = ((slot + 1) / (count[..., None] + 1))[..., None]
    run = b - a
    off = np.stack([-run[..., 1], run[..., 0]], -1) / SIDE
    points = a[..., None, :] + along * run[..., None, :]
    return points + rng.uniform(-4, 4, along.shape) * off[..., None, :], slot < count[..., None]


def parcel_rings(city: City, blocks: Ints, rng: np.random.Generator) -> Rings:
    """Parcels of the given blocks, 25 each, cell by cell; shares of them with a loop, a hole, a shift."""
    origin = city.corner + PITCH * np.stack(np.divmod(blocks, city.blocks_per_side), -1)
    grid = np.stack(np.meshgrid(np.arange(6), np.arange(6), indexing="ij"), -1) * SIDE
    corner = origin[:, None, None, :] + grid + rng.uniform(-10, 10, (len(blocks), 6, 6, 2))
    level, has_level = _side(rng, corner[:, :-1], corner[:, 1:])
    upright, has_upright = _side(rng, corner[:, :, :-1], corner[:, :, 1:])
    count = len(blocks) * PER_BLOCK
    fate = rng.random(count)
    looped = fate < INVALID_SHARE
    south_west, north_west = corner[:, :-1, :-1], corner[:, :-1, 1:]
    north_east, south_east = corner[:, 1:, 1:], corner[:, 1:, :-1]
    shape = (len(blocks), 5, 5)
    start, after = _loop(south_west, north_west, south_east, looped.reshape(shape))
    parts = [
        (start[..., None, :], None),
        (after[..., None, :], looped.reshape(shape)[..., None]),
        (upright[:, :-1], has_upright[:, :-1]),
        (north_west[..., None, :], None),
        (level[:, :, 1:], has_level[:, :, 1:]),
        (north_east[..., None, :], None),
        (upright[:, 1:, :, ::-1], has_upright[:, 1:, :, ::-1]),
        (south_east[..., None, :], None),
        (level[:, :, :-1, ::-1], has_level[:, :, :-1, ::-1]),
        (start[..., None, :], None),
    ]
    one = np.ones((*shape, 1), bool)
    points = np.concatenate([p for p, _ in parts], -2).reshape(count, -1, 2)
    there = np.concatenate([one if m is None else m for _, m in parts], -1).reshape(count, -1)
    shifted = (fate > 0.5) & (fate < 0.5 + OVERLAP_SHARE)
    points[shifted] += (0.3, 0.2)
    holed = (fate > 0.8) & (fate < 0.8 + HOLE_SHARE)
    return _with_holes(points, there, holed)


def _loop(corner: Floats, ahead: Floats, behind: Floats, looped: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """The corner and the point after it; where ``looped``, placed so that the ring crosses itself."""

    def towards(point: Floats) -> Floats:
        run = point - corner
        moved: Floats = corner + LOOP * run / np.linalg.norm(run, axis=-1, keepdims=True)
        return moved

    which = looped[..., None]
    return np.where(which, towards(ahead), corner), np.where(which, towards(behind), corner)


def _with_holes(points: Floats, there: NDArray[np.bool_], holed: NDArray[np.bool_]) -> Rings:
    """Flatten padded shells and put a small 12-cornered hole in the middle of some."""
    sizes = there.sum(axis=1)
    turn = np.linspace(0, 2 * np.pi, 13)
    corners = [0, 2 + EXTRA, 3 + 2 * EXTRA, 4 + 3 * EXTRA]
    middle = points[holed][:, corners].mean(axis=1)
    holes = middle[:, None, :] + 9.0 * np.stack([np.cos(turn), np.sin(turn)], -1)
    holes[:, -1] = holes[:, 0]
    counts = 1 + holed.astype(np.int64)
    ring_sizes = np.full(int(counts.sum()), 13, np.int64)
    shells = np.cumsum(counts) - counts
    ring_sizes[shells] = sizes
    xy = np.empty((int(ring_sizes.sum()), 2))
    is_shell = np.zeros(len(ring_sizes), bool)
    is_shell[shells] = True
    of_shell = np.repeat(is_shell, ring_sizes)
    xy[of_shell], xy[~of_shell] = points[there], holes.reshape(-1, 2)
    return Rings(np.round(xy, 4), ring_sizes, counts)


def zones(city: City, count: int, rng: np.random.Generator) -> NDArray[np.object_]:
    """``count`` zones that cover the city in a grid with shared, winding borders."""
    across = next(n for n in range(int(np.sqrt(count)), 0, -1) if count % n == 0)
    up = count // across
    step = np.array([city.extent / across, city.extent / up])
    node = np.stack(np.meshgrid(np.arange(across + 1), np.arange(up + 1), indexing="ij"), -1) * step
    node = city.corner + node + rng.uniform(-0.08, 0.08, node.shape) * step
    level = _winding(rng, node[:-1], node[1:])
    upright = _winding(rng, node[:, :-1], node[:, 1:])
    ring = [level[:, :-1], upright[1:], level[:, 1:, ::-1], upright[:-1, :, ::-1]]
    return np.asarray(shapely.polygons(np.round(np.concatenate(ring, 2), 4).reshape(count, -1, 2)))


def _winding(rng: np.random.Generator, a: Floats, b: Floats, *, points: int = 60) -> Floats:
    t = np.linspace(0, 1, points)
    waves = np.arange(1, 9)
    size = rng.normal(0, 1, (*a.shape[:-1], len(waves))) / waves
    bend = 0.015 * (size[..., None, :] * np.sin(np.pi * t[:, None] * waves)).sum(-1)
    run = b - a
    off = np.stack([-run[..., 1], run[..., 0]], -1)
    line: Floats = a[..., None, :] + t[:, None] * run[..., None, :] + bend[..., None] * off[..., None, :]
    return line


def blobs(city: City, count: int, corners: int, sizes: tuple[float, float], rng: np.random.Generator) -> Rings:
    """Lobed figures at random places, clockwise; ``sizes`` is the range of their mean radius in metres."""
    turn = -np.linspace(0, 2 * np.pi, corners, endpoint=False)
    reach = rng.uniform(*sizes, (count, 1)) * np.ones(corners)
    for lobes in (2, 3, 5, 11):
        phase = rng.uniform(0, 2 * np.pi, (count, 1))
        reach *= 1 + rng.uniform(-0.1, 0.1, (count, 1)) * np.sin(lobes * turn + phase)
    place = city.corner + rng.uniform(0, city.extent, (count, 1, 2))
    ring = place + reach[..., None] * np.stack([np.cos(turn), np.sin(turn)], -1)
    return closed(ring)


def rivers(city: City, count: int, rng: np.random.Generator) -> Rings:
    """Winding strips 70 m wide from west to east."""
    along = np.linspace(-0.01, 1.01, max(40, int(city.extent / 60)))
    middle = (np.arange(count) + 0.5)[:, None] / count * city.extent
    y = middle + 0.04 * city.extent * np.sin(7 * along + rng.uniform(0, 6, (count, 1)))
    x = np.broadcast_to(along * city.extent, y.shape)
    north, south = np.stack([x, y + 35], -1), np.stack([x, y - 35], -1)
    return closed(city.corner + np.concatenate([north, south[:, ::-1]], 1))


def closed(ring: Floats) -> Rings:
    """Single-ring polygons of equal length, each closed with its first point."""
    count = len(ring)
    whole = np.concatenate([ring, ring[:, :1]], 1)
    sizes = np.full(count, whole.shape[1], np.int64)
    return Rings(np.round(whole.reshape(-1, 2), 4), sizes, np.ones(count, np.int64))


def joined(first: Rings, second: Rings) -> Rings:
    """Two sets of polygons as one."""
    parts = zip(
        (first.xy, first.ring_sizes, first.ring_counts),
        (second.xy, second.ring_sizes, second.ring_counts),
        strict=True,
    )
    return Rings(*(np.concatenate(pair) for pair in parts))

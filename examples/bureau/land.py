"""The ground of the made-up zone: curved streets, blocks, parcels with shared borders, zones, hill and river.

All coordinates are CGCS2000 / 3-degree Gauss-Kruger zone 39 (EPSG:4527) in metres, on a 1 mm grid.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.ops import split

EAST, NORTH = 39_506_400.0, 4_005_200.0
GRID = 0.001
TURN = np.deg2rad(7.0)
STREET = 32.0
RIVER_WIDTH = 150.0
COLUMNS = (345.0, 410.0, 372.0, 330.0, 428.0, 390.0, 352.0, 400.0)
ROWS = (330.0, 372.0, 318.0, 352.0, 388.0, 340.0, 306.0)
RIVER_AFTER_ROW = 2
FARM_BLOCKS = {(0, 0), (1, 0), (0, 1)}
HILL_BLOCKS = {(6, 6), (7, 6), (7, 5)}


@dataclass(frozen=True)
class Plan:
    """Blocks, parcels (with the block each lies in), the two zones, and the corridor of the river."""

    blocks: dict[tuple[int, int], shapely.Polygon]
    parcels: list[shapely.Polygon]
    block_of: list[tuple[int, int]]
    west: shapely.Polygon
    east: shapely.Polygon
    farm_fields: list[shapely.Polygon]
    river: shapely.Polygon
    hill_top: tuple[float, float]


def starts(widths: tuple[float, ...], *, river_after: int | None = None) -> list[float]:
    """Where each column or row of blocks begins, streets and river between them counted."""
    at, out = STREET, []
    for index, width in enumerate(widths):
        out.append(at)
        at += width + (RIVER_WIDTH if index == river_after else STREET)
    return [*out, at]


def bend(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """From the straight drawing board to the curved, turned ground."""
    u, v = points[:, 0], points[:, 1]
    x = u + 46.0 * np.sin(v / 820.0 + 0.4) + 24.0 * np.sin(u / 610.0)
    y = v + 42.0 * np.sin(u / 760.0) + 18.0 * np.sin(v / 540.0 + 1.0)
    east = EAST + x * np.cos(TURN) - y * np.sin(TURN)
    north = NORTH + x * np.sin(TURN) + y * np.cos(TURN)
    return np.column_stack([east, north])


def ground(shape: shapely.Geometry, *, step: float = 30.0, flat: float = 0.12) -> Any:
    """Bend a shape of the drawing board; ``flat`` is how far (m) a straight edge may stay from the curve."""
    bent = shapely.transform(shapely.segmentize(shape, step), bend)
    return shapely.set_precision(shapely.simplify(bent, flat), GRID)


def plan(rng: np.random.Generator, *, parcel_count: int) -> Plan:
    """Lay out the whole zone with exactly ``parcel_count`` parcels."""
    columns, rows = starts(COLUMNS), starts(ROWS, river_after=RIVER_AFTER_ROW)
    blocks = _blocks(columns, rows)
    built = {k: b for k, b in blocks.items() if k not in FARM_BLOCKS | HILL_BLOCKS}
    parcels = _subdivide(rng, list(built.values()), parcel_count)
    keys, tree = list(built), shapely.STRtree(list(built.values()))
    inside = tree.query(shapely.point_on_surface(parcels), predicate="within")[1]
    west, east = _zones(columns[-1], rows[-1])
    hill = bend(np.array([[columns[7] + 40.0, rows[6] + 20.0]]))[0]
    return Plan(
        blocks=blocks,
        parcels=parcels,
        block_of=[keys[i] for i in inside],
        west=west,
        east=east,
        farm_fields=_fields(columns, rows),
        river=_river(columns[-1], rows[RIVER_AFTER_ROW + 1] - RIVER_WIDTH / 2),
        hill_top=(float(hill[0]), float(hill[1])),
    )


def _blocks(columns: list[float], rows: list[float]) -> dict[tuple[int, int], shapely.Polygon]:
    blocks = {}
    for j, height in enumerate(ROWS):
        for i, width in enumerate(COLUMNS):
            box = shapely.box(columns[i], rows[j], columns[i] + width, rows[j] + height)
            blocks[i, j] = ground(box.buffer(-14, join_style="mitre").buffer(14, join_style="bevel"))
    return blocks


def _cut_line(rng: np.random.Generator, shape: shapely.Polygon) -> shapely.LineString:
    """A line over the short way of a parcel; every third one has a step in it."""
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(shape))[:4]
    long, short = corners[1] - corners[0], corners[3] - corners[0]
    if np.hypot(*long) < np.hypot(*short):
        long, short = short, long
    at = rng.uniform(0.36, 0.64)
    lean, step = rng.uniform(-0.03, 0.03), rng.uniform(0.08, 0.16) * rng.choice([-1.0, 1.0])
    stepped, middle = rng.random() < 0.33, rng.uniform(0.4, 0.6)
    start = corners[0] + long * (at - lean) - 0.1 * short
    end = corners[0] + long * (at + lean) + 1.1 * short
    if not stepped:
        return shapely.LineString([start, end])
    shift = long * step
    turn = start + (end - start) * middle
    return shapely.LineString([start, turn, turn + shift, end + shift])


def _weight(shape: shapely.Polygon, grain: float) -> float:
    """Order of cutting, smallest first: parcels above 145 mu before all others."""
    return float(-shape.area / grain) - (1e9 if shape.area > 145 * 2000 / 3 else 0.0)


def _subdivide(rng: np.random.Generator, blocks: list[shapely.Polygon], count: int) -> list[shapely.Polygon]:
    """Cut the piece that is largest for its block's grain until there are ``count`` of them."""
    grain = np.clip(np.exp(rng.normal(0.0, 0.6, len(blocks))), 0.3, 2.6)
    queue = [(_weight(b, g), i, b, g) for i, (b, g) in enumerate(zip(blocks, grain, strict=True))]
    heapq.heapify(queue)
    serial, tries = len(queue), 0
    while len(queue) < count:
        tries += 1
        if tries > 50 * count:
            raise AssertionError("the blocks cannot be cut into so many parcels")
        weight, number, shape, size = heapq.heappop(queue)
        pieces: list[Any] = [shapely.set_precision(p, GRID) for p in split(shape, _cut_line(rng, shape)).geoms]
        if len(pieces) != 2 or min(p.area for p in pieces) < 3600.0:
            heapq.heappush(queue, (weight * 0.93, number, shape, size))
            continue
        for piece in pieces:
            serial += 1
            heapq.heappush(queue, (_weight(piece, size), serial, piece, size))
    faces = _share_corners([shape for _, _, shape, _ in queue])
    return sorted(faces, key=lambda f: (round(f.centroid.y / 420), f.centroid.x, f.centroid.y))


def _share_corners(shapes: list[shapely.Polygon]) -> list[shapely.Polygon]:
    """Give each parcel the corners that its neighbours have on the common border."""
    tree = shapely.STRtree(shapes)
    faces: list[Any] = []
    for shape in shapes:
        near = [shapes[i] for i in np.sort(tree.query(shape, predicate="dwithin", distance=0.01))]
        corners = shapely.multipoints(np.unique(shapely.get_coordinates(near), axis=0))
        faces.append(shapely.normalize(shapely.snap(shape, corners, 0.004)))
    if not shapely.coverage_is_valid(faces):
        raise AssertionError("the parcels do not share their borders")
    return faces


def _zones(width: float, height: float) -> tuple[shapely.Polygon, shapely.Polygon]:
    """Two zones with one curved border; a notch in the north-west leaves a few parcels outside both."""
    outer = shapely.box(-20.0, -20.0, width + 10.0, height + 10.0)
    v = np.linspace(-60.0, height + 60.0, 90)
    border = shapely.LineString(np.column_stack([0.505 * width + 170.0 * np.sin(v / 430.0) + 0.05 * v, v]))
    notch = shapely.box(-40.0, height - 262.0, 392.0, height + 40.0)
    west, east = sorted(split(outer, border).geoms, key=lambda p: p.centroid.x)
    bent: list[Any] = [shapely.transform(shapely.segmentize(z, 45.0), bend) for z in (west.difference(notch), east)]
    return bent[0], bent[1]


def _fields(columns: list[float], rows: list[float]) -> list[shapely.Polygon]:
    """Farm fields: three blocks in strips that reach into parcels, one field at the hill's foot."""
    u0, u1, v0, v1 = columns[0], columns[1], rows[0], rows[1]
    boxes = [
        (u0 - 30, v0 - 30, u0 + 170, v0 + 330),
        (u0 + 176, v0 - 30, u0 + 345, v0 + 330),
        (u1 - 8, v0 - 30, u1 + 250, v0 + 210),
        (u1 - 8, v0 + 216, u1 + 425, v0 + 330),
        (u0 - 30, v1 - 8, u0 + 330, v1 + 190),
        (u0 - 30, v1 + 196, u0 + 480, v1 + 372),
        (columns[5] + 260, rows[6] + 30, columns[6] + 210, rows[6] + 150),
    ]
    return [ground(shapely.box(*box)) for box in boxes]


def _river(width: float, middle: float) -> Any:
    u = np.linspace(-260.0, width + 260.0, 120)
    v = middle + 14.0 * np.sin(u / 210.0) - STREET / 2
    half = 40.0 + 9.0 * np.sin(u / 330.0)
    ring = np.vstack([np.column_stack([u, v - half]), np.column_stack([u, v + half])[::-1]])
    return ground(shapely.Polygon(ring), flat=0.4)

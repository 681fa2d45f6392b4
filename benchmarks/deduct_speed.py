"""CPU seconds of taking supplied land and constraints away from zones, three ways in one run.

Usage: ``python benchmarks/deduct_speed.py [N] [--overlay N] [--repeats R]`` (100 000 parcels, overlay at 5 000)

Ours keeps what is left after each of five layers, with gross and net figures; ``difference(zone, union_all)`` has only
the end of it; ``geopandas.overlay(how="difference")`` is what an analyst types. It takes minutes per ten zones, so it
is run on a smaller city with as many parcels per zone (1 000) and compared with ours on that city. Figures are
valid before the clock starts, and which parcels form a clean coverage is known from the import, timed apart.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import city_land
import geopandas as gpd
import numpy as np
import shapely
from bulk_shapefile import Rings
from city_land import PER_BLOCK, PITCH, SIDE, City
from numpy.typing import NDArray

from parcels.geometry.deduct import Deduction, Layer, deduct

Geometries = NDArray[np.object_]
CRS, SUPPLIED, PER_ZONE = 4527, 0.7, 1000
T = TypeVar("T")


@dataclass(frozen=True)
class Case:
    """Zones, layers, which parcels of the first layer are clean, and the seconds it took to find out."""

    count: int
    zones: Geometries
    layers: list[Geometries]
    clean: NDArray[np.bool_]
    check_s: float

    def deduct(self, threads: int = 1) -> Deduction:
        """Our way."""
        marks = [self.clean, *[None] * (len(self.layers) - 1)]
        stack = [Layer(geoms, mark, checked=True) for geoms, mark in zip(self.layers, marks, strict=True)]
        return deduct(self.zones, stack, area=shapely.area, threads=threads)

    def plain(self) -> NDArray[np.float64]:
        """What is left by one union and one difference per zone."""
        taken = np.concatenate(self.layers)
        zone, figure = shapely.STRtree(taken).query(self.zones, predicate="intersects")
        met = [figure[zone == z] for z in range(len(self.zones))]
        pairs = zip(self.zones, met, strict=True)
        return np.array([shapely.area(shapely.difference(z, shapely.union_all(taken[m]))) for z, m in pairs])

    def moved(self) -> Case:
        """The same land about an origin amid the zones; coordinates lose nothing by it."""
        origin = np.floor(shapely.get_coordinates(self.zones).mean(axis=0))

        def move(geoms: Geometries) -> Geometries:
            return np.asarray(shapely.transform(geoms, lambda xy: xy - origin))

        return replace(self, zones=move(self.zones), layers=[move(geoms) for geoms in self.layers])

    def overlay(self) -> float:
        """What is left of all zones by geopandas."""
        frames = [gpd.GeoDataFrame(geometry=g, crs=CRS) for g in (self.zones, np.concatenate(self.layers))]
        return float(gpd.overlay(*frames, how="difference").area.sum())


def polygons(rings: Rings) -> Geometries:
    """Valid polygons of ragged rings."""
    owner = np.repeat(np.arange(len(rings.ring_sizes)), rings.ring_sizes)
    lines = shapely.linearrings(rings.xy, indices=owner)
    made = shapely.polygons(lines[rings.first_rings()])
    holed = np.flatnonzero(rings.ring_counts > 1)
    holes = lines[rings.first_rings()[holed] + 1]
    made[holed] = shapely.polygons(lines[rings.first_rings()[holed]], holes=holes[:, None])
    bad = ~shapely.is_valid(made)
    made[bad] = shapely.make_valid(made[bad], method="structure", keep_collapsed=False)
    return np.asarray(made)


def streets(city: City) -> Geometries:
    """Strips of the streets between blocks, both ways."""
    at = np.arange(city.blocks_per_side) * PITCH + 5 * SIDE + 11
    x, y = city.corner
    end = city.extent
    return np.concatenate([shapely.box(x + at, y, x + at + 8, y + end), shapely.box(x, y + at, x + end, y + at + 8)])


def make(count: int, seed: int = 7) -> Case:
    """A city with 70 % of its parcels supplied, farmland, redline, water and streets."""
    city, rng = City(count), np.random.default_rng(seed)
    parcels = polygons(city_land.parcel_rings(city, np.arange(count // PER_BLOCK), rng))
    supplied = parcels[rng.random(len(parcels)) < SUPPLIED]
    zones = city_land.zones(city, max(1, count // PER_ZONE), rng)
    farmland = polygons(city_land.blobs(city, count // 20, 40, (30, 110), rng))
    redline = polygons(city_land.blobs(city, count // 100, 500, (60, 240), rng))
    ponds = city_land.blobs(city, count // 200, 60, (40, 150), rng)
    water = polygons(city_land.joined(ponds, city_land.rivers(city, 5, rng)))
    start = time.process_time()
    clean = shapely.is_empty(edges := shapely.coverage_invalid_edges(supplied)) | shapely.is_missing(edges)
    check = time.process_time() - start
    return Case(len(parcels), zones, [supplied, farmland, redline, water, streets(city)], clean, check)


def timed(job: Callable[[], T], repeats: int = 1) -> tuple[float, float, T]:
    """CPU seconds, wall seconds (medians) and the result."""
    cpu, wall = [], []
    for _ in range(repeats):
        start, begin = time.process_time(), time.perf_counter()
        result = job()
        cpu.append(time.process_time() - start)
        wall.append(time.perf_counter() - begin)
    return float(np.median(cpu)), float(np.median(wall)), result


def same(one: Deduction, two: Deduction) -> bool:
    """Whether two results are equal to the last bit."""
    figures = all(getattr(one, n).tobytes() == getattr(two, n).tobytes() for n in ("zone_m2", "gross_m2", "net_m2"))
    return figures and bool((shapely.to_wkb(one.left) == shapely.to_wkb(two.left)).all())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=100_000)
    parser.add_argument("--overlay", type=int, default=5_000, metavar="N", help="parcels for overlay, 0 = leave out")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    case = make(options.count)
    ours, wall, done = timed(case.deduct, options.repeats)
    two, wall_two, again = timed(lambda: case.deduct(2), options.repeats)
    plain, _, left = timed(case.plain)
    last = done.remaining_m2[:, -1]
    print(f"{case.count:,} parcels, {len(case.zones)} zones, {sum(map(len, case.layers)):,} figures taken away")
    print(f"clean share {case.clean.mean():.3f}, found in {case.check_s:.2f} CPU s, part of the import")
    print(f"ours                        {ours:9.2f} CPU s {wall:9.2f} s")
    print(f"ours, two threads           {two:9.2f} CPU s {wall_two:9.2f} s, {wall / wall_two:.2f} times faster")
    print(f"two threads equal to the bit: {same(done, again)}")
    print(f"difference(zone, union_all) {plain:9.2f} CPU s, {plain / ours:.2f} times ours")
    for name, other in (("in place", left), ("about a near origin", case.moved().plain())):
        off = (np.abs(other - last) / done.zone_m2).max()
        print(f"largest difference to the plain way {name}, share of the zone: {off:.1e}")
    balance = np.abs(shapely.area(done.left[:, -1]) + done.net_m2.sum(axis=1) - done.zone_m2) / done.zone_m2
    print(f"zone = net + remaining, largest relative error: {balance.max():.1e}")
    if options.overlay:
        report_small(options.overlay, options.repeats, ours, case.count)


def report_small(count: int, repeats: int, ours: float, size: int) -> None:
    """The smaller city: overlay against ours, and how ours grew."""
    small = make(count)
    own, _, done = timed(small.deduct, repeats)
    print(f"growth exponent from {small.count:,}: {np.log(ours / own) / np.log(size / small.count):.3f}")
    seconds, _, area = timed(small.overlay)
    print(f"{small.count:,} parcels: ours {own:.2f} CPU s, overlay {seconds:.2f} CPU s, {seconds / own:.1f} times ours")
    print(f"area of all zones differs by {abs(area / done.remaining_m2[:, -1].sum() - 1):.1e}")


if __name__ == "__main__":
    main()

"""CPU seconds for the areas of N parcels, all ways in one run: area_speed.py [N [CORNERS]]."""

import sys
import time

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS, Geod

from parcels.geometry.area import ellipsoidal_m2

REPEATS = 15


def make_parcels(n: int, *, mean: int = 18, seed: int = 7) -> np.ndarray:
    """Star-shaped polygons of ``mean`` ± 4 corners and 9 to 300 m radius, within 130 km of the meridian."""
    rng = np.random.default_rng(seed)
    corners = rng.integers(mean - 4, mean + 5, n)
    owner = np.repeat(np.arange(n), corners)
    place = np.arange(corners.sum()) - np.repeat(np.cumsum(corners) - corners, corners)
    angle = 2 * np.pi * place / corners[owner]
    radius = rng.uniform(15, 250, n)[owner] * rng.uniform(0.6, 1.2, len(owner))
    x = 39_500_000 + rng.uniform(-130_000, 130_000, n)[owner] + radius * np.cos(angle)
    y = rng.uniform(3_850_000, 4_200_000, n)[owner] + radius * np.sin(angle)
    return shapely.polygons(shapely.linearrings(np.column_stack([x, y]), indices=owner))


def by_geod(parcels: np.ndarray) -> np.ndarray:
    geod = Geod(a=6378137.0, rf=298.257222101)
    degrees = gpd.GeoSeries(parcels, crs=4527).to_crs(4490)
    return degrees.apply(lambda figure: abs(geod.geometry_area_perimeter(figure)[0])).to_numpy()


def best(job, repeats: int = REPEATS):
    times = []
    for _ in range(repeats):
        start = time.process_time()
        result = job()
        times.append(time.process_time() - start)
    return min(times), result


def main(n: int, corners: int) -> None:
    parcels, crs = make_parcels(n, mean=corners), CRS.from_epsg(4527)
    ellipsoidal_m2(parcels[:10], crs)
    exact_s, exact = best(lambda: ellipsoidal_m2(parcels, crs, method="exact"), 1)
    rows = {
        "shapely.area (planar)": best(lambda: shapely.area(parcels)),
        "ellipsoidal_m2": best(lambda: ellipsoidal_m2(parcels, crs)),
        'ellipsoidal_m2 method="exact"': (exact_s, exact),
        'ellipsoidal_m2 method="survey"': best(lambda: ellipsoidal_m2(parcels, crs, method="survey"), 1),
        "to_crs(4490).apply(Geod)": best(lambda: by_geod(parcels), 1),
    }
    ours = rows["ellipsoidal_m2"][0]
    vertices = shapely.get_num_coordinates(parcels).mean()
    print(f"{n} parcels, {vertices:.1f} vertices on average; best of {REPEATS}, slow ways once")
    print(f"{'way':32s} {'CPU s':>9s} {'x ours':>8s} {'max rel. deviation from exact':>30s}")
    for name, (seconds, areas) in rows.items():
        deviation = np.abs(areas / exact - 1).max()
        print(f"{name:32s} {seconds:9.4f} {seconds / ours:8.2f} {deviation:30.1e}")


if __name__ == "__main__":
    given = [int(float(value)) for value in sys.argv[1:]]
    main(*(given + [100_000, 18][len(given) :]))

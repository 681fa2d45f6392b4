"""Areas against a fine cut done here, the series of the national survey, Geod, and figures worked by hand."""

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Geod, Proj, Transformer

from parcels.errors import CrsError, FieldError
from parcels.geometry.area import M2_PER_MU, area_m2, area_mu, ellipsoidal_m2, planar_m2, scale_squared

A, RF = 6378137.0, 298.257222101
F = 1 / RF
E2 = F * (2 - F)
B2 = (A * (1 - F)) ** 2
MU = 2000 / 3
GK3, GK6 = CRS.from_epsg(4527), CRS.from_epsg(4498)  # both with central meridian 117°E


def shoelace(x, y):
    x, y = x - x[0], y - y[0]
    return abs(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2


def equal_area(lon, lat):
    """Cylindrical equal-area coordinates on the CGCS2000 ellipsoid (Snyder 10-14, 10-15, 3-12)."""
    e, s = math.sqrt(E2), np.sin(np.radians(lat))
    q = (1 - E2) * (s / (1 - E2 * s * s) - np.log((1 - e * s) / (1 + e * s)) / (2 * e))
    return A * np.radians(lon), A * q / 2


def fine(ring, crs, per_edge=200):
    """Area of a ring with straight edges in the plane of ``crs``, every edge cut into ``per_edge`` pieces."""
    t = np.arange(per_edge)[:, None] / per_edge
    xy = np.vstack([p + (q - p) * t for p, q in zip(ring, np.roll(ring, -1, axis=0), strict=True)])
    lon, lat = Transformer.from_crs(crs, 4490, always_xy=True).transform(xy[:, 0], xy[:, 1])
    return shoelace(*equal_area(lon, lat))


def survey(lon, lat):
    """The national survey's series (椭球面积计算公式): trapezoids between each edge and a meridian."""
    lam, phi = np.radians(lon), np.radians(lat)
    dphi, mid = np.roll(phi, -1) - phi, (np.roll(phi, -1) + phi) / 2
    dlam = (np.roll(lam, -1) + lam) / 2 - lam[0]
    e4, e6, e8 = E2**2, E2**3, E2**4
    terms = (
        1 + 3 / 6 * E2 + 30 / 80 * e4 + 35 / 112 * e6 + 630 / 2304 * e8,
        1 / 6 * E2 + 15 / 80 * e4 + 21 / 112 * e6 + 420 / 2304 * e8,
        3 / 80 * e4 + 7 / 112 * e6 + 180 / 2304 * e8,
        1 / 112 * e6 + 45 / 2304 * e8,
        5 / 2304 * e8,
    )
    total = sum((-1) ** i * c * np.sin((2 * i + 1) * dphi / 2) * np.cos((2 * i + 1) * mid) for i, c in enumerate(terms))
    return abs(np.sum(2 * B2 * dlam * total))


def turned(corners, degrees):
    r = math.radians(degrees)
    return np.array(corners) @ np.array([[math.cos(r), math.sin(r)], [-math.sin(r), math.cos(r)]])


def rectangle(m2, ratio=1.0, degrees=0.0):
    w, h = math.sqrt(m2 * ratio) / 2, math.sqrt(m2 / ratio) / 2
    return turned([(-w, -h), (w, -h), (w, h), (-w, h)], degrees)


def triangle(m2, degrees=0.0):
    side = math.sqrt(4 * m2 / math.sqrt(3))
    return turned([(-side / 2, 0), (side / 2, 0), (0, side * math.sqrt(3) / 2)], degrees)


def ell(m2):
    u = math.sqrt(m2 / 5)
    return np.array([(0, 0), (3, 0), (3, 1), (1, 1), (1, 3), (0, 3)]) * u


SHAPES = {
    "square": rectangle,
    "square 45°": lambda m2: rectangle(m2, degrees=45),
    "strip": lambda m2: rectangle(m2, 10),
    "strip north": lambda m2: rectangle(m2, 10, 90),
    "strip 30°": lambda m2: rectangle(m2, 10, 30),
    "triangle": triangle,
    "triangle 25°": lambda m2: triangle(m2, 25),
    "triangle north": lambda m2: triangle(m2, 90),
    "L": ell,
}
PLACES = [(GK3, d, lat) for d in (0.0, 0.5, -1.0, 1.5) for lat in (18, 25, 36, 45, 53)]
PLACES += [(GK6, d, lat) for d in (2.0, -3.0, 3.0) for lat in (18, 36, 53)]


def placed(shape, m2, crs, dlon, lat):
    return SHAPES[shape](m2) + Transformer.from_crs(4490, crs, always_xy=True).transform(117 + dlon, lat)


def measure(rings, crs, **options):
    return ellipsoidal_m2(np.array([shapely.Polygon(ring) for ring in rings], dtype=object), crs, **options)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("method", ["auto", "exact"])
def test_parcels_of_1_to_1000_mu(shape, method):
    for crs, dlon, lat in PLACES:
        rings = [placed(shape, mu * MU, crs, dlon, lat) for mu in (1, 10, 100, 1000)]
        expected = np.array([fine(ring, crs) for ring in rings])
        assert measure(rings, crs, method=method) == pytest.approx(expected, rel=5e-8, abs=0)
        assert np.abs(measure(rings, crs, method=method) / expected - 1).max() < 1e-8  # what is claimed


@pytest.mark.parametrize("shape", SHAPES)
def test_figures_of_1_to_50_square_kilometres(shape):
    for crs, dlon, lat in PLACES[::3]:
        rings = [placed(shape, km2 * 1e6, crs, dlon, lat) for km2 in (1, 8, 50)]
        expected = np.array([fine(ring, crs, per_edge=1000) for ring in rings])
        assert measure(rings, crs) == pytest.approx(expected, rel=1e-8, abs=0)


def test_against_densified_geod():
    geod = Geod(a=A, rf=RF)
    ring = placed("square 45°", 100 * MU, GK3, 1.3, 36)
    t = np.arange(20)[:, None] / 20
    xy = np.vstack([p + (q - p) * t for p, q in zip(ring, np.roll(ring, -1, axis=0), strict=True)])
    lon, lat = Transformer.from_crs(GK3, 4490, always_xy=True).transform(xy[:, 0], xy[:, 1])
    expected = abs(geod.polygon_area_perimeter(lon, lat)[0])
    assert measure([ring], GK3)[0] == pytest.approx(expected, rel=2e-8)


@pytest.mark.parametrize("shape", SHAPES)
def test_survey_method_is_the_published_series(shape):
    # Edges below 70 m are not cut: the series over the corners must come out, whatever the shape.
    for crs, dlon, lat in PLACES[::2]:
        ring = placed(shape, 0.6 * MU, crs, dlon, lat)
        assert np.hypot(*(np.roll(ring, -1, axis=0) - ring).T).max() < 70
        lon, lat_ = Transformer.from_crs(crs, 4490, always_xy=True).transform(ring[:, 0], ring[:, 1])
        assert measure([ring], crs, method="survey")[0] == pytest.approx(survey(lon, lat_), rel=3e-9)


def test_survey_method_cuts_at_70_metres():
    ring = placed("triangle", 40 * MU, GK3, 1.0, 45)
    side = math.dist(ring[0], ring[1])
    pieces = math.ceil(side / 70)
    assert pieces == 4
    t = np.arange(pieces)[:, None] / pieces
    xy = np.vstack([p + (q - p) * t for p, q in zip(ring, np.roll(ring, -1, axis=0), strict=True)])
    lon, lat = Transformer.from_crs(GK3, 4490, always_xy=True).transform(xy[:, 0], xy[:, 1])
    assert measure([ring], GK3, method="survey")[0] == pytest.approx(survey(lon, lat), rel=1e-9)
    # The difference to the default is the bend of the pieces: seen in a triangle, gone in a square.
    assert 1e-8 < abs(measure([ring], GK3, method="survey")[0] / measure([ring], GK3)[0] - 1) < 3e-6
    square = placed("square", 40 * MU, GK3, 1.0, 45)
    assert measure([square], GK3, method="survey")[0] == pytest.approx(measure([square], GK3)[0], rel=5e-9)


@pytest.mark.parametrize(("lat", "dlon"), [(20, 1.5), (36, 1.0), (36, 1.5), (50, 1.5)])
def test_same_in_every_zone_that_can_hold_it(lat, dlon):
    ring = placed("square 45°", 10 * MU, GK3, dlon, lat)
    here = measure([ring], GK3)[0]
    codes = [
        4548,
        4528,
        4549,
        4498,
        4509,
        32650,
        4490,
    ]  # with and without prefix, next zone, 6 degrees, UTM, degrees
    for code in codes:
        x, y = Transformer.from_crs(GK3, code, always_xy=True).transform(ring[:, 0], ring[:, 1])
        there = measure([np.column_stack([x, y])], CRS.from_epsg(code))[0]
        assert there == pytest.approx(here, rel=2e-8), code


def test_planar_is_larger_by_the_known_amounts():
    # cadastral practice: 36°N, 1.5 degrees off the meridian +4.5e-4; 3 degrees off +1.8e-3
    for crs, dlon, excess in ((GK3, 0.0, 0.0), (GK3, 1.5, 4.5e-4), (GK6, 3.0, 1.8e-3)):
        figure = np.array([shapely.Polygon(placed("square", 100 * MU, crs, dlon, 36))], dtype=object)
        assert planar_m2(figure, crs)[0] / ellipsoidal_m2(figure, crs)[0] - 1 == pytest.approx(excess, abs=5e-5)


def test_scale_against_proj():
    rng = np.random.default_rng(3)
    lon, lat = rng.uniform(-3, 3, 3000), rng.uniform(3, 54, 3000)
    proj = Proj(f"+proj=tmerc +lon_0=0 +k=1 +a={A} +rf={RF}")
    x, y = proj(lon, lat)
    expected = np.asarray(proj.get_factors(lon, lat).areal_scale)
    assert np.abs(scale_squared(x, y, a=A, rf=RF) / expected - 1).max() < 3e-10


X, Y = 39_530_000.0, 4_012_345.0
SQUARE = shapely.box(X, Y, X + 100, Y + 100)
YARD = shapely.box(X + 10, Y + 10, X + 20, Y + 20)
FAR = shapely.box(X + 500, Y, X + 600, Y + 100)


def ring_of(box, back=False):
    points = list(box.exterior.coords)
    return points[::-1] if back else points


@pytest.mark.parametrize("method", ["auto", "exact", "survey"])
def test_holes_parts_directions_and_heights(method):
    one, yard, far = (ellipsoidal_m2(np.array([g], dtype=object), GK3, method=method)[0] for g in (SQUARE, YARD, FAR))
    figures = [
        (SQUARE.reverse(), one),
        (shapely.Polygon(ring_of(SQUARE), [ring_of(YARD)]), one - yard),
        (shapely.Polygon(ring_of(SQUARE), [ring_of(YARD, back=True)]), one - yard),
        (shapely.Polygon(ring_of(SQUARE, back=True), [ring_of(YARD)]), one - yard),
        (shapely.MultiPolygon([SQUARE, FAR]), one + far),
        (shapely.MultiPolygon([SQUARE, FAR.reverse()]), one + far),
        (
            shapely.GeometryCollection([SQUARE, shapely.Point(X, Y), shapely.GeometryCollection([FAR])]),
            one + far,
        ),
        (shapely.force_3d(SQUARE, 12.5), one),
        (shapely.Point(X, Y), 0.0),
        (shapely.LineString([(X, Y), (X + 90, Y + 9), (X + 5, Y + 50)]), 0.0),
        (shapely.Polygon(), 0.0),
        (shapely.MultiPolygon(), 0.0),
        (shapely.Polygon([(X, Y), (X + 1, Y + 1), (X + 2, Y + 2)]), 0.0),
    ]
    array = np.array([figure for figure, _ in figures], dtype=object)
    got = ellipsoidal_m2(array, GK3, method=method)
    assert got == pytest.approx([value for _, value in figures], rel=5e-9, abs=1e-5)
    assert ellipsoidal_m2(np.array([None, SQUARE], dtype=object), GK3, method=method).tolist() == [
        pytest.approx(math.nan, nan_ok=True),
        one,
    ]
    assert ellipsoidal_m2(np.array([], dtype=object), GK3, method=method).shape == (0,)


def test_hole_starting_at_the_same_easting_or_northing_as_its_shell():
    shell = [(X, Y), (X + 99, Y), (X + 99, Y + 99), (X - 9, Y + 99), (X - 9, Y)]
    for hole in (
        [(X, Y + 50), (X + 30, Y + 60), (X + 30, Y + 40)],
        [(X, Y), (X + 30, Y + 60), (X + 30, Y + 40)],
    ):
        for ring in (hole, hole[::-1]):
            figure = np.array([shapely.Polygon(shell, [ring])], dtype=object)
            assert shapely.area(figure)[0] == pytest.approx(108 * 99 - shapely.Polygon(hole).area)
            exact = ellipsoidal_m2(figure, GK3, method="exact")
            assert ellipsoidal_m2(figure, GK3) == pytest.approx(exact, rel=5e-9)


def test_invalid_coordinates_are_missing_not_zero():
    with np.errstate(invalid="ignore"):
        wild = np.array([shapely.Polygon([(X, Y), (X + 1e15, Y), (X, Y + 5)]), SQUARE], dtype=object)
    got = ellipsoidal_m2(wild, GK3)
    assert np.isnan(got[0])
    assert got[1] > 0
    assert np.isnan(ellipsoidal_m2(np.array([SQUARE], dtype=object), CRS.from_epsg(4548))).all()


@settings(max_examples=60, deadline=None)
@given(
    st.integers(3, 12),
    st.floats(5, 400),
    st.floats(-160_000, 160_000),
    st.floats(2.0e6, 5.9e6),
    st.integers(0, 10**6),
    st.booleans(),
)
def test_any_star_shape_short_and_long_way_agree(n, size, off, north, seed, back):
    rng = np.random.default_rng(seed)
    angle = np.sort(rng.uniform(0, 2 * math.pi, n))
    radius = size * rng.uniform(0.3, 1, n)
    ring = np.column_stack([39.5e6 + off + radius * np.cos(angle), north + radius * np.sin(angle)])
    figure = np.array([shapely.Polygon(ring[::-1] if back else ring)], dtype=object)
    plane = shapely.area(figure)[0]
    # What rounding of longitudes and of eastings near 4e7 can do, and, for slivers, the bend of edges of this length.
    slack = 1e-6 * size + 5e-9 * size**2
    assert ellipsoidal_m2(figure, GK3)[0] == pytest.approx(
        ellipsoidal_m2(figure, GK3, method="exact")[0], rel=1e-8, abs=slack
    )
    assert ellipsoidal_m2(figure, GK3)[0] <= plane * (1 + 1e-12)


def test_many_figures_keep_their_places():
    rng = np.random.default_rng(5)
    x, y, w = rng.uniform(39.4e6, 39.6e6, 5000), rng.uniform(3.9e6, 4.1e6, 5000), rng.uniform(10, 2500, 5000)
    boxes = shapely.box(x, y, x + w, y + 100)
    boxes[::97] = None
    got = ellipsoidal_m2(boxes, GK3)
    for at in (0, 97, 2047, 2048, 2049, 4999):
        alone = ellipsoidal_m2(boxes[at : at + 1], GK3)[0]
        assert got[at] == pytest.approx(alone, nan_ok=True, rel=1e-14)
    assert np.isnan(got[::97]).all()


def test_ellipsoid_of_other_datums():
    square = np.array([SQUARE], dtype=object)
    xian = ellipsoidal_m2(square, CRS.from_epsg(2363))[0]
    k2 = scale_squared(np.array([30050.0]), np.array([Y + 50]), a=6378140.0, rf=298.257)[0]
    assert xian == pytest.approx(10_000 / k2, rel=1e-10)
    cambridge = CRS.from_epsg(26986)
    box = shapely.box(232000, 902000, 232100, 902100)
    got = ellipsoidal_m2(np.array([box], dtype=object), cambridge)[0]
    assert got == pytest.approx(fine(np.array(ring_of(box)[:-1]), cambridge), rel=1e-8)
    feet = CRS.from_epsg(2249)
    box = shapely.box(760000, 2960000, 760300, 2960300)
    one_foot = 1200 / 3937
    assert planar_m2(np.array([box], dtype=object), feet)[0] == pytest.approx(90000 * one_foot**2, rel=1e-12)
    assert ellipsoidal_m2(np.array([box], dtype=object), feet)[0] == pytest.approx(8361.3, rel=1e-3)


def test_degrees_edges_straight_in_longitude_and_latitude():
    box = np.array([shapely.box(117, 36, 117.2, 36.1)], dtype=object)
    x, y = equal_area(np.array([117, 117.2]), np.array([36, 36.1]))
    got = ellipsoidal_m2(box, CRS.from_epsg(4490))[0]
    assert got == pytest.approx((x[1] - x[0]) * (y[1] - y[0]), rel=1e-10)  # a rectangle on the cylinder
    with pytest.raises(CrsError) as caught:
        planar_m2(box, CRS.from_epsg(4490))
    assert caught.value.code == "area-planar-degrees"


def test_no_ellipsoid():
    with pytest.raises(CrsError) as caught:
        ellipsoidal_m2(np.array([SQUARE], dtype=object), CRS.from_wkt('LOCAL_CS["a",UNIT["metre",1]]'))
    assert caught.value.code == "area-no-ellipsoid"


def test_frames():
    index = ["a", "b", "c"]
    data = {"registered_m2": pd.array([2000, None, 0], dtype="Int64")}
    frame = gpd.GeoDataFrame(data, geometry=[SQUARE, None, shapely.Polygon()], index=index, crs=4527)
    copy = frame.copy()
    m2 = area_m2(frame)
    assert m2.index.tolist() == index
    assert (m2.name, m2.dtype) == ("area_m2", np.float64)
    assert np.isnan(m2["b"])
    assert m2["c"] == 0
    mu = area_mu(frame)
    assert mu.name == "area_mu"
    assert mu["a"] == m2["a"] / (2000 / 3)
    assert M2_PER_MU * 15 == 10_000  # 15 mu are one hectare
    assert area_m2(frame, basis="planar")["a"] == 10_000
    assert area_mu(frame, basis="planar")["a"] == pytest.approx(15, abs=1e-12)
    registered = area_mu(frame, basis="registered")
    assert registered["a"] == 3
    assert np.isnan(registered["b"])
    assert registered["c"] == 0
    assert area_m2(frame.rename(columns={"registered_m2": "ZDMJ"}), basis="registered", registered="ZDMJ")["a"] == 2000
    pd.testing.assert_frame_equal(pd.DataFrame(frame), pd.DataFrame(copy))


def test_frame_refusals():
    frame = gpd.GeoDataFrame({"registered_m2": ["2000 平方米"]}, geometry=[SQUARE])
    with pytest.raises(CrsError) as caught:
        area_mu(frame)
    assert caught.value.code == "crs-missing"
    for column in ("registered_m2", "ZDMJ"):
        with pytest.raises(FieldError) as wrong:
            area_mu(frame, basis="registered", registered=column)
        assert column in wrong.value.render("en")
    with pytest.raises(ValueError, match="basis"):
        area_m2(frame, basis="sphere")

"""What is left of zones. Areas are counted by hand or cell by cell."""

import numpy as np
import pytest
import rasterio.features
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio import Affine
from shapely import LineString, MultiPolygon, Point, Polygon, box

from parcels.errors import GeometryError
from parcels.geometry import deduct as room
from parcels.geometry.deduct import Layer, covered_m2, deduct


def array(*geoms):
    made = np.empty(len(geoms), dtype=object)
    made[:] = geoms
    return made


ZONE = array(box(0, 0, 10, 10))


def take(*layers, zones=ZONE, **options):
    return deduct(zones, [Layer(array(*geoms)) for geoms in layers], area=shapely.area, **options)


@pytest.mark.parametrize(
    ("figure", "taken"),
    [
        (box(20, 20, 30, 30), 0),  # wholly outside
        (box(-5, -5, 15, 15), 100),  # wholly covering
        (box(10, 0, 20, 10), 0),  # along a side
        (box(10, 10, 20, 20), 0),  # at a corner
        (box(5, 5, 15, 15), 25),  # across a corner
        (Polygon(box(0, 0, 10, 10).exterior, [box(2, 2, 8, 8).exterior]), 64),  # with a hole
        (MultiPolygon([box(0, 0, 2, 2), box(8, 8, 12, 12)]), 8),  # several parts
        (Polygon(), 0),
        (None, 0),
    ],
)
def test_one_figure(figure, taken):
    done = take([figure])
    assert done.gross_m2.tolist() == [[taken]]
    assert done.net_m2.tolist() == [[taken]]
    assert done.remaining_m2.tolist() == [[100 - taken]]
    assert shapely.area(done.left[0, 0]) == 100 - taken
    assert done.left[0, 0].geom_type in ("Polygon", "MultiPolygon")


def test_overlapping_layers_are_taken_once_and_gross_does_not_depend_on_the_order():
    water, farm = [box(0, 0, 10, 4)], [box(0, 2, 5, 6), box(0, 2, 5, 6), box(3, 2, 5, 8)]
    first, second = take(water, farm), take(farm, water)
    # The farmland covers 5 x 4 and 2 x 2 more: 24, of which 10 lie in the water.
    assert first.gross_m2.tolist() == [[40, 24]]
    assert first.net_m2.tolist() == [[40, 14]]
    assert second.gross_m2.tolist() == [[24, 40]]
    assert second.net_m2.tolist() == [[24, 30]]
    assert first.remaining_m2[0].tolist() == [60, 46]
    assert second.remaining_m2[0].tolist() == [76, 46]
    assert shapely.equals(first.left[0, 1], second.left[0, 1])


def test_the_same_layer_twice_takes_nothing_the_second_time():
    done = take([box(0, 0, 3, 3)], [box(0, 0, 3, 3)])
    assert done.gross_m2.tolist() == [[9, 9]]
    assert done.net_m2.tolist() == [[9, 0]]


def test_zones_with_a_hole_of_several_parts_empty_or_missing():
    ring = Polygon(box(0, 0, 10, 10).exterior, [box(4, 4, 6, 6).exterior])
    parts = MultiPolygon([box(0, 0, 2, 2), box(5, 0, 7, 2)])
    done = take([box(0, 0, 10, 5)], [box(0, 0, 1, 10)], zones=array(ring, parts, Polygon(), None))
    np.testing.assert_array_equal(done.zone_m2, [96, 8, 0, np.nan])
    np.testing.assert_array_equal(done.net_m2, [[48, 5], [8, 0], [0, 0], [np.nan, np.nan]])
    np.testing.assert_array_equal(done.gross_m2, [[48, 10], [8, 2], [0, 0], [np.nan, np.nan]])
    np.testing.assert_array_equal(done.remaining_m2[:, 1], [43, 0, 0, np.nan])
    assert done.left[3].tolist() == [None, None]


def test_overlapping_zones_are_each_worked_on():
    done = take([box(0, 0, 10, 5)], zones=array(box(0, 0, 10, 10), box(0, 0, 10, 10)))
    assert done.net_m2.tolist() == [[50], [50]]


def test_nothing_to_do():
    assert take(zones=ZONE).net_m2.shape == (1, 0)
    assert take([], zones=ZONE).remaining_m2.tolist() == [[100]]
    assert take([box(0, 0, 1, 1)], zones=array()).net_m2.shape == (0, 1)


def test_known_coverage_gives_the_same_land():
    tiles = array(*(box(x, y, x + 1, y + 1) for x in range(6) for y in range(6)), box(2.5, 2.5, 8, 3.5), None)
    clean = np.array([True] * 36 + [False, False])
    plain = deduct(ZONE, [Layer(tiles)], area=shapely.area)
    known = deduct(ZONE, [Layer(tiles, clean)], area=shapely.area)
    # 36 tiles, and the bar beyond them: 2 x 1.
    assert plain.net_m2.tolist() == [[38]]
    assert known.net_m2.tolist() == [[38]]
    assert shapely.equals(plain.left[0, 0], known.left[0, 0])


def test_slow_union_where_the_fast_one_loses_land(monkeypatch):
    figures = array(box(0, 0, 2, 2), box(1, 1, 3, 3), box(7, 7, 8, 8))
    monkeypatch.setattr(room.shapely, "buffer", lambda *_, **__: box(0, 0, 2, 2))
    assert shapely.area(room._union(figures)) == 4 + 4 - 1 + 1


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (Polygon([(0, 0), (2, 2), (2, 0), (0, 2)]), "deduct-invalid"),
        (LineString([(0, 0), (5, 5)]), "deduct-not-areal"),
        (Point(1, 1), "deduct-not-areal"),
    ],
)
def test_bad_figures_are_refused(bad, code):
    with pytest.raises(GeometryError) as caught:
        take([box(0, 0, 1, 1)], [None, box(0, 0, 1, 1), bad])
    assert (caught.value.code, caught.value.params["first"]) == (code, 2)
    assert "layer 2" in caught.value.render("en")
    with pytest.raises(GeometryError, match="zones"):
        take([], zones=array(bad))


def test_clean_of_another_length_is_refused():
    with pytest.raises(GeometryError) as caught:
        deduct(ZONE, [Layer(ZONE, np.array([True, False]))], area=shapely.area)
    assert caught.value.code == "deduct-clean-length"


SIDE = 8
corner = st.integers(-1, SIDE)
boxes = st.builds(lambda x, y, w, h: (x, y, x + w, y + h), corner, corner, st.integers(1, 5), st.integers(1, 5))


def cells(rectangles):
    grid = np.zeros((SIDE + 12, SIDE + 12), dtype=bool)
    for x0, y0, x1, y1 in rectangles:
        grid[x0 + 2 : x1 + 2, y0 + 2 : y1 + 2] = True
    return grid


@settings(max_examples=150, deadline=None)
@given(zones=st.lists(boxes, min_size=1, max_size=3), layers=st.lists(st.lists(boxes, max_size=6), max_size=4))
def test_cell_by_cell(zones, layers):
    done = take(*([box(*b) for b in layer] for layer in layers), zones=array(*(box(*b) for b in zones)))
    for z, zone in enumerate(zones):
        free = cells([zone])
        for n, layer in enumerate(layers):
            assert done.gross_m2[z, n] == (cells([zone]) & cells(layer)).sum()
            assert done.net_m2[z, n] == (free & cells(layer)).sum()
            free &= ~cells(layer)
            assert done.remaining_m2[z, n] == free.sum() == shapely.area(done.left[z, n])


def stars(count, reach, seed):
    rng = np.random.default_rng(seed)
    turn = np.linspace(0, 2 * np.pi, 17)[:-1]
    radius = rng.uniform(0.5, 1.0, (count, 16)) * reach
    centre = rng.uniform(0, 100, (count, 1, 2))
    return shapely.polygons(centre + radius[..., None] * np.stack([np.cos(turn), np.sin(turn)], -1))


def test_agrees_with_a_fine_raster_within_the_length_of_its_borders():
    zone, layers, size, cell = stars(1, 90, 1), [stars(12, 9, 2), stars(6, 15, 3)], 2400, 0.1
    done = deduct(zone, [Layer(g) for g in layers], area=shapely.area)
    place = Affine(cell, 0, -70, 0, -cell, 170)

    def burn(geoms):
        return rasterio.features.rasterize(list(geoms), out_shape=(size, size), transform=place).astype(bool)

    free = burn(zone)
    assert done.zone_m2[0] > 1000
    for n, layer in enumerate(layers):
        free &= ~burn(layer)
        # Only cells that a border crosses may be wrong: at most 3 per cell length of border, as a curve of length L
        # meets at most 2L/cell + 2 cells, and 2 more for each of the corners.
        borders = np.concatenate([zone, *layers[: n + 1]])
        bound = (3 * shapely.length(borders).sum() / cell + 2 * 16 * len(borders)) * cell**2
        assert abs(free.sum() * cell**2 - done.remaining_m2[0, n]) < bound
        # Errors of single cells cancel: the sum is a hundred times closer.
        assert abs(free.sum() * cell**2 - done.remaining_m2[0, n]) < bound / 50


def test_threads_give_the_same_bits():
    zones = array(*(box(x, y, x + 20, y + 20) for x in range(0, 100, 20) for y in range(0, 100, 20)))
    shapely.prepare(zones)
    layers = [Layer(stars(300, 6, 4)), Layer(stars(100, 10, 5))]
    one = deduct(zones, layers, area=shapely.area)
    two = deduct(zones, layers, area=shapely.area, threads=2)
    for name in ("zone_m2", "gross_m2", "net_m2"):
        assert getattr(one, name).tobytes() == getattr(two, name).tobytes()
    assert (shapely.to_wkb(one.left) == shapely.to_wkb(two.left)).all()
    np.testing.assert_allclose(one.net_m2.sum(axis=1) + one.remaining_m2[:, -1], one.zone_m2, rtol=1e-12)
    np.testing.assert_allclose(shapely.area(one.left[:, -1]), one.remaining_m2[:, -1], rtol=0, atol=1e-9)


def test_input_is_not_changed():
    geoms = stars(20, 9, 6)
    before = shapely.to_wkb(geoms)
    deduct(ZONE, [Layer(geoms)], area=shapely.area)
    assert (shapely.to_wkb(geoms) == before).all()
    assert not shapely.is_prepared(geoms).any()
    assert not shapely.is_prepared(ZONE).any()


def test_figures_that_are_called_clean_and_are_not_are_united_the_slow_way():
    """Two squares that overlap and claim to form a coverage, as after a change of CRS."""
    shapes = np.array([shapely.box(0, 0, 6, 10), shapely.box(4, 0, 10, 10), shapely.box(20, 0, 30, 10)], dtype=object)
    zone = np.array([shapely.box(0, 0, 40, 10)], dtype=object)
    done = deduct(zone, [Layer(shapes, np.ones(3, dtype=bool))], area=shapely.area)
    assert done.net_m2.tolist() == [[200.0]]


def test_covered_land_is_what_a_deduction_calls_gross():
    zones = array(box(0, 0, 50, 50), None, box(40, 40, 120, 120), Polygon())
    layer = Layer(stars(200, 6, 7))
    gross = deduct(zones, [Layer(array(box(0, 0, 1, 1))), layer], area=shapely.area).gross_m2[:, 1]
    np.testing.assert_allclose(covered_m2(zones, layer, area=shapely.area), gross, rtol=1e-12)


def test_land_that_only_touches_or_does_not_exist_covers_nothing():
    beside = Layer(array(box(10, 0, 20, 10), Point(5, 5).buffer(0), None))
    assert covered_m2(array(box(0, 0, 10, 10)), beside, area=shapely.area).tolist() == [0]
    assert covered_m2(array(box(0, 0, 10, 10)), Layer(array()), area=shapely.area).tolist() == [0]
    assert covered_m2(array(), beside, area=shapely.area).tolist() == []

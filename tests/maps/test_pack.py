"""What the page decodes is what the frame holds: checked by a decoder written from the format alone."""

import gzip

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from maps import MapError, pack
from maps.pack import Store, pack_shapes, store_codes, store_column, store_measure, store_shapes

UNIT = 40075016.685578488 / 2**27
TO_MERCATOR = pyproj.Transformer.from_crs(4548, 3857, always_xy=True)


def raw(store, name):
    return gzip.decompress(store.blobs[name])


def array(store, head):
    """Byte planes back to numbers, value by value."""
    data, dtype = raw(store, head["blob"]), np.dtype(head["type"]).newbyteorder("<")
    n = len(data) // dtype.itemsize
    joined = b"".join(bytes(data[plane * n + i] for plane in range(dtype.itemsize)) for i in range(n))
    return np.frombuffer(joined, dtype)


def unfold(values):
    return [int(v) // 2 if v % 2 == 0 else -(int(v) + 1) // 2 for v in values]


def texts(store, head):
    if head["kind"] == "levels":
        levels = raw(store, head["levels"]).decode("utf-8").split("\x1e")
        return [levels[i] for i in array(store, head)]
    return raw(store, head["blob"]).decode("utf-8").split("\x1e")


def decode(store, head):
    """Rings of every row as lists of (x, y) in units."""
    steps = {k: unfold(array(store, head[k])) for k in ("firstX", "firstY", "stepX", "stepY")}
    rows, ring, at, x0, y0 = [], 0, 0, 0, 0
    lengths = array(store, head["vertices"])
    for count in array(store, head["rings"]):
        rings = []
        for _ in range(count):
            x0, y0 = x0 + steps["firstX"][ring], y0 + steps["firstY"][ring]
            x, y, points = x0, y0, []
            for _ in range(lengths[ring]):
                x, y = x + steps["stepX"][at], y + steps["stepY"][at]
                points.append((x, y))
                at += 1
            rings.append(points)
            ring += 1
        rows.append(rings)
    assert at == len(steps["stepX"])
    return rows


def roundtrip(geometry):
    store = Store()
    shapes = pack_shapes(geometry)
    return shapes, decode(store, store_shapes(store, shapes))


def in_units(points):
    x, y = TO_MERCATOR.transform(*np.asarray(points)[:, :2].T)
    return np.stack([(x + 20037508.342789244) / UNIT, (20037508.342789244 - y) / UNIT], axis=1)


def square(x, y, side=100.0):
    return shapely.box(500000 + x, 4006000 + y, 500000 + x + side, 4006000 + y + side)


def series(*geometries):
    return gpd.GeoSeries(list(geometries), crs=4548)


def test_vertices_come_back_within_half_a_unit():
    ring = [(500000, 4006000), (500120, 4006007), (500113, 4006130), (500060, 4006080), (500000, 4006000)]
    shapes, rows = roundtrip(series(shapely.Polygon(ring)))
    assert shapes.order.tolist() == [0]
    expected = in_units(ring[:-1])
    for point in rows[0][0]:
        assert np.abs(expected - point).max(axis=1).min() <= 0.5
    assert len(rows[0][0]) == 4


def test_unit_is_about_a_quarter_of_a_metre_on_the_ground():
    _, rows = roundtrip(series(square(0, 0, 1000)))
    xs = [x for x, _ in rows[0][0]]
    assert 0.23 < 1000 / (max(xs) - min(xs)) < 0.25


def test_holes_and_parts_belong_to_their_row_and_turn_opposite_ways():
    hole = square(0, 0, 300).difference(square(100, 100))
    reversed_shell = shapely.Polygon(list(square(1000, 0).exterior.coords)[::-1])
    two = shapely.MultiPolygon([square(2000, 0), square(2300, 0)])
    shapes, rows = roundtrip(series(two, hole, reversed_shell))
    by_row = dict(zip(shapes.order.tolist(), rows, strict=True))
    assert [len(by_row[i]) for i in (0, 1, 2)] == [2, 2, 1]

    def signed(points):
        p = np.array(points, dtype=float)
        q = np.roll(p, -1, axis=0)
        return (p[:, 0] * q[:, 1] - q[:, 0] * p[:, 1]).sum()

    shell_sign = np.sign(signed(by_row[2][0]))
    assert np.sign(signed(by_row[0][0])) == np.sign(signed(by_row[0][1])) == shell_sign
    assert sorted(np.sign([signed(r) for r in by_row[1]]) * shell_sign) == [-1, 1]


def test_rows_without_a_polygon_stay_and_are_counted():
    empty = shapely.Polygon()
    bad_bytes = bytearray(shapely.to_wkb(square(300, 0)))
    bad_bytes[29:37] = np.float64(np.nan).tobytes()  # x of the second vertex
    with np.errstate(invalid="ignore"):
        broken = shapely.from_wkb(bytes(bad_bytes))
    assert np.isnan(shapely.get_coordinates(broken)[1, 0])
    line = shapely.LineString([(500000, 4006000), (500100, 4006000)])
    mixed = shapely.GeometryCollection([shapely.Point(500000, 4006000), square(900, 0), shapely.MultiPolygon()])
    shapes, rows = roundtrip(series(None, square(0, 0), empty, broken, line, mixed, shapely.Point(1, 1)))
    assert shapes.undrawn == 5
    assert sorted(shapes.order[:2].tolist()) == [1, 5]
    assert sorted(shapes.order[2:].tolist()) == [0, 2, 3, 4, 6]
    assert len(rows) == 2


def test_nothing_to_draw_is_no_error():
    for geometry in (series(), series(None, None), series(shapely.Polygon())):
        shapes, rows = roundtrip(geometry)
        assert rows == []
        assert len(shapes.order) == shapes.undrawn == len(geometry)


def test_a_parcel_smaller_than_the_unit_is_still_there():
    shapes, rows = roundtrip(series(square(0, 0, 0.05), square(500, 0)))
    assert shapes.undrawn == 0
    assert min(len(rings[0]) for rings in rows) >= 1


def test_three_dimensions_and_other_crs_give_the_same_place():
    flat = series(square(0, 0))
    high = gpd.GeoSeries(shapely.force_3d(flat.values, 12.5), crs=4548)
    degrees = flat.to_crs(4490)
    expected = np.array(roundtrip(flat)[1][0][0])
    for other in (high, degrees):
        assert np.abs(np.array(roundtrip(other)[1][0][0]) - expected).max() <= 1


def test_neighbours_stand_together():
    grid = series(*(square(x * 120, y * 120) for x in range(20) for y in range(20)))
    shuffled = grid.sample(frac=1, random_state=4)
    shapes, rows = roundtrip(shuffled)
    centres = np.array([np.mean(rings[0], axis=0) for rings in rows])
    steps = np.hypot(*np.diff(centres, axis=0).T)
    assert np.median(steps) < 150 / 0.24
    assert sorted(shapes.order.tolist()) == list(range(400))


def test_no_crs_and_an_unusable_crs_are_refused():
    with pytest.raises(MapError) as caught:
        pack_shapes(gpd.GeoSeries([square(0, 0)]), name="宗地")
    assert caught.value.code == "map-crs-missing"
    assert "宗地" in str(caught.value)
    local = pyproj.CRS.from_wkt('LOCAL_CS["city grid",UNIT["metre",1]]')
    with pytest.raises(MapError) as caught:
        pack_shapes(gpd.GeoSeries([square(0, 0)], crs=local))
    assert caught.value.code == "map-crs-unusable"


def test_places_off_the_map_are_not_drawn():
    far = shapely.box(1e15, 0, 1e15 + 100, 100)
    for geometry, crs in (([far, shapely.box(0, 0, 100, 100)], 3857), ([shapely.box(10, 80, 20, 90)], 4326)):
        shapes, rows = roundtrip(gpd.GeoSeries(geometry, crs=crs))
        assert shapes.undrawn == 1
        assert len(rows) == len(geometry) - 1


def test_polygons_quantised_in_blocks_give_the_same_bytes(monkeypatch):
    many = [square(150 * (7 * i % 23), 150 * (i % 9)) for i in range(23)]
    two = shapely.MultiPolygon([square(9000, 0), square(9300, 0).difference(square(9320, 20, 20))])
    geometry = series(*many[:10], None, two, *many[10:], shapely.box(1e15, 0, 1e15 + 1, 1))
    stored = []
    for block in (100_000, 2, 1):
        monkeypatch.setattr(pack, "_BLOCK", block)
        store = Store()
        shapes = pack_shapes(geometry)
        stored.append((store_shapes(store, shapes), store.blobs, shapes.order.tolist()))
    assert stored[0] == stored[1] == stored[2]
    assert stored[0][0]["rows"] == 24


CORNERS = st.tuples(st.floats(0, 50_000), st.floats(0, 50_000), st.floats(0.1, 3000))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.one_of(st.none(), CORNERS), max_size=12))
def test_every_box_comes_back_where_it_was(corners):
    geometry = series(*(None if c is None else square(*c) for c in corners))
    shapes, rows = roundtrip(geometry)
    assert sorted(shapes.order.tolist()) == list(range(len(corners)))
    assert shapes.undrawn == corners.count(None)
    for position, rings in zip(shapes.order, rows, strict=False):
        got, expected = np.array(rings[0]), in_units(shapely.get_coordinates(geometry.iloc[position]))
        assert np.abs(got.min(axis=0) - expected.min(axis=0)).max() <= 0.5
        assert np.abs(got.max(axis=0) - expected.max(axis=0)).max() <= 0.5


def test_codes_have_a_byte_for_no_data():
    store = Store()
    assert array(store, store_codes(store, np.array([0, -1, 3], dtype=np.int16))).tolist() == [0, 255, 3]


@pytest.mark.parametrize(
    ("values", "digits", "expected", "scale"),
    [
        (pd.Series([1.005, None, -2.5]), None, [100, -(2**31), -250], 100),
        (pd.Series([1, None, 3], dtype="Int64"), None, [1, -(2**31), 3], 1),
        (pd.Series([0.0, -0.04, np.inf]), 1, [0, 0, -(2**31)], 10),
    ],
)
def test_numbers_are_whole_counts_of_the_last_digit_shown(values, digits, expected, scale):
    store = Store()
    head = store_column(store, values, digits=digits)
    assert array(store, head).tolist() == expected
    assert head["scale"] == scale


def test_large_numbers_keep_their_value():
    store = Store()
    head = store_column(store, pd.Series([3e12 + 0.25, np.nan]))
    assert head["type"] == "f8"
    assert array(store, head)[0] == 3e12 + 0.25
    codes = pd.Series([370911001001000001, 2], dtype="int64")
    assert texts(store, store_column(store, codes)) == ["370911001001000001", "2"]


def test_measures_are_exact_decimals_or_close():
    store = Store()
    exact = store_measure(store, np.array([1.25, 0.0, 7.5]))
    assert (array(store, exact) / exact["scale"]).tolist() == [1.25, 0.0, 7.5]
    values = np.array([1 / 3, 1e7 / 7, 5e9])
    close = array(store, store_measure(store, values))
    assert np.allclose(close, values, rtol=1e-7)


def test_texts_keep_lines_and_tell_missing_from_empty():
    store = Store()
    column = pd.Series(["甲\n乙", "", None, "㙦𫍯", "a\x1eb\x00"])
    for searchable in (True, False):
        got = texts(store, store_column(store, column, searchable=searchable))
        assert got == ["甲\n乙", "", "\x01", "㙦𫍯", "a b "]


def test_broken_surrogates_do_not_stop_the_page():
    store = Store()
    column = pd.Series(["ok", "\ud800"], dtype=object)
    assert texts(store, store_column(store, column)) == ["ok", "?"]


def test_booleans_dates_and_levels():
    store = Store()
    words = {True: "是", False: "否"}
    flags = pd.Series([True, None, False], dtype="boolean")
    assert texts(store, store_column(store, flags, words=words)) == ["是", "\x01", "否"]
    assert texts(store, store_column(store, flags.astype(object), words=words)) == ["是", "\x01", "否"]
    days = pd.Series(pd.to_datetime(["2024-02-29", None, "2025-01-01"]))
    assert texts(store, store_column(store, days)) == ["2024-02-29", "\x01", "2025-01-01"]
    moments = pd.Series(pd.to_datetime(["2024-02-29 08:30", None]))
    assert texts(store, store_column(store, moments)) == ["2024-02-29 08:30", "\x01"]
    many = pd.Series([f"n{i % 40}" for i in range(400)])
    assert store_column(store, many)["kind"] == "levels"
    assert store_column(store, many, searchable=True)["kind"] == "text"
    assert texts(store, store_column(store, pd.Series([12, 7]), searchable=True)) == ["12", "7"]
    assert texts(store, store_column(store, pd.Series([0.1, None]), searchable=True)) == ["0.1", "\x01"]


def test_equal_columns_are_carried_once():
    store = Store()
    heads = [store_column(store, pd.Series([1.5, 2.5]))]
    same = store_column(store, pd.Series([1.5, 2.5]))
    assert store.twin(same, heads) == 0
    assert len(store.blobs) == 1
    other = store_column(store, pd.Series([1.5, 2.5]), digits=1)
    assert store.twin(other, heads) is None

"""Repair of single geometries. Areas are worked out by hand from the coordinates."""

import math
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import GeometryCollection, LineString, MultiPolygon, Point, Polygon, box

from parcels.geometry.repair import measure_m2, raw_area, repair
from parcels.geometry.rings import readings, tangled
from parcels.ledger import Ledger

SQUARE = [(0, 0), (100, 0), (100, 100), (0, 100)]
SHARED = Path(__file__).parents[2].parent / "shared" / "data"


def run(geoms, *, crs=4527, **options):
    frame = gpd.GeoDataFrame(
        {"name": [f"n{k}" for k in range(len(geoms))]},
        geometry=list(geoms),
        index=[f"x{k}" for k in range(len(geoms))],
        crs=crs,
    )
    ledger = Ledger(lang="en")
    ids = pd.Series([f"P{k}" for k in range(len(geoms))], index=frame.index)
    rows = np.arange(1, len(geoms) + 1)
    return repair(frame, rows=rows, ids=ids, source="a.shp", ledger=ledger, **options), ledger.frame()


def codes(table, severity=None):
    rows = table if severity is None else table[table["severity"] == severity]
    return rows["code"].tolist()


CHANGED = ["geometry-repaired-area"]
UNCLEAR = [*CHANGED, "geometry-ambiguous"]

# geometry, area before, area after, codes of severity warning and error
CASES = {
    "bow-tie": (Polygon([(0, 0), (10, 10), (10, 0), (0, 10)]), 0, 50, CHANGED),
    "spike": (Polygon([(0, 0), (100, 0), (100, 100), (50, 100), (50, 150), (50, 100), (0, 100)]), 10000, 10000, []),
    "hole outside": (Polygon(SQUARE, [[(200, 200), (220, 200), (220, 220)]]), 9800, 10200, UNCLEAR),
    "overlapping parts": (MultiPolygon([box(0, 0, 100, 100), box(50, 0, 150, 100)]), 20000, 15000, UNCLEAR),
    "duplicate parts": (MultiPolygon([box(0, 0, 100, 100)] * 2), 20000, 10000, CHANGED),
    "part in part": (MultiPolygon([box(0, 0, 100, 100), box(40, 40, 60, 60)]), 10400, 10000, UNCLEAR),
    "ring self-touch": (Polygon([(0, 0), (9, 0), (9, 9), (18, 9), (18, 18), (9, 9), (0, 18)]), 162, 162, []),
    "ring twice": (Polygon([(0, 0), (10, 0), (10, 10), (0, 10)] * 2), 200, 100, CHANGED),
    "hole along the shell": (Polygon(SQUARE, [[(0, 0), (10, 0), (10, 10), (0, 10)]]), 9900, 9900, []),
    "hole across the shell": (Polygon(SQUARE, [[(-5, 0), (10, 0), (10, 10), (-5, 10)]]), 9850, 9900, UNCLEAR),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_areas_before_and_after(name):
    geom, before, after, bad = CASES[name]
    out, table = run([geom])
    assert out.geometry.is_valid.all()
    assert out.area.iloc[0] == pytest.approx(after, rel=1e-12)
    row = table[table["code"].str.startswith("geometry-repaired")].iloc[0]
    assert float(row["before"]) == pytest.approx(before)
    assert float(row["after"]) == pytest.approx(after)
    assert (row["row"], row["id"], row["source"]) == (1, "P0", "a.shp")
    assert codes(table, "warning") + codes(table, "error") == bad


@pytest.mark.parametrize(
    ("name", "answers"),
    [
        # square with a second square 20 x 20 inside: filled, cut out, cut out, summed
        ("part in part", {"structure": 10000, "linework": 9600, "even_odd": 9600, "as_drawn": 10400}),
        # two squares sharing 5000: union, union, symmetric difference, sum
        ("overlapping parts", {"structure": 15000, "linework": 15000, "even_odd": 10000, "as_drawn": 20000}),
        ("hole outside", {"structure": 10200, "linework": 10200, "even_odd": 10200, "as_drawn": 9800}),
        # the hole 15 x 10 reaches 5 x 10 beyond the shell
        ("hole across the shell", {"structure": 9900, "linework": 10050, "even_odd": 9950, "as_drawn": 9850}),
    ],
)
def test_ambiguous_rings_name_every_answer(name, answers):
    _, table = run([CASES[name][0]])
    text = table.loc[table["code"] == "geometry-ambiguous", "after"].iloc[0]
    assert {k: float(v) for k, v in (part.split("=") for part in text.split("; "))} == answers


def test_pentagram_even_odd_leaves_the_middle_out():
    tips = [(math.cos(a), math.sin(a)) for a in (math.pi / 2 + k * 4 * math.pi / 5 for k in range(5))]
    # outline of the star with circumradius 1, and the inner pentagon whose circumradius is 1/phi^2
    phi = (1 + math.sqrt(5)) / 2
    outline = 5 * math.sin(math.pi / 5) / phi**2
    pentagon = 5 / 2 * math.sin(2 * math.pi / 5) / phi**4
    raw = np.array([Polygon(tips)])
    fixed = shapely.make_valid(raw, method="structure", keep_collapsed=False)
    answer = readings(raw, fixed, measure=shapely.area).iloc[0]
    assert answer["structure"] == pytest.approx(outline)
    assert answer["even_odd"] == pytest.approx(outline - pentagon)
    assert codes(run(raw)[1], "error") == ["geometry-ambiguous"]


def test_hole_equal_to_shell_collapses_and_is_a_question():
    out, table = run([Polygon(SQUARE, [SQUARE]), box(0, 0, 1, 1)])
    assert out.geometry.iloc[0] is None
    assert sorted(codes(table, "error")) == ["geometry-ambiguous", "geometry-collapsed"]
    assert "linework=10000.00" in table.loc[table["code"] == "geometry-ambiguous", "after"].iloc[0]


def test_no_usable_geometry_keeps_the_row():
    with np.errstate(invalid="ignore"):
        wrong = [shapely.from_wkt(f"POLYGON ((0 0, {value} 1, 1 1, 0 0))") for value in ("nan", "inf")]
    geoms = [
        None, Polygon(), Point(1, 1), LineString([(0, 0), (1, 1)]), Polygon([(0, 0), (100, 0), (50, 0)]),
        *wrong, GeometryCollection([Point(0, 0)]),
        box(0, 0, 1, 1),
    ]  # fmt: skip
    out, table = run(geoms)
    assert out.index.tolist() == [f"x{k}" for k in range(9)]
    assert out["name"].tolist() == [f"n{k}" for k in range(9)]
    assert out.geometry.isna().tolist() == [True] * 8 + [False]
    errors = table[table["severity"] == "error"].sort_values("row")
    assert errors["row"].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert errors["code"].str.removeprefix("geometry-").tolist() == [
        "null", "empty", "not-areal", "not-areal", "collapsed", "not-finite", "not-finite", "not-areal",
    ]  # fmt: skip
    assert errors["before"].tolist()[2:4] == ["Point", "LineString"]


def test_collection_keeps_its_polygons():
    nested = GeometryCollection([GeometryCollection([box(0, 0, 2, 2), Point(9, 9)]), MultiPolygon([box(5, 5, 6, 6)])])
    out, table = run([nested, GeometryCollection([box(0, 0, 3, 3), LineString([(0, 0), (9, 9)])])])
    assert out.geom_type.tolist() == ["MultiPolygon", "Polygon"]
    assert out.area.tolist() == [5, 9]
    assert table.loc[table["code"] == "geometry-collection", "row"].tolist() == [1, 2]


def test_heights_dropped_and_counted():
    out, table = run([Polygon([(0, 0, 5), (1, 0, 5), (1, 1, np.nan)]), box(0, 0, 1, 1)])
    assert not out.has_z.any()
    message = table.loc[table["code"] == "geometry-z-dropped", "message"].tolist()
    assert len(message) == 1
    assert message[0].startswith("1 geometries")


def test_orientation_is_uniform_and_counted_once():
    clockwise = Polygon(SQUARE[::-1], [[(10, 10), (20, 10), (20, 20), (10, 20)]])
    out, table = run([clockwise] * 3 + [box(0, 0, 1, 1)])
    assert out.geometry.exterior.is_ccw.all()
    assert not any(ring.is_ccw for ring in out.geometry.iloc[0].interiors)
    assert table.loc[table["code"] == "geometry-reoriented", "message"].str.contains(" 3 ").tolist() == [True]


def test_multiparts_are_counted():
    _, table = run([MultiPolygon([box(0, 0, 1, 1), box(2, 2, 3, 3)]), MultiPolygon([box(0, 0, 1, 1)])])
    assert table.loc[table["code"] == "geometry-multipart", "message"].str.startswith("1 parcels").tolist() == [True]


def test_reason_is_in_the_language_of_the_run():
    frame = gpd.GeoDataFrame(geometry=[CASES["bow-tie"][0]])
    ledger = Ledger(lang="zh")
    repair(frame, rows=np.array([7]), source="宗地.shp", ledger=ledger)
    row = ledger.frame().iloc[0]
    assert "自相交" in row["message"]
    assert row["field"] == "geometry[5 5]"


def test_raw_area_ignores_direction():
    reversed_hole = Polygon(SQUARE[::-1], [[(40, 40), (60, 40), (60, 60), (40, 60)]])
    hole_as_shell = Polygon([(40, 40), (60, 40), (60, 60), (40, 60)], [SQUARE])
    geoms = np.array([reversed_hole, hole_as_shell, MultiPolygon([box(0, 0, 1, 1), box(2, 0, 3, 1)]), Polygon(), None])
    assert raw_area(geoms)[:4].tolist() == [9600, 9600, 2, 0]
    assert np.isnan(raw_area(geoms)[4])


def test_areas_in_degrees_are_square_metres():
    """A bow-tie of two triangles 0.001° x 0.001° at 36° north; a degree is 110 980 m by 90 165 m there."""
    tie = Polygon([(117, 36), (117.001, 36.001), (117.001, 36), (117, 36.001)])
    out, table = run([tie], crs=4490)
    half_square = 0.5 * 110_980 * 90_165 * 1e-6
    assert float(table["after"].iloc[0]) == pytest.approx(half_square, rel=2e-3)
    assert measure_m2(np.array(out.geometry), out.crs)[0] == pytest.approx(half_square, rel=2e-3)


def test_feet_are_turned_into_metres():
    assert measure_m2(np.array([box(0, 0, 100, 100)]), gpd.GeoSeries(crs=2249).crs)[0] == pytest.approx(
        929.0341, rel=1e-6
    )


def test_scribble_is_refused_in_time():
    points = np.random.default_rng(0).uniform(0, 1000, (3000, 2))
    assert tangled(np.array([Polygon(points), box(0, 0, 1, 1).segmentize(1e-3)])).tolist() == [True, False]
    out, table = run([Polygon(points), box(0, 0, 1, 1)])
    assert codes(table, "error") == ["geometry-tangled"]
    assert out.geometry.isna().tolist() == [True, False]


def test_empty_frame():
    out, table = run([])
    assert len(out) == 0
    assert len(table) == 0


def test_input_is_not_changed():
    frame = gpd.GeoDataFrame({"a": [1]}, geometry=[CASES["bow-tie"][0]], crs=4527).rename_geometry("shape")
    before = frame.to_wkb()
    out = repair(frame, rows=np.array([1]), source="", ledger=Ledger())
    pd.testing.assert_frame_equal(frame.to_wkb(), before)
    assert out.geometry.name == "shape"
    assert out.crs == frame.crs


coordinate = st.integers(0, 12).map(float)
rings = st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=8)
boxes = st.builds(
    lambda x, y, w, h: box(x, y, x + w, y + h), coordinate, coordinate, st.integers(1, 5), st.integers(1, 5)
)
anything = st.one_of(
    st.builds(Polygon, rings),
    st.builds(lambda shell, hole: Polygon(shell, [hole]), rings, rings),
    st.builds(lambda parts: MultiPolygon(parts), st.lists(boxes, min_size=1, max_size=4)),
    st.none(),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(anything, min_size=1, max_size=6))
def test_rows_stay_and_no_area_goes_unreported(geoms):
    out, table = run(geoms, crs=None)
    assert out.index.tolist() == [f"x{k}" for k in range(len(geoms))]
    assert (out.geometry.is_valid | out.geometry.isna()).all()
    before, after = raw_area(np.array([*geoms, None])[:-1]), raw_area(np.array(out.geometry))
    changed = ~(np.abs(after - before) <= 1e-6 * before)
    reported = set(table.loc[table["severity"] != "info", "row"].dropna())
    assert {k + 1 for k in np.flatnonzero(changed)} <= reported
    lost = {k + 1 for k in np.flatnonzero(out.geometry.isna())}
    assert lost <= set(table.loc[table["severity"] == "error", "row"].dropna())


@settings(max_examples=100, deadline=None)
@given(st.lists(boxes, min_size=1, max_size=6))
def test_valid_polygons_stay_as_they_are(geoms):
    out, table = run(geoms)
    assert shapely.equals_exact(shapely.normalize(np.array(out.geometry)), shapely.normalize(np.array(geoms))).all()
    assert set(codes(table)) <= {"geometry-reoriented"}


@pytest.mark.skipif(not SHARED.is_dir(), reason="sample data not at hand")
def test_real_parcels_of_a_city():
    frame = pyogrio.read_dataframe(SHARED / "cambridge_ma_fy2013" / "ASSESSING_ParcelsFY2013.topojson")
    frame = frame.set_crs(4326, allow_override=True)
    ledger = Ledger(lang="en")
    out = repair(frame, rows=np.arange(1, len(frame) + 1), source="city", ledger=ledger)
    table = ledger.frame()
    assert len(out) == 13_159
    assert out.geometry.is_valid.all()
    assert table["code"].str.startswith("geometry-repaired").sum() == 24  # invalid ones, counted independently
    assert measure_m2(np.array(out.geometry), out.crs).sum() == pytest.approx(14_233_895.41, abs=10)


def test_shell_and_hole_that_changed_places() -> None:
    """A 20 × 20 hole stored as the shell of a 100 × 100 ring: 9600 m² are drawn, and 9600 come out."""
    ring = Polygon([(40, 40), (60, 40), (60, 60), (40, 60)], [[(0, 0), (0, 100), (100, 100), (100, 0)]])
    ledger = Ledger(lang="en")
    frame = gpd.GeoDataFrame(geometry=[ring], crs=4527)
    fixed = repair(frame, rows=np.array([25]), source="a.shp", ledger=ledger)
    assert fixed.geometry[0].is_valid
    assert fixed.geometry[0].area == pytest.approx(9600)
    assert 25 in set(ledger.frame()["row"].dropna())

"""Remaining developable area: what goes in comes out, layers not given are named, pieces are told apart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from affine import Affine
from examplerun import example_results
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.features import rasterize
from shapely import box
from tinyproject import write_project

import mudian as md
from mudian.developable import Taken, remaining_area
from mudian.project import load_project
from mudian.settings import DevelopableSettings
from parcels.errors import GeometryError, InputError
from parcels.geometry.area import ellipsoidal_m2
from parcels.ledger import Ledger

X, Y = 39_500_000.0, 4_000_000.0
CRS = "EPSG:4527"
pytestmark = pytest.mark.filterwarnings("ignore::parcels.importer.ParcelWarning")


def square(x: float, y: float, w: float, h: float) -> shapely.Polygon:
    return box(X + x, Y + y, X + x + w, Y + y + h)


def frame(shapes: list[shapely.Polygon], **columns: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS)


def zones(*shapes: shapely.Polygon) -> gpd.GeoDataFrame:
    names = [f"Z{i}" for i in range(len(shapes))]
    return frame(list(shapes), zone_id=names, zone_name=names)


def land(*shapes: shapely.Polygon, status: str = "supplied") -> gpd.GeoDataFrame:
    size = len(shapes)
    return frame(list(shapes), parcel_id=[f"P{i}" for i in range(size)], supply_status=[status] * size)


def taken(name: str, *shapes: shapely.Polygon, kind: str = "water") -> Taken:
    return Taken(name, kind, np.array(shapes, dtype=object))


def mu(m2: float) -> float:
    """Square metres in mu; on the central meridian plane and ellipsoid agree within 1e-8."""
    return m2 * 3 / 2000


def test_each_layer_takes_what_is_left_and_all_of_it_adds_up() -> None:
    layers = [
        taken("河", square(0, 50, 100, 20)),
        taken("农田", square(0, 60, 50, 40), square(0, 60, 50, 40), kind="permanent_basic_farmland"),
        taken("外面", square(300, 0, 10, 10), kind="reserve"),
        taken("只相接", square(100, 0, 10, 100), kind="reserve"),
    ]
    done = remaining_area(zones(square(0, 0, 100, 100)), land(square(0, 0, 100, 30)), layers)
    table = done.deductions[done.deductions["supplied"]]
    assert table["layer"].tolist() == ["已供应土地", "河", "农田", "外面", "只相接"]
    assert table["gross_mu"].tolist() == pytest.approx([mu(3000), mu(2000), mu(2000), 0, 0], abs=1e-6)
    assert table["net_mu"].tolist() == pytest.approx([mu(3000), mu(2000), mu(1500), 0, 0], abs=1e-6)
    assert table["remaining_mu"].tolist() == pytest.approx([mu(v) for v in (7000, 5000, 3500, 3500, 3500)], abs=1e-6)
    assert done.zones["developable_mu"].tolist() == pytest.approx([mu(3500)], rel=1e-7)


def test_a_layer_that_is_not_given_is_named_and_takes_nothing() -> None:
    ledger = Ledger()
    done = remaining_area(zones(square(0, 0, 100, 100)), land(square(0, 0, 10, 10)), [], ledger=ledger)
    absent = done.deductions[~done.deductions["supplied"]]
    assert set(absent["kind"]) == {"permanent_basic_farmland", "ecological_redline", "urban_boundary", "water"}
    assert absent[["gross_mu", "net_mu", "remaining_mu"]].isna().all().all()
    assert ledger.count(code="developable-layer-none") == 4


def test_a_layer_that_covers_everything_leaves_nothing() -> None:
    done = remaining_area(
        zones(square(0, 0, 100, 100)), land(square(0, 0, 10, 10)), [taken("水", square(-5, -5, 200, 200))]
    )
    assert done.zones["developable_mu"].tolist() == [0]
    assert len(done.pieces) == 0


def test_approved_land_stays_in_and_overlapping_parcels_count_once() -> None:
    parcels = pd.concat(
        [
            land(square(0, 0, 40, 100), square(20, 0, 40, 100)),
            land(square(60, 0, 20, 100), status="approved_unsupplied"),
        ],
        ignore_index=True,
    )
    done = remaining_area(zones(square(0, 0, 100, 100)), gpd.GeoDataFrame(parcels, crs=CRS), [])
    assert done.deductions["net_mu"].iloc[0] == pytest.approx(mu(6000), rel=1e-7)


def test_pieces_are_usable_or_fragments_by_area_and_width() -> None:
    settings_ = DevelopableSettings(min_area_mu=1.0, min_width_m=15.0)
    roads = taken("路", square(40, 0, 10, 100), square(60, 0, 10, 100))
    done = remaining_area(zones(square(0, 0, 100, 100)), land(square(90, 90, 10, 10)), [roads], settings=settings_)
    pieces = done.pieces.set_index("piece_id")
    # 40 x 100 and 30 x 100 less the parcel are wide enough; the strip of 10 x 100 between the roads is not.
    assert pieces["class"].tolist() == ["usable", "usable", "fragment"]
    assert pieces["width_m"].tolist()[0] == pytest.approx(40, abs=0.2)
    assert pieces["width_m"].tolist()[2] == pytest.approx(10, abs=0.2)
    assert done.zones["developable_usable_mu"].tolist() == pytest.approx([mu(4000 + 2900)], rel=1e-6)
    assert pieces["touching_parcels"].tolist() == ["", "P0", ""]


cells = st.tuples(st.integers(0, 11), st.integers(0, 11), st.integers(1, 8), st.integers(1, 8))


@settings(max_examples=60, deadline=None)
@given(st.lists(cells, max_size=5), st.lists(st.lists(cells, max_size=4), max_size=3))
def test_random_layers_agree_with_counting_cells(supplied: list, layers: list) -> None:
    """On a grid of cells of 10 m the answer is known exactly by counting."""
    grid = np.zeros((12, 12), bool)

    def mark(rows: list) -> np.ndarray:
        made = np.zeros((12, 12), bool)
        for x, y, w, h in rows:
            made[y : y + h, x : x + w] = True
        return made

    def shapes(rows: list) -> list[shapely.Polygon]:
        return [square(10 * x, 10 * y, 10 * w, 10 * h) for x, y, w, h in rows]

    expected = []
    for rows in [supplied, *layers]:
        new = mark(rows) & ~grid
        grid |= new
        expected.append((mark(rows).sum() * 100, new.sum() * 100, (~grid).sum() * 100))
    done = remaining_area(
        zones(square(0, 0, 120, 120)),
        land(*shapes(supplied)) if supplied else land(square(500, 500, 1, 1)),
        [taken(f"层{i}", *shapes(rows)) for i, rows in enumerate(layers)],
    )
    table = done.deductions[done.deductions["supplied"]]
    for column, values in zip(("gross_mu", "net_mu", "remaining_mu"), zip(*expected, strict=True), strict=True):
        assert table[column].tolist() == pytest.approx([mu(v) for v in values], rel=1e-7, abs=1e-6)
    whole = table["net_mu"].sum() + done.zones["developable_mu"].iloc[0]
    assert whole == pytest.approx(mu(14400), rel=1e-7)


@pytest.fixture(scope="module")
def run() -> md.Evaluation:
    return md.load(example_results())


def test_the_example_adds_up_for_every_zone(run: md.Evaluation) -> None:
    given_ = run.deductions[run.deductions["supplied"]]
    total = given_.groupby("zone_id")["net_mu"].sum() + run.zones.set_index("zone_id")["developable_mu"]
    assert total.to_dict() == pytest.approx(run.zones.set_index("zone_id")["area_mu"].to_dict(), rel=1e-6)
    assert (given_["net_mu"] <= given_["gross_mu"] + 1e-6).all()
    pieces = run.developable.groupby("zone_id")["area_mu"].sum()
    assert pieces.to_dict() == pytest.approx(run.zones.set_index("zone_id")["developable_mu"].to_dict(), rel=1e-6)
    assert set(run.deductions.loc[~run.deductions["supplied"], "kind"]) == {"urban_boundary"}


def test_the_example_agrees_with_a_fine_raster(run: md.Evaluation) -> None:
    """The remaining land of every zone, burnt into cells of 1 m, within the error of the cells on its outline."""
    last = run.steps.sort_values("order").groupby("zone_id").tail(1).set_index("zone_id")
    for key, shape in last.geometry.items():
        left, bottom, right, top = shape.bounds
        transform = Affine(1.0, 0.0, left, 0.0, -1.0, top)
        size = (int(np.ceil(top - bottom)), int(np.ceil(right - left)))
        count = int(rasterize([shape], out_shape=size, transform=transform).sum())
        exact = last.loc[key, "remaining_mu"] * 2000 / 3
        assert abs(count - exact) < shape.length  # half a cell on either side of the outline


def test_the_steps_shrink_and_their_areas_are_those_of_the_table(run: md.Evaluation) -> None:
    steps = run.steps.assign(m2=ellipsoidal_m2(np.asarray(run.steps.geometry.values), run.steps.crs))
    table = run.deductions[run.deductions["supplied"]]
    both = steps.merge(table, on=["zone_id", "order"], suffixes=("", "_t"))
    assert len(both) == len(steps)
    assert (both["m2"] * 3 / 2000).tolist() == pytest.approx(both["remaining_mu_t"].tolist(), rel=1e-9)
    for _, zone in steps.groupby("zone_id"):
        assert (zone.sort_values("order")["m2"].diff().dropna() <= 1e-6).all()


def rows(*parts: tuple[str, shapely.Geometry]) -> gpd.GeoDataFrame:
    return frame([g for _, g in parts], DLBM=[c for c, _ in parts])


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> md.Evaluation:
    """Two zones of 350 m with six parcels of 100 m, and layers in odd guises.

    ``水`` is in degrees, with a hole and in two parts; ``相接`` touches the first zone along a side; ``现状``
    and ``规划`` are filtered by code.
    """
    folder = tmp_path_factory.mktemp("tiny")
    file = write_project(folder)
    ring = square(0, 150, 100, 100).difference(square(25, 175, 50, 50))
    frame([shapely.MultiPolygon([ring, square(400, 150, 50, 50)])], id=[1]).to_crs(4490).to_file(folder / "水.geojson")
    frame([square(-150, -50, 100, 350)], id=[1]).to_file(folder / "相接.gpkg")
    current = rows(
        ("0601", square(150, 150, 50, 100)), ("1006", square(200, 150, 50, 100)), ("", square(0, 260, 40, 10))
    )
    current.to_file(folder / "现状.gpkg")
    rows(
        ("1001", square(0, 100, 100, 100)), ("0101", square(100, 100, 100, 100)), ("16", square(400, 100, 50, 50))
    ).to_file(folder / "规划.gpkg")
    more = [
        ("水", "water", "水.geojson", ""),
        ("相接", "reserve", "相接.gpkg", ""),
        ("现状", "built", "现状.gpkg", 'code_field = "DLBM"\ncodes = "construction_survey"\n'),
        ("规划", "planned", "规划.gpkg", 'code_field = "DLBM"\ncodes = "construction_planned"\n'),
    ]
    text = "".join(f'[[constraints]]\nname = "{n}"\nkind = "{k}"\npath = "{p}"\n{c}' for n, k, p, c in more)
    file.write_text(file.read_text("utf-8") + text, "utf-8")
    return md.evaluate(load_project(file))


def test_layers_in_another_crs_with_holes_and_in_parts_and_touching(tiny: md.Evaluation) -> None:
    """By hand: Z1 has three parcels of 1 ha, a ring of 7 500 m2 of water and 5 000 m2 of built land; Z2 has water.

    The rural road (1006) and the land without a code stay in.
    """
    table = tiny.deductions[tiny.deductions["supplied"]].set_index(["zone_id", "layer"])["net_mu"]
    expected = {
        "Z1": {"已供应土地": 30_000, "水": 7_500, "相接": 0, "现状": 5_000},
        "Z2": {"已供应土地": 30_000, "水": 2_500, "相接": 0, "现状": 0},
    }
    for zone, layers in expected.items():
        for layer, m2 in layers.items():
            assert table[zone, layer] == pytest.approx(mu(m2), rel=1e-6, abs=1e-6), (zone, layer)
    left = tiny.zones.set_index("zone_id")["developable_mu"]
    assert left.to_dict() == pytest.approx({"Z1": mu(350**2 - 42_500), "Z2": mu(350**2 - 32_500)}, rel=1e-6)


def test_the_change_of_crs_and_what_has_no_code_stand_in_the_ledger(tiny: md.Evaluation) -> None:
    ledger = tiny.ledger
    moved = [d for d in tiny.manifest["decisions"] if d["topic"] == "reprojection"]
    assert [d["source"] for d in moved] == ["水"]
    assert "4527" in str(moved[0]) or "高斯" in str(moved[0])
    without = ledger[ledger["code"] == "constraint-code-missing"]
    assert without["source"].tolist() == ["现状"]
    assert "0.60 亩" in without["message"].iloc[0]


def test_an_empty_layer_is_given_and_a_layer_not_named_is_not() -> None:
    empty = taken("红线", kind="ecological_redline")
    done = remaining_area(zones(square(0, 0, 100, 100)), land(square(0, 0, 10, 10)), [empty])
    table = done.deductions.set_index("kind")
    assert table.loc["ecological_redline", ["supplied", "gross_mu", "net_mu"]].tolist() == [True, 0, 0]
    assert not table.loc["permanent_basic_farmland", "supplied"]


def test_the_plan_is_filtered_before_it_is_united(tiny: md.Evaluation) -> None:
    """The plan lies beside the parcels; planned farmland (0101) does not count."""
    r3 = tiny.left_measures[tiny.left_measures["measure"] == "R3"].set_index("zone_id")["area_mu"]
    assert r3.to_dict() == pytest.approx({"Z1": mu(10_000), "Z2": mu(2500)}, rel=1e-6)


def run_with(folder: Path, text: str) -> md.Evaluation:
    file = write_project(folder)
    file.write_text(file.read_text("utf-8") + text, "utf-8")
    return md.evaluate(load_project(file))


def test_a_file_that_is_missing_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"没有\.shp"):
        run_with(tmp_path, '[[constraints]]\nname = "水"\nkind = "water"\npath = "没有.shp"\n')


def test_a_file_without_features_is_given_and_takes_nothing(tmp_path: Path) -> None:
    frame([square(0, 0, 1, 1)], id=[1]).iloc[:0].to_file(tmp_path / "空.gpkg")
    run = run_with(tmp_path, '[[constraints]]\nname = "水"\nkind = "water"\npath = "空.gpkg"\n')
    water = run.deductions[run.deductions["layer"] == "水"]
    assert water["supplied"].all()
    assert (water["net_mu"] == 0).all()
    assert run.ledger["code"].eq("constraint-empty").sum() == 1


def test_a_road_given_by_its_centre_line_is_taken_with_its_strip(tmp_path: Path) -> None:
    """A line across the whole of Z1, which is 350 m wide, above the parcels: 350 m by twice 30 m."""
    line = shapely.LineString([(X - 100, Y + 200), (X + 400, Y + 200)])
    frame([line], id=[1]).to_file(tmp_path / "路.gpkg")
    run = run_with(tmp_path, '[[constraints]]\nname = "路"\nkind = "road"\npath = "路.gpkg"\nbuffer_m = 30\n')
    road = run.deductions[run.deductions["layer"] == "路"].set_index("zone_id")["net_mu"]
    assert road["Z1"] == pytest.approx(mu(350 * 60), rel=1e-6)
    assert run.layers["路"].geom_type.tolist() == ["LineString"]


def test_a_line_without_a_strip_takes_nothing_and_says_so(tmp_path: Path) -> None:
    frame([shapely.LineString([(X, Y + 200), (X + 100, Y + 200)])], id=[1]).to_file(tmp_path / "路.gpkg")
    run = run_with(tmp_path, '[[constraints]]\nname = "路"\nkind = "road"\npath = "路.gpkg"\n')
    assert (run.deductions.loc[run.deductions["layer"] == "路", "net_mu"] == 0).all()
    assert run.ledger["code"].eq("constraint-not-polygon").any()


def test_a_lane_that_hangs_on_a_field_is_no_usable_land() -> None:
    """A field of 100 × 100 m and a lane of 10 m to the next zone border: the lane is a fragment of its own."""
    spot = zones(square(0, 0, 300, 100))
    parcels = land(square(100, 0, 200, 45), square(100, 55, 200, 45))
    done = remaining_area(spot, parcels, [], settings=DevelopableSettings(min_area_mu=1, min_width_m=20))
    assert done.zones["developable_mu"].tolist() == pytest.approx([mu(12_000)], rel=1e-7)
    assert done.zones["developable_usable_mu"].tolist() == pytest.approx([mu(10_000)], rel=1e-7)
    assert sorted(done.pieces["class"]) == ["fragment", "usable"]


def test_a_plan_that_leaves_out_a_zone_leaves_nothing_there(tmp_path: Path) -> None:
    frame([square(0, 100, 100, 100)], id=[1]).to_file(tmp_path / "规划.gpkg")
    run = run_with(tmp_path, '[[constraints]]\nname = "规划"\nkind = "planned"\npath = "规划.gpkg"\n')
    r3 = run.left_measures[run.left_measures["measure"] == "R3"].set_index("zone_id")["area_mu"]
    assert r3.to_dict() == pytest.approx({"Z1": mu(10_000), "Z2": 0}, rel=1e-6)


def test_approved_land_is_reported_apart_and_only_where_it_is_left() -> None:
    """Two overlapping approved parcels (60 x 100 together), of which supplied land and water cover parts."""
    parcels = pd.concat(
        [
            land(square(0, 0, 20, 100)),
            land(square(10, 0, 40, 100), square(30, 0, 40, 100), status="approved_unsupplied"),
        ],
        ignore_index=True,
    )
    spots = zones(square(0, 0, 100, 100), square(100, 0, 100, 100))
    done = remaining_area(spots, gpd.GeoDataFrame(parcels, crs=CRS), [taken("河", square(0, 0, 100, 50))])
    assert done.zones["approved_unsupplied_mu"].tolist() == pytest.approx([mu(50 * 50), 0], rel=1e-7)
    assert done.zones["developable_mu"].tolist() == pytest.approx([mu(80 * 50), mu(10_000)], rel=1e-7)


def test_approved_land_is_unknown_where_the_supply_status_is(tiny: md.Evaluation) -> None:
    assert tiny.ledger["code"].eq("supply-status-assumed").any()
    assert tiny.zones["approved_unsupplied_mu"].isna().all()


def test_idle_land_is_out_and_noted_with_supplied_land() -> None:
    parcels = land(square(0, 0, 20, 100), square(10, 0, 20, 100), square(40, 0, 10, 100)).assign(
        idle_status=["idle_1y", "idle_2y", "not_idle"]
    )
    done = remaining_area(zones(square(0, 0, 100, 100), square(100, 0, 100, 100)), parcels, [])
    first = done.deductions[done.deductions["order"] == 1]
    assert first["net_mu"].tolist() == pytest.approx([mu(4000), 0], abs=1e-6)
    assert "4.50 亩" in first["note"].iloc[0]  # 30 x 100 m2, the overlap once
    assert first["note"].iloc[1] == ""


def test_land_known_to_be_valid_gives_the_same_and_land_that_is_not_is_refused() -> None:
    bow = shapely.Polygon([(X, Y), (X + 10, Y + 10), (X + 10, Y), (X, Y + 10)])
    spot, parcels = zones(square(0, 0, 100, 100)), land(square(0, 0, 10, 10))
    with pytest.raises(GeometryError):
        remaining_area(spot, parcels, [taken("河", bow)])
    river = taken("河", square(0, 50, 100, 20))
    one = remaining_area(spot, parcels, [river])
    two = remaining_area(spot, parcels, [replace(river, checked=True)], clean=np.array([True]))
    pd.testing.assert_frame_equal(one.deductions, two.deductions, check_exact=True)

"""Remaining developable area: what goes in comes out, layers not given are named, pieces are told apart."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.features import rasterize
from shapely import box

import mudian as md
from mudian.datasets import example_files
from mudian.developable import Taken, remaining_area
from mudian.project import DevelopableSettings, load_project
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
def run(tmp_path_factory: pytest.TempPathFactory) -> md.Evaluation:
    folder = Path(shutil.copytree(str(example_files()), tmp_path_factory.mktemp("rest") / "示例"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        evaluation = md.evaluate(load_project(folder / "示例.toml"))
        evaluation.save(folder / "成果", formats=("parquet", "gpkg", "xlsx", "html"))
    return md.load(folder / "成果")


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

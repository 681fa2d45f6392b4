"""Heat maps: sums are conserved, ratios are of sums, files and pictures carry the classes of the theme."""

import warnings
from xml.etree import ElementTree

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from mapclassify import FisherJenks
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile

import maps
from maps import MapError, Theme, bands, natural_breaks
from maps.heat_cells import heat_cells
from maps.heat_files import on_grid, picture, write_geotiff
from maps.heat_surface import heat_surface
from maps.lattice import lattice

X, Y = 39_500_000.0, 4_000_000.0


def land(*boxes, tax, mu, crs=4527):
    shapes = [shapely.box(X + a, Y + b, X + c, Y + d) for a, b, c, d in boxes]
    return gpd.GeoDataFrame({"tax": tax, "mu": mu}, geometry=shapes, crs=crs)


def cells_of(frame, size=100, cell="square", **options):
    return heat_cells(frame, numerator="tax", denominator="mu", size=size, cell=cell, **options)


def test_a_parcel_over_two_squares_is_shared_by_area():
    """150 x 100 m over squares of 100 m: two thirds and one third of 30 and of 3."""
    found = cells_of(land((0, 0, 150, 100), tax=[30.0], mu=[3.0])).frame
    assert found["numerator"].tolist() == pytest.approx([20, 10], rel=1e-12)
    assert found["denominator"].tolist() == pytest.approx([2, 1], rel=1e-12)
    assert found["value"].tolist() == pytest.approx([10, 10], rel=1e-12)


def test_the_ratio_is_of_sums_and_never_a_mean_of_ratios():
    """10 per mu on 1 mu and 1 per mu on 9 mu: 19 / 10, not 5.5."""
    found = cells_of(land((0, 0, 10, 10), (20, 20, 50, 50), tax=[10.0, 9.0], mu=[1.0, 9.0])).frame
    assert found["value"].tolist() == pytest.approx([1.9])


def test_unknown_counts_in_neither_part_and_zero_in_both():
    boxes = [(0, 0, 50, 50), (50, 0, 100, 50), (0, 50, 50, 100), (50, 50, 100, 100), (200, 0, 250, 50)]
    frame = land(*boxes, tax=[8.0, 0.0, np.nan, 5.0, np.nan], mu=[2.0, 2.0, 2.0, np.nan, 1.0])
    found = cells_of(frame).frame
    assert found["value"].tolist()[0] == pytest.approx(2.0)  # 8 / 4
    assert found["coverage"].tolist() == pytest.approx([0.5, 0.0])
    assert np.isnan(found["value"][1])
    assert found["parcels"].tolist() == [4, 1]


def test_cells_are_the_same_whatever_the_extent():
    few = {shapely.normalize(c).wkb for c in lattice((10, 10, 90, 90), 50, "hex")}
    many = {shapely.normalize(c).wkb for c in lattice((-500, -500, 900, 900), 50, "hex")}
    assert few <= many


@pytest.mark.parametrize("cell", ["hex", "square"])
def test_cells_cover_the_box_once(cell):
    cells = lattice((X + 3, Y + 3, X + 997, Y + 997), 70, cell)
    box = shapely.box(X + 3, Y + 3, X + 997, Y + 997)
    parts = shapely.intersection(cells, box)
    assert shapely.area(parts).sum() == pytest.approx(shapely.area(box), rel=1e-9)
    assert shapely.area(cells[0]) == pytest.approx(70**2 * (np.sqrt(3) / 2 if cell == "hex" else 1), rel=1e-6)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900), st.integers(1, 400), st.integers(1, 400),
                       st.one_of(st.none(), st.floats(0, 1e4)), st.floats(0.1, 500)), min_size=1, max_size=12),
    st.sampled_from(["hex", "square"]),
    st.integers(37, 400),
)  # fmt: skip
def test_totals_are_conserved(parcels, cell, size):
    frame = land(*[(x, y, x + w, y + h) for x, y, w, h, *_ in parcels],
                 tax=[np.nan if t is None else t for *_, t, _ in parcels], mu=[m for *_, m in parcels])  # fmt: skip
    known = frame["tax"].notna()
    found = cells_of(frame, size=size, cell=cell).frame
    assert found["numerator"].sum() == pytest.approx(frame.loc[known, "tax"].sum(), rel=1e-9, abs=1e-9)
    assert found["denominator"].sum() == pytest.approx(frame.loc[known, "mu"].sum(), rel=1e-9)
    assert found["land_m2"].sum() == pytest.approx(frame.area.sum(), rel=1e-9)
    again = cells_of(frame.iloc[::-1], size=size, cell=cell).frame
    assert again["numerator"].to_numpy() == pytest.approx(found["numerator"].to_numpy(), rel=1e-9, abs=1e-9)


def test_a_zone_integrates_to_its_totals():
    """Cells cut at the zone and weighted by their land: the zone's own parcels come back."""
    frame = land((0, 0, 230, 170), (230, 0, 400, 300), tax=[12.0, 50.0], mu=[40.0, 76.5])
    for cell in ("hex", "square"):
        inside = cells_of(frame.iloc[:1], size=60, cell=cell).frame
        assert inside["numerator"].sum() == pytest.approx(12.0, rel=1e-6)
        assert (inside["value"] * inside["denominator"]).sum() == pytest.approx(12.0, rel=1e-6)


def test_degrees_and_web_mercator_are_measured_in_a_true_plane():
    frame = land((0, 0, 150, 100), tax=[30.0], mu=[3.0])
    for crs in (4490, 3857):
        found = cells_of(frame.to_crs(crs)).frame
        assert found.crs.is_projected
        assert found.crs.to_epsg() != 3857
        assert found["land_m2"].sum() == pytest.approx(15_000, rel=2e-3)


def test_a_surface_smooths_both_parts_and_keeps_their_sums():
    frame = land((0, 0, 100, 100), (300, 0, 400, 100), tax=[100.0, 10.0], mu=[10.0, 10.0])
    made = heat_surface(frame, numerator="tax", denominator="mu", pixel=10, bandwidth=60)
    assert made.numerator.sum() == pytest.approx(110, rel=1e-9)
    assert made.denominator.sum() == pytest.approx(20, rel=1e-9)
    known = made.values[np.isfinite(made.values)]
    assert 1 <= known.min() < 2 < 9 < known.max() <= 10 + 1e-9
    right = made.values.shape[1] // 2
    middle = made.values[made.values.shape[0] // 2, right - 1 : right + 1]
    assert middle.mean() == pytest.approx(5.5, rel=1e-6)  # half way, where both weigh the same


def test_a_surface_has_no_value_outside_its_limit_and_far_from_land():
    frame = land((0, 0, 100, 100), tax=[100.0], mu=[10.0])
    limit = shapely.box(X, Y, X + 50, Y + 100)
    made = heat_surface(frame, numerator="tax", denominator="mu", pixel=10, bandwidth=20, within=limit)
    assert np.isfinite(made.values).sum() == 50
    free = heat_surface(frame, numerator="tax", denominator="mu", pixel=10, bandwidth=20)
    assert np.isnan(free.values[0, 0])


THEME = Theme("亩均税收", "ratio", "value", unit="万元/亩", breaks=[1.0, 5.0], numerator="numerator",
              denominator="denominator", zero_class=True)  # fmt: skip


def test_files_carry_values_classes_and_colours(tmp_path):
    """0 has a class of its own, 5 belongs to the class from 5 on, no data is nodata."""
    frame = land((0, 0, 100, 100), (100, 0, 200, 100), (200, 0, 300, 100), (300, 0, 400, 100),
                 tax=[0.0, 10.0, 50.0, np.nan], mu=[10.0, 10.0, 10.0, 10.0])  # fmt: skip
    cells = cells_of(frame)
    files = write_geotiff(cells, tmp_path / "h.tif", theme=THEME, tags={"period": "2025"})
    assert [f.name for f in files] == ["h.tif", "h_classes.tif", "h.qml"]
    with rasterio.open(files[0]) as file:
        values = file.read(1, masked=True)
        assert file.crs.to_epsg() == 4527
        assert file.tags()["period"] == "2025"
        assert file.tags()["cell"] == "square"
        assert file.units == ("万元/亩",)
        assert sorted(set(values.compressed().round(4).tolist())) == [0.0, 1.0, 5.0]
        assert values.mask.any()
    with rasterio.open(files[1]) as file:
        codes = file.read(1)
        assert file.nodata == 255
        assert sorted(set(codes.ravel().tolist())) == [0, 2, 3, 255]
        assert file.colormap(1)[3][:3] == tuple(
            int(maps.classes.ramp("YlGnBu5", 3)[2][i : i + 2], 16) for i in (1, 3, 5)
        )
    root = ElementTree.fromstring(files[2].read_text("utf-8").partition("\n")[2])
    items = [float(item.get("value")) for item in root.iter("item")]
    assert items[0] == 0
    assert items[1] == np.nextafter(np.float32(1), np.float32(0))
    assert items[3] == np.inf
    assert not list(tmp_path.glob("*.part*"))


def test_a_picture_lies_where_the_land_is():
    frame = land((0, 0, 800, 600), tax=[50.0], mu=[10.0])
    image = picture(cells_of(frame), THEME)
    west, south, east, north = frame.to_crs(4326).total_bounds
    assert image.bounds == pytest.approx((west, south, east, north), abs=2e-4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with MemoryFile(image.png) as memory, memory.open() as file:
            bands = file.read()
    middle = bands[:, bands.shape[1] // 2, bands.shape[2] // 2]
    assert "#{:02x}{:02x}{:02x}".format(*tuple(middle[:3])) == maps.classes.ramp("YlGnBu5", 3)[2]
    assert middle[3] == 255
    assert next(label for _, label in image.legend) == "0"


def test_the_front_door_draws_each_kind(tmp_path):
    frame = land((0, 0, 800, 600), (800, 0, 1600, 600), tax=[50.0, 5.0], mu=[10.0, 10.0])
    for method in ("hex", "square", "kernel"):
        made = maps.heat(frame, numerator="tax", denominator="mu", title="亩均税收", breaks=[1, 3], method=method)
        assert np.nanmax(on_grid(made.result).values) > 4
        assert made._repr_html_().startswith("<img")
        assert len(made.save(tmp_path / f"{method}.tif")) == 3


@pytest.mark.parametrize("size", [0, -5, float("nan"), 1e-3])
def test_an_impossible_size_is_said(size):
    with pytest.raises(MapError) as caught:
        cells_of(land((0, 0, 800, 600), tax=[50.0], mu=[10.0]), size=size)
    assert caught.value.code == "map-heat-size"


def test_nothing_to_draw_is_said():
    frame = gpd.GeoDataFrame({"tax": [1.0], "mu": [1.0]}, geometry=[None], crs=4527)
    with pytest.raises(MapError) as caught:
        cells_of(frame)
    assert caught.value.code == "map-heat-empty"


@pytest.mark.filterwarnings("ignore:Numba not installed")
@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 60), min_size=8, max_size=60), st.integers(2, 6))
def test_natural_breaks_have_the_groups_of_mapclassify(values, k):
    numbers = np.array(values, dtype=float)
    if len(np.unique(numbers)) <= k:
        assert len(natural_breaks(numbers, k)) == len(np.unique(numbers)) - 1
        return
    counts = np.bincount(bands(numbers, natural_breaks(numbers, k)))
    assert counts.tolist() == [int(c) for c in FisherJenks(numbers, k=k).counts if c]


def test_natural_breaks_of_many_values_are_the_same_in_every_call():
    values = np.random.default_rng(3).lognormal(2, 1, 20_000)
    first = natural_breaks(values, 5)
    assert first == natural_breaks(values[::-1], 5)
    assert len(first) == 4


@pytest.mark.filterwarnings("error")
def test_cells_outside_the_limit_have_no_shape_and_keep_their_sums(tmp_path):
    """The limit holds the left square; the right one touches it along a line and the far one not at all."""
    frame = land((0, 0, 100, 100), (100, 0, 200, 100), (400, 0, 500, 100), tax=[1.0, 2.0, 4.0], mu=[1.0, 1.0, 1.0])
    found = cells_of(frame, within=shapely.box(X, Y, X + 100, Y + 100))
    assert found.frame["numerator"].sum() == 7
    assert found.frame.geometry.notna().tolist() == [True, False, False]
    assert np.isfinite(on_grid(found).values).sum() == 16 * 16


def test_a_bow_tie_keeps_its_tax():
    """Two triangles of 2 500 m2 whose rings cancel out in the signed area."""
    tie = shapely.Polygon([(X, Y), (X + 100, Y + 100), (X + 100, Y), (X, Y + 100)])
    frame = gpd.GeoDataFrame({"tax": [7.0, 3.0], "mu": [1.0, 1.0]}, crs=4527,
                             geometry=[tie, shapely.box(X + 200, Y, X + 300, Y + 100)])  # fmt: skip
    assert cells_of(frame).frame["numerator"].sum() == pytest.approx(10, rel=1e-12)


@pytest.mark.parametrize(("options", "code"), [({"size": 0}, "map-heat-size"), ({"method": "hexagon"}, "map-heat-kind"),
                                               ({"method": "kernel", "bandwidth": 0}, "map-heat-size")])  # fmt: skip
def test_odd_arguments_are_said(options, code):
    frame = land((0, 0, 800, 600), tax=[50.0], mu=[10.0])
    with pytest.raises(MapError) as caught:
        maps.heat(frame, numerator="tax", denominator="mu", title="x", **options)
    assert caught.value.code == code

"""Constraints from rasters: what the raster cannot tell stands in the ledger and in the note, never as nothing."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from shapely import box

from mudian.constraints import _percent, constraint_layers
from mudian.errors import ProjectError
from mudian.packs.policy import policies
from mudian.project import make_project
from parcels.ledger import Ledger

X, Y = 39_500_000.0, 4_000_000.0
CRS = "EPSG:4527"


def run(tmp_path: Path, values: np.ndarray, zone: shapely.Polygon, lang: str = "zh", **more: object):
    """The note, the ledger by code, and the land taken, of a raster of 10 m cells whose corner is (X, Y)."""
    nodata, crs = more.pop("nodata", None), more.pop("crs", CRS)
    grid = {"transform": Affine(10, 0, X, 0, -10, Y), "crs": crs, "nodata": nodata}
    profile = {"width": values.shape[1], "height": values.shape[0], "count": 1, "dtype": values.dtype} | grid
    with rasterio.open(tmp_path / "r.tif", "w", driver="GTiff", **profile) as out:
        out.write(values, 1)
    project = make_project(
        {
            "project": {"name": "x", "as_of": "2025-12-31", "period": "2025", "lang": lang},
            "parcels": {"path": "宗地.shp"},
            "constraints": [{"name": "层", "kind": "reserve", "raster": "r.tif"} | more],
        },
        file=tmp_path / "项目.toml",
    )
    zones = gpd.GeoDataFrame({"zone_id": ["Z"]}, geometry=[zone], crs=CRS)
    ledger = Ledger(lang=lang)  # type: ignore[arg-type]
    policy = policies(["national"], as_of=project.project.as_of)
    (taken,) = constraint_layers(project, {}, zones, policy, ledger=ledger).taken
    return taken, ledger.frame().set_index("code")


def inside(west: float, east: float) -> shapely.Polygon:
    """A zone of 100 m from north to south, between two distances from the raster's corner."""
    return box(X + west, Y - 150, X + east, Y - 50)


def test_a_raster_that_covers_the_zones_says_its_error_alone(tmp_path: Path) -> None:
    taken, ledger = run(tmp_path, np.ones((20, 20), dtype="u1"), inside(50, 150), classes=[1])
    assert list(ledger.index) == ["raster-error"]
    assert taken.note == ledger.loc["raster-error", "message"]
    assert shapely.union_all(taken.geoms).covers(inside(50, 150))


def test_zones_that_end_at_the_rim_are_covered(tmp_path: Path) -> None:
    taken, ledger = run(tmp_path, np.ones((20, 20), dtype="u1"), box(X, Y - 200, X + 200, Y), classes=[1])
    assert list(ledger.index) == ["raster-error"]
    assert shapely.area(taken.geoms).sum() == pytest.approx(200 * 200)


@pytest.mark.parametrize(("lang", "words"), [("zh", "没有覆盖开发区面积的 25.0%"), ("en", "does not cover 25.0% of")])
def test_land_beyond_the_grid_is_said(tmp_path: Path, lang: str, words: str) -> None:
    taken, ledger = run(tmp_path, np.ones((20, 20), dtype="u1"), inside(125, 225), lang, classes=[1])
    assert list(ledger.index) == ["raster-error", "raster-outside"]
    assert ledger.loc["raster-outside", "severity"] == "warning"
    assert words in ledger.loc["raster-outside", "message"]
    assert taken.note == ("；" if lang == "zh" else "; ").join(ledger["message"])


@pytest.mark.parametrize("crs", [CRS, "EPSG:32612"])  # beside it, and on the other side of the world
def test_a_raster_that_misses_the_zones_has_words_of_its_own(tmp_path: Path, crs: str) -> None:
    taken, ledger = run(tmp_path, np.ones((20, 20), dtype="u1"), inside(900, 950), classes=[1], crs=crs)
    assert list(ledger.index) == ["raster-outside-all"]
    assert ledger.loc["raster-outside-all", "severity"] == "warning"
    assert len(taken.geoms) == 0
    assert taken.note == ledger.loc["raster-outside-all", "message"]
    assert "没有重叠" in taken.note


def test_cells_without_a_value_are_in_the_note(tmp_path: Path) -> None:
    values = np.ones((20, 20), dtype="u1")
    values[9:11, 9] = 255
    taken, ledger = run(tmp_path, values, inside(50, 150), classes=[1], nodata=255)
    assert list(ledger.index) == ["raster-error", "raster-unknown"]
    assert "有 2 个像元没有数值或在边缘（占开发区面积的 2.0%）" in taken.note  # of 100 cells
    assert taken.note == "；".join(ledger["message"])


def test_cells_without_a_value_beside_the_zones_are_no_warning(tmp_path: Path) -> None:
    values = np.ones((20, 20), dtype="u1")
    values[:, 15:] = 255
    _, ledger = run(tmp_path, values, inside(50, 150), classes=[1], nodata=255)
    assert list(ledger.index) == ["raster-error"]


def test_nothing_is_known_of_a_raster_without_values(tmp_path: Path) -> None:
    taken, ledger = run(tmp_path, np.full((20, 20), 255, dtype="u1"), inside(50, 150), "en", classes=[1], nodata=255)
    assert "(100.0% of the area of the zones)" in ledger.loc["raster-unknown", "message"]
    assert len(taken.geoms) == 0


@pytest.mark.parametrize("void", [-32768, -9999, 32767])
def test_voids_of_heights_that_are_not_declared_are_unknown_land(tmp_path: Path, void: int) -> None:
    heights = np.full((20, 20), 30, dtype="i2")
    heights[10, 10:12] = void
    taken, ledger = run(tmp_path, heights, inside(50, 150), slope_over=25)
    assert list(ledger.index) == ["raster-error", "raster-unknown", "raster-voids"]
    assert len(taken.geoms) == 0  # the cliffs around the voids are none
    assert "有 12 个像元没有数值" in ledger.loc["raster-unknown", "message"]  # 3 × 4 around two voids
    assert "有 2 个像元的高程" in ledger.loc["raster-voids", "message"]
    assert taken.note.endswith(ledger.loc["raster-voids", "message"])


def test_the_shore_of_the_dead_sea_is_land(tmp_path: Path) -> None:
    _, ledger = run(tmp_path, np.full((20, 20), -440, dtype="i2"), inside(50, 150), slope_over=25)
    assert list(ledger.index) == ["raster-error"]


def test_a_share_is_never_rounded_to_none_or_all() -> None:
    shares = [_percent(s) for s in (1e-6, 0.001, 0.5, 0.999, 0.9999, 1)]
    assert shares == ["<0.1%", "0.1%", "50.0%", "99.9%", ">99.9%", "100.0%"]


@pytest.mark.parametrize("kind", ["urban_boundary", "planned", "evidence", "frontage"])
def test_a_kind_that_is_no_deduction_cannot_be_a_raster(tmp_path: Path, kind: str) -> None:
    with pytest.raises(ProjectError) as caught:
        run(tmp_path, np.ones((20, 20), dtype="u1"), inside(50, 150), classes=[1], kind=kind)
    assert kind in str(caught.value)

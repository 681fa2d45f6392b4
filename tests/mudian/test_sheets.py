"""Sheets of a run: the example from its project file to the pages, read back with poppler and pypdf."""

import shutil
import subprocess
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
from examplerun import example_run
from pypdf import PdfReader

import maps
import mudian as md
from mudian.sheets import file_names, write_sheets

pytestmark = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs pdftotext of poppler")


@pytest.fixture(scope="module")
def run() -> md.Evaluation:
    return example_run()


@pytest.fixture(scope="module")
def made(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    return folder, *write_sheets(run, folder)


def said(path, page=None):
    panel = ["-r", "72", "-x", "905", "-y", "0", "-W", "290", "-H", "842"]  # right of the map of an A3 sheet
    pages = ["-f", str(page), "-l", str(page), *panel] if page else []
    done = subprocess.run(["pdftotext", "-layout", *pages, path, "-"], capture_output=True, check=True, timeout=60)
    return done.stdout.decode("utf-8")


def numbers(text, name):
    """What stands behind a name, on the last line that has it and a figure."""
    found = [line.split(name)[1] for line in text.splitlines() if name in line]
    return [line for line in found if line.strip()][-1].replace(" / ", "/").split()


def test_file_names_are_safe_and_differ():
    names = file_names(["Z/1", "z_1", "LPT1", "..", "x" * 300, "x" * 301, "Atlas"])
    assert len({n.lower() for n in names}) == 7
    assert names[:3] == ["Z_1", "z_1_2", "_LPT1"]
    assert all(n.strip(" .") and "/" not in n and n.lower() != "atlas" and len(n) < 90 for n in names)


def test_every_zone_has_its_file_and_the_atlas_all_pages(made):
    folder, files, left_out = made
    assert [f.name for f in files] == ["GX01.pdf", "LG02.pdf", "atlas.pdf"]
    assert sorted(f.name for f in folder.iterdir()) == sorted(f.name for f in files)
    counts = [len(PdfReader(f).pages) for f in files]
    assert counts == [9, 9, 18]
    assert left_out == []
    assert [entry.title for entry in PdfReader(files[2]).outline] == ["高新片区", "临港片区"]


def test_the_figures_are_those_of_the_tables(run, made):
    text = said(made[1][0], 1)
    zone = run.zones.set_index("zone_id").loc["GX01"]
    assert numbers(text, "亩均税收排名") == [f"{zone['rank_tax_per_mu']:.0f}/2"]
    assert numbers(text, "疑似闲置面积（亩）") == [f"{zone['idle_mu']:,.2f}"]
    assert numbers(text, "剩余可开发·毛（亩）") == [f"{zone['developable_mu']:,.2f}"]


def test_the_legend_counts_the_zone(run, made):
    parcels = run.parcels[(run.parcels["zone_id"] == "LG02").to_numpy(bool)]
    text = said(made[1][1], 1)
    count, area = numbers(text, "合计")
    assert (count, area) == (str(len(parcels)), f"{parcels['area_mu'].sum():,.1f}")
    none = parcels[~np.isfinite(parcels["tax_per_mu"].to_numpy(float, na_value=np.nan))]
    assert numbers(text, "无数据") == [str(len(none)), f"{none['area_mu'].sum():,.1f}"]


def test_the_page_of_remaining_land_adds_up(run, made):
    text = said(made[1][0], 9)
    rows = run.deductions[run.deductions["zone_id"] == "GX01"].dropna(subset="net_mu")
    for layer, net, gross in zip(rows["layer"], rows["net_mu"], rows["gross_mu"], strict=True):
        assert numbers(text, layer) == [f"{net:,.2f}/{gross:,.2f}"]
    whole, left = (float(numbers(text, n)[-1].replace(",", "")) for n in ("开发区总面积", "剩余可开发（毛）"))
    assert whole - rows["net_mu"].sum() == pytest.approx(left, abs=0.011)
    pieces = run.developable[run.developable["zone_id"] == "GX01"]
    assert numbers(text, "合计")[0] == str(len(pieces))


def test_english(run, tmp_path):
    files, _ = write_sheets(run.spoken("en"), tmp_path)
    text = said(files[0], 1)
    for words in ("Legend", "Grid N", "Map approval no.", "Central meridian 117°", "Scale 1:"):
        assert words in text


def test_odd_zones(run, tmp_path):
    zones = run.zones.copy()
    zones["zone_id"] = ["../a:b", "LG02"]
    zones["zone_name"] = ["$\\frac<b>\x00", "临港片区"]
    parcels = run.parcels.copy()
    parcels["zone_id"] = parcels["zone_id"].replace("GX01", "../a:b")
    extra = zones.iloc[[0]].assign(zone_id="空", zone_name="空片区", geometry=None)
    rows = np.vstack([zones, extra])
    zones = gpd.GeoDataFrame(rows, columns=zones.columns).astype(zones.drop(columns="geometry").dtypes)
    zones = zones.set_geometry("geometry", crs=run.zones.crs)
    odd = replace(run, zones=zones, parcels=parcels, deductions=run.deductions.iloc[:0])
    theme = {"tax_per_mu": maps.Theme("税", "number", "tax_per_mu", breaks=[10])}
    files, left_out = write_sheets(odd, tmp_path, themes=theme)
    assert [f.name for f in files] == ["_a_b.pdf", "LG02.pdf", "atlas.pdf"]
    assert left_out == [("空", "税")]
    assert "$\\frac<b>" in said(files[0])
    assert "\x00" not in PdfReader(files[0]).metadata.title


def test_workers_write_the_same_pages(run, tmp_path):
    theme = {"tax_per_mu": maps.Theme("税", "number", "tax_per_mu", breaks=[10])}
    one, _ = write_sheets(run, tmp_path / "1", themes=theme)
    two, _ = write_sheets(run, tmp_path / "2", themes=theme, workers=2)
    assert [f.read_bytes() for f in one] == [f.read_bytes() for f in two]

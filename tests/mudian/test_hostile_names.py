"""Names that are markup or formulas, carried through a whole run into every product."""

import shutil
import sqlite3
import subprocess
from contextlib import closing

import geopandas as gpd
import openpyxl
import pytest
import shapely

import mudian as md
from tests.maps.conftest import chromium, visit  # noqa: F401  (fixtures)
from tests.maps.test_interactive import place, settle, until
from tests.mudian.tinyproject import E1, E2, P1, P2, P3, P4, P5, P6, write_project

SCRIPT = "<script>alert(1)</script>"
NAMES = {
    E1: SCRIPT,
    E2: "某公司<img src=x onerror=\"window.HIT='img'\">",
}
OWNERS = {
    P1: "某</script><script>window.HIT='script'</script>",
    P2: "某`+(window.HIT='tick')+`${window.HIT='template'}${alert(1)}",
    P3: "D:\\user\\new",
    P4: "=HYPERLINK(1)",
    P5: "@SUM(A1)",
    P6: "-1+1",
}
ZONES = {"Z1": "东区<svg onload=\"window.HIT='svg'\">", "Z2": "西区</script><b>"}
CONSTRAINT = "红线<img src=x onerror=\"window.HIT='layer'\">"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    target = tmp_path_factory.mktemp("hostile") / "项目"
    project = write_project(target)
    x, y = 39_500_000.0, 4_000_000.0
    parcels = gpd.GeoDataFrame(
        {"ZDDM": list(OWNERS), "QLR": list(OWNERS.values())},
        geometry=[shapely.box(x + 100 * i, y, x + 100 * i + 100, y + 100) for i in range(6)],
        crs=4527,
    )
    parcels.to_file(target / "宗地.gpkg")
    zones = gpd.GeoDataFrame(
        {"zone_id": list(ZONES), "zone_name": list(ZONES.values())},
        geometry=[shapely.box(x - 50 + 350 * i, y - 50, x + 300 + 350 * i, y + 300) for i in range(2)],
        crs=4527,
    )
    zones.to_file(target / "片区.gpkg")
    strip = gpd.GeoDataFrame(geometry=[shapely.box(x, y + 200, x + 600, y + 230)], crs=4527)
    strip.to_file(target / "红线.gpkg")
    table = (target / "企业.csv").read_text("utf-8")
    for old, new in (("甲公司", NAMES[E1]), ("乙公司", NAMES[E2].replace('"', '""'))):
        table = table.replace(old, f'"{new}"')
    (target / "企业.csv").write_text(table, "utf-8")
    text = project.read_text("utf-8").replace("宗地.shp", "宗地.gpkg").replace("片区.shp", "片区.gpkg")
    text = text.replace('["parquet"]', '["parquet", "gpkg", "xlsx", "html", "pdf"]')
    quoted = CONSTRAINT.replace('"', '\\"')
    text += f'\n[[constraints]]\nname = "{quoted}"\npath = "红线.gpkg"\nkind = "hard"\n'
    project.write_text(text, "utf-8")
    evaluation = md.evaluate(project)
    assert evaluation.enterprises["name"].isin(NAMES.values()).sum() == 2
    assert set(evaluation.parcels["owner"]) == set(OWNERS.values())
    assert set(evaluation.zones["zone_name"]) == set(ZONES.values())
    evaluation.save(target / "成果", formats=("parquet", "gpkg", "xlsx", "html", "pdf"))
    return target / "成果"


@pytest.mark.browser
def test_the_page_shows_them_as_text(visit, folder):  # noqa: F811
    tab = visit(None, html=(folder / "map.html").read_text("utf-8"))
    tab.wait_for_selector("body[data-ready]", timeout=20000)
    settle(tab)
    parcels = md.load(folder).parcels
    tab.mouse.move(*place(tab, parcels, 0))
    until(tab, "() => document.querySelector('.leaflet-tooltip')?.textContent")
    tab.mouse.click(*place(tab, parcels, 0))
    tab.wait_for_selector("#card:not([hidden])")
    card = tab.locator("#card").text_content()
    assert OWNERS[P1] in card
    assert "亩均税收" in card
    tab.locator("#search").fill("alert(1)")
    tab.wait_for_selector("#results tr")
    assert "alert(1)" in tab.locator("#results").text_content()
    tab.locator("#search").fill("")
    names = tab.locator("#ranking td").all_text_contents()
    assert set(ZONES.values()) <= set(names)
    assert set(ZONES.values()) <= set(tab.locator(".zone-label").all_text_contents())
    tab.select_option("#zone-choice", label=ZONES["Z1"])
    until(tab, "() => document.querySelector('#zone svg')")
    assert CONSTRAINT in tab.locator("#app").text_content()
    for number in range(tab.locator(".themes label").count()):
        tab.locator(".themes label").nth(number).click()
        settle(tab)
    made = "#app script, #app img[src='x'], #app svg[onload], .zone-label b, #ranking b, title img"
    assert tab.locator(made).count() == 0


def test_the_workbook_has_them_as_text(folder):
    book = openpyxl.load_workbook(folder / "report.xlsx")
    found = {}
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                found.setdefault(cell.value, set()).add(cell.data_type)
    assert "f" not in set().union(*found.values())
    for text in [*NAMES.values(), *OWNERS.values(), *ZONES.values()]:
        assert found[text] <= {"s", "inlineStr"}, text


def test_the_geopackage_has_them_unchanged(folder):
    with closing(sqlite3.connect(folder / "evaluation.gpkg")) as base:
        owners = {owner for (owner,) in base.execute("SELECT owner FROM parcels")}
    assert owners == set(OWNERS.values())


def test_the_sheets_have_them_as_text(folder):
    if shutil.which("pdftotext") is None:
        pytest.skip("needs pdftotext of poppler: apt install poppler-utils")
    command = ["pdftotext", "-layout", folder / "sheets" / "Z2.pdf", "-"]
    done = subprocess.run(command, capture_output=True, check=True)
    assert "西区</script><b>" in done.stdout.decode("utf-8")

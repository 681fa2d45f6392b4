"""Ranking, zone panel and search of zones, in a real browser: the counts are those of pandas."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from maps import MapError, Overlay, Theme, Waterfall
from tests.maps.test_interactive import GRADE, HOSTILE, TAX, make_frame, make_page, page_data, place, until

NAMES = {"E": "东区", "W": HOSTILE[0], "X": "无图区", "N": "北区"}
STEPS = ["总面积", "已供", "剩余"]


def zoned_frame():
    """Zones by column, one row in none, different areas and one missing area."""
    frame = make_frame()
    frame["zone_id"] = np.where(np.arange(len(frame)) % 10 < 5, "E", "W")
    frame.loc[[7, 17], "zone_id"] = ["X", None]
    frame["mu"] = np.round(np.linspace(8, 27, len(frame)), 3)
    frame.loc[3, "mu"] = np.nan
    return frame


def zone_page(frame, *, extra=0, **changes):
    """Two zones drawn, one in the table alone, one of the overlay without rows, and `extra` more in the table."""
    shapes = {"E": (499950, 500590, 4006800), "W": (500590, 501250, 4006800), "N": (502000, 502100, 4006050)}
    zones = gpd.GeoDataFrame(
        {"zone_id": list(shapes), "zone": [NAMES[key] for key in shapes]},
        geometry=[shapely.box(west, 4005950, east, north) for west, east, north in shapes.values()],
        crs=4548,
    )
    keys = ["E", "W", "X"]
    table = pd.DataFrame(
        {"开发区": [NAMES[key] for key in keys], "排名": [1, 2, 3], "平均": [2.5, np.nan, 1.0]},
        index=pd.Index(keys, name="zone_id"),
    )
    more = [f"多{k}" for k in range(extra)]
    rest = pd.DataFrame(
        {"开发区": more, "排名": range(4, 4 + extra), "平均": 0.5}, index=pd.Index(more, name="zone_id")
    )
    kinds = ["total", "hard", "left"]
    charts = [
        Waterfall(NAMES["E"], STEPS, [100.0, 60.0, 40.0], kinds, "亩"),
        Waterfall("西", STEPS, [10.0, 1.0, 9.0], kinds, "亩", key="W"),
        Waterfall("合计", STEPS, [110.0, 61.0, 49.0], kinds, "亩"),
    ]
    given = {
        "overlays": [Overlay(zones, "开发区", label="zone", key="zone_id")],
        "table": pd.concat([rest, table]) if extra else table,
        "group": "zone_id",
        "charts": charts,
    }
    return make_page(frame, **(given | changes))


def pairs(tab, selector):
    rows = tab.locator(f"{selector} tr").all()
    return dict([cell.text_content() for cell in row.locator("td").all()] for row in rows)


def bars(tab, number=0):
    rows = tab.locator("#zone .bars").nth(number).locator("tr").all()[1:]
    return {cells[0]: cells[1:] for cells in ([c.inner_text().strip() for c in r.locator("td").all()] for r in rows)}


def wait_for_zone(tab, count):
    until(tab, "n => document.querySelector('#zone-own td.number')?.textContent === n", arg=str(count))


def by_class(frame, codes):
    """Number and area of each class by pandas."""
    return {
        label: [str(int(rows.sum())), f"{frame.mu[rows].sum():,.1f}"]
        for label, rows in ((label, codes == label) for label in codes.cat.categories)
    }


def tax_classes(frame):
    per_mu = frame.tax / frame.mu
    cut = pd.cut(per_mu, [-np.inf, 1, 3, 6, np.inf], right=False, labels=["< 1（不为 0）", "1 – 3", "3 – 6", "≥ 6"])
    text = cut.astype(object).where(per_mu != 0, "0").where(per_mu.notna(), "无数据")
    return text.astype(pd.CategoricalDtype(["0", "< 1（不为 0）", "1 – 3", "3 – 6", "≥ 6", "无数据"]))


def grade_classes(frame):
    return frame.grade.fillna("无数据").astype(pd.CategoricalDtype([*"ABCD", "无数据"]))


@pytest.mark.browser
def test_the_counts_of_a_zone_are_those_of_pandas_and_follow_the_theme(visit):
    frame = zoned_frame()
    tab = visit(zone_page(frame))
    wait_for_zone(tab, len(frame))
    options = tab.locator("#zone-choice option").all_text_contents()
    assert options == ["全部", "东区", HOSTILE[0], "X", "北区", "不在任何区内"]  # X has no name on the map
    for name, rows in (
        ("全部", pd.Series(True, index=frame.index)),
        ("东区", frame.zone_id == "E"),
        (HOSTILE[0], frame.zone_id == "W"),
        ("X", frame.zone_id == "X"),
        ("北区", frame.zone_id == "N"),
        ("不在任何区内", frame.zone_id.isna()),
    ):
        tab.select_option("#zone-choice", label=name)
        wait_for_zone(tab, rows.sum())
        part = frame[rows]
        known = part[part.tax.notna() & part.mu.notna()]
        own = pairs(tab, "#zone-own")
        assert own["面积（亩）"] == f"{part.mu.sum():,.1f}"
        assert own["税收（万元）"] == f"{known.tax.sum():,.2f}"
        ratio = f"{known.tax.sum() / known.mu.sum():,.2f}" if len(known) else "—"
        assert own["亩均税收（万元/亩）"] == ratio
        assert bars(tab) == by_class(part, tax_classes(part))
        assert bars(tab, 1) == by_class(part, grade_classes(part))
    tab.select_option("#zone-choice", label="东区")
    wait_for_zone(tab, (frame.zone_id == "E").sum())
    tab.locator(".themes label").nth(1).click()
    until(tab, "() => document.querySelectorAll('#zone .bars').length === 1")
    east = frame[frame.zone_id == "E"]
    assert bars(tab) == by_class(east, grade_classes(east))


@pytest.mark.browser
def test_all_zones_together_equal_the_legend(visit):
    tab = visit(zone_page(zoned_frame()))
    wait_for_zone(tab, 60)
    legend = {
        row[0]: row[1:]
        for row in (
            [cell.inner_text().strip() for cell in line.locator("td").all()]
            for line in tab.locator("table.legend tr").all()[1:-1]
        )
    }
    assert bars(tab) == legend


@pytest.mark.browser
def test_the_table_opens_the_zone_and_the_map_marks_the_row(visit):
    frame = zoned_frame()
    tab = visit(zone_page(frame, extra=40))
    rows = tab.locator("#ranking tr")
    tab.mouse.click(*place(tab, frame, 28))
    until(tab, "() => document.querySelector('#ranking tr.marked td')?.textContent.startsWith('某公司<img')")
    assert tab.locator("#ranking tr.marked").count() == 1
    seen = """() => { const row = document.querySelector('#ranking tr.marked').getBoundingClientRect();
        const box = document.querySelector('.ranking').getBoundingClientRect();
        const panel = document.querySelector('#panel').getBoundingClientRect();
        return [box, panel].every(around => row.top >= around.top && row.bottom <= around.bottom + 1); }"""
    assert tab.evaluate(seen)
    wait_for_zone(tab, (frame.zone_id == "W").sum())
    assert tab.locator("#zone-choice").evaluate("box => box.selectedOptions[0].textContent") == HOSTILE[0]
    assert tab.locator("#zone svg title").first.text_content() == "西"
    rows.nth(41).click()
    wait_for_zone(tab, (frame.zone_id == "E").sum())
    assert "marked" in rows.nth(41).get_attribute("class")
    assert tab.locator("#zone svg title").first.text_content() == "东区"
    assert pairs(tab, "#zone-given") == {"排名": "1", "平均": "2.50"}
    rows.nth(43).press("Enter")  # in the table and the frame alone
    wait_for_zone(tab, 1)
    assert "marked" in rows.nth(43).get_attribute("class")
    assert tab.locator("#zone svg").count() == 0
    assert tab.evaluate("document.querySelector('#zone').getBoundingClientRect().top < innerHeight")
    tab.select_option("#zone-choice", label="全部")
    wait_for_zone(tab, len(frame))
    assert tab.locator("#ranking tr.marked").count() == 0
    assert tab.locator("#zone svg title").first.text_content() == "合计"


@pytest.mark.browser
def test_the_filter_does_not_change_the_zone(visit):
    frame = zoned_frame()
    tab = visit(zone_page(frame))
    tab.select_option("#zone-choice", label="东区")
    wait_for_zone(tab, (frame.zone_id == "E").sum())
    before = pairs(tab, "#zone-own"), bars(tab)
    tab.locator("#filter .fields input").first.fill("1e6")
    until(tab, "() => document.querySelector('#passing td.number').textContent.startsWith('0 ')")
    assert (pairs(tab, "#zone-own"), bars(tab)) == before


@pytest.mark.browser
def test_zones_are_found_by_name_and_flown_to(visit):
    frame = zoned_frame()
    tab = visit(zone_page(frame))
    before = tab.evaluate("Maps.app.map.getCenter().lng")
    tab.locator("#search").fill("ONERROR")
    until(tab, "() => document.querySelectorAll('#results tr').length === 2")  # the zone and the parcel so called
    first = tab.locator("#results tr").first
    assert first.locator("b").text_content() == HOSTILE[0]
    first.click()
    wait_for_zone(tab, (frame.zone_id == "W").sum())
    until(tab, "lng => Maps.app.map.getCenter().lng !== lng", arg=before)
    assert tab.locator("#ranking tr.marked td").first.text_content() == HOSTILE[0]
    tab.locator("#search").fill("没有的")
    until(tab, "() => document.querySelector('#results').previousSibling.textContent === '没有找到'")


@pytest.mark.browser
def test_figures_of_python_take_the_place_of_the_table(visit):
    frame = zoned_frame()
    figures = pd.DataFrame({"企业数": [12, 7], HOSTILE[1]: [np.nan, 3.25]}, index=["E", "W"])
    tab = visit(zone_page(frame, figures=figures, table=None, charts=[]))
    tab.select_option("#zone-choice", label="东区")
    wait_for_zone(tab, (frame.zone_id == "E").sum())
    assert pairs(tab, "#zone-given") == {"企业数": "12", HOSTILE[1]: "—"}
    tab.select_option("#zone-choice", label="北区")
    wait_for_zone(tab, 0)
    assert tab.locator("#zone-given").count() == 0


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_phone_zone_panel_fits_and_stands_below_the_map(visit, lang):
    frame = zoned_frame()
    tab = visit(zone_page(frame, lang=lang, extra=5), size=(360, 740))
    tab.locator("#ranking tr").nth(6).click()
    wait_for_zone(tab, (frame.zone_id == "E").sum())
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360
    top, below = tab.evaluate(
        "() => [document.querySelector('#zone').getBoundingClientRect().top,"
        " document.querySelector('#stage').getBoundingClientRect().bottom]"
    )
    assert below <= top < 740
    heading = {"zh": "分区", "en": "Zones"}[lang]
    assert tab.locator("#zone h2").inner_text().startswith(heading)


@pytest.mark.browser
def test_without_groups_the_waterfall_follows_the_zone_that_is_clicked(visit):
    frame = zoned_frame()
    tab = visit(zone_page(frame, group=None))
    assert tab.locator("#zone").count() == 0
    tab.locator("#ranking tr").nth(2).click()
    until(tab, "() => document.querySelector('svg.waterfall title').textContent === '西'")


def test_a_group_that_is_missing_or_no_group_at_all_is_refused():
    frame = zoned_frame()
    with pytest.raises(MapError) as caught:
        zone_page(frame, group="区")
    assert caught.value.code == "map-column-missing"
    data = page_data(zone_page(frame, themes=[TAX, GRADE], filters=[Theme("业主", "class", "owner"), GRADE]))
    assert [sorted(head) for head in data["filters"]] == [["spec"], ["theme"]]

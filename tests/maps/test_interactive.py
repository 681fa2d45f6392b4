"""The page: what stands in the file, and what a real browser without a network shows."""

import json
import os
import re
import stat
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from maps import CardField, MapError, Overlay, Page, Theme, Waterfall, interactive
from maps.interactive import read_words

BREAKS = [1.0, 3.0, 6.0]
HOSTILE = [
    "某公司<img src=x onerror=\"window.HIT='img'\">",
    "某</script><script>window.HIT='script'</script>",
    "某`+(window.HIT='tick')+`${window.HIT='template'}${alert(1)}",
    "D:\\user\\new",
    "<script>alert(1)</script>",
    "<!--<script>甲&amp;\u2028乙",
]


def square(column, row, side=100.0):
    x, y = 500000 + 120 * column, 4006000 + 120 * row
    return shapely.box(x, y, x + side, y + side)


def make_frame():
    """Sixty parcels of 15 mu in a grid, some hostile names, known and unknown zeros, two without a shape."""
    n = 60
    tax = np.round(np.linspace(0, 120, n), 2)
    tax[:5] = 0
    tax[5:9] = np.nan
    tax[20] = 45.0  # exactly 3 per mu, the lower limit of a class
    frame = gpd.GeoDataFrame(
        {
            "name": [f"示例{i}机械有限公司" for i in range(n)],
            "code": [f"370911001001GB{i:05d}" for i in range(n)],
            "owner": [f"业主{i % 7}" for i in range(n)],
            "mu": 15.0,
            "tax": tax,
            "grade": [None if i % 10 == 9 else "ABCD"[i % 4] for i in range(n)],
            "idle": pd.array([None if i % 3 == 0 else i % 3 == 1 for i in range(n)], dtype="boolean"),
        },
        geometry=[square(i % 10, i // 10) for i in range(n)],
        crs=4548,
    )
    frame.loc[40 : 40 + len(HOSTILE) - 1, "name"] = HOSTILE
    frame.loc[58, "geometry"] = None
    frame.loc[59, "geometry"] = shapely.Polygon()
    return frame


TAX = Theme("亩均税收", "ratio", numerator="tax", denominator="mu", breaks=BREAKS, unit="万元/亩", zero_class=True)
GRADE = Theme("等级", "class", column="grade", classes=list("ABCD"), palette="grade4")
IDLE = Theme("闲置", "class", column="idle", classes=[True, False], hatched=[True])


def make_page(frame=None, **changes):
    zones = gpd.GeoDataFrame(
        {"zone": ["东区", HOSTILE[0]], "zone_id": ["E", "W"]},
        geometry=[
            shapely.box(499950, 4005950, 500590, 4006800),
            shapely.box(500590, 4005950, 501250, 4006800),
        ],
        crs=4548,
    )
    table = pd.DataFrame(
        {"开发区": ["东区", HOSTILE[0], "无图区"], "亩均税收<b>": [2.5, np.nan, 10.125], "宗数": [30, 30, 0]},
        index=pd.Index(["E", "W", "X"], name="zone_id"),
    )
    given = {
        "themes": [TAX, GRADE, IDLE],
        "label": "name",
        "search": ["code", "owner"],
        "card": [
            CardField("code", "宗地代码"),
            CardField("tax", "税收", "万元", 1),
            CardField("owner", HOSTILE[1], HOSTILE[2]),
            CardField("grade", "等级", words={"A": HOSTILE[4]}),
        ],
        "overlays": [Overlay(zones, "开发区" + HOSTILE[4], label="zone", key="zone_id")],
        "table": table,
        "area": "mu",
        "title": "一张图" + HOSTILE[1],
        "notes": ["数据期 2025 年", HOSTILE[3]],
    }
    return interactive(make_frame() if frame is None else frame, **(given | changes))


def page_data(page):
    return json.loads(re.search(r'id="page-data">(.*?)</script>', page.html, re.S)[1])


# The file


def test_the_file_names_no_address_to_load_from():
    html = make_page().html
    assert not re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=", html.split('id="page-data"')[0])
    assert not re.search(r"url\(\s*['\"]?(?!data:|#)", html.split("</style>")[0])
    assert "connect-src" not in html
    assert "default-src 'none'" in html
    assert '<meta name="renderer" content="webkit">' in html
    assert "sourceMappingURL" not in html


def test_no_value_can_end_the_data_block():
    html = make_page().html
    block = re.search(r'id="page-data">(.*?)</script>', html, re.S)[1]
    assert not set("<>&\u2028\u2029") & set(block)
    assert json.loads(block)["title"] == "一张图" + HOSTILE[1]
    assert "<title>一张图某&lt;/script&gt;" in html


def test_only_named_columns_are_carried():
    frame = make_frame().assign(secret="涉密内容")
    before = frame.copy(deep=True)
    data = page_data(make_page(frame))
    assert "secret" not in json.dumps(data)
    assert len(data["columns"]) < len(frame.columns) + 6
    pd.testing.assert_frame_equal(pd.DataFrame(frame), pd.DataFrame(before))


def test_legend_counts_are_those_of_pandas():
    frame = make_frame()
    per_mu = frame.tax / frame.mu
    nonzero = per_mu[per_mu != 0]
    cut = pd.cut(nonzero, [-np.inf, *BREAKS, np.inf], right=False).value_counts(sort=False)
    theme = page_data(make_page(frame))["themes"][0]
    assert [row["count"] for row in theme["legend"]] == [5, *cut.tolist()]
    assert theme["noData"]["count"] == 4
    assert theme["noData"]["area"] == 60.0
    assert sum(row["area"] for row in theme["legend"]) == 15.0 * 56


def test_notes_say_what_is_not_drawn_and_what_has_no_area():
    frame = make_frame()
    frame.loc[3, "mu"] = np.nan
    notes = page_data(make_page(frame))["notes"]
    assert any("2 条没有可绘制的面图形" in note for note in notes)
    assert any("1 条没有面积" in note for note in notes)


def test_both_languages_have_the_same_words():
    chinese, english = read_words("zh"), read_words("en")
    assert chinese.keys() == english.keys()
    holes = re.compile(r"\{\w+\}")
    assert all(sorted(holes.findall(chinese[k])) == sorted(holes.findall(english[k])) for k in chinese)
    with pytest.raises(MapError):
        read_words("fr")


def test_wrong_use_is_refused():
    frame = make_frame()
    wrong = {
        "map-no-theme": {"themes": []},
        "map-column-missing": {"card": [CardField("面积")]},
        "map-table-key": {"table": pd.DataFrame({"a": [1]})},
        "map-not-numeric": {"area": "code"},
    }
    for code, change in wrong.items():
        with pytest.raises(MapError) as caught:
            make_page(frame, **change)
        assert caught.value.code == code
    with pytest.raises(MapError) as caught:
        make_page(frame.set_crs(None, allow_override=True))
    assert caught.value.code == "map-crs-missing"


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    target = tmp_path / "图.html"
    Page("old").save(target)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        Page("new").save(target)
    assert target.read_text(encoding="utf-8") == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["图.html"]
    assert stat.S_IMODE(target.stat().st_mode) & 0o600 == 0o600


# The browser


def place(tab, frame, row):
    """Where the middle of a parcel lies in the window."""
    centre = frame.geometry.iloc[[row]].centroid.to_crs(4326).iloc[0]
    script = """([lat, lon]) => { const p = Maps.app.map.latLngToContainerPoint([lat, lon]);
        const b = document.getElementById('map').getBoundingClientRect();
        return [p.x + b.left, p.y + b.top]; }"""
    return tab.evaluate(script, [centre.y, centre.x])


def pixel(tab, x, y):
    """Colour of the theme layer's canvas at a place in the window."""
    script = """([x, y]) => { for (const tile of Maps.app.layer.getContainer().querySelectorAll('canvas')) {
        const b = tile.getBoundingClientRect();
        if (x < b.left || y < b.top || x >= b.right || y >= b.bottom) continue;
        const scale = tile.width / b.width, at = [(x - b.left) * scale, (y - b.top) * scale].map(Math.floor);
        return [...tile.getContext('2d').getImageData(at[0], at[1], 1, 1).data]; } return null; }"""
    return tuple(tab.evaluate(script, [x, y]))


def legend(tab):
    rows = tab.locator("table.legend tr").all()
    return {
        cells[0]: cells[1:] for cells in ([c.inner_text() for c in row.locator("td").all()] for row in rows) if cells
    }


def until(tab, test, arg=None):
    """Wait in the page itself: the page's policy forbids the eval of playwright's wait_for_function."""
    tab.evaluate(
        f"""async arg => {{ const test = {test};
        for (let i = 0; i < 200; i++) {{ if (test(arg)) return; await new Promise(r => setTimeout(r, 25)); }}
        throw new Error('waited in vain'); }}""",
        arg,
    )


def settle(tab):
    tab.evaluate(
        "() => new Promise(done => { const wait = () => Maps.app.layer.isLoading() ? setTimeout(wait, 30)"
        " : setTimeout(done, 200); setTimeout(wait, 300); })"
    )


@pytest.mark.browser
def test_click_a_parcel_and_read_its_card(visit):
    frame = make_frame()
    tab = visit(make_page(frame))
    tab.mouse.click(*place(tab, frame, 33))
    tab.wait_for_selector("#card:not([hidden])")
    assert tab.locator("#card h3").inner_text() == frame.name[33]
    lines = [[cell.inner_text() for cell in row.locator("td").all()] for row in tab.locator("#card tr").all()]
    assert lines[0] == ["宗地代码", frame.code[33]]
    assert lines[1] == ["税收", f"{frame.tax[33]:,.1f} 万元"]
    tab.mouse.click(*place(tab, frame, 6))
    until(tab, "name => document.querySelector('#card h3')?.textContent === name", arg=frame.name[6])
    assert tab.locator("#card tr").nth(1).inner_text().split("\t")[1] == "—"
    tab.locator("#card button").click()
    assert tab.locator("#card").is_hidden()


@pytest.mark.browser
def test_hostile_text_is_text_in_every_sink(visit):
    frame = make_frame()
    frame["grade"] = frame.grade.replace({"D": HOSTILE[5]})
    themes = [
        Theme("税" + HOSTILE[0], "number", column="tax", unit=HOSTILE[1], breaks=[5], labels=HOSTILE[3:5]),
        Theme(HOSTILE[2], "class", column="grade", classes=["A", "B", "C", HOSTILE[5]], no_data=HOSTILE[4]),
    ]
    tab = visit(make_page(frame, themes=themes))
    panel = tab.locator("#panel").inner_text()
    for text in (HOSTILE[0], HOSTILE[1], HOSTILE[2], HOSTILE[3], HOSTILE[4]):
        assert text in panel
    assert tab.title() == "一张图" + HOSTILE[1]
    assert HOSTILE[0] in tab.locator(".zone-label").all_text_contents()
    for row, text in enumerate(HOSTILE, start=40):
        tab.mouse.move(*place(tab, frame, row))
        until(
            tab,
            "t => document.querySelector('.leaflet-tooltip b')?.textContent === t",
            arg=text,
        )
        tab.mouse.click(*place(tab, frame, row))
        until(tab, "t => document.querySelector('#card h3')?.textContent === t", arg=text)
    card = tab.locator("#card").text_content()
    assert HOSTILE[1] in card
    assert HOSTILE[2] in card
    tab.locator("#search").fill("alert(1)")
    tab.wait_for_selector("#results tr")
    assert HOSTILE[4] in tab.locator("#results").inner_text()
    tab.locator(".themes label").nth(1).click()
    until(tab, "() => document.querySelectorAll('table.legend tr').length === 7")
    assert HOSTILE[4] in tab.locator("table.legend").inner_text()
    assert tab.locator("#app img, #app script, #panel b, title img").count() == 0


@pytest.mark.browser
def test_search_by_code_name_and_owner_and_rows_without_a_shape(visit):
    frame = make_frame()
    tab = visit(make_page(frame))
    for text, count in (
        ("gb00033", 1),
        ("业主3", int((frame.owner == "业主3").sum())),
        ("机械", 54),
        ("没有的", 0),
    ):
        tab.locator("#search").fill(text)
        said = f"共 {count} 条" if count else "没有找到"
        until(tab, "t => document.querySelector('#results').previousSibling.textContent.startsWith(t)", arg=said)
        assert tab.locator("#results tr").count() == min(count, 50)
    tab.locator("#search").fill("GB00058")
    tab.locator("#results tr").click()
    assert tab.locator("#card h3").inner_text() == frame.name[58]
    assert "无图形" in tab.locator("#card").inner_text()
    tab.locator("#search").fill("GB00011")
    until(tab, "() => document.querySelector('#results').textContent.includes('GB00011')")
    tab.locator("#results tr").click()
    until(tab, "t => document.querySelector('#card h3')?.textContent === t", arg=frame.name[11])
    assert tab.locator(".leaflet-overlay-pane path").count() == 1


@pytest.mark.browser
def test_theme_switch_and_legend_equal_the_tables(visit):
    frame = make_frame()
    tab = visit(make_page(frame))
    shown = legend(tab)
    per_mu = frame.tax / frame.mu
    assert shown["3 – 6"] == [
        str(int(((per_mu >= 3) & (per_mu < 6)).sum())),
        f"{15 * ((per_mu >= 3) & (per_mu < 6)).sum():,.1f}",
    ]
    assert shown["0"][0] == "5"
    assert shown["无数据"] == ["4", "60.0"]
    assert shown["合计"] == ["60", "900.0"]
    tab.locator(".themes label").nth(1).click()
    until(tab, "() => document.querySelector('table.legend').textContent.includes('等级')")
    counts = frame.grade.value_counts()
    for grade in "ABCD":
        assert legend(tab)[grade][0] == str(counts[grade])
    assert legend(tab)["无数据"][0] == str(frame.grade.isna().sum())


@pytest.mark.browser
def test_colours_on_the_map_are_those_of_the_classes(visit):
    frame = make_frame()
    colours = ["#aa0000", "#00aa00", "#0000aa", "#aaaa00", "#00aaaa"]  # 0, < 1, 1 – 3, 3 – 6, ≥ 6
    tab = visit(make_page(frame, themes=[replace(TAX, colours=colours)], overlays=[], table=None))
    at = {row: pixel(tab, *place(tab, frame, row)) for row in (1, 19, 20, 57)}
    assert at == {
        1: (0xAA, 0, 0, 255),
        19: (0, 0, 0xAA, 255),
        20: (0xAA, 0xAA, 0, 255),  # exactly on the limit 3
        57: (0, 0xAA, 0xAA, 255),
    }
    unknown = pixel(tab, *place(tab, frame, 6))
    assert unknown[0] == unknown[1] == unknown[2]  # grey, hatched
    tab.locator("table.legend tr.go").first.click()
    settle(tab)
    assert pixel(tab, *place(tab, frame, 57))[3] == 0
    assert pixel(tab, *place(tab, frame, 20)) == at[20]


@pytest.mark.browser
def test_far_away_a_pixel_shows_the_ratio_of_sums(visit):
    # Mean of ratios (10 + 0) / 2 = 5; ratio of sums 20 / 200 = 0.1; the unknown one is in neither sum.
    frame = gpd.GeoDataFrame(
        {
            "name": ["a", "b", "c", "d"],
            "tax": [20.0, 0.0, np.nan, 1e6],
            "mu": [2.0, 198.0, 5000.0, np.nan],
            "per_mu": [10.0, 0.0, np.nan, 7.0],
        },
        geometry=[square(0, 0, 30), square(0.3, 0, 30), square(0, 0.3, 30), square(0.3, 0.3, 30)],
        crs=4548,
    )
    limits = [1.0, 3.0, 6.0, 12.0]
    theme = Theme("t", "ratio", column="per_mu", numerator="tax", denominator="mu", breaks=limits)
    tab = visit(make_page(frame, themes=[theme], overlays=[], table=None, card=[], search=[]))
    tab.evaluate("Maps.app.map.setZoom(6, {animate: false})")
    settle(tab)
    script = """() => {
        const seen = [];
        for (const canvas of Maps.app.layer.getContainer().querySelectorAll('canvas')) {
            const d = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
            for (let i = 0; i < d.length; i += 4) if (d[i + 3]) seen.push([...d.slice(i, i + 4)]);
        }
        return seen; }"""
    assert tab.evaluate(script) == [[255, 255, 204, 255]]


@pytest.mark.browser
def test_holes_stay_open_and_overlaps_stay_filled(visit):
    ring = square(0, 0, 600).difference(square(2, 2, 100))
    frame = gpd.GeoDataFrame(
        {"name": ["ring", "over", "back"], "v": [1.0, 1.0, 1.0]},
        geometry=[ring, square(4, 0, 300), shapely.Polygon(list(square(6, 0, 300).exterior.coords)[::-1])],
        crs=4548,
    )
    tab = visit(
        make_page(
            frame,
            themes=[Theme("t", "number", column="v", breaks=[5], colours=["#112233", "#ffffff"])],
            overlays=[],
            table=None,
            card=[],
            search=[],
            area=None,
        )
    )
    tab.evaluate("Maps.app.map.setZoom(Math.floor(Maps.app.map.getZoom()), {animate: false})")
    settle(tab)
    points = {"hole": (500290, 4006290), "overlap": (500550, 4006150), "reversed": (500960, 4006150)}
    where = gpd.GeoDataFrame(geometry=[shapely.Point(p) for p in points.values()], crs=4548)
    hole, overlap, turned = (pixel(tab, *place(tab, where, i)) for i in range(3))
    assert hole[3] == 0
    assert overlap == turned == (0x11, 0x22, 0x33, 255)
    tab.mouse.click(*place(tab, where, 0))
    assert tab.locator("#card").is_hidden()


@pytest.mark.browser
def test_ranking_goes_to_the_zone_and_sorts_with_missing_last(visit):
    frame = make_frame()
    tab = visit(make_page(frame))
    rows = tab.locator("#ranking tr")
    assert rows.nth(1).locator("td").all_inner_texts() == ["东区", "2.50", "30"]
    before = tab.evaluate("Maps.app.map.getCenter().lng")
    rows.nth(2).click()
    until(tab, "lng => Maps.app.map.getCenter().lng > lng", arg=before)
    assert "marked" in rows.nth(2).get_attribute("class")
    tab.locator("#ranking th").nth(1).click()
    assert [c.inner_text() for c in tab.locator("#ranking td:nth-child(2)").all()] == ["10.13", "2.50", "—"]
    tab.locator("#ranking th").nth(1).click()
    assert [c.inner_text() for c in tab.locator("#ranking td:nth-child(2)").all()] == ["2.50", "10.13", "—"]
    tab.locator(".layers input").uncheck()
    assert tab.locator(".zone-label").count() == 0


@pytest.mark.browser
def test_phone_width_has_no_sideways_scroll(visit):
    frame = make_frame()
    tab = visit(make_page(frame), size=(390, 780))
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    tab.mouse.click(*place(tab, frame, 33))
    tab.wait_for_selector("#card:not([hidden])")
    assert tab.locator("#card").bounding_box()["width"] <= 390


@pytest.mark.browser
def test_english_page(visit):
    tab = visit(make_page(lang="en", title="Tax per mu", notes=[], overlays=[], table=None))
    panel = tab.locator("#panel").inner_text()
    assert "Legend" in panel
    assert "No data" in panel
    assert "2 rows have no polygon" in panel
    assert tab.evaluate("document.documentElement.lang") == "en"


@pytest.mark.browser
@pytest.mark.parametrize("rows", [0, 3])
def test_nothing_to_draw_still_gives_a_page(visit, rows):
    frame = make_frame().iloc[:rows].copy()
    frame["geometry"] = gpd.GeoSeries([None] * rows, index=frame.index, crs=4548)
    tab = visit(make_page(frame.set_geometry("geometry"), overlays=[], table=None))
    assert legend(tab)["合计"][0] == str(rows)
    tab.locator("#search").fill("示例")
    until(tab, "() => document.querySelector('#results').previousSibling.textContent !== ''")
    assert tab.locator("#results tr").count() == rows


@pytest.mark.browser
def test_an_old_browser_is_told_so(visit):
    tab = visit(make_page(), before="delete window.DecompressionStream")
    assert tab.locator("#too-old").is_visible()
    assert "Chrome" in tab.locator("#too-old").inner_text()


@pytest.mark.browser
def test_notebook_frame(visit):
    frame_html = make_page()._repr_html_()
    tab = visit(None, html=f"<!DOCTYPE html><meta charset=utf-8>{frame_html}")
    inner = tab.frame_locator("iframe")
    inner.locator("body[data-ready]").wait_for(timeout=20000)
    assert HOSTILE[1] in inner.locator("h1").inner_text()


@pytest.mark.browser
def test_the_waterfall_shows_its_figures_and_hostile_names_as_text(visit):
    kinds = ["total", "hard", "soft", "left"]
    charts = [
        Waterfall("东区", ["总面积", HOSTILE[4], "水面", "剩余"], [1000.0, 400.25, np.nan, 599.75], kinds, "亩"),
        Waterfall(HOSTILE[0], ["总面积", "已供", "水面", "剩余"], [10.0, 4.0, 1.0, 5.0], kinds, "亩"),
    ]
    tab = visit(make_page(charts=charts))
    texts = tab.locator("svg.waterfall text").all_text_contents()
    assert [t for t in texts if not t.startswith(("总", "<", "水", "剩"))] == ["1,000.0", "−400.3", "未提供", "599.8"]
    assert HOSTILE[4] in tab.locator("svg.waterfall text title").all_text_contents()
    bars = [float(b.get_attribute("width")) for b in tab.locator("svg.waterfall rect").all()]
    assert len(bars) == 3
    assert bars[1] / bars[0] == pytest.approx(0.40025, abs=1e-6)
    tab.select_option("select", "1")
    assert "5.0" in tab.locator("svg.waterfall text").all_text_contents()
    assert tab.locator("select option").all_text_contents() == ["东区", HOSTILE[0]]

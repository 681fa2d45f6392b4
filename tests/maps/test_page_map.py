"""The map side of the page: two maps, measures, paper, base maps, pictures and steps, in a real browser."""

import re
import subprocess

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import rasterio
import shapely
from affine import Affine

from maps import ImageBase, ImageLayer, MapError, Steps, TianDiTu, TileBase
from tests.maps.test_interactive import GRADE, HOSTILE, TAX, make_frame, make_page, page_data, place, settle, until

GEOD = pyproj.Geod(ellps="GRS80")
RED = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108020000009077"
    "53de0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)
BOUNDS = (116.99, 36.17, 117.02, 36.19)


def policy(page):
    return re.search(r'Content-Security-Policy" content="([^"]*)"', page.html)[1]


def ring(lon, lat, size, n=7):
    """An uneven outline of about `size` metres, in degrees."""
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
    x, y, _ = GEOD.fwd(np.full(n, lon), np.full(n, lat), np.degrees(angle), size * (0.5 + 0.2 * np.cos(3 * angle)))
    return np.column_stack([x, y]).tolist()


# Geodesy


@pytest.mark.browser
def test_lengths_and_areas_are_those_of_pyproj(visit):
    tab = visit(make_page())
    for lon, lat in ((117.1, 36.2), (87.6, 43.8), (109.5, 18.2), (124.0, 52.9)):
        for size in (100.0, 1000.0, 10000.0):
            shape = ring(lon, lat, size)
            area = tab.evaluate("ring => Maps.geodesy.area(ring)", shape)
            expected = abs(GEOD.polygon_area_perimeter(*zip(*shape, strict=True))[0])
            assert area == pytest.approx(expected, rel=1e-5)
            length = tab.evaluate("([a, b]) => Maps.geodesy.length(a, b)", shape[:2])
            assert length == pytest.approx(GEOD.inv(*shape[0], *shape[1])[2], abs=1e-4)
    assert tab.evaluate("Maps.geodesy.length([117, 36], [117, 36])") == 0


@pytest.mark.browser
def test_the_shift_of_gcj02_is_the_published_one(visit):
    tab = visit(make_page())
    samples = {
        (116.404, 39.915): (116.41024449916938, 39.91640428150164),
        (121.5272106, 31.1774276): (121.531541859215, 31.17530398364597),
        (139.7, 35.7): (139.7, 35.7),
    }
    for before, after in samples.items():
        assert tab.evaluate("p => Maps.geodesy.toGcj(p)", list(before)) == pytest.approx(after, abs=1e-9)


# Measuring


@pytest.mark.browser
def test_measure_an_area_and_a_length_by_clicks(visit):
    frame = make_frame()
    tab = visit(make_page(frame))
    corners = [place(tab, frame, row) for row in (0, 9, 39, 30)]
    tab.locator(".tools .area").click()
    for corner in corners[:3]:
        tab.mouse.click(*corner)
    tab.mouse.dblclick(*corners[3])
    middles = frame.geometry.iloc[[0, 9, 39, 30]].centroid
    expected = shapely.Polygon([(p.x, p.y) for p in middles]).area
    assert tab.evaluate("Maps.app.measure.points.length") == 4
    # A click falls on a whole pixel, here about two metres wide.
    assert tab.evaluate("Maps.app.measure.value") == pytest.approx(expected, rel=0.01)
    said = tab.locator("#measure").inner_text()
    assert "亩" in said
    assert "非测绘成果" in said
    mu = float(re.search(r"([\d,.]+) 亩", said)[1].replace(",", ""))
    assert mu == pytest.approx(tab.evaluate("Maps.app.measure.value") * 0.0015, abs=0.01)
    assert tab.locator("#card").is_hidden()
    tab.keyboard.press("Escape")
    assert tab.locator("#measure").is_hidden()
    tab.locator(".tools .length").click()
    tab.mouse.click(*corners[0])
    tab.mouse.click(*corners[1])
    tab.keyboard.press("Enter")
    tab.mouse.move(*corners[2])
    assert tab.evaluate("Maps.app.measure.value") == pytest.approx(1080, rel=0.01)
    assert " m" in tab.locator("#measure .figure").inner_text() or " km" in tab.locator("#measure .figure").inner_text()
    tab.locator("#measure .clear").click()
    tab.mouse.click(*corners[0])
    tab.wait_for_selector("#card:not([hidden])")


@pytest.mark.browser
def test_an_outline_that_crosses_itself_has_no_area(visit):
    frame = make_frame()
    tab = visit(make_page(frame))
    tab.locator(".tools .area").click()
    for row in (0, 39, 9, 30):
        tab.mouse.click(*place(tab, frame, row))
    tab.locator("#measure .end").click()
    assert tab.evaluate("Maps.app.measure.value") is None
    assert "相交" in tab.locator("#measure .figure").inner_text()


# Two maps


def state(tab, number):
    return tab.evaluate(
        "n => { const m = Maps.app.maps[n]; return [m.getCenter().lat, m.getCenter().lng, m.getZoom()]; }", number
    )


@pytest.mark.browser
@pytest.mark.parametrize("size", [(1200, 800), (390, 780)])
def test_two_maps_move_together_and_go_back_to_one(visit, size):
    frame = make_frame()
    tab = visit(make_page(frame), size=size)
    tab.locator(".tools .beside").click()
    until(tab, "() => document.querySelector('#map2 .map-legend')?.textContent.includes('等级')")
    settle(tab)
    one, two = (tab.locator(name).bounding_box() for name in ("#map", "#map2"))
    if size[0] > 720:
        assert two["x"] == pytest.approx(one["x"] + one["width"], abs=3)
    else:
        assert two["y"] == pytest.approx(one["y"] + one["height"], abs=3)
        assert tab.evaluate("document.documentElement.scrollWidth") <= size[0]
    for n in (0, 1):
        tab.evaluate("n => Maps.app.maps[n].setView([36.183, 117.004], 15.5 + n, {animate: false})", n)
        assert state(tab, 0) == pytest.approx(state(tab, 1), abs=1e-4)
    assert state(tab, 0)[2] == 16.5
    tab.locator("#map2 .map-legend select").select_option("2")
    until(tab, "() => document.querySelector('#map2 .map-legend').textContent.includes('闲置')")
    assert tab.locator(".themes label.on").inner_text() == TAX.title
    tab.locator(".tools .beside").click()
    assert tab.locator("#map2").count() == 0
    assert tab.evaluate("Maps.app.maps.length") == 1
    assert tab.locator("#map").bounding_box()["width"] > one["width"] or size[0] <= 720


@pytest.mark.browser
def test_tips_on_both_maps_and_hidden_classes_of_one_theme(visit):
    frame = make_frame()
    tab = visit(make_page(frame))
    tab.locator(".tools .beside").click()
    until(tab, "() => document.querySelector('#map2 .map-legend')?.textContent.includes('等级')")
    tab.evaluate("Maps.app.fit()")
    settle(tab)
    tab.mouse.move(*place(tab, frame, 33))
    until(tab, "() => document.querySelectorAll('.leaflet-tooltip').length === 2")
    first, second = tab.locator("#map .leaflet-tooltip"), tab.locator("#map2 .leaflet-tooltip")
    assert frame.name[33] in first.inner_text()
    assert TAX.title in first.inner_text()
    assert frame.name[33] in second.inner_text()
    assert GRADE.title in second.inner_text()
    tab.locator("#map2 .map-legend .class", has_text="B").first.click()  # row 33 is of grade B
    assert tab.evaluate("Maps.app.maps.length") == 2
    tab.mouse.move(*place(tab, frame, 32))
    tab.mouse.move(*place(tab, frame, 33))
    until(tab, "() => document.querySelectorAll('.leaflet-tooltip').length === 1")
    assert TAX.title in tab.locator(".leaflet-tooltip").inner_text()
    tab.mouse.click(*place(tab, frame, 33))
    until(tab, "() => document.querySelectorAll('#map2 .leaflet-overlay-pane path').length === 1")


# Paper


@pytest.mark.browser
@pytest.mark.parametrize(("paper", "width"), [("a4", 842), ("a3", 1191)])
def test_the_printed_page(visit, tmp_path, paper, width):
    tab = visit(make_page(), before="window.print = () => { window.PRINTED = true; }")
    tab.wait_for_selector("body[data-ready]")
    tab.locator(f".tools .{paper}").click()
    until(tab, "() => window.PRINTED")
    for name in ("#panel", "#card", ".leaflet-bar"):
        assert tab.locator(name).first.is_hidden()
    text = print_text(tab, tmp_path / "map.pdf")
    assert float(text["size"].split()[0]) == pytest.approx(width, abs=1)
    assert text["pages"] == "1"
    assert "一张图" in text["text"]
    assert "无数据" in text["text"]
    assert "屏幕地图打印" in text["text"]
    until(tab, "() => !document.body.classList.contains('sheet')")
    assert tab.locator("#panel").is_visible()


@pytest.mark.browser
def test_the_print_command_of_the_browser_prints_the_map_as_it_is(visit, tmp_path):
    tab = visit(make_page())
    text = print_text(tab, tmp_path / "map.pdf")
    assert text["pages"] == "1"
    assert "无数据" in text["text"]
    assert "输入名称、代码或企业" not in text["text"]
    assert "点击一行可隐藏" not in text["text"]


def print_text(tab, path):
    path.write_bytes(tab.pdf(prefer_css_page_size=True, print_background=True))
    info = subprocess.run(["pdfinfo", path], capture_output=True, text=True, check=True).stdout
    text = subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True, check=True).stdout
    return {
        "pages": re.search(r"Pages:\s+(\d+)", info)[1],
        "size": re.search(r"Page size:\s+(.*)", info)[1],
        "text": text,
    }


# Base maps and pictures


def test_hosts_are_allowed_only_when_asked_for():
    assert "img-src data: blob:;" in policy(make_page())
    asked = policy(make_page(bases=[TianDiTu(), TileBase("http://10.1.2.3:8080/{z}/{x}/{y}.png", "内网")]))
    sources = re.search(r"img-src ([^;]*);", asked)[1].split()
    assert sources == ["data:", "blob:", *(f"https://t{n}.tianditu.gov.cn" for n in range(8)), "http://10.1.2.3:8080"]
    assert "connect-src" not in asked


def test_the_token_is_written_only_when_it_is_to_be(monkeypatch):
    monkeypatch.setenv("TK", "abc123secret")
    assert "abc123secret" not in make_page(bases=[TianDiTu("TK")]).html
    page = make_page(bases=[TianDiTu("TK", layers="img", embed_token=True)])
    head = page_data(page)["bases"][0]
    assert head["token"] == "abc123secret"
    assert "内含天地图密钥" in head["note"]
    assert [re.search("LAYER=(...)", url)[1] for url in head["urls"]] == ["img", "cia"]
    monkeypatch.delenv("TK")
    with pytest.raises(MapError, match="TK"):
        make_page(bases=[TianDiTu("TK", embed_token=True)])


@pytest.mark.parametrize("host", ["webrd01.is.autonavi.com", "tile.AMAP.com", "gaode.example"])
def test_an_address_in_gcj02_is_refused_unless_declared(host):
    url = f"https://{host}/?x={{x}}&y={{y}}&z={{z}}"
    with pytest.raises(MapError) as caught:
        TileBase(url, "高德")
    assert caught.value.code in ("map-base-gcj02", "map-base-url")
    if host.islower():
        assert caught.value.code == "map-base-gcj02"
        assert TileBase(url, "高德", datum="gcj02").datum == "gcj02"


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/{z}/{x}.png",
        "ftp://a.example/{z}/{x}/{y}",
        "https://a.example; script-src */{z}/{x}/{y}",
        "https://*/{z}/{x}/{y}",
        "https://{s}.a.example/{z}/{x}/{y}",
        'https://a.example"/{z}/{x}/{y}',
    ],
)
def test_an_address_that_is_no_template_is_refused(url):
    with pytest.raises(MapError) as caught:
        TileBase(url, "x")
    assert caught.value.code == "map-base-url"


@pytest.mark.browser
def test_shifted_tiles_lie_under_the_data(visit):
    """The corner of a tile stands in GCJ-02; taken back to CGCS2000 it must be where it is on the map."""
    base = TileBase("https://a.example/{z}/{x}/{y}.png", "示例", datum="gcj02")
    tab = visit(make_page(bases=[base]))
    script = """() => { const app = Maps.app, map = app.map;
        map.setView([36.19, 117.08], 16, {animate: false});
        const layer = new (Maps.ShiftedTiles.extend({createTile: () => document.createElement('div')}))('').addTo(map);
        const measure = () => Object.values(layer._tiles).map(tile => {
            const at = L.DomUtil.getPosition(tile.el).add(layer._levels[tile.coords.z].origin);
            const shown = map.unproject(at, tile.coords.z), moved = Maps.geodesy.toGcj([shown.lng, shown.lat]);
            const meant = map.unproject(tile.coords.scaleBy(layer.getTileSize()), tile.coords.z);
            return Maps.geodesy.length(moved, [meant.lng, meant.lat]); });
        const first = measure();
        map.setView([36.25, 117.2], 16, {animate: false});
        const result = [first, measure()];
        layer.remove();
        return result; }"""
    for errors in tab.evaluate(script):
        assert len(errors) > 4
        assert min(errors) < 2
        assert max(errors) < 6


@pytest.mark.browser
def test_without_a_token_nothing_is_requested_and_the_page_asks(visit):
    tab = visit(make_page(bases=[TianDiTu()]))
    tab.locator(".bases label").nth(1).click()
    assert tab.locator(".token").is_visible()
    assert tab.locator(".leaflet-tile-pane img").count() == 0
    tab.locator(".bases label").nth(0).click()
    assert tab.locator(".token").is_hidden()


@pytest.mark.browser
def test_local_imagery_lies_where_it_belongs(visit, tmp_path):
    """An image in Gauss-Krueger with a red square over parcel 33; the picture must be red there and blue beside it."""
    frame = make_frame()
    pixels = np.zeros((3, 800, 1300), "uint8")
    pixels[2] = 255
    west, north = 499950, 4006800
    x0, y0, x1, y1 = frame.geometry[33].bounds
    inside = np.s_[:, int(north - y1) : int(north - y0), int(x0 - west) : int(x1 - west)]
    pixels[inside] = np.array([255, 0, 0], "uint8")[:, None, None]
    path = tmp_path / "影像.tif"
    profile = {"driver": "GTiff", "count": 3, "dtype": "uint8", "width": 1300, "height": 800}
    with rasterio.open(
        path, "w", crs="EPSG:4548", transform=Affine(1.0, 0.0, west, 0.0, -1.0, north), **profile
    ) as file:
        file.write(pixels)
    tab = visit(make_page(frame, bases=[ImageBase(path)]))
    tab.locator(".bases label").nth(1).click()
    tab.wait_for_selector(".leaflet-tile-pane img.leaflet-image-layer")
    script = """async ([x, y]) => { const img = document.querySelector('img.leaflet-image-layer'); await img.decode();
        const c = document.createElement('canvas'); c.width = img.naturalWidth; c.height = img.naturalHeight;
        const pen = c.getContext('2d'); pen.drawImage(img, 0, 0); const b = img.getBoundingClientRect();
        const at = [(x - b.left) / b.width * c.width, (y - b.top) / b.height * c.height].map(Math.floor);
        return [...pen.getImageData(...at, 1, 1).data]; }"""
    red = tab.evaluate(script, list(place(tab, frame, 33)))
    blue = tab.evaluate(script, list(place(tab, frame, 34)))
    assert red[0] > 230
    assert red[2] < 40
    assert blue[2] > 230
    assert blue[0] < 40


def test_an_image_without_a_crs_is_refused(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(RED)
    with pytest.warns(rasterio.errors.NotGeoreferencedWarning), pytest.raises(MapError) as caught:
        make_page(bases=[ImageBase(path)])
    assert caught.value.code == "map-image-file"
    with pytest.raises(MapError) as caught:
        make_page(bases=[ImageBase(tmp_path / "none.tif")])
    assert caught.value.code == "map-image-file"


@pytest.mark.browser
def test_a_picture_over_the_map_with_its_legend(visit):
    layer = ImageLayer(RED, BOUNDS, "热力面" + HOSTILE[0], [("#ff0000", HOSTILE[4])], 0.5)
    tab = visit(make_page(images=[layer]))
    assert tab.locator("img.leaflet-image-layer").count() == 0
    tab.locator(".image input").check()
    tab.wait_for_selector("img.leaflet-image-layer")
    assert HOSTILE[4] in tab.locator(".image").inner_text()
    corner = tab.evaluate(
        """([w, s, e, n]) => { const m = Maps.app.map, b = m.getContainer().getBoundingClientRect();
        const i = document.querySelector('img.leaflet-image-layer').getBoundingClientRect();
        const p = m.latLngToContainerPoint([n, w]), q = m.latLngToContainerPoint([s, e]);
        return [i.left - b.left - p.x, i.top - b.top - p.y, i.right - b.left - q.x, i.bottom - b.top - q.y]; }""",
        list(BOUNDS),
    )
    assert np.abs(corner).max() <= 1
    assert float(tab.locator("img.leaflet-image-layer").evaluate("e => e.style.opacity")) == 0.5


@pytest.mark.parametrize("change", [{"png": b"GIF"}, {"bounds": (117, 37, 118, 36)}, {"opacity": 0.0}])
def test_an_impossible_picture_is_refused(change):
    with pytest.raises(MapError) as caught:
        ImageLayer(**({"png": RED, "bounds": BOUNDS, "title": "x"} | change))
    assert caught.value.code == "map-image"


# Steps


def make_steps():
    east, west = shapely.box(500000, 4006000, 500500, 4006500), shapely.box(500700, 4006000, 501200, 4006500)
    half = shapely.box(500000, 4006000, 500250, 4006500)
    return gpd.GeoDataFrame(
        {
            "step": ["总面积", "总面积", "扣已供", "扣已供", HOSTILE[0], HOSTILE[0]],
            "zone_id": ["E", "W"] * 3,
            "mu": [375.0, 375.0, 187.5, 300.0, 187.5, np.nan],
        },
        geometry=[east, west, half, west, half, None],
        crs=4548,
    )


def test_sums_of_steps_leave_no_missing_value_out():
    data = page_data(make_page(steps=Steps(make_steps(), "扣减", "step", "mu", key="zone_id")))["steps"]
    assert [step["all"] for step in data["list"]] == [750.0, 487.5, None]
    assert data["list"][2]["zones"] == [["E", 187.5], ["W", None]]
    with pytest.raises(MapError) as caught:
        make_page(steps=Steps(make_steps(), "扣减", "step", "mu", order=["总面积"]))
    assert caught.value.code == "map-steps"


@pytest.mark.browser
def test_walking_through_the_steps(visit):
    frame = make_frame()
    frame["zone_id"] = np.where(np.arange(len(frame)) % 10 < 5, "E", "W")
    steps = Steps(make_steps(), "扣减" + HOSTILE[4], "step", "mu", key="zone_id")
    tab = visit(make_page(frame, steps=steps, group="zone_id"))
    panel = tab.locator("#steps")
    assert "750.00 亩" in panel.inner_text()
    panel.locator(".next").click()
    until(tab, "() => Maps.app.stepLayer && Maps.app.map.hasLayer(Maps.app.stepLayer)")
    assert "487.50 亩" in panel.inner_text()
    assert "262.50 亩" in panel.inner_text()
    tab.evaluate("Maps.app.fire('group', 0)")
    assert "187.50 亩" in panel.inner_text()
    panel.locator(".next").click()
    assert HOSTILE[0] in panel.inner_text()
    tab.evaluate("Maps.app.fire('group', null)")
    assert "未提供" in panel.inner_text()
    assert panel.locator(".next").is_disabled()
    panel.locator("input[type=checkbox]").uncheck()
    until(tab, "() => Maps.app.stepLayer === null")

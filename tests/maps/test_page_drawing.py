"""What the tiles of the page show, pixel by pixel, in a real browser.

Frames lie in EPSG:3857, in which a pixel of zoom level z is a square of known size, so that each test can say which
pixel a polygon must colour. Expected classes are worked out by hand.
"""

import json
import re

import geopandas as gpd
import numpy as np
import pytest
import shapely

from maps import Theme, interactive

HALF = 20037508.342789244
TAX = Theme("亩均税收", "ratio", numerator="tax", denominator="mu", breaks=[1.0, 3.0, 6.0], zero_class=True)
KIND = Theme("类别", "class", column="kind", classes=list("ABC"))
X, Y = 210, 98  # a pixel of zoom level 8 within its tile
TILE_X, TILE_Y = 211, 99

pytestmark = pytest.mark.browser


def metres(zoom):
    return 2 * HALF / 2 ** (zoom + 8)


def corner(px, py, zoom):
    """Place of the upper left corner of a pixel, counted over the whole world."""
    return px * metres(zoom) - HALF, HALF - py * metres(zoom)


def block(px, py, width, height, zoom):
    """A rectangle given in pixels of one zoom level."""
    west, north = corner(px, py, zoom)
    return shapely.box(west, north - height * metres(zoom), west + width * metres(zoom), north)


def frame(geometry, **columns):
    n = len(geometry)
    given = {"name": [f"宗地{i}" for i in range(n)], "tax": 1.0, "mu": 1.0, "kind": "A"}
    return gpd.GeoDataFrame(given | columns, geometry=list(geometry), crs=3857)


def opened(visit, made, themes=(TAX, KIND), size=(900, 700)):
    page = interactive(made, themes=list(themes), label="name", area="mu", title="图")
    data = json.loads(re.search(r'id="page-data">(.*?)</script>', page.html, re.S)[1])
    tab = visit(page, size=size)
    tab.palette = [[row["colour"] for row in [*theme["legend"], theme["noData"]]] for theme in data["themes"]]
    return tab


def go(tab, px, py, zoom):
    script = """async ([px, py, z]) => { const map = Maps.app.map;
        map.setView(map.unproject([px, py], z), z, { animate: false });
        await Maps.drawn(); }"""
    tab.evaluate(script, [px, py, zoom])


def colours(tab, px, py, width, height, zoom, layer="Maps.app.layer"):
    """Colours of pixels by row, None where nothing is painted; those of mixed edges end with ``~``."""
    script = f"""([px, py, w, h, z]) => {{ const out = [];
        for (let y = py; y < py + h; y++) for (let x = px; x < px + w; x++) {{
            const tile = {layer}._tiles[`${{x >> 8}}:${{y >> 8}}:${{z}}`];
            out.push(Array.from(tile.el.getContext('2d').getImageData(x & 255, y & 255, 1, 1).data)); }}
        return out; }}"""
    seen = []
    for r, g, b, alpha in tab.evaluate(script, [px, py, width, height, zoom]):
        colour = f"#{r:02x}{g:02x}{b:02x}" + ("" if alpha == 255 else "~")
        seen.append(colour if alpha else None)
    return seen


def world(x, y):
    return TILE_X * 256 + x, TILE_Y * 256 + y


def in_pixel(*shares):
    """Polygons side by side within one pixel of level 8, each with an area in hundredths of it."""
    px, py = world(X, Y)
    out, at = [], 0.02
    for share in shares:
        width = share / 100 / 0.8
        out.append(block(px + at, py + 0.1, width, 0.8, 8))
        at += width + 0.01
    assert at < 1
    return out


def test_a_pixel_shows_the_ratio_of_sums_and_not_the_mean_of_ratios(visit):
    px, py = world(X, Y)
    tab = opened(visit, frame(in_pixel(20, 20, 20), tax=[0.0, 30.0, np.nan], mu=[90.0, 10.0, 500.0]))
    go(tab, px, py, 8)
    classes = tab.palette[0]  # zero, below 1, 1 to 3, 3 to 6, 6 and more, no data
    assert colours(tab, px, py, 1, 1, 8) == [classes[1]]  # 30 / 100, not (0 + 3) / 2; the unknown is in no sum
    around = colours(tab, px - 1, py - 1, 3, 3, 8)
    assert [c for i, c in enumerate(around) if i != 4] == [None] * 8


@pytest.mark.parametrize(
    ("tax", "mu", "expected"),
    [
        ([0.0, 0.0], [5.0, 5.0], 0),
        ([0.0, np.nan], [5.0, 5.0], 0),
        ([1.0, 1.0], [1.0, 1.0], 2),
        ([2.0, 4.0], [1.0, 1.0], 3),
        ([2.0, 10.0], [1.0, 1.0], 4),
        ([np.nan, np.nan], [1.0, 1.0], 5),
        ([1.0, 1.0], [0.0, np.nan], 5),
    ],
)
def test_sums_fall_into_left_closed_classes_and_zero_is_not_no_data(visit, tax, mu, expected):
    px, py = world(X, Y)
    tab = opened(visit, frame(in_pixel(30, 30), tax=tax, mu=mu))
    go(tab, px, py, 8)
    assert colours(tab, px, py, 1, 1, 8) == [tab.palette[0][expected]]


def test_of_classes_the_largest_area_wins_and_of_equal_ones_the_first_of_the_legend(visit):
    px, py = world(X, Y)
    west, north = corner(px, py, 8)
    side = metres(8)
    thin = shapely.Polygon(  # its bounds are the whole pixel, its area is a hundredth of it
        [(west, north), (west + side * 0.01, north), (west + side, north - side), (west + side * 0.99, north - side)]
    )
    cases = [
        (in_pixel(25, 15, 15), ["A", "B", "B"], 1),
        (in_pixel(20, 20), ["C", "B"], 1),
        (in_pixel(20, 20), [None, "C"], 2),
        (in_pixel(20, 30), ["A", None], 3),
        ([thin, *in_pixel(30)], ["B", "C"], 2),
    ]
    for shapes, kinds, expected in cases:
        tab = opened(visit, frame(shapes, kind=kinds), themes=[KIND])
        go(tab, px, py, 8)
        assert colours(tab, px, py, 1, 1, 8) == [tab.palette[0][expected]]


def test_a_mask_takes_rows_out_of_sums_of_pixels_and_of_hits(visit):
    px, py = world(X, Y)
    shapes = in_pixel(30, 30)
    tab = opened(visit, frame(shapes, tax=[0.0, 30.0], mu=[90.0, 10.0]))
    rows = tab.evaluate(
        "async () => { const c = await Maps.app.column(Maps.app.data.label); return [c.text(0), c.text(1)]; }"
    )
    poor = rows.index("宗地0")
    mask = """async (bytes) => { Maps.app.layer.setMask(bytes && Uint8Array.from(bytes)); await Maps.drawn(); }"""
    hit = "([px, py, z]) => Maps.app.layer.at(Maps.app.map.unproject([px, py], z))"
    inside = [px + 0.2, py + 0.5, 8]
    go(tab, px, py, 8)
    classes = tab.palette[0]
    assert colours(tab, px, py, 1, 1, 8) == [classes[1]]
    assert tab.evaluate(hit, inside) == poor
    tab.evaluate(mask, [int(row != poor) for row in (0, 1)])
    assert colours(tab, px, py, 1, 1, 8) == [classes[3]]
    assert tab.evaluate(hit, inside) == -1
    tab.evaluate(mask, [0, 0])
    assert colours(tab, px, py, 1, 1, 8) == [None]
    for zoom in (12, 16):  # drawn pixel by pixel, and as a path
        factor = 2 ** (zoom - 8)
        at = (int((px + 0.2) * factor), int((py + 0.5) * factor))
        tab.evaluate(mask, [0, 0])
        go(tab, *at, zoom)
        assert colours(tab, *at, 1, 1, zoom) == [None]
        tab.evaluate(mask, None)
        assert colours(tab, *at, 1, 1, zoom) == [classes[0]]


def test_layers_that_share_shapes_have_their_own_theme_and_mask(visit):
    px, py = world(X, Y)
    tab = opened(visit, frame(in_pixel(30, 30), tax=[0.0, 30.0], mu=[90.0, 10.0], kind=["B", "B"]))
    go(tab, px, py, 8)
    tab.evaluate("""async () => { const a = Maps.app;
        const other = window.other = new Maps.ThemeLayer(a.layer.shapes, a.data.zoom, { zIndex: 6 });
        other.setTheme(await a.loadTheme(1));
        other.setMask(new Uint8Array(2));
        other.addTo(a.map);
        await Maps.drawn(); }""")
    assert colours(tab, px, py, 1, 1, 8, "window.other") == [None]
    tab.evaluate("async () => { window.other.setMask(null); await Maps.drawn(); }")
    assert colours(tab, px, py, 1, 1, 8, "window.other") == [tab.palette[1][1]]
    assert colours(tab, px, py, 1, 1, 8) == [tab.palette[0][1]]


@pytest.mark.parametrize("side", [1.5, 4.3, 8.7])
def test_neighbours_leave_no_seam_between_them_nor_at_the_edge_of_a_tile(visit, side):
    px, py = world(240, 240)
    n = int(40 / side)
    shapes = [block(px + side * i, py + side * j, side, side, 8) for i in range(n) for j in range(n)]
    tab = opened(visit, frame(shapes), themes=[KIND])
    go(tab, px, py, 8)
    inner = int(n * side) - 1
    assert px + inner > (TILE_X + 1) * 256
    assert set(colours(tab, px, py, inner, inner, 8)) == {tab.palette[0][0]}


@pytest.mark.parametrize("zoom", [8, 12])
def test_holes_stay_open_and_overlaps_closed_at_any_size(visit, zoom):
    px, py = world(100, 100)
    ring = block(px, py, 6, 6, 8).difference(block(px + 2, py + 2, 2, 2, 8))
    crossed = shapely.MultiPolygon([block(px + 10, py, 4, 4, 8), block(px + 12, py, 4, 4, 8)])
    tab = opened(visit, frame([ring, crossed]), themes=[KIND])
    scale = 2 ** (zoom - 8)
    colour = tab.palette[0][0]

    def at(x, y):
        place = int((px + x) * scale), int((py + y) * scale)
        go(tab, *place, zoom)
        return colours(tab, *place, 1, 1, zoom)[0]

    assert [at(0.5, 0.5), at(3.2, 3.2), at(5.5, 3.2)] == [colour, None, colour]
    assert [at(10.5, 1.5), at(13.2, 1.5), at(15.5, 1.5), at(17.5, 1.5)] == [colour, colour, colour, None]
    hit = "([px, py, z]) => Maps.app.layer.at(Maps.app.map.unproject([px, py], z)) >= 0"
    hits = [tab.evaluate(hit, [px + x, py + y, 8]) for x, y in ((0.5, 0.5), (3.2, 3.2), (13.2, 1.5))]
    assert hits == [True, False, True]


def test_a_strip_thinner_than_a_pixel_is_not_lost(visit):
    px, py = world(100, 100)
    strip = block(px + 0.1, py + 0.55, 7, 0.1, 8)
    tab = opened(visit, frame([strip]), themes=[KIND])
    go(tab, px, py, 8)
    assert any(colours(tab, px, py, 7, 1, 8))


def test_an_outline_of_seventy_thousand_points_and_one_far_larger_than_a_tile(visit):
    px, py = world(128, 128)
    turn = np.linspace(0, 2 * np.pi, 70_000, endpoint=False)
    west, north = corner(px, py, 8)
    radius = 60 * metres(8)
    round_ = shapely.Polygon(np.stack([west + radius * np.cos(turn), north + radius * np.sin(turn)], axis=1))
    # A horseshoe that is open to the east: its gap is empty although its ends lie on both sides of it.
    shoe = block(px, py + 200, 400, 120, 8).difference(block(px + 100, py + 240, 400, 40, 8))
    tab = opened(visit, frame([round_, shoe]), themes=[KIND])
    colour = tab.palette[0][0]
    for zoom in (6, 8, 11, 15):
        scale = 2 ** (zoom - 8)
        for x, y, expected in ((0, 0, colour), (50, 0, colour), (70, 0, None), (50, 50, None), (36, 36, colour)):
            place = int((px + x) * scale), int((py + y) * scale)
            go(tab, *place, zoom)
            assert colours(tab, *place, 1, 1, zoom) == [expected]
        for x, y, expected in ((300, 260, None), (300, 220, colour), (300, 300, colour), (50, 260, colour)):
            place = int((px + x) * scale), int((py + y) * scale)
            go(tab, *place, zoom)
            assert colours(tab, *place, 1, 1, zoom) == [expected]


def test_clusters_at_both_ends_of_the_country_are_all_drawn(visit):
    places = [(210.2, 98.3), (152.7, 120.4), (185.5, 80.6)]
    shapes = [block(x * 256, y * 256, 0.05, 0.05, 8) for x, y in places]
    tab = opened(visit, frame([*shapes, None, shapely.Polygon()]), themes=[KIND])
    zoom = tab.evaluate("Maps.app.map.getZoom()")
    assert zoom < 7
    for x, y in places:
        go(tab, int(x * 16), int(y * 16), 4)
        assert any(colours(tab, int(x * 16) - 1, int(y * 16) - 1, 3, 3, 4))


def test_tiles_that_left_before_they_were_drawn_do_not_stop_the_others(visit):
    px, py = world(X, Y)
    tab = opened(visit, frame(in_pixel(30, 30)), themes=[KIND])
    tab.evaluate("""async () => { const map = Maps.app.map;
        for (let k = 0; k < 12; k++) { map.setZoom(6 + k % 5, { animate: false });
            if (k % 3) await new Promise(requestAnimationFrame); } }""")
    go(tab, px, py, 8)
    assert colours(tab, px, py, 1, 1, 8) == [tab.palette[0][0]]
    assert tab.evaluate("Object.values(Maps.app.layer._tiles).every((tile) => tile.loaded)")

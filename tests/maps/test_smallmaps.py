"""Small pictures for documents: their size, their bars, and that they are the same every time."""

import io

import geopandas as gpd
import numpy as np
import pytest
import shapely
from matplotlib.image import imread

import maps

THEME = maps.Theme("亩均", "number", "v", breaks=[2.0], colours=["#ff0000", "#0000ff"], unit="万元/亩")


def frame(values=(1.0, 3.0, None)):
    shapes = [shapely.box(5e5 + 200 * i, 4e6, 5e5 + 200 * i + 200, 4_000_300) for i in range(len(values))]
    return gpd.GeoDataFrame({"v": values, "zone": ["a", "a", "b"][: len(values)]}, geometry=shapes, crs=4548)


def pixels(data):
    return np.round(imread(io.BytesIO(data))[..., :3] * 255).astype(int)


def share(image, colour):
    return (np.abs(image - colour).sum(axis=2) < 6).mean()


def test_size_and_colours():
    data = maps.vignette(frame(), theme=THEME, title="图", width_mm=127.0, height_mm=50.8, dpi=100)
    image = pixels(data)
    assert image.shape[:2] == (200, 500)  # 127 mm are 5 inches, 50.8 mm are 2
    red, blue = share(image, (255, 0, 0)), share(image, (0, 0, 255))
    # both parcels are of one size; the legend has one sign of each
    assert red == pytest.approx(blue, rel=0.1)
    assert red > 0.02


def test_only_the_subject_is_coloured():
    image = pixels(maps.vignette(frame(), theme=THEME, title="图", subject=[True, False, False], dpi=100))
    both = pixels(maps.vignette(frame(), theme=THEME, title="图", dpi=100))
    assert share(image, (0, 0, 255)) < share(both, (0, 0, 255)) / 4


def test_the_same_input_gives_the_same_bytes():
    assert maps.vignette(frame(), theme=THEME, title="图") == maps.vignette(frame(), theme=THEME, title="图")


def test_nothing_to_see_is_an_error():
    with pytest.raises(maps.MapError):
        maps.vignette(frame(), theme=THEME, title="图", subject=[False, False, False])


def test_bars_have_the_length_of_their_steps():
    # 10, then 4 taken away, 6 left: the colours of the bars cover areas as 10 : 4 : 6
    steps = maps.Waterfall("区", ["总", "水面", "未给", "余"], [10.0, 4.0, float("nan"), 6.0],
                           ["total", "hard", "hard", "left"])  # fmt: skip
    image = pixels(maps.bars(steps, missing="不详", dpi=160))
    whole, taken, left = (share(image, c) for c in ((0x44, 0x54, 0x6A), (0xB5, 0x52, 0x3B), (0x2E, 0x8B, 0x57)))
    assert taken / whole == pytest.approx(0.4, abs=0.02)
    assert left / whole == pytest.approx(0.6, abs=0.02)
    assert maps.bars(steps, missing="不详") == maps.bars(steps, missing="不详")


def test_a_waterfall_of_nothing_is_a_picture():
    assert maps.bars(maps.Waterfall("区", [], [], []), missing="?")[1:4] == b"PNG"

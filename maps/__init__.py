"""Maps of any frame that has a value, a class and a label.

The package knows no rules and reads no files of the user: :func:`interactive` takes frames and gives one page
that opens by double-click without a network.
"""

from maps.atlas import atlas, bind
from maps.basemaps import ImageBase, TianDiTu, TileBase
from maps.charts import Waterfall
from maps.classes import PALETTES, bands, quantile_breaks
from maps.errors import MapError
from maps.folium_map import folium_map
from maps.ground import Ground, Layer, ground
from maps.heatmap import Heat, heat
from maps.images import ImageLayer
from maps.interactive import CardField, interactive, wording
from maps.natural import natural_breaks
from maps.overlays import Overlay
from maps.page import Page
from maps.printing import Imprint
from maps.sheet import Sheet, sheet
from maps.steps import Steps
from maps.themes import Band, Classified, LegendRow, Theme, classify, theme_bands

__all__ = [
    "PALETTES",
    "Band",
    "CardField",
    "Classified",
    "Ground",
    "Heat",
    "ImageBase",
    "ImageLayer",
    "Imprint",
    "Layer",
    "LegendRow",
    "MapError",
    "Overlay",
    "Page",
    "Sheet",
    "Steps",
    "Theme",
    "TianDiTu",
    "TileBase",
    "Waterfall",
    "atlas",
    "bands",
    "bind",
    "classify",
    "folium_map",
    "ground",
    "heat",
    "interactive",
    "natural_breaks",
    "quantile_breaks",
    "sheet",
    "theme_bands",
    "wording",
]

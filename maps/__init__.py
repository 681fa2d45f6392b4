"""Maps of any frame that has a value, a class and a label.

The package knows no rules and reads no files of the user: :func:`interactive` takes frames and gives one page
that opens by double-click without a network. Print sheets come with their drawing library when they are first asked
for, because it takes longer to load than all the rest.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from maps.basemaps import ImageBase, TianDiTu, TileBase
from maps.cards import CardField
from maps.charts import Waterfall
from maps.classes import PALETTES, bands, quantile_breaks
from maps.errors import MapError
from maps.folium_map import folium_map
from maps.heatmap import Heat, heat
from maps.images import ImageLayer
from maps.interactive import interactive, wording
from maps.natural import natural_breaks
from maps.overlays import Overlay
from maps.page import Page
from maps.printing import Imprint
from maps.steps import Steps
from maps.themes import Band, Classified, LegendRow, Theme, classify, theme_bands

if TYPE_CHECKING:
    from maps.bases import Ground, Layer, ground
    from maps.binding import atlas, bind
    from maps.paper import Sheet, sheet
    from maps.smallmaps import bars, vignette

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
    "bars",
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
    "vignette",
    "wording",
]

_LATER = {
    "Ground": "maps.bases", "Layer": "maps.bases", "ground": "maps.bases", "atlas": "maps.binding",
    "bind": "maps.binding", "Sheet": "maps.paper", "sheet": "maps.paper", "bars": "maps.smallmaps",
    "vignette": "maps.smallmaps",
}  # fmt: skip


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(_LATER[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

"""Maps of any frame that has a value, a class and a label.

The package knows no rules and reads no files of the user: :func:`interactive` takes frames and gives one page
that opens by double-click without a network.
"""

from maps.charts import Waterfall
from maps.classes import PALETTES, bands, quantile_breaks
from maps.errors import MapError
from maps.interactive import CardField, interactive
from maps.overlays import Overlay
from maps.page import Page
from maps.themes import Theme, classify

__all__ = [
    "PALETTES",
    "CardField",
    "MapError",
    "Overlay",
    "Page",
    "Theme",
    "Waterfall",
    "bands",
    "classify",
    "interactive",
    "quantile_breaks",
]

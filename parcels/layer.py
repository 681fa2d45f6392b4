"""What a reader hands on: the records of one layer as they stand in the file, before anything is interpreted."""

from __future__ import annotations

from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray


@dataclass
class RawLayer:
    """One layer as read: own column names, own values, no CRS decided yet.

    Attributes
    ----------
    frame
        Attributes under their own (decoded, unique) names plus ``geometry``; ``crs`` is None; RangeIndex.
        Text is text, numbers are numbers, date fields (type D of a .dbf, date types of other formats) are
        datetime64, days written as text stay text; missing is missing.
    rows
        Record numbers in the source, first record = 1, one per row of ``frame``.
    source
        Name to show to people, e.g. ``交付.zip/宗地.shp``.
    layer
        Layer name where the format has several.
    crs_text
        WKT of the .prj or of the format's own CRS entry; None when the file says nothing.
    crs_origin
        Where ``crs_text`` comes from: ``"prj"``, ``"format"`` (stored in the file), ``"default"`` (the format
        prescribes it, e.g. GeoJSON), ``"header"`` (界址点 TXT) or None.
    encoding
        Encoding that the text was decoded with, None where the format fixes it.
    notes
        Facts for ``inspect`` (LDID, .cpg, driver, declared fields …), plain values.
    """

    frame: gpd.GeoDataFrame
    rows: NDArray[np.int64]
    source: str
    layer: str | None = None
    crs_text: str | None = None
    crs_origin: str | None = None
    encoding: str | None = None
    notes: dict[str, object] = field(default_factory=dict)

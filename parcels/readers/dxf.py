"""Areas from a DXF drawing: closed lines become polygons, everything else is named in the ledger.

Caveat: a drawing knows no holes and no attributes of a parcel. Figures inside others stay figures of
their own, and a text inside a figure is not joined to it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from parcels.errors import FormatError
from parcels.ledger import Ledger

_CODEPAGE = re.compile(rb"\$DWGCODEPAGE\s+3\s+([^\r\n]+)")
_VERSION = re.compile(rb"\$ACADVER\s+1\s+AC(\d{4})")
_UTF8_SINCE = 1021
_SAMPLE = 16 * 1024**2
_AREAS = (int(shapely.GeometryType.POLYGON), int(shapely.GeometryType.MULTIPOLYGON))


def text_encoding(path: Path, *, ledger: Ledger, source: str, encoding: str | None = None) -> str:
    """The encoding the texts of a DXF are really in, told by their bytes; a wrong claim goes to the ledger.

    Parameters
    ----------
    encoding
        What the user states; it is then believed.

    Returns
    -------
    Name that GDAL understands: ``UTF-8`` or ``GB18030``, or what was stated.
    """
    if encoding is not None:
        return encoding
    with path.open("rb") as file:
        sample = file.read(_SAMPLE)
    declared = _declared(sample)
    lines = {line for line in sample.splitlines()[1::2] if not line.isascii()}
    if not lines:
        return "UTF-8"
    actual = "UTF-8" if _all_decode(lines, "utf-8") else "GB18030"
    if not (actual == "UTF-8" or _all_decode(lines, "gb18030")):
        return declared
    ledger.decide("dxf_encoding", actual, source=source, evidence=[f"$DWGCODEPAGE {declared}", "bytes of texts"])
    if declared != actual:
        ledger.add("vector-dxf-encoding", stage="read", source=source, declared=declared, actual=actual)
    return actual


def _declared(sample: bytes) -> str:
    """The encoding that the header announces, in the words GDAL uses."""
    version = _VERSION.search(sample[:65_536])
    if version is not None and int(version.group(1)) >= _UTF8_SINCE:
        return "UTF-8"
    page = _CODEPAGE.search(sample[:65_536])
    name = page.group(1).strip().decode("ascii", "replace").upper() if page else "—"
    return {"ANSI_936": "GB18030", "GBK": "GB18030", "GB2312": "GB18030"}.get(name, name.replace("ANSI_", "CP"))


def _all_decode(lines: set[bytes], codec: str) -> bool:
    try:
        b"\n".join(lines).decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def areas(frame: gpd.GeoDataFrame, *, ledger: Ledger, source: str) -> gpd.GeoDataFrame:
    """The areas of a drawing, under the index of ``frame``.

    Polygons and hatches are taken as they are, closed lines of at least three corners as polygons; texts,
    points and open lines get a ledger row each, with their layer and text.

    Parameters
    ----------
    frame
        All entities, as GDAL gives them (columns ``Layer``, ``EntityHandle``, ``Text`` …); RangeIndex.

    Raises
    ------
    FormatError
        ``vector-dxf-no-area`` when there is none.
    """
    shapes: NDArray[np.object_] = np.array(frame.geometry.array, dtype=object)
    closed = _closed(shapes)
    shapes[closed] = shapely.polygons([shapely.get_coordinates(s) for s in shapes[closed]]) if closed.any() else []
    area = np.isin(shapely.get_type_id(shapes), _AREAS)
    _report_others(frame[~area], ledger=ledger, source=source)
    if not area.any():
        raise FormatError("vector-dxf-no-area", file=source, entities=len(frame))
    ledger.add("vector-dxf-closed", stage="read", source=source, after=int(closed.sum()))
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, name="geometry")).loc[area]


def _closed(shapes: NDArray[np.object_]) -> NDArray[np.bool_]:
    is_line = shapely.get_type_id(shapes) == int(shapely.GeometryType.LINESTRING)
    enough = shapely.get_num_points(shapes) >= 4
    closed: NDArray[np.bool_] = is_line & enough & shapely.is_closed(shapes)
    return closed


def _report_others(others: gpd.GeoDataFrame, *, ledger: Ledger, source: str) -> None:
    kinds = others.geometry.geom_type.fillna("null")

    def told(name: str, part: gpd.GeoDataFrame) -> list[Any]:
        return part[name].tolist() if name in part else [None] * len(part)

    for kind in sorted(set(kinds)):
        part = others[kinds == kind]
        ledger.add(
            "vector-dxf-not-area",
            stage="read",
            source=source,
            row=part.index.to_numpy() + 1,
            id=told("EntityHandle", part),
            field=told("Layer", part),
            before=told("Text", part),
            kind=kind,
        )

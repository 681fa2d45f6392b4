"""GeoParquet files and folders.

Caveat: a file without a ``crs`` entry means degrees on WGS 84 by its specification; one whose entry is
null says that the coordinate system is not known. Specification: https://geoparquet.org
"""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from parcels.errors import FormatError
from parcels.layer import RawLayer
from parcels.ledger import Ledger
from parcels.readers.gdal import quiet
from parcels.readers.written import unique_names, whole_numbers, written


def first_file(path: Path) -> Path:
    """The file itself, or the first one of a folder."""
    return path if path.is_file() else min(path.rglob("*.parquet"))


def read_geoparquet(path: Path, *, layer: str | None, ledger: Ledger, source: str) -> RawLayer:
    """Read a GeoParquet file or folder; whole numbers with gaps keep every digit.

    Parameters
    ----------
    layer
        May only name the file itself.

    Raises
    ------
    FormatError
        ``vector-no-such-layer`` or ``vector-unreadable``.
    """
    if layer is not None and layer not in (path.stem, path.name):
        raise FormatError("vector-no-such-layer", file=source, wanted=layer, layers=path.stem, nearest=path.stem)

    try:
        frame, exact = quiet(lambda: _load(path), ledger=ledger, source=source, kind="geoparquet")
    except FormatError:
        raise
    except (ValueError, TypeError, KeyError) as error:
        raise FormatError("vector-unreadable", file=source, reason=str(error), kind="geoparquet") from error
    return _from_geopandas(frame, exact, path, ledger=ledger, source=source)


def _load(path: Path) -> tuple[gpd.GeoDataFrame, pa.Table | None]:
    """The file as GeoPandas gives it, and from Arrow the whole numbers that became floats."""
    frame = gpd.read_parquet(path)
    whole = [f.name for f in pq.read_schema(first_file(path)) if pa.types.is_integer(f.type) and f.name in frame]
    lossy = [name for name in whole if frame[name].dtype.kind == "f"]
    return frame, pq.read_table(path, columns=lossy) if lossy else None


def _from_geopandas(
    frame: gpd.GeoDataFrame, exact: pa.Table | None, path: Path, *, ledger: Ledger, source: str
) -> RawLayer:
    crs, main = frame.crs, frame.geometry.name
    shapes = shapely.force_2d(np.array(frame.geometry.array, dtype=object))
    index = None if isinstance(frame.index, pd.RangeIndex) else frame.index.to_frame(index=False)
    others = [n for n in frame.columns if n != main and isinstance(frame[n].dtype, gpd.array.GeometryDtype)]
    ledger.add("vector-geometry-moved", stage="read", source=source, field=others)
    plain = pd.DataFrame(frame.drop(columns=[main, *others])).reset_index(drop=True)
    columns: dict[str, pd.Series] = {str(n): written(c) for n, c in plain.items()}
    if exact is not None:
        columns |= {name: whole_numbers(exact.column(name)) for name in exact.column_names}
    if index is not None:
        kept = {str(n): written(c) for n, c in index.items() if n not in (0, "index", *columns)}
        columns = kept | columns
    table = unique_names(columns, len(frame), ledger=ledger, source=source)
    return RawLayer(
        gpd.GeoDataFrame(table, geometry=shapes),
        np.arange(1, len(frame) + 1, dtype=np.int64),
        source,
        layer=path.stem,
        crs_text=None if crs is None else crs.to_wkt(),
        crs_origin=None if crs is None else _parquet_origin(path, main),
        notes={"driver": "GeoParquet", "geometry_types": sorted(set(frame.geom_type.dropna()))},
    )


def _parquet_origin(path: Path, column: str) -> str:
    """GeoParquet without a ``crs`` entry means degrees on WGS 84 by its specification."""
    metadata = pq.read_schema(first_file(path)).metadata or {}
    entry = json.loads(metadata.get(b"geo", b"{}")).get("columns", {}).get(column, {})
    return "format" if entry.get("crs") is not None else "default"

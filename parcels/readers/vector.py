"""Vector layers other than shapefiles: GeoPackage, File Geodatabase, JSON, GeoParquet, DXF, KML and GML.

Every record comes out, with mixed types, null and empty geometry as they are; Z and M are left out and true
arcs become chords of a tenth of a degree. Caveat: GeoJSON and KML prescribe degrees on WGS 84, which their
writers often ignore; coordinates that cannot be degrees are handed on without a coordinate system.
"""

from __future__ import annotations

import codecs
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import shapely
from numpy.typing import NDArray

from parcels.errors import EncodingError, FormatError
from parcels.layer import RawLayer
from parcels.ledger import Ledger
from parcels.readers import dxf, topojson
from parcels.readers.archive import unpacked
from parcels.readers.formats import VECTOR_KINDS, Format, detect, nearest_name, refuse
from parcels.readers.gdal import (
    ARC_STEP_DEGREES,
    SQLITE_KINDS,
    Table,
    aliases,
    gdal_options,
    geometries,
    pull,
    quiet,
)
from parcels.readers.geoparquet import first_file, read_geoparquet
from parcels.readers.postgis import read_postgis
from parcels.readers.written import unique_names

__all__ = ["LayerInfo", "gdal_options", "list_layers", "read_postgis", "read_vector"]

ELSEWHERE = frozenset({"shapefile", "postgis"})
JSON_KINDS = frozenset({"geojson", "esrijson", "topojson"})
DEGREE_KINDS = frozenset({"geojson", "kml"})
FID_KINDS = SQLITE_KINDS | {"filegdb"}
STYLE_TABLES = frozenset({"layer_styles", "qgis_projects"})
PEEK = 1000
_POLYGON = re.compile(r"polygon|surface", re.IGNORECASE)
_OPEN_OPTIONS = {"geojson": {"DATE_AS_STRING": "YES"}}
_KML_DEFAULTS: dict[str, float | None] = {
    "timestamp": None, "begin": None, "end": None, "altitudeMode": None, "tessellate": -1, "extrude": 0,
    "visibility": -1, "drawOrder": None, "icon": None, "description": None,
}  # fmt: skip
_CRS_MEMBER = re.compile(rb'"crs"\s*:\s*(\{|null\b)')


@dataclass(frozen=True)
class LayerInfo:
    """One layer of a file.

    Attributes
    ----------
    name
        Its name in the file.
    geometry_type
        As the format declares it (``"MultiPolygon"``, ``"Unknown"`` …), None for a table without geometry.
    features
        How many records it holds, None where only reading would tell.
    fields
        Names of its columns.
    """

    name: str
    geometry_type: str | None
    features: int | None
    fields: tuple[str, ...]


def list_layers(path: str | Path, fmt: Format | None = None) -> list[LayerInfo]:
    """The layers of a file, tables without geometry included, style tables of QGIS left out.

    Parameters
    ----------
    path
        File, or folder of a File Geodatabase.
    fmt
        From `parcels.readers.formats.detect`; found out when None.

    Raises
    ------
    FormatError
        When the file is no vector file or damaged.
    """
    path = Path(path)
    fmt = _checked(path, fmt)
    if fmt.kind == "topojson":
        topology = topojson.parse(_json_text(path, None)[0], source=path.name)
        return [_topojson_info(topology, name) for name in topology.objects]
    if fmt.kind == "geoparquet":
        schema = quiet(lambda: pq.read_schema(first_file(path)), ledger=Ledger(), source=path.name, kind=fmt.kind)
        names = tuple(n for n in schema.names)
        return [LayerInfo(path.stem, "Unknown", None, names)]
    if fmt.kind == "kmz":
        with unpacked(path, ledger=Ledger()) as members:
            return [info for m in members for info in list_layers(m.path, m.format)]
    with _opened(path, fmt, None, ledger=Ledger(), source=path.name) as where:
        return _gdal_layers(where, fmt, ledger=Ledger(), source=path.name)


def _checked(path: Path, fmt: Format | None) -> Format:
    fmt = fmt or detect(path)
    if not fmt.readable:
        refuse(path, fmt)
    if fmt.kind not in VECTOR_KINDS - ELSEWHERE:
        raise FormatError("vector-not-a-layer", file=path, kind=fmt.kind)
    return fmt


def _topojson_info(topology: topojson.Topology, name: str) -> LayerInfo:
    members = topojson.features(topology, name)
    kinds = topojson.kinds(topology, name)
    fields = dict.fromkeys(key for m in members for key in (m.get("properties") or {}))
    kind = next(iter(kinds)) if len(kinds) == 1 else ("MultiPolygon" if _only_polygons(kinds) else "Unknown")
    return LayerInfo(name, kind, len(members), tuple(fields))


def _only_polygons(kinds: set[str]) -> bool:
    return bool(kinds) and all(_POLYGON.search(k) for k in kinds)


def _gdal_layers(path: Path, fmt: Format, *, ledger: Ledger, source: str) -> list[LayerInfo]:
    def ask() -> list[LayerInfo]:
        found = pyogrio.list_layers(path)
        return [_layer_info(path, str(n), kind) for n, kind in found if str(n) not in STYLE_TABLES]

    return quiet(ask, ledger=ledger, source=source, kind=fmt.kind)


def _layer_info(path: Path, name: str, kind: Any) -> LayerInfo:
    try:
        info = pyogrio.read_info(path, layer=name)
    except UnicodeDecodeError:
        info = pyogrio.read_info(path, layer=name, encoding="ISO-8859-1")
    features = int(info["features"])
    return LayerInfo(
        name, None if kind is None else str(kind), features if features >= 0 else None, tuple(info["fields"])
    )


def read_vector(
    path: str | Path,
    *,
    layer: str | None = None,
    encoding: str | None = None,
    ledger: Ledger,
    source: str | None = None,
    fmt: Format | None = None,
) -> RawLayer:
    """Read one layer of a vector file as it stands.

    Parameters
    ----------
    path
        File, or folder of a File Geodatabase.
    layer
        Name of the layer; may be left out when there is one, or one with polygons.
    encoding
        Encoding of text that is not in the one the format prescribes; told by the bytes when None.
    ledger
        Where choices and oddities are written.
    source
        Name to show to people; the file name by default.
    fmt
        From `parcels.readers.formats.detect`; found out when None.

    Raises
    ------
    FormatError
        When the file is no vector file or damaged, or the layer is missing or not named.
    EncodingError
        When the text of a JSON file is neither UTF-8 nor GBK.
    """
    path = Path(path)
    fmt = _checked(path, fmt)
    source = source or path.name
    with gdal_options(OGR_ARC_STEPSIZE=ARC_STEP_DEGREES, GML_FIELDTYPES="ALWAYS_STRING"):
        raw = _read(path, fmt, layer=layer, encoding=encoding, ledger=ledger, source=source)
    if len(raw.frame) == 0:
        ledger.add("vector-empty", stage="read", source=source)
    return raw


def _read(path: Path, fmt: Format, *, layer: str | None, encoding: str | None, ledger: Ledger, source: str) -> RawLayer:
    if fmt.kind == "topojson":
        return _read_topojson(path, layer=layer, encoding=encoding, ledger=ledger, source=source)
    if fmt.kind == "geoparquet":
        return read_geoparquet(path, layer=layer, ledger=ledger, source=source)
    if fmt.kind == "kmz":
        with unpacked(path, ledger=ledger, source=source, kinds={"kml"}) as members:
            inner = members[0]
            return _read_gdal(inner.path, inner.format, layer=layer, encoding=encoding, ledger=ledger, source=source)
    return _read_gdal(path, fmt, layer=layer, encoding=encoding, ledger=ledger, source=source)


def _read_gdal(
    path: Path, fmt: Format, *, layer: str | None, encoding: str | None, ledger: Ledger, source: str
) -> RawLayer:
    text_options: dict[str, str | None] = {}
    if fmt.kind == "dxf":
        found = dxf.text_encoding(path, ledger=ledger, source=source, encoding=encoding)
        text_options = {"DXF_ENCODING": found}
    with gdal_options(**text_options), _opened(path, fmt, encoding, ledger=ledger, source=source) as where:
        infos = _gdal_layers(where, fmt, ledger=ledger, source=source)
        name = _choose(infos, layer, where, ledger=ledger, source=source)
        options = _OPEN_OPTIONS.get(fmt.kind)
        table = pull(where, kind=fmt.kind, layer=name, encoding=encoding, ledger=ledger, source=source, options=options)
    raw = _raw_layer(table, fmt, name, ledger=ledger, source=source)
    raw.notes |= {"layers": [i.name for i in infos], "aliases": aliases(path, fmt.kind, name)}
    _settle_crs(raw, table.crs, path, fmt, ledger=ledger)
    if fmt.kind == "dxf":
        raw.frame = dxf.areas(raw.frame, ledger=ledger, source=source)
        raw.rows = raw.rows[raw.frame.index.to_numpy()]
        raw.frame = raw.frame.reset_index(drop=True)
    return raw


def _choose(infos: list[LayerInfo], layer: str | None, path: Path, *, ledger: Ledger, source: str) -> str:
    """The wanted layer, or the only one, or the only one with polygons."""
    names = [i.name for i in infos]
    spatial = [i for i in infos if i.geometry_type is not None]
    if layer is not None:
        return _named(infos, layer, source)
    if not spatial:
        raise FormatError("vector-no-layer", file=source, tables=" / ".join(names) or "—")
    areal = spatial if len(spatial) == 1 else [i for i in spatial if _may_be_areal(i, path)]
    if len(areal) != 1:
        raise FormatError("vector-several-layers", file=source, layers=_names([i.name for i in areal or spatial]))
    chosen, others = areal[0].name, [n for n in names if n != areal[0].name]
    if others:
        ledger.add("vector-layer-chosen", stage="read", source=source, layer=chosen, others=_names(others))
        ledger.decide("layer", chosen, source=source, evidence=["the only layer with polygons", *others])
    return chosen


def _names(names: list[str]) -> str:
    return " / ".join(names)


def _named(infos: list[LayerInfo], layer: str, source: str) -> str:
    names = [i.name for i in infos]
    hits = [n for n in names if n == layer] or [n for n in names if n.casefold() == layer.strip().casefold()]
    if len(hits) != 1:
        nearest = nearest_name(layer, names) or "—"
        raise FormatError(
            "vector-no-such-layer", file=source, wanted=layer, layers=_names(names) or "—", nearest=nearest
        )
    if next(i for i in infos if i.name == hits[0]).geometry_type is None:
        raise FormatError("vector-no-layer", file=source, layer=layer, tables=hits[0])
    return hits[0]


def _may_be_areal(info: LayerInfo, path: Path) -> bool:
    """Whether a layer holds polygons; where its type is not declared, its first records tell."""
    if info.geometry_type != "Unknown" or info.features == 0:
        return bool(_POLYGON.search(info.geometry_type or ""))
    wkb = pyogrio.raw.read(path, layer=info.name, columns=[], max_features=PEEK, force_2d=True)[2]
    shapes = shapely.from_wkb(wkb, on_invalid="ignore")
    return bool((shapely.get_dimensions(shapes) == 2).any())


def _raw_layer(table: Table, fmt: Format, layer: str, *, ledger: Ledger, source: str) -> RawLayer:
    size = len(table.fids)
    rows = table.fids if fmt.kind in FID_KINDS else np.arange(1, size + 1)
    rows = np.asarray(rows, dtype=np.int64)
    columns = {n: c for n, c in table.columns.items() if fmt.kind != "kml" or not _kml_default(n, c)}
    if fmt.kind == "geojson" and not _counted(table.fids) and not {"id", "fid"} & set(columns):
        columns = {"id": pd.Series(table.fids), **columns}
    shapes = np.full(size, None, dtype=object)
    if table.wkb is not None:
        shapes = geometries(table.wkb, rows=rows, ledger=ledger, source=source)
    frame = gpd.GeoDataFrame(unique_names(columns, size, ledger=ledger, source=source), geometry=shapes)
    notes = table.notes | {"geometry_type": table.geometry_type, "fields": table.types}
    return RawLayer(frame, rows, source, layer=layer, notes=notes)


def _counted(fids: NDArray[np.int64]) -> bool:
    """Whether feature numbers are only a count and no ids of the file."""
    return bool(fids.size == 0 or ((np.diff(fids) == 1).all() and fids[0] in (0, 1)))


def _kml_default(name: str, values: pd.Series) -> bool:
    """Whether a column is one that the KML driver adds to every layer, with nothing in it."""
    if name not in _KML_DEFAULTS:
        return False
    filled = values.dropna()
    return bool((filled == _KML_DEFAULTS[name]).all())


def _settle_crs(raw: RawLayer, crs: str | None, path: Path, fmt: Format, *, ledger: Ledger) -> None:
    """What the file says of its coordinate system, and whether that is its own word or the format's."""
    stated = None if crs is None or "undefined" in crs.lower() else crs
    member = _crs_member(path) if fmt.kind == "geojson" else None
    if fmt.kind not in DEGREE_KINDS or member is not None:
        stated = None if member == "null" else stated
        raw.crs_text, raw.crs_origin = stated, "format" if stated else None
        return
    bounds = raw.frame.geometry.total_bounds if len(raw.frame) else np.full(4, np.nan)
    if np.nanmax(np.abs(bounds / [180, 90, 180, 90]), initial=0) > 1:
        text = ", ".join(f"{v:.3f}" for v in bounds)
        ledger.add("vector-not-degrees", stage="read", source=raw.source, bounds=text)
        return
    raw.crs_text, raw.crs_origin = "EPSG:4326", "default"
    ledger.add("vector-crs-default", stage="read", source=raw.source)


def _crs_member(path: Path) -> str | None:
    """What follows ``"crs":`` in a GeoJSON: ``{``, ``null``, or None when it has no such member."""
    with path.open("rb") as file:
        head = file.read(65_536)
        file.seek(max(0, path.stat().st_size - 4096))
        found = _CRS_MEMBER.search(head) or _CRS_MEMBER.search(file.read())
    return found.group(1).decode() if found else None


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while chunk := file.read(1 << 20):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _json_text(path: Path, encoding: str | None) -> tuple[str, str]:
    """The text of a JSON file and its encoding: UTF-8, UTF-16 by its mark, else what is stated or GBK."""
    raw = path.read_bytes()
    marked = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for codec in ("utf-16",) if marked else ("utf-8-sig", encoding or "gb18030"):
        try:
            return raw.decode(codec), codec
        except (UnicodeDecodeError, LookupError):
            continue
    raise EncodingError("vector-json-encoding", file=path)


def _tell_encoding(codec: str, *, ledger: Ledger, source: str) -> None:
    if codec != "utf-8-sig":
        ledger.add("vector-json-not-utf8", stage="read", source=source, encoding=codec)
        ledger.decide("encoding", codec, source=source, evidence=["not valid UTF-8"])


@contextmanager
def _opened(path: Path, fmt: Format, encoding: str | None, *, ledger: Ledger, source: str) -> Iterator[Path]:
    """The file for GDAL to open: a copy in UTF-8 of JSON in another encoding, a stand-in for GML, else itself.

    GDAL writes a .gfs file beside a GML it opens; the stand-in keeps the delivery as it was.
    """
    foreign = fmt.kind in JSON_KINDS and not _is_utf8(path)
    if not foreign and fmt.kind != "gml":
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="mudian-", ignore_cleanup_errors=True) as temp:
        copy = Path(temp) / path.name
        if foreign:
            text, codec = _json_text(path, encoding)
            _tell_encoding(codec, ledger=ledger, source=source)
            copy.write_text(text, encoding="utf-8")
        else:
            for beside in (path, path.with_suffix(".xsd")):
                if beside.is_file():
                    _stand_in(beside.resolve(), Path(temp) / beside.name)
        yield copy


def _stand_in(path: Path, link: Path) -> None:
    """A link to a file, or a copy where the system allows no links."""
    try:
        link.symlink_to(path)
    except (OSError, NotImplementedError):
        shutil.copyfile(path, link)


def _read_topojson(path: Path, *, layer: str | None, encoding: str | None, ledger: Ledger, source: str) -> RawLayer:
    text, codec = _json_text(path, encoding)
    _tell_encoding(codec, ledger=ledger, source=source)
    topology = topojson.parse(text, source=source)
    infos = [_topojson_info(topology, name) for name in topology.objects]
    mixed = [i for i in infos if i.geometry_type == "Unknown"]
    if layer is None and mixed and len(infos) > 1:
        known = {i.name for i in mixed if any(_POLYGON.search(k) for k in topojson.kinds(topology, i.name))}
        infos = [
            LayerInfo(i.name, "Polygon" if i.name in known else i.geometry_type, i.features, i.fields) for i in infos
        ]
    name = _choose(infos, layer, path, ledger=ledger, source=source) if len(infos) != 1 or layer else infos[0].name
    frame = topojson.to_frame(topology, name, ledger=ledger, source=source)
    rows = np.arange(1, len(frame) + 1, dtype=np.int64)
    notes: dict[str, object] = {"driver": "TopoJSON", "layers": [i.name for i in infos]}
    origin = "format" if topology.crs else None
    return RawLayer(frame, rows, source, layer=name, crs_text=topology.crs, crs_origin=origin, notes=notes)

"""TopoJSON, decoded with NumPy: arcs shared between neighbours, put together to rings.

Caveat: arcs are rounded to a grid by their writer, so small figures may have collapsed. A collapsed part
or hole beside a sound one is left out, any other is kept, both with a ledger row. TopoJSON states no
coordinate system; only a ``crs`` member, which some writers add, is believed. Format:
https://github.com/topojson/topojson-specification
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from parcels.errors import FormatError
from parcels.ledger import Ledger

_LARGEST_INT = 2**63
Json = dict[str, Any]


@dataclass(frozen=True)
class Topology:
    """A parsed TopoJSON: its objects, and the points of all its arcs one after the other."""

    objects: dict[str, Json]
    points: NDArray[np.float64]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    scale: NDArray[np.float64] | None
    translate: NDArray[np.float64] | None
    crs: str | None


def parse(text: str, *, source: str) -> Topology:
    """Parse a TopoJSON text and decode its arcs.

    Raises
    ------
    FormatError
        ``vector-topojson`` when it is no JSON or no topology.
    """
    try:
        content = json.loads(text)
        if not isinstance(content, dict) or content.get("type") != "Topology":
            raise ValueError('"type" is not "Topology"')
        objects, arcs = dict(content["objects"]), list(content["arcs"])
        transform = content.get("transform") or {}
        scale, translate = (np.array(transform[k], float)[:2] if transform else None for k in ("scale", "translate"))
        lengths = np.fromiter((len(a) for a in arcs), np.int64, len(arcs))
        starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)[: len(arcs)]
        points = _positions(list(chain.from_iterable(arcs)))
    except (ValueError, KeyError, TypeError, RecursionError, IndexError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise FormatError("vector-topojson", file=source, reason=reason) from error
    if scale is not None and translate is not None:
        points = _undo_deltas(points, starts, lengths) * scale + translate
    return Topology(objects, points, starts, lengths, scale, translate, _stated_crs(content))


def _positions(positions: list[list[float]]) -> NDArray[np.float64]:
    """Positions as an n by 2 array; heights are left out."""
    if not positions:
        return np.empty((0, 2))
    try:
        flat = np.array(positions, dtype=np.float64)
    except ValueError:
        flat = np.array([p[:2] for p in positions], dtype=np.float64)
    if flat.ndim != 2 or flat.shape[1] < 2:
        raise ValueError("positions need two numbers")
    return flat[:, :2]


def _undo_deltas(
    points: NDArray[np.float64], starts: NDArray[np.int64], lengths: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Running sums within each arc, exact because the steps are whole numbers."""
    total = np.cumsum(points, axis=0)
    filled = lengths > 0
    before = total[starts[filled]] - points[starts[filled]]
    return total - np.repeat(before, lengths[filled], axis=0)


def _stated_crs(content: Json) -> str | None:
    crs = content.get("crs")
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    return name if isinstance(name, str) and name else None


def features(topology: Topology, layer: str) -> list[Json]:
    """The geometry objects of one layer: the members of its collection, or the one object it is."""
    found = topology.objects[layer]
    members = found.get("geometries") if found.get("type") == "GeometryCollection" else [found]
    return [m if isinstance(m, dict) else {"type": None} for m in members or []]


def kinds(topology: Topology, layer: str) -> set[str]:
    """The geometry types that occur in one layer."""
    return {str(f["type"]) for f in features(topology, layer) if f.get("type")}


def to_frame(topology: Topology, layer: str, *, ledger: Ledger, source: str) -> gpd.GeoDataFrame:
    """One layer as a table with geometry, one row per geometry object, in their order.

    Parameters
    ----------
    topology
        From `parse`.
    layer
        Key of its ``objects``.
    ledger, source
        Where rings that are too short and broken references are reported, and under which name.
    """
    members = features(topology, layer)
    areal = [m.get("type") in ("Polygon", "MultiPolygon") and _sound(m, topology) for m in members]
    shapes = np.full(len(members), None, dtype=object)
    at = np.flatnonzero(areal)
    if at.size:
        shapes[at] = _polygons([members[i] for i in at], at, topology, ledger=ledger, source=source)
    broken = []
    for i in np.flatnonzero(~np.array(areal, dtype=bool)):
        try:
            shapes[i] = _other(members[i], topology)
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, shapely.errors.GEOSException):
            broken.append(int(i) + 1)
    ledger.add("vector-topojson-broken", stage="read", source=source, row=broken)
    return gpd.GeoDataFrame(_attributes(members), geometry=shapes)


def _sound(member: Json, topology: Topology) -> bool:
    """Whether every ring of a polygon refers to arcs that exist."""
    try:
        polygons = member["arcs"] if member["type"] == "MultiPolygon" else [member["arcs"]]
        refs = [ref for polygon in polygons for ring in polygon for ref in ring]
        full = all(sum(_size(ref, topology) for ref in ring) for polygon in polygons for ring in polygon)
    except (KeyError, TypeError, IndexError):
        return False
    whole = all(type(ref) is int for ref in refs)
    return bool(refs) and whole and full


def _size(ref: int, topology: Topology) -> int:
    return int(topology.lengths[ref if ref >= 0 else ~ref])


def _walk(members: list[Json]) -> Iterator[tuple[int, int, bool, list[int]]]:
    """Feature number, running polygon number, whether it is a hole, and arc references of every ring."""
    polygon = -1
    for feature, member in enumerate(members):
        for rings in member["arcs"] if member["type"] == "MultiPolygon" else [member["arcs"]]:
            polygon += bool(rings)
            for number, ring in enumerate(rings):
                yield feature, polygon, number > 0, ring


def _polygons(
    members: list[Json],
    positions: NDArray[np.int64],
    topology: Topology,
    *,
    ledger: Ledger,
    source: str,
) -> NDArray[np.object_]:
    """Polygons and multipolygons of sound members, all rings at once."""
    walked = list(_walk(members))
    feature = np.array([w[0] for w in walked], dtype=np.int64)
    polygon = np.array([w[1] for w in walked], dtype=np.int64)
    hole = np.array([w[2] for w in walked], dtype=bool)
    rings, short = _rings([w[3] for w in walked], topology)
    gone = short & (hole | _spare(feature, hole, short))
    gone |= np.isin(polygon, polygon[gone & ~hole])
    for code, which in (("vector-topojson-left-out", gone), ("vector-topojson-ring", short & ~gone)):
        before = [shapely.to_wkt(r) for r in rings[which]]
        ledger.add(code, stage="read", source=source, row=positions[feature[which]] + 1, before=before)
    _, first, part = np.unique(polygon[~gone], return_index=True, return_inverse=True)
    parts = np.atleast_1d(np.asarray(shapely.polygons(rings[~gone], indices=part), dtype=object))
    owner = feature[~gone][first]
    several = np.array([m["type"] == "MultiPolygon" for m in members], dtype=bool)
    result = np.empty(len(members), dtype=object)
    single = ~several[owner]
    result[owner[single]] = parts[single]
    if several.any():
        shapely.multipolygons(parts[~single], indices=owner[~single], out=result)
    return result


def _spare(feature: NDArray[np.int64], hole: NDArray[np.bool_], short: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Rings of features that keep another outer ring of full length: their collapsed parts can be spared."""
    whole = np.bincount(feature, weights=~hole & ~short) > 0
    spare: NDArray[np.bool_] = whole[feature]
    return spare


def _rings(refs: list[list[int]], topology: Topology) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """Linear rings of arc references, and which of them had to be padded to four points."""
    points, ring = _joined(refs, topology)
    count = np.bincount(ring, minlength=len(refs))
    last = np.cumsum(count) - 1
    first = last - count + 1
    is_open = (points[first] != points[last]).any(axis=1)
    missing = np.maximum(4 - count - is_open, 0)
    repeat = np.ones(len(points), dtype=np.int64)
    repeat[last] += missing
    rings = shapely.linearrings(np.repeat(points, repeat, axis=0), indices=np.repeat(ring, repeat))
    return np.atleast_1d(np.asarray(rings, dtype=object)), missing > 0


def _joined(refs: list[list[int]], topology: Topology) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Points of each chain of arcs, joints once, and the number of the chain each point belongs to."""
    sizes = np.fromiter((len(r) for r in refs), np.int64, len(refs))
    flat = np.fromiter(chain.from_iterable(refs), np.int64, int(sizes.sum()))
    owner = np.repeat(np.arange(len(refs)), sizes)
    backwards = flat < 0
    arc = np.where(backwards, ~flat, flat)
    joint = np.ones(len(flat), dtype=np.int64)
    joint[np.concatenate([[0], np.cumsum(sizes)[:-1]])[sizes > 0]] = 0
    length = topology.lengths[arc]
    take = np.maximum(length - joint, 0)
    step = np.arange(int(take.sum())) - np.repeat(np.cumsum(take) - take, take)
    offset = step + np.repeat(np.minimum(joint, length), take)
    back = np.repeat(backwards, take)
    index = np.repeat(topology.starts[arc], take) + np.where(back, np.repeat(length, take) - 1 - offset, offset)
    return topology.points[index], np.repeat(owner, take)


def _place(position: Iterable[float], topology: Topology) -> NDArray[np.float64]:
    point = np.array(list(position)[:2], dtype=np.float64)
    if topology.scale is None or topology.translate is None:
        return point
    return np.asarray(point * topology.scale + topology.translate, dtype=np.float64)


def _line(refs: list[int], topology: Topology) -> Any:
    for ref in refs:
        _size(ref, topology)
    points = _joined([refs], topology)[0]
    return shapely.LineString(points if len(points) > 1 else np.repeat(points, 2, axis=0))


def _other(member: Json, topology: Topology) -> Any:
    """Points, lines, collections and missing geometry, one by one."""
    kind = member.get("type")
    if kind is None:
        return None
    if kind == "Point":
        return shapely.Point(_place(member["coordinates"], topology))
    if kind == "MultiPoint":
        return shapely.MultiPoint([_place(p, topology) for p in member["coordinates"]])
    if kind == "LineString":
        return _line(member["arcs"], topology)
    if kind == "MultiLineString":
        return shapely.MultiLineString([_line(refs, topology) for refs in member["arcs"]])
    if kind == "GeometryCollection":
        return shapely.GeometryCollection([_other(m, topology) for m in member["geometries"]])
    if kind in ("Polygon", "MultiPolygon"):
        return _one_polygon(member, topology)
    raise ValueError(f"geometry type {kind!r}")


def _one_polygon(member: Json, topology: Topology) -> Any:
    if not member["arcs"]:
        return shapely.Polygon() if member["type"] == "Polygon" else shapely.MultiPolygon()
    if not _sound(member, topology):
        raise ValueError("arcs that do not exist")
    return _polygons([member], np.array([0]), topology, ledger=Ledger(), source="")[0]


def _attributes(members: list[Json]) -> pd.DataFrame:
    """The properties as columns, in order of first appearance, the ``id`` of the geometry objects first."""
    records = [p if isinstance(p := m.get("properties"), dict) else {} for m in members]
    names = list(dict.fromkeys(chain.from_iterable(records)))
    columns = {name: column([r.get(name) for r in records]) for name in names}
    if any("id" in m for m in members):
        label = "id" if "id" not in columns else "_id"
        columns = {label: column([m.get("id") for m in members]), **columns}
    renamed = {name: f"{name}_2" if name == "geometry" else name for name in columns}
    return pd.DataFrame(columns, index=pd.RangeIndex(len(members))).rename(columns=renamed)


def column(values: list[Any]) -> pd.Series:
    """JSON values as a column: all of one kind keep it, mixed ones become text, whole numbers stay whole."""
    kinds_ = {type(v) for v in values if v is not None}
    gaps = any(v is None for v in values)
    if kinds_ == {bool}:
        return pd.Series(pd.array(values, dtype="boolean"))
    if kinds_ == {int} and all(abs(v) < _LARGEST_INT for v in values if v is not None):
        return pd.Series(pd.array(values, dtype="Int64")) if gaps else pd.Series(values, dtype="int64")
    if kinds_ == {float} or (kinds_ == {int, float} and all(abs(v or 0) <= 2**53 for v in values)):
        return pd.Series(values, dtype="float64")
    return pd.Series([_as_text(v) for v in values], dtype="str")


def _as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)

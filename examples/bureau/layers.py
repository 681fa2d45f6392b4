"""The layers around the parcels: zones, farmland, redline, river, buildings, terrain.

Each file comes in another guise, as from different offices: GeoPackage in degrees, GBK with and without
``.cpg``, UTF-8 with ``.cpg``, GeoJSON, GeoTIFF.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyogrio
import pyproj
import rasterio
import shapely
from rasterio.transform import from_origin
from shapely.affinity import scale

from bureau.land import Plan
from bureau.register import AS_OF, Parcel, day
from bureau.shapefile import Field, Rings, rings_of, write_shapefile

CELL = 15.0
NODATA = -9999.0
HILL_HEIGHT, HILL_RADIUS = 185.0, 150.0


def to_degrees(shape: shapely.Geometry) -> shapely.Geometry:
    """From EPSG:4527 to longitude and latitude on CGCS2000, rounded to 0.1 mm."""
    turn = pyproj.Transformer.from_crs(4527, 4490, always_xy=True)
    return shapely.transform(shape, lambda p: np.round(np.column_stack(turn.transform(p[:, 0], p[:, 1])), 9))


def write_zones(plan: Plan, path: Path) -> None:
    """Two zones in degrees; the approved area is rounded to whole hectares."""
    shapes = [plan.west, plan.east]
    frame = gpd.GeoDataFrame(
        {
            "zone_id": ["GX01", "LG02"],
            "zone_name": ["高新片区", "临港片区"],
            "zone_level": ["省级", "省级"],
            "approved_m2": [round(z.area, -4) for z in shapes],
        },
        geometry=[to_degrees(z) for z in shapes],
        crs="EPSG:4490",
    )
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": f"{AS_OF.isoformat()}T00:00:00.000Z"})
    try:
        frame.to_file(path, layer="开发区", driver="GPKG", engine="pyogrio")
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def write_farmland(plan: Plan, path: Path) -> None:
    """永久基本农田 as GBK shapefile with a .cpg that says so."""
    fields = [
        Field("BSM", "N", 10),
        Field("永农编号", "C", 16),
        Field("DLBM", "C", 5),
        Field("划定面积", "N", 14, 2),
    ]
    rows = [
        [number, f"370902YN{number:04d}", "0102", round(shape.area, 2)]
        for number, shape in enumerate(plan.farm_fields, start=1)
    ]
    write_shapefile(path, [rings_of(s) for s in plan.farm_fields], fields, rows, code_page="GBK")


def write_river(plan: Plan, path: Path) -> None:
    """River strip and pond as UTF-8 shapefile with .cpg; one field name is cut inside a character."""
    pond = shapely.set_precision(plan.farm_fields[4].centroid.buffer(46, quad_segs=6), 0.001)
    fields = [Field("名称", "C", 40), Field("类型", "C", 30), Field("划界日期", "D", 8)]
    rows = [["示安河", "河道管理范围", day(AS_OF)], ["龙潭塘", "坑塘水面", None]]
    shapes = [rings_of(plan.river), rings_of(pond)]
    write_shapefile(path, shapes, fields, rows, encoding="utf-8", code_page="UTF-8")


def redline(plan: Plan) -> Any:
    """A lobed figure round the hill with a clearing in it."""
    turn = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    reach = 300.0 * (1 + 0.16 * np.sin(3 * turn + 0.5) + 0.07 * np.sin(7 * turn) + 0.03 * np.sin(16 * turn))
    x, y = plan.hill_top
    shell = np.column_stack([x + 1.15 * reach * np.cos(turn), y + 0.9 * reach * np.sin(turn)])
    hole = shapely.Point(x + 90, y - 60).buffer(35, quad_segs=4)
    return shapely.set_precision(shapely.Polygon(shell).difference(hole), 0.001)


def write_redline(plan: Plan, path: Path) -> None:
    """生态保护红线 as GeoJSON in CGCS2000 degrees; the file names its CRS, as older GeoJSON does."""
    shape = shapely.orient_polygons(to_degrees(redline(plan)))
    feature = {
        "type": "Feature",
        "properties": {"红线编码": "370902-ST-01", "名称": "示安东山水土保持红线", "管控级别": "一般管控区"},
        "geometry": json.loads(shapely.to_geojson(shape)),
    }
    collection = {
        "type": "FeatureCollection",
        "name": "生态红线",
        "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}},
        "features": [feature],
    }
    path.write_bytes((json.dumps(collection, ensure_ascii=False, indent=1) + "\n").encode())


def _halls(parcel: Parcel) -> list[shapely.Polygon]:
    inner = parcel.shape.buffer(-13.0, join_style="mitre")
    body = inner.intersection(scale(shapely.minimum_rotated_rectangle(inner), 0.7, 0.72))
    if parcel.mu > 35:
        x0, y0, x1, y1 = body.bounds
        body = body.difference(shapely.box((x0 + x1) / 2 - 9, y0 - 1, (x0 + x1) / 2 + 9, y1 + 1))
    parts = shapely.get_parts(shapely.set_precision(body.simplify(1.0), 0.001))
    return [part for part in parts if part.geom_type == "Polygon" and part.area > 350]


def write_buildings(parcels: list[Parcel], path: Path, rng: np.random.Generator) -> None:
    """Halls and multi-storey works on land where building has begun; storeys above 8 m are single."""
    shapes: list[Rings | None] = []
    rows: list[list[object]] = []
    for parcel in parcels:
        plain = isinstance(parcel.shape, shapely.Polygon) and parcel.rings is None and not parcel.deleted
        if not (plain and parcel.is_industrial and parcel.values.get("实际开工")):
            continue
        for hall in _halls(parcel):
            storeys = int(rng.choice([1, 1, 1, 2, 3, 4]))
            height = round(float(rng.uniform(8.4, 12.0) if storeys == 1 else rng.uniform(3.6, 5.4)), 1)
            floor = round(hall.area * storeys, 2)
            shapes.append(rings_of(hall))
            rows.append([f"{len(rows) + 1:04d}", storeys, height, round(hall.area, 2), floor, "厂房"])
    fields = [
        Field("幢号", "C", 8),
        Field("层数", "N", 4),
        Field("层高", "N", 6, 1),
        Field("占地面积", "N", 12, 2),
        Field("建筑面积", "N", 12, 2),
        Field("用途", "C", 10),
    ]
    write_shapefile(path, shapes, fields, rows, language_id=0x4D)


def write_terrain(plan: Plan, path: Path, rng: np.random.Generator) -> None:
    """Heights on a 15 m grid: a tilted plain, one steep hill, a rim and a patch of nodata."""
    x0, y0, x1, y1 = shapely.total_bounds([plan.west, plan.east])
    left, top = CELL * np.floor(x0 / CELL - 8), CELL * np.ceil(y1 / CELL + 8)
    columns, rows = int((x1 - left) / CELL + 9), int((top - y0) / CELL + 9)
    x = left + CELL * (np.arange(columns) + 0.5)[None, :]
    y = top - CELL * (np.arange(rows) + 0.5)[:, None]
    far = np.hypot(x - plan.hill_top[0], y - plan.hill_top[1])
    height = 128.0 + 0.006 * (y - y0) - 0.003 * (x - x0) + HILL_HEIGHT * np.exp(-0.5 * (far / HILL_RADIUS) ** 2)
    height = np.round(height + rng.normal(0, 0.06, height.shape), 1).astype("float32")
    height[:4], height[-4:], height[:, :4], height[:, -4:] = NODATA, NODATA, NODATA, NODATA
    height[rows - 40 : rows - 32, columns - 60 : columns - 48] = NODATA
    profile = {"driver": "GTiff", "width": columns, "height": rows, "count": 1, "dtype": "float32"}
    layout = {"compress": "deflate", "predictor": 3, "zlevel": 9, "blockysize": 64}
    place = {"crs": "EPSG:4527", "transform": from_origin(left, top, CELL, CELL), "nodata": NODATA}
    with rasterio.open(path, "w", **profile, **layout, **place) as file:
        file.write(height, 1)

"""Make a city of N parcels for benchmarks: a delivery in the shape of the bundled example, but large.

Usage: ``python benchmarks/make_city.py N OUTDIR [--seed 7] [--dem CELLS]``

N parcels (about 19 points each; 1 % with a hole, 0.66 % self-crossing, 0.5 % shifted onto a neighbour) as a
GBK shapefile without ``.cpg``; 0.6 N enterprises and 0.8 N holdings as GBK CSV; max(2, N / 1000) zones;
farmland N / 20, redline N / 100, water N / 200; and the project file ``城市.toml``. With ``--dem`` also
heights on CELLS x CELLS.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import city_land
import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
from bulk_shapefile import BulkShapefile, Bytes, Floats, Ints, Rings, chosen, decimals, digits
from city_land import PER_BLOCK, City
from numpy.typing import NDArray
from rasterio.transform import from_origin
from rasterio.windows import Window

BATCH_BLOCKS = 2000
ALPHABET = np.frombuffer(b"0123456789ABCDEFGHJKLMNPQRTUWXY", np.uint8)
SYLLABLES = (
    "弘岱启瑞恒泽嘉旭晟凯卓源昊朗毅铭沃鑫珩岳达远诚通腾辉升航峰盈润科晨宇拓兴烁安宏博创德鼎东飞丰福"
    "港光海和华汇佳建金锦京精景九康乐利联良龙隆茂明宁鹏普齐奇强庆荣森尚胜盛顺泰天同万伟新信雅阳益永"
)
TRADES = ["机械", "电子", "材料", "医药", "食品", "装备"]
PARCEL_FIELDS = [
    ("ZDDM", "C", 19, 0),
    ("BDCDYH", "C", 28, 0),
    ("QLR", "C", 40, 0),
    ("QLRZJH", "C", 18, 0),
    ("ZDMJ", "N", 14, 2),
    ("DLBM", "C", 5, 0),
    ("QLXZ", "C", 10, 0),
    ("供地状态", "C", 10, 0),
    ("合同日期", "D", 8, 0),
    ("交地日期", "D", 8, 0),
    ("约定开工", "D", 8, 0),
    ("实际开工", "D", 8, 0),
    ("成交价款万", "N", 12, 2),
]
PROJECT = """\
# {count} 宗地的测试城市（数据全部虚构）
[project]
name = "测试城市 {count}"
as_of = 2025-12-31
period = "2025"
lang = "zh"
[parcels]
path = "宗地.shp"
[enterprises]
path = "企业.csv"
money_unit = "万元"
[holdings]
path = "用地关系.csv"
[zones]
path = "开发区.gpkg"
[[constraints]]
name = "永久基本农田"
kind = "permanent_basic_farmland"
path = "永农.shp"
[[constraints]]
name = "生态保护红线"
kind = "ecological_redline"
path = "生态红线.shp"
[[constraints]]
name = "河湖水面"
kind = "water"
path = "水面.shp"
{slope}[output]
dir = "成果"
"""
SLOPE = """\
[[constraints]]
name = "坡度大于25°"
kind = "slope"
raster = "dem.tif"
slope_over = 25
"""


@dataclass
class Register:
    """What later tables need to know of the parcels: area, whether supplied, and the owning enterprise."""

    area_m2: Floats
    supplied: NDArray[np.bool_]
    owner: Ints


def firm_codes(numbers: Ints) -> Bytes:
    """Valid credit codes (GB 32100-2015) as bytes, shape (n, 18)."""
    head = np.frombuffer(b"91370902MA", np.uint8)
    body = np.hstack([np.broadcast_to(head, (len(numbers), len(head))), digits(numbers, 7)])
    value = np.zeros(256, np.int64)
    value[ALPHABET] = np.arange(31)
    weights = np.array([pow(3, i, 31) for i in range(17)])
    check = ALPHABET[(31 - value[body] @ weights % 31) % 31]
    return np.hstack([body, check[:, None]])


def firm_names(numbers: Ints, *, width: int) -> Bytes:
    """A name of its own for each number below a million, in GBK, padded to ``width`` bytes."""
    base = len(SYLLABLES)
    table = np.frombuffer(SYLLABLES.encode("gbk"), np.uint8).reshape(base, 2)
    pieces = [table[numbers // base**k % base] for k in (2, 1, 0)]
    ends = chosen([f"{trade}有限公司" for trade in TRADES], numbers % len(TRADES), width - 10)
    return np.hstack([chosen(["示安"], np.zeros(len(numbers), int), 4), *pieces, ends])


def day_bytes(days: Ints) -> Bytes:
    """dBASE dates from days since 1970-01-01; negative numbers are blank."""
    dates = np.datetime64("1970-01-01") + np.maximum(days, 0)
    year = dates.astype("datetime64[Y]").astype(int) + 1970
    month = dates.astype("datetime64[M]").astype(int) % 12 + 1
    of_month = (dates - dates.astype("datetime64[M]")).astype(int) + 1
    out = digits(year * 10000 + month * 100 + of_month, 8)
    out[days < 0] = 32
    return out


def parcel_columns(
    numbers: Ints, area: Floats, supplied: NDArray[np.bool_], owner: Ints, rng: np.random.Generator
) -> list[Bytes]:
    """The table of a batch of parcels in the order of ``PARCEL_FIELDS``."""
    count = len(numbers)
    county = chosen(["370902"], np.zeros(count, int), 6)
    state = chosen(["GB"], np.zeros(count, int), 2)
    code = np.hstack([county, digits(numbers // PER_BLOCK, 6), state, digits(numbers % PER_BLOCK + 1, 5)])
    unit = np.hstack([code, chosen(["W00000000"], np.zeros(count, int), 9)])
    name, firm = firm_names(owner, width=40), firm_codes(owner)
    blank = ~supplied
    name[blank], firm[blank] = 32, 32
    signed = 14_600 + rng.integers(0, 5_600, count)
    agreed = signed + 270
    started = np.where(rng.random(count) < 0.95, agreed + rng.integers(-60, 120, count), -1)
    days = [np.where(supplied, d, -1) for d in (signed, signed + 60, agreed, started)]
    use = np.searchsorted([0.8, 0.88, 0.94], rng.random(count))
    price = np.where(supplied, area * 0.0015 * rng.uniform(14, 31, count), 0.0)
    status = np.where(supplied, 0, 1 + (rng.random(count) < 0.5))
    return [
        code,
        unit,
        name,
        firm,
        decimals(area * (1 + rng.normal(0, 5e-5, count)), 14, 2),
        chosen(["0601", "0508", "05H1", "0809"], use, 5),
        chosen(["出让", ""], (~supplied).astype(int), 10),
        chosen(["已供", "批而未供", "未供"], status, 10),
        *(day_bytes(d) for d in days),
        decimals(price, 12, 2),
    ]


def write_parcels(city: City, firms: int, path: Path, rng: np.random.Generator) -> Register:
    """Write the parcel shapefile in batches of blocks."""
    parts: list[tuple[Floats, NDArray[np.bool_], Ints]] = []
    blocks = -(-city.parcels // PER_BLOCK)
    with BulkShapefile(path, PARCEL_FIELDS) as file:
        for first in range(0, blocks, BATCH_BLOCKS):
            batch = np.arange(first, min(first + BATCH_BLOCKS, blocks))
            numbers = np.arange(first * PER_BLOCK, min((batch[-1] + 1) * PER_BLOCK, city.parcels))
            rings = _first(city_land.parcel_rings(city, batch, rng), len(numbers))
            area, supplied = rings.areas(), rng.random(len(numbers)) < 0.7
            owner = rng.integers(0, firms, len(numbers))
            file.add(rings, parcel_columns(numbers, area, supplied, owner, rng))
            parts.append((area, supplied, owner))
    return Register(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _first(rings: Rings, count: int) -> Rings:
    """The first ``count`` polygons."""
    kept = int(rings.ring_counts[:count].sum())
    points = int(rings.ring_sizes[:kept].sum())
    return Rings(rings.xy[:points], rings.ring_sizes[:kept], rings.ring_counts[:count])


def _texts(rows: Bytes) -> list[str]:
    """Byte rows of equal width as text without trailing blanks."""
    width = rows.shape[1]
    raw = np.ascontiguousarray(rows).view(f"S{width}").ravel()
    return [text.decode("gbk") for text in np.char.rstrip(raw).tolist()]


def write_holdings(register: Register, count: int, path: Path, rng: np.random.Generator) -> Floats:
    """``count`` holdings, four fifths owned, the rest leased; returns the mu each enterprise holds."""
    supplied = np.flatnonzero(register.supplied)
    owned = rng.permutation(supplied)[: min(len(supplied), int(0.8 * count))]
    let = owned[rng.integers(0, len(owned), count - len(owned))]
    firms = int(0.6 * len(register.supplied))
    tenant = rng.integers(0, firms, len(let))
    rented = register.area_m2[let] * rng.uniform(0.1, 0.3, len(let))
    let_out = np.bincount(let, rented, len(register.area_m2))
    rest = np.maximum(register.area_m2 - let_out, 0.05 * register.area_m2)[owned]
    parcel, firm = np.r_[owned, let], np.r_[register.owner[owned], tenant]
    area = np.round(np.r_[rest, rented], 2)
    order = np.argsort(parcel, kind="stable")
    table = pd.DataFrame(
        {
            "宗地代码": _parcel_codes(parcel),
            "统一社会信用代码": _texts(firm_codes(firm)),
            "关系": np.repeat(["自有", "租赁"], [len(owned), len(let)]),
            "面积（平方米）": area,
        }
    )
    table.iloc[order].to_csv(path, index=False, encoding="gbk", lineterminator="\r\n")
    held: Floats = np.bincount(firm, area * 0.0015, firms).astype(float)
    return held


def _parcel_codes(numbers: Ints) -> list[str]:
    pairs = zip((numbers // PER_BLOCK).tolist(), (numbers % PER_BLOCK + 1).tolist(), strict=True)
    return [f"370902{block:06d}GB{cell:05d}" for block, cell in pairs]


def write_firms(held_mu: Floats, path: Path, rng: np.random.Generator) -> None:
    """Enterprises with money drawn per mu held; 2 % report no tax figure, 1 % a refund."""
    count = len(held_mu)
    numbers = np.arange(count)
    mu = np.maximum(held_mu, 2.0)
    tax = np.round(np.clip(rng.lognormal(2.7, 0.7, count), 0.5, 60) * mu, 2)
    fate = rng.random(count)
    tax = np.where(fate < 0.02, np.nan, np.where(fate > 0.99, -np.round(0.1 * tax, 2), tax))
    revenue = np.round(np.clip(rng.lognormal(5.5, 0.7, count), 20, 1500) * mu, 2)
    pd.DataFrame(
        {
            "统一社会信用代码": _texts(firm_codes(numbers)),
            "企业名称": _texts(firm_names(numbers, width=40)),
            "行业代码": rng.choice(["C34", "C35", "C38", "C39", "C27", "C26", "C14"], count),
            "实缴税收": tax,
            "营业收入": revenue,
            "工业增加值": np.round(revenue * rng.uniform(0.18, 0.31, count), 2),
            "固定资产投资": np.round(np.clip(rng.lognormal(5.6, 0.45, count), 100, 600) * mu, 2),
            "研发费用": np.round(revenue * rng.uniform(0.0, 0.06, count), 2),
            "从业人数": rng.integers(5, 900, count),
        }
    ).to_csv(path, index=False, encoding="gbk", lineterminator="\r\n")


def write_zones(city: City, count: int, path: Path, rng: np.random.Generator) -> None:
    """Zones as GeoPackage in EPSG:4527."""
    shapes = gpd.GeoSeries(city_land.zones(city, count, rng), crs="EPSG:4527")
    frame = gpd.GeoDataFrame(
        {
            "zone_id": [f"Z{i:04d}" for i in range(count)],
            "zone_name": [f"第{i + 1}片区" for i in range(count)],
            "zone_level": "省级",
            "approved_m2": shapes.area.round(-4),
        },
        geometry=shapes,
    )
    frame.to_file(path, layer="开发区", driver="GPKG", engine="pyogrio")


def write_layer(rings: Rings, path: Path) -> None:
    """A constraint layer with a running number and a code."""
    numbers = np.arange(1, len(rings.ring_counts) + 1)
    with BulkShapefile(path, [("BSM", "N", 10, 0), ("图斑编号", "C", 8, 0)]) as file:
        file.add(rings, [digits(numbers, 10), digits(numbers, 8)])


def write_terrain(city: City, cells: int, path: Path) -> None:
    """Heights by strips of rows: a plain with groups of hills, some steeper than 25 degrees."""
    size = city.extent / cells
    x = (np.arange(cells) + 0.5) * size
    left, top = city.corner[0], city.corner[1] + city.extent
    profile = {"driver": "GTiff", "width": cells, "height": cells, "count": 1, "dtype": "float32"}
    layout = {"tiled": True, "blockxsize": 512, "blockysize": 512, "compress": "deflate", "predictor": 3}
    place = {"crs": "EPSG:4527", "transform": from_origin(left, top, size, size), "nodata": -9999.0}
    with rasterio.open(path, "w", **profile, **layout, **place) as file:
        for row in range(0, cells, 512):
            y = (np.arange(row, min(row + 512, cells)) + 0.5)[:, None] * size
            hills = np.maximum(np.sin(x / 2300.0) * np.cos(y / 1900.0) - 0.55, 0.0)
            shape = np.sin(x / 260.0) * np.cos(y / 300.0)
            height = np.round(120.0 + 0.002 * y + 900.0 * hills * (1 + 0.5 * shape), 1)
            file.write(height.astype("float32"), 1, window=Window(0, row, cells, len(y)))


def make(city: City, out: Path, *, seed: int, dem: int) -> None:
    """Write all files of a city into ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    count = city.parcels
    register = write_parcels(city, int(0.6 * count), out / "宗地.shp", rng)
    held_mu = write_holdings(register, int(0.8 * count), out / "用地关系.csv", rng)
    write_firms(held_mu, out / "企业.csv", rng)
    write_zones(city, max(2, count // 1000), out / "开发区.gpkg", rng)
    write_layer(city_land.blobs(city, max(1, count // 20), 40, (30, 110), rng), out / "永农.shp")
    write_layer(city_land.blobs(city, max(1, count // 100), 500, (60, 240), rng), out / "生态红线.shp")
    ponds = city_land.blobs(city, max(1, count // 200), 60, (40, 150), rng)
    write_layer(city_land.joined(ponds, city_land.rivers(city, 5, rng)), out / "水面.shp")
    if dem:
        write_terrain(city, dem, out / "dem.tif")
    text = PROJECT.format(count=count, slope=SLOPE if dem else "")
    (out / "城市.toml").write_bytes(text.encode())


def main() -> None:
    """Read the command line and make the city."""
    parser = argparse.ArgumentParser(description="Make a city of N parcels for benchmarks.")
    parser.add_argument("parcels", type=int, metavar="N")
    parser.add_argument("out", type=Path, metavar="OUTDIR")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--dem", type=int, default=0, metavar="CELLS", help="rows and columns of dem.tif")
    args = parser.parse_args()
    make(City(args.parcels), args.out, seed=args.seed, dem=args.dem)
    print(f"{args.parcels} 宗地 -> {args.out / '城市.toml'}")


if __name__ == "__main__":
    main()

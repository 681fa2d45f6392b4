"""Small projects for comparisons: parcels of 10 000 m² (15 mu) in a row, an own pack with one limit of tax per mu."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
from shapely import box
from smallpack import document, entry, rule, value, write_pack

from mudian.evaluation import Evaluation
from mudian.pipeline import evaluate

X, Y = 39_500_000.0, 4_000_000.0
P1, P2, P3, P4 = (f"370902001001GB0000{i}" for i in range(1, 5))


def credit_code(number: int) -> str:
    """A code that satisfies GB 32100: weights 3^i mod 31 over 17 characters, the check character makes 31 | sum."""
    digits = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    body = f"91370902MA{number:07d}"
    total = sum(digits.index(c) * pow(3, i, 31) for i, c in enumerate(body))
    return body + digits[-total % 31]


E1, E2 = credit_code(1), credit_code(2)
PROJECT = """\
[project]
name = "小区"
as_of = {day}
period = "2025"
policies = {policies}
{settings}
[parcels]
path = "宗地.gpkg"
[enterprises]
path = "企业.csv"
[holdings]
path = "用地.csv"
[zones]
path = "片区.gpkg"
[output]
dir = "成果"
formats = ["parquet"]
{ending}
"""
LOW = 'metric = "tax_per_mu", operator = "<", threshold = "limit.tax"'
ROW = {P1: (0, 100), P2: (100, 200), P3: (200, 300), P4: (300, 400)}
TAXES = {E1: ("甲公司", 100), E2: ("乙公司", 50)}
HELD = {P1: E1, P2: E1, P3: E2}


def low_tax_pack(folder: Path, limit: object) -> str:
    """A pack ``own`` by which land below ``limit`` 万元/亩 is low-efficiency land."""
    write_pack(folder, "own", document(), value("limit.tax", entry(limit)), rule("low.tax", LOW))
    return "own.toml"


def write(
    folder: Path,
    *,
    limit: object = 3,
    taxes: dict[str, tuple[str, object]] = TAXES,
    row: dict[str, tuple[float, float]] = ROW,
    held: dict[str, str] = HELD,
    day: str = "2025-12-31",
    policies: tuple[str, ...] = (),
    settings: str = "",
    more: dict[str, dict[str, object]] | None = None,
    zones: tuple[tuple[str, str], ...] = (("Z1", "城东工业园"),),
    turned: bool = False,
    scale: bool = False,
    ending: str = "",
) -> Path:
    """Write a project.

    Parameters
    ----------
    limit
        万元/亩, of the own pack; None for a run without it.
    taxes
        Name and tax (万元) by enterprise.
    row
        Left and right end (m) by parcel; all are 100 m high.
    held
        The enterprise that holds a parcel.
    more
        Further columns of the parcels, by column and parcel.
    zones
        Code and name of each; the first has the land up to 200 m, the second that up to 400 m, and so on.
    turned
        Write all rows in the opposite order.
    scale
        Say that the enterprises are below scale.
    ending
        More of the project file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = [*policies, *([low_tax_pack(folder, limit)] if limit is not None else [])]
    shapes = [box(X + a, Y, X + b, Y + 100) for a, b in row.values()]
    columns = {c: [cells.get(p) for p in row] for c, cells in (more or {}).items()}
    parcels = gpd.GeoDataFrame({"ZDDM": list(row), **columns}, geometry=shapes, crs=4527)
    ends = [-50, *(200 * n for n in range(1, len(zones))), 2000]
    strips = [box(X + a, Y - 50, X + b, Y + 150) for a, b in pairwise(ends)]
    area = gpd.GeoDataFrame(zones, columns=["zone_id", "zone_name"], geometry=strips, crs=4527)
    firms = pd.DataFrame(
        [(k, n, t) for k, (n, t) in taxes.items()], columns=["统一社会信用代码", "企业名称", "税收（万元）"]
    )
    uses = pd.DataFrame([(p, e, "自有") for p, e in held.items()], columns=["宗地代码", "统一社会信用代码", "关系"])
    firms = firms.assign(是否规上="否") if scale else firms
    step = -1 if turned else 1
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2026-01-01T00:00:00Z"})  # equal files for equal data
    parcels.iloc[::step].to_file(folder / "宗地.gpkg")
    area.iloc[::step].to_file(folder / "片区.gpkg")
    firms.iloc[::step].to_csv(folder / "企业.csv", index=False)
    uses.iloc[::step].to_csv(folder / "用地.csv", index=False)
    text = PROJECT.format(day=day, policies=str(names).replace("'", '"'), settings=settings, ending=ending)
    (folder / "项目.toml").write_text(text, "utf-8")
    return folder / "项目.toml"


def run(folder: Path, **options: object) -> Evaluation:
    """Write a project and run it."""
    return evaluate(write(folder, **options))  # type: ignore[arg-type]

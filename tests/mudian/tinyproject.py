"""A project of six parcels for tests that need a whole run and nothing more, and helpers to look at folders."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from rawshp import square, write_shapefile

PROJECT = """\
[project]
name = "小区"
as_of = 2025-12-31
period = "2025"
[parcels]
path = "宗地.shp"
crs = "EPSG:4527"
[enterprises]
path = "企业.csv"
[holdings]
path = "用地.csv"
[zones]
path = "片区.shp"
crs = "EPSG:4527"
[output]
dir = "成果"
formats = ["parquet"]
"""


def credit_code(number: int) -> str:
    """A code that satisfies GB 32100: weights 3^i mod 31 over 17 characters, the check character makes 31 | sum."""
    digits = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    body = f"91370902MA{number:07d}"
    total = sum(digits.index(c) * pow(3, i, 31) for i, c in enumerate(body))
    return body + digits[-total % 31]


E1, E2, E3, E4 = (credit_code(i) for i in range(1, 5))
P1, P2, P3, P4, P5, P6 = (f"370902001001GB0000{i}" for i in range(1, 7))
ENTERPRISES = f"""\
统一社会信用代码,企业名称,税收（万元）,营业收入（万元）
{E1},甲公司,100,1000
{E2},乙公司,50,500
{E3},丙公司,0,
{E4},丁公司,—,20
"""
HOLDINGS = f"""\
宗地代码,统一社会信用代码,关系,面积（平方米）
{P1},{E1},自有,
{P2},{E1},自有,
{P3},{E2},自有,
{P4},{E3},租赁,4000
"""
PARCELS = (P1, P2, P3, P4, P5, P6)
OWNERS = ("甲公司", "甲公司", "乙公司", "庚公司", "戊公司", "己公司")


def write_project(folder: Path) -> Path:
    """Write the project with its files and give the path of its project file."""
    folder.mkdir(parents=True, exist_ok=True)
    x, y = 39_500_000.0, 4_000_000.0
    rings = [[square(x + 100.0 * i, y, 100.0)] for i in range(6)]
    rows = [[code.encode(), owner.encode("gbk")] for code, owner in zip(PARCELS, OWNERS, strict=True)]
    fields = [(b"ZDDM", "C", 19, 0), (b"QLR", "C", 40, 0)]
    write_shapefile(folder / "宗地.shp", rings, fields, rows)
    zones = [[square(x - 50, y - 50, 350.0)], [square(x + 300, y - 50, 350.0)]]
    write_shapefile(folder / "片区.shp", zones, [(b"zone_id", "C", 5, 0)], [[b"Z1"], [b"Z2"]])
    (folder / "企业.csv").write_text(ENTERPRISES, "utf-8")
    (folder / "用地.csv").write_text(HOLDINGS, "utf-8")
    (folder / "项目.toml").write_text(PROJECT, "utf-8")
    return folder / "项目.toml"


def fingerprint(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a folder by its relative path; empty when the folder is not there."""
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def leftovers(folder: Path) -> list[str]:
    """Working folders that a run left beside its results."""
    return sorted(p.name for p in folder.iterdir() if p.name.startswith(".mudian-"))


def assert_one_block(text: str, lang: str = "zh") -> None:
    """The text is one problem, told once, without a traceback."""
    head = {"zh": "问题: ", "en": "Problem: "}[lang]
    assert "Traceback" not in text
    assert len(re.findall(f"^{head}", text, re.M)) == 1, text
    assert text.startswith(head), text
    labels = {"zh": "(问题|位置|应为|办法)", "en": "(Problem|Where|Expected|What to do)"}[lang]
    assert all(re.match(f"{labels}: \\S", line) for line in text.splitlines()), text

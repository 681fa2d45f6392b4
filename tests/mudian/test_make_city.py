"""The benchmark city: right counts, readable bytes, the promised share of faults."""

from __future__ import annotations

import csv
import struct
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import shapely

REPO = Path(__file__).parents[2]
COUNT = 3010  # not a multiple of the 25 parcels of a block


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("city")
    script = str(REPO / "benchmarks" / "make_city.py")
    command = [sys.executable, script, str(COUNT), str(out), "--seed", "3", "--dem", "60"]
    subprocess.run(command, check=True, capture_output=True)
    return out


def shapes(path: Path) -> list[list[np.ndarray]]:
    """Rings per record, found through the offsets of the .shx."""
    raw, index = path.read_bytes(), path.with_suffix(".shx").read_bytes()
    assert struct.unpack(">i", raw[24:28])[0] * 2 == len(raw)
    found = []
    for number, (offset, words) in enumerate(struct.iter_unpack(">2i", index[100:]), start=1):
        assert struct.unpack(">2i", raw[2 * offset : 2 * offset + 8]) == (number, words)
        body = raw[2 * offset + 8 : 2 * offset + 8 + 2 * words]
        parts, points = struct.unpack("<2i", body[36:44])
        starts = [*struct.unpack(f"<{parts}i", body[44 : 44 + 4 * parts]), points]
        xy = np.frombuffer(body[44 + 4 * parts :], "<f8").reshape(-1, 2)
        assert struct.unpack("<4d", body[4:36]) == (*xy.min(axis=0), *xy.max(axis=0))
        found.append([xy[a:b] for a, b in pairwise(starts)])
    return found


def test_parcels(city: Path) -> None:
    rings = shapes(city / "宗地.shp")
    assert len(rings) == COUNT
    figures = [shapely.Polygon(r[0], r[1:]) for r in rings]
    assert 18 < np.mean([len(r[0]) for r in rings]) < 20.5
    broken = [f for f in figures if not f.is_valid]
    assert all("Self-intersection" in shapely.is_valid_reason(f) for f in broken)
    assert 0.003 < len(broken) / COUNT < 0.012
    assert 0.005 < np.mean([len(r) == 2 for r in rings]) < 0.017
    assert not any(shapely.is_ccw(shapely.LinearRing(r[0])) for r, f in zip(rings, figures, strict=True) if f.is_valid)


def test_table_tells_the_area_in_gbk_without_saying_so(city: Path) -> None:
    raw = (city / "宗地.dbf").read_bytes()
    count, head, size = struct.unpack("<IHH", raw[4:12])
    assert (count, raw[29], (city / "宗地.cpg").exists()) == (COUNT, 0, False)
    assert len(raw) == head + count * size + 1
    rows = [raw[head + i * size : head + (i + 1) * size].decode("gbk") for i in range(count)]
    assert len({r[1:20] for r in rows}) == COUNT
    for row, rings in zip(rows, shapes(city / "宗地.shp"), strict=True):
        area = shapely.Polygon(rings[0], rings[1:]).area
        assert float(row.encode("gbk")[1 + 19 + 28 + 40 + 18 :][:14]) == pytest.approx(area, rel=5e-3)


def test_tables_fit_each_other(city: Path) -> None:
    firms = list(csv.DictReader((city / "企业.csv").open(encoding="gbk", newline="")))
    held = list(csv.DictReader((city / "用地关系.csv").open(encoding="gbk", newline="")))
    assert (len(firms), len(held)) == (int(0.6 * COUNT), int(0.8 * COUNT))
    codes = {f["统一社会信用代码"] for f in firms}
    assert len(codes) == len(firms)
    assert {h["统一社会信用代码"] for h in held} <= codes
    digits = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    for code in codes:
        assert (
            sum(digits.index(c) * pow(3, i, 31) for i, c in enumerate(code[:17])) + digits.index(code[17])
        ) % 31 == 0
    assert {h["关系"] for h in held} == {"自有", "租赁"}


def test_project_names_files_that_exist(city: Path) -> None:
    project = tomllib.loads((city / "城市.toml").read_text("utf-8"))
    named = [project[part]["path"] for part in ("parcels", "enterprises", "holdings", "zones")]
    named += [layer.get("path") or layer["raster"] for layer in project["constraints"]]
    assert len(named) == 8
    assert all((city / name).is_file() for name in named)
    for name, count in (("永农.shp", 150), ("生态红线.shp", 30), ("水面.shp", 20)):
        figures = [shapely.Polygon(r[0]) for r in shapes(city / name)]
        assert len(figures) == count
        assert all(f.is_valid for f in figures)


def test_same_seed_same_parcels(city: Path, tmp_path: Path) -> None:
    for seed, same in (("3", True), ("4", False)):
        command = [
            sys.executable,
            str(REPO / "benchmarks" / "make_city.py"),
            str(COUNT),
            str(tmp_path / seed),
        ]
        subprocess.run([*command, "--seed", seed], check=True, capture_output=True)
        one, two = ((d / "宗地.shp").read_bytes() for d in (city, tmp_path / seed))
        assert (one == two) is same

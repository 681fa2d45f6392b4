"""The bundled example: same bytes from the generator, and every planted fault really in the bytes.

The files are read here with struct, csv, openpyxl, sqlite3 and shapely alone, not with the code under test.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sqlite3
import struct
import subprocess
import sys
import tomllib
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import openpyxl
import pyproj
import pytest
import rasterio
import shapely

from mudian.datasets import example_files

REPO = Path(__file__).parents[2]
EXAMPLE = REPO / "mudian" / "datasets" / "example_zone"
CONTAINERS = {".gpkg", ".xlsx", ".tif"}
AS_OF = date(2025, 12, 31)


def read_dbf(path: Path) -> tuple[dict[str, slice], list[bytes], bytes]:
    """Field slices (names as GBK), raw records with their deletion mark, and the whole file."""
    raw = path.read_bytes()
    count, head, size = struct.unpack("<IHH", raw[4:12])
    fields, at = {}, 1
    for start in range(32, head - 1, 32):
        name = raw[start : start + 11].split(b"\0")[0].decode("gbk", "replace")
        fields[name] = slice(at, at + raw[start + 16])
        at += raw[start + 16]
    assert at == size
    return fields, [raw[head + i * size : head + (i + 1) * size] for i in range(count)], raw


def read_shp(path: Path) -> list[list[np.ndarray] | None]:
    """Rings of each record as they stand in the file."""
    raw, at, shapes = path.read_bytes(), 100, []
    while at < len(raw):
        _, words = struct.unpack(">2i", raw[at : at + 8])
        body = raw[at + 8 : at + 8 + 2 * words]
        at += 8 + 2 * words
        if struct.unpack("<i", body[:4])[0] == 0:
            shapes.append(None)
            continue
        parts, points = struct.unpack("<2i", body[36:44])
        starts = [*struct.unpack(f"<{parts}i", body[44 : 44 + 4 * parts]), points]
        xy = np.frombuffer(body[44 + 4 * parts :], "<f8").reshape(-1, 2)
        shapes.append([xy[a:b] for a, b in pairwise(starts)])
    return shapes


FIELDS, RECORDS, DBF = read_dbf(EXAMPLE / "宗地.dbf")
SHAPES = read_shp(EXAMPLE / "宗地.shp")
SHEET = openpyxl.load_workbook(EXAMPLE / "企业亩均情况.xlsx")["企业亩均"]
LEASES = list(csv.reader(io.StringIO((EXAMPLE / "租赁关系.csv").read_bytes().decode("gbk"), newline="")))
README = (EXAMPLE / "README.md").read_text("utf-8")
FAULTS = [
    (name, file, [int(r) for r in rows.split(", ")], code, text)
    for name, file, rows, code, text in re.findall(
        r"^\| `([a-z-]+)` \| (\S+) \| ([\d, ]+) \| `(.*?)` \| (.*?) \|", README, re.M
    )
]


def value(row: int, field: str) -> str:
    """Text of a cell of 宗地.dbf; row counts from 1."""
    return RECORDS[row - 1][FIELDS[field]].decode("gbk", "replace").strip()


def signed_area(ring: np.ndarray) -> float:
    x, y = (ring - ring[0]).T
    return float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) / 2)


def shape(row: int) -> shapely.Geometry:
    """Even-odd figure of the rings of a record, whatever their direction."""
    figure = shapely.Polygon()
    for ring in SHAPES[row - 1] or []:
        part = shapely.make_valid(shapely.Polygon(ring), method="structure", keep_collapsed=False)
        figure = figure.symmetric_difference(part)
    return figure


def row_of(code: str) -> int:
    return next(i for i in range(1, len(RECORDS) + 1) if value(i, "ZDDM") == code)


def code_is_valid(code: str) -> bool:
    """GB 32100: the weighted sum over all 18 characters is a multiple of 31."""
    digits = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    total = sum(digits.index(c) * pow(3, i, 31) for i, c in enumerate(code[:17])) + digits.index(code[17])
    return len(code) == 18 and total % 31 == 0


def other(text: str) -> str:
    """The parcel code that a fault's text names."""
    return re.findall(r"\d{12}G[B]\d{5}", text)[0]


def column(name: str) -> int:
    heads = [SHEET.cell(4, c).value or SHEET.cell(3, c).value for c in range(1, SHEET.max_column + 1)]
    return heads.index(name) + 1


def cell(row: int, name: str) -> object:
    return SHEET.cell(row, column(name)).value


# --- the generator ---


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    out = tmp_path_factory.mktemp("example")
    for name, seed in (("one", "1"), ("two", "2")):
        command = [sys.executable, str(REPO / "examples" / "make_example.py"), str(out / name)]
        subprocess.run(command, check=True, env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True)
    return out / "one", out / "two"


def test_two_runs_give_the_same_bytes(made: tuple[Path, Path]) -> None:
    one, two = ({f.name: f.read_bytes() for f in folder.iterdir()} for folder in made)
    assert one == two


def test_committed_files_are_the_generator_s(made: tuple[Path, Path]) -> None:
    fresh = {f.name: f for f in made[0].iterdir()}
    assert set(fresh) == {f.name for f in EXAMPLE.iterdir()}
    different = [
        name
        for name, file in fresh.items()
        if file.suffix not in CONTAINERS and file.read_bytes() != (EXAMPLE / name).read_bytes()
    ]
    assert different == []


def test_committed_containers_hold_what_the_generator_makes(made: tuple[Path, Path]) -> None:
    """Compressed and database files may differ by library version in bytes, never in content."""
    assert gpkg_content(made[0] / "开发区.gpkg") == gpkg_content(EXAMPLE / "开发区.gpkg")
    books = [openpyxl.load_workbook(d / "企业亩均情况.xlsx") for d in (made[0], EXAMPLE)]
    cells = [[[list(r) for r in sheet.values] for sheet in book.worksheets] for book in books]
    assert cells[0] == cells[1]
    with rasterio.open(made[0] / "dem.tif") as a, rasterio.open(EXAMPLE / "dem.tif") as b:
        assert (a.transform, a.crs, a.nodata) == (b.transform, b.crs, b.nodata)
        np.testing.assert_array_equal(a.read(1), b.read(1))


def gpkg_content(path: Path) -> list[tuple[object, ...]]:
    base = sqlite3.connect(path)
    try:
        rows = list(base.execute('select * from "开发区"'))
        return rows + list(base.execute("select table_name, srs_id, last_change from gpkg_contents"))
    finally:
        base.close()


def test_folder_is_found_small_and_complete() -> None:
    folder = example_files()
    names = {f.name for f in folder.iterdir()}
    assert "示例.toml" in names
    assert "宗地.cpg" not in names
    assert sum(f.stat().st_size for f in EXAMPLE.iterdir()) < 1_500_000
    project = tomllib.loads((folder / "示例.toml").read_text("utf-8"))
    assert project["project"]["as_of"] == AS_OF
    named = [project[part]["path"] for part in ("parcels", "enterprises", "holdings", "zones", "buildings")]
    named += [layer.get("path") or layer["raster"] for layer in project["constraints"]]
    assert set(named) <= names


def test_no_path_of_a_machine_in_the_files() -> None:
    for file in EXAMPLE.iterdir():
        raw = file.read_bytes()
        assert b"/root/" not in raw
        assert b"/work/" not in raw
        assert b"/home/" not in raw


# --- the parcels ---


def test_table_is_gbk_without_any_sign_of_it() -> None:
    assert DBF[29] == 0
    assert list(FIELDS)[:4] == ["ZDDM", "不动产单元", "QLR", "QLRZJH"]
    assert "成交价款万" in FIELDS
    with pytest.raises(UnicodeDecodeError):
        DBF.decode("utf-8")
    prj = (EXAMPLE / "宗地.prj").read_text("ascii")
    assert 'PARAMETER["False_Easting",39500000.0]' in prj
    assert pyproj.CRS.from_wkt(prj).to_epsg() == 4527


def test_counts() -> None:
    assert len(RECORDS) == len(SHAPES) == 321
    assert sum(r[:1] == b"*" for r in RECORDS) == 1
    index = (EXAMPLE / "宗地.shx").read_bytes()
    assert len(index) == 100 + 8 * 321
    size = (EXAMPLE / "宗地.shp").stat().st_size
    assert struct.unpack(">i", index[24:28])[0] * 2 == len(index)
    last = struct.unpack(">2i", index[-8:])
    assert 2 * (last[0] + last[1]) + 8 == size


def test_parcels_are_of_plausible_size_and_shape() -> None:
    mu = np.array([shape(i).area * 3 / 2000 for i in range(1, 317)])
    assert mu.min() > 4
    assert mu.max() < 150
    sides = np.array([len(rings[0]) - 1 for rings in SHAPES if rings])
    assert np.mean(sides > 4) > 0.5


def test_only_planted_overlaps() -> None:
    """Every pair of live parcels with more than 0.1 m² in common is one that the README names."""
    rows = [i for i in range(1, 322) if SHAPES[i - 1] and RECORDS[i - 1][:1] == b" "]
    figures = [shape(i) for i in rows]
    a, b = shapely.STRtree(figures).query(figures, predicate="intersects")
    pairs = {
        frozenset((rows[i], rows[j]))
        for i, j in zip(a, b, strict=True)
        if i < j and figures[i].intersection(figures[j]).area > 0.1
    }
    planted = {
        frozenset((rows_[0], row_of(other(text))))
        for name, _, rows_, _, text in FAULTS
        if name in ("overlap-wide", "overlap-sliver", "contained", "duplicate-shape")
    }
    assert len(planted) == 4
    assert pairs == planted


def test_registered_areas_are_near_the_figures() -> None:
    damaged = set(rows_named("area-in-mu", "null-shape", "overlap-wide", "gap", "bow-tie", "bow-tie-small"))
    for i in set(range(1, 322)) - damaged:
        assert float(value(i, "ZDMJ")) == pytest.approx(shape(i).area, rel=5e-4)


def test_owner_codes_are_valid_but_the_planted_one() -> None:
    assert code_is_valid("91350100M000100Y43")
    bad = [i for i in range(1, 322) if (c := value(i, "QLRZJH")) and not code_is_valid(c)]
    assert rows_named("owner-check-digit")[0] in bad
    assert len({value(i, "QLRZJH") for i in bad}) == 1


def test_dates_are_real_but_the_two_planted() -> None:
    bad = []
    for name in ("合同日期", "交地日期", "约定开工", "约定竣工", "实际开工", "实际竣工", "停工日期"):
        for i in range(1, 322):
            try:
                as_date(value(i, name))
            except ValueError:
                bad.append(i)
    assert sorted(bad) == sorted(rows_named("bad-date-start", "bad-date-handover"))


def as_date(text: str) -> date | None:
    return date(int(text[:4]), int(text[4:6]), int(text[6:])) if text else None


def rows_named(*names: str) -> list[int]:
    return [row for name, _, rows, _, _ in FAULTS for row in rows if name in names]


# --- each planted fault, as the README tells it ---


def check_overlap_wide(row: int, text: str) -> None:
    common = shape(row).intersection(shape(row_of(other(text))))
    assert common.area / (common.length / 2) == pytest.approx(1.0, abs=0.03)
    assert f"{common.area:.2f} m²" in text


def check_overlap_sliver(row: int, text: str) -> None:
    common = shape(row).intersection(shape(row_of(other(text))))
    assert common.area / (common.length / 2) == pytest.approx(0.02, abs=0.003)


def check_gap(row: int, text: str) -> None:
    neighbour = shape(row_of(other(text)))
    assert shape(row).distance(neighbour) == pytest.approx(0.3, abs=0.002)
    within = neighbour.exterior.intersection(shape(row).buffer(0.31))
    assert within.length * 0.3 == pytest.approx(float(re.findall(r"([\d.]+) m²", text)[0]), rel=0.02)


def check_contained(row: int, text: str) -> None:
    assert shape(row_of(other(text))).contains_properly(shape(row))
    assert shape(row).area == pytest.approx(64 * 48, abs=0.2)


def check_duplicate_shape(row: int, text: str) -> None:
    twin = row_of(other(text))
    assert shape(row).symmetric_difference(shape(twin)).area < 1e-6
    assert tuple(SHAPES[row - 1][0][0]) != tuple(SHAPES[twin - 1][0][0])


def check_bow_tie(row: int, text: str) -> None:
    ring = SHAPES[row - 1][0]
    assert "Self-intersection" in shapely.is_valid_reason(shapely.Polygon(ring))
    assert abs(signed_area(ring)) < 0.5 * float(value(row, "ZDMJ"))


def check_bow_tie_small(row: int, text: str) -> None:
    ring = SHAPES[row - 1][0]
    assert "Self-intersection" in shapely.is_valid_reason(shapely.Polygon(ring))
    assert abs(shape(row).area - float(value(row, "ZDMJ"))) > 1


def check_spike(row: int, text: str) -> None:
    ring = SHAPES[row - 1][0]
    back = [i for i in range(len(ring) - 2) if (ring[i] == ring[i + 2]).all()]
    assert len(back) == 1
    assert np.hypot(*(ring[back[0] + 1] - ring[back[0]])) == pytest.approx(25, abs=0.002)
    assert not shapely.is_valid(shapely.Polygon(ring))


def check_reversed_rings(row: int, text: str) -> None:
    outer, inner = SHAPES[row - 1]
    assert signed_area(outer) > 0 > signed_area(inner)  # the specification wants the reverse
    filling = shape(row_of(other(text)))
    assert filling.area == pytest.approx(-signed_area(inner), abs=1e-3)
    assert shape(row).intersection(filling).area < 1e-6


def check_multi_part(row: int, text: str) -> None:
    rings = SHAPES[row - 1]
    assert len(rings) == 2
    assert all(signed_area(r) < 0 for r in rings)
    assert shapely.Polygon(rings[0]).distance(shapely.Polygon(rings[1])) == pytest.approx(6, abs=0.05)


def check_null_shape(row: int, text: str) -> None:
    assert SHAPES[row - 1] is None
    assert value(row, "QLR")


def check_owner_check_digit(row: int, text: str) -> None:
    assert not code_is_valid(value(row, "QLRZJH"))


def check_cut_name(row: int, text: str) -> None:
    raw = RECORDS[row - 1][FIELDS["QLR"]]
    assert len(raw) == 41
    with pytest.raises(UnicodeDecodeError):
        raw.decode("gbk")
    whole = [i for i, r in enumerate(RECORDS) if i != row - 1]
    assert all(RECORDS[i][FIELDS["QLR"]].decode("gbk") is not None for i in whole)
    assert raw[:40].decode("gbk") in text


def check_similar_name(row: int, text: str) -> None:
    assert value(row, "QLRZJH") == ""
    assert value(row, "QLR") not in text
    assert value(row, "QLR").replace("公司", "有限公司") in text


def check_brackets(row: int, text: str) -> None:
    name = str(cell(row, "企业名称"))
    assert "（山东）" in name
    half = name.replace("（", "(").replace("）", ")")
    owned = [i for i in range(1, 322) if value(i, "QLR") == half]
    assert owned
    assert all(value(i, "QLRZJH") == "" for i in owned)


def check_float_code(row: int, text: str) -> None:
    stored = cell(row, "统一社会信用代码")
    assert isinstance(stored, (int, float))
    true_code = re.findall(r"\d{18}", text)[0]
    assert code_is_valid(true_code)
    assert f"{stored:.14e}".replace(".", "")[:15] == true_code[:15]
    assert true_code[15:] != "000"


def check_trailing_blank(row: int, text: str) -> None:
    assert str(cell(row, "统一社会信用代码")).endswith(" ")


def check_repeated_row(row: int, text: str) -> None:
    first, second = rows_named("repeated-row")
    read = [[c.value for c in SHEET[r]][1:] for r in (first, second)]
    assert read[0] == read[1]


def check_negative_tax(row: int, text: str) -> None:
    assert cell(row, "实缴税收") == -35.6


def check_zero_tax(row: int, text: str) -> None:
    assert cell(row, "实缴税收") == 0


def check_missing_tax_dash(row: int, text: str) -> None:
    assert cell(row, "实缴税收") == "—"


def check_missing_tax_slash(row: int, text: str) -> None:
    assert cell(row, "实缴税收") == "/"


def check_missing_tax_blank(row: int, text: str) -> None:
    assert cell(row, "实缴税收") is None


def check_without_land(row: int, text: str) -> None:
    code, name = cell(row, "统一社会信用代码"), cell(row, "企业名称")
    assert all(value(i, "QLRZJH") != code and value(i, "QLR") != name for i in range(1, 322))
    assert all(line[1] != code for line in LEASES)


def check_total_row(row: int, text: str) -> None:
    assert SHEET.cell(row, 1).value == "合计"
    taxes = [cell(r, "实缴税收") for r in range(5, row)]
    total = sum(t for t in taxes if isinstance(t, (int, float)))
    assert cell(row, "实缴税收") == pytest.approx(total, abs=0.005)
    assert f"sum row: {total:.2f}" in README


def check_footer(row: int, text: str) -> None:
    assert str(SHEET.cell(row, 1).value).startswith("填表人")
    assert SHEET.max_row == row


def check_repeated_code(row: int, text: str) -> None:
    same = [i for i in range(1, 322) if value(i, "ZDDM") == value(row, "ZDDM")]
    assert len(same) == 2
    assert len({value(i, "不动产单元") for i in same}) == 2
    assert shape(same[0]).distance(shape(same[1])) > 1


def check_untidy_code(row: int, text: str) -> None:
    code = value(row, "ZDDM")
    assert " " in code
    assert code != code.upper()
    assert code.replace(" ", "").upper() == other(text)


def check_short_code(row: int, text: str) -> None:
    assert len(value(row, "ZDDM")) == 18


def check_bad_date_start(row: int, text: str) -> None:
    assert value(row, "约定开工") == "20240231"


def check_bad_date_handover(row: int, text: str) -> None:
    assert value(row, "交地日期") == "20240231"


def check_area_in_mu(row: int, text: str) -> None:
    assert float(value(row, "ZDMJ")) / shape(row).area == pytest.approx(0.0015, rel=1e-3)


def check_lost_zero(row: int, text: str) -> None:
    assert value(row, "DLBM") == "601"


def check_deleted_record(row: int, text: str) -> None:
    assert RECORDS[row - 1][:1] == b"*"
    parts = [shape(row_of(code)) for code in re.findall(r"\d{12}GB\d{5}", text)]
    assert shape(row).area == pytest.approx(sum(p.area for p in parts), rel=1e-9)


def check_three_tenants(row: int, text: str) -> None:
    lines = [line for line in LEASES if line[0] == other(text)]
    assert [line[3] for line in lines] == ["租赁"] * 3 + ["自有"]
    assert LEASES[row - 1] == lines[0]
    assert sum(float(line[4]) for line in lines) == pytest.approx(float(value(row_of(other(text)), "ZDMJ")), abs=0.1)


def check_tenant_too_large(row: int, text: str) -> None:
    line = LEASES[row - 1]
    assert line[3] == "租赁"
    assert float(line[4]) > 1.1 * float(value(row_of(line[0]), "ZDMJ"))


def check_unknown_tenant(row: int, text: str) -> None:
    known = {cell(r, "统一社会信用代码") for r in range(5, 186)}
    strange = [i for i, line in enumerate(LEASES[1:], start=2) if line[1] not in known]
    assert strange == [row]
    assert code_is_valid(LEASES[row - 1][1])


def check_unknown_parcel(row: int, text: str) -> None:
    known = {value(i, "ZDDM") for i in range(1, 322)}
    assert [i for i, line in enumerate(LEASES[1:], start=2) if line[0] not in known] == [row]


def check_expired_lease(row: int, text: str) -> None:
    over = [i for i, line in enumerate(LEASES[1:], start=2) if line[6] and line[6] < "2025-12-31"]
    assert over == [row]


@pytest.mark.parametrize(("name", "file", "rows", "code", "text"), FAULTS, ids=[f[0] for f in FAULTS])
def test_planted_fault(name: str, file: str, rows: list[int], code: str, text: str) -> None:
    for row in rows:
        globals()[f"check_{name.replace('-', '_')}"](row, text)
        if file == "宗地.shp":
            assert value(row, "ZDDM") == code


def test_every_fault_asked_for_is_listed() -> None:
    checks = {name.removeprefix("check_").replace("_", "-") for name in globals() if name.startswith("check_")}
    assert {f[0] for f in FAULTS} == checks
    assert len(checks) == 39


# --- the other files ---


def test_workbook_has_merged_head_units_and_text_numbers() -> None:
    merged = {str(r) for r in SHEET.merged_cells.ranges}
    assert {"A1:Q1", "A2:Q2", "A3:A4", "G3:H3"} <= merged
    assert "单位：万元" in str(SHEET["A2"].value)
    texts = [v for r in range(5, 186) if isinstance(v := cell(r, "营业收入"), str)]
    assert any(re.fullmatch(r"\d{1,3}(,\d{3})+\.\d\d", v) for v in texts)
    assert len({cell(r, "统一社会信用代码") for r in range(5, 186)}) == 180


def test_enterprise_codes_are_valid() -> None:
    for r in range(5, 186):
        code = cell(r, "统一社会信用代码")
        assert isinstance(code, float | int) or code_is_valid(str(code).strip())


def test_figures_of_the_readme() -> None:
    """Tax without the repeated row, added up from the sheet."""
    repeated = rows_named("repeated-row")[1]
    taxes = [cell(r, "实缴税收") for r in range(5, 186) if r != repeated]
    total = sum(t for t in taxes if isinstance(t, (int, float)))
    assert f"tax: {total:.2f} 万元" in README
    assert sum(not isinstance(t, (int, float)) for t in taxes) == 3


def idle_expectation(row: int) -> str:
    """Order 53 of 2012 by hand: agreed start, else handover plus one year; stopped land by share."""
    agreed, handed = as_date(value(row, "约定开工")), as_date(value(row, "交地日期"))
    start = agreed or handed.replace(year=handed.year + 1)
    began, stopped = as_date(value(row, "实际开工")), as_date(value(row, "停工日期"))

    def years_since(day: date) -> int:
        return AS_OF.year - day.year - ((AS_OF.month, AS_OF.day) < (day.month, day.day))

    if began is None:
        return ("not_due", "idle_1y", "idle_2y")[min(2, max(0, years_since(start)))]
    little_land = value(row, "应开发面积") and 3 * float(value(row, "已开发面积")) < float(value(row, "应开发面积"))
    little_money = value(row, "总投资万元") and 4 * float(value(row, "已投资万元")) < float(value(row, "总投资万元"))
    return "idle_stopped" if years_since(stopped) >= 1 and (little_land or little_money) else "not_idle"


def test_idle_cases_follow_from_the_dates() -> None:
    cases = re.findall(r"^\| (\d+) \| `(\S+)` \| `(\w+)` \|", README, re.M)
    assert len(cases) == 12
    assert {expected for _, _, expected in cases} == {
        "idle_1y",
        "idle_2y",
        "idle_stopped",
        "not_due",
        "not_idle",
    }
    for row, code, expected in cases:
        assert value(int(row), "ZDDM") == code
        assert value(int(row), "供地状态") == "已供"
        assert idle_expectation(int(row)) == expected


def zones() -> dict[str, shapely.Geometry]:
    base = sqlite3.connect(EXAMPLE / "开发区.gpkg")
    try:
        rows = list(base.execute('select zone_name, geom from "开发区"'))
        (srs,) = base.execute("select srs_id from gpkg_contents").fetchone()
    finally:
        base.close()
    assert srs == 4490
    return {name: shapely.from_wkb(blob[40:]) for name, blob in rows}  # 8 bytes head, 32 bytes envelope


def test_two_zones_in_degrees_share_one_curved_border() -> None:
    west, east = zones()["高新片区"], zones()["临港片区"]
    assert 117 < west.centroid.x < east.centroid.x < 117.2
    assert west.touches(east)
    border = shapely.line_merge(west.intersection(east))
    ends = shapely.get_coordinates(border)[[0, -1]]
    assert border.length > 1.03 * np.hypot(*(ends[1] - ends[0]))


def test_parcels_over_both_zones_and_outside() -> None:
    turn = pyproj.Transformer.from_crs(4490, 4527, always_xy=True)
    west, east = (
        shapely.transform(zones()[n], lambda p: np.column_stack(turn.transform(*p.T))) for n in ("高新片区", "临港片区")
    )
    listed = re.findall(r"^\| (\d+) \| `(\S+)` \| (\d\.\d+) \| (\d\.\d+) \|", README, re.M)
    both = [r for r in listed if float(r[2]) and float(r[3])]
    assert len(both) >= 10
    assert any(float(w) + float(e) == 0 for _, _, w, e in listed)
    for row, _, w, e in listed:
        figure = shape(int(row))
        assert figure.intersection(west).area / figure.area == pytest.approx(float(w), abs=6e-4)
        assert figure.intersection(east).area / figure.area == pytest.approx(float(e), abs=6e-4)


def test_terrain_has_a_steep_hill_a_rim_and_a_patch() -> None:
    with rasterio.open(EXAMPLE / "dem.tif") as file:
        assert file.crs.to_epsg() == 4527
        assert file.res == (15.0, 15.0)
        heights = file.read(1, masked=True)
    assert heights.mask[:4].all()
    assert heights.mask[:, -4:].all()
    inside = heights[4:-4, 4:-4]
    assert inside.mask.sum() == 8 * 12
    across, along = np.gradient(inside.filled(np.nan), 15.0)
    slope = np.degrees(np.arctan(np.hypot(across, along)))
    assert 300 < np.sum(slope > 25) < 3000
    assert np.nanmedian(slope) < 3


def test_constraint_layers_come_in_their_guises() -> None:
    assert (EXAMPLE / "永农.cpg").read_bytes() == b"GBK"
    assert (EXAMPLE / "河道.cpg").read_bytes() == b"UTF-8"
    assert "示安河".encode() in (EXAMPLE / "河道.dbf").read_bytes()
    assert (EXAMPLE / "建筑.dbf").read_bytes()[29] == 0x4D
    redline = json.loads((EXAMPLE / "生态红线.geojson").read_text("utf-8"))
    assert redline["crs"]["properties"]["name"] == "urn:ogc:def:crs:EPSG::4490"
    figure = shapely.from_geojson(json.dumps(redline["features"][0]["geometry"]))
    assert figure.is_valid
    assert len(figure.interiors) == 1
    fields = [shapely.Polygon(rings[0]) for rings in read_shp(EXAMPLE / "永农.shp")]
    parcels = shapely.union_all([shape(i) for i in range(1, 317)])
    assert all(f.is_valid for f in fields)
    assert sum(f.intersection(parcels).area > 1000 for f in fields) >= 2

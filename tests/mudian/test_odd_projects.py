"""Odd but legal projects, as a new user makes them: parts left out, other formats, other choices.

All are variants of the bundled example; what must not change is held against the plain run of it.
"""

from __future__ import annotations

import math
import shutil
import zipfile
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely
from pandas.testing import assert_series_equal
from tinyproject import P1, P2, P4, write_project

import mudian as md
from mudian.cli import main
from mudian.datasets import example_files
from mudian.errors import Problem

HEAD = '[project]\nname = "开发区"\nas_of = 2025-12-31\nperiod = "2025"\n'
PARCELS = '[parcels]\npath = "宗地.shp"\n'
ENTERPRISES = '[enterprises]\npath = "企业亩均情况.xlsx"\n'
HOLDINGS = '[holdings]\npath = "租赁关系.csv"\n'
ZONES = '[zones]\npath = "开发区.gpkg"\n'
OUTPUT = '[output]\nformats = ["parquet"]\n'
FULL = HEAD + PARCELS + ENTERPRISES + HOLDINGS + ZONES + OUTPUT


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(str(example_files()), tmp_path_factory.mktemp("odd") / "示例"))


def run(folder: Path, text: str) -> md.Evaluation:
    file = folder / "odd.toml"
    file.write_text(text, "utf-8")
    shutil.rmtree(folder / "成果", ignore_errors=True)
    assert main(["run", str(file)]) == 0
    return md.load(folder / "成果")


@pytest.fixture(scope="module")
def plain(folder: Path) -> md.Evaluation:
    return run(folder, FULL)


def tax(evaluation: md.Evaluation) -> dict[str, float]:
    account = evaluation.manifest["conservation"]["tax_wan"]
    return {"input": account["input"], "allocated": account["allocated"], **account["unallocated"]}


def same_parcels(one: md.Evaluation, other: md.Evaluation, *, rel: float) -> None:
    """The same land, links and money by parcel code (codes that occur once)."""
    frames = [
        e.parcels[~e.parcels["parcel_id"].duplicated(keep=False)].set_index("parcel_id")[["area_m2", "tax_wan"]]
        for e in (one, other)
    ]
    for name in frames[0]:
        assert_series_equal(frames[0][name].sort_index(), frames[1][name].sort_index(), rtol=rel)


# --- parts left out ---


def test_parcels_alone(folder: Path) -> None:
    """Every output is written, with nothing in it that nobody gave."""
    evaluation = run(folder, HEAD + PARCELS)
    names = {p.name for p in (folder / "成果").iterdir()}
    assert {"map.html", "report.xlsx", "evaluation.gpkg", "parcels.parquet", "ledger.csv", "manifest.json"} <= names
    assert len(evaluation.parcels) == 320
    assert evaluation.enterprises.empty
    assert evaluation.links.empty
    assert evaluation.zones["zone_name"].tolist() == ["开发区"]
    assert "tax_per_mu" not in evaluation.zones
    assert set(evaluation.manifest["conservation"]) == {"area_m2"}
    assert len(evaluation.ledger[evaluation.ledger["code"] == "parcel-no-enterprise"]) == 320


def test_without_enterprises_but_with_leases(folder: Path, plain: md.Evaluation) -> None:
    evaluation = run(folder, HEAD + PARCELS + HOLDINGS + ZONES)
    assert evaluation.zones["parcel_count"].tolist() == plain.zones["parcel_count"].tolist()
    unknown = evaluation.ledger[evaluation.ledger["code"] == "holding-no-enterprise"]
    assert len(unknown) >= 55  # every lease in force
    held = evaluation.parcels["held_mu"]
    assert (held > 0).sum() > 10  # used land is used, whoever pays the tax
    assert "tax_wan" not in evaluation.parcels


def test_without_zones_all_parcels_are_one(folder: Path, plain: md.Evaluation) -> None:
    evaluation = run(folder, HEAD + PARCELS + ENTERPRISES + HOLDINGS + OUTPUT)
    assert len(evaluation.zones) == 1
    zone = evaluation.zones.iloc[0]
    assert zone["parcel_count"] == 319  # the one without a shape lies nowhere
    assert tax(evaluation) == pytest.approx(tax(plain))
    assert zone["tax_wan"] == pytest.approx(tax(plain)["allocated"])
    same_parcels(evaluation, plain, rel=1e-12)


def test_without_leases_the_register_speaks(folder: Path, plain: md.Evaluation) -> None:
    evaluation = run(folder, HEAD + PARCELS + ENTERPRISES + ZONES + OUTPUT)
    assert set(evaluation.links["method"]) == {"owner_id", "owner_name"}
    assert tax(evaluation)["input"] == tax(plain)["input"]
    assert tax(evaluation)["enterprise_without_land"] > tax(plain)["enterprise_without_land"]


# --- other places and formats of the same parcels ---


def test_zip_with_a_folder_inside(folder: Path, plain: md.Evaluation) -> None:
    with zipfile.ZipFile(folder / "宗地.zip", "w") as archive:
        for part in ("shp", "shx", "dbf", "prj"):
            archive.write(folder / f"宗地.{part}", f"交付 2025/宗地.{part}")
    evaluation = run(folder, FULL.replace("宗地.shp", "宗地.zip"))
    same_parcels(evaluation, plain, rel=1e-12)
    assert tax(evaluation) == tax(plain)
    assert [f["file"] for f in evaluation.manifest["inputs"]["parcels"]] == ["宗地.zip"]


@pytest.mark.parametrize("suffix", ["gpkg", "geojson", "parquet"])
def test_parcels_in_degrees(folder: Path, plain: md.Evaluation, suffix: str) -> None:
    file = folder / f"度.{suffix}"
    own = ["ZDDM", "QLR", "QLRZJH", "DLBM", "DLMC", "ZDMJ", "geometry"]
    degrees = plain.parcels[own].to_crs(4490)
    if suffix == "parquet":
        degrees.to_parquet(file)
    elif suffix == "geojson":
        file.write_text(degrees.to_json(drop_id=True, to_wgs84=False), "utf-8")
    else:
        pyogrio.write_dataframe(degrees, file)
    evaluation = run(folder, FULL.replace("宗地.shp", file.name))
    assert evaluation.parcels.crs.to_epsg() == 4490
    assert evaluation.zones.crs.to_epsg() == 4490
    assert evaluation.parcels["planar_m2"].isna().all()
    # An edge of 200 m that is straight in degrees bends by half a millimetre in the plane: 1e-5 of a small parcel.
    same_parcels(evaluation, plain, rel=1e-5)
    assert evaluation.zones["parcel_count"].tolist() == plain.zones["parcel_count"].tolist()
    assert evaluation.zones["parcel_mu"].tolist() == pytest.approx(plain.zones["parcel_mu"].tolist(), rel=1e-6)
    pyproject = (
        (folder / "odd.toml").read_text("utf-8").replace("[enterprises]", 'area_basis = "planar"\n[enterprises]')
    )
    (folder / "odd.toml").write_text(pyproject, "utf-8")
    assert main(["run", str(folder / "odd.toml")]) == 2


def test_boundary_point_txt(tmp_path: Path) -> None:
    """Three blocks in the format of the 界址点成果表, written here line by line; x is north, y is east with zone 39."""
    project = write_project(tmp_path / "p")
    lines = [
        "[属性描述]",
        "坐标系=2000国家大地坐标系",
        "几度分带=3",
        "投影类型=高斯克吕格",
        "计量单位=米",
        "带号=39",
        "[地块坐标]",
    ]
    for number, code in enumerate((P1, P2, P4)):
        east = 39_500_000 + 200 * number
        lines.append(f"4,1.0000,{code},地块{number + 1},面,,工业用地,,@")
        corners = [(0, 0), (100, 0), (100, 100), (0, 100), (0, 0)]
        lines += [f"J{i % 4 + 1},1,{4_000_000 + n}.000,{east + e}.000" for i, (n, e) in enumerate(corners)]
    (project.parent / "地块.txt").write_bytes("\r\n".join(lines).encode("gbk"))
    text = project.read_text("utf-8").replace('path = "宗地.shp"\ncrs = "EPSG:4527"', 'path = "地块.txt"')
    project.write_text(text, "utf-8")
    assert main(["run", str(project)]) == 0
    evaluation = md.load(project.parent / "成果")
    assert evaluation.parcels["parcel_id"].tolist() == [P1, P2, P4]
    assert evaluation.parcels["planar_m2"].tolist() == pytest.approx([10_000] * 3)
    assert evaluation.parcels.crs.to_epsg() == 4527
    # 100 of the first enterprise over P1 and P2; the second holds P3, which is not there.
    assert evaluation.parcels["tax_wan"].tolist()[:2] == pytest.approx([50, 50], rel=1e-4)
    assert evaluation.parcels["tax_wan"].tolist()[2] == 0
    assert evaluation.manifest["conservation"]["tax_wan"]["unallocated"]["enterprise_without_land"] == 50


# --- zones ---


def test_zones_that_overlap(tmp_path: Path) -> None:
    """A parcel in both zones goes to the one with more of it, in a tie to the first; and counts once."""
    project = write_project(tmp_path / "p")
    x, y = 39_500_000.0, 4_000_000.0
    shapes = [shapely.box(x, y, x + 360, y + 100), shapely.box(x + 200, y, x + 600, y + 100)]
    zones = gpd.GeoDataFrame({"zone_id": ["A", "B"]}, geometry=shapes, crs=4527)
    pyogrio.write_dataframe(zones, project.parent / "zones.gpkg")
    text = project.read_text("utf-8").replace('path = "片区.shp"\ncrs = "EPSG:4527"', 'path = "zones.gpkg"')
    project.write_text(text, "utf-8")
    assert main(["run", str(project)]) == 0
    evaluation = md.load(project.parent / "成果")
    assert evaluation.parcels["zone_id"].tolist() == ["A", "A", "A", "B", "B", "B"]  # P3 is whole in both
    assert evaluation.parcels["zone_share"].tolist() == [1, 1, 1, 1, 1, 1]
    assert evaluation.zones["parcel_count"].tolist() == [3, 3]
    assert evaluation.zones["tax_wan"].tolist() == [150, 0]
    overlap = evaluation.ledger[evaluation.ledger["code"] == "zone-overlap"]
    assert overlap["message"].str.contains("A / B").all()
    assert overlap["message"].str.contains("24.00").all()  # 160 m x 100 m = 24 mu
    split = evaluation.ledger[evaluation.ledger["code"] == "zone-split"]
    assert split["id"].tolist() == evaluation.parcels["parcel_id"].tolist()[2:4]


def test_zones_that_touch_and_zones_far_away(tmp_path: Path) -> None:
    project = write_project(tmp_path / "p")
    x, y = 39_500_000.0, 4_000_000.0
    shapes = [shapely.box(x, y - 100, x + 600, y), shapely.box(x + 9000, y, x + 9100, y + 100)]
    zones = gpd.GeoDataFrame({"zone_id": ["below", "far"]}, geometry=shapes, crs=4527)
    pyogrio.write_dataframe(zones.to_crs(4490), project.parent / "zones.gpkg")
    text = project.read_text("utf-8").replace('path = "片区.shp"\ncrs = "EPSG:4527"', 'path = "zones.gpkg"')
    project.write_text(text, "utf-8")
    assert main(["run", str(project)]) == 0
    evaluation = md.load(project.parent / "成果")
    # The border comes back from degrees with an error far below a millimetre, which is no land.
    assert evaluation.parcels["zone_id"].isna().all()
    assert evaluation.zones["parcel_count"].tolist() == [0, 0]
    assert evaluation.zones["parcel_mu"].tolist() == [0, 0]
    assert evaluation.zones["tax_wan"].isna().all()
    assert evaluation.zones["tax_per_mu"].isna().all()
    assert len(evaluation.ledger[evaluation.ledger["code"] == "zone-none"]) == 6


# --- choices ---


def test_policies_formats_and_language(folder: Path) -> None:
    text = FULL.replace('"2025"\n', '"2025"\nlang = "en"\npolicies = ["national", "taian-2021"]\n')
    evaluation = run(folder, text.replace('["parquet"]', '["parquet", "xlsx", "html", "pdf"]'))
    said = evaluation.ledger
    assert [pack["id"] for pack in evaluation.manifest["policies"]["packs"]] == ["national", "taian-2021"]
    assert (
        evaluation.parcels["idle_status"]
        .isin(["not_idle", "not_due", "idle_1y", "idle_2y", "idle_stopped", "unknown"])
        .all()
    )
    assert [p.name for p in (folder / "成果" / "sheets").glob("*.pdf")]
    assert said["message"].str.contains(r"[A-Za-z]").all()
    assert not said["message"].str.contains("，|。").any()
    page = (folder / "成果" / "map.html").read_text("utf-8")
    assert 'lang="en"' in page
    book = openpyxl.load_workbook(folder / "成果" / "report.xlsx", read_only=True)
    assert not [title for title in book.sheetnames if not title.isascii()]
    book.close()


def test_html_alone_cannot_be_loaded_and_says_why(folder: Path) -> None:
    file = folder / "odd.toml"
    file.write_text(FULL.replace('["parquet"]', '["html"]'), "utf-8")
    shutil.rmtree(folder / "成果", ignore_errors=True)
    assert main(["run", str(file)]) == 0
    names = {p.name for p in (folder / "成果").iterdir()}
    assert names == {"map.html", "manifest.json", "ledger.csv", "ledger.parquet"}
    with pytest.raises(Problem) as error:
        md.load(folder / "成果")
    assert error.value.exit_code == 2
    text = error.value.render("zh")
    assert "parcels.parquet" in text
    assert "html" in text
    assert '"parquet"' in text
    with pytest.raises(Problem) as error:
        md.load(folder)
    assert "manifest.json" in error.value.render("zh")


def test_damaged_results_are_told(folder: Path, tmp_path: Path) -> None:
    run(folder, FULL)
    for name in ("parcels.parquet", "links.parquet", "manifest.json"):
        copy = Path(shutil.copytree(folder / "成果", tmp_path / name))
        (copy / name).write_bytes((copy / name).read_bytes()[:-40])
        with pytest.raises(Problem) as error:
            md.load(copy)
        assert name in error.value.render("zh")


@pytest.mark.parametrize("basis", ["registered", "planar"])
def test_area_basis(folder: Path, plain: md.Evaluation, basis: str) -> None:
    evaluation = run(folder, FULL.replace("[enterprises]", f'area_basis = "{basis}"\n[enterprises]'))
    parcels = evaluation.parcels
    stated = parcels["planar_m2"] if basis == "planar" else parcels["registered_m2"].fillna(parcels["area_m2"])
    assert_series_equal(parcels["area_mu"], stated * 3 / 2000, check_names=False)
    assert_series_equal(parcels["area_m2"], plain.parcels["area_m2"])  # figures stay side by side
    known = parcels["tax_per_mu"].notna()
    assert_series_equal(
        parcels["tax_per_mu"][known], (parcels["tax_wan"] / (stated * 3 / 2000))[known], check_names=False
    )
    assert evaluation.manifest["parameters"]["area_basis"] == basis
    assert tax(evaluation)["input"] == tax(plain)["input"]
    account = evaluation.manifest["conservation"]["area_m2"]
    assert account["input"] == pytest.approx(math.fsum(stated.dropna()), rel=1e-12)


@pytest.mark.parametrize(
    ("base", "column"),
    [
        ("parcel", "parcel_mu"),
        ("industrial", "industrial_mu"),
        ("built_up", "built_up_mu"),
        ("supplied", "supplied_mu"),
        ("zone", "area_mu"),
    ],
)
def test_zone_area_base(folder: Path, base: str, column: str, capsys: pytest.CaptureFixture[str]) -> None:
    evaluation = run(folder, FULL.replace('"2025"\n', f'"2025"\nzone_area_base = "{base}"\n'))
    parcels = evaluation.parcels
    masks = {
        "parcel": parcels["area_mu"].notna(),
        "industrial": parcels["industrial"].fillna(False).astype(bool),
        "built_up": parcels["actual_completion"].notna(),
        "supplied": parcels["supply_status"] == "supplied",
    }
    for zone in evaluation.zones.to_dict("records"):
        if base == "zone":
            land = zone["area_mu"]
        else:
            land = math.fsum(parcels.loc[masks[base] & (parcels["zone_id"] == zone["zone_id"]), "area_mu"])
        assert zone[column] == zone["base_mu"] == pytest.approx(land, rel=1e-12)
        assert zone["tax_per_mu"] == pytest.approx(zone["tax_wan"] / land, rel=1e-12)
    assert evaluation.manifest["parameters"]["zone_area_base"] == base


def test_allocation_by_floor_area(tmp_path: Path) -> None:
    """Two parcels of one enterprise: 100 over floor areas of 3000 and 1000 is 75 and 25; without one it is by land."""
    project = write_project(tmp_path / "p")
    table = project.parent / "用地.csv"
    text = table.read_text("utf-8").replace("面积（平方米）", "面积（平方米）,建筑面积（平方米）")
    text = text.replace(f"{P1},", f"{P1},").replace("自有,\n", "自有,,3000\n", 1).replace("自有,\n", "自有,,1000\n", 1)
    table.write_text(text.replace("自有,\n", "自有,,\n").replace("4000\n", "4000,\n"), "utf-8")
    setting = project.read_text("utf-8").replace('"2025"\n', '"2025"\nallocation = "floor_area"\n')
    project.write_text(setting, "utf-8")
    assert main(["run", str(project)]) == 0
    evaluation = md.load(project.parent / "成果")
    assert evaluation.parcels["tax_wan"].tolist()[:3] == [75, 25, 50]
    assert evaluation.manifest["conservation"]["tax_wan"]["allocated"] == 150
    lacking = evaluation.ledger[evaluation.ledger["code"] == "allocate-floor-missing"]
    assert len(lacking) == 2  # the second and the third enterprise


@pytest.mark.parametrize(
    "columns",
    [
        {"fid": [1.0, 1, 2, 2, 3, None]},
        {"FID": list("aabbcc")},
        {"geom": list("aabbcc")},
        {"abc": [1] * 6, "ABC": [2] * 6},
        {"Area_Mu": [1] * 6, "TAX_WAN": [2] * 6, "tax_per_mu": [3] * 6},
        {"index": [1] * 6, "level_0": [2] * 6, "zone_name": list("aabbcc"), "enterprise_names": list("aabbcc")},
        {" ": [1] * 6, "x" * 200: [1] * 6, "=1+1": ["=1+1"] * 6},
        {"leer": [None] * 6, "inf": [math.inf] * 6, "big": [2**62] * 6, "b": [True, None, False] * 2},
        {"when": pd.to_datetime(["2020-01-01T00:00:00+08:00"] * 6), "day": pd.to_datetime(["2020-01-01"] * 6)},
        {"nested": [{"a": 1}] * 6, "list": [[1, 2]] * 6},
    ],
    ids=lambda c: "+".join(n[:8] for n in c),
)
def test_own_columns_of_any_name_reach_every_output(tmp_path: Path, columns: dict[str, list[object]]) -> None:
    project = write_project(tmp_path / "p")
    x = 39_500_000
    codes = [f"370902001001GB0000{i}" for i in range(1, 7)]
    shapes = [shapely.box(x + 100 * i, 4_000_000, x + 100 * i + 100, 4_000_100) for i in range(6)]
    gpd.GeoDataFrame({"宗地代码": codes, **columns}, geometry=shapes, crs=4527).to_parquet(
        project.parent / "own.parquet"
    )
    text = project.read_text("utf-8").replace("宗地.shp", "own.parquet")
    project.write_text(text.replace('["parquet"]', '["parquet", "gpkg", "xlsx", "html"]'), "utf-8")
    assert main(["run", str(project)]) == 0
    stored = pyogrio.read_info(project.parent / "成果" / "evaluation.gpkg", layer="parcels")
    table = md.load(project.parent / "成果").parcels
    assert stored["features"] == 6
    assert len(stored["fields"]) == len(table.columns) - 1
    assert {"tax_wan", "tax_per_mu", "area_mu"} <= set(stored["fields"])
    for name in columns:
        assert name in table or f"{name}_原" in table
    assert table["tax_wan"].tolist()[:3] == pytest.approx([50, 50, 50])


def test_a_table_of_enterprises_with_nothing_but_its_header(tmp_path: Path) -> None:
    project = write_project(tmp_path)
    (tmp_path / "企业.csv").write_text("统一社会信用代码,企业名称,税收（万元）\n", "utf-8")
    (tmp_path / "用地.csv").write_text("宗地代码,统一社会信用代码,关系,面积（平方米）\n", "utf-8")
    text = project.read_text("utf-8").replace('["parquet"]', '["parquet", "xlsx", "html"]')
    project.write_text(text, "utf-8")
    assert main(["run", str(project)]) == 0
    made = md.load(tmp_path / "成果")
    assert len(made.enterprises) == 0
    assert not made.parcels.get("tax_wan", pd.Series(dtype=float)).notna().any()


def test_a_public_run_of_which_no_zone_may_be_shown(tmp_path: Path) -> None:
    # Nine enterprises at least stand behind a shown sum; there is one.
    project = write_project(tmp_path)
    lines = (tmp_path / "企业.csv").read_text("utf-8").splitlines(keepends=True)
    (tmp_path / "企业.csv").write_text("".join(lines[:2]), "utf-8")
    text = project.read_text("utf-8").replace(
        '["parquet"]', '["parquet", "html"]\nlevel = "public"\nmin_enterprises = 9'
    )
    project.write_text(text, "utf-8")
    assert main(["run", str(project)]) == 0
    assert (tmp_path / "成果" / "map.html").stat().st_size > 0


def test_what_the_maps_refuse_is_told_in_one_block(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = write_project(tmp_path)
    text = project.read_text("utf-8").replace('["parquet"]', '["tif"]') + "[heat]\ncell_m = 0.0001\n"
    project.write_text(text, "utf-8")
    assert main(["run", str(project)]) == 3
    said = capsys.readouterr().err
    assert "0.0001" in said
    assert "程序内部出错" not in said
    assert said.count("问题") == 1

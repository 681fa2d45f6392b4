"""The bundled example run once, every figure held against its README and its raw files by other means.

Raw files are read with struct, csv and openpyxl (see ``test_example.py``), results with pyarrow's and GDAL's readers.
"""

from __future__ import annotations

import csv
import hashlib
import json
import math
import re
import sqlite3
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely
from pandas.testing import assert_frame_equal
from test_example import (
    EXAMPLE,
    FAULTS,
    FIELDS,
    LEASES,
    README,
    RECORDS,
    cell,
    read_dbf,
    read_shp,
    shape,
    value,
)

import mudian as md
from mudian.cli import main
from parcels.catalog import CATALOG

ALIVE = [row for row in range(1, len(RECORDS) + 1) if RECORDS[row - 1][:1] != b"*"]
MONEY = {"实缴税收": "tax_wan", "营业收入": "revenue_wan", "固定资产投资": "fixed_investment_wan"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("beispiel") / "示例"
    assert main(["demo", str(place)]) == 0
    return place


@pytest.fixture(scope="module")
def run(folder: Path) -> md.Evaluation:
    return md.load(folder / "成果")


@pytest.fixture(scope="module")
def parcels(run: md.Evaluation) -> gpd.GeoDataFrame:
    """Parcels by their record in the .dbf."""
    return run.parcels.set_index("source_row")


def number(raw: object) -> float:
    """A cell of the workbook as a number; nan where it says nothing."""
    text = str("" if raw is None else raw).replace(",", "").strip()
    return float(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else math.nan


def enterprise_rows() -> list[int]:
    """Rows of the workbook from the header to the sum row."""
    return list(range(5, fault("total-row")[0]))


def fault(name: str) -> list[int]:
    return next(rows for known, _, rows, _, _ in FAULTS if known == name)


# --- money ---


def test_tax_is_conserved_to_the_cent(run: md.Evaluation) -> None:
    counted, everything = (float(x) for x in re.search(r"税收 / tax: ([\d.]+) .*?sum row: ([\d.]+)", README).groups())  # type: ignore[union-attr]
    by_row = {r: number(cell(r, "实缴税收")) for r in enterprise_rows()}
    raw = math.fsum(v for v in by_row.values() if not math.isnan(v))
    assert raw == pytest.approx(everything, abs=1e-6)
    account = run.manifest["conservation"]["tax_wan"]
    assert account["input"] == pytest.approx(everything, abs=1e-6)
    copy = by_row[fault("repeated-row")[1]]
    assert copy == 174.96
    assert everything - counted == pytest.approx(copy, abs=1e-6)
    assert account["unallocated"]["copy"] == pytest.approx(copy, abs=1e-9)
    landless = run.enterprises.loc[run.enterprises["land_mu"].isna(), "source_row"]
    assert account["unallocated"]["enterprise_without_land"] == pytest.approx(sum(by_row[r] for r in landless))
    assert account["allocated"] == pytest.approx(counted - sum(by_row[r] for r in landless), abs=1e-6)
    assert account["allocated"] == pytest.approx(run.links["tax_wan"].sum(), abs=1e-6)
    assert account["holds"]


def test_zero_missing_and_negative_are_three_things(run: md.Evaluation) -> None:
    tax = run.enterprises.set_index("source_row")["tax_wan"]
    for name in ("missing-tax-dash", "missing-tax-slash", "missing-tax-blank"):
        assert math.isnan(tax[fault(name)[0]])
    assert tax[fault("zero-tax")[0]] == 0
    assert tax[fault("negative-tax")[0]] == number(cell(fault("negative-tax")[0], "实缴税收")) < 0
    assert int(tax.isna().sum()) == int(re.search(r"tax missing: (\d+)", README)[1])  # type: ignore[index]
    links = run.links.merge(run.enterprises[["enterprise_id", "source_row"]], on="enterprise_id")
    of_missing = links[links["source_row"].isin(tax.index[tax.isna()])]
    assert len(of_missing) > 0
    assert of_missing["tax_wan"].isna().all()


def test_every_account_holds(run: md.Evaluation) -> None:
    accounts = run.manifest["conservation"]
    assert set(MONEY.values()) | {"area_m2"} <= set(accounts)
    for account in accounts.values():
        parts = math.fsum([account["allocated"], *account["unallocated"].values()])
        assert abs(account["input"] - parts) <= 1e-9 * abs(account["input"])
        assert account["holds"]


# --- rows ---


def test_every_record_comes_out(run: md.Evaluation, parcels: gpd.GeoDataFrame) -> None:
    assert len(ALIVE) == 320
    assert sorted(parcels.index) == ALIVE
    assert run.manifest["rows"]["parcels"] == {"in": 320, "out": 320}
    enterprises = run.manifest["rows"]["enterprises"]
    assert (enterprises["in"], enterprises["out"], enterprises["in_ledger"]) == (181, 180, 1)
    assert enterprises["in"] == len(enterprise_rows())
    leases = run.ledger[run.ledger["code"].isin(["holding-no-parcel", "holding-not-in-force"])]
    assert len(LEASES) - 1 == int((run.links["method"] == "holdings").sum()) + len(leases)


def test_own_columns_keep_their_names_and_values(parcels: gpd.GeoDataFrame) -> None:
    for name in ("ZDDM", "QLR", "ZL", "DLBM", "BZ"):
        assert name in parcels
    untouched = [r for r in ALIVE if r not in fault("cut-name")]
    assert parcels["QLR"].fillna("")[untouched].tolist() == [value(r, "QLR") for r in untouched]
    assert parcels["parcel_id"][fault("short-code")[0]] == "370902002002GB0010"  # kept as it is


# --- planted faults: what the ledger says of each ---

# Name → code of the ledger row that stands for that file and that row.
SAID = {
    "overlap-wide": "topology-overlap",
    "overlap-sliver": "topology-overlap",
    "gap": "topology-gap",
    "duplicate-shape": "topology-duplicate",
    "bow-tie": "geometry-repaired-area",
    "bow-tie-small": "geometry-repaired-area",
    "spike": "geometry-repaired",
    "null-shape": "shapefile-null-shape",
    "owner-check-digit": "codes-credit-check-digit",
    "cut-name": "encoding-cut",
    "float-code": "value-float-damage",
    "repeated-row": "enterprise-copy",
    "negative-tax": "enterprise-money-negative",
    "missing-tax-dash": "enterprise-money-missing",
    "missing-tax-slash": "enterprise-money-missing",
    "missing-tax-blank": "enterprise-money-missing",
    "without-land": "allocate-no-land",
    "repeated-code": "codes-parcel-duplicate",
    "untidy-code": "codes-respelled",
    "short-code": "codes-parcel-length",
    "bad-date-start": "dbf-date-bad",
    "bad-date-handover": "dbf-date-bad",
    "area-in-mu": "area-differs-unit",
    "lost-zero": "landuse-zero-restored",
    "deleted-record": "dbf-deleted",
    "unknown-tenant": "holding-no-enterprise",
    "unknown-parcel": "holding-no-parcel",
    "expired-lease": "holding-not-in-force",
    "total-row": "tables-total",
    "footer": "tables-note",
}
# What is not said of a row: it is no fault of the row (zero), is said of the other parcel, of the layer, or is a link.
ELSEWHERE = {
    "contained", "reversed-rings", "multi-part", "similar-name", "brackets", "trailing-blank", "zero-tax",
    "three-tenants", "tenant-too-large",
}  # fmt: skip


def test_every_planted_fault_is_looked_at() -> None:
    assert {name for name, *_ in FAULTS} == set(SAID) | ELSEWHERE


@pytest.mark.parametrize("name", SAID)
def test_a_planted_fault_stands_in_the_ledger(name: str, run: md.Evaluation) -> None:
    file, rows = next((file, rows) for known, file, rows, _, _ in FAULTS if known == name)
    ledger = run.ledger[run.ledger["code"] != "zone-split"]
    found = ledger[(ledger["source"] == file) & (ledger["row"] == rows[-1])]
    assert SAID[name] in set(found["code"])


def test_overlaps_are_reported_with_the_areas_of_the_readme(run: md.Evaluation) -> None:
    found = run.ledger[run.ledger["code"].str.startswith("topology-")].set_index("row")["after"]
    for name in ("overlap-wide", "overlap-sliver"):
        text = next(text for known, *_, text in FAULTS if known == name)
        stated = float(re.search(r"([\d.]+) m²", text)[1])  # type: ignore[index]
        row = fault(name)[0]
        assert float(found[row]) == pytest.approx(stated, abs=0.01)
    contained = run.ledger[run.ledger["code"] == "topology-contained"].iloc[0]
    assert "370902001001GB00009" in contained["before"]
    assert contained["id"] == "370902001001GB00003"
    assert float(contained["after"]) == pytest.approx(3072.0, abs=0.5)


def test_repairs_say_the_area_before_and_after(run: md.Evaluation, parcels: gpd.GeoDataFrame) -> None:
    repaired = run.ledger[run.ledger["code"].isin(["geometry-repaired", "geometry-repaired-area"])].set_index("row")
    for name in ("bow-tie", "bow-tie-small", "spike"):
        row = fault(name)[0]
        # Even-odd figure of the raw rings, in the plane of the file; the ledger measures on the ellipsoid.
        assert float(repaired.loc[row, "after"]) == pytest.approx(shape(row).area, rel=2e-6)
        assert parcels["planar_m2"][row] == pytest.approx(shape(row).area, rel=1e-12)
    spike = repaired.loc[fault("spike")[0]]
    assert float(spike["before"]) == float(spike["after"])


def test_geometry_faults_that_need_no_row(run: md.Evaluation, parcels: gpd.GeoDataFrame) -> None:
    hole, parts, null = (fault(n)[0] for n in ("reversed-rings", "multi-part", "null-shape"))
    assert parcels["planar_m2"][hole] == pytest.approx(shape(hole).area, rel=1e-12)
    assert len(parcels.geometry[hole].interiors) == 1
    assert parcels.geometry[parts].geom_type == "MultiPolygon"
    assert parcels["planar_m2"][parts] == pytest.approx(shape(parts).area, rel=1e-12)
    assert parcels.geometry[null] is None
    assert math.isnan(parcels["area_m2"][null])
    said = set(run.ledger.loc[run.ledger["source"] == "宗地.shp", "code"])
    assert {"geometry-reoriented", "geometry-multipart"} <= said


def test_areas_of_all_parcels_are_those_of_the_raw_rings(parcels: gpd.GeoDataFrame) -> None:
    for row in ALIVE:
        if row not in fault("null-shape"):
            assert parcels["planar_m2"][row] == pytest.approx(shape(row).area, rel=1e-9), row
            # Within 60 km of the central meridian plane and ellipsoid differ by less than 5e-5.
            assert parcels["area_m2"][row] == pytest.approx(shape(row).area, rel=5e-5), row


# --- links ---


def links_of(run: md.Evaluation, row: int) -> pd.DataFrame:
    return run.links[run.links["parcel_row"] == row]


def test_links_carry_their_method(run: md.Evaluation) -> None:
    assert set(run.links["method"]) == {"holdings", "owner_id", "owner_name"}
    keys = run.enterprises.set_index("source_row")["enterprise_id"]
    (bracket,) = [r for r in ALIVE if value(r, "QLR") == "示安(山东)泽烁纺织有限公司"][:1]
    found = links_of(run, bracket)
    assert found.loc[found["enterprise_id"] == keys[fault("brackets")[0]], "method"].tolist() == ["owner_name"]
    damaged = run.links[run.links["enterprise_id"] == keys[fault("float-code")[0]]]
    assert set(damaged["method"]) <= {"owner_name", "holdings"}
    assert "owner_name" in set(damaged["method"])
    wrong = links_of(run, fault("owner-check-digit")[0])
    assert "owner_name" in set(wrong["method"])
    cut = links_of(run, fault("cut-name")[0])
    assert "owner_id" in set(cut["method"])
    stripped = run.links[run.links["enterprise_id"] == "91370902MAX0006726"]
    assert len(stripped) > 0


def test_alike_names_are_candidates_and_no_links(run: md.Evaluation) -> None:
    row = fault("similar-name")[0]
    assert links_of(run, row).empty
    candidate = run.candidates[run.candidates["parcel_id"] == value(row, "ZDDM")].iloc[0]
    assert candidate["owner"] == value(row, "QLR") == "示安珩拓汽车零部件公司"
    assert candidate["name"] == "示安珩拓汽车零部件有限公司"


def test_three_tenants_and_the_owner_share_by_area(run: md.Evaluation, parcels: gpd.GeoDataFrame) -> None:
    code = "370902001004GB00031"
    (row,) = [r for r in ALIVE if value(r, "ZDDM") == code]
    lines = [dict(zip(LEASES[0], line, strict=True)) for line in LEASES[1:] if line[0] == code]
    stated = [float(line["面积（平方米）"]) for line in lines if line["关系"] == "租赁"]
    own = [float(line["面积（平方米）"]) for line in lines if line["关系"] == "自有"]
    assert (len(stated), len(own)) == (3, 1)
    found = links_of(run, row)
    found = found[found["area_m2"] > 0]
    assert found["enterprise_id"].nunique() == 4
    whole = parcels["area_m2"][row]
    # Leased land counts for the tenants; the owner's line stands up to what they leave.
    expected = sorted([*stated, min(own[0], whole - sum(stated))])
    assert sorted(found["area_m2"]) == pytest.approx(expected, abs=0.01)
    assert found["share"].sum() == pytest.approx(sum(expected) / whole, rel=1e-9)


def test_a_tenant_cannot_hold_more_than_there_is(run: md.Evaluation, parcels: gpd.GeoDataFrame) -> None:
    code = "370902002001GB00004"
    (row,) = [r for r in ALIVE if value(r, "ZDDM") == code]
    assert links_of(run, row)["area_m2"].sum() == pytest.approx(parcels["area_m2"][row], rel=1e-9)
    said = run.ledger[(run.ledger["code"] == "hold-over-parcel") & (run.ledger["id"] == code)]
    assert [float(b) for b in said["before"]] == [78906.9]
    assert float(said["after"].iloc[0]) == pytest.approx(parcels["area_m2"][row], abs=0.01)


# --- zones ---


def readme_shares(title: str) -> list[tuple[int, float, float]]:
    part = README.split(title)[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\d+) \| `\w+` \| ([\d.]+) \| ([\d.]+) \|", part, re.M)
    return [(int(r), float(a), float(b)) for r, a, b in rows]


def test_parcels_over_both_zones_go_to_the_larger_share(run: md.Evaluation, parcels: gpd.GeoDataFrame) -> None:
    ids = run.zones.set_index("zone_name")["zone_id"]
    first, second = ids["高新片区"], ids["临港片区"]
    over = readme_shares("## 跨片区的宗地")
    assert len(over) == 14
    for row, a, b in over:
        assert parcels["zone_id"][row] == (first if a > b else second)
        assert parcels["zone_share"][row] == pytest.approx(max(a, b), abs=6e-4)
        split = dict(part.split(":") for part in parcels["zone_split"][row].split(";"))
        assert {k: float(v) for k, v in split.items()} == pytest.approx({first: a, second: b}, abs=6e-4)
    partly = readme_shares("## 部分或全部在片区之外")
    for row, a, b in partly:
        if a == b == 0:
            assert parcels["zone_id"].isna()[row]
        else:
            assert parcels["zone_share"][row] == pytest.approx(max(a, b), abs=6e-4)
            assert parcels["zone_id"][row] == (first if a > b else second)
    split_rows = set(parcels.index[parcels["zone_split"].notna()])
    # The small bow-tie lies over the border, too: the README measures it before its repair.
    assert {r for r, *_ in over} - split_rows == set()


def test_zones_are_the_sums_of_their_parcels(run: md.Evaluation, parcels: gpd.GeoDataFrame) -> None:
    for zone in run.zones.to_dict("records"):
        inside = parcels[parcels["zone_id"] == zone["zone_id"]]
        assert zone["parcel_count"] == len(inside)
        assert zone["parcel_mu"] == pytest.approx(math.fsum(inside["area_m2"]) * 3 / 2000, rel=1e-12)
        for money in MONEY.values():
            assert zone[money] == pytest.approx(math.fsum(inside[money].dropna()), rel=1e-12)
        assert zone["tax_per_mu"] == pytest.approx(zone["tax_wan"] / zone["parcel_mu"], rel=1e-12)
        assert zone["investment_per_mu"] == pytest.approx(zone["fixed_investment_wan"] / zone["parcel_mu"], rel=1e-12)
        industrial = inside[inside["land_use_code"].isin(["0601", "1001"]) | (inside["land_use_code"] == "061")]
        assert zone["industrial_mu"] >= math.fsum(industrial["area_m2"]) * 3 / 2000 - 1e-6
    ranks = run.zones.sort_values("tax_per_mu", ascending=False)["rank_tax_per_mu"].tolist()
    assert ranks == [1, 2]


def test_per_mu_figures_are_quotients(parcels: gpd.GeoDataFrame) -> None:
    assert np.allclose(parcels["area_mu"] * 2000 / 3, parcels["area_m2"], equal_nan=True, rtol=1e-14)
    known = parcels[parcels["tax_wan"].notna()]
    assert len(known) > 100
    assert np.allclose(known["tax_per_mu"], known["tax_wan"] / (known["area_m2"] * 3 / 2000), rtol=1e-12)
    nobody = parcels[parcels["enterprise_count"] == 0]
    assert nobody["tax_wan"].isna().all()
    assert nobody["tax_per_mu"].isna().all()
    assert not np.isinf(parcels.select_dtypes("number")).any().any()


def test_supply_status_counts(parcels: gpd.GeoDataFrame) -> None:
    stated = [int(n) for n in re.search(r"已供 (\d+), 未供 (\d+), 批而未供 (\d+)", README).groups()]  # type: ignore[union-attr]
    counts = parcels["supply_status"].value_counts()
    assert [counts[k] for k in ("supplied", "unsupplied", "approved_unsupplied")] == stated


def test_plot_ratio_by_hand(parcels: gpd.GeoDataFrame) -> None:
    """Floor area of the buildings on one parcel over its area, from the bytes of 建筑.shp and .dbf."""
    fields, records, _ = read_dbf(EXAMPLE / "建筑.dbf")
    rings = read_shp(EXAMPLE / "建筑.shp")
    text = [{name: r[part].decode("gbk").strip() for name, part in fields.items()} for r in records]
    shapes = [shapely.Polygon(r[0], r[1:]) for r in rings if r is not None]
    tried = doubled = 0
    for row in ALIVE:
        land = shape(row)
        on = [i for i, b in enumerate(shapes) if land.contains(b)]
        touching = [i for i, b in enumerate(shapes) if land.intersection(b).area > 1e-6]
        if not on or on != touching or any(not text[i]["建筑面积"] for i in on):
            continue
        total = 0.0
        for i in on:
            total += float(text[i]["建筑面积"]) * (2 if float(text[i]["层高"]) > 8 else 1)
        assert parcels["plot_ratio"][row] == pytest.approx(total / parcels["area_m2"][row], rel=1e-9), row
        prints = sum(shapes[i].area for i in on)
        assert parcels["building_coefficient"][row] == pytest.approx(prints / parcels["area_m2"][row], rel=5e-5), row
        tried += 1
        doubled += any(float(text[i]["层高"]) > 8 for i in on)
    assert tried > 30
    assert 0 < doubled < tried


# --- what stands on the disk ---


def test_loading_gives_what_evaluating_gives(folder: Path, run: md.Evaluation) -> None:
    fresh = md.evaluate(folder / "示例.toml")
    for name, table in fresh.tables().items():
        assert_frame_equal(pd.DataFrame(getattr(run, name)), pd.DataFrame(table), obj=name)
    for name in ("parcels", "zones"):
        assert getattr(run, name).crs == getattr(fresh, name).crs
        assert getattr(run, name).geometry.geom_equals_exact(getattr(fresh, name).geometry, 0.0).sum() >= len(
            getattr(fresh, name).geometry.dropna()
        )
    ours, theirs = (json.loads(json.dumps(e.manifest, default=str)) for e in (run, fresh))
    of_the_files = {"timings", "layers", "issue_lists"}  # what is only known when they are written
    assert set(ours) | of_the_files == set(theirs) | of_the_files
    assert all(ours[k] == theirs[k] for k in set(ours) - of_the_files)
    assert repr(run) == repr(fresh)


def test_geopackage_in_the_crs_of_the_parcels(folder: Path, run: md.Evaluation) -> None:
    path = folder / "成果" / "evaluation.gpkg"
    layers = dict(pyogrio.list_layers(path))
    assert {"parcels", "zones", "enterprises", "links", "永久基本农田", "生态保护红线", "河道管理范围"} <= set(layers)
    for name in ("parcels", "zones", "永久基本农田", "生态保护红线", "河道管理范围"):
        frame = pyogrio.read_dataframe(path, layer=name)
        assert frame.crs.to_epsg() == 4527
        assert frame.total_bounds[0] > 39_000_000
    stored = pyogrio.read_dataframe(path, layer="parcels").set_index("source_row")
    assert len(stored) == 320
    expected = run.parcels.set_index("source_row")
    assert stored["tax_wan"].equals(expected["tax_wan"].reindex(stored.index))
    areas = shapely.area(stored.geometry.values)
    assert np.allclose(areas, expected["planar_m2"].reindex(stored.index), equal_nan=True)
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_workbook_opens_and_can_run_nothing(folder: Path) -> None:
    book = openpyxl.load_workbook(folder / "成果" / "report.xlsx")
    for sheet in book:
        for row in sheet.iter_rows():
            assert not [c.coordinate for c in row if c.data_type == "f"], sheet.title
    titles = book.sheetnames
    assert all(re.search(r"[\u4e00-\u9fff]", t) for t in titles)
    parcels = next(book[t] for t in titles if "宗地" in t)
    heads = [c.value for c in parcels[1]]
    assert all(heads)
    assert not [h for h in heads if h not in FIELDS and not re.search(r"[\u4e00-\u9fff]", str(h))]
    assert parcels.max_row == 321
    assert parcels.freeze_panes
    assert parcels.auto_filter.ref
    ledger = next(book[t] for t in titles if "台账" in t)
    assert ledger.max_row == len(pd.read_parquet(folder / "成果" / "ledger.parquet")) + 1


def test_map_needs_no_network(folder: Path) -> None:
    page = (folder / "成果" / "map.html").read_text("utf-8")
    assert len(page) > 100_000
    # What a browser would fetch by itself; the name of Leaflet is a link that a person may follow.
    assert not re.search(
        r"<(?:script|link|img|iframe|source|video)\b[^>]+(?:src|href)\s*=\s*[\"']?(?:https?:)?//", page
    )
    assert not re.search(r"(?:@import|url\(|fetch\(|importScripts\(|\.src\s*=)\s*[\"']?(?:https?:)?//", page)
    assert set(re.findall(r"https?://[\w./-]+", page)) <= {
        "https://leafletjs.com",
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
        "https://bugzilla.mozilla.org/show_bug.cgi",  # in a comment of Leaflet
    }
    assert "高新片区" in page or "\\u9ad8" in page


def test_manifest_tells_the_inputs_by_their_hashes(folder: Path, run: md.Evaluation) -> None:
    manifest = json.loads((folder / "成果" / "manifest.json").read_text("utf-8"))
    keys = {"inputs", "decisions", "policies", "parameters", "rows", "conservation", "versions", "timings"}
    assert keys <= set(manifest)
    named = {f["file"]: f for files in manifest["inputs"].values() for f in files}
    delivered = {p.name for p in EXAMPLE.iterdir()} - {"README.md", "示例.toml"}
    assert set(named) == delivered
    for name, entry in named.items():
        raw = (EXAMPLE / name).read_bytes()
        assert entry["sha256"] == hashlib.sha256(raw).hexdigest()
        assert entry["bytes"] == len(raw)
    topics = {d["topic"] for d in manifest["decisions"]}
    assert {"crs", "encoding"} <= topics
    assert all(d["evidence"] for d in manifest["decisions"] if d["topic"] in ("crs", "encoding"))
    counts = run.ledger["severity"].value_counts()
    assert manifest["ledger"] == {s: int(counts.get(s, 0)) for s in ("error", "warning", "info")}
    assert manifest["parameters"]["area_basis"] == "ellipsoidal"
    assert manifest["parameters"]["zone_area_base"] == "parcel"
    assert math.isclose(sum(manifest["timings"]["share"].values()), 1, abs_tol=1e-6)


def test_ledger_csv_is_the_ledger(folder: Path, run: md.Evaluation) -> None:
    raw = (folder / "成果" / "ledger.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    lines = list(csv.DictReader(raw.decode("utf-8-sig").splitlines()))
    assert len(lines) == len(run.ledger)
    contract = ["stage", "severity", "code", "source", "row", "id", "field", "before", "after", "message"]
    assert list(lines[0]) == contract == list(run.ledger.columns)
    assert not [v for line in lines for v in line.values() if v and re.match(r"[=@\t\r]|[+-](?![\d.,]+$)", v)]
    assert set(run.ledger["severity"]) <= {"error", "warning", "info"}
    assert all(CATALOG.ledger[c].severity == s for c, s in zip(run.ledger["code"], run.ledger["severity"], strict=True))
    assert run.ledger["message"].str.len().gt(0).all()


def test_columns_of_the_contract(run: md.Evaluation) -> None:
    wanted = {
        "parcels": """parcel_id unit_id owner owner_id land_use_code land_use registered_m2 ownership supply_mode
            supply_status contract_no contract_date handover_date agreed_start agreed_completion actual_start
            actual_completion stopped_since land_price_wan developed_m2 should_develop_m2 invested_wan
            total_investment_wan idle_cause floor_area_m2 footprint_m2
            zone_id zone_share area_m2 planar_m2 area_mu enterprise_count held_mu tax_wan revenue_wan value_added_wan
            fixed_investment_wan tax_per_mu revenue_per_mu value_added_per_mu investment_per_mu plot_ratio
            building_coefficient""",
        "enterprises": """enterprise_id name tax_wan land_mu tax_per_mu revenue_per_mu value_added_per_mu
            investment_per_mu""",
        "zones": """zone_id zone_name area_mu parcel_count parcel_mu industrial_mu tax_wan fixed_investment_wan
            revenue_wan tax_per_mu investment_per_mu revenue_per_mu rank_tax_per_mu rank_investment_per_mu""",
        "links": "parcel_id enterprise_id method relation area_m2 share tax_wan",
        "findings": "subject_type subject_id rule_id outcome value operator threshold unit clause missing",
    }
    for table, names in wanted.items():
        assert [n for n in names.split() if n not in getattr(run, table)] == [], table
    assert str(run.parcels["industrial"].dtype) == "boolean"
    assert str(run.findings["outcome"].dtype) == "boolean"
    assert str(run.parcels["parcel_id"].dtype) == "str"

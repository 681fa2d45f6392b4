"""A real city: parcels, taxes and districts of Cambridge (Massachusetts), fiscal year 2013.

The figures were worked out from the raw files with the csv and json modules; the tests that can do so cheaply work
them out again.
"""

from __future__ import annotations

import csv
import json
import math
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

import mudian as md
from mudian.cli import main
from mudian.inputs import read_inputs
from parcels.ledger import Ledger

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "cambridge_ma_fy2013"
pytestmark = [
    pytest.mark.skipif(not DATA.is_dir(), reason="the files of Cambridge are not here"),
    pytest.mark.slow,
]

PROJECT = """\
[project]
name = "Cambridge FY2013"
as_of = 2013-12-31
period = "2013"
lang = "en"
[parcels]
path = "{data}/ASSESSING_ParcelsFY2013.topojson"
crs = "EPSG:4326"
[parcels.fields]
parcel_id = "ML"
[enterprises]
path = "{data}/TaxFY13.csv"
money_unit = "元"
[enterprises.fields]
enterprise_id = "ID"
tax = "TotalAppraisedParcelValue"
parcel_id = "ML"
[zones]
path = "{data}/ASSESSING_CommercialDistrictsFY2014.geojson"
[zones.fields]
zone_id = "DISTRICT"
zone_name = "DIST_NAME"
[output]
formats = ["parquet"]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("cambridge")
    (place / "project.toml").write_text(PROJECT.format(data=DATA.as_posix()), "utf-8")
    assert main(["run", str(place / "project.toml")]) == 0
    return place / "成果"


@pytest.fixture(scope="module")
def run(folder: Path) -> md.Evaluation:
    return md.load(folder)


@pytest.fixture(scope="module")
def taxes() -> list[dict[str, str]]:
    with (DATA / "TaxFY13.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def codes() -> Counter[str]:
    """How often each parcel code stands in the parcel layer."""
    topology = json.loads((DATA / "ASSESSING_ParcelsFY2013.topojson").read_text("utf-8"))
    (layer,) = topology["objects"].values()
    return Counter(g["properties"].get("ML", "") for g in layer["geometries"])


def money(row: dict[str, str]) -> int:
    return int(Decimal(row["TotalAppraisedParcelValue"] or "0"))


def test_rows_in_are_rows_out(run: md.Evaluation, codes: Counter[str]) -> None:
    assert codes.total() == 13_159
    assert run.manifest["rows"]["parcels"] == {"in": 13_159, "out": 13_159}
    assert len(run.parcels) == 13_159
    assert run.parcels["source_row"].is_unique


def test_money_is_exact(run: md.Evaluation, taxes: list[dict[str, str]], codes: Counter[str]) -> None:
    known = {code for code in codes if code}
    on = sum(money(r) for r in taxes if r["ML"] in known)
    off = [r for r in taxes if r["ML"] not in known]
    assert (on, sum(map(money, off)), len(off)) == (35_641_282_163, 135_998_601, 58)
    assert sum(not r["ML"].strip() for r in off) == 5
    account = run.manifest["conservation"]["tax_wan"]
    assert round(account["input"] * 1e4) == 35_777_280_764
    assert round(account["allocated"] * 1e4) == on
    assert round(run.parcels["tax_wan"].sum() * 1e4) == on
    assert round(run.links["tax_wan"].sum() * 1e4) == on
    assert round(math.fsum(account["unallocated"].values()) * 1e4) == 135_998_601
    landless = run.enterprises[run.enterprises["land_mu"].isna()]
    assert len(landless) == 58
    assert round(landless["tax_wan"].sum() * 1e4) == 135_998_601
    assert int(landless["parcel_id"].isna().sum()) == 5


def test_money_without_land_stands_in_the_ledger(run: md.Evaluation) -> None:
    said = run.ledger[run.ledger["code"] == "allocate-no-land"]
    assert len(said) == 58
    assert round(said["before"].astype(float).sum() * 1e4) == 135_998_601
    assert said["row"].notna().all()
    unknown = run.ledger[run.ledger["code"] == "link-parcel-unknown"]
    assert unknown["row"].nunique() == 53


def test_repeated_codes_are_said_and_money_is_not_multiplied(
    run: md.Evaluation, taxes: list[dict[str, str]], codes: Counter[str]
) -> None:
    # A single dash says that there is no code, in any table; such a parcel is known by its row.
    repeated = {code: n for code, n in codes.items() if n > 1 and code not in ("", "-")}
    assert repeated["---"] > 1
    said = run.ledger[run.ledger["code"].isin(["key-duplicate", "codes-parcel-duplicate"])]
    said = said[said["source"].str.contains("Parcels")].drop_duplicates("row")
    assert Counter(said["id"]) == repeated
    missing = run.ledger[(run.ledger["code"] == "key-missing") & run.ledger["source"].str.contains("Parcels")]
    assert len(missing) == codes[""] + codes["-"] == 9
    assert missing["after"].is_unique
    kept = run.parcels[run.parcels["parcel_id"].isin(repeated)]
    assert len(kept) == sum(repeated.values())
    wanted = [money(r) for r in taxes if repeated.get(r["ML"], 0)]
    assert round(kept["tax_wan"].sum() * 1e4) == sum(wanted)
    shares = run.links.groupby("enterprise_id")["weight"].sum()
    assert shares[shares > 0].between(1 - 1e-9, 1 + 1e-9).all()


def test_every_repair_is_listed_with_its_areas(run: md.Evaluation) -> None:
    """Area before repair as stated by an independent program, to a millionth; each repair gives before and after."""
    repaired = run.ledger[
        run.ledger["code"].isin(["geometry-repaired", "geometry-repaired-area", "geometry-collapsed"])
        & run.ledger["source"].str.contains("Parcels")
    ]
    assert len(repaired) > 0
    before, after = (repaired[c].astype(float).fillna(0.0) for c in ("before", "after"))
    assert repaired["row"].is_unique
    total = math.fsum(run.parcels["area_m2"].dropna())
    assert total + math.fsum(before) - math.fsum(after) == pytest.approx(14_233_895.41, rel=1e-6)


def test_two_polygons_of_one_district_are_one_zone(run: md.Evaluation) -> None:
    districts = json.loads((DATA / "ASSESSING_CommercialDistrictsFY2014.geojson").read_text("utf-8"))["features"]
    twice = [f["properties"]["DISTRICT"] for f in districts if f["properties"]["DIST_NAME"] == "Cambridge Triangle"]
    assert twice == [6, 6]
    assert len(run.zones) == len(districts) - 1
    assert (run.zones["zone_name"] == "Cambridge Triangle").sum() == 1
    said = run.ledger[run.ledger["code"] == "zone-joined"]
    assert said["id"].tolist() == ["6", "6"]
    assert said["before"].tolist() == ["Cambridge Triangle"] * 2
    inside = run.parcels[run.parcels["zone_id"].notna()]
    assert run.zones["parcel_count"].sum() == len(inside)
    assert round(run.zones["tax_wan"].sum() * 1e4) == round(inside["tax_wan"].sum() * 1e4)


@pytest.mark.parametrize("numbers", ["none", "different"])
def test_districts_of_one_name(folder: Path, numbers: str) -> None:
    """Without numbers a name is one zone; with numbers that differ the name stands twice, and both are said."""
    districts = json.loads((DATA / "ASSESSING_CommercialDistrictsFY2014.geojson").read_text("utf-8"))
    for at, feature in enumerate(districts["features"]):
        feature["properties"]["DISTRICT"] = at
    (folder.parent / "districts.geojson").write_text(json.dumps(districts), "utf-8")
    text = PROJECT.format(data=DATA.as_posix()).replace(
        f"{DATA.as_posix()}/ASSESSING_CommercialDistrictsFY2014.geojson", "districts.geojson"
    )
    if numbers == "none":
        text = text.replace('zone_id = "DISTRICT"\n', "")
    project = folder.parent / "names.toml"
    project.write_text(text, "utf-8")
    ledger = Ledger(lang="en")
    zones = read_inputs(md.load_project(project), ledger=ledger).zones
    said = ledger.frame()
    code = "zone-joined" if numbers == "none" else "zone-name-twice"
    assert len(zones) == (10 if numbers == "none" else 11)
    assert said.loc[said["code"] == code, "before"].tolist() == ["Cambridge Triangle"] * 2

"""What leaves the house: no name, code, amount or corner of a parcel in any byte of a public run.

The project has ten parcels of 100 m in a row, turned and shifted so that no corner lies on the lattice of squares, and
seven enterprises. Squares of 500 m hold the parcels 1–5 and 6–10 (their inner points lie at 39 500 063, … 163, …).
"""

from __future__ import annotations

import io
import json
import re
import sqlite3
import struct
import zipfile
import zlib
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from rawshp import square, write_shapefile
from tinyproject import credit_code

import mudian as md
from mudian.cli import main
from mudian.errors import UsageError
from mudian.redaction import redact
from mudian.redaction.groups import Holders
from mudian.redaction.squares import split

X, Y, STEP = 39_500_013.377, 4_000_021.733, 100.0
CODES = [credit_code(40 + i) for i in range(7)]
NAMES = [f"甲乙丙丁戊己庚{i}号机密公司" for i in range(7)]
OWNERS = [f"权利人秘密{i}" for i in range(10)]
PARCELS = [f"370902009009GB{i:05d}" for i in range(1, 11)]
TAX = [101.37, 57.91, 33.19, 77.53, 61.27, 88.71, 45.83]
# Parcels 1–5 belong to enterprises 0–3 (1 and 2 both to enterprise 0), parcels 6–10 to 3–6.
HELD = [0, 0, 1, 2, 3, 3, 4, 5, 6, 6]
SECRETS = [*CODES, *NAMES, *OWNERS, *PARCELS, "备注机密", "秘密图层", "更正理由机密", "企业机密表", "宗地机密"]
FORMATS = ["gpkg", "parquet", "xlsx", "html", "docx", "pdf", "tif"]


def write_project(folder: Path, output: str, *, formats: list[str] = FORMATS) -> Path:
    """The project with its files; ``output`` are more lines of ``[output]``."""
    folder.mkdir(parents=True, exist_ok=True)
    rings = [[square(X + STEP * i, Y, STEP)] for i in range(10)]
    rows = [[p.encode(), o.encode("gbk"), "备注机密".encode("gbk")] for p, o in zip(PARCELS, OWNERS, strict=True)]
    fields = [(b"ZDDM", "C", 19, 0), (b"QLR", "C", 40, 0), (b"BZ", "C", 40, 0)]
    write_shapefile(folder / "宗地机密.shp", rings, fields, rows)
    write_shapefile(folder / "秘密图层.shp", [[square(X + 20, Y + 20, 31.7)]], [(b"A", "C", 2, 0)], [[b"1"]])
    lines = [f"{c},{n},{t}" for c, n, t in zip(CODES, NAMES, TAX, strict=True)]
    (folder / "企业机密表.csv").write_text("\n".join(["统一社会信用代码,企业名称,税收（万元）", *lines, ""]), "utf-8")
    held = [f"{p},{CODES[e]},自有" for p, e in zip(PARCELS, HELD, strict=True)]
    (folder / "用地.csv").write_text("\n".join(["宗地代码,统一社会信用代码,关系", *held, ""]), "utf-8")
    (folder / "更正.csv").write_text(
        f"table,id,field,old_value,new_value,reason\nenterprises,{CODES[0]},tax_wan,101.37,101.38,更正理由机密\n",
        "utf-8",
    )
    (folder / "项目.toml").write_text(
        f"""\
[project]
name = "公开试验"
as_of = 2025-12-31
period = "2025"
policies = ["national"]
[parcels]
path = "宗地机密.shp"
crs = "EPSG:4527"
[enterprises]
path = "企业机密表.csv"
[holdings]
path = "用地.csv"
[corrections]
path = "更正.csv"
[[constraints]]
name = "秘密图层"
kind = "water"
path = "秘密图层.shp"
crs = "EPSG:4527"
[output]
dir = "成果"
formats = {json.dumps(formats)}
{output}
""",
        "utf-8",
    )
    return folder / "项目.toml"


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A public run in every format."""
    folder = tmp_path_factory.mktemp("公开")
    assert main(["run", str(write_project(folder, 'level = "public"'))]) == 0
    return folder / "成果"


def contents(folder: Path) -> dict[str, bytes]:
    """Every byte of a folder: archives unpacked, streams inflated, tables as text."""
    found: dict[str, bytes] = {}
    for file in sorted(p for p in folder.rglob("*") if p.is_file()):
        name, data = file.relative_to(folder).as_posix(), file.read_bytes()
        found[name] = data
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                found |= {f"{name}/{m}": archive.read(m) for m in archive.namelist()}
        if file.suffix == ".parquet":
            found[f"{name}#"] = pd.read_parquet(file).to_csv().encode()
        if file.suffix == ".gpkg":
            found[f"{name}#"] = dump(file)
        if file.suffix == ".html":
            found |= {f"{name}#{i}": part for i, part in enumerate(unpacked(data))}
        if file.suffix == ".pdf":
            found |= {f"{name}#{i}": part for i, part in enumerate(inflated(data))}
    return found


def dump(file: Path) -> bytes:
    with closing(sqlite3.connect(file)) as base:
        return "\n".join(base.iterdump()).encode("utf-8", "surrogateescape")


def unpacked(page: bytes) -> list[bytes]:
    """What a page carries in base64, inflated where it is compressed."""
    import base64

    parts = []
    for text in re.findall(rb"[A-Za-z0-9+/]{64,}={0,2}", page):
        try:
            raw = base64.b64decode(text + b"=" * (-len(text) % 4))
        except ValueError:
            continue
        parts.append(raw)
        for bits in (31, 15, -15):
            try:
                parts.append(zlib.decompress(raw, bits))
            except zlib.error:
                continue
    return parts


def inflated(data: bytes) -> list[bytes]:
    parts = []
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", data, re.DOTALL):
        try:
            parts.append(zlib.decompressobj().decompress(stream))
        except zlib.error:
            continue
    return parts


def spelled(secret: str) -> set[bytes]:
    """A text as it may stand in a file."""
    as_json = json.dumps(secret)[1:-1].encode()
    return {secret.encode("utf-8"), secret.encode("gbk"), secret.encode("utf-16-le"), as_json}


def corners(numbers: list[float]) -> set[bytes]:
    """Coordinates as doubles, and in decimals to the millimetre and to 7 digits of a degree."""
    return {struct.pack("<d", n) for n in numbers} | {f"{n:.3f}".encode() for n in numbers}


def vertices() -> tuple[list[float], list[float]]:
    """The corners of all parcels and of the layer, in metres and in degrees."""
    frame = gpd.GeoSeries(
        [shapely.box(X + STEP * i, Y, X + STEP * (i + 1), Y + STEP) for i in range(10)]
        + [shapely.box(X + 20, Y + 20, X + 51.7, Y + 51.7)], crs=4527,
    )  # fmt: skip
    metres = shapely.get_coordinates(frame.values)
    degrees = shapely.get_coordinates(frame.to_crs(4490).values)
    return sorted(set(metres.ravel().tolist())), sorted(set(degrees.ravel().tolist()))


def test_no_name_or_code_stands_in_any_byte(public: Path) -> None:
    found = contents(public)
    assert {"evaluation.gpkg#", "parcels.parquet#", "report.xlsx/xl/workbook.xml"} <= found.keys()
    assert any(name.startswith("sheets/") for name in found)
    assert any(name.startswith("heat/") for name in found)
    for secret in SECRETS:
        for bytes_ in spelled(secret):
            leaks = [name for name, data in found.items() if bytes_ in data]
            assert not leaks, (secret, leaks)


def test_the_search_finds_what_an_internal_run_holds(tmp_path: Path) -> None:
    """The search itself works: in the same project at the internal level it finds names in every kind of file."""
    assert main(["run", str(write_project(tmp_path, 'level = "internal"'))]) == 0
    found = contents(tmp_path / "成果")
    holding = {
        n.partition("/")[0].partition("#")[0] for n, d in found.items() if any(b in d for b in spelled(NAMES[3]))
    }
    assert {"evaluation.gpkg", "enterprises.parquet", "report.xlsx", "map.html"} <= holding
    metres, _ = vertices()
    exact = {n.partition("#")[0] for n, d in found.items() if any(c in d for c in corners(metres))}
    assert {"evaluation.gpkg", "parcels.parquet"} <= exact


def test_no_corner_of_a_parcel_or_layer_stands_in_any_byte(public: Path) -> None:
    metres, degrees = vertices()
    wanted = corners(metres) | {struct.pack("<d", d) for d in degrees} | {f"{d:.7f}".encode() for d in degrees}
    for name, data in contents(public).items():
        assert not any(c in data for c in wanted), name


def test_no_amount_of_an_enterprise_stands_in_the_tables(public: Path) -> None:
    """Single taxes, and the tax of a parcel: enterprise 0 has 101.38 on two parcels, 50.69 each."""
    single = [101.38, *TAX[1:], 50.69, TAX[3] / 2, TAX[6] / 2]
    for file in public.glob("*.parquet"):
        numbers = pd.read_parquet(file).select_dtypes("number").to_numpy(float).ravel()
        for value in single:
            assert not np.isclose(numbers, value, rtol=1e-6).any(), (file.name, value)


def test_squares_and_zones_say_what_may_be_said(public: Path) -> None:
    """Squares by hand: parcels 1–5 (enterprises 0–3), 6–10 (3–6); 100 m × 100 m are 15 mu.

    Inner points lie at x = …013.377 + 50 + 100 i, so i = 0…4 fall below …500 and i = 5…9 above it.
    Tax of the first: 101.38 + 57.91 + 33.19 + 77.53 / 2 = 231.245; of the second: 77.53 / 2 + 61.27 + 88.71 + 45.83.
    """
    run = md.load(public)
    cells = run.parcels
    assert cells["parcel_count"].tolist() == [5, 5]
    assert cells["enterprise_count"].tolist() == [4, 4]
    assert cells["tax_wan"].tolist() == pytest.approx([231.245, 234.575])
    assert cells["area_mu"].tolist() == pytest.approx([75.0, 75.0], rel=1e-3)
    assert cells["tax_per_mu"].tolist() == pytest.approx((cells["tax_wan"] / cells["area_mu"]).tolist())
    bounds = cells.geometry.bounds.to_numpy()
    assert bounds.tolist() == [
        [39_500_000, 4_000_000, 39_500_500, 4_000_500],
        [39_500_500, 4_000_000, 39_501_000, 4_000_500],
    ]
    assert run.zones["tax_wan"].tolist() == pytest.approx([465.82])
    assert (np.mod(shapely.get_coordinates(run.zones.geometry.values), 500) == 0).all()
    assert run.manifest["redaction"]["level"] == "public"
    assert not (public / "report.docx").exists()
    assert not (public / "issues").exists()
    assert [len(t) for t in (run.enterprises, run.links, run.candidates, run.findings)] == [0, 0, 0, 0]


def test_explain_and_map_of_a_public_run(public: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["map", str(public), "--out", str(tmp_path / "x.html")]) == 0
    page = (tmp_path / "x.html").read_bytes()
    assert "公开版".encode() in b"".join([page, *unpacked(page)])
    assert main(["explain", str(public), PARCELS[0]]) == 2
    said = capsys.readouterr().err
    assert "公开" in said
    assert main(["explain", str(public), "1"]) == 0


def test_a_folder_holds_one_level(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(write_project(tmp_path, "", formats=["parquet"]))]) == 0
    before = sorted(p.name for p in (tmp_path / "成果").iterdir())
    assert main(["run", str(write_project(tmp_path, 'level = "public"', formats=["parquet"]))]) == 2
    assert "公开" in capsys.readouterr().err
    assert sorted(p.name for p in (tmp_path / "成果").iterdir()) == before


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> md.Evaluation:
    """The same project in full."""
    folder = tmp_path_factory.mktemp("内部")
    return md.evaluate(write_project(folder, "", formats=["parquet"]))


def test_one_enterprise_sees_itself_alone(tmp_path: Path) -> None:
    output = f'level = "enterprise"\nenterprise = "{CODES[1]}"'
    assert main(["run", str(write_project(tmp_path, output))]) == 0
    found = contents(tmp_path / "成果")
    others = [*CODES[:1], *CODES[2:], *NAMES[:1], *NAMES[2:], *PARCELS[:2], *PARCELS[3:], *OWNERS, "备注机密"]
    for secret in [*others, "秘密图层", "更正理由机密", "企业机密表", "宗地机密"]:
        for bytes_ in spelled(secret):
            leaks = [name for name, data in found.items() if bytes_ in data]
            assert not leaks, (secret, leaks)
    run = md.load(tmp_path / "成果")
    assert run.enterprises["enterprise_id"].tolist() == [CODES[1]]
    assert run.enterprises["tax_wan"].tolist() == [57.91]
    assert run.parcels["parcel_id"].tolist() == [PARCELS[2]]
    assert run.parcels["tax_wan"].tolist() == [57.91]
    # Besides it there are six enterprises in the zone, so their sum may be known.
    assert run.zones["tax_wan"].tolist() == pytest.approx([465.82])
    assert run.manifest["redaction"]["level"] == "enterprise"


def test_an_enterprise_that_shares_a_parcel_sees_its_own_part(whole: md.Evaluation) -> None:
    """Enterprise 2 becomes tenant of parcel 1 with a quarter: of the parcel it sees its part, not the owner's tax."""
    links = whole.links.copy()
    more = links.iloc[[0]].assign(enterprise_id=CODES[2], tax_wan=9.75, relation="lease")
    shared = redact(
        md.Evaluation(**{**vars(whole), "links": pd.concat([links, more], ignore_index=True)}),
        level="enterprise", enterprise=CODES[2],
    )  # fmt: skip
    table = shared.parcels.set_index("parcel_id")
    parcel = str(links["parcel_id"].iloc[0])
    assert table.loc[parcel, "tax_wan"] == 9.75
    assert pd.isna(table.loc[parcel, "owner"])
    assert pd.isna(table.loc[parcel, "tax_per_mu"])
    assert pd.isna(table.loc[parcel, "idle_status"])


def test_an_unknown_enterprise_is_refused(whole: md.Evaluation) -> None:
    with pytest.raises(UsageError) as error:
        redact(whole, level="enterprise", enterprise="91370902MA0000000X")
    assert error.value.code == "redaction-enterprise-unknown"
    with pytest.raises(UsageError) as error:
        redact(whole, level="enterprise")
    assert error.value.code == "redaction-enterprise"
    with pytest.raises(UsageError) as error:
        redact(redact(whole, level="public"), level="enterprise", enterprise=CODES[0])
    assert error.value.code == "redaction-further"


def test_too_few_enterprises_hide_a_zone(whole: md.Evaluation) -> None:
    hidden = redact(whole, level="public", min_enterprises=8)
    assert len(hidden.parcels) == 0
    assert hidden.zones[["tax_wan", "parcel_mu", "parcel_count"]].isna().all(axis=None)


def test_one_that_pays_nearly_all_hides_the_money(whole: md.Evaluation) -> None:
    """Of the zone's tax the largest share is 101.38 / 465.82 = 0.2176."""
    assert redact(whole, level="public", max_share=0.21).zones["tax_wan"].isna().all()
    assert redact(whole, level="public", max_share=0.22).zones["tax_wan"].notna().all()


def test_the_order_of_rows_means_nothing(whole: md.Evaluation) -> None:
    turned = md.Evaluation(
        **{**vars(whole), "parcels": whole.parcels.iloc[::-1].reset_index(drop=True), "links": whole.links.iloc[::-1]}
    )
    one, two = (redact(e, level="public").parcels for e in (whole, turned))
    pd.testing.assert_frame_equal(
        pd.DataFrame(one.drop(columns="geometry")), pd.DataFrame(two.drop(columns="geometry"))
    )
    assert one.geometry.geom_equals(two.geometry).all()


def holders(amounts: list[float | None], parcel: list[int], parcels: int) -> Holders:
    table = pd.DataFrame({"tax_wan": pd.array(amounts, dtype="Float64").astype("float64")})
    return Holders(np.array(parcel), np.arange(len(parcel)), table, parcels)


def test_zeros_and_single_payers_tell_too_much() -> None:
    """Three enterprises that all pay nothing; three of which one pays; three that pay; three of whom nobody knows."""
    groups = np.repeat(np.arange(4), 3)
    made = holders([0, 0, 0, 5, 0, 0, 2, 3, 4, None, None, None], list(range(12)), 12)
    land, money = made.safe(groups, 4, least=3, most=0.8)
    assert land.tolist() == [True, True, True, True]
    assert money["tax_wan"].tolist() == [False, False, True, True]


def test_a_square_is_split_only_into_parts_that_may_all_be_shown() -> None:
    """Three parcels in the square (0, 0), two in (1, 0): the second may not stand alone, so both stay one."""
    place = np.array([[0, 0]] * 3 + [[1, 0]] * 2)
    zone = np.zeros(5, np.int64)
    for more, parts in ((0, 1), (1, 2)):
        where = np.concatenate([place, np.array([[1, 0]] * more).reshape(-1, 2)]).astype(np.int64)
        size = 5 + more
        made = holders([2.0] * size, list(range(size)), size)
        groups = split(
            where, np.zeros(size, np.int64), made, shown=np.array([True]), money=pd.DataFrame({"tax_wan": [True]}),
            least=3, most=0.8,
        )  # fmt: skip
        assert len(set(groups.tolist())) == parts
    assert zone.sum() == 0


@pytest.mark.parametrize("seed", range(6))
def test_every_square_may_be_shown_and_none_is_left_over(seed: int) -> None:
    """Any land and money: each group has three enterprises and parcels, nobody has more than 80 %, none is missing."""
    chance = np.random.default_rng(seed)
    size = 200
    place = chance.integers(0, 9, (size, 2)).astype(np.int64) ** 2
    zone = chance.integers(0, 3, size).astype(np.int64)
    enterprise = chance.integers(0, 40, size)
    amounts = np.where(chance.random(size) < 0.3, 0.0, chance.pareto(1.0, size))
    made = Holders(np.arange(size), enterprise, pd.DataFrame({"tax_wan": amounts}), size)
    shown, money = made.safe(zone, 3, least=3, most=0.8)
    money &= pd.DataFrame({"tax_wan": shown})
    groups = split(place, zone, made, shown=shown, money=money, least=3, most=0.8)
    assert ((groups >= 0) == shown[zone]).all()
    table = pd.DataFrame({"group": groups, "zone": zone, "enterprise": enterprise, "tax": amounts})
    for _, part in table[groups >= 0].groupby("group"):
        assert part["zone"].nunique() == 1
        assert len(part) >= 3
        assert part["enterprise"].nunique() >= 3
        each = part.groupby("enterprise")["tax"].sum()
        if money["tax_wan"][part["zone"].iloc[0]]:
            assert (each > 0).sum() >= 3
            assert each.max() <= 0.8 * each.sum()
    order = chance.permutation(size)
    turned = Holders(np.arange(size), enterprise[order], pd.DataFrame({"tax_wan": amounts[order]}), size)
    again = split(place[order], zone[order], turned, shown=shown, money=money, least=3, most=0.8)
    pairs = set(zip(groups[order].tolist(), again.tolist(), strict=True))
    assert len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})


def test_redacted_results_are_not_redacted_again(whole: md.Evaluation) -> None:
    """Neither with stricter limits, which nobody could check, nor for another enterprise, which would get the first."""
    open_to_all, own = redact(whole, level="public"), redact(whole, level="enterprise", enterprise=CODES[1])
    for made, options in (
        (open_to_all, {"level": "public", "min_enterprises": 8}),
        (open_to_all, {"level": "internal"}),
        (own, {"level": "enterprise", "enterprise": CODES[2]}),
    ):
        with pytest.raises(UsageError) as error:
            redact(made, **options)
        assert error.value.code == "redaction-further"
    assert redact(whole, level="internal") is whole


def test_redacted_results_are_not_screened(public: Path, whole: md.Evaluation, capsys) -> None:
    """They hold squares without verdicts: a list of squares that “cannot be decided” would say nothing true."""
    assert main(["screen", str(public)]) == 2
    assert "脱敏" in capsys.readouterr().err
    with pytest.raises(UsageError) as error:
        md.screen(redact(whole, level="enterprise", enterprise=CODES[0]))
    assert error.value.code == "screen-redacted"


def test_a_sheet_of_a_square_says_what_public_results_lack(public: Path, capsys) -> None:
    """The square has enterprises and the run has packs; the sheet must not say that there are none."""
    square_id = str(md.load(public).parcels["parcel_id"].iloc[0])
    assert main(["explain", str(public), square_id]) == 0
    said = capsys.readouterr().out
    assert "公开版成果，不含判定" in said
    assert "没有选用政策包" not in said
    assert "没有挂接" not in said

"""Shapefiles written byte by byte by ``rawshp``; areas are those of the squares drawn."""

from __future__ import annotations

import itertools
import struct
from pathlib import Path

import numpy as np
import pandas as pd
import pyogrio
import pytest
from rawshp import SQUARE, Field, square, write_dbf, write_shapefile, write_shapes

from parcels.errors import FormatError
from parcels.layer import RawLayer
from parcels.ledger import Ledger
from parcels.readers.shapefile import gdal_options, read_shapefile

DATA = Path(__file__).parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="shared data not present")
ID: list[Field] = [(b"ID", "C", 2, 0)]
OUTER = square(0, 0, 100)
HOLE = list(reversed(square(10, 10, 20)))
TEXT_GBK = "泰安高新区龙潭路1号镕"
TEXT = TEXT_GBK + "㧑"
CPGS = (
    None, "UTF-8", "utf8", "65001", "GBK", "GB2312", "GB18030", "936", "CP936", "OEM", "ANSI 936",
    "ISO-8859-1", "1252", "",
)  # fmt: skip


def read(path: Path) -> tuple[RawLayer, pd.DataFrame]:
    ledger = Ledger(lang="en")
    return read_shapefile(path, ledger=ledger), ledger.frame()


def places(table: pd.DataFrame, code: str) -> list[int | None]:
    rows = table.loc[table["code"] == code, "row"]
    return [None if pd.isna(r) else int(r) for r in rows]


@pytest.mark.parametrize(("cpg", "ldid"), list(itertools.product(CPGS, (0x00, 0x4D, 0x57, 0x03))))
def test_encoding_matrix(tmp_path: Path, cpg: str | None, ldid: int) -> None:
    for codec, text in (("gbk", TEXT_GBK), ("gb18030", TEXT), ("utf-8", TEXT)):
        fields: list[Field] = [(name.encode(codec), "C", 60, 0) for name in ("宗地码", "权利人")]
        rows = [[b"370902001001GB00001", text.encode(codec)]]
        layer, ledger = read(write_shapefile(tmp_path / codec, [SQUARE], fields, rows, ldid=ldid, cpg=cpg))
        assert layer.frame.columns.tolist() == ["宗地码", "权利人", "geometry"]
        assert layer.frame["权利人"].tolist() == [text]
        assert layer.encoding == ("utf-8" if codec == "utf-8" else "gb18030")
        assert layer.frame.geometry.area.tolist() == [10000.0]
        assert set(ledger["code"]) <= {"encoding-mismatch"}


@pytest.mark.parametrize(
    "rings",
    [[OUTER, HOLE], [OUTER[::-1], HOLE[::-1]], [OUTER, HOLE[::-1]], [HOLE, OUTER]],
    ids=["right", "reversed", "same direction", "hole first"],
)
def test_rings_in_any_order_and_direction(tmp_path: Path, rings: list[list[tuple[float, float]]]) -> None:
    layer, ledger = read(write_shapefile(tmp_path / "a", [rings], ID, [[b"a"]]))
    assert layer.frame.geometry.area.tolist() == [9600.0]
    assert layer.frame.geometry.is_valid.all()
    assert len(ledger) == 0


def test_null_shapes_keep_their_row(tmp_path: Path) -> None:
    layer, ledger = read(write_shapefile(tmp_path / "a", [SQUARE, None, SQUARE], ID, [[b"a"], [b"b"], [b"c"]]))
    assert layer.frame["ID"].tolist() == ["a", "b", "c"]
    assert layer.frame.geometry.isna().tolist() == [False, True, False]
    assert layer.rows.tolist() == [1, 2, 3]
    assert layer.frame.crs is None
    assert places(ledger, "shapefile-null-shape") == [2]


def test_open_ring_is_closed_and_two_point_ring_is_lost_with_a_row(tmp_path: Path) -> None:
    shapes = [SQUARE, [OUTER[:-1]], [OUTER[:2]], [OUTER, HOLE[:-1]]]
    layer, ledger = read(write_shapefile(tmp_path / "a", shapes, ID, [[b"a"], [b"b"], [b"c"], [b"d"]]))
    areas = layer.frame.geometry.area
    assert areas[[0, 1, 3]].tolist() == [10000.0, 10000.0, 9600.0]
    assert layer.frame.geometry.isna().tolist() == [False, False, True, False]
    assert places(ledger, "shapefile-ring-closed") == [2, 4]
    assert places(ledger, "shapefile-shape-lost") == [3]


@pytest.mark.parametrize(
    ("shape_type", "kind"),
    [(15, "Polygon"), (25, "Polygon"), (13, "LineString"), (23, "LineString"), (11, "Point"), (21, "Point")],
)
def test_heights_and_measures_are_left_out_and_said(tmp_path: Path, shape_type: int, kind: str) -> None:
    shapes = [[[(3.0, 4.0)]]] if kind == "Point" else [[OUTER]]
    path = write_shapefile(tmp_path / "a", shapes, ID, [[b"a"]], shape_type=shape_type, z=12.5, m=1.0)
    layer, ledger = read(path)
    assert layer.frame.geometry.geom_type.tolist() == [kind]
    assert not layer.frame.geometry.has_z.any()
    assert ledger["code"].tolist() == ["shapefile-z-dropped"]


def test_deleted_record_takes_its_shape_along(tmp_path: Path) -> None:
    shapes = [[square(0, 0, 10)], [square(0, 0, 20)], [square(0, 0, 30)]]
    path = write_shapefile(tmp_path / "a", shapes, ID, [[b"a"], [b"b"], [b"c"]], deleted=[2])
    layer, ledger = read(path)
    assert layer.frame["ID"].tolist() == ["a", "c"]
    assert layer.frame.geometry.area.tolist() == [100.0, 900.0]
    assert layer.rows.tolist() == [1, 3]
    assert places(ledger, "dbf-deleted") == [2]


def test_more_shapes_than_records(tmp_path: Path) -> None:
    fields: list[Field] = [*ID, (b"N", "N", 4, 0), (b"D", "D", 8, 0), (b"L", "L", 1, 0)]
    path = write_shapefile(tmp_path / "a", [SQUARE] * 3, fields, [[b"a", b"1", b"20240630", b"T"]])
    layer, ledger = read(path)
    assert layer.frame["N"].tolist() == [1, pd.NA, pd.NA]
    assert layer.frame["N"].dtype == "Int64"
    assert layer.frame["L"].dtype == "boolean"
    assert layer.frame.geometry.notna().all()
    assert places(ledger, "shapefile-dbf-short") == [2, 3]


def test_more_records_than_shapes(tmp_path: Path) -> None:
    layer, ledger = read(write_shapefile(tmp_path / "a", [SQUARE], ID, [[b"a"], [b"b"], [b"c"]]))
    assert layer.frame["ID"].tolist() == ["a", "b", "c"]
    assert layer.frame.geometry.isna().tolist() == [False, True, True]
    assert places(ledger, "shapefile-dbf-long") == [2, 3]
    assert ledger["severity"].tolist() == ["error", "error"]


def test_without_dbf(tmp_path: Path) -> None:
    layer, ledger = read(write_shapes(tmp_path / "a", [SQUARE, SQUARE]))
    assert layer.frame.columns.tolist() == ["geometry"]
    assert layer.encoding is None
    assert ledger["code"].tolist() == ["shapefile-no-dbf"]


def numbered(folder: Path, count: int = 5) -> Path:
    """Squares with areas 1, 4, 9 … so that a shifted row shows."""
    shapes = [[square(i, i, i)] for i in range(1, count + 1)]
    return write_shapefile(folder / "a", shapes, ID, [[str(i).encode()] for i in range(1, count + 1)])


AREAS = [1.0, 4.0, 9.0, 16.0, 25.0]


def test_missing_shx_is_replaced_and_nothing_is_written_beside_the_file(tmp_path: Path) -> None:
    path = numbered(tmp_path)
    path.with_suffix(".shx").unlink()
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    layer, ledger = read(path)
    assert layer.frame.geometry.area.tolist() == AREAS
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before
    assert ledger["code"].tolist() == ["shapefile-shx-missing"]


@pytest.mark.parametrize("garbage", [b"", b"garbage", b"\0" * 140, b"\xff" * 140])
def test_garbage_in_place_of_the_shx(tmp_path: Path, garbage: bytes) -> None:
    path = numbered(tmp_path)
    path.with_suffix(".shx").write_bytes(garbage)
    layer, ledger = read(path)
    assert layer.frame.geometry.area.tolist() == AREAS
    assert ledger["code"].tolist() == ["shapefile-shx-wrong"]


def test_shx_with_fewer_entries_than_it_says(tmp_path: Path) -> None:
    path = numbered(tmp_path)
    shx = path.with_suffix(".shx")
    shx.write_bytes(shx.read_bytes()[: 100 + 3 * 8])
    layer, ledger = read(path)
    assert layer.frame.geometry.area.tolist() == AREAS
    assert ledger["code"].tolist() == ["shapefile-shx-wrong"]


def test_shx_of_another_file(tmp_path: Path) -> None:
    path = numbered(tmp_path)
    other = write_shapes(tmp_path / "b", [[OUTER, HOLE], [OUTER]])
    path.with_suffix(".shx").write_bytes(other.with_suffix(".shx").read_bytes())
    layer, ledger = read(path)
    assert layer.frame.geometry.area.tolist() == AREAS
    assert "shapefile-shx-wrong" in set(ledger["code"])


RECORD = 8 + 4 + 32 + 4 + 4 + 4 + 5 * 16  # header, type, box, counts, one part, five points


def test_truncated_shp(tmp_path: Path) -> None:
    path = numbered(tmp_path)
    path.write_bytes(path.read_bytes()[: 100 + 3 * RECORD + 20])
    layer, ledger = read(path)
    assert layer.frame["ID"].tolist() == ["1", "2", "3", "4", "5"]
    assert layer.frame.geometry.area.fillna(-1).tolist() == [1.0, 4.0, 9.0, -1.0, -1.0]
    assert places(ledger, "shapefile-record-damaged") == [4, 5]
    assert places(ledger, "shapefile-truncated") == [None]


def test_truncated_shp_without_shx(tmp_path: Path) -> None:
    path = numbered(tmp_path)
    path.with_suffix(".shx").unlink()
    path.write_bytes(path.read_bytes()[: 100 + 3 * RECORD + 20])
    layer, ledger = read(path)
    assert layer.frame.geometry.area.fillna(-1).tolist() == [1.0, 4.0, 9.0, -1.0, -1.0]
    assert places(ledger, "shapefile-record-damaged") == [4]
    assert places(ledger, "shapefile-dbf-long") == [5]


@pytest.mark.parametrize(
    ("offset", "value"),
    [
        (8, struct.pack("<i", 99)),
        (8 + 36, struct.pack("<i", 1000)),
        (8 + 40, struct.pack("<i", 10**9)),
        (8 + 40, struct.pack("<i", -5)),
        (8 + 44, struct.pack("<i", 77)),
    ],
    ids=["type", "parts", "points", "negative", "part start"],
)
def test_one_damaged_record_does_not_harm_the_others(tmp_path: Path, offset: int, value: bytes) -> None:
    path = numbered(tmp_path)
    raw = bytearray(path.read_bytes())
    at = 100 + RECORD + offset
    raw[at : at + 4] = value
    path.write_bytes(raw)
    layer, ledger = read(path)
    assert layer.frame.geometry.area.fillna(-1).tolist() == [1.0, -1.0, 9.0, 16.0, 25.0]
    assert places(ledger, "shapefile-record-damaged") == [2]


@pytest.mark.parametrize("size", [100, 101, 107, 111, 120, 100 + RECORD, 100 + RECORD + 1, 100 + 4 * RECORD + 60])
@pytest.mark.parametrize("with_shx", [True, False])
def test_no_record_is_dropped_in_silence_by_a_cut(tmp_path: Path, size: int, with_shx: bool) -> None:
    path = numbered(tmp_path)
    if not with_shx:
        path.with_suffix(".shx").unlink()
    path.write_bytes(path.read_bytes()[:size])
    layer, ledger = read(path)
    whole = (size - 100) // RECORD
    assert layer.frame["ID"].tolist() == ["1", "2", "3", "4", "5"]
    assert layer.frame.geometry.notna().tolist() == [i < whole for i in range(5)]
    lost = places(ledger, "shapefile-record-damaged") + places(ledger, "shapefile-dbf-long")
    assert sorted(r for r in lost if r is not None) == list(range(whole + 1, 6))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "shapefile-empty"),
        (b"abc", "shapefile-not-shp"),
        (b"version https://git-lfs" * 9, "shapefile-not-shp"),
    ],
)
def test_no_shapefile(tmp_path: Path, content: bytes, code: str) -> None:
    path = numbered(tmp_path)
    path.write_bytes(content)
    with pytest.raises(FormatError) as caught:
        read(path)
    assert caught.value.code == code
    for lang in ("zh", "en"):
        assert all(caught.value.part(p, lang) for p in ("what", "where", "expected", "todo"))


def test_missing_file(tmp_path: Path) -> None:
    for path in (tmp_path / "none.shp", tmp_path):
        with pytest.raises(FormatError) as caught:
            read(path)
        assert caught.value.code == "shapefile-missing"


def test_empty_layer(tmp_path: Path) -> None:
    layer, _ = read(write_shapefile(tmp_path / "a", [], ID, []))
    assert len(layer.frame) == 0
    assert layer.frame.columns.tolist() == ["ID", "geometry"]
    assert len(layer.rows) == 0


def test_upper_case_suffixes_prj_and_cpg(tmp_path: Path) -> None:
    fields: list[Field] = [("权利人".encode("gbk"), "C", 20, 0)]
    made = write_shapefile(
        tmp_path / "地块", [SQUARE], fields, [["泰安市".encode("gbk")]], cpg="936",
        prj='PROJCS["高斯"]'.encode("gbk"),
    )  # fmt: skip
    for part in list(tmp_path.iterdir()):
        part.rename(part.with_suffix(part.suffix.upper()))
    layer, _ = read(made.with_suffix(".SHP"))
    assert layer.frame["权利人"].tolist() == ["泰安市"]
    assert (layer.crs_text, layer.crs_origin) == ('PROJCS["高斯"]', "prj")
    assert layer.notes["cpg"] == "936"
    assert layer.notes["ldid"] == "0x00"
    assert layer.source == "地块.SHP"


def test_field_called_geometry(tmp_path: Path) -> None:
    layer, ledger = read(write_shapefile(tmp_path / "a", [SQUARE], [(b"geometry", "C", 3, 0)], [[b"x"]]))
    assert layer.frame["geometry_1"].tolist() == ["x"]
    assert layer.frame.geometry.area.tolist() == [10000.0]
    assert ledger["code"].tolist() == ["dbf-name-repeated"]


def test_many_rows_stay_aligned(tmp_path: Path) -> None:
    count = 500
    shapes = [None if i % 7 == 0 else [square(i, 0, i)] for i in range(1, count + 1)]
    rows = [[str(i).encode()] for i in range(1, count + 1)]
    layer, _ = read(write_shapefile(tmp_path / "a", shapes, [(b"N", "N", 5, 0)], rows, deleted=[3, 499]))
    number = layer.frame["N"].to_numpy(dtype=np.int64)
    assert (number == layer.rows).all()
    assert len(number) == count - 2
    drawn = layer.frame.geometry.notna().to_numpy()
    assert (drawn == (number % 7 != 0)).all()
    assert np.array_equal(layer.frame.geometry.area.to_numpy()[drawn], number[drawn] ** 2.0)


def test_gdal_options_are_restored(tmp_path: Path) -> None:
    name = "OGR_ORGANIZE_POLYGONS"
    pyogrio.set_gdal_config_options({name: "SKIP"})
    try:
        read(numbered(tmp_path))
        assert pyogrio.get_gdal_config_option(name) == "SKIP"
        with pytest.raises(RuntimeError), gdal_options({name: "CCW_INNER_JUST_AFTER_CW_OUTER"}):
            raise RuntimeError
        assert pyogrio.get_gdal_config_option(name) == "SKIP"
    finally:
        pyogrio.set_gdal_config_options({name: None})
    read(numbered(tmp_path))
    assert pyogrio.get_gdal_config_option(name) is None


def test_dbf_with_bad_dates_and_cut_text_does_not_stop_the_layer(tmp_path: Path) -> None:
    path = write_shapes(tmp_path / "a", [SQUARE, SQUARE])
    text = ("泰安高新区" * 30).encode()[:254]
    write_dbf(
        path,
        [(b"ZL", "C", 254, 0), (b"RQ", "D", 8, 0)],
        [[text, b"20240231"], ["正常".encode(), b"20240630"]],
    )
    layer, ledger = read(path)
    assert layer.frame["ZL"].tolist() == [("泰安高新区" * 30)[:84], "正常"]
    assert layer.frame["RQ"].isna().tolist() == [True, False]
    assert sorted(ledger["code"]) == ["dbf-date-bad", "encoding-cut"]


@needs_data
def test_all_shapefiles_of_the_collection_are_read() -> None:
    found = sorted(p for p in (DATA / "encodings").rglob("*.shp")) + sorted((DATA / "shapes").rglob("*.shp"))
    assert len(found) >= 19
    for path in found:
        ledger = Ledger()
        layer = read_shapefile(path, ledger=ledger)
        assert len(layer.frame) == len(layer.rows) > 0
        missing = int(layer.frame.geometry.isna().sum())
        assert missing == sum(places(ledger.frame(), c) != [] for c in ("shapefile-null-shape", "shapefile-shape-lost"))


@needs_data
def test_real_layers_against_their_own_bytes() -> None:
    layer = read_shapefile(DATA / "shapes/pyshp/blockgroups.shp", ledger=Ledger())
    plain = pyogrio.read_dataframe(DATA / "shapes/pyshp/blockgroups.shp", encoding="latin-1")
    assert len(layer.frame) == 663
    assert layer.frame.geometry.area.sum() == pytest.approx(plain.geometry.area.sum(), rel=1e-12)
    assert layer.frame["POP1990"].sum() == plain["POP1990"].sum()
    assert layer.frame["BKG_KEY"].tolist() == plain["BKG_KEY"].tolist()


@needs_data
def test_file_with_bytes_behind_its_end() -> None:
    ledger = Ledger()
    layer = read_shapefile(DATA / "shapes/pyshp/corrupt_too_long.shp", ledger=ledger)
    assert len(layer.frame) == 10
    assert layer.frame.geometry.length.tolist() == pytest.approx([2.0] * 10)
    assert set(ledger.frame()["code"]) == {"shapefile-longer", "dbf-trailing"}

"""Writing: what is read back equals what was written, and a failed write leaves the old file."""

import csv
import datetime as dt
import struct

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import MultiPolygon, Point, box

from parcels.errors import FieldError, FormatError, GeometryError, OutputError
from parcels.ledger import Ledger
from parcels.writers.export import WriteWarning, write
from parcels.writers.shapefile import short_names

CODE = "370902001001GB00001"


@pytest.fixture
def frame():
    return gpd.GeoDataFrame(
        {
            "parcel_id": [CODE, "370902001001GB00002", None],
            "owner": ["泰安高新区镕创公司", None, ""],
            "registered_m2": [123456789.125, np.nan, 0.0],
            "count": pd.array([1, None, 0], dtype="Int64"),
            "yes": pd.array([True, None, False], dtype="boolean"),
            "day": [dt.date(2024, 2, 29), None, dt.date(2025, 12, 31)],
            "moment": pd.to_datetime(["2024-02-29 08:30:15", None, "2025-12-31 00:00:00"]),
            "自有列": ["甲", "乙", None],
        },
        geometry=[box(39512000, 4012000, 39512100, 4012100), None, MultiPolygon([box(0, 0, 1, 1), box(2, 2, 3, 3)])],
        index=["a", "b", "c"],
        crs=4527,
    )


def read(path):
    return gpd.read_parquet(path) if path.suffix == ".parquet" else pyogrio.read_dataframe(path)


@pytest.mark.parametrize("suffix", [".gpkg", ".parquet", ".geojson", ".gdb"])
def test_values_survive(frame, tmp_path, suffix):
    ledger = Ledger(lang="en")
    path = write(frame, tmp_path / f"宗地{suffix}", ledger=ledger)
    back = read(path)
    assert list(back.columns) == list(frame.columns)
    assert back["parcel_id"].isna().tolist() == [False, False, True]
    assert back["parcel_id"].iloc[0] == CODE
    assert back["owner"].iloc[0] == "泰安高新区镕创公司"
    assert back["owner"].iloc[2] == ""
    assert back["owner"].isna().tolist() == [False, True, False]
    assert back["registered_m2"].iloc[0] == 123456789.125
    assert back["registered_m2"].isna().tolist() == [False, True, False]
    assert back["count"].isna().tolist() == back["yes"].isna().tolist() == [False, True, False]
    assert back["count"].dropna().tolist() == back["yes"].astype("Float64").dropna().tolist() == [1, 0]
    assert pd.to_datetime(back["day"]).dt.strftime("%Y-%m-%d").tolist()[::2] == ["2024-02-29", "2025-12-31"]
    assert back["moment"].dt.strftime("%Y-%m-%d %H:%M:%S").iloc[0] == "2024-02-29 08:30:15"
    assert back["moment"].isna().tolist() == [False, True, False]
    assert back.geometry.isna().tolist() == [False, True, False]
    assert back.geometry.area.tolist()[::2] == [10000, 2]
    assert back.crs.to_epsg() == 4527
    assert ledger.count() == (1 if suffix == ".geojson" else 0)


def dbf_fields(data):
    """Name, kind and width of the fields, from the bytes of a .dbf."""
    (header,) = struct.unpack_from("<H", data, 8)
    entries = [data[at : at + 32] for at in range(32, header - 1, 32)]
    return [(e[:11].split(b"\0")[0].decode("gbk"), e[11:12].decode(), e[16]) for e in entries]


def test_shapefile_bytes(frame, tmp_path):
    path = write(frame, tmp_path / "宗地.shp", ledger=Ledger())
    data = path.with_suffix(".dbf").read_bytes()
    assert data[29] == 0x4D
    assert not path.with_suffix(".cpg").exists()
    fields = dbf_fields(data)
    assert [name for name, _, _ in fields] == ["ZDDM", "QLR", "ZDMJ", "count", "yes", "day", "moment", "自有列"]
    assert [kind for _, kind, _ in fields] == ["C", "C", "N", "N", "N", "D", "C", "C"]
    assert "泰安高新区镕创公司".encode("gbk") in data
    assert path.with_suffix(".prj").read_text().startswith('PROJCS["CGCS2000_3_Degree_GK_Zone_39"')
    back = pyogrio.read_dataframe(path)
    assert back["ZDDM"].iloc[0] == CODE
    assert back["ZDMJ"].iloc[0] == 123456789.125
    assert back["moment"].iloc[0] == "2024-02-29 08:30:15"
    assert back["自有列"].tolist()[:2] == ["甲", "乙"]
    assert back["yes"].dropna().tolist() == [1, 0]
    assert back.geometry.area.fillna(-1).tolist() == [10000, -1, 2]
    assert back.crs.to_epsg() == 4527


def test_shapefile_dictionary(frame, tmp_path):
    write(frame, tmp_path / "宗地.shp", ledger=Ledger())
    data = (tmp_path / "宗地_字段对照.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    table = list(csv.DictReader(data.decode("utf-8-sig").splitlines()))
    assert [(row["字段名"], row["原列名"]) for row in table][:3] == [
        ("ZDDM", "parcel_id"),
        ("QLR", "owner"),
        ("ZDMJ", "registered_m2"),
    ]
    assert table[-1] == {"字段名": "自有列", "原列名": "自有列", "含义": "自有列", "代码依据": "原列名"}


def test_shapefile_losses_are_on_record(frame, tmp_path):
    frame["owner"] = ["㧑谦公司", "长" * 130, "x" * 254]
    frame["serial"] = [2**62, 1, 2]
    ledger = Ledger(lang="en")
    path = write(frame, tmp_path / "a.shp", ledger=ledger)
    table = ledger.frame().set_index("code")
    gbk = table.loc["write-not-gbk"]
    assert gbk[["row", "id", "field", "before", "after"]].tolist() == [1, CODE, "owner", "㧑谦公司", "?谦公司"]
    cut = table.loc["write-text-cut"]
    assert cut[["row", "before", "after"]].tolist() == [2, "260", "254"]
    assert table.loc["write-as-text", "field"] == "serial"
    back = pyogrio.read_dataframe(path)
    assert back["QLR"].tolist() == ["?谦公司", "长" * 127, "x" * 254]
    assert back["serial"].tolist() == [str(2**62), "1", "2"]


def test_names_that_meet_are_numbered(tmp_path):
    names = ["不动产单元号码", "不动产单元号数", "ZDDM", "parcel_id"]
    names += ["committed_tax_per_mu", "committed_tax_share", "zl", "ZL"]
    frame = gpd.GeoDataFrame({name: [k] for k, name in enumerate(names)}, geometry=[box(0, 0, 1, 1)], crs=4527)
    expected = ["不动产单元", "不动产单_1", "ZDDM", "ZDDM_1", "committed_", "committe_1", "zl", "ZL_1"]
    path = write(frame, tmp_path / "a.shp", ledger=Ledger())
    assert [name for name, _, _ in dbf_fields(path.with_suffix(".dbf").read_bytes())] == expected
    back = pyogrio.read_dataframe(path)
    assert [int(back[name].iloc[0]) for name in expected] == list(range(8))


@given(
    st.lists(
        st.text("ab_宗地㧑ZDM", min_size=1, max_size=14) | st.sampled_from(["parcel_id", "ZDDM", "owner"]), unique=True
    )
)
def test_short_names_are_short_and_distinct(names):
    short = short_names(names)
    assert list(short) == names
    assert all(0 < len(name.encode("gbk")) <= 10 for name in short.values())
    assert len({name.casefold() for name in short.values()}) == len(names)


def test_words_that_databases_reserve_stay_columns(tmp_path):
    frame = gpd.GeoDataFrame(
        {"fid": [7, 7], "geom": ["x", "y"], "OBJECTID": [1, 1], "SHAPE": [1, 2], "ZL": [1, 2], "zl": [3, 4]},
        geometry=[box(0, 0, 1, 1)] * 2,
        crs=4527,
    )
    for suffix in (".gpkg", ".gdb"):
        ledger = Ledger()
        back = read(write(frame, tmp_path / f"a{suffix}", ledger=ledger))
        assert list(back.columns) == ["fid", "geom", "OBJECTID", "SHAPE", "ZL", "zl_1", "geometry"]
        assert back["fid"].tolist() == [7, 7]
        assert back["zl_1"].tolist() == [3, 4]
        assert ledger.frame()["code"].tolist() == ["write-name"]


def test_mixed_columns_are_written_as_text(tmp_path):
    frame = gpd.GeoDataFrame(
        {"mixed": [1, "—", None], "numbers": pd.Series([1, 2.5, None], dtype=object), "list": [[1], None, [2, 3]]},
        geometry=[box(0, 0, 1, 1)] * 3,
        crs=4527,
    ).assign(kind=pd.Categorical(["出让", None, "划拨"]), other=gpd.GeoSeries([Point(1, 2)] * 3))
    ledger = Ledger()
    back = read(write(frame, tmp_path / "a.gpkg", ledger=ledger))
    assert back["mixed"].tolist()[:2] == ["1", "—"]
    assert back["numbers"].tolist()[:2] == [1, 2.5]
    assert back["list"].iloc[2] == "[2, 3]"
    assert back["kind"].iloc[0] == "出让"
    assert back["other"].iloc[0] == "POINT (1 2)"
    assert ledger.frame()["field"].tolist() == ["mixed", "list", "other"]


def test_input_is_not_changed(frame, tmp_path):
    before = frame.copy()
    for suffix in (".gpkg", ".shp", ".gdb", ".parquet"):
        write(frame, tmp_path / f"a{suffix}", ledger=Ledger())
    pd.testing.assert_frame_equal(frame.to_wkb(), before.to_wkb())


@pytest.mark.parametrize("suffix", [".gpkg", ".shp", ".gdb", ".parquet", ".geojson"])
def test_no_rows_and_no_geometry(frame, tmp_path, suffix):
    assert len(read(write(frame.iloc[:0], tmp_path / f"a{suffix}", ledger=Ledger()))) == 0
    back = read(write(frame.iloc[1:2], tmp_path / f"b{suffix}", ledger=Ledger()))
    assert back.geometry.isna().tolist() == [True]


def test_empty_shapefile_is_one_of_polygons(frame, tmp_path):
    path = write(frame.iloc[:0], tmp_path / "a.shp", ledger=Ledger())
    assert struct.unpack_from("<i", path.read_bytes(), 32) == (5,)


def test_missing_crs_is_said(frame, tmp_path):
    bare = frame.set_crs(None, allow_override=True)
    ledger = Ledger()
    back = read(write(bare, tmp_path / "a.gpkg", ledger=ledger))
    assert back.crs is None
    assert ledger.frame()["code"].tolist() == ["write-crs-missing"]
    with pytest.warns(WriteWarning, match="坐标系"):
        write(bare, tmp_path / "b.shp")
    assert not (tmp_path / "b.prj").exists()


def test_geojson_in_degrees_of_wgs84_needs_no_remark(tmp_path):
    frame = gpd.GeoDataFrame({"a": [1]}, geometry=[box(117, 36, 117.1, 36.1)], crs=4326)
    ledger = Ledger()
    write(frame, tmp_path / "a.geojson", ledger=ledger)
    assert len(ledger) == 0


def test_layers_of_one_geopackage_live_together(frame, tmp_path):
    for suffix in (".gpkg", ".gdb"):
        path = tmp_path / f"a{suffix}"
        write(frame, path, layer="宗地", ledger=Ledger())
        write(frame.iloc[:1], path, layer="开发区", ledger=Ledger())
        write(frame.iloc[:2], path, layer="宗地", ledger=Ledger())
        assert sorted(pyogrio.list_layers(path)[:, 0]) == ["宗地", "开发区"]
        assert len(pyogrio.read_dataframe(path, layer="宗地")) == 2
        with pytest.raises(OutputError) as caught:
            write(frame, path, layer="宗地", overwrite=False)
        assert caught.value.code == "write-exists"
        write(frame, path, layer="新", overwrite=False, ledger=Ledger())


def test_replaced_shapefile_leaves_no_stale_parts(frame, tmp_path):
    path = tmp_path / "a.shp"
    write(frame, path, ledger=Ledger())
    path.with_suffix(".cpg").write_text("UTF-8")
    path.with_suffix(".sbn").write_bytes(b"index")
    write(frame.iloc[:1], path, ledger=Ledger())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.dbf", "a.prj", "a.shp", "a.shx", "a_字段对照.csv"]
    assert len(read(path)) == 1


@pytest.mark.parametrize("suffix", [".gpkg", ".shp", ".gdb", ".parquet", ".geojson"])
def test_failing_write_leaves_the_old_file(frame, tmp_path, suffix, monkeypatch):
    path = write(frame, tmp_path / f"a{suffix}", ledger=Ledger())
    names = sorted(p.name for p in tmp_path.iterdir())

    def half_written(*args, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pyogrio, "write_dataframe", half_written)
    monkeypatch.setattr(gpd.GeoDataFrame, "to_parquet", half_written)
    with pytest.raises(OutputError) as caught:
        write(frame.iloc[:1], path, ledger=Ledger())
    assert "No space left" in caught.value.render("zh")
    assert len(read(path)) == 3
    assert sorted(p.name for p in tmp_path.iterdir()) == names


@pytest.mark.parametrize("suffix", [".shp", ".gdb"])
def test_failing_move_brings_the_old_parts_back(frame, tmp_path, suffix, monkeypatch):
    path = write(frame, tmp_path / f"a{suffix}", ledger=Ledger())
    names = sorted(p.name for p in tmp_path.iterdir())
    real, last = __import__("os").replace, "a.shx" if suffix == ".shp" else "a.gdb"

    def locked(source, target):
        if target == tmp_path / last and source.parent.parent == tmp_path:
            raise PermissionError(13, "in use")
        real(source, target)

    monkeypatch.setattr("parcels.writers.export.os.replace", locked)
    with pytest.raises(OutputError):
        write(frame.iloc[:1], path, ledger=Ledger())
    assert sorted(p.name for p in tmp_path.iterdir()) == names
    assert len(read(path)) == 3


def test_mixed_kinds_in_a_shapefile_fail_clearly(tmp_path):
    frame = gpd.GeoDataFrame({"a": [1, 2]}, geometry=[Point(0, 0), box(0, 0, 1, 1)], crs=4527)
    with pytest.raises(OutputError) as caught:
        write(frame, tmp_path / "a.shp", ledger=Ledger())
    assert caught.value.code == "write-failed"
    assert list(tmp_path.iterdir()) == []


def test_refusals(frame, tmp_path):
    with pytest.raises(FormatError) as caught:
        write(frame, tmp_path / "a.dwg")
    assert ".gpkg" in caught.value.render("zh")
    assert ".shp" in caught.value.render("en")
    with pytest.raises(FormatError):
        write(frame, tmp_path / "a.shp", dialect="dwg")
    (tmp_path / "b.gpkg").mkdir()
    (tmp_path / "c.gdb").mkdir()
    (tmp_path / "c.gdb" / "notes.txt").write_text("mine")
    (tmp_path / "d.gdb").write_text("a file")
    for name in ("b.gpkg", "c.gdb", "d.gdb"):
        with pytest.raises(OutputError) as refused:
            write(frame, tmp_path / name)
        assert refused.value.code == "write-in-the-way"
    assert (tmp_path / "c.gdb" / "notes.txt").read_text() == "mine"
    with pytest.raises(OutputError, match="不存在"):
        write(frame, tmp_path / "nowhere" / "a.gpkg")
    with pytest.raises(GeometryError):
        write(pd.DataFrame({"a": [1]}), tmp_path / "a.gpkg")
    doubled = frame.set_axis(["parcel_id", *["x"] * 7, "geometry"], axis=1)
    with pytest.raises(FieldError, match="x"):
        write(doubled, tmp_path / "a.gpkg")


def test_dialect_overrules_the_extension(frame, tmp_path):
    path = write(frame, tmp_path / "a.dat", dialect="gpkg", ledger=Ledger())
    assert path.read_bytes().startswith(b"SQLite format 3")


def test_txt_goes_through_the_same_door(frame, tmp_path):
    path = write(frame.iloc[:1], tmp_path / "a.txt", ledger=Ledger())
    assert CODE in path.read_text(encoding="gb18030")
    with pytest.raises(GeometryError) as caught:
        write(frame, tmp_path / "a.txt", ledger=Ledger())
    assert caught.value.place["file"] == path
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.txt"]

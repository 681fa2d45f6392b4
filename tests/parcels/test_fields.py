import pytest

from parcels.errors import FieldError
from parcels.fields import Field, Schema, cadastral, nearest


def taken(columns, **given):
    return {n: (m.column, m.method) for n, m in cadastral().match(columns, given=given).matches.items()}


def test_cadastral_codes_and_chinese_headers():
    found = taken(["ZDDM", "BDCDYH", "QLR", "ZDMJ", "DLBM", "备注"])
    assert found == {
        "parcel_id": ("ZDDM", "alias"), "unit_id": ("BDCDYH", "alias"), "owner": ("QLR", "alias"),
        "registered": ("ZDMJ", "alias"), "land_use_code": ("DLBM", "alias"),
    }  # fmt: skip
    assert taken(["宗地代码", "权利人名称", "宗地面积(亩)"])["registered"] == ("宗地面积(亩)", "alias")


def test_names_cut_by_the_dbf_are_taken_when_only_one_field_fits():
    assert taken(["不动产单元"])["unit_id"] == ("不动产单元", "stump")  # 5 GBK characters of 不动产单元号
    assert taken(["权利人统一"])["owner_id"] == ("权利人统一", "stump")
    schema = Schema(
        [
            Field("a", "a", "text", "甲", "a", ("不动产单元号",)),
            Field("b", "b", "text", "乙", "b", ("不动产权证号",)),
        ]
    )
    matching = schema.match(["不动产"])  # 3 UTF-8 characters of either
    assert not matching.matches
    assert matching.ambiguous == {"不动产": ("甲", "乙")}


def test_a_near_miss_is_left_alone():
    assert taken(["宗地代玛", "所有权人", "ZDDMM"]) == {}


def test_given_wins_and_must_exist():
    assert taken(["ZDDM", "编号"], parcel_id="编号")["parcel_id"] == ("编号", "given")
    with pytest.raises(FieldError) as error:
        taken(["ZDDM", "权利人"], owner="权利仁")
    assert "权利人" in error.value.render("zh")
    with pytest.raises(FieldError) as error:
        taken(["ZDDM"], parcelid="ZDDM")
    assert "parcel_id" in error.value.render("en")


def test_rivals_are_ranked_by_alias_order_and_said():
    matching = cadastral().match(["面积", "ZDMJ"])
    assert matching.matches["registered"].column == "ZDMJ"
    assert [m.column for m in matching.rivals] == ["面积"]


def test_canonical_names_match_themselves():
    assert taken(["registered_m2", "parcel_id"]) == {
        "parcel_id": ("parcel_id", "name"), "registered": ("registered_m2", "name"),
    }  # fmt: skip


def test_nearest():
    assert nearest("enterprize", ["enterprises", "zones"]) == "enterprises"
    assert nearest("xyz", ["enterprises"]) == "—"


def test_ascii_names_with_an_underscore_are_not_taken_apart_unless_a_unit_follows():
    found = cadastral().match(["SP_ID", "OWNER_OCC", "ZDMJ_M2", "FAC_NAME"]).matches
    assert {name: match.column for name, match in found.items()} == {"registered": "ZDMJ_M2"}


def test_a_unit_or_a_level_of_a_merged_header_is_taken_off_chinese_names():
    found = cadastral().match(["宗地_宗地代码", "用地面积_亩"]).matches
    assert {name: match.column for name, match in found.items()} == {
        "parcel_id": "宗地_宗地代码",
        "registered": "用地面积_亩",
    }

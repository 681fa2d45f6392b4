"""From columns as sent to canonical ones: units by word, nothing of the sender's lost."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcels.canonical import OWN_SUFFIX, Source, canonicalise
from parcels.errors import FieldError
from parcels.fields import Field, Schema
from parcels.ledger import Ledger

SCHEMA = Schema(
    [
        Field("parcel_id", "parcel_id", "id", "宗地代码", "Parcel", ("ZDDM", "地块号")),
        Field("owner", "owner", "text", "权利人", "Owner", ("QLR",)),
        Field("area", "area_m2", "number", "面积", "Area", ("面积", "MJ"), "area"),
        Field("tax", "tax_wan", "number", "税收", "Tax", ("税收", "纳税"), "money"),
        Field("ratio", "ratio", "number", "容积率", "Ratio", ("RJL",)),
        Field("since", "since", "date", "日期", "Since", ("日期",)),
        Field("yes", "yes", "boolean", "是否", "Yes", ("是否",)),
    ]
)


def run(frame, **options):
    ledger = Ledger(lang="en")
    source = Source("表.xlsx", np.arange(len(frame), dtype=np.int64) + 5)
    return canonicalise(frame, SCHEMA, source=source, ledger=ledger, **options), ledger


def table(**columns):
    return pd.DataFrame(columns, index=[f"i{k}" for k in range(len(next(iter(columns.values()))))])


def test_every_kind_is_understood_and_the_own_columns_stay():
    frame = table(
        ZDDM=["007", "--", "—"],
        QLR=[" 甲 ", "--", None],
        MJ_亩=["1.5", "3", "/"],
        税收=["1,000万元", "2亿元", 5],
        日期=["2024-06-03", "20240231", None],
        是否=["是", "否", "也许"],
    )
    before = frame.copy(deep=True)
    made, ledger = run(frame)
    out = made.frame
    assert out.index.equals(frame.index)
    assert out.columns.tolist()[:5] == ["parcel_id", "owner", "area_m2", "since", "yes"]
    assert out["parcel_id"].tolist()[:2] == ["007", "--"]
    assert out["parcel_id"].isna().tolist() == [False, False, True]
    assert out["owner"].isna().tolist() == [False, True, True]
    assert out["area_m2"].tolist()[:2] == [1000.0, 2000.0]
    assert out["since"].tolist()[0] == pd.Timestamp(2024, 6, 3)
    assert out["yes"].tolist() == [True, False, pd.NA]
    assert set(frame.columns) <= set(out.columns)
    assert out["ZDDM"].tolist() == frame["ZDDM"].tolist()
    pd.testing.assert_frame_equal(frame, before)
    bad = ledger.frame().query("code == 'value-bad-date'").iloc[0]
    assert (bad["row"], bad["id"], bad["field"], bad["before"]) == (6, "--", "since", "20240231")


def test_units_of_cells_of_the_header_of_the_user_and_by_default():
    frame = table(税收=[1.0, 2.0])
    assert "tax" in run(frame)[0].unresolved
    assert run(frame, default_units={"money": "亿元"})[0].frame["tax_wan"].tolist() == [10_000.0, 20_000.0]
    assert run(frame, units={"tax": "元"})[0].frame["tax_wan"].tolist() == [0.0001, 0.0002]
    assert run(frame, units={"tax_wan": "元"}, default_units={"money": "亿元"})[0].frame["tax_wan"].iloc[0] == 0.0001
    assert run(table(**{"税收（千元）": [10.0]}))[0].frame["tax_wan"].tolist() == [1.0]
    assert run(table(税收=["3万元", "20000元", "—"]))[0].frame["tax_wan"].tolist()[:2] == [3.0, 2.0]
    assert "tax" in run(table(税收=["3万元", "20000"]))[0].unresolved
    assert "tax" in run(table(税收=["3亩", "4亩"]))[0].unresolved
    assert run(table(税收=["3万元", "5"]), units={"tax": "元"})[0].frame["tax_wan"].tolist() == [3.0, 0.0005]
    assert run(table(tax_wan=[7.0]))[0].frame["tax_wan"].tolist() == [7.0]


def test_an_unresolved_column_is_left_out_but_stays_as_own():
    made, _ = run(table(税收=["1", "2"]))
    assert "tax_wan" not in made.frame
    assert made.frame["税收"].tolist() == ["1", "2"]
    assert made.unresolved["tax"].column == "税收"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"given": {"parcel": "A"}}, "field-unknown"),
        ({"given": {"parcel_id": "B"}}, "field-missing"),
        ({"units": {"nothing": "亩"}}, "field-unknown"),
        ({"units": {"area": "尺"}}, "unit-unknown"),
        ({"units": {"area": "万元"}}, "unit-unknown"),
    ],
)
def test_wrong_wishes_are_refused(options, code):
    with pytest.raises(FieldError) as caught:
        run(table(A=["1"], 面积=["2"]), **options)
    assert caught.value.code == code
    assert caught.value.part("todo") or caught.value.part("expected")


def test_a_canonical_name_on_a_column_of_another_meaning_is_not_mistaken_for_the_result():
    """The user says that the owner stands in a column called parcel_id."""
    made, ledger = run(table(parcel_id=["甲"], area_m2=[3.0]), given={"owner": "parcel_id"})
    assert made.frame["owner"].tolist() == ["甲"]
    assert "parcel_id" not in made.frame
    assert made.frame[f"parcel_id{OWN_SUFFIX}"].tolist() == ["甲"]
    assert ledger.frame()["code"].tolist().count("field-renamed") == 1


def test_reserved_names_and_names_already_taken_by_their_substitutes():
    frame = table(zone_id=["a"], zone_id_原=["b"], zone_id_原2=["c"])
    made, _ = run(frame, reserved=["zone_id"])
    assert made.frame.columns.tolist() == ["zone_id_原3", "zone_id_原", "zone_id_原2"]
    assert made.frame.iloc[0].tolist() == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("cells", "dtype", "values"),
    [
        ([1, 2], "int64", [1, 2]),
        ([1, None], "Int64", [1, pd.NA]),
        ([1.5, 2], "float64", [1.5, 2.0]),
        ([2**70, 1], "str", [str(2**70), "1"]),
        ([True, None], "boolean", [True, pd.NA]),
        (["a", 1.0], "str", ["a", "1"]),
        ([{"a": 1}, ["二"]], "str", ['{"a": 1}', '["二"]']),
        ([dt.date(2024, 1, 2)], "datetime64[s]", [pd.Timestamp(2024, 1, 2)]),
        (
            [dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 1, tzinfo=dt.UTC)],
            "str",
            ["2024-01-01 00:00:00", "2024-01-01 00:00:00+00:00"],
        ),
    ],
)
def test_own_columns_of_mixed_cells_become_one_kind_without_loss(cells, dtype, values):
    made, _ = run(pd.DataFrame({"x": pd.Series(cells, dtype=object)}))
    assert str(made.frame["x"].dtype) == dtype
    assert made.frame["x"].tolist() == values


@given(st.lists(st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=5), st.dates()), min_size=1))
def test_no_cell_of_an_own_column_gets_lost(cells):
    frame = pd.DataFrame({"x": pd.Series(cells, dtype=object)})
    made, _ = run(frame)
    assert made.frame["x"].isna().tolist() == frame["x"].isna().tolist()


def test_decisions_name_column_and_unit():
    _, ledger = run(table(ZDDM=["1"], MJ_亩=["2"]))
    said = [(d.topic, d.value, d.evidence) for d in ledger.decisions]
    assert ("field", "parcel_id = ZDDM", ("alias",)) in said
    assert ("unit", "area_m2: 亩", ("header MJ_亩",)) in said


def test_a_cell_with_a_unit_of_something_else_is_not_counted_in_the_unit_of_the_column():
    # 1.2 亿 = 12 000 万元; 3 百万元 = 300; 2 千万元 = 2 000; ¥500 = 0.05; dollars, mu and days are no 万元.
    cells = ["1.2亿", "3百万元", "2千万元", "¥500", "5美元", "45亩", "30天", "7"]
    made, ledger = run(table(税收=cells), default_units={"money": "万元"})
    assert made.frame["tax_wan"].tolist()[:4] == pytest.approx([12000, 300, 2000, 0.05])
    assert made.frame["tax_wan"].isna().tolist() == [False] * 4 + [True] * 3 + [False]
    found = ledger.frame().query("code == 'value-foreign-unit'")
    assert found["row"].tolist() == [9, 10, 11]
    assert found["before"].tolist() == ["5美元", "45亩", "30天"]


def test_a_unit_may_be_shortened_to_its_beginning():
    energy = Schema([Field("energy", "energy_tce", "number", "能耗", "Energy", ("能耗",), "energy")])
    ledger, source = Ledger(), Source("表", np.arange(2, dtype=np.int64))
    made = canonicalise(table(**{"能耗（吨标准煤）": ["12吨", "1万元"]}), energy, source=source, ledger=ledger)
    assert made.frame["energy_tce"].tolist()[0] == 12
    assert made.frame["energy_tce"].isna().tolist() == [False, True]

import pandas as pd
import pytest

from mudian.corrections import Corrections, read_corrections
from parcels.errors import FieldError
from parcels.ledger import Ledger


def enterprises():
    return pd.DataFrame(
        {
            "enterprise_id": ["a", "b", "c"],
            "tax_wan": [1.5, None, 3.0],
            "name": ["甲", "乙", None],
            "founded_on": pd.to_datetime(["2020-01-02", None, None]),
        }
    )


def corrections(*rows):
    columns = ["table", "id", "field", "old_value", "new_value", "reason"]
    frame = pd.DataFrame(rows, columns=columns).astype("str")
    return Corrections(frame.assign(source_row=range(2, len(rows) + 2)), "更正.csv")


def test_applied_only_where_the_old_value_still_stands():
    ledger, before = Ledger(), enterprises()
    made = corrections(
        ("enterprises", "a", "tax_wan", "1.50", "2", "typo"),
        ("enterprises", "b", "tax", None, "7", "was missing"),
        ("enterprises", "c", "tax_wan", "4", "5", "source has changed"),
        ("enterprises", "a", "name", "甲", "甲公司", ""),
        ("enterprises", "a", "founded_on", "2020-01-02", "2021-03-04", ""),
        ("enterprises", "zzz", "tax_wan", "1", "2", "no such id"),
        ("enterprises", "a", "colour", "1", "2", "no such field"),
        ("enterprises", "c", "founded_on", None, "someday", "not a date"),
        ("parcels", "a", "tax_wan", "1.5", "99", "another table"),
    )
    after = made.apply(before, table="enterprises", ledger=ledger)
    assert after["tax_wan"].tolist() == [2.0, 7.0, 3.0]
    assert after["name"].tolist()[:2] == ["甲公司", "乙"]
    assert after["founded_on"].iloc[0] == pd.Timestamp("2021-03-04")
    assert before["tax_wan"].tolist()[0] == 1.5
    found = ledger.frame().groupby("code")["row"].apply(list).to_dict()
    assert found == {
        "correction-applied": [2, 3, 5, 6],
        "correction-old-value": [4],
        "correction-no-record": [7],
        "correction-no-field": [8],
        "correction-new-value": [9],
    }
    row = ledger.frame().query("code == 'correction-old-value'").iloc[0]
    assert (row["before"], row["after"]) == ("3", "5")


def test_the_table_must_have_its_columns(tmp_path):
    file = tmp_path / "更正.csv"
    file.write_text("table,id,field,old_value\nparcels,1,owner,x\n", "utf-8")
    with pytest.raises(FieldError) as error:
        read_corrections(file, ledger=Ledger())
    assert "new_value" in error.value.render("en")
    file.write_text("table,id,field,old_value,new_value\nparcel,1,owner,x,y\n", "utf-8")
    with pytest.raises(FieldError) as error:
        read_corrections(file, ledger=Ledger())
    assert "parcels" in error.value.render("zh")


def test_a_gbk_table_is_read(tmp_path):
    file = tmp_path / "更正.csv"
    file.write_bytes("table,id,field,old_value,new_value,reason\nparcels,001,owner,甲,乙,错字\n".encode("gbk"))
    made = read_corrections(file, ledger=Ledger())
    frame = pd.DataFrame({"parcel_id": ["001"], "owner": ["甲"]})
    assert made.apply(frame, table="parcels", ledger=Ledger())["owner"].tolist() == ["乙"]


def test_an_answer_that_states_its_unit_is_converted_or_refused():
    # The column is in 万元: 1.2 亿 = 12 000, 5000 元 = 0.5; 45 亩 are no money.
    ledger = Ledger()
    made = corrections(
        ("enterprises", "a", "tax_wan", "1.5", "1.2亿", ""),
        ("enterprises", "b", "tax_wan", None, "5,000元", ""),
        ("enterprises", "c", "tax_wan", "3", "45亩", ""),
    )
    after = made.apply(enterprises(), table="enterprises", ledger=ledger)
    assert after["tax_wan"].tolist() == pytest.approx([12000.0, 0.5, 3.0])
    assert ledger.frame().query("code == 'correction-new-value'")["row"].tolist() == [4]


def test_one_answer_in_two_spellings_is_no_contradiction():
    ledger = Ledger()
    made = corrections(
        ("enterprises", "a", "tax_wan", "1.5", "1,234.5", ""),
        ("enterprises", "a", "tax_wan", "1.5", "1234.50万元", ""),
        ("enterprises", "a", "founded_on", "2020-01-02", "2024.5.1", ""),
        ("enterprises", "a", "founded_on", "2020-01-02", "2024年5月1日", ""),
    )
    after = made.apply(enterprises(), table="enterprises", ledger=ledger)
    assert after["tax_wan"].iloc[0] == 1234.5
    assert after["founded_on"].iloc[0] == pd.Timestamp("2024-05-01")
    assert set(ledger.frame()["code"]) == {"correction-applied"}

import numpy as np
import pandas as pd
import pytest

from parcels.catalog import Catalog
from parcels.errors import InputError, Problem
from parcels.ledger import COLUMNS, Ledger


def test_one_row_per_element_with_the_contract_columns():
    ledger = Ledger(lang="en")
    ledger.add(
        "geometry-null",
        stage="read",
        source="a.shp",
        row=np.array([2, 5]),
        id=pd.Series(["x", None]),
        before=[1.5, None],
    )
    frame = ledger.frame()
    assert tuple(frame.columns) == COLUMNS
    assert frame["row"].tolist() == [2, 5]
    assert frame["before"].tolist()[0] == "1.5"
    assert frame["id"].isna().tolist() == [False, True]
    assert frame["severity"].unique().tolist() == ["error"]


def test_an_empty_sequence_writes_nothing_and_unequal_ones_are_refused():
    ledger = Ledger()
    ledger.add("geometry-null", stage="read", row=[])
    assert len(ledger) == 0
    assert tuple(ledger.frame().columns) == COLUMNS
    with pytest.raises(ValueError, match="different length"):
        ledger.add("geometry-null", stage="read", row=[1, 2], id=["a"])


def test_an_unknown_code_is_a_fault_of_the_program():
    with pytest.raises(KeyError):
        Ledger().add("no-such-code", stage="read")


def test_counts_and_decisions():
    ledger, other = Ledger(), Ledger()
    other.add("geometry-null", stage="read", row=[1, 2, 3])
    other.decide("crs", "EPSG:4527", source="a.shp", evidence=["prj"])
    ledger.extend(other)
    assert ledger.count("error") == 3
    assert ledger.count("warning") == 0
    assert ledger.decisions[0].as_dict()["value"] == "EPSG:4527"
    assert repr(ledger) == "<Ledger: 3 error, 0 warning, 0 info>"


def test_problems_say_what_where_and_what_to_do():
    problem = InputError(
        "field-missing",
        file="宗地.shp",
        field="权利仁",
        column="权利仁",
        columns="权利人",
        nearest="权利人",
        canonical="owner",
    )
    assert isinstance(problem, Problem)
    assert isinstance(problem, ValueError)
    assert problem.exit_code == 3
    block = problem.render("zh").splitlines()
    assert [line.split(":")[0] for line in block] == ["问题", "位置", "应为", "办法"]
    assert "宗地.shp" in block[1]


def write(folder, text):
    (folder / "x.toml").write_text(text, "utf-8")
    return folder


@pytest.mark.parametrize(
    "text",
    [
        '[ledger.a]\nseverity = "fatal"\nzh = "甲"\nen = "a"',
        '[ledger.a]\nseverity = "info"\nzh = "甲 {x}"\nen = "a {y}"',
        '[error.a]\nzh = { what = "甲 {x}" }\nen = { what = "a" }',
    ],
)
def test_a_faulty_catalogue_is_refused(tmp_path, text):
    with pytest.raises(ValueError, match=r"x\.toml"):
        Catalog().register(write(tmp_path, text))


def test_a_code_defined_twice_is_refused(tmp_path):
    text = '[ledger.a]\nseverity = "info"\nzh = "甲"\nen = "a"'
    folder = write(tmp_path, text)
    (folder / "y.toml").write_text(text, "utf-8")
    with pytest.raises(ValueError, match="twice"):
        Catalog().register(folder)


def test_a_folder_is_read_once(tmp_path):
    catalog = Catalog()
    folder = write(tmp_path, '[ledger.a]\nseverity = "info"\nzh = "甲"\nen = "a"')
    catalog.register(folder)
    catalog.register(folder)
    assert list(catalog.ledger) == ["a"]

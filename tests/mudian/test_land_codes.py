"""Filters by land-use code: what counts, what does not, and what cannot be told."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
from shapely import box

from mudian.constraints import constraint_layers
from mudian.errors import ProjectError
from mudian.land_codes import by_code, choose
from mudian.packs.policy import policies
from mudian.project import Project, make_project
from mudian.rules.left_measures import descriptions
from mudian.settings import Constraint, code_sets
from parcels.codes.land_use_tables import SANDIAO, codes_of
from parcels.ledger import Ledger

BASE = {
    "project": {"name": "x", "as_of": "2025-12-31", "period": "2025"},
    "parcels": {"path": "宗地.shp"},
}


def project(*constraints: dict[str, object]) -> Project:
    named = [{"name": f"层{i}", "kind": "built", "path": "x.shp"} | c for i, c in enumerate(constraints)]
    return make_project(BASE | {"constraints": named}, file="项目.toml")


def layer(codes: list[object], column: str = "DLBM") -> gpd.GeoDataFrame:
    """Squares of 100 m in a row, one for each code, each of 15 mu."""
    x = [39_500_000.0 + 100 * i for i in range(len(codes))]
    shapes = [box(a, 4_000_000, a + 100, 4_000_100) for a in x]
    columns = {"source_row": range(1, len(codes) + 1), column: codes, "area_m2": 10_000.0}
    return gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4527")


def kept(codes: list[object], wanted: object, ledger: Ledger | None = None) -> list[object]:
    made = project({"code_field": "DLBM", "codes": wanted})
    found = by_code(layer(codes), made.constraints[0], made, Ledger() if ledger is None else ledger)
    return found["DLBM"].tolist()


def test_a_code_means_itself_and_its_sub_codes() -> None:
    assert kept(["05", "0508", "05H1", "0601", "50"], ["05"]) == ["05", "0508", "05H1"]
    assert kept(["0601", "0602", "060101"], ["0601"]) == ["0601", "060101"]


def test_a_code_with_a_minus_is_taken_out_wherever_it_stands() -> None:
    assert kept(["1003", "1006", "1005"], ["-1006", "10"]) == ["1003", "1005"]
    assert kept(["0810", "0810A"], ["0810", "-0810A"]) == []  # 0810 may be 0810A


def test_lost_zeros_are_put_back_and_the_first_of_several_codes_counts() -> None:
    assert kept([601, 1003, 101], ["06"]) == [601]
    assert kept(["0601/0602", "0101、0601"], ["06"]) == ["0601/0602"]


def test_codes_of_no_meaning_are_counted_and_said_with_their_area() -> None:
    ledger = Ledger()
    assert kept(["0601", None, "", "99", "水", "10", "0101"], "construction_survey", ledger) == ["0601"]
    table = ledger.frame().set_index("code")
    assert {c: int(table.loc[c, "before"]) for c in table.index} == {
        "constraint-codes": 7,
        "constraint-code-missing": 2,
        "constraint-code-unknown": 2,
        "constraint-code-coarse": 1,
    }
    lost = table.loc[[c for c in table.index if c.startswith("constraint-code-")]]
    assert set(lost["severity"]) == {"warning"}
    assert (lost["after"].astype(int) == 0).all()
    assert "30.00 亩" in table.loc["constraint-code-missing", "message"]
    assert "99、水" in table.loc["constraint-code-unknown", "message"]
    assert "没有扣除" in table.loc["constraint-code-coarse", "message"]


def test_a_filter_that_leaves_nothing_is_a_warning_but_an_empty_layer_is_none() -> None:
    ledger = Ledger()
    assert kept(["0101"], ["06"], ledger) == []
    assert ledger.count("warning", code="constraint-codes-none") == 1
    calm = Ledger()
    assert kept([], ["06"], calm) == []
    assert calm.count("warning") == 0


def test_the_construction_codes_of_the_survey_are_those_of_its_list() -> None:
    """Every code that the list of 三调 calls construction land but idle plots (空闲地, 1201), and no other."""
    listed = codes_of(SANDIAO)
    told = choose(pd.Series(listed.index), code_sets()["construction_survey"]["codes"], system=SANDIAO)
    assert set(listed.index[told.wanted]) == set(listed.index[listed["class"] == "建设用地"]) - {"1201"}
    assert set(listed.index[told.coarse]) <= {"10", "11"}
    assert not told.unknown.any()


def test_the_planned_codes_are_those_of_the_measure_r3() -> None:
    assert code_sets()["construction_planned"]["codes"] == descriptions()["planned_codes"]


def test_a_column_that_is_not_there_names_the_nearest() -> None:
    made = project({"code_field": "DLBN", "codes": ["05"]})
    with pytest.raises(ProjectError) as caught:
        by_code(layer(["05"]), made.constraints[0], made, Ledger())
    text = str(caught.value)
    assert all(word in text for word in ("项目.toml", "层0", "DLBN", "DLBM"))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"codes": ["05"]}, "code_field"),
        ({"code_field": "DLBM"}, "codes"),
        ({"code_field": "DLBM", "codes": "construction"}, "construction_survey"),
        ({"code_field": "DLBM", "codes": ["-05"]}, "codes"),
        ({"code_field": "DLBM", "codes": ["05xx?"]}, "codes"),
        ({"code_field": "DLBM", "codes": [5]}, "codes"),
        ({"code_field": "DLBM", "codes": ["05"], "path": None, "raster": "a.tif", "classes": [1]}, "code_field"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ProjectError) as caught:
        project(wrong)
    assert said in str(caught.value)
    assert "项目.toml" in str(caught.value)


def test_layers_apart_are_filtered_and_several_of_a_kind_belong_together() -> None:
    """Two plans: one of all codes, one without codes; and a layer of current land that is taken away."""
    made = project(
        {"kind": "planned", "code_field": "GHDLBM", "codes": "construction_planned"},
        {"kind": "planned"},
        {"kind": "evidence", "code_field": "DLBM", "codes": ["06"]},
        {"kind": "built", "code_field": "DLBM", "codes": "construction_survey"},
        {"kind": "planned"},
    )
    layers = {
        "层0": layer(["1001", "0101", "16", None], "GHDLBM"),
        "层1": layer([1, 2], "id"),
        "层2": layer(["0601", "0701"]),
        "层3": layer(["0601", "0701", "1006", "0101"]),
        "层4": layer(["07", "01"], "planned_code"),
    }
    ledger = Ledger()
    policy = policies(["national"], as_of=made.project.as_of)
    layers = {c.name: by_code(layers[c.name], c, made, ledger) for c in made.constraints}
    found = constraint_layers(made, layers, layer([1], "zone_id"), policy, ledger=ledger)
    assert {kind: len(frame) for kind, frame in found.apart.items()} == {"planned": 2 + 2 + 1, "evidence": 1}
    assert [(t.name, len(t.geoms), t.checked) for t in found.taken] == [("层3", 2, True)]
    assert "DLBM" in found.taken[0].note
    assert ledger.count("warning", code="constraint-code-missing") == 1


def test_a_constraint_without_codes_is_left_as_it_is() -> None:
    whole = layer(["0601", None])
    made = Constraint(name="层", kind="water", path="x.shp")
    assert by_code(whole, made, project(), Ledger()) is whole


def test_the_sets_have_names_and_sources() -> None:
    for chosen in code_sets().values():
        assert {"zh", "en", "system", "codes", "source"} == set(chosen)

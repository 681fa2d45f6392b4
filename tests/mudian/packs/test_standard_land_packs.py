"""The packs on standard land and admission: they load, their numbers are those seen, their words fit each other."""

import datetime as dt
import tomllib
from importlib.resources import files

import pytest

from mudian.packs.policy import policies
from mudian.rules.words import canonical_words, indicator_column
from mudian.schemas import schema
from parcels.fields import KINDS, Schema
from parcels.units import fold

DAY = dt.date(2025, 12, 31)
BASE = "standard-land-base"
REFINING = [
    "zhejiang-standard-land-2018", "fujian-standard-land-2022", "gansu-standard-land-2022", "henan-standard-land",
    "wenzhou-standard-land", "wenling-standard-land", "longchang-2022",
]  # fmt: skip
ALONE = ["jiangsu-far-2021", "fuzhou-access-2024", "shandong-2005", "national", BASE]


def packs():
    return [*([BASE, name] for name in REFINING), *([name] for name in ALONE)]


def policy_of(*names, as_of=DAY, **parameters):
    return policies(names, as_of=as_of, parameters=parameters)


@pytest.mark.parametrize("names", packs(), ids=lambda n: n[-1])
def test_every_pack_loads_and_says_what_becomes_of_each_rule(names):
    pack = policy_of(*names).packs[-1]
    assert pack.coverage
    covered = {by for row in pack.coverage for by in row.by}
    own = {f"rules.{k}" for k in pack.rules if names[-1] != "national" or k.startswith("national.")}
    assert not own - covered


@pytest.mark.parametrize("names", packs(), ids=lambda n: n[-1])
def test_every_number_says_where_it_was_seen(names):
    pack = policy_of(*names).packs[-1]
    for key, value in pack.values.items():
        assert value.zh
        assert value.en
        for entry in value.history:
            assert entry.source, key
            assert entry.status == "seen" or names[-1] == "national", key


def number(policy, key):
    return policy.find(key).number


def test_numbers_of_fuzhou():
    policy = policy_of("fuzhou-access-2024")
    rows = {
        "national": (350, 300, 25),
        "coastal": (270, 260, 20),
    }
    for name, expected in rows.items():
        found = tuple(number(policy, f"fuzhou2024.{name}.{k}") for k in ("investment", "output", "tax"))
        assert found == expected
    assert number(policy, "fuzhou2024.mountain.investment") == 220
    assert number(policy, "fuzhou2024.mountain.output") == 140
    assert policy.lacking("fuzhou2024.mountain.tax") == "unset"


def test_numbers_of_shandong_agree_in_both_units():
    policy = policy_of("shandong-2005", as_of=dt.date(2018, 12, 31))
    ends = ("national", "provincial_qingdao_yantai_weihai", "provincial_taian", "provincial_liaocheng")
    found = [number(policy, f"shandong2005.investment_minimum.{e}") for e in ends]
    assert found == [240, 200, 160, 100]
    assert [f * 15 for f in found] == [3600, 3000, 2400, 1500]
    cities = [policy.find(f"shandong2005.cities.{e.removeprefix('provincial_')}").items for e in ends[1:]]
    assert [len(c) for c in cities] == [3, 8, 6]
    assert len({c for group in cities for c in group}) == 17


def test_the_plot_ratios_of_2008():
    policy = policy_of("national")
    table = policy.table("national.plot_ratio_2008")
    rows = {code: value for code, value, _, _ in table.rows}
    assert table.edition == "GB/T 4754-2002"
    assert len(rows) == 21  # codes 13 to 33 were printed beside their values; the others are recalled
    assert (rows["13"], rows["17"], rows["25"], rows["26"], rows["33"]) == (1.0, 0.8, 0.5, 0.6, 0.6)
    whole = policies(["national"], as_of=DAY, confirmed=["national.plot_ratio_2008"]).table("national.plot_ratio_2008")
    assert len(whole.rows) == 30
    assert {r[1] for r in whole.rows} == {0.5, 0.6, 0.7, 0.8, 1.0}


def test_sets_of_the_provinces():
    sizes = {"zhejiang-standard-land-2018": 7, "henan-standard-land": 10}
    for name, size in sizes.items():
        items = policy_of(BASE, name).find("standard_land.required_assessments").items
        assert len(set(items)) == size
    for name in ("fujian-standard-land-2022", "gansu-standard-land-2022"):
        policy = policy_of(BASE, name)
        assert len(policy.find("standard_land.required_utilities").items) == 4
        assert policy.lacking("standard_land.required_assessments") == "unset"
    base = policy_of(BASE)
    for key in ("required_utilities", "required_assessments", "required_indicators"):
        assert base.lacking(f"standard_land.{key}") == "unset"


@pytest.mark.parametrize("name", [*REFINING, "guiyang"])
def test_words_of_lists_in_packs_are_the_canonical_ones(name):
    given = {f"{name}.in_force": dt.date(2020, 1, 1)} if name in ("wenzhou-standard-land", "guiyang") else {}
    policy = policy_of(BASE, name, **given)
    lists = {
        c.threshold: c.metric
        for a in policy.rules("standard_land")
        for c in a.rule.conditions
        if c.operator == "contains_all"
    }
    for key, metric in lists.items():
        found = policy.find(key)
        for word in () if found is None else found.items:
            assert canonical_words(word, metric) == [word]
            if metric == "control_indicators":
                assert indicator_column(word).startswith("committed_")


def test_the_wenzhou_notice_waits_for_its_year():
    key = "standard_land.start_months"
    assert policy_of(BASE, "wenzhou-standard-land").name_lacking(key) == "parameter:wenzhou-standard-land.in_force"
    known = policies(
        [BASE, "wenzhou-standard-land"],
        as_of=DAY,
        parameters={"wenzhou-standard-land.in_force": dt.date(2020, 9, 30)},
    )
    months = [number(known, f"standard_land.{s}_months") for s in ("start", "completion", "target")]
    assert months == [6, 24, 24]


def test_columns_of_the_checklists_do_not_fight_over_headers():
    folder = files("mudian") / "data"
    names = schema("parcel").fields
    own = Schema.load(folder / "standard_land_fields.toml")
    together = {**names, **own.fields}
    for fields in (together, Schema.load(folder / "projects_fields.toml").fields):
        seen = {}
        for field in fields.values():
            assert field.kind in KINDS
            for spelling in {fold(n) for n in field.names()}:
                assert seen.setdefault(spelling, field.name) == field.name, spelling


def test_every_column_that_the_checklists_read_can_be_read_from_a_table():
    own = Schema.load(files("mudian") / "data" / "standard_land_fields.toml")
    known = {f.column for f in (*schema("parcel"), *own)}
    computed = {"plot_ratio", "building_coefficient_pct", "rd_ratio_pct", "productivity_wan", "industry_code"}
    computed |= {f"{n}_per_mu" for n in ("tax", "investment", "value_added", "output")}
    computed |= {"value_added_per_tce", "value_added_per_t"}
    computed |= {"permanent_basic_farmland_mu", "ecological_redline_mu", "outside_urban_boundary_mu"}
    for names in ([BASE], [BASE, "wenling-standard-land"]):
        for active in policy_of(*names).rules():
            read = {c for one in active.rule.all_conditions() for c in one.columns()}
            assert read <= known | computed, active.id


def test_the_words_file_names_columns_that_exist():
    words = tomllib.loads((files("mudian") / "data" / "standard_land_words.toml").read_text(encoding="utf-8"))
    own = Schema.load(files("mudian") / "data" / "standard_land_fields.toml")
    known = {f.column for f in (*schema("parcel"), *own)}
    assert set(words["control_indicators_columns"]) == set(words["control_indicators"])
    assert set(words["control_indicators_columns"].values()) <= known
    for phrase in words["utilities_phrases"].values():
        assert set(phrase) <= set(words["utilities"])

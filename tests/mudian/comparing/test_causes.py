"""Causes of changed verdicts, on figures whose quotients stand in the comments (15 mu a parcel)."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from smallpack import document, entry, rule, value, write_pack
from tworuns import E1, E2, P1, P2, P3, P4, ROW, TAXES, credit_code, run

import mudian as md
from mudian.comparing.packs_of_run import run_policy


def taxes(second):
    return TAXES | {E2: ("乙公司", second)}


def told(found, verdict="inefficient"):
    rows = found.verdicts[found.verdicts["verdict"] == verdict]
    columns = ["after", "verdict_before", "verdict_after", "cause", "factors"]
    return [tuple(r) for r in rows[columns].to_numpy(object)]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Runs by their options, each made once."""
    known = {}

    def make(**options):
        if repr(options) not in known:
            known[repr(options)] = run(tmp_path_factory.mktemp("run"), **options)
        return known[repr(options)]

    return make


@pytest.fixture(scope="module")
def first(made):
    """P1 and P2: 100 / 30 = 3.33; P3: 50 / 15 = 3.33; the limit is 3: nothing is low."""
    return made()


def test_two_equal_runs(first):
    found = md.compare(first, first)
    assert len(found.verdicts) == 0
    assert len(found.changes) == 0
    assert set(found.lineage["kind"]) == {"same"}
    assert sum(found.unchanged.values()) > 0
    assert "判定没有变化" in found.text()


def test_only_data(first, made):
    """30 / 15 = 2 is below 3."""
    found = md.compare(first, made(taxes=taxes(30)))
    assert told(found) == [(P3, "false", "true", "data", "data")]
    row = found.verdicts.iloc[0]
    assert row["own"]
    assert set(row["fields"].split(";")) >= {"tax_wan", "tax_per_mu"}
    assert (row["value_before"], row["value_after"]) == (pytest.approx(50 / 15, rel=1e-6), pytest.approx(2, rel=1e-6))
    assert (row["threshold_before"], row["threshold_after"]) == (3, 3)
    assert found.policies.empty
    changed = found.inputs[found.inputs["state"] != "same"]
    assert list(changed["name"]) == ["enterprises"]


def test_only_policy(first, made):
    """3.33 is below 4, for all three parcels."""
    found = md.compare(first, made(limit=4))
    assert told(found) == [(p, "false", "true", "policy", "policy") for p in (P1, P2, P3)]
    row = found.verdicts.iloc[2]
    assert not row["own"]
    assert (row["threshold_before"], row["threshold_after"]) == (3, 4)
    assert row["clause_after"] == "试发〔2020〕1号 第二条"
    assert found.changes.empty
    assert found.policies[["key", "before", "after"]].to_numpy().tolist() == [["limit.tax", "3", "4"]]


def test_either_alone_is_enough(first, made):
    """P3: 2 < 3 by the data alone, 3.33 < 4 by the policy alone. P1 and P2: the policy."""
    found = md.compare(first, made(taxes=taxes(30), limit=4))
    assert told(found)[2] == (P3, "false", "true", "both", "data|policy")
    assert [r[4] for r in told(found)[:2]] == ["policy", "policy"]


def test_only_both_together(made):
    """Before 3.33 and 2; the data alone: 2.67 is not below 2; the policy alone: 3.33 not below 3; both: 2.67 < 3."""
    before, after = made(limit=2), made(limit=3, taxes=taxes(40))
    assert told(md.compare(before, after)) == [(P3, "false", "true", "both", "data+policy")]


def test_the_way_back_has_the_same_causes(first, made):
    other = made(limit=4)
    assert told(md.compare(other, first)) == [(p, "true", "false", "policy", "policy") for p in (P1, P2, P3)]


def test_a_figure_that_is_lost(first, made):
    """Without tax nothing can be said: unknown, and never 0."""
    found = md.compare(first, made(taxes=taxes(None)))
    assert told(found) == [(P3, "false", "unknown", "data", "data")]
    cell = found.changes.query("subject == 'enterprise' and field == 'tax_wan'").iloc[0]
    assert cell["value_before"] == "50"
    assert cell[["value_after", "difference"]].isna().all()


def test_a_pack_that_is_only_there_in_one_run(first, made):
    """Without a pack nothing is judged."""
    found = md.compare(made(limit=None), first)
    assert set(told(found)) >= {(p, "unknown", "false", "policy", "policy") for p in (P1, P2, P3)}


def test_the_order_of_rows_changes_nothing(first, made):
    other = made(taxes=taxes(30), limit=4)
    turned = made(taxes=taxes(30), limit=4, turned=True)
    one, two = md.compare(first, other), md.compare(first, turned)
    for name in ("verdicts", "grounds", "changes", "parcels", "lineage", "enterprises", "zones"):
        assert getattr(one, name).equals(getattr(two, name)), name
    assert len(md.compare(other, turned).verdicts) == 0
    assert len(md.compare(other, turned).changes) == 0


def test_spelling_of_names_and_zones_changes_nothing(first, made):
    """Full-width brackets, blanks, another way to write the code of the zone: the same things."""
    named = TAXES | {E1: (" 甲 公司", 100)}
    other = made(taxes=named, zones=(("z 1", "城东 工业园"),))
    found = md.compare(first, other)
    assert len(found.verdicts) == 0
    assert len(found.changes) == 0
    assert list(found.zones["kind"]) == ["same"]
    assert list(found.enterprises["kind"]) == ["same", "same"]


def test_the_order_of_zones_changes_nothing(made):
    """Two zones, written in the opposite order under names with a blank: each stays what it was."""
    two = made(zones=(("Z1", "城东工业园"), ("Z2", "城西工业园")))
    other = made(zones=(("Z1", "城东 工业园"), ("Z2", "城西 工业园")), turned=True)
    found = md.compare(two, other)
    assert found.zones[["before", "after", "kind"]].to_numpy().tolist() == [["Z1", "Z1", "same"], ["Z2", "Z2", "same"]]
    assert found.zones["parcel_count_after"].tolist() == [2, 2]
    assert len(found.changes) + len(found.verdicts) == 0


def test_merged_zones(made):
    """Z1 (up to 200 m) and Z2 become one zone of another code: both go on in it, and the parcels change their zone."""
    found = md.compare(made(zones=(("Z1", "城东工业园"), ("Z2", "城西工业园"))), made(zones=(("Z9", "城市工业园"),)))
    assert found.zones[["before", "after", "kind"]].to_numpy().tolist() == [
        ["Z1", "Z9", "merged"],
        ["Z2", "Z9", "merged"],
    ]
    moved = found.changes.query("subject == 'parcel' and field == 'zone_id'")
    assert moved["value_before"].tolist() == ["Z1", "Z1", "Z2", "Z2"]
    assert len(found.verdicts) == 0


def test_a_zone_with_another_code_is_known_by_its_name(first, made):
    found = md.compare(first, made(zones=(("K7", "城东工业园"),)))
    assert found.zones[["before", "after", "kind"]].to_numpy().tolist() == [["Z1", "K7", "same"]]
    assert len(found.changes) == 0


def test_an_enterprise_with_another_code_is_known_by_its_name(first, made):
    new = credit_code(7)
    other = made(taxes={E1: TAXES[E1], new: TAXES[E2]}, held={P1: E1, P2: E1, P3: new})
    found = md.compare(first, other)
    pair = found.enterprises.query("kind == 'recoded'")[["before", "after"]].to_numpy().tolist()
    assert pair == [[E2, new]]
    assert len(found.verdicts) == 0


def test_a_row_number_is_no_code(made):
    """Without codes an enterprise is known by its name and a parcel by its land, whatever rows they stand in."""
    firms = {"": TAXES[E1]}
    row = {None: ROW[P1], P2: ROW[P2], P3: ROW[P3], P4: ROW[P4]}
    options = {"row": row, "held": {}, "taxes": firms | {E2: TAXES[E2]}}
    found = md.compare(made(**options), made(turned=True, **options))
    assert set(found.enterprises["kind"]) == {"same"}
    assert set(found.lineage["kind"]) == {"same"}
    assert ["#1", "#4"] in found.lineage[["before", "after"]].to_numpy().tolist()
    assert len(found.changes) == 0


def test_settings(first, made):
    """Other settings and the same files: what changes is no change of data."""
    other = made(settings='zone_area_base = "zone"')
    found = md.compare(first, other)
    changed = found.inputs[found.inputs["state"] != "same"]
    assert list(changed["name"]) == ["zone_area_base"]


def test_a_choice_of_the_user_is_policy(first, made):
    """[parameters] of the project file sets the limit to 4."""
    found = md.compare(first, made(ending='[parameters]\n"limit.tax" = 4'))
    assert [r[3] for r in told(found)] == ["policy"] * 3
    assert found.policies["after"].tolist() == ["4"]


def lied(evaluation, **changes):
    """A run whose P3 says what its rules do not say."""
    said = evaluation.parcels["inefficient"].mask(evaluation.parcels["parcel_id"] == P3, True)
    manifest = json.loads(json.dumps(evaluation.manifest, default=str)) | changes
    return replace(evaluation, parcels=evaluation.parcels.assign(inefficient=said), manifest=manifest)


def test_what_does_not_come_out_again_is_unknown(first):
    row = md.compare(first, lied(first)).verdicts.iloc[0]
    assert (row["cause"], row["factors"], row["reason"]) == ("unknown", "", "not_reproduced")


def test_another_version_of_the_program(first):
    versions = first.manifest["versions"] | {"mudian": "0.0.1"}
    assert told(md.compare(first, lied(first, versions=versions))) == [(P3, "false", "true", "program", "")]


def without_texts(evaluation):
    """A run whose manifest keeps no packs, as older ones do."""
    manifest = json.loads(json.dumps(evaluation.manifest, default=str))
    for pack in manifest["policies"]["packs"]:
        pack.pop("sha256")
        pack.pop("files", None)
    return replace(evaluation, manifest=manifest)


def test_a_pack_that_cannot_be_had(tmp_path):
    before, after = without_texts(run(tmp_path / "a")), run(tmp_path / "b", limit=4)
    found = md.compare(before, after)
    assert set(told(found)) == {(p, "false", "true", "unknown", "") for p in (P1, P2, P3)}
    assert set(found.verdicts["reason"]) == {"lost"}
    assert ("lost", "own.toml") in found.notes
    again = md.compare(before, after, packs=tmp_path / "a")
    assert [r[3] for r in told(again)] == ["policy"] * 3
    other = md.compare(before, after, packs=tmp_path / "b")  # a pack of that name, but not the one of the run
    assert set(other.verdicts["cause"]) == {"unknown"}


def test_own_packs_are_kept_by_the_run(tmp_path):
    """The file changes after the run: the run still knows what it was judged by."""
    before = run(tmp_path / "a")
    (tmp_path / "a" / "own.toml").unlink()
    assert [r[3] for r in told(md.compare(before, run(tmp_path / "b", limit=4)))] == ["policy"] * 3


def test_the_day_is_a_cause_of_its_own(made):
    """Agreed to start on 2025-06-30, not started: not due on 2025-12-31, a year late on 2026-12-31."""
    start = {"约定动工日期": {P3: "2025-06-30"}, "实际动工日期": {P1: "2020-01-01"}}
    options = {"limit": None, "policies": ("national",), "more": start, "held": {P1: E1, P2: E1}}
    before, after = made(**options), made(day="2026-12-31", **options)
    found = md.compare(before, after)
    assert told(found, "idle_status") == [(P3, "not_due", "idle_1y", "day", "day")]


def test_grades_move_because_of_others(made):
    """Twenty enterprises below scale on 1000 m² each, ranked by tax per mu: 4 A, 8 B, 7 C, 1 D.

    The taxes are 1 … 20. The last one rises from 1 to 100 and takes the first place: 17 loses A, 9 loses B, 2 loses C.
    """
    codes = {n: credit_code(100 + n) for n in range(1, 21)}
    row = {f"370902001001GB{n:05}": (10.0 * n, 10.0 * n + 10) for n in codes}
    held = dict(zip(row, codes.values(), strict=True))
    firms = {code: (f"企业{n:02}", n) for n, code in codes.items()}
    options = {"limit": None, "policies": ("shandong-2019",), "row": row, "held": held, "scale": True,
               "ending": '[parameters]\n"shandong.upto_b" = 60'}  # fmt: skip
    before = made(taxes=firms, **options)
    found = md.compare(before, made(taxes=firms | {codes[1]: ("企业01", 100)}, **options))
    rows = found.verdicts[found.verdicts["verdict"] == "grade"].set_index("after")
    moved = {
        n: tuple(rows.loc[c, ["verdict_before", "verdict_after", "own"]]) for n, c in codes.items() if c in rows.index
    }
    assert moved == {1: ("D", "A", True), 17: ("A", "B", False), 9: ("B", "C", False), 2: ("C", "D", False)}
    assert set(rows["cause"]) == {"data"}
    assert found.grades.set_index("grade").to_dict("index")["A"] == {"before": 4, "after": 4}


def test_targets_of_zones(tmp_path):
    """The zone yields 150 / 60 = 2.5 万元/亩 on its parcels; the target rises from 2 to 3."""
    runs = []
    for name, target in (("a", 2), ("b", 3)):
        folder = tmp_path / name
        folder.mkdir()
        met = 'metric = "tax_per_mu", operator = ">=", threshold = "goal.tax"'
        rules = rule("goal.tax", met, zh="亩均税收目标", en="target", family="target", subject="zone")
        write_pack(folder, "goal", document(), value("goal.tax", entry(target)), rules)
        runs.append(run(folder, limit=None, policies=("goal.toml",)))
    found = md.compare(*runs)
    assert told(found, "goal.tax") == [("Z1", "true", "false", "policy", "policy")]
    row = found.verdicts.iloc[0]
    assert (row["subject"], row["title"]) == ("zone", "亩均税收目标")
    assert row["value_after"] == pytest.approx(2.5, rel=1e-6)
    assert "亩均税收目标" in found.text()


def test_a_bundled_pack_that_has_changed_since(made):
    """The run recorded a limit of 4321 万元 and another digest: the value of the record counts, and that is said."""
    evaluation = made(limit=None, policies=("taian-2021",))
    manifest = json.loads(json.dumps(evaluation.manifest, default=str))
    manifest["policies"]["packs"][0]["sha256"] = "0" * 64
    key = "taian.separate_land.investment"
    kept = {"key": key, "value": 4321, "unit": "万元", "cite": "", "status": "seen", "zh": "", "en": ""}
    others = [v for v in manifest["policies"]["values"] if v["key"] != key]
    manifest["policies"]["values"] = [*others, kept]
    older = replace(evaluation, manifest=manifest)
    policy = run_policy(older)
    assert (policy.changed, policy.exact) == (("taian-2021",), False)
    assert policy.on(policy.as_of).find(key).number == 4321
    found = md.compare(older, evaluation)
    assert ("changed", "taian-2021") in found.notes
    assert "taian-2021" in found.text()
    assert found.policies[["key", "before"]].to_numpy().tolist() == [[key, "4321"]]


def test_outlines_on_two_datums_are_not_compared(first):
    """Codes alone decide, and that is said."""
    elsewhere = first.parcels.set_crs(2363, allow_override=True)
    found = md.compare(first, replace(first, parcels=elsewhere))
    assert ("blind", "EPSG:4527 / EPSG:2363") in found.notes
    assert set(found.lineage["kind"]) == {"same"}
    assert set(found.lineage["by"]) == {"code"}
    assert found.lineage["share_before"].isna().all()

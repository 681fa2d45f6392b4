"""Verdicts of whole runs: the example's planted cases, policies by day, and what a missing column does."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest
from examplerun import example_results, example_run

import mudian as md
from mudian.cli import main
from mudian.datasets import example_files
from mudian.errors import PackError

# From the README of the example, where each follows from the dates of the parcel by 国土资源部令第53号.
PLANTED = {
    "370902001001GB00004": "idle_1y",
    "370902001002GB00011": "idle_1y",
    "370902002001GB00013": "not_due",
    "370902001003GB00008": "not_due",
    "370902002003GB00009": "idle_2y",
    "370902001005GB00005": "idle_2y",
    "370902001004GB00030": "idle_2y",
    "370902001005GB00007": "idle_2y",
    "370902001005GB00025": "idle_stopped",
    "370902002005GB00009": "idle_stopped",
    "370902001007GB00003": "not_idle",
    "370902001007GB00007": "not_idle",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("judge") / "示例"
    return Path(shutil.copytree(str(example_files()), target))


@pytest.fixture(scope="module")
def run(folder: Path) -> md.Evaluation:
    shutil.copytree(example_results(), folder / "成果")
    return example_run()


pytestmark = pytest.mark.filterwarnings("ignore::parcels.importer.ParcelWarning")


def test_the_planted_cases_come_out(run: md.Evaluation) -> None:
    status = run.parcels.set_index("parcel_id")["idle_status"]
    assert {key: status[key] for key in PLANTED} == PLANTED


def test_measures_follow_the_cause(run: md.Evaluation) -> None:
    land = run.parcels.set_index("parcel_id")
    assert land.loc["370902002003GB00009", "idle_measure"] == "takeback"
    assert land.loc["370902001004GB00030", "idle_measure"] == "consult"
    assert land.loc["370902001005GB00025", "idle_measure"] == "consult"
    assert pd.isna(land.loc["370902001001GB00004", "idle_measure"])
    assert land.loc["370902001001GB00004", "idle_missing"] == "idle_cause"
    assert land["idle_fee_wan"].isna().all()


def test_idle_land_is_never_merely_inefficient(run: md.Evaluation) -> None:
    idle = run.parcels["idle_status"].isin(["idle_1y", "idle_2y", "idle_stopped"])
    assert idle.sum() == 8
    assert not run.parcels.loc[idle, "inefficient"].any()
    assert run.parcels.loc[idle, "inefficient"].notna().all()


def test_low_efficiency_is_what_the_pack_of_the_example_says(run: md.Evaluation) -> None:
    land = run.parcels
    low = land["inefficient"].fillna(False).astype(bool)
    completed = land["actual_completion"] <= pd.Timestamp("2023-12-31")
    by_hand = land["industrial"].fillna(False).astype(bool) & (land["tax_per_mu"] < 4) & completed
    by_hand &= ~land["tax_wan_incomplete"]
    assert low.sum() > 5
    assert land.loc[low & ~by_hand, "parcel_id"].tolist() == []
    assert land.loc[by_hand & ~low & (land["supply_status"] == "supplied"), "parcel_id"].tolist() == []


def test_zone_counts_are_sums_over_parcels(run: md.Evaluation) -> None:
    zones, land = run.zones.set_index("zone_id"), run.parcels
    idle = land[land["idle_status"].isin(["idle_1y", "idle_2y", "idle_stopped"])]
    assert zones["idle_count"].sum() == idle["zone_id"].notna().sum()
    assert zones["idle_mu"].sum() == pytest.approx(idle.loc[idle["zone_id"].notna(), "area_mu"].sum())
    assert zones["inefficient_count"].sum() == (land["inefficient"].fillna(False) & land["zone_id"].notna()).sum()


def test_grades_keep_the_quotas_of_the_document(run: md.Evaluation) -> None:
    above = run.enterprises[run.enterprises["grade_method"] == "shandong.above"]
    graded = above["grade"].isin(list("ABCD"))
    count = graded.sum()
    assert count > 80
    assert (above["grade"] == "A").sum() <= count * 20 / 100
    assert (above["grade"] == "D").sum() >= count * 5 / 100
    best, rest = above[above["grade"] == "A"], above[above["grade"] == "B"]
    assert best["score"].min() >= rest["score"].max()
    gap = rest["next_grade_gap"]
    assert ((best["score"].min() - rest["score"]) - gap).abs().max() < 1e-9


def test_every_verdict_cites_a_clause(run: md.Evaluation) -> None:
    found = run.findings[run.findings["rule_id"] != "data.registered_area"]
    assert (found["clause"].astype("str") != "").all()
    unknown = found[found["outcome"].isna() & ~found["rule_id"].astype("str").str.startswith("precedence.")]
    assert (unknown["missing"].astype("str") != "").mean() > 0.99


def test_the_run_can_be_read_back_and_explained(run: md.Evaluation, folder: Path, capsys: pytest.CaptureFixture[str]):
    back = md.load(folder / "成果")
    assert md.explain(back, "370902002003GB00009").text() == md.explain(run, "370902002003GB00009").text()
    assert main(["explain", str(folder / "成果"), "370902002003GB00009"]) == 0
    said = capsys.readouterr().out
    assert "疑似闲置土地" in said
    assert "国土资源部令第53号 第二条" in said
    assert "3 年 7 个月" in said  # 2022-05-08 to 2025-12-31
    assert main(["explain", str(folder / "成果"), "没有的编号"]) == 2


def test_policies_command_counts_its_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policies", "show"]) == 2
    assert main(["policies", "list"]) == 0
    assert "national" in capsys.readouterr().out
    assert main(["policies", "diff", "2011-12-31", "2025-12-31"]) == 0
    assert "idle.start_years" in capsys.readouterr().out


def variant(folder: Path, name: str, *pairs: tuple[str, str]) -> Path:
    text = (folder / "示例.toml").read_text("utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    (folder / name).write_text(text, "utf-8")
    return folder / name


def test_without_confirmation_a_recalled_value_is_named_and_not_used(folder: Path) -> None:
    file = variant(folder, "未确认.toml", ('confirmed = ["idle.default_start_years"]', "confirmed = []"))
    parcel = md.evaluate(file).parcels.set_index("parcel_id").loc["370902001005GB00007"]
    assert parcel["idle_status"] == "unknown"
    assert "confirm:idle.default_start_years" in parcel["idle_missing"]


def test_a_document_is_not_used_before_its_day(folder: Path) -> None:
    file = variant(folder, "早.toml", ("as_of = 2025-12-31", "as_of = 2012-06-30"))
    early = md.evaluate(file)
    assert (early.parcels["idle_status"] == "unknown").all()
    assert "policy-not-yet" in set(early.ledger["code"])
    unused = {entry["key"]: entry["reason"] for entry in early.manifest["policies"]["unused"]}
    assert unused["idle.not_started"] == "not-yet"


def test_an_ended_document_refuses_or_warns_as_its_pack_says(folder: Path) -> None:
    own = (folder / "示例政策.toml").read_text("utf-8")
    for name, word in (("拒绝", "refuse"), ("提醒", "warn")):
        text = own.replace('id = "示例政策"', f'id = "{name}"')
        text = text.replace(
            "in_force = 2025-01-10\n", f'in_force = 2025-01-10\nuntil = 2025-06-30\nafter_end = "{word}"\n'
        )
        (folder / f"{name}.toml").write_text(text, "utf-8")
        file = variant(folder, f"用{name}.toml", ('"示例政策.toml"', f'"{name}.toml"'))
        if word == "refuse":
            with pytest.raises(PackError) as error:
                md.evaluate(file)
            assert error.value.exit_code == 2
            assert "2025-06-30" in error.value.render("zh")
        else:
            found = md.evaluate(file)
            assert "policy-ended-used" in set(found.ledger["code"])
            assert found.parcels["inefficient"].notna().any()


def test_no_packs_no_verdicts(folder: Path) -> None:
    text = (folder / "示例.toml").read_text("utf-8")
    start = text.index("policies = [")
    file = folder / "无政策.toml"
    file.write_text(text[:start] + text[text.index("\n\n[parcels]") :], "utf-8")
    bare = md.evaluate(file)
    assert (bare.parcels["idle_status"] == "unknown").all()
    assert bare.parcels["inefficient"].isna().all()
    assert set(bare.findings["rule_id"]) == {"data.registered_area"}
    assert "policy-none" in set(bare.ledger["code"])

"""Short lines for the cards of all parcels, and the list of missing data by office."""

import time

import numpy as np
import pandas as pd
import pytest
from smallrun import small_run, tables, without_policies

from mudian.evaluation import Evaluation
from mudian.explain.cards import card_lines
from mudian.explain.missing import COLUMNS, missing_data
from mudian.explain.sentences import finding_texts
from mudian.findings import findings, join


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return small_run(tmp_path_factory.mktemp("run"))


class TestCards:
    def test_what_holds_what_is_unknown_and_how_many_others(self, run):
        first, second, third = card_lines(run)
        assert first.split("\n") == [
            "亩均税收低：亩均税收 2.50 万元/亩 ＜ 3 万元/亩（试政发〔2020〕1号 第二条）",
            "超过约定动工日期满一年：约定开工日期 2021-03-01，至 2025-12-31 满 4 年 9 个月，≥ 1 年"
            "（试政发〔2020〕1号 第三条）",
            "动工后投入不足：已投资额占比 10.0% ＜ 25%（试政发〔2020〕1号 第四条）",
            "标准地出让条件：1 条规则无法判断，缺：参数“容积率下限”（site.ratio）",
        ]
        assert second.split("\n")[-1] == "其余 2 条规则未见问题"
        assert third.split("\n") == [
            "闲置土地：1 条规则无法判断，缺：约定开工日期",
            "低效用地：2 条规则无法判断，缺：亩均税收、文物保护单位、已动工开发面积占比、已投资额占比",
            "标准地出让条件：1 条规则无法判断，缺：参数“容积率下限”（site.ratio）、容积率",
        ]

    def test_an_open_item_of_a_checklist_is_told_and_a_met_one_is_not(self, tmp_path):
        run = small_run(tmp_path, parameters={"site.ratio": 1.0})
        first, second, _ = card_lines(run)
        assert "未满足：容积率达到下限：容积率 0.80 ＜ 1（试政发〔2020〕1号 第五条）" in first.split("\n")
        assert "容积率" not in second

    def test_the_comparison_is_that_of_the_findings(self, run):
        texts = finding_texts(run.findings, run.manifest["policies"], "zh", tables={"parcel": run.parcels})
        for line in card_lines(run).iloc[0].split("\n")[:2]:
            comparison = line.partition("：")[2].rpartition("（")[0]
            assert any(comparison in t for t in texts)

    def test_index_and_type(self, run):
        parcels = run.parcels.set_index(pd.Index([7, 5, 9]))
        other = Evaluation(**{**run.tables(), "parcels": parcels}, manifest=run.manifest)
        lines = card_lines(other)
        assert list(lines.index) == [7, 5, 9]
        assert lines.dtype == "str"

    def test_order_of_the_findings_does_not_change_what_is_told(self, run):
        mixed = run.findings.sample(frac=1, random_state=1)
        other = Evaluation(**{**run.tables(), "findings": mixed}, manifest=run.manifest)
        for one, two in zip(card_lines(run), card_lines(other), strict=True):
            assert sorted(one.split("\n")) == sorted(two.split("\n"))

    def test_parcels_of_one_key_share_their_lines(self, run):
        parcels = run.parcels.assign(parcel_id=pd.array(["P1", "P2", "P2"], dtype="str"))
        other = Evaluation(**{**run.tables(), "parcels": parcels}, manifest=run.manifest)
        lines = card_lines(other)
        assert lines.iloc[1] == lines.iloc[2]

    def test_findings_of_a_repeated_record_are_told_once(self, run):
        """The same record delivered twice is judged twice with the same findings; the card reads as that of one."""
        parcels = pd.concat([run.parcels, run.parcels.iloc[[0]]], ignore_index=True)
        again = run.findings[(run.findings["subject_id"] == run.parcels["parcel_id"].iloc[0]).to_numpy(bool)]
        found = pd.concat([run.findings, again], ignore_index=True)
        other = Evaluation(**{**run.tables(), "parcels": parcels, "findings": found}, manifest=run.manifest)
        lines = card_lines(other)
        assert lines.iloc[0] == lines.iloc[3] == card_lines(run).iloc[0]

    def test_without_findings_there_is_nothing_to_tell(self, run):
        assert card_lines(without_policies(run)).tolist() == ["", "", ""]

    def test_english(self, run):
        lines = card_lines(run, lang="en").iloc[0].split("\n")
        assert lines[0] == "low tax per mu: Tax per mu 2.50 × 10k yuan/mu < 3 × 10k yuan/mu (试政发〔2020〕1号 第二条)"
        assert lines[-1].startswith("Standard land: conditions of supply: 1 rule unknown, lacking: parameter")

    def test_a_county_in_seconds(self, run):
        size = 100_000
        ids = pd.Series([f"P{n:06d}" for n in range(size)], dtype="str").astype("category")
        tax = pd.Series(np.linspace(0, 6, size))
        made = [
            findings("parcel", ids, rule_id=rule, outcome=(tax < 3).astype("boolean"), value=tax, operator="<",
                     threshold=3.0, unit="万元/亩", clause="试政发〔2020〕1号 第二条")
            for rule in ("low.tax", "x.a", "x.b")
        ]  # fmt: skip
        open_ = pd.Series(pd.NA, ids.index, dtype="boolean")
        made += [
            findings("parcel", ids, rule_id=f"y.{n}", outcome=open_, value=tax, operator="<", threshold=3.0, unit="",
                     clause="", missing="owner")
            for n in range(10)
        ]  # fmt: skip
        parcels = tables()["parcels"].iloc[np.zeros(size, int)].assign(parcel_id=ids.astype("str").to_numpy())
        big = Evaluation(**{**run.tables(), "parcels": parcels, "findings": join(made)}, manifest=run.manifest)
        start = time.perf_counter()
        lines = card_lines(big)
        assert time.perf_counter() - start < 10  # about one second; the limit allows for a busy machine
        assert lines.iloc[0].count("\n") == 3
        assert lines.iloc[-1].count("\n") == 1


class TestMissing:
    def test_by_office_with_examples(self, run):
        table = missing_data(run)
        assert list(table.columns) == list(COLUMNS)
        rows = table.set_index(["field", "subject_type"])
        tax = rows.loc["tax_per_mu", "parcel"]
        assert tax.to_dict() == {
            "office": "税务局",
            "label": "亩均税收",
            "count": 1,
            "verdicts": "低效用地",
            "examples": "P3",
            "clause": "试政发〔2020〕1号 附件",
        }
        assert rows.loc["parameter:site.ratio", "parcel"]["count"] == 3
        assert rows.loc["parameter:site.ratio", "parcel"]["office"] == "本项目（项目文件）"
        assert rows.loc["parameter:site.ratio", "parcel"]["examples"] == "P1、P2、P3"
        assert rows.loc["confirm:limit.firm", "enterprise"]["count"] == 2

    def test_fields_without_an_office_come_last(self, run):
        offices = missing_data(run)["office"].tolist()
        assert offices[-1] == "未指定"
        assert offices == sorted(offices, key=lambda o: o == "未指定")

    def test_a_subject_counts_once(self, run):
        # plot_ratio and the parts of low.stopped: the rule and its part both name what they lack.
        rows = missing_data(run).set_index("field")
        assert rows.loc["developed_share"]["count"] == 1

    def test_from_findings_and_record(self, run):
        table = missing_data(run.findings, run.manifest["policies"], lang="en")
        assert set(table["office"]) == {"tax bureau", "this project (project file)", "not named"}
        assert table.equals(missing_data(run, lang="en"))

    def test_no_unknowns(self, run):
        table = missing_data(without_policies(run))
        assert table.empty
        assert list(table.columns) == list(COLUMNS)
        assert table["count"].dtype == "int64"

    def test_row_order_does_not_matter(self, run):
        mixed = run.findings.sample(frac=1, random_state=2)
        one, two = missing_data(run), missing_data(mixed, run.manifest["policies"])
        assert one.drop(columns="examples").equals(two.drop(columns="examples"))

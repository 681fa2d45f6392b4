"""The record of a policy: everything that a sheet needs, as plain values."""

import datetime as dt
import hashlib
import json

import pytest
from smallpack import LOW_TAX, document, entry, rule, value, write_pack
from smallrun import PACK

from mudian.explain.record import policy_record
from mudian.explain.rulebook import Rulebook
from mudian.packs.policy import policies

DAY = dt.date(2025, 12, 31)


@pytest.fixture
def policy(tmp_path):
    return policies([write_pack(tmp_path, "small", *PACK)], as_of=DAY, parameters={"site.ratio": 1.5})


def test_it_goes_through_json_unchanged(policy):
    record = policy_record(policy)
    assert json.loads(json.dumps(record)) == record


def test_what_stands_in_it(policy, tmp_path):
    record = policy_record(policy)
    assert record["as_of"] == "2025-12-31"
    text = (tmp_path / "small.toml").read_text("utf-8")
    digest = hashlib.sha256(f"small.toml\0{text}".encode()).hexdigest()
    own = {"sha256": digest, "files": {"small.toml": text}}
    assert record["packs"] == [
        {"id": "small", "title": {"zh": "试验small", "en": "Trial small"}, "place": None, "topics": ["zones"]} | own
    ]
    rules = {r["id"]: r for r in record["rules"]}
    assert rules["low.tax"]["cite"] == "试政发〔2020〕1号 第二条"
    assert rules["low.tax"]["label"] == {"zh": "低贡献", "en": "low contribution"}
    assert rules["low.tax"]["conditions"] == [
        {"metric": "tax_per_mu", "operator": "<", "threshold": "limit.tax", "against": "constant"}
    ]
    assert [c["metric"] for c in rules["low.tax"]["exempt"]] == ["protected"]
    values = {v["key"]: v for v in record["values"]}
    assert (values["limit.tax"]["value"], values["limit.tax"]["status"]) == (3, "seen")
    assert values["stop.developed"]["value"] == "1/3"
    assert (values["site.ratio"]["value"], values["site.ratio"]["status"]) == (1.5, "user")
    assert values["site.ratio"]["zh"] == "容积率下限"
    assert [v["name"] for v in record["lacking"]] == ["confirm:limit.firm"]
    assert record["offices"]["tax_wan"] == {
        "zh": "税务局",
        "en": "tax bureau",
        "cite": "试政发〔2020〕1号 附件",
        "pack": "small",
    }
    assert record["parameters"] == {"site.ratio": 1.5}


def test_it_keeps_what_the_run_asked_for_and_does_not_ask_itself(tmp_path):
    parts = document(), value("used", entry(1)), value("idle", entry(2)), value("words", entry('["甲", "乙"]'), unit="")
    policy = policies([write_pack(tmp_path, "small", *parts)], as_of=DAY)
    policy.require("used", "words")
    record = policy_record(policy)
    assert {v["key"]: v["value"] for v in record["values"]} == {"used": 1, "words": ["甲", "乙"]}
    assert policy.used == {"used", "words"}


def test_days_are_text(tmp_path):
    parts = document("d1", more="until = 2024-12-31"), value("day", entry("2021-05-01"), unit="")
    policy = policies([write_pack(tmp_path, "small", *parts)], as_of=DAY)
    policy.find("day")
    record = policy_record(policy)
    assert record["values"][0]["value"] == "2021-05-01"
    assert record["ended"] == [
        {"pack": "small", "document": "试发〔2020〕1号", "title": "试行办法", "until": "2024-12-31"}
    ]


def test_unused_rules_carry_their_reason(tmp_path):
    parts = document(day="in_force = 2026-06-01"), value("limit.tax", entry(3)), rule("low.tax", LOW_TAX)
    record = policy_record(policies([write_pack(tmp_path, "small", *parts)], as_of=DAY))
    assert record["rules"] == []
    assert [(u["key"], u["reason"], u["since"], u["subject"]) for u in record["unused"]] == [
        ("low.tax", "not-yet", "2026-06-01", "parcel")
    ]


def test_a_later_pack_may_name_another_office(tmp_path):
    office = '[offices.tax_wan]\nzh = "财政局"\nen = "finance"\ndocument = "d1"\nclause = "三"\n'
    names = [write_pack(tmp_path, "small", *PACK), write_pack(tmp_path, "later", document("d1", "二号"), office)]
    record = policy_record(policies(names, as_of=DAY))
    assert Rulebook(record, "zh").office("tax_wan") == ("财政局", "二号 三")


class TestRulebook:
    def test_names_of_what_is_missing(self, policy):
        book = Rulebook(policy_record(policy), "zh")
        assert book.field_names("tax_per_mu;geometry") == "亩均税收、图形"
        assert book.field_name("confirm:limit.firm") == "待用户核对确认的数值“企业亩均税收下限”（limit.firm）"
        assert book.field_name("parameter:small.in_force") == "试验small 的施行日期"
        assert book.field_name("review:low.tax") == "对“亩均税收低”的甄别结果"
        assert book.field_name("holders_differ") == "用地企业的情况不一致"
        assert book.field_name("layer:urban_boundary") == "图层“城镇开发边界”"
        assert book.field_name("layer:odd") == "图层“odd”"
        assert book.office("review:low.tax")[0] == "主管部门（甄别）"

    def test_who_has_the_tax_has_the_tax_per_mu(self):
        office = {"zh": "税务局", "en": "tax bureau", "cite": "一号", "pack": "a"}
        book = Rulebook({"offices": {"tax_wan": office}}, "zh")
        assert book.office("tax_per_mu") == book.office("tax_wan") == ("税务局", "一号")
        assert book.office("investment_per_mu") == ("未指定", "")

    def test_findings_of_grading_methods(self):
        method = {
            "id": "a.above",
            "zh": "规上评价",
            "en": "above",
            "cite": "",
            "values": [],
            "parts": {
                "tax_per_mu": {"zh": "亩均税收", "en": "tax", "column": "tax_per_mu"},
                "T": {"zh": "T类", "en": "T"},
            },
        }
        book = Rulebook({"methods": [method]}, "zh")  # fmt: skip
        whole, part, special = (book.source(r) for r in ("a.above", "a.above/tax_per_mu", "a.above/T"))
        assert (whole.family, whole.part, book.title(whole)) == ("grade", 0, "规上评价")
        assert (part.rule, part.part, book.title(part)) == ("a.above", 1, "亩均税收")
        assert book.outcomes(part) == ("达到", "未达到", "无法判断")
        assert book.outcomes(special) == ("是", "否", "无法判断")

    def test_what_nobody_knows_is_told_by_its_id(self):
        book = Rulebook([], "zh")
        source = book.source("abc.def/2")
        assert (source.family, book.title(source)) == ("other", "abc.def/2")


def test_of_a_bundled_pack_the_digest_is_enough():
    pack = policy_record(policies(["taian-2021"], as_of=DAY))["packs"][0]
    assert len(pack["sha256"]) == 64
    assert "files" not in pack

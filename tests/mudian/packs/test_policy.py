"""What applies on a day: by document and history, refined by later packs, confirmed and set by the user."""

import datetime as dt

import pytest
from smallpack import LOW_TAX, document, entry, rule, value, write_pack

from mudian.errors import PackError
from mudian.packs.compare import compare
from mudian.packs.policy import policies

DAY = dt.date(2025, 12, 31)


def policy_of(folder, *parts, name="small", as_of=DAY, **options):
    return policies([write_pack(folder, name, *parts)], as_of=as_of, **options)


def day(text):
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("as_of", "number", "reason"),
    [
        ("2019-12-31", None, "not-yet"),
        ("2020-01-01", 3.0, None),
        ("2022-06-30", 3.0, None),
        ("2022-07-01", 5.0, None),
        ("2024-01-01", None, "abolished"),
    ],
)
def test_the_newest_entry_of_the_history_counts(tmp_path, as_of, number, reason):
    history = entry(3), entry(5, "2022-07-01"), entry(None, "2024-01-01")
    policy = policy_of(tmp_path, document(), value("limit.tax", *history), as_of=day(as_of))
    assert policy.number("limit.tax") == number
    assert policy.lacking("limit.tax") == reason
    assert policy.name_lacking("limit.tax") == "parameter:limit.tax"


def test_a_value_waits_for_its_document(tmp_path):
    parts = document(day="in_force = 2021-01-01"), value("limit.tax", entry(3, "2020-01-01"))
    assert policy_of(tmp_path, *parts, as_of=day("2020-12-31")).lacking("limit.tax") == "not-yet"
    assert policy_of(tmp_path, *parts, as_of=day("2021-01-01")).number("limit.tax") == 3


def test_what_a_value_rests_on(tmp_path):
    found = policy_of(
        tmp_path, document(), value("limit.share", entry('"1/3"', clause="第二条第二款"), unit="ratio")
    ).find("limit.share")
    assert found.number == 1 / 3
    assert (found.value, found.unit, found.status, found.pack) == ("1/3", "ratio", "seen", "small")
    assert found.cite == "试发〔2020〕1号 第二条第二款"


def test_a_document_without_a_number_is_cited_by_its_title(tmp_path):
    policy = policy_of(tmp_path, document(number=""), value("limit.tax", entry(3)))
    assert policy.find("limit.tax").cite == "《试行办法》 第一条"


def test_lists_and_ranges(tmp_path):
    policy = policy_of(
        tmp_path, document(), value("limit.list", entry('[1, "1/2"]')), value("limit.one", entry('"出让"'))
    )
    assert policy.find("limit.list").numbers == (1.0, 0.5)
    assert policy.find("limit.one").items == ("出让",)


class TestRefinement:
    def packs(self, folder, second, **more):
        first = document(), value("limit.tax", entry(3)), rule("low.tax", LOW_TAX)
        return [write_pack(folder, "first", *first), write_pack(folder, "second", *second)]

    def test_the_later_pack_counts(self, tmp_path):
        names = self.packs(tmp_path, (document(number="二号"), value("limit.tax", entry(8))))
        assert policies(names, as_of=DAY).number("limit.tax") == 8
        assert policies(names, as_of=DAY).find("limit.tax").pack == "second"
        assert policies(names[::-1], as_of=DAY).number("limit.tax") == 3

    def test_a_later_pack_that_is_not_yet_in_force_changes_nothing(self, tmp_path):
        second = document(day="in_force = 2026-01-01"), value("limit.tax", entry(8, "2026-01-01"))
        names = self.packs(tmp_path, (*second, rule("low.tax", LOW_TAX, zh="新")))
        policy = policies(names, as_of=DAY)
        assert policy.number("limit.tax") == 3
        assert [(a.rule.zh, a.pack.id) for a in policy.rules()] == [("亩均税收低", "first")]
        later = policies(names, as_of=day("2026-01-01"))
        assert later.number("limit.tax") == 8
        assert [(a.rule.zh, a.pack.id) for a in later.rules()] == [("新", "second")]

    def test_a_later_pack_may_abolish(self, tmp_path):
        names = self.packs(tmp_path, (document(), value("limit.tax", entry(None, "2024-01-01"))))
        policy = policies(names, as_of=DAY)
        assert policy.lacking("limit.tax") == "abolished"
        assert policy.rules() == []
        assert [(u.key, u.reason) for u in policy.unused()] == [("low.tax", "abolished")]
        assert policies(names, as_of=day("2023-12-31")).number("limit.tax") == 3

    def test_a_later_pack_may_open_a_value_for_the_user(self, tmp_path):
        names = self.packs(tmp_path, (document(), value("limit.tax")))
        assert policies(names, as_of=DAY).lacking("limit.tax") == "unset"
        assert policies(names, as_of=DAY, parameters={"limit.tax": 4}).number("limit.tax") == 4

    def test_a_later_rule_of_the_same_id_replaces(self, tmp_path):
        names = self.packs(tmp_path, (document(number="二号"), rule("low.tax", LOW_TAX, clause="第九条")))
        assert [a.clause for a in policies(names, as_of=DAY).rules()] == ["二号 第九条"]


class TestRecalled:
    PARTS = document(), value("limit.tax", entry(3, status="recalled")), rule("low.tax", LOW_TAX)

    def test_is_not_applied_and_is_named(self, tmp_path):
        policy = policy_of(tmp_path, *self.PARTS)
        assert policy.find("limit.tax") is None
        assert policy.lacking("limit.tax") == "recalled"
        assert policy.require("limit.tax") == ({}, ["confirm:limit.tax"])
        assert [a.id for a in policy.rules()] == ["low.tax"]

    def test_applies_when_confirmed_by_its_key(self, tmp_path):
        found = policy_of(tmp_path, *self.PARTS, confirmed=["limit.tax"]).find("limit.tax")
        assert (found.number, found.status) == (3.0, "recalled")

    def test_confirming_something_else_is_refused(self, tmp_path):
        with pytest.raises(PackError, match=r"没有 limit\.texas") as caught:
            policy_of(tmp_path, *self.PARTS, confirmed=["limit.texas"])
        assert caught.value.code == "parameter-unknown"
        assert caught.value.params["nearest"] == "limit.tax"
        assert caught.value.place["field"] == "project.confirmed"

    def test_rows_of_a_table_wait_for_it_too(self, tmp_path):
        table = (
            '[tables.far]\nzh = "容积率"\nen = "plot ratio"\nunit = "ratio"\nkey = "industry_code"\ndocument = "d1"\n'
            'clause = "附表"\nsource = "reference 1"\nchecked_on = 2026-01-01\nfrom = 2021-01-01\n'
            'rows = [\n  ["13", 1.0, "农副食品加工业", "seen"],\n  ["14", 1.1, "食品制造业", "recalled"],\n]\n'
        )
        parts = document(), table
        assert [r[0] for r in policy_of(tmp_path, *parts).table("far").rows] == ["13"]
        assert [r[0] for r in policy_of(tmp_path, *parts, confirmed=["far"]).table("far").rows] == ["13", "14"]
        assert policy_of(tmp_path, *parts, as_of=day("2020-12-31")).table("far") is None
        assert policy_of(tmp_path, *parts).table("other") is None


class TestParameters:
    PARTS = document(), value("limit.tax"), rule("low.tax", LOW_TAX)

    def test_an_open_one_is_named(self, tmp_path):
        policy = policy_of(tmp_path, *self.PARTS)
        assert policy.require("limit.tax") == ({}, ["parameter:limit.tax"])
        assert [a.id for a in policy.rules()] == ["low.tax"]

    @pytest.mark.parametrize(("given", "number"), [(4, 4.0), (0.25, 0.25), ("1/4", 0.25), (0, 0.0)])
    def test_one_that_the_user_sets(self, tmp_path, given, number):
        found = policy_of(tmp_path, *self.PARTS, parameters={"limit.tax": given}).find("limit.tax")
        assert (found.number, found.status, found.unit) == (number, "user", "万元/亩")
        assert found.cite == "项目文件 [parameters] limit.tax"

    def test_the_user_may_overrule_a_pack(self, tmp_path):
        policy = policy_of(tmp_path, document(), value("limit.tax", entry(3)), parameters={"limit.tax": 4})
        assert policy.find("limit.tax").status == "user"

    @pytest.mark.parametrize("given", ["四", True, [4, "五"]])
    def test_one_of_the_wrong_kind_is_refused(self, tmp_path, given):
        with pytest.raises(PackError, match=r"参数 limit\.tax 的值") as caught:
            policy_of(tmp_path, *self.PARTS, parameters={"limit.tax": given})
        assert caught.value.place["field"] == "parameters.limit.tax"

    def test_an_unknown_one_is_refused(self, tmp_path):
        with pytest.raises(PackError, match=r"没有 limit\.text") as caught:
            policy_of(tmp_path, *self.PARTS, parameters={"limit.text": 4})
        assert caught.value.params["nearest"] == "limit.tax"

    def test_words_are_words(self, tmp_path):
        parts = document(), value("limit.modes", entry('["出让", "租赁"]'), unit="")
        policy = policy_of(tmp_path, *parts, parameters={"limit.modes": ["划拨"]})
        assert policy.find("limit.modes").items == ("划拨",)


class TestMaskedYear:
    PARTS = document(day="year_masked = true"), value("limit.tax", entry(3)), rule("low.tax", LOW_TAX)

    def test_is_not_used_until_the_user_gives_the_day(self, tmp_path):
        policy = policy_of(tmp_path, *self.PARTS)
        assert policy.lacking("limit.tax") == "unset"
        assert policy.name_lacking("limit.tax") == "parameter:small.in_force"

    def test_counts_from_the_day_that_the_user_gives(self, tmp_path):
        given = {"small.in_force": day("2021-06-01")}
        assert policy_of(tmp_path, *self.PARTS, parameters=given).number("limit.tax") == 3
        early = policy_of(tmp_path, *self.PARTS, parameters=given, as_of=day("2021-05-31"))
        assert early.lacking("limit.tax") == "not-yet"

    def test_its_rules_are_unknown_or_unused_until_then(self, tmp_path):
        other = rule("flag", 'metric = "protected", operator = "is", expect = true')
        policy = policy_of(tmp_path, *self.PARTS, other)
        assert [a.id for a in policy.rules()] == ["low.tax"], "its value names what is lacking"
        assert [(u.key, u.reason) for u in policy.unused()] == [("flag", "unset")]
        dated = policy_of(tmp_path, *self.PARTS, other, parameters={"small.in_force": day("2021-06-01")})
        assert [a.id for a in dated.rules()] == ["low.tax", "flag"]

    def test_a_day_that_is_none_is_refused(self, tmp_path):
        with pytest.raises(PackError, match=r"small\.in_force"):
            policy_of(tmp_path, *self.PARTS, parameters={"small.in_force": "2021年"})


class TestEnd:
    def parts(self, after):
        more = f'until = 2024-12-31\nafter_end = "{after}"'
        return document(more=more), value("limit.tax", entry(3)), rule("low.tax", LOW_TAX)

    def test_refuses_where_the_pack_says_so(self, tmp_path):
        with pytest.raises(PackError, match="已于 2024-12-31 失效，不能用于 2025-12-31") as caught:
            policy_of(tmp_path, *self.parts("refuse"))
        assert caught.value.exit_code == 2

    def test_warns_where_the_pack_says_so(self, tmp_path):
        policy = policy_of(tmp_path, *self.parts("warn"))
        assert policy.number("limit.tax") == 3
        assert [(p.id, d.number) for p, d in policy.ended()] == [("small", "试发〔2020〕1号")]

    @pytest.mark.parametrize("after", ["refuse", "warn"])
    def test_the_last_day_still_counts(self, tmp_path, after):
        policy = policy_of(tmp_path, *self.parts(after), as_of=day("2024-12-31"))
        assert policy.number("limit.tax") == 3
        assert policy.ended() == []


class TestRules:
    def test_by_family_and_subject(self, tmp_path):
        parts = document(), value("limit.tax", entry(3)), rule("a", LOW_TAX), rule("b", LOW_TAX, subject="enterprise")
        policy = policy_of(tmp_path, *parts, rule("c", LOW_TAX, family="target", subject="zone"))
        assert [a.id for a in policy.rules("inefficient")] == ["a", "b"]
        assert [a.id for a in policy.rules("inefficient", "enterprise")] == ["b"]
        assert [a.id for a in policy.rules(subject="zone")] == ["c"]
        assert [a.id for a in policy.rules()] == ["a", "b", "c"]

    def test_before_their_document_they_are_unused(self, tmp_path):
        policy = policy_of(
            tmp_path, document(), value("limit.tax", entry(3)), rule("a", LOW_TAX), as_of=day("2019-12-31")
        )
        assert policy.rules() == []
        assert [(u.key, u.pack, u.reason, u.since) for u in policy.unused()] == [
            ("a", "small", "not-yet", day("2020-01-01"))
        ]


class TestFactor:
    def policy(self, folder, **more):
        values = (
            value("limit.tax", entry(3)),
            value("limit.share", entry('"1/3"')),
            value("limit.mode", entry('"出让"'), unit=""),
        )
        return policy_of(folder, document(), *values, value("limit.flag", entry("true"), unit=""), **more)

    def test_scales_numbers_and_fractions_and_nothing_else(self, tmp_path):
        more = self.policy(tmp_path).with_factor(1.1)
        assert more.number("limit.tax") == pytest.approx(3.3)
        assert more.number("limit.share") == pytest.approx(1.1 / 3)
        assert more.find("limit.mode").value == "出让"
        assert more.find("limit.flag").value is True

    def test_may_be_limited_to_some_keys(self, tmp_path):
        less = self.policy(tmp_path).with_factor(0.9, ["limit.share"])
        assert less.number("limit.tax") == 3
        assert less.number("limit.share") == pytest.approx(0.3)

    def test_leaves_the_policy_as_it_was(self, tmp_path):
        policy = self.policy(tmp_path)
        policy.with_factor(2.0)
        assert policy.number("limit.tax") == 3


def test_what_was_asked_for_is_remembered(tmp_path):
    policy = policy_of(
        tmp_path, document(), value("limit.tax", entry(3)), value("limit.other", entry(4)), value("limit.open")
    )
    policy.require("limit.tax", "limit.open")
    assert policy.used == {"limit.tax"}


class TestCompare:
    def test_two_days(self, tmp_path):
        history = entry(3), entry(5, "2022-07-01", clause="第五条")
        parts = document(), document("d2", "二号", "in_force = 2023-01-01"), value("limit.tax", *history)
        name = write_pack(tmp_path, "small", *parts, value("limit.same", entry(7)), rule("new", LOW_TAX, doc="d2"))
        frame = compare(policies([name], as_of=day("2021-01-01")), policies([name], as_of=DAY))
        assert frame.set_index("key").loc["limit.tax"].to_dict() == {
            "kind": "value",
            "before": "3",
            "after": "5",
            "unit": "万元/亩",
            "cite_before": "试发〔2020〕1号 第一条",
            "cite_after": "试发〔2020〕1号 第五条",
        }
        assert list(frame["key"]) == ["limit.tax", "new"]
        assert frame["before"].tolist()[1] == "<not-yet>"

    def test_tables_and_rules_whose_content_changed(self, tmp_path):
        table = (
            '[tables.far]\nzh = "容积率"\nen = "plot ratio"\nunit = "ratio"\nkey = "industry_code"\ndocument = "d1"\n'
            'clause = "附表"\nsource = "reference 1"\nchecked_on = 2026-01-01\nfrom = 2021-01-01\n'
            'rows = [\n  ["13", 1.0, "农副食品加工业", "seen"],\n]\n'
        )
        parts = document(), value("limit.tax", entry(3))
        one = write_pack(tmp_path, "one", *parts, table, rule("a", LOW_TAX))
        (tmp_path / "more").mkdir()
        two = write_pack(
            tmp_path / "more", "one", *parts, table.replace("1.0", "1.2"), rule("a", LOW_TAX.replace("<", "<="))
        )
        frame = compare(policies([one], as_of=DAY), policies([two], as_of=DAY))
        assert frame[["kind", "key"]].to_numpy().tolist() == [["table", "far"], ["rule", "a"]]
        early = compare(policies([one], as_of=day("2020-12-31")), policies([one], as_of=DAY))
        assert early.loc[early["kind"] == "table", "before"].tolist() == ["<not-yet>"]

    def test_comparing_asks_without_leaving_a_trace(self, tmp_path):
        policy = policies([write_pack(tmp_path, "small", document(), value("limit.tax", entry(3)))], as_of=DAY)
        compare(policy, policy)
        assert policy.used == set()

    def test_the_same_day_twice(self, tmp_path):
        name = write_pack(tmp_path, "small", document(), value("limit.tax", entry(3)), rule("a", LOW_TAX))
        assert compare(policies([name], as_of=DAY), policies([name], as_of=DAY)).empty

    def test_two_packs(self, tmp_path):
        one = write_pack(tmp_path, "one", document(), value("limit.tax", entry(3)))
        two = write_pack(tmp_path, "two", document(), value("limit.area", entry(15), unit="亩"))
        frame = compare(policies([one], as_of=DAY), policies([two], as_of=DAY))
        assert frame[["key", "before", "after", "unit"]].to_numpy().tolist() == [
            ["limit.area", "<absent>", "15", "亩"],
            ["limit.tax", "3", "<absent>", "万元/亩"],
        ]

"""``mudian policies``: what packs there are, what they say on a day, what is wrong with one, what changed."""

import datetime as dt
import re
import sys
from pathlib import Path

import pytest
from smallpack import LOW_TAX, document, entry, rule, value, write_pack

from mudian.errors import PackError, UsageError
from mudian.explain.packlist import aligned, width
from mudian.packs.catalog import bundled
from mudian.policies_command import check_policy, diff_policies, list_policies, show_policy

DAY = dt.date(2025, 12, 31)
DOCS = Path(__file__).parents[2] / "docs"
COVERAGE = """\
[[coverage]]
item = "第一条"
source = "reference 1"
state = "computed"
by = ["rules.low.tax"]

[[coverage]]
item = "第九条"
source = "reference 1"
state = "not-computable"
zh = "没有数值"
en = "no number"
"""
OFFICE = '[offices.tax_wan]\nzh = "税务局"\nen = "tax bureau"\ndocument = "d1"\nclause = "三"\n'
HISTORY = entry(3), entry(5, "2022-07-01", clause="第五条"), entry(None, "2024-01-01")
FAR = 'metric = "plot_ratio", operator = ">=", threshold = "limit.far"'


@pytest.fixture
def pack(tmp_path):
    values = (
        value("limit.tax", *HISTORY),
        value("limit.kept", entry(4)),
        value("limit.open"),
        value("limit.far", entry(1.5), unit="ratio"),
        value("limit.heard", entry(7, status="recalled")),
    )
    documents = document(), document("d2", "二号", "in_force = 2023-01-01")
    rules = rule("low.tax", LOW_TAX), rule("far", FAR, zh="容积率", doc="d2")
    return write_pack(tmp_path, "mine", *documents, *values, *rules, OFFICE, COVERAGE)


class TestList:
    @pytest.mark.parametrize("lang", ["zh", "en"])
    def test_every_bundled_pack_has_a_line(self, lang):
        lines = list_policies(as_of=DAY, lang=lang).split("\n")
        assert [line.split()[0] for line in lines[3:]] == sorted(bundled())
        assert str(len(bundled())) in lines[0]

    def test_columns_stand_below_each_other(self):
        head, *lines = list_policies(as_of=DAY, lang="zh").split("\n")[2:]
        start = width(head[: head.index("主题")])
        for line in lines:
            assert _cut(line, start).startswith(" ")


def _cut(line, columns):
    """The last character before a column of the terminal, and what follows."""
    taken = 0
    for n, c in enumerate(line):
        taken += width(c)
        if taken >= columns:
            return line[n:]
    return ""


class TestShow:
    def test_values_on_a_day_with_their_history(self, pack):
        text = show_policy(pack, as_of=dt.date(2023, 6, 1), lang="zh")
        lines = text.split("\n")
        assert lines[0] == "mine  试验mine"
        at = next(n for n, line in enumerate(lines) if line.startswith("limit.tax "))
        assert re.split(r"\s{2,}", lines[at]) == [
            "limit.tax",
            "亩均税收下限",
            "5 万元/亩",
            "试发〔2020〕1号 第五条",
            "查见原文",
        ]
        assert lines[at + 1 : at + 4] == [
            "　2024-01-01 起 废止　试发〔2020〕1号 第一条　查见原文",
            "　2022-07-01 起 5 万元/亩　试发〔2020〕1号 第五条　查见原文",
            "　2020-01-01 起 3 万元/亩　试发〔2020〕1号 第一条　查见原文",
        ]

    def test_what_does_not_apply_says_why(self, pack):
        text = show_policy(pack, as_of=DAY, lang="zh")
        found = {line.split()[0]: line for line in text.split("\n") if line.strip()}
        assert "（已废止）" in found["limit.tax"]
        assert "（参数未给出）" in found["limit.open"]
        assert "（待确认）" in found["limit.heard"]
        assert found["low.tax"].endswith("已废止")
        assert found["far"].endswith("适用")

    def test_rules_before_their_document(self, pack):
        text = show_policy(pack, as_of=dt.date(2022, 1, 1), lang="en")
        found = {line.split()[0]: line for line in text.split("\n") if line.strip()}
        assert found["far"].endswith("not yet in force")
        assert found["low.tax"].endswith("in force")

    def test_a_plot_ratio_is_no_percentage(self, pack):
        text = show_policy(pack, as_of=DAY, lang="zh")
        line = next(line for line in text.split("\n") if line.startswith("limit.far"))
        assert " 1.5 " in line

    def test_a_masked_document_asks_for_its_day(self, tmp_path):
        name = write_pack(tmp_path, "masked", document(day="year_masked = true"), value("limit.tax", entry(3)))
        assert "（须给出 masked.in_force）" in show_policy(name, as_of=DAY, lang="zh")

    def test_coverage_with_reasons(self, pack):
        text = show_policy(pack, as_of=DAY, lang="en")
        assert re.search(r"computed +第一条 +rules\.low\.tax", text)
        assert re.search(r"not computable +第九条 +no number", text)

    @pytest.mark.parametrize("name", bundled())
    @pytest.mark.parametrize("lang", ["zh", "en"])
    def test_every_bundled_pack_can_be_shown(self, name, lang):
        assert show_policy(name, as_of=DAY, lang=lang).startswith(name)

    def test_an_unknown_pack(self):
        with pytest.raises(PackError, match="不认识的政策包 nationl"):
            show_policy("nationl", as_of=DAY, lang="zh")


class TestCheck:
    def test_a_good_pack(self, pack):
        faults, text = check_policy(pack, lang="zh")
        assert faults == []
        assert text.split("\n") == [
            "mine：没有错误。文件 2，数值 5，表 0，规则 2，评价办法 0，奖惩 0，责任单位 1，覆盖 1/2",
            "凭记忆收录、须由用户确认才使用的数值 1 个：limit.heard",
        ]

    def test_all_faults_with_file_and_line(self, pack):
        file = Path(pack)
        text = (
            file.read_text("utf-8")
            .replace('unit = "ratio"', 'unti = "ratio"')
            .replace('status = "recalled"', 'status = "heard"')
        )
        file.write_text(text, "utf-8")
        faults, said = check_policy(pack, lang="en")
        lines = text.split("\n")
        # The misspelt key is told, and that the right one is missing, and the status.
        assert [f.code for f in faults] == ["pack-key-unknown", "pack-key-missing", "pack-choice"]
        assert "unti" in lines[faults[0].place["row"] - 1]
        assert "heard" in lines[faults[2].place["row"] - 1]
        assert said == f"{pack}: 3 faults"
        assert all(f.exit_code == 2 for f in faults)

    def test_references_are_checked(self, tmp_path):
        pack = write_pack(tmp_path, "mine", document(), rule("low.tax", LOW_TAX))
        faults, _ = check_policy(pack, lang="zh")
        assert [(f.code, f.params["name"]) for f in faults] == [("pack-dangling", "values.limit.tax")]

    def test_a_pack_that_leans_on_a_bundled_one_says_so(self, tmp_path):
        leaning = LOW_TAX.replace("limit.tax", "idle.start_years")
        pack = write_pack(tmp_path, "mine", document(), rule("low.tax", leaning))
        faults, text = check_policy(pack, lang="zh")
        assert faults == []
        assert "须同时选用政策包 national：引用了其中的 idle.start_years" in text

    def test_a_file_that_is_not_there(self, tmp_path):
        faults, _ = check_policy(tmp_path / "none.toml", lang="zh")
        assert [f.code for f in faults] == ["pack-missing"]

    @pytest.mark.parametrize("name", bundled())
    def test_every_bundled_pack_is_good(self, name):
        faults, text = check_policy(name, lang="en")
        assert [f.render("en") for f in faults] == []
        assert text.startswith(f"{name}: no faults")


class TestDiff:
    def test_two_days(self, pack):
        text = diff_policies("2021-01-01", "2023-06-01", packs=[pack], as_of=DAY, lang="zh")
        lines = text.split("\n")
        assert lines[0] == "2021-01-01 → 2023-06-01（mine）"
        rows = [re.split(r"\s{2,}", line) for line in lines[3:]]
        first, second = "试发〔2020〕1号 第一条", "试发〔2020〕1号 第五条"
        assert rows[0] == ["数值", "limit.tax", "亩均税收下限", "3 万元/亩", "5 万元/亩", first, second]
        assert rows[1][:5] == ["规则", "far", "容积率", "（尚未施行）", "适用"]
        assert len(rows) == 2

    def test_nothing_changed(self, pack):
        text = diff_policies("2025-01-01", "2025-12-31", packs=[pack], as_of=DAY, lang="en")
        assert text.split("\n")[-1] == "nothing changed"

    def test_two_packs(self, tmp_path, pack):
        other = write_pack(
            tmp_path,
            "other",
            document(),
            value("limit.kept", entry(6)),
            value("limit.new", entry('["甲", "乙"]'), unit=""),
        )
        text = diff_policies(pack, other, as_of=DAY, lang="zh")
        rows = {r[1]: r for line in text.split("\n")[3:] if len(r := re.split(r"\s{2,}", line)) > 4}
        assert rows["limit.kept"][3:5] == ["4 万元/亩", "6 万元/亩"]
        assert rows["limit.new"][3:5] == ["（没有该条目）", "甲、乙"]
        assert rows["limit.heard"][3:5] == ["（待确认）", "（没有该条目）"]

    def test_the_national_pack_by_default(self):
        text = diff_policies("2012-06-30", "2012-07-01", as_of=DAY, lang="zh")
        line = next(line for line in text.split("\n") if " idle.start_years " in line)
        assert re.split(r"\s{2,}", line)[3:5] == ["（尚未施行）", "1 年"]

    @pytest.mark.parametrize(("first", "second"), [("2021-01-01", "national"), ("2021-02-30", "2021-03-01")])
    def test_what_cannot_be_compared(self, first, second):
        with pytest.raises(UsageError, match="不知道比较什么"):
            diff_policies(first, second, as_of=DAY, lang="zh")

    def test_a_document_that_has_ended_is_shown_as_ended(self, tmp_path):
        more = 'until = 2024-12-31\nafter_end = "refuse"'
        name = write_pack(tmp_path, "short", document(more=more), value("limit.tax", entry(3)))
        text = diff_policies("2024-12-31", "2025-01-01", packs=[name], as_of=DAY, lang="zh")
        assert "（已失效）" in text


def test_there_are_no_colours_in_what_is_printed(pack):
    texts = [
        list_policies(as_of=DAY, lang="zh"),
        show_policy(pack, as_of=DAY, lang="zh"),
        check_policy(pack, lang="zh")[1],
    ]
    assert not any("\x1b" in t or "\t" in t for t in texts)


def test_aligned_columns_count_wide_characters_twice():
    assert aligned(["a", "b"], [["亩均", "x"], ["mu", "税收"], ["", "y"]]) == [
        "a     b",
        "亩均  x",
        "mu    税收",
        "      y",
    ]


def test_the_reference_page_has_every_pack_and_every_key(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))
    sys.modules.pop("make_policies", None)
    import make_policies

    page = make_policies.write(tmp_path / "a").read_text("utf-8")
    assert page == make_policies.write(tmp_path / "b").read_text("utf-8")
    from mudian.packs.catalog import find_pack

    for name in bundled():
        pack = find_pack(name)
        assert f"\n## {name}\n" in page
        for section in ("values", "tables", "rules", "methods", "incentives"):
            for key in getattr(pack, section):
                assert f"`{key}`" in page, f"{name}: {section}.{key}"
        for row in pack.coverage:
            assert make_policies.cell(row.item) in page
    assert not re.search(r"/(?:home|root|tmp|work)/", page)
    heads = re.findall(r"^\| .*$", page, re.M)
    assert all(line.endswith(" |") for line in heads)

import pytest
from gradingpack import RANK, TWO, one_policy, write_pack

from mudian.errors import PackError
from mudian.packs.policy import policies

MINMAX = TWO.replace('kernel = "ratio"', 'kernel = "minmax"')
FAULTS = {
    "an unknown key": (TWO + "wieghts = 3\n", "wieghts"),
    "a kernel that does not exist": (TWO.replace('"ratio"', '"median"'), "kernel"),
    "no weight": (TWO.replace(', weight = "w1"', ""), "x: weight"),
    "no benchmark": (TWO.replace(', benchmark = "b2"', ""), "y: benchmark"),
    "benchmark and mean": (TWO.replace('benchmark = "b1"', 'benchmark = "b1", rule = "mean"'), "x: benchmark"),
    "minmax without base": (MINMAX, "base and span"),
    "a cap that is not given": (TWO.replace('"ratio"', '"ratio_capped"'), "needs cap"),
    "lower is better by ratio": (TWO.replace('en = "x"', 'en = "x", direction = "lower"'), "direction"),
    "rank by two": (TWO.replace('"ratio"', '"rank_only"'), "one indicator"),
    "missing counts in a rank": (RANK.replace('en = "x"', 'en = "x", missing = "zero"'), "missing"),
    "an indicator twice": (TWO.replace('metric = "y"', 'metric = "x"'), "each once"),
    "a grade twice": (TWO.replace('grade = "B"', 'grade = "A"'), "each once"),
    "the last grade with upto": (TWO.replace('zh = "D", en = "D"', 'zh = "D", en = "D", upto = "c"'), "no upto"),
    "a middle grade without upto": (TWO.replace(', upto = "b"', ""), "upto for every grade"),
    "a veto into no grade": (
        TWO + 'veto = { zh = "否决", en = "veto", grade = "E", any = [{ metric = "v", operator = "present" }] }\n',
        "none of the grades",
    ),
    "a choice that does not exist": (TWO + 'by = { rounding = "a" }\n', "rounding"),
    "an optional value that is not used": (TWO + 'optional = ["zzz"]\n', "zzz"),
    "a comparison without its limit": (TWO + 'population = [{ metric = "x", operator = ">=" }]\n', "threshold"),
    "a truth without its value": (TWO + 'population = [{ metric = "x", operator = "is" }]\n', "expect"),
    "a group of nothing": (TWO + 'groups = [{ id = "g", zh = "组", en = "group" }]\n', "divisions"),
    "a value that nobody defines": (TWO.replace('"b2"', '"b3"'), "values.b3"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_method_is_refused_with_its_place(fault, tmp_path):
    text, word = FAULTS[fault]
    with pytest.raises(PackError) as caught:
        one_policy(tmp_path, text)
    shown = caught.value.render("zh")
    assert word in shown
    assert "test-pack.toml" in shown
    assert "行" in shown


def test_value_keys_name_every_number(tmp_path):
    path = write_pack(tmp_path, methods={"m": TWO})
    _, method = policies([path], as_of=__import__("datetime").date(2025, 1, 1)).methods()["m"]
    assert set(method.value_keys()) == {"w1", "w2", "b1", "b2", "a", "b", "c"}
    assert method.grades == ("A", "B", "C", "D")
    assert method.title("zh") == "办法"

"""The line of every key, whatever stands around it."""

import tomllib

import pytest

from mudian.packs.lines import line_of, locate

TEXT = '''\
# a comment with [brackets] and "quotes"
[pack]  # x = 1
id = "a"   # = "b"
title = { zh = "甲]", en = 'b # c' }

[values."idle.start_years"]
quote = """
[not.a.table]
history = [
"""
literal = \'\'\'
[[nor.this]] \'\'\'
escaped = "\\\\"
after = 1
history = [
  { from = 2012-07-01, value = 1 }, { from = 2013-07-01, value = [
    1, 2 ], clause = "第二条" },
  # { from = 2014-07-01 },

  { from = 2015-07-01, "value" = "1/3" },
]
a.b . "c d" = 1.5e3
[[coverage]]
item = "甲"
[[coverage]]
item = "乙"
by = ["rules.a", "rules.b"]
[coverage.more]
x = true
'''
VALUE = ("values", "idle.start_years")
EXPECTED = {
    ("pack",): 2,
    ("pack", "id"): 3,
    ("pack", "title", "en"): 4,
    ("values",): 6,
    VALUE: 6,
    (*VALUE, "quote"): 7,
    (*VALUE, "literal"): 11,
    (*VALUE, "escaped"): 13,
    (*VALUE, "after"): 14,
    (*VALUE, "history"): 15,
    (*VALUE, "history", 0): 16,
    (*VALUE, "history", 1): 16,
    (*VALUE, "history", 1, "value", 1): 17,
    (*VALUE, "history", 1, "clause"): 17,
    (*VALUE, "history", 2): 20,
    (*VALUE, "history", 2, "value"): 20,
    (*VALUE, "a", "b", "c d"): 22,
    ("coverage", 0): 23,
    ("coverage", 1): 25,
    ("coverage", 1, "by", 1): 27,
    ("coverage", 1, "more", "x"): 29,
}


@pytest.fixture(scope="module")
def lines():
    tomllib.loads(TEXT)
    return locate(TEXT)


@pytest.mark.parametrize("path", EXPECTED, ids=lambda p: ".".join(map(str, p)))
def test_line(lines, path):
    assert lines[path] == EXPECTED[path]


def test_what_only_looks_like_a_table_is_none(lines):
    assert ("not", "a", "table") not in lines
    assert not any("nor" in path for path in lines)


def test_windows_line_ends_count_once():
    assert locate(TEXT.replace("\n", "\r\n")) == locate(TEXT)


def test_a_path_that_is_not_there_has_the_line_of_what_is_around_it(lines):
    assert line_of(lines, (*VALUE, "history", 2, "clause")) == 20
    assert line_of(lines, (*VALUE, "unit")) == 6
    assert line_of(lines, ("offices", "tax_wan")) is None


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing", "a=1", "a=[]", "a={}", 'a = """"quoted""""', "a=[[1],[2]]"])
def test_short_texts(text):
    raw = tomllib.loads(text)
    assert {path[0] for path in locate(text)} == set(raw)

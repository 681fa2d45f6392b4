"""A pack with one grading method, written for a test, and the acceptance enterprises."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from mudian.packs.policy import policies

DAY = dt.date(2025, 12, 31)
HEAD = """\
[pack]
id = "{name}"
title = {{ zh = "试", en = "test" }}
topic = "evaluation"
{limits}
[documents.d]
title = "办法"
number = "测〔2020〕1号"
in_force = 2020-01-01
status = "seen"
source = "test"
"""
VALUE = """
[values."{key}"]
zh = "值"
en = "value"
unit = "{unit}"
checked_on = 2026-01-01
history = [{entry}]
"""
ENTRY = '{{ from = 2020-01-01, value = {value}, document = "d", clause = "一", status = "seen", source = "test" }}'
# Weights 60 and 40 on benchmarks of 10 and 5; grades by 20/60/95 %.
VALUES = {"w1": 60, "w2": 40, "b1": 10, "b2": 5, "a": 20, "b": 60, "c": 95}
BANDS = """bands = [
  { grade = "A", zh = "A", en = "A", upto = "a" },
  { grade = "B", zh = "B", en = "B", upto = "b" },
  { grade = "C", zh = "C", en = "C", upto = "c" },
  { grade = "D", zh = "D", en = "D" },
]
"""
METHOD = 'zh = "办法"\nen = "method"\ndocument = "d"\nclause = "第三条"\n'
TWO = (
    METHOD
    + """kernel = "ratio"
indicators = [
  { metric = "x", zh = "甲", en = "x", weight = "w1", benchmark = "b1" },
  { metric = "y", zh = "乙", en = "y", weight = "w2", benchmark = "b2" },
]
"""
    + BANDS
)
RANK = METHOD + 'kernel = "rank_only"\nindicators = [{ metric = "x", zh = "甲", en = "x", unit = "万元/亩" }]\n' + BANDS


def toml(value):
    if isinstance(value, list):
        return "[" + ", ".join(toml(v) for v in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def write_pack(folder, *, name="test-pack", methods=None, values=VALUES, limits="", **more):
    """Write a pack; ``more`` are further values, None for a parameter without a value."""
    text = HEAD.format(name=name, limits=limits)
    for key, value in {**values, **{k.replace("__", "."): v for k, v in more.items()}}.items():
        unit = "%" if key in "abc" else ""
        entry = "" if value is None else ENTRY.format(value=toml(value))
        text += VALUE.format(key=key, unit=unit, entry=entry)
    for key, body in (methods or {"m": TWO}).items():
        text += f'\n[methods."{key}"]\n{body}'
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def one_policy(folder, method=TWO, *, as_of=DAY, parameters=None, **more):
    """A policy with one method ``m``."""
    return policies([write_pack(folder, methods={"m": method}, **more)], as_of=as_of, parameters=parameters)


def packed(name, *, as_of=DAY, **more):
    """A policy of one bundled pack."""
    return policies([name], as_of=as_of, **more)


def shares(prefix, values=(20, 60, 95), letters="abc"):
    return {f"{prefix}.upto_{letter}": v for letter, v in zip(letters, values, strict=True)}


def acceptance():
    """The invented enterprises AT1 to AT4 of the acceptance table, as Huangyan's method reads them."""
    columns = [
        "tax_per_mu",
        "value_added_per_mu",
        "value_added_per_tce",
        "value_added_per_t",
        "productivity_wan",
        "rd_ratio",
    ]
    rows = [
        [24.097, 136.16, 2.694, 4929.81, 18.14, 0.0302],
        [18.0, 120.0, 3.2, 4000.0, 20.0, 0.025],
        [60.0, 300.0, 2.0, 9000.0, 30.0, 0.06],
        [-2.0, 40.0, 0.8, 1500.0, 8.0, 0.0],
    ]
    frame = pd.DataFrame(rows, columns=columns, index=["AT1", "AT2", "AT3", "AT4"])
    return frame.assign(above_scale=pd.array([True] * 4, dtype="boolean"))

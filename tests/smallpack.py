"""Small packs written for a test."""

from __future__ import annotations

from pathlib import Path

HEAD = """\
[pack]
id = "{id}"
title = {{ zh = "试验{id}", en = "Trial {id}" }}
topic = "{topic}"
"""
DOCUMENT = """\
[documents.{name}]
title = "试行办法"
number = "{number}"
{day}
status = "seen"
source = "reference 1"
{more}
"""
ENTRY = (
    '{{ from = {day}, {said}, document = "{doc}", clause = "{clause}", status = "{status}", source = "reference 1" }}'
)
VALUE = """\
[values."{key}"]
zh = "{zh}"
en = "{en}"
unit = "{unit}"
checked_on = 2026-01-01
history = [
{lines}]
"""
RULE = """\
[rules."{key}"]
family = "{family}"
subject = "{subject}"
zh = "{zh}"
en = "{en}"
document = "{doc}"
clause = "{clause}"
{more}
conditions = [
{lines}]
"""
LOW_TAX = 'metric = "tax_per_mu", operator = "<", threshold = "limit.tax"'


def document(
    name: str = "d1", number: str = "试发〔2020〕1号", day: str = "in_force = 2020-01-01", more: str = ""
) -> str:
    """A document that is in force from a day, or whatever ``day`` says."""
    return DOCUMENT.format(name=name, number=number, day=day, more=more)


def entry(given: object, day: str = "2020-01-01", doc: str = "d1", clause: str = "第一条", status: str = "seen") -> str:
    """One line of a history; ``None`` abolishes."""
    said = "abolished = true" if given is None else f"value = {given}"
    return ENTRY.format(day=day, said=said, doc=doc, clause=clause, status=status)


def value(
    key: str, *entries: str, unit: str = "万元/亩", zh: str = "亩均税收下限", en: str = "least tax per mu"
) -> str:
    """A value with its history; without entries a parameter."""
    return VALUE.format(key=key, zh=zh, en=en, unit=unit, lines="".join(f"  {e},\n" for e in entries))


def rule(
    key: str,
    *conditions: str,
    zh: str = "亩均税收低",
    en: str = "low tax per mu",
    doc: str = "d1",
    clause: str = "第二条",
    family: str = "inefficient",
    subject: str = "parcel",
    more: str = "",
) -> str:
    """A rule; its conditions as they stand between braces."""
    lines = "".join(f"  {{ {c} }},\n" for c in conditions)
    return RULE.format(
        key=key, zh=zh, en=en, doc=doc, clause=clause, family=family, subject=subject, more=more, lines=lines
    )


def write_pack(folder: Path, name: str, *parts: str, topic: str = "zones") -> str:
    """Write a pack of one file and give its path."""
    file = folder / f"{name}.toml"
    file.write_text("\n".join([HEAD.format(id=name, topic=topic), *parts]), "utf-8")
    return str(file)

"""What a page rests on: clauses, sources, and how to read it."""

from __future__ import annotations

from mudian.briefing.material import Material
from mudian.briefing.model import Block, Column, Grid, Lines, plain
from mudian.briefing.words import say
from mudian.explain.words import enumerate_words, texts
from mudian.labels import word
from parcels.catalog import Lang

_NOT_CITED = ("data", "other")
_LONGEST_SOURCE = 300


def ground_blocks(zone_id: str | None, material: Material) -> tuple[Block, ...]:
    """The clauses that were applied to what is in a zone (None: in all of them), and notes.

    Parameters
    ----------
    zone_id
        The zone.
    material
        The run.
    """
    lang, found = material.lang, material.findings
    own = found if zone_id is None else found[(found["zone_id"] == zone_id).fillna(False).to_numpy(bool)]
    rows = []
    for family in (f for f in texts()["families"] if f not in _NOT_CITED):
        clauses = sorted(own.loc[(own["family"] == family).to_numpy(bool), "clause"].astype("str").unique())
        if clauses:
            rows.append((material.book.family(family), by_document(clauses, lang)))
    heads = (Column(say("cited_for", lang), "text", 15), Column(say("clauses", lang), "prose", 70))
    grid = Grid("clauses", say("cited", lang), heads, tuple(rows))
    return (*((grid,) if rows else ()), Lines((("" if lang == "zh" else " ").join(notes(material)),), quiet=True))


def by_document(clauses: list[str], lang: Lang) -> str:
    """Clauses with the name of their document said once.

    Examples
    --------
    >>> by_document(["甲办法 第一条", "甲办法 第三条", "乙令"], "zh")
    '甲办法 第一条、第三条；乙令'
    """
    grouped: dict[str, dict[str, None]] = {}
    comma = say("comma", "zh")
    for clause in clauses:
        document, _, article = clause.partition(" ")
        known = grouped.setdefault(document, {})
        known.update(dict.fromkeys(p for p in article.split(comma) if p))
    made = [f"{d} {enumerate_words(a, lang)}" if a else d for d, a in grouped.items()]
    return plain(say("semicolon", lang).join(made))


def notes(material: Material) -> tuple[str, ...]:
    """How to read the report, where the data come from, and that the findings are suspicions."""
    lang = material.lang
    mean = word("mean_note", lang)
    made = [mean if mean.endswith(("。", ".")) else mean + ("。" if lang == "zh" else "."), say("three", lang)]
    made.append(source(material))
    approval = material.manifest["parameters"].get("sheets", {}).get("approval")
    if approval:
        made.append(say("approval", lang, number=plain(approval)))
    return (*made, say("disclaimer", lang))


def source(material: Material) -> str:
    """The files that were read, and the source that the project names."""
    lang, inputs = material.lang, material.manifest["inputs"]
    names = [f["file"] for found in inputs.values() for f in found]
    stems = list(dict.fromkeys(str(n).rpartition(".")[0] or str(n) for n in names))
    listed = plain(enumerate_words(stems, lang), _LONGEST_SOURCE)
    own = material.manifest["parameters"].get("sheets", {}).get("source")
    return say("source_own", lang, source=plain(own), files=listed) if own else say("source_note", lang, files=listed)

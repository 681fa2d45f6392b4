"""The record of a run read as a rule book: which rule a finding is of, what its values are called, who has a field.

A finding is of a rule (``low.tax``) or of the n-th comparison of a rule (``low.tax/2``). Findings of rules that the
record does not have keep their id as their title.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mudian.explain.record import as_record
from mudian.explain.words import enumerate_words, label, own_texts, pick, say, style, texts, value_text
from parcels.catalog import Lang

PARAMETER, CONFIRM, REVIEW, LAYER = "parameter", "confirm", "review", "layer"
_PARTS = ("conditions", "exempt", "gate")
OTHER, GRADE = "other", "grade"


@dataclass(frozen=True)
class Source:
    """What a finding is of.

    Attributes
    ----------
    rule
        Id of the rule.
    part
        Number of the comparison, from 1; 0 for the rule as a whole.
    family
        Which verdict it belongs to.
    entry
        What the record says of the rule.
    condition
        The comparison, where there is exactly one.
    """

    rule: str
    part: int
    family: str
    entry: Mapping[str, Any] = field(hash=False)
    condition: Mapping[str, Any] | None = field(hash=False)

    @property
    def single(self) -> bool:
        """Whether the rule is one comparison, so that its finding shows the numbers itself."""
        return not self.part and self.condition is not None


class Rulebook:
    """The rules, values and offices of a record.

    Parameters
    ----------
    record
        ``manifest["policies"]``.
    lang
        Language of what it says.
    """

    def __init__(self, record: object, lang: Lang) -> None:
        self.record = as_record(record)
        self.lang: Lang = lang
        self.as_of: str = str(self.record.get("as_of", ""))
        self.rules: dict[str, Any] = {r["id"]: r for r in self.record.get("rules", ())}
        self.values: dict[str, Any] = {v["key"]: v for v in self.record.get("values", ())}
        self.tables: dict[str, Any] = {t["key"]: t for t in self.record.get("tables", ())}
        self.methods: dict[str, Any] = {m["id"]: m for m in self.record.get("methods", ())}
        self.offices: dict[str, Any] = dict(self.record.get("offices", {}))
        self._lacking: dict[str, Any] = {v["key"]: v for v in self.record.get("lacking", ())}
        self._packs: dict[str, Any] = {p["id"]: p for p in self.record.get("packs", ())}
        self._sources: dict[str, Source] = {}
        self._words: dict[str, str] = {}

    def source(self, rule_id: str) -> Source:
        """What a finding is of, by its ``rule_id``."""
        if rule_id not in self._sources:
            self._sources[rule_id] = self._find(rule_id)
        return self._sources[rule_id]

    def _find(self, rule_id: str) -> Source:
        own, _, number = rule_id.rpartition("/")
        part = int(number) if own and number.isdecimal() else 0
        name = own if part else rule_id
        entry = own_texts("rules").get(name, {}) | self.rules.get(name, {})
        if not entry:
            return self._without_rule(rule_id)
        if "of" in entry:
            return Source(entry["of"], entry["number"], entry.get("family") or _family(name), entry, None)
        conditions = entry.get("conditions", ())
        condition = conditions[part - 1] if 0 < part <= len(conditions) else None
        if not part and len(conditions) == 1:
            condition = conditions[0]
        return Source(name, part, entry.get("family") or _family(name), entry, condition)

    def _without_rule(self, rule_id: str) -> Source:
        """A finding of a grading method, or of something that the record does not have."""
        fits = [m for m in self.methods if rule_id == m or rule_id.startswith(f"{m}/")]
        if fits:
            return self._of_method(max(fits, key=len), rule_id)
        ladder = self.values.get(rule_id) or self._lacking.get(rule_id)
        if ladder:
            return Source(rule_id, 0, "surcharge", {k: ladder[k] for k in ("zh", "en")}, None)
        return Source(rule_id, 0, _family(rule_id), {}, None)

    def _of_method(self, name: str, rule_id: str) -> Source:
        method, suffix = self.methods[name], rule_id[len(name) + 1 :]
        known: dict[str, Any] = texts()["grading"]
        if not suffix:
            return Source(rule_id, 0, GRADE, known["rank"] | method, None)
        if suffix in known:
            return Source(name, 1, GRADE, known[suffix], None)
        part = method.get("parts", {}).get(suffix, {"zh": suffix, "en": suffix})
        sides = known["indicator"] | {"metric": part} if "column" in part else {}
        return Source(name, 1, GRADE, part | sides, None)

    def outcomes(self, source: Source) -> tuple[str, str, str]:
        """What true, false and unknown are called for a rule."""
        compared = source.condition is None and "limit" in source.entry
        kind = ("reached_outcomes" if compared else "part_outcomes") if source.part else "outcomes"
        return self.family_outcomes(source.family, kind)

    def family_outcomes(self, family: str, kind: str = "outcomes") -> tuple[str, str, str]:
        """What true, false and unknown are called for a kind of verdict."""
        words: dict[str, Any] = texts()["families"][family]
        yes, no, open_ = words.get(kind, words.get("outcomes", texts()["outcomes"]))[self.lang]
        return str(yes), str(no), str(open_)

    def title(self, source: Source) -> str:
        """The name of a rule."""
        return pick(source.entry, self.lang) if source.entry.get(self.lang) else source.rule  # type: ignore[arg-type]

    def ground(self, source: Source, clause: str) -> str:
        """What a finding rests on: its clause, or what the program says where there is none."""
        own = source.entry.get("ground")
        return pick(own, self.lang) if own else clause or say("clause_none", self.lang)

    def condition(self, condition: Mapping[str, Any]) -> str:
        """A condition by its words, or as a formula."""
        if condition.get(self.lang):
            return str(condition[self.lang])
        name, operator = self.column(str(condition.get("metric", ""))), str(condition.get("operator"))
        if operator in ("is", "present"):
            yes = operator == "present" or condition.get("expect")
            return say(f"{operator}_{'yes' if yes else 'no'}", self.lang, metric=name)
        value = self.values.get(str(condition.get("threshold")))
        symbol = style("symbols")[self.lang].get(operator)
        if value is None or symbol is None:
            return name
        text = value_text(value["value"], value["unit"], self.lang, column=str(condition["metric"]))
        return say("compared", self.lang, metric=name, value="", symbol=symbol, threshold=text).replace("  ", " ")

    def lead(self, condition: Mapping[str, Any]) -> str:
        """The words of a comparison, where its rule gives it some."""
        return str(condition.get(self.lang, ""))

    def family(self, name: str) -> str:
        """The name of a verdict."""
        return pick(texts()["families"][name], self.lang)

    def value_name(self, key: str) -> str:
        """What a value of a pack is called."""
        entry = self.values.get(key) or self._lacking.get(key) or self.tables.get(key)
        return pick(entry, self.lang) if entry else key

    def compared_with(self, key: str) -> str:
        """The column that a value is compared with in the rules; else its key."""
        read = (c for r in self.rules.values() for part in _PARTS for c in r.get(part, ()) if c.get("threshold") == key)
        return next((str(c["metric"]) for c in read), key)

    def field_name(self, name: str) -> str:
        """What a missing field, parameter or unconfirmed value is called."""
        if "@" in name:
            field, _, period = name.partition("@")
            return say("of_period", self.lang, field=self.field_name(field), period=period)
        kind, _, key = name.partition(":")
        if kind == PARAMETER and key:
            pack, _, end = key.rpartition(".")
            if end == "in_force" and pack in self._packs:
                return say("in_force_of", self.lang, pack=pick(self._packs[pack]["title"], self.lang))
            return say("parameter", self.lang, label=self.value_name(key), key=key)
        if kind == CONFIRM and key:
            return say("confirm", self.lang, label=self.value_name(key), key=key)
        if kind == LAYER and key:
            known = texts()["layers"].get(key)
            return say("layer", self.lang, name=pick(known, self.lang) if known else key)
        if kind == REVIEW and key:
            return say("review_of", self.lang, title=self.title(self.source(key)))
        lacking = own_texts("lacking").get(name)
        return pick(lacking, self.lang) if lacking else self.column(name)

    def column(self, name: str) -> str:
        """What a column is called; one that only a pack knows by the words of the condition that reads it."""
        found = label(name, self.lang)
        return self._column_words().get(name, found) if found == name else found

    def _column_words(self) -> dict[str, str]:
        if not self._words:
            for rule in self.rules.values():
                for condition in (c for part in _PARTS for c in rule.get(part, ())):
                    if condition.get(self.lang):
                        self._words.setdefault(condition["metric"], condition[self.lang])
        return self._words

    def field_names(self, missing: str) -> str:
        """The names of a ``missing`` cell as a list."""
        return enumerate_words([self.field_name(n) for n in missing.split(";") if n], self.lang)

    def office(self, name: str) -> tuple[str, str]:
        """Who has a field, and the clause that says so; parameters are the user's."""
        if name.startswith((f"{PARAMETER}:", f"{CONFIRM}:")):
            return say("office_user", self.lang), ""
        if name.startswith(f"{REVIEW}:"):
            return say("office_review", self.lang), ""
        name = name.partition("@")[0]
        above = texts()["formulas"].get(name, [[]])[0]  # who has the tax has the tax per mu
        found = next((self.offices[n] for n in (name, *above) if n in self.offices), None)
        return (pick(found, self.lang), str(found["cite"])) if found else (say("office_none", self.lang), "")


def _family(rule_id: str) -> str:
    """The verdict that a finding without a rule belongs to, by the first part of its id."""
    start = rule_id.partition(".")[0]
    known: dict[str, str] = texts()["prefixes"]
    return known.get(start) or (start if start in texts()["families"] else OTHER)

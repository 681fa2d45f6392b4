"""The policy of a run as plain values: what the manifest keeps so that every verdict can be explained later.

The record names rules, values and documents as they were on the day of the run. Nobody needs the packs to read it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mudian.packs.catalog import bundled
from mudian.packs.model import Condition, Value
from mudian.packs.policy import Active, InForce, Policy
from mudian.packs.reader import Pack
from mudian.rules.grading.method import Method

Record = dict[str, Any]


def policy_record(policy: Policy) -> Record:
    """What a policy said in a run, as values that JSON can hold.

    Parameters
    ----------
    policy
        The policy, after the run has asked it what it needed.

    Returns
    -------
    dict
        ``as_of``, ``packs`` (with their SHA-256, and the text of the user's own), ``documents``, ``rules`` in force,
        ``values`` used (key, zh, en, value, unit, cite, status, source, pack, wording), ``lacking`` values, ``tables``
        used, ``methods``, ``incentives``, ``offices``, ``unused`` rules with the reason, ``ended`` documents,
        ``parameters`` and ``confirmed`` keys of the user.
    """
    asked = set(policy.used)
    policy = replace(policy, used=set())
    rules = policy.rules()
    wanted = asked | {k for a in rules for k in a.rule.value_keys()}
    for entries in (policy.methods(), policy.incentives()):
        wanted |= {k for _, entry in entries.values() for k in entry.value_keys()}
    found = {key: policy.find(key) for key in sorted(wanted)}
    return {
        "as_of": policy.as_of.isoformat(),
        "packs": [_pack(p) for p in policy.packs],
        "documents": [_document(p, key) for p in policy.packs for key in p.documents],
        "rules": [_rule(a) for a in rules],
        "values": [_value(policy, v) for v in found.values() if v],
        "lacking": [_lacking(policy, key) for key, v in found.items() if v is None and _definition(policy, key)],
        "tables": [_table(policy, key) for key in sorted(_named_tables(policy, asked))],
        "methods": [_entry(p, k, m) | {"parts": _parts(m, policy)} for k, (p, m) in policy.methods().items()],
        "incentives": [_entry(p, k, e) for k, (p, e) in policy.incentives().items()],
        "offices": _offices(policy),
        "unused": [_unused(policy, u.key, u.pack, u.reason, u.since) for u in policy.unused()],
        "ended": [
            {"pack": p.id, "document": d.name, "title": d.title, "until": plain(d.until)} for p, d in policy.ended()
        ],
        "parameters": {k: plain(v) for k, v in sorted(policy.parameters.items())},
        "confirmed": sorted(policy.confirmed),
    }


def plain(value: object) -> Any:
    """A value as JSON has it: days as text, tuples as lists."""
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value.isoformat() if isinstance(value, dt.date) else value


def _words(thing: Any) -> dict[str, str]:
    return {"zh": thing.zh, "en": thing.en}


def _pack(pack: Pack) -> dict[str, Any]:
    places = [h.place for h in pack.heads.values() if h.place]
    return {
        "id": pack.id,
        "title": {"zh": pack.title("zh"), "en": pack.title("en")},
        "place": _words(places[0]) if places else None,
        "topics": list(pack.heads),
        "sha256": fingerprint(pack),
        **({} if pack.id in bundled() else {"files": {f.name: t for f, t in _texts(pack).items()}}),
    }


def fingerprint(pack: Pack) -> str:
    """SHA-256 of the text of a pack, file by file: whether two runs were judged by the same one."""
    return text_fingerprint({file.name: text for file, text in _texts(pack).items()})


def text_fingerprint(texts: Mapping[str, str]) -> str:
    """SHA-256 of the files of a pack by their names."""
    told = "\0".join(f"{name}\0{text}" for name, text in sorted(texts.items()))
    return hashlib.sha256(told.encode("utf-8")).hexdigest()


def _texts(pack: Pack) -> dict[Path, str]:
    """The files of a pack; one that has gone since it was read is left out."""
    return {file: file.read_text(encoding="utf-8-sig") for file in pack.lines if file.is_file()}


def _document(pack: Pack, key: str) -> dict[str, Any]:
    document = pack.documents[key]
    return {
        "pack": pack.id,
        "name": document.name,
        "title": document.title,
        "in_force": plain(document.in_force),
        "until": plain(document.until),
        "status": document.status,
    }


def _rule(active: Active) -> dict[str, Any]:
    rule = active.rule
    return {
        "id": active.id,
        "pack": active.pack.id,
        "family": rule.family,
        "subject": rule.subject,
        "zh": rule.zh,
        "en": rule.en,
        "label": _words(rule.label) if rule.label else None,
        "combine": rule.combine,
        "at_least": rule.at_least,
        "stage": rule.stage,
        "mandatory": rule.mandatory,
        "role": rule.role,
        "document": active.document.name,
        "clause": rule.clause,
        "cite": active.clause,
        **{part: [_condition(c) for c in getattr(rule, part)] for part in ("gate", "exempt", "conditions")},
    }


def _condition(condition: Condition) -> dict[str, Any]:
    return {k: v for k, v in condition.model_dump().items() if v not in (None, "")}


def _definition(policy: Policy, key: str) -> Value | None:
    return next((p.values[key] for p in reversed(policy.packs) if key in p.values), None)


def _value(policy: Policy, found: InForce) -> dict[str, Any]:
    own = next((p.values[found.key] for p in policy.packs if p.id == found.pack), _definition(policy, found.key))
    return {
        "key": found.key,
        "zh": own.zh if own else found.key,
        "en": own.en if own else found.key,
        "value": plain(found.value),
        "unit": found.unit,
        "cite": found.cite,
        "status": found.status,
        "source": found.source,
        "pack": found.pack,
        "wording": found.wording,
    }


def _lacking(policy: Policy, key: str) -> dict[str, Any]:
    own = _definition(policy, key)
    assert own is not None
    names = {"key": key, "name": policy.name_lacking(key), "reason": policy.lacking(key)}
    return names | _words(own) | {"unit": own.unit}


def _named_tables(policy: Policy, asked: set[str]) -> set[str]:
    named = {c.table for a in policy.rules() for c in a.rule.all_conditions() if c.table}
    return named | {key for p in policy.packs for key in p.tables if key in asked}


def _table(policy: Policy, key: str) -> dict[str, Any]:
    table = policy.table(key)
    pack = next(p for p in reversed(policy.packs) if key in p.tables)
    own = table or pack.tables[key]
    return {
        "key": key,
        **_words(own),
        "unit": own.unit,
        "edition": own.edition,
        "cite": f"{pack.documents[own.document].name} {own.clause}".strip(),
        "rows": len(own.rows),
        "in_force": table is not None,
        "pack": pack.id,
    }


def _entry(pack: Pack, key: str, entry: Any) -> dict[str, Any]:
    return {
        "id": key,
        "pack": pack.id,
        "zh": getattr(entry, "zh", key),
        "en": getattr(entry, "en", key),
        "cite": f"{pack.documents[entry.document].name} {entry.clause}".strip(),
        "values": list(entry.value_keys()),
    }


def _parts(method: Method, policy: Policy) -> dict[str, dict[str, str]]:
    """What the findings of a grading method are called, by what follows its id: indicators, limits, special classes."""
    made = {e.grade: _words(e) for e in method.exempt}
    made |= {name: _words(part) for name in ("veto", "protection") if (part := getattr(method, name)) is not None}
    for indicator in method.indicators:
        named = policy.find(indicator.metric_by) if indicator.metric_by else None
        metric = str(named.value) if named else indicator.metric
        made[metric] = _words(indicator) | {"column": metric}
    return made


def _offices(policy: Policy) -> dict[str, dict[str, str]]:
    """The office that has each field; a later pack may name another one."""
    found = {}
    for pack in policy.packs:
        for name, office in pack.offices.items():
            document = pack.documents[office.document].name
            found[name] = _words(office) | {"cite": f"{document} {office.clause}".strip(), "pack": pack.id}
    return found


def _unused(policy: Policy, key: str, pack_id: str, reason: str, since: dt.date | None) -> dict[str, Any]:
    rule = next(p.rules[key] for p in policy.packs if p.id == pack_id)
    return {
        "key": key,
        "pack": pack_id,
        "family": rule.family,
        "subject": rule.subject,
        **_words(rule),
        "reason": reason,
        "since": plain(since),
    }


def as_record(policies: object) -> Mapping[str, Any]:
    """The record of a manifest; an empty one where the run chose no packs."""
    return policies if isinstance(policies, Mapping) else {}

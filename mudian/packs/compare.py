"""What changed in policy between two days, or between two sets of packs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from mudian.packs.policy import Policy

COLUMNS = ("key", "kind", "before", "after", "unit", "cite_before", "cite_after")
KINDS = ("value", "table", "rule", "method", "incentive")


@dataclass(frozen=True)
class _Seen:
    """What is shown of an entry; ``content`` is only compared."""

    text: str
    unit: str = ""
    cite: str = ""
    content: object = None


def compare(before: Policy, after: Policy) -> pd.DataFrame:
    """What differs between two policies.

    Parameters
    ----------
    before, after
        Two policies, for example of the same packs on two days.

    Returns
    -------
    DataFrame
        One row per entry that differs: ``key``, ``kind`` (``value``, ``table``, ``rule``, ``method`` or
        ``incentive``), ``before``, ``after``, ``unit``, ``cite_before``, ``cite_after``. What does not apply on a day
        is shown by the reason in angle brackets.
    """
    first, second = _all(replace(before, used=set())), _all(replace(after, used=set()))
    rows = []
    for kind in KINDS:
        for key in sorted({k for s, k in {*first, *second} if s == kind}):
            a, b = (seen.get((kind, key), _Seen("<absent>")) for seen in (first, second))
            if a != b:
                rows.append((key, kind, a.text, b.text, b.unit or a.unit, a.cite, b.cite))
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype("str")


def _all(policy: Policy) -> dict[tuple[str, str], _Seen]:
    kinds = {
        "value": _values(policy),
        "table": _tables(policy),
        "rule": _rules(policy),
        "method": {
            k: _Seen(p.id, "", _cite(p.documents[m.document].name, m.clause), m)
            for k, (p, m) in policy.methods().items()
        },
        "incentive": {
            k: _Seen(p.id, "", _cite(p.documents[e.document].name, e.clause), e)
            for k, (p, e) in policy.incentives().items()
        },
    }
    return {(kind, key): seen for kind, found in kinds.items() for key, seen in found.items()}


def _values(policy: Policy) -> dict[str, _Seen]:
    keys = {key for pack in policy.packs for key in pack.values}
    found = {}
    for key in keys:
        value = policy.find(key)
        found[key] = _Seen(_text(value.value), value.unit, value.cite) if value else _Seen(f"<{policy.lacking(key)}>")
    return found


def _tables(policy: Policy) -> dict[str, _Seen]:
    keys = {key: pack for pack in policy.packs for key in pack.tables}
    found = {}
    for key, pack in keys.items():
        table = policy.table(key)
        if table is None:
            found[key] = _Seen("<not-yet>")
        else:
            cite = _cite(pack.documents[table.document].name, table.clause)
            found[key] = _Seen(f"{table.zh} × {len(table.rows)}", table.unit, cite, table.rows)
    return found


def _rules(policy: Policy) -> dict[str, _Seen]:
    active = {a.id: _Seen(f"{a.rule.zh} [{a.pack.id}]", "", a.clause, a.rule) for a in policy.rules()}
    return {u.key: _Seen(f"<{u.reason}>") for u in policy.unused()} | active


def _cite(document: str, clause: str) -> str:
    return f"{document} {clause}".strip()


def _text(value: object) -> str:
    return "、".join(str(v) for v in value) if isinstance(value, tuple) else str(value)

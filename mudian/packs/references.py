"""Whether what a policy pack names exists and fits: documents, values, tables, and the entries of its coverage.

Values and tables may also come from packs before it; documents and the entries of the coverage are its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import chain
from typing import TYPE_CHECKING, Any

from mudian.errors import PackError
from mudian.measure import INDICATORS, PER_MU
from mudian.packs.model import Condition, Entry, Value
from parcels.fields import nearest

if TYPE_CHECKING:
    from mudian.packs.reader import Pack

_ORDER = ("<", "<=", ">", ">=")
_GROUPS = ("industry", "zone", "county")
_PARTS = ("gate", "exempt", "conditions")


def inner_faults(pack: Pack) -> Iterator[PackError]:
    """Documents and entries of the coverage that a pack names and does not have, and averages of what is no ratio."""
    for section in ("values", "tables", "rules", "methods", "incentives", "offices"):
        for key, entry in getattr(pack, section).items():
            for inner, document in _documents(entry):
                if document not in pack.documents:
                    near = nearest(document, list(pack.documents))
                    yield _dangling(pack, section, key, *inner, name=f"documents.{document}", near=near)
    yield from _coverage(pack)
    for key, _, inner, condition in _conditions(pack):
        if condition.against in _GROUPS and condition.metric not in PER_MU and condition.metric not in INDICATORS:
            known = ", ".join([*PER_MU, *INDICATORS])
            where = pack.where("rules", key, *inner)
            yield PackError("pack-table-ratio", **where, name=condition.metric, known=known)


def _documents(entry: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The documents that an entry names, with their place in it."""
    if isinstance(entry, Value):
        yield from ((("history", n), e.document) for n, e in enumerate(entry.history))
    else:
        yield (), entry.document


def _coverage(pack: Pack) -> Iterator[PackError]:
    for n, row in enumerate(pack.coverage):
        for by in row.by:
            section, _, key = by.partition(".")
            if key not in getattr(pack, section, {}) or section == "coverage":
                file, line = pack.places["coverage", str(n)]
                known = [f"{s}.{k}" for s, k in pack.places if s != "coverage"]
                field = f"coverage: {row.item}"
                yield PackError("pack-dangling", file=file, row=line, field=field, name=by, nearest=nearest(by, known))


def outer_faults(pack: Pack, earlier: Sequence[Pack] = ()) -> Iterator[PackError]:
    """Values and tables that a pack names and that neither it nor an earlier one has, or that cannot be compared.

    Parameters
    ----------
    pack
        The pack.
    earlier
        The packs that it refines.
    """
    values = {k: v for p in (*earlier, pack) for k, v in p.values.items()}
    tables = {k for p in (*earlier, pack) for k in p.tables}
    for section, key, name in dangling_values(pack, set(values) | tables):
        yield _dangling(pack, section, key, name=f"values.{name}", near=nearest(name, sorted(values)))
    for key, _, inner, condition in _conditions(pack):
        if condition.table and condition.table not in tables:
            near = nearest(condition.table, sorted(tables))
            yield _dangling(pack, "rules", key, *inner, name=f"tables.{condition.table}", near=near)
        yield from _unfit(pack, key, inner, condition, values)


def dangling_values(pack: Pack, known: set[str]) -> list[tuple[str, str, str]]:
    """References to values that neither the pack nor ``known`` has, as section, key and value key."""
    have = known | set(pack.values)
    named = chain(
        ((("rules", key), rule.value_keys()) for key, rule in pack.rules.items()),
        ((("methods", key), method.value_keys()) for key, method in pack.methods.items()),
        ((("incentives", key), entry.value_keys()) for key, entry in pack.incentives.items()),
    )
    return [(*where, value) for where, keys in named for value in keys if value not in have]


def _unfit(
    pack: Pack, key: str, inner: tuple[str | int, ...], condition: Condition, values: dict[str, Value]
) -> Iterator[PackError]:
    """Thresholds that are no numbers where numbers are compared."""
    numeric = condition.operator in _ORDER and condition.against in ("constant", "years_ago")
    wanted = [condition.threshold] if numeric else []
    for name in (*wanted, condition.times):
        entries = values[name].history if name in values else ()
        odd = next((e for e in entries if not is_number(e)), None)
        if odd is not None:
            where = pack.where("rules", key, *inner)
            yield PackError("pack-not-number", **where, name=name, value=repr(odd.value), operator=condition.operator)
    if condition.operator == "between" and condition.threshold in values:
        for entry in values[condition.threshold].history:
            if not entry.abolished and not _is_range(entry):
                where = pack.where("rules", key, *inner)
                shown = repr(entry.value)
                yield PackError("pack-not-range", **where, name=condition.threshold, value=shown)


def is_number(entry: Entry) -> bool:
    """Whether a value can be compared as a number; what is abolished can."""
    return entry.abolished or number(entry.value) is not None


def number(value: object) -> Fraction | float | None:
    """A number, or an exact fraction written as text; None for everything else.

    Examples
    --------
    >>> number("1/3"), number(15), number("左右")
    (Fraction(1, 3), 15, None)
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    try:
        return Fraction(value) if isinstance(value, str) else None
    except (ValueError, ZeroDivisionError):
        return None


def _is_range(entry: Entry) -> bool:
    ends = entry.value if isinstance(entry.value, tuple) else ()
    numbers = [number(e) for e in ends]
    return len(numbers) == 2 and None not in numbers and float(numbers[0] or 0) <= float(numbers[1] or 0)


def _conditions(pack: Pack) -> Iterator[tuple[str, str, tuple[str | int, ...], Condition]]:
    """Every condition with its rule, its part of the rule and its place in it."""
    for key, rule in pack.rules.items():
        for part in _PARTS:
            for n, condition in enumerate(getattr(rule, part)):
                yield key, part, (part, n), condition


def _dangling(pack: Pack, section: str, key: str, *inner: str | int, name: str, near: str) -> PackError:
    return PackError("pack-dangling", **pack.where(section, key, *inner), name=name, nearest=near)

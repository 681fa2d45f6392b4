"""A policy (政策): what the chosen packs say on the day of the run.

Later packs refine earlier ones: the last pack that has an entry in force counts. A value applies on a day when its
document is in force and the value is the newest of its history; a recalled one applies only when the user confirms it
by its key, and a parameter without default only when the user sets it. What does not apply is never replaced by
something else: it is named.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Literal

from mudian.errors import PackError
from mudian.packs.catalog import load_packs
from mudian.packs.model import Applies, Document, Entry, Family, Rule, Subject, Table, Value
from mudian.packs.reader import Pack
from mudian.packs.references import number
from mudian.rules.grading.method import Method
from mudian.rules.incentive_model import Incentive
from parcels.fields import nearest

Reason = Literal["unset", "recalled", "not-yet", "ended", "abolished", "unknown"]
USER = "user"
IN_FORCE = "in_force"


@dataclass(frozen=True)
class InForce:
    """A value on the day of the run, with what it rests on.

    Attributes
    ----------
    value
        Number, word, date or tuple of them.
    document, clause
        Number of the document and the clause; for what the user set, the project file.
    status
        ``seen``, ``seed``, ``recalled`` (confirmed by the user) or ``user``.
    """

    key: str
    value: object
    unit: str
    document: str
    clause: str
    status: str
    source: str
    pack: str
    wording: str = ""

    @property
    def number(self) -> float:
        """The value as a number; a fraction as its quotient."""
        return float(Fraction(self.value)) if isinstance(self.value, str) else float(self.value)  # type: ignore[arg-type]

    @property
    def numbers(self) -> tuple[float, ...]:
        """The values of a list as numbers."""
        return tuple(replace(self, value=v).number for v in self.items)

    @property
    def items(self) -> tuple[object, ...]:
        """The values of a list; a single one counts as a list of one."""
        return self.value if isinstance(self.value, tuple) else (self.value,)

    @property
    def cite(self) -> str:
        """Document and clause as they are cited."""
        return f"{self.document} {self.clause}".strip()


@dataclass(frozen=True)
class Active:
    """A rule in force, with the pack it stands in."""

    id: str
    rule: Rule
    pack: Pack = field(repr=False)
    applies: tuple[Applies, ...] = ()

    @property
    def document(self) -> Document:
        """The document of the rule."""
        return self.pack.documents[self.rule.document]

    @property
    def clause(self) -> str:
        """Document and clause as they are cited."""
        return f"{self.document.name} {self.rule.clause}".strip()


@dataclass(frozen=True)
class Unused:
    """An entry that does not apply on the day, and why."""

    key: str
    pack: str
    reason: Reason
    since: dt.date | None = None


@dataclass(frozen=True)
class Policy:
    """What the packs say on one day. Make one with :func:`policies`.

    Attributes
    ----------
    as_of
        The day.
    packs
        The packs, in the order in which they refine each other.
    parameters, confirmed
        What the user set, and the recalled values that the user confirmed.
    factor, scaled
        A factor on numeric thresholds (sensitivity), and the keys it is limited to.
    used
        Keys that were asked for and found.
    """

    as_of: dt.date
    packs: tuple[Pack, ...] = field(repr=False)
    parameters: Mapping[str, object] = field(default_factory=dict)
    confirmed: frozenset[str] = frozenset()
    factor: float = 1.0
    scaled: frozenset[str] | None = None
    used: set[str] = field(default_factory=set, repr=False, compare=False)

    def find(self, key: str) -> InForce | None:
        """The value of a key, or None where none applies; see :meth:`lacking`."""
        found = self._user(key) or next((f for f in self._candidates(key) if isinstance(f, InForce)), None)
        if found is not None:
            self.used.add(key)
        return self._scale(found) if found else None

    def number(self, key: str) -> float | None:
        """The number of a key, or None where none applies."""
        found = self.find(key)
        return None if found is None else found.number

    def lacking(self, key: str) -> Reason | None:
        """Why a key has no value on the day; None where it has one."""
        if self.find(key) is not None:
            return None
        return next((f for f in self._candidates(key) if isinstance(f, str)), "unknown")

    def name_lacking(self, key: str) -> str:
        """How a value that does not apply is named among missing fields."""
        masked = next((d for d in self._masked(key) if d not in self.parameters), None)
        if masked:
            return f"parameter:{masked}"
        return f"confirm:{key}" if self.lacking(key) == "recalled" else f"parameter:{key}"

    def require(self, *keys: str) -> tuple[dict[str, InForce], list[str]]:
        """The values of several keys, and how those that do not apply are named."""
        found = {key: value for key in keys if (value := self.find(key)) is not None}
        return found, [self.name_lacking(key) for key in keys if key not in found]

    def rules(self, family: Family | None = None, subject: Subject | None = None) -> list[Active]:
        """The rules in force, each id once, in the order in which the packs name them."""
        return [
            a
            for a in self._resolved()
            if family in (None, a.rule.family) and subject in (None, a.rule.subject) and self.why_unused(a) is None
        ]

    def methods(self) -> dict[str, tuple[Pack, Method]]:
        """The grading methods in force, by id."""
        ready = [(p, k, m) for p in self.packs for k, m in p.methods.items() if self._usable(p, m.document)]
        return {key: (pack, method) for pack, key, method in ready}

    def incentives(self) -> dict[str, tuple[Pack, Incentive]]:
        """The incentives in force, by id."""
        ready = [(p, k, e) for p in self.packs for k, e in p.incentives.items() if self._usable(p, e.document)]
        return {key: (pack, entry) for pack, key, entry in ready}

    def table(self, key: str) -> Table | None:
        """A table in force, without rows that are recalled and not confirmed."""
        having = (p.tables[key] for p in reversed(self.packs) if key in p.tables and self._table_in_force(key, p))
        table = next(having, None)
        if table is None:
            return None
        self.used.add(key)
        kept = tuple(r for r in table.rows if r[3] != "recalled" or key in self.confirmed)
        return table.model_copy(update={"rows": kept})

    def with_factor(self, factor: float, keys: Iterable[str] | None = None) -> Policy:
        """The same policy with numeric thresholds multiplied by ``factor``."""
        return replace(self, factor=factor, scaled=None if keys is None else frozenset(keys))

    def unused(self) -> list[Unused]:
        """Rules of the packs that are not applied on the day, and why."""
        reasons = [(a, self.why_unused(a)) for a in self._resolved()]
        return [Unused(a.id, a.pack.id, why, a.document.in_force) for a, why in reasons if why is not None]

    def ended(self) -> list[tuple[Pack, Document]]:
        """Documents whose last day lies before the day of the run."""
        return [(p, d) for p in self.packs for d in p.documents.values() if d.until and d.until < self.as_of]

    def why_unused(self, active: Active) -> Reason | None:
        """Why a rule is not applied on the day; None where it is, even if a value of it must still be given."""
        state = self._state(active.document, active.pack)
        if state not in (None, "unset"):
            return state
        reasons = [self.lacking(key) for key in active.rule.value_keys()]
        if state == "unset" and not any(reasons):  # nothing would name the day that its document lacks
            return "unset"
        return next((r for r in reasons if r in ("not-yet", "abolished")), None)

    def _resolved(self) -> list[Active]:
        """Every rule once: that of the last pack where it is in force, else of the last pack that has it."""
        chosen: dict[str, Active] = {}
        for pack in self.packs:
            for key in pack.rules:
                active = self._active(key, pack)
                if key not in chosen or self.why_unused(active) in (None, "abolished"):
                    chosen[key] = active
        return list(chosen.values())

    def _usable(self, pack: Pack, document: str) -> bool:
        return self._state(pack.documents[document], pack) is None

    def _table_in_force(self, key: str, pack: Pack) -> bool:
        table = pack.tables[key]
        return table.since <= self.as_of and self._usable(pack, table.document)

    def _active(self, key: str, pack: Pack) -> Active:
        return Active(key, pack.rules[key], pack, (pack.head_of("rules", key), pack.rules[key]))

    def _user(self, key: str) -> InForce | None:
        if key not in self.parameters:
            return None
        defined = next((p.values[key] for p in reversed(self.packs) if key in p.values), None)
        unit = defined.unit if defined else ""
        value = self.parameters[key]
        value = tuple(value) if isinstance(value, list) else value
        return InForce(key, value, unit, "项目文件", f"[parameters] {key}", USER, "", "")

    def _candidates(self, key: str) -> Iterable[InForce | Reason]:
        """What each pack says of a key, the last pack first; an abolition or an open parameter ends the search."""
        for pack in reversed(self.packs):
            if key not in pack.values:
                continue
            found = self._in_pack(key, pack)
            yield found
            if found in ("unset", "abolished", "recalled"):
                return

    def _in_pack(self, key: str, pack: Pack) -> InForce | Reason:
        value = pack.values[key]
        if not value.history:
            return "unset"
        usable = [e for e in value.history if e.since <= self.as_of]
        if not usable:
            return "not-yet"
        entry = usable[-1]
        state = self._state(pack.documents[entry.document], pack)
        if state is not None:
            return state
        if entry.abolished:
            return "abolished"
        if entry.status == "recalled" and key not in self.confirmed:
            return "recalled"
        return self._made(key, value, entry, pack)

    def _made(self, key: str, value: Value, entry: Entry, pack: Pack) -> InForce:
        document = pack.documents[entry.document].name
        return InForce(
            key, entry.value, value.unit, document, entry.clause, entry.status, entry.source or entry.quote, pack.id,
            entry.wording,
        )  # fmt: skip

    def _state(self, document: Document, pack: Pack) -> Reason | None:
        """Why a document may not be used on the day; one that has ended with a warning is still used."""
        start = document.in_force or self._masked_start(pack)
        if start is None:
            return "unset"
        if start > self.as_of:
            return "not-yet"
        return "ended" if document.until and document.until < self.as_of and document.after_end == "refuse" else None

    def _masked_start(self, pack: Pack) -> dt.date | None:
        given = self.parameters.get(f"{pack.id}.{IN_FORCE}")
        return given if isinstance(given, dt.date) else None

    def _masked(self, key: str) -> list[str]:
        packs = [p for p in reversed(self.packs) if key in p.values][:1]
        return [
            f"{p.id}.{IN_FORCE}"
            for p in packs
            if any(p.documents[e.document].year_masked for e in p.values[key].history)
        ]

    def _scale(self, found: InForce) -> InForce:
        numeric = isinstance(found.value, int | float) and not isinstance(found.value, bool)
        fraction = isinstance(found.value, str) and "/" in found.value and found.value.replace("/", "").isdigit()
        if (
            self.factor == 1.0
            or not (numeric or fraction)
            or (self.scaled is not None and found.key not in self.scaled)
        ):
            return found
        return replace(found, value=found.number * self.factor)


def policies(
    names: Sequence[str],
    *,
    as_of: dt.date,
    parameters: Mapping[str, object] | None = None,
    confirmed: Iterable[str] = (),
    folder: str | Path | None = None,
) -> Policy:
    """Read policy packs and hold them against a day.

    Parameters
    ----------
    names
        Ids of bundled packs and paths of the user's own; later ones refine earlier ones.
    as_of
        The day whose values count.
    parameters
        Values that the user sets, by key: parameters without default, or other values than the pack has.
    confirmed
        Keys of recalled values (and tables) that the user has checked and confirms.
    folder
        What relative paths are relative to.

    Returns
    -------
    Policy

    Raises
    ------
    PackError
        When a pack is unknown or wrong, when a document that must not be used after its end has ended, or when a
        parameter or a confirmed key is in none of the packs.

    Examples
    --------
    >>> import datetime as dt
    >>> policy = policies(["taian-2021"], as_of=dt.date(2025, 12, 31))
    >>> policy.find("taian.separate_land.investment").number
    5000.0
    """
    packs = load_packs(names, folder=None if folder is None else Path(folder))
    policy = Policy(as_of, tuple(packs), dict(parameters or {}), frozenset(confirmed))
    _refuse_unknown(policy)
    for pack, document in policy.ended():
        if document.after_end == "refuse":
            raise PackError("policy-ended", name=document.name, pack=pack.id, until=document.until, as_of=as_of)
    return policy


def _refuse_unknown(policy: Policy) -> None:
    known = {key for p in policy.packs for key in (*p.values, *p.tables)}
    masked = {f"{p.id}.{IN_FORCE}" for p in policy.packs if any(d.year_masked for d in p.documents.values())}
    for key in policy.parameters:
        if key not in known | masked:
            near = nearest(key, sorted(known | masked))
            raise PackError("parameter-unknown", field=f"parameters.{key}", name=key, nearest=near)
        _refuse_kind(policy, key, masked=key in masked)
    for key in policy.confirmed:
        if key not in known:
            near = nearest(key, sorted(known))
            raise PackError("parameter-unknown", field="project.confirmed", name=key, nearest=near)


def _refuse_kind(policy: Policy, key: str, *, masked: bool) -> None:
    """Refuse a parameter that is not of the kind that its pack has or its unit says."""
    given = policy.parameters[key]
    defined = next((p.values[key] for p in reversed(policy.packs) if key in p.values), None)
    if masked:
        right, kind = isinstance(given, dt.date), "2025-01-01"
    else:
        usual = [e.value for e in defined.history if not e.abolished] if defined else []
        numeric = all(number(v) is not None for v in usual) if usual else bool(defined and defined.unit)
        lists = bool(usual) and isinstance(usual[-1], tuple)
        several = given if isinstance(given, list | tuple) else [given]
        right = not numeric or lists or all(number(v) is not None for v in several)
        kind = f'{defined.unit} 1, 0.5, "1/3"'.strip() if defined else ""
    if not right:
        raise PackError("parameter-kind", field=f"parameters.{key}", name=key, value=repr(given), kind=kind)

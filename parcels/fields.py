"""Which column is which: canonical fields, the names they go by, and how sure the match is.

Column names of real deliveries are pinyin codes (ZDDM), plain Chinese, names cut at 10 bytes (5 GBK or 3 UTF-8
characters) or merged headers. A match is by equality of folded names, never by likeness: a near miss is left
alone and said. Every match is recorded with its method.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from parcels.catalog import Lang
from parcels.errors import FieldError
from parcels.units import fold, is_unit, split_header, without_unit

KINDS = ("id", "text", "number", "integer", "date", "boolean")
_STUMPS = (5, 3)
_ASCII_STUMP = 10


@dataclass(frozen=True)
class Field:
    """One canonical column.

    Attributes
    ----------
    name
        Key in the schema and in ``fields`` of the project file.
    column
        Name of the column in the result (with its unit suffix).
    kind
        ``id``, ``text``, ``number``, ``integer``, ``date`` or ``boolean``.
    dimension
        Dimension of the unit for numbers that have one (``area``, ``money`` …).
    check
        Kind of code check (``parcel``, ``unit``, ``credit``, ``land_use``), empty for none.
    """

    name: str
    column: str
    kind: str
    zh: str
    en: str
    aliases: tuple[str, ...] = ()
    dimension: str = ""
    check: str = ""

    def title(self, lang: Lang) -> str:
        """The name for people."""
        return self.zh if lang == "zh" else self.en

    def names(self) -> tuple[str, ...]:
        """All names the field answers to, canonical ones first."""
        return tuple(dict.fromkeys((self.column, self.name, *self.aliases)))


@dataclass(frozen=True)
class Match:
    """A source column that was taken for a field, and by what right."""

    field: Field
    column: str
    method: str


@dataclass(frozen=True)
class Matching:
    """The result of matching a table against a schema."""

    matches: dict[str, Match]
    rivals: tuple[Match, ...] = ()
    ambiguous: dict[str, tuple[str, ...]] = field(default_factory=dict)


class Schema:
    """An ordered set of fields; later schemas extend earlier ones.

    Examples
    --------
    >>> cadastral().match(["ZDDM", "QLR", "毛重"]).matches["parcel_id"].column
    'ZDDM'
    """

    def __init__(self, fields: Iterable[Field]) -> None:
        self.fields: dict[str, Field] = {f.name: f for f in fields}

    @classmethod
    def load(cls, file: Traversable) -> Schema:
        """Read a schema from a TOML file with one table per field."""
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
        return cls(
            Field(
                name=name,
                column=entry.get("column", name),
                kind=entry["kind"],
                zh=entry["zh"],
                en=entry["en"],
                aliases=tuple(entry.get("aliases", ())),
                dimension=entry.get("dimension", ""),
                check=entry.get("check", ""),
            )
            for name, entry in raw.items()
        )

    def __add__(self, other: Schema) -> Schema:
        return Schema([*self.fields.values(), *other.fields.values()])

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields.values())

    def get(self, name: str) -> Field | None:
        """A field by its name or by the name of its result column."""
        found = self.fields.get(name)
        return found or next((f for f in self if f.column == name), None)

    def match(self, columns: Sequence[str], *, given: Mapping[str, str] | None = None) -> Matching:
        """Find the source column of every field.

        Parameters
        ----------
        columns
            Names as they stand in the source.
        given
            Canonical name → source column, as the user states it; never overruled.

        Raises
        ------
        FieldError
            When ``given`` names an unknown field or a column that does not exist.
        """
        taken = {name: Match(f, column, "given") for name, (f, column) in self._given(columns, given or {}).items()}
        used = {m.column for m in taken.values()}
        rivals: list[Match] = []
        claims = self._claims([c for c in columns if c not in used])
        for name, options in claims.items():
            if name not in taken:
                taken[name] = options[0]
                options = options[1:]
            rivals += [m for m in options if m.column not in {t.column for t in taken.values()}]
        free = [c for c in columns if c not in {m.column for m in taken.values()} | {m.column for m in rivals}]
        stumps, ambiguous = self._stumps(free, taken)
        return Matching(taken | stumps, tuple(rivals), ambiguous)

    def _given(self, columns: Sequence[str], given: Mapping[str, str]) -> dict[str, tuple[Field, str]]:
        found: dict[str, tuple[Field, str]] = {}
        for canonical, column in given.items():
            wanted = self.get(canonical)
            if wanted is None:
                known = [f.column for f in self]
                raise FieldError(
                    "field-unknown",
                    canonical=canonical,
                    columns=", ".join(known),
                    nearest=nearest(canonical, known),
                )
            if column not in columns:
                raise FieldError(
                    "field-missing",
                    field=column,
                    column=column,
                    canonical=canonical,
                    columns=", ".join(columns),
                    nearest=nearest(column, columns),
                )
            found[wanted.name] = (wanted, column)
        return found

    def _claims(self, columns: Sequence[str]) -> dict[str, list[Match]]:
        spelled = {column: _spellings(column) for column in columns}
        claims: dict[str, list[tuple[int, int, Match]]] = {}
        for f in self:
            ranks = {fold(name): i for i, name in reversed(list(enumerate(f.names())))}
            for column, spellings in spelled.items():
                hits = [(i, ranks[s]) for i, s in enumerate(spellings) if s in ranks]
                if hits:
                    depth, rank = min(hits)
                    method = "name" if depth == 0 and column in (f.column, f.name) else "alias"
                    claims.setdefault(f.name, []).append((depth, rank, Match(f, column, method)))
        return {
            name: [m for _, _, m in sorted(options, key=lambda o: o[:2])] for name, options in _settle(claims).items()
        }

    def _stumps(
        self, columns: Sequence[str], taken: Mapping[str, Match]
    ) -> tuple[dict[str, Match], dict[str, tuple[str, ...]]]:
        found: dict[str, list[Match]] = {}
        ambiguous: dict[str, tuple[str, ...]] = {}
        for column in columns:
            names = [
                f for f in self if f.name not in taken and any(_is_stump(fold(column), fold(a)) for a in f.names())
            ]
            if len(names) == 1:
                found.setdefault(names[0].name, []).append(Match(names[0], column, "stump"))
            elif names:
                ambiguous[column] = tuple(f.zh for f in names)
        for options in found.values():
            if len(options) > 1:
                ambiguous |= {m.column: (m.field.zh,) for m in options}
        return {name: options[0] for name, options in found.items() if len(options) == 1}, ambiguous


def _settle(claims: dict[str, list[tuple[int, int, Match]]]) -> dict[str, list[tuple[int, int, Match]]]:
    """Give a column that several fields claim to the field that knows its whole name best."""
    best: dict[str, tuple[int, int, str]] = {}
    for name, options in claims.items():
        for depth, rank, match in options:
            key = (depth, rank, name)
            if match.column not in best or key[:2] < best[match.column][:2]:
                best[match.column] = key
    return {
        name: kept for name, options in claims.items() if (kept := [o for o in options if best[o[2].column][2] == name])
    }


def _spellings(column: str) -> list[str]:
    """The forms a header is compared in, most telling first: whole, without brackets and year, its parts."""
    bare, _ = split_header(column)
    plain = re.sub(r"^(19|20)\d{2}年?度?[_\s]*", "", fold(bare))
    plain = re.sub(r"[*★：:]+", "", plain)
    parts = [p for p in re.split(r"[_\-/]", plain) if p]
    if plain.isascii():  # ZDMJ_M2 is an area with its unit; SP_ID and OWNER_OCC are names of their own
        parts = parts if len(parts) == 2 and is_unit(parts[1]) else []
    forms = [
        fold(column),
        fold(bare),
        plain,
        without_unit(plain),
        *(parts[-1:] if len(parts) > 1 and not plain.isascii() else []),
        *(parts[:1] if len(parts) > 1 else []),
    ]
    return list(dict.fromkeys(f for f in forms if f))


def _is_stump(column: str, alias: str) -> bool:
    if column.isascii():
        return len(column) == _ASCII_STUMP < len(alias) and alias.startswith(column)
    return len(column) in _STUMPS and len(alias) > len(column) and alias.startswith(column)


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that looks most like ``name``, for messages; empty when none does."""
    return next(iter(difflib.get_close_matches(name, list(known), n=1, cutoff=0.4)), "—")


@lru_cache(maxsize=1)
def cadastral() -> Schema:
    """The schema of cadastral data (宗地)."""
    return Schema.load(files("parcels") / "data" / "fields.toml")

"""Reading policy packs: one TOML file or a folder of them, checked whole before anything is used.

A fault names file, line and entry: an unknown or repeated key, a number without its document, a reference that leads
nowhere.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from mudian.errors import PackError
from mudian.packs.lines import Path as Place
from mudian.packs.lines import line_of, locate
from mudian.packs.model import (
    Covered,
    Document,
    Head,
    Office,
    PackFile,
    Rule,
    Table,
    Value,
)
from mudian.packs.references import inner_faults
from mudian.rules.grading.method import Method
from mudian.rules.incentive_model import Incentive

SECTIONS = ("documents", "values", "tables", "rules", "methods", "incentives", "offices")
_TWICE = re.compile("twice|overwrite|[Dd]uplicate|redefine|mutate")
_SHOWN = 80  # characters of a wrong value
# What the models say of a whole entry, and the error that tells it to people.
_CODES = {
    "in_force, or year_masked": "pack-document-day",
    "until before in_force": "pack-document-until",
    "value, or abolished": "pack-entry-value",
    "source or quote": "pack-entry-source",
    "history from old to new": "pack-history-order",
    "each key once": "pack-table-keys",
    "against =": "pack-comparator",
    "operator = 'is'": "pack-expect",
    "conditions": "pack-rule-conditions",
    "combine = 'at_least'": "pack-rule-count",
    "computed: by which": "pack-coverage-by",
    "the reason, in zh and en": "pack-coverage-reason",
}


@dataclass(frozen=True)
class Pack:
    """A pack as read: the entries of all its files, with the place of each.

    Attributes
    ----------
    heads
        ``[pack]`` of every file, by topic.
    places
        File and line of every entry, by section and key; rows of the coverage by their number.
    lines
        Line of everything, by file and path.
    """

    id: str
    heads: dict[str, Head]
    documents: dict[str, Document] = field(default_factory=dict)
    values: dict[str, Value] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    rules: dict[str, Rule] = field(default_factory=dict)
    methods: dict[str, Method] = field(default_factory=dict)
    incentives: dict[str, Incentive] = field(default_factory=dict)
    offices: dict[str, Office] = field(default_factory=dict)
    coverage: tuple[Covered, ...] = ()
    places: dict[tuple[str, str], tuple[Path, int | None]] = field(default_factory=dict, repr=False)
    topics: dict[tuple[str, str], str] = field(default_factory=dict, repr=False)
    lines: dict[Path, dict[Place, int]] = field(default_factory=dict, repr=False)

    def head_of(self, section: str, key: str) -> Head:
        """``[pack]`` of the file that an entry stands in."""
        return self.heads[self.topics[section, key]]

    def title(self, lang: str) -> str:
        """The titles of the pack's topics."""
        return ("；" if lang == "zh" else "; ").join(h.title.say(lang) for h in self.heads.values())

    def where(self, section: str, key: str, *inner: str | int) -> dict[str, Any]:
        """File, line and name of an entry or of something in it, for an error."""
        file, line = self.places[section, key]
        if inner:
            line = line_of(self.lines[file], (section, key, *inner)) or line
        return {"file": file, "row": line, "field": ".".join(map(str, (section, key, *inner)))}


@dataclass(frozen=True)
class _File:
    path: Path
    content: PackFile
    lines: dict[Place, int]


def read_pack(path: str | Path) -> Pack:
    """Read a pack and check that it is whole.

    Parameters
    ----------
    path
        A ``.toml`` file, or a folder of ``.toml`` files with one ``[pack]`` id.

    Raises
    ------
    PackError
        With file, line and entry, when something in it is wrong; the first fault where there are several.
    """
    pack, faults = examine_pack(path)
    if pack is None or faults:
        raise faults[0]
    return pack


def examine_pack(path: str | Path) -> tuple[Pack | None, list[PackError]]:
    """Read a pack and tell all its faults.

    Parameters
    ----------
    path
        A ``.toml`` file, or a folder of ``.toml`` files with one ``[pack]`` id.

    Returns
    -------
    Pack or None, list of PackError
        The pack, where its files can be understood at all, and every fault that was found in it.
    """
    path = Path(path)
    files = sorted(path.glob("*.toml")) if path.is_dir() else [path]
    if not files or not path.exists():
        return None, [PackError("pack-missing", file=path)]
    read: list[_File] = []
    faults: list[PackError] = []
    for file in files:
        try:
            read.append(_read_file(file))
        except PackError as error:
            faults.append(error)
        except _Invalid as several:
            faults += several.faults
    if faults:
        return None, faults
    pack, faults = _merge(read, path)
    return pack, [*faults, *inner_faults(pack)]


class _Invalid(Exception):
    """The faults of a file that is TOML but no pack."""

    def __init__(self, faults: list[PackError]) -> None:
        super().__init__()
        self.faults = faults


def _read_file(file: Path) -> _File:
    text, raw = _parse(file)
    lines = locate(text)
    try:
        return _File(file, PackFile.model_validate(raw), lines)
    except ValidationError as error:
        raise _Invalid(_explain(error, file, lines, raw)) from None


def _parse(file: Path) -> tuple[str, dict[str, Any]]:
    try:
        data = file.read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise PackError("pack-unreadable", file=file, detail=error.strerror or str(error)) from None
    except UnicodeDecodeError as error:
        raise PackError("pack-not-utf8", file=file, row=data.count(b"\n", 0, error.start) + 1) from None
    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        line = int(found[1]) if found else text.rstrip().count("\n") + 1
        if _TWICE.search(str(error)):
            raise PackError("pack-key-twice", file=file, row=line, detail=_line(text, line)) from None
        raise PackError("pack-not-toml", file=file, row=line, detail=str(error)) from None


def _line(text: str, number: int) -> str:
    return text.splitlines()[number - 1].strip()[:_SHOWN]


def _explain(error: ValidationError, file: Path, lines: dict[Place, int], raw: Mapping[str, object]) -> list[PackError]:
    """One fault per place, unknown keys first: a misspelt key is often the one that is missing, too."""
    found = sorted(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
    faults: dict[Place, PackError] = {}
    for one in found:
        place = _place(one, raw)
        if place not in faults:
            faults[place] = _fault(one, place, file, lines)
    return list(faults.values())


def _fault(one: ErrorDetails, place: Place, file: Path, lines: dict[Place, int]) -> PackError:
    dotted = ".".join(map(str, place))
    where: dict[str, Any] = {"file": file, "row": line_of(lines, place) or 1, "field": dotted, "key": str(place[-1])}
    if one["type"] == "extra_forbidden":
        return PackError("pack-key-unknown", **where)
    if one["type"] == "missing":
        return PackError("pack-key-missing", **where)
    detail = one["msg"].removeprefix("Value error, ")
    if isinstance(one["input"], dict) and one["type"] == "value_error":
        code = next((c for said, c in _CODES.items() if detail.startswith(said)), "pack-entry")
        return PackError(code, **where | {"key": dotted}, detail=detail)
    value = repr(one["input"])[:_SHOWN]
    if one["type"] == "literal_error":
        return PackError("pack-choice", **where, value=value, allowed=one["ctx"]["expected"])
    code = "pack-kind" if len(place) < len(one["loc"]) else "pack-value"
    return PackError(code, **where, value=value, detail=detail)


def _place(one: ErrorDetails, raw: Mapping[str, object]) -> Place:
    """Where an error is in the file: its parts without the names of alternatives that pydantic puts in between."""
    here: Any = raw
    place: list[str | int] = []
    for part in one["loc"]:
        inside = part in here if isinstance(here, dict) else isinstance(here, list) and part in range(len(here))
        if inside:
            here = here[part]
            place.append(part)
        elif one["type"] == "missing" and part == one["loc"][-1]:
            place.append(part)
    return tuple(place) or ("pack",)


def _merge(files: list[_File], path: Path) -> tuple[Pack, list[PackError]]:
    first = files[0]
    stem = path.name if path.is_dir() else path.stem
    pack = Pack(first.content.pack.id, {}, lines={f.path: f.lines for f in files})
    faults: list[PackError] = []
    if pack.id != stem:
        row = line_of(first.lines, ("pack", "id"))
        faults.append(PackError("pack-id", file=first.path, row=row, field="pack.id", id=pack.id, name=stem))
    coverage: list[Covered] = []
    for file in files:
        head = file.content.pack
        if head.id != pack.id or head.topic in pack.heads:
            row = line_of(file.lines, ("pack", "id" if head.id != pack.id else "topic"))
            faults.append(PackError("pack-files-differ", file=file.path, row=row, field="pack", id=pack.id))
        pack.heads.setdefault(head.topic, head)
        faults += _take(pack, file)
        for n, row_of in enumerate(file.content.coverage):
            pack.places["coverage", str(len(coverage))] = (file.path, line_of(file.lines, ("coverage", n)))
            coverage.append(row_of)
    object.__setattr__(pack, "coverage", tuple(coverage))
    return pack, faults


def _take(pack: Pack, file: _File) -> list[PackError]:
    """Put the entries of a file into its pack; each stands in one file, a document may be repeated as it is."""
    faults: list[PackError] = []
    for section in SECTIONS:
        have = getattr(pack, section)
        for key, entry in getattr(file.content, section).items():
            line = line_of(file.lines, (section, key))
            if key in have and (section != "documents" or have[key] != entry):
                where: dict[str, Any] = {"file": file.path, "row": line, "field": f"{section}.{key}"}
                faults.append(PackError("pack-key-twice", **where, detail=key))
                continue
            have[key] = entry
            pack.places[section, key] = (file.path, line)
            pack.topics[section, key] = file.content.pack.topic
    return faults

"""The policy of a finished run, made again: from its manifest, from the packs of the program, or from the files.

A run keeps the text of the user's own packs and the SHA-256 of every pack. What has changed since is said, and the
values that the run recorded take the place of the present ones; judging the run again shows whether that is enough.
"""

from __future__ import annotations

import datetime as dt
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from mudian.errors import PackError
from mudian.evaluation import Evaluation
from mudian.explain.record import as_record, fingerprint, plain, text_fingerprint
from mudian.packs.catalog import bundled, find_pack
from mudian.packs.policy import Policy
from mudian.packs.reader import Pack, read_pack

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class RunPolicy:
    """What a run was judged by.

    Attributes
    ----------
    as_of
        The day.
    packs
        The packs that could be had.
    parameters, confirmed
        Choices of the user.
    changed, lost
        Packs that are not as they were in the run (recorded values stand in), and packs that cannot be had.
    prints
        SHA-256 of every pack as the run had it, by id; of the present one where the run did not record it.
    """

    as_of: dt.date
    packs: tuple[Pack, ...] = field(repr=False)
    parameters: Mapping[str, object]
    confirmed: frozenset[str]
    changed: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    prints: Mapping[str, str] = field(default_factory=dict)

    @property
    def exact(self) -> bool:
        """Whether every pack is as it was in the run."""
        return not (self.changed or self.lost)

    def on(self, day: dt.date) -> Policy:
        """The policy of the run on a day."""
        return Policy(day, self.packs, dict(self.parameters), self.confirmed)

    def chooses_like(self, other: RunPolicy) -> bool:
        """Whether packs and choices are those of another run; the day aside."""
        mine, theirs = ((list(r.prints.items()), dict(r.parameters), r.confirmed, r.lost) for r in (self, other))
        return mine == theirs


def run_policy(run: Evaluation, *, folders: Iterable[Path] = ()) -> RunPolicy:
    """Make the policy of a run again.

    Parameters
    ----------
    run
        The results of the run.
    folders
        Where its own packs may lie, for runs whose manifest does not keep them; a file counts only when its SHA-256 is
        the recorded one.
    """
    settings, record = run.manifest["project"], as_record(run.manifest.get("policies"))
    recorded = {p["id"]: p for p in record.get("packs", ())}
    packs: dict[str, Pack] = {}
    prints: dict[str, str] = {}
    changed, lost = [], []
    for number, name in enumerate(settings.get("policies", ()), start=1):
        found = _pack(str(name), recorded, _files(run, number), list(folders))
        if found is None:
            lost.append(str(name))
            continue
        pack, print_ = found
        packs.setdefault(pack.id, pack)
        kept = recorded.get(pack.id, {}).get("sha256", print_)
        prints.setdefault(pack.id, kept)
        if kept != print_:
            changed.append(pack.id)
    parameters = {k: _value(v) for k, v in record.get("parameters", {}).items()}
    made = RunPolicy(
        dt.date.fromisoformat(str(settings["as_of"])), tuple(packs.values()), parameters,
        frozenset(record.get("confirmed", settings.get("confirmed", ()))), tuple(changed), tuple(lost), prints,
    )  # fmt: skip
    if made.exact and all("sha256" in p for p in recorded.values()):
        return made
    return replace(made, parameters=_recorded_values(made, record) | dict(parameters))


def _recorded_values(policy: RunPolicy, record: Mapping[str, Any]) -> dict[str, object]:
    """Values that the run used and the packs at hand give differently."""
    now = policy.on(policy.as_of)
    known = {key for pack in policy.packs for key in pack.values}
    found: dict[str, object] = {}
    for entry in record.get("values", ()):
        present = now.find(entry["key"]) if entry["key"] in known else None
        if entry["key"] in known and (present is None or plain(present.value) != entry["value"]):
            found[entry["key"]] = _value(entry["value"])
    return found


def _value(given: object) -> object:
    """A value as JSON has it, as packs have it."""
    if isinstance(given, list):
        return tuple(given)
    return dt.date.fromisoformat(given) if isinstance(given, str) and _DAY.fullmatch(given) else given


def _files(run: Evaluation, number: int) -> list[Mapping[str, Any]]:
    inputs: Mapping[str, Any] = run.manifest.get("inputs", {})
    return list(inputs.get(f"policy:{number}", ()))


def _pack(
    name: str, recorded: Mapping[str, Mapping[str, Any]], files: Sequence[Mapping[str, Any]], folders: list[Path]
) -> tuple[Pack, str] | None:
    """A pack as the run had it, as far as it can be had, with its SHA-256."""
    if name in bundled():
        return find_pack(name), fingerprint(find_pack(name))
    entry = _entry(name, recorded, files)
    if entry and entry.get("files"):
        pack = _from_texts(name, entry["files"])
        return None if pack is None else (pack, text_fingerprint(entry["files"]))
    lying = (_from_folder(folder, name, files) for folder in folders)
    return next(((p, fingerprint(p)) for p in lying if p is not None), None)


def _entry(
    name: str, recorded: Mapping[str, Mapping[str, Any]], files: Sequence[Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    """The record of the user's own pack that a path names: by its files, else by its stem."""
    own = [p for p in recorded.values() if p.get("files")]
    names = {Path(f["file"]).name for f in files} or {Path(name).name}
    return next((p for p in own if set(p["files"]) == names), None) or recorded.get(Path(name).stem)


def _from_texts(name: str, texts: Mapping[str, str]) -> Pack | None:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / Path(name).stem
        folder.mkdir()
        for file, text in texts.items():
            (folder / Path(file).name).write_text(text, encoding="utf-8")
        single = [folder / Path(file).name for file in texts]
        return _read(single[0] if Path(name).suffix == ".toml" and len(single) == 1 else folder)


def _from_folder(folder: Path, name: str, files: Sequence[Mapping[str, Any]]) -> Pack | None:
    """A pack that lies in a folder, if it is byte by byte the one of the run."""
    kept = [(folder / f["file"], f["sha256"]) for f in files]
    same = bool(kept) and all(p.is_file() and sha256(p.read_bytes()).hexdigest() == digest for p, digest in kept)
    return _read(folder / name) if same and (folder / name).exists() else None


def _read(path: Path) -> Pack | None:
    try:
        return read_pack(path)
    except PackError:
        return None

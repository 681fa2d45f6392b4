"""Opening zip deliveries: unpacked to a temporary folder, under plain names, within bounds.

Members are written under numbers, never under their own names, so no name can lead out of the folder;
parts of one shapefile keep one number, and a .gdb stays a folder. Caveat: the limits guard the disk,
they do not judge the sender.
"""

from __future__ import annotations

import errno
import re
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from parcels.catalog import CATALOG
from parcels.errors import FormatError
from parcels.ledger import Ledger
from parcels.readers.formats import LAYER_KINDS, SHAPEFILE_PARTS, Format, detect, is_junk, refuse, walk
from parcels.readers.zipdir import ENCRYPTED_FLAG, open_zip, real_names

MAX_BYTES = 8 * 1024**3
MAX_RATIO = 400
MAX_MEMBERS = 20_000
RATIO_FREE_BYTES = 64 * 1024**2
CHUNK = 1024**2
NESTING = 1

_ASIDE = frozenset(
    {".pdf", ".doc", ".docx", ".wps", ".ppt", ".pptx", ".rtf", ".md", ".htm", ".html", ".css", ".js", ".exe"}
    | {".jpg", ".jpeg", ".png", ".gif", ".bmp", ".mp4", ".avi", ".mp3", ".sbn", ".sbx", ".qix", ".fix"}
)
_UNREADABLE = frozenset(
    {"mdb", "dwg", "dxf-binary", "vct", "mapgis", "udb", "rar", "7z", "gz", "tiles", "arrow", "lfs-pointer"}
    | {"parquet-damaged", "sqlite-damaged", "gdb-damaged", "empty"}
)
_SIDE_PARTS = {
    ".shp": frozenset(SHAPEFILE_PARTS) - {".shp"} | {".shp.xml"},
    ".tab": frozenset({".dat", ".map", ".id", ".ind"}),
    ".mif": frozenset({".mid"}),
    ".gml": frozenset({".xsd", ".gfs"}),
}
_DRIVE = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True)
class Member:
    """One dataset of an archive or folder.

    Attributes
    ----------
    path
        What to open; inside the temporary folder for archives, gone when the context ends.
    name
        Its real name inside the archive, for people: ``交付/宗地.shp``.
    format
        What it was recognised as.
    """

    path: Path
    name: str
    format: Format


@dataclass(frozen=True)
class _Entry:
    info: zipfile.ZipInfo
    name: str

    @property
    def folder(self) -> str:
        return self.name.rpartition("/")[0]

    @property
    def suffix(self) -> str:
        return ".shp.xml" if self.name.lower().endswith(".shp.xml") else PurePosixPath(self.name).suffix.lower()

    @property
    def stem(self) -> str:
        base = self.name.rpartition("/")[2]
        return base[: len(base) - len(self.suffix)]


@dataclass
class _Budget:
    """What may still be unpacked, shared by an archive and those inside it."""

    max_bytes: int
    max_ratio: float
    max_members: int
    used_bytes: int = 0
    used_members: int = 0

    def announce(self, entries: list[_Entry], *, source: str, free: int) -> None:
        """Refuse before anything is written when the directory itself says it will be too much."""
        size = sum(e.info.file_size for e in entries)
        packed = max(1, sum(e.info.compress_size for e in entries))
        self.used_members += len(entries)
        if self.used_members > self.max_members:
            raise FormatError("archive-too-many", file=source, limit=self.max_members)
        if self.used_bytes + size > self.max_bytes:
            raise FormatError("archive-too-large", file=source, limit=self.max_bytes)
        if size > RATIO_FREE_BYTES and size / packed > self.max_ratio:
            raise FormatError("archive-ratio", file=source, ratio=round(size / packed), limit=self.max_ratio)
        if size > free:
            raise FormatError("archive-no-space", file=source, need=size, free=free)

    def take(self, size: int, *, source: str) -> None:
        """Count bytes as they are written: a directory can lie."""
        self.used_bytes += size
        if self.used_bytes > self.max_bytes:
            raise FormatError("archive-too-large", file=source, limit=self.max_bytes)


@contextmanager
def unpacked(
    path: str | Path,
    *,
    ledger: Ledger,
    source: str | None = None,
    kinds: Collection[str] = LAYER_KINDS,
    max_bytes: int = MAX_BYTES,
    max_ratio: float = MAX_RATIO,
    max_members: int = MAX_MEMBERS,
) -> Iterator[list[Member]]:
    """The datasets of a zip, KMZ or folder, ready to be opened while the context lasts.

    Parameters
    ----------
    path
        Archive, or a folder, whose files are then used where they lie (zips in it are unpacked).
    ledger
        Where skipped members, unsafe names and what cannot be read are written.
    source
        Name to show to people; the file name by default.
    kinds
        Kinds of `parcels.readers.formats.Format` that are wanted; others go to the ledger.
    max_bytes, max_ratio, max_members
        Limits on total unpacked bytes, on unpacked to packed size (above 64 MiB) and on the number of
        members; archives inside the archive count in.

    Returns
    -------
    A context manager giving at least one `Member`, in the order of the archive.

    Raises
    ------
    FormatError
        ``archive-damaged``, ``archive-encrypted``, ``archive-too-large`` …, or ``archive-no-layer``.
    """
    path = Path(path)
    budget = _Budget(max_bytes, max_ratio, max_members)
    with tempfile.TemporaryDirectory(prefix="mudian-", ignore_cleanup_errors=True) as temp:
        job = _Unpacking(Path(temp), ledger, source or path.name, frozenset(kinds), budget)
        if path.is_dir():
            job.look_through(path)
        else:
            job.unpack(path)
        yield job.members()


def _reason_unsafe(name: str) -> str | None:
    """Why a member's name may not be used, None when it may."""
    if "\x00" in name or not name.strip("/ "):
        return "NUL"
    if name.startswith("/"):
        return "/"
    if _DRIVE.match(name):
        return name[:2]
    return ".." if ".." in name.split("/") else None


def _gdb_roots(entries: Iterable[_Entry]) -> set[str]:
    return {e.folder for e in entries if e.name.lower().rpartition("/")[2] == "a00000001.gdbtable"}


def _shadowed(names: Iterable[tuple[str, str, str]]) -> set[tuple[str, str]]:
    """Groups (folder, folded stem) in which one suffix occurs under stems that differ in case only."""
    stems: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    for folder, stem, suffix in names:
        stems[folder, stem.casefold(), suffix].add(stem)
    return {(folder, folded) for (folder, folded, _), exact in stems.items() if len(exact) > 1}


@dataclass
class _Unpacking:
    """One job: where it writes, what it found and where it reports."""

    temp: Path
    ledger: Ledger
    source: str
    kinds: frozenset[str]
    budget: _Budget
    found: dict[Path, str] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    refused: list[tuple[str, Format]] = field(default_factory=list)
    count: int = 0

    def look_through(self, folder: Path) -> None:
        """Take the files of a folder where they lie; unpack the archives among them."""
        for path in walk(folder):
            name = path.relative_to(folder).as_posix()
            if path.is_file() and path.suffix.lower() == ".zip" and detect(path).kind == "zip":
                self._unpack_beside(path, name)
            else:
                self.seen.append(name)
                self.found[path] = name

    def _unpack_beside(self, path: Path, name: str) -> None:
        """An archive in a folder that cannot be opened does not keep the rest from being read."""
        try:
            self.unpack(path, prefix=f"{name}/", depth=1)
        except FormatError as error:
            reason = error.part("what", self.ledger.lang)
            self._tell("archive-inner-refused", [name], reason=reason)

    def unpack(self, path: Path, *, prefix: str = "", depth: int = 0) -> None:
        """Write the useful members of one archive under numbers."""
        where = f"{self.source}/{prefix}".rstrip("/")
        with open_zip(path, source=where, max_members=self.budget.max_members) as archive:
            entries = self._safe_entries(archive, prefix)
            for entry in entries:
                if entry.info.flag_bits & (ENCRYPTED_FLAG | 0x40):
                    raise FormatError("archive-encrypted", file=where, member=prefix + entry.name)
            self.budget.announce(entries, source=where, free=shutil.disk_usage(self.temp).free)
            for entry, target in self._targets(entries, path):
                self._extract(archive, entry, target, where)
                self._register(entry, target, prefix=prefix, depth=depth, root=path)

    def _register(self, entry: _Entry, target: Path, *, prefix: str, depth: int, root: Path) -> None:
        """Remember what was written; open an archive inside the archive."""
        if target.parent != self.temp:
            folder = entry.folder or f"{PurePosixPath(prefix.rstrip('/') or self.source).stem}.gdb"
            self.found[target.parent] = prefix + folder
            return
        if entry.suffix == ".zip" and target.stat().st_size and detect(target).kind == "zip":
            if depth < NESTING:
                self.unpack(target, prefix=f"{prefix}{entry.name}/", depth=depth + 1)
            else:
                self._tell("archive-nested-deep", [prefix + entry.name])
            target.unlink()
            return
        self.found[target] = prefix + entry.name

    def _tell(self, code: str, names: list[str], **params: object) -> None:
        self.ledger.add(code, stage="read", source=self.source, before=names, **params)

    def _safe_entries(self, archive: zipfile.ZipFile, prefix: str) -> list[_Entry]:
        """The members worth unpacking; the others stand in the ledger with the reason."""
        names, codec = real_names(archive)
        self._decide_names(codec, prefix)
        entries, junk, aside = [], [], []
        for info, name in zip(archive.infolist(), names, strict=True):
            if name.endswith("/"):
                continue
            self.seen.append(prefix + name)
            reason = _reason_unsafe(name)
            entry = _Entry(info, re.sub(r"(^|/)(\./)+", r"\1", name))
            if reason is not None:
                self._tell("archive-unsafe-name", [prefix + name.replace("\x00", "␀")], reason=reason)
            elif stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
                self._tell("archive-link", [prefix + name])
            elif is_junk(name):
                junk.append(prefix + name)
            elif entry.suffix in _ASIDE:
                aside.append(entry)
            else:
                entries.append(entry)
        self._tell("archive-junk", junk)
        for entry in aside:
            if entry.suffix not in SHAPEFILE_PARTS:
                self._tell("archive-other-file", [prefix + entry.name], kind=entry.suffix)
        return entries

    def _decide_names(self, codec: str, prefix: str) -> None:
        if codec == "cp437":
            self.ledger.add("archive-names-guessed", stage="read", source=self.source, before=prefix or None)
        if codec != "ascii":
            evidence = ["member names without the UTF-8 flag"]
            self.ledger.decide("zip_name_encoding", codec, source=self.source + prefix, evidence=evidence)

    def _targets(self, entries: list[_Entry], root: Path) -> list[tuple[_Entry, Path]]:
        """Where each member goes: parts of one layer share a number, a geodatabase keeps its folder."""
        roots = _gdb_roots(entries)
        shadowed = _shadowed((e.folder, e.stem, e.suffix) for e in entries)
        numbers: dict[tuple[str, str], str] = {}
        targets: dict[Path, _Entry] = {}
        for entry in entries:
            inside = entry.folder in roots
            folded = entry.stem.casefold()
            stem = entry.stem if (entry.folder, folded) in shadowed else folded
            key = (entry.folder, "" if inside else f"/{stem}")
            number = numbers.setdefault(key, f"{self.count + len(numbers) + 1:05d}")
            plain = re.sub(r"[^A-Za-z0-9._-]", "_", entry.name.rpartition("/")[2])
            suffix = re.sub(r"[^a-z0-9.]", "", entry.suffix)[:16]
            target = self.temp / (f"{number}.gdb/{plain}" if inside else f"{number}{suffix}")
            if target in targets:
                self._tell("archive-twice", [entry.name])
            targets[target] = entry
        self.count += len(numbers)
        return [(entry, target) for target, entry in targets.items()]

    def _extract(self, archive: zipfile.ZipFile, entry: _Entry, target: Path, where: str) -> None:
        member = entry.name
        try:
            target.parent.mkdir(exist_ok=True)
            with archive.open(entry.info) as packed, target.open("wb") as file:
                while chunk := packed.read(CHUNK):
                    self.budget.take(len(chunk), source=where)
                    file.write(chunk)
        except FormatError:
            raise
        except NotImplementedError as error:
            raise FormatError("archive-method", file=where, member=member) from error
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError) as error:
            raise FormatError("archive-member-damaged", file=where, member=member, reason=str(error)) from error
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise FormatError("archive-member-damaged", file=where, member=member, reason=str(error)) from error
            free = shutil.disk_usage(self.temp).free
            raise FormatError("archive-no-space", file=where, need=entry.info.file_size, free=free) from error

    def members(self) -> list[Member]:
        """What was found and is of a wanted kind; the rest goes to the ledger.

        Raises
        ------
        FormatError
            When nothing of a wanted kind was found.
        """
        parts = self._side_parts()
        members = [
            member
            for path, name in self.found.items()
            if path not in parts and (member := self._classify(path, name)) is not None
        ]
        if not members and len({fmt.kind for _, fmt in self.refused}) == 1:
            name, fmt = self.refused[0]
            refuse(Path(self.source) / name, fmt)
        if not members:
            listing = "、".join(self.seen[:20]) + (f" … (+{len(self.seen) - 20})" if len(self.seen) > 20 else "")
            raise FormatError("archive-no-layer", file=self.source, listing=listing or "—")
        return members

    def _side_parts(self) -> set[Path]:
        """Files that only accompany another one found beside them."""
        groups: defaultdict[tuple[Path, str], dict[str, Path]] = defaultdict(dict)
        for path in self.found:
            low = path.name.lower()
            suffix = ".shp.xml" if low.endswith(".shp.xml") else path.suffix.lower()
            groups[path.parent, low[: len(low) - len(suffix)]][suffix] = path
        return {
            path
            for files in groups.values()
            for main, sides in _SIDE_PARTS.items()
            if main in files
            for suffix, path in files.items()
            if suffix in sides
        }

    def _classify(self, path: Path, name: str) -> Member | None:
        fmt = detect(path)
        if fmt.kind in self.kinds:
            return Member(path, name, fmt)
        if fmt.kind in _UNREADABLE:
            if fmt.kind != "empty":
                self.refused.append((name, fmt))
            text = CATALOG.error["file-empty" if fmt.kind == "empty" else f"formats-{fmt.kind}"]
            todo = text.render(self.ledger.lang, "todo", shp="", folder=name, evidence=fmt.evidence)
            self._tell("archive-unreadable-layer", [name], kind=fmt.kind, todo=todo)
        else:
            self._tell("archive-other-file", [name], kind=fmt.kind)
        return None

"""Recognising a delivery: what a file or folder is, and how to get at what cannot be read here.

The first bytes decide and only then the extension, because extensions lie: a GeoJSON is called .json, a
GeoParquet carries no suffix, a web page is called .xls. Caveat: recognising is not checking; a
recognised file may still be damaged further on, which its reader reports.
"""

from __future__ import annotations

import difflib
import os
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from parcels.catalog import CATALOG
from parcels.errors import FormatError
from parcels.readers.signatures import binary_kind
from parcels.readers.text_kinds import decode_start, text_kind

VECTOR_KINDS = frozenset(
    {
        "shapefile",
        "geopackage",
        "filegdb",
        "geojson",
        "esrijson",
        "topojson",
        "geoparquet",
        "flatgeobuf",
        "sqlite",
    }
    | {"dxf", "kml", "kmz", "gml", "mapinfo", "e00", "gpx", "postgis"}
)
LAYER_KINDS = VECTOR_KINDS | {"txt"}
TABLE_KINDS = frozenset({"dbf", "csv", "xlsx", "xls", "ods", "parquet"})
RASTER_KINDS = frozenset({"raster"})
CONTAINER_KINDS = frozenset({"zip", "folder"})
READABLE_KINDS = LAYER_KINDS | TABLE_KINDS | RASTER_KINDS | CONTAINER_KINDS

HEAD_BYTES = 65_536
TAIL_BYTES = 4096
MAX_DEPTH = 4
MAX_ENTRIES = 20_000
JUNK_NAMES = frozenset({"thumbs.db", "desktop.ini", ".ds_store", "__macosx", "ehthumbs.db"})
SHAPEFILE_PARTS = (
    ".shp",
    ".shx",
    ".dbf",
    ".prj",
    ".cpg",
    ".sbn",
    ".sbx",
    ".qix",
    ".fix",
    ".qmd",
    ".qpj",
    ".cst",
)
_LONE_PARTS = frozenset(SHAPEFILE_PARTS) - {".shp", ".dbf"}
_GDB_PARTS = frozenset({".gdbtable", ".gdbtablx", ".gdbindexes", ".atx", ".spx", ".freelist", ".horizon"})
_BY_SUFFIX = {
    ".udb": "udb",
    ".udd": "udb",
    ".udbx": "udb",
    ".wp": "mapgis",
    ".wl": "mapgis",
    ".wt": "mapgis",
    ".mpj": "mapgis",
    ".mdb": "mdb",
    ".accdb": "mdb",
    ".dwg": "dwg",
    ".vct": "vct",
    ".mxd": "map-project",
    ".lyr": "map-project",
    ".qgs": "map-project",
    ".rar": "rar",
    ".7z": "7z",
}
_URL = re.compile(r"(?i)(postgres(?:ql)?(?:\+\w+)?|https?|ftp|s3)://")


@dataclass(frozen=True)
class Format:
    """What a file or folder was recognised as.

    Attributes
    ----------
    kind
        Short name such as ``"shapefile"``, ``"geopackage"``, ``"zip"``, ``"mdb"`` or ``"unknown"``.
    readable
        Whether this library has a reader for the kind.
    evidence
        What the decision rests on: a signature, a piece of text, the extension.
    """

    kind: str
    readable: bool
    evidence: str


def _format(kind: str, evidence: str) -> Format:
    return Format(kind, kind in READABLE_KINDS, evidence)


def detect(path: str | Path) -> Format:
    """What a file, folder or database address is, from its first bytes and only then from its extension.

    Parameters
    ----------
    path
        The file or folder; a ``postgresql://`` address is recognised as such.

    Raises
    ------
    FormatError
        ``file-missing`` (with the most similar name beside it), ``file-no-permission``, ``file-unreadable``
        or ``file-not-regular``. An empty file is no error here but of kind ``"empty"``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "宗地.json"
    ...     _ = file.write_text('{"type": "Topology", "objects": {}, "arcs": []}')
    ...     detect(file).kind
    'topojson'
    """
    address = _URL.match(str(path))
    if address is not None:
        scheme = address.group(1).lower()
        return _format("postgis" if scheme.startswith("postgres") else "web-address", f"{scheme}://")
    path = Path(path)
    try:
        return _detect_folder(path) if _is_folder(path) else _detect_file(path)
    except PermissionError as error:
        raise FormatError("file-no-permission", file=path) from error
    except FormatError:
        raise
    except OSError as error:
        raise FormatError("file-unreadable", file=path, reason=error.strerror or str(error)) from error


def _is_folder(path: Path) -> bool:
    """Whether a path that must exist is a folder; devices and pipes are refused."""
    try:
        exists = path.exists()
    except (OSError, ValueError) as error:
        if isinstance(error, PermissionError):
            raise
        exists = False
    if not exists:
        raise FormatError("file-missing", file=path, **_missing(path))
    if not path.is_dir() and not path.is_file():
        raise FormatError("file-not-regular", file=path)
    return path.is_dir()


def require_file(path: str | Path) -> Path:
    """The path of a file that exists, is no folder, can be opened and is not empty.

    Raises
    ------
    FormatError
        ``file-missing``, ``file-is-folder``, ``file-not-regular``, ``file-no-permission`` or ``file-empty``.
    """
    path = Path(path)
    try:
        if _is_folder(path):
            raise FormatError("file-is-folder", file=path, listing=_listing(path))
        with path.open("rb") as file:
            if not file.read(1):
                raise FormatError("file-empty", file=path)
    except PermissionError as error:
        raise FormatError("file-no-permission", file=path) from error
    return path


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold().replace(" ", "")


def nearest_name(name: str, names: list[str]) -> str:
    """The one of ``names`` that looks most like ``name``, case and width aside; empty when none does."""
    plain = {_plain(n): n for n in reversed(names)}
    stems = {_plain(Path(n).stem): n for n in reversed(names)}
    for known, wanted in ((plain, _plain(name)), (stems, _plain(Path(name).stem))):
        found = difflib.get_close_matches(wanted, list(known), n=1, cutoff=0.5)
        if found:
            return known[found[0]]
    return ""


def _missing(path: Path) -> dict[str, object]:
    """What to say of a path that is not there: the nearest folder that is, and a similar name in it."""
    folder, name = path.parent, path.name
    while not folder.is_dir() and folder != folder.parent:
        folder, name = folder.parent, folder.name
    try:
        names = sorted(entry.name for entry in folder.iterdir())[:MAX_ENTRIES]
    except OSError:
        names = []
    nearest = nearest_name(name, [n for n in names if not n.startswith(".")])
    return {"folder": folder.resolve(), "nearest": nearest or "—", "listing": _join(names)}


def _join(names: list[str], limit: int = 12) -> str:
    more = f" … (+{len(names) - limit})" if len(names) > limit else ""
    return ("、".join(names[:limit]) + more) or "—"


def _listing(folder: Path) -> str:
    try:
        return _join(sorted(entry.name + ("/" if entry.is_dir() else "") for entry in folder.iterdir()))
    except OSError:
        return "—"


def _ends(path: Path) -> tuple[bytes, bytes]:
    """The first and last bytes of a file."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        size = file.seek(0, os.SEEK_END)
        if size <= HEAD_BYTES:
            return head, b""
        file.seek(max(HEAD_BYTES, size - TAIL_BYTES))
        return head, file.read()


def _detect_file(path: Path) -> Format:
    suffix = path.suffix.lower()
    head, tail = _ends(path)
    if not head and suffix != ".cpg":
        return _format("empty", "0 bytes")
    if suffix in _GDB_PARTS or (path.parent.suffix.lower() == ".gdb" and path.name in ("gdb", "timestamps")):
        return _format("gdb-part", f"{suffix or path.name} inside {path.parent.name}")
    if suffix in _LONE_PARTS or path.name.lower().endswith(".shp.xml"):
        return _format("shapefile-part", f"extension {suffix}")
    found = binary_kind(path, head)
    if found is not None:
        return _format(*found)
    text = decode_start(head)
    if text is not None and not text.strip("\ufeff \t\r\n\x1a\x00"):
        return _format("empty", "only blanks")
    kind, evidence = ("unknown", "") if text is None else text_kind(text, _decode_tail(tail), suffix)
    if kind in ("unknown", "text", "xml") and suffix in _BY_SUFFIX:
        return _format(_BY_SUFFIX[suffix], f"extension {suffix}")
    if kind == "xml" and suffix == ".gpx":
        return _format("gpx", "XML: gpx")
    return _format(kind, evidence or f"first bytes {head[:8].hex(' ')}")


def _decode_tail(tail: bytes) -> str:
    return tail.decode("utf-8", "replace")


def is_junk(name: str) -> bool:
    """Whether a name belongs to what operating systems leave behind, such as ``Thumbs.db``."""
    parts = [part.lower() for part in name.split("/") if part]
    return any(part in JUNK_NAMES or part.startswith(("._", "~$")) or part.endswith(".lock") for part in parts)


def walk(folder: Path) -> list[Path]:
    """Files and .gdb folders below a folder, at most ``MAX_DEPTH`` deep, junk left out.

    Links are not followed out of the folder, so a loop of links cannot trap the search.
    """
    found: list[Path] = []
    for place, folders, files in os.walk(folder):
        here = Path(place)
        folders[:] = sorted(f for f in folders if not is_junk(f) and not (here / f).is_symlink())
        for name in [f for f in folders if _holds_gdb(here / f)]:
            folders.remove(name)
            found.append(here / name)
        if len(here.relative_to(folder).parts) >= MAX_DEPTH:
            folders.clear()
        found += [here / name for name in sorted(files) if not is_junk(name)]
        if len(found) > MAX_ENTRIES:
            break
    return found


def _holds_gdb(folder: Path) -> bool:
    """Whether a folder is a File Geodatabase: its system catalogue is always table 1."""
    return (folder / "a00000001.gdbtable").is_file()


def _detect_folder(folder: Path) -> Format:
    if _holds_gdb(folder):
        if folder.suffix.lower() == ".gdb":
            return _format("filegdb", "folder with a00000001.gdbtable")
        return _format("gdb-renamed", "folder with a00000001.gdbtable, but not called .gdb")
    if folder.suffix.lower() == ".gdb":
        return _format("gdb-damaged", "folder called .gdb without a00000001.gdbtable")
    found = walk(folder)
    counts = Counter(p.suffix.lower() for p in found)
    if counts[".parquet"] and set(counts) <= {".parquet", ".crc", ""} and not counts[".shp"]:
        first = next(p for p in found if p.suffix.lower() == ".parquet")
        return _format(detect(first).kind, f"folder with {counts['.parquet']} parquet files")
    layers = [p for p in found if p.is_dir() or _kind_inside(p) in LAYER_KINDS | {"zip"}]
    names = _join([p.relative_to(folder).as_posix() for p in layers], 6)
    return Format("folder", bool(layers), f"{len(layers)}: {names}" if layers else "folder without layers")


def _kind_inside(path: Path) -> str:
    """The kind of a file met while searching a folder; one that cannot be opened does not stop the search."""
    try:
        return detect(path).kind
    except FormatError as error:
        return error.code


def _shapefile_beside(path: Path) -> str:
    """The .shp that a lone part of a shapefile belongs to, or ``*.shp``."""
    stem = path.name.lower().removesuffix(".xml").removesuffix(".shp")
    stem = stem.rsplit(".", 1)[0] if path.suffix.lower() != ".xml" else stem
    try:
        names = sorted(p.name for p in path.parent.iterdir() if p.suffix.lower() == ".shp")
    except OSError:
        names = []
    same = [n for n in names if n.lower() == f"{stem}.shp"]
    return same[0] if same else (nearest_name(f"{stem}.shp", names) or f"{Path(path.stem).stem}.shp")


def refuse(path: str | Path, fmt: Format) -> NoReturn:
    """Raise the error that says why a file of this kind cannot be read and how to export what is in it.

    Raises
    ------
    FormatError
        Always; its code is ``formats-<kind>`` where the kind has a text of its own, else ``formats-unknown``.
    """
    path = Path(path)
    if fmt.kind == "empty":
        raise FormatError("file-empty", file=path)
    params: dict[str, object] = {"evidence": fmt.evidence, "kind": fmt.kind, "name": path.name}
    if fmt.kind == "shapefile-part":
        params["shp"] = _shapefile_beside(path)
    if fmt.kind in ("folder", "gdb-part", "gdb-renamed", "gdb-damaged"):
        folder = path.parent if fmt.kind == "gdb-part" else path
        params |= {"folder": folder.name, "listing": _listing(folder)}
    code = f"formats-{fmt.kind}"
    raise FormatError(code if code in CATALOG.error else "formats-unknown", file=path, **params)

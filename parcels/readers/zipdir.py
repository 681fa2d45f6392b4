"""The directory of a zip archive: opened within bounds, its member names decoded.

Caveat: a zip made by Windows Explorer or WinRAR in China carries names in GBK without saying so; a name
of one or two characters can be valid in two encodings, so the names of an archive are decoded together.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

from parcels.errors import FormatError

UNICODE_PATH = 0x7075
UTF8_FLAG = 0x800
ENCRYPTED_FLAG = 0x1
LARGEST_ENTRY = 600
_CJK = re.compile("[\u2e80-\uffef\U00020000-\U0003ffff]")
_END, _END64 = b"PK\x05\x06", b"PK\x06\x07"


def directory_size(path: Path) -> int:
    """Bytes that the central directory says it takes, 0 when there is none."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        start = file.seek(max(0, size - 65_557))
        tail = file.read()
        at = tail.rfind(_END)
        if at < 0 or len(tail) < at + 16:
            return 0
        found = int(struct.unpack_from("<I", tail, at + 12)[0])
        if found != 0xFFFFFFFF or at < 20 or tail[at - 20 : at - 16] != _END64:
            return found
        record = int(struct.unpack_from("<Q", tail, at - 12)[0])
        if record >= start + at:
            return 0
        file.seek(record)
        end64 = file.read(56)
        return int(struct.unpack_from("<Q", end64, 40)[0]) if len(end64) == 56 else 0


def open_zip(path: Path, *, source: str, max_members: int) -> zipfile.ZipFile:
    """Open an archive whose directory is small enough to be read at all.

    Raises
    ------
    FormatError
        When the archive is damaged, or lists more than ``max_members`` members.
    """
    if directory_size(path) > max_members * LARGEST_ENTRY:
        raise FormatError("archive-too-many", file=source, limit=max_members)
    try:
        archive = zipfile.ZipFile(path)
    except UnicodeDecodeError as error:
        raise FormatError("archive-names", file=source) from error
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, struct.error) as error:
        raise FormatError("archive-damaged", file=source, reason=str(error)) from error
    if len(archive.infolist()) > max_members:
        archive.close()
        raise FormatError("archive-too-many", file=source, limit=max_members)
    return archive


def _unicode_path(info: zipfile.ZipInfo, raw: bytes) -> str | None:
    """The name in the Info-ZIP Unicode Path extra field, when it belongs to the name in the directory."""
    extra, at = info.extra, 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        body = extra[at + 4 : at + 4 + size]
        at += 4 + size
        if kind == UNICODE_PATH and len(body) > 5 and struct.unpack_from("<I", body, 1)[0] == zlib.crc32(raw):
            try:
                return body[5:].decode("utf-8")
            except UnicodeDecodeError:
                return None
    return None


def _decodes(names: Sequence[bytes], codec: str) -> bool:
    try:
        for name in names:
            name.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def names_encoding(names: Sequence[bytes]) -> str:
    """The encoding of names that do not state theirs: ``ascii``, ``utf-8``, ``gb18030`` or ``cp437``.

    Two-byte UTF-8 (Latin, Greek, Cyrillic) is also how some Chinese characters look in GBK, so UTF-8 is
    believed only when it gives East Asian characters, or when the bytes are no GBK.

    Examples
    --------
    >>> names_encoding(["宗地.shp".encode("gbk")]), names_encoding(["宗地.shp".encode()])
    ('gb18030', 'utf-8')
    """
    foreign = [name for name in names if not name.isascii()]
    if not foreign:
        return "ascii"
    utf8, gb = _decodes(foreign, "utf-8"), _decodes(foreign, "gb18030")
    if utf8 and (not gb or any(_CJK.search(name.decode("utf-8")) for name in foreign)):
        return "utf-8"
    return "gb18030" if gb else "cp437"


def _raw_name(info: zipfile.ZipInfo) -> bytes:
    return info.orig_filename.encode("cp437", "replace")


def real_names(archive: zipfile.ZipFile) -> tuple[list[str], str]:
    """Names of all members as a person wrote them, and the encoding used for those that state none.

    Backslashes become slashes after decoding: the second byte of a GBK character may be one.
    """
    infos = archive.infolist()
    silent = [_raw_name(i) for i in infos if not i.flag_bits & UTF8_FLAG and _unicode_path(i, _raw_name(i)) is None]
    codec = names_encoding(silent)
    names = []
    for info in infos:
        if info.flag_bits & UTF8_FLAG:
            name = info.orig_filename
        else:
            raw = _raw_name(info)
            name = _unicode_path(info, raw) or raw.decode(codec)
        names.append(name.replace("\\", "/"))
    return names, codec

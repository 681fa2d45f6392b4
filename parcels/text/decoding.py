"""Decoding of single values: cut characters, values in another encoding, text encoded twice.

Caveat: which of two possible readings is right is judged by plausibility, so a value of one or two rare
characters can be misjudged; every departure from the encoding of the file is handed back as an ``Oddity`` for
the ledger.
"""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

import numpy as np

from parcels.text.plausibility import Kind, kind_of, plausibility

_CODECS = {"big5": "cp950"}
_C1 = {bytes([b]).decode("cp1252"): b for b in range(0x80, 0xA0) if b not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)}
_SUSPECT, _SUSPECT_LATIN = 0.9, 0.7
# Of the 3755 commonest characters 682 have GBK bytes that are also valid UTF-8: eight in a row are no chance.
UTF8_CERTAIN = 8


@dataclass(frozen=True)
class Oddity:
    """A value that was not simply decoded.

    ``kind`` says why, ``detail`` names the encoding or the repair, ``text`` is the result. For ``"double"``
    it is the repaired text, empty when the repair would lose characters.
    """

    kind: Literal["cut", "mixed", "bad", "double"]
    detail: str
    text: str


def python_codec(encoding: str) -> str:
    """Name of the Python codec that reads ``encoding`` with the extensions found in practice."""
    return _CODECS.get(encoding, encoding)


def decode_cut(value: bytes, encoding: str) -> tuple[str, bool] | None:
    """Decode ``value``; a character cut at the end is left out and reported as True, other faults give None.

    Examples
    --------
    >>> decode_cut("宗地".encode("gb18030")[:3], "gb18030")
    ('宗', True)
    """
    codec = python_codec(encoding)
    try:
        return value.decode(codec), False
    except UnicodeDecodeError:
        decoder = codecs.getincrementaldecoder(codec)()
        try:
            return decoder.decode(value, final=False), True
        except UnicodeDecodeError:
            return None


def _score(text: str, encoding: str) -> float:
    return float(plausibility([text], kind=kind_of(encoding))[0])


def _alternatives(encoding: str) -> tuple[str, ...]:
    if encoding in ("utf-8", "gb18030"):
        return ("gb18030",) if encoding == "utf-8" else ("utf-8",)
    return ("utf-8", "gb18030") if kind_of(encoding) == "single" else ("utf-8",)


def _other_reading(value: bytes, first: tuple[str, bool] | None, encoding: str) -> Oddity | None:
    """The reading of ``value`` in another encoding, when it is clearly better than ``first``."""
    if encoding == "utf-8" and first is not None and not first[1]:
        return None
    for other in _alternatives(encoding):
        found = decode_cut(value, other)
        if found is None or (found[1] and first is not None):
            continue
        foreign = sum(c > "\x7f" for c in found[0])
        margin = 0.1 if first is None or first[1] else (0.2 if foreign >= 2 else 0.5)
        certain = other == "utf-8" and not found[1] and foreign >= UTF8_CERTAIN
        have = _score(first[0], encoding) if first else 0.3
        if foreign and (certain or _score(found[0], other) > have + margin):
            return Oddity("mixed", other, found[0])
    return None


def _single_bytes(text: str) -> bytes | None:
    """The bytes that Latin-1 or Windows-1252 shows as ``text``; None when it holds other characters."""
    codes = [_C1.get(c, ord(c)) for c in text]
    return bytes(codes) if max(codes, default=0) < 0x100 else None


def double_encoded(text: str) -> Oddity | None:
    """Recognise Chinese that was decoded with a wrong encoding and saved again.

    Examples
    --------
    >>> double_encoded("Ì©°²").text, double_encoded("娉板畨甯傚尯").text, double_encoded("宗地")
    ('泰安', '泰安市区', None)
    """
    core = text.rstrip("?\ufffd")
    single = _single_bytes(core)
    routes = [("latin-1", single, "gb18030"), ("latin-1", single, "utf-8")]
    with suppress(UnicodeEncodeError):
        routes.append(("gb18030", core.encode("gb18030"), "utf-8"))
    best, found = 0.85, None
    for wrong, raw, right in routes:
        reading = decode_cut(raw, right) if raw and not raw.isascii() else None
        if reading is None or sum(c > "\x7f" for c in reading[0]) < 2:
            continue
        score = _score(reading[0], "gb18030")
        if score >= best and score > _score(text, "gb18030") + 0.2:
            whole = core == text and not reading[1]
            best, found = score, Oddity("double", f"{wrong} → {right}", reading[0] if whole else "")
    return found


def _one(value: bytes, encoding: str, *, forced: bool) -> tuple[str, Oddity | None]:
    """Text of one value that may be cut, foreign or broken."""
    first = decode_cut(value, encoding)
    odd = None
    if first is None or not forced:
        odd = _other_reading(value, first, encoding)
    if odd is not None:
        return odd.text, odd
    if first is None:
        text = value.decode(python_codec(encoding), "replace")
        return text, Oddity("bad", encoding, text)
    return first[0], Oddity("cut", encoding, first[0]) if first[1] else None


def _in_one_go(raw: Sequence[bytes], encoding: str, separator: str) -> list[str] | None:
    try:
        texts = separator.encode("ascii").join(raw).decode(python_codec(encoding)).split(separator)
    except UnicodeDecodeError:
        return None
    return texts if len(texts) == len(raw) else None


def _suspects(raw: Sequence[bytes], texts: Sequence[str]) -> list[int]:
    """Positions of texts that look neither like Chinese nor like a language with accented letters."""
    at = np.array([i for i, value in enumerate(raw) if not value.isascii()], dtype=np.int64)
    scripts: tuple[tuple[Kind, float], ...] = (("zh", _SUSPECT), ("single", _SUSPECT_LATIN))
    for kind, limit in scripts:
        at = at[plausibility([texts[i] for i in at], kind=kind) < limit]
    return [int(i) for i in at]


def decode_distinct(
    raw: Sequence[bytes], encoding: str, *, forced: bool = False, separator: str = "\0"
) -> tuple[list[str], dict[int, Oddity]]:
    """Decode values that hold no ``separator``; the common case costs one call of the codec.

    Parameters
    ----------
    raw
        Distinct values without padding.
    encoding
        Encoding of the file.
    forced
        The encoding was given by the user: another one is tried only where a value cannot be decoded.
    separator
        ASCII character that occurs in no value.

    Returns
    -------
    The texts, and the oddities by position.
    """
    if not raw:
        return [], {}
    texts = _in_one_go(raw, encoding, separator)
    odd: dict[int, Oddity] = {}
    if texts is None:
        texts = []
        for i, value in enumerate(raw):
            text, found = (value.decode("ascii"), None) if value.isascii() else _one(value, encoding, forced=forced)
            texts.append(text)
            if found:
                odd[i] = found
    for i in _suspects(raw, texts):
        if i not in odd and not forced:
            texts[i], found = _one(raw[i], encoding, forced=False)
            if found:
                odd[i] = found
        if i not in odd and (found := double_encoded(texts[i])):
            odd[i] = found
    return texts, odd

"""The encoding of text, judged by its bytes.

Caveat: what a file declares (``.cpg``, language driver byte, XML header) is a hint that only breaks ties,
because in deliveries it is wrong about as often as it is right. UTF-8 and GB 18030 (which contains GBK and GB
2312) are the serious candidates; another encoding is used when it is declared and explains the bytes better,
and an undeclared other one is a guess with low confidence.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pandas.api.extensions import ExtensionArray

from parcels.errors import EncodingError
from parcels.ledger import Ledger
from parcels.text.decoding import UTF8_CERTAIN, Oddity, decode_cut, decode_distinct
from parcels.text.plausibility import kind_of, plausibility

MAX_SAMPLES = 20_000
MAX_SAMPLE_BYTES = 200_000
LOW_CONFIDENCE = 0.5
_TIE = 0.02
_SURE = 0.25
_GUESSES = ("euc-jp", "big5", "cp1252")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True)
class Sniff:
    """Which encoding the bytes are in, and what that rests on.

    Attributes
    ----------
    encoding
        ``"utf-8"``, ``"gb18030"``, ``"big5"``, ``"euc-jp"``, ``"cp1252"`` … (a name Python knows).
    confidence
        0 to 1; below 0.5 a person should look.
    n_samples
        How many distinct values with non-ASCII bytes were judged.
    n_bad
        How many of them do not decode in ``encoding``.
    n_cut
        How many end in a cut character.
    evidence
        The score of every candidate, and what was declared.
    declared
        The encoding that was declared, under its Python name; None when nothing (usable) was.
    """

    encoding: str
    confidence: float
    n_samples: int
    n_bad: int
    n_cut: int
    evidence: tuple[str, ...]
    declared: str | None = None


@dataclass(frozen=True)
class _Score:
    encoding: str
    value: float
    bad: int
    cut: int
    total: int

    def __str__(self) -> str:
        good = self.total - self.bad
        return f"{self.encoding} {self.value:.2f}: {good}/{self.total} decodable, {self.cut} cut"


@lru_cache(maxsize=1)
def _declared_table() -> dict[tuple[str, str], str]:
    text = (files("parcels") / "data" / "encoding_declared.csv").read_text(encoding="utf-8")
    return {(row["kind"], row["key"]): row["codec"] for row in csv.DictReader(text.splitlines())}


def _known_encoding(name: str) -> str | None:
    """Python name of a declared encoding; None for names that say nothing, such as ``OEM``."""
    key = re.sub(r"[\s_\-.:]", "", name.strip().lower())
    found = _declared_table().get(("cpg", key))
    if found or not key:
        return found
    try:
        codec = codecs.lookup(f"cp{key}" if key.isdigit() else name.strip()).name
    except (LookupError, ValueError):
        return None
    return codec if re.match(r"cp\d|iso8859|koi8|mac-|shift_jis|euc_|utf-(8|16|32)", codec) else None


def declared_encoding(cpg_text: str | None, ldid: int | None) -> str | None:
    """Return what a ``.cpg`` file or, failing that, the language driver byte of a ``.dbf`` declares.

    Parameters
    ----------
    cpg_text
        Content of the ``.cpg`` file, None without one.
    ldid
        Byte 29 of the ``.dbf`` header, 0 when it says nothing.

    Returns
    -------
    A Python codec name (GBK and GB 2312 are read as their superset GB 18030), or None.

    Examples
    --------
    >>> declared_encoding("ANSI 936", 0), declared_encoding(None, 0x4D), declared_encoding("OEM", 0)
    ('gb18030', 'gb18030', None)
    """
    from_cpg = _known_encoding(cpg_text) if cpg_text else None
    return from_cpg or _declared_table().get(("ldid", f"0x{ldid or 0:02X}"))


def canonical_encoding(name: str) -> str:
    """Return the Python name of an encoding that the user asked for.

    Raises
    ------
    EncodingError
        ``encoding-unknown`` when there is no such encoding.
    """
    found = _known_encoding(name)
    if found is None:
        raise EncodingError("encoding-unknown", name=name)
    return found


def _judge(values: Sequence[bytes], encoding: str) -> _Score:
    read = [decode_cut(value, encoding) for value in values]
    good = [found for found in read if found is not None]
    texts = "\n".join(text for text, _ in good)
    share, cut = len(good) / len(values), sum(was_cut for _, was_cut in good)
    likely = float(plausibility([texts], kind=kind_of(encoding))[0]) if good else 0.0
    if encoding == "utf-8" and share == 1.0 and sum(c > "\x7f" for c in texts) >= UTF8_CERTAIN:
        likely = max(likely, 1.0) + 0.6
    value = share * (0.5 + 0.5 * likely) - 0.15 * cut / len(values)
    return _Score(encoding, round(value, 4), len(values) - len(good), cut, len(values))


def _pick(values: Sequence[bytes], declared: str | None) -> tuple[_Score, float, list[_Score]]:
    """The best candidate, its confidence, and all candidates with the best one first."""
    names = list(dict.fromkeys(["utf-8", "gb18030", *([declared] if declared else [])]))
    scores = sorted((_judge(values, name) for name in names), key=lambda s: -s.value)
    tied = [s for s in scores if scores[0].value - s.value <= _TIE]
    best = next((s for s in tied if s.encoding == declared), scores[0])
    if best.value < 0.9:
        scores += [_judge(values, name) for name in _GUESSES if name not in names]
    guess = max(scores, key=lambda s: s.value)
    if best.value < 0.8 and guess.value > max(best.value + 0.15, 0.6):
        best = guess
    sure = min(1.0, max(best.value - max(s.value for s in scores if s is not best), 0.0) / _SURE)
    if best.encoding == declared and best.value >= 0.6:
        sure = max(sure, LOW_CONFIDENCE)
    elif best.encoding in _GUESSES:
        sure = min(sure, 0.4)
    if best.value < 0.6:
        sure = min(sure, 0.2)
    return best, round(sure, 2), [best, *(s for s in scores if s is not best)]


def _spread(values: list[bytes]) -> list[bytes]:
    """At most about ``MAX_SAMPLE_BYTES`` of the values, taken evenly from first to last."""
    size = sum(map(len, values))
    if size <= MAX_SAMPLE_BYTES:
        return values
    count = min(max(1, len(values) * MAX_SAMPLE_BYTES // size), MAX_SAMPLES)
    return [values[i] for i in np.linspace(0, len(values) - 1, count).astype(int)]


def sniff(samples: Iterable[bytes], *, declared: str | None = None) -> Sniff:
    """Judge the encoding of raw text values.

    A candidate scores by the share of values it decodes (a character cut at the end of a value is forgiven)
    and by how much the result looks like writing. A declaration decides only between candidates that score
    alike.

    Parameters
    ----------
    samples
        Raw values: field names and text fields of a table, or the lines of a text file. Only distinct values
        with non-ASCII bytes count; of more than 200 kB of them a sample spread over all is judged.
    declared
        Declared encoding, see `declared_encoding`.

    Examples
    --------
    >>> sniff(["宗地代码".encode("gbk"), "权利人".encode("gbk")], declared="utf-8").encoding
    'gb18030'
    """
    known = _known_encoding(declared) if declared else None
    stripped = (value.rstrip(b" \0") for value in samples)
    values = list(dict.fromkeys(value for value in stripped if not value.isascii()))
    values = _spread(values)
    told = (f"declared {declared}",) if declared else ()
    if not values:
        ascii_superset = known if known and not known.startswith(("utf-16", "utf-32")) else "utf-8"
        return Sniff(ascii_superset, 1.0, 0, 0, 0, ("ASCII only", *told), known)
    best, sure, scores = _pick(values, known)
    evidence = (*(str(score) for score in scores), *told)
    return Sniff(best.encoding, sure, best.total, best.bad, best.cut, evidence, known)


def report_sniff(found: Sniff, *, source: str, ledger: Ledger) -> None:
    """Write the decision on the encoding to the ledger, with a warning where the declaration differs."""
    ledger.decide("encoding", found.encoding, source=source, evidence=found.evidence, confidence=found.confidence)
    if found.declared and found.n_samples and found.declared != found.encoding:
        ledger.add("encoding-mismatch", stage="read", source=source, declared=found.declared, actual=found.encoding)
    if found.confidence < LOW_CONFIDENCE:
        ledger.add(
            "encoding-low-confidence",
            stage="read",
            source=source,
            encoding=found.encoding,
            confidence=found.confidence,
            samples=found.n_samples,
        )


def _distinct(values: Sequence[bytes] | pa.Array) -> pa.DictionaryArray:
    array = values if isinstance(values, pa.Array) else pa.array(list(values), pa.binary())
    return array.dictionary_encode()


@dataclass(frozen=True)
class _Place:
    """Where decoded values stand: distinct value and row number of every record, and field and file."""

    which: NDArray[np.int64]
    rows: NDArray[np.int64]
    field: str | None
    source: str
    ledger: Ledger

    def note(
        self,
        code: str,
        chosen: Sequence[int],
        before: Sequence[str],
        after: Sequence[str] | None = None,
        **params: object,
    ) -> None:
        """One ledger row per record that holds one of the ``chosen`` distinct values."""
        order = np.argsort(self.which, kind="stable")
        low, high = (np.searchsorted(self.which, chosen, side=s, sorter=order) for s in ("left", "right"))
        at = np.concatenate([order[a:b] for a, b in zip(low, high, strict=True)])
        nth = np.repeat(np.arange(len(chosen)), high - low).tolist()
        self.ledger.add(
            code,
            stage="read",
            source=self.source,
            row=self.rows[at],
            field=self.field,
            before=[before[i] for i in nth],
            after=None if after is None else [after[i] for i in nth],
            **params,
        )


def _report_oddities(
    odd: dict[int, Oddity],
    raw: Sequence[bytes],
    texts: Sequence[str],
    place: _Place,
    *,
    encoding: str,
    repair: bool,
) -> list[str]:
    """Write the ledger rows; returns the texts, double-encoded ones repaired where wanted and safe."""
    result = list(texts)
    groups: dict[tuple[str, str, bool], list[int]] = {}
    for i, found in odd.items():
        done = repair and found.kind == "double" and bool(found.text)
        groups.setdefault((found.kind, found.detail, done), []).append(i)
        if done:
            result[i] = found.text
    for (kind, detail, done), chosen in sorted(groups.items()):
        before = [texts[i] if kind == "double" else raw[i].hex(" ") for i in chosen]
        code = "encoding-double-repaired" if done else f"encoding-{kind}"
        place.note(code, chosen, before, [result[i] for i in chosen], encoding=encoding, detail=detail)
    return result


def decode_values(
    values: Sequence[bytes] | pa.Array,
    *,
    encoding: str,
    ledger: Ledger,
    source: str = "",
    rows: NDArray[np.int64] | None = None,
    field: str | None = None,
    forced: bool = False,
    repair_double: bool = False,
) -> ExtensionArray:
    """Decode a column of raw values, each distinct value once.

    A value that is not in the encoding of the file is read in the other one, a character cut in half at the
    end is left out, bytes that mean nothing stay visible as U+FFFD; text that was encoded twice is named.
    Each case stands in the ledger with its row.

    Parameters
    ----------
    values
        Raw values, padded with blanks or NUL at the end; a sequence of bytes or an Arrow array of binary
        type.
    encoding
        Encoding of the file, see `sniff`.
    rows
        Row number of each value for the ledger; 1, 2, 3 … when left out.
    field
        Column name for the ledger.
    forced
        The encoding was given by the user: another one is tried only where a value cannot be decoded.
    repair_double
        Repair text that was encoded twice instead of only naming the repair.

    Returns
    -------
    A ``str`` array of the same length; empty values are missing.

    Examples
    --------
    >>> decode_values(["宗地".encode("gbk"), b"  "], encoding="gb18030", ledger=Ledger()).tolist()
    ['宗地', nan]
    """
    table = _distinct(values)
    raw = [(value or b"").rstrip(b" \0") for value in table.dictionary.to_pylist()]
    plain = [value.partition(b"\0")[0].rstrip(b" ") for value in raw]
    texts, odd = decode_distinct(plain, encoding, forced=forced)
    which = table.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    numbers = np.arange(1, len(which) + 1, dtype=np.int64) if rows is None else rows
    place = _Place(which, numbers, field, source, ledger)
    if odd:
        texts = _report_oddities(odd, plain, texts, place, encoding=encoding, repair=repair_double)
    behind = [i for i, (whole, part) in enumerate(zip(raw, plain, strict=True)) if len(whole) != len(part)]
    if behind:
        place.note("encoding-after-nul", behind, [raw[i][len(plain[i]) :].hex(" ") for i in behind])
    shown = pa.array([text or None for text in texts], pa.large_string())
    result: ExtensionArray = pd.array(shown.take(table.indices), dtype="str")
    return result


def _utf16_without_bom(data: bytes) -> str | None:
    """UTF-16 shows by NUL bytes on one side of every ASCII character."""
    head = np.frombuffer(data[:8192], dtype=np.uint8)
    even, odd = int((head[0::2] == 0).sum()), int((head[1::2] == 0).sum())
    if even + odd < max(2, len(head) // 50) or min(even, odd) > 0.05 * max(even, odd) or len(data) % 2:
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _marked(data: bytes) -> tuple[bytes, str, str] | None:
    """Body, encoding and evidence when a byte order mark or NUL bytes tell the encoding."""
    for mark, name in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :], name, f"byte order mark {mark.hex(' ')}"
    wide = _utf16_without_bom(data)
    return (data, wide, "NUL bytes of UTF-16") if wide else None


def _decode_wide(body: bytes, name: str, told: str) -> tuple[str, Sniff]:
    text = body.decode(name, "replace")
    bad = text.count("\ufffd") - body.count("\ufffd".encode(name))
    return text, Sniff(name, 1.0 if bad <= 0 else 0.5, len(text), max(bad, 0), 0, (told,))


def decode_bytes(
    data: bytes, *, declared: str | None = None, ledger: Ledger | None = None, source: str = ""
) -> tuple[str, Sniff]:
    """Decode a whole text file: byte order marks, UTF-16, UTF-8, GB 18030, or what is declared and fits.

    Lines in another encoding than the rest are read in theirs; line ends stay as they are.

    Parameters
    ----------
    data
        Content of the file.
    declared
        Declared encoding, when there is a declaration.
    ledger, source
        Where to write the decision and the odd lines (row = line number).

    Examples
    --------
    >>> decode_bytes("坐标系=2000国家大地坐标系".encode("gbk"))[0]
    '坐标系=2000国家大地坐标系'
    """
    marked = _marked(data)
    if marked and marked[1] != "utf-8":
        text, found = _decode_wide(*marked)
        if ledger is not None:
            report_sniff(found, source=source, ledger=ledger)
        return text, found
    lines = (marked[0] if marked else data).split(b"\n")
    foreign = _spread([line for line in lines if not line.isascii()])
    found = sniff(foreign, declared="utf-8" if marked else declared)
    if marked:
        found = replace(found, encoding="utf-8", confidence=1.0, evidence=(marked[2], *found.evidence))
    texts, odd = decode_distinct(lines, found.encoding, separator="\n")
    if ledger is not None:
        report_sniff(found, source=source, ledger=ledger)
        numbers = np.arange(len(lines), dtype=np.int64)
        place = _Place(numbers, numbers + 1, None, source, ledger)
        _report_oddities(odd, lines, texts, place, encoding=found.encoding, repair=False)
    return "\n".join(texts), found

"""How much a decoded text looks like writing: the weights behind the choice of an encoding.

Caveat: this is evidence, not proof. Short texts of rare characters score low in every encoding, and a single
character can be right in two; what decides is the sum over many values.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["zh", "utf-8", "big5", "euc-jp", "single", "multi"]

_SYMBOLS = "·°±×÷§²³"
_PUNCTUATION = ((0x2010, 0x2040), (0x2100, 0x22FF), (0x2460, 0x24FF), (0x2580, 0x26FF), (0x3000, 0x3020))
_ENCLOSED = ((0x3200, 0x33FF), (0xFF01, 0xFF5E), (0xFFE0, 0xFFE6))


def kind_of(codec: str) -> Kind:
    """Which weights judge a text decoded with ``codec``."""
    kinds: dict[str, Kind] = {"gb18030": "zh", "utf-8": "utf-8", "big5": "big5", "euc-jp": "euc-jp"}
    if codec in kinds:
        return kinds[codec]
    return "multi" if codec in ("cp932", "cp949", "big5hkscs") else "single"


def _rows(codec: str, first: int, last: int) -> NDArray[np.int64]:
    """Code points of the double-byte rows ``first`` to ``last`` of a legacy set."""
    raw = bytes(b for lead in range(first, last + 1) for trail in range(0x40, 0xFF) for b in (lead, trail))
    pairs = (raw[i : i + 2].decode(codec, "ignore") for i in range(0, len(raw), 2))
    return np.array([ord(c) for c in pairs if len(c) == 1 and ord(c) > 0x7F], dtype=np.int64)


def _chinese(weights: NDArray[np.float32]) -> None:
    weights[[ord(c) for c in _SYMBOLS]] = 0.8
    for first, last in _PUNCTUATION + _ENCLOSED:
        weights[first : last + 1] = 0.9
    weights[0x0370:0x0500] = 0.1
    weights[0x3040:0x3100] = -0.5
    weights[0x3400:0x4DC0] = weights[0x4E00:0xA000] = 0.4
    weights[0xF900:0xFB00] = 0.2
    weights[_rows("gb2312", 0xD8, 0xF7)] = 0.7
    weights[_rows("gb2312", 0xB0, 0xD7)] = 1.0


def _unicode(weights: NDArray[np.float32]) -> None:
    # Three valid bytes in a row are strong evidence of their own, whatever the script.
    _chinese(weights)
    weights[0x0800:0xFFFE] = np.maximum(weights[0x0800:0xFFFE], 0.85)
    weights[0xD800:0xF900] = weights[0xFFFD] = 0.0
    weights[0x00A0:0x0800] = 0.0
    weights[0x00C0:0x0500] = 0.3
    weights[[ord(c) for c in _SYMBOLS]] = 0.5


def _two_levels(weights: NDArray[np.float32], codec: str, first: range, second: range) -> None:
    for low, high in _PUNCTUATION + _ENCLOSED:
        weights[low : high + 1] = 0.9
    weights[0x4E00:0xA000] = 0.3
    weights[_rows(codec, second[0], second[-1])] = 0.5
    weights[_rows(codec, first[0], first[-1])] = 1.0


def _single(weights: NDArray[np.float32]) -> None:
    weights[0x00C0:0x0250] = 0.1
    weights[0x0370:0x0500] = 0.8
    weights[0x0590:0x0E80] = 0.8
    weights[[ord(c) for c in _SYMBOLS + "–—‘’“”…€"]] = 0.5


@cache
def _weights(kind: Kind) -> NDArray[np.float32]:
    """One weight per character of the Basic Multilingual Plane, and one more for all others."""
    weights = np.zeros(0x10001, dtype=np.float32)
    if kind == "zh":
        _chinese(weights)
    elif kind == "utf-8":
        _unicode(weights)
    elif kind == "big5":
        _two_levels(weights, "cp950", range(0xA4, 0xC7), range(0xC9, 0xFA))
    elif kind == "euc-jp":
        _two_levels(weights, "euc-jp", range(0xB0, 0xD0), range(0xD0, 0xF5))
        weights[0x3041:0x3100] = 1.0
    elif kind == "multi":
        weights[0x3000:0xD7A4] = 0.8
        weights[0xFF01:0xFFE7] = 0.8
    else:
        _single(weights)
    weights[0x10000] = 0.85 if kind == "utf-8" else 0.4
    return weights


def _letter(codes: NDArray[np.uint32], *, lower: bool = False) -> NDArray[np.bool_]:
    """Which characters are ASCII letters, or lower-case ones."""
    folded = codes if lower else codes | 0x20
    return (folded >= 0x61) & (folded <= 0x7A)


def _code_weights(codes: NDArray[np.uint32], at: NDArray[np.int64], kind: Kind) -> NDArray[np.float64]:
    """Weights of the characters at some places; the first and the last place are never among them."""
    own, left, right = codes[at], codes[at - 1], codes[at + 1]
    weight = _weights(kind)[np.minimum(own, 0x10000)].astype(np.float64)
    if kind in ("utf-8", "single"):
        accented = (own >= 0xC0) & (own < 0x250) & (own != 0xD7) & (own != 0xF7)
        weight[accented & (_letter(left) | _letter(right))] = 0.9
    else:
        # "Per煤" is a Spanish word read as GBK far more often than it is Chinese.
        weight[(own >= 0x3400) & (_letter(left, lower=True) | _letter(right, lower=True))] *= 0.5
    return weight


def plausibility(texts: Sequence[str], *, kind: Kind) -> NDArray[np.float64]:
    """Mean weight of the non-ASCII characters of each text: about 1 for writing, 0.6 and less for mojibake.

    Parameters
    ----------
    texts
        Decoded texts.
    kind
        Which weights: ``"zh"`` everyday Chinese (GB 2312 levels), ``"utf-8"`` any script, ``"big5"``,
        ``"euc-jp"``, ``"single"`` single-byte alphabets, ``"multi"`` other double-byte sets.

    Returns
    -------
    One figure per text; 1.0 for a text without non-ASCII characters.

    Examples
    --------
    >>> plausibility(["宗地", "娉板畨甯傚尯"], kind="zh").round(1).tolist()
    [1.0, 0.6]
    """
    if not texts:
        return np.empty(0)
    joined = "\n" + "\n".join(texts) + "\n"
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    ends = np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)) + 1)
    at = np.flatnonzero(codes > 0x7F)
    owner = np.searchsorted(ends, at, side="left")
    count = np.bincount(owner, minlength=len(texts))
    total = np.bincount(owner, weights=_code_weights(codes, at, kind), minlength=len(texts))
    return np.divide(total, count, out=np.ones(len(texts)), where=count > 0)

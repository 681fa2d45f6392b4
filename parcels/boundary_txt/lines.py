"""The grammar of the 界址点坐标 TXT: from text to header, parcel rows and points, nothing interpreted yet.

The format has an official shape and many dialects: full-width punctuation, braces, inserted columns, rows
without ring number, sections of other programs. A parcel row is found by 面, 线 or 点 and its ``@``, its
fields by their distance from that word. Whatever fits nothing is kept with its line number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

KINDS = ("面", "线", "点")
COORDINATES = "地块坐标"
ATTRIBUTES = "属性描述"

_BLOCK = 65_536
_NUMBER = r"[+-]?\d+(?:\.\d*)?"
_POINT = re.compile(rf"\s*([^,=@\[\]]*?)\s*,(?:\s*(\d*)\s*,)?\s*({_NUMBER})\s*,\s*({_NUMBER})[\s,]*")
_PARCEL_KIND = re.compile(r",\s*(?:面|线|点)\s*(?:,|@|$)")
_REGION_CODE = re.compile(r"\d{6,12}")
_WIDE_DIGITS = str.maketrans("【】［］＝＠｛｝０１２３４５６７８９．－　＋ＪｊＺ\ufeff", "[][]=@{}0123456789.- +JjZ ")
_WIDE_COMMA = str.maketrans("，", ",")
_POSITIONS = ("地上", "地下", "地表")


@dataclass
class ParcelRow:
    """One parcel row as written.

    Attributes
    ----------
    line
        Line number in the file, the first line = 1.
    text
        The row itself.
    kind
        ``面``, ``线`` or ``点``; 面 where the row does not say it.
    fields
        Column name → text; empty fields are left out.
    guessed
        The columns do not fit the official shape and were told apart by their looks.
    kind_missing
        The row does not say 面, 线 or 点.
    """

    line: int
    text: str
    kind: str = "面"
    fields: dict[str, str] = field(default_factory=dict)
    guessed: bool = False
    kind_missing: bool = False


@dataclass
class Document:
    """A whole file: header, other sections, parcel rows, and points as parallel arrays in file order.

    ``first`` and ``second`` are the two coordinates of a point as they stand; ``parcel`` is the position of
    its parcel row; ``ring`` is 0 where no ring number is given.
    """

    header: dict[str, str]
    sections: dict[str, dict[str, str]]
    parcels: list[ParcelRow]
    repeated: list[tuple[int, str]]
    unknown: list[tuple[int, str]]
    line: NDArray[np.int64]
    parcel: NDArray[np.int64]
    name: NDArray[np.object_]
    ring: NDArray[np.int64]
    first: NDArray[np.float64]
    second: NDArray[np.float64]


class _Points:
    """Points as they are found; blocks of them become arrays at once, which spares the garbage collector."""

    def __init__(self) -> None:
        self.line: list[int] = []
        self.cells: list[tuple[str, ...]] = []
        self._blocks: list[tuple[NDArray[Any], ...]] = []

    def take(self, number: int, match: re.Match[str]) -> None:
        self.line.append(number)
        self.cells.append(match.groups())

    def flush(self) -> None:
        size = len(self.line)
        name, ring, first, second = zip(*self.cells, strict=True) if size else ((), (), (), ())
        self._blocks.append(
            (
                np.array(self.line, dtype=np.int64),
                np.array(name, dtype=object),
                np.fromiter((int(r) if r else 0 for r in ring), np.int64, size),
                np.fromiter(map(float, first), np.float64, size),
                np.fromiter(map(float, second), np.float64, size),
            )
        )
        self.line.clear()
        self.cells.clear()

    def arrays(self) -> tuple[NDArray[Any], ...]:
        """Line, name, ring, first and second coordinate in file order."""
        self.flush()
        columns = [np.concatenate(column) for column in zip(*self._blocks, strict=True)]
        order = np.argsort(columns[0], kind="stable")
        return tuple(column[order] for column in columns)


def parse_lines(text: str) -> Document:
    """Sort the lines of a file into header, parcel rows and points.

    Parameters
    ----------
    text
        The decoded file.

    Returns
    -------
    Document
        Everything in it, with what was not understood under ``unknown``.

    Examples
    --------
    >>> doc = parse_lines("[地块坐标]\\n3,1.0,A1,甲,面,,,,@\\nJ1,1,10,20\\nJ2,1,11,20\\n?\\n")
    >>> doc.parcels[0].fields["地块编号"], doc.second.tolist(), doc.unknown
    ('A1', [20.0, 20.0], [(5, '?')])
    """
    points, others = _Points(), []
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    match_point = _POINT.fullmatch
    for start in range(0, len(lines), _BLOCK):
        for number, line in enumerate(lines[start : start + _BLOCK], start + 1):
            match = match_point(line)
            if match is not None:
                points.take(number, match)
            elif line and not line.isspace():
                others.append((number, line))
        points.flush()
    reader = _Others(points)
    for number, line in others:
        reader.take(number, line)
    return reader.document()


class _Others:
    """Takes the lines that are no plain points, in file order."""

    def __init__(self, points: _Points) -> None:
        self.points = points
        self.section = ""
        self.sections: dict[str, dict[str, str]] = {}
        self.parcels: list[ParcelRow] = []
        self.repeated: list[tuple[int, str]] = []
        self.unknown: list[tuple[int, str]] = []

    def take(self, number: int, raw: str) -> None:
        line = raw.translate(_WIDE_DIGITS).strip().strip("{}").strip()
        if not line:
            return
        if line.startswith("[") and line.endswith("]"):
            self.section = re.sub(r"\s+", "", line[1:-1])
        elif self._is_parcel(line):
            self.parcels.append(parcel_row(number, raw))
        elif "=" in line and self.section != COORDINATES:
            self._pair(number, line, raw)
        elif match := _POINT.fullmatch(line.translate(_WIDE_COMMA)):
            self.points.take(number, match)
        else:
            self.unknown.append((number, raw.strip()))

    def _is_parcel(self, line: str) -> bool:
        plain = line.translate(_WIDE_COMMA)
        if _PARCEL_KIND.search(plain):
            return self.section in ("", COORDINATES) or plain.endswith("@")
        return plain.rstrip(" ,").endswith("@") and plain.count(",") >= 2

    def _pair(self, number: int, line: str, raw: str) -> None:
        key, value = line.split("=", 1)
        known = self.sections.setdefault(self.section or ATTRIBUTES, {})
        if key.strip() in known:
            self.repeated.append((number, raw.strip()))
        else:
            known[key.strip()] = value.strip()

    def document(self) -> Document:
        """Everything taken, points in file order with the parcel row that stands before them."""
        line, name, ring, first_xy, second_xy = self.points.arrays()
        starts = np.array([row.line for row in self.parcels], dtype=np.int64)
        if len(line) and (len(starts) == 0 or line[0] < starts[0]):
            first = int(line[0])
            self.parcels.insert(0, ParcelRow(line=first, text="", kind_missing=True))
            starts = np.concatenate([[first], starts])
        sections = dict(self.sections)
        return Document(
            header=sections.pop(ATTRIBUTES, {}),
            sections=sections,
            parcels=self.parcels,
            repeated=self.repeated,
            unknown=self.unknown,
            line=line,
            parcel=np.searchsorted(starts, line, side="right") - 1,
            name=name,
            ring=ring,
            first=first_xy,
            second=second_xy,
        )


def parcel_row(line: int, raw: str) -> ParcelRow:
    """Split a parcel row: 界址点数, 地块面积, 地块编号, 地块名称, 图形属性, 图幅号, 地块用途, 地类编码, @.

    Full-width commas separate only where there are no others; else they belong to the name.
    """
    text = re.sub(r"＠[\s,，]*$", "@", raw.strip().strip("{}｛｝\ufeff"))
    if text.count(",") < 2:
        text = text.translate(_WIDE_COMMA)
    cells = [c.strip() for c in text.rstrip(" ,").removesuffix("@").split(",")]
    at = _kind_position(cells)
    row = ParcelRow(line=line, text=raw.strip(), kind_missing=at is None)
    if at is None:
        named = dict(zip(("界址点数", "地块面积", "地块编号", "地块名称"), cells, strict=False))
        named.update({f"附加{i}": c for i, c in enumerate(cells[4:], 1)})
    else:
        row.kind = cells[at]
        before, row.guessed = _before_kind(cells[:at])
        named = before | _after_kind(cells[at + 1 :])
    row.fields = {key: value for key, value in named.items() if value}
    return row


def _kind_position(cells: list[str]) -> int | None:
    usual = [i for i in (4, 6, 5, 3, 2) if i < len(cells) and cells[i] in KINDS]
    return usual[0] if usual else next((i for i, c in enumerate(cells) if i > 1 and c in KINDS), None)


def _before_kind(cells: list[str]) -> tuple[dict[str, str], bool]:
    """Fields before 面; too many of them mean inserted columns or commas in the name.

    An inserted region code stands in third place and is 6 to 12 digits.
    """
    named = dict(zip(("界址点数", "地块面积"), cells, strict=False))
    rest = cells[2:]
    extra: tuple[str, ...] = ()
    if len(rest) > 2 and _REGION_CODE.fullmatch(rest[0]):
        extra = ("乡镇代码", "行政区名称")[: len(rest) - 2]
        named.update(zip(extra, rest, strict=False))
    left = rest[len(extra) :]
    if left:
        named["地块编号"] = left[0]
        named["地块名称"] = ",".join(left[1:])
    return named, len(rest) > 2


def _after_kind(cells: list[str]) -> dict[str, str]:
    named = dict(zip(("图幅号", "地块用途", "地类编码"), cells, strict=False))
    if named.get("地类编码") in _POSITIONS:
        named["权利设定方式"] = named.pop("地类编码")
    named.update({f"附加{i}": c for i, c in enumerate(cells[3:], 1)})
    return named

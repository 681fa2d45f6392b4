"""The rows of large sheets, written as the XML of the workbook format (ECMA-376, SpreadsheetML).

A workbook is laid out first with an empty record per sheet, whose cells carry the styles; :func:`fill` then puts the
records in its place. Text is written as inline strings, which no program takes for formulas; a missing value has no
cell, zero is 0.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

Kind = Literal["text", "number", "integer", "date", "datetime"]

CELL_TEXT = 32_767  # characters (UTF-16 units) that one cell holds
_CHUNK = 4096
_DAY_ZERO = pd.Timestamp("1899-12-30")
_FIRST_DAY = 61  # 1900-03-01: the calendar of spreadsheets is wrong before it
_EXACT_INTEGERS = 10**15  # spreadsheets keep 15 digits of a number
_LARGE = 2**31
_LEVEL = 1  # of compression: half the time of the usual 6 for a fifth more bytes
# What XML cannot carry is written as _xHHHH_; text that looks like that is marked, so that both come back unchanged.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")
_LOOKS_CODED = re.compile("_(?=x[0-9a-fA-F]{4}_)")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SPECIAL = re.compile(r"[^\w\-.,:;/%()（），。；：、·*#+×° ]|_x|^ | $|  ")
_SURELY_FITS = CELL_TEXT // 2
_DUMMY = re.compile(r'<row r="2"[^>]*>(.*?)</row>', re.DOTALL)
_AFTER_LINKS = re.compile("<printOptions|<pageMargins")
_STYLE = re.compile(r'<c r="[A-Z]+2" s="(\d+)"')


@dataclass(frozen=True)
class Body:
    """The records of one sheet, written below its header row.

    Attributes
    ----------
    table
        One column per column of the sheet.
    kinds
        How the cells of each column are written.
    cut
        What ends a text that is too long for a cell, with the placeholder ``{count}``.
    links
        The links of its cells as XML.
    relations
        XML of what lies outside the workbook and is linked to.
    """

    table: pd.DataFrame
    kinds: list[Kind]
    cut: str
    links: str = ""
    relations: str = ""


def kind_of(values: pd.Series) -> Kind:
    """How the values of a column are written."""
    dtype = values.dtype
    if pd.api.types.is_bool_dtype(dtype):
        return "text"
    if pd.api.types.is_integer_dtype(dtype):
        return (
            "integer"
            if all(pd.isna(v) or abs(int(v)) < _EXACT_INTEGERS for v in (values.min(), values.max()))
            else "text"
        )
    if pd.api.types.is_float_dtype(dtype):
        return "number"
    if not pd.api.types.is_datetime64_any_dtype(dtype):
        return "text"
    known = values.dropna()
    return "date" if (known == known.dt.normalize()).all() else "datetime"


def fill(skeleton: io.BytesIO, path: Path, bodies: Mapping[str, Body]) -> None:
    """Write a workbook with the records of its large sheets.

    Parameters
    ----------
    skeleton
        The workbook with headers; each sheet with records has one row of blank styled cells below its header.
    path
        The file to write.
    bodies
        Records by the member name of their sheet, such as ``xl/worksheets/sheet2.xml``.
    """
    with (
        zipfile.ZipFile(skeleton) as source,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as target,
    ):
        for member in source.infolist():
            content = source.read(member)
            body = bodies.get(member.filename)
            if body is None:
                target.writestr(member, content, zipfile.ZIP_DEFLATED, _LEVEL)
                continue
            with target.open(member.filename, "w", force_zip64=_bytes(body) > _LARGE) as out:
                for piece in _sheet(content.decode("utf-8"), body):
                    out.write(piece.encode("utf-8"))
            if body.relations:
                folder, _, name = member.filename.rpartition("/")
                target.writestr(f"{folder}/_rels/{name}.rels", body.relations, zipfile.ZIP_DEFLATED, _LEVEL)


def _bytes(body: Body) -> float:
    """About how large the XML of the records is, rather too much."""
    texts = [body.table.iloc[:, i] for i, kind in enumerate(body.kinds) if kind == "text"]
    return body.table.size * 60 + 4 * sum(float(t.astype("str").str.len().sum()) for t in texts)


def _sheet(xml: str, body: Body) -> Iterator[str]:
    """The XML of a sheet with its dummy record replaced by the records."""
    dummy = _DUMMY.search(xml)
    if dummy is None:
        raise ValueError("the sheet has no row of styled cells below its header")
    size, width = body.table.shape
    last = f"{letters(width - 1)}{size + 1}"
    head = re.sub(r'<dimension ref="[^"]*"/>', f'<dimension ref="A1:{last}"/>', xml[: dummy.start()], count=1)
    yield head
    yield from rows(body, [int(s) for s in _STYLE.findall(dummy.group())])
    tail = xml[dummy.end() :]
    place = _AFTER_LINKS.search(tail)
    at = place.start() if place else len(tail)
    yield tail[:at] + body.links + tail[at:]


def rows(body: Body, styles: list[int]) -> Iterator[str]:
    """The records as ``<row>`` elements, some thousand at a time."""
    table = body.table
    writers = [
        _writer(table.iloc[:, i], kind, style, letters(i), body.cut)
        for i, (kind, style) in enumerate(zip(body.kinds, styles, strict=True))
    ]
    for start in range(0, len(table), _CHUNK):
        stop = min(start + _CHUNK, len(table))
        numbers = [str(n) for n in range(start + 2, stop + 2)]
        cells = [write(start, stop, numbers) for write in writers]
        yield "".join(
            [f'<row r="{n}">{"".join(row)}</row>' for n, row in zip(numbers, zip(*cells, strict=True), strict=True)]
        )


Writer = Callable[[int, int, list[str]], list[str]]


def _writer(values: pd.Series, kind: Kind, style: int, letter: str, cut: str) -> Writer:
    """A function that gives the cells of a range of records of one column."""
    if kind == "number":
        return _numbers(values.to_numpy(dtype=float, na_value=np.nan), style, letter)
    if kind == "text":
        spelled = values.astype("str")
        return _repeated(spelled, lambda text: _text_cell(str(text), style, cut), letter)
    if kind == "integer":
        return _repeated(values, lambda n: f'" s="{style}"><v>{n}</v></c>', letter)
    return _repeated(values, lambda day: _date_cell(pd.Timestamp(str(day)), style), letter)


def _numbers(values: np.ndarray, style: int, letter: str) -> Writer:
    finite = np.isfinite(values)
    lead, tail = f'<c r="{letter}', "</v></c>"

    def write(start: int, stop: int, numbers: list[str]) -> list[str]:
        cells = zip(numbers, values[start:stop].tolist(), finite[start:stop].tolist(), strict=True)
        return [
            f'{lead}{n}" s="{style}"><v>{v!r}{tail}' if ok else _odd_number(lead, n, v, style) for n, v, ok in cells
        ]

    return write


def _odd_number(lead: str, number: str, value: float, style: int) -> str:
    """Missing has no cell; infinity, which a cell cannot hold as a number, stands as text."""
    return "" if value != value else f"{lead}{number}{_text_cell('∞' if value > 0 else '-∞', style, '')}"


def _repeated(values: pd.Series, make: Callable[[object], str], letter: str) -> Writer:
    """Cells of a column whose values repeat: each value is spelled once."""
    codes, unique = pd.factorize(values)
    spelled = np.empty(len(unique) + 1, dtype=object)
    spelled[:-1] = [make(v) for v in unique.tolist()]
    spelled[-1] = None
    lead = f'<c r="{letter}'

    def write(start: int, stop: int, numbers: list[str]) -> list[str]:
        found = spelled[codes[start:stop]].tolist()
        return [f"{lead}{n}{cell}" if cell is not None else "" for n, cell in zip(numbers, found, strict=True)]

    return write


def _text_cell(text: str, style: int, cut: str) -> str:
    if len(text) < _SURELY_FITS and not _SPECIAL.search(text):
        return f'" s="{style}" t="inlineStr"><is><t>{text}</t></is></c>'
    plain = escape(shorten(text, cut))
    space = ' xml:space="preserve"' if plain != plain.strip() or "\n" in plain or "  " in plain else ""
    return f'" s="{style}" t="inlineStr"><is><t{space}>{plain}</t></is></c>'


def _date_cell(day: pd.Timestamp, style: int) -> str:
    serial = (day.tz_localize(None) - _DAY_ZERO) / pd.Timedelta(days=1)
    if serial < _FIRST_DAY:
        return _text_cell(day.date().isoformat(), style, "")
    return f'" s="{style}"><v>{int(serial) if serial == int(serial) else serial!r}</v></c>'


def shorten(text: str, cut: str) -> str:
    """A text that fits into a cell; a longer one says how long it is.

    Examples
    --------
    >>> shorten("短", "…（共 {count} 字）")
    '短'
    >>> len(shorten("字" * 40_000, "…（共 {count} 字）"))
    32767
    """
    if len(text) < _SURELY_FITS or len(text) + sum(c > "\uffff" for c in text) <= CELL_TEXT:
        return text
    tail = cut.format(count=len(text))
    room = CELL_TEXT - len(tail)
    units = text.encode("utf-16-le", "surrogatepass")[: room * 2]
    return units.decode("utf-16-le", "ignore") + tail


def escape(text: str) -> str:
    r"""A text as it stands in the XML of a cell.

    Examples
    --------
    >>> escape("甲<乙>&\x0b_x0041_")
    '甲&lt;乙&gt;&amp;_x000B__x005F_x0041_'
    """
    text = _LOOKS_CODED.sub("_x005F_", text)
    text = _CONTROL.sub(lambda m: f"_x{ord(m.group()):04X}_", text)
    text = _SURROGATE.sub("\ufffd", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def letters(column: int) -> str:
    """The name of a column counted from 0.

    Examples
    --------
    >>> [letters(c) for c in (0, 25, 26, 701, 702)]
    ['A', 'Z', 'AA', 'ZZ', 'AAA']
    """
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name

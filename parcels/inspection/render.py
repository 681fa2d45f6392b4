"""An inspection as text for people: one labelled block per fact, wrapped by the width of its characters.

Chinese characters take two columns of a terminal; widths are counted so that the table of columns stays in line.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from parcels.catalog import Lang

if TYPE_CHECKING:
    from parcels.inspection.columns import ColumnReport, LedgerLine
    from parcels.inspection.inspect import Inspection, LayerReport

WIDTH = 118
# Room for the indent of a layer, and for a punctuation mark that hangs over the edge.
_ROOM = WIDTH - 4
_CELLS = (24, 16, 6, 40)
_NO_LINE_START = "，。；：、）】》！？,.;:)!?…"
_TOKENS = re.compile(r"\s+|[^\s\u2e80-\uffef]+|[\u2e80-\uffef]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e]")


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, dict[str, str]]]:
    return tomllib.loads((files("parcels") / "data" / "inspection_words.toml").read_text(encoding="utf-8"))


class _Words:
    """The labels and words of one language."""

    def __init__(self, lang: Lang) -> None:
        self.lang: Lang = lang
        self.width = 2 + max(columns_of(text[lang]) for text in _table()["labels"].values())

    def label(self, name: str) -> str:
        return _table()["labels"][name][self.lang]

    def __call__(self, name: str, **params: object) -> str:
        return _table()["words"][name][self.lang].format(**params)

    def list(self, parts: Iterable[object]) -> str:
        return ("、" if self.lang == "zh" else ", ").join(map(str, parts))

    def evidence(self, text: str) -> str:
        """A sentence of encoding evidence in the language of the report."""
        for entry in _table()["encoding"].values():
            found = re.fullmatch(entry["pattern"], text)
            if found:
                return entry[self.lang].format(**found.groupdict())
        return text

    def fact(self, name: str) -> str:
        """What a fact of the notes is called; a name that nobody translated stays as it is."""
        return _table()["facts"].get(name, {}).get(self.lang, name)

    def brackets(self, text: str) -> str:
        return f"（{text}）" if self.lang == "zh" else f" ({text})"


def columns_of(text: str) -> int:
    """How many columns of a terminal a text takes.

    Examples
    --------
    >>> columns_of("宗地 A")
    6
    """
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def pad(text: str, width: int) -> str:
    """Text filled with blanks to a width."""
    return text + " " * max(0, width - columns_of(text))


def cut(text: str, width: int) -> str:
    """Text of at most a width, with ``…`` where something was left out.

    Examples
    --------
    >>> cut("国有建设用地", 7)
    '国有建…'
    """
    if columns_of(text) <= width:
        return text
    kept = ""
    for character in text:
        if columns_of(kept + character) > width - 1:
            break
        kept += character
    return kept + "…"


def plain(text: object) -> str:
    """Text on one line, without characters that would move the cursor of a terminal."""
    return _CONTROL.sub(" ", str(text)).strip()


def wrap(text: str, width: int) -> list[str]:
    """Lines of at most a width: broken at blanks and between Chinese characters, never before a full stop.

    Examples
    --------
    >>> wrap("登记面积 registered", 10)
    ['登记面积', 'registered']
    """
    lines, line = [], ""
    for token in _TOKENS.findall(plain(text)):
        fits = columns_of(line + token.rstrip()) <= width
        if line and not fits and token not in _NO_LINE_START:
            lines.append(line.rstrip())
            line = token.lstrip()
        else:
            line += token
        while columns_of(line) > width + 2:
            head = cut(line, width + 1)[:-1]
            lines.append(head)
            line = line[len(head) :]
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def render(inspection: Inspection, lang: Lang = "zh") -> str:
    """An inspection as text, one block per layer.

    Parameters
    ----------
    inspection
        What was found.
    lang
        Language of the labels; that of the texts was chosen when the file was looked at.
    """
    words = _Words(lang)
    kind = inspection.kind + (words.brackets(plain(inspection.evidence)) if inspection.evidence else "")
    lines = [plain(inspection.path), *_block("format", [kind], words)]
    for layer in inspection.layers:
        lines += ["", *(f"  {line}".rstrip() for line in _layer(layer, words))]
    return "\n".join(lines)


def _block(label: str, texts: Sequence[str], words: _Words) -> list[str]:
    """A label and its text in the column beside it, further lines below."""
    body = [line for text in texts for line in wrap(text, _ROOM - 2 - words.width)] or [""]
    labels = [words.label(label), *[""] * (len(body) - 1)]
    return [f"  {pad(name, words.width)}{line}".rstrip() for name, line in zip(labels, body, strict=True)]


def _layer(layer: LayerReport, words: _Words) -> list[str]:
    lines = [f"{words.label('layer')}  {plain(layer.name)}"]
    if layer.problem:
        return lines + [f"  {part}" for line in layer.problem.splitlines() for part in wrap(line, _ROOM - 2)]
    parts = {
        "rows": _rows(layer, words),
        "encoding": _encoding(layer, words),
        "crs": _crs(layer, words),
        "geometry": [words.list(f"{kind} {n}" for kind, n in layer.geometry.items())] if layer.geometry else [],
        "null": [f"{layer.null}{words.brackets(_at(layer.null_rows, layer.null > len(layer.null_rows), words))}"]
        if layer.null
        else [],
        "invalid": _invalid(layer, words),
        "bounds": [_bounds(layer.bounds)] if layer.bounds else [],
        "area": _area(layer, words),
    }
    for name, texts in parts.items():
        lines += _block(name, texts, words) if texts else []
    lines += _columns(layer, words)
    lines += _findings("codes", layer.codes, words, empty=bool(layer.codes_checked))
    lines += _findings("ledger", layer.ledger, words)
    facts = [f"{words.fact(name)}: {plain(value)}" for name, value in layer.notes.items()]
    return lines + (_block("notes", facts, words) if facts else [])


def _rows(layer: LayerReport, words: _Words) -> list[str]:
    if layer.rows is None:
        return []
    gone = words.brackets(f"{words('deleted')} {layer.deleted}") if layer.deleted else ""
    return [f"{layer.rows}{gone}"]


def _encoding(layer: LayerReport, words: _Words) -> list[str]:
    if not layer.encoding:
        return []
    sure = layer.encoding_confidence
    text = layer.encoding + ("" if sure is None else words.brackets(f"{words('confidence')} {sure:.2f}"))
    evidence = "; ".join(words.evidence(text) for text in layer.encoding_evidence)
    return [text, f"{words.label('evidence')}: {evidence}"] if evidence else [text]


def _crs(layer: LayerReport, words: _Words) -> list[str]:
    if layer.crs_problem:
        return [words("unsettled"), *layer.crs_problem.splitlines()]
    if layer.crs:
        return [layer.crs, *(f"· {text}" for text in layer.crs_evidence)]
    return [words("no_crs")] if layer.geometry else []


def _invalid(layer: LayerReport, words: _Words) -> list[str]:
    if not layer.invalid:
        return []
    shown = [f"{words('row', rows=row)} {reason}" for row, reason in layer.invalid_rows]
    return [f"{layer.invalid}: {'; '.join(shown)}{' …' if layer.invalid > len(shown) else ''}"]


def _at(rows: Sequence[int], more: bool, words: _Words) -> str:
    return words("row", rows=words.list(rows) + (" …" if more else ""))


def _bounds(bounds: Sequence[float]) -> str:
    shown = [f"{v:.6f}" if abs(v) < 1000 else f"{v:.3f}" for v in bounds]
    return f"x {shown[0]} … {shown[2]}   y {shown[1]} … {shown[3]}"


def _area(layer: LayerReport, words: _Words) -> list[str]:
    if layer.area_m2 is None or layer.area_mu is None:
        return []
    text = f"{layer.area_m2:,.2f} m² = {layer.area_mu:,.2f} 亩"
    return [text + (words.brackets(words("assumed", crs=layer.area_assumed)) if layer.area_assumed else "")]


def _columns(layer: LayerReport, words: _Words) -> list[str]:
    """The columns as a table: name, type, filled cells, meaning with unit, first values."""
    if not layer.columns:
        return []
    kind = words.brackets(f"{words('taken_as')}: {words(layer.table)}") if layer.table else ""
    head = [words(name) for name in ("name", "type", "filled", "meaning", "examples")]
    body = [_cells(column, words) for column in layer.columns]
    widths = [min(limit, max(columns_of(row[k]) for row in [head, *body])) for k, limit in enumerate(_CELLS)]
    room = _ROOM - 4 - sum(widths) - 8
    lines = [f"  {words.label('columns')} {len(body)}{kind}"]
    for row in [head, *body]:
        fixed = "  ".join(pad(cut(text, width), width) for text, width in zip(row[:4], widths, strict=True))
        lines.append(f"    {fixed}  {cut(row[4], room)}".rstrip())
    return lines


def _cells(column: ColumnReport, words: _Words) -> list[str]:
    name = plain(column.name) + (words.brackets(plain(column.alias)) if column.alias else "")
    kind = words(column.type) + (f" {column.declared}" if column.declared else "")
    meaning = f"{column.canonical} {column.title or ''}".strip() if column.canonical else ""
    unit = f" [{column.unit}]" if column.unit else ""
    return [name, kind, str(column.filled), meaning + unit, words.list(plain(text) for text in column.examples)]


def _findings(label: str, found: Sequence[LedgerLine], words: _Words, *, empty: bool = False) -> list[str]:
    if not found:
        return _block(label, [words("none_wrong")], words) if empty else []
    lines = [f"  {words.label(label)}"]
    for line in found:
        text = f"{words(line.severity)}  {words('times', count=line.count)}  {line.message}"
        first, *more = wrap(text, _ROOM - 8)
        lines += [f"    {first}", *(f"        {part}" for part in more)]
        lines += [f"        {part}" for part in wrap(_place(line, words), _ROOM - 8) if part]
    return lines


def _place(line: LedgerLine, words: _Words) -> str:
    """Where a finding stands and one example of it."""
    parts = [_at(line.rows, line.more_rows, words)] if line.rows else []
    if line.fields:
        parts.append(words("field", field=words.list(map(plain, line.fields))))
    if line.before is not None:
        arrow = "" if line.after is None else f" → {cut(plain(line.after), 60)}"
        parts.append(f"{words('examples')}: {cut(plain(line.before), 60)}{arrow}")
    elif line.after is not None:
        parts.append(f"→ {cut(plain(line.after), 60)}")
    return "; ".join(parts)

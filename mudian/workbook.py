"""The workbook (report.xlsx): one sheet per table, headers with units in the language of the run, nothing that can run.

Cells are written by their type: text is always text (a name that begins with ``=`` stays a name), missing is an empty
cell, zero is 0. A table longer than a sheet goes on in a second one. Columns that are wholly empty, and own columns
that only repeat a canonical one, are left out here (the sources sheet names the empty ones); the Parquet files have
them all.
"""

from __future__ import annotations

import io
import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from mudian.briefing.sheets import draw_report
from mudian.evaluation import Evaluation
from mudian.issue_lists.rows import issue_rows
from mudian.issue_lists.words import column_name
from mudian.labels import column_label, sheet_label, value_labels, word
from mudian.periods.shown import SHEETS as PERIODS
from mudian.periods.shown import period_tables
from mudian.redaction.rules import titles as redaction_titles
from mudian.screening.shown import screening_tables
from mudian.screening.words import SHEETS as SCREENING
from mudian.screening.words import column_title
from mudian.verdict_sheets import VERDICT_SHEETS, verdict_tables
from mudian.workbook_charts import draw_waterfalls
from mudian.workbook_colours import Colours, colour, draw_legend
from mudian.workbook_links import Placed, draw_index, is_linked, with_links
from mudian.workbook_overview import draw_overview
from mudian.workbook_rows import Body, Kind, fill, kind_of, shorten
from mudian.zone_stats.display import shown_statistics
from parcels.catalog import SEVERITIES, Lang

RECORDS = 1_048_575  # of one sheet, below its header
_OPTIONS = {
    "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
}  # fmt: skip
_NUMBER_FORMATS = {"text": "@", "date": "yyyy-mm-dd", "datetime": "yyyy-mm-dd hh:mm", "whole": "#,##0"}
_TWO_DECIMALS = "#,##0.00"
_NUMBER_WIDTH = {"number": 13.0, "integer": 10.0, "date": 11.0, "datetime": 17.0}
_TEXT_WIDTHS = (8.0, 44.0)
_SAMPLE = 1000
_NOT_SHOWN = ("geometry",)
_MORE_TABLES = ("deductions", "developable", "left_measures", "potentials", "projects")
_ONLY_FILLED = ("candidates", "issues", "corrections", *VERDICT_SHEETS, *_MORE_TABLES, *SCREENING, *PERIODS)
_MERGED, _RANK = "_incomplete", "rank_"
_A3, _HEADER_HEIGHT, _PAGE_WIDTH = 8, 36, 300  # paper, points, half-width characters across
_PAPERS = {"A3": _A3, "A4": 9}


@lru_cache(maxsize=1)
def layout() -> dict[str, Any]:
    """Order of columns, number formats, units and words of the workbook."""
    raw: dict[str, Any] = tomllib.loads((files("mudian") / "data" / "workbook.toml").read_text(encoding="utf-8"))
    return raw


def text(name: str, lang: Lang) -> str:
    """A word of the workbook; what it does not know is a word of the reports."""
    found: dict[str, str] | None = layout()["words"].get(name)
    return found[lang] if found else word(name, lang)


@dataclass
class Book:
    """A workbook in the making: its formats, and the records that are filled in at the end."""

    book: xlsxwriter.Workbook
    lang: Lang
    colours: Colours
    bodies: dict[str, Body] = field(default_factory=dict)
    placed: dict[str, Placed] = field(default_factory=dict)
    left_out: dict[str, list[str]] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    paper: int = _A3
    formats: dict[str, Format] = field(default_factory=dict)

    def style(self, num_format: str = "@", **properties: Any) -> Format:
        """A format of the house, made once."""
        key = repr((num_format, sorted(properties.items())))
        if key not in self.formats:
            base = {"font_name": "微软雅黑", "font_size": 10, "num_format": num_format}
            self.formats[key] = self.book.add_format(base | properties)
        return self.formats[key]

    def head(self) -> Format:
        """The format of headers."""
        return self.style(bold=True, bg_color="#DCE6F1", border=1, text_wrap=True, valign="vcenter", align="center")

    def sheet(self, title: str) -> Worksheet:
        """A new sheet."""
        return self.book.add_worksheet(title)


def write_workbook(evaluation: Evaluation, path: Path) -> None:
    """Write the workbook of a run.

    Parameters
    ----------
    evaluation
        The results.
    path
        The file to write.
    """
    project = evaluation.manifest["project"]
    skeleton = io.BytesIO()
    with xlsxwriter.Workbook(skeleton, _OPTIONS) as workbook:
        workbook.set_properties({"title": project["name"], "subject": project["period"]})
        book = Book(workbook, project["lang"], Colours.of(evaluation), titles=redaction_titles(evaluation.manifest))
        book.paper = _PAPERS[evaluation.manifest["parameters"].get("workbook", {}).get("paper", "A3")]
        draw_overview(book, evaluation, text=text)
        if not evaluation.manifest.get("redaction"):
            draw_report(book, evaluation)
        for name, table in _tables(evaluation).items():
            _add_table(book, name, table, _repeated(evaluation, name))
        draw_waterfalls(book, evaluation)
        draw_legend(book, sheet_label("map_classes", book.lang), book.colours)
        _sources(book, evaluation)
        draw_index(book)
    page = "html" in evaluation.manifest["parameters"].get("output", {}).get("formats", ())
    fill(skeleton, path, with_links(book.placed, book.bodies, page=page))


def write_tables(tables: Mapping[str, pd.DataFrame], path: Path, *, lang: Lang) -> None:
    """Write some tables, by the name of their sheet, as a workbook of their own."""
    skeleton = io.BytesIO()
    with xlsxwriter.Workbook(skeleton, _OPTIONS) as workbook:
        book = Book(workbook, lang, Colours(pd.DataFrame(), {}, lang))
        for name, table in tables.items():
            _add_table(book, name, table, {})
    fill(skeleton, path, book.bodies)


def _tables(evaluation: Evaluation) -> dict[str, pd.DataFrame]:
    """The tables that have a sheet, in its order."""
    zones, links = pd.DataFrame(evaluation.zones), evaluation.links
    if "rank_tax_per_mu" in zones:
        zones = zones.sort_values(["rank_tax_per_mu", "zone_id"], kind="stable")
    order = {zone: place for place, zone in enumerate(zones["zone_id"])}
    parcels = pd.DataFrame(evaluation.parcels)
    parcels = parcels.sort_values("zone_id", key=lambda z: z.map(order), kind="stable")  # a zone is one block
    if "name" in evaluation.enterprises:
        names = evaluation.enterprises.drop_duplicates("enterprise_id").set_index("enterprise_id")["name"]
        links = links.assign(name=links["enterprise_id"].map(names))
    tables = {
        "zones": zones,
        "enterprises": evaluation.enterprises,
        "parcels": parcels,
        **verdict_tables(evaluation),
        **{name: pd.DataFrame(getattr(evaluation, name)) for name in _MORE_TABLES},
        "zone_stats": shown_statistics(evaluation),
        **period_tables(evaluation, evaluation.manifest["project"]["lang"]),
        **screening_tables(evaluation),
        "issues": issue_rows(evaluation),
        "corrections": evaluation.corrections,
        "links": links,
        "candidates": evaluation.candidates,
        "ledger": evaluation.ledger.sort_values("severity", key=_severity, kind="stable"),
    }
    whole = not evaluation.manifest.get("redaction")  # of a redacted run an empty sheet says nothing
    return {n: t for n, t in tables.items() if len(t) or (whole and len(t.columns) and n not in _ONLY_FILLED)}


def _severity(values: pd.Series) -> pd.Series:
    return values.map({name: i for i, name in enumerate(SEVERITIES)})


def _add_table(book: Book, name: str, table: pd.DataFrame, repeated: dict[str, str]) -> None:
    shown, book.left_out[name] = _columns(name, table, repeated)
    shown = _worded(shown, book.lang)
    title = book.titles.get(name) or sheet_label(name, book.lang)
    for k, piece in enumerate(_pieces(shown), start=1):
        _lay_out(book, book.sheet(title if k == 1 else f"{title} ({k})"), name, piece)


def _pieces(table: pd.DataFrame) -> Iterator[pd.DataFrame]:
    for start in range(0, max(len(table), 1), RECORDS):
        yield table.iloc[start : start + RECORDS]


def _repeated(evaluation: Evaluation, name: str) -> dict[str, str]:
    """Own column of a table → the canonical column that was taken from it."""
    inputs = [f["file"] for f in evaluation.manifest["inputs"].get(name, [])]
    own = tuple(Path(file).name for file in inputs)
    fields = [d for d in evaluation.manifest["decisions"] if d["topic"] == "field" and d["source"].startswith(own)]
    pairs = [str(d["value"]).partition(" = ") for d in fields] if own else []
    return {source: canonical for canonical, _, source in pairs if source}


def _columns(name: str, table: pd.DataFrame, repeated: dict[str, str]) -> tuple[pd.DataFrame, list[str]]:
    """The columns of a sheet in their order, and the names of those that are wholly empty."""
    first = [c for c in layout()[name]["first"] if c in table]
    rest = [c for c in table if c not in first and c not in _NOT_SHOWN]
    rest = [c for c in rest if repeated.get(str(c), c) == c or repeated[str(c)] not in table]
    rest = [c for c in rest if not str(c).endswith(_MERGED) or table[c].any()]
    wanted = [*first, *sorted(rest, key=lambda c: c == "source_row")]
    empty = [c for c in wanted if len(table) and c not in first[:1] and table[c].isna().all()]
    return table[[c for c in wanted if c not in empty]], [str(c) for c in empty]


def _worded(table: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Codes and yes/no as words; other values stay as they are."""
    made: dict[str, pd.Series] = {}
    yes_no = {True: word("true", lang), False: word("false", lang)}
    for name in table.columns:
        if pd.api.types.is_bool_dtype(table[name].dtype):
            made[name] = table[name].astype("object").map(yes_no)
        elif words := _value_words(str(name), lang):
            made[name] = table[name].map(words).fillna(table[name])
    return table.assign(**made)


def _value_words(column: str, lang: Lang) -> dict[str, str]:
    own = layout()["values"].get(column)
    return {code: texts[lang] for code, texts in own.items()} if own else value_labels(column, lang)


def _lay_out(book: Book, sheet: Worksheet, name: str, table: pd.DataFrame) -> None:
    """Headers, widths, formats and print settings of a sheet, and its records for later."""
    kinds = [kind_of(table[c]) for c in table]
    titles = [header(str(c), book.lang, sheet=name) for c in table]
    widths = [_width(table[c], kind, title) for c, kind, title in zip(table, kinds, titles, strict=True)]
    for i, (column, kind) in enumerate(zip(table, kinds, strict=True)):
        sheet.set_column(i, i, widths[i])
        sheet.write_string(0, i, titles[i], book.head())
        look: dict[str, Any] = {"indent": 1} if kind == "text" else {}
        look |= {"font_color": "#0563C1", "underline": 1} if is_linked(name, str(column)) else {}
        sheet.write_blank(1, i, None, book.style(_number_format(str(column), table[column], kind), **look))
    colour(book, sheet, name, table, book.colours)
    sheet.set_row(0, _HEADER_HEIGHT)
    sheet.freeze_panes(1, layout()[name]["freeze"])
    sheet.autofilter(0, 0, len(table), len(kinds) - 1)
    sheet.set_landscape()
    sheet.set_paper(book.paper)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.fit_to_pages(math.ceil(sum(widths) / _PAGE_WIDTH), 0)
    sheet.repeat_rows(0)
    sheet.repeat_columns(0, layout()[name]["freeze"] - 1)
    sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    sheet.set_footer("&L&F&C&A&R&P / &N")
    cut = text("cut", book.lang)
    part = f"xl/worksheets/sheet{len(book.book.worksheets())}.xml"
    book.bodies[part], book.placed[part] = Body(table, kinds, cut), Placed(name, sheet.get_name())


def header(column: str, lang: Lang, *, sheet: str) -> str:
    """The header of a column: its name with its unit; an own column keeps its name."""
    if sheet in SCREENING:
        return column_title(column, lang)
    if sheet == "issues":
        return column_name(column, lang)
    special: dict[str, dict[str, str]] = layout()[sheet].get("labels", {})
    if column in special:
        return special[column][lang]
    if column.endswith(_MERGED):
        return f"{_bare(header(column.removesuffix(_MERGED), lang, sheet=sheet))} {text('incomplete', lang)}"
    title = text(column, lang) if column in layout()["words"] else column_label(column, lang)
    unit = None if column.startswith(_RANK) else _by_end(column, layout()["units"])
    if unit is None or title == column or title.endswith(("）", ")")):
        return title
    return f"{title}（{unit[lang]}）" if lang == "zh" else f"{title} ({unit[lang]})"


def _bare(title: str) -> str:
    return title.partition("（")[0].partition(" (")[0]


def _by_end(column: str, known: dict[str, Any]) -> Any:
    """The entry whose key is the longest end of a column name; None when no key is."""
    fitting = [end for end in known if column.endswith(end)]
    return known[max(fitting, key=len)] if fitting else None


def _number_format(column: str, values: pd.Series, kind: Kind) -> str:
    if kind in _NUMBER_FORMATS:
        return _NUMBER_FORMATS[kind]
    special: str | None = _by_end(column, layout()["formats"])
    whole = kind == "integer" or bool(len(values) and (values.dropna() % 1 == 0).all())
    return special or (_NUMBER_FORMATS["whole"] if whole else _TWO_DECIMALS)


def _width(values: pd.Series, kind: Kind, title: str) -> float:
    """Wide enough for nearly every value, and for a header over two lines."""
    wanted = _NUMBER_WIDTH.get(kind)
    if wanted is None:
        known = values.dropna().head(_SAMPLE).astype("str")
        lengths = sorted(_display(t) for t in known.unique())
        wanted = lengths[len(lengths) * 95 // 100] + 2.0 if lengths else 0.0
        wanted = min(max(wanted, _TEXT_WIDTHS[0]), _TEXT_WIDTHS[1])
    return max(wanted, min(_display(title) / 2 + 4.0, 21.0))


def _display(content: str) -> int:
    """Width of a text in half-width characters."""
    return sum(2 if c > "\u2e7f" else 1 for c in content)


def _sources(book: Book, evaluation: Evaluation) -> None:
    """Inputs with their checksums, decisions with their evidence, columns left out."""
    lang, manifest = book.lang, evaluation.manifest
    rows: list[list[object]] = [[column_label("source", lang), *(word(k, lang) for k in ("file", "bytes", "sha256"))]]
    for name, found in manifest["inputs"].items():
        label = word(name, lang) if ":" in name else header_of_input(name, lang)
        rows += [[label, f["file"], int(f["bytes"]), f["sha256"]] for f in found]
    rows += [[], [word("topic", lang), word("value", lang), column_label("source", lang), word("evidence", lang)]]
    for d in manifest["decisions"]:
        rows.append([d["topic"], str(d["value"]), d["source"], "；".join(map(str, d["evidence"]))])
    for name, columns in book.left_out.items():
        if columns:
            names = "、".join(header(c, lang, sheet=name) for c in columns)
            rows.append([text("left_out", lang), names, sheet_label(name, lang), ""])
    sheet = book.sheet(sheet_label("sources", lang))
    for column, width in enumerate((24, 52, 28, 90)):
        sheet.set_column(column, column, width)
    heads = (0, 1 + sum(len(f) for f in manifest["inputs"].values()) + 1)
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            style = book.head() if r in heads else book.style("#,##0" if isinstance(cell, int) else "@")
            if isinstance(cell, int):
                sheet.write_number(r, c, cell, style)
            else:
                sheet.write_string(r, c, shorten(str(cell), text("cut", lang)), style)
    sheet.set_landscape()
    sheet.set_paper(_A3)
    sheet.fit_to_pages(1, 0)


def header_of_input(name: str, lang: Lang) -> str:
    """What an input is called."""
    try:
        return sheet_label(name, lang)
    except KeyError:
        return text(name, lang)

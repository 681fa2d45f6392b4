"""The first sheet of the workbook, on one page: the zones, proof of conservation, rows in and out, the ledger."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pandas as pd
from xlsxwriter.worksheet import Worksheet

from mudian.labels import column_label, sheet_label, word
from mudian.measure import PER_MU, ratio_of_zones
from mudian.redaction.rules import columns_in_part
from mudian.redaction.rules import notes as redaction_notes
from parcels.catalog import Lang

if TYPE_CHECKING:
    from mudian.evaluation import Evaluation
    from mudian.workbook import Book

_A4, _WIDTH = 9, 10
_MOST_ZONES, _MOST_CODES = 12, 12
_ZONE_COLUMNS = (
    "zone_name", "parcel_count", "parcel_mu", "base_mu", "tax_wan", "tax_per_mu", "rank_tax_per_mu",
    "fixed_investment_wan", "investment_per_mu", "rank_investment_per_mu",
)  # fmt: skip
_EXACT = "0.0E+00"
_COMMA: dict[Lang, str] = {"zh": "，", "en": ", "}
_SEMICOLON: dict[Lang, str] = {"zh": "；", "en": "; "}


def draw_overview(book: Book, evaluation: Evaluation, *, text: Callable[[str, Lang], str]) -> None:
    """Draw the overview.

    Parameters
    ----------
    book
        The workbook.
    evaluation
        The results.
    text
        Gives the words of the workbook.
    """
    lang, manifest = book.lang, evaluation.manifest
    sheet = book.sheet(sheet_label("overview", lang))
    sheet.set_default_row(18)
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, _WIDTH - 1, 15)
    sheet.write_string(0, 0, manifest["project"]["name"], book.style(bold=True, font_size=16))
    sheet.write_string(1, 0, _facts(manifest, lang), book.style(font_color="#595959"))
    sheet.write_string(2, 0, "".join(redaction_notes(manifest, lang)), book.style(bold=True, font_color="#C00000"))
    row = _zones(book, sheet, 3, evaluation, text)
    row = _conservation(book, sheet, row + 1, manifest["conservation"], text)
    below = row + 1
    _rows(book, sheet, below, manifest["rows"], text)
    _ledger(book, sheet, below, evaluation, text)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 1)
    sheet.center_horizontally()
    sheet.hide_gridlines(2)


def _facts(manifest: dict[str, Any], lang: Lang) -> str:
    project, parameters = manifest["project"], manifest["parameters"]
    facts = {"period": project["period"], "as_of": project["as_of"]}
    facts |= {k: word(str(parameters[k]), lang) for k in ("area_basis", "zone_area_base", "allocation", "crs")}
    colon = "：" if lang == "zh" else ": "
    return " · ".join(f"{word(k, lang)}{colon}{v}" for k, v in facts.items())


def _title(book: Book, sheet: Worksheet, row: int, title: str, note: str) -> None:
    sheet.write_string(row, 0, title, book.style(bold=True, font_size=12))
    sheet.write_string(row, 1, note, book.style(font_color="#595959"))


def _heads(book: Book, sheet: Worksheet, row: int, heads: list[str], *, column: int = 0) -> None:
    sheet.set_row(row, 33)
    for c, head in enumerate(heads, start=column):
        sheet.write_string(row, c, head, book.head())


def _cell(book: Book, sheet: Worksheet, row: int, column: int, value: object, num_format: str, **look: Any) -> None:
    """One bordered cell: text as text, missing empty, zero 0."""
    if isinstance(value, str):
        aligned = look if "align" in look else {"indent": 1} | look
        sheet.write_string(row, column, value, book.style(border=1, valign="vcenter", **aligned))
    elif pd.isna(value):  # type: ignore[call-overload]
        sheet.write_blank(row, column, None, book.style(border=1, valign="vcenter", **look))
    else:
        sheet.write_number(row, column, float(value), book.style(num_format, border=1, valign="vcenter", **look))  # type: ignore[arg-type]


def _zones(book: Book, sheet: Worksheet, row: int, evaluation: Evaluation, text: Callable[[str, Lang], str]) -> int:
    """The zones by rank, all of them together, and what lies outside; gives the next free row."""
    lang, zones = book.lang, pd.DataFrame(evaluation.zones)
    columns = [c for c in _ZONE_COLUMNS if c in zones]
    shown = zones.sort_values("rank_tax_per_mu", kind="stable") if "rank_tax_per_mu" in zones else zones
    more = text("more_zones", lang) if len(zones) > _MOST_ZONES else ""
    note = _SEMICOLON[lang].join(t for t in (word("mean_note", lang), more) if t)
    _title(book, sheet, row, sheet_label("zones", lang), note)
    _heads(book, sheet, row + 1, [column_label(c, lang) for c in columns])
    row += 2
    for record in shown[columns].head(_MOST_ZONES).to_dict("records"):
        row = _zone_line(book, sheet, row, [record[c] for c in columns], columns)
    known = zones.assign(**dict.fromkeys(columns_in_part(evaluation.manifest, zones), float("nan")))
    row = _zone_line(book, sheet, row, _all_zones(known, columns, text("all_zones", lang)), columns, bold=True)
    outside = _outside(evaluation, columns, text("outside", lang))
    return _zone_line(book, sheet, row, outside, columns) if outside else row


def _zone_line(book: Book, sheet: Worksheet, row: int, values: list[object], columns: list[str], **look: Any) -> int:
    for c, (value, name) in enumerate(zip(values, columns, strict=True)):
        whole = name.startswith("rank_") or name == "parcel_count"
        _cell(book, sheet, row, c, value, "#,##0" if whole else "#,##0.00", **look)
    return row + 1


def _all_zones(zones: pd.DataFrame, columns: list[str], title: str) -> list[object]:
    """All zones as one: sums, and ratios of sums."""
    sums = zones.select_dtypes("number").sum(min_count=1).to_frame().T
    made: dict[str, object] = {"zone_name": title}
    for name in columns:
        if name in PER_MU:
            made[name] = ratio_of_zones(zones, PER_MU[name])
        elif name.endswith(("_mu", "_wan")) or name == "parcel_count":
            made[name] = sums[name].iloc[0]
    return [made.get(c) if not c.startswith("rank_") else None for c in columns]


def _outside(evaluation: Evaluation, columns: list[str], title: str) -> list[object]:
    """Land and money of parcels in no zone; empty when there is none."""
    parcels = pd.DataFrame(evaluation.parcels)
    out = parcels[parcels["zone_id"].isna()]
    if not len(out):
        return []
    made: dict[str, object] = {
        "zone_name": title, "parcel_count": len(out), "parcel_mu": out["area_mu"].sum(),
        **{c: out[c].sum(min_count=1) for c in ("tax_wan", "fixed_investment_wan") if c in out},
    }  # fmt: skip
    return [made.get(c) for c in columns]


def _conservation(
    book: Book, sheet: Worksheet, row: int, accounts: dict[str, Any], text: Callable[[str, Lang], str]
) -> int:
    """The account of every column: what came in, where it went, and that nothing is lost."""
    lang = book.lang
    reasons = list(dict.fromkeys(r for a in accounts.values() for r in a["unallocated"]))
    names = [word("other_period" if r == "period" else r, lang) for r in reasons]
    _title(book, sheet, row, word("conservation", lang), text("what_counts", lang))
    split = [f"{word('unallocated', lang)} · {name}" for name in names]
    _heads(book, sheet, row + 1, [*(word(k, lang) for k in ("column", "input", "allocated")), *split,
                                  *(word(k, lang) for k in ("difference", "holds"))])  # fmt: skip
    for r, (column, account) in enumerate(accounts.items(), start=row + 2):
        title = text("parcel_area", lang) if column == "area_m2" else column_label(column, lang)
        rest = [account["unallocated"].get(reason) for reason in reasons]
        for c, value in enumerate([title, account["input"], account["allocated"], *rest]):
            _cell(book, sheet, r, c, value, "#,##0.00")
        _cell(book, sheet, r, 3 + len(reasons), account["difference"], _EXACT)
        holds = account["holds"]
        _cell(book, sheet, r, 4 + len(reasons), word("true" if holds else "false", lang), "@", align="center",
              bg_color="#E2EFDA" if holds else "#F8CBAD")  # fmt: skip
    return row + 2 + len(accounts)


def _rows(
    book: Book, sheet: Worksheet, row: int, counts: dict[str, dict[str, int]], text: Callable[[str, Lang], str]
) -> None:
    lang = book.lang
    sheet.write_string(row, 0, word("rows", lang), book.style(bold=True, font_size=12))
    _heads(book, sheet, row + 1, [word("rows", lang), text("read_written", lang)])
    known = [name for name in counts if name != "findings"]
    for r, name in enumerate(known, start=row + 2):
        _cell(book, sheet, r, 0, sheet_label(name, lang), "@")
        flow = " → ".join(f"{counts[name][k]:,}" for k in ("in", "out") if k in counts[name])
        _cell(book, sheet, r, 1, flow, "@", align="right")


def _ledger(book: Book, sheet: Worksheet, row: int, evaluation: Evaluation, text: Callable[[str, Lang], str]) -> None:
    """How many ledger rows there are, and the codes that somebody should look at."""
    lang, table = book.lang, evaluation.ledger
    counts = evaluation.manifest["ledger"]
    sheet.write_string(row, 3, text("top_ledger", lang), book.style(bold=True, font_size=12))
    summary = _COMMA[lang].join(f"{word(s, lang)} {n:,} {text('records', lang)}" for s, n in counts.items())
    groups = _codes(table)
    more = f"{_SEMICOLON[lang]}{text('rest_in_ledger', lang)}" if len(groups) > _MOST_CODES else ""
    sheet.write_string(row, 5, summary + more, book.style(font_color="#595959"))
    _heads(book, sheet, row + 1, [column_label("severity", lang), word("count", lang)], column=3)
    sheet.merge_range(row + 1, 5, row + 1, _WIDTH - 1, column_label("message", lang), book.head())
    for r, record in enumerate(groups.head(_MOST_CODES).to_dict("records"), start=row + 2):
        _cell(book, sheet, r, 3, word(str(record["severity"]), lang), "@", align="center")
        _cell(book, sheet, r, 4, record["n"], "#,##0")
        sheet.merge_range(r, 5, r, _WIDTH - 1, "", book.style(border=1))
        sheet.write_string(
            r,
            5,
            record["message"] + (" …" if record["kinds"] > 1 else ""),
            book.style(border=1, shrink=True, valign="vcenter", indent=1),
        )


def _codes(table: pd.DataFrame) -> pd.DataFrame:
    """Codes of errors and warnings, errors first, the most frequent first."""
    serious = table[table["severity"].isin(["error", "warning"])]
    named = {"n": ("code", "size"), "message": ("message", "first"), "kinds": ("message", "nunique")}
    groups = serious.groupby(["severity", "code"]).agg(**named).reset_index()
    return groups.sort_values(["severity", "n"], ascending=[True, False], kind="stable")

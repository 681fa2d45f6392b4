"""The workbook of the economic office and the lease table of the park company, as people fill them in."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from pathlib import Path

import numpy as np
import xlsxwriter

from bureau.firms import Firm, Holding, People

TITLE = "示例开发区2025年度企业亩均效益情况表"
GROUPS = {
    "": ("序号", "统一社会信用代码", "企业名称", "行业代码", "是否规上", "生产经营状态"),
    "税收": ("实缴税收", "其中：增值税"),
    "产出": ("营业收入", "工业增加值"),
    "投入": ("固定资产投资", "研发费用"),
    "资源环境": (
        "从业人数（人）",
        "综合能耗（吨标准煤）",
        "用电量（万千瓦时）",
        "污染物排放（吨）",
    ),
    "备注": ("备注",),
}
COLUMNS = tuple(name for names in GROUPS.values() for name in names)
FIRST_ROW = 5
NOTES = (
    "填报说明",
    "1. 本表金额单位均为万元，另有注明的除外。",
    "2. “—”表示未取得数据，“/”表示不适用，空白表示漏填。",
    "3. 实缴税收为入库税收减退税，可为负数。",
    "4. 数据为虚构，仅供软件演示。",
)


def firm_cells(number: int, firm: Firm, rng: np.random.Generator) -> list[object]:
    """The cells of one enterprise: some numbers as text with separators, gaps in three spellings."""
    plain = dict(firm.money) | {
        "序号": number,
        "统一社会信用代码": firm.code,
        "企业名称": firm.name,
        "行业代码": firm.industry,
        "是否规上": "是" if firm.above_scale else "否",
        "生产经营状态": firm.status,
        "备注": firm.note or None,
    }
    cells: dict[str, object] = {name: plain.get(name, plain.get(_bare(name))) for name in COLUMNS}
    for name in ("研发费用", "综合能耗（吨标准煤）", "污染物排放（吨）"):
        if rng.random() < 0.14:
            cells[name] = str(rng.choice(["—", "/", ""])) or None
    for name in ("营业收入", "工业增加值", "固定资产投资"):
        if rng.random() < 0.35 and isinstance(cells[name], float):
            cells[name] = f"{cells[name]:,.2f}"
    cells |= firm.cells
    return [cells[name] for name in COLUMNS]


def _bare(name: str) -> str:
    return {
        "从业人数（人）": "从业人数",
        "综合能耗（吨标准煤）": "综合能耗",
        "用电量（万千瓦时）": "用电量",
        "污染物排放（吨）": "污染物排放",
    }.get(name, name)


def total_row(firms: list[Firm]) -> list[object]:
    """The sum row as a clerk would make it: every line of the sheet, the repeated one too."""
    sums: list[object] = ["合计", None, None, None, None, None]
    for name in COLUMNS[len(sums) : -1]:
        sums.append(round(sum(f.money.get(_bare(name), 0.0) for f in firms), 2))
    return [*sums, None]


def write_workbook(people: People, repeated: list[Firm], path: Path, rng: np.random.Generator) -> dict[str, list[int]]:
    """Write the workbook; returns the sheet rows (from 1) of each credit code."""
    listed = [*people.firms[:90], *repeated, *people.firms[90:]]
    rows: dict[str, list[int]] = {}
    body: list[list[object]] = []
    for number, firm in enumerate(listed, start=1):
        rows.setdefault(firm.code, []).append(FIRST_ROW + len(body))
        body.append(firm_cells(number, firm, rng))
    for firm in repeated:
        first, second = (r - FIRST_ROW for r in rows[firm.code])
        body[second] = [body[second][0], *body[first][1:]]
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"author": "示例开发区经济发展局", "created": datetime(2026, 1, 15, 9, 0)})
        sheet = book.add_worksheet("企业亩均")
        _write_head(book, sheet)
        for row, cells in enumerate([*body, total_row(listed)], start=FIRST_ROW - 1):
            for column, cell in enumerate(cells):
                if cell is not None:
                    sheet.write(row, column, cell)
        sheet.write(
            FIRST_ROW + len(body) + 1,
            0,
            "填表人：王某某        审核人：李某某        填表日期：2026年1月15日",
        )
        notes = book.add_worksheet("说明")
        for row, text in enumerate(NOTES):
            notes.write(row, 0, text)
    return rows


def _write_head(book: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet) -> None:
    """Title, unit line, and two header rows with merged cells."""
    middle = book.add_format({"align": "center", "valign": "vcenter", "bold": True})
    last = len(COLUMNS) - 1
    sheet.merge_range(0, 0, 0, last, TITLE, middle)
    sheet.merge_range(1, 0, 1, last, "填报单位：示例开发区经济发展局                单位：万元")
    at = 0
    for group, names in GROUPS.items():
        if group in ("", "备注"):
            for offset, name in enumerate(names):
                sheet.merge_range(2, at + offset, 3, at + offset, name, middle)
        else:
            sheet.merge_range(2, at, 2, at + len(names) - 1, group, middle)
            for offset, name in enumerate(names):
                sheet.write(3, at + offset, name, middle)
        at += len(names)
    sheet.set_column(1, 2, 24)
    sheet.freeze_panes(4, 3)


def write_leases(holdings: list[Holding], path: Path) -> None:
    """The lease table as GBK text with Windows line ends; areas in square metres."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(["宗地代码", "统一社会信用代码", "企业名称", "关系", "面积（平方米）", "起始日期", "终止日期"])
    for h in holdings:
        begin = f"{h.begin[:4]}-{h.begin[4:6]}-{h.begin[6:]}" if len(h.begin) == 8 else h.begin
        table.writerow([h.parcel, h.code, h.name, h.relation, h.area_m2, begin, h.end])
    path.write_bytes(text.getvalue().encode("gbk"))

"""Write the README of the example: its files, its figures, and every planted fault by file and row."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import shapely

from bureau.faults import FIRMS, LEASES, PARCELS, Fault
from bureau.firms import Firm, Holding, People
from bureau.land import Plan
from bureau.register import FIELDS, IdleCase, Parcel
from bureau.texts import FAULTS

_INTRO = """\
# 示例开发区 / The made-up zone

这里的数据全部虚构：地名“示安”、企业、代码和金额都是程序生成的（`examples/make_example.py`，固定种子，逐字节可重现）。
它按单位交来数据的样子摆放，并有意放入常见毛病；下面逐条列出毛病在哪个文件、哪一行、程序应当怎样说。

Everything here is invented. The files look as offices deliver them and carry the usual faults on purpose;
each one is listed below with its file, its row and what the program should say. `row` is the record number in
a `.dbf` (from 1, the deleted record counts), the sheet row in the workbook, the line in the CSV (header = 1).

| 文件 / file | 内容 / content | 要点 / what to know |
|---|---|---|
| `宗地.shp .shx .dbf .prj` | {live} 宗地 / parcels + 1 deleted | GBK, LDID 0, no `.cpg`; EPSG:4527 |
| `企业亩均情况.xlsx` | {firms} 家企业 / enterprises | two merged header rows, text numbers, `—` `/` |
| `租赁关系.csv` | {leases} 条 / lines | GBK, CRLF, m² |
| `开发区.gpkg` | 2 片区 / zones | EPSG:4490, degrees |
| `建筑.shp` | 建筑 / buildings | GBK, LDID 77, no `.cpg` |
| `永农.shp` | 永久基本农田 / farmland | GBK, `.cpg` = GBK |
| `河道.shp` | 河道、坑塘 / river, pond | UTF-8, `.cpg` = UTF-8 |
| `生态红线.geojson` | 生态保护红线 / redline | CGCS2000 degrees, named by `crs` |
| `dem.tif` | 高程 / heights, 15 m | EPSG:4527, nodata rim and patch, one hill > 25° |
| `示例.toml` | 项目文件 / project file | |
| `示例政策.toml` | 自己的政策包（虚构）/ own policy pack (invented) | |
"""


@dataclass(frozen=True)
class Story:
    """Everything the README tells."""

    plan: Plan
    parcels: list[Parcel]
    people: People
    repeated: list[Firm]
    faults: list[Fault]
    idle: list[tuple[Parcel, IdleCase]]
    sheet_rows: dict[str, list[int]]


def readme(story: Story) -> str:
    """The whole text."""
    live = sum(not p.deleted for p in story.parcels)
    head = _INTRO.format(live=live, firms=len(story.people.firms), leases=len(story.people.holdings))
    parts = [head, _figures(story), _fields(), _faults(story), _idle(story), _borders(story)]
    return "\n".join(parts)


def _figures(story: Story) -> str:
    firms = story.people.firms
    tax = sum(f.money.get("实缴税收", 0.0) for f in firms)
    twice = sum(f.money["实缴税收"] for f in story.repeated)
    invested = sum(f.money["固定资产投资"] for f in firms)
    supply = Counter(p.values["供地状态"] for p in story.parcels if not p.deleted)
    lines = [
        "## 数字 / Figures\n",
        "- 供地状态 / supply: " + ", ".join(f"{name} {count}" for name, count in supply.items()),
        f"- 实缴税收 / tax: {tax:.2f} 万元（{len(firms)} 家，重复行不计 / repeated row once）；"
        f"表中合计 / sum row: {tax + twice:.2f}",
        f"- 固定资产投资 / fixed investment: {invested:.2f} 万元",
        f"- 税收缺失 / tax missing: {sum('实缴税收' not in f.money for f in firms)} 家；"
        "为零 / zero 1；为负 / negative 1",
        "- 出租宗地未列明的其余面积归权利人自用 / "
        "land let out in part: what no line of the lease table covers is the owner's own",
    ]
    return "\n".join(lines) + "\n"


def _fields() -> str:
    cut = [f.name for f in FIELDS if len(f.name.encode("gbk")) > 10]
    names = "、".join(f"{n} → `{n.encode('gbk')[:10].decode('gbk')}`" for n in cut)
    return (
        "## 字段名 / Field names\n\n"
        f"`.dbf` 字段名最多10字节（5个汉字），以下被截断 / cut at 10 bytes: {names}。\n"
        "DLMC 宽10字节，较长的名称也被截断（机关团体新闻出版用地 → 机关团体新），应按编码而不按名称取用。\n"
        "`河道.dbf` 为 UTF-8，字段名“划界日期”在10字节处被截成“划界日”加半个字 / "
        "the UTF-8 name 划界日期 is cut inside its last character.\n"
    )


def _where(story: Story, fault: Fault) -> tuple[str, str]:
    """Row and identifier of a fault."""
    if fault.file == PARCELS and isinstance(fault.subject, Parcel):
        row = next(i for i, p in enumerate(story.parcels, start=1) if p is fault.subject)
        return str(row), fault.subject.code
    if fault.file == LEASES and isinstance(fault.subject, Holding):
        row = next(i for i, h in enumerate(story.people.holdings, start=2) if h is fault.subject)
        return str(row), f"{fault.subject.parcel} {fault.subject.code}"
    if fault.file == FIRMS and isinstance(fault.subject, Firm):
        rows = story.sheet_rows[fault.subject.code]
        return ", ".join(map(str, rows)), f"{fault.subject.code} {fault.subject.name}"
    return str(fault.subject), ""


def _faults(story: Story) -> str:
    lines = [
        "## 有意放入的毛病 / Planted faults\n",
        "| 名称 / name | 文件 / file | 行 / row | 编号 / id | 毛病 / fault | 程序应当说 / what to say |",
        "|---|---|---|---|---|---|",
    ]
    for fault in story.faults:
        words, (row, code) = FAULTS[fault.name], _where(story, fault)
        detail = f"<br>{fault.detail}" if fault.detail else ""
        wrong, say = f"{words.zh}<br>{words.en}{detail}", f"{words.say_zh}<br>{words.say_en}"
        lines.append(f"| `{fault.name}` | {fault.file} | {row} | `{code}` | {wrong} | {say} |")
    return "\n".join(lines) + "\n"


def _idle(story: Story) -> str:
    lines = [
        "## 闲置情形 / Idle cases on 2025-12-31\n",
        "这些宗地已供、无企业，结论按《闲置土地处置办法》可以手工核对。\n"
        "Supplied, without enterprise, checkable by hand.\n",
        "| 行 / row | ZDDM | 应为 / expected | 理由 / why |",
        "|---|---|---|---|",
    ]
    for parcel, case in story.idle:
        row = next(i for i, p in enumerate(story.parcels, start=1) if p is parcel)
        lines.append(f"| {row} | `{parcel.code}` | `{case.expected}` | {case.why}<br>{case.why_en} |")
    return "\n".join(lines) + "\n"


def _borders(story: Story) -> str:
    both, outside = [], []
    for row, parcel in enumerate(story.parcels, start=1):
        if parcel.shape is None or parcel.deleted or parcel.rings is not None:
            continue
        west, east = (shapely.intersection(parcel.shape, z).area for z in (story.plan.west, story.plan.east))
        area = parcel.shape.area
        if min(west, east) > 1.0:
            both.append(f"| {row} | `{parcel.code}` | {west / area:.3f} | {east / area:.3f} |")
        elif west + east < area - 1.0:
            outside.append(f"| {row} | `{parcel.code}` | {west / area:.3f} | {east / area:.3f} |")
    head = "| 行 / row | ZDDM | 高新片区 | 临港片区 |\n|---|---|---|---|\n"
    return (
        "## 跨片区的宗地 / Parcels over both zones\n\n" + head + "\n".join(both) + "\n\n"
        "## 部分或全部在片区之外 / Partly or wholly outside\n\n" + head + "\n".join(outside) + "\n"
    )

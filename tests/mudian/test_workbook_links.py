"""Links of the workbook lead where they say: tables of the tiny project, read back with another library."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

import openpyxl
import pytest
from tinyproject import P1, P2, P3, PARCELS, write_project

from mudian.cli import main


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> openpyxl.Workbook:
    """The workbook of a run with policies and a page."""
    return openpyxl.load_workbook(run(tmp_path_factory.mktemp("链接"), '"parquet", "xlsx", "html"'))


def run(folder: Path, formats: str) -> Path:
    project = write_project(folder)
    text = project.read_text("utf-8").replace('period = "2025"\n', 'period = "2025"\npolicies = ["national"]\n')
    project.write_text(text.replace('formats = ["parquet"]', f"formats = [{formats}]"), "utf-8")
    assert main(["run", str(project)]) == 0
    return folder / "成果" / "report.xlsx"


def linked(book: openpyxl.Workbook, sheet: str, column: str) -> dict[object, object]:
    """Value of every linked cell of a column → cell of the workbook that it leads to, or the address outside."""
    table = book[sheet]
    place = next(c.column for c in table[1] if c.value == column)
    found = {}
    for (cell,) in table.iter_rows(min_row=2, min_col=place, max_col=place):
        if cell.hyperlink is None:
            continue
        link = cell.hyperlink
        if link.target:
            found[cell.value] = f"{link.target}#{unquote(link.location)}"
            continue
        title, _, where = link.location.rpartition("!")
        found[cell.value] = [c.value for row in _cells(book[title.strip("'")], where) for c in row]
    return found


def _cells(sheet: object, where: str) -> object:
    block = sheet[where]
    return block if isinstance(block, tuple) else ((block,),)


def test_a_zone_leads_to_the_block_of_its_parcels(book: openpyxl.Workbook) -> None:
    """Parcels 1–3 lie in Z1, 4–6 in Z2 (touching zones do not count)."""
    found = linked(book, "开发区", "开发区代码" if "开发区代码" in heads(book, "开发区") else heads(book, "开发区")[0])
    assert found == {"Z1": list(PARCELS[:3]), "Z2": list(PARCELS[3:])}


def heads(book: openpyxl.Workbook, sheet: str) -> list[object]:
    return [c.value for c in book[sheet][1]]


def test_a_parcel_leads_to_its_place_on_the_page_and_to_its_verdict(book: openpyxl.Workbook) -> None:
    found = linked(book, "宗地", "宗地代码")
    assert found == {p: f"map.html#parcel={p}" for p in PARCELS}
    table = book["宗地"]
    codes = {row[0].value: row for row in table.iter_rows(min_row=2)}
    place = heads(book, "宗地").index("闲置状态" if "闲置状态" in heads(book, "宗地") else "疑似闲置")
    for parcel in (P1, P2, P3):
        title, _, where = codes[parcel][place].hyperlink.location.rpartition("!")
        assert book[title.strip("'")][where].value == parcel


def test_a_question_leads_to_its_record(book: openpyxl.Workbook) -> None:
    found = linked(book, "问题清单", "编号")
    assert found
    assert all(target == [value] for value, target in found.items())


def test_the_overview_lists_all_other_sheets(book: openpyxl.Workbook) -> None:
    links = [c for row in book["总览"].iter_rows() for c in row if c.hyperlink]
    assert [c.value for c in links] == book.sheetnames[1:]
    assert [c.hyperlink.location for c in links] == [f"'{n}'!A1" for n in book.sheetnames[1:]]
    assert book["总览"].print_area.startswith("'总览'!$A$1:$J$")


def test_without_a_page_nothing_leads_to_it(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(run(tmp_path, '"parquet", "xlsx"'))
    assert linked(book, "宗地", "宗地代码") == {}
    assert not [c for s in book for row in s.iter_rows() for c in row if c.hyperlink and c.hyperlink.target]

"""The Word document, read back with python-docx and with poppler: the same numbers, native parts, nothing that runs."""

import io
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from briefing_case import WICKED, case
from docx import Document
from docx.oxml.ns import qn
from examplerun import example_run
from lxml import etree

import mudian
import mudian as md
from mudian.briefing.collect import collect
from mudian.briefing.document import document_bytes, write_document
from mudian.briefing.model import Grid, Picture, spelled
from mudian.workbook import write_workbook

EXAMPLE = Path(mudian.__file__).parent / "datasets" / "example_zone"


def no_picture(_):
    return None


def grids(report):
    return [b for p in report.pages() for s in p.sections for b in s.blocks if isinstance(b, Grid)]


def cells(table):
    return [[c.text for c in r.cells] for r in table.rows]


def wanted(grid, lang="zh"):
    rows = [[spelled(v, lang, c.digits) for v, c in zip(r, grid.columns, strict=True)] for r in grid.rows]
    return [[c.title for c in grid.columns], *rows]


@pytest.fixture(scope="module")
def run() -> md.Evaluation:
    return example_run()


@pytest.fixture(scope="module")
def file(run, tmp_path_factory) -> Path:
    return write_document(run, tmp_path_factory.mktemp("word") / "report.docx")


def test_every_table_stands_in_the_document(run, file):
    report, tables = collect(run), Document(str(file)).tables
    assert len(tables) == len(grids(report)) > 20
    assert [cells(t) for t in tables] == [wanted(g) for g in grids(report)]


def test_the_numbers_are_those_of_the_tables(run, file):
    zone = run.zones.set_index("zone_id").loc["GX01"]
    found = {r[0]: r[1] for t in Document(str(file)).tables for r in cells(t) if len(r) == 5 and r[2] == "万元/亩"}
    # the last zone by rank is GX01, so its figures are the ones that stay in the dictionary
    assert found["亩均税收"] == f"{zone['tax_wan'] / zone['base_mu']:,.2f}"
    assert found["投资强度"] == f"{zone['fixed_investment_wan'] / zone['base_mu']:,.2f}"
    idle = [t for t in Document(str(file)).tables if t.rows[0].cells[0].text == "判定" and len(t.columns) == 8]
    status = run.parcels.loc[(run.parcels["zone_id"] == "GX01").to_numpy(bool)]
    suspected = status[status["idle_status"].str.startswith("idle_")]
    assert cells(idle[-1])[1][1:3] == [str(len(suspected)), f"{suspected['area_mu'].sum():,.2f}"]
    unknown = (status["idle_status"] == "unknown").sum()
    assert cells(idle[-1])[1][5] == str(unknown)
    rate = [r for t in Document(str(file)).tables for r in cells(t) if r[0] == "土地闲置率"][-1]
    assert rate[1] == f"{100 * suspected['area_mu'].sum() / zone['supplied_mu']:,.2f}"
    assert rate[4].endswith(f"无法判断的 {unknown} 宗不在分子内")


def test_the_workbook_has_the_same_numbers(run, tmp_path):
    write_workbook(run, tmp_path / "report.xlsx")
    book = openpyxl.load_workbook(tmp_path / "report.xlsx")
    report = collect(run)
    assert book.sheetnames[:3] == ["总览", "全市概览", "开发区单页"]
    sheets = {"全市概览": [report.overview], "开发区单页": list(report.zones)}
    for name, pages in sheets.items():
        lines = [[c for c in r if c not in (None, "")] for r in book[name].iter_rows(values_only=True)]
        at = 0
        for grid in (g for p in pages for g in p.grids().values()):
            head = [c.title for c in grid.columns]
            at = next(n for n in range(at, len(lines)) if lines[n] == head)
            for row in grid.rows:
                at += 1
                # a workbook keeps 16 digits
                shown = [pytest.approx(v, rel=1e-14) if isinstance(v, int | float) else spelled(v, "zh") for v in row]
                assert lines[at] == [v for v in shown if v != ""]


def test_workbook_pages_break_before_every_zone(tmp_path):
    write_workbook(case(), tmp_path / "report.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "report.xlsx")["开发区单页"]
    starts = [r for r in range(1, sheet.max_row + 1) if sheet.cell(r, 1).value in ("东区（Z1）", "西区（Z2）")]
    assert starts[0] == 1
    assert [b.id for b in sheet.row_breaks.brk] == [starts[1] - 1]
    assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (9, "portrait")


def test_structure_for_an_official(file):
    document = Document(str(file))
    styles = [(p.style.style_id, p.text) for p in document.paragraphs]
    assert [t for s, t in styles if s == "Heading1"] == ["全市概览", "临港片区（LG02）", "高新片区（GX01）"]
    assert styles[0] == ("Title", "示例开发区 2025 亩均效益评价报告")
    zones = [p for p in document.paragraphs if p.style.style_id == "Heading1"][1:]
    assert all(p.paragraph_format.page_break_before for p in zones)
    for table in document.tables:
        marks = [r._tr.trPr for r in table.rows]
        assert all(m.find(qn("w:cantSplit")) is not None for m in marks)
        assert [m.find(qn("w:tblHeader")) is not None for m in marks] == [True] + [False] * (len(marks) - 1)
    section = document.sections[0]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    assert "示例开发区 2025" in section.header.paragraphs[0].text
    fields = [f.get(qn("w:instr")).strip() for f in section.footer._element.iter(qn("w:fldSimple"))]
    assert fields == ["PAGE", "NUMPAGES"]


def test_captions_number_themselves(file):
    body = Document(str(file)).element.body
    numbers = {"表": [], "图": []}
    for field in body.iter(qn("w:fldSimple")):
        word = re.fullmatch(r"SEQ (表|图) \\\* ARABIC", field.get(qn("w:instr")).strip())[1]
        numbers[word].append(int("".join(t.text for t in field.iter(qn("w:t")))))
    assert all(n == list(range(1, len(n) + 1)) and n for n in numbers.values())


def test_pictures_have_a_text_and_the_width_of_the_page(run, file):
    document = Document(str(file))
    pictures = [b for p in collect(run).pages() for s in p.sections for b in s.blocks if isinstance(b, Picture)]
    assert [s._inline.docPr.get("descr") for s in document.inline_shapes] == [p.alt for p in pictures]
    assert len({s._inline.docPr.id for s in document.inline_shapes}) == len(pictures) == 6
    assert {round(s.width.mm) for s in document.inline_shapes} == {165}


def test_chinese_text_has_chinese_fonts(file):
    with zipfile.ZipFile(file) as package:
        styles = etree.fromstring(package.read("word/styles.xml"))
        table = etree.fromstring(package.read("word/fontTable.xml"))
    fonts = {s.get(qn("w:styleId")): s.find(f".//{qn('w:rFonts')}") for s in styles.iter(qn("w:style"))}
    east = {k: fonts[k].get(qn("w:eastAsia")) for k in ("Normal", "Heading1", "Heading2", "MudianCell", "Caption")}
    assert east == {"Normal": "仿宋", "Heading1": "黑体", "Heading2": "黑体", "MudianCell": "宋体", "Caption": "黑体"}
    assert not [a for k in east for a in fonts[k].attrib if a.endswith("Theme")]
    assert styles.find(f".//{qn('w:lang')}").get(qn("w:eastAsia")) == "zh-CN"
    other = {f.get(qn("w:name")): f.find(qn("w:altName")) for f in table.iter(qn("w:font"))}
    assert other["仿宋"].get(qn("w:val")) == "FangSong"


def test_the_same_run_gives_the_same_bytes(run, file, tmp_path):
    again = write_document(run, tmp_path / "again.docx")
    assert again.read_bytes() == file.read_bytes()
    with zipfile.ZipFile(file) as package:
        assert {i.date_time for i in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert not [n for n in package.namelist() if "thumbnail" in n]
    properties = Document(str(file)).core_properties
    assert (str(properties.created)[:10], properties.title) == ("2025-12-31", "示例开发区 2025 亩均效益评价报告")
    assert properties.comments == ""


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_names_are_text(lang, tmp_path):
    run = case(lang, names=WICKED)
    zones = run.zones.assign(zone_name=['<w:p/>&"=cmd\x00', "=HYPERLINK(1)"])
    manifest = run.manifest | {"project": run.manifest["project"] | {"name": "]]></w:t>\x01=1+1"}}
    wicked = replace(run, zones=zones, manifest=manifest)
    data = document_bytes(collect(wicked), no_picture, author="<&>")
    document = Document(io.BytesIO(data))
    assert '<w:p/>&"=cmd' in "".join(p.text for p in document.paragraphs)
    owners = {c[1] for t in document.tables for c in cells(t) if len(c) == 7}
    assert "=1+1" in owners
    assert all(len(o) <= 40 for o in owners)
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        for name in (n for n in package.namelist() if n.endswith((".xml", ".rels"))):
            assert b"<script" not in package.read(name)
            etree.fromstring(package.read(name))
    write_workbook(replace(wicked, zones=zones.assign(zone_name=["=cmd", "=HYPERLINK(1)"])), tmp_path / "r.xlsx")
    book = openpyxl.load_workbook(tmp_path / "r.xlsx")
    sheets = book.worksheets[1:3]
    assert not [c for s in sheets for r in s.iter_rows() for c in r if c.data_type == "f"]


def test_missing_stands_as_a_word(tmp_path):
    document = Document(io.BytesIO(document_bytes(collect(case()), no_picture)))
    found = [c for t in document.tables for c in cells(t) if c[0] == "税收"]
    assert [c[1] for c in found] == ["120.00", "不详"]
    write_workbook(case(), tmp_path / "r.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "r.xlsx")["开发区单页"]
    assert [r[1] for r in sheet.iter_rows(values_only=True) if r[0] == "税收"] == [120.0, "不详"]


def test_a_picture_that_cannot_be_drawn_is_left_out():
    document = Document(io.BytesIO(document_bytes(collect(case()), no_picture)))
    assert len(document.inline_shapes) == 0
    assert not [p for p in document.paragraphs if p.text.startswith("图")]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="needs LibreOffice")
@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs pdftotext of poppler")
def test_libreoffice_opens_it_and_every_zone_begins_a_page(file, tmp_path):
    home = f"-env:UserInstallation={(tmp_path / 'home').as_uri()}"
    command = ["soffice", home, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(file)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    pages = subprocess.run(
        ["pdftotext", "-layout", str(tmp_path / "report.pdf"), "-"], check=True, capture_output=True, timeout=60
    ).stdout.decode("utf-8")
    tops = [[line.strip() for line in page.splitlines() if line.strip()][1:2] for page in pages.split("\f")]
    assert [t for t in tops if t in (["临港片区（LG02）"], ["高新片区（GX01）"])] == [
        ["临港片区（LG02）"],
        ["高新片区（GX01）"],
    ]
    assert f"第 1 页，共 {len(tops) - 1} 页" in pages

"""The report as a Word document (report.docx) that an official can edit.

Tables are native, headings are heading styles, captions number themselves, every zone begins on a new page. The same
run gives the same bytes.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

from docx import Document as new_document
from docx.document import Document
from docx.oxml import OxmlElement
from docx.oxml.shape import CT_Inline
from docx.shared import Emu, Mm
from lxml.etree import _Element

from maps.printing import written
from mudian.briefing import docx_xml as xml
from mudian.briefing.collect import collect
from mudian.briefing.docx_style import TEXT_WIDTH, dress
from mudian.briefing.model import Grid, Lines, Page, Picture, Report
from mudian.briefing.pictures import WIDTH_MM, Artist
from mudian.briefing.words import say, texts
from mudian.evaluation import Evaluation

_ZIP_DAY = (1980, 1, 1, 0, 0, 0)
_BREAK = "<w:pageBreakBefore/>"
Draw = Callable[[Picture], bytes | None]


def write_document(evaluation: Evaluation, path: Path, *, earlier: Evaluation | None = None) -> Path:
    """Write the report of a run as a Word document.

    Parameters
    ----------
    evaluation
        The results of a run, with their geometry for the maps.
    path
        The file to write.
    earlier
        Results of an earlier run, for the changes.

    Returns
    -------
    Path
        The file.

    Examples
    --------
    >>> import mudian as md
    >>> write_document(md.load("成果"), Path("report.docx"))  # doctest: +SKIP
    PosixPath('report.docx')
    """
    report = collect(evaluation, earlier=earlier)
    author = str(evaluation.manifest["parameters"].get("sheets", {}).get("author") or "mudian")
    data = document_bytes(report, Artist(evaluation).draw, author=author)
    with written(path) as handle:
        handle.write(data)
    return path


def document_bytes(report: Report, draw: Draw, *, author: str = "mudian") -> bytes:
    """The document of a report.

    Parameters
    ----------
    report
        What it says.
    draw
        Gives the PNG of a picture; a picture that cannot be drawn is left out.
    author
        Who stands in its properties.
    """
    document = new_document()
    dress(document, report, author=author)
    writer = _Writer(document, report, draw)
    writer.add(xml.paragraph(report.title, xml.TITLE))
    writer.add(xml.paragraph(report.subject, xml.SUBTITLE))
    for number, page in enumerate(report.pages()):
        writer.page(page, new=number > 0)
    data = io.BytesIO()
    document.save(data)
    return _timeless(data)


class _Writer:
    """Adds to the end of a document, numbering tables and figures."""

    def __init__(self, document: Document, report: Report, draw: Draw) -> None:
        self.document, self.report, self.draw = document, report, draw
        self.lang = report.lang
        self.end = document.element.body.sectPr
        self.tables = self.figures = 0

    def add(self, element: _Element) -> None:
        self.end.addprevious(element)

    def page(self, page: Page, *, new: bool) -> None:
        self.add(xml.paragraph(page.title, xml.PAGE, properties=_BREAK if new else ""))
        self.add(xml.paragraph("    ".join(page.facts), xml.NOTE, properties="<w:keepNext/>"))
        words = texts()["numerals"]
        for numeral, section in zip(words[self.lang], page.sections, strict=False):
            heading = words["heading"][self.lang].format(numeral=numeral, title=section.title)
            self.add(xml.paragraph(heading, xml.SECTION))
            for block in section.blocks:
                self._block(block)

    def _block(self, block: Grid | Picture | Lines) -> None:
        if isinstance(block, Lines):
            for line in block.lines:
                self.add(xml.paragraph(line, xml.NOTE if block.quiet else xml.BODY))
        elif isinstance(block, Grid):
            self._table(block)
        else:
            self._picture(block)

    def _table(self, grid: Grid) -> None:
        self.tables += 1
        self.add(xml.caption(say("table", self.lang), self.tables, grid.title, above=True))
        self.add(xml.table(grid, self.lang, TEXT_WIDTH))
        note = say("note", self.lang, text=grid.note) if grid.note else ""
        self.add(xml.paragraph(note, xml.NOTE if note else xml.GAP))  # Word wants a paragraph between two tables

    def _picture(self, picture: Picture) -> None:
        data = self.draw(picture)
        if data is None:
            return
        self.figures += 1
        rel, image = self.document.part.get_or_add_image(io.BytesIO(data))
        wide = Mm(WIDTH_MM)
        high = Emu(int(wide * image.px_height / image.px_width))
        inline = CT_Inline.new_pic_inline(self.figures, rel, f"{picture.key}.png", wide, high)
        inline.docPr.set("name", f"{say('figure', self.lang)} {self.figures}")
        inline.docPr.set("descr", picture.alt)
        for side in ("distT", "distB", "distL", "distR"):
            inline.set(side, "0")
        holder = xml.paragraph("<w:r/>", xml.PICTURE, properties="<w:keepNext/>", ready=True)
        holder[-1].append(_drawing(inline))
        self.add(holder)
        self.add(xml.caption(say("figure", self.lang), self.figures, picture.title, above=False))


def _drawing(inline: _Element) -> _Element:
    drawing: _Element = OxmlElement("w:drawing")
    drawing.append(inline)
    return drawing


def _timeless(data: io.BytesIO) -> bytes:
    """The same package without the time at which it was packed."""
    made = io.BytesIO()
    with zipfile.ZipFile(data) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            info = zipfile.ZipInfo(name, _ZIP_DAY)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            new.writestr(info, old.read(name))
    return made.getvalue()

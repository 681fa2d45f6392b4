"""How the Word document looks: A4 portrait, Chinese fonts for Chinese text, heading styles, header and footer."""

from __future__ import annotations

import datetime as dt
from typing import Any

from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm
from lxml import etree

from mudian.briefing import docx_xml as xml
from mudian.briefing.model import Report
from mudian.briefing.words import say, texts

_MARGINS_MM = {"top": 25, "bottom": 22, "left": 22, "right": 22}
_PAPER_MM = (210, 297)
TEXT_MM = _PAPER_MM[0] - _MARGINS_MM["left"] - _MARGINS_MM["right"]
_PER_MM = 1440 / 25.4
TEXT_WIDTH = int(TEXT_MM * _PER_MM)
_OLD_TABS = (4320, 8640)  # of header and footer in the template
_WORD = "15"  # Word 2013 and later
_OURS = {"MudianNote": "Mudian Note", "MudianCell": "Mudian Cell", "MudianHead": "Mudian Head",
         "MudianPicture": "Mudian Picture", "MudianGap": "Mudian Gap"}  # fmt: skip


def dress(document: Document, report: Report, *, author: str) -> None:
    """Give an empty document its paper, fonts, styles, header, footer and properties.

    Parameters
    ----------
    document
        The document.
    report
        What it will hold.
    author
        Who stands in its properties.
    """
    _language(document)
    _modern(document)
    for style_id, look in texts()["styles"].items():
        _style(document, style_id, look)
    _fonts(document)
    _page(document, report)
    _properties(document, report, author)


def _language(document: Document) -> None:
    """Chinese as the language of East Asian text: it decides which shapes a fallback font gives."""
    defaults = document.styles.element.find(qn("w:docDefaults"))
    lang = defaults.find(f".//{qn('w:lang')}")
    lang.set(qn("w:eastAsia"), "zh-CN")
    fonts = defaults.find(f".//{qn('w:rFonts')}")
    _set_fonts(fonts, texts()["styles"]["Normal"])
    theme = document.settings.element.find(qn("w:themeFontLang"))
    if theme is not None:  # the template comes from Japan
        theme.set(qn("w:eastAsia"), "zh-CN")
    spacing = defaults.find(f".//{qn('w:spacing')}")
    spacing.set(qn("w:after"), "0")
    spacing.set(qn("w:line"), "240")


def _modern(document: Document) -> None:
    """A document of today's Word, which opens without the words "compatibility mode"."""
    for setting in document.settings.element.iter(qn("w:compatSetting")):
        if setting.get(qn("w:name")) == "compatibilityMode":
            setting.set(qn("w:val"), _WORD)


def _set_fonts(element: Any, look: dict[str, Any]) -> None:
    for name in list(element.attrib):
        del element.attrib[name]
    for slot in ("ascii", "hAnsi", "cs"):
        element.set(qn(f"w:{slot}"), look["latin"])
    element.set(qn("w:eastAsia"), look["east"])


def _style(document: Document, style_id: str, look: dict[str, Any]) -> None:
    """Replace what a style says by what the report wants."""
    styles = document.styles.element
    found = next((s for s in styles.findall(qn("w:style")) if s.get(qn("w:styleId")) == style_id), None)
    if found is None:
        made = f'<w:style {nsdecls("w")} w:type="paragraph" w:customStyle="1" w:styleId="{style_id}">'
        found = parse_xml(f'{made}<w:name w:val="{_OURS[style_id]}"/><w:basedOn w:val="Normal"/><w:qFormat/></w:style>')
        styles.append(found)
    for tag in ("w:pPr", "w:rPr", "w:semiHidden", "w:unhideWhenUsed"):
        for old in found.findall(qn(tag)):
            found.remove(old)
    level = f'<w:outlineLvl w:val="{look["level"]}"/>' if "level" in look else ""
    keep = "<w:keepNext/><w:keepLines/>" if look.get("keep") else ""
    space = (
        f'<w:spacing w:before="{look["before"]}" w:after="{look["after"]}" w:line="{look["line"]}" w:lineRule="auto"/>'
    )
    paragraph = f'<w:pPr {nsdecls("w")}>{keep}{space}<w:jc w:val="{look["side"]}"/>{level}</w:pPr>'
    found.append(parse_xml(paragraph))
    bold = "<w:b/><w:bCs/>" if look.get("bold") else ""
    size, colour = look["half_points"], look.get("colour", "000000")
    properties = parse_xml(
        f'<w:rPr {nsdecls("w")}><w:rFonts/>{bold}<w:color w:val="{colour}"/><w:sz w:val="{size}"/>'
        f'<w:szCs w:val="{size}"/></w:rPr>'
    )
    _set_fonts(properties.find(qn("w:rFonts")), look)
    found.append(properties)


def _fonts(document: Document) -> None:
    """Other names of the Chinese fonts, for systems that know them by those only."""
    part = next(r.target_part for r in document.part.rels.values() if r.reltype == RELATIONSHIP_TYPE.FONT_TABLE)
    table = parse_xml(part.blob)
    for name, look in texts()["fonts"].items():
        table.append(
            parse_xml(
                f'<w:font {nsdecls("w")} w:name="{name}"><w:altName w:val="{look["other"]}"/><w:charset w:val="86"/>'
                f'<w:family w:val="{look["family"]}"/><w:pitch w:val="{look["pitch"]}"/></w:font>'
            )
        )
    part._blob = etree.tostring(table, xml_declaration=True, encoding="UTF-8", standalone=True)


def _page(document: Document, report: Report) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = (Mm(v) for v in _PAPER_MM)
    for side, room in _MARGINS_MM.items():
        setattr(section, f"{side}_margin", Mm(room))
    section.header_distance, section.footer_distance = Mm(14), Mm(12)
    old = "".join(f'<w:tab w:val="clear" w:pos="{at}"/>' for at in _OLD_TABS)
    tab = f'<w:tabs>{old}<w:tab w:val="right" w:pos="{TEXT_WIDTH}"/></w:tabs>'
    line = '<w:pBdr><w:bottom w:val="single" w:sz="4" w:space="1" w:color="7F7F7F"/></w:pBdr>'
    head = xml.run(report.title) + "<w:r><w:tab/></w:r>" + xml.run(report.subject)
    _replace(section.header, xml.paragraph(head, "Header", properties=line + tab, ready=True))
    before, middle, after = say("page", report.lang, page="\0", pages="\0").split("\0")
    foot = xml.run(before) + xml.field("PAGE", "1") + xml.run(middle) + xml.field("NUMPAGES", "1") + xml.run(after)
    _replace(section.footer, xml.paragraph(foot, "Footer", properties='<w:jc w:val="center"/>', ready=True))


def _replace(place: Any, paragraph: Any) -> None:
    element = place._element
    for old in list(element):
        element.remove(old)
    element.append(paragraph)


def _properties(document: Document, report: Report, author: str) -> None:
    """Title and dates of the run, not of the clock; no thumbnail of an empty page."""
    core = document.core_properties
    core.title, core.subject, core.author, core.last_modified_by = report.title, report.subject, author, author
    core.comments, core.revision, core.language = "", 1, "zh-CN" if report.lang == "zh" else "en"
    core.created = core.modified = dt.datetime.combine(dt.date.fromisoformat(report.as_of), dt.time())
    rels = document.part.package.rels
    for key in [k for k, r in rels.items() if r.reltype.endswith("/thumbnail")]:
        del rels[key]

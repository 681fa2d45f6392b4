"""What a text file is: geodata in JSON or XML, DXF, 界址点 TXT, a table, or something else.

Caveat: the decision rests on the first and last kilobytes. Text that starts like one format and goes on as
another is found out by the reader of the first.
"""

from __future__ import annotations

import re
from collections import Counter

Finding = tuple[str, str]
_GEO_TYPES = "Feature(?:Collection)?|(?:Multi)?(?:Point|LineString|Polygon)|GeometryCollection"
_TOPOLOGY = re.compile(r'"type"\s*:\s*"Topology"')
_GEOJSON = re.compile(rf'"type"\s*:\s*"(?:{_GEO_TYPES})"')
_ESRI = re.compile(r'"geometryType"\s*:\s*"esriGeometry|"rings"\s*:\s*\[\s*\[')
_VCT = re.compile(r"datamark\s*[:：]", re.IGNORECASE)
_HEADING = re.compile(r"^\s*[\[【［]\s*(?:地块坐标|属性描述)\s*[\]】］]", re.MULTILINE)
_PARCEL_ROW = re.compile(r"^[^\n]*[,，]\s*@\s*$", re.MULTILINE)
_POINT_ROW = re.compile(r"^\s*J?\d+\s*[,，]\s*(?:\d+\s*[,，]\s*)?\d+\.\d+\s*[,，]\s*\d+\.\d+\s*[,，]?\s*$")
_DXF = re.compile(r"(?:\s*999\s*\n[^\n]*\n)*\s*0\s*\n\s*SECTION\b")
_WKT = re.compile(r"\s*(?:PROJCS|GEOGCS|PROJCRS|GEOGCRS|COMPD_CS|COMPOUNDCRS|LOCAL_CS|BOUNDCRS)\s*\[")
_GRID = re.compile(r"\s*ncols\s+\d+\s*\n\s*nrows\s+\d+", re.IGNORECASE)
_MAPINFO = re.compile(r"\s*(?:!table\b|version\s+\d+\s*\n\s*charset\b)", re.IGNORECASE)
_DELIMITERS = (",", "\t", ";", "|", "，")


def decode_start(head: bytes) -> str | None:
    """The first bytes as text, None when they are not text.

    UTF-16 without a byte order mark is told by its zero bytes; a character cut at the end does not matter.
    """
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head[: len(head) // 2 * 2].decode("utf-16", "replace")
    if b"\x00" in head:
        odd, even = head[1::2].count(0), head[::2].count(0)
        if min(odd, even) * 20 > max(odd, even) or max(odd, even) * 4 < len(head) // 2:
            return None
        return head[: len(head) // 2 * 2].decode("utf-16-le" if odd > even else "utf-16-be", "replace")
    for codec in ("utf-8-sig", "gb18030"):
        text = _tolerant(head, codec)
        if text is not None:
            return text
    return head.decode("latin-1") if _printable(head) else None


def _tolerant(head: bytes, codec: str) -> str | None:
    for cut in range(4):
        try:
            text = head[: len(head) - cut].decode(codec)
        except UnicodeDecodeError:
            continue
        return text if _printable(text.encode("latin-1", "replace")) else None
    return None


def _printable(raw: bytes) -> bool:
    control = sum(raw.count(bytes([c])) for c in range(32) if c not in (9, 10, 12, 13, 26))
    return control * 100 <= len(raw)


def text_kind(text: str, tail: str, suffix: str) -> Finding:
    """Kind and evidence of a text file.

    Parameters
    ----------
    text, tail
        Its start and its end, decoded.
    suffix
        Its extension in lower case with the dot; it decides only between kinds that both fit.
    """
    start = text.lstrip("\ufeff \t\r\n")
    if start.startswith("version https://git-lfs"):
        return "lfs-pointer", "text: git-lfs pointer"
    if "/annex/objects/" in start[:400] and start.count("\n") <= 2:
        return "lfs-pointer", "text: git-annex pointer"
    if _VCT.search(text[:4096]) or (suffix == ".vct" and "headbegin" in text[:4096].lower()):
        return "vct", "text: DataMark"
    if start[:1] in ("{", "["):
        found = _json_kind(text, tail)
        if found is not None:
            return found
    if start.startswith("<"):
        return _xml_kind(start)
    return _plain_kind(text, start, suffix)


def _json_kind(text: str, tail: str) -> Finding | None:
    if _TOPOLOGY.search(text) or _TOPOLOGY.search(tail):
        return "topojson", 'JSON, "type": "Topology"'
    if _GEOJSON.search(text):
        if '"arcs"' in text and '"coordinates"' not in text:
            return "topojson", 'JSON with "arcs"'
        return "geojson", "JSON with geometry types"
    if _ESRI.search(text):
        return "esrijson", "Esri JSON"
    if '"arcs"' in text:
        return "topojson", 'JSON with "arcs"'
    if re.match(r'\s*(?:\[\s*)*(?:\{\s*(?:"|\})|\]|\[?\s*-?\d)', text.lstrip("\ufeff")):
        return ("geojson", "JSON with geometry types") if _GEOJSON.search(tail) else ("json", "JSON without geometry")
    return None


def _xml_kind(start: str) -> Finding:
    low = start[:20_000].lower()
    if re.search(r"<(?:\w+:)?kml\b", low):
        return "kml", "XML: kml"
    if "opengis.net/gml" in low or "<gml:" in low:
        return "gml", "XML: gml"
    if "urn:schemas-microsoft-com:office:spreadsheet" in low:
        return "spreadsheet", "XML spreadsheet 2003"
    if re.search(r"<(?:!doctype\s+html|html|table|head|body)\b", low):
        return "html", "HTML"
    if "<vrtdataset" in low:
        return "raster", "XML: VRT"
    if "<qgis" in low:
        return "map-project", "XML: QGIS project"
    return "xml", "XML"


def _plain_kind(text: str, start: str, suffix: str) -> Finding:
    if _DXF.match(text.replace("\r\n", "\n")):
        return "dxf", "text: 0 / SECTION"
    if _HEADING.search(text):
        return "txt", "text: [地块坐标] / [属性描述]"
    if _MAPINFO.match(text.replace("\r\n", "\n")) and suffix in (".tab", ".mif"):
        return "mapinfo", "text: MapInfo header"
    if _GRID.match(text):
        return "raster", "text: Arc/Info grid"
    if _WKT.match(start):
        return "shapefile-part", "text: coordinate system (.prj)"
    if start.startswith("EXP  "):
        return "e00", "text: Arc/Info export"
    return _table_kind(text, suffix)


def _table_kind(text: str, suffix: str) -> Finding:
    """A list of boundary points, a delimited table, or plain text."""
    lines = [line for line in text.splitlines()[:200] if line.strip()]
    points = [line for line in lines if _POINT_ROW.match(line)]
    numbered = sum(line.lstrip()[:1] == "J" for line in points)
    if suffix not in (".csv", ".tsv"):
        if _PARCEL_ROW.search(text) and len(points) >= 2:
            return "txt", "text: parcel row ending in @"
        bare = suffix == ".txt" and len(points) * 10 >= len(lines) * 8 and lines[0] in (*points[:1], "{")
        if len(points) >= 3 and (numbered >= 3 or bare):
            return "txt", f"text: {len(points)} boundary-point rows"
    delimiter = _delimiter(lines)
    if delimiter is not None:
        return "csv", f"text: rows delimited by {delimiter!r}"
    if suffix in (".csv", ".tsv"):
        return "csv", "text, by its extension"
    return "text", "plain text"


def _delimiter(lines: list[str]) -> str | None:
    """The delimiter that most lines contain equally often."""
    best: tuple[float, str] | None = None
    for delimiter in _DELIMITERS:
        counts = Counter(line.count(delimiter) for line in lines)
        counts.pop(0, None)
        if counts and len(lines) > 1:
            share = counts.most_common(1)[0][1] / len(lines)
            best = max(best or (0.0, delimiter), (share, delimiter))
    return best[1] if best is not None and best[0] >= 0.6 else None

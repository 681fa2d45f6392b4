"""Styles for QGIS: a theme as the rules of a layer, in the XML that QGIS keeps in a GeoPackage.

Every class becomes one rule with its filter. Graduated styles of QGIS take a value on a limit into the class below it;
rules say exactly what belongs where, so that a layer opens with the classes, colours and labels of the page. What no
rule takes (no value, no verdict) falls to the rule of no data and is hatched grey.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from xml.etree import ElementTree as ET

import numpy as np

from maps.classes import check_colour
from maps.themes import Classified, LegendRow, Theme, theme_bands

_VERSION = "3.28"
_EDGE = "#5a5a5a"
_HATCH = "#3c3c3c"
_THIN, _THICK = 0.1, 0.6  # mm
_ROOT = "{5f0c6f5e-0000-4000-8000-000000000000}"


def theme_style(
    theme: Theme, done: Classified, *, filters: Mapping[Hashable, str] | None = None, label: str | None = None
) -> str:
    """The style of a layer of polygons that shows a theme.

    Parameters
    ----------
    theme
        What gives the class.
    done
        The theme applied to the frame, for labels and colours.
    filters
        Expression of QGIS for a class value, where the layer holds it in another form than the frame.
    label
        Column written on the map.

    Returns
    -------
    str
        QML.

    Examples
    --------
    >>> import pandas as pd
    >>> from maps.themes import classify
    >>> tax = Theme("亩均税收", "ratio", "t", numerator="a", denominator="b", breaks=[1.0])
    >>> style = theme_style(tax, classify(pd.DataFrame({"t": [0.5, 1.0]}), tax))
    >>> '&quot;t&quot; &gt;= 1.0' in style
    True
    """
    tests = class_filters(theme, filters) if theme.kind == "class" else band_filters(theme)
    rows = [*zip(done.legend, tests, strict=True), (done.no_data, "ELSE")]
    return _document([(row, test) for row, test in rows], label)


def plain_style(
    colour: str,
    *,
    fill: bool = False,
    hatch: bool = False,
    label: str | None = None,
    width: float = _THICK,
    lines: bool = False,
) -> str:
    """The style of a layer that is one symbol: an outline, filled or hatched, with the text of a column on it.

    Parameters
    ----------
    colour
        Six hexadecimal digits.
    fill, hatch
        As in :class:`maps.Overlay`.
    label
        Column written on the map.
    width
        Of the outline in mm.
    lines
        The layer holds lines, not polygons.
    """
    check_colour(colour)
    root = _root(labelled=label is not None)
    renderer = ET.SubElement(root, "renderer-v2", {"type": "singleSymbol", "symbollevels": "0", "forceraster": "0"})
    symbol = _symbol(ET.SubElement(renderer, "symbols"), "0", kind="line" if lines else "fill")
    if lines:
        _line(symbol, colour, width)
    else:
        _fill(symbol, colour if fill else None, edge=colour, width=width, opacity=0.3)
        if hatch:
            _lines(symbol, colour)
    if label is not None:
        _label(root, label)
    return _text(root)


def raster_style(theme: Theme, labels: Sequence[str], colours: Sequence[str]) -> str:
    """The style of a raster of values in the classes of a theme.

    QGIS takes a value on a limit into the class below it; each limit here is the last number before it, so that classes
    are left-closed as everywhere.
    """
    root = ET.Element("qgis", {"version": _VERSION, "styleCategories": "Symbology"})
    pipe = ET.SubElement(root, "pipe")
    renderer = ET.SubElement(pipe, "rasterrenderer", {"type": "singlebandpseudocolor", "band": "1", "opacity": "1"})
    shader = ET.SubElement(ET.SubElement(renderer, "rastershader"), "colorrampshader",
                           {"colorRampType": "DISCRETE", "classificationMode": "1", "clip": "0"})  # fmt: skip
    edges = [*(float(np.nextafter(np.float32(b), np.float32(-np.inf))) for b in theme.breaks), float("inf")]
    if theme.zero_class:
        edges = [0.0, *edges]
    for edge, label, colour in zip(edges, labels, colours, strict=True):
        value = "inf" if edge == float("inf") else repr(edge)
        ET.SubElement(shader, "item", {"value": value, "label": label, "color": colour, "alpha": "255"})
    return _text(root)


def band_filters(theme: Theme) -> list[str]:
    """The expression of every class of a ratio or number, from low to high."""
    value = _value(theme)
    tests = []
    for band in theme_bands(theme):
        parts = [f"{value} >= {band.low!r}"] if band.low is not None else []
        parts += [f"{value} < {band.high!r}"] if band.high is not None else []
        parts += [] if band.zero is None else [f"{value} = 0" if band.zero else f"{value} <> 0"]
        tests.append(" AND ".join(parts) or f"{value} IS NOT NULL")
    return tests


def class_filters(theme: Theme, filters: Mapping[Hashable, str] | None = None) -> list[str]:
    """The expression of every class of a class theme, in the order of its classes."""
    known = filters or {}
    return [known.get(value, f"{_name(str(theme.column))} = {_literal(value)}") for value in theme.classes]


def _value(theme: Theme) -> str:
    if theme.column is not None:
        return _name(theme.column)
    above, below = _name(str(theme.numerator)), _name(str(theme.denominator))
    return f"({above} / (CASE WHEN {below} > 0 THEN {below} END))"


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _literal(value: Hashable) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    return "'" + str(value).replace("\\", "\\\\").replace("'", "''") + "'"


def _document(rows: Sequence[tuple[LegendRow, str]], label: str | None) -> str:
    root = _root(labelled=label is not None)
    renderer = ET.SubElement(root, "renderer-v2", {"type": "RuleRenderer", "symbollevels": "0", "forceraster": "0"})
    rules = ET.SubElement(renderer, "rules", {"key": _ROOT})
    symbols = ET.SubElement(renderer, "symbols")
    for number, (row, test) in enumerate(rows):
        key = f"{_ROOT[:-13]}{number + 1:012d}}}"
        place = {"key": key, "symbol": str(number), "label": row.label, "filter": test}
        ET.SubElement(rules, "rule", place)
        symbol = _symbol(symbols, str(number))
        _fill(symbol, row.colour, edge=_EDGE, width=_THIN)
        if row.hatched:
            _lines(symbol, _HATCH)
    if label is not None:
        _label(root, label)
    return _text(root)


def _root(*, labelled: bool) -> ET.Element:
    return ET.Element(
        "qgis",
        {"version": _VERSION, "styleCategories": "Symbology|Labeling", "labelsEnabled": "1" if labelled else "0"},
    )


def _symbol(symbols: ET.Element, name: str, *, kind: str = "fill") -> ET.Element:
    return ET.SubElement(symbols, "symbol", {"type": kind, "name": name, "alpha": "1", "clip_to_extent": "1"})


def _fill(symbol: ET.Element, colour: str | None, *, edge: str, width: float, opacity: float = 1.0) -> None:
    options = {
        "color": _rgba(colour or edge, opacity if colour else 0.0),
        "style": "solid" if colour else "no",
        "outline_color": _rgba(edge),
        "outline_style": "solid",
        "outline_width": f"{width:g}",
        "outline_width_unit": "MM",
        "joinstyle": "miter",
    }
    _options(ET.SubElement(symbol, "layer", _layer("SimpleFill")), options)


def _lines(symbol: ET.Element, colour: str) -> None:
    """Hatching by slanting lines 1.5 mm apart."""
    layer = ET.SubElement(symbol, "layer", _layer("LinePatternFill"))
    options = {
        "angle": "45", "distance": "1.5", "distance_unit": "MM", "line_width": "0.2", "line_width_unit": "MM",
        "color": _rgba(colour),
    }  # fmt: skip
    _options(layer, options)
    _line(_symbol(layer, f"@{symbol.get('name')}@1", kind="line"), colour, 0.2)


def _line(symbol: ET.Element, colour: str, width: float) -> None:
    look = {"line_color": _rgba(colour), "line_width": f"{width:g}", "line_width_unit": "MM", "line_style": "solid"}
    _options(ET.SubElement(symbol, "layer", _layer("SimpleLine")), look)


def _layer(kind: str) -> dict[str, str]:
    return {"class": kind, "enabled": "1", "pass": "0", "locked": "0"}


def _options(parent: ET.Element, options: Mapping[str, str]) -> None:
    holder = ET.SubElement(parent, "Option", {"type": "Map"})
    for name, value in options.items():
        ET.SubElement(holder, "Option", {"name": name, "type": "QString", "value": value})


def _label(root: ET.Element, column: str) -> None:
    settings = ET.SubElement(ET.SubElement(root, "labeling", {"type": "simple"}), "settings", {"calloutType": "simple"})
    look = {
        "fieldName": column, "isExpression": "0", "fontSize": "10", "fontSizeUnit": "Point", "fontWeight": "75",
        "textColor": "34,34,34,255", "namedStyle": "Bold",
    }  # fmt: skip
    style = ET.SubElement(settings, "text-style", look)
    buffer = {"bufferDraw": "1", "bufferSize": "0.8", "bufferSizeUnits": "MM", "bufferColor": "255,255,255,220"}
    ET.SubElement(style, "text-buffer", buffer)
    ET.SubElement(settings, "placement", {"placement": "1", "centroidWhole": "1", "centroidInside": "1"})
    ET.SubElement(settings, "rendering", {"drawLabels": "1", "obstacle": "0"})


def _rgba(colour: str, opacity: float = 1.0) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"{red},{green},{blue},{round(255 * opacity)}"


def _text(root: ET.Element) -> str:
    body = ET.tostring(root, encoding="unicode")
    return f"<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n{body}"

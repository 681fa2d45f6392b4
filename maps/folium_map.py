"""A folium map of a small frame, for notebooks: the same themes, no network, plain GeoJSON inside.

Values are escaped, because folium writes the texts of tips and cards as HTML. The colour of each feature stands in its
properties: a style function would be written out once for each feature and make the page slow.
"""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import shapely
from jinja2 import Template

from maps import page
from maps.cards import CardField
from maps.classes import NO_DATA_COLOUR
from maps.errors import Lang, MapError
from maps.interactive import read_words, wording
from maps.themes import Classified, Theme, classify, existing

if TYPE_CHECKING:
    import folium

MAX_ROWS = 20_000


def folium_map(
    frame: gpd.GeoDataFrame,
    theme: Theme,
    *,
    label: str,
    card: Sequence[CardField] = (),
    name: str | None = None,
    lang: Lang = "zh",
) -> folium.Map:
    """Draw a small frame as a :class:`folium.Map`, to which other folium layers can be added.

    Parameters
    ----------
    frame
        Polygons in any CRS, at most 20 000 rows; rows without a polygon are left out. The frame is not changed.
    theme
        What gives the colour.
    label
        Column that names a row in tip and card.
    card
        Lines of the card that a click opens.
    name
        Name of the layer; default: the title of the theme.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    folium.Map
        Without tiles, with Leaflet inside: it needs no network. Plugins that are added bring addresses of their own.

    Raises
    ------
    MapError
        When folium is not installed, the frame is too large or has no CRS, or a column is missing.
    """
    try:
        import folium
    except ImportError as error:
        raise MapError("map-no-folium") from error
    if len(frame) > MAX_ROWS:
        raise MapError("map-folium-large", rows=len(frame), limit=MAX_ROWS)
    if frame.crs is None:
        raise MapError("map-crs-missing", name=name or theme.title)
    words = read_words(lang)
    done = classify(frame, theme, wording=wording(lang))
    lines: list[tuple[str, Sequence[object]]] = [
        (theme.title, _values(done)),
        *((line.label or line.column, _texts(frame, line)) for line in card),
    ]
    names = existing(frame, label, "label")
    shapes = frame.geometry.to_crs(4326)
    drawn = [i for i, shape in enumerate(shapes) if _is_polygon(shape)]
    data = {
        "type": "FeatureCollection",
        "features": [_feature(i, shapes.iloc[i], done, names.iloc[i], lines, words["missing"]) for i in drawn],
    }
    result: folium.Map = _offline(folium)
    aliases = [_escape(title) for title, _ in lines]
    keys = [f"v{k}" for k in range(len(lines))]
    title = _escape(name or theme.title)
    layer = folium.GeoJson(
        data,
        name=title,
        tooltip=folium.GeoJsonTooltip(["name", "v0"], aliases=["", aliases[0]], sticky=True),
        popup=folium.GeoJsonPopup(["name", *keys], aliases=["", *aliases]),
    )
    layer.add_to(result)
    _add_legend(result, theme, done)
    if drawn:
        west, south, east, north = shapes.iloc[drawn].total_bounds
        result.fit_bounds([[south, west], [north, east]])
    return result


def _feature(
    row: int,
    shape: shapely.Geometry,
    done: Classified,
    name: object,
    lines: Sequence[tuple[str, Sequence[object]]],
    missing: str,
) -> dict[str, Any]:
    code = int(done.codes[row])
    colour = done.legend[code].colour if code >= 0 else NO_DATA_COLOUR
    texts = {f"v{k}": _escaped(values[row], missing) for k, (_, values) in enumerate(lines)}
    style = {"fillColor": colour, "fillOpacity": 0.8, "color": "#5a5a5a", "weight": 0.6}
    return {
        "type": "Feature",
        "id": str(row),
        "geometry": json.loads(shapely.to_geojson(shape)),
        "properties": {"name": _escaped(name, missing), "style": style} | texts,
    }


def _values(done: Classified) -> list[str]:
    """The value with the label of its class, or the label alone."""
    labels = [done.legend[code].label if code >= 0 else done.no_data.label for code in done.codes]
    if done.values is None:
        return labels
    return [
        label if code < 0 else f"{value:,.2f}（{label}）"
        for value, code, label in zip(done.values, done.codes, labels, strict=True)
    ]


def _texts(frame: gpd.GeoDataFrame, line: CardField) -> list[object]:
    series = existing(frame, line.column, "card").astype(object)
    if line.words is not None:
        series = series.map(dict(line.words)).where(series.isin(list(line.words)), series)
    return [None if pd.isna(value) else _text(value, line) for value in series]


def _text(value: object, line: CardField) -> str:
    text = str(value)
    if isinstance(value, float):
        text = f"{value:,.{2 if line.digits is None else line.digits}f}"
    return f"{text} {line.unit}" if line.unit else text


def _escaped(value: object, missing: str) -> str:
    return missing if value is None or pd.isna(value) else _escape(str(value))  # type: ignore[call-overload]


def _escape(text: str) -> str:
    """Text for HTML; braces too, because folium puts parts of what it has written through its templates again."""
    return html.escape(text).replace("{", "&#123;").replace("}", "&#125;")


def _is_polygon(shape: shapely.Geometry | None) -> bool:
    return not bool(shapely.is_missing(shape) or shapely.is_empty(shape)) and int(shapely.get_type_id(shape)) in (3, 6)


def _add_legend(result: folium.Map, theme: Theme, done: Classified) -> None:
    """Colours and labels in a corner of the map, escaped, and given to the template as a value and not as its text."""
    from branca.element import MacroElement

    rows = "".join(
        f'<div><i style="display:inline-block;width:18px;height:11px;margin-right:6px;border:1px solid #888;'
        f'background:{_escape(row.colour)}"></i>{_escape(row.label)}</div>'
        for row in [*done.legend, done.no_data]
    )
    unit = f"（{_escape(theme.unit)}）" if theme.unit else ""
    style = (
        "position:absolute;right:10px;bottom:24px;z-index:1000;padding:6px 8px;background:#fff;border:1px solid #999"
    )
    make: Any = MacroElement
    legend = make()
    legend._template = Template("{% macro html(this, kwargs) %}{{ this.markup }}{% endmacro %}")
    style += ";font:13px/1.5 sans-serif"
    head = f"<b>{_escape(theme.title)}{unit}</b>"
    legend.markup = f'<div class="map-legend" style="{style}">{head}{rows}</div>'
    result.add_child(legend)


def _offline(library: Any) -> Any:
    """A map without tiles whose scripts and styles are data; the lists are its own, as folium's belong to the class."""
    result = library.Map(tiles=None, control_scale=False, zoom_control=True, prefer_canvas=True, zoom_snap=0.25)
    script = page.leaflet_script() + "\nL.Control.Attribution.mergeOptions({prefix: 'Leaflet'});\n"
    style = page.leaflet_style() + "\n.leaflet-container{background:#fff}"
    result.default_js = [("leaflet", _data_uri("text/javascript", script))]
    result.default_css = [("leaflet_css", _data_uri("text/css", style))]
    return result


def _data_uri(kind: str, text: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(text.encode('utf-8')).decode('ascii')}"

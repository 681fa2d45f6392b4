"""Base maps, of which a page has none unless it is asked for.

A base map of tiles is the only thing for which a page asks the network, and only the hosts named here are allowed.
Tiles of Chinese services are often in GCJ-02, some hundred metres beside the cadastral data: such an address is
refused unless it is declared, and the page then moves the tiles to where they belong.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from maps.errors import MapError
from maps.images import mime, store_picture, warp_image
from maps.pack import Head

Datum = Literal["cgcs2000", "gcj02"]

_GCJ02 = ("autonavi", "amap", "gaode")
_TIANDITU = "https://t{s}.tianditu.gov.cn"
_WMTS = (
    "{base}/{layer}_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER={layer}&STYLE=default&TILEMATRIXSET=w"
    "&FORMAT=tiles&TILEMATRIX={{z}}&TILEROW={{y}}&TILECOL={{x}}&tk={{tk}}"
)
_LAYERS = {"vec": ("vec", "cva"), "img": ("img", "cia")}
_HOST = re.compile(r"[a-z0-9.-]+(:\d{1,5})?")
_TOKEN = re.compile(r"[\w-]+", re.ASCII)


@dataclass(frozen=True)
class TileBase:
    """Tiles of the web map's scheme (EPSG:3857, ``{z}``, ``{x}``, ``{y}``) from a server.

    Parameters
    ----------
    url
        Address with ``{z}``, ``{x}``, ``{y}`` and perhaps ``{s}`` for one of ``subdomains``.
    title
        Name in the list of base maps.
    datum
        ``"cgcs2000"`` (WGS 84 is the same on a map) or ``"gcj02"``, for which the page moves the tiles.
    subdomains
        One letter or digit for each server.
    max_zoom
        Largest zoom that the server has.

    Raises
    ------
    MapError
        When the address is no template of tiles, or is known as GCJ-02 without saying so.

    Examples
    --------
    >>> TileBase("https://is.autonavi.com/{z}/{x}/{y}", "高德").datum
    Traceback (most recent call last):
    ...
    maps.errors.MapError: 问题: 底图“高德”的地址 https://is.autonavi.com/{z}/{x}/{y} 属于 GCJ-02（火星坐标）
    应为: 与宗地数据同一坐标系（CGCS2000）的底图，或写明 datum="gcj02"
    办法: 改用天地图；确需使用时写 datum="gcj02"，页面会按图中心的偏移量移动底图
    """

    url: str
    title: str
    datum: Datum = "cgcs2000"
    subdomains: str = ""
    max_zoom: int = 18

    def __post_init__(self) -> None:
        _check(self.url, self.title, self.subdomains)
        if self.datum not in ("cgcs2000", "gcj02"):
            raise MapError("map-base-datum", title=self.title, datum=self.datum)
        _refuse_gcj02(self.url, self.title, self.datum)


@dataclass(frozen=True)
class TianDiTu:
    """The national map service 天地图, or a node of it in an intranet.

    Parameters
    ----------
    token_env
        Environment variable with the token; read only when the token is to be written into the page.
    layers
        ``"vec"`` (map) or ``"img"`` (imagery), each with its names.
    url
        Root of a node in an intranet, such as ``http://10.1.2.3:8080/tianditu``; default: the public service.
    embed_token
        Write the token into the page, where every reader can see it. Otherwise the page asks its reader for a token,
        or takes it from ``#tk=...`` behind its address.
    """

    token_env: str = "TIANDITU_TOKEN"
    layers: Literal["vec", "img"] = "vec"
    url: str | None = None
    embed_token: bool = False

    def __post_init__(self) -> None:
        if self.layers not in _LAYERS:
            raise MapError("map-base-layers", layers=self.layers)
        for url in self.urls():
            _check(url, "天地图", self.subdomains)
            _refuse_gcj02(url, "天地图", "cgcs2000")

    @property
    def subdomains(self) -> str:
        """The servers of the public service."""
        return "01234567" if self.url is None else ""

    def urls(self) -> list[str]:
        """Templates of map and names."""
        base = (self.url or _TIANDITU).rstrip("/")
        return [_WMTS.format(base=base, layer=layer) for layer in _LAYERS[self.layers]]

    def token(self) -> str | None:
        """The token to be written into the page, or None when it is not to be written.

        Raises
        ------
        MapError
            When it is to be written and the environment variable is empty or holds no token.
        """
        if not self.embed_token:
            return None
        token = os.environ.get(self.token_env, "").strip()
        if not _TOKEN.fullmatch(token):
            raise MapError("map-token", variable=self.token_env)
        return token


@dataclass(frozen=True)
class ImageBase:
    """A georeferenced image on disk, warped to the web map and put into the page.

    Parameters
    ----------
    path
        GeoTIFF, or JPEG or PNG with a world file and a ``.prj``; at most about 10 MB of it get into the page.
    title
        Name in the list of base maps; default: the words for local imagery.
    """

    path: str | os.PathLike[str]
    title: str | None = None


Base = TileBase | TianDiTu | ImageBase


@dataclass(frozen=True)
class Bases:
    """Heads of the base maps and the hosts from which the page may load pictures."""

    heads: list[Head]
    hosts: list[str]


def store_bases(bases: Sequence[Base], words: Mapping[str, str], blobs: dict[str, str]) -> Bases:
    """What the page needs of its base maps; pictures go among the blobs.

    Parameters
    ----------
    bases
        In the order of the list.
    words
        Fixed words of the page.
    blobs
        Named texts of the page, to which pictures are added.

    Returns
    -------
    Bases
        Heads and hosts.

    Raises
    ------
    MapError
        When an image cannot be read or a token is missing.
    """
    heads: list[Head] = []
    hosts: list[str] = []
    for base in bases:
        if isinstance(base, ImageBase):
            heads.append(_image(base, words, blobs))
            continue
        head = _tianditu(base, words) if isinstance(base, TianDiTu) else _tiles(base, words)
        heads.append(head)
        urls = base.urls() if isinstance(base, TianDiTu) else [base.url]
        hosts += [host for url in urls for host in _hosts(url, base.subdomains)]
    return Bases(heads, list(dict.fromkeys(hosts)))


def _image(base: ImageBase, words: Mapping[str, str], blobs: dict[str, str]) -> Head:
    done = warp_image(base.path)
    title = base.title or words["local_image"]
    reduced = words["base_reduced"].format(factor=f"{done.factor:.1f}") if done.factor > 1 else ""
    picture = store_picture(done.data, blobs)
    return {
        "kind": "image",
        "title": title,
        "mime": mime(done.data, title),
        "image": picture,
        "bounds": list(done.bounds),
        "note": reduced,
    }


def _tiles(base: TileBase, words: Mapping[str, str]) -> Head:
    note = words["base_online"] + (words["base_gcj02"] if base.datum == "gcj02" else "")
    return _head([base.url], base.title, base.datum, base.subdomains, base.max_zoom, note)


def _tianditu(base: TianDiTu, words: Mapping[str, str]) -> Head:
    token = base.token()
    note = words["base_online"] + (words["base_token"] if token else "")
    title = words["tianditu_" + base.layers]
    head = _head(base.urls(), title, "cgcs2000", base.subdomains, 18, note)
    return head | {"needsToken": True, "token": token}


def _head(urls: list[str], title: str, datum: str, subdomains: str, max_zoom: int, note: str) -> Head:
    return {
        "kind": "tiles",
        "title": title,
        "urls": urls,
        "datum": datum,
        "subdomains": subdomains,
        "maxZoom": max_zoom,
        "needsToken": False,
        "token": None,
        "note": note,
    }


def _hosts(url: str, subdomains: str) -> list[str]:
    scheme, _, rest = url.partition("://")
    host = rest.partition("/")[0]
    return [f"{scheme}://{host.replace('{s}', part)}" for part in (subdomains or " ")]


def _check(url: str, title: str, subdomains: str) -> None:
    whole = urlsplit(url.replace("{s}", "0"))
    tiled = all("{" + part + "}" in url for part in "xyz") and ("{s}" in url) == bool(subdomains)
    plain = re.fullmatch(r"[!-~]+", url) and re.fullmatch(r"[a-z0-9]*", subdomains)
    if not (whole.scheme in ("http", "https") and _HOST.fullmatch(whole.netloc) and tiled and plain):
        raise MapError("map-base-url", title=title, url=url)


def _refuse_gcj02(url: str, title: str, datum: str) -> None:
    host = urlsplit(url).netloc.lower()
    if datum != "gcj02" and any(name in host for name in _GCJ02):
        raise MapError("map-base-gcj02", title=title, url=url)

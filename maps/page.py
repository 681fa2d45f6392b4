"""The file around a map: one HTML page with its scripts, styles and data inside, which asks for nothing else.

Text from data goes into ``application/json`` blocks only, escaped so that no value can end the block, and the
scripts of the page write it with ``textContent``. A content security policy in the page lists the hashes of
our own scripts and styles: a script that came in with the data would not run, and no address can be
requested, but for the pictures of a base map that was asked for.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

_SCRIPTS = (
    "decode.js",
    "shapes.js",
    "pixels.js",
    "layers.js",
    "panel.js",
    "filter.js",
    "export.js",
    "charts.js",
    "zonepanel.js",
    "geodesy.js",
    "hover.js",
    "measure.js",
    "beside.js",
    "base.js",
    "steps.js",
    "sheet.js",
    "address.js",
    "main.js",
)
_SLOT = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True)
class Page:
    """A finished page."""

    html: str

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page to ``path``; a failed write leaves an existing file as it was.

        Parameters
        ----------
        path
            File to write, replaced in one step when the page is complete on disk.

        Returns
        -------
        Path
            The file written.

        Raises
        ------
        OSError
            When the folder does not exist, is not writable, or the disk is full.
        """
        target = Path(path)
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(self.html)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(0o644)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return target

    def _repr_html_(self) -> str:
        source = html.escape(self.html, quote=True)
        return (
            f'<iframe srcdoc="{source}" sandbox="allow-scripts allow-downloads" '
            'style="width:100%;height:640px;border:1px solid #ccc"></iframe>'
        )


def build(
    *, title: str, words: Mapping[str, str], data: object, blobs: Mapping[str, str], hosts: Sequence[str] = ()
) -> Page:
    """Put title, words, data and packed bytes into the page template.

    Parameters
    ----------
    title
        Title of the document, plain text.
    words
        Fixed words of the page in its language.
    data
        What the scripts need, made of dicts, lists, texts, numbers and None.
    blobs
        Names and base64 texts of the packed bytes.
    hosts
        Servers from which the page may load pictures, such as ``https://tiles.example``; by default none.

    Returns
    -------
    Page
        The page, complete in itself.
    """
    guard = asset("guard.js")
    scripts = [guard, leaflet_script(), *(asset(name) for name in _SCRIPTS)]
    styles = [leaflet_style(), asset("page.css")]
    slots = {
        "lang": html.escape(words["html_lang"]),
        "title": html.escape(title),
        "too_old": html.escape(words["too_old"]),
        "loading": html.escape(words["loading"]),
        "policy": _policy(scripts, styles, hosts),
        "styles": "\n".join(f"<style>{text}</style>" for text in styles),
        "guard": f"<script>{guard}</script>",
        "data": f'<script type="application/json" id="page-data">{json_block(data)}</script>',
        "blobs": "\n".join(f'<script type="text/plain" id="{k}">{v}</script>' for k, v in blobs.items()),
        "scripts": "\n".join(f"<script>{text}</script>" for text in scripts[1:]),
    }
    return Page(_SLOT.sub(lambda match: slots[match[1]], asset("page.html")))


def json_block(data: object) -> str:
    """JSON that may stand inside a script block: no character of it can end or alter the block.

    Examples
    --------
    >>> json_block({"name": "</script>"})
    '{"name":"\\\\u003c/script\\\\u003e"}'
    """
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in ("<", ">", "&", "\u2028", "\u2029"):
        text = text.replace(character, f"\\u{ord(character):04x}")
    return re.sub(r"[\ud800-\udfff]", lambda match: f"\\u{ord(match[0]):04x}", text)


@cache
def asset(name: str) -> str:
    """Text of a file in ``assets``."""
    return files("maps").joinpath("assets", name).read_text(encoding="utf-8")


@cache
def leaflet_script() -> str:
    """Leaflet without the pointer to a source map that is not there."""
    script = files("xstatic.pkg.leaflet").joinpath("data", "leaflet.js").read_text(encoding="utf-8")
    if "</script" in script.lower():
        raise RuntimeError("leaflet.js cannot be put into a page")
    return re.sub(r"//# sourceMappingURL=.*", "", script)


@cache
def leaflet_style() -> str:
    """Leaflet's style sheet with its pictures inside."""
    folder = files("xstatic.pkg.leaflet").joinpath("data")

    def inline(match: re.Match[str]) -> str:
        picture = folder.joinpath(*match[1].split("/")).read_bytes()
        return f"url(data:image/png;base64,{base64.b64encode(picture).decode('ascii')})"

    style = folder.joinpath("leaflet.css").read_text(encoding="utf-8")
    style = re.sub(r"\s*behavior:[^;]*;", "", style)
    return re.sub(r"url\(['\"]?(images/[\w./-]+)['\"]?\)", inline, style)


def _policy(scripts: list[str], styles: list[str], hosts: Sequence[str]) -> str:
    def hashes(texts: list[str]) -> str:
        digests = (hashlib.sha256(text.encode("utf-8")).digest() for text in texts)
        return " ".join(f"'sha256-{base64.b64encode(digest).decode('ascii')}'" for digest in digests)

    return (
        f"default-src 'none'; script-src {hashes(scripts)}; style-src {hashes(styles)}; "
        f"img-src {' '.join(['data:', 'blob:', *hosts])}; base-uri 'none'; form-action 'none'"
    )

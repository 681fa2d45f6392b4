"""The one exception of the map package.

Its texts stand in ``assets/errors.toml`` in Chinese and English, in three parts: what is wrong, what was
expected, what to do. The package keeps its own small catalogue, because it must work on any frame without the
rest of the program.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal

Lang = Literal["zh", "en"]

_PARTS = ("what", "expected", "todo")
_LABELS: dict[Lang, tuple[str, str, str]] = {
    "zh": ("问题", "应为", "办法"),
    "en": ("Problem", "Expected", "What to do"),
}


@cache
def _texts() -> dict[str, dict[str, dict[str, str]]]:
    source = files("maps").joinpath("assets", "errors.toml").read_text(encoding="utf-8")
    texts: dict[str, dict[str, dict[str, str]]] = tomllib.loads(source)["error"]
    return texts


class MapError(ValueError):
    """A map cannot be drawn from what was given.

    Parameters
    ----------
    code
        Key of the text in ``assets/errors.toml``.
    **params
        Values for the placeholders of the text.

    Examples
    --------
    >>> print(MapError("map-crs-missing", name="parcels").render("en").splitlines()[0])
    Problem: layer 'parcels' has no coordinate reference system
    """

    def __init__(self, code: str, **params: object) -> None:
        self.code = code
        self.params = params
        super().__init__(code)

    def part(self, name: str, lang: Lang = "zh") -> str:
        """One part of the text: ``what``, ``expected`` or ``todo``."""
        return _texts()[self.code][lang][name].format(**self.params)

    def render(self, lang: Lang = "zh") -> str:
        """The whole text, one labelled line per part."""
        lines = zip(_LABELS[lang], _PARTS, strict=True)
        return "\n".join(f"{label}: {self.part(name, lang)}" for label, name in lines)

    def __str__(self) -> str:
        return self.render("zh")

"""The one family of exceptions.

``Problem`` is the root; what the upper floor adds derives from it too. A problem carries a *code* whose text in
Chinese and English stands in ``messages/*.toml``, the place (file, layer, row, field), and an exit code for the
command line: 2 wrong use or project file, 3 input data cannot be read, 4 a check inside failed.
"""

from __future__ import annotations

from typing import ClassVar

from parcels.catalog import CATALOG, Lang

_LABELS: dict[Lang, dict[str, str]] = {
    "zh": {"what": "问题", "where": "位置", "expected": "应为", "todo": "办法"},
    "en": {"what": "Problem", "where": "Where", "expected": "Expected", "todo": "What to do"},
}
_PLACES: dict[Lang, dict[str, str]] = {
    "zh": {"file": "文件", "layer": "图层", "row": "行", "field": "字段"},
    "en": {"file": "file", "layer": "layer", "row": "row", "field": "field"},
}


class Problem(Exception):
    """Something a person must act on: what, where, what was expected, what to do.

    Parameters
    ----------
    code
        Key of the text in the message catalogue.
    file, layer, row, field
        Where it happened, as far as it is known.
    **params
        Values for the placeholders of the text.
    """

    exit_code: ClassVar[int] = 3

    def __init__(
        self,
        code: str,
        *,
        file: object = None,
        layer: object = None,
        row: object = None,
        field: object = None,
        **params: object,
    ) -> None:
        self.code = code
        self.place = {"file": file, "layer": layer, "row": row, "field": field}
        self.params = params
        super().__init__(code)

    def part(self, name: str, lang: Lang = "zh") -> str:
        """One part of the text: ``what``, ``where``, ``expected`` or ``todo``."""
        if name == "where":
            labels = _PLACES[lang]
            return ", ".join(f"{labels[k]} {v}" for k, v in self.place.items() if v is not None)
        text = CATALOG.error.get(self.code)
        return text.render(lang, name, **self.params) if text else (self.code if name == "what" else "")

    def render(self, lang: Lang = "zh") -> str:
        """The whole block, one labelled line per part that has something to say."""
        labels = _LABELS[lang]
        lines = [(labels[name], self.part(name, lang)) for name in labels]
        return "\n".join(f"{label}: {text}" for label, text in lines if text)

    def __str__(self) -> str:
        return self.render("zh")


class InputError(Problem, ValueError):
    """Input data cannot be read or understood."""


class FormatError(InputError):
    """The file is of a kind that cannot be read, or it is damaged."""


class EncodingError(InputError):
    """The text of a file cannot be decoded without guessing."""


class CrsError(InputError):
    """The coordinate reference system is unknown, contradictory or needs a transformation."""


class FieldError(InputError):
    """A needed column is missing, ambiguous or without a unit."""


class GeometryError(InputError):
    """Geometry is of the wrong kind or cannot be used."""


class OutputError(Problem, OSError):
    """The result cannot be written."""

"""Names of columns, sheets and words for people, in Chinese and English."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files

from mudian.schemas import schema
from parcels.catalog import Lang


@lru_cache(maxsize=1)
def _texts() -> dict[str, dict[str, dict[str, str]]]:
    raw = tomllib.loads((files("mudian") / "data" / "labels.toml").read_text(encoding="utf-8"))
    fields = {
        f.column: {"zh": f.zh, "en": f.en}
        for table in ("projects", "zone", "enterprise", "parcel")
        for f in schema(table)
    }
    raw["columns"] = fields | raw["columns"]
    return raw


def column_label(name: str, lang: Lang) -> str:
    """What a column is called; an own column keeps its name."""
    return _texts()["columns"].get(name, {}).get(lang, name)


def sheet_label(name: str, lang: Lang) -> str:
    """What a sheet is called."""
    return _texts()["sheets"][name][lang]


def word(name: str, lang: Lang) -> str:
    """A word of the reports; unknown names stay as they are."""
    return _texts()["words"].get(name, {}).get(lang, name)


def value_labels(column: str, lang: Lang) -> dict[str, str]:
    """What the canonical values of a column are called; empty for columns whose values speak for themselves."""
    return {value: names[lang] for value, names in _values().get(column, {}).items()}


@lru_cache(maxsize=1)
def _values() -> dict[str, dict[str, dict[str, str]]]:
    raw = tomllib.loads((files("mudian") / "data" / "labels.toml").read_text(encoding="utf-8"))
    values: dict[str, dict[str, dict[str, str]]] = raw["values"]
    return values

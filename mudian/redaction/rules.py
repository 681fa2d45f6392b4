"""The settings of a redaction, and the lists of what may stay."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import pandas as pd

from mudian.errors import UsageError
from parcels.catalog import Lang

Level = Literal["public", "internal", "enterprise"]


@cache
def lists() -> dict[str, Any]:
    """``data/redaction.toml``."""
    return tomllib.loads((files("mudian") / "data" / "redaction.toml").read_text(encoding="utf-8"))


def say(word: str, lang: Lang, **params: object) -> str:
    """A word of the redaction."""
    return str(lists()["words"][word][lang]).format(**params)


def level_word(manifest: Mapping[str, Any], lang: Lang) -> str:
    """What the level of a run is called."""
    return say(manifest.get("redaction", {}).get("level", "internal"), lang)


def columns_in_part(manifest: Mapping[str, Any], table: pd.DataFrame) -> list[str]:
    """Columns of a redacted table whose sum would leave out what is hidden."""
    numbers = table.select_dtypes("number")
    return [str(c) for c in numbers if numbers[c].isna().any()] if manifest.get("redaction") else []


def titles(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Sheets of the workbook that are called otherwise: of a public run the parcels are squares."""
    public = manifest.get("redaction", {}).get("level") == "public"
    return {"parcels": say("cells", manifest["project"]["lang"])} if public else {}


def notes(manifest: Mapping[str, Any], lang: Lang) -> list[str]:
    """What a product says of its redaction; nothing where there is none."""
    found = manifest.get("redaction")
    if not found:
        return []
    return [say(f"note_{found['level']}", lang, count=found["min_enterprises"], share=f"{found['max_share']:.0%}")]


@dataclass(frozen=True)
class Limits:
    """How a run is redacted.

    Attributes
    ----------
    level
        ``public``, ``internal`` or ``enterprise``.
    enterprise
        Whose results these are, at the level ``enterprise``.
    min_enterprises, max_share
        A figure covers at least so many enterprises and parcels, none of them with a larger share of it.
    cell_m
        Side of the smallest square in metres.
    """

    level: Level
    enterprise: str | None
    min_enterprises: int
    max_share: float
    cell_m: float

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Limits:
        """The limits of ``[output]``; what it does not say has the default of the program.

        Raises
        ------
        UsageError
            When the level is that of an enterprise and none is named.
        """
        given = {name: settings.get(name) or value for name, value in lists()["defaults"].items()}
        made = cls(settings.get("level") or "internal", settings.get("enterprise"), **given)
        if made.level == "enterprise" and not made.enterprise:
            raise UsageError("redaction-enterprise")
        return made

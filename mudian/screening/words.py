"""Words and technical limits of the screening."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.project import ScreeningSettings
from parcels.catalog import Lang

_BETWEEN: dict[Lang, str] = {"zh": "；", "en": "; "}
_LIST: dict[Lang, str] = {"zh": "、", "en": ", "}


@cache
def choices() -> dict[str, Any]:
    """Everything that stands in ``data/screening.toml``."""
    return tomllib.loads((files("mudian") / "data" / "screening.toml").read_text(encoding="utf-8"))


def say(section: str, name: str, lang: Lang, /, **values: object) -> str:
    """A text with its braces filled."""
    text: str = choices()[section][name][lang]
    return text.format(**values) if values else text


def limit(name: str, settings: ScreeningSettings) -> float:
    """A technical limit: as set in the project, else that of the program."""
    given = getattr(settings, name, None)
    return float(choices()["limits"][name] if given is None else given)


def listing(items: list[str], lang: Lang) -> str:
    """Several words as a list in a sentence."""
    return _LIST[lang].join(items)


def joined(rows: NDArray[np.intp], texts: pd.Series, size: int, lang: Lang, *, between: bool = True) -> pd.Series:
    """The texts of every row one behind the other, without repeats; missing where a row has none.

    Parameters
    ----------
    rows
        Row of each text.
    texts
        One for each entry of ``rows``.
    size
        Number of rows.
    lang
        Language of the separator.
    between
        A sentence each, or items of a list.
    """
    table = pd.DataFrame({"row": rows, "text": texts.to_numpy(dtype=object)}).dropna().drop_duplicates()
    made = table.groupby("row", sort=True)["text"].agg((_BETWEEN if between else _LIST)[lang].join)
    return made.reindex(range(size)).astype("str")

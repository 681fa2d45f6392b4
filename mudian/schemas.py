"""The canonical columns of the tables that mudian reads, and the categories their cells spell."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from functools import cache, lru_cache
from importlib.resources import files

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from parcels.fields import Schema, cadastral
from parcels.units import fold

# Money columns that are split over land, in the order in which they are printed.
MONEY = ("tax_wan", "revenue_wan", "value_added_wan", "fixed_investment_wan", "rd_expense_wan")
# Other quantities that are sums and may be split over land like money.
QUANTITIES = ("employees", "energy_tce", "electricity_kwh", "emission_t")


@cache
def schema(table: str) -> Schema:
    """The schema of ``parcel``, ``enterprise``, ``holding`` or ``zone`` tables."""
    own = Schema.load(files("mudian") / "data" / f"{table}_fields.toml")
    if table != "parcel":
        return own
    return cadastral() + own + Schema.load(files("mudian") / "data" / "standard_land_fields.toml")


def recognised(table: str) -> Callable[[list[str]], int]:
    """How many fields of a table a header names: by this a workbook's sheet is chosen."""
    return lambda header: len(schema(table).match(list(dict.fromkeys(header))).matches)


@lru_cache(maxsize=1)
def _categories() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads((files("mudian") / "data" / "categories.toml").read_text(encoding="utf-8"))


def categorise(cells: pd.Series, category: str) -> tuple[pd.Series, NDArray[np.bool_]]:
    """The canonical category of each cell, and a mask of cells that spell none.

    Parameters
    ----------
    cells
        Text as read.
    category
        ``supply_status`` or ``relation``.
    """
    spelled = {fold(s): name for name, spellings in _categories()[category].items() for s in spellings}
    folded = {text: spelled.get(fold(str(text))) for text in cells.dropna().unique()}
    found = cells.map(folded).astype("str")
    return found, np.asarray(cells.notna() & found.isna())

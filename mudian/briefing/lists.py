"""The lists of a zone: what an official looks at first, and how many more there are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.briefing.counts import OPEN, YES, listed, states
from mudian.briefing.material import Material, joined
from mudian.briefing.model import NOT, Block, Column, Grid, Kind, Lines, Value, plain
from mudian.briefing.words import say
from mudian.explain.stability import move_parts
from mudian.labels import column_label, sheet_label
from parcels.catalog import Lang

_LONGEST = 40
_WIDTHS = {"parcel_id": 25, "owner": 38, "idle_status": 19, "idle_measure": 15, "inefficient_class": 16}
_TEXT = ("parcel_id", "owner", "idle_status", "idle_measure", "inefficient_class", "borderline", "piece_id", "class")
_CODES = ("parcel_id", "piece_id")
_IDLE = ("parcel_id", "owner", "area_mu", "idle_status", "days_overdue", "idle_measure", "idle_fee_wan")
_LOW = ("parcel_id", "owner", "area_mu", "tax_per_mu", "investment_per_mu", "inefficient_class", "borderline")
_BORDER = ("parcel_id", "owner", "area_mu", "borderline_by")
_PIECES = ("piece_id", "area_mu", "width_m", "shape_index", "touching")
_FEE, _STOPPED = "fee", "idle_stopped"


def list_blocks(parcels: pd.DataFrame, pieces: pd.DataFrame, material: Material) -> tuple[Block, ...]:
    """The lists of a zone, the largest parcels first.

    Parameters
    ----------
    parcels, pieces
        The parcels and the remaining pieces of the zone.
    material
        The run.
    """
    made: list[Block] = []
    if "idle_status" in parcels:
        made.append(_parcels("idle_list", "idle", "idle_status", _IDLE, parcels, material, _idle))
    if "inefficient" in parcels:
        made.append(_parcels("low_list", "inefficient", "inefficient", _LOW, parcels, material))
    if "borderline" in parcels:
        made.append(_parcels("border_list", "parcels", "borderline", _BORDER, parcels, material, _border))
    if len(pieces):
        usable = pieces[(pieces["class"] == "usable").to_numpy(bool)]
        made.append(_grid("piece_list", "developable", _PIECES, usable, material, more="more_pieces"))
    return tuple(made)


Change = Callable[[pd.DataFrame, list[str], list[tuple[Value, ...]], Material], list[tuple[Value, ...]]]


def _parcels(
    key: str, sheet: str, verdict: str, columns: tuple[str, ...], parcels: pd.DataFrame, material: Material,
    change: Change | None = None,
) -> Block:  # fmt: skip
    found = states(parcels, verdict)
    chosen: NDArray[np.bool_] = found == YES
    if not chosen.any():
        open_, lang = int((found == OPEN).sum()), material.lang
        name = "list_open" if open_ else "list_none"
        return Lines((say(name, lang, title=say(key, lang), count=f"{open_:,}"),))
    return _grid(key, sheet, columns, parcels[chosen], material, change)


def _grid(
    key: str, sheet: str, columns: tuple[str, ...], table: pd.DataFrame, material: Material,
    change: Change | None = None, *, more: str = "more_parcels",
) -> Grid:  # fmt: skip
    lang, most = material.lang, material.settings.rows
    shown = [c for c in columns if c in table]
    ordered = table[shown].sort_values(
        ["area_mu", shown[0]], ascending=[False, True], kind="stable", na_position="last"
    )
    head = ordered.head(most)
    rows = [tuple(plain(v, _LONGEST) if isinstance(v, str) else v for v in row) for row in listed(head, shown, lang)]
    rows = change(head, shown, rows, material) if change else rows
    rest = len(table) - len(head)
    note = say(more, lang, count=f"{rest:,}", sheet=sheet_label(sheet, lang)) if rest else ""
    return Grid(key, say(key, lang), tuple(_column(c, lang) for c in shown), tuple(rows), note)


def _column(name: str, lang: Lang) -> Column:
    if name == "borderline_by":
        return Column(say("moves", lang), "prose", 44)
    kind: Kind = "code" if name in _CODES else "text" if name in _TEXT else "number"
    return Column(column_label(name, lang), kind, _WIDTHS.get(name, 13))


def _idle(
    table: pd.DataFrame, shown: list[str], rows: list[tuple[Value, ...]], _: Material
) -> list[tuple[Value, ...]]:  # fmt: skip
    """A fee stands only where the measure is a fee; days overdue only where the clock is that of a start."""
    status = table["idle_status"].tolist()
    measure = table["idle_measure"].tolist() if "idle_measure" in table else [None] * len(table)
    made = []
    for row, state, means in zip(rows, status, measure, strict=True):
        void = {
            "idle_fee_wan": means is not None and means == means and means != _FEE,
            "days_overdue": state == _STOPPED,
        }
        made.append(tuple(NOT if void.get(c) and v is None else v for c, v in zip(shown, row, strict=True)))
    return made


def _border(
    table: pd.DataFrame, shown: list[str], rows: list[tuple[Value, ...]], material: Material
) -> list[tuple[Value, ...]]:  # fmt: skip
    """What moves a verdict, in words."""
    if "borderline_by" not in shown:
        return rows
    at, made = shown.index("borderline_by"), []
    for row, by in zip(rows, table["borderline_by"].fillna("").astype("str"), strict=True):
        made.append((*row[:at], _moves(by, material), *row[at + 1 :]))
    return made


def _moves(by: str, material: Material) -> str:
    """What moves which verdict, each verdict said once."""
    lang, grouped = material.lang, {}  # type: ignore[var-annotated]
    for text in (m for m in by.split(";") if m):
        part = move_parts(text, material.book)
        grouped.setdefault(part["verdict"], []).append(say("move", lang, name=part["name"], step=part["step"]))
    told = [say("moved", lang, verdict=v, moves=joined(m, lang)) for v, m in grouped.items()]
    return plain(say("semicolon", lang).join(told))

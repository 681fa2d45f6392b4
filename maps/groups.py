"""The groups of a frame: which zone a row belongs to, and where the zone is on the map and in the ranking table.

Groups are told apart by the text of their value. They are the values of the frame's column, of the key of the first
overlay that has one and, where the table has that key, of the table: a zone without any row is a group too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from maps import pack
from maps.errors import MapError
from maps.overlays import Overlay, table_columns, table_keys
from maps.pack import Head
from maps.themes import existing

NO_GROUP = 2**16 - 1


def store_groups(
    store: pack.Store,
    rows: pd.Series,
    overlays: Sequence[Overlay],
    table: pd.DataFrame | None,
    figures: pd.DataFrame | None,
    words: Mapping[str, str],
) -> Head:
    """Codes of the groups, one per row, and their links.

    Parameters
    ----------
    store
        Where the bytes go.
    rows
        The group of every row, in the order of the page; missing for a row outside all groups.
    overlays
        Those of the page; the first one with a ``key`` shows the groups.
    table
        Ranking table, or None.
    figures
        Key figures, one row per group under its value as index, or None.
    words
        Fixed words of the page.

    Returns
    -------
    dict
        ``keys`` and ``names`` of the groups, ``codes`` of the rows, the number of the ``overlay`` that shows them,
        ``tableRows`` by group, and the ``figures``.

    Raises
    ------
    MapError
        ``map-group-many`` for more groups than a page can hold, ``map-group-key`` when no row has a group of the
        overlay or the table.
    """
    place = next((number for number, overlay in enumerate(overlays) if overlay.key is not None), None)
    keys = [] if place is None else _texts(existing(overlays[place].data, str(overlays[place].key), "key"))
    listed = _listed(table, None if place is None else overlays[place], str(rows.name))
    known = pd.Index([key for key in [*listed, *keys] if key is not None], dtype=object).unique()
    found = pd.Index([text for text in _texts(rows) if text is not None], dtype=object).unique()
    if len(known) and len(found) and not found.isin(known).any():
        raise MapError("map-group-key", column=rows.name, values=_few(found), known=_few(known))
    groups = known.append(found.difference(known, sort=True))
    if len(groups) >= NO_GROUP:
        raise MapError("map-group-many", column=rows.name, count=len(groups), limit=NO_GROUP - 1)
    codes = groups.get_indexer(pd.Index(_texts(rows), dtype=object))
    return {
        "keys": list(groups),
        "names": _names(groups, None if place is None else overlays[place]),
        "codes": store.add_numbers(np.where(codes < 0, NO_GROUP, codes), "u2"),
        "tableRows": _positions(groups, listed),
        "figures": None if figures is None else _figures(figures, groups, words),
        "overlay": place,
    }


def _listed(table: pd.DataFrame | None, overlay: Overlay | None, column: str) -> list[str | None]:
    """The group of every row of the table."""
    if table is None:
        return []
    if overlay is not None:
        return _texts(pd.Series(table_keys(table, overlay), dtype=object))
    if table.index.name == column:
        return _texts(pd.Series(table.index, dtype=object))
    return _texts(table[column]) if column in table.columns else []


def _names(groups: pd.Index, overlay: Overlay | None) -> list[str]:
    """What the groups are called: by the label of the overlay, or else by their value."""
    if overlay is None or overlay.label is None:
        return list(groups)
    keys = _texts(overlay.data[overlay.key])
    labels = _texts(existing(overlay.data, overlay.label, overlay.title))
    names = {key: label for key, label in zip(keys, labels, strict=True) if key is not None and label}
    return [names.get(group, group) for group in groups]


def _figures(figures: pd.DataFrame, groups: pd.Index, words: Mapping[str, str]) -> Head:
    index = _texts(pd.Series(figures.index, dtype=object))
    return {"columns": table_columns(figures, words), "rows": _positions(groups, index)}


def _positions(groups: pd.Index, listed: Sequence[str | None]) -> list[int]:
    """Where each group stands first in a list; -1 for nowhere."""
    first = {text: number for number, text in reversed(list(enumerate(listed))) if text is not None}
    return [first.get(group, -1) for group in groups]


def _few(groups: pd.Index) -> str:
    return ", ".join(repr(group) for group in groups[:5]) + (" …" if len(groups) > 5 else "")


def _texts(series: pd.Series) -> list[str | None]:
    levels, values = pd.factorize(series)
    texts = [str(value) for value in values]
    return [None if level < 0 else texts[level] for level in levels]

"""Links in the workbook: from a zone to its parcels, from a parcel to its verdicts and to the page, and back.

Links stand beside the cells, not in them: a cell stays the text that it is, and nothing is a formula. A sheet has at
most as many links as spreadsheets allow; the first rows have them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import quote

import numpy as np
import pandas as pd

from mudian.issue_lists.words import spellings
from mudian.labels import word
from mudian.workbook_rows import Body, escape, letters
from parcels.units import fold

if TYPE_CHECKING:
    from mudian.workbook import Book

PAGE = "map.html"
_MOST = 65_000  # links of one sheet; spreadsheets refuse a file with more than 65 530
_RELATION = "rIdPage"
_RELATIONS = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    f'<Relationship Id="{_RELATION}" Target="{PAGE}" TargetMode="External" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"/></Relationships>'
)
_INDEX, _INDEX_ROW = 11, 3
# Column of a sheet → sheet and column that it leads to; "page" is a place on the map page.
_OWN: dict[str, dict[str, tuple[str, str]]] = {
    "zones": {"zone_id": ("parcels", "zone_id"), "zone_name": ("page", "zone")},
    "enterprises": {"enterprise_id": ("links", "enterprise_id")},
    "parcels": {
        "parcel_id": ("page", "parcel"),
        "zone_id": ("zones", "zone_id"),
        "idle_status": ("idle", "parcel_id"),
        "inefficient": ("inefficient", "parcel_id"),
        "standard_land_eligible": ("standard_land", "parcel_id"),
        "standard_land_conform": ("standard_land", "parcel_id"),
    },
}
_KEYS = {
    "parcel_id": ("parcels", "parcel_id"), "enterprise_id": ("enterprises", "enterprise_id"),
    "zone_id": ("zones", "zone_id"),
}  # fmt: skip
_BY_ROW = ("idle", "inefficient", "standard_land")  # reached by the code of the parcel of the row


@dataclass(frozen=True)
class Placed:
    """A table on a sheet: what it is called in the layout, and the title of the sheet."""

    name: str
    title: str


def is_linked(name: str, column: str) -> bool:
    """Whether a column of a sheet leads somewhere."""
    return column in _OWN.get(name, _KEYS) or (name == "issues" and column == "id")


def with_links(placed: Mapping[str, Placed], bodies: Mapping[str, Body], *, page: bool) -> dict[str, Body]:
    """The records of every sheet with their links.

    Parameters
    ----------
    placed
        What stands on each sheet, by the member name of the sheet.
    bodies
        The records of the sheets.
    page
        Whether the map page is written beside the workbook.
    """
    index = _Index(placed, bodies)
    found = dict(bodies)
    for part, place in placed.items():
        lines = list(islice(_lines(place.name, bodies[part].table, index, page), _MOST))
        if lines:
            xml = "".join(lines)
            outside = _RELATIONS if _RELATION in xml else ""
            found[part] = replace(bodies[part], links=f"<hyperlinks>{xml}</hyperlinks>", relations=outside)
    return found


def draw_index(book: Book) -> None:
    """A list of all sheets beside the first one, outside the page that is printed."""
    first, *others = book.book.worksheets()
    first.print_area(0, 0, int(first.dim_rowmax or 0), _INDEX - 2)
    first.set_column(_INDEX - 1, _INDEX - 1, 3)
    first.set_column(_INDEX, _INDEX, 24)
    first.write_string(_INDEX_ROW, _INDEX, word("index", book.lang), book.head())
    look = book.style(font_color="#0563C1", underline=1, indent=1)
    for row, sheet in enumerate(others, start=_INDEX_ROW + 1):
        title = sheet.get_name()
        quoted = title.replace("'", "''")
        first.write_url(row, _INDEX, f"internal:'{quoted}'!A1", look, title)


class _Index:
    """Where the rows of a key stand: sheet, first and last row."""

    def __init__(self, placed: Mapping[str, Placed], bodies: Mapping[str, Body]) -> None:
        self.placed, self.bodies = placed, bodies
        self._found: dict[tuple[str, str], dict[str, str]] = {}

    def places(self, name: str, column: str) -> dict[str, str]:
        """Location of the rows of every value of a column, as spreadsheets write it."""
        if (name, column) not in self._found:
            self._found[name, column] = dict(self._locate(name, column))
        return self._found[name, column]

    def _locate(self, name: str, column: str) -> Iterator[tuple[str, str]]:
        seen: set[str] = set()
        for part, place in self.placed.items():
            table = self.bodies[part].table
            if place.name != name or column not in table:
                continue
            values = table[column].astype("object").to_numpy()
            known = pd.Series(np.arange(2, len(values) + 2)).groupby(pd.Series(values), sort=False)
            sheet = escape(place.title.replace("'", "''")).replace('"', "&quot;")
            spans = zip(known.groups, known.min(), known.max(), known.size(), strict=True)
            for value, first, last, size in spans:
                block = f":A{last}" if last == first + size - 1 and size > 1 else ""
                if str(value) not in seen:
                    seen.add(str(value))
                    yield str(value), f"'{sheet}'!A{first}{block}"


def _lines(name: str, table: pd.DataFrame, index: _Index, page: bool) -> Iterator[str]:
    """The links of one sheet, column by column."""
    if name == "issues":
        yield from _of_issues(table, index)
        return
    for column, (target, of) in _OWN.get(name, _KEYS).items():
        if column not in table or (target == "page" and not page):
            continue
        letter = letters(list(table.columns).index(column))
        values = table[column].tolist()
        keys = table[of].tolist() if target in _BY_ROW and of in table else values
        places = index.places(target, of) if target != "page" else {}
        for row, (value, key) in enumerate(zip(values, keys, strict=True), start=2):
            if pd.isna(key) or pd.isna(value):
                continue
            if target == "page":
                yield f'<hyperlink ref="{letter}{row}" r:id="{_RELATION}" location="{of}={quote(str(key), safe="")}"/>'
            elif str(key) in places:
                yield f'<hyperlink ref="{letter}{row}" location="{places[str(key)]}"/>'


def _of_issues(table: pd.DataFrame, index: _Index) -> Iterator[str]:
    """From a question to its record."""
    letter = letters(list(table.columns).index("id"))
    keys = {"parcels": "parcel_id", "enterprises": "enterprise_id", "zones": "zone_id"}
    for row, (title, key) in enumerate(zip(table["table"].tolist(), table["id"].tolist(), strict=True), start=2):
        name = spellings("tables").get(fold(str(title)), "")
        place = index.places(name, keys[name]).get(str(key)) if name in keys else None
        if place:
            yield f'<hyperlink ref="{letter}{row}" location="{place}"/>'

"""Class colours in the workbook: the same breaks, labels and colours as on the map, and a sheet that counts them.

Cells are coloured by rules of the spreadsheet, not by hand, so that they follow when a figure is corrected.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

import maps
from mudian.evaluation import Evaluation
from mudian.labels import value_labels, word
from mudian.mapping import map_frame
from mudian.screening.words import choices
from mudian.themes import YES_NO, run_themes, settings_of
from parcels.catalog import Lang

if TYPE_CHECKING:
    from mudian.workbook import Book

# Sheets whose columns carry the colours of the map; of the enterprises only the grade is a class of the map.
COLOURED = ("parcels", "idle", "inefficient", "standard_land")
GRADED = ("enterprises",)
FRONTS = ("screening", "sites")  # where the first Pareto front is marked, in its colour on the map
_WHITE_BELOW = 0.45  # luminance under which text is white


@dataclass(frozen=True)
class Colours:
    """The themes of a run, applied to its parcels."""

    frame: pd.DataFrame
    themes: Mapping[str, maps.Theme]
    lang: Lang

    @classmethod
    def of(cls, evaluation: Evaluation) -> Colours:
        """The themes of a run."""
        lang: Lang = evaluation.manifest["project"]["lang"]
        frame = pd.DataFrame(map_frame(evaluation, cards=False))
        return cls(frame, run_themes(frame, lang=lang, settings=settings_of(evaluation.manifest)), lang)

    @cached_property
    def classified(self) -> dict[str, maps.Classified]:
        """Every theme with its legend."""
        wording = maps.wording(self.lang)
        return {
            column: maps.classify(self.frame, theme, area="area_mu", wording=wording)
            for column, theme in self.themes.items()
        }


def colour(book: Book, sheet: Worksheet, name: str, table: pd.DataFrame, colours: Colours) -> None:
    """Colour the columns of a sheet that are themes of the map.

    Parameters
    ----------
    book
        The workbook in the making.
    sheet, name
        The sheet and what it is called in the layout.
    table
        What stands on it, below one header row.
    colours
        The themes.
    """
    columns = list(colours.themes) if name in COLOURED else ["grade"] if name in GRADED else []
    for column in (c for c in columns if c in table and c in colours.themes and len(table)):
        at = table.columns.get_loc(column)
        first, last = (xl_rowcol_to_cell(row, at) for row in (1, len(table)))
        for row, test in _rules(column, first, colours):
            look: dict[str, Any] = {"bg_color": row.colour}
            if _luminance(row.colour) < _WHITE_BELOW:
                look["font_color"] = "#FFFFFF"
            rule = {"type": "formula", "criteria": f"={test}", "format": book.book.add_format(look)}
            sheet.conditional_format(f"{first}:{last}", rule)
    for column in (str(c) for c in table if name in FRONTS and str(c).startswith("front_") and len(table)):
        at = table.columns.get_loc(column)
        first, last = (xl_rowcol_to_cell(row, at) for row in (1, len(table)))
        look = {"bg_color": choices()["site_classes"]["front"]["colour"], "font_color": "#FFFFFF", "bold": True}
        rule = {"type": "formula", "criteria": f"={first}=1", "format": book.book.add_format(look)}
        sheet.conditional_format(f"{first}:{last}", rule)


def draw_legend(book: Book, title: str, colours: Colours) -> None:
    """A sheet with every class of every theme: its colour, how many parcels, how much land."""
    lang = colours.lang
    sheet = book.sheet(title)
    heads = [word(w, lang) for w in ("theme", "map_class", "colour", "parcels_count", "mu")]
    for c, (text, width) in enumerate(zip(heads, (22, 30, 10, 10, 14), strict=True)):
        sheet.set_column(c, c, width)
        sheet.write_string(0, c, text, book.head())
    line = 1
    for column, done in colours.classified.items():
        theme = colours.themes[column]
        name = f"{theme.title}（{theme.unit}）" if theme.unit else theme.title
        for row in [*done.legend, done.no_data]:
            sheet.write_string(line, 0, name, book.style())
            sheet.write_string(line, 1, row.label, book.style())
            sheet.write_string(line, 2, "", book.style(bg_color=row.colour, border=1))
            sheet.write_number(line, 3, row.count, book.style("#,##0"))
            sheet.write_number(line, 4, row.area or 0.0, book.style("#,##0.00"))
            line += 1
    sheet.freeze_panes(1, 0)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _rules(column: str, cell: str, colours: Colours) -> Iterator[tuple[maps.LegendRow, str]]:
    """The formula of every class, and of an empty cell."""
    theme, done = colours.themes[column], colours.classified[column]
    yield done.no_data, f'{cell}=""'
    if theme.kind == "class":
        for value, row in zip(theme.classes, done.legend, strict=True):
            text = _cell_text(column, str(value), colours.lang)
            if text is not None:
                yield row, f'{cell}="{text}"'
        return
    for band, row in zip(maps.theme_bands(theme), done.legend, strict=True):
        tests = [f"ISNUMBER({cell})", *([f"{cell}>={band.low!r}"] if band.low is not None else [])]
        tests += [f"{cell}<{band.high!r}"] if band.high is not None else []
        tests += [] if band.zero is None else [f"{cell}=0" if band.zero else f"{cell}<>0"]
        yield row, f"AND({','.join(tests)})"


def _cell_text(column: str, value: str, lang: Lang) -> str | None:
    """What stands in a cell of that class; None for a class that is an empty cell."""
    if column in YES_NO:
        return {"yes": word("true", lang), "no": word("false", lang)}.get(value)
    return value_labels(column, lang).get(value, value)


def _luminance(colour: str) -> float:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue

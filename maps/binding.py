"""Several sheets in one PDF."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.backends.backend_pdf import PdfPages
from pypdf import PdfWriter

from maps.errors import MapError
from maps.paper import Sheet
from maps.printing import CREATOR, SETTINGS, Imprint, one_line, pdf_metadata, written


def atlas(sheets: Iterable[Sheet], path: str | Path, *, title: str = "", imprint: Imprint | None = None) -> Path:
    """Write sheets as the pages of one PDF, whole or not at all; they are drawn one after the other.

    Parameters
    ----------
    sheets
        Any iterable; a generator keeps one sheet at a time in memory.
    path
        The PDF.
    title, imprint
        Metadata of the document.

    Raises
    ------
    MapError
        When there is no sheet.
    """
    target, count = Path(path), 0
    with mpl.rc_context(SETTINGS), written(target) as handle:
        with PdfPages(handle, metadata=pdf_metadata(title, imprint or Imprint())) as pages:
            for one in sheets:
                pages.savefig(one.figure)
                count += 1
        if not count:
            raise MapError("map-sheet-empty", title=title)
    return target


def bind(
    parts: Sequence[tuple[str, Path]], path: str | Path, *, title: str = "", imprint: Imprint | None = None
) -> Path:
    """Put the pages of several PDFs into one, with a bookmark at the beginning of each; nothing is drawn again.

    Parameters
    ----------
    parts
        Name of the bookmark and file.
    path
        The PDF.
    title, imprint
        Metadata of the document.

    Raises
    ------
    MapError
        When there is no part.
    """
    if not parts:
        raise MapError("map-sheet-empty", title=title)
    about = pdf_metadata(title, imprint or Imprint())
    with PdfWriter() as writer, written(Path(path)) as handle:
        for name, part in parts:
            writer.append(str(part), outline_item=one_line(name))
        writer.add_metadata({"/Title": about["Title"], "/Author": about["Author"] or "", "/Creator": CREATOR})
        writer.write(handle)
    return Path(path)

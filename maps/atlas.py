"""Several sheets in one PDF."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import matplotlib as mpl
from matplotlib.backends.backend_pdf import PdfPages

from maps.errors import MapError
from maps.sheet import _RC, Imprint, Sheet, pdf_metadata, written


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
    with mpl.rc_context(_RC), written(target) as handle:
        with PdfPages(handle, metadata=pdf_metadata(title, imprint or Imprint())) as pages:
            for one in sheets:
                pages.savefig(one.figure)
                count += 1
        if not count:
            raise MapError("map-sheet-empty", title=title)
    return target

"""How a sheet becomes a file: settings of the drawing library, metadata, and files that are whole or absent."""

from __future__ import annotations

import datetime as dt
import os
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

#: Settings under which sheets are drawn and written, whatever the session has set.
SETTINGS: Any = {"pdf.fonttype": 3, "hatch.linewidth": 0.4, "path.simplify": False, "pdf.compression": 6}
CREATOR = "mudian"


@dataclass(frozen=True)
class Imprint:
    """What stands at the foot of a sheet; empty parts are left out, but 审图号 always has its place."""

    source: str = ""
    author: str = ""
    approval: str = ""
    date: dt.date | str | None = None
    crs_note: str = ""


def one_line(text: str) -> str:
    """The text without line ends, control characters and other signs that print nothing.

    Examples
    --------
    >>> one_line("A\\nB\\x00")
    'A B '
    """
    hidden = ("Cc", "Cf", "Zl", "Zp", "Cs")
    return "".join(" " if unicodedata.category(c) in hidden else c for c in str(text))


def pdf_metadata(title: str, imprint: Imprint) -> dict[str, Any]:
    """Title, author and the given date; without one, no date at all."""
    day = imprint.date
    made = dt.datetime(day.year, day.month, day.day) if isinstance(day, dt.date) else None
    author = one_line(imprint.author).strip()
    return {"Title": one_line(title), "Author": author or None, "Creator": CREATOR, "CreationDate": made}


@contextmanager
def written(target: Path) -> Iterator[IO[bytes]]:
    """A file that takes its place only when it is complete."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".sheet-")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        Path(name).chmod(0o644)
        os.replace(name, target)
    finally:
        Path(name).unlink(missing_ok=True)

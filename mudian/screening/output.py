"""A shortlist written: a workbook with its sheets, or the listed parcels as CSV; whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from xlsxwriter.exceptions import XlsxWriterException

from mudian.errors import OutputError, UsageError
from mudian.screening.shortlist import Shortlist
from mudian.workbook import write_tables
from mudian.writing import write_csv


def save(found: Shortlist, path: Path) -> Path:
    """Write a shortlist as ``.xlsx`` or ``.csv``; see :meth:`mudian.screening.shortlist.Shortlist.save`."""
    writers: dict[str, Callable[[Shortlist, Path], None]] = {".xlsx": _workbook, ".csv": _csv}
    write = writers.get(path.suffix.lower())
    if write is None:
        raise UsageError("screen-out", name=path.name)
    work = path.with_name(f".mudian-{os.getpid()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(found, work)
        os.replace(work, path)
    except (OSError, XlsxWriterException) as error:
        raise OutputError("output-failed", file=path, detail=str(error)) from error
    finally:
        work.unlink(missing_ok=True)
    return path


def _workbook(found: Shortlist, path: Path) -> None:
    write_tables(found.tables(), path, lang=found.lang)


def _csv(found: Shortlist, path: Path) -> None:
    """The listed parcels with their canonical names: a table that programs read back."""
    write_csv(found.parcels, path)

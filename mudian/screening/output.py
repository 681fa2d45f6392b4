"""A shortlist written: a workbook with its sheets, or the listed parcels as CSV; whole or not at all."""

from __future__ import annotations

from pathlib import Path

from mudian import answer_files
from mudian.screening.shortlist import Shortlist
from mudian.workbook import write_tables
from mudian.writing import write_csv


def save(found: Shortlist, path: Path) -> Path:
    """Write a shortlist as ``.xlsx`` or ``.csv``; see :meth:`mudian.screening.shortlist.Shortlist.save`."""
    return answer_files.save(
        path,
        {
            ".xlsx": lambda file: write_tables(found.tables(), file, lang=found.lang),
            ".csv": lambda file: write_csv(found.parcels, file),  # canonical names: programs read it back
        },
        refusal="screen-out",
    )

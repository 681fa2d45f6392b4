"""Proposed projects (拟建项目): a table of what wants land, for the rules on admission."""

from __future__ import annotations

import pandas as pd

from mudian.enterprises import refuse_unknown_units, unit_defaults
from mudian.schemas import recognised, schema
from mudian.settings import TableSettings
from mudian.tables import read_table
from parcels.canonical import Source, canonicalise
from parcels.ledger import Ledger
from parcels.units import M2_PER_MU


def read_proposals(path: object, settings: TableSettings, *, ledger: Ledger) -> pd.DataFrame:
    """Read a table of proposed projects.

    Parameters
    ----------
    path
        A workbook, CSV or DBF file.
    settings
        What detection does not know: sheet, encoding, columns, units.
    ledger
        Where to write.

    Returns
    -------
    DataFrame
        The canonical columns of ``projects_fields.toml`` that exist, ``project_id`` (row numbers where there is none),
        ``area_mu`` (亩) and ``source_row``; the table's own columns beside them.
    """
    table = read_table(
        str(path),
        sheet=settings.sheet,
        encoding=settings.encoding,
        header_row=settings.header_row,
        score=recognised("projects"),
        ledger=ledger,
    )
    defaults = unit_defaults(table, settings, ledger)
    named = canonicalise(
        table.frame,
        schema("projects"),
        source=Source(table.source, table.rows),
        ledger=ledger,
        given=settings.fields,
        units=settings.units,
        default_units=defaults,
    )
    refuse_unknown_units(named, path)
    frame = named.frame.assign(source_row=table.rows)
    rows = pd.Series("#" + pd.Series(table.rows).astype(str).to_numpy(), frame.index)
    keys = frame["project_id"].fillna(rows) if "project_id" in frame else rows
    frame = frame.assign(project_id=keys.astype("str"))
    if "area_m2" in frame and "area_mu" not in frame:
        frame = frame.assign(area_mu=frame["area_m2"] / M2_PER_MU)
    return frame.reset_index(drop=True)

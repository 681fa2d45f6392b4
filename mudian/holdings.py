"""Holdings (用地关系): who uses which land, how much of it, since when.

Only holdings in force on the day of the evaluation count. A holding whose parcel is unknown is set aside with its
row; one whose enterprise is unknown still takes its land, because the land is used all the same.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from mudian.corrections import Corrections
from mudian.schemas import categorise, recognised, schema
from mudian.settings import TableSettings
from mudian.tables import read_table
from parcels.canonical import Source, canonicalise
from parcels.codes.tidy import check_and_tidy
from parcels.errors import FieldError
from parcels.ledger import Ledger

COLUMNS = (
    "parcel_id",
    "enterprise_id",
    "enterprise_name",
    "relation",
    "area_m2",
    "share",
    "floor_area_m2",
    "from",
    "to",
)


def read_holdings(
    path: object,
    settings: TableSettings,
    *,
    as_of: dt.date,
    corrections: Corrections | None = None,
    ledger: Ledger,
) -> pd.DataFrame:
    """Read the holdings table of a project.

    Returns
    -------
    DataFrame
        The columns of ``COLUMNS`` that exist plus ``source_row``; ``relation`` is ``own``, ``lease`` or ``let``;
        only rows in force on ``as_of``.

    Raises
    ------
    FieldError
        When there is no column of parcels or of enterprises.
    """
    table = read_table(
        str(path),
        sheet=settings.sheet,
        encoding=settings.encoding,
        header_row=settings.header_row,
        score=recognised("holding"),
        ledger=ledger,
    )
    named = canonicalise(
        table.frame,
        schema("holding"),
        source=Source(table.source, table.rows),
        ledger=ledger,
        given=settings.fields,
        units=settings.units,
        default_units={"area": settings.units.get("area", "m2")},
    )
    frame = named.frame[[c for c in COLUMNS if c in named.frame]].assign(source_row=table.rows)
    for needed, other in (("parcel_id", None), ("enterprise_id", "enterprise_name")):
        if needed not in frame and other not in frame:
            field = schema("holding").fields[needed]
            raise FieldError(
                "field-needed",
                file=path,
                canonical=needed,
                name=field.zh,
                aliases=" / ".join(field.aliases),
                columns=" / ".join(map(str, table.frame.columns)),
            )
    if corrections is not None:
        frame = corrections.apply(frame, table="holdings", ledger=ledger)
    checked = {f.check: f.column for f in schema("holding") if f.check and f.column in frame}
    respelled = check_and_tidy(
        frame, columns=checked, rows=table.rows, source=table.source, ledger=ledger, unique=False
    )
    frame = frame.assign(**respelled)
    return prepare_holdings(frame, as_of=as_of, source=table.source, ledger=ledger)


def prepare_holdings(frame: pd.DataFrame, *, as_of: dt.date, source: str, ledger: Ledger) -> pd.DataFrame:
    """Settle relations and shares and keep the holdings in force on a day."""
    if "relation" not in frame:
        ledger.add("holding-relation-none", stage="read", source=source, field="relation", after="own")
        frame = frame.assign(relation=pd.Series("自有", frame.index, dtype="str"))
    relation, odd = categorise(frame["relation"], "relation")
    if odd.any():
        ledger.add(
            "holding-relation",
            stage="read",
            source=source,
            row=frame["source_row"][odd],
            field="relation",
            before=frame["relation"][odd],
            after="lease",
        )
        relation = relation.mask(odd, "lease")
    unsaid = np.asarray(relation.isna())
    ledger.add(
        "holding-relation-missing",
        stage="read",
        source=source,
        row=frame["source_row"][unsaid],
        id=frame["parcel_id"][unsaid],
        field="relation",
        after="own",
    )
    frame = frame.assign(relation=relation.fillna("own"))
    frame = _fractions(frame, source, ledger)
    return _in_force(frame, pd.Timestamp(as_of), source, ledger)


def _fractions(frame: pd.DataFrame, source: str, ledger: Ledger) -> pd.DataFrame:
    if "share" not in frame:
        return frame
    share = frame["share"]
    stated = share[share > 0]
    if (stated > 1).mean() > 0.5 and stated.max() <= 100:  # one slip above 1 does not make the others per cent
        ledger.add("holding-percent", stage="read", source=source, field="share")
        share = share / 100
    odd = np.asarray((share < 0) | (share > 1))
    ledger.add(
        "holding-share",
        stage="read",
        source=source,
        row=frame["source_row"][odd],
        field="share",
        before=frame["share"][odd],
    )
    return frame.assign(share=share.mask(odd))


def _in_force(frame: pd.DataFrame, day: pd.Timestamp, source: str, ledger: Ledger) -> pd.DataFrame:
    start = frame["from"] if "from" in frame else pd.Series(pd.NaT, frame.index)
    end = frame["to"] if "to" in frame else pd.Series(pd.NaT, frame.index)
    out = np.asarray((start > day) | (end < day))
    ledger.add(
        "holding-not-in-force",
        stage="read",
        source=source,
        row=frame["source_row"][out],
        id=frame["parcel_id"][out],
        before=_days(start[out]) + "…" + _days(end[out]),
        day=day.date().isoformat(),
    )
    kept = frame[~out]
    kept.attrs["source"] = source
    return kept


def _days(dates: pd.Series) -> pd.Series:
    """Dates as text; an open end is empty."""
    return dates.astype("str").fillna("")

"""Corrections (更正): changes that a person writes down, each guarded by the value it replaces.

A correction applies only where the old value still stands; applied and not-applied ones are both in the ledger, so
that a changed source is noticed. Values are those of the canonical columns, in their units.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.schemas import schema
from mudian.tables import read_table
from parcels.canonical import Source, parse
from parcels.errors import FieldError
from parcels.fields import Field, nearest
from parcels.ledger import Ledger

COLUMNS = ("table", "id", "field", "old_value", "new_value", "reason")
# Table name in the corrections → schema and key column.
TABLES = {
    "parcels": ("parcel", "parcel_id"),
    "enterprises": ("enterprise", "enterprise_id"),
    "holdings": ("holding", "parcel_id"),
    "zones": ("zone", "zone_id"),
}


@dataclass(frozen=True)
class Corrections:
    """The corrections of a project; an empty one changes nothing.

    Attributes
    ----------
    frame
        The columns of ``COLUMNS`` as text, plus ``source_row``.
    source
        Name of the table.
    """

    frame: pd.DataFrame
    source: str

    @classmethod
    def none(cls) -> Corrections:
        """No corrections."""
        return cls(pd.DataFrame({c: pd.Series(dtype="str") for c in COLUMNS}).assign(source_row=0), "")

    def apply(self, frame: pd.DataFrame, *, table: str, ledger: Ledger) -> pd.DataFrame:
        """The table with its corrections; the input is not changed.

        Parameters
        ----------
        frame
            Canonical rows of ``table``.
        table
            ``parcels``, ``enterprises``, ``holdings`` or ``zones``.
        ledger
            Where applied and not-applied corrections are written.
        """
        mine = self.frame[self.frame["table"] == table]
        result = frame
        for name in mine["field"].unique():
            group = mine[mine["field"] == name].reset_index(drop=True)
            result = _apply_field(result, group, table, str(name), self.source, ledger)
        return result


def read_corrections(path: object, *, ledger: Ledger) -> Corrections:
    """Read a table of corrections.

    Raises
    ------
    FieldError
        When a column is missing, or a correction names a table that does not exist.
    """
    table = read_table(str(path), ledger=ledger)
    columns = {str(c).strip().lower(): c for c in table.frame}
    missing = [c for c in COLUMNS[:-1] if c not in columns]
    if missing:
        raise FieldError("correction-columns", file=path, missing=", ".join(missing), columns=", ".join(COLUMNS))
    kept = [c for c in COLUMNS if c in columns]
    frame = table.frame[[columns[c] for c in kept]].set_axis(kept, axis=1).astype("str")
    frame = frame.assign(**{c: frame[c].str.strip() for c in kept}, source_row=table.rows)
    odd = sorted(set(frame["table"].dropna()) - set(TABLES))
    if odd:
        raise FieldError(
            "correction-table", file=path, table=odd[0], tables=", ".join(TABLES), nearest=nearest(odd[0], TABLES)
        )
    return Corrections(frame, table.source)


def _apply_field(
    frame: pd.DataFrame, group: pd.DataFrame, table: str, name: str, source: str, ledger: Ledger
) -> pd.DataFrame:
    kind, key = TABLES[table]
    field = schema(kind).get(name)
    if field is None or field.column not in frame or key not in frame:
        _report(group, "correction-no-field", source, ledger)
        return frame
    keys = frame[key].astype("str").reset_index(drop=True)
    hits = keys.to_frame("id").assign(position=range(len(keys))).merge(
        group.assign(correction=range(len(group))), on="id", how="inner"
    )  # fmt: skip
    _report(group[~np.isin(np.arange(len(group)), hits["correction"])], "correction-no-record", source, ledger)
    current = frame[field.column].iloc[hits["position"]].reset_index(drop=True)
    old = _parsed(hits["old_value"], field, hits["source_row"].to_numpy(), source)
    new = _parsed(hits["new_value"], field, hits["source_row"].to_numpy(), source)
    stands = _equal(current, old)
    unreadable = np.asarray(new.isna() & hits["new_value"].notna())
    _report(hits[~stands], "correction-old-value", source, ledger, now=current[~stands])
    _report(hits[stands & unreadable], "correction-new-value", source, ledger)
    done = stands & ~unreadable
    column = frame[field.column].copy()
    column.iloc[hits["position"][done]] = new[done].to_numpy()
    _report(hits[done], "correction-applied", source, ledger)
    return frame.assign(**{field.column: column})


def _parsed(cells: pd.Series, field: Field, rows: NDArray[np.int64], source: str) -> pd.Series:
    return parse(cells, field, unit=None, source=Source(source, rows, "correct"), ledger=Ledger())


def _equal(left: pd.Series, right: pd.Series) -> NDArray[np.bool_]:
    """Whether values are the same; missing equals missing; numbers to 1e-9 relative."""
    both_missing = np.asarray(left.isna() & right.isna())
    if pd.api.types.is_numeric_dtype(left.dtype):
        close = np.isclose(left.to_numpy(float), right.to_numpy(float), rtol=1e-9, atol=0.0)
        return np.asarray(close | both_missing, dtype=bool)
    same = left.to_numpy(dtype=object) == right.to_numpy(dtype=object)
    return np.asarray((np.asarray(same, dtype=bool) & left.notna().to_numpy()) | both_missing, dtype=bool)


def _report(rows: pd.DataFrame, code: str, source: str, ledger: Ledger, *, now: pd.Series | None = None) -> None:
    ledger.add(
        code,
        stage="correct",
        source=source,
        row=rows["source_row"],
        id=rows["id"],
        field=rows["field"],
        before=rows["old_value"] if now is None else now,
        after=rows["new_value"],
    )

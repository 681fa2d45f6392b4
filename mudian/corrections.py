"""Corrections (更正): changes that a person writes down, each guarded by the value it replaces.

A correction applies only where the old value still stands; applied and not-applied ones are both in the ledger and in
the table of :func:`corrections_table`, so that a changed source is noticed. Values are those of the canonical columns,
in their units. Records are found by table, id and field; the order of the rows means nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.issue_lists.returned import COLUMNS, ERASED, TABLES, correction_files, read_corrections
from mudian.schemas import MONEY, QUANTITIES, categorise, schema
from parcels.canonical import Source, canonical_unit, parse
from parcels.fields import Field
from parcels.ledger import Ledger

__all__ = ["COLUMNS", "TABLES", "Corrections", "correction_files", "corrections_table", "read_corrections"]

_SUMMED = (*MONEY, *QUANTITIES)  # rows of one enterprise are added
_CATEGORIES = ("supply_status", "relation")
APPLIED, ALREADY = "correction-applied", "correction-already"
# Of several records of one correction the first of these tells what became of it.
_WORST_LAST = (APPLIED, ALREADY)
_TEXTS = (*COLUMNS, "source", "code", "message", "found_value")


@dataclass(frozen=True)
class Corrections:
    """The corrections of a project; an empty one changes nothing.

    Attributes
    ----------
    frame
        The columns of ``COLUMNS`` as text, plus ``source_row``; with several files their name in ``source``.
    source
        Name of the table.
    """

    frame: pd.DataFrame
    source: str

    @classmethod
    def none(cls) -> Corrections:
        """No corrections."""
        return cls(pd.DataFrame({c: pd.Series(dtype="str") for c in COLUMNS}).assign(source_row=0), "")

    def apply(
        self, frame: pd.DataFrame, *, table: str, ledger: Ledger, among: NDArray[np.bool_] | None = None
    ) -> pd.DataFrame:
        """The table with its corrections; the input is not changed.

        Parameters
        ----------
        frame
            Canonical rows of ``table``.
        table
            ``parcels``, ``enterprises``, ``holdings`` or ``zones``.
        ledger
            Where applied and not-applied corrections are written.
        among
            Which rows may be corrected (those of the period); by default all.
        """
        mine = self.frame[self.frame["table"] == table]
        mine = mine.assign(source=mine["source"] if "source" in mine else self.source)
        kind, key = TABLES[table]
        mine = _without_conflicts(mine.assign(field=_columns(mine["field"], kind)), kind, ledger)
        inside = np.ones(len(frame), dtype=bool) if among is None else among
        result = frame
        # Keys come last: the other corrections of a record name its old one.
        for name in sorted(mine["field"].unique(), key=lambda n: bool(n == key)):
            group = mine[mine["field"] == name].reset_index(drop=True)
            result = _apply_field(result, group, table, str(name), inside, ledger)
        return result


def corrections_table(corrections: Corrections, ledger: pd.DataFrame) -> pd.DataFrame:
    """What became of every correction.

    Parameters
    ----------
    corrections
        The corrections of a run.
    ledger
        Its ledger, as a table.

    Returns
    -------
    DataFrame
        The columns of ``COLUMNS`` with ``source`` and ``source_row``, whether it was ``applied``, the ``code`` and
        ``message`` of the ledger, and ``found_value``: what stood in the source where that was something else.
    """
    frame = corrections.frame
    frame = frame.assign(source=frame["source"] if "source" in frame else corrections.source)
    said = ledger[(ledger["stage"] == "correct") & ledger["row"].notna()]
    said = said.assign(rank=said["code"].map({c: i for i, c in enumerate(_WORST_LAST)}).fillna(len(_WORST_LAST)))
    said = said.sort_values("rank", kind="stable").drop_duplicates(["source", "row"])
    said = said.assign(found_value=said["before"].where(said["code"] == "correction-old-value"))
    said = said.set_index(["source", "row"])[["code", "message", "found_value"]]
    places = pd.MultiIndex.from_arrays([frame["source"], frame["source_row"].astype("Int64")])
    found = said.reindex(places).set_axis(frame.index)
    made = frame.assign(applied=(found["code"] == APPLIED).astype("boolean"), **{str(c): found[c] for c in found})
    return pd.concat([made, _set_aside(ledger)], ignore_index=True).astype(dict.fromkeys(_TEXTS, "str"))


def _set_aside(ledger: pd.DataFrame) -> pd.DataFrame:
    """Rows of lists that were filled in although a correction cannot settle them."""
    rows = ledger[(ledger["code"] == "correction-elsewhere").to_numpy(bool)]
    names = {"before": "old_value", "after": "new_value", "row": "source_row"}
    kept = ["source", "row", "id", "field", "before", "after", "code", "message"]
    made = rows[kept].rename(columns=names)
    return made.assign(source_row=made["source_row"].astype("int64"), applied=pd.array([False] * len(made), "boolean"))


def report_without_table(corrections: Corrections, present: set[str], ledger: Ledger) -> None:
    """Say of corrections whose table the project does not have that they were not applied."""
    frame = corrections.frame
    frame = frame.assign(source=frame["source"] if "source" in frame else corrections.source)
    _report(frame[~frame["table"].isin(present)], "correction-no-table", ledger)


def _columns(fields: pd.Series, kind: str) -> pd.Series:
    """Names of fields as the columns that they mean; unknown ones stay."""
    known = {name: schema(kind).get(str(name)) for name in fields.dropna().unique()}
    return fields.map({name: f.column for name, f in known.items() if f}).fillna(fields)


def _spelled(mine: pd.DataFrame, kind: str) -> pd.Series:
    """New values in one spelling: ``1,234.5`` and ``1234.5`` are the same answer."""
    plain = mine["new_value"].fillna("").astype("object")
    for name in mine["field"].dropna().unique():
        field, here = schema(kind).get(str(name)), (mine["field"] == name).to_numpy(bool)
        if field is not None:
            read = _parsed(mine["new_value"][here], field, np.zeros(int(here.sum()), np.int64))
            plain[here] = read.astype("str").where(read.notna(), plain[here])
    return plain


def _without_conflicts(mine: pd.DataFrame, kind: str, ledger: Ledger) -> pd.DataFrame:
    """Corrections of one cell that want different values contradict each other; none of them applies."""
    spelled = _spelled(mine, kind)
    cells = [mine["table"], mine["id"].fillna(""), mine["field"]]
    torn = spelled.groupby(cells).transform("nunique") > 1
    for _, group in mine[torn.to_numpy(bool)].groupby(["id", "field"], sort=True):
        values = " / ".join(sorted(group["new_value"].fillna("").astype("str").unique()))
        _report(group, "correction-conflict", ledger, values=values)
    return mine[~torn.to_numpy(bool)]


def _apply_field(
    frame: pd.DataFrame, group: pd.DataFrame, table: str, name: str, inside: NDArray[np.bool_], ledger: Ledger
) -> pd.DataFrame:
    kind, key = TABLES[table]
    field = schema(kind).get(name)
    if field is None or key not in frame:
        _report(group, "correction-no-field", ledger)
        return frame
    column = _column(frame, field)
    hits = _hits(frame[key], group, inside)
    _report(group[~np.isin(np.arange(len(group)), hits["correction"])], "correction-no-record", ledger)
    hits = _of_one_record(hits, table, field, ledger)
    current = column.iloc[hits["position"]].reset_index(drop=True)
    rows = hits["source_row"].to_numpy()
    new = _parsed(hits["new_value"].mask(hits["new_value"].isin(ERASED)), field, rows)
    stands = _equal(current, _parsed(hits["old_value"], field, rows), field)
    already = ~stands & new.notna().to_numpy() & _equal(current, new, field)
    unreadable = np.asarray(new.isna() & hits["new_value"].notna() & ~hits["new_value"].isin(ERASED))
    _report(hits[already], ALREADY, ledger)
    _report(hits[~stands & ~already], "correction-old-value", ledger, now=current[~stands & ~already])
    _report(hits[stands & unreadable], "correction-new-value", ledger)
    done = stands & ~unreadable
    changed = column.copy()
    changed.iloc[hits["position"][done]] = new[done].to_numpy()
    _report(hits[done], APPLIED, ledger)
    return frame.assign(**{field.column: changed}) if done.any() or field.column in frame else frame


def _column(frame: pd.DataFrame, field: Field) -> pd.Series:
    """The column of a field; one that the source lacks is missing throughout."""
    if field.column in frame:
        found: pd.Series = frame[field.column]
        return found
    nothing = pd.Series(pd.NA, index=frame.index, dtype="str")
    return _parsed(nothing, field, np.zeros(len(frame), np.int64))


def _hits(keys: pd.Series, group: pd.DataFrame, inside: NDArray[np.bool_]) -> pd.DataFrame:
    """Every record that a correction names: its position beside the correction."""
    ids = keys.astype("str").reset_index(drop=True)
    places = ids.to_frame("id").assign(position=range(len(ids)))[inside]
    return places.merge(group.assign(correction=range(len(group))), on="id", how="inner")


def _of_one_record(hits: pd.DataFrame, table: str, field: Field, ledger: Ledger) -> pd.DataFrame:
    """Amounts of an enterprise with several rows are added; which of them is meant is not known."""
    if table != "enterprises" or field.column not in _SUMMED:
        return hits
    several = hits["correction"].duplicated(keep=False).to_numpy(bool)
    _report(hits[several], "correction-several", ledger)
    return hits[~several].reset_index(drop=True)


def _parsed(cells: pd.Series, field: Field, rows: NDArray[np.int64]) -> pd.Series:
    """Cells in the canonical unit; an answer that states another unit of the same kind is converted."""
    return parse(cells, field, unit=canonical_unit(field), source=Source("", rows, "correct"), ledger=Ledger())


def _equal(left: pd.Series, right: pd.Series, field: Field) -> NDArray[np.bool_]:
    """Whether values are the same; missing equals missing; numbers to 1e-9 relative; spellings of a category alike."""
    if field.column in _CATEGORIES:
        left, right = (categorise(v, field.column)[0] for v in (left, right))
    both_missing = np.asarray(left.isna() & right.isna())
    if pd.api.types.is_numeric_dtype(left.dtype) and not pd.api.types.is_bool_dtype(left.dtype):
        one, other = (v.to_numpy(float, na_value=np.nan) for v in (left, right))
        close = np.isclose(one, other, rtol=1e-9, atol=0.0)
        return np.asarray(close | both_missing, dtype=bool)
    known = np.asarray(left.notna() & right.notna())
    left_texts, right_texts = (np.asarray(v.astype("object").where(known, None), dtype=object) for v in (left, right))
    if field.check == "land_use":  # a leading zero that a number has lost is restored later
        left_texts, right_texts = (np.array([str(t).lstrip("0") for t in v]) for v in (left_texts, right_texts))
    return np.asarray((np.asarray(left_texts == right_texts, dtype=bool) & known) | both_missing, dtype=bool)


def _report(rows: pd.DataFrame, code: str, ledger: Ledger, *, now: pd.Series | None = None, **params: object) -> None:
    for source, part in rows.groupby("source", sort=True, dropna=False):
        before = part["old_value"] if now is None else now[part.index]
        ledger.add(
            code,
            stage="correct",
            source=str(source),
            row=part["source_row"],
            id=part["id"],
            field=part["field"],
            before=before,
            after=part["new_value"],
            **params,
        )

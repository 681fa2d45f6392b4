"""What a frame must become before a shapefile for ArcMap or CASS can hold it.

Caveat: names are at most 10 bytes in GBK and unique whatever their case, texts at most 254 bytes in GBK, whole numbers
at most 18 digits, and a date has no time of day. Whatever does not fit is changed here, in the open, not by the driver.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from parcels.ledger import Ledger

SIDECARS = (
    ".shp", ".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".qpj", ".idm", ".ind", ".fix", ".shp.xml",
)  # fmt: skip
"""Parts of a shapefile; stale ones of an old file must go with it."""

_NAME_BYTES, _TEXT_BYTES, _DIGITS = 10, 254, 18


@cache
def _known() -> dict[str, dict[str, str]]:
    text = (files("parcels") / "data" / "shapefile_names.csv").read_text(encoding="utf-8")
    return {entry["canonical"]: entry for entry in csv.DictReader(text.splitlines())}


def shapefile_frame(frame: gpd.GeoDataFrame, *, source: str, ledger: Ledger) -> tuple[gpd.GeoDataFrame, dict[str, str]]:
    """Names, texts and values as a shapefile in GBK can hold them.

    Parameters
    ----------
    frame
        RangeIndex, unique text column names, one type per column; not changed.
    source
        Name of the file for the ledger.
    ledger
        Where replaced characters, cut texts and numbers turned into text are written.

    Returns
    -------
    tuple
        The frame under its short names, and own name → short name.
    """
    names = short_names([str(c) for c in frame.columns if c != frame.active_geometry_name])
    ids = frame["parcel_id"].astype("object").to_numpy() if "parcel_id" in frame else None
    out = frame.copy()
    for name in names:
        column = _value(frame[name])
        if column.dtype == "str" or column.dtype == object:
            column = _texts(column, name, ids, source, ledger)
        if frame[name].dtype.kind in "iu" and column.dtype == "str":
            ledger.add("write-as-text", stage="write", source=source, field=name)
        out[name] = column
    changed = {name: short for name, short in names.items() if short != name and name not in _known()}
    ledger.add(
        "write-name",
        stage="write",
        source=source,
        field=list(changed),
        before=list(changed),
        after=list(changed.values()),
    )
    return out.rename(columns=names), names


def short_names(names: list[str]) -> dict[str, str]:
    """Field names of at most 10 GBK bytes, unique whatever their case.

    Canonical columns take the field codes of the cadastral standards (``data/shapefile_names.csv``) unless an own
    column has that name already; other names are cut at a whole character and numbered where they meet.

    Parameters
    ----------
    names
        Distinct column names.

    Returns
    -------
    dict
        Own name → field name, in the order given.

    Examples
    --------
    >>> short_names(["parcel_id", "不动产单元号", "不动产单元数"])
    {'parcel_id': 'ZDDM', '不动产单元号': '不动产单元', '不动产单元数': '不动产单_1'}
    """
    wanted = {name: _known()[name]["short"] if name in _known() else name for name in names}
    taken: set[str] = set()
    short: dict[str, str] = {}
    for name in sorted(names, key=_rank):
        short[name] = _free(wanted[name], taken)
        taken.add(short[name].casefold())
    return {name: short[name] for name in names}


def _rank(name: str) -> int:
    """Own names that fit come first, then canonical ones, then those that must be cut."""
    if name in _known():
        return 1
    return 0 if _cut(name, _NAME_BYTES) == name else 2


def _free(name: str, taken: set[str]) -> str:
    """The name, or its beginning with the first number that makes it unique."""
    free, number = _cut(name, _NAME_BYTES), 0
    while not free or free.casefold() in taken:
        number += 1
        tail = f"_{number}"
        free = _cut(name, _NAME_BYTES - len(tail)) + tail
    return free


def _cut(text: str, size: int) -> str:
    """At most ``size`` bytes of GBK, no half character."""
    return text.encode("gbk", errors="ignore")[:size].decode("gbk", errors="ignore")


def _value(column: pd.Series) -> pd.Series:
    """Logical values as 1 and 0, times as ISO text, whole days as dates, numbers of over 18 digits as text."""
    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.infer_dtype(column, skipna=True) == "boolean":
        return column.astype("boolean").astype("Int16")
    if column.dtype.kind == "M" or isinstance(column.dtype, pd.DatetimeTZDtype):
        days = column.dropna()
        if getattr(column.dtype, "tz", None) is None and (days == days.dt.normalize()).all():
            dates: pd.Series = column.dt.date.where(column.notna(), None).astype("object")
            return dates
        moments: pd.Series = column.map(lambda moment: moment.isoformat(sep=" "), na_action="ignore").astype("str")
        return moments
    if column.dtype.kind in "iu" and len(column.dropna()):
        low, high = int(column.min()), int(column.max())
        if max(high, -low * 10) >= 10**_DIGITS:
            return column.astype("object").map(str, na_action="ignore").astype("str")
    return column


def _texts(column: pd.Series, name: str, ids: NDArray[np.object_] | None, source: str, ledger: Ledger) -> pd.Series:
    """Texts that GBK can hold in 254 bytes; what is replaced or cut stands in the ledger."""
    out = column.astype("object").where(column.notna(), None)
    text = out[out.map(lambda value: isinstance(value, str))]
    suspect = text[~text.astype("str").str.isascii() | (text.astype("str").str.len() > _TEXT_BYTES)]
    held = suspect.map(_in_gbk)
    lost = held[held != suspect]
    _note("write-not-gbk", lost.index, name, ids, source, ledger, before=suspect[lost.index], after=lost)
    size = held.map(_gbk_size)
    over = size[size > _TEXT_BYTES]
    held[over.index] = held[over.index].map(lambda value: _cut(value, _TEXT_BYTES))
    _note("write-text-cut", over.index, name, ids, source, ledger, before=over, after=held[over.index].map(_gbk_size))
    out[held.index] = held
    return out.astype("str") if column.dtype == "str" else out


def _in_gbk(text: str) -> str:
    return text.encode("gbk", errors="replace").decode("gbk")


def _gbk_size(text: str) -> int:
    return len(text.encode("gbk"))


def _note(
    code: str,
    at: pd.Index,
    name: str,
    ids: NDArray[np.object_] | None,
    source: str,
    ledger: Ledger,
    *,
    before: pd.Series,
    after: pd.Series,
) -> None:
    rows = at.to_numpy(dtype=np.int64)
    ledger.add(
        code,
        stage="write",
        source=source,
        row=rows + 1,
        id=None if ids is None else ids[rows],
        field=name,
        before=before.tolist(),
        after=after.tolist(),
    )


def field_dictionary(names: dict[str, str], path: Path) -> None:
    """Write what each field of the shapefile means (UTF-8 with a mark, for spreadsheets).

    Parameters
    ----------
    names
        Own name → field name.
    path
        The CSV file to write.
    """
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["字段名", "原列名", "含义", "代码依据"])
        for name, short in names.items():
            entry = _known().get(name, {})
            cells = (short, name, entry.get("meaning", name), entry.get("evidence", "原列名"))
            writer.writerow([_harmless(cell) for cell in cells])


def _harmless(text: str) -> str:
    """A cell that a spreadsheet will not take for a formula."""
    return "'" + text if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text

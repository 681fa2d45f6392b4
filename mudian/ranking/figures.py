"""Figures per mu of zones, their ranks, and the totals as ratios of sums.

A ratio of the whole is always the sum of money over the sum of land, never a mean of ratios: where a table has ready
ratios only and no land, the total is unknown. A zone without a figure has no rank, and missing land or money is never
taken as zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd

from mudian.errors import UsageError
from mudian.measure import PER_MU, ratio
from mudian.ranking.reading import MEASURED
from parcels.ledger import Ledger

Ties = Literal["min", "max", "dense", "average"]
TIES: tuple[Ties, ...] = ("min", "max", "dense", "average")
SUMS, GIVEN, UNKNOWN = "ratio_of_sums", "given", "unknown"
_DIGITS = 12  # that a comparison of figures looks at: 万元 and 亿元 give the same ranks
_PRINTED = 0.0051  # half of the last of two printed decimals


def figures(frame: pd.DataFrame, *, source: str, ledger: Ledger) -> pd.DataFrame:
    """The table with ``tax_per_mu`` and the other figures per mu.

    Money over land where the table has both, else the ready figure.

    Parameters
    ----------
    frame
        A row per zone and year, with amounts in 万元, land in 亩, ready figures in 万元/亩; not changed.
    source, ledger
        Name of the table, and where figures that disagree are written.
    """
    made: dict[str, pd.Series] = {}
    land = frame["area_mu"] if "area_mu" in frame else pd.Series(np.nan, frame.index)
    odd = (land <= 0).to_numpy(bool)
    ledger.add(
        "ranking-area-not-positive", stage="measure", source=source, row=frame["source_row"][odd],
        id=frame["zone_name"][odd], field="area_mu", before=land[odd],
    )  # fmt: skip
    for name, money in PER_MU.items():
        worked = ratio(frame[money], land) if money in frame else None
        ready = frame[name] if name in frame else None
        if worked is None or ready is None:
            chosen = worked if ready is None else ready
        else:
            differs = ((worked - ready).abs() > np.maximum(_PRINTED, 1e-9 * worked.abs())).to_numpy(bool)
            ledger.add(
                "ranking-ratio-differs", stage="measure", source=source, row=frame["source_row"][differs],
                id=frame["zone_name"][differs], field=name, before=ready[differs], after=worked[differs],
            )  # fmt: skip
            chosen = worked.fillna(ready)
        if chosen is not None:
            made[name] = chosen.astype(float)
    return frame.assign(**made)


def significant(values: pd.Series) -> pd.Series:
    """Figures to the digits in which they are compared, so that units and the order of sums do not make ties differ.

    Examples
    --------
    >>> significant(pd.Series([0.1 + 0.2, 0.3, None])).tolist()
    [0.3, 0.3, nan]
    """
    numbers = pd.to_numeric(values, errors="coerce").astype(float)
    size = np.floor(np.log10(np.abs(numbers.where(numbers != 0, 1.0))))
    scale = 10.0 ** (_DIGITS - 1 - size)
    return (numbers * scale).round() / scale


def ranks(frame: pd.DataFrame, columns: list[str], *, ties: Ties = "min", group: str | None = None) -> pd.DataFrame:
    """The table with ``rank_<column>``, 1 for the highest, inside each year (and group).

    Parameters
    ----------
    frame
        A row per zone and year; not changed.
    columns
        Figures to rank; a missing one has no rank.
    ties
        What zones of equal figures get: the better place (``min``), the worse (``max``), the place without a gap
        behind it (``dense``), or the mean (``average``).
    group
        Column inside which zones are ranked, such as ``zone_level``; rows without a group are one of their own.

    Examples
    --------
    >>> table = pd.DataFrame({"year": 2021, "tax_per_mu": [5.0, 8.0, 5.0, None, 1.0]})
    >>> ranks(table, ["tax_per_mu"])["rank_tax_per_mu"].tolist()
    [2, 1, 2, <NA>, 4]
    """
    keys = [frame["year"], *([frame[group]] if group else [])]
    made: dict[str, pd.Series] = {}
    for column in columns:
        values = significant(frame[column])
        places = values.groupby(keys, dropna=False).rank(method=ties, ascending=False)
        made[f"rank_{column}"] = places if ties == "average" else places.astype("Int64")
    return frame.assign(**made)


def check_group(frame: pd.DataFrame, group: str | None) -> None:
    """Refuse a group column that the table does not have.

    Raises
    ------
    UsageError
        With the columns of the table.
    """
    if group is not None and group not in frame:
        raise UsageError("ranking-option", option="--group", value=group, expected=", ".join(map(str, frame.columns)))


def missing_figures(frame: pd.DataFrame) -> pd.Series:
    """Which inputs of the figures per mu each zone lacks, joined by ``;``."""
    shown = [n for n in PER_MU if n in frame]
    result = pd.Series("", frame.index, dtype="str")
    if "area_mu" not in frame:  # money alone gives no figure
        money = [n for n in shown if PER_MU[n] in frame and frame[n].isna().all()]
        result = result.mask(frame[money].isna().any(axis=1), "area_mu")
    for name in shown:
        inputs = [c for c in (PER_MU[name], "area_mu") if c in frame] or [name]
        lacks = frame[name].isna()
        for column in inputs:
            empty = lacks & (frame[column].isna() | ((frame[column] <= 0) & (column == "area_mu")))
            new = empty & ~result.str.split(";").map(lambda known, column=column: column in known)
            result = result.mask(new, result.mask(new & (result != ""), result + ";").where(new, "") + column)
    return result


def totals(frame: pd.DataFrame, *, given: Mapping[str, float] | None = None) -> pd.DataFrame:
    """One row per year: sums, and figures per mu as ratios of sums.

    Parameters
    ----------
    frame
        The table with its figures.
    given
        Totals that a source prints, by column (``tax_wan``, ``area_mu`` …); they count instead of the sums.

    Returns
    -------
    DataFrame
        ``year``, ``zone_count``, sums and ``<sum>_known`` (how many zones have it), the figures per mu, and for each
        ``<figure>_basis`` (``ratio_of_sums``, ``given``, ``unknown``) and ``<figure>_known`` (zones behind it).

    Examples
    --------
    >>> table = pd.DataFrame({"year": 2019, "tax_wan": [10.0, 90.0], "area_mu": [10.0, 10.0]})
    >>> totals(table)[["tax_per_mu", "tax_per_mu_basis"]].values.tolist()
    [[5.0, 'ratio_of_sums']]
    """
    stated = dict(given or {})
    sums = list(dict.fromkeys([*(c for c in MEASURED if c in frame), *(c for c in MEASURED if c in stated)]))
    ratios = [n for n in PER_MU if n in frame or PER_MU[n] in sums]
    rows = [_total(part, float(str(year)), sums, ratios, stated) for year, part in frame.groupby("year", dropna=False)]
    return pd.DataFrame(rows)


def _total(
    part: pd.DataFrame, year: float, sums: list[str], ratios: list[str], stated: Mapping[str, float]
) -> dict[str, object]:
    row: dict[str, object] = {"year": year, "zone_count": len(part)}
    for column in sums:
        known = part[column].notna() if column in part else pd.Series(False, part.index)
        row[column] = stated.get(column, _sum(part[column][known]) if known.any() else np.nan)
        row[f"{column}_known"] = len(part) if column in stated else int(known.sum())
    for name in ratios:
        row[name], row[f"{name}_basis"], row[f"{name}_known"] = _ratio(part, name, stated)
    return row


def _sum(values: pd.Series) -> float:
    """A sum that does not depend on the order of the rows."""
    return float(np.sum(np.sort(values.to_numpy(float))))


def _ratio(part: pd.DataFrame, name: str, stated: Mapping[str, float]) -> tuple[float, str, int]:
    money = PER_MU[name]
    if money in stated or "area_mu" in stated:
        whole = [stated.get(c, _whole(part, c)) for c in (money, "area_mu")]
        known = np.isfinite(whole[0]) and whole[1] > 0
        return (whole[0] / whole[1], GIVEN, len(part)) if known else (np.nan, UNKNOWN, 0)
    if "area_mu" not in part:
        return np.nan, UNKNOWN, 0
    land = part["area_mu"].where(part["area_mu"] > 0)
    worked = part[name] * land if name in part else land * np.nan
    if money in part:
        worked = part[money].fillna(worked)
    both = worked.notna() & land.notna()
    if not both.any():
        return np.nan, UNKNOWN, 0
    return _sum(worked[both]) / _sum(land[both]), SUMS, int(both.sum())


def _whole(part: pd.DataFrame, column: str) -> float:
    """The sum of a column that every zone has; missing else."""
    return _sum(part[column]) if column in part and bool(part[column].notna().all()) else np.nan

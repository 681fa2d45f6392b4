"""The registered area (证载面积) beside the computed one, and the unit it is written in.

A register column without a unit is not a number of square metres by itself. The unit is taken, in this order, from
the project, the header, a unit column, or from the figures themselves by comparison with the geometry, which is said.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from parcels.canonical import Source, parse, report_unknown_unit
from parcels.fields import Match
from parcels.ledger import Ledger
from parcels.limits import limit
from parcels.units import Unit, find

# Codes of the unit column MJDW in registration databases.
_UNIT_CODES = {"1": "平方米", "2": "亩", "3": "公顷"}
_CANDIDATES = ("m2", "mu", "ha", "wan_m2", "km2")
_SLIPS = ("m2", "mu", "ha")


def add_registered(
    frame: gpd.GeoDataFrame, *, match: Match, cells: pd.Series, source: Source, ledger: Ledger
) -> gpd.GeoDataFrame:
    """Give ``registered_m2`` to a frame whose registered area has no stated unit.

    Parameters
    ----------
    frame
        Parcels with ``area_m2`` (m², computed) and, where the delivery has one, ``area_unit``.
    match
        The source column of the registered area.
    cells
        Its cells as read.
    source, ledger
        Where they come from and where to write.

    Returns
    -------
    GeoDataFrame
        With ``registered_m2`` in m², or unchanged where the unit cannot be told.
    """
    raw = parse(cells, match.field, unit=None, source=source, ledger=ledger, ids=frame.get("parcel_id"))
    factors = _row_factors(frame)
    if factors is not None:
        ledger.add("area-unit-by-row", stage=source.stage, source=source.name, field="registered_m2")
        ledger.decide("unit", "registered_m2: area_unit", source=source.name, evidence=["row by row"])
        _report_rows_without_unit(frame, raw, factors, source, ledger)
    else:
        unit, share = unit_by_ratio(raw, frame["area_m2"])
        if unit is None:
            report_unknown_unit(match, source=source, ledger=ledger)
            return frame
        text = {"unit": unit.spellings[0], "share": f"{share:.0%}"}
        ledger.add("area-unit-by-ratio", stage=source.stage, source=source.name, field=match.column, **text)
        ledger.decide(
            "unit", f"registered_m2: {text['unit']}", source=source.name, evidence=[f"ratio fits {share:.0%}"]
        )
        factors = np.full(len(frame), float(unit.factor))
    return frame.assign(registered_m2=raw * factors)


def _row_factors(frame: gpd.GeoDataFrame) -> NDArray[np.float64] | None:
    """Factor to m² by the unit column, NaN in rows where it says nothing known; None without such a column."""
    if "area_unit" not in frame or not frame["area_unit"].notna().any():
        return None
    texts = frame["area_unit"].dropna().unique()
    units = {t: find(_UNIT_CODES.get(t.lstrip("0"), t), "area") for t in texts}
    factors = frame["area_unit"].map({t: float(u.factor) if u else np.nan for t, u in units.items()})
    return np.asarray(factors, dtype=np.float64)


def _report_rows_without_unit(
    frame: gpd.GeoDataFrame, raw: pd.Series, factors: NDArray[np.float64], source: Source, ledger: Ledger
) -> None:
    lost = np.asarray(raw.notna() & np.isnan(factors))
    written = frame["area_unit"].fillna("—")
    for unit in sorted(written[lost].unique()):
        here = lost & np.asarray(written == unit)
        ledger.add(
            "area-unit-row-unknown",
            stage=source.stage,
            source=source.name,
            row=source.rows[here],
            id=frame["parcel_id"][here] if "parcel_id" in frame else None,
            field="registered_m2",
            before=raw[here],
            unit=unit,
        )


def unit_by_ratio(registered: pd.Series, computed: pd.Series) -> tuple[Unit | None, float]:
    """The area unit that most registered figures fit, and the share of parcels that fit it.

    Parameters
    ----------
    registered
        Figures in an unknown unit.
    computed
        Computed area in m², same index.
    """
    ratio = np.asarray(computed / registered.where(registered > 0), dtype=np.float64)
    ratio = ratio[np.isfinite(ratio)]
    if not len(ratio):
        return None, 0.0
    units = [u for name in _CANDIDATES if (u := find(name, "area"))]
    shares = [float(np.mean(np.abs(ratio / float(u.factor) - 1) <= limit("area_unit", "tolerance"))) for u in units]
    best = int(np.argmax(shares))
    return (units[best], shares[best]) if shares[best] >= limit("area_unit", "share") else (None, shares[best])


def report_difference(frame: gpd.GeoDataFrame, *, ids: pd.Series | None, source: Source, ledger: Ledger) -> None:
    """Write to the ledger the parcels whose registered and computed areas differ too much to be rounding."""
    if "registered_m2" not in frame:
        return
    most = limit("area_differs")
    ratio = (frame["area_m2"] / frame["registered_m2"].where(frame["registered_m2"] > 0)).to_numpy(dtype=np.float64)
    far = np.abs(ratio - 1) > most
    for wrong, right, factor in _unit_slips():
        slip = far & (np.abs(ratio / factor - 1) <= limit("area_unit", "tolerance"))
        shown = {"ratio": f"{1 / factor:.4g}", "units": f"{wrong} ↔ {right}"}
        _report_far("area-differs-unit", slip, frame, ids, source, ledger, **shown)
        far &= ~slip
    _report_far("area-differs", far, frame, ids, source, ledger, percent=f"{most:.0%}"[:-1])


def _unit_slips() -> list[tuple[str, str, float]]:
    """Pairs of units that are mistaken for each other, and the ratio of computed to registered that tells it."""
    units = [u for name in _SLIPS if (u := find(name, "area"))]
    pairs = [(a, b) for a in units for b in units if a is not b]
    return [(a.spellings[0], b.spellings[0], float(b.factor / a.factor)) for a, b in pairs]


def _report_far(
    code: str,
    far: NDArray[np.bool_],
    frame: gpd.GeoDataFrame,
    ids: pd.Series | None,
    source: Source,
    ledger: Ledger,
    **params: object,
) -> None:
    ledger.add(
        code,
        stage=source.stage,
        source=source.name,
        row=source.rows[far],
        id=None if ids is None else ids[far],
        field="registered_m2",
        before=frame["registered_m2"][far].round(2),
        after=frame["area_m2"][far].round(2),
        **params,
    )

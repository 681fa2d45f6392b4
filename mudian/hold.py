"""Held area: how much of each parcel every link holds.

Leased land counts for the tenant and not for the owner. Stated leases come first; then stated own areas, up to what is
left; the rest goes to those who hold without a stated area: tenants of the holdings table before its owners and the
enterprise table, and these before holders known from the register alone. Nobody holds more than there is, and what
nobody holds stays unheld.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from parcels.ledger import Ledger, source_of
from parcels.limits import limit

_EXACT = 1e-9
# Who takes the rest of a parcel first, among links without a stated area.
_TIER = {("holdings", "lease"): 0, ("holdings", "own"): 1, ("parcel_id", "own"): 1, ("parcel_id", "lease"): 1}
_REGISTER_TIER = 2


def held_area(links: pd.DataFrame, area: pd.Series, *, ids: pd.Series, ledger: Ledger) -> pd.DataFrame:
    """Settle the area that every link holds.

    Parameters
    ----------
    links
        ``frame`` of :class:`mudian.link.Links`; not changed.
    area
        Area of every parcel in m² on the basis of the evaluation; missing where unknown.
    ids
        ``parcel_id`` of every parcel, for the ledger.
    ledger
        Where to write.

    Returns
    -------
    DataFrame
        The links with ``area_m2`` (m² held; links of relation ``let`` hold nothing) and ``share`` (of the parcel).
    """
    whole = area.to_numpy(float)[links["parcel"]]
    stated, odd = _stated(links)
    _report_odd(links, ids, odd, whole, ledger)
    room = np.nan_to_num(whole)
    lease, let = links["relation"].to_numpy() == "lease", links["relation"].to_numpy() == "let"
    held = np.zeros(len(links))
    for mine in (lease, ~lease & ~let):
        wanted = np.where(mine & ~np.isnan(stated), stated, 0.0)
        given = _fit(links, wanted, room)
        _report_reduced(links, ids, wanted, given, mine is lease, ledger)
        held += given
        room = np.maximum(room - _per_parcel(links, given), 0.0)
        if mine is lease:
            room = np.maximum(room - _let_elsewhere(links, stated, given), 0.0)
    held += _share_rest(links, stated, room, ids, ledger)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = held / whole
    return links.assign(area_m2=held, share=np.where(whole > 0, share, np.nan))


def _stated(links: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    stated = links["stated_m2"].to_numpy(float)
    odd = stated < 0
    return np.where(odd, np.nan, stated), odd


def _per_parcel(links: pd.DataFrame, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sum over the parcel of each link."""
    parcel = links["parcel"].to_numpy(np.int64)
    return np.bincount(parcel, weights=values, minlength=1)[parcel] if len(parcel) else values


def _fit(links: pd.DataFrame, wanted: NDArray[np.float64], room: NDArray[np.float64]) -> NDArray[np.float64]:
    """Reduce wanted areas in proportion where their sum does not fit into the room of the parcel."""
    total = _per_parcel(links, wanted)
    factor = np.ones(len(links))
    np.divide(room, total, out=factor, where=total > room * (1 + _EXACT))
    return np.asarray(wanted * factor)


def _let_elsewhere(
    links: pd.DataFrame, stated: NDArray[np.float64], leased: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Area that an owner says is let out beyond what the tenants state: used by somebody who is not listed."""
    let = np.where(links["relation"].to_numpy() == "let", np.nan_to_num(stated), 0.0)
    return np.asarray(np.maximum(_per_parcel(links, let) - _per_parcel(links, leased), 0.0))


def _share_rest(
    links: pd.DataFrame,
    stated: NDArray[np.float64],
    room: NDArray[np.float64],
    ids: pd.Series,
    ledger: Ledger,
) -> NDArray[np.float64]:
    keys = zip(links["method"], links["relation"], strict=True)
    tier = np.array([_TIER.get(key, _REGISTER_TIER) for key in keys], dtype=float)
    open_ended = np.isnan(stated) & (links["relation"].to_numpy() != "let")
    tier[~open_ended] = np.inf
    first = pd.Series(tier).groupby(links["parcel"].to_numpy()).transform("min").to_numpy()
    takes = open_ended & (tier == first)
    count = _per_parcel(links, takes.astype(float))
    several = takes & (count > 1) & (room > 0)
    ledger.add(
        "hold-size-assumed",
        stage="allocate",
        source=source_of(ids),
        id=ids.iloc[links["parcel"][several]],
        field="area_m2",
        before=links["enterprise_id"][several],
        after=(room / np.maximum(count, 1))[several].round(2),
    )
    return np.where(takes, room / np.maximum(count, 1.0), 0.0)


def _report_odd(
    links: pd.DataFrame, ids: pd.Series, odd: NDArray[np.bool_], whole: NDArray[np.float64], ledger: Ledger
) -> None:
    ledger.add(
        "hold-size-odd",
        stage="allocate",
        source=source_of(ids),
        id=ids.iloc[links["parcel"][odd]],
        field="area_m2",
        before=links["stated_m2"][odd],
    )
    empty = np.unique(links["parcel"].to_numpy()[~(whole > 0)])
    ledger.add("hold-parcel-no-area", stage="allocate", source=source_of(ids), id=ids.iloc[empty], field="area_m2")


def _report_reduced(
    links: pd.DataFrame,
    ids: pd.Series,
    wanted: NDArray[np.float64],
    given: NDArray[np.float64],
    leases: bool,
    ledger: Ledger,
) -> None:
    less = given < wanted * (1 - _EXACT)
    slight = less & (given >= wanted * (1 - limit("area_differs")))
    if slight.any():
        ledger.add("hold-rounded", stage="allocate", source=source_of(ids), field="area_m2", count=int(slight.sum()))
    less &= ~slight
    leased = _per_parcel(links, (links["relation"].to_numpy() == "lease").astype(float)) > 0
    let_out = less & leased & (not leases)
    for code, mask in (("hold-over-parcel", less & ~let_out), ("hold-let-out", let_out)):
        ledger.add(
            code,
            stage="allocate",
            source=source_of(ids),
            id=ids.iloc[links["parcel"][mask]],
            field="area_m2",
            before=wanted[mask].round(2),
            after=given[mask].round(2),
        )

"""Matching (项目落地): which sites and remaining pieces a wanted project fits on, and why not on the others."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.rules.admission import ADMITTED, FACTORY, NOT_ADMITTED, OWN_LAND
from mudian.rules.logic import name_missing
from mudian.screening.words import choices

Mask = NDArray[np.bool_]
REASONS = ("small", "factory", "not_admitted", "other_zone", "area_unknown", "admission_unknown")
_UNKNOWN = ("area_unknown", "admission_unknown")
_CHUNK = 256


def targets_of(sites: pd.DataFrame, developable: pd.DataFrame) -> pd.DataFrame:
    """Where projects may go: sites, and usable pieces of remaining land.

    Returns
    -------
    DataFrame
        ``target``, ``kind`` (``site`` or ``piece``), ``zone_id``, ``area_mu`` and ``ease`` (missing for pieces).
    """
    made = []
    if len(sites):
        own = sites[["site_id", "zone_id", "area_mu", "ease"]].rename(columns={"site_id": "target"})
        made.append(pd.DataFrame(own).assign(kind="site"))
    if len(developable) and "class" in developable:
        usable = developable[(developable["class"] == "usable").fillna(False).to_numpy(bool)]
        own = pd.DataFrame(usable[["piece_id", "zone_id", "area_mu"]]).rename(columns={"piece_id": "target"})
        made.append(own.assign(kind="piece", ease=np.nan))
    columns = ["target", "kind", "zone_id", "area_mu", "ease"]
    made = [m for m in made if len(m)]
    return pd.concat(made, ignore_index=True)[columns] if made else pd.DataFrame(columns=columns)


def match_projects(projects: pd.DataFrame, targets: pd.DataFrame) -> pd.DataFrame:
    """The best targets of every project.

    Parameters
    ----------
    projects
        With ``project_id`` and ``area_mu``; ``name``, ``zone_id``, ``total_investment_wan`` and ``admission`` where
        they are known.
    targets
        From :func:`targets_of`.

    Returns
    -------
    DataFrame
        Per project the targets that fit (``fits`` True) by the least land left over, then those of which it is unknown
        and those that do not fit, with ``why_not`` (names joined by ``;``), ``project_mu``, ``left_over_mu`` and
        ``place`` (1 = best; only where it fits). At most as many a project as the technical limits say.
    """
    most = choices()["limits"]["matches_per_project"]
    parts = [_match(projects.iloc[s : s + _CHUNK], targets, most) for s in range(0, len(projects), _CHUNK)]
    return pd.concat(parts, ignore_index=True) if parts and len(targets) else pd.DataFrame(columns=_columns(projects))


def _columns(projects: pd.DataFrame) -> list[str]:
    own = [c for c in ("project_id", "name", "total_investment_wan", "admission") if c in projects]
    return [
        *own,
        "project_mu",
        "kind",
        "target",
        "zone_id",
        "area_mu",
        "left_over_mu",
        "ease",
        "fits",
        "place",
        "why_not",
    ]


def _match(projects: pd.DataFrame, targets: pd.DataFrame, most: int) -> pd.DataFrame:
    count, size = len(projects), len(targets)
    row, column = np.repeat(np.arange(count), size), np.tile(np.arange(size), count)
    own, other = projects.iloc[row].reset_index(drop=True), targets.iloc[column].reset_index(drop=True)
    wanted = _cells(own, "area_mu").astype(float)
    left = other["area_mu"].astype(float) - wanted
    reasons = _reasons(own, other, wanted, left)
    fits = pd.Series(True, own.index, dtype="boolean")
    for name in _UNKNOWN:
        fits = fits.mask(reasons[name])
    against = np.logical_or.reduce([reasons[n] for n in REASONS if n not in _UNKNOWN])
    fits = fits.mask(against, False)
    made = {c: own[c] for c in ("project_id", "name", "total_investment_wan", "admission") if c in own}
    table = pd.DataFrame(made).assign(
        project_mu=wanted, kind=other["kind"].astype("str"), target=other["target"].astype("str"),
        zone_id=other["zone_id"].astype("str"), area_mu=other["area_mu"].astype(float), left_over_mu=left,
        ease=other["ease"].astype(float), fits=fits, why_not=name_missing(reasons, own.index).astype("str"), row=row,
    )  # fmt: skip
    order = np.lexsort((table["target"].to_numpy(str), left.abs().fillna(np.inf), _order(fits), row))
    table = table.iloc[order].reset_index(drop=True)
    number = table.groupby("row").cumcount() + 1
    placed = number.astype("Int64").mask(~table["fits"].fillna(False).to_numpy(bool))
    kept = table.assign(place=placed)[(number <= most).to_numpy(bool)].reset_index(drop=True)
    return kept[_columns(projects)]


def _order(fits: pd.Series) -> NDArray[np.int64]:
    """Fitting ones first, then unknown ones."""
    return np.where(fits.fillna(False).to_numpy(bool), 0, np.where(fits.isna().to_numpy(bool), 1, 2))


def _cells(table: pd.DataFrame, name: str) -> pd.Series:
    return table[name] if name in table else pd.Series(pd.NA, table.index, dtype="Float64")


def _reasons(own: pd.DataFrame, other: pd.DataFrame, wanted: pd.Series, left: pd.Series) -> Mapping[str, Mask]:
    admission = _cells(own, "admission").astype("str")
    zone = own["zone_id"].astype("str") if "zone_id" in own else pd.Series(pd.NA, own.index, dtype="str")
    judged = admission.notna()
    known = [OWN_LAND, ADMITTED, FACTORY, NOT_ADMITTED]
    masks = {
        "small": (left < 0).to_numpy(bool),
        "factory": (admission == FACTORY).fillna(False).to_numpy(bool),
        "not_admitted": (admission == NOT_ADMITTED).fillna(False).to_numpy(bool),
        "other_zone": (zone.notna() & (zone != other["zone_id"].astype("str"))).fillna(False).to_numpy(bool),
        "area_unknown": wanted.isna().to_numpy(bool),
        "admission_unknown": (judged & ~admission.isin(known)).to_numpy(bool),
    }
    return {n: masks[n] for n in REASONS}

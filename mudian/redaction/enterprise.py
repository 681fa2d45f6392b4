"""The level of one enterprise (企业本人): its own rows and figures, the sums of zones, and nothing about others.

Of a parcel that it shares, or that somebody else owns, it sees where the land is and its own part of the money;
verdicts on such a parcel rest on figures of others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.errors import UsageError
from mudian.evaluation import Evaluation
from mudian.redaction.groups import Holders
from mudian.redaction.public import emptied, money_of, open_zones, plain_findings, zone_checks, zone_numbers
from mudian.redaction.record import bare_manifest, own_ledger
from mudian.redaction.rules import Limits, lists
from mudian.redaction.squares import lattice, side
from mudian.schemas import MONEY, QUANTITIES, schema

Table = TypeVar("Table", bound=pd.DataFrame)
_CONSTANT = ("constant", "years_ago", "as_of", "column", "table")


@dataclass(frozen=True)
class _Land:
    """The parcels of an enterprise: which rows, and which of them it holds alone and owns."""

    held: NDArray[np.bool_]
    whole: NDArray[np.bool_]


def of_enterprise(evaluation: Evaluation, limits: Limits) -> Evaluation:
    """A run as one enterprise may see it.

    Raises
    ------
    UsageError
        When the run has no such enterprise.
    """
    code = str(limits.enterprise)
    mine = (evaluation.enterprises["enterprise_id"] == code).to_numpy(bool)
    if not mine.any():
        raise UsageError("redaction-enterprise-unknown", enterprise=code)
    lang = evaluation.manifest["project"]["lang"]
    own = _own(evaluation.enterprises[mine])
    links = _bare(evaluation.links[(evaluation.links["enterprise_id"] == code).to_numpy(bool)].reset_index(drop=True))
    land = _land(evaluation, links, own)
    parcels = _parcels(evaluation, links, land)
    alone = set(evaluation.parcels["parcel_id"][land.whole]) - set(evaluation.parcels["parcel_id"][~land.whole])
    return replace(
        emptied(evaluation),
        parcels=parcels,
        enterprises=own,
        zones=_zones(evaluation, limits),
        links=links,
        findings=_findings(evaluation, code, alone),
        ledger=own_ledger(evaluation.ledger, {code, *alone}, lang),
        manifest=bare_manifest(evaluation.manifest, limits, record=True),
    )


def _own(rows: pd.DataFrame) -> pd.DataFrame:
    """The enterprise with its canonical columns and results; the other columns of its table are the bureau's."""
    known = [*(f.column for f in schema("enterprise")), *lists()["enterprise"]["own"]]
    return _bare(rows[[c for c in rows if c in known]].reset_index(drop=True))


def _bare(frame: Table) -> Table:
    """A table that does not remember the file that it came from."""
    frame.attrs = {}
    return frame


def _land(evaluation: Evaluation, links: pd.DataFrame, own: pd.DataFrame) -> _Land:
    parcels, rows = evaluation.parcels, evaluation.parcels["source_row"]
    held = rows.isin(links["parcel_row"]).to_numpy(bool)
    others = evaluation.links[(evaluation.links["enterprise_id"] != own["enterprise_id"].iloc[0]).to_numpy(bool)]
    shared = rows.isin(others["parcel_row"]).to_numpy(bool)
    owner = np.zeros(len(parcels), bool)
    for column, key in (("owner_id", "enterprise_id"), ("owner", "name")):
        if column in parcels and key in own:
            owner |= (parcels[column] == own[key].iloc[0]).fillna(False).to_numpy(bool)
    return _Land(held, held & ~shared & owner)


def _parcels(evaluation: Evaluation, links: pd.DataFrame, land: _Land) -> gpd.GeoDataFrame:
    """The parcels that it holds: whole ones with all that is known, others with its own part."""
    rules = lists()["enterprise"]
    frame = evaluation.parcels[land.held].reset_index(drop=True)
    whole = pd.Series(land.whole[land.held])
    known = [*(f.column for f in schema("parcel")), *rules["results"], *MONEY, *QUANTITIES]
    frame = frame[[c for c in frame if c in known]]
    money = [c for c in (*MONEY, *QUANTITIES) if c in frame]
    sums = links.groupby("parcel_row")[[c for c in money if c in links]].sum(min_count=1)
    made: dict[str, pd.Series] = {}
    for column in (str(c) for c in frame if c not in rules["shared"]):
        part = frame["source_row"].map(sums[column]) if column in sums else None
        made[column] = frame[column].where(whole) if part is None else frame[column].where(whole, part)
    return _bare(frame.assign(**made))


def _zones(evaluation: Evaluation, limits: Limits) -> gpd.GeoDataFrame:
    """The zones, whose sums cover enough enterprises besides the one that looks on and knows its own."""
    parcels, zones = evaluation.parcels, evaluation.zones
    number = zone_numbers(parcels, zones)
    holders = Holders.of(pd.DataFrame(parcels), evaluation.links, money_of(parcels), without=limits.enterprise)
    shown, money = zone_checks(number, len(zones), holders, limits)
    cell = side(parcels, limits.cell_m)
    return open_zones(evaluation, number, lattice(parcels, number, cell), shown, money, cell, limits)


def _findings(evaluation: Evaluation, code: str, parcels: set[str]) -> pd.DataFrame:
    """What the rules say of it and of its own parcels; limits that are averages of others are left out."""
    found = evaluation.findings
    mine = ((found["subject_type"] == "enterprise") & (found["subject_id"] == code)).to_numpy(bool)
    land = ((found["subject_type"] == "parcel") & found["subject_id"].isin(parcels)).to_numpy(bool)
    kept = found[mine | land].reset_index(drop=True)
    texts = plain_findings(kept)
    peers = texts["rule_id"].map({r: _among_peers(evaluation, r) for r in texts["rule_id"].unique()}).astype("bool")
    return texts.assign(threshold=texts["threshold"].mask(peers))


def _among_peers(evaluation: Evaluation, rule_id: str) -> bool:
    """Whether a limit of a rule is a figure of other enterprises."""
    rules = {str(r["id"]): r for r in (evaluation.manifest.get("policies") or {}).get("rules", ())}
    name = rule_id if rule_id in rules else rule_id.rpartition("/")[0]
    parts = rules.get(name, {})
    conditions = [c for part in ("conditions", "exempt", "gate") for c in parts.get(part, ())]
    return any(c.get("against", "constant") not in _CONSTANT for c in conditions)

"""The public level (公开): sums in squares and zones, and no enterprise, owner or boundary of a parcel anywhere."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.developable import choices
from mudian.evaluation import Evaluation
from mudian.measure import PER_MU, rank, ratio
from mudian.redaction.groups import Holders
from mudian.redaction.record import bare_ledger, bare_manifest
from mudian.redaction.rules import Limits, lists, say
from mudian.redaction.squares import covering, in_order, lattice, shapes, side, split
from parcels.catalog import Lang
from parcels.units import M2_PER_MU

_KEYS = {"enterprises": ["enterprise_id"], "candidates": ["parcel_id", "enterprise_id"]}
_LINKS = ["parcel_id", "enterprise_id", "parcel_row", "method", "relation"]


def public(evaluation: Evaluation, limits: Limits) -> Evaluation:
    """A run as it may be published.

    Parameters
    ----------
    evaluation
        The whole results.
    limits
        How many enterprises a figure covers, and how large the squares are.

    Returns
    -------
    Evaluation
        ``parcels`` are squares with sums; ``zones`` have squares for outlines and no figure that tells a single
        enterprise; ``enterprises``, ``links``, ``candidates`` and ``findings`` are empty; the ledger counts its codes.
    """
    parcels, zones = evaluation.parcels, evaluation.zones
    number = zone_numbers(parcels, zones)
    holders = Holders.of(pd.DataFrame(parcels), evaluation.links, money_of(parcels))
    shown, money = zone_checks(number, len(zones), holders, limits)
    cell = side(parcels, limits.cell_m)
    place = lattice(parcels, number, cell)
    groups = split(
        place, number, holders, shown=shown, money=money, least=limits.min_enterprises, most=limits.max_share
    )
    cells = _cells(evaluation, in_order(groups, place, number), place, number, money, cell)
    lang = evaluation.manifest["project"]["lang"]
    return replace(
        emptied(evaluation),
        parcels=cells,
        zones=open_zones(evaluation, number, place, shown, money, cell, limits),
        deductions=_deductions(evaluation, shown[: len(zones)]),
        ledger=bare_ledger(evaluation.ledger, lang),
        manifest=bare_manifest(evaluation.manifest, limits),
    )


def emptied(evaluation: Evaluation) -> Evaluation:
    """A run of which nothing stays but the tables that every run has, without rows."""
    spatial = gpd.GeoDataFrame({"parcel_id": pd.Series(dtype="str")}, geometry=[], crs=evaluation.parcels.crs)
    return Evaluation(
        parcels=spatial,
        enterprises=_nothing(_KEYS["enterprises"]),
        zones=spatial,
        links=_nothing(_LINKS).astype({"parcel_row": "int64"}),
        candidates=_nothing(_KEYS["candidates"]),
        findings=plain_findings(evaluation.findings.iloc[:0]),
        ledger=evaluation.ledger.iloc[:0],
        manifest={},
    )


def plain_findings(findings: pd.DataFrame) -> pd.DataFrame:
    """Findings as text: categories would carry the names of rows that are gone."""
    return findings.astype(dict.fromkeys(findings.select_dtypes("category"), "str"))


def _nothing(columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame({c: pd.Series(dtype="str") for c in columns})


def money_of(parcels: pd.DataFrame) -> list[str]:
    """The amounts that a redacted run may show."""
    return [c for c in lists()["public"]["money"] if c in parcels]


def zone_numbers(parcels: pd.DataFrame, zones: pd.DataFrame) -> NDArray[np.int64]:
    """The position of the zone of every parcel; parcels of no zone come after the last."""
    places = pd.Series(np.arange(len(zones)), index=zones["zone_id"].to_numpy())
    return parcels["zone_id"].map(places).fillna(len(zones)).to_numpy(np.int64)


def zone_checks(
    number: NDArray[np.int64], zones: int, holders: Holders, limits: Limits
) -> tuple[NDArray[np.bool_], pd.DataFrame]:
    """Which zones may be shown, and which of their money; the last entry is the land of no zone."""
    shown, money = holders.safe(number, zones + 1, least=limits.min_enterprises, most=limits.max_share)
    return shown, money & pd.DataFrame(dict.fromkeys(money, shown))


def _cells(
    evaluation: Evaluation,
    groups: NDArray[np.int64],
    place: NDArray[np.int64],
    number: NDArray[np.int64],
    money: pd.DataFrame,
    cell: float,
) -> gpd.GeoDataFrame:
    """The squares with what lies in them; ratios are of the sums."""
    parcels, size = pd.DataFrame(evaluation.parcels), int(groups.max(initial=-1)) + 1
    inside = groups >= 0
    keyed = parcels[inside].groupby(groups[inside])
    zone = pd.Series(number[inside]).groupby(groups[inside]).first().to_numpy(np.int64)
    ids = np.array([*evaluation.zones["zone_id"], None], dtype=object)[zone]
    rows = np.arange(1, size + 1)
    made = pd.DataFrame({"zone_id": pd.array(ids, dtype="str"), "source_row": rows})
    made["parcel_id"] = pd.array([f"{z or '—'}-{n:04d}" for z, n in zip(ids, rows, strict=True)], dtype="str")
    made["area_mu"] = keyed["area_mu"].sum().to_numpy(float)
    made["area_m2"] = made["area_mu"] * M2_PER_MU
    made["parcel_count"] = keyed.size().to_numpy(np.int64)
    made["enterprise_count"] = _enterprises(evaluation, groups, size)
    for column in map(str, money):
        sums = keyed[column].sum(min_count=1).to_numpy(float)
        made[column] = np.where(money[column].to_numpy(bool)[zone], sums, np.nan)
        if f"{column}_incomplete" in parcels:
            made[f"{column}_incomplete"] = keyed[f"{column}_incomplete"].any().to_numpy(bool)
    for name, column in PER_MU.items():
        if column in made:
            made[name] = ratio(made[column], made["area_mu"])
    columns = [c for c in lists()["public"]["parcels"] if c in made]
    return gpd.GeoDataFrame(made[columns], geometry=shapes(groups, place, size, cell), crs=evaluation.parcels.crs)


def _enterprises(evaluation: Evaluation, groups: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """How many enterprises stand on the land of each group."""
    group = pd.Series(groups, index=evaluation.parcels["source_row"].to_numpy())
    pairs = pd.DataFrame({
        "group": evaluation.links["parcel_row"].map(group), "enterprise": evaluation.links["enterprise_id"]
    })  # fmt: skip
    distinct = pairs[pairs["group"] >= 0].drop_duplicates()["group"].to_numpy(np.int64)
    return np.bincount(distinct, minlength=size)


def open_zones(
    evaluation: Evaluation,
    number: NDArray[np.int64],
    place: NDArray[np.int64],
    shown: NDArray[np.bool_],
    money: pd.DataFrame,
    cell: float,
    limits: Limits,
) -> gpd.GeoDataFrame:
    """The zones with the figures that may be shown, and squares for their outlines."""
    zones = evaluation.zones
    rules = lists()["public"]
    made = pd.DataFrame(zones[[c for c in rules["zones"] if c in zones and c != "geometry"]]).reset_index(drop=True)
    hidden = pd.Series(~shown[: len(zones)])
    for column in (c for c in rules["land"] if c in made):
        made[column] = made[column].mask(hidden)
    for column in (c for c in (*PER_MU.values(), *PER_MU, *(f"rank_{p}" for p in PER_MU)) if c in made):
        amount = PER_MU.get(column.removeprefix("rank_"), column)
        allowed = money[amount].to_numpy(bool)[: len(zones)] if amount in money else np.zeros(len(zones), bool)
        made[column] = made[column].where(pd.Series(allowed))
    for column in (f"rank_{p}" for p in PER_MU if f"rank_{p}" in made and p in made):
        made[column] = rank(made[column.removeprefix("rank_")])
    for name in (n for n in rules["counted"] if f"{n}_count" in made):
        count = made[f"{name}_count"]
        few = ((count > 0) & (count < limits.min_enterprises)).fillna(False) | hidden
        made[f"{name}_count"] = count.mask(few)
        made[f"{name}_mu"] = made[f"{name}_mu"].mask(few) if f"{name}_mu" in made else np.nan
    outlines = [covering(s, place[number == k], cell) for k, s in enumerate(np.asarray(zones.geometry.values))]
    return gpd.GeoDataFrame(made, geometry=outlines, crs=zones.crs)


def _deductions(evaluation: Evaluation, shown: NDArray[np.bool_]) -> pd.DataFrame:
    """What is taken from the zones that are shown; layers are called by their kind."""
    table = evaluation.deductions
    if "zone_id" not in table:
        return pd.DataFrame()
    open_ = evaluation.zones["zone_id"][shown]
    kept = table[table["zone_id"].isin(open_)]
    columns = [c for c in lists()["public"]["deductions"] if c in kept]
    names = {k: _kind_name(str(k), evaluation.manifest["project"]["lang"]) for k in kept["kind"].unique()}
    return kept[columns].assign(layer=kept["kind"].map(names).astype("str"), note="").reset_index(drop=True)


def _kind_name(kind: str, lang: Lang) -> str:
    """What a kind of layer is called; the name that the project gives a layer may say too much."""
    known = {**choices()["words"], **lists()["kinds"]}.get(kind)
    return str(known[lang]) if known else say("other_layer", lang)

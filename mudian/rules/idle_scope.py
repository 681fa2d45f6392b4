"""Which land can be idle at all (闲置土地的适用范围): supplied, state-owned construction land.

Land that is approved but not supplied (批而未供) and reserve land have no holder and are never idle. Collective land is
outside unless the policy takes it in by reference. Only words that name the owner count: 出让 does not, because
collective land is granted too; then the parcel code decides (第13位 G 国家、J 集体), and where nothing says, supplied
land counts as state-owned, which is reported.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd

from mudian.packs.policy import Policy
from mudian.rules.idle_clock import Mask
from mudian.rules.logic import constant
from mudian.schemas import categorise
from parcels.units import fold

COLLECTIVE = "idle.collective_by_reference"
_STATE_CODE, _COLLECTIVE_CODE, _DISPUTED_CODE = (rf"[0-9]{{12}}{letter}[A-Z][0-9]{{5}}$" for letter in "GJZ")


@cache
def words() -> dict[str, dict[str, list[str]]]:
    """The words of ``idle_causes.toml`` that say whose the land is."""
    text = (files("mudian") / "data" / "idle_causes.toml").read_text(encoding="utf-8")
    return {"ownership": tomllib.loads(text)["ownership"]}


@dataclass(frozen=True)
class Scope:
    """Which parcels the rules on idle land apply to.

    Attributes
    ----------
    inside
        True, False or unknown.
    missing
        What would decide it, by name.
    decisions
        How many supplied parcels were taken in or left out, by reason.
    """

    inside: pd.Series
    missing: dict[str, Mask]
    decisions: dict[str, int]


def find_scope(parcels: pd.DataFrame, policy: Policy) -> Scope:
    """Which parcels can be idle: 国土资源部令第53号 第二条.

    Parameters
    ----------
    parcels
        With ``supply_status``, ``ownership`` and ``parcel_id`` where they are known; without a supply status a parcel
        counts as supplied.
    """
    supplied = _supplied(parcels)
    gone = supplied.isna().to_numpy()
    wanted = supplied.fillna(True).to_numpy(bool)
    collective, disputed, from_code, assumed = _ownership(parcels)
    by_reference = (found := policy.find(COLLECTIVE)) is not None and found.value is True
    outside = collective & (not by_reference)
    inside = supplied.mask(wanted & disputed).mask(outside, False)
    missing = {"supply_status": gone & ~outside, "ownership": wanted & disputed}
    counts = {
        "collective_out_of_scope": wanted & outside,
        "ownership_from_code": wanted & from_code,
        "ownership_assumed": wanted & assumed,
    }
    return Scope(inside, missing, {name: int(np.count_nonzero(mask)) for name, mask in counts.items()})


def _supplied(parcels: pd.DataFrame) -> pd.Series:
    if "supply_status" not in parcels:
        return constant(True, parcels.index)
    status, _ = categorise(parcels["supply_status"], "supply_status")
    return (status == "supplied").astype("boolean").where(status.notna())


def _ownership(parcels: pd.DataFrame) -> tuple[Mask, Mask, Mask, Mask]:
    """Collective; disputed by its code; known by its code only; not known at all."""
    owner = _by_words(parcels)
    open_ = owner == ""
    state, collective, disputed = (open_ & m for m in _by_code(parcels, open_))
    return (owner == "collective") | collective, disputed, state | collective, open_ & ~(state | collective | disputed)


def _by_words(parcels: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    if "ownership" not in parcels:
        return np.full(len(parcels), "", dtype=object)
    codes, cells = pd.factorize(parcels["ownership"])
    known = np.array([*(_whose(str(cell)) for cell in cells), ""], dtype=object)
    return known[codes]


def _whose(cell: str) -> str:
    text, spelled = fold(cell), words()["ownership"]
    owners = [
        owner
        for owner in ("collective", "state")
        if text in spelled[f"{owner}_codes"] or any(word in text for word in spelled[owner])
    ]
    return owners[0] if len(owners) == 1 else ""


def _by_code(parcels: pd.DataFrame, wanted: Mask) -> tuple[Mask, Mask, Mask]:
    """State-owned, collective and disputed land by the thirteenth character of the parcel code."""
    ids = parcels["parcel_id"].astype("str") if "parcel_id" in parcels else None
    state = _spelled(ids, _STATE_CODE, wanted)
    collective = _spelled(ids, _COLLECTIVE_CODE, wanted & ~state)
    return state, collective, _spelled(ids, _DISPUTED_CODE, wanted & ~state & ~collective)


def _spelled(ids: pd.Series | None, pattern: str, wanted: Mask) -> Mask:
    mask = np.zeros(len(wanted), dtype=bool)
    if ids is not None and wanted.any():
        chosen = ids if wanted.all() else ids[wanted]
        mask[wanted] = chosen.str.match(pattern).fillna(False).to_numpy(bool)
    return mask

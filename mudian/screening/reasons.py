"""Candidates (候选宗地): which parcels are on the list, and which tests put them there.

Every test is three-valued. A parcel is a candidate when one test holds; it is ``possible`` when none holds and one is
unknown, and is then listed apart with what is missing. A test whose data were never given is not made and is named.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.evaluation import Evaluation
from mudian.explain.record import as_record
from mudian.rules.clock import days
from mudian.rules.holders import Holders
from mudian.rules.logic import any_of, name_missing
from mudian.screening.words import choices
from mudian.settings import ScreeningSettings

Mask = NDArray[np.bool_]
TESTS = ("idle", "inefficient", "low_grade", "expired", "stopped")
CANDIDATE, POSSIBLE = "candidate", "possible"
_FIELDS = {"low_grade": "grade", "stopped": "operating_status"}


@dataclass(frozen=True)
class Firms:
    """Enterprises of the run and the parcels they use.

    Attributes
    ----------
    table
        Enterprises, each key once.
    holders
        Positions of parcels and of enterprises in ``table``.
    linked
        How many enterprises are linked to each parcel, those outside the table included.
    tenants
        How many of them are tenants.
    """

    table: pd.DataFrame
    holders: Holders
    linked: NDArray[np.int64]
    tenants: NDArray[np.int64]

    @property
    def outside(self) -> Mask:
        """Parcels that an enterprise uses of which the table says nothing."""
        return np.asarray(self.linked > self.holders.total)


@dataclass(frozen=True)
class Tests:
    """What the tests say of every parcel, under the index of the parcels.

    Attributes
    ----------
    outcomes
        For each test that was made True, False or missing.
    missing
        For each test the names of what an unknown outcome lacks, joined by ``;``.
    not_made
        Tests without data.
    hits
        For the tests on enterprises: which enterprises fail.
    """

    outcomes: dict[str, pd.Series]
    missing: dict[str, pd.Series]
    not_made: tuple[str, ...]
    hits: dict[str, Mask] = field(default_factory=dict)

    def listed(self) -> pd.Series:
        """``candidate``, ``possible`` or missing for every parcel."""
        outcome = any_of(list(self.outcomes.values()))
        words = pd.Series(pd.NA, outcome.index, dtype="str")
        return words.mask(outcome.isna().to_numpy(), POSSIBLE).mask(outcome.fillna(False).to_numpy(bool), CANDIDATE)

    def names(self) -> pd.Series:
        """The tests that hold, joined by ``;``."""
        index = next(iter(self.outcomes.values())).index
        held = {name: o.fillna(False).to_numpy(bool) for name, o in self.outcomes.items()}
        return name_missing(held, index).astype("str")


def firms_of(evaluation: Evaluation) -> Firms:
    """The enterprises of a run and the parcels they use."""
    parcels, links = evaluation.parcels, evaluation.links
    table = evaluation.enterprises
    table = table.drop_duplicates("enterprise_id").reset_index(drop=True) if "enterprise_id" in table else table
    size = len(parcels)
    if not len(links):
        nothing = np.empty(0, np.int64)
        return Firms(table, Holders(nothing, nothing, size), np.zeros(size, np.int64), np.zeros(size, np.int64))
    place = pd.Index(parcels["source_row"]).get_indexer(pd.Index(links["parcel_row"]))
    used = (place >= 0) & (links["area_m2"] > 0).fillna(True).to_numpy(bool)
    pairs = pd.DataFrame({"parcel": place, "firm": links["enterprise_id"].astype("str")})[used]
    leased = links["relation"].isin(choices()["states"]["leased"]).to_numpy(bool)[used]
    tenants = pairs[leased].drop_duplicates()
    pairs = pairs.drop_duplicates()
    ids = table["enterprise_id"].astype("str") if "enterprise_id" in table else pd.Series(dtype="str")
    known = pd.Index(ids).get_indexer(pd.Index(pairs["firm"]))
    inside = known >= 0
    holders = Holders(pairs["parcel"].to_numpy(np.int64)[inside], known[inside].astype(np.int64), size)
    linked = np.bincount(pairs["parcel"], minlength=size)
    return Firms(table, holders, linked, np.bincount(tenants["parcel"], minlength=size))


def run_tests(evaluation: Evaluation, firms: Firms, settings: ScreeningSettings) -> Tests:
    """Test every parcel of a run.

    Parameters
    ----------
    evaluation
        A run with verdicts.
    firms
        From :func:`firms_of`.
    settings
        Which grades count, and whether any or all enterprises of a parcel must fail.
    """
    parcels = pd.DataFrame(evaluation.parcels.drop(columns="geometry", errors="ignore"))
    as_of = dt.date.fromisoformat(str(evaluation.manifest["project"]["as_of"]))
    families = {r["family"] for r in as_record(evaluation.manifest.get("policies")).get("rules", ())}
    outcomes: dict[str, pd.Series] = {}
    missing: dict[str, pd.Series] = {}
    hits: dict[str, Mask] = {}
    if "idle" in families and "idle_status" in parcels:
        outcomes["idle"], missing["idle"] = _idle(parcels)
    if "inefficient" in families and "inefficient" in parcels:
        outcomes["inefficient"], missing["inefficient"] = _inefficient(parcels)
    supplied = _supplied(parcels)
    for name, (hit, open_, lacks) in _of_firms(firms.table, settings).items():
        held = _shared(firms, hit, open_, settings).set_axis(parcels.index)
        outcomes[name] = held.where(supplied, False)
        unknown = outcomes[name].isna().to_numpy(bool)
        masks = firms.holders.hand_down(lacks, unknown)
        field, outside = _FIELDS[name], unknown & firms.outside
        masks[field] = masks[field] | outside if field in masks else outside
        missing[name] = name_missing(masks, parcels.index)
        hits[name] = hit
    if "term_end" in parcels and parcels["term_end"].notna().any():
        outcomes["expired"], missing["expired"] = _expired(parcels, supplied, as_of)
    made = {n: outcomes[n] for n in TESTS if n in outcomes}
    if not made:
        made = {"idle": pd.Series(pd.NA, parcels.index, dtype="boolean")}
        missing = {"idle": pd.Series("policies", parcels.index, dtype="str")}
    return Tests(made, missing, tuple(n for n in TESTS if n not in outcomes), hits)


def _supplied(parcels: pd.DataFrame) -> Mask:
    if "supply_status" not in parcels:
        return np.ones(len(parcels), dtype=bool)
    return np.asarray((parcels["supply_status"] == choices()["states"]["supplied"]).fillna(False).to_numpy(bool))


def _idle(parcels: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    states = choices()["states"]
    status = parcels["idle_status"]
    outcome = status.isin(states["idle"]).astype("boolean")
    unknown = (status.isna() | status.isin(states["idle_unknown"])).to_numpy(bool)
    return outcome.mask(unknown), parcels["idle_missing"].fillna("")


def _inefficient(parcels: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Low efficiency; a verdict that is missing although nothing is missing for it does not concern the parcel."""
    lacks = parcels["inefficient_missing"].fillna("")
    outcome = parcels["inefficient"].astype("boolean")
    return outcome.mask((outcome.isna() & (lacks == "")).to_numpy(bool), False), lacks


def _of_firms(table: pd.DataFrame, settings: ScreeningSettings) -> dict[str, tuple[Mask, Mask, dict[str, Mask]]]:
    """For each test on enterprises which fail, which are unknown, and what is missing for it."""
    found: dict[str, tuple[Mask, Mask, dict[str, Mask]]] = {}
    if "grade" in table and table["grade"].notna().any():
        hit = table["grade"].isin(settings.grades).to_numpy(bool)
        lacks = table["grade_missing"].fillna("") if "grade_missing" in table else pd.Series("grade", table.index)
        open_ = (table["grade"].isna() & (lacks != "")).to_numpy(bool)
        names = {n for text in lacks[open_].unique() for n in str(text).split(";")}
        padded = ";" + lacks.astype("str") + ";"
        found["low_grade"] = hit, open_, {
            n: open_ & padded.str.contains(f";{n};", regex=False).to_numpy(bool) for n in sorted(names)
        }  # fmt: skip
    if "operating_status" in table and table["operating_status"].notna().any():
        hit = is_stopped(table["operating_status"])
        open_ = table["operating_status"].isna().to_numpy(bool)
        found["stopped"] = hit, open_, {"operating_status": open_}
    return found


def is_stopped(status: pd.Series) -> Mask:
    """Whether what is said of an enterprise means that it has stopped; ``未停产`` and ``已复产`` do not.

    Examples
    --------
    >>> is_stopped(pd.Series(["停产", "正常", "未停产", "吊销，未注销", "半停产", None])).tolist()
    [True, False, False, True, False, False]
    """
    states = choices()["states"]
    stopped = "|".join(states["stopped"])
    text = status.astype("str").str.replace(r"\s", "", regex=True)
    denied = "|".join(states["denied"])
    plain = text.str.replace(f"(?:{denied})(?:{stopped})|{'|'.join(states['half'])}", "", regex=True)
    hit = plain.str.contains(stopped).fillna(False).to_numpy(bool)
    return np.asarray(hit & ~text.str.contains("|".join(states["resumed"])).fillna(False).to_numpy(bool))


def _shared(firms: Firms, hit: Mask, open_: Mask, settings: ScreeningSettings) -> pd.Series:
    """What the enterprises of each parcel say together, by position; False where there is none."""
    holders, outside = firms.holders, firms.linked - firms.holders.total
    total, yes, unknown = firms.linked, holders.count(hit), holders.count(open_) + outside
    if settings.holders == "any":
        outcome, undecided = yes > 0, (yes == 0) & (unknown > 0)
    else:
        outcome, undecided = (total > 0) & (yes == total), (unknown > 0) & (yes + unknown == total)
    return pd.Series(outcome, dtype="boolean").mask(undecided)


def _expired(parcels: pd.DataFrame, supplied: Mask, as_of: dt.date) -> tuple[pd.Series, pd.Series]:
    """Whether the term of use has ended; land that was given without a term has none."""
    end = days(parcels["term_end"])
    gone = np.isnat(end)
    outcome = pd.Series(end < np.datetime64(as_of, "D"), parcels.index, dtype="boolean").mask(gone)
    without = np.zeros(len(parcels), dtype=bool)
    if "supply_mode" in parcels:
        words = "|".join(choices()["states"]["no_term"])
        without = parcels["supply_mode"].astype("str").str.contains(words).fillna(False).to_numpy(bool)
    outcome = outcome.mask(gone & (without | ~supplied), False).where(supplied, False)
    open_ = outcome.isna().to_numpy(bool)
    return outcome, name_missing({"term_end": open_}, parcels.index)

"""The history of every parcel through splits and mergers, and both sides of enterprises and zones.

What a successor has from before is its share of the land of each predecessor: half of a parcel brings half of its tax.
That is a convention, and the shares stand beside it; a ratio is the ratio of the sums so made. What is not known of one
predecessor is not known of the sum. Days and verdicts are never shared out: those of the
predecessors stand there as they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.comparing.matching import Matched
from mudian.comparing.worlds import words
from mudian.evaluation import Evaluation
from mudian.measure import PER_MU, ratio

Rows = NDArray[np.int64]
SIDES = ("before", "after")
_MONEY = ("tax_wan", "fixed_investment_wan", "revenue_wan", "value_added_wan")
_SHOWN = {name: PER_MU[name] for name in ("tax_per_mu", "investment_per_mu")}
_CLOCK = ("agreed_start", "actual_start")
_STATUS = ("idle_status", "days_overdue", "inefficient")
_ENTERPRISE = ("land_mu", "tax_wan", "tax_per_mu", "investment_per_mu", "grade", "score", "grade_rank")
_ZONE = ("parcel_count", "parcel_mu", "supplied_mu", "tax_wan", "tax_per_mu", "fixed_investment_wan",
         "investment_per_mu", "rank_tax_per_mu", "idle_count", "idle_mu", "idle_undecided_count", "inefficient_count",
         "inefficient_mu", "inefficient_undecided_count", "developable_mu", "developable_usable_mu")  # fmt: skip
_OPEN = (("idle_undecided_count", "idle_status", "unknown"), ("inefficient_undecided_count", "inefficient", None))


def parcel_series(matched: Matched, runs: tuple[Evaluation, Evaluation]) -> pd.DataFrame:
    """Every parcel of the later run with what it was, and every one that has gone.

    Parameters
    ----------
    matched
        The parcels of both runs.
    runs
        The runs.

    Returns
    -------
    DataFrame
        ``after``, ``kind``, ``before`` (codes of the predecessors with the share of their land, joined by ``;``),
        ``<figure>_before`` and ``<figure>_after``; ``agreed_start_before`` is the earliest of the predecessors.
        ``clock`` says what became of the agreed start: ``kept``, ``later``, ``earlier``, ``lost`` (the predecessor has
        one), ``given`` (only now), or nothing.
    """
    pairs = matched.pairs.reset_index(drop=True)
    subject = np.where(pairs["after_row"] >= 0, pairs["after_row"], -1 - pairs["before_row"]).astype(np.int64)
    code, keys = pd.factorize(subject)
    first = pd.Series(np.arange(len(pairs))).groupby(code).first().to_numpy()
    table = pd.DataFrame(
        {"after": pairs["after"].to_numpy(object)[first], "kind": pairs["kind"].to_numpy(object)[first]}
    )
    table["before"] = _predecessors(pairs, code)
    made = _shared_out(pairs, code, runs[0].parcels) | _own(runs[1].parcels, keys)
    names = ["area_mu", *_MONEY, *_SHOWN]
    for name in names:
        if f"{name}_before" in made or f"{name}_after" in made:  # a side without the figure stays empty
            for side in SIDES:
                table[f"{name}_{side}"] = made.get(f"{name}_{side}", pd.Series(np.nan, table.index))
    clock = _days(pairs, code, runs, keys)
    told = _statuses(pairs, code, runs, keys)
    return table.assign(**clock, **told).astype(dict.fromkeys(("after", "kind", "before"), "str"))


def _predecessors(pairs: pd.DataFrame, code: Rows) -> pd.Series:
    """``P1 (60 %);P2`` for each successor; the share is left out where it is all the land."""
    share = pairs["share_before"]
    shown = (share * 100).round(1).map("{:g}%".format).where(share.notna() & (share.round(3) < 1), "")
    names = pairs["before"].fillna("") + shown.map(lambda s: f" ({s})" if s else "")
    return _joined(names.where(pairs["before_row"] >= 0, ""), code)


def _joined(texts: pd.Series, code: Rows) -> pd.Series:
    """The texts of each group joined by ``;``, each once; only groups of several are looked at one by one."""
    joined = texts.groupby(code).first()
    several = np.flatnonzero(np.bincount(code)[code] > 1)
    if len(several):
        groups = texts.iloc[several].groupby(code[several])
        joined.loc[np.unique(code[several])] = groups.agg(lambda v: ";".join(dict.fromkeys(t for t in v if t)))
    return joined.reset_index(drop=True)


def _share(pairs: pd.DataFrame) -> pd.Series:
    """The part of each predecessor that goes on in the pair; all of it where one parcel goes on as one."""
    single = pairs["kind"].isin(["same", "renamed", "resurveyed", "gone"])
    return pairs["share_before"].where(~single, 1.0)


def _shared_out(pairs: pd.DataFrame, code: Rows, parcels: pd.DataFrame) -> dict[str, pd.Series]:
    rows, share = pairs["before_row"].to_numpy(np.int64), _share(pairs)
    there = rows >= 0
    made = {}
    for name in ("area_mu", *_MONEY):
        if name in parcels:
            cells = np.append(parcels[name].to_numpy(float, na_value=np.nan), np.nan)[rows]
            made[f"{name}_before"] = _sum(pd.Series(cells) * share, there, code)
    for name, money in _SHOWN.items():
        if f"{money}_before" in made:
            made[f"{name}_before"] = ratio(made[f"{money}_before"], made["area_mu_before"])
    return made


def _sum(values: pd.Series, there: NDArray[np.bool_], code: Rows) -> pd.Series:
    """Sum over the predecessors; missing where one of them is, or where there is none."""
    size = int(code.max(initial=-1)) + 1
    total = np.bincount(code[there], weights=values.fillna(0.0).to_numpy(float)[there], minlength=size)
    lacking = np.bincount(code[there & values.isna().to_numpy(bool)], minlength=size) > 0
    return pd.Series(np.where(lacking | (np.bincount(code[there], minlength=size) == 0), np.nan, total))


def _own(parcels: pd.DataFrame, keys: Rows) -> dict[str, pd.Series]:
    """Figures of the later parcels themselves."""
    found = {}
    for name in ("area_mu", *_MONEY, *_SHOWN):
        if name in parcels:
            cells = np.append(parcels[name].to_numpy(float, na_value=np.nan), np.nan)
            found[f"{name}_after"] = pd.Series(cells[np.where(keys >= 0, keys, len(parcels))])
    return found


def _days(pairs: pd.DataFrame, code: Rows, runs: tuple[Evaluation, Evaluation], keys: Rows) -> dict[str, pd.Series]:
    """The agreed and actual start on both sides, and what became of the clock."""
    made: dict[str, pd.Series] = {}
    for name in _CLOCK:
        old, new = (_dates(r.parcels, name) for r in runs)
        before = pd.Series(old.reindex(pairs["before_row"]).to_numpy()).groupby(code).min().reset_index(drop=True)
        made[f"{name}_before"], made[f"{name}_after"] = before, pd.Series(new.reindex(keys).to_numpy())
    was, now = made["agreed_start_before"], made["agreed_start_after"]
    cases = [was.notna() & (was == now), was.notna() & (now > was), now.notna() & (now < was), was.notna() & now.isna(),
             was.isna() & now.notna()]  # fmt: skip
    said = np.select([c.to_numpy(bool) for c in cases], ["kept", "later", "earlier", "lost", "given"], "")
    here = np.asarray(keys >= 0) & pd.Series(pairs["before_row"] >= 0).groupby(code).any().to_numpy()
    return made | {"clock": pd.Series(np.where(here, said, ""), dtype="str")}


def _dates(parcels: pd.DataFrame, name: str) -> pd.Series:
    if name not in parcels:
        return pd.Series(pd.NaT, range(len(parcels)), dtype="datetime64[ms]")
    return pd.to_datetime(parcels[name]).reset_index(drop=True)


def _statuses(pairs: pd.DataFrame, code: Rows, runs: tuple[Evaluation, Evaluation], keys: Rows) -> dict[str, pd.Series]:
    """Verdicts of the predecessors, each once, and that of the successor."""
    made = {}
    for name in _STATUS:
        if not all(name in r.parcels for r in runs):
            continue
        old, new = (np.append(_spelled(r.parcels[name]), np.array([""], dtype=object)) for r in runs)
        before = _joined(pd.Series(old[pairs["before_row"].to_numpy(np.int64)]), code)
        made[f"{name}_before"] = before.replace("", None).astype("str")
        made[f"{name}_after"] = pd.Series(new[np.where(keys >= 0, keys, len(new) - 1)]).replace("", None).astype("str")
    return made


def _spelled(values: pd.Series) -> NDArray[np.object_]:
    """Verdicts as words; other cells as text, empty where they are missing."""
    if pd.api.types.is_bool_dtype(values.dtype):
        return words(values)
    return values.astype("str").fillna("").to_numpy(dtype=object)


def side_by_side(matched: Matched, tables: tuple[pd.DataFrame, pd.DataFrame], columns: tuple[str, ...]) -> pd.DataFrame:
    """Subjects of both runs with the figures of both, a row per pair."""
    pairs = matched.pairs.reset_index(drop=True)
    made: dict[str, object] = {
        c: pairs[c] for c in ("before", "after", "kind", "share_before", "share_after") if c in pairs
    }
    for column in (c for c in columns if any(c in t for t in tables)):
        kind = next(t[column].dtype for t in tables if column in t)
        for side, table in zip(SIDES, tables, strict=True):
            known = table[column] if column in table else pd.Series(None, table.index, dtype=_with_gaps(kind))
            cells = known.reset_index(drop=True).reindex(pairs[f"{side}_row"])
            made[f"{column}_{side}"] = cells.reset_index(drop=True)
    return pd.DataFrame(made)


def _with_gaps(kind: object) -> Any:
    """The type of a column all of whose cells are missing."""
    return "float64" if isinstance(kind, np.dtype) and kind.kind in "iufb" else kind


def enterprise_table(matched: Matched, runs: tuple[Evaluation, Evaluation]) -> pd.DataFrame:
    """Enterprises of both runs, with name, land, tax and grade on both sides."""
    return side_by_side(matched, (runs[0].enterprises, runs[1].enterprises), ("name", *_ENTERPRISE))


def zone_table(matched: Matched, runs: tuple[Evaluation, Evaluation]) -> pd.DataFrame:
    """Zones of both runs, with their figures on both sides."""
    return side_by_side(matched, (_with_undecided(runs[0]), _with_undecided(runs[1])), ("zone_name", *_ZONE))


def _with_undecided(run: Evaluation) -> pd.DataFrame:
    """The zones with the number of parcels whose verdict is open, without which none of the numbers can be read."""
    made = {}
    for name, column, unknown in _OPEN:
        if column in run.parcels and "zone_id" in run.parcels and "zone_id" in run.zones:
            flags = run.parcels[column].isna() if unknown is None else run.parcels[column].eq(unknown).fillna(True)
            counts = flags.astype("int64").groupby(run.parcels["zone_id"]).sum()
            made[name] = run.zones["zone_id"].map(counts).fillna(0).astype("int64")
    return pd.DataFrame(run.zones).assign(**made)


def quotas_of(runs: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Number of enterprises in every grade, in both runs; missing for a run that has none or graded none."""
    counts = {
        side: table["grade"].fillna("unknown").value_counts()
        for side, table in runs.items()
        if "grade" in table and len(table)
    }
    found = pd.DataFrame(counts).fillna(0).astype("int64")
    found = found.assign(**{s: pd.Series(pd.NA, found.index, dtype="Int64") for s in runs if s not in counts})
    found = found[list(runs)]
    return found.rename_axis("grade").sort_index().reset_index()

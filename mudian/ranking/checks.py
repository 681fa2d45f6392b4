"""What a table of zones says of itself: printed ranks against figures, rows of means, totals, comparable years."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from mudian.measure import PER_MU
from mudian.ranking.claims import as_findings
from mudian.ranking.figures import GIVEN, UNKNOWN, significant
from mudian.ranking.reading import MEASURED
from mudian.ranking.shapes import PRINTED
from mudian.ranking.words import say
from parcels.catalog import Lang

_PRINTED = 0.0051  # half of the last of two printed decimals
_ROUNDING = 1e-3  # share of a sum that rounded parts may make
_SUM = re.compile("[合总]\\s*计|^(?i:(grand )?total|sum)")


def self_checks(
    zones: pd.DataFrame,
    totals: pd.DataFrame,
    moved: pd.DataFrame,
    *,
    summary: pd.DataFrame,
    given: Mapping[str, float],
    lang: Lang,
) -> pd.DataFrame:
    """The checks that every table gets.

    Parameters
    ----------
    zones, totals, moved
        The ranked table, its totals by year, and the movement of ranks.
    summary
        Rows of means and totals that the table has among its zones.
    given
        Totals that the user gives.
    lang
        Language of the notes.
    """
    rows = [*_orders(zones, lang), *_totals(zones, totals, given, lang), *_stated(summary, totals, lang)]
    rows += _stated_sums(summary, totals.drop(columns=list(given), errors="ignore"), lang)
    return as_findings([*rows, *_years(moved, lang)])


def disagreements(printed: pd.Series, figures: pd.Series) -> tuple[int, pd.Series]:
    """How many pairs of zones have printed ranks and figures in different order, and which zones are in such a pair.

    Examples
    --------
    >>> disagreements(pd.Series([1, 2, 3]), pd.Series([9.0, 5.0, 7.0]))[0]
    1
    """
    known = printed.notna() & figures.notna()
    places = printed[known].to_numpy(float)
    values = significant(figures[known]).to_numpy(float)
    better = np.sign(places[None, :] - places[:, None])
    higher = np.sign(values[:, None] - values[None, :])
    wrong = better * higher < 0
    involved = pd.Series(False, printed.index)
    involved[known] = wrong.any(axis=1)
    return int(wrong.sum() // 2), involved


def _orders(zones: pd.DataFrame, lang: Lang) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for name in (n for n in PER_MU if n in zones and f"{PRINTED}{n}" in zones):
        for year, part in zones.groupby("year", dropna=False):
            known = int((part[name].notna() & part[f"{PRINTED}{name}"].notna()).sum())
            if not known:
                continue
            pairs, which = disagreements(part[f"{PRINTED}{name}"], part[name])
            note = (
                say("order_differs", lang, pairs=pairs) if pairs else say("order_agrees", lang, count=known)
            )  # fmt: skip
            rows.append(
                {"check": "order", "metric": f"{PRINTED}{name}", "year": year, "outcome": not pairs, "found": known,
                 "zones": "、".join(part["zone_name"][which]), "note": note}
            )  # fmt: skip
    return rows


def _totals(
    zones: pd.DataFrame, totals: pd.DataFrame, given: Mapping[str, float], lang: Lang
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for total in totals.to_dict("records"):
        start: dict[str, object] = {"check": "total", "year": total["year"]}
        count = int(str(total["zone_count"]))
        for name in (n for n in PER_MU if f"{n}_basis" in total):
            known = int(str(total[f"{name}_known"]))
            basis = total[f"{name}_basis"]
            note = (
                _unknown(zones, name, lang) if basis == UNKNOWN else _given(zones, name, given, lang) if basis == GIVEN
                else say("total_partial", lang, known=known, count=count) if known < count else say("mean_text", lang)
            )  # fmt: skip
            rows.append(start | {"metric": name, "found": total[name], "note": note})
        rows += _sums(zones, {str(k): v for k, v in total.items()}, given, start, lang)
    return rows


def _given(zones: pd.DataFrame, name: str, given: Mapping[str, float], lang: Lang) -> str:
    money, land = (given[c] if c in given else float(zones[c].sum()) for c in (PER_MU[name], "area_mu"))
    return say("total_given", lang, money=format(money, ",.12g"), land=format(land, ",.12g"))


def _unknown(zones: pd.DataFrame, name: str, lang: Lang) -> str:
    """Why a ratio of the whole is unknown: ready ratios without land, or no zone with both money and land."""
    ready = "area_mu" not in zones and PER_MU[name] not in zones
    return say("total_unknown" if ready else "total_none", lang)


def _sums(
    zones: pd.DataFrame, total: Mapping[str, Any], given: Mapping[str, float], start: dict[str, object], lang: Lang
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    part = zones[zones["year"].isna()] if pd.isna(total["year"]) else zones[zones["year"] == total["year"]]
    for column in (c for c in part if f"{c}_known" in total and c not in PER_MU):
        known = int(part[column].notna().sum())
        row = start | {"metric": str(column), "found": part[column].sum(min_count=1)}
        if column in given:
            same = abs(float(part[column].sum()) - given[str(column)]) <= 1e-6 * abs(given[str(column)])
            note = "" if same else say("total_differs", lang)
            rows.append(row | {"expected": given[str(column)], "outcome": same if known == len(part) else None,
                               "note": note})  # fmt: skip
        else:
            rows.append(row | {"note": say("of", lang, count=len(part), known=known) if known < len(part) else ""})
    return rows


def _stated(summary: pd.DataFrame, totals: pd.DataFrame, lang: Lang) -> list[dict[str, object]]:
    """Rows of means or totals of the table: is the figure per mu printed there the ratio of sums?"""
    rows: list[dict[str, object]] = []
    years = summary["year"] if "year" in summary else pd.Series(np.nan, summary.index)
    for name in (n for n in PER_MU if n in summary):
        for zone, year, printed in zip(summary["zone_name"], years, summary[name], strict=True):
            row = totals[totals["year"] == year] if pd.notna(year) else totals[totals["year"].isna()]
            real = float(row[name].iloc[0]) if name in row and len(row) else np.nan
            outcome = None if np.isnan(real) or pd.isna(printed) else abs(real - printed) <= _PRINTED
            note = say({True: "stated_matches", False: "stated_differs", None: "stated_open"}[outcome], lang)
            rows.append(
                {"check": "stated", "text": str(zone), "metric": name, "year": year, "found": real,
                 "expected": printed, "outcome": outcome, "note": note}
            )  # fmt: skip
    return rows


def _stated_sums(summary: pd.DataFrame, totals: pd.DataFrame, lang: Lang) -> list[dict[str, object]]:
    """Rows of totals of the table: is the amount printed there the sum over the zones?"""
    rows: list[dict[str, object]] = []
    sums = summary[[bool(_SUM.search(str(n))) for n in summary["zone_name"]]]
    years = sums["year"].astype(float) if "year" in sums else pd.Series(np.nan, sums.index)
    for column in (c for c in MEASURED if c in sums and c in totals):
        for zone, year, printed in zip(sums["zone_name"], years, sums[column], strict=True):
            total = totals[totals["year"].eq(year) | (pd.isna(year) & totals["year"].isna())]
            if pd.isna(printed) or total.empty:
                continue
            real, known, count = (total[c].iloc[0] for c in (column, f"{column}_known", "zone_count"))
            gap = abs(float(real) - float(printed))
            whole = known == count
            same = gap <= _PRINTED * (count + 1) if whole else None
            near = whole and not same and gap <= _ROUNDING * abs(float(real))
            said = "stated_near" if near else "stated_sum_differs"
            note = "" if same else say(said, lang, gap=format(gap, ",.6g"))
            if not whole:
                note = say("of", lang, count=count, known=known)
            rows.append(
                {"check": "stated", "text": str(zone), "metric": column, "year": year, "found": real,
                 "expected": printed, "outcome": None if near else same, "note": note}
            )  # fmt: skip
    return rows


def _years(moved: pd.DataFrame, lang: Lang) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    if "rank_comparable" not in moved:
        return rows
    with_before = moved[moved["previous_rank"].notna()]
    for year, part in with_before.groupby("year"):
        state = part["rank_comparable"]
        start: dict[str, object] = {"check": "movement", "metric": "rank", "year": year}
        if state.eq(False).fillna(False).any():
            rows.append(start | {"outcome": False, "note": say("not_comparable", lang)})
        elif state.isna().any():
            rows.append(start | {"outcome": None, "note": say("comparable_unknown", lang)})
        else:
            rows.append(start | {"outcome": True})
    return rows

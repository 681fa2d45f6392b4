"""How many parcels and how much land each verdict is about: yes, no, unknown, not concerned, and what is lacking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.briefing.material import Material, cell, joined
from mudian.briefing.model import NOT, Column, Grid, Lines, Value
from mudian.briefing.words import say
from mudian.labels import column_label, value_labels, word
from mudian.themes import SEVERAL
from parcels.catalog import Lang

YES, NO, OPEN, NONE = "yes", "no", "open", "not"
STATES = (YES, NO, OPEN, NONE)
_STATE = "state of "
#: Verdicts by column, with the column that names what is missing.
VERDICTS = {
    "idle_status": "idle_missing",
    "inefficient": "inefficient_missing",
    "standard_land_eligible": "standard_land_eligible_missing",
    "standard_land_conform": "standard_land_conform_missing",
    "borderline": "",
}
#: Columns of zones that count parcels whose verdict is unknown.
OPEN_COUNTS = {"idle_open": "idle_status", "low_open": "inefficient"}
SUSPECTED = ("idle_1y", "idle_2y", "idle_stopped")
#: Verdicts that do not concern a parcel where they are missing though nothing is lacking.
_MAY_NOT_CONCERN = ("standard_land_eligible", "standard_land_conform")


def states(parcels: pd.DataFrame, column: str) -> NDArray[np.object_]:
    """The state of a verdict for every parcel; read where :func:`with_states` has written it."""
    if f"{_STATE}{column}" in parcels:
        return parcels[f"{_STATE}{column}"].to_numpy(dtype=object)
    if column == "idle_status":
        status = parcels[column].fillna("unknown")
        made = np.where(status.isin(SUSPECTED), YES, np.where(status == "unknown", OPEN, NO))
        return made.astype(object)
    answers = parcels[column].astype("object").map({True: YES, False: NO})
    lacking = parcels.get(VERDICTS[column])
    none = OPEN
    if column == "borderline" and _nothing_judged(parcels):
        return np.full(len(parcels), OPEN, dtype=object)  # near to no limit, because none was asked
    if column in _MAY_NOT_CONCERN and lacking is not None:
        answers = answers.where(answers.notna() | (lacking.fillna("") != ""), NONE)
    return answers.fillna(none).to_numpy(dtype=object)


def _nothing_judged(parcels: pd.DataFrame) -> bool:
    """Whether no parcel has any verdict, so that none can be near to another."""
    judged = [c for c in VERDICTS if c in parcels and c not in ("borderline", "idle_status")]
    idle = "idle_status" in parcels and parcels["idle_status"].fillna("unknown").ne("unknown").any()
    return bool(judged) and not idle and bool(parcels[judged].isna().all(axis=None))


def with_states(parcels: pd.DataFrame) -> pd.DataFrame:
    """The parcels with the state of each verdict in a column of its own, found for all of them at once."""
    made = {f"{_STATE}{c}": pd.Categorical(states(parcels, c), categories=STATES) for c in VERDICTS if c in parcels}
    return parcels.assign(**made)


def with_open(zones: pd.DataFrame, parcels: pd.DataFrame) -> pd.DataFrame:
    """The zones with how many of their parcels cannot be judged."""
    made = {}
    for name, column in OPEN_COUNTS.items():
        if column in parcels:
            open_ = pd.Series(states(parcels, column) == OPEN).groupby(parcels["zone_id"].to_numpy()).sum()
            made[name] = zones["zone_id"].map(open_).fillna(0).astype("int64")
    return zones.assign(**made)


@dataclass(frozen=True)
class Tally:
    """Parcels and their land by verdict and state."""

    count: Mapping[tuple[str, str], int]
    mu: Mapping[tuple[str, str], float | None]

    def row(self, column: str, title: str) -> tuple[Value, ...]:
        """A row of the table of verdicts."""
        made: list[Value] = [title]
        for state in (YES, NO, OPEN):
            made += [self.count[column, state], self.mu[column, state]]
        return (*made, self.count[column, NONE] if column in _MAY_NOT_CONCERN else NOT)


def tally(parcels: pd.DataFrame) -> Tally:
    """Count the verdicts of parcels.

    Parameters
    ----------
    parcels
        With the columns of verdicts and ``area_mu``.

    Examples
    --------
    >>> found = tally(pd.DataFrame({"idle_status": ["idle_2y", "unknown", None], "area_mu": [3.0, None, 4.0]}))
    >>> found.row("idle_status", "疑似闲置")[1:7]
    (1, 3.0, 0, 0.0, 2, 4.0)
    """
    count: dict[tuple[str, str], int] = {}
    mu: dict[tuple[str, str], float | None] = {}
    for column in (c for c in VERDICTS if c in parcels):
        found = states(parcels, column)
        for state in STATES:
            count[column, state], mu[column, state] = _land(parcels, found == state)
        if column == "idle_status":
            for status in SUSPECTED:
                at = (parcels[column] == status).fillna(False).to_numpy(bool)
                count[status, YES], mu[status, YES] = _land(parcels, at)
    return Tally(count, mu)


def _land(parcels: pd.DataFrame, at: NDArray[np.bool_]) -> tuple[int, float | None]:
    """Number and land of parcels; the land is missing where no area of them is known."""
    n = int(at.sum())
    known = parcels["area_mu"].to_numpy(dtype=float, na_value=np.nan)[at]
    known = known[np.isfinite(known)]
    return n, (float(known.sum()) if len(known) or not n else None)


def verdict_table(found: Tally, material: Material, title: str) -> Grid | None:
    """The table of verdicts; None where nothing was judged."""
    lang = material.lang
    rows: list[tuple[Value, ...]] = []
    for column in (c for c in VERDICTS if (c, YES) in found.count):
        rows.append(found.row(column, column_label(column, lang)))
        if column == "idle_status":
            names = value_labels("idle_status", lang)
            for status in SUSPECTED:
                name = say("of_these", lang, name=names[status])
                rows.append((name, found.count[status, YES], found.mu[status, YES], *(NOT,) * 5))
    if not rows:
        return None
    heads = [say(w, lang) for w in ("yes_count", "yes_mu", "no_count", "no_mu", "open_count", "open_mu", "not_count")]
    columns = (Column(say("verdict", lang), "text", 26), *(Column(h) for h in heads))
    return Grid("verdicts", title, columns, tuple(rows))


def lacking_lines(parcels: pd.DataFrame, material: Material) -> Lines:
    """Which fields the unknown verdicts lack, and for how many parcels; and parcels without an area."""
    lang, lines = material.lang, []
    for column, missing in VERDICTS.items():
        if column not in parcels or missing not in parcels:
            continue
        open_ = parcels[missing][states(parcels, column) == OPEN].dropna()
        names = open_.astype("str").str.split(";").explode()
        counts = names[names != ""].value_counts()
        ordered = sorted(counts.items(), key=lambda pair: (-pair[1], str(pair[0])))
        fields = [
            say("lacking_field", lang, field=material.book.field_name(str(name)), count=f"{n:,}") for name, n in ordered
        ]
        if fields:
            lines.append(say("lacking", lang, verdict=column_label(column, lang), fields=joined(fields, lang)))
    unknown = int(parcels["area_mu"].isna().sum())
    if unknown:
        lines.append(say("area_unknown", lang, count=f"{unknown:,}"))
    return Lines(tuple(lines), quiet=True)


def grade_table(firms: pd.DataFrame, parcels: pd.DataFrame, material: Material, title: str) -> Grid | None:
    """Enterprises, parcels and land by grade; None where nothing is graded."""
    lang = material.lang
    if "grade" not in parcels:
        parcels = parcels.assign(grade=pd.Series(pd.NA, parcels.index, dtype="str"))
    of_firms = firms["grade"].dropna()
    if not len(of_firms) and not parcels["grade"].notna().any():
        return None
    names = value_labels("grade", lang)
    known = sorted({"A", "B", "C", "D", *of_firms} - {SEVERAL})
    rows: list[tuple[Value, ...]] = []
    for grade in known:
        at = (parcels["grade"] == grade).fillna(False).to_numpy(bool)
        rows.append((grade, int((of_firms == grade).sum()), *_land(parcels, at)))
    several = (parcels["grade"] == SEVERAL).fillna(False).to_numpy(bool)
    rows.append((names[SEVERAL], NOT, *_land(parcels, several)))
    without = parcels["grade"].isna().to_numpy(bool)
    rows.append((word("not_graded", lang), int(firms["grade"].isna().sum()), *_land(parcels, without)))
    heads = [say(w, lang) for w in ("grade_enterprises", "grade_parcels", "grade_mu")]
    columns = (Column(say("grade", lang), "text", 20), *(Column(h) for h in heads))
    return Grid("grades", title, columns, tuple(rows), note=say("grade_note", lang))


def listed(table: pd.DataFrame, columns: list[str], lang: Lang) -> list[tuple[Value, ...]]:
    """Cells of a table as plain values, codes as words."""
    made = []
    for record in table[columns].to_dict("records"):
        made.append(tuple(_worded(c, record[c], lang) for c in columns))
    return made


def _worded(column: str, value: object, lang: Lang) -> Value:
    found = cell(value)
    if found in ("true", "false"):
        return word(str(found), lang)
    return value_labels(column, lang).get(found, found) if isinstance(found, str) else found

"""A ranking as tables for people: columns in their order, words instead of codes, the total as the last row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from mudian.measure import PER_MU
from mudian.ranking.reading import MEASURED
from mudian.ranking.result import Ranking
from mudian.ranking.words import label, say, texts
from mudian.rules.ranks import ENDLESS
from parcels.catalog import Lang

_CODES = {"nature": "natures", "check": "checks"}
_INCENTIVES = ("title", "nature", "year", "zone", "outcome", "words", "amount_wan", "amount", "unit", "rest", "reading",
               "missing", "clause", "incentive")  # fmt: skip
_ORDER = ("check", "year", "text", "metric", "reading", "outcome", "found", "found_max", "expected", "zones", "note")
_LEDGER = ("severity", "message", "source", "row", "field", "before", "after")


def tables(ranking: Ranking) -> dict[str, pd.DataFrame]:
    """The tables that have something to say, by the name of their sheet; cells are worded, columns have their codes."""
    lang = ranking.lang
    found = {
        "ranking": ranking_table(ranking),
        "movement": _movement(ranking.movement),
        "items": _items(ranking),
        "incentives": _incentives(ranking),
        "findings": _findings(ranking.findings, lang),
        "sources": _sources(ranking),
    }
    return {name: _worded(_filled(table), lang) for name, table in found.items() if len(table)}


def heads(table: pd.DataFrame, ranking: Ranking) -> list[str]:
    """The headers of a table; an item of an evaluation has its name."""
    items = {i.column: (i.zh, i.en) for i in ranking.evaluation.items} if ranking.evaluation else {}
    return [_head(str(c), items, ranking.lang) for c in table.columns]


def _head(column: str, items: dict[str, tuple[str, str]], lang: Lang) -> str:
    bare = column.removeprefix("rank_")
    if bare in items and bare.startswith("item_"):
        name = items[bare][lang == "en"]
        return name if bare == column else f"{name}{say('rank_of', lang)}"
    return label(column, lang)


def ranking_table(ranking: Ranking) -> pd.DataFrame:
    """The zones, each year followed by its total where there is something to add up."""
    zones = ranking.zones.drop(columns="source_row")
    zones = zones.assign(missing=_names(zones["missing"], ranking.lang))
    if ranking.totals.empty or not _adds_up(ranking.totals):
        return zones
    parts = []
    for year, part in zones.groupby("year", dropna=False):
        row = ranking.totals[ranking.totals["year"].eq(year) | (pd.isna(year) & ranking.totals["year"].isna())].iloc[0]
        parts += [part, _total_row(row, part, ranking.lang)]
    return pd.concat(parts, ignore_index=True)[list(zones.columns)]


def _adds_up(totals: pd.DataFrame) -> bool:
    return any(c in totals for c in (*MEASURED, *PER_MU))


def _total_row(total: pd.Series, part: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    cells: dict[str, object] = {"zone_name": say("total", lang), "year": total["year"]}
    notes = []
    for column in (c for c in (*MEASURED, *PER_MU) if c in total.index and c in part):
        cells[column] = total[column]
        if int(total[f"{column}_known"]) < len(part):
            of = say("of", lang, count=len(part), known=int(total[f"{column}_known"]))
            notes.append(f"{_bare(label(column, lang))}: {of}")
    cells["missing"] = "；".join(notes) if lang == "zh" else "; ".join(notes)
    return pd.DataFrame({c: pd.Series([cells.get(str(c))], dtype=_with_gaps(part[c])) for c in part.columns})


def _with_gaps(values: pd.Series) -> Any:
    """The type of a column that can also hold a missing cell: an own column of whole numbers has none yet."""
    kind = values.dtype
    if not isinstance(kind, np.dtype) or kind.kind not in "iub":
        return kind
    return "boolean" if kind.kind == "b" else "Int64"


def _bare(title: str) -> str:
    return title.partition("（")[0].partition(" (")[0]


def _names(codes: pd.Series, lang: Lang, terms: Mapping[str, str] | None = None) -> pd.Series:
    """Names of what is missing, joined by ``;``, as words; a parameter keeps its key, which the user must type."""
    between = "；" if terms else "、"
    spelled = codes.astype("str")
    known = {
        c: (between if lang == "zh" else ", ").join(_name(p, lang, terms or {}) for p in c.split(";") if p)
        for c in spelled.unique()
    }
    return spelled.map(known).astype("str")


def _name(code: str, lang: Lang, terms: Mapping[str, str]) -> str:
    kind, _, key = code.rpartition(":")
    if kind:
        return f"{say(kind, lang)} {_termed(key, lang, terms)}"
    key, sign, value = code.partition("=")
    return _termed(key, lang, terms, f" = {value}") if sign else _bare(label(code, lang))


def _termed(key: str, lang: Lang, terms: Mapping[str, str], value: str = "") -> str:
    if key not in terms:
        return f"{label(key, lang)}{value}"
    return f"{key}{value}（{terms[key]}）" if lang == "zh" else f"{key}{value} ({terms[key]})"


def _incentives(ranking: Ranking) -> pd.DataFrame:
    table = _chosen(ranking.incentives, _INCENTIVES)
    if table.empty:
        return table
    words = {c: _names(table[c], ranking.lang, ranking.terms) for c in ("reading", "missing")}
    same = table["amount_wan"].isna() | (table["amount"] == table["amount_wan"])
    return table.assign(**words).drop(columns=["amount", "unit"] if same.all() and table["amount"].isna().equals(
        table["amount_wan"].isna()) else [])  # fmt: skip


def _movement(moved: pd.DataFrame) -> pd.DataFrame:
    """Runs without a known end have no greatest length."""
    runs = {str(c): moved[c].mask(moved[c] >= ENDLESS) for c in moved if str(c).endswith("_years_max")}
    return moved.assign(**runs)


def _items(ranking: Ranking) -> pd.DataFrame:
    if ranking.items is None or ranking.evaluation is None:
        return pd.DataFrame()
    columns = [c for i in ranking.evaluation.items for c in (i.column, f"rank_{i.column}")]
    more = [c for c in ("score", "rank_score", "score_missing") if c in ranking.items]
    table = ranking.items[["zone_name", "year", *more, *columns]]
    if "score_missing" not in table:
        return table
    names = {i.column: i.zh if ranking.lang == "zh" else i.en for i in ranking.evaluation.items}
    said = table["score_missing"].map(lambda codes: "；".join(names.get(c, c) for c in codes.split(";") if c))
    return table.assign(score_missing=said)


def _findings(found: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    named = {m: _bare(label(m, lang)) for m in found["metric"].unique() if m}
    return _chosen(found.assign(metric=found["metric"].replace(named)), _ORDER)


def _chosen(table: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    return table[[c for c in columns if c in table]]


def _sources(ranking: Ranking) -> pd.DataFrame:
    """Sources and choices first, then how the table was read."""
    notes = pd.DataFrame([{"message": t, "source": v} for t, v in ranking.notes], columns=["message", "source"])
    if ranking.evaluation:
        listed = ranking.evaluation
        title = listed.zh if ranking.lang == "zh" else listed.en
        notes.loc[len(notes)] = [title, f"{listed.items[0].cite} ({listed.source})"]
    read = ranking.ledger.frame()
    read = read.assign(field=read["field"].replace({f: _bare(label(f, ranking.lang)) for f in read["field"].dropna()}))
    return pd.concat([notes, _chosen(read, _LEDGER)], ignore_index=True)[list(_LEDGER)]


def _filled(table: pd.DataFrame) -> pd.DataFrame:
    """Without columns that have nothing in any row; years as whole numbers."""
    text = [c for c in table if pd.api.types.is_string_dtype(table[c])]
    empty = [c for c in table if table[c].isna().all() or (c in text and table[c].fillna("").eq("").all())]
    kept = table.drop(columns=[c for c in empty if c not in ("zone_name", "outcome")])
    whole = [c for c in kept if pd.api.types.is_float_dtype(kept[c]) and (kept[c].dropna() % 1 == 0).all()
             and np.isfinite(kept[c].dropna()).all() and c not in (*MEASURED, *PER_MU)]  # fmt: skip
    return kept.astype(dict.fromkeys(whole, "Int64"))


def _worded(table: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    made: dict[str, pd.Series] = {}
    for name in table.columns:
        if pd.api.types.is_bool_dtype(table[name].dtype):
            words = table[name].astype("object").map({True: say("yes", lang), False: say("no", lang)})
            made[str(name)] = words.mask(words.isna() & _asked(table, str(name)), say("unknown", lang))
        elif name in _CODES:
            section = texts()[_CODES[str(name)]]
            made[str(name)] = table[name].astype("str").map({c: w[lang] for c, w in section.items()})
        elif name == "severity":
            made[str(name)] = table[name].map({c: say(c, lang, section="severities") for c in texts()["severities"]})
    return table.assign(**made)


def _asked(table: pd.DataFrame, column: str) -> pd.Series:
    """Rows whose missing outcome is an open question, and not a figure that is only told."""
    if column != "outcome" or "check" not in table:
        return pd.Series(column == "outcome", table.index)
    told = table["check"].isin(["total", "score"])
    return ~told | table["expected"].notna() if "expected" in table else ~told

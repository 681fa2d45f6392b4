"""Land-use codes and the system they belong to.

A code means nothing without its system: 0601 is 工业用地 in GB/T 21010-2017 and in the third survey (三调)
but 农村道路 in the 用地用海 classification. Where the codes, the names beside them and the name of the
table do not settle it, the system stays unknown and so does everything derived from it. Industrial land
here means 工矿仓储: industry, mining and storage, code by code as the column ``industrial`` of the tables
says.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from parcels.codes.land_use_tables import (
    CITY,
    NATIONAL,
    OLD,
    SANDIAO,
    SEA_AND_LAND,
    SEVERAL,
    SYSTEMS,
    codes_of,
    plain_codes,
)
from parcels.ledger import Ledger

__all__ = [
    "SYSTEMS",
    "SystemGuess",
    "describe",
    "detect_system",
    "is_industrial",
    "normalise_land_use",
    "report_land_use",
]

CONSTRUCTION = "建设用地"

_TABLE_HINTS = (
    ("DLTB", SANDIAO),
    ("三调", SANDIAO),
    ("地类图斑", SANDIAO),
    ("YDYH", SEA_AND_LAND),
    ("GHYD", SEA_AND_LAND),
    ("GHDL", SEA_AND_LAND),
    ("用地用海", SEA_AND_LAND),
    ("ZDJBXX", NATIONAL),
    ("GB/T 21010", NATIONAL),
    ("50137", CITY),
)
_FLAGS = {"yes": True, "no": False}
_SHARE_NEEDED = 0.5


@dataclass(frozen=True)
class SystemGuess:
    """The system of a column of land-use codes, or None, and what it rests on.

    Attributes
    ----------
    system
        One of `SYSTEMS`, or None where it cannot be told.
    evidence
        For each system that knows some of the codes: how many codes and names fit.
    confidence
        0 to 1.
    """

    system: str | None
    evidence: tuple[str, ...]
    confidence: float


def _bare_name(name: str) -> str:
    return re.sub(r"[\s\dA-Za-z*|]+", "", name)


def _same_name(given: str, known: str) -> bool:
    """Equal, or cut short by a narrow text field after three characters or more."""
    return bool(known) and (given == known or (len(given) >= 3 and known.startswith(given)))


def _score(codes: pd.Series, names: pd.Series | None, system: str) -> tuple[float, float, str]:
    """Share of codes known to the system, share of names that fit, and the evidence in words."""
    known = codes.isin(codes_of(system).index)
    share, fit, said = float(known.mean()), 0.0, ""
    if names is not None:
        own = codes.map(codes_of(system)["name"]).fillna("")
        pairs = pd.DataFrame({"given": names, "own": own})[lambda d: d["given"] != ""]
        if len(pairs):
            pair = pairs["given"] + "|" + pairs["own"]
            good = sum(n for text, n in Counter(pair.tolist()).items() if _same_name(*text.split("|")))
            fit = good / len(pairs)
            said = f", names {good}/{len(pairs)}"
    return share, fit, f"{system}: codes {int(known.sum())}/{len(codes)}{said}"


def _agree(codes: pd.Series, systems: list[str]) -> bool:
    """Whether the systems give every code present the same name, class and industrial flag."""
    present = sorted(set(codes))
    views = [codes_of(s).reindex(present)[["name", "class", "industrial"]] for s in systems]
    return all(views[0].equals(view) for view in views[1:])


def _hinted(table_name: str | None, systems: Iterable[str]) -> str | None:
    text = (table_name or "").upper()
    return next((s for word, s in _TABLE_HINTS if word.upper() in text and s in systems), None)


def detect_system(codes: pd.Series, names: pd.Series | None = None, table: str | None = None) -> SystemGuess:
    """Tell which classification a column of land-use codes uses.

    Zero-padding comes first (601 → 0601). Then the share of names that fit, the share of codes that are
    known, and the name of the table decide, in this order; two systems that agree on every code present are
    no conflict.

    Parameters
    ----------
    codes
        Land-use codes as they stand.
    names
        Land-use names (DLMC, YTMC) of the same rows; they decide where four digits mean different things.
    table
        Name of the table or of the code column, e.g. ``DLTB`` or ``YDYHFLDM``.

    Returns
    -------
    SystemGuess
        With ``system`` None where nothing decides.

    Examples
    --------
    >>> detect_system(pd.Series(["0601", "05H1"])).system
    '三调'
    >>> detect_system(pd.Series(["0601"])).system is None
    True
    >>> detect_system(pd.Series([601]), pd.Series(["农村道路"])).system
    '用地用海'
    """
    plain = plain_codes(codes)
    present = plain.dropna()
    if present.empty:
        return SystemGuess(None, (), 0.0)
    said = None if names is None else names.loc[present.index].map(_name_text)
    scores = {s: _score(present, said, s) for s in SYSTEMS}
    evidence = tuple(text for share, _, text in scores.values() if share > 0)
    best_fit = max(fit for _, fit, _ in scores.values())
    by_name = [s for s in SYSTEMS if best_fit > 0 and scores[s][1] == best_fit] or list(SYSTEMS)
    best = max(scores[s][0] for s in by_name)
    leading = [s for s in by_name if scores[s][0] == best]
    if best < _SHARE_NEEDED:
        return SystemGuess(None, evidence, 0.0)
    return _decide(present, leading, evidence, best * (best_fit or 1.0), table)


def _name_text(value: object) -> str:
    return _bare_name(value) if isinstance(value, str) else ""


def _decide(
    codes: pd.Series, leading: list[str], evidence: tuple[str, ...], confidence: float, table: str | None
) -> SystemGuess:
    if len(leading) == 1:
        return SystemGuess(leading[0], evidence, round(confidence, 3))
    hint = _hinted(table, leading)
    if hint is not None:
        return SystemGuess(hint, (*evidence, f"table {table}"), round(0.8 * confidence, 3))
    if _agree(codes, leading):
        same = f"{' = '.join(leading)} for the codes present"
        return SystemGuess(leading[0], (*evidence, same), round(0.6 * confidence, 3))
    return SystemGuess(None, evidence, 0.0)


def describe(codes: pd.Series, system: str | None) -> pd.DataFrame:
    """Name, class and flags of land-use codes in one system.

    Parameters
    ----------
    codes
        Land-use codes; of several in a cell the first counts.
    system
        One of `SYSTEMS`; None makes everything missing.

    Returns
    -------
    DataFrame
        ``name``, ``class`` (农用地, 建设用地, 未利用地; 海域 and 非建设用地 where a system has them),
        ``is_industrial`` and ``is_construction`` (nullable), index as given. Codes the system does not know
        are missing throughout.

    Examples
    --------
    >>> describe(pd.Series(["0601", "0508"]), "三调")["name"].tolist()
    ['工业用地', '物流仓储用地']
    """
    plain = plain_codes(codes, system)
    if system is None:
        plain = plain.where(pd.Series(False, index=plain.index))
        system = NATIONAL
    rows = codes_of(system).reindex(_listed(plain, system))
    rows.index = codes.index
    kind = rows["class"].where(rows["class"] != "")
    flag = kind.map(lambda c: c == CONSTRUCTION, na_action="ignore")
    return pd.DataFrame(
        {
            "name": rows["name"].astype("str"),
            "class": kind.astype("str"),
            "is_industrial": rows["industrial"].map(_FLAGS).astype("boolean"),
            "is_construction": flag.astype("boolean"),
        },
        index=codes.index,
    )


def _listed(plain: pd.Series, system: str) -> NDArray[np.object_]:
    """Codes as the table lists them: where a finer local sub-code is used, the listed code above it."""
    known = set(codes_of(system).index)
    steps = {SEA_AND_LAND: (6, 4), CITY: (3, 2)}.get(system, ())

    def up(code: str) -> str:
        if code in known:
            return code
        return next((code[:n] for n in steps if len(code) > n and code[:n] in known), code)

    return np.array([up(c) if isinstance(c, str) else None for c in plain.tolist()], dtype=object)


def is_industrial(codes: pd.Series, system: str | None) -> pd.Series:
    """Whether land is industrial, mining or storage land (工矿仓储) in the given system.

    True for 0601–0604 in GB/T 21010-2017, 0601, 0602 and 0508 in 三调, classes 10 and 11 in 用地用海, M, W
    and H5 in GB 50137, 061–063 in the 2007 codes; unknown where the code or the system is.

    Examples
    --------
    >>> is_industrial(pd.Series(["0604", "0701", None]), "GB/T 21010-2017").tolist()
    [True, False, <NA>]
    """
    return describe(codes, system)["is_industrial"]


def normalise_land_use(
    series: pd.Series,
    system: str | None,
    *,
    rows: NDArray[np.int64] | None = None,
    source: str = "",
    ledger: Ledger | None = None,
) -> pd.Series:
    """Main land-use codes with their zeros back, and three-digit codes of 2007 translated.

    Codes of 2007 become 三调 codes (in a GB/T 21010-2017 column: the code of the same name, where there is
    one).

    Parameters
    ----------
    series
        Codes as they stand; ``"0601,0701"`` counts as 0601.
    system
        System of the column, see `detect_system`.
    rows
        Record numbers for the ledger.
    source
        Name of the source for the ledger.
    ledger
        Where several codes in a cell and translations are written.

    Returns
    -------
    Series
        Codes as text; where there is no counterpart the code stays as it is.

    Examples
    --------
    >>> normalise_land_use(pd.Series(["063", "061"]), "2007").tolist()
    ['0508', '0601']
    >>> normalise_land_use(pd.Series([601, 1001]), "GB/T 21010-2017").tolist()
    ['0601', '1001']
    """
    plain = plain_codes(series, system)
    target = "code_gbt21010" if system == NATIONAL else "code_sandiao"
    mapped = plain
    if system in (OLD, NATIONAL, SANDIAO):
        successor = codes_of(OLD)[target]
        mapped = plain.map(successor[successor != ""]).fillna(plain).astype("str")
    if ledger is not None:
        book = _Book(series, rows, source, ledger)
        book.write("landuse-several", _several(series), mapped)
        book.write("landuse-2007-translated", (plain != mapped) & plain.notna(), mapped)
        book.write("landuse-zero-restored", (plain == "0" + series.astype("str")).fillna(False), mapped)
    return mapped


def _several(series: pd.Series) -> pd.Series:
    def count(value: object) -> bool:
        return isinstance(value, str) and sum(bool(p) for p in SEVERAL.split(_cells(value))) > 1

    marks = {value: count(value) for value in series.dropna().unique()}
    return series.map(marks).fillna(False).astype(bool)


def _cells(value: str) -> str:
    """A cell with "0601 工业用地" written as one part: a name is no second code."""
    return re.sub(r"\s+(?=[\u4e00-\u9fff])", "", value.strip())


@dataclass(frozen=True)
class _Book:
    """Writes the marked rows of one code column to the ledger."""

    series: pd.Series
    rows: NDArray[np.int64] | None
    source: str
    ledger: Ledger

    def write(self, code: str, marked: pd.Series, after: pd.Series | None = None) -> None:
        hit = marked.to_numpy(dtype=bool)
        self.ledger.add(
            code,
            stage="check",
            source=self.source,
            row=None if self.rows is None else np.asarray(self.rows)[hit],
            field=self.series.name,
            before=self.series[hit].astype("str").tolist(),
            after=None if after is None else after[hit].tolist(),
        )


def report_land_use(
    codes: pd.Series,
    names: pd.Series | None,
    *,
    rows: NDArray[np.int64],
    source: str,
    ledger: Ledger,
    table: str | None = None,
) -> SystemGuess:
    """Find the system of a code column, record the decision, and report codes that it does not know.

    Parameters
    ----------
    codes, names
        Land-use codes, and the names beside them if there are any.
    rows
        Record number in the source, one per code.
    source
        Name of the source for the ledger.
    ledger
        Where to write.
    table
        Name of the table; the name of the code column serves where it is not given.

    Returns
    -------
    SystemGuess
        The system found.
    """
    guess = detect_system(codes, names, table or str(codes.name))
    if codes.notna().any():
        ledger.decide(
            "land-use-system",
            guess.system,
            source=source,
            evidence=guess.evidence,
            confidence=guess.confidence,
        )
    book = _Book(codes, rows, source, ledger)
    if guess.system is None:
        if codes.notna().any():
            example = str(codes.dropna().iloc[0])
            ledger.add("landuse-system-unknown", stage="check", source=source, field=codes.name, before=example)
        return guess
    plain = normalise_land_use(codes, guess.system, rows=rows, source=source, ledger=ledger)
    final = SANDIAO if guess.system == OLD else guess.system
    listed = pd.Series(_listed(plain, final), index=codes.index)
    old = set(codes_of(OLD).index) if guess.system == OLD else set()
    book.write("landuse-unknown", plain.notna() & ~listed.isin(set(codes_of(final).index) | old))
    return guess

"""Whom a judgement sheet is about: the row of the tables that a code or a name means, and its findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from mudian.errors import UsageError
from mudian.evaluation import Evaluation
from mudian.explain.sentences import KEYS
from mudian.explain.words import say, style
from mudian.redaction.rules import level_word as redaction_word
from parcels.catalog import Lang
from parcels.fields import nearest

Kind = Literal["parcel", "enterprise", "zone", "project"]
KINDS: tuple[Kind, ...] = ("parcel", "enterprise", "zone", "project")
_TABLES = {"parcel": "parcels", "enterprise": "enterprises", "zone": "zones", "project": "projects"}
_NAMES = {"parcel": ("unit_id",), "enterprise": ("name",), "zone": ("zone_name",), "project": ("name",)}


@dataclass(frozen=True)
class Subject:
    """A parcel, enterprise, zone or project of a run.

    Attributes
    ----------
    kind, id
        What it is, and its key.
    row
        Its row of the table; empty for what has findings only.
    count
        How many rows have the key.
    findings
        What the rules say of it.
    """

    kind: Kind
    id: str
    row: pd.Series = field(repr=False)
    count: int
    findings: pd.DataFrame = field(repr=False)

    def cell(self, column: str) -> Any:
        """A cell of the row; missing where there is no such column."""
        return self.row[column] if column in self.row.index else None

    def table(self) -> pd.DataFrame:
        """The row as a table of one row."""
        return self.row.to_frame().T.infer_objects()


def table_of(evaluation: Evaluation, kind: str) -> pd.DataFrame:
    """The table of a kind of subject; empty where the run has none."""
    table = getattr(evaluation, _TABLES[kind], None)
    lacking = table is None or KEYS[kind] not in table
    return pd.DataFrame({KEYS[kind]: pd.Series(dtype="str")}) if lacking else pd.DataFrame(table)


def find_subject(evaluation: Evaluation, name: str, *, kind: Kind | None = None, lang: Lang = "zh") -> Subject:
    """Find the subject that a key or a name means.

    Parameters
    ----------
    evaluation
        The results of a run.
    name
        Key of a parcel, enterprise, zone or project; or the code of a parcel's unit, the name of an enterprise or zone.
    kind
        What it is, where a key means several things.
    lang
        Language of an error.

    Raises
    ------
    UsageError
        When nothing is called that, or several things are.
    """
    wanted = KINDS if kind is None else (kind,)
    for columns in (KEYS, _NAMES):
        found = [(k, ids) for k in wanted if len(ids := _ids(evaluation, k, columns[k], name))]
        if found:
            return _one(evaluation, name, found, lang)
    subjects = evaluation.findings
    judged = [k for k in wanted if ((subjects["subject_type"] == k) & (subjects["subject_id"] == name)).any()]
    if judged:
        return _make(evaluation, judged[0], name)
    if "redaction" in evaluation.manifest:
        raise UsageError("explain-redacted", name=name, level=redaction_word(evaluation.manifest, lang))
    raise UsageError("explain-unknown", name=name, nearest=_nearest(evaluation, wanted, name))


def _ids(evaluation: Evaluation, kind: Kind, columns: str | Sequence[str], name: str) -> list[str]:
    table = table_of(evaluation, kind)
    for column in (columns,) if isinstance(columns, str) else columns:
        if column in table and KEYS[kind] in table:
            hit = (table[column].astype("str") == name).fillna(False).to_numpy(bool)
            if hit.any():
                return list(dict.fromkeys(table[KEYS[kind]][hit].astype("str")))
    return []


def _one(evaluation: Evaluation, name: str, found: list[tuple[Kind, list[str]]], lang: Lang) -> Subject:
    several = [f"{say(f'kind_{k}', lang)} {i}" for k, ids in found for i in ids]
    if len(several) > 1:
        shown = several[: style("list_items")]
        raise UsageError("explain-several", name=name, found="；".join(shown))
    kind, ids = found[0]
    return _make(evaluation, kind, ids[0])


def _make(evaluation: Evaluation, kind: Kind, key: str) -> Subject:
    table = table_of(evaluation, kind)
    rows = table[(table[KEYS[kind]].astype("str") == key).fillna(False)]
    row = rows.iloc[0] if len(rows) else pd.Series({KEYS[kind]: key})
    found = evaluation.findings
    own = found[((found["subject_type"] == kind) & (found["subject_id"] == key)).to_numpy(bool)]
    return Subject(kind, key, row.drop(labels="geometry", errors="ignore"), len(rows), own.reset_index(drop=True))


def _nearest(evaluation: Evaluation, kinds: Sequence[Kind], name: str) -> str:
    """The key or name that looks most like what was asked for, among some that begin alike."""
    known: dict[str, None] = {}
    for kind in kinds:
        table = table_of(evaluation, kind)
        for column in (KEYS[kind], *_NAMES[kind]):
            if column in table:
                texts = table[column].dropna().astype("str")
                alike = texts[texts.str.startswith(name[:1]).to_numpy(bool)]
                known |= dict.fromkeys([*alike.head(style("nearest")), *texts.head(style("list_items"))])
    return nearest(name, known)

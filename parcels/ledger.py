"""The ledger (台账): every repair, guess, refusal and oddity, with before and after.

Nothing read is dropped in silence: what goes in comes out, or stands here with its reason. ``row`` is the record
number in the source (first record = 1; for workbooks and CSV files the line a person sees), ``id`` the key of the
record where it has one. Texts come from the message catalogue, in the language of the run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from parcels.catalog import CATALOG, Lang

COLUMNS = ("stage", "severity", "code", "source", "row", "id", "field", "before", "after", "message")


@dataclass(frozen=True)
class Decision:
    """A choice the program made (encoding, CRS, unit, mapping), with the evidence it rests on."""

    topic: str
    value: object
    source: str
    evidence: tuple[str, ...] = ()
    confidence: float | None = None

    def as_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return {
            "topic": self.topic,
            "value": self.value,
            "source": self.source,
            "evidence": list(self.evidence),
            "confidence": self.confidence,
        }


def _column(value: object, size: int) -> list[object]:
    if value is None or isinstance(value, str | bytes) or np.isscalar(value):
        return [value] * size
    if isinstance(value, pd.Series | pd.Index | np.ndarray):
        return list(value.tolist())
    return list(value) if isinstance(value, Iterable) else [value] * size


def _text(value: object) -> str | None:
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return None
    return format(value, ".12g") if isinstance(value, float | np.floating) else str(value)


class Ledger:
    """Rows and decisions collected while data are read and judged.

    Parameters
    ----------
    lang
        Language of the messages, ``"zh"`` or ``"en"``.

    Examples
    --------
    >>> ledger = Ledger(lang="en")
    >>> ledger.add("geometry-null", stage="read", source="a.shp", row=[2, 5], id=["x", "y"])
    >>> ledger.frame()["row"].tolist()
    [2, 5]
    """

    def __init__(self, *, lang: Lang = "zh") -> None:
        self.lang: Lang = lang
        self.decisions: list[Decision] = []
        self._batches: list[pd.DataFrame] = []

    def add(
        self,
        code: str,
        *,
        stage: str,
        source: str = "",
        row: object = None,
        id: object = None,
        field: object = None,
        before: object = None,
        after: object = None,
        **params: object,
    ) -> None:
        """Write one row, or as many as ``row``, ``id``, ``field``, ``before`` or ``after`` have elements.

        Sequences must have equal length; an empty sequence writes nothing. ``params`` fill the placeholders of
        the message of ``code`` in the catalogue, which also gives the severity.
        """
        text = CATALOG.ledger[code]
        given: Sequence[object] = (row, id, field, before, after)
        sizes = {len(v) for v in given if isinstance(v, list | tuple | np.ndarray | pd.Series | pd.Index)}
        if len(sizes) > 1:
            raise ValueError(f"ledger {code}: sequences of different length {sorted(sizes)}")
        size = sizes.pop() if sizes else 1
        if size == 0:
            return
        rows, ids, fields, befores, afters = (_column(v, size) for v in given)
        batch: dict[str, Any] = {
            "stage": stage,
            "severity": text.severity,
            "code": code,
            "source": source,
            "row": pd.array([None if _text(v) is None else int(str(v)) for v in rows], dtype="Int64"),
            "id": [_text(v) for v in ids],
            "field": [_text(v) for v in fields],
            "before": [_text(v) for v in befores],
            "after": [_text(v) for v in afters],
            "message": text.render(self.lang, **params),
        }
        self._batches.append(pd.DataFrame(batch, columns=list(COLUMNS)))

    def decide(
        self,
        topic: str,
        value: object,
        *,
        source: str,
        evidence: Iterable[str] = (),
        confidence: float | None = None,
    ) -> None:
        """Record a decision and what it rests on."""
        self.decisions.append(Decision(topic, value, source, tuple(evidence), confidence))

    def frame(self) -> pd.DataFrame:
        """All rows as a table with the columns of the contract (``stage`` … ``message``)."""
        if not self._batches:
            return pd.DataFrame({c: pd.Series(dtype="Int64" if c == "row" else "str") for c in COLUMNS})
        table = pd.concat(self._batches, ignore_index=True)
        return table.astype({c: "str" for c in COLUMNS if c != "row"})

    def extend(self, other: Ledger) -> None:
        """Take over the rows and decisions of another ledger."""
        self._batches.extend(other._batches)
        self.decisions.extend(other.decisions)

    def count(self, severity: str | None = None, *, code: str | None = None) -> int:
        """How many rows there are, of one severity or one code."""
        return sum(
            len(b)
            for b in self._batches
            if (severity is None or b["severity"].iloc[0] == severity) and (code is None or b["code"].iloc[0] == code)
        )

    def __len__(self) -> int:
        return self.count()

    def __repr__(self) -> str:
        parts = ", ".join(f"{self.count(s)} {s}" for s in ("error", "warning", "info"))
        return f"<Ledger: {parts}>"


def source_of(table: pd.DataFrame | pd.Series) -> str:
    """The name of the file a table came from, which the readers leave in ``attrs["source"]``; empty if unknown."""
    return str(table.attrs.get("source", ""))

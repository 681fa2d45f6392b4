"""Which data are missing, and which office has them (责任单位): the list that an evaluation leaves for others."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mudian.evaluation import Evaluation
from mudian.explain.rulebook import Rulebook
from mudian.explain.sentences import outcome_codes
from mudian.explain.words import enumerate_words, say, style, texts
from parcels.catalog import Lang

COLUMNS = ("office", "field", "label", "subject_type", "count", "verdicts", "examples", "clause")


def missing_data(found: Evaluation | pd.DataFrame, record: object = None, *, lang: Lang | None = None) -> pd.DataFrame:
    """List the data that unknown verdicts lack, by the office that has them.

    Parameters
    ----------
    found
        The results of a run, or its findings.
    record
        ``manifest["policies"]``; that of the results by default.
    lang
        Language; that of the project by default, else Chinese.

    Returns
    -------
    DataFrame
        One row per office, field and kind of subject, those that more verdicts wait for first: ``office`` (of the
        packs' ``[offices]``; 未指定 where none is named), ``field`` (column, ``parameter:…`` or ``confirm:…``),
        ``label``, ``subject_type``, ``count`` of subjects, ``verdicts`` that hang on it, ``examples`` of ids and the
        ``clause`` that names the office.

    Examples
    --------
    >>> from mudian.findings import findings
    >>> unknown = pd.Series([None, None], dtype="boolean")
    >>> made = findings("parcel", pd.Series(["A", "B"]), rule_id="data.registered_area", outcome=unknown,
    ...                 value=pd.Series([None, None]), operator="<=", threshold=0.1, unit="ratio", clause="",
    ...                 missing="registered_m2")
    >>> missing_data(made, {})[["office", "label", "count", "examples"]].to_numpy().tolist()
    [['未指定', '登记面积', 2, 'A、B']]
    """
    if isinstance(found, Evaluation):
        record = found.manifest.get("policies") if record is None else record
        lang = lang or found.manifest["project"]["lang"]
        found = found.findings
    book = Rulebook(record, lang or "zh")
    open_ = found[(outcome_codes(found) < 0) & (found["missing"].astype("str") != "").fillna(False).to_numpy(bool)]
    rows = [_row(name, kind, part, book) for (name, kind), part in sorted(_waiting(open_).items())]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    order = table.assign(last=table["office"] == say("office_none", book.lang), most=-table["count"].astype(int))
    order = order.sort_values(["last", "office", "most", "field", "subject_type"], kind="stable")
    kinds = {c: "int64" if c == "count" else "str" for c in COLUMNS}
    return order[list(COLUMNS)].astype(kinds).reset_index(drop=True)


def _waiting(open_: pd.DataFrame) -> dict[tuple[str, str], pd.DataFrame]:
    """Unknown findings by the name that they lack and the kind of subject."""
    missing, kinds = open_["missing"].astype("category"), open_["subject_type"].astype("category")
    names: dict[str, list[int]] = {}
    for code, text in enumerate(missing.cat.categories):
        for name in (n for n in str(text).split(";") if n):
            names.setdefault(name, []).append(code)
    found = {}
    for name, codes in names.items():
        here = np.isin(missing.cat.codes.to_numpy(), codes)
        for code, kind in enumerate(kinds.cat.categories):
            both = here & (kinds.cat.codes.to_numpy() == code)
            if both.any():
                found[name, str(kind)] = open_[both]
    return found


def _row(name: str, kind: str, waiting: pd.DataFrame, book: Rulebook) -> tuple[object, ...]:
    office, clause = book.office(name)
    subjects = waiting["subject_id"].astype("category").cat.remove_unused_categories()
    order = subjects.drop_duplicates()
    families = {book.source(str(r)).family for r in waiting["rule_id"].astype("category").cat.categories}
    used = {book.source(str(r)).family for r in waiting["rule_id"].unique()} & families
    verdicts = enumerate_words([book.family(f) for f in texts()["families"] if f in used], book.lang)
    examples = enumerate_words(order.head(style("examples")).astype("str"), book.lang)
    return office, name, book.field_name(name), kind, len(order), verdicts, examples, clause

"""What changed in the data of a subject: every input and measured figure, before and after.

Text counts as changed when it differs in more than width, blanks, brackets and case; numbers when they differ in more
than rounding. A cell that was empty and is filled, or the other way round, has changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.comparing.matching import KEYS, Matched
from mudian.comparing.worlds import words
from mudian.enterprises import RESULT_COLUMNS as ENTERPRISE_COLUMNS
from mudian.evaluation import Evaluation
from mudian.explain.record import as_record
from mudian.inputs import RESULT_COLUMNS, ZONE_COLUMNS
from mudian.link import normalise_name
from mudian.measure import INDICATORS, PER_MU
from mudian.schemas import MONEY, QUANTITIES, schema

Mask = NDArray[np.bool_]
COLUMNS = ("subject", "before", "after", "field", "value_before", "value_after", "difference")
_CLOSE = 1e-9  # rounding of one sum in another order
_MEASURED = ("area_mu", "registered_m2", "zone_id", "held_mu", "land_mu", "parcel_count", "enterprise_count",
             "floor_area_m2", "footprint_m2", "plot_ratio", "building_coefficient", "industrial", "public_land",
             "parcel_mu", "supplied_mu", "industrial_mu", "base_mu",
             *MONEY, *QUANTITIES, *PER_MU, *INDICATORS)  # fmt: skip
_OWN = {"parcel": RESULT_COLUMNS, "enterprise": ENTERPRISE_COLUMNS, "zone": ZONE_COLUMNS, "project": ()}
_SCHEMAS = {"parcel": "parcel", "enterprise": "enterprise", "zone": "zone", "project": "projects"}
_RATIOS = (*PER_MU, *INDICATORS)


def compared_fields(kind: str, tables: tuple[pd.DataFrame, pd.DataFrame], runs: Iterable[Evaluation]) -> list[str]:
    """The columns that are compared: canonical fields, measured figures, and what rules of the runs read."""
    read: set[str] = set()
    for run in runs:
        for rule in as_record(run.manifest.get("policies")).get("rules", ()):
            parts = (*rule["conditions"], *rule["gate"], *rule["exempt"])
            read |= {str(c[n]) for c in parts for n in ("metric", "column") if n in c}
    judged = set(_OWN[kind]) - set(_MEASURED)
    wanted = [*(f.column for f in schema(_SCHEMAS[kind])), *_MEASURED, *sorted(read - judged)]
    there = [c for c in dict.fromkeys(wanted) if any(c in t for t in tables)]
    return [c for c in there if c not in (KEYS[kind], "geometry")]


def changed_fields(
    matched: Matched, tables: tuple[pd.DataFrame, pd.DataFrame], fields: Iterable[str], *, zones: Mapping[str, str]
) -> pd.DataFrame:
    """Every cell that changed, of subjects that are in both runs.

    Parameters
    ----------
    matched
        Subjects of one kind.
    tables
        Their tables in the earlier and the later run.
    fields
        Columns to look at.
    zones
        Keys of zones of the later run in the spelling of the earlier one.

    Returns
    -------
    DataFrame
        ``subject``, ``before``, ``after`` (keys), ``field``, ``value_before``, ``value_after`` (text), ``difference``
        of numbers, and the positions.
    """
    pairs = matched.both.reset_index(drop=True)
    made = []
    for field in fields:
        cells = [_cells(t, field, pairs[f"{s}_row"]) for t, s in zip(tables, ("before", "after"), strict=True)]
        if field == "zone_id":
            cells[1] = cells[1].replace(dict(zones))
        differs = _differs(cells[0], cells[1])
        if differs.any():
            made.append(_rows(matched.kind, pairs[differs], field, cells[0][differs], cells[1][differs]))
    return pd.concat(made, ignore_index=True) if made else pd.DataFrame(columns=[*COLUMNS, "before_row", "after_row"])


def _cells(table: pd.DataFrame, field: str, rows: pd.Series) -> pd.Series:
    if field not in table:
        return pd.Series(pd.NA, range(len(rows)), dtype="object")
    return table[field].iloc[rows.to_numpy(np.int64)].reset_index(drop=True)


def _differs(one: pd.Series, two: pd.Series) -> Mask:
    gone = one.isna().to_numpy(bool) != two.isna().to_numpy(bool)
    both = ~(one.isna() | two.isna()).to_numpy(bool)
    if _numeric(one) and _numeric(two):
        a, b = (s.to_numpy(float, na_value=np.nan) for s in (one, two))
        with np.errstate(invalid="ignore"):
            return np.asarray(gone | (both & ~np.isclose(a, b, rtol=_CLOSE, atol=0.0)), dtype=bool)
    if pd.api.types.is_datetime64_any_dtype(one.dtype) and pd.api.types.is_datetime64_any_dtype(two.dtype):
        return np.asarray(gone | (both & (one != two).to_numpy(bool)), dtype=bool)
    plain = [normalise_name(s.astype("str")).fillna("").to_numpy(object) for s in (one, two)]
    return np.asarray(gone | (both & (plain[0] != plain[1])), dtype=bool)


def _numeric(values: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype)


def _rows(kind: str, pairs: pd.DataFrame, field: str, one: pd.Series, two: pd.Series) -> pd.DataFrame:
    numbers = _numeric(one) and _numeric(two)
    difference = two.astype("float64").to_numpy() - one.astype("float64").to_numpy() if numbers else np.nan
    head = {"subject": kind, "before": pairs["before"].array, "after": pairs["after"].array, "field": field}
    body = {"value_before": _text(one), "value_after": _text(two), "difference": difference}
    return pd.DataFrame(head | body | {c: pairs[c].to_numpy() for c in ("before_row", "after_row")})


def _text(values: pd.Series) -> list[str | None]:
    """Cells as exact text: numbers without an end of zeros, days without a time."""
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return [None if pd.isna(v) else v.date().isoformat() for v in values]
    if _numeric(values):
        return [None if pd.isna(v) else f"{float(v):.10g}" for v in values]
    if pd.api.types.is_bool_dtype(values.dtype):
        return [None if w == "unknown" else w for w in words(values)]
    return [None if pd.isna(v) else str(v) for v in values]


def fields_of(verdicts: pd.DataFrame, changes: pd.DataFrame) -> pd.Series:
    """The fields of each subject that changed, joined by ``;``, under the index of the verdicts."""
    own = changes.assign(field=changes["field"].astype("str"))
    joined = own.groupby(["before_row", "after_row"], sort=False)["field"].agg(";".join)
    at = pd.MultiIndex.from_frame(verdicts[["before_row", "after_row"]])
    return pd.Series(joined.reindex(at).fillna("").to_numpy(object), verdicts.index, dtype="str")

"""Codes in one spelling: what is right but for case, width, blanks or hyphens is written as the standard writes it.

Only codes that pass their check are touched, so that nothing is lost in numberings that use hyphens as digits.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from parcels.codes.check import report_codes
from parcels.codes.text import normalise_code
from parcels.ledger import Ledger

_SPELLED = ("parcel", "unit", "credit")


def check_and_tidy(
    frame: pd.DataFrame,
    *,
    columns: Mapping[str, str],
    rows: NDArray[np.int64],
    source: str,
    ledger: Ledger,
    unique: bool = True,
) -> dict[str, pd.Series]:
    """Report the codes of a table, and respell those that pass their check.

    Parameters
    ----------
    frame
        The table; not changed.
    columns
        Kind of code → column, as for :func:`parcels.codes.check.report_codes`.
    rows, source, ledger
        Record numbers, name of the table and where to write.
    unique
        Whether a parcel code must not repeat.

    Returns
    -------
    dict
        Column → the column with its codes respelled, for columns in which there were any; ready for ``assign``.
    """
    verdicts = report_codes(frame, columns=dict(columns), rows=rows, source=source, ledger=ledger, unique=unique)
    respelled: dict[str, pd.Series] = {}
    for kind, column in columns.items():
        if kind not in _SPELLED:
            continue
        raw, plain = frame[column].astype("str"), normalise_code(frame[column])
        changed = ((verdicts[kind] == "ok") & (raw != plain)).fillna(False).to_numpy(dtype=bool)
        if changed.any():
            ledger.add(
                "codes-respelled",
                stage="check",
                source=source,
                row=rows[changed],
                id=plain[changed],
                field=column,
                before=raw[changed],
                after=plain[changed],
            )
            respelled[column] = raw.mask(changed, plain)
    return respelled

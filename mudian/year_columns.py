"""Years in headers (2024年税收, 2025年税收): of columns side by side the one of the period that is evaluated.

A header says what a figure is and when. Taking the first of several years would put the money of one year under the
name of another without a sign of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from parcels.fields import Schema
from parcels.ledger import Ledger

_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")
_PERIOD = "period"


def columns_of_year(
    columns: Sequence[str], fields: Schema, *, given: Mapping[str, str], year: int, source: str, ledger: Ledger
) -> dict[str, str]:
    """The columns of one year, by the field that they are of, where headers carry years.

    Parameters
    ----------
    columns
        The header of a table.
    fields
        What its columns may be.
    given
        Columns that the user names; those fields are left alone.
    year
        The year that is evaluated. Where a field has none of it, the last one before it is taken, as an error of the
        ledger says.
    source, ledger
        Name of the table, and where to write.

    Examples
    --------
    >>> from mudian.schemas import schema
    >>> header = ["企业名称", "2024年税收（万元）", "2025年税收（万元）"]
    >>> columns_of_year(header, schema("enterprise"), given={}, year=2025, source="a", ledger=Ledger())
    {'tax': '2025年税收（万元）'}
    """
    known = fields.match(columns, given=given).matches
    if _PERIOD in known:
        return {}
    found: dict[str, dict[int, str]] = {}
    plain: set[str] = set()
    for column in (c for c in columns if c not in given.values()):
        names = [n for n, m in fields.match([column]).matches.items() if m.method != "stump"]
        said = _YEAR.findall(column)
        if len(names) == 1 and len(said) == 1:
            found.setdefault(names[0], {}).setdefault(int(said[0]), column)
        elif names and not said:
            plain.update(names)
    made = {}
    for name, by_year in sorted(found.items()):
        if name in plain or any(fields.get(k) is fields.get(name) for k in given):
            continue
        taken = max((y for y in by_year if y <= year), default=max(by_year))
        code = "year-column-other" if taken != year else "year-column-chosen" if len(by_year) > 1 else None
        if code:
            others = "、".join(c for y, c in sorted(by_year.items()) if y != taken)
            ledger.add(
                code, stage="read", source=source, field=by_year[taken], column=by_year[taken], year=year,
                others=others or "—",
            )  # fmt: skip
        if len(by_year) > 1:
            made[name] = by_year[taken]
    return made

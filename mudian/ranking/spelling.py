"""One spelling for every zone, and the place whose spellings apply.

A name such as 市经开区 means another zone in every city. Where nobody says the place, it is inferred from the other
names of the table, and only where they belong to one place alone; else such a name stays as it is, and that is said.
"""

from __future__ import annotations

import re

import pandas as pd

from mudian.ranking.words import texts
from mudian.rules.ranks import canonical_zones, known_zones
from parcels.ledger import Ledger
from parcels.units import fold


def spell_zones(
    names: pd.Series, *, place: str | None, rows: pd.Series, source: str, ledger: Ledger
) -> tuple[pd.Series, str | None]:
    """The names of zones in their one spelling, and the place that was used.

    Parameters
    ----------
    names
        Names as printed, none missing.
    place
        Division code of the place, or its beginning; None to infer it.
    rows
        Line of each name.
    source, ledger
        Name of the table and where to write.
    """
    found = place or infer_place(names)
    if place is None and found is not None:
        ledger.add("ranking-place-inferred", stage="read", source=source, after=found, place=found)
    local = names.map(lambda n: is_local(str(n))).astype(bool)
    if found is None:
        ledger.add(
            "ranking-place-unknown", stage="read", source=source, row=rows[local], field="zone_name",
            before=names[local],
        )  # fmt: skip
    spelled = canonical_zones(names, places=[found] if found else [])
    changed = (spelled != names.astype("str")).to_numpy(bool)
    ledger.add(
        "ranking-respelled", stage="read", source=source, row=rows[changed], field="zone_name",
        before=names[changed], after=spelled[changed],
    )  # fmt: skip
    return spelled, found


def is_local(name: str) -> bool:
    """Whether a name means a zone only inside one place.

    Examples
    --------
    >>> is_local("市经开区"), is_local("茌平经开区")
    (True, False)
    """
    return re.match(texts()["shapes"]["local_names"], fold(name)) is not None


def infer_place(names: pd.Series) -> str | None:
    """The place that the names belong to: one place alone, which knows at least half of those that say where they are.

    Examples
    --------
    >>> infer_place(pd.Series(["茌平经济开发区", "市经开区"])), infer_place(pd.Series(["市经开区"]))
    ('3715', None)
    """
    telling = {fold(n) for n in names.dropna().unique() if not is_local(str(n))}
    hits = {place: len(telling & known) for place, known in known_zones().items()}
    places = [place for place, count in hits.items() if count]
    return places[0] if len(places) == 1 and hits[places[0]] * 2 >= len(telling) else None

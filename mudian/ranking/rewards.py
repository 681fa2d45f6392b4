"""Rewards and penalties of policy packs on a ranking, and whether the rules of that place are meant for it."""

from __future__ import annotations

import pandas as pd

from mudian.packs.policy import Policy
from mudian.ranking.words import say
from mudian.rules.incentives import incentives
from parcels.catalog import Lang


def rewards(base: pd.DataFrame, policy: Policy, *, everywhere: bool, lang: Lang) -> pd.DataFrame:
    """What the packs give and ask of every zone and year.

    Parameters
    ----------
    base
        A row per zone and year with ranks and amounts.
    policy
        The packs.
    everywhere
        Rules for named zones and reported rules are tried on all zones, for illustration.
    lang
        Language.

    Returns
    -------
    DataFrame
        As :func:`mudian.incentives`, sorted by entry, year (the last one first) and zone.
    """
    found = incentives(base, policy, everywhere=everywhere, lang=lang)
    if found.empty:
        return found
    order = ["incentive", "year", "zone"]
    plain = found.astype({c: "str" for c in ("incentive", "zone") if c in found})
    return plain.sort_values(order, ascending=[True, False, True], kind="stable").reset_index(drop=True)


def places(policy: Policy, place: str | None, *, lang: Lang) -> list[dict[str, object]]:
    """Notes for packs of places where the zones of the table do not lie, or where they lie is not known."""
    rows: list[dict[str, object]] = []
    for pack in policy.packs:
        found = [h.place for h in pack.heads.values() if h.place]
        codes = [c for p in found for c in p.codes]
        if not codes or (place and any(c.startswith(place) or place.startswith(c) for c in codes)):
            continue
        key = "illustration" if place else "illustration_unknown"
        note = say(key, lang, pack=pack.id, place=found[0].say(lang))
        rows.append({"check": "place", "text": pack.id, "outcome": None if place is None else False, "note": note})
    return rows

"""Effect (成效): what taking a site in hand would do to the figures of its zone.

The tax of the zone grows by the gain of the site while its land stays the same, so the new figure is a ratio of sums
again. The rank is among the zones of the run; the others stay as they are. New land is not used: the remaining
developable area is that of before.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mudian.measure import ratio
from mudian.settings import ScreeningSettings

_DIGITS = 9  # of a rank: what differs less is equal


def effects(sites: pd.DataFrame, zones: pd.DataFrame, settings: ScreeningSettings) -> pd.DataFrame:
    """The zone of every site before and after.

    Parameters
    ----------
    sites
        With ``zone_id`` and, per scenario, ``gain_<scenario>_wan`` and its ``_incomplete``.
    zones
        With ``zone_id``, ``tax_wan``, ``base_mu`` and ``tax_per_mu``; ``developable_mu`` where it is known.
    settings
        Scenarios.

    Returns
    -------
    DataFrame
        Under the index of the sites: ``zone_tax_per_mu`` and ``zone_rank`` before; ``zone_tax_per_mu_<scenario>`` and
        ``zone_rank_<scenario>`` after, missing where the gain is unknown or incomplete; ``zone_developable_mu``.

    Examples
    --------
    >>> sites = pd.DataFrame({"zone_id": ["B"], "gain_zone_mean_wan": [300.0], "gain_zone_mean_wan_incomplete": False})
    >>> zones = pd.DataFrame({"zone_id": ["A", "B"], "tax_wan": [1000.0, 900.0], "base_mu": [100.0, 100.0]})
    >>> zones["tax_per_mu"] = zones["tax_wan"] / zones["base_mu"]
    >>> found = effects(sites, zones, ScreeningSettings(scenarios=("zone_mean",)))
    >>> found.iloc[0].tolist()
    [9.0, 2.0, 12.0, 1.0]
    """
    known = zones.drop_duplicates("zone_id").set_index("zone_id")
    place = known.index.get_indexer(pd.Index(sites["zone_id"].astype("str")))

    def of_zone(name: str) -> pd.Series:
        cells = known[name].astype(float).to_numpy() if name in known else np.full(len(known), np.nan)
        return pd.Series(np.append(cells, np.nan)[place], sites.index)

    tax, base, now = of_zone("tax_wan"), of_zone("base_mu"), of_zone("tax_per_mu")
    others = np.sort(known["tax_per_mu"].astype(float).dropna().to_numpy()) if "tax_per_mu" in known else np.empty(0)
    made: dict[str, pd.Series] = {"zone_tax_per_mu": now, "zone_rank": _rank(now, others)}
    for name in settings.shown:
        column = f"gain_{name}_wan"
        gain = sites[column].astype(float).mask(sites[f"{column}_incomplete"].to_numpy(bool))
        after = ratio(tax + gain, base)
        made[f"zone_tax_per_mu_{name}"] = after
        made[f"zone_rank_{name}"] = _rank(after, others, own=now)
    if "developable_mu" in known:
        made["zone_developable_mu"] = of_zone("developable_mu")
    return pd.DataFrame(made, index=sites.index)


def _rank(values: pd.Series, others: np.ndarray, *, own: pd.Series | None = None) -> pd.Series:
    """One more than the zones with a higher figure; the zone itself is no rival of its new figure."""
    rivals, figures = np.round(others, _DIGITS), np.round(values.to_numpy(float), _DIGITS)
    higher = len(rivals) - np.searchsorted(rivals, figures, side="right")
    if own is not None:
        higher = higher - (np.round(own.to_numpy(float), _DIGITS) > figures)
    return pd.Series(higher + 1, values.index, dtype="Int64").mask(values.isna().to_numpy(bool))

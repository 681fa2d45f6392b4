"""Causes of idleness (闲置原因): from what a table says to a code and its class.

Only the class decides the measure: government and force majeure (国土资源部令第53号 第八条), preliminary work needed
for the start (城市房地产管理法 第二十六条), or the enterprise itself. A cell that is blank, unclear, or names causes of
different classes has the class ``unknown``: such land is reported, but no fee follows. What is written is not proof.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.packs.policy import Policy
from mudian.rules.idle_clock import Mask
from parcels.units import fold

CLASSES = ("gov", "force_majeure", "prelim", "enterprise", "unknown")
GOV, FORCE_MAJEURE, PRELIM, ENTERPRISE, UNKNOWN = range(len(CLASSES))
_SEIZURE, _NOTHING = "seizure", "none"
SEIZURE_CLASS = "idle.seizure_class"


@cache
def cause_codes() -> dict[str, dict[str, Any]]:
    """The causes that are recognised, by code, each with ``class``, ``zh``, ``en`` and ``spellings``."""
    text = (files("mudian") / "data" / "idle_causes.toml").read_text(encoding="utf-8")
    found: dict[str, dict[str, Any]] = tomllib.loads(text)["codes"]
    return found


@cache
def _spelled() -> dict[str, str]:
    return {fold(s): code for code, entry in cause_codes().items() for s in entry["spellings"]}


@cache
def _pattern() -> re.Pattern[str]:
    """All spellings, the longest first, so that a part of a longer one is not found in its place."""
    longest_first = sorted(_spelled(), key=lambda s: (-len(s), s))
    return re.compile("|".join(map(re.escape, longest_first)))


def find_codes(text: str) -> list[str]:
    """The codes of the causes that a text names, in its order, each once.

    Examples
    --------
    >>> find_codes("政府原因：未按约定交付净地")
    ['GOV_OTHER', 'GOV_DELIVERY']
    >>> find_codes("非政府原因，企业资金不足")
    ['NEGATED', 'ENTERPRISE']
    """
    return list(dict.fromkeys(_spelled()[s] for s in _pattern().findall(fold(text))))


def find_class(text: str) -> str:
    """The class of the cause that a text names.

    Returns
    -------
    str
        ``gov``, ``force_majeure``, ``prelim``, ``enterprise``, ``seizure``, or ``unknown``.

    Examples
    --------
    >>> [find_class(t) for t in ("规划调整", "台风", "资金不足", "规划调整、资金不足", "非企业原因", "")]
    ['gov', 'force_majeure', 'enterprise', 'unknown', 'unknown', 'unknown']
    """
    classes = {cause_codes()[code]["class"] for code in find_codes(text)} - {_NOTHING}
    return classes.pop() if len(classes) == 1 else CLASSES[UNKNOWN]


def classify(parcels: pd.DataFrame, policy: Policy, where: Mask) -> tuple[NDArray[np.int8], dict[str, Mask]]:
    """The class of the cause of some parcels.

    Parameters
    ----------
    parcels
        With ``idle_cause`` where it is known.
    policy
        Says as what a court seizure (司法查封) counts, which only local rules do.
    where
        Parcels to classify.

    Returns
    -------
    classes, missing
        The class per parcel as a position in ``CLASSES``, -1 outside of ``where``; and what is missing where it is
        ``unknown``, by name.
    """
    found = np.where(where, np.int8(UNKNOWN), np.int8(-1))
    seized = np.zeros(len(parcels), dtype=bool)
    counts_as = UNKNOWN
    if "idle_cause" in parcels and where.any():
        code, texts = pd.factorize(parcels["idle_cause"][where])
        classes = [*(find_class(str(t)) for t in texts), CLASSES[UNKNOWN]]
        seized[where] = np.array([c == _SEIZURE for c in classes])[code]
        counts_as = _seizure(policy) if seized.any() else UNKNOWN
        known = [counts_as if c == _SEIZURE else CLASSES.index(c) for c in classes]
        found[where] = np.array(known, dtype=np.int8)[code]
    missing = {"idle_cause": (found == UNKNOWN) & ~seized}
    if counts_as == UNKNOWN:
        missing[f"parameter:{SEIZURE_CLASS}"] = seized
    return found, missing


def _seizure(policy: Policy) -> int:
    """As which class a court seizure counts."""
    value = policy.find(SEIZURE_CLASS)
    return CLASSES.index(value.value) if value is not None and value.value in CLASSES else UNKNOWN

"""Grades of enterprises (亩均论英雄, 亩产效益评价): from indicators to A–D by the methods of the chosen packs.

A grade says how an enterprise stands among those evaluated with it, by one place's method and one year's benchmarks; it
does not carry over to another place. An enterprise that lacks an indicator has no grade unless the method says
otherwise, and is not counted among those of whom the quotas are taken, so that it neither raises nor lowers others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from mudian.errors import PackError
from mudian.packs.policy import Policy
from mudian.packs.reader import Pack
from mudian.rules.grading.lookup import Lookup
from mudian.rules.grading.method import Method
from mudian.rules.grading.population import members
from mudian.rules.grading.result import Grades, Part, assemble
from mudian.rules.grading.run import run_method

Chosen = Mapping[str, tuple[Pack | None, Method]]


def grade(
    enterprises: pd.DataFrame, policy: Policy, *, method: str | Sequence[str] | Mapping[str, Method] | None = None
) -> Grades:
    """Grade enterprises by the methods of a policy.

    Order: points of every indicator, cap, floor; their sum; points added and taken off; rank within the group; quota;
    veto and protection.

    Parameters
    ----------
    enterprises
        One row per enterprise with the columns that the method reads (``tax_per_mu`` in 万元/亩, …); any index; not
        changed. An intensity that is not there is taken from its parts (``tax_wan`` and ``land_mu``).
    policy
        Where methods and numbers come from.
    method
        Ids of the methods to use, or methods of one's own by id; by default those of the last pack that has some: a
        county grades by its own method, also whom it leaves out. Where methods of several packs are named, that of the
        last pack goes first for every enterprise.

    Returns
    -------
    Grades
        ``frame`` with the index of ``enterprises``; ``quotas``; ``findings(ids)``.

    Raises
    ------
    PackError
        When a method is not in force or unknown, when two of a pack apply to one enterprise, when a benchmark is not
        positive.
    InputError
        When an indicator is missing and the method does not allow that.

    Examples
    --------
    >>> import datetime as dt
    >>> from mudian.packs.policy import policies
    >>> policy = policies(["huangyan-2022"], as_of=dt.date(2023, 12, 31))
    >>> firms = pd.DataFrame({"above_scale": [True], "tax_per_mu": [18.0], "value_added_per_mu": [120.0],
    ...     "value_added_per_tce": [3.2], "value_added_per_t": [4000.0], "productivity_wan": [20.0],
    ...     "rd_ratio": [0.025]})
    >>> grade(firms, policy).frame["score"].round(4).tolist()
    [91.2097]
    """
    chosen = _chosen(policy, method)
    frame = enterprises.reset_index(drop=True)
    lookups = {name: (pack, Lookup(policy, one)) for name, (pack, one) in chosen.items()}
    found = members(frame, policy, lookups)
    parts = []
    for n, (name, (pack, lookup)) in enumerate(lookups.items()):
        rows = np.flatnonzero(found.code == n)
        if len(rows):
            run = run_method(frame.iloc[rows].reset_index(drop=True), lookup)
            parts.append(Part(name, rows, run, _cite(pack, lookup.method)))
    return assemble(enterprises.index, found, parts)


def _chosen(policy: Policy, method: str | Sequence[str] | Mapping[str, Method] | None) -> Chosen:
    known = policy.methods()
    if method is None:
        last = next((p for p in reversed(policy.packs) if any(p is pack for pack, _ in known.values())), None)
        return {name: (pack, one) for name, (pack, one) in known.items() if pack is last}
    if isinstance(method, Mapping):
        return {name: (known[name][0] if name in known else None, one) for name, one in method.items()}
    names = [method] if isinstance(method, str) else list(method)
    for name in names:
        if name not in known:
            raise PackError("grade-method-unknown", name=name, known=", ".join(known))
    return {name: known[name] for name in names}


def _cite(pack: Pack | None, method: Method) -> str:
    name = pack.documents[method.document].name if pack and method.document in pack.documents else method.document
    return f"{name} {method.clause}".strip()

"""What differs between two runs before anything is judged: input files, settings, versions, policy packs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from mudian.comparing.packs_of_run import RunPolicy
from mudian.evaluation import Evaluation
from mudian.packs.compare import compare as compare_policies

INPUT_COLUMNS = ("kind", "name", "before", "after", "state")
SETTING_NAMES = ("area_basis", "zone_area_base", "allocation")
_UNJUDGED = ("crs",)
_OF_POLICY = "policy:"
_CHOICES = "parameter"


def input_table(runs: tuple[Evaluation, Evaluation]) -> pd.DataFrame:
    """Input files with their SHA-256, settings, period and versions, those that are the same as well.

    Returns
    -------
    DataFrame
        ``kind`` (``file``, ``setting``, ``version``), ``name``, ``before``, ``after`` and ``state`` (``same``,
        ``changed``, ``new``, ``gone``).
    """
    sides = [dict(_entries(r.manifest)) for r in runs]
    rows = [(kind, name, *(s.get((kind, name)) for s in sides)) for kind, name in sorted({*sides[0], *sides[1]})]
    table = pd.DataFrame(rows, columns=list(INPUT_COLUMNS[:4])).astype("str")
    one, two = table["before"], table["after"]
    state = pd.Series("changed", table.index).mask(one == two, "same")
    return table.assign(state=state.mask(one.isna(), "new").mask(two.isna(), "gone").astype("str"))


def _entries(manifest: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    for name, files in manifest.get("inputs", {}).items():
        if not name.startswith(_OF_POLICY):
            # A file that only moved or has another name is the same input.
            yield ("file", name), " ".join(sorted(f["sha256"] for f in files))
    settings, parameters = manifest["project"], manifest.get("parameters", {})
    for name in SETTING_NAMES:
        yield ("setting", name), str(parameters.get(name, settings.get(name)))
    yield ("setting", "as_of"), str(settings["as_of"])
    yield ("setting", "period"), str(settings.get("period"))
    for name in _UNJUDGED:
        yield ("setting", name), str(parameters.get(name))
    for name, number in manifest.get("versions", {}).items():
        yield ("version", name), str(number)


def data_factor(inputs: pd.DataFrame) -> str:
    """What the change of the measured tables is called: data, else settings, else the program."""
    changed = inputs[inputs["state"] != "same"]
    if (changed["kind"] == "file").any() or (changed["name"] == "period").any():
        return "data"
    if changed["name"].isin(SETTING_NAMES).any():
        return "settings"
    return "program" if ((changed["kind"] == "version") & (changed["name"] == "mudian")).any() else "data"


def policy_table(policies: tuple[RunPolicy, RunPolicy]) -> pd.DataFrame:
    """Entries of the packs that differ between the runs, each on the day of its run, and choices of the user.

    Returns
    -------
    DataFrame
        As :func:`mudian.packs.compare.compare`; choices have the kind ``parameter``.
    """
    one, two = policies
    found = compare_policies(one.on(one.as_of), two.on(two.as_of))
    keys = sorted({*one.parameters, *two.parameters} - set(found["key"]))
    chosen = [
        (k, _CHOICES, str(one.parameters.get(k, "")), str(two.parameters.get(k, "")), "", "", "")
        for k in keys
        if one.parameters.get(k) != two.parameters.get(k)
    ]
    more = pd.DataFrame(chosen, columns=list(found.columns)).astype("str")
    return pd.concat([found, more], ignore_index=True) if len(more) else found

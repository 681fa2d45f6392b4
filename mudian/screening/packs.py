"""The packs of a finished run, where they are still at hand and still say what they said."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mudian.errors import PackError
from mudian.explain.record import as_record, policy_record
from mudian.packs.policy import Policy, policies
from parcels.errors import FormatError


def policy_of_run(manifest: Mapping[str, Any], folder: Path | None = None) -> Policy | None:
    """The packs that made a run.

    Parameters
    ----------
    manifest
        Of the run.
    folder
        Folder of the project file, for packs of the user.

    Returns
    -------
    Policy or None
        None without packs, and where one cannot be read or says something else today: rules and values are compared
        with the record of the run.
    """
    project, record = manifest["project"], as_record(manifest.get("policies"))
    names = project.get("policies", ())
    if not names or not record:
        return None
    given = {k: _day(v) for k, v in record.get("parameters", {}).items()}
    try:
        found = policies(
            names, as_of=dt.date.fromisoformat(str(project["as_of"])), parameters=given,
            confirmed=record.get("confirmed", ()), folder=folder,
        )  # fmt: skip
    except (PackError, FormatError, OSError):
        return None
    return found if _same(policy_record(found), record) else None


def judges_projects(manifest: Mapping[str, Any]) -> bool:
    """Whether rules of the run concern the admission of projects."""
    rules = as_record(manifest.get("policies")).get("rules", ())
    return any(r["subject"] == "project" and r["family"] in ("admission", "entry") for r in rules)


def _same(now: Mapping[str, Any], then: Mapping[str, Any]) -> bool:
    """Whether the rules are those of the run, with the values of the run."""
    now, then = (json.loads(json.dumps(record, default=str)) for record in (now, then))
    values = {v["key"]: v for v in then.get("values", ())}
    return bool(now["rules"] == then.get("rules") and all(values.get(v["key"]) == v for v in now["values"]))


def _day(value: object) -> object:
    """A day as the project file has it; the manifest keeps days as text."""
    try:
        return dt.date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return value

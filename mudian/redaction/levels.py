"""Applying a level: the whole run goes in, and what may be given to its readers comes out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NoReturn

from mudian.errors import UsageError
from mudian.evaluation import Evaluation
from mudian.redaction.enterprise import of_enterprise
from mudian.redaction.public import public
from mudian.redaction.rules import Level, Limits, lists, say
from parcels.catalog import Lang


def redact(
    evaluation: Evaluation,
    *,
    level: Level,
    enterprise: str | None = None,
    min_enterprises: int | None = None,
    max_share: float | None = None,
    cell_m: float | None = None,
) -> Evaluation:
    """A run at a level of redaction.

    Parameters
    ----------
    evaluation
        Internal results; not changed.
    level
        ``public`` (公开), ``internal`` (内部, everything) or ``enterprise`` (企业本人).
    enterprise
        Credit code of the enterprise that the results are for, at the level ``enterprise``.
    min_enterprises, max_share
        A sum covers at least so many enterprises and parcels, and no enterprise has a larger share of it.
    cell_m
        Side of the smallest square of the public level, in metres.

    Raises
    ------
    UsageError
        When the results are already redacted, at whatever level, or no (known) enterprise is named.
    """
    given = {
        "level": level, "enterprise": enterprise, "min_enterprises": min_enterprises, "max_share": max_share,
        "cell_m": cell_m,
    }  # fmt: skip
    limits = Limits.of(given)
    return _further(evaluation, limits) if level_of(evaluation) != "internal" else _at(evaluation, limits)


def redacted(evaluation: Evaluation) -> Evaluation:
    """A run at the level that its project asks for; one that is redacted stays as it is."""
    if level_of(evaluation) != "internal":
        return evaluation
    return _at(evaluation, Limits.of(evaluation.manifest["parameters"].get("output", {})))


def level_of(evaluation: Evaluation) -> Level:
    """The level of results in memory or of a folder."""
    found: Level = evaluation.manifest.get("redaction", {}).get("level", "internal")
    return found


def _at(evaluation: Evaluation, limits: Limits) -> Evaluation:
    if limits.level == "internal":
        return evaluation
    return public(evaluation, limits) if limits.level == "public" else of_enterprise(evaluation, limits)


def _further(evaluation: Evaluation, limits: Limits) -> NoReturn:
    """Refuse: results that hide something cannot be checked against other limits or another enterprise."""
    lang: Lang = evaluation.manifest["project"]["lang"]
    raise UsageError("redaction-further", found=say(level_of(evaluation), lang), wanted=say(limits.level, lang))


def formats_left_out(evaluation: Evaluation) -> tuple[str, ...]:
    """The formats that are not written at the level of some results."""
    return () if level_of(evaluation) == "internal" else tuple(lists()["manifest"]["formats_left_out"])


def refuse_other_level(folder: Path, wanted: Level, *, lang: Lang) -> None:
    """Refuse to write into a folder with results of another level, so that none of them is taken for the other.

    Raises
    ------
    UsageError
        When the folder holds such results.
    """
    try:
        manifest = json.loads((folder / "manifest.json").read_bytes())
        found: Level = manifest.get("redaction", {}).get("level", "internal")
    except (OSError, ValueError, AttributeError):
        return
    if found != wanted:
        raise UsageError("redaction-mixed", file=folder, found=say(found, lang), wanted=say(wanted, lang))

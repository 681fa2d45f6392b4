"""Ledger and manifest of a redacted run: what happened, without of what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pandas as pd

from mudian.packs.catalog import bundled
from mudian.redaction.rules import Limits, lists, say
from parcels.catalog import CATALOG, Lang

_LEDGER = ["stage", "severity", "code", "source", "row", "id", "field", "before", "after", "message"]


def bare_message(code: str, lang: Lang) -> str:
    """The text of a ledger code with dots for everything that it is filled with.

    Examples
    --------
    >>> bare_message("correction-blank", "en")
    '… rows of the list of questions have no corrected value'
    """
    text = CATALOG.ledger.get(code)
    if text is None:
        return code
    template = text.zh if lang == "zh" else text.en
    return template.format_map(defaultdict(lambda: "…"))


def bare_ledger(ledger: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """How often each code occurs: no file, record, value or filled-in text stays."""
    counts = ledger.groupby(["stage", "severity", "code"], sort=True).size().reset_index(name="count")
    made = counts.assign(
        message=[
            say("count", lang, text=bare_message(str(code), lang), count=n)
            for code, n in zip(counts["code"], counts["count"], strict=True)
        ]
    )
    return _with_all_columns(made)


def own_ledger(ledger: pd.DataFrame, ids: set[str], lang: Lang) -> pd.DataFrame:
    """The rows about some records, without values and filled-in texts: those may name others."""
    mine = ledger[ledger["id"].isin(ids).to_numpy(bool)][["stage", "severity", "code", "id"]]
    texts = {code: bare_message(str(code), lang) for code in mine["code"].unique()}
    return _with_all_columns(mine.assign(message=mine["code"].map(texts)))


def _with_all_columns(table: pd.DataFrame) -> pd.DataFrame:
    made = table.reindex(columns=_LEDGER).reset_index(drop=True)
    return made.astype({c: "Int64" if c == "row" else "str" for c in _LEDGER})


def bare_manifest(manifest: Mapping[str, Any], limits: Limits, *, record: bool = False) -> dict[str, Any]:
    """What of a manifest may stay; ``record`` keeps what was read from the policy packs."""
    keep = lists()["manifest"]
    lang: Lang = manifest["project"]["lang"]
    parameters = manifest["parameters"]
    output = {k: v for k, v in parameters.get("output", {}).items() if k in keep["output"]}
    accounts = manifest["conservation"].values()
    ledger = manifest["ledger"]
    return {
        "project": _kept(manifest["project"], keep["project"])
        | {"policies": _packs(manifest["project"].get("policies", ()), lang), "confirmed": []},
        "inputs": {},
        "decisions": [],
        "policies": manifest.get("policies", {}) if record else {},
        "parameters": _kept(parameters, keep["parameters"]) | {"output": output | {"level": limits.level}},
        "rows": {},
        "conservation": {},
        "ledger": {s: int(ledger[s]) for s in ("error", "warning", "info") if s in ledger},
        "versions": dict(manifest["versions"]),
        "timings": _kept(manifest["timings"], keep["timings"]),
        "redaction": {
            "level": limits.level,
            "min_enterprises": limits.min_enterprises,
            "max_share": limits.max_share,
            "cell_m": limits.cell_m,
            "formats_left_out": [f for f in keep["formats_left_out"] if f in output.get("formats", ())],
            "conservation_holds": all(bool(a["holds"]) for a in accounts),
        },
    }


def _kept(values: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    return {name: values[name] for name in names if name in values}


def _packs(packs: object, lang: Lang) -> list[str]:
    """Bundled packs by their id; that there are others, but not what their files are called."""
    known = bundled()
    names = [str(p) for p in packs] if isinstance(packs, list | tuple) else []
    return list(dict.fromkeys(p if p in known else say("own_pack", lang) for p in names))

"""What a reader of the screening must know: settings, benchmarks by zone, counts, what was not tested."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from mudian.evaluation import Evaluation
from mudian.labels import word
from mudian.screening.ease import Ease
from mudian.screening.reasons import CANDIDATE, POSSIBLE, Tests
from mudian.screening.words import choices, limit, listing, say
from mudian.settings import ScreeningSettings
from parcels.catalog import Lang

_LIMITS = ("min_site_mu", "min_border_m", "gap_m")


def notes_of(
    settings: ScreeningSettings, tests: Tests, eased: Ease, table: pd.DataFrame, sites: pd.DataFrame, floor: object,
    kinds: Mapping[str, str], evaluation: Evaluation, lang: Lang,
) -> dict[str, Any]:  # fmt: skip
    """The facts of a screening as plain values, and the sentences that say how to read its figures."""
    limits = {n: limit(n, settings) for n in _LIMITS}
    counts = {n: int((table["list"] == n).sum()) for n in (CANDIDATE, POSSIBLE)}
    mu = {n: float(table.loc[(table["list"] == n).to_numpy(bool), "area_mu"].sum()) for n in counts}
    return {
        "settings": settings.model_dump(mode="json"),
        "limits": limits,
        "kinds": dict(kinds),
        "counts": counts,
        "mu": mu,
        "sites": len(sites),
        "reasons": {n: int(o.fillna(False).sum()) for n, o in tests.outcomes.items()},
        "not_tested": list(tests.not_made),
        "weights": {n: float(w) for n, w in eased.weights.items()},
        "left_out": list(eased.left_out),
        "benchmarks": _by_zone(table, settings),
        "sentences": sentences(settings, tests, eased, kinds, evaluation, lang),
    }


def sentences(
    settings: ScreeningSettings, tests: Tests, eased: Ease, kinds: Mapping[str, str], evaluation: Evaluation, lang: Lang
) -> list[str]:
    """How to read the figures, one sentence each."""
    base = word(str(evaluation.manifest.get("parameters", {}).get("zone_area_base", "parcel")), lang)
    share = f"{choices()['limits']['top_share']:.0%}"
    colon = "：" if lang == "zh" else ": "
    said = [
        f"{say('scenarios', n, lang)}{colon}{say('rules', n, lang, base=base, share=share)}" for n in settings.shown
    ]
    said += [say("rules", n, lang) for n in ("gain", "idle_zero", "ease", "front")]
    names = {n: choices()["ease"][n][lang] for n in choices()["ease"]}
    weights = listing([f"{names[n]} {w:.3f}" for n, w in eased.weights.items()], lang)
    said.append(say("rules", "weights", lang, weights=weights))
    if eased.left_out:
        said.append(say("rules", "left_out", lang, items=listing([names[n] for n in eased.left_out], lang)))
    if tests.not_made:
        said.append(
            say("rules", "not_tested", lang, tests=listing([say("tests", n, lang) for n in tests.not_made], lang))
        )
    border, gap, area = (f"{limit(n, settings):g}" for n in ("min_border_m", "gap_m", "min_site_mu"))
    said += [say("rules", "sites", lang, border=border, gap=gap, area=area), _roads(settings, kinds, evaluation, lang)]
    if any(getattr(settings, n) is None for n in _LIMITS):
        said.append(choices()["limits"]["reason"][lang])
    return said


def _roads(settings: ScreeningSettings, kinds: Mapping[str, str], evaluation: Evaluation, lang: Lang) -> str:
    names = [n for n in evaluation.layers if kinds.get(n) in choices()["barriers"]["kinds"]]
    if settings.cross_roads:
        return say("rules", "roads_crossed", lang, width=f"{limit('road_m', settings):g}")
    lost = lost_barriers(kinds, evaluation)
    if lost:
        return say("rules", "roads_lost", lang, layers=listing(lost, lang))
    return say("rules", "roads", lang, layers=listing(names, lang)) if names else say("rules", "roads_none", lang)


def lost_barriers(kinds: Mapping[str, str], evaluation: Evaluation) -> list[str]:
    """Layers of the run that a site must not cross and that are not at hand: results without a GeoPackage."""
    kept = evaluation.manifest.get("layers")
    gone = kept is not None and not evaluation.layers
    barriers = [n for n, kind in kinds.items() if kind in choices()["barriers"]["kinds"]]
    return [n for n in barriers if n not in evaluation.layers] if gone else []


def _by_zone(table: pd.DataFrame, settings: ScreeningSettings) -> dict[str, dict[str, float | None]]:
    """The benchmarks that are the same for all parcels of a zone."""
    made: dict[str, dict[str, float | None]] = {}
    for name in (n for n in settings.shown if n != "standard_floor"):
        first = table.dropna(subset="zone_id").groupby("zone_id")[f"benchmark_{name}"].first()
        for zone, value in first.items():
            made.setdefault(str(zone), {})[name] = None if np.isnan(value) else float(value)
    return made

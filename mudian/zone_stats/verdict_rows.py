"""Number and land of the parcels with each verdict (疑似…), and of those that could not be decided."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from mudian.zone_stats.definitions import Measure, definitions
from mudian.zone_stats.figures import Figure, Zoned
from mudian.zone_stats.rows import measure_rows
from parcels.catalog import Lang


def verdict_rows(z: Zoned, known: Mapping[str, Figure], lang: Lang) -> list[pd.DataFrame]:
    """The rows of every verdict; one that the packs of the run do not judge is unknown, never zero."""
    words, made = definitions(), []
    twice = [n for n, e in words["verdicts"].items() if e.get("against")]  # the same question is undecided once
    for name, entry in words["verdicts"].items():
        for part, said in words["verdict_measures"].items():
            if part.startswith("undecided") and name in twice:
                continue
            texts = {lg: said[lg].format(verdict=entry[lg]) for lg in ("zh", "en")}
            measure = Measure(f"{name}_{part}", "land", said["unit"], f"{name}_{part}", "", texts)
            made.append(measure_rows(z, measure, known, lang))
    return made

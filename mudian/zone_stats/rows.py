"""Rows of the statistics: a figure, or one figure over another, of every zone and of all zones together.

All zones together are a ratio of sums over the zones that have both figures. A sum is known only where every zone has
its part. A quotient whose denominator is zero is not applicable, which is neither zero nor unknown.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from mudian.zone_stats.definitions import Measure, city, say
from mudian.zone_stats.figures import Figure, Floats, Mask, Texts, Zoned, nothing
from parcels.catalog import Lang

GIVEN, UNKNOWN, NOT_APPLICABLE = "given", "unknown", "not_applicable"


def measure_rows(z: Zoned, measure: Measure, figures: Mapping[str, Figure], lang: Lang) -> pd.DataFrame:
    """The rows of one measure.

    Parameters
    ----------
    z
        Zones and parcels.
    measure
        What is over what.
    figures
        The figures by name; one that is not there is unknown and named.
    lang
        Language of names and notes.
    """
    above = figures.get(measure.numerator) or nothing(z, measure.numerator)
    if not measure.denominator:
        return _framed(z, measure, _plain(above), lang)
    below = figures.get(measure.denominator) or nothing(z, measure.denominator)
    return _framed(z, measure, _quotients(above, below, measure.scale, lang), lang)


def _framed(z: Zoned, measure: Measure, made: Mapping[str, object], lang: Lang) -> pd.DataFrame:
    ids = [city(), *z.zones["zone_id"].astype("str")]
    front = {
        "zone_id": ids, "group": measure.group, "measure": measure.name, "label": measure.words[lang],
        "unit": measure.unit, "numerator_name": measure.numerator if measure.denominator else "",
        "denominator_name": measure.denominator,
        "source": measure.source,
    }  # fmt: skip
    return pd.DataFrame(front | dict(made))


def _plain(figure: Figure) -> dict[str, object]:
    """A figure by itself."""
    known = bool(len(figure.value)) and not np.isnan(figure.value).any()
    whole = figure.city if figure.city is not None else float(figure.value.sum()) if known else np.nan
    value = np.concatenate([[whole], figure.value])
    missing = _with_city(figure.missing, _united(figure.missing) if np.isnan(whole) else "")
    return {
        "value": value, "numerator": np.nan, "denominator": np.nan, "covered": _covered(figure, None),
        "missing": missing, "status": np.where(np.isnan(value), UNKNOWN, GIVEN), "note": "",
    }  # fmt: skip


def _quotients(above: Figure, below: Figure, scale: float, lang: Lang) -> dict[str, object]:
    """One figure over another."""
    both = ~np.isnan(above.value) & ~np.isnan(below.value)
    top = _over_zones(above, both)
    bottom = _over_zones(below, both)
    numerator, denominator = np.concatenate([[top], above.value]), np.concatenate([[bottom], below.value])
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(denominator > 0, numerator / denominator, np.nan) * scale
    known = ~np.isnan(numerator) & ~np.isnan(denominator)
    names = _joined(above.missing, below.missing)
    missing = np.where(known, "", _with_city(names, _united(names))).astype(object)
    status = np.where(~np.isnan(value), GIVEN, np.where(known, NOT_APPLICABLE, UNKNOWN))
    note = np.full(len(value), "", dtype=object)
    if both.any() and not both.all():
        note[0] = say("notes", "some_zones", lang, known=int(both.sum()), count=len(both))
    return {
        "value": value, "numerator": numerator, "denominator": denominator, "covered": _covered(above, below, both),
        "missing": missing, "status": status, "note": note,
    }  # fmt: skip


def _over_zones(figure: Figure, both: Mask) -> float:
    """The figure of all zones that have both."""
    if figure.city is not None:
        return figure.city
    return float(figure.value[both].sum()) if both.any() else np.nan


def _covered(above: Figure, below: Figure | None, both: Mask | None = None) -> Floats:
    """The share of land whose parcels say something, the smaller one of the two figures."""
    shares = [_share(f, both) for f in (above, below) if f is not None and f.known_mu is not None]
    if not shares:
        return np.full(len(above.value) + 1, np.nan)
    least: Floats = np.minimum.reduce(shares)
    return least


def _share(figure: Figure, both: Mask | None) -> Floats:
    known = figure.known_mu if figure.known_mu is not None else np.zeros(len(figure.value))
    asked = figure.of_mu if figure.of_mu is not None else np.zeros(len(figure.value))
    counted = known if both is None else known * both
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.concatenate([[counted.sum()], known]) / np.concatenate([[asked.sum()], asked])
    return np.where(np.isfinite(shares), shares, np.nan)


def _joined(first: Texts, second: Texts) -> Texts:
    return np.array([_names(a, b) for a, b in zip(first, second, strict=True)], dtype=object)


def _united(missing: Texts) -> str:
    return _names(*missing)


def _names(*texts: str) -> str:
    """Names of several cells, each once, in the order of their letters."""
    return ";".join(sorted({n for t in texts for n in str(t).split(";") if n}))


def _with_city(missing: Texts, whole: str) -> Texts:
    return np.concatenate([np.array([whole], dtype=object), missing])

"""What the statistics of a zone are: measures, verdicts, words and published figures, from ``data/zone_stats.toml``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from mudian.labels import column_label, word
from parcels.catalog import Lang

COLUMNS = (
    "zone_id", "zone_name", "group", "measure", "label", "value", "unit", "numerator", "numerator_name", "denominator",
    "denominator_name", "covered", "status", "missing", "metric", "operator", "target", "gap", "benchmark_mean",
    "benchmark_mean_source", "benchmark_max", "benchmark_max_source", "benchmark_national",
    "benchmark_national_source", "benchmark_fit", "clause", "source", "note",
)  # fmt: skip
NUMBERS = (
    "value", "numerator", "denominator", "covered", "target", "gap", "benchmark_mean", "benchmark_max",
    "benchmark_national",
)  # fmt: skip
PER_CENT = "%"
_HUNDRED = 100.0
_CLASSES = re.compile(r"[A-H]\d*(\+[A-H]\d*)*$")  # land of classes of TD/T 1029


@dataclass(frozen=True)
class Measure:
    """A figure, or one figure over another.

    Attributes
    ----------
    name
        Key of the measure.
    group
        Part of the statistics that it belongs to.
    unit
        Unit of its value; per cent multiplies the quotient.
    numerator, denominator
        Names of figures; no denominator means the numerator itself.
    words
        What it is called, by language.
    source
        Where its definition is from.
    """

    name: str
    group: str
    unit: str
    numerator: str
    denominator: str
    words: Mapping[str, str]
    source: str = ""

    @property
    def scale(self) -> float:
        """What the quotient is multiplied by."""
        return _HUNDRED if self.unit == PER_CENT and self.denominator else 1.0


@cache
def definitions() -> dict[str, Any]:
    """Everything that stands in ``data/zone_stats.toml``."""
    return tomllib.loads((files("mudian") / "data" / "zone_stats.toml").read_text(encoding="utf-8"))


def city() -> str:
    """The key of the rows of all zones together."""
    return str(definitions()["city"])


@cache
def measures() -> tuple[Measure, ...]:
    """The measures that every zone has, in their order."""
    known = definitions()
    over = [
        Measure(
            f"{name}_{base}", "intensity", "万元/亩", entry["numerator"], base_figure(base),
            {lang: entry[lang].format(base=word(base, lang)) for lang in ("zh", "en")},
        )
        for name, entry in known["over"].items()
        for base in known["bases"]
    ]  # fmt: skip
    plain = [
        Measure(
            name, e["group"], e["unit"], e["numerator"], e.get("denominator", ""), {"zh": e["zh"], "en": e["en"]},
            e.get("source", ""),
        )
        for name, e in known["measures"].items()
    ]  # fmt: skip
    return (*over, *plain)


def base_figure(base: str) -> str:
    """The column that holds the land of a base.

    Examples
    --------
    >>> base_figure("supplied"), base_figure("zone")
    ('supplied_mu', 'area_mu')
    """
    return "area_mu" if base == "zone" else f"{base}_mu"


def say(section: str, name: str, lang: Lang, /, **values: object) -> str:
    """A text with its braces filled; what the section does not have stays as it is."""
    found: Mapping[str, str] | None = definitions()[section].get(name)
    if found is None:
        return name
    return found[lang].format(**values) if values else found[lang]


def figure_title(name: str, lang: Lang, named: Mapping[Any, Any] | None = None) -> str:
    """What a figure is called: by its own words, as the column of that name, or by the measure of that name.

    Parameters
    ----------
    name
        Name of a figure.
    named
        What the measures are called.

    Examples
    --------
    >>> figure_title("approved_unsupplied_parcels_mu", "zh"), figure_title("supplied_mu", "zh")
    ('批而未供宗地面积', '已供面积')
    """
    if name in definitions()["figures"]:
        return say("figures", name, lang)
    column = column_label(name, lang)
    if column != name:
        return column.rpartition("（")[0] or column.rpartition(" (")[0] or column
    return str((named or {}).get(name, name))


def figure_word(name: str, lang: Lang, named: Mapping[Any, Any] | None = None) -> str:
    """What a figure is called, with its unit.

    Examples
    --------
    >>> figure_word("approved_unsupplied_parcels_mu", "en"), figure_word("A+B21", "zh")
    ('parcels approved and not supplied (mu)', 'A+B21（公顷）')
    """
    if not name:
        return ""
    title, ends = figure_title(name, lang, named), definitions()["ends"]
    end = next((e for e in ends if name.partition("@")[0].endswith(e)), "class" if _CLASSES.match(name) else "")
    if not end:
        return title
    unit: str = ends[end][lang] if end in ends else say("units", "ha", lang)
    return f"{title}（{unit}）" if lang == "zh" else f"{title} ({unit})"

"""The statistics of the zones of a run (开发区统计), one figure of one zone a row."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from mudian.evaluation import Evaluation
from mudian.zone_stats.beside import with_benchmarks
from mudian.zone_stats.definitions import COLUMNS, NUMBERS, city, definitions, measures, say
from mudian.zone_stats.figures import Zoned, figures, zoned
from mudian.zone_stats.held import target_rows
from mudian.zone_stats.makeup import grade_rows, industry_rows, zone_links
from mudian.zone_stats.passed import evaluation_rows
from mudian.zone_stats.rows import GIVEN, measure_rows
from mudian.zone_stats.verdict_rows import verdict_rows
from parcels.catalog import Lang

_STATED, _SHAPE = "factory_use_pct", ".shp"


def zone_statistics(evaluation: Evaluation, *, lang: Lang | None = None) -> pd.DataFrame:
    """Statistics of every zone of a run, and of all its zones together.

    Intensity under each named denominator, building, structure of land, verdicts, grades, leading industries, supply,
    the rates and potentials of TD/T 1029, and the targets of the policy packs with the gap to each; published figures
    stand beside those of the zone. All zones together (``zone_id`` = ``*``) are ratios of sums, never means of ratios.

    Parameters
    ----------
    evaluation
        The results of a run; not changed.
    lang
        Language of names and notes; that of the project by default.

    Returns
    -------
    DataFrame
        ``zone_id``, ``zone_name``, ``group``, ``measure`` (a key), ``label``, ``value``, ``unit``; ``numerator`` and
        ``denominator`` with the names of what they are; ``covered``, the share of land whose parcels say something;
        ``status`` (``given``, ``unknown``, ``not_applicable``; for targets ``yes``, ``no``, ``unknown``) and
        ``missing``, what an unknown one lacks; for targets ``metric``, ``operator``, ``target`` and ``gap`` (value
        less target); ``benchmark_mean``, ``benchmark_max`` and ``benchmark_national`` with the source of each, and
        ``benchmark_fit``; ``clause``, ``source`` and ``note``.

    Examples
    --------
    >>> import mudian as md
    >>> run = md.load("成果")  # doctest: +SKIP
    >>> table = md.zone_statistics(run)  # doctest: +SKIP
    >>> table[table["measure"] == "tax_per_mu_supplied"][["zone_name", "value", "unit"]]  # doctest: +SKIP
    """
    speech: Lang = lang or evaluation.manifest["project"]["lang"]
    z = zoned(evaluation)
    known = figures(z)
    links = zone_links(evaluation, z)
    parts = [_stated(measure_rows(z, m, known, speech), z) for m in measures()]
    parts += verdict_rows(z, known, speech)
    parts += grade_rows(z, links, speech)
    parts += industry_rows(z, links, speech)
    parts += evaluation_rows(evaluation, z, speech)
    made = _sourced(pd.concat(parts, ignore_index=True), evaluation)
    made = pd.concat([made, target_rows(evaluation, z, made, speech)], ignore_index=True)
    return _finished(with_benchmarks(made, evaluation, z, speech), z, speech)


def _sourced(rows: pd.DataFrame, evaluation: Evaluation) -> pd.DataFrame:
    """The rows with the input files that their figures are made of behind what defines them."""
    given = evaluation.manifest.get("inputs", {})
    names = {
        group: "、".join(n for kind in kinds for n in _files([str(f["file"]) for f in given.get(kind, ())]))
        for group, kinds in definitions()["inputs"].items()
    }
    files, own = rows["group"].map(names).fillna(""), rows["source"].fillna("")
    between = np.where((own != "") & (files != ""), "; ", "")
    return rows.assign(source=own + between + files)


def _files(paths: Sequence[str]) -> list[str]:
    """Names of the files of an input without those that belong to a shapefile."""
    names = [Path(p).name for p in paths]
    shapes = {Path(n).stem for n in names if n.lower().endswith(_SHAPE)}
    return [n for n in dict.fromkeys(names) if n.lower().endswith(_SHAPE) or Path(n).stem not in shapes]


def _stated(rows: pd.DataFrame, z: Zoned) -> pd.DataFrame:
    """The use of standard factories as the zones state it, where they do not say what it is made of."""
    name = str(rows["measure"].iloc[0])
    if name != _STATED or name not in z.zones:
        return rows
    value = np.concatenate([[np.nan], z.zones[name].to_numpy(float, na_value=np.nan)])
    fresh = rows["value"].isna().to_numpy() & ~np.isnan(value)
    return rows.assign(
        value=rows["value"].mask(fresh, pd.Series(value)), status=rows["status"].mask(fresh, GIVEN),
        missing=rows["missing"].mask(fresh, ""),
    )  # fmt: skip


def _finished(rows: pd.DataFrame, z: Zoned, lang: Lang) -> pd.DataFrame:
    """All columns in their order, rows by zone and group."""
    names = {city(): say("notes", "all_zones", lang)}
    names |= dict(zip(z.zones["zone_id"].astype("str"), _names(z), strict=True))
    rows = rows.assign(zone_name=rows["zone_id"].map(names))
    place = {zone_id: n for n, zone_id in enumerate(names)}
    groups = {g: n for n, g in enumerate(definitions()["groups"])}
    order = pd.DataFrame({"zone": rows["zone_id"].map(place), "group": rows["group"].map(groups)})
    rows = rows.loc[order.sort_values(["zone", "group"], kind="stable").index].reset_index(drop=True)
    texts = {c: rows[c].fillna("").astype("str") for c in COLUMNS if c not in NUMBERS}
    return rows.assign(**texts, **{c: rows[c].astype(float) for c in NUMBERS})[list(COLUMNS)]


def _names(z: Zoned) -> list[str]:
    if "zone_name" not in z.zones:
        return ["" for _ in range(len(z.zones))]
    return ["" if pd.isna(n) else str(n) for n in z.zones["zone_name"]]


def wide(table: pd.DataFrame, *, value: str = "value") -> pd.DataFrame:
    """Statistics with one row a zone and one column a measure.

    Parameters
    ----------
    table
        Result of :func:`zone_statistics`.
    value
        Which column of it is shown: ``value``, ``gap``, ``benchmark_mean`` …

    Examples
    --------
    >>> table = pd.DataFrame({"zone_id": ["A", "A", "B"], "measure": ["x", "y", "x"], "value": [1.0, 2.0, 3.0]})
    >>> wide(table).loc["A"].tolist(), bool(np.isnan(wide(table).loc["B", "y"]))
    ([1.0, 2.0], True)
    """
    rows = table.drop_duplicates(["zone_id", "measure"])
    made = rows.pivot_table(index="zone_id", columns="measure", values=value, aggfunc="first", dropna=False)
    return made.reindex(table["zone_id"].unique())[list(table["measure"].unique())]

"""``compare``: two runs against each other, and what is behind every verdict that changed."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pandas as pd

from mudian.comparing.causes import COLUMNS as CAUSES
from mudian.comparing.causes import FACTORS, PROGRAM, changed_verdicts
from mudian.comparing.differences import SETTING_NAMES, data_factor, input_table, policy_table
from mudian.comparing.fields import COLUMNS as FIELDS
from mudian.comparing.fields import changed_fields, compared_fields, fields_of
from mudian.comparing.grounds import deciding, grounds_of, titles_of
from mudian.comparing.matching import TABLES, Matched, match_all, zone_names
from mudian.comparing.packs_of_run import RunPolicy, run_policy
from mudian.comparing.series import enterprise_table, parcel_series, quotas_of, zone_table
from mudian.comparing.worlds import Judgement, judge_worlds, stored, target_rules
from mudian.errors import UsageError
from mudian.evaluation import Evaluation, load
from parcels.catalog import Lang
from parcels.geometry.lineage import COLUMNS as LINEAGE
from parcels.geometry.lineage import lineage_account

Runs = tuple[Evaluation, Evaluation]
_NAMES = {"parcel": "owner", "enterprise": "name", "zone": "zone_name", "project": "name"}
_DECIDING = ("value", "operator", "threshold", "unit", "clause", "missing", "text")
_ROWS = ("before_row", "after_row")
_WHOLE = "internal"  # the level of results from which nothing was taken
_LINES = 20  # rows of a table that a notebook shows
LOST, CHANGED, ENDED, BLIND, SETTINGS = "lost", "changed", "ended", "blind", "settings"


@dataclass(frozen=True)
class Comparison:
    """Two runs compared. Make one with :func:`compare`.

    Attributes
    ----------
    verdicts
        A row per verdict that changed: the subject in both runs, ``verdict_before`` and ``verdict_after``, ``cause``
        (``data``, ``policy``, ``day``, ``settings``, ``both``, ``program`` or ``unknown``), ``factors`` (the least sets
        of changes that bring it: ``data|policy`` where either does, ``data+policy`` where only both do), ``own``
        (whether data of the subject itself changed), ``fields`` that changed, and the comparison that turned it, with
        value, limit and clause of both runs. Verdicts that are as they were are only counted.
    grounds
        Every comparison behind those verdicts that differs between the runs.
    changes
        Every cell of subjects of both runs that changed.
    parcels
        Every parcel with what it was: predecessors, figures, agreed start and verdicts of both runs.
    lineage, land
        Pairs of parcels with their shares (:func:`parcels.lineage`), and the land of each kind of lineage.
    enterprises, zones
        Figures of both runs side by side.
    grades
        Number of enterprises in each grade.
    inputs, policies
        Input files, settings and versions; entries of the packs that differ.
    unchanged
        Number of verdicts that are as they were, by kind of subject.
    notes
        Why some things could not be compared, as pairs of a code and what it is about.
    names
        Folder, name and day of both runs.
    """

    verdicts: pd.DataFrame
    grounds: pd.DataFrame
    changes: pd.DataFrame
    parcels: pd.DataFrame
    lineage: pd.DataFrame
    land: pd.DataFrame
    enterprises: pd.DataFrame
    zones: pd.DataFrame
    grades: pd.DataFrame
    inputs: pd.DataFrame
    policies: pd.DataFrame
    unchanged: Mapping[str, int]
    notes: tuple[tuple[str, str], ...] = ()
    names: tuple[str, str] = ("", "")
    lang: Lang = "zh"

    @property
    def counts(self) -> pd.DataFrame:
        """Number of changed verdicts by verdict and cause."""
        groups = self.verdicts.groupby(["subject", "verdict", "cause", "factors"], sort=True).size()
        return groups.rename("count").reset_index()

    def spoken(self, lang: Lang) -> Comparison:
        """The same comparison for readers of another language; the sentences of ``grounds`` stay."""
        return replace(self, lang=lang)

    def save(self, path: str | Path) -> Path:
        """Write a workbook (``.xlsx``), or the changed verdicts as a table (``.csv``).

        Raises
        ------
        UsageError
            When the name ends otherwise.
        OutputError
            When the file cannot be written.
        """
        from mudian.comparing.output import save

        return save(self, Path(path))

    def text(self) -> str:
        """The comparison for the screen: what differs, how many verdicts changed and why, and the parcels that did."""
        from mudian.comparing.output import text

        return text(self)

    def __repr__(self) -> str:
        return f"<Comparison {self.names[0]} → {self.names[1]}: {len(self.verdicts)} verdicts changed>"

    def _repr_html_(self) -> str:
        from mudian.comparing.shown import heads, tables

        shown = [table.head(_LINES) for name, table in tables(self).items() if name in ("summary", "verdicts")]
        named = [t.set_axis(heads(t, self.lang), axis=1) for t in shown]
        parts = [t.to_html(index=False, escape=True, na_rep="") for t in named]
        return f"<p>{html.escape(' → '.join(self.names))}</p>{''.join(parts)}"


def compare(
    before: Evaluation | str | Path,
    after: Evaluation | str | Path,
    *,
    packs: str | Path | None = None,
    lang: Lang | None = None,
) -> Comparison:
    """Compare two runs: what changed in data, what in policy, which parcel goes on as which.

    Every verdict that changed gets its cause by trying: the data of each run are judged by the packs and on the day of
    the other. A cause is only named where both runs, judged again, come out as they did.

    Parameters
    ----------
    before, after
        Results of runs, or their folders.
    packs
        Folder in which own packs of the runs lie, for runs whose manifest does not keep them. Such a pack is used only
        when it is byte by byte the one of the run.
    lang
        Language of sentences; that of the later run by default.

    Returns
    -------
    Comparison

    Raises
    ------
    UsageError, FormatError
        When a folder holds no results or redacted ones, or a file in it is damaged.

    Examples
    --------
    >>> compare("runs/2024", "runs/2025").verdicts[["after", "verdict", "cause"]]  # doctest: +SKIP
    """
    runs = (_loaded(before), _loaded(after))
    said: Lang = lang or runs[1].manifest["project"]["lang"]
    policies = tuple(
        run_policy(r, folders=_folders(given, r, packs)) for r, given in zip(runs, (before, after), strict=True)
    )
    both = (policies[0], policies[1])
    matched = match_all(*runs)
    inputs = input_table(runs)
    changes = _changes(runs, matched)
    verdicts, unchanged, notes = _verdicts(runs, both, matched, inputs)
    verdicts, grounds = _explained(verdicts, runs, matched, changes, said)
    found = matched["parcel"].pairs
    return Comparison(
        verdicts=verdicts,
        grounds=grounds.drop(columns="place"),
        changes=changes[list(FIELDS)],
        parcels=parcel_series(matched["parcel"], runs),
        lineage=found[[c for c in LINEAGE if c not in _ROWS]].reset_index(drop=True),
        land=lineage_account(_with_gaps(found)),
        enterprises=enterprise_table(matched["enterprise"], runs),
        zones=zone_table(matched["zone"], runs),
        grades=quotas_of({"before": runs[0].enterprises, "after": runs[1].enterprises}),
        inputs=inputs,
        policies=policy_table(both),
        unchanged=unchanged,
        notes=tuple(notes),
        names=(_name(before, runs[0]), _name(after, runs[1])),
        lang=said,
    )


def _loaded(given: Evaluation | str | Path) -> Evaluation:
    run = given if isinstance(given, Evaluation) else load(given, layers=True)
    if run.manifest.get("redaction", {}).get("level", _WHOLE) != _WHOLE:
        raise UsageError("compare-redacted", name=_name(given, run))
    return run


def _name(given: Evaluation | str | Path, run: Evaluation) -> str:
    """Name and day of a run, after its folder where there is one."""
    project = run.manifest["project"]
    name = f"{project['name']} ({project['as_of']})"
    return name if isinstance(given, Evaluation) else f"{Path(given).name}: {name}"


def _folders(given: Evaluation | str | Path, run: Evaluation, packs: str | Path | None) -> list[Path]:
    """Where own packs of a run may lie: where it was said, and the folder of the project that wrote the run."""
    found = [] if packs is None else [Path(packs)]
    if not isinstance(given, Evaluation):
        folder = Path(given).resolve()
        output = str(run.manifest.get("parameters", {}).get("output", {}).get("dir", ""))
        inner = Path(output).parts if output else ()
        depth = len(inner) if folder.parts[-len(inner) :] == inner else 1
        found += [folder, *list(folder.parents)[:depth]]
    return found


def _changes(runs: Runs, matched: Mapping[str, Matched]) -> pd.DataFrame:
    """Changed cells of all kinds of subjects."""
    zones = zone_names(matched["zone"])
    made = []
    for kind, one in matched.items():
        tables = (getattr(runs[0], TABLES[kind]), getattr(runs[1], TABLES[kind]))
        made.append(changed_fields(one, tables, compared_fields(kind, tables, runs), zones=zones))
    return pd.concat([t for t in made if len(t)] or made[:1], ignore_index=True)


def _verdicts(
    runs: Runs, policies: tuple[RunPolicy, RunPolicy], matched: Mapping[str, Matched], inputs: pd.DataFrame
) -> tuple[pd.DataFrame, dict[str, int], list[tuple[str, str]]]:
    """Changed verdicts with their causes, the numbers of the others, and what stood in the way."""
    targets = target_rules(runs)
    worlds = cache(lambda: judge_worlds(runs, policies, targets))
    told = (stored(runs[0], targets), stored(runs[1], targets))
    factors = tuple(f for f, differs in zip(FACTORS, _differing(policies), strict=True) if differs)
    unsure = _unsure(policies, inputs)
    made, unchanged = [], {}
    for kind, one in matched.items():
        if len(one.both) and _has(told, kind):
            changed, unchanged[kind] = changed_verdicts(one, told, worlds, factors=factors, unsure=unsure)
            made += [changed] if len(changed) else []
    columns = [*CAUSES, *_ROWS]
    verdicts = pd.concat(made, ignore_index=True)[columns] if made else pd.DataFrame(columns=columns)
    name = data_factor(inputs)
    if name != "data":
        verdicts["cause"] = verdicts["cause"].replace("data", name)
        verdicts["factors"] = verdicts["factors"].str.replace("data", name, regex=False)
    notes = [(LOST, p) for r in policies for p in r.lost] + [(CHANGED, p) for r in policies for p in r.changed]
    notes += [(ENDED, "")] if made and len(worlds()) < _ALL_WORLDS else []
    notes += [(SETTINGS, "")] if name == "data" and _settings_differ(inputs) else []
    notes += [(BLIND, m.blind) for m in matched.values() if m.blind]
    return verdicts, unchanged, list(dict.fromkeys(notes))


_ALL_WORLDS = 8


def _settings_differ(inputs: pd.DataFrame) -> bool:
    return bool((inputs["name"].isin(SETTING_NAMES) & (inputs["state"] != "same")).any())


def _differing(policies: tuple[RunPolicy, RunPolicy]) -> tuple[bool, bool, bool]:
    return True, not policies[0].chooses_like(policies[1]), policies[0].as_of != policies[1].as_of


def _has(told: tuple[Judgement, Judgement], kind: str) -> bool:
    return all(len(j.tables[kind].columns) for j in told)


def _unsure(policies: tuple[RunPolicy, RunPolicy], inputs: pd.DataFrame) -> tuple[str, str]:
    """For each run, why judging it again may come out otherwise."""
    versions = inputs[(inputs["kind"] == "version") & (inputs["name"] == "mudian")]
    other = bool((versions["state"] != "same").any())

    def why(policy: RunPolicy) -> str:
        if policy.lost:
            return LOST
        return CHANGED if policy.changed else PROGRAM if other else ""

    return why(policies[0]), why(policies[1])


def _explained(
    verdicts: pd.DataFrame, runs: Runs, matched: Mapping[str, Matched], changes: pd.DataFrame, lang: Lang
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The changed verdicts in their order, with names, changed fields and the comparison that turned them."""
    order = verdicts.assign(_key=verdicts["after"].fillna(verdicts["before"]))
    order = order.sort_values(["subject", "verdict", "_key", "before"], kind="stable", ignore_index=True)
    kinds = {k: m.pairs.set_index(list(_ROWS))["kind"] for k, m in matched.items()}
    parts = []
    for kind, rows in order.groupby("subject", sort=False):
        own = changes[(changes["subject"] == kind).to_numpy(bool)]
        table = getattr(runs[1], TABLES[str(kind)])
        names = table[_NAMES[str(kind)]] if _NAMES[str(kind)] in table else pd.Series("", table.index)
        lineage = kinds[str(kind)].reindex(pd.MultiIndex.from_frame(rows[list(_ROWS)])).to_numpy(object)
        fields = fields_of(rows, own)
        name = names.astype("str").iloc[rows["after_row"].astype("int64")].to_numpy(object)
        parts.append(rows.assign(name=name, lineage=lineage, fields=fields, own=fields != ""))
    whole = pd.concat(parts).sort_index() if parts else order.assign(name="", lineage="", fields="", own=False)
    whole = whole.assign(title=titles_of(whole["verdict"], runs, lang=lang))
    grounds = grounds_of(whole, runs, lang=lang)
    turned = deciding(whole, grounds)
    columns = ["subject", "before", "after", "name", "lineage", "verdict", "title", "verdict_before", "verdict_after",
               "cause", "factors", "own", "fields", "reason", "rule_id", "rule"]  # fmt: skip
    both = [f"{c}_{s}" for c in _DECIDING for s in ("before", "after")]
    return whole.assign(**{str(c): turned[c] for c in turned})[[*columns, *both]], grounds


def _with_gaps(pairs: pd.DataFrame) -> pd.DataFrame:
    """Pairs whose missing side is missing again, as the account of land reads them."""
    return pairs.assign(**{c: pairs[c].where(pairs[c] >= 0).astype("Int64") for c in _ROWS})

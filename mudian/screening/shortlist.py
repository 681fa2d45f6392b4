"""``mudian.screen``: the screening of a finished run looked at anew, without running it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

import maps
from mudian.errors import UsageError
from mudian.evaluation import Evaluation, load
from mudian.labels import column_label
from mudian.packs.policy import Policy
from mudian.rules.admission import UNKNOWN, admit
from mudian.screening.assemble import Objective
from mudian.screening.matching import match_projects, targets_of
from mudian.screening.packs import judges_projects, policy_of_run
from mudian.screening.screen import Screening, settings_of
from mudian.screening.screen import screen as screen_parcels
from mudian.screening.words import choices, listing, say
from mudian.settings import ScreeningSettings
from parcels.catalog import Lang

WANTED = "wanted"


@dataclass(frozen=True)
class Shortlist:
    """A screening with one scenario in front. Make one with :func:`mudian.screen`.

    Attributes
    ----------
    screening
        Everything that was found.
    scenario
        The scenario by which candidates and sites are put in order.
    best
        The best site of at least so many mu; None where none was asked for, empty where there is none.
    wanted
        The wanted project with its admission; None where none was asked for.
    matches
        The land that was held against the wanted project, or against the projects of the run.
    notes
        How to read the figures, one sentence each.
    asked
        ``at_least_mu`` and ``objective`` of the best site.
    """

    screening: Screening
    scenario: str
    evaluation: Evaluation = field(repr=False)
    best: gpd.GeoDataFrame | None
    wanted: pd.DataFrame | None
    matches: pd.DataFrame
    notes: tuple[str, ...]
    lang: Lang
    asked: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def parcels(self) -> pd.DataFrame:
        """Candidates by Pareto front and gain, then the parcels that cannot be decided."""
        return self.screening.parcels

    @property
    def sites(self) -> gpd.GeoDataFrame:
        """Sites by Pareto front and gain of the scenario."""
        sites = self.screening.sites
        keys = [f"front_{self.scenario}", f"gain_{self.scenario}_wan", "site_id"]
        found: gpd.GeoDataFrame = sites.sort_values(keys, ascending=[True, False, True], kind="stable")
        return found.reset_index(drop=True)

    def assemble(self, at_least_mu: float, *, objective: Objective = "gain") -> gpd.GeoDataFrame:
        """The best contiguous site of at least so many mu; see :meth:`mudian.screening.Screening.best`."""
        found = self.screening.best(at_least_mu, scenario=self.scenario, objective=objective)
        made = found.assign(least_mu=float(at_least_mu), scenario=self.scenario, objective=objective)
        return gpd.GeoDataFrame(made, geometry="geometry", crs=found.crs)

    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables with words for codes, by the name of their sheet; empty ones are left out."""
        from mudian.screening.shown import shortlist_tables

        return shortlist_tables(self)

    def text(self, *, top: int = 10) -> str:
        """Candidates, sites, the best site and the wanted project in sentences.

        Parameters
        ----------
        top
            How many candidates, sites and matches are told.
        """
        from mudian.screening.text import shortlist_text

        return shortlist_text(self, top)

    def save(self, path: str | Path) -> Path:
        """Write a workbook (``.xlsx``) with all sheets, or the listed parcels alone as ``.csv``.

        Raises
        ------
        UsageError
            When the name has another ending.
        OutputError
            When the file cannot be written.
        """
        from mudian.screening.output import save

        return save(self, Path(path))

    def page(self) -> maps.Page:
        """The map page of the run with the sites of this screening."""
        from mudian.mapping import map_page

        return map_page(self._anew())

    def sheet(self, zone: str | None = None, **options: Any) -> maps.Sheet:
        """A print sheet of the sites in their classes.

        Parameters
        ----------
        zone
            ``zone_id`` of the only zone to be shown.
        options
            Passed to :func:`maps.sheet`: ``size``, ``orientation``, ``scale`` …
        """
        from mudian.screening.mapped import site_map

        return site_map(self, zone, **options)

    def _anew(self) -> Evaluation:
        """The run with this screening in the place of its own."""
        found = self.screening
        manifest = self.evaluation.manifest | {"screening": found.notes}
        anew = replace(
            self.evaluation, screening=found.parcels, sites=found.sites, site_matches=found.matches, manifest=manifest
        )
        return anew.spoken(self.lang)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        counts = self.screening.notes["counts"]
        return (
            f"<Shortlist {self.evaluation.manifest['project']['name']}: {counts['candidate']} candidates, "
            f"{counts['possible']} undecided, {len(self.screening.sites)} sites, by {self.scenario}>"
        )

    def _repr_html_(self) -> str:
        from mudian.screening.text import shortlist_html

        return shortlist_html(self)


def screen(
    evaluation: Evaluation | str | Path,
    *,
    scenario: str | None = None,
    at_least_mu: float | None = None,
    objective: Objective = "gain",
    mu: float | None = None,
    industry: str | None = None,
    investment_wan: float | None = None,
    project: Mapping[str, object] | None = None,
    cross_roads: bool | None = None,
    min_site_mu: float | None = None,
    benchmark_tax_per_mu: float | None = None,
    grades: Sequence[str] | None = None,
    settings: ScreeningSettings | None = None,
    policy: Policy | None = None,
    lang: Lang | None = None,
) -> Shortlist:
    """Screen a finished run for land to redevelop (腾笼换鸟), with other settings than the run where asked for.

    Parameters
    ----------
    evaluation
        The results of a run, or their folder. Nothing in them is changed.
    scenario
        ``zone_mean``, ``standard_floor``, ``top_quartile`` or ``own``, by which candidates and sites are put in order;
        the first one of the run by default.
    at_least_mu, objective
        Look for the best contiguous site of at least so many mu: ``gain`` (highest gain per mu) or ``owners`` (fewest).
    mu, industry, investment_wan
        A wanted project: its land (亩), industry code and investment (万元). Sites and remaining pieces are held
        against it, with its admission by the packs of the run.
    project
        More fields of the wanted project, by their canonical names, as far as rules on admission ask for them.
    cross_roads, min_site_mu, benchmark_tax_per_mu, grades
        Keys of ``[screening]`` to be changed.
    settings
        All of ``[screening]``; by default that of the run.
    policy
        The packs; by default those of the run where they can be read and still say the same.
    lang
        Language of texts; that of the run by default.

    Returns
    -------
    Shortlist

    Raises
    ------
    UsageError
        When a scenario, area or project makes no sense, or the folder holds no results or redacted ones.
    """
    _refuse(at_least_mu, mu, investment_wan, asks=industry is not None or investment_wan is not None or bool(project))
    folder = None if isinstance(evaluation, Evaluation) else Path(evaluation).resolve().parent
    run = evaluation if isinstance(evaluation, Evaluation) else load(evaluation, layers=True)
    if run.manifest.get("redaction"):
        raise UsageError("screen-redacted", name=str(run.manifest["project"]["name"]))
    changed = {"cross_roads": cross_roads, "min_site_mu": min_site_mu, "benchmark_tax_per_mu": benchmark_tax_per_mu,
               "grades": None if grades is None else tuple(grades)}  # fmt: skip
    _refuse_grades(grades, run)
    own = _settings(settings or settings_of(run.manifest), scenario, changed)
    speech: Lang = lang or run.manifest["project"]["lang"]
    known = policy or policy_of_run(run.manifest, folder)
    found = screen_parcels(run, settings=own, policy=known, lang=speech)
    lost = known is None and bool(run.manifest["project"].get("policies"))
    notes = [say("print", "policy_lost", speech)] if lost else []
    wanted = None if mu is None else _wanted(run, mu, industry, investment_wan, project or {}, known, speech)
    matches = found.matches if wanted is None else match_projects(wanted, _targets(run, found))
    notes += found.notes["sentences"]
    made = Shortlist(found, own.shown[0], run, None, wanted, matches, tuple(notes), speech)
    if at_least_mu is None:
        return made
    asked = {"at_least_mu": float(at_least_mu), "objective": objective}
    return replace(made, best=made.assemble(at_least_mu, objective=objective), asked=asked)


def _refuse(at_least_mu: float | None, mu: float | None, investment_wan: float | None, *, asks: bool) -> None:
    """Refuse areas and sums that are none, and a project without land."""
    for name, value in (("at_least_mu", at_least_mu), ("mu", mu), ("investment_wan", investment_wan)):
        if value is not None and not value > 0:
            raise UsageError("screen-option", option=name, value=value, expected="> 0")
    if mu is None and asks:
        raise UsageError("screen-option-missing", option="mu", expected="60")


def _refuse_grades(grades: Sequence[str] | None, run: Evaluation) -> None:
    """Refuse a grade that neither the settings nor an enterprise of the run knows: it would find nothing."""
    given = run.enterprises["grade"].dropna().astype("str") if "grade" in run.enterprises else ()
    known = sorted({*settings_of(run.manifest).grades, *ScreeningSettings().grades, *given})
    for grade in grades or ():
        if grade not in known:
            raise UsageError("screen-option", option="grades", value=grade, expected=", ".join(known))


def _settings(settings: ScreeningSettings, scenario: str | None, changed: dict[str, Any]) -> ScreeningSettings:
    """The settings with changes, checked, and the scenario in front."""
    known = tuple(choices()["scenarios"])
    changed = {name: value for name, value in changed.items() if value is not None}
    values = settings.model_dump() | changed
    if scenario is not None and scenario not in known:
        raise UsageError("screen-option", option="scenario", value=scenario, expected=", ".join(known))
    if scenario == "own" and values["benchmark_tax_per_mu"] is None:
        raise UsageError("screen-option-missing", option="benchmark_tax_per_mu", expected="30")
    if scenario is not None:
        values["scenarios"] = (scenario, *(s for s in values["scenarios"] if s != scenario))
    try:
        return ScreeningSettings(**values)
    except ValueError as error:
        name, value = next(iter(changed.items()), ("settings", ""))
        raise UsageError("screen-option", option=name, value=value, expected=str(error).splitlines()[-1]) from error


def _wanted(
    run: Evaluation, mu: float, industry: str | None, investment: float | None, project: Mapping[str, object],
    policy: Policy | None, lang: Lang,
) -> pd.DataFrame:  # fmt: skip
    """The wanted project as a table of one row, with what the packs say of its admission."""
    parts = [say("print", "project", lang, area=f"{mu:g}")]
    parts += [say("print", "industry", lang, industry=industry)] if industry is not None else []
    parts += [say("print", "investment", lang, investment=f"{investment:,g}")] if investment is not None else []
    parts += [f"{column_label(name, lang)} {value}" for name, value in project.items()]
    row: dict[str, object] = {"project_id": WANTED, "name": listing(parts, lang), "area_mu": float(mu)}
    row |= {} if investment is None else {"total_investment_wan": float(investment)}
    row |= {} if industry is None else {"industry_code": str(industry)}
    wanted = pd.DataFrame([row | dict(project)])
    if policy is not None:
        judged = admit(wanted, policy).table
        return wanted.assign(admission=judged["admission"], missing=judged["missing"])
    return wanted.assign(admission=UNKNOWN, missing="policies") if judges_projects(run.manifest) else wanted


def _targets(run: Evaluation, found: Screening) -> pd.DataFrame:
    pieces = pd.DataFrame(run.developable.drop(columns="geometry", errors="ignore"))
    return targets_of(pd.DataFrame(found.sites.drop(columns="geometry")), pieces)

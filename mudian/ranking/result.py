"""``rank_zones``: from a table of zones to figures, ranks, movement, rewards and checks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from mudian.errors import UsageError
from mudian.measure import PER_MU
from mudian.packs.policy import policies
from mudian.ranking.checks import self_checks
from mudian.ranking.claims import Claim, as_findings, check_claims, make_claims, read_claims
from mudian.ranking.figures import TIES, Ties, check_group, figures, missing_figures, ranks, totals
from mudian.ranking.items import ItemList, Kernel, MissingItems, item_list, rank_items, read_weights, score, weights_of
from mudian.ranking.movement import movement
from mudian.ranking.reading import MEASURED, RANKS, TableOptions, read_zones
from mudian.ranking.rewards import places, rewards
from mudian.ranking.shapes import PRINTED
from mudian.ranking.words import say
from parcels.catalog import Lang
from parcels.ledger import Ledger

_FIRST = ("zone_id", "zone_name", "zone_level", "year", "tax_wan", "area_mu", "fixed_investment_wan", "revenue_wan",
          "value_added_wan", *PER_MU, *(f"rank_{n}" for n in PER_MU), *(f"{PRINTED}{n}" for n in PER_MU),
          "remaining_mu", *(c for rank in RANKS for c in (rank, RANKS[rank])), "items")  # fmt: skip


@dataclass(frozen=True)
class Ranking:
    """A ranking of zones. Make one with :func:`rank_zones`.

    Attributes
    ----------
    zones
        A row per zone and year: figures, ranks (1 is best), ranks as printed, ``missing``.
    totals
        A row per year: sums, and figures per mu as ratios of sums.
    movement
        Places gained and lost, runs of years; empty where there are no years.
    incentives
        What :meth:`reward` found.
    items
        Ranks by items, and scores where :meth:`score` has weights; None where no items are asked for.
    findings
        Checks: of the table itself, of places, and of statements given to :meth:`check`.
    place
        Division code of the place, given or inferred.
    ledger
        How the table was read.
    notes
        Sources and choices, as pairs for people.
    terms
        What the values of the policy packs are called, by key.
    """

    zones: pd.DataFrame
    totals: pd.DataFrame
    movement: pd.DataFrame
    findings: pd.DataFrame
    place: str | None
    ledger: Ledger = field(repr=False)
    base: pd.DataFrame = field(repr=False)
    incentives: pd.DataFrame = field(default_factory=pd.DataFrame)
    items: pd.DataFrame | None = None
    evaluation: ItemList | None = None
    notes: tuple[tuple[str, str], ...] = ()
    terms: Mapping[str, str] = field(default_factory=dict)
    lang: Lang = "zh"

    def reward(
        self,
        names: Sequence[str],
        *,
        as_of: dt.date | None = None,
        parameters: Mapping[str, object] | None = None,
        confirmed: Iterable[str] = (),
        everywhere: bool = False,
    ) -> Ranking:
        """The same ranking with the rewards and penalties of policy packs.

        Parameters
        ----------
        names
            Ids of packs, or paths of own ones.
        as_of
            The day whose values count; today by default.
        parameters
            Readings of ambiguous words and values that a pack leaves open, by key.
        confirmed
            Recalled values that were checked.
        everywhere
            Try rules of named zones, and reported ones, on all zones for illustration.
        """
        day = as_of or dt.date.today()
        policy = policies(names, as_of=day, parameters=parameters or {}, confirmed=confirmed)
        found = rewards(self.base, policy, everywhere=everywhere, lang=self.lang)
        notes = [(say("as_of", self.lang, day=day), ""), *((say("policy", self.lang), p.id) for p in policy.packs)]
        notes += [(say("parameter", self.lang), f"{k} = {v}") for k, v in (parameters or {}).items()]
        terms = {k: v.zh if self.lang == "zh" else v.en for p in policy.packs for k, v in p.values.items()}
        return self._with(places(policy, self.place, lang=self.lang), notes, incentives=found, terms=terms)

    def score(
        self,
        weights: Mapping[str, float] | str | Path,
        *,
        kernel: Kernel | None = None,
        missing: MissingItems = "unknown",
    ) -> Ranking:
        """The same ranking with scores of the items.

        Parameters
        ----------
        weights
            By key, number or name of the item; or a TOML file with them.
        kernel, missing
            See :func:`mudian.ranking.items.score`.

        Raises
        ------
        UsageError
            When no items were asked for, or a weight names none.
        """
        if self.items is None or self.evaluation is None:
            raise UsageError("ranking-option", option="--weights", value=str(weights), expected="--items shandong2021")
        given = weights if isinstance(weights, Mapping) else read_weights(weights)
        found = weights_of(self.evaluation, given)
        made, flat = score(self.items, self.evaluation, weights=found, kernel=kernel, missing=missing)
        lacking = [i.weight for i in self.evaluation.items if i.column not in found]
        said = [say("no_weights", self.lang, keys="、".join(lacking))] if lacking else []
        said += [say("no_kernel", self.lang)] if kernel is None else []
        said += [say("no_benchmark", self.lang, items="、".join(flat))] if flat else []
        said += [say("weights_sum", self.lang, sum=format(sum(found.values()), "g"))] if found else []
        return self._with([{"check": "score", "note": s} for s in said], [], items=made)

    def check(self, claims: str | Path | Iterable[Claim | Mapping[str, object]]) -> Ranking:
        """The same ranking with statements checked against it.

        Parameters
        ----------
        claims
            A file (CSV, workbook, TOML), or statements as mappings or :class:`~mudian.ranking.claims.Claim`.
        """
        if isinstance(claims, str | Path):
            entries, notes = read_claims(claims, ledger=self.ledger), [(say("claims_file", self.lang), str(claims))]
        else:
            given, notes = list(claims), []
            entries = [c if isinstance(c, Claim) else make_claims([c])[0] for c in given]
        found = check_claims(entries, self.zones, self.totals, lang=self.lang)
        return self._with([], notes, findings=pd.concat([self.findings, found], ignore_index=True))

    def _with(self, checks: list[dict[str, object]], notes: list[tuple[str, str]], **changes: object) -> Ranking:
        made = replace(self, **changes)  # type: ignore[arg-type]
        found = pd.concat([made.findings, as_findings(checks)], ignore_index=True) if checks else made.findings
        return replace(made, findings=found, notes=(*self.notes, *notes))

    def save(self, path: str | Path) -> Path:
        """Write a workbook (``.xlsx``) with all sheets, or the ranking alone as ``.csv``.

        Raises
        ------
        UsageError
            When the name has another ending.
        OutputError
            When the file cannot be written.
        """
        from mudian.ranking.output import save

        return save(self, Path(path))

    def text(self) -> str:
        """The ranking as a table for the screen."""
        from mudian.ranking.output import text

        return text(self)


def rank_zones(
    table: str | Path | pd.DataFrame,
    *,
    place: str | None = None,
    ties: Ties = "min",
    group: str | None = None,
    zone_count: float | None = None,
    whole_city: bool = False,
    total: Mapping[str, float] | None = None,
    items: str | None = None,
    options: TableOptions | None = None,
    lang: Lang = "zh",
) -> Ranking:
    """Rank development zones by tax and investment per mu, and follow their ranks over the years.

    Parameters
    ----------
    table
        Workbook, CSV or web page with a row per zone (and year), a column per zone, or columns by year; or a frame
        with such headers. Money in any unit with land in any unit, or ready figures per mu, or ranks.
    place
        Division code whose spellings of zones apply (``3715``: 市经开区 is that of Liaocheng); inferred by default.
    ties
        What zones of equal figures get: ``min`` (the better place), ``max``, ``dense`` or ``average``.
    group
        Column inside which zones are ranked.
    zone_count
        How many zones the printed ranks are among.
    whole_city
        The table has all zones of one city, whose order is worked out.
    total
        Totals that a source prints (``tax_wan``, ``area_mu`` …); figures of the whole are their ratios.
    items
        An evaluation whose items are ranked too: ``shandong2021``.
    options
        How the table is to be read.
    lang
        Language of notes.

    Returns
    -------
    Ranking
        With methods to add rewards, scores and checks, and to save.

    Raises
    ------
    InputError
        When the table cannot be read or has nothing to rank.
    UsageError
        When a unit is not stated or an option is wrong.

    Examples
    --------
    >>> table = pd.DataFrame({"园区": ["甲", "乙"], "税收（亿元）": [3.0, 1.0], "面积（公顷）": [200.0, 40.0]})
    >>> found = rank_zones(table)
    >>> found.zones[["zone_name", "tax_per_mu", "rank_tax_per_mu"]].values.tolist()
    [['乙', 16.666666666666668, 1], ['甲', 10.0, 2]]
    >>> f"{found.totals.loc[0, 'tax_per_mu']:.4f}"
    '11.1111'
    """
    if ties not in TIES:
        raise UsageError("ranking-option", option="--ties", value=ties, expected=", ".join(TIES))
    given = _checked_totals(total or {})
    evaluation = item_list(items) if items else None
    ledger = Ledger(lang=lang)
    read = read_zones(
        table, options=options or TableOptions(), place=place, items=evaluation.fields() if evaluation else None,
        ledger=ledger,
    )  # fmt: skip
    check_group(read.frame, group)
    measured = figures(read.frame, source=read.source, ledger=ledger)
    ranked = ranks(measured, [n for n in PER_MU if n in measured], ties=ties, group=group)
    moved, base = movement(ranked, zone_count=zone_count, whole_city=whole_city)
    zones, sums = _ordered(base.assign(missing=missing_figures(base))), totals(ranked, given=given)
    found = self_checks(zones, sums, moved, summary=read.summary, given=given, lang=lang)
    notes = [(say("table", lang), read.source), (say("ties", lang, method=say(ties, lang, section="ties")), "")]
    notes += [(say(n, lang), "") for n in ("rank_text", "mean_text")]
    return Ranking(
        zones, sums, moved, found, read.place, ledger, base,
        items=rank_items(zones, evaluation) if evaluation else None, evaluation=evaluation, notes=tuple(notes),
        lang=lang,
    )  # fmt: skip


def _checked_totals(total: Mapping[str, float]) -> dict[str, float]:
    for column, value in total.items():
        if column not in MEASURED or not value >= 0:
            raise UsageError(
                "ranking-option", option="--total", value=f"{column}={value}", expected=", ".join(MEASURED)
            )
    return {k: float(v) for k, v in total.items()}


def _ordered(zones: pd.DataFrame) -> pd.DataFrame:
    """Best first inside each year, by the first figure that the table has; the order of its rows says nothing."""
    keys = ["year", *(c for c in (*(f"rank_{n}" for n in PER_MU), *RANKS) if c in zones), "zone_name"]
    first = [c for c in _FIRST if c in zones]
    rest = sorted(str(c) for c in zones if c not in first and c not in ("missing", "source_row"))
    listed = zones.sort_values(keys, kind="stable").reset_index(drop=True)
    return listed[[*first, *rest, "missing", "source_row"]]

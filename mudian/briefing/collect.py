"""The report of a run: every number taken from its tables once, as plain data for the writers."""

from __future__ import annotations

from dataclasses import replace

from mudian.briefing.city_page import city_page
from mudian.briefing.counts import with_open, with_states
from mudian.briefing.grounds import source
from mudian.briefing.material import material
from mudian.briefing.model import Report, plain
from mudian.briefing.words import say
from mudian.briefing.zone_page import zone_page
from mudian.evaluation import Evaluation
from mudian.once import once


def collect(evaluation: Evaluation, *, earlier: Evaluation | None = None) -> Report:
    """Draw up the report of a run: the overview and a sheet for every zone.

    Parameters
    ----------
    evaluation
        The results of a run.
    earlier
        Results of an earlier run; with them the overview says what changed.

    Returns
    -------
    Report
        Plain data; :func:`mudian.briefing.document.write_document` and the workbook spell the same numbers.

    Examples
    --------
    >>> import mudian as md
    >>> report = collect(md.load("成果"))  # doctest: +SKIP
    >>> report.zones[0].grids()["figures"].rows[0]  # doctest: +SKIP
    ('开发区面积', 7241.04548, '亩', <Blank.NOT: '—'>, '开发区边界内的椭球面积')
    """
    if earlier is None:  # the workbook and the document of a run ask for the same report
        return once(evaluation, "report", lambda: _report(evaluation, None))
    return _report(evaluation, earlier)


def _report(evaluation: Evaluation, earlier: Evaluation | None) -> Report:
    made = material(evaluation)
    parcels = with_states(made.parcels)
    made = replace(made, tables={**made.tables, "parcels": parcels}, zones=with_open(made.zones, parcels))
    lang, project = made.lang, made.manifest["project"]
    told = {k: plain(project[k]) for k in ("name", "period", "as_of")}
    return Report(
        say("title", lang, name=told["name"]),
        say("subject", lang, period=told["period"], as_of=told["as_of"]),
        told["as_of"],
        source(made),
        lang,
        city_page(evaluation, made, earlier=earlier),
        tuple(zone_page(place, made) for place in made.order()),
    )

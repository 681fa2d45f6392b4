"""What changed since an earlier run, zone by zone."""

from __future__ import annotations

import pandas as pd

from mudian.briefing.material import Material, cell, joined
from mudian.briefing.model import Block, Column, Grid, Lines, Value, plain
from mudian.briefing.words import say
from mudian.evaluation import Evaluation
from mudian.labels import column_label, word

_FIGURES = ("tax_per_mu", "rank_tax_per_mu", "investment_per_mu", "idle_mu", "inefficient_mu", "developable_mu")
_BASES = ("zone_area_base", "area_basis")


def change_blocks(now: Evaluation, earlier: Evaluation | None, material: Material) -> tuple[Block, ...]:
    """The changes of the zones that both runs have; or that nothing was given to compare with.

    Parameters
    ----------
    now, earlier
        The two runs.
    material
        The later one, prepared.
    """
    lang = material.lang
    if earlier is None:
        return (Lines((say("changes_none", lang),)),)
    then = pd.DataFrame(earlier.zones).drop(columns="geometry", errors="ignore")
    before = then.assign(zone_id=then["zone_id"].astype("str")).drop_duplicates("zone_id").set_index("zone_id")
    order = [p for p in material.order() if str(material.zones["zone_id"].iloc[p]) in before.index]
    rows: list[tuple[Value, ...]] = []
    for place in order:
        zone = material.zones.iloc[place]
        old = before.loc[str(zone["zone_id"])]
        for column in (c for c in _FIGURES if c in material.zones and c in before):
            a, b = cell(old[column]), cell(zone[column])
            change = b - a if isinstance(a, int | float) and isinstance(b, int | float) else None
            rows.append((material.zone_name(place), column_label(column, lang), a, b, change))
    heads = (
        Column(say("zone", lang), "text", 22), Column(say("item", lang), "text", 26),
        *(Column(say(w, lang), "number", 14) for w in ("earlier", "now", "change")),
    )  # fmt: skip
    grid = (Grid("changes", say("changes", lang), heads, tuple(rows)),) if rows else ()
    return (Lines(_notes(now, earlier, before, material)), *grid)


def _notes(now: Evaluation, earlier: Evaluation, before: pd.DataFrame, material: Material) -> tuple[str, ...]:
    lang, project = material.lang, earlier.manifest["project"]
    told = {k: plain(project[k]) for k in ("name", "period", "as_of")}
    made = [say("changes_of", lang, **told)]
    for name in _BASES:
        a, b = (str(run.manifest["parameters"][name]) for run in (earlier, now))
        if a != b:
            named = {"what": word(name, lang), "before": word(a, lang), "now": word(b, lang)}
            made.append(say("changes_base", lang, **named))
    ids = [str(i) for i in material.zones["zone_id"]]
    new = [material.zone_name(p) for p in material.order() if ids[p] not in before.index]
    names = before["zone_name"].fillna("") if "zone_name" in before else pd.Series("", before.index)
    gone = [plain(names[i] or i) for i in sorted(set(before.index) - set(ids))]
    made += [say("changes_new", lang, names=joined(new, lang))] if new else []
    made += [say("changes_gone", lang, names=joined(gone, lang))] if gone else []
    return tuple(made)

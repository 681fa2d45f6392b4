"""Sites (成片地块) on maps: their classes and colours, the layers of the page with their cards, the rules for QGIS."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

import maps
from mudian.errors import UsageError
from mudian.evaluation import Evaluation
from mudian.labels import sheet_label, word
from mudian.screening.reasons import CANDIDATE
from mudian.screening.shown import scenarios_of, site_class, sites_sheet
from mudian.screening.words import choices, column_title, named, say
from parcels.catalog import Lang

if TYPE_CHECKING:
    from mudian.screening.shortlist import Shortlist

CLASS, OUTLINE = "site_class", "#333333"
_LINES = ("zone_name", "parcel_count", "area_mu", "reasons", "gain_X_wan", "gain_X_wan_incomplete", "front_X", "ease",
          "ease_missing", "zone_tax_per_mu", "zone_tax_per_mu_X", "zone_rank", "zone_rank_X", "zone_developable_mu",
          "owners", "tenants", "parcel_ids")  # fmt: skip
_FIRST_ONLY = ("zone_tax_per_mu_X", "zone_rank_X")


def site_theme(lang: Lang) -> maps.Theme:
    """Sites by what they yield in the first scenario: first Pareto front, other gain, no gain."""
    classes = choices()["site_classes"]
    return maps.Theme(
        sheet_label("sites", lang), "class", CLASS, classes=list(classes),
        labels=[words[lang] for words in classes.values()], colours=[words["colour"] for words in classes.values()],
    )  # fmt: skip


def classed_sites(sites: gpd.GeoDataFrame, scenario: str) -> gpd.GeoDataFrame:
    """The sites with the class of :func:`site_theme`."""
    made: gpd.GeoDataFrame = sites.assign(**{CLASS: site_class(sites, scenario)})
    return made


def site_filters(scenario: str) -> dict[Hashable, str]:
    """The classes as expressions on the columns of the layer, first match first.

    Examples
    --------
    >>> site_filters("zone_mean")["front"]
    '"front_zone_mean" = 1'
    """
    front, gain = f'coalesce("front_{scenario}", 0) = 1', f'"gain_{scenario}_wan"'
    return {
        "front": f'"front_{scenario}" = 1',
        "gain": f"{gain} > 0 AND NOT {front}",
        "no_gain": f"{gain} <= 0",
    }


def candidate_texts(evaluation: Evaluation, lang: Lang) -> pd.Series:
    """What the card of a parcel says of the screening: reasons, gains, ease, front and site; missing for the others.

    Returns
    -------
    Series
        Under the index of the parcels.
    """
    known = evaluation.screening
    own = known[(known["list"] == CANDIDATE).to_numpy(bool)]
    scenarios = scenarios_of(evaluation.manifest["screening"])
    between, comma = ("；", "、") if lang == "zh" else ("; ", ", ")
    gains = pd.Series("", own.index, dtype="str")
    for name in scenarios:
        gain = own[f"gain_{name}_wan"]
        told = _filled("site_gain", gain.map("{:,.2f}".format), "gain", lang, scenario=say("scenarios", name, lang))
        gains = gains + (pd.Series(comma, own.index).where(gains != "", "") + told).where(gain.notna(), "")
    parts = [
        _filled("gains", gains, "list", lang).where(gains != ""),
        _filled("ease", own["ease"].map("{:.2f}".format), "ease", lang).where(own["ease"].notna()),
        _filled("front", own[f"front_{scenarios[0]}"].astype("str"), "front", lang),
        own["site_id"].astype("str"),
    ]
    text = named(own["reasons"], "tests", lang).fillna("")
    for part in parts:
        text = text + (between + part).fillna("")
    by_row = text.set_axis(own["source_row"]).groupby(level=0).first()
    rows: pd.Series = evaluation.parcels["source_row"]
    return rows.map(by_row).astype("str")


def _filled(name: str, texts: pd.Series, field: str, lang: Lang, **values: str) -> pd.Series:
    """A sentence with each text in the place of a field."""
    before, _, after = say("print", name, lang, **{field: "\0"}, **values).partition("\0")
    return pd.Series(before + texts.astype("str") + after, texts.index, dtype="str")


def site_overlays(evaluation: Evaluation, lang: Lang) -> list[maps.Overlay]:
    """A layer of the page for each class of sites that occurs; off at first."""
    if not len(evaluation.sites):
        return []
    scenarios = scenarios_of(evaluation.manifest["screening"])
    scenario, zones = scenarios[0], pd.DataFrame(evaluation.zones)
    words = sites_sheet(evaluation.sites, evaluation.screening, zones, scenarios, lang)
    classed = classed_sites(evaluation.sites, scenario)
    shown = gpd.GeoDataFrame(words.assign(**{CLASS: classed[CLASS].array}), geometry=classed.geometry.values,
                             crs=classed.crs)  # fmt: skip
    theme, made = site_theme(lang), []
    named = [*zip(theme.classes, theme.labels or (), theme.colours or (), strict=True)]
    unknown = maps.wording(lang).no_data
    for value, label, colour in [*named, (None, unknown, choices()["site_classes"]["no_gain"]["colour"])]:
        own = shown[CLASS].isna() if value is None else shown[CLASS] == value
        if own.any():
            title = f"{theme.title} · {label}"
            part = shown[own.to_numpy(bool)]
            made.append(
                maps.Overlay(part, title, colour=colour, label="site_id", fill=True, shown=False,
                             card=_lines(shown, scenarios, lang))
            )  # fmt: skip
    return made


def site_map(found: Shortlist, zone: str | None = None, **options: Any) -> maps.Sheet:
    """A print sheet of the sites; see :meth:`mudian.screening.shortlist.Shortlist.sheet`."""
    lang, run = found.lang, found.evaluation
    if zone is not None and zone not in set(run.zones["zone_id"]):
        raise UsageError("screen-option", option="zone", value=zone, expected=", ".join(run.zones["zone_id"]))
    zones = run.zones if zone is None else run.zones[(run.zones["zone_id"] == zone).to_numpy(bool)]
    sites = classed_sites(found.sites, found.scenario)
    sites = sites[sites["zone_id"].isin(zones["zone_id"]).to_numpy(bool)]
    own = run.parcels["source_row"].map(found.parcels.set_index("source_row")["site_id"])
    classes = own.map(sites.set_index("site_id")[CLASS]).astype("str")
    theme, name = site_theme(lang), run.manifest["project"]["name"]
    names = [
        maps.Overlay(sites[["site_id", "geometry"]], theme.title, colour=OUTLINE, label="site_id"),
        maps.Overlay(zones[["zone_name", "geometry"]], word("zone_name", lang), label="zone_name"),
    ]
    scenario = say("scenarios", found.scenario, lang)
    given: dict[str, Any] = {
        "title": f"{name} {theme.title}",
        "subtitle": f"{column_title('scenario', lang)} {scenario}",
        "notes": [n for n in found.notes if n.startswith(scenario)][:1],
        "extent": zones.geometry.union_all() if len(zones) else None,
        "subject": own.isin(sites["site_id"]).to_numpy(bool),
    }
    frame = run.parcels.assign(**{CLASS: classes})
    return maps.sheet(frame, theme=theme, area="area_mu", overlays=names, lang=lang, **(given | options))


def _lines(shown: pd.DataFrame, scenarios: tuple[str, ...], lang: Lang) -> list[maps.CardField]:
    """The lines of the card: gains of all scenarios, what becomes of the zone in the first one."""
    columns = [
        c.replace("X", s) for c in _LINES for s in (scenarios[:1] if c in _FIRST_ONLY or "X" not in c else scenarios)
    ]
    kept = [c for c in columns if c in shown and shown[c].notna().any()]
    return [_line(c, shown[c], lang) for c in kept]


def _line(column: str, values: pd.Series, lang: Lang) -> maps.CardField:
    whole = column == "owners" or column == "tenants" or not pd.api.types.is_float_dtype(values.dtype)
    return maps.CardField(column, column_title(column, lang), digits=0 if whole else 2)

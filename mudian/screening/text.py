"""A shortlist told: candidates and sites with reasons, clauses and figures, for the screen and for notebooks."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from mudian.explain.rulebook import Rulebook
from mudian.screening.reasons import CANDIDATE
from mudian.screening.shortlist import Shortlist
from mudian.screening.shown import missing_names, scenarios_of, site_words, titles
from mudian.screening.words import listing, named, say, value_words
from parcels.catalog import Lang

Row = Mapping[str, Any]
_INDENT = "    "
_SHOWN_IDS = 12
_HTML_ROWS = 10
_HTML = {
    "screening": ("parcel_id", "owner", "zone_name", "area_mu", "reasons", "why", "tax_now_per_mu", "gain_X_wan",
                  "front_X", "ease", "site_id"),
    "sites": ("site_id", "zone_name", "parcel_count", "area_mu", "reasons", "gain_X_wan", "front_X", "ease",
              "zone_tax_per_mu", "zone_tax_per_mu_X"),
    "best_site": ("least_mu", "scenario", "zone_name", "parcel_count", "area_mu", "owners", "gain_wan", "gain_per_mu",
                  "exact", "parcel_ids"),
    "wanted": ("name", "admission", "place", "fits", "kind", "target", "zone_name", "area_mu", "left_over_mu", "ease",
               "why_not"),
}  # fmt: skip


def shortlist_text(found: Shortlist, top: int) -> str:
    """The list in sentences; see :meth:`mudian.screening.shortlist.Shortlist.text`."""
    blocks = [[_title(found)], _candidates(found, top), _possible(found, top), _sites(found, top)]
    blocks += [_best(found), _wanted(found, top)]
    notes = [say("print", "notes", found.lang), *(f"{_INDENT}{n}" for n in found.notes)]
    return "\n\n".join("\n".join(b) for b in [*blocks, notes] if b)


def _title(found: Shortlist) -> str:
    project = found.evaluation.manifest["project"]
    scenario = say("scenarios", found.scenario, found.lang)
    return say("print", "title", found.lang, project=project["name"], as_of=project["as_of"], scenario=scenario)


def _rows(table: pd.DataFrame, top: int) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in r.items()} for r in table.head(top).to_dict("records")]


def _more(count: int, top: int, lang: Lang) -> list[str]:
    return [say("print", "more", lang, count=count - top)] if count > top else []


def _heading(found: Shortlist) -> str:
    notes = found.screening.notes
    counts, mu = notes["counts"], notes["mu"]
    return say(
        "print", "candidates", found.lang, count=counts["candidate"], area=f"{mu['candidate']:,.2f}",
        possible=counts["possible"],
    )  # fmt: skip


def _site_heading(found: Shortlist) -> str:
    least = found.screening.notes["limits"]["min_site_mu"]
    return say("print", "sites", found.lang, count=len(found.sites), area=f"{least:g}")


def _candidates(found: Shortlist, top: int) -> list[str]:
    lang, table = found.lang, found.parcels
    own = table[(table["list"] == CANDIDATE).to_numpy(bool)]
    zones = found.evaluation.zones.drop_duplicates("zone_id").set_index("zone_id")["zone_name"]
    shown = own.head(top)
    words = {"zone_name": shown["zone_id"].map(zones), "ease_missing": named(shown["ease_missing"], "ease", lang)}
    if "floor_missing" in shown:
        record = found.evaluation.manifest.get("policies")
        words["floor_missing"] = missing_names(shown["floor_missing"], record, lang)
    shown = shown.assign(**words)
    lines = [_heading(found)]
    for number, row in enumerate(_rows(shown, top), start=1):
        lines += _candidate(row, number, found)
    return [*lines, *_more(len(own), top, lang)]


def _possible(found: Shortlist, top: int) -> list[str]:
    """What the undecided parcels lack, the most frequent first."""
    lang, table = found.lang, found.parcels
    open_ = table[(table["list"] != CANDIDATE).to_numpy(bool)]
    if not len(open_):
        return []
    counts = open_.groupby("lacking").size().rename("count").reset_index()
    counts = counts.sort_values(["count", "lacking"], ascending=[False, True], kind="stable")
    rows = _rows(counts, top)
    lines = [say("print", "possible_line", lang, count=r["count"], lacking=r["lacking"]) for r in rows]
    return [
        say("print", "possible", lang, count=len(open_)),
        *(_INDENT + t for t in lines),
        *_more(len(counts), top, lang),
    ]


def _candidate(row: Row, number: int, found: Shortlist) -> list[str]:
    lang, scenarios = found.lang, scenarios_of(found.screening.notes)
    area = f"{row['area_mu']:,.2f} {_mu(lang)}" if _known(row["area_mu"]) else say("print", "no_area", lang)
    known = [row["parcel_id"], row.get("owner"), row["zone_name"], area]
    known += [_front(row, found), row["site_id"]]
    now = row["tax_now_per_mu"]
    figures = [say("print", "now_unknown", lang) if not _known(now) else say("print", "now", lang, now=f"{now:,.2f}")]
    for name in scenarios:
        mark, gain = row[f"benchmark_{name}"], row[f"gain_{name}_wan"]
        scenario = say("scenarios", name, lang)
        lacks = row.get("floor_missing") if name == "standard_floor" else None
        if not _known(gain) and _known(lacks):
            figures.append(say("print", "to_lacking", lang, scenario=scenario, missing=lacks))
        elif not _known(gain):
            figures.append(say("print", "to_unknown", lang, scenario=scenario))
        else:
            figures.append(say("print", "to", lang, scenario=scenario, benchmark=f"{mark:,.2f}", gain=f"{gain:,.2f}"))
    told = [row["why"], _semicolon(lang).join(figures), _ease(row, lang), row["lacking"]]
    return [f"{number:>2}. {_line(known)}", *(f"{_INDENT}{t}" for t in told if _known(t))]


def _sites(found: Shortlist, top: int) -> list[str]:
    lang = found.lang
    sites = pd.DataFrame(found.sites.drop(columns="geometry"))
    zones = found.evaluation.zones.drop_duplicates("zone_id").set_index("zone_id")["zone_name"]
    shown = sites.head(top)
    words = site_words(shown, found.parcels, lang)
    missing = named(shown["ease_missing"], "ease", lang)
    shown = shown.assign(zone_name=shown["zone_id"].map(zones), reasons=words["reasons"], ease_missing=missing)
    lines = [_site_heading(found)]
    for number, row in enumerate(_rows(shown, top), start=1):
        known = [row["site_id"], row["zone_name"], f"{row['area_mu']:,.2f} {_mu(lang)}", _front(row, found)]
        lines.append(f"{number:>2}. {_line(known)}")
        lines += [f"{_INDENT}{t}" for t in _site(row, found) if _known(t)]
    return [*lines, *_more(len(sites), top, lang)]


def _site(row: Row, found: Shortlist) -> list[str | None]:
    """What is told of a site: reasons, gains side by side, ease, what becomes of its zone."""
    lang = found.lang
    gains = []
    for name in scenarios_of(found.screening.notes):
        gain, scenario = row[f"gain_{name}_wan"], say("scenarios", name, lang)
        if not _known(gain):
            gains.append(say("print", "to_unknown", lang, scenario=scenario))
        else:
            part = say("print", "part", lang) if row[f"gain_{name}_wan_incomplete"] else ""
            gains.append(say("print", "site_gain", lang, scenario=scenario, gain=f"{gain:,.2f}") + part)
    owners = None if not _known(row["owners"]) else say("print", "owners_count", lang, count=f"{row['owners']:.0f}")
    eased = [t for t in (_ease(row, lang), owners) if t]
    return [
        row["reasons"],
        say("print", "gains", lang, list=_semicolon(lang).join(gains)),
        _semicolon(lang).join(eased),
        _effect(row, found),
        _ids(int(row["parcel_count"]), str(row["parcel_ids"]), lang),
    ]


def _effect(row: Row, found: Shortlist) -> str:
    lang, name = found.lang, found.scenario
    scenario, after = say("scenarios", name, lang), row[f"zone_tax_per_mu_{name}"]
    if not _known(after):
        said = [say("print", "effect_unknown", lang, scenario=scenario)]
    else:
        said = [
            say(
                "print", "effect", lang, before=f"{row['zone_tax_per_mu']:,.2f}", after=f"{after:,.2f}",
                rank=row["zone_rank"], rank_after=row[f"zone_rank_{name}"], scenario=scenario,
            )
        ]  # fmt: skip
    left = row.get("zone_developable_mu")
    said += [say("print", "left", lang, left=f"{left:,.2f}")] if _known(left) else []
    return _semicolon(lang).join(said)


def _best(found: Shortlist) -> list[str]:
    if found.best is None:
        return []
    lang, asked = found.lang, found.asked
    scenario, objective = say("scenarios", found.scenario, lang), value_words("objective", lang)[asked["objective"]]
    lines = [say("print", "best", lang, area=f"{asked['at_least_mu']:g}", scenario=scenario, objective=objective)]
    if not len(found.best):
        return [*lines, _INDENT + say("print", "none", lang)]
    row = found.best.iloc[0]
    exact = value_words("exact", lang)["true" if row["exact"] else "false"]
    owners = say("print", "owners_count", lang, count=int(row["owners"]))
    gain = say("print", "site_gain", lang, scenario=scenario, gain=f"{row['gain_wan']:,.2f}")
    area, bound = f"{row['area_mu']:,.2f} {_mu(lang)}", None
    if not row["exact"]:
        limit = f"{row['bound']:,.2f}" if asked["objective"] == "gain" else f"{row['bound']:.0f}"
        bound = say("print", f"bound_{asked['objective']}", lang, bound=limit)
    return [*lines, _INDENT + _line([row["zone_id"], area, gain, owners, exact, bound]),
            _INDENT + _ids(int(row["parcel_count"]), str(row["parcel_ids"]), lang)]  # fmt: skip


def _wanted(found: Shortlist, top: int) -> list[str]:
    if found.wanted is None:
        return []
    lang, project = found.lang, found.wanted.iloc[0]
    head = [say("print", "matches", lang, project=project["name"])]
    if "admission" in found.wanted and _known(project["admission"]):
        said = value_words("admission", lang)[str(project["admission"])]
        head.append(say("print", "admission", lang, admission=said))
        lacks = Rulebook(found.evaluation.manifest.get("policies"), lang).field_names(str(project["missing"]))
        head += [say("print", "lacking", lang, missing=lacks)] if lacks else []
    lines = [_semicolon(lang).join(head)]
    if not len(found.matches):
        return [*lines, _INDENT + say("print", "no_target", lang)]
    kinds = value_words("kind", lang)
    shown = found.matches.assign(why_not=named(found.matches["why_not"], "match", lang))
    for row in _rows(shown, top):
        area = f"{row['area_mu']:,.2f} {_mu(lang)}"
        lines.append(_INDENT + _line([kinds[row["kind"]], row["target"], row["zone_id"], area, _fits(row, lang)]))
    return [*lines, *_more(len(shown), top, lang)]


def _fits(row: Row, lang: Lang) -> str:
    if not _known(row["fits"]):
        return say("print", "fits_unknown", lang, why=row["why_not"])
    if row["fits"]:
        return say("print", "fits", lang, left=f"{row['left_over_mu']:,.2f}")
    return say("print", "fits_not", lang, why=row["why_not"])


def _ease(row: Row, lang: Lang) -> str | None:
    if not _known(row["ease"]):
        return None
    if not _known(row["ease_missing"]):
        return say("print", "ease", lang, ease=f"{row['ease']:.2f}")
    low, high = (f"{row[c]:.2f}" for c in ("ease_low", "ease_high"))
    missing = row["ease_missing"]
    return say("print", "ease_between", lang, ease=f"{row['ease']:.2f}", low=low, high=high, missing=missing)


def _front(row: Row, found: Shortlist) -> str | None:
    front = row[f"front_{found.scenario}"]
    return None if not _known(front) else say("print", "front", found.lang, front=int(front))


def _ids(count: int, ids: str, lang: Lang) -> str:
    listed = ids.split("；")
    rest = ["…"] if len(listed) > _SHOWN_IDS else []
    return say(
        "print",
        "parcel" if count == 1 else "parcels",
        lang,
        count=count,
        list=listing([*listed[:_SHOWN_IDS], *rest], lang),
    )


def _known(value: object) -> bool:
    return value is not None and not pd.isna(value) and value != ""  # type: ignore[call-overload]


def _line(parts: Sequence[object]) -> str:
    return "  ".join(str(p) for p in parts if _known(p))


def _mu(lang: Lang) -> str:
    return "亩" if lang == "zh" else "mu"


def _semicolon(lang: Lang) -> str:
    return "；" if lang == "zh" else "; "


def shortlist_html(found: Shortlist) -> str:
    """The first rows of every table for a notebook, as escaped HTML."""
    lang, tables = found.lang, found.tables()
    heads = {"screening": _heading(found), "sites": _site_heading(found)}
    parts = [f"<h3>{html.escape(_title(found))}</h3>"]
    for name in (n for n in _HTML if n in tables):
        table = tables[name]
        if name == "screening":
            table = table[(found.parcels["list"] == CANDIDATE).to_numpy(bool)]
        columns = [c.replace("X", s) for c in _HTML[name] for s in _each(c, found)]
        shown = table[[c for c in columns if c in table and table[c].notna().any()]]
        parts.append(f"<p>{html.escape(heads.get(name, _sheet(name, lang)))}</p>{_html_table(shown, lang)}")
    lines = "".join(f"<li>{html.escape(n)}</li>" for n in found.notes)
    summary = html.escape(say("print", "notes", lang))
    return "".join([*parts, f"<details><summary>{summary}</summary><ul>{lines}</ul></details>"])


def _each(column: str, found: Shortlist) -> tuple[str, ...]:
    """Gains of all scenarios side by side; fronts and effects of the first one."""
    return scenarios_of(found.screening.notes) if column == "gain_X_wan" else (found.scenario,)


def _sheet(name: str, lang: Lang) -> str:
    from mudian.labels import sheet_label

    return sheet_label(name, lang)


def _html_table(table: pd.DataFrame, lang: Lang) -> str:
    shown = table.head(_HTML_ROWS)
    cells = {str(c): [_cell(v) for v in shown[c]] for c in shown}
    made = pd.DataFrame(cells)
    made.columns = pd.Index(titles(shown, lang))
    rest = len(table) - len(shown)
    more = f"<p>{html.escape(say('print', 'more_rows', lang, count=rest))}</p>" if rest else ""
    return made.to_html(index=False, escape=True) + more


def _cell(value: object) -> str:
    if not _known(value):
        return ""
    return f"{value:,.2f}" if isinstance(value, float) else str(value)

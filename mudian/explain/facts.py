"""The facts of a subject: its columns with names and units, and the land or the enterprises its figures rest on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from mudian.evaluation import Evaluation
from mudian.explain.rulebook import Rulebook
from mudian.explain.subject import Subject
from mudian.explain.words import cell_text, decimal, percent, say, singular, style, texts
from mudian.labels import value_labels, word
from mudian.schemas import MONEY
from parcels.catalog import Lang
from parcels.units import M2_PER_MU

_INCOMPLETE = "_incomplete"
_BY_BASIS = ("area_mu", "land_mu")
# Figures per mu are incomplete where their money is.
_MONEY_OF = {"tax_per_mu": "tax_wan", "investment_per_mu": "fixed_investment_wan", "revenue_per_mu": "revenue_wan",
             "value_added_per_mu": "value_added_wan"}  # fmt: skip


def fact_lines(evaluation: Evaluation, subject: Subject, book: Rulebook) -> list[str]:
    """What is known of a subject: columns of its row, and of the rules that look at it, one line each.

    Parameters
    ----------
    evaluation
        The results of a run.
    subject
        The subject.
    book
        The rules, for the columns that they read.
    """
    lang = book.lang
    lines = [say("same_id", lang, count=subject.count)] if subject.count > 1 else []
    zones = evaluation.zones
    row = subject.row
    if subject.kind == "parcel" and "zone_name" not in row.index and {"zone_id", "zone_name"} <= set(zones.columns):
        names = pd.DataFrame(zones).drop_duplicates("zone_id").set_index("zone_id")["zone_name"]
        row = pd.concat([row, pd.Series({"zone_name": names.get(subject.cell("zone_id"))})])
    for column in dict.fromkeys([*texts()["facts"][subject.kind], *_read(subject, book)]):
        if column in row.index:
            value = cell_text(row[column], column, lang)
            if value:
                lines.append(_fact(column, value, row, book, evaluation.manifest.get("parameters", {})))
    return [*lines, *_denominator(evaluation, subject, lang)]


def _fact(column: str, value: str, row: pd.Series, book: Rulebook, parameters: Mapping[str, Any]) -> str:
    fact = say("fact", book.lang, label=book.column(column), value=value)
    if column in _BY_BASIS and "area_basis" in parameters:
        return say("area_fact", book.lang, fact=fact, basis=word(str(parameters["area_basis"]), book.lang))
    money = _MONEY_OF.get(column, column)
    flag = f"{money}{_INCOMPLETE}"
    incomplete = money in MONEY and flag in row.index and pd.notna(row[flag]) and bool(row[flag])
    return say("fact_incomplete", book.lang, fact=fact) if incomplete else fact


def _read(subject: Subject, book: Rulebook) -> list[str]:
    """Columns that the rules judged on this subject read, in the order of the rules."""
    columns: list[str] = []
    for rule in dict.fromkeys(subject.findings["rule_id"].astype("str")):
        entry = book.source(rule).entry
        for part in ("conditions", "exempt", "gate"):
            columns += [c[k] for c in entry.get(part, ()) for k in ("metric", "column", "key") if c.get(k)]
    return columns


def _denominator(evaluation: Evaluation, subject: Subject, lang: Lang) -> list[str]:
    base = evaluation.manifest.get("parameters", {}).get("zone_area_base")
    return [say("denominator", lang, base=word(str(base), lang))] if base and subject.kind == "zone" else []


def link_lines(evaluation: Evaluation, subject: Subject, lang: Lang) -> list[str]:
    """The links that the figures of a parcel or enterprise rest on, and how money was split."""
    if subject.kind not in ("parcel", "enterprise"):
        return []
    links = evaluation.links
    key = f"{subject.kind}_id"
    own = (
        links[(links[key].astype("str") == subject.id).fillna(False).to_numpy(bool)] if key in links else links.head(0)
    )
    what = "enterprise" if subject.kind == "parcel" else "parcel"
    if not len(own):
        return [say("links_none", lang, what=say(f"kind_{what}", lang).lower())]
    lines = [singular(say(f"links_{subject.kind}", lang, count=len(own)), lang)]
    names = _names(evaluation) if what == "enterprise" else {}
    shown = own.head(style("links"))
    lines += [_link(record, what, names, lang) for record in shown.to_dict("records")]
    if len(own) > len(shown):
        lines.append(say("links_more", lang, count=len(own) - len(shown)))
    basis = evaluation.manifest.get("parameters", {}).get("allocation")
    return [*lines, say("allocation", lang, basis=word(str(basis), lang))] if basis else lines


def _names(evaluation: Evaluation) -> dict[str, str]:
    table = evaluation.enterprises
    if "name" not in table:
        return dict.fromkeys(table["enterprise_id"].astype("str"), "") if "enterprise_id" in table else {}
    return dict(zip(table["enterprise_id"].astype("str"), table["name"].astype("str"), strict=True))


def _link(record: Mapping[Any, Any], what: str, names: Mapping[str, str], lang: Lang) -> str:
    key = str(record[f"{what}_id"])
    name = key
    if what == "enterprise":
        name = names[key] or key if key in names else say("link_stranger", lang, id=key)
    share, tax, weight = (record.get(c) for c in ("share", "tax_wan", "weight"))
    relation, method = str(record.get("relation", "")), str(record.get("method", ""))
    area = record.get("area_m2")
    return say(
        "link",
        lang,
        name=name,
        relation=value_labels("relation", lang).get(relation, relation),
        method=value_labels("method", lang).get(method, method),
        area=decimal(float(str(area)) / M2_PER_MU, style("decimals")) if _known(area) else "—",
        share=say("link_share", lang, share=percent(float(str(share)))) if _known(share) else "",
        money=_money(tax, weight, lang) if _known(tax) else "",
    )


def _money(tax: Any, weight: Any, lang: Lang) -> str:
    share = percent(float(weight)) if _known(weight) else "—"
    return say("link_money", lang, money=decimal(float(tax), style("decimals")), weight=share)


def _known(value: Any) -> bool:
    return value is not None and bool(pd.notna(value))

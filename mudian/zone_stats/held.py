"""Targets of the policy packs with the gap of every zone to each, as the run judged them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from mudian.evaluation import Evaluation
from mudian.explain.record import as_record
from mudian.zone_stats.definitions import say
from mudian.zone_stats.figures import Zoned
from mudian.zone_stats.rows import UNKNOWN
from parcels.catalog import Lang

_FAMILY, _SUBJECT, _REVIEW = "target", "zone", "review"
_PER_MU = {"tax_per_mu": "tax_per_mu", "investment_per_mu": "zone_investment_per_mu"}
_PER_MU |= {"revenue_per_mu": "revenue_per_mu", "value_added_per_mu": "value_added_per_mu"}


def target_rows(evaluation: Evaluation, z: Zoned, made: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """A row for every zone and target that applies to it; a target of several comparisons has a row for each, too.

    Parameters
    ----------
    evaluation
        With findings on zones and the record of the packs.
    z
        Its zones.
    made
        The rows of the measures, for numerator and denominator of what a target is about.
    lang
        Language of the names.

    Returns
    -------
    DataFrame
        ``gap`` is the value less the target, in the unit of the target: negative where a lower limit is not reached.
    """
    record = as_record(evaluation.manifest.get("policies"))
    rules = {r["id"]: r for r in record.get("rules", ()) if r["family"] == _FAMILY and r["subject"] == _SUBJECT}
    found = evaluation.findings
    found = found[(found["subject_type"] == _SUBJECT).to_numpy(bool)].reset_index(drop=True)
    ids, subjects = found["rule_id"].astype("str"), found["subject_id"].astype("str")
    ours = ids.str.split("/").str[0].isin(list(rules)) & subjects.isin(z.zones["zone_id"].astype("str"))
    own = found.assign(rule=ids, zone_id=subjects)[ours.to_numpy(bool)].reset_index(drop=True)
    texts = {i: _texts(i, rules, record, lang) for i in own["rule"].unique()}
    told = pd.DataFrame([texts[i] for i in own["rule"]], columns=["label", "metric", "source", "note"])
    value, target = own["value"].to_numpy(float), own["threshold"].to_numpy(float)
    outcome = own["outcome"].astype("object").map({True: "yes", False: "no"}).fillna(UNKNOWN)
    rows = pd.DataFrame({
        "zone_id": own["zone_id"], "group": "target", "measure": own["rule"], "value": value,
        "unit": own["unit"].astype("str"), "status": outcome, "missing": own["missing"].astype("str"),
        "operator": own["operator"].astype("str"), "target": target, "gap": value - target,
        "clause": own["clause"].astype("str"),
    })  # fmt: skip
    return _divided(rows.assign(**{str(c): told[c] for c in told}), made, evaluation)


def _texts(name: str, rules: Mapping[str, Any], record: Mapping[str, Any], lang: Lang) -> list[str]:
    """Name, metric, source and wording of a target or of one of its comparisons."""
    whole, _, number = name.partition("/")
    rule, conditions = rules[whole], rules[whole]["conditions"]
    condition = conditions[int(number) - 1] if number else conditions[0] if len(conditions) == 1 else None
    label = str(rule[lang])
    review = [say("notes", "review", lang)] if rule["role"] == _REVIEW else []
    between = "；" if lang == "zh" else "; "
    if condition is None:
        return [label, "", "", between.join(review)]
    values = {v["key"]: v for v in record.get("values", ())}
    value = values.get(str(condition.get("threshold")), {})
    if number:
        part = condition.get(lang) or value.get(lang) or str(condition["metric"])
        label = say("notes", "part", lang, part=part)
    noted = [str(value["wording"]), *review] if value.get("wording") else review
    return [label, str(condition["metric"]), str(value.get("source", "")), between.join(noted)]


def _divided(rows: pd.DataFrame, made: pd.DataFrame, evaluation: Evaluation) -> pd.DataFrame:
    """The rows with numerator and denominator of the measure that each target is about."""
    base = str(evaluation.manifest.get("parameters", {}).get("zone_area_base", "parcel"))
    names = {metric: f"{measure}_{base}" for metric, measure in _PER_MU.items()}
    about = rows["metric"].map(names).fillna(rows["metric"])
    columns = ["numerator", "numerator_name", "denominator", "denominator_name", "covered"]
    known = made.drop_duplicates(["zone_id", "measure"]).set_index(["zone_id", "measure"])[columns]
    joined = known.reindex(pd.MultiIndex.from_arrays([rows["zone_id"], about]))
    return rows.assign(**{c: joined[c].array for c in columns})

"""A comparison as tables for people: what has something to say, columns in their order, words instead of codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from mudian.comparing.words import factor_words, label, say, verdict_words, words_of
from mudian.explain.words import label as plain_label
from mudian.labels import value_labels, word
from parcels.catalog import Lang

if TYPE_CHECKING:
    from mudian.comparing.result import Comparison

_VERDICTS = ("subject", "before", "after", "name", "title", "verdict_before", "verdict_after", "factors", "fields",
             "lineage", "rule", "text_before", "text_after", "clause_after", "reason")  # fmt: skip
_GROUNDS = ("subject", "after", "title", "rule", "rule_id", "holder", "outcome_before", "outcome_after", "value_before",
            "value_after", "operator_after", "threshold_before", "threshold_after", "unit_after", "clause_before",
            "clause_after", "missing_before", "missing_after")  # fmt: skip
_LINEAGE = ("before", "after", "kind", "by", "share_before", "share_after", "shared_m2", "before_m2", "after_m2",
            "group")  # fmt: skip
_PLAIN = {"clock": "clock", "by": "by", "state": "states", "cause": "causes", "reason": "reasons"}
_SAME = "same"
_SIDES = ("before", "after")
SHEET_ROWS = 1_000_000  # records that one sheet holds
_ASIDE = tuple(f"{n}_{s}" for n in ("revenue_wan", "value_added_wan", "days_overdue") for s in ("before", "after"))
_CODED = ("idle_status", "inefficient", "outcome", "grade")


def tables(found: Comparison) -> dict[str, pd.DataFrame]:
    """The tables that have something to say, by the name of their sheet; cells are worded, columns have their codes."""
    lang = found.lang
    changed = found.lineage[found.lineage["kind"] != _SAME]
    made = {
        "summary": _summary(found),
        "verdicts": _verdicts(found)[list(_VERDICTS)],
        "grounds": _grounds(found)[list(_GROUNDS)],
        "lineage": _with_lineage(changed[list(_LINEAGE)], lang),
        "land": _with_lineage(found.land, lang).rename(columns={"before": "before_parcels", "after": "after_parcels"}),
        "parcels": _with_lineage(found.parcels[[c for c in found.parcels if c not in _ASIDE]], lang),
        "enterprises": _with_lineage(found.enterprises, lang, own="enterprise_kinds"),
        "zones": _with_lineage(found.zones, lang),
        "grades": found.grades.rename(columns={"before": "before_count", "after": "after_count"}),
        "changes": _changes(found),
        "inputs": _inputs(found.inputs, lang),
        "policies": _policies(found.policies, lang),
    }
    return {name: _worded(_filled(table), lang) for name, table in made.items() if len(table)}


def heads(table: pd.DataFrame, lang: Lang) -> list[str]:
    """The headers of a table."""
    return [label(str(c), lang) for c in table.columns]


def _summary(found: Comparison) -> pd.DataFrame:
    """Numbers of changed verdicts by cause, then what could not be compared."""
    counts = found.counts
    titles = found.verdicts.drop_duplicates("verdict").set_index("verdict")["title"]
    table = pd.DataFrame(
        {
            "subject": counts["subject"].map(words_of("subjects", found.lang)),
            "title": counts["verdict"].map(titles),
            "cause": counts["cause"],
            "factors": [factor_words(f, found.lang) for f in counts["factors"]],
            "count": counts["count"],
        }
    )
    said = [unchanged_line(found), *one_sided_lines(found), *note_lines(found)]
    return pd.concat([table, pd.DataFrame({"note": said})], ignore_index=True).astype({"count": "Int64"})


def unchanged_line(found: Comparison) -> str:
    """How many verdicts changed, and how many did not."""
    return say("unchanged", found.lang, changed=len(found.verdicts), count=sum(found.unchanged.values()))


def one_sided_lines(found: Comparison) -> list[str]:
    """Subjects that only one run has: their verdicts have nothing to be compared with."""
    sides = {"parcel": found.parcels, "enterprise": found.enterprises, "zone": found.zones}
    counts = {k: tuple(int((t["kind"] == side).sum()) for side in ("gone", "new")) for k, t in sides.items()}
    subjects = words_of("subjects", found.lang)
    return [
        say("one_sided", found.lang, subject=subjects[k], gone=gone, new=new)
        for k, (gone, new) in counts.items()
        if gone or new
    ]


def note_lines(found: Comparison) -> list[str]:
    """What could not be compared, in words."""
    return [say(code, found.lang, section="notes", what=what) for code, what in found.notes]


def _verdicts(found: Comparison) -> pd.DataFrame:
    table, lang = found.verdicts, found.lang
    if table.empty:
        return pd.DataFrame(columns=list(_VERDICTS))
    made = {s: _by_verdict(table[s], table["verdict"], lang) for s in ("verdict_before", "verdict_after")}
    return table.assign(
        **made,
        subject=table["subject"].map(words_of("subjects", lang)),
        before=table["before"].mask(table["before"] == table["after"]),
        lineage=_lineage_words(table["lineage"], lang),
        factors=_factors(table, lang),
        fields=_fields(found),
    )


def _fields(found: Comparison) -> pd.Series:
    """What changed in the data of the subject, each field before and after."""
    keys = ["subject", "before", "after"]
    rows = found.changes.merge(found.verdicts[keys].drop_duplicates(), on=keys)
    if rows.empty:
        return pd.Series(pd.NA, found.verdicts.index, dtype="str")
    names = rows["field"].map({f: plain_label(str(f), found.lang) for f in rows["field"].unique()})
    cells = {s: rows[f"value_{s}"].map(_short).fillna(say("nothing_there", found.lang)) for s in ("before", "after")}
    told = names + " " + cells["before"] + " → " + cells["after"]
    joined = told.groupby([rows[k] for k in keys]).agg(say("semicolon", found.lang).join)
    return pd.Series(joined.reindex(pd.MultiIndex.from_frame(found.verdicts[keys])).array, found.verdicts.index)


def _short(text: object) -> object:
    """A number with as many digits as people read; other text as it is."""
    try:
        return None if text is None or text is pd.NA or text != text else f"{float(str(text)):,.6g}"
    except ValueError:
        return text


def _factors(table: pd.DataFrame, lang: Lang) -> pd.Series:
    """What brings the verdict; said where it is the data of others alone."""
    said = table["factors"].map({f: factor_words(f, lang) for f in table["factors"].unique()}).astype("str")
    others = (table["factors"].str.contains("data", regex=False) & ~table["own"].astype(bool)).to_numpy(bool)
    return said.mask(others, said + say("others", lang))


def _by_verdict(values: pd.Series, verdicts: pd.Series, lang: Lang) -> pd.Series:
    pairs = pd.MultiIndex.from_arrays([values, verdicts])
    known = {pair: verdict_words(pair[0], str(pair[1]), lang) for pair in pairs.unique()}
    return pd.Series([known[p] for p in pairs], values.index, dtype="str")


def _field_words(fields: str, lang: Lang) -> str:
    return say("list", lang).join(plain_label(f, lang) for f in fields.split(";") if f)


def _missing_words(values: pd.Series, lang: Lang) -> pd.Series:
    return values.map({v: _field_words(str(v), lang) for v in values.dropna().unique()}).astype("str")


def _grounds(found: Comparison) -> pd.DataFrame:
    table = found.grounds
    titles = found.verdicts.drop_duplicates("verdict").set_index("verdict")["title"]
    return table.assign(
        subject=table["subject"].map(words_of("subjects", found.lang)),
        title=table["verdict"].map(titles),
        **{f"missing_{s}": _missing_words(table[f"missing_{s}"], found.lang) for s in ("before", "after")},
    )


def _with_lineage(table: pd.DataFrame, lang: Lang, *, own: str | None = None) -> pd.DataFrame:
    words = words_of("lineage", lang) | (words_of(own, lang) if own else {})
    return table.assign(kind=table["kind"].map(words))


def _lineage_words(kinds: pd.Series, lang: Lang) -> pd.Series:
    return kinds.map(words_of("lineage", lang)).mask(kinds == _SAME, "").astype("str")


def _changes(found: Comparison) -> pd.DataFrame:
    """Changed cells; where a sheet cannot hold all, those of subjects with a changed verdict."""
    table = found.changes
    if len(table) > SHEET_ROWS:
        keys = pd.MultiIndex.from_frame(found.verdicts[["subject", "after"]])
        table = table[pd.MultiIndex.from_frame(table[["subject", "after"]]).isin(keys)].head(SHEET_ROWS)
    fields = {f: plain_label(str(f), found.lang) for f in table["field"].unique()}
    subjects = words_of("subjects", found.lang)
    return table.assign(subject=table["subject"].map(subjects), field=table["field"].map(fields))


def _inputs(table: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    names, constraint = words_of("names", lang), say("constraint", lang, section="names")
    shown = table["name"].map(lambda n: names.get(n, n.replace("constraint:", constraint)))
    kinds = table["kind"].map(words_of("input_kinds", lang))
    differ = {s: _own_hashes(table[s], table[o], table["kind"]) for s, o in zip(_SIDES, _SIDES[::-1], strict=True)}
    kept = table.assign(sort=kinds, input=shown, **differ).loc[
        table["state"] != _SAME, ["sort", "input", "before", "after", "state"]
    ]
    return kept


def _own_hashes(values: pd.Series, others: pd.Series, kinds: pd.Series) -> pd.Series:
    """Of an input of several files, the hashes that the other run does not have; all of them where it has them all."""
    kept = [
        " ".join(h for h in v.split() if h not in o.split()) or v if k == "file" and v == v and o == o else v
        for v, o, k in zip(values, others, kinds, strict=True)
    ]
    return pd.Series(kept, values.index, dtype="str")


def _policies(table: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    states = {f"<{code}>": said for code, said in words_of("policy_states", lang).items()}
    made = {s: table[s].replace(states) for s in ("before", "after")}
    kinds = table["kind"].map(words_of("policy_kinds", lang))
    kept = table.assign(sort=kinds, **made)
    return kept[["key", "sort", "before", "after", "unit", "cite_before", "cite_after"]]


def _filled(table: pd.DataFrame) -> pd.DataFrame:
    """Without columns that have nothing in any row; counts as whole numbers."""
    empty = [c for c in table if table[c].isna().all() or (table[c].astype("str").fillna("") == "").all()]
    kept = table.drop(columns=empty)
    whole = [c for c in kept if pd.api.types.is_float_dtype(kept[c]) and str(c).startswith(("rank", "grade_rank"))]
    return kept.astype(dict.fromkeys(whole, "Int64"))


def _worded(table: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    made: dict[str, pd.Series] = {}
    for name in map(str, table.columns):
        bare = name.removesuffix("_before").removesuffix("_after")
        if name in _PLAIN and pd.api.types.is_string_dtype(table[name]):
            made[name] = table[name].map(words_of(_PLAIN[name], lang)).fillna("").astype("str")
        elif (bare in _CODED and name != bare) or name == "grade":
            made[name] = _codes(table[name], bare, lang)
    return table.assign(**made)


def _codes(values: pd.Series, column: str, lang: Lang) -> pd.Series:
    """Codes in words, several of them joined by ``;``."""
    known: Mapping[str, str] = value_labels(column, lang)
    own = {"true": say("yes", lang), "false": say("no", lang), "unknown": verdict_words("unknown", "inefficient", lang)}
    words = own | dict(known)

    def spell(text: object) -> str:
        return say("list", lang).join(words.get(t.lower(), word(t, lang)) for t in str(text).split(";"))

    return values.map({v: spell(v) for v in values.dropna().unique()}).astype("str")

"""What the enterprises of a zone are: their grades, and how much of the revenue the leading industries have.

An enterprise belongs to every zone that it has land in, with the land and the money that were allocated there; in all
zones together it counts once.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mudian.evaluation import Evaluation
from mudian.rules.groups import division
from mudian.zone_stats.definitions import PER_CENT, Measure, definitions, say
from mudian.zone_stats.figures import Figure, Floats, Mask, Texts, Zoned
from mudian.zone_stats.rows import GIVEN, measure_rows
from parcels.catalog import Lang
from parcels.units import M2_PER_MU

_CODE, _REVENUE, _GRADE = "industry_code", "revenue_wan", "grade"


def zone_links(evaluation: Evaluation, z: Zoned) -> pd.DataFrame:
    """Links of listed enterprises to land of a zone: ``zone`` (row of the zones), ``mu``, grade, division, revenue."""
    links, land = evaluation.links, z.land
    row = pd.Index(land["source_row"]).get_indexer(pd.Index(links["parcel_row"]))
    kept = (row >= 0) & links["enterprise_id"].notna().to_numpy() & (links["area_m2"] > 0).to_numpy(bool)
    firms = evaluation.enterprises.drop_duplicates("enterprise_id").set_index("enterprise_id")
    used = links[kept]
    made = pd.DataFrame({"zone": z.key[row[kept]], "firm": used["enterprise_id"].array})
    made = made.assign(mu=used["area_m2"].to_numpy(float) / M2_PER_MU)
    made["grade"] = made["firm"].map(firms[_GRADE]) if _GRADE in firms else None
    made["division"] = made["firm"].map(division(firms[_CODE])) if _CODE in firms else None
    lost = np.full(len(made), np.nan)
    made["revenue"] = used[_REVENUE].to_numpy(float, na_value=np.nan) if _REVENUE in used else lost
    return made


def grade_rows(z: Zoned, links: pd.DataFrame, lang: Lang) -> list[pd.DataFrame]:
    """Number and land of the enterprises of each grade, and their shares of those that are graded."""
    size, words = len(z.zones), definitions()
    graded = links[links["grade"].notna()]
    figures = {"enterprise_count": _firms(links, size), "graded_count": _firms(graded, size)}
    figures["graded_mu"] = _land(graded, size)
    known = figures["graded_count"].value > 0
    measures = [
        Measure(n, "grades", e["unit"], n, "", {"zh": e["zh"], "en": e["en"]}) for n, e in words["grade_totals"].items()
    ]
    for grade in sorted(graded["grade"].astype("str").unique()):
        own = graded[(graded["grade"] == grade).to_numpy(bool)]
        figures |= {
            f"grade_{grade}_count": _where(_firms(own, size), known),
            f"grade_{grade}_land_mu": _where(_land(own, size), known),
        }
        for part, entry in words["grade_measures"].items():
            above = f"grade_{grade}_{'land_mu' if 'land' in part else 'count'}"
            below = {"share_pct": "graded_count", "land_share_pct": "graded_mu"}.get(part, "")
            texts = {lg: entry[lg].format(grade=grade) for lg in ("zh", "en")}
            measures.append(Measure(f"grade_{grade}_{part}", "grades", entry["unit"], above, below, texts))
    figures["graded_count"] = _where(figures["graded_count"], known)
    figures["graded_mu"] = _where(figures["graded_mu"], known)
    return [measure_rows(z, m, figures, lang) for m in measures]


def _firms(links: pd.DataFrame, size: int) -> Figure:
    """The number of different enterprises; in all zones together each once."""
    pairs = links[["zone", "firm"]].drop_duplicates()
    count = np.bincount(pairs["zone"].to_numpy(np.int64), minlength=size).astype(float)
    return Figure(count, np.full(size, "", dtype=object), city=float(links["firm"].nunique()))


def _land(links: pd.DataFrame, size: int) -> Figure:
    mu = np.bincount(links["zone"].to_numpy(np.int64), weights=links["mu"].to_numpy(float), minlength=size)
    return Figure(mu.astype(float), np.full(size, "", dtype=object), city=float(links["mu"].sum()))


def _where(figure: Figure, known: Mask) -> Figure:
    """A figure that is unknown where no enterprise of the zone is graded."""
    value = np.where(known, figure.value, np.nan)
    city = figure.city if known.any() else np.nan
    return Figure(value, np.where(known, "", "grade").astype(object), city=city)


def industry_rows(z: Zoned, links: pd.DataFrame, lang: Lang) -> list[pd.DataFrame]:
    """Share of the industrial revenue that the first industry and the first three have."""
    known = definitions()["industry"]
    low, high = known["divisions"]
    coded = links["division"].notna().to_numpy()
    plant = coded & links["division"].astype("str").between(low, high).fillna(False).to_numpy(bool)
    money = links["revenue"].notna().to_numpy(bool)
    used = links[plant & money]
    sums = used.groupby(["zone", "division"])["revenue"].sum().reset_index()
    whole = used.groupby("division")["revenue"].sum().reset_index().assign(zone=-1)
    every = pd.concat([sums, whole], ignore_index=True)
    every = every.sort_values(["zone", "revenue", "division"], ascending=[True, False, True], kind="stable")
    every["rank"] = every.groupby("zone").cumcount() + 1
    missing = _lacking(z, links, coded, plant)
    held = (_held(links[coded & money], len(z.zones)), _held(links, len(z.zones)))
    made = []
    for top in definitions()["top"]:
        leading = every[every["rank"] <= top]
        figures = {
            "leading_revenue_wan": _summed(leading, missing, held),
            "industrial_revenue_wan": _summed(every, missing, held),
        }
        texts = {lg: known[lg][str(top)] for lg in ("zh", "en")}
        name = f"leading_{top}_share_pct"
        measure = Measure(
            name, "industry", PER_CENT, "leading_revenue_wan", "industrial_revenue_wan", texts, known["source"]
        )
        rows = measure_rows(z, measure, figures, lang)
        told = pd.Series(_told(leading, every, z, lang), rows.index)
        between = np.where((told != "") & (rows["note"] != ""), "；" if lang == "zh" else "; ", "")
        made.append(rows.assign(note=told.where(rows["status"] == GIVEN, "") + between + rows["note"]))
    return made


def _lacking(z: Zoned, links: pd.DataFrame, coded: Mask, plant: Mask) -> Texts:
    """What a zone without any industrial revenue lacks; nothing where its enterprises are known to be no industry."""
    size = len(z.zones)
    poor = plant & links["revenue"].isna().to_numpy(bool)
    some, uncoded, unpaid = (_any(links, mask, size) for mask in (np.ones(len(links), bool), ~coded, poor))
    parts = [np.where(hit, name, "") for hit, name in ((~some, "enterprises"), (uncoded, _CODE), (unpaid, _REVENUE))]
    return np.array([";".join(filter(None, names)) for names in zip(*parts, strict=True)], dtype=object)


def _any(links: pd.DataFrame, mask: Mask, size: int) -> Mask:
    """Which zones have a link of the mask."""
    return np.bincount(links["zone"].to_numpy(np.int64)[mask], minlength=size) > 0


def _summed(every: pd.DataFrame, missing: Texts, held: tuple[Floats, Floats]) -> Figure:
    """Revenue per zone and of all zones; zero where there is no industry."""
    size = len(missing)
    of_zone = every[every["zone"] >= 0]
    key = of_zone["zone"].to_numpy(np.int64)
    total = np.bincount(key, weights=of_zone["revenue"].to_numpy(float), minlength=size)
    some = np.bincount(key, minlength=size) > 0
    value = np.where(some | (missing == ""), total, np.nan)
    city = float(every.loc[every["zone"] < 0, "revenue"].sum()) if some.any() else np.nan
    return Figure(value, np.where(np.isnan(value), missing, "").astype(object), *held, city)


def _held(links: pd.DataFrame, size: int) -> Floats:
    weights = links["mu"].to_numpy(float)
    return np.bincount(links["zone"].to_numpy(np.int64), weights=weights, minlength=size).astype(float)


def _told(leading: pd.DataFrame, every: pd.DataFrame, z: Zoned, lang: Lang) -> list[str]:
    """Which industries lead, with their shares."""
    total = every.groupby("zone")["revenue"].transform("sum").loc[leading.index]
    between = "、" if lang == "zh" else ", "
    texts = pd.Series(
        [
            f"{say('divisions', str(d), lang)} {s:.1%}"
            for d, s in zip(leading["division"], leading["revenue"] / total, strict=True)
        ],
        leading.index,
    )
    joined = texts.groupby(leading["zone"]).agg(between.join) if len(texts) else pd.Series(dtype="str")
    named = [str(joined.get(zone, "")) for zone in (-1, *range(len(z.zones)))]
    return [say("notes", "leading", lang, names=n) if n else "" for n in named]

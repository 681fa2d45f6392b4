"""A small run made by hand: three parcels, two enterprises, one zone, a pack of four rules."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely
from smallpack import LOW_TAX, document, entry, rule, value, write_pack

from mudian.evaluation import Evaluation
from mudian.explain.record import policy_record
from mudian.findings import join
from mudian.packs.policy import policies
from mudian.rules.conditions import judge

DAY = dt.date(2025, 12, 31)
OFFICE = """\
[offices.tax_wan]
zh = "税务局"
en = "tax bureau"
document = "d1"
clause = "附件"

[offices.tax_per_mu]
zh = "税务局"
en = "tax bureau"
document = "d1"
clause = "附件"
"""
EXEMPT = (
    'exempt = [\n  { metric = "protected", operator = "is", expect = true, zh = "文物保护单位", en = "protected" },\n]'
)
DEVELOPED = 'metric = "developed_share", operator = "<", threshold = "stop.developed"'
INVESTED = 'metric = "invested_share", operator = "<", threshold = "stop.invested"'
LATE = 'metric = "agreed_start", operator = ">=", against = "years_ago", threshold = "start.years"'
RATIO = 'metric = "plot_ratio", operator = ">=", threshold = "site.ratio"'
RULES = (
    rule("low.tax", LOW_TAX, more=f'label = {{ zh = "低贡献", en = "low contribution" }}\n{EXEMPT}'),
    rule("late.start", LATE, zh="超过约定动工日期满一年", en="a year late", family="idle", clause="第三条"),
    rule(
        "low.stopped",
        f'{DEVELOPED}, zh = "已动工开发面积占比", en = "developed"',
        f'{INVESTED}, zh = "已投资额占比", en = "invested"',
        zh="动工后投入不足",
        en="too little done",
        clause="第四条",
        more='combine = "any"',
    ),
    rule("site.ratio", RATIO, zh="容积率达到下限", en="plot ratio", family="standard_land", clause="第五条"),
    rule("low.firm", LOW_TAX.replace('tax"', 'firm"'), zh="企业亩均税收低", subject="enterprise", clause="第六条"),
)
PACK = (
    document("d1", "试政发〔2020〕1号"),
    value("limit.tax", entry(3), zh="亩均税收下限", en="least tax per mu"),
    value("limit.firm", entry(8, status="recalled"), zh="企业亩均税收下限", en="least tax per mu of enterprises"),
    value("start.years", entry(1), unit="年", zh="满几年", en="years"),
    value("stop.developed", entry('"1/3"'), unit="ratio", zh="面积占比", en="share of area"),
    value("stop.invested", entry(0.25), unit="ratio", zh="投资占比", en="share of money"),
    value("site.ratio", unit="ratio", zh="容积率下限", en="least plot ratio"),
    *RULES,
    OFFICE,
)


def tables() -> dict[str, pd.DataFrame]:
    """The tables of the run, without findings."""
    squares = [shapely.box(100 * i, 0, 100 * i + 100, 100) for i in range(3)]
    parcels = gpd.GeoDataFrame(
        {
            "parcel_id": pd.array(["P1", "P2", "P3"], dtype="str"),
            "owner": pd.array(["甲公司", "<b>乙公司</b>", None], dtype="str"),
            "zone_id": pd.array(["Z1", "Z1", None], dtype="str"),
            "supply_mode": pd.array(["出让", "划拨", None], dtype="str"),
            "area_mu": [30.0, 15.0, 6.0],
            "area_m2": [20000.0, 10000.0, 4000.0],
            "planar_m2": [20000.0, 10000.0, 4000.0],
            "registered_m2": [15000.0, 10000.0, None],
            "tax_wan": [75.0, 44.985, None],
            "tax_wan_incomplete": [True, False, True],
            "tax_per_mu": [2.5, 2.999, None],
            "agreed_start": pd.to_datetime(["2021-03-01", "2025-01-01", None]),
            "developed_share": [1 / 3, 0.2, None],
            "invested_share": [0.1, 0.25, None],
            "plot_ratio": [0.8, 1.2, None],
            "protected": pd.array([False, True, None], dtype="boolean"),
            "idle_status": pd.array(["idle_2y", "not_due", "unknown"], dtype="str"),
            "idle_measure": pd.array(["takeback", "none", None], dtype="str"),
            "inefficient": pd.array([True, False, None], dtype="boolean"),
            "borderline": pd.array([True, False, False], dtype="boolean"),
            "borderline_by": pd.array(["inefficient: limit.tax ±10 %;inefficient: tax_wan ±1 %", "", ""], dtype="str"),
        },
        geometry=squares,
        crs="EPSG:4527",
    )
    enterprises = pd.DataFrame(
        {
            "enterprise_id": pd.array(["E1", "E2"], dtype="str"),
            "name": pd.array(["甲公司", "乙公司"], dtype="str"),
            "land_mu": [30.0, None],
            "tax_wan": [75.0, 20.0],
            "tax_per_mu": [2.5, None],
            "grade": pd.array(["D", None], dtype="str"),
        }
    )
    zones = gpd.GeoDataFrame(
        {
            "zone_id": pd.array(["Z1"], dtype="str"),
            "zone_name": pd.array(["城东园"], dtype="str"),
            "parcel_count": [2],
            "tax_wan": [120.0],
            "tax_per_mu": [120.0 / 45],
        },
        geometry=[shapely.box(0, 0, 200, 100)],
        crs="EPSG:4527",
    )
    links = pd.DataFrame(
        {
            "parcel_id": pd.array(["P1", "P1"], dtype="str"),
            "enterprise_id": pd.array(["E1", "E9"], dtype="str"),
            "method": pd.array(["holdings", "owner_id"], dtype="str"),
            "relation": pd.array(["lease", "own"], dtype="str"),
            "area_m2": [20000.0, None],
            "share": [1.0, None],
            "weight": [1.0, None],
            "tax_wan": [75.0, None],
        }
    )
    empty = pd.DataFrame()
    rest = {"candidates": empty, "ledger": empty}
    return {"parcels": parcels, "enterprises": enterprises, "zones": zones, "links": links, **rest}


def small_run(folder: Path, *, lang: str = "zh", **options: object) -> Evaluation:
    """The run, judged by the pack; its record has been through JSON like that of a run folder."""
    policy = policies([write_pack(folder, "small", *PACK)], as_of=DAY, **options)
    made = tables()
    ids = {"parcel": made["parcels"], "enterprise": made["enterprises"]}
    found = [
        judge(a, ids[a.rule.subject], policy).findings(a.rule.subject, ids[a.rule.subject][f"{a.rule.subject}_id"])
        for a in policy.rules()
    ]
    manifest = {
        "project": {"name": "示例", "period": "2025", "as_of": DAY.isoformat(), "lang": lang},
        "parameters": {"area_basis": "ellipsoidal", "zone_area_base": "parcel", "allocation": "area"},
        "policies": policy_record(policy),
    }
    return Evaluation(**made, findings=join(found), manifest=json.loads(json.dumps(manifest)))


def without_policies(run: Evaluation) -> Evaluation:
    """The same run as if no pack had been chosen."""
    return replace(run, findings=run.findings.head(0), manifest=run.manifest | {"policies": []})

"""The policy pack that the example zone has of its own: invented, and written as a user would write one."""

from __future__ import annotations

import json

PACK = """\
# 示例开发区自己的政策包（虚构）：补上省文件留给地方的权重、基准值和低效标准
# 检查：mudian policies check 示例政策.toml

[pack]
id = "示例政策"
topic = "evaluation"
title = { zh = "示例开发区亩均评价与低效用地标准（虚构）", en = "Evaluation and low-efficiency criteria of the example zone (invented)" }
place = { zh = "示例开发区", en = "Example zone", codes = ["370902"] }

[documents.method]
title = "示例开发区亩均效益评价办法（虚构）"
number = "示开管发〔2025〕1号（虚构）"
issued = 2025-01-10
in_force = 2025-01-10
status = "seen"
source = "示例，虚构"
{values}
[rules."example.low_tax"]
family = "inefficient"
subject = "parcel"
zh = "建成投产满规定年限、亩均税收低于标准的工业仓储用地"
en = "industrial or storage land in use for the set years with less tax per mu than the standard"
document = "method"
clause = "第六条"
label = { zh = "低效产出", en = "low yield" }
gate = [ { metric = "industrial", operator = "is", expect = true } ]
exempt = [ { metric = "actual_completion", operator = "<", against = "years_ago", threshold = "example.low.years", zh = "竣工未满年限", en = "completed too recently" } ]
conditions = [ { metric = "tax_per_mu", operator = "<", threshold = "example.low.tax_per_mu" } ]

[offices.tax_wan]
zh = "税务局"
en = "tax bureau"
document = "method"
clause = "第三条"

[offices.agreed_start]
zh = "自然资源和规划局"
en = "natural resources and planning bureau"
document = "method"
clause = "第三条"

[offices.idle_cause]
zh = "自然资源和规划局"
en = "natural resources and planning bureau"
document = "method"
clause = "第三条"

[offices.emission_t]
zh = "生态环境局"
en = "ecology and environment bureau"
document = "method"
clause = "第三条"

[offices.energy_tce]
zh = "统计局"
en = "statistics bureau"
document = "method"
clause = "第三条"

[[coverage]]
item = "评价指标、权重和基准值"
source = "第四条"
state = "computed"
by = ["values.shandong.above.tax_per_mu.weight"]

[[coverage]]
item = "低效用地标准"
source = "第六条"
state = "computed"
by = ["rules.example.low_tax"]
"""

# Values of the invented pack: key, Chinese, English, unit, number, clause.
PACK_VALUES = (
    ("shandong.above.tax_per_mu.weight", "单位用地税收的权重", "weight of tax per land", "分", 35, "第四条"),
    ("shandong.above.tax_per_mu.benchmark", "单位用地税收的基准值", "benchmark of tax per land", "万元/亩", 20, "第四条"),
    ("shandong.above.revenue_per_tce.weight", "单位能耗销售收入的权重", "weight of sales per energy", "分", 20, "第四条"),
    ("shandong.above.revenue_per_tce.benchmark", "单位能耗销售收入的基准值", "benchmark of sales per energy",
     "万元/吨标准煤", 15, "第四条"),
    ("shandong.above.revenue_per_t.weight", "单位排放销售收入的权重", "weight of sales per pollutants", "分", 15, "第四条"),
    ("shandong.above.revenue_per_t.benchmark", "单位排放销售收入的基准值", "benchmark of sales per pollutants",
     "万元/吨", 2500, "第四条"),
    ("shandong.above.rd_ratio.weight", "研发经费投入强度的权重", "weight of R&D over sales", "分", 15, "第四条"),
    ("shandong.above.rd_ratio.benchmark", "研发经费投入强度的基准值", "benchmark of R&D over sales", "ratio", 0.03, "第四条"),
    ("shandong.above.productivity_wan.weight", "全员劳动生产率的权重", "weight of productivity", "分", 15, "第四条"),
    ("shandong.above.productivity_wan.benchmark", "全员劳动生产率的基准值", "benchmark of productivity",
     "万元/人·年", 15, "第四条"),
    ("shandong.upto_b", "B类的排名累计占比上限", "cumulative share of rank up to which B goes", "%", 60, "第五条"),
    ("example.low.tax_per_mu", "低效标准：亩均税收", "low-efficiency: tax per mu", "万元/亩", 4, "第六条"),
    ("standard_land.required_indicators", "标准地须约定的控制指标", "indicators that a standard-land contract must hold", "",
     ["投资强度", "亩均税收"], "第七条"),
    ("example.low.years", "低效标准：竣工满几年", "low-efficiency: years since completion", "年", 2, "第六条"),
)  # fmt: skip


def pack_text() -> str:
    """The invented policy pack of the example."""
    values = "".join(
        f'\n[values."{key}"]\nzh = "{zh}"\nen = "{en}"\nunit = "{unit}"\nchecked_on = 2025-12-31\n'
        f'history = [\n  {{ from = 2025-01-10, value = {json.dumps(number, ensure_ascii=False)}, document = "method", clause = "{clause}", '
        'status = "seen", source = "示例，虚构" },\n]\n'
        for key, zh, en, unit, number, clause in PACK_VALUES
    )
    return PACK.replace("{values}", values)

"""Words for the planted faults: what was done, and what the program should say about it."""

from __future__ import annotations

from typing import NamedTuple


class Words(NamedTuple):
    """What is wrong and what the program should say, in both languages."""

    zh: str
    en: str
    say_zh: str
    say_en: str


FAULTS = {
    "overlap-wide": Words(
        "公共边整体外移1米，压盖邻宗地",
        "common border moved by 1 m over the neighbour",
        "报压盖及面积，不改图形",
        "overlap reported with its area, geometry kept",
    ),
    "overlap-sliver": Words(
        "与邻宗地有2厘米宽的狭长压盖",
        "sliver overlap 2 cm wide with the neighbour",
        "报狭长压盖（面积大于1平方米）",
        "sliver overlap reported (above 1 m²)",
    ),
    "gap": Words(
        "与邻宗地之间有0.3米宽的缝隙",
        "gap 0.3 m wide to the neighbour",
        "报狭缝，不填补",
        "narrow gap reported, not filled",
    ),
    "contained": Words(
        "整宗落在另一宗地之内",
        "lies wholly inside another parcel",
        "报包含（压盖），区片面积不重复计算",
        "containment (overlap) reported; zone area counts the land once",
    ),
    "duplicate-shape": Words(
        "与另一宗地图形相同，起点不同，代码不同",
        "same figure as another parcel, other first point and other code",
        "报重复图形",
        "duplicate geometry reported",
    ),
    "bow-tie": Words(
        "四角次序颠倒，成“8”字形",
        "corners in the wrong order: a figure of eight",
        "报自相交；修复前后面积及与登记面积之差",
        "self-crossing; area before and after, difference to the register",
    ),
    "bow-tie-small": Words(
        "相邻两点次序颠倒，小自相交",
        "two neighbouring points exchanged: a small self-crossing",
        "报自相交及修复的面积变化",
        "self-crossing and the change of area by repair",
    ),
    "spike": Words(
        "最长边上有25米长的尖刺（去而复回）",
        "spike of 25 m on the longest side (out and back)",
        "报尖刺；修复后面积不变",
        "spike; repair leaves the area as it was",
    ),
    "reversed-rings": Words(
        "带孔宗地，外环逆时针、内环顺时针（与规范相反）",
        "parcel with a hole, both rings turned the wrong way",
        "面积为外环减内环，不得为负；孔内为另一宗地，不是压盖",
        "area is shell less hole, never negative; the hole holds another parcel, no overlap",
    ),
    "multi-part": Words(
        "被沟渠分成多块",
        "cut into several parts by a ditch",
        "按多部件读入，面积为各部分之和",
        "read as multi-part, area is the sum",
    ),
    "null-shape": Words(
        "有属性，无图形（空图形）",
        "attributes without a shape (null shape)",
        "报空图形；记录保留，面积缺失",
        "null shape reported; the record stays, its area is missing",
    ),
    "owner-check-digit": Words(
        "权利人统一社会信用代码校验位错误",
        "owner's credit code fails its check character",
        "报校验位不符；按名称关联企业",
        "check character reported; linked by name",
    ),
    "cut-name": Words(
        "权利人名称超出字段宽度，末尾半个汉字",
        "owner's name cut in the middle of a GBK character",
        "报截断；凭信用代码关联，名称以企业表为准",
        "cut value reported; linked by credit code",
    ),
    "similar-name": Words(
        "名称少“有限”二字，且无信用代码",
        "name lacks two characters and there is no credit code",
        "只列为候选，由人确认",
        "a candidate for a person to confirm, no link",
    ),
    "brackets": Words(
        "企业表用全角括号，宗地用半角括号，且无信用代码",
        "full-width brackets here, half-width in the register",
        "名称规范化后关联",
        "linked by the normalised name",
    ),
    "float-code": Words(
        "信用代码存成数值，末三位变成0",
        "credit code stored as a number, last three digits lost",
        "报代码损坏；按名称关联",
        "damaged code reported; linked by name",
    ),
    "trailing-blank": Words(
        "信用代码末尾有空格",
        "credit code with a trailing blank",
        "去空格，记入台账",
        "stripped, in the ledger",
    ),
    "repeated-row": Words(
        "同一企业重复填报一行",
        "the same enterprise stands twice",
        "报重复，金额只计一次",
        "duplicate reported, money counted once",
    ),
    "negative-tax": Words("税收为负（退税）", "negative tax (refund)", "保留负数", "kept as negative"),
    "zero-tax": Words("税收为0（停产）", "zero tax (stopped)", "保留0，不当作缺失", "kept as zero, not missing"),
    "missing-tax-dash": Words("税收填“—”", "tax is —", "缺失，不当作0", "missing, not zero"),
    "missing-tax-slash": Words("税收填“/”", "tax is /", "缺失，不当作0", "missing, not zero"),
    "missing-tax-blank": Words("税收空白", "tax is blank", "缺失，不当作0", "missing, not zero"),
    "without-land": Words(
        "无自有、无租赁用地",
        "neither owns nor rents land",
        "金额计入“未分摊”",
        "its money stands under unallocated",
    ),
    "total-row": Words(
        "合计行（含重复行）",
        "sum row (repeated row included)",
        "不当作企业，台账注明",
        "no enterprise; said in the ledger",
    ),
    "footer": Words(
        "表尾签字行",
        "signature line below the table",
        "不当作企业，台账注明",
        "no enterprise; said in the ledger",
    ),
    "repeated-code": Words(
        "与另一宗地的代码相同（不动产单元号仍各自正确）",
        "same code as another parcel (unit numbers still differ)",
        "报重复代码，金额不重复计算",
        "repeated code reported, money not multiplied",
    ),
    "untidy-code": Words(
        "宗地代码含空格和小写字母",
        "parcel code with a blank and lower-case letters",
        "规范化，记入台账",
        "normalised, in the ledger",
    ),
    "short-code": Words(
        "宗地代码少一位（18位）",
        "parcel code one digit short (18)",
        "报代码不合规，原样保留",
        "invalid code reported, kept as it is",
    ),
    "bad-date-start": Words(
        "日期为20240231",
        "date 20240231",
        "报无效日期，按缺失处理",
        "invalid date reported, treated as missing",
    ),
    "bad-date-handover": Words(
        "日期为20240231",
        "date 20240231",
        "报无效日期，按缺失处理",
        "invalid date reported, treated as missing",
    ),
    "area-in-mu": Words(
        "登记面积误填为亩",
        "registered area given in mu",
        "报登记面积与图形面积之比约为0.0015",
        "ratio registered / computed of about 0.0015 reported",
    ),
    "lost-zero": Words(
        "地类编码丢失前导0（601）",
        "land-use code without its leading zero (601)",
        "补零为0601，记入台账",
        "padded to 0601, in the ledger",
    ),
    "deleted-record": Words(
        "记录已打删除标记，图形仍在",
        "record marked as deleted, its shape still there",
        "不读入，台账注明",
        "not read, said in the ledger",
    ),
    "three-tenants": Words(
        "一宗地上三家租户加权利人自用",
        "three tenants and the owner on one parcel",
        "四方按面积分摊",
        "four parties share by area",
    ),
    "tenant-too-large": Words(
        "租赁面积大于宗地面积",
        "rented area larger than the parcel",
        "报超出，按宗地面积计",
        "excess reported",
    ),
    "unknown-tenant": Words(
        "承租企业不在企业表中",
        "tenant is not in the enterprise table",
        "报无此企业",
        "unknown enterprise reported",
    ),
    "unknown-parcel": Words("宗地代码不存在", "parcel code does not exist", "报无此宗地", "unknown parcel reported"),
    "expired-lease": Words(
        "租期2024-06-30届满",
        "lease ended on 2024-06-30",
        "截止日不在租期内，不参与分摊",
        "over before the reading day, takes no part",
    ),
}

PROJECT = """\
# 示例开发区 2025：随软件附带的示例项目（数据全部虚构）
# 运行：mudian run 示例.toml    路径均相对于本文件所在文件夹

[project]
name = "示例开发区 2025"
as_of = 2025-12-31            # 闲置时点：各类期限计算到这一天
period = "2025"               # 评价期
lang = "zh"
# 政策包：后面的细化前面的。示例政策.toml 是本开发区自己的政策包（虚构），写法可以照搬
policies = ["national", "standard-land-base", "taian-2021", "shandong-2019", "示例政策.toml"]
confirmed = ["idle.default_start_years"]    # 凭记忆收录的数值，经核对后在此确认，否则不采用

[parcels]
path = "宗地.shp"             # GBK 编码，无 .cpg；坐标系见 .prj（CGCS2000 三度带第39带）
area_basis = "ellipsoidal"    # 面积口径：ellipsoidal 椭球面积，registered 登记面积，planar 平面面积

[parcels.units]               # .dbf 的字段名写不下单位，在此写明
developed = "平方米"
should_develop = "平方米"
committed_tax = "万元/亩"
committed_investment = "万元/亩"

[enterprises]
path = "企业亩均情况.xlsx"    # 单位见表头“单位：万元”

[holdings]
path = "租赁关系.csv"         # 谁用哪块地：自有、租赁，面积为平方米

[zones]
path = "开发区.gpkg"          # 经纬度（CGCS2000），自动转到宗地的坐标系

[buildings]
path = "建筑.shp"             # 用于容积率和建筑系数

# 扣除图层，按先后次序扣除，重叠部分只扣一次
[[constraints]]
name = "永久基本农田"
kind = "permanent_basic_farmland"
path = "永农.shp"

[[constraints]]
name = "生态保护红线"
kind = "ecological_redline"
path = "生态红线.geojson"

[[constraints]]
name = "河道管理范围"
kind = "water"
path = "河道.shp"

[[constraints]]
name = "坡度大于25°"
kind = "slope"
raster = "dem.tif"
slope_over = 25
role = "soft"                 # 弹性约束：可以论证后使用，单独标明

[developable]                 # 剩余地块：小于此面积或窄于此宽度的算零碎地块
min_area_mu = 3
min_width_m = 20

[output]
dir = "成果"
"""

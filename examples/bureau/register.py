"""What the land register says about each parcel: codes, use, supply, contract dates, commitments.

The register is the sender's truth: registered areas differ a little from the geometry, older contracts have
no dates, public land has no price. Idle cases are set by hand so that their answer is known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
import shapely

from bureau.land import Plan
from bureau.shapefile import Field, Rings, rings_of

M2_PER_MU = 2000 / 3
AS_OF = date(2025, 12, 31)
COUNTY = "370902"

FIELDS = (
    Field("ZDDM", "C", 22),
    Field("不动产单元号", "C", 28),
    Field("QLR", "C", 41),
    Field("QLRZJH", "C", 18),
    Field("ZL", "C", 60),
    Field("ZDMJ", "N", 14, 2),
    Field("DLBM", "C", 5),
    Field("DLMC", "C", 10),
    Field("QLXZ", "C", 10),
    Field("供地方式", "C", 10),
    Field("供地状态", "C", 10),
    Field("出让合同号", "C", 20),
    Field("合同日期", "D", 8),
    Field("交地日期", "D", 8),
    Field("约定开工", "D", 8),
    Field("约定竣工", "D", 8),
    Field("实际开工", "D", 8),
    Field("实际竣工", "D", 8),
    Field("停工日期", "D", 8),
    Field("成交价款万元", "N", 12, 2),
    Field("已开发面积", "N", 12, 2),
    Field("应开发面积", "N", 12, 2),
    Field("已投资万元", "N", 12, 2),
    Field("总投资万元", "N", 12, 2),
    Field("闲置原因", "C", 40),
    Field("约定亩均税收", "N", 8, 2),
    Field("约定投资强度", "N", 8, 2),
    Field("约定容积率", "N", 6, 2),
    Field("BZ", "C", 60),
)
USES = {
    "0601": ("工业用地", 0.76),
    "0508": ("物流仓储用地", 0.08),
    "05H1": ("商业服务业设施用地", 0.04),
    "0701": ("城镇住宅用地", 0.04),
    "08H1": ("机关团体新闻出版用地", 0.02),
    "08H2": ("科教文卫用地", 0.02),
    "0809": ("公用设施用地", 0.02),
    "0810": ("公园与绿地", 0.02),
}
STREETS = ("创新", "泰和", "东岳", "科技", "临港", "港城", "振兴", "龙潭", "徂徕")
COMMITTEE = "示例开发区管理委员会"


@dataclass
class Parcel:
    """One parcel record; ``rings`` stands in for ``shape`` where the file must differ from it."""

    shape: Any  # Polygon, MultiPolygon, or None for a null shape
    block: tuple[int, int]
    values: dict[str, object] = field(default_factory=dict)
    rings: Rings | None = None
    deleted: bool = False

    @property
    def code(self) -> str:
        """The ZDDM as written in the file."""
        return str(self.values["ZDDM"])

    @property
    def mu(self) -> float:
        """Planar area in mu."""
        return 0.0 if self.shape is None else float(self.shape.area) / M2_PER_MU

    @property
    def is_industrial(self) -> bool:
        """Supplied land for industry or storage."""
        return self.values["DLBM"] in ("0601", "0508") and self.values["供地状态"] == "已供"

    def file_rings(self) -> Rings | Any:
        """The rings to be written, None for a null shape."""
        if self.rings is not None or self.shape is None:
            return self.rings
        return rings_of(self.shape)

    def row(self) -> list[object]:
        """The values in the order of ``FIELDS``."""
        return [self.values.get(f.name) for f in FIELDS]


def day(value: date | None) -> str | None:
    """A date as dBASE writes it."""
    return None if value is None else value.strftime("%Y%m%d")


def register(plan: Plan, rng: np.random.Generator) -> list[Parcel]:
    """One register entry per parcel of the plan, owners still blank."""
    counts: dict[str, int] = {}
    parcels = []
    centre = shapely.union_all(plan.parcels).centroid
    for shape, block in zip(plan.parcels, plan.block_of, strict=True):
        prefix = f"{COUNTY}{1 + (block[0] > 3):03d}{1 + block[1]:03d}GB"
        counts[prefix] = counts.get(prefix, 0) + 1
        parcel = Parcel(shape, block, {"ZDDM": f"{prefix}{counts[prefix]:05d}"})
        far = shapely.distance(shape.centroid, centre) / 2300.0
        _describe(parcel, rng, far)
        parcels.append(parcel)
    return parcels


def _describe(parcel: Parcel, rng: np.random.Generator, far: float) -> None:
    values = parcel.values
    street = STREETS[(parcel.block[0] + 2 * parcel.block[1]) % len(STREETS)]
    area = round(float(parcel.shape.area) * (1 + rng.normal(0, 6e-5)), 2)
    values |= {"不动产单元号": f"{parcel.code}W00000000", "ZDMJ": area}
    values["ZL"] = f"示例开发区{street}路{int(rng.integers(1, 200))}号"
    draw, open_share = rng.random(), 0.05 + 0.22 * min(far, 1.0) ** 3
    if draw < open_share:
        values |= {"供地状态": "未供", "DLBM": "0102", "DLMC": "水浇地", "QLXZ": None, "QLR": None}
        return
    if draw < open_share + 0.09:
        values |= {"供地状态": "批而未供", "DLBM": "0601", "DLMC": "工业用地", "QLR": COMMITTEE}
        return
    shares = [share for _, share in USES.values()]
    code = list(USES)[int(rng.choice(len(USES), p=shares))]
    values |= {"供地状态": "已供", "DLBM": code, "DLMC": USES[code][0]}
    _contract(parcel, rng, public=code[:2] == "08")


def _contract(parcel: Parcel, rng: np.random.Generator, *, public: bool) -> None:
    values = parcel.values
    signed = date(2008, 1, 10) + timedelta(days=int(rng.integers(0, 6100)))
    values["QLXZ"] = "划拨" if public else "出让"
    values["供地方式"] = "划拨" if public else ("协议" if signed.year < 2010 else "挂牌")
    values["合同日期"] = day(signed)
    if not public:
        values["出让合同号"] = f"示例-01-{signed.year}-{int(rng.integers(1, 9999)):04d}"
        values["成交价款万元"] = round(parcel.mu * float(rng.uniform(14, 31)), 2)
    if signed.year < 2011 and rng.random() < 0.6:
        return
    handed = signed + timedelta(days=int(rng.integers(20, 110)))
    agreed = handed + timedelta(days=int(rng.integers(120, 240)))
    began = min(agreed + timedelta(days=int(rng.integers(-60, 150))), date(2025, 11, 20))
    done = began + timedelta(days=int(rng.integers(420, 900)))
    values |= {"交地日期": day(handed), "约定开工": day(agreed), "实际开工": day(began)}
    values["约定竣工"] = day(agreed + timedelta(days=730))
    values["实际竣工"] = day(done if done <= AS_OF else None)
    if signed.year >= 2019 and not public:
        values["约定亩均税收"] = float(rng.choice([15.0, 20.0, 25.0, 30.0]))
        values["约定投资强度"] = float(rng.choice([260.0, 300.0, 360.0, 400.0]))
        values["约定容积率"] = float(rng.choice([1.0, 1.2, 1.5]))


@dataclass(frozen=True)
class IdleCase:
    """A supplied parcel without enterprise whose dates say clearly whether it is idle on 2025-12-31."""

    expected: str
    why: str
    why_en: str
    values: dict[str, object]


def _dates(**days: str | None) -> dict[str, object]:
    blank: dict[str, object] = dict.fromkeys(("实际开工", "实际竣工", "停工日期"))
    return blank | dict(days)


IDLE_CASES = (
    IdleCase(
        "idle_1y",
        "约定开工满1年未满2年，未开工",
        "agreed start more than one, less than two years ago",
        _dates(合同日期="20231120", 交地日期="20231220", 约定开工="20240620", 约定竣工="20260620"),
    ),
    IdleCase(
        "idle_1y",
        "约定开工2024-12-31，当日正好满1年",
        "agreed start exactly one year ago",
        _dates(合同日期="20240611", 交地日期="20240701", 约定开工="20241231", 约定竣工="20261231"),
    ),
    IdleCase(
        "not_due",
        "约定开工2025-01-01，差一天满1年",
        "agreed start one year less a day ago",
        _dates(合同日期="20240612", 交地日期="20240702", 约定开工="20250101", 约定竣工="20270101"),
    ),
    IdleCase(
        "not_due",
        "约定开工在2026年",
        "agreed start lies in 2026",
        _dates(合同日期="20250918", 交地日期="20251020", 约定开工="20260420", 约定竣工="20280420"),
    ),
    IdleCase(
        "idle_2y",
        "约定开工满2年，未开工，企业原因",
        "agreed start over two years ago, cause: enterprise",
        _dates(合同日期="20211008", 交地日期="20211108", 约定开工="20220508", 约定竣工="20240508")
        | {"闲置原因": "企业资金不足"},
    ),
    IdleCase(
        "idle_2y",
        "约定开工2023-12-31，当日正好满2年",
        "agreed start exactly two years ago",
        _dates(合同日期="20230601", 交地日期="20230701", 约定开工="20231231", 约定竣工="20251231"),
    ),
    IdleCase(
        "idle_2y",
        "满2年，但因政府未按约定交付净地",
        "two years, but land not delivered by government",
        _dates(合同日期="20200908", 交地日期="20210108", 约定开工="20210708", 约定竣工="20230708")
        | {"闲置原因": "政府原因：未按约定交付净地"},
    ),
    IdleCase(
        "idle_2y",
        "无约定开工日期：交地2022-03-15加1年起算",
        "no agreed start: handover plus one year",
        _dates(合同日期="20220210", 交地日期="20220315", 约定开工=None, 约定竣工=None),
    ),
    IdleCase(
        "idle_stopped",
        "已开工，中止满1年，已开发面积不足1/3",
        "started, stopped over a year, below 1/3 built",
        _dates(
            合同日期="20200310",
            交地日期="20200410",
            约定开工="20201010",
            约定竣工="20221010",
            实际开工="20201120",
            停工日期="20230815",
        )
        | {"应开发面积": 1.0, "已开发面积": 0.21},
    ),
    IdleCase(
        "idle_stopped",
        "已开工，中止满1年，投资不足25%",
        "started, stopped over a year, below 25 % invested",
        _dates(
            合同日期="20210316",
            交地日期="20210416",
            约定开工="20211016",
            约定竣工="20231016",
            实际开工="20211201",
            停工日期="20240620",
        )
        | {"总投资万元": 9600.0, "已投资万元": 1850.0},
    ),
    IdleCase(
        "not_idle",
        "中止满1年，但已开发面积正好1/3、投资正好25%",
        "stopped, but exactly 1/3 built, 25 % invested",
        _dates(
            合同日期="20200312",
            交地日期="20200412",
            约定开工="20201012",
            约定竣工="20221012",
            实际开工="20201201",
            停工日期="20240101",
        )
        | {"应开发面积": 12000.0, "已开发面积": 4000.0, "总投资万元": 8000.0, "已投资万元": 2000.0},
    ),
    IdleCase(
        "not_idle",
        "已开工，中止不满1年",
        "started, stopped for less than a year",
        _dates(
            合同日期="20220312",
            交地日期="20220412",
            约定开工="20221012",
            约定竣工="20241012",
            实际开工="20221201",
            停工日期="20250601",
        )
        | {"应开发面积": 1.0, "已开发面积": 0.12},
    ),
)


def set_idle_cases(parcels: list[Parcel]) -> list[tuple[Parcel, IdleCase]]:
    """Give the first fitting parcels the dates of the idle cases; shares of area become square metres."""
    fitting = [p for p in parcels if p.values["DLBM"] == "0601" and p.is_industrial and 15 < p.mu < 80]
    chosen = fitting[:: len(fitting) // len(IDLE_CASES)][: len(IDLE_CASES)]
    for parcel, case in zip(chosen, IDLE_CASES, strict=True):
        parcel.values |= case.values
        if case.values.get("应开发面积") == 1.0:
            area = float(str(parcel.values["ZDMJ"]))
            parcel.values["应开发面积"] = round(area, 2)
            parcel.values["已开发面积"] = round(area * float(str(case.values["已开发面积"])), 2)
        parcel.values |= {"供地方式": "挂牌", "QLXZ": "出让"}
        parcel.values["出让合同号"] = f"示例-01-{str(case.values['合同日期'])[:4]}-9{parcel.code[-3:]}"
    return list(zip(chosen, IDLE_CASES, strict=True))

"""Enterprises, who owns and who rents, and the money they report (万元).

Owners get one to three parcels, tenants rent a part of somebody's parcel. Money is drawn per mu held: tax
about 5 to 60, fixed investment about 100 to 600 万元 per mu.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bureau import codes
from bureau.land import Plan
from bureau.register import COMMITTEE, Parcel

TENANTS = 29
OWNERS = 150


@dataclass
class Firm:
    """One enterprise; ``cells`` stands in for values where the workbook must show something else."""

    code: str
    name: str
    industry: str
    parcels: list[Parcel] = field(default_factory=list)
    held_mu: float = 0.0
    money: dict[str, float] = field(default_factory=dict)
    above_scale: bool = True
    status: str = "正常"
    note: str = ""
    cells: dict[str, object] = field(default_factory=dict)


@dataclass
class Holding:
    """One line of the lease table; the area is in square metres."""

    parcel: str
    code: str
    name: str
    relation: str
    area_m2: float
    begin: str = ""
    end: str = ""


@dataclass
class People:
    """All enterprises of the workbook (owners, then tenants, then one without land) and the lease table."""

    firms: list[Firm]
    holdings: list[Holding]
    strangers: list[Firm]

    @property
    def owners(self) -> list[Firm]:
        """Enterprises that own land."""
        return self.firms[:OWNERS]

    @property
    def tenants(self) -> list[Firm]:
        """Enterprises that only rent."""
        return self.firms[OWNERS : OWNERS + TENANTS]


def settle(plan: Plan, parcels: list[Parcel], idle: set[str], rng: np.random.Generator) -> People:
    """Invent the enterprises and give the supplied land to them."""
    count = OWNERS + TENANTS + 1
    industries = [list(codes.INDUSTRIES)[i] for i in rng.integers(0, len(codes.INDUSTRIES), count + 60)]
    names = codes.firm_names(rng, industries)
    people = [Firm(*who) for who in zip(codes.credit_codes(count + 60), names, industries, strict=True)]
    firms, strangers = people[:count], people[count:]
    for firm in firms[:OWNERS:11]:
        firm.name = firm.name.replace("示安", "示安（山东）", 1)
    free = [p for p in parcels if p.is_industrial and p.code not in idle]
    _give_to_owners(plan, firms[:OWNERS], free, rng)
    _give_rest(parcels, strangers)
    holdings = _let_out(firms[:OWNERS], firms[OWNERS:-1], strangers, rng)
    for firm in firms:
        _earn(firm, rng)
    return People(firms, holdings, strangers)


def _give_to_owners(plan: Plan, owners: list[Firm], free: list[Parcel], rng: np.random.Generator) -> None:
    order = [free[i] for i in rng.permutation(len(free))]
    west = [p for p in order if plan.west.contains(p.shape)]
    east = [p for p in order if plan.east.contains(p.shape)]
    _own(owners[0], [west[0], west[1], east[0]])
    left = [p for p in order if p not in (west[0], west[1], east[0])]
    spare = len(left) - (len(owners) - 1) - 14
    for firm in owners[1:]:
        extra = min(spare, int(rng.choice([0, 1, 2], p=[0.72, 0.2, 0.08])))
        spare -= extra
        _own(firm, [left.pop() for _ in range(1 + extra)])
    for index, firm in enumerate(owners):
        _register_owner(firm, hide_code=index % 6 == 5)


def _own(firm: Firm, parcels: list[Parcel]) -> None:
    firm.parcels += parcels
    firm.held_mu += sum(p.mu for p in parcels)


def _register_owner(firm: Firm, *, hide_code: bool) -> None:
    """The register writes brackets half-width and leaves the code out for every sixth owner."""
    name = firm.name.replace("（", "(").replace("）", ")")
    for parcel in firm.parcels:
        parcel.values |= {"QLR": name, "QLRZJH": None if hide_code else firm.code}


def _give_rest(parcels: list[Parcel], strangers: list[Firm]) -> None:
    """Supplied land that no enterprise of the workbook owns: public bodies, shops, housing, factories."""
    next_one = iter(strangers)
    for parcel in parcels:
        if parcel.values["供地状态"] != "已供" or "QLR" in parcel.values:
            continue
        if parcel.values["QLXZ"] == "划拨":
            parcel.values["QLR"] = COMMITTEE
            continue
        stranger = next(next_one)
        _own(stranger, [parcel])
        _register_owner(stranger, hide_code=False)


def _let_out(owners: list[Firm], tenants: list[Firm], strangers: list[Firm], rng: np.random.Generator) -> list[Holding]:
    """Every fifth owner is listed with all its parcels; tenants rent from owners further down."""
    listed = [
        Holding(p.code, f.code, f.name, "自有", float(str(p.values["ZDMJ"])), str(p.values["交地日期"] or ""))
        for f in owners[:60:5]
        for p in f.parcels
        if p.values.get("交地日期")
    ]
    landlords = [f for f in owners[60:] if f.parcels[0].mu > 24][:24]
    queue = list(tenants)
    leases: list[Holding] = []
    for index, landlord in enumerate(landlords):
        parcel, area = landlord.parcels[0], float(str(landlord.parcels[0].values["ZDMJ"]))
        here = [queue.pop(0) for _ in range(3 if index == 0 else 1) if queue]
        parts = rng.dirichlet([2.0] * (len(here) + 1))[:-1].tolist() if here else []
        let = 0.0
        for tenant, part in zip(here, parts, strict=True):
            rented = round(area * (0.1 + 0.6 * float(part)), 1)
            let += rented
            _lease(leases, parcel, tenant, rented, rng)
        landlord.held_mu -= let * 3 / 2000
        if index % 3 == 0:
            leases.append(Holding(parcel.code, landlord.code, landlord.name, "自有", round(area - let, 1)))
    for tenant in queue:
        landlord = owners[1 + 7 * len(leases) % 50]
        _lease(leases, landlord.parcels[-1], tenant, round(900 + 2400 * float(rng.random()), 1), rng)
    return listed + leases


def _lease(leases: list[Holding], parcel: Parcel, tenant: Firm, rented: float, rng: np.random.Generator) -> None:
    year = int(rng.integers(2019, 2025))
    tenant.held_mu += rented * 3 / 2000
    tenant.parcels.append(parcel)
    leases.append(Holding(parcel.code, tenant.code, tenant.name, "租赁", rented, f"{year}-03-01", f"{year + 8}-02-28"))


def _earn(firm: Firm, rng: np.random.Generator) -> None:
    """Draw the year's figures; every fourteenth enterprise or so earns next to nothing."""
    mu = max(firm.held_mu, 3.0)
    tax = float(np.clip(np.exp(rng.normal(np.log(15), 0.62)), 5, 60)) * (0.06 if rng.random() < 0.07 else 1.0)
    revenue = tax * float(rng.uniform(11, 26))
    added = revenue * float(rng.uniform(0.18, 0.31))
    figures = {
        "实缴税收": tax,
        "其中：增值税": tax * float(rng.uniform(0.4, 0.7)),
        "营业收入": revenue,
        "工业增加值": added,
        "固定资产投资": float(np.clip(np.exp(rng.normal(np.log(280), 0.42)), 100, 600)),
        "研发费用": revenue * float(rng.uniform(0.005, 0.06)),
        "综合能耗": added * float(rng.uniform(0.1, 0.6)),
        "用电量": added * float(rng.uniform(0.02, 0.09)),
        "污染物排放": added * float(rng.uniform(0.0005, 0.004)),
    }
    firm.money = {name: round(value * mu, 2) for name, value in figures.items()}
    firm.money["从业人数"] = float(round(mu * rng.uniform(2, 9)) + 3)
    firm.above_scale = firm.money["营业收入"] >= 2000
    if not firm.parcels:
        firm.note = "异地经营"

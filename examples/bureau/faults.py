"""Plant the faults that deliveries have, each once or twice, and keep a list of where they are.

Each fault goes to a parcel or enterprise that has no other fault and is no idle case, so that what the
program says about it can be told apart. Texts for people stand in ``describe.py`` under the fault's name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely

from bureau import codes
from bureau.firms import Firm, Holding, People
from bureau.land import GRID
from bureau.register import COMMITTEE, Parcel
from bureau.shapefile import Ring

PARCELS, FIRMS, LEASES = "宗地.shp", "企业亩均情况.xlsx", "租赁关系.csv"


@dataclass(frozen=True)
class Fault:
    """One planted fault: its name, the file, and the parcel, enterprise or lease that carries it."""

    name: str
    file: str
    subject: object
    detail: str = ""


class Planter:
    """Plants faults in parcels, enterprises and leases and remembers them."""

    def __init__(self, parcels: list[Parcel], people: People, idle: set[str]) -> None:
        self.parcels = parcels
        self.people = people
        self.faults: list[Fault] = []
        self.repeated: list[Firm] = []
        listed = {h.parcel for h in people.holdings}
        self._free = [p for p in parcels if p.is_industrial and p.code not in idle | listed and p.mu > 12]
        self._strangers: Iterator[Firm] = iter(people.strangers[::-1])
        spare = {id(p) for p in self._free}
        self._firms = [f for f in people.owners[1:] if f.parcels and all(id(p) in spare for p in f.parcels)]

    def note(self, name: str, file: str, subject: object, detail: str = "") -> None:
        """Remember a fault."""
        self.faults.append(Fault(name, file, subject, detail))

    def take(self, fits: Callable[[Parcel], bool] = lambda p: True) -> Parcel:
        """The next parcel without a fault that fits; its neighbours are left alone as well."""
        found = next(p for p in self._free if fits(p))
        self._spend(found)
        return found

    def take_pair(self) -> tuple[Parcel, Parcel, Any]:
        """Two neighbours without fault and their straight common border of at least 50 m."""
        for a in self._free:
            for b in self._free:
                border = a.shape.intersection(b.shape) if a is not b and a.shape.touches(b.shape) else None
                if border is not None and len(border.boundary.geoms if border.length else []) == 2:
                    ends = shapely.get_coordinates(border)
                    if border.length > 50 and np.hypot(*(ends[-1] - ends[0])) > 0.999 * border.length:
                        self._spend(a)
                        return a, b, border
        raise AssertionError("no pair of neighbours left")

    def take_firm(self, fits: Callable[[Firm], bool] = lambda f: True) -> Firm:
        """The next enterprise without a fault that fits; its parcels are spent with it."""
        spare = {id(p) for p in self._free}
        found = next(f for f in self._firms if fits(f) and all(id(p) in spare for p in f.parcels))
        self._firms.remove(found)
        self._free = [p for p in self._free if p not in found.parcels]
        return found

    def add(self, like: Parcel, shape: shapely.Polygon | None, **values: object) -> Parcel:
        """Append a record with the next number of the block and an owner outside the workbook."""
        prefix = like.code[:14]
        used = [int(p.code[14:]) for p in self.parcels if p.code.startswith(prefix) and p.code[14:].isdigit()]
        code, owner = f"{prefix}{max(used) + 1:05d}", self.stranger()
        fresh = {"ZDDM": code, "不动产单元号": f"{code}W00000000", "QLR": owner.name, "QLRZJH": owner.code}
        area = {} if shape is None else {"ZDMJ": round(shape.area, 2)}
        parcel = Parcel(shape, like.block, like.values | fresh | area | values)
        self.parcels.append(parcel)
        return parcel

    def stranger(self) -> Firm:
        """A company that owns no land and stands in no table."""
        return next(self._strangers)

    def _spend(self, parcel: Parcel) -> None:
        reach = parcel.shape.buffer(1.0)
        self._free = [p for p in self._free if not p.shape.intersects(reach)]


def strip(border: shapely.LineString, width: float, side: shapely.Geometry) -> shapely.Geometry:
    """The strip of ``side`` that lies within ``width`` of the border."""
    return border.buffer(width, cap_style="flat").intersection(side)


def on_grid(shape: shapely.Geometry) -> Any:
    """Round to the 1 mm grid."""
    return shapely.set_precision(shape, GRID)


def plant_overlaps_and_gap(planter: Planter) -> None:
    """Two overlaps along a border (1 m, 2 cm), one parcel inside another, one gap of 0.3 m, one duplicate."""
    for name, width in (("overlap-wide", 1.0), ("overlap-sliver", 0.02)):
        a, b, border = planter.take_pair()
        a.shape = on_grid(a.shape.union(strip(border, width, b.shape)))
        planter.note(name, PARCELS, a, f"{b.code}, {a.shape.intersection(b.shape).area:.2f} m²")
    a, b, border = planter.take_pair()
    a.shape = on_grid(a.shape.difference(border.buffer(0.3, cap_style="flat")))
    planter.note("gap", PARCELS, a, f"{b.code}, {border.length * 0.3:.1f} m²")
    big = planter.take(lambda p: p.mu > 40)
    x, y = shapely.get_coordinates(big.shape.point_on_surface())[0]
    inner = planter.add(big, on_grid(shapely.box(x - 32, y - 24, x + 32, y + 24)), BZ="补办")
    planter.note("contained", PARCELS, inner, f"{big.code}, {inner.shape.area:.2f} m²")
    twin_of = planter.take()
    twin = planter.add(twin_of, twin_of.shape, QLR=twin_of.values["QLR"], QLRZJH=twin_of.values["QLRZJH"])
    ring = twin_of.file_rings()[0]
    twin.rings = [ring[3:-1] + ring[:4]]
    planter.note("duplicate-shape", PARCELS, twin, twin_of.code)


def plant_broken_rings(planter: Planter) -> None:
    """Two bow-ties, a spike, rings in the wrong order with a hole, a multi-part, a null shape."""
    square = planter.take(lambda p: len(p.shape.simplify(6.0).exterior.coords) == 5 and p.mu < 40)
    a, b, c, d, _ = square.shape.simplify(6.0).exterior.coords
    square.rings = [[a, c, b, d, a]]
    planter.note("bow-tie", PARCELS, square)
    many = planter.take(lambda p: bool(shapely.get_num_coordinates(p.shape) > 9))
    many.rings = [_small_bow_tie(many.file_rings()[0])]
    planter.note("bow-tie-small", PARCELS, many)
    thorn = planter.take()
    thorn.rings = [_spike(thorn.file_rings()[0], 25.0)]
    planter.note("spike", PARCELS, thorn)
    _plant_hole(planter)
    cut = planter.take(lambda p: p.mu > 30)
    x0, y0, x1, y1 = cut.shape.bounds
    ditch = shapely.LineString([(x0 - 9, (y0 + y1) / 2 - 15), (x1 + 9, (y0 + y1) / 2 + 15)]).buffer(3.0)
    cut.shape = on_grid(cut.shape.difference(ditch))
    cut.values["ZDMJ"] = round(cut.shape.area, 2)
    planter.note("multi-part", PARCELS, cut, str(len(cut.shape.geoms)))
    lost = planter.add(planter.take(), None, ZDMJ=12400.0, BZ="图形待补")
    planter.note("null-shape", PARCELS, lost)


def _plant_hole(planter: Planter) -> None:
    yard = planter.take(lambda p: p.mu > 45)
    x, y = shapely.get_coordinates(yard.shape.point_on_surface())[0]
    hole = on_grid(shapely.box(x - 15, y - 12, x + 15, y + 12))
    yard.shape = on_grid(yard.shape.difference(hole))
    yard.values["ZDMJ"] = round(yard.shape.area, 2)
    yard.rings = [ring[::-1] for ring in yard.file_rings()]
    substation = planter.add(yard, hole, DLBM="0809", DLMC="公用设施用地", QLR=COMMITTEE, BZ="变电站")
    substation.values |= {"QLRZJH": None, "QLXZ": "划拨", "供地方式": "划拨", "成交价款万元": None}
    planter.note("reversed-rings", PARCELS, yard, substation.code)


def _small_bow_tie(ring: Ring) -> Ring:
    """Swap the two neighbouring points whose exchange breaks the ring with the least change of area."""
    area, best, least = shapely.Polygon(ring).area, ring, np.inf
    for i in range(1, len(ring) - 2):
        tried = [*ring[:i], ring[i + 1], ring[i], *ring[i + 2 :]]
        shape = shapely.Polygon(tried)
        change = abs(shapely.make_valid(shape, method="structure", keep_collapsed=False).area - area)
        if not shape.is_valid and 1.0 < change < least:
            best, least = tried, change
    return best


def _spike(ring: Ring, length: float) -> Ring:
    """Run out at right angles from the middle of the longest side and back the same way."""
    points = np.asarray(ring)
    side = int(np.argmax(np.hypot(*np.diff(points, axis=0).T)))
    along = points[side + 1] - points[side]
    foot = np.round((points[side] + points[side + 1]) / 2, 3)
    tip = np.round(foot + np.array([-along[1], along[0]]) / np.hypot(*along) * length, 3)
    inserted = [(float(x), float(y)) for x, y in (foot, tip, foot)]
    return [*ring[: side + 1], *inserted, *ring[side + 1 :]]


def plant_register_faults(planter: Planter) -> None:
    """Codes, dates, areas and names that cannot be right, and a record marked as deleted."""
    first, second = planter.take(), planter.take()
    planter.note("repeated-code", PARCELS, second, f"{first.code} / {second.code}")
    second.values["ZDDM"] = first.code
    code = (spaced := planter.take()).code
    spaced.values["ZDDM"] = f"{code[:6]} {code[6:12]}{code[12:14].lower()}{code[14:]}"
    planter.note("untidy-code", PARCELS, spaced, code)
    code = (short := planter.take()).code
    short.values["ZDDM"] = code[:14] + code[15:]
    planter.note("short-code", PARCELS, short, code)
    for name, column in (("bad-date-start", "约定开工"), ("bad-date-handover", "交地日期")):
        dated = planter.take(lambda p: bool(p.values.get("实际开工")))
        dated.values[column] = "20240231"
        planter.note(name, PARCELS, dated, column)
    in_mu = planter.take()
    in_mu.values["ZDMJ"] = round(float(str(in_mu.values["ZDMJ"])) * 3 / 2000, 2)
    planter.note("area-in-mu", PARCELS, in_mu, f"{in_mu.values['ZDMJ']}")
    bare = planter.take(lambda p: p.values["DLBM"] == "0601")
    bare.values["DLBM"] = "601"
    planter.note("lost-zero", PARCELS, bare)
    a, b, _ = planter.take_pair()
    old = planter.add(a, on_grid(a.shape.union(b.shape)), BZ="已分割，注销")
    old.deleted = True
    planter.parcels.remove(old)
    planter.parcels.insert(100, old)
    planter.note("deleted-record", PARCELS, old, f"{a.code}, {b.code}")


def plant_owner_faults(planter: Planter) -> None:
    """Owners' codes and names: a wrong check character, a cut name, names spelt differently."""
    firm = planter.take_firm(lambda f: f.parcels[0].values["QLRZJH"] is not None)
    for parcel in firm.parcels:
        parcel.values["QLRZJH"] = codes.wrong_check(firm.code)
    planter.note("owner-check-digit", PARCELS, firm.parcels[0], f"{firm.parcels[0].values['QLRZJH']} ({firm.name})")
    firm = planter.take_firm(lambda f: len(f.parcels) == 1 and f.parcels[0].values["QLRZJH"] is not None)
    firm.name = "示安市示例开发区岱麓高端装备制造产业园运营有限公司"
    firm.parcels[0].values["QLR"] = firm.name
    planter.note("cut-name", PARCELS, firm.parcels[0], firm.name)
    firm = planter.take_firm(lambda f: len(f.parcels) == 1 and "（" not in f.name)
    firm.parcels[0].values |= {"QLR": firm.name.replace("有限公司", "公司"), "QLRZJH": None}
    planter.note("similar-name", PARCELS, firm.parcels[0], firm.name)
    firm = planter.take_firm(lambda f: "（" in f.name and f.parcels[0].values["QLRZJH"] is None)
    planter.note("brackets", FIRMS, firm, str(firm.parcels[0].values["QLR"]))


def plant_workbook_faults(planter: Planter) -> None:
    """Workbook: lost digits, a blank, a repeated row, negative, zero and missing tax."""
    firm = planter.take_firm(lambda f: f.parcels[0].values["QLRZJH"] is not None)
    firm.code = codes.digits_only_code()
    for parcel in firm.parcels:
        parcel.values["QLRZJH"] = firm.code
    firm.cells["统一社会信用代码"] = float(firm.code[:15] + "000")
    planter.note("float-code", FIRMS, firm, firm.code)
    firm = planter.take_firm()
    firm.cells["统一社会信用代码"] = firm.code + " "
    planter.note("trailing-blank", FIRMS, firm)
    planter.repeated.append(repeated := planter.take_firm())
    planter.note("repeated-row", FIRMS, repeated)
    for name, tax, cell, status in (
        ("negative-tax", -35.6, -35.6, "正常"),
        ("zero-tax", 0.0, 0, "停产"),
        ("missing-tax-dash", None, "—", "正常"),
        ("missing-tax-slash", None, "/", "正常"),
        ("missing-tax-blank", None, None, "正常"),
    ):
        firm = planter.take_firm(lambda f: len(f.parcels) == 1)
        firm.money.pop("实缴税收") if tax is None else firm.money.update({"实缴税收": tax})
        firm.cells |= {"实缴税收": cell, "其中：增值税": cell}
        firm.status = status
        planter.note(name, FIRMS, firm)
    planter.people.firms[-2].cells["行业代码"] = "无"
    planter.note("without-land", FIRMS, planter.people.firms[-1])


def plant_lease_faults(planter: Planter) -> None:
    """The lease table: too large an area, an unknown enterprise, an unknown parcel, an expired lease."""
    leases = planter.people.holdings
    tenant_rows = [h for h in leases if h.relation == "租赁"]
    crowded = next(h.parcel for h in tenant_rows if sum(o.parcel == h.parcel for o in leases) == 4)
    planter.note("three-tenants", LEASES, next(h for h in leases if h.parcel == crowded), crowded)
    large = next(h for h in tenant_rows if sum(o.parcel == h.parcel for o in leases) == 1)
    real = next(p for p in planter.parcels if p.code == large.parcel)
    large.area_m2 = round(float(str(real.values["ZDMJ"])) * 1.18, 1)
    planter.note("tenant-too-large", LEASES, large, f"{large.area_m2} > {real.values['ZDMJ']} m²")
    host, stranger = tenant_rows[-3], planter.stranger()
    leases.append(replace(host, code=stranger.code, name=stranger.name, area_m2=1500.0))
    planter.note("unknown-tenant", LEASES, leases[-1])
    leases.append(replace(host, parcel=f"{host.parcel[:14]}09999", area_m2=2000.0))
    planter.note("unknown-parcel", LEASES, leases[-1])
    gone = tenant_rows[-4]
    leases.append(Holding(gone.parcel, gone.code, gone.name, "租赁", 800.0, "2019-07-01", "2024-06-30"))
    planter.note("expired-lease", LEASES, leases[-1])


def plant_all(planter: Planter) -> None:
    """Plant everything; the order decides which parcels are hit, so keep it."""
    plant_overlaps_and_gap(planter)
    plant_broken_rings(planter)
    plant_owner_faults(planter)
    plant_workbook_faults(planter)
    plant_register_faults(planter)
    plant_lease_faults(planter)

"""Which subject of one run is which of the other: parcels by code and land, enterprises by code and name, zones by all.

Spelling never decides: codes and names are compared in one form. A match is a pair of positions; -1 is nobody.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.enterprise_rows import ROW_KEY
from mudian.evaluation import Evaluation
from mudian.link import join_key, normalise_name
from mudian.ranking.spelling import infer_place
from mudian.rules.ranks import canonical_zones
from parcels.errors import CrsError
from parcels.geometry.lineage import lineage

Positions = NDArray[np.int64]
NOBODY = -1
KEYS = {"parcel": "parcel_id", "enterprise": "enterprise_id", "zone": "zone_id", "project": "project_id"}
TABLES = {"parcel": "parcels", "enterprise": "enterprises", "zone": "zones", "project": "projects"}


@dataclass(frozen=True)
class Matched:
    """Subjects of one kind in both runs.

    Attributes
    ----------
    pairs
        ``before_row``, ``after_row`` (positions, -1 for nobody), ``before``, ``after`` (keys) and ``kind``: for parcels
        and zones a kind of :func:`parcels.lineage`; else ``same``, ``recoded`` (another code, the same name),
        ``renamed`` (the same code, another name), ``new``, ``gone``. Parcels and zones have the shares, too.
    blind
        Why the land could not be looked at; None where it was.
    """

    kind: str
    pairs: pd.DataFrame
    blind: str | None = None

    @property
    def both(self) -> pd.DataFrame:
        """The pairs with a subject on both sides."""
        return self.pairs[(self.pairs["before_row"] >= 0) & (self.pairs["after_row"] >= 0)]


def match_all(before: Evaluation, after: Evaluation) -> dict[str, Matched]:
    """All kinds of subjects that both runs may have, by kind."""
    zones = _matched_land("zone", before.zones, _zones_in_one_spelling(before.zones, after.zones))
    return {
        "parcel": _matched_land("parcel", before.parcels, after.parcels),
        "enterprise": _matched_names("enterprise", before.enterprises, after.enterprises),
        "zone": zones,
        "project": _matched_names("project", before.projects, after.projects),
    }


def zone_names(zones: Matched) -> dict[str, str]:
    """The key of the earlier run for each zone of the later one that only goes on."""
    single = zones.both[zones.both["kind"].isin(["same", "renamed", "resurveyed"])]
    return dict(zip(single["after"], single["before"], strict=True))


def _matched_land(kind: str, before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> Matched:
    key, blind = KEYS[kind], None
    code = f"{key}_one"
    before = before.assign(**{code: _coded(before[key])})
    after = after if code in after else after.assign(**{code: _coded(after[key])})
    try:
        found = lineage(before, after, code=code)
    except CrsError:
        blind = " / ".join(f.crs.to_string() if f.crs else "–" for f in (before, after))
        plane = [
            gpd.GeoDataFrame(f.drop(columns="geometry"), geometry=[None] * len(f), crs=4490) for f in (before, after)
        ]
        found = lineage(plane[0], plane[1], code=code)
    rows = {c: found[c].fillna(NOBODY).astype("int64") for c in ("before_row", "after_row")}
    pairs = found.assign(**rows)
    own = {
        side: pd.array([*frame[key].astype("str"), None], dtype="str")[pairs[f"{side}_row"].to_numpy()]
        for side, frame in (("before", before), ("after", after))
    }
    return Matched(kind, pairs.assign(**own), blind)


def _coded(keys: pd.Series) -> pd.Series:
    """Keys without those that only say the row of the table."""
    texts = keys.astype("str")
    return texts.mask(texts.str.fullmatch(rf"{ROW_KEY}\d+").fillna(False).astype(bool))


def _zones_in_one_spelling(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The later zones with the keys of the earlier ones where key or name is only spelled differently."""
    ids = [join_key(z["zone_id"]) for z in (before, after)]
    place = infer_place(pd.concat([before["zone_name"], after["zone_name"]], ignore_index=True))
    places = [place] if place else []
    names = [normalise_name(canonical_zones(z["zone_name"].astype("str"), places=places)) for z in (before, after)]
    by_id = pd.Series(before["zone_id"].to_numpy(object), ids[0]).groupby(level=0).first()
    unique = [n[~n.duplicated(keep=False)] for n in names]
    by_name = pd.Series(before["zone_id"].loc[unique[0].index].to_numpy(object), unique[0].to_numpy())
    found = ids[1].map(by_id)
    free = names[1].where(names[1].isin(unique[1])).map(by_name[~by_name.isin(found)])
    return after.assign(zone_id_one=found.fillna(free).fillna(after["zone_id"]).astype("str"))


def _matched_names(kind: str, before: pd.DataFrame, after: pd.DataFrame) -> Matched:
    """Pairs by code, then by name where both are alone in having it."""
    key = KEYS[kind]
    columns = ["before_row", "after_row", "before", "after", "kind"]
    if key not in before or key not in after:
        nothing = pd.DataFrame({c: pd.Series(dtype="int64" if c.endswith("row") else "str") for c in columns})
        return Matched(kind, nothing)
    codes = [join_key(_coded(t[key])).to_numpy(object) for t in (before, after)]
    names = [_names(t) for t in (before, after)]
    first, second = _equal(codes[0], codes[1])
    left = [np.setdiff1d(np.arange(len(t)), at) for t, at in ((before, first), (after, second))]
    by_name = _equal(names[0][left[0]], names[1][left[1]])
    named = (left[0][by_name[0]], left[1][by_name[1]])
    same = np.where(_as_text(names[0][first]) == _as_text(names[1][second]), "same", "renamed")
    gone = np.setdiff1d(left[0], named[0])
    new = np.setdiff1d(left[1], named[1])
    coded = [_coded(t[key]).notna().to_numpy(bool) for t in (before, after)]
    again = np.where(coded[0][named[0]] | coded[1][named[1]], "recoded", "same")
    kinds = [*same, *again, *["gone"] * len(gone), *["new"] * len(new)]
    rows = (
        np.concatenate([first, named[0], gone, np.full(len(new), NOBODY)]).astype(np.int64),
        np.concatenate([second, named[1], np.full(len(gone), NOBODY), new]).astype(np.int64),
    )
    shown = [
        np.array([*t[key].astype("str"), None], dtype=object)[at] for t, at in zip((before, after), rows, strict=True)
    ]
    pairs = pd.DataFrame({"before_row": rows[0], "after_row": rows[1]})
    pairs = pairs.assign(before=pd.array(shown[0], dtype="str"), after=pd.array(shown[1], dtype="str"))
    pairs = pairs.assign(kind=pd.array(kinds, dtype="str"), _order=pairs["before"].fillna(pairs["after"]))
    return Matched(kind, pairs.sort_values(["_order", "after"], ignore_index=True)[columns])


def _names(table: pd.DataFrame) -> NDArray[np.object_]:
    if "name" not in table:
        return np.full(len(table), None, dtype=object)
    return np.array([None if pd.isna(n) else n for n in normalise_name(table["name"])], dtype=object)


def _as_text(values: NDArray[np.object_]) -> NDArray[np.object_]:
    return np.array(["" if v is None else v for v in values], dtype=object)


def _equal(one: NDArray[np.object_], two: NDArray[np.object_]) -> tuple[Positions, Positions]:
    """Positions of keys that both sides have exactly once; missing equals nothing."""
    sides = [pd.Series(np.arange(len(k)), pd.Index(k, dtype=object)) for k in (one, two)]
    alone = [s[~(np.asarray(s.index.isna()) | s.index.duplicated(keep=False))] for s in sides]
    common = alone[0].index.intersection(alone[1].index)
    return alone[0].loc[common].to_numpy(np.int64), alone[1].loc[common].to_numpy(np.int64)

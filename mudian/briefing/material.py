"""What the pages are made of, prepared once for a run: its tables, taken apart by zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mudian.briefing.model import Value, plain
from mudian.briefing.words import say
from mudian.evaluation import Evaluation
from mudian.explain.rulebook import Rulebook
from mudian.settings import ReportSettings
from mudian.zone_stats.display import shown_statistics
from parcels.catalog import Lang

_LONGEST_NAME = 60
#: Columns of the parcels that the report reads.
PARCELS = (
    "parcel_id", "owner", "source_row", "zone_id", "area_mu", "tax_wan", "fixed_investment_wan", "tax_per_mu",
    "investment_per_mu", "grade", "supply_status", "idle_status", "idle_measure", "idle_fee_wan", "days_overdue",
    "idle_missing", "inefficient", "inefficient_class", "inefficient_missing", "standard_land_eligible",
    "standard_land_eligible_missing", "standard_land_conform", "standard_land_conform_missing", "borderline",
    "borderline_by",
)  # fmt: skip
_TABLES = ("parcels", "deductions", "developable")
Positions = NDArray[np.int64]


@dataclass(frozen=True)
class Material:
    """The tables of a run without their geometry, and where the rows of each zone are."""

    lang: Lang
    manifest: Mapping[str, Any]
    settings: ReportSettings
    zones: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    enterprises: pd.DataFrame
    findings: pd.DataFrame
    book: Rulebook
    _rows: dict[str, dict[object, Positions]] = field(repr=False)

    @property
    def parcels(self) -> pd.DataFrame:
        """All parcels."""
        return self.tables["parcels"]

    def of(self, table: str, zone_id: str) -> pd.DataFrame:
        """The rows of a zone of a table with ``zone_id``."""
        found = self._rows.get(table, {}).get(zone_id)
        return self.tables[table].iloc[[] if found is None else found]

    def zone_name(self, place: int) -> str:
        """What a zone is called; its id where it has no name."""
        zone = self.zones.iloc[place]
        return plain(zone["zone_id"] if pd.isna(zone.get("zone_name")) else zone["zone_name"], _LONGEST_NAME)

    def order(self) -> list[int]:
        """Zones by rank of tax per mu, those without one last, then by id."""
        keys = [c for c in ("rank_tax_per_mu", "zone_id") if c in self.zones]
        ordered = self.zones[keys].reset_index(drop=True).sort_values(keys, kind="stable")
        return [int(n) for n in ordered.index]


def material(evaluation: Evaluation) -> Material:
    """Prepare a run.

    Parameters
    ----------
    evaluation
        The results of a run; its geometry is not needed.
    """
    manifest = evaluation.manifest
    lang: Lang = manifest["project"]["lang"]
    tables = {name: pd.DataFrame(getattr(evaluation, name)) for name in _TABLES}
    tables["parcels"] = tables["parcels"][[c for c in PARCELS if c in tables["parcels"]]]
    tables["zone_stats"] = shown_statistics(evaluation)
    tables = {n: t.drop(columns="geometry", errors="ignore").reset_index(drop=True) for n, t in tables.items()}
    rows: dict[str, dict[object, Positions]] = {
        name: {zone: np.asarray(at) for zone, at in table.groupby("zone_id").indices.items()}
        for name, table in tables.items()
        if "zone_id" in table
    }
    zones = pd.DataFrame(evaluation.zones).drop(columns="geometry", errors="ignore").reset_index(drop=True)
    zones = zones.assign(zone_id=zones["zone_id"].astype("str"))
    book = Rulebook(manifest.get("policies"), lang)
    enterprises = _with_zone(evaluation, tables["parcels"])
    found = _findings(evaluation, tables["parcels"], enterprises, book)
    return Material(lang, manifest, report_settings(manifest), zones, tables, enterprises, found, book, rows)


def report_settings(manifest: Mapping[str, Any]) -> ReportSettings:
    """``[report]`` of the project that made a run."""
    found = manifest.get("parameters", {}).get("report")
    return ReportSettings(**found) if isinstance(found, Mapping) else ReportSettings()


def _with_zone(evaluation: Evaluation, parcels: pd.DataFrame) -> pd.DataFrame:
    """One row per enterprise and zone that it has land in: ``enterprise_id``, ``zone_id``, ``grade``."""
    firms, links = evaluation.enterprises, evaluation.links
    columns = ["enterprise_id", "zone_id", "grade"]
    if not len(links) or "parcel_row" not in links or "source_row" not in parcels:
        return pd.DataFrame({c: pd.Series(dtype="str") for c in columns})
    zone = parcels.drop_duplicates("source_row").set_index("source_row")["zone_id"]
    pairs = pd.DataFrame({"enterprise_id": links["enterprise_id"], "zone_id": links["parcel_row"].map(zone)})
    pairs = pairs.dropna().drop_duplicates()
    if "grade" not in firms:
        return pairs.assign(grade=pd.Series(pd.NA, pairs.index, dtype="str"))
    grade = firms.drop_duplicates("enterprise_id").set_index("enterprise_id")["grade"]
    return pairs.assign(grade=pairs["enterprise_id"].map(grade))[columns]


def _findings(evaluation: Evaluation, parcels: pd.DataFrame, firms: pd.DataFrame, book: Rulebook) -> pd.DataFrame:
    """Which clauses were applied in which zone: ``zone_id``, ``family``, ``clause``; each once."""
    found = evaluation.findings
    if not len(found):
        return pd.DataFrame({c: pd.Series(dtype="str") for c in ("zone_id", "family", "clause")})
    kept = found[(found["clause"].fillna("") != "").to_numpy(bool)]
    pairs = kept[["subject_type", "subject_id", "rule_id", "clause"]].drop_duplicates()
    rules = pairs["rule_id"].astype("category")
    sources = [book.source(str(r)) for r in rules.cat.categories]
    families = np.array([s.family for s in sources], dtype=object)
    own = np.array([s.part > 0 for s in sources], dtype=bool)
    codes = rules.cat.codes.to_numpy()
    pairs = pairs.assign(family=families[codes] if len(pairs) else "")[
        ~own[codes] if len(pairs) else np.zeros(0, dtype=bool)
    ]
    homes = pd.concat(
        [
            _homes("parcel", parcels, "parcel_id"), _homes("enterprise", firms, "enterprise_id"),
            pd.DataFrame({"subject_type": "zone", "subject_id": evaluation.zones["zone_id"].astype("str"),
                          "zone_id": evaluation.zones["zone_id"].astype("str")}),
        ]
    )  # fmt: skip
    keyed = pairs.assign(subject_id=pairs["subject_id"].astype("str"), subject_type=pairs["subject_type"].astype("str"))
    merged = keyed.merge(homes, on=["subject_type", "subject_id"], how="left")
    return merged[["zone_id", "family", "clause"]].drop_duplicates().reset_index(drop=True)


def _homes(kind: str, table: pd.DataFrame, key: str) -> pd.DataFrame:
    pairs = table[[key, "zone_id"]].dropna().drop_duplicates()
    return pd.DataFrame({"subject_type": kind, "subject_id": pairs[key].astype("str"), "zone_id": pairs["zone_id"]})


def cell(value: object) -> Value:
    """A cell of a table as a plain value: missing is None, whole numbers stay whole.

    Examples
    --------
    >>> [cell(v) for v in (float("nan"), np.int64(3), np.float64(0.5), "甲")]
    [None, 3, 0.5, '甲']
    """
    if value is None or value is pd.NA or (isinstance(value, float) and not np.isfinite(value)):
        return None
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return None if not np.isfinite(value) else float(value)
    return None if pd.isna(value) else plain(value)  # type: ignore[call-overload]


def joined(words: list[str], lang: Lang) -> str:
    """Words as a list in a sentence."""
    return say("comma", lang).join(words)

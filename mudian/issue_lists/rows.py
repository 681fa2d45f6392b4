"""Which cells are missing or doubtful, one row each: what verdicts wait for, and what the ledger warns of.

A derived figure is traced back to the cells that it lacks: a parcel without tax per mu asks for the tax of the
enterprises that hold it. What no cell can answer (a layer, a parameter, a holding) is listed with what to do instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from pathlib import Path

import numpy as np
import pandas as pd

from mudian.evaluation import Evaluation
from mudian.explain.rulebook import CONFIRM, LAYER, PARAMETER, REVIEW, Rulebook
from mudian.explain.sentences import outcome_codes
from mudian.explain.words import enumerate_words, label, texts, unit_of
from mudian.issue_lists.words import COLUMNS, how, say, settings, table_name
from mudian.labels import value_labels
from mudian.once import once
from mudian.schemas import schema
from parcels.catalog import Lang
from parcels.fields import Field

# Kind of subject → table, key, kind of schema, column that names a record.
SUBJECTS = {
    "parcel": ("parcels", "parcel_id", "parcel", "owner"),
    "enterprise": ("enterprises", "enterprise_id", "enterprise", "name"),
    "zone": ("zones", "zone_id", "zone", "zone_name"),
    "project": ("projects", "project_id", "", "name"),
}
_KINDS = {table: kind for kind, (table, *_) in SUBJECTS.items()}
_CELLS = ("table", "id", "field", "how", "problem", "families", "clauses")
_ELSEWHERE = {PARAMETER: "project", CONFIRM: "project", LAYER: "layers", REVIEW: "project"}
_DO = {PARAMETER: "project", CONFIRM: "project", LAYER: "layer", REVIEW: "review"}
_LAND = ("land_mu", "area_mu", "base_mu")


def issue_rows(evaluation: Evaluation, *, lang: Lang | None = None) -> pd.DataFrame:
    """List the missing and doubtful cells of a run, office by office.

    Parameters
    ----------
    evaluation
        The results of a run.
    lang
        Language; that of the project by default.

    Returns
    -------
    DataFrame
        One row per cell: ``office`` that has it, ``how`` it is settled, ``table``, ``id`` and ``name`` of the record,
        ``label`` and ``unit`` of the field, its current ``value``, the ``problem``, the ``verdicts`` that wait with
        their ``clause``, the empty ``new_value``, ``reason`` and ``filled_by``, and the ``source``, ``row`` and
        ``field`` code. Long lists say how many rows they leave out.
    """
    if evaluation.manifest.get("redaction"):
        return pd.DataFrame({c: pd.Series(dtype="str") for c in COLUMNS})
    spoken: Lang = lang or evaluation.manifest["project"]["lang"]
    return once(evaluation.findings, f"issue rows {spoken}", lambda: _rows(evaluation, spoken))


def _rows(evaluation: Evaluation, spoken: Lang) -> pd.DataFrame:
    run = _Run(evaluation, Rulebook(evaluation.manifest.get("policies"), spoken), spoken)
    rows = run.finished(run.joined(pd.concat([run.missing(), run.doubtful()], ignore_index=True)))
    rows = rows.sort_values(["last", "office", "table", "label", "field", "id"], kind="stable")
    return _cut(rows[list(COLUMNS)], spoken).reset_index(drop=True)


def _cut(rows: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """At most so many rows of an office, and a last one that says what is left out."""
    most = settings()["most_per_office"]
    place = rows.groupby("office", sort=False).cumcount()
    sizes = rows["office"].value_counts()
    rest = [
        dict.fromkeys(COLUMNS, "") | {"office": o, "problem": say("rest", lang, shown=most, count=int(n - most))}
        for o, n in sizes[sizes > most].items()
    ]
    kept = pd.concat([rows[(place < most).to_numpy()], pd.DataFrame(rest, columns=list(COLUMNS))])
    order = {office: i for i, office in enumerate(rows["office"].unique())}
    made: pd.DataFrame = kept.sort_values("office", key=lambda o: o.map(order), kind="stable").astype("str")
    return made


@dataclass
class _Run:
    """A run seen as cells that somebody has to fill in."""

    evaluation: Evaluation
    book: Rulebook
    lang: Lang
    frames: dict[str, pd.DataFrame] = dataclass_field(default_factory=dict)

    def missing(self) -> pd.DataFrame:
        """Cells that verdicts wait for."""
        found: dict[tuple[str, str, str], tuple[str, str, set[str], set[str]]] = {}
        for table, key, name, do, family, clause, note in self._wants():
            _, _, families, clauses = found.setdefault((table, key, name), (do, note, set(), set()))
            families.add(family)
            clauses.add(clause)
        spelled = {f: self._families(f) for f in {frozenset(families) for _, _, families, _ in found.values()}}
        plain = say("missing", self.lang)
        rows = [
            (*cell, do, note or plain, spelled[frozenset(families)], "；".join(sorted(clauses - {""})))
            for cell, (do, note, families, clauses) in found.items()
        ]
        return pd.DataFrame(rows, columns=list(_CELLS))

    def joined(self, cells: pd.DataFrame) -> pd.DataFrame:
        """One row per cell: a verdict may wait for it and the ledger warn of it."""
        found: dict[tuple[str, ...], list[str]] = {}
        for record in zip(*(cells[c].tolist() for c in _CELLS), strict=True):
            row = found.setdefault(record[:3], list(record))
            if record[4] not in row[4].split("；"):
                row[4] = f"{row[4]}；{record[4]}"
        return pd.DataFrame(list(found.values()), columns=list(_CELLS))

    def _families(self, found: frozenset[str]) -> str:
        return enumerate_words([self.book.family(f) for f in texts()["families"] if f in found], self.lang)

    def _wants(self) -> Iterator[tuple[str, ...]]:
        """Table, id, field, what to do, rule family, clause and note of every cell that a rule lacks."""
        found = self.evaluation.findings
        if not len(found):
            return
        lacking = (found["missing"].astype("str") != "").fillna(False).to_numpy(bool)
        open_ = found[(outcome_codes(found) < 0) & lacking]
        rules = {str(r): self.book.source(str(r)).family for r in open_["rule_id"].unique()}
        columns = ["subject_type", "subject_id", "missing", "rule_id", "clause"]
        slim = open_[columns].astype("str").drop_duplicates()
        named: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
        for (kind, missing), part in slim.groupby(["subject_type", "missing"], sort=True):
            pairs = list(
                zip(
                    part["subject_id"].tolist(),
                    part["rule_id"].map(rules).tolist(),
                    part["clause"].tolist(),
                    strict=True,
                )
            )
            for name in (n for n in str(missing).split(";") if n):
                named.setdefault((str(kind), name), []).extend(pairs)
        for (kind, name), pairs in named.items():
            yield from self._cells(kind, name, pairs)

    def _cells(self, kind: str, name: str, pairs: list[tuple[str, str, str]]) -> Iterator[tuple[str, ...]]:
        start = name.partition(":")[0]
        if start in _DO and ":" in name:
            for family, clause in sorted({(f, c) for _, f, c in pairs}):
                yield _ELSEWHERE[start], "", name, _DO[start], family, clause, ""
            return
        most = settings()["most_per_field"]
        ids = sorted({i for i, _, _ in pairs})
        listed = set(ids[:most])
        cells = self._traced(kind, name, ids[:most])
        for subject, family, clause in pairs:
            if subject in listed:
                for table, key, field, do, note in cells[subject]:
                    yield table, key, field, do, family, clause, note
        if len(ids) > most:
            note = say("more", self.lang, count=len(ids) - most)
            yield SUBJECTS[kind][0], "", name, "source", "", "", note

    def _traced(self, kind: str, name: str, ids: list[str]) -> dict[str, list[tuple[str, str, str, str, str]]]:
        """The cells behind a name for every subject: table, id, field, what to do, and a note."""
        table, _, spec, _ = SUBJECTS[kind]
        field = schema(spec).get(name) if spec else None
        formula = texts()["formulas"].get(name)
        if field is not None and (formula is None or name in self._frame(kind)):
            return {i: [(table, i, field.column, self._way(i), "")] for i in ids}
        if formula is None:
            return {i: [(table, i, name, "source", "")] for i in ids}
        found: dict[str, list[tuple[str, str, str, str, str]]] = {i: [] for i in ids}
        for names in formula:
            self._side(kind, names, found)
        return {i: cells or [(table, i, name, "source", "")] for i, cells in found.items()}

    def _side(self, kind: str, names: list[str], found: dict[str, list[tuple[str, str, str, str, str]]]) -> None:
        """What one side of a fraction lacks."""
        table, _, spec, _ = SUBJECTS[kind]
        frame = self._frame(kind)
        own = [n for n in names if n in frame]
        if kind == "parcel" and names[0] in self._frame("enterprise") and names[0].endswith("_wan"):
            self._holders(names[0], found)
            return
        known = frame[own].notna().any(axis=1) if own else pd.Series(False, frame.index)
        lacking = set(known.index[~known]) & found.keys()
        field = schema(spec).get(names[0]) if spec else None
        for subject in sorted(lacking):
            if field is not None:
                found[subject].append((table, subject, field.column, self._way(subject), ""))
            elif kind == "enterprise" and names[-1] in _LAND:
                found[subject].append((table, subject, "land_mu", "holdings", say("no_land", self.lang)))

    def _holders(self, money: str, found: dict[str, list[tuple[str, str, str, str, str]]]) -> None:
        """Enterprises of parcels whose money is not known; parcels that nobody is linked to."""
        links = self.evaluation.links
        mine = links[links["parcel_id"].isin(list(found))].drop_duplicates(["parcel_id", "enterprise_id"])
        amounts = self._frame("enterprise")[money]
        unknown = mine["enterprise_id"].map(amounts).isna()
        for parcel, enterprise in mine.loc[unknown.to_numpy(), ["parcel_id", "enterprise_id"]].to_numpy(dtype=object):
            if enterprise in amounts.index:
                found[parcel].append(("enterprises", str(enterprise), money, self._way(str(enterprise)), ""))
        for parcel in sorted(found.keys() - set(mine["parcel_id"])):
            found[parcel].append(("parcels", parcel, "enterprise_id", "holdings", say("no_holder", self.lang)))

    def _way(self, key: str) -> str:
        return "source" if key.startswith("#") else "fill"

    def doubtful(self) -> pd.DataFrame:
        """Cells that the ledger has an error or a warning about."""
        ledger = self.evaluation.ledger
        rows = ledger[ledger["severity"].isin(["error", "warning"])]
        parts = []
        for name, (table, own) in self._files().items():
            here = rows[(rows["source"] == name).to_numpy(bool)]
            if len(here):
                parts.append(self._doubts(here, _KINDS[table], own))
        empty = pd.DataFrame(columns=list(_CELLS))
        return pd.concat(parts, ignore_index=True) if parts else empty

    def _doubts(self, rows: pd.DataFrame, kind: str, own: dict[str, str]) -> pd.DataFrame:
        table, key, spec, _ = SUBJECTS[kind]
        frame = getattr(self.evaluation, table)
        by_row = frame.drop_duplicates("source_row").set_index("source_row")[key]
        ids = rows["id"].where(rows["id"].isin(frame[key]), rows["row"].map(by_row)).astype("str")
        fields = rows["field"].astype("str").map(lambda f: own.get(f, f), na_action="ignore").astype("str")
        known = {f: schema(spec).get(f) for f in fields.dropna().unique()}
        canonical = fields.map({f: k.column for f, k in known.items() if k}).astype("str")
        canonical = canonical.fillna(fields.str.partition("[")[0].astype("str"))
        fillable = fields.map({f: k is not None for f, k in known.items()}).astype("boolean").fillna(False)
        fillable &= ~ids.str.startswith("#", na=True) & ((canonical != key) | ~ids.isin(_repeated(frame[key])))
        written = rows["before"].where(self._empty(kind, ids, canonical) & rows["before"].notna())
        said = written.map(lambda b: f"（{say('as_written', self.lang, before=b)}）", na_action="ignore")
        ways = pd.Series("source", rows.index).mask(fillable, "fill")
        made = pd.DataFrame({
            "table": table, "id": ids, "field": canonical, "how": ways,
            "problem": rows["message"] + said.astype("object").fillna(""), "families": "", "clauses": "",
        })  # fmt: skip
        return made[(made["id"].notna() & made["field"].notna()).to_numpy()]

    def _empty(self, kind: str, ids: pd.Series, fields: pd.Series) -> pd.Series:
        """Whether the table says nothing in each of some cells."""
        frame, empty = self._frame(kind), pd.Series(True, ids.index)
        for field in (f for f in fields.dropna().unique() if f in frame):
            here = (fields == field).fillna(False).to_numpy(bool)
            empty[here] = frame[str(field)].reindex(ids[here]).isna().to_numpy(bool)
        return empty

    def _files(self) -> dict[str, tuple[str, dict[str, str]]]:
        """File of an input → its table, and canonical columns by the names of its own."""
        found: dict[str, tuple[str, dict[str, str]]] = {}
        for table in ("parcels", "enterprises", "zones"):
            names = {Path(f["file"]).name for f in self.evaluation.manifest["inputs"].get(table, [])}
            decided = [d for d in self.evaluation.manifest["decisions"] if d["topic"] == "field"]
            for name in names:
                pairs = [str(d["value"]).partition(" = ") for d in decided if d["source"].startswith(name)]
                found[name] = (table, {source: canonical for canonical, _, source in pairs})
        return found

    def _frame(self, kind: str) -> pd.DataFrame:
        """The table of a kind of subject by its key, the first record of each."""
        table, key, _, _ = SUBJECTS[kind]
        if table not in self.frames:
            frame = pd.DataFrame(getattr(self.evaluation, table))
            self.frames[table] = frame.drop_duplicates(key).set_index(key, drop=False) if key in frame else frame
        return self.frames[table]

    def finished(self, cells: pd.DataFrame) -> pd.DataFrame:
        """Rows of the list in words."""
        parts = [self._of_table(str(table), part) for table, part in cells.groupby("table", sort=False)]
        columns = [*COLUMNS, "last"]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)

    def _of_table(self, table: str, cells: pd.DataFrame) -> pd.DataFrame:
        lang = self.lang
        offices = {f: self.book.office(f)[0] for f in cells["field"].unique()}
        sources = [f["file"] for f in self.evaluation.manifest["inputs"].get(table, [])]
        made = pd.DataFrame(dict.fromkeys(COLUMNS, ""), index=cells.index).assign(
            office=cells["field"].map(offices), how=cells["how"].map(lambda h: how(h, lang)),
            table=table_name(table, lang), id=cells["id"], field=cells["field"], problem=cells["problem"],
            verdicts=cells["families"], clause=cells["clauses"],
            label=cells["field"].map({f: self._label(f) for f in cells["field"].unique()}),
            source=_shown(sources), last=cells["field"].map(lambda f: offices[f] == self.book.office("")[0]),
        )  # fmt: skip
        if table not in _KINDS:
            return made
        kind = _KINDS[table]
        frame, name = self._frame(kind), SUBJECTS[kind][3]
        rows = frame.reindex(cells["id"])
        for column, of in (("name", name), ("row", "source_row")):
            if of in rows:
                made[column] = [_spelled(v, None, lang) for v in rows[of].tolist()]
        for field, part in cells.groupby("field", sort=False):
            spec = schema(SUBJECTS[kind][2]).get(str(field)) if SUBJECTS[kind][2] else None
            made.loc[part.index, "unit"] = unit_of(str(field), lang) if spec else ""
            if field in frame:
                values = frame[str(field)].reindex(part["id"]).tolist()
                made.loc[part.index, "value"] = [_spelled(v, spec, lang) for v in values]
        return made

    def _label(self, field: str) -> str:
        found = self.book.field_name(field)
        return found if found != field else label(field, self.lang)


def _repeated(keys: pd.Series) -> list[object]:
    return list(keys[keys.duplicated()].unique())


def _shown(files: list[str]) -> str:
    """The file that stands for an input: of a shapefile the ``.shp``."""
    return next((f for f in files if f.lower().endswith(".shp")), files[0] if files else "")


def _spelled(value: object, field: Field | None, lang: Lang) -> str:
    """A value as it is read back exactly: numbers in full, days as 2025-06-30, categories as words."""
    if value is None or pd.isna(value):  # type: ignore[call-overload]
        return ""
    if isinstance(value, bool | np.bool_):
        return say("yes" if value else "no", lang)
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if isinstance(value, float | np.floating):
        return repr(float(value)).removesuffix(".0")
    return value_labels(field.column, lang).get(str(value), str(value)) if field else str(value)

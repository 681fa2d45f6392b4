"""From a table as it stands to a table with canonical columns beside the user's own.

The user's columns are never lost: they travel on under their own names. A canonical column holds the parsed value in
its canonical unit; what could not be parsed stands in the ledger with the text as written.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from parcels.errors import FieldError
from parcels.fields import Field, Match, Matching, Schema
from parcels.ledger import Ledger
from parcels.units import Unit, choices, find, unit_of_header
from parcels.values import parse as values
from parcels.values.words import FOREIGN_UNIT

OWN_SUFFIX = "_原"


@dataclass(frozen=True)
class Source:
    """Where a table came from, for the ledger: its name, its record numbers, the stage that reads it."""

    name: str
    rows: NDArray[np.int64]
    stage: str = "read"


@dataclass(frozen=True)
class Canonical:
    """A table with canonical columns, and what is known about them.

    Attributes
    ----------
    frame
        Canonical columns that exist, then all own columns; same index as the input.
    matches
        Field name → the source column it was taken from.
    unresolved
        Field name → source column whose unit nobody states; such a field is not in ``frame``.
    """

    frame: pd.DataFrame
    matches: dict[str, Match]
    unresolved: dict[str, Match]


def canonicalise(
    frame: pd.DataFrame,
    schema: Schema,
    *,
    source: Source,
    ledger: Ledger,
    given: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    default_units: Mapping[str, str] | None = None,
    reserved: Iterable[str] = (),
) -> Canonical:
    """Add the canonical columns that the table can fill, in front of its own.

    Parameters
    ----------
    frame
        The table as read; not changed.
    schema
        The fields to look for.
    source
        Name, record numbers and stage for the ledger.
    given
        Canonical name → source column as the user states it.
    units
        Canonical name → unit of its source column; overrides what the header says.
    default_units
        Dimension → unit for headers that say nothing (e.g. ``{"money": "万元"}``).
    reserved
        Names of result columns; an own column of such a name is kept as ``<name>_原``.

    Returns
    -------
    Canonical
        The table, the matches, and the fields whose unit is unknown (left out of the table; the caller says so).

    Raises
    ------
    FieldError
        When ``given`` or ``units`` name something that does not exist.
    """
    columns = [c for c in frame.columns if c != "geometry"]
    matching = schema.match(columns, given=given)
    _report(matching, source, ledger)
    stated = _stated_units(schema, units or {})
    made: dict[str, pd.Series] = {}
    unresolved: dict[str, Match] = {}
    key = _key(schema, matching)
    for name, match in sorted(matching.matches.items(), key=lambda item: item[0] != key):
        unit, method = _unit(match.field, match.column, stated.get(name), default_units or {})
        if match.field.dimension and unit is None and _cells_state_units(frame[match.column], match.field):
            unit, method = find(_base(match.field.dimension), match.field.dimension), "cells"
        if match.field.dimension and unit is None:
            unresolved[name] = match
            continue
        if unit is not None:
            text = {"canonical": match.field.column, "unit": unit.spellings[0], "method": method}
            ledger.decide("unit", f"{match.field.column}: {unit.spellings[0]}", source=source.name, evidence=[method])
            ledger.add("field-unit", stage=source.stage, source=source.name, **text)
        made[match.field.column] = parse(
            frame[match.column], match.field, unit=unit, source=source, ledger=ledger, ids=_ids(made, matching, key)
        )
    order = [m.field.column for m in matching.matches.values() if m.field.column in made]
    taken = {*reserved, *made, *(f.column for f in schema)}
    own = frame.rename(columns=_renames(columns, matching, taken, source, ledger))
    own = own.drop(columns=[c for c in made if c in own.columns])
    own = own.assign(**{str(c): _one_kind(own[c]) for c in own if own[c].dtype == object})
    table = pd.concat([pd.DataFrame(made, index=frame.index)[order], own], axis=1)
    return Canonical(table, matching.matches, unresolved)


def _key(schema: Schema, matching: Matching) -> str | None:
    """The field whose values name the records in the ledger: the first one of the schema, where the table has it."""
    first = next(iter(schema), None)
    return first.name if first and first.kind == "id" and first.name in matching.matches else None


def _ids(made: Mapping[str, pd.Series], matching: Matching, key: str | None) -> pd.Series | None:
    return None if key is None else made.get(matching.matches[key].field.column)


def _one_kind(cells: pd.Series) -> pd.Series:
    """An own column in one kind that any file can hold: numbers, days, or else text as it is shown."""
    kind = pd.api.types.infer_dtype(cells, skipna=True)
    if kind == "boolean":
        return cells.astype("boolean")
    converted = cells
    if kind == "integer":
        converted = _whole(cells)
    elif kind in ("floating", "mixed-integer-float", "decimal"):
        converted = pd.to_numeric(cells, errors="coerce")
    elif kind in ("datetime", "date", "datetime64"):
        converted = pd.to_datetime(cells, errors="coerce")
    if converted.dtype != object and bool((converted.isna() == cells.isna()).all()):
        return converted
    shown = [None if _is_nothing(v) else _shown(v) for v in cells.tolist()]
    return pd.Series(shown, index=cells.index, name=cells.name, dtype="str")


def _whole(cells: pd.Series) -> pd.Series:
    """Whole numbers as such, with missing cells or without; unchanged where they are too large to be kept exactly."""
    try:
        return cells.astype("Int64" if cells.isna().any() else "int64")
    except OverflowError:
        return cells


def _is_nothing(value: object) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)


def _shown(value: object) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


_PARSERS = {
    "id": values.to_id,
    "text": values.to_text,
    "number": values.to_number,
    "integer": values.to_number,
    "date": values.to_date,
    "boolean": values.to_boolean,
}


def parse(
    series: pd.Series,
    field: Field,
    *,
    unit: Unit | None,
    source: Source,
    ledger: Ledger,
    ids: pd.Series | None = None,
) -> pd.Series:
    """One column in the kind and canonical unit of its field; what cannot be read goes to the ledger.

    Parameters
    ----------
    series
        Cells as read.
    field
        The canonical field.
    unit
        Unit of the cells; a cell that states its own unit is believed. One that states a unit of something else
        (``5 美元``, ``3 亩`` among money) is not understood.
    source, ledger
        Where the column comes from and where to write.
    ids
        Keys of the records for the ledger, as far as they are known.
    """
    parsed = _PARSERS[field.kind](series)
    if unit is not None:
        parsed = _without_foreign(parsed, field, unit)
    values.report(
        parsed,
        field=field.column,
        original=series,
        rows=source.rows,
        ids=ids,
        source=source.name,
        ledger=ledger,
        stage=source.stage,
    )
    result = parsed.values
    if unit is not None:
        result = result * _factors(parsed.units, field, unit)
    return result.rename(field.column)


def _own_unit(text: str, field: Field, unit: Unit) -> Unit | None:
    """The unit that a cell states; the column's where the cell shortens it (吨 for 吨标准煤, 万元 for 万元/亩)."""
    exact = find(text, field.dimension)
    if exact is not None:
        return exact
    return unit if any(s.startswith((f"{text}标", f"{text}/")) for s in unit.spellings) else None


def _without_foreign(parsed: values.Parsed, field: Field, unit: Unit) -> values.Parsed:
    """Numbers followed by a unit of something else are not understood: the column's unit would be a guess."""
    if parsed.units is None or not parsed.units.notna().any():
        return parsed
    foreign = [text for text in parsed.units.dropna().unique() if _own_unit(str(text), field, unit) is None]
    bad = parsed.units.isin(foreign).to_numpy(bool)
    return replace(
        parsed,
        values=parsed.values.mask(bad),
        bad=parsed.bad | bad,
        changed=parsed.changed & ~bad,
        codes=np.where(bad, FOREIGN_UNIT, parsed.codes),
    )


def canonical_unit(field: Field) -> Unit | None:
    """The unit of the canonical column of a field; None for fields without a dimension."""
    return find(_base(field.dimension), field.dimension) if field.dimension else None


def _factors(units: pd.Series | None, field: Field, unit: Unit) -> NDArray[np.float64] | float:
    if units is None or not units.notna().any():
        return float(unit.factor)
    own = {text: _own_unit(text, field, unit) for text in units.dropna().unique()}
    factors = units.map({text: float(found.factor) for text, found in own.items() if found})
    return np.asarray(factors.fillna(float(unit.factor)), dtype=np.float64)


def _stated_units(schema: Schema, units: Mapping[str, str]) -> dict[str, Unit]:
    stated: dict[str, Unit] = {}
    for canonical, text in units.items():
        field = schema.get(canonical)
        if field is None:
            known = [f.column for f in schema]
            raise FieldError("field-unknown", canonical=canonical, columns=", ".join(known), nearest="—")
        unit = find(text, field.dimension)
        if unit is None:
            raise FieldError("unit-unknown", unit=text, choices=" / ".join(choices(field.dimension)))
        stated[field.name] = unit
    return stated


def _unit(field: Field, column: str, stated: Unit | None, defaults: Mapping[str, str]) -> tuple[Unit | None, str]:
    if not field.dimension:
        return None, ""
    if stated is not None:
        return stated, "project"
    header = unit_of_header(column, field.dimension)
    if header is not None:
        return header, f"header {column}"
    if column == field.column:
        return find(_base(field.dimension), field.dimension), "canonical name"
    default = defaults.get(field.dimension)
    return (find(default, field.dimension), "default") if default else (None, "")


def _cells_state_units(cells: pd.Series, field: Field) -> bool:
    """Whether every number of a column is followed by a unit of the field's dimension."""
    if pd.api.types.is_numeric_dtype(cells) or not cells.notna().any():
        return False
    parsed = values.to_number(cells)
    units = parsed.units if parsed.units is not None else pd.Series(dtype="str")
    known = units.map({text: find(text, field.dimension) is not None for text in units.dropna().unique()})
    return bool(parsed.values.notna().any() and known[parsed.values.notna()].eq(True).all())


def _base(dimension: str) -> str:
    return {
        "area": "m2",
        "money": "wan",
        "money_per_area": "wan_per_mu",
        "energy": "tce",
        "electricity": "kwh",
        "mass": "t",
        "persons": "person",
        "length": "m",
    }[dimension]


def report_unknown_unit(match: Match, *, source: Source, ledger: Ledger) -> None:
    """Write to the ledger that a column was left out because nobody states its unit."""
    ledger.add(
        "field-unit-unknown",
        stage=source.stage,
        source=source.name,
        field=match.column,
        column=match.column,
        canonical=match.field.column,
        choices=" / ".join(choices(match.field.dimension)),
    )


def _report(matching: Matching, source: Source, ledger: Ledger) -> None:
    for match in matching.matches.values():
        f = match.field
        ledger.decide("field", f"{f.column} = {match.column}", source=source.name, evidence=[match.method])
        if match.method != "name":
            ledger.add(
                "field-mapped",
                stage=source.stage,
                source=source.name,
                method=match.method,
                **_named(match, ledger),
            )
    for match in matching.rivals:
        ledger.add("field-rival", stage=source.stage, source=source.name, **_named(match, ledger))
    for column, candidates in matching.ambiguous.items():
        ledger.add(
            "field-stump-ambiguous",
            stage=source.stage,
            source=source.name,
            field=column,
            column=column,
            candidates=" / ".join(candidates),
        )


def _named(match: Match, ledger: Ledger) -> dict[str, str]:
    return {"column": match.column, "canonical": match.field.column, "name": match.field.title(ledger.lang)}


def _renames(columns: list[str], matching: Matching, taken: set[str], source: Source, ledger: Ledger) -> dict[str, str]:
    own_canonical = {m.column for m in matching.matches.values() if m.column == m.field.column}
    clashing = [c for c in columns if c in taken and c not in own_canonical]
    used = {*columns, *taken}
    renames: dict[str, str] = {}
    for column in clashing:
        renames[column] = _free(f"{column}{OWN_SUFFIX}", used)
        used.add(renames[column])
    for column, renamed in renames.items():
        ledger.add(
            "field-renamed",
            stage=source.stage,
            source=source.name,
            field=column,
            column=column,
            renamed=renamed,
        )
    return renames


def _free(name: str, used: set[str]) -> str:
    """The name, or the name with the first number that makes it a new one."""
    return next(n for n in (name, *(f"{name}{k}" for k in range(2, len(used) + 3))) if n not in used)
